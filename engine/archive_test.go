package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// archiveClock stands still until it is moved.
type archiveClock struct{ now atomic.Int64 }

func newArchiveClock() *archiveClock {
	c := &archiveClock{}
	c.now.Store(1_790_000_000_000)
	return c
}

func (c *archiveClock) read() int64              { return c.now.Load() }
func (c *archiveClock) advance(by time.Duration) { c.now.Add(by.Milliseconds()) }

// external is an order with an external id and a key.
func external(n int, sku core.SKUID) core.Command {
	c := order(fmt.Sprintf("customer-%d", n), sku, 1)
	c.ExternalID = fmt.Appendf(nil, "web-%d", n)
	c.HasKey, c.Key = true, core.IdempotencyKey{1, byte(n), byte(n >> 8), byte(n >> 16)}
	return c
}

// closedOrders makes orders of one SKU and cancels them.
func closedOrders(tb testing.TB, e *engine.Engine, make func(n int) core.Command, from, to int) (ids []core.OrderID) {
	tb.Helper()
	const batch = min(500, engine.MaxRequestCommands)
	for n := from; n < to; n += batch {
		var placed, cancelled []core.Command
		for k := n; k < min(n+batch, to); k++ {
			placed = append(placed, make(k))
		}
		for _, a := range done(tb, e, placed...) {
			ids = append(ids, a.order)
			cancelled = append(cancelled, follow(core.CommandCancelOrder, a.order))
		}
		done(tb, e, cancelled...)
	}
	return ids
}

// perSlot is how many closed orders with external ids are needed so that pages of them fill: they spread over all slots.
const perSlot = core.SlotCount * core.PageOrders

// TestArchive lets orders leave memory, and asks for them in every way in which one can be asked for, before and after
// restarts.
func TestArchive(t *testing.T) {
	leavesNothing(t)
	clock := newArchiveClock()
	d := newDisk()
	o := engine.Options{Shards: 2, Clock: clock.read, ArchiveAfter: time.Hour, CheckpointBytes: -1}
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	orders := min(20*perSlot, 30_000) // with tiny pages everything, else what has no external id
	plain := func(n int) core.Command {
		c := external(n, sku)
		if core.PageOrders > 100 {
			c.ExternalID = nil
		}
		return c
	}
	ids := closedOrders(t, e, plain, 0, orders)
	held := done(t, e, hold("ann", sku, 1, core.MaxTTL))[0].order
	first := ask(t, e, plain(0))[0]
	clock.advance(30 * time.Minute)
	time.Sleep(2 * moment)
	if e.Stats().Archived != 0 {
		t.Fatal("archived too early")
	}
	clock.advance(31 * time.Minute)
	eventually(t, "the archive", func() bool { return e.Stats().Archived > uint64(orders)*9/10 })
	var points []digestPoint // the archiver goes on meanwhile, so what is compared is a state at a sequence, not before and after
	for round := range 3 {
		if report := audited(t, e); report.Archived == 0 || report.Archived+report.Cancelled != orders || report.Held != 1 {
			t.Fatalf("%+v", report)
		}
		var unknown int
		for n := 0; n < orders; n += 97 {
			image := readOrder(t, e, ids[n])
			if image.ID != ids[n] || image.Status != core.StatusCancelled || string(image.Customer) != fmt.Sprintf("customer-%d", n) {
				t.Fatalf("order %d: %+v", n, image)
			}
			if c := plain(n); len(c.ExternalID) > 0 {
				found, _, err := e.FindOrder(0, c.ExternalID)
				if err != nil || found != ids[n] {
					t.Fatalf("external id %d: %d %v", n, found, err)
				}
				c.HasKey = false
				if a := ask(t, e, order("x", sku, 1), c)[1]; a.reason != core.ReasonDuplicateExternal || a.order != ids[n] {
					t.Fatalf("external id %d again: %+v", n, a)
				}
			}
			if e.IsArchived(ids[n]) {
				archivedFollowUps(t, e, ids[n])
			} else {
				unknown++
			}
		}
		if unknown > orders/97/2 {
			t.Fatalf("%d of %d orders are still in memory", unknown, orders/97)
		}
		if again := ask(t, e, plain(0))[0]; again.status != engine.ResultReplayed || !bytes.Equal(again.image, first.image) {
			t.Fatalf("the key answers %+v, and before %+v", again, first)
		}
		if _, _, err := e.FindOrder(0, []byte("nobody's")); !errors.Is(err, engine.ErrNotFound) {
			t.Fatal(err)
		}
		points = append(points, digestOf(t, e))
		if round == 1 {
			checkpoint(t, e)
		}
		closeEngine(t, e)
		e = openOn(t, d, o)
		points = append(points, digestOf(t, e))
	}
	if image := readOrder(t, e, held); image.Status != core.StatusHeld {
		t.Errorf("%+v", image)
	}
	closeEngine(t, e)
	archivedInThePast(t, d, points, ids[97])
}

// digestPoint is a digest and the sequence it was of.
type digestPoint struct {
	sequence core.Sequence
	digest   core.Digest
}

func digestOf(t *testing.T, e *engine.Engine) digestPoint {
	t.Helper()
	digest, sequence, err := e.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digestPoint{sequence, digest}
}

// archivedInThePast makes the states of a journal in memory again, one after the other, and reads an archived order in the
// last, and before it was placed.
func archivedInThePast(t *testing.T, d *disk, points []digestPoint, id core.OrderID) {
	t.Helper()
	past, err := engine.OpenPast(d.on(engine.Options{}), engine.Point{Sequence: points[len(points)-1].sequence})
	if err != nil {
		t.Fatal(err)
	}
	var image core.OrderImage
	if err := past.ReadOrder(id, &image); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("before the first command: %v", err)
	}
	for i, want := range points {
		if err := past.Advance(want.sequence); err != nil || past.Sequence() != want.sequence || past.Machine().Digest() != want.digest {
			t.Errorf("point %d: digest %x at %d, want %x at %d: %v", i, past.Machine().Digest(), past.Sequence(), want.digest, want.sequence, err)
		}
	}
	if err := past.ReadOrder(id, &image); err != nil || image.ID != id || image.Status != core.StatusCancelled {
		t.Errorf("%+v: %v", image, err)
	}
	if !past.Machine().IsArchived(id) {
		t.Error("the order is still in memory")
	}
	if err := past.Close(); err != nil {
		t.Error(err)
	}
}

// archivedFollowUps sends commands about an archived order that was cancelled.
func archivedFollowUps(t *testing.T, e *engine.Engine, id core.OrderID) {
	t.Helper()
	wrong := follow(core.CommandCancelOrder, id)
	wrong.ExpectedVersion = 7
	extend := follow(core.CommandExtendHold, id)
	extend.TTL = core.MinTTL
	other := core.MakeOrderID(id.Home(), !id.Spread(), uint32(id.Place()))
	got := ask(t, e, follow(core.CommandCancelOrder, id), follow(core.CommandConfirmHold, id), extend, wrong,
		follow(core.CommandReleaseHold, id), follow(core.CommandCancelOrder, other))
	for i, reason := range []core.Reason{core.ReasonNone, core.ReasonOrderCancelled, core.ReasonOrderCancelled,
		core.ReasonVersionConflict, core.ReasonNone, core.ReasonOrderNotFound} {
		if got[i].reason != reason || got[i].changed || reason == core.ReasonNone && (got[i].status != engine.ResultDone || got[i].order != id) {
			t.Fatalf("follow-up %d: %+v, want reason %d", i, got[i], reason)
		}
	}
}

// TestArchivedOrderZero: the first order of slot 0 has the number 0, and is an order like any other in the archive, too.
func TestArchivedOrderZero(t *testing.T) {
	leavesNothing(t)
	clock := newArchiveClock()
	e := openOn(t, newDisk(), engine.Options{Clock: clock.read, ArchiveAfter: time.Millisecond, CheckpointBytes: -1})
	skus := stock(t, e, 4*core.SlotCount, core.MaxOnHand)
	at := slices.IndexFunc(skus, func(id core.SKUID) bool { return id.Slot() == 0 })
	if at < 0 {
		t.Fatal("no SKU lies in slot 0")
	}
	ids := closedOrders(t, e, func(int) core.Command { return order("c", skus[at], 1) }, 0, core.PageOrders)
	if ids[0] != 0 {
		t.Fatalf("the first order of slot 0 has the number %d", ids[0])
	}
	clock.advance(time.Second)
	eventually(t, "the archive", func() bool { return e.IsArchived(0) })
	if a := ask(t, e, follow(core.CommandConfirmHold, 0))[0]; a.reason != core.ReasonOrderCancelled {
		t.Errorf("%+v", a)
	}
	if a := ask(t, e, follow(core.CommandCancelOrder, 0))[0]; a.status != engine.ResultDone || a.changed {
		t.Errorf("%+v", a)
	}
	closeEngine(t, e)
}

// TestDamagedArchiveEndsTheEngine: what the archive has of a page is read before the page is stored. When it cannot be, the
// process learns of it as when a write fails, and whoever asks gets the reason.
func TestDamagedArchiveEndsTheEngine(t *testing.T) {
	clock := newArchiveClock()
	d := newDisk()
	o := engine.Options{Clock: clock.read, CheckpointBytes: -1}
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	closedOrders(t, e, func(int) core.Command { return order("c", sku, 1) }, 0, core.PageOrders)
	text := bytes.Repeat([]byte("of the archive "), 100)
	page := wal.ArchivedPage{Number: uint64(sku.Slot()), Value: text} // where the first page of the slot will be
	if err := e.Journal().Archive(uint64(e.Sequence()), []wal.ArchivedPage{page}); err != nil {
		t.Fatal(err)
	}
	closeEngine(t, e)
	d.damage(t, text)
	died := make(chan error, 2)
	o.ArchiveAfter, o.Journal.OnFatal = time.Millisecond, func(err error) { died <- err }
	clock.advance(time.Second)
	e = openOn(t, d, o)
	sequence := e.Sequence()
	var damage *wal.DamageError
	if err := within(t, "OnFatal", died); !errors.As(err, &damage) || damage.File == "" {
		t.Errorf("OnFatal: %v", err)
	}
	eventually(t, "the end of the engine", func() bool { return e.Err() != nil })
	if err := e.Err(); !errors.Is(err, engine.ErrJournal) || !errors.As(err, &damage) || !e.Stats().JournalBroken {
		t.Errorf("Err: %v", err)
	}
	if _, err := tryAsk(e, order("late", sku, 1)); !errors.Is(err, engine.ErrJournal) {
		t.Errorf("Submit: %v", err)
	}
	if e.Sequence() != sequence || len(died) > 0 {
		t.Errorf("released %d, before %d; OnFatal was called %d times more", e.Sequence(), sequence, len(died))
	}
	closeBroken(t, e)
}

// damage changes a byte in the tables in which a text is.
func (d *disk) damage(t *testing.T, text []byte) {
	t.Helper()
	names, err := d.memory.List("data")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		f, err := d.memory.OpenReadWrite("data/"+name, "")
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		data := make([]byte, info.Size())
		if _, err := f.ReadAt(data, 0); err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, text); at >= 0 {
			found++
			if _, err := f.WriteAt([]byte{data[at] ^ 0x20}, int64(at)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Fatalf("%q is in none of %v", text[:20], names)
	}
}

// archived gives the pages that each group of the journal archived, by the first of their orders.
func archived(t *testing.T, e *engine.Engine) (turns [][]core.OrderID) {
	t.Helper()
	err := e.ReadJournal(1, func(value []byte, _ core.Sequence) bool {
		g, err := wal.DecodeGroup(value)
		if err != nil {
			t.Fatal(err)
		}
		var pages []core.OrderID
		for payload := g.Payload; len(payload) > 0; {
			var c core.Command
			n, err := codec.DecodeCommand(payload, &c)
			if err != nil {
				t.Fatal(err)
			}
			if payload = payload[n:]; c.Kind == core.CommandArchiveOrders {
				pages = append(pages, c.Order)
			}
		}
		if len(pages) > 0 {
			turns = append(turns, pages)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return turns
}

// TestArchiveTurnsAreBounded: a turn of the archiver takes several pages of small orders, and only one of orders with so many
// lines that they are worth a whole turn. Slots take turns, too.
func TestArchiveTurnsAreBounded(t *testing.T) {
	leavesNothing(t)
	const pages = 2 // of each slot
	const large = engine.ArchiveMost * engine.ArchivePageBytes / core.PageOrders / 28
	for _, lines := range []int{1, large} {
		t.Run(fmt.Sprintf("lines=%d", lines), func(t *testing.T) {
			clock := newArchiveClock()
			d := newDisk()
			o := engine.Options{Shards: 2, Clock: clock.read, CheckpointBytes: -1}
			e := openOn(t, d, o)
			skus := stock(t, e, 40, core.MaxOnHand)
			other := slices.IndexFunc(skus, func(id core.SKUID) bool { return id.Slot() != skus[0].Slot() })
			for _, sku := range []core.SKUID{skus[0], skus[other]} {
				closedOrders(t, e, func(int) core.Command {
					c := order("c", sku, 1)
					for len(c.Lines) < lines {
						c.Lines = append(c.Lines, core.Line{SKU: sku, Quantity: 1})
					}
					return c
				}, 0, pages*core.PageOrders)
			}
			closeEngine(t, e)
			clock.advance(time.Second)
			o.ArchiveAfter = time.Millisecond
			e = openOn(t, d, o)
			eventually(t, "the archive", func() bool { return e.Stats().Archived == 2*pages*core.PageOrders })
			turns := archived(t, e)
			if lines == 1 && (len(turns) != 1 || len(turns[0]) != 2*pages) || lines > 1 && len(turns) != 2*pages {
				t.Errorf("turns %v", turns)
			}
			all := slices.Concat(turns...)
			for i := 1; i < len(all); i++ {
				if all[i].Home() == all[i-1].Home() {
					t.Errorf("two pages of a slot follow each other: %v", turns)
				}
			}
			audited(t, e)
			closeEngine(t, e)
		})
	}
}

// TestArchiverLetsThosePassWhoWereSentBack: however much there is to archive, nothing is while a request that was sent back has not
// passed.
func TestArchiverLetsThosePassWhoWereSentBack(t *testing.T) {
	leavesNothing(t)
	clock := newArchiveClock()
	e := openOn(t, newDisk(), engine.Options{Clock: clock.read, ArchiveAfter: time.Millisecond, CheckpointBytes: -1})
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	e.SendBack(2)
	closedOrders(t, e, func(int) core.Command { return order("c", sku, 1) }, 0, 4*core.PageOrders)
	clock.advance(time.Second)
	for range 2 {
		time.Sleep(2 * moment)
		if n := e.Stats().Archived; n > 0 {
			t.Fatalf("%d orders were archived", n)
		}
		e.SendBack(-1)
	}
	eventually(t, "the archive", func() bool { return e.Stats().Archived == 4*core.PageOrders })
	closeEngine(t, e)
}
