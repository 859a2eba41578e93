package codec

import (
	"testing"

	"holdfast/engine/core"
)

func TestMalformedFulfilments(t *testing.T) {
	on := func(kind core.CommandKind, rest ...any) []byte {
		return frame(kind, 0, append([]any{eight, 0, 0, 7}, rest...)...)
	}
	for _, good := range [][]byte{
		on(core.CommandWorkFulfilment, 0, 1), on(core.CommandWorkFulfilment, 1, 1, eight), on(core.CommandWorkFulfilment, 3, 2, 9), on(core.CommandSplitFulfilment, 1, 1, 0, 2),
		on(core.CommandMergeFulfilments, 1, 2), on(core.CommandMoveFulfilment, 1, 8, 1, 65, 0), on(core.CommandShortPick, 1, 1, 1, 0, 0, 1, 65, 0),
		on(core.CommandDeclineFulfilment, 1, 1, 65, 0),
	} {
		if err := decodeCommand(good); err != nil {
			t.Fatal(err)
		}
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"number 5097", on(core.CommandWorkFulfilment, uvarintOf(5097), 1), 19, "number"},
		{"no action", on(core.CommandWorkFulfilment, 1, 0), 20, "action"},
		{"action 9", on(core.CommandWorkFulfilment, 1, 9), 20, "action"},
		{"scheduled for nothing", on(core.CommandWorkFulfilment, 1, 2, 0), 21, "time"},
		{"pick list 0", on(core.CommandWorkFulfilment, 1, 1, make([]byte, 8)), 21, "list"},
		{"half a pick list", on(core.CommandWorkFulfilment, 1, 1, 7), 21, "end"},
		{"pick list of no start", on(core.CommandWorkFulfilment, 1, 7, eight), 21, "after"},
		{"split of nothing", on(core.CommandSplitFulfilment, 1, 1, 0, 0), 20, "quantity"},
		{"split of a line twice", on(core.CommandSplitFulfilment, 1, 2, 0, 1, 0, 1), 20, "twice"},
		{"merged into nothing", on(core.CommandMergeFulfilments, 1, 0), 20, "number"},
		{"quantity beside a SKU", on(core.CommandMoveFulfilment, 1, 8, 1, 65, 1), 21, "quantity"},
		{"mark 2", on(core.CommandShortPick, 1, 2, 1, 0, 0, 1, 65, 0), 20, "mark"},
		{"moved with a destination", frame(core.CommandMoveFulfilment, flagDestination, eight, 0, 0, 7, 1, 8, 1, 65, 0), 2, "flag"},
	})
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	changed := func(works []any, rest ...any) []byte {
		head := []any{placed | isNew | orderHasMore, 1, 1, 0, 1, "c", orderHasLife | orderHasWork, 1, 65, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		return event(core.EventFulfilmentChanged, append(append(head, works...), rest...)...)
	}
	if err := decodeEvent(changed([]any{1, 1, 7, 1, 0, 1}, 1, 0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"no fulfilment orders", changed([]any{0}, 1, 0, 0, 1), 24, "fulfilment"},
		{"status 0", changed([]any{1, 0, 7, 1, 0, 1}, 1, 0, 0, 1), 25, "status"},
		{"status 12", changed([]any{1, 12, 7, 1, 0, 1}, 1, 0, 0, 1), 25, "status"},
		{"units of line 1", changed([]any{1, 1, 7, 1, 1, 1}, 1, 0, 0, 1), 28, "line"},
		{"number 2 of one", changed([]any{1, 1, 7, 1, 0, 1}, 2, 0, 0, 1), 30, "number"},
		{"work without a life", event(core.EventOrderPlaced, placed|isNew|orderHasMore, 1, 1, 0, 1, "c", orderHasWork, 1, 65, 1, 0, 0), 10, "marks"},
	})
}
