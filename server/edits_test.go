package server

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
)

// openEdited starts a shop with an order of two lines, and gives its path.
func openEdited(t *testing.T) (h *shop, path string) {
	h = openIndexed(t, engine.Options{})
	h.stock("A", 5)
	h.stock("B", 9)
	h.want(201, "PUT", "/v1/skus/C", `{"backorder_limit":5}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c1","email":"a@example.com","tags":["old"],"lines":[
		{"sku":"A","quantity":2,"unit_price":{"amount":1000,"currency":"EUR"}},{"sku":"B","quantity":1,"unit_price":{"amount":50,"currency":"EUR"}}],
		"ship_to":{"name":"Ada","city":"Hamburg","country":"DE","postal_code":"20095"}}`)
	return h, "/v1/orders/" + placed["id"].(string)
}

// text writes a JSON value with its members in order.
func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// TestEditOrder looks at what an edit would come to, makes it, and looks at all that tells of it.
func TestEditOrder(t *testing.T) {
	h, path := openEdited(t)
	body := `{"remove":[{"line":0,"quantity":1}],"add":[{"sku":"B","quantity":3,"unit_price":{"amount":45,"currency":"EUR"}},{"sku":"C","quantity":1,
		"unit_price":{"amount":700,"currency":"EUR"}}],"email":"b@example.com","tags":["vip"],"note":"she called","actor":"anna"}`
	preview := h.do("POST", path+"/edits/preview", body, `If-Match: "1"`)
	fields := preview.json(t)
	if preview.status != 200 || preview.header.Get("ETag") != `"1"` || fields["version"] != jsonNumber("1") || fields["route"] != nil ||
		text(fields["amounts"]) != `{"after":1885,"before":2050,"currency":"EUR","difference":-165}` ||
		text(fields["removed"]) != `[{"line":0,"quantity":1,"sku":"A"}]` ||
		text(fields["added"]) != `[{"line":2,"quantity":3,"sku":"B"},{"line":3,"quantity":1,"sku":"C"}]` {
		t.Errorf("%d %s", preview.status, preview.body)
	}
	if got := h.want(200, "GET", path, ""); got["version"] != jsonNumber("1") || got["email"] != "a@example.com" {
		t.Errorf("after the preview: %v", got)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%d", h.engine.Sequence()))
	defer stop()
	first := h.do("POST", path+"/edits", body, "Idempotency-Key: e1", `If-Match: "1"`)
	again := h.do("POST", path+"/edits", body, "Idempotency-Key: e1", `If-Match: "1"`)
	if first.status != 200 || first.header.Get("ETag") != `"2"` || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	edited := first.json(t)
	if !reflect.DeepEqual(edited["lines"], fields["lines"]) || edited["email"] != "b@example.com" || text(edited["tags"]) != `["vip"]` ||
		edited["ship_to"].(map[string]any)["name"] != "Ada" || text(edited["added"]) != text(fields["added"]) {
		t.Errorf("%s\nand the preview said %s", first.body, preview.body)
	}
	event := (<-events).data
	if event["type"] != "order_edited" || event["actor"] != "anna" || event["note"] != "she called" || text(event["removed"]) != text(fields["removed"]) ||
		event["order"].(map[string]any)["email"] != "b@example.com" {
		t.Errorf("event %v", event)
	}
	moves := h.want(200, "GET", "/v1/skus/B/movements", "")["items"].([]any)[0].(map[string]any)
	if moves["type"] != "allocate" || moves["quantity"] != jsonNumber("3") || moves["reason"] != "she called" || moves["actor"] != "anna" {
		t.Errorf("movement %v", moves)
	}
	h.checkAudit()
	h.restart()
	read := h.want(200, "GET", path, "")
	if !reflect.DeepEqual(read["lines"], edited["lines"]) || read["email"] != "b@example.com" {
		t.Errorf("after a restart %v", read)
	}
	items := h.want(200, "GET", path+"/timeline?"+h.now(), "")["items"].([]any)
	last := items[len(items)-1].(map[string]any)
	if last["type"] != "order_edited" || last["version"] != jsonNumber("2") || text(last["added"]) != text(fields["added"]) ||
		len(last["lines"].([]any)) != 4 || len(last["movements"].([]any)) != 3 {
		t.Errorf("timeline %v", last)
	}
	for query, want := range map[string]int{"&email=a@example.com": 0, "&email=b@example.com": 1, "&tag=old": 0, "&tag=vip": 1, "&sku=C": 1} {
		if got := h.find(query); len(got) != want {
			t.Errorf("%s finds %v", query, got)
		}
	}
}

// TestRepeatedEdits: the same key with the same body gets the first answer, whatever became of the order since; with another body it is refused.
func TestRepeatedEdits(t *testing.T) {
	h, path := openEdited(t)
	bodies := []string{
		`{"add":[{"sku":"B","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`, `{"add":[{"sku":"B","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}],"email":null}`,
		`{"remove":[{"line":1}]}`, `{"ship_to":{"city":"Wien","country":"AT"},"delivery_method":"express"}`, `{"tags":[],"ship_to":null}`,
	}
	var answers []answer
	for i, body := range bodies {
		answers = append(answers, h.do("POST", path+"/edits", body, fmt.Sprintf("Idempotency-Key: k%d", i), fmt.Sprintf(`If-Match: "%d"`, i+1)))
	}
	for range 2 {
		for i, body := range bodies {
			again := h.do("POST", path+"/edits", body, fmt.Sprintf("Idempotency-Key: k%d", i), fmt.Sprintf(`If-Match: "%d"`, i+1))
			if answers[i].status != 200 || again.header.Get("Idempotent-Replayed") != "true" || string(again.body) != string(answers[i].body) {
				t.Errorf("%s: first %d %s\nagain %d %s", body, answers[i].status, answers[i].body, again.status, again.body)
			}
		}
		for i, body := range []string{
			`{"add":[{"sku":"B","quantity":1,"unit_price":{"amount":46,"currency":"EUR"}}]}`, `{"add":[{"sku":"B","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}],"email":"x@example.com"}`,
			`{"remove":[{"line":0}]}`, `{"ship_to":{"city":"Graz","country":"AT"},"delivery_method":"express"}`, `{"tags":["x"],"ship_to":null}`,
		} {
			h.wantProblem(422, codeIdempotencyKeyReused, "POST", path+"/edits", body, fmt.Sprintf("Idempotency-Key: k%d", i), fmt.Sprintf(`If-Match: "%d"`, i+1))
		}
		h.restart()
	}
	fields := h.want(200, "GET", path, "")
	if fields["email"] != nil || fields["tags"] != nil || fields["ship_to"] != nil || fields["delivery_method"] != "express" || fields["version"] != jsonNumber("6") {
		t.Errorf("%v", fields)
	}
	var prices []string
	for _, l := range fields["lines"].([]any) {
		prices = append(prices, text(l.(map[string]any)["unit_price"]))
	}
	if got := strings.Join(prices, " "); got != `{"amount":1000,"currency":"EUR"} {"amount":50,"currency":"EUR"} {"amount":45,"currency":"EUR"} {"amount":45,"currency":"EUR"}` {
		t.Errorf("prices %s", got)
	}
	h.wantProblem(422, codePriceMissing, "POST", path+"/edits/preview", `{"add":[{"sku":"B","quantity":1}]}`)
	h.wantProblem(422, codeCurrencyMismatch, "POST", path+"/edits/preview", `{"add":[{"sku":"B","quantity":1,"unit_price":{"amount":1,"currency":"USD"}}]}`)
}

// TestRepeatsAfterAnEdit: what a command took from its order is what it took the first time, also when the order has other lines since, and goes elsewhere.
func TestRepeatsAfterAnEdit(t *testing.T) {
	h, path := openEdited(t)
	h.want(201, "PUT", "/v1/locations/wien", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"wien","delta":9},{"sku":"B","location":"wien","delta":9}]}`)
	reroute := h.do("POST", path+"/reroute", `{"location":"main","reason":"rejected"}`, "Idempotency-Key: r")
	ship := h.do("POST", path+"/shipments", `{"location":"wien"}`, "Idempotency-Key: s")
	h.want(200, "POST", path+"/edits", `{"add":[{"sku":"C","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}],"ship_to":{"country":"AT"}}`, `If-Match: "3"`)
	for what, first := range map[string]answer{"reroute": reroute, "shipments": ship} {
		body := map[string]string{"reroute": `{"location":"main","reason":"rejected"}`, "shipments": `{"location":"wien"}`}[what]
		key := map[string]string{"reroute": "r", "shipments": "s"}[what]
		again := h.do("POST", path+"/"+what, body, "Idempotency-Key: "+key)
		if again.header.Get("Idempotent-Replayed") != "true" || again.status != first.status {
			t.Errorf("%s: first %d %s\nagain %d %s", what, first.status, first.body, again.status, again.body)
		}
	}
}

// TestRefusedEdits asks for what cannot be: each is refused with its own code, and nothing changes.
func TestRefusedEdits(t *testing.T) {
	h, path := openEdited(t)
	h.want(201, "PUT", "/v1/skus/D", `{"stopped":true}`)
	h.want(201, "PUT", "/v1/skus/E", `{"limit_per_customer":1}`)
	before := h.want(200, "GET", path, "")
	version := `If-Match: "1"`
	for _, r := range []struct {
		status int
		code   string
		body   string
	}{
		{409, codeInsufficientStock, `{"add":[{"sku":"A","quantity":4,"unit_price":{"amount":45,"currency":"EUR"}}]}`},
		{409, codeInsufficientStock, `{"add":[{"sku":"A","quantity":5,"unit_price":{"amount":45,"currency":"EUR"}}],"remove":[{"line":0,"quantity":1}]}`},
		{409, codeSKUStopped, `{"add":[{"sku":"D","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`},
		{409, codeLimitPerCustomer, `{"add":[{"sku":"E","quantity":2,"unit_price":{"amount":45,"currency":"EUR"}}]}`},
		{409, codeNothingLeft, `{"remove":[{"line":0},{"line":1}]}`},
		{409, codeNotCancellable, `{"remove":[{"line":0,"quantity":3}]}`},
		{409, codeOrderLine, `{"remove":[{"line":2}]}`},
		{422, codeSKUNotFound, `{"add":[{"sku":"ghost","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`},
		{422, codeLocationNotFound, `{"pickup_location":"ghost"}`},
		{422, codeInvalidLength, `{"add":[]}`},
		{422, codeInvalidLength, `{"remove":[]}`},
		{422, codeOutOfRange, `{"remove":[{"line":0},{"line":0}]}`},
		{422, codeOutOfRange, `{"add":[{"sku":"A","quantity":0,"unit_price":{"amount":45,"currency":"EUR"}}]}`},
		{400, codeMissingField, `{}`},
		{400, codeMissingField, `{"note":"why"}`},
		{400, codeUnknownField, `{"customer":"c2"}`},
		{400, codeWrongType, `{"email":7}`},
	} {
		h.wantProblem(r.status, r.code, "POST", path+"/edits", r.body, version)
		h.wantProblem(r.status, r.code, "POST", path+"/edits/preview", r.body)
	}
	p := h.wantProblem(409, codeInsufficientStock, "POST", path+"/edits", `{"remove":[{"line":1}],"add":[{"sku":"B","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}},{"sku":"A","quantity":4,"unit_price":{"amount":45,"currency":"EUR"}}]}`, version)
	if text(p["lines"]) != `[{"available":3,"index":1,"requested":4,"sku":"A"}]` {
		t.Errorf("%v", p)
	}
	add := `{"add":[{"sku":"B","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`
	if p := h.wantProblem(428, codeVersionRequired, "POST", path+"/edits", add); p["version"] != jsonNumber("1") {
		t.Errorf("%v", p)
	}
	h.wantProblem(428, codeVersionRequired, "POST", path+"/edits", add, "If-Match: *")
	h.wantProblem(412, codeVersionConflict, "POST", path+"/edits", add, `If-Match: "2"`)
	h.wantProblem(412, codeVersionConflict, "POST", path+"/edits/preview", add, `If-Match: "2"`)
	h.wantProblem(404, codeOrderNotFound, "POST", "/v1/orders/0000000000000/edits", add, version)
	if after := h.want(200, "GET", path, ""); !reflect.DeepEqual(after["lines"], before["lines"]) || after["version"] != before["version"] {
		t.Errorf("something changed: %v", after)
	}
	held := h.want(201, "POST", "/v1/holds", `{"customer":"c1","lines":[{"sku":"B","quantity":1}]}`)
	h.wantProblem(409, codeOrderHeld, "POST", "/v1/orders/"+held["id"].(string)+"/edits", add, version)
	h.want(200, "POST", path+"/cancel", "")
	h.wantProblem(409, codeOrderCancelled, "POST", path+"/edits", add, `If-Match: "2"`)
	h.checkAudit()
}

// TestEditsOfWhoWaits: an order that waits is given no more to wait for while others wait behind it.
func TestEditsOfWhoWaits(t *testing.T) {
	h, path := openEdited(t)
	add := `{"add":[{"sku":"C","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`
	h.want(200, "POST", path+"/edits", add, `If-Match: "1"`)
	h.want(200, "POST", path+"/edits", add, `If-Match: "2"`)
	h.want(201, "POST", "/v1/orders", `{"customer":"c2","lines":[{"sku":"C","quantity":1}]}`)
	if p := h.wantProblem(409, codeWaitsAlready, "POST", path+"/edits", add, `If-Match: "3"`); text(p["lines"]) != `[{"available":0,"index":0,"requested":1,"sku":"C"}]` {
		t.Errorf("%v", p)
	}
	h.want(200, "POST", path+"/edits", `{"add":[{"sku":"C","quantity":3,"unit_price":{"amount":45,"currency":"EUR"}}],"remove":[{"line":2},{"line":3}]}`, `If-Match: "3"`)
}

// TestEditsInAChannelOfBands: the refusal of an edit tells no numbers where the channel of the order is shown none.
func TestEditsInAChannelOfBands(t *testing.T) {
	h, _ := openEdited(t)
	h.want(201, "PUT", "/v1/channels/market", `{"visibility":"bands"}`)
	path := "/v1/orders/" + h.want(201, "POST", "/v1/orders", `{"customer":"c1","channel":"market","lines":[{"sku":"C","quantity":1}]}`)["id"].(string)
	h.want(201, "POST", "/v1/orders", `{"customer":"c2","lines":[{"sku":"C","quantity":1}]}`)
	for body, code := range map[string]string{`{"add":[{"sku":"A","quantity":4,"unit_price":{"amount":45,"currency":"EUR"}}]}`: codeInsufficientStock, `{"add":[{"sku":"C","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`: codeWaitsAlready} {
		for _, where := range []string{"/edits", "/edits/preview"} {
			p := h.wantProblem(409, code, "POST", path+where, body, `If-Match: "1"`)
			if line := p["lines"].([]any)[0].(map[string]any); line["available"] != nil {
				t.Errorf("%s: a channel that is shown bands is told %v", where, line)
			}
		}
	}
}

// TestEditsOfKits adds kits, which show their components within their line, and takes them off by the place of that line.
func TestEditsOfKits(t *testing.T) {
	h, path := openEdited(t)
	h.want(201, "PUT", "/v1/skus/set", `{}`)
	h.want(200, "PUT", "/v1/skus/set/components", `{"components":[{"sku":"A","quantity":1},{"sku":"B","quantity":2}]}`)
	fields := h.want(200, "POST", path+"/edits", `{"add":[{"sku":"set","quantity":2,"unit_price":{"amount":1,"currency":"EUR"}},{"sku":"B","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`, `If-Match: "1"`)
	lines := fields["lines"].([]any)
	if len(lines) != 4 || len(lines[2].(map[string]any)["components"].([]any)) != 2 || text(fields["added"]) != `[{"line":2,"quantity":2,"sku":"set"},{"line":3,"quantity":1,"sku":"B"}]` {
		t.Errorf("%v", fields)
	}
	fields = h.want(200, "POST", path+"/edits", `{"remove":[{"line":2,"quantity":1}],"add":[{"sku":"set","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`, `If-Match: "2"`)
	if text(fields["removed"]) != `[{"line":2,"quantity":1,"sku":"set"}]` || text(fields["added"]) != `[{"line":4,"quantity":1,"sku":"set"}]` {
		t.Errorf("%v", fields)
	}
	if price := fields["lines"].([]any)[2].(map[string]any)["unit_price"]; text(price) != `{"amount":1,"currency":"EUR"}` {
		t.Errorf("price of the kits: %v", price)
	}
	h.checkAudit()
}

// TestRoutedEdits routes what is added to where the order goes then, and says why.
func TestRoutedEdits(t *testing.T) {
	h := openRouted(t)
	h.want(200, "PUT", "/v1/routing", `{"rules":["nearest"]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":1}],`+toHamburg+`}`)
	path := "/v1/orders/" + placed["id"].(string)
	body := `{"add":[{"sku":"A","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}],"ship_to":{"country":"DE","postal_code":"80331","latitude":48.13,"longitude":11.57}}`
	preview := h.want(200, "POST", path+"/edits/preview", body)
	if preview["route"] == nil {
		t.Errorf("%v", preview)
	}
	fields := h.want(200, "POST", path+"/edits", body, `If-Match: "1"`)
	var from []string
	for _, l := range fields["lines"].([]any) {
		from = append(from, l.(map[string]any)["allocations"].([]any)[0].(map[string]any)["location"].(string))
	}
	if fmt.Sprint(from) != "[hamburg munich]" {
		t.Errorf("%v", fields)
	}
	route := h.want(200, "GET", fmt.Sprintf("%s/routing?sequence=%v", path, fields["sequence"]), "")
	if !reflect.DeepEqual(route["route"], preview["route"]) {
		t.Errorf("%v, and the preview said %v", route["route"], preview["route"])
	}
	fields = h.want(200, "POST", path+"/edits", `{"add":[{"sku":"A","quantity":1,"unit_price":{"amount":45,"currency":"EUR"}}]}`, `If-Match: "2"`)
	if last := fields["lines"].([]any)[2].(map[string]any)["allocations"].([]any)[0].(map[string]any); last["location"] != "munich" {
		t.Errorf("an edit that does not say where the order goes: %v", fields)
	}
}

// TestEditsOfAmounts edits what an order costs beside its lines: all of it at once, the same when the edit is repeated.
func TestEditsOfAmounts(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	h.stock("B", 9)
	path := "/v1/orders/" + h.want(201, "POST", "/v1/orders", pricedOrderOf)["id"].(string)
	h.want(200, "POST", path+"/payments", payment("capture", "succeeded", "pi_1", 11480, ""))
	body := `{"add":[{"sku":"B","quantity":1,"unit_price":` + eur(1000) + `}],"amounts":{"discount":` + eur(300) + `,"shipping":` + eur(600) + `,"total":` + eur(12290) + `}}`
	preview := h.want(200, "POST", path+"/edits/preview", body)["amounts"].(map[string]any)
	if fmt.Sprintf("%v %v %v", preview["before"], preview["after"], preview["difference"]) != "11480 12290 810" ||
		text(preview["given"]) != `{"discount":{"amount":300,"currency":"EUR"},"shipping":{"amount":600,"currency":"EUR"}}` {
		t.Errorf("preview: %v", preview)
	}
	first := h.do("POST", path+"/edits", body, "Idempotency-Key: e1", `If-Match: "2"`)
	again := h.do("POST", path+"/edits", body, "Idempotency-Key: e1", `If-Match: "2"`)
	if first.status != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	amounts := first.json(t)["amounts"].(map[string]any)
	if amounts["total"] != jsonNumber("12290") || text(amounts["given"]) != text(preview["given"]) {
		t.Errorf("amounts: %v", amounts)
	}
	cheaper := h.want(200, "POST", path+"/edits", `{"amounts":{"shipping":`+eur(100)+`}}`, `If-Match: "3"`)["amounts"].(map[string]any)
	if cheaper["total"] != jsonNumber("12090") || text(cheaper["given"]) != `{"shipping":{"amount":100,"currency":"EUR"}}` {
		t.Errorf("cheaper: %v", cheaper)
	}
	free := h.want(200, "POST", path+"/edits", `{"amounts":null,"tags":["vip"]}`, `If-Match: "4"`)["amounts"].(map[string]any)
	if free["total"] != jsonNumber("11990") || free["given"] != nil {
		t.Errorf("free: %v", free)
	}
	same := h.want(200, "POST", path+"/edits", `{"amounts":null}`, `If-Match: "5"`)
	if same["amounts"].(map[string]any)["total"] != jsonNumber("11990") || same["version"] != jsonNumber("6") {
		t.Errorf("the same: %v", same)
	}
	h.want(200, "POST", path+"/edits", `{"amounts":{"discount":`+eur(5000)+`}}`, `If-Match: "6"`)
	if got := h.want(200, "GET", path, "")["amounts"].(map[string]any); got["due"] != jsonNumber("6990") || got["to_refund"] != jsonNumber("4490") {
		t.Errorf("less than was paid: %v", got)
	}
	for _, test := range []struct {
		status int
		code   string
		body   string
	}{
		{422, codeTotalMismatch, `{"amounts":{"shipping":` + eur(1) + `,"total":` + eur(1) + `}}`},
		{422, codeCurrencyMismatch, `{"amounts":{"shipping":{"amount":1,"currency":"USD"}}}`},
		{422, codeOutOfRange, `{"amounts":{"shipping":` + eur(2_000_000_000_000_000) + `}}`},
		{422, codeTotalOutOfRange, `{"amounts":{"discount":` + eur(99999) + `}}`},
		{400, codeUnknownField, `{"amounts":{"gift_wrap":` + eur(1) + `}}`},
	} {
		h.wantProblem(test.status, test.code, "POST", path+"/edits", test.body, `If-Match: "7"`)
	}
	bare := "/v1/orders/" + h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":1}]}`)["id"].(string)
	h.wantProblem(409, codeNoAccount, "POST", bare+"/edits", `{"amounts":{"shipping":`+eur(1)+`}}`, `If-Match: "1"`)
	h.checkAudit()
}

// TestEditsThatSayTheSame: what says of an order what it says already is an edit like any other, also when it is repeated, and of an order without a document.
func TestEditsThatSayTheSame(t *testing.T) {
	h, path := openEdited(t)
	bare := "/v1/orders/" + h.want(201, "POST", "/v1/orders", `{"customer":"c1","lines":[{"sku":"B","quantity":1}]}`)["id"].(string)
	for i, test := range []struct{ path, body string }{
		{path, `{"tags":["old"],"email":"a@example.com"}`}, {path, `{"delivery_method":null}`},
		{bare, `{"ship_to":null}`}, {bare, `{"tags":[]}`}, {bare, `{"amounts":null}`},
	} {
		before := h.want(200, "GET", test.path, "")
		key, version := fmt.Sprintf("Idempotency-Key: same-%d", i), fmt.Sprintf(`If-Match: "%v"`, before["version"])
		preview := h.want(200, "POST", test.path+"/edits/preview", test.body)
		h.wantProblem(412, codeVersionConflict, "POST", test.path+"/edits", test.body, `If-Match: "99"`)
		first := h.do("POST", test.path+"/edits", test.body, key, version)
		h.restart()
		again := h.do("POST", test.path+"/edits", test.body, key, version)
		after := first.json(t)
		if first.status != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: first %d %s\nagain %d %s", test.body, first.status, first.body, again.status, again.body)
		}
		if text(after["lines"]) != text(before["lines"]) || text(after["lines"]) != text(preview["lines"]) || text(after["tags"]) != text(before["tags"]) {
			t.Errorf("%s: %v\nbefore %v", test.body, after, before)
		}
	}
	h.checkAudit()
}

// TestEditsBeyondAllAmounts: no order costs more than an amount may be, whatever of it an edit says, and no line is added for nothing that has no price.
func TestEditsBeyondAllAmounts(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 90)
	path := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"ann","lines":[{"sku":"A","quantity":1,"unit_price":`+eur(700)+`}]}`)
	most := eur(core.MaxAmount)
	for _, test := range []struct{ code, body string }{
		{codeTotalOutOfRange, `{"amounts":{"shipping":` + most + `}}`},
		{codeTotalOutOfRange, `{"amounts":{"discount":` + most + `}}`},
		{codeOutOfRange, `{"amounts":{"shipping":` + most + `,"tax":` + most + `}}`},
		{codeTotalOutOfRange, `{"add":[{"sku":"A","quantity":1,"unit_price":` + most + `}]}`},
		{codePriceMissing, `{"add":[{"sku":"A","quantity":5}]}`},
		{codePriceMissing, `{"add":[{"sku":"A","quantity":5}],"amounts":{"shipping":` + eur(1) + `}}`},
		{codePriceMissing, `{"add":[{"sku":"A","quantity":1,"unit_price":` + eur(700) + `},{"sku":"A","quantity":1}],"amounts":null}`},
	} {
		h.wantProblem(422, test.code, "POST", path+"/edits", test.body, `If-Match: "1"`)
		h.wantProblem(422, test.code, "POST", path+"/edits/preview", test.body)
	}
	h.restart()
	if o := h.want(200, "GET", path, ""); o["version"] != jsonNumber("1") {
		t.Errorf("refused edits have changed it: %v", o)
	}
	h.checkAudit()
}

// TestKeysOfOtherEdits: a key that belongs to one edit is told of another one, whatever either changes.
func TestKeysOfOtherEdits(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 9)
	path := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":3}],"tags":["x"],"email":"a@example.com"}`)
	h.want(200, "POST", path+"/edits", `{"remove":[{"line":0,"quantity":1}]}`, `If-Match: "1"`, "Idempotency-Key: k1")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", path+"/edits", `{"tags":["x"]}`, `If-Match: "2"`, "Idempotency-Key: k1")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", path+"/edits", `{"email":"a@example.com"}`, `If-Match: "2"`, "Idempotency-Key: k1")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", path+"/metadata", `{"metadata":{"a":1}}`, "Idempotency-Key: k1")
}
