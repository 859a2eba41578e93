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
	can, all, works, refusal := o.shippable(c)
	if refusal != nil {
		return *refusal
	}
	apart := o.unsent(c)
	var wanted []core.Line
	var over []core.RefusedLine
	for row, w := range c.Lines {
		there := core.Quantity(0)
		for i, l := range o.lines {
			if l.sku == w.SKU {
				there += can[i] + apart[i]
			}
		}
		if w.Quantity > there {
			over = append(over, core.RefusedLine{Index: row, SKU: w.SKU, Location: location, Requested: w.Quantity, Available: there})
		}
		if w.Quantity == 0 {
			w.Quantity = there
		}
		if w.Quantity > 0 {
			wanted = append(wanted, w)
		}
	}
	if len(wanted) == 0 || len(over) > 0 {
		return refused(core.ReasonNotAllocated, over)
	}
	sent := o.divide(wanted, can, apart)
	var missing []core.RefusedLine
	for _, w := range wanted {
		w.Quantity = o.ofStock(w.SKU, sent)
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
		if n := o.ofStock(w.SKU, sent); n > 0 {
			m.skus[w.SKU].stock[location][core.StateSellable] -= n
		}
	}
	for i, l := range o.lines {
		if n := sent[i]; n > 0 {
			l.leave(location, n)
			s.units = append(s.units, core.SentUnits{Line: i, Quantity: n})
			for _, w := range works {
				n -= w.ship(i, n)
			}
		}
	}
	for _, line := range c.Lines {
		if n := o.ofStock(line.SKU, sent); n > 0 {
			event.Moves = append(event.Moves, core.MovementImage{LevelImage: m.level(line.SKU, location), Kind: core.MovementShip, Quantity: n})
		}
	}
	if c.Life.PickedUp {
		s.image.Status, s.image.TrackedAt = core.ShipmentDelivered, m.now
		s.reports = append(s.reports, core.TrackingReport{At: m.now, Status: core.ShipmentDelivered})
	}
	o.works = all
	o.lives, o.shipments = true, append(o.shipments, s)
	o.version++
	if c.Life.PickedUp {
		m.finish(o)
	}
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

// unsent is how many units of each line are only recorded, and have not left; none if the command is about a fulfilment order, which has none of them.
func (o *order) unsent(c *core.Command) []core.Quantity {
	units := make([]core.Quantity, len(o.lines))
	for i, l := range o.lines {
		if l.role == core.LineUntracked && c.Life.Fulfilment == 0 {
			units[i] = l.kept() - l.shipped
		}
	}
	return units
}

// divide says how many units of each line leave: first those that lie at the location, then those that are only recorded.
func (o *order) divide(wanted []core.Line, can, apart []core.Quantity) []core.Quantity {
	sent := make([]core.Quantity, len(o.lines))
	for _, w := range wanted {
		for _, from := range [][]core.Quantity{can, apart} {
			for i, l := range o.lines {
				if l.sku == w.SKU {
					n := min(w.Quantity, from[i])
					sent[i] += n
					w.Quantity -= n
				}
			}
		}
	}
	return sent
}

// ofStock is how many of the units that leave are of stock.
func (o *order) ofStock(id core.SKUID, sent []core.Quantity) (n core.Quantity) {
	for i, l := range o.lines {
		if l.sku == id && l.role != core.LineUntracked {
			n += sent[i]
		}
	}
	return n
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

// shippable says how many units of each line may leave a location, and of which of all fulfilment orders they are, if the order has any or one is
// named.
func (o *order) shippable(c *core.Command) (can []core.Quantity, all, works []*work, refused *core.Outcome) {
	location, number := c.Life.Location, c.Life.Fulfilment
	can = make([]core.Quantity, len(o.lines))
	if len(o.works) == 0 && number == 0 {
		for i, l := range o.lines {
			can[i] = l.at(location)
		}
		return can, nil, nil, nil
	}
	all = o.openWorks()
	if number != 0 && named(all, number, location) < 0 {
		out := o.refuseWork(core.ReasonFulfilmentNotFound)
		return nil, nil, nil, &out
	}
	var blocked []*work
	sum := core.Quantity(0)
	for k, w := range all {
		if w.location != location || number != 0 && k != number-1 {
			continue
		}
		if _, ok := worksAllow[core.FulfilmentShip][w.status]; !ok {
			if w.isLive() || number != 0 {
				blocked = append(blocked, w)
			}
			continue
		}
		works = append(works, w)
		for i := range can {
			can[i] += w.units[i]
		}
		sum += w.left()
	}
	if sum == 0 && len(blocked) > 0 {
		out := o.refuseStatus(blocked[0])
		return nil, nil, nil, &out
	}
	return can, all, works, nil
}

// ship takes so many units of a line out of a fulfilment order, as far as it has them, and tells how many.
func (w *work) ship(line int, most core.Quantity) core.Quantity {
	n := min(most, w.units[line])
	if n > 0 {
		w.units[line] -= n
		w.shipped = true
	}
	return n
}
