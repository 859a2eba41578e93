package engine_test

import (
	"slices"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// TestReplayedKeyWithSupply repeats the keys of commands whose own event is followed by that of a supply: the answer is what
// the command did, before and after a restart.
func TestReplayedKeyWithSupply(t *testing.T) {
	leavesNothing(t)
	d, o := newDisk(), engine.Options{Shards: 2}
	e := openOn(t, d, o)
	skus := stock(t, e, 2, 1)
	basket := lines("ann", core.Line{SKU: skus[0], Quantity: 1}, core.Line{SKU: skus[1], Quantity: 1})
	receipt := core.Command{Kind: core.CommandMoveStock, Moves: []core.MovementRow{{SKU: skus[0], Kind: core.MovementReceive, Quantity: 1}}}
	commands := []core.Command{withKey(basket, 1), withKey(receipt, 2), withKey(order("bob", skus[0], 1), 3)}
	kinds := []core.EventKind{core.EventOrderPlaced, core.EventStockMoved, core.EventOrderPlaced}
	var first []answer
	for i, c := range commands {
		first = append(first, done(t, e, c)[0])
		if h, err := codec.PeekEvent(first[i].image); err != nil || h.Kind != kinds[i] {
			t.Errorf("command %d is answered with an event of kind %d: %v", i, h.Kind, err)
		}
	}
	for range 2 {
		for i, c := range commands {
			replayed(t, ask(t, e, c)[0], first[i])
		}
		closeEngine(t, e)
		e = openOn(t, d, o)
	}
	closeEngine(t, e)
}

// TestStoppedIsSaidByAll asks for a SKU that is stopped. Admission refuses with the same words as the machine, which hears of
// it when an external id has to be looked up; nobody says that there is too little.
func TestStoppedIsSaidByAll(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	skus := stock(t, e, 3, 1)
	entry, ok := e.SKUByID(skus[0])
	if !ok {
		t.Fatal("the SKU is not known")
	}
	stopped := core.Command{Kind: core.CommandDefineSKU, Name: []byte(entry.Name), SKU: core.SKUSettings{Stopped: true}}
	done(t, e, order("ann", skus[1], 1), stopped) // the second is sold out, the third is neither
	if entry.Orderable() != core.Stopped {
		t.Errorf("published as orderable: %d", entry.Orderable())
	}
	c := lines("bob", core.Line{SKU: skus[2], Quantity: 1}, core.Line{SKU: skus[1], Quantity: 1}, core.Line{SKU: skus[0], Quantity: 9})
	want := []core.RefusedLine{{Index: 2, SKU: skus[0], Requested: 9}}
	sequence := e.Sequence()
	if r := refusalOf(t, ask(t, e, c)[0]); r.Reason != core.ReasonSKUStopped || !slices.Equal(r.Lines, want) || e.Sequence() != sequence {
		t.Errorf("admission: %+v, and the sequence was %d and is %d", r, sequence, e.Sequence())
	}
	c.ExternalID = []byte("web-1")
	if r := refusalOf(t, ask(t, e, c)[0]); r.Reason != core.ReasonSKUStopped || !slices.Equal(r.Lines, want) || e.Sequence() != sequence+1 {
		t.Errorf("the machine: %+v, and the sequence was %d and is %d", r, sequence, e.Sequence())
	}
	stopped.SKU.Stopped = false
	done(t, e, stopped)
	done(t, e, order("bob", skus[0], 1))
	closeEngine(t, e)
}

// TestManySuppliesAreTold stops a location where thousands of SKUs lie. Nothing of them can be ordered at once, and each supply is told
// once, so many with a command, without anybody sending another one, and after a restart too.
func TestManySuppliesAreTold(t *testing.T) {
	leavesNothing(t)
	const skus = 12_000
	for _, shards := range []int{1, 8} {
		d, o := newDisk(), engine.Options{Shards: shards}
		e := openOn(t, d, o)
		ids := stock(t, e, skus, 1)
		stopped := done(t, e, core.Command{Kind: core.CommandDefineLocation, Name: []byte("main"), Location: core.LocationSettings{Stopped: true}})[0]
		if n := orderable(t, e, ids[skus-1]); n != 0 {
			t.Errorf("%d can be ordered", n)
		}
		if _, err := e.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		closeEngine(t, e)
		e = openOn(t, d, o)
		told := map[core.SKUID]int{}
		for deadline := time.Now().Add(20 * time.Second); len(told) < skus && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			clear(told)
			bySequence := map[core.Sequence]int{}
			for events := storedEvents(t, e); len(events) > 0; {
				var ev core.Event
				n, err := codec.DecodeEvent(events, &ev)
				if err != nil {
					t.Fatal(err)
				}
				if events = events[n:]; ev.Kind != core.EventSupplyChanged || ev.Sequence < stopped.sequence {
					continue
				}
				told[ev.Supply.SKU]++
				if bySequence[ev.Sequence]++; ev.Supply.Supply != core.SupplyOut || told[ev.Supply.SKU] > 1 ||
					bySequence[ev.Sequence] > core.SlotCount*core.MaxSuppliesTold {
					t.Fatalf("%+v, told %d times, number %d of its command", ev.Supply, told[ev.Supply.SKU], bySequence[ev.Sequence])
				}
			}
		}
		if report, _, err := e.Audit(); err != nil || report.Found > 0 || len(told) != skus {
			t.Errorf("%d shards: told of %d SKUs, audit %+v, %v", shards, len(told), report, err)
		}
		closeEngine(t, e)
	}
}
