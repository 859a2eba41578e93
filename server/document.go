package server

import (
	"bytes"

	"holdfast/engine/core"
)

// orderDocument is an order's document taken apart for an answer. Its parts point into the document.
type orderDocument struct {
	prices [][]byte // as JSON, one for each line, null for a line without; empty when no line has one
	shipTo []byte   // as JSON, empty for none
	title  []byte   // of a sale, as JSON, empty for none
	method []byte   // as JSON, empty for none
	pickup []byte   // as JSON, empty for none
	email  []byte   // as JSON, empty for none
	tags   []byte   // as JSON, empty for none

	metadata []byte // as JSON, empty for none

	lineMoney [][]byte // what lines said of their prices beside that of a unit, as JSON; empty when none did
	amounts   []byte   // what the order said of its price beside its lines, as JSON; empty for nothing
}

// readDocument takes an order's document apart. The document is one that composeDocument wrote, so
// that a fault in it is a bug or a damaged disk; such a document is shown as far as it can be read.
func (d *decoder) readDocument(document []byte, into *orderDocument) {
	into.prices, into.shipTo, into.title, into.method, into.pickup = into.prices[:0], nil, nil, nil, nil
	into.email, into.tags, into.metadata = nil, nil, nil
	into.lineMoney, into.amounts = into.lineMoney[:0], nil
	d.reset(document)
	if !d.object() {
		return
	}
	for d.more() {
		switch string(d.name()) {
		case "unit_prices":
			into.prices = d.values(into.prices)
		case "line_amounts":
			into.lineMoney = d.values(into.lineMoney)
		case "amounts":
			into.amounts, _ = d.value()
		case "ship_to":
			into.shipTo, _ = d.value()
		case "title":
			into.title, _ = d.value()
		case "delivery_method":
			into.method, _ = d.value()
		case "pickup_location":
			into.pickup, _ = d.value()
		case "email":
			into.email, _ = d.value()
		case "tags":
			into.tags, _ = d.value()
		case "metadata":
			into.metadata, _ = d.value()
		default:
			d.unknown()
		}
	}
}

// values reads the items of an array.
func (d *decoder) values(into [][]byte) [][]byte {
	if d.array() {
		for d.more() {
			raw, _ := d.value()
			into = append(into, raw)
		}
	}
	return into
}

// readNamed gives the one text of the document of a SKU or a location as JSON.
func (d *decoder) readNamed(document []byte) (text []byte) {
	d.reset(document)
	if d.object() {
		for d.more() {
			d.name()
			text, _ = d.value()
		}
	}
	return text
}

// canonicalDocument reports whether a document that came in binary is byte for byte what the same
// order in JSON would have had, so that it may be stored and shown. in is scratch.
func (in *intake) canonicalDocument(document []byte, lines int) bool {
	in.begin(core.CommandPlaceOrder, document)
	in.mostMoney = maxStored
	if in.object() {
		for in.more() {
			switch string(in.name()) {
			case "unit_prices":
				in.documentPrices()
			case "line_amounts":
				in.documentLineAmounts()
			case "amounts":
				in.parseAmounts()
			case "ship_to":
				in.parseShipTo()
			case "delivery_method":
				in.parseDeliveryMethod()
			case "pickup_location":
				in.pickup = in.text(&nameRule)
			case "email":
				in.email = in.text(&emailRule)
			case "tags":
				in.parseTags()
			case "metadata":
				in.parseMetadata(false)
			default:
				in.unknown()
			}
		}
	}
	in.end()
	if len(in.faults) > 0 || in.priced && (len(in.prices) != lines || len(in.lineMoney) > 0 && len(in.lineMoney) != lines) {
		return false
	}
	in.composeDocument()
	return bytes.Equal(document, in.document)
}

func (in *intake) documentPrices() {
	if !in.array() {
		return
	}
	for in.more() {
		var unit price
		if !in.null() {
			unit = in.money()
		}
		in.prices = append(in.prices, unit)
		in.priced = in.priced || unit.set
	}
}
