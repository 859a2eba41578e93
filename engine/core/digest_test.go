package core_test

import (
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// lessons are the seeds of the histories that tests of this package run.
var lessons = []uint64{1, 2, 3, 4, 5, 6, 7, 8}

// chunks is an allocator that cuts its memory out of larger pieces.
func chunks() core.Allocator {
	var rest []byte
	return func(size int) []byte {
		if size = (size + 7) &^ 7; size > len(rest) {
			rest = make([]byte, max(size, 1<<20))
		}
		memory := rest[:size:size]
		rest = rest[size:]
		return memory
	}
}

// live runs a history on a machine.
func live(m *core.Machine, steps []reference.Step) {
	st, sink := &core.Step{}, &discard{}
	for i := range steps {
		m.Execute(st, &steps[i].Command, core.Sequence(i+1), steps[i].Now, sink)
	}
}

// TestEqualHistoriesHaveEqualDigests compares machines that differ in everything that must not matter: the seed of
// their indexes, where their memory comes from, and when digests, audits and reads were asked for.
func TestEqualHistoriesHaveEqualDigests(t *testing.T) {
	seen := map[core.Digest]uint64{}
	for _, seed := range lessons {
		steps := reference.Generate(seed, 800)
		first := core.New(core.Options{})
		live(first, steps)
		second := core.New(core.Options{Seed: 0x1234567890abcdef, Allocate: chunks()})
		st, sink := &core.Step{}, &discard{}
		var image core.OrderImage
		for i := range steps {
			second.Execute(st, &steps[i].Command, core.Sequence(i+1), steps[i].Now, sink)
			if i%17 == 0 {
				second.Digest()
				second.Audit()
				second.ReadOrder(steps[i].Command.Order, &image)
			}
			if i%5 == 0 {
				for slot := range core.Slot(core.SlotCount) {
					second.NextDeadline(slot)
				}
			}
		}
		for slot := range core.Slot(core.SlotCount) {
			if first.DigestSlot(slot) != second.DigestSlot(slot) {
				t.Errorf("seed %d: slot %d has two digests", seed, slot)
			}
		}
		if first.DigestTables() != second.DigestTables() || first.Digest() != second.Digest() {
			t.Errorf("seed %d: one history, two digests", seed)
		}
		if other, ok := seen[first.Digest()]; ok {
			t.Errorf("seeds %d and %d have one digest", seed, other)
		}
		seen[first.Digest()] = seed
		for _, blank := range append(first.FilledBlanks(), second.FilledBlanks()...) {
			t.Errorf("seed %d: %s", seed, blank)
		}
		if first.Records() < 70 {
			t.Errorf("seed %d: only %d records", seed, first.Records())
		}
	}
}

// TestEveryEventChangesTheDigest: what makes an event changes the state, and the digest tells. An adjustment may leave what was
// there, and a note is none of the state.
func TestEveryEventChangesTheDigest(t *testing.T) {
	for _, seed := range lessons {
		m, st := core.New(core.Options{}), &core.Step{}
		before := m.Digest()
		for i, step := range reference.Generate(seed, 300) {
			sink := &discard{}
			m.Execute(st, &step.Command, core.Sequence(i+1), step.Now, sink)
			after := m.Digest()
			kind := step.Command.Kind
			same := kind == core.CommandAdjustStock || kind == core.CommandMoveStock || kind == core.CommandAddNote
			if sink.events > 0 && after == before && !same {
				t.Errorf("seed %d: command %d of kind %d made an event and the digest is the same", seed, i+1, step.Command.Kind)
			}
			before = after
		}
	}
}

// TestTablesAreInTheDigest changes one fact of a location after the other.
func TestTablesAreInTheDigest(t *testing.T) {
	seen := map[core.Digest]int{}
	settings := core.LocationSettings{}
	for i, change := range []func(){
		func() {}, func() { settings.Kind = core.LocationStore }, func() { settings.Priority = -1 },
		func() { settings.HasPosition = true }, func() { settings.LatitudeE7 = 1 }, func() { settings.LongitudeE7 = 1 },
		func() { settings.Stopped = true },
	} {
		change()
		m := core.New(core.Options{})
		st := &core.Step{}
		for k, name := range []string{"store", "app"} {
			kind := []core.CommandKind{core.CommandDefineLocation, core.CommandDefineChannel}[k]
			c := core.Command{Kind: kind, Name: []byte(name), Location: settings, Mask: core.AllSlots}
			m.Execute(st, &c, core.Sequence(k+1), 1, &discard{})
		}
		if other, ok := seen[m.DigestTables()]; ok {
			t.Errorf("settings %d and %d have one digest", i, other)
		}
		seen[m.DigestTables()] = i
	}
	names := map[core.Digest]string{}
	for _, name := range []string{"a", "b", "ab", "a b"} {
		m := core.New(core.Options{})
		c := core.Command{Kind: core.CommandDefineChannel, Name: []byte(name), Mask: core.AllSlots}
		m.Execute(&core.Step{}, &c, 1, 1, &discard{})
		if other, ok := names[m.DigestTables()]; ok {
			t.Errorf("channels %q and %q have one digest", name, other)
		}
		names[m.DigestTables()] = name
	}
}
