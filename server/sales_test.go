package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// clockTime writes a time from now as the contract does.
func clockTime(from time.Duration) string {
	return time.Now().Add(from).UTC().Format("2006-01-02T15:04:05.000Z")
}

// saleOf is the body of a sale that is on now.
func saleOf(rules string) string {
	return fmt.Sprintf(`{"starts_at":%q,"ends_at":%q,%s}`, clockTime(-time.Hour), clockTime(time.Hour), rules)
}

func TestSales(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(201, "PUT", "/v1/skus/B", `{"backorder_limit":null}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","set":5}]}`)
	body := saleOf(`"title":"Black \"Friday\"","items":[{"sku":"A","quota":8,"unit_price":{"amount":1999,"currency":"EUR"}},{"sku":"B","max_held":3}],
		"limit_per_customer":4,"limit_per_address":5,"max_ttl_seconds":300,"max_expired_holds":2,"queue":{"opening_seconds":60,"rate_per_minute":600}`)
	made := h.want(201, "PUT", "/v1/sales/friday", body)
	if made["sale"] != "friday" || made["title"] != `Black "Friday"` || made["limit_per_customer"] != jsonNumber("4") || made["limit_per_device"] != nil {
		t.Errorf("made %v", made)
	}
	order := func(sku string, quantity int, rest string) string {
		return fmt.Sprintf(`{"customer":"ann","sale":"friday","lines":[{"sku":%q,"quantity":%d}]%s}`, sku, quantity, rest)
	}
	placed := h.want(201, "POST", "/v1/orders", order("A", 2, `,"identities":{"address":"Elbe 1","device":"d"}`))
	if placed["sale"] != "friday" {
		t.Errorf("placed %v", placed)
	}
	held := h.want(201, "POST", "/v1/holds", order("B", 1, `,"ttl_seconds":3600`))
	deadline, _ := time.Parse(time.RFC3339, held["expires_at"].(string))
	if left := time.Until(deadline); left > 300*time.Second || left < 200*time.Second {
		t.Errorf("held for %v", left)
	}
	sale := h.want(200, "GET", "/v1/sales/friday", "")
	items := sale["items"].([]any)
	wantFields(t, items[0].(map[string]any), `"quota":8,"held":0,"sold":2,"left":6,"available":3,"beyond_stock":3`)
	wantFields(t, items[1].(map[string]any), `"max_held":3,"held":1,"sold":0,"beyond_stock":0`)
	price := items[0].(map[string]any)["unit_price"].(map[string]any)
	if price["amount"] != jsonNumber("1999") || items[1].(map[string]any)["left"] != nil || items[1].(map[string]any)["available"] != nil {
		t.Errorf("items %v", items)
	}

	refused := h.wantProblem(409, codeSaleLimit, "POST", "/v1/orders", order("A", 2, ""))
	wantFields(t, refused, `"identity":"customer","requested":2,"available":1`)
	other := strings.Replace(order("A", 4, `,"identities":{"address":"Elbe 1"}`), "ann", "anna", 1)
	refused = h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", other)
	if refused["identity"] != nil {
		t.Errorf("refused %v", refused)
	}
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","set":50}]}`)
	wantFields(t, h.wantProblem(409, codeSaleLimit, "POST", "/v1/orders", other), `"identity":"address","requested":4,"available":3`)
	line := h.wantProblem(409, codeSaleQuota, "POST", "/v1/orders", order("A", 7, ""))
	wantLine(t, line, map[string]string{"index": "0", "sku": "A", "requested": "7", "available": "6"})
	wantLine(t, h.wantProblem(409, codeHoldCap, "POST", "/v1/holds", order("B", 3, "")), map[string]string{"requested": "3", "available": "2"})

	h.want(200, "POST", "/v1/orders/"+placed["id"].(string)+"/cancel", "")
	h.want(204, "DELETE", "/v1/holds/"+held["id"].(string), "")
	items = h.want(200, "GET", "/v1/sales/friday", "")["items"].([]any)
	wantFields(t, items[0].(map[string]any), `"held":0,"sold":0,"left":8,"available":50,"beyond_stock":0`)

	h.want(200, "PUT", "/v1/sales/friday", saleOf(`"items":[{"sku":"A","quota":0}]`))
	wantLine(t, h.wantProblem(409, codeSaleQuota, "POST", "/v1/orders", order("A", 1, "")), map[string]string{"available": "0"})
	h.wantProblem(409, codeSKUNotInSale, "POST", "/v1/orders", order("B", 1, ""))
	h.restart()
	wantLine(t, h.wantProblem(409, codeSaleQuota, "POST", "/v1/orders", order("A", 1, "")), map[string]string{"available": "0"})
	if version := h.want(200, "GET", "/v1/sales/friday", "")["version"]; version != jsonNumber("2") {
		t.Errorf("version %v", version)
	}
}

// wantFields checks that an object has the fields.
func wantFields(t *testing.T, object map[string]any, fields string) {
	t.Helper()
	for field := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(field, ":")
		if got := fmt.Sprintf("%q", fmt.Sprint(object[strings.Trim(name, `"`)])); strings.Trim(got, `"`) != strings.Trim(value, `"`) {
			t.Errorf("%s is %s, want %s, in %v", name, got, value, object)
		}
	}
}

func TestSaleTimesAndTickets(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","set":50}]}`)
	const order = `{"customer":"ann","sale":"s","lines":[{"sku":"A","quantity":1}]}`
	tomorrow, later := clockTime(24*time.Hour), clockTime(48*time.Hour)
	h.wantProblem(422, codeSaleNotFound, "POST", "/v1/orders", order)
	h.want(201, "PUT", "/v1/sales/s", fmt.Sprintf(`{"starts_at":%q,"ends_at":%q,"items":[{"sku":"A"}]}`, tomorrow, later))
	if got := h.wantProblem(409, codeSaleNotStarted, "POST", "/v1/orders", order)["starts_at"]; got != tomorrow {
		t.Errorf("it starts at %v, not %v", got, tomorrow)
	}
	h.want(200, "PUT", "/v1/sales/s", `{"starts_at":"1970-01-01T01:00:00+01:00","ends_at":"2026-01-01T00:00:00Z","items":[{"sku":"A"}]}`)
	if got := h.wantProblem(409, codeSaleEnded, "POST", "/v1/holds", order)["ends_at"]; got != "2026-01-01T00:00:00.000Z" {
		t.Errorf("it ended at %v", got)
	}
	h.want(200, "PUT", "/v1/sales/s", saleOf(`"items":[{"sku":"A"}],"queue":{"required":true}`))
	h.wantProblem(409, codeTicketRequired, "POST", "/v1/orders", order)
	lines := h.want(200, "GET", "/v1/sales?limit=1", "")
	if items := lines["items"].([]any); len(items) != 1 || lines["next"] != nil {
		t.Errorf("listed %v", lines)
	}
	h.want(201, "PUT", "/v1/sales/t", saleOf(`"items":[{"sku":"A"}]`))
	if next := h.want(200, "GET", "/v1/sales?limit=1", "")["next"]; next != "s" {
		t.Errorf("next is %v", next)
	}
	if items := h.want(200, "GET", "/v1/sales?after=s", "")["items"].([]any); items[0].(map[string]any)["sale"] != "t" {
		t.Errorf("after s comes %v", items)
	}
	h.wantProblem(404, codeSaleNotFound, "GET", "/v1/sales/none", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/sales?after=none", "")
}

func TestSaleFaults(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	const starts, ends = `"starts_at":"2026-11-27T09:00:00.000Z"`, `"ends_at":"2026-11-27T21:00:00.000Z"`
	const times, items = starts + "," + ends + ",", `"items":[{"sku":"A"}]`
	many := ""
	for i := range 501 {
		many += fmt.Sprintf(`{"sku":"S%d"},`, i)
	}
	for _, c := range []struct {
		body, code, field string
		status            int
	}{
		{`{}`, codeMissingField, "starts_at", 400},
		{`{` + times + `"x":1,` + items + `}`, codeUnknownField, "x", 400},
		{`{` + starts + `,"ends_at":"2026-11-27T09:00:00.000Z",` + items + `}`, codeOutOfRange, "ends_at", 422},
		{`{` + starts + `,"ends_at":"2026-11-27T08:59:59.999Z",` + items + `}`, codeOutOfRange, "ends_at", 422},
		{`{"starts_at":"2026-11-27T09:00:00.0001Z",` + ends + `,` + items + `}`, codeOutOfRange, "starts_at", 422},
		{`{"starts_at":"27 November 2026 at nine",` + ends + `,` + items + `}`, codeOutOfRange, "starts_at", 422},
		{`{"starts_at":"soon",` + ends + `,` + items + `}`, codeOutOfRange, "starts_at", 422},
		{`{"starts_at":"",` + ends + `,` + items + `}`, codeOutOfRange, "starts_at", 422},
		{`{"starts_at":"2026-11-31T09:00:00.000Z",` + ends + `,` + items + `}`, codeOutOfRange, "starts_at", 422},
		{`{"starts_at":"1969-12-31T23:59:59.999Z",` + ends + `,` + items + `}`, codeOutOfRange, "starts_at", 422},
		{`{"starts_at":5,` + ends + `,` + items + `}`, codeWrongType, "starts_at", 400},
		{`{` + times + `"items":[]}`, codeInvalidLength, "items", 422},
		{`{` + times + `"items":[` + many[:len(many)-1] + `]}`, codeInvalidLength, "items", 422},
		{`{` + times + `"items":[{"sku":"A"},{"sku":"A"}]}`, codeDuplicateItem, "items[1].sku", 422},
		{`{` + times + `"items":[{"quota":1}]}`, codeMissingField, "items[0].sku", 400},
		{`{` + times + `"items":[{"sku":"A","quota":-1}]}`, codeOutOfRange, "items[0].quota", 422},
		{`{` + times + `"items":[{"sku":"A","quota":1000000000001}]}`, codeOutOfRange, "items[0].quota", 422},
		{`{` + times + `"items":[{"sku":"A","max_held":0}]}`, codeOutOfRange, "items[0].max_held", 422},
		{`{` + times + items + `,"limit_per_customer":0}`, codeOutOfRange, "limit_per_customer", 422},
		{`{` + times + items + `,"max_ttl_seconds":86401}`, codeOutOfRange, "max_ttl_seconds", 422},
		{`{` + times + items + `,"queue":{"required":1}}`, codeWrongType, "queue.required", 400},
		{`{` + times + items + `,"queue":{"token_seconds":0}}`, codeOutOfRange, "queue.token_seconds", 422},
	} {
		h.wantFault(c.status, c.code, c.field, "PUT", "/v1/sales/s", c.body)
	}
	h.wantProblem(422, codeSKUNotFound, "PUT", "/v1/sales/s", `{`+times+`"items":[{"sku":"A"},{"sku":"no"}]}`)
	h.wantProblem(404, codeSaleNotFound, "GET", "/v1/sales/s", "")
	for _, c := range []struct {
		rest, code, field string
		status            int
	}{
		{`"sale":""`, codeInvalidLength, "sale", 422},
		{`"identities":[]`, codeWrongType, "identities", 400},
		{`"identities":{"customer":"ann"}`, codeUnknownField, "identities.customer", 400},
		{`"identities":{"device":""}`, codeInvalidLength, "identities.device", 422},
		{`"identities":{"device":"` + strings.Repeat("d", 129) + `"}`, codeInvalidLength, "identities.device", 422},
		{`"identities":{"payment":"a\nb"}`, codeInvalidCharacters, "identities.payment", 422},
	} {
		h.wantFault(c.status, c.code, c.field, "POST", "/v1/orders", `{"customer":"ann","lines":[{"sku":"A","quantity":1}],`+c.rest+`}`)
	}
}

// wantFault checks that a request is refused on account of one field.
func (h *shop) wantFault(status int, code, field, method, path, body string) {
	h.t.Helper()
	fields := h.wantProblem(status, code, method, path, body)
	if got := fields["errors"].([]any)[0].(map[string]any)["field"]; got != field {
		h.t.Errorf("%s: field %v, want %s", body, got, field)
	}
}

// TestSalesInBatches places orders in a sale in both forms of a batch. A ticket comes signed, or not at all: binary frames have none.
func TestSalesInBatches(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","set":50}]}`)
	h.want(201, "PUT", "/v1/sales/s", saleOf(`"items":[{"sku":"A","quota":3}]`))
	answers := h.batch([]string{
		`{"op":"place_order","customer":"ann","sale":"s","lines":[{"sku":"A","quantity":2}]}`,
		`{"op":"hold","customer":"ann","sale":"s","lines":[{"sku":"A","quantity":2}]}`,
		`{"op":"hold","customer":"ann","sale":"s","up_to":true,"lines":[{"sku":"A","quantity":2}],"identities":{"device":"d"}}`,
		`{"op":"place_order","customer":"ann","sale":"none","lines":[{"sku":"A","quantity":1}]}`,
		`{"op":"place_order","customer":"ann","lines":[{"sku":"A","quantity":2}]}`,
	})
	for i, want := range []string{"", codeSaleQuota, "", codeSaleNotFound, ""} {
		if code := answers[i]["code"]; want == "" && code != nil || want != "" && code != want {
			t.Errorf("line %d is answered %v, want %q", i, answers[i], want)
		}
	}
	h.want(200, "PUT", "/v1/sales/s", saleOf(`"items":[{"sku":"A","quota":4}]`))
	entry, _ := h.engine.Sale([]byte("s"))
	body := codec.AppendBatchHeader(nil, 2)
	for ticket := range uint32(2) {
		c := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("bob"), Sale: entry.ID, Ticket: ticket, Mask: core.AllSlots,
			Lines: []core.Line{{SKU: h.number("A"), Quantity: 1}}}
		body = codec.AppendCommand(body, &c)
	}
	if got := h.frames(body); got[0].Status != 201 || got[1].Status != 400 || got[1].Reason != codec.AnswerMalformed {
		t.Errorf("answers %+v", got)
	}
}

func TestSaleEvents(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(201, "PUT", "/v1/sales/s", saleOf(`"title":"S","items":[{"sku":"A","quota":3,"unit_price":{"amount":5,"currency":"EUR"}}]`))
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","set":5}]}`)
	h.want(201, "POST", "/v1/orders", `{"customer":"ann","sale":"s","lines":[{"sku":"A","quantity":2}]}`)
	messages, stop := h.listen("?after=1")
	defer stop()
	got := take(t, messages, 4)
	if want := "sale_defined stock_adjusted supply_changed order_placed"; types(got) != want {
		t.Errorf("events %s, want %s", types(got), want)
	}
	h.checkEvents(got)
	if order := got[3].data["order"].(map[string]any); order["sale"] != "s" {
		t.Errorf("order %v", order)
	}
}
