package server

import (
	"fmt"
	"strings"
	"testing"
)

// force places an order of units of A that cannot be refused, and gives its id.
func (h *shop) force(customer string, quantity int, more string) string {
	h.t.Helper()
	body := fmt.Sprintf(`{"customer":%q,"stock_policy":"force","lines":[{"sku":"A","quantity":%d}]%s}`, customer, quantity, more)
	return h.want(201, "POST", "/v1/orders", body)["id"].(string)
}

// listed are the ids of the cases of a page, and what is left of each.
func listed(page map[string]any) string {
	var all []string
	for _, item := range page["items"].([]any) {
		k := item.(map[string]any)
		all = append(all, fmt.Sprintf("%v %v of %v", k["order_id"], k["remaining"], k["quantity"]))
	}
	return strings.Join(all, ", ")
}

// victims are the orders of a case's ranking.
func victims(fields map[string]any) string {
	var all []string
	for _, item := range fields["victims"].([]any) {
		all = append(all, item.(map[string]any)["order_id"].(string))
	}
	return strings.Join(all, " ")
}

// waitsFor waits until an order waits for so many units of its only line.
func (h *shop) waitsFor(id, backordered string) {
	h.t.Helper()
	h.until(func() bool {
		line := h.want(200, "GET", "/v1/orders/"+id, "")["lines"].([]any)[0].(map[string]any)
		return fmt.Sprint(line["backordered"]) == backordered
	})
}

// TestOversold follows cases from the forced order to their end by each of the three actions, and looks at all that tells of them.
func TestOversold(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 4)
	old := h.want(201, "POST", "/v1/orders", `{"customer":"c1","lines":[{"sku":"A","quantity":3}]}`)["id"].(string)
	held := h.want(201, "POST", "/v1/holds", `{"customer":"c2","lines":[{"sku":"A","quantity":1}]}`)["id"].(string)
	if got := listed(h.want(200, "GET", "/v1/oversold", "")); got != "" {
		t.Errorf("cases before anything was forced: %s", got)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%v", h.want(200, "GET", "/v1/oversold", "")["sequence"]))
	defer stop()
	first, second := h.force("c3", 5, `,"channel":"amazon"`), h.force("c4", 2, "")
	page := h.want(200, "GET", "/v1/oversold?limit=1", "")
	if got := listed(page); got != first+" 5 of 5" {
		t.Errorf("first page: %s", got)
	}
	id := page["next"].(string)
	rest := h.want(200, "GET", "/v1/oversold?limit=1&after="+id, "")
	if got := listed(rest); got != second+" 2 of 2" || rest["next"] != nil {
		t.Errorf("second page: %s, next %v", got, rest["next"])
	}
	if got := listed(h.want(200, "GET", "/v1/oversold?status=all&sku=A&order="+second, "")); got != second+" 2 of 2" {
		t.Errorf("by order: %s", got)
	}
	path := "/v1/oversold/" + id
	for policy, want := range map[string]string{
		"": held + " " + second + " " + first + " " + old, "oldest_first": held + " " + old + " " + first + " " + second,
		"largest_first": held + " " + first + " " + old + " " + second, "smallest_first": held + " " + second + " " + old + " " + first,
		"channels:amazon": held + " " + first + " " + second + " " + old,
	} {
		query := "?limit=4"
		if policy != "" {
			query += "&policy=" + policy
		}
		if fields := h.want(200, "GET", path+query, ""); victims(fields) != want || fields["complete"] != true || fields["more"] != false {
			t.Errorf("%s: %s, want %s", policy, victims(fields), want)
		}
	}

	body := fmt.Sprintf(`{"order":%q,"action":"cancel","note":"told","actor":"kim"}`, held)
	once := h.do("POST", path+"/resolve", body, "Idempotency-Key: k", `If-Match: "1"`)
	h.restart()
	again := h.do("POST", path+"/resolve", body, "Idempotency-Key: k", `If-Match: "1"`)
	if once.status != 200 || string(once.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" || once.header.Get("Etag") != `"2"` {
		t.Errorf("once %d %s\nagain %d %s", once.status, once.body, again.status, again.body)
	}
	if fields := once.json(t); fields["resolved"] != jsonNumber("1") || fields["remaining"] != jsonNumber("4") || fields["order"].(map[string]any)["status"] != "cancelled" {
		t.Errorf("cancelled: %s", once.body)
	}
	h.waitsFor(first, "4") // what the hold had is the first's, and its case is as it was: the hold's unit counted already
	h.wantProblem(412, codeVersionConflict, "POST", path+"/resolve", `{"action":"backorder"}`, `If-Match: "1"`)

	gives := h.want(200, "POST", path+"/resolve", fmt.Sprintf(`{"order":%q,"action":"backorder"}`, old), `If-Match: "2"`)
	if got := fmt.Sprint(gives["moved"]); got != "[map[from:main line:0 quantity:3 sku:A to:<nil>]]" || gives["remaining"] != jsonNumber("1") {
		t.Errorf("backordered: %v", gives)
	}
	h.waitsFor(first, "1")
	h.waitsFor(old, "3")
	h.want(201, "PUT", "/v1/locations/store", `{"kind":"store","stopped":true}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"store","delta":1}]}`)
	gets := h.want(200, "POST", path+"/resolve", `{"action":"re_source","location":"store"}`)
	if got := fmt.Sprint(gets["moved"]); got != "[map[from:<nil> line:0 quantity:1 sku:A to:store]]" || gets["status"] != "resolved" {
		t.Errorf("re-sourced: %v", gets)
	}
	h.wantProblem(409, codeCaseResolved, "POST", path+"/resolve", `{"action":"backorder"}`)
	h.stock("A", 2)
	h.waitsFor(second, "<nil>")
	if got := listed(h.want(200, "GET", "/v1/oversold", "")); got != "" {
		t.Errorf("open in the end: %s", got)
	}
	if got := listed(h.want(200, "GET", "/v1/oversold?status=resolved", "")); got != first+" 0 of 5, "+second+" 0 of 2" {
		t.Errorf("resolved in the end: %s", got)
	}
	moved := h.want(200, "GET", "/v1/skus/A/movements?type=reallocate", "")["items"].([]any)
	if len(moved) != 2 || moved[0].(map[string]any)["reason"] != "oversold" {
		t.Errorf("movements: %v", moved)
	}
	h.checkOversoldEvents(take(t, events, 3), first)
	h.checkAudit()
}

// checkOversoldEvents looks at what was told before the server was restarted.
func (h *shop) checkOversoldEvents(got []message, first string) {
	h.t.Helper()
	h.checkEvents(got)
	over := fmt.Sprint(got[2].data["oversold"])
	if got[2].data["type"] != "order_oversold" || over != "[map[case_id:"+first+"-"+fmt.Sprint(h.number("A"))+" quantity:5 sku:A]]" {
		h.t.Errorf("event: %s", got[2].text)
	}
}

// TestOversoldEventsAndReplica: the events of resolutions are those of the contract, and a replica knows the cases.
func TestOversoldEventsAndReplica(t *testing.T) {
	h := openCell(t, "")
	h.stock("A", 1)
	old := h.want(201, "POST", "/v1/orders", order("c1", "A", 1))["id"].(string)
	first := h.force("c2", 2, "")
	page := h.want(200, "GET", "/v1/oversold", "")
	id := page["items"].([]any)[0].(map[string]any)["id"].(string)
	events, stop := h.listen(fmt.Sprintf("?after=%v", page["sequence"]))
	defer stop()
	h.want(200, "POST", "/v1/oversold/"+id+"/resolve", fmt.Sprintf(`{"order":%q,"action":"backorder","note":"sold twice","actor":"kim"}`, old))
	got := take(t, events, 1)
	h.checkEvents(got)
	data := got[0].data
	if data["type"] != "oversold_resolved" || data["action"] != "backorder" || fmt.Sprint(data["resolved"]) != "1" || data["note"] != "sold twice" ||
		data["actor"] != "kim" || data["case"].(map[string]any)["id"] != id || data["order"].(map[string]any)["id"] != old {
		t.Errorf("event: %s", got[0].text)
	}
	h.waitsFor(first, "1")
	h.want(200, "POST", "/v1/oversold/"+id+"/resolve", `{"action":"backorder"}`)
	if got := listed(h.want(200, "GET", "/v1/oversold?status=resolved", "")); got != first+" 0 of 2" {
		t.Errorf("resolved: %s", got)
	}
	replica := openCell(t, h.base)
	replica.catchUp(h)
	if got := listed(replica.want(200, "GET", "/v1/oversold?status=resolved", "")); got != first+" 0 of 2" {
		t.Errorf("on the replica: %s", got)
	}
}

// TestOversoldRefusals: each refusal names what is wrong, and changes nothing.
func TestOversoldRefusals(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	h.stock("B", 1)
	other := h.want(201, "POST", "/v1/orders", order("c1", "B", 1))["id"].(string)
	first := h.force("c2", 3, "")
	id := h.want(200, "GET", "/v1/oversold", "")["items"].([]any)[0].(map[string]any)["id"].(string)
	path := "/v1/oversold/" + id + "/resolve"
	second := h.force("c3", 1, "")
	if own := h.want(200, "GET", "/v1/oversold/"+id, "")["victims"].([]any)[0].(map[string]any)["case_id"]; own != second+"-"+fmt.Sprint(h.number("A")) {
		t.Errorf("the case of the second order is %v", own)
	}
	h.stock("C", 1)
	h.stock("D", 1)
	spread := h.want(201, "POST", "/v1/orders", `{"customer":"c1","lines":[{"sku":"C","quantity":1},{"sku":"D","quantity":1}]}`)["id"].(string)
	if a, c, d := h.number("A").Slot(), h.number("C").Slot(), h.number("D").Slot(); a == c || a == d || c == d {
		t.Fatal("the order is to lie in two slots that have nothing of the case's SKU")
	}
	before := h.want(200, "GET", "/v1/digest", "")["digest"]
	for _, test := range []struct {
		status int
		code   string
		path   string
		body   string
	}{
		{400, codeMissingField, path, `{}`},
		{400, codeMissingField, path, `{"action":"re_source"}`},
		{400, codeUnknownField, path, `{"action":"cancel","quantity":1}`},
		{422, codeOutOfRange, path, `{"action":"refund"}`},
		{422, codeOutOfRange, path, `{"action":"cancel","location":"main"}`},
		{422, codeLocationNotFound, path, `{"action":"re_source","location":"moon"}`},
		{422, codeOrderNotFound, path, `{"action":"cancel","order":"0000000000000"}`},
		{422, codeOrderNotFound, path, `{"action":"cancel","order":"nobody"}`},
		{404, codeCaseNotFound, "/v1/oversold/" + first + "/resolve", `{"action":"cancel"}`},
		{404, codeCaseNotFound, "/v1/oversold/" + other + "-" + fmt.Sprint(h.number("A")) + "/resolve", `{"action":"cancel"}`},
		{404, codeCaseNotFound, "/v1/oversold/" + first + "-0" + fmt.Sprint(h.number("A")) + "/resolve", `{"action":"cancel"}`},
		{409, codeOwnCase, path, fmt.Sprintf(`{"action":"cancel","order":%q}`, second)},
		{409, codeNotAVictim, path, fmt.Sprintf(`{"action":"cancel","order":%q}`, other)},
		{409, codeNotAVictim, path, fmt.Sprintf(`{"action":"cancel","order":%q}`, spread)},
		{409, codeNothingThere, path, `{"action":"re_source","location":"main"}`},
	} {
		h.wantProblem(test.status, test.code, "POST", test.path, test.body)
	}
	for _, query := range []string{"?policy=random", "?policy=channels", "?policy=newest_first:web", "?policy=channels:nowhere", "?limit=0", "?after=x"} {
		h.wantProblem(400, codeInvalidQuery, "GET", "/v1/oversold/"+id+query, "")
	}
	for _, query := range []string{"?status=closed", "?after=" + first, "?policy=oldest_first", "?after=" + other + "-" + fmt.Sprint(h.number("A"))} {
		h.wantProblem(400, codeInvalidQuery, "GET", "/v1/oversold"+query, "")
	}
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/oversold?sku=Z", "")
	h.wantProblem(404, codeOrderNotFound, "GET", "/v1/oversold?order=Z", "")
	if after := h.want(200, "GET", "/v1/digest", "")["digest"]; after != before {
		t.Errorf("the digest was %v and is %v", before, after)
	}
}

// TestOversoldGoesWhereItWent: an order that gives units up goes where it went before, and is not served from where that cannot be reached.
func TestOversoldGoesWhereItWent(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/locations/berlin", `{"priority":-1,"shipping":{"zones":[{"country":"DE"}]}}`)
	h.want(200, "PUT", "/v1/routing", `{"rules":["priority"]}`)
	h.stock("A", 1)
	to := func(country string) string {
		return `,"ship_to":{"name":"N","address":["a"],"city":"C","postal_code":"1010","country":"` + country + `"}`
	}
	vienna := h.want(201, "POST", "/v1/orders", `{"customer":"c1","lines":[{"sku":"A","quantity":1}]`+to("AT")+`}`)["id"].(string)
	berlin := h.force("c2", 1, to("DE"))
	id := h.want(200, "GET", "/v1/oversold", "")["items"].([]any)[0].(map[string]any)["id"].(string)
	h.want(200, "POST", "/v1/oversold/"+id+"/resolve", fmt.Sprintf(`{"action":"backorder","order":%q}`, vienna))
	h.waitsFor(berlin, "<nil>")
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"berlin","delta":1},{"sku":"A","delta":1}]}`)
	h.waitsFor(vienna, "<nil>")
	line := h.want(200, "GET", "/v1/orders/"+vienna, "")["lines"].([]any)[0].(map[string]any)
	if got := fmt.Sprint(line["allocations"]); got != "[map[location:main quantity:1]]" {
		t.Errorf("the order to Vienna comes from %s", got)
	}
}

// TestOversoldSurvives: a case that was opened before a checkpoint is resolved after a restart.
func TestOversoldSurvives(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	first := h.force("c1", 2, "")
	id := h.want(200, "GET", "/v1/oversold", "")["items"].([]any)[0].(map[string]any)["id"].(string)
	h.want(200, "POST", "/v1/checkpoint", "")
	h.restart()
	if got := h.want(200, "GET", "/v1/oversold/"+id, ""); got["remaining"] != jsonNumber("1") || victims(got) != first {
		t.Errorf("after a restart: %v", got)
	}
	h.checkAudit()
	h.stock("A", 1)
	h.waitsFor(first, "<nil>")
	if got := h.want(200, "GET", "/v1/oversold/"+id, ""); got["status"] != "resolved" {
		t.Errorf("after the delivery: %v", got)
	}
	h.checkAudit()
}
