package engine

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// waiterRead asks for a place on a waitlist: by its number or, where there is none, by SKU and customer.
type waiterRead struct {
	sale     core.SaleID
	number   core.Sequence
	sku      core.SKUID
	customer []byte
	waiter   core.WaiterImage
	bytes    []byte
	found    bool
}

func (q *waiterRead) read(m *core.Machine) {
	if q.number != 0 {
		q.found = m.ReadWaiter(q.sale, q.number, &q.waiter)
	} else {
		q.found = m.ReadWaiterNamed(q.sale, q.sku, q.customer, &q.waiter)
	}
	if q.found {
		q.bytes = codec.AppendWaiterImage(q.bytes, &q.waiter)
	}
}

// ReadWaiter appends a place on the waitlist of a sale (codec.DecodeWaiterImage) to dst, or gives ErrNotFound.
func (e *Engine) ReadWaiter(dst []byte, sale core.SaleID, number core.Sequence) (Image, error) {
	return e.readWaiter(&waiterRead{sale: sale, number: number, bytes: dst})
}

// ReadWaiterNamed is ReadWaiter for the place of a customer in the line of a SKU.
func (e *Engine) ReadWaiterNamed(dst []byte, sale core.SaleID, sku core.SKUID, customer []byte) (Image, error) {
	return e.readWaiter(&waiterRead{sale: sale, sku: sku, customer: customer, bytes: dst})
}

func (e *Engine) readWaiter(q *waiterRead) (Image, error) {
	sequence, err := e.ask(q)
	if err == nil && !q.found {
		err = ErrNotFound
	}
	return Image{Bytes: q.bytes, Sequence: sequence}, err
}

// waitlistRead asks for a part of a line.
type waitlistRead struct {
	sale  core.SaleID
	sku   core.SKUID
	after core.Sequence
	limit int
	bytes []byte
	count int
	more  bool
}

func (q *waitlistRead) read(m *core.Machine) {
	m.EachWaiting(q.sale, q.sku, q.after, func(w *core.WaiterImage) bool {
		if q.more = q.count == q.limit; q.more {
			return false
		}
		q.bytes = codec.AppendWaiterImage(q.bytes, w)
		q.count++
		return true
	})
}

// ReadWaitlist appends at most so many places in the line of a SKU of a sale, one behind the other, those that came after a number; more
// tells that there are others behind them.
func (e *Engine) ReadWaitlist(dst []byte, sale core.SaleID, sku core.SKUID, after core.Sequence, limit int) (image Image, more bool, err error) {
	q := waitlistRead{sale: sale, sku: sku, after: after, limit: limit, bytes: dst}
	sequence, err := e.ask(&q)
	return Image{Bytes: q.bytes, Sequence: sequence}, q.more, err
}
