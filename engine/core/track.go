package core

import (
	"cmp"
	"slices"

	"holdfast/engine/invariant"
)

// A carrier reports where a shipment is, in its own time: late, twice, and in any order. What became of the shipment is what the last of its
// reports says, so repeated and late ones are harmless. What was delivered, lost or returned to the sender is counted of the lines; units that
// were returned are in stock again when somebody takes them back, and not before.

// The statuses that carriers report, in their common vocabulary. Of reports of one instant the one with the higher number counts.
const (
	ShipmentLabelCreated       ShipmentStatus = 2
	ShipmentPickedUp           ShipmentStatus = 3
	ShipmentInTransit          ShipmentStatus = 4
	ShipmentOutForDelivery     ShipmentStatus = 5
	ShipmentAttempted          ShipmentStatus = 6
	ShipmentAvailableForPickup ShipmentStatus = 7
	ShipmentDelivered          ShipmentStatus = 8
	ShipmentException          ShipmentStatus = 9
	ShipmentLost               ShipmentStatus = 10
	ShipmentReturnedToSender   ShipmentStatus = 11

	LastShipmentStatus = ShipmentReturnedToSender
)

// TrackingReport is what a carrier says about a shipment.
type TrackingReport struct {
	At     Millis // by the carrier
	Status ShipmentStatus
	ID     []byte // the carrier's, if it gives its reports any
}

// reportRecord is a report that is remembered, so that it is known when it comes again.
type reportRecord struct {
	at     Millis
	id     uint64 // hash of the carrier's id; 0 for none
	next   uint32 // in reports, plus one; 0 at the end; while free, the next free one
	status ShipmentStatus
	_      [3]uint8
}

// isSame tells whether two reports are one.
func (r *reportRecord) isSame(o *reportRecord) bool {
	if r.id != 0 && o.id != 0 {
		return r.id == o.id
	}
	return r.at == o.at && r.status == o.status
}

func (r *reportRecord) compare(o *reportRecord) int {
	return cmp.Or(cmp.Compare(r.at, o.at), cmp.Compare(r.status, o.status))
}

// gatherTrack loads the order, and what was reported about the shipment.
func (s *slot) gatherTrack(st *Step) {
	s.gatherOrder(st)
	if s.id != st.home || !st.known {
		return
	}
	st.reports = st.reports[:0]
	if record := s.findShipment(st.place, st.command.Life.Shipment); record != 0 {
		for at := s.shipments.at(record - 1).firstReport; at != 0; at = s.reports.at(at - 1).next {
			st.reports = append(st.reports, *s.reports.at(at - 1))
		}
	}
	st.full = s.reports.length > 1<<32-1-MaxReports
}

// findShipment gives the place of an order's shipment, plus one; 0 if it has none of the number.
func (s *slot) findShipment(order uint32, number int) (at uint32) {
	if place, ok := s.findLife(order); ok {
		for at = s.lives.at(place).firstShipment; at != 0 && number > 1; number-- {
			at = s.shipments.at(at - 1).next
		}
	}
	return at
}

// firstShipment gives the place of an order's first shipment, plus one; 0 for none.
func (s *slot) firstShipment(id OrderID) uint32 { return s.findShipment(uint32(id.Place()), 1) }

// decideTrack works out what is new, and what became of the shipment.
func (m *Machine) decideTrack(st *Step) {
	if !st.checkPlaced() || !st.checkShipment() {
		return
	}
	for _, r := range st.command.Life.Reports {
		if r.At > st.now+MaxReportAhead {
			st.refuseOrder(ReasonReportAhead)
			return
		}
	}
	if st.full {
		st.refuseOrder(ReasonTableFull)
		return
	}
	ev := &st.event
	ev.Reports = ev.Reports[:0]
	for _, r := range st.command.Life.Reports {
		if st.takeReport(&r) {
			ev.Reports = append(ev.Reports, r)
		}
	}
	if len(ev.Reports) == 0 {
		return
	}
	ev.Kind = EventShipmentTracked
	st.beginFollowing()
	last := slices.MaxFunc(st.reports, func(a, b reportRecord) int { return a.compare(&b) })
	shipment := &ev.Order.Life.Shipments[ev.Shipment-1]
	was := shipment.Status
	st.moveShipment(last.status, last.at)
	m.finish(st)
	m.settle(st) // it is on hold no longer if that completed it; what a carrier says is never refused for that
	if was != ShipmentDelivered && shipment.Status == ShipmentDelivered {
		m.beginWindow(&ev.Order, st.now)
	}
}

// checkShipment refuses a command on a shipment that the order has not.
func (st *Step) checkShipment() bool {
	life := st.event.Order.Life
	if life == nil || st.command.Life.Shipment > len(life.Shipments) {
		st.refuseOrder(ReasonShipmentNotFound)
		return false
	}
	return true
}

// beginFollowing fills in what the events of a shipment have in common.
func (st *Step) beginFollowing() {
	c, ev := st.command, &st.event
	ev.Actor, ev.Note, ev.Shipment = c.Actor, c.Life.Note, c.Life.Shipment
	ev.Order.Version++
	st.Outcome.Changed = true
}

// takeReport remembers a report that is new. Of more than so many the oldest are forgotten.
func (st *Step) takeReport(r *TrackingReport) bool {
	record := reportRecord{at: r.At, status: r.Status}
	if len(r.ID) > 0 {
		h := hashCustomer(r.ID)
		record.id = max(1, h.high^h.low)
	}
	for i := range st.reports {
		if st.reports[i].isSame(&record) {
			return false
		}
	}
	st.reports = append(st.reports, record)
	if len(st.reports) <= MaxReports {
		return true
	}
	oldest := 0
	for i := range st.reports {
		if st.reports[i].compare(&st.reports[oldest]) < 0 {
			oldest = i
		}
	}
	isNew := oldest < len(st.reports)-1
	st.reports = slices.Delete(st.reports, oldest, oldest+1)
	return isNew
}

// sentBy gives the units of a shipment.
func (l *LifeImage) sentBy(number int) []SentUnits {
	first := 0
	for i := range l.Shipments[:number-1] {
		first += l.Shipments[i].Lines
	}
	return l.Sent[first : first+l.Shipments[number-1].Lines]
}

// moveShipment makes a status that of the event's shipment, and counts its units as what they are now. One of which units were taken back is
// where it ends, and so is one that was delivered and without which more units would be returned than were delivered.
func (st *Step) moveShipment(status ShipmentStatus, at Millis) {
	life := st.event.Order.Life
	shipment, sent := &life.Shipments[st.event.Shipment-1], life.sentBy(st.event.Shipment)
	for _, u := range sent {
		if u.TakenBack > 0 || life.Lines[u.Line].isReturnedOf(shipment.Status, status, u.Quantity) {
			return
		}
	}
	for _, u := range sent {
		if n := life.Lines[u.Line].counter(shipment.Status); n != nil {
			*n -= u.Quantity
		}
		if n := life.Lines[u.Line].counter(status); n != nil {
			*n += u.Quantity
		}
	}
	shipment.Status, shipment.TrackedAt = status, at
}

// counter is where the units of shipments of a status are counted; nil for nowhere.
func (l *LineLife) counter(status ShipmentStatus) *Quantity {
	switch status {
	case ShipmentDelivered:
		return &l.Delivered
	case ShipmentLost:
		return &l.Lost
	case ShipmentReturnedToSender:
		return &l.SentBack
	}
	return nil
}

// applyTrack writes down, in the home slot, what is known of the shipment now.
func (s *slot) applyTrack(st *Step, sink Sink) {
	s.bookLess(st)
	if s.id != st.home {
		return
	}
	s.rewriteOrder(st)
	s.storeReports(s.findShipment(st.place, st.event.Shipment)-1, st.reports)
	sink.Event(&st.event)
	s.tellTasks(&st.event, st.tasks, sink)
}

// storeReports makes the reports of a shipment those of a list with no fewer.
func (s *slot) storeReports(shipment uint32, reports []reportRecord) {
	at, last := s.shipments.at(shipment).firstReport, uint32(0)
	for i := range reports {
		if at == 0 {
			at = s.reports.acquire() + 1
			if last == 0 {
				s.shipments.mut(shipment).firstReport = at
			} else {
				s.reports.mut(last - 1).next = at
			}
		}
		record := s.reports.mut(at - 1)
		next := record.next
		*record = reports[i]
		record.next = next
		last, at = at, next
	}
	invariant.Check(at == 0, "a shipment has no fewer reports than before")
}

// finish makes an order completed of which nothing is left to ship and every unit that left has arrived somewhere for good, and one placed
// again of which that is not so any more.
func (m *Machine) finish(st *Step) {
	image := &st.event.Order
	life := image.Life
	done := len(life.Shipments) > 0
	for i := range image.Lines {
		l := &life.Lines[i]
		switch image.Lines[i].Role {
		case LineOfUnits, LineOfComponent, LineUntracked:
			done = done && l.gone() == image.Lines[i].Quantity && l.Shipped == l.Delivered+l.Lost+l.TakenBack
		}
	}
	switch {
	case done && image.Status == StatusPlaced:
		image.end(StatusCompleted)
		m.beginWindow(image, st.now)
	case !done && image.Status == StatusCompleted:
		image.Status, life.ClosesAt = StatusPlaced, 0
	}
}

// beginWindow has the return window of a completed order begin now: when it was completed, and anew when a shipment arrives that was lost.
func (m *Machine) beginWindow(image *OrderImage, now Millis) {
	if image.Status == StatusCompleted {
		image.Life.ClosesAt = max(image.Life.ClosesAt, now+m.channels[image.Channel].settings.returnWindow())
	}
}

// awaitClosing has an order that was completed closed at the end of its return window.
func (s *slot) awaitClosing(order uint32, closesAt Millis) {
	s.due.push(dueRecord{deadline: closesAt, order: s.idOf(order), place: order, of: dueOrder})
}

// closesAt is when an order closes; 0 for an order that does not, and for one that waits for a return to end.
func (s *slot) closesAt(order uint32) Millis {
	place, ok := s.findLife(order)
	if !ok || s.orders.at(order).status != StatusCompleted || s.hasOpenReturns(order) {
		return 0
	}
	return s.lives.at(place).closesAt
}

// closeCompleted closes an order at the end of its return window.
func (s *slot) closeCompleted(place uint32, seq Sequence, sink Sink) {
	deadline := s.closesAt(place)
	record := s.orders.mut(place)
	record.status = StatusClosed
	record.version++
	ev := &s.expiry
	ev.Kind, ev.Sequence, ev.At = EventOrderClosed, seq, deadline
	s.image(place, &ev.Order)
	s.closeOrder(place, deadline)
	sink.Event(ev)
}
