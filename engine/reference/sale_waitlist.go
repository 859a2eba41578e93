package reference

import (
	"slices"

	"holdfast/engine/core"
)

// waiter is somebody on the waitlist of a sale. The position of its image means nothing.
type waiter struct {
	core.WaiterImage
	turn uint32 // the how manieth it was for its SKU
}

// line is who waits for a SKU, the next one first.
func (s *sale) line(sku core.SKUID) (line []*waiter) {
	for _, w := range s.waiters {
		if w.SKU == sku {
			line = append(line, w)
		}
	}
	return line
}

// waitedFor sums the units that people wait for.
func (s *sale) waitedFor(sku core.SKUID) (sum core.Quantity) {
	for _, w := range s.line(sku) {
		sum += w.Quantity
	}
	return sum
}

// waitedForBy sums the units that somebody waits for, of any SKU.
func (s *sale) waitedForBy(kind core.IdentityKind, who string) (sum core.Quantity) {
	for _, w := range s.waiters {
		if identity(string(w.Customer), w.Identities, kind) == who {
			sum += w.Quantity
		}
	}
	return sum
}

// ahead is what others wait for: who comes anew in a sale does not get it.
func (m *Model) ahead(c *core.Command, sku core.SKUID) core.Quantity {
	if c.Sale == 0 || c.Kind == core.CommandServeWaitlist {
		return 0
	}
	return m.saleOf(c.Sale).waitedFor(sku)
}

// gone is the place as it is told of when it is given up.
func (w *waiter) gone() core.WaiterImage {
	image := copyWaiter(w.WaiterImage)
	image.Position = 0
	return image
}

// place is the place as it stands in its sale.
func (s *sale) place(w *waiter) core.WaiterImage {
	image := copyWaiter(w.WaiterImage)
	image.Position = w.turn - s.line(w.SKU)[0].turn + 1
	return image
}

func (s *sale) waiterOf(number core.Sequence) *waiter {
	for _, w := range s.waiters {
		if w.Number == number {
			return w
		}
	}
	return nil
}

func (s *sale) drop(w *waiter) {
	s.waiters = slices.DeleteFunc(s.waiters, func(o *waiter) bool { return o == w })
}

func (m *Model) joinWaitlist(c *core.Command) core.Outcome {
	if lines := m.unknownLines(c.Lines); len(lines) > 0 {
		return refuse(core.Refusal{Reason: core.ReasonSKUNotFound, Lines: lines})
	}
	if m.isKit(c.Lines[0].SKU) {
		return refuse(core.Refusal{Reason: core.ReasonKitWaitlist, Lines: perSKU(c.Lines)})
	}
	if int(c.Channel) >= len(m.channels) {
		return refuse(core.Refusal{Reason: core.ReasonChannelNotFound})
	}
	if r, refused := m.checkSale(c); refused {
		return refuse(r)
	}
	sku := c.Lines[0].SKU
	if m.skus[sku].image.Settings.Stopped {
		return refuse(core.Refusal{Reason: core.ReasonSKUStopped, Lines: perSKU(c.Lines)})
	}
	s := m.saleOf(c.Sale)
	for _, w := range s.line(sku) {
		if string(w.Customer) == string(c.Customer) {
			return core.Outcome{}
		}
	}
	want := perSKU(c.Lines)
	if units := m.toBeHad(c, sku); units > 0 {
		want[0].Available = units
		return refuse(core.Refusal{Reason: core.ReasonStillForSale, Lines: want})
	}
	if limit := m.skus[sku].image.Settings.LimitPerCustomer; limit > 0 && m.bought(sku, string(c.Customer))+want[0].Requested > limit {
		want[0].Available = max(0, limit-m.bought(sku, string(c.Customer)))
		return refuse(core.Refusal{Reason: core.ReasonLimitPerCustomer, Lines: want})
	}
	if _, overBuyer, refused := m.checkBuyer(c, c.Lines); refused {
		return refuse(overBuyer)
	}
	if uint32(len(s.waiters)) >= s.image.Settings.WaitlistCapacity {
		return refuse(core.Refusal{Reason: core.ReasonWaitlistFull})
	}
	s.turns[sku]++
	w := &waiter{turn: s.turns[sku], WaiterImage: core.WaiterImage{
		Sale: c.Sale, SKU: sku, Number: m.seq, Since: m.now, Quantity: c.Lines[0].Quantity, Channel: c.Channel,
		Customer: copyBytes(c.Customer), Identities: copyBytes(c.Identities),
	}}
	s.waiters = append(s.waiters, w)
	m.emit(core.Event{Kind: core.EventWaitlistJoined, Waiter: s.place(w)})
	return core.Outcome{Changed: true}
}

// toBeHad is how many units of a SKU an order in the sale could have now.
func (m *Model) toBeHad(c *core.Command, sku core.SKUID) core.Quantity {
	units := core.MaxBackordered
	if left, bounded := m.ofQuota(c)(sku); bounded {
		units = left
	}
	if m.saleOf(c.Sale).item(sku).Quota == core.Unlimited {
		units = min(units, core.MaxBackordered-m.ahead(c, sku))
	}
	return min(units, m.mostOf(c, sku))
}

// mostOf is how many units of a SKU stock and its backorder limit give an order, from where it may be served.
func (m *Model) mostOf(c *core.Command, sku core.SKUID) core.Quantity {
	o := m.offerTo(c, sku)
	if o.beyond == core.Unlimited {
		o.beyond = core.MaxBackordered
	}
	most, _ := o.most()
	if m.isRouted() {
		if reachable := m.reachable(c, sku); reachable.fromStock() < o.fromStock() {
			most = min(most, reachable.fromStock())
		}
	}
	return most
}

// isOfWaitlist tells whether a command is about an offer to somebody who waits.
func isOfWaitlist(c *core.Command) bool {
	return c.Kind == core.CommandJoinWaitlist || c.Kind == core.CommandServeWaitlist
}

func (m *Model) leaveWaitlist(c *core.Command) core.Outcome {
	s := m.saleOf(c.Sale)
	if s == nil {
		return refuse(core.Refusal{Reason: core.ReasonSaleNotFound})
	}
	w := s.waiterOf(c.Waiter)
	if w == nil {
		return core.Outcome{}
	}
	return m.strikeOff(s, w, core.ReasonNone)
}

func (m *Model) strikeOff(s *sale, w *waiter, reason core.Reason) core.Outcome {
	s.drop(w)
	m.emit(core.Event{Kind: core.EventWaitlistLeft, Waiter: w.gone(), Reason: reason})
	return core.Outcome{Changed: true}
}

// serveWaitlist offers the next one in a line what there is.
func (m *Model) serveWaitlist(c *core.Command) core.Outcome {
	s := m.saleOf(c.Sale)
	if s == nil {
		return core.Outcome{}
	}
	w := s.waiterOf(c.Waiter)
	if w == nil || !w.isFor(c) || !s.isNext(w) {
		return core.Outcome{}
	}
	if m.lacksBook(c) {
		return core.Outcome{}
	}
	if m.isKit(w.SKU) {
		return m.strikeOff(s, w, core.ReasonKitWaitlist)
	}
	wanted, o, refused := m.checkPlace(c, "")
	switch o.Reason {
	case core.ReasonSaleNotStarted, core.ReasonSKUStopped, core.ReasonHoldCap, core.ReasonSaleQuota, core.ReasonInsufficientStock, core.ReasonNotDeliverable:
		return core.Outcome{}
	}
	if refused {
		return m.strikeOff(s, w, o.Reason)
	}
	outcome := m.sell(c, "", wanted, make([]core.LineRole, len(wanted)))
	m.orders[len(m.orders)-1].offered = true
	s.drop(w)
	return outcome
}

// isNext tells whether somebody is the next of a line who came by their channel, and there are not too many others in front.
func (s *sale) isNext(w *waiter) bool {
	for i, other := range s.line(w.SKU) {
		if other == w {
			return i <= core.MaxPassedOver
		}
		if other.Channel == w.Channel {
			break
		}
	}
	return false
}

// isFor tells whether a command is for whom the place is.
func (w *waiter) isFor(c *core.Command) bool {
	return string(w.Customer) == string(c.Customer) && string(w.Identities) == string(c.Identities) && w.Channel == c.Channel &&
		w.SKU == c.Lines[0].SKU && w.Quantity == c.Lines[0].Quantity
}

// Waitlist lists the places in the line of a SKU of a sale, the next one first.
func (m *Model) Waitlist(id core.SaleID, sku core.SKUID) (list []core.WaiterImage) {
	s := m.saleOf(id)
	if s == nil {
		return nil
	}
	for _, w := range s.line(sku) {
		list = append(list, s.place(w))
	}
	return list
}

// NextServing is when a waitlist of the slot's sales needs a command; false while nobody waits.
func (m *Model) NextServing(slot core.Slot) (at core.Millis, ok bool) {
	for _, s := range m.sales {
		for _, w := range s.waiters {
			if s.image.ID.Slot() != slot {
				continue
			}
			due := s.image.Settings.EndsAt
			if s.item(w.SKU) == nil || m.isKit(w.SKU) || s.isNext(w) && m.couldOffer(s, w) {
				due = s.image.Settings.StartsAt
			}
			if !ok || due < at {
				at, ok = due, true
			}
		}
	}
	return at, ok
}

// couldOffer tells whether a hold of somebody who waits would get a unit, were it not for who it is.
func (m *Model) couldOffer(s *sale, w *waiter) bool {
	c := &core.Command{Kind: core.CommandServeWaitlist, Sale: s.image.ID, Channel: w.Channel, Lines: []core.Line{{SKU: w.SKU, Quantity: w.Quantity}}}
	if m.skus[w.SKU].image.Settings.Stopped || m.mostOf(c, w.SKU) <= 0 {
		return false
	}
	for _, bound := range []func(core.SKUID) (core.Quantity, bool){m.ofHolds(c), m.ofQuota(c)} {
		if most, bounded := bound(w.SKU); bounded && most <= 0 {
			return false
		}
	}
	return true
}
