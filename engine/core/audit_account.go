package core

// tallyAccount checks what an order costs and its ledger, and counts their records.
func (a *auditor) tallyAccount(s *slot, image *OrderImage) {
	account := image.Account
	if account == nil {
		return
	}
	place, _ := s.findAccount(uint32(image.ID.Place()))
	record := s.accounts.at(place)
	a.entries[s.id] += uint32(len(account.Entries))
	for at := record.firstLine; at != 0; at = s.amounts.at(at - 1).next {
		a.amounts[s.id]++
	}
	v := Violation{Kind: ViolationAccount, Order: image.ID}
	if account.HasMoney() && !(&OrderMoney{Extra: account.Extra, Amounts: account.Amounts}).IsValid() {
		a.violate(v)
	}
	if !account.HasMoney() && (len(account.Entries) > 0 || account.PayBy != 0) {
		a.violate(v)
	}
	a.tallyLock(record, image)
	a.tallyLedger(image, record.tasks)
	if account.HasMoney() {
		a.tallyDecided(image)
	}
}

// tallyLock checks that a locked hold lives as long as its lock.
func (a *auditor) tallyLock(record *accountRecord, image *OrderImage) {
	lock := &image.Account.Lock
	if want := max(lock.Until, lock.Deadline); image.Status == StatusHeld && lock.Until != 0 && image.Deadline != want {
		a.expect(Quantity(want), Quantity(image.Deadline), Violation{Kind: ViolationLock, Order: image.ID})
	}
	if record.until == 0 && record.deadline != 0 || image.Status.isSold() && lock.Until != 0 {
		a.violate(Violation{Kind: ViolationLock, Order: image.ID})
	}
}

// tallyLedger checks that the entries of a ledger fit each other, that no more went out than came in, and that all tasks are counted.
func (a *auditor) tallyLedger(image *OrderImage, counted uint8) {
	v := Violation{Kind: ViolationLedger, Order: image.ID}
	tasks := 0
	for i := range image.Account.Entries {
		e := &image.Account.Entries[i]
		if e.Type < PaymentAuthorization || e.Type > LastPaymentType || e.Status < EntryRequested || e.Status > LastEntryStatus ||
			e.Amount == 0 || e.Amount < 0 && e.Type != PaymentAdjustment || e.Amount > MaxAmount || e.Amount < -MaxAmount {
			a.violate(v)
		}
		if e.Of > len(image.Account.Entries) || e.Of == i+1 || e.Of != 0 && image.Account.Entries[e.Of-1].Type != e.Type.Owner() {
			a.violate(v)
		}
		if e.isTask() {
			tasks++
		}
		if !e.Task && (len(e.Reference) == 0 || e.Decided || e.Asked) || e.Task && e.Of == 0 {
			a.violate(v)
		}
	}
	a.expect(Quantity(tasks), Quantity(counted), v)
	if sums := image.Account.Sums(); sums.Refunded > sums.Captured {
		a.expect(Quantity(sums.Captured), Quantity(sums.Refunded), v)
	}
}

// auditAccounts checks that each account is that of an order which knows of it, and that no record is lost.
func (a *auditor) auditAccounts(s *slot) {
	accounts := uint32(0)
	for place := range s.accounts.length {
		record := s.accounts.at(place)
		if record.order == 0 {
			continue
		}
		accounts++
		order := record.order - 1
		if order >= s.orders.length || !s.orders.isHere(order>>pageShift) {
			a.violate(Violation{Kind: ViolationAccount, Order: MakeOrderID(s.id, false, order)})
			continue
		}
		v := Violation{Kind: ViolationAccount, Order: s.idOf(order)}
		if found, ok := s.findAccount(order); !ok || found != place {
			a.violate(v)
		}
		a.expect(Quantity(s.pricedLines(record)), Quantity(s.amountsOf(record)), v)
	}
	a.checkLive(s, accounts, s.accounts.live)
	a.checkLive(s, a.amounts[s.id], s.amounts.live)
	a.checkLive(s, a.entries[s.id], s.entries.live)
}

// pricedLines is how many lines of an account's order cost something.
func (s *slot) pricedLines(record *accountRecord) (n int) {
	if record.currency == (Currency{}) {
		return 0
	}
	order := s.orders.at(record.order - 1)
	for i := range uint32(order.lines) {
		if s.lines.at(order.firstLine+i).role() != LineOfComponent {
			n++
		}
	}
	return n
}

// amountsOf is how many amounts an account has.
func (s *slot) amountsOf(record *accountRecord) (n int) {
	for at := record.firstLine; at != 0; at = s.amounts.at(at - 1).next {
		n++
	}
	return n
}
