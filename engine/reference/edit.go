package reference

import (
	"slices"

	"holdfast/engine/core"
)

// edit takes units off an order, adds lines to it and replaces its document. It takes them off first, and if what is added cannot be had, it puts
// all back as it was.
func (m *Model) edit(c *core.Command, o *order) core.Outcome {
	if reason := o.refusesPrices(c); reason != core.ReasonNone {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version})
	}
	wanted, refusal := map[int]core.Quantity{}, core.Outcome{}
	if len(c.Life.Units) > 0 {
		if wanted, refusal = o.toCancel(c); refusal.Refusal != nil {
			return refusal
		}
	}
	if len(c.Lines) == 0 && o.leftWithout(wanted) == 0 {
		return refuseOrder(core.Refusal{Reason: core.ReasonNothingLeft, Order: o.id, Version: o.version})
	}
	undo, wasPaid := o.remember(), o.hasMoney() && o.isPaid()
	event := core.Event{Kind: core.EventOrderEdited, Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note)}
	o.takeOff(wanted, &event)
	b := basketOf(c)
	like := *c
	like.Channel, like.Customer, like.Lines = o.channel, []byte(o.customer), b.lines
	refused := m.refusesToAdd(&like, b, o)
	if refused != nil {
		undo()
		refused.Order, refused.Version = o.id, o.version
		return refuseOrder(*refused)
	}
	if wasPaid {
		m.paidInTime(o)
	}
	o.waitNoMore()
	m.settleCases()
	if c.Destination.IsGiven() {
		for _, e := range o.waits {
			e.to = c.Destination
		}
	}
	var why *core.RouteImage
	if len(b.lines) > 0 {
		why = m.addTo(o, &like, b)
	}
	event.Added = len(b.lines)
	o.addPrices(c, event.Added)
	for _, f := range event.Freed {
		if !f.Beyond {
			o.rebook(f.Location)
		}
	}
	for _, l := range o.lines[len(o.lines)-len(b.lines):] {
		for _, a := range l.allocations {
			m.book(o, a.Location)
		}
	}
	if len(c.Document) > 0 {
		o.hasDocument, o.edited = true, m.seq
	}
	if o.lives {
		m.finish(o)
	}
	o.version++
	event.Order = o.image()
	m.emit(event)
	if why != nil {
		why.Order = o.id
		m.emit(core.Event{Kind: core.EventOrderRouted, Route: *why})
	}
	return core.Outcome{Changed: true, Order: o.id}
}

// replaceDocument gives an order of any status another document. Nothing else becomes of it.
func (m *Model) replaceDocument(c *core.Command, o *order) core.Outcome {
	o.hasDocument, o.edited = true, m.seq
	o.version++
	m.emit(core.Event{Kind: core.EventOrderEdited, Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note), Order: o.image()})
	return core.Outcome{Changed: true, Order: o.id}
}

// remember gives a function that makes the order's lines what they are now.
func (o *order) remember() (undo func()) {
	var before []line
	lives := o.lives
	for _, l := range o.lines {
		copied := *l
		copied.allocations = slices.Clone(l.allocations)
		before = append(before, copied)
	}
	return func() {
		o.lives = lives
		for i, l := range o.lines {
			*l = before[i]
		}
	}
}

// refusesToAdd says why lines cannot join an order; nil if they can.
func (m *Model) refusesToAdd(like *core.Command, b basket, o *order) *core.Refusal {
	if len(b.lines) == 0 {
		return nil
	}
	if r, refused := m.checkKits(like, b); refused {
		return b.named(r)
	}
	if len(o.lines)+len(b.lines) > core.MaxLines {
		return &core.Refusal{Reason: core.ReasonTooManyLines}
	}
	if o.sale != 0 {
		return &core.Refusal{Reason: core.ReasonEditInSale}
	}
	if _, outcome, refused := m.checkPlace(like, ""); refused {
		return b.named(*outcome.Refusal)
	}
	return nil
}

// overtaking lists the SKUs of which units would be added to what the order waits for already, before others who came later.
func (m *Model) overtaking(c *core.Command, wanted []core.Line) (lines []core.RefusedLine) {
	for _, want := range perSKU(m.ofUnits(wanted)) {
		offer := m.offerTo(c, want.SKU)
		if m.isRouted() || m.isFetched(&c.Destination) {
			offer = m.reachable(c, want.SKU)
		}
		queue := m.Waiting(want.SKU)
		own := slices.IndexFunc(queue, func(w core.WaitingImage) bool { return w.Order == c.Order })
		if want.Requested > offer.fromStock() && own >= 0 && own < len(queue)-1 {
			want.Available = offer.fromStock()
			want.Index = slices.IndexFunc(wanted, func(l core.Line) bool { return l.SKU == want.SKU })
			lines = append(lines, want)
		}
	}
	return lines
}

// addTo gives an order more lines, and tells why they come from where they come.
func (m *Model) addTo(o *order, like *core.Command, b basket) *core.RouteImage {
	why, lines := m.explain(like, b.lines), m.serve(like, b.lines, b.roles)
	for _, l := range lines {
		o.lines = append(o.lines, l)
		o.claims[l.sku.Slot()] = claimAllocated
		m.skus[l.sku].sold = append(m.skus[l.sku].sold, soldLine{o, l})
		if l.backordered > 0 && o.waits[l.sku] == nil {
			o.waitFor(l.sku, like.Destination, m.orderGrams(like))
			o.waitsSince(l.sku, m.seq)
		}
	}
	return why
}

// refusesPrices says why the prices of an edit do not go with what is known of the order's.
func (o *order) refusesPrices(c *core.Command) core.Reason {
	if c.Money == nil {
		if o.hasMoney() && len(c.Lines) > 0 {
			return core.ReasonPriceMissing
		}
		return core.ReasonNone
	}
	if !o.hasMoney() {
		return core.ReasonNoAccount
	}
	if c.Money.Currency != o.account.currency {
		return core.ReasonCurrencyMismatch
	}
	extra := o.extraAfter(c)
	total := extra + c.Money.Total() - c.Money.Extra
	for _, l := range o.lines {
		total += l.price
	}
	if extra > core.MaxAmount || extra < -core.MaxAmount || total < 0 || total > core.MaxAmount {
		return core.ReasonTotalOutOfRange
	}
	return core.ReasonNone
}

// extraAfter is what the order costs beside its lines after an edit.
func (o *order) extraAfter(c *core.Command) int64 {
	if c.Money.Sets {
		return c.Money.Extra
	}
	return o.account.extra + c.Money.Extra
}

// addPrices has the last so many lines, and the order as a whole, cost what an edit says.
func (o *order) addPrices(c *core.Command, added int) {
	if c.Money == nil {
		return
	}
	o.account.extra = o.extraAfter(c)
	amounts := c.Money.Amounts
	for _, l := range o.lines[len(o.lines)-added:] {
		if l.role != core.LineOfComponent {
			l.price, amounts = amounts[0], amounts[1:]
		}
	}
}
