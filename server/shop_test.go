package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/search"
)

// shop is a server on a real socket, over a real engine in a directory of its own.
type shop struct {
	t        testing.TB
	dir      string
	options  Options
	storage  engine.Options // but for the directory
	engine   *engine.Engine
	server   *Server
	base     string
	http     *http.Client
	served   chan error
	contract *contract // nil to hold nothing against the OpenAPI document
	stop     func()    // ends following, where the shop is a replica
	indexed  bool      // orders can be found
}

// jsonNumber is a number in an answer, as it was written.
type jsonNumber = json.Number

// answer is what a request was answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// openShop starts a shop that holds all its requests and answers against the OpenAPI document.
func openShop(t testing.TB, o Options) *shop {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	h := &shop{t: t, dir: t.TempDir(), options: o, contract: theContract(t)}
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *shop) open() {
	h.t.Helper()
	var err error
	h.storage.Dir = h.dir
	if h.engine, err = engine.Open(h.storage); err != nil {
		h.t.Fatal(err)
	}
	if h.options.Primary != "" {
		h.follow()
	}
	if h.indexed {
		if h.options.Search, err = search.Open(h.engine, search.Options{Log: h.options.Log}); err != nil {
			h.t.Fatal(err)
		}
	}
	if h.server, err = New(h.engine, h.options); err != nil {
		h.t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.base = "http://" + ln.Addr().String()
	h.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	h.served = make(chan error, 1)
	go func() { h.served <- h.server.Serve(ln) }()
}

func (h *shop) close() {
	h.t.Helper()
	h.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := h.server.Shutdown(ctx); err != nil {
		h.t.Error("shutdown:", err)
	}
	if err := <-h.served; err != nil {
		h.t.Error("serve:", err)
	}
	if h.stop != nil {
		h.stop()
	}
	if h.indexed {
		h.options.Search.Close()
	}
	if err := h.engine.Close(); err != nil {
		h.t.Error("close:", err)
	}
}

// restart closes the shop and opens it again on the same directory.
func (h *shop) restart() {
	h.t.Helper()
	h.close()
	h.open()
}

// do sends a request. Headers are given as "Name: value".
func (h *shop) do(method, path, body string, headers ...string) answer {
	h.t.Helper()
	request, err := http.NewRequest(method, h.base+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header[http.CanonicalHeaderKey(name)] = []string{value}
	}
	response, err := h.http.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got := answer{status: response.StatusCode, header: response.Header}
	if got.body, err = io.ReadAll(response.Body); err != nil {
		h.t.Fatal(err)
	}
	if h.contract != nil {
		h.contract.check(h.t, request, body, response, got.body)
	}
	return got
}

// want is do with the status that must come; it gives the answer's JSON.
func (h *shop) want(status int, method, path, body string, headers ...string) map[string]any {
	h.t.Helper()
	got := h.do(method, path, body, headers...)
	if got.status != status {
		h.t.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, got.status, status, got.body)
	}
	return got.json(h.t)
}

// wantProblem is want for a problem with the code.
func (h *shop) wantProblem(status int, code, method, path, body string, headers ...string) map[string]any {
	h.t.Helper()
	fields := h.want(status, method, path, body, headers...)
	if fields["code"] != code {
		h.t.Fatalf("%s %s %s: code %v, want %s: %v", method, path, body, fields["code"], code, fields)
	}
	return fields
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	if len(a.body) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatalf("answer %s: %v", a.body, err)
	}
	return fields
}

// stock makes a SKU with units at main.
func (h *shop) stock(sku string, units int) {
	h.t.Helper()
	h.do("PUT", "/v1/skus/"+sku, "{}")
	h.want(200, "POST", "/v1/stock/adjustments",
		fmt.Sprintf(`{"adjustments":[{"sku":%q,"delta":%d,"reason":"received"}]}`, sku, units))
}

// order is the body of a one-line order.
func order(customer, sku string, quantity int) string {
	return fmt.Sprintf(`{"customer":%q,"lines":[{"sku":%q,"quantity":%d}]}`, customer, sku, quantity)
}
