package server

import (
	"bytes"
	"strconv"

	"holdfast/engine/core"
)

// maxParcels bounds the parcels of a shipment.
const maxParcels = 100

// shipmentDetails are what a shipment's document says: what no decision needs.
type shipmentDetails struct {
	carrier, tracking, label []byte
	parcels                  []parcel
}

// parcel is one of a shipment. Numbers are 0 where nothing is said.
type parcel struct {
	tracking, label              []byte
	grams, length, width, height int64
}

// parseShipment reads the body of POST /v1/orders/{order}/shipments. The name of the location is left in locations, those of SKUs in skus.
func (in *intake) parseShipment(body []byte) {
	in.begin(core.CommandShipOrder, body)
	in.command.Life = &core.LifeRequest{}
	var details shipmentDetails
	if in.object() {
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "location":
				in.locations = append(in.locations, in.text(&nameRule))
			case string(name) == "lines":
				in.rerouteLines()
			case string(name) == "fulfillment":
				in.command.Life.Fulfilment = int(in.integer(1, core.MostFulfilments))
			case string(name) == "picked_up":
				in.command.Life.PickedUp = in.boolean()
			case !in.detailField(&details, name) && !in.noteField(in.command.Life, name):
				in.unknown()
			}
		}
	}
	in.end()
	if in.document = details.append(in.document[:0]); len(in.document) > 0 {
		in.command.Document = in.document
	}
}

// detailField reads a field of a shipment's document, if it is one.
func (in *intake) detailField(d *shipmentDetails, name []byte) bool {
	switch string(name) {
	case "carrier":
		d.carrier = in.text(&reasonRule)
	case "tracking_number":
		d.tracking = in.text(&reasonRule)
	case "label":
		d.label = in.text(&titleRule)
	case "parcels":
		in.parcels(d)
	default:
		return false
	}
	return true
}

func (in *intake) parcels(d *shipmentDetails) {
	if !in.array() {
		return
	}
	for in.more() {
		if len(d.parcels) == maxParcels {
			in.skipRest()
			d.parcels = nil
			break
		}
		d.parcels = append(d.parcels, in.parcel())
	}
	if len(d.parcels) == 0 {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(maxParcels)+" items")
	}
}

func (in *intake) parcel() (p parcel) {
	if !in.object() {
		return p
	}
	for in.more() {
		switch string(in.name()) {
		case "tracking_number":
			p.tracking = in.text(&reasonRule)
		case "label":
			p.label = in.text(&titleRule)
		case "weight_grams":
			p.grams = in.integer(1, 1_000_000_000)
		case "length_mm":
			p.length = in.integer(1, 1_000_000)
		case "width_mm":
			p.width = in.integer(1, 1_000_000)
		case "height_mm":
			p.height = in.integer(1, 1_000_000)
		default:
			in.unknown()
		}
	}
	return p
}

// append appends the document, in its one form, which is in journals and must not change; nothing if nothing is said.
func (d *shipmentDetails) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, '{')
	dst = appendDetail(dst, `"carrier":`, d.carrier)
	dst = appendDetail(dst, `"tracking_number":`, d.tracking)
	dst = appendDetail(dst, `"label":`, d.label)
	if len(d.parcels) > 0 {
		dst = append(separate(dst), `"parcels":[`...)
		for i := range d.parcels {
			dst = d.parcels[i].append(appendComma(dst, i))
		}
		dst = append(dst, ']')
	}
	if len(dst) == start+1 {
		return dst[:start]
	}
	return append(dst, '}')
}

func (p *parcel) append(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendDetail(dst, `"tracking_number":`, p.tracking)
	dst = appendDetail(dst, `"label":`, p.label)
	for _, n := range [...]struct {
		name   string
		number int64
	}{{`"weight_grams":`, p.grams}, {`"length_mm":`, p.length}, {`"width_mm":`, p.width}, {`"height_mm":`, p.height}} {
		if n.number != 0 {
			dst = appendNumberField(separate(dst), n.name, n.number)
		}
	}
	return append(dst, '}')
}

// appendDetail appends a text field of an object, unless there is no text.
func appendDetail(dst []byte, name string, text []byte) []byte {
	if len(text) == 0 {
		return dst
	}
	return appendTextField(separate(dst), name, text)
}

// separate puts a comma behind the last field of an object that is being written, if it has one.
func separate(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

// canonicalShipment reports whether a shipment's document that came in binary is byte for byte what the same shipment in JSON would have
// had, so that it may be stored and shown. in is scratch.
func (in *intake) canonicalShipment(document []byte) bool {
	in.begin(core.CommandShipOrder, document)
	var details shipmentDetails
	if in.object() {
		for in.more() {
			if !in.detailField(&details, in.name()) {
				in.unknown()
			}
		}
	}
	in.end()
	in.document = details.append(in.document[:0])
	return len(in.faults) == 0 && bytes.Equal(document, in.document)
}
