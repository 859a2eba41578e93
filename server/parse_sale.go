package server

import (
	"math"
	"slices"
	"strconv"
	"time"

	"holdfast/engine/core"
)

// identityNames are what else a sale may know a buyer by, by the kind of identity; the customer is named beside the lines.
var identityNames = [core.IdentityKinds]string{"customer", "address", "device", "payment"}

// identityRule is for what a buyer is known by: opaque to the server, which keeps a hash of it.
var identityRule = textRule{1, 128, onlyPrintable, "must be 1 to 128 bytes without control characters"}

// parseIdentities reads the identities of an order or a hold in a sale.
func (in *intake) parseIdentities() {
	if !in.object() {
		return
	}
	var given [core.IdentityKinds][]byte
	for in.more() {
		name := string(in.name())
		if kind := slices.Index(identityNames[:], name); kind > 0 {
			given[kind] = in.text(&identityRule)
		} else {
			in.unknown()
		}
	}
	in.identities = in.identities[:0]
	for kind := core.IdentityAddress; kind < core.IdentityKinds; kind++ {
		if given[kind] != nil {
			in.identities = core.AppendIdentity(in.identities, kind, given[kind])
		}
	}
	in.command.Identities = in.identities
}

// parseSale reads the body of PUT /v1/sales/{sale}.
func (in *intake) parseSale(body []byte) {
	in.begin(core.CommandDefineSale, body)
	rules := &core.SaleSettings{WaitlistTTL: defaultOffer, Queue: core.SaleQueue{TokenTTL: defaultEntrance}}
	in.command.SaleSettings = rules
	var title []byte
	var seen struct{ starts, ends, items bool }
	if in.object() {
		for in.more() {
			switch name := in.name(); string(name) {
			case "title":
				title = in.text(&titleRule)
			case "starts_at":
				rules.StartsAt, seen.starts = in.instant(), true
			case "ends_at":
				rules.EndsAt, seen.ends = in.instant(), true
			case "items":
				in.parseItems()
				seen.items = true
			default:
				in.saleRule(name)
			}
		}
		for _, field := range []struct {
			seen bool
			name string
		}{{seen.starts, "starts_at"}, {seen.ends, "ends_at"}, {seen.items, "items"}} {
			if !field.seen {
				in.missing(field.name)
			}
		}
		if len(in.faults) == 0 && rules.EndsAt <= rules.StartsAt {
			in.faultIn("ends_at", codeOutOfRange, "must be after starts_at")
		}
	}
	in.end()
	if len(in.faults) == 0 {
		in.composeSale(title)
	}
}

// saleRule reads a rule that has a default.
func (in *intake) saleRule(name []byte) {
	const most = int64(core.MaxSettingQuantity)
	rules := in.command.SaleSettings
	switch string(name) {
	case "limit_per_customer":
		rules.Limits[core.IdentityCustomer] = core.Quantity(in.orNone(1, most))
	case "limit_per_address":
		rules.Limits[core.IdentityAddress] = core.Quantity(in.orNone(1, most))
	case "limit_per_device":
		rules.Limits[core.IdentityDevice] = core.Quantity(in.orNone(1, most))
	case "limit_per_payment":
		rules.Limits[core.IdentityPayment] = core.Quantity(in.orNone(1, most))
	case "max_ttl_seconds":
		rules.MaxTTL = core.Millis(in.orNone(int64(core.MinTTL/1000), int64(core.MaxTTL/1000))) * 1000
	case "max_expired_holds":
		rules.MaxExpired = uint32(in.orNone(1, math.MaxUint32))
	case "waitlist_capacity":
		rules.WaitlistCapacity = uint32(in.orNone(1, core.MaxWaitlist))
	case "waitlist_hold_seconds":
		rules.WaitlistTTL = core.Millis(in.integer(int64(core.MinTTL/1000), int64(core.MaxTTL/1000))) * 1000
	case "queue":
		in.parseQueue(&rules.Queue)
	default:
		in.unknown()
	}
}

// orNone reads a whole number in the range, or null for 0.
func (in *intake) orNone(least, most int64) int64 {
	if in.null() {
		return 0
	}
	return in.integer(least, most)
}

func (in *intake) parseQueue(q *core.SaleQueue) {
	if !in.object() {
		return
	}
	for in.more() {
		switch string(in.name()) {
		case "required":
			q.Required = in.boolean()
		case "opening_seconds":
			q.Opening = core.Millis(in.integer(0, int64(core.MaxTTL/1000))) * 1000
		case "rate_per_minute":
			q.RatePerMinute = uint32(in.orNone(1, math.MaxUint32))
		case "token_seconds":
			q.TokenTTL = core.Millis(in.integer(1, int64(core.MaxTTL/1000))) * 1000
		case "patience_seconds":
			q.Patience = core.Millis(in.orNone(1, int64(core.MaxTTL/1000))) * 1000
		case "share_percent":
			q.Share = uint32(in.orNone(1, core.MaxQueueShare))
		default:
			in.unknown()
		}
	}
}

// parseItems reads what a sale sells.
func (in *intake) parseItems() {
	if !in.array() {
		return
	}
	count := 0
	for in.more() {
		if count++; count > core.MaxSaleItems {
			in.skipRest()
			break
		}
		in.parseItem()
	}
	if count == 0 || count > core.MaxSaleItems {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxSaleItems)+" items")
	}
}

func (in *intake) parseItem() {
	const most = int64(core.MaxSettingQuantity)
	item := core.SaleItem{Quota: core.Unlimited}
	var sku []byte
	var unit price
	if !in.object() {
		return
	}
	for in.more() {
		switch string(in.name()) {
		case "sku":
			if sku = in.text(&nameRule); len(sku) > 0 && slices.ContainsFunc(in.skus, func(o []byte) bool { return string(o) == string(sku) }) {
				in.report(codeDuplicateItem, "is an item of the sale already")
			}
		case "quota":
			if !in.null() {
				item.Quota = core.Quantity(in.integer(0, most))
			}
		case "max_held":
			item.MaxHeld = core.Quantity(in.orNone(1, most))
		case "unit_price":
			unit = in.money()
		default:
			in.unknown()
		}
	}
	if sku == nil {
		in.missing("sku")
	}
	in.skus = append(in.skus, sku)
	in.command.SaleSettings.Items = append(in.command.SaleSettings.Items, item)
	in.prices = append(in.prices, unit)
	in.priced = in.priced || unit.set
}

// instant reads a point in time, exact to the millisecond and not before 1970.
func (d *decoder) instant() core.Millis {
	raw, ok := d.value()
	switch {
	case !ok:
		return 0
	case raw[0] != '"':
		d.report(codeWrongType, "must be a string")
		return 0
	}
	at, err := time.Parse(time.RFC3339Nano, string(d.unescape(raw)))
	switch {
	case err != nil:
		d.report(codeOutOfRange, "must be a time such as 2026-11-27T09:00:00.000Z")
		return 0
	case at.Nanosecond()%int(time.Millisecond) != 0:
		d.report(codeOutOfRange, "must be exact to the millisecond, no finer")
		return 0
	case at.UnixMilli() < 0 || at.Year() > 9999:
		d.report(codeOutOfRange, "must be of the years 1970 to 9999")
		return 0
	}
	return core.Millis(at.UnixMilli())
}

// composeSale makes the document of a sale: its title, and the price of each item.
func (in *intake) composeSale(title []byte) {
	in.composeDocument()
	if title == nil {
		return
	}
	prices := append([]byte(nil), in.command.Document...)
	dst := appendTextField(in.document[:0], documentTitle, title)
	if len(prices) > 0 {
		dst = append(append(dst, ','), prices[1:]...)
	} else {
		dst = append(dst, '}')
	}
	in.document, in.command.Document = dst, dst
}
