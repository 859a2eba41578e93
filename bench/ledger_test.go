package bench

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLedgerKeepsWhatWasAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	spec := testSpec(Basket)
	l, err := createLedger(path, spec)
	if err != nil {
		t.Fatal(err)
	}
	b := &book{ledger: l}
	for i := uint64(0); i < 1000; i += 10 {
		entries := make([]ack, 10)
		for k := range entries {
			entries[k] = ack{i + uint64(k), mix(i + uint64(k) + 1)}
		}
		if known, err := b.acknowledge(entries); err != nil || known != 0 {
			t.Fatal(known, err)
		}
	}
	if _, err := createLedger(path, spec); err == nil {
		t.Fatal("a ledger was overwritten")
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	checkLedger(t, path, spec, 1000)

	// A record that was cut short was never counted.
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)-5], 0o644); err != nil {
		t.Fatal(err)
	}
	checkLedger(t, path, spec, 999)
}

func checkLedger(t *testing.T, path string, spec workloadSpec, want int) {
	t.Helper()
	got, b, err := readLedger(path)
	if err != nil || got != spec || b.acks.len() != want {
		t.Fatalf("%+v, %d orders, %v", got, b.acks.len(), err)
	}
	for i := range uint64(want) {
		if b.acks.get(i) != mix(i+1) {
			t.Fatalf("ordinal %d has %d", i, b.acks.get(i))
		}
	}
}

func TestLedgersThatAreNone(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "no JSON": "hello\n", "other format": `{"format":2}` + "\n", "no line": "{"} {
		path := filepath.Join(dir, "ledger")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readLedger(path); err == nil {
			t.Errorf("%s was read as a ledger", name)
		}
	}
	if _, _, err := readLedger(filepath.Join(dir, "none")); err == nil {
		t.Error("no file was read as a ledger")
	}
}

func TestBookNoticesTwoOrdersForOneKey(t *testing.T) {
	b := &book{}
	for _, tc := range []struct {
		number  uint64
		known   int
		doubled int64
	}{{5, 0, 0}, {5, 1, 0}, {6, 0, 1}} {
		known, err := b.acknowledge([]ack{{1, tc.number}})
		if err != nil || known != tc.known || b.doubled.Load() != tc.doubled {
			t.Fatalf("%+v: known %d, doubled %d, %v", tc, known, b.doubled.Load(), err)
		}
	}
	b.lose([]uint64{9, 3})
	b.lose([]uint64{3})
	if got := b.takeUnknown(); len(got) != 2 || got[0] != 3 || len(b.takeUnknown()) != 0 {
		t.Fatalf("%v", got)
	}
}
