package codec

import "holdfast/engine/core"

// goldenLives are the goldens of what goes on with the life of an order.
func goldenLives() []golden {
	placed := goldenOrder()
	placed.Status, placed.Created, placed.CreatedAt = core.StatusPlaced, 813, 1_789_999_999_000
	placed.Life = &core.LifeImage{Lines: make([]core.LineLife, len(placed.Lines))}
	placed.Life.Lines[0].Cancelled = 2
	edited := placed
	edited.HasDocument, edited.Edited = true, 815
	shipped := placed
	shipped.Life = &core.LifeImage{
		Lines:     append([]core.LineLife{{Cancelled: 2, Shipped: 1}}, placed.Life.Lines[1:]...),
		Shipments: []core.ShipmentImage{{Status: core.ShipmentShipped, Location: 300, Created: 814, CreatedAt: 1_790_000_000_000, HasDocument: true, Lines: 1}},
		Sent:      []core.SentUnits{{Quantity: 1}},
	}
	tracked := shipped
	tracked.Status = core.StatusCompleted
	tracked.Life = &core.LifeImage{
		Lines:     append([]core.LineLife{{Cancelled: 2, Shipped: 1, Delivered: 1}}, placed.Life.Lines[1:]...),
		Shipments: []core.ShipmentImage{shipped.Life.Shipments[0]}, Sent: shipped.Life.Sent, ClosesAt: 1_792_592_000_000,
	}
	tracked.Life.Shipments[0].Status, tracked.Life.Shipments[0].TrackedAt = core.ShipmentDelivered, 1_789_999_000_000
	reports := []core.TrackingReport{{At: 1_789_999_000_000, Status: core.ShipmentDelivered, ID: []byte("7")}, {At: 1_789_998_000_000, Status: core.ShipmentInTransit}}
	stopped := placed
	stopped.OnHold = core.OnHoldFraud | core.OnHoldStock
	return []golden{
		goldenCommand("put_on_hold", "put on hold, slot 9, expected version 3, by shield, note card: for fraud and stock", core.Command{
			Kind: core.CommandPutOnHold, Mask: 1 << 9, Order: placed.ID, ExpectedVersion: 3, Actor: []byte("shield"),
			Life: &core.LifeRequest{Note: []byte("card"), OnHold: core.OnHoldFraud | core.OnHoldStock}}),
		goldenCommand("take_off_hold", "take off hold, slot 9: all reasons", core.Command{
			Kind: core.CommandTakeOffHold, Mask: 1 << 9, Order: placed.ID, Life: &core.LifeRequest{}}),
		goldenEvent("order_put_on_hold", "order put on hold: for fraud, when it was for stock already", core.Event{
			Kind: core.EventOrderPutOnHold, Order: stopped, Actor: []byte("shield"), Note: []byte("card"), OnHold: core.OnHoldFraud}),
		goldenEvent("order_taken_off_hold", "order taken off hold: for address, and on hold for fraud and stock still", core.Event{
			Kind: core.EventOrderTakenOffHold, Order: stopped, OnHold: core.OnHoldAddress}),
		goldenImage("refusal_order_on_hold", "refusal: the order is on hold for fraud and stock", core.Refusal{
			Reason: core.ReasonOrderOnHold, Order: placed.ID, Version: 4, OnHold: stopped.OnHold}, AppendRefusal, DecodeRefusal),
		goldenCommand("track_shipment", "track shipment, slot 9: the first shipment was in transit, and is delivered; by kim", core.Command{
			Kind: core.CommandTrackShipment, Mask: 1 << 9, Order: placed.ID, Actor: []byte("kim"), Life: &core.LifeRequest{Shipment: 1, Reports: reports}}),
		goldenCommand("take_back", "take back, slot 9: two units of the second shipment come to location 300, damaged", core.Command{
			Kind: core.CommandTakeBack, Mask: 1 << 9, Order: placed.ID, Lines: []core.Line{{SKU: 7, Quantity: 2}},
			Life: &core.LifeRequest{Shipment: 2, Location: 300, To: core.StateDamaged}}),
		goldenCommand("set_channel_returns", "set channel b, which takes returns for 14 days", core.Command{
			Kind: core.CommandSetChannel, Mask: core.AllSlots, Name: []byte("b"), Selling: core.ChannelSettings{HasReturnDays: true, ReturnDays: 14}}),
		goldenEvent("shipment_tracked", "shipment tracked: delivered, and with that the order completed", core.Event{
			Kind: core.EventShipmentTracked, Order: tracked, Actor: []byte("kim"), Shipment: 1, Reports: reports}),
		goldenEvent("shipment_taken_back", "shipment taken back: one unit, damaged", core.Event{
			Kind: core.EventShipmentTakenBack, Order: shipped, Shipment: 1,
			Moves: []core.MovementImage{{LevelImage: goldenLevel(7), Kind: core.MovementReturnIn, To: core.StateDamaged, Quantity: 1}}}),
		goldenCommand("ship_order", "ship order, slots 9 and 63, expected version 4, document: all of one SKU and two of another leave location 300, by anna", core.Command{
			Kind: core.CommandShipOrder, Mask: 1<<9 | 1<<63, Order: placed.ID, ExpectedVersion: 4, Actor: []byte("anna"), Document: []byte("{}"),
			Lines: []core.Line{{SKU: 64 + 3}, {SKU: 7, Quantity: 2}}, Life: &core.LifeRequest{Location: 300}}),
		goldenEvent("order_shipped", "order shipped, by anna: the first shipment, of one unit", core.Event{
			Kind: core.EventOrderShipped, Order: shipped, Actor: []byte("anna"), Shipment: 1,
			Moves: []core.MovementImage{{LevelImage: goldenLevel(7), Kind: core.MovementShip, Quantity: 1}}}),
		goldenCommand("edit_order", "edit order, slots 9 and 63, expected version 3, by anna, note she called, document, to DE: two of the first line off, three of a SKU more", core.Command{
			Kind: core.CommandEditOrder, Mask: 1<<9 | 1<<63, Order: placed.ID, ExpectedVersion: 3, Actor: []byte("anna"), Document: []byte("{}"),
			Destination: core.Destination{Country: core.CountryCode{'D', 'E'}},
			Life:        &core.LifeRequest{Note: []byte("she called"), Units: []core.LineUnits{{Quantity: 2}}}, Lines: []core.Line{{SKU: 64 + 3, Quantity: 3}}}),
		goldenCommand("edit_order_amounts", "edit order, slots 9 and 63, expected version 3: what it costs beside its lines is 4.90 euro then, and one of a SKU more costs 10.00", core.Command{
			Kind: core.CommandEditOrder, Version: 3, Mask: 1<<9 | 1<<63, Order: placed.ID, ExpectedVersion: 3, Life: &core.LifeRequest{}, Lines: []core.Line{{SKU: 64 + 3, Quantity: 1}},
			Money: &core.OrderMoney{Currency: core.Currency{'E', 'U', 'R'}, Extra: 490, Sets: true, Amounts: []int64{1000}}}),
		goldenCommand("edit_order_document", "edit order, slot 9, expected version 3, by anna, document: of that alone, so whatever the order's status is", core.Command{
			Kind: core.CommandEditOrder, Mask: 1 << 9, Order: placed.ID, ExpectedVersion: 3, Actor: []byte("anna"), Document: []byte("{}"),
			Life: &core.LifeRequest{DocumentOnly: true}}),
		goldenEvent("order_edited", "order edited, by anna: one unit off that was at location 300; the last line is new, and so is the document", core.Event{
			Kind: core.EventOrderEdited, Order: edited, Actor: []byte("anna"), Units: []core.LineUnits{{Quantity: 1}},
			Freed: []core.FreedUnits{{Location: 300, Quantity: 1}}, Added: 1}),
		goldenCommand("cancel_lines", "cancel lines, slots 9 and 63, key, expected version 3, by anna, note too many: two of the first line, all of the second", core.Command{
			Kind: core.CommandCancelLines, Mask: 1<<9 | 1<<63, HasKey: true, Key: goldenKey, Order: placed.ID, ExpectedVersion: 3, Actor: []byte("anna"),
			Life: &core.LifeRequest{Note: []byte("too many"), Units: []core.LineUnits{{Quantity: 2}, {Line: 1}}}}),
		goldenEvent("lines_cancelled", "lines cancelled, by anna, note too many: two of the first line, one of which waited", core.Event{
			Kind: core.EventLinesCancelled, Order: placed, Actor: []byte("anna"), Note: []byte("too many"), Units: []core.LineUnits{{Quantity: 2}},
			Freed: []core.FreedUnits{{Beyond: true, Quantity: 1}, {Location: 300, Quantity: 1}}}),
	}
}
