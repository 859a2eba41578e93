package core

// An order that is placed is changed by an edit: units are taken off its lines, lines are added, and its document is replaced, all of it or
// nothing. An edit says which version of the order it is of, as it is made of what somebody saw.
//
// What is taken off goes first, so the last unit can be swapped within an order, and a customer's limit is that of what is left. It goes like
// units of lines that are cancelled. What is added obeys the rules of a new order of the customer in the order's channel: but for that it joins an
// order that is there. More units of a SKU that the order has are a line of their own, so places of lines never change. Units that come from stock
// are planned like an order by themselves, to where the edit says that the order goes; those that the order has stay where they are.
//
// No slot may look at another, and only the order's home knows what is taken off: so the slots of what is added are looked at when the edit is
// decided. They are in its mask, and stand still.
//
// An order keeps its lines side by side. With new ones they are written once more, at the end, and the page that they were in is left like that of
// an order that left. The slots of new lines join those of the order, of which its number says only whether they were more than its home when it was
// made. Whoever sends a command on it finds out when it is refused with ReasonSlotsChanged, and tries again with all slots: that costs
// orders which were edited a second try, and all others nothing.

// gatherEdit loads the order, in its home slot, and what is kept of its lines beside their units.
func (s *slot) gatherEdit(st *Step) {
	if st.command.isOfDocument() {
		s.gatherDocument(st)
		return
	}
	s.gatherCancelLines(st)
	if s.id == st.home {
		st.full = s.isFull() || s.revisions.length == 1<<32-1
	}
}

// decideEdit plans what is taken off and what is added.
func (m *Machine) decideEdit(st *Step) {
	if st.command.isOfDocument() {
		st.decideDocument()
		return
	}
	if !st.checkPlaced() || !st.checkPrices() || !st.findTakenOff() {
		return
	}
	if image := &st.event.Order; image.HasMoney() && image.isCovered() {
		image.Account.paidInTime(st.now) // else the host would be told after a restart that what is added was not paid
	}
	st.had, st.lines = st.lines, resize(st.had, len(st.asked))
	if len(st.asked) == 0 && st.cancelsAll() {
		st.refuseOrder(ReasonNothingLeft)
		return
	}
	st.planTakenOff()
	st.tells = false
	if len(st.asked) > 0 && !m.add(st) || st.full {
		st.refuseEdit()
		return
	}
	st.planEdit(m)
	m.settleOrRefuse(st)
}

// findTakenOff works out how many units of each line are taken off, and refuses what cannot be.
func (st *Step) findTakenOff() bool {
	if len(st.command.Life.Units) > 0 {
		return st.findCancelled()
	}
	st.noneCancelled()
	return true
}

// planTakenOff makes the loaded image into the one without what is taken off.
func (st *Step) planTakenOff() {
	if len(st.command.Life.Units) > 0 {
		st.planCancelLines()
		return
	}
	st.event.Units, st.event.Freed = st.event.Units[:0], st.event.Freed[:0]
	clear(st.pools)
}

// add gives the order the lines that are asked for, or refuses them.
func (m *Machine) add(st *Step) bool {
	image := &st.event.Order
	st.edit = *st.command
	st.edit.Channel, st.edit.Customer = image.Channel, image.Customer
	st.command = &st.edit
	for i := range st.asked {
		st.lines[i].found, st.lines[i].recipeChanged = false, false
		slot := st.asked[i].SKU.Slot()
		st.choices[slot] = st.choices[slot][:0]
	}
	for i := range st.asked {
		m.slots[st.asked[i].SKU.Slot()].gatherAdded(st, i)
	}
	if !m.canAdd(st) {
		return false
	}
	m.planLines(st, m.policy.active)
	return true
}

// canAdd checks in the order of precedence, and finds out what the lines get and from where.
func (m *Machine) canAdd(st *Step) bool {
	image := &st.event.Order
	if !st.sumLines() || st.hasKits && st.refusesKits() {
		return false
	}
	switch {
	case len(image.Lines)+len(st.asked) > MaxLines:
		st.refuse(ReasonTooManyLines)
		return false
	case image.Sale != 0:
		st.refuse(ReasonEditInSale)
		return false
	}
	if m.findOffer(st); st.isStopped() || st.overLimit() || st.overStock() {
		return false
	}
	if m.isBound(st) && st.overDeliverable() || m.waitsAlready(st) {
		return false
	}
	return !m.policy.active || st.route()
}

// refuseEdit has the refusal of an edit name the order.
func (st *Step) refuseEdit() {
	if st.Outcome.Reason == ReasonNone {
		st.refuse(ReasonTableFull)
	}
	st.refusal.Order, st.refusal.Version = st.event.Order.ID, st.event.Order.Version
}

// gatherAdded finds out about a line that is added, in the slot of its SKU: what there is once that is gone which is taken off.
func (s *slot) gatherAdded(st *Step, i int) {
	id, f := st.asked[i].SKU, &st.lines[i]
	if !st.takesOffOf(id) {
		s.gatherLine(st, i)
		return
	}
	after := *s.skus.at(id.Place())
	from, to := s.choicesAfter(st, id, &after)
	s.findLine(st, i, &after, func(pool *ruleRecord) Quantity { return st.returnedTo(id, pool) })
	f.from, f.to = from, to
	if f.limit > 0 {
		f.used -= st.uncounted(id)
	}
}

// takesOffOf tells whether units of a SKU, or kits, are taken off.
func (st *Step) takesOffOf(id SKUID) bool {
	for _, u := range st.event.Units {
		if st.event.Order.Lines[u.Line].SKU == id {
			return true
		}
	}
	return false
}

// uncounted is how many units of a SKU will not count against the customer's limit any more.
func (st *Step) uncounted(id SKUID) (n Quantity) {
	for _, u := range st.event.Units {
		if st.had[u.Line].counted && st.event.Order.Lines[u.Line].SKU == id {
			n += u.Quantity
		}
	}
	return n
}

// returnedTo is how many units of a SKU a pool gets back.
func (st *Step) returnedTo(id SKUID, pool *ruleRecord) (n Quantity) {
	if pool.channel != st.event.Order.Channel {
		return 0
	}
	for i := range st.pools {
		if st.event.Order.Lines[i].SKU == id && st.had[i].pool == pool.generation {
			n += st.pools[i].returned
		}
	}
	return n
}

// choicesAfter makes a SKU's record the one without what is taken off, and writes down the locations that have units of it to give then.
func (s *slot) choicesAfter(st *Step, id SKUID, after *skuRecord) (from, to int32) {
	from = int32(len(st.choices[s.id]))
	for at := after.firstLevel; at != 0; {
		level := *s.levels.at(at - 1)
		freed, withheld := st.freedAt(id, level.location), level.withheld()
		level.allocated -= freed
		after.allocated -= freed
		after.withheld += level.withheld() - withheld
		if n := level.fulfillable(); n > 0 && level.flags&levelStopped == 0 {
			c := grow(&st.choices[s.id])
			c.location, c.fulfillable, c.atFirst = level.location, n, n
		}
		at = level.next
	}
	for i := range st.event.Freed {
		if f := &st.event.Freed[i]; f.Beyond && st.event.Order.Lines[f.Line].SKU == id {
			after.backorderedPlaced -= f.Quantity
		}
	}
	return from, int32(len(st.choices[s.id]))
}

// freedAt is how many units of a SKU are taken off that were at a location.
func (st *Step) freedAt(id SKUID, location LocationID) (n Quantity) {
	for i := range st.event.Freed {
		if f := &st.event.Freed[i]; !f.Beyond && f.Location == location && st.event.Order.Lines[f.Line].SKU == id {
			n += f.Quantity
		}
	}
	return n
}

// waitsAlready refuses lines that would wait in the order's own place of a queue, if that would be before others: an order has one place for each
// SKU, and what is added comes later than they did.
func (m *Machine) waitsAlready(st *Step) bool {
	order := st.event.Order.ID
	for i := range st.lines {
		f := &st.lines[i]
		if !st.leads(i) || f.total <= fromStock(f.reachable(f.there)) || st.waitsFor(st.asked[i].SKU) == 0 {
			continue
		}
		id := st.asked[i].SKU
		s := &m.slots[id.Slot()]
		if last := s.skus.at(id.Place()).lastWaiting; s.waiting.at(last-1).order != order {
			st.refuseLine(ReasonWaitsAlready, i, fromStock(f.reachable(f.there)))
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// waitsFor is how many units of a SKU the event's order waits for.
func (st *Step) waitsFor(id SKUID) (n Quantity) {
	for i := range st.event.Order.Lines {
		if l := &st.event.Order.Lines[i]; l.SKU == id {
			n += l.Backordered
		}
	}
	return n
}

// planEdit makes the image that has its lines into the one after the edit.
func (st *Step) planEdit(m *Machine) {
	c, ev := st.command, &st.event
	image := &ev.Order
	ev.Kind, ev.Actor, ev.Note, ev.Added = EventOrderEdited, c.Actor, c.Life.Note, len(image.Lines)-len(st.had)
	st.wasHeld = false
	image.Version++
	if len(c.Document) > 0 {
		image.HasDocument, image.Edited = true, st.sequence
	}
	if life := image.Life; life != nil {
		for range ev.Added {
			*grow(&life.Lines) = LineLife{}
		}
		st.followFulfilments()
		m.finish(st)
	}
	st.addPrices()
	st.Outcome.Changed = true
}

// applyEdit gives the slot's units back, takes others and, in the home slot, writes the order down as it is then.
func (s *slot) applyEdit(st *Step, sink Sink) {
	if st.command.isOfDocument() {
		s.applyDocument(st, sink)
		return
	}
	s.takeOff(st, st.had)
	if st.command.Destination.IsGiven() {
		s.readdress(st)
	}
	s.takeAdded(st)
	s.bookLess(st)
	if st.booked && s.id == CapacitySlot {
		s.bookAdded(st)
	}
	if s.id != st.home {
		return
	}
	s.storeEdit(st)
	sink.Event(&st.event)
	if st.tells {
		st.tellRoute(sink)
	}
	s.tellTasks(&st.event, st.tasks, sink)
}

// eachAdded calls do for each line that is added.
func (st *Step) eachAdded(do func(i int, l *LineImage, allocations []Allocation)) {
	image, next := &st.event.Order, 0
	for i := range image.Lines {
		l := &image.Lines[i]
		if i >= len(st.had) {
			do(i, l, image.Allocations[next:next+l.Allocations])
		}
		next += l.Allocations
	}
}

// takeAdded takes the slot's units of lines that are added, as of a new order.
func (s *slot) takeAdded(st *Step) {
	image := &st.event.Order
	st.eachAdded(func(i int, l *LineImage, allocations []Allocation) {
		if l.SKU.Slot() != s.id {
			return
		}
		if l.Backordered > 0 {
			s.wait(st, l.SKU, l.Backordered)
		}
		s.take(l, allocations, false)
		if st.lines[i-len(st.had)].counted {
			s.count(hashCustomer(image.Customer), l.SKU, l.Quantity)
		}
		if l.Pooled != 0 {
			s.draw(l.SKU, image.Channel, st.poolOf(i), l.Pooled)
		}
	})
}

// bookAdded books the order with the locations of lines that are added.
func (s *slot) bookAdded(st *Step) {
	st.eachAdded(func(_ int, _ *LineImage, allocations []Allocation) {
		for _, a := range allocations {
			s.makeBooking(st, a.Location)
		}
	})
}

// readdress has the order wait to be served where it goes now.
func (s *slot) readdress(st *Step) {
	image := &st.event.Order
	for i := range st.had {
		id := image.Lines[i].SKU
		if image.Lines[i].Backordered == 0 || id.Slot() != s.id {
			continue
		}
		place, _ := s.findWaiting(id, image.ID)
		w := *s.waiting.at(place)
		w.setErrand(&errand{to: &st.command.Destination, channel: w.channel, grams: int64(w.grams)})
		if w == *s.waiting.at(place) {
			continue
		}
		*s.waiting.mut(place) = w
		s.noteAgain(id, w.since)
		s.touch(s.skus.mut(id.Place()), id)
	}
}

// storeEdit makes an order's records, in its home slot, those of the image after an edit.
func (s *slot) storeEdit(st *Step) {
	image, had := &st.event.Order, uint32(len(st.had))
	s.refer(st.place, -1)
	record := s.orders.mut(st.place)
	record.version, record.status, record.onHold = image.Version, image.Status, image.OnHold
	if st.event.Added > 0 {
		s.moveLines(record, had)
		s.growMask(st, record)
	}
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		allocations := image.Allocations[next : next+l.Allocations]
		next += l.Allocations
		if place := record.firstLine + uint32(i); uint32(i) < had {
			s.reallocateLine(place, l, allocations, st.poolOf(i))
		} else {
			s.storeLine(l, allocations, &st.lines[uint32(i)-had], st.poolOf(i))
		}
	}
	record.lines = uint16(len(image.Lines))
	if image.Life != nil {
		s.growLife(st.place)
		s.storeLife(st.place, image.Life)
	}
	if image.Account != nil {
		s.storePrices(st.place, image)
		s.storeAccount(st.place, image)
	}
	if image.Edited == st.sequence {
		s.revise(st.place, st.sequence)
	}
	s.refer(st.place, 1)
}

// moveLines writes an order's lines once more, where others can be added to them.
func (s *slot) moveLines(record *orderRecord, lines uint32) {
	first := s.lines.length
	for i := range lines {
		line := *s.lines.at(record.firstLine + i)
		*s.lines.mut(s.lines.push()) = line
	}
	record.firstLine = first
}

// growMask adds the slots of lines that are added to those of the order. Its number stays what it was.
func (s *slot) growMask(st *Step, record *orderRecord) {
	spread := record.spreads(s.id)
	st.eachAdded(func(_ int, l *LineImage, _ []Allocation) { record.mask |= l.SKU.Slot().Mask() })
	if !spread && record.mask != s.id.Mask() {
		record.marks |= orderGrown
	}
}

// growLife gives a life the records of lines that its order has beside those that it knows.
func (s *slot) growLife(order uint32) {
	place, ok := s.findLife(order)
	if !ok {
		return
	}
	last, known := uint32(0), uint16(0)
	for at := s.lives.at(place).firstLine; at != 0; at = s.lifeLines.at(at - 1).next {
		last = at
		known++
	}
	for ; known < s.orders.at(order).lines; known++ {
		line := s.lifeLines.acquire() + 1
		s.lifeLines.mut(last - 1).next = line
		last = line
	}
}

// PreviewEdit fills ev with what an edit of an order would come to now, and changes nothing. It is Preview for CommandEditOrder, whose mask has to
// cover the order.
func (m *Machine) PreviewEdit(st *Step, c *Command, now Millis) (*Outcome, *Event, *RouteImage) {
	st.Begin(c, 0, now)
	st.newChannel = false
	m.slots[st.home].gatherEdit(st)
	m.decideEdit(st)
	return &st.Outcome, &st.event, &st.routed.Route
}
