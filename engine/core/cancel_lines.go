package core

import "holdfast/engine/invariant"

// Units of a line that have not left are cancelled one by one as well as all together. Those go first that wait, then those of the location that
// was asked last. What they took of limits, quotas and pools they give back; of a line that has units of a pool and others, the others go first.
// Kits are cancelled with what they are made of. When nothing is left of an order, the order is cancelled like any other.

// gatherCancelLines loads the order, and what is kept of its lines beside their units.
func (s *slot) gatherCancelLines(st *Step) {
	s.gatherOrder(st)
	if s.id == st.home && st.known {
		st.pools = resize(st.pools, len(st.event.Order.Lines))
	}
}

// decideCancelLines plans what is given back.
func (m *Machine) decideCancelLines(st *Step) {
	if !st.checkPlaced() || !st.findCancelled() {
		return
	}
	image := &st.event.Order
	st.Outcome.Changed, st.wasHeld = true, false
	image.Version++
	if st.cancelsAll() {
		st.event.Kind = EventOrderCancelled
		image.end(StatusCancelled)
		m.settle(st)
		st.followFulfilments()
		return
	}
	st.planCancelLines()
	st.followFulfilments()
	m.finish(st)
	m.settleOrRefuse(st)
}

// checkPlaced refuses a command whose order is not the one that it names, or is not placed.
func (st *Step) checkPlaced() bool {
	if !st.checkOrder() {
		return false
	}
	if _, reason := transition(st.command.Kind, st.event.Order.Status); reason != ReasonNone {
		st.refuseOrder(reason)
	}
	return st.Outcome.Reason == ReasonNone
}

// findCancelled works out how many units of each line are cancelled, those of the components of kits too, and refuses what cannot be.
func (st *Step) findCancelled() bool {
	image, cancelled := &st.event.Order, st.noneCancelled()
	for i, u := range st.command.Life.Units {
		if u.Line >= len(image.Lines) || image.Lines[u.Line].Role == LineOfComponent {
			st.refuseOfLine(ReasonOrderLine, i, u, 0)
		}
	}
	if st.Outcome.Reason != ReasonNone {
		return false
	}
	sum := Quantity(0)
	for i, u := range st.command.Life.Units {
		most := st.cancellable(u.Line)
		if u.Quantity == 0 {
			u.Quantity = most
		}
		if u.Quantity > most {
			st.refuseOfLine(ReasonNotCancellable, i, u, most)
		}
		sum += u.Quantity
		cancelled[u.Line].Quantity = u.Quantity
		st.eachComponent(u.Line, func(part int, each Quantity) { cancelled[part].Quantity = u.Quantity * each })
	}
	if sum == 0 && st.Outcome.Reason == ReasonNone {
		st.refuseOrder(ReasonNotCancellable)
	}
	return st.Outcome.Reason == ReasonNone
}

// noneCancelled lists all lines of the order, with no units.
func (st *Step) noneCancelled() []LineUnits {
	st.event.Units = resize(st.event.Units, len(st.event.Order.Lines))
	for i := range st.event.Units {
		st.event.Units[i] = LineUnits{Line: i}
	}
	return st.event.Units
}

// refuseOfLine refuses a row of the command.
func (st *Step) refuseOfLine(reason Reason, row int, u LineUnits, available Quantity) {
	if st.Outcome.Reason == ReasonNone {
		st.refuseOrder(reason)
	}
	l := RefusedLine{Index: row, Requested: u.Quantity, Available: available}
	if u.Line < len(st.event.Order.Lines) {
		l.SKU = st.event.Order.Lines[u.Line].SKU
	}
	st.refusal.Lines = append(st.refusal.Lines, l)
}

// cancellable is how many units of a line have neither left nor been cancelled: of kits, as many as their components make.
func (st *Step) cancellable(line int) Quantity {
	image := &st.event.Order
	left := func(i int) Quantity {
		life := image.LineLife(i)
		return image.Lines[i].Quantity - life.gone()
	}
	most := left(line)
	st.eachComponent(line, func(part int, each Quantity) { most = min(most, left(part)/each) })
	return most
}

// eachComponent calls do for the lines of a line's components, with the units in each kit.
func (st *Step) eachComponent(line int, do func(part int, each Quantity)) {
	lines := st.event.Order.Lines
	if lines[line].Role != LineOfKits {
		return
	}
	for i := line + 1; i < len(lines) && lines[i].Role == LineOfComponent; i++ {
		do(i, lines[i].Quantity/lines[line].Quantity)
	}
}

// cancelsAll tells whether nothing of the order is left.
func (st *Step) cancelsAll() bool {
	image := &st.event.Order
	for i := range image.Lines {
		if life := image.LineLife(i); life.Cancelled+st.event.Units[i].Quantity < image.Lines[i].Quantity {
			return false
		}
	}
	return true
}

// planCancelLines makes the loaded image into the one after the change.
func (st *Step) planCancelLines() {
	image, life := &st.event.Order, st.beginLife()
	st.event.Kind, st.event.Actor, st.event.Note = EventLinesCancelled, st.command.Actor, st.command.Life.Note
	st.event.Freed = st.event.Freed[:0]
	st.allocations = st.allocations[:0]
	next := 0
	for i := range image.Lines {
		line := &image.Lines[i]
		had := image.Allocations[next : next+line.Allocations]
		next += line.Allocations
		life.Lines[i].Cancelled += st.event.Units[i].Quantity
		first := len(st.allocations)
		st.allocations = append(st.allocations, had...)
		if line.Role == LineOfUnits || line.Role == LineOfComponent {
			st.freeUnits(i, first)
		}
		line.Allocations = len(st.allocations) - first
		st.pools[i].returned = max(0, line.Pooled-(line.Quantity-line.Backordered-life.Lines[i].Cancelled))
		line.Pooled -= st.pools[i].returned
	}
	image.Allocations, st.allocations = st.allocations, image.Allocations
	st.keepCancelled()
}

// keepCancelled leaves the lines in the event of which units were cancelled.
func (st *Step) keepCancelled() {
	kept := st.event.Units[:0]
	for _, u := range st.event.Units {
		if u.Quantity > 0 {
			kept = append(kept, u)
		}
	}
	st.event.Units = kept
}

// freeUnits takes a line's cancelled units out of those that wait and out of its allocations, which begin at first and end the list.
func (st *Step) freeUnits(i, first int) {
	line, rest := &st.event.Order.Lines[i], st.event.Units[i].Quantity
	if n := min(rest, line.Backordered); n > 0 {
		line.Backordered -= n
		rest -= n
		st.event.Freed = append(st.event.Freed, FreedUnits{Line: i, Beyond: true, Quantity: n})
	}
	for rest > 0 {
		last := len(st.allocations) - 1
		invariant.Check(last >= first, "what was neither cancelled nor sent is allocated or waits")
		a := &st.allocations[last]
		n := min(rest, a.Quantity)
		rest -= n
		st.event.Freed = append(st.event.Freed, FreedUnits{Line: i, Location: a.Location, Quantity: n})
		if a.Quantity -= n; a.Quantity == 0 {
			st.allocations = st.allocations[:last]
		}
	}
}

// applyCancelLines gives the slot's units back and, in the home slot, writes down what is left.
func (s *slot) applyCancelLines(st *Step, sink Sink) {
	if st.event.Kind == EventOrderCancelled {
		s.applyOrder(st, sink)
		return
	}
	s.takeOff(st, st.lines)
	s.bookLess(st)
	if s.id == st.home {
		s.rewriteOrder(st)
		sink.Event(&st.event)
		s.tellTasks(&st.event, st.tasks, sink)
	}
}

// takesOff tells whether the event takes units off an order that goes on.
func (st *Step) takesOff() bool {
	return st.event.Kind == EventLinesCancelled || st.event.Kind == EventOrderEdited
}

// takeOff gives the slot's units back, with what they took of limits, quotas and pools.
func (s *slot) takeOff(st *Step, lines []lineFinding) {
	image := &st.event.Order
	for i := range st.event.Freed {
		f := &st.event.Freed[i]
		if id := image.Lines[f.Line].SKU; id.Slot() == s.id {
			s.freeUnits(st, id, f)
		}
	}
	for _, u := range st.event.Units {
		id := image.Lines[u.Line].SKU
		if id.Slot() != s.id {
			continue
		}
		if lines[u.Line].counted {
			s.count(hashCustomer(image.Customer), id, -u.Quantity)
		}
		if p := st.pools[u.Line].returned; p > 0 {
			s.draw(id, image.Channel, st.poolOf(u.Line), -p)
		}
	}
	if image.Sale != 0 && image.Sale.Slot() == s.id && len(st.event.Units) > 0 {
		s.sellLess(image, st.event.Units)
	}
}

// freeUnits gives units of a line back.
func (s *slot) freeUnits(st *Step, id SKUID, f *FreedUnits) {
	order := st.event.Order.ID
	sku := s.skus.mut(id.Place())
	if f.Beyond {
		sku.moveBackordered(false, -f.Quantity)
		s.waitForLess(sku, id, order, f.Quantity)
		s.settleCase(st, id, order)
	} else {
		s.move(sku, s.levels.mut(s.levelOf(sku, f.Location)), false, -f.Quantity)
	}
	s.touch(sku, id)
}

// waitForLess has an order wait for fewer units of a SKU, or no more.
func (s *slot) waitForLess(sku *skuRecord, id SKUID, order OrderID, n Quantity) {
	place, ok := s.findWaiting(id, order)
	invariant.Check(ok, "what is backordered waits")
	w := s.waiting.mut(place)
	if w.units -= n; w.units == 0 {
		s.leaveQueue(sku, place)
	}
}

// sellLess gives units of an order back to its sale.
func (s *slot) sellLess(image *OrderImage, cancelled []LineUnits) {
	units := Quantity(0)
	for _, u := range cancelled {
		if image.Lines[u.Line].Role == LineOfComponent {
			continue
		}
		units += u.Quantity
		place, ok := s.findSaleItem(image.Sale, image.Lines[u.Line].SKU)
		invariant.Check(ok, "a sale has a record of what it sold")
		s.moveSaleItem(place, false, -u.Quantity)
	}
	eachIdentity(image.Customer, image.Identities, func(kind IdentityKind, who customerHash) {
		s.countSaleBuyer(image.Sale, kind, who, -units)
	})
}

// rewriteOrder makes an order's records, in its home slot, those of the image after a change that gave it no more allocations.
func (s *slot) rewriteOrder(st *Step) {
	image := &st.event.Order
	s.refer(st.place, -1)
	record := s.orders.mut(st.place)
	record.version, record.status, record.onHold = image.Version, image.Status, image.OnHold
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		s.reallocateLine(record.firstLine+uint32(i), l, image.Allocations[next:next+l.Allocations], st.poolOf(i))
		next += l.Allocations
	}
	s.refer(st.place, 1)
	s.storeLife(st.place, image.Life)
	if image.Account != nil {
		s.storeAccount(st.place, image)
	}
}
