package reference

import (
	"slices"

	"holdfast/engine/core"
)

// reroute moves units of a placed order away from a location.
func (m *Model) reroute(c *core.Command, o *order) core.Outcome {
	if int(c.Reroute.Location) >= len(m.locations) {
		return refuseOrder(core.Refusal{Reason: core.ReasonLocationNotFound, Order: o.id, Version: o.version})
	}
	wanted, over := o.leaving(c)
	if len(wanted) == 0 || len(over) > 0 {
		return refuseOrder(core.Refusal{Reason: core.ReasonNotAllocated, Order: o.id, Version: o.version, Lines: over})
	}
	takers, why, ok := m.takers(c, o, wanted)
	if !ok {
		refused := refuse(core.Refusal{Reason: core.ReasonTooManyShipments})
		refused.Order = o.id
		return refused
	}
	what := o.away(c, wanted, takers, func(i int) core.Quantity { return o.lines[i].at(c.Reroute.Location) })
	m.goAway(c, o, wanted, what)
	m.emit(core.Event{Kind: core.EventOrderRerouted, Order: o.image(), Actor: copyBytes(c.Actor), Reroute: what})
	if why != nil {
		why.Order = o.id
		m.emit(core.Event{Kind: core.EventOrderRouted, Route: *why})
	}
	return core.Outcome{Changed: true, Order: o.id}
}

// away says which units go where, of each line so many at most.
func (o *order) away(c *core.Command, wanted []core.Line, takers map[core.SKUID][]source, most func(line int) core.Quantity) core.RerouteImage {
	what := core.RerouteImage{From: c.Reroute.Location, Reason: c.Reroute.Reason, Note: copyBytes(c.Reroute.Note)}
	for _, w := range wanted {
		for i, l := range o.lines {
			if l.sku != w.SKU {
				continue
			}
			gives := min(w.Quantity, most(i))
			w.Quantity -= gives
			for k := range takers[w.SKU] {
				taker := &takers[w.SKU][k]
				if n := min(gives, taker.left); n > 0 {
					taker.left -= n
					gives -= n
					what.Moves = append(what.Moves, core.Reallocation{Line: i, To: taker.location, Quantity: n})
				}
			}
			switch {
			case gives == 0:
			case c.Reroute.Backorder:
				what.Moves = append(what.Moves, core.Reallocation{Line: i, Beyond: true, Quantity: gives})
			default:
				what.Left = append(what.Left, core.LeftUnits{Line: i, Quantity: gives})
			}
		}
	}
	slices.SortStableFunc(what.Moves, func(a, b core.Reallocation) int { return a.Line - b.Line })
	slices.SortStableFunc(what.Left, func(a, b core.LeftUnits) int { return a.Line - b.Line })
	return what
}

// goAway has the units go, in an order of another version then.
func (m *Model) goAway(c *core.Command, o *order, wanted []core.Line, what core.RerouteImage) {
	for _, r := range what.Moves {
		o.lines[r.Line].reallocate(what.From, r)
		if !r.Beyond {
			m.book(o, r.To)
		}
		if r.Beyond {
			id := o.lines[r.Line].sku
			o.waitFor(id, c.Destination, m.gramsOf(wanted))
			if c.Kind != core.CommandShortPick || !c.Life.Missing { // else they are set aside, and nobody gets them
				o.waits[id].avoid(what.From)
			}
		}
	}
	o.rebook(what.From)
	o.version++
}

// leaving is how many units of each SKU leave a location, and which lines of the command ask for more than there are.
func (o *order) leaving(c *core.Command) (wanted []core.Line, over []core.RefusedLine) {
	for i, w := range c.Lines {
		there := core.Quantity(0)
		for _, l := range o.lines {
			if l.sku == w.SKU {
				there += l.at(c.Reroute.Location)
			}
		}
		if w.Quantity > there {
			over = append(over, core.RefusedLine{Index: i, SKU: w.SKU, Location: c.Reroute.Location, Requested: w.Quantity, Available: there})
		}
		if w.Quantity == 0 {
			w.Quantity = there
		}
		if w.Quantity > 0 {
			wanted = append(wanted, w)
		}
	}
	return wanted, over
}

// takers are the locations that take units over, best first, and why; ok is false when those would be too many.
func (m *Model) takers(c *core.Command, o *order, wanted []core.Line) (takers map[core.SKUID][]source, why *core.RouteImage, ok bool) {
	if m.isRouted() {
		like := &core.Command{Order: o.id, Channel: o.channel, Destination: c.Destination, Lines: wanted, Reroute: c.Reroute}
		if takers = m.route(like, wanted); takers == nil {
			return nil, nil, false
		}
		return takers, m.explain(like, wanted), true
	}
	takers = map[core.SKUID][]source{}
	for _, w := range wanted {
		takers[w.SKU] = slices.DeleteFunc(m.sources(w.SKU), func(s source) bool {
			return s.location == c.Reroute.Location || m.isFetched(&c.Destination) && s.location != c.Destination.Pickup
		})
	}
	return takers, nil, true
}

// at is how many units of the line are allocated at a location.
func (l *line) at(location core.LocationID) (n core.Quantity) {
	for _, a := range l.allocations {
		if a.Location == location {
			n += a.Quantity
		}
	}
	return n
}

// reallocate moves units of the line. Those of a pool that have to wait are given back to it.
func (l *line) reallocate(from core.LocationID, r core.Reallocation) {
	for i := range l.allocations {
		if l.allocations[i].Location == from {
			l.allocations[i].Quantity -= r.Quantity
		}
	}
	l.allocations = slices.DeleteFunc(l.allocations, func(a core.Allocation) bool { return a.Quantity == 0 })
	if !r.Beyond {
		l.allocate(r.To, r.Quantity)
		return
	}
	l.backordered += r.Quantity
	l.pooled = min(l.pooled, l.kept()-l.backordered)
}
