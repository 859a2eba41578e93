package core_test

import (
	"fmt"
	"strings"

	"holdfast/engine/core"
)

var fateWords = map[core.Fate]string{
	core.FateSupplier: "a supplier", core.FateChannel: "not for the channel", core.FateMethod: "not by this method", core.FateZone: "does not ship there",
	core.FateCutOff: "too late", core.FateElsewhere: "it is fetched elsewhere", core.FateWeight: "the order is too heavy", core.FateAvoided: "the order leaves it",
	core.FateCapacity: "booked up that day",
}

// routeWords tells why an order is routed as it is: the scores of the plan, of the candidates alone, and who is none.
func (s *story) routeWords(r *core.RouteImage) string {
	scores := func(list []int64) string {
		var words []string
		for i, rule := range r.Rules {
			for name, known := range ruleNames {
				if known == rule {
					words = append(words, fmt.Sprintf("%s %d", name, list[i]))
				}
			}
		}
		return strings.Join(words, ", ")
	}
	var out strings.Builder
	fmt.Fprintf(&out, "  why: %s\n", scores(r.Scores))
	for _, o := range r.Candidates {
		switch name := s.locationName(o.Location); {
		case o.Fate != core.FateEligible:
			fmt.Fprintf(&out, "    %s no: %s\n", name, fateWords[o.Fate])
		case !o.Chosen:
			fmt.Fprintf(&out, "    %s has %d: %s\n", name, o.Units, scores(o.Scores))
		}
	}
	return out.String()
}
