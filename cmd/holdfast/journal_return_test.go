package main

import "holdfast/engine/core"

// returnCommands are commands about a return, one of each kind.
func returnCommands(mask core.SlotMask, order core.OrderID) []core.Command {
	command := func(kind core.CommandKind, ask core.ReturnRequest) core.Command {
		return core.Command{Kind: kind, Mask: mask, Order: order, Life: &core.LifeRequest{Return: &ask}}
	}
	euros := core.Currency{'E', 'U', 'R'}
	request := command(core.CommandRequestReturn, core.ReturnRequest{Kind: core.ReturnClaim, Force: true, Until: stamped + 1000, Rows: []core.ReturnRow{
		{Quantity: 2, Reason: core.ReturnTooSmall}, {Line: 1, Reason: core.ReturnNeverArrived}}})
	request.Actor, request.Document = []byte("kim"), []byte(`{"comment":"tight"}`)
	receive := command(core.CommandReceiveReturn, core.ReturnRequest{Number: 1, Rows: []core.ReturnRow{{Quantity: 1, Disposition: core.DisposeQualityControl}, {Line: 1, Disposition: core.DisposeMissing}}})
	receive.Life.Location, receive.Lines = 3, []core.Line{{SKU: 5}, {SKU: 69}}
	inspect := command(core.CommandInspectReturn, core.ReturnRequest{Number: 1, Rows: []core.ReturnRow{{Disposition: core.DisposeRestock}}})
	inspect.Life.Location, inspect.Lines = 3, []core.Line{{SKU: 5}}
	return []core.Command{
		request,
		command(core.CommandDecideReturn, core.ReturnRequest{Number: 1, Decision: core.DecideApprove, Terms: core.ReturnTerms{
			Policy: core.RefundOnReceipt, Remedy: core.RemedyReplacement, Keep: true, Fee: 500, Difference: -300, Currency: euros, Replacement: order + 1}}),
		command(core.CommandDecideReturn, core.ReturnRequest{Number: 2, Decision: core.DecideDecline}),
		command(core.CommandReportReturn, core.ReturnRequest{Number: 1}),
		receive, inspect,
		command(core.CommandCloseReturn, core.ReturnRequest{Number: 1}),
		command(core.CommandDecideRefund, core.ReturnRequest{Number: 1, Credit: true, Amount: 1999, Currency: euros}),
		command(core.CommandSettleReturn, core.ReturnRequest{Number: 2}),
	}
}
