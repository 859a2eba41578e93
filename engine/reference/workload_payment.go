package reference

import (
	"fmt"
	"slices"

	"holdfast/engine/core"
)

// money gives an order prices, where orders cost something.
func (g *generator) money(c *core.Command) {
	if !g.pays || c.Kind != core.CommandPlaceHold && c.Kind != core.CommandPlaceOrder || g.chance(25) {
		return
	}
	c.Version, c.Money = 2, &core.OrderMoney{Currency: pick(g, currencies), Extra: int64(pick(g, []int{0, 0, 490, 7, -300}))}
	for range c.Lines {
		c.Money.Amounts = append(c.Money.Amounts, int64(pick(g, []int{1000, 1000, 99, 1, 0, 3333})))
	}
	if c.Money.Total() < 0 {
		c.Money.Extra = 0
	}
	if g.chance(1) {
		c.Money.Extra, c.Money.Amounts[0] = 0, core.MaxAmount-int64(len(c.Lines))*3333
	}
}

var currencies = []core.Currency{{'E', 'U', 'R'}, {'E', 'U', 'R'}, {'E', 'U', 'R'}, {'E', 'U', 'R'}, {'J', 'P', 'Y'}}

// pay does something about the money of an order.
func (g *generator) pay(c *core.Command) {
	switch roll := g.random.IntN(100); {
	case roll < 20:
		g.shipPaid(c)
	case roll < 24:
		g.holdUp(c)
	case roll < 72:
		g.reportPayment(c)
	case roll < 82:
		g.requestPayment(c)
	case roll < 88:
		g.lock(c)
	case roll < 92:
		g.price(c)
	default:
		g.expireUnpaid(c)
	}
}

// shipPaid has units leave of an order for which money is set aside.
func (g *generator) shipPaid(c *core.Command) {
	o := g.orderWith(c, core.CommandShipOrder, func(o *order) bool {
		return o.status == core.StatusPlaced && o.hasMoney() && o.account.setAside() > 0 && len(o.image().Allocations) > 0
	})
	c.Life = &core.LifeRequest{}
	if o == nil {
		c.Lines = []core.Line{{SKU: g.sku()}}
		return
	}
	if image := o.image(); len(image.Allocations) > 0 {
		c.Life.Location = pick(g, image.Allocations).Location
	}
	g.someSKUs(c, o)
}

// holdUp stops an order with prices, mostly for something for which captures wait, or lets it go on.
func (g *generator) holdUp(c *core.Command) {
	paid := func(o *order) bool {
		return o.status == core.StatusPlaced && o.hasMoney() && (o.account.setAside() > 0 || g.chance(20))
	}
	if g.chance(50) {
		g.orderWith(c, core.CommandPutOnHold, func(o *order) bool { return paid(o) && o.onHold == 0 })
		c.Life = &core.LifeRequest{OnHold: pick(g, []core.OnHold{core.OnHoldFraud, core.OnHoldAddress, core.OnHoldPayment, core.OnHoldManual | core.OnHoldStock})}
		return
	}
	g.orderWith(c, core.CommandTakeOffHold, func(o *order) bool { return paid(o) && o.onHold != 0 })
	c.Life = &core.LifeRequest{}
}

// orderWith chooses a command's order, mostly one that is wanted.
func (g *generator) orderWith(c *core.Command, kind core.CommandKind, wanted func(o *order) bool) *order {
	*c = core.Command{Version: 1, HasKey: c.HasKey, Key: c.Key}
	g.followUp(c, kind)
	for range 40 {
		o := g.model.byNumber[c.Order]
		if len(g.model.orders) == 0 || g.chance(2) || o != nil && !o.archived && wanted(o) {
			break
		}
		o = pick(g, g.model.orders)
		c.Order, c.ExpectedVersion, c.Mask = o.id, 0, g.model.OrderMask(o.id)
	}
	return g.model.byNumber[c.Order]
}

// reportPayment reports on a payment of an order, on one that is known or on a new one.
func (g *generator) reportPayment(c *core.Command) {
	o := g.orderWith(c, core.CommandReportPayment, func(o *order) bool { return o.hasMoney() && (len(o.account.ledger) > 0 || g.chance(40)) })
	if at := slices.IndexFunc(g.model.orders, func(o *order) bool { return o.archived }); at >= 0 && g.chance(20) {
		o = g.model.orders[at]
		c.Order, c.Mask = o.id, g.model.OrderMask(o.id)
	}
	p := &core.PaymentRequest{
		Type: core.PaymentType(g.between(1, int(core.LastPaymentType))), Status: core.EntryStatus(g.between(1, int(core.LastEntryStatus))),
		Currency: pick(g, currencies), At: g.now + core.Millis(g.between(-20, 20)), Amount: 1000,
		Provider: []byte(pick(g, []string{"acme", "acme", "bank"})), Reference: fmt.Appendf(nil, "pi-%d", g.random.IntN(60)),
	}
	c.Payment = p
	if g.chance(60) {
		p.Type, p.Status = pick(g, []core.PaymentType{core.PaymentAuthorization, core.PaymentCapture, core.PaymentRefund}), core.EntrySucceeded
	}
	if g.chance(20) {
		p.Note, c.Actor = []byte("by webhook"), []byte("kim")
	}
	if g.chance(1) {
		p.At = g.now + 24*60*60*1000 + core.Millis(g.between(0, 1))
	}
	if o == nil || o.account == nil {
		return
	}
	if o.hasMoney() {
		if g.chance(97) {
			p.Currency = o.account.currency
		}
		p.Amount = max(1, o.due())
		if g.chance(30) {
			p.Amount = max(1, o.due()/int64(g.between(1, 4))+int64(g.between(-1, 1)))
		}
	}
	g.aboutEntry(p, o.account)
	if o.isLocked(g.now) && g.chance(50) {
		p.Provider, p.Reference = o.account.lock.Provider, o.account.lock.Reference
	}
	if p.Type == core.PaymentAdjustment && g.chance(40) || p.Type != core.PaymentAdjustment && p.Amount < 0 {
		p.Amount = -p.Amount
	}
	if p.Amount == 0 {
		p.Amount = 1
	}
	p.Amount = min(p.Amount, core.MaxAmount) // what is due may be more, with exchanges
}

// aboutEntry makes a report one on an entry that there is, or one that belongs to it.
func (g *generator) aboutEntry(p *core.PaymentRequest, a *account) {
	if len(a.ledger) == 0 || g.chance(25) {
		return
	}
	number := g.between(1, len(a.ledger))
	for i, e := range a.ledger {
		if e.Task && len(e.Reference) == 0 && g.chance(50) {
			number = i + 1
		}
	}
	e := a.ledger[number-1]
	switch {
	case len(e.Reference) == 0 || g.chance(10):
		p.Entry, p.Type, p.Amount = number, e.Type, e.Amount
	case g.chance(50):
		p.Type, p.Amount, p.Provider, p.Reference = e.Type, e.Amount, e.Provider, e.Reference
		if g.chance(30) {
			p.At = e.At
		}
	default:
		p.Of = number
		if g.chance(70) {
			p.Type = pick(g, []core.PaymentType{core.PaymentCapture, core.PaymentVoid})
			if e.Type == core.PaymentCapture {
				p.Type = pick(g, []core.PaymentType{core.PaymentRefund, core.PaymentRefund, core.PaymentChargeback})
			}
		}
		if g.chance(60) {
			p.Amount = max(1, e.Amount/int64(g.between(1, 3)))
		}
	}
	if g.chance(4) {
		p.Amount++
	}
	if g.chance(2) {
		p.Entry = g.between(1, core.MaxPayments)
	}
}

// price says what an order costs, mostly one that nobody has paid anything of.
func (g *generator) price(c *core.Command) {
	o := g.orderWith(c, core.CommandPriceOrder, func(o *order) bool {
		return (o.status == core.StatusHeld || o.status == core.StatusPlaced) && (o.account == nil || len(o.account.ledger) == 0) || g.chance(1)
	})
	c.Life = &core.LifeRequest{}
	money := &core.OrderMoney{Currency: pick(g, currencies), Extra: int64(pick(g, []int{0, 0, 490, 7})), Amounts: []int64{1000}}
	c.Money = money
	if g.chance(30) {
		c.Document = fmt.Appendf(nil, "document of a price %d", g.random.IntN(100))
	}
	if g.chance(30) {
		c.Life.Note, c.Actor = []byte("with shipping"), []byte("kim")
	}
	if o == nil {
		return
	}
	if !g.chance(4) {
		c.ExpectedVersion = o.version
	}
	money.Amounts = nil
	for _, l := range o.lines {
		if l.role != core.LineOfComponent || g.chance(10) {
			money.Amounts = append(money.Amounts, int64(pick(g, []int{1000, 1000, 99, 1, 0, 0, 3333})))
		}
	}
}

// requestPayment asks for a task.
func (g *generator) requestPayment(c *core.Command) {
	o := g.orderWith(c, core.CommandRequestPayment, func(o *order) bool { return o.hasMoney() && len(o.account.ledger) > 0 })
	c.Payment = &core.PaymentRequest{Type: pick(g, []core.PaymentType{core.PaymentCapture, core.PaymentRefund, core.PaymentVoid})}
	if g.chance(30) {
		c.Payment.Note, c.Actor = []byte("as agreed"), []byte("anna")
	}
	if o == nil || !o.hasMoney() {
		return
	}
	if g.chance(60) {
		c.Payment.Amount, c.Payment.Currency = int64(g.between(1, 1+int(min(o.due(), 5000)))), o.account.currency
		if g.chance(4) {
			c.Payment.Currency = pick(g, currencies)
		}
	}
	if len(o.account.ledger) > 0 && g.chance(30) {
		c.Payment.Of = g.between(1, len(o.account.ledger))
	}
}

// lock locks a hold, or unlocks one.
func (g *generator) lock(c *core.Command) {
	if g.chance(35) {
		g.orderWith(c, core.CommandUnlockHold, func(o *order) bool { return o.isLocked(g.now) })
		c.Payment = &core.PaymentRequest{Note: []byte("gave up")}
		return
	}
	g.orderWith(c, core.CommandLockHold, func(o *order) bool { return o.status == core.StatusHeld })
	c.TTL = g.ttl()
	c.Payment = &core.PaymentRequest{Provider: []byte("acme"), Reference: fmt.Appendf(nil, "pi-%d", g.random.IntN(60))}
}

// expireUnpaid has an order cancelled that is to be paid, whether its time has come or not.
func (g *generator) expireUnpaid(c *core.Command) {
	g.orderWith(c, core.CommandExpireUnpaid, func(o *order) bool {
		return o.status == core.StatusPlaced && o.hasMoney() && o.account.payBy != 0 && (o.account.payBy <= g.now || g.chance(10))
	})
	*c = core.Command{Version: 1, Kind: core.CommandExpireUnpaid, Order: c.Order, Mask: c.Mask}
}

// nextPayBy is when the next order is to be paid.
func (g *generator) nextPayBy() (next core.Millis, ok bool) {
	for _, o := range g.model.orders {
		if o.account == nil || o.status != core.StatusPlaced {
			continue
		}
		if at := o.account.payBy; at > g.now && (!ok || at < next) {
			next, ok = at, true
		}
	}
	return next, ok
}
