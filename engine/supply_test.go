package engine_test

import (
	"slices"
	"testing"

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
