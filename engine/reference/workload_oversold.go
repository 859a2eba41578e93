package reference

import "holdfast/engine/core"

// openCase picks a case of which something is left.
func (g *generator) openCase() *oversoldCase {
	var open []*oversoldCase
	for _, k := range g.model.cases {
		if k.image.Left > 0 {
			open = append(open, k)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return pick(g, open)
}

// resolve does something about a case, mostly with an order that has to do with it.
func (g *generator) resolve(c *core.Command, k *oversoldCase) {
	*c = core.Command{Version: 1, HasKey: c.HasKey, Key: c.Key, Kind: core.CommandResolveCase}
	if g.chance(8) {
		k = pick(g, g.model.cases)
	}
	id := k.image.ID
	what := &core.Resolution{SKU: id.SKU, Case: id.Order, Action: core.OversoldAction(g.between(1, 3))}
	c.Resolution, c.Order = what, id.Order
	if g.chance(70) {
		if victims := g.model.Victims(id.SKU, core.VictimPolicy(g.random.IntN(4)), nil); len(victims) > 0 {
			c.Order = pick(g, victims).Order
		}
	}
	if g.chance(12) {
		c.Order, _ = g.order()
	}
	if g.chance(3) {
		what.Case = c.Order
	}
	if g.chance(25) {
		c.ExpectedVersion = k.image.Version + uint32(g.random.IntN(5)/4)
	}
	if g.chance(30) {
		what.Note, c.Actor = []byte("sold twice"), []byte("anna")
	}
	if what.Action == core.OversoldReSource {
		what.Location = core.LocationID(g.random.IntN(len(g.model.locations)))
		for range 5 {
			if g.model.couldGive(id.SKU, what.Location) > 0 {
				break
			}
			what.Location = core.LocationID(g.random.IntN(len(g.model.locations)))
		}
		if g.chance(4) {
			what.Location = core.LocationID(len(g.model.locations))
		}
	}
	c.Destination = g.destination()
	c.Mask = g.model.OrderMask(c.Order) | id.SKU.Slot().Mask()
	if g.chance(4) {
		c.Mask = c.Order.Home().Mask() | id.SKU.Slot().Mask()
	}
}
