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
	if g.chance(70) {
		s.WaitlistCapacity, s.WaitlistTTL = pick(g, []uint32{1, 3, 3, 50}), pick(g, []core.Millis{core.MinTTL, 1800})
	}
	s.EndsAt = s.StartsAt + pick(g, []core.Millis{1, 1_000, 20_000, core.MaxTTL, core.MaxTTL})
	for kind := range s.Limits {
		s.Limits[kind] = pick(g, []core.Quantity{0, 0, 2, 5, 20})
	}
	for range g.between(1, 4) {
		item := core.SaleItem{
			SKU:     pick(g, []core.SKUID{g.unit(), g.unit(), g.sku()}),
			Quota:   pick(g, []core.Quantity{0, 1, 3, 10, 10, 40, core.Unlimited}),
			MaxHeld: pick(g, []core.Quantity{0, 0, 1, 4}),
		}
		if !slices.ContainsFunc(s.Items, func(o core.SaleItem) bool { return o.SKU == item.SKU }) {
			s.Items = append(s.Items, item)
		}
	}
	if g.lines && g.chance(80) {
		s.StartsAt, s.EndsAt, s.WaitlistCapacity, s.WaitlistTTL = min(s.StartsAt, g.now), g.now+core.MaxTTL, 50, core.MinTTL
		s.Items[0].Quota = core.Quantity(g.between(1, 6))
		s.Limits[pick(g, []core.IdentityKind{core.IdentityCustomer, core.IdentityDevice})] = 3
		for _, known := range g.model.sales {
			if string(known.image.Name) == string(c.Name) && g.chance(70) {
				s.Items = slices.Clone(known.image.Settings.Items)
			}
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
	c.Sale, c.Stock = s.image.ID, core.StockValidate
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

// atWaitlist makes a command about a waitlist, or one that brings units for it; false when there is nothing to wait for.
func (g *generator) atWaitlist(c *core.Command) bool {
	waits := slices.ContainsFunc(g.model.sales, func(s *sale) bool { return len(s.waiters) > 0 })
	switch roll := g.random.IntN(100); {
	case len(g.model.sales) == 0:
		return false
	case !waits && roll < 30 || roll < 10:
		g.sellOut(c)
	case !waits || roll < 40:
		g.joinWaitlist(c)
	case roll < 70:
		g.serveWaitlist(c)
	case roll < 75:
		g.leaveWaitlist(c)
	case roll < 87:
		g.limitWaiter(c)
	default:
		g.endHoldOf(c, pick(g, g.model.sales))
	}
	return true
}

// joinWaitlist asks for a place, mostly for what is sold out.
func (g *generator) joinWaitlist(c *core.Command) {
	var order core.Command
	g.fillOrder(&order)
	if order.Sale == 0 {
		order.Sale = pick(g, g.model.sales).image.ID
	}
	c.Kind, c.Sale, c.Channel, c.Customer, c.Identities = core.CommandJoinWaitlist, order.Sale, order.Channel, order.Customer, order.Identities
	c.Lines, c.Document = order.Lines[:1], nil
	if soldOut := g.soldOut(c); len(soldOut) > 0 && g.chance(95) {
		w := pick(g, soldOut)
		c.Sale, c.Lines[0].SKU = w.Sale, w.SKU
	} else if g.chance(80) {
		g.sellOut(c)
		return
	}
	switch {
	case g.chance(3):
		c.Sale += core.SlotCount * 3 // none of it
	case g.chance(3):
		c.Lines[0].SKU += core.SlotCount * 1000 // likewise
	case g.chance(4):
		s := pick(g, g.model.sales) // it may not have begun, or be over
		c.Sale, c.Lines[0].SKU = s.image.ID, s.image.Settings.Items[0].SKU
	}
}

// sellOut holds all that a sale has of something.
func (g *generator) sellOut(c *core.Command) {
	*c = core.Command{Version: 1, HasKey: c.HasKey, Key: c.Key}
	g.placeHold(c)
	running := slices.DeleteFunc(slices.Clone(g.model.sales), func(s *sale) bool {
		return g.now < s.image.Settings.StartsAt || g.now >= s.image.Settings.EndsAt
	})
	if len(running) > 0 {
		s := pick(g, running)
		c.Sale, c.UpTo, c.Lines = s.image.ID, true, []core.Line{{SKU: pick(g, s.image.Settings.Items).SKU, Quantity: 40}}
		g.bringRecipes(c)
	}
}

// soldOut lists what there is to wait for now.
func (g *generator) soldOut(c *core.Command) (list []core.WaiterImage) {
	for _, s := range g.model.sales {
		rules, copied := &s.image.Settings, *c
		copied.Channel = min(copied.Channel, core.ChannelID(len(g.model.channels)-1))
		if copied.Sale = s.image.ID; g.now < rules.StartsAt || g.now >= rules.EndsAt {
			continue
		}
		for _, item := range rules.Items {
			copied.Lines = []core.Line{{SKU: item.SKU, Quantity: 1}}
			if g.model.toBeHad(&copied, item.SKU) <= 0 {
				list = append(list, core.WaiterImage{Sale: copied.Sale, SKU: item.SKU})
			}
		}
	}
	return list
}

// limitWaiter has somebody who waits buy, or lowers what they may have.
func (g *generator) limitWaiter(c *core.Command) {
	w := g.waiter()
	if sku := g.model.skus[w.SKU].image; g.chance(30) {
		c.Kind, c.Name, c.SKU = core.CommandDefineSKU, sku.Name, sku.Settings
		c.SKU.LimitPerCustomer = 1
		return
	}
	if image := g.model.saleOf(w.Sale).image; g.chance(40) {
		rules := image.Settings
		rules.Limits[core.IdentityCustomer], rules.Items = 1, slices.Clone(rules.Items)
		if g.chance(30) {
			rules.Limits[core.IdentityCustomer], rules.MaxExpired = 0, 1
		}
		for i := range rules.Items {
			rules.Items[i].Quota += 2
		}
		c.Kind, c.Name, c.SaleSettings = core.CommandDefineSale, image.Name, &rules
		return
	}
	g.placeOrder(c)
	c.Customer, c.Lines, c.ExternalID = w.Customer, []core.Line{{SKU: w.SKU, Quantity: 1}}, nil
	g.bringRecipes(c)
	if g.chance(60) {
		c.Sale, c.Identities, c.Stock = w.Sale, w.Identities, core.StockValidate
		g.bringRecipes(c)
	}
}

// endHoldOf gives back a hold of a sale, or whatever else.
func (g *generator) endHoldOf(c *core.Command, s *sale) {
	g.followUp(c, core.CommandReleaseHold)
	for _, o := range g.model.orders {
		if o.status == core.StatusHeld && o.sale == s.image.ID {
			c.Order, c.ExpectedVersion, c.Mask = o.id, 0, o.mask()
			return
		}
	}
}

// serveWaitlist serves somebody who waits: mostly the first of a line for which there is something.
func (g *generator) serveWaitlist(c *core.Command) {
	w := g.waiter()
	for range 5 {
		s := g.model.saleOf(w.Sale)
		if s.isNext(w) && (s.item(w.SKU) == nil || g.now >= s.image.Settings.EndsAt || g.model.couldOffer(s, w)) {
			if g.chance(15) {
				w = pick(g, s.line(w.SKU)) // whose turn it may not be
			}
			break
		}
		w = g.waiter()
	}
	*c = core.Command{
		Kind: core.CommandServeWaitlist, Version: 1, Sale: w.Sale, Waiter: w.Number, Channel: w.Channel, UpTo: true,
		Customer: copyBytes(w.Customer), Identities: copyBytes(w.Identities), Lines: []core.Line{{SKU: w.SKU, Quantity: w.Quantity}},
	}
	switch {
	case g.chance(2):
		c.Customer = pick(g, g.customers)
	case g.chance(1):
		c.Lines[0].Quantity++
	case g.chance(1):
		c.Sale += core.SlotCount * 3 // none of it
	}
}

func (g *generator) leaveWaitlist(c *core.Command) {
	w := g.waiter()
	*c = core.Command{Kind: core.CommandLeaveWaitlist, Version: 1, Sale: w.Sale, Waiter: w.Number, HasKey: c.HasKey, Key: c.Key}
	switch {
	case g.chance(10):
		c.Waiter++
	case g.chance(5):
		c.Sale += core.SlotCount * 3 // none of it
	}
}

// waiter is one of those who wait, often the first of a line.
func (g *generator) waiter() *waiter {
	s := pick(g, g.model.sales)
	for len(s.waiters) == 0 {
		s = pick(g, g.model.sales)
	}
	w := pick(g, s.waiters)
	if g.chance(70) {
		return s.line(w.SKU)[0]
	}
	return w
}
