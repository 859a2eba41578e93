package search_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/reference"
	"holdfast/engine/search"
)

// shop is an engine and its index on a disk in memory.
type shop struct {
	tb      testing.TB
	disk    *vfs.MemFS
	options engine.Options
	clock   *atomic.Int64
	engine  *engine.Engine
	index   *search.Index
}

func newShop(tb testing.TB) *shop {
	s := &shop{tb: tb, disk: vfs.NewCrashableMem(), clock: &atomic.Int64{}}
	s.clock.Store(1_700_000_000_000)
	s.options = engine.Options{Shards: 2, CheckpointBytes: -1, CheckpointRate: -1, KeepWaiting: true, Clock: s.clock.Load}
	s.options.Journal.BallastBytes = -1
	tb.Cleanup(func() { s.close() })
	return s
}

func (s *shop) openEngine() {
	s.tb.Helper()
	s.options.Journal.FS = s.disk
	e, err := engine.Open(s.options)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.engine = e
}

func (s *shop) openIndex() {
	s.tb.Helper()
	x, err := search.Open(s.engine, search.Options{})
	if err != nil {
		s.tb.Fatal(err)
	}
	s.index = x
}

func (s *shop) open() *shop {
	s.openEngine()
	s.openIndex()
	return s
}

func (s *shop) closeIndex() {
	if s.index != nil {
		s.index.Close()
		s.index = nil
	}
}

func (s *shop) close() {
	s.closeIndex()
	if s.engine != nil {
		if err := s.engine.Close(); err != nil {
			s.tb.Error(err)
		}
		s.engine = nil
	}
}

// powerCut goes on with the disk as a power cut may leave it.
func (s *shop) powerCut(seed uint64) {
	left := s.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed * 37 % 101), RNG: rand.New(rand.NewPCG(seed, 0))})
	s.close()
	s.disk = left
	s.open()
}

// settle waits until the engine has done by itself all that is due: deadlines that have passed, and fills.
func (s *shop) settle() {
	s.tb.Helper()
	for before := core.Sequence(0); before != s.engine.Sequence(); {
		before = s.engine.Sequence()
		ignore := func([]byte) error { return nil }
		if _, _, err := s.engine.WalkOrders(0, 0, 1, ignore); err != nil { // whatever is due goes before what is asked
			s.tb.Fatal(err)
		}
	}
}

// caughtUp waits until the index has all that happened.
func (s *shop) caughtUp() {
	s.tb.Helper()
	s.settle()
	if err := s.index.WaitFor(s.engine.Sequence(), 2*time.Minute); err != nil {
		s.tb.Fatal(err)
	}
}

// do runs commands as one request.
func (s *shop) do(commands ...core.Command) []engine.Result {
	s.tb.Helper()
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	for i := range commands {
		r.Add(&commands[i])
	}
	if err := s.engine.Submit(r); err != nil {
		s.tb.Fatal(err)
	}
	return slices.Clone(r.Results())
}

// sku makes a SKU with units at main.
func (s *shop) sku(name string) core.SKUID {
	s.tb.Helper()
	s.do(core.Command{Kind: core.CommandDefineSKU, Name: []byte(name)})
	entry, ok := s.engine.SKU([]byte(name))
	if !ok {
		s.tb.Fatalf("%s is not in the directory", name)
	}
	s.do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: entry.ID, Value: 1_000_000_000}}})
	return entry.ID
}

func order(customer string, sku core.SKUID) core.Command {
	return core.Command{Kind: core.CommandPlaceOrder, Version: 1, Customer: []byte(customer), Lines: []core.Line{{SKU: sku, Quantity: 1}}}
}

// run has a shop live through random commands. Orders come with documents of few e-mail addresses and tags.
func (s *shop) run(seed uint64, commands int) {
	s.tb.Helper()
	random := rand.New(rand.NewPCG(seed, 7))
	for _, step := range reference.Generate(seed, commands) {
		c := step.Command
		if c.Kind == core.CommandTick || c.Kind == core.CommandArchiveOrders {
			continue
		}
		if c.Kind == core.CommandPlaceOrder || c.Kind == core.CommandPlaceHold {
			c.Document = randomDocument(random)
		}
		c.Mask = 0
		s.clock.Store(max(s.clock.Load(), int64(step.Now)))
		s.do(c)
	}
}

func randomDocument(random *rand.Rand) []byte {
	var members []string
	if random.IntN(2) == 0 {
		members = append(members, fmt.Sprintf(`"email":"%s@Example.com"`, []string{"ann", "ANN", "bob"}[random.IntN(3)]))
	}
	if random.IntN(2) == 0 {
		members = append(members, fmt.Sprintf(`"tags":["%s","vip"]`, []string{"gift", "late"}[random.IntN(2)]))
	}
	if len(members) == 0 {
		return nil
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

// known is an order as a brute-force search knows it.
type known struct {
	core.OrderImage
	document string
}

// all gives every order there is, the newest first.
func (s *shop) all() (list []known) {
	s.tb.Helper()
	for slot := range core.Slot(core.SlotCount) {
		for place, done := uint32(0), false; !done; {
			var err error
			place, done, err = s.engine.WalkOrders(slot, place, 100, func(image []byte) error {
				var o core.OrderImage
				if _, err := codec.DecodeOrderImage(bytes.Clone(image), &o); err != nil {
					return err
				}
				k := known{OrderImage: o}
				if o.HasDocument {
					document, err := s.engine.Document(o.Document())
					if err != nil {
						return err
					}
					k.document = string(document)
				}
				list = append(list, k)
				return nil
			})
			if err != nil {
				s.tb.Fatal(err)
			}
		}
	}
	slices.SortFunc(list, func(a, b known) int { return int(b.Created) - int(a.Created) })
	return list
}

// find follows a list to its end.
func (s *shop) find(q search.Query) (list []core.OrderID) {
	s.tb.Helper()
	for {
		page, err := s.index.Find(&q)
		if err != nil {
			s.tb.Fatal(err)
		}
		if list = append(list, page.Orders...); page.Next == 0 {
			return list
		}
		if len(page.Orders) > q.Limit || page.Complete && len(page.Orders) < q.Limit {
			s.tb.Fatalf("a page of %d has %d orders and goes on with %d", q.Limit, len(page.Orders), page.Next)
		}
		q.Before = page.Next
	}
}

// events gives the sequences whose events tell of each order, as the feed has them, and the feed's own words about notes.
func (s *shop) events() (of map[core.OrderID][]core.Sequence, notes int) {
	s.tb.Helper()
	of = map[core.OrderID][]core.Sequence{}
	reader := s.engine.Feed().Read(s.engine.Feed().Oldest())
	var ev core.Event
	for {
		encoded, _, _, err := reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			return of, notes
		}
		if err == nil {
			_, err = codec.DecodeEvent(encoded, &ev)
		}
		if err != nil {
			s.tb.Fatal(err)
		}
		if ev.Kind == core.EventNoteAdded || ev.Kind == core.EventPaymentLate {
			notes++
		}
		if id, ok := aboutOrder(&ev); ok && (len(of[id]) == 0 || of[id][len(of[id])-1] != ev.Sequence) {
			of[id] = append(of[id], ev.Sequence)
		}
	}
}

// aboutOrder says in other words which order an event is about.
func aboutOrder(ev *core.Event) (core.OrderID, bool) {
	switch ev.Kind {
	case core.EventNoteAdded, core.EventPaymentLate:
		return ev.Noted, true
	case core.EventOrderRouted:
		return ev.Route.Order, true
	case core.EventOrderOversold:
		return ev.Oversold.Order, true
	}
	return ev.Order.ID, ev.Order.Version > 0 // all others that have an image
}

func (s *shop) dump() []string {
	s.tb.Helper()
	entries, err := search.Dump(s.engine)
	if err != nil {
		s.tb.Fatal(err)
	}
	return entries
}

// same tells the first difference of two indexes.
func same(tb testing.TB, what string, got, want []string) {
	tb.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			tb.Fatalf("%s: entry %d is\n%s\nand should be\n%s", what, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		tb.Fatalf("%s: %d entries, should be %d", what, len(got), len(want))
	}
}
