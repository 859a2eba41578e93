package core

import "slices"

// auditBooking compares the bookings of an order with the locations that it has units of: it is booked with each of them, if it is booked
// at all. What a hold has in CapacitySlot ends there with its part, maybe before or after the hold itself does.
func (a *auditor) auditBooking(s *slot, record *orderRecord, image *OrderImage) {
	if record.flags&orderBooked == 0 {
		return
	}
	book := &a.machine.slots[CapacitySlot]
	if image.Status == StatusHeld && s != book {
		if _, live := book.findPart(image.ID); !live {
			return // it is over there
		}
	}
	if image.Status.IsClosed() {
		return
	}
	for _, al := range image.Allocations {
		if !book.isBooked(image.ID, al.Location) {
			a.violate(Violation{Kind: ViolationBooking, Order: image.ID, Location: al.Location})
		}
	}
}

func (s *slot) isBooked(order OrderID, location LocationID) bool {
	cursor := s.book.of.Search(s.bookingHash(order))
	for cursor.Next() {
		if r := s.book.bookings.at(cursor.Record()); r.order == order && r.location == location {
			return true
		}
	}
	return false
}

// auditBook compares the bookings of a slot with the orders that they are of, and the counts of days with the bookings.
func (a *auditor) auditBook(s *slot) {
	b := &s.book
	live := uint32(0)
	counts := book{}
	for place := range b.bookings.length {
		r := b.bookings.at(place)
		if r.flags&bookingTaken == 0 {
			continue
		}
		live++
		found, ok := s.findBooking(r.order, r.location, r.day)
		if !ok || found != place || s.id != CapacitySlot || int(r.location) >= len(a.machine.locations) || !a.machine.mayBeBooked(r) {
			a.violate(Violation{Kind: ViolationBooking, Order: r.order, Location: r.location})
		}
		if int(r.location) < len(a.machine.locations) {
			counts.count(r.location, r.day, 1)
		}
	}
	a.checkLive(s, live, b.bookings.live)
	for id := range LocationID(max(len(b.days), len(counts.days))) {
		if !slices.Equal(counts.daysOf(id), b.daysOf(id)) {
			a.violate(Violation{Kind: ViolationBooking, Location: id})
		}
	}
}

func (b *book) daysOf(location LocationID) []dayCount {
	if int(location) >= len(b.days) {
		return nil
	}
	return b.days[location]
}

// mayBeBooked tells whether an order is one that counts at a location. Of a hold that has ended in its home, and not yet in CapacitySlot,
// nothing more is known.
func (m *Machine) mayBeBooked(r *bookingRecord) bool {
	s := &m.slots[r.order.Home()]
	_, hasPart := m.slots[CapacitySlot].findPart(r.order)
	place, ok := s.findOrder(r.order)
	if !ok {
		return hasPart && m.IsArchived(r.order)
	}
	record := s.orders.at(place)
	if record.flags&orderBooked == 0 || record.status.IsClosed() && !hasPart {
		return false
	}
	var image OrderImage
	s.image(place, &image)
	return slices.ContainsFunc(image.Allocations, func(a Allocation) bool { return a.Location == r.location })
}
