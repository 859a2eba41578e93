package core

// An exchange has a difference: what the replacement costs beyond what comes back. With the fee for restocking it is due of the order that the units come from,
// or given back. The replacement is an order of its own and has no account.

// ValueOfReturn is what the units of a return cost, by the prices of the order: those of a line that come back are its first ones, in the order of the returns.
// It is false where nobody knows, as the order has no prices or some components come back that are no whole kits.
func (o *OrderImage) ValueOfReturn(number int) (value int64, known bool) {
	if !o.HasMoney() || o.Life == nil || number > len(o.Life.Returns) {
		return 0, false
	}
	before, after := o.returnedUntil(number-1), o.returnedUntil(number)
	for i, amount := range o.Account.Amounts {
		l := &o.Lines[i]
		if l.Role == LineOfComponent {
			continue
		}
		from, whole := o.soldUnits(i, before)
		to, stillWhole := o.soldUnits(i, after)
		if !whole || !stillWhole {
			return 0, false
		}
		value += valueOf(amount, to, l.Quantity) - valueOf(amount, from, l.Quantity)
	}
	return value, true
}

// returnedUntil is how many units of each line are in the first so many returns, but for those that came to nothing. Of one that was closed only those count
// of which it is known what became of them.
func (o *OrderImage) returnedUntil(number int) []Quantity {
	units := make([]Quantity, len(o.Lines))
	o.Life.EachReturn(func(n int, r *ReturnImage, lines []ReturnLine, _ []RefundImage) {
		if n > number || r.Status.isVoid() {
			return
		}
		for i := range lines {
			if l := &lines[i]; r.Status.hasEnded() {
				units[l.Line] += l.known()
			} else {
				units[l.Line] += l.Quantity
			}
		}
	})
	return units
}

// soldUnits is how many of a line's units, or of its kits, some units are; it is false of components that are no whole kits.
func (o *OrderImage) soldUnits(line int, units []Quantity) (n Quantity, whole bool) {
	if o.Lines[line].Role != LineOfKits {
		return units[line], true
	}
	whole = true
	for i := line + 1; i < len(o.Lines) && o.Lines[i].Role == LineOfComponent; i++ {
		each := o.Lines[i].Quantity / o.Lines[line].Quantity
		if i == line+1 {
			n = units[i] / each
		}
		whole = whole && units[i] == n*each
	}
	return n, whole
}

// exchangeOf is what an exchange leaves to be paid, or to be given back if it is less than nothing.
func (o *OrderImage) exchangeOf(r *ReturnImage) int64 {
	if t := &r.Terms; t.Replacement != 0 && t.Currency == o.Account.Currency && !r.Status.isVoid() {
		return t.Difference + t.Fee
	}
	return 0
}

// exchanged is what is to be paid for all exchanges.
func (o *OrderImage) exchanged() (due int64) {
	if o.Life == nil {
		return 0
	}
	for i := range o.Life.Returns {
		due += max(0, o.exchangeOf(&o.Life.Returns[i]))
	}
	return due
}

// wasted is what was decided to be given for returns that came to nothing.
func (l *LifeImage) wasted() (sum int64) {
	at := 0
	for i := range l.Returns {
		for _, f := range l.Refunds[at : at+l.Returns[i].Refunds] {
			if l.Returns[i].Status.isVoid() {
				sum += f.Amount
			}
		}
		at += l.Returns[i].Refunds
	}
	return sum
}

// refundDifference decides that what an exchange leaves is given back, once, as soon as the policy says so, and as far as it was paid. What was given for
// returns that came to nothing counts: who calls off one exchange after the other gets the difference once.
func (st *Step) refundDifference() {
	image, number := &st.event.Order, st.event.Return
	r := &image.Life.Returns[number-1]
	if !image.HasMoney() || r.Refunds > 0 || r.Terms.Policy == RefundManually || !r.mayRefund() {
		return
	}
	left, credit := -image.exchangeOf(r)-image.Life.wasted(), r.Terms.Remedy == RemedyCredit
	if !credit {
		left = min(left, image.refundable())
	}
	switch {
	case left <= 0:
	case st.full:
		st.undo(ReasonTableFull)
	default:
		image.Life.addRefund(number, RefundImage{
			Credit: credit, Amount: left, Currency: r.Terms.Currency, Decided: st.sequence, At: st.now, By: st.command.Actor,
		})
	}
}
