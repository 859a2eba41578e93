package server

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// unitsOf says what became of each line's units.
func unitsOf(fields map[string]any) string {
	var all []string
	for _, l := range fields["lines"].([]any) {
		units, _ := l.(map[string]any)["units"].(map[string]any)
		var of []string
		for _, name := range []string{"ordered", "cancelled", "backordered", "allocated", "shipped", "delivered", "lost", "returned_to_sender", "received_back"} {
			if n := units[name]; n != nil && fmt.Sprint(n) != "0" {
				of = append(of, fmt.Sprintf("%v %s", n, name))
			}
		}
		all = append(all, strings.Join(of, ", "))
	}
	return strings.Join(all, "; ")
}

// TestCancelLines cancels units of lines until none is left, and looks at all that tells of it.
func TestCancelLines(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/skus/B", `{"backorder_limit":3}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","location":"munich","delta":2}]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":2},{"sku":"B","quantity":4}]}`)
	path := "/v1/orders/" + placed["id"].(string)
	if strings.Contains(fmt.Sprint(placed), "cancelled") {
		t.Errorf("an order that was only placed tells more: %v", placed)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%v", placed["sequence"]))
	defer stop()
	body := `{"lines":[{"line":1,"quantity":3}],"note":"too many","actor":"anna"}`
	first := h.do("POST", path+"/cancel", body, "Idempotency-Key: c1", `If-Match: "1"`)
	again := h.do("POST", path+"/cancel", body, "Idempotency-Key: c1", `If-Match: "1"`)
	if first.status != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	fields := h.want(200, "GET", path, "")
	if got := unitsOf(fields); got != "2 ordered, 2 allocated; 4 ordered, 3 cancelled, 1 allocated" || fields["version"] != jsonNumber("2") {
		t.Errorf("%s: %v", got, fields)
	}
	page := h.want(200, "GET", "/v1/skus/B/movements?type=deallocate", "")["items"].([]any)
	last, before := page[0].(map[string]any), page[1].(map[string]any)
	if last["location"] != "munich" || last["quantity"] != jsonNumber("1") || last["reason"] != "too many" || last["actor"] != "anna" ||
		before["location"] != nil || before["quantity"] != jsonNumber("2") || len(page) != 2 {
		t.Errorf("movements: %v", page)
	}
	h.checkAudit()
	h.restart()
	if read := h.want(200, "GET", path, ""); !reflect.DeepEqual(read["lines"], fields["lines"]) {
		t.Errorf("after a restart %v, before %v", read["lines"], fields["lines"])
	}
	if fields = h.want(200, "POST", path+"/cancel", `{"lines":[{"line":0},{"line":1}]}`); fields["status"] != "cancelled" {
		t.Errorf("nothing is left: %v", fields)
	}
	h.checkAudit()
	got := take(t, events, 1)
	h.checkEvents(got)
	if e := got[0].data; e["type"] != "lines_cancelled" || e["note"] != "too many" || e["actor"] != "anna" ||
		fmt.Sprint(e["cancelled"]) != "[map[line:1 quantity:3 sku:B]]" {
		t.Errorf("event: %s", got[0].text)
	}
}

// TestCancelLinesRefused names what is wrong with a request to cancel lines. Nothing changes.
func TestCancelLinesRefused(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/skus/B", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","location":"munich","delta":9}]}`)
	h.want(201, "PUT", "/v1/skus/set", `{}`)
	h.want(200, "PUT", "/v1/skus/set/components", `{"components":[{"sku":"A","quantity":1},{"sku":"B","quantity":2}]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"set","quantity":2},{"sku":"B","quantity":1}]}`)
	path := "/v1/orders/" + placed["id"].(string) + "/cancel"
	for _, test := range []struct {
		status     int
		code, body string
	}{
		{409, codeOrderLine, `{"lines":[{"line":2}]}`},
		{409, codeNotCancellable, `{"lines":[{"line":0,"quantity":3}]}`},
		{422, codeOutOfRange, `{"lines":[{"line":0},{"line":0}]}`},
		{422, codeOutOfRange, `{"lines":[{"line":500}]}`},
		{422, codeOutOfRange, `{"lines":[{"line":0,"quantity":0}]}`},
		{422, codeInvalidLength, `{"lines":[]}`},
		{400, codeMissingField, `{"lines":[{"quantity":1}]}`},
		{400, codeMissingField, `{"note":"why"}`},
		{400, codeUnknownField, `{"reason":"why"}`},
		{400, codeUnknownField, `{"lines":[{"line":0,"sku":"B"}]}`},
		{400, codeWrongType, `{"lines":{}}`},
	} {
		h.wantProblem(test.status, test.code, "POST", path, test.body)
	}
	h.wantProblem(404, codeOrderNotFound, "POST", "/v1/orders/0000000000000000/cancel", `{"lines":[{"line":0}]}`)
	hold := h.want(201, "POST", "/v1/holds", `{"customer":"c","lines":[{"sku":"B","quantity":1}]}`)
	h.wantProblem(409, codeOrderHeld, "POST", "/v1/orders/"+hold["id"].(string)+"/cancel", `{"lines":[{"line":0}]}`)
	left := h.want(200, "POST", path, `{"lines":[{"line":0,"quantity":1},{"line":1}]}`)
	if got := unitsOf(left); got != "2 ordered, 1 cancelled; 1 ordered, 1 cancelled" || left["version"] != jsonNumber("2") {
		t.Errorf("%s: %v", got, left)
	}
	h.checkAudit()
}
