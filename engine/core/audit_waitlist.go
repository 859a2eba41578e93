package core

// waitTally is what the places on waitlists say that people wait for.
type waitTally struct {
	items  []Quantity // by place of the record
	buyers []Quantity
}

// auditWaitlists walks the lines of a slot's sales: each place stands in one of them, behind those who came before it, and can be
// found; and what is counted is what they wait for.
func (a *auditor) auditWaitlists(s *slot) {
	d := &s.desk
	tally := waitTally{make([]Quantity, d.items.length), make([]Quantity, d.buyers.length)}
	served := 0
	for at := range d.items.length {
		if a.auditLine(s, at, &tally); d.items.at(at).waiters > 0 {
			served++
		}
	}
	home := MakeOrderID(s.id, false, 0)
	a.expect(Quantity(served), Quantity(len(d.lines)), Violation{Kind: ViolationWaitlist, Order: home})
	for at, waited := range tally.buyers {
		a.expect(waited, d.buyers.at(uint32(at)).waited, Violation{Kind: ViolationWaitlist, Order: home})
	}
	a.expect(Quantity(d.waiters.live), Quantity(a.waiters), Violation{Kind: ViolationWaitlist, Order: home})
	a.waiters = 0
}

func (a *auditor) auditLine(s *slot, at uint32, tally *waitTally) {
	d := &s.desk
	item := d.items.at(at)
	v := Violation{Kind: ViolationWaitlist, SKU: item.sku}
	previous, turn, number, count := uint32(0), uint32(0), Sequence(0), uint32(0)
	for next := item.first; next != 0 && count <= d.waiters.length; count++ {
		record := d.waiters.at(next - 1)
		customer, identities := record.texts()
		found, byNumber := s.findWaiter(item.sale, record.number)
		named, byName := s.findInLine(item.sale, item.sku, customer)
		if record.item != at || record.previous != previous || record.turn <= turn || record.number <= number ||
			!byNumber || !byName || found != next-1 || named != next-1 {
			v.Got = Quantity(record.number)
			a.violate(v)
		}
		tally.items[at] += Quantity(record.quantity)
		eachIdentity(customer, identities, func(kind IdentityKind, who customerHash) {
			if buyer, ok := s.findSaleBuyer(item.sale, kind, who); ok {
				tally.buyers[buyer] += Quantity(record.quantity)
			} else {
				a.violate(Violation{Kind: ViolationSaleBuyer, SKU: item.sku, Want: Quantity(record.quantity)})
			}
		})
		previous, turn, number, next = next, record.turn, record.number, record.next
	}
	a.waiters += count
	v.Got = 0
	a.expect(Quantity(previous), Quantity(item.last), v)
	a.expect(Quantity(count), Quantity(item.waiters), v)
	a.expect(tally.items[at], item.waited, v)
	if turn > item.joined {
		v.Want, v.Got = Quantity(turn), Quantity(item.joined)
		a.violate(v)
	}
}
