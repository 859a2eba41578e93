package engine_test

import (
	"fmt"
	"sync"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// shipsDaily defines a location with a capacity, 0 for none.
func shipsDaily(name string, priority int32, capacity uint32) core.Command {
	return core.Command{Kind: core.CommandDefineLocation, Name: []byte(name), Location: core.LocationSettings{
		Priority: priority, Shipping: &core.Shipping{DailyCapacity: capacity},
	}}
}

// byPriority has orders routed.
func byPriority() core.Command {
	return core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{Rules: []core.RoutingRule{core.RulePriority}}}
}

// noon is a clock that stands still, so that no day ends meanwhile.
func noon() int64 { return 1_764_072_000_000 }

// booked is how many orders count at main today.
func booked(tb testing.TB, e *engine.Engine) int {
	tb.Helper()
	_, state, err := e.ReadLocationState(nil, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return int(state.Capacity.Booked)
}

// TestCapacitySetInTheSameRequest sets the first capacity in the request that orders, so the engine does not know it when it works out the
// masks: the orders are refused by the machine, tried again, and nobody is told. Keys keep their answers, also after restarts, and so do the
// bookings.
func TestCapacitySetInTheSameRequest(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		d, o := newDisk(), engine.Options{Shards: shards, Clock: noon}
		e := openOn(t, d, o)
		skus := stock(t, e, 3, 50)
		done(t, e, byPriority())
		first, held := withKey(lines("ann", core.Line{SKU: skus[0], Quantity: 3}, core.Line{SKU: skus[1], Quantity: 1}), 1), withKey(hold("bob", skus[2], 1, core.MaxTTL), 2)
		first.Document = []byte("at the door")
		commands := []core.Command{shipsDaily("main", 0, 2), first, held}
		answers := done(t, e, commands...)
		if document, err := e.Document(placed(t, answers[1]).Created); err != nil || string(document) != "at the door" {
			t.Errorf("document %q %v", document, err)
		}
		for range 2 {
			if n := booked(t, e); n != 2 {
				t.Errorf("%d are booked", n)
			}
			for i := 1; i < 3; i++ {
				replayed(t, ask(t, e, commands[i])[0], answers[i])
			}
			if r := refusalOf(t, ask(t, e, order("cem", skus[1], 1))[0]); r.Reason != core.ReasonBookedUp {
				t.Errorf("booked up: %+v", r)
			}
			if report, _, err := e.Audit(); err != nil || report.Found != 0 {
				t.Errorf("%+v %v", report, err)
			}
			if _, err := e.Checkpoint(); err != nil {
				t.Fatal(err)
			}
			closeEngine(t, e)
			e = openOn(t, d, o)
		}
		done(t, e, core.Command{Kind: core.CommandReleaseHold, Order: placed(t, answers[2]).ID}, order("cem", skus[1], 1))
		if n := booked(t, e); n != 2 {
			t.Errorf("%d are booked after a release and an order", n)
		}
		done(t, e, shipsDaily("main", 0, 0), order("dee", skus[1], 1))
		if n := booked(t, e); n != 2 {
			t.Errorf("%d are booked, though nobody counts any more", n)
		}
		closeEngine(t, e)
	}
}

// TestCapacityOfAFrame takes over an order that a client has encoded, with room for the slot of its SKU alone.
func TestCapacityOfAFrame(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2, Clock: noon})
	skus := stock(t, e, 1, 50)
	done(t, e, byPriority(), shipsDaily("main", 0, 1))
	for _, want := range []core.Reason{core.ReasonNone, core.ReasonBookedUp} {
		c := withKey(order("ann", skus[0], 1), byte(want+1))
		c.Mask = skus[0].Slot().Mask()
		r := engine.AcquireRequest()
		if err := r.AddFrame(codec.AppendCommand(nil, &c), &c); err != nil {
			t.Fatal(err)
		}
		if err := e.Submit(r); err != nil || r.Results()[0].Reason != want {
			t.Errorf("%+v %v", r.Results()[0], err)
		}
		engine.ReleaseRequest(r)
	}
	if n := booked(t, e); n != 1 {
		t.Errorf("%d are booked", n)
	}
	closeEngine(t, e)
}

// TestCapacityUnderLoad has many order at once while the capacity comes and goes and others cancel: at the end the location has just as many
// orders as it can ship, and no more were ever taken.
func TestCapacityUnderLoad(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 3, Clock: noon})
	skus := stock(t, e, 8, 100_000)
	const capacity = 40
	done(t, e, byPriority(), shipsDaily("main", 0, capacity))
	var clients sync.WaitGroup
	for k := range 8 {
		clients.Go(func() {
			for i := range 60 {
				a, err := tryAsk(e, lines(fmt.Sprint("customer", k), core.Line{SKU: skus[k], Quantity: 1}, core.Line{SKU: skus[(k+i)%8], Quantity: 1}))
				if err != nil {
					t.Error(err)
					return
				}
				switch r := a[0]; {
				case r.status == engine.ResultRefused && r.reason == core.ReasonBookedUp:
				case r.status != engine.ResultDone:
					t.Errorf("%+v", r)
				case i%3 == 0:
					done(t, e, core.Command{Kind: core.CommandCancelOrder, Order: r.order})
				}
				if n := booked(t, e); n > capacity {
					t.Errorf("%d are booked", n)
				}
			}
		})
	}
	clients.Wait()
	if n := booked(t, e); n != capacity {
		t.Errorf("%d are booked", n)
	}
	if report, _, err := e.Audit(); err != nil || report.Found != 0 {
		t.Errorf("%+v %v", report, err)
	}
	closeEngine(t, e)
}

// TestFirstCapacityUnderLoad sets and lifts the only capacity while orders of one line and of several slots are on their way.
func TestFirstCapacityUnderLoad(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 3, Clock: noon})
	skus := stock(t, e, 8, 100_000)
	done(t, e, byPriority())
	var clients sync.WaitGroup
	for k := range 4 {
		clients.Go(func() {
			for i := range 100 {
				done(t, e, order(fmt.Sprint("customer", k), skus[k], 1), hold("cem", skus[i%8], 1, core.MaxTTL))
			}
		})
	}
	for i := range 40 {
		done(t, e, shipsDaily("main", 0, uint32(i%2)*core.MaxDailyCapacity))
	}
	clients.Wait()
	if report, _, err := e.Audit(); err != nil || report.Found != 0 {
		t.Errorf("%+v %v", report, err)
	}
	closeEngine(t, e)
}
