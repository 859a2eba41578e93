package server

import (
	"strings"
	"testing"
)

func TestAdjustments(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(201, "PUT", "/v1/skus/B", "{}")
	h.want(201, "PUT", "/v1/locations/HH", "{}")
	adjust := func(rows string) string { return `{"adjustments":[` + rows + `]}` }
	const path = "/v1/stock/adjustments"

	fields := h.want(200, "POST", path, adjust(`{"sku":"A","delta":100,"reason":"received"},{"sku":"B","location":"HH","set":5}`))
	levels := fields["levels"].([]any)
	first, second := levels[0].(map[string]any), levels[1].(map[string]any)
	if first["sku"] != "A" || first["location"] != "main" || first["on_hand"] != jsonNumber("100") || first["reason"] != "received" ||
		second["location"] != "HH" || second["on_hand"] != jsonNumber("5") || second["on_hand_before"] != jsonNumber("0") {
		t.Errorf("levels %v", levels)
	}
	h.want(200, "POST", path, adjust(`{"sku":"A","set":90,"expected":100}`))
	line := h.wantProblem(409, codeStockChanged, "POST", path, adjust(`{"sku":"B","delta":1},{"sku":"A","set":80,"expected":100}`))
	wantLine(t, line, map[string]string{"index": "1", "sku": "A", "location": "main", "on_hand": "90"})
	line = h.wantProblem(409, codeStockNegative, "POST", path, adjust(`{"sku":"A","delta":-91}`))
	wantLine(t, line, map[string]string{"index": "0", "on_hand": "90", "requested": "-1"})
	h.wantProblem(409, codeStockTooLarge, "POST", path, adjust(`{"sku":"A","delta":1000000000000}`))
	h.wantProblem(422, codeDuplicateRow, "POST", path, adjust(`{"sku":"A","delta":1},{"sku":"A","location":"main","delta":1}`))
	line = h.wantProblem(422, codeSKUNotFound, "POST", path, adjust(`{"sku":"no","delta":1}`))
	wantLine(t, line, map[string]string{"index": "0", "sku": "no"})
	line = h.wantProblem(422, codeLocationNotFound, "POST", path, adjust(`{"sku":"A","delta":1},{"sku":"A","location":"nowhere","delta":1}`))
	wantLine(t, line, map[string]string{"index": "1", "location": "nowhere"})
	if got := h.available("A") + " " + h.available("B"); got != "90 5" {
		t.Errorf("available %s after refusals, want 90 5", got)
	}
}

func TestAdjustmentFaults(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	many := strings.Repeat(`{"sku":"A","delta":1},`, 501)
	cases := []struct {
		body, code, field string
		status            int
	}{
		{`{}`, codeMissingField, "adjustments", 400},
		{`{"adjustments":[]}`, codeInvalidLength, "adjustments", 422},
		{`{"adjustments":[` + many[:len(many)-1] + `]}`, codeInvalidLength, "adjustments", 422},
		{`{"adjustments":[{"sku":"A"}]}`, codeMissingField, "adjustments[0].delta", 400},
		{`{"adjustments":[{"delta":1}]}`, codeMissingField, "adjustments[0].sku", 400},
		{`{"adjustments":[{"sku":"A","delta":1,"set":1}]}`, codeWrongType, "adjustments[0]", 400},
		{`{"adjustments":[{"sku":"A","delta":1,"expected":1}]}`, codeWrongType, "adjustments[0]", 400},
		{`{"adjustments":[{"sku":"A","delta":1.5}]}`, codeWrongType, "adjustments[0].delta", 400},
		{`{"adjustments":[{"sku":"A","delta":1000000000001}]}`, codeOutOfRange, "adjustments[0].delta", 422},
		{`{"adjustments":[{"sku":"A","set":-1}]}`, codeOutOfRange, "adjustments[0].set", 422},
		{`{"adjustments":[{"sku":"A","delta":1,"reason":""}]}`, codeInvalidLength, "adjustments[0].reason", 422},
		{`{"adjustments":[{"sku":"A","delta":1,"reason":"a\nb"}]}`, codeInvalidCharacters, "adjustments[0].reason", 422},
		{`{"adjustments":[{"sku":"A","delta":1,"location":null}]}`, codeWrongType, "adjustments[0].location", 400},
	}
	for _, c := range cases {
		fields := h.wantProblem(c.status, c.code, "POST", "/v1/stock/adjustments", c.body)
		if got := fields["errors"].([]any)[0].(map[string]any)["field"]; got != c.field {
			t.Errorf("%s: field %v, want %s", c.body, got, c.field)
		}
	}
	if got := h.available("A"); got != "0" {
		t.Errorf("available %s", got)
	}
}

func TestAvailability(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", `{"safety_stock":5,"backorder_limit":2}`)
	h.want(201, "PUT", "/v1/locations/HH", `{"priority":-1}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","delta":20},{"sku":"A","location":"HH","delta":3}]}`)
	h.want(201, "POST", "/v1/orders", order("c", "A", 4))
	h.hold("A", "600")
	got := h.do("GET", "/v1/skus/A/availability?channel=web", "")
	sequence := got.json(t)["sequence"].(jsonNumber)
	want := `{"sku":"A","available":13,"on_hand":23,"reserved":1,"allocated":4,"unavailable":0,"safety_stock":5,"backorderable":true,` +
		`"sequence":` + string(sequence) + `,"locations":[` +
		`{"location":"main","on_hand":20,"reserved":1,"allocated":1,"unavailable":0,"available":18},` +
		`{"location":"HH","on_hand":3,"reserved":0,"allocated":3,"unavailable":0,"available":0}]}`
	if string(got.body) != want {
		t.Errorf("availability\n got %s\nwant %s", got.body, want)
	}
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/no/availability", "")
	h.want(200, "GET", "/v1/skus/A/availability?at_least="+string(sequence), "")
}
