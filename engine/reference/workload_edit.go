package reference

import (
	"fmt"

	"holdfast/engine/core"
)

// edit changes an order that is placed: it takes units off, adds lines, or both, and now and then replaces its document or says where it goes. Or it
// replaces the document of any order.
func (g *generator) edit(c *core.Command) {
	if g.chance(15) {
		g.replaceDocument(c)
		return
	}
	o := g.placedOrder(c, core.CommandEditOrder)
	c.Life = &core.LifeRequest{}
	if o != nil && !g.chance(4) {
		c.ExpectedVersion = o.version
	}
	if g.chance(30) {
		c.Life.Note, c.Actor = []byte("she called"), []byte("anna")
	}
	if g.chance(20) {
		c.Document = fmt.Appendf(nil, "document of an edit %d", g.random.IntN(100))
	}
	if g.chance(40) {
		c.Destination = g.destination()
	}
	if o != nil && g.chance(60) {
		g.takeOff(c, o)
	}
	if g.chance(65) || len(c.Life.Units)+len(c.Document) == 0 {
		g.add(c, o)
	}
	g.priceEdit(c, o)
	g.bringRecipes(c)
	if mask, _ := core.SlotsOf(c); !g.chance(2) { // else the order has to be asked for its slots again
		c.Mask |= g.model.OrderMask(c.Order) | mask
	} else {
		c.Mask = mask
	}
}

// replaceDocument replaces the document of an order of whatever status, often of one that has ended or left.
func (g *generator) replaceDocument(c *core.Command) {
	*c = core.Command{Version: 1, HasKey: c.HasKey, Key: c.Key}
	g.followUp(c, core.CommandEditOrder)
	for range 5 {
		if o := g.model.byNumber[c.Order]; len(g.model.orders) == 0 || o != nil && o.status != core.StatusPlaced {
			break
		}
		c.Order = pick(g, g.model.orders).id
	}
	if o := g.model.byNumber[c.Order]; o != nil && !g.chance(8) {
		c.ExpectedVersion = o.version
	}
	c.Life, c.Document = &core.LifeRequest{DocumentOnly: true}, fmt.Appendf(nil, "tags %d", g.random.IntN(100))
	if g.chance(30) {
		c.Life.Note, c.Actor = []byte("from the ledger"), []byte("erp")
	}
	if c.Mask = c.Order.Home().Mask(); g.chance(30) { // else it is more than it has to be
		c.Mask |= g.model.OrderMask(c.Order)
	}
}

// takeOff takes units off some lines, mostly of an order that has others; often all that can be.
func (g *generator) takeOff(c *core.Command, o *order) {
	for i, l := range o.lines {
		if l.role == core.LineOfComponent && !g.chance(1) || len(c.Life.Units) > 0 && g.chance(70) || g.chance(20) {
			continue
		}
		u := core.LineUnits{Line: i, Quantity: core.Quantity(g.between(1, int(min(3, l.quantity))))}
		if g.chance(30) {
			u.Quantity = 0
		}
		c.Life.Units = append(c.Life.Units, u)
	}
	if g.chance(1) {
		c.Life.Units = append(c.Life.Units, core.LineUnits{Line: len(o.lines), Quantity: 1})
	}
}

// add adds lines, often of SKUs that the order has: those that it takes off, too.
func (g *generator) add(c *core.Command, o *order) {
	for range pick(g, []int{1, 1, 1, 2, 3}) {
		line := core.Line{SKU: g.sku(), Quantity: core.Quantity(g.between(1, 3))}
		if g.chance(1) {
			line.Quantity = core.MaxLineQuantity
		}
		if o != nil && g.chance(50) {
			own := pick(g, o.lines)
			line = core.Line{SKU: own.sku, Quantity: core.Quantity(g.between(1, int(min(4, own.quantity))))}
		}
		c.Lines = append(c.Lines, line)
	}
}

// priceEdit says what the lines cost that are added, mostly where the order has prices.
func (g *generator) priceEdit(c *core.Command, o *order) {
	if o == nil || !o.hasMoney() != g.chance(3) {
		return
	}
	c.Version, c.Money = 2, &core.OrderMoney{Currency: pick(g, currencies), Extra: int64(pick(g, []int{0, 0, 0, 250, -300, -5000}))}
	if g.chance(30) {
		c.Version, c.Money.Sets = 3, true
	}
	if o.hasMoney() && g.chance(95) {
		c.Money.Currency = o.account.currency
	}
	if g.chance(1) {
		c.Money.Extra = core.MaxAmount
	}
	for range c.Lines {
		c.Money.Amounts = append(c.Money.Amounts, int64(pick(g, []int{1000, 1000, 99, 1, 0, 3333})))
	}
	if len(c.Lines) > 0 && g.chance(1) {
		c.Money.Amounts[0] = core.MaxAmount
	}
}
