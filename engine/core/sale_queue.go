package core

import "holdfast/engine/invariant"

// The line before a sale is kept by the host: who waits, who has left, whose turn it is. Here is only what has to outlive it, so
// that after a crash, and on the replica that takes over, every ticket has its place: counters, none of which ever goes back.
// They lie in the sale's slot and touch no other.

// QueueCounters are how far the line before a sale has come.
type QueueCounters struct {
	Reserved uint32 // numbers of tickets up to here may have been given out
	Drawn    uint32 // the order of the first so many tickets was drawn; 0 while it was not, and for none
	Admitted uint32 // so many have had their turn
	Settled  uint32 // and of them the first so many can no longer order
	Opened   bool   // the order of all tickets is certain
}

// QueueImage is the line before a sale at one instant.
type QueueImage struct {
	Sale     SaleID
	Counters QueueCounters
}

// saleQueueRecord keeps the counters of one sale.
type saleQueueRecord struct {
	sale     SaleID
	reserved uint32
	drawn    uint32
	admitted uint32
	settled  uint32
	flags    uint32
}

// queueOpened marks a line whose order is certain.
const queueOpened uint32 = 1

func (r *saleQueueRecord) counters() QueueCounters {
	return QueueCounters{Reserved: r.reserved, Drawn: r.drawn, Admitted: r.admitted, Settled: r.settled, Opened: r.flags&queueOpened != 0}
}

// Sound tells whether counters can be those of a line.
func (c *QueueCounters) Sound() bool {
	return c.Settled <= c.Admitted && c.Admitted <= c.Reserved && c.Drawn <= c.Reserved && (c.Opened || c.Drawn == 0 && c.Admitted == 0)
}

// after is what the counters become when they are told to be others: none goes back, and an order is drawn once.
func (c *QueueCounters) after(told *QueueCounters) QueueCounters {
	next := QueueCounters{
		Reserved: max(c.Reserved, told.Reserved),
		Drawn:    c.Drawn,
		Admitted: max(c.Admitted, told.Admitted),
		Settled:  max(c.Settled, told.Settled),
		Opened:   c.Opened || told.Opened,
	}
	if !c.Opened {
		next.Drawn = told.Drawn
	}
	return next
}

// gatherQueue finds the counters of the sale's line.
func (s *slot) gatherQueue(st *Step) {
	st.queue = QueueCounters{}
	if st.place, st.known = s.findQueue(st.command.Sale); st.known {
		st.queue = s.desk.queues.at(st.place).counters()
	}
}

// findQueue gives the place of a sale's counters, or of new ones. A slot has few sales.
func (s *slot) findQueue(id SaleID) (place uint32, ok bool) {
	queues := &s.desk.queues
	for place < queues.length && queues.at(place).sale != id {
		place++
	}
	return place, place < queues.length
}

func (m *Machine) decideQueue(st *Step) {
	if m.saleOf(st.command.Sale) == nil {
		st.refuse(ReasonSaleNotFound)
		return
	}
	next := st.queue.after(&st.command.Queue)
	if st.known && next == st.queue {
		return
	}
	st.event.Kind = EventQueueAdvanced
	st.event.Queue = QueueImage{Sale: st.command.Sale, Counters: next}
	st.Outcome.Changed = true
}

func (s *slot) applyQueue(st *Step, sink Sink) {
	queues := &s.desk.queues
	if !st.known {
		place := queues.push()
		invariant.Check(place == st.place, "counters get the place that they were promised")
	}
	next := &st.event.Queue.Counters
	record := queues.mut(st.place)
	*record = saleQueueRecord{
		sale:     st.event.Queue.Sale,
		reserved: next.Reserved,
		drawn:    next.Drawn,
		admitted: next.Admitted,
		settled:  next.Settled,
	}
	if next.Opened {
		record.flags = queueOpened
	}
	sink.Event(&st.event)
}

// ReadQueue gives the counters of a sale's line; none have been told when it gives false.
func (m *Machine) ReadQueue(id SaleID, img *QueueImage) bool {
	s := &m.slots[id.Slot()]
	place, ok := s.findQueue(id)
	if ok {
		*img = QueueImage{Sale: id, Counters: s.desk.queues.at(place).counters()}
	}
	return ok
}

// auditQueues checks the counters of the slot's lines: they do not contradict each other, and each sale has one set.
func (a *auditor) auditQueues(s *slot) {
	for place := range s.desk.queues.length {
		record := s.desk.queues.at(place)
		counters := record.counters()
		first, _ := s.findQueue(record.sale)
		if !counters.Sound() || first != place || a.machine.saleOf(record.sale) == nil {
			a.violate(Violation{Kind: ViolationQueue, Want: Quantity(counters.Reserved), Got: Quantity(counters.Admitted)})
		}
	}
}
