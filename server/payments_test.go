package server

import (
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// eur is an amount as the API writes it.
func eur(n int) string { return fmt.Sprintf(`{"amount":%d,"currency":"EUR"}`, n) }

// payment is the body of a report.
func payment(kind, status, reference string, amount int, more string) string {
	return fmt.Sprintf(`{"type":%q,"status":%q,"provider":"acme","reference":%q,"at":"2026-11-27T12:00:00.000Z","amount":%s%s}`, kind, status, reference, eur(amount), more)
}

// pricedOrderOf is an order that costs 114.80 with its shipping.
const pricedOrderOf = `{"customer":"ann","lines":[{"sku":"A","quantity":2,"unit_price":{"amount":5000,"currency":"EUR"},"total":{"amount":10000,"currency":"EUR"}},` +
	`{"sku":"B","quantity":1,"unit_price":{"amount":1000,"currency":"EUR"},"discount":{"amount":200,"currency":"EUR"},"tax":{"amount":190,"currency":"EUR"}}],` +
	`"amounts":{"shipping":{"amount":490,"currency":"EUR"},"total":{"amount":11480,"currency":"EUR"}}}`

// TestPayments has an order paid, a part of it cancelled and refunded, and looks at all that tells of it, also after a restart.
func TestPayments(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 9)
	h.stock("B", 9)
	placed := h.want(201, "POST", "/v1/orders", pricedOrderOf)
	amounts := placed["amounts"].(map[string]any)
	if placed["payment_status"] != "unpaid" || amounts["total"] != jsonNumber("11480") || amounts["due"] != jsonNumber("11480") || amounts["given"] == nil {
		t.Errorf("placed: %v", placed)
	}
	second := placed["lines"].([]any)[1].(map[string]any)
	if fmt.Sprint(second["total"], second["discount"], second["tax"]) != "map[amount:990 currency:EUR] map[amount:200 currency:EUR] map[amount:190 currency:EUR]" {
		t.Errorf("line: %v", second)
	}
	path := "/v1/orders/" + placed["id"].(string)
	events, stop := h.listen(fmt.Sprintf("?after=%v", placed["sequence"]))
	defer stop()
	body := payment("authorization", "succeeded", "pi_1", 11480, `,"actor":"kim","note":"ok"`)
	first := h.do("POST", path+"/payments", body, "Idempotency-Key: p1", `If-Match: "1"`)
	again := h.do("POST", path+"/payments", body, "Idempotency-Key: p1", `If-Match: "1"`)
	if first.status != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	same := h.want(200, "POST", path+"/payments", body)
	if p := same["payment"].(map[string]any); same["version"] != jsonNumber("2") || p["number"] != jsonNumber("1") || p["reference"] != "pi_1" || same["payment_status"] != "authorized" {
		t.Errorf("the same once more: %v", same)
	}
	task := h.want(201, "POST", path+"/payments/requests", `{"type":"capture"}`)["payment"].(map[string]any)
	if task["status"] != "requested" || task["task"] != true || task["of"] != jsonNumber("1") || fmt.Sprint(task["amount"]) != "map[amount:11480 currency:EUR]" {
		t.Errorf("task: %v", task)
	}
	paid := h.want(200, "POST", path+"/payments/2/complete", `{"status":"succeeded","provider":"acme","reference":"ch_1","at":"2026-11-27T12:00:01.000Z"}`)
	if paid["payment_status"] != "paid" || paid["version"] != jsonNumber("4") {
		t.Errorf("paid: %v", paid)
	}
	cancelled := h.want(200, "POST", path+"/cancel", `{"lines":[{"line":0,"quantity":1}]}`)
	if a := cancelled["amounts"].(map[string]any); a["due"] != jsonNumber("6480") || a["to_refund"] != jsonNumber("5000") {
		t.Errorf("cancelled in part: %v", a)
	}
	tasks := h.want(200, "GET", fmt.Sprintf("/v1/payments/tasks?type=refund&at_least=%v", cancelled["sequence"]), "")["items"].([]any)
	if len(tasks) != 1 || tasks[0].(map[string]any)["order_id"] != placed["id"] || tasks[0].(map[string]any)["payment"].(map[string]any)["number"] != jsonNumber("3") {
		t.Errorf("tasks: %v", tasks)
	}
	for query, want := range map[string]int{"?type=void": 0, "?status=action_required": 0, "?status=requested&provider=acme": 1, "?provider=other": 0, "": 1} {
		if got := h.want(200, "GET", "/v1/payments/tasks"+query, "")["items"].([]any); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	refunded := h.want(200, "POST", path+"/payments/3/complete", `{"status":"succeeded","reference":"bank-7","at":"2026-11-27T13:00:00.000Z","actor":"anna"}`)
	if refunded["payment_status"] != "partially_refunded" || refunded["payment"].(map[string]any)["provider"] != "acme" {
		t.Errorf("refunded: %v", refunded)
	}
	if found := h.want(200, "GET", fmt.Sprintf("/v1/orders?payment_status=partially_refunded&at_least=%v", refunded["sequence"]), "")["items"].([]any); len(found) != 1 {
		t.Errorf("found: %v", found)
	}
	h.checkPaymentEvents(take(t, events, 6))
	list := h.want(200, "GET", path+"/payments", "")
	h.checkAudit()
	h.restart()
	if read := h.want(200, "GET", path+"/payments", ""); !reflect.DeepEqual(read["items"], list["items"]) || len(list["items"].([]any)) != 3 {
		t.Errorf("after a restart %v, before %v", read, list)
	}
	h.checkPaymentRefusals(path)
}

// checkPaymentEvents looks at what the stream of events tells of the order of TestPayments.
func (h *shop) checkPaymentEvents(got []message) {
	h.t.Helper()
	h.checkEvents(got)
	want := []string{"payment.authorization.succeeded", "payment.capture.requested", "payment.capture.succeeded", "lines_cancelled", "payment.refund.requested", "payment.refund.succeeded"}
	for i, name := range want {
		if got[i].data["type"] != name {
			h.t.Errorf("event %d: %s, want %s", i, got[i].text, name)
		}
	}
	if e := got[0].data; e["actor"] != "kim" || e["note"] != "ok" || fmt.Sprint(e["payment"].(map[string]any)["number"]) != "1" {
		h.t.Errorf("event: %s", got[0].text)
	}
	if e := got[4].data; e["sequence"] != got[3].data["sequence"] || e["order"].(map[string]any)["payment_status"] != "paid" {
		h.t.Errorf("event: %s", got[4].text)
	}
	id := got[0].data["order"].(map[string]any)["id"].(string)
	items := h.want(200, "GET", "/v1/orders/"+id+"/timeline", "")["items"].([]any)
	if len(items) != len(want)+1 {
		h.t.Fatalf("timeline: %v", items)
	}
	for i, name := range want {
		item := items[i+1].(map[string]any)
		if item["type"] != name || item["amounts"] == nil || (item["payment"] == nil) != (name == "lines_cancelled") {
			h.t.Errorf("item %d: %v", i+1, item)
		}
	}
}

func (h *shop) checkPaymentRefusals(path string) {
	h.t.Helper()
	plain := "/v1/orders/" + h.want(201, "POST", "/v1/orders", order("c", "A", 1))["id"].(string)
	for _, test := range []struct {
		status           int
		code, path, body string
	}{
		{409, codeNoAccount, plain + "/payments", payment("capture", "succeeded", "x", 1, "")},
		{409, codeNoAccount, plain + "/payments/requests", `{"type":"capture"}`},
		{404, codePaymentNotFound, plain + "/payments/1/complete", `{"status":"failed","reference":"x","at":"2026-11-27T12:00:00.000Z"}`},
		{404, codePaymentNotFound, path + "/payments/9/complete", `{"status":"failed","reference":"x","at":"2026-11-27T12:00:00.000Z"}`},
		{404, codePaymentNotFound, path + "/payments/x/complete", `{"status":"failed","reference":"x","at":"2026-11-27T12:00:00.000Z"}`},
		{422, codeCurrencyMismatch, path + "/payments", strings.ReplaceAll(payment("capture", "succeeded", "x", 1, ""), "EUR", "USD")},
		{409, codePaymentChanged, path + "/payments", payment("authorization", "failed", "pi_1", 11479, "")},
		{409, codeRefundTooLarge, path + "/payments", payment("refund", "succeeded", "x", 11480, "")},
		{409, codePaymentTooLarge, path + "/payments/requests", `{"type":"void"}`},
		{404, codePaymentNotFound, path + "/payments", payment("capture", "succeeded", "x", 1, `,"of":2`)},
		{409, codeReportAhead, path + "/payments", strings.ReplaceAll(payment("capture", "succeeded", "x", 1, ""), "2026-11-27", "2096-11-27")},
		{422, codeOutOfRange, path + "/payments", payment("capture", "succeeded", "x", -1, "")},
		{422, codeOutOfRange, path + "/payments", payment("adjustment", "succeeded", "x", 0, "")},
		{422, codeOutOfRange, path + "/payments", payment("tip", "succeeded", "x", 1, "")},
		{422, codeInvalidCharacters, path + "/payments", payment("capture", "succeeded", "a b", 1, "")},
		{400, codeMissingField, path + "/payments", `{"type":"capture","status":"failed","provider":"acme","reference":"x","amount":` + eur(1) + `}`},
		{400, codeMissingField, path + "/payments/requests", `{}`},
		{404, codeOrderNotFound, "/v1/orders/0000000000000/payments", payment("capture", "succeeded", "x", 1, "")},
	} {
		if got := h.want(test.status, "POST", test.path, test.body); got["code"] != test.code {
			h.t.Errorf("%s %s: %v", test.path, test.body, got)
		}
	}
	refused := h.want(409, "POST", path+"/payments", payment("refund", "succeeded", "x", 11480, ""))
	if fmt.Sprintf("%v %v %v", refused["payment"], refused["requested_amount"], refused["available_amount"]) != "4 16480 11480" {
		h.t.Errorf("refused: %v", refused)
	}
}

// TestPrices places orders whose prices do not add up, and some that are only shown.
func TestPrices(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 99)
	line := func(more string) string { return `{"sku":"A","quantity":2` + more + `}` }
	unit := `,"unit_price":` + eur(100)
	for _, test := range []struct {
		status              int
		code, field, lines  string
		amounts             string
		withoutPrices, held bool
	}{
		{422, codeTotalMismatch, "lines[0].total", line(unit + `,"total":` + eur(199)), "", false, false},
		{422, codeTotalMismatch, "amounts.total", line(unit), `{"total":` + eur(201) + `}`, false, false},
		{422, codeCurrencyMismatch, "lines[1].unit_price.currency", line(unit) + "," + line(`,"unit_price":{"amount":1,"currency":"USD"}`), "", false, false},
		{422, codeCurrencyMismatch, "lines[0].tax.currency", line(unit + `,"tax":{"amount":1,"currency":"USD"}`), "", false, false},
		{422, codeCurrencyMismatch, "amounts.shipping.currency", line(unit), `{"shipping":{"amount":1,"currency":"USD"}}`, false, true},
		{422, codeOutOfRange, "lines[0].discount.amount", line(unit + `,"discount":` + eur(201)), "", false, false},
		{422, codeOutOfRange, "lines[0].unit_price.amount", line(`,"unit_price":` + eur(500_000_000_000_001)), "", false, false},
		{422, codeOutOfRange, "lines[0].unit_price.amount", line(`,"unit_price":{"amount":9223372036854775807,"currency":"EUR"}`), "", false, false},
		{422, codeOutOfRange, "amounts", line(unit), `{"discount":` + eur(201) + `}`, false, false},
		{422, codeOutOfRange, "amounts", line(`,"unit_price":`+eur(500_000_000_000_000)) + "," + line(unit), "", false, false},
		{400, codeMissingField, "lines[0].unit_price", line(`,"tax":` + eur(1)), "", false, false},
		{400, codeMissingField, "lines[1].unit_price", line(unit) + "," + line(""), `{"shipping":` + eur(1) + `}`, false, false},
		{201, "", "", line(unit) + "," + line(""), "", true, false},
		{201, "", "", line(unit), `{"discount":` + eur(200) + `,"total":` + eur(0) + `}`, false, false},
		{201, "", "", line(unit + `,"discount":` + eur(50) + `,"tax":` + eur(30) + `,"total":` + eur(180)), "", false, true},
	} {
		body, path := `{"customer":"c","lines":[`+test.lines+`]`, "/v1/orders"
		if test.amounts != "" {
			body += `,"amounts":` + test.amounts
		}
		if test.held {
			path = "/v1/holds"
		}
		got := h.want(test.status, "POST", path, body+"}")
		if test.status == 201 {
			if (got["amounts"] == nil) != test.withoutPrices || (got["payment_status"] == nil) != test.withoutPrices {
				t.Errorf("%s: %v", body, got)
			}
			continue
		}
		if e := got["errors"].([]any)[0].(map[string]any); got["code"] != test.code || e["field"] != test.field {
			t.Errorf("%s: %v", body, got)
		}
	}
}

// TestLock keeps a hold while a payment is under way.
func TestLock(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	hold := h.want(201, "POST", "/v1/holds", `{"customer":"c","ttl_seconds":60,"lines":[{"sku":"A","quantity":1}]}`)
	path := "/v1/holds/" + hold["id"].(string)
	lock := `{"ttl_seconds":900,"provider":"acme","reference":"pi_1","actor":"checkout"}`
	locked := h.want(200, "POST", path+"/lock", lock)
	if locked["locked_until"] == nil || locked["locked_until"] != locked["expires_at"] {
		t.Errorf("locked: %v", locked)
	}
	for _, test := range []struct{ method, path, body string }{
		{"POST", path + "/lock", lock}, {"POST", path + "/extend", `{"ttl_seconds":60}`}, {"DELETE", path, ""},
		{"POST", "/v1/orders/" + hold["id"].(string) + "/cancel", ""},
	} {
		if got := h.want(409, test.method, test.path, test.body); got["code"] != codeHoldLocked || got["locked_until"] != locked["locked_until"] {
			t.Errorf("%s %s: %v", test.method, test.path, got)
		}
	}
	unlocked := h.want(200, "POST", path+"/unlock", `{"note":"gave up"}`)
	if unlocked["locked_until"] != nil || unlocked["expires_at"] != hold["expires_at"] {
		t.Errorf("unlocked: %v", unlocked)
	}
	if got := h.want(409, "POST", path+"/unlock", ""); got["code"] != codeHoldNotLocked {
		t.Errorf("unlocked twice: %v", got)
	}
	h.want(200, "POST", path+"/lock", lock)
	h.want(200, "POST", path+"/confirm", "")
	if got := h.want(409, "POST", path+"/lock", lock); got["code"] != codeHoldConfirmed {
		t.Errorf("locked when it is an order: %v", got)
	}
	h.want(400, "POST", path+"/lock", `{"provider":"acme","reference":"x"}`)
	h.checkAudit()
}

// TestPaymentSettings sets when a channel captures, and how long it waits to be paid.
func TestPaymentSettings(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	set := h.want(201, "PUT", "/v1/channels/shop", `{"capture":"confirm","payment_deadline_seconds":3600}`)
	if set["capture"] != "confirm" || set["payment_deadline_seconds"] != jsonNumber("3600") {
		t.Errorf("set: %v", set)
	}
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","channel":"shop","lines":[{"sku":"A","quantity":1,"unit_price":`+eur(100)+`}]}`)
	if placed["pay_by"] == nil {
		t.Errorf("placed: %v", placed)
	}
	path := "/v1/orders/" + placed["id"].(string)
	if got := h.want(200, "POST", path+"/payments", payment("authorization", "succeeded", "pi_1", 100, "")); got["amounts"].(map[string]any)["to_capture"] != jsonNumber("100") {
		t.Errorf("authorized: %v", got)
	}
	h.want(422, "PUT", "/v1/channels/shop", `{"capture":"never"}`)
	h.want(422, "PUT", "/v1/channels/shop", `{"payment_deadline_seconds":0}`)
	if set := h.want(200, "PUT", "/v1/channels/shop", `{"payment_deadline_seconds":null}`); set["capture"] != "manual" || set["payment_deadline_seconds"] != nil {
		t.Errorf("set: %v", set)
	}
}

// TestRefundTasks decides on refunds for a return of an order that was paid: they are asked for, and one that fails is seen to be due.
func TestRefundTasks(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 9)
	h.stock("B", 9)
	placed := h.want(201, "POST", "/v1/orders", pricedOrderOf)
	path := "/v1/orders/" + placed["id"].(string)
	h.want(200, "POST", path+"/payments", payment("capture", "succeeded", "pi_1", 11480, ""))
	h.want(201, "POST", path+"/shipments", "")
	h.want(200, "POST", path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`)
	h.want(201, "POST", path+"/returns", `{"lines":[{"line":0,"quantity":1,"reason":"too_small"}]}`)
	h.want(200, "POST", path+"/returns/1/approve", "")
	one := path + "/returns/1/refund-decisions"
	decided := h.want(201, "POST", one, `{"amount":5000,"currency":"EUR","actor":"kim"}`)
	refund := decided["return"].(map[string]any)["refunds"].([]any)[0].(map[string]any)
	if fmt.Sprint(refund["payments"]) != "[2]" || decided["amounts"].(map[string]any)["to_refund"] != jsonNumber("5000") {
		t.Errorf("decided: %v", decided)
	}
	tasks := h.want(200, "GET", fmt.Sprintf("/v1/payments/tasks?type=refund&at_least=%v", decided["sequence"]), "")["items"].([]any)
	if len(tasks) != 1 || tasks[0].(map[string]any)["payment"].(map[string]any)["return"] != jsonNumber("1") {
		t.Errorf("tasks: %v", tasks)
	}
	failed := h.want(200, "POST", path+"/payments/2/complete", `{"status":"failed","reference":"re_1","at":"2026-11-27T12:00:01.000Z"}`)
	if amounts := failed["amounts"].(map[string]any); amounts["refund_due"] != jsonNumber("5000") || amounts["to_refund"] != nil {
		t.Errorf("failed: %v", amounts)
	}
	tooMuch := h.want(409, "POST", one, `{"amount":6481,"currency":"EUR"}`)
	if tooMuch["code"] != codeRefundTooLarge || tooMuch["requested_amount"] != jsonNumber("6481") || tooMuch["available_amount"] != jsonNumber("6480") || tooMuch["payment"] != nil {
		t.Errorf("too much: %v", tooMuch)
	}
	h.wantProblem(409, codeRefundCurrency, "POST", one, `{"amount":1,"currency":"USD"}`)
	h.want(201, "POST", path+"/payments/requests", `{"type":"refund","amount":`+eur(5000)+`}`)
	done := h.want(200, "POST", path+"/payments/3/complete", `{"status":"succeeded","reference":"re_2","at":"2026-11-27T12:00:02.000Z"}`)
	if amounts := done["amounts"].(map[string]any); amounts["refund_due"] != nil || amounts["refunded"] != jsonNumber("5000") {
		t.Errorf("done: %v", amounts)
	}
	credit := h.want(201, "POST", one, `{"kind":"store_credit","amount":99,"currency":"EUR"}`)
	if credit["amounts"].(map[string]any)["to_refund"] != nil {
		t.Errorf("credit: %v", credit)
	}
	told := h.want(200, "GET", fmt.Sprintf("%s/timeline?at_least=%v", path, credit["sequence"]), "")["items"].([]any)
	var types []string
	for _, item := range told {
		types = append(types, fmt.Sprint(item.(map[string]any)["type"]))
	}
	if all := strings.Join(types, " "); !strings.Contains(all, "refund_decided payment.refund.requested payment.refund.failed payment.refund.requested payment.refund.succeeded refund_decided") {
		t.Errorf("timeline: %v", all)
	}
	h.checkAudit()
}

// TestLatePayments: what is reported of an order that has left memory is kept beside it, and told.
func TestLatePayments(t *testing.T) {
	var clock atomic.Int64 // the engine looks at it by itself, too
	clock.Store(1_790_000_000_000)
	h := openIndexed(t, engine.Options{Clock: clock.Load, ArchiveAfter: time.Hour})
	h.stock("A", 1_000_000)
	var path string
	for range core.PageOrders + 5 {
		id := h.placed("/v1/orders", `{"customer":"ann","lines":[{"sku":"A","quantity":1,"unit_price":`+eur(100)+`}]}`)
		if path == "" {
			path = "/v1/orders/" + id
			h.want(200, "POST", path+"/payments", strings.Replace(payment("capture", "succeeded", "pi_1", 100, ""), "2026-11-27", "2026-09-21", 1))
		}
		h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	}
	h.want(200, "POST", path+"/payments/2/complete", `{"status":"succeeded","reference":"re_1","at":"2026-09-21T14:13:21.000Z"}`)
	clock.Add(2 * time.Hour.Milliseconds())
	h.placed("/v1/orders", order("bob", "A", 1))
	number, _ := parseID([]byte(strings.TrimPrefix(path, "/v1/orders/")))
	h.until(func() bool { return h.engine.IsArchived(h.engine.OrderFromPublic(number)) })
	body := strings.Replace(payment("chargeback", "succeeded", "cb_1", 100, `,"of":1,"note":"fraud","actor":"hook"`), "2026-11-27", "2026-09-21", 1)
	first := h.do("POST", path+"/payments", body, "Idempotency-Key: l1")
	again := h.do("POST", path+"/payments", body, "Idempotency-Key: l1")
	if first.status != 202 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Fatalf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	late := first.json(t)
	if report := late["report"].(map[string]any); late["late"] != true || report["type"] != "chargeback" || report["reference"] != "cb_1" || late["actor"] != "hook" {
		t.Errorf("late: %v", late)
	}
	h.wantProblem(409, codeAccountClosed, "POST", path+"/payments", body, `If-Match: "4"`)
	h.wantProblem(409, codeAccountClosed, "POST", path+"/payments/requests", `{"type":"refund"}`)
	h.want(202, "POST", path+"/payments/2/complete", `{"status":"reversed","reference":"re_1","at":"2026-09-21T15:00:00.000Z"}`)
	h.want(201, "POST", path+"/notes", `{"text":"asked the bank"}`)
	told := h.want(200, "GET", path+"/timeline?"+h.now(), "")["items"].([]any)
	kinds := ""
	for _, item := range told {
		kinds += fmt.Sprint(item.(map[string]any)["type"], " ")
	}
	if !strings.HasSuffix(kinds, "payment.refund.succeeded payment_late payment_late note_added ") {
		t.Errorf("timeline: %s", kinds)
	}
	if notes := h.want(200, "GET", path+"/notes?"+h.now(), "")["items"].([]any); len(notes) != 1 {
		t.Errorf("notes: %v", notes)
	}
	h.checkAudit()
}
