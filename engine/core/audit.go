package core

import "slices"

// ViolationKind says which invariant of the state does not hold.
type ViolationKind uint8

const (
	ViolationSKUSum           ViolationKind = 1  // a SKU's sum is not that of its levels
	ViolationNegative         ViolationKind = 2  // a quantity is negative
	ViolationReserved         ViolationKind = 3  // a level's reserved units are not those of the live holds
	ViolationAllocated        ViolationKind = 4  // a level's allocated units are not those of the orders
	ViolationBackordered      ViolationKind = 5  // a SKU's backordered units are not those of holds and orders
	ViolationOversold         ViolationKind = 6  // a location promised more than it has, and no count explains it
	ViolationLine             ViolationKind = 7  // a line's allocations and backordered units are not its quantity
	ViolationLimitCount       ViolationKind = 8  // counted units of customers are not those of the counted lines
	ViolationExternalMissing  ViolationKind = 9  // an external id does not lead to its order
	ViolationStatus           ViolationKind = 10 // an order has a status or slots that cannot be
	ViolationPart             ViolationKind = 11 // a part belongs to no order
	ViolationLeak             ViolationKind = 12 // a slot has records in use that nothing refers to; Order's home is the slot
	ViolationSupply           ViolationKind = 13 // a SKU's supply is not the one that was told, and does not wait to be
	ViolationWithheld         ViolationKind = 14 // what is not for sale is not what stopped locations could give, or a level is marked wrongly
	ViolationPool             ViolationKind = 19 // the units that came out of a pool are not those of the pooled lines
	ViolationPreorder         ViolationKind = 29 // a SKU's room beyond stock is not that of its live preorder, or is that of one that is not
	ViolationWaiting          ViolationKind = 28 // a SKU's queue is not that of the orders that wait for it, oldest first
	ViolationSaleItem         ViolationKind = 32 // a sale's held or sold units of a SKU are not those of its holds and orders
	ViolationSaleBuyer        ViolationKind = 33 // units counted of a sale's buyers are not those of its holds and orders; Order's home is the slot
	ViolationWaitlist         ViolationKind = 34 // a place on a waitlist is lost or in the wrong line, or what people wait for is counted wrongly
	ViolationQueue            ViolationKind = 36 // the counters of a sale's queue contradict each other
	ViolationIncoming         ViolationKind = 20 // a SKU's lots are not the open lines of documents
	ViolationKit              ViolationKind = 24 // a kit has units of its own, or its components are not in order
	ViolationLife             ViolationKind = 48 // a life is lost, or its order's lines are others; of a line more became than there is
	ViolationShipment         ViolationKind = 49 // a line shipped other units than the shipments sent, or a shipment cannot be
	ViolationFulfilment       ViolationKind = 60 // units that are to be done at a location are not those allocated there
	ViolationFulfilmentStatus ViolationKind = 61 // a fulfilment order has a status that does not fit what is left of it
	ViolationSettled          ViolationKind = 50 // units of orders that left were counted of nobody
	ViolationAccount          ViolationKind = 52 // an account is lost, or what its order costs cannot be
	ViolationLedger           ViolationKind = 53 // entries of a ledger contradict each other, more was given back than came in, or a task is not counted
	ViolationLock             ViolationKind = 54 // a locked hold ends before its lock, or an order that is none is locked
	ViolationReturn           ViolationKind = 56 // a return cannot be, or what is known of its units is not what its status says
	ViolationReturned         ViolationKind = 57 // more units of a line are in returns than were delivered, or have left
	ViolationRefund           ViolationKind = 58 // a refund cannot be, or is in another currency than its return
	ViolationRefundTask       ViolationKind = 64 // a refund that was decided on is not asked for, or more than it is
	ViolationUnsettled        ViolationKind = 59 // a return came to nothing, and nobody will deal with its replacement
	ViolationBooking          ViolationKind = 41 // an order that counts at a location on a day is not one that it ships, or is not counted
	ViolationCase             ViolationKind = 39 // an oversold case is lost, or more is left of it than its order waits for
	ViolationRevision         ViolationKind = 63 // the record of an edit that brought an order's document is lost, or another order's
	ViolationInbound          ViolationKind = 21 // a document's line does not fit its status: out is not what was received and what differed
)

// Violation is one place where the state contradicts itself.
type Violation struct {
	Kind     ViolationKind
	SKU      SKUID
	Location LocationID
	Order    OrderID
	Want     Quantity // recomputed from the records
	Got      Quantity // as kept
}

// AuditReport is the result of an audit.
type AuditReport struct {
	Violations                                 []Violation // the first MaxViolations
	Found                                      int         // all of them
	SKUs                                       int
	Held, Placed, Cancelled, Released, Expired int // orders in memory, by status
	Completed, Closed                          int // likewise
	Archived                                   int // orders that have left memory
	Inbound                                    int // purchase orders and transfers
}

// MaxViolations bounds an audit's list: one broken sum can show in every order.
const MaxViolations = 100

// auditor recomputes sums from the orders' records, by level and SKU of each slot.
type auditor struct {
	machine                  *Machine
	report                   AuditReport
	levels                   [SlotCount][]levelTally
	skus                     [SlotCount][]skuTally
	items                    [SlotCount][]saleItemTally
	buyers                   [SlotCount][]Quantity // by place of the record
	pools                    [SlotCount][]Quantity // by rule: units of its pool
	counted                  [SlotCount][]Quantity // by place of the record: a customer's units, by lines and parts
	waiting                  uint32                // records of the slot's queues
	shipments, sent, reports [SlotCount]uint32     // records of each slot that orders refer to
	amounts, entries         [SlotCount]uint32     // likewise
	returns                  [SlotCount]returnTally
	revised                  [SlotCount]uint32 // orders of each slot whose document is that of an edit
	fulfilments, todo        [SlotCount]uint32 // likewise
	settled                  []settledUnits    // units of orders that have left
	waiters                  uint32            // places found in the lines of the slot under audit
}

type levelTally struct{ reserved, allocated Quantity }

type skuTally struct {
	heldBeyond, placedBeyond Quantity // backordered
	expected                 int      // lots, by the lines of documents
}

// Audit recomputes every invariant from the records. All slots must stand still.
func (m *Machine) Audit() AuditReport {
	a := &auditor{machine: m}
	for i := range m.slots {
		a.levels[i] = make([]levelTally, m.slots[i].levels.length)
		a.skus[i] = make([]skuTally, m.slots[i].skus.length)
		a.items[i] = make([]saleItemTally, m.slots[i].desk.items.length)
		a.buyers[i] = make([]Quantity, m.slots[i].desk.buyers.length)
		a.pools[i] = make([]Quantity, m.slots[i].rules.length)
		a.counted[i] = make([]Quantity, m.slots[i].limits.length)
	}
	for i := range m.slots {
		a.tallyOrders(&m.slots[i])
		a.tallyParts(&m.slots[i])
		a.tallyInbound(&m.slots[i])
		a.tallySettled(&m.slots[i])
	}
	for i := range m.slots {
		a.checkSlot(&m.slots[i])
		a.checkLimits(&m.slots[i])
		a.auditQueues(&m.slots[i])
		a.auditCases(&m.slots[i])
		a.checkLots(&m.slots[i])
		a.auditWaitlists(&m.slots[i])
		a.auditLives(&m.slots[i])
		a.auditAccounts(&m.slots[i])
		a.auditBook(&m.slots[i])
		a.auditRevisions(&m.slots[i])
	}
	a.checkSettled()
	return a.report
}

func (a *auditor) violate(v Violation) {
	a.report.Found++
	if len(a.report.Violations) < MaxViolations {
		a.report.Violations = append(a.report.Violations, v)
	}
}

func (a *auditor) expect(want, got Quantity, v Violation) {
	if want != got {
		v.Want, v.Got = want, got
		a.violate(v)
	}
}

func (a *auditor) tallyOrders(s *slot) {
	var image OrderImage
	for place := range s.orders.length {
		if !s.orders.isHere(place >> pageShift) {
			a.report.Archived++
			continue
		}
		s.image(place, &image)
		record := s.orders.at(place)
		if !record.covers(s.id, image.Lines) || image.Status < StatusHeld || image.Status > StatusClosed || image.Status >= StatusCompleted && image.Life == nil ||
			image.OnHold&^AnyOnHold != 0 || image.OnHold != 0 && image.Status != StatusPlaced {
			a.violate(Violation{Kind: ViolationStatus, Order: image.ID})
		}
		a.countStatus(image.Status)
		if image.Edited != 0 {
			a.revised[s.id]++
		}
		a.tallyLife(s, &image)
		a.tallyAccount(s, &image)
		a.tallyLines(s, record, &image)
		if image.Sale != 0 {
			a.tallySale(s, &image)
		}
		a.auditBooking(s, record, &image)
		if len(image.ExternalID) == 0 {
			continue
		}
		if owner, ok := s.findExternal(image.Channel, image.ExternalID); !ok || owner != image.ID {
			a.violate(Violation{Kind: ViolationExternalMissing, Order: image.ID})
		}
	}
}

// covers tells whether an order's slots are those of its home and its lines, at least.
func (r *orderRecord) covers(home Slot, lines []LineImage) bool {
	needed := home.Mask()
	for i := range lines {
		needed |= lines[i].SKU.Slot().Mask()
	}
	return needed&^r.mask == 0 && (r.marks&orderGrown == 0 || r.mask != home.Mask())
}

func (a *auditor) countStatus(status OrderStatus) {
	switch status {
	case StatusHeld:
		a.report.Held++
	case StatusPlaced:
		a.report.Placed++
	case StatusCancelled:
		a.report.Cancelled++
	case StatusReleased:
		a.report.Released++
	case StatusExpired:
		a.report.Expired++
	case StatusCompleted:
		a.report.Completed++
	case StatusClosed:
		a.report.Closed++
	}
}

// tallyLines adds an order's promised units to the levels and SKUs they are promised from. What a live hold
// has in other slots than its home is counted from the parts there, as those end it there.
func (a *auditor) tallyLines(s *slot, record *orderRecord, image *OrderImage) {
	next, kits := 0, Quantity(0) // kits are those of the last line of kits
	for i := range image.Lines {
		l := &image.Lines[i]
		allocations := image.Allocations[next : next+l.Allocations]
		next += l.Allocations
		life := image.LineLife(i)
		sum := l.Backordered + life.gone()
		for _, al := range allocations {
			sum += al.Quantity
		}
		want := l.Quantity
		switch l.Role {
		case LineOfKits:
			kits, want = l.Quantity, life.gone()
		case LineUntracked:
			kits, want = 0, life.gone()
		case LineOfComponent:
			if kits == 0 || l.Quantity%kits != 0 {
				a.expect(kits, l.Quantity, Violation{Kind: ViolationLine, Order: image.ID, SKU: l.SKU})
			}
		default:
			kits = 0
		}
		a.expect(want, sum, Violation{Kind: ViolationLine, Order: image.ID, SKU: l.SKU})
		if allocated := sum - l.Backordered - life.Cancelled; l.Pooled > allocated {
			a.expect(allocated, l.Pooled, Violation{Kind: ViolationLine, Order: image.ID, SKU: l.SKU})
		}
		held := image.Status == StatusHeld
		if held && l.SKU.Slot() == s.id || image.Status.isSold() {
			line := s.lines.at(record.firstLine + uint32(i))
			a.tallyLine(l, allocations, held)
			if line.flags&lineCounted != 0 {
				a.tallyCounted(hashCustomer(image.Customer), l.SKU, l.Quantity-life.Cancelled)
			}
			if line.flags&linePooled != 0 {
				n, pool := s.pooled(line)
				a.tallyPool(l.SKU, image.Channel, pool, n)
			}
		}
	}
}

func (a *auditor) tallyLine(l *LineImage, allocations []Allocation, held bool) {
	sku := &a.skus[l.SKU.Slot()][l.SKU.Place()]
	if held {
		sku.heldBeyond += l.Backordered
	} else {
		sku.placedBeyond += l.Backordered
	}
	for _, al := range allocations {
		if tally := a.levelTally(l.SKU, al.Location); held {
			tally.reserved += al.Quantity
		} else {
			tally.allocated += al.Quantity
		}
	}
}

func (a *auditor) levelTally(id SKUID, location LocationID) *levelTally {
	s := &a.machine.slots[id.Slot()]
	return &a.levels[id.Slot()][s.levelOf(s.skus.at(id.Place()), location)]
}

func (a *auditor) tallyParts(s *slot) {
	var parts, lines uint32
	for place := range s.parts.length {
		part := s.parts.at(place)
		if found, ok := s.findPart(part.order); part.deadline == 0 || !ok || found != place {
			continue // a free record
		}
		parts++
		if _, ok := a.machine.slots[part.order.Home()].findOrder(part.order); !ok && !a.machine.IsArchived(part.order) {
			a.violate(Violation{Kind: ViolationPart, Order: part.order})
		}
		for at := part.first; at != 0; {
			lines++
			line := s.partLines.at(at - 1)
			at = line.next
			if a.tallySalePart(s, line) {
				continue
			}
			tally := &a.skus[s.id][line.sku.Place()]
			switch line.kind {
			case partAllocation:
				a.levelTally(line.sku, line.location).reserved += line.quantity
			case partBackordered:
				tally.heldBeyond += line.quantity
			case partCounted:
				a.tallyCounted(part.customer, line.sku, line.quantity)
			case partPooled:
				a.tallyPool(line.sku, ChannelID(line.location), line.pool, line.quantity)
			}
		}
	}
	a.checkLive(s, parts, s.parts.live)
	a.checkLive(s, lines, s.partLines.live)
}

// tallyPool adds to what came out of a pool, unless it is one that is no more.
func (a *auditor) tallyPool(id SKUID, channel ChannelID, pool uint32, n Quantity) {
	s := &a.machine.slots[id.Slot()]
	if place, ok := s.findRule(s.skus.at(id.Place()), channel); ok && s.rules.at(place).generation == pool {
		a.pools[s.id][place] += n
	}
}

// tallyCounted adds to what a customer has of a SKU with a limit.
func (a *auditor) tallyCounted(customer customerHash, id SKUID, n Quantity) {
	place, ok := a.machine.slots[id.Slot()].findLimit(customer, id)
	if !ok {
		a.expect(n, 0, Violation{Kind: ViolationLimitCount, SKU: id})
		return
	}
	a.counted[id.Slot()][place] += n
}

// checkLimits compares the table of limits with what was counted.
func (a *auditor) checkLimits(s *slot) {
	var limits uint32
	for place := range s.limits.length {
		if record := s.limits.at(place); record.units != 0 {
			left := a.takeSettled(settledUnits{sku: record.sku}, record.units-a.counted[s.id][place])
			a.expect(a.counted[s.id][place], record.units-left, Violation{Kind: ViolationLimitCount, SKU: record.sku})
			limits++
		}
	}
	a.checkLive(s, limits, s.limits.live)
}

// checkLive compares the records that are referred to with those in use.
func (a *auditor) checkLive(s *slot, referred, live uint32) {
	a.expect(Quantity(referred), Quantity(live), Violation{Kind: ViolationLeak, Order: MakeOrderID(s.id, false, 0)})
}

func (a *auditor) checkSlot(s *slot) {
	a.report.SKUs += int(s.skus.length)
	components := uint32(0)
	for place := range s.skus.length {
		a.checkSKU(s, place)
		components += a.checkKit(s, place)
	}
	a.checkLive(s, components, s.components.live)
	a.checkDesk(s)
	a.checkLive(s, a.waiting, s.waiting.live)
	a.waiting = 0
}

func (a *auditor) checkSKU(s *slot, place uint32) {
	sku, tally := s.skus.at(place), &a.skus[s.id][place]
	id := MakeSKUID(s.id, place)
	var onHand, unavailable, reserved, allocated, withheld Quantity
	for at := sku.firstLevel; at != 0; {
		level := s.levels.at(at - 1)
		a.checkLevel(level, &a.levels[s.id][at-1])
		onHand += level.onHand
		unavailable += level.unavailable[0] + level.unavailable[1] + level.unavailable[2]
		reserved += level.reserved
		allocated += level.allocated
		if a.machine.locations[level.location].settings.Stopped {
			withheld += max(0, level.fulfillable())
		}
		at = level.next
	}
	s.eachRulePlace(sku, func(rule uint32) {
		a.expect(a.pools[s.id][rule], s.rules.at(rule).used, Violation{Kind: ViolationPool, SKU: id})
	})
	rules := uint32(0)
	s.eachRule(sku, func(rule *ruleRecord, _ Quantity) {
		if rule.counts() {
			rules = skuChannels
		}
	})
	a.expect(Quantity(rules), Quantity(sku.flags&skuChannels), Violation{Kind: ViolationPool, SKU: id})
	a.expect(onHand, sku.onHand, Violation{Kind: ViolationSKUSum, SKU: id})
	a.expect(unavailable, sku.unavailable, Violation{Kind: ViolationSKUSum, SKU: id})
	a.expect(reserved, sku.reserved, Violation{Kind: ViolationSKUSum, SKU: id})
	a.expect(allocated, sku.allocated, Violation{Kind: ViolationSKUSum, SKU: id})
	a.expect(tally.heldBeyond, sku.backorderedHeld, Violation{Kind: ViolationBackordered, SKU: id})
	a.expect(tally.placedBeyond, sku.backorderedPlaced, Violation{Kind: ViolationBackordered, SKU: id})
	a.expect(withheld, sku.withheld, Violation{Kind: ViolationWithheld, SKU: id})
	if _, waits := slices.BinarySearch(s.alerts, id); !waits { // between two commands they are in the order of their numbers
		a.expect(Quantity(sku.supply()), Quantity(sku.toldSupply()), Violation{Kind: ViolationSupply, SKU: id})
	}
	a.checkWaiting(s, id, sku)
	a.checkPreorder(s, id, sku)
}

func (a *auditor) checkPreorder(s *slot, id SKUID, sku *skuRecord) {
	place, ok := s.preorderOf(sku)
	live := ok && s.rules.at(place).phase == PoolLive
	if live != (sku.flags&skuPreorder != 0) {
		a.violate(Violation{Kind: ViolationPreorder, SKU: id})
	}
	if live {
		a.expect(s.rules.at(place).quota, sku.backorderLimit, Violation{Kind: ViolationPreorder, SKU: id})
	}
}

// checkWaiting compares a SKU's queue with what was promised beyond stock, and with the orders that are in it.
func (a *auditor) checkWaiting(s *slot, id SKUID, sku *skuRecord) {
	var units Quantity
	var since Sequence
	last := uint32(0)
	for at := sku.firstWaiting; at != 0; {
		a.waiting++
		w := s.waiting.at(at - 1)
		found, ok := s.findWaiting(id, w.order)
		if !ok || found != at-1 || w.previous != last || w.since <= since {
			a.violate(Violation{Kind: ViolationWaiting, SKU: id, Order: w.order})
		}
		if want, known := a.machine.waitsFor(id, w.order); known {
			a.expect(want, w.units, Violation{Kind: ViolationWaiting, SKU: id, Order: w.order})
		}
		home := &a.machine.slots[w.order.Home()]
		if place, ok := home.findOrder(w.order); ok {
			a.expect(Quantity(home.orders.at(place).channel), Quantity(w.channel), Violation{Kind: ViolationWaiting, SKU: id, Order: w.order})
		}
		units += w.units
		since, last, at = w.since, at, w.next
	}
	a.expect(Quantity(last), Quantity(sku.lastWaiting), Violation{Kind: ViolationWaiting, SKU: id})
	a.expect(sku.backorderedHeld+sku.backorderedPlaced, units, Violation{Kind: ViolationWaiting, SKU: id})
	first := s.firstServed(sku, &queueNotes{})
	if n := s.queues.known(id); n != nil && s.firstServed(sku, n) != first || s.mark[id.Place()]&markFillable == 0 && first != 0 && s.toFill(sku) > 0 {
		a.violate(Violation{Kind: ViolationWaiting, SKU: id})
	}
}

// waitsFor is what an order waits for of a SKU by its lines. Of a hold that has ended in its home, and not yet here, nothing is known.
func (m *Machine) waitsFor(id SKUID, order OrderID) (units Quantity, known bool) {
	s := &m.slots[order.Home()]
	place, ok := s.findOrder(order)
	if !ok || s.orders.at(place).status.IsClosed() {
		_, ends := m.slots[id.Slot()].findPart(order)
		return 0, !ends
	}
	record := s.orders.at(place)
	for i := range uint32(record.lines) {
		if line := s.lines.at(record.firstLine + i); line.sku == id {
			units += Quantity(line.backordered)
		}
	}
	return units, true
}

// checkKit checks what a SKU is made of, and gives the number of its components.
func (a *auditor) checkKit(s *slot, place uint32) (n uint32) {
	sku, id := s.skus.at(place), MakeSKUID(s.id, place)
	whole := true
	for at := s.firstComponent(id); at != 0; at = s.components.at(at - 1).next {
		part := s.components.at(at - 1)
		_, indexed := s.componentOf.Find(s.componentHash(part.sku), func(place uint32) bool { return place == at-1 })
		whole = whole && indexed && part.kit == id && part.position == n && part.quantity > 0 && !a.machine.isKit(part.sku) &&
			part.sku.Place() < a.machine.slots[part.sku.Slot()].skus.length
		n++
	}
	isKit := sku.flags&skuKit != 0
	if !whole || isKit != (n > 0) || n > MaxComponents || isKit && !s.mayBeKit(sku) {
		a.violate(Violation{Kind: ViolationKit, SKU: id})
	}
	return n
}

func (a *auditor) checkLevel(level *levelRecord, tally *levelTally) {
	v := Violation{SKU: level.sku, Location: level.location}
	for _, n := range [...]Quantity{level.onHand, level.reserved, level.allocated,
		level.unavailable[0], level.unavailable[1], level.unavailable[2]} {
		if n < 0 {
			v.Kind, v.Got = ViolationNegative, n
			a.violate(v)
		}
	}
	if stopped := a.machine.locations[level.location].settings.Stopped; stopped != (level.flags&levelStopped != 0) {
		v.Kind = ViolationWithheld
		a.violate(v)
	}
	v.Kind = ViolationReserved
	a.expect(tally.reserved, level.reserved, v)
	v.Kind = ViolationAllocated
	a.expect(tally.allocated, level.allocated, v)
	if n := level.fulfillable(); n < 0 && level.flags&levelShort == 0 {
		v.Kind, v.Want, v.Got = ViolationOversold, 0, n
		a.violate(v)
	}
}
