package core

// An edit of an order with an account says what each line costs that it adds, and by how much it changes what the order costs beside its lines, or what that
// is then. What is taken off is not due any more, as when lines are cancelled.

// checkPrices refuses an edit whose prices do not go with the order's account.
func (st *Step) checkPrices() bool {
	money, image := st.command.Money, &st.event.Order
	switch {
	case money == nil && image.HasMoney() && len(st.command.Lines) > 0:
		st.refuseOrder(ReasonPriceMissing)
	case money == nil:
		return true
	case !image.HasMoney():
		st.refuseOrder(ReasonNoAccount)
	case money.Currency != image.Account.Currency:
		st.refuseOrder(ReasonCurrencyMismatch)
	case !image.Account.canAdd(money):
		st.refuseOrder(ReasonTotalOutOfRange)
	}
	return st.Outcome.Reason == ReasonNone
}

// canAdd tells whether what the order costs is within its limits with so much more.
func (a *AccountImage) canAdd(money *OrderMoney) bool {
	extra := money.extraOn(a.Extra)
	if extra < -MaxAmount || extra > MaxAmount {
		return false
	}
	total := extra
	for _, amount := range a.Amounts {
		total += amount // together they are bounded
	}
	for _, amount := range money.Amounts {
		if total += amount; total > MaxAmount {
			return false
		}
	}
	return total >= 0 && total <= MaxAmount
}

// extraOn is what an order costs beside its lines after an edit, of which that was so much.
func (m *OrderMoney) extraOn(extra int64) int64 {
	if m.Sets {
		return m.Extra
	}
	return extra + m.Extra
}

// addPrices gives the image's account what the lines cost that were added.
func (st *Step) addPrices() {
	image := &st.event.Order
	if !image.HasMoney() {
		return
	}
	account, money, asked := image.Account, st.command.Money, 0
	if money != nil {
		account.Extra = money.extraOn(account.Extra)
	}
	for i := len(account.Amounts); i < len(image.Lines); i++ {
		amount := int64(0)
		if image.Lines[i].Role != LineOfComponent {
			amount = money.Amounts[asked]
			asked++
		}
		account.Amounts = append(account.Amounts, amount)
	}
}
