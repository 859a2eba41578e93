package reference

import (
	"fmt"

	"holdfast/engine/core"
)

// fulfil does something about a fulfilment order, mostly of an order that has some, and mostly what its status allows.
func (g *generator) fulfil(c *core.Command) {
	o := g.placedOrder(c, core.CommandWorkFulfilment)
	for range 40 {
		if o != nil && o.status == core.StatusPlaced && len(o.openWorks()) > 0 && (len(o.works) > 0 || g.chance(20)) || len(g.model.orders) == 0 || g.chance(1) {
			break
		}
		o = pick(g, g.model.orders)
		c.Order, c.ExpectedVersion, c.Mask = o.id, 0, g.model.OrderMask(o.id)
	}
	c.Life = &core.LifeRequest{Location: core.LocationID(g.random.IntN(len(g.model.locations))), Action: core.FulfilmentStart}
	if g.chance(20) {
		c.Life.Note, c.Actor = fmt.Appendf(nil, "shelf %d", g.random.IntN(9)), []byte("lee")
	}
	if o == nil {
		return
	}
	works := o.openWorks()
	if len(works) == 0 {
		return
	}
	at := g.random.IntN(len(works))
	w := works[at]
	if c.Life.Location = w.location; g.chance(70) {
		c.Life.Fulfilment = at + 1
	}
	g.doWork(c, o, works, at)
	switch {
	case g.chance(2):
		c.Life.Location = core.LocationID(len(g.model.locations))
	case g.chance(3):
		c.Life.Location = core.LocationID(g.random.IntN(len(g.model.locations)))
	case g.chance(3):
		c.Life.Fulfilment = len(works) + 1
	case g.chance(3): // the order has to be asked for its slots
		c.Mask, _ = core.SlotsOf(c)
	}
}

// doWork chooses what is done.
func (g *generator) doWork(c *core.Command, o *order, works []*work, at int) {
	w := works[at]
	action := g.fulfilmentAction(w.status)
	switch action {
	case core.FulfilmentSplit:
		c.Kind = core.CommandSplitFulfilment
		g.someUnits(c, o, w, 1)
	case core.FulfilmentMerge:
		c.Kind, c.Life.Into = core.CommandMergeFulfilments, g.between(1, len(works)+1)
		for k, other := range works {
			if other != w && other.location == w.location && other.status == core.FulfilmentOpen && g.chance(80) {
				c.Life.Into = k + 1
			}
		}
	case core.FulfilmentMove:
		c.Kind, c.Life.Target = core.CommandMoveFulfilment, core.LocationID(g.random.IntN(len(g.model.locations)))
		if g.chance(2) {
			c.Life.Target = core.LocationID(len(g.model.locations))
		}
		g.allSKUs(c, o)
	case core.FulfilmentShortPick:
		c.Kind, c.Life.Missing = core.CommandShortPick, g.chance(50)
		g.someUnits(c, o, w, 0)
		g.allSKUs(c, o)
		c.Destination = g.destination()
	case core.FulfilmentDecline:
		c.Kind = core.CommandDeclineFulfilment
		g.allSKUs(c, o)
		c.Destination = g.destination()
	case core.FulfilmentSchedule:
		c.Life.Action, c.Life.At = action, g.now+core.Millis(g.between(-20, 300)*g.between(1, 400))
	default:
		c.Life.Action = action
	}
}

// fulfilmentAction chooses what is done: mostly what the status allows, and more often than not what changes more than the status.
func (g *generator) fulfilmentAction(status core.FulfilmentStatus) core.FulfilmentAction {
	action := core.FulfilmentAction(g.between(1, int(core.FulfilmentDecline)))
	for range 12 {
		if _, ok := worksAllow[action][status]; ok && (action >= core.FulfilmentSplit || g.chance(50)) {
			break
		}
		action = core.FulfilmentAction(g.between(1, int(core.FulfilmentDecline)))
	}
	return action
}

// someUnits names units of lines, so many at least, mostly of those that a fulfilment order has.
func (g *generator) someUnits(c *core.Command, o *order, w *work, least int) {
	for i := range o.lines {
		if w.units[i] > 0 && (len(c.Life.Units) == 0 || g.chance(40)) || g.chance(1) {
			n := max(1, int(min(3, w.units[i])))
			c.Life.Units = append(c.Life.Units, core.LineUnits{Line: i, Quantity: core.Quantity(g.between(least, n))})
		}
	}
	if len(c.Life.Units) == 0 || g.chance(1) {
		c.Life.Units = append(c.Life.Units, core.LineUnits{Line: len(o.lines), Quantity: 1})
	}
}

// allSKUs names the SKUs of an order, as whoever sends such a command does.
func (g *generator) allSKUs(c *core.Command, o *order) {
	known := map[core.SKUID]bool{}
	for _, l := range o.lines {
		if !known[l.sku] && !(len(known) > 0 && g.chance(1)) {
			known[l.sku] = true
			c.Lines = append(c.Lines, core.Line{SKU: l.sku})
		}
	}
}
