package reference

import (
	"fmt"

	"holdfast/engine/core"
)

// goOn goes on with the life of an order.
func (g *generator) goOn(c *core.Command) {
	switch roll := g.random.IntN(100); {
	case roll < 50:
		g.cancelLines(c)
	default:
		g.ship(c)
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
