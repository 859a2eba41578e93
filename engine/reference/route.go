package reference

import (
	"cmp"
	"math/big"
	"slices"

	"holdfast/engine/core"
)

// isRouted tells whether a policy of routing is set.
func (m *Model) isRouted() bool { return len(m.routingRules()) > 0 }

// rules are those that plans are compared by.
func (m *Model) routingRules() []core.RoutingRule {
	s := m.routing.Settings
	if s.Strategy != core.StrategyCost {
		return s.Rules
	}
	rest := slices.DeleteFunc(slices.Clone(s.Rules), func(r core.RoutingRule) bool { return r == core.RuleLowestCost })
	return append([]core.RoutingRule{core.RuleLowestCost}, rest...)
}

func (m *Model) defineRouting(c *core.Command) core.Outcome {
	if stale, is := isStale(c, m.settingsVersion(c)); is {
		return stale
	}
	for _, id := range c.Routing.Preferred {
		if int(id) >= len(m.locations) {
			return refuse(core.Refusal{Reason: core.ReasonLocationNotFound})
		}
	}
	settings := *c.Routing
	settings.Rules, settings.Preferred = copyList(settings.Rules), copyList(settings.Preferred)
	m.routing = core.RoutingImage{Version: m.routing.Version + 1, Changed: m.seq, Settings: settings}
	m.emit(CopyEvent(&core.Event{Kind: core.EventRoutingDefined, Routing: m.routing}))
	return core.Outcome{Changed: true}
}

// Routing is the policy as it stands.
func (m *Model) Routing() core.RoutingImage {
	e := CopyEvent(&core.Event{Kind: core.EventRoutingDefined, Routing: m.routing})
	return e.Routing
}

// site is a location that may serve an order, and what a shipment from there comes to.
type site struct {
	location  core.LocationID
	settings  core.LocationSettings
	fate      core.Fate // why it may not serve the order
	preferred bool
	pickup    bool
	level     int64
	days      int64
	metres    int64
	base      int64
	perUnit   int64
	perGram   int64
	has       map[core.SKUID]core.Quantity
}

// explain says why an order is routed as it is; nil when it is not routed.
func (m *Model) explain(c *core.Command, wanted []core.Line) *core.RouteImage {
	if !m.isRouted() || c.Stock == core.StockSkip {
		return nil
	}
	r := &core.RouteImage{Policy: m.routing.Version, Rules: copyList(m.routingRules())}
	e := m.errand(c, wanted)
	offers, rejected := m.offers(c, wanted)
	best := &plan{scores: make([]*big.Int, len(r.Rules))}
	for k := range best.scores {
		best.scores[k] = new(big.Int)
	}
	if e.isWanted() {
		best = e.best(offers, m.mostShipments(c), c.Stock == core.StockForce)
	}
	r.Searched, r.Shipments, r.Scores = best.searched, len(best.offers), int64s(best.scores)
	var others []core.RouteOption
	for _, o := range offers {
		option := core.RouteOption{Location: o.location}
		all := &plan{offers: []site{o}, taken: []map[core.SKUID]core.Quantity{{}}}
		for _, id := range e.skus {
			n := min(e.demand[id], o.has[id])
			all.taken[0][id] = n
			option.Units += n
			if n == e.demand[id] {
				option.Whole++
			}
		}
		option.Scores = int64s(e.score(all))
		if slices.ContainsFunc(best.offers, func(b site) bool { return b.location == o.location }) {
			option.Chosen = true
			r.Candidates = append(r.Candidates, option)
		} else {
			others = append(others, option)
		}
	}
	r.Candidates = append(r.Candidates, others...)
	for _, o := range rejected {
		r.Candidates = append(r.Candidates, core.RouteOption{Location: o.location, Fate: o.fate})
	}
	r.Found = len(r.Candidates)
	r.Candidates = r.Candidates[:min(core.MaxRouteOptions, r.Found)]
	return r
}

func int64s(numbers []*big.Int) (list []int64) {
	for _, n := range numbers {
		list = append(list, n.Int64())
	}
	return list
}

// offerOf says what a location offers an order, or why it may not serve it.
func (m *Model) siteOf(c *core.Command, id core.LocationID, grams *big.Int) site {
	to, policy := &c.Destination, m.routing.Settings
	o := site{location: id, settings: m.locations[id].image.Settings, has: map[core.SKUID]core.Quantity{}}
	o.preferred = slices.Contains(policy.Preferred, id)
	o.pickup = to.HasPickup && to.Pickup == id
	if to.HasPosition && slices.Contains(m.routingRules(), core.RuleNearest) {
		o.metres = core.Antipode
		if o.settings.HasPosition {
			o.metres = core.Distance(to.LatitudeE7, to.LongitudeE7, o.settings.LatitudeE7, o.settings.LongitudeE7)
		}
	}
	fetched := to.Method == core.MethodPickup && to.HasPickup
	because := func(fate core.Fate) site {
		o.fate = fate
		return o
	}
	if c.Reroute != nil && c.Reroute.Location == id {
		return because(core.FateAvoided)
	}
	if policy.NoSuppliers && o.settings.Kind == core.LocationSupplier {
		return because(core.FateSupplier)
	}
	if fetched && !o.pickup && !slices.Contains(m.routingRules(), core.RulePickup) {
		return because(core.FateElsewhere)
	}
	s := o.settings.Shipping
	if s == nil {
		return o
	}
	if len(s.Channels) > 0 && !slices.Contains(s.Channels, c.Channel) {
		return because(core.FateChannel)
	}
	if s.Methods != 0 && to.Method != core.MethodNone && s.Methods&(1<<to.Method) == 0 {
		return because(core.FateMethod)
	}
	minute := (int64(m.now)/60_000 + int64(s.UTCOffset)) % (24 * 60)
	late := s.HasCutOff && minute >= int64(s.CutOff)
	if late && to.Method == core.MethodSameDay && c.Kind != core.CommandFillOrder {
		return because(core.FateCutOff)
	}
	o.days, o.perUnit = int64(s.HandlingDays), int64(s.CostPerUnit)*1000
	if late {
		o.days++
	}
	if len(s.Zones) == 0 || fetched && o.pickup {
		return o
	}
	zones := slices.DeleteFunc(slices.Clone(s.Zones), func(z core.Zone) bool {
		prefix, code := postalText(z.Postal), postalText(to.Postal)
		inCountry := z.Country == core.CountryCode{} || z.Country == to.Country
		return !inCountry || len(prefix) > len(code) || code[:len(prefix)] != prefix
	})
	switch {
	case len(zones) == 0 && to.Country == core.CountryCode{}:
		return o
	case len(zones) == 0:
		return because(core.FateZone)
	}
	slices.SortStableFunc(zones, func(a, b core.Zone) int {
		named := func(z core.Zone) int { return len(bytesOf(z.Country)) }
		return cmp.Or(cmp.Compare(named(b), named(a)), cmp.Compare(len(postalText(b.Postal)), len(postalText(a.Postal))))
	})
	zone := rowFor(grams, zones)
	if zone == nil {
		return because(core.FateWeight)
	}
	o.days += int64(zone.TransitDays)
	o.base, o.perGram = int64(zone.Cost)*1000, int64(zone.CostPerKilo)
	return o
}

// orderGrams is what an order weighs, as far as places are chosen by it.
func (m *Model) orderGrams(c *core.Command) *big.Int {
	if isOfWaitlist(c) { // an offer may be of a single one
		return m.gramsOf([]core.Line{{SKU: c.Lines[0].SKU, Quantity: 1}})
	}
	return m.gramsOf(c.Lines)
}

// gramsOf is what lines weigh: of kits their components.
func (m *Model) gramsOf(lines []core.Line) *big.Int {
	grams := new(big.Int)
	for _, line := range m.ofUnits(lines) {
		each := big.NewInt(int64(m.skus[line.SKU].image.Settings.Weight))
		grams.Add(grams, each.Mul(each, big.NewInt(int64(line.Quantity))))
	}
	return grams
}

// rowFor finds, of the rows of the first one's zone, the lightest that an order fits into; nil when it is too heavy for all.
func rowFor(grams *big.Int, zones []core.Zone) *core.Zone {
	var rows []core.Zone
	for _, z := range zones {
		fits := z.UpToGrams == 0 || grams.Cmp(big.NewInt(int64(z.UpToGrams))) <= 0
		if z.Country == zones[0].Country && z.Postal == zones[0].Postal && fits {
			rows = append(rows, z)
		}
	}
	slices.SortStableFunc(rows, func(a, b core.Zone) int { return cmp.Compare(a.UpToGrams-1, b.UpToGrams-1) }) // 0 is the heaviest
	if len(rows) == 0 {
		return nil
	}
	return &rows[0]
}

func postalText(p core.PostalCode) string {
	text := ""
	for _, b := range p {
		if b != 0 {
			text += string(b)
		}
	}
	return text
}

func bytesOf(c core.CountryCode) string {
	if c == (core.CountryCode{}) {
		return ""
	}
	return string(c[:])
}

// offers lists the locations that have anything of an order: those that may serve it and those that may not, each by priority and
// number.
func (m *Model) offers(c *core.Command, wanted []core.Line) (list, rejected []site) {
	for id := range m.locations {
		o := m.siteOf(c, core.LocationID(id), m.orderGrams(c))
		for _, sum := range perSKU(m.ofUnits(wanted)) {
			if m.skus[sum.SKU].stock[o.location] != nil {
				if n := m.fulfillable(sum.SKU, o.location); n > 0 {
					o.has[sum.SKU] = n
				}
			}
		}
		if o.fate == core.FateEligible && m.isBookedUp(c, o.location) {
			o.fate = core.FateCapacity
		}
		switch {
		case o.settings.Stopped || len(o.has) == 0:
		case o.fate != core.FateEligible:
			rejected = append(rejected, o)
		default:
			list = append(list, o)
		}
	}
	byPriority := func(a, b site) int { return cmp.Compare(a.settings.Priority, b.settings.Priority) }
	slices.SortStableFunc(list, byPriority)
	slices.SortStableFunc(rejected, byPriority)
	for i := range list {
		if i > 0 {
			list[i].level = list[i-1].level
			if list[i].settings.Priority != list[i-1].settings.Priority {
				list[i].level++
			}
		}
	}
	return list, rejected
}

// reachable is what of a SKU's offer may be had from locations that may serve the order.
func (m *Model) reachable(c *core.Command, id core.SKUID) offer {
	return m.offerFrom(c, id, m.there(c, id))
}

// offerFrom is what of a SKU's offer is among so many units.
func (m *Model) offerFrom(c *core.Command, id core.SKUID, there core.Quantity) offer {
	o := m.offerTo(c, id)
	o.pooled = min(o.pooled, there)
	o.common = min(o.common, there-o.pooled)
	return o
}

// ofUnits is the lines that have units, which kits have not.
func (m *Model) ofUnits(lines []core.Line) []core.Line {
	return slices.DeleteFunc(slices.Clone(lines), func(line core.Line) bool { return m.isKit(line.SKU) })
}

// isFetched tells whether the customer of an order fetches it somewhere, and nothing else is said by a policy.
func (m *Model) isFetched(to *core.Destination) bool {
	return !m.isRouted() && to.Method == core.MethodPickup && to.HasPickup
}

// there is what of a SKU lies at locations that may serve the order, and is not for others who wait.
func (m *Model) there(c *core.Command, id core.SKUID) core.Quantity {
	if m.isFetched(&c.Destination) {
		n := -m.ahead(c, id)
		for _, s := range m.sources(id) {
			if s.location == c.Destination.Pickup {
				n += s.left
			}
		}
		return max(0, n)
	}
	var stocks []core.Quantity
	offers, _ := m.offers(c, []core.Line{{SKU: id}})
	for _, o := range offers {
		stocks = append(stocks, o.has[id])
	}
	if isOfWaitlist(c) { // no more than may ship an order together
		most := cmp.Or(int(m.routing.Settings.MaxShipments), core.MaxShipmentsLimit)
		slices.Sort(stocks)
		stocks = stocks[max(0, len(stocks)-most):]
	}
	n := -m.ahead(c, id)
	for _, units := range stocks {
		n += units
	}
	return max(0, n)
}

// thereOnAnyDay is what would be there if no location had a capacity.
func (m *Model) thereOnAnyDay(c *core.Command, id core.SKUID) core.Quantity {
	n := -m.ahead(c, id)
	offers, rejected := m.offers(c, []core.Line{{SKU: id}})
	for _, o := range append(offers, rejected...) {
		if o.fate == core.FateEligible || o.fate == core.FateCapacity {
			n += o.has[id]
		}
	}
	return max(0, n)
}

// errand is an order to be routed.
type errand struct {
	rules   []core.RoutingRule
	penalty int64
	skus    []core.SKUID
	demand  map[core.SKUID]core.Quantity
	weight  map[core.SKUID]int64
}

// plan is what each of some offers gives.
type plan struct {
	offers []site
	taken  []map[core.SKUID]core.Quantity
	scores []*big.Int

	searched core.RouteSearch
}

// errand is the order as it is to be routed.
func (m *Model) errand(c *core.Command, wanted []core.Line) *errand {
	e := &errand{rules: m.routingRules(), penalty: 1000 * int64(m.routing.Settings.SplitPenalty),
		demand: map[core.SKUID]core.Quantity{}, weight: map[core.SKUID]int64{}}
	for _, sum := range perSKU(m.ofUnits(wanted)) {
		e.skus = append(e.skus, sum.SKU)
		if c.Reroute == nil {
			o := m.reachable(c, sum.SKU)
			pooled := min(sum.Requested, o.pooled)
			e.demand[sum.SKU] = pooled + max(0, min(sum.Requested-pooled, o.common))
		} else {
			e.demand[sum.SKU] = min(sum.Requested, m.there(c, sum.SKU)) // the units were promised before
		}
		e.weight[sum.SKU] = int64(m.skus[sum.SKU].image.Settings.Weight)
	}
	return e
}

func (e *errand) isWanted() bool {
	for _, n := range e.demand {
		if n > 0 {
			return true
		}
	}
	return false
}

// route finds the best plan for the lines and gives what each SKU is taken from, in order; nil when there is none.
func (m *Model) route(c *core.Command, wanted []core.Line) map[core.SKUID][]source {
	e := m.errand(c, wanted)
	sources := map[core.SKUID][]source{}
	if !e.isWanted() {
		return sources
	}
	offers, _ := m.offers(c, wanted)
	best := e.best(offers, m.mostShipments(c), c.Stock == core.StockForce)
	if best == nil {
		return nil
	}
	for _, id := range e.skus {
		for _, o := range e.inOrder(best.offers, id) {
			at := slices.IndexFunc(best.offers, func(b site) bool { return b.location == o.location })
			if n := best.taken[at][id]; n > 0 {
				sources[id] = append(sources[id], source{location: o.location, left: n})
			}
		}
	}
	return sources
}

// mostShipments is how many an order may be split into, 0 for any number.
func (m *Model) mostShipments(c *core.Command) int {
	if c.Stock == core.StockForce {
		return 0
	}
	return int(m.routing.Settings.MaxShipments)
}

// best tries all sets of up to three offers, of the most promising ones where there are many, and then a greedy one.
func (e *errand) best(offers []site, most int, forced bool) *plan {
	var best *plan
	try := func(set ...site) {
		if p := e.planOf(set); p != nil && (best == nil || slices.CompareFunc(p.scores, best.scores, (*big.Int).Cmp) < 0) {
			best = p
		}
	}
	for _, a := range offers {
		try(a)
	}
	pool := e.promising(offers)
	if most == 0 || most >= 2 {
		for i, a := range pool {
			for _, b := range pool[i+1:] {
				try(a, b)
			}
		}
	}
	if most == 0 || most >= 3 {
		for i, a := range pool {
			for j, b := range pool[i+1:] {
				for _, c := range pool[i+j+2:] {
					try(a, b, c)
				}
			}
		}
	}
	switch {
	case best == nil:
		if best = e.greedy(offers, most, nil, forced); best == nil && most > 0 && len(offers)*len(e.skus) <= 30_000 {
			for i := range pool {
				if p := e.greedy(offers, most, &pool[i], forced); p != nil && (best == nil || slices.CompareFunc(p.scores, best.scores, (*big.Int).Cmp) < 0) {
					best = p
				}
			}
		}
		if best != nil {
			best.searched = core.SearchedGreedily
		}
	case len(pool) < len(offers) && most != 1:
		best.searched = core.SearchedPromising
	}
	return best
}

// promising is the offers that make pairs and triples: 24, or so few that their triples with all SKUs are at most 30,000.
func (e *errand) promising(offers []site) []site {
	width := min(24, len(offers))
	for width > 2 && width*(width-1)*(width-2)/6*len(e.skus) > 30_000 {
		width--
	}
	type place struct {
		at     int
		whole  int
		units  core.Quantity
		scores []*big.Int
	}
	var places []place
	for at, o := range offers {
		p := place{at: at, scores: e.alone(offers, o, true)}
		for _, id := range e.skus {
			n := min(e.demand[id], o.has[id])
			p.units += n
			if n == e.demand[id] {
				p.whole++
			}
		}
		places = append(places, p)
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.whole, a.whole), cmp.Compare(b.units, a.units), slices.CompareFunc(a.scores, b.scores, (*big.Int).Cmp))
	})
	places = places[:width]
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	var chosen []site
	for _, p := range places {
		chosen = append(chosen, offers[p.at])
	}
	return chosen
}

// alone is what a shipment of a site comes to; what is in it is the same for all.
func (e *errand) alone(_ []site, o site, first bool) []*big.Int {
	var scores []*big.Int
	for _, rule := range e.rules {
		n := map[core.RoutingRule]int64{
			core.RuleFewestShipments: 1, core.RuleNearest: o.metres, core.RuleLowestCost: o.base, core.RulePromiseDate: o.days,
		}[rule]
		if rule == core.RuleLowestCost && !first {
			n += e.penalty
		}
		scores = append(scores, big.NewInt(n))
	}
	return scores
}

// unitScores is what a unit of a SKU from a site comes to.
func (e *errand) unitScores(o site, id core.SKUID) []int64 {
	var scores []int64
	for _, rule := range e.rules {
		n := int64(0)
		switch {
		case rule == core.RulePreferred && !o.preferred, rule == core.RulePickup && !o.pickup:
			n = 1
		case rule == core.RuleLowestCost:
			n = o.perUnit + o.perGram*e.weight[id]
		case rule == core.RuleBalanceStock:
			n = int64(max(0, 1_000_000-o.has[id]))
		case rule == core.RulePriority:
			n = o.level
		}
		scores = append(scores, n)
	}
	return scores
}

// inOrder sorts offers by what a unit of a SKU comes to there.
func (e *errand) inOrder(offers []site, id core.SKUID) []site {
	sorted := slices.Clone(offers)
	slices.SortStableFunc(sorted, func(a, b site) int { return slices.Compare(e.unitScores(a, id), e.unitScores(b, id)) })
	return sorted
}

// planOf takes the units from a set of offers, each SKU from where a unit is best first; nil when they do not have everything, or some of
// them is not needed.
func (e *errand) planOf(set []site) *plan {
	p := &plan{offers: set, taken: make([]map[core.SKUID]core.Quantity, len(set))}
	for i := range p.taken {
		p.taken[i] = map[core.SKUID]core.Quantity{}
	}
	for _, id := range e.skus {
		wanted := e.demand[id]
		for _, o := range e.inOrder(set, id) {
			at := slices.IndexFunc(set, func(b site) bool { return b.location == o.location })
			if n := min(wanted, o.has[id]); n > 0 {
				p.taken[at][id] = n
				wanted -= n
			}
		}
		if wanted > 0 {
			return nil
		}
	}
	for _, taken := range p.taken {
		if len(taken) == 0 {
			return nil
		}
	}
	p.scores = e.score(p)
	return p
}

// score adds up a plan. Nothing is worse than 2^60.
func (e *errand) score(p *plan) []*big.Int {
	var scores []*big.Int
	for k, rule := range e.rules {
		sum := new(big.Int)
		for i, o := range p.offers {
			alone := e.alone(p.offers, o, i == 0)[k]
			if rule != core.RulePromiseDate {
				sum.Add(sum, alone)
			} else if alone.Cmp(sum) > 0 {
				sum.Set(alone)
			}
			for id, n := range p.taken[i] {
				each := big.NewInt(e.unitScores(o, id)[k])
				sum.Add(sum, each.Mul(each, big.NewInt(int64(n))))
			}
		}
		if worst := big.NewInt(1 << 60); sum.Cmp(worst) > 0 {
			sum = worst
		}
		scores = append(scores, sum)
	}
	return scores
}

// greedy adds, as long as something is missing, the site that has most of it; up to the limit, or a hundred. The first one may be given. A forced order
// has all others added then that have something, one after the other.
func (e *errand) greedy(offers []site, most int, start *site, forced bool) *plan {
	if most == 0 {
		most = 100
	}
	missing := map[core.SKUID]core.Quantity{}
	for id, n := range e.demand {
		missing[id] = n
	}
	gain := func(o site) (units core.Quantity) {
		for id, n := range missing {
			units += min(n, o.has[id])
		}
		return units
	}
	chosen := map[core.LocationID]bool{}
	for len(chosen) < most {
		var best *site
		for i := range offers {
			o := &offers[i]
			if start != nil && len(chosen) == 0 {
				best = start
				break
			}
			if chosen[o.location] || gain(*o) == 0 {
				continue
			}
			first := len(chosen) == 0
			if best == nil || gain(*o) > gain(*best) || gain(*o) == gain(*best) &&
				slices.CompareFunc(e.alone(offers, *o, first), e.alone(offers, *best, first), (*big.Int).Cmp) < 0 {
				best = o
			}
		}
		if best == nil {
			break
		}
		chosen[best.location] = true
		for id, n := range missing {
			missing[id] -= min(n, best.has[id])
		}
	}
	for i := range offers {
		if o := &offers[i]; forced && !chosen[o.location] && gain(*o) > 0 {
			chosen[o.location] = true
			for id, n := range missing {
				missing[id] -= min(n, o.has[id])
			}
		}
	}
	set := slices.DeleteFunc(slices.Clone(offers), func(o site) bool { return !chosen[o.location] })
	for { // some may not be needed once all are there
		if p := e.planOf(set); p != nil {
			return p
		}
		needed := e.needed(set)
		if len(needed) == len(set) {
			return nil
		}
		set = needed
	}
}

// needed is those of a set that give something.
func (e *errand) needed(set []site) []site {
	gives := map[core.LocationID]bool{}
	for _, id := range e.skus {
		wanted := e.demand[id]
		for _, o := range e.inOrder(set, id) {
			n := min(wanted, o.has[id])
			wanted -= n
			gives[o.location] = gives[o.location] || n > 0
		}
	}
	return slices.DeleteFunc(slices.Clone(set), func(o site) bool { return !gives[o.location] })
}
