package server

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/server/queue"
)

// openQueue opens a shop whose time is what the test says, with a sale of so many units that begins in a minute and has a queue.
func openQueue(t *testing.T, units int, rules string) (h *shop, clock *atomic.Int64) {
	t.Helper()
	clock = new(atomic.Int64)
	clock.Store(saleStart - 60_000)
	h = &shop{t: t, dir: t.TempDir(), options: Options{QueueInterval: time.Hour}, contract: theContract(t)}
	h.storage.Clock = clock.Load
	h.open()
	t.Cleanup(h.close)
	h.stock("phone", units)
	h.want(201, "PUT", "/v1/sales/drop", fmt.Sprintf(`{"starts_at":"2026-11-27T09:00:00.000Z","ends_at":"2026-11-27T10:00:00.000Z",
		"items":[{"sku":"phone","quota":%d}],"limit_per_customer":1,"queue":{"required":true,"token_seconds":120,"patience_seconds":600%s}}`, units, rules))
	return h, clock
}

var saleStart = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC).UnixMilli()

const dropQueue = "/v1/sales/drop/queue"

// take takes a place for a customer.
func (h *shop) take(customer string) map[string]any {
	h.t.Helper()
	got := h.do("POST", dropQueue, `{"customer":"`+customer+`"}`)
	if got.status != 200 && got.status != 201 {
		h.t.Fatalf("%s: %d %s", customer, got.status, got.body)
	}
	return got.json(h.t)
}

// look tells how a ticket stands.
func (h *shop) look(ticket map[string]any) map[string]any {
	h.t.Helper()
	return h.want(200, "GET", dropQueue+"/"+ticket["ticket"].(string), "")
}

// letIn lets people in, as the server does now and then.
func (h *shop) letIn() {
	h.server.queues.advance()
	h.server.queues.advance()
}

// inSale is the body of an order in the sale that shows an entrance.
func inSale(customer string, entrance any) string {
	return fmt.Sprintf(`{"customer":%q,"sale":"drop","ticket":%q,"lines":[{"sku":"phone","quantity":1}]}`, customer, entrance)
}

func TestQueue(t *testing.T) {
	h, clock := openQueue(t, 2, "")
	var tickets []map[string]any
	for i := range 5 {
		ticket := h.take(fmt.Sprintf("c%d", i))
		if ticket["number"] != jsonNumber(fmt.Sprint(i+1)) || ticket["status"] != "waiting" || ticket["position"] != jsonNumber(fmt.Sprint(i)) {
			t.Errorf("ticket %d: %v", i, ticket)
		}
		tickets = append(tickets, ticket)
	}
	if again := h.take("c3"); again["number"] != jsonNumber("4") {
		t.Errorf("c3 has another place: %v", again)
	}
	h.letIn()
	if first := h.look(tickets[0]); first["status"] != "waiting" {
		t.Errorf("let in before the start: %v", first)
	}
	clock.Store(saleStart)
	h.letIn()
	h.wantProblem(409, codeTicketRequired, "POST", "/v1/orders", `{"customer":"c0","sale":"drop","lines":[{"sku":"phone","quantity":1}]}`)
	first, second, third := h.look(tickets[0]), h.look(tickets[1]), h.look(tickets[2])
	if first["status"] != "admitted" || second["status"] != "admitted" || third["status"] != "waiting" || third["position"] != jsonNumber("0") {
		t.Fatalf("two units are left: %v\n%v\n%v", first, second, third)
	}
	if first["expires_at"] != "2026-11-27T09:02:00.000Z" {
		t.Errorf("entrance %v", first)
	}
	h.want(201, "POST", "/v1/orders", inSale("c0", first["entrance"]))
	h.letIn()
	if third := h.look(tickets[2]); third["status"] != "waiting" {
		t.Errorf("one unit is left, and c1 is in for it: %v", third)
	}
	if got := h.look(tickets[0]); got["status"] != "ordered" {
		t.Errorf("who has ordered: %v", got)
	}
	held := h.want(201, "POST", "/v1/holds", inSale("c1", second["entrance"]))
	h.letIn()
	if third := h.look(tickets[2]); third["status"] != "waiting" {
		t.Errorf("the last unit is held and may come back: %v", third)
	}
	h.want(200, "POST", "/v1/holds/"+held["id"].(string)+"/confirm", "")
	h.letIn()
	if third := h.look(tickets[2]); third["status"] != "sold_out" {
		t.Errorf("nothing is left: %v", third)
	}
	h.want(200, "POST", "/v1/orders/"+held["id"].(string)+"/cancel", "")
	h.letIn()
	if third := h.look(tickets[2]); third["status"] != "admitted" {
		t.Errorf("a unit came back: %v", third)
	}
	state := h.want(200, "GET", dropQueue, "")
	wantFields(t, state, `"tickets":5,"waiting":2,"had_their_turn":3,"may_order":1,"ordered_since_start":2`)
	clock.Store(saleStart + 3_600_000)
	if got := h.look(tickets[4]); got["status"] != "ended" {
		t.Errorf("after the end: %v", got)
	}
	h.wantProblem(409, codeSaleEnded, "POST", dropQueue, `{"customer":"late"}`)
}

// What is no entrance of the customer's in the sale changes nothing, and can be told from what is.
func TestTicketsOfOrders(t *testing.T) {
	h, clock := openQueue(t, 10, "")
	h.want(201, "PUT", "/v1/sales/other", saleOf(`"items":[{"sku":"phone"}],"queue":{"required":true}`))
	ticket := h.take("ann")
	clock.Store(saleStart)
	h.letIn()
	entrance := h.look(ticket)["entrance"].(string)
	before := h.want(200, "GET", "/v1/sales/drop", "")
	forged := []byte(entrance)
	if forged[20] = 'A'; entrance[20] == 'A' {
		forged[20] = 'B'
	}
	stranger := queue.NewSigner([32]byte{1}).Append(nil, queue.Token{Kind: queue.KindEntrance, Sale: 64, Number: 1, Time: saleStart * 2})
	for name, c := range map[string]struct{ code, body string }{
		"forged":           {codeTicketInvalid, inSale("ann", forged)},
		"another server's": {codeTicketInvalid, inSale("ann", stranger)},
		"no token":         {codeTicketInvalid, inSale("ann", "x")},
		"a waiting place":  {codeTicketInvalid, inSale("ann", ticket["ticket"])},
		"another customer": {codeTicketInvalid, inSale("bob", entrance)},
		"another sale":     {codeTicketInvalid, strings.Replace(inSale("ann", entrance), `"drop"`, `"other"`, 1)},
	} {
		for _, path := range []string{"/v1/orders", "/v1/holds"} {
			if problem := h.wantProblem(409, c.code, "POST", path, c.body); problem["detail"] == nil {
				t.Errorf("%s: %v", name, problem)
			}
		}
	}
	h.wantProblem(400, codeMissingField, "POST", "/v1/orders", strings.Replace(inSale("ann", entrance), `"sale":"drop",`, "", 1))
	h.wantProblem(422, codeInvalidLength, "POST", "/v1/orders", inSale("ann", ""))
	clock.Store(saleStart + 120_000)
	if late := h.wantProblem(409, codeTicketExpired, "POST", "/v1/orders", inSale("ann", entrance)); !strings.Contains(late["detail"].(string), "before 2026-11-27T09:") {
		t.Errorf("%v", late)
	}
	after := h.want(200, "GET", "/v1/sales/drop", "")
	if fmt.Sprint(before["items"]) != fmt.Sprint(after["items"]) {
		t.Errorf("units were %v and are %v", before["items"], after["items"])
	}

	clock.Store(saleStart + 119_999)
	placed := h.do("POST", "/v1/orders", inSale("ann", entrance), "Idempotency-Key: k1")
	if placed.status != 201 {
		t.Fatalf("a millisecond before its deadline: %d %s", placed.status, placed.body)
	}
	h.wantProblem(409, codeTicketUsed, "POST", "/v1/orders", inSale("ann", entrance))
	clock.Store(saleStart + 130_000)
	again := h.do("POST", "/v1/orders", inSale("ann", entrance), "Idempotency-Key: k1")
	if again.status != 201 || string(again.body) != string(placed.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same request after the deadline: %d %s", again.status, again.body)
	}
	h.wantProblem(409, codeTicketExpired, "POST", "/v1/orders", inSale("ann", entrance), "Idempotency-Key: k2")
}

func TestTicketsInBatches(t *testing.T) {
	h, clock := openQueue(t, 10, "")
	ticket := h.take("ann")
	clock.Store(saleStart)
	h.letIn()
	line := `{"op":"place_order",` + inSale("ann", h.look(ticket)["entrance"])[1:]
	got := h.do("POST", "/v1/batch", line+"\n"+line+"\n"+strings.Replace(line, `"ann"`, `"bob"`, 1)+"\n", "Content-Type: application/x-ndjson")
	for i, words := range []string{`"status":201`, codeTicketUsed, codeTicketInvalid} {
		if lines := strings.Split(string(got.body), "\n"); !strings.Contains(lines[i], words) {
			t.Errorf("line %d: %s, want %s", i, lines[i], words)
		}
	}
	if got := h.look(ticket); got["status"] != "ordered" {
		t.Errorf("after the batch: %v", got)
	}
}

// A ticket that was given out before a restart keeps its place, and so does a drawn order.
func TestQueueAfterRestart(t *testing.T) {
	h, clock := openQueue(t, 3, `,"opening_seconds":10`)
	var tickets []map[string]any
	for i := range 40 {
		tickets = append(tickets, h.take(fmt.Sprintf("c%d", i)))
	}
	if got := h.look(tickets[7]); got["position"] != nil || got["drawn_at"] != "2026-11-27T09:00:10.000Z" {
		t.Errorf("before the order is drawn: %v", got)
	}
	clock.Store(saleStart + 10_000)
	h.letIn()
	places := func() (all []string) {
		for _, ticket := range tickets {
			got := h.look(ticket)
			all = append(all, fmt.Sprint(got["status"], got["turn"], got["position"]))
		}
		return all
	}
	before := places()
	if strings.Count(strings.Join(before, " "), "admitted") != 3 {
		t.Fatalf("three units are left: %v", before)
	}
	h.restart()
	if after := places(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("places were\n%v\nand are\n%v", before, after)
	}
	for i, ticket := range tickets {
		if got := h.look(ticket); got["status"] == "admitted" {
			h.want(201, "POST", "/v1/orders", inSale(fmt.Sprintf("c%d", i), got["entrance"]))
		}
	}
	if late := h.take("late"); strings.Contains(fmt.Sprint(before), fmt.Sprint(late["turn"], late["position"])) {
		t.Errorf("somebody new has a place of before: %v", late)
	}
	h.letIn()
	if got := h.look(tickets[0]); got["status"] != "ordered" && got["status"] != "sold_out" {
		t.Errorf("three units were sold: %v", got)
	}
	if audit := h.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		t.Errorf("audit %v", audit)
	}
}

func TestQueueBadInput(t *testing.T) {
	h, _ := openQueue(t, 1, "")
	h.want(201, "PUT", "/v1/sales/open", saleOf(`"items":[{"sku":"phone"}]`))
	h.wantProblem(409, codeNoQueue, "POST", "/v1/sales/open/queue", `{"customer":"c"}`)
	h.wantProblem(404, codeSaleNotFound, "POST", "/v1/sales/none/queue", `{"customer":"c"}`)
	h.wantProblem(404, codeSaleNotFound, "GET", "/v1/sales/none/queue", "")
	h.wantProblem(404, codeSaleNotFound, "GET", "/v1/sales/none/queue/x", "")
	h.wantProblem(404, codeTicketNotFound, "GET", dropQueue+"/x", "")
	h.wantProblem(404, codeTicketNotFound, "GET", dropQueue+"/x/events", "")
	h.wantProblem(400, codeMissingField, "POST", dropQueue, `{}`)
	h.wantProblem(400, codeUnknownField, "POST", dropQueue, `{"customer":"c","vip":true}`)
	h.wantProblem(422, codeInvalidCharacters, "POST", dropQueue, `{"customer":"a b"}`)
	h.wantProblem(400, codeMalformedJSON, "POST", dropQueue, `{`)
	h.wantProblem(400, codeInvalidQuery, "GET", dropQueue+"?x=1", "")
	ticket := h.take("c")
	h.wantProblem(404, codeTicketNotFound, "GET", "/v1/sales/open/queue/"+ticket["ticket"].(string), "")
	for field, value := range map[string]string{"patience_seconds": "0", "share_percent": "10001", "token_seconds": "0", "opening_seconds": "-1"} {
		h.wantProblem(422, codeOutOfRange, "PUT", "/v1/sales/bad", saleOf(`"items":[{"sku":"phone"}],"queue":{"`+field+`":`+value+`}`))
	}
}

// The stream of a ticket tells how it stands, and tells it again when that changes.
func TestTicketStream(t *testing.T) {
	h, clock := openQueue(t, 1, "")
	ticket := h.take("ann")
	response, err := http.Get(h.base + dropQueue + "/" + ticket["ticket"].(string) + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	next := func() string {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return text
			}
		}
		t.Fatal("the stream ended")
		return ""
	}
	if got := next(); !strings.Contains(got, `"status":"waiting","turn":1,"position":0`) {
		t.Errorf("first %s", got)
	}
	clock.Store(saleStart)
	h.letIn()
	if got := next(); !strings.Contains(got, `"status":"admitted"`) || !strings.Contains(got, `"entrance":"`) {
		t.Errorf("then %s", got)
	}
}
