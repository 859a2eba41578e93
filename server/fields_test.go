package server

import (
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
