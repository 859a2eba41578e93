package engine_test

import (
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// TestUnpaidOrdersAreCancelled places orders in a channel that wants to be paid within an hour, one of which is paid: the others are cancelled when
// the hour is over, by whoever runs then, and once.
func TestUnpaidOrdersAreCancelled(t *testing.T) {
	leavesNothing(t)
	clock := newArchiveClock()
	d, o := newDisk(), engine.Options{Shards: 2, Clock: clock.read}
	e := openOn(t, d, o)
	skus := stock(t, e, 2, 50)
	euro := core.Currency{'E', 'U', 'R'}
	done(t, e, core.Command{Kind: core.CommandSetChannel, Name: []byte("web"), Selling: core.ChannelSettings{PayWithin: core.Millis(time.Hour.Milliseconds())}})
	priced := func() core.Command {
		c := lines("ann", core.Line{SKU: skus[0], Quantity: 1}, core.Line{SKU: skus[1], Quantity: 1})
		c.Money = &core.OrderMoney{Currency: euro, Amounts: []int64{500, 500}}
		return c
	}
	var ids []core.OrderID
	for _, a := range done(t, e, priced(), priced(), priced(), order("bob", skus[0], 1)) {
		ids = append(ids, a.order)
	}
	done(t, e, core.Command{Kind: core.CommandReportPayment, Order: ids[0], Payment: &core.PaymentRequest{
		Type: core.PaymentCapture, Status: core.EntrySucceeded, Amount: 1000, Currency: euro, At: core.Millis(clock.read()),
		Provider: []byte("acme"), Reference: []byte("pi-1")}})
	checkpoint(t, e)
	closeEngine(t, e)
	e = openOn(t, d, o)
	clock.advance(time.Hour - time.Millisecond)
	if image := readOrder(t, e, ids[1]); image.Status != core.StatusPlaced {
		t.Fatalf("a millisecond before the hour is over: %+v", image)
	}
	clock.advance(time.Millisecond)
	eventually(t, "the cancellation", func() bool { return readOrder(t, e, ids[2]).Status == core.StatusCancelled })
	for i, want := range []core.OrderStatus{core.StatusPlaced, core.StatusCancelled, core.StatusCancelled, core.StatusPlaced} {
		if image := readOrder(t, e, ids[i]); image.Status != want || want == core.StatusCancelled && image.Version != 2 {
			t.Errorf("order %d: %+v", i, image)
		}
	}
	sequence := e.Sequence()
	for range 3 {
		clock.advance(time.Hour)
		readOrder(t, e, ids[0])
	}
	closeEngine(t, e)
	e = openOn(t, d, o)
	readOrder(t, e, ids[0])
	if now := e.Sequence(); now != sequence {
		t.Errorf("%d commands were sent for nothing", now-sequence)
	}
	audited(t, e)
	closeEngine(t, e)
}
