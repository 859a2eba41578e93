package server

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/engine"
)

// returner is a shop in which an order of three shirts and a cup was delivered.
type returner struct {
	*shop
	id, path string
}

const paidInEuros = `"unit_price":{"amount":2000,"currency":"EUR"}`

func openReturner(t *testing.T) *returner {
	t.Helper()
	h := &returner{shop: openIndexed(t, engine.Options{})}
	h.want(201, "PUT", "/v1/locations/hamburg", `{}`)
	for _, sku := range []string{"shirt", "cup", "large"} {
		h.want(201, "PUT", "/v1/skus/"+sku, `{}`)
		h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"`+sku+`","set":9}]}`)
	}
	h.id = h.placed("/v1/orders", `{"customer":"ann","lines":[{"sku":"shirt","quantity":3,`+paidInEuros+`},{"sku":"cup","quantity":1}],"email":"ann@example.com",`+toHamburg+`}`)
	h.path = "/v1/orders/" + h.id
	h.want(201, "POST", h.path+"/shipments", ``)
	h.want(200, "POST", h.path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	return h
}

// returnWords says what a return is.
func returnWords(returned any) string {
	r := returned.(map[string]any)
	words := fmt.Sprintf("%v %v %v:", r["kind"], r["number"], r["status"])
	for _, l := range r["lines"].([]any) {
		line := l.(map[string]any)
		words += fmt.Sprintf(" %v of line %v (%v, %v, %v out, %v)", line["quantity"], line["line"], line["sku"], line["reason"], line["outstanding"], line["received"])
	}
	return words
}

// TestReturns follows a return from the request to the refund, and looks at all that tells of it.
func TestReturns(t *testing.T) {
	h := openReturner(t)
	events, stop := h.listen(fmt.Sprintf("?after=%d", h.engine.Sequence()))
	defer stop()
	body := `{"lines":[{"line":0,"quantity":2,"reason":"too_small","comment":"tight at\nthe shoulders"}],"comment":"sorry","actor":"ann"}`
	first := h.do("POST", h.path+"/returns", body, "Idempotency-Key: r1")
	again := h.do("POST", h.path+"/returns", body, "Idempotency-Key: r1")
	if first.status != 201 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Fatalf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	one := h.path + "/returns/1"
	shown := h.want(200, "GET", one, "")
	if returnWords(shown) != "return 1 requested: 2 of line 0 (shirt, too_small, 2 out, map[])" || shown["comment"] != "sorry" || shown["rma"] != h.id+"/returns/1" ||
		fmt.Sprint(shown["comments"]) != "[map[line:0 text:tight at\nthe shoulders]]" {
		t.Errorf("%s %v", returnWords(shown), shown)
	}
	until := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	approved := h.want(200, "POST", one+"/approve", `{"refund_when":"inspected","restocking_fee":{"amount":500,"currency":"EUR"},"expires_at":"`+until+`","actor":"kim"}`)
	if r := approved["return"].(map[string]any); r["status"] != "approved" || r["expires_at"] != until || r["refund_due"] != false || approved["return_status"] != "in_progress" ||
		approved["email"] != "ann@example.com" {
		t.Errorf("%v", approved)
	}
	refused := h.wantProblem(409, codeReturnStatus, "POST", one+"/refund-decisions", `{"amount":3500,"currency":"EUR"}`)
	if refused["return_status"] != "approved" || fmt.Sprint(refused["allowed"]) != "[cancel in-transit receive]" || refused["refund_when"] != "inspected" {
		t.Errorf("%v", refused)
	}
	h.want(200, "POST", one+"/in-transit", `{"carrier":"DHL","tracking_number":"1Z99"}`)
	received := h.want(200, "POST", one+"/receive", `{"location":"hamburg","lines":[{"line":0,"quantity":1,"disposition":"restock"},{"line":0,"disposition":"quality_control"}],"actor":"tom"}`)
	if units := received["lines"].([]any)[0].(map[string]any)["units"].(map[string]any); units["returned_restock"] != jsonNumber("1") ||
		units["returned_quality_control"] != jsonNumber("1") || units["returning"] != jsonNumber("0") {
		t.Errorf("%v", units)
	}
	if got := returnWords(received["return"]); got != "return 1 received: 2 of line 0 (shirt, too_small, 0 out, map[quality_control:1 restock:1])" {
		t.Error(got)
	}
	inspected := h.want(200, "POST", one+"/inspect", `{"location":"hamburg","disposition":"damaged"}`)
	if r := inspected["return"].(map[string]any); r["status"] != "inspected" || r["refund_due"] != true || r["carrier"] != "DHL" || r["comment"] != "sorry" {
		t.Errorf("%v", r)
	}
	decided := h.want(201, "POST", one+"/refund-decisions", `{"amount":3500,"currency":"EUR","actor":"lea"}`)
	refund := decided["return"].(map[string]any)["refunds"].([]any)[0].(map[string]any)
	if refund["amount"] != jsonNumber("3500") || refund["decided_by"] != "lea" || refund["kind"] != "refund" {
		t.Errorf("%v", refund)
	}
	h.wantProblem(409, codeReturnStatus, "POST", one+"/receive", `{"disposition":"restock"}`)
	closed := h.want(200, "POST", one+"/close", "")
	if closed["return_status"] != "partially_returned" || closed["status"] != "completed" {
		t.Errorf("%v", closed)
	}
	h.checkReturned(take(t, events, 7))
}

// checkReturned looks at what else tells of the return.
func (h *returner) checkReturned(got []message) {
	h.t.Helper()
	h.checkEvents(got)
	var types []string
	for _, m := range got {
		types = append(types, m.data["type"].(string))
	}
	if all := strings.Join(types, " "); all != "return_requested return_approved return_in_transit return_received return_inspected refund_decided return_closed" {
		h.t.Error(all)
	}
	if units := got[3].data["units"].([]any); len(units) != 2 || got[3].data["actor"] != "tom" || got[3].data["return"].(map[string]any)["comment"] != "sorry" {
		h.t.Errorf("%s", got[3].text)
	}
	moved := h.want(200, "GET", "/v1/skus/shirt/movements?type=return_in", "")["items"].([]any)
	if move := moved[0].(map[string]any); len(moved) != 2 || move["location"] != "hamburg" || move["order"] != h.id || move["event"] != "return_received" || move["to"] != "quality_control" {
		h.t.Errorf("%v", moved)
	}
	timeline := h.want(200, "GET", h.path+"/timeline?"+h.now(), "")["items"].([]any)
	last := timeline[len(timeline)-1].(map[string]any)
	if len(timeline) != 10 || last["type"] != "return_closed" || returnWords(last["return"])[:15] != "return 1 closed" {
		h.t.Errorf("%v", timeline)
	}
	list := h.want(200, "GET", h.path+"/returns", "")
	h.checkAudit()
	h.restart()
	if read := h.want(200, "GET", h.path+"/returns", ""); !reflect.DeepEqual(read["items"], list["items"]) {
		h.t.Errorf("after a restart %v, before %v", read, list)
	}
	h.checkAudit()
}

// TestReturnsAreFound lists returns of several orders by their status, and sums up the credit of a customer.
func TestReturnsAreFound(t *testing.T) {
	h := openReturner(t)
	h.want(201, "POST", h.path+"/returns", `{"kind":"claim","lines":[{"line":0,"quantity":1}],"reason":"defective"}`)
	h.want(201, "POST", h.path+"/returns", `{"lines":[{"line":1}],"reason":"other"}`)
	kept := h.want(200, "POST", h.path+"/returns/1/approve", `{"customer_keeps_units":true,"remedy":"store_credit","refund_when":"approved"}`)
	if r := kept["return"].(map[string]any); returnWords(r) != "claim 1 received: 1 of line 0 (shirt, defective, 0 out, map[kept_by_customer:1])" || r["refund_due"] != true {
		t.Errorf("%v", r)
	}
	h.want(201, "POST", h.path+"/returns/1/refund-decisions", `{"kind":"store_credit","amount":1500,"currency":"EUR"}`)
	h.want(201, "POST", h.path+"/returns/1/refund-decisions", `{"kind":"store_credit","amount":250,"currency":"EUR"}`)
	h.want(200, "POST", h.path+"/returns/2/decline", `{"note":"worn"}`)
	found := func(query string) (words []string) {
		for _, r := range h.want(200, "GET", "/v1/returns?"+h.now()+query, "")["items"].([]any) {
			words = append(words, fmt.Sprint(r.(map[string]any)["number"], " ", r.(map[string]any)["status"]))
		}
		return words
	}
	for query, want := range map[string]string{
		"": "[1 received 2 declined]", "&status=declined": "[2 declined]", "&status=requested": "[]", "&customer=ann&status=received": "[1 received]", "&customer=bob": "[]",
	} {
		if got := fmt.Sprint(found(query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	customer := h.want(200, "GET", "/v1/customers/ann?"+h.now(), "")
	if got := fmt.Sprint(customer["store_credit"]); got != "[map[amount:1750 currency:EUR]]" {
		t.Error(got)
	}
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/returns?status=lost", "")
}

// TestExchange replaces units of a return: they are reserved with the approval, and free again when nothing comes of it.
func TestExchange(t *testing.T) {
	h := openReturner(t)
	ask := func() string {
		h.t.Helper()
		number := h.want(201, "POST", h.path+"/returns", `{"lines":[{"line":0,"quantity":1}],"reason":"too_small"}`)["return"].(map[string]any)["number"]
		return fmt.Sprintf("%s/returns/%v", h.path, number)
	}
	free := func(want string) {
		h.t.Helper()
		h.until(func() bool {
			return fmt.Sprint(h.want(200, "GET", "/v1/skus/large/availability", "")["available"]) == want
		})
	}
	first := ask()
	body := `{"replacement":{"lines":[{"sku":"large","quantity":2,"unit_price":{"amount":1500,"currency":"EUR"}}]},"actor":"kim"}`
	h.wantProblem(412, codeVersionConflict, "POST", first+"/approve", body, `If-Match: "1"`)
	free("9")
	h.wantProblem(409, codeInsufficientStock, "POST", first+"/approve", `{"replacement":{"lines":[{"sku":"large","quantity":10}]}}`)
	approved := h.want(200, "POST", first+"/approve", body, "Idempotency-Key: x1")
	replacement := approved["return"].(map[string]any)["replacement"].(map[string]any)
	if got := fmt.Sprint(replacement["difference"]); got != "map[amount:1000 currency:EUR]" || approved["return"].(map[string]any)["remedy"] != "replacement" {
		t.Errorf("%v", approved["return"])
	}
	if again := h.do("POST", first+"/approve", body, "Idempotency-Key: x1"); again.status != 200 || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("again %d %s", again.status, again.body)
	}
	h.want(200, "POST", first+"/approve", body)
	free("7")
	order := h.want(200, "GET", "/v1/orders/"+replacement["order_id"].(string), "")
	if order["customer"] != "ann" || order["ship_to"].(map[string]any)["postal_code"] != "20095" || order["email"] != "ann@example.com" ||
		!strings.HasPrefix(order["external_id"].(string), "exchange:"+h.id+":1") {
		t.Errorf("%v", order)
	}
	h.want(200, "POST", first+"/cancel", "")
	free("9")
	h.until(func() bool {
		return fmt.Sprint(h.want(200, "GET", first, "")["replacement"].(map[string]any)["settled"]) == "true"
	})
	if got := h.want(200, "GET", "/v1/orders/"+replacement["order_id"].(string), ""); got["status"] != "cancelled" {
		t.Errorf("%v", got)
	}
	second := ask()
	other := h.want(200, "POST", second+"/approve", `{"remedy":"both","replacement":{"lines":[{"sku":"large","quantity":1}],"difference":{"amount":-300,"currency":"EUR"},
		"ship_to":{"country":"DE","postal_code":"80331"}}}`)["return"].(map[string]any)
	replacement = other["replacement"].(map[string]any)
	moved := h.want(200, "GET", "/v1/orders/"+replacement["order_id"].(string), "")
	if got := fmt.Sprint(replacement["difference"]); got != "map[amount:-300 currency:EUR]" || moved["ship_to"].(map[string]any)["postal_code"] != "80331" || other["remedy"] != "both" {
		t.Errorf("%v %v", other, moved)
	}
	h.want(201, "POST", "/v1/orders/"+replacement["order_id"].(string)+"/shipments", "")
	h.want(200, "POST", second+"/cancel", "")
	h.until(func() bool {
		return fmt.Sprint(h.want(200, "GET", second, "")["replacement"].(map[string]any)["settled"]) == "true"
	})
	if got := h.want(200, "GET", "/v1/orders/"+replacement["order_id"].(string), ""); got["status"] != "placed" {
		t.Errorf("what has shipped is %v", got["status"])
	}
	h.checkAudit()
}

// TestReturnsOfKits sends a kit back, and one of its components.
func TestReturnsOfKits(t *testing.T) {
	h := openReturner(t)
	h.want(201, "PUT", "/v1/skus/set", `{}`)
	h.want(200, "PUT", "/v1/skus/set/components", `{"components":[{"sku":"large","quantity":1},{"sku":"cup","quantity":2}]}`)
	id := h.placed("/v1/orders", `{"customer":"bob","lines":[{"sku":"shirt","quantity":1},{"sku":"set","quantity":2}]}`)
	path := "/v1/orders/" + id
	h.want(201, "POST", path+"/shipments", "")
	h.want(200, "POST", path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	asked := h.want(201, "POST", path+"/returns", `{"lines":[{"line":1,"quantity":1},{"line":1,"sku":"cup","quantity":1}],"reason":"damaged"}`)
	if got := returnWords(asked["return"]); got != "return 1 requested: 1 of line 1 (large, damaged, 1 out, map[]) 3 of line 1 (cup, damaged, 3 out, map[])" {
		t.Error(got)
	}
	h.want(200, "POST", path+"/returns/1/approve", "")
	h.want(200, "POST", path+"/returns/1/receive", `{"lines":[{"line":1,"quantity":1,"disposition":"restock"}]}`)
	done := h.want(200, "POST", path+"/returns/1/receive", `{"lines":[{"line":1,"sku":"cup","disposition":"missing"}]}`)
	if got := returnWords(done["return"]); got != "return 1 received: 1 of line 1 (large, damaged, 0 out, map[restock:1]) 3 of line 1 (cup, damaged, 0 out, map[missing:1 restock:2])" {
		t.Error(got)
	}
	if units := done["lines"].([]any)[1].(map[string]any)["units"].(map[string]any); units["returned_restock"] != jsonNumber("1") {
		t.Errorf("%v", units)
	}
	h.wantProblem(409, codeOrderLine, "POST", path+"/returns", `{"lines":[{"line":1,"sku":"shirt"}],"reason":"other"}`)
	h.wantProblem(409, codeOrderLine, "POST", path+"/returns", `{"lines":[{"line":0,"sku":"unheard-of"}],"reason":"other"}`)
	h.checkAudit()
}

// TestReturnsOfNothing asks for returns of orders that were only placed, or only recorded.
func TestReturnsOfNothing(t *testing.T) {
	h := openReturner(t)
	for _, body := range []string{`{"customer":"bob","lines":[{"sku":"shirt","quantity":1}]}`, `{"customer":"bob","stock_policy":"skip","lines":[{"sku":"shirt","quantity":1}]}`} {
		h.wantProblem(409, codeNotReturnable, "POST", "/v1/orders/"+h.placed("/v1/orders", body)+"/returns", `{"reason":"other"}`)
	}
}

// TestReturnWindow asks for a return when the window is over: refused, but for customer service.
func TestReturnWindow(t *testing.T) {
	h := openReturner(t)
	h.want(200, "PUT", "/v1/channels/web", `{"return_window_days":0}`)
	id := h.placed("/v1/orders", `{"customer":"bob","lines":[{"sku":"shirt","quantity":1}]}`)
	path := "/v1/orders/" + id
	h.want(201, "POST", path+"/shipments", "")
	h.want(200, "POST", path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	h.until(func() bool { return h.want(200, "GET", path, "")["status"] == "closed" })
	h.wantProblem(409, codeReturnWindow, "POST", path+"/returns", `{"reason":"other"}`)
	forced := h.want(201, "POST", path+"/returns", `{"reason":"other","force":true,"actor":"kim"}`)
	if forced["status"] != "completed" || forced["return"].(map[string]any)["after_window"] != true {
		t.Errorf("%v", forced)
	}
	h.want(200, "POST", path+"/returns/1/cancel", "")
	h.until(func() bool { return h.want(200, "GET", path, "")["status"] == "closed" })
}

// TestRefusedReturns: each bad request says what is wrong, and changes nothing.
func TestRefusedReturns(t *testing.T) {
	h := openReturner(t)
	h.want(201, "POST", h.path+"/returns", `{"lines":[{"line":0,"quantity":1}],"reason":"other"}`)
	h.want(201, "POST", h.path+"/returns", `{"lines":[{"line":0,"quantity":1}],"reason":"other"}`)
	h.want(200, "POST", h.path+"/returns/2/approve", `{"restocking_fee":{"amount":1,"currency":"EUR"}}`)
	version := h.want(200, "GET", h.path, "")["version"]
	for _, test := range []struct {
		status           int
		code, path, body string
	}{
		{400, codeMissingField, "", `{}`},
		{400, codeMissingField, "", `{"lines":[{"line":0}]}`},
		{400, codeMissingField, "", `{"lines":[{"quantity":1}],"reason":"other"}`},
		{400, codeUnknownField, "", `{"reason":"other","lines":[{"line":0,"disposition":"restock"}]}`},
		{422, codeOutOfRange, "", `{"reason":"it-smells"}`},
		{422, codeOutOfRange, "", `{"reason":"never_arrived"}`},
		{422, codeDuplicateItem, "", `{"lines":[{"line":0},{"line":0,"quantity":1}],"reason":"other"}`},
		{422, codeInvalidLength, "", `{"lines":[],"reason":"other"}`},
		{409, codeOrderLine, "", `{"lines":[{"line":2}],"reason":"other"}`},
		{409, codeNotReturnable, "", `{"lines":[{"line":0,"quantity":2}],"reason":"other"}`},
		{409, codeReturnDeadline, "", `{"reason":"other","expires_at":"2020-11-27T12:00:00.000Z"}`},
		{409, codeReturnStatus, "/1/receive", `{"disposition":"restock"}`},
		{400, codeMissingField, "/2/receive", `{}`},
		{400, codeMissingField, "/2/receive", `{"lines":[{"line":0}]}`},
		{409, codeOrderLine, "/2/receive", `{"lines":[{"line":1}],"disposition":"restock"}`},
		{409, codeReturnUnits, "/2/receive", `{"lines":[{"line":0,"quantity":2}],"disposition":"restock"}`},
		{422, codeDuplicateItem, "/2/receive", `{"lines":[{"line":0},{"line":0,"quantity":1}],"disposition":"restock"}`},
		{422, codeLocationNotFound, "/2/receive", `{"location":"atlantis","disposition":"restock"}`},
		{409, codeReturnStatus, "/2/inspect", ``},
		{409, codeReturnStatus, "/2/close", ``},
		{409, codeReturnStatus, "/2/decline", ``},
		{409, codeReturnStatus, "/2/approve", ``},
		{409, codeReturnStatus, "/2/approve", `{"replacement":{"lines":[{"sku":"large","quantity":1}]}}`},
		{422, codeSKUNotFound, "/1/approve", `{"replacement":{"lines":[{"sku":"huge","quantity":1}]}}`},
		{400, codeMissingField, "/1/approve", `{"replacement":{}}`},
		{422, codeOutOfRange, "/1/approve", `{"restocking_fee":{"amount":5,"currency":"EUR"},"replacement":{"lines":[{"sku":"large","quantity":1}],"difference":{"amount":1,"currency":"USD"}}}`},
		{422, codeOutOfRange, "/1/approve", `{"restocking_fee":{"amount":1000000000000001,"currency":"EUR"}}`},
		{409, codeReturnDeadline, "/1/approve", `{"expires_at":"2020-11-27T12:00:00.000Z"}`},
		{409, codeRefundCurrency, "/2/refund-decisions", `{"amount":5,"currency":"USD"}`},
		{422, codeOutOfRange, "/2/refund-decisions", `{"amount":0,"currency":"EUR"}`},
		{400, codeMissingField, "/2/refund-decisions", `{"amount":5}`},
		{404, codeReturnNotFound, "/3/close", ``},
		{404, codeReturnNotFound, "/3/receive", `{"disposition":"restock"}`},
		{404, codeReturnNotFound, "/3/inspect", `{"disposition":"restock"}`},
		{404, codeReturnNotFound, "/0/close", ``},
		{404, codeReturnNotFound, "/x/approve", `{"replacement":{"lines":[{"sku":"large","quantity":1}]}}`},
		{404, codeReturnNotFound, "/9/approve", `{"replacement":{"lines":[{"sku":"large","quantity":1}]}}`},
	} {
		h.wantProblem(test.status, test.code, "POST", h.path+"/returns"+test.path, test.body)
	}
	h.wantProblem(404, codeReturnNotFound, "GET", h.path+"/returns/3", "")
	h.wantProblem(412, codeVersionConflict, "POST", h.path+"/returns/2/cancel", "", `If-Match: "1"`)
	if got := h.want(200, "GET", h.path, ""); got["version"] != version {
		t.Errorf("version %v, before %v", got["version"], version)
	}
	if got := h.want(200, "GET", "/v1/skus/large/availability", "")["available"]; got != jsonNumber("9") {
		t.Errorf("%v large ones are left", got)
	}
}

// TestExchangeOfPaid exchanges units of an order that was paid: the difference is that of the order's own prices, with their discounts, and is due or given back.
func TestExchangeOfPaid(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 9)
	h.stock("B", 9)
	path := "/v1/orders/" + h.want(201, "POST", "/v1/orders", pricedOrderOf)["id"].(string)
	h.want(200, "POST", path+"/payments", payment("capture", "succeeded", "pi_1", 11480, ""))
	h.want(201, "POST", path+"/shipments", "")
	h.want(200, "POST", path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	ask := func(line int) string {
		h.t.Helper()
		number := h.want(201, "POST", path+"/returns", fmt.Sprintf(`{"lines":[{"line":%d,"quantity":1}],"reason":"too_small"}`, line))["return"].(map[string]any)["number"]
		return fmt.Sprintf("%s/returns/%v", path, number)
	}
	exchanged := func(answer map[string]any) string {
		replacement := answer["return"].(map[string]any)["replacement"].(map[string]any)
		return fmt.Sprintf("%v %v %v", replacement["difference"], answer["amounts"].(map[string]any)["due"], answer["amounts"].(map[string]any)["to_refund"])
	}
	dearer := ask(0)
	h.wantProblem(422, codeCurrencyMismatch, "POST", dearer+"/approve", `{"replacement":{"lines":[{"sku":"B","quantity":1,"unit_price":{"amount":5900,"currency":"USD"}}]}}`)
	h.wantProblem(422, codeTotalMismatch, "POST", dearer+"/approve", `{"replacement":{"lines":[{"sku":"B","quantity":1,"unit_price":`+eur(5900)+`,"total":`+eur(1)+`}]}}`)
	h.wantProblem(409, codeRefundCurrency, "POST", dearer+"/approve", `{"restocking_fee":{"amount":1,"currency":"USD"}}`)
	body := `{"replacement":{"lines":[{"sku":"B","quantity":1,"unit_price":` + eur(5900) + `,"discount":` + eur(100) + `,"tax":` + eur(50) + `}]}}`
	approved := h.want(200, "POST", dearer+"/approve", body)
	if got := exchanged(approved); got != "map[amount:850 currency:EUR] 12330 <nil>" || approved["payment_status"] != "partially_paid" {
		t.Errorf("dearer: %s", got)
	}
	h.want(200, "POST", dearer+"/approve", body)
	h.want(200, "POST", dearer+"/receive", `{"disposition":"restock"}`)
	cheaper := ask(1) // of 10.00, less 2.00, with a tax of 1.90
	approved = h.want(200, "POST", cheaper+"/approve", `{"refund_when":"approved","restocking_fee":`+eur(40)+`,"replacement":{"lines":[{"sku":"A","quantity":1,"unit_price":`+eur(900)+`}]}}`)
	if got := exchanged(approved); got != "map[amount:-90 currency:EUR] 12330 50" {
		t.Errorf("cheaper: %s", got)
	}
	unknown := ask(0)
	approved = h.want(200, "POST", unknown+"/approve", `{"replacement":{"lines":[{"sku":"A","quantity":1}]}}`)
	if got := exchanged(approved); got != "<nil> 12330 50" {
		t.Errorf("nobody knows: %s", got)
	}
	replacement := h.want(200, "GET", "/v1/orders/"+approved["return"].(map[string]any)["replacement"].(map[string]any)["order_id"].(string), "")
	if replacement["amounts"] != nil {
		t.Errorf("replacement: %v", replacement)
	}
	h.checkAudit()
}

// TestRepeatedReturns: the same key with the same body gets the first answer, also where the body says all that there is.
func TestRepeatedReturns(t *testing.T) {
	h := openReturner(t)
	for i, request := range []struct {
		status     int
		path, body string
	}{
		{201, "/returns", `{"reason":"other"}`},
		{200, "/returns/1/approve", `{}`},
		{200, "/returns/1/receive", `{"lines":[{"line":0,"quantity":1,"disposition":"restock"},{"line":1,"quantity":1,"disposition":"missing"}]}`},
		{200, "/returns/1/receive", `{"disposition":"quality_control"}`},
		{200, "/returns/1/inspect", `{"disposition":"restock"}`},
	} {
		key := fmt.Sprintf("Idempotency-Key: all-%d", i)
		first := h.do("POST", h.path+request.path, request.body, key)
		for range 2 {
			again := h.do("POST", h.path+request.path, request.body, key)
			if first.status != request.status || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%s: first %d %s\nagain %d %s", request.path, first.status, first.body, again.status, again.body)
			}
			h.want(201, "POST", h.path+"/notes", `{"text":"asked again"}`)
		}
	}
	h.checkAudit()
}

// TestApprovalsAtOnce: of approvals of one return that come at once the first counts, and the others leave its replacement alone.
func TestApprovalsAtOnce(t *testing.T) {
	h := openReturner(t)
	for number := range 3 {
		h.want(201, "POST", h.path+"/returns", `{"lines":[{"line":0,"quantity":1,"reason":"too_small"}]}`)
		one := fmt.Sprintf("%s/returns/%d", h.path, number+1)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				h.do("POST", one+"/approve", fmt.Sprintf(`{"replacement":{"lines":[{"sku":"large","quantity":%d}]}}`, 1+i%2))
			})
		}
		all.Wait()
		replacement := h.want(200, "GET", one, "")["replacement"].(map[string]any)["order_id"].(string)
		if order := h.want(200, "GET", "/v1/orders/"+replacement, ""); order["status"] != "placed" {
			t.Errorf("the replacement of an approved return is %v", order["status"])
		}
	}
	h.checkAudit()
}
