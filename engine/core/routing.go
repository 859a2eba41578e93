package core

// RoutingRule is one thing that a plan can be better in. The numbers are in journals and must not change.
type RoutingRule uint8

const (
	RulePreferred       RoutingRule = 1 // fewer units from locations that are not preferred
	RulePickup          RoutingRule = 2 // fewer units from elsewhere than where the customer fetches the order
	RuleFewestShipments RoutingRule = 3 // fewer locations
	RuleNearest         RoutingRule = 4 // fewer metres, over all shipments
	RuleLowestCost      RoutingRule = 5 // cost of all shipments, with the penalty for each but the first
	RulePromiseDate     RoutingRule = 6 // days until the last shipment is there
	RuleBalanceStock    RoutingRule = 7 // units from where most are left
	RulePriority        RoutingRule = 8 // units from locations of a higher priority

	LastRoutingRule = RulePriority
)

// RoutingStrategy says how a plan is chosen.
type RoutingStrategy uint8

const (
	StrategyRules RoutingStrategy = 0 // by the rules, each the tie-breaker of the one before
	StrategyCost  RoutingStrategy = 1 // by the cost of the whole order; the rules break ties
)

const (
	// MaxRules bounds the rules: each once.
	MaxRules = int(LastRoutingRule)
	// MaxPreferred bounds the preferred locations.
	MaxPreferred = 16
	// MaxShipmentsLimit bounds the limit of shipments that a policy may set.
	MaxShipmentsLimit = 100
)

// RoutingSettings are how orders are routed. Without a rule and a strategy of cost, locations are asked by their priority, and
// what they can ship does not count. They are never changed once they are made.
type RoutingSettings struct {
	Strategy     RoutingStrategy
	Rules        []RoutingRule // no two alike
	MaxShipments uint8         // 0 for no limit
	SplitPenalty uint32        // for each shipment but the first, in minor units
	NoSuppliers  bool          // locations of suppliers do not count
	Preferred    []LocationID
}

// RoutingImage is the policy at one instant.
type RoutingImage struct {
	Version  uint32 // 0 until it is set for the first time
	Changed  Sequence
	Settings RoutingSettings
}

// policy is the row of the table of routing, which every slot reads, and what is derived from it.
type policy struct {
	RoutingImage
	active bool // the router decides, and not the priority of locations alone
	rules  []RoutingRule
}

func (p *policy) set(image *RoutingImage) {
	p.RoutingImage = *image
	s := &p.Settings
	s.Rules, s.Preferred = append([]RoutingRule(nil), s.Rules...), append([]LocationID(nil), s.Preferred...)
	p.rules = s.Rules
	if s.Strategy == StrategyCost {
		p.rules = []RoutingRule{RuleLowestCost}
		for _, rule := range s.Rules {
			if rule != RuleLowestCost {
				p.rules = append(p.rules, rule)
			}
		}
	}
	p.active = len(p.rules) > 0
}

// decideRouting changes the policy. It may: every slot stands at this command.
func (m *Machine) decideRouting(st *Step) {
	if st.isStale(m.policy.Version) {
		return
	}
	settings := st.command.Routing
	for _, id := range settings.Preferred {
		if int(id) >= len(m.locations) {
			st.refuse(ReasonLocationNotFound)
			return
		}
	}
	m.policy.set(&RoutingImage{Version: m.policy.Version + 1, Changed: st.sequence, Settings: *settings})
	st.event.Kind, st.event.Routing = EventRoutingDefined, m.policy.RoutingImage
	st.Outcome.Changed = true
}

// ReadRouting gives the policy. Like every read of a table it may run in any slot.
func (m *Machine) ReadRouting(img *RoutingImage) { *img = m.policy.RoutingImage }

// RestoreRouting gives a new machine its policy. Locations are restored before it.
func (m *Machine) RestoreRouting(image *RoutingImage) bool {
	for _, id := range image.Settings.Preferred {
		if int(id) >= len(m.locations) {
			return false
		}
	}
	m.policy.set(image)
	return true
}

func (d Digest) addRouting(p *RoutingImage) Digest {
	s := &p.Settings
	flags := uint64(s.Strategy)<<1 | uint64(s.MaxShipments)<<8
	if s.NoSuppliers {
		flags |= 1
	}
	d = d.add(uint64(p.Version), uint64(p.Changed)).add(flags, uint64(s.SplitPenalty)).add(uint64(len(s.Rules)), uint64(len(s.Preferred)))
	for i, rule := range s.Rules {
		d = d.add(uint64(i), uint64(rule))
	}
	for i, id := range s.Preferred {
		d = d.add(uint64(i), uint64(id))
	}
	return d
}

func (d Digest) addShipping(s *Shipping) Digest {
	if s == nil {
		return d
	}
	cutOff := uint64(s.CutOff) << 1
	if s.HasCutOff {
		cutOff |= 1
	}
	d = d.add(uint64(s.Methods)<<8|uint64(s.HandlingDays)|uint64(s.DailyCapacity)<<16, cutOff).add(uint64(s.UTCOffset), uint64(s.CostPerUnit)).
		add(uint64(len(s.Channels)), uint64(len(s.Zones)))
	for i, channel := range s.Channels {
		d = d.add(uint64(i), uint64(channel))
	}
	for i := range s.Zones {
		z := &s.Zones[i]
		d = d.addBytes(z.Country[:]).addBytes(z.Postal[:]).add(uint64(z.TransitDays), uint64(z.Cost)).
			add(uint64(z.CostPerKilo), uint64(z.UpToGrams))
	}
	return d
}
