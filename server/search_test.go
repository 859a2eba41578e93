package server

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/engine/search"
)

// openIndexed starts a shop whose orders can be found.
func openIndexed(t testing.TB, storage engine.Options) *shop {
	t.Helper()
	h := &shop{t: t, dir: t.TempDir(), storage: storage, contract: theContract(t), indexed: true, options: Options{Log: slog.New(slog.DiscardHandler)}}
	h.open()
	t.Cleanup(func() { h.close() })
	return h
}

// placed places an order, or a hold, and gives its id.
func (h *shop) placed(path, body string) string {
	h.t.Helper()
	return h.want(201, "POST", path, body)["id"].(string)
}

// now is the parameter that waits for all that was answered.
func (h *shop) now() string { return fmt.Sprintf("at_least=%d", h.engine.Sequence()) }

// find lists the ids that a query finds, page by page.
func (h *shop) find(query string) (ids []string) {
	h.t.Helper()
	for after := ""; ; {
		page := h.want(200, "GET", "/v1/orders?"+h.now()+query+after, "")
		for _, item := range page["items"].([]any) {
			ids = append(ids, item.(map[string]any)["id"].(string))
		}
		if page["complete"] != true || page["lag_sequences"] == nil || page["indexed_sequence"] == jsonNumber("0") {
			h.t.Errorf("%s: %v", query, page)
		}
		if page["next"] == nil {
			return ids
		}
		after = "&after=" + page["next"].(string)
	}
}

// desk is a shop with some orders, the newest first.
type desk struct {
	*shop
	ids []string
}

func openDesk(t testing.TB) *desk {
	h := openIndexed(t, engine.Options{})
	h.stock("cup", 100)
	h.stock("tea", 100)
	h.want(201, "PUT", "/v1/locations/hamburg", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"cup","location":"hamburg","delta":9}]}`)
	d := &desk{shop: h}
	for _, o := range []struct{ path, body string }{
		{"/v1/orders", `{"customer":"ann","external_id":"web-1","email":"Ann@Example.com","tags":["gift","rush hour"],"lines":[{"sku":"cup","quantity":1,"unit_price":{"amount":990,"currency":"EUR"}}]}`},
		{"/v1/orders", `{"customer":"bob","channel":"pos","external_id":"web-1","lines":[{"sku":"tea","quantity":2},{"sku":"cup","quantity":1}]}`},
		{"/v1/holds", `{"customer":"ann","email":"ann@example.COM","lines":[{"sku":"tea","quantity":1}]}`},
		{"/v1/orders", `{"customer":"cem","tags":["gift"],"lines":[{"sku":"cup","quantity":107}]}`},
	} {
		time.Sleep(2 * time.Millisecond) // no two at one time
		d.ids = append([]string{d.placed(o.path, o.body)}, d.ids...)
	}
	h.want(200, "POST", "/v1/orders/"+d.ids[2]+"/cancel", "")
	return d
}

func (d *desk) finds(query string, places ...int) {
	d.t.Helper()
	want := []string(nil)
	for _, place := range places {
		want = append(want, d.ids[place])
	}
	for _, limit := range []string{"", "&limit=1", "&limit=2"} {
		if got := d.find(query + limit); !slices.Equal(got, want) {
			d.t.Errorf("%s%s finds %v, should find %v of %v", query, limit, got, want, d.ids)
		}
	}
}

func TestFindOrders(t *testing.T) {
	d := openDesk(t)
	check := func() {
		t.Helper()
		d.finds("", 0, 1, 2, 3)
		d.finds("&customer=ann", 1, 3)
		d.finds("&email=ANN@example.com", 1, 3)
		d.finds("&email=" + url.QueryEscape("eve@example.com"))
		d.finds("&sku=cup", 0, 2, 3)
		d.finds("&sku=cup&customer=ann", 3)
		d.finds("&sku=nothing")
		d.finds("&status=placed", 0, 3)
		d.finds("&status=held", 1)
		d.finds("&status=cancelled&channel=pos", 2)
		d.finds("&channel=web", 0, 1, 3)
		d.finds("&channel=nowhere")
		d.finds("&location=hamburg", 0)
		d.finds("&location=main&status=placed", 0, 3)
		d.finds("&tag=gift", 0, 3)
		d.finds("&tag=rush+hour", 3)
		d.finds("&external_id=web-1&status=cancelled", 2)
		d.finds("&external_id=web-1&customer=ann", 3)
		d.finds("&id="+d.ids[3], 3)
		d.finds("&id=" + d.ids[3] + "&customer=bob")
		d.finds("&id=abc")
	}
	check()
	made := d.want(200, "GET", "/v1/orders/"+d.ids[2], "")["created_at"].(string)
	d.finds("&created_from="+made, 0, 1, 2)
	d.finds("&created_to="+made, 3)
	d.finds("&created_from=2036-01-01T00:00:00Z")
	d.finds("&created_to=2001-01-01T00:00:00Z")
	first := d.want(200, "GET", "/v1/orders?customer=ann&"+d.now(), "")["items"].([]any)[1].(map[string]any)
	if first["email"] != "Ann@Example.com" || !reflect.DeepEqual(first["tags"], []any{"gift", "rush hour"}) {
		t.Errorf("%v", first)
	}
	d.restart()
	check()
	d.want(200, "POST", "/v1/holds/"+d.ids[1]+"/confirm", "")
	d.finds("&status=placed", 0, 1, 3)
	d.finds("&status=held")
	if body := d.do("GET", "/metrics", "").body; !strings.Contains(string(body), "holdfast_search_lag_sequences 0") ||
		!strings.Contains(string(body), "holdfast_search_ready 1") {
		t.Errorf("%s", body)
	}
}

// TestChangedOrderIsLeftOut: what the index has found is shown as it is now, and not at all when it is no longer what was looked for.
func TestChangedOrderIsLeftOut(t *testing.T) {
	d := openDesk(t)
	var ids []core.OrderID
	for _, id := range d.ids {
		number, _ := parseID([]byte(id))
		ids = append(ids, d.engine.OrderFromPublic(number))
	}
	for status, want := range map[core.OrderStatus]int{core.StatusPlaced: 2, core.StatusHeld: 1, core.StatusCancelled: 1, core.StatusExpired: 0} {
		dst, _, err := d.server.appendOrders(nil, new(exchange), ids, []search.Term{search.Status(status)})
		if got := strings.Count(string(dst), `"version"`); err != nil || got != want {
			t.Errorf("%d orders of status %d, should be %d: %v", got, status, want, err)
		}
	}
}

// TestSearchWaits: a search with at_least never answers with less.
func TestSearchWaits(t *testing.T) {
	d := openDesk(t)
	d.want(200, "GET", "/v1/orders?"+d.now(), "")
	d.options.Search.Close() // comes no further
	d.placed("/v1/orders", order("ann", "tea", 1))
	for _, path := range []string{"/v1/orders", "/v1/orders/" + d.ids[0] + "/timeline", "/v1/orders/" + d.ids[0] + "/notes", "/v1/customers/ann"} {
		d.wantProblem(503, codeUnavailable, "GET", path+"?"+d.now(), "")
		if got := d.want(200, "GET", path, ""); got["lag_sequences"] != jsonNumber("1") {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestLookUpStaysAsItWas: by external id, and perhaps channel, no index is asked.
func TestLookUpStaysAsItWas(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	id := h.placed("/v1/orders", `{"customer":"c","external_id":"x-1","lines":[{"sku":"A","quantity":1}]}`)
	for _, query := range []string{"external_id=x-1", "external_id=x-1&channel=web", "external_id=x-1&at_least=1"} {
		got := h.want(200, "GET", "/v1/orders?"+query, "")
		if len(got) != 3 || got["items"].([]any)[0].(map[string]any)["id"] != id || got["next"] != nil {
			t.Errorf("%s: %v", query, got)
		}
	}
	if got := h.want(200, "GET", "/v1/orders?external_id=x-1&channel=pos", ""); len(got["items"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	for _, path := range []string{"/v1/orders", "/v1/orders?customer=c", "/v1/orders/" + id + "/timeline", "/v1/orders/" + id + "/notes", "/v1/customers/c"} {
		h.wantProblem(503, codeSearch, "GET", path, "")
	}
	h.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"kept for later"}`)
}

func TestFindFaults(t *testing.T) {
	d := openDesk(t)
	for query, field := range map[string]string{
		"customr=ann":         "customr",
		"customer=" + "a%20b": "customer",
		"email=nobody":        "email",
		"email=a@b@c":         "email",
		"email=" + "a%20b@c":  "email",
		"email=" + strings.Repeat("a", 260) + "@b": "email",
		"status=shipped":                 "status",
		"sku=":                           "sku",
		"tag=" + strings.Repeat("t", 65): "tag",
		"created_from=yesterday":         "created_from",
		"created_from=2026-01-02T00:00:00Z&created_to=2026-01-01T00:00:00Z": "created_to",
		"limit=501":           "limit",
		"limit=0":             "limit",
		"after=nothing":       "after",
		"after=zzzzzzzzzzzzz": "after",
		"after=" + d.ids[0]:   "after",
		"at_least=-1":         "at_least",
		"id=%20":              "id",
	} {
		got := d.wantProblem(400, codeInvalidQuery, "GET", "/v1/orders?"+query, "")
		if faults := got["errors"].([]any); faults[0].(map[string]any)["field"] != field {
			t.Errorf("%s: %v", query, faults)
		}
	}
	for body, code := range map[string]string{
		`{"customer":"c","email":"nobody","lines":[{"sku":"cup","quantity":1}]}`:              codeInvalidCharacters,
		`{"customer":"c","email":"","lines":[{"sku":"cup","quantity":1}]}`:                    codeInvalidLength,
		`{"customer":"c","tags":["a","a"],"lines":[{"sku":"cup","quantity":1}]}`:              codeOutOfRange,
		`{"customer":"c","tags":[""],"lines":[{"sku":"cup","quantity":1}]}`:                   codeInvalidLength,
		`{"customer":"c","tags":["a\u0000b"],"lines":[{"sku":"cup","quantity":1}]}`:           codeInvalidCharacters,
		`{"customer":"c","tags":[` + manyTags(21) + `],"lines":[{"sku":"cup","quantity":1}]}`: codeInvalidLength,
	} {
		d.wantProblem(422, code, "POST", "/v1/orders", body)
	}
	d.want(201, "POST", "/v1/orders", `{"customer":"c","tags":[`+manyTags(20)+`],"lines":[{"sku":"tea","quantity":1}]}`)
	if err := d.engine.WaitFor(1, time.Second); err != nil {
		t.Fatal(err)
	}
	d.server.options.MaxWait = 10 * time.Millisecond
	d.wantProblem(503, codeNotReached, "GET", fmt.Sprintf("/v1/orders?at_least=%d", d.engine.Sequence()+1), "")
}

func manyTags(n int) string {
	var tags []string
	for i := range n {
		tags = append(tags, fmt.Sprintf(`"tag %d"`, i))
	}
	return strings.Join(tags, ",")
}

// story puts a timeline into words, page by page.
func (h *shop) story(id string, limit int) (words []string, last map[string]any) {
	h.t.Helper()
	for after := ""; ; {
		last = h.want(200, "GET", fmt.Sprintf("/v1/orders/%s/timeline?limit=%d&%s%s", id, limit, h.now(), after), "")
		for _, item := range last["items"].([]any) {
			words = append(words, itemWords(item.(map[string]any)))
		}
		if last["next"] == nil {
			return words, last
		}
		after = "&after=" + last["next"].(string)
	}
}

func itemWords(item map[string]any) string {
	words := fmt.Sprint(item["type"])
	for _, name := range []string{"status", "version", "channel", "actor"} {
		if item[name] != nil {
			words += fmt.Sprintf(" %v", item[name])
		}
	}
	if item["expires_at"] != nil {
		words += " until"
	}
	if moves, ok := item["movements"].([]any); ok {
		for _, move := range moves {
			m := move.(map[string]any)
			words += fmt.Sprintf(", %v %v %v at %v", m["type"], m["quantity"], m["sku"], m["location"])
		}
	}
	for _, name := range []string{"lines", "fills", "reroute", "route", "oversold", "place"} {
		if item[name] != nil {
			words += " +" + name
		}
	}
	if note, ok := item["note"].(map[string]any); ok {
		words += fmt.Sprintf(" %q", note["text"])
	}
	return words
}

func (h *shop) tells(id string, want ...string) {
	h.t.Helper()
	for _, limit := range []int{500, 1, 2} {
		got, page := h.story(id, limit)
		if !slices.Equal(got, want) {
			h.t.Errorf("the timeline in pages of %d is\n%s\nand should be\n%s", limit, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if page["complete"] != true || page["oldest"] != jsonNumber("1") {
			h.t.Errorf("%v", page)
		}
	}
}

func TestTimeline(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("cup", 5)
	h.want(200, "PUT", "/v1/skus/cup", `{"backorder_limit":10}`)
	h.want(201, "PUT", "/v1/locations/hamburg", `{}`)
	h.want(200, "PUT", "/v1/routing", `{"rules":["fewest_shipments"]}`)
	id := h.placed("/v1/holds", `{"customer":"ann","ttl_seconds":600,"lines":[{"sku":"cup","quantity":6,"unit_price":{"amount":990,"currency":"EUR"}}]}`)
	h.want(200, "POST", "/v1/holds/"+id+"/extend", `{"ttl_seconds":900}`)
	h.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"rings\ntwice","actor":"kim"}`)
	h.want(200, "POST", "/v1/holds/"+id+"/confirm", "")
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"cup","location":"hamburg","delta":4}]}`)
	h.until(func() bool { return h.want(200, "GET", "/v1/orders/"+id, "")["version"] == jsonNumber("4") }) // it is filled soon
	h.want(200, "POST", "/v1/orders/"+id+"/reroute", `{"location":"main","reason":"short_pick","actor":"kim","lines":[{"sku":"cup","quantity":2}]}`)
	h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	want := []string{
		"hold_placed held 1 web until, reserve 5 cup at main, reserve 1 cup at <nil> +lines", "order_routed +route",
		"hold_extended held 2 web until, extend 5 cup at main, extend 1 cup at <nil>",
		`note_added kim "rings\ntwice"`,
		"hold_confirmed placed 3 web, allocate 5 cup at main, allocate 1 cup at <nil>",
		"order_filled placed 4 web, allocate 1 cup at hamburg +fills",
		"order_rerouted placed 5 web kim, reallocate 2 cup at main, reallocate 2 cup at hamburg +reroute", "order_routed +route",
		"order_cancelled cancelled 6 web, deallocate 3 cup at main, deallocate 3 cup at hamburg",
	}
	h.tells(id, want...)
	first := h.want(200, "GET", "/v1/orders/"+id+"/timeline?limit=1", "")["items"].([]any)[0].(map[string]any)
	if price := first["lines"].([]any)[0].(map[string]any)["unit_price"].(map[string]any); price["amount"] != jsonNumber("990") {
		t.Errorf("%v", first)
	}
	forced := h.placed("/v1/orders", `{"customer":"bo","channel":"market","stock_policy":"force","lines":[{"sku":"cup","quantity":40}]}`)
	got, _ := h.story(forced, 50)
	if len(got) != 3 || !strings.HasPrefix(got[0], "order_placed placed 1 market, allocate") || !strings.Contains(strings.Join(got, ";"), "order_oversold +oversold") {
		t.Errorf("%q", got)
	}
	h.restart()
	h.tells(id, want...)
	h.wantProblem(404, codeOrderNotFound, "GET", "/v1/orders/nobody/timeline", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/orders/"+id+"/timeline?after=x", "")
}

// TestTimelineOfExpiredHold: what happened before a command, or follows from it, is told too.
func TestTimelineOfExpiredHold(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("cup", 5)
	id := h.placed("/v1/holds", `{"customer":"ann","ttl_seconds":1,"lines":[{"sku":"cup","quantity":2}]}`)
	h.until(func() bool { return h.want(200, "GET", "/v1/orders/"+id, "")["status"] == "expired" })
	h.tells(id, "hold_placed held 1 web until, reserve 2 cup at main +lines", "hold_expired expired 2 web, expire 2 cup at main")
}

// TestTimelineFromWhereItWasCut: what is left of an archived order's story is told, and from where; notes stay.
func TestTimelineFromWhereItWasCut(t *testing.T) {
	clock := int64(1_790_000_000_000)
	storage := engine.Options{CheckpointBytes: -1, CheckpointRate: -1, FeedHistory: 64 << 10, JournalHistory: 64 << 10, Clock: func() int64 { return clock }}
	storage.Journal.MemTableBytes = 256 << 10
	h := openIndexed(t, storage)
	h.stock("cup", 1_000_000)
	id := h.placed("/v1/orders", order("ann", "cup", 2))
	h.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"first","actor":"kim"}`)
	h.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"second"}`)
	h.want(200, "GET", "/v1/orders?"+h.now(), "")
	busy := strings.Repeat(`{"op":"place_order","customer":"`+strings.Repeat("b", 120)+`","lines":[{"sku":"cup","quantity":1}]}`+"\n", 1000)
	for range 8 {
		h.do("POST", "/v1/batch", busy, "Content-Type: application/x-ndjson")
	}
	for range 2 {
		h.want(200, "POST", "/v1/checkpoint", "{}")
		h.do("POST", "/v1/batch", busy, "Content-Type: application/x-ndjson")
	}
	h.want(200, "GET", "/v1/orders?limit=1&"+h.now(), "")
	if err := h.engine.DropReader("holdfast:search"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.engine.Retain(); err != nil {
		t.Fatal(err)
	}
	oldest := h.engine.Feed().Oldest()
	if oldest < 5 {
		t.Fatal("nothing was cut")
	}
	h.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"third"}`)
	h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	want := []string{`note_added kim "first"`, `note_added "second"`, `note_added "third"`, "order_cancelled cancelled 2 web, deallocate 2 cup at main"}
	for _, limit := range []int{50, 1, 2, 3} {
		got, page := h.story(id, limit)
		if !slices.Equal(got, want) || page["complete"] != false || page["oldest"] != jsonNumber(fmt.Sprint(oldest+1)) {
			t.Errorf("%q %v", got, page)
		}
	}
	if got := h.want(200, "GET", "/v1/orders/"+id+"/notes?limit=2", ""); len(got["items"].([]any)) != 2 || got["next"] == nil {
		t.Errorf("%v", got)
	}
}

func TestNotes(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("cup", 5)
	id := h.placed("/v1/orders", order("ann", "cup", 1))
	long := strings.Repeat("ü", 2000)
	first := h.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"rings twice","actor":"kim"}`, "Idempotency-Key: n1")
	if first["order_id"] != id || first["text"] != "rings twice" || first["actor"] != "kim" || first["at"] == nil {
		t.Errorf("%v", first)
	}
	again := h.do("POST", "/v1/orders/"+id+"/notes", `{"text":"rings twice","actor":"kim"}`, "Idempotency-Key: n1")
	if again.header.Get("Idempotent-Replayed") != "true" || !reflect.DeepEqual(again.json(t), first) {
		t.Errorf("%s", again.body)
	}
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/orders/"+id+"/notes", `{"text":"another"}`, "Idempotency-Key: n1")
	h.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"`+long+`"}`)
	for body, code := range map[string]string{
		`{}`:                       codeMissingField,
		`{"text":""}`:              codeInvalidLength,
		`{"text":"` + long + `."}`: codeInvalidLength,
		`{"text":"a\u0000b"}`:      codeInvalidCharacters,
		`{"text":"a","actor":""}`:  codeInvalidLength,
		`{"text":"a","actor":"` + long[:66] + `"}`: codeInvalidLength,
		`{"text":"a","author":"kim"}`:              codeUnknownField,
		`{"text":7}`:                               codeWrongType,
	} {
		if got := h.do("POST", "/v1/orders/"+id+"/notes", body); got.status/100 != 4 || got.json(t)["code"] != code {
			t.Errorf("%s: %s", body, got.body)
		}
	}
	h.wantProblem(404, codeOrderNotFound, "POST", "/v1/orders/0000000000000/notes", `{"text":"a"}`)
	list := h.want(200, "GET", "/v1/orders/"+id+"/notes?"+h.now(), "")["items"].([]any)
	if len(list) != 2 || list[0].(map[string]any)["text"] != "rings twice" || list[1].(map[string]any)["text"] != long || list[1].(map[string]any)["actor"] != nil {
		t.Errorf("%v", list)
	}
	if order := h.want(200, "GET", "/v1/orders/"+id, ""); order["version"] != jsonNumber("1") {
		t.Errorf("%v", order)
	}
	if got := h.want(200, "GET", "/v1/audit", ""); got["ok"] != true {
		t.Errorf("%v", got)
	}
}

func TestCustomer(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("tea", 2)
	h.want(201, "PUT", "/v1/skus/cup", `{"limit_per_customer":5}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"cup","delta":9}]}`)
	h.want(201, "PUT", "/v1/sales/friday", `{"title":"Friday","starts_at":"2026-01-01T00:00:00Z","ends_at":"2036-01-01T00:00:00Z","waitlist_capacity":10,"waitlist_hold_seconds":60,"items":[{"sku":"tea","quota":2}]}`)
	h.placed("/v1/orders", order("eve", "tea", 2))
	order1 := h.placed("/v1/orders", order("ann", "cup", 2))
	hold := h.placed("/v1/holds", order("ann", "cup", 1))
	cancelled := h.placed("/v1/orders", order("ann", "cup", 1))
	h.want(200, "POST", "/v1/orders/"+cancelled+"/cancel", "")
	place := h.want(201, "POST", "/v1/sales/friday/waitlist", `{"customer":"ann","sku":"tea","quantity":1}`)["id"]
	check := func() {
		t.Helper()
		got := h.want(200, "GET", "/v1/customers/ann?"+h.now(), "")
		ids := func(name string) (list []any) {
			for _, item := range got[name].([]any) {
				list = append(list, item.(map[string]any)["id"])
			}
			return list
		}
		if !reflect.DeepEqual(ids("orders"), []any{cancelled, hold, order1}) || !reflect.DeepEqual(ids("holds"), []any{hold}) ||
			!reflect.DeepEqual(ids("waitlists"), []any{place}) || got["next"] != nil || got["customer"] != "ann" {
			t.Errorf("%v", got)
		}
		if want := []any{map[string]any{"sku": "cup", "limit": jsonNumber("5"), "used": jsonNumber("3")}}; !reflect.DeepEqual(got["limits"], want) {
			t.Errorf("%v", got["limits"])
		}
	}
	check()
	h.restart()
	check()
	page := h.want(200, "GET", "/v1/customers/ann?limit=2", "")
	rest := h.want(200, "GET", "/v1/orders?customer=ann&after="+page["next"].(string), "")["items"].([]any)
	if len(page["orders"].([]any)) != 2 || len(rest) != 1 || rest[0].(map[string]any)["id"] != order1 {
		t.Errorf("%v %v", page, rest)
	}
	h.options.Search.Close() // it comes no further, and what it has is asked for once more
	if got := h.do("DELETE", fmt.Sprintf("/v1/sales/friday/waitlist/%v", place), ""); got.status != 204 {
		t.Fatalf("%s", got.body)
	}
	if got := h.want(200, "GET", "/v1/customers/ann", ""); len(got["waitlists"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	h.wantProblem(404, codeCustomerNotFound, "GET", "/v1/customers/nobody", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/customers/ann?limit=0", "")
}

// TestReplicaFinds: a replica keeps an index of its own, which is what its primary's is; it takes no notes.
func TestReplicaFinds(t *testing.T) {
	storage := engine.Options{CheckpointBytes: -1}
	storage.Journal.Identity = cell
	p := openIndexed(t, storage)
	p.stock("cup", 9)
	id := p.placed("/v1/orders", `{"customer":"ann","tags":["gift"],"lines":[{"sku":"cup","quantity":1}]}`)
	p.want(201, "POST", "/v1/orders/"+id+"/notes", `{"text":"rings twice"}`)
	r := openReplica(t, p)
	for _, path := range []string{"/v1/orders?tag=gift", "/v1/orders/" + id + "/timeline", "/v1/orders/" + id + "/notes", "/v1/customers/ann"} {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		path += join + p.now()
		if a, b := p.do("GET", path, ""), r.do("GET", path, ""); a.status != 200 || string(a.body) != string(b.body) {
			t.Errorf("%s: %s\n%s", path, a.body, b.body)
		}
	}
	r.wantProblem(421, codeNotPrimary, "POST", "/v1/orders/"+id+"/notes", `{"text":"no"}`)
	link := p.want(200, "POST", "/v1/orders/"+id+"/status-link", "")
	r.want(200, "GET", link["path"].(string), "")
}

func openReplica(t testing.TB, p *shop) *shop {
	t.Helper()
	r := openCell(t, p.base)
	r.close()
	r.indexed = true
	r.open()
	r.catchUp(p)
	return r
}

func TestStatusLink(t *testing.T) {
	var clock atomic.Int64 // the engine looks at it by itself, too
	clock.Store(1_790_000_000_000)
	h := openIndexed(t, engine.Options{Clock: clock.Load})
	h.want(201, "PUT", "/v1/skus/pot", `{"title":"Tea pot","backorder_limit":5}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"pot","delta":1}]}`)
	id := h.placed("/v1/orders", `{"customer":"ann","external_id":"web-1","email":"ann@example.com","lines":[{"sku":"pot","quantity":3}],"ship_to":{"name":"Ann","city":"Ulm","country":"DE"}}`)
	link := h.want(200, "POST", "/v1/orders/"+id+"/status-link", `{"expires_in_seconds":60}`)
	path := link["path"].(string)
	got := h.do("GET", path, "")
	want := `{"status":"placed","created_at":"2026-09-21T14:13:20.000Z","lines":[{"sku":"pot","title":"Tea pot","quantity":3,"backordered":2}],"link_expires_at":"2026-09-21T14:14:20.000Z"}`
	if got.status != 200 || string(got.body) != want {
		t.Errorf("%s\nwant\n%s", got.body, want)
	}
	token := link["token"].(string)
	forged := []byte(token)
	for i := range forged {
		was := forged[i]
		if forged[i] = 'A'; was == 'A' {
			forged[i] = 'B'
		}
		h.wantProblem(403, codeLinkInvalid, "GET", "/v1/status/"+string(forged), "")
		forged[i] = was
	}
	for _, text := range []string{"x", token + "A", token[1:], id} {
		h.wantProblem(403, codeLinkInvalid, "GET", "/v1/status/"+text, "")
	}
	h.restart()
	h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	if got := h.want(200, "GET", path, ""); got["status"] != "cancelled" {
		t.Errorf("%v", got)
	}
	clock.Add(60_000)
	h.wantProblem(410, codeLinkExpired, "GET", path, "")
	if got := h.want(200, "POST", "/v1/orders/"+id+"/status-link", ""); got["expires_at"] != "2026-10-21T14:14:20.000Z" {
		t.Errorf("%v", got)
	}
	for body, code := range map[string]string{
		`{"expires_in_seconds":0}`: codeOutOfRange, `{"expires_in_seconds":31622401}`: codeOutOfRange, `{"expires":1}`: codeUnknownField,
	} {
		if got := h.do("POST", "/v1/orders/"+id+"/status-link", body); got.json(t)["code"] != code {
			t.Errorf("%s: %s", body, got.body)
		}
	}
	h.wantProblem(404, codeOrderNotFound, "POST", "/v1/orders/0000000000000/status-link", "")
	other := openIndexed(t, engine.Options{Clock: func() int64 { return clock.Load() - 60_000 }})
	other.wantProblem(403, codeLinkInvalid, "GET", path, "") // another shop has another key
}

// TestBuyerSeesParcels: a link tells what has left and where it is, and not where it came from.
func TestBuyerSeesParcels(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.want(201, "PUT", "/v1/skus/pot", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"pot","delta":5}]}`)
	order := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"ann","lines":[{"sku":"pot","quantity":4}]}`)
	h.want(200, "POST", order+"/cancel", `{"lines":[{"line":0,"quantity":1}]}`)
	h.want(201, "POST", order+"/shipments", `{"lines":[{"sku":"pot","quantity":2}],"carrier":"DHL","tracking_number":"T1","parcels":[{"tracking_number":"T2"},{"weight_grams":3}]}`)
	h.want(200, "POST", order+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	h.want(201, "POST", order+"/shipments", "")
	link := h.want(200, "POST", order+"/status-link", "")
	got := h.want(200, "GET", link["path"].(string), "")
	for _, name := range []string{"created_at", "link_expires_at"} {
		delete(got, name)
	}
	for _, shipment := range got["shipments"].([]any) {
		delete(shipment.(map[string]any), "shipped_at")
	}
	text, _ := json.Marshal(got)
	want := `{"fulfillment_status":"fulfilled","lines":[{"backordered":0,"cancelled":1,"quantity":4,"sku":"pot"}],"shipments":[` +
		`{"carrier":"DHL","lines":[{"quantity":2,"sku":"pot"}],"status":"delivered","tracked_at":"2026-11-27T12:00:00.000Z","tracking_numbers":["T1","T2"]},` +
		`{"lines":[{"quantity":1,"sku":"pot"}],"status":"shipped"}],"status":"placed"}`
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

// TestBuyerSeesKits: a kit is one line, and waits as long as one of its components does.
func TestBuyerSeesKits(t *testing.T) {
	o := &core.OrderImage{Lines: []core.LineImage{
		{Quantity: 3, Role: core.LineOfKits}, {Quantity: 6, Backordered: 3, Role: core.LineOfComponent}, {Quantity: 3, Role: core.LineOfComponent},
		{Quantity: 4, Backordered: 1},
	}}
	if kits, line := waitingOf(o, 0), waitingOf(o, 3); kits != 2 || line != 1 {
		t.Errorf("%d and %d", kits, line)
	}
}

// TestIndexedArchive: archived orders are found, told and noted like others.
func TestIndexedArchive(t *testing.T) {
	var clock atomic.Int64 // the engine looks at it by itself, too
	clock.Store(1_790_000_000_000)
	h := openIndexed(t, engine.Options{Clock: clock.Load, ArchiveAfter: time.Hour})
	h.stock("cup", 1_000_000)
	var ids []string
	for range core.PageOrders + 5 {
		ids = append(ids, h.placed("/v1/orders", order("ann", "cup", 1)))
		h.want(200, "POST", "/v1/orders/"+ids[len(ids)-1]+"/cancel", "")
	}
	clock.Add(2 * time.Hour.Milliseconds())
	h.placed("/v1/orders", order("bob", "cup", 1))
	number, _ := parseID([]byte(ids[0]))
	h.until(func() bool { return h.engine.IsArchived(h.engine.OrderFromPublic(number)) })
	h.want(201, "POST", "/v1/orders/"+ids[0]+"/notes", `{"text":"asked again"}`)
	h.tells(ids[0], "order_placed placed 1 web, allocate 1 cup at main +lines", "order_cancelled cancelled 2 web, deallocate 1 cup at main", `note_added "asked again"`)
	slices.Reverse(ids)
	if got := h.find("&customer=ann&status=cancelled&limit=500"); !slices.Equal(got, ids) {
		t.Errorf("%d orders are found of %d", len(got), len(ids))
	}
	link := h.want(200, "POST", "/v1/orders/"+ids[0]+"/status-link", "")
	h.want(200, "GET", link["path"].(string), "")
}
