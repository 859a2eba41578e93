package server

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/engine"
)

// TestNamedFields: a fault names the field as the body does.
func TestNamedFields(t *testing.T) {
	h := openReturner(t)
	h.stock("mug", 9)
	euros := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"c","lines":[{"sku":"mug","quantity":2,"unit_price":`+eur(100)+`}]}`)
	h.want(201, "POST", h.path+"/returns", `{"reason":"other"}`)
	dollars := `"unit_price":{"amount":1,"currency":"USD"}`
	for _, test := range []struct{ path, body, field string }{
		{euros + "/edits/preview", `{"add":[{"sku":"mug","quantity":1,` + dollars + `}]}`, "add[0].unit_price.currency"},
		{euros + "/edits/preview", `{"add":[{"sku":"mug","quantity":1,"unit_price":` + eur(1) + `},{"sku":"mug","quantity":1,` + dollars + `}]}`, "add[1].unit_price.currency"},
		{euros + "/edits/preview", `{"add":[{"sku":"mug","quantity":1,"unit_price":` + eur(5) + `,"total":` + eur(4) + `}]}`, "add[0].total"},
		{euros + "/edits/preview", `{"add":[{"sku":"mug","quantity":1,"unit_price":` + eur(5) + `,"discount":` + eur(6) + `}]}`, "add[0].discount.amount"},
		{"/v1/orders", `{"customer":"c","lines":[{"sku":"mug","quantity":1,"unit_price":` + eur(1) + `},{"sku":"mug","quantity":1,` + dollars + `}]}`, "lines[1].unit_price.currency"},
		{h.path + "/returns", `{"lines":[{"line":0,"quantity":1,"reason":"other"},{"line":0,"quantity":1,"reason":"other"}]}`, "lines[1]"},
		{h.path + "/returns/1/receive", `{"disposition":"restock","lines":[{"line":0,"quantity":1},{"line":0,"quantity":1}]}`, "lines[1]"},
		{h.path + "/returns/1/approve", `{"restocking_fee":` + eur(1) + `,"replacement":{"lines":[{"sku":"mug","quantity":1}],"difference":{"amount":1,"currency":"USD"}}}`,
			"replacement.difference.currency"},
	} {
		answer := h.do("POST", test.path, test.body).json(t)
		errors, _ := answer["errors"].([]any)
		if len(errors) != 1 || errors[0].(map[string]any)["field"] != test.field {
			t.Errorf("%s: %v, want the fault at %s", test.body, answer, test.field)
		}
	}
	if answer := h.do("POST", euros+"/fulfillments/1", `{"action":"move","to":"atlantis"}`).json(t); !strings.HasPrefix(answer["detail"].(string), "to: ") {
		t.Errorf("%v", answer)
	}
}

// listInBody is a list in the body of a request.
type listInBody struct {
	path, before, list, after string // the path, and the body around the list
	item                      string // %d makes each item another one
	most                      int    // items; 0 for no more than there are different ones
	repeated                  string // the field behind list[1] that a repeated item is told by; "-" where items may be repeated
	mayBeEmpty                bool
}

// body is the request with such a list.
func (l *listInBody) body(list string) string {
	return "{" + l.before + `"` + l.list[strings.LastIndexByte(l.list, '.')+1:] + `":` + list + l.after + "}"
}

// items are so many different ones.
func (l *listInBody) items(n int) string {
	var all []string
	for i := range n {
		all = append(all, strings.ReplaceAll(l.item, "%d", fmt.Sprint(i)))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// TestListsInBodies: a list of what an order's life is told that is empty, too long, no list, or names something twice is refused with its name, the place in it
// and the limit, and nothing is carried out.
func TestListsInBodies(t *testing.T) {
	h := openReturner(t)
	h.want(201, "POST", h.path+"/returns", `{"reason":"other"}`)
	h.want(200, "POST", h.path+"/returns/1/approve", ``)
	const units = `{"sku":"S%d","quantity":1}`
	for _, l := range []listInBody{
		{"/v1/orders", `"customer":"c",`, "lines", "", units, 500, "-", false},
		{"/v1/orders", `"customer":"c","lines":[{"sku":"cup","quantity":1}],`, "tags", "", `"t%d"`, 20, "", true},
		{h.path + "/cancel", "", "lines", "", `{"line":%d}`, 500, ".line", false},
		{h.path + "/edits", "", "add", "", units, 500, "-", false},
		{h.path + "/edits", "", "remove", "", `{"line":%d}`, 500, ".line", false},
		{h.path + "/edits/preview", "", "tags", "", `"t%d"`, 20, "", true},
		{h.path + "/shipments", "", "lines", "", units, 500, ".sku", false},
		{h.path + "/shipments", "", "parcels", "", `{"tracking_number":"T%d"}`, 100, "-", false},
		{h.path + "/shipments/1/receive", "", "lines", "", units, 500, ".sku", false},
		{h.path + "/shipments/1/tracking", "", "reports", "", `{"status":"delivered","at":"2026-11-27T12:00:00.000Z","id":"%d"}`, 64, "-", false},
		{h.path + "/reroute", `"location":"main","reason":"rejected",`, "lines", "", units, 500, ".sku", false},
		{h.path + "/put-on-hold", "", "reasons", "", `"fraud"`, 0, "", false},
		{h.path + "/take-off-hold", "", "reasons", "", `"stock"`, 0, "", false},
		{h.path + "/fulfillments/1", `"action":"split",`, "units", "", units, 500, ".sku", false},
		{h.path + "/fulfillments/1", `"action":"short_pick",`, "found", "", units, 500, ".sku", false},
		{h.path + "/prices", "", "lines", "", `{"unit_price":{"amount":%d,"currency":"EUR"}}`, 500, "-", false},
		{"/v1/picklists", "", "orders", "", `"o%d"`, 100, "", false},
		{h.path + "/returns", `"reason":"other",`, "lines", "", `{"line":%d}`, 500, "", false},
		{h.path + "/returns/1/receive", `"disposition":"restock",`, "lines", "", `{"line":%d}`, 500, "", false},
		{h.path + "/returns/1/inspect", `"disposition":"restock",`, "lines", "", `{"line":%d}`, 500, "", false},
		{h.path + "/returns/1/approve", `"replacement":{`, "replacement.lines", "}", units, 500, "-", false},
	} {
		h.checkFault(l.path, l.body(`{}`), codeWrongType, l.list, "must be an array")
		h.checkFault(l.path, l.body(`"x"`), codeWrongType, l.list, "must be an array")
		h.checkFault(l.path, l.body(`[7]`), codeWrongType, l.list+"[0]", "must be a")
		if !l.mayBeEmpty {
			h.checkFault(l.path, l.body(`[]`), codeInvalidLength, l.list, fmt.Sprint(max(l.most, 5), " items"))
		}
		if l.most > 0 {
			h.checkFault(l.path, l.body(l.items(l.most+1)), codeInvalidLength, l.list, fmt.Sprint(l.most, " items"))
		}
		if first := strings.ReplaceAll(l.item, "%d", "0"); l.repeated != "-" {
			h.checkFault(l.path, l.body("["+first+","+first+"]"), "", l.list+"[1]"+l.repeated, "is there already")
		}
	}
}

// checkFault sends a body with one fault, and looks at how that is told. An empty code stands for either of those of things that are named twice.
func (h *shop) checkFault(path, body, code, field, says string) {
	h.t.Helper()
	before := h.engine.Sequence()
	got := h.do("POST", path, body)
	if shown := body[:min(len(body), 120)]; got.status/100 != 4 {
		h.t.Errorf("%s %s: %d %s", path, shown, got.status, got.body)
	} else {
		errors, _ := got.json(h.t)["errors"].([]any)
		found := false
		for _, e := range errors {
			e := e.(map[string]any)
			found = found || e["field"] == field && strings.Contains(e["detail"].(string), says) &&
				(e["code"] == code || code == "" && (e["code"] == codeDuplicateItem || e["code"] == codeOutOfRange))
		}
		if !found {
			h.t.Errorf("%s %s: %s\ndoes not tell of %s %s", path, shown, got.body, field, says)
		}
	}
	if after := h.engine.Sequence(); after != before {
		h.t.Errorf("%s: something was carried out", path)
	}
}

// TestAmountsOfMoney: each amount in a body is bounded where it is read, by the one limit that there is.
func TestAmountsOfMoney(t *testing.T) {
	h := openReturner(t)
	h.want(201, "POST", h.path+"/returns", `{"reason":"other"}`)
	euros := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"c","lines":[{"sku":"cup","quantity":2,"unit_price":`+eur(100)+`}]}`)
	line := func(more string) string { return `[{"sku":"cup","quantity":1,` + more + `}]` }
	price := `"unit_price":` + eur(1) + ","
	for _, test := range []struct{ path, body, field string }{
		{"/v1/orders", `{"customer":"c","lines":` + line(`"unit_price":MONEY`) + `}`, "lines[0].unit_price.amount"},
		{"/v1/orders", `{"customer":"c","lines":` + line(price+`"discount":MONEY`) + `}`, "lines[0].discount.amount"},
		{"/v1/orders", `{"customer":"c","lines":` + line(price+`"tax":MONEY`) + `}`, "lines[0].tax.amount"},
		{"/v1/orders", `{"customer":"c","lines":` + line(price+`"total":MONEY`) + `}`, "lines[0].total.amount"},
		{"/v1/holds", `{"customer":"c","lines":` + line(`"unit_price":`+eur(1)) + `,"amounts":{"shipping":MONEY}}`, "amounts.shipping.amount"},
		{euros + "/edits/preview", `{"add":` + line(`"unit_price":MONEY`) + `}`, "add[0].unit_price.amount"},
		{euros + "/edits", `{"amounts":{"tax":MONEY}}`, "amounts.tax.amount"},
		{euros + "/prices", `{"lines":[{"unit_price":MONEY}]}`, "lines[0].unit_price.amount"},
		{euros + "/payments", `{"type":"capture","status":"succeeded","provider":"a","reference":"r","at":"2026-11-27T12:00:00.000Z","amount":MONEY}`, "amount.amount"},
		{euros + "/payments/requests", `{"type":"refund","amount":MONEY}`, "amount.amount"},
		{h.path + "/returns/1/approve", `{"restocking_fee":MONEY}`, "restocking_fee.amount"},
		{h.path + "/returns/1/approve", `{"replacement":{"lines":` + line(`"unit_price":MONEY`) + `}}`, "replacement.lines[0].unit_price.amount"},
		{h.path + "/returns/1/approve", `{"replacement":{"lines":` + line(price+`"tax":`+eur(0)) + `,"difference":MONEY}}`, "replacement.difference.amount"},
		{h.path + "/returns/1/refund-decisions", `{"currency":"EUR","amount":AMOUNT}`, "amount"},
	} {
		for _, amount := range []string{"1000000000000001", "9223372036854775807", "9223372036854775808"} {
			body := strings.ReplaceAll(strings.ReplaceAll(test.body, "MONEY", `{"amount":AMOUNT,"currency":"EUR"}`), "AMOUNT", amount)
			h.checkFault(test.path, body, codeOutOfRange, test.field, " to 1000000000000000")
		}
	}
}

// TestFaultsAreCounted: an answer names no more faults than the contract says, and each once.
func TestFaultsAreCounted(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	for body, want := range map[string]int{
		`{"customer":"c","tags":["a","a","a","b","b"]}`:                   4, // with that of lines, which are missing
		`{"customer":"c","tags":["a"` + strings.Repeat(`,"a"`, 19) + `]}`: maxFaults,
		`{"customer":"c","x":1,"lines":[{},{}]}`:                          5,
	} {
		if errors := h.do("POST", "/v1/orders", body).json(t)["errors"].([]any); len(errors) != want {
			t.Errorf("%s: %d faults, want %d: %v", body, len(errors), want, errors)
		}
	}
}
