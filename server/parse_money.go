package server

import (
	"math/bits"
	"slices"
	"strconv"

	"holdfast/engine/core"
)

// lineMoney is what a line says of its price beside that of a unit.
type lineMoney struct{ discount, tax, total price }

func (m *lineMoney) isGiven() bool { return m.discount.set || m.tax.set || m.total.set }

// orderMoney is what an order says of its price beside its lines.
type orderMoney struct{ discount, shipping, tax, total price }

func (m *orderMoney) isGiven() bool {
	return m.discount.set || m.shipping.set || m.tax.set || m.total.set
}

// namedPrice is a member of an object of amounts.
type namedPrice struct {
	name string
	to   *price
}

// readPrices reads an object of amounts that may have these members.
func (in *intake) readPrices(members ...namedPrice) {
	if !in.object() {
		return
	}
	for in.more() {
		name := in.name()
		if i := slices.IndexFunc(members, func(m namedPrice) bool { return m.name == string(name) }); i >= 0 {
			*members[i].to = in.money()
		} else {
			in.unknown()
		}
	}
}

// parseAmounts reads what an order costs beside its lines.
func (in *intake) parseAmounts() {
	m := &in.amounts
	in.readPrices(namedPrice{"discount", &m.discount}, namedPrice{"shipping", &m.shipping}, namedPrice{"tax", &m.tax}, namedPrice{"total", &m.total})
}

// composeMoney works out what an order costs, and checks what was given: one currency throughout, and totals that are those of their parts. An order costs
// something when each of its lines has a price; where some have, prices are only shown.
func (in *intake) composeMoney() {
	c := &in.command
	if c.Kind != core.CommandPlaceHold && c.Kind != core.CommandPlaceOrder || !in.isPriced() {
		return
	}
	if money := in.wholeMoney(); money != nil {
		c.Money, c.Version = money, 2
	}
}

// wholeMoney is what the command's lines cost, each of which has a price, and the order beside them; nil when there is something wrong with it.
func (in *intake) wholeMoney() *core.OrderMoney {
	c := &in.command
	money := &core.OrderMoney{Amounts: make([]int64, len(c.Lines))}
	copy(money.Currency[:], in.prices[0].currency)
	for i := range c.Lines {
		money.Amounts[i] = in.lineAmount(i)
	}
	m := &in.amounts
	for _, part := range []struct {
		name string
		price
	}{{"discount", m.discount}, {"shipping", m.shipping}, {"tax", m.tax}, {"total", m.total}} {
		in.checkPrice("amounts."+part.name, part.price)
	}
	if len(in.faults) > 0 {
		return nil
	}
	money.Extra = m.shipping.amount + m.tax.amount - m.discount.amount
	if !money.IsValid() {
		in.fault(codeOutOfRange, "amounts", "must come to 0 to "+strconv.Itoa(core.MaxAmount)+" in all")
		return nil
	}
	if m.total.set && m.total.amount != money.Total() {
		in.fault(codeTotalMismatch, "amounts.total", wrongTotal(m.total.amount, money.Total()))
		return nil
	}
	return money
}

// isPriced tells whether each line has a price. It finds fault with a line without where something else says what the order costs.
func (in *intake) isPriced() bool {
	if !in.priced && in.seen&fieldAmounts == 0 && !in.anyLineMoney() {
		return false
	}
	for i := range in.prices {
		if in.prices[i].set {
			continue
		}
		if in.seen&fieldAmounts != 0 || in.anyLineMoney() {
			in.fault(codeMissingField, in.lineField(i, "unit_price"), "is required of every line where other amounts are given")
		}
		return false
	}
	return true
}

func (in *intake) anyLineMoney() bool {
	for i := range in.lineMoney {
		if in.lineMoney[i].isGiven() {
			return true
		}
	}
	return false
}

// lineAmount is what a line costs: its units, less the discount, with the tax.
func (in *intake) lineAmount(i int) int64 {
	unit, m := in.prices[i], &in.lineMoney[i]
	in.checkPrice(in.lineField(i, "unit_price"), unit)
	in.checkPrice(in.lineField(i, "discount"), m.discount)
	in.checkPrice(in.lineField(i, "tax"), m.tax)
	in.checkPrice(in.lineField(i, "total"), m.total)
	if len(in.faults) > 0 {
		return 0
	}
	high, units := bits.Mul64(uint64(unit.amount), uint64(in.command.Lines[i].Quantity))
	if high != 0 || units > core.MaxAmount {
		in.fault(codeOutOfRange, in.lineField(i, "unit_price.amount"), "must come to at most "+strconv.Itoa(core.MaxAmount)+" for all units")
		return 0
	}
	amount := int64(units) - m.discount.amount + m.tax.amount
	switch {
	case amount < 0 || amount > core.MaxAmount:
		in.fault(codeOutOfRange, in.lineField(i, "discount.amount"), "must leave 0 to "+strconv.Itoa(core.MaxAmount)+" for the line")
	case m.total.set && m.total.amount != amount:
		in.fault(codeTotalMismatch, in.lineField(i, "total"), wrongTotal(m.total.amount, amount))
	}
	return amount
}

// checkPrice finds fault with a price in another currency than the first line's.
func (in *intake) checkPrice(field string, p price) {
	if p.set && string(p.currency) != string(in.prices[0].currency) {
		in.fault(codeCurrencyMismatch, field+".currency", "must be "+string(in.prices[0].currency)+", as that of the first line: an order has one currency")
	}
}

func wrongTotal(given, is int64) string {
	return "is " + strconv.FormatInt(given, 10) + ", and the parts come to " + strconv.FormatInt(is, 10)
}

// lineField names a field of a line as the body does, where an edit's lines are those that it adds.
func (in *intake) lineField(i int, name string) string {
	list := "lines["
	if in.command.Kind == core.CommandEditOrder {
		list = "add["
	}
	return list + strconv.Itoa(i) + "]." + name
}

// appendLineMoney appends what a line said beside its unit price, null for nothing.
func appendLineMoney(dst []byte, m *lineMoney) []byte {
	if !m.discount.set && !m.tax.set {
		return append(dst, "null"...)
	}
	start := len(dst) + 1
	dst = appendGivenPrice(append(dst, '{'), start, `"discount":`, m.discount)
	return append(appendGivenPrice(dst, start, `"tax":`, m.tax), '}')
}

// appendGivenPrice appends a member of an object that began at start, if it was given.
func appendGivenPrice(dst []byte, start int, name string, p price) []byte {
	if !p.set {
		return dst
	}
	return appendPrice(append(appendComma(dst, len(dst)-start), name...), p)
}

// hasParts tells whether lines say something of their prices that an answer has to show again.
func (in *intake) hasParts() bool {
	for i := range in.lineMoney {
		if in.lineMoney[i].discount.set || in.lineMoney[i].tax.set {
			return true
		}
	}
	return false
}

// appendParts appends the members of a document that say what an order's price is made of, beside the prices of units.
func (in *intake) appendParts(dst []byte) []byte {
	if in.hasParts() {
		dst = append(appendComma(dst, len(dst)-1), documentLineMoney...)
		for i := range in.lineMoney {
			dst = appendLineMoney(appendComma(dst, i), &in.lineMoney[i])
		}
		dst = append(dst, ']')
	}
	if m := &in.amounts; m.discount.set || m.shipping.set || m.tax.set {
		dst = append(append(appendComma(dst, len(dst)-1), documentAmounts...), '{')
		start := len(dst)
		dst = appendGivenPrice(dst, start, `"discount":`, m.discount)
		dst = appendGivenPrice(dst, start, `"shipping":`, m.shipping)
		dst = append(appendGivenPrice(dst, start, `"tax":`, m.tax), '}')
	}
	return dst
}

// The members of an order's document that its price is made of. They are in journals and must not change.
const (
	documentLineMoney = `"line_amounts":[`
	documentAmounts   = `"amounts":`
)

// documentLineAmounts reads the member of a document again.
func (in *intake) documentLineAmounts() {
	if !in.array() {
		return
	}
	for in.more() {
		var m lineMoney
		if !in.null() {
			in.parseLineMoney(&m)
		}
		in.lineMoney = append(in.lineMoney, m)
	}
}

func (in *intake) parseLineMoney(m *lineMoney) {
	in.readPrices(namedPrice{"discount", &m.discount}, namedPrice{"tax", &m.tax})
}
