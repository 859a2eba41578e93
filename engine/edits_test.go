package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// edit is an edit of an order of a version, which adds a line.
func edit(id core.OrderID, version uint32, add ...core.Line) core.Command {
	return core.Command{Kind: core.CommandEditOrder, Order: id, ExpectedVersion: version, Lines: add, Life: &core.LifeRequest{}}
}

// TestEditedOrdersAreAskedForTheirSlots edits orders of one slot so that they touch others, of which their numbers do not know: all that follows on
// them is done, alone and in one request with the edit, for any number of shards, with keys, and after restarts from a checkpoint.
func TestEditedOrdersAreAskedForTheirSlots(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		d, o := newDisk(), engine.Options{Shards: shards, Clock: noon}
		e := openOn(t, d, o)
		skus := stock(t, e, 4, 50)
		ids := []core.OrderID{done(t, e, order("ann", skus[0], 3))[0].order, done(t, e, order("bob", skus[0], 3))[0].order}
		first := withKey(edit(ids[0], 1, core.Line{SKU: skus[1], Quantity: 2}), 1)
		first.Document = []byte("another")
		// The second edit and the cancellation are of one request with the first, so the engine cannot know better when it works out their slots.
		again := withKey(edit(ids[0], 2, core.Line{SKU: skus[2], Quantity: 1}), 2)
		lines := core.Command{Kind: core.CommandCancelLines, Order: ids[0], Life: &core.LifeRequest{Units: []core.LineUnits{{Line: 1, Quantity: 1}}}}
		answers := done(t, e, first, again, withKey(lines, 3), edit(ids[1], 1, core.Line{SKU: skus[3], Quantity: 1}))
		for range 2 {
			for i, c := range []core.Command{first, again, withKey(lines, 3)} {
				replayed(t, ask(t, e, c)[0], answers[i])
			}
			image := readOrder(t, e, ids[0])
			if image.ID != ids[0] || image.ID.Spread() || image.Version != 4 || len(image.Lines) != 3 || image.LineLife(1).Cancelled != 1 {
				t.Errorf("%+v", image)
			}
			if document, err := e.Document(image.Document()); err != nil || string(document) != "another" {
				t.Errorf("document %q %v", document, err)
			}
			checkpoint(t, e)
			closeEngine(t, e)
			e = openOn(t, d, o)
		}
		done(t, e, edit(ids[0], 4, core.Line{SKU: skus[3], Quantity: 1}))
		if r := refusalOf(t, ask(t, e, edit(ids[0], 4, core.Line{SKU: skus[3], Quantity: 1}))[0]); r.Reason != core.ReasonVersionConflict || r.Version != 5 {
			t.Errorf("stale: %+v", r)
		}
		done(t, e, follow(core.CommandCancelOrder, ids[0]), follow(core.CommandCancelOrder, ids[1]))
		for _, id := range skus {
			if n := orderable(t, e, id); n != 50 {
				t.Errorf("%d units are free again", n)
			}
		}
		audited(t, e)
		closeEngine(t, e)
	}
}

// TestFramesOnEditedOrders takes over commands that a client has encoded with room for one slot, on an order that touches two since it was edited.
func TestFramesOnEditedOrders(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2, Clock: noon})
	skus := stock(t, e, 2, 50)
	id := done(t, e, order("ann", skus[0], 3))[0].order
	done(t, e, edit(id, 1, core.Line{SKU: skus[1], Quantity: 2}))
	c := withKey(follow(core.CommandCancelOrder, id), 7)
	c.Mask = id.Home().Mask()
	for _, want := range []engine.ResultStatus{engine.ResultDone, engine.ResultReplayed} {
		r := engine.AcquireRequest()
		if err := r.AddFrame(codec.AppendCommand(nil, &c), &c); err != nil {
			t.Fatal(err)
		}
		if err := e.Submit(r); err != nil || r.Results()[0].Status != want || r.Results()[0].Order != id {
			t.Errorf("%+v %v", r.Results()[0], err)
		}
		engine.ReleaseRequest(r)
	}
	if image := readOrder(t, e, id); image.Status != core.StatusCancelled {
		t.Errorf("%+v", image)
	}
	closeEngine(t, e)
}

// TestEditsUnderLoad has many edit the same orders at once, each edit of the version that it saw, while others cancel lines of them: each edit is done or told
// that the order has changed, nobody is ever told of slots, and the orders have what was done.
func TestEditsUnderLoad(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	skus := stock(t, e, 8, 1_000_000)
	var ids []core.OrderID
	for i := range 4 {
		ids = append(ids, done(t, e, order("ann", skus[i], 1000))[0].order)
	}
	var clients sync.WaitGroup
	for k := range 4 {
		clients.Go(func() {
			for i := range 40 {
				id := ids[(i+k)%len(ids)]
				version := readOrder(t, e, id).Version
				c := edit(id, version, core.Line{SKU: skus[(i+3*k)%len(skus)], Quantity: 1})
				if i%5 == 0 {
					c = core.Command{Kind: core.CommandCancelLines, Order: id, Life: &core.LifeRequest{Units: []core.LineUnits{{Quantity: 1}}}}
				}
				if a := ask(t, e, c)[0]; a.status != engine.ResultDone && a.reason != core.ReasonVersionConflict {
					t.Errorf("%+v", a)
				}
			}
		})
	}
	clients.Wait()
	for _, id := range ids {
		if image := readOrder(t, e, id); int(image.Version) <= len(image.Lines) {
			t.Errorf("version %d with %d lines", image.Version, len(image.Lines))
		}
	}
	audited(t, e)
	closeEngine(t, e)
}

// TestEditPreview looks at what an edit would come to: nothing changes, and confirmed with the version that it gave it comes to just that.
func TestEditPreview(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2, Clock: noon})
	skus := stock(t, e, 3, 5)
	kit := skuNamed(t, e, "kit")
	done(t, e, makeKit(kit, core.Component{SKU: skus[1], Quantity: 2}), byPriority())
	id := done(t, e, order("ann", skus[0], 5))[0].order
	before, _, err := e.Digest()
	if err != nil {
		t.Fatal(err)
	}
	c := edit(id, 0, core.Line{SKU: kit, Quantity: 2}, core.Line{SKU: skus[0], Quantity: 1})
	c.Life.Units = []core.LineUnits{{Quantity: 2}}
	p, _, err := e.PreviewEdit(&c)
	if err != nil || p.Refusal != nil || p.Before != 1 || !p.Routed || p.Route.Shipments != 1 || p.Event.Added != 3 || len(p.Event.Order.Allocations) != 3 {
		t.Fatalf("%+v %v", p, err)
	}
	if after, _, err := e.Digest(); err != nil || after != before {
		t.Errorf("the digest was %x and is %x: %v", before, after, err)
	}
	c.ExpectedVersion = p.Before
	image := placed(t, done(t, e, c)[0])
	if fmt.Sprint(image.Lines, image.Allocations) != fmt.Sprint(p.Event.Order.Lines, p.Event.Order.Allocations) {
		t.Errorf("it came to %+v, and the preview said %+v", image, p.Event.Order)
	}
	c.ExpectedVersion = 1
	if p, _, err := e.PreviewEdit(&c); err != nil || p.Refusal == nil || p.Refusal.Reason != core.ReasonVersionConflict || p.Refusal.Version != 2 {
		t.Errorf("stale: %+v %v", p.Refusal, err)
	}
	c = edit(id, 0)
	c.Life.Units = []core.LineUnits{{Quantity: 1}}
	if p, _, err := e.PreviewEdit(&c); err != nil || p.Refusal != nil || p.Before != 2 || len(p.Event.Units) != 1 {
		t.Errorf("of an order that has more slots by now: %+v %v", p.Refusal, err)
	}
	c = edit(id, 0, core.Line{SKU: kit, Quantity: 1})
	if p, _, err := e.PreviewEdit(&c); err != nil || p.Refusal == nil || p.Refusal.Reason != core.ReasonInsufficientStock || p.Refusal.Lines[0].Index != 0 {
		t.Errorf("too many: %+v %v", p.Refusal, err)
	}
	c = edit(id+1<<7, 0, core.Line{SKU: skus[0], Quantity: 1})
	if p, _, err := e.PreviewEdit(&c); err != nil || p.Refusal == nil || p.Refusal.Reason != core.ReasonOrderNotFound {
		t.Errorf("no such order: %+v %v", p.Refusal, err)
	}
	if err := closeAndAsk(e, &c); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// closeAndAsk closes an engine, and asks it for a preview then.
func closeAndAsk(e *engine.Engine, c *core.Command) error {
	_ = e.Close()
	_, _, err := e.PreviewEdit(c)
	return err
}
