package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// api speaks to the server about everything that is not measured: setting it up, and looking at what
// the load has left.
type api struct {
	base   string
	client *fasthttp.HostClient
}

// apiConnections is how many requests about many SKUs or orders are in flight at a time: enough for
// the server to make one sync of many.
const apiConnections = 64

// apiTimeout is for one request. The audit of a large server reads every record.
const apiTimeout = 10 * time.Minute

// newAPI makes a client for the server at a URL without a path.
func newAPI(rawURL string) (*api, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("url: %q is not of the form http://HOST:PORT", rawURL)
	}
	address := u.Host
	if u.Port() == "" {
		address += ":80"
	}
	return &api{base: "http://" + address, client: &fasthttp.HostClient{
		Addr: address, MaxConns: 2 * apiConnections, ReadTimeout: apiTimeout, WriteTimeout: apiTimeout,
		MaxIdleConnDuration: 10 * time.Second, MaxResponseBodySize: 64 << 20,
	}}, nil
}

// close gives back the connections.
func (a *api) close() { a.client.CloseIdleConnections() }

// address is where the server listens, for connections that are made by hand.
func (a *api) address() string { return a.client.Addr }

// call sends a request and reads its answer into a value, nil for one that does not matter. An answer
// other than 2xx is an error.
func (a *api) call(method, path string, body []byte, into any) error {
	status, answer, err := a.ask(method, path, body)
	if err != nil {
		return err
	}
	if status < 200 || status > 299 {
		return fmt.Errorf("%s %s: status %d: %.300s", method, path, status, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// ask sends a request and gives its answer, whatever it is.
func (a *api) ask(method, path string, body []byte) (status int, answer []byte, err error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(a.base + path)
	req.Header.SetMethod(method)
	if body != nil {
		req.Header.SetContentType("application/json")
		req.SetBodyRaw(body)
	}
	if err := a.client.Do(req, res); err != nil {
		return 0, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return res.StatusCode(), append([]byte(nil), res.Body()...), nil
}

// awaitReady waits until the server says that it can work.
func (a *api) awaitReady(ctx context.Context, alive func() bool) error {
	deadline := time.Now().Add(startTimeout)
	for {
		err := a.call("GET", "/readyz", nil, nil)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !alive():
			return fmt.Errorf("the server ended while it recovered: %w", err)
		case time.Now().After(deadline):
			return fmt.Errorf("the server is not ready after %v: %w", startTimeout, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// auditAnswer is what GET /v1/audit says.
type auditAnswer struct {
	Sequence   uint64            `json:"sequence"`
	OK         bool              `json:"ok"`
	Violations []json.RawMessage `json:"violations"`
	SKUs       int64             `json:"skus"`
	Orders     int64             `json:"orders"`
	Holds      int64             `json:"holds"`
	ByStatus   map[string]int64  `json:"by_status"`
}

// made is how many orders and holds were ever made, whatever became of them.
func (a *auditAnswer) made() int64 {
	if len(a.ByStatus) == 0 {
		return a.Orders + a.Holds
	}
	var n int64
	for _, count := range a.ByStatus {
		n += count
	}
	return n
}

func (a *api) audit() (answer auditAnswer, err error) {
	return answer, a.call("GET", "/v1/audit", nil, &answer)
}

// level is a SKU's units, as GET /v1/skus/{sku}/availability gives them.
type level struct {
	Available   int64 `json:"available"`
	OnHand      int64 `json:"on_hand"`
	Reserved    int64 `json:"reserved"`
	Allocated   int64 `json:"allocated"`
	Unavailable int64 `json:"unavailable"`
	SafetyStock int64 `json:"safety_stock"`
}

// levels reads the units of every SKU of the catalogue.
func (a *api) levels(ctx context.Context, skus int) ([]level, error) {
	all := make([]level, skus)
	return all, parallel(ctx, skus, func(i int) error {
		return a.call("GET", "/v1/skus/"+string(appendSKUName(nil, i))+"/availability", nil, &all[i])
	})
}

// parallel calls do for 0 to n-1 from several goroutines, until one fails.
func parallel(ctx context.Context, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, apiConnections) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
