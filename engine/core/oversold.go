package core

import "holdfast/engine/invariant"

// What a forced order takes beyond the rules is a case: units of one SKU that somebody has to do something about. It lies beside the queue of
// its SKU, since all that is done about it is done there. A case ends by itself when its order waits for those units no more, and its record
// stays, as the answer to what became of it.

// CaseID names an oversold case. An order has one of each SKU at most, as it is placed once.
type CaseID struct {
	Order OrderID // that was forced
	SKU   SKUID
}

// CaseImage is an oversold case at one instant.
type CaseImage struct {
	ID       CaseID
	Version  uint32   // 1 when opened, one more with every change
	Opened   Sequence // the command that placed the order
	OpenedAt Millis
	Changed  Sequence // the command that changed it last
	At       Millis   // and when
	Units    Quantity // that the rules would have refused
	Left     Quantity // of those, what is still to be resolved; 0 for a case that is resolved
}

// OversoldAction says what is done about an oversold case. The numbers are in journals and feeds and must not change.
type OversoldAction uint8

const (
	OversoldCancel    OversoldAction = 1 // an order is cancelled that has units of the SKU, or waits for some
	OversoldBackorder OversoldAction = 2 // an order gives up units that it was given, and waits behind all who wait; the case's own order waits on
	OversoldReSource  OversoldAction = 3 // an order that waits is given units of a location that is named, whatever else keeps them

	LastOversoldAction = OversoldReSource
)

// Resolution is what a command asks that does something about an oversold case. What is done it with is the command's order.
type Resolution struct {
	SKU      SKUID   // of the case
	Case     OrderID // whose case it is
	Action   OversoldAction
	Location LocationID // re-source: where the units come from
	Note     []byte     // may be empty
}

// ResolutionImage is what became of it.
type ResolutionImage struct {
	Case   CaseImage // after it
	Action OversoldAction
	Held   bool     // cancel: the order was a hold, and its units were reserved
	Units  Quantity // of the case that are resolved by it
	Note   []byte
}

// caseRecord is an oversold case, kept by the slot of its SKU. It is a cache line.
type caseRecord struct {
	order    OrderID
	opened   Sequence
	openedAt Millis
	changed  Sequence
	at       Millis
	units    Quantity
	left     Quantity
	sku      SKUID
	version  uint32
}

// caseFinding is what the slot of a case's SKU found about it, and about the order that something is done with.
type caseFinding struct {
	known  bool
	own    bool // the order is another one, and has a case of its own of which something is left
	place  uint32
	weight uint32   // of a unit
	waits  Quantity // that the order waits for
	there  Quantity // re-source: that the location could give
	image  CaseImage
}

func (r *caseRecord) image(img *CaseImage) {
	*img = CaseImage{
		ID: CaseID{r.order, r.sku}, Version: r.version, Opened: r.opened, OpenedAt: r.openedAt, Changed: r.changed, At: r.at,
		Units: r.units, Left: r.left,
	}
}

// openCases writes down what a forced order takes beyond the rules of the slot's SKUs.
func (s *slot) openCases(st *Step) {
	for _, u := range st.oversold.Oversold.Units {
		if u.SKU.Slot() != s.id {
			continue
		}
		place := s.cases.push()
		*s.cases.mut(place) = caseRecord{
			order: st.event.Order.ID, opened: st.sequence, openedAt: st.now, changed: st.sequence, at: st.now,
			units: u.Units, left: u.Units, sku: u.SKU, version: 1,
		}
		s.indexCase(place)
	}
}

func (s *slot) indexCase(place uint32) {
	record := s.cases.at(place)
	s.caseOf.Insert(s.waitingHash(record.order), place)
	if record.left > 0 {
		s.unresolved++
	}
}

func (s *slot) findCase(id CaseID) (uint32, bool) {
	cursor := s.caseOf.Search(s.waitingHash(id.Order))
	for cursor.Next() {
		if r := s.cases.at(cursor.Record()); r.order == id.Order && r.sku == id.SKU {
			return cursor.Record(), true
		}
	}
	return 0, false
}

// settleCase notes that an order waits for so many units of a SKU now: its case is about no more than those.
func (s *slot) settleCase(st *Step, id SKUID, order OrderID) {
	if s.unresolved == 0 {
		return
	}
	at, ok := s.findCase(CaseID{order, id})
	if !ok {
		return
	}
	waits := Quantity(0)
	if place, ok := s.findWaiting(id, order); ok {
		waits = s.waiting.at(place).units
	}
	if s.cases.at(at).left > waits {
		s.setCase(st, at, waits)
	}
}

// setCase changes what is left of a case.
func (s *slot) setCase(st *Step, place uint32, left Quantity) {
	record := s.cases.mut(place)
	if record.changed != st.sequence { // an order may get units from several locations by one command
		record.version++
	}
	record.left, record.changed, record.at = left, st.sequence, st.now
	if left == 0 {
		s.unresolved--
	}
}

// gatherResolution loads the order, in its home slot, and finds the case in that of its SKU.
func (s *slot) gatherResolution(st *Step) {
	s.gatherOrder(st)
	if s.id == st.home {
		st.full = s.isFull()
	}
	what := st.command.Resolution
	if s.id != what.SKU.Slot() {
		return
	}
	f := &st.oversoldCase
	*f = caseFinding{}
	if f.place, f.known = s.findCase(CaseID{what.Case, what.SKU}); !f.known {
		return
	}
	s.cases.at(f.place).image(&f.image)
	if own, ok := s.findCase(CaseID{st.command.Order, what.SKU}); ok && own != f.place {
		f.own = s.cases.at(own).left > 0
	}
	sku := s.skus.at(what.SKU.Place())
	f.weight = sku.weight()
	if place, ok := s.findWaiting(what.SKU, st.command.Order); ok {
		f.waits = s.waiting.at(place).units
	}
	if what.Action == OversoldReSource {
		f.there = s.couldGive(sku, what.Location)
	}
}

// couldGive is how many units a location has for an order that a merchant names. Safety stock and what lies at a location that is stopped are
// among them; what live pools may still sell is not.
func (s *slot) couldGive(sku *skuRecord, location LocationID) Quantity {
	level, ok := s.findLevel(sku, location)
	if !ok {
		return 0
	}
	n := level.fulfillable()
	if level.flags&levelStopped == 0 && sku.flags&skuChannels != 0 {
		apart := Quantity(0)
		s.eachRule(sku, func(rule *ruleRecord, _ Quantity) {
			if rule.phase == PoolLive {
				apart += max(0, rule.quota-rule.used)
			}
		})
		if apart > 0 {
			n = min(n, sku.physical()+sku.safetyStock-apart)
		}
	}
	return max(0, n)
}

// decideResolution checks in the order of precedence, and plans what is done with the order.
func (m *Machine) decideResolution(st *Step) {
	c, f := st.command, &st.oversoldCase
	what := c.Resolution
	if !st.checkCase() {
		return
	}
	image := &st.event.Order
	kind := c.Kind
	if what.Action == OversoldCancel {
		kind = CommandCancelOrder
	}
	change, reason := transition(kind, image.Status)
	if reason == ReasonNone && !change {
		reason = ReasonOrderCancelled
	}
	if what.Action == OversoldCancel && image.Life != nil && len(image.Life.Shipments) > 0 {
		reason = ReasonAlreadyShipped
	}
	if reason != ReasonNone {
		st.refuseOrder(reason)
		return
	}
	if what.Action == OversoldCancel && st.refusesLocked() {
		return
	}
	if what.Action == OversoldReSource && int(what.Location) >= len(m.locations) {
		st.refuseOrder(ReasonLocationNotFound)
		return
	}
	if f.own {
		st.refuseOrder(ReasonOwnCase)
		return
	}
	has := image.unitsOf(what.SKU)
	if has == 0 || what.Action == OversoldReSource && f.waits == 0 {
		st.refuseUnits(ReasonNotAVictim, f.image.Left, 0)
		return
	}
	if st.full {
		st.refuseOrder(ReasonTableFull)
		return
	}
	st.event.Fills, st.wasHeld = st.event.Fills[:0], image.Status == StatusHeld
	units := Quantity(0)
	switch what.Action {
	case OversoldCancel:
		image.Version++
		image.end(StatusCancelled)
		m.settle(st)
		units = min(f.image.Left, has)
	case OversoldBackorder:
		units = m.planBackorder(st)
	default:
		units = m.planReSource(st)
	}
	if units > 0 {
		st.followFulfilments()
		st.planResolution(units)
	}
}

// checkCase refuses a command whose order or case are not there, or that has another version, or nothing left to resolve.
func (st *Step) checkCase() bool {
	f := &st.oversoldCase
	if !st.checkOrder() {
		return false
	}
	switch version := st.command.ExpectedVersion; {
	case !f.known:
		st.refuseOrder(ReasonCaseNotFound)
	case version != 0 && version != f.image.Version:
		st.refuseOrder(ReasonVersionConflict)
		st.refusal.Version = f.image.Version
	case f.image.Left == 0:
		st.refuseOrder(ReasonCaseResolved)
	}
	return st.Outcome.Reason == ReasonNone
}

// refuseUnits refuses what there are too few units for.
func (st *Step) refuseUnits(reason Reason, requested, available Quantity) {
	what := st.command.Resolution
	st.refuseOrder(reason)
	st.refusal.Lines = append(st.refusal.Lines, RefusedLine{SKU: what.SKU, Location: what.Location, Requested: requested, Available: available})
}

// unitsOf is how many units of a SKU an order has or waits for. Lines of kits and those that are only recorded have none.
func (image *OrderImage) unitsOf(id SKUID) (n Quantity) {
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		if l.SKU == id {
			n += l.Backordered
			for _, a := range image.Allocations[next : next+l.Allocations] {
				n += a.Quantity
			}
		}
		next += l.Allocations
	}
	return n
}

// planBackorder plans which units the order gives up, as far as they can be of use to others: those of a pool are its channel's, and those at a
// stopped location nobody gets. Of the order whose case it is nothing moves: it is settled that it waits.
func (m *Machine) planBackorder(st *Step) Quantity {
	what, left := st.command.Resolution, st.oversoldCase.image.Left
	if st.command.Order == what.Case {
		return left
	}
	image := &st.event.Order
	st.allocations = st.allocations[:0]
	next, rest := 0, left
	for i := range image.Lines {
		l := &image.Lines[i]
		had := image.Allocations[next : next+l.Allocations]
		next += l.Allocations
		first, free := len(st.allocations), l.Quantity-image.LineLife(i).Cancelled-l.Backordered-l.Pooled
		for _, a := range had {
			if l.SKU == what.SKU && !m.locations[a.Location].settings.Stopped {
				if n := min(rest, free, a.Quantity); n > 0 {
					rest, free, a.Quantity = rest-n, free-n, a.Quantity-n
					l.Backordered += n
					st.event.Fills = append(st.event.Fills, Fill{Line: i, Location: a.Location, Quantity: n})
				}
			}
			if a.Quantity > 0 {
				st.allocations = append(st.allocations, a)
			}
		}
		l.Allocations = len(st.allocations) - first
	}
	if rest == left {
		st.refuseUnits(ReasonNotAVictim, left, 0)
		return 0
	}
	image.Allocations, st.allocations = st.allocations, image.Allocations
	image.Version++
	st.errand = errand{
		to: &st.command.Destination, channel: image.Channel, grams: min(worst, times(left-rest, int64(st.oversoldCase.weight))),
	}
	return left - rest
}

// planReSource plans which lines are given the units of the location.
func (m *Machine) planReSource(st *Step) Quantity {
	what, f := st.command.Resolution, &st.oversoldCase
	wanted := min(f.image.Left, f.waits)
	units := min(wanted, f.there)
	if units == 0 {
		st.refuseUnits(ReasonNothingThere, wanted, 0)
		return 0
	}
	image := &st.event.Order
	st.allocations = st.allocations[:0]
	next, rest := 0, units
	for i := range image.Lines {
		l := &image.Lines[i]
		first := len(st.allocations)
		st.allocations = append(st.allocations, image.Allocations[next:next+l.Allocations]...)
		next += l.Allocations
		if n := min(rest, l.Backordered); l.SKU == what.SKU && n > 0 {
			rest -= n
			l.Backordered -= n
			st.event.Fills = append(st.event.Fills, Fill{Line: i, Location: what.Location, Quantity: n})
			st.allocate(first, what.Location, n)
		}
		l.Allocations = len(st.allocations) - first
	}
	invariant.Check(rest == 0, "who waits has lines that do")
	image.Allocations, st.allocations = st.allocations, image.Allocations
	image.Version++
	return units
}

// planResolution plans the case after the change, and what is told of it.
func (st *Step) planResolution(units Quantity) {
	c, f, what := st.command, &st.oversoldCase, &st.event.Resolution
	st.event.Kind, st.event.Actor = EventCaseResolved, c.Actor
	*what = ResolutionImage{Case: f.image, Action: c.Resolution.Action, Held: st.wasHeld, Units: units, Note: c.Resolution.Note}
	what.Case.Left -= units
	what.Case.Changed, what.Case.At = st.sequence, st.now
	what.Case.Version++
	st.Outcome.Changed = true
}

// applyResolution moves the slot's units and, in the home slot, writes them into the order.
func (s *slot) applyResolution(st *Step, sink Sink) {
	what := st.command.Resolution
	if s.id == what.SKU.Slot() {
		s.setCase(st, st.oversoldCase.place, st.event.Resolution.Case.Left)
	}
	if what.Action == OversoldCancel {
		s.applyOrder(st, sink)
		return
	}
	if st.booked && s.id == CapacitySlot {
		s.bookResolution(st)
	}
	image := &st.event.Order
	if s.id == what.SKU.Slot() {
		for i := range st.event.Fills {
			if f := &st.event.Fills[i]; what.Action == OversoldReSource {
				s.applyOneFill(st, what.SKU, f)
			} else {
				s.giveUp(st, what.SKU, f)
			}
		}
	}
	if s.id != st.home {
		return
	}
	if len(st.event.Fills) > 0 {
		s.refer(st.place, -1)
		record := s.orders.mut(st.place)
		record.version = image.Version
		next := 0
		for i := range image.Lines {
			l := &image.Lines[i]
			s.reallocateLine(record.firstLine+uint32(i), l, image.Allocations[next:next+l.Allocations], st.lines[i].pool)
			next += l.Allocations
		}
		s.refer(st.place, 1)
		s.keepFulfilments(st)
	}
	sink.Event(&st.event)
}

// giveUp takes units from an order, which waits for them from now on.
func (s *slot) giveUp(st *Step, id SKUID, f *Fill) {
	sku := s.skus.mut(id.Place())
	s.move(sku, s.levels.mut(s.levelOf(sku, f.Location)), false, -f.Quantity)
	sku.moveBackordered(false, f.Quantity)
	s.waitLast(st, id, f.Quantity)
	s.touch(sku, id)
}

// waitLast has an order wait behind all others, with whatever it waits for already: it has given way to them, and would be
// the first to get the units back in its old place.
func (s *slot) waitLast(st *Step, id SKUID, units Quantity) {
	order, sku := st.event.Order.ID, s.skus.mut(id.Place())
	w := waitingRecord{order: order, sku: id}
	w.setErrand(&st.errand)
	if place, ok := s.findWaiting(id, order); ok {
		w = *s.waiting.at(place)
		s.leaveQueue(sku, place)
	}
	w.since, w.units, w.next, w.previous = st.sequence, w.units+units, 0, sku.lastWaiting
	s.enterQueue(sku, &w)
}
