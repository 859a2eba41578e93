package reference

import (
	"slices"

	"holdfast/engine/core"
)

// Order is the order as it stands; false if the number was not given out, or the order was archived.
func (m *Model) Order(id core.OrderID) (core.OrderImage, bool) {
	o := m.byNumber[id]
	if o == nil || o.archived {
		return core.OrderImage{}, false
	}
	return o.image(), true
}

// OrderMask is the set of slots that a command on the order must name. For a number that was not
// given out or was archived that is its home, where the machine looks for it.
func (m *Model) OrderMask(id core.OrderID) core.SlotMask {
	if o := m.byNumber[id]; o != nil && !o.archived {
		return o.mask()
	}
	return id.Home().Mask()
}

// OrderIDs lists the numbers given out, oldest first.
func (m *Model) OrderIDs() []core.OrderID {
	var ids []core.OrderID
	for _, o := range m.orders {
		ids = append(ids, o.id)
	}
	return ids
}

// SKU is the SKU's settings; false if the number was not given out.
func (m *Model) SKU(id core.SKUID) (core.SKUImage, bool) {
	s := m.skus[id]
	if s == nil {
		return core.SKUImage{}, false
	}
	return copySKU(s.image), true
}

// SKUNamed is the number of the SKU with the name.
func (m *Model) SKUNamed(name string) (core.SKUID, bool) {
	id, ok := m.skuNumber[name]
	return id, ok
}

// SKUIDs lists the numbers given out, smallest first.
func (m *Model) SKUIDs() []core.SKUID {
	var ids []core.SKUID
	for id := range m.skus {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Location is the location as it stands; false if the number was not given out.
func (m *Model) Location(id core.LocationID) (core.LocationImage, bool) {
	if int(id) >= len(m.locations) {
		return core.LocationImage{}, false
	}
	return copyLocation(m.locations[id].image), true
}

// Channel is the channel as it stands; false if the number was not given out.
func (m *Model) Channel(id core.ChannelID) (core.ChannelImage, bool) {
	if int(id) >= len(m.channels) {
		return core.ChannelImage{}, false
	}
	return copyChannel(m.channels[id].image), true
}

// Availability is everything there is to say about a known SKU's units; levels by location number.
func (m *Model) Availability(id core.SKUID) core.AvailabilityImage {
	a := m.unitsOf(id)
	for _, part := range m.skus[id].recipe {
		a.Components = append(a.Components, core.ComponentAvailability{Quantity: part.Quantity, AvailabilityImage: m.unitsOf(part.SKU)})
	}
	if m.isKit(id) {
		a.Available = m.kits(id, m.available)
	}
	return a
}

func (m *Model) unitsOf(id core.SKUID) core.AvailabilityImage {
	s := m.skus[id]
	a := core.AvailabilityImage{SKU: id, Settings: s.image.Settings, Available: m.available(id)}
	for l := range m.locations {
		location := core.LocationID(l)
		if s.stock[location] == nil {
			continue
		}
		level := m.level(id, location)
		a.OnHand += level.OnHand
		for _, n := range level.Unavailable {
			a.Unavailable += n
		}
		a.Reserved += level.Reserved
		a.Allocated += level.Allocated
		withheld := m.withheld(id, location)
		a.Withheld += withheld
		a.Levels = append(a.Levels, core.LevelAvailability{LevelImage: level, Withheld: withheld})
	}
	a.Incoming = m.incoming(id)
	a.Preordering = m.isPreordering(id)
	a.Backordered = m.backordered(id, claimReserved) + m.backordered(id, claimAllocated)
	a.Reserved += m.backordered(id, claimReserved)
	a.Allocated += m.backordered(id, claimAllocated)
	for _, r := range m.rules(id) {
		a.Rules = append(a.Rules, m.ruleImage(r))
	}
	return a
}

// available is the units of the SKU that may be sold without a backorder; below zero when more was
// promised than there is.
func (m *Model) available(id core.SKUID) core.Quantity {
	s := m.skus[id]
	sum := -s.image.Settings.SafetyStock
	for location := range s.stock {
		sum += m.fulfillable(id, location) - m.withheld(id, location)
	}
	return sum - m.backordered(id, claimReserved) - m.backordered(id, claimAllocated)
}

func (m *Model) fulfillable(id core.SKUID, location core.LocationID) core.Quantity {
	l := m.level(id, location)
	return l.In(core.StateSellable) - l.Reserved - l.Allocated
}

// withheld is what a stopped location could give.
func (m *Model) withheld(id core.SKUID, location core.LocationID) core.Quantity {
	if !m.locations[location].image.Settings.Stopped {
		return 0
	}
	return max(0, m.fulfillable(id, location))
}

func (m *Model) level(id core.SKUID, location core.LocationID) core.LevelImage {
	stock := m.states(id, location)
	l := core.LevelImage{SKU: id, Location: location, OnHand: stock.sum(), Unavailable: [core.UnavailableStates]core.Quantity(stock[1:])}
	for _, s := range m.skus[id].sold {
		c := s.claim()
		for _, a := range s.line.allocations {
			switch {
			case a.Location != location:
			case c == claimReserved:
				l.Reserved += a.Quantity
			case c == claimAllocated:
				l.Allocated += a.Quantity
			}
		}
	}
	return l
}

// backordered sums what is promised of the SKU beyond stock, by holds or by orders.
func (m *Model) backordered(id core.SKUID, as claim) core.Quantity {
	var sum core.Quantity
	for _, s := range m.skus[id].sold {
		c := s.claim()
		if c == as {
			sum += s.line.backordered
		}
	}
	return sum
}

// bought is how many units of the SKU count against the customer's limit.
func (m *Model) bought(id core.SKUID, customer string) core.Quantity {
	var sum core.Quantity
	for _, s := range m.skus[id].sold {
		c := s.claim()
		if c != claimNone && s.line.limited && s.order.customer == customer {
			sum += s.line.kept()
		}
	}
	return sum
}

// claim is what the units of the line count as now.
func (s soldLine) claim() claim { return s.order.claims[s.line.sku.Slot()] }

// External is the order that has the channel's external id.
func (m *Model) External(channel core.ChannelID, id []byte) (core.OrderID, bool) {
	if o := m.withExternalID(channel, string(id)); o != nil {
		return o.id, true
	}
	return 0, false
}

// NextDeadline is the earliest deadline of the holds that claim units in the slot or live there, or start or end of the slot's
// pools, and 0 when supplies of the slot are still to be told; false if there is none.
func (m *Model) NextDeadline(slot core.Slot) (core.Millis, bool) {
	if len(m.untold(slot)) > 0 {
		return 0, true
	}
	var next core.Millis
	found := false
	for _, o := range m.orders {
		if o.isDueIn(slot) && (!found || o.dueAt() < next) {
			next, found = o.dueAt(), true
		}
	}
	for _, r := range m.rulesIn(slot) {
		if at := r.instant(); at != 0 && (!found || at < next) {
			next, found = at, true
		}
	}
	for id, s := range m.skus {
		if at := s.instant(); id.Slot() == slot && at != 0 && (!found || at < next) {
			next, found = at, true
		}
	}
	return next, found
}
