package server

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// openPicking starts a shop with orders of one tea each, the oldest first.
func openPicking(t *testing.T, orders int) (h *shop, ids []string) {
	t.Helper()
	h = openIndexed(t, engine.Options{})
	h.stock("tea", orders+10)
	h.want(200, "PUT", "/v1/skus/tea", `{"title":"Green tea"}`)
	for i := range orders {
		ids = append(ids, h.tea(i))
	}
	h.want(200, "GET", "/v1/orders?"+h.now(), "")
	return h, ids
}

// tea places another order.
func (h *shop) tea(customer int) string {
	h.t.Helper()
	time.Sleep(2 * time.Millisecond) // no two at one time
	return h.placed("/v1/orders", fmt.Sprintf(`{"customer":"c%d","lines":[{"sku":"tea","quantity":1}]}`, customer))
}

// pick asks for a pick list.
func (h *shop) pick(key, body string, headers ...string) answer {
	h.t.Helper()
	return h.do("POST", "/v1/picklists", body, append(headers, "Idempotency-Key: "+key)...)
}

// pickAgain asks for a pick list again, and wants the first answer.
func (h *shop) pickAgain(first answer, key, body string, headers ...string) {
	h.t.Helper()
	again := h.pick(key, body, headers...)
	if again.status != 200 || !bytes.Equal(again.body, first.body) {
		h.t.Errorf("%s: again %d %s\nfirst %s", key, again.status, again.body, first.body)
	}
	if again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		h.t.Errorf("%s: again %v, first %v", key, again.header, first.header)
	}
}

// picked is which orders are on a pick list.
func (a answer) picked(t testing.TB) (ids []string) {
	t.Helper()
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, item := range a.json(t)["items"].([]any) {
		for _, order := range item.(map[string]any)["orders"].([]any) {
			ids = append(ids, order.(map[string]any)["order_id"].(string))
		}
	}
	return ids
}

// TestPickListKey: a request that comes again gets its list again, whatever became of the orders, also after a restart.
func TestPickListKey(t *testing.T) {
	const body, paper = `{"limit":2,"actor":"lee"}`, "Accept: application/pdf"
	h, ids := openPicking(t, 5)
	first := h.pick("cart-1", body)
	if got := first.picked(t); !slices.Equal(got, ids[:2]) || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("%v of %v, %v", got, ids, first.header)
	}
	printed := h.pick("cart-2", `{"limit":1}`, paper)
	h.want(201, "POST", "/v1/orders/"+ids[0]+"/shipments", "")
	h.want(200, "POST", "/v1/orders/"+ids[1]+"/fulfillments/1", `{"action":"stop"}`)
	check := func() {
		t.Helper()
		h.pickAgain(first, "cart-1", body)
		h.pickAgain(first, "cart-1", `{"actor":"lee", "location":"main", "limit":2}`)
		h.pickAgain(printed, "cart-2", `{"limit":1}`, paper)
		if again := h.pick("cart-2", `{"limit":1}`); !slices.Equal(again.picked(t), ids[2:3]) {
			t.Errorf("the one on paper: %s", again.body)
		}
	}
	check()
	h.restart()
	check()
	if next := h.pick("cart-3", body); !slices.Equal(next.picked(t), []string{ids[1], ids[3]}) {
		t.Errorf("the next ones: %s", next.body)
	}
	h.want(200, "PUT", "/v1/skus/tea", `{"title":"Tea"}`)
	want := strings.ReplaceAll(string(first.body), "Green tea", "Tea") // the one thing that is not of then
	if again := h.pick("cart-1", body); string(again.body) != want || want == string(first.body) {
		t.Errorf("with another title: %s", again.body)
	}
}

// TestPickListKeyOfAnother: a key is for one request, whatever is different.
func TestPickListKeyOfAnother(t *testing.T) {
	h, ids := openPicking(t, 5)
	h.want(201, "PUT", "/v1/locations/hamburg", `{}`)
	h.pick("k", `{"limit":2,"actor":"lee"}`).picked(t)
	for _, body := range []string{
		`{"limit":1,"actor":"lee"}`, `{"limit":3,"actor":"lee"}`, `{"actor":"lee"}`, `{"limit":2}`, `{"limit":2,"actor":"kim"}`, `{"limit":2,"actor":"lee","note":"cart"}`,
		`{"limit":2,"actor":"lee","location":"hamburg"}`, `{"limit":2,"actor":"lee","orders":["` + ids[0] + `","` + ids[1] + `"]}`, `{}`,
	} {
		h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/picklists", body, "Idempotency-Key: k")
	}
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/orders", order("c", "tea", 1), "Idempotency-Key: k")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/orders/"+ids[0]+"/fulfillments/1", `{"action":"start","actor":"lee"}`, "Idempotency-Key: k")
	h.want(201, "POST", "/v1/orders", order("c", "tea", 1), "Idempotency-Key: placed")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/picklists", `{}`, "Idempotency-Key: placed")
	h.want(200, "POST", "/v1/orders/"+ids[4]+"/fulfillments/1", `{"action":"start"}`, "Idempotency-Key: started")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/picklists", `{}`, "Idempotency-Key: started")
	h.wantProblem(400, codeInvalidIdempotencyKey, "POST", "/v1/picklists", `{}`, "Idempotency-Key: a b")
	if left := h.pick("l", `{"orders":["`+strings.Join(ids, `","`)+`"]}`).picked(t); !slices.Equal(left, ids[2:4]) {
		t.Errorf("left: %v of %v", left, ids)
	}
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/picklists", `{"orders":["`+ids[2]+`"]}`, "Idempotency-Key: l")
}

// TestPickListKeyOfNothing: a list that began nothing is not remembered, and what is in progress is on another list.
func TestPickListKeyOfNothing(t *testing.T) {
	h, ids := openPicking(t, 2)
	begun := h.pick("first", `{}`)
	named := `{"orders":["` + ids[0] + `"]}`
	for range 2 {
		for _, body := range []string{`{}`, named} {
			if none := h.pick("early", body); none.picked(t) != nil || none.header.Get("Idempotent-Replayed") != "" || none.json(t)["sequence"] == jsonNumber("0") {
				t.Errorf("%v %s", none.header, none.body)
			}
		}
	}
	later := h.tea(9)
	h.want(200, "GET", "/v1/orders?"+h.now(), "")
	list := h.pick("early", `{}`)
	if got := list.picked(t); !slices.Equal(got, []string{later}) {
		t.Errorf("later: %v", got)
	}
	h.pickAgain(list, "early", `{}`)
	h.pickAgain(begun, "first", `{}`)
	if got := pickWords(h.want(200, "POST", "/v1/picklists", named)); got != "1 tea for "+ids[0]+"/1×1; " {
		t.Errorf("without a key: %s", got)
	}
}

// TestPickListKeyGaps: of a list whose commands came to nothing here and there the others are told again.
func TestPickListKeyGaps(t *testing.T) {
	h, ids := openPicking(t, 4)
	request := pickRequest{limit: 3}
	request.setKey([]byte("gaps"))
	asked := core.Command{Actor: []byte("lee"), Life: &core.LifeRequest{}}
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	for place, id := range ids[:3] {
		number, _ := parseID([]byte(id))
		of := 2 // there is none
		if place == 1 {
			of = 1
		}
		r.Add(request.start(&asked, place, 0, h.engine.OrderFromPublic(number), of))
	}
	if err := h.engine.Submit(r); err != nil {
		t.Fatal(err)
	}
	list := h.pick("gaps", `{"limit":3,"actor":"lee"}`)
	if got := list.picked(t); !slices.Equal(got, ids[1:2]) {
		t.Errorf("%v, should be %v", got, ids[1])
	}
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", "/v1/picklists", `{"limit":1,"actor":"lee"}`, "Idempotency-Key: gaps")
	// The header's own key is free, as its command came to nothing. Who uses it for something else does not take the list away.
	h.want(201, "POST", "/v1/orders", order("c", "tea", 1), "Idempotency-Key: gaps")
	h.restart()
	h.pickAgain(list, "gaps", `{"limit":3,"actor":"lee"}`)
}

// TestPickListKeyUnderWay: while the first request with a key is carried out, the others are told so, and begin nothing.
func TestPickListKeyUnderWay(t *testing.T) {
	h, ids := openPicking(t, 1)
	key := keyOf([]byte("slow"))
	if !h.server.picking.begin(key) {
		t.Fatal("the key is taken")
	}
	h.wantProblem(409, codeIdempotencyInProgress, "POST", "/v1/picklists", `{}`, "Idempotency-Key: slow")
	h.server.picking.end(key)
	if got := h.pick("slow", `{}`).picked(t); !slices.Equal(got, ids) {
		t.Errorf("%v, should be %v", got, ids)
	}
	// Nor is one that is begun told as far as it has come.
	h.server.picking.begin(key)
	h.wantProblem(409, codeIdempotencyInProgress, "POST", "/v1/picklists", `{}`, "Idempotency-Key: slow")
	h.server.picking.end(key)
}

// TestPickListKeysAtOnce: people with carts, who ask again at once, each with one key, begin every fulfilment order once.
func TestPickListKeysAtOnce(t *testing.T) {
	const carts, asks = 8, 4
	h, ids := openPicking(t, 40)
	var wait sync.WaitGroup
	answers := make([][asks]answer, carts)
	body := func(cart int) string { return fmt.Sprintf(`{"limit":%d,"actor":"cart %d"}`, 5+cart, cart) }
	for cart := range carts {
		for ask := range asks {
			wait.Go(func() { answers[cart][ask] = h.pick(fmt.Sprint("cart-", cart), body(cart)) })
		}
	}
	wait.Wait()
	check := func() {
		t.Helper()
		for cart := range carts {
			for _, a := range answers[cart] {
				if a.status == 200 && a.picked(t) != nil {
					h.pickAgain(a, fmt.Sprint("cart-", cart), body(cart))
				}
			}
		}
	}
	check()
	h.restart()
	check()
	var all []string
	for cart := range carts {
		var first *answer
		for _, a := range answers[cart] {
			switch {
			case a.status == 409 && a.json(t)["code"] == codeIdempotencyInProgress, a.status == 200 && a.picked(t) == nil:
			case a.status != 200:
				t.Errorf("%d %s", a.status, a.body)
			case first == nil:
				first = &a
				all = append(all, a.picked(t)...)
			case !bytes.Equal(a.body, first.body):
				t.Errorf("cart %d has %s and %s", cart, first.body, a.body)
			}
		}
	}
	slices.Sort(all)
	if len(all) == 0 || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("begun: %v", all)
	}
	started := h.do("GET", "/v1/picklists?limit=100&"+h.now(), "").picked(t)
	if slices.Sort(started); !slices.Equal(started, all) {
		t.Errorf("%d of %d are in progress, %d are on lists", len(started), len(ids), len(all))
	}
}
