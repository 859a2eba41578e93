package engine_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// repeat gives n times the same command.
func repeat(c core.Command, n int) []core.Command {
	return slices.Repeat([]core.Command{c}, n)
}

// TestOverload fills the queue while the disk is slow: who comes then is told so, and nothing of his is done.
func TestOverload(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{QueueCommands: engine.MaxRequestCommands})
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	before := e.Sequence()
	_, release := d.hold()
	defer release()
	first := background(func() []answer { return ask(t, e, order("ann", sku, 1)) })
	within(t, "the sync", d.waiting)
	second := background(func() []answer { return ask(t, e, repeat(order("bob", sku, 1), engine.MaxRequestCommands)...) })
	eventually(t, "the queue is full", func() bool { return e.Stats().Queued == engine.MaxRequestCommands })
	for range 3 {
		overloaded(t, e, withKey(order("cem", sku, 1), 1))
	}
	if keys := e.Stats().Keys; keys != 0 {
		t.Errorf("%d keys are claimed", keys)
	}
	release()
	within(t, "the first order", first)
	within(t, "the others", second)
	if e.Sequence() != before+1+engine.MaxRequestCommands {
		t.Errorf("the sequence is %d", e.Sequence())
	}
	done(t, e, withKey(order("cem", sku, 1), 1))
	if report := audited(t, e); report.Placed != engine.MaxRequestCommands+2 {
		t.Errorf("%d orders", report.Placed)
	}
	closeEngine(t, e)
}

func overloaded(t *testing.T, e *engine.Engine, c core.Command) {
	t.Helper()
	refused := background(func() error { _, err := tryAsk(e, c); return err })
	if err := within(t, "an answer at once", refused); !errors.Is(err, engine.ErrOverloaded) {
		t.Errorf("%v", err)
	}
}

// TestQueueIsBoundedByBytes is TestOverload for commands with large documents.
func TestQueueIsBoundedByBytes(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{QueueBytes: engine.MaxRequestBytes})
	sku := stock(t, e, 1, 1000)[0]
	heavy := order("ann", sku, 1)
	heavy.Document = bytes.Repeat([]byte("x"), core.MaxDocumentLength)
	_, release := d.hold()
	defer release()
	first := background(func() []answer { return ask(t, e, order("ann", sku, 1)) })
	within(t, "the sync", d.waiting)
	second := background(func() []answer { return ask(t, e, repeat(heavy, 127)...) })
	eventually(t, "the queue is full", func() bool { return e.Stats().Queued == 127 })
	overloaded(t, e, heavy)
	release()
	within(t, "the first order", first)
	last := within(t, "the others", second)[126]
	if document, err := e.Document(last.sequence); err != nil || !bytes.Equal(document, heavy.Document) {
		t.Errorf("a document of %d bytes: %v", len(document), err)
	}
	closeEngine(t, e)
}

func TestRequestTooLarge(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 1<<20)[0]
	before := e.Stats()
	heavy := order("ann", sku, 1)
	heavy.Document = bytes.Repeat([]byte("x"), core.MaxDocumentLength)
	for _, commands := range [][]core.Command{
		repeat(withKey(order("ann", sku, 1), 1), engine.MaxRequestCommands+1), repeat(heavy, 128),
	} {
		if _, err := tryAsk(e, commands...); !errors.Is(err, engine.ErrTooLarge) {
			t.Errorf("%v", err)
		}
	}
	if after := e.Stats(); after.Sequence != before.Sequence || after.Keys != 0 {
		t.Errorf("%+v became %+v", before, after)
	}
	done(t, e, repeat(order("ann", sku, 1), engine.MaxRequestCommands)...)
	closeEngine(t, e)
}

// TestLargestRequestsFitTheJournal sends the most bytes that a request may have, in the shapes that make the journal's
// group largest: each document is in it twice, once in its command. What does not fit is told so beforehand.
func TestLargestRequestsFitTheJournal(t *testing.T) {
	leavesNothing(t)
	if !inChild(t) {
		return
	}
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 1<<20)[0]
	id := done(t, e, order("ann", sku, 1))[0].order
	for _, test := range []struct {
		commands, document int
	}{
		{127, core.MaxDocumentLength}, {engine.MaxRequestCommands, engine.MaxRequestBytes/engine.MaxRequestCommands - 20},
	} {
		c := follow(core.CommandCancelOrder, id)
		c.Document = bytes.Repeat([]byte("x"), test.document)
		if _, err := tryAsk(e, repeat(c, test.commands)...); err != nil && !errors.Is(err, engine.ErrTooLarge) {
			t.Errorf("%d documents of %d bytes: %v", test.commands, test.document, err)
		}
	}
	done(t, e, order("ann", sku, 1))
	closeEngine(t, e)
}

// TestCommandsThatCodecDoesNotTake gives an embedding program's mistakes to Add: they must not reach the journal, where
// they would stop every start.
func TestCommandsThatCodecDoesNotTake(t *testing.T) {
	leavesNothing(t)
	if !inChild(t) {
		return
	}
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 10)[0]
	before := e.Sequence()
	for _, c := range []core.Command{
		order("ann", sku, 0), order("", sku, 1), lines("ann"), hold("ann", sku, 1, 5), {Kind: 99}, {Kind: core.CommandTick},
		{Kind: core.CommandDefineSKU, Name: []byte("two words")},
	} {
		if _, err := tryAsk(e, c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if e.Sequence() != before {
		t.Error("something was journaled")
	}
	done(t, e, order("ann", sku, 1))
	closeEngine(t, e)
}

// TestSubmitAfterClose also sends keys, which admission looks up before the queue refuses.
func TestSubmitAfterClose(t *testing.T) {
	leavesNothing(t)
	if !inChild(t) {
		return
	}
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 10)[0]
	used := withKey(order("ann", sku, 1), 1)
	placed := done(t, e, used)[0]
	done(t, e, order("ann", sku, 9))
	closeEngine(t, e)
	closeEngine(t, e) // again, and nothing happens
	for _, c := range []core.Command{order("bob", sku, 1), used, withKey(order("bob", sku, 1), 2), restock(sku, 1)} {
		if _, err := tryAsk(e, c); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Submit: %v", err)
		}
	}
	if _, err := e.ReadOrder(nil, placed.order); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("ReadOrder: %v", err)
	}
	if _, _, err := e.Digest(); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Digest: %v", err)
	}
	if err := e.Err(); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Err: %v", err)
	}
	if err := e.WaitFor(1000, time.Hour); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("WaitFor: %v", err)
	}
	if _, err := e.Document(placed.sequence); err == nil {
		t.Error("Document: no error")
	}
	if _, _, _, err := e.Feed().Read(0).Next(); err == nil {
		t.Error("reading the feed: no error")
	}
	e.Stats()
}

// TestCloseUnderLoad closes while many clients are busy: each is answered or told that the engine is closed, and what was
// answered is there afterwards.
func TestCloseUnderLoad(t *testing.T) {
	leavesNothing(t)
	if !inChild(t) {
		return
	}
	for round := range 5 {
		d := newDisk()
		e := openOn(t, d, engine.Options{Shards: 1 + round%2})
		skus := stock(t, e, 8, core.MaxOnHand)
		var acknowledged atomic.Int64
		var wait sync.WaitGroup
		for client := range 32 {
			wait.Go(func() {
				for n := 0; ; n++ {
					c := order("ann", skus[client%len(skus)], 1)
					c.HasKey, c.Key = true, core.IdempotencyKey{byte(client), byte(n), byte(n >> 8), 1}
					answers, err := tryAsk(e, c, spreadHold(skus, core.MaxTTL))
					if errors.Is(err, engine.ErrClosed) {
						return
					}
					if err != nil || answers[0].status != engine.ResultDone {
						t.Errorf("%v %+v", err, answers)
						return
					}
					acknowledged.Add(1)
				}
			})
		}
		eventually(t, "the load", func() bool { return acknowledged.Load() > 200 })
		if err := within(t, "Close", background(e.Close)); err != nil {
			t.Error(err)
		}
		wait.Wait()
		e = openOn(t, d, engine.Options{})
		report := audited(t, e)
		if int64(report.Placed) != acknowledged.Load() || int64(report.Held) != acknowledged.Load() {
			t.Errorf("%d were acknowledged: %+v", acknowledged.Load(), report)
		}
		closeEngine(t, e)
	}
}

// TestWaitForEndsWithTheJournal: who waits for what will never come is told at once.
func TestWaitForEndsWithTheJournal(t *testing.T) {
	d := newDisk()
	var o engine.Options
	o.Journal.OnFatal = func(error) {}
	e := openOn(t, d, o)
	sku := stock(t, e, 1, 10)[0]
	waiting := background(func() error { return e.WaitFor(1<<40, time.Hour) })
	d.breakAfter(0)
	if _, err := tryAsk(e, order("c", sku, 1)); !errors.Is(err, engine.ErrJournal) {
		t.Errorf("an order on a broken disk: %v", err)
	}
	if err := within(t, "who waits", waiting); !errors.Is(err, engine.ErrJournal) {
		t.Errorf("who waits: %v", err)
	}
	closeBroken(t, e)
}

func TestDirectoryIsLocked(t *testing.T) {
	leavesNothing(t)
	dir := t.TempDir()
	e := open(t, engine.Options{Dir: dir})
	if _, err := engine.Open(engine.Options{Dir: dir}); !errors.Is(err, wal.ErrLocked) {
		t.Errorf("%v", err)
	}
	done(t, e, core.Command{Kind: core.CommandDefineSKU, Name: []byte("a")})
}

// TestOptionsAreValidated: all problems at once.
func TestOptionsAreValidated(t *testing.T) {
	o := engine.Options{Shards: 65, QueueCommands: 1, QueueBytes: 1, Journal: wal.Options{ReadOnly: true}}
	_, err := engine.Open(o)
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"Dir", "Shards", "QueueCommands", "QueueBytes", "Journal.ReadOnly"} {
		if !strings.Contains(err.Error(), field+":") {
			t.Errorf("nothing is said of %s: %v", field, err)
		}
	}
}
