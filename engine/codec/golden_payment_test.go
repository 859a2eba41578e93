package codec

import "holdfast/engine/core"

var goldenEuro = core.Currency{'E', 'U', 'R'}

// goldenPayments are the goldens of what has to do with the money of an order.
func goldenPayments() []golden {
	order := goldenOrder()
	order.Status, order.Created, order.CreatedAt = core.StatusPlaced, 813, 1_789_999_999_000
	paid := order
	paid.Account = &core.AccountImage{
		Currency: goldenEuro, Extra: -300, Amounts: make([]int64, len(order.Lines)), PayBy: 1_790_003_600_000,
		Entries: []core.PaymentEntry{
			{Type: core.PaymentAuthorization, Status: core.EntrySucceeded, Amount: 4700, At: 1_789_999_990_000, Created: 814, CreatedAt: 1_790_000_000_000,
				Provider: []byte("acme"), Reference: []byte("pi/1"), Note: []byte("ok")},
			{Type: core.PaymentCapture, Status: core.EntryRequested, Task: true, Of: 1, Amount: 4700, Created: 815, CreatedAt: 1_790_000_000_000,
				Provider: []byte("acme")},
		},
	}
	paid.Account.Amounts[0] = 5000
	locked := order
	locked.Status, locked.Deadline = core.StatusHeld, 1_790_000_600_000
	locked.Account = &core.AccountImage{Lock: core.LockImage{
		Until: 1_790_000_600_000, Deadline: 1_790_000_300_000, Provider: []byte("acme"), Reference: []byte("pi/1")}}
	about := func(p core.PaymentRequest) core.Command {
		return core.Command{Mask: 1 << 9, Order: order.ID, Actor: []byte("anna"), Payment: &p}
	}
	report := about(core.PaymentRequest{Type: core.PaymentCapture, Status: core.EntrySucceeded, Entry: 2, Amount: 4700, Currency: goldenEuro,
		At: 1_790_000_000_000, Provider: []byte("acme"), Reference: []byte("pi/1"), Note: []byte("ok")})
	report.Kind = core.CommandReportPayment
	request := about(core.PaymentRequest{Type: core.PaymentRefund, Of: 2, Amount: 100, Currency: goldenEuro})
	request.Kind, request.ExpectedVersion = core.CommandRequestPayment, 3
	all := about(core.PaymentRequest{Type: core.PaymentVoid, Note: []byte("fraud")})
	all.Kind = core.CommandRequestPayment
	lock := about(core.PaymentRequest{Provider: []byte("acme"), Reference: []byte("pi/1")})
	lock.Kind, lock.TTL = core.CommandLockHold, 600_000
	unlock := about(core.PaymentRequest{Note: []byte("gave up")})
	unlock.Kind = core.CommandUnlockHold
	return []golden{
		goldenCommand("place_order_money", "place order, slot 7, two lines of 50.00 and 0.99 EUR, 3.00 off, document", core.Command{
			Kind: core.CommandPlaceOrder, Mask: 1 << 7, Customer: []byte("c"), Lines: []core.Line{{SKU: 7, Quantity: 2}, {SKU: 71, Quantity: 1}},
			Money: &core.OrderMoney{Currency: goldenEuro, Extra: -300, Amounts: []int64{5000, 99}}, Document: []byte("{}")}),
		goldenCommand("place_hold_money", "place hold of a second, slot 7, one line of 10.00 EUR", core.Command{
			Kind: core.CommandPlaceHold, Mask: 1 << 7, TTL: 1000, Customer: []byte("c"), Lines: []core.Line{{SKU: 7, Quantity: 2}},
			Money: &core.OrderMoney{Currency: goldenEuro, Amounts: []int64{1000}}}),
		goldenCommand("price_order", "price order, slot 9, expected version 3, by anna, note with shipping, document: lines of 20.00 and 5.00 EUR, 4.90 beside them", core.Command{
			Kind: core.CommandPriceOrder, Mask: 1 << 9, Order: order.ID, ExpectedVersion: 3, Actor: []byte("anna"), Document: []byte("{}"),
			Life:  &core.LifeRequest{Note: []byte("with shipping")},
			Money: &core.OrderMoney{Currency: goldenEuro, Extra: 490, Amounts: []int64{2000, 500}}}),
		goldenEvent("order_priced", "order priced, by anna, note with shipping", core.Event{
			Kind: core.EventOrderPriced, Order: paid, Actor: []byte("anna"), Note: []byte("with shipping")}),
		goldenCommand("report_payment", "report payment, slot 9, by anna: task 2, a capture of 47.00 EUR, has succeeded as acme pi/1", report),
		goldenCommand("request_payment", "request payment, slot 9, expected version 3, by anna: a refund of 1.00 EUR of capture 2", request),
		goldenCommand("request_payment_all", "request payment, slot 9, by anna, note fraud: all that is open is void", all),
		goldenCommand("lock_hold", "lock hold, slot 9, by anna: for ten minutes, while acme pi/1 is under way", lock),
		goldenCommand("unlock_hold", "unlock hold, slot 9, by anna, note gave up", unlock),
		goldenCommand("expire_unpaid", "expire unpaid, slot 9", core.Command{Kind: core.CommandExpireUnpaid, Mask: 1 << 9, Order: order.ID}),
		goldenCommand("set_channel_payments", "set channel b, which captures with each shipment and wants to be paid within an hour", core.Command{
			Kind: core.CommandSetChannel, Mask: core.AllSlots, Name: []byte("b"),
			Selling: core.ChannelSettings{Capture: core.CaptureShipment, PayWithin: 3_600_000}}),
		goldenEvent("payment_reported", "payment reported, by anna, note ok: the first, of an order of 47.00 EUR", core.Event{
			Kind: core.EventPaymentReported, Order: paid, Actor: []byte("anna"), Note: []byte("ok"), Payment: 1}),
		goldenEvent("payment_requested", "payment requested, by anna: the second", core.Event{
			Kind: core.EventPaymentRequested, Order: paid, Actor: []byte("anna"), Payment: 2}),
		goldenEvent("task_requested", "task requested: the second", core.Event{Kind: core.EventTaskRequested, Order: paid, Payment: 2}),
		goldenEvent("hold_locked", "hold locked, by anna", core.Event{Kind: core.EventHoldLocked, Order: locked, Actor: []byte("anna")}),
		goldenEvent("hold_unlocked", "hold unlocked, by anna, note gave up", core.Event{
			Kind: core.EventHoldUnlocked, Order: order, Actor: []byte("anna"), Note: []byte("gave up")}),
		goldenEvent("order_unpaid", "order unpaid, and cancelled", core.Event{Kind: core.EventOrderUnpaid, Order: paid}),
	}
}
