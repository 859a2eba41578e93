package core

// A provider reports what became of a payment, in its own time: late, twice, and in any order. An entry is what the last report on it says, so
// repeated and late ones are harmless. An entry is known by (provider, reference, type). A report on a task names the number of its entry, which takes
// the provider's reference with that.
//
// Of an order that has left memory nobody knows here whether the report is new, or what follows from it. It is told as it came, so that whoever keeps the
// books can see to it: a chargeback comes months after the order was closed. A host that expects a version hears that the account is closed.

// decideReport works out what the report changes.
func (m *Machine) decideReport(st *Step) {
	if st.gone && st.command.ExpectedVersion == 0 {
		st.tellLate()
		return
	}
	if !st.checkOrder() || !st.checkMoney(st.command.Payment) {
		return
	}
	c, image := st.command, &st.event.Order
	p := c.Payment
	if p.At > st.now+MaxReportAhead {
		st.refuseOrder(ReasonReportAhead)
		return
	}
	at, ok := st.findEntry()
	if !ok {
		return
	}
	if at < len(image.Account.Entries) && !image.Account.Entries[at].isOlder(p) {
		return
	}
	if st.full {
		st.refuseOrder(ReasonTableFull)
		return
	}
	st.planReport(m, at)
}

// tellLate plans to tell of a report on an order that has left memory.
func (st *Step) tellLate() {
	c, ev := st.command, &st.event
	st.Outcome.Order = c.Order
	if c.Payment.At > st.now+MaxReportAhead {
		st.refuse(ReasonReportAhead).Order = c.Order
		return
	}
	st.Outcome.Changed = true
	ev.Kind, ev.Noted, ev.Actor, ev.Note, ev.Late = EventPaymentLate, c.Order, c.Actor, c.Payment.Note, c.Payment
}

// checkMoney refuses a command on an order that nobody knows the price of, or with an amount in another currency.
func (st *Step) checkMoney(p *PaymentRequest) bool {
	image := &st.event.Order
	switch {
	case !image.HasMoney():
		st.refuseOrder(ReasonNoAccount)
	case p.Currency != image.Account.Currency:
		st.refuseOrder(ReasonCurrencyMismatch)
	}
	return st.Outcome.Reason == ReasonNone
}

// findEntry gives the place of the entry that a report is about: one behind the last for a new one. It refuses what does not fit it.
func (st *Step) findEntry() (at int, ok bool) {
	p, account := st.command.Payment, st.event.Order.Account
	known := account.find(p)
	at = known
	if p.Entry > 0 {
		at = p.Entry - 1
		if at >= len(account.Entries) || !account.Entries[at].Task || account.Entries[at].Type != p.Type {
			st.refuseOrder(ReasonPaymentNotFound)
			return 0, false
		}
	}
	if at == len(account.Entries) {
		return at, st.checkOwner()
	}
	e := &account.Entries[at]
	renamed := len(e.Reference) > 0 && (string(e.Reference) != string(p.Reference) || string(e.Provider) != string(p.Provider))
	if e.Amount != p.Amount || renamed || known < len(account.Entries) && known != at {
		st.refuseAmount(ReasonPaymentChanged, at, p.Amount, e.Amount)
		return 0, false
	}
	return at, true
}

// checkOwner refuses a new entry that belongs to none of the ledger's that it could belong to.
func (st *Step) checkOwner() bool {
	p, account := st.command.Payment, st.event.Order.Account
	if p.Of != 0 && (p.Of > len(account.Entries) || account.Entries[p.Of-1].Type != p.Type.Owner()) {
		st.refuseOrder(ReasonPaymentNotFound)
		return false
	}
	return true
}

// find gives the place of the entry that a report is known by; one behind the last for none.
func (a *AccountImage) find(p *PaymentRequest) int {
	for i := range a.Entries {
		e := &a.Entries[i]
		if e.Type == p.Type && string(e.Provider) == string(p.Provider) && string(e.Reference) == string(p.Reference) {
			return i
		}
	}
	return len(a.Entries)
}

// isOlder tells whether the report is later than what the entry says. Of a task nobody has reported on yet everything is.
func (e *PaymentEntry) isOlder(p *PaymentRequest) bool {
	if len(e.Reference) == 0 {
		return true
	}
	return p.At > e.At || p.At == e.At && p.Status > e.Status
}

// refuseAmount refuses an amount, and tells the one that there is.
func (st *Step) refuseAmount(reason Reason, at int, requested, available int64) {
	st.refuseOrder(reason)
	st.refusal.Lines = append(st.refusal.Lines, RefusedLine{Index: at, Requested: Quantity(requested), Available: Quantity(available)})
}

// planReport makes the loaded image into the one after the report.
func (st *Step) planReport(m *Machine, at int) {
	c, ev := st.command, &st.event
	p, account := c.Payment, ev.Order.Account
	if at == len(account.Entries) {
		if !account.hasRoom(p.Type, false) || st.isAnotherAttempt(p) && account.attempts() >= MaxAttempts {
			st.refuseOrder(ReasonPaymentsFull)
			return
		}
		account.Entries = append(account.Entries, PaymentEntry{Type: p.Type, Of: p.Of, Amount: p.Amount, Created: st.sequence, CreatedAt: st.now})
	}
	covered := ev.Order.isCovered()
	e := &account.Entries[at]
	had := *e
	e.Status, e.At, e.Provider, e.Reference, e.Note = p.Status, p.At, p.Provider, p.Reference, p.Note
	if !st.checkSums(at, &had) {
		return
	}
	if covered {
		account.paidInTime(st.now)
	}
	ev.Kind, ev.Actor, ev.Note, ev.Payment = EventPaymentReported, c.Actor, p.Note, at+1
	ev.Order.Version++
	st.Outcome.Changed = true
	st.endLockOf(p)
	m.settle(st)
}

// isAnotherAttempt tells whether a report begins one of the entries that MaxAttempts bounds. One that ends a lock is taken, so that nobody waits for a payment that has failed.
func (st *Step) isAnotherAttempt(p *PaymentRequest) bool {
	return p.Type.mayBeUndone() && p.Status != EntrySucceeded && !st.endsLock(p)
}

// checkSums refuses a report with which more would have been given back than came in, or more captured of an authorization than it is of.
func (st *Step) checkSums(at int, had *PaymentEntry) bool {
	account := st.event.Order.Account
	e, sums := &account.Entries[at], account.Sums()
	out := sums.Refunded
	if e.Type == PaymentRefund && e.Status.counts() {
		out += sums.Refunding
	}
	if out > sums.Captured {
		st.refuseAmount(ReasonRefundTooLarge, at, out, sums.Captured)
		return false
	}
	if e.Type == PaymentCapture && e.Of > 0 && e.Status.counts() && !had.Status.counts() {
		if rest := account.Entries[e.Of-1].Amount - account.takenOf(e.Of) + e.Amount; e.Amount > rest {
			st.refuseAmount(ReasonPaymentTooLarge, at, e.Amount, max(0, rest))
			return false
		}
	}
	return true
}
