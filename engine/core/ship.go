package core

import (
	"slices"

	"holdfast/engine/invariant"
)

// Units of an order leave a location in a shipment. With that they are neither on hand nor promised any more, so what can be sold stays as it
// was; the order's line has shipped them. Limits, quotas and pools count them as before: they are sold.

// ShipmentStatus says what became of a shipment. The numbers are in checkpoints and feeds and must not change.
type ShipmentStatus uint8

// ShipmentShipped is the status of a shipment that has left.
const ShipmentShipped ShipmentStatus = 1

// ShipmentImage is a shipment of an order at one instant. Its number is its place among those of the order, from 1 on.
type ShipmentImage struct {
	Status      ShipmentStatus
	Location    LocationID
	Created     Sequence // the command that made it; its document lies under this number
	CreatedAt   Millis
	TrackedAt   Millis // of the report that the status is from; 0 for none yet
	HasDocument bool
	Lines       int // how many of the life's sent units are this shipment's
}

// shipmentRecord is a shipment. Those of an order are a list in the order of their numbers.
type shipmentRecord struct {
	created     Sequence
	createdAt   Millis
	trackedAt   Millis
	firstLine   uint32 // in shipmentLines, plus one
	next        uint32 // in shipments, plus one; 0 at the end; while free, the next free one
	location    LocationID
	status      ShipmentStatus // 0 while the record is free
	flags       uint8          // hasDocument
	firstReport uint32         // in reports, plus one; 0 for none
}

// shipmentLineRecord is units of one line in a shipment. Those of a shipment are a list in the order of the order's lines.
type shipmentLineRecord struct {
	quantity  uint32
	takenBack uint32
	next      uint32 // in shipmentLines, plus one; 0 at the end; while free, the next free one
	line      uint16
	_         uint16
}

func (st *Step) beginShip() {
	c := st.command
	st.home = c.Order.Home()
	st.rows, st.skuFound = resize(st.rows, len(c.Lines)), resize(st.skuFound, len(c.Lines))
	for i := range c.Lines {
		st.skuFound[i] = false
		for k := range i {
			invariant.Check(c.Lines[k].SKU != c.Lines[i].SKU, "what is shipped names each SKU once")
		}
	}
}

// gatherShip loads the order, in its home slot, and looks up the levels that units are to leave.
func (s *slot) gatherShip(st *Step) {
	s.gatherOrder(st)
	if s.id == st.home {
		const end = 1<<32 - 1
		st.full = s.shipments.length == end || s.shipmentLines.length > end-MaxLines
	}
	c := st.command
	for i := range c.Lines {
		id := c.Lines[i].SKU
		if id.Slot() != s.id || id.Place() >= s.skus.length {
			continue
		}
		var level *levelRecord
		if level, st.skuFound[i] = s.findLevel(s.skus.at(id.Place()), c.Life.Location); st.skuFound[i] {
			level.image(&st.rows[i])
		}
	}
}

// decideShip plans what leaves.
func (m *Machine) decideShip(st *Step) {
	if !st.checkPlaced() || !st.checkNotOnHold() {
		return
	}
	switch {
	case int(st.command.Life.Location) >= len(m.locations):
		st.refuseOrder(ReasonLocationNotFound)
	case !st.limitShipped() || !st.findShipped():
	case st.event.Order.Life != nil && len(st.event.Order.Life.Shipments) == MaxShipments:
		st.refuseOrder(ReasonShipmentsFull)
	case st.full:
		st.refuseOrder(ReasonTableFull)
	default:
		if st.planShip(); st.command.Life.PickedUp {
			m.finish(st)
		}
		m.settleOrRefuse(st)
	}
}

// findShipped works out how many units of each SKU leave, and refuses those that the order has not there, and those that do not lie there.
func (st *Step) findShipped() bool {
	c := st.command
	st.event.Moves = st.event.Moves[:0]
	st.recorded = resize(st.recorded, len(c.Lines))
	sum := Quantity(0)
	for i, line := range c.Lines {
		there, recorded := st.shippable(line.SKU), st.unsent(line.SKU)
		n := line.Quantity
		if n == 0 {
			n = there + recorded
		}
		if n > there+recorded {
			st.refuseShipped(ReasonNotAllocated, i, n, there+recorded)
		}
		sum += n
		st.recorded[i] = max(0, n-there)
		if n -= st.recorded[i]; n > 0 {
			invariant.Check(st.skuFound[i], "an allocation's level exists")
			st.event.Moves = append(st.event.Moves, MovementImage{LevelImage: st.rows[i], Kind: MovementShip, Quantity: n})
		}
	}
	if sum == 0 && st.Outcome.Reason == ReasonNone {
		st.refuseOrder(ReasonNotAllocated)
	}
	if st.Outcome.Reason != ReasonNone {
		return false
	}
	for i, line := range c.Lines {
		for k := range st.event.Moves {
			if move := &st.event.Moves[k]; move.SKU == line.SKU && move.Quantity > move.In(StateSellable) {
				st.refuseShipped(ReasonShortOnHand, i, move.Quantity, move.In(StateSellable))
			}
		}
	}
	return st.Outcome.Reason == ReasonNone
}

// unsent is how many units of a SKU the order has that are only recorded and have not left: where they lie is somebody else's business.
func (st *Step) unsent(id SKUID) (n Quantity) {
	image := &st.event.Order
	for i := range image.Lines {
		if l := &image.Lines[i]; l.Role == LineUntracked && l.SKU == id && st.command.Life.Fulfilment == 0 {
			life := image.LineLife(i)
			n += l.Quantity - life.gone()
		}
	}
	return n
}

func (st *Step) refuseShipped(reason Reason, i int, requested, available Quantity) {
	if st.Outcome.Reason == ReasonNone {
		st.refuseOrder(reason)
	}
	st.refusal.Lines = append(st.refusal.Lines, RefusedLine{
		Index: i, SKU: st.command.Lines[i].SKU, Location: st.command.Life.Location, Requested: requested, Available: max(0, available),
	})
}

// planShip makes the loaded image into the one after the change.
func (st *Step) planShip() {
	c, ev := st.command, &st.event
	image, life := &ev.Order, st.beginLife()
	ev.Kind, ev.Actor, ev.Note, ev.Shipment = EventOrderShipped, c.Actor, c.Life.Note, len(life.Shipments)+1
	sent := len(life.Sent)
	st.rest = resize(st.rest, len(ev.Moves))
	for i := range ev.Moves {
		st.rest[i] = ev.Moves[i].Quantity
	}
	st.allocations = st.allocations[:0]
	next := 0
	for i := range image.Lines {
		line := &image.Lines[i]
		had := image.Allocations[next : next+line.Allocations]
		next += line.Allocations
		first := len(st.allocations)
		if n := st.shipLine(i, had); n > 0 {
			st.takeShipped(i, n)
			life.Lines[i].Shipped += n
			life.Sent = append(life.Sent, SentUnits{Line: i, Quantity: n})
		}
		line.Allocations = len(st.allocations) - first
	}
	image.Allocations, st.allocations = st.allocations, image.Allocations
	life.Shipments = append(life.Shipments, ShipmentImage{
		Status: ShipmentShipped, Location: c.Life.Location, Created: st.sequence, CreatedAt: st.now, HasDocument: len(c.Document) > 0,
		Lines: len(life.Sent) - sent,
	})
	for i := range ev.Moves {
		ev.Moves[i].OnHand -= ev.Moves[i].Quantity
		ev.Moves[i].Allocated -= ev.Moves[i].Quantity
	}
	if c.Life.PickedUp {
		st.moveShipment(ShipmentDelivered, st.now)
	}
	if image.hasFulfilments() {
		st.settleFulfilments()
	}
	image.Version++
	st.Outcome.Changed = true
}

// shipLine copies a line's allocations, but for those of its units that leave, and tells how many these are.
func (st *Step) shipLine(line int, had []Allocation) (n Quantity) {
	id := st.event.Order.Lines[line].SKU
	if st.event.Order.Lines[line].Role == LineUntracked {
		return st.sendRecorded(line)
	}
	at := slices.IndexFunc(st.event.Moves, func(m MovementImage) bool { return m.SKU == id })
	for _, a := range had {
		if at >= 0 && a.Location == st.command.Life.Location {
			leaves := min(a.Quantity, st.rest[at], st.mostOf(line))
			st.rest[at] -= leaves
			a.Quantity -= leaves
			n += leaves
		}
		if a.Quantity > 0 {
			st.allocations = append(st.allocations, a)
		}
	}
	return n
}

// sendRecorded tells how many units of a line leave that are only recorded.
func (st *Step) sendRecorded(line int) (n Quantity) {
	image := &st.event.Order
	left := image.Lines[line].Quantity - image.Life.Lines[line].gone()
	for i := range st.command.Lines {
		if st.command.Lines[i].SKU == image.Lines[line].SKU {
			n = min(left, st.recorded[i])
			st.recorded[i] -= n
		}
	}
	return n
}

// applyShip takes the slot's units away and, in the home slot, writes down what is left, and the shipment.
func (s *slot) applyShip(st *Step, sink Sink) {
	for i := range st.event.Moves {
		if m := &st.event.Moves[i]; m.SKU.Slot() == s.id {
			s.dispatch(m.SKU, m.Location, m.Quantity)
		}
	}
	s.bookLess(st)
	if s.id == st.home {
		s.rewriteOrder(st)
		if st.command.Life.PickedUp {
			place := s.findShipment(st.place, st.event.Shipment) - 1
			s.storeReports(place, []reportRecord{{at: st.now, status: ShipmentDelivered}})
		}
		sink.Event(&st.event)
		s.tellTasks(&st.event, st.tasks, sink)
	}
}

// dispatch takes promised units away from a level. What it can still give stays as it was.
func (s *slot) dispatch(id SKUID, location LocationID, n Quantity) {
	sku := s.skus.mut(id.Place())
	level := s.levels.mut(s.levelOf(sku, location))
	level.allocated -= n
	level.onHand -= n
	sku.allocated -= n
	sku.onHand -= n
	invariant.Check(level.allocated >= 0 && level.onHand >= level.unavailable[0]+level.unavailable[1]+level.unavailable[2],
		"what is shipped was promised, and lay there")
}

// makeShipment writes a shipment down, with the units of its lines, and gives its place.
func (s *slot) makeShipment(image *ShipmentImage, units []SentUnits) uint32 {
	place := s.shipments.acquire()
	record := s.shipments.mut(place)
	record.created, record.createdAt, record.trackedAt = image.Created, image.CreatedAt, image.TrackedAt
	record.location, record.status = image.Location, image.Status
	if image.HasDocument {
		record.flags = hasDocument
	}
	for i := len(units) - 1; i >= 0; i-- {
		at := s.shipmentLines.acquire()
		*s.shipmentLines.mut(at) = shipmentLineRecord{line: uint16(units[i].Line), quantity: uint32(units[i].Quantity), next: record.firstLine}
		record.firstLine = at + 1
	}
	return place
}

// shipmentImages adds an order's shipments to its life.
func (s *slot) shipmentImages(first uint32, life *LifeImage) {
	for at := first; at != 0; {
		record := s.shipments.at(at - 1)
		image := grow(&life.Shipments)
		*image = ShipmentImage{
			Status: record.status, Location: record.location, Created: record.created, CreatedAt: record.createdAt,
			HasDocument: record.flags&hasDocument != 0, TrackedAt: record.trackedAt,
		}
		for line := record.firstLine; line != 0; image.Lines++ {
			l := s.shipmentLines.at(line - 1)
			life.Sent = append(life.Sent, SentUnits{Line: int(l.line), Quantity: Quantity(l.quantity), TakenBack: Quantity(l.takenBack)})
			line = l.next
		}
		at = record.next
	}
}

// storeShipments writes down the shipments of an image: what became of those that the order has, and others.
func (s *slot) storeShipments(place uint32, life *LifeImage) {
	at, last, sent := s.lives.at(place).firstShipment, uint32(0), 0
	for i := range life.Shipments {
		image := &life.Shipments[i]
		units := life.Sent[sent : sent+image.Lines]
		sent += image.Lines
		if at != 0 {
			s.storeShipment(at-1, image, units)
			last, at = at, s.shipments.at(at-1).next
			continue
		}
		made := s.makeShipment(image, units) + 1
		if last == 0 {
			s.lives.mut(place).firstShipment = made
		} else {
			s.shipments.mut(last - 1).next = made
		}
		last = made
	}
}

// storeShipment writes down what became of a shipment.
func (s *slot) storeShipment(place uint32, image *ShipmentImage, units []SentUnits) {
	if record := s.shipments.at(place); record.status != image.Status || record.trackedAt != image.TrackedAt {
		record = s.shipments.mut(place)
		record.status, record.trackedAt = image.Status, image.TrackedAt
	}
	at := s.shipments.at(place).firstLine
	for i := range units {
		line := s.shipmentLines.at(at - 1)
		if line.takenBack != uint32(units[i].TakenBack) {
			s.shipmentLines.mut(at - 1).takenBack = uint32(units[i].TakenBack)
		}
		at = line.next
	}
}

// dropShipments forgets the shipments of an order that leaves.
func (s *slot) dropShipments(first uint32) {
	for at := first; at != 0; {
		record := *s.shipments.at(at - 1)
		for line := record.firstLine; line != 0; {
			next := s.shipmentLines.at(line - 1).next
			s.shipmentLines.release(line - 1)
			line = next
		}
		for report := record.firstReport; report != 0; {
			next := s.reports.at(report - 1).next
			s.reports.release(report - 1)
			report = next
		}
		s.shipments.release(at - 1)
		at = record.next
	}
}

// tallyShipments compares what became of an order's shipments with what its lines count, and counts their records.
func (a *auditor) tallyShipments(s *slot, image *OrderImage) {
	life := image.Life
	want := make([]LineLife, len(life.Lines))
	first := 0
	for i := range life.Shipments {
		sh := &life.Shipments[i]
		if sh.Status < ShipmentShipped || sh.Status > LastShipmentStatus || int(sh.Location) >= len(a.machine.locations) || sh.Lines == 0 {
			a.violate(Violation{Kind: ViolationShipment, Order: image.ID, Location: sh.Location})
		}
		for _, u := range life.Sent[first : first+sh.Lines] {
			if u.Line >= len(want) || u.TakenBack > u.Quantity || u.TakenBack > 0 && sh.Status != ShipmentReturnedToSender {
				a.violate(Violation{Kind: ViolationShipment, Order: image.ID})
				continue
			}
			l := &want[u.Line]
			l.Shipped += u.Quantity
			l.TakenBack += u.TakenBack
			if n := l.counter(sh.Status); n != nil {
				*n += u.Quantity
			}
		}
		first += sh.Lines
	}
	for i := range life.Lines {
		l := &life.Lines[i]
		want[i].Cancelled, want[i].Returning, want[i].Returned, want[i].NeverArrived = l.Cancelled, l.Returning, l.Returned, l.NeverArrived
		if want[i] != life.Lines[i] {
			a.expect(want[i].Shipped, life.Lines[i].Shipped, Violation{Kind: ViolationShipment, Order: image.ID, SKU: image.Lines[i].SKU})
			a.violate(Violation{Kind: ViolationShipment, Order: image.ID, SKU: image.Lines[i].SKU})
		}
	}
	a.shipments[s.id] += uint32(len(life.Shipments))
	a.sent[s.id] += uint32(len(life.Sent))
	for at := s.firstShipment(image.ID); at != 0; at = s.shipments.at(at - 1).next {
		for report := s.shipments.at(at - 1).firstReport; report != 0; report = s.reports.at(report - 1).next {
			a.reports[s.id]++
		}
	}
}
