package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// TestEndlessVerificationFindsLies runs the same endless load against shops that break one promise each.
func TestEndlessVerificationFindsLies(t *testing.T) {
	for _, tc := range []struct {
		name  string
		lies  lies
		wrong string // the check that must fail; empty: none
	}{
		{"honest", lies{}, ""},
		{"a closed order cannot be read", lies{forget: 30}, "orders of every age are there"},
		{"an id is given twice", lies{repeat: 123}, "ids are distinct"},
		{"a cancellation is not carried out", lies{keepTaken: true}, "orders of every age are there"},
		{"an external id is free again", lies{freeID: true}, "external ids stay taken"},
		{"keys are forgotten", lies{noKeys: true}, "keys are remembered"},
		{"more is sold than there was", lies{keepUnits: 495}, "units of open orders + left = stocked"},
		{"the audit complains", lies{badAudit: true}, "audit"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &shop{lies: tc.lies}
			c := Config{URL: s.start(t), Scenario: Endless, Orders: 500, Open: 60, Connections: 3, SKUs: 20, Keys: On, Dir: t.TempDir(), Seed: 42}
			report, err := Run(context.Background(), c)
			if report == nil {
				t.Fatal(err)
			}
			if open := report.Endless.Open; open < 57 || open > 60 {
				t.Errorf("%d orders are open", report.Endless.Open)
			}
			checkVerification(t, report.Verification, err, tc.wrong)
		})
	}
}

// TestCancellationsAndExternalIDsTravel reads what the batch forms write for an endless run.
func TestCancellationsAndExternalIDsTravel(t *testing.T) {
	spec := testSpec(Endless)
	spec.SKUs = 64
	w := newWorkload(spec)
	numbers := make([]core.SKUID, spec.SKUs)
	for i := range numbers {
		numbers[i] = core.MakeSKUID(core.Slot(i), 0)
	}
	binary, lines := &binaryForm{work: w, numbers: numbers}, &ndjsonForm{work: w}
	var o order
	for ordinal, named := range map[uint64]bool{0: true, externalFirst: false, 3 * externalEvery: true, 3*externalEvery + 1: false} {
		w.fill(&o, ordinal)
		external := string(appendExternal(nil, w.external(ordinal)))
		binary.begin()
		binary.order(&o)
		binary.follow(10, fateCancel)
		_, body := readRequest(t, binary.finish())
		_, frames, err := codec.DecodeBatch(body)
		if err != nil {
			t.Fatal(err)
		}
		var c core.Command
		n, err := codec.DecodeCommand(frames, &c)
		if err != nil || (len(c.ExternalID) > 0) != named || named && string(c.ExternalID) != external {
			t.Fatalf("ordinal %d: %+v, %v", ordinal, c, err)
		}
		if slots, _ := core.SlotsOf(&c); slots != c.Mask {
			t.Errorf("ordinal %d: slots %x, not %x", ordinal, c.Mask, slots)
		}
		if err := codec.SetSlots(frames[n:], 1); err != nil {
			t.Fatal(err)
		}
		if _, err := codec.DecodeCommand(frames[n:], &c); err != nil || c.Kind != core.CommandCancelOrder || c.Order != 10 {
			t.Errorf("%+v, %v", c, err)
		}
		lines.begin()
		lines.order(&o)
		lines.follow(10, fateCancel)
		_, body = readRequest(t, lines.finish())
		first, second, _ := strings.Cut(string(body), "\n")
		var got shopOrder
		if err := json.Unmarshal([]byte(first), &got); err != nil || (got.External != "") != named || named && got.External != external {
			t.Errorf("%s, %v", first, err)
		}
		if want := fmt.Sprintf(`{"op":"cancel","id":"%s"}`, appendOrderID(nil, 10)); strings.TrimSpace(second) != want {
			t.Errorf("%s, not %s", second, want)
		}
	}
}

func TestQueueKeepsItsOrder(t *testing.T) {
	var q queue
	in, out := uint64(0), uint64(0)
	for round := range 1000 {
		for range round % 7 {
			q.put(ack{in, in})
			in++
		}
		for _, e := range q.take(nil, round%5) {
			if e.ordinal != out {
				t.Fatalf("%d came out instead of %d", e.ordinal, out)
			}
			out++
		}
		if q.len() != int(in-out) {
			t.Fatalf("%d in the queue, not %d", q.len(), in-out)
		}
	}
	if cap(q.entries) > 4*q.len() {
		t.Errorf("%d entries take the room of %d", q.len(), cap(q.entries))
	}
}

func TestEndlessTable(t *testing.T) {
	var points []Point
	for i := int64(1); i <= 100; i++ {
		points = append(points, Point{At: float64(i), Orders: i * 1_000_000, Resident: 100 + i%2, Disk: 1000 / min(i, 10)})
	}
	e := endlessOf(points)
	if len(e.Series) == 0 || len(e.Series) > maxEndlessRows || e.Series[0].Orders != 5_000_000 {
		t.Errorf("%+v", e.Series)
	}
	for _, row := range e.Series {
		if row.OrdersPerS != 1_000_000 || row.Orders%5_000_000 != 0 {
			t.Errorf("%+v", row)
		}
	}
	if e.MemorySpread != 0.01 || e.DiskSpread != 0 {
		t.Errorf("spread %v of memory, %v of disk", e.MemorySpread, e.DiskSpread)
	}
	if e := endlessOf(nil); len(e.Series) != 0 {
		t.Errorf("%+v", e)
	}
}
