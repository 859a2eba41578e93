package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// orderBody is what an order's JSON must say.
type orderBody struct {
	Op       string     `json:"op"`
	Key      string     `json:"idempotency_key"`
	ID       string     `json:"id"`
	Customer string     `json:"customer"`
	TTL      int64      `json:"ttl_seconds"`
	Lines    []shopLine `json:"lines"`
}

// wants compares an order's JSON with the order.
func (b *orderBody) wants(t *testing.T, o *order) {
	t.Helper()
	if b.Customer != string(appendCustomer(nil, o.customer)) || len(b.Lines) != o.count {
		t.Fatalf("%+v, not %+v", b, o)
	}
	for i, l := range b.Lines {
		if l.SKU != string(appendSKUName(nil, o.lines[i].sku)) || l.Quantity != o.lines[i].quantity {
			t.Fatalf("line %+v, not %+v", l, o.lines[i])
		}
	}
}

// keyed is a basket workload with idempotency keys.
func keyed() *workload {
	spec := testSpec(Basket)
	spec.Keys = true
	return newWorkload(spec)
}

// readRequest lets net/http judge a request.
func readRequest(t *testing.T, raw []byte) (*http.Request, []byte) {
	t.Helper()
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(req.Body); err != nil {
		t.Fatal(err)
	}
	return req, body.Bytes()
}

func TestSingleForm(t *testing.T) {
	w := keyed()
	f := &singleForm{work: w}
	var o order
	for ordinal := range uint64(50) {
		w.fill(&o, ordinal)
		for _, hold := range []bool{false, true} {
			path := "/v1/orders"
			f.begin()
			if hold {
				path = "/v1/holds"
				f.hold(&o)
			} else {
				f.order(&o)
			}
			req, body := readRequest(t, f.finish())
			if req.Method != "POST" || req.URL.Path != path || req.Header.Get("Idempotency-Key") != string(appendKey(nil, w.key(ordinal))) {
				t.Fatalf("%+v", req)
			}
			var got orderBody
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("%v in %q", err, body)
			}
			got.wants(t, &o)
			if hold && got.TTL != w.spec.TTLSeconds {
				t.Fatalf("%q", body)
			}
		}
	}
}

func TestSingleFormFollows(t *testing.T) {
	f := &singleForm{work: keyed()}
	for what, want := range map[fate]string{fateConfirm: "POST /v1/holds/000000000000a/confirm", fateRelease: "DELETE /v1/holds/000000000000a", fateCancel: "POST /v1/orders/000000000000a/cancel"} {
		f.begin()
		f.follow(10, what)
		req, body := readRequest(t, f.finish())
		if got := req.Method + " " + req.URL.Path; got != want || len(body) != 0 {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestNDJSONForm(t *testing.T) {
	w := keyed()
	f := &ndjsonForm{work: w}
	f.begin()
	var o order
	for ordinal := range uint64(20) {
		w.fill(&o, ordinal)
		f.order(&o)
		f.hold(&o)
		f.follow(ordinal, fateConfirm)
		f.follow(ordinal, fateRelease)
	}
	req, body := readRequest(t, f.finish())
	if req.URL.Path != "/v1/batch" || req.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%+v", req)
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	if len(lines) != 80 {
		t.Fatalf("%d lines", len(lines))
	}
	ops := []string{"place_order", "hold", "confirm", "release"}
	for i, line := range lines {
		var got orderBody
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.Op != ops[i%4] {
			t.Fatalf("%v in %q", err, line)
		}
		ordinal := uint64(i / 4)
		if i%4 >= 2 {
			if got.ID != string(appendOrderID(nil, ordinal)) {
				t.Fatalf("%q", line)
			}
			continue
		}
		w.fill(&o, ordinal)
		got.wants(t, &o)
		if got.Key != string(appendKey(nil, w.key(ordinal))) {
			t.Fatalf("%q", line)
		}
	}
}

func TestNDJSONAnswers(t *testing.T) {
	f := &ndjsonForm{}
	f.status = 200
	f.response.body = []byte(`{"status":201,"id":"0000000000007","sequence":3}` + "\n" + `{"status":409,"code":"insufficient_stock"}` + "\n" +
		`{"status":204}` + "\n" + `{"status":400,"code":"never_heard_of","detail":"x"}`)
	got, err := f.answers(nil)
	want := []answer{{done: true, number: 7}, {code: 0}, {done: true}, {code: uint8(len(refusalCodes) - 1)}}
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, bad := range []string{`{}`, `{"status":2`, `{"status":abc}`, `{"status":201}`, `{"status":201,"id":"short"}`, "\n"} {
		f.response.body = []byte(bad)
		if _, err := f.answers(nil); err == nil {
			t.Errorf("%q was taken for an answer", bad)
		}
	}
	f.status = 413
	if _, err := f.answers(nil); err == nil {
		t.Error("413 was taken for an answer")
	}
}

func TestBinaryForm(t *testing.T) {
	w := keyed()
	numbers := make([]core.SKUID, w.spec.SKUs)
	for i := range numbers {
		numbers[i] = core.MakeSKUID(core.Slot(i%core.SlotCount), uint32(i))
	}
	f := &binaryForm{work: w, numbers: numbers}
	f.begin()
	var o order
	for ordinal := range uint64(100) {
		w.fill(&o, ordinal)
		f.order(&o)
		f.hold(&o)
		f.follow(ordinal, fateRelease)
	}
	req, body := readRequest(t, f.finish())
	if req.URL.Path != "/v1/batch" || req.Header.Get("Content-Type") != codec.BatchMediaType {
		t.Fatalf("%+v", req)
	}
	count, frames, err := codec.DecodeBatch(body)
	if err != nil || count != 300 {
		t.Fatalf("%d commands, %v", count, err)
	}
	var c core.Command
	for i := range count {
		n, err := codec.FrameLength(frames)
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 2 { // its slots are for the server to fill in
			if err := codec.SetSlots(frames, 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := codec.DecodeCommand(frames, &c); err != nil {
			t.Fatalf("command %d: %v", i, err)
		}
		frames = frames[n:]
		checkCommand(t, w, numbers, i, &c)
	}
}

func checkCommand(t *testing.T, w *workload, numbers []core.SKUID, i int, c *core.Command) {
	t.Helper()
	ordinal := uint64(i / 3)
	if i%3 == 2 {
		if c.Kind != core.CommandReleaseHold || uint64(c.Order) != ordinal {
			t.Fatalf("command %d: %+v", i, c)
		}
		return
	}
	var o order
	w.fill(&o, ordinal)
	kind := []core.CommandKind{core.CommandPlaceOrder, core.CommandPlaceHold}[i%3]
	if c.Kind != kind || string(c.Customer) != string(appendCustomer(nil, o.customer)) || c.Key != w.key(ordinal) || len(c.Lines) != o.count {
		t.Fatalf("command %d: %+v, not %+v", i, c, o)
	}
	for k, line := range c.Lines {
		if line.SKU != numbers[o.lines[k].sku] || int64(line.Quantity) != o.lines[k].quantity || !c.Mask.Has(line.SKU.Slot()) {
			t.Fatalf("command %d, line %+v, not %+v", i, line, o.lines[k])
		}
	}
}

func TestBinaryAnswers(t *testing.T) {
	f := &binaryForm{}
	f.status = 200
	body := codec.AppendAnswerHeader(nil, 3, 9)
	body = codec.AppendAnswer(body, codec.Answer{Status: 201, Order: 5, Replayed: true})
	body = codec.AppendAnswer(body, codec.Answer{Status: 409, Reason: core.ReasonInsufficientStock})
	body = codec.AppendAnswer(body, codec.Answer{Status: 503, Reason: codec.AnswerOverloaded})
	f.response.body = body
	got, err := f.answers(nil)
	want := []answer{{done: true, replayed: true, number: 5}, {code: 0}, {code: 2}}
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	f.response.body = body[:len(body)-1]
	if _, err := f.answers(nil); err == nil {
		t.Error("a cut answer was taken")
	}
}

// TestRedisForm checks the protocol's framing: every word has the length that it claims.
func TestRedisForm(t *testing.T) {
	for _, scene := range []Scenario{Zipf, Basket} {
		spec := testSpec(scene)
		w := newWorkload(spec)
		f := &redisForm{work: w, digest: strings.Repeat("d", 40)}
		f.begin()
		var o order
		for ordinal := range uint64(30) {
			w.fill(&o, ordinal)
			f.order(&o)
		}
		rest, commands := string(f.finish()), 0
		for ; rest != ""; commands++ {
			var words []string
			words, rest = readWords(t, rest)
			if words[0] != "EVALSHA" || len(words[1]) != 40 {
				t.Fatalf("%q", words)
			}
			if keys, err := strconv.Atoi(words[2]); err != nil || keys < 2 || 3+keys > len(words) {
				t.Fatalf("%q", words)
			}
		}
		if commands != 30 {
			t.Fatalf("%d commands", commands)
		}
		replies := []byte(strings.Repeat(":1\r\n", 29))
		if n, err := f.parse(replies); n != 0 || err != nil {
			t.Fatalf("29 of 30 replies: %d, %v", n, err)
		}
		replies = append(replies, ":0\r\n"...)
		if n, err := f.parse(replies); n != len(replies) || err != nil {
			t.Fatalf("30 replies: %d, %v", n, err)
		}
		got, err := f.answers(nil)
		if err != nil || len(got) != 30 || !got[0].done || got[29].done {
			t.Fatalf("%+v, %v", got, err)
		}
	}
}

func readWords(t *testing.T, text string) (words []string, rest string) {
	t.Helper()
	line, rest, _ := strings.Cut(text, "\r\n")
	count, err := strconv.Atoi(strings.TrimPrefix(line, "*"))
	if err != nil {
		t.Fatalf("%q", line)
	}
	for range count {
		line, rest, _ = strings.Cut(rest, "\r\n")
		length, err := strconv.Atoi(strings.TrimPrefix(line, "$"))
		if err != nil || len(rest) < length+2 || rest[length:length+2] != "\r\n" {
			t.Fatalf("%q before %.40q", line, rest)
		}
		words, rest = append(words, rest[:length]), rest[length+2:]
	}
	return words, rest
}

func TestRedisErrorsAreErrors(t *testing.T) {
	f := &redisForm{replies: []byte("-NOSCRIPT No matching script\r\n")}
	if _, err := f.answers(nil); err == nil {
		t.Fatal("an error was taken for an answer")
	}
}
