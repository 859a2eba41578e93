package codec

import "holdfast/engine/core"

// goldenLives are the goldens of what goes on with the life of an order.
func goldenLives() []golden {
	placed := goldenOrder()
	placed.Status, placed.Created, placed.CreatedAt = core.StatusPlaced, 813, 1_789_999_999_000
	placed.Life = &core.LifeImage{Lines: make([]core.LineLife, len(placed.Lines))}
	placed.Life.Lines[0].Cancelled = 2
	return []golden{
		goldenCommand("cancel_lines", "cancel lines, slots 9 and 63, key, expected version 3, by anna, note too many: two of the first line, all of the second", core.Command{
			Kind: core.CommandCancelLines, Mask: 1<<9 | 1<<63, HasKey: true, Key: goldenKey, Order: placed.ID, ExpectedVersion: 3, Actor: []byte("anna"),
			Life: &core.LifeRequest{Note: []byte("too many"), Units: []core.LineUnits{{Quantity: 2}, {Line: 1}}}}),
		goldenEvent("lines_cancelled", "lines cancelled, by anna, note too many: two of the first line, one of which waited", core.Event{
			Kind: core.EventLinesCancelled, Order: placed, Actor: []byte("anna"), Note: []byte("too many"), Units: []core.LineUnits{{Quantity: 2}},
			Freed: []core.FreedUnits{{Beyond: true, Quantity: 1}, {Location: 300, Quantity: 1}}}),
	}
}
