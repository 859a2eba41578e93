package main

import (
	"holdfast/engine/core"
	"holdfast/server"
)

// dumpedInbound is what a command says about a purchase order or a transfer.
type dumpedInbound struct {
	Type        string              `json:"type"`
	Number      string              `json:"number,omitempty"`
	From        *core.LocationID    `json:"from,omitempty"`
	To          *core.LocationID    `json:"to,omitempty"`
	Supplier    string              `json:"supplier,omitempty"`
	Send        bool                `json:"send,omitempty"`
	Lines       []dumpedInboundLine `json:"lines,omitempty"`
	Rows        []dumpedReceipt     `json:"rows,omitempty"`
	Discrepancy string              `json:"discrepancy,omitempty"`
	Reason      string              `json:"reason,omitempty"`
}

type dumpedInboundLine struct {
	SKU      core.SKUID    `json:"sku"`
	Quantity core.Quantity `json:"quantity"`
	Expected string        `json:"expected_at,omitempty"`
}

type dumpedReceipt struct {
	Line        int           `json:"line,omitempty"`
	SKU         *core.SKUID   `json:"sku,omitempty"`
	Quantity    core.Quantity `json:"quantity"`
	To          string        `json:"to,omitempty"`
	Discrepancy string        `json:"discrepancy,omitempty"`
	Differing   core.Quantity `json:"differing,omitempty"`
	Reason      string        `json:"reason,omitempty"`
}

func dumpInbound(kind core.CommandKind, r *core.InboundRequest) *dumpedInbound {
	d := &dumpedInbound{
		Type: "purchase_order", Number: string(r.Number), Supplier: string(r.Supplier), Send: r.Send,
		Discrepancy: server.DiscrepancyName(r.Discrepancy), Reason: string(r.Reason),
	}
	if r.Kind == core.Transfer {
		d.Type = "transfer"
	}
	if kind == core.CommandCreateInbound {
		d.To = new(r.To)
	}
	if r.HasFrom {
		d.From = new(r.From)
	}
	for _, line := range r.Lines {
		dumped := dumpedInboundLine{SKU: line.SKU, Quantity: line.Quantity}
		if line.Expected != 0 {
			dumped.Expected = stamp(int64(line.Expected))
		}
		d.Lines = append(d.Lines, dumped)
	}
	for i := range r.Rows {
		d.Rows = append(d.Rows, dumpReceipt(&r.Rows[i]))
	}
	return d
}

func dumpReceipt(row *core.ReceiptRow) dumpedReceipt {
	d := dumpedReceipt{
		Line: row.Line, Quantity: row.Quantity, Differing: row.Differing,
		Discrepancy: server.DiscrepancyName(row.Discrepancy), Reason: string(row.Reason),
	}
	if row.Line == 0 {
		d.SKU = new(row.SKU)
	}
	if row.Quantity > 0 {
		d.To = server.StockStateName(row.To)
	}
	return d
}
