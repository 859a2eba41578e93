package main

import (
	"os"
	"path/filepath"
	"testing"

	"holdfast/engine/core"
)

// TestJournalDumpOfIncoming prints what commands on purchase orders and transfers have.
func TestJournalDumpOfIncoming(t *testing.T) {
	inbound := func(kind core.CommandKind, r core.InboundRequest) core.Command {
		return core.Command{Kind: kind, Mask: core.AllSlots, Actor: []byte("anna"), Inbound: &r}
	}
	order := []byte("PO-7")
	dir := makeJournal(t, [][]core.Command{{
		inbound(core.CommandCreateInbound, core.InboundRequest{Kind: core.PurchaseOrder, Number: order, Supplier: []byte("Acme"),
			Lines: []core.InboundLine{{SKU: 5, Quantity: 12, Expected: stamped}, {SKU: 6, Quantity: 1}}}),
		inbound(core.CommandCreateInbound, core.InboundRequest{Kind: core.Transfer, HasFrom: true, From: 1, Send: true,
			Lines: []core.InboundLine{{SKU: 5, Quantity: 3}}}),
		inbound(core.CommandSendInbound, core.InboundRequest{Kind: core.PurchaseOrder, Number: order}),
		inbound(core.CommandReceiveInbound, core.InboundRequest{Kind: core.PurchaseOrder, Number: order, Rows: []core.ReceiptRow{
			{Line: 1, Quantity: 3, To: core.StateDamaged, Reason: []byte("wet")},
			{SKU: 6, Discrepancy: core.DiscrepancyLost, Differing: 1, Reason: []byte("fell off")}}}),
		inbound(core.CommandCloseInbound, core.InboundRequest{Kind: core.PurchaseOrder, Number: order,
			Discrepancy: core.DiscrepancyShort, Reason: []byte("sold out")}),
		inbound(core.CommandCancelInbound, core.InboundRequest{Kind: core.Transfer, Number: []byte("TR-2")}),
	}})
	got, _ := holdfast(t, exitDone, "journal", "dump", "--data", dir)
	golden := filepath.Join("testdata", "dump-incoming.jsonl")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("dump:\n%swant:\n%s", got, want)
	}
}
