package core

import (
	"cmp"
	"slices"
)

// Fate is why a location may not serve an order that is routed. The numbers are in feeds and must not change.
type Fate uint8

const (
	FateEligible  Fate = 0 // it may
	FateSupplier  Fate = 1 // suppliers do not count
	FateChannel   Fate = 2 // it is not there for the order's channel
	FateMethod    Fate = 3 // it does not offer the delivery method
	FateZone      Fate = 4 // it does not ship there
	FateCutOff    Fate = 5 // it is too late for today
	FateElsewhere Fate = 6 // the customer fetches the order elsewhere
	FateWeight    Fate = 7 // the order is too heavy
	FateAvoided   Fate = 8 // the order moves away from it
	FateCapacity  Fate = 9 // it may, but has as many orders of the day as it can ship

	LastFate = FateCapacity
)

// errand is what decides which locations may serve an order.
type errand struct {
	to      *Destination
	channel ChannelID
	now     Millis
	grams   int64      // what the units weigh, all together
	waits   bool       // the order is late anyway
	leaves  bool       // the order moves away from a location
	from    LocationID // and this is it
}

// findCandidates lists the locations that have units of a routed order, and lowers what its SKUs can have to what
// those may serve that may serve it.
func (m *Machine) findCandidates(st *Step) {
	r := &st.router
	r.rules, r.maxShipments = m.policy.rules, int(m.policy.Settings.MaxShipments)
	r.forced = st.command.Stock == StockForce
	if r.forced {
		r.maxShipments = 0
	}
	r.penalty = 1000 * int64(m.policy.Settings.SplitPenalty)
	r.candidates, r.rejected, r.weight = r.candidates[:0], r.rejected[:0], r.weight[:0]
	r.at = resize(r.at, len(m.locations))
	r.skus = 0
	st.errand.grams = st.grams()
	for i := range st.lines {
		f := &st.lines[i]
		if !st.leads(i) {
			continue
		}
		f.column = int32(r.skus)
		r.skus++
		r.weight = append(r.weight, int64(f.weight))
		for _, c := range st.choices[f.slot][f.from:f.to] {
			if r.at[c.location] == 0 {
				r.at[c.location] = 1
				m.judge(st, c.location)
			}
		}
	}
	r.rankPriorities()
	for i := range r.candidates {
		r.at[r.candidates[i].location] = uint16(i) + 1
	}
	for i := range r.rejected {
		r.at[r.rejected[i].location] = 0
		if r.rejected[i].fate == FateCapacity {
			r.at[r.rejected[i].location] = bookedUp
		}
	}
	st.fillRouter()
	for i := range r.candidates {
		r.at[r.candidates[i].location] = 0
	}
	for i := range r.rejected {
		r.at[r.rejected[i].location] = 0
	}
}

// bookedUp stands in the place of a candidate's for a location that would be one, had it room on the day.
const bookedUp = MaxLocations + 1

// leads tells whether a line is the first of its SKU, and that has units: lines of kits have none to ship, nor a weight of their own.
func (st *Step) leads(i int) bool {
	f := &st.lines[i]
	return int(f.first) == i && !f.ofKits
}

// grams is what the order weighs, as it was asked for. An offer may be of a single unit, and nobody said where it goes: who waits is not
// refused for the weight of several.
func (st *Step) grams() int64 {
	if st.command.isOfWaitlist() {
		return int64(st.lines[0].weight)
	}
	sum := int64(0)
	for i := range st.lines {
		if f := &st.lines[i]; st.leads(i) {
			sum = min(worst, sum+times(f.total, int64(f.weight)))
		}
	}
	return sum
}

// askedGrams is the same before anything was found out, and whatever a hold up to what there is gets.
func (st *Step) askedGrams() int64 {
	if st.command.isOfWaitlist() {
		return int64(st.lines[0].weight)
	}
	sum := int64(0)
	for i := range st.asked {
		if f := &st.lines[st.lines[i].first]; !f.ofKits {
			sum = min(worst, sum+times(st.asked[i].Quantity, int64(f.weight)))
		}
	}
	return sum
}

// fillRouter notes what the candidates have.
func (st *Step) fillRouter() {
	r := &st.router
	r.has = resize(r.has, len(r.candidates)*r.skus)
	clear(r.has)
	for i := range st.lines {
		f := &st.lines[i]
		if !st.leads(i) {
			continue
		}
		there := Quantity(0)
		anyDay := Quantity(0)
		for _, c := range st.choices[f.slot][f.from:f.to] {
			switch at := int(r.at[c.location]); {
			case at == bookedUp:
				anyDay += c.fulfillable
			case at > 0:
				r.has[(at-1)*r.skus+int(f.column)] = c.fulfillable
				there += c.fulfillable
			}
		}
		if st.command.isOfWaitlist() {
			there = r.together()
		}
		f.steered, f.there = true, max(0, there-st.ahead(i))
		f.thereAnyDay = max(0, there+anyDay-st.ahead(i))
	}
}

// together is what so many candidates as may ship an order have of its only SKU: an offer is of no more, as it would be refused for
// as long as the units lie as they do.
func (r *router) together() (sum Quantity) {
	r.gain = append(r.gain[:0], r.has...)
	slices.Sort(r.gain)
	most := MaxShipmentsLimit
	if r.maxShipments > 0 {
		most = r.maxShipments
	}
	for _, n := range r.gain[max(0, len(r.gain)-most):] {
		sum += n
	}
	return sum
}

// judge makes a location a candidate or rejects it.
func (m *Machine) judge(st *Step, id LocationID) {
	r, to := &st.router, st.errand.to
	row := &m.locations[id]
	c := candidate{
		location:  id,
		priority:  row.settings.Priority,
		preferred: slices.Contains(m.policy.Settings.Preferred, id),
		pickup:    to.HasPickup && to.Pickup == id,
	}
	if to.HasPosition && slices.Contains(r.rules, RuleNearest) {
		c.metres = Antipode
		if row.settings.HasPosition {
			c.metres = row.point.metresTo(st.there(to))
		}
	}
	c.fate = m.policy.fateOf(&st.errand, row, &c)
	if c.fate == FateEligible && m.isBookedUp(st, id, row) {
		c.fate = FateCapacity
	}
	if c.fate != FateEligible {
		r.rejected = append(r.rejected, c)
		return
	}
	r.candidates = append(r.candidates, c)
}

// there is where the order goes, worked out once.
func (st *Step) there(to *Destination) point {
	if !st.hasPoint {
		st.point, st.hasPoint = pointOf(to.LatitudeE7, to.LongitudeE7), true
	}
	return st.point
}

// fateOf says whether a location may serve the order, and notes how fast and at what price.
func (p *policy) fateOf(e *errand, row *location, c *candidate) Fate {
	to, shipping := e.to, row.settings.Shipping
	if e.leaves && e.from == c.location {
		return FateAvoided
	}
	if row.settings.Kind == LocationSupplier && p.Settings.NoSuppliers {
		return FateSupplier
	}
	if to.Method == MethodPickup && to.HasPickup && !c.pickup && !slices.Contains(p.rules, RulePickup) {
		return FateElsewhere
	}
	if shipping == nil {
		return FateEligible
	}
	switch {
	case !shipping.sells(e.channel):
		return FateChannel
	case !shipping.Methods.Has(to.Method):
		return FateMethod
	}
	late := shipping.isLate(e.now)
	if late && to.Method == MethodSameDay && !e.waits {
		return FateCutOff
	}
	c.days, c.perUnit = int64(shipping.HandlingDays)+mark(late), 1000*int64(shipping.CostPerUnit)
	if len(shipping.Zones) == 0 || to.Method == MethodPickup && c.pickup {
		return FateEligible
	}
	zone, tooHeavy := shipping.zone(to, e.grams)
	switch {
	case tooHeavy:
		return FateWeight
	case zone == nil && to.Country == CountryCode{}:
		return FateEligible // nobody said where it goes
	case zone == nil:
		return FateZone
	}
	c.days += int64(zone.TransitDays)
	c.base, c.perGram = 1000*int64(zone.Cost), int64(zone.CostPerKilo)
	return FateEligible
}

// rankPriorities sorts the candidates and numbers their priorities.
func (r *router) rankPriorities() {
	byPriority := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.location, b.location))
	}
	slices.SortFunc(r.candidates, byPriority)
	slices.SortFunc(r.rejected, byPriority)
	level := int64(0)
	for i := range r.candidates {
		if i > 0 && r.candidates[i].priority != r.candidates[i-1].priority {
			level++
		}
		r.candidates[i].level = level
	}
}

// overDeliverable refuses lines that ask for more than candidates have.
func (st *Step) overDeliverable() bool {
	why := st.whyNotDeliverable(func(f *lineFinding) Quantity { return f.total })
	for i := range st.lines {
		f := &st.lines[i]
		if !st.leads(i) {
			continue
		}
		if most := st.most(i, ReasonNotDeliverable); f.total > most {
			st.refuseLine(why, i, most)
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// whyNotDeliverable says why an order is refused that asks for more than candidates have: it could have all, were it not for the capacities
// of the day, or not even then.
func (st *Step) whyNotDeliverable(wanted func(f *lineFinding) Quantity) Reason {
	if !st.booked {
		return ReasonNotDeliverable
	}
	for i := range st.lines {
		if f := &st.lines[i]; st.leads(i) && wanted(f) > st.most(i, ReasonBookedUp) {
			return ReasonNotDeliverable
		}
	}
	return ReasonBookedUp
}

// route finds the plan of an order that can be had, or refuses it.
func (st *Step) route() bool {
	r := &st.router
	r.demand = resize(r.demand, r.skus)
	for i := range st.lines {
		if f := &st.lines[i]; st.leads(i) {
			pooled, common := f.reachable(f.there)
			pooled = min(f.total, pooled)
			r.demand[f.column] = pooled + max(0, min(f.total-pooled, common))
		}
	}
	if !r.search() {
		st.refuse(ReasonTooManyShipments)
		return false
	}
	return true
}

// steer makes the choices of each SKU those of the plan.
func (st *Step) steer() {
	r := &st.router
	for i := range st.lines {
		if f := &st.lines[i]; st.leads(i) {
			f.to = f.from
		}
	}
	r.firsts = resize(r.firsts, r.skus)
	for i := range st.lines {
		if f := &st.lines[i]; st.leads(i) {
			r.firsts[f.column] = int32(i)
		}
	}
	r.eachTaken(r.chosen, func(k, sku int, n Quantity) {
		f := &st.lines[r.firsts[sku]]
		st.choices[f.slot][f.to] = choice{location: r.candidates[r.chosen[k]].location, fulfillable: n}
		f.to++
	})
}
