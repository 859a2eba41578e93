package core

// What an order costs may be known only after it was made: of a hold once the buyer has chosen how it is sent, of what a waitlist offers at all. Then it is said
// of all lines at once, in the place of what was said before, until payments or returns go by it. It is of the order's version, as whoever says it has
// seen the lines.

// gatherPrice loads the order.
func (s *slot) gatherPrice(st *Step) {
	s.loadOrder(st)
	if s.id == st.home {
		const end = 1<<32 - 1
		st.full = s.accounts.length == end || s.amounts.length > end-MaxLines || s.revisions.length == end
	}
}

// decidePrice plans what the order costs from now on.
func (m *Machine) decidePrice(st *Step) {
	if !st.checkPlaced() || st.refusesLocked() {
		return
	}
	image := &st.event.Order
	switch {
	case image.pricesAreSettled():
		st.refuseOrder(ReasonPricesSettled)
	case len(st.command.Money.Amounts) != image.askedLines():
		st.refuseOrder(ReasonPriceMissing)
	case st.full:
		st.refuseOrder(ReasonTableFull)
	default:
		m.planPrice(st)
	}
}

// pricesAreSettled tells whether something goes by what the order costs: a payment that was asked for or reported, or a return.
func (o *OrderImage) pricesAreSettled() bool {
	return o.Account != nil && len(o.Account.Entries) > 0 || o.Life != nil && len(o.Life.Returns) > 0
}

// askedLines is how many lines an order has, without those of components.
func (o *OrderImage) askedLines() (n int) {
	for i := range o.Lines {
		if o.Lines[i].Role != LineOfComponent {
			n++
		}
	}
	return n
}

// planPrice makes the loaded image into the one that costs what the command says. A placed order that something is due of now has to be paid as if it had
// been placed now, unless it is to be paid by an instant already.
func (m *Machine) planPrice(st *Step) {
	c, ev := st.command, &st.event
	image := &ev.Order
	account := image.Account
	if account == nil {
		account = st.beginAccount()
	} else if image.HasMoney() && image.isCovered() {
		account.paidInTime(st.now) // while nothing was due
	}
	account.Currency, account.Extra, account.Amounts = c.Money.Currency, c.Money.Extra, account.Amounts[:0]
	asked := 0
	for i := range image.Lines {
		amount := int64(0)
		if image.Lines[i].Role != LineOfComponent {
			amount = c.Money.Amounts[asked]
			asked++
		}
		account.Amounts = append(account.Amounts, amount)
	}
	if image.Status == StatusPlaced && account.PayBy == 0 {
		m.payBy(st)
	}
	if len(c.Document) > 0 {
		image.HasDocument, image.Edited = true, st.sequence
	}
	ev.Kind, ev.Actor, ev.Note = EventOrderPriced, c.Actor, c.Life.Note
	image.Version++
	st.Outcome.Changed = true
}

// applyPrice writes down, in the home slot, what the order costs.
func (s *slot) applyPrice(st *Step, sink Sink) {
	if s.id != st.home {
		return
	}
	image := &st.event.Order
	s.orders.mut(st.place).version = image.Version
	s.storePrices(st.place, image)
	s.storeAccount(st.place, image)
	if image.Edited == st.sequence {
		s.revise(st.place, st.sequence)
	}
	sink.Event(&st.event)
}

// storePrices writes down what an order with an account costs, line by line and beside its lines. One without an account gets one.
func (s *slot) storePrices(order uint32, image *OrderImage) {
	place := s.makeAccount(order, image)
	if !image.HasMoney() {
		return
	}
	record := s.accounts.mut(place)
	record.currency, record.extra = image.Account.Currency, image.Account.Extra
	at, last := record.firstLine, uint32(0)
	for i := range image.Lines {
		if image.Lines[i].Role == LineOfComponent {
			continue
		}
		amount := image.Account.Amounts[i]
		switch {
		case at == 0:
			at = s.amounts.acquire() + 1
			*s.amounts.mut(at - 1) = amountRecord{amount: amount}
			if last == 0 {
				record.firstLine = at
			} else {
				s.amounts.mut(last - 1).next = at
			}
		case s.amounts.at(at-1).amount != amount:
			s.amounts.mut(at - 1).amount = amount
		}
		last, at = at, s.amounts.at(at-1).next
	}
}
