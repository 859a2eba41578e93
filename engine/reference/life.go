package reference

import (
	"slices"

	"holdfast/engine/core"
)

// kept is how many units of the line were not cancelled.
func (l *line) kept() core.Quantity { return l.quantity - l.cancelled }

// lifeImage is what became of the order since it was placed; nil for nothing.
func (o *order) lifeImage() *core.LifeImage {
	if !o.lives {
		return nil
	}
	life := &core.LifeImage{}
	for _, l := range o.lines {
		life.Lines = append(life.Lines, core.LineLife{Cancelled: l.cancelled, Shipped: l.shipped, TakenBack: l.takenBack})
	}
	life.ClosesAt = o.closesAt
	o.addWorks(life)
	for _, s := range o.shipments {
		s.image.Lines = len(s.units)
		life.Shipments, life.Sent = append(life.Shipments, s.image), append(life.Sent, s.units...)
		for _, u := range s.units {
			switch l := &life.Lines[u.Line]; s.image.Status {
			case core.ShipmentDelivered:
				l.Delivered += u.Quantity
			case core.ShipmentLost:
				l.Lost += u.Quantity
			case core.ShipmentReturnedToSender:
				l.SentBack += u.Quantity
			}
		}
	}
	o.returnImages(life)
	return life
}

// componentsOf gives the lines of the components of a line of kits, and how many units are in each kit.
func (o *order) componentsOf(i int) map[int]core.Quantity {
	parts := map[int]core.Quantity{}
	if o.lines[i].role != core.LineOfKits {
		return parts
	}
	for k := i + 1; k < len(o.lines) && o.lines[k].role == core.LineOfComponent; k++ {
		parts[k] = o.lines[k].quantity / o.lines[i].quantity
	}
	return parts
}

// cancellable is how many units of a line, or how many whole kits, are still to be had by the customer.
func (o *order) cancellable(i int) core.Quantity {
	most := o.lines[i].kept() - o.lines[i].shipped
	for k, each := range o.componentsOf(i) {
		most = min(most, (o.lines[k].kept()-o.lines[k].shipped)/each)
	}
	return most
}

// toCancel is how many units of each line a command takes away, those of components too, or why it is refused.
func (o *order) toCancel(c *core.Command) (map[int]core.Quantity, core.Outcome) {
	wanted := map[int]core.Quantity{}
	var unknown, over []core.RefusedLine
	for row, u := range c.Life.Units {
		refused := core.RefusedLine{Index: row, Requested: u.Quantity}
		if u.Line < len(o.lines) {
			refused.SKU = o.lines[u.Line].sku
		}
		if u.Line >= len(o.lines) || o.lines[u.Line].role == core.LineOfComponent {
			unknown = append(unknown, refused)
			continue
		}
		most := o.cancellable(u.Line)
		if u.Quantity == 0 {
			u.Quantity = most
		}
		if refused.Available = most; u.Quantity > most {
			over = append(over, refused)
		}
		if u.Quantity > 0 {
			wanted[u.Line] = u.Quantity
		}
		for k, each := range o.componentsOf(u.Line) {
			if u.Quantity > 0 {
				wanted[k] = each * u.Quantity
			}
		}
	}
	if len(unknown) > 0 {
		return nil, refuseOrder(core.Refusal{Reason: core.ReasonOrderLine, Order: o.id, Version: o.version, Lines: unknown})
	}
	if len(over) > 0 || len(wanted) == 0 {
		return nil, refuseOrder(core.Refusal{Reason: core.ReasonNotCancellable, Order: o.id, Version: o.version, Lines: over})
	}
	return wanted, core.Outcome{}
}

// leftWithout is how many units the order has without some.
func (o *order) leftWithout(wanted map[int]core.Quantity) (left core.Quantity) {
	for i, l := range o.lines {
		left += l.kept() - wanted[i]
	}
	return left
}

// takeOff takes units away from the order's lines, and notes in an event where they were.
func (o *order) takeOff(wanted map[int]core.Quantity, event *core.Event) {
	for i, l := range o.lines {
		if wanted[i] == 0 {
			continue
		}
		o.lives = true
		event.Units = append(event.Units, core.LineUnits{Line: i, Quantity: wanted[i]})
		for _, f := range l.cancel(wanted[i]) {
			f.Line = i
			event.Freed = append(event.Freed, f)
		}
	}
}

// cancelLines gives units of an order back that have not left.
func (m *Model) cancelLines(c *core.Command, o *order) core.Outcome {
	wanted, refusal := o.toCancel(c)
	if refusal.Refusal != nil {
		return refusal
	}
	o.version++
	if o.leftWithout(wanted) == 0 {
		o.status = core.StatusCancelled
		o.claimAll(claimNone)
		o.bookings = nil
		m.forget(o)
		m.emit(core.Event{Kind: core.EventOrderCancelled, Order: o.image()})
		return core.Outcome{Changed: true, Order: o.id}
	}
	event := core.Event{Kind: core.EventLinesCancelled, Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note)}
	o.takeOff(wanted, &event)
	for _, f := range event.Freed {
		if !f.Beyond {
			o.rebook(f.Location)
		}
	}
	o.waitNoMore()
	m.finish(o)
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

// cancel takes units away from those that wait first, then from the last of the locations.
func (l *line) cancel(n core.Quantity) (freed []core.FreedUnits) {
	l.cancelled += n
	if l.role == core.LineOfKits || l.role == core.LineUntracked {
		return nil
	}
	if waits := min(n, l.backordered); waits > 0 {
		l.backordered -= waits
		n -= waits
		freed = append(freed, core.FreedUnits{Beyond: true, Quantity: waits})
	}
	for i := len(l.allocations) - 1; i >= 0; i-- {
		a := &l.allocations[i]
		if gives := min(n, a.Quantity); gives > 0 {
			a.Quantity -= gives
			n -= gives
			freed = append(freed, core.FreedUnits{Location: a.Location, Quantity: gives})
		}
	}
	l.allocations = slices.DeleteFunc(l.allocations, func(a core.Allocation) bool { return a.Quantity == 0 })
	l.pooled = min(l.pooled, l.kept()-l.backordered)
	return freed
}
