//go:build tiny

package engine_test

import (
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// TestExternalIDsStayTaken has clients repeat external ids while the orders that have them leave memory, at every moment
// of it: none is taken a second time.
func TestExternalIDsStayTaken(t *testing.T) {
	leavesNothing(t)
	clock := newArchiveClock()
	e := openOn(t, newDisk(), engine.Options{Clock: clock.read, ArchiveAfter: time.Millisecond, CheckpointBytes: -1})
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	make := func(n int) core.Command {
		c := external(n, sku)
		c.HasKey = false
		return c
	}
	const orders = 20 * perSlot
	var placed atomic.Int64
	stop := background(func() error {
		for n := 0; n < orders; n += 100 {
			closedOrders(t, e, make, n, n+100)
			placed.Store(int64(n + 100))
			clock.advance(10 * time.Millisecond)
		}
		return nil
	})
	repeated := 0
	for running := true; running; {
		select {
		case <-stop:
			running = false
		default:
		}
		n := int(placed.Load())
		for k := max(0, n-3*perSlot); k < n; k += 7 {
			if a := ask(t, e, make(k))[0]; a.reason != core.ReasonDuplicateExternal {
				t.Fatalf("external id %d of %d was taken again: %+v", k, n, a)
			}
			repeated++
		}
	}
	if e.Stats().Archived == 0 || repeated == 0 {
		t.Errorf("%d archived, %d repeated", e.Stats().Archived, repeated)
	}
	audited(t, e)
	closeEngine(t, e)
}
