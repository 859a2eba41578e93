package core

// The reads below run where commands run, between two commands, and change nothing that a result depends on. Each fills an image
// whose lists it reuses; texts in an order's image stay valid until the next command.

// ReadOrder gives an order as it stands.
func (m *Machine) ReadOrder(id OrderID, img *OrderImage) bool {
	s := &m.slots[id.Home()]
	place, ok := s.findOrder(id)
	if ok {
		s.image(place, img)
	}
	return ok
}

// ReadPlace gives the order at a place of a slot, whatever its number; false when there is none, or it was archived.
func (m *Machine) ReadPlace(id Slot, place uint32, img *OrderImage) bool {
	s := &m.slots[id]
	if place >= s.orders.length || !s.orders.isHere(place>>pageShift) {
		return false
	}
	s.image(place, img)
	return true
}

// ReadLimit gives the limit per customer of a SKU, 0 for none, and how many units of it a customer has in live holds and orders, as far as
// these were counted.
func (m *Machine) ReadLimit(customer []byte, id SKUID) (limit, used Quantity) {
	s := &m.slots[id.Slot()]
	if id.Place() >= s.skus.length {
		return 0, 0
	}
	return s.settings(s.skus.at(id.Place())).LimitPerCustomer, s.unitsOf(hashCustomer(customer), id)
}

// OrderSlots gives the slots that an order touches.
func (m *Machine) OrderSlots(id OrderID) (SlotMask, bool) {
	s := &m.slots[id.Home()]
	place, ok := s.findOrder(id)
	if !ok {
		return 0, false
	}
	return s.orders.at(place).mask, true
}

// ReadExternal gives the order that has a channel's external id.
func (m *Machine) ReadExternal(channel ChannelID, id []byte) (OrderID, bool) {
	return m.slots[ExternalSlot(channel, id)].findExternal(channel, id)
}

// ReadAvailability gives a SKU's units; of a kit those of its components, and how many kits they make.
func (m *Machine) ReadAvailability(id SKUID, img *AvailabilityImage) bool {
	parts := img.Components[:0]
	if !m.readAvailability(id, img) {
		return false
	}
	s := &m.slots[id.Slot()]
	for at := s.firstComponent(id); at != 0; {
		record := s.components.at(at - 1)
		part := grow(&parts)
		part.Quantity = Quantity(record.quantity)
		m.readAvailability(record.sku, &part.AvailabilityImage)
		at = record.next
	}
	if img.Components = parts; img.IsKit() {
		img.Available = img.kits(func(part *AvailabilityImage) Quantity { return part.Available })
	}
	return true
}

func (m *Machine) readAvailability(id SKUID, img *AvailabilityImage) bool {
	s := &m.slots[id.Slot()]
	if id.Place() >= s.skus.length {
		return false
	}
	sku := s.skus.at(id.Place())
	*img = AvailabilityImage{
		SKU:         id,
		Settings:    s.settings(sku),
		Preordering: sku.flags&skuPreorder != 0,
		Available:   sku.available(),
		OnHand:      sku.onHand,
		Unavailable: sku.unavailable,
		Reserved:    sku.reserved + sku.backorderedHeld,
		Allocated:   sku.allocated + sku.backorderedPlaced,
		Withheld:    sku.withheld,
		Backordered: sku.backorderedHeld + sku.backorderedPlaced,
		Levels:      img.Levels[:0],
		Rules:       img.Rules[:0],
		Incoming:    m.readLots(img.Incoming[:0], s, sku),
	}
	for at := sku.firstLevel; at != 0; {
		level := s.levels.at(at - 1)
		img.Levels = append(img.Levels, LevelAvailability{Withheld: level.withheld()})
		level.image(&img.Levels[len(img.Levels)-1].LevelImage)
		at = level.next
	}
	s.eachRule(sku, func(rule *ruleRecord, covered Quantity) {
		img.Rules = append(img.Rules, rule.image(sku, covered))
	})
	return true
}

// ReadWaiting appends to dst who waits for a SKU's units since after a sequence, at most so many, oldest promise first; more tells that
// there are others behind them.
func (m *Machine) ReadWaiting(id SKUID, after Sequence, most int, dst []WaitingImage) (list []WaitingImage, more bool) {
	s := &m.slots[id.Slot()]
	if id.Place() >= s.skus.length {
		return dst, false
	}
	for at := s.seek(id, after); at != 0; {
		w := s.waiting.at(at - 1)
		if most--; most < 0 {
			return dst, true
		}
		at = w.next
		dst = append(dst, WaitingImage{Order: w.order, Since: w.since, Units: w.units})
	}
	return dst, false
}

// ReadSKU gives a SKU's settings.
func (m *Machine) ReadSKU(id SKUID, img *SKUImage) bool {
	s := &m.slots[id.Slot()]
	if id.Place() >= s.skus.length {
		return false
	}
	record := s.skus.at(id.Place())
	name, _ := s.texts.get(record.name)
	*img = SKUImage{
		ID:          id,
		Version:     record.version,
		Changed:     record.changed,
		HasDocument: record.flags&hasDocument != 0,
		Name:        name,
		Settings:    s.settings(record),
	}
	return true
}

// ReadLocation gives a location. Like every read of a table it may run in any slot.
func (m *Machine) ReadLocation(id LocationID, img *LocationImage) bool {
	if int(id) >= len(m.locations) {
		return false
	}
	m.locationImage(id, img)
	return true
}

// ReadLocationUnits adds up the units of all SKUs at a location. It looks at every level, so a million of them take
// some 10 ms.
func (m *Machine) ReadLocationUnits(id LocationID, units *LocationUnits) bool {
	if int(id) >= len(m.locations) {
		return false
	}
	*units = LocationUnits{}
	for i := range m.slots {
		s := &m.slots[i]
		for place := range s.levels.length {
			level := s.levels.at(place)
			if level.location != id {
				continue
			}
			units.OnHand += level.onHand
			units.Unavailable += level.unavailable[0] + level.unavailable[1] + level.unavailable[2]
			units.Reserved += level.reserved
			units.Allocated += level.allocated
		}
	}
	return true
}

// ReadChannel gives a channel. Like every read of a table it may run in any slot.
func (m *Machine) ReadChannel(id ChannelID, img *ChannelImage) bool {
	if int(id) >= len(m.channels) {
		return false
	}
	m.channelImage(id, img)
	return true
}

// SKUs is the number of SKUs of a slot.
func (m *Machine) SKUs(id Slot) int { return int(m.slots[id].skus.length) }

// Orders is the number of orders and holds whose home is the slot.
func (m *Machine) Orders(id Slot) int { return int(m.slots[id].orders.length) }

// Locations is the number of locations.
func (m *Machine) Locations() int { return len(m.locations) }

// Channels is the number of channels.
func (m *Machine) Channels() int { return len(m.channels) }

// DigestSlot is the digest of a slot's records. Indexes and the heap of deadlines are derived and not in it.
func (m *Machine) DigestSlot(id Slot) Digest {
	s := &m.slots[id]
	var slabs [SlabKinds]Digest
	for i, store := range s.stores() {
		slabs[i] = digestStore(store)
	}
	return DigestSlabs(id, slabs, s.archived)
}

// DigestTables is the digest of the tables that all slots read.
func (m *Machine) DigestTables() Digest {
	d := Digest{}.add(uint64(len(m.locations)), uint64(len(m.channels)))
	for i := range m.locations {
		row := &m.locations[i]
		position := uint64(uint32(row.settings.LatitudeE7))<<32 | uint64(uint32(row.settings.LongitudeE7))
		flags := uint64(row.settings.Kind) << 3
		if row.settings.HasPosition {
			flags |= 1
		}
		if row.hasDocument {
			flags |= 2
		}
		if row.settings.Stopped {
			flags |= 4
		}
		d = d.addBytes(row.name).add(position, flags).
			add(uint64(row.settings.Priority), uint64(row.version)).add(uint64(row.changed), 0).addShipping(row.settings.Shipping)
	}
	for i := range m.channels {
		row := &m.channels[i]
		flags := uint64(0)
		if row.settings.Bands {
			flags |= 1
		}
		if row.hasDocument {
			flags |= 2
		}
		if row.settings.HasReturnDays {
			flags |= 4 | uint64(row.settings.ReturnDays)<<8
		}
		flags |= uint64(row.settings.Capture) << 3
		if row.settings.PayWithin != 0 {
			d = d.add(uint64(row.settings.PayWithin), 1)
		}
		d = d.addBytes(row.name).add(uint64(row.settings.Buffer), flags).add(uint64(row.version), uint64(row.changed))
	}
	for i := range m.sales {
		d = d.addSale(&m.sales[i])
	}
	return d.addRouting(&m.policy.RoutingImage)
}

// Digest is that of the whole state: equal for equal journals, whatever executed them.
func (m *Machine) Digest() Digest {
	var slots [SlotCount]Digest
	for i := range slots {
		slots[i] = m.DigestSlot(Slot(i))
	}
	return DigestSlots(m.DigestTables(), &slots)
}
