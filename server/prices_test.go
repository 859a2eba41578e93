package server

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/engine"
)

// pricesOf is what the lines of an order cost, with shipping.
func pricesOf(shipping int, units ...int) string {
	lines := make([]string, len(units))
	for i, unit := range units {
		lines[i] = `{"unit_price":` + eur(unit) + `}`
	}
	return `{"lines":[` + strings.Join(lines, ",") + `],"amounts":{"shipping":` + eur(shipping) + `},"note":"dhl","actor":"kim"}`
}

// TestPriceHold says of a hold what it costs once the buyer has chosen how it is sent: then it is locked, paid and confirmed. All that is kept beside it
// stays, and a repeated request is answered as before, also after a restart.
func TestPriceHold(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 9)
	h.stock("B", 9)
	h.want(200, "PUT", "/v1/channels/web", `{"payment_deadline_seconds":3600}`)
	hold := h.want(201, "POST", "/v1/holds", `{"customer":"ann","lines":[{"sku":"A","quantity":2},{"sku":"B","quantity":1}],"email":"ann@example.com","tags":["vip"]}`)
	path, order := "/v1/holds/"+hold["id"].(string), "/v1/orders/"+hold["id"].(string)
	if hold["payment_status"] != nil {
		t.Errorf("nobody knows its price: %v", hold)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%v", hold["sequence"]))
	defer stop()
	first := h.do("POST", path+"/prices", pricesOf(490, 5000, 1000), "Idempotency-Key: p1")
	priced := first.json(t)
	amounts := priced["amounts"].(map[string]any)
	if first.status != 200 || amounts["total"] != jsonNumber("11490") || amounts["due"] != jsonNumber("11490") || priced["status"] != "held" || priced["email"] != "ann@example.com" ||
		fmt.Sprint(priced["tags"]) != "[vip]" || first.header.Get("ETag") != `"2"` {
		t.Fatalf("priced: %d %s", first.status, first.body)
	}
	if ev := take(t, events, 1)[0].data; ev["type"] != "order_priced" || ev["note"] != "dhl" || ev["actor"] != "kim" {
		t.Errorf("event: %v", ev)
	}
	express := h.want(200, "POST", path+"/prices", pricesOf(990, 5000, 1000), `If-Match: "2"`)
	if express["amounts"].(map[string]any)["due"] != jsonNumber("11990") {
		t.Errorf("express: %v", express)
	}
	again := h.do("POST", path+"/prices", pricesOf(490, 5000, 1000), "Idempotency-Key: p1")
	if string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s\nagain %d %s", first.body, again.status, again.body)
	}
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", path+"/prices", pricesOf(491, 5000, 1000), "Idempotency-Key: p1")
	h.want(200, "POST", path+"/lock", `{"provider":"acme","reference":"pi_1","ttl_seconds":600}`)
	h.wantProblem(409, codeHoldLocked, "POST", path+"/prices", pricesOf(0, 1, 1))
	h.want(200, "POST", order+"/payments", payment("authorization", "succeeded", "pi_1", 11990, ""))
	paid := h.want(200, "POST", path+"/confirm", "")
	if paid["payment_status"] != "authorized" {
		t.Errorf("paid: %v", paid)
	}
	h.wantProblem(409, codePricesSettled, "POST", order+"/prices", pricesOf(0, 1, 1))
	h.restart()
	again = h.do("POST", path+"/prices", pricesOf(490, 5000, 1000), "Idempotency-Key: p1")
	if string(first.body) != string(again.body) {
		t.Errorf("first %s\nafter a restart %d %s", first.body, again.status, again.body)
	}
	told := 0
	for _, item := range h.want(200, "GET", order+"/timeline", "")["items"].([]any) {
		if item := item.(map[string]any); item["type"] == "order_priced" {
			told++
			line := item["lines"].([]any)[0].(map[string]any)
			if item["actor"] != "kim" || item["note"] != "dhl" || fmt.Sprint(line["unit_price"]) != "map[amount:5000 currency:EUR]" {
				t.Errorf("timeline: %v", item)
			}
		}
	}
	if told != 2 {
		t.Errorf("the timeline tells of %d prices", told)
	}
	h.checkAudit()
}

// TestPriceOrder: an order that was placed without prices gets some, and has to be paid from then on.
func TestPriceOrder(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 9)
	h.want(200, "PUT", "/v1/channels/web", `{"payment_deadline_seconds":3600}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"ann","lines":[{"sku":"A","quantity":2,"unit_price":`+eur(7)+`},{"sku":"A","quantity":1}],"metadata":{"erp":"7"}}`)
	path := "/v1/orders/" + placed["id"].(string)
	h.wantProblem(409, codeNoAccount, "POST", path+"/payments", payment("capture", "succeeded", "ch_1", 100, ""))
	priced := h.want(200, "POST", path+"/prices", `{"lines":[{"unit_price":`+eur(500)+`,"discount":`+eur(100)+`,"total":`+eur(900)+`},{"unit_price":`+eur(500)+`,"tax":`+eur(95)+`}]}`)
	line := priced["lines"].([]any)[0].(map[string]any)
	if priced["payment_status"] != "unpaid" || priced["pay_by"] == nil || priced["amounts"].(map[string]any)["due"] != jsonNumber("1495") ||
		fmt.Sprint(line["unit_price"], line["discount"]) != "map[amount:500 currency:EUR] map[amount:100 currency:EUR]" || fmt.Sprint(priced["metadata"]) != "map[erp:7]" {
		t.Errorf("priced: %v", priced)
	}
	if free := h.want(200, "POST", path+"/prices", pricesOf(0, 0, 0)); free["payment_status"] != "nothing_due" {
		t.Errorf("free: %v", free)
	}
	yen := h.want(200, "POST", path+"/prices", strings.ReplaceAll(pricesOf(0, 500, 500), "EUR", "JPY"))
	if amounts := yen["amounts"].(map[string]any); amounts["currency"] != "JPY" || amounts["due"] != jsonNumber("1500") {
		t.Errorf("in yen: %v", yen)
	}
	for _, test := range []struct {
		status       int
		code         string
		path         string
		body, detail string
	}{
		{400, codeMissingField, path, `{}`, "lines"},
		{400, codeMissingField, path, `{"lines":[{}]}`, "lines[0].unit_price"},
		{422, codeInvalidLength, path, `{"lines":[]}`, "1 to 500"},
		{422, codeInvalidLength, path, pricesOf(0, 1), "must have 2 items, one for each line of the order, and has 1"},
		{400, codeUnknownField, path, `{"lines":[{"unit_price":` + eur(1) + `,"sku":"A"}]}`, "lines[0].sku"},
		{422, codeCurrencyMismatch, path, `{"lines":[{"unit_price":` + eur(1) + `},{"unit_price":{"amount":1,"currency":"USD"}}]}`, "lines[1].unit_price.currency"},
		{422, codeTotalMismatch, path, `{"lines":[{"unit_price":` + eur(1) + `},{"unit_price":` + eur(1) + `}],"amounts":{"total":` + eur(2) + `}}`, "amounts.total is 2, and the parts come to 3"},
		{422, codeOutOfRange, path, `{"lines":[{"unit_price":` + eur(1) + `},{"unit_price":` + eur(1) + `}],"amounts":{"discount":` + eur(4) + `}}`, "amounts must come to 0"},
		{404, codeOrderNotFound, "/v1/orders/nobody", pricesOf(0, 1), ""},
		{404, codeHoldNotFound, "/v1/holds/nobody", pricesOf(0, 1), ""},
	} {
		before := h.engine.Sequence()
		if got := h.wantProblem(test.status, test.code, "POST", test.path+"/prices", test.body); !strings.Contains(fmt.Sprint(got["detail"]), test.detail) {
			t.Errorf("%s: %v", test.body, got["detail"])
		}
		if h.engine.Sequence() != before {
			t.Errorf("%s has changed something", test.body)
		}
	}
	h.wantProblem(412, codeVersionConflict, "POST", path+"/prices", pricesOf(0, 1, 1), `If-Match: "1"`)
	h.want(200, "POST", path+"/cancel", "")
	h.wantProblem(409, codeOrderCancelled, "POST", path+"/prices", pricesOf(0, 1, 1))
	h.checkAudit()
}

// TestPriceOffer: what a waitlist has offered is paid like any other hold.
func TestPriceOffer(t *testing.T) {
	h, _ := openWaitlist(t, 1, "")
	held := h.holdPhones("ann", 1)
	h.wait("bea", 1)
	events, stop := h.listen(fmt.Sprintf("?after=%v", h.engine.Sequence()))
	defer stop()
	h.want(204, "DELETE", "/v1/holds/"+held["id"].(string), "")
	h.settle()
	id := take(t, events, 3)[2].data["order"].(map[string]any)["id"].(string)
	h.want(200, "POST", "/v1/holds/"+id+"/prices", pricesOf(490, 79900))
	h.want(200, "POST", "/v1/orders/"+id+"/payments", payment("authorization", "succeeded", "pi_1", 80390, ""))
	if paid := h.want(200, "POST", "/v1/holds/"+id+"/confirm", ""); paid["payment_status"] != "authorized" || paid["status"] != "placed" {
		t.Errorf("paid: %v", paid)
	}
	h.checkAudit()
}

// TestPricesOfReplacements: what an exchange costs is due of the order that is sent back, so its replacement costs nothing by itself.
func TestPricesOfReplacements(t *testing.T) {
	h := openReturner(t)
	h.want(201, "POST", h.path+"/returns", `{"lines":[{"line":0,"quantity":1}],"reason":"other"}`)
	h.want(200, "POST", h.path+"/returns/1/approve", `{"replacement":{"lines":[{"sku":"large","quantity":1,"unit_price":`+eur(9000)+`}]}}`)
	replacement := h.want(200, "GET", h.path+"/returns/1", "")["replacement"].(map[string]any)["order_id"].(string)
	h.wantProblem(409, codePricesSettled, "POST", "/v1/orders/"+replacement+"/prices", pricesOf(0, 9000))
	// An id of the kind that somebody has made up is one of theirs.
	other := h.placed("/v1/orders", `{"customer":"c","external_id":"exchange:nobody:1","lines":[{"sku":"large","quantity":1}]}`)
	h.want(200, "POST", "/v1/orders/"+other+"/prices", pricesOf(0, 9000))
	h.checkAudit()
}

// TestPricesAfterAReturn: an order without prices of which something is on its way back keeps none.
func TestPricesAfterAReturn(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 9)
	path := "/v1/orders/" + h.placed("/v1/orders", order("c", "A", 2))
	h.want(201, "POST", path+"/shipments", `{"lines":[{"sku":"A","quantity":1}]}`)
	h.want(200, "POST", path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	h.want(201, "POST", path+"/returns", `{"lines":[{"line":0,"quantity":1}],"reason":"other"}`)
	h.wantProblem(409, codePricesSettled, "POST", path+"/prices", pricesOf(0, 1))
}
