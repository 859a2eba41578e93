package server

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
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

// failed lists the tasks of a query that failed and are outstanding, page by page, as "order payment type outstanding".
func (h *shop) failed(query string) (list []string) {
	h.t.Helper()
	for after := ""; ; {
		page := h.want(200, "GET", "/v1/payments/tasks?status=failed&"+h.now()+query+after, "")
		for _, item := range page["items"].([]any) {
			task := item.(map[string]any)
			p := task["payment"].(map[string]any)
			list = append(list, fmt.Sprint(task["order_id"], " ", p["number"], " ", p["type"], " ", task["outstanding"].(map[string]any)["amount"]))
		}
		if page["next"] == nil {
			return list
		}
		after = "&after=" + page["next"].(string)
	}
}

// wantFailed looks whether just so many tasks are outstanding that a query lists, each as "order payment type outstanding".
func (h *shop) wantFailed(query string, want ...string) {
	h.t.Helper()
	if got := h.failed(query); !slices.Equal(got, want) {
		h.t.Errorf("%s: failed are %v, should be %v", query, got, want)
	}
}

// authorized places an order of a channel that costs 1.00 and for which 1.00 is set aside with a provider, and gives its id.
func (h *shop) authorized(channel, provider string) string {
	h.t.Helper()
	id := h.placed("/v1/orders", `{"customer":"ann","channel":"`+channel+`","lines":[{"sku":"A","quantity":1,"unit_price":`+eur(100)+`}]}`)
	h.want(200, "POST", "/v1/orders/"+id+"/payments", strings.Replace(payment("authorization", "succeeded", "pi-"+id, 100, ""), "acme", provider, 1))
	return id
}

// ended reports what became of a task of an order.
func (h *shop) ended(id string, number int, status, reference string) {
	h.t.Helper()
	h.want(200, "POST", fmt.Sprintf("/v1/orders/%s/payments/%d/complete", id, number),
		fmt.Sprintf(`{"status":%q,"reference":%q,"at":"2026-11-27T12:00:0%d.000Z"}`, status, reference, number))
}

// TestFailedTasks has captures, refunds and voids fail, which are listed until somebody has seen to them, also by an index that is made anew.
func TestFailedTasks(t *testing.T) {
	h := openIndexed(t, engine.Options{})
	h.stock("A", 99)
	h.want(201, "PUT", "/v1/channels/now", `{"capture":"confirm"}`)
	h.want(201, "PUT", "/v1/channels/later", `{"capture":"manual"}`)
	captured, refunded, voided := h.authorized("now", "acme"), h.authorized("now", "bank"), h.authorized("later", "acme")
	h.wantFailed("")
	h.ended(captured, 2, "failed", "ch_1")
	h.ended(refunded, 2, "succeeded", "ch_2")
	for _, id := range []string{refunded, voided} {
		h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	}
	h.ended(refunded, 3, "failed", "re_1")
	h.ended(voided, 2, "failed", "vo_1")
	capture, refund, void := captured+" 2 capture 100", refunded+" 3 refund 100", voided+" 2 void 100"
	for query, want := range map[string][]string{
		"": {void, refund, capture}, "&limit=1": {void, refund, capture}, "&limit=2": {void, refund, capture}, "&type=capture": {capture}, "&type=refund": {refund}, "&type=void": {void},
		"&provider=bank": {refund}, "&provider=acme": {void, capture}, "&provider=other": nil, "&type=void&provider=bank": nil,
	} {
		h.wantFailed(query, want...)
	}
	if open := h.want(200, "GET", "/v1/payments/tasks?"+h.now(), "")["items"].([]any); len(open) != 0 {
		t.Errorf("open: %v", open)
	}
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/payments/tasks?status=reversed", "")
	h.restart()
	h.wantFailed("", void, refund, capture)
	h.indexAnew()
	h.wantFailed("", void, refund, capture)

	h.want(201, "POST", "/v1/orders/"+captured+"/payments/requests", `{"type":"capture"}`)
	h.wantFailed("", void, refund)
	h.ended(captured, 3, "failed", "ch_3") // the new one stands in the place of the old one
	h.wantFailed("", void, refund, captured+" 3 capture 100")
	h.want(201, "POST", "/v1/orders/"+captured+"/payments/requests", `{"type":"capture","amount":`+eur(60)+`}`)
	h.ended(captured, 4, "succeeded", "ch_4")
	h.wantFailed("", void, refund, captured+" 3 capture 40")
	h.want(200, "POST", "/v1/orders/"+captured+"/payments", payment("adjustment", "succeeded", "cash", 40, ""))
	h.wantFailed("", void, refund)
	h.want(200, "POST", "/v1/orders/"+refunded+"/payments", payment("adjustment", "succeeded", "cash", -100, ""))
	h.wantFailed("", void)
	h.want(200, "POST", "/v1/orders/"+voided+"/payments/2/complete", `{"status":"succeeded","reference":"vo_1","at":"2026-11-27T14:00:00.000Z"}`)
	h.wantFailed("")
	h.want(200, "POST", "/v1/orders/"+voided+"/payments/2/complete", `{"status":"reversed","reference":"vo_1","at":"2026-11-27T15:00:00.000Z"}`)
	h.wantFailed("") // another one is asked for by itself
	h.ended(voided, 3, "failed", "vo_3")
	h.wantFailed("", voided+" 3 void 100")
	h.indexAnew()
	h.wantFailed("", voided+" 3 void 100")
	h.checkAudit()
}

// indexAnew has the index be one of the format before, so that it is made anew.
func (h *shop) indexAnew() {
	h.t.Helper()
	h.close()
	e, err := engine.Open(h.storage)
	if err != nil {
		h.t.Fatal(err)
	}
	err = e.UseIndex(func(j *wal.Journal) error {
		b := j.NewIndexBatch()
		b.Set([]byte{'v'}, append([]byte{1, 2}, make([]byte, 21)...))
		return b.Apply()
	})
	if err := errors.Join(err, e.Close()); err != nil {
		h.t.Fatal(err)
	}
	h.open()
	h.until(func() bool { return h.options.Search.State().Ready })
	if state := h.options.Search.State(); state.Walks != 1 {
		h.t.Errorf("the index was not made anew: %+v", state)
	}
}

// TestFailedTasksOfArchivedOrders has refunds fail of orders that leave memory then: they stay listed, until it is reported that they are seen to.
func TestFailedTasksOfArchivedOrders(t *testing.T) {
	var clock atomic.Int64 // the engine looks at it by itself, too
	clock.Store(1_795_900_000_000)
	h := openIndexed(t, engine.Options{Clock: clock.Load, ArchiveAfter: time.Hour})
	h.stock("A", 1_000_000)
	var ids []string
	for n := range core.PageOrders + 5 {
		if n > 2 {
			id := h.placed("/v1/orders", order("bob", "A", 1))
			h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
			continue
		}
		id := h.placed("/v1/orders", `{"customer":"ann","tags":["vip"],"lines":[{"sku":"A","quantity":1,"unit_price":`+eur(100)+`}]}`)
		h.want(200, "POST", "/v1/orders/"+id+"/payments", payment("capture", "succeeded", "pi_1", 100, ""))
		h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
		h.ended(id, 2, []string{"failed", "failed", "succeeded"}[n], "re_1")
		ids = append(ids, id)
	}
	clock.Add(2 * time.Hour.Milliseconds())
	h.placed("/v1/orders", order("bob", "A", 1))
	number, _ := parseID([]byte(ids[0]))
	h.until(func() bool { return h.engine.IsArchived(h.engine.OrderFromPublic(number)) })
	first, second, third := ids[0]+" 2 refund 100", ids[1]+" 2 refund 100", ids[2]+" 2 refund 100"
	h.wantFailed("", second, first)
	h.wantProblem(409, codeAccountClosed, "POST", "/v1/orders/"+ids[0]+"/payments/requests", `{"type":"refund"}`)
	report := func(id, path, body string) { h.want(202, "POST", "/v1/orders/"+id+"/payments"+path, body) }
	report(ids[0], "", payment("refund", "succeeded", "hand-1", 30, ""))
	h.wantFailed("&type=refund", second, ids[0]+" 2 refund 70")
	report(ids[0], "", payment("refund", "succeeded", "hand-2", 70, ""))
	report(ids[1], "", strings.Replace(payment("refund", "succeeded", "dollars", 100, ""), "EUR", "USD", 1))
	h.wantFailed("", second)
	report(ids[2], "/2/complete", `{"status":"reversed","reference":"re_1","at":"2026-11-27T14:00:00.000Z"}`)
	h.wantFailed("&provider=acme", third, second)
	tasks := h.want(200, "GET", "/v1/payments/tasks?status=failed&limit=1", "")["items"].([]any)
	if p := tasks[0].(map[string]any)["payment"].(map[string]any); p["status"] != "reversed" || p["at"] != "2026-11-27T14:00:00.000Z" {
		t.Errorf("undone: %v", tasks)
	}
	h.indexAnew()
	h.wantFailed("", third, second)
	if found := h.find("&tag=vip"); len(found) != 3 {
		t.Errorf("found: %v", found)
	}
	report(ids[1], "/2/complete", `{"status":"succeeded","reference":"re_9","at":"2026-11-27T13:00:00.000Z"}`)
	h.wantFailed("", third)
	h.indexAnew()
	h.wantFailed("", third)
	h.checkAudit()
}
