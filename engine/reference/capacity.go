package reference

import (
	"slices"
	"time"

	"holdfast/engine/core"
)

// booking is a place that an order takes at a location on a day.
type booking struct {
	location core.LocationID
	day      core.Day
}

// HasCapacities tells whether any location has a capacity.
func (m *Model) HasCapacities() bool {
	return slices.ContainsFunc(m.locations, func(l *location) bool { return l.capacity() > 0 })
}

// capacity is how many orders a location ships in a day; 0 for any number.
func (l *location) capacity() int {
	if l.image.Settings.Shipping == nil {
		return 0
	}
	return int(l.image.Settings.Shipping.DailyCapacity)
}

// dayOf is the day of a location on which an order of now counts.
func (m *Model) dayOf(id core.LocationID) core.Day {
	s := m.locations[id].image.Settings.Shipping
	if s == nil {
		s = &core.Shipping{}
	}
	local := time.UnixMilli(int64(m.now)).UTC().Add(time.Duration(s.UTCOffset) * time.Minute)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	if s.HasCutOff && local.Sub(midnight) >= time.Duration(s.CutOff)*time.Minute {
		midnight = midnight.AddDate(0, 0, 1)
	}
	return core.Day(midnight.Unix() / (24 * 60 * 60))
}

// mustBook tells whether a new order counts at the locations that ship it.
func (m *Model) mustBook(c *core.Command) bool {
	switch c.Kind {
	case core.CommandPlaceHold, core.CommandPlaceOrder, core.CommandServeWaitlist:
		return m.isRouted() && m.HasCapacities() && c.Stock != core.StockSkip
	case core.CommandEditOrder:
		return m.byNumber[c.Order].booked
	}
	return false
}

// lacksBook tells whether a new order has to be booked, and whoever sent it did not know that.
func (m *Model) lacksBook(c *core.Command) bool {
	return m.mustBook(c) && !c.Mask.Has(core.CapacitySlot)
}

// isBookedUp tells whether a location that could serve an order has no place for it on its day.
func (m *Model) isBookedUp(c *core.Command, id core.LocationID) bool {
	capacity := m.locations[id].capacity()
	if capacity == 0 || m.bookedOn(id, m.dayOf(id)) < capacity {
		return false
	}
	if c.Reroute != nil || c.Kind == core.CommandEditOrder {
		o := m.byNumber[c.Order]
		return o.booked && !slices.Contains(o.bookings, booking{id, m.dayOf(id)})
	}
	return m.mustBook(c) && c.Kind != core.CommandServeWaitlist && c.Stock != core.StockForce
}

// bookedOn is how many orders count at a location on a day.
func (m *Model) bookedOn(id core.LocationID, day core.Day) (n int) {
	for _, o := range m.orders {
		if slices.Contains(o.bookings, booking{id, day}) {
			n++
		}
	}
	return n
}

// book has an order count at a location, if it does at any.
func (m *Model) book(o *order, id core.LocationID) {
	if b := (booking{id, m.dayOf(id)}); o.booked && !slices.Contains(o.bookings, b) {
		o.bookings = append(o.bookings, b)
	}
}

// rebook has an order count no longer where it has no units any more, after those that moved away from there.
func (o *order) rebook(from core.LocationID) {
	stays := slices.ContainsFunc(o.lines, func(l *line) bool { return l.at(from) > 0 }) ||
		slices.ContainsFunc(o.shipments, func(s shipment) bool { return s.image.Location == from })
	if !stays {
		o.bookings = slices.DeleteFunc(o.bookings, func(b booking) bool { return b.location == from })
	}
}

// Capacity tells how many orders count at a location on the day of an order of now.
func (m *Model) Capacity(id core.LocationID, now core.Millis) core.CapacityImage {
	before := m.now
	defer func() { m.now = before }()
	m.now = now
	return core.CapacityImage{Day: m.dayOf(id), Booked: uint32(m.bookedOn(id, m.dayOf(id)))}
}
