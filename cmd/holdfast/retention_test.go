package main_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/server/client"
)

// TestServeCutsJournalAndEvents runs the binary with little history: journal and events are cut and it says so, who asks for
// what is gone is told, a reader holds what it has not read, and the directory is whole.
func TestServeCutsJournalAndEvents(t *testing.T) {
	dir := t.TempDir()
	little := []string{"--journal-history", "1", "--feed-history", "1", "--checkpoint-rate", "-1"}
	line := `{"op":"place_order","customer":"` + strings.Repeat("c", 100) + `","lines":[{"sku":"A","quantity":1}]}` + "\n"
	var s *service
	var log string // of all of them: events are cut when the index of orders has read them, which may be soon
	restart := func() {
		t.Helper()
		if s != nil { // what is in memory comes into tables, where it can be cut
			s.signal(syscall.SIGTERM)
			s.wait(0)
			log += s.log.String()
		}
		s = start(t, dir, little...)
	}
	orders := func() {
		t.Helper()
		if status, _ := s.post("/v1/batch", strings.Repeat(line, 4096), "Content-Type: application/x-ndjson"); status != 200 {
			t.Fatalf("batch: %d", status)
		}
		if status, _ := s.post("/v1/checkpoint", "{}"); status != 200 {
			t.Fatalf("checkpoint: %d", status)
		}
	}
	restart()
	if _, err := s.client().PutSKU(t.Context(), "A", client.SKUSettings{}); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.post("/v1/stock/adjustments", `{"adjustments":[{"sku":"A","delta":1000000,"reason":"received"}]}`); status != 200 {
		t.Fatalf("stock: %d", status)
	}
	for range 3 {
		orders()
		restart()
	}
	digest, err := s.client().Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf(`%d`, digest.Sequence)
	if status, _ := s.post("/v1/readers/copy", `{"kind":"journal","sequence":`+at+`}`); status != 200 {
		t.Errorf("registering a reader: %d", status)
	}
	for range 2 {
		orders()
	}
	wait := time.Now().Add(patience)
	for {
		status := s.status("/v1/events?after=0") // as long as they are there, they have no end
		if status == 410 {
			break
		}
		if time.Now().After(wait) {
			t.Fatalf("the events are not cut: %d", status)
		}
		time.Sleep(time.Second) // the index of orders says every few seconds how far it has read, and what it has not read stays
		orders()                // a checkpoint that has nothing new cuts nothing
	}
	if status, body := s.get("/v1/readers"); status != 200 || !strings.Contains(body, `"position":`+at) || !strings.Contains(body, "protected") {
		t.Errorf("readers: %d %s", status, body)
	}
	s.signal(syscall.SIGTERM)
	s.wait(0)
	log += s.log.String()
	for _, says := range []string{"the journal was cut and begins with sequence ", "the events were cut and begin with sequence ", "keys-window"} {
		if !strings.Contains(log, says) {
			t.Errorf("the log does not say %q:\n%s", says, log)
		}
	}
	command(t, 0, "journal", "verify", "--data", dir)
	_, errs := command(t, 2, "journal", "dump", "--data", dir, "--from", "1")
	if !strings.Contains(errs, "--from: 1 was cut off, the journal begins with sequence ") {
		t.Errorf("dump of what was cut off: %s", errs)
	}
	s = start(t, dir, little...)
	if status, body := s.get("/v1/audit"); status != 200 || !strings.Contains(body, `"ok":true`) {
		t.Errorf("audit: %d %s", status, body)
	}
	if status, _ := s.get("/v1/journal?from=1"); status != 410 {
		t.Errorf("the beginning of the journal: %d", status)
	}
}
