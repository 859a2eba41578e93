package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/replica"
)

// openCutting starts a shop that keeps as little as it may, and cuts when told.
func openCutting(t *testing.T, o Options) *shop {
	t.Helper()
	h := openShop(t, o)
	h.close()
	h.storage = engine.Options{CheckpointBytes: -1, CheckpointRate: -1, JournalHistory: 1, FeedHistory: 1}
	h.storage.Journal.MemTableBytes = 256 << 10
	h.open()
	h.stock("A", 1_000_000)
	return h
}

// cut makes something that can be cut, and has it cut.
func (h *shop) cut() {
	h.t.Helper()
	line := `{"op":"place_order","customer":"` + strings.Repeat("c", 128) + `","lines":[{"sku":"A","quantity":1}]}` + "\n"
	for range 3 {
		if got := h.do("POST", "/v1/batch", strings.Repeat(line, 4096), ndjson); got.status != 200 {
			h.t.Fatalf("batch: %d %s", got.status, got.body)
		}
		h.want(200, "POST", "/v1/checkpoint", "{}")
		if _, err := h.engine.Retain(); err != nil {
			h.t.Fatal(err)
		}
	}
}

// items are those of a list.
func items(page map[string]any) (all []map[string]any) {
	for _, item := range page["items"].([]any) {
		all = append(all, item.(map[string]any))
	}
	return all
}

func TestReaders(t *testing.T) {
	h := openCutting(t, Options{})
	at := h.want(200, "GET", "/v1/digest", "")["sequence"].(jsonNumber)
	made := h.want(200, "POST", "/v1/readers/report", `{"kind":"feed","sequence":1}`)
	if made["name"] != "report" || made["kind"] != "feed" || made["position"] != jsonNumber("1") || made["status"] != "protected" ||
		made["seen_seconds_ago"] != jsonNumber("0") || made["lag"] == jsonNumber("0") {
		t.Errorf("%v", made)
	}
	h.want(200, "POST", "/v1/readers/copy", fmt.Sprintf(`{"kind":"journal","sequence":%s}`, at))
	page := h.want(200, "GET", "/v1/readers?limit=1", "")
	if got := items(page); len(got) != 1 || got[0]["name"] != "copy" || got[0]["lag"] != jsonNumber("0") || page["next"] != "copy" {
		t.Errorf("%v", page)
	}
	page = h.want(200, "GET", "/v1/readers?after=copy", "")
	if got := items(page); len(got) != 1 || got[0]["name"] != "report" || page["next"] != nil {
		t.Errorf("%v", page)
	}
	h.cut()
	h.want(200, "POST", "/v1/readers/report", `{"kind":"feed","sequence":1}`) // still there
	if first := h.want(200, "GET", "/v1/readers", ""); len(items(first)) != 2 {
		t.Errorf("%v", first)
	}
	for _, test := range []struct {
		status           int
		code, name, body string
	}{
		{409, codeReaderKind, "report", `{"kind":"journal","sequence":1}`},
		{422, codeOutOfRange, "report", `{"kind":"feed","sequence":1000000}`},
		{422, codeOutOfRange, "report", `{"kind":"feed","sequence":-1}`},
		{422, codeOutOfRange, "report", `{"kind":"both","sequence":1}`},
		{400, codeMissingField, "report", `{"kind":"feed"}`},
		{400, codeMissingField, "report", `{"sequence":1}`},
		{400, codeUnknownField, "report", `{"kind":"feed","sequence":1,"to":2}`},
		{400, codeWrongType, "report", `[]`},
		{422, codeInvalidCharacters, "a%20b", `{"kind":"feed","sequence":1}`},
		{422, codeInvalidLength, strings.Repeat("x", 65), `{"kind":"feed","sequence":1}`},
	} {
		h.wantProblem(test.status, test.code, "POST", "/v1/readers/"+test.name, test.body)
	}
	if got := h.do("DELETE", "/v1/readers/report", ""); got.status != 204 {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
	h.wantProblem(404, codeReaderNotFound, "DELETE", "/v1/readers/report", "")
	h.do("DELETE", "/v1/readers/copy", "")
	h.cut()
	h.wantProblem(410, codeEventsCut, "POST", "/v1/readers/report", `{"kind":"feed","sequence":1}`)
	h.wantProblem(410, codeJournalCut, "POST", "/v1/readers/copy", `{"kind":"journal","sequence":0}`)
	for n := range engine.MaxReaders {
		h.want(200, "POST", fmt.Sprintf("/v1/readers/r%d", n), fmt.Sprintf(`{"kind":"journal","sequence":%d}`, h.engine.Sequence()))
	}
	h.wantProblem(409, codeTooManyReaders, "POST", "/v1/readers/more", fmt.Sprintf(`{"kind":"feed","sequence":%d}`, h.engine.Sequence()))
	h.wantProblem(409, codeTooManyReaders, "GET", fmt.Sprintf("/v1/events?reader=more&after=%d", h.engine.Sequence()), "")
	metrics := string(h.do("GET", "/metrics", "").body)
	for _, line := range []string{"holdfast_engine_readers 100", `holdfast_keys_evicted_total{reason="age"} 0`, "holdfast_engine_feed_cuts_total "} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics have no %s", line)
		}
	}
}

// TestStreamsRegisterReaders: a stream registers its reader where it begins, and one that says nothing goes on where its
// reader stands.
func TestStreamsRegisterReaders(t *testing.T) {
	h := openCutting(t, Options{})
	events, stop := h.listen("?after=1&reader=report")
	stop()
	for range events {
	}
	r := h.followJournal("?from=2&reader=copy")
	_ = r.body.Close()
	h.cut()
	for name, kind := range map[string]engine.ReaderKind{"report": engine.ReaderOfFeed, "copy": engine.ReaderOfJournal} {
		if reader, ok := h.engine.Reader(name); !ok || reader.Position != 1 || reader.Kind != kind || reader.Overrun {
			t.Errorf("%+v", reader)
		}
	}
	events, stop = h.listen("?reader=report")
	if got := take(t, events, 2)[1]; got.id != "2" { // the stock, and its supply
		t.Errorf("goes on with %s", got.text)
	}
	stop()
	r = h.followJournal("?from=2&reader=copy")
	if g, _ := r.next(); g.First > 2 {
		t.Errorf("a group from %d", g.First)
	}
	_ = r.body.Close()
	h.wantProblem(409, codeReaderKind, "GET", "/v1/events?after=5&reader=copy", "")
	h.wantProblem(409, codeReaderKind, "GET", "/v1/journal?from=5&reader=report", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/events?reader=a%20b", "")
	h.wantProblem(409, codeEventsAhead, "GET", "/v1/events?after=100000000&reader=report", "")
	if got := h.do("HEAD", "/v1/events?after=5&reader=report", ""); got.status != 200 {
		t.Errorf("%d", got.status)
	}
	if reader, _ := h.engine.Reader("report"); reader.Position != 1 {
		t.Errorf("somebody who only asks moved the reader: %+v", reader)
	}
}

// TestCutEvents: who asks for events that were cut off is told where they begin; who does not say where begins there.
func TestCutEvents(t *testing.T) {
	h := openCutting(t, Options{})
	h.cut()
	oldest := uint64(h.engine.Feed().Oldest())
	if oldest == 0 {
		t.Fatal("nothing was cut")
	}
	for _, headers := range [][]string{nil, {"Last-Event-ID: 1"}} {
		p := h.wantProblem(410, codeEventsCut, "GET", "/v1/events?after=0", "", headers...)
		if !strings.Contains(p["detail"].(string), fmt.Sprint(oldest+1)) {
			t.Errorf("%v", p)
		}
	}
	for _, query := range []string{"", fmt.Sprintf("?after=%d", oldest)} {
		events, stop := h.listen(query)
		if got := take(t, events, 1)[0]; got.id != fmt.Sprint(oldest+1) {
			t.Errorf("%q begins with %s, want %d", query, got.text, oldest+1)
		}
		stop()
	}
}

// lockedLog collects what is logged.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestStreamIsOvertaken: a client that reads so slowly that what comes next for it is cut off is told so, and what is logged
// is no error.
func TestStreamIsOvertaken(t *testing.T) {
	h := openCutting(t, Options{WriteTimeout: time.Minute})
	var log lockedLog
	h.server.options.Log = slog.New(slog.NewTextHandler(&log, nil))
	sender, err := replica.NewSender(h.engine, 2)
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]source{
		"events":  &eventSource{server: h.server, reader: h.engine.Feed().Read(1)},
		"journal": h.server.followers.enter(sender, nil),
	}
	h.cut()
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			told, client := net.Pipe()
			go func() {
				s := &stream{server: h.server, connection: told, source: source}
				s.run(nil, nil)
				_ = told.Close()
			}()
			body, err := io.ReadAll(client)
			if err != nil {
				t.Fatal(err)
			}
			if name == "journal" {
				if len(body) > 0 {
					t.Errorf("%q", body)
				}
				return
			}
			data, ok := strings.CutPrefix(string(body), "event: cut\ndata: ")
			var says struct {
				Code  string `json:"code"`
				First uint64 `json:"first"`
			}
			if err := json.Unmarshal([]byte(data), &says); !ok || err != nil || says.Code != codeEventsCut ||
				says.First != uint64(h.engine.Feed().Oldest())+1 {
				t.Errorf("%q %v", body, err)
			}
		})
	}
	if text := log.String(); strings.Count(text, "level=INFO") != 2 || strings.Contains(text, "level=ERROR") {
		t.Errorf("logged is %s", text)
	}
}
