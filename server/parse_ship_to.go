package server

import (
	"strconv"

	"holdfast/engine/core"
)

// address is where an order goes, as it was sent. It is checked, and written into the order's document
// in one form. Routing gets of it what it asks for (routeTo).
type address struct {
	name, city, postalCode, country []byte
	lines                           [maxAddressLines][]byte
	lineCount                       int
	latitude, longitude             []byte // as written
	north, east                     float64
}

// parseShipTo reads an address and leaves its canonical JSON in shipTo.
func (in *intake) parseShipTo() {
	var to address
	if !in.object() {
		return
	}
	for in.more() {
		in.addressField(&to, in.name())
	}
	if (to.latitude == nil) != (to.longitude == nil) && len(in.faults) == 0 {
		if to.latitude == nil {
			in.missing("latitude")
		} else {
			in.missing("longitude")
		}
	}
	in.shipTo = appendAddress(in.shipTo[:0], &to)
	in.routeTo(&to)
}

func (in *intake) addressField(to *address, name []byte) {
	switch string(name) {
	case "name":
		to.name = in.text(&titleRule)
	case "address":
		in.addressLines(to)
	case "city":
		to.city = in.text(&titleRule)
	case "postal_code":
		to.postalCode = in.text(&titleRule)
	case "country":
		to.country = in.text(&countryRule)
	case "latitude":
		to.north, to.latitude = in.decimal(maxLatitude)
	case "longitude":
		to.east, to.longitude = in.decimal(maxLongitude)
	default:
		in.unknown()
	}
}

// The ends of the earth, in degrees.
const (
	maxLatitude  = 90
	maxLongitude = 180
)

func (in *intake) addressLines(to *address) {
	if !in.array() {
		return
	}
	for in.more() {
		if to.lineCount == maxAddressLines {
			in.skipRest()
			in.report(codeInvalidLength, "must have at most "+strconv.Itoa(maxAddressLines)+" items")
			return
		}
		to.lines[to.lineCount] = in.text(&titleRule)
		to.lineCount++
	}
}

// appendAddress writes an address in its canonical form: the fields that were given, in this order.
func appendAddress(dst []byte, to *address) []byte {
	dst = append(dst, '{')
	start := len(dst)
	dst = appendGiven(dst, start, `"name":`, to.name)
	if to.lineCount > 0 {
		dst = appendComma(dst, len(dst)-start)
		dst = append(dst, `"address":[`...)
		for i, line := range to.lines[:to.lineCount] {
			dst = appendText(appendComma(dst, i), line)
		}
		dst = append(dst, ']')
	}
	dst = appendGiven(dst, start, `"city":`, to.city)
	dst = appendGiven(dst, start, `"postal_code":`, to.postalCode)
	dst = appendGiven(dst, start, `"country":`, to.country)
	if to.latitude != nil {
		dst = appendComma(dst, len(dst)-start)
		dst = append(append(dst, `"latitude":`...), to.latitude...)
		dst = append(append(dst, `,"longitude":`...), to.longitude...)
	}
	return append(dst, '}')
}

// appendGiven appends a text field of the object that began at start, if there is one.
func appendGiven(dst []byte, start int, name string, text []byte) []byte {
	if text == nil {
		return dst
	}
	return appendTextField(appendComma(dst, len(dst)-start), name, text)
}

// composeDocument writes what no decision needs as one JSON object: the unit prices, one for each line
// (null for a line without), the address, and by what it can be found.
func (in *intake) composeDocument() {
	method := in.command.Destination.Method
	if !in.priced && len(in.shipTo) == 0 && method == core.MethodNone && in.pickup == nil && in.email == nil && len(in.tags)+len(in.metadata) == 0 {
		return
	}
	dst := append(in.document[:0], '{')
	if in.priced {
		dst = append(dst, documentPrices...)
		for i, unit := range in.prices {
			dst = appendPrice(appendComma(dst, i), unit)
		}
		dst = in.appendParts(append(dst, ']'))
	}
	if len(in.shipTo) > 0 {
		dst = appendComma(dst, len(dst)-1)
		dst = append(append(dst, documentShipTo...), in.shipTo...)
	}
	if method != core.MethodNone {
		dst = appendTextField(appendComma(dst, len(dst)-1), documentMethod, deliveryMethods[method])
	}
	if in.pickup != nil {
		dst = appendTextField(appendComma(dst, len(dst)-1), documentPickup, in.pickup)
	}
	if in.email != nil {
		dst = appendTextField(appendComma(dst, len(dst)-1), documentEmail, in.email)
	}
	if len(in.tags) > 0 {
		dst = appendTags(append(appendComma(dst, len(dst)-1), documentTags...), in.tags)
	}
	if len(in.metadata) > 0 {
		dst = appendMetadata(append(appendComma(dst, len(dst)-1), documentMetadata...), in.metadata)
	}
	in.document = append(dst, '}')
	in.command.Document = in.document
}

// The members of an order's document. They are in journals and must not change.
const (
	documentPrices = `"unit_prices":[`
	documentShipTo = `"ship_to":`
	documentMethod = `"delivery_method":`
	documentPickup = `"pickup_location":`
	documentEmail  = `"email":`
	documentTags   = `"tags":`

	documentMetadata = `"metadata":`
)

func appendPrice(dst []byte, unit price) []byte {
	if !unit.set {
		return append(dst, "null"...)
	}
	dst = appendNumberField(dst, `{"amount":`, unit.amount)
	return append(appendTextField(dst, `,"currency":`, unit.currency), '}')
}
