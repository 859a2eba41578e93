package core

// Somebody may ask for a capture, a refund or a void, beside what is asked for by itself. With that there are tasks in the ledger: one, or where the
// amount is more than one authorization or capture has left, one for each.

// decideRequest plans the tasks.
func (m *Machine) decideRequest(st *Step) {
	if !st.checkOrder() {
		return
	}
	image, p := &st.event.Order, st.command.Payment
	if p.Type == PaymentCapture {
		if _, reason := transition(CommandRequestPayment, image.Status); reason != ReasonNone {
			st.refuseOrder(reason)
			return
		}
		if image.capturesWait() {
			st.refuseOnHold()
			return
		}
	}
	if p.Currency == (Currency{}) && image.HasMoney() {
		p = st.inCurrency(image.Account.Currency)
	}
	if !st.checkMoney(p) || !st.checkRequest(p) {
		return
	}
	if st.full {
		st.refuseOrder(ReasonTableFull)
		return
	}
	st.planRequest(p)
}

// inCurrency is what the command asks for, which named no currency as it named no amount.
func (st *Step) inCurrency(currency Currency) *PaymentRequest {
	st.requested = *st.command.Payment
	st.requested.Currency = currency
	return &st.requested
}

// checkRequest refuses what is not there to be captured, given back or made void.
func (st *Step) checkRequest(p *PaymentRequest) bool {
	account := st.event.Order.Account
	if p.Of != 0 && !st.ownsTasks(p) {
		st.refuseOrder(ReasonPaymentNotFound)
		return false
	}
	sums := account.Sums()
	in, out := sums.Captured-sums.ChargedBack, sums.Refunded+sums.Refunding+p.Amount
	if p.Type == PaymentRefund && out > in {
		st.refuseAmount(ReasonRefundTooLarge, len(account.Entries), out, in)
		return false
	}
	if most := st.possible(p); st.wanted(p) == 0 || p.Amount > most {
		st.refuseAmount(ReasonPaymentTooLarge, len(account.Entries), p.Amount, most)
		return false
	}
	return true
}

// ownsTasks tells whether tasks of the request's type may belong to the entry that it names.
func (st *Step) ownsTasks(p *PaymentRequest) bool {
	for _, number := range st.event.Order.Account.owners(p.Type) {
		if number == p.Of {
			return true
		}
	}
	return false
}

// possible is the most that a request may be about.
func (st *Step) possible(p *PaymentRequest) int64 {
	account := st.event.Order.Account
	sums := account.Sums()
	most := sums.Open()
	if p.Type == PaymentRefund {
		most = sums.Refundable()
	}
	if p.Of != 0 {
		most = min(most, account.openOf(p.Of))
	}
	return most
}

// wanted is the amount of a request. All of a capture is what is due and was not paid otherwise, and nobody has captured.
func (st *Step) wanted(p *PaymentRequest) int64 {
	if p.Amount != 0 {
		return p.Amount
	}
	most := st.possible(p)
	if p.Type == PaymentCapture {
		most = min(most, st.event.Order.leftToCapture())
	}
	return most
}

// planRequest makes the loaded image into the one with the tasks. The event tells of the first of them.
func (st *Step) planRequest(p *PaymentRequest) {
	c, ev := st.command, &st.event
	account := ev.Order.Account
	had, owners := len(account.Entries), []int{p.Of}
	if p.Of == 0 {
		owners = account.owners(p.Type)
	}
	if !account.ask(p.Type, st.wanted(p), owners, ev.Order.hasEnded(), st.sequence, st.now) || len(account.Entries) == had {
		st.refuseOrder(ReasonPaymentsFull)
		return
	}
	for i := had; i < len(account.Entries); i++ {
		account.Entries[i].Note, account.Entries[i].Asked = p.Note, true
	}
	ev.Kind, ev.Actor, ev.Note, ev.Payment = EventPaymentRequested, c.Actor, p.Note, had+1
	ev.Order.Version++
	st.Outcome.Changed = true
	st.tasks = len(account.Entries) - had - 1
}

// gatherPayment loads the order.
func (s *slot) gatherPayment(st *Step) {
	s.loadOrder(st)
	if s.id == st.home {
		const end = 1<<32 - 1
		st.full = s.accounts.length == end || s.entries.length > end-MaxPayments || s.texts.length > end-MaxPayments*textPageBytes
	}
}

// applyPayment writes down, in the home slot, what became of the order's money. Where its deadline is another one now, its parts hear of it.
func (s *slot) applyPayment(st *Step, sink Sink) {
	image := &st.event.Order
	if st.event.Kind == EventPaymentLate {
		if s.id == st.home {
			sink.Event(&st.event)
		}
		return
	}
	if s.id != st.home {
		if image.Status == StatusHeld {
			s.movePart(image)
		}
		return
	}
	record := s.orders.mut(st.place)
	record.version = image.Version
	if record.deadline != image.Deadline {
		record.deadline = image.Deadline
		s.due.push(dueRecord{deadline: image.Deadline, order: image.ID, place: st.place})
	}
	hadTasks := s.hasTasks(st.place)
	s.storeAccount(st.place, image)
	if hasTasks := s.hasTasks(st.place); image.Status.IsClosed() && hasTasks != hadTasks {
		if hasTasks {
			s.reopenOrder(st.place)
		} else {
			s.closeOrder(st.place, st.now)
		}
	}
	sink.Event(&st.event)
	s.tellTasks(&st.event, st.tasks, sink)
}
