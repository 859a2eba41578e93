package codec

import "holdfast/engine/core"

// goldenLives are the goldens of what goes on with the life of an order.
func goldenLives() []golden {
	placed := goldenOrder()
	placed.Status, placed.Created, placed.CreatedAt = core.StatusPlaced, 813, 1_789_999_999_000
	placed.Life = &core.LifeImage{Lines: make([]core.LineLife, len(placed.Lines))}
	placed.Life.Lines[0].Cancelled = 2
	shipped := placed
	shipped.Life = &core.LifeImage{
		Lines:     append([]core.LineLife{{Cancelled: 2, Shipped: 1}}, placed.Life.Lines[1:]...),
		Shipments: []core.ShipmentImage{{Status: core.ShipmentShipped, Location: 300, Created: 814, CreatedAt: 1_790_000_000_000, HasDocument: true, Lines: 1}},
		Sent:      []core.LineUnits{{Quantity: 1}},
	}
	return []golden{
		goldenCommand("ship_order", "ship order, slots 9 and 63, expected version 4, document: all of one SKU and two of another leave location 300, by anna", core.Command{
			Kind: core.CommandShipOrder, Mask: 1<<9 | 1<<63, Order: placed.ID, ExpectedVersion: 4, Actor: []byte("anna"), Document: []byte("{}"),
			Lines: []core.Line{{SKU: 64 + 3}, {SKU: 7, Quantity: 2}}, Life: &core.LifeRequest{Location: 300}}),
		goldenEvent("order_shipped", "order shipped, by anna: the first shipment, of one unit", core.Event{
			Kind: core.EventOrderShipped, Order: shipped, Actor: []byte("anna"), Shipment: 1,
			Moves: []core.MovementImage{{LevelImage: goldenLevel(7), Kind: core.MovementShip, Quantity: 1}}}),
		goldenCommand("cancel_lines", "cancel lines, slots 9 and 63, key, expected version 3, by anna, note too many: two of the first line, all of the second", core.Command{
			Kind: core.CommandCancelLines, Mask: 1<<9 | 1<<63, HasKey: true, Key: goldenKey, Order: placed.ID, ExpectedVersion: 3, Actor: []byte("anna"),
			Life: &core.LifeRequest{Note: []byte("too many"), Units: []core.LineUnits{{Quantity: 2}, {Line: 1}}}}),
		goldenEvent("lines_cancelled", "lines cancelled, by anna, note too many: two of the first line, one of which waited", core.Event{
			Kind: core.EventLinesCancelled, Order: placed, Actor: []byte("anna"), Note: []byte("too many"), Units: []core.LineUnits{{Quantity: 2}},
			Freed: []core.FreedUnits{{Beyond: true, Quantity: 1}, {Location: 300, Quantity: 1}}}),
	}
}
