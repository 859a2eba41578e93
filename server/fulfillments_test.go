package server

import (
	"fmt"
	"strings"
	"testing"
)

// workWords says how a fulfilment order stands.
func workWords(item any) string {
	f := item.(map[string]any)
	words := fmt.Sprintf("%v %v at %v:", f["number"], f["status"], f["location"])
	for _, l := range f["lines"].([]any) {
		line := l.(map[string]any)
		words += fmt.Sprintf(" %v of %v", line["quantity"], line["sku"])
	}
	return words
}

// openWork is a shop where A lies in two places, with an order that has three of munich and two of berlin.
func openWork(t *testing.T) (h *shop, path string, placed map[string]any) {
	h = openRouted(t)
	h.want(201, "PUT", "/v1/locations/berlin", `{"priority":30}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"munich","set":3},{"sku":"A","location":"berlin","delta":4},{"sku":"A","location":"hamburg","set":0}]}`)
	placed = h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":5}],`+toHamburg+`}`)
	return h, "/v1/orders/" + placed["id"].(string), placed
}

func (h *shop) works(path string) string {
	h.t.Helper()
	var words []string
	for _, item := range h.want(200, "GET", path+"/fulfillments", "")["items"].([]any) {
		words = append(words, workWords(item))
	}
	return strings.Join(words, "; ")
}

// TestFulfil works on an order in two places, and looks at all that tells of it.
func TestFulfil(t *testing.T) {
	h, path, placed := openWork(t)
	if got := h.works(path); got != "1 open at munich: 3 of A; 2 open at berlin: 2 of A" {
		t.Errorf("implied: %s", got)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%v", placed["sequence"]))
	defer stop()
	first := h.do("POST", path+"/fulfillments/2", `{"action":"start","actor":"kim","note":"cart 7"}`, "Idempotency-Key: f1", `If-Match: "1"`)
	again := h.do("POST", path+"/fulfillments/2", `{"action":"start","actor":"kim","note":"cart 7"}`, "Idempotency-Key: f1", `If-Match: "1"`)
	if first.status != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	same := h.want(200, "POST", path+"/fulfillments/2", `{"action":"start"}`)
	if workWords(same["fulfillment"]) != "2 in_progress at berlin: 2 of A" || same["version"] != jsonNumber("2") || same["moved"] != nil {
		t.Errorf("started twice: %v", same)
	}
	refused := h.wantProblem(409, codeFulfillmentStatus, "POST", path+"/fulfillments/2", `{"action":"merge","into":1}`)
	if refused["fulfillment_status"] != "in_progress" || fmt.Sprint(refused["allowed"]) != "[hold stop ready_for_pickup short_pick ship]" {
		t.Errorf("refused: %v", refused)
	}
	split := h.want(200, "POST", path+"/fulfillments/1", `{"action":"split","units":[{"sku":"A","quantity":1}]}`)
	if split["other"] != jsonNumber("3") || h.works(path) != "1 open at munich: 2 of A; 2 in_progress at berlin: 2 of A; 3 open at munich: 1 of A" {
		t.Errorf("split: %v, now %s", split["other"], h.works(path))
	}
	short := h.want(200, "POST", path+"/fulfillments/2", `{"action":"short_pick","found":[{"sku":"A","quantity":0}],"missing":true}`)
	if short["fulfillment"].(map[string]any)["status"] != "cancelled" || fmt.Sprint(short["missing"]) != "[map[quantity:2 sku:A]]" ||
		fmt.Sprint(short["moved"]) != "[map[line:0 location:<nil> quantity:2 sku:A]]" {
		t.Errorf("short: %v", short)
	}
	if list := h.want(200, "GET", "/v1/skus/A/movements?type=reclassify", "")["items"].([]any); len(list) != 1 || list[0].(map[string]any)["order"] != placed["id"] {
		t.Errorf("movements: %v", list)
	}
	h.want(200, "POST", path+"/fulfillments/1", `{"action":"schedule","at":"2126-11-27T12:00:00.000Z"}`)
	if early := h.wantProblem(409, codeFulfillmentEarly, "POST", path+"/fulfillments/1", `{"action":"start"}`); early["scheduled_at"] != "2126-11-27T12:00:00.000Z" {
		t.Errorf("early: %v", early)
	}
	h.want(200, "POST", path+"/fulfillments/3", `{"action":"start"}`)
	sent := h.want(201, "POST", path+"/shipments", `{"fulfillment":3}`)
	if got := sentWords(sent["shipment"]); got != "1 shipped from munich: 1 of line 0 (A)" || !strings.Contains(h.works(path), "3 closed at munich:") {
		t.Errorf("shipment: %s, now %s", got, h.works(path))
	}
	got := take(t, events, 5)
	h.checkEvents(got)
	if e := got[0].data; e["type"] != "fulfillment_changed" || e["action"] != "start" || e["note"] != "cart 7" || workWords(e["fulfillment"]) != "2 in_progress at berlin: 2 of A" {
		t.Errorf("event: %s", got[0].text)
	}
	if e := got[2].data; e["type"] != "fulfillment_short_picked" || fmt.Sprint(e["missing"]) != "[map[quantity:2 sku:A]]" {
		t.Errorf("event: %s", got[2].text)
	}
}

// TestFetched: a customer fetches what was made ready.
func TestFetched(t *testing.T) {
	h, path, _ := openWork(t)
	for number, location := range []string{1: "munich", 2: "berlin"} {
		if number == 0 {
			continue
		}
		work := fmt.Sprintf("%s/fulfillments/%d", path, number)
		h.want(200, "POST", work, `{"action":"start"}`)
		h.want(200, "POST", work, `{"action":"ready_for_pickup"}`)
		sent := h.want(201, "POST", path+"/shipments", fmt.Sprintf(`{"location":%q,"fulfillment":%d,"picked_up":true}`, location, number))
		if sent["shipment"].(map[string]any)["status"] != "delivered" || (sent["status"] == "completed") != (number == 2) {
			t.Errorf("fetched: %v", sent)
		}
	}
}

// TestFulfilmentRefused: what cannot be read, and what the order does not allow.
func TestFulfilmentRefused(t *testing.T) {
	h, path, _ := openWork(t)
	for _, test := range []struct {
		status int
		code   string
		path   string
		body   string
	}{
		{404, codeFulfillmentNotFound, path + "/fulfillments/3", `{"action":"start"}`},
		{404, codeFulfillmentNotFound, path + "/fulfillments/0", `{"action":"start"}`},
		{404, codeFulfillmentNotFound, path + "/fulfillments/x", `{"action":"start"}`},
		{404, codeOrderNotFound, "/v1/orders/none/fulfillments/1", `{"action":"start"}`},
		{400, codeMissingField, path + "/fulfillments/1", `{}`},
		{400, codeMissingField, path + "/fulfillments/1", `{"action":"schedule"}`},
		{422, codeOutOfRange, path + "/fulfillments/1", `{"action":"dance"}`},
		{422, codeOutOfRange, path + "/fulfillments/1", `{"action":"start","into":2}`},
		{422, codeOutOfRange, path + "/fulfillments/1", `{"action":"start","missing":true}`},
		{422, codeInvalidLength, path + "/fulfillments/1", `{"action":"split","units":[]}`},
		{422, codeSKUNotFound, path + "/fulfillments/1", `{"action":"split","units":[{"sku":"nothing","quantity":1}]}`},
		{422, codeLocationNotFound, path + "/fulfillments/1", `{"action":"move","to":"atlantis"}`},
		{409, codeFulfillmentUnits, path + "/fulfillments/1", `{"action":"split","units":[{"sku":"A","quantity":4}]}`},
		{409, codeFulfillmentPlace, path + "/fulfillments/1", `{"action":"merge","into":2}`},
		{409, codeFulfillmentPlace, path + "/fulfillments/1", `{"action":"move","to":"munich"}`},
		{409, codeFulfillmentMove, path + "/fulfillments/1", `{"action":"move","to":"hamburg"}`},
		{409, codeNotASupplier, path + "/fulfillments/1", `{"action":"submit"}`},
		{404, codeFulfillmentNotFound, path + "/shipments", `{"fulfillment":9}`},
	} {
		fields := h.want(test.status, "POST", test.path, test.body)
		if list, ok := fields["errors"].([]any); ok && fields["code"] != test.code {
			fields = list[0].(map[string]any)
		}
		if fields["code"] != test.code {
			t.Errorf("%s %s: %v", test.path, test.body, fields)
		}
	}
}

// TestWorklist finds fulfilment orders across orders.
func TestWorklist(t *testing.T) {
	d := openDesk(t)
	works := func(query string) string {
		var words []string
		for _, item := range d.want(200, "GET", "/v1/fulfillments?"+d.now()+query, "")["items"].([]any) {
			for place, id := range d.ids {
				if item.(map[string]any)["order_id"] == id {
					words = append(words, fmt.Sprintf("%d: %s", place, workWords(item)))
				}
			}
		}
		return strings.Join(words, "; ")
	}
	d.want(200, "POST", "/v1/orders/"+d.ids[3]+"/fulfillments/1", `{"action":"start"}`)
	for query, want := range map[string]string{
		"&status=in_progress":                 "3: 1 in_progress at main: 1 of cup",
		"&status=in_progress&location=main":   "3: 1 in_progress at main: 1 of cup",
		"&status=open&location=hamburg":       "0: 2 open at hamburg: 9 of cup",
		"&location=hamburg":                   "0: 2 open at hamburg: 9 of cup",
		"&status=in_progress&location=munich": "",
		"&status=open":                        "0: 1 open at main: 98 of cup; 0: 2 open at hamburg: 9 of cup",
	} {
		if got := works(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	d.want(400, "GET", "/v1/fulfillments?status=idle", "")
}

// TestRepeatedWork: the same key with the same body gets the first answer, whatever became of the units since.
func TestRepeatedWork(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/locations/berlin", `{"kind":"supplier","priority":30}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"munich","set":90},{"sku":"A","location":"berlin","delta":90},{"sku":"A","location":"hamburg","set":90}]}`)
	h.stock("B", 90)
	ships := func(path string) {
		h.want(201, "POST", path+"/shipments", `{"lines":[{"sku":"A","quantity":1}],"location":"munich"}`)
	}
	releases := func(path string) { h.want(200, "POST", path+"/fulfillments/1", `{"action":"release"}`) }
	edits := func(path string) {
		version := h.want(200, "GET", path, "")["version"]
		h.want(200, "POST", path+"/edits", `{"add":[{"sku":"B","quantity":1}]}`, fmt.Sprintf(`If-Match: "%v"`, version))
	}
	for i, test := range []struct {
		before []string
		body   string
		then   func(path string)
	}{
		{nil, `{"action":"move","to":"hamburg"}`, edits},
		{nil, `{"action":"start"}`, ships},
		{nil, `{"action":"schedule","at":"2126-11-27T12:00:00.000Z"}`, releases},
		{nil, `{"action":"split","units":[{"sku":"A","quantity":4}]}`, ships},
		{[]string{`{"action":"start"}`}, `{"action":"short_pick","found":[{"sku":"A","quantity":0}]}`, edits},
		{[]string{`{"action":"start"}`}, `{"action":"short_pick","found":[{"sku":"A","quantity":4}],"missing":true}`, ships},
		{[]string{`{"action":"move","to":"berlin"}`, `{"action":"submit"}`}, `{"action":"decline","note":"none left"}`, edits},
	} {
		path := "/v1/orders/" + h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":2},{"sku":"A","quantity":3}],"metadata":{"erp":"7"},`+toHamburg+`}`)["id"].(string)
		for _, body := range test.before {
			h.want(200, "POST", path+"/fulfillments/1", body)
		}
		key := fmt.Sprintf("Idempotency-Key: work-%d", i)
		first := h.do("POST", path+"/fulfillments/1", test.body, key)
		for range 2 {
			again := h.do("POST", path+"/fulfillments/1", test.body, key)
			if first.status != 200 || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%s: first %d %s\nagain %d %s", test.body, first.status, first.body, again.status, again.body)
			}
			test.then(path)
		}
		h.wantProblem(422, codeIdempotencyKeyReused, "POST", path+"/fulfillments/1", `{"action":"hold"}`, key)
	}
	h.checkAudit()
}

// TestRepeatedShipmentsOfWork: a shipment of a fulfillment order is repeated byte for byte, also when the order has left that place since.
func TestRepeatedShipmentsOfWork(t *testing.T) {
	h := openRouted(t)
	for i, test := range []struct{ body, then string }{
		{`{"fulfillment":1}`, ""}, {`{"fulfillment":1,"lines":[{"sku":"A","quantity":1}]}`, `{"action":"move","to":"hamburg"}`},
	} {
		path := "/v1/orders/" + h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":2}],`+toHamburg+`}`)["id"].(string)
		key := fmt.Sprintf("Idempotency-Key: sent-%d", i)
		first := h.do("POST", path+"/shipments", test.body, key)
		if test.then != "" {
			h.want(200, "POST", path+"/fulfillments/1", test.then)
		}
		again := h.do("POST", path+"/shipments", test.body, key)
		if first.status != 201 || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: first %d %s\nagain %d %s", test.body, first.status, first.body, again.status, again.body)
		}
	}
}
