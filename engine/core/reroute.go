package core

import (
	"slices"

	"holdfast/engine/invariant"
)

// A location that cannot serve an order (it rejects it, lacks units when they are picked, or is down) has its units taken over by others:
// they are planned like those of a new order, over the other locations. Nothing is promised anew by that, as the order had its units all the
// while: what can be sold of a SKU stays as it was, so safety stock, buffers and pools do not count. But what is freed at a location that is
// stopped is withheld, and missing elsewhere.

// RerouteReason says why a location cannot serve an order. The numbers are in journals and feeds and must not change.
type RerouteReason uint8

const (
	RerouteRejected     RerouteReason = 1 // the location says so
	RerouteShortPick    RerouteReason = 2 // units were not found when they were picked
	RerouteLocationDown RerouteReason = 3 // nothing leaves the location
	RerouteManual       RerouteReason = 4 // whatever the note says

	LastRerouteReason = RerouteManual
)

// Reroute is what a command asks that moves an order's units away from a location.
type Reroute struct {
	Location  LocationID // that cannot serve the order
	Reason    RerouteReason
	Note      []byte // may be empty but for RerouteManual
	Backorder bool   // units that nobody else has are not left there: they wait
}

// RerouteImage is what became of it. Moves and Left are in the order of the lines.
type RerouteImage struct {
	From   LocationID
	Reason RerouteReason
	Note   []byte
	Moves  []Reallocation
	Left   []LeftUnits // that are still allocated where they were
}

// Reallocation is units of a line that another location has taken over, or none: they wait.
type Reallocation struct {
	Line     int        // place in the order's lines
	Beyond   bool       // they wait
	To       LocationID // else
	Quantity Quantity
}

// LeftUnits are units of a line for which there was nothing elsewhere.
type LeftUnits struct {
	Line     int
	Quantity Quantity
}

// linePool is what a command has to do with the pool that units of a line came out of. Units that wait are given back to it, as whoever waits
// is given none of a pool.
type linePool struct {
	generation uint32
	returned   Quantity
}

func (st *Step) beginReroute() {
	c := st.command
	st.home = c.Order.Home()
	if st.perLine = st.perLine[:0]; c.Kind == CommandRerouteOrder {
		st.reroute = *c.Reroute
	} else {
		st.rows = resize(st.rows, len(c.Lines))
	}
	st.asked, st.hasKits = c.Lines, false
	st.lines = resize(st.lines, len(c.Lines))
	for i := range c.Lines {
		st.lines[i].found = false
		st.choices[c.Lines[i].SKU.Slot()] = st.choices[c.Lines[i].SKU.Slot()][:0]
		for k := range i {
			invariant.Check(c.Lines[k].SKU != c.Lines[i].SKU, "what is rerouted names each SKU once")
		}
	}
}

// gatherReroute loads the order, in its home slot, and looks where there are units of those of the SKUs that the slot owns.
func (s *slot) gatherReroute(st *Step) {
	s.loadOrder(st)
	if s.id == st.home && st.known {
		st.full = s.isFull()
		first := s.orders.at(st.place).firstLine
		st.pools = resize(st.pools, len(st.event.Order.Lines))
		for i := range st.pools {
			if line := s.lines.at(first + uint32(i)); line.flags&linePooled != 0 {
				_, st.pools[i].generation = s.pooled(line)
			}
		}
	}
	for i := range st.command.Lines {
		id := st.command.Lines[i].SKU
		if id.Slot() != s.id || id.Place() >= s.skus.length {
			continue
		}
		sku := s.skus.at(id.Place())
		f := &st.lines[i]
		*f = lineFinding{}
		f.found, f.slot, f.weight = true, s.id, sku.weight()
		f.from, f.to = s.gatherChoices(st, sku)
	}
}

// decideReroute plans where the units go, and what stays.
func (m *Machine) decideReroute(st *Step) {
	c := st.command
	if !st.checkOrder() {
		return
	}
	image := &st.event.Order
	if _, reason := transition(c.Kind, image.Status); reason != ReasonNone {
		st.refuseOrder(reason)
		return
	}
	if int(c.Reroute.Location) >= len(m.locations) {
		st.refuseOrder(ReasonLocationNotFound)
		return
	}
	if !st.findAllocated() {
		return
	}
	if st.full {
		st.refuseOrder(ReasonTableFull)
		return
	}
	if m.moveElsewhere(st) {
		st.followFulfilments()
	}
}

// moveElsewhere plans which other locations take over the units that leave one; it gives false when that would be too many.
func (m *Machine) moveElsewhere(st *Step) bool {
	image := &st.event.Order
	st.wasHeld, st.tells = false, m.policy.active
	st.errand = errand{
		to: &st.command.Destination, channel: image.Channel, now: st.now, grams: st.grams(), leaves: true, from: st.reroute.Location,
	}
	if m.policy.active {
		m.findCandidates(st)
		if !st.route() {
			return false
		}
		st.steer()
		st.explain(m.policy.Version, &st.routed.Route)
		st.routed.Route.Order = image.ID
	} else {
		m.rankElsewhere(st)
	}
	st.planReroute()
	return true
}

// findAllocated works out how many units of each line's SKU are to move, and refuses lines that ask for more than the order has there.
func (st *Step) findAllocated() bool {
	c := st.command
	sum := Quantity(0)
	for i := range c.Lines {
		f := &st.lines[i]
		there := st.allocatedAt(c.Lines[i].SKU, c.Reroute.Location)
		f.total = c.Lines[i].Quantity
		if f.total == 0 {
			f.total = there
		}
		if f.total > there {
			if st.Outcome.Reason == ReasonNone {
				st.refuseOrder(ReasonNotAllocated)
			}
			st.refusal.Lines = append(st.refusal.Lines, RefusedLine{
				Index: i, SKU: c.Lines[i].SKU, Location: c.Reroute.Location, Requested: f.total, Available: there,
			})
		}
		sum += f.total
		f.available = f.total
		if f.first = int32(i); f.total == 0 {
			f.first = -1 // the plan has nothing to do with it
		}
	}
	if sum == 0 && st.Outcome.Reason == ReasonNone {
		st.refuseOrder(ReasonNotAllocated)
	}
	return st.Outcome.Reason == ReasonNone
}

// allocatedAt is how many units of a SKU the order has at a location.
func (st *Step) allocatedAt(id SKUID, location LocationID) (n Quantity) {
	image := &st.event.Order
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		if l.SKU == id {
			for _, a := range image.Allocations[next : next+l.Allocations] {
				if a.Location == location {
					n += a.Quantity
				}
			}
		}
		next += l.Allocations
	}
	return n
}

// rankElsewhere puts the other locations in the order in which they are asked where no policy of routing is set.
func (m *Machine) rankElsewhere(st *Step) {
	for i := range st.lines {
		f := &st.lines[i]
		if int(f.first) != i {
			continue
		}
		choices := slices.DeleteFunc(st.choices[f.slot][f.from:f.to], func(c choice) bool { return c.location == st.reroute.Location })
		f.to = f.from + int32(len(choices))
		if st.command.Destination.isFetched() {
			choices = st.keepPickup(f)
		}
		m.rank(choices)
	}
}

// planReroute makes the loaded image into the one after the change.
func (st *Step) planReroute() {
	image, what := &st.event.Order, &st.event.Reroute
	st.event.Kind, st.event.Actor = EventOrderRerouted, st.command.Actor
	*what = RerouteImage{
		From: st.reroute.Location, Reason: st.reroute.Reason, Note: st.reroute.Note, Moves: what.Moves[:0], Left: what.Left[:0],
	}
	st.allocations = st.allocations[:0]
	next := 0
	for i := range image.Lines {
		had := image.Lines[i].Allocations
		st.rerouteLine(i, image.Allocations[next:next+had])
		next += had
	}
	image.Allocations, st.allocations = st.allocations, image.Allocations
	image.Version++
	st.Outcome.Changed = true
}

// rerouteLine copies a line's allocations, but for those of its units that move.
func (st *Step) rerouteLine(i int, had []Allocation) {
	what, line := &st.event.Reroute, &st.event.Order.Lines[i]
	first := len(st.allocations)
	at := slices.IndexFunc(st.command.Lines, func(l Line) bool { return l.SKU == line.SKU })
	for _, a := range had {
		if at >= 0 && a.Location == what.From {
			moves := min(a.Quantity, st.lines[at].available, st.mostOf(i))
			st.lines[at].available -= moves
			a.Quantity -= st.moveUnits(i, &st.lines[at], moves)
		}
		if a.Quantity > 0 {
			st.allocations = append(st.allocations, a)
		}
	}
	st.allocateMoves(i, first)
	line.Allocations = len(st.allocations) - first
	st.pools[i].returned = max(0, line.Pooled-(line.Quantity-line.Backordered-st.event.Order.LineLife(i).Cancelled))
	line.Pooled -= st.pools[i].returned
}

// mostOf is how many units of a line may leave: what a fulfilment order has of it, if the command is about one.
func (st *Step) mostOf(line int) Quantity {
	if len(st.perLine) == 0 {
		return MaxLineQuantity
	}
	return st.perLine[line]
}

// allocateMoves adds the units of a line that have moved to its allocations, which begin at first.
func (st *Step) allocateMoves(i, first int) {
	moves := st.event.Reroute.Moves
	from := len(moves)
	for from > 0 && moves[from-1].Line == i {
		from--
	}
	for _, m := range moves[from:] {
		if m.Beyond {
			st.event.Order.Lines[i].Backordered += m.Quantity
		} else {
			st.allocate(first, m.To, m.Quantity)
		}
	}
}

// moveUnits plans where so many units of a line go, and tells how many do.
func (st *Step) moveUnits(i int, f *lineFinding, wanted Quantity) (moved Quantity) {
	what := &st.event.Reroute
	choices := st.choices[f.slot][f.from:f.to]
	for k := range choices {
		if n := min(wanted-moved, choices[k].fulfillable); n > 0 {
			choices[k].fulfillable -= n
			moved += n
			what.Moves = append(what.Moves, Reallocation{Line: i, To: choices[k].location, Quantity: n})
		}
	}
	rest := wanted - moved
	switch {
	case rest == 0:
	case st.reroute.Backorder:
		what.Moves = append(what.Moves, Reallocation{Line: i, Beyond: true, Quantity: rest})
		moved = wanted
	default:
		what.Left = append(what.Left, LeftUnits{Line: i, Quantity: rest})
	}
	return moved
}

// applyReroute moves the slot's units and, in the home slot, writes them into the order.
func (s *slot) applyReroute(st *Step, sink Sink) {
	s.moveRerouted(st)
	if s.id != st.home {
		return
	}
	s.rewriteRerouted(st)
	s.keepFulfilments(st)
	sink.Event(&st.event)
	if st.tells {
		st.tellRoute(sink)
	}
}

// moveRerouted moves the slot's units.
func (s *slot) moveRerouted(st *Step) {
	image, what := &st.event.Order, &st.event.Reroute
	for i := range what.Moves {
		r := &what.Moves[i]
		if id := image.Lines[r.Line].SKU; id.Slot() == s.id {
			s.applyReallocation(st, id, r)
		}
	}
	for i := range image.Lines {
		if p := &st.pools[i]; p.returned > 0 && image.Lines[i].SKU.Slot() == s.id {
			s.draw(image.Lines[i].SKU, image.Channel, p.generation, -p.returned)
		}
	}
	if st.booked && s.id == CapacitySlot {
		s.bookReroute(st)
	}
}

// rewriteRerouted writes the units that have moved into the order, in its home slot.
func (s *slot) rewriteRerouted(st *Step) {
	image := &st.event.Order
	s.refer(st.place, -1)
	record := s.orders.mut(st.place)
	record.version = image.Version
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		s.reallocateLine(record.firstLine+uint32(i), l, image.Allocations[next:next+l.Allocations], st.pools[i].generation)
		next += l.Allocations
	}
	s.refer(st.place, 1)
}

func (s *slot) applyReallocation(st *Step, id SKUID, r *Reallocation) {
	sku := s.skus.mut(id.Place())
	s.move(sku, s.levels.mut(s.levelOf(sku, st.event.Reroute.From)), false, -r.Quantity)
	if r.Beyond {
		sku.moveBackordered(false, r.Quantity)
		s.waitAgain(st, id, r.Quantity)
	} else {
		level := s.levels.mut(s.levelOf(sku, r.To))
		invariant.Check(level.fulfillable() >= r.Quantity && level.flags&levelStopped == 0, "a location gives no more than it has")
		s.move(sku, level, false, r.Quantity)
	}
	s.touch(sku, id)
}

// reallocateLine makes a line's record that of an image, whatever it was before.
func (s *slot) reallocateLine(place uint32, l *LineImage, allocations []Allocation, pool uint32) {
	record := s.lines.mut(place)
	had := record.stored()
	record.backordered, record.allocations = uint32(l.Backordered), uint16(len(allocations))
	if l.Pooled == 0 {
		record.flags &^= linePooled
	}
	needed := record.stored()
	if needed == 0 || needed > had {
		s.storeAllocations(record, allocations, l.Pooled, pool)
		return
	}
	for i, a := range allocations {
		*s.allocations.mut(record.allocation + uint32(i)) = allocationRecord{quantity: uint32(a.Quantity), location: a.Location}
	}
	if l.Pooled != 0 {
		*s.allocations.mut(record.allocation + needed - 1) = pooledRecord(l.Pooled, pool)
	}
}
