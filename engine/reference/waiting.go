package reference

import (
	"cmp"
	"math/big"
	"slices"

	"holdfast/engine/core"
)

// Waiting lists the orders that wait for units of the SKU, oldest promise first.
func (m *Model) Waiting(id core.SKUID) []core.WaitingImage {
	var queue []core.WaitingImage
	for _, s := range m.skus[id].sold {
		if s.line.backordered == 0 || s.claim() == claimNone {
			continue
		}
		if at := slices.IndexFunc(queue, func(w core.WaitingImage) bool { return w.Order == s.order.id }); at >= 0 {
			queue[at].Units += s.line.backordered
			continue
		}
		since := cmp.Or(s.order.waits[id].since, s.order.created)
		queue = append(queue, core.WaitingImage{Order: s.order.id, Since: since, Units: s.line.backordered})
	}
	slices.SortFunc(queue, func(a, b core.WaitingImage) int { return cmp.Compare(a.Since, b.Since) })
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

// errandOfWaiting is what decides which locations may serve an order that waits.
type errandOfWaiting struct {
	to      core.Destination
	grams   *big.Int
	avoided []core.LocationID // from where it was rerouted, three at most
	since   core.Sequence     // of its place in the queue; 0 for that of its promise
}

// waitFor notes what decides it for an order that begins to wait for a SKU.
func (o *order) waitFor(id core.SKUID, to core.Destination, grams *big.Int) {
	if o.waits == nil {
		o.waits = map[core.SKUID]*errandOfWaiting{}
	}
	if o.waits[id] == nil {
		o.waits[id] = &errandOfWaiting{to: to, grams: grams}
	}
}

// avoid notes where it was rerouted from.
func (e *errandOfWaiting) avoid(location core.LocationID) {
	if slices.Contains(e.avoided, location) {
		return
	}
	if e.avoided = append(e.avoided, location); len(e.avoided) > 3 {
		e.avoided = e.avoided[1:]
	}
}

// come has all who wait for a SKU served again from where units that can be sold were added: all that lay there before may have been missing.
func (m *Model) come(id core.SKUID, location core.LocationID, added core.Quantity) {
	for _, o := range m.orders {
		if e := o.waits[id]; e != nil && added > 0 {
			e.avoided = slices.DeleteFunc(e.avoided, func(l core.LocationID) bool { return l == location })
		}
	}
}

// mayServe tells whether a location may serve an order that waits for a SKU.
func (m *Model) mayServe(o *order, id core.SKUID, location core.LocationID) bool {
	e := o.waits[id]
	if slices.Contains(e.avoided, location) {
		return false
	}
	if m.isFetched(&e.to) && e.to.Pickup != location {
		return false
	}
	like := &core.Command{Kind: core.CommandFillOrder, Channel: o.channel, Destination: e.to}
	return !m.isRouted() || m.siteOf(like, location, e.grams).fate == core.FateEligible
}

// serving lists the locations that can give units of the SKU to an order that waits, best first.
func (m *Model) serving(o *order, id core.SKUID) []source {
	return slices.DeleteFunc(m.sources(id), func(s source) bool { return !m.mayServe(o, id, s.location) })
}

// Served lists the orders that can be given units of the SKU, oldest promise first.
func (m *Model) Served(id core.SKUID) []core.OrderID {
	var served []core.OrderID
	left := m.toFill(id)
	given := map[core.LocationID]core.Quantity{}
	for _, w := range m.Waiting(id) {
		sources := m.serving(m.byNumber[w.Order], id)
		for i := range sources {
			sources[i].left -= given[sources[i].location]
		}
		sortSources(sources)
		before := left
		for _, s := range sources {
			if n := min(w.Units, left, s.left); n > 0 {
				given[s.location] += n
				left -= n
				w.Units -= n
			}
		}
		if left < before {
			served = append(served, w.Order)
		}
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
		if toGive[l.sku] = 0; l.backordered > 0 && o.waits[l.sku] != nil {
			sources[l.sku] = m.serving(o, l.sku)
		}
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
			m.book(o, s.location)
			fills = append(fills, core.Fill{Line: i, Location: s.location, Quantity: n})
		}
	}
	if len(fills) == 0 {
		return core.Outcome{Order: o.id}
	}
	o.version++
	o.waitNoMore()
	m.emit(core.Event{Kind: core.EventOrderFilled, Order: o.image(), Fills: fills})
	return core.Outcome{Changed: true, Order: o.id}
}

// waitNoMore forgets the SKUs of which the order has got all.
func (o *order) waitNoMore() {
	for id := range o.waits {
		if !slices.ContainsFunc(o.lines, func(l *line) bool { return l.sku == id && l.backordered > 0 }) {
			delete(o.waits, id)
		}
	}
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
