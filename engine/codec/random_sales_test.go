package codec

import (
	"math"

	"holdfast/engine/core"
)

func (g generator) saleID() core.SaleID {
	return core.SaleID(g.between(core.SlotCount, math.MaxUint32))
}

// sale makes a placement one in a sale, or leaves it.
func (g generator) sale(c *core.Command) {
	if g.bool() {
		c.Sale, c.Ticket, c.Identities = g.saleID(), g.version(), g.identities()
	}
}

func (g generator) identities() (list []byte) {
	for kind := core.IdentityAddress; kind < core.IdentityKinds; kind++ {
		if g.bool() {
			list = core.AppendIdentity(list, kind, g.name())
		}
	}
	return list
}

func (g generator) saleSettings() core.SaleSettings {
	const most = int64(core.MaxSettingQuantity)
	s := core.SaleSettings{
		StartsAt: core.Millis(g.between(0, math.MaxInt64-1)), MaxExpired: g.version(),
		Queue: core.SaleQueue{Required: g.bool(), Opening: g.ttl(), RatePerMinute: g.version(), TokenTTL: g.ttl(),
			Patience: g.ttl(), Share: uint32(g.between(0, core.MaxQueueShare))},
	}
	s.EndsAt = core.Millis(g.between(int64(s.StartsAt)+1, math.MaxInt64))
	if s.WaitlistCapacity = uint32(g.between(0, core.MaxWaitlist)); s.WaitlistCapacity > 0 {
		s.WaitlistTTL = g.ttl()
	}
	for i := range s.Limits {
		s.Limits[i] = core.Quantity(g.between(0, most))
	}
	if g.bool() {
		s.MaxTTL = g.ttl()
	}
	for i := range g.between(1, core.MaxSaleItems) {
		s.Items = append(s.Items, core.SaleItem{
			SKU: core.SKUID(i * 1000), Quota: core.Quantity(g.between(int64(core.Unlimited), most)), MaxHeld: core.Quantity(g.between(0, most)),
		})
	}
	return s
}

func (g generator) queue() (q core.QueueCounters) {
	q.Reserved = g.version()
	if q.Opened = g.bool(); q.Opened {
		q.Drawn, q.Admitted = uint32(g.between(0, int64(q.Reserved))), uint32(g.between(0, int64(q.Reserved)))
		q.Settled = uint32(g.between(0, int64(q.Admitted)))
	}
	return q
}

// waitlist fills a command about a place on a waitlist.
func (g generator) waitlist(c *core.Command) {
	w := g.waiter()
	c.Sale = w.Sale
	if c.Kind != core.CommandJoinWaitlist {
		c.Waiter = w.Number
	}
	if c.Kind == core.CommandLeaveWaitlist {
		return
	}
	c.UpTo = c.Kind == core.CommandServeWaitlist
	c.Channel, c.Customer, c.Identities = w.Channel, w.Customer, w.Identities
	c.Lines = []core.Line{{SKU: w.SKU, Quantity: w.Quantity}}
}

func (g generator) waiter() core.WaiterImage {
	return core.WaiterImage{
		Sale: g.saleID(), SKU: g.sku(), Number: g.sequence() + 1, Since: g.millis(), Position: g.version(), Channel: g.channel(),
		Quantity: core.Quantity(g.between(1, int64(core.MaxLineQuantity))), Customer: g.name(), Identities: g.identities(),
	}
}

func (g generator) saleImage() core.SaleImage {
	s := core.SaleImage{
		ID: g.saleID(), Version: g.version(), Changed: g.sequence(), HasDocument: g.bool(),
		Name: g.name(), Settings: g.saleSettings(),
	}
	if g.bool() {
		for range s.Settings.Items {
			s.Counts = append(s.Counts, core.SaleCount{
				Held: g.quantity(), Sold: g.quantity(), Orderable: g.signed(), Waited: g.quantity(), Waiters: g.version(),
			})
		}
	}
	return s
}
