package reference

import (
	"fmt"
	"slices"

	"holdfast/engine/core"
)

// defineSale makes a sale, or changes one: often one that is about to begin, or to end.
func (g *generator) defineSale(c *core.Command) {
	c.Kind, c.Name = core.CommandDefineSale, fmt.Appendf(nil, "sale-%d", g.random.IntN(3))
	soon := func() core.Millis { return pick(g, []core.Millis{-50, 0, 0, 1, 20, 200}) }
	s := &core.SaleSettings{
		StartsAt:   g.now + soon(),
		MaxTTL:     pick(g, []core.Millis{0, 0, core.MinTTL, 1800, 40_000}),
		MaxExpired: pick(g, []uint32{0, 0, 1, 3}),
		Queue:      core.SaleQueue{Required: g.chance(20), Opening: 10, RatePerMinute: 20, TokenTTL: 30},
	}
	s.EndsAt = s.StartsAt + pick(g, []core.Millis{1, 1_000, 20_000, core.MaxTTL, core.MaxTTL})
	for kind := range s.Limits {
		s.Limits[kind] = pick(g, []core.Quantity{0, 0, 2, 5, 20})
	}
	for range g.between(1, 4) {
		item := core.SaleItem{
			SKU:     g.unit(),
			Quota:   pick(g, []core.Quantity{0, 1, 3, 10, 10, 40, core.Unlimited}),
			MaxHeld: pick(g, []core.Quantity{0, 0, 1, 4}),
		}
		if !slices.ContainsFunc(s.Items, func(o core.SaleItem) bool { return o.SKU == item.SKU }) {
			s.Items = append(s.Items, item)
		}
	}
	c.SaleSettings = s
}

// advanceQueue tells how far the line before a sale has come, or was a while ago.
func (g *generator) advanceQueue(c *core.Command) {
	c.Kind, c.Sale = core.CommandAdvanceQueue, pick(g, g.model.sales).image.ID
	if g.chance(5) {
		c.Sale += core.SlotCount * 3 // none of it
	}
	if c.Queue.Reserved = uint32(g.between(0, 9)); g.chance(60) {
		c.Queue.Opened = true
		c.Queue.Drawn, c.Queue.Admitted = uint32(g.between(0, int(c.Queue.Reserved))), uint32(g.between(0, int(c.Queue.Reserved)))
		c.Queue.Settled = uint32(g.between(0, int(c.Queue.Admitted)))
	}
}

// inSale makes a placement one in a sale, mostly of what the sale sells.
func (g *generator) inSale(c *core.Command) {
	if len(g.model.sales) == 0 || !g.chance(40) {
		return
	}
	s := pick(g, g.model.sales)
	for range 3 {
		if g.now >= s.image.Settings.StartsAt && g.now < s.image.Settings.EndsAt {
			break
		}
		s = pick(g, g.model.sales)
	}
	c.Sale = s.image.ID
	switch {
	case g.chance(1):
		c.Sale += core.SlotCount * 3 // none of it
	case g.chance(1):
		c.Sale ^= 1 // a sale's place, in another slot
	}
	for i := range c.Lines {
		if g.chance(95) {
			c.Lines[i].SKU = pick(g, s.image.Settings.Items).SKU
		}
	}
	if s.image.Settings.Queue.Required && g.chance(90) || g.chance(10) {
		c.Ticket = uint32(len(g.model.orders) + 1)
		if g.chance(60) {
			c.Ticket = pick(g, []uint32{1, 2, 511, 512, 1 << 31})
		}
	}
	if c.Kind == core.CommandPlaceHold && g.chance(30) {
		c.TTL = core.MinTTL
	}
	for kind := core.IdentityAddress; kind < core.IdentityKinds; kind++ {
		if g.chance(50) {
			c.Identities = core.AppendIdentity(c.Identities, kind, []byte{byte(g.random.IntN(3))})
		}
	}
}
