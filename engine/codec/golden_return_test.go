package codec

import "holdfast/engine/core"

// goldenReturns are the goldens of returns.
func goldenReturns() []golden {
	order := goldenOrder()
	order.Status, order.Created, order.CreatedAt = core.StatusCompleted, 813, 1_789_999_999_000
	order.Life = &core.LifeImage{
		Lines:     append([]core.LineLife{{Shipped: 3, Delivered: 3}}, make([]core.LineLife, len(order.Lines)-1)...),
		Shipments: []core.ShipmentImage{{Status: core.ShipmentDelivered, Location: 300, Created: 814, CreatedAt: 1_790_000_000_000, TrackedAt: 1_790_000_100_000, Lines: 1}},
		Sent:      []core.SentUnits{{Quantity: 3}}, ClosesAt: 1_792_592_000_000,
		Returns: []core.ReturnImage{{
			Status: core.ReturnPartiallyReceived, HasDocument: true, Created: 815, CreatedAt: 1_790_000_200_000, Until: 1_790_600_000_000, Sent: 817,
			Terms: core.ReturnTerms{
				Policy: core.RefundOnReceipt, Remedy: core.RemedyReplacement, Fee: 500, Difference: -300, Currency: core.Currency{'E', 'U', 'R'}, Replacement: 4711,
			},
			Lines: 1, Refunds: 1,
		}, {Status: core.ReturnRequested, Kind: core.ReturnClaim, Forced: true, Created: 819, CreatedAt: 1_790_000_300_000, Lines: 1}},
		ReturnLines: []core.ReturnLine{
			{Quantity: 2, Reason: core.ReturnTooSmall, Became: [core.Dispositions]core.Quantity{0, 0, 1}},
			{Quantity: 1, Reason: core.ReturnNeverArrived},
		},
		Refunds: []core.RefundImage{{Amount: 1999, Currency: core.Currency{'E', 'U', 'R'}, Decided: 818, At: 1_790_000_250_000, By: []byte("lea")}},
	}
	order.Life.CountReturns()
	command := func(kind core.CommandKind, ask core.ReturnRequest) core.Command {
		return core.Command{Kind: kind, Mask: 1 << 9, Order: order.ID, Actor: []byte("kim"), Life: &core.LifeRequest{Note: []byte("why"), Return: &ask}}
	}
	request := command(core.CommandRequestReturn, core.ReturnRequest{
		Kind: core.ReturnClaim, Force: true, Until: 1_790_600_000_000,
		Rows: []core.ReturnRow{{Quantity: 2, Reason: core.ReturnDamaged}, {Line: 1, Reason: core.ReturnMissing}},
	})
	request.Document = []byte("{}")
	receive := command(core.CommandReceiveReturn, core.ReturnRequest{Number: 1, Rows: []core.ReturnRow{
		{Quantity: 1, Disposition: core.DisposeRestock}, {Disposition: core.DisposeMissing}}})
	receive.Life.Location, receive.Lines = 300, []core.Line{{SKU: 7}}
	inspect := command(core.CommandInspectReturn, core.ReturnRequest{Number: 1})
	inspect.Life.Location = 300
	received := core.Event{
		Kind: core.EventReturnReceived, Order: order, Return: 1, Actor: []byte("kim"), Note: []byte("why"),
		Returned: []core.ReturnRow{{Quantity: 1, Disposition: core.DisposeQualityControl}},
		Moves:    []core.MovementImage{{LevelImage: goldenLevel(7), Kind: core.MovementReturnIn, To: core.StateQualityControl, Quantity: 1}},
	}
	return []golden{
		goldenCommand("request_return", "request return, slot 9, document: a claim after the window, until an instant: two of the first line, damaged, all of the second, missing", request),
		goldenCommand("decide_return", "decide return 1: approved until an instant, refund when received, replaced by order 4711, fee 5.00 EUR, difference -3.00 EUR",
			command(core.CommandDecideReturn, core.ReturnRequest{Number: 1, Decision: core.DecideApprove, Until: 1_790_600_000_000, Terms: order.Life.Returns[0].Terms})),
		goldenCommand("decline_return", "decide return 100: declined", command(core.CommandDecideReturn, core.ReturnRequest{Number: 100, Decision: core.DecideDecline})),
		goldenCommand("report_return", "report return 1", command(core.CommandReportReturn, core.ReturnRequest{Number: 1})),
		goldenCommand("receive_return", "receive return 1 at location 300: one of the first line is for sale again, the others are missing", receive),
		goldenCommand("inspect_return", "inspect return 1 at location 300: nothing is in quality control", inspect),
		goldenCommand("close_return", "close return 1", command(core.CommandCloseReturn, core.ReturnRequest{Number: 1})),
		goldenCommand("decide_refund", "decide refund for return 1: 19.99 EUR, as store credit",
			command(core.CommandDecideRefund, core.ReturnRequest{Number: 1, Credit: true, Amount: 1999, Currency: core.Currency{'E', 'U', 'R'}})),
		goldenCommand("settle_return", "settle return 1", command(core.CommandSettleReturn, core.ReturnRequest{Number: 1})),
		goldenEvent("return_requested", "return requested: the second, one of the first line never arrived", core.Event{
			Kind: core.EventReturnRequested, Order: order, Return: 2, Actor: []byte("ann"), Returned: []core.ReturnRow{{Quantity: 1, Reason: core.ReturnNeverArrived}}}),
		goldenEvent("return_received", "return received: one of the first line is in quality control", received),
		goldenEvent("refund_decided", "refund decided: that of return 1", core.Event{Kind: core.EventRefundDecided, Order: order, Return: 1, Actor: []byte("lea")}),
		goldenEvent("return_expired", "return expired: the second", core.Event{Kind: core.EventReturnExpired, Order: order, Return: 2}),
	}
}
