package search

import (
	"encoding/binary"
	"slices"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// What a provider reported on the payments of an order that had left memory is kept with the order's notes, and the order itself never changes again. Whether a task
// that failed is still outstanding is all that follows from it here: whoever saw to it can tell of it in no other way.

// isLate marks a note that is a report on a payment of an order which had left memory: behind when it came is its event.
const isLate = 1 << 63

func encodeLate(ev *core.Event) []byte {
	return codec.AppendEvent(binary.BigEndian.AppendUint64(nil, uint64(ev.At)|isLate), ev)
}

// takeLate keeps a report on an order that has left memory, and takes in what follows from it.
func (b *batch) takeLate(ev *core.Event) error {
	id, note := ev.Noted, encodeLate(ev)
	b.out.AddNote(uint64(id), uint64(ev.Sequence), note)
	b.late[id] = append(b.late[id], note)
	_, err := b.engine.ReadOrders([]core.OrderID{id}, func(_ int, image []byte) error {
		var order core.OrderImage
		_, err := codec.DecodeOrderImage(image, &order)
		invariant.Check(err == nil, "the engine's images are codec's")
		if err := b.takeOrder(&order, false); err != nil {
			return err
		}
		return b.retell(&order)
	})
	return err
}

// takeWalked takes in an order as it stands, and what was reported of it since it left memory.
func (b *batch) takeWalked(o *core.OrderImage) error {
	if err := b.takeOrder(o, false); err != nil {
		return err
	}
	return b.retell(o)
}

// retell puts the terms of what is outstanding of an order's payments, whose row is in the batch, as the reports on it have them that came when it had left memory.
func (b *batch) retell(o *core.OrderImage) error {
	told, err := tell(b.engine, o, b.late[o.ID])
	if err != nil || !told {
		return err
	}
	c := b.rows[o.ID]
	if c.after == nil {
		after := *c.before
		c.after = &after
	}
	others := slices.DeleteFunc(slices.Clone(c.after.terms), func(t Term) bool { return t.attribute == attributeFailed })
	c.after.terms = addFailed(others, o)
	return nil
}

// tell has the ledger of an order tell what was reported since it left memory: what is kept with its notes, and notes that are not written yet. It gives false when
// nothing was, as of all orders that are in memory, or nothing can follow from it.
func tell(e *engine.Engine, o *core.OrderImage, unwritten [][]byte) (told bool, err error) {
	isTask := func(p core.PaymentEntry) bool { return p.Task }
	if !o.Status.IsClosed() || !o.HasMoney() || !slices.ContainsFunc(o.Account.Entries, isTask) {
		return false, nil
	}
	var notes [][]byte
	err = e.UseIndex(func(j *wal.Journal) error {
		return j.Notes(uint64(o.ID), 0, func(_ uint64, value []byte) bool {
			if len(value) >= 8 && binary.BigEndian.Uint64(value)&isLate != 0 {
				notes = append(notes, slices.Clone(value))
			}
			return true
		})
	})
	if err != nil {
		return false, err
	}
	notes = append(notes, unwritten...)
	for _, note := range notes {
		var ev core.Event
		if _, err := codec.DecodeEvent(note[8:], &ev); err != nil || ev.Late == nil {
			return false, errDamaged
		}
		o.Account.Tell(ev.Late)
	}
	return len(notes) > 0, nil
}

// TellLate has the ledger of an order, which is in its archive as it was when it left memory, tell what was reported since, as far as tasks depend on it.
func (x *Index) TellLate(o *core.OrderImage) error {
	_, err := tell(x.engine, o, nil)
	return err
}
