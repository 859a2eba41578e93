package engine

import (
	"bytes"
	"errors"
	"fmt"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// What readers of the feed derive lies beside the journal, in the same directory: an index, and the notes that the feed told of. The engine lends
// them its journal, and gives orders by the hundred, so that somebody who lists them asks one question and not one for each.

// UseIndex calls fn while the journal is open, to read and write the index and notes. fn must not wait for anybody: Close waits for it.
func (e *Engine) UseIndex(fn func(j *wal.Journal) error) error {
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	return translate(fn(e.journal))
}

// ReadOrders calls fn with the image of each order (codec.DecodeOrderImage), in memory or archived, as they were at one sequence, which it
// returns. Numbers that no order has are passed over. The bytes are valid only during the call.
func (e *Engine) ReadOrders(ids []core.OrderID, fn func(i int, image []byte) error) (core.Sequence, error) {
	q := ordersRead{ids: ids}
	sequence, err := e.ask(&q)
	if err != nil {
		return sequence, err
	}
	var archived []byte
	for i, id := range ids {
		image := q.bytes[q.ends[i]:q.ends[i+1]]
		if len(image) == 0 {
			archived, err = e.readArchived(archived[:0], id)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if image = archived; err != nil {
				return sequence, err
			}
		}
		if err := fn(i, image); err != nil {
			return sequence, err
		}
	}
	return sequence, nil
}

type ordersRead struct {
	ids   []core.OrderID
	order core.OrderImage
	bytes []byte
	ends  []int // where the images of each begin, and the last ends
}

func (q *ordersRead) read(m *core.Machine) {
	q.bytes, q.ends = q.bytes[:0], append(q.ends[:0], 0)
	for _, id := range q.ids {
		if m.ReadOrder(id, &q.order) {
			q.bytes = codec.AppendOrderImage(q.bytes, &q.order)
		}
		q.ends = append(q.ends, len(q.bytes))
	}
}

// WalkOrders calls fn with the images of the orders of a slot from a place on, in memory or archived, at most so many, and gives the place to go
// on from; done tells that the slot has no more. The bytes are valid only during the call.
func (e *Engine) WalkOrders(slot core.Slot, place uint32, most int, fn func(image []byte) error) (next uint32, done bool, err error) {
	q := placesRead{slot: slot, place: place, most: most}
	if _, err := e.ask(&q); err != nil {
		return place, false, err
	}
	if q.count > 0 || q.done {
		for rest := q.bytes; len(rest) > 0; {
			n, err := codec.DecodeOrderImage(rest, &q.order)
			invariant.Check(err == nil, "the engine's images are codec's")
			if err := fn(rest[:n]); err != nil {
				return place, false, err
			}
			rest = rest[n:]
		}
		return place + uint32(q.count), q.done, nil
	}
	return e.walkArchived(slot, place, fn)
}

// walkArchived is WalkOrders for a place in a page that was archived: it gives the rest of the page.
func (e *Engine) walkArchived(slot core.Slot, place uint32, fn func(image []byte) error) (next uint32, done bool, err error) {
	first := core.MakeOrderID(slot, false, place)
	var page []byte
	err = e.UseIndex(func(j *wal.Journal) error {
		return j.ArchivedPage(archiveNumber(slot, first.ArchivePage()), func(value []byte) error {
			page = bytes.Clone(value)
			return nil
		})
	})
	if err != nil {
		return place, false, err
	}
	for i := first.ArchivePlace(); i < core.PageOrders; i++ {
		image, err := codec.DecodeArchive(page, i)
		if err != nil {
			return place, false, damage(0, fmt.Sprintf("the archived page of order %d: %v", first, err))
		}
		if err := fn(image); err != nil {
			return place, false, err
		}
	}
	return place + uint32(core.PageOrders-first.ArchivePlace()), false, nil
}

// placesRead asks for the orders of a slot from a place on that are in memory.
type placesRead struct {
	slot  core.Slot
	place uint32
	most  int
	order core.OrderImage
	bytes []byte
	count int
	done  bool // the slot has no more
}

func (q *placesRead) read(m *core.Machine) {
	q.bytes, q.count = q.bytes[:0], 0
	for ; q.count < q.most && m.ReadPlace(q.slot, q.place+uint32(q.count), &q.order); q.count++ {
		q.bytes = codec.AppendOrderImage(q.bytes, &q.order)
	}
	q.done = uint64(q.place)+uint64(q.count) >= uint64(m.Orders(q.slot))
}

// Limit is how many units of a SKU a customer may have, and has.
type Limit struct {
	SKU   core.SKUID
	Limit core.Quantity // 0 for none
	Used  core.Quantity // in live holds and orders, as far as counted
}

// ReadLimits fills in what a customer has of each SKU.
func (e *Engine) ReadLimits(customer []byte, limits []Limit) (core.Sequence, error) {
	return e.ask(&limitsRead{customer, limits})
}

type limitsRead struct {
	customer []byte
	limits   []Limit
}

func (q *limitsRead) read(m *core.Machine) {
	for i := range q.limits {
		l := &q.limits[i]
		l.Limit, l.Used = m.ReadLimit(q.customer, l.SKU)
	}
}
