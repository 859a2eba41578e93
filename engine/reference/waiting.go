package reference

import "holdfast/engine/core"

// Waiting lists the orders that wait for units of the SKU, oldest promise first.
func (m *Model) Waiting(id core.SKUID) []core.WaitingImage {
	var queue []core.WaitingImage
	for _, s := range m.skus[id].sold {
		if s.line.backordered == 0 || s.claim() == claimNone {
			continue
		}
		if last := len(queue) - 1; last >= 0 && queue[last].Order == s.order.id {
			queue[last].Units += s.line.backordered
			continue
		}
		queue = append(queue, core.WaitingImage{Order: s.order.id, Since: s.order.created, Units: s.line.backordered})
	}
	return queue
}

// toFill is what stock has for those who wait for the SKU: no units of live pools.
func (m *Model) toFill(id core.SKUID) core.Quantity {
	left := m.available(id) + m.backordered(id, claimReserved) + m.backordered(id, claimAllocated)
	for _, r := range m.skus[id].rules {
		if r.pool != nil && r.pool.phase == core.PoolLive {
			left -= m.covered(r)
		}
	}
	return left
}

// Served lists the orders that can be given units of the SKU, oldest promise first.
func (m *Model) Served(id core.SKUID) []core.OrderID {
	var served []core.OrderID
	left := m.toFill(id)
	for _, w := range m.Waiting(id) {
		if left > 0 {
			served = append(served, w.Order)
		}
		left -= w.Units
	}
	return served
}

// servedOf is Served of a SKU that may not exist.
func (m *Model) servedOf(id core.SKUID) []core.OrderID {
	if m.skus[id] == nil {
		return nil
	}
	return m.Served(id)
}

// fill gives the order the units of those SKUs for which it is the first to be served.
func (m *Model) fill(o *order) core.Outcome {
	toGive := map[core.SKUID]core.Quantity{}
	sources := map[core.SKUID][]source{}
	for _, l := range o.lines {
		toGive[l.sku], sources[l.sku] = 0, m.sources(l.sku)
		if served := m.Served(l.sku); len(served) > 0 && served[0] == o.id {
			toGive[l.sku] = m.toFill(l.sku)
		}
	}
	var fills []core.Fill
	for i, l := range o.lines {
		for k := range sources[l.sku] {
			s := &sources[l.sku][k]
			n := min(l.backordered, toGive[l.sku], s.left)
			if n <= 0 {
				continue
			}
			l.backordered -= n
			toGive[l.sku] -= n
			s.left -= n
			l.allocate(s.location, n)
			fills = append(fills, core.Fill{Line: i, Location: s.location, Quantity: n})
		}
	}
	if len(fills) == 0 {
		return core.Outcome{Order: o.id}
	}
	o.version++
	m.emit(core.Event{Kind: core.EventOrderFilled, Order: o.image(), Fills: fills})
	return core.Outcome{Changed: true, Order: o.id}
}

func (l *line) allocate(location core.LocationID, n core.Quantity) {
	for i := range l.allocations {
		if l.allocations[i].Location == location {
			l.allocations[i].Quantity += n
			return
		}
	}
	l.allocations = append(l.allocations, core.Allocation{Location: location, Quantity: n})
}
