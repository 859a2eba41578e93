package server

import (
	"strconv"

	"holdfast/engine/core"
)

// appendRouting appends the policy of routing; sequence is 0 where the answer around it says it.
func (s *Server) appendRouting(dst []byte, r *core.RoutingImage, sequence core.Sequence) []byte {
	settings := &r.Settings
	dst = appendTextField(dst, `{"strategy":`, routingStrategies[settings.Strategy])
	dst = append(dst, `,"rules":[`...)
	for i, rule := range settings.Rules {
		dst = appendText(appendComma(dst, i), routingRules[rule])
	}
	dst = append(dst, ']')
	if settings.MaxShipments == 0 {
		dst = append(dst, `,"max_shipments":null`...)
	} else {
		dst = appendNumberField(dst, `,"max_shipments":`, int(settings.MaxShipments))
	}
	dst = appendNumberField(dst, `,"split_penalty":`, settings.SplitPenalty)
	dst = appendBoolField(dst, `,"suppliers":`, !settings.NoSuppliers)
	dst = append(dst, `,"preferred":[`...)
	for i, id := range settings.Preferred {
		dst = s.appendLocation(appendComma(dst, i), id)
	}
	return appendVersioned(append(dst, ']'), r.Version, sequence)
}

// appendShipping appends what a location can ship.
func (s *Server) appendShipping(dst []byte, p *core.Shipping) []byte {
	dst = append(dst, `{"methods":[`...)
	for i, name := range DeliveryMethodNames(p.Methods) {
		dst = appendText(appendComma(dst, i), name)
	}
	dst = append(dst, `],"cut_off":`...)
	if p.HasCutOff {
		dst = append(appendMinute(append(dst, '"'), p.CutOff), '"')
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendNumberField(dst, `,"utc_offset_minutes":`, int(p.UTCOffset))
	dst = appendNumberField(dst, `,"handling_days":`, int(p.HandlingDays))
	dst = appendNumberField(dst, `,"cost_per_unit":`, p.CostPerUnit)
	dst = append(dst, `,"channels":[`...)
	for i, channel := range p.Channels {
		dst = s.appendChannel(appendComma(dst, i), channel)
	}
	dst = append(dst, `],"zones":[`...)
	for i := range p.Zones {
		z := &p.Zones[i]
		dst = append(appendComma(dst, i), '{')
		start := len(dst)
		if country := z.Country.String(); country != "" {
			dst = appendTextField(appendComma(dst, len(dst)-start), `"country":`, country)
		}
		if prefix := z.Postal.String(); prefix != "" {
			dst = appendTextField(appendComma(dst, len(dst)-start), `"postal_prefix":`, prefix)
		}
		dst = appendNumberField(appendComma(dst, len(dst)-start), `"transit_days":`, int(z.TransitDays))
		dst = appendNumberField(dst, `,"cost":`, z.Cost)
		dst = appendNumberField(dst, `,"cost_per_kg":`, z.CostPerKilo)
		if z.UpToGrams != 0 {
			dst = appendNumberField(dst, `,"up_to_grams":`, z.UpToGrams)
		}
		dst = append(dst, '}')
	}
	if p.DailyCapacity == 0 {
		return append(dst, `],"daily_capacity":null}`...)
	}
	return append(appendNumberField(dst, `],"daily_capacity":`, p.DailyCapacity), '}')
}

// appendMinute appends a minute of the day as HH:MM.
func appendMinute(dst []byte, minute uint16) []byte {
	hours, minutes := byte(minute/60), byte(minute%60)
	return append(dst, '0'+hours/10, '0'+hours%10, ':', '0'+minutes/10, '0'+minutes%10)
}

// routeSearches are how far a plan was searched for, by number.
var routeSearches = [...]string{core.SearchedAll: "all", core.SearchedPromising: "promising", core.SearchedGreedily: "greedy"}

// routeFates are why a location may not serve an order, by number.
var routeFates = [...]string{
	core.FateSupplier:  "supplier",
	core.FateChannel:   "channel",
	core.FateMethod:    "delivery_method",
	core.FateZone:      "destination",
	core.FateCutOff:    "cut_off",
	core.FateElsewhere: "pickup_elsewhere",
	core.FateWeight:    "too_heavy",
	core.FateAvoided:   "rerouted_from",
	core.FateCapacity:  "capacity",
}

// appendRoute appends an explain record.
func (s *Server) appendRoute(dst []byte, r *core.RouteImage) []byte {
	dst = appendNumberField(dst, `{"routing_version":`, r.Policy)
	dst = appendTextField(dst, `,"searched":`, routeSearches[r.Searched])
	dst = appendNumberField(dst, `,"shipments":`, r.Shipments)
	dst = appendScores(append(dst, `,"scores":`...), r.Rules, r.Scores)
	dst = appendNumberField(dst, `,"locations_found":`, r.Found)
	dst = append(dst, `,"candidates":[`...)
	for i := range r.Candidates {
		o := &r.Candidates[i]
		dst = s.appendLocation(append(appendComma(dst, i), `{"location":`...), o.Location)
		if o.Fate != core.FateEligible {
			dst = append(appendTextField(dst, `,"rejected":`, routeFates[o.Fate]), '}')
			continue
		}
		dst = appendBoolField(dst, `,"chosen":`, o.Chosen)
		dst = appendNumberField(dst, `,"whole_skus":`, o.Whole)
		dst = appendNumberField(dst, `,"units":`, o.Units)
		dst = append(appendScores(append(dst, `,"scores":`...), r.Rules, o.Scores), '}')
	}
	return append(dst, "]}"...)
}

// appendScores appends an object of the scores, a member for each rule in their order.
func appendScores(dst []byte, rules []core.RoutingRule, scores []int64) []byte {
	dst = append(dst, '{')
	for i, rule := range rules {
		dst = append(appendText(appendComma(dst, i), routingRules[rule]), ':')
		dst = strconv.AppendInt(dst, scores[i], 10)
	}
	return append(dst, '}')
}
