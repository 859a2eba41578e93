package server

import (
	"math"

	"holdfast/engine/core"
)

// parseSKU reads the body of PUT /v1/skus/{sku}. Every setting has a default.
func (in *intake) parseSKU(body []byte) {
	in.begin(core.CommandDefineSKU, body)
	var title []byte
	if in.object() {
		for in.more() {
			title = in.skuField(in.name(), title)
		}
	}
	in.end()
	if len(in.faults) == 0 {
		in.composeNamed(documentTitle, title)
	}
}

func (in *intake) skuField(name, title []byte) []byte {
	const most = int64(core.MaxSettingQuantity)
	settings := &in.command.SKU
	switch string(name) {
	case "title":
		return in.text(&titleRule)
	case "safety_stock":
		settings.SafetyStock = core.Quantity(in.integer(0, most))
	case "backorder_limit":
		settings.BackorderLimit = core.Unlimited
		if !in.null() {
			settings.BackorderLimit = core.Quantity(in.integer(0, most))
		}
	case "limit_per_customer":
		settings.LimitPerCustomer = 0
		if !in.null() {
			settings.LimitPerCustomer = core.Quantity(in.integer(1, most))
		}
	case "low_stock":
		settings.LowStock = 0
		if !in.null() {
			settings.LowStock = core.Quantity(in.integer(1, most))
		}
	case "preorder":
		settings.Preorder = core.Preorder{}
		if !in.null() {
			in.preorder(&settings.Preorder)
		}
	case "stopped":
		settings.Stopped = in.boolean()
	case "weight_grams":
		settings.Weight = 0
		if !in.null() {
			settings.Weight = uint32(in.integer(1, core.MaxUnitWeight))
		}
	default:
		in.unknown()
	}
	return title
}

// preorder reads when what is sold beyond stock ships, and how much of it may be sold.
func (in *intake) preorder(p *core.Preorder) {
	if !in.object() {
		return
	}
	for in.more() {
		switch string(in.name()) {
		case "limit":
			p.Limit = core.Quantity(in.integer(1, int64(core.MaxSettingQuantity)))
		case "ships_at":
			p.ShipsAt = max(1, in.instant()) // 0 is no preorder
		default:
			in.unknown()
		}
	}
	if p.Limit == 0 && len(in.faults) == 0 {
		in.missing("limit")
	}
	if p.ShipsAt == 0 && len(in.faults) == 0 {
		in.missing("ships_at")
	}
}

// locationKinds are the names of the kinds of locations, by number.
var locationKinds = [...]string{
	core.LocationWarehouse: "warehouse",
	core.LocationStore:     "store",
	core.LocationSupplier:  "supplier",
}

// locationFields are the values of a location as they are read.
type locationFields struct {
	name                      []byte
	latitude, longitude       float64
	hasLatitude, hasLongitude bool
}

// parseLocation reads the body of PUT /v1/locations/{location}. Every setting has a default.
func (in *intake) parseLocation(body []byte) {
	in.begin(core.CommandDefineLocation, body)
	var fields locationFields
	if in.object() {
		for in.more() {
			in.locationField(&fields, in.name())
		}
		in.finishLocation(&fields)
	}
	in.end()
	if len(in.faults) == 0 {
		in.composeNamed(documentName, fields.name)
	}
}

func (in *intake) locationField(fields *locationFields, name []byte) {
	switch string(name) {
	case "name":
		fields.name = in.text(&titleRule)
	case "kind":
		in.command.Location.Kind = core.LocationKind(in.oneOf(locationKinds[:]))
	case "priority":
		in.command.Location.Priority = int32(in.integer(math.MinInt32, math.MaxInt32))
	case "latitude":
		fields.latitude, _ = in.decimal(maxLatitude)
		fields.hasLatitude = true
	case "longitude":
		fields.longitude, _ = in.decimal(maxLongitude)
		fields.hasLongitude = true
	case "stopped":
		in.command.Location.Stopped = in.boolean()
	case "shipping":
		in.command.Location.Shipping = in.parseShipping()
	default:
		in.unknown()
	}
}

func (in *intake) finishLocation(fields *locationFields) {
	switch {
	case fields.hasLatitude && !fields.hasLongitude:
		in.missing("longitude")
	case fields.hasLongitude && !fields.hasLatitude:
		in.missing("latitude")
	case fields.hasLatitude:
		settings := &in.command.Location
		settings.HasPosition = true
		settings.LatitudeE7 = int32(math.Round(fields.latitude * degreesE7))
		settings.LongitudeE7 = int32(math.Round(fields.longitude * degreesE7))
	}
}

// The members of the documents of SKUs and locations. They are in journals and must not change.
const (
	documentTitle = `{"title":`
	documentName  = `{"name":`
)

// composeNamed makes a document of one text, or none.
func (in *intake) composeNamed(member string, text []byte) {
	if text == nil {
		return
	}
	in.document = append(appendTextField(in.document[:0], member, text), '}')
	in.command.Document = in.document
}
