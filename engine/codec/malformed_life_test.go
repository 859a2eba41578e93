package codec

import (
	"testing"

	"holdfast/engine/core"
)

func TestMalformedCancelledLines(t *testing.T) {
	lines := func(rest ...any) []byte { return frame(core.CommandCancelLines, 0, append([]any{eight}, rest...)...) }
	if err := decodeCommand(lines(1, "x", 1, "y", 2, 1, 0, 0, 5)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"note of 65 bytes", lines(65, make([]byte, 65), 0, 1, 0, 1), 16, "note"},
		{"actor not UTF-8", lines(0, 1, 0xff, 1, 0, 1), 17, "actor"},
		{"no lines", lines(0, 0, 0), 18, "lines"},
		{"line 500", lines(0, 0, 1, uvarintOf(500), 1), 19, "line"},
		{"line twice", lines(0, 0, 2, 1, 1, 1, 1), 18, "twice"},
		{"quantity too large", lines(0, 0, 1, 0, uvarintOf(uint64(core.MaxLineQuantity)+1)), 18, "quantity"},
		{"with a document", frame(core.CommandCancelLines, flagDocument, eight, 0, 0, 1, 0, 1, 1, 0, 0, 0, "d"), 2, "flag"},
	})
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	cancelled := func(rest ...any) []byte {
		return event(core.EventLinesCancelled, append([]any{placed | isNew | orderHasMore, 1, 1, 0, 1, "c", orderHasLife, 1, 65, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, rest...)...)
	}
	if err := decodeEvent(cancelled(0, 0, 1, 0, 1, 1, 0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"no units", cancelled(0, 0, 0, 0), 26, "lines"},
		{"units of line 1", cancelled(0, 0, 1, 1, 1, 0), 27, "line"},
		{"freed of line 1", cancelled(0, 0, 1, 0, 1, 1, 1, 0, 1), 30, "line"},
		{"freed at a location of 17 bits", cancelled(0, 0, 1, 0, 1, 1, 0, uvarintOf(1<<16+1), 1), 31, "location"},
		{"cancelled units of 64 bits", event(core.EventLinesCancelled, placed|isNew|orderHasMore, 1, 1, 0, 1, "c", orderHasLife, 1, 65, 1, 0, 0, uvarintOf(1<<63)), 16, "quantity"},
		{"marks that are none", event(core.EventOrderPlaced, placed|isNew|orderHasMore, 1, 1, 0, 1, "c", 1<<7, 1, 65, 1, 0, 0), 10, "marks"},
	})
}

func TestMalformedEdits(t *testing.T) {
	edit := func(rest ...any) []byte { return frame(core.CommandEditOrder, 0, append([]any{eight}, rest...)...) }
	for _, good := range [][]byte{
		edit(1, "x", 1, "y", 3, 2, 1, 0, 0, 5, 1, 65, 1), edit(0, 0, 2, 1, 65, 1), frame(core.CommandEditOrder, flagDocument, eight, 0, 0, 0, 1, 0, 0, 0, "d"),
		frame(core.CommandEditOrder, flagDocument, eight, 0, 0, 4, 1, 0, 0, 0, "d"),
	} {
		if err := decodeCommand(good); err != nil {
			t.Fatal(err)
		}
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"note of 65 bytes", edit(65, make([]byte, 65), 0, 2, 1, 65, 1), 16, "note"},
		{"nothing", edit(0, 0, 0), 18, "nothing"},
		{"unknown marks", edit(0, 0, 8), 18, "marks"},
		{"of the document alone, without one", edit(0, 0, 4), 18, "alone"},
		{"of the document alone, and adds", frame(core.CommandEditOrder, flagDocument, eight, 0, 0, 6, 1, 65, 1, 1, 0, 0, 0, "d"), 18, "alone"},
		{"of the document alone, and takes off", frame(core.CommandEditOrder, flagDocument, eight, 0, 0, 5, 1, 0, 1, 1, 0, 0, 0, "d"), 18, "alone"},
		{"of the document alone, to somewhere", frame(core.CommandEditOrder, flagDocument|flagDestination, eight, 0, 0, 4, 0, 1, 0, 0, 0, "d"), 18, "alone"},
		{"of the document alone, with recipes", frame(core.CommandEditOrder, flagDocument|flagRecipes, eight, 0, 0, 4, 1, 0, 0, 0, "d", 0), 18, "alone"},
		{"no units", edit(0, 0, 1, 0), 19, "lines"},
		{"line twice", edit(0, 0, 1, 2, 1, 1, 1, 1), 19, "twice"},
		{"no lines", edit(0, 0, 2, 0), 19, "lines"},
		{"no units of a SKU", edit(0, 0, 2, 1, 65, 0), 21, "quantity"},
		{"recipe of what is not added", frame(core.CommandEditOrder, flagRecipes, eight, 0, 0, 2, 1, 65, 1, 1, 66, 1, 65, 1, 5, 0, 0, 0), 23, "kit"},
		{"with a sale", frame(core.CommandEditOrder, flagSale, 1, 0, 0, eight, 0, 0, 2, 1, 65, 1), 2, "flag"},
	})
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	edited := func(rest ...any) []byte {
		return event(core.EventOrderEdited, append([]any{placed, 1, 1, 1, 1, 0, 1, "c", 2, 65, 1, 0, 0, 66, 1, 0, 0}, rest...)...)
	}
	if err := decodeEvent(edited(0, 0, 0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"units of line 2", edited(0, 0, 1, 2, 1, 0, 1), 24, "line"},
		{"all lines added", edited(0, 0, 0, 0, 2), 25, "added"},
		{"edit before the order", event(core.EventOrderPlaced, placed|isNew|orderHasMore|orderHasDocument, 1, 1, 0, 1, "c", orderHasEdit, 1, 65, 1, 0, 0, 1), 16, "edit"},
		{"edit without a document", event(core.EventOrderPlaced, placed|orderHasMore, 1, 1, 1, 1, 0, 1, "c", orderHasEdit, 1, 65, 1, 0, 0, 7), 18, "edit"},
	})
}

func TestMalformedShipments(t *testing.T) {
	ship := func(rest ...any) []byte { return frame(core.CommandShipOrder, 0, append([]any{eight}, rest...)...) }
	if err := decodeCommand(ship(1, "x", 1, "y", 7, 2, 65, 0, 1, 5)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"location of 17 bits", ship(0, 0, uvarintOf(1<<16), 1, 65, 0), 18, "location"},
		{"nothing", ship(0, 0, 7, 0), 20, "ends"},
		{"nothing in the place of lines", ship(0, 0, 7, 0, 0, 0, 1, 65, 0), 19, "nothing"},
		{"fulfilment order 5097", ship(0, 0, 7, 0, uvarintOf(5097), 0, 1, 65, 0), 20, "fulfilment"},
		{"picked up twice", ship(0, 0, 7, 0, 1, 2, 1, 65, 0), 21, "picked up"},
		{"SKU twice", ship(0, 0, 7, 2, 65, 1, 65, 0), 22, "twice"},
		{"with a destination", frame(core.CommandShipOrder, flagDestination, eight, 0, 0, 7, 1, 65, 0), 2, "flag"},
	})
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	told := func(kind core.EventKind, rest ...any) []byte {
		return event(kind, append([]any{placed | isNew | orderHasMore, 1, 1, 0, 1, "c", orderHasLife, 1, 65, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0}, rest...)...)
	}
	move := []any{1, 65, 7, 0, 0, 0, 0, 0, 0, 8, 0, 2, 0}
	good := func(rest ...any) []byte { return told(core.EventOrderShipped, append(rest, move...)...) }
	if err := decodeEvent(good(1, 1, 7, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	none := []any{1, 1, 7, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0}
	if err := decodeEvent(told(core.EventOrderShipped, none...)); err != nil {
		t.Fatalf("of units that are only recorded: %v", err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"status 0", good(1, 12, 7, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1), 24, "status"},
		{"no units", good(1, 1, 7, 1, 1, 0, 0, 0, 0, 1), 29, "lines"},
		{"units of line 1", good(1, 1, 7, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1), 30, "line"},
		{"shipment 2 of one", good(1, 1, 7, 1, 1, 0, 1, 0, 1, 0, 0, 0, 2), 35, "shipment"},
		{"501 shipments", good(uvarintOf(501), 1, 7, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1), 23, "shipments"},
		{"nothing taken back", told(core.EventShipmentTakenBack, none...), 36, "movements"},
	})
}

func TestMalformedTracking(t *testing.T) {
	track := func(rest ...any) []byte {
		return frame(core.CommandTrackShipment, 0, append([]any{eight, 0, 0}, rest...)...)
	}
	if err := decodeCommand(track(1, 1, 5, 8, 1, "7")); err != nil {
		t.Fatal(err)
	}
	back := func(rest ...any) []byte {
		return frame(core.CommandTakeBack, 0, append([]any{eight, 0, 0}, rest...)...)
	}
	if err := decodeCommand(back(1, 7, 3, 1, 65, 0)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"shipment 0", track(0, 1, 5, 8, 0), 18, "shipment"},
		{"shipment 501", track(uvarintOf(501), 1, 5, 8, 0), 18, "shipment"},
		{"no reports", track(1, 0), 19, "reports"},
		{"report that it left", track(1, 1, 5, 1, 0), 21, "status"},
		{"report of status 12", track(1, 1, 5, 12, 0), 21, "status"},
		{"time of 64 bits", track(1, 1, uvarintOf(1<<63), 8, 0), 20, "time"},
		{"id of 65 bytes", track(1, 1, 5, 8, 65, make([]byte, 65)), 22, "id"},
		{"with a document", frame(core.CommandTrackShipment, flagDocument, eight, 0, 0, 1, 1, 5, 8, 0, 1, 0, 0, 0, "d"), 2, "flag"},
		{"state 4", back(1, 7, 4, 1, 65, 0), 20, "state"},
		{"SKU twice", back(1, 7, 0, 2, 65, 0, 65, 0), 24, "twice"},
	})
}

func TestMalformedOnHold(t *testing.T) {
	put := func(kind core.CommandKind, rest ...any) []byte {
		return frame(kind, 0, append([]any{eight, 0, 0}, rest...)...)
	}
	for _, good := range [][]byte{put(core.CommandPutOnHold, 31), put(core.CommandTakeOffHold, 0), put(core.CommandTakeOffHold, 1)} {
		if err := decodeCommand(good); err != nil {
			t.Fatal(err)
		}
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"for nothing", put(core.CommandPutOnHold, 0), 18, "reason"},
		{"for a sixth reason", put(core.CommandPutOnHold, 32), 18, "reason"},
		{"off for a sixth reason", put(core.CommandTakeOffHold, 33), 18, "reason"},
		{"with a document", frame(core.CommandPutOnHold, flagDocument, eight, 0, 0, 1, 1, 0, 0, 0, "d"), 2, "flag"},
	})
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	stopped := func(reasons byte, rest ...any) []byte {
		return event(core.EventOrderPutOnHold, append([]any{placed | isNew | orderHasMore, 1, 1, 0, 1, "c", orderIsOnHold, reasons, 1, 65, 1, 0, 0}, rest...)...)
	}
	if err := decodeEvent(stopped(3, 0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"marked and not on hold", stopped(0, 0, 0, 1), 11, "reason"},
		{"on hold for a sixth reason", stopped(32, 0, 0, 1), 11, "reason"},
		{"no reason more", stopped(3, 0, 0, 0), 19, "reason"},
	})
}
