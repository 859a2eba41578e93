package core

// auditCases compares a slot's cases with the orders that wait.
func (a *auditor) auditCases(s *slot) {
	open := uint32(0)
	for place := range s.cases.length {
		r := s.cases.at(place)
		v := Violation{Kind: ViolationCase, SKU: r.sku, Order: r.order}
		if found, ok := s.findCase(CaseID{r.order, r.sku}); !ok || found != place || r.left < 0 || r.left > r.units {
			v.Got = r.left
			a.violate(v)
		}
		if r.left == 0 {
			continue
		}
		open++
		waits := Quantity(0)
		if at, ok := s.findWaiting(r.sku, r.order); ok {
			waits = s.waiting.at(at).units
		}
		if r.left > waits {
			v.Want, v.Got = waits, r.left
			a.violate(v)
		}
	}
	a.expect(Quantity(open), Quantity(s.unresolved), Violation{Kind: ViolationCase, Order: MakeOrderID(s.id, false, 0)})
}
