package reference

import (
	"fmt"

	"holdfast/engine/core"
)

// goOn goes on with the life of an order.
func (g *generator) goOn(c *core.Command) {
	switch roll := g.random.IntN(100); {
	case roll < 34:
		g.fulfil(c)
	case roll < 46:
		g.edit(c)
	case roll < 51:
		g.putOnHold(c)
	case roll < 58:
		g.cancelLines(c)
	case roll < 75:
		g.ship(c)
	case roll < 92:
		g.track(c)
	default:
		g.takeBack(c)
	}
}

// ship has units of an order leave where it has some, mostly all.
func (g *generator) ship(c *core.Command) {
	document := c.Document
	o := g.placedOrder(c, core.CommandShipOrder)
	c.Document, c.Life = document, &core.LifeRequest{Location: core.LocationID(g.random.IntN(len(g.model.locations)))}
	if g.chance(2) {
		c.Life.Location = core.LocationID(len(g.model.locations))
	}
	if g.chance(30) {
		c.Life.Note, c.Actor = fmt.Appendf(nil, "box %d", g.random.IntN(9)), []byte("kim")
	}
	if o == nil {
		c.Lines = []core.Line{{SKU: g.sku()}}
		return
	}
	if image := o.image(); len(image.Allocations) > 0 && g.chance(95) {
		c.Life.Location = pick(g, image.Allocations).Location
	}
	g.someSKUs(c, o)
	if g.chance(25) {
		c.Life.Fulfilment = g.between(1, max(2, len(o.works)))
	}
	c.Life.PickedUp = g.chance(15)
}

// placedOrder chooses a command's order, mostly one that is placed.
func (g *generator) placedOrder(c *core.Command, kind core.CommandKind) *order {
	*c = core.Command{Version: 1, HasKey: c.HasKey, Key: c.Key}
	g.followUp(c, kind)
	for range 20 {
		o := g.model.byNumber[c.Order]
		if len(g.model.orders) == 0 || g.chance(4) || o != nil && o.status == core.StatusPlaced {
			break
		}
		o = pick(g, g.model.orders)
		c.Order, c.ExpectedVersion, c.Mask = o.id, 0, g.model.OrderMask(o.id)
	}
	return g.model.byNumber[c.Order]
}

// cancelLines gives some units of an order back: mostly of lines of an order that has more.
func (g *generator) cancelLines(c *core.Command) {
	o := g.placedOrder(c, core.CommandCancelLines)
	c.Life = &core.LifeRequest{}
	if g.chance(30) {
		c.Life.Note, c.Actor = []byte("too many"), []byte("anna")
	}
	if o == nil {
		c.Life.Units = []core.LineUnits{{Line: g.random.IntN(3)}}
		return
	}
	for i, l := range o.lines {
		if l.role == core.LineOfComponent && !g.chance(1) || len(c.Life.Units) > 0 && g.chance(60) {
			continue
		}
		u := core.LineUnits{Line: i, Quantity: core.Quantity(g.between(1, int(min(3, l.quantity))))}
		if g.chance(15) {
			u.Quantity = 0
		}
		c.Life.Units = append(c.Life.Units, u)
	}
	if g.chance(2) || len(c.Life.Units) == 0 {
		c.Life.Units = append(c.Life.Units, core.LineUnits{Line: len(o.lines), Quantity: 1})
	}
}

// shippedOrder chooses a command's order and shipment, mostly of one that has some.
func (g *generator) shippedOrder(c *core.Command, kind core.CommandKind, wanted func(s *shipment) bool) *order {
	o := g.placedOrder(c, kind)
	c.Life = &core.LifeRequest{Shipment: g.between(1, 2)}
	for range 40 {
		if len(g.model.orders) == 0 || g.chance(3) {
			break
		}
		other := pick(g, g.model.orders)
		if len(other.shipments) == 0 || other.archived {
			continue
		}
		number := g.random.IntN(len(other.shipments))
		o = other
		c.Order, c.ExpectedVersion, c.Mask, c.Life.Shipment = o.id, 0, g.model.OrderMask(o.id), number+1
		if wanted(&o.shipments[number]) {
			break
		}
	}
	if g.chance(20) {
		c.Life.Note, c.Actor = []byte("by mail"), []byte("kim")
	}
	return o
}

// track reports where a shipment is, in the carrier's time: late, twice, and in any order.
func (g *generator) track(c *core.Command) {
	g.shippedOrder(c, core.CommandTrackShipment, func(s *shipment) bool { return s.image.Status != core.ShipmentDelivered || g.chance(5) })
	for range pick(g, []int{1, 1, 1, 2, 5, 40}) {
		r := core.TrackingReport{At: g.now + core.Millis(g.between(-5, 20)), Status: core.ShipmentStatus(g.between(2, int(core.LastShipmentStatus)))}
		if g.chance(40) {
			r.Status = pick(g, []core.ShipmentStatus{core.ShipmentDelivered, core.ShipmentDelivered, core.ShipmentLost, core.ShipmentReturnedToSender})
		}
		if g.chance(40) {
			r.ID = fmt.Appendf(nil, "report-%d", g.random.IntN(200))
		}
		if g.chance(1) {
			r.At += 24 * 60 * 60 * 1000
		}
		c.Life.Reports = append(c.Life.Reports, r)
	}
}

// takeBack has units in stock again.
func (g *generator) takeBack(c *core.Command) {
	o := g.shippedOrder(c, core.CommandTakeBack, func(s *shipment) bool { return s.image.Status == core.ShipmentReturnedToSender })
	c.Life.Location = core.LocationID(g.random.IntN(len(g.model.locations)))
	if g.chance(2) {
		c.Life.Location = core.LocationID(len(g.model.locations))
	}
	c.Life.To = core.StockState(g.random.IntN(core.UnavailableStates + 1))
	if o == nil {
		c.Lines = []core.Line{{SKU: g.sku()}}
		return
	}
	g.someSKUs(c, o)
}

// putOnHold stops an order, or has one go on that was stopped.
func (g *generator) putOnHold(c *core.Command) {
	if g.chance(20) {
		g.shippedOrder(c, core.CommandPutOnHold, func(*shipment) bool { return true })
	} else {
		g.placedOrder(c, core.CommandPutOnHold)
	}
	for range 20 {
		if o := g.model.byNumber[c.Order]; len(g.model.orders) == 0 || o != nil && o.stopped() != 0 || g.chance(8) {
			break
		}
		c.Order, c.ExpectedVersion = pick(g, g.model.orders).id, 0
		c.Mask = g.model.OrderMask(c.Order)
	}
	c.Life = &core.LifeRequest{OnHold: core.OnHold(g.between(1, int(core.AnyOnHold)))}
	if o := g.model.byNumber[c.Order]; o == nil && g.chance(50) || o != nil && o.stopped() != 0 && g.chance(80) {
		if c.Kind = core.CommandTakeOffHold; g.chance(50) {
			c.Life.OnHold = 0
		}
	}
	if g.chance(20) {
		c.Life.Note, c.Actor = []byte("looks odd"), []byte("kim")
	}
}
