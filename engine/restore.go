package engine

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// newState makes the state, empty, and what is derived from it.
func (e *Engine) newState(keySeed [2]uint64) {
	e.machine = core.New(core.Options{Allocate: e.memory.allocate, Seed: randomSeed()})
	e.keys = newKeyTable(e.memory.allocate, keySeed)
	e.directory = newDirectory()
	for _, s := range e.shards {
		s.machine = e.machine
	}
}

// restoreAny is the limit for those who take any checkpoint.
const restoreAny = math.MaxUint64

// restore takes over the newest checkpoint that is whole and not behind a sequence. Without one everything stays empty.
// Damaged ones are left where they are, and named.
func (e *Engine) restore(until uint64) (damaged []error, err error) {
	all, err := e.journal.Checkpoints()
	if err != nil {
		return nil, err
	}
	for _, sequence := range all {
		if sequence > until {
			continue
		}
		err := e.restoreCheckpoint(sequence)
		if err == nil {
			return damaged, nil
		}
		var damage *wal.DamageError
		if !errors.As(err, &damage) || errors.Is(err, errOtherJournal) {
			return damaged, err
		}
		damaged = append(damaged, err)
		e.checkpoints.damaged = append(e.checkpoints.damaged, sequence)
		if err := errors.Join(e.memory.free(), e.memory.reserve(e.options.ReserveBytes)); err != nil {
			return damaged, err
		}
		e.newState(e.keys.seed)
	}
	return damaged, nil
}

// errOtherJournal says that checkpoint and journal do not belong together. The head of a checkpoint is written after what
// it covers was durable, so it is the journal that has lost something: an older checkpoint would only hide that.
var errOtherJournal = errors.New("the newest checkpoint is not of this journal")

// restoreCheckpoint takes over a checkpoint.
func (e *Engine) restoreCheckpoint(sequence uint64) error {
	encoded, err := e.journal.Manifest(sequence)
	if err != nil {
		return err
	}
	m := &codec.Manifest{}
	if err := codec.DecodeManifest(encoded, m); err != nil {
		return damage(core.Sequence(sequence), "the checkpoint's manifest "+err.Error())
	}
	if head := e.journal.Head(); head.Last < sequence {
		return errors.Join(errOtherJournal,
			damage(core.Sequence(head.Last+1), fmt.Sprintf("there is a checkpoint of %d, and the journal ends before", sequence)))
	} else if head.Last == sequence && head.Chain != wal.Hash(m.Chain) {
		return errors.Join(errOtherJournal, damage(core.Sequence(sequence), "the chain of hashes in the checkpoint differs"))
	}
	e.newState(m.KeySeed)
	if err := e.restoreTables(m); err != nil {
		return err
	}
	if err := e.restorePages(m); err != nil {
		return err
	}
	e.restoreIndexes(m)
	if e.machine.Digest() != m.Digest() {
		return damage(m.Sequence, "the checkpoint's state has another digest than its manifest")
	}
	e.restoreDirectory()
	e.released.Store(sequence)
	e.checkpoints.adopt(m)
	return nil
}

func (e *Engine) restoreTables(m *codec.Manifest) error {
	for i := range m.Locations {
		if !e.machine.RestoreLocation(&m.Locations[i]) {
			return damage(m.Sequence, fmt.Sprintf("location %d of the checkpoint does not follow those before it", m.Locations[i].ID))
		}
	}
	for i := range m.Channels {
		if !e.machine.RestoreChannel(&m.Channels[i]) {
			return damage(m.Sequence, fmt.Sprintf("channel %d of the checkpoint does not follow those before it", m.Channels[i].ID))
		}
	}
	for i := range m.Sales {
		if !e.machine.RestoreSale(&m.Sales[i]) {
			return damage(m.Sequence, fmt.Sprintf("sale %d of the checkpoint does not follow those before it", m.Sales[i].ID.Place()))
		}
	}
	if !e.machine.RestoreRouting(&m.Routing) {
		return damage(m.Sequence, "the routing of the checkpoint prefers a location that does not exist")
	}
	for slot := range m.Slabs {
		for kind := range m.Slabs[slot] {
			s := &m.Slabs[slot][kind]
			image := s.Image
			if !image.Fits() || !e.machine.RestoreSlab(core.Slot(slot), image, s.IsArchived) {
				return damage(m.Sequence, fmt.Sprintf("slab %d of slot %d in the checkpoint cannot be: %+v", image.Kind, slot, image))
			}
		}
	}
	for slot := range m.Archived {
		e.machine.RestoreArchived(core.Slot(slot), m.Archived[slot])
	}
	for stripe := range m.Keys {
		if !e.keys.restorePages(stripe, len(m.Keys[stripe].Pages), m.Keys[stripe].Length) {
			return damage(m.Sequence, fmt.Sprintf("stripe %d of the keys in the checkpoint has more records than pages", stripe))
		}
	}
	return nil
}

// valuePlace says what a value of a set is.
type valuePlace struct {
	page   core.PageID // as Manifest.EachPage gives it
	digest core.Digest
	wanted bool
}

// restorePages reads every page from where it is.
func (e *Engine) restorePages(m *codec.Manifest) error {
	places := make([][]valuePlace, len(m.Sets))
	for i, set := range m.Sets {
		places[i] = make([]valuePlace, set.Values)
	}
	m.EachPage(func(id core.PageID, p *codec.PageRef) {
		places[p.Set][p.Number] = valuePlace{id, p.Digest, true}
	})
	for i, set := range m.Sets {
		if err := e.restoreSet(m.Sequence, uint64(set.Sequence), places[i]); err != nil {
			return err
		}
	}
	return nil
}

// restoreSet reads the pages of one set.
func (e *Engine) restoreSet(checkpoint core.Sequence, set uint64, places []valuePlace) error {
	wrong := func(number uint32, what string) error {
		return damage(checkpoint, fmt.Sprintf("value %d of checkpoint %d %s", number, set, what))
	}
	err := e.journal.Values(set, func(number uint32, value []byte) error {
		if int(number) >= len(places) || !places[number].wanted {
			return nil
		}
		p := &places[number]
		p.wanted = false
		if core.DigestPage(value) != p.digest {
			return wrong(number, "is not what was written")
		}
		fits := false
		if p.page.Slab == 0 {
			fits = e.keys.restorePage(int(p.page.Slot), int(p.page.Number), value)
		} else {
			fits = e.machine.RestorePage(p.page, value, p.digest)
		}
		if !fits {
			return wrong(number, "has the wrong length")
		}
		return nil
	})
	if err != nil {
		return err
	}
	for number := range places {
		if places[number].wanted {
			return wrong(uint32(number), "is missing")
		}
	}
	return nil
}

// restoreIndexes derives what is not in checkpoints, on all processors.
func (e *Engine) restoreIndexes(m *codec.Manifest) {
	work := make(chan func(), core.SlotCount+keyStripes)
	for slot := range core.Slot(core.SlotCount) {
		work <- func() { e.machine.RestoreIndexes(slot, m.At) }
	}
	for stripe := range keyStripes {
		work <- func() { e.keys.restoreIndex(stripe, e.expired, m.Sequence) }
	}
	close(work)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for do := range work {
				do()
			}
		})
	}
	workers.Wait()
}

// restoreDirectory brings the directory up to the restored state.
func (e *Engine) restoreDirectory() {
	ev := core.Event{Kind: core.EventLocationDefined}
	for i := range e.machine.Locations() {
		e.machine.ReadLocation(core.LocationID(i), &ev.Location)
		e.directory.define(&ev)
	}
	ev.Kind = core.EventChannelDefined
	for i := range e.machine.Channels() {
		e.machine.ReadChannel(core.ChannelID(i), &ev.Channel)
		e.directory.define(&ev)
	}
	ev.Kind = core.EventSaleDefined
	for i := range e.machine.Sales() {
		e.machine.SaleAt(i, &ev.Sale)
		e.directory.define(&ev)
	}
	ev.Kind = core.EventSKUDefined
	for slot := range core.Slot(core.SlotCount) {
		for place := range e.machine.SKUs(slot) {
			e.machine.ReadSKU(core.MakeSKUID(slot, uint32(place)), &ev.SKU)
			e.directory.define(&ev)
			var recipe core.Recipe
			if e.machine.ReadRecipe(ev.SKU.ID, &recipe) {
				e.directory.setRecipe(&recipe)
			}
		}
		e.machine.DrainTouched(slot, e.directory.publish)
		e.machine.DrainSaleItems(slot, e.directory.publishItem)
		e.orders[slot].Store(uint32(e.machine.Orders(slot)))
	}
}

// adopt makes a restored checkpoint the one that the next continues.
func (c *checkpointer) adopt(m *codec.Manifest) {
	c.last = m
	c.e.stats.checkpoint.Store(uint64(m.Sequence))
	c.sets = dropUnusedSets(m)
	c.mark(CheckpointMark{m.Sequence, m.Digest(), true})
}

// follows checks that the first group behind a checkpoint follows from it.
func (c *checkpointer) follows(g *wal.Group) error {
	if c.last == nil || core.Sequence(g.Last()) <= c.last.Sequence {
		return nil
	}
	first := cmp.Compare(core.Sequence(g.First), c.last.Sequence+1)
	switch {
	case first < 0:
		return damage(c.last.Sequence, "the checkpoint ends in the middle of a group")
	case first == 0 && g.Previous != wal.Hash(c.last.Chain):
		return damage(core.Sequence(g.First), "the group does not follow from the checkpoint before it: the chain of hashes is broken")
	}
	return nil
}
