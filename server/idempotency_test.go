package server

import (
	"strings"
	"sync"
	"testing"
)

// TestReplay holds the promise of Idempotency-Key on every POST: the same bytes again, also after a restart.
func TestReplay(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 100)
	h.stock("B", 100)
	confirmed, extended, cancelled := h.hold("A", "600"), h.hold("A", "600"), h.hold("A", "600")
	requests := []struct{ path, body string }{
		{"/v1/orders", fullOrder},
		{"/v1/orders", order("c9", "A", 1)},
		{"/v1/holds", `{"customer":"c1","ttl_seconds":600,"lines":[{"sku":"A","quantity":1,"unit_price":{"amount":1,"currency":"USD"}}]}`},
		{"/v1/holds/" + confirmed + "/confirm", ``},
		{"/v1/holds/" + extended + "/extend", `{"ttl_seconds":5000}`},
		{"/v1/orders/" + cancelled + "/cancel", `{}`},
		{"/v1/stock/adjustments", `{"adjustments":[{"sku":"A","delta":1,"reason":"found"}]}`},
	}
	first := make([]answer, len(requests))
	for i, r := range requests {
		first[i] = h.do("POST", r.path, r.body, "Idempotency-Key: key-"+r.path+string(rune('a'+i)))
		if first[i].status >= 300 || first[i].header.Get("Idempotent-Replayed") != "" {
			t.Fatalf("%s: %d %s", r.path, first[i].status, first[i].body)
		}
	}
	h.want(200, "POST", "/v1/orders/"+first[0].json(t)["id"].(string)+"/cancel", "") // what came later does not show
	check := func() {
		t.Helper()
		for i, r := range requests {
			again := h.do("POST", r.path, r.body, "Idempotency-Key: key-"+r.path+string(rune('a'+i)))
			if again.status != first[i].status || string(again.body) != string(first[i].body) {
				t.Errorf("%s: again %d %s\nfirst %d %s", r.path, again.status, again.body, first[i].status, first[i].body)
			}
			if again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("ETag") != first[i].header.Get("ETag") {
				t.Errorf("%s: headers again %v, first %v", r.path, again.header, first[i].header)
			}
		}
	}
	check()
	h.restart()
	check()
}

func TestKeyReused(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 100)
	h.want(201, "POST", "/v1/orders", order("c", "A", 1), "Idempotency-Key: k")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/orders", order("c", "A", 2), "Idempotency-Key: k")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/holds", order("c", "A", 1), "Idempotency-Key: k")
	h.want(201, "POST", "/v1/orders", order("c", "A", 1), "Idempotency-Key: K") // case counts
	long := strings.Repeat("x", 255)
	h.want(201, "POST", "/v1/orders", order("c", "A", 1), "Idempotency-Key: "+long)
	for _, wrong := range []string{"", long + "x", "a b", "ä"} {
		h.wantProblem(400, codeInvalidIdempotencyKey, "POST", "/v1/orders", order("c", "A", 1), "Idempotency-Key: "+wrong)
	}
	// A refusal is not remembered.
	h.want(201, "PUT", "/v1/skus/B", "{}")
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("c", "B", 1), "Idempotency-Key: r")
	h.stock("B", 1)
	h.want(201, "POST", "/v1/orders", order("c", "B", 1), "Idempotency-Key: r")
}

// TestKeyAtOnce sends one request many times at once: one is carried out, the others get its answer or
// are told that it is still running.
func TestKeyAtOnce(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 100)
	var wait sync.WaitGroup
	answers := make([]answer, 50)
	for i := range answers {
		wait.Go(func() { answers[i] = h.do("POST", "/v1/orders", order("c", "A", 1), "Idempotency-Key: same") })
	}
	wait.Wait()
	body := ""
	for _, a := range answers {
		switch {
		case a.status == 409 && a.json(t)["code"] == codeIdempotencyInProgress:
		case a.status == 201 && (body == "" || body == string(a.body)):
			body = string(a.body)
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if got := h.available("A"); got != "99" {
		t.Errorf("available %s, want 99", got)
	}
}
