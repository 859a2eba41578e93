package core

// A channel may give those who order in it so long to pay. An order that is neither paid nor authorized by then is cancelled, by a command
// that the host sends when Unpaid gives it: an order's units may lie in many slots, and time passes in each by itself.

// payBy is when an order that is placed now has to be paid.
func (m *Machine) payBy(st *Step) {
	image := &st.event.Order
	if within := m.channels[image.Channel].settings.PayWithin; within > 0 && image.Due() > 0 {
		image.Account.PayBy = st.now + within
	}
}

// isUnpaid tells whether an order is to be cancelled at the instant when it had to be paid.
func (o *OrderImage) isUnpaid() bool {
	return o.Status == StatusPlaced && o.HasMoney() && o.Account.PayBy != 0 && (o.Life == nil || len(o.Life.Shipments) == 0) && !o.isCovered()
}

// paidInTime notes of an account that covers what is due: if it had to by now, what comes later does not count.
func (a *AccountImage) paidInTime(now Millis) {
	if a.PayBy != 0 && a.PayBy <= now {
		a.PayBy = 0
	}
}

// decideUnpaid cancels an order that was not paid in time. Of any other nothing changes.
func (m *Machine) decideUnpaid(st *Step) {
	if !st.checkOrder() {
		return
	}
	image := &st.event.Order
	if !image.isUnpaid() || image.Account.PayBy > st.now {
		return
	}
	st.wasHeld = false
	image.end(StatusCancelled)
	image.Version++
	st.event.Kind = EventOrderUnpaid
	st.Outcome.Changed = true
	m.settle(st)
	st.followFulfilments()
}

// awaitPayment notes until when an order has to be paid.
func (s *slot) awaitPayment(order uint32, payBy Millis) {
	s.unpaid.push(dueRecord{deadline: payBy, order: s.idOf(order), place: order})
}

// NextUnpaid is when the next order of a slot has to be paid, as far as anybody knows; ok is false when none has to.
func (m *Machine) NextUnpaid(id Slot) (at Millis, ok bool) {
	if heap := &m.slots[id].unpaid; heap.entries.length > 0 {
		return heap.entries.at(0).deadline, true
	}
	return 0, false
}

// Unpaid calls do with orders of a slot that were not paid in time, at most so many, those that had to be paid first first, and with the slots that they
// touch. The host cancels them: they are not given again before the machine is restored.
func (m *Machine) Unpaid(id Slot, now Millis, most int, do func(id OrderID, mask SlotMask)) (given int) {
	s := &m.slots[id]
	for given < most && s.unpaid.entries.length > 0 && s.unpaid.entries.at(0).deadline <= now {
		if due := s.unpaid.pop(); s.isOverdue(&due) {
			do(due.order, s.orders.at(due.place).mask)
			given++
		}
	}
	return given
}

// isOverdue tells whether an order whose time has come is still unpaid. Of one that was paid when it had to be that stays so.
func (s *slot) isOverdue(due *dueRecord) bool {
	if !s.orders.isHere(due.place>>pageShift) || s.orders.at(due.place).status != StatusPlaced {
		return false
	}
	image := &s.expiry.Order
	s.image(due.place, image)
	return image.Account != nil && image.Account.PayBy == due.deadline && image.isUnpaid()
}

// restoreUnpaid notes which orders have still to be paid: those whose time was over were paid then, but for those that are about to be cancelled.
func (s *slot) restoreUnpaid(now Millis) {
	for place := range s.accounts.length {
		record := s.accounts.at(place)
		if record.order == 0 || record.payBy == 0 {
			continue
		}
		due := dueRecord{deadline: record.payBy, order: s.idOf(record.order - 1), place: record.order - 1}
		if record.payBy > now || s.isOverdue(&due) {
			s.unpaid.push(due)
		}
	}
}
