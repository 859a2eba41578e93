package rehearsal

import (
	"bytes"
	"fmt"

	"holdfast/engine/core"
)

// turn is the end of a place on the waitlist: somebody is offered a hold, or struck off.
type turn struct {
	place core.Sequence
	hold  core.OrderID // 0 for none
	units int64
}

// servedAtOnce is how many of a line are served before it is looked at again.
const servedAtOnce = 256

// joinWaitlist has somebody who found nothing join the waitlist, for as many units as the limit leaves them; false when they do not, or
// may not.
func (p *play) joinWaitlist(i int32) bool {
	b := &p.buyers[i]
	wants := b.wants
	if limit := p.plan.Rules.LimitPerCustomer; limit > 0 {
		wants = min(wants, limit-p.units[i])
	}
	if !b.joins || p.plan.Rules.WaitlistCapacity == 0 || wants <= 0 {
		return false
	}
	o := p.execute(&core.Command{Kind: core.CommandJoinWaitlist, Customer: fmt.Appendf(nil, "b%d", i), Sale: p.sale,
		Lines: []core.Line{{SKU: p.skus[b.item], Quantity: core.Quantity(wants)}}})
	if o.Reason != core.ReasonNone {
		p.countRefusal(o.Reason)
		b.joins = o.Reason == core.ReasonStillForSale // else they do not ask again
		return false
	}
	p.places[p.seq] = i
	b.joins, b.joined = false, p.now
	p.result.Waitlist.Joined++
	return true
}

// serveWaitlist has everybody served for whom there is something now, as an engine does by itself.
func (p *play) serveWaitlist() {
	slot := p.sale.Slot()
	for {
		at, ok := p.machine.NextServing(slot)
		if !ok || at > start+core.Millis(p.now) {
			return
		}
		p.serving = p.serving[:0]
		p.machine.Serve(slot, start+core.Millis(p.now), servedAtOnce, func(c *core.Command) bool {
			served := *c
			served.Customer = bytes.Clone(c.Customer)
			p.serving = append(p.serving, served)
			return true
		})
		for k := range p.serving {
			p.execute(&p.serving[k])
		}
		for _, t := range p.turns {
			p.takeTurn(t)
		}
		p.turns = p.turns[:0]
	}
}

// takeTurn has somebody hear of their turn. Of an offer they have to be told, so they think it over once more before they pay.
func (p *play) takeTurn(t turn) {
	i := p.places[t.place]
	b := &p.buyers[i]
	delete(p.places, t.place)
	if t.hold == 0 {
		p.finish(i, waitedInVain)
		return
	}
	p.result.Waitlist.Served++
	p.waited = append(p.waited, p.now-b.joined)
	b.hold, b.units, b.offered = t.hold, t.units, true
	if b.vanishes {
		p.finish(i, lostHold)
		return
	}
	p.at(p.now+b.think+b.pays, i, pay)
}
