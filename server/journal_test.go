package server

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// journalReader reads a stream of the journal.
type journalReader struct {
	t      testing.TB
	body   io.ReadCloser
	begin  core.Sequence
	stream *codec.StreamReader
}

func (h *shop) followJournal(query string) *journalReader {
	h.t.Helper()
	response, err := http.Get(h.base + "/v1/journal" + query)
	if err != nil {
		h.t.Fatal(err)
	}
	stream := codec.NewStreamReader(bufio.NewReader(response.Body), wal.MaxGroupBytes)
	head, err := stream.Head()
	if err != nil || response.StatusCode != 200 || response.Header.Get("Content-Type") != codec.StreamMediaType ||
		head.Instance != h.engine.JournalInstance() || head.Epoch != 1 || head.Released != h.engine.Sequence() {
		h.t.Fatalf("%d %v %+v %v", response.StatusCode, response.Header, head, err)
	}
	return &journalReader{h.t, response.Body, head.First, stream}
}

// next reads the next group, and counts the heartbeats before it.
func (r *journalReader) next() (g wal.Group, heartbeats int) {
	r.t.Helper()
	for ; ; heartbeats++ {
		p, err := r.stream.Next()
		if err != nil {
			r.t.Fatal(err)
		}
		if p.Kind != codec.PieceGroup {
			if p.Kind != codec.PieceAlive || p.Sequence == 0 || p.Epoch != 1 {
				r.t.Fatalf("%+v", p)
			}
			continue
		}
		if g, err = wal.DecodeGroup(bytes.Clone(p.Group)); err != nil {
			r.t.Fatal(err)
		}
		return g, heartbeats
	}
}

// TestJournalStream reads what is there, then what comes, and begins again in the middle: each group once, in order,
// chained to the one before.
func TestJournalStream(t *testing.T) {
	h := openShop(t, Options{Heartbeat: 20_000_000})
	h.stock("A", 100)
	for range 3 {
		h.want(201, "POST", "/v1/orders", order("c", "A", 1))
	}
	r := h.followJournal("")
	if r.begin != 1 {
		t.Errorf("the journal begins with %d", r.begin)
	}
	last, heartbeats := uint64(0), 0
	var chain wal.Hash
	read := func(until uint64) {
		t.Helper()
		for last < until {
			g, beats := r.next()
			if g.First != last+1 || g.Previous != chain {
				t.Fatalf("group %d behind %d does not follow", g.First, last)
			}
			last, chain = g.Last(), wal.HashGroup(wal.AppendGroup(nil, &g))
			heartbeats += beats
		}
	}
	read(uint64(h.engine.Sequence()))
	for range 3 {
		h.want(201, "POST", "/v1/orders", order("c", "A", 1))
		read(uint64(h.engine.Sequence()))
	}
	_ = r.body.Close()
	again := h.followJournal("?from=4")
	if g, _ := again.next(); g.First > 4 || g.Last() < 4 {
		t.Errorf("from 4: a group of %d to %d", g.First, g.Last())
	}
	defer again.body.Close()
	for heartbeats == 0 {
		go h.do("POST", "/v1/orders", order("c", "A", 1))
		_, beats := again.next()
		heartbeats += beats
	}
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/journal?from=0", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/journal?from=1000000", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/journal?to=5", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/journal?chain=12", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/journal?chain="+strings.Repeat("x", 64), "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/journal?chain="+strings.Repeat("0", 66), "")
}

// TestJournalStreamOfCutJournal: who asks for what was cut off is told where the journal begins.
func TestJournalStreamOfCutJournal(t *testing.T) {
	h := openCutting(t, Options{})
	h.cut()
	h.wantProblem(410, codeJournalCut, "GET", "/v1/journal?from=1", "")
	h.wantProblem(410, codeJournalCut, "GET", "/v1/journal?from=1&chain="+strings.Repeat("0", 64), "")
}
