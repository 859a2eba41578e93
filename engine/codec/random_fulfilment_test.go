package codec

import "holdfast/engine/core"

// fulfilment fills in what is done with a fulfilment order.
func (g generator) fulfilment(c *core.Command) {
	r := c.Life
	r.Location, r.Fulfilment = g.location(), int(g.between(0, core.MostFulfilments))
	switch c.Kind {
	case core.CommandWorkFulfilment:
		if r.Action = core.FulfilmentAction(g.between(1, int64(core.LastFulfilmentAction))); r.Action == core.FulfilmentSchedule {
			r.At = max(1, g.millis())
		}
		if r.Action == core.FulfilmentStart && g.bool() {
			r.List = max(1, g.Uint64())
		}
		return
	case core.CommandMergeFulfilments:
		r.Into = int(g.between(1, core.MostFulfilments))
		return
	case core.CommandMoveFulfilment:
		r.Target = g.location()
	case core.CommandShortPick:
		r.Missing = g.bool()
		r.Units = g.namedUnits(0)
	case core.CommandSplitFulfilment:
		r.Units = g.namedUnits(1)
		return
	}
	if c.Kind != core.CommandMoveFulfilment && g.bool() {
		c.Destination = g.destination()
	}
	for i := range g.between(1, core.MaxLines) {
		c.Lines = append(c.Lines, core.Line{SKU: core.SKUID(7 * i)})
	}
}

// namedUnits are units of lines, each line once and so many of each at least.
func (g generator) namedUnits(least int64) (units []core.LineUnits) {
	for _, line := range g.Perm(core.MaxLines)[:g.between(1, core.MaxLines)] {
		units = append(units, core.LineUnits{Line: line, Quantity: core.Quantity(g.between(least, int64(core.MaxLineQuantity)))})
	}
	return units
}

// works adds fulfilment orders to what became of an order with so many lines.
func (g generator) works(life *core.LifeImage, lines int) {
	for range g.between(1, 5) {
		f := core.FulfilmentImage{
			Status: core.FulfilmentStatus(g.between(1, int64(core.LastFulfilmentStatus))), Location: g.location(), Shipped: g.bool(), Lines: g.IntN(5),
		}
		if f.Status == core.FulfilmentScheduled {
			f.ScheduledAt = g.millis()
		}
		for range f.Lines {
			life.ToDo = append(life.ToDo, core.LineUnits{Line: g.IntN(lines), Quantity: g.quantity()})
		}
		life.Fulfilments = append(life.Fulfilments, f)
	}
}

// fulfilmentEvent fills in what an event tells of a fulfilment order.
func (g generator) fulfilmentEvent(ev *core.Event) {
	ev.Order.Life = g.life(len(ev.Order.Lines))
	g.works(ev.Order.Life, len(ev.Order.Lines))
	number := func() int { return int(g.between(1, int64(len(ev.Order.Life.Fulfilments)))) }
	ev.Fulfilment, ev.Actor = number(), g.reason()
	switch ev.Kind {
	case core.EventFulfilmentChanged:
		ev.Action, ev.Note = core.FulfilmentAction(g.between(1, int64(core.LastFulfilmentAction))), g.reason()
	case core.EventFulfilmentSplit, core.EventFulfilmentsMerged:
		ev.Into, ev.Note = number(), g.reason()
	default:
		ev.Reroute = g.rerouteImage(len(ev.Order.Lines))
		if ev.Kind == core.EventFulfilmentShort && g.bool() {
			ev.Moves = g.movementImages(int(g.between(1, 40)))
		}
	}
}
