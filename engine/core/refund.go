package core

// A refund that was decided on for a return of an order with an account is asked for at once: the decision and the task are two records, as who decides is
// not who carries out. A task that fails is not asked for again; what was decided stays owed, and a person sees to it. Credit in the store is no task, and the
// merchant's own affair: there may be more of it than was paid.

// decided adds up what was decided to be given back for the order's returns, in the currency of its account: money, and credit in the store.
func (o *OrderImage) decided() (money, credit int64) {
	if o.Life == nil {
		return 0, 0
	}
	for i := range o.Life.Refunds {
		switch f := &o.Life.Refunds[i]; {
		case f.Currency != o.Account.Currency:
		case f.Credit:
			credit += f.Amount
		default:
			money += f.Amount
		}
	}
	return money, credit
}

// owed is what has to be given back in all, or was: what came in beyond what is due, and what was decided.
func (o *OrderImage) owed() int64 {
	sums := o.Account.Sums()
	money, _ := o.decided()
	return max(0, sums.Captured+sums.Adjusted-sums.ChargedBack-o.Due()) + money
}

// RefundDue is what has to be given back, and nobody does: it was not given back, and is not about to be.
func (o *OrderImage) RefundDue() int64 {
	if !o.HasMoney() {
		return 0
	}
	sums := o.Account.Sums()
	return max(0, o.owed()-sums.Refunded-sums.Refunding)
}

// refundable is the most that may still be decided to be given back: what came in, less what was given back, is about to be or is owed, and of no capture more
// than is left of it, so nothing that a bank is about to take back. What credit was given for is not given back once more; what was paid in another way goes
// into that first.
func (o *OrderImage) refundable() int64 {
	sums, open := o.Account.Sums(), int64(0)
	for i := range o.Account.Entries {
		if e := &o.Account.Entries[i]; e.Type == PaymentCapture && e.Status == EntrySucceeded {
			open += o.Account.openOf(i + 1)
		}
	}
	_, credited := o.decided()
	left := sums.Captured - sums.ChargedBack - max(sums.Refunded+sums.Refunding, o.owed())
	return max(0, min(open, left, left+sums.Adjusted-credited))
}

// checkRefund refuses to decide on more than there is, or in a currency that the order has not.
func (st *Step) checkRefund() bool {
	ask, image := st.command.Life.Return, &st.event.Order
	if !image.HasMoney() {
		return true
	}
	if ask.Currency != image.Account.Currency {
		st.refuseOrder(ReasonRefundCurrency)
		return false
	}
	if most := image.refundable(); !ask.Credit && ask.Amount > most {
		st.refuseAmount(ReasonDecisionTooLarge, 0, ask.Amount, most)
		return false
	}
	return true
}

// tallyDecided checks that each refund that was decided on is asked for once, and that nothing else is asked for in its name.
func (a *auditor) tallyDecided(image *OrderImage) {
	var decided, asked int64
	want := func(n, got int64) {
		a.expect(Quantity(n), Quantity(got), Violation{Kind: ViolationRefundTask, Order: image.ID})
	}
	for i := range image.Account.Entries {
		if e := &image.Account.Entries[i]; e.Decided {
			asked += e.Amount
		}
	}
	if image.Life != nil {
		for i := range image.Life.Refunds {
			f := &image.Life.Refunds[i]
			if f.Credit || f.Currency != image.Account.Currency {
				continue
			}
			decided += f.Amount
			want(f.Amount, image.Account.askedFor(f.Decided))
		}
	}
	want(decided, asked)
}

// askedFor adds up the tasks of the refund that a command decided on.
func (a *AccountImage) askedFor(decided Sequence) (sum int64) {
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Decided && e.Created == decided {
			sum += e.Amount
		}
	}
	return sum
}
