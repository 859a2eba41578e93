package reference

import (
	"cmp"
	"slices"

	"holdfast/engine/core"
)

// place carries out PlaceHold and PlaceOrder.
func (m *Model) place(c *core.Command) core.Outcome {
	external := ""
	if c.Kind == core.CommandPlaceOrder {
		external = string(c.ExternalID)
	}
	b := basketOf(c)
	asked := *c
	asked.Lines = b.lines
	if m.lacksBook(c) {
		return refuse(core.Refusal{Reason: core.ReasonSlotsChanged})
	}
	if r, refused := m.checkKits(c, b); refused {
		return b.refuse(r)
	}
	wanted, o, refused := m.checkPlace(&asked, external)
	if refused {
		return b.refuse(*o.Refusal)
	}
	return m.sell(&asked, external, wanted, b.roles)
}

// refuse names the lines of the command, not those of components.
func (b basket) refuse(r core.Refusal) core.Outcome { return refuse(*b.named(r)) }

func (b basket) named(r core.Refusal) *core.Refusal {
	for i := range r.Lines {
		r.Lines[i].Index = b.from[r.Lines[i].Index]
	}
	return &r
}

// sell makes the order of what it gets.
func (m *Model) sell(c *core.Command, external string, wanted []core.Line, roles []core.LineRole) core.Outcome {
	routed, over := m.explain(c, wanted), m.oversold(c, wanted) // before it takes anything
	o := &order{
		version:     1,
		created:     m.seq,
		createdAt:   m.now,
		channel:     c.Channel,
		hasDocument: len(c.Document) > 0,
		customer:    string(c.Customer),
		externalID:  external,
		sale:        c.Sale,
		identities:  copyBytes(c.Identities),
		lines:       m.serve(c, wanted, roles),
	}
	o.knowsBook, o.booked = c.Mask.Has(core.CapacitySlot), m.mustBook(c)
	o.id = m.number(o)
	o.claims[o.id.Home()] = claimNone
	if o.knowsBook {
		o.claims[core.CapacitySlot] = claimNone
	}
	if o.sale != 0 {
		o.claims[o.sale.Slot()] = claimNone
		m.saleOf(o.sale).tickets[c.Ticket] = true
	}
	for _, l := range o.lines {
		o.claims[l.sku.Slot()] = claimNone
		m.skus[l.sku].sold = append(m.skus[l.sku].sold, soldLine{o, l})
		for _, a := range l.allocations {
			m.book(o, a.Location)
		}
		if l.backordered > 0 {
			o.waitFor(l.sku, c.Destination, m.orderGrams(c))
		}
	}
	event := core.Event{Kind: core.EventOrderPlaced}
	if c.Kind != core.CommandPlaceOrder {
		event.Kind = core.EventHoldPlaced
		o.status, o.deadline = core.StatusHeld, m.now+m.ttl(c)
		o.claimAll(claimReserved)
	} else {
		o.status = core.StatusPlaced
		o.claimAll(claimAllocated)
	}
	m.openAccount(c, o)
	m.orders = append(m.orders, o)
	m.byNumber[o.id] = o
	event.Order = o.image()
	if c.Kind == core.CommandServeWaitlist {
		event.Kind, event.Waiter = core.EventWaitlistOffered, m.saleOf(c.Sale).waiterOf(c.Waiter).gone()
	}
	m.emit(event)
	if len(over) > 0 {
		m.openCases(o, over)
		m.emit(core.Event{Kind: core.EventOrderOversold, Oversold: core.OversoldImage{Order: o.id, Units: over}})
	}
	if routed != nil {
		routed.Order = o.id
		m.emit(core.Event{Kind: core.EventOrderRouted, Route: *routed})
	}
	return core.Outcome{Changed: true, Order: o.id}
}

// oversold lists what a forced order would have been refused for if it had come without a policy.
func (m *Model) oversold(c *core.Command, wanted []core.Line) (over []core.OversoldUnits) {
	if c.Stock != core.StockForce {
		return nil
	}
	for _, sum := range perSKU(wanted) {
		if most, bounded := m.offerTo(c, sum.SKU).most(); bounded && !m.isKit(sum.SKU) && sum.Requested > most {
			over = append(over, core.OversoldUnits{SKU: sum.SKU, Units: sum.Requested - most})
		}
	}
	return over
}

// checkPlace goes through the reasons in their order of precedence, and gives the lines with what they get.
func (m *Model) checkPlace(c *core.Command, external string) ([]core.Line, core.Outcome, bool) {
	refuse := func(r core.Refusal) ([]core.Line, core.Outcome, bool) { return nil, refuse(r), true }
	if int(c.Channel) >= len(m.channels) {
		return refuse(core.Refusal{Reason: core.ReasonChannelNotFound})
	}
	if other := m.withExternalID(c.Channel, external); other != nil {
		return refuse(core.Refusal{Reason: core.ReasonDuplicateExternal, Order: other.id})
	}
	if c.Stock != core.StockValidate {
		return c.Lines, core.Outcome{}, false // sold elsewhere: no rule counts
	}
	if c.Sale != 0 {
		if r, refused := m.checkSale(c); refused {
			return refuse(r)
		}
	}
	var stopped []core.RefusedLine
	for _, want := range perSKU(c.Lines) {
		if m.skus[want.SKU].image.Settings.Stopped {
			stopped = append(stopped, want)
		}
	}
	if len(stopped) > 0 {
		return refuse(core.Refusal{Reason: core.ReasonSKUStopped, Lines: stopped})
	}
	ofLimit := func(id core.SKUID) (core.Quantity, bool) {
		limit := m.skus[id].image.Settings.LimitPerCustomer
		return limit - m.bought(id, string(c.Customer)), limit > 0
	}
	ofStock := func(id core.SKUID) (core.Quantity, bool) {
		most, bounded := m.offerTo(c, id).most()
		return most, bounded && !m.isKit(id)
	}
	wanted := c.Lines
	for _, check := range []struct {
		reason core.Reason
		free   func(core.SKUID) (core.Quantity, bool)
	}{{core.ReasonHoldCap, m.ofHolds(c)}, {core.ReasonSaleQuota, m.ofQuota(c)}} {
		if c.UpTo {
			wanted = cutDown(wanted, check.free)
		}
		if over := wantedMoreThan(countedInSale(c, c.Lines), countedInSale(c, wanted), check.free); len(over) > 0 {
			return refuse(core.Refusal{Reason: check.reason, Lines: over})
		}
	}
	if c.UpTo {
		wanted = cutDown(wanted, ofLimit)
	}
	if overLimit := wantedMoreThan(perSKU(c.Lines), perSKU(wanted), ofLimit); len(overLimit) > 0 {
		return refuse(core.Refusal{Reason: core.ReasonLimitPerCustomer, Lines: overLimit})
	}
	if c.UpTo {
		wanted = cutDown(wanted, ofStock)
	}
	if insufficient := wantedMoreThan(perSKU(c.Lines), perSKU(wanted), ofStock); len(insufficient) > 0 {
		return refuse(core.Refusal{Reason: core.ReasonInsufficientStock, Lines: insufficient})
	}
	if m.isRouted() || m.isFetched(&c.Destination) {
		ofLocations := func(id core.SKUID) (core.Quantity, bool) {
			stock, reachable := m.offerTo(c, id), m.reachable(c, id)
			return reachable.fromStock(), reachable.fromStock() < stock.fromStock()
		}
		onAnyDay := func(id core.SKUID) (core.Quantity, bool) {
			stock, reachable := m.offerTo(c, id), m.offerFrom(c, id, m.thereOnAnyDay(c, id))
			return reachable.fromStock(), reachable.fromStock() < stock.fromStock()
		}
		anyDay := wanted
		if c.UpTo {
			wanted, anyDay = cutDown(wanted, ofLocations), cutDown(wanted, onAnyDay)
		}
		if none := wantedMoreThan(perSKU(c.Lines), perSKU(wanted), ofLocations); len(none) > 0 {
			reason := core.ReasonNotDeliverable
			if m.mustBook(c) && len(wantedMoreThan(perSKU(c.Lines), perSKU(anyDay), onAnyDay)) == 0 {
				reason = core.ReasonBookedUp
			}
			return refuse(core.Refusal{Reason: reason, Lines: none})
		}
	}
	wanted, overBuyer, refused := m.checkBuyer(c, wanted)
	if refused {
		return refuse(overBuyer)
	}
	if c.Kind == core.CommandEditOrder {
		if lines := m.overtaking(c, wanted); len(lines) > 0 {
			return refuse(core.Refusal{Reason: core.ReasonWaitsAlready, Lines: lines})
		}
	}
	if m.isRouted() && m.route(c, wanted) == nil {
		return refuse(core.Refusal{Reason: core.ReasonTooManyShipments})
	}
	return wanted, core.Outcome{}, false
}

// cutDown gives the lines, in their order, as many units of their SKU as free allows, and each one at least.
func cutDown(lines []core.Line, free func(core.SKUID) (most core.Quantity, bounded bool)) []core.Line {
	left := map[core.SKUID]core.Quantity{}
	var cut []core.Line
	for _, l := range lines {
		most, bounded := free(l.SKU)
		if _, seen := left[l.SKU]; !seen {
			left[l.SKU] = most
		}
		if bounded {
			l.Quantity = max(1, min(l.Quantity, left[l.SKU]))
			left[l.SKU] -= l.Quantity
		}
		cut = append(cut, l)
	}
	return cut
}

// unknownLines lists every line that names no SKU; here lines of one SKU are not summed.
func (m *Model) unknownLines(lines []core.Line) []core.RefusedLine {
	var unknown []core.RefusedLine
	for i, l := range lines {
		if m.skus[l.SKU] == nil {
			unknown = append(unknown, core.RefusedLine{Index: i, SKU: l.SKU, Requested: l.Quantity})
		}
	}
	return unknown
}

// wantedMoreThan lists the SKUs of which the lines together want more than the most that free allows,
// where it sets a bound at all; with what had been asked for at first.
func wantedMoreThan(first, lines []core.RefusedLine, free func(core.SKUID) (most core.Quantity, bounded bool)) []core.RefusedLine {
	var refused []core.RefusedLine
	for i, want := range lines {
		if most, bounded := free(want.SKU); bounded && want.Requested > most {
			want.Requested, want.Available = first[i].Requested, max(0, most)
			refused = append(refused, want)
		}
	}
	return refused
}

// perSKU sums the lines of each SKU, in the order in which the SKUs first appear.
func perSKU(lines []core.Line) []core.RefusedLine {
	var sums []core.RefusedLine
	for i, l := range lines {
		at := slices.IndexFunc(sums, func(s core.RefusedLine) bool { return s.SKU == l.SKU })
		if at < 0 {
			at = len(sums)
			sums = append(sums, core.RefusedLine{Index: i, SKU: l.SKU})
		}
		sums[at].Requested += l.Quantity
	}
	return sums
}

func (m *Model) withExternalID(channel core.ChannelID, external string) *order {
	if external == "" {
		return nil
	}
	for _, o := range m.orders {
		if o.channel == channel && o.externalID == external && !o.archived {
			return o
		}
	}
	return nil
}

// serve splits the quantity of each line into allocations and what is backordered.
func (m *Model) serve(c *core.Command, wanted []core.Line, roles []core.LineRole) []*line {
	if c.Stock == core.StockSkip {
		var lines []*line
		for _, w := range wanted {
			lines = append(lines, &line{sku: w.SKU, quantity: w.Quantity, role: core.LineUntracked})
		}
		return lines
	}
	offers := map[core.SKUID]*offer{}
	sources := map[core.SKUID][]source{}
	for _, sum := range perSKU(wanted) {
		offer := m.offerTo(c, sum.SKU)
		sources[sum.SKU] = m.sources(sum.SKU)
		if m.isRouted() {
			offer = m.reachable(c, sum.SKU)
		}
		if m.isFetched(&c.Destination) {
			offer = m.reachable(c, sum.SKU)
			sources[sum.SKU] = slices.DeleteFunc(sources[sum.SKU], func(s source) bool { return s.location != c.Destination.Pickup })
		}
		offers[sum.SKU] = &offer
	}
	if m.isRouted() {
		sources = m.route(c, wanted)
	}
	var lines []*line
	for i, w := range wanted {
		if roles[i] == core.LineOfKits {
			limited := m.skus[w.SKU].image.Settings.LimitPerCustomer > 0
			lines = append(lines, &line{sku: w.SKU, quantity: w.Quantity, limited: limited, role: core.LineOfKits})
			continue
		}
		offer := offers[w.SKU]
		pooled := min(w.Quantity, offer.pooled)
		offer.pooled -= pooled
		common := max(0, min(w.Quantity-pooled, offer.common))
		offer.common -= common
		fromStock := pooled + common
		l := &line{
			sku:         w.SKU,
			quantity:    w.Quantity,
			backordered: w.Quantity - fromStock,
			limited:     m.skus[w.SKU].image.Settings.LimitPerCustomer > 0,
			pooled:      pooled,
			pool:        offer.pool,
			role:        roles[i],
		}
		l.preorder = l.backordered > 0 && m.isPreordering(w.SKU)
		for i := range sources[w.SKU] {
			s := &sources[w.SKU][i]
			take := min(fromStock, s.left)
			if take == 0 {
				continue
			}
			s.left -= take
			fromStock -= take
			l.allocations = append(l.allocations, core.Allocation{Location: s.location, Quantity: take})
		}
		lines = append(lines, l)
	}
	return lines
}

// source is a location that can give units to the command being executed.
type source struct {
	location core.LocationID
	priority int32
	left     core.Quantity
}

// sources lists the locations that have units of the SKU to give, best first.
func (m *Model) sources(id core.SKUID) []source {
	var list []source
	for location := range m.skus[id].stock {
		if left := m.fulfillable(id, location) - m.withheld(id, location); left > 0 {
			list = append(list, source{location, m.locations[location].image.Settings.Priority, left})
		}
	}
	sortSources(list)
	return list
}

func sortSources(list []source) {
	slices.SortFunc(list, func(a, b source) int {
		return cmp.Or(
			cmp.Compare(a.priority, b.priority),
			cmp.Compare(b.left, a.left),
			cmp.Compare(a.location, b.location),
		)
	})
}

// number gives the order the next number of its home slot.
func (m *Model) number(o *order) core.OrderID {
	home := o.lines[0].sku.Slot()
	if o.externalID != "" {
		home = core.ExternalSlot(o.channel, []byte(o.externalID))
	}
	spread := o.sale != 0 && o.sale.Slot() != home || o.knowsBook && core.CapacitySlot != home
	for _, l := range o.lines {
		spread = spread || l.sku.Slot() != home
	}
	place := m.nextOrder[home]
	m.nextOrder[home]++
	return core.MakeOrderID(home, spread, place)
}
