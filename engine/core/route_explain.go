package core

// RouteImage says why an order's units come from where they come: an explain record. It is told behind the order's own event, and
// nothing depends on it.
type RouteImage struct {
	Order      OrderID
	Policy     uint32        // version of the policy
	Rules      []RoutingRule // by which plans were compared, the first first
	Searched   RouteSearch
	Shipments  int           // of the plan
	Scores     []int64       // of the plan, by rule
	Found      int           // locations that had any of the units
	Candidates []RouteOption // of those the first MaxRouteOptions: of the plan, then eligible, then rejected; each by (priority, number)
}

// RouteOption is a location that had units of an order.
type RouteOption struct {
	Location LocationID
	Fate     Fate
	Chosen   bool
	Whole    int      // SKUs that it had all units of; like all that follows 0 unless it is eligible
	Units    Quantity // that it could give
	Scores   []int64  // that a shipment of these from there has, by rule
}

// RouteSearch says how far a plan was searched for.
type RouteSearch uint8

const (
	SearchedAll       RouteSearch = 0 // no plan of up to three locations is better
	SearchedPromising RouteSearch = 1 // nor of the most promising candidates: there were too many
	SearchedGreedily  RouteSearch = 2 // no three locations had everything

	LastRouteSearch = SearchedGreedily
)

// MaxRouteOptions bounds the locations that an explain record lists.
const MaxRouteOptions = 32

// explain fills the record of the plan that was found.
func (st *Step) explain(version uint32, img *RouteImage) {
	r := &st.router
	img.Policy, img.Searched, img.Shipments = version, SearchedAll, len(r.chosen)
	switch {
	case r.greedily:
		img.Searched = SearchedGreedily
	case r.narrow:
		img.Searched = SearchedPromising
	}
	img.Rules = append(img.Rules[:0], r.rules...)
	img.Scores = append(img.Scores[:0], r.best[:len(r.rules)]...)
	img.Found = len(r.candidates) + len(r.rejected)
	img.Candidates = resize(img.Candidates, min(MaxRouteOptions, img.Found))
	listed := 0
	list := func(at int, chosen bool) {
		if listed < len(img.Candidates) {
			r.option(at, chosen, &img.Candidates[listed])
			listed++
		}
	}
	for _, at := range r.chosen {
		list(int(at), true)
	}
	next := 0
	for at := range r.candidates {
		if next < len(r.chosen) && int(r.chosen[next]) == at {
			next++
			continue
		}
		list(at, false)
	}
	for i := range r.rejected {
		if listed < len(img.Candidates) {
			o := &img.Candidates[listed]
			*o = RouteOption{Location: r.rejected[i].location, Fate: r.rejected[i].fate, Scores: o.Scores[:0]}
			listed++
		}
	}
}

// option says what a candidate could have given, and at what scores.
func (r *router) option(at int, chosen bool, o *RouteOption) {
	*o = RouteOption{Location: r.candidates[at].location, Chosen: chosen, Scores: o.Scores[:0]}
	c := r.coverage(uint16(at))
	o.Whole, o.Units = c.whole, c.units
	for _, rule := range r.rules {
		n := r.fixed(rule, &r.candidates[at])
		for sku, wanted := range r.demand {
			n = min(worst, n+times(min(wanted, r.has[at*r.skus+sku]), r.ofUnit(rule, uint16(at), sku)))
		}
		o.Scores = append(o.Scores, n)
	}
}

// Preview fills ev with what a command that places an order or a hold would come to now, and changes nothing; the outcome's refusal
// stays valid until the step is used again. Like every read it runs between two commands; no time has passed for it, so holds
// whose deadline has come but was not told yet still count.
func (m *Machine) Preview(st *Step, c *Command, now Millis) (*Outcome, *Event, *RouteImage) {
	st.Begin(c, 0, now)
	st.newChannel = c.Channel == NewChannel
	for rest := c.Mask; rest != 0; rest &= rest - 1 {
		m.slots[maskFirst(rest)].gatherPlacement(st)
	}
	m.decidePlacement(st)
	return &st.Outcome, &st.event, &st.routed.Route
}

// IsRouted tells whether a policy of routing is set.
func (m *Machine) IsRouted() bool { return m.policy.active }
