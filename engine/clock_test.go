package engine_test

import (
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// TestClockThatJumps: time stands still while the clock is behind, and the figures tell.
func TestClockThatJumps(t *testing.T) {
	leavesNothing(t)
	const hour = int64(time.Hour / time.Millisecond)
	d := newDisk()
	var clock scriptedClock
	clock.set(hour)
	o := engine.Options{Clock: clock.read, CheckpointBytes: -1}
	e := openOn(t, d, o)
	sku := stock(t, e, 1, 100)[0]
	figures := func(what string, behind int64, back, forward uint64) {
		t.Helper()
		s := e.Stats()
		if s.ClockBehind != uint64(behind) || s.ClockBack != back || s.ClockForward != forward {
			t.Errorf("%s: %d ms behind, %d jumps back, %d forward; want %d, %d, %d",
				what, s.ClockBehind, s.ClockBack, s.ClockForward, behind, back, forward)
		}
	}
	placed := func() core.Millis {
		t.Helper()
		a := done(t, e, hold("c", sku, 1, 1000))
		return readOrder(t, e, a[0].order).CreatedAt
	}
	if at := placed(); int64(at) != hour {
		t.Errorf("a hold is placed at %d", at)
	}
	figures("as ever", 0, 0, 0)

	clock.advance(t, e, hour-5000)
	if at := placed(); int64(at) != hour {
		t.Errorf("the clock went back, and a hold is placed at %d", at)
	}
	figures("gone back", 5000, 1, 0)
	clock.advance(t, e, hour-1)
	figures("nearly caught up", 1, 1, 0)
	if got := orderable(t, e, sku); got != 98 {
		t.Errorf("while time stands still, %d units may be ordered", got)
	}

	closeEngine(t, e)
	clock.set(hour - 2000)
	e = openOn(t, d, o)
	figures("behind after a restart", 2000, 0, 0)
	clock.advance(t, e, hour+500)
	figures("caught up", 0, 0, 0)
	clock.advance(t, e, hour+500+int64(2*time.Minute/time.Millisecond))
	figures("jumped forward", 0, 0, 1)
	if got := orderable(t, e, sku); got != 100 {
		t.Errorf("the holds are over, and %d units may be ordered", got)
	}
	closeEngine(t, e)
}
