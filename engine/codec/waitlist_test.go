package codec

import (
	"testing"

	"holdfast/engine/core"
)

func goldenWaitlists() []golden {
	const slot7, slots3and7 = core.SlotMask(1 << 7), core.SlotMask(1<<7 | 1<<3)
	id := core.MakeSaleID(7, 2)
	lines := []core.Line{{SKU: 64 + 3, Quantity: 2}}
	waiter := core.WaiterImage{
		Sale: id, SKU: 64 + 3, Number: 8_190, Since: 1_790_000_400_000, Quantity: 2, Position: 17, Channel: 1,
		Customer: []byte("c1"), Identities: goldenIdentities(),
	}
	gone := waiter
	gone.Position = 0
	offer := goldenOrder()
	offer.Sale, offer.Identities = id, goldenIdentities()
	return []golden{
		goldenCommand("join_waitlist", "wait for 2 units of SKU 67 in sale 2 of slot 7", core.Command{
			Kind: core.CommandJoinWaitlist, Mask: slots3and7, Sale: id, Channel: 1, Customer: []byte("c1"), Identities: goldenIdentities(), Lines: lines}),
		goldenCommand("leave_waitlist", "give up place 8190 on its waitlist",
			core.Command{Kind: core.CommandLeaveWaitlist, Mask: slot7, Sale: id, Waiter: 8_190}),
		goldenCommand("serve_waitlist", "offer place 8190 what there is", core.Command{
			Kind: core.CommandServeWaitlist, Mask: slots3and7, Sale: id, Waiter: 8_190, Channel: 1, Customer: []byte("c1"), UpTo: true,
			Identities: goldenIdentities(), Lines: lines}),
		goldenEvent("waitlist_joined", "the place was taken, as the 17th", core.Event{Kind: core.EventWaitlistJoined, Waiter: waiter}),
		goldenEvent("waitlist_left", "it was struck off: the buyer has what the sale allows",
			core.Event{Kind: core.EventWaitlistLeft, Waiter: gone, Reason: core.ReasonSaleLimit}),
		goldenEvent("waitlist_offered", "it was offered a hold", core.Event{Kind: core.EventWaitlistOffered, Waiter: gone, Order: offer}),
		goldenImage("image_waiter", "the place", waiter, AppendWaiterImage, DecodeWaiterImage),
	}
}

func TestMalformedWaitlists(t *testing.T) {
	join := func(body ...any) []byte { return frame(core.CommandJoinWaitlist, 0, body...) }
	leave := func(body ...any) []byte { return frame(core.CommandLeaveWaitlist, 0, body...) }
	serve := func(body ...any) []byte { return frame(core.CommandServeWaitlist, 0, body...) }
	for _, good := range [][]byte{join(64, 0, 2, "c1", 0, 7, 1), leave(64, 9), serve(64, 9, 0, 2, "c1", 0, 7, 1)} {
		if err := decodeCommand(good); err != nil {
			t.Fatal(err)
		}
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"sale of none", join(0, 0, 2, "c1", 0, 7, 1), frameFixed, "number of a sale"},
		{"no customer", join(64, 0, 0, 0, 7, 1), frameFixed + 2, "customer"},
		{"identities", join(64, 0, 2, "c1", 1, 1, 7, 1), frameFixed + 5, "17 bytes"},
		{"no units", join(64, 0, 2, "c1", 0, 7, 0), frameFixed + 7, "quantity"},
		{"cut", join(64, 0, 2, "c1", 0, 7), frameFixed + 7, ""},
		{"more than one line", join(64, 0, 2, "c1", 0, 7, 1, 7, 1), frameFixed + 8, "bytes after"},
		{"document", frame(core.CommandJoinWaitlist, flagDocument, 64, 0, 2, "c1", 0, 7, 1, 1, 0, 0, 0, "x"), frameFlags, "flag"},
		{"place of none", leave(64, 0), frameFixed + 1, "place"},
		{"place of none to be served", serve(64, 0, 0, 2, "c1", 0, 7, 1), frameFixed + 1, "place"},
		{"key of the engine's own", frame(core.CommandServeWaitlist, flagKey, 64), frameFlags, "flag"},
	})
	left := AppendEvent(nil, &core.Event{Kind: core.EventWaitlistLeft, Waiter: core.WaiterImage{Sale: 64, Number: 1, Quantity: 1, Customer: []byte("a")}})
	checkMalformed(t, func(src []byte) error { _, err := DecodeEvent(src, &core.Event{}); return err }, []malformed{
		{"left for an unknown reason", with(left, len(left)-1, 255), len(left) - 1, "unknown reason"},
	})
}
