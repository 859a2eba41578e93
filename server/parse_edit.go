package server

import (
	"bytes"
	"slices"
	"strconv"

	"holdfast/engine/core"
)

// fieldEdit is what an edit may say of its order's document, each in the place of what it says so far; null takes it away.
const fieldEdit = fieldShipTo | fieldDelivery | fieldFind | fieldAmounts

// parseEdit reads the body of POST /v1/orders/{order}/edits, and of its preview.
func (in *intake) parseEdit(body []byte) {
	in.begin(core.CommandEditOrder, body)
	life := &core.LifeRequest{}
	in.command.Life = life
	if in.object() {
		for in.more() {
			name := in.name()
			switch field := findField(name); {
			case string(name) == "add":
				in.parseLines()
			case string(name) == "remove":
				in.lineUnits(life)
			case in.noteField(life, name):
			case field&fieldEdit != 0 && in.null():
				in.seen |= field
			default:
				in.field(name, fieldEdit)
			}
		}
		if len(in.command.Lines)+len(life.Units)+len(in.faults) == 0 && in.seen == 0 {
			in.fault(codeMissingField, "add", "or something else to change is required: remove, amounts, ship_to, delivery_method, pickup_location, email, tags or metadata")
		}
	}
	in.end()
}

// editedDocument makes of what the body says the whole document of the order after the edit, and says where the order goes then: what the body
// does not say is that of base, and the prices are those given.
func (in *intake) editedDocument(base *intake, prices []price, money []lineMoney) {
	to, from := &in.command.Destination, &base.command.Destination
	if in.seen&fieldShipTo == 0 {
		in.shipTo = append(in.shipTo[:0], base.shipTo...)
		to.Country, to.Postal, to.HasPosition, to.LatitudeE7, to.LongitudeE7 = from.Country, from.Postal, from.HasPosition, from.LatitudeE7, from.LongitudeE7
	}
	if in.seen&fieldDeliveryMethod == 0 {
		to.Method = from.Method
	}
	if in.seen&fieldPickupLocation == 0 {
		in.pickup = base.pickup
	}
	if in.seen&fieldEmail == 0 {
		in.email = base.email
	}
	if in.seen&fieldTags == 0 {
		in.tags = append(in.tags[:0], base.tags...)
	}
	if in.seen&fieldMetadata == 0 {
		in.metadata = append(in.metadata[:0], base.metadata...)
	}
	if in.lineMoney = money; in.seen&fieldAmounts == 0 {
		in.amounts = base.amounts
	}
	in.prices, in.priced = prices, slices.ContainsFunc(prices, func(p price) bool { return p.set })
	in.document, in.command.Document = in.document[:0], nil
	in.composeDocument()
}

// fieldBeside is what no decision asks for: it is written beside an order of any status.
const fieldBeside = fieldTags | fieldMetadata

// noteDocumentOnly has an edit that is of nothing else say so. Where the order goes stays.
func (in *intake) noteDocumentOnly() {
	c := &in.command
	if len(c.Lines)+len(c.Life.Units) == 0 && in.seen&^fieldBeside == 0 {
		c.Life.DocumentOnly, c.Destination = true, core.Destination{}
	}
}

// withAdded is what is said of an order's lines, of which so many are shown, with what is said of lines that are added.
func withAdded[T any](base, added []T, shown int) []T {
	all := make([]T, shown, shown+len(added))
	copy(all, base)
	return append(all, added...)
}

// priceEdit says what the lines cost that are added to an order with an account. One that does not say it is refused.
func (in *intake) priceEdit(order *core.OrderImage) {
	c := &in.command
	if !order.HasMoney() || len(c.Lines) == 0 || slices.ContainsFunc(in.prices, func(p price) bool { return !p.set }) {
		return
	}
	c.Money, c.Version = &core.OrderMoney{Currency: order.Account.Currency, Amounts: make([]int64, len(c.Lines))}, 2
	for i := range in.prices {
		in.checkPartOf(order, in.lineField(i, "unit_price"), in.prices[i])
	}
	if len(in.faults) > 0 {
		return
	}
	for i := range c.Lines {
		c.Money.Amounts[i] = in.lineAmount(i)
	}
}

// editAmounts says what the order costs beside its lines after the edit, where the body does, and checks the total that it gives, which a repeated edit has been.
func (in *intake) editAmounts(order *core.OrderImage, repeated bool) {
	c, m := &in.command, &in.amounts
	if in.seen&fieldAmounts == 0 || !order.HasMoney() && !m.isGiven() {
		return
	}
	if c.Money == nil && order.HasMoney() && len(c.Lines) > 0 {
		return // a line that is added has no price: that is refused
	}
	if c.Money == nil {
		c.Money = &core.OrderMoney{Amounts: make([]int64, len(c.Lines))}
		if order.HasMoney() {
			c.Money.Currency = order.Account.Currency
		}
	}
	for _, part := range []struct {
		name string
		price
	}{{"discount", m.discount}, {"shipping", m.shipping}, {"tax", m.tax}, {"total", m.total}} {
		in.checkPartOf(order, "amounts."+part.name, part.price)
	}
	c.Money.Extra, c.Money.Sets, c.Version = m.shipping.amount+m.tax.amount-m.discount.amount, true, 3
	if c.Money.Extra < -core.MaxAmount || c.Money.Extra > core.MaxAmount {
		in.fault(codeOutOfRange, "amounts", "must come to at most "+strconv.Itoa(core.MaxAmount)+" beside the lines")
		return
	}
	if !m.total.set || repeated || len(in.faults) > 0 || !order.HasMoney() {
		return
	}
	if total := order.Total() - order.Account.Extra + c.Money.Total(); total != m.total.amount {
		in.fault(codeTotalMismatch, "amounts.total", wrongTotal(m.total.amount, total))
	}
}

// checkPartOf finds fault with an amount in another currency than the order's. Of an order without prices it is refused for that.
func (in *intake) checkPartOf(order *core.OrderImage, field string, p price) {
	if !p.set {
		return
	}
	switch currency := in.command.Money.Currency; {
	case currency == core.Currency{} && !order.HasMoney():
		copy(in.command.Money.Currency[:], p.currency)
	case order.HasMoney() && string(p.currency) != order.Account.Currency.String():
		in.fault(codeCurrencyMismatch, field+".currency", "must be "+order.Account.Currency.String()+", as that of the order")
	}
}

// repeatDocument has a repeated edit bring its document if it did the first time.
func (in *intake) repeatDocument(brought bool) {
	c := &in.command
	switch {
	case !brought && (len(c.Lines)+len(c.Life.Units) > 0 || c.Money != nil && c.Money.Sets): // else it brings one, or it is another edit than that of the key
		c.Document = nil
	case len(in.document) == 0:
		c.Document = emptyObject
	}
}

// keepDocument has the edit bring its document if that is another one than the order's, or all that it brings: what says again what the order says
// is an edit, too. That of an order which is left without any is empty.
func (in *intake) keepDocument(before []byte) {
	c := &in.command
	switch {
	case bytes.Equal(in.document, before) && (len(c.Lines)+len(c.Life.Units) > 0 || c.Money != nil && c.Money.Sets):
		c.Document = nil
	case len(in.document) == 0:
		in.command.Document = emptyObject
	}
}
