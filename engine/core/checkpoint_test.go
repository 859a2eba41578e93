package core_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// saved is what checkpoints have kept: each page as it was kept last, and what the newest checkpoint says of the slabs.
type saved struct {
	pages     map[core.PageID][]byte
	images    [core.SlotCount][core.SlabKinds]core.SlabImage
	locations []core.LocationImage
	channels  []core.ChannelImage
	sales     []core.SaleImage
	routing   core.RoutingImage
	archived  [core.SlotCount]core.Digest
	dropped   map[core.PageID]bool
	digest    core.Digest
	after     int // commands
	fresh     int // pages kept by this checkpoint
}

// freeze begins a checkpoint of a machine that has executed so many commands.
func (s *saved) freeze(m *core.Machine, after int) {
	s.after, s.digest, s.fresh = after, m.Digest(), 0
	s.locations, s.channels, s.sales, s.dropped = nil, nil, nil, map[core.PageID]bool{}
	for i := range m.Locations() {
		var image core.LocationImage
		m.ReadLocation(core.LocationID(i), &image)
		image.Name = append([]byte(nil), image.Name...)
		s.locations = append(s.locations, image)
	}
	m.ReadRouting(&s.routing)
	for i := range m.Channels() {
		id := core.ChannelID(i)
		var image core.ChannelImage
		m.ReadChannel(id, &image)
		image.Name = append([]byte(nil), image.Name...)
		s.channels = append(s.channels, image)
	}
	for i := range m.Sales() {
		var image core.SaleImage
		m.SaleAt(i, &image)
		s.sales = append(s.sales, image)
	}
	for slot := range core.Slot(core.SlotCount) {
		s.images[slot] = m.Freeze(slot, func(id core.PageID, bytes []byte) {
			s.fresh++
			s.pages[id] = append([]byte(nil), bytes...)
		})
		s.archived[slot] = m.Archived(slot)
		for _, image := range s.images[slot] {
			for n := range image.Pages {
				if id := (core.PageID{Slot: slot, Slab: image.Kind, Number: n}); m.IsDropped(id) {
					s.dropped[id] = true
				}
			}
		}
	}
}

// keep keeps some more pages of each slot.
func (s *saved) keep(m *core.Machine, budget int) (done bool) {
	done = true
	for slot := range core.Slot(core.SlotCount) {
		_, slotDone := m.KeepPages(slot, budget)
		done = done && slotDone
	}
	return done
}

// restore makes a machine of what was kept.
func (s *saved) restore(t *testing.T, seed uint64) *core.Machine {
	t.Helper()
	m := core.New(core.Options{Seed: seed})
	for i := range s.locations {
		if !m.RestoreLocation(&s.locations[i]) {
			t.Fatal("a location does not fit")
		}
	}
	for i := range s.channels {
		if !m.RestoreChannel(&s.channels[i]) {
			t.Fatal("a channel does not fit")
		}
	}
	for i := range s.sales {
		if !m.RestoreSale(&s.sales[i]) {
			t.Fatal("a sale does not fit")
		}
	}
	if !m.RestoreRouting(&s.routing) {
		t.Fatal("the routing does not fit")
	}
	for slot := range core.Slot(core.SlotCount) {
		for _, image := range s.images[slot] {
			dropped := func(n uint32) bool { return s.dropped[core.PageID{Slot: slot, Slab: image.Kind, Number: n}] }
			if !m.RestoreSlab(slot, image, dropped) {
				t.Fatalf("slab %+v does not fit", image)
			}
			for n := range image.Pages {
				id := core.PageID{Slot: slot, Slab: image.Kind, Number: n}
				if dropped(n) {
					continue
				}
				if !m.RestorePage(id, s.pages[id], core.DigestPage(s.pages[id])) {
					t.Fatalf("page %+v does not fit", id)
				}
			}
		}
		m.RestoreArchived(slot, s.archived[slot])
		m.RestoreIndexes(slot, 0)
	}
	return m
}

// told remembers all events.
type told []string

func (l *told) Event(e *core.Event) {
	event, document, life, account := reference.CopyEvent(e), core.InboundImage{}, core.LifeImage{}, core.AccountImage{}
	if event.Order.Life != nil {
		life, event.Order.Life = *event.Order.Life, nil
	}
	if event.Order.Account != nil {
		account, event.Order.Account = *event.Order.Account, nil
	}
	if event.Inbound != nil {
		document, event.Inbound = *event.Inbound, nil // told by what it says, not by where it lies
	}
	*l = append(*l, fmt.Sprintf("%+v %+v %+v %+v", event, document, life, account))
}

func (l *told) Archived(*core.Archived) {}

// TestCheckpointIsOneMoment takes checkpoints in the middle of histories, copies their pages a few at a time while commands
// go on, and makes machines of what was kept: each is what the first was when its checkpoint began, and from there on
// behaves like it. Some are given up on their way, and what was kept for them is lost.
func TestCheckpointIsOneMoment(t *testing.T) {
	for _, seed := range lessons {
		const commands = 1500
		steps := reference.Generate(seed, commands)
		random := rand.New(rand.NewPCG(seed, 1))
		live, st, events := core.New(core.Options{}), &core.Step{}, told{}
		run := func(m *core.Machine, st *core.Step, i int, sink core.Sink) {
			m.Execute(st, &steps[i].Command, core.Sequence(i+1), steps[i].Now, sink)
		}
		kept := &saved{pages: map[core.PageID][]byte{}}
		var before map[core.PageID][]byte // pages, without those of the checkpoint under way
		taking, doomed, taken, thawed := false, false, 0, 0
		for i := range steps {
			run(live, st, i, &events)
			if !taking && random.IntN(100) == 0 {
				before = maps.Clone(kept.pages)
				kept.freeze(live, i+1)
				taking, doomed = true, random.IntN(3) == 0
			}
			if !taking {
				continue
			}
			whole := kept.keep(live, random.IntN(3)*4096)
			if doomed && (whole || random.IntN(10) == 0) {
				for slot := range core.Slot(core.SlotCount) {
					live.Thaw(slot)
				}
				kept.pages, taking = before, false
				thawed++
			}
			if !taking || !whole {
				continue
			}
			taking = false
			taken++
			again := kept.restore(t, random.Uint64())
			if again.Digest() != kept.digest {
				t.Fatalf("seed %d: the checkpoint after %d commands, finished after %d, has another digest", seed, kept.after, i+1)
			}
			if report := again.Audit(); report.Found > 0 {
				t.Fatalf("seed %d: audit of a checkpoint: %+v", seed, report.Violations)
			}
			mark := 0
			for mark < len(events) && !after(events[mark], kept.after) {
				mark++
			}
			tail := told{}
			for k := kept.after; k <= i; k++ {
				run(again, &core.Step{}, k, &tail)
			}
			if again.Digest() != live.Digest() {
				t.Fatalf("seed %d: after the checkpoint at %d and %d commands more the digests differ", seed, kept.after, i+1-kept.after)
			}
			for k := range tail {
				if tail[k] != events[mark+k] {
					t.Fatalf("seed %d: event %s, live %s", seed, tail[k], events[mark+k])
				}
			}
		}
		if taken < 3 || thawed == 0 {
			t.Errorf("seed %d: only %d checkpoints, and %d given up", seed, taken, thawed)
		}
	}
}

// after reports whether an event is of a command behind the first n.
func after(event string, n int) bool {
	var kind, sequence int
	if _, err := fmt.Sscanf(event, "{Kind:%d Sequence:%d", &kind, &sequence); err != nil {
		panic(event)
	}
	return sequence > n
}

// TestCheckpointKeepsOnlyWhatChanged: the second checkpoint of a quiet machine keeps nothing, and after one order only
// the pages that it changed.
func TestCheckpointKeepsOnlyWhatChanged(t *testing.T) {
	m, ids := shop(t, nil, 200, 1000)
	kept := &saved{pages: map[core.PageID][]byte{}}
	kept.freeze(m, 0)
	kept.keep(m, 1<<30)
	if kept.fresh == 0 {
		t.Fatal("the first checkpoint kept nothing")
	}
	kept.freeze(m, 0)
	kept.keep(m, 1<<30)
	if kept.fresh != 0 {
		t.Errorf("the second checkpoint kept %d pages, and nothing had changed", kept.fresh)
	}
	c := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: ids[0], Quantity: 1}}}
	c.Mask, _ = core.SlotsOf(&c)
	m.Execute(&core.Step{}, &c, 1000, 1, &discard{})
	kept.freeze(m, 0)
	kept.keep(m, 1<<30)
	if kept.fresh != 5 {
		t.Errorf("the third checkpoint kept %d pages, want those of SKU, level, order, line and text", kept.fresh)
	}
}
