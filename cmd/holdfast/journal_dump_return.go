package main

import (
	"holdfast/engine/core"
	"holdfast/server"
)

// dumpedReturn is what a command says about a return.
type dumpedReturn struct {
	Number   int               `json:"number,omitempty"`
	Kind     string            `json:"kind,omitempty"`
	Force    bool              `json:"force,omitempty"`
	Until    string            `json:"expires_at,omitempty"`
	Rows     []dumpedReturnRow `json:"rows,omitempty"`
	Decision string            `json:"decision,omitempty"`
	Terms    *dumpedTerms      `json:"terms,omitempty"`
	Credit   bool              `json:"store_credit,omitempty"`
	Amount   int64             `json:"amount,omitempty"`
	Currency string            `json:"currency,omitempty"`
}

// dumpedReturnRow is units of a line, by its place in the order's record, where those of components follow their kits.
type dumpedReturnRow struct {
	Line        int           `json:"line"`
	Quantity    core.Quantity `json:"quantity"`
	Reason      string        `json:"reason,omitempty"`
	Disposition string        `json:"disposition,omitempty"`
}

// dumpedTerms are with what a return was approved.
type dumpedTerms struct {
	Policy      string        `json:"refund_when"`
	Remedy      string        `json:"remedy,omitempty"`
	Keep        bool          `json:"customer_keeps_units,omitempty"`
	Fee         int64         `json:"restocking_fee,omitempty"`
	Difference  int64         `json:"difference,omitempty"`
	Currency    string        `json:"currency,omitempty"`
	Replacement *core.OrderID `json:"replacement,omitempty"`
}

func dumpReturn(kind core.CommandKind, r *core.ReturnRequest) *dumpedReturn {
	d := &dumpedReturn{
		Number: r.Number, Force: r.Force, Decision: server.ReturnDecisionName(r.Decision), Credit: r.Credit, Amount: r.Amount, Currency: r.Currency.String(),
	}
	if kind == core.CommandRequestReturn {
		d.Kind = server.ReturnKindName(r.Kind)
	}
	if r.Until != 0 {
		d.Until = stamp(int64(r.Until))
	}
	for _, row := range r.Rows {
		d.Rows = append(d.Rows, dumpedReturnRow{row.Line, row.Quantity, server.ReturnReasonName(row.Reason), server.DispositionName(row.Disposition)})
	}
	if r.Decision == core.DecideApprove {
		t := &r.Terms
		d.Terms = &dumpedTerms{
			Policy: server.RefundPolicyName(t.Policy), Remedy: server.RemedyName(t.Remedy), Keep: t.Keep, Fee: t.Fee, Difference: t.Difference, Currency: t.Currency.String(),
		}
		if t.Replacement != 0 {
			d.Terms.Replacement = new(t.Replacement)
		}
	}
	return d
}
