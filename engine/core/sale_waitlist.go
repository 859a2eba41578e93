package core

import (
	"slices"

	"holdfast/engine/invariant"
)

// Who finds a SKU of a sale sold out may wait for it. Units that come back are offered to those who wait in the order in which
// they came, each as a hold of their own that ends soon. Until then the sale sells them to nobody else. The line of each SKU
// lies in the sale's slot; that of the SKU has what limits a customer and what there is, so every command that can make an offer
// touches both, and says who it is for: it is the host that reads who is next, and asks.

// WaiterImage is a place on the waitlist of a sale.
type WaiterImage struct {
	Sale       SaleID
	SKU        SKUID
	Number     Sequence // of the command that took it
	Since      Millis
	Quantity   Quantity
	Position   uint32 // 1 for the next one. Who left from between may still be counted; 0 for a place that is given up
	Channel    ChannelID
	Customer   []byte
	Identities []byte // what else the sale knows it by
}

// saleWaiterRecord is a place on a waitlist. Those of one item are a list, in the order in which they came.
type saleWaiterRecord struct {
	number     Sequence // 0 while the record is free
	since      Millis
	item       uint32 // in items
	next       uint32 // in waiters, plus one; 0 at the end
	previous   uint32
	turn       uint32 // the how manieth it was that came for the item
	quantity   uint32
	channel    ChannelID
	customer   uint8 // bytes of text
	identities uint8 // bytes of text behind them
	text       [waiterText]byte
}

// waiterText has room for a customer and all that it may be known by beside.
const waiterText = (MaxNameLength + (IdentityKinds-1)*IdentitySize + 7) &^ 7

// waiterFinding is what the slot of a sale found about a waitlist.
type waiterFinding struct {
	known  bool   // join: the customer has a place; leave: the place is taken; serve: and it is the next
	place  uint32 // of it in waiters
	length uint32 // places of the sale that are taken
	before uint32 // join: how many stand before the new one, at most
}

// places tells whether a command sells something at once.
func (c *Command) places() bool { return c.Kind == CommandPlaceHold || c.Kind == CommandPlaceOrder }

// isOfWaitlist tells whether a command asks what somebody who waits in a sale could have.
func (c *Command) isOfWaitlist() bool {
	return c.Kind == CommandJoinWaitlist || c.Kind == CommandServeWaitlist
}

// yield leaves the units that people wait for to them: who comes anew gets what is beyond. Like orders, those who wait get units of the
// pool first.
func (st *Step) yield() {
	for i := range st.lines {
		f, item := &st.lines[i], &st.sale.items[i]
		item.left, item.room = max(0, item.left-item.ahead), max(0, item.room-item.ahead)
		pooled := min(f.pooled, item.ahead)
		f.pooled -= pooled
		f.available -= item.ahead - pooled
	}
}

// ahead is how many units of a line's SKU people wait for who come before this order.
func (st *Step) ahead(i int) Quantity {
	if st.command.Sale == 0 || st.command.Kind == CommandServeWaitlist {
		return 0
	}
	return st.sale.items[i].ahead
}

// gatherWaitlist finds the place that a command is about; to join and to serve also what there is to sell.
func (s *slot) gatherWaitlist(st *Step) {
	c := st.command
	if c.Kind != CommandLeaveWaitlist {
		s.gatherPlacement(st)
	}
	if s.id != c.Sale.Slot() {
		return
	}
	w := &st.waiting
	*w = waiterFinding{}
	switch c.Kind {
	case CommandJoinWaitlist:
		w.place, w.known = s.findInLine(c.Sale, c.Lines[0].SKU, c.Customer)
		w.length, w.before = s.countWaiters(c.Sale), s.standBefore(c)
	case CommandLeaveWaitlist:
		if w.place, w.known = s.findWaiter(c.Sale, c.Waiter); w.known {
			s.waiterImage(w.place, &st.event.Waiter)
		}
	case CommandServeWaitlist:
		w.place, w.known = s.findWaiter(c.Sale, c.Waiter)
		if w.known = w.known && s.isNext(w.place, c); w.known {
			s.waiterImage(w.place, &st.event.Waiter)
		}
	}
}

// isNext tells whether a place is the next of its line, and that of whom the command is for. In front of it there may be some who came by
// other channels: the host has seen that these have nothing.
func (s *slot) isNext(place uint32, c *Command) bool {
	r := s.desk.waiters.at(place)
	before := r.previous
	for passed := 0; before != 0; passed++ {
		other := s.desk.waiters.at(before - 1)
		if passed == MaxPassedOver || other.channel == r.channel {
			return false
		}
		before = other.previous
	}
	line := &c.Lines[0]
	customer, identities := r.texts()
	return s.desk.items.at(r.item).sku == line.SKU && Quantity(r.quantity) == line.Quantity && r.channel == c.Channel &&
		string(customer) == string(c.Customer) && string(identities) == string(c.Identities)
}

func (r *saleWaiterRecord) texts() (customer, identities []byte) {
	end := uint(r.customer)
	return r.text[:end:end], r.text[end : end+uint(r.identities)]
}

// countWaiters is how many places of a sale are taken. A slot has few sales.
func (s *slot) countWaiters(id SaleID) (n uint32) {
	for _, place := range s.desk.lines {
		if item := s.desk.items.at(place); item.sale == id {
			n += item.waiters
		}
	}
	return n
}

// standBefore is how many stand before who joins now.
func (s *slot) standBefore(c *Command) uint32 {
	place, ok := s.findSaleItem(c.Sale, c.Lines[0].SKU)
	if !ok {
		return 0
	}
	item := s.desk.items.at(place)
	return item.joined + 1 - s.turnOfFirst(item, item.joined+1)
}

// turnOfFirst is the turn of the first in an item's line, or another one when nobody waits.
func (s *slot) turnOfFirst(item *saleItemRecord, otherwise uint32) uint32 {
	if item.first == 0 {
		return otherwise
	}
	return s.desk.waiters.at(item.first - 1).turn
}

// waiterImage fills img. Its texts are the record's, valid until the place is given up.
func (s *slot) waiterImage(place uint32, img *WaiterImage) {
	r := s.desk.waiters.at(place)
	item := s.desk.items.at(r.item)
	*img = WaiterImage{
		Sale:     item.sale,
		SKU:      item.sku,
		Number:   r.number,
		Since:    r.since,
		Quantity: Quantity(r.quantity),
		Position: r.turn - s.turnOfFirst(item, r.turn) + 1,
		Channel:  r.channel,
	}
	img.Customer, img.Identities = r.texts()
}

// decideJoin checks in the order of precedence, like a hold's, and takes the last place.
func (m *Machine) decideJoin(st *Step) {
	c := st.command
	if !st.sumLines() {
		return
	}
	if int(c.Channel) >= len(m.channels) {
		st.refuse(ReasonChannelNotFound)
		return
	}
	if m.refusesSale(st) || st.isStopped() || st.waiting.known {
		return
	}
	if m.findOffer(st); st.isForSale() || st.overLimit() || st.overBuyer() {
		return
	}
	if st.waiting.length >= st.sale.row.settings.WaitlistCapacity {
		st.refuse(ReasonWaitlistFull)
		return
	}
	st.event.Kind = EventWaitlistJoined
	st.event.Waiter = WaiterImage{
		Sale:       c.Sale,
		SKU:        c.Lines[0].SKU,
		Number:     st.sequence,
		Since:      st.now,
		Quantity:   c.Lines[0].Quantity,
		Position:   st.waiting.before + 1,
		Channel:    c.Channel,
		Customer:   c.Customer,
		Identities: c.Identities,
	}
	st.Outcome.Changed = true
}

// isForSale refuses to let anybody wait for what can be had.
func (st *Step) isForSale() bool {
	if units := min(st.sale.items[0].left, st.most(0, ReasonInsufficientStock), st.most(0, ReasonNotDeliverable)); units > 0 {
		st.refuseLine(ReasonStillForSale, 0, units)
	}
	return st.Outcome.Reason != ReasonNone
}

func (m *Machine) decideLeave(st *Step) {
	if m.saleOf(st.command.Sale) == nil {
		st.refuse(ReasonSaleNotFound)
		return
	}
	if st.waiting.known {
		st.giveUp(EventWaitlistLeft, ReasonNone)
	}
}

// giveUp plans the end of a place.
func (st *Step) giveUp(kind EventKind, reason Reason) {
	st.event.Kind, st.event.Reason = kind, reason
	st.event.Waiter.Position = 0
	st.Outcome.Changed = true
}

// decideServe offers the first of a line what there is for it. When there is nothing, it goes on waiting; when it may have
// nothing, it is struck off.
func (m *Machine) decideServe(st *Step) {
	if !st.waiting.known {
		return // it has left, or somebody is before it
	}
	m.canPlace(st)
	reason := st.Outcome.Reason
	st.Outcome = Outcome{}
	switch reason {
	case ReasonNone:
		m.planPlacement(st)
		// the hold's slot tells of it, while that of the sale forgets the place
		st.event.Waiter.Customer, st.event.Waiter.Identities = st.command.Customer, st.command.Identities
		st.giveUp(EventWaitlistOffered, ReasonNone)
	case ReasonSlotsChanged, ReasonSaleNotStarted, ReasonSKUStopped, ReasonHoldCap, ReasonSaleQuota, ReasonInsufficientStock, ReasonNotDeliverable:
	default:
		st.giveUp(EventWaitlistLeft, reason)
	}
}

// applyJoin writes a place down at the end of its line.
func (s *slot) applyJoin(st *Step, sink Sink) {
	image := &st.event.Waiter
	if s.id != image.Sale.Slot() {
		return
	}
	d := &s.desk
	at, ok := s.findSaleItem(image.Sale, image.SKU)
	invariant.Check(ok, "a sale has a record of what it sells")
	place := d.waiters.acquire()
	item, record := d.items.mut(at), d.waiters.mut(place)
	if item.waiters == 0 {
		behind, _ := slices.BinarySearch(d.lines, at)
		d.lines = slices.Insert(d.lines, behind, at)
	}
	item.joined++
	*record = saleWaiterRecord{
		number:     image.Number,
		since:      image.Since,
		item:       at,
		previous:   item.last,
		turn:       item.joined,
		quantity:   uint32(image.Quantity),
		channel:    image.Channel,
		customer:   uint8(len(image.Customer)),
		identities: uint8(len(image.Identities)),
	}
	copy(record.text[copy(record.text[:], image.Customer):], image.Identities)
	if item.last == 0 {
		item.first = place + 1
	} else {
		d.waiters.mut(item.last - 1).next = place + 1
	}
	item.last = place + 1
	s.indexWaiter(place)
	s.countWaiter(place, 1)
	sink.Event(&st.event)
}

// applyTurn ends a place: who had it has left, gets an offer, or is struck off.
func (s *slot) applyTurn(st *Step, sink Sink) {
	offered := st.event.Kind == EventWaitlistOffered
	if s.id == st.command.Sale.Slot() {
		if !offered {
			sink.Event(&st.event)
		}
		s.dropWaiter(st.waiting.place)
	}
	if offered {
		s.applyPlacement(st, sink)
		if s.id == st.home {
			s.orders.mut(st.place).flags |= orderOffered
		}
	}
}

// countWaiter adds a place to what people wait for, or takes it away.
func (s *slot) countWaiter(place uint32, sign int32) {
	d := &s.desk
	record := d.waiters.at(place)
	n := Quantity(sign) * Quantity(record.quantity)
	item := d.items.mut(record.item)
	item.waited += n
	item.waiters += uint32(sign)
	d.touch(record.item)
	customer, identities := record.texts()
	eachIdentity(customer, identities, func(kind IdentityKind, who customerHash) {
		buyer := s.makeSaleBuyer(item.sale, kind, who)
		d.buyers.mut(buyer).waited += n
		s.dropSaleBuyer(buyer)
	})
}

// dropWaiter takes a place out of its line and forgets it.
func (s *slot) dropWaiter(place uint32) {
	d := &s.desk
	s.countWaiter(place, -1)
	record := *d.waiters.at(place)
	item := d.items.mut(record.item)
	if record.previous == 0 {
		item.first = record.next
	} else {
		d.waiters.mut(record.previous - 1).next = record.next
	}
	if record.next == 0 {
		item.last = record.previous
	} else {
		d.waiters.mut(record.next - 1).previous = record.previous
	}
	if item.waiters == 0 {
		d.lines = slices.DeleteFunc(d.lines, func(at uint32) bool { return at == record.item })
	}
	customer, _ := record.texts()
	byNumber := d.waiterOf.Delete(s.waiterHash(record.number), place)
	byName := d.waitsFor.Delete(s.inLineHash(item.sale, item.sku, hashCustomer(customer)), place)
	invariant.Check(byNumber && byName, "a place is in its indexes")
	d.waiters.release(place)
}

func (s *slot) indexWaiter(place uint32) {
	d := &s.desk
	record := d.waiters.at(place)
	item := d.items.at(record.item)
	customer, _ := record.texts()
	d.waiterOf.Insert(s.waiterHash(record.number), place)
	d.waitsFor.Insert(s.inLineHash(item.sale, item.sku, hashCustomer(customer)), place)
}

// findWaiter finds a place of a sale by its number.
func (s *slot) findWaiter(id SaleID, number Sequence) (uint32, bool) {
	cursor := s.desk.waiterOf.Search(s.waiterHash(number))
	for cursor.Next() {
		if r := s.desk.waiters.at(cursor.Record()); r.number == number && s.desk.items.at(r.item).sale == id {
			return cursor.Record(), true
		}
	}
	return 0, false
}

// findInLine finds the place of a customer in the line of a SKU.
func (s *slot) findInLine(id SaleID, sku SKUID, customer []byte) (uint32, bool) {
	cursor := s.desk.waitsFor.Search(s.inLineHash(id, sku, hashCustomer(customer)))
	for cursor.Next() {
		r := s.desk.waiters.at(cursor.Record())
		known, _ := r.texts()
		if item := s.desk.items.at(r.item); item.sale == id && item.sku == sku && string(known) == string(customer) {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *slot) waiterHash(number Sequence) uint64 { return finish(uint64(number) ^ s.seed ^ digestA) }

func (s *slot) inLineHash(id SaleID, sku SKUID, who customerHash) uint64 {
	return finish(fold(who.high^s.seed, who.low^digestC) + uint64(id)<<32 + uint64(sku))
}

// ReadWaiter gives a place of a sale by its number. Its texts stay valid until the next command.
func (m *Machine) ReadWaiter(sale SaleID, number Sequence, img *WaiterImage) bool {
	s := &m.slots[sale.Slot()]
	place, ok := s.findWaiter(sale, number)
	if ok {
		s.waiterImage(place, img)
	}
	return ok
}

// ReadWaiterNamed gives the place of a customer in the line of a SKU of a sale.
func (m *Machine) ReadWaiterNamed(sale SaleID, sku SKUID, customer []byte, img *WaiterImage) bool {
	s := &m.slots[sale.Slot()]
	place, ok := s.findInLine(sale, sku, customer)
	if ok {
		s.waiterImage(place, img)
	}
	return ok
}

// EachWaiting calls do with the places in the line of a SKU of a sale, those that came after a number, in their order, until it
// gives false. A number that has left makes it look for where to begin.
func (m *Machine) EachWaiting(sale SaleID, sku SKUID, after Sequence, do func(img *WaiterImage) bool) {
	s := &m.slots[sale.Slot()]
	item, ok := s.findSaleItem(sale, sku)
	if !ok {
		return
	}
	at := s.desk.items.at(item).first
	if place, ok := s.findWaiter(sale, after); ok && s.desk.waiters.at(place).item == item {
		at = s.desk.waiters.at(place).next
	}
	var img WaiterImage
	for at != 0 {
		record := s.desk.waiters.at(at - 1)
		if record.number > after {
			if s.waiterImage(at-1, &img); !do(&img) {
				return
			}
		}
		at = record.next
	}
}
