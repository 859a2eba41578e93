package codec

import (
	"testing"

	"holdfast/engine/core"
)

func goldenSaleSettings() core.SaleSettings {
	return core.SaleSettings{
		StartsAt: 1_790_000_000_000, EndsAt: 1_790_003_600_000,
		Limits: [core.IdentityKinds]core.Quantity{2, 4, 0, 1_000},
		MaxTTL: 300_000, MaxExpired: 3, WaitlistCapacity: 5_000, WaitlistTTL: 600_000,
		Queue: core.SaleQueue{Required: true, Opening: 60_000, RatePerMinute: 6_000, TokenTTL: 120_000, Patience: 30_000, Share: 150},
		Items: []core.SaleItem{{SKU: 7, Quota: 10_000, MaxHeld: 500}, {SKU: 64 + 3, Quota: core.Unlimited}},
	}
}

func goldenIdentities() []byte {
	return core.AppendIdentity(core.AppendIdentity(nil, core.IdentityAddress, []byte("Elbe 1")), core.IdentityPayment, []byte("card"))
}

func goldenSales() []golden {
	const slot7, slots3and7 = core.SlotMask(1 << 7), core.SlotMask(1<<7 | 1<<3)
	settings, id := goldenSaleSettings(), core.MakeSaleID(7, 2)
	lines := []core.Line{{SKU: 7, Quantity: 2}}
	image := core.SaleImage{ID: id, Version: 2, Changed: 814, HasDocument: true, Name: []byte("friday"), Settings: settings}
	held := goldenOrder()
	held.Sale, held.Identities = id, goldenIdentities()
	counted := image
	counted.Counts = []core.SaleCount{{Held: 3, Sold: 200, Orderable: 9_000, Waited: 12, Waiters: 7}, {Orderable: core.Unlimited}}
	ended := core.Refusal{Reason: core.ReasonSaleEnded, At: 1_790_003_600_000}
	limit := core.Refusal{Reason: core.ReasonSaleLimit, Identity: core.IdentityPayment,
		Lines: []core.RefusedLine{{SKU: 7, Requested: 3, Available: 1}}}
	return []golden{
		goldenCommand("define_sale", "define sale friday: an hour, a queue, 10000 of SKU 7 with 500 held at once, any number of SKU 67",
			core.Command{Kind: core.CommandDefineSale, Mask: core.AllSlots, Name: []byte("friday"), SaleSettings: &settings, Document: []byte(`{"title":"Friday"}`)}),
		goldenCommand("place_order_sale", "place order in sale 2 of slot 7, ticket 1234, known by address and payment",
			core.Command{Kind: core.CommandPlaceOrder, Mask: slot7, Customer: []byte("c1"), Lines: lines, Sale: id, Ticket: 1234, Identities: goldenIdentities()}),
		goldenCommand("place_hold_sale", "place hold in sale 2 of slot 3, no ticket, known by nothing else", core.Command{
			Kind: core.CommandPlaceHold, Mask: slots3and7, TTL: 60_000, Customer: []byte("c1"), Lines: lines, Sale: core.MakeSaleID(3, 2)}),
		goldenEvent("sale_defined", "sale friday defined", core.Event{Kind: core.EventSaleDefined, Sale: image}),
		goldenEvent("hold_placed_sale", "hold placed in sale 2 of slot 7", core.Event{Kind: core.EventHoldPlaced, Order: held}),
		goldenImage("image_sale", "sale friday, with what it sold", counted, AppendSaleImage, DecodeSaleImage),
		goldenImage("refusal_sale_ended", "refusal: the sale is over", ended, AppendRefusal, DecodeRefusal),
		goldenImage("refusal_sale_limit", "refusal: 3 units asked for, the payment may have 1 more", limit, AppendRefusal, DecodeRefusal),
	}
}

func TestMalformedSales(t *testing.T) {
	// A sale named s: starts at 1, ends at 2, no limits, no longest time, no waitlist, no queue.
	settings := func(items ...any) []byte {
		return join(append([]any{1, "s", 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, items...)...)
	}
	define := func(body []byte) []byte { return frame(core.CommandDefineSale, 0, body) }
	good := define(settings(1, 7, 2, 0))
	if err := decodeCommand(good); err != nil {
		t.Fatal(err)
	}
	const starts = frameFixed + 2
	order := func(sale ...any) []byte {
		return frame(core.CommandPlaceOrder, flagSale, append(sale, 0, 2, "c1", 0, 1, 7, 1)...)
	}
	address := core.AppendIdentity(nil, core.IdentityAddress, []byte("a"))
	device := core.AppendIdentity(nil, core.IdentityDevice, []byte("a"))
	if err := decodeCommand(order(uvarintOf(64), 0, 34, address, device)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"name", define(join(0)), frameFixed, "sale name"},
		{"ends when it starts", with(good, starts+1, 1), starts + 1, "before it starts"},
		{"ends before it starts", with(good, starts+1, 0), starts + 1, "before it starts"},
		{"time to live", with(good, starts+6, 100), starts + 6, "below 1000"},
		{"waitlist", define(join(1, "s", 1, 2, 0, 0, 0, 0, 0, 0, uvarintOf(core.MaxWaitlist+1))), starts + 8, "waitlist"},
		{"waitlist without a time", with(good, starts+8, 1), starts + 9, "below 1000"},
		{"short offer", with(good, starts+9, 100), starts + 9, "below 1000"},
		{"queue", with(good, starts+10, 2), starts + 10, "queue"},
		{"share", define(join(1, "s", 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, uvarintOf(core.MaxQueueShare+1))), starts + 15, "share"},
		{"no items", define(settings(0)), starts + 16, "1 to 500"},
		{"too many items", define(settings(uvarintOf(501), make([]byte, 3000))), starts + 16, "1 to 500"},
		{"SKU twice", define(settings(2, 7, 2, 0, 7, 2, 0)), starts + 20, "twice"},
		{"quota below unlimited", define(settings(1, 7, 3, 0)), starts + 18, "quota"},
		{"quota above the most", define(settings(1, 7, varintOf(int64(core.MaxSettingQuantity)+1), 0)), starts + 18, "quota"},
		{"held at once", define(settings(1, 7, 2, uvarintOf(uint64(core.MaxSettingQuantity)+1))), starts + 19, "held at once"},
		{"sale of none", order(0, 0, 0), frameFixed, "number of a sale"},
		{"sale below the first", order(63, 0, 0), frameFixed, "number of a sale"},
		{"sale above 32 bits", order(uvarintOf(1<<32), 0, 0), frameFixed, "number of a sale"},
		{"ticket", order(64, uvarintOf(1<<32), 0), frameFixed + 1, "ticket"},
		{"identities cut", order(64, 0, 16, address[:16]), frameFixed + 2, "17 bytes"},
		{"identities too long", order(64, 0, 68, make([]byte, 68)), frameFixed + 2, "51 bytes"},
		{"identity of the customer", order(64, 0, 17, with(address, 0, 0)), frameFixed + 2, "kinds"},
		{"unknown identity", order(64, 0, 17, with(address, 0, core.IdentityKinds)), frameFixed + 2, "kinds"},
		{"identities out of order", order(64, 0, 34, device, address), frameFixed + 2, "order"},
		{"identity twice", order(64, 0, 34, device, device), frameFixed + 2, "order"},
		{"sale of an adjustment", frame(core.CommandAdjustStock, flagSale, 64, 0, 0), frameFlags, "flag"},
	})
	image := AppendSaleImage(nil, &core.SaleImage{ID: 64, Name: []byte("s"), Settings: core.SaleSettings{EndsAt: 1, Items: []core.SaleItem{{SKU: 1}, {SKU: 2}}}})
	one := append(image[:len(image)-1], 1, 0, 0, 0, 0, 0)
	checkMalformed(t, func(src []byte) error { _, err := DecodeSaleImage(src, &core.SaleImage{}); return err }, []malformed{
		{"one count of two items", one, len(one) - 6, "counts"},
	})
	checkMalformed(t, func(src []byte) error { _, err := DecodeRefusal(src, &core.Refusal{}); return err }, []malformed{
		{"unknown identity", []byte{byte(core.ReasonSaleLimit), 0, 0, 0, core.IdentityKinds, 0}, 4, "identity"},
	})
}
