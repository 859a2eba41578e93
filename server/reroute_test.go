package server

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// movedTo says what of a reroute went where, and what is left.
func movedTo(fields map[string]any) string {
	var all []string
	for _, m := range fields["moved"].([]any) {
		move := m.(map[string]any)
		all = append(all, fmt.Sprintf("%v of line %v (%v) to %v", move["quantity"], move["line"], move["sku"], move["location"]))
	}
	for _, l := range fields["left"].([]any) {
		left := l.(map[string]any)
		all = append(all, fmt.Sprintf("%v of line %v (%v) left", left["quantity"], left["line"], left["sku"]))
	}
	return strings.Join(all, ", ")
}

// TestReroute moves units of an order away from Munich, which lacks two, and then from Hamburg, and looks at all that tells of it.
func TestReroute(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/locations/berlin", `{"priority":30,"shipping":{"zones":[{"country":"DE"}]}}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"berlin","delta":2}]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":4},{"sku":"A","quantity":1}],"delivery_method":"express",`+toHamburg+`}`)
	id := placed["id"].(string)
	path := "/v1/orders/" + id + "/reroute"
	events, stop := h.listen(fmt.Sprintf("?after=%v", placed["sequence"]))
	defer stop()
	body := `{"location":"munich","reason":"short_pick","note":"shelf 7","actor":"kim","lines":[{"sku":"A","quantity":2}]}`
	first := h.do("POST", path, body, "Idempotency-Key: r1", `If-Match: "1"`)
	again := h.do("POST", path, body, "Idempotency-Key: r1", `If-Match: "1"`)
	if first.status != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	fields := h.want(200, "POST", path, body, "Idempotency-Key: r1")
	if got := movedTo(fields); got != "2 of line 0 (A) to hamburg" || from(fields) != "2 munich, 2 hamburg" || fields["version"] != jsonNumber("2") {
		t.Errorf("moved %s; %v", got, fields)
	}
	if address := fields["ship_to"].(map[string]any); address["postal_code"] != "20095" || fields["delivery_method"] != "express" {
		t.Errorf("where it goes: %v", fields)
	}
	rest := h.want(200, "POST", path, `{"location":"hamburg","reason":"manual","note":"the roof leaks"}`)
	if got := movedTo(rest); got != "2 of line 0 (A) to munich" {
		t.Errorf("moved %s", got)
	}
	got := take(t, events, 2)
	h.checkEvents(got)
	reroute, _ := got[0].data["reroute"].(map[string]any)
	if got[0].data["type"] != "order_rerouted" || reroute["location"] != "munich" || reroute["reason"] != "short_pick" || reroute["note"] != "shelf 7" ||
		reroute["actor"] != "kim" || movedTo(reroute) != movedTo(fields) {
		t.Errorf("event: %s", got[0].text)
	}
	page := h.want(200, "GET", "/v1/skus/A/movements?type=reallocate&limit=2", "")
	list := page["items"].([]any)
	first0, second := list[0].(map[string]any), list[1].(map[string]any)
	if first0["location"] != "munich" || second["location"] != "hamburg" || first0["from_location"] != "hamburg" || first0["to_location"] != "munich" ||
		first0["to"] != "allocated" || second["from"] != "allocated" || first0["reason"] != "the roof leaks" || first0["order"] != id {
		t.Errorf("movements: %v\n%v", first0, second)
	}
	units := func(m map[string]any, when string) any { return m[when].(map[string]any)["allocated"] }
	if units(first0, "before") != jsonNumber("3") || units(first0, "after") != jsonNumber("5") || units(second, "before") != jsonNumber("2") ||
		units(second, "after") != jsonNumber("0") {
		t.Errorf("before and after: %v\n%v", first0, second)
	}
	h.checkAudit()
	h.restart()
	if read := h.want(200, "GET", "/v1/orders/"+id, ""); !reflect.DeepEqual(read["lines"], rest["lines"]) {
		t.Errorf("after a restart %v, before %v", read["lines"], rest["lines"])
	}
	h.checkAudit()
}

// TestRerouteIsExplained reroutes an order by rules: only who ships express to Hamburg may take over, and the record of it says why.
func TestRerouteIsExplained(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/locations/berlin", `{"priority":30,"shipping":{"methods":["standard"],"zones":[{"country":"DE"}]}}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"berlin","delta":9}]}`)
	h.want(200, "PUT", "/v1/routing", `{"rules":["nearest"]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":4}],"delivery_method":"express",`+toHamburg+`}`)
	if from(placed) != "4 hamburg" {
		t.Fatalf("placed %v", placed)
	}
	path := "/v1/orders/" + placed["id"].(string)
	moved := h.want(200, "POST", path+"/reroute", `{"location":"hamburg","reason":"rejected"}`)
	if got := movedTo(moved); got != "4 of line 0 (A) to munich" {
		t.Errorf("moved %s", got)
	}
	why := h.want(200, "GET", fmt.Sprintf("%s/routing?sequence=%v", path, moved["sequence"]), "")["route"].(map[string]any)
	var fates []string
	for _, c := range why["candidates"].([]any) {
		candidate := c.(map[string]any)
		fates = append(fates, fmt.Sprintf("%v %v %v", candidate["location"], candidate["chosen"], candidate["rejected"]))
	}
	if got := strings.Join(fates, "; "); got != "munich true <nil>; hamburg <nil> rerouted_from; berlin <nil> delivery_method" {
		t.Errorf("why: %s", got)
	}
	first := h.want(200, "GET", path+"/routing", "")["route"].(map[string]any)
	if c := first["candidates"].([]any)[0].(map[string]any); c["location"] != "hamburg" {
		t.Errorf("why it was placed so: %v", first)
	}
	other := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":1}]}`)
	h.wantProblem(404, codeRouteNotFound, "GET", fmt.Sprintf("%s/routing?sequence=%v", path, other["sequence"]), "")
	h.wantProblem(404, codeRouteNotFound, "GET", fmt.Sprintf("%s/routing?sequence=%v", path, "999999"), "")
	h.wantProblem(400, codeInvalidQuery, "GET", path+"/routing?sequence=0", "")
	h.want(200, "PUT", "/v1/routing", `{"rules":["nearest"],"max_shipments":1}`)
	h.want(201, "PUT", "/v1/locations/kiel", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"kiel","delta":2},{"sku":"A","location":"hamburg","set":2}]}`)
	h.wantProblem(409, codeTooManyShipments, "POST", path+"/reroute", `{"location":"munich","reason":"location_down"}`)
}

// TestRerouteToNobody reroutes what nobody else has: it stays, or it waits and is served by what comes in.
func TestRerouteToNobody(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/skus/B", `{"backorder_limit":0}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","location":"munich","delta":3}]}`)
	id := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"B","quantity":3},{"sku":"A","quantity":1}],`+toHamburg+`}`)["id"].(string)
	path := "/v1/orders/" + id + "/reroute"
	if got := movedTo(h.want(200, "POST", path, `{"location":"munich","reason":"location_down"}`)); got != "1 of line 1 (A) to hamburg, 3 of line 0 (B) left" {
		t.Errorf("moved %s", got)
	}
	h.want(200, "PUT", "/v1/locations/munich", `{"stopped":true}`)
	waiting := h.want(200, "POST", path, `{"location":"munich","reason":"location_down","backorder":true,"lines":[{"sku":"B","quantity":2}]}`)
	if got := movedTo(waiting); got != "2 of line 0 (B) to <nil>" || waiting["lines"].([]any)[0].(map[string]any)["backordered"] != jsonNumber("2") {
		t.Errorf("moved %s; %v", got, waiting)
	}
	if items := h.want(200, "GET", "/v1/skus/B/backorders", "")["items"].([]any); len(items) != 1 {
		t.Errorf("who waits: %v", items)
	}
	h.want(200, "POST", "/v1/stock/movements", `{"movements":[{"type":"receive","sku":"B","location":"hamburg","quantity":2}]}`)
	h.until(func() bool { return from(h.want(200, "GET", "/v1/orders/"+id, "")) == "1 munich, 2 hamburg" })
	h.checkAudit()
}

// TestRerouteFaults asks for what cannot be: each answer names the field, and nothing changes.
func TestRerouteFaults(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/skus/B", `{}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":3}],`+toHamburg+`}`)
	held := h.want(201, "POST", "/v1/holds", `{"customer":"c","lines":[{"sku":"A","quantity":1}]}`)["id"].(string)
	path := "/v1/orders/" + placed["id"].(string) + "/reroute"
	before := h.want(200, "GET", "/v1/digest", "")["digest"]
	for _, c := range []struct{ body, field, code string }{
		{`{"reason":"rejected"}`, "location", codeMissingField},
		{`{"location":"munich"}`, "reason", codeMissingField},
		{`{"location":"munich","reason":"manual"}`, "note", codeMissingField},
		{`{"location":"munich","reason":"tired"}`, "reason", codeOutOfRange},
		{`{"location":"munich","reason":"rejected","note":""}`, "note", codeInvalidLength},
		{`{"location":"munich","reason":"rejected","actor":"` + strings.Repeat("a", 65) + `"}`, "actor", codeInvalidLength},
		{`{"location":"munich","reason":"rejected","lines":[]}`, "lines", codeInvalidLength},
		{`{"location":"munich","reason":"rejected","lines":[{"quantity":1}]}`, "lines[0].sku", codeMissingField},
		{`{"location":"munich","reason":"rejected","lines":[{"sku":"A","quantity":0}]}`, "lines[0].quantity", codeOutOfRange},
		{`{"location":"munich","reason":"rejected","lines":[{"sku":"A","quantity":1},{"sku":"A","quantity":1}]}`, "lines[1].sku", codeOutOfRange},
		{`{"location":"munich","reason":"rejected","lines":[{"sku":"A","units":1}]}`, "lines[0].units", codeUnknownField},
		{`{"location":"munich","reason":"rejected","backorder":1}`, "backorder", codeWrongType},
		{`{"location":"munich","reason":"rejected","to":"hamburg"}`, "to", codeUnknownField},
	} {
		status := 422
		if c.code == codeMissingField || c.code == codeUnknownField || c.code == codeWrongType {
			status = 400
		}
		h.wantFault(status, c.code, c.field, "POST", path, c.body)
	}
	refused := func(status int, code, path, body string, headers ...string) map[string]any {
		t.Helper()
		return h.wantProblem(status, code, "POST", path, body, headers...)
	}
	const rejected = `{"location":"munich","reason":"rejected"}`
	refused(422, codeLocationNotFound, path, `{"location":"atlantis","reason":"rejected"}`)
	refused(422, codeSKUNotFound, path, `{"location":"munich","reason":"rejected","lines":[{"sku":"C"}]}`)
	refused(404, codeOrderNotFound, "/v1/orders/0000000000000/reroute", rejected)
	refused(412, codeVersionConflict, path, rejected, `If-Match: "2"`)
	refused(409, codeOrderHeld, "/v1/orders/"+held+"/reroute", rejected)
	refused(409, codeNotAllocated, path, `{"location":"hamburg","reason":"rejected"}`)
	over := refused(409, codeNotAllocated, path, `{"location":"munich","reason":"rejected","lines":[{"sku":"B","quantity":1},{"sku":"A","quantity":4}]}`)
	if got := fmt.Sprint(over["lines"]); got != "[map[available:0 index:0 requested:1 sku:B] map[available:3 index:1 requested:4 sku:A]]" {
		t.Errorf("lines: %s", got)
	}
	if after := h.want(200, "GET", "/v1/digest", "")["digest"]; after != before {
		t.Errorf("the digest was %v and is %v", before, after)
	}
	h.want(200, "POST", "/v1/orders/"+placed["id"].(string)+"/cancel", "")
	refused(409, codeOrderCancelled, path, rejected)
}

// checkAudit fails the test when the engine's books contradict each other.
func (h *shop) checkAudit() {
	h.t.Helper()
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		h.t.Errorf("audit: %v", audit)
	}
}
