package core

import "testing"

// TestAuditTellsWhatIsWrongWithCases breaks the only oversold case: of 5 units of which 2 might be backordered 3 are left.
func TestAuditTellsWhatIsWrongWithCases(t *testing.T) {
	for _, test := range []struct {
		sabotage func(s *slot)
		want     func(id CaseID) Violation
	}{
		{
			func(s *slot) { s.cases.mut(0).left = 4 },
			func(id CaseID) Violation { return Violation{Kind: ViolationCase, SKU: id.SKU, Order: id.Order, Got: 4} },
		},
		{
			func(s *slot) { s.cases.mut(0).units, s.cases.mut(0).left = 6, 6 },
			func(id CaseID) Violation {
				return Violation{Kind: ViolationCase, SKU: id.SKU, Order: id.Order, Want: 5, Got: 6}
			},
		},
		{
			func(s *slot) { s.unresolved = 0 },
			func(id CaseID) Violation {
				return Violation{Kind: ViolationCase, Order: MakeOrderID(14, false, 0), Want: 1}
			},
		},
	} {
		s := newAuditShop(t)
		id := CaseID{s.slots[14].cases.at(0).order, s.slots[14].cases.at(0).sku}
		test.sabotage(&s.slots[14])
		if got := s.Audit().Violations; len(got) != 1 || got[0] != test.want(id) {
			t.Errorf("%+v, want %+v", got, test.want(id))
		}
	}
}

// TestVictimsAreLookedForInABoundedPart: of a slot with one order more than are looked at the first is not named, or the last if the first to come
// are asked for.
func TestVictimsAreLookedForInABoundedPart(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	sku := s.skuIn(7, SKUSettings{BackorderLimit: Unlimited})
	var ids []OrderID
	rank := func(policy VictimPolicy) VictimRanking {
		var r VictimRanking
		s.RankVictims(&VictimQuery{SKU: sku, Policy: policy, Most: 2 * VictimsLooked}, &r)
		return r
	}
	for range VictimsLooked {
		ids = append(ids, s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{sku, 1}}}))
	}
	if r := rank(VictimsNewest); !r.Complete || r.More || len(r.Victims) != VictimsLooked || r.Victims[0].Order != ids[len(ids)-1] {
		t.Errorf("%d of %d orders, complete %t", len(r.Victims), len(ids), r.Complete)
	}
	ids = append(ids, s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{sku, 1}}}))
	if r := rank(VictimsNewest); r.Complete || len(r.Victims) != VictimsLooked || r.Victims[len(r.Victims)-1].Order != ids[1] {
		t.Errorf("%d of %d orders, complete %t, the last %d", len(r.Victims), len(ids), r.Complete, r.Victims[len(r.Victims)-1].Order)
	}
	if r := rank(VictimsOldest); r.Complete || r.Victims[0].Order != ids[0] || r.Victims[len(r.Victims)-1].Order != ids[len(ids)-2] {
		t.Errorf("oldest first: %d orders, complete %t, from %d", len(r.Victims), r.Complete, r.Victims[0].Order)
	}
}
