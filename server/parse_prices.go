package server

import (
	"strconv"

	"holdfast/engine/core"
)

// parsePrices reads the body of POST /v1/orders/{order}/prices and POST /v1/holds/{hold}/prices: what each line costs, in the order of the lines, and the order beside them.
func (in *intake) parsePrices(body []byte) {
	in.begin(core.CommandPriceOrder, body)
	life, named := &core.LifeRequest{}, false
	in.command.Life = life
	in.seen = fieldAmounts // what was said of them before goes
	if in.object() {
		for in.more() {
			switch name := in.name(); {
			case string(name) == "lines":
				named = true
				if count := in.items(in.priceOfLine); count == 0 || count > core.MaxLines {
					in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxLines)+" items")
				}
			case !in.noteField(life, name):
				in.field(name, fieldAmounts)
			}
		}
		in.require(named, "lines")
	}
	in.end()
}

// priceOfLine reads what one line costs.
func (in *intake) priceOfLine() {
	var unit price
	var m lineMoney
	in.readPrices(namedPrice{"unit_price", &unit}, namedPrice{"discount", &m.discount}, namedPrice{"tax", &m.tax}, namedPrice{"total", &m.total})
	if !unit.set {
		in.missing("unit_price")
	}
	in.prices, in.lineMoney = append(in.prices, unit), append(in.lineMoney, m)
}

// priceLines works out what an order costs by what the body says of its lines.
func (in *intake) priceLines(o *core.OrderImage) {
	c := &in.command
	if shown := shownLines(o); len(in.prices) != shown {
		in.fault(codeInvalidLength, "lines", "must have "+strconv.Itoa(shown)+" items, one for each line of the order, and has "+strconv.Itoa(len(in.prices)))
		return
	}
	for i := range o.Lines {
		if l := &o.Lines[i]; l.Role != core.LineOfComponent {
			c.Lines = append(c.Lines, core.Line{SKU: l.SKU, Quantity: l.Quantity})
		}
	}
	c.Money = in.wholeMoney()
	c.Lines = c.Lines[:0]
}
