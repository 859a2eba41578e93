package core

import (
	"cmp"
	"slices"

	"holdfast/engine/invariant"
)

// Units that were promised beyond stock wait, and each SKU has a queue of the orders that wait for it, oldest promise first. A new
// order cannot take what comes in before them: what is available to sell is what is left when all who wait have been served. So
// the units may lie there until the host sees to it, which is soon: it asks who can be served (Waiting), and sends
// CommandFillOrder for each, as the order's record lies in its home slot, and this one only knows its units.

// While a policy of routing is set, an order is given nothing from where it cannot be served. If all that there is lies at such locations it is passed
// over, and those behind it are served.

// waitingRecord is what an order waits for of one SKU: a place in the SKU's queue, and what decides which locations may serve it. It is a
// cache line.
type waitingRecord struct {
	order    OrderID
	since    Sequence // the command that promised the units, or with which the order gave way to those who waited then
	units    Quantity // over all lines of the order
	sku      SKUID
	next     uint32 // in waiting, plus one; 0 at the end; while the record is free, the next free one
	previous uint32 // in waiting, plus one; 0 at the head
	grams    uint32 // what the order weighs, up to more than any zone takes
	country  CountryCode
	postal   PostalCode
	pickup   LocationID
	channel  ChannelID
	avoided  [mostAvoided]LocationID // plus one: from where it was rerouted while it waits, and where no units have come since
	method   DeliveryMethod
	flags    uint8
}

// waitingPickup marks a waitingRecord whose order is fetched at its location pickup.
const waitingPickup uint8 = 1

// setErrand notes which locations may serve the order.
func (w *waitingRecord) setErrand(e *errand) {
	w.country, w.postal, w.method, w.channel = e.to.Country, e.to.Postal, e.to.Method, e.channel
	w.grams = uint32(min(e.grams, MaxZoneWeight+1))
	if w.flags = 0; e.to.HasPickup {
		w.flags, w.pickup = waitingPickup, e.to.Pickup
	}
}

// mayServe tells whether a location may serve an order that waits. It is late anyway, so a cut-off does not count.
func (s *slot) mayServe(w *waitingRecord, location LocationID) bool {
	if w.avoided[0] != 0 && slices.Contains(w.avoided[:], location+1) {
		return false
	}
	if !s.policy.active {
		return w.method != MethodPickup || w.flags&waitingPickup == 0 || w.pickup == location
	}
	to := Destination{Country: w.country, Postal: w.postal, Method: w.method, HasPickup: w.flags&waitingPickup != 0, Pickup: w.pickup}
	e := errand{to: &to, channel: w.channel, grams: int64(w.grams), waits: true}
	c := candidate{location: location, pickup: to.HasPickup && to.Pickup == location}
	return s.policy.fateOf(&e, &(*s.locations)[location], &c) == FateEligible
}

// fillFinding is what a slot can give the order that a command fills.
type fillFinding struct {
	sku      SKUID
	units    Quantity // that are still to be given to lines
	from, to int32    // choices of the slot
}

// toFill is how many units stock has for those who wait, if there are any. What live pools cover is theirs alone.
func (s *slot) toFill(sku *skuRecord) Quantity {
	if sku.firstWaiting == 0 {
		return 0
	}
	n := sku.physical()
	if sku.flags&skuChannels != 0 {
		s.eachRule(sku, func(rule *ruleRecord, covered Quantity) {
			if rule.phase == PoolLive {
				n -= covered
			}
		})
	}
	return n
}

// wait puts an order at the end of a SKU's queue, or has it wait there for more units when it was the last to come.
func (s *slot) wait(st *Step, id SKUID, units Quantity) {
	sku := s.skus.mut(id.Place())
	order, last := st.event.Order.ID, sku.lastWaiting
	if last != 0 && s.waiting.at(last-1).order == order {
		s.waiting.mut(last - 1).units += units
		return
	}
	w := waitingRecord{order: order, since: st.sequence, units: units, sku: id, previous: last}
	w.setErrand(&errand{to: &st.command.Destination, channel: st.command.Channel, grams: st.askedGrams()})
	s.enterQueue(sku, &w)
}

// enterQueue puts a record between those of a SKU's queue that it names.
func (s *slot) enterQueue(sku *skuRecord, w *waitingRecord) (place uint32) {
	place = s.waiting.acquire()
	*s.waiting.mut(place) = *w
	s.linkWaiting(sku, place)
	s.waitingIndex.Insert(s.waitingHash(w.order), place)
	return place
}

// waitAgain has an order that is rerouted wait for units of a SKU that it had been given: at the place in the queue that its promise has.
func (s *slot) waitAgain(st *Step, id SKUID, units Quantity) {
	order, since := st.event.Order.ID, st.event.Order.Created
	place, ok := s.findWaiting(id, order)
	if !ok {
		sku := s.skus.mut(id.Place())
		next, previous := s.seek(id, since-1), sku.lastWaiting
		if next != 0 {
			previous = s.waiting.at(next - 1).previous
		}
		again := waitingRecord{order: order, since: since, sku: id, next: next, previous: previous}
		again.setErrand(&st.errand)
		place = s.enterQueue(sku, &again)
	}
	s.noteAgain(id, since)
	w := s.waiting.mut(place)
	w.units += units
	if !st.setsMissingAside() {
		s.avoid(w, st.event.Reroute.From)
	}
}

// linkWaiting makes those before and behind a record of a SKU's queue its neighbours.
func (s *slot) linkWaiting(sku *skuRecord, place uint32) {
	w := *s.waiting.at(place)
	if w.previous == 0 {
		sku.firstWaiting = place + 1
	} else {
		s.waiting.mut(w.previous - 1).next = place + 1
	}
	if w.next == 0 {
		sku.lastWaiting = place + 1
	} else {
		s.waiting.mut(w.next - 1).previous = place + 1
	}
}

// waitNoMore takes an order that ends out of a SKU's queue, if it is still there.
func (s *slot) waitNoMore(id SKUID, order OrderID) {
	if place, ok := s.findWaiting(id, order); ok {
		s.leaveQueue(s.skus.mut(id.Place()), place)
	}
}

func (s *slot) leaveQueue(sku *skuRecord, place uint32) {
	w := *s.waiting.at(place)
	s.noteGone(&w, place)
	if w.previous == 0 {
		sku.firstWaiting = w.next
	} else {
		s.waiting.mut(w.previous - 1).next = w.next
	}
	if w.next == 0 {
		sku.lastWaiting = w.previous
	} else {
		s.waiting.mut(w.next - 1).previous = w.previous
	}
	found := s.waitingIndex.Delete(s.waitingHash(w.order), place)
	invariant.Check(found, "who waits is in the index")
	s.waiting.release(place)
}

func (s *slot) findWaiting(id SKUID, order OrderID) (uint32, bool) {
	cursor := s.waitingIndex.Search(s.waitingHash(order))
	for cursor.Next() {
		if w := s.waiting.at(cursor.Record()); w.order == order && w.sku == id {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *slot) waitingHash(id OrderID) uint64 { return finish(uint64(id) ^ s.seed) }

// gatherFill loads the order, in its home slot, and looks of which of the slot's SKUs it is the next that can
// have units. Who stands further behind is served when its turn comes.
func (s *slot) gatherFill(st *Step) {
	s.gatherOrder(st)
	if s.id == st.home {
		st.full = s.isFull()
	}
	id := st.command.Order
	st.fills[s.id], st.choices[s.id] = st.fills[s.id][:0], st.choices[s.id][:0]
	cursor := s.waitingIndex.Search(s.waitingHash(id))
	for cursor.Next() {
		w := s.waiting.at(cursor.Record())
		sku := s.skus.at(w.sku.Place())
		units := min(w.units, s.toFill(sku))
		if w.order != id || units <= 0 || s.firstServed(sku, s.notesOf(w.sku)) != cursor.Record()+1 {
			continue
		}
		from, to := s.gatherChoices(st, sku)
		there := Quantity(0)
		choices := slices.DeleteFunc(st.choices[s.id][from:to], func(c choice) bool { return !s.mayServe(w, c.location) })
		for _, c := range choices {
			there += c.fulfillable
		}
		if units = min(units, there); units > 0 {
			st.fills[s.id] = append(st.fills[s.id], fillFinding{sku: w.sku, units: units, from: from, to: from + int32(len(choices))})
		}
	}
	// The index of another machine may give them in another order.
	slices.SortFunc(st.fills[s.id], func(a, b fillFinding) int { return cmp.Compare(a.sku, b.sku) })
}

// decideFill serves the order's lines, in their order, with what was found.
func (m *Machine) decideFill(st *Step) {
	if !st.checkOrder() || st.full {
		return
	}
	image := &st.event.Order
	st.event.Kind, st.event.Fills = EventOrderFilled, st.event.Fills[:0]
	st.wasHeld = image.Status == StatusHeld
	for rest := st.mask; rest != 0; rest &= rest - 1 {
		slot := maskFirst(rest)
		for i := range st.fills[slot] {
			m.rank(st.choices[slot][st.fills[slot][i].from:st.fills[slot][i].to])
		}
	}
	st.allocations = st.allocations[:0]
	next := 0
	for i := range image.Lines {
		had := image.Lines[i].Allocations
		st.fillLine(i, image.Allocations[next:next+had])
		next += had
	}
	if len(st.event.Fills) == 0 {
		return
	}
	image.Allocations, st.allocations = st.allocations, image.Allocations
	image.Version++
	st.followFulfilments()
	st.Outcome.Changed = true
}

// fillLine copies a line's allocations and adds what it is given.
func (st *Step) fillLine(i int, had []Allocation) {
	line := &st.event.Order.Lines[i]
	first := len(st.allocations)
	st.allocations = append(st.allocations, had...)
	slot := line.SKU.Slot()
	at := slices.IndexFunc(st.fills[slot], func(f fillFinding) bool { return f.sku == line.SKU })
	if line.Backordered == 0 || at < 0 {
		return
	}
	fill := &st.fills[slot][at]
	rest := min(line.Backordered, fill.units)
	fill.units -= rest
	line.Backordered -= rest
	choices := st.choices[slot][fill.from:fill.to]
	for k := range choices {
		n := min(rest, choices[k].fulfillable)
		if n == 0 {
			continue
		}
		choices[k].fulfillable -= n
		rest -= n
		st.event.Fills = append(st.event.Fills, Fill{Line: i, Location: choices[k].location, Quantity: n})
		st.allocate(first, choices[k].location, n)
	}
	invariant.Check(rest == 0, "what stock has for those who wait lies at the SKU's locations")
	line.Allocations = len(st.allocations) - first
}

// allocate adds units of a location to the allocations of a line, which begin at first.
func (st *Step) allocate(first int, location LocationID, n Quantity) {
	for k := first; k < len(st.allocations); k++ {
		if st.allocations[k].Location == location {
			st.allocations[k].Quantity += n
			return
		}
	}
	st.allocations = append(st.allocations, Allocation{Location: location, Quantity: n})
}

// applyFill moves the slot's units and, in the home slot, writes them into the order.
func (s *slot) applyFill(st *Step, sink Sink) {
	image := &st.event.Order
	for i := range st.event.Fills {
		f := &st.event.Fills[i]
		if id := image.Lines[f.Line].SKU; id.Slot() == s.id {
			s.applyOneFill(st, id, f)
			s.settleCase(st, id, image.ID)
		}
	}
	if st.booked && s.id == CapacitySlot {
		s.bookFills(st)
	}
	if s.id != st.home {
		return
	}
	s.refer(st.place, -1)
	record := s.orders.mut(st.place)
	record.version = image.Version
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		s.rewriteLine(record.firstLine+uint32(i), l, image.Allocations[next:next+l.Allocations])
		next += l.Allocations
	}
	s.refer(st.place, 1)
	s.keepFulfilments(st)
	sink.Event(&st.event)
}

func (s *slot) applyOneFill(st *Step, id SKUID, f *Fill) {
	order := st.event.Order.ID
	sku := s.skus.mut(id.Place())
	level := s.levels.mut(s.levelOf(sku, f.Location))
	invariant.Check(level.fulfillable() >= f.Quantity, "a location gives no more than it has")
	s.move(sku, level, st.wasHeld, f.Quantity)
	sku.moveBackordered(st.wasHeld, -f.Quantity)
	place, ok := s.findWaiting(id, order)
	invariant.Check(ok, "only who waits is served")
	w := s.waiting.mut(place)
	if w.units -= f.Quantity; w.units == 0 {
		s.leaveQueue(sku, place)
	}
	if st.wasHeld && s.id != st.home {
		s.fillPart(order, id, f)
	}
	s.touch(sku, id)
}

// fillPart has a part give back at the deadline what it has been given.
func (s *slot) fillPart(order OrderID, id SKUID, f *Fill) {
	place, ok := s.findPart(order)
	invariant.Check(ok, "a live hold has its part")
	part := s.parts.mut(place)
	rest := f.Quantity
	known := false
	for link := &part.first; *link != 0; {
		at := *link - 1
		line := s.partLines.mut(at)
		switch {
		case line.sku != id:
		case line.kind == partAllocation && line.location == f.Location && !known:
			line.quantity += f.Quantity
			known = true
		case line.kind == partBackordered:
			n := min(rest, line.quantity)
			rest -= n
			if line.quantity -= n; line.quantity == 0 {
				*link = line.next
				s.partLines.release(at)
				continue
			}
		}
		link = &line.next
	}
	invariant.Check(rest == 0, "a part knows what its order waits for")
	if !known {
		s.addPartLine(part, partLineRecord{kind: partAllocation, sku: id, location: f.Location, quantity: f.Quantity})
	}
}

// rewriteLine makes a line's record that of an image with no fewer allocations. Its units of a pool stay as they are: a fill takes
// none out of it.
func (s *slot) rewriteLine(place uint32, l *LineImage, allocations []Allocation) {
	if s.lines.at(place).backordered == uint32(l.Backordered) {
		return
	}
	record := s.lines.mut(place)
	record.backordered = uint32(l.Backordered)
	if record.stored() > 0 && len(allocations) == int(record.allocations) {
		for i, a := range allocations {
			s.allocations.mut(record.allocation + uint32(i)).quantity = uint32(a.Quantity)
		}
		return
	}
	pool := uint32(0)
	if record.flags&linePooled != 0 {
		_, pool = s.pooled(record)
	}
	s.storeAllocations(record, allocations, l.Pooled, pool)
}

// Waiting appends to dst orders that CommandFillOrder serves, for some SKUs of a slot and at most so many: the oldest of each SKU that can be
// served, as far as its stock reaches. A SKU is looked at again until nobody can be served; those that are looked at take turns.
func (m *Machine) Waiting(id Slot, most int, dst []OrderID) []OrderID {
	s := &m.slots[id]
	var again []uint32
	looked := 0
	for ; looked < len(s.fillable) && most > 0; looked++ {
		place := s.fillable[looked]
		known := len(dst)
		dst = m.waitingFor(s, MakeSKUID(id, place), most, dst)
		if most -= len(dst) - known; len(dst) > known {
			again = append(again, place)
		} else {
			s.mark[place] &^= markFillable
		}
	}
	s.fillable = append(s.fillable[looked:], again...)
	return dst
}

// waitingFor is Waiting for one SKU. It gives out what there is as the commands will.
func (m *Machine) waitingFor(s *slot, id SKUID, most int, dst []OrderID) []OrderID {
	sku := s.skus.at(id.Place())
	left := s.toFill(sku)
	if left <= 0 {
		return dst
	}
	n := s.notesOf(id)
	at, passed := s.firstServed(sku, n), n.passed
	if at == 0 {
		return dst
	}
	choices, has := s.toGive(sku)
	r := reaches{slot: s}
	for ranked := false; at != 0 && left > 0 && most > 0 && passed <= mostPassed; {
		w := s.waiting.at(at - 1)
		wanted := min(w.units, left)
		rest := wanted
		if !ranked {
			for i := range choices {
				choices[i].atFirst = choices[i].fulfillable
			}
			m.rank(choices)
			ranked = true
		}
		reach, _ := r.of(w, has, nil)
		for i := range choices {
			if n := min(rest, choices[i].fulfillable); n > 0 && reach.has(choices[i].location) {
				choices[i].fulfillable -= n
				rest -= n
				ranked = false
			}
		}
		if rest < wanted {
			dst = append(dst, w.order)
			left -= wanted - rest
			most--
		}
		if wanted-rest < w.units {
			passed++
		}
		at = w.next
	}
	return dst
}

// toGive is what a SKU's locations have for those who wait.
func (s *slot) toGive(sku *skuRecord) (choices []choice, has places) {
	for at := sku.firstLevel; at != 0; {
		level := s.levels.at(at - 1)
		if n := level.fulfillable(); n > 0 && level.flags&levelStopped == 0 {
			choices, has = append(choices, choice{location: level.location, fulfillable: n}), has.with(level.location)
		}
		at = level.next
	}
	return choices, has
}

// reconsider has all SKUs looked at again for which somebody waits: who may serve whom has changed.
func (s *slot) reconsider() {
	if s.waiting.live == 0 {
		return
	}
	s.noteRules()
	for place := range s.skus.length {
		if sku := s.skus.at(place); sku.firstWaiting != 0 {
			s.touch(sku, MakeSKUID(s.id, place))
		}
	}
}

// SomeWait tells whether there may be somebody in a slot who waits and can be served.
func (m *Machine) SomeWait(id Slot) bool { return len(m.slots[id].fillable) > 0 }
