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
	want := `{"sku":"A","available":13,"on_hand":23,"reserved":1,"allocated":4,"unavailable":0,"withheld":0,"backordered":0,"set_apart":0,"safety_stock":5,"backorderable":true,"stopped":false,"drained":false,"supply":"enough",` +
		`"sequence":` + string(sequence) + `,"locations":[` +
		`{"location":"main","on_hand":20,"reserved":1,"allocated":1,"unavailable":0,"damaged":0,"quality_control":0,"other":0,"available":18,"withheld":0,"incoming":0},` +
		`{"location":"HH","on_hand":3,"reserved":0,"allocated":3,"unavailable":0,"damaged":0,"quality_control":0,"other":0,"available":0,"withheld":0,"incoming":0}],"incoming":[]}`
	if string(got.body) != want {
		t.Errorf("availability\n got %s\nwant %s", got.body, want)
	}
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/no/availability", "")
	h.want(200, "GET", "/v1/skus/A/availability?at_least="+string(sequence), "")
}

func TestMovements(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(201, "PUT", "/v1/locations/HH", "{}")
	const path = "/v1/stock/movements"
	move := func(rows string) string { return `{"movements":[` + rows + `]}` }

	got := h.do("POST", path, `{"actor":"anna","cause":"delivery 17","movements":[{"type":"receive","sku":"A","quantity":97},`+
		`{"type":"receive","sku":"A","quantity":3,"to":"damaged","reason":"wet"}]}`)
	want := `{"sequence":` + string(got.json(t)["sequence"].(jsonNumber)) + `,"actor":"anna","cause":"delivery 17","movements":[` +
		`{"type":"receive","sku":"A","location":"main","to":"sellable","quantity":97,` +
		`"before":{"on_hand":0,"sellable":0,"damaged":0,"quality_control":0,"other":0},` +
		`"after":{"on_hand":97,"sellable":97,"damaged":0,"quality_control":0,"other":0}},` +
		`{"type":"receive","sku":"A","location":"main","to":"damaged","quantity":3,"reason":"wet",` +
		`"before":{"on_hand":97,"sellable":97,"damaged":0,"quality_control":0,"other":0},` +
		`"after":{"on_hand":100,"sellable":97,"damaged":3,"quality_control":0,"other":0}}]}`
	if string(got.body) != want {
		t.Errorf("movements\n got %s\nwant %s", got.body, want)
	}
	h.want(200, "POST", path, move(`{"type":"reclassify","sku":"A","quantity":2,"from":"damaged","to":"quality_control"},`+
		`{"type":"write_off","sku":"A","quantity":1,"from":"damaged"},{"type":"count","sku":"A","quantity":90,"expected":97},`+
		`{"type":"adjust","sku":"A","quantity":-1,"to":"quality_control"},{"type":"receive","sku":"A","location":"HH","quantity":5}`))
	level := h.want(200, "GET", "/v1/skus/A/availability", "")["locations"].([]any)[0].(map[string]any)
	for field, units := range map[string]string{"on_hand": "91", "available": "90", "unavailable": "1", "damaged": "0", "quality_control": "1", "other": "0"} {
		if level[field] != jsonNumber(units) {
			t.Errorf("%s %v, want %s", field, level[field], units)
		}
	}
	line := h.wantProblem(409, codeStockNegative, "POST", path, move(`{"type":"receive","sku":"A","quantity":1},{"type":"write_off","sku":"A","quantity":92}`))
	wantLine(t, line, map[string]string{"index": "1", "sku": "A", "location": "main", "in_state": "91", "requested": "-1"})
	line = h.wantProblem(409, codeStockChanged, "POST", path, move(`{"type":"count","sku":"A","quantity":80,"expected":91}`))
	wantLine(t, line, map[string]string{"index": "0", "in_state": "90", "requested": "80"})
	h.wantProblem(409, codeStockTooLarge, "POST", path, move(`{"type":"receive","sku":"A","quantity":1000000000000}`))
	h.wantProblem(422, codeSKUNotFound, "POST", path, move(`{"type":"receive","sku":"no","quantity":1}`))
	h.wantProblem(422, codeLocationNotFound, "POST", path, move(`{"type":"receive","sku":"A","location":"nowhere","quantity":1}`))
	if got := h.available("A"); got != "95" {
		t.Errorf("available %s after refusals, want 95", got)
	}
}

func TestMovementFaults(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	cases := []struct {
		row, code, field string
		status           int
	}{
		{`{}`, codeMissingField, "sku", 400},
		{`{"sku":"A","quantity":1}`, codeMissingField, "type", 400},
		{`{"sku":"A","type":"receive"}`, codeMissingField, "quantity", 400},
		{`{"sku":"A","type":"steal","quantity":1}`, codeOutOfRange, "type", 422},
		{`{"sku":"A","type":"receive","quantity":0}`, codeOutOfRange, "quantity", 422},
		{`{"sku":"A","type":"receive","quantity":-1}`, codeOutOfRange, "quantity", 422},
		{`{"sku":"A","type":"receive","quantity":1000000000001}`, codeOutOfRange, "quantity", 422},
		{`{"sku":"A","type":"receive","quantity":1.5}`, codeWrongType, "quantity", 400},
		{`{"sku":"A","type":"adjust","quantity":0}`, codeOutOfRange, "quantity", 422},
		{`{"sku":"A","type":"count","quantity":-1}`, codeOutOfRange, "quantity", 422},
		{`{"sku":"A","type":"reclassify","quantity":1,"to":"damaged"}`, codeMissingField, "from", 400},
		{`{"sku":"A","type":"reclassify","quantity":1,"from":"damaged"}`, codeMissingField, "to", 400},
		{`{"sku":"A","type":"reclassify","quantity":1,"from":"other","to":"other"}`, codeOutOfRange, "to", 422},
		{`{"sku":"A","type":"receive","quantity":1,"from":"other"}`, codeUnknownField, "from", 400},
		{`{"sku":"A","type":"write_off","quantity":1,"to":"other"}`, codeUnknownField, "to", 400},
		{`{"sku":"A","type":"receive","quantity":1,"to":"lost"}`, codeOutOfRange, "to", 422},
		{`{"sku":"A","type":"receive","quantity":1,"expected":0}`, codeUnknownField, "expected", 400},
		{`{"sku":"A","type":"count","quantity":1,"expected":-1}`, codeOutOfRange, "expected", 422},
		{`{"sku":"A","type":"receive","quantity":1,"delta":1}`, codeUnknownField, "delta", 400},
		{`{"sku":"A","type":"receive","quantity":1,"reason":""}`, codeInvalidLength, "reason", 422},
	}
	for _, c := range cases {
		fields := h.wantProblem(c.status, c.code, "POST", "/v1/stock/movements", `{"movements":[`+c.row+`]}`)
		if got := fields["errors"].([]any)[0].(map[string]any)["field"]; got != "movements[0]."+c.field {
			t.Errorf("%s: field %v, want %s", c.row, got, c.field)
		}
	}
	for body, field := range map[string]string{
		`{}`:                                "movements",
		`{"movements":[]}`:                  "movements",
		`{"actor":"","movements":[]}`:       "actor",
		`{"movements":[1]}`:                 "movements[0]",
		`{"cause":"a\nb","movements":[]}`:   "cause",
		`{"movements":[],"adjustments":[]}`: "movements",
	} {
		got := h.do("POST", "/v1/stock/movements", body)
		if first := got.json(t)["errors"].([]any)[0].(map[string]any)["field"]; got.status/100 != 4 || first != field {
			t.Errorf("%s: %d, field %v, want %s", body, got.status, first, field)
		}
	}
	if got := h.available("A"); got != "0" {
		t.Errorf("available %s", got)
	}
}

// TestStopped stops a SKU, which refuses what would be sold anew, whether the machine is asked or not, and starts it again.
func TestStopped(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", `{"low_stock":3}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","delta":4}]}`)
	hold := h.hold("A", "600")
	if got := h.want(200, "GET", "/v1/skus/A/availability", ""); got["supply"] != "low" || got["stopped"] != false {
		t.Errorf("%v", got)
	}
	got := h.want(200, "PUT", "/v1/skus/A", `{"stopped":true}`)
	if got["stopped"] != true || got["low_stock"] != nil {
		t.Errorf("%v", got)
	}
	for _, c := range []string{order("c", "A", 1), `{"customer":"c","external_id":"x-1","lines":[{"sku":"A","quantity":1}]}`} {
		line := h.wantProblem(409, codeSKUStopped, "POST", "/v1/orders", c)
		wantLine(t, line, map[string]string{"index": "0", "sku": "A", "requested": "1", "available": "0"})
	}
	h.wantProblem(409, codeSKUStopped, "POST", "/v1/holds", order("c", "A", 99))
	h.want(200, "POST", "/v1/holds/"+hold+"/confirm", "")
	if got := h.want(200, "GET", "/v1/skus/A/availability", ""); got["stopped"] != true || got["available"] != jsonNumber("3") || got["supply"] != "enough" {
		t.Errorf("%v", got)
	}
	h.want(200, "PUT", "/v1/skus/A", `{"stopped":false}`)
	h.want(201, "POST", "/v1/orders", order("c", "A", 3))
	if got := h.want(200, "GET", "/v1/skus/A/availability", ""); got["supply"] != "out" {
		t.Errorf("%v", got)
	}
	h.wantProblem(400, codeWrongType, "PUT", "/v1/skus/A", `{"stopped":"yes"}`)
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/skus/A", `{"low_stock":0}`)
}
