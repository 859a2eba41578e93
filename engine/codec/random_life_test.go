package codec

import "holdfast/engine/core"

func isOfLife(kind core.CommandKind) bool {
	return kind >= core.CommandCancelLines && kind <= core.CommandTakeOffHold || kind.IsOfReturn() || kind >= core.CommandWorkFulfilment && kind <= core.CommandDeclineFulfilment
}

func (g generator) lifeRequest(c *core.Command) {
	c.Life, c.Actor = &core.LifeRequest{Note: g.reason()}, g.reason()
	if c.Kind.IsOfReturn() {
		g.returnRequest(c)
		return
	}
	if c.Kind >= core.CommandWorkFulfilment {
		g.fulfilment(c)
		return
	}
	switch c.Kind {
	case core.CommandTrackShipment:
		c.Life.Shipment, c.Life.Reports = int(g.between(1, core.MaxShipments)), g.reports()
		return
	case core.CommandPutOnHold:
		c.Life.OnHold = g.onHold()
		return
	case core.CommandTakeOffHold:
		if g.bool() {
			c.Life.OnHold = g.onHold()
		}
		return
	case core.CommandTakeBack:
		c.Life.Shipment, c.Life.To = int(g.between(1, core.MaxShipments)), core.StockState(g.IntN(4))
		fallthrough
	case core.CommandShipOrder:
		if c.Kind == core.CommandShipOrder && g.bool() {
			c.Life.Fulfilment, c.Life.PickedUp = int(g.between(1, core.MostFulfilments)), g.bool()
		}
		c.Life.Location = g.location()
		for i := range g.between(1, core.MaxLines) {
			c.Lines = append(c.Lines, core.Line{SKU: core.SKUID(7 * i), Quantity: core.Quantity(g.between(0, int64(core.MaxLineQuantity)))})
		}
		return
	}
	for _, line := range g.Perm(core.MaxLines)[:g.between(1, core.MaxLines)] {
		c.Life.Units = append(c.Life.Units, core.LineUnits{Line: line, Quantity: core.Quantity(g.between(0, int64(core.MaxLineQuantity)))})
	}
}

// edit fills in what changes an order: its document alone, or some of units that are taken off, lines, a document, and where it goes.
func (g generator) edit(c *core.Command) {
	c.Life, c.Actor = &core.LifeRequest{Note: g.reason()}, g.reason()
	if len(c.Document) > 0 && g.bool() {
		c.Life.DocumentOnly = true
		return
	}
	if g.bool() {
		for _, line := range g.Perm(core.MaxLines)[:g.between(1, core.MaxLines)] {
			c.Life.Units = append(c.Life.Units, core.LineUnits{Line: line, Quantity: core.Quantity(g.between(0, int64(core.MaxLineQuantity)))})
		}
	}
	if g.bool() || len(c.Life.Units)+len(c.Document) == 0 {
		c.Lines = g.lines()
		c.Recipes = g.recipes(c.Lines)
	}
	if g.bool() {
		c.Destination = g.destination()
	}
}

// lifeEvent fills in what an event has that tells of the life of its order.
func (g generator) lifeEvent(ev *core.Event) {
	if ev.Kind.IsOfReturn() {
		g.returnEvent(ev)
		return
	}
	if ev.Kind >= core.EventFulfilmentChanged && ev.Kind <= core.EventFulfilmentDeclined {
		g.fulfilmentEvent(ev)
		return
	}
	switch ev.Kind {
	case core.EventLinesCancelled:
		g.cancelled(ev)
	case core.EventOrderPutOnHold, core.EventOrderTakenOffHold:
		ev.OnHold = g.onHold()
	case core.EventOrderEdited:
		if g.cancelled(ev); g.bool() {
			ev.Units, ev.Freed = nil, nil
		}
		ev.Added = g.IntN(len(ev.Order.Lines))
	case core.EventShipmentTracked:
		ev.Order.Life = g.life(len(ev.Order.Lines))
		ev.Shipment, ev.Reports = int(g.between(1, int64(len(ev.Order.Life.Shipments)))), g.reports()
	case core.EventOrderShipped, core.EventShipmentTakenBack:
		ev.Order.Life = g.life(len(ev.Order.Lines))
		ev.Shipment, ev.Moves = int(g.between(1, int64(len(ev.Order.Life.Shipments)))), g.movementImages(int(g.between(1, 40)))
		if ev.Kind == core.EventOrderShipped && g.IntN(4) == 0 {
			ev.Moves = nil
		}
		for i := range ev.Moves {
			ev.Moves[i].Kind, ev.Moves[i].To = core.MovementShip, 0
		}
	case core.EventOrderPriced:
	default:
		return
	}
	ev.Note, ev.Actor = g.reason(), g.reason()
}

func (g generator) cancelled(ev *core.Event) {
	for range g.between(1, 40) {
		ev.Units = append(ev.Units, core.LineUnits{Line: g.IntN(len(ev.Order.Lines)), Quantity: g.quantity()})
	}
	for range g.IntN(40) {
		f := core.FreedUnits{Line: g.IntN(len(ev.Order.Lines)), Beyond: g.bool(), Quantity: g.quantity()}
		if !f.Beyond {
			f.Location = g.location()
		}
		ev.Freed = append(ev.Freed, f)
	}
}

// reports are what a carrier says.
func (g generator) reports() (reports []core.TrackingReport) {
	for range g.between(1, core.MaxTracked) {
		reports = append(reports, core.TrackingReport{At: g.millis(), Status: core.ShipmentStatus(g.between(2, int64(core.LastShipmentStatus))), ID: g.reason()})
	}
	return reports
}

// life is what became of an order with so many lines.
func (g generator) life(lines int) *core.LifeImage {
	life := &core.LifeImage{Lines: make([]core.LineLife, lines)}
	for i := range life.Lines {
		life.Lines[i] = core.LineLife{
			Cancelled: g.quantity(), Shipped: g.quantity(), Delivered: g.quantity(), Lost: g.quantity(), SentBack: g.quantity(), TakenBack: g.quantity(),
		}
	}
	if g.bool() {
		life.ClosesAt = g.millis()
	}
	for range g.between(1, 5) {
		s := core.ShipmentImage{
			Status: core.ShipmentStatus(g.between(1, int64(core.LastShipmentStatus))), TrackedAt: g.millis(), Location: g.location(), Created: g.sequence(), CreatedAt: g.millis(), HasDocument: g.bool(),
			Lines: int(g.between(1, 5)),
		}
		for range s.Lines {
			life.Sent = append(life.Sent, core.SentUnits{Line: g.IntN(lines), Quantity: g.quantity(), TakenBack: g.quantity()})
		}
		life.Shipments = append(life.Shipments, s)
	}
	if g.bool() {
		g.returns(life, lines)
	}
	return life
}

// onHold are reasons for which an order is on hold, one at least.
func (g generator) onHold() core.OnHold { return core.OnHold(g.between(1, int64(core.AnyOnHold))) }
