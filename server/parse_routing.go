package server

import (
	"math"
	"slices"
	"strconv"

	"holdfast/engine/core"
)

// deliveryMethods are the names of the delivery methods, by number.
var deliveryMethods = [...]string{
	core.MethodStandard: "standard",
	core.MethodExpress:  "express",
	core.MethodSameDay:  "same_day",
	core.MethodPickup:   "pickup",
}

// routingRules are the names of the rules of routing, by number.
var routingRules = [...]string{
	core.RulePreferred:       "preferred",
	core.RulePickup:          "pickup",
	core.RuleFewestShipments: "fewest_shipments",
	core.RuleNearest:         "nearest",
	core.RuleLowestCost:      "lowest_cost",
	core.RulePromiseDate:     "promise_date",
	core.RuleBalanceStock:    "balance_stock",
	core.RulePriority:        "priority",
}

// routingStrategies are the names of the strategies of routing, by number.
var routingStrategies = [...]string{core.StrategyRules: "rules", core.StrategyCost: "cost"}

func (in *intake) parseDeliveryMethod() {
	in.command.Destination.Method = core.DeliveryMethod(in.oneOf(deliveryMethods[:]))
}

// routeTo tells routing of an address what it asks for: country, position, and the letters and digits of the postal code.
func (in *intake) routeTo(a *address) {
	to := &in.command.Destination
	copy(to.Country[:], a.country)
	if to.HasPosition = a.latitude != nil && a.longitude != nil; to.HasPosition {
		to.LatitudeE7 = int32(math.Round(a.north * degreesE7))
		to.LongitudeE7 = int32(math.Round(a.east * degreesE7))
	}
	to.Postal, _ = compactPostal(a.postalCode)
}

// compactPostal keeps the letters and digits of a postal code, in capitals. fits is false when there are more than routing compares, or
// others than those, hyphens and spaces.
func compactPostal(text []byte) (p core.PostalCode, fits bool) {
	n := 0
	fits = true
	for _, b := range text {
		switch {
		case b >= 'a' && b <= 'z':
			b -= 'a' - 'A'
		case b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		default:
			fits = fits && (b == ' ' || b == '-')
			continue
		}
		if n == len(p) {
			return p, false
		}
		p[n] = b
		n++
	}
	return p, fits
}

// list calls read for each item of an array of at most so many.
func (in *intake) list(most int, read func()) {
	if !in.array() {
		return
	}
	count := 0
	for in.more() {
		if count++; count > most {
			in.skipRest()
			in.report(codeInvalidLength, "must have at most "+strconv.Itoa(most)+" items")
			return
		}
		read()
	}
}

// parseShipping reads what a location can ship. The names of its channels are left in names.
func (in *intake) parseShipping() *core.Shipping {
	s := &core.Shipping{}
	if !in.object() {
		return nil
	}
	for in.more() {
		switch string(in.name()) {
		case "methods":
			in.list(len(deliveryMethods), func() { in.methodOnce(s) })
		case "cut_off":
			if s.HasCutOff = !in.null(); s.HasCutOff {
				s.CutOff = in.minute()
			}
		case "utc_offset_minutes":
			s.UTCOffset = int16(in.integer(-core.MaxUTCOffset, core.MaxUTCOffset))
		case "handling_days":
			s.HandlingDays = uint8(in.integer(0, core.MaxHandlingDays))
		case "cost_per_unit":
			s.CostPerUnit = in.shippingCost()
		case "channels":
			in.list(core.MaxLocationChannels, in.nameOnce)
		case "daily_capacity":
			s.DailyCapacity = 0
			if !in.null() {
				s.DailyCapacity = uint32(in.integer(1, core.MaxDailyCapacity))
			}
		case "zones":
			in.list(core.MaxZones, func() { in.zoneRow(s) })
		default:
			in.unknown()
		}
	}
	return s
}

// methodOnce reads a delivery method of a list in which none is twice.
func (in *intake) methodOnce(s *core.Shipping) {
	method := core.DeliveryMethods(1) << in.oneOf(deliveryMethods[:]) & core.AllMethods
	if s.Methods&method != 0 {
		in.report(codeOutOfRange, "is there already")
	}
	s.Methods |= method
}

func (in *intake) shippingCost() uint32 { return uint32(in.integer(0, core.MaxShippingCost)) }

// minute reads a time of day as HH:MM.
func (in *intake) minute() uint16 {
	text := in.text(&identifierRule)
	if len(text) == 5 && text[2] == ':' && text[0] <= '2' && text[3] <= '5' {
		hour, wholeHour, _ := parseInteger(text[:2])
		minute, wholeMinute, _ := parseInteger(text[3:])
		if wholeHour && wholeMinute && hour >= 0 && hour < 24 && minute >= 0 {
			return uint16(hour*60 + minute)
		}
	}
	if len(text) > 0 {
		in.report(codeOutOfRange, "must be a time of day from 00:00 to 23:59")
	}
	return 0
}

// nameOnce reads a name of a list in which none is twice.
func (in *intake) nameOnce() {
	name := in.text(&nameRule)
	for _, other := range in.names {
		if len(name) > 0 && string(other) == string(name) {
			in.report(codeOutOfRange, "is there already")
			return
		}
	}
	in.names = append(in.names, name)
}

// zoneRow reads a row of the table of zones. Of two rows alike the second would never count.
func (in *intake) zoneRow(s *core.Shipping) {
	z, ok := in.zone()
	for i := range s.Zones {
		if o := &s.Zones[i]; ok && o.Country == z.Country && o.Postal == z.Postal && o.UpToGrams == z.UpToGrams {
			in.report(codeOutOfRange, "is there already, with this country, postal_prefix and up_to_grams")
			return
		}
	}
	s.Zones = append(s.Zones, z)
}

func (in *intake) zone() (z core.Zone, ok bool) {
	if !in.object() {
		return z, false
	}
	known := len(in.faults)
	for in.more() {
		switch string(in.name()) {
		case "country":
			copy(z.Country[:], in.text(&countryRule))
		case "postal_prefix":
			z.Postal = in.postalPrefix()
		case "transit_days":
			z.TransitDays = uint8(in.integer(0, core.MaxHandlingDays))
		case "cost":
			z.Cost = in.shippingCost()
		case "cost_per_kg":
			z.CostPerKilo = in.shippingCost()
		case "up_to_grams":
			z.UpToGrams = 0
			if !in.null() {
				z.UpToGrams = uint32(in.integer(1, core.MaxZoneWeight))
			}
		default:
			in.unknown()
		}
	}
	return z, len(in.faults) == known
}

func (in *intake) postalPrefix() core.PostalCode {
	p, fits := compactPostal(in.text(&titleRule))
	if !fits {
		in.report(codeInvalidCharacters, "must be at most 10 letters and digits; spaces and hyphens do not count")
	}
	return p
}

// parseRouting reads the body of PUT /v1/routing. Every setting has a default. The names of preferred locations are left in names.
func (in *intake) parseRouting(body []byte) {
	in.begin(core.CommandDefineRouting, body)
	s := &core.RoutingSettings{}
	in.command.Routing = s
	if in.object() {
		for in.more() {
			in.routingField(s, in.name())
		}
		if slices.Contains(s.Rules, core.RulePreferred) && len(in.names) == 0 {
			in.faultIn("preferred", codeMissingField, "is required with the rule preferred, and names one location at least")
		}
	}
	in.end()
}

func (in *intake) routingField(s *core.RoutingSettings, name []byte) {
	switch string(name) {
	case "strategy":
		s.Strategy = core.RoutingStrategy(in.oneOf(routingStrategies[:]))
	case "rules":
		in.list(core.MaxRules, func() { in.routingRule(s) })
	case "max_shipments":
		s.MaxShipments = 0
		if !in.null() {
			s.MaxShipments = uint8(in.integer(1, core.MaxShipmentsLimit))
		}
	case "split_penalty":
		s.SplitPenalty = in.shippingCost()
	case "suppliers":
		s.NoSuppliers = !in.boolean()
	case "preferred":
		in.list(core.MaxPreferred, in.nameOnce)
	default:
		in.unknown()
	}
}

func (in *intake) routingRule(s *core.RoutingSettings) {
	rule := core.RoutingRule(in.oneOf(routingRules[:]))
	for _, other := range s.Rules {
		if other == rule && rule != 0 {
			in.report(codeOutOfRange, "is there already: a rule can break ties only once")
			return
		}
	}
	s.Rules = append(s.Rules, rule)
}
