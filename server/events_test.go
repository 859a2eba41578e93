package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// message is one server-sent event.
type message struct {
	id   string
	kind string
	data map[string]any
	text string
}

// listen opens a stream of events and gives its messages.
func (h *shop) listen(query string, headers ...string) (messages <-chan message, stop func()) {
	h.t.Helper()
	request, err := http.NewRequest("GET", h.base+"/v1/events"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := h.http.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != typeEventStream {
		h.t.Fatalf("events: %d %v", response.StatusCode, response.Header)
	}
	ch := make(chan message, 100)
	go func() {
		defer close(ch)
		defer func() { _ = response.Body.Close() }()
		var m message
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "id":
				m.id = value
			case "event":
				m.kind = value
			case "data":
				m.text = value
				_ = json.Unmarshal([]byte(value), &m.data)
			case "":
				if m.text != "" {
					ch <- m
				}
				m = message{}
			}
		}
	}()
	return ch, func() { _ = response.Body.Close() }
}

// take reads so many messages.
func take(t *testing.T, messages <-chan message, n int) (taken []message) {
	t.Helper()
	for range n {
		select {
		case m, ok := <-messages:
			if !ok {
				t.Fatalf("the stream ended after %d of %d messages", len(taken), n)
			}
			taken = append(taken, m)
		case <-time.After(5 * time.Second):
			t.Fatalf("%d of %d messages", len(taken), n)
		}
	}
	return taken
}

func types(messages []message) string {
	var names []string
	for _, m := range messages {
		names = append(names, m.data["type"].(string))
	}
	return strings.Join(names, " ")
}

func TestEvents(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/locations/HH", `{"name":"Hamburg"}`)
	h.want(201, "PUT", "/v1/skus/A", `{"title":"Phone"}`)
	h.want(201, "PUT", "/v1/skus/B", `{}`)
	h.stock("A", 10)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","delta":5,"reason":"received"}]}`)
	id := h.want(201, "POST", "/v1/orders", fullOrder)["id"].(string)
	all, stop := h.listen("?after=0")
	defer stop()
	got := take(t, all, 10)
	want := "location_defined sku_defined sku_defined sku_defined stock_adjusted supply_changed stock_adjusted supply_changed channel_defined order_placed"
	if types(got) != want {
		t.Errorf("events %s, want %s", types(got), want)
	}
	if order := got[9].data["order"].(map[string]any); order["id"] != id || order["ship_to"] == nil || got[9].id != fmt.Sprint(got[9].data["sequence"]) {
		t.Errorf("event %s with id %s", got[9].text, got[9].id)
	}
	h.checkEvents(got)

	// A stream without ?after begins with the oldest event; one that resumes misses nothing and repeats nothing.
	oldest, stopOldest := h.listen("")
	defer stopOldest()
	if got := types(take(t, oldest, 10)); got != want {
		t.Errorf("without after: %s", got)
	}
	live, stopLive := h.listen("?after=" + got[9].id)
	defer stopLive()
	h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	if m := take(t, live, 1)[0]; m.data["type"] != "order_cancelled" {
		t.Errorf("live: %s", m.text)
	}
	resumed, stopResumed := h.listen("?after=0", "Last-Event-ID: "+got[7].id)
	defer stopResumed()
	if got := types(take(t, resumed, 3)); got != "channel_defined order_placed order_cancelled" {
		t.Errorf("resumed: %s", got)
	}
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/events?after=x", "")
	h.wantProblem(400, codeInvalidHeader, "GET", "/v1/events", "", "Last-Event-ID: x")
}

// TestEventsOfAnotherHistory: who has read more than a primary ever said is told so; a replica lets it wait until it gets there, or is
// promoted before: then the stream ends, and the client is told when it comes again.
func TestEventsOfAnotherHistory(t *testing.T) {
	p := openCell(t, "")
	p.stock("A", 10)
	last := uint64(p.engine.Sequence())
	ahead := fmt.Sprint(last + 1)
	got := p.wantProblem(409, codeEventsAhead, "GET", "/v1/events?after="+ahead, "")
	if !strings.Contains(got["detail"].(string), fmt.Sprint("sequence ", last)) {
		t.Errorf("%v", got)
	}
	p.wantProblem(409, codeEventsAhead, "GET", "/v1/events", "", "Last-Event-ID: "+ahead)
	_, stop := p.listen(fmt.Sprintf("?after=%d", last)) // up to date
	stop()

	r := openCell(t, p.base)
	r.catchUp(p)
	early, stop := r.listen("?reader=report&after=" + ahead)
	defer stop()
	p.want(201, "POST", "/v1/orders", order("c", "A", 1)) // the event that it has read elsewhere, and one that defines a channel
	p.want(201, "POST", "/v1/orders", order("c", "A", 1))
	if got := take(t, early, 1)[0]; got.id == "" || got.id == ahead {
		t.Errorf("after %s comes %s", ahead, got.text)
	}
	r.catchUp(p)
	lost, stop := r.listen(fmt.Sprintf("?after=%d", r.engine.Sequence()+1))
	defer stop()
	r.want(200, "POST", "/v1/promote", "{}")
	for range 3 {
		r.want(201, "POST", "/v1/orders", order("c", "A", 1))
	}
	if m := <-lost; m.kind != "ahead" || m.data["code"] != codeEventsAhead {
		t.Errorf("the end: %+v", m)
	}
	if m, open := <-lost; open {
		t.Errorf("what comes next in another history was sent: %s", m.text)
	}
}

// checkEvents holds events against the OpenAPI document.
func (h *shop) checkEvents(messages []message) {
	h.t.Helper()
	var body strings.Builder
	for _, m := range messages {
		body.WriteString("data: " + m.text + "\n\n")
	}
	request, err := http.NewRequest("GET", h.base+"/v1/events?after=0", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	response := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {typeEventStream}}, Body: io.NopCloser(strings.NewReader(""))}
	h.contract.check(h.t, request, "", response, []byte(body.String()))
}

// TestEventsOfOneSequence lets holds expire that were taken at one instant: their events have one sequence, and
// only the last of them has an id.
func TestEventsOfOneSequence(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	line := `{"op":"hold","customer":"c","ttl_seconds":1,"lines":[{"sku":"A","quantity":1}]}`
	wantLines(t, h.batch([]string{line, line, line}), "201", "201", "201")
	messages, stop := h.listen("?after=0")
	defer stop()
	got := take(t, messages, 9) // SKU, stock, its supply, three holds, three expiries
	if want := "sku_defined stock_adjusted supply_changed hold_placed hold_placed hold_placed hold_expired hold_expired hold_expired"; types(got) != want {
		t.Fatalf("events %s, want %s", types(got), want)
	}
	for i, m := range got {
		last := i+1 == len(got) || m.data["sequence"] != got[i+1].data["sequence"]
		if shared := i == 1 || i == 6 || i == 7; last == shared {
			t.Errorf("event %d (%s) is the last of its sequence: %v", i, m.text, last)
		}
		if last != (m.id != "") {
			t.Errorf("event %d (%s) has id %q", i, m.text, m.id)
		}
	}
}

func TestEventStreamsEnd(t *testing.T) {
	h := openShop(t, Options{MaxEventStreams: 1, Heartbeat: 20 * time.Millisecond})
	h.stock("A", 10)
	_, stop := h.listen("")
	h.until(func() bool { return h.server.meter.streams.Load() == 1 })
	fields := h.do("GET", "/v1/events", "")
	if fields.status != 503 || fields.header.Get("Retry-After") == "" {
		t.Errorf("second stream: %d %s", fields.status, fields.body)
	}
	time.Sleep(100 * time.Millisecond) // some heartbeats
	stop()
	h.until(func() bool { return h.server.meter.streams.Load() == 0 })
	last, _ := h.listen("")
	take(t, last, 3)
	h.close()
	if _, open := <-last; open {
		t.Error("the stream goes on after the shutdown")
	}
	h.open()
}

// TestSlowReaderIsCutOff has a client that never reads: it is cut off, and nobody waits for it.
func TestSlowReaderIsCutOff(t *testing.T) {
	h := openShop(t, Options{WriteTimeout: 200 * time.Millisecond})
	h.contract = nil
	h.stock("A", 1_000_000)
	connection, err := net.Dial("tcp", strings.TrimPrefix(h.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_ = connection.(*net.TCPConn).SetReadBuffer(4096)
	if _, err := io.WriteString(connection, "GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Repeat(`{"op":"place_order","customer":"`+strings.Repeat("c", 128)+`","lines":[{"sku":"A","quantity":1}]}`+"\n", 8192)
	for range 20 {
		if h.server.meter.slowStreams.Load() > 0 {
			return
		}
		if got := h.do("POST", "/v1/batch", lines, ndjson); got.status != 200 {
			t.Fatalf("batch: %d %s", got.status, got.body)
		}
	}
	h.until(func() bool { return h.server.meter.slowStreams.Load() == 1 })
}

// until waits for a condition.
func (h *shop) until(met func() bool) {
	h.t.Helper()
	for end := time.Now().Add(5 * time.Second); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatal("waited in vain")
		}
	}
}
