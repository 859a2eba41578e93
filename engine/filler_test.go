package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// backorderable makes a SKU that is sold beyond stock.
func backorderable(tb testing.TB, e *engine.Engine, name string) core.SKUID {
	tb.Helper()
	settings := core.SKUSettings{BackorderLimit: core.Unlimited}
	done(tb, e, core.Command{Kind: core.CommandDefineSKU, Name: []byte(name), SKU: settings})
	entry, ok := e.SKU([]byte(name))
	if !ok {
		tb.Fatalf("SKU %s is not known", name)
	}
	return entry.ID
}

func receive(sku core.SKUID, n core.Quantity) core.Command {
	return core.Command{Kind: core.CommandMoveStock, Moves: []core.MovementRow{{SKU: sku, Kind: core.MovementReceive, Quantity: n}}}
}

// orderOf reads an order.
func orderOf(tb testing.TB, e *engine.Engine, id core.OrderID) core.OrderImage {
	tb.Helper()
	var order core.OrderImage
	image, err := e.ReadOrder(nil, id)
	if err == nil {
		_, err = codec.DecodeOrderImage(image.Bytes, &order)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return order
}

// wantBackordered waits until an order's first line waits for so many units.
func wantBackordered(tb testing.TB, e *engine.Engine, id core.OrderID, n core.Quantity) {
	tb.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for orderOf(tb, e, id).Lines[0].Backordered != n {
		if time.Now().After(deadline) {
			tb.Fatalf("order %d still waits: %+v, want %d", id, orderOf(tb, e, id), n)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestWhoWaitsIsServed: an order gets its units without anybody asking for it, also one that is spread over slots; whoever comes later
// gets nothing before it.
func TestWhoWaitsIsServed(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		e := openOn(t, newDisk(), engine.Options{Shards: shards})
		a, b := backorderable(t, e, "sku-1"), backorderable(t, e, "sku-2")
		if a.Slot() == b.Slot() {
			t.Fatal("the SKUs lie in one slot")
		}
		first := done(t, e, lines("ann", core.Line{SKU: a, Quantity: 3}, core.Line{SKU: b, Quantity: 1}))[0].order
		second := done(t, e, order("bob", a, 2))[0].order
		answers := done(t, e, receive(a, 4), order("cem", a, 1))
		wantBackordered(t, e, first, 0)
		wantBackordered(t, e, second, 1)
		if late := orderOf(t, e, answers[1].order); late.Lines[0].Backordered != 1 {
			t.Errorf("who came last jumped the queue: %+v", late)
		}
		if rest := orderOf(t, e, first); rest.Lines[1].Backordered != 1 || rest.Version != 2 {
			t.Errorf("the other line of the first: %+v", rest)
		}
		waiting, more, _, err := e.ReadWaiting(nil, a, 0, 1)
		if err != nil || !more || len(waiting) != 1 || waiting[0].Order != second || waiting[0].Units != 1 {
			t.Errorf("who waits: %+v %v %v", waiting, more, err)
		}
		if waiting, more, _, err = e.ReadWaiting(nil, a, waiting[0].Since, 1); err != nil || more || len(waiting) != 1 || waiting[0].Order != answers[1].order {
			t.Errorf("who waits behind them: %+v %v %v", waiting, more, err)
		}
		done(t, e, core.Command{Kind: core.CommandCancelOrder, Order: first})
		wantBackordered(t, e, second, 0)
		wantBackordered(t, e, answers[1].order, 0)
		closeEngine(t, e)
	}
}

// TestWhateverBringsUnitsServesWhoWaits: units come with a purchase order, a pool ends and is taken back, a location goes on. Nobody asks.
func TestWhateverBringsUnitsServesWhoWaits(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	defer closeEngine(t, e)
	sku := backorderable(t, e, "sku-1")
	id := done(t, e, order("ann", sku, 5))[0].order
	other := backorderable(t, e, "sku-2") // in another slot than the document and the orders, perhaps
	spread := done(t, e, lines("bob", core.Line{SKU: other, Quantity: 1}, core.Line{SKU: sku, Quantity: 1}))[0].order
	document := func(number string) *core.InboundRequest {
		return &core.InboundRequest{Kind: core.PurchaseOrder, Number: []byte(number)}
	}
	bought := document("PO-1")
	bought.Send, bought.Lines = true, []core.InboundLine{{SKU: sku, Quantity: 2}, {SKU: other, Quantity: 1}}
	came := document("PO-1")
	came.Rows = []core.ReceiptRow{{Line: 1, Quantity: 1}, {Line: 2, Quantity: 1}}
	done(t, e, core.Command{Kind: core.CommandCreateInbound, Inbound: bought}, core.Command{Kind: core.CommandReceiveInbound, Inbound: came})
	wantBackordered(t, e, id, 4)
	wantBackordered(t, e, spread, 0)

	rule := func(pool core.PoolSettings) core.Command {
		return core.Command{Kind: core.CommandSetChannelRule, Rule: core.ChannelRule{SKU: sku, HasPool: pool.Quota > 0, Pool: pool}}
	}
	end := core.Millis(time.Now().Add(200 * time.Millisecond).UnixMilli())
	done(t, e, rule(core.PoolSettings{Quota: 1, End: end}), receive(sku, 2))
	wantBackordered(t, e, id, 3) // the other one is the pool's
	wantBackordered(t, e, id, 2) // until it ends
	if now := core.Millis(time.Now().UnixMilli()); now < end {
		t.Errorf("a unit of a live pool was given away %d ms before its end", end-now)
	}
	done(t, e, rule(core.PoolSettings{Quota: 1}), receive(sku, 1), rule(core.PoolSettings{}))
	wantBackordered(t, e, id, 1)

	east := func(stopped bool) core.Command {
		return core.Command{Kind: core.CommandDefineLocation, Name: []byte("east"), Location: core.LocationSettings{Stopped: stopped}}
	}
	done(t, e, east(true))
	there := receive(sku, 1)
	there.Moves[0].Location = 1
	done(t, e, there)
	time.Sleep(10 * time.Millisecond) // many times what a fill takes
	if got := orderOf(t, e, id).Lines[0].Backordered; got != 1 {
		t.Errorf("a stopped location gave %d", 1-got)
	}
	done(t, e, east(false))
	wantBackordered(t, e, id, 0)
	if report, _, err := e.Audit(); err != nil || report.Found != 0 {
		t.Errorf("audit: %+v %v", report, err)
	}
}

// TestWhoWaitsIsServedAfterARestart: stock came, and the power went before anybody was served. The next start does it, from the journal and
// from a checkpoint.
func TestWhoWaitsIsServedAfterARestart(t *testing.T) {
	leavesNothing(t)
	for _, checkpoint := range []bool{false, true} {
		d := newDisk()
		e := openOn(t, d, engine.Options{KeepWaiting: true, CheckpointBytes: -1})
		sku := backorderable(t, e, "sku-1")
		id := done(t, e, order("ann", sku, 2))[0].order
		done(t, e, receive(sku, 2))
		if orderOf(t, e, id).Lines[0].Backordered != 2 {
			t.Fatal("it was served although nobody was to do that")
		}
		if checkpoint {
			if _, err := e.Checkpoint(); err != nil {
				t.Fatal(err)
			}
		}
		image := d.powerCut(0, 0)
		closeEngine(t, e)
		e = openOn(t, image, engine.Options{})
		wantBackordered(t, e, id, 0)
		closeEngine(t, e)
	}
}

// TestManyAreServedInOrder has more orders waiting than are served at once; what comes reaches all but the last.
func TestManyAreServedInOrder(t *testing.T) {
	leavesNothing(t)
	const many = 1000
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	sku := backorderable(t, e, "sku-1")
	var commands []core.Command
	for range many {
		commands = append(commands, order("ann", sku, 2))
	}
	answers := done(t, e, commands...)
	done(t, e, receive(sku, 2*many-1))
	wantBackordered(t, e, answers[many-1].order, 1)
	for i, a := range answers[:many-1] {
		if got := orderOf(t, e, a.order); got.Lines[0].Backordered != 0 {
			t.Fatalf("order %d still waits: %+v", i, got)
		}
	}
	if report, _, err := e.Audit(); err != nil || report.Found != 0 {
		t.Errorf("audit: %+v %v", report, err)
	}
	closeEngine(t, e)
}

// TestFillsAreSentInPartsWhenTheQueueIsFull: with room for a few commands only, some of those who wait are served nevertheless.
func TestFillsAreSentInPartsWhenTheQueueIsFull(t *testing.T) {
	var tried []int
	room := func(most int) func(n int) error {
		tried = nil
		return func(n int) error {
			if tried = append(tried, n); n > most || len(tried) < 3 {
				return engine.ErrOverloaded
			}
			return nil
		}
	}
	open := make(chan struct{})
	for _, test := range []struct {
		n, room int
		want    []int
	}{{100, 30, []int{100, 50, 25}}, {2, 1, []int{2, 1, 1}}, {1, 1, []int{1, 1, 1}}, {256, 7, []int{256, 128, 64, 32, 16, 8, 4}}} {
		if err := engine.InParts(test.n, open, room(test.room)); err != nil || !slices.Equal(tried, test.want) {
			t.Errorf("%d with room for %d: tried %v, want %v; %v", test.n, test.room, tried, test.want, err)
		}
	}
	if err := engine.InParts(9, open, func(int) error { return engine.ErrJournal }); !errors.Is(err, engine.ErrJournal) {
		t.Errorf("the journal's error is %v", err)
	}
	closed := make(chan struct{})
	close(closed)
	if err := engine.InParts(9, closed, func(int) error { return engine.ErrOverloaded }); !errors.Is(err, engine.ErrOverloaded) {
		t.Errorf("an engine that closes: %v", err)
	}
}
