package server

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPreorder sells what is not there yet until it ships, shows the preorder everywhere, and sees it end by itself.
func TestPreorder(t *testing.T) {
	h := openShop(t, Options{})
	ships := time.Now().Add(1500 * time.Millisecond).UTC().Truncate(time.Millisecond)
	preorder := fmt.Sprintf(`"preorder":{"limit":3,"ships_at":%q}`, ships.Format("2006-01-02T15:04:05.000Z"))
	sku := h.want(201, "PUT", "/v1/skus/book", "{"+preorder+"}")
	if p := sku["preorder"].(map[string]any); p["limit"] != jsonNumber("3") || sku["backorder_limit"] != jsonNumber("0") {
		t.Errorf("the SKU: %v", sku)
	}
	order := h.want(201, "POST", "/v1/orders", `{"customer":"ann","lines":[{"sku":"book","quantity":2}]}`)
	line := order["lines"].([]any)[0].(map[string]any)
	if line["preorder"] != true || line["backordered"] != jsonNumber("2") {
		t.Errorf("the line: %v", line)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", `{"customer":"bob","lines":[{"sku":"book","quantity":2}]}`)
	a := h.want(200, "GET", "/v1/skus/book/availability", "")
	if a["backorderable"] != true || a["preorder_ships_at"] != ships.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("availability: %v", a)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%v", order["sequence"]))
	defer stop()
	got := take(t, events, 1)
	h.checkEvents(got)
	if d := got[0].data; d["type"] != "preorder_ended" || d["sku"] != "book" || fmt.Sprint(d["backordered"]) != "2" || d["at"] != ships.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("the end: %s", got[0].text)
	}
	a = h.want(200, "GET", "/v1/skus/book/availability", "")
	if a["backorderable"] != false || a["preorder_ships_at"] != nil || a["backordered"] != jsonNumber("2") {
		t.Errorf("availability after it: %v", a)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", `{"customer":"bob","lines":[{"sku":"book","quantity":1}]}`)
	if sku := h.want(200, "GET", "/v1/skus/book", ""); sku["preorder"] == nil {
		t.Errorf("the SKU after it: %v", sku)
	}
	if sku := h.want(200, "PUT", "/v1/skus/book", `{"preorder":null}`); sku["preorder"] != nil {
		t.Errorf("taken back: %v", sku)
	}
}

// TestMalformedPreorders are refused, and the SKU stays what it was.
func TestMalformedPreorders(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/book", `{}`)
	for _, c := range []struct {
		preorder string
		status   int
		code     string
		field    string
	}{
		{`{"ships_at":"2027-01-01T00:00:00Z"}`, 400, codeMissingField, "preorder.limit"},
		{`{"limit":1}`, 400, codeMissingField, "preorder.ships_at"},
		{`{"limit":0,"ships_at":"2027-01-01T00:00:00Z"}`, 422, codeOutOfRange, "preorder.limit"},
		{`{"limit":1000000000001,"ships_at":"2027-01-01T00:00:00Z"}`, 422, codeOutOfRange, "preorder.limit"},
		{`{"limit":-1,"ships_at":"2027-01-01T00:00:00Z"}`, 422, codeOutOfRange, "preorder.limit"},
		{`{"limit":1,"ships_at":"tomorrow"}`, 422, codeOutOfRange, "preorder.ships_at"},
		{`{"limit":1,"ships_at":"2027-01-01T00:00:00Z","cap":2}`, 400, codeUnknownField, "preorder.cap"},
	} {
		problem := h.wantProblem(c.status, c.code, "PUT", "/v1/skus/book", `{"preorder":`+c.preorder+`}`)
		if text := fmt.Sprint(problem); !strings.Contains(text, c.field) {
			t.Errorf("%s: %v", c.preorder, problem)
		}
	}
	if sku := h.want(200, "GET", "/v1/skus/book", ""); sku["version"] != jsonNumber("1") || sku["preorder"] != nil {
		t.Errorf("the SKU: %v", sku)
	}
}
