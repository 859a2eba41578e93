package engine_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// ledger is what clients were told.
type ledger struct {
	mu      sync.Mutex
	answers map[core.IdempotencyKey]answer
	failed  error // the last error of a Submit
}

func (l *ledger) copy() map[core.IdempotencyKey]answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.answers)
}

// keyed is the command that a ledger's key stands for.
func keyed(key core.IdempotencyKey, skus []core.SKUID) core.Command {
	var c core.Command
	switch customer := fmt.Sprintf("customer-%d", key[0]); key[2] % 3 {
	case 0:
		c = order(customer, skus[int(key[1])%len(skus)], 1)
	case 1:
		c = spreadHold(skus, core.MaxTTL)
	case 2:
		c = order(customer, skus[int(key[1])%len(skus)], 2)
		c.ExternalID, c.Document = fmt.Appendf(nil, "%x", key[:4]), fmt.Appendf(nil, "document of %x", key)
	}
	c.HasKey, c.Key = true, key
	return c
}

// load lets clients order until Submit fails or stop is closed, and keeps what they were told.
func (l *ledger) load(e *engine.Engine, skus []core.SKUID, clients int, stop <-chan struct{}) *sync.WaitGroup {
	l.answers = map[core.IdempotencyKey]answer{}
	var wait sync.WaitGroup
	for client := range clients {
		wait.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				key := core.IdempotencyKey{byte(client), byte(n), byte(n / 7), byte(n >> 8), 1}
				answers, err := tryAsk(e, keyed(key, skus))
				l.mu.Lock()
				if err != nil {
					l.failed = err
					l.mu.Unlock()
					return
				}
				l.answers[key] = answers[0]
				l.mu.Unlock()
			}
		})
	}
	return &wait
}

// check looks for everything that clients were told.
func check(tb testing.TB, e *engine.Engine, told map[core.IdempotencyKey]answer, skus []core.SKUID) {
	tb.Helper()
	for key, first := range told {
		c := keyed(key, skus)
		replayed(tb, ask(tb, e, c)[0], first)
		o := readOrder(tb, e, first.order)
		if !bytes.Equal(o.Customer, c.Customer) || o.Created != first.sequence || o.HasDocument != (c.Document != nil) {
			tb.Errorf("%+v", o)
		}
		if document, err := e.Document(first.sequence); c.Document != nil && !bytes.Equal(document, c.Document) {
			tb.Errorf("the document: %q %v", document, err)
		}
	}
	audited(tb, e)
}

// TestPowerCut cuts the power while clients order. Of what was not synced nothing, something or everything
// survives; what clients were told is there in any case, and the feed is the one that they had seen.
func TestPowerCut(t *testing.T) {
	leavesNothing(t)
	var regenerated uint64
	for round, percent := range []int{0, 0, 0, 30, 70, 100} {
		d := newDisk()
		e := openOn(t, d, engine.Options{Shards: 1 + round%3})
		skus := stock(t, e, 4, core.MaxOnHand)
		stop := make(chan struct{})
		var l ledger
		clients := l.load(e, skus, 6, stop)
		eventually(t, "the load", func() bool { return e.Sequence() > core.Sequence(100+50*round) })
		told, seen := l.copy(), storedEvents(t, e)
		image := d.powerCut(percent, uint64(round))
		close(stop)
		clients.Wait()

		var info engine.RecoveryInfo
		o := engine.Options{Shards: 1 + (round+1)%3, Hooks: engine.Hooks{Recovered: func(i engine.RecoveryInfo) { info = i }}}
		after := openOn(t, image, o)
		if info.Events > 0 && after.Feed().Last() == 0 {
			t.Error("nothing was stored")
		}
		regenerated += info.Events
		events := storedEvents(t, after)
		if !bytes.HasPrefix(events, seen) {
			t.Error("the feed before the cut: " + firstDifference(events, seen))
		}
		if whole := storedEvents(t, e); !bytes.HasPrefix(whole, events) {
			t.Error("the feed that was made again: " + firstDifference(whole, events))
		}
		check(t, after, told, skus)
		closeEngine(t, e)
		closeEngine(t, after)
	}
	if regenerated == 0 {
		t.Error("no power cut took anything from the feed")
	}
}

// TestFailingDisk breaks the disk under load: in the middle of a write or of a sync. Everybody is told, nobody waits for
// ever, and what was acknowledged before is there after a restart.
func TestFailingDisk(t *testing.T) {
	for _, writes := range []int{0, 1, 2, 7, 31} {
		d := newDisk()
		died := make(chan error, 10)
		o := engine.Options{Shards: 2}
		o.Journal.OnFatal = func(err error) { died <- err }
		e := openOn(t, d, o)
		skus := stock(t, e, 4, core.MaxOnHand)
		var l ledger
		clients := l.load(e, skus, 6, nil)
		eventually(t, "the load", func() bool { return e.Sequence() > 100 })
		d.breakAfter(writes)
		within(t, "the clients", background(func() bool { clients.Wait(); return true }))
		if !errors.Is(l.failed, engine.ErrJournal) {
			t.Errorf("Submit: %v", l.failed)
		}
		if err := within(t, "OnFatal", died); !errors.Is(err, errBroken) {
			t.Errorf("OnFatal: %v", err)
		}
		sequence := e.Sequence()
		for range 3 {
			if _, err := tryAsk(e, withKey(order("late", skus[0], 1), 1)); !errors.Is(err, engine.ErrJournal) {
				t.Errorf("Submit: %v", err)
			}
			if _, err := e.ReadAvailability(nil, skus[0]); !errors.Is(err, engine.ErrJournal) {
				t.Errorf("ReadAvailability: %v", err)
			}
		}
		if err := e.Err(); !errors.Is(err, engine.ErrJournal) || !errors.Is(err, errBroken) || !e.Stats().JournalBroken {
			t.Errorf("Err: %v", err)
		}
		if e.Sequence() != sequence {
			t.Error("something was released")
		}
		closeBroken(t, e)
		if len(died) > 0 {
			t.Error("OnFatal was called again")
		}
		after := openOn(t, d.powerCut(0, 0), engine.Options{})
		if after.Sequence() < sequence {
			t.Errorf("%d was released, and %d is left", sequence, after.Sequence())
		}
		check(t, after, l.copy(), skus)
		closeEngine(t, after)
	}
}

// TestKilledProcess kills a process with -9 in the middle of its work, several times on one directory.
func TestKilledProcess(t *testing.T) {
	if dir := os.Getenv(childVariable); dir != "" {
		orderForEver(t, dir)
	}
	dir := t.TempDir()
	told := map[core.IdempotencyKey]core.OrderID{}
	for round := range 4 {
		command := child(t)
		command.Env = append(command.Env, childVariable+"="+dir)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var key, id uint64
			if _, err := fmt.Sscanf(lines.Text(), "%d %d", &key, &id); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			told[childKey(key)] = core.OrderID(id)
			if n == 300+100*round {
				if err := command.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = command.Wait() // it says that the process was killed
		e := openEventually(t, dir)
		report := audited(t, e)
		if report.Placed < len(told) {
			t.Errorf("%d of %d orders are left", report.Placed, len(told))
		}
		for key, id := range told {
			c := childOrder(e, key)
			if got := ask(t, e, c)[0]; got.status != engine.ResultReplayed || got.order != id {
				t.Fatalf("%+v, want order %d", got, id)
			}
		}
		closeEngine(t, e)
	}
}

// openEventually opens a directory whose last owner is perhaps not quite dead.
func openEventually(tb testing.TB, dir string) (e *engine.Engine) {
	tb.Helper()
	eventually(tb, "the directory is free", func() bool {
		var err error
		e, err = engine.Open(engine.Options{Dir: dir})
		if err != nil && !errors.Is(err, wal.ErrLocked) {
			tb.Fatal(err)
		}
		return err == nil
	})
	return e
}

func childKey(n uint64) core.IdempotencyKey { return core.IdempotencyKey(fmt.Appendf(nil, "%016d", n)) }

func childOrder(e *engine.Engine, key core.IdempotencyKey) core.Command {
	entry, _ := e.SKU([]byte("sku-0"))
	c := order("ann", entry.ID, 1)
	c.HasKey, c.Key = true, key
	return c
}

// orderForEver is what the killed process does: order, and say so.
func orderForEver(t *testing.T, dir string) {
	e := openEventually(t, dir)
	if _, ok := e.SKU([]byte("sku-0")); !ok {
		stock(t, e, 1, core.MaxOnHand)
	}
	for n := uint64(time.Now().UnixNano()); ; n++ {
		n := n % 1e16
		fmt.Println(n, uint64(done(t, e, childOrder(e, childKey(n)))[0].order))
	}
}

// TestJournalThatCannotBeExecuted opens directories whose groups are whole, and hold what no engine wrote: they are
// refused with the place.
func TestJournalThatCannotBeExecuted(t *testing.T) {
	leavesNothing(t)
	if !inChild(t) {
		return
	}
	good := codec.AppendCommand(nil, &core.Command{Kind: core.CommandDefineSKU, Name: []byte("a"), Mask: core.NameSlot([]byte("a")).Mask()})
	unknown := slices.Clone(good)
	unknown[0] = 77
	later := slices.Clone(good)
	later[1] = 2 // version
	nameless := codec.AppendCommand(nil, &core.Command{Kind: core.CommandDefineSKU, Mask: 1})
	for name, test := range map[string]struct {
		payload []byte
		count   uint32
	}{
		"garbage":         {bytes.Repeat([]byte{0xaa}, 50), 1},
		"too few":         {good, 2},
		"too many":        {append(slices.Clone(good), good...), 1},
		"cut off":         {good[:len(good)-1], 1},
		"unknown kind":    {unknown, 1},
		"unknown version": {later, 1},
		"no name":         {nameless, 1},
	} {
		d := newDisk()
		writeJournal(t, d, []entry{{frame: good, time: 1}}, func() int { return 1 })
		j, err := wal.Open("data", wal.Options{FS: d})
		if err != nil {
			t.Fatal(err)
		}
		p, err := j.Begin(2, test.count, 2, len(test.payload))
		if err != nil {
			t.Fatal(err)
		}
		copy(p.Payload(), test.payload)
		if err := errors.Join(p.Commit(), p.Wait()); err != nil {
			t.Fatal(err)
		}
		p.Release()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = engine.Open(d.on(engine.Options{}))
		var damage *wal.DamageError
		if !errors.As(err, &damage) || damage.Sequence < 2 || damage.Sequence > 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFeedReader reads the feed from every cursor, also from those between two events, and across groups that end with
// commands that made no event.
func TestFeedReader(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 3)[0]
	random := rand.New(rand.NewPCG(4, 4))
	for range 30 {
		c := order("ann", sku, core.Quantity(1+random.IntN(3)))
		c.ExternalID = []byte("same") // all but the first are refused by the machine
		ask(t, e, c, restock(sku, 1), c)
		ask(t, e, c)
	}
	type place struct {
		sequence core.Sequence
		event    []byte
	}
	var all []place
	reader := e.Feed().Read(0)
	for within(t, "an event", background(func() bool {
		event, h, _, err := reader.Next()
		if err == nil {
			all = append(all, place{h.Sequence, bytes.Clone(event)})
		}
		return err == nil
	})) {
	}
	for after := range e.Sequence() + 2 {
		reader := e.Feed().Read(after)
		for i := range all {
			if all[i].sequence <= after {
				continue
			}
			if event, _, _, err := reader.Next(); err != nil || !bytes.Equal(event, all[i].event) {
				t.Fatalf("after %d: %x %v, want %x", after, event, err, all[i].event)
			}
		}
		if _, _, _, err := reader.Next(); err == nil {
			t.Fatalf("after %d: one more event", after)
		}
	}
	closeEngine(t, e)
}

// TestFeedReaderAmongEventsOfOneSequence: of holds that expire at once, only the last event ends its sequence, and whoever
// was cut off before that gets all of them again.
func TestFeedReaderAmongEventsOfOneSequence(t *testing.T) {
	leavesNothing(t)
	var clock scriptedClock
	clock.set(1_790_000_000_000)
	e := openOn(t, newDisk(), engine.Options{Clock: clock.read})
	sku := stock(t, e, 1, 10)[0]
	placed := done(t, e, hold("ann", sku, 1, core.MinTTL), hold("bob", sku, 1, core.MinTTL), hold("cem", sku, 1, core.MinTTL))
	clock.advance(t, e, clock.read()+int64(core.MinTTL))
	after := placed[2].sequence
	for cut := range 4 {
		reader := e.Feed().Read(after)
		for n := range cut {
			if _, h, last, err := reader.Next(); err != nil || h.Kind != core.EventHoldExpired || last != (n == 2) {
				t.Errorf("event %d of sequence %d is the last: %v, %v", n, h.Sequence, last, err)
			}
		}
	}
	closeEngine(t, e)
}
