package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// refusalOf decodes an answer that must be a refusal.
func refusalOf(tb testing.TB, a answer) core.Refusal {
	tb.Helper()
	var r core.Refusal
	if a.status != engine.ResultRefused {
		tb.Fatalf("%+v is no refusal", a)
	}
	if _, err := codec.DecodeRefusal(a.image, &r); err != nil {
		tb.Fatal(err)
	}
	if r.Reason != a.reason {
		tb.Errorf("the reason is %d, and %d in the image", a.reason, r.Reason)
	}
	return r
}

// lines makes an order of several lines.
func lines(customer string, lines ...core.Line) core.Command {
	return core.Command{Kind: core.CommandPlaceOrder, Customer: []byte(customer), Lines: lines}
}

// TestSoldOutCostsNoDisk refuses at admission, with the lines that could not be served.
func TestSoldOutCostsNoDisk(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	skus := stock(t, e, 3, 4)
	done(t, e, order("ann", skus[0], 4), order("ann", skus[1], 1))
	before := e.Stats()
	for _, test := range []struct {
		command core.Command
		lines   []core.RefusedLine
	}{
		{order("bob", skus[0], 1), []core.RefusedLine{{SKU: skus[0], Requested: 1}}},
		{hold("bob", skus[0], 2, core.MinTTL), []core.RefusedLine{{SKU: skus[0], Requested: 2}}},
		{withKey(order("bob", skus[0], 1), 9), []core.RefusedLine{{SKU: skus[0], Requested: 1}}},
		{order("bob", skus[1], 4), []core.RefusedLine{{SKU: skus[1], Requested: 4, Available: 3}}}, // not sold out, and not enough
		{
			lines("bob", core.Line{SKU: skus[2], Quantity: 1}, core.Line{SKU: skus[1], Quantity: 2},
				core.Line{SKU: skus[0], Quantity: 1}, core.Line{SKU: skus[1], Quantity: 2}),
			[]core.RefusedLine{
				{Index: 1, SKU: skus[1], Requested: 4, Available: 3}, {Index: 2, SKU: skus[0], Requested: 1},
			},
		},
	} {
		got := ask(t, e, test.command)[0]
		if r := refusalOf(t, got); r.Reason != core.ReasonInsufficientStock || !slices.Equal(r.Lines, test.lines) {
			t.Errorf("%+v, want %+v", r, test.lines)
		}
		if got.sequence != core.Sequence(before.Sequence) {
			t.Errorf("the refusal reflects %d", got.sequence)
		}
	}
	after := e.Stats()
	if after.SoldOut-before.SoldOut != 5 || after.Sequence != before.Sequence || after.Commands != before.Commands {
		t.Errorf("%+v became %+v", before, after)
	}
	if after.Keys != before.Keys {
		t.Error("a refusal has bound a key")
	}
	closeEngine(t, e)
}

// TestSoldOutGoesTheSlowWay: what admission cannot know is for the machine to answer.
func TestSoldOutGoesTheSlowWay(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	skus := stock(t, e, 20, 1)
	owned := order("ann", skus[0], 1)
	owned.ExternalID = []byte("A-1")
	owner := done(t, e, owned)[0].order
	before := e.Stats().SoldOut
	strange := order("bob", core.MakeSKUID(skus[0].Slot(), 999), 1)
	strange.Lines = append(strange.Lines, core.Line{SKU: skus[0], Quantity: 1})
	nowhere := order("bob", skus[0], 1)
	nowhere.Channel = 7
	long := lines("bob")
	for i := range skus {
		long.Lines = append(long.Lines, core.Line{SKU: skus[i], Quantity: 1})
	}
	fresh := order("bob", skus[0], 1)
	fresh.ExternalID = []byte("B-1")
	for _, test := range []struct {
		command core.Command
		reason  core.Reason
	}{
		{owned, core.ReasonDuplicateExternal},
		{fresh, core.ReasonInsufficientStock},
		{strange, core.ReasonSKUNotFound},
		{nowhere, core.ReasonChannelNotFound},
		{long, core.ReasonInsufficientStock},
	} {
		sequence := e.Sequence()
		got := ask(t, e, test.command)[0]
		if r := refusalOf(t, got); r.Reason != test.reason || got.sequence != sequence+1 {
			t.Errorf("%+v by command %d, want reason %d by %d", r, got.sequence, test.reason, sequence+1)
		}
		if test.reason == core.ReasonDuplicateExternal && got.order != owner {
			t.Errorf("the owner is %d, want %d", got.order, owner)
		}
	}
	if got := e.Stats().SoldOut - before; got != 0 {
		t.Errorf("%d were refused at admission", got)
	}
	closeEngine(t, e)
}

// TestSoldOutAnswersUsedKeys: who got a unit is told so again, however late.
func TestSoldOutAnswersUsedKeys(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{})
	sku := stock(t, e, 1, 1)[0]
	won := withKey(order("ann", sku, 1), 1)
	first := done(t, e, won)[0]
	for range 2 {
		replayed(t, ask(t, e, won)[0], first)
		if got := ask(t, e, withKey(order("bob", sku, 1), 1))[0]; got.status != engine.ResultKeyReused {
			t.Errorf("%+v", got)
		}
		late := withKey(order("bob", sku, 1), 2)
		if got := ask(t, e, late)[0]; got.reason != core.ReasonInsufficientStock {
			t.Errorf("%+v", got)
		}
		closeEngine(t, e)
		e = openOn(t, d, engine.Options{})
	}
	if e.Stats().Commands != 0 {
		t.Error("something was journaled")
	}
	// The unit comes back: it is for sale at once, and the key that was refused is free.
	done(t, e, follow(core.CommandCancelOrder, first.order))
	done(t, e, withKey(order("bob", sku, 1), 2))
	closeEngine(t, e)
}

// TestSoldOutKeepsTheOrderOfARequest: commands of a request are taken in their order, so units that an earlier one
// brings are there for a later one.
func TestSoldOutKeepsTheOrderOfARequest(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	skus := stock(t, e, 2, 1)
	placed := done(t, e, order("ann", skus[0], 1))[0]
	done(t, e, restock(skus[0], 3), order("bob", skus[0], 3))
	done(t, e, follow(core.CommandCancelOrder, placed.order), order("bob", skus[0], 1))
	got := ask(t, e, order("bob", skus[0], 1), restock(skus[0], 1), order("bob", skus[0], 1))
	if got[0].status != engine.ResultRefused || got[1].status != engine.ResultDone || got[2].status != engine.ResultDone {
		t.Errorf("%+v", got)
	}
	closeEngine(t, e)
}

// TestSoldOutInABatch mixes what is refused at admission with what is executed and what is replayed: everybody gets
// his own answer.
func TestSoldOutInABatch(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		e := openOn(t, newDisk(), engine.Options{Shards: shards})
		skus := stock(t, e, 2, 1000)
		first := done(t, e, withKey(order("c0", skus[0], 1), 1), order("ann", skus[1], 1000))[0]
		random := rand.New(rand.NewPCG(1, 1))
		var batch []core.Command
		for i := range 500 {
			switch random.IntN(4) {
			case 0:
				batch = append(batch, order(fmt.Sprintf("c%d", i), skus[1], 1))
			case 1:
				batch = append(batch, withKey(order("c0", skus[0], 1), 1))
			default:
				batch = append(batch, order(fmt.Sprintf("c%d", i), skus[0], 1))
			}
		}
		sequence := first.sequence + 1
		for i, got := range ask(t, e, batch...) {
			switch {
			case batch[i].HasKey:
				replayed(t, got, first)
			case batch[i].Lines[0].SKU == skus[1]:
				if r := refusalOf(t, got); len(r.Lines) != 1 || r.Lines[0].SKU != skus[1] {
					t.Errorf("%+v", r)
				}
			default:
				sequence++
				if o := readOrder(t, e, got.order); got.sequence != sequence || !bytes.Equal(o.Customer, batch[i].Customer) {
					t.Fatalf("command %d: %+v is %+v", i, got, o)
				}
			}
		}
		closeEngine(t, e)
	}
}

// TestSoldOutSpeaksLikeTheMachine compares admission's refusals with those of the machine, which gets the same order
// under an external id, byte for byte.
func TestSoldOutSpeaksLikeTheMachine(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	skus := stock(t, e, 6, 5)
	done(t, e, order("ann", skus[0], 5), order("ann", skus[1], 3),
		core.Command{Kind: core.CommandDefineSKU, Name: []byte("sku-2"), SKU: core.SKUSettings{BackorderLimit: 2}},
		core.Command{Kind: core.CommandDefineSKU, Name: []byte("sku-3"), SKU: core.SKUSettings{BackorderLimit: core.Unlimited}},
		core.Command{Kind: core.CommandDefineSKU, Name: []byte("sku-4"), SKU: core.SKUSettings{SafetyStock: 7}})
	random := rand.New(rand.NewPCG(2, 2))
	refused := 0
	for i := range 300 {
		c := lines("bob")
		for range 1 + random.IntN(6) {
			c.Lines = append(c.Lines, core.Line{SKU: skus[random.IntN(len(skus))], Quantity: core.Quantity(1 + random.IntN(4))})
		}
		before := e.Stats().SoldOut
		fast := ask(t, e, c)[0]
		if fast.status == engine.ResultDone {
			done(t, e, follow(core.CommandCancelOrder, fast.order))
			continue
		}
		refused += int(e.Stats().SoldOut - before)
		c.ExternalID = fmt.Appendf(nil, "X-%d", i)
		if slow := ask(t, e, c)[0]; slow.reason != fast.reason || !bytes.Equal(slow.image, fast.image) {
			t.Fatalf("admission: %+v\nthe machine: %+v", refusalOf(t, fast), refusalOf(t, slow))
		}
	}
	if refused < 50 {
		t.Errorf("only %d were refused at admission", refused)
	}
	closeEngine(t, e)
}
