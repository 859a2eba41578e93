package server

import (
	"strings"
	"testing"
)

// TestImports places orders that were sold elsewhere.
func TestImports(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 3)
	h.stock("B", 1)
	order := func(policy, rest string) string {
		return `{"customer":"c1","stock_policy":"` + policy + `",` + rest + `}`
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("validate", `"lines":[{"sku":"A","quantity":4}]`))

	forced := h.do("POST", "/v1/orders", order("force", `"external_id":"e1","lines":[{"sku":"A","quantity":5},{"sku":"B","quantity":1}]`), "Idempotency-Key: k1")
	if forced.status != 201 || !strings.Contains(string(forced.body), `{"sku":"A","quantity":5,"backordered":2,"allocations":[{"location":"main","quantity":3}]}`) {
		t.Fatalf("forced: %d %s", forced.status, forced.body)
	}
	if got := h.available("A"); got != "-2" {
		t.Errorf("available %s after 5 of 3 were promised", got)
	}
	again := h.do("POST", "/v1/orders", order("force", `"external_id":"e1","lines":[{"sku":"A","quantity":5},{"sku":"B","quantity":1}]`), "Idempotency-Key: k1")
	if again.status != 201 || string(again.body) != string(forced.body) {
		t.Errorf("asked again: %d %s", again.status, again.body)
	}
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/orders", order("skip", `"external_id":"e1","lines":[{"sku":"A","quantity":5},{"sku":"B","quantity":1}]`), "Idempotency-Key: k1")
	h.wantProblem(409, codeDuplicateExternalID, "POST", "/v1/orders", order("skip", `"external_id":"e1","lines":[{"sku":"A","quantity":1}]`))

	skipped := h.do("POST", "/v1/orders", order("skip", `"lines":[{"sku":"A","quantity":900}]`))
	if skipped.status != 201 || !strings.Contains(string(skipped.body), `"lines":[{"sku":"A","quantity":900,"untracked":true,"allocations":[]}]`) {
		t.Fatalf("skipped: %d %s", skipped.status, skipped.body)
	}
	id := skipped.json(t)["id"].(string)
	h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	if got := h.available("A"); got != "-2" {
		t.Errorf("available %s after an order that was only recorded", got)
	}

	for _, tc := range []struct{ body, field string }{
		{order("forced", `"lines":[{"sku":"A","quantity":1}]`), "stock_policy"},
		{`{"customer":"c1","stock_policy":1,"lines":[{"sku":"A","quantity":1}]}`, "stock_policy"},
		{order("force", `"sale":"s","lines":[{"sku":"A","quantity":1}]`), "stock_policy"},
	} {
		res := h.do("POST", "/v1/orders", tc.body)
		if res.status < 400 || res.status > 422 || !strings.Contains(string(res.body), tc.field) {
			t.Errorf("%s: %d %s", tc.body, res.status, res.body)
		}
	}
	res := h.do("POST", "/v1/holds", order("force", `"lines":[{"sku":"A","quantity":1}]`))
	if res.status < 400 || res.status > 422 || !strings.Contains(string(res.body), "stock_policy") {
		t.Errorf("a forced hold: %d %s", res.status, res.body)
	}
	lines := h.do("POST", "/v1/batch", `{"op":"place_order","customer":"c1","stock_policy":"force","lines":[{"sku":"B","quantity":1}]}`+"\n", "Content-Type: application/x-ndjson")
	if lines.status != 200 || !strings.Contains(string(lines.body), `"status":201`) {
		t.Errorf("in a batch: %d %s", lines.status, lines.body)
	}
}
