package reference

import "holdfast/engine/core"

// price has an order cost what a command says, where nobody has paid for it or sent any of it back.
func (m *Model) price(c *core.Command, o *order) core.Outcome {
	refused := func(reason core.Reason) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version})
	}
	if o.account != nil && len(o.account.ledger) > 0 || len(o.returns) > 0 {
		return refused(core.ReasonPricesSettled)
	}
	var asked []*line
	for _, l := range o.lines {
		if l.role != core.LineOfComponent {
			asked = append(asked, l)
		}
	}
	if len(asked) != len(c.Money.Amounts) {
		return refused(core.ReasonPriceMissing)
	}
	switch {
	case o.account == nil:
		o.account = &account{}
	case o.hasMoney() && o.due() == 0:
		m.paidInTime(o)
	}
	o.account.currency, o.account.extra = c.Money.Currency, c.Money.Extra
	for i, l := range asked {
		l.price = c.Money.Amounts[i]
	}
	if o.account.payBy == 0 {
		m.startPaying(o)
	}
	if len(c.Document) > 0 {
		o.hasDocument, o.edited = true, m.seq
	}
	o.version++
	m.emit(core.Event{Kind: core.EventOrderPriced, Order: o.image(), Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note)})
	return core.Outcome{Changed: true, Order: o.id}
}
