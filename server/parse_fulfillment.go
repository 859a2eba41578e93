package server

import (
	"strconv"

	"holdfast/engine/core"
)

// fulfilmentRequest is what of the body of a fulfilment order's action depends on the order.
type fulfilmentRequest struct{ units []namedUnits }

// namedUnits are units of a SKU.
type namedUnits struct {
	sku      []byte
	quantity core.Quantity
}

// fulfilmentFields are the fields that an action needs, and that no other one takes.
var fulfilmentFields = map[core.FulfilmentAction]string{
	core.FulfilmentSchedule:  "at",
	core.FulfilmentSplit:     "units",
	core.FulfilmentMerge:     "into",
	core.FulfilmentMove:      "to",
	core.FulfilmentShortPick: "found",
}

// parseFulfilment reads the body of POST /v1/orders/{order}/fulfillments/{fulfillment}. The name of the location that it is to be moved to is left
// in locations.
func (in *intake) parseFulfilment(body []byte) *fulfilmentRequest {
	in.begin(core.CommandWorkFulfilment, body)
	life, request, given := &core.LifeRequest{}, &fulfilmentRequest{}, ""
	in.command.Life = life
	if in.object() {
		for in.more() {
			name := in.name()
			switch string(name) {
			case "action":
				life.Action = core.FulfilmentAction(in.oneOf(fulfilmentActions[:core.FulfilmentShip]))
			case "missing":
				life.Missing = in.boolean()
			case "at", "units", "into", "to", "found":
				given = string(name)
				in.fulfilmentField(request, given)
			default:
				if !in.noteField(life, name) {
					in.unknown()
				}
			}
		}
		in.checkFulfilment(given)
	}
	in.end()
	if kind, ok := fulfilmentCommands[life.Action]; ok {
		in.command.Kind, life.Action = kind, 0
	}
	return request
}

func (in *intake) fulfilmentField(request *fulfilmentRequest, name string) {
	life := in.command.Life
	switch name {
	case "at":
		life.At = in.instant()
	case "into":
		life.Into = int(in.integer(1, core.MostFulfilments))
	case "to":
		in.locations = append(in.locations, in.text(&nameRule))
	case "units":
		in.namedUnits(request, 1)
	case "found":
		in.namedUnits(request, 0)
	}
}

// checkFulfilment reports an action that is not there, or without what it needs, or with what another one needs.
func (in *intake) checkFulfilment(given string) {
	life := in.command.Life
	if len(in.faults) > 0 {
		return
	}
	needs := fulfilmentFields[life.Action]
	switch {
	case life.Action == 0:
		in.missing("action")
	case needs != "" && given != needs:
		in.missing(needs)
	case given != needs:
		in.report(codeOutOfRange, given+" is not for this action")
	case life.Missing && life.Action != core.FulfilmentShortPick:
		in.report(codeOutOfRange, "missing is not for this action")
	}
}

// namedUnits reads units by SKU, each SKU once, and so many units of each at least.
func (in *intake) namedUnits(request *fulfilmentRequest, least int64) {
	count := in.items(func() {
		u := namedUnits{quantity: -1}
		if !in.object() {
			return
		}
		for in.more() {
			switch string(in.name()) {
			case "sku":
				u.sku = in.text(&nameRule)
				for _, other := range request.units {
					if len(u.sku) > 0 && string(other.sku) == string(u.sku) {
						in.report(codeOutOfRange, "is there already: name each SKU once, with all its units")
					}
				}
			case "quantity":
				u.quantity = core.Quantity(in.integer(least, int64(core.MaxLineQuantity)))
			default:
				in.unknown()
			}
		}
		switch {
		case len(in.faults) > 0:
		case u.sku == nil:
			in.missing("sku")
		case u.quantity < 0:
			in.missing("quantity")
		}
		request.units = append(request.units, u)
	})
	if count == 0 || count > core.MaxLines {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxLines)+" items")
	}
}
