package server

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
)

const fullOrder = `{"customer":"c1","channel":"store-7","external_id":"web-10001",` +
	`"lines":[{"sku":"A","quantity":2,"unit_price":{"amount":1999,"currency":"EUR"}},{"sku":"B","quantity":1},{"sku":"A","quantity":1}],` +
	`"ship_to":{"name":"Ada","address":["1 Way"],"city":"X","postal_code":"1","country":"DE","latitude":53.5,"longitude":10.0}}`

func TestOrderLife(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.stock("B", 10)
	placed := h.do("POST", "/v1/orders", fullOrder)
	fields := placed.json(t)
	id := fields["id"].(string)
	if placed.status != 201 || placed.header.Get("ETag") != `"1"` || len(id) != idLength {
		t.Fatalf("placed: %d %v %s", placed.status, placed.header, placed.body)
	}
	for _, part := range []string{
		`"status":"placed","version":1`, `"external_id":"web-10001"`, `"channel":"store-7"`, `"customer":"c1"`,
		`{"sku":"A","quantity":2,"unit_price":{"amount":1999,"currency":"EUR"},"allocations":[{"location":"main","quantity":2}]}`,
		`{"sku":"B","quantity":1,"allocations":[{"location":"main","quantity":1}]}`,
		`"ship_to":{"name":"Ada","address":["1 Way"],"city":"X","postal_code":"1","country":"DE","latitude":53.5,"longitude":10.0}`,
	} {
		if !strings.Contains(string(placed.body), part) {
			t.Errorf("answer has no %s: %s", part, placed.body)
		}
	}
	if read := h.do("GET", "/v1/orders/"+id, ""); read.status != 200 || string(read.body) != string(placed.body) {
		t.Errorf("read %s\nplaced %s", read.body, placed.body)
	}
	if got := h.available("A"); got != "7" {
		t.Errorf("available %s after an order of 3 of 10", got)
	}

	h.wantProblem(412, codeVersionConflict, "POST", "/v1/orders/"+id+"/cancel", "", `If-Match: "2"`)
	h.wantProblem(412, codeVersionConflict, "POST", "/v1/orders/"+id+"/cancel", "", `If-Match: W/"1"`)
	h.wantProblem(412, codeVersionConflict, "POST", "/v1/orders/"+id+"/cancel", "", `If-Match: "x"`)
	h.wantProblem(400, codeInvalidHeader, "POST", "/v1/orders/"+id+"/cancel", "", `If-Match: 1`)
	cancelled := h.do("POST", "/v1/orders/"+id+"/cancel", "{}", `If-Match: "1"`)
	if cancelled.status != 200 || cancelled.json(t)["status"] != "cancelled" || cancelled.header.Get("ETag") != `"2"` {
		t.Errorf("cancelled: %d %v %s", cancelled.status, cancelled.header, cancelled.body)
	}
	if read := h.do("GET", "/v1/orders/"+id, ""); read.header.Get("ETag") != `"2"` || string(read.body) != string(cancelled.body) {
		t.Errorf("read after the cancellation: %v %s", read.header, read.body)
	}
	if fields := h.want(200, "POST", "/v1/orders/"+id+"/cancel", ""); fields["status"] != "cancelled" {
		t.Errorf("cancelled again: %v", fields)
	}
	if got := h.available("A"); got != "10" {
		t.Errorf("available %s after the cancellation", got)
	}
}

// available is what may be sold of a SKU.
func (h *shop) available(sku string) string {
	h.t.Helper()
	return string(h.want(200, "GET", "/v1/skus/"+sku+"/availability", "")["available"].(jsonNumber))
}

func TestOrderRefusals(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 3)
	h.want(201, "PUT", "/v1/skus/L", `{"backorder_limit":null,"limit_per_customer":2}`)
	first := h.want(201, "POST", "/v1/orders", `{"customer":"c","external_id":"x1","lines":[{"sku":"A","quantity":1}]}`)

	fields := h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders",
		`{"customer":"c","lines":[{"sku":"L","quantity":1},{"sku":"A","quantity":2},{"sku":"A","quantity":1}]}`)
	wantLine(t, fields, map[string]string{"index": "1", "sku": "A", "requested": "3", "available": "2"})
	fields = h.wantProblem(409, codeLimitPerCustomer, "POST", "/v1/orders", order("c", "L", 3))
	wantLine(t, fields, map[string]string{"index": "0", "sku": "L", "requested": "3", "available": "2"})
	fields = h.wantProblem(409, codeDuplicateExternalID, "POST", "/v1/orders",
		`{"customer":"c","external_id":"x1","lines":[{"sku":"A","quantity":1}]}`)
	if fields["order_id"] != first["id"] {
		t.Errorf("order_id %v, want %v", fields["order_id"], first["id"])
	}
	fields = h.wantProblem(422, codeSKUNotFound, "POST", "/v1/orders",
		`{"customer":"c","lines":[{"sku":"A","quantity":1},{"sku":"nope","quantity":1}]}`)
	wantLine(t, fields, map[string]string{"index": "1", "sku": "nope"})
	if got := h.want(201, "POST", "/v1/orders", order("c", "L", 2))["lines"].([]any)[0].(map[string]any)["backordered"]; got != jsonNumber("2") {
		t.Errorf("backordered %v, want 2", got)
	}
	// The sold-out path of admission tells the same as the machine.
	h.want(201, "POST", "/v1/orders", order("d", "A", 2))
	fields = h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("e", "A", 1))
	wantLine(t, fields, map[string]string{"index": "0", "sku": "A", "requested": "1", "available": "0"})
}

// wantLine checks the only entry of a problem's lines.
func wantLine(t *testing.T, problem map[string]any, want map[string]string) {
	t.Helper()
	lines, _ := problem["lines"].([]any)
	if len(lines) != 1 {
		t.Fatalf("lines %v, want one", problem["lines"])
	}
	line := lines[0].(map[string]any)
	for name, value := range want {
		text, ok := line[name].(string)
		if number, isNumber := line[name].(jsonNumber); isNumber {
			text, ok = string(number), true
		}
		if !ok || text != value {
			t.Errorf("%s of the line is %v, want %s", name, line[name], value)
		}
	}
}

func TestUnknownOrders(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 3)
	id := h.want(201, "POST", "/v1/orders", order("c", "A", 1))["id"].(string)
	for _, wrong := range []string{"0", "0000000000000", strings.ToUpper(id), id + "0", id[:12], "z" + id[1:], "u" + id[1:], id[:12] + "-", "%00", "ä"} {
		if wrong == id {
			continue // no letter in it
		}
		h.wantProblem(404, codeOrderNotFound, "GET", "/v1/orders/"+wrong, "")
		h.wantProblem(404, codeOrderNotFound, "POST", "/v1/orders/"+wrong+"/cancel", "")
		h.wantProblem(404, codeHoldNotFound, "GET", "/v1/holds/"+wrong, "")
		h.wantProblem(404, codeHoldNotFound, "DELETE", "/v1/holds/"+wrong, "")
		h.wantProblem(404, codeHoldNotFound, "POST", "/v1/holds/"+wrong+"/confirm", "")
	}
	h.wantProblem(404, codeHoldNotFound, "GET", "/v1/holds/"+id, "")
}

func TestChannelsAreMade(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	body := `{"customer":"c","channel":"app","lines":[{"sku":"A","quantity":1}]}`
	for range 2 {
		if got := h.want(201, "POST", "/v1/orders", body)["channel"]; got != "app" {
			t.Errorf("channel %v", got)
		}
	}
	if got := h.want(201, "POST", "/v1/orders", order("c", "A", 1))["channel"]; got != "web" {
		t.Errorf("channel %v without one", got)
	}
	if got := h.engine.Channels(); got != 2 {
		t.Errorf("%d channels, want 2", got)
	}
	// A request that names no SKU makes no channel.
	h.wantProblem(422, codeSKUNotFound, "POST", "/v1/orders", `{"customer":"c","channel":"other","lines":[{"sku":"no","quantity":1}]}`)
	if got := h.engine.Channels(); got != 2 {
		t.Errorf("%d channels, want 2", got)
	}
}

// TestRefusedRequestsMakeNoChannel: whatever is refused leaves no channel behind, and those that come into being by being named leave room for
// those that the merchant defines.
func TestRefusedRequestsMakeNoChannel(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 3)
	h.want(201, "PUT", "/v1/sales/drop", `{"starts_at":"2020-01-01T00:00:00Z","ends_at":"2100-01-01T00:00:00Z","items":[{"sku":"A","quota":1}],"waitlist_capacity":9}`)
	h.want(201, "PUT", "/v1/sales/line", `{"starts_at":"2020-01-01T00:00:00Z","ends_at":"2100-01-01T00:00:00Z","items":[{"sku":"A","quota":1}],
		"queue":{"required":true}}`)
	body := func(channel, sku, rest string) string {
		return `{"customer":"c","channel":"` + channel + `"` + rest + `,"lines":[{"sku":"` + sku + `","quantity":9}]}`
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", body("n1", "A", ""))
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/holds", body("n2", "A", ""))
	h.wantProblem(409, codeSaleQuota, "POST", "/v1/orders", body("n3", "A", `,"sale":"drop"`))
	h.wantProblem(409, codeTicketRequired, "POST", "/v1/orders", body("n4", "A", `,"sale":"line"`))
	h.wantProblem(400, codeInvalidIdempotencyKey, "POST", "/v1/orders", strings.Replace(body("n5", "A", ""), "9}", "1}", 1), "Idempotency-Key: a b")
	h.want(201, "POST", "/v1/orders", order("c", "A", 1), "Idempotency-Key: k")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/orders", strings.Replace(body("n6", "A", ""), "9}", "1}", 1), "Idempotency-Key: k")
	h.wantProblem(422, codeChannelNotFound, "POST", "/v1/sales/drop/waitlist", `{"customer":"c","channel":"n7","sku":"A"}`)
	got := h.want(422, "PUT", "/v1/locations/l", `{"shipping":{"channels":["web","n8"]}}`)
	if detail := got["detail"]; got["code"] != codeChannelNotFound || detail != `shipping.channels: there is no channel "n8"` {
		t.Errorf("%v", got)
	}
	h.wantProblem(404, codeLocationNotFound, "GET", "/v1/locations/l", "")

	line := func(channel, n string) string {
		return `{"op":"place_order","customer":"c","channel":"` + channel + `","lines":[{"sku":"A","quantity":` + n + `}]}`
	}
	lines := h.batch([]string{line("n9", "9"), line("app", "1"), line("n10", "9"), line("app", "1"), line("app", "1")})
	wantLines(t, lines, "409 insufficient_stock", "201", "409 insufficient_stock", "201", "409 insufficient_stock")
	if strings.Join(h.channels(), " ") != "web app" {
		t.Errorf("channels %v", h.channels())
	}
	tooMany := strings.Repeat(line("n11", "1")+"\n\n", maxBatchCommands+1)
	if got := h.do("POST", "/v1/batch", tooMany, ndjson); got.status != 413 {
		t.Errorf("%d %s", got.status, got.body)
	}
	for h.engine.Channels() < engine.MaxNamedChannels {
		if _, err := h.engine.EnsureChannel([]byte("named-" + strconv.Itoa(h.engine.Channels()))); err != nil {
			t.Fatal(err)
		}
	}
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","delta":5}]}`)
	got = h.want(409, "POST", "/v1/orders", strings.Replace(body("n12", "A", ""), "9}", "1}", 1))
	wantFields(t, got, `"code":table_full`)
	wantLines(t, h.batch([]string{line("n13", "1"), line("app", "1")}), "409 table_full line 1", "201")
	h.want(201, "PUT", "/v1/channels/n12", `{}`)
	h.want(201, "POST", "/v1/orders", strings.Replace(body("n12", "A", ""), "9}", "1}", 1))
	if got := h.engine.Channels(); got != engine.MaxNamedChannels+1 {
		t.Errorf("%d channels", got)
	}
}

// channels are the names of all of them.
func (h *shop) channels() (names []string) {
	for i := range h.engine.Channels() {
		names = append(names, h.engine.ChannelName(core.ChannelID(i)))
	}
	return names
}

// TestFindOrder finds an order by its external id, in its own channel only, and in the archive like before.
func TestFindOrder(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.stock("B", 10)
	placed := h.do("POST", "/v1/orders", fullOrder).json(t)
	found := func(query string) []any {
		t.Helper()
		return h.want(200, "GET", "/v1/orders?"+query, "")["items"].([]any)
	}
	items := found("channel=store-7&external_id=web-10001")
	if len(items) != 1 {
		t.Fatalf("found %v", items)
	}
	delete(placed, "sequence")
	if !reflect.DeepEqual(items[0], any(placed)) {
		t.Errorf("found %v\nplaced %v", items[0], placed)
	}
	for _, query := range []string{"external_id=web-10001", "channel=nowhere&external_id=web-10001", "channel=store-7&external_id=web-10002"} {
		if items := found(query); len(items) != 0 {
			t.Errorf("%s: found %v", query, items)
		}
	}
	for _, query := range []string{"?external_id=", "?external_id=a/b", "?external_id=a&external_id=b", "?external_id=a&at_least=x"} {
		h.wantProblem(400, codeInvalidQuery, "GET", "/v1/orders"+query, "")
	}
}
