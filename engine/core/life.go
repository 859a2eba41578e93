package core

import "holdfast/engine/invariant"

// What an order has beyond being placed is its life: what became of the units of each line. It is made by the first command that needs it, so
// an order that is only placed pays for it with one bit of its flags.
//
// The life lies in the order's home slot, in slabs of its own, and is found by an index that is derived. It is there as long as the order is in
// memory, closed ones too, and leaves with it.

// LifeRequest is what a command asks for that goes on with the life of an order.
type LifeRequest struct {
	Note       []byte
	Units      []LineUnits      // cancel lines: no two of one line; a quantity of 0 stands for all that can be. Split fulfilment order: those that are to be in another one. Short pick: those that were found, of lines of which some were not
	Location   LocationID       // ship order: that units leave; take back, receive return: to which they come; inspect return: where they lie; commands on fulfilment orders: whose they are
	Shipment   int              // track, take back: its number, from 1 on
	Reports    []TrackingReport // track: 1 to MaxTracked
	To         StockState       // take back: in which the units are
	Fulfilment int              // commands on fulfilment orders: the number; 0 for the first live one at the location. Ship order: of which units leave; 0 for all there
	Action     FulfilmentAction // work on fulfilment order
	At         Millis           // and from when on, to schedule it
	Into       int              // merge fulfilment orders: the number of the other one
	Target     LocationID       // move fulfilment order: where to
	Missing    bool             // short pick: what was not found is not sold again
	PickedUp   bool             // ship order: the customer has it
	OnHold     OnHold           // put on hold, take off hold: for which reasons; the latter for all if for none
	Return     *ReturnRequest   // request return to settle return

	DocumentOnly bool // edit order: it brings a document, of which no decision asks for what is new, and nothing else
}

// LineUnits are units of one line.
type LineUnits struct {
	Line     int // place in the order's lines
	Quantity Quantity
}

// FreedUnits are units of a line that the order does not have any more: at a location, or of those that waited.
type FreedUnits struct {
	Line     int  // place in the order's lines
	Beyond   bool // they waited
	Location LocationID
	Quantity Quantity
}

// LifeImage is what became of an order at one instant.
type LifeImage struct {
	Lines       []LineLife // of each line
	Shipments   []ShipmentImage
	Sent        []SentUnits       // units of all shipments, in the order of these
	Fulfilments []FulfilmentImage // once somebody has done something about one
	ToDo        []LineUnits       // units of all fulfilment orders, in the order of these
	ClosesAt    Millis            // of an order that was completed: the end of its return window, or of its last return if that is later
	Returns     []ReturnImage
	ReturnLines []ReturnLine  // units of all returns, in the order of these
	Refunds     []RefundImage // likewise
}

// SentUnits are units of one line in a shipment.
type SentUnits struct {
	Line      int // place in the order's lines
	Quantity  Quantity
	TakenBack Quantity // of those, when the shipment was returned to the sender
}

// LineLife is what became of a line's units. Of a line of units, or of a component's, what is not in it is allocated or waits.
type LineLife struct {
	Cancelled Quantity
	Shipped   Quantity
	Delivered Quantity // of those that were shipped
	Lost      Quantity // likewise
	SentBack  Quantity // likewise, returned to the sender
	TakenBack Quantity // of those, what is in stock again

	// What the order's returns say of the units (CountReturns).

	Returning    Quantity               // asked to come back, and nothing is known of them yet
	Returned     [Dispositions]Quantity // what became of those that were
	NeverArrived Quantity               // of both, those that are said to have never arrived
}

// gone is how many units the order does not wait for, nor has at a location.
func (l *LineLife) gone() Quantity { return l.Cancelled + l.Shipped }

// LineLife is what became of a line; nothing without a life.
func (o *OrderImage) LineLife(line int) LineLife {
	if o.Life == nil {
		return LineLife{}
	}
	return o.Life.Lines[line]
}

// lifeRecord is the life of one order.
type lifeRecord struct {
	order           uint32 // its place in orders, plus one; 0 while the record is free
	firstLine       uint32 // in lifeLines, plus one; while the record is free, the next free one
	firstShipment   uint32 // in shipments, plus one; 0 for none
	firstFulfilment uint32 // in fulfilments, plus one; 0 for none
	closesAt        Millis
	firstReturn     uint32 // in returns, plus one; 0 for none
	_               uint32
}

// lifeLineRecord is what became of one line. Those of an order are a list in the order of its lines.
type lifeLineRecord struct {
	next      uint32 // in lifeLines, plus one; 0 at the end; while free, the next free one
	cancelled uint32
	shipped   uint32
	delivered uint32
	lost      uint32
	sentBack  uint32
	takenBack uint32
}

// image is what became of the line.
func (r *lifeLineRecord) image() LineLife {
	return LineLife{
		Cancelled: Quantity(r.cancelled), Shipped: Quantity(r.shipped), Delivered: Quantity(r.delivered), Lost: Quantity(r.lost),
		SentBack: Quantity(r.sentBack), TakenBack: Quantity(r.takenBack),
	}
}

// set makes it what became of the line.
func (r *lifeLineRecord) set(l *LineLife) {
	r.cancelled, r.shipped, r.delivered, r.lost = uint32(l.Cancelled), uint32(l.Shipped), uint32(l.Delivered), uint32(l.Lost)
	r.sentBack, r.takenBack = uint32(l.SentBack), uint32(l.TakenBack)
}

// orderHasLife is the flag of an order that has a life.
const orderHasLife = 1 << 7

func (s *slot) lifeHash(order uint32) uint64 { return finish(uint64(order) ^ s.seed ^ digestC) }

// findLife gives the place of an order's life, if it has one.
func (s *slot) findLife(order uint32) (uint32, bool) {
	if s.orders.at(order).flags&orderHasLife == 0 {
		return 0, false
	}
	cursor := s.lifeOf.Search(s.lifeHash(order))
	for cursor.Next() {
		if s.lives.at(cursor.Record()).order == order+1 {
			return cursor.Record(), true
		}
	}
	invariant.Check(false, "a life is in its index")
	return 0, false
}

// makeLife gives the place of an order's life, which is made if there is none.
func (s *slot) makeLife(order uint32) uint32 {
	if place, ok := s.findLife(order); ok {
		return place
	}
	place := s.lives.acquire()
	record := s.lives.mut(place)
	record.order = order + 1
	for range s.orders.at(order).lines {
		line := s.lifeLines.acquire()
		s.lifeLines.mut(line).next = record.firstLine
		record.firstLine = line + 1
	}
	s.lifeOf.Insert(s.lifeHash(order), place)
	s.orders.mut(order).flags |= orderHasLife
	return place
}

// dropLife forgets the life of an order that leaves.
func (s *slot) dropLife(order uint32) {
	place, ok := s.findLife(order)
	if !ok {
		return
	}
	for at := s.lives.at(place).firstLine; at != 0; {
		next := s.lifeLines.at(at - 1).next
		s.lifeLines.release(at - 1)
		at = next
	}
	s.dropShipments(s.lives.at(place).firstShipment)
	s.dropReturns(s.lives.at(place).firstReturn)
	s.dropFulfilments(s.lives.at(place).firstFulfilment)
	found := s.lifeOf.Delete(s.lifeHash(order), place)
	invariant.Check(found, "a life is in its index")
	s.lives.release(place)
}

// lifeImage fills life from the records of an order that has one.
func (s *slot) lifeImage(order uint32, life *LifeImage) {
	place, _ := s.findLife(order)
	life.Lines, life.Shipments, life.Sent = life.Lines[:0], life.Shipments[:0], life.Sent[:0]
	for at := s.lives.at(place).firstLine; at != 0; {
		record := s.lifeLines.at(at - 1)
		life.Lines = append(life.Lines, record.image())
		at = record.next
	}
	life.ClosesAt = s.lives.at(place).closesAt
	s.shipmentImages(s.lives.at(place).firstShipment, life)
	life.Returns, life.ReturnLines, life.Refunds = life.Returns[:0], life.ReturnLines[:0], life.Refunds[:0]
	if first := s.lives.at(place).firstReturn; first != 0 {
		s.returnImages(first, life)
	}
	s.fulfilmentImages(s.lives.at(place).firstFulfilment, life)
}

// goneOf is how many units of an order's line were cancelled, or have left.
func (s *slot) goneOf(order, line uint32) Quantity {
	place, ok := s.findLife(order)
	if !ok {
		return 0
	}
	at := s.lives.at(place).firstLine
	for ; line > 0; line-- {
		at = s.lifeLines.at(at - 1).next
	}
	life := s.lifeLines.at(at - 1).image()
	return life.gone()
}

// storeLife writes an image's life down, and makes it if there is none.
func (s *slot) storeLife(order uint32, life *LifeImage) {
	place := s.makeLife(order)
	at := s.lives.at(place).firstLine
	for i := range life.Lines {
		line := s.lifeLines.mut(at - 1)
		line.set(&life.Lines[i])
		at = line.next
	}
	s.storeShipments(place, life)
	if len(life.Returns) > 0 {
		s.storeReturns(place, life)
	}
	s.storeFulfilments(place, life)
	if s.lives.at(place).closesAt != life.ClosesAt {
		if s.lives.mut(place).closesAt = life.ClosesAt; life.ClosesAt != 0 {
			s.awaitClosing(order, life.ClosesAt)
		}
	}
}

// beginLife gives the loaded image a life if it has none, in the step's memory.
func (st *Step) beginLife() *LifeImage {
	image := &st.event.Order
	if image.Life == nil {
		if st.life == nil {
			st.life = new(LifeImage)
		}
		image.Life = st.life
		lines := resize(image.Life.Lines, len(image.Lines))
		clear(lines)
		*image.Life = LifeImage{
			Lines: lines, Shipments: image.Life.Shipments[:0], Sent: image.Life.Sent[:0],
			Returns: image.Life.Returns[:0], ReturnLines: image.Life.ReturnLines[:0], Refunds: image.Life.Refunds[:0],
			Fulfilments: image.Life.Fulfilments[:0], ToDo: image.Life.ToDo[:0],
		}
	}
	return image.Life
}

// restoreLives enters the lives where they are found.
func (s *slot) restoreLives() {
	for place := range s.lives.length {
		if order := s.lives.at(place).order; order != 0 {
			s.lifeOf.Insert(s.lifeHash(order-1), place)
			if at := s.closesAt(order - 1); at != 0 {
				s.awaitClosing(order-1, at)
			}
			s.restoreReturns(order - 1)
		}
	}
}

// auditLives checks that each life is that of an order which knows of it, and that no record is lost.
func (a *auditor) auditLives(s *slot) {
	lives, lines := uint32(0), uint32(0)
	for place := range s.lives.length {
		record := s.lives.at(place)
		if record.order == 0 {
			continue
		}
		lives++
		n := uint32(0)
		for at := record.firstLine; at != 0; at = s.lifeLines.at(at - 1).next {
			n++
		}
		lines += n
		order := record.order - 1
		if order >= s.orders.length || !s.orders.isHere(order>>pageShift) {
			a.violate(Violation{Kind: ViolationLife, Order: MakeOrderID(s.id, false, order)})
			continue
		}
		owner := s.orders.at(order)
		v := Violation{Kind: ViolationLife, Order: s.idOf(order)}
		a.expect(Quantity(owner.lines), Quantity(n), v)
		if found, ok := s.findLife(order); !ok || found != place {
			a.violate(v)
		}
	}
	a.checkLive(s, lives, s.lives.live)
	a.checkLive(s, lines, s.lifeLines.live)
	a.checkLive(s, a.reports[s.id], s.reports.live)
	a.checkLive(s, a.shipments[s.id], s.shipments.live)
	a.checkLive(s, a.fulfilments[s.id], s.fulfilments.live)
	a.checkLive(s, a.todo[s.id], s.fulfilmentLines.live)
	a.checkLive(s, a.sent[s.id], s.shipmentLines.live)
	a.checkLive(s, a.returns[s.id].returns, s.returns.live)
	a.checkLive(s, a.returns[s.id].lines, s.returnLines.live)
	a.checkLive(s, a.returns[s.id].refunds, s.refunds.live)
}

// tallyLife checks what became of an order's units.
func (a *auditor) tallyLife(s *slot, image *OrderImage) {
	if image.Life == nil {
		return
	}
	a.tallyShipments(s, image)
	a.tallyReturns(s, image)
	a.tallyFulfilments(s, image)
	if (image.Life.ClosesAt != 0) != (image.Status == StatusCompleted || image.Status == StatusClosed) {
		a.violate(Violation{Kind: ViolationLife, Order: image.ID})
	}
	for i := range image.Life.Lines {
		if life := &image.Life.Lines[i]; life.gone() > image.Lines[i].Quantity {
			a.expect(image.Lines[i].Quantity, life.gone(), Violation{Kind: ViolationLife, Order: image.ID, SKU: image.Lines[i].SKU})
		}
	}
}
