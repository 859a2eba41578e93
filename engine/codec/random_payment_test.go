package codec

import (
	"math"

	"holdfast/engine/core"
)

func isOfMoney(kind core.CommandKind) bool {
	return kind >= core.CommandReportPayment && kind <= core.CommandUnlockHold
}

// money says what the command's order costs, or not.
func (g generator) money(c *core.Command) {
	if g.bool() {
		return
	}
	c.Version = moneyVersion
	m := g.orderMoney(len(c.Lines))
	if m.Sets = c.Kind == core.CommandEditOrder && g.bool(); m.Sets {
		c.Version = settingVersion
	}
	c.Money = &m
}

func (g generator) orderMoney(lines int) core.OrderMoney {
	m := core.OrderMoney{Currency: g.currency(), Amounts: make([]int64, lines)}
	rest := int64(core.MaxAmount)
	for i := range m.Amounts {
		m.Amounts[i] = g.between(0, rest)
		rest -= m.Amounts[i]
	}
	m.Extra = g.between(rest-core.MaxAmount, rest)
	return m
}

func (g generator) currency() (c core.Currency) {
	copy(c[:], []string{"EUR", "AAA", "ZZZ"}[g.IntN(3)])
	return c
}

const referenceAlphabet = nameAlphabet + "/"

func (g generator) provider() []byte { return g.text(referenceAlphabet, 1, core.MaxProviderLength) }

func (g generator) reference() []byte { return g.text(referenceAlphabet, 1, core.MaxReferenceLength) }

// amount is that of an entry of a type.
func (g generator) amount(t core.PaymentType) int64 {
	amount := g.between(1, core.MaxAmount)
	if t == core.PaymentAdjustment && g.bool() {
		return -amount
	}
	return amount
}

func (g generator) paymentType() core.PaymentType {
	return core.PaymentType(g.between(1, int64(core.LastPaymentType)))
}

func (g generator) entryStatus() core.EntryStatus {
	return core.EntryStatus(g.between(1, int64(core.LastEntryStatus)))
}

func (g generator) paymentRequest(c *core.Command) {
	p := &core.PaymentRequest{Note: g.reason()}
	c.Payment, c.Actor = p, g.reason()
	switch c.Kind {
	case core.CommandReportPayment:
		p.Type, p.Status = g.paymentType(), g.entryStatus()
		p.Entry, p.Of = int(g.between(0, core.MaxPayments)), int(g.between(0, core.MaxPayments))
		p.Amount, p.Currency, p.At = g.amount(p.Type), g.currency(), g.millis()
		p.Provider, p.Reference = g.provider(), g.reference()
	case core.CommandRequestPayment:
		p.Type, p.Of = core.PaymentType(g.between(int64(core.PaymentCapture), int64(core.PaymentVoid))), int(g.between(0, core.MaxPayments))
		if p.Amount = g.between(0, core.MaxAmount); p.Amount != 0 {
			p.Currency = g.currency()
		}
	case core.CommandLockHold:
		c.TTL, p.Provider, p.Reference = g.ttl(), g.provider(), g.reference()
	}
}

// paymentEvent fills in what an event has that tells of its order's money.
func (g generator) paymentEvent(ev *core.Event) {
	switch ev.Kind {
	case core.EventHoldLocked, core.EventHoldUnlocked:
		ev.Note, ev.Actor = g.reason(), g.reason()
	case core.EventPaymentReported, core.EventPaymentRequested:
		ev.Note, ev.Actor = g.reason(), g.reason()
		fallthrough
	case core.EventTaskRequested:
		ev.Order.Account = g.account(len(ev.Order.Lines))
		ev.Order.Account.Entries = append(ev.Order.Account.Entries[:0:0], g.entry())
		ev.Payment = 1
	}
}

// account is that of an order with so many lines.
func (g generator) account(lines int) *core.AccountImage {
	a := &core.AccountImage{}
	if g.bool() {
		m := g.orderMoney(lines)
		a.Currency, a.Extra, a.Amounts = m.Currency, m.Extra, m.Amounts
	}
	if g.bool() {
		a.PayBy = core.Millis(g.between(1, math.MaxInt64))
	}
	if g.bool() {
		a.Lock = core.LockImage{Until: core.Millis(g.between(1, math.MaxInt64)), Deadline: g.millis(), Provider: g.provider(), Reference: g.reference()}
	}
	for range g.between(0, core.MaxPayments) {
		a.Entries = append(a.Entries, g.entry())
	}
	return a
}

func (g generator) entry() core.PaymentEntry {
	e := core.PaymentEntry{
		Type: g.paymentType(), Status: g.entryStatus(), Task: g.bool(), Decided: g.bool(), Asked: g.bool(), Of: int(g.between(0, core.MaxPayments)), At: g.millis(),
		Created: g.sequence(), CreatedAt: g.millis(), Note: g.reason(),
	}
	e.Amount = g.amount(e.Type)
	if g.bool() {
		e.Provider, e.Reference = g.provider(), g.reference()
	}
	return e
}
