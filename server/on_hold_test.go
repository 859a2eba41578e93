package server

import (
	"fmt"
	"testing"
)

// TestOnHold stops an order, and looks at all that tells of it.
func TestOnHold(t *testing.T) {
	h := openRouted(t)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"munich","set":9}]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":2}],`+toHamburg+`}`)
	path := "/v1/orders/" + placed["id"].(string)
	if placed["on_hold"] != nil {
		t.Errorf("on hold at once: %v", placed)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%v", placed["sequence"]))
	defer stop()
	stopped := h.want(200, "POST", path+"/put-on-hold", `{"reasons":["stock","fraud"],"note":"card of another","actor":"shield"}`)
	if fmt.Sprint(stopped["on_hold"]) != "[fraud stock]" || stopped["status"] != "placed" || stopped["version"] != jsonNumber("2") {
		t.Errorf("order: %v", stopped)
	}
	again := h.want(200, "POST", path+"/put-on-hold", `{"reasons":["stock"]}`)
	if again["version"] != jsonNumber("2") {
		t.Errorf("put on hold for what it is: %v", again)
	}
	refused := h.want(409, "POST", path+"/shipments", `{"location":"munich"}`)
	if refused["code"] != codeOrderOnHold || fmt.Sprint(refused["on_hold"]) != "[fraud stock]" {
		t.Errorf("refused: %v", refused)
	}
	h.want(412, "POST", path+"/take-off-hold", `{}`, `If-Match: "1"`)
	h.want(200, "POST", path+"/take-off-hold", `{"reasons":["fraud"]}`, `If-Match: "2"`)
	free := h.want(200, "POST", path+"/take-off-hold", "")
	if free["on_hold"] != nil || free["version"] != jsonNumber("4") {
		t.Errorf("order: %v", free)
	}
	h.want(201, "POST", path+"/shipments", `{"location":"munich"}`)
	got := take(t, events, 4)
	for i, want := range []string{"order_put_on_hold [fraud stock] [fraud stock] card of another shield", "order_taken_off_hold [fraud] [stock] <nil> <nil>",
		"order_taken_off_hold [stock] <nil> <nil> <nil>"} {
		e := got[i].data
		if told := fmt.Sprintf("%v %v %v %v %v", e["type"], e["reasons"], e["order"].(map[string]any)["on_hold"], e["note"], e["actor"]); told != want {
			t.Errorf("event %d: %s, want %s", i, told, want)
		}
	}
}

// TestOnHoldWaitsToBeCaptured: nothing is captured of an order that is on hold before it is taken off.
func TestOnHoldWaitsToBeCaptured(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	h.want(201, "PUT", "/v1/channels/shop", `{"capture":"confirm"}`)
	path := "/v1/orders/" + h.want(201, "POST", "/v1/orders", `{"customer":"c","channel":"shop","lines":[{"sku":"A","quantity":1,"unit_price":`+eur(100)+`}]}`)["id"].(string)
	h.want(200, "POST", path+"/put-on-hold", `{"reasons":["fraud"]}`)
	if got := h.want(200, "POST", path+"/payments", payment("authorization", "succeeded", "pi_1", 100, ""))["amounts"].(map[string]any); got["to_capture"] != nil {
		t.Errorf("authorized: %v", got)
	}
	refused := h.want(409, "POST", path+"/payments/requests", `{"type":"capture"}`)
	if refused["code"] != codeOrderOnHold || fmt.Sprint(refused["on_hold"]) != "[fraud]" {
		t.Errorf("refused: %v", refused)
	}
	if got := h.want(200, "POST", path+"/take-off-hold", "")["amounts"].(map[string]any); got["to_capture"] != jsonNumber("100") {
		t.Errorf("taken off hold: %v", got)
	}
	h.checkAudit()
}

// TestOnHoldRefused: what cannot be read, and what the order does not allow.
func TestOnHoldRefused(t *testing.T) {
	h := openRouted(t)
	hold := h.want(201, "POST", "/v1/holds", `{"customer":"c","lines":[{"sku":"A","quantity":1}]}`)
	path := "/v1/orders/" + hold["id"].(string)
	for _, test := range []struct {
		status int
		code   string
		path   string
		body   string
	}{
		{409, codeOrderHeld, path + "/put-on-hold", `{"reasons":["fraud"]}`},
		{400, codeMissingField, path + "/put-on-hold", `{}`},
		{422, codeInvalidLength, path + "/put-on-hold", `{"reasons":[]}`},
		{422, codeDuplicateItem, path + "/put-on-hold", `{"reasons":["fraud","address","fraud"]}`},
		{422, codeOutOfRange, path + "/put-on-hold", `{"reasons":["boredom"]}`},
		{400, codeUnknownField, path + "/take-off-hold", `{"reason":"fraud"}`},
		{404, codeOrderNotFound, "/v1/orders/none/put-on-hold", `{"reasons":["fraud"]}`},
	} {
		if fields := h.want(test.status, "POST", test.path, test.body); fields["code"] != test.code && fmt.Sprint(fields["errors"].([]any)[0].(map[string]any)["code"]) != test.code {
			t.Errorf("%s %s: %v", test.path, test.body, fields)
		}
	}
}

// TestOnHoldIsFound: orders are found by why they are on hold, as long as they are.
func TestOnHoldIsFound(t *testing.T) {
	d := openDesk(t)
	d.want(200, "POST", "/v1/orders/"+d.ids[0]+"/put-on-hold", `{"reasons":["fraud","address"]}`)
	d.want(200, "POST", "/v1/orders/"+d.ids[3]+"/put-on-hold", `{"reasons":["address"]}`)
	d.finds("&on_hold=any", 0, 3)
	d.finds("&on_hold=fraud", 0)
	d.finds("&on_hold=address&customer=ann", 3)
	d.finds("&on_hold=address", 0, 3)
	d.finds("&on_hold=payment")
	d.want(200, "POST", "/v1/orders/"+d.ids[0]+"/take-off-hold", `{"reasons":["address"]}`)
	d.finds("&on_hold=address", 3)
	d.want(200, "POST", "/v1/orders/"+d.ids[3]+"/cancel", "")
	d.finds("&on_hold=any", 0)
	d.want(400, "GET", "/v1/orders?on_hold=boredom", "")
}
