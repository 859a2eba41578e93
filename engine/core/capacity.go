package core

import (
	"slices"

	"holdfast/engine/invariant"
)

// A location may have a capacity: how many orders it can ship in a day. While one has, every order that is routed is booked with each
// location that ships some of it, on the day on which it is to be dealt with there, and a location that is booked up is no candidate for others.
//
// An order is decided before anybody knows where its units come from, so the bookings of all locations lie in one slot. It is in the mask
// of whatever places an order while a location has a capacity, and of all follow-ups on the order from then on: a mask that was made before
// is refused with ReasonSlotsChanged, and whoever sent the command tries again. An order that was placed without is never booked, whatever is
// filled or rerouted of it later, so shops without capacities pay nothing.

// CapacitySlot keeps the bookings. It must not change: masks in journals have it.
const CapacitySlot Slot = 0

// MaxDailyCapacity bounds a location's capacity.
const MaxDailyCapacity = 1_000_000_000

// Day is a calendar day, counted from 1970-01-01, somewhere.
type Day int32

// millisOfDay is the length of every day: local time is a fixed distance from UTC.
const millisOfDay Millis = MinutesOfDay * 60_000

// CapacityImage is what a location can ship, on the day on which an order that is placed now would count.
type CapacityImage struct {
	Day    Day
	Booked uint32 // orders; also more than the capacity, when it was lowered or orders were forced
}

// bookingRecord is an order that counts at a location on a day, kept as long as the order is live.
type bookingRecord struct {
	order    OrderID
	day      Day
	next     uint32 // while the record is free
	location LocationID
	flags    uint16 // bookingTaken, or the record is free
	_        uint32
}

const bookingTaken uint16 = 1

// book is what a slot knows of bookings; all but those of CapacitySlot are empty.
type book struct {
	bookings recycler[bookingRecord]
	of       *Index       // order number → bookings
	days     [][]dayCount // by location: days with bookings, ascending. Derived
}

// dayCount is how many orders are booked on a day.
type dayCount struct {
	day    Day
	orders uint32
}

func (b *book) open(k *keeper, allocate Allocator) {
	b.bookings.open(SlabBookings, k, allocate)
	b.bookings.next = func(r *bookingRecord) *uint32 { return &r.next }
	b.of = NewIndex(allocate)
}

// dayOf is the day on which an order of an instant counts: the location's calendar day, from its cut-off on the next one. A day begins at
// its first millisecond, and the cut-off is late already.
func (s *Shipping) dayOf(now Millis) Day {
	if s == nil {
		return dayAt(now)
	}
	day := dayAt(now + Millis(s.UTCOffset)*60_000)
	if s.isLate(now) {
		day++
	}
	return day
}

func dayAt(local Millis) Day {
	day := local / millisOfDay
	if local%millisOfDay < 0 {
		day--
	}
	return Day(day)
}

// hasCapacity tells whether there is an end to what the location ships in a day.
func (l *location) hasCapacity() bool {
	return l.settings.Shipping != nil && l.settings.Shipping.DailyCapacity > 0
}

// countCapacity adds a location to those that have a capacity, or takes it away, if it has one.
func (m *Machine) countCapacity(l *location, one int) {
	if l.hasCapacity() {
		m.capacities += one
	}
}

// SlotsNow are the slots that a command touches on account of what the tables say now, beside those that it names. An engine puts them
// into its mask.
func (m *Machine) SlotsNow(c *Command) SlotMask { return SlotsWith(c, m.capacities > 0) }

// SlotsWith is SlotsNow, from whether any location has a capacity.
func SlotsWith(c *Command, capacities bool) SlotMask {
	if capacities && c.books() {
		return CapacitySlot.Mask()
	}
	return 0
}

// books tells whether a command places what may be booked.
func (c *Command) books() bool {
	return (c.places() || c.Kind == CommandServeWaitlist) && c.Stock != StockSkip
}

// findBooks notes whether a new order is booked. It refuses one that would have to be, and whose mask was made when no location had a
// capacity.
func (m *Machine) findBooks(st *Step) bool {
	st.booked = m.capacities > 0 && m.policy.active && st.command.books()
	if st.booked && !st.command.Mask.Has(CapacitySlot) {
		st.refuse(ReasonSlotsChanged)
		return false
	}
	return true
}

// isBookedUp tells whether a location has no room for the order on the day. Forced orders and offers to those who waited are booked
// whatever the room; what is rerouted or added to where the order counts on the day already needs none.
func (m *Machine) isBookedUp(st *Step, id LocationID, row *location) bool {
	c := st.command
	if !st.booked || !row.hasCapacity() || c.Stock == StockForce || c.Kind == CommandServeWaitlist {
		return false
	}
	s := &m.slots[CapacitySlot] // it is in the mask, so it stands still
	shipping := row.settings.Shipping
	day := shipping.dayOf(st.now)
	if s.book.ordersOn(id, day) < shipping.DailyCapacity {
		return false
	}
	if c.Kind == CommandRerouteOrder || c.Kind == CommandEditOrder || c.Kind == CommandShortPick || c.Kind == CommandDeclineFulfilment {
		_, counts := s.findBooking(c.Order, id, day)
		return !counts
	}
	return true
}

func (b *book) ordersOn(location LocationID, day Day) uint32 {
	if int(location) >= len(b.days) {
		return 0
	}
	days := b.days[location]
	for i := len(days) - 1; i >= 0 && days[i].day >= day; i-- { // it is one of the last
		if days[i].day == day {
			return days[i].orders
		}
	}
	return 0
}

// count adds to the orders of a day, or takes one away.
func (b *book) count(location LocationID, day Day, one int32) {
	if missing := int(location) + 1 - len(b.days); missing > 0 {
		b.days = append(b.days, make([][]dayCount, missing)...)
	}
	days := &b.days[location]
	at := len(*days)
	for at > 0 && (*days)[at-1].day >= day {
		at--
	}
	if at == len(*days) || (*days)[at].day != day {
		*days = slices.Insert(*days, at, dayCount{day: day})
	}
	n := &(*days)[at].orders
	if *n += uint32(one); *n == 0 {
		*days = slices.Delete(*days, at, at+1)
	}
}

// bookOrder books the order that is placed with every location that it has units of.
func (s *slot) bookOrder(st *Step) {
	for _, a := range st.event.Order.Allocations {
		s.makeBooking(st, a.Location)
	}
}

// bookFills books an order that waited with the locations whose units it gets.
func (s *slot) bookFills(st *Step) {
	for i := range st.event.Fills {
		s.makeBooking(st, st.event.Fills[i].Location)
	}
}

// bookReroute books an order with the locations that its units move to, and no longer with that which has none of it any more.
func (s *slot) bookReroute(st *Step) {
	what := &st.event.Reroute
	for i := range what.Moves {
		if r := &what.Moves[i]; !r.Beyond {
			s.makeBooking(st, r.To)
		}
	}
	s.leave(st, what.From)
}

// leave has an order count no longer with a location that has none of its units any more.
func (s *slot) leave(st *Step, location LocationID) {
	stays := st.event.Order.isShippedBy(location)
	if !stays {
		s.dropBookings(st.event.Order.ID, func(r *bookingRecord) bool { return r.location == location })
	}
}

// isShippedBy tells whether a location ships some of an order, or has.
func (o *OrderImage) isShippedBy(location LocationID) bool {
	return slices.ContainsFunc(o.Allocations, func(a Allocation) bool { return a.Location == location }) ||
		o.Life != nil && slices.ContainsFunc(o.Life.Shipments, func(s ShipmentImage) bool { return s.Location == location })
}

// bookLess has an order count no longer with the locations that ship none of it after some of it was cancelled, and with none when all of it has
// arrived: what has left counts until then.
func (s *slot) bookLess(st *Step) {
	if !st.booked || s.id != CapacitySlot {
		return
	}
	if st.event.Order.Status == StatusCompleted {
		s.dropAllBookings(st.event.Order.ID)
		return
	}
	for i := range st.event.Freed {
		if f := &st.event.Freed[i]; st.takesOff() && !f.Beyond {
			s.leave(st, f.Location)
		}
	}
}

// bookResolution books an order with the location that it is given units of because of an oversold case, and no longer with those whose
// units it gave up.
func (s *slot) bookResolution(st *Step) {
	if st.command.Resolution.Action == OversoldReSource {
		s.bookFills(st)
		return
	}
	for i := range st.event.Fills {
		s.leave(st, st.event.Fills[i].Location)
	}
}

// makeBooking books an order with a location, on the day of now, unless it is.
func (s *slot) makeBooking(st *Step, location LocationID) {
	b, order := &s.book, st.event.Order.ID
	day := (*s.locations)[location].settings.Shipping.dayOf(st.now)
	if _, known := s.findBooking(order, location, day); known {
		return
	}
	place := b.bookings.acquire()
	*b.bookings.mut(place) = bookingRecord{order: order, day: day, location: location, flags: bookingTaken}
	s.indexBooking(place)
}

func (s *slot) indexBooking(place uint32) {
	r := s.book.bookings.at(place)
	s.book.of.Insert(s.bookingHash(r.order), place)
	s.book.count(r.location, r.day, 1)
}

func (s *slot) findBooking(order OrderID, location LocationID, day Day) (uint32, bool) {
	cursor := s.book.of.Search(s.bookingHash(order))
	for cursor.Next() {
		if r := s.book.bookings.at(cursor.Record()); r.order == order && r.location == location && r.day == day {
			return cursor.Record(), true
		}
	}
	return 0, false
}

// dropAllBookings gives the places of an order back that has ended.
func (s *slot) dropAllBookings(order OrderID) {
	s.dropBookings(order, func(*bookingRecord) bool { return true })
}

func (s *slot) dropBookings(order OrderID, which func(r *bookingRecord) bool) {
	b := &s.book
	if b.bookings.live == 0 {
		return
	}
	var places []uint32
	cursor := b.of.Search(s.bookingHash(order))
	for cursor.Next() {
		if r := b.bookings.at(cursor.Record()); r.order == order && which(r) {
			places = append(places, cursor.Record())
		}
	}
	slices.Sort(places) // the index of another machine may give them in another order, and records are used again
	for _, place := range places {
		r := b.bookings.at(place)
		b.count(r.location, r.day, -1)
		found := b.of.Delete(s.bookingHash(order), place)
		invariant.Check(found, "a booking is in its index")
		b.bookings.release(place)
	}
}

func (s *slot) bookingHash(id OrderID) uint64 { return finish(uint64(id) ^ s.seed) }

// restoreBook derives from the records what is not in checkpoints.
func (s *slot) restoreBook() {
	for place := range s.book.bookings.length {
		if s.book.bookings.at(place).flags&bookingTaken != 0 {
			s.indexBooking(place)
		}
	}
}

// ReadCapacity tells how many orders are booked with a location, of the day on which one of now would count. CapacitySlot must stand
// still.
func (m *Machine) ReadCapacity(id LocationID, now Millis, img *CapacityImage) bool {
	if int(id) >= len(m.locations) {
		return false
	}
	day := m.locations[id].settings.Shipping.dayOf(now)
	*img = CapacityImage{Day: day, Booked: m.slots[CapacitySlot].book.ordersOn(id, day)}
	return true
}
