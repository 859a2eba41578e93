package search

import (
	"encoding/binary"
	"errors"
	"slices"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// The bounds of what is taken in at once: some milliseconds of work, and little beside a group of the journal.
const (
	batchEvents = 1024
	batchBytes  = 256 << 10
)

// batch is what was taken in and not written yet.
type batch struct {
	engine *engine.Engine
	out    *wal.IndexBatch
	rows   map[core.OrderID]*change
	order  []*change                 // in which rows came up, so that the same events give the same batch
	late   map[core.OrderID][][]byte // notes that are reports, of the orders of rows
	events int
	bytes  int // of terms
}

// change is the row of an order before and after the batch.
type change struct {
	before *row // nil for none
	after  *row // nil while nothing is new
}

func newBatch(e *engine.Engine) (*batch, error) {
	b := &batch{engine: e, rows: map[core.OrderID]*change{}, late: map[core.OrderID][][]byte{}}
	err := e.UseIndex(func(j *wal.Journal) error {
		b.out = j.NewIndexBatch()
		return nil
	})
	return b, err
}

func (b *batch) isFull() bool { return b.events >= batchEvents || b.out.Len()+b.bytes >= batchBytes }

// take takes an event in. fresh says that no walk can have seen what it tells.
func (b *batch) take(ev *core.Event, fresh bool) error {
	b.events++
	id, ok := ev.AboutOrder()
	if ok {
		b.out.Set(eventKey(id, ev.Sequence), nil)
	}
	if ev.Kind.HasOrder() {
		if err := b.takeOrder(&ev.Order, fresh && ev.Order.Created == ev.Sequence); err != nil {
			return err
		}
	}
	switch ev.Kind {
	case core.EventNoteAdded:
		b.out.AddNote(uint64(id), uint64(ev.Sequence), encodeNote(ev.At, ev.Actor))
	case core.EventPaymentLate:
		return b.takeLate(ev)
	case core.EventWaitlistJoined:
		b.takeWaiter(&ev.Waiter)
	case core.EventWaitlistLeft, core.EventWaitlistOffered:
		b.out.Delete(waiterKey(&ev.Waiter))
	}
	return nil
}

func (b *batch) takeWaiter(w *core.WaiterImage) { b.out.Set(waiterKey(w), waiterValue(w)) }

// takeOrder takes an order's image in, unless a later one is known. isNew says that none is.
func (b *batch) takeOrder(o *core.OrderImage, isNew bool) error {
	c := b.rows[o.ID]
	if c == nil {
		c = &change{}
		if !isNew {
			before, err := readRow(b.engine, o.ID)
			if err != nil {
				return err
			}
			c.before = before
		}
		b.rows[o.ID] = c
		b.order = append(b.order, c)
	}
	known := c.after
	if known == nil {
		known = c.before
	}
	if known != nil && known.version >= o.Version {
		return nil
	}
	after := &row{id: o.ID, version: o.Version, created: o.Created, createdAt: o.CreatedAt, terms: imageTerms(o)}
	if err := b.addDocument(after, known, o); err != nil {
		return err
	}
	for i := range o.Lines {
		if known == nil || !slices.Contains(known.terms, SKU(o.Lines[i].SKU)) { // an edit may have brought it
			b.out.Set(customerSKUKey(o.Customer, o.Lines[i].SKU), nil)
		}
	}
	b.bytes += len(after.terms) * 32
	c.after = after
	return nil
}

// addDocument adds the terms of the order's document: those that are known, or what it says. One that is not kept has none. What is known of an
// order that was edited may be of a document before the edit's.
func (b *batch) addDocument(after, known *row, o *core.OrderImage) error {
	if known != nil && o.Edited == 0 {
		for _, t := range known.terms {
			if t.attribute.isOfDocument() {
				after.terms = append(after.terms, t)
			}
		}
		return nil
	}
	if !o.HasDocument {
		return nil
	}
	document, err := b.engine.Document(o.Document())
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	for _, t := range documentTerms(document) {
		after.terms = addTerm(after.terms, t)
	}
	return err
}

func readRow(e *engine.Engine, id core.OrderID) (r *row, err error) {
	err = e.UseIndex(func(j *wal.Journal) error {
		return j.IndexValue(rowKey(id), func(value []byte) (err error) {
			r, err = decodeRow(id, value)
			return err
		})
	})
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil
	}
	return r, err
}

// write writes all that was taken in, and with it where the reader stands then.
func (b *batch) write(m *meta) error {
	for _, c := range b.order {
		if c.after != nil {
			b.change(c.before, c.after)
		}
	}
	b.out.Set([]byte{keyMeta}, m.encode())
	clear(b.rows)
	clear(b.late)
	b.order, b.events, b.bytes = b.order[:0], 0, 0
	return b.engine.UseIndex(func(*wal.Journal) error { return b.out.Apply() })
}

// change replaces a row, and the postings that differ.
func (b *batch) change(before, after *row) {
	had := map[Term]bool{}
	if before != nil {
		for _, t := range before.terms {
			had[t] = true
		}
	}
	for _, t := range after.terms {
		if had[t] {
			delete(had, t)
			continue
		}
		b.out.Set(postingKey(t, after.created), postingValue(after.id, after.createdAt))
	}
	if before != nil {
		for _, t := range before.terms {
			if had[t] {
				b.out.Delete(postingKey(t, before.created))
			}
		}
	}
	b.out.Set(rowKey(after.id), after.encode())
}

// A note is kept as u64 when it was made, and who made it; its text is the document of its sequence.
func encodeNote(at core.Millis, actor []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(at)), actor...)
}
