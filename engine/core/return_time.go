package core

import "slices"

// What time does to returns: those that were approved and of which nothing came expire at their deadline. An order with an open return is not closed at the
// end of its return window, but when the last of them has ended.

// awaitReturn has what is due of an order's returns looked at when it is.
func (s *slot) awaitReturn(order uint32, until Millis) {
	s.due.push(dueRecord{deadline: until, order: s.idOf(order), place: order, of: dueReturn})
}

// expiresAt tells whether some return of an order expires at an instant.
func (s *slot) expiresAt(order uint32, at Millis) (expires bool) {
	s.eachReturn(order, func(r *ReturnImage) bool {
		expires = r.Status == ReturnApproved && r.Until == at
		return !expires
	})
	return expires
}

// hasOpenReturns tells whether some return keeps an order from being closed.
func (s *slot) hasOpenReturns(order uint32) (open bool) {
	s.eachReturn(order, func(r *ReturnImage) bool {
		open = r.IsOpen()
		return !open
	})
	return open
}

// expireReturns ends the returns of an order that expire at an instant, one after the other.
func (s *slot) expireReturns(place uint32, at Millis, seq Sequence, sink Sink) {
	ev := &s.expiry
	s.image(place, &ev.Order)
	life := ev.Order.Life
	for i := range life.Returns {
		r := &life.Returns[i]
		if r.Status != ReturnApproved || r.Until != at {
			continue
		}
		stood := ev.Order.standing()
		r.Status = ReturnExpired
		if r.isUnsettled() {
			s.unsettled = append(s.unsettled, place)
		}
		ev.Kind, ev.Sequence, ev.At, ev.Return = EventReturnExpired, seq, at, i+1
		ev.Order.Version++
		ev.Order.endReturns(at)
		s.orders.mut(place).version = ev.Order.Version
		s.storeLife(place, life)
		tasks := 0
		if ev.Order.HasMoney() { // what was to be paid for an exchange is not any more
			tasks, _ = ev.Order.settle(&stood, CaptureManual, seq, at)
			s.storeAccount(place, &ev.Order)
		}
		sink.Event(ev)
		s.tellTasks(ev, tasks, sink)
	}
	if ev.Order.Status == StatusCompleted && !life.hasOpenReturns() {
		s.awaitClosing(place, life.ClosesAt)
	}
}

// Unsettled is a return that came to nothing, and whose replacement is still to be dealt with.
type Unsettled struct {
	Order       OrderID
	Number      int
	Replacement OrderID
}

// Unsettled appends to dst returns of a slot that came to nothing and whose replacements the host has to cancel, or to leave to the customer if they have
// shipped, at most so many. It then says so with CommandSettleReturn.
func (m *Machine) Unsettled(id Slot, most int, dst []Unsettled) []Unsettled {
	s := &m.slots[id]
	kept := s.unsettled[:0]
	for _, place := range s.unsettled {
		if slices.Contains(kept, place) {
			continue
		}
		found := s.unsettledOf(place)
		if len(found) > 0 {
			kept = append(kept, place)
		}
		found = found[:min(len(found), most)]
		dst, most = append(dst, found...), most-len(found)
	}
	s.unsettled = kept
	return dst
}

// HasUnsettled tells whether there may be some in a slot.
func (m *Machine) HasUnsettled(id Slot) bool { return len(m.slots[id].unsettled) > 0 }

// unsettledOf lists those of an order.
func (s *slot) unsettledOf(place uint32) (found []Unsettled) {
	if !s.orders.isHere(place >> pageShift) {
		return nil
	}
	id, number := s.idOf(place), 0
	s.eachReturn(place, func(r *ReturnImage) bool {
		if number++; r.isUnsettled() {
			found = append(found, Unsettled{Order: id, Number: number, Replacement: r.Terms.Replacement})
		}
		return true
	})
	return found
}

// restoreReturns enters what is due of an order's returns.
func (s *slot) restoreReturns(order uint32) {
	s.eachReturn(order, func(r *ReturnImage) bool {
		if r.Status == ReturnApproved && r.Until != 0 {
			s.awaitReturn(order, r.Until)
		}
		if r.isUnsettled() && !slices.Contains(s.unsettled, order) {
			s.unsettled = append(s.unsettled, order)
		}
		return true
	})
}
