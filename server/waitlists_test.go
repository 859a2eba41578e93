package server

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// openWaitlist opens a shop whose time is what the test says, with a sale of so many phones that has begun.
func openWaitlist(t *testing.T, units int, rules string) (h *shop, clock *atomic.Int64) {
	t.Helper()
	clock = new(atomic.Int64)
	clock.Store(saleStart)
	h = &shop{t: t, dir: t.TempDir(), contract: theContract(t)}
	h.storage.Clock = clock.Load
	h.open()
	t.Cleanup(h.close)
	h.stock("phone", units)
	h.want(201, "PUT", "/v1/sales/drop", fmt.Sprintf(`{"starts_at":"2026-11-27T09:00:00.000Z","ends_at":"2026-11-27T10:00:00.000Z",
		"items":[{"sku":"phone","quota":%d}],"waitlist_capacity":3,"waitlist_hold_seconds":60%s}`, units, rules))
	return h, clock
}

const dropWaitlist = "/v1/sales/drop/waitlist"

// wait takes a place on the waitlist.
func (h *shop) wait(customer string, quantity int) map[string]any {
	h.t.Helper()
	return h.want(201, "POST", dropWaitlist, fmt.Sprintf(`{"customer":%q,"sku":"phone","quantity":%d}`, customer, quantity))
}

// holdPhones holds phones in the sale.
func (h *shop) holdPhones(customer string, quantity int) map[string]any {
	h.t.Helper()
	return h.want(201, "POST", "/v1/holds", fmt.Sprintf(`{"customer":%q,"sale":"drop","ttl_seconds":600,"lines":[{"sku":"phone","quantity":%d}]}`, customer, quantity))
}

// settle has the engine do what it does by itself at its time.
func (h *shop) settle() {
	h.t.Helper()
	for before := h.engine.Sequence() + 1; before != h.engine.Sequence(); {
		before = h.engine.Sequence()
		if _, err := h.engine.ReadLocation(nil, 0); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestWaitlist(t *testing.T) {
	h, clock := openWaitlist(t, 2, `,"limit_per_customer":2`)
	refused := h.wantProblem(409, codeStillForSale, "POST", dropWaitlist, `{"customer":"ann","sku":"phone"}`)
	wantLine(t, refused, map[string]string{"sku": "phone", "requested": "1", "available": "2"})
	h.want(201, "PUT", "/v1/channels/market", `{"visibility":"bands"}`)
	refused = h.wantProblem(409, codeStillForSale, "POST", dropWaitlist, `{"customer":"ann","channel":"market","sku":"phone"}`)
	if line := refused["lines"].([]any)[0].(map[string]any); line["sku"] != "phone" || line["available"] != nil {
		t.Errorf("a channel that is shown bands is told %v", line)
	}
	first, second := h.holdPhones("ann", 1), h.holdPhones("bob", 1)
	cleo, dan, eve := h.wait("cleo", 1), h.wait("dan", 2), h.wait("eve", 1)
	wantFields(t, cleo, `"sale":drop,"sku":phone,"quantity":1,"customer":cleo,"channel":web,"position":1`)
	wantFields(t, dan, `"quantity":2,"position":2`)
	if again := h.want(200, "POST", dropWaitlist, `{"customer":"dan","sku":"phone","quantity":1}`); again["id"] != dan["id"] || again["quantity"] != jsonNumber("2") {
		t.Errorf("dan has another place: %v", again)
	}
	h.wantProblem(409, codeWaitlistFull, "POST", dropWaitlist, `{"customer":"fay","sku":"phone"}`)
	item := h.want(200, "GET", "/v1/sales/drop", "")["items"].([]any)[0].(map[string]any)
	wantFields(t, item, `"held":2,"left":0,"waiting":3,"waited_for":4`)

	page := h.want(200, "GET", dropWaitlist+"?limit=2", "")
	items := page["items"].([]any)
	if len(items) != 2 || items[1].(map[string]any)["id"] != dan["id"] || page["next"] != dan["id"] {
		t.Errorf("the first page is %v", page)
	}
	wantFields(t, page, `"length":3,"units":4`)
	page = h.want(200, "GET", dropWaitlist+"?sku=phone&after="+dan["id"].(string), "")
	if items = page["items"].([]any); len(items) != 1 || items[0].(map[string]any)["customer"] != "eve" || page["next"] != nil {
		t.Errorf("the last page is %v", page)
	}

	messages, stop := h.listen("?after=" + fmt.Sprint(h.engine.Sequence()))
	defer stop()
	h.want(204, "DELETE", "/v1/holds/"+first["id"].(string), "")
	h.settle()
	h.wantProblem(404, codePlaceNotFound, "GET", dropWaitlist+"/"+cleo["id"].(string), "")
	wantFields(t, h.want(200, "GET", dropWaitlist+"/"+eve["id"].(string), ""), `"position":2`)
	got := take(t, messages, 3)
	if want := "hold_released supply_changed waitlist_offered"; types(got) != want {
		t.Fatalf("events %s, want %s", types(got), want)
	}
	offer := got[2].data["order"].(map[string]any)
	wantFields(t, offer, `"customer":cleo,"sale":drop,"status":held`)
	if place := got[2].data["place"].(map[string]any); place["id"] != cleo["id"] || place["position"] != nil || offer["expires_at"] != "2026-11-27T09:01:00.000Z" {
		t.Errorf("offered %v", got[2].data)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", `{"customer":"gus","sale":"drop","lines":[{"sku":"phone","quantity":1}]}`)
	h.want(200, "POST", "/v1/holds/"+offer["id"].(string)+"/confirm", "")

	h.want(204, "DELETE", dropWaitlist+"/"+dan["id"].(string), "")
	h.wantProblem(404, codePlaceNotFound, "DELETE", dropWaitlist+"/"+dan["id"].(string), "")
	h.restart()
	h.want(204, "DELETE", "/v1/holds/"+second["id"].(string), "")
	h.settle()
	gus := h.wait("gus", 1)
	clock.Store(saleStart + 60_000)
	h.settle()
	clock.Store(saleStart + 3_600_000)
	h.settle()
	h.wantProblem(409, codeSaleEnded, "POST", dropWaitlist, `{"customer":"late","sku":"phone"}`)
	h.wantProblem(404, codePlaceNotFound, "GET", dropWaitlist+"/"+gus["id"].(string), "")
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		t.Errorf("audit %v", audit)
	}
}

func TestWaitlistEvents(t *testing.T) {
	h, clock := openWaitlist(t, 1, "")
	begin := h.engine.Sequence()
	h.holdPhones("ann", 1)
	h.wait("bob", 1)
	h.wait("cleo", 1)
	dan := h.wait("dan", 1)
	h.want(204, "DELETE", dropWaitlist+"/"+dan["id"].(string), "")
	clock.Store(saleStart + 600_000) // ann's hold expires, and bob has an offer
	h.settle()
	clock.Store(saleStart + 660_000) // which lapses, and cleo has one
	h.settle()
	h.wait("eve", 1)
	clock.Store(saleStart + 3_600_000)
	h.settle()
	messages, stop := h.listen("?after=" + fmt.Sprint(begin))
	defer stop()
	var told []string
	got := take(t, messages, 18)
	for _, m := range got {
		kind, _ := m.data["type"].(string)
		switch place, _ := m.data["place"].(map[string]any); {
		case kind == "waitlist_left":
			kind += fmt.Sprintf(":%v:%v", place["customer"], m.data["reason"])
		case place != nil:
			kind += fmt.Sprintf(":%v", place["customer"])
		}
		if !strings.HasPrefix(kind, "supply") {
			told = append(told, kind)
		}
	}
	h.checkEvents(got)
	want := []string{
		"hold_placed", "waitlist_joined:bob", "waitlist_joined:cleo", "waitlist_joined:dan", "waitlist_left:dan:<nil>",
		"hold_expired", "waitlist_offered:bob", "hold_expired", "waitlist_offered:cleo",
		"waitlist_joined:eve", "hold_expired", "waitlist_left:eve:sale_ended",
	}
	if strings.Join(told, " ") != strings.Join(want, " ") {
		t.Errorf("told\n%s, want\n%s", told, want)
	}
}

func TestWaitlistFaults(t *testing.T) {
	h, _ := openWaitlist(t, 0, "")
	h.stock("vase", 1)
	h.want(201, "PUT", "/v1/sales/two", saleOf(`"items":[{"sku":"phone","quota":0},{"sku":"vase","quota":0}]`))
	for _, c := range []struct {
		body, code, field string
		status            int
	}{
		{`{"sku":"phone"}`, codeMissingField, "customer", 400},
		{`{"customer":"ann"}`, codeMissingField, "sku", 400},
		{`{"customer":"ann","sku":"phone","quantity":0}`, codeOutOfRange, "quantity", 422},
		{`{"customer":"ann","sku":"phone","quantity":1000000001}`, codeOutOfRange, "quantity", 422},
		{`{"customer":"ann","sku":"phone","ticket":"x"}`, codeUnknownField, "ticket", 400},
		{`{"customer":"ann","sku":"phone","identities":{"customer":"x"}}`, codeUnknownField, "identities.customer", 400},
	} {
		h.wantFault(c.status, c.code, c.field, "POST", dropWaitlist, c.body)
	}
	h.wantProblem(422, codeSKUNotFound, "POST", dropWaitlist, `{"customer":"ann","sku":"none"}`)
	h.wantProblem(404, codeSaleNotFound, "POST", "/v1/sales/none/waitlist", `{"customer":"ann","sku":"phone"}`)
	h.wantProblem(409, codeSKUNotInSale, "POST", dropWaitlist, `{"customer":"ann","sku":"vase"}`)
	h.do("PUT", "/v1/skus/gift", `{}`)
	h.want(200, "PUT", "/v1/skus/gift/components", `{"components":[{"sku":"phone","quantity":1}]}`)
	kit := h.wantProblem(409, codeKitWaitlist, "POST", dropWaitlist, `{"customer":"ann","sku":"gift"}`)
	wantLine(t, kit, map[string]string{"index": "0", "sku": "gift", "requested": "1", "available": "0"})
	h.wantProblem(404, codeSaleNotFound, "GET", "/v1/sales/none/waitlist", "")
	h.wantProblem(404, codeSaleNotFound, "DELETE", "/v1/sales/none/waitlist/0000000000000", "")
	h.wantProblem(404, codePlaceNotFound, "GET", dropWaitlist+"/0000000000000", "")
	h.wantProblem(404, codePlaceNotFound, "DELETE", dropWaitlist+"/nothing", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/sales/two/waitlist", "")
	h.wantProblem(400, codeInvalidQuery, "GET", dropWaitlist+"?sku=vase", "")
	h.wantProblem(400, codeInvalidQuery, "GET", dropWaitlist+"?after=nothing", "")
	for field, value := range map[string]string{"waitlist_capacity": "1000001", "waitlist_hold_seconds": "0"} {
		h.wantFault(422, codeOutOfRange, field, "PUT", "/v1/sales/drop", saleOf(`"items":[{"sku":"phone"}],"`+field+`":`+value))
	}
	place := h.wait("ann", 1)
	h.wantProblem(404, codePlaceNotFound, "GET", "/v1/sales/two/waitlist/"+place["id"].(string), "")
	h.wantProblem(404, codePlaceNotFound, "DELETE", "/v1/sales/two/waitlist/"+place["id"].(string), "")

	// the engine alone serves a waitlist
	entry, _ := h.engine.Sale([]byte("drop"))
	body := codec.AppendBatchHeader(nil, 2)
	for _, kind := range []core.CommandKind{core.CommandServeWaitlist, core.CommandJoinWaitlist} {
		body = codec.AppendCommand(body, &core.Command{
			Kind: kind, Sale: entry.ID, Waiter: 1, Customer: []byte("ann"), Mask: core.AllSlots, Lines: []core.Line{{SKU: h.number("phone"), Quantity: 1}},
		})
	}
	for i, got := range h.frames(body) {
		if got.Status != 400 || got.Reason != codec.AnswerMalformed {
			t.Errorf("frame %d is answered %+v", i, got)
		}
	}
}

// TestWaitlistBeforeQueue: the queue lets nobody in for units that people on the waitlist wait for. As one unit may be held at a time,
// and one is, the other one is nobody's for a while.
func TestWaitlistBeforeQueue(t *testing.T) {
	h, clock := openQueue(t, 2, "")
	h.want(200, "PUT", "/v1/sales/drop", `{"starts_at":"2026-11-27T09:00:00.000Z","ends_at":"2026-11-27T10:00:00.000Z","items":[{"sku":"phone","quota":2,"max_held":1}],
		"waitlist_capacity":5,"waitlist_hold_seconds":60,"queue":{"required":true,"token_seconds":120,"patience_seconds":600}}`)
	clock.Store(saleStart)
	first, second, third := h.take("ann"), h.take("zoe"), h.take("bob")
	h.letIn()
	h.wantProblem(409, codeStillForSale, "POST", dropWaitlist, `{"customer":"cleo","sku":"phone"}`)
	placed := h.want(201, "POST", "/v1/orders", inSale("ann", h.look(first)["entrance"]))
	held := h.want(201, "POST", "/v1/holds", inSale("zoe", h.look(second)["entrance"]))
	h.letIn()
	cleo := h.wait("cleo", 1)
	h.want(200, "POST", "/v1/orders/"+placed["id"].(string)+"/cancel", "")
	h.settle()
	h.letIn()
	if got := h.look(third); got["status"] != "sold_out" {
		t.Errorf("a unit is back for cleo, and bob is told %v", got)
	}
	h.want(200, "GET", dropWaitlist+"/"+cleo["id"].(string), "")
	h.want(200, "POST", "/v1/holds/"+held["id"].(string)+"/confirm", "")
	h.settle()
	h.wantProblem(404, codePlaceNotFound, "GET", dropWaitlist+"/"+cleo["id"].(string), "")
	clock.Store(saleStart + 60_000)
	h.settle()
	h.letIn()
	if got := h.look(third); got["status"] != "admitted" {
		t.Errorf("cleo has let it lapse, and bob is told %v", got)
	}
}

// The id of a place on a waitlist is nobody's order.
func TestPlaceIsNoOrder(t *testing.T) {
	h, _ := openWaitlist(t, 1, "")
	h.holdPhones("ann", 1)
	slot := core.NameSlot([]byte("other"))
	h.stock("other", 1_000_000)
	// Others order until the next sequence is the number of one of their orders.
	for {
		next := core.OrderID(h.engine.Sequence() + 1)
		if next.Home() == slot && !next.Spread() && next.Place() >= 1 {
			break
		}
		h.want(201, "POST", "/v1/orders", `{"customer":"victim","lines":[{"sku":"other","quantity":1}]}`)
	}
	place := h.wait("mallory", 1)
	id := place["id"].(string)
	if got := h.do("GET", "/v1/orders/"+id, ""); got.status != 404 {
		t.Errorf("GET /v1/orders/{id of mallory's place}: %d %s", got.status, got.body)
	}
	if got := h.do("POST", "/v1/orders/"+id+"/cancel", ""); got.status != 404 {
		t.Errorf("POST /v1/orders/{id of mallory's place}/cancel: %d %s", got.status, got.body)
	}
}

// The id of an order is nobody's place on a waitlist.
func TestOrderIsNoPlace(t *testing.T) {
	h, _ := openWaitlist(t, 1, "")
	h.holdPhones("ann", 1)
	h.stock("other", 1_000_000)
	slot := core.NameSlot([]byte("other"))
	for { // so that the number of an order of mallory's will be the sequence of the victim's place
		next := core.OrderID(h.engine.Sequence() + 1)
		if next.Home() == slot && next.Place() == 1 && !next.Spread() {
			break
		}
		h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"other","delta":1}]}`)
	}
	place := h.wait("victim", 1)
	var id string
	for range 2 {
		id = h.want(201, "POST", "/v1/orders", `{"customer":"mallory","lines":[{"sku":"other","quantity":1}]}`)["id"].(string)
	}
	if got := h.do("DELETE", dropWaitlist+"/"+id, ""); got.status != 404 {
		t.Errorf("DELETE the place with the id of mallory's order: %d", got.status)
	}
	h.want(200, "GET", dropWaitlist+"/"+place["id"].(string), "")
}
