package engine_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
)

// allMovements lists the movements of a SKU page by page.
func allMovements(tb testing.TB, e *engine.Engine, q engine.MovementQuery) (all []feed.Movement) {
	tb.Helper()
	for {
		page, err := e.Movements(&q)
		if err != nil {
			tb.Fatal(err)
		}
		if len(page.Movements) > q.Limit {
			tb.Fatalf("%d movements on a page of %d", len(page.Movements), q.Limit)
		}
		all = append(all, page.Movements...)
		if page.Next == nil {
			return all
		}
		if q.After != nil && q.After.Sequence == page.Next.Sequence && q.After.Events == page.Next.Events && q.After.Passed == page.Next.Passed {
			tb.Fatalf("the list stands still at %+v", page.Next)
		}
		q.After = page.Next
	}
}

// mostSeeds is how many random shops are tried at most until there are movements of all types.
const mostSeeds = 40

// TestMovementsTellTheWholeStory runs random shops: of every SKU and location, the movements lead from nothing to what is there,
// each beginning where the one before ended, whatever the size of a page.
func TestMovementsTellTheWholeStory(t *testing.T) {
	leavesNothing(t)
	seen := map[feed.MovementType]bool{}
	few := seeds()
	for i := 0; i < len(few) || i < mostSeeds && len(seen) < int(feed.MovementTypes-feed.Receive); i++ {
		seed := uint64(100 + i)
		if i < len(few) {
			seed = few[i]
		}
		calls := randomCalls(seed, streamCommands)
		d := newDisk()
		runCalls(t, d, calls, 1+int(seed%3), 0)
		e := openOn(t, d, engine.Options{KeepWaiting: true, Clock: func() int64 { return calls[len(calls)-1].now }})
		e.SKUNames(func(entry *engine.SKUEntry) bool {
			all := allMovements(t, e, engine.MovementQuery{SKU: entry.ID, Limit: 500})
			for _, limit := range []int{1, 7} {
				if again := allMovements(t, e, engine.MovementQuery{SKU: entry.ID, Limit: limit}); !reflect.DeepEqual(again, all) {
					t.Fatalf("seed %d: %s has %d movements in pages of %d, and others in one", seed, entry.Name, len(again), limit)
				}
			}
			checkChain(t, e, entry.ID, all)
			checkFilters(t, e, entry.ID, all)
			for i := range all {
				seen[all[i].Type] = true
			}
			return true
		})
		closeEngine(t, e)
	}
	for kind := feed.Receive; kind < feed.MovementTypes; kind++ {
		if !seen[kind] {
			t.Errorf("there is no movement of type %d", kind)
		}
	}
}

// checkChain goes back over the levels of a SKU.
func checkChain(t *testing.T, e *engine.Engine, id core.SKUID, all []feed.Movement) {
	t.Helper()
	image, err := e.ReadAvailability(nil, id)
	if err != nil {
		t.Fatal(err)
	}
	var a core.AvailabilityImage
	if _, err := codec.DecodeAvailability(image.Bytes, &a); err != nil {
		t.Fatal(err)
	}
	levels := map[core.LocationID]core.LevelImage{}
	for i := range a.Levels {
		levels[a.Levels[i].Location] = a.Levels[i].LevelImage
	}
	for i := range all {
		m := &all[i]
		if i > 0 && m.Sequence > all[i-1].Sequence {
			t.Errorf("sequence %d comes behind %d", m.Sequence, all[i-1].Sequence)
		}
		if m.Beyond {
			continue
		}
		if level := levels[m.Location]; !m.Known || m.After != level {
			t.Fatalf("SKU %d: movement %+v leaves something else than %+v", id, m, level)
		}
		levels[m.Location] = m.Before
	}
	for location, level := range levels {
		if level != (core.LevelImage{SKU: id, Location: location}) {
			t.Errorf("SKU %d: the first movement found %+v", id, level)
		}
	}
}

// checkFilters compares lists of some movements with all of them.
func checkFilters(t *testing.T, e *engine.Engine, id core.SKUID, all []feed.Movement) {
	t.Helper()
	if len(all) < 10 {
		return
	}
	from, until := all[len(all)*2/3].At, all[len(all)/3].At
	for i := range all[:len(all)-1] {
		if all[i].Type == feed.Expire && all[i+1].At > all[i].At {
			from = all[i].At + 1 // a deadline that was found to have passed later than something else happened
		}
	}
	for name, test := range map[string]struct {
		query engine.MovementQuery
		wants func(m *feed.Movement) bool
	}{
		"type":     {engine.MovementQuery{Type: feed.Allocate}, func(m *feed.Movement) bool { return m.Type == feed.Allocate }},
		"location": {engine.MovementQuery{AtLocation: true}, func(m *feed.Movement) bool { return m.Location == 0 && !m.Beyond }},
		"from":     {engine.MovementQuery{From: from}, func(m *feed.Movement) bool { return m.At >= from }},
		"until":    {engine.MovementQuery{Until: until}, func(m *feed.Movement) bool { return m.At < until }},
	} {
		test.query.SKU, test.query.Limit = id, 5
		want := slices.DeleteFunc(slices.Clone(all), func(m feed.Movement) bool { return !test.wants(&m) })
		if got := allMovements(t, e, test.query); len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("SKU %d by %s: %d movements, want %d", id, name, len(got), len(want))
		}
	}
}

// TestMovementsAreReadInParts has so many events between two movements that one look does not reach from one to the other.
func TestMovementsAreReadInParts(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	skus := stock(t, e, 2, 1_000_000)
	batch := make([]core.Command, 8_000)
	for i := range batch {
		batch[i] = order(fmt.Sprintf("a-customer-with-a-very-long-name-indeed-who-is-number-%d-of-them-all", i), skus[1], 1)
	}
	var want []core.Sequence
	for i := range 14 {
		submit(t, e, batch...)
		if i%5 == 2 {
			want = append(want, done(t, e, order("ann", skus[0], 1))[0].sequence)
		}
	}
	slices.Reverse(want)
	look := func() (got []core.Sequence, pages, scanned int) {
		for q := (engine.MovementQuery{SKU: skus[0], Limit: 10, Type: feed.Allocate}); ; {
			page, err := e.Movements(&q)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page.Movements {
				got = append(got, page.Movements[i].Sequence)
			}
			pages, scanned = pages+1, scanned+page.Scanned
			if q.After = page.Next; q.After == nil {
				return got, pages, scanned
			}
		}
	}
	got, pages, scanned := look()
	if !slices.Equal(got, want) || pages < 2 || pages > 4 {
		t.Errorf("movements %v on %d pages, want %v", got, pages, want)
	}
	got, _, again := look()
	if !slices.Equal(got, want) || again > scanned*2/3 {
		t.Errorf("movements %v, want %v; %d bytes were read, and %d the first time", got, want, again, scanned)
	}
	closeEngine(t, e)
}

// TestMovementsOfOneSequenceAreReadInParts has very many holds expire with one command: a look reads a bounded part of what it told, and the list goes
// on within it.
func TestMovementsOfOneSequenceAreReadInParts(t *testing.T) {
	leavesNothing(t)
	var clock scriptedClock
	clock.set(1_700_000_000_000)
	e := openOn(t, newDisk(), engine.Options{Clock: clock.read})
	const holds, batch = 110_000, 5_000
	skus := stock(t, e, 2, holds)
	long := strings.Repeat("x", 100)
	for from := 0; from < holds; from += batch {
		commands := make([]core.Command, batch)
		for i := range commands {
			sku := skus[0]
			if from+i == 100 || from+i == holds/2 {
				sku = skus[1]
			}
			commands[i] = hold(fmt.Sprint(long, from+i), sku, 1, 600_000)
		}
		submit(t, e, commands...)
	}
	clock.set(clock.read() + 600_000)
	submit(t, e, receive(skus[1], 1)) // all expire with it
	const bound = 9 << 20
	for _, q := range []engine.MovementQuery{{SKU: skus[0], Limit: 40_000}, {SKU: skus[1], Limit: 1}, {SKU: skus[1], Limit: 10, Type: feed.Expire}} {
		found, pages := map[core.OrderID]bool{}, 0
		for {
			page, err := e.Movements(&q)
			if err != nil {
				t.Fatal(err)
			}
			if page.Scanned > bound {
				t.Errorf("SKU %d: %d bytes were read for one page", q.SKU, page.Scanned)
			}
			for i := range page.Movements {
				if m := &page.Movements[i]; m.Type == feed.Expire {
					if found[m.Order] {
						t.Fatalf("SKU %d: order %d expires twice", q.SKU, m.Order)
					}
					found[m.Order] = true
				}
			}
			if pages++; page.Next == nil {
				break
			}
			q.After = page.Next
		}
		want := 2
		if q.SKU == skus[0] {
			want = holds - 2
		}
		if len(found) != want || pages < 2 {
			t.Errorf("SKU %d: %d holds expire on %d pages, want %d", q.SKU, len(found), pages, want)
		}
	}
	closeEngine(t, e)
}

// TestMovementsEndWhereTheFeedWasCut: what was cut off is not listed, what is left is listed as before.
func TestMovementsEndWhereTheFeedWasCut(t *testing.T) {
	leavesNothing(t)
	o, clock := tiny()
	o.FeedAge = time.Hour
	e := openOn(t, newDisk(), o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	var last core.Sequence
	for range 3 {
		last = busy(t, e, sku)
		clock.set(clock.now.Load() + 40*time.Minute.Milliseconds())
	}
	q := engine.MovementQuery{SKU: sku, Limit: 500}
	before := allMovements(t, e, q)
	retain(t, e)
	oldest := e.Feed().Oldest()
	if oldest == 0 || oldest >= last {
		t.Fatalf("the feed was cut at %d", oldest)
	}
	want := slices.DeleteFunc(before, func(m feed.Movement) bool { return m.Sequence <= oldest })
	if got := allMovements(t, e, q); len(got) != len(want) || len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d movements behind the cut at %d, want %d", len(got), oldest, len(want))
	}
	if page, err := e.Movements(&engine.MovementQuery{SKU: sku, Limit: 1}); err != nil || page.Oldest != oldest {
		t.Errorf("the list begins after %d, the feed after %d: %v", page.Oldest, oldest, err)
	}
	closeEngine(t, e)
}
