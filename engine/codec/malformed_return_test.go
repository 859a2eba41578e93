package codec

import (
	"testing"

	"holdfast/engine/core"
)

func TestMalformedReturnCommands(t *testing.T) {
	of := func(kind core.CommandKind) func(rest ...any) []byte {
		return func(rest ...any) []byte { return frame(kind, 0, append([]any{eight, 0, 0}, rest...)...) }
	}
	request, decide, receive, inspect := of(core.CommandRequestReturn), of(core.CommandDecideReturn), of(core.CommandReceiveReturn), of(core.CommandInspectReturn)
	refund, report := of(core.CommandDecideRefund), of(core.CommandReportReturn)
	for _, good := range [][]byte{
		request(3, 5, 2, 0, 1, 11, 1, 0, 9), decide(1, 2), decide(1, 1, 0, 3, 4, 7, "EUR", 5, 4, eight), receive(100, 7, 2, 0, 1, 1, 0, 0, 7, 1, 65, 0),
		inspect(1, 7, 0), inspect(1, 7, 1, 0, 0, 4, 1, 65, 0), refund(1, 1, 1, "EUR"), report(1), of(core.CommandCloseReturn)(1), of(core.CommandSettleReturn)(1),
	} {
		if err := decodeCommand(good); err != nil {
			t.Fatal(err)
		}
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"marks", request(4, 0, 1, 0, 1, 1), 18, "marks"},
		{"no rows", request(0, 0, 0), 20, "rows"},
		{"line 500", request(0, 0, 1, uvarintOf(500), 1, 1), 21, "line"},
		{"line twice", request(0, 0, 2, 0, 1, 1, 0, 1, 1), 24, "twice"},
		{"quantity too large", request(0, 0, 1, 0, uvarintOf(uint64(core.MaxLineQuantity)+1), 1), 22, "quantity"},
		{"no reason", request(0, 0, 1, 0, 1, 0), 23, "reason"},
		{"reason 12", request(2, 0, 1, 0, 1, 12), 23, "reason"},
		{"missing, and no claim", request(0, 0, 1, 0, 1, 10), 21, "reason"},
		{"return 0", report(0), 18, "number"},
		{"return 101", report(101), 18, "number"},
		{"decision 4", decide(1, 4), 19, "decision"},
		{"policy 4", decide(1, 1, 0, 4, 0, 0), 21, "terms"},
		{"remedy 5", decide(1, 1, 0, 0, 5, 0), 21, "terms"},
		{"marks of terms", decide(1, 1, 0, 0, 0, 8), 23, "marks"},
		{"currency in small letters", decide(1, 1, 0, 0, 0, 2, "eur", 0, 0), 24, "currency"},
		{"fee too large", decide(1, 1, 0, 0, 0, 2, "EUR", uvarintOf(uint64(core.MaxAmount)+1), 0), 27, "amount"},
		{"difference too large", decide(1, 1, 0, 0, 0, 2, "EUR", 0, uvarintOf(2*uint64(core.MaxAmount)+2)), 28, "amount"},
		{"replacement without a number", decide(1, 1, 0, 0, 0, 4, make([]byte, 8)), 24, "replacement"},
		{"no disposition", receive(1, 7, 1, 0, 1, 0, 1, 65, 0), 23, "disposition"},
		{"disposition 8", receive(1, 7, 1, 0, 1, 8, 1, 65, 0), 23, "disposition"},
		{"line and disposition twice", receive(1, 7, 2, 0, 1, 1, 0, 1, 1, 1, 65, 0), 24, "twice"},
		{"nothing received", receive(1, 7, 0, 1, 65, 0), 20, "rows"},
		{"looked at, and in quality control", inspect(1, 7, 1, 0, 1, 3, 1, 65, 0), 21, "disposition"},
		{"looked at, and missing", inspect(1, 7, 1, 0, 1, 5, 1, 65, 0), 21, "disposition"},
		{"mark of store credit", refund(1, 2, 1, "EUR"), 19, "credit"},
		{"amount of 0", refund(1, 0, 0, "EUR"), 20, "amount"},
		{"no currency", refund(1, 0, 1, make([]byte, 3)), 21, "currency"},
		{"a decision with a document", frame(core.CommandDecideReturn, flagDocument, eight, 0, 0, 1, 2, 1, 0, 0, 0, "d"), 2, "flag"},
	})
}

func TestMalformedReturnImages(t *testing.T) {
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	expired := func(rest ...any) []byte {
		return event(core.EventReturnExpired, append([]any{placed | isNew | orderHasMore, 1, 1, 0, 1, "c", orderHasLife | orderHasReturns, 1, 65, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, rest...)...)
	}
	if err := decodeEvent(expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 1, 2, 1, 1, 7, "EUR", 8, 9, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"returns without a life", event(core.EventOrderPlaced, placed|isNew|orderHasMore, 1, 1, 0, 1, "c", orderHasReturns, 1, 65, 1, 0, 0), 10, "marks"},
		{"no returns", expired(make([]byte, 20)), 24, "returns"},
		{"status 0", expired(1, 0, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 0, 0, 1), 25, "status"},
		{"status 11", expired(1, 11, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 0, 0, 1), 25, "status"},
		{"marks", expired(1, 10, 16, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 0, 0, 1), 26, "marks"},
		{"no lines", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 0, 0, 2, 11, 0, 0, 1), 34, "lines"},
		{"line 1 of one", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 1, 2, 11, 0, 0, 1), 35, "line"},
		{"no reason", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 0, 0, 0, 1), 37, "reason"},
		{"disposition 8", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 128, 0, 1), 38, "disposition"},
		{"disposition of nothing", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 1, 0, 0, 1), 38, "disposition"},
		{"101 refunds", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 0, 101, make([]byte, 9)), 39, "refunds"},
		{"refund of nothing", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 0, 1, 0, 0, "EUR", 8, 9, 0, 1), 41, "amount"},
		{"return 2 of one", expired(1, 10, 9, 3, 4, 5, 6, 0, 0, 0, 1, 0, 2, 11, 0, 0, 2), 40, "return"},
	})
}
