package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
)

// raw sends bytes on a connection of its own and gives the status of the first answer and all that
// came; 0 when the connection was closed without one.
func (h *shop) raw(text string) (status int, body string) {
	h.t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(h.base, "http://"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(connection, text) // may be cut short by the answer
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	got, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(got)
}

func TestFraming(t *testing.T) {
	h := openShop(t, Options{ReadTimeout: 300 * time.Millisecond})
	const head = "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	cases := []struct {
		name, text, code string
		status           int
	}{
		{"junk", "\x16\x03\x01\x02\x00\x01\r\n\r\n", codeMalformedRequest, 400},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", 0},
		{"two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", codeMalformedRequest, 400},
		{"negative length", head + "Content-Length: -1\r\n\r\n", codeMalformedRequest, 400},
		{"length with a sign", head + "Content-Length: +2\r\n\r\n{}", codeMalformedRequest, 400},
		{"length 2^64+2", head + "Content-Length: 18446744073709551618\r\n\r\n{}", codeMalformedRequest, 400},
		{"length and chunked, which wins", head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", codeMalformedJSON, 400},
		{"unknown coding", head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", codeMalformedRequest, 400},
		{"space before colon", "GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", codeMalformedRequest, 400},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", codeMalformedRequest, 400},
		{"two hosts", "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", codeMalformedRequest, 400},
		{"long header", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 9000) + "\r\n\r\n", codeHeaderTooLarge, 431},
		{"long path", "GET /" + strings.Repeat("x", 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", codeHeaderTooLarge, 431},
		{"declared too large", head + "Content-Length: 262145\r\n\r\n", codeBodyTooLarge, 413},
		{"batch declared too large", "POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 8388609\r\n\r\n", codeBodyTooLarge, 413},
		{"chunked too large", head + "Transfer-Encoding: chunked\r\n\r\n50000\r\n" + strings.Repeat("x", 0x50000) + "\r\n0\r\n\r\n", codeBodyTooLarge, 413},
		{"body never comes", head + "Content-Length: 100\r\n\r\n{", codeRequestTimeout, 408},
		{"headers never end", head, codeRequestTimeout, 408},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, body := h.raw(c.text)
			if c.status == 0 && status < 500 {
				return // any refusal will do, and a closed connection too
			}
			if status != c.status || !strings.Contains(body, `"code":"`+c.code+`"`) {
				t.Errorf("%d %s, want %d %s", status, body, c.status, c.code)
			}
		})
	}
	h.want(200, "GET", "/healthz", "")
	if got := h.server.meter.unreadable.Load(); got < 10 {
		t.Errorf("%d requests counted as unreadable", got)
	}
}

func TestRouting(t *testing.T) {
	h := openShop(t, Options{})
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/skus/", "/v1/skus/A/", "/v1/skus/A/x", "/v1/skus/a%2Fb", "/v2/skus", "/v1/orders/1/2/3", "/v1/journals"} {
		h.wantProblem(404, codeNotFound, "GET", path, "")
	}
	for path, allow := range map[string]string{
		"/v1/skus/A": "GET, HEAD, PUT", "/v1/orders": "GET, HEAD, POST", "/v1/holds": "POST", "/v1/holds/1": "DELETE, GET, HEAD", "/healthz": "GET, HEAD",
	} {
		for _, method := range []string{"PATCH", "OPTIONS", "BREW"} {
			if got := h.do(method, path, ""); got.status != 405 || got.header.Get("Allow") != allow {
				t.Errorf("%s %s: %d, Allow %q, want %q", method, path, got.status, got.header.Get("Allow"), allow)
			}
		}
	}
	h.wantProblem(405, codeMethodNotAllowed, "GET", "/v1/holds", "")
	h.stock("A", 1)
	for _, path := range []string{"/healthz", "/v1/skus/A", "/v1/events", "/v1/journal"} {
		if got := h.do("HEAD", path, ""); got.status != 200 || len(got.body) > 0 {
			t.Errorf("HEAD %s: %d %s", path, got.status, got.body)
		}
	}
}

func TestContentTypes(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 100)
	for contentType, status := range map[string]int{
		"application/json": 201, "application/json; charset=utf-8": 201, `Application/JSON;charset="UTF-8"`: 201, "application/json;": 201,
		"application/json; charset=latin1": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "": 415, "application/jsonx": 415,
	} {
		h.contract = nil // knows no parameters of media types
		if got := h.do("POST", "/v1/orders", order("c", "A", 1), "Content-Type: "+contentType); got.status != status {
			t.Errorf("%q: %d %s, want %d", contentType, got.status, got.body, status)
		}
	}
}

// TestLargestOrder sends what is just allowed.
func TestLargestOrder(t *testing.T) {
	h := openShop(t, Options{})
	h.contract = nil // whose checker reads numbers as floats
	sku := strings.Repeat("S", 128)
	h.stock(sku, 1000)
	line := `{"sku":"` + sku + `","quantity":1,"unit_price":{"amount":2000000000000,"currency":"EUR"}}`
	text := strings.Repeat(`\"`, 256)
	body := `{"customer":"` + strings.Repeat("c", 128) + `","lines":[` + strings.TrimSuffix(strings.Repeat(line+",", 500), ",") + `],"ship_to":{"name":"` + text +
		`","address":["` + strings.TrimSuffix(strings.Repeat(text+`","`, 10), `","`) + `"],"city":"` + text + `","postal_code":"` + text + `"}}`
	fields := h.want(201, "POST", "/v1/orders", body)
	if got := len(fields["lines"].([]any)); got != 500 {
		t.Errorf("%d lines", got)
	}
	read := h.do("GET", "/v1/orders/"+fields["id"].(string), "")
	if read.status != 200 || !strings.Contains(string(read.body), text) {
		t.Errorf("read: %d", read.status)
	}
}

func TestTooManyConnections(t *testing.T) {
	h := openShop(t, Options{MaxConnections: 1})
	h.want(200, "GET", "/healthz", "") // keeps its connection
	status, body := h.raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	if status != 503 || !strings.Contains(body, codeOverloaded) {
		t.Errorf("%d %s", status, body)
	}
}

func TestReadYourWrites(t *testing.T) {
	h := openShop(t, Options{MaxWait: 50 * time.Millisecond})
	h.stock("A", 1)
	sequence := string(h.want(200, "GET", "/readyz", "")["sequence"].(jsonNumber))
	for _, path := range []string{"/v1/skus", "/v1/skus/A", "/v1/skus/A/availability", "/v1/locations", "/v1/locations/main", "/v1/audit", "/v1/digest"} {
		h.want(200, "GET", path+"?at_least="+sequence, "")
		got := h.do("GET", path+"?at_least=1000000", "")
		if got.status != 503 || got.json(t)["code"] != codeNotReached || got.header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %v %s", path, got.status, got.header, got.body)
		}
		h.wantProblem(400, codeInvalidQuery, "GET", path+"?at_least=9223372036854775808", "")
		h.wantProblem(400, codeInvalidQuery, "GET", path+"?nonsense=1", "")
	}
}

// TestShutdownDrains has a request under way when the server shuts down: it is answered.
func TestShutdownDrains(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	connection, err := net.Dial("tcp", strings.TrimPrefix(h.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	body := order("c", "A", 1)
	half := len(body) / 2
	head := "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	if _, err := io.WriteString(connection, head+body[:half]); err != nil {
		t.Fatal(err)
	}
	h.until(func() bool { return h.server.http.GetOpenConnectionsCount() == 2 })
	down := make(chan error, 1)
	go func() { down <- h.server.Shutdown(context.Background()) }()
	h.until(h.server.draining.Load)
	time.Sleep(20 * time.Millisecond)
	if _, err := io.WriteString(connection, body[half:]); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil || response.StatusCode != 201 || !response.Close {
		t.Errorf("under way: %v %v", response, err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(h.base, "http://")); err == nil {
		t.Error("connections are taken after the shutdown")
	}
}

func TestReadinessWhileDraining(t *testing.T) {
	h := openShop(t, Options{})
	h.want(200, "GET", "/readyz", "")
	h.server.draining.Store(true)
	h.wantProblem(503, codeUnavailable, "GET", "/readyz", "")
	h.want(200, "GET", "/healthz", "")
}

// TestClosedEngine has the engine gone before the server: requests are answered, not dropped.
func TestClosedEngine(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	h.wantProblem(503, codeUnavailable, "POST", "/v1/orders", order("c", "A", 1))
	h.wantProblem(503, codeUnavailable, "GET", "/v1/skus/A", "")
	h.wantProblem(503, codeUnavailable, "GET", "/readyz", "")
}

func TestPanicIsOneRequestsTrouble(t *testing.T) {
	h := openShop(t, Options{})
	at, _ := h.server.router.find([]byte("/healthz"))
	rt := at.routes[methodGet]
	sound := rt.handle
	rt.handle = func(*Server, *exchange) { panic("a bug") }
	h.wantProblem(500, codeInternal, "GET", "/healthz", "")
	rt.handle = sound
	h.want(200, "GET", "/healthz", "")
	if got := h.server.meter.panics.Load(); got != 1 {
		t.Errorf("%d panics counted", got)
	}
}

func TestEngineErrors(t *testing.T) {
	h := openShop(t, Options{RetryAfter: 3 * time.Second})
	at, _ := h.server.router.find([]byte("/healthz"))
	rt := at.routes[methodGet]
	for _, c := range []struct {
		err  error
		code string
	}{
		{engine.ErrOverloaded, codeOverloaded}, {engine.ErrJournal, codeJournalWrong}, {engine.ErrClosed, codeUnavailable},
	} {
		rt.handle = func(s *Server, x *exchange) { s.failEngine(x, c.err) }
		got := h.do("GET", "/healthz", "")
		if got.status != 503 || got.json(t)["code"] != c.code || got.header.Get("Retry-After") != "3" {
			t.Errorf("%v: %d %v %s", c.err, got.status, got.header, got.body)
		}
	}
	rt.handle = func(s *Server, x *exchange) { s.failEngine(x, errors.New("anything else")) }
	h.wantProblem(500, codeInternal, "GET", "/healthz", "")
}
