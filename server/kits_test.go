package server

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// openKits opens a shop with a tea set: a pot and six cups.
func openKits(t *testing.T) *shop {
	t.Helper()
	h := openShop(t, Options{})
	h.stock("pot", 5)
	h.stock("cup", 13)
	h.do("PUT", "/v1/skus/set", `{"limit_per_customer":2}`)
	h.want(200, "PUT", "/v1/skus/set/components", `{"components":[{"sku":"pot","quantity":1},{"sku":"cup","quantity":6}]}`)
	return h
}

// componentsOf gives the components of an order's line.
func componentsOf(t *testing.T, order map[string]any, line int) (list []map[string]any) {
	t.Helper()
	parts, _ := order["lines"].([]any)[line].(map[string]any)["components"].([]any)
	for _, part := range parts {
		list = append(list, part.(map[string]any))
	}
	return list
}

func TestKits(t *testing.T) {
	h := openKits(t)
	available := func(query, want string) map[string]any {
		t.Helper()
		got := h.want(200, "GET", "/v1/skus/set/availability"+query, "")
		if got["available"] != jsonNumber(want) || got["kit"] != true || got["on_hand"] != jsonNumber("0") {
			t.Errorf("%s: want %s of %v", query, want, got)
		}
		return got
	}
	if parts := available("", "2")["components"].([]any); len(parts) != 2 || parts[1].(map[string]any)["available"] != jsonNumber("13") {
		t.Errorf("components %v", parts)
	}
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"ann","lines":[{"sku":"cup","quantity":1},
		{"sku":"set","quantity":1,"unit_price":{"amount":4900,"currency":"EUR"}},{"sku":"pot","quantity":2,"unit_price":{"amount":900,"currency":"EUR"}}]}`)
	lines := placed["lines"].([]any)
	parts := componentsOf(t, placed, 1)
	if len(lines) != 3 || len(parts) != 2 || parts[1]["sku"] != "cup" || parts[1]["quantity"] != jsonNumber("6") || len(componentsOf(t, placed, 2)) != 0 ||
		parts[1]["allocations"].([]any)[0].(map[string]any)["quantity"] != jsonNumber("6") || fmt.Sprint(lines[2].(map[string]any)["unit_price"]) != "map[amount:900 currency:EUR]" {
		t.Errorf("placed %v", placed)
	}
	if again := h.want(200, "GET", "/v1/orders/"+placed["id"].(string), ""); fmt.Sprint(again["lines"]) != fmt.Sprint(placed["lines"]) {
		t.Errorf("read again %v", again)
	}
	available("", "1")
	refused := h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", `{"customer":"bo","lines":[{"sku":"set","quantity":1},{"sku":"cup","quantity":1}]}`)
	if line := refused["lines"].([]any)[0].(map[string]any); line["sku"] != "cup" || line["index"] != jsonNumber("0") || line["requested"] != jsonNumber("7") || line["available"] != jsonNumber("6") {
		t.Errorf("refused %v", refused)
	}
	h.wantProblem(409, codeLimitPerCustomer, "POST", "/v1/orders", order("ann", "set", 2))
	h.wantProblem(409, codeKitUpTo, "POST", "/v1/holds", `{"customer":"bo","up_to":true,"lines":[{"sku":"set","quantity":1}]}`)
	h.wantProblem(409, codeKitTooLarge, "POST", "/v1/orders", order("ann", "set", 1_000_000_000))
	held := h.want(201, "POST", "/v1/holds", `{"customer":"bo","lines":[{"sku":"set","quantity":1}]}`)
	confirmed := h.want(200, "POST", "/v1/holds/"+held["id"].(string)+"/confirm", "")
	if len(componentsOf(t, confirmed, 0)) != 2 {
		t.Errorf("confirmed %v", confirmed)
	}
	available("", "0")
	h.want(200, "POST", "/v1/orders/"+held["id"].(string)+"/cancel", "{}")

	h.want(201, "PUT", "/v1/channels/market", `{"visibility":"bands","buffer":1}`)
	h.want(201, "PUT", "/v1/channels/shop", `{"buffer":1}`)
	available("?channel=shop", "0")
	if band := h.want(200, "GET", "/v1/skus/set/availability?channel=market", ""); band["band"] != "out" {
		t.Errorf("band %v", band)
	}
	h.want(201, "POST", "/v1/purchase-orders", `{"number":"PO-1","status":"ordered","expected_at":"2027-01-10","lines":[{"sku":"cup","quantity":6}]}`)
	if got := available("?by=2027-01-10", "1"); got["available_by"] != jsonNumber("2") {
		t.Errorf("by %v", got)
	}
	h.do("PUT", "/v1/skus/cup", `{"stopped":true}`)
	if got := available("", "1"); got["stopped"] != true {
		t.Errorf("with stopped cups %v", got)
	}
	h.wantProblem(409, codeSKUStopped, "POST", "/v1/orders", order("bo", "set", 1))
	h.do("PUT", "/v1/skus/cup", `{}`)

	h.want(200, "POST", "/v1/checkpoint", "{}")
	for range 2 {
		h.restart()
		available("", "1")
		got := h.want(200, "GET", "/v1/skus/set/components", "")
		if fmt.Sprint(got["components"]) != "[map[quantity:1 sku:pot] map[quantity:6 sku:cup]]" {
			t.Errorf("made of %v", got)
		}
		if got := h.want(200, "GET", "/v1/audit", ""); got["ok"] != true {
			t.Errorf("audit %v", got)
		}
		h.want(200, "POST", "/v1/orders/"+h.want(201, "POST", "/v1/orders", order("bo", "set", 1))["id"].(string)+"/cancel", "{}")
	}
}

// TestKitKeepsItsAnswer repeats an order after the recipe has changed: the key belongs to the same request, and gets the same bytes.
func TestKitKeepsItsAnswer(t *testing.T) {
	h := openKits(t)
	const key = "Idempotency-Key: first"
	first := h.do("POST", "/v1/orders", order("ann", "set", 1), key)
	for range 2 {
		h.want(200, "PUT", "/v1/skus/set/components", `{"components":[{"sku":"cup","quantity":2}]}`)
		if again := h.do("POST", "/v1/orders", order("ann", "set", 1), key); string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s, and then %s", first.body, again.body)
		}
		h.restart()
	}
	if other := h.want(201, "POST", "/v1/orders", order("ann", "set", 1)); componentsOf(t, other, 0)[0]["quantity"] != jsonNumber("2") {
		t.Errorf("a new order takes %v", other)
	}
	h.want(204, "DELETE", "/v1/skus/set/components", "")
	h.want(204, "DELETE", "/v1/skus/set/components", "")
	h.wantProblem(404, codeKitNotFound, "GET", "/v1/skus/set/components", "")
	if got := h.want(200, "GET", "/v1/skus/set/availability", ""); got["kit"] != nil || got["available"] != jsonNumber("0") {
		t.Errorf("no kit: %v", got)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("bo", "set", 1))
	messages, stop := h.listen("?after=0")
	defer stop()
	got := take(t, messages, 12)
	if want := "order_placed kit_set order_placed kit_set"; types(got[len(got)-4:]) != want {
		t.Errorf("events %s, should end with %s", types(got), want)
	}
	if kit := got[11].data["kit"].(map[string]any); kit["sku"] != "set" || len(kit["components"].([]any)) != 0 {
		t.Errorf("the last event is %s", got[11].text)
	}
	h.checkEvents(got)
}

func TestKitMistakes(t *testing.T) {
	h := openKits(t)
	const path = "/v1/skus/set/components"
	same := `{"components":[{"sku":"pot","quantity":1},{"sku":"cup","quantity":6}]}`
	sequence := h.want(200, "PUT", path, same)["sequence"]
	h.wantProblem(404, codeSKUNotFound, "PUT", "/v1/skus/nothing/components", same)
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/nothing/components", "")
	h.wantProblem(404, codeSKUNotFound, "DELETE", "/v1/skus/nothing/components", "")
	h.wantProblem(404, codeKitNotFound, "GET", "/v1/skus/pot/components", "")
	unknown := h.wantProblem(422, codeSKUNotFound, "PUT", path, `{"components":[{"sku":"pot","quantity":1},{"sku":"saucer","quantity":1}]}`)
	if line := unknown["lines"].([]any)[0].(map[string]any); line["index"] != jsonNumber("1") {
		t.Errorf("unknown %v", unknown)
	}
	many := strings.Repeat(`{"sku":"pot","quantity":1},`, 33)
	for _, test := range []struct {
		body, code, field string
		status            int
	}{
		{`{}`, codeMissingField, "components", 400},
		{`{"components":5}`, codeWrongType, "components", 400},
		{`{"components":[]}`, codeInvalidLength, "components", 422},
		{`{"components":[{"sku":"pot","quantity":1},{"sku":"pot","quantity":1}]}`, codeDuplicateItem, "components[1].sku", 422},
		{`{"components":[{"sku":"pot"}]}`, codeMissingField, "components[0].quantity", 400},
		{`{"components":[{"quantity":1}]}`, codeMissingField, "components[0].sku", 400},
		{`{"components":[{"sku":"pot","quantity":0}]}`, codeOutOfRange, "components[0].quantity", 422},
		{`{"components":[{"sku":"pot","quantity":-1}]}`, codeOutOfRange, "components[0].quantity", 422},
		{`{"components":[{"sku":"pot","quantity":1000001}]}`, codeOutOfRange, "components[0].quantity", 422},
		{`{"components":[{"sku":"pot","quantity":1.5}]}`, codeWrongType, "components[0].quantity", 400},
		{`{"components":[{"sku":"pot","quantity":1,"size":1}]}`, codeUnknownField, "components[0].size", 400},
		{`{"components":[` + many[:len(many)-1] + `]}`, codeDuplicateItem, "components[1].sku", 422},
		{`{"parts":[]}`, codeUnknownField, "parts", 400},
	} {
		got := h.want(test.status, "PUT", path, test.body)
		if first := got["errors"].([]any)[0].(map[string]any); first["code"] != test.code || first["field"] != test.field {
			t.Errorf("%s: %v", test.body, got)
		}
	}
	h.do("PUT", "/v1/skus/bag", "{}")
	h.wantProblem(409, codeComponentIsKit, "PUT", "/v1/skus/bag/components", `{"components":[{"sku":"bag","quantity":1}]}`)
	nested := h.wantProblem(409, codeComponentIsKit, "PUT", "/v1/skus/bag/components", `{"components":[{"sku":"pot","quantity":1},{"sku":"set","quantity":1}]}`)
	if line := nested["lines"].([]any)[0].(map[string]any); line["index"] != jsonNumber("1") || line["sku"] != "set" {
		t.Errorf("nested %v", nested)
	}
	h.wantProblem(409, codeCannotBeKit, "PUT", "/v1/skus/pot/components", `{"components":[{"sku":"bag","quantity":1}]}`)
	for _, test := range []struct{ method, path, body string }{
		{"POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"set","delta":1}]}`},
		{"POST", "/v1/stock/movements", `{"movements":[{"type":"receive","sku":"set","quantity":1}]}`},
		{"PUT", "/v1/skus/set/channels/web", `{"buffer":1}`},
		{"POST", "/v1/purchase-orders", `{"lines":[{"sku":"set","quantity":1}]}`},
	} {
		h.wantProblem(409, codeSKUIsKit, test.method, test.path, test.body)
	}
	h.want(204, "DELETE", "/v1/skus/set/channels/web", "")
	h.want(201, "PUT", "/v1/sales/pots", `{"starts_at":"2025-11-20T09:00:00.000Z","ends_at":"2036-11-27T21:00:00.000Z","items":[{"sku":"pot"}]}`)
	h.wantProblem(409, codeSKUNotInSale, "POST", "/v1/orders", `{"customer":"c","sale":"pots","lines":[{"sku":"set","quantity":1}]}`)
	if again := h.want(200, "GET", path, ""); fmt.Sprint(again["components"]) != "[map[quantity:1 sku:pot] map[quantity:6 sku:cup]]" || sequence == nil {
		t.Errorf("after the mistakes %v", again)
	}
}

// TestKitsThatWait orders kits beyond stock: they wait in the queue of the component, and the event of what came names the line of the
// order as the order is shown.
func TestKitsThatWait(t *testing.T) {
	h := openKits(t)
	backorderable := func(query string, want bool) {
		t.Helper()
		if got := h.want(200, "GET", "/v1/skus/set/availability"+query, ""); got["backorderable"] != want {
			t.Errorf("%s: want %v of %v", query, want, got)
		}
	}
	h.do("PUT", "/v1/skus/set", `{}`)
	h.do("PUT", "/v1/skus/pot", `{"backorder_limit":10}`)
	backorderable("", false) // there are no more cups, either
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"pot","set":1},{"sku":"cup","set":40}]}`)
	backorderable("", true)
	h.want(201, "PUT", "/v1/channels/vip", "{}")
	h.want(201, "PUT", "/v1/skus/pot/channels/vip", `{"pool":{"quota":1,"exclusive":true}}`)
	backorderable("?channel=vip", false)
	h.want(204, "DELETE", "/v1/skus/pot/channels/vip", "")
	id := h.want(201, "POST", "/v1/orders", `{"customer":"ann","lines":[{"sku":"set","quantity":2},{"sku":"cup","quantity":1},{"sku":"set","quantity":3}]}`)["id"].(string)
	if items := h.want(200, "GET", "/v1/skus/pot/backorders", "")["items"].([]any); len(items) != 1 || items[0].(map[string]any)["quantity"] != jsonNumber("4") {
		t.Errorf("who waits for pots: %v", items)
	}
	if items := h.want(200, "GET", "/v1/skus/set/backorders", "")["items"].([]any); len(items) != 0 {
		t.Errorf("who waits for sets: %v", items)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("bo", "set", 2)) // there are 9 cups
	received := h.want(200, "POST", "/v1/stock/movements", `{"movements":[{"type":"receive","sku":"pot","quantity":3}]}`)
	events, stop := h.listen(fmt.Sprintf("?after=%v", received["sequence"]))
	defer stop()
	got := take(t, events, 1)
	h.checkEvents(got)
	if fills := fmt.Sprint(got[0].data["fills"]); fills != "[map[line:0 location:main quantity:1 sku:pot] map[line:2 location:main quantity:2 sku:pot]]" {
		t.Errorf("filled: %s", fills)
	}
	filled := h.want(200, "GET", "/v1/orders/"+id, "")
	if first, last := componentsOf(t, filled, 0), componentsOf(t, filled, 2); first[0]["backordered"] != nil || last[0]["backordered"] != jsonNumber("1") {
		t.Errorf("afterwards: %v", filled)
	}
	var moves []string
	for _, item := range h.want(200, "GET", "/v1/skus/pot/movements?type=allocate", "")["items"].([]any) {
		moves = append(moves, fmt.Sprint(item.(map[string]any)["quantity"]))
	}
	if strings.Join(moves, " ") != "2 1 3 1 1" {
		t.Errorf("moved: %v", moves)
	}
	h.want(200, "POST", "/v1/orders/"+id+"/cancel", "{}")
	if got := h.want(200, "GET", "/v1/skus/set/availability", ""); got["available"] != jsonNumber("4") {
		t.Errorf("cancelled: %v", got)
	}
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		t.Errorf("audit: %v", audit)
	}
}

// TestRoutedKits asks where kits would come from, and places them: they come from there.
func TestRoutedKits(t *testing.T) {
	h := openKits(t)
	h.want(201, "PUT", "/v1/locations/kiel", `{"priority":90,"shipping":{"zones":[{"country":"DE","up_to_grams":700}]}}`)
	h.do("PUT", "/v1/skus/set", `{"weight_grams":5000}`)
	h.do("PUT", "/v1/skus/cup", `{"weight_grams":100}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"pot","set":0},{"sku":"pot","location":"kiel","delta":5},{"sku":"cup","location":"kiel","delta":5}]}`)
	h.want(200, "PUT", "/v1/routing", `{"rules":["fewest_shipments"]}`)
	body := `{"customer":"ann","lines":[{"sku":"set","quantity":1}],"ship_to":{"country":"DE"}}`
	preview := h.want(200, "POST", "/v1/routing/preview", body)
	placed := h.want(201, "POST", "/v1/orders", body)
	explained := h.want(200, "GET", "/v1/orders/"+placed["id"].(string)+"/routing", "")
	if !reflect.DeepEqual(preview["lines"], placed["lines"]) || !reflect.DeepEqual(preview["route"], explained["route"]) || len(componentsOf(t, placed, 0)) != 2 {
		t.Errorf("preview %v\nplaced %v\nexplained %v", preview, placed, explained)
	}
	if route := explained["route"].(map[string]any); route["shipments"] != jsonNumber("2") || route["candidates"].([]any)[1].(map[string]any)["whole_skus"] != jsonNumber("1") {
		t.Errorf("routed %v", route)
	}
	h.wantProblem(409, codeNotDeliverable, "POST", "/v1/routing/preview", `{"customer":"ann","lines":[{"sku":"set","quantity":2}],"ship_to":{"country":"DE"}}`)
	h.wantProblem(409, codeKitTooLarge, "POST", "/v1/routing/preview", order("ann", "set", 1_000_000_000))
}

// TestKitsInBatches orders kits in both kinds of batches; nobody brings recipes along.
func TestKitsInBatches(t *testing.T) {
	h := openKits(t)
	c := core.Command{Kind: core.CommandPlaceOrder, Mask: core.AllSlots, Customer: []byte("dee"), Lines: []core.Line{{SKU: h.number("set"), Quantity: 1}}}
	brought := c
	brought.Recipes = []core.Recipe{{Kit: h.number("set"), Components: []core.Component{{SKU: h.number("pot"), Quantity: 1}}}}
	for i, a := range h.frames(frameBatch(c, brought, c)) {
		if want := []core.Reason{core.ReasonNone, codec.AnswerMalformed, core.ReasonNone}[i]; a.Reason != want {
			t.Errorf("command %d: %+v", i, a)
		}
	}
	wantLines(t, h.batch([]string{
		`{"op":"place_order","customer":"e","lines":[{"sku":"set","quantity":1}]}`,
		`{"op":"adjust","adjustments":[{"sku":"cup","delta":5}]}`,
		`{"op":"place_order","customer":"e","lines":[{"sku":"set","quantity":1}]}`,
		`{"op":"adjust","adjustments":[{"sku":"set","delta":5}]}`,
		`{"op":"hold","customer":"e","up_to":true,"lines":[{"sku":"set","quantity":1}]}`,
	}), "409 insufficient_stock", "200", "201", "409 sku_is_kit", "409 kit_up_to")
}

// saleItem gives what a sale says of one of its items.
func (h *shop) saleItem(sale string, item int) string {
	h.t.Helper()
	got := h.want(200, "GET", "/v1/sales/"+sale, "")["items"].([]any)[item].(map[string]any)
	return fmt.Sprint(got["held"], " held, ", got["sold"], " sold, ", got["left"], " left, ", got["available"], " available, ", got["beyond_stock"], " beyond")
}

// TestKitsInSales sells a set and its cups in one sale: the set is a unit of the sale, and the cups in it are not.
func TestKitsInSales(t *testing.T) {
	h := openKits(t)
	h.do("PUT", "/v1/skus/set", `{}`)
	h.want(201, "PUT", "/v1/sales/tea", saleOf(`"items":[{"sku":"set","quota":5,"unit_price":{"amount":3900,"currency":"EUR"}},{"sku":"cup","quota":2},{"sku":"pot","quota":0}],"limit_per_customer":3`))
	item := func(i int, want string) {
		t.Helper()
		if got := h.saleItem("tea", i); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	item(0, "0 held, 0 sold, 5 left, 2 available, 3 beyond")
	item(1, "0 held, 0 sold, 2 left, 13 available, 0 beyond")
	hold := h.want(201, "POST", "/v1/holds", `{"customer":"ann","sale":"tea","lines":[{"sku":"set","quantity":1},{"sku":"cup","quantity":2}]}`)["id"].(string)
	item(0, "1 held, 0 sold, 4 left, 0 available, 4 beyond")
	item(1, "2 held, 0 sold, 0 left, 5 available, 0 beyond")

	// No cup is left by itself: sets go on being sold, and the pots in them were never sold alone.
	h.stock("cup", 40)
	limit := h.wantProblem(409, codeSaleLimit, "POST", "/v1/orders", `{"customer":"ann","sale":"tea","lines":[{"sku":"set","quantity":1}]}`)
	if limit["requested"] != jsonNumber("1") || limit["available"] != jsonNumber("0") {
		t.Errorf("limit %v", limit)
	}
	order := h.want(201, "POST", "/v1/orders", `{"customer":"bo","sale":"tea","lines":[{"sku":"set","quantity":1}]}`)["id"].(string)
	quota := h.wantProblem(409, codeSaleQuota, "POST", "/v1/orders", `{"customer":"cy","sale":"tea","lines":[{"sku":"set","quantity":1},{"sku":"cup","quantity":1}]}`)
	wantLine(t, quota, map[string]string{"index": "1", "sku": "cup", "requested": "1", "available": "0"})
	h.wantProblem(409, codeSaleQuota, "POST", "/v1/orders", `{"customer":"cy","sale":"tea","lines":[{"sku":"set","quantity":1},{"sku":"pot","quantity":1}]}`)
	h.wantProblem(409, codeKitUpTo, "POST", "/v1/holds", `{"customer":"cy","sale":"tea","up_to":true,"lines":[{"sku":"set","quantity":1}]}`)
	item(0, "1 held, 1 sold, 3 left, 3 available, 0 beyond")

	h.want(200, "POST", "/v1/holds/"+hold+"/confirm", "")
	item(0, "0 held, 2 sold, 3 left, 3 available, 0 beyond")
	h.want(200, "POST", "/v1/orders/"+hold+"/cancel", "")
	h.want(200, "POST", "/v1/orders/"+order+"/cancel", "")
	h.restart()
	item(0, "0 held, 0 sold, 5 left, 5 available, 0 beyond")
	item(1, "0 held, 0 sold, 2 left, 53 available, 0 beyond")
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		t.Errorf("audit %v", audit)
	}
}

// TestQueueForKits lets in as many as there are kits for, and takes their tickets.
func TestQueueForKits(t *testing.T) {
	h, clock := openQueue(t, 5, "")
	h.do("PUT", "/v1/skus/pair", `{}`)
	h.want(200, "PUT", "/v1/skus/pair/components", `{"components":[{"sku":"phone","quantity":2}]}`)
	h.want(200, "PUT", "/v1/sales/drop", `{"starts_at":"2026-11-27T09:00:00.000Z","ends_at":"2026-11-27T10:00:00.000Z",
		"items":[{"sku":"pair","quota":9}],"queue":{"required":true,"token_seconds":120,"patience_seconds":600}}`)
	clock.Store(saleStart)
	h.wantProblem(409, codeTicketRequired, "POST", "/v1/orders", `{"customer":"dan","sale":"drop","lines":[{"sku":"pair","quantity":1}]}`)
	tickets := []map[string]any{h.take("ann"), h.take("bob"), h.take("cleo")}
	h.letIn()
	body := `{"customer":%q,"sale":"drop","ticket":%q,"lines":[{"sku":"pair","quantity":1}]}`
	for i, customer := range []string{"ann", "bob"} {
		h.want(201, "POST", "/v1/orders", fmt.Sprintf(body, customer, h.look(tickets[i])["entrance"]))
	}
	if third := h.look(tickets[2]); third["entrance"] != nil {
		t.Errorf("let in for the phone that is left: %v", third)
	}
}
