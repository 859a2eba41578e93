package server

import (
	"fmt"
	"reflect"
	"testing"

	"holdfast/engine"
)

// sentWords says what a shipment sent.
func sentWords(shipment any) string {
	s := shipment.(map[string]any)
	words := fmt.Sprintf("%v %v from %v:", s["number"], s["status"], s["location"])
	for _, l := range s["lines"].([]any) {
		line := l.(map[string]any)
		words += fmt.Sprintf(" %v of line %v (%v)", line["quantity"], line["line"], line["sku"])
	}
	return words
}

// TestShip ships an order from two places, and looks at all that tells of it.
func TestShip(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/locations/berlin", `{"priority":30}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"munich","set":3},{"sku":"A","location":"berlin","delta":4},{"sku":"A","location":"hamburg","set":0}]}`)
	before := h.want(200, "GET", "/v1/skus/A/availability", "")["available"]
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":5,"unit_price":{"amount":100,"currency":"EUR"}}],`+toHamburg+`}`)
	path := "/v1/orders/" + placed["id"].(string)
	if list := h.want(200, "GET", path+"/shipments", ""); len(list["items"].([]any)) != 0 {
		t.Errorf("shipments of an order that was only placed: %v", list)
	}
	events, stop := h.listen(fmt.Sprintf("?after=%v", placed["sequence"]))
	defer stop()
	body := `{"location":"munich","lines":[{"sku":"A","quantity":2}],"carrier":"DHL","tracking_number":"JD01","parcels":[{"weight_grams":1200,"tracking_number":"JD01-1"},{"length_mm":300}],"note":"two boxes","actor":"kim"}`
	first := h.do("POST", path+"/shipments", body, "Idempotency-Key: s1", `If-Match: "1"`)
	again := h.do("POST", path+"/shipments", body, "Idempotency-Key: s1", `If-Match: "1"`)
	if first.status != 201 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	fields := h.want(201, "POST", path+"/shipments", body, "Idempotency-Key: s1")
	if got := sentWords(fields["shipment"]); got != "1 shipped from munich: 2 of line 0 (A)" {
		t.Errorf("shipment: %s", got)
	}
	if fields["fulfillment_status"] != partiallyFulfilled || unitsOf(fields) != "5 ordered, 3 allocated, 2 shipped" ||
		fields["ship_to"].(map[string]any)["postal_code"] != "20095" || fmt.Sprint(fields["lines"].([]any)[0].(map[string]any)["unit_price"]) != "map[amount:100 currency:EUR]" {
		t.Errorf("order: %v", fields)
	}
	h.want(201, "POST", path+"/shipments", `{"location":"munich"}`)
	done := h.want(201, "POST", path+"/shipments", `{"location":"berlin"}`)
	if done["fulfillment_status"] != fulfilled || sentWords(done["shipment"]) != "3 shipped from berlin: 2 of line 0 (A)" {
		t.Errorf("order: %v", done)
	}
	list := h.want(200, "GET", path+"/shipments", "")
	shipment := list["items"].([]any)[0].(map[string]any)
	if shipment["carrier"] != "DHL" || shipment["tracking_number"] != "JD01" || len(list["items"].([]any)) != 3 ||
		fmt.Sprint(shipment["parcels"]) != "[map[tracking_number:JD01-1 weight_grams:1200] map[length_mm:300]]" {
		t.Errorf("shipments: %v", list)
	}
	stock := h.want(200, "GET", "/v1/skus/A/availability", "")
	if units := fmt.Sprint(before, stock["available"], stock["on_hand"], stock["allocated"]); units != "7220" {
		t.Errorf("available before, and after with on hand and allocated: %s", units)
	}
	moved := h.want(200, "GET", "/v1/skus/A/movements?type=ship", "")["items"].([]any)
	last := moved[0].(map[string]any)
	if len(moved) != 3 || last["location"] != "berlin" || last["from"] != "sellable" || last["order"] != placed["id"] ||
		last["before"].(map[string]any)["allocated"] != jsonNumber("2") || last["after"].(map[string]any)["on_hand"] != jsonNumber("2") {
		t.Errorf("movements: %v", moved)
	}
	h.wantProblem(409, codeAlreadyShipped, "POST", path+"/cancel", "")
	got := take(t, events, 1)
	h.checkEvents(got)
	if e := got[0].data; e["type"] != "order_shipped" || e["note"] != "two boxes" || e["actor"] != "kim" || sentWords(e["shipment"]) != sentWords(fields["shipment"]) ||
		e["shipment"].(map[string]any)["carrier"] != "DHL" {
		t.Errorf("event: %s", got[0].text)
	}
	h.checkAudit()
	h.restart()
	if read := h.want(200, "GET", path+"/shipments", ""); !reflect.DeepEqual(read["items"], list["items"]) {
		t.Errorf("after a restart %v, before %v", read, list)
	}
	h.checkAudit()
}

// TestShipRefused names what is wrong with a request to ship. Nothing changes.
func TestShipRefused(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/skus/B", `{"backorder_limit":9}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","location":"munich","delta":3}]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"B","quantity":4}]}`)
	path := "/v1/orders/" + placed["id"].(string) + "/shipments"
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","location":"munich","set":1}]}`)
	short := h.wantProblem(409, codeShortOnHand, "POST", path, `{"location":"munich"}`)
	if line := short["lines"].([]any)[0].(map[string]any); line["requested"] != jsonNumber("3") || line["available"] != jsonNumber("1") {
		t.Errorf("%v", short)
	}
	for _, test := range []struct {
		status     int
		code, body string
	}{
		{409, codeNotAllocated, `{"location":"munich","lines":[{"sku":"B","quantity":4}]}`},
		{409, codeNotAllocated, `{"location":"hamburg"}`},
		{409, codeNotAllocated, ``},
		{422, codeLocationNotFound, `{"location":"atlantis"}`},
		{422, codeSKUNotFound, `{"location":"munich","lines":[{"sku":"nothing"}]}`},
		{422, codeOutOfRange, `{"location":"munich","lines":[{"sku":"B"},{"sku":"B"}]}`},
		{422, codeOutOfRange, `{"location":"munich","parcels":[{"weight_grams":0}]}`},
		{422, codeInvalidLength, `{"location":"munich","parcels":[]}`},
		{422, codeInvalidLength, `{"location":"munich","lines":[]}`},
		{400, codeUnknownField, `{"location":"munich","weight":1}`},
		{400, codeUnknownField, `{"location":"munich","parcels":[{"weight":1}]}`},
		{400, codeWrongType, `{"location":"munich","parcels":{}}`},
	} {
		h.wantProblem(test.status, test.code, "POST", path, test.body)
	}
	h.wantProblem(404, codeOrderNotFound, "POST", "/v1/orders/0000000000000000/shipments", `{"location":"munich"}`)
	h.wantProblem(404, codeOrderNotFound, "GET", "/v1/orders/0000000000000000/shipments", "")
	h.wantProblem(400, codeInvalidQuery, "GET", path+"?limit=0", "")
	if order := h.want(200, "GET", "/v1/orders/"+placed["id"].(string), ""); order["version"] != jsonNumber("1") {
		t.Errorf("changed: %v", order)
	}
	h.checkAudit()
}

// TestPartsHavePages reads lists of an order's parts page by page.
func TestPartsHavePages(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("tea", 3)
	path := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"ann","lines":[{"sku":"tea","quantity":3,"unit_price":`+eur(100)+`}]}`)
	for n := range 3 {
		h.want(201, "POST", path+"/shipments", `{"lines":[{"sku":"tea","quantity":1}]}`)
		h.want(200, "POST", path+"/payments", payment("authorization", "succeeded", fmt.Sprintf("pi_%d", n), 100, ""))
		h.want(200, "POST", fmt.Sprintf("%s/shipments/%d/tracking", path, n+1), `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	}
	for range 3 {
		h.want(201, "POST", path+"/returns", `{"lines":[{"line":0,"quantity":1}],"reason":"too_small"}`)
	}
	for _, list := range []string{"shipments", "payments", "returns"} {
		first := h.want(200, "GET", path+"/"+list+"?limit=2", "")
		second := h.want(200, "GET", fmt.Sprintf("%s/%s?limit=2&after=%v", path, list, first["next"]), "")
		var numbers []any
		for _, item := range append(first["items"].([]any), second["items"].([]any)...) {
			numbers = append(numbers, item.(map[string]any)["number"])
		}
		if fmt.Sprint(numbers) != "[1 2 3]" || first["next"] != "2" || second["next"] != nil {
			t.Errorf("%s: %v, then after %v and %v", list, numbers, first["next"], second["next"])
		}
		if beyond := h.want(200, "GET", path+"/"+list+"?after=3", ""); len(beyond["items"].([]any)) != 0 || beyond["next"] != nil {
			t.Errorf("%s: %v", list, beyond)
		}
		h.wantProblem(400, codeInvalidQuery, "GET", path+"/"+list+"?limit=0", "")
		h.wantProblem(400, codeInvalidQuery, "GET", path+"/"+list+"?after=x", "")
	}
	works := h.want(200, "GET", path+"/fulfillments?limit=1", "")
	if len(works["items"].([]any)) > 1 {
		t.Errorf("fulfillments: %v", works)
	}
}
