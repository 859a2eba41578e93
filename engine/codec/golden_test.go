package codec

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast/engine/core"
)

var update = flag.Bool("update", false, "write golden files that are missing or differ")

// golden is a value whose bytes are on somebody's disk or wire, and so must not change.
type golden struct {
	name   string
	about  string
	value  any
	encode func() []byte
	decode func(src []byte) (any, int, error)
}

// TestGolden checks that every value is still written as it was when its format was released, and that
// what was written then is still read.
func TestGolden(t *testing.T) {
	all := append(goldenCommands(), goldenEvents()...)
	all = append(all, goldenImages()...)
	all = append(all, goldenSales()...)
	all = append(all, goldenQueues()...)
	all = append(all, goldenInbounds()...)
	all = append(all, goldenLives()...)
	all = append(all, goldenFulfilments()...)
	all = append(all, goldenPayments()...)
	all = append(all, goldenReturns()...)
	all = append(all, goldenWaitlists()...)
	all = append(all, goldenWholes()...)
	for _, g := range all {
		t.Run(g.name, func(t *testing.T) { g.check(t) })
	}
}

func (g *golden) check(t *testing.T) {
	path := filepath.Join("testdata", g.name+".hex")
	got := g.encode()
	if *update {
		if err := os.WriteFile(path, dump(g.about, got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := readHex(t, path)
	if !bytes.Equal(got, want) {
		t.Errorf("encoded as\n%s\nis not %s:\n%s", hex.Dump(got), path, hex.Dump(want))
	}
	value, n, err := g.decode(want)
	if err != nil || n != len(want) {
		t.Fatalf("decoded %d of %d bytes: %v", n, len(want), err)
	}
	if got, want := normal(reflect.ValueOf(value)), normal(reflect.ValueOf(g.value)); !reflect.DeepEqual(got, want) {
		t.Errorf("decoded\n%+v\nwant\n%+v", got, want)
	}
}

// dump writes bytes as a person reads them: sixteen a line, with their place.
func dump(about string, b []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s\n", about)
	for at := 0; at < len(b); at += 16 {
		fmt.Fprintf(&out, "% -48x # %d\n", b[at:min(at+16, len(b))], at)
	}
	return out.Bytes()
}

func readHex(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return b
}

func goldenCommand(name, about string, c core.Command) golden {
	if c.Version = 1; c.Money != nil {
		c.Version = frameVersionOf(&c)
	}
	return golden{
		name: "command_" + name, about: about, value: c,
		encode: func() []byte { return AppendCommand(nil, &c) },
		decode: func(src []byte) (any, int, error) {
			var got core.Command
			n, err := DecodeCommand(src, &got)
			return got, n, err
		},
	}
}

var goldenKey = core.IdempotencyKey{0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}

func goldenCommands() []golden {
	const slot7, slots3and7 = core.SlotMask(1 << 7), core.SlotMask(1<<7 | 1<<3)
	lines := []core.Line{{SKU: core.MakeSKUID(7, 2), Quantity: 2}, {SKU: core.MakeSKUID(3, 1000), Quantity: 1_000_000_000}}
	return append(goldenFollowUps(),
		goldenCommand("tick", "tick of all slots", core.Command{Kind: core.CommandTick, Mask: core.AllSlots}),
		goldenCommand("define_sku", "define SKU phone: slot 7, safety stock 5, unlimited backorders, 2 per customer, low at 10, stopped, document",
			core.Command{Kind: core.CommandDefineSKU, Mask: slot7, Name: []byte("phone"), Document: []byte(`{"title":"Phone"}`),
				SKU: core.SKUSettings{SafetyStock: 5, BackorderLimit: core.Unlimited, LimitPerCustomer: 2, LowStock: 10, Stopped: true, Weight: 350}}),
		goldenCommand("define_location", "define location hamburg: a store of priority -10 at 53.55 north, 9.99 west",
			core.Command{Kind: core.CommandDefineLocation, Mask: core.AllSlots, Name: []byte("hamburg"),
				Location: core.LocationSettings{Kind: core.LocationStore, Priority: -10, HasPosition: true, LatitudeE7: 53_5500000, LongitudeE7: -9_9900000}}),
		goldenCommand("define_location_nowhere", "define location nowhere: a warehouse of priority 10 without position",
			core.Command{Kind: core.CommandDefineLocation, Mask: core.AllSlots, Name: []byte("nowhere"),
				Location: core.LocationSettings{Priority: 10, Stopped: true}}),
		goldenCommand("define_location_capacity", "define location corner: a store that ships 20 orders a day", core.Command{Kind: core.CommandDefineLocation,
			Mask: core.AllSlots, Name: []byte("corner"), Location: core.LocationSettings{Kind: core.LocationStore, Shipping: &core.Shipping{DailyCapacity: 20}}}),
		goldenCommand("define_location_shipping", "define location porto: ships standard and express until 14:30 local time, an hour ahead of UTC, after a day, 0.50 a unit, "+
			"for channels 0 and 2; to Portugal in a day for 3.90, to postal codes 9… in three, elsewhere in five for 9.90 and 1.00 a kilogram",
			core.Command{Kind: core.CommandDefineLocation, Mask: core.AllSlots, Name: []byte("porto"),
				Location: core.LocationSettings{Shipping: goldenShipping()}}),
		goldenCommand("define_routing", "define routing: fewest shipments, then nearest; at most 3 of them, 2.50 for each but the first, no suppliers, hamburg preferred",
			core.Command{Kind: core.CommandDefineRouting, Mask: core.AllSlots, Routing: new(goldenRouting())}),
		goldenCommand("place_order_destination", "place order, slot 7, one line, express to 20095 in Germany at 53.55 north, 9.99 east, document",
			core.Command{Kind: core.CommandPlaceOrder, Mask: slot7, Customer: []byte("c1"), Lines: lines[:1], Document: []byte(`{"ship_to":{}}`),
				Destination: core.Destination{Country: core.CountryCode{'D', 'E'}, Postal: core.PostalCode{'2', '0', '0', '9', '5'},
					Method: core.MethodExpress, HasPosition: true, LatitudeE7: 53_5500000, LongitudeE7: 9_9900000}}),
		goldenCommand("place_order_forced", "place order, slot 7, one line, forced, express to Germany, document",
			core.Command{Kind: core.CommandPlaceOrder, Mask: slot7, Customer: []byte("c1"), Lines: lines[:1], Document: []byte(`{"ship_to":{}}`), Stock: core.StockForce,
				Destination: core.Destination{Country: core.CountryCode{'D', 'E'}, Method: core.MethodExpress}}),
		goldenCommand("place_order_skipped", "place order, slot 7, one line, only recorded",
			core.Command{Kind: core.CommandPlaceOrder, Mask: slot7, Customer: []byte("c1"), Lines: lines[:1], Stock: core.StockSkip}),
		goldenCommand("place_hold_pickup", "place hold of a second, slot 7, one line, to be fetched at location 300",
			core.Command{Kind: core.CommandPlaceHold, Mask: slot7, TTL: 1000, Customer: []byte("c1"), Lines: lines[:1],
				Destination: core.Destination{Method: core.MethodPickup, HasPickup: true, Pickup: 300}}),
		goldenCommand("define_channel", "define channel pos", core.Command{Kind: core.CommandDefineChannel, Mask: core.AllSlots, Name: []byte("pos")}),
		goldenCommand("set_channel", "set channel pos: bands, buffer 3, document", core.Command{Kind: core.CommandSetChannel, Mask: core.AllSlots,
			Name: []byte("pos"), Selling: core.ChannelSettings{Bands: true, Buffer: 3}, Document: []byte(`{"name":"Shop"}`)}),
		goldenCommand("set_channel_rule", "set the rule of SKU 7 in channel 1: buffer 2, an exclusive pool of 100 with start and end",
			core.Command{Kind: core.CommandSetChannelRule, Mask: slot7, Rule: goldenRule().ChannelRule}),
		goldenCommand("set_channel_expecting", "set channel pos: buffer 3, if it is at version 2", core.Command{Kind: core.CommandSetChannel, Mask: core.AllSlots,
			ExpectedVersion: 2, Name: []byte("pos"), Selling: core.ChannelSettings{Buffer: 3}}),
		goldenCommand("set_channel_rule_none", "take back the rule of SKU 7 in channel 1",
			core.Command{Kind: core.CommandSetChannelRule, Mask: slot7, Rule: core.ChannelRule{SKU: 7, Channel: 1}}),
		goldenCommand("set_channel_rule_share", "a third of SKU 7 is channel 1's, from now on",
			core.Command{Kind: core.CommandSetChannelRule, Mask: slot7, Rule: core.ChannelRule{SKU: 7, Channel: 1, HasPool: true, Pool: core.PoolSettings{Share: 33}}}),
		goldenCommand("set_kit", "make SKU 7 a kit of one of SKU 3 and six of SKU 67",
			core.Command{Kind: core.CommandSetKit, Mask: core.AllSlots, Recipes: []core.Recipe{goldenRecipe()}}),
		goldenCommand("set_kit_none", "SKU 7 is no kit", core.Command{Kind: core.CommandSetKit, Mask: core.AllSlots, Recipes: []core.Recipe{{Kit: 7}}}),
		goldenCommand("place_order_kit", "place order, slots 3 and 7, two kits of SKU 7 and one of SKU 3, with a document and the kit's recipe",
			core.Command{Kind: core.CommandPlaceOrder, Mask: slots3and7, Customer: []byte("c1"), Lines: []core.Line{{SKU: 7, Quantity: 2}, {SKU: 3, Quantity: 1}},
				Document: []byte(`{"ship_to":{}}`), Recipes: []core.Recipe{goldenRecipe()}}),
		goldenCommand("adjust_stock", "adjust stock, slots 3 and 7, with a key: add -3 broken; set 100; set 90 if 80, counted",
			core.Command{Kind: core.CommandAdjustStock, Mask: slots3and7, HasKey: true, Key: goldenKey, Rows: []core.AdjustmentRow{
				{SKU: 7, Location: 0, Mode: core.AdjustDelta, Value: -3, Reason: []byte("broken")},
				{SKU: 3, Location: 300, Mode: core.AdjustSet, Value: 100},
				{SKU: 64 + 3, Location: 1, Mode: core.AdjustSetExpected, Value: 90, Expected: 80, Reason: []byte("counted")},
			}}),
		goldenCommand("move_stock", "move stock, slots 3 and 7: receive 97 and 3 damaged, -2 found missing, 5 counted if 4, one damaged is good, all of one written off",
			core.Command{Kind: core.CommandMoveStock, Mask: slots3and7, Actor: []byte("anna"), Cause: []byte("delivery 17"), Moves: []core.MovementRow{
				{SKU: 7, Kind: core.MovementReceive, Quantity: 97},
				{SKU: 7, Kind: core.MovementReceive, To: core.StateDamaged, Quantity: 3, Reason: []byte("wet")},
				{SKU: 3, Location: 300, Kind: core.MovementAdjust, To: core.StateOther, Quantity: -2},
				{SKU: 3, Kind: core.MovementCount, To: core.StateQualityControl, Quantity: 5, HasExpected: true, Expected: 4},
				{SKU: 3, Kind: core.MovementCount},
				{SKU: 7, Kind: core.MovementReclassify, From: core.StateDamaged, Quantity: 1},
				{SKU: 7, Kind: core.MovementWriteOff, From: core.StateDamaged, Quantity: 1_000_000_000_000},
			}}),
		goldenCommand("place_hold", "place hold of ten minutes up to what there is, slots 3 and 7, two lines, customer c1, channel 1",
			core.Command{Kind: core.CommandPlaceHold, Mask: slots3and7, TTL: 600_000, Channel: 1, Customer: []byte("c1"), UpTo: true, Lines: lines}),
		goldenCommand("place_order", "place order, slot 7, one line, customer c1, channel 0: the least there is",
			core.Command{Kind: core.CommandPlaceOrder, Mask: slot7, Customer: []byte("c1"), Lines: lines[:1]}),
		goldenCommand("place_order_full", "place order, slots 3 and 7, two lines, key, external id, document",
			core.Command{Kind: core.CommandPlaceOrder, Mask: slots3and7, HasKey: true, Key: goldenKey, Channel: 200, Customer: []byte("Käthe"),
				ExternalID: []byte("web-10001"), Lines: lines, Document: []byte(`{"ship_to":{}}`)}),
	)
}

func goldenShipping() *core.Shipping {
	return &core.Shipping{
		Methods: 1<<core.MethodStandard | 1<<core.MethodExpress, HasCutOff: true, CutOff: 14*60 + 30, UTCOffset: 60, HandlingDays: 1,
		CostPerUnit: 50, Channels: []core.ChannelID{0, 2}, Zones: []core.Zone{
			{Country: core.CountryCode{'P', 'T'}, TransitDays: 1, Cost: 390},
			{Country: core.CountryCode{'P', 'T'}, Postal: core.PostalCode{'9'}, TransitDays: 3, Cost: 390},
			{TransitDays: 5, Cost: 990, CostPerKilo: 100, UpToGrams: 31_500},
		}}
}

func goldenRouting() core.RoutingSettings {
	return core.RoutingSettings{Rules: []core.RoutingRule{core.RuleFewestShipments, core.RuleNearest}, MaxShipments: 3, SplitPenalty: 250,
		NoSuppliers: true, Preferred: []core.LocationID{300}}
}

func goldenFollowUps() []golden {
	const slot9, slots9and63 = core.SlotMask(1 << 9), core.SlotMask(1<<9 | 1<<63)
	order := core.MakeOrderID(9, true, 123_456)
	return []golden{
		goldenCommand("confirm_hold", "confirm hold, slots 9 and 63, key, expected version 2", core.Command{
			Kind: core.CommandConfirmHold, Mask: slots9and63, HasKey: true, Key: goldenKey, Order: order, ExpectedVersion: 2}),
		goldenCommand("extend_hold", "extend hold by five minutes, slot 9", core.Command{
			Kind: core.CommandExtendHold, Mask: slot9, Order: order, TTL: 300_000}),
		goldenCommand("release_hold", "release hold, slot 9", core.Command{
			Kind: core.CommandReleaseHold, Mask: slot9, Order: order}),
		goldenCommand("cancel_order", "cancel order, slots 9 and 63, expected version 3, document", core.Command{
			Kind: core.CommandCancelOrder, Mask: slots9and63, Order: order, ExpectedVersion: 3, Document: []byte("{}")}),
		goldenCommand("archive_orders", "archive the page of an order, slot 9", core.Command{
			Kind: core.CommandArchiveOrders, Mask: slot9, Order: order}),
		goldenCommand("reroute_order", "reroute order, slots 9 and 63, key, expected version 3: all of one SKU and two of another leave location 300, by anna, as the "+
			"roof leaks; what nobody else has waits; to Germany", core.Command{Kind: core.CommandRerouteOrder, Mask: slots9and63, HasKey: true, Key: goldenKey,
			Order: order, ExpectedVersion: 3, Actor: []byte("anna"), Lines: []core.Line{{SKU: 64 + 3}, {SKU: 7, Quantity: 2}},
			Reroute:     &core.Reroute{Location: 300, Reason: core.RerouteManual, Note: []byte("the roof leaks"), Backorder: true},
			Destination: core.Destination{Country: core.CountryCode{'D', 'E'}}}),
		goldenCommand("add_note", "add note to an order, slot 9, key: by anna", core.Command{Kind: core.CommandAddNote, Mask: slot9, HasKey: true, Key: goldenKey,
			Order: order, Actor: []byte("anna"), Document: []byte("Rings at the back door.\nGrüße")}),
		goldenCommand("resolve_case", "resolve case of SKU 7 of another order, slots 9 and 63, key, expected version 3: the order is given units from location 300, by anna, "+
			"as it is Friday; to Germany", core.Command{Kind: core.CommandResolveCase, Mask: slots9and63, HasKey: true, Key: goldenKey,
			Order: order, ExpectedVersion: 3, Actor: []byte("anna"), Resolution: &core.Resolution{
				SKU: 7, Case: core.MakeOrderID(63, false, 5), Action: core.OversoldReSource, Location: 300, Note: []byte("it is Friday")},
			Destination: core.Destination{Country: core.CountryCode{'D', 'E'}}}),
		goldenCommand("fill_order", "fill order, slots 9 and 63", core.Command{
			Kind: core.CommandFillOrder, Mask: slots9and63, Order: order}),
	}
}

func goldenEvent(name, about string, ev core.Event) golden {
	ev.Sequence, ev.At = 814, 1_790_000_000_000
	return golden{
		name: "event_" + name, about: about + "; sequence 814", value: ev,
		encode: func() []byte { return AppendEvent(nil, &ev) },
		decode: func(src []byte) (any, int, error) {
			var got core.Event
			n, err := DecodeEvent(src, &got)
			return got, n, err
		},
	}
}

func goldenOrder() core.OrderImage {
	return core.OrderImage{
		ID: core.MakeOrderID(9, true, 123_456), Status: core.StatusHeld, Version: 1, Created: 814, CreatedAt: 1_790_000_000_000,
		Deadline: 1_790_000_600_000, Customer: []byte("c1"),
		Lines: []core.LineImage{{SKU: 7, Quantity: 5, Backordered: 1, Allocations: 2}, {SKU: 64 + 3, Quantity: 200, Allocations: 1}},
		Allocations: []core.Allocation{
			{Location: 0, Quantity: 3}, {Location: 300, Quantity: 1}, {Location: 0, Quantity: 200},
		},
	}
}

func goldenEvents() []golden {
	later := func(status core.OrderStatus) core.Event {
		o := goldenOrder()
		o.Status, o.Version, o.Created, o.CreatedAt = status, 2, 700, 1_789_999_900_000
		return core.Event{Order: o}
	}
	of := func(kind core.EventKind, ev core.Event) core.Event {
		ev.Kind = kind
		return ev
	}
	placed := goldenOrder()
	pooled := placed
	pooled.Status, pooled.Lines = core.StatusPlaced, slices.Clone(pooled.Lines)
	pooled.Lines[0].Pooled, pooled.Lines[0].Preorder = 3, true
	kits := pooled
	kits.Lines = []core.LineImage{
		{SKU: 7, Quantity: 2, Role: core.LineOfKits},
		{SKU: 3, Quantity: 2, Backordered: 1, Allocations: 1, Role: core.LineOfComponent},
		{SKU: 67, Quantity: 12, Allocations: 1, Role: core.LineOfComponent},
	}
	kits.Allocations = []core.Allocation{{Location: 0, Quantity: 1}, {Location: 300, Quantity: 12}}
	placed.Status, placed.Deadline, placed.HasDocument, placed.ExternalID = core.StatusPlaced, 0, true, []byte("web-10001")
	sku, location := goldenSKU(), goldenLocation()
	return []golden{
		goldenEvent("sku_defined", "SKU phone defined", core.Event{Kind: core.EventSKUDefined, SKU: sku}),
		goldenEvent("order_routed", "order routed: Hamburg has all, Munich is further, main does not ship there", core.Event{Kind: core.EventOrderRouted,
			Route: core.RouteImage{Order: core.MakeOrderID(9, true, 123_456), Policy: 2, Rules: []core.RoutingRule{core.RuleFewestShipments, core.RuleNearest},
				Shipments: 1, Scores: []int64{1, 12_000}, Found: 3, Candidates: []core.RouteOption{
					{Location: 300, Chosen: true, Whole: 2, Units: 205, Scores: []int64{1, 12_000}},
					{Location: 7, Whole: 1, Units: 200, Scores: []int64{1, 612_000}}, {Location: 0, Fate: core.FateZone}}}}),
		goldenEvent("order_oversold", "order oversold: 3 of SKU 7 and 200 of SKU 67", core.Event{Kind: core.EventOrderOversold,
			Oversold: core.OversoldImage{Order: core.MakeOrderID(9, true, 123_456), Units: []core.OversoldUnits{{SKU: 7, Units: 3}, {SKU: 67, Units: 200}}}}),
		goldenEvent("routing_defined", "routing defined for the second time", core.Event{Kind: core.EventRoutingDefined,
			Routing: core.RoutingImage{Version: 2, Changed: 814, Settings: goldenRouting()}}),
		goldenEvent("location_defined", "location hamburg defined", core.Event{Kind: core.EventLocationDefined, Location: location}),
		goldenEvent("channel_defined", "channel 1 pos defined", core.Event{Kind: core.EventChannelDefined, Channel: goldenChannel()}),
		goldenEvent("channel_rule_set", "rule of SKU 7 in channel 1 set", core.Event{Kind: core.EventChannelRuleSet, Rule: goldenRule()}),
		goldenEvent("preorder_ended", "the preorder of SKU 7, up to 20 units, ends with 3 waited for", core.Event{Kind: core.EventPreorderEnded,
			Preorder: core.PreorderImage{SKU: 7, Preorder: core.Preorder{Limit: 20, ShipsAt: 1_790_000_000_000}, Backordered: 3}}),
		goldenEvent("pool_changed", "the pool of channel 1 for SKU 7 begins", core.Event{Kind: core.EventPoolChanged, Rule: goldenRule()}),
		goldenEvent("kit_set", "SKU 7 is a kit", core.Event{Kind: core.EventKitSet, Recipe: goldenRecipe()}),
		goldenEvent("order_kit", "order placed, of kits: two of SKU 7, and of each of its components", core.Event{Kind: core.EventOrderPlaced, Order: kits}),
		goldenEvent("stock_adjusted", "stock adjusted, two levels", core.Event{Kind: core.EventStockAdjusted, Levels: []core.LevelChange{
			{LevelImage: goldenLevel(7), OnHandBefore: 90, Reason: []byte("received")},
			{LevelImage: core.LevelImage{SKU: 64 + 3, Location: 300}},
		}}),
		goldenEvent("hold_placed", "hold placed", core.Event{Kind: core.EventHoldPlaced, Order: goldenOrder()}),
		goldenEvent("hold_extended", "hold extended", of(core.EventHoldExtended, later(core.StatusHeld))),
		goldenEvent("hold_released", "hold released", of(core.EventHoldReleased, later(core.StatusReleased))),
		goldenEvent("hold_expired", "hold expired", of(core.EventHoldExpired, later(core.StatusExpired))),
		goldenEvent("hold_confirmed", "hold confirmed", of(core.EventHoldConfirmed, later(core.StatusPlaced))),
		goldenEvent("order_placed", "order placed, with external id and document", core.Event{Kind: core.EventOrderPlaced, Order: placed}),
		goldenEvent("order_pooled", "order placed, three units out of a pool", core.Event{Kind: core.EventOrderPlaced, Order: pooled}),
		goldenEvent("order_cancelled", "order cancelled", of(core.EventOrderCancelled, later(core.StatusCancelled))),
		goldenEvent("hold_cancelled", "hold cancelled", of(core.EventHoldCancelled, later(core.StatusCancelled))),
		goldenEvent("order_filled", "order filled: two units of the first line, from two locations", of(core.EventOrderFilled, core.Event{
			Order: later(core.StatusPlaced).Order, Fills: []core.Fill{{Quantity: 1}, {Location: 300, Quantity: 1}}})),
		goldenEvent("order_rerouted", "order rerouted, by anna, as location 300 picked short: two units of the first line from location 0, one waits, one is left",
			of(core.EventOrderRerouted, core.Event{Order: later(core.StatusPlaced).Order, Actor: []byte("anna"), Reroute: core.RerouteImage{
				From: 300, Reason: core.RerouteShortPick, Note: []byte("wet"),
				Moves: []core.Reallocation{{Quantity: 2}, {Beyond: true, Quantity: 1}}, Left: []core.LeftUnits{{Quantity: 1}}}})),
		goldenEvent("supply_changed", "supply of SKU 7 is low: 2 available, low stock 10", core.Event{Kind: core.EventSupplyChanged,
			Supply: core.SupplyImage{SKU: 7, Before: core.SupplyEnough, Supply: core.SupplyLow, Available: 2, LowStock: 10}}),
		goldenEvent("stock_moved", "stock moved, by anna for delivery 17: 3 received damaged, 2 fewer counted", core.Event{Kind: core.EventStockMoved,
			Actor: []byte("anna"), Cause: []byte("delivery 17"), Moves: []core.MovementImage{
				{LevelImage: goldenLevel(7), Kind: core.MovementReceive, To: core.StateDamaged, Quantity: 3, Reason: []byte("wet")},
				{LevelImage: core.LevelImage{SKU: 64 + 3, Location: 300}, Kind: core.MovementCount, Quantity: -2},
			}}),
		goldenEvent("note_added", "note added to an order by anna", core.Event{Kind: core.EventNoteAdded, Noted: 300, Actor: []byte("anna")}),
		goldenEvent("payment_late", "payment late, of an order that has left memory, by hook: a chargeback of 19.99 euro", core.Event{
			Kind: core.EventPaymentLate, Noted: 300, Actor: []byte("hook"), Note: []byte("fraud"), Late: &core.PaymentRequest{
				Type: core.PaymentChargeback, Status: core.EntrySucceeded, Of: 2, Amount: 1999, Currency: core.Currency{'E', 'U', 'R'}, At: 1_789_999_990_000,
				Provider: []byte("acme"), Reference: []byte("cb_1"), Note: []byte("fraud"),
			}}),
		goldenEvent("case_resolved", "case of SKU 7 of another order resolved as far as 2 of 3 units: the order gives one up in main and one in location 300", of(core.EventCaseResolved,
			core.Event{Order: later(core.StatusPlaced).Order, Actor: []byte("anna"), Resolution: core.ResolutionImage{
				Case: core.CaseImage{ID: core.CaseID{Order: core.MakeOrderID(63, false, 5), SKU: 7}, Version: 2, Opened: 800, OpenedAt: 1_789_999_990_000,
					Changed: 814, At: 1_790_000_000_000, Units: 3, Left: 1}, Action: core.OversoldBackorder, Units: 2, Note: []byte("it is Friday")},
				Fills: []core.Fill{{Location: 0, Quantity: 1}, {Location: 300, Quantity: 1}}})),
	}
}

func goldenSKU() core.SKUImage {
	return core.SKUImage{ID: 7, Version: 3, Changed: 814, HasDocument: true, Name: []byte("phone"),
		Settings: core.SKUSettings{SafetyStock: 5, BackorderLimit: core.Unlimited, LimitPerCustomer: 2, LowStock: 10, Stopped: true,
			Preorder: core.Preorder{Limit: 20, ShipsAt: 1_790_000_000_000}}}
}

func goldenLocation() core.LocationImage {
	return core.LocationImage{ID: 300, Version: 1, Changed: 814, Name: []byte("hamburg"), Settings: core.LocationSettings{
		Kind: core.LocationSupplier, Priority: -10, HasPosition: true, LatitudeE7: 53_5500000, LongitudeE7: -9_9900000}}
}

func goldenChannel() core.ChannelImage {
	return core.ChannelImage{ID: 1, Version: 2, Changed: 814, HasDocument: true, Name: []byte("pos"), Settings: core.ChannelSettings{Bands: true, Buffer: 3}}
}

func goldenRule() core.ChannelRuleImage {
	return core.ChannelRuleImage{
		ChannelRule: core.ChannelRule{SKU: 7, Channel: 1, HasBuffer: true, Buffer: 2, HasPool: true,
			Pool: core.PoolSettings{Quota: 100, Start: 1_790_000_000_000, End: 1_790_000_060_000, Exclusive: true}},
		Version: 1, Phase: core.PoolLive, Used: 4, Covered: 90,
	}
}

func goldenRecipe() core.Recipe {
	return core.Recipe{Kit: 7, Components: []core.Component{{SKU: 3, Quantity: 1}, {SKU: 67, Quantity: 6}}}
}

func goldenLevel(sku core.SKUID) core.LevelImage {
	return core.LevelImage{SKU: sku, OnHand: 100, Unavailable: [core.UnavailableStates]core.Quantity{1, 2, 3}, Reserved: 200, Allocated: 5}
}

func goldenImage[T any](name, about string, value T, encode func([]byte, *T) []byte, decode func([]byte, *T) (int, error)) golden {
	return golden{
		name: name, about: about, value: value,
		encode: func() []byte { return encode(nil, &value) },
		decode: func(src []byte) (any, int, error) {
			var got T
			n, err := decode(src, &got)
			return got, n, err
		},
	}
}

func goldenImages() []golden {
	availability := core.AvailabilityImage{
		SKU: 7, Settings: goldenSKU().Settings, Available: -115, OnHand: 100, Unavailable: 6, Reserved: 200, Allocated: 5, Withheld: 2,
		Levels: []core.LevelAvailability{{LevelImage: goldenLevel(7), Withheld: 2}, {LevelImage: core.LevelImage{SKU: 7, Location: 300}}},
		Rules:  []core.ChannelRuleImage{{ChannelRule: core.ChannelRule{SKU: 7, HasBuffer: true, Buffer: 1}, Version: 9}, goldenRule()},
	}
	kit := core.AvailabilityImage{SKU: 71, Settings: goldenSKU().Settings, Available: 2, Components: []core.ComponentAvailability{
		{Quantity: 6, AvailabilityImage: core.AvailabilityImage{SKU: 3, Available: 13}},
	}}
	refusal := core.Refusal{
		Reason: core.ReasonInsufficientStock, Lines: []core.RefusedLine{{Index: 1, SKU: 64 + 3, Requested: 200, Available: -1}},
	}
	duplicate := core.Refusal{Reason: core.ReasonDuplicateExternal, Order: core.MakeOrderID(9, true, 123_456), Version: 2}
	return []golden{
		goldenImage("image_order", "order image outside events", goldenOrder(), AppendOrderImage, DecodeOrderImage),
		goldenImage("image_sku", "SKU image", goldenSKU(), AppendSKUImage, DecodeSKUImage),
		goldenImage("image_location", "location image", goldenLocation(), AppendLocationImage, DecodeLocationImage),
		goldenImage("image_channel", "channel image", goldenChannel(), AppendChannelImage, DecodeChannelImage),
		goldenImage("image_availability", "availability of SKU 7 at two locations", availability, AppendAvailability, DecodeAvailability),
		goldenImage("image_availability_kit", "availability of SKU 71, a kit of six of SKU 3", kit, AppendAvailability, DecodeAvailability),
		goldenImage("refusal_stock", "refusal: line 1 asks for 200 units, -1 are left", refusal, AppendRefusal, DecodeRefusal),
		goldenImage("refusal_duplicate", "refusal: the external id is another order's", duplicate, AppendRefusal, DecodeRefusal),
	}
}

// wholeFeed, wholeBatch and wholeAnswers are what their decoders tell.
type wholeFeed struct {
	First, Last core.Sequence
	Events      string
}

type wholeBatch struct {
	Count  int
	Frames string
}

type wholeAnswers struct {
	Sequence core.Sequence
	Answers  []Answer
}

func goldenWholes() []golden {
	events := goldenEvents()
	two := string(events[0].encode()) + string(events[11].encode())
	commands := goldenCommands()
	frames := string(commands[0].encode()) + string(commands[len(commands)-1].encode())
	return []golden{
		{
			name: "feed", about: "feed group of the sequences 813 to 815: a SKU defined, an order placed",
			value:  wholeFeed{813, 815, two},
			encode: func() []byte { return SealFeed(append(AppendFeedHeader(nil, 813, 815), two...), 0, 2) },
			decode: func(src []byte) (any, int, error) {
				first, last, events, err := DecodeFeed(src)
				return wholeFeed{first, last, string(events)}, len(src), err
			},
		},
		{
			name: "batch", about: "batch of two commands: confirm hold, place order",
			value:  wholeBatch{2, frames},
			encode: func() []byte { return append(AppendBatchHeader(nil, 2), frames...) },
			decode: func(src []byte) (any, int, error) {
				count, frames, err := DecodeBatch(src)
				return wholeBatch{count, string(frames)}, len(src), err
			},
		},
		goldenAnswers(),
	}
}

func goldenAnswers() golden {
	want := wholeAnswers{814, []Answer{
		{Status: 201, Order: 0x0123456789abcdef},
		{Status: 200, Replayed: true, Order: 0xfedcba9876543210},
		{Status: 409, Reason: core.ReasonInsufficientStock},
		{Status: 400, Reason: AnswerMalformed},
		{Status: 422, Reason: AnswerKeyReused},
		{Status: 409, Reason: AnswerKeyInProgress},
		{Status: 503, Reason: AnswerOverloaded},
	}}
	return golden{
		name: "batch_answer", about: "answer to a batch: made, replayed, refused, malformed, key reused, key in progress, overloaded",
		value: want,
		encode: func() []byte {
			out := AppendAnswerHeader(nil, len(want.Answers), want.Sequence)
			for _, a := range want.Answers {
				out = AppendAnswer(out, a)
			}
			return out
		},
		decode: func(src []byte) (any, int, error) {
			count, sequence, answers, err := DecodeAnswers(src)
			got := wholeAnswers{Sequence: sequence}
			for i := 0; i < count && err == nil; i++ {
				var a Answer
				a, err = DecodeAnswer(answers[i*AnswerSize:])
				got.Answers = append(got.Answers, a)
			}
			return got, len(src), err
		},
	}
}

// TestGoldenFingerprints pins the function down: fingerprints are stored beside their keys.
func TestGoldenFingerprints(t *testing.T) {
	for name, want := range map[string]uint64{
		"command_place_order":      0x475649fb02cd7e38,
		"command_place_order_full": 0xc30aa797a5eef347,
		"command_cancel_order":     0x23176fea9d96749e,
	} {
		if got := Fingerprint(readHex(t, filepath.Join("testdata", name+".hex"))); got != want {
			t.Errorf("%s has fingerprint %#x, want %#x", name, got, want)
		}
	}
}
