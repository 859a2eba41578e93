package reference

import (
	"slices"

	"holdfast/engine/core"
)

// shipment is units of an order that left a location together.
type shipment struct {
	image   core.ShipmentImage
	units   []core.SentUnits
	reports []core.TrackingReport // that are remembered
}

// ship has units of an order leave a location.
func (m *Model) ship(c *core.Command, o *order) core.Outcome {
	refused := func(reason core.Reason, lines []core.RefusedLine) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: lines})
	}
	if o.onHold != 0 {
		return o.refuseOnHold()
	}
	location := c.Life.Location
	if int(location) >= len(m.locations) {
		return refused(core.ReasonLocationNotFound, nil)
	}
	like := *c
	like.Reroute = &core.Reroute{Location: location}
	wanted, over := o.leaving(&like)
	if len(wanted) == 0 || len(over) > 0 {
		return refused(core.ReasonNotAllocated, over)
	}
	var missing []core.RefusedLine
	for _, w := range wanted {
		if there := m.states(w.SKU, location)[core.StateSellable]; there < w.Quantity {
			row := slices.IndexFunc(c.Lines, func(l core.Line) bool { return l.SKU == w.SKU })
			missing = append(missing, core.RefusedLine{Index: row, SKU: w.SKU, Location: location, Requested: w.Quantity, Available: max(0, there)})
		}
	}
	if len(missing) > 0 {
		return refused(core.ReasonShortOnHand, missing)
	}
	if len(o.shipments) == core.MaxShipments {
		return refused(core.ReasonShipmentsFull, nil)
	}
	s := shipment{image: core.ShipmentImage{
		Status: core.ShipmentShipped, Location: location, Created: m.seq, CreatedAt: m.now, HasDocument: len(c.Document) > 0,
	}}
	event := core.Event{Kind: core.EventOrderShipped, Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note), Shipment: len(o.shipments) + 1}
	for _, w := range wanted {
		m.skus[w.SKU].stock[location][core.StateSellable] -= w.Quantity
	}
	for i, l := range o.lines {
		at := slices.IndexFunc(wanted, func(w core.Line) bool { return w.SKU == l.sku })
		if at < 0 {
			continue
		}
		if n := min(wanted[at].Quantity, l.at(location)); n > 0 {
			wanted[at].Quantity -= n
			l.leave(location, n)
			s.units = append(s.units, core.SentUnits{Line: i, Quantity: n})
		}
	}
	for _, line := range c.Lines {
		n := core.Quantity(0)
		for _, u := range s.units {
			if o.lines[u.Line].sku == line.SKU {
				n += u.Quantity
			}
		}
		if n > 0 {
			event.Moves = append(event.Moves, core.MovementImage{LevelImage: m.level(line.SKU, location), Kind: core.MovementShip, Quantity: n})
		}
	}
	o.lives, o.shipments = true, append(o.shipments, s)
	o.version++
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

// leave takes units of the line out of what it has at a location.
func (l *line) leave(location core.LocationID, n core.Quantity) {
	l.shipped += n
	for i := range l.allocations {
		if l.allocations[i].Location == location {
			l.allocations[i].Quantity -= n
		}
	}
	l.allocations = slices.DeleteFunc(l.allocations, func(a core.Allocation) bool { return a.Quantity == 0 })
}
