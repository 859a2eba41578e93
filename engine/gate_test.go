package engine_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
)

// moment is how long a test waits for what must not happen. A leak shows at once or not at all, as the group is
// executed long before.
const moment = 50 * time.Millisecond

// TestNothingLeavesBeforeItIsDurable holds the disk's sync back and looks for traces of the group that waits for it.
func TestNothingLeavesBeforeItIsDurable(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 2} {
		d := newDisk()
		e := openOn(t, d, engine.Options{Shards: shards})
		sku := stock(t, e, 1, 5)[0]
		known := done(t, e, order("ann", sku, 1))[0]
		before := e.Sequence()
		events := storedEvents(t, e)
		changed := e.Changed()

		settled(t, e)
		allow, release := d.hold()
		defer release()
		placed := order("bob", sku, 4)
		placed.Document = []byte("a secret")
		submitted := background(func() []answer {
			return ask(t, e, core.Command{Kind: core.CommandDefineSKU, Name: []byte("new"), Document: []byte("secret")},
				core.Command{Kind: core.CommandDefineLocation, Name: []byte("store")},
				core.Command{Kind: core.CommandDefineChannel, Name: []byte("app")},
				placed, follow(core.CommandCancelOrder, known.order))
		})
		within(t, "the sync", d.waiting)
		time.Sleep(moment)
		nothingToSee(t, e, before, sku, known.order)
		if got := storedEvents(t, e); !bytes.Equal(got, events) {
			t.Error("the feed has new events")
		}
		select {
		case <-submitted:
			t.Error("Submit returned")
		case <-changed:
			t.Error("something was released")
		default:
		}
		allow()
		last := within(t, "the answers", submitted)
		within(t, "the release", changed)
		if _, ok := e.SKU([]byte("new")); !ok || orderable(t, e, sku) != 1 || e.Sequence() != last[4].sequence {
			t.Error("what is durable is not to be seen")
		}
		if document, err := e.Document(last[3].sequence); err != nil || string(document) != "a secret" {
			t.Errorf("the document: %q %v", document, err)
		}
		release()
		closeEngine(t, e)
	}
}

// settled waits until the disk has all that was released, so that the sync that is held back next is that of the next group.
// It waits only for an engine that releases too early, which would otherwise be busy with the group before, and look sound.
func settled(tb testing.TB, e *engine.Engine) {
	tb.Helper()
	eventually(tb, "what was released is on the disk", func() bool { return e.Journal().Durable() >= uint64(e.Sequence()) })
}

// nothingToSee looks everywhere that needs no shard.
func nothingToSee(t *testing.T, e *engine.Engine, before core.Sequence, sku core.SKUID, known core.OrderID) {
	t.Helper()
	if _, ok := e.SKU([]byte("new")); ok {
		t.Error("the directory has the new SKU")
	}
	if _, ok := e.Location([]byte("store")); ok || e.Locations() != 1 {
		t.Error("the directory has the new location")
	}
	if _, ok := e.Channel([]byte("app")); ok || e.Channels() != 1 {
		t.Error("the directory has the new channel")
	}
	if got := orderable(t, e, sku); got != 4 {
		t.Errorf("the directory says %d units", got)
	}
	if e.Sequence() != before || e.Feed().Last() > before {
		t.Errorf("sequence %d, feed %d, and %d was released", e.Sequence(), e.Feed().Last(), before)
	}
	if _, _, _, err := e.Feed().Read(before).Next(); !errors.Is(err, feed.ErrEnd) {
		t.Errorf("reading the feed: %v", err)
	}
	if err := e.WaitFor(before+1, time.Millisecond); !errors.Is(err, engine.ErrTimeout) {
		t.Errorf("waiting for the next sequence: %v", err)
	}
	for sequence := before + 1; sequence < before+6; sequence++ {
		if document, err := e.Document(sequence); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("the document of command %d: %q %v", sequence, document, err)
		}
	}
	next := core.MakeOrderID(known.Home(), false, uint32(known.Place())+1)
	if e.OrderMayExist(next) || e.Stats().Orders != 1 {
		t.Error("the order has been counted")
	}
}

// TestReadsWaitForTheDisk asks questions that are answered in the very group that changes the answer: while its sync is
// held back nobody gets an answer, and then everybody gets the new one.
func TestReadsWaitForTheDisk(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{Shards: 2})
	skus := stock(t, e, 2, 5)
	known := done(t, e, order("ann", skus[0], 1))[0]
	settled(t, e)
	allow, release := d.hold()
	defer release()
	// The first group keeps the sequencer busy until the second one has its command and all questions.
	first := background(func() []answer { return ask(t, e, restock(skus[1], 1)) })
	within(t, "the sync", d.waiting)
	second := background(func() []answer { return ask(t, e, follow(core.CommandCancelOrder, known.order)) })
	eventually(t, "the command is in the queue", func() bool { return e.Stats().Queued == 1 })
	orders := background(func() core.OrderImage { return readOrder(t, e, known.order) })
	units := background(func() core.AvailabilityImage { return readAvailability(t, e, skus[0]) })
	digests := background(func() core.Digest { digest, _, _ := e.Digest(); return digest })
	audits := background(func() core.AuditReport { return audited(t, e) })
	time.Sleep(moment) // so that the questions are in the queue
	allow()
	within(t, "the first command", first)
	within(t, "the second sync", d.waiting)
	time.Sleep(moment)
	select {
	case <-second:
		t.Error("Submit returned")
	case o := <-orders:
		t.Errorf("an order was read: %+v", o)
	case u := <-units:
		t.Errorf("units were read: %+v", u)
	case <-digests:
		t.Error("there is a digest")
	case r := <-audits:
		t.Errorf("there is an audit: %+v", r)
	default:
	}
	release()
	within(t, "the second command", second)
	if o := within(t, "the order", orders); o.Status != core.StatusCancelled || o.Version != 2 {
		t.Errorf("%+v", o)
	}
	if u := within(t, "the units", units); u.Available != 5 {
		t.Errorf("%+v", u)
	}
	if r := within(t, "the audit", audits); r.Cancelled != 1 {
		t.Errorf("%+v", r)
	}
	within(t, "the digest", digests)
	closeEngine(t, e)
}

func readAvailability(tb testing.TB, e *engine.Engine, sku core.SKUID) (units core.AvailabilityImage) {
	tb.Helper()
	image, err := e.ReadAvailability(nil, sku)
	if err == nil {
		_, err = codec.DecodeAvailability(image.Bytes, &units)
	}
	if err != nil {
		tb.Error(err)
	}
	return units
}

// TestNothingLeavesWhenTheDiskBreaks lets the sync fail that everybody waits for: the answers are errors, and nothing
// of the group is ever seen.
func TestNothingLeavesWhenTheDiskBreaks(t *testing.T) {
	d := newDisk()
	e := openOn(t, d, engine.Options{})
	sku := stock(t, e, 1, 5)[0]
	known := done(t, e, order("ann", sku, 1))[0]
	before := e.Sequence()
	settled(t, e)
	_, release := d.hold()
	submitted := background(func() error {
		_, err := tryAsk(e, core.Command{Kind: core.CommandDefineSKU, Name: []byte("new"), Document: []byte("secret")},
			order("bob", sku, 4))
		return err
	})
	within(t, "the sync", d.waiting)
	read := background(func() error { _, err := e.ReadAvailability(nil, sku); return err })
	d.breakAfter(0)
	release()
	if err := within(t, "Submit", submitted); !errors.Is(err, engine.ErrJournal) {
		t.Errorf("Submit: %v", err)
	}
	if err := within(t, "the read", read); !errors.Is(err, engine.ErrJournal) {
		t.Errorf("the read: %v", err)
	}
	if _, ok := e.SKU([]byte("new")); ok || orderable(t, e, sku) != 4 || e.Sequence() != before ||
		e.OrderMayExist(core.MakeOrderID(known.order.Home(), false, uint32(known.order.Place())+1)) {
		t.Error("something of the group was released")
	}
	closeBroken(t, e)
}

// TestRefusalsAreDurableToo breaks the disk under a group that changes nothing: its answer rests on what a power cut could
// undo just as well.
func TestRefusalsAreDurableToo(t *testing.T) {
	d := newDisk()
	e := openOn(t, d, engine.Options{})
	sku := stock(t, e, 1, 5)[0]
	before := e.Sequence()
	settled(t, e)
	_, release := d.hold()
	submitted := background(func() error { _, err := tryAsk(e, order("bob", sku, 6)); return err })
	within(t, "the sync", d.waiting)
	d.breakAfter(0)
	release()
	if err := within(t, "Submit", submitted); !errors.Is(err, engine.ErrJournal) || e.Sequence() != before {
		t.Errorf("Submit: %v, and the sequence is %d", err, e.Sequence())
	}
	closeBroken(t, e)
}

// TestJournalEndsWithWhatIsReleased reads the journal at the moment at which a group is durable and not released yet.
func TestJournalEndsWithWhatIsReleased(t *testing.T) {
	leavesNothing(t)
	var e *engine.Engine
	var looks, beyond int
	o := engine.Options{CheckpointBytes: -1, Hooks: engine.Hooks{GroupReleased: func(g engine.GroupInfo) {
		released := e.Sequence()
		looks++
		err := e.ReadJournal(1, func(_ []byte, last core.Sequence) bool {
			if last > released {
				beyond++
			}
			return true
		})
		if err != nil || uint64(released) >= g.First {
			t.Errorf("a group of %d is said to be released, and %d was: %v", g.First, released, err)
		}
	}}}
	e = openOn(t, newDisk(), o)
	sku := stock(t, e, 1, 5)[0]
	for range 3 {
		done(t, e, order("ann", sku, 1))
	}
	closeEngine(t, e)
	if looks < 4 || beyond > 0 {
		t.Errorf("of %d times, %d groups were there that nobody had been told of", looks, beyond)
	}
}

// closeBroken closes an engine whose journal has failed, which must not hang.
func closeBroken(tb testing.TB, e *engine.Engine) {
	tb.Helper()
	if err := within(tb, "Close", background(e.Close)); err == nil {
		tb.Error("Close says nothing of the journal's failure")
	}
}
