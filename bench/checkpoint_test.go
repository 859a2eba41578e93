package bench

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// TestCheckpoints takes one short turn of each kind with the real server.
func TestCheckpoints(t *testing.T) {
	if testing.Short() {
		t.Skip("takes turns of a second each")
	}
	c := CheckpointConfig{
		Executable: holdfast(t), Dir: t.TempDir(), Orders: 100_000, SKUs: 100, Connections: 8, Rounds: 1, Turn: time.Second, BatchTurn: time.Second,
		// Slow enough for a checkpoint to last a while, quick enough for the test.
		ServerArgs: []string{"--ballast=-1", "--checkpoint-rate=60000000"}, Rate: 500, Touch: 10,
	}
	r, err := Checkpoints(context.Background(), c)
	if err != nil {
		t.Fatalf("%v\n%v", err, r)
	}
	if len(r.Turns) != 4 || r.First.Pages == 0 || r.First.Bytes == 0 || r.Rate != 500 || r.Peak != 0 || !r.Verification.OK {
		t.Fatalf("%v", r)
	}
	for i, turn := range r.Turns {
		mode, with := []Mode{Single, Single, Binary, Binary}[i], i%2 == 1
		if turn.Mode != mode || (turn.Written != nil) != with || turn.OrdersPerS == 0 || turn.Latency.P99 == 0 || turn.Silence == 0 {
			t.Errorf("turn %d: %+v", i, turn)
		}
		if with && (turn.Written.Pages == 0 || turn.Written.Pages > r.First.Pages*100 || turn.Written.Bytes == 0) {
			t.Errorf("turn %d wrote %v", i, turn.Written)
		}
		if mode == Single && !with && (turn.OrdersPerS < 300 || turn.OrdersPerS > 700) {
			t.Errorf("turn %d: %v", i, turn.OrdersPerS)
		}
	}
	f := &r.Figures
	if f.P99Ratio == 0 || f.SilenceWith == 0 || f.SilenceWithout == 0 || f.ThroughputRatio == 0 || f.RestartSeconds == 0 {
		t.Errorf("%+v", f)
	}
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := json.Marshal(r); err != nil || !strings.Contains(r.String(), "restart with") {
		t.Errorf("%v\n%v", err, r)
	}
}

func TestValidateCheckpoints(t *testing.T) {
	if err := (CheckpointConfig{}).Validate(); err != nil {
		t.Error(err)
	}
	bad := CheckpointConfig{Orders: -1, SKUs: -1, Rate: -1, Connections: -1, Rounds: -1, Turn: 1, BatchTurn: 1, Touch: -5}
	err := bad.Validate()
	for _, field := range []string{"orders", "skus", "rate", "connections", "rounds", "turn", "batch turn", "touch"} {
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+field+":") {
			t.Errorf("%s is not named in:\n%v", field, err)
		}
	}
}

func TestFiguresAreOfTurnsBesideEachOther(t *testing.T) {
	turn := func(mode Mode, p99, silence int64, rate float64) CheckpointTurn {
		return CheckpointTurn{Mode: mode, Latency: Latency{P99: p99}, Silence: silence, OrdersPerS: rate}
	}
	var got CheckpointFigures
	got.compare([]CheckpointTurn{
		turn(Single, 100, 10, 1), turn(Single, 120, 30, 1), turn(Single, 1000, 50, 1), turn(Single, 1100, 20, 1), turn(Single, 10, 5, 1), turn(Single, 40, 5, 1),
		turn(Binary, 1, 1000, 100), turn(Binary, 1, 1000, 90), turn(Binary, 1, 1, 50), turn(Binary, 1, 1, 40),
	})
	want := CheckpointFigures{P99Ratio: 1.2, SilenceWithout: 50, SilenceWith: 30, ThroughputRatio: (0.9 + 0.8) / 2}
	if got.P99Ratio != want.P99Ratio || got.SilenceWith != want.SilenceWith || got.SilenceWithout != want.SilenceWithout ||
		got.ThroughputRatio < want.ThroughputRatio-1e-9 || got.ThroughputRatio > want.ThroughputRatio+1e-9 {
		t.Errorf("%+v, not %+v", got, want)
	}
}

func TestSilence(t *testing.T) {
	var none *silence
	none.answered(time.Now())
	s := &silence{}
	begin := time.Now()
	for _, at := range []time.Duration{0, 3, 4, 9, 8, 11} { // two connections may be noted in the wrong order
		s.answered(begin.Add(at * time.Millisecond))
	}
	if got := s.micros(); got != 5000 {
		t.Errorf("%d µs", got)
	}
	s.restart()
	s.answered(begin.Add(12 * time.Millisecond))
	if got := s.micros(); got != 1000 {
		t.Errorf("%d µs after a restart", got)
	}
}

func TestMetric(t *testing.T) {
	text := []byte("a_total_b 7\na_total 12\nc 1.5\n")
	if v, err := metric(text, "a_total"); v != 12 || err != nil {
		t.Error(v, err)
	}
	for _, name := range []string{"a", "c", "d"} {
		if v, err := metric(text, name); err == nil {
			t.Errorf("%s is %d", name, v)
		}
	}
}
