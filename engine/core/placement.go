package core

import (
	"cmp"
	"slices"

	"holdfast/engine/invariant"
)

// gatherPlacement finds out about the lines whose SKUs the slot owns and, in the home slot, about the
// external id and the order's future number.
func (s *slot) gatherPlacement(st *Step) {
	c := st.command
	for i := range st.asked {
		if st.asked[i].SKU.Slot() == s.id {
			// As gatherLine, of which the compiler makes a call more.
			if place := st.asked[i].SKU.Place(); place < s.skus.length {
				s.findLine(st, i, s.skus.at(place), nil)
			}
		}
	}
	if c.Sale != 0 && c.Sale.Slot() == s.id {
		s.gatherSale(st)
	}
	if s.id != st.home {
		return
	}
	st.place, st.full = s.orders.length, s.isFull()
	if len(c.ExternalID) > 0 {
		st.externalOwner, st.externalTaken = s.findExternal(c.Channel, c.ExternalID)
	}
}

func (s *slot) gatherLine(st *Step, i int) {
	id := st.asked[i].SKU
	if id.Place() >= s.skus.length {
		return
	}
	s.findLine(st, i, s.skus.at(id.Place()), nil)
}

// findLine finds out about a line from the record of its SKU, or from one that is about to be, when pools will have got back so many units.
func (s *slot) findLine(st *Step, i int, sku *skuRecord, back func(pool *ruleRecord) Quantity) {
	id, f := st.asked[i].SKU, &st.lines[i]
	*f = lineFinding{}
	f.found = true
	f.first = int32(i)
	if st.command.Stock == StockSkip {
		return
	}
	f.available = sku.available()
	f.weight = sku.weight()
	f.room = sku.backorderLimit
	f.limit = sku.limitPerCustomer
	f.stopped = sku.flags&skuStopped != 0
	f.preorder = sku.flags&skuPreorder != 0
	f.slot = s.id
	if f.limit > 0 {
		f.used = s.unitsOf(hashCustomer(st.command.Customer), id)
	}
	f.from, f.to = s.gatherChoices(st, sku)
	if sku.flags&skuChannels != 0 {
		s.gatherRules(sku, f, st.command, back)
	}
	if sku.flags&skuKit != 0 || st.hasKits {
		s.gatherKit(st, i, sku, f)
	}
}

// gatherChoices writes down the locations that have units of a SKU to give.
func (s *slot) gatherChoices(st *Step, sku *skuRecord) (from, to int32) {
	from = int32(len(st.choices[s.id]))
	for at := sku.firstLevel; at != 0; {
		level := s.levels.at(at - 1)
		if n := level.fulfillable(); n > 0 && level.flags&levelStopped == 0 {
			c := grow(&st.choices[s.id])
			c.location, c.fulfillable, c.atFirst = level.location, n, n
		}
		at = level.next
	}
	return from, int32(len(st.choices[s.id]))
}

// available is what may still be sold from stock; it is negative when more was promised than is there.
func (r *skuRecord) available() Quantity {
	return r.onHand - r.unavailable - r.reserved - r.allocated - r.backorderedHeld - r.backorderedPlaced -
		r.safetyStock - r.withheld
}

// isFull tells whether there may be no number left for another order or something of it. All are of 32 bits.
func (s *slot) isFull() bool {
	const end, ofOneOrder = 1<<32 - 1, MaxLines * MaxLocations
	return s.orders.length >= MaxOrdersPerSlot || s.texts.length > end-2*textPageBytes ||
		s.lines.length > end-ofOneOrder || s.allocations.length > end-ofOneOrder
}

// decidePlacement plans an order that can be had.
func (m *Machine) decidePlacement(st *Step) {
	if m.canPlace(st) {
		m.planPlacement(st)
	}
}

// canPlace checks in the order of precedence, and finds out what the lines get and from where.
func (m *Machine) canPlace(st *Step) bool {
	if m.isPlain(st) {
		return true
	}
	c := st.command
	if !m.findBooks(st) || !st.sumLines() || st.hasKits && st.refusesKits() {
		return false
	}
	if int(c.Channel) >= len(m.channels) && !st.newChannel {
		st.refuse(ReasonChannelNotFound)
		return false
	}
	if st.externalTaken {
		st.refuse(ReasonDuplicateExternal).Order = st.externalOwner
		return false
	}
	if c.Stock != StockValidate {
		return m.canImport(st)
	}
	if c.Sale != 0 && m.refusesSale(st) {
		return false
	}
	if m.findOffer(st); st.isStopped() {
		return false
	}
	if c.UpTo && !st.grant() || c.Sale != 0 && st.overItems() || st.overLimit() || st.overStock() {
		return false
	}
	if m.isBound(st) && st.overDeliverable() || c.Sale != 0 && st.overBuyer() || m.policy.active && !st.route() {
		return false
	}
	if st.full {
		st.refuse(ReasonTableFull)
		return false
	}
	return true
}

// canImport is canPlace for an order that was sold elsewhere. No rule refuses it: that has to be dealt with when it is known.
func (m *Machine) canImport(st *Step) bool {
	if st.command.Stock == StockForce {
		m.findOffer(st)
		st.findOversold()
		for i := range st.lines {
			st.lines[i].room = Unlimited
		}
		if st.overStock() || m.policy.active && !st.route() {
			return false
		}
	}
	if st.full {
		st.refuse(ReasonTableFull)
	}
	return !st.full
}

// findOversold notes what an order without a policy would have been refused for.
func (st *Step) findOversold() {
	what := &st.oversold.Oversold
	what.Units = what.Units[:0]
	for i := range st.lines {
		f := &st.lines[i]
		if most := st.most(i, ReasonInsufficientStock); int(f.first) == i && f.total > most {
			what.Units = append(what.Units, OversoldUnits{SKU: st.asked[i].SKU, Units: f.total - most})
		}
	}
}

// isPlain tells whether an order is one of those that a rush is made of, to which nothing that could refuse or lower it applies: units of
// a single SKU, which are there and not fetched, and neither it nor the channel has rules of its own. It spares them all other questions.
func (m *Machine) isPlain(st *Step) bool {
	c, f := st.command, &st.lines[0]
	if len(st.lines) != 1 || c.Kind != CommandPlaceOrder || c.Sale != 0 || c.Stock != StockValidate || st.hasKits || m.policy.active ||
		int(c.Channel) >= len(m.channels) || m.channels[c.Channel].settings.Buffer != 0 || st.externalTaken || st.full ||
		c.Destination.HasPickup || !f.found || f.stopped || f.limit > 0 {
		return false
	}
	f.total = c.Lines[0].Quantity
	return f.total <= f.available
}

// findOffer lowers what the slots found that there is to what the order may have of it: no more than who waits in the sale leaves, what
// the channel keeps back, and what lies where it may be served from.
func (m *Machine) findOffer(st *Step) {
	c := st.command
	if c.Sale != 0 && c.Kind != CommandServeWaitlist {
		st.yield()
	}
	if !st.newChannel && c.Stock != StockForce {
		st.keepBuffer(m.channels[c.Channel].settings.Buffer)
	}
	if m.policy.active {
		st.errand.to, st.errand.channel, st.errand.now, st.errand.leaves = &c.Destination, c.Channel, st.now, false
		m.findCandidates(st)
	} else if c.Destination.isFetched() {
		st.fetch()
	}
}

// isBound tells whether not all locations may serve the order.
func (m *Machine) isBound(st *Step) bool {
	return m.policy.active || st.command.Destination.isFetched()
}

// sumLines adds up the lines of each SKU, at its first line. It refuses lines of unknown SKUs, and of kits of which the command has
// not the recipe.
func (st *Step) sumLines() bool {
	lines := st.asked
	if len(lines) == 1 && st.lines[0].found {
		st.lines[0].total = lines[0].Quantity
		return true
	}
	for i := range lines {
		if !st.lines[i].found {
			return st.refuseNotFound()
		}
	}
	st.sortPlaces(len(lines), func(a, b int32) int { return cmp.Compare(lines[a].SKU, lines[b].SKU) })
	first := st.sorted[0]
	for _, i := range st.sorted {
		if lines[i].SKU != lines[first].SKU {
			first = i
		}
		st.lines[i].first = first
		st.lines[first].total += lines[i].Quantity
	}
	return true
}

// refuseNotFound refuses the lines whose SKUs were not found; it is false.
func (st *Step) refuseNotFound() bool {
	for i := range st.lines {
		if st.lines[i].recipeChanged {
			st.refuseKit(i)
			return false
		}
	}
	st.refuse(ReasonSKUNotFound)
	for i := range st.asked {
		if !st.lines[i].found {
			st.refusal.Lines = append(st.refusal.Lines,
				RefusedLine{Index: st.originOf(i), SKU: st.asked[i].SKU, Requested: st.asked[i].Quantity})
		}
	}
	return false
}

// refuseKit refuses a line of which the command does not say what the kit is made of. That of who waits in a sale never does.
func (st *Step) refuseKit(i int) {
	if !st.command.isOfWaitlist() {
		st.refuse(ReasonRecipeChanged)
		return
	}
	st.refuse(ReasonKitWaitlist)
	st.refusal.Lines = append(st.refusal.Lines, RefusedLine{SKU: st.asked[i].SKU, Requested: st.asked[i].Quantity})
}

// sortPlaces fills st.sorted with 0 to n−1 in the order of compare; equals keep their order.
func (st *Step) sortPlaces(n int, compare func(a, b int32) int) {
	st.sorted = resize(st.sorted, n)
	for i := range st.sorted {
		st.sorted[i] = int32(i)
	}
	slices.SortStableFunc(st.sorted, compare)
}

// isStopped refuses lines of SKUs that are not sold now.
func (st *Step) isStopped() bool {
	for i := range st.lines {
		if f := &st.lines[i]; f.stopped && int(f.first) == i {
			st.refuseLine(ReasonSKUStopped, i, 0)
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// grant lowers what a hold asks for to what it can get. Lines are served in their order, and one that would get
// nothing refuses the hold.
func (st *Step) grant() bool {
	c := st.command
	for i := range st.lines {
		st.lines[i].granted = 0
	}
	for i := range st.lines {
		first := &st.lines[st.lines[i].first]
		first.least = first.granted + 1
		first.granted += c.Lines[i].Quantity
	}
	for _, reason := range grantOrder {
		if reason.isOfSale() && c.Sale == 0 {
			continue
		}
		for i := range st.lines {
			f := &st.lines[i]
			if int(f.first) != i {
				continue
			}
			most := st.most(i, reason)
			if most < f.least {
				why := reason
				if reason == ReasonNotDeliverable {
					why = st.whyNotDeliverable(func(f *lineFinding) Quantity { return f.least })
				}
				st.refuseLine(why, i, max(0, most))
			}
			f.granted = min(f.granted, most)
		}
		if st.Outcome.Reason != ReasonNone {
			return false
		}
	}
	for i := range st.lines {
		if f := &st.lines[i]; int(f.first) == i {
			f.total = f.granted
		}
	}
	return c.Sale == 0 || st.grantSale()
}

// grantOrder is what lowers a hold up to what there is, SKU by SKU.
var grantOrder = [...]Reason{ReasonHoldCap, ReasonSaleQuota, ReasonLimitPerCustomer, ReasonInsufficientStock, ReasonNotDeliverable}

func (r Reason) isOfSale() bool { return r == ReasonHoldCap || r == ReasonSaleQuota }

// most is how many units of a line's SKU can be had at most, on account of one reason.
func (st *Step) most(i int, reason Reason) Quantity {
	f := &st.lines[i]
	switch {
	case reason == ReasonHoldCap:
		return st.sale.items[i].room
	case reason == ReasonSaleQuota:
		return st.sale.items[i].left
	case reason == ReasonInsufficientStock:
		return f.pooled + max(0, f.available+f.mostBeyond())
	case reason == ReasonNotDeliverable:
		if there := fromStock(f.reachable(f.there)); there < fromStock(f.pooled, f.available) {
			return there
		}
	case reason == ReasonBookedUp:
		if there := fromStock(f.reachable(f.thereAnyDay)); there < fromStock(f.pooled, f.available) {
			return there
		}
	case f.limit > 0:
		return f.limit - f.used
	}
	return MaxBackordered
}

// fromStock is how many units stock gives, from the pool and of what is common.
func fromStock(pooled, common Quantity) Quantity { return pooled + max(0, common) }

// reachable is what of the units from the pool and of the common stock is among those that lie there, at locations that may serve the order. What lies elsewhere
// is not promised beyond stock in their place: those who wait are served with whatever comes, and would get it.
func (f *lineFinding) reachable(there Quantity) (pooled, common Quantity) {
	if !f.steered {
		return f.pooled, f.available
	}
	pooled = min(f.pooled, there)
	return pooled, min(f.available, there-pooled)
}

// mostBeyond is how many units may be promised that are not there.
func (f *lineFinding) mostBeyond() Quantity {
	if f.room == Unlimited {
		return MaxBackordered
	}
	return f.room
}

func (st *Step) overLimit() bool {
	for i := range st.lines {
		f := &st.lines[i]
		if f.limit > 0 && int(f.first) == i && f.used+f.total > f.limit {
			st.refuseLine(ReasonLimitPerCustomer, i, max(0, f.limit-f.used))
		}
	}
	return st.Outcome.Reason != ReasonNone
}

func (st *Step) overStock() bool {
	for i := range st.lines {
		f := &st.lines[i]
		if int(f.first) != i {
			continue
		}
		if most := st.most(i, ReasonInsufficientStock); f.total > most {
			st.refuseLine(ReasonInsufficientStock, i, most)
		}
	}
	return st.Outcome.Reason != ReasonNone
}

func (st *Step) refuseLine(reason Reason, i int, available Quantity) {
	if st.Outcome.Reason == ReasonNone {
		st.refuse(reason)
	}
	st.refusal.Lines = append(st.refusal.Lines, RefusedLine{
		Index: st.originOf(i), SKU: st.asked[i].SKU, Requested: st.lines[i].total, Available: available,
	})
}

// What the hot path fills it fills field by field, where it lies: the copy of a literal that was just written would stall the
// processor.

// planPlacement fills the event with the new order; the event is the plan that Apply carries out.
func (m *Machine) planPlacement(st *Step) {
	c := st.command
	image := &st.event.Order
	lines, allocations := image.Lines[:0], image.Allocations[:0]
	*image = OrderImage{}
	image.ID = MakeOrderID(st.home, st.spread, st.place)
	image.Status = StatusPlaced
	image.Version = 1
	image.Created = st.sequence
	image.CreatedAt = st.now
	image.Channel = c.Channel
	image.HasDocument = len(c.Document) > 0
	image.Customer = c.Customer
	image.ExternalID = c.ExternalID
	image.Sale = c.Sale
	image.Identities = c.Identities
	image.Lines, image.Allocations = lines, allocations
	st.event.Kind = EventOrderPlaced
	if c.Kind != CommandPlaceOrder {
		st.event.Kind = EventHoldPlaced
		image.Status, image.Deadline = StatusHeld, st.now+c.TTL
		if c.Sale != 0 {
			image.Deadline = st.now + st.saleTTL()
		}
	}
	st.mask = c.Mask
	m.planLines(st, m.policy.active && c.Stock != StockSkip)
	if c.Money != nil {
		m.openAccount(st)
	}
	st.Outcome.Changed, st.Outcome.Order = true, image.ID
}

// planLines gives the lines that are asked for their units, behind those that the event's order has.
func (m *Machine) planLines(st *Step, routed bool) {
	for i := range st.lines {
		if f := &st.lines[i]; int(f.first) == i {
			if f.steered {
				f.pooled, f.available = f.reachable(f.there)
			}
			if !routed {
				m.rank(st.choices[f.slot][f.from:f.to])
			}
			f.pooled = min(f.total, f.pooled)
			f.sellable = max(0, min(f.total-f.pooled, f.available))
		}
	}
	if routed {
		st.steer()
		st.explain(m.policy.Version, &st.routed.Route)
		st.routed.Route.Order = st.event.Order.ID
	}
	st.tells = routed
	for i := range st.lines {
		st.serve(i)
	}
}

// rank puts a SKU's locations in the order in which they are asked where no policy of routing is set.
func (m *Machine) rank(choices []choice) {
	if len(choices) < 2 {
		return
	}
	for i := range choices {
		choices[i].priority = m.locations[choices[i].location].settings.Priority
	}
	slices.SortFunc(choices, func(a, b choice) int {
		return cmp.Or(
			cmp.Compare(a.priority, b.priority),
			cmp.Compare(b.atFirst, a.atFirst),
			cmp.Compare(a.location, b.location),
		)
	})
}

// serve gives a line its units.
func (st *Step) serve(i int) {
	image := &st.event.Order
	line := &st.asked[i]
	f := &st.lines[i]
	first := &st.lines[f.first]
	quantity := line.Quantity
	if st.command.UpTo {
		quantity = min(quantity, first.granted)
		first.granted -= quantity
	}
	pooled := min(quantity, first.pooled)
	first.pooled -= pooled
	fromStock := min(quantity-pooled, first.sellable)
	first.sellable -= fromStock
	fromStock += pooled
	made := len(image.Allocations)
	choices := st.choices[first.slot][first.from:first.to]
	rest := fromStock
	for k := range choices {
		if rest == 0 {
			break
		}
		if n := min(rest, choices[k].fulfillable); n > 0 {
			choices[k].fulfillable -= n
			rest -= n
			a := grow(&image.Allocations)
			a.Location, a.Quantity = choices[k].location, n
		}
	}
	invariant.Check(rest == 0, "what a SKU can sell lies at its locations")
	f.counted = f.limit > 0
	l := grow(&image.Lines)
	l.SKU = line.SKU
	l.Quantity = quantity
	l.Backordered = quantity - fromStock
	l.Pooled = pooled
	l.Preorder = f.preorder && quantity > fromStock
	l.Allocations = len(image.Allocations) - made
	l.Role = LineOfUnits
	if st.hasKits {
		l.Role = st.origins[i].role
	} else if st.command.Stock == StockSkip {
		l.Role = LineUntracked
	}
	if l.Role == LineOfKits || l.Role == LineUntracked {
		l.Backordered, l.Preorder = 0, false
	}
}

// applyPlacement takes the slot's units and, in the home slot, writes the order down and tells of it; elsewhere
// it writes down the part of a hold.
func (s *slot) applyPlacement(st *Step, sink Sink) {
	image := &st.event.Order
	held := image.Status == StatusHeld
	s.applyLines(st, func(l *LineImage, allocations []Allocation) {
		if l.Backordered > 0 {
			s.wait(st, l.SKU, l.Backordered)
		}
		s.take(l, allocations, held)
	})
	if st.command.Stock == StockForce {
		s.openCases(st)
	}
	s.countLines(st, 1)
	if image.Sale != 0 && image.Sale.Slot() == s.id {
		s.sell(image, held, 1)
		s.useTicket(image.Sale, st.command.Ticket)
	}
	if st.booked && s.id == CapacitySlot {
		s.bookOrder(st)
	}
	if s.id != st.home {
		if held {
			s.addPart(st)
		}
		return
	}
	place := s.store(st)
	if image.Account != nil {
		s.storeAccount(place, image)
	}
	if held {
		s.due.push(dueRecord{deadline: image.Deadline, order: image.ID, place: place})
	}
	sink.Event(&st.event)
	if st.command.Stock == StockForce {
		st.tellOversold(sink)
	}
	if st.tells {
		st.tellRoute(sink)
	}
}

// tellOversold tells of a forced order that has more than the rules allow, if it does.
func (st *Step) tellOversold(sink Sink) {
	if ev := &st.oversold; len(ev.Oversold.Units) > 0 {
		ev.Kind, ev.Sequence, ev.At, ev.Oversold.Order = EventOrderOversold, st.sequence, st.now, st.event.Order.ID
		sink.Event(ev)
	}
}

// tellRoute tells why an order's units come from where they come.
func (st *Step) tellRoute(sink Sink) {
	ev := &st.routed
	ev.Kind, ev.Sequence, ev.At = EventOrderRouted, st.sequence, st.now
	sink.Event(ev)
}

// applyLines calls do for every line of the plan whose SKU the slot owns, with the line's allocations.
func (s *slot) applyLines(st *Step, do func(l *LineImage, allocations []Allocation)) {
	image := &st.event.Order
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		if l.SKU.Slot() == s.id {
			do(l, image.Allocations[next:next+l.Allocations])
		}
		next += l.Allocations
	}
}

// countLines adds the slot's counted lines to the customer's units and its pooled ones to those of the pool, or takes them away.
func (s *slot) countLines(st *Step, sign Quantity) {
	image := &st.event.Order
	for i := range image.Lines {
		l := &image.Lines[i]
		if st.lines[i].counted && l.SKU.Slot() == s.id {
			s.count(hashCustomer(image.Customer), l.SKU, sign*(l.Quantity-image.LineLife(i).Cancelled))
		}
		if l.Pooled != 0 && l.SKU.Slot() == s.id {
			s.draw(l.SKU, image.Channel, st.poolOf(i), sign*l.Pooled)
		}
	}
}

// store writes the order of the plan into the slot's slabs.
func (s *slot) store(st *Step) uint32 {
	image := &st.event.Order
	place := s.orders.push()
	invariant.Check(place == st.place, "an order gets the place that it was promised")
	record := s.orders.mut(place)
	record.created = image.Created
	record.createdAt = image.CreatedAt
	record.deadline = image.Deadline
	record.mask = st.mask
	record.text = s.texts.add(s.customerText(image), image.ExternalID)
	record.firstLine = s.lines.length
	record.version = image.Version
	record.lines = uint16(len(image.Lines))
	record.channel = image.Channel
	record.status = image.Status
	record.flags = uint8(len(image.Identities) / IdentitySize << identitiesShift)
	record.sale = image.Sale
	if image.HasDocument {
		record.flags |= hasDocument
	}
	if st.booked {
		record.flags |= orderBooked
	}
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		s.storeLine(l, image.Allocations[next:next+l.Allocations], &st.lines[i], st.poolOf(i))
		next += l.Allocations
	}
	s.orders.users[place>>pageShift]++
	s.refer(place, 1)
	if len(image.ExternalID) > 0 {
		s.externals.Insert(s.externalHash(image.Channel, image.ExternalID), place)
	}
	return place
}

func (s *slot) storeLine(l *LineImage, allocations []Allocation, f *lineFinding, pool uint32) {
	record := s.lines.mut(s.lines.push())
	record.sku = l.SKU
	record.quantity = uint32(l.Quantity)
	record.backordered = uint32(l.Backordered)
	if f.counted {
		record.flags = lineCounted
	}
	if l.Pooled != 0 {
		record.flags |= linePooled
	}
	if l.Preorder {
		record.flags |= linePreorder
	}
	if l.Role != LineOfUnits {
		record.flags |= uint16(l.Role) << lineRoleShift
	}
	s.storeAllocations(record, allocations, l.Pooled, pool)
}

// storeAllocations writes down where a line's units lie and, if it has pooled ones, how many and of which generation of the pool.
func (s *slot) storeAllocations(record *lineRecord, allocations []Allocation, pooled Quantity, pool uint32) {
	record.allocations = uint16(len(allocations))
	if record.stored() == 0 && len(allocations) == 1 {
		record.allocation = uint32(allocations[0].Location)
		return
	}
	record.allocation = s.allocations.length
	for _, a := range allocations {
		*s.allocations.mut(s.allocations.push()) = allocationRecord{quantity: uint32(a.Quantity), location: a.Location}
	}
	if record.flags&linePooled != 0 {
		*s.allocations.mut(s.allocations.push()) = pooledRecord(pooled, pool)
	}
}

// pooledRecord says how many units of a line came out of a pool, and of which generation.
func pooledRecord(n Quantity, pool uint32) allocationRecord {
	return allocationRecord{quantity: uint32(n), location: LocationID(pool), upper: uint16(pool >> 16)}
}

// findExternal gives the order that has a channel's external id.
func (s *slot) findExternal(channel ChannelID, id []byte) (OrderID, bool) {
	cursor := s.externals.Search(s.externalHash(channel, id))
	for cursor.Next() {
		order := s.orders.at(cursor.Record())
		if _, external := s.texts.get(order.text); order.channel == channel && string(external) == string(id) {
			return s.idOf(cursor.Record()), true
		}
	}
	return 0, false
}

func (s *slot) externalHash(channel ChannelID, id []byte) uint64 {
	return indexHash(s.seed+uint64(channel)*digestD, id)
}
