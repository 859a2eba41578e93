package server

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// openWarehouses gives a shop with two SKUs and a second location.
func openWarehouses(t *testing.T) *shop {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(201, "PUT", "/v1/skus/B", "{}")
	h.want(201, "PUT", "/v1/locations/HH", "{}")
	h.want(201, "PUT", "/v1/locations/acme", `{"kind":"supplier"}`)
	return h
}

// lineWords gives the lines of a document as "received short damaged lost over open".
func lineWords(document map[string]any) string {
	var words []string
	for _, l := range document["lines"].([]any) {
		line := l.(map[string]any)
		words = append(words, fmt.Sprintf("%v %v %v %v %v %v",
			line["received"], line["short"], line["damaged"], line["lost"], line["over"], line["open"]))
	}
	return strings.Join(words, ", ")
}

func wantDocument(t *testing.T, document map[string]any, status, version, lines string) {
	t.Helper()
	if got := lineWords(document); document["status"] != status || document["version"] != jsonNumber(version) || got != lines {
		t.Errorf("%v version %v with %s, want %s version %s with %s", document["status"], document["version"], got, status, version, lines)
	}
}

// wantStatus checks what a refusal says of a document's status: that, its version, and what may be done.
func wantStatus(t *testing.T, problem map[string]any, want string) {
	t.Helper()
	if got := fmt.Sprint(problem["inbound_status"], " ", problem["version"], " ", problem["allowed"]); got != want {
		t.Errorf("refused with %q, want %q", got, want)
	}
}

// TestReservedNumbers checks that no number that is made can be taken: none that somebody gives begins like one.
func TestReservedNumbers(t *testing.T) {
	h := openWarehouses(t)
	const lines = `"lines":[{"sku":"A","quantity":1}]}`
	made := h.want(201, "POST", "/v1/purchase-orders", `{`+lines)["number"].(string)
	if !strings.HasPrefix(made, "PO:") {
		t.Errorf("made %q", made)
	}
	for _, number := range []string{"PO:1", "TR:1", made} {
		body := fmt.Sprintf(`{"number":%q,`, number)
		h.wantFault(422, codeInvalidCharacters, "number", "POST", "/v1/purchase-orders", body+lines)
		h.wantFault(422, codeInvalidCharacters, "number", "POST", "/v1/transfers", body+`"from":"main","to":"HH",`+lines)
	}
	for _, number := range []string{"PO-1", "PO1", "po:1"} {
		h.want(201, "POST", "/v1/purchase-orders", fmt.Sprintf(`{"number":%q,`, number)+lines)
	}
	h.want(200, "POST", "/v1/purchase-orders/"+made+"/order", "")
}

func TestPurchaseOrder(t *testing.T) {
	h := openWarehouses(t)
	const path = "/v1/purchase-orders"
	body := `{"number":"PO-7","supplier":"Acme","expected_at":"2026-12-24","actor":"anna","lines":[` +
		`{"sku":"A","quantity":10},{"sku":"B","quantity":5,"expected_at":"2026-12-26T08:00:00.5Z"}]}`
	first := h.do("POST", path, body, "Idempotency-Key: po")
	again := h.do("POST", path, body, "Idempotency-Key: po")
	fields := first.json(t)
	want := `{"number":"PO-7","status":"draft","version":1,"location":"main","supplier":"Acme","lines":[` +
		`{"line":1,"sku":"A","quantity":10,"expected_at":"2026-12-24T00:00:00.000Z","received":0,"short":0,"damaged":0,"lost":0,"over":0,"open":10},` +
		`{"line":2,"sku":"B","quantity":5,"expected_at":"2026-12-26T08:00:00.500Z","received":0,"short":0,"damaged":0,"lost":0,"over":0,"open":5}],` +
		`"created_at":"` + fields["created_at"].(string) + `","sequence":` + string(fields["sequence"].(jsonNumber)) + `}`
	if first.status != 201 || string(first.body) != want || first.header.Get("Etag") != `"1"` {
		t.Errorf("%d\n got %s\nwant %s", first.status, first.body, want)
	}
	if again.status != 201 || !bytes.Equal(again.body, first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("repeated: %d %s", again.status, again.body)
	}
	h.wantProblem(409, codeInboundExists, "POST", path, body)
	wantStatus(t, h.wantProblem(409, codeInboundStatus, "POST", path+"/PO-7/receive", `{"lines":[{"sku":"A","quantity":1}]}`), "draft 1 [order cancel]")

	h.wantProblem(412, codeVersionConflict, "POST", path+"/PO-7/order", "", `If-Match: "2"`)
	wantDocument(t, h.want(200, "POST", path+"/PO-7/order", "", `If-Match: "1"`), "ordered", "2", "0 0 0 0 0 10, 0 0 0 0 0 5")
	wantDocument(t, h.want(200, "POST", path+"/PO-7/order", `{"actor":"anna"}`), "ordered", "2", "0 0 0 0 0 10, 0 0 0 0 0 5")
	if got := h.available("A"); got != "0" {
		t.Errorf("%s can be sold before it is there", got)
	}

	fields = h.want(200, "POST", path+"/PO-7/receive", `{"actor":"bob","lines":[{"sku":"A","quantity":6},{"line":2,"quantity":4,"to":"quality_control"}]}`)
	wantDocument(t, fields, "partially_received", "3", "6 0 0 0 0 4, 4 0 0 0 0 1")
	moves := fields["movements"].([]any)
	second := moves[1].(map[string]any)
	if len(moves) != 2 || fields["actor"] != "bob" || second["type"] != "receive" || second["to"] != "quality_control" || second["quantity"] != jsonNumber("4") ||
		second["after"].(map[string]any)["quality_control"] != jsonNumber("4") {
		t.Errorf("movements %v", moves)
	}
	line := h.wantProblem(409, codeInboundQuantity, "POST", path+"/PO-7/receive", `{"lines":[{"sku":"A","quantity":5}]}`)
	wantLine(t, line, map[string]string{"index": "0", "sku": "A", "requested": "5", "available": "4"})
	h.wantProblem(409, codeInboundLine, "POST", path+"/PO-7/receive", `{"lines":[{"line":3,"quantity":1}]}`)
	wantStatus(t, h.wantProblem(409, codeInboundStatus, "POST", path+"/PO-7/cancel", ""), "partially_received 3 [receive close]")
	fields = h.want(200, "POST", path+"/PO-7/receive", `{"lines":[{"sku":"A","quantity":2,"discrepancy":{"type":"short","quantity":1,"reason":"note says 9"}}]}`)
	wantDocument(t, fields, "partially_received", "4", "8 1 0 0 0 1, 4 0 0 0 0 1")
	if found := fields["discrepancies"].([]any)[0].(map[string]any); found["line"] != jsonNumber("1") || found["type"] != "short" || found["reason"] != "note says 9" {
		t.Errorf("discrepancy %v", found)
	}
	fields = h.want(200, "POST", path+"/PO-7/close", `{"discrepancy":"lost","reason":"fell off","actor":"bob"}`)
	wantDocument(t, fields, "received", "5", "8 1 0 1 0 0, 4 0 0 1 0 0")
	wantDocument(t, h.want(200, "GET", path+"/PO-7", ""), "received", "5", "8 1 0 1 0 0, 4 0 0 1 0 0")
	wantDocument(t, h.want(200, "POST", path+"/PO-7/close", `{"discrepancy":"short","reason":"again"}`), "received", "5", "8 1 0 1 0 0, 4 0 0 1 0 0")
	if got := h.available("A") + " " + h.available("B"); got != "8 0" {
		t.Errorf("%s can be sold, want 8 0", got)
	}

	fields = h.want(201, "POST", path, `{"status":"ordered","supplier_location":"acme","location":"HH","lines":[{"sku":"A","quantity":1}]}`)
	number := fields["number"].(string)
	if !strings.HasPrefix(number, "PO:") || fields["supplier_location"] != "acme" || fields["location"] != "HH" {
		t.Errorf("document %v", fields)
	}
	fields = h.want(200, "POST", path+"/"+number+"/receive", `{"lines":[{"sku":"A","quantity":2,"discrepancy":{"type":"over","quantity":1,"reason":"a present"}}]}`)
	wantDocument(t, fields, "received", "2", "2 0 0 0 1 0")
	h.wantProblem(409, codeNotASupplier, "POST", path, `{"supplier_location":"HH","lines":[{"sku":"A","quantity":1}]}`)

	h.restart()
	wantDocument(t, h.want(200, "GET", path+"/PO-7", ""), "received", "5", "8 1 0 1 0 0, 4 0 0 1 0 0")
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true || audit["inbound"] != jsonNumber("2") {
		t.Errorf("audit %v", audit)
	}
}

func TestTransfer(t *testing.T) {
	h := openWarehouses(t)
	h.stock("A", 10)
	h.want(201, "POST", "/v1/orders", order("c", "A", 4))
	const path = "/v1/transfers"
	line := h.wantProblem(409, codeInsufficientStock, "POST", path,
		`{"number":"T","from":"main","to":"HH","status":"in_transit","lines":[{"sku":"A","quantity":7}]}`)
	wantLine(t, line, map[string]string{"index": "0", "sku": "A", "requested": "7", "available": "6"})
	h.wantProblem(404, codeInboundNotFound, "GET", path+"/T", "")
	fields := h.want(201, "POST", path, `{"number":"T","from":"main","to":"HH","lines":[{"sku":"A","quantity":6}]}`)
	wantDocument(t, fields, "draft", "1", "0 0 0 0 0 6")
	fields = h.want(200, "POST", path+"/T/dispatch", `{"actor":"anna"}`)
	wantDocument(t, fields, "in_transit", "2", "0 0 0 0 0 6")
	if out := fields["movements"].([]any)[0].(map[string]any); out["type"] != "transfer_out" || out["location"] != "main" || out["from"] != "sellable" {
		t.Errorf("movement %v", out)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("d", "A", 1))
	wantStatus(t, h.wantProblem(409, codeInboundStatus, "POST", path+"/T/cancel", ""), "in_transit 2 [receive close]")
	fields = h.want(200, "POST", path+"/T/receive", `{"lines":[{"line":1,"quantity":4},{"line":1,"quantity":1,"to":"damaged","reason":"dropped"},`+
		`{"line":1,"quantity":0,"discrepancy":{"type":"lost","quantity":1,"reason":"nobody knows"}}]}`)
	wantDocument(t, fields, "received", "3", "5 0 0 1 0 0")
	if got := h.available("A"); got != "4" {
		t.Errorf("%s can be sold, want 4", got)
	}
	h.wantProblem(404, codeInboundNotFound, "POST", "/v1/purchase-orders/T/order", "") // each kind has its own numbers
	h.want(201, "POST", path, `{"number":"U","from":"HH","to":"main","lines":[{"sku":"A","quantity":1}]}`)
	wantDocument(t, h.want(200, "POST", path+"/U/cancel", ""), "cancelled", "2", "0 0 0 0 0 0")
	wantStatus(t, h.wantProblem(409, codeInboundStatus, "POST", path+"/U/dispatch", ""), "cancelled 2 []")
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		t.Errorf("audit %v", audit)
	}
}

// TestAvailableBy asks at the boundaries of what comes.
func TestAvailableBy(t *testing.T) {
	h := openWarehouses(t)
	h.stock("A", 10)
	h.want(201, "POST", "/v1/purchase-orders", `{"number":"P","status":"ordered","location":"HH","lines":[`+
		`{"sku":"A","quantity":5,"expected_at":"2027-01-10T12:00:00+02:00"},{"sku":"A","quantity":7,"expected_at":"2027-01-11"},{"sku":"A","quantity":9}]}`)
	h.want(201, "POST", "/v1/transfers", `{"number":"T","status":"in_transit","from":"main","to":"HH","lines":[{"sku":"A","quantity":1,"expected_at":"2027-01-10"}]}`)
	for by, want := range map[string]string{
		"2027-01-09": "9", "2027-01-09T23:59:59.999Z": "9", "2027-01-10T00:00:00Z": "10", "2027-01-10T09:59:59.999Z": "10", "2027-01-10T10:00:00Z": "15",
		"2027-01-10": "15", "2027-01-11": "22", "2199-12-31": "22",
	} {
		got := h.want(200, "GET", "/v1/skus/A/availability?by="+by, "")
		if got["available_by"] != jsonNumber(want) || got["available"] != jsonNumber("9") {
			t.Errorf("by %s: %v of %v, want %s", by, got["available_by"], got["available"], want)
		}
	}
	got := h.do("GET", "/v1/skus/A/availability", "").body
	want := `"incoming":[{"transfer":"T","line":1,"location":"HH","quantity":1,"expected_at":"2027-01-10T00:00:00.000Z"},` +
		`{"purchase_order":"P","line":1,"location":"HH","quantity":5,"expected_at":"2027-01-10T10:00:00.000Z"},` +
		`{"purchase_order":"P","line":2,"location":"HH","quantity":7,"expected_at":"2027-01-11T00:00:00.000Z"},` +
		`{"purchase_order":"P","line":3,"location":"HH","quantity":9}]}`
	if !bytes.HasSuffix(got, []byte(want)) {
		t.Errorf("%s does not end with\n%s", got, want)
	}
	for _, by := range []string{"soon", "1999-12-31", "2200-01-01", "2027-02-30", "2027-01-10T10:00:00", ""} {
		h.wantProblem(400, codeInvalidQuery, "GET", "/v1/skus/A/availability?by="+by, "")
	}
}

func TestInboundList(t *testing.T) {
	h := openWarehouses(t)
	h.stock("A", 10)
	for i := range 5 {
		h.want(201, "POST", "/v1/purchase-orders", fmt.Sprintf(`{"number":"P%d","lines":[{"sku":"A","quantity":1}]}`, 5-i))
		h.want(201, "POST", "/v1/transfers", fmt.Sprintf(`{"number":"T%d","from":"main","to":"HH","lines":[{"sku":"A","quantity":1}]}`, i))
	}
	numbers := func(path string) (list []string) {
		next := ""
		for range 10 {
			page := h.want(200, "GET", path+"?limit=2"+next, "")
			for _, item := range page["items"].([]any) {
				list = append(list, item.(map[string]any)["number"].(string))
			}
			if page["next"] == nil {
				return list
			}
			next = "&after=" + page["next"].(string)
		}
		t.Fatal("the list has no end")
		return nil
	}
	if got := fmt.Sprint(numbers("/v1/purchase-orders"), numbers("/v1/transfers")); got != "[P5 P4 P3 P2 P1] [T0 T1 T2 T3 T4]" {
		t.Errorf("lists %s", got)
	}
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/transfers?after=P1", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/transfers?limit=0", "")
}

func TestInboundFaults(t *testing.T) {
	h := openWarehouses(t)
	const orders, transfers = "/v1/purchase-orders", "/v1/transfers"
	h.want(201, "POST", orders, `{"number":"P","status":"ordered","lines":[{"sku":"A","quantity":5}]}`)
	receive, closing := orders+"/P/receive", orders+"/P/close"
	row := func(fields string) string { return `{"lines":[{` + fields + `}]}` }
	many := strings.Repeat(`{"sku":"A","quantity":1},`, 501)
	cases := []struct {
		path, body, code, field string
		status                  int
	}{
		{orders, `{}`, codeMissingField, "lines", 400},
		{orders, `{"lines":[]}`, codeInvalidLength, "lines", 422},
		{orders, `{"lines":[` + many[:len(many)-1] + `]}`, codeInvalidLength, "lines", 422},
		{orders, row(`"sku":"A"`), codeMissingField, "lines[0].quantity", 400},
		{orders, row(`"quantity":1`), codeMissingField, "lines[0].sku", 400},
		{orders, row(`"sku":"A","quantity":0`), codeOutOfRange, "lines[0].quantity", 422},
		{orders, row(`"sku":"A","quantity":-1`), codeOutOfRange, "lines[0].quantity", 422},
		{orders, row(`"sku":"A","quantity":1000000001`), codeOutOfRange, "lines[0].quantity", 422},
		{orders, row(`"sku":"A","quantity":9223372036854775808`), codeOutOfRange, "lines[0].quantity", 422},
		{orders, row(`"sku":"A","quantity":1,"expected_at":"tomorrow"`), codeOutOfRange, "lines[0].expected_at", 422},
		{orders, row(`"sku":"A","quantity":1,"expected_at":17`), codeWrongType, "lines[0].expected_at", 400},
		{orders, `{"expected_at":"1970-01-01","lines":[{"sku":"A","quantity":1}]}`, codeOutOfRange, "expected_at", 422},
		{orders, `{"number":"a b","lines":[{"sku":"A","quantity":1}]}`, codeInvalidCharacters, "number", 422},
		{orders, `{"number":".","lines":[{"sku":"A","quantity":1}]}`, codeInvalidCharacters, "number", 422},
		{transfers, `{"number":"..","from":"main","to":"HH","lines":[{"sku":"A","quantity":1}]}`, codeInvalidCharacters, "number", 422},
		{orders, `{"status":"in_transit","lines":[{"sku":"A","quantity":1}]}`, codeOutOfRange, "status", 422},
		{orders, `{"from":"HH","lines":[{"sku":"A","quantity":1}]}`, codeUnknownField, "from", 400},
		{orders, `{"supplier":"x","supplier_location":"acme","lines":[{"sku":"A","quantity":1}]}`, codeWrongType, "supplier", 400},
		{orders, `{"location":"acme","supplier_location":"acme","lines":[{"sku":"A","quantity":1}]}`, codeOutOfRange, "supplier_location", 422},
		{transfers, `{"from":"main","lines":[{"sku":"A","quantity":1}]}`, codeMissingField, "to", 400},
		{transfers, `{"to":"main","lines":[{"sku":"A","quantity":1}]}`, codeMissingField, "from", 400},
		{transfers, `{"from":"main","to":"main","lines":[{"sku":"A","quantity":1}]}`, codeOutOfRange, "from", 422},
		{transfers, `{"from":"main","to":"HH","supplier":"x","lines":[{"sku":"A","quantity":1}]}`, codeUnknownField, "supplier", 400},
		{orders + "/P/order", `{"reason":"x"}`, codeUnknownField, "reason", 400},
		{receive, `{}`, codeMissingField, "lines", 400},
		{receive, row(`"quantity":1`), codeMissingField, "lines[0].sku", 400},
		{receive, row(`"sku":"A","line":1,"quantity":1`), codeWrongType, "lines[0].line", 400},
		{receive, row(`"line":0,"quantity":1`), codeOutOfRange, "lines[0].line", 422},
		{receive, row(`"line":501,"quantity":1`), codeOutOfRange, "lines[0].line", 422},
		{receive, row(`"line":1,"quantity":0`), codeOutOfRange, "lines[0].quantity", 422},
		{receive, row(`"line":1,"quantity":-1`), codeOutOfRange, "lines[0].quantity", 422},
		{receive, row(`"line":1,"quantity":1,"to":"sold"`), codeOutOfRange, "lines[0].to", 422},
		{receive, row(`"line":1,"quantity":0,"to":"damaged","discrepancy":{"type":"lost","quantity":1,"reason":"x"}`), codeUnknownField, "lines[0].to", 400},
		{receive, row(`"line":1,"quantity":1,"discrepancy":{"type":"lost","quantity":1}`), codeMissingField, "lines[0].discrepancy.reason", 400},
		{receive, row(`"line":1,"quantity":1,"discrepancy":{"type":"lost","quantity":1,"reason":""}`), codeInvalidLength, "lines[0].discrepancy.reason", 422},
		{receive, row(`"line":1,"quantity":1,"discrepancy":{"type":"lost","reason":"x"}`), codeMissingField, "lines[0].discrepancy.quantity", 400},
		{receive, row(`"line":1,"quantity":1,"discrepancy":{"quantity":1,"reason":"x"}`), codeMissingField, "lines[0].discrepancy.type", 400},
		{receive, row(`"line":1,"quantity":1,"discrepancy":{"type":"eaten","quantity":1,"reason":"x"}`), codeOutOfRange, "lines[0].discrepancy.type", 422},
		{receive, row(`"line":1,"quantity":1,"discrepancy":{"type":"over","quantity":2,"reason":"x"}`), codeOutOfRange, "lines[0].discrepancy", 422},
		{receive, row(`"line":1,"quantity":1,"reason":"y","discrepancy":{"type":"lost","quantity":1,"reason":"x"}`), codeWrongType, "lines[0].reason", 400},
		{closing, `{"reason":"x"}`, codeMissingField, "discrepancy", 400},
		{closing, `{"discrepancy":"short"}`, codeMissingField, "reason", 400},
		{closing, `{"discrepancy":"over","reason":"x"}`, codeOutOfRange, "discrepancy", 422},
	}
	for _, c := range cases {
		fields := h.wantProblem(c.status, c.code, "POST", c.path, c.body)
		if got := fields["errors"].([]any)[0].(map[string]any)["field"]; got != c.field {
			t.Errorf("%s: field %v, want %s", c.body, got, c.field)
		}
	}
	line := h.wantProblem(422, codeSKUNotFound, "POST", orders, `{"lines":[{"sku":"A","quantity":1},{"sku":"no","quantity":1}]}`)
	wantLine(t, line, map[string]string{"index": "1", "sku": "no"})
	line = h.wantProblem(422, codeSKUNotFound, "POST", receive, `{"lines":[{"line":1,"quantity":1},{"sku":"no","quantity":1}]}`)
	wantLine(t, line, map[string]string{"index": "1", "sku": "no"})
	h.wantProblem(422, codeLocationNotFound, "POST", orders, `{"location":"nowhere","lines":[{"sku":"A","quantity":1}]}`)
	h.wantProblem(404, codeInboundNotFound, "POST", orders+"/a%20b/order", "")
	h.wantProblem(404, codeInboundNotFound, "GET", orders+"/Q", "")
	wantDocument(t, h.want(200, "GET", orders+"/P", ""), "ordered", "1", "0 0 0 0 0 5")
}

// TestInboundEvents: what happens to a document is told whole, with what moved.
func TestInboundEvents(t *testing.T) {
	h := openWarehouses(t)
	h.stock("A", 10)
	messages, stop := h.listen("?after=0")
	defer stop()
	h.want(201, "POST", "/v1/transfers", `{"number":"T","actor":"anna","status":"in_transit","from":"main","to":"HH","lines":[{"sku":"A","quantity":3}]}`)
	h.want(201, "POST", "/v1/purchase-orders", `{"number":"P","status":"ordered","lines":[{"sku":"B","quantity":3}]}`)
	h.want(200, "POST", "/v1/purchase-orders/P/close", `{"discrepancy":"short","reason":"gone"}`)
	var got []message
	for m := range messages {
		if m.data["type"] == "purchase_order_changed" || m.data["type"] == "transfer_changed" {
			got = append(got, m)
		}
		if len(got) == 3 {
			break
		}
	}
	if len(got) < 3 {
		t.Fatalf("the stream ended after %v", got)
	}
	out := got[0].data["movements"].([]any)[0].(map[string]any)
	if got[0].data["type"] != "transfer_changed" || got[0].data["cause"] != "T" || got[0].data["actor"] != "anna" || out["type"] != "transfer_out" ||
		out["before"].(map[string]any)["on_hand"] != float64(10) || out["after"].(map[string]any)["on_hand"] != float64(7) {
		t.Errorf("dispatch is told as %s", got[0].text)
	}
	document := got[2].data["purchase_order"].(map[string]any)
	found := got[2].data["discrepancies"].([]any)[0].(map[string]any)
	if got[2].data["type"] != "purchase_order_changed" || document["status"] != "received" || found["reason"] != "gone" || found["quantity"] != float64(3) {
		t.Errorf("closing is told as %s", got[2].text)
	}
}
