package engine_test

import (
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// expiries gives the expiry events of a feed.
func expiries(tb testing.TB, e *engine.Engine) (all []core.Event) {
	tb.Helper()
	for events := storedEvents(tb, e); len(events) > 0; {
		var ev core.Event
		n, err := codec.DecodeEvent(events, &ev)
		if err != nil {
			tb.Fatal(err)
		}
		if events = events[n:]; ev.Kind == core.EventHoldExpired {
			all = append(all, ev)
		}
	}
	return all
}

// spreadHold is a hold over several slots.
func spreadHold(skus []core.SKUID, ttl core.Millis) core.Command {
	c := hold("ann", skus[0], 1, ttl)
	for _, sku := range skus[1:] {
		c.Lines = append(c.Lines, core.Line{SKU: sku, Quantity: 1})
	}
	return c
}

// TestHoldExpiresAtItsDeadline moves a scripted clock to just before the deadline, and to it.
func TestHoldExpiresAtItsDeadline(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 8} {
		var clock scriptedClock
		clock.set(1_700_000_000_000)
		e := openOn(t, newDisk(), engine.Options{Shards: shards, Clock: clock.read})
		skus := stock(t, e, 5, 1)
		const ttl = 60_000
		held := done(t, e, spreadHold(skus, ttl))[0]
		late := done(t, e, core.Command{Kind: core.CommandDefineSKU, Name: []byte("other")})[0].sequence
		if got := ask(t, e, order("bob", skus[3], 1))[0]; got.reason != core.ReasonInsufficientStock {
			t.Errorf("%+v", got)
		}
		deadline := clock.read() + ttl
		clock.set(deadline - 1)
		if o := readOrder(t, e, held.order); o.Status != core.StatusHeld {
			t.Errorf("before the deadline: %+v", o)
		}
		if e.Sequence() != late {
			t.Errorf("the sequence is %d", e.Sequence())
		}
		clock.set(deadline)
		if o := readOrder(t, e, held.order); o.Status != core.StatusExpired || o.Version != 2 {
			t.Errorf("at the deadline: %+v", o)
		}
		if e.Sequence() != late+1 { // one tick for all slots
			t.Errorf("the sequence is %d, want %d", e.Sequence(), late+1)
		}
		for _, sku := range skus {
			if got := orderable(t, e, sku); got != 1 {
				t.Errorf("%d units of SKU %d are for sale", got, sku)
			}
		}
		all := expiries(t, e)
		if len(all) != 1 || int64(all[0].At) != deadline || all[0].Sequence != late+1 || all[0].Order.ID != held.order {
			t.Errorf("%+v", all)
		}
		done(t, e, spreadHold(skus, ttl))
		audited(t, e)
		closeEngine(t, e)
	}
}

// TestHoldExpiresWithoutTraffic uses the real clock: at the deadline the unit is for sale again, and the expiry has
// the deadline's instant, though nobody asked for anything. Its second half does the same over a restart.
func TestHoldExpiresWithoutTraffic(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{Shards: 2})
	skus := stock(t, e, 3, 1)
	done(t, e, spreadHold(skus, core.MinTTL))
	if got := ask(t, e, order("bob", skus[2], 1))[0]; got.reason != core.ReasonInsufficientStock || e.Stats().SoldOut != 1 {
		t.Errorf("%+v", got)
	}
	sequence := e.Sequence()
	expired := func() bool { return e.Sequence() > sequence }
	eventually(t, "the expiry", expired)
	took := time.Now().UnixMilli()
	all := expiries(t, e)
	if len(all) != 1 || all[0].At != all[0].Order.Deadline || all[0].At != all[0].Order.CreatedAt+core.MinTTL {
		t.Fatalf("%+v", all)
	}
	if late := took - int64(all[0].At); late < 0 || late > 500 {
		t.Errorf("the expiry came %d ms after the deadline", late)
	}
	done(t, e, hold("bob", skus[2], 1, core.MinTTL))
	deadline := time.Now().UnixMilli() + int64(core.MinTTL)
	closeEngine(t, e)
	if wait := deadline - time.Now().UnixMilli(); wait > 0 {
		time.Sleep(time.Duration(wait) * time.Millisecond)
	}
	sequence += 2 // the tick and the hold
	e = openOn(t, d, engine.Options{})
	eventually(t, "the expiry after the restart", expired)
	if got := orderable(t, e, skus[2]); got != 1 || len(expiries(t, e)) != 2 {
		t.Errorf("%d units, %+v", got, expiries(t, e))
	}
	closeEngine(t, e)
}

// TestClockThatGoesBack: the engine's time stands still until the clock has caught up.
func TestClockThatGoesBack(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	var clock scriptedClock
	clock.set(1_700_000_000_000)
	e := openOn(t, d, engine.Options{Clock: clock.read})
	sku := stock(t, e, 1, 10)[0]
	first := readOrder(t, e, done(t, e, order("ann", sku, 1))[0].order)
	clock.set(1_600_000_000_000)
	for range 2 {
		if o := readOrder(t, e, done(t, e, order("ann", sku, 1))[0].order); o.CreatedAt != first.CreatedAt {
			t.Errorf("an order was placed at %d", o.CreatedAt)
		}
		closeEngine(t, e)
		e = openOn(t, d, engine.Options{Clock: clock.read})
	}
	clock.set(1_700_000_000_001)
	if o := readOrder(t, e, done(t, e, order("ann", sku, 1))[0].order); o.CreatedAt != first.CreatedAt+1 {
		t.Errorf("an order was placed at %d", o.CreatedAt)
	}
	closeEngine(t, e)
}
