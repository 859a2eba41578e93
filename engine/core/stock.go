package core

import "holdfast/engine/invariant"

// take sets a line's units aside: reserved for a hold, allocated for an order.
func (s *slot) take(l *LineImage, allocations []Allocation, held bool) {
	sku := s.skus.mut(l.SKU.Place())
	for _, a := range allocations {
		level := s.levels.mut(s.levelOf(sku, a.Location))
		invariant.Check(level.fulfillable() >= a.Quantity && level.flags&levelStopped == 0, "a location gives no more than it has")
		s.move(sku, level, held, a.Quantity)
	}
	if l.Backordered == 0 {
		s.publish(sku, l.SKU)
		return
	}
	sku.moveBackordered(held, l.Backordered)
	s.touch(sku, l.SKU)
}

// giveBack undoes take.
func (s *slot) giveBack(l *LineImage, allocations []Allocation, held bool) {
	sku := s.skus.mut(l.SKU.Place())
	for _, a := range allocations {
		s.move(sku, s.levels.mut(s.levelOf(sku, a.Location)), held, -a.Quantity)
	}
	sku.moveBackordered(held, -l.Backordered)
	s.touch(sku, l.SKU)
}

// settle turns reserved units into allocated ones. What can be sold stays as it was.
func (s *slot) settle(l *LineImage, allocations []Allocation) {
	sku := s.skus.mut(l.SKU.Place())
	for _, a := range allocations {
		level := s.levels.mut(s.levelOf(sku, a.Location))
		s.move(sku, level, true, -a.Quantity)
		s.move(sku, level, false, a.Quantity)
	}
	sku.moveBackordered(true, -l.Backordered)
	sku.moveBackordered(false, l.Backordered)
}

// move changes the units that are reserved (held) or allocated at a level, and their sums.
func (s *slot) move(sku *skuRecord, level *levelRecord, held bool, n Quantity) {
	sku.withheld -= level.withheld()
	if held {
		level.reserved += n
		sku.reserved += n
	} else {
		level.allocated += n
		sku.allocated += n
	}
	sku.withheld += level.withheld()
	invariant.Check(level.reserved >= 0 && level.allocated >= 0, "reserved and allocated units are never negative")
}

// withhold takes what the slot's levels at a location could give from sale, or puts it on sale again. It looks at all levels of the
// slot: nobody stops locations often enough for a list of those of each location to be worth its memory.
func (s *slot) withhold(location LocationID) {
	for place := range s.levels.length {
		if s.levels.at(place).location != location {
			continue
		}
		level := s.levels.mut(place)
		sku := s.skus.mut(level.sku.Place())
		sku.withheld -= level.withheld()
		level.flags ^= levelStopped
		sku.withheld += level.withheld()
		s.touch(sku, level.sku)
	}
}

func (r *skuRecord) moveBackordered(held bool, n Quantity) {
	if held {
		r.backorderedHeld += n
	} else {
		r.backorderedPlaced += n
	}
	invariant.Check(r.backorderedHeld >= 0 && r.backorderedPlaced >= 0, "backordered units are never negative")
}

// levelOf finds a SKU's level at a location, which must exist.
func (s *slot) levelOf(sku *skuRecord, location LocationID) uint32 {
	for at := sku.firstLevel; at != 0; {
		level := s.levels.at(at - 1)
		if level.location == location {
			return at - 1
		}
		at = level.next
	}
	invariant.Check(false, "an allocation's level exists")
	return 0
}

// findLevel finds a SKU's level at a location, if it has one.
func (s *slot) findLevel(sku *skuRecord, location LocationID) (*levelRecord, bool) {
	for at := sku.firstLevel; at != 0; {
		level := s.levels.at(at - 1)
		if level.location == location {
			return level, true
		}
		at = level.next
	}
	return nil, false
}

// makeLevel gives a SKU's level at a location, and makes it when there is none.
func (s *slot) makeLevel(id SKUID, location LocationID) *levelRecord {
	sku := s.skus.mut(id.Place())
	previous := uint32(0)
	at := sku.firstLevel
	for at != 0 && s.levels.at(at-1).location < location {
		previous, at = at, s.levels.at(at-1).next
	}
	if at != 0 && s.levels.at(at-1).location == location {
		return s.levels.mut(at - 1)
	}
	place := s.levels.push()
	level := s.levels.mut(place)
	level.sku, level.location, level.next = id, location, at
	if (*s.locations)[location].settings.Stopped {
		level.flags = levelStopped
	}
	if previous == 0 {
		sku.firstLevel = place + 1
	} else {
		s.levels.mut(previous - 1).next = place + 1
	}
	return level
}

// touch notes that a SKU's availability changed, for the host to publish and to serve those who wait, and for Alert if its supply did.
func (s *slot) touch(sku *skuRecord, id SKUID) {
	if sku.firstWaiting != 0 && s.mark[id.Place()]&markFillable == 0 && s.toFill(sku) > 0 {
		s.mark[id.Place()] |= markFillable
		s.fillable = append(s.fillable, id.Place())
	}
	s.publish(sku, id)
}

// publish is touch after something that serves nobody who waits: a sale.
func (s *slot) publish(sku *skuRecord, id SKUID) {
	if sku.supply() != sku.toldSupply() {
		s.alerts = append(s.alerts, id)
	}
	if mark := s.mark[id.Place()]; mark&(markTouched|markAsked) != markTouched {
		s.mark[id.Place()] = mark&^markAsked | markTouched
		if mark&markTouched == 0 {
			s.touched = append(s.touched, id)
		}
	}
}

// Marks of a SKU: the lists of its slot that it is in, and that it has not changed since it was asked what there is for a waitlist.
const (
	markTouched uint8 = 1 << iota
	markFillable
	markAsked
)

// DrainTouched calls publish for every SKU of the slot whose availability changed since the last call, with what
// may still be ordered: the available units and the room beyond them; Unlimited when there is no end, Stopped when it is stopped.
func (m *Machine) DrainTouched(id Slot, publish func(id SKUID, orderable Quantity)) {
	s := &m.slots[id]
	for _, sku := range s.touched {
		s.mark[sku.Place()] &^= markTouched
		publish(sku, s.orderable(s.skus.at(sku.Place())))
	}
	s.touched = s.touched[:0]
}

// orderable is what some channel may still order, at most.
func (s *slot) orderable(r *skuRecord) Quantity {
	switch {
	case r.flags&skuStopped != 0:
		return Stopped
	case r.backorderLimit == Unlimited, r.flags&skuKit != 0: // of a kit there are as many as of its components
		return Unlimited
	}
	most := max(0, r.available()+r.backorderLimit)
	if r.flags&skuChannels != 0 {
		s.eachRule(r, func(rule *ruleRecord, covered Quantity) {
			if rule.phase == PoolLive {
				most = max(most, covered)
			}
		})
	}
	return most
}
