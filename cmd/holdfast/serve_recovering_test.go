package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestRecoveringGivesTheListenerBack asks while the engine would recover, and then again after the
// listener has gone on to the server.
func TestRecoveringGivesTheListenerBack(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client := &http.Client{Timeout: 10 * time.Second}
	get := func(path string) (int, string) {
		t.Helper()
		r, err := client.Get("http://" + ln.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body)
	}

	waiting := answerRecovering(ln)
	if status, body := get("/healthz"); status != 200 || !strings.Contains(body, `"recovering"`) {
		t.Errorf("/healthz: %d %s", status, body)
	}
	for _, path := range []string{"/readyz", "/v1/orders"} {
		if status, body := get(path); status != 503 || !strings.Contains(body, `"code":"recovering"`) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	waiting.stop()

	s := &http.Server{Handler: http.NotFoundHandler()}
	go s.Serve(ln)
	defer s.Close()
	if status, _ := get("/readyz"); status != 404 {
		t.Errorf("after the recovery: %d", status)
	}
}
