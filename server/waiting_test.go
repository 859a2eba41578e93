package server

import (
	"fmt"
	"testing"
)

// TestBackorders sells what is not there yet, lists who waits for it, and receives some: the oldest is served first, an event tells of it,
// and what it waits for is no longer in the list.
func TestBackorders(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", `{"backorder_limit":10}`)
	order := func(customer string, n int) string {
		return h.want(201, "POST", "/v1/orders", fmt.Sprintf(`{"customer":%q,"lines":[{"sku":"A","quantity":%d}]}`, customer, n))["id"].(string)
	}
	first, second := order("ann", 3), order("bob", 2)
	third := h.want(201, "POST", "/v1/holds", `{"customer":"cem","lines":[{"sku":"A","quantity":1}]}`)["id"].(string)
	page := h.want(200, "GET", "/v1/skus/A/backorders?limit=2", "")
	items := page["items"].([]any)
	if len(items) != 2 || items[0].(map[string]any)["order"] != first || items[1].(map[string]any)["quantity"] != jsonNumber("2") {
		t.Errorf("who waits: %v", items)
	}
	rest := h.want(200, "GET", "/v1/skus/A/backorders?after="+page["next"].(string), "")
	if items := rest["items"].([]any); len(items) != 1 || items[0].(map[string]any)["order"] != third || rest["next"] != nil {
		t.Errorf("who waits behind them: %v", rest)
	}
	if a := h.want(200, "GET", "/v1/skus/A/availability", ""); a["backordered"] != jsonNumber("6") || a["available"] != jsonNumber("-6") {
		t.Errorf("availability: %v", a)
	}
	received := h.want(200, "POST", "/v1/stock/movements", `{"movements":[{"type":"receive","sku":"A","quantity":4}]}`)
	events, stop := h.listen(fmt.Sprintf("?after=%v", received["sequence"]))
	defer stop()
	got := take(t, events, 2)
	h.checkEvents(got)
	for i, id := range []string{first, second} {
		fills, _ := got[i].data["fills"].([]any)
		if got[i].data["type"] != "order_filled" || got[i].data["order"].(map[string]any)["id"] != id || len(fills) != 1 {
			t.Errorf("event %d: %s", i, got[i].text)
		}
	}
	if line := h.want(200, "GET", "/v1/orders/"+second, "")["lines"].([]any)[0].(map[string]any); line["backordered"] != jsonNumber("1") {
		t.Errorf("the second order: %v", line)
	}
	items = h.want(200, "GET", "/v1/skus/A/backorders", "")["items"].([]any)
	if len(items) != 2 || items[0].(map[string]any)["order"] != second || items[0].(map[string]any)["quantity"] != jsonNumber("1") {
		t.Errorf("who waits now: %v", items)
	}
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/B/backorders", "")
	for _, query := range []string{"limit=0", "limit=501", "after=x", "after=-1", "page=2"} {
		h.wantProblem(400, codeInvalidQuery, "GET", "/v1/skus/A/backorders?"+query, "")
	}
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		t.Errorf("audit: %v", audit)
	}
}

// TestNobodyIsPromisedWhatOthersWaitFor asks what can be sold by a date, of all channels and of each, while somebody waits and a pool takes
// what comes first.
func TestNobodyIsPromisedWhatOthersWaitFor(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", `{"backorder_limit":10}`)
	h.want(201, "PUT", "/v1/channels/vip", "{}")
	h.want(201, "POST", "/v1/orders", order("ann", "A", 3))
	h.want(201, "PUT", "/v1/skus/A/channels/vip", `{"pool":{"quota":2,"ends_at":"2027-02-01T00:00:00.000Z"}}`)
	h.want(201, "POST", "/v1/purchase-orders", `{"number":"P","status":"ordered","location":"main","lines":[`+
		`{"sku":"A","quantity":4,"expected_at":"2027-01-10"},{"sku":"A","quantity":5,"expected_at":"2027-01-20"}]}`)
	for query, want := range map[string]string{
		"by=2027-01-09": "-3", "by=2027-01-10": "1", "by=2027-01-20": "6",
		"by=2027-01-10&channel=web": "-1", "by=2027-01-20&channel=web": "4", "by=2027-02-01&channel=web": "6",
		"by=2027-01-20&channel=vip": "6", "by=2027-01-10&channel=vip": "2", "by=2027-01-09&channel=vip": "0",
		"by=2027-01-20&channel=new": "4",
	} {
		if got := h.want(200, "GET", "/v1/skus/A/availability?"+query, ""); got["available_by"] != jsonNumber(want) {
			t.Errorf("%s: %v of %v, want %s", query, got["available_by"], got["available"], want)
		}
	}
}
