package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// appendPaymentRequest appends what a command has to do with an order's money.
func appendPaymentRequest(dst []byte, c *core.Command) []byte {
	p := c.Payment
	dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
	dst = appendNotes(dst, p.Note, c.Actor)
	switch c.Kind {
	case core.CommandReportPayment:
		dst = append(dst, byte(p.Type), byte(p.Status))
		dst = appendUvarint(appendUvarint(dst, uint64(p.Entry)), uint64(p.Of))
		dst = append(appendVarint(dst, p.Amount), p.Currency[:]...)
		dst = appendUvarint(dst, uint64(p.At))
		return appendNotes(dst, p.Provider, p.Reference)
	case core.CommandRequestPayment:
		dst = appendUvarint(append(dst, byte(p.Type)), uint64(p.Of))
		if dst = appendUvarint(dst, uint64(p.Amount)); p.Amount != 0 {
			dst = append(dst, p.Currency[:]...)
		}
	case core.CommandLockHold:
		dst = appendNotes(appendUvarint(dst, uint64(c.TTL)), p.Provider, p.Reference)
	}
	return dst
}

func (c *cursor) paymentRequest(cmd *core.Command) {
	p := &core.PaymentRequest{}
	cmd.Payment, cmd.Order = p, core.OrderID(c.uint64())
	p.Note, cmd.Actor = c.rerouteNote(), c.actor()
	switch cmd.Kind {
	case core.CommandReportPayment:
		p.Type, p.Status = c.paymentType(), c.entryStatus()
		p.Entry, p.Of = c.entryNumber(), c.entryNumber()
		p.Amount, p.Currency, p.At = c.amount(p.Type), c.currency(), c.millis()
		p.Provider, p.Reference = c.provider(), c.reference(1, core.MaxReferenceLength, badReference)
	case core.CommandRequestPayment:
		at := c.pos
		if p.Type = c.paymentType(); p.Type != core.PaymentCapture && p.Type != core.PaymentRefund && p.Type != core.PaymentVoid {
			c.fail(at, "nobody can ask for a payment of this type")
		}
		p.Of = c.entryNumber()
		if p.Amount = c.positive(0); p.Amount != 0 {
			p.Currency = c.currency()
		}
	case core.CommandLockHold:
		cmd.TTL = c.ttl()
		p.Provider, p.Reference = c.provider(), c.reference(1, core.MaxReferenceLength, badReference)
	}
}

func (c *cursor) paymentType() core.PaymentType {
	at := c.pos
	t := core.PaymentType(c.byte())
	if t < core.PaymentAuthorization || t > core.LastPaymentType {
		c.fail(at, "unknown type of a payment")
	}
	return t
}

func (c *cursor) entryStatus() core.EntryStatus {
	at := c.pos
	s := core.EntryStatus(c.byte())
	if s < core.EntryRequested || s > core.LastEntryStatus {
		c.fail(at, "unknown status of a payment")
	}
	return s
}

// entryNumber reads the number of an entry that a ledger may have, or 0 for none.
func (c *cursor) entryNumber() int {
	return int(c.upTo(core.MaxPayments, "number of a payment exceeds 100"))
}

// Marks of an account. They are in stored feeds and must not change.
const (
	accountHasMoney  = 1 << 0
	accountHasLock   = 1 << 1
	accountHasPayBy  = 1 << 2
	entryIsTask      = 1 << 7 // beside the status of an entry
	entryIsDecided   = 1 << 6 // likewise
	entryIsAsked     = 1 << 5 // likewise
	entryMarks       = entryIsTask | entryIsDecided | entryIsAsked
	shortestEntry    = 10
	accountMarksMask = accountHasMoney | accountHasLock | accountHasPayBy
)

func accountMarks(a *core.AccountImage) (marks byte) {
	if a.HasMoney() {
		marks |= accountHasMoney
	}
	if a.Lock.Until != 0 {
		marks |= accountHasLock
	}
	if a.PayBy != 0 {
		marks |= accountHasPayBy
	}
	return marks
}

// appendAccount appends what an order costs, and its ledger.
func appendAccount(dst []byte, a *core.AccountImage) []byte {
	marks := accountMarks(a)
	dst = append(dst, marks)
	if marks&accountHasMoney != 0 {
		dst = appendMoney(dst, &core.OrderMoney{Currency: a.Currency, Extra: a.Extra, Amounts: a.Amounts})
	}
	if marks&accountHasLock != 0 {
		dst = appendUvarint(appendUvarint(dst, uint64(a.Lock.Until)), uint64(a.Lock.Deadline))
		dst = appendNotes(dst, a.Lock.Provider, a.Lock.Reference)
	}
	if marks&accountHasPayBy != 0 {
		dst = appendUvarint(dst, uint64(a.PayBy))
	}
	dst = appendUvarint(dst, uint64(len(a.Entries)))
	for i := range a.Entries {
		dst = appendEntry(dst, &a.Entries[i])
	}
	return dst
}

func appendEntry(dst []byte, e *core.PaymentEntry) []byte {
	status := byte(e.Status) | marksOf(marked{e.Task, entryIsTask}, marked{e.Decided, entryIsDecided}, marked{e.Asked, entryIsAsked})
	dst = appendUvarint(append(dst, byte(e.Type), status), uint64(e.Of))
	dst = appendUvarint(appendVarint(dst, e.Amount), uint64(e.At))
	dst = appendUvarint(appendUvarint(dst, uint64(e.Created)), uint64(e.CreatedAt))
	return appendString(appendNotes(dst, e.Provider, e.Reference), e.Note)
}

// account reads the account of an order whose lines have been read.
func (c *cursor) account(o *core.OrderImage) {
	a := c.spareAccount
	if a == nil {
		a = new(core.AccountImage)
	}
	*a = core.AccountImage{Amounts: a.Amounts[:0], Entries: a.Entries[:0]}
	o.Account = a
	at := c.pos
	marks := c.byte()
	if marks&^accountMarksMask != 0 {
		c.fail(at, "unknown mark of an account")
	}
	if marks&accountHasMoney != 0 {
		m := c.money(core.CommandPlaceOrder, len(o.Lines))
		a.Currency, a.Extra, a.Amounts = m.Currency, m.Extra, m.Amounts
	}
	if marks&accountHasLock != 0 {
		c.lock(&a.Lock)
	}
	if marks&accountHasPayBy != 0 {
		a.PayBy = c.deadline()
	}
	n := c.count(0, core.MaxPayments, shortestEntry, "payments are more than 100")
	a.Entries = slices.Grow(a.Entries, n)[:n]
	for i := range a.Entries {
		c.entry(&a.Entries[i])
	}
}

func (c *cursor) lock(l *core.LockImage) {
	l.Until, l.Deadline = c.deadline(), c.millis()
	l.Provider, l.Reference = c.provider(), c.reference(1, core.MaxReferenceLength, badReference)
}

func (c *cursor) entry(e *core.PaymentEntry) {
	*e = core.PaymentEntry{Type: c.paymentType()}
	at := c.pos
	status := c.byte()
	e.Task, e.Decided, e.Asked = status&entryIsTask != 0, status&entryIsDecided != 0, status&entryIsAsked != 0
	e.Status = core.EntryStatus(status &^ entryMarks)
	if e.Status < core.EntryRequested || e.Status > core.LastEntryStatus {
		c.fail(at, "unknown status of a payment")
	}
	e.Of = c.entryNumber()
	e.Amount, e.At, e.Created, e.CreatedAt = c.amount(e.Type), c.millis(), c.sequence(), c.millis()
	e.Provider = c.reference(0, core.MaxProviderLength, "provider is not printable")
	e.Reference, e.Note = c.reference(0, core.MaxReferenceLength, badReference), c.rerouteNote()
}

// appendPayment appends what an event tells of an order's money, beside the order.
func appendPayment(dst []byte, ev *core.Event) []byte {
	switch ev.Kind {
	case core.EventPaymentReported, core.EventPaymentRequested:
		return appendUvarint(appendNotes(dst, ev.Note, ev.Actor), uint64(ev.Payment))
	case core.EventTaskRequested:
		return appendUvarint(dst, uint64(ev.Payment))
	}
	return appendNotes(dst, ev.Note, ev.Actor)
}

func (c *cursor) payment(ev *core.Event) {
	if ev.Kind != core.EventTaskRequested {
		ev.Note, ev.Actor = c.rerouteNote(), c.actor()
	}
	if ev.Kind == core.EventHoldLocked || ev.Kind == core.EventHoldUnlocked {
		return
	}
	most := 0
	if ev.Order.Account != nil {
		most = len(ev.Order.Account.Entries)
	}
	ev.Payment = int(c.between(1, uint64(max(most, 1)), "the order has no payment of this number"))
}
