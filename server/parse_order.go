package server

import (
	"strconv"

	"holdfast/engine/core"
)

// price is a line's unit price.
type price struct {
	set      bool
	amount   int64
	currency []byte
}

// maxStored bounds an amount in a document that is stored, in minor units: there are some from when it was the limit of what was asked, too. A line of
// MaxLineQuantity at this price would not fit in 64 bits: whoever multiplies has to check.
const maxStored = 1<<63 - 1

// parseLines reads the lines of an order or a hold.
func (in *intake) parseLines() {
	if !in.array() {
		return
	}
	count := 0
	for in.more() {
		if count++; count > core.MaxLines {
			in.skipRest()
			break
		}
		in.parseLine()
	}
	if count == 0 || count > core.MaxLines {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxLines)+" items")
	}
}

func (in *intake) parseLine() {
	var sku []byte
	var quantity int64
	var unit price
	var money lineMoney
	if !in.object() {
		return
	}
	for in.more() {
		switch string(in.name()) {
		case "sku":
			sku = in.text(&nameRule)
		case "quantity":
			quantity = in.integer(1, int64(core.MaxLineQuantity))
		case "unit_price":
			unit = in.money()
		case "discount":
			money.discount = in.money()
		case "tax":
			money.tax = in.money()
		case "total":
			money.total = in.money()
		default:
			in.unknown()
		}
	}
	if sku == nil {
		in.missing("sku")
	}
	if quantity == 0 {
		in.missing("quantity")
	}
	in.skus = append(in.skus, sku)
	in.command.Lines = append(in.command.Lines, core.Line{Quantity: core.Quantity(quantity)})
	in.prices = append(in.prices, unit)
	in.priced = in.priced || unit.set
	in.lineMoney = append(in.lineMoney, money)
}

// money reads an amount with its currency.
func (in *intake) money() (unit price) {
	if !in.object() {
		return unit
	}
	for in.more() {
		switch string(in.name()) {
		case "amount":
			unit.amount, unit.set = in.integer(0, in.mostMoney), true
		case "currency":
			unit.currency = in.text(&currencyRule)
		default:
			in.unknown()
		}
	}
	if !unit.set {
		in.missing("amount")
	}
	if unit.currency == nil {
		in.missing("currency")
	}
	unit.set = true
	return unit
}
