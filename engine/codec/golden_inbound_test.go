package codec

import "holdfast/engine/core"

const goldenExpected core.Millis = 1_790_500_000_000

// goldenInbounds are what codec writes about purchase orders and transfers.
func goldenInbounds() []golden {
	command := func(kind core.CommandKind, r core.InboundRequest) core.Command {
		return core.Command{Kind: kind, Mask: core.AllSlots, Actor: []byte("anna"), Inbound: &r}
	}
	sent := core.Command{Kind: core.CommandSendInbound, Mask: core.AllSlots, HasKey: true, Key: goldenKey, ExpectedVersion: 1,
		Inbound: &core.InboundRequest{Kind: core.PurchaseOrder, Number: []byte("PO-7")}}
	order, transfer := goldenInbound(), goldenInbound()
	transfer.Kind, transfer.Status, transfer.HasFrom, transfer.From, transfer.Supplier = core.Transfer, core.InboundSent, true, 300, nil
	transfer.Found = nil
	return []golden{
		goldenCommand("create_purchase_order", "purchase order PO-7 to location 0 from Acme, ordered at once: 12 of SKU 7, 1000000000 of SKU 67",
			command(core.CommandCreateInbound, core.InboundRequest{Kind: core.PurchaseOrder, Number: []byte("PO-7"),
				Supplier: []byte("Acme"), Send: true, Lines: []core.InboundLine{
					{SKU: 7, Quantity: 12, Expected: goldenExpected}, {SKU: 64 + 3, Quantity: core.MaxLineQuantity}}})),
		goldenCommand("create_transfer", "draft of a transfer without a number from location 300 to 0: 3 of SKU 7",
			command(core.CommandCreateInbound, core.InboundRequest{Kind: core.Transfer, HasFrom: true, From: 300,
				Lines: []core.InboundLine{{SKU: 7, Quantity: 3}}})),
		goldenCommand("send_inbound", "order PO-7, version 1, with a key", sent),
		goldenCommand("receive_inbound", "receive of TR-1: 3 of line 1, of SKU 67 none and 2 lost, of line 3 twelve, 2 of them over, in quality control",
			command(core.CommandReceiveInbound, core.InboundRequest{Kind: core.Transfer, Number: []byte("TR-1"), Rows: []core.ReceiptRow{
				{Line: 1, Quantity: 3},
				{SKU: 64 + 3, Discrepancy: core.DiscrepancyLost, Differing: 2, Reason: []byte("crate fell off")},
				{Line: 3, Quantity: 12, To: core.StateQualityControl, Discrepancy: core.DiscrepancyOver, Differing: 2, Reason: []byte("miscounted")},
			}})),
		goldenCommand("close_inbound", "close PO-7: the rest is short", command(core.CommandCloseInbound, core.InboundRequest{
			Kind: core.PurchaseOrder, Number: []byte("PO-7"), Discrepancy: core.DiscrepancyShort, Reason: []byte("sold out")})),
		goldenCommand("cancel_inbound", "cancel TR-1", command(core.CommandCancelInbound,
			core.InboundRequest{Kind: core.Transfer, Number: []byte("TR-1")})),
		goldenEvent("purchase_order_changed", "purchase order PO-7: 9 of SKU 7 came, 2 were short", core.Event{Kind: core.EventPurchaseOrderChanged,
			Actor: []byte("anna"), Cause: []byte("PO-7"), Inbound: &order, Moves: []core.MovementImage{
				{LevelImage: goldenLevel(7), Kind: core.MovementReceive, Quantity: 9}}}),
		goldenEvent("transfer_changed", "transfer PO-7 left location 300", core.Event{Kind: core.EventTransferChanged,
			Cause: []byte("PO-7"), Inbound: &transfer, Moves: []core.MovementImage{
				{LevelImage: core.LevelImage{SKU: 7, Location: 300, OnHand: 1}, Kind: core.MovementTransferOut, Quantity: 12}}}),
		goldenImage("image_inbound", "transfer PO-7 outside events", transfer, AppendInboundImage, DecodeInboundImage),
		goldenImage("image_incoming", "availability of SKU 7 with a lot on its way", core.AvailabilityImage{SKU: 7, Settings: goldenSKU().Settings,
			Incoming: []core.LotImage{{Kind: core.Transfer, Number: []byte("TR-1"), Line: 2, Location: 300, Expected: goldenExpected, Open: 4}}},
			AppendAvailability, DecodeAvailability),
		goldenImage("refusal_inbound_status", "refusal: the document is received, at version 5",
			core.Refusal{Reason: core.ReasonInboundStatus, Version: 5, Status: core.InboundReceived}, AppendRefusal, DecodeRefusal),
	}
}

func goldenInbound() core.InboundImage {
	return core.InboundImage{
		Kind: core.PurchaseOrder, Status: core.InboundPartial, Version: 3, Created: 700, CreatedAt: 1_789_999_900_000,
		Number: []byte("PO-7"), Supplier: []byte("Acme"), Lines: []core.InboundLineImage{
			{InboundLine: core.InboundLine{SKU: 7, Quantity: 12, Expected: goldenExpected}, Received: 9,
				Differing: [core.Discrepancies]core.Quantity{2, 0, 0, 0}},
			{InboundLine: core.InboundLine{SKU: 64 + 3, Quantity: 300}, Received: 310, Differing: [core.Discrepancies]core.Quantity{0, 1, 2, 13}},
		},
		Found: []core.DiscrepancyImage{{Line: 1, Discrepancy: core.DiscrepancyShort, Quantity: 2, Reason: []byte("sold out")}},
	}
}
