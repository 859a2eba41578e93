package core

import "holdfast/engine/invariant"

// advance does what is due in a slot: it expires every hold and part whose deadline is at or before the step's
// stamp, in the order of (deadline, order number), and begins and ends pools and preorders, after the holds of the
// same instant.
func (s *slot) advance(st *Step, sink Sink) {
	for s.due.entries.length > 0 && s.due.entries.at(0).deadline <= st.now {
		due := s.due.pop()
		if !s.isLive(&due) {
			continue
		}
		switch due.of {
		case duePart:
			s.expirePart(due.place)
		case dueReturn:
			s.expireReturns(due.place, due.deadline, st.sequence, sink)
		case dueOrder:
			s.closeCompleted(due.place, st.sequence, sink)
		case dueRule:
			s.turnRule(due.place, st.sequence, sink)
		default:
			s.expireHold(due.place, st.sequence, sink)
		}
	}
}

// isLive tells whether an entry of the heap still says when its hold ends: holds that were extended,
// confirmed or released leave their entry behind, and so do pools that were set again, orders that were not completed after all, and returns of which something came.
func (s *slot) isLive(due *dueRecord) bool {
	switch due.of {
	case dueRule:
		return s.rules.at(due.place).instant() == due.deadline
	case duePart:
		part := s.parts.at(due.place)
		return part.order == due.order && part.deadline == due.deadline
	}
	if !s.orders.isHere(due.place >> pageShift) {
		return false
	}
	if due.of == dueOrder {
		return s.closesAt(due.place) == due.deadline
	}
	if due.of == dueReturn {
		return s.expiresAt(due.place, due.deadline)
	}
	order := s.orders.at(due.place)
	return order.status == StatusHeld && order.deadline == due.deadline
}

// NextDeadline is when a slot needs a command: at the earliest deadline of its live holds, of returns that were approved and of completed orders, start or end of its pools or end of its preorders, and at once
// (0) when supplies wait to be told; ok is false when it needs none.
func (m *Machine) NextDeadline(id Slot) (at Millis, ok bool) {
	s := &m.slots[id]
	if s.isUntold() {
		return 0, true
	}
	for s.due.entries.length > 0 {
		due := s.due.entries.at(0)
		if s.isLive(due) {
			return due.deadline, true
		}
		s.due.pop()
	}
	return 0, false
}

func (s *slot) expireHold(place uint32, seq Sequence, sink Sink) {
	record := s.orders.mut(place)
	record.status = StatusExpired
	record.version++
	ev := &s.expiry
	ev.Kind, ev.Sequence, ev.At = EventHoldExpired, seq, record.deadline
	s.image(place, &ev.Order)
	next := 0
	for i := range ev.Order.Lines {
		l := &ev.Order.Lines[i]
		if l.SKU.Slot() == s.id {
			if l.Backordered > 0 {
				s.waitNoMore(l.SKU, ev.Order.ID)
			}
			s.giveBack(l, ev.Order.Allocations[next:next+l.Allocations], true)
			line := s.lines.at(record.firstLine + uint32(i))
			if line.flags&lineCounted != 0 {
				s.count(hashCustomer(ev.Order.Customer), l.SKU, -l.Quantity)
			}
			if line.flags&linePooled != 0 {
				n, pool := s.pooled(line)
				s.draw(l.SKU, ev.Order.Channel, pool, -n)
			}
		}
		next += l.Allocations
	}
	if ev.Order.Sale != 0 && ev.Order.Sale.Slot() == s.id {
		s.expireSale(&ev.Order)
	}
	if record.flags&orderBooked != 0 && s.id == CapacitySlot {
		s.dropAllBookings(ev.Order.ID)
	}
	tasks := 0
	if ev.Order.Account != nil {
		tasks = s.settleExpired(place, &ev.Order, seq)
	}
	s.closeOrder(place, record.deadline)
	sink.Event(ev)
	s.tellTasks(ev, tasks, sink)
}

// settleExpired asks for what has to be done about the money of a hold that has expired.
func (s *slot) settleExpired(place uint32, image *OrderImage, seq Sequence) (tasks int) {
	before := *image
	before.Status = StatusHeld
	stood := before.standing()
	image.Account.Lock = LockImage{}
	tasks, _ = image.settle(&stood, CaptureManual, seq, image.Deadline)
	s.storeAccount(place, image)
	return tasks
}

// addPart writes down what the slot has to give back when the hold ends.
func (s *slot) addPart(st *Step) {
	image := &st.event.Order
	place := s.parts.acquire()
	part := s.parts.mut(place)
	part.order, part.deadline = image.ID, image.Deadline
	part.customer = hashCustomer(image.Customer)
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		allocations := image.Allocations[next : next+l.Allocations]
		next += l.Allocations
		if l.SKU.Slot() != s.id {
			continue
		}
		for _, a := range allocations {
			s.addPartLine(part, partLineRecord{kind: partAllocation, sku: l.SKU, location: a.Location, quantity: a.Quantity})
		}
		if l.Backordered > 0 {
			s.addPartLine(part, partLineRecord{kind: partBackordered, sku: l.SKU, quantity: l.Backordered})
		}
		if st.lines[i].counted {
			s.addPartLine(part, partLineRecord{kind: partCounted, sku: l.SKU, quantity: l.Quantity})
		}
		if l.Pooled > 0 {
			s.addPartLine(part, partLineRecord{
				kind: partPooled, sku: l.SKU, quantity: l.Pooled, location: LocationID(image.Channel), pool: st.poolOf(i),
			})
		}
	}
	if image.Sale != 0 && image.Sale.Slot() == s.id {
		s.addSalePart(part, image)
	}
	s.partIndex.Insert(s.partHash(image.ID), place)
	s.due.push(dueRecord{deadline: image.Deadline, order: image.ID, place: place, of: duePart})
}

func (s *slot) addPartLine(part *partRecord, line partLineRecord) {
	line.next = part.first
	place := s.partLines.acquire()
	*s.partLines.mut(place) = line
	part.first = place + 1
}

// expirePart gives a part's units back and forgets it.
func (s *slot) expirePart(place uint32) {
	part := s.parts.at(place)
	for at := part.first; at != 0; {
		line := s.partLines.at(at - 1)
		at = line.next
		switch line.kind {
		case partSaleItem:
			s.moveSaleItem(uint32(line.sku), true, -line.quantity)
			continue
		case partSaleBuyer:
			s.expireSaleBuyer(uint32(line.sku), line.quantity)
			continue
		}
		sku := s.skus.mut(line.sku.Place())
		switch line.kind {
		case partAllocation:
			s.move(sku, s.levels.mut(s.levelOf(sku, line.location)), true, -line.quantity)
		case partBackordered:
			sku.moveBackordered(true, -line.quantity)
			s.waitNoMore(line.sku, part.order)
		case partCounted:
			s.count(part.customer, line.sku, -line.quantity)
		case partPooled:
			s.draw(line.sku, ChannelID(line.location), line.pool, -line.quantity)
		}
		s.touch(sku, line.sku)
	}
	if s.id == CapacitySlot {
		s.dropAllBookings(part.order)
	}
	s.dropPart(place)
}

// dropPart forgets a part whose units have been dealt with.
func (s *slot) dropPart(place uint32) {
	part := *s.parts.at(place)
	for at := part.first; at != 0; {
		next := s.partLines.at(at - 1).next
		s.partLines.release(at - 1)
		at = next
	}
	found := s.partIndex.Delete(s.partHash(part.order), place)
	invariant.Check(found, "a part is in its index")
	s.parts.release(place)
}

func (s *slot) findPart(id OrderID) (uint32, bool) {
	cursor := s.partIndex.Search(s.partHash(id))
	for cursor.Next() {
		if s.parts.at(cursor.Record()).order == id {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *slot) partHash(id OrderID) uint64 { return finish(uint64(id) ^ s.seed) }

// dueHeap is a binary heap of deadlines, the earliest on top. It is derived: entries of ended
// holds stay until they come up, and are ignored then.
type dueHeap struct{ entries slab[dueRecord] }

func (r *dueRecord) before(o *dueRecord) bool {
	if r.deadline != o.deadline {
		return r.deadline < o.deadline
	}
	return r.order < o.order
}

func (h *dueHeap) push(r dueRecord) {
	i := h.entries.push()
	for i > 0 {
		parent := (i - 1) / 2
		if !r.before(h.entries.at(parent)) {
			break
		}
		*h.entries.mut(i) = *h.entries.at(parent)
		i = parent
	}
	*h.entries.mut(i) = r
}

func (h *dueHeap) pop() dueRecord {
	top := *h.entries.at(0)
	last := *h.entries.at(h.entries.length - 1)
	h.entries.pop()
	n := h.entries.length
	if n == 0 {
		return top
	}
	i := uint32(0)
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && h.entries.at(child+1).before(h.entries.at(child)) {
			child++
		}
		if !h.entries.at(child).before(&last) {
			break
		}
		*h.entries.mut(i) = *h.entries.at(child)
		i = child
	}
	*h.entries.mut(i) = last
	return top
}
