package server

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"holdfast/engine"
)

// refused is a request that the state says no to, and what the answer has to say.
type refused struct {
	status           int
	code, path, body string
	says             []string // parts of the answer
}

// checkRefused sends requests and looks at what they are answered. Nothing changes.
func (h *shop) checkRefused(tests []refused) {
	h.t.Helper()
	before := h.want(200, "GET", "/v1/digest", "")["digest"]
	for _, test := range tests {
		method, path, _ := strings.Cut(test.path, " ")
		got := h.do(method, path, test.body)
		if got.status != test.status || got.json(h.t)["code"] != test.code {
			h.t.Errorf("%s %s: %d %s, want %d %s", test.path, test.body, got.status, got.body, test.status, test.code)
		}
		for _, part := range test.says {
			if !strings.Contains(string(got.body), part) {
				h.t.Errorf("%s %s: %s\ndoes not say %s", test.path, test.body, got.body, part)
			}
		}
	}
	if h.want(200, "GET", "/v1/digest", "")["digest"] != before {
		h.t.Error("something changed")
	}
}

// TestRefusalsOfOrders: what an order's, or a hold's, status does not allow is answered with the status and what it allows.
func TestRefusalsOfOrders(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 50)
	held := h.placed("/v1/holds", order("c", "A", 1))
	locked := h.placed("/v1/holds", order("c", "A", 1))
	h.want(200, "POST", "/v1/holds/"+locked+"/lock", `{"ttl_seconds":600,"provider":"acme","reference":"pi"}`)
	released := h.placed("/v1/holds", order("c", "A", 1))
	h.want(204, "DELETE", "/v1/holds/"+released, "")
	placed := h.placed("/v1/orders", order("c", "A", 3))
	stopped := h.placed("/v1/orders", order("c", "A", 1))
	h.want(200, "POST", "/v1/orders/"+stopped+"/put-on-hold", `{"reasons":["fraud","stock"]}`)
	cancelled := h.placed("/v1/orders", order("c", "A", 1))
	h.want(200, "POST", "/v1/orders/"+cancelled+"/cancel", "")
	partly := h.placed("/v1/orders", order("c", "A", 2))
	h.want(201, "POST", "/v1/orders/"+partly+"/shipments", `{"lines":[{"sku":"A","quantity":1}]}`)
	completed := h.placed("/v1/orders", order("c", "A", 1))
	h.want(201, "POST", "/v1/orders/"+completed+"/shipments", ``)
	h.want(200, "POST", "/v1/orders/"+completed+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	const (
		ofHeld      = `"order_status":"held","allowed":["confirm","extend","lock","release","cancel","prices"]`
		ofPlaced    = `"order_status":"placed","allowed":["cancel","edits","prices","put-on-hold","take-off-hold","reroute","fulfillments","shipments","tracking","receive","returns","payments/requests"]`
		ofCompleted = `"order_status":"completed","allowed":["tracking","receive","returns","payments/requests"]`
	)
	h.checkRefused([]refused{
		{409, codeOrderHeld, "POST /v1/orders/" + held + "/shipments", ``, []string{`"order_status":"held","allowed":["confirm","extend","lock","unlock","release","cancel","prices"]`, `"version":1`}},
		{409, codeHoldNotLocked, "POST /v1/holds/" + held + "/unlock", ``, []string{ofHeld}},
		{409, codeHoldLocked, "DELETE /v1/holds/" + locked, ``, []string{`"order_status":"held","allowed":["confirm","unlock"]`, `"locked_until":`, `"version":2`}},
		{409, codeHoldReleased, "POST /v1/holds/" + released + "/confirm", ``, []string{`"order_status":"released","allowed":[]`, `"version":2`}},
		{409, codeHoldConfirmed, "POST /v1/holds/" + placed + "/extend", ``, []string{ofPlaced, `"version":1`}},
		{409, codeHoldConfirmed, "DELETE /v1/holds/" + completed, ``, []string{ofCompleted, `"version":3`}},
		{409, codeOrderOnHold, "POST /v1/orders/" + stopped + "/shipments", ``, []string{`"on_hold":["fraud","stock"]`, `"take-off-hold"`, `"fulfillments","tracking"`, `"version":2`}},
		{409, codeOrderCancelled, "POST /v1/orders/" + cancelled + "/put-on-hold", `{"reasons":["fraud"]}`, []string{`"order_status":"cancelled","allowed":[]`, `"version":2`}},
		{409, codeAlreadyShipped, "POST /v1/orders/" + partly + "/cancel", ``, []string{`by lines"`, `"order_status":"placed","allowed":["cancel","edits","prices",`, `"version":2`}},
		{409, codeAlreadyShipped, "POST /v1/orders/" + completed + "/cancel", ``, []string{`can be sent back`, ofCompleted}},
		{409, codeOrderCompleted, "POST /v1/orders/" + completed + "/edits/preview", `{"remove":[{"line":0}]}`, []string{ofCompleted}},
		{409, codeNotCancellable, "POST /v1/orders/" + placed + "/cancel", `{"lines":[{"line":0,"quantity":4}]}`, []string{`"lines":[{"index":0,"sku":"A","requested":4,"available":3}]`}},
		{409, codeOrderLine, "POST /v1/orders/" + placed + "/cancel", `{"lines":[{"line":0},{"line":1}]}`, []string{`"field":"lines[1].line"`, `from 0 to 0`}},
		{409, codeOrderLine, "POST /v1/orders/" + placed + "/edits/preview", `{"remove":[{"line":7}]}`, []string{`"field":"remove[0].line"`, `from 0 to 0`}},
	})
	h.want(200, "POST", "/v1/orders/"+partly+"/cancel", `{"lines":[{"line":0}]}`)
	h.want(200, "POST", "/v1/orders/"+partly+"/shipments/1/tracking", `{"reports":[{"status":"in_transit","at":"2026-11-27T12:00:00.000Z"}]}`)
	h.checkRefused([]refused{
		{409, codeNotCancellable, "POST /v1/orders/" + partly + "/cancel", `{"lines":[{"line":0}]}`, []string{`"lines":[{"index":0,"sku":"A","available":0}]`}},
		{409, codeNotAllocated, "POST /v1/orders/" + partly + "/shipments", ``, []string{`"location":"main"`}},
		{409, codeNotAllocated, "POST /v1/orders/" + partly + "/shipments", `{"lines":[{"sku":"A"}]}`, []string{`"location":"main","lines":[{"index":0,"sku":"A","available":0}]`}},
		{409, codeNotAllocated, "POST /v1/orders/" + partly + "/reroute", `{"location":"main","reason":"rejected"}`, []string{`"location":"main"`}},
		{409, codeNotSentBack, "POST /v1/orders/" + partly + "/shipments/1/receive", ``, []string{`"shipment_status":"in_transit"`, `once it is returned_to_sender`, `"version":4`}},
		{409, codeNotSentBack, "POST /v1/orders/" + partly + "/shipments/1/receive", `{"lines":[{"sku":"A"}]}`, []string{`"lines":[{"index":0,"sku":"A","available":0}]`}},
		{404, codeShipmentNotFound, "POST /v1/orders/" + partly + "/shipments/2/receive", ``, []string{`the numbers 1 to 1`}},
		{404, codeShipmentNotFound, "POST /v1/orders/" + placed + "/shipments/2/receive", ``, []string{`the order has no shipments`}},
		{409, codeReportAhead, "POST /v1/orders/" + partly + "/shipments/1/tracking",
			`{"reports":[{"status":"lost","at":"2026-11-27T12:00:00.000Z"},{"status":"lost","at":"2096-11-27T12:00:00.000Z"}]}`,
			[]string{`"errors":[{"field":"reports[1].at","code":"report_ahead","detail":"must be at most a day from now, which is 20`}},
	})
}

// TestRefusalsOfWork: what is refused of fulfilment orders says which one, where it stands, and which rows of the body are too many.
func TestRefusalsOfWork(t *testing.T) {
	h, path, _ := openWork(t)
	h.want(201, "PUT", "/v1/skus/B", `{}`)
	h.want(200, "POST", path+"/fulfillments/1", `{"action":"split","units":[{"sku":"A","quantity":1}]}`)
	h.want(200, "POST", path+"/fulfillments/3", `{"action":"hold"}`)
	work := "POST " + path + "/fulfillments/"
	h.checkRefused([]refused{
		{409, codeFulfillmentStatus, work + "3", `{"action":"start"}`, []string{`"version":3,"fulfillment_status":"on_hold","allowed":["release"]`, `"fulfillment":3`}},
		{409, codeFulfillmentStatus, work + "1", `{"action":"merge","into":3}`, []string{`"fulfillment_status":"on_hold"`, `"fulfillment":3`}},
		{409, codeFulfillmentPlace, work + "1", `{"action":"merge","into":2}`, []string{`merged with another one at the same location`}},
		{409, codeFulfillmentPlace, work + "1", `{"action":"move","to":"munich"}`, []string{`at this location already`}},
		{409, codeFulfillmentMove, work + "1", `{"action":"move","to":"hamburg"}`, []string{`"lines":[{"index":0,"sku":"A","requested":2,"available":0}]`}},
		{409, codeFulfillmentUnits, work + "2", `{"action":"split","units":[{"sku":"A","quantity":9}]}`, []string{`"lines":[{"index":0,"sku":"A","requested":9,"available":2}]`}},
		{409, codeFulfillmentUnits, work + "2", `{"action":"split","units":[{"sku":"A","quantity":2}]}`, []string{`no unit would be left`}},
		{409, codeFulfillmentUnits, work + "2", `{"action":"split","units":[{"sku":"A","quantity":1},{"sku":"B","quantity":1}]}`, []string{`"field":"units[1].sku"`}},
		{422, codeSKUNotFound, work + "2", `{"action":"split","units":[{"sku":"ghost","quantity":1}]}`, []string{`"field":"units[0].sku"`}},
		{409, codeNotASupplier, work + "1", `{"action":"submit"}`, []string{`only a fulfillment order at a location of kind supplier`}},
		{422, codeLocationNotFound, work + "1", `{"action":"move","to":"atlantis"}`, []string{`"field":"to"`}},
	})
	h.want(200, "POST", path+"/fulfillments/2", `{"action":"start"}`)
	h.checkRefused([]refused{
		{409, codeFulfillmentUnits, work + "2", `{"action":"short_pick","found":[{"sku":"A","quantity":2}]}`, []string{`all units were found`}},
		{409, codeFulfillmentUnits, work + "2", `{"action":"short_pick","found":[{"sku":"B","quantity":0}]}`, []string{`"field":"found[0].sku"`}},
		{422, codeOrderNotFound, "POST /v1/picklists", `{"orders":["none"]}`, []string{`"field":"orders[0]"`}},
	})
}

// TestRefusalsOfMoney: what is refused of payments, prices and edits says what would have been right.
func TestRefusalsOfMoney(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 50)
	id := h.placed("/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":2,"unit_price":`+eur(500)+`}]}`)
	path := "POST /v1/orders/" + id
	h.want(200, "POST", "/v1/orders/"+id+"/payments", payment("authorization", "succeeded", "pi_1", 1000, ""))
	h.want(200, "POST", "/v1/orders/"+id+"/payments", payment("capture", "failed", "c_1", 1000, `,"of":1`))
	capture := func(more string) string { return payment("capture", "succeeded", "x", 1, more) }
	h.checkRefused([]refused{
		{422, codePriceMissing, path + "/edits/preview", `{"add":[{"sku":"A","quantity":1,"unit_price":` + eur(1) + `},{"sku":"A","quantity":1}]}`,
			[]string{`"errors":[{"field":"add[1].unit_price","code":"price_missing","detail":"is required, in EUR"}]`}},
		{422, codeTotalOutOfRange, path + "/edits/preview", `{"amounts":{"discount":` + eur(1001) + `}}`, []string{`"requested_amount":-1`, `0 to 1000000000000000`}},
		{422, codeTotalOutOfRange, path + "/edits/preview", `{"amounts":{"shipping":` + eur(1e15) + `}}`, []string{`"requested_amount":1000000000001000`}},
		{422, codeCurrencyMismatch, path + "/payments", strings.ReplaceAll(capture(""), "EUR", "USD"), []string{`"currency":"EUR"`}},
		{409, codePaymentChanged, path + "/payments", payment("authorization", "succeeded", "pi_1", 999, ""), []string{`"payment":1,"requested_amount":999,"available_amount":1000`, `another amount`}},
		{409, codeReportAhead, path + "/payments", strings.ReplaceAll(capture(""), "2026-11-27", "2096-11-27"), []string{`"field":"at"`, `at most a day from now`}},
		{404, codePaymentNotFound, path + "/payments", capture(`,"of":2`), []string{`"field":"of"`, `a payment of type authorization: 1"`}},
		{404, codePaymentNotFound, path + "/payments", payment("authorization", "succeeded", "x", 1, `,"of":1`), []string{`"field":"of"`, `must be left out`}},
		{404, codePaymentNotFound, path + "/payments", capture(`,"payment":1`), []string{`"field":"payment"`, `a task of type capture, and the order has none`}},
		{404, codePaymentNotFound, path + "/payments/requests", `{"type":"refund","of":2}`, []string{`"field":"of"`, `a succeeded payment of type capture, and the order has none`}},
		{409, codePaymentTooLarge, path + "/payments/requests", `{"type":"capture","amount":` + eur(1001) + `}`, []string{`"requested_amount":1001,"available_amount":1000`}},
	})
	h.checkRefused([]refused{{409, codePricesSettled, path + "/prices", `{"lines":[{"unit_price":` + eur(1) + `}]}`, []string{`"payments":2`}}})
	n := 2
	for ; h.do("POST", "/v1/orders/"+id+"/payments", payment("adjustment", "succeeded", fmt.Sprint("a", n), 1, "")).status == 200; n++ {
	}
	h.checkRefused([]refused{{409, codePaymentsFull, path + "/payments", payment("adjustment", "succeeded", "more", 1, ""),
		[]string{`an order has at most 100 payments`, fmt.Sprintf(`"payments":%d`, n)}}})
}

// TestRefusalsOfReturns: what is refused of returns says where the return stands, and which rows are meant.
func TestRefusalsOfReturns(t *testing.T) {
	h := openReturner(t)
	path := "POST " + h.path + "/returns"
	h.want(201, "POST", h.path+"/returns", `{"lines":[{"line":0,"quantity":2}],"reason":"other"}`)
	h.want(200, "POST", h.path+"/returns/1/approve", `{"refund_when":"received","restocking_fee":`+eur(1)+`}`)
	h.checkRefused([]refused{
		{409, codeReturnStatus, path + "/1/refund-decisions", `{"amount":1,"currency":"EUR"}`, []string{`"return_status":"approved","allowed":["cancel","in-transit","receive"]`, `"refund_when":"received"`}},
		{404, codeReturnNotFound, path + "/2/close", ``, []string{`the numbers 1 to 1`}},
		{409, codeNotReturnable, path, `{"lines":[{"line":1},{"line":0,"quantity":2}],"reason":"other"}`, []string{`"lines":[{"index":1,"sku":"shirt","requested":2,"available":1}]`}},
		{409, codeReturnUnits, path + "/1/receive", `{"lines":[{"line":0,"quantity":3,"disposition":"restock"}]}`, []string{`"lines":[{"index":0,"sku":"shirt","requested":3,"available":2}]`}},
		{409, codeReturnDeadline, path, `{"reason":"other","expires_at":"2020-11-27T12:00:00.000Z"}`, []string{`"field":"expires_at"`, `must be after now, which is 20`}},
		{409, codeOrderLine, path, `{"lines":[{"line":0},{"line":2}],"reason":"other"}`, []string{`"field":"lines[1].line"`, `from 0 to 1`}},
		{409, codeOrderLine, path, `{"lines":[{"line":0,"sku":"cup"}],"reason":"other"}`, []string{`"field":"lines[0].sku"`, `that of line 0`}},
		{409, codeOrderLine, path + "/1/receive", `{"lines":[{"line":1}],"disposition":"restock"}`, []string{`"lines":[{"index":0,"sku":"cup","available":0}]`}},
		{422, codeLocationNotFound, path + "/1/receive", `{"location":"atlantis","disposition":"restock"}`, []string{`"field":"location"`}},
	})
	h.want(200, "POST", h.path+"/returns/1/receive", `{"disposition":"restock"}`)
	h.want(201, "POST", h.path+"/returns", `{"reason":"other"}`)
	h.checkRefused([]refused{
		{409, codeRefundCurrency, path + "/1/refund-decisions", `{"amount":1,"currency":"USD"}`, []string{`"currency":"EUR"`}},
		{409, codeNotReturnable, path, `{"lines":[{"line":0},{"line":1}],"reason":"other"}`, []string{`"lines":[{"index":0,"sku":"shirt","available":0},{"index":1,"sku":"cup","available":0}]`}},
		{409, codeNotReturnable, path, `{"reason":"other"}`, []string{`"lines":[{"index":0,"sku":"shirt","available":0},{"index":1,"sku":"cup","available":0}]`}},
	})
}

// TestRefusalsOfKits: a row of kits is told of as one row, whichever of its components is refused.
func TestRefusalsOfKits(t *testing.T) {
	h := openReturner(t)
	h.want(201, "PUT", "/v1/skus/set", `{}`)
	h.want(200, "PUT", "/v1/skus/set/components", `{"components":[{"sku":"shirt","quantity":2},{"sku":"large","quantity":1}]}`)
	path := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"c","lines":[{"sku":"cup","quantity":1},{"sku":"set","quantity":2}]}`)
	h.want(201, "POST", path+"/shipments", `{"picked_up":true}`)
	h.want(201, "POST", path+"/returns", `{"reason":"other"}`)
	h.want(200, "POST", path+"/returns/1/approve", ``)
	h.checkRefused([]refused{
		{409, codeReturnUnits, "POST " + path + "/returns/1/receive", `{"disposition":"restock","lines":[{"line":1,"quantity":2},{"line":0,"quantity":2}]}`,
			[]string{`"lines":[{"index":1,"sku":"cup","requested":2,"available":1}]`}},
		{409, codeReturnUnits, "POST " + path + "/returns/1/receive", `{"disposition":"restock","lines":[{"line":0},{"line":1,"quantity":3}]}`,
			[]string{`"lines":[{"index":1,"sku":"shirt","requested":6,"available":4},{"index":1,"sku":"large","requested":3,"available":2}]`}},
	})
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"large","set":1000000000000}]}`)
	h.checkRefused([]refused{
		{409, codeStockTooLarge, "POST " + path + "/returns/1/receive", `{"disposition":"restock","lines":[{"line":0},{"line":1}]}`, []string{`"lines":[{"index":1,"sku":"large"`}},
		{409, codeStockTooLarge, "POST " + path + "/returns/1/receive", `{"disposition":"restock"}`, []string{`"lines":[{"index":1,"sku":"large"`}},
	})
}

// TestRefusalOfALateReturn: of an order whose return window is over the answer says since when.
func TestRefusalOfALateReturn(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/channels/outlet", `{"return_window_days":0}`)
	path := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"c","channel":"outlet","lines":[{"sku":"A","quantity":1}]}`)
	for _, f := range h.want(200, "GET", path+"/fulfillments", "")["items"].([]any) {
		h.want(201, "POST", path+"/shipments", fmt.Sprintf(`{"location":%q,"picked_up":true}`, f.(map[string]any)["location"]))
	}
	got := h.do("POST", path+"/returns", `{"reason":"other"}`)
	if !regexp.MustCompile(`"order_status":"(completed|closed)","allowed":\[.*"return_window_ended_at":"20`).Match(got.body) || got.json(t)["code"] != codeReturnWindow {
		t.Errorf("%s", got.body)
	}
}
