package core

import (
	"cmp"
	"math/bits"
	"slices"

	"holdfast/engine/invariant"
)

// The router looks for the best plan: which locations ship an order, and what each gives. A plan has a score for each rule, and
// of two plans the one is better whose score is lower in the first rule in which they differ; of equal ones that with fewer
// locations, and then that whose locations come first by (priority, number).
//
// Given the locations, the best plan takes the units of each SKU from that location first where a unit costs least, in the order
// of the rules; what a score says of a unit does not depend on the other units, so nothing is better. So only the sets of
// locations are searched: all single ones, all pairs and triples of the most promising ones, and if none of them has
// everything, a set that is made greedily, each time of the location that has most of what is still missing. Where that is too large for
// the limit of shipments, each of the promising ones is tried as its first member.
//
// The caps on that work: routeWidth candidates make pairs and triples, fewer when the order has so many SKUs that
// their triples would be more than routeWork looks at a SKU. A set whose score cannot be better any more, nor that of any larger one
// with it, is passed over; with more than rankWork looks at a SKU what cannot be better is known less exactly, and only the
// members of sets are ranked.

const (
	routeWidth = 24
	routeWork  = 30_000
	rankWork   = 4_000
	// routeSize is the largest number of locations whose sets are all searched.
	routeSize = 3
	// worst is the highest score.
	worst int64 = 1 << 60
	// fullest is from how many units on a location counts as full where stock is balanced.
	fullest Quantity = 1_000_000
)

// score is what a plan, or a part of one, amounts to, by the place of the rule in the policy.
type score [MaxRules]int64

// candidate is a location that has units of an order that is routed.
type candidate struct {
	location  LocationID
	fate      Fate
	preferred bool
	pickup    bool
	level     int64 // of its priority among those of the candidates
	priority  int32
	days      int64
	metres    int64
	base      int64 // cost of a shipment, in thousandths of a minor unit; likewise below
	perUnit   int64
	perGram   int64
}

// router is the search for one order's plan. It is used for one order after the other.
type router struct {
	rules        []RoutingRule
	maxShipments int
	forced       bool // the order is taken, in however many shipments
	penalty      int64

	candidates []candidate // that may serve the order, by (priority, number)
	rejected   []candidate // that may not
	skus       int         // how many the order has
	weight     []int64     // of a unit of each SKU, in grams
	demand     []Quantity  // units of each that come from stock
	has        []Quantity  // by candidate and SKU: units that it can give
	rank       []uint16    // by candidate and SKU: how many candidates are asked before, at least of those of the sets
	ranked     bool        // all candidates are

	shipment []score  // by candidate: what a shipment is whatever is in it
	some     []uint64 // by candidate: of which SKUs it has any, the first 64 SKUs
	least    score    // of no plan is any part lower
	best     score
	chosen   []uint16 // the candidates of the best plan, ascending
	found    bool
	greedily bool       // no set that was searched has everything
	narrow   bool       // not all pairs and triples were searched
	pool     []uint16   // the candidates that make pairs and triples, ascending
	covered  []coverage // scratch: by candidate
	gain     []Quantity // scratch: by candidate: units of what is missing that it has at most
	set      []uint16   // scratch
	all      uint64     // of which SKUs some are asked for, of the first 64
	missing  []Quantity // scratch
	gives    []bool     // scratch: by candidate or by place in a set
	asked    []uint16   // scratch: places in a set
	firsts   []int32    // scratch: the first line of each SKU
	at       []uint16   // scratch: by location, the place of its candidate plus one
}

// fixed is what a shipment from a candidate costs whatever is in it.
func (r *router) fixed(rule RoutingRule, c *candidate) int64 {
	switch rule {
	case RuleFewestShipments:
		return 1
	case RuleNearest:
		return c.metres
	case RuleLowestCost:
		return c.base
	case RulePromiseDate:
		return c.days
	}
	return 0
}

// isOfUnits tells whether ofUnit says something.
func (r RoutingRule) isOfUnits() bool {
	switch r {
	case RulePreferred, RulePickup, RuleLowestCost, RuleBalanceStock, RulePriority:
		return true
	}
	return false
}

// ofUnit is what a unit of a SKU from a candidate costs.
func (r *router) ofUnit(rule RoutingRule, at uint16, sku int) int64 {
	c := &r.candidates[at]
	switch rule {
	case RulePreferred:
		return mark(!c.preferred)
	case RulePickup:
		return mark(!c.pickup)
	case RuleLowestCost:
		return c.perUnit + c.perGram*r.weight[sku]
	case RuleBalanceStock:
		return int64(fullest - min(fullest, r.has[int(at)*r.skus+sku]))
	case RulePriority:
		return c.level
	}
	return 0
}

func mark(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// with is the score with one shipment more, whatever is in it. It never falls.
func (r *router) with(s score, at uint16, first bool) score {
	more := &r.shipment[at]
	for k, rule := range r.rules {
		switch {
		case rule == RulePromiseDate:
			s[k] = max(s[k], more[k])
		case rule == RuleLowestCost && !first:
			s[k] = min(worst, s[k]+more[k]+r.penalty)
		default:
			s[k] = min(worst, s[k]+more[k])
		}
	}
	return s
}

// times multiplies, up to the worst score.
func times(n Quantity, each int64) int64 {
	high, low := bits.Mul64(uint64(n), uint64(each))
	if high != 0 || low > uint64(worst) {
		return worst
	}
	return int64(low)
}

// isBelow tells whether a score is better.
func (r *router) isBelow(a, b *score) bool {
	for k := range r.rules {
		if a[k] != b[k] {
			return a[k] < b[k]
		}
	}
	return false
}

// search looks for the best plan. It is false when there is none within the limit of shipments.
func (r *router) search() bool {
	r.found, r.narrow, r.greedily, r.chosen = false, false, false, r.chosen[:0]
	r.best, r.pool = score{}, r.pool[:0]
	if !r.isWanted() {
		r.found = true
		return true
	}
	r.order()
	r.prepare()
	most := routeSize
	if r.maxShipments > 0 {
		most = min(most, r.maxShipments)
	}
	r.narrow = most > 1 && r.width() < len(r.candidates)
	r.singles()
	if most > 1 && len(r.candidates) > 1 && !r.isSettled(2) {
		r.selectPool()
		r.rankMembers(r.pool)
		r.pairs(most)
	}
	if !r.found && (r.maxShipments == 0 || r.maxShipments > routeSize || r.narrow) {
		r.greedy()
	}
	return r.found
}

func (r *router) isWanted() bool {
	for _, n := range r.demand {
		if n > 0 {
			return true
		}
	}
	return false
}

// order works out what the units have as scores at least. Unless that is too much work it ranks, for each SKU, the candidates by what a
// unit costs there.
func (r *router) order() {
	n := len(r.candidates)
	r.rank = resize(r.rank, n*r.skus)
	r.set = resize(r.set, n)
	r.least = score{}
	if r.ranked = n*r.skus <= rankWork; !r.ranked {
		r.boundAllRoughly()
		return
	}
	alike := r.isAlike()
	for sku := range r.skus {
		if sku == 0 || !alike {
			for at := range r.set {
				r.set[at] = uint16(at)
			}
			slices.SortFunc(r.set, func(a, b uint16) int { return r.compareUnits(a, b, sku) })
		}
		r.boundUnits(sku)
		for k, at := range r.set {
			r.rank[int(at)*r.skus+sku] = uint16(k)
		}
	}
}

// rankMembers ranks, for each SKU, the members of sets by what a unit costs there.
func (r *router) rankMembers(members []uint16) {
	if r.ranked {
		return
	}
	for sku := range r.skus {
		r.asked = append(r.asked[:0], members...)
		slices.SortFunc(r.asked, func(a, b uint16) int { return r.compareUnits(a, b, sku) })
		for k, at := range r.asked {
			r.rank[int(at)*r.skus+sku] = uint16(k)
		}
	}
}

// boundUnits adds what the units of a SKU have as scores at least, whatever the plan. The candidates stand in the order of the first rule
// that says something of units, so of that rule it is what the best ones together have.
func (r *router) boundUnits(sku int) {
	first := slices.IndexFunc(r.rules, RoutingRule.isOfUnits)
	if first < 0 {
		return
	}
	wanted := r.demand[sku]
	for _, at := range r.set {
		if n := min(wanted, r.has[int(at)*r.skus+sku]); n > 0 {
			r.least[first] = min(worst, r.least[first]+times(n, r.ofUnit(r.rules[first], at, sku)))
			wanted -= n
		}
	}
	r.boundRoughly(sku, first+1)
}

// boundRoughly does so for the rules from one on: as if all units came from where one is best.
func (r *router) boundRoughly(sku, from int) {
	for k, rule := range r.rules[from:] {
		if rule.isOfUnits() && r.demand[sku] != 0 {
			r.least[from+k] = min(worst, r.least[from+k]+times(r.demand[sku], r.lowest(rule, sku)))
		}
	}
}

// lowest is what a unit of a SKU costs where that is least.
func (r *router) lowest(rule RoutingRule, sku int) int64 {
	lowest := worst
	for at := range r.candidates {
		lowest = min(lowest, r.ofUnit(rule, uint16(at), sku))
	}
	return lowest
}

// boundAllRoughly does it for all SKUs and rules. With very many SKUs and candidates, what says the same of all SKUs is asked once, and what each
// candidate has is read in the order in which it lies.
func (r *router) boundAllRoughly() {
	for k, rule := range r.rules {
		switch rule {
		case RulePreferred, RulePickup, RulePriority:
			lowest := r.lowest(rule, 0)
			for _, wanted := range r.demand {
				r.least[k] = min(worst, r.least[k]+times(wanted, lowest))
			}
		case RuleLowestCost:
			for sku, wanted := range r.demand {
				if wanted != 0 {
					r.least[k] = min(worst, r.least[k]+times(wanted, r.lowest(rule, sku)))
				}
			}
		case RuleBalanceStock:
			r.missing = resize(r.missing, r.skus)
			clear(r.missing)
			for at := range r.candidates {
				for sku, n := range r.has[at*r.skus:][:r.skus] {
					r.missing[sku] = max(r.missing[sku], n)
				}
			}
			for sku, wanted := range r.demand {
				r.least[k] = min(worst, r.least[k]+times(wanted, int64(fullest-min(fullest, r.missing[sku]))))
			}
		}
	}
}

// isAlike tells whether a unit of every SKU costs the same at a candidate.
func (r *router) isAlike() bool {
	for _, rule := range r.rules {
		switch rule {
		case RuleBalanceStock:
			return false
		case RuleLowestCost:
			for _, weight := range r.weight {
				if weight != r.weight[0] {
					return false
				}
			}
		}
	}
	return true
}

// compareUnits compares what a unit costs at two candidates.
func (r *router) compareUnits(a, b uint16, sku int) int {
	for _, rule := range r.rules {
		if x, y := r.ofUnit(rule, a, sku), r.ofUnit(rule, b, sku); x != y {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(a, b)
}

// prepare works out what every set is asked for.
func (r *router) prepare() {
	n := len(r.candidates)
	r.shipment, r.some = resize(r.shipment, n), resize(r.some, n)
	for at := range r.candidates {
		for k, rule := range r.rules {
			r.shipment[at][k] = r.fixed(rule, &r.candidates[at])
		}
		r.some[at] = 0
		for sku := range min(64, r.skus) {
			if r.has[at*r.skus+sku] > 0 {
				r.some[at] |= 1 << sku
			}
		}
	}
	r.all = 0
	for sku := range min(64, r.skus) {
		if r.demand[sku] > 0 {
			r.all |= 1 << sku
		}
	}
}

// isSettled tells whether no plan of so many shipments can be better than the best one.
func (r *router) isSettled(shipments int64) bool {
	if !r.found {
		return false
	}
	least := r.least
	for k, rule := range r.rules {
		if rule == RuleFewestShipments {
			least[k] = shipments
		}
	}
	return !r.isBelow(&least, &r.best)
}

// isBeaten tells whether no plan whose score is this one or more can be better than the best one.
func (r *router) isBeaten(least *score) bool { return r.found && !r.isBelow(least, &r.best) }

func (r *router) singles() {
	for at := range r.candidates {
		if least := r.with(r.least, uint16(at), true); !r.isBeaten(&least) {
			r.try(append(r.set[:0], uint16(at)))
		}
	}
}

func (r *router) pairs(most int) {
	for i, a := range r.pool {
		one := r.with(r.least, a, true)
		if r.isBeaten(&one) {
			continue
		}
		for _, b := range r.pool[i+1:] {
			if (r.some[a]|r.some[b])&r.all != r.all {
				continue
			}
			if two := r.with(one, b, false); !r.isBeaten(&two) {
				r.try(append(r.set[:0], a, b))
			}
		}
	}
	if most < routeSize || r.isSettled(routeSize) {
		return
	}
	for i, a := range r.pool {
		one := r.with(r.least, a, true)
		if r.isBeaten(&one) {
			continue
		}
		for k, b := range r.pool[i+1:] {
			two := r.with(one, b, false)
			if r.isBeaten(&two) {
				continue
			}
			lack := r.all &^ (r.some[a] | r.some[b])
			for _, c := range r.pool[i+k+2:] {
				if lack&^r.some[c] != 0 {
					continue
				}
				if three := r.with(two, c, false); !r.isBeaten(&three) {
					r.try(append(r.set[:0], a, b, c))
				}
			}
		}
	}
}

// try takes the plan of a set if it is the best so far. A set that does not need all its members is a smaller one, which has been tried.
func (r *router) try(set []uint16) {
	var s score
	if r.covers(set) && r.plan(set, &s) && (!r.found || r.isBelow(&s, &r.best)) {
		r.found, r.best = true, s
		r.chosen = append(r.chosen[:0], set...)
	}
}

// covers tells whether a set has everything.
func (r *router) covers(set []uint16) bool {
	for sku, wanted := range r.demand {
		for _, at := range set {
			wanted -= min(wanted, r.has[int(at)*r.skus+sku])
		}
		if wanted > 0 {
			return false
		}
	}
	return true
}

// plan gives the score of a set that has everything, and whether each of its members gives something.
func (r *router) plan(set []uint16, s *score) (whole bool) {
	*s = score{}
	for i, at := range set {
		*s = r.with(*s, at, i == 0)
	}
	used := uint64(0) // of the first 64 members; sets that are searched have three
	r.eachTaken(set, func(k, sku int, n Quantity) {
		used |= 1 << k
		for i, rule := range r.rules {
			if each := r.ofUnit(rule, set[k], sku); each > 0 {
				s[i] = min(worst, s[i]+times(n, each))
			}
		}
	})
	return bits.OnesCount64(used) == len(set)
}

// eachTaken calls do with what each member of a set gives of each SKU, in the order in which they are asked; k is the member's
// place in the set.
func (r *router) eachTaken(set []uint16, do func(k, sku int, n Quantity)) {
	r.asked = resize(r.asked, len(set))
	for sku, wanted := range r.demand {
		if wanted == 0 {
			continue
		}
		r.askInOrder(set, sku)
		for _, k := range r.asked {
			if n := min(wanted, r.has[int(set[k])*r.skus+sku]); n > 0 {
				do(int(k), sku, n)
				wanted -= n
			}
		}
		invariant.Check(wanted == 0, "a plan has all that is asked for")
	}
}

// askInOrder sorts the places of a set's members by their rank.
func (r *router) askInOrder(set []uint16, sku int) {
	rank := func(k uint16) uint16 { return r.rank[int(set[k])*r.skus+sku] }
	for k := range r.asked {
		r.asked[k] = uint16(k)
	}
	if len(set) > routeSize {
		slices.SortFunc(r.asked, func(a, b uint16) int { return cmp.Compare(rank(a), rank(b)) })
		return
	}
	for k := 1; k < len(set); k++ {
		for j := k; j > 0 && rank(r.asked[j]) < rank(r.asked[j-1]); j-- {
			r.asked[j], r.asked[j-1] = r.asked[j-1], r.asked[j]
		}
	}
}

// width is how many candidates make pairs and triples.
func (r *router) width() int {
	width := min(len(r.candidates), routeWidth)
	for width > 2 && width*(width-1)*(width-2)/6*r.skus > routeWork {
		width--
	}
	return width
}

// selectPool picks the candidates that make pairs and triples: those that have most SKUs whole, then most units, then the lowest
// score alone.
func (r *router) selectPool() {
	n, width := len(r.candidates), r.width()
	r.pool = resize(r.pool, n)
	for at := range r.pool {
		r.pool[at] = uint16(at)
	}
	if width == n {
		return
	}
	r.covered = resize(r.covered, n)
	for at := range r.covered {
		r.covered[at] = r.coverage(uint16(at))
	}
	slices.SortFunc(r.pool, func(a, b uint16) int {
		if x, y := &r.covered[a], &r.covered[b]; *x != *y {
			return cmp.Or(cmp.Compare(y.whole, x.whole), cmp.Compare(y.units, x.units))
		}
		one, other := r.with(r.least, a, true), r.with(r.least, b, true)
		switch {
		case r.isBelow(&one, &other):
			return -1
		case r.isBelow(&other, &one):
			return 1
		}
		return cmp.Compare(a, b)
	})
	r.pool = r.pool[:width]
	slices.Sort(r.pool)
}

// coverage is how many SKUs a candidate has whole, and how many of the units asked for.
type coverage struct {
	whole int
	units Quantity
}

func (r *router) coverage(at uint16) (c coverage) {
	for sku, wanted := range r.demand {
		n := min(wanted, r.has[int(at)*r.skus+sku])
		c.units += n
		if n == wanted {
			c.whole++
		}
	}
	return c
}

// greedy makes a set that has everything within the limit of shipments. One that begins with what has most may miss it.
func (r *router) greedy() {
	r.greedyFrom(len(r.candidates))
	if r.found || r.maxShipments == 0 || len(r.candidates)*r.skus > routeWork {
		return
	}
	for _, at := range r.pool {
		r.greedyFrom(int(at))
	}
}

// greedyFrom takes the plan of the set that begins with a candidate, or with that which has most, if it is the best so far.
func (r *router) greedyFrom(start int) {
	r.missing = append(r.missing[:0], r.demand...)
	most := MaxShipmentsLimit
	if r.maxShipments > 0 {
		most = r.maxShipments
	}
	set := r.set[:0]
	r.gives, r.gain = resize(r.gives, len(r.candidates)), resize(r.gain, len(r.candidates))
	clear(r.gives)
	for at := range r.gain {
		r.gain[at] = Quantity(worst)
	}
	for len(set) < most {
		at, gains := uint16(start), true
		if len(set) > 0 || start == len(r.candidates) {
			at, gains = r.mostMissing(len(set) == 0)
		}
		if !gains {
			break
		}
		set, r.gives[at] = append(set, at), true
		for sku, n := range r.missing {
			r.missing[sku] -= min(n, r.has[int(at)*r.skus+sku])
		}
	}
	if r.forced {
		set = r.addByPriority(set)
	}
	slices.Sort(set)
	if !r.covers(set) {
		return
	}
	r.rankMembers(set)
	set = r.trim(set)
	var s score
	if r.plan(set, &s); !r.found || r.isBelow(&s, &r.best) {
		r.found, r.greedily, r.best = true, true, s
		r.chosen = append(r.chosen[:0], set...)
	}
}

// addByPriority adds to a greedy set that is as large as it may be what has something of what is still missing, by priority: that is less work than to
// look for who has most, and of so many shipments none is a good plan.
func (r *router) addByPriority(set []uint16) []uint16 {
	for at := range r.candidates {
		if r.gives[at] || r.gainOf(at) == 0 {
			continue
		}
		set, r.gives[at] = append(set, uint16(at)), true
		for sku, n := range r.missing {
			r.missing[sku] -= min(n, r.has[at*r.skus+sku])
		}
	}
	return set
}

// mostMissing finds the candidate that has most units of what is missing; of several that with the lowest score alone. What a candidate has
// of it only falls, so who had less than another has now is passed over.
func (r *router) mostMissing(first bool) (best uint16, gains bool) {
	promising := 0
	for at, n := range r.gain {
		if n > r.gain[promising] && !r.gives[at] || r.gives[promising] {
			promising = at
		}
	}
	most, floor := Quantity(0), r.gainOf(promising)
	var lowest score
	for at := range r.candidates {
		if r.gives[at] || r.gain[at] < max(most, floor) {
			continue
		}
		gain := r.gainOf(at)
		if gain == 0 || gain < most {
			continue
		}
		alone := r.with(r.least, uint16(at), first)
		if gain > most || r.isBelow(&alone, &lowest) {
			best, most, lowest = uint16(at), gain, alone
		}
	}
	return best, most > 0
}

// gainOf is how many units of what is missing a candidate has.
func (r *router) gainOf(at int) Quantity {
	gain := Quantity(0)
	for sku, n := range r.missing {
		gain += min(n, r.has[at*r.skus+sku])
	}
	r.gain[at] = gain
	return gain
}

// trim drops the members of a greedy set that give nothing once all are there.
func (r *router) trim(set []uint16) []uint16 {
	r.gives = resize(r.gives, len(set))
	clear(r.gives)
	r.eachTaken(set, func(k, _ int, _ Quantity) { r.gives[k] = true })
	kept := 0
	for k, at := range set {
		if r.gives[k] {
			set[kept] = at
			kept++
		}
	}
	return set[:kept]
}
