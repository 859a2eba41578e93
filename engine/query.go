package engine

import (
	"errors"
	"sync"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// A query is a question to the machine. It goes through the queue like a command, is answered at the end
// of its group and released with it: it sees everything that was released before it was asked, and nothing that
// a crash could undo leaves with its answer.
type query struct {
	reader   reader
	sequence core.Sequence
	err      error
	done     chan struct{}
}

// reader is what a query asks. read runs while no command does.
type reader interface {
	read(m *core.Machine)
}

var queryPool = sync.Pool{New: func() any { return &query{done: make(chan struct{}, 1)} }}

// ask asks, waits for the answer, and tells which sequence it reflects.
func (e *Engine) ask(reader reader) (core.Sequence, error) {
	q := queryPool.Get().(*query)
	defer queryPool.Put(q)
	q.reader = reader
	if err := e.queue.putQuery(q); err != nil {
		return 0, err
	}
	<-q.done
	q.reader = nil
	return q.sequence, q.err
}

// slotsRead asks for the slots of orders.
type slotsRead struct {
	orders     []core.OrderID
	masks      []core.SlotMask
	known      []core.SlotMask // that their commands touch whatever the orders' are
	froms, tos []int
	lines      []core.RefusedLine // scratch of soldOut
	places     []int32            // the same
}

func (q *slotsRead) reset() {
	q.orders, q.masks, q.known, q.froms, q.tos = q.orders[:0], q.masks[:0], q.known[:0], q.froms[:0], q.tos[:0]
}

func (q *slotsRead) add(id core.OrderID, known core.SlotMask, from, to int) {
	q.orders, q.masks, q.known = append(q.orders, id), append(q.masks, 0), append(q.known, known)
	q.froms, q.tos = append(q.froms, from), append(q.tos, to)
}

func (q *slotsRead) read(m *core.Machine) {
	for i, id := range q.orders {
		q.masks[i], _ = m.OrderSlots(id)
	}
}

// Image is the answer to a read, in codec's form, and the sequence that it reflects.
type Image struct {
	Bytes    []byte
	Sequence core.Sequence
}

// imageRead asks for one thing and encodes it where it lies: nothing that points into the machine leaves its
// shard.
type imageRead struct {
	kind         imageKind
	id           uint64
	bytes        []byte
	found        bool
	order        core.OrderImage
	sku          core.SKUImage
	location     core.LocationImage
	channel      core.ChannelImage
	availability core.AvailabilityImage
	sale         core.SaleImage
	queue        core.QueueImage
	routing      core.RoutingImage
}

type imageKind uint8

const (
	imageOrder imageKind = iota
	imageSKU
	imageLocation
	imageAvailability
	imageSale
	imageQueue
	imageChannel
	imageRouting
)

var imagePool = sync.Pool{New: func() any { return &imageRead{} }}

func (q *imageRead) read(m *core.Machine) {
	switch q.kind {
	case imageOrder:
		if q.found = m.ReadOrder(core.OrderID(q.id), &q.order); q.found {
			q.bytes = codec.AppendOrderImage(q.bytes, &q.order)
		}
	case imageSKU:
		if q.found = m.ReadSKU(core.SKUID(q.id), &q.sku); q.found {
			q.bytes = codec.AppendSKUImage(q.bytes, &q.sku)
		}
	case imageLocation:
		if q.found = m.ReadLocation(core.LocationID(q.id), &q.location); q.found {
			q.bytes = codec.AppendLocationImage(q.bytes, &q.location)
		}
	case imageChannel:
		if q.found = m.ReadChannel(core.ChannelID(q.id), &q.channel); q.found {
			q.bytes = codec.AppendChannelImage(q.bytes, &q.channel)
		}
	case imageAvailability:
		if q.found = m.ReadAvailability(core.SKUID(q.id), &q.availability); q.found {
			q.bytes = codec.AppendAvailability(q.bytes, &q.availability)
		}
	case imageQueue:
		if q.found = m.ReadQueue(core.SaleID(q.id), &q.queue); q.found {
			q.bytes = codec.AppendQueueImage(q.bytes, &q.queue)
		}
	case imageSale:
		if q.found = m.ReadSale(core.SaleID(q.id), &q.sale); q.found {
			q.bytes = codec.AppendSaleImage(q.bytes, &q.sale)
		}
	case imageRouting:
		q.found = true
		m.ReadRouting(&q.routing)
		q.bytes = codec.AppendRoutingImage(q.bytes, &q.routing)
	}
}

// readImage appends the answer to dst.
func (e *Engine) readImage(dst []byte, kind imageKind, id uint64) (Image, error) {
	q := imagePool.Get().(*imageRead)
	defer imagePool.Put(q)
	q.kind, q.id, q.bytes, q.found = kind, id, q.bytes[:0], false
	sequence, err := e.ask(q)
	if err == nil && !q.found {
		err = ErrNotFound
	}
	return Image{Bytes: append(dst, q.bytes...), Sequence: sequence}, err
}

// ReadOrder appends an order's image (codec.DecodeOrderImage) to dst. ErrNotFound comes with the sequence.
func (e *Engine) ReadOrder(dst []byte, id core.OrderID) (Image, error) {
	if !e.mayExist(id) {
		return Image{Bytes: dst, Sequence: e.Sequence()}, ErrNotFound
	}
	image, err := e.readImage(dst, imageOrder, uint64(id))
	if errors.Is(err, ErrNotFound) && e.archive.orders.Load() > 0 {
		image.Bytes, err = e.readArchived(dst, id)
	}
	return image, err
}

// ReadSKU appends a SKU's image (codec.DecodeSKUImage) to dst.
func (e *Engine) ReadSKU(dst []byte, id core.SKUID) (Image, error) {
	return e.readImage(dst, imageSKU, uint64(id))
}

// ReadLocation appends a location's image (codec.DecodeLocationImage) to dst.
func (e *Engine) ReadLocation(dst []byte, id core.LocationID) (Image, error) {
	return e.readImage(dst, imageLocation, uint64(id))
}

// unitsRead asks for a location and all that lies there, of one moment.
type unitsRead struct {
	imageRead
	now   core.Millis
	state LocationState
}

func (q *unitsRead) read(m *core.Machine) {
	q.imageRead.read(m)
	m.ReadLocationUnits(core.LocationID(q.id), &q.state.Units)
	m.ReadCapacity(core.LocationID(q.id), q.now, &q.state.Capacity)
}

// ReadLocationState appends a location's image to dst, and adds up the units of all SKUs there. No command runs meanwhile:
// some 10 ms for a million levels.
func (e *Engine) ReadLocationState(dst []byte, id core.LocationID) (Image, LocationState, error) {
	q := unitsRead{imageRead: imageRead{kind: imageLocation, id: uint64(id), bytes: dst}, now: e.now()}
	sequence, err := e.ask(&q)
	if err == nil && !q.found {
		err = ErrNotFound
	}
	return Image{Bytes: q.bytes, Sequence: sequence}, q.state, err
}

// ReadChannel appends a channel's image (codec.DecodeChannelImage) to dst.
func (e *Engine) ReadChannel(dst []byte, id core.ChannelID) (Image, error) {
	return e.readImage(dst, imageChannel, uint64(id))
}

// ReadAvailability appends a SKU's units (codec.DecodeAvailability) to dst.
func (e *Engine) ReadAvailability(dst []byte, id core.SKUID) (Image, error) {
	return e.readImage(dst, imageAvailability, uint64(id))
}

// ReadSale appends a sale's image, with what it has sold (codec.DecodeSaleImage), to dst.
func (e *Engine) ReadSale(dst []byte, id core.SaleID) (Image, error) {
	return e.readImage(dst, imageSale, uint64(id))
}

// ReadQueue appends how far the line before a sale has come (codec.DecodeQueueImage) to dst; ErrNotFound when nothing was told of one.
func (e *Engine) ReadQueue(dst []byte, id core.SaleID) (Image, error) {
	return e.readImage(dst, imageQueue, uint64(id))
}

// ReadRouting appends the policy of routing (codec.DecodeRoutingImage) to dst.
func (e *Engine) ReadRouting(dst []byte) (Image, error) { return e.readImage(dst, imageRouting, 0) }

// mayExist tells whether an order number can have been given out at all, so that made-up numbers cost nothing.
// Released numbers only grow, so a number that a client has been told always passes.
func (e *Engine) mayExist(id core.OrderID) bool {
	return id.Place() < uint64(e.orders[id.Home()].Load())
}

// OrderMayExist is false for a number that no order has. True promises nothing.
func (e *Engine) OrderMayExist(id core.OrderID) bool { return e.mayExist(id) }

type auditRead struct{ report core.AuditReport }

func (q *auditRead) read(m *core.Machine) { q.report = m.Audit() }

type digestRead struct{ digest core.Digest }

func (q *digestRead) read(m *core.Machine) { q.digest = m.Digest() }

// Audit recomputes every invariant from the records. No command runs meanwhile: about a second for
// twenty million orders.
func (e *Engine) Audit() (core.AuditReport, core.Sequence, error) {
	var q auditRead
	sequence, err := e.ask(&q)
	return q.report, sequence, err
}

// Digest is that of the whole state at the sequence.
func (e *Engine) Digest() (core.Digest, core.Sequence, error) {
	var q digestRead
	sequence, err := e.ask(&q)
	return q.digest, sequence, err
}

// Document gives what command seq carried that no decision needs, or ErrNotFound.
func (e *Engine) Document(seq core.Sequence) ([]byte, error) {
	if seq > e.Sequence() {
		return nil, ErrNotFound // what is not durable yet can be read already
	}
	if err := e.use(); err != nil {
		return nil, err
	}
	defer e.using.RUnlock()
	doc, err := e.journal.Document(uint64(seq))
	if err != nil {
		return nil, translate(err)
	}
	return doc, nil
}

// WaitFor returns when the sequence has been released, or ErrTimeout; and at once when it never will be, since the
// journal has failed or the engine is closed.
func (e *Engine) WaitFor(seq core.Sequence, timeout time.Duration) error {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		changed := e.Changed()
		if e.Sequence() >= seq {
			return nil
		}
		if err := e.broken(); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-e.closed:
			return ErrClosed
		case <-deadline.C:
			return ErrTimeout
		}
	}
}
