package codec

import (
	"testing"

	"holdfast/engine/core"
)

func TestMalformedMoney(t *testing.T) {
	order := func(rest ...any) []byte {
		src := frame(core.CommandPlaceOrder, 0, append([]any{0, 1, "c", 0, 1, 1, 1}, rest...)...)
		src[frameVersion] = moneyVersion
		return src
	}
	if err := decodeCommand(order("EUR", 0, 5)); err != nil {
		t.Fatal(err)
	}
	other := frame(core.CommandConfirmHold, 0, eight)
	other[frameVersion] = moneyVersion
	sets := func(src []byte) []byte {
		src[frameVersion] = settingVersion
		return src
	}
	if err := decodeCommand(sets(frame(core.CommandEditOrder, 0, eight, 0, 0, 0, "EUR", 5))); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"an order that sets", sets(order("EUR", 0, 5)), 1, "version"},
		{"an edit that sets too much", sets(frame(core.CommandEditOrder, 0, eight, 0, 0, 0, "EUR", uvarintOf(2*core.MaxAmount+2))), 19, "outside its limits"},
		{"an edit of the document alone, with money", sets(frame(core.CommandEditOrder, flagDocument, eight, 0, 0, 4, "EUR", 5, 1, 0, 0, 0, "d")), 18, "alone"},
		{"currency in small letters", order("eur", 0, 5), 15, "currency"},
		{"no amount", order("EUR", 0), 19, "ends"},
		{"amount above its limit", order("EUR", 0, uvarintOf(core.MaxAmount+1)), 19, "amount"},
		{"less than nothing in all", order("EUR", 1, 0), 15, "outside its limits"},
		{"too much in all", order("EUR", 2, uvarintOf(core.MaxAmount)), 15, "outside its limits"},
		{"money of a confirmation", other, 1, "version"},
		{"a price of no lines", frame(core.CommandPriceOrder, 0, eight, 0, 0, 0, "EUR", 0), 18, "amounts"},
		{"a price of 501 lines", frame(core.CommandPriceOrder, 0, eight, 0, 0, uvarintOf(501), "EUR", 0, make([]byte, 501)), 18, "amounts"},
		{"a price less than nothing", frame(core.CommandPriceOrder, 0, eight, 0, 0, 1, "EUR", 5, 2), 19, "outside its limits"},
		{"a price to a place", frame(core.CommandPriceOrder, flagDestination, eight, 0, 0, 1, "EUR", 0, 2), 2, "flag"},
	})
}

func TestMalformedPayments(t *testing.T) {
	report := func(rest ...any) []byte {
		return frame(core.CommandReportPayment, 0, append([]any{eight, 0, 0}, rest...)...)
	}
	if err := decodeCommand(report(1, 4, 0, 0, 2, "EUR", 9, 1, "a", 1, "r")); err != nil {
		t.Fatal(err)
	}
	request := func(rest ...any) []byte {
		return frame(core.CommandRequestPayment, 0, append([]any{eight, 0, 0}, rest...)...)
	}
	if err := decodeCommand(request(3, 1, 5, "EUR")); err != nil {
		t.Fatal(err)
	}
	lock := func(rest ...any) []byte {
		return frame(core.CommandLockHold, 0, append([]any{eight, 0, 0}, rest...)...)
	}
	if err := decodeCommand(lock(uvarintOf(1000), 1, "a", 1, "r")); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"type 0", report(0, 4, 0, 0, 2, "EUR", 9, 1, "a", 1, "r"), 18, "type"},
		{"type 7", report(7, 4, 0, 0, 2, "EUR", 9, 1, "a", 1, "r"), 18, "type"},
		{"status 6", report(1, 6, 0, 0, 2, "EUR", 9, 1, "a", 1, "r"), 19, "status"},
		{"entry 101", report(1, 4, 101, 0, 2, "EUR", 9, 1, "a", 1, "r"), 20, "number"},
		{"nothing", report(1, 4, 0, 0, 0, "EUR", 9, 1, "a", 1, "r"), 22, "amount"},
		{"less than nothing", report(1, 4, 0, 0, 1, "EUR", 9, 1, "a", 1, "r"), 22, "amount"},
		{"currency", report(1, 4, 0, 0, 2, "EU1", 9, 1, "a", 1, "r"), 23, "currency"},
		{"no provider", report(1, 4, 0, 0, 2, "EUR", 9, 0, 1, "r"), 27, "provider"},
		{"provider with a space", report(1, 4, 0, 0, 2, "EUR", 9, 1, " ", 1, "r"), 27, "provider"},
		{"no reference", report(1, 4, 0, 0, 2, "EUR", 9, 1, "a", 0), 29, "reference"},
		{"reference of 129 bytes", report(1, 4, 0, 0, 2, "EUR", 9, 1, "a", uvarintOf(129), make([]byte, 129)), 29, "reference"},
		{"with a document", frame(core.CommandReportPayment, flagDocument, eight, 0, 0), 2, "flag"},
		{"request of a chargeback", request(5, 0, 0), 18, "type"},
		{"request without a currency", request(3, 0, 5), 21, "ends"},
		{"lock without end", lock(uvarintOf(uint64(core.MaxTTL)+1), 1, "a", 1, "r"), 18, "time to live"},
	})
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	account := func(kind core.EventKind, rest ...any) []byte {
		return event(kind, append([]any{placed | isNew | orderHasMore, 1, 1, 0, 1, "c", orderHasAccount, 1, 65, 1, 0, 0}, rest...)...)
	}
	if err := decodeEvent(account(core.EventTaskRequested, accountHasMoney, "EUR", 0, 5, 1, 2, 1|entryIsTask, 0, 2, 0, 1, 0, 0, 0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"marks that are none", account(core.EventOrderPlaced, 8, 0), 16, "account"},
		{"time to pay of nothing", account(core.EventOrderPlaced, accountHasPayBy, 0, 0), 17, "deadline"},
		{"101 payments", account(core.EventOrderPlaced, 0, 101), 17, "payments"},
		{"status 0", account(core.EventOrderPlaced, 0, 1, 2, 0, 0, 2, 0, 1, 0, 0, 0, 0), 19, "status"},
		{"payment 2 of one", account(core.EventTaskRequested, 0, 1, 2, 1, 0, 2, 0, 1, 0, 0, 0, 0, 2), 28, "payment"},
	})
}
