package server

import (
	"strconv"

	"holdfast/engine/core"
)

// parseReroute reads the body of POST /v1/orders/{order}/reroute. The name of the location is left in locations, those of SKUs in skus.
func (in *intake) parseReroute(body []byte) {
	in.begin(core.CommandRerouteOrder, body)
	r := &core.Reroute{}
	in.command.Reroute = r
	if in.object() {
		for in.more() {
			in.rerouteField(r, in.name())
		}
		if len(in.locations) == 0 {
			in.missing("location")
		}
		if r.Reason == 0 && len(in.faults) == 0 {
			in.missing("reason")
		}
		if r.Reason == core.RerouteManual && len(r.Note) == 0 && len(in.faults) == 0 {
			in.missing("note")
		}
	}
	in.end()
}

func (in *intake) rerouteField(r *core.Reroute, name []byte) {
	switch string(name) {
	case "location":
		in.locations = append(in.locations, in.text(&nameRule))
	case "reason":
		r.Reason = core.RerouteReason(in.oneOf(rerouteReasons[:]))
	case "note":
		r.Note = in.text(&reasonRule)
	case "actor":
		in.command.Actor = in.text(&reasonRule)
	case "backorder":
		r.Backorder = in.boolean()
	case "lines":
		in.rerouteLines()
	default:
		in.unknown()
	}
}

func (in *intake) rerouteLines() {
	if !in.array() {
		return
	}
	count := 0
	for in.more() {
		if count++; count > core.MaxLines {
			in.skipRest()
			break
		}
		in.rerouteLine()
	}
	if count == 0 || count > core.MaxLines {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxLines)+" items")
	}
}

// rerouteLine reads a SKU and how many units of it are to move: all if it does not say.
func (in *intake) rerouteLine() {
	var sku []byte
	var line core.Line
	if !in.object() {
		return
	}
	for in.more() {
		switch string(in.name()) {
		case "sku":
			sku = in.text(&nameRule)
			for _, other := range in.skus {
				if len(sku) > 0 && string(other) == string(sku) {
					in.report(codeOutOfRange, "is there already: name each SKU once, with all its units")
				}
			}
		case "quantity":
			line.Quantity = core.Quantity(in.integer(1, int64(core.MaxLineQuantity)))
		default:
			in.unknown()
		}
	}
	if sku == nil {
		in.missing("sku")
	}
	in.skus = append(in.skus, sku)
	in.command.Lines = append(in.command.Lines, line)
}
