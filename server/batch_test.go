package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

const ndjson = "Content-Type: application/x-ndjson"

// batch sends lines and gives the answers, one for each.
func (h *shop) batch(lines []string, headers ...string) []map[string]any {
	h.t.Helper()
	got := h.do("POST", "/v1/batch", strings.Join(lines, "\n")+"\n", append(headers, ndjson)...)
	if got.status != 200 || got.header.Get("Content-Type") != "application/x-ndjson" {
		h.t.Fatalf("batch: %d %s", got.status, got.body)
	}
	var answers []map[string]any
	for line := range bytes.Lines(got.body) {
		answers = append(answers, answer{body: line}.json(h.t))
	}
	return answers
}

func wantLines(t *testing.T, answers []map[string]any, want ...string) {
	t.Helper()
	if len(answers) != len(want) {
		t.Fatalf("%d answers, want %d: %v", len(answers), len(want), answers)
	}
	for i, a := range answers {
		got := fmt.Sprint(a["status"])
		if a["code"] != nil {
			got += " " + a["code"].(string)
		}
		if a["line"] != nil {
			got += fmt.Sprint(" line ", a["line"])
		}
		if got != want[i] {
			t.Errorf("answer %d is %q (%v), want %q", i, got, a, want[i])
		}
	}
}

func TestBatchLines(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	first := h.batch([]string{
		`{"op":"place_order","customer":"c","external_id":"x1","lines":[{"sku":"A","quantity":1}]}`,
		`{"op":"hold","customer":"c","ttl_seconds":60,"lines":[{"sku":"A","quantity":1}]}`,
		`{"lines":[{"sku":"A","quantity":1}],"customer":"c","op":"hold"}`,
		`{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":100}]}`,
		`{"op":"adjust","adjustments":[{"sku":"A","delta":5}]}`,
		`{"op":"place_order","customer":"c","external_id":"x1","lines":[{"sku":"A","quantity":1}]}`,
	})
	wantLines(t, first, "201", "201", "201", "409 insufficient_stock", "200", "409 duplicate_external_id")
	if first[5]["order_id"] != first[0]["id"] {
		t.Errorf("duplicate of %v: %v", first[0], first[5])
	}
	name := func(op string, i int) string { return fmt.Sprintf(`{"op":%q,"id":%q}`, op, first[i]["id"]) }
	wantLines(t, h.batch([]string{name("confirm", 1), name("release", 2), name("cancel", 0), name("release", 2), name("confirm", 2), name("release", 1)}),
		"200", "200", "200", "200", "409 hold_released", "409 hold_confirmed")
	if got := h.available("A"); got != "14" {
		t.Errorf("available %s, want 14", got)
	}
}

func TestBatchLinesMalformed(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	good := `{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":1}]}`
	answers := h.batch([]string{
		good,
		`{"op":"place_order",`,
		``,
		"  \r",
		`{"op":"fly"}`,
		`{"customer":"c"}`,
		`[]`,
		good + good,
		`{"op":"place_order","op":"hold"}`,
		`{"op":"place_order","customer":"c","ttl_seconds":5,"lines":[{"sku":"A","quantity":1}]}`,
		`{"op":"confirm"}`,
		`{"op":"confirm","id":"nothing"}`,
		`{"op":"cancel","id":"nothing"}`,
		`{"op":"cancel","id":"nothing","lines":[]}`,
		`{"op":"place_order","idempotency_key":"","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
		`{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":0}]}`,
		`{"op":"place_order","customer":"c","lines":[{"sku":"no","quantity":1}]}`,
		"{\"op\":\"place_order\",\"customer\":\"\xff\"}",
		`{"op":"hold","customer":"` + strings.Repeat("x", maxBatchLine) + `"}`,
		good + "\r",
	})
	wantLines(t, answers, "201", "400 malformed_json line 2", "400 wrong_type line 5", "400 missing_field line 6", "400 wrong_type line 7",
		"400 malformed_json line 8", "400 duplicate_field line 9", "400 unknown_field line 10", "400 missing_field line 11",
		"404 hold_not_found line 12", "404 order_not_found line 13", "400 unknown_field line 14", "422 invalid_length line 15",
		"422 out_of_range line 16", "422 sku_not_found line 17", "400 malformed_json line 18", "422 invalid_length line 19", "201")
	if got := h.available("A"); got != "8" {
		t.Errorf("available %s, want 8", got)
	}
}

func TestBatchWhole(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.wantProblem(400, codeMalformedBatch, "POST", "/v1/batch", "\n \n", ndjson)
	h.wantProblem(400, codeMalformedBatch, "POST", "/v1/batch", "", ndjson)
	h.wantProblem(413, codeBatchTooLarge, "POST", "/v1/batch", strings.Repeat("{}\n", 8193), ndjson)
	h.wantProblem(415, codeUnsupportedMedia, "POST", "/v1/batch", "{}")
	h.wantProblem(415, codeUnsupportedMedia, "POST", "/v1/batch", "{}", "Content-Type: ")
	h.wantProblem(400, codeInvalidIdempotencyKey, "POST", "/v1/batch", "{}", ndjson, "Idempotency-Key: a b")
	// No newline after the last line, and as many lines as there may be.
	full := strings.TrimSuffix(strings.Repeat(`{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":1}]}`+"\n", 8192), "\n")
	h.contract = nil // which takes long for so many
	got := h.do("POST", "/v1/batch", full, ndjson)
	if n := bytes.Count(got.body, []byte(`"status":201`)); got.status != 200 || n != 10 || bytes.Count(got.body, newline) != 8192 {
		t.Errorf("%d: %d orders of 10 units, %d answers", got.status, n, bytes.Count(got.body, newline))
	}
}

func TestBatchKeys(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 100)
	lines := []string{
		`{"op":"place_order","idempotency_key":"k1","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
		`{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
		`{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
	}
	body := strings.Join(lines, "\n")
	first := h.do("POST", "/v1/batch", body, ndjson, "Idempotency-Key: whole")
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first batch is marked as a replay")
	}
	h.restart()
	again := h.do("POST", "/v1/batch", body, ndjson, "Idempotency-Key: whole")
	if string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("again %s %v\nfirst %s", again.body, again.header, first.body)
	}
	// The key of a line is the key of the same request alone.
	alone := h.want(201, "POST", "/v1/orders", order("c", "A", 1), "Idempotency-Key: k1")
	if !strings.Contains(string(first.body), alone["id"].(string)) {
		t.Errorf("alone %v, in the batch %s", alone, first.body)
	}
	mixed := h.do("POST", "/v1/batch", lines[0]+"\n"+lines[1], ndjson) // the first is a repeated one, the second is new
	if mixed.status != 200 || mixed.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("a batch that does something new is marked as a replay: %s", mixed.body)
	}
	wantLines(t, h.batch([]string{
		`{"op":"place_order","idempotency_key":"k1","customer":"c","lines":[{"sku":"A","quantity":2}]}`,
		`{"op":"place_order","idempotency_key":"k2","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
		`{"op":"place_order","idempotency_key":"k2","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
	}), "422 idempotency_key_reused", "201", "409 idempotency_in_progress")
	if got := h.available("A"); got != "95" {
		t.Errorf("available %s, want 95", got)
	}
}

// frames sends commands in binary and gives their answers.
func (h *shop) frames(body []byte, headers ...string) []codec.Answer {
	h.t.Helper()
	got := h.do("POST", "/v1/batch", string(body), append(headers, "Content-Type: "+codec.BatchMediaType)...)
	if got.status != 200 {
		h.t.Fatalf("batch: %d %s", got.status, got.body)
	}
	count, _, rest, err := codec.DecodeAnswers(got.body)
	if err != nil {
		h.t.Fatal(err)
	}
	var answers []codec.Answer
	for range count {
		a, err := codec.DecodeAnswer(rest)
		if err != nil {
			h.t.Fatal(err)
		}
		answers, rest = append(answers, a), rest[codec.AnswerSize:]
	}
	return answers
}

// number is a SKU's number.
func (h *shop) number(sku string) core.SKUID {
	h.t.Helper()
	n, err := h.want(200, "GET", "/v1/skus/"+sku, "")["number"].(json.Number).Int64()
	if err != nil {
		h.t.Fatal(err)
	}
	return core.SKUID(n)
}

func frameBatch(commands ...core.Command) []byte {
	body := codec.AppendBatchHeader(nil, len(commands))
	for i := range commands {
		body = codec.AppendCommand(body, &commands[i])
	}
	return body
}

func TestBatchFrames(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.stock("B", 10)
	a, b := h.number("A"), h.number("B")
	customer := []byte("c")
	single := core.Command{Kind: core.CommandPlaceOrder, Mask: a.Slot().Mask(), Customer: customer, Lines: []core.Line{{SKU: a, Quantity: 1}}}
	basket := core.Command{Kind: core.CommandPlaceHold, TTL: 60_000, Customer: customer, Lines: []core.Line{{SKU: a, Quantity: 1}, {SKU: b, Quantity: 1}}}
	many := core.Command{Kind: core.CommandPlaceOrder, Customer: customer, Lines: []core.Line{{SKU: b, Quantity: 100}}}
	keyed := single
	keyed.HasKey, keyed.Key = true, keyOf([]byte("k"))
	got := h.frames(frameBatch(single, basket, many, keyed, keyed))
	if got[0].Status != 201 || got[1].Status != 201 || got[2].Status != 409 || got[2].Reason != core.ReasonInsufficientStock || got[2].Order != 0 ||
		got[3].Status != 201 || got[4].Status != 409 || got[4].Reason != codec.AnswerKeyInProgress {
		t.Fatalf("answers %+v", got)
	}
	if again := h.frames(frameBatch(keyed)); again[0].Order != got[3].Order || !again[0].Replayed {
		t.Errorf("again %+v, first %+v", again[0], got[3])
	}
	reused := many
	reused.HasKey, reused.Key = true, keyed.Key
	confirm := core.Command{Kind: core.CommandConfirmHold, Order: core.OrderID(got[1].Order)}
	cancel := core.Command{Kind: core.CommandCancelOrder, Order: core.OrderID(got[0].Order), ExpectedVersion: 7}
	adjust := core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: b, Value: 1}}}
	unknown := core.Command{Kind: core.CommandPlaceOrder, Customer: customer, Lines: []core.Line{{SKU: 1 << 20, Quantity: 1}}}
	next := h.frames(frameBatch(reused, confirm, cancel, adjust, unknown))
	if next[0].Reason != codec.AnswerKeyReused || next[0].Status != 422 || next[1].Status != 200 || next[1].Order != got[1].Order ||
		next[2].Status != 412 || next[2].Reason != core.ReasonVersionConflict || next[3].Status != 200 || next[4].Reason != core.ReasonSKUNotFound {
		t.Errorf("answers %+v", next)
	}
	id := string(appendID(nil, got[1].Order))
	if order := h.want(200, "GET", "/v1/orders/"+id, ""); order["status"] != "placed" {
		t.Errorf("order %v", order)
	}
}

// TestBatchFramesOfUnknownOrder: a number that no order has is answered without a place in the journal.
func TestBatchFramesOfUnknownOrder(t *testing.T) {
	h := openShop(t, Options{})
	before := h.want(200, "GET", "/v1/audit", "")["sequence"]
	cancel := core.Command{Kind: core.CommandCancelOrder, Order: 12345}
	confirm := core.Command{Kind: core.CommandConfirmHold, Order: 1 << 62}
	document := cancel
	document.Document = []byte("{}")
	got := h.frames(frameBatch(cancel, confirm, document))
	for i, want := range []int{404, 404, 400} {
		if got[i].Status != want || want == 404 && got[i].Reason != core.ReasonOrderNotFound {
			t.Errorf("command %d: %+v, want status %d", i, got[i], want)
		}
	}
	if after := h.want(200, "GET", "/v1/audit", "")["sequence"]; after != before {
		t.Errorf("sequence %v, before %v", after, before)
	}
	// Beside orders that are there, each answer goes to its own command.
	h.stock("A", 10)
	place := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: h.number("A"), Quantity: 1}}}
	placed := h.frames(frameBatch(place))
	real := core.Command{Kind: core.CommandCancelOrder, Order: core.OrderID(placed[0].Order)}
	got = h.frames(frameBatch(cancel, real, place, confirm), "Idempotency-Key: mixed")
	if got[0].Status != 404 || got[1].Status != 200 || got[1].Order != placed[0].Order || got[2].Status != 201 || got[3].Status != 404 {
		t.Errorf("mixed: %+v", got)
	}
}

func TestBatchFramesMalformed(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	a := h.number("A")
	good := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: a, Quantity: 1}}}
	zero, tick, define, document, canonical, spaced := good, good, good, good, good, good
	zero.Lines = []core.Line{{SKU: a}}
	tick.Kind, tick.Mask = core.CommandTick, 1
	define.Kind, define.Name = core.CommandDefineSKU, []byte("X")
	document.Document = []byte(`{"evil":"</script>"}`)
	canonical.Document = []byte(`{"unit_prices":[{"amount":5,"currency":"EUR"}]}`)
	spaced.Document = []byte(`{"unit_prices": [{"amount":5,"currency":"EUR"}]}`)
	got := h.frames(frameBatch(zero, good, tick, define, document, canonical, spaced))
	for i, want := range []int{400, 201, 400, 400, 400, 201, 400} {
		if got[i].Status != want || want == 400 && got[i].Reason != codec.AnswerMalformed {
			t.Errorf("command %d: %+v, want status %d", i, got[i], want)
		}
	}
	if answer := h.do("GET", "/v1/orders/"+string(appendID(nil, got[5].Order)), ""); !strings.Contains(string(answer.body), `"unit_price":{"amount":5,"currency":"EUR"}`) {
		t.Errorf("order %s", answer.body)
	}
	send := func(status int, code, says string, body []byte) {
		t.Helper()
		fields := h.wantProblem(status, code, "POST", "/v1/batch", string(body), "Content-Type: "+codec.BatchMediaType)
		if detail := fields["detail"].(string); !strings.Contains(detail, says) {
			t.Errorf("detail %q does not say %q", detail, says)
		}
	}
	whole := frameBatch(good, good)
	send(400, codeMalformedBatch, "HFB1", append([]byte("HFB2"), whole[4:]...))
	send(400, codeMalformedBatch, "command 1, byte", whole[:len(whole)-1])
	send(400, codeMalformedBatch, "after the batch's last command", append(bytes.Clone(whole), 0))
	send(400, codeMalformedBatch, "1 to 8192", codec.AppendBatchHeader(nil, 0))
	send(413, codeBatchTooLarge, "8192", codec.AppendBatchHeader(nil, 8193))
	send(400, codeMalformedBatch, "header", []byte("HF"))
}

func TestBatchFramesUnderHeaderKey(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	a := h.number("A")
	good := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: a, Quantity: 1}}}
	first := h.frames(frameBatch(good, good), "Idempotency-Key: whole")
	again := h.frames(frameBatch(good, good), "Idempotency-Key: whole")
	for i := range first {
		if first[i].Status != 201 || again[i].Order != first[i].Order || !again[i].Replayed {
			t.Errorf("command %d: first %+v, again %+v", i, first[i], again[i])
		}
	}
	if first[0].Order == first[1].Order {
		t.Error("two commands of one batch share a key")
	}
}

// TestBatchOfMovements moves stock in both forms of a batch. A movement has no id, and each is done or refused on its own.
func TestBatchOfMovements(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	got := h.batch([]string{
		`{"op":"move","idempotency_key":"k","actor":"anna","movements":[{"type":"receive","sku":"A","quantity":3,"to":"damaged"}]}`,
		`{"op":"move","movements":[{"type":"write_off","sku":"A","quantity":4,"from":"damaged"}]}`,
		`{"op":"move","movements":[{"type":"write_off","sku":"A","quantity":1,"to":"damaged"}]}`,
		`{"op":"move","movements":[]}`,
		`{"op":"move","movements":[{"type":"receive","sku":"nothing","quantity":1}]}`,
	})
	wantLines(t, got, "200", "409 stock_negative", "400 unknown_field line 3", "422 invalid_length line 4", "422 sku_not_found line 5")
	if got[0]["id"] != nil || got[0]["sequence"] == nil {
		t.Errorf("%v", got[0])
	}
	sku := h.number("A")
	move := core.Command{Kind: core.CommandMoveStock, Cause: []byte("count 3"), Moves: []core.MovementRow{
		{SKU: sku, Kind: core.MovementReclassify, From: core.StateDamaged, Quantity: 2},
		{SKU: sku, Kind: core.MovementCount, Quantity: 11, HasExpected: true, Expected: 12},
	}}
	stale := move
	stale.Moves = move.Moves[1:]
	unknown := core.Command{Kind: core.CommandMoveStock, Moves: []core.MovementRow{{SKU: 1 << 20, Kind: core.MovementReceive, Quantity: 1}}}
	answers := h.frames(frameBatch(move, stale, unknown))
	if answers[0].Status != 200 || answers[0].Order != 0 || answers[1].Reason != core.ReasonStockChanged || answers[2].Reason != core.ReasonSKUNotFound {
		t.Errorf("%+v", answers)
	}
	if got := h.available("A"); got != "11" {
		t.Errorf("available %s, want 11", got)
	}
}
