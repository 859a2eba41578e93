package core

import "slices"

// returnTally counts the records of returns that the orders of a slot refer to.
type returnTally struct{ returns, lines, refunds uint32 }

// tallyReturns checks the returns of an order, and what its lines count of them.
func (a *auditor) tallyReturns(s *slot, image *OrderImage) {
	life := image.Life
	tally := &a.returns[s.id]
	tally.returns += uint32(len(life.Returns))
	tally.lines += uint32(len(life.ReturnLines))
	tally.refunds += uint32(len(life.Refunds))
	life.EachReturn(func(_ int, r *ReturnImage, lines []ReturnLine, refunds []RefundImage) {
		if !r.canBe(lines) || !areLinesOf(image, lines) {
			a.violate(Violation{Kind: ViolationReturn, Order: image.ID})
		}
		for i := range refunds {
			if f := &refunds[i]; f.Amount < 1 || f.Amount > MaxAmount || f.Currency != r.Terms.Currency || f.Currency == (Currency{}) || f.Decided <= r.Created {
				a.violate(Violation{Kind: ViolationRefund, Order: image.ID})
			}
		}
		if r.isUnsettled() && !slices.Contains(s.unsettled, uint32(image.ID.Place())) {
			a.violate(Violation{Kind: ViolationUnsettled, Order: image.ID})
		}
	})
	for i := range life.Lines {
		l := &life.Lines[i]
		v := Violation{Kind: ViolationReturned, Order: image.ID, SKU: image.Lines[i].SKU}
		if n := l.inReturns(); n > l.Shipped {
			a.expect(l.Shipped, n, v)
		}
		if n := l.inReturns() - l.NeverArrived; n > l.Delivered {
			a.expect(l.Delivered, n, v)
		}
	}
}

// areLinesOf tells whether lines of a return are some of the order's, in their order.
func areLinesOf(image *OrderImage, lines []ReturnLine) bool {
	last := -1
	for i := range lines {
		if lines[i].Line <= last || lines[i].Line >= len(image.Lines) || lines[i].Reason < ReturnTooSmall || lines[i].Reason > LastReturnReason {
			return false
		}
		last = lines[i].Line
	}
	return len(lines) > 0
}

// canBe tells whether what is known of a return's units is what its status says.
func (r *ReturnImage) canBe(lines []ReturnLine) bool {
	var known, out Quantity
	for i := range lines {
		l := &lines[i]
		if l.Quantity < 1 || l.out() < 0 {
			return false
		}
		known += l.known()
		out += l.out()
	}
	fits := known == 0
	switch r.Status {
	case ReturnPartiallyReceived:
		fits = known > 0 && out > 0
	case ReturnReceived:
		fits = out == 0
	case ReturnInspected:
		fits = out == 0 && inQualityControl(lines) == 0
	case ReturnClosed:
		fits = known > 0
	}
	t := &r.Terms
	return fits && r.Status >= ReturnRequested && r.Status <= LastReturnStatus && r.Kind <= lastReturnKind && t.Policy <= lastRefundPolicy &&
		t.Remedy <= lastRemedy && t.Fee >= 0 && (!r.Settled || r.Status.isVoid() && t.Replacement != 0)
}
