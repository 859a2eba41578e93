package main

import (
	"holdfast/engine/core"
	"holdfast/server"
)

// dumpedMoney is what an order costs.
type dumpedMoney struct {
	Currency string  `json:"currency"`
	Extra    int64   `json:"extra"`
	Sets     bool    `json:"sets_extra,omitempty"`
	Amounts  []int64 `json:"amounts"`
}

// dumpedPayment is what a command says that has to do with an order's money.
type dumpedPayment struct {
	Type      string `json:"type,omitempty"`
	Status    string `json:"status,omitempty"`
	Entry     int    `json:"payment,omitempty"`
	Of        int    `json:"of,omitempty"`
	Amount    int64  `json:"amount,omitempty"`
	Currency  string `json:"currency,omitempty"`
	At        string `json:"at,omitempty"`
	Provider  string `json:"provider,omitempty"`
	Reference string `json:"reference,omitempty"`
	Note      string `json:"note,omitempty"`
}

func dumpMoney(m *core.OrderMoney) *dumpedMoney {
	if m == nil {
		return nil
	}
	return &dumpedMoney{m.Currency.String(), m.Extra, m.Sets, m.Amounts}
}

// addPayment puts in what has to do with an order's money.
func (d *dumpLine) addPayment(c *core.Command) {
	d.Order, d.ExpectedVersion, d.Actor, d.TTL = new(c.Order), c.ExpectedVersion, string(c.Actor), c.TTL
	p := c.Payment
	d.Payment = &dumpedPayment{
		Type: server.PaymentTypeName(p.Type), Status: server.PaymentStatusName(p.Status), Entry: p.Entry, Of: p.Of, Amount: p.Amount,
		Currency: p.Currency.String(), Provider: string(p.Provider), Reference: string(p.Reference), Note: string(p.Note),
	}
	if c.Kind == core.CommandReportPayment {
		d.Payment.At = stamp(int64(p.At))
	}
}
