package core

// A channel may give those who order in it so long to pay. An order that is neither paid nor authorized by then is cancelled, by a command
// that the host sends when NextUnpaid says so: an order's units may lie in many slots, and time passes in each by itself.

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
	image.Status = StatusCancelled
	image.Version++
	st.event.Kind = EventOrderUnpaid
	st.Outcome.Changed = true
	m.settle(st)
}

// awaitPayment notes until when an order has to be paid.
func (s *slot) awaitPayment(order uint32, payBy Millis) {
	record := s.orders.at(order)
	s.unpaid.push(dueRecord{deadline: payBy, order: MakeOrderID(s.id, record.mask != s.id.Mask(), order), place: order})
}

// NextUnpaid gives the order of a slot that is to be cancelled first because it was not paid, and when; ok is false when there is none. Those that were
// paid when they had to be are passed over for good; those that have still time are not asked about.
func (m *Machine) NextUnpaid(id Slot, now Millis) (order OrderID, at Millis, ok bool) {
	s := &m.slots[id]
	for s.unpaid.entries.length > 0 {
		due := s.unpaid.entries.at(0)
		if due.deadline > now || s.mayExpireUnpaid(due, &s.expiry.Order) {
			return due.order, due.deadline, true
		}
		s.unpaid.pop()
	}
	return 0, 0, false
}

// mayExpireUnpaid tells whether an order whose time has come is still unpaid.
func (s *slot) mayExpireUnpaid(due *dueRecord, image *OrderImage) bool {
	if !s.orders.isHere(due.place>>pageShift) || s.orders.at(due.place).status != StatusPlaced {
		return false
	}
	s.image(due.place, image)
	return image.Account != nil && image.Account.PayBy == due.deadline && image.isUnpaid()
}
