package search_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/search"
	"holdfast/wal"
)

// filter is a condition twice: as a term, and in the words of a brute-force search.
type filter struct {
	term search.Term
	fits func(o *known) bool
}

func randomFilter(random *rand.Rand, o *known) filter {
	switch random.IntN(9) {
	case 0:
		return filter{search.Customer(o.Customer), func(k *known) bool { return string(k.Customer) == string(o.Customer) }}
	case 1:
		id := o.Lines[random.IntN(len(o.Lines))].SKU
		return filter{search.SKU(id), func(k *known) bool {
			return slices.ContainsFunc(k.Lines, func(l core.LineImage) bool { return l.SKU == id })
		}}
	case 2:
		return filter{search.Status(o.Status), func(k *known) bool { return k.Status == o.Status }}
	case 3:
		return filter{search.Channel(o.Channel), func(k *known) bool { return k.Channel == o.Channel }}
	case 4:
		id := core.LocationID(random.IntN(3))
		return filter{search.Location(id), func(k *known) bool {
			return slices.ContainsFunc(k.Allocations, func(a core.Allocation) bool { return a.Location == id })
		}}
	case 5:
		name := []string{"ann@example.com", "bob@example.com", "eve@example.com"}[random.IntN(3)]
		return filter{search.Email([]byte(strings.ToUpper(name))), func(k *known) bool {
			return strings.Contains(strings.ToLower(k.document), `"`+name+`"`)
		}}
	case 6:
		tag := []string{"vip", "gift", "late"}[random.IntN(3)]
		return filter{search.Tag([]byte(tag)), func(k *known) bool { return strings.Contains(k.document, `"`+tag+`"`) }}
	case 7:
		kind := core.PaymentType(random.IntN(int(core.PaymentVoid)+1)) &^ core.PaymentAuthorization
		return filter{search.Failed(kind), func(k *known) bool {
			return slices.ContainsFunc(k.FailedTasks(), func(f core.FailedTask) bool { return kind == 0 || k.Account.Entries[f.Entry-1].Type == kind })
		}}
	default:
		return filter{search.External([]byte("external-1")), func(k *known) bool { return string(k.ExternalID) == "external-1" }}
	}
}

// agrees compares what is found with a filter over all orders, for random queries, and the events of each order with those of the feed.
func (s *shop) agrees(random *rand.Rand, queries int) {
	s.tb.Helper()
	s.caughtUp()
	all := s.all()
	if len(all) == 0 {
		return
	}
	for range queries {
		q := search.Query{Limit: 1 + random.IntN(20)}
		var filters []filter
		for range random.IntN(4) {
			f := randomFilter(random, &all[random.IntN(len(all))])
			filters = append(filters, f)
			q.Terms = append(q.Terms, f.term)
		}
		if random.IntN(3) == 0 {
			q.From = all[random.IntN(len(all))].CreatedAt + core.Millis(random.IntN(3)-1)
		}
		if random.IntN(3) == 0 {
			q.Until = all[random.IntN(len(all))].CreatedAt + core.Millis(random.IntN(3)-1)
		}
		var want []core.OrderID
		for i := range all {
			o := &all[i]
			fits := o.CreatedAt >= q.From && (q.Until == 0 || o.CreatedAt < q.Until)
			for _, f := range filters {
				fits = fits && f.fits(o)
			}
			if fits {
				want = append(want, o.ID)
			}
		}
		if got := s.find(q); !slices.Equal(got, want) {
			s.tb.Fatalf("%+v finds\n%v\nand should find\n%v", q, got, want)
		}
	}
	s.tellsAll(random, all)
}

// tellsAll compares the events of each order with those of the feed.
func (s *shop) tellsAll(random *rand.Rand, all []known) {
	s.tb.Helper()
	events, notes := s.events()
	for i := range all {
		want := events[all[i].ID]
		var got []core.Sequence
		for after, more := core.Sequence(0), true; more; {
			var list []core.Sequence
			var err error
			if list, more, err = s.index.Events(all[i].ID, after, 1+random.IntN(3)); err != nil {
				s.tb.Fatal(err)
			}
			got = append(got, list...)
			if len(list) > 0 {
				after = list[len(list)-1]
			}
		}
		if !slices.Equal(got, want) {
			s.tb.Fatalf("order %d has events %v, should have %v", all[i].ID, got, want)
		}
		list, _, err := s.index.Notes(all[i].ID, 0, 1000)
		if err != nil {
			s.tb.Fatal(err)
		}
		notes -= len(list)
	}
	if notes != 0 {
		s.tb.Fatalf("%d notes are not kept", notes)
	}
}

// TestFindsWhatThereIs: whatever happens in a shop, a query finds what a filter over all orders finds, in its order; also after restarts, power
// cuts, and by an index that was made anew.
func TestFindsWhatThereIs(t *testing.T) {
	seeds := 12
	if testing.Short() {
		seeds = 4
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			s := newShop(t).open()
			s.run(seed+1, 250)
			s.agrees(random, 150)
			s.close()
			s.open()
			s.agrees(random, 20)
			s.powerCut(seed)
			s.agrees(random, 50)
			kept := s.dump()

			// An index that has read all events is the same as one that has walked over all orders.
			s.closeIndex()
			if err := s.engine.UseIndex(func(j *wal.Journal) error { return j.WipeIndex() }); err != nil {
				t.Fatal(err)
			}
			s.openIndex()
			s.agrees(random, 50)
			if state := s.index.State(); state.Walks != 1 || !state.Ready || state.Indexed != s.engine.Sequence() {
				t.Errorf("%+v", state)
			}
			same(t, "made anew", s.dump(), kept)
		})
	}
}

// TestPowerCutsWhileItReads: an index that is cut off again and again while much happens is in the end the one that was never cut off.
func TestPowerCutsWhileItReads(t *testing.T) {
	s := newShop(t).open()
	sku := s.sku("tea")
	for round := range uint64(8) {
		var commands []core.Command
		for n := range 400 {
			c := order(fmt.Sprintf("customer-%d", n%7), sku)
			c.Document = []byte(`{"tags":["vip"]}`)
			commands = append(commands, c)
		}
		placed := s.do(commands...)
		commands = commands[:0]
		for i := range placed {
			if i%2 == 0 {
				commands = append(commands, core.Command{Kind: core.CommandCancelOrder, Version: 1, Order: placed[i].Order})
			} else {
				commands = append(commands, core.Command{Kind: core.CommandAddNote, Version: 1, Order: placed[i].Order, Document: []byte("hm")})
			}
		}
		s.do(commands...)
		if round%2 == 0 {
			time.Sleep(time.Duration(round) * time.Millisecond)
		} else if err := s.index.WaitFor(s.engine.Sequence()-300, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		s.powerCut(round)
	}
	s.agrees(rand.New(rand.NewPCG(1, 1)), 20)
	kept := s.dump()
	s.closeIndex()
	if err := s.engine.UseIndex(func(j *wal.Journal) error { return j.WipeIndex() }); err != nil {
		t.Fatal(err)
	}
	s.openIndex()
	s.caughtUp()
	same(t, "made anew", s.dump(), kept)
}

// TestOtherFormatIsMadeAnew: so is an index that cannot be read.
func TestOtherFormatIsMadeAnew(t *testing.T) {
	s := newShop(t).open()
	sku := s.sku("tea")
	placed := s.do(order("ann", sku), order("bob", sku))
	s.caughtUp()
	kept := s.dump()
	row := []byte{'o', 0, 0, 0, 0, 0, 0, 0, byte(placed[0].Order)}
	for _, trial := range []struct {
		name   string
		change func()
	}{
		{"other format", func() { s.put([]byte{'v'}, []byte{99}) }},
		{"damaged", func() {
			s.put(row, []byte{1})
			s.openIndex()
			s.do(core.Command{Kind: core.CommandCancelOrder, Version: 1, Order: placed[0].Order}) // the row is asked for
			for s.index.State().Walks == 0 {
				time.Sleep(time.Millisecond)
			}
			s.closeIndex()
		}},
	} {
		t.Run(trial.name, func(t *testing.T) {
			s.closeIndex()
			s.put([]byte{'p', 'c', 'e', 'v', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 9}, make([]byte, 16)) // must be gone
			trial.change()
			s.openIndex()
			s.agrees(rand.New(rand.NewPCG(1, 1)), 50)
			if got := s.dump(); trial.name == "other format" {
				same(t, trial.name, got, kept)
			} else if len(s.find(search.Query{Terms: []search.Term{search.Customer([]byte("eve"))}, Limit: 5})) > 0 {
				t.Error("what was there before is still there")
			}
		})
	}
}

func (s *shop) put(key, value []byte) {
	s.tb.Helper()
	if err := search.Put(s.engine, key, value); err != nil {
		s.tb.Fatal(err)
	}
}

// TestBoundedQuery: what agrees nowhere is looked for in bounded parts, and the list goes on where it stopped.
func TestBoundedQuery(t *testing.T) {
	s := newShop(t).open()
	a, b := s.sku("tea"), s.sku("cup")
	want := s.do(func() core.Command {
		c := order("ann", a)
		c.Lines = append(c.Lines, core.Line{SKU: b, Quantity: 1})
		return c
	}())[0].Order
	for range 2 * search.MaxSeeks / 400 { // one after the other, so that each list has what the other has not
		var commands []core.Command
		for i := range 500 {
			commands = append(commands, order("ann", []core.SKUID{a, b}[i%2]))
		}
		s.do(commands...)
	}
	s.caughtUp()
	q := search.Query{Terms: []search.Term{search.SKU(a), search.SKU(b)}, Limit: 10}
	page, err := s.index.Find(&q)
	if err != nil || page.Complete || page.Next == 0 || len(page.Orders) != 0 {
		t.Fatalf("%+v %v", page, err)
	}
	if got := s.find(q); !slices.Equal(got, []core.OrderID{want}) {
		t.Errorf("found %v, should be %v", got, want)
	}
}

// TestOverrunIndexWalks: events that were cut before they were read are made up for by a walk over all orders; what was kept stays, notes too.
func TestOverrunIndexWalks(t *testing.T) {
	s := newShop(t)
	s.options.Journal.MemTableBytes = 256 << 10
	s.options.FeedHistory, s.options.JournalHistory = 64<<10, 64<<10
	s.options.ReaderMaxLag = 64 << 10
	s.open()
	sku := s.sku("tea")
	first := s.do(order("ann", sku))[0]
	s.do(core.Command{Kind: core.CommandAddNote, Version: 1, Order: first.Order, Actor: []byte("kim"), Document: []byte("rings twice")})
	s.caughtUp()
	s.closeIndex()
	s.fillFeed(sku)
	s.do(core.Command{Kind: core.CommandCancelOrder, Version: 1, Order: first.Order})
	s.fillFeed(sku)
	if oldest := s.engine.Feed().Oldest(); oldest <= first.Sequence {
		t.Fatalf("the feed was not cut: its oldest is behind %d", oldest)
	}
	s.openIndex()
	s.caughtUp()
	if state := s.index.State(); state.Walks != 1 {
		t.Errorf("%+v", state)
	}
	all := s.all()
	if got := s.find(search.Query{Limit: 500}); len(got) != len(all) {
		t.Errorf("%d orders are found of %d", len(got), len(all))
	}
	for status, want := range map[core.OrderStatus]int{core.StatusPlaced: 0, core.StatusCancelled: 1} {
		if got := s.find(search.Query{Terms: []search.Term{search.Customer([]byte("ann")), search.Status(status)}, Limit: 5}); len(got) != want {
			t.Errorf("%d orders of ann have status %d", len(got), status)
		}
	}
	for range 2 { // the second time of an index that was made anew, when the feed tells of the note no more
		notes, _, err := s.index.Notes(first.Order, 0, 10)
		if err != nil || len(notes) != 1 || string(notes[0].Actor) != "kim" || notes[0].Sequence != first.Sequence+1 {
			t.Errorf("%+v %v", notes, err)
		}
		s.closeIndex()
		if err := s.engine.UseIndex(func(j *wal.Journal) error { return j.WipeIndex() }); err != nil {
			t.Fatal(err)
		}
		s.openIndex()
		s.caughtUp()
	}
}

// TestReaderKeepsTheFeed: what the index has not read is not cut, within the limits for readers.
func TestReaderKeepsTheFeed(t *testing.T) {
	s := newShop(t)
	s.options.Journal.MemTableBytes = 256 << 10
	s.options.FeedHistory, s.options.JournalHistory = 64<<10, 64<<10
	s.open()
	sku := s.sku("tea")
	s.caughtUp()
	s.closeIndex()
	stood := s.engine.Sequence()
	s.fillFeed(sku)
	if oldest := s.engine.Feed().Oldest(); oldest > stood {
		t.Errorf("cut up to %d, and the index stands at %d", oldest, stood)
	}
	s.openIndex()
	s.caughtUp()
	if state := s.index.State(); state.Walks != 0 {
		t.Errorf("%+v", state)
	}
	s.closeIndex()
	if err := search.Forget(s.engine); err != nil {
		t.Fatal(err)
	}
	s.fillFeed(sku)
	if oldest := s.engine.Feed().Oldest(); oldest <= stood {
		t.Errorf("nothing is cut for an index that nobody keeps any more")
	}
}

// fillFeed makes events of some hundred kilobytes, checkpoints, and has the feed cut.
func (s *shop) fillFeed(sku core.SKUID) {
	s.tb.Helper()
	for range 4 {
		var commands []core.Command
		for range 500 {
			commands = append(commands, order(strings.Repeat("b", 120), sku))
		}
		for range 4 {
			s.do(commands...)
		}
		if _, err := s.engine.Checkpoint(); err != nil {
			s.tb.Fatal(err)
		}
	}
	if _, err := s.engine.Retain(); err != nil {
		s.tb.Fatal(err)
	}
}

// TestArchivedOrdersAreFound: also by an index that is made when they have left memory.
func TestArchivedOrdersAreFound(t *testing.T) {
	s := newShop(t)
	s.options.ArchiveAfter = time.Hour
	s.open()
	sku := s.sku("tea")
	var ids []core.OrderID
	for range 3 * core.PageOrders / min(500, core.PageOrders) {
		var commands []core.Command
		for range min(500, core.PageOrders) {
			c := order("ann", sku)
			c.Document = []byte(`{"tags":["vip"]}`)
			commands = append(commands, c)
		}
		var follow []core.Command
		for _, r := range s.do(commands...) {
			ids = append(ids, r.Order)
			follow = append(follow, core.Command{Kind: core.CommandCancelOrder, Version: 1, Order: r.Order})
		}
		s.do(follow...)
	}
	s.clock.Add(2 * time.Hour.Milliseconds())
	s.do(order("bob", sku))
	for deadline := time.Now().Add(20 * time.Second); !s.engine.IsArchived(ids[0]) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if !s.engine.IsArchived(ids[0]) {
		t.Fatal("nothing was archived")
	}
	if all := s.all(); len(all) != len(ids)+1 {
		t.Errorf("a walk meets %d orders of %d", len(all), len(ids)+1)
	}
	added := s.do(core.Command{Kind: core.CommandAddNote, Version: 1, Order: ids[0], Document: []byte("asked again")})
	late := s.do(core.Command{Kind: core.CommandReportPayment, Version: 1, Order: ids[0], Payment: &core.PaymentRequest{
		Type: core.PaymentChargeback, Status: core.EntrySucceeded, Amount: 1999, Currency: core.Currency{'E', 'U', 'R'}, Provider: []byte("acme"), Reference: []byte("cb"),
	}})
	if !added[0].Changed || !late[0].Changed {
		t.Errorf("%+v %+v", added, late)
	}
	random := rand.New(rand.NewPCG(1, 1))
	s.agrees(random, 10)
	kept := s.dump()
	s.closeIndex()
	if err := s.engine.UseIndex(func(j *wal.Journal) error { return j.WipeIndex() }); err != nil {
		t.Fatal(err)
	}
	s.openIndex()
	s.agrees(random, 10)
	same(t, "made anew", s.dump(), kept)
	notes, _, err := s.index.Notes(ids[0], 0, 10)
	if err != nil || len(notes) != 2 || notes[0].Late != nil {
		t.Fatalf("%+v %v", notes, err)
	}
	var told core.Event
	if _, err := codec.DecodeEvent(notes[1].Late, &told); err != nil || told.Noted != ids[0] || told.Late.Amount != 1999 || notes[1].At != told.At || notes[1].Sequence != told.Sequence {
		t.Errorf("%+v %+v %v", notes[1], told.Late, err)
	}
}

// TestNothingBeforeItIsReady: while all orders are walked nothing is found, rather than a part.
func TestNothingBeforeItIsReady(t *testing.T) {
	s := newShop(t)
	s.openEngine()
	sku := s.sku("tea")
	const orders = 2000
	for range orders / 500 {
		s.do(slices.Repeat([]core.Command{order("ann", sku)}, 500)...)
	}
	s.openIndex()
	refused := 0
	for {
		page, err := s.index.Find(&search.Query{Limit: orders})
		if err == search.ErrNotReady {
			refused++
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil || len(page.Orders) != orders {
			t.Fatalf("%d orders %v", len(page.Orders), err)
		}
		break
	}
	if refused == 0 {
		t.Error("it was never not ready")
	}
	s.caughtUp()
	if err := s.index.WaitFor(s.engine.Sequence()+1, 20*time.Millisecond); err != engine.ErrTimeout {
		t.Errorf("%v", err)
	}
}
