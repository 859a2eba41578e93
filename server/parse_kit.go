package server

import (
	"slices"
	"strconv"

	"holdfast/engine/core"
)

// parseComponents reads the body of PUT /v1/skus/{sku}/components.
func (in *intake) parseComponents(body []byte) {
	in.begin(core.CommandSetKit, body)
	in.command.Recipes = []core.Recipe{{}}
	given := false
	if in.object() {
		for in.more() {
			if string(in.name()) != "components" {
				in.unknown()
				continue
			}
			given = true
			in.parseComponentList()
		}
		if !given {
			in.missing("components")
		}
	}
	in.end()
}

func (in *intake) parseComponentList() {
	if !in.array() {
		return
	}
	count := 0
	for in.more() {
		if count++; count > core.MaxComponents {
			in.skipRest()
			break
		}
		in.parseComponent()
	}
	if count == 0 || count > core.MaxComponents {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxComponents)+" items")
	}
}

func (in *intake) parseComponent() {
	var sku []byte
	part := core.Component{}
	if !in.object() {
		return
	}
	for in.more() {
		switch string(in.name()) {
		case "sku":
			sku = in.text(&nameRule)
			if len(sku) > 0 && slices.ContainsFunc(in.skus, func(o []byte) bool { return string(o) == string(sku) }) {
				in.report(codeDuplicateItem, "is a component already")
			}
		case "quantity":
			part.Quantity = core.Quantity(in.integer(1, int64(core.MaxComponentQuantity)))
		default:
			in.unknown()
		}
	}
	if sku == nil {
		in.missing("sku")
	}
	if part.Quantity == 0 {
		in.missing("quantity")
	}
	in.skus = append(in.skus, sku)
	in.command.Recipes[0].Components = append(in.command.Recipes[0].Components, part)
}
