package codec

import "holdfast/engine/core"

// goldenFulfilments are the goldens of fulfilment orders.
func goldenFulfilments() []golden {
	placed := goldenOrder()
	placed.Status, placed.Created, placed.CreatedAt = core.StatusPlaced, 813, 1_789_999_999_000
	placed.Life = &core.LifeImage{Lines: make([]core.LineLife, len(placed.Lines))}
	placed.Life.Lines[0].Cancelled = 2
	worked := placed
	worked.Life = &core.LifeImage{
		Lines: placed.Life.Lines, ToDo: []core.LineUnits{{Quantity: 1}, {Line: 1, Quantity: 2}, {Quantity: 4}},
		Fulfilments: []core.FulfilmentImage{
			{Status: core.FulfilmentInProgress, Location: 300, Shipped: true, Lines: 2}, {Status: core.FulfilmentScheduled, ScheduledAt: 1_790_000_000_000, Lines: 1},
			{Status: core.FulfilmentCancelled, Location: 2},
		},
	}
	away := core.RerouteImage{From: 300, Reason: core.RerouteShortPick, Note: []byte("shelf"), Moves: []core.Reallocation{{To: 2, Quantity: 1}, {Line: 1, Beyond: true, Quantity: 1}}}
	fulfil := func(kind core.CommandKind, r core.LifeRequest, lines ...core.Line) core.Command {
		r.Location = 300
		return core.Command{Kind: kind, Mask: 1 << 9, Order: placed.ID, Actor: []byte("kim"), Life: &r, Lines: lines}
	}
	return []golden{
		goldenCommand("work_fulfilment", "work fulfilment, slot 9, location 300, by kim: the first one is started", fulfil(core.CommandWorkFulfilment, core.LifeRequest{Action: core.FulfilmentStart})),
		goldenCommand("work_fulfilment_list", "work fulfilment, slot 9, location 300, by kim: the second one is started for a pick list", fulfil(core.CommandWorkFulfilment,
			core.LifeRequest{Fulfilment: 2, Action: core.FulfilmentStart, List: 0x0123456789abcdef})),
		goldenCommand("work_fulfilment_schedule", "work fulfilment, slot 9, location 300, by kim: the second one is scheduled", fulfil(core.CommandWorkFulfilment,
			core.LifeRequest{Fulfilment: 2, Action: core.FulfilmentSchedule, At: 1_790_000_000_000})),
		goldenCommand("split_fulfilment", "split fulfilment, slot 9, location 300, by kim: two of line 1", fulfil(core.CommandSplitFulfilment,
			core.LifeRequest{Fulfilment: 1, Units: []core.LineUnits{{Line: 1, Quantity: 2}}})),
		goldenCommand("merge_fulfilments", "merge fulfilments, slot 9, location 300, by kim: 2 into 1", fulfil(core.CommandMergeFulfilments, core.LifeRequest{Fulfilment: 2, Into: 1})),
		goldenCommand("move_fulfilment", "move fulfilment, slot 9, by kim: from location 300 to 2", fulfil(core.CommandMoveFulfilment,
			core.LifeRequest{Fulfilment: 1, Target: 2}, core.Line{SKU: 7})),
		goldenCommand("short_pick", "short pick, slot 9, location 300, by kim: none of line 0 found, the rest is missing", fulfil(core.CommandShortPick,
			core.LifeRequest{Fulfilment: 1, Missing: true, Units: []core.LineUnits{{}}}, core.Line{SKU: 7}, core.Line{SKU: 64 + 3})),
		goldenCommand("decline_fulfilment", "decline fulfilment, slot 9, location 300, by kim", fulfil(core.CommandDeclineFulfilment, core.LifeRequest{Fulfilment: 1}, core.Line{SKU: 7})),
		goldenCommand("ship_order_fulfilment", "ship order, slot 9, location 300, by kim: what is left of the second fulfilment order was picked up", fulfil(core.CommandShipOrder,
			core.LifeRequest{Fulfilment: 2, PickedUp: true}, core.Line{SKU: 7})),
		goldenEvent("fulfilment_changed", "fulfilment changed: the first was started, by kim", core.Event{
			Kind: core.EventFulfilmentChanged, Order: worked, Actor: []byte("kim"), Fulfilment: 1, Action: core.FulfilmentStart}),
		goldenEvent("fulfilment_split", "fulfilment split: the third is new", core.Event{Kind: core.EventFulfilmentSplit, Order: worked, Fulfilment: 1, Into: 3}),
		goldenEvent("fulfilments_merged", "fulfilments merged: the third into the first", core.Event{Kind: core.EventFulfilmentsMerged, Order: worked, Fulfilment: 3, Into: 1}),
		goldenEvent("fulfilment_moved", "fulfilment moved", core.Event{Kind: core.EventFulfilmentMoved, Order: worked, Fulfilment: 1, Reroute: away}),
		goldenEvent("fulfilment_declined", "fulfilment declined", core.Event{Kind: core.EventFulfilmentDeclined, Order: worked, Fulfilment: 1, Reroute: away}),
		goldenEvent("fulfilment_short", "fulfilment short: one unit is not sold again", core.Event{
			Kind: core.EventFulfilmentShort, Order: worked, Actor: []byte("kim"), Fulfilment: 1, Reroute: away,
			Moves: []core.MovementImage{{LevelImage: goldenLevel(7), Kind: core.MovementReclassify, To: core.StateOther, Quantity: 1}}}),
		goldenImage("refusal_fulfilment_status", "refusal: the fulfilment order is declined", core.Refusal{
			Reason: core.ReasonFulfilmentStatus, Order: placed.ID, Version: 4, Fulfilment: core.FulfilmentDeclined}, AppendRefusal, DecodeRefusal),
		goldenImage("refusal_fulfilment_early", "refusal: the fulfilment order is scheduled for later", core.Refusal{
			Reason: core.ReasonFulfilmentEarly, Order: placed.ID, Version: 4, At: 1_790_000_000_000}, AppendRefusal, DecodeRefusal),
	}
}
