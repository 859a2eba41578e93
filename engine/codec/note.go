package codec

import (
	"unicode/utf8"

	"holdfast/engine/core"
)

func (c *cursor) actor() []byte {
	return c.note("actor is longer than 64 bytes", "actor is not UTF-8")
}

// noteText checks the document of a command that adds a note: it is the text.
func (c *cursor) noteText(text []byte) {
	if len(text) == 0 || len(text) > core.MaxNoteLength || !utf8.Valid(text) {
		c.fail(c.pos-len(text), "note is not 1 to 4000 bytes of UTF-8")
	}
}

func appendNoteAdded(dst []byte, ev *core.Event) []byte {
	return appendString(appendUvarint(dst, uint64(ev.Noted)), ev.Actor)
}

func (c *cursor) noteAdded(ev *core.Event) {
	ev.Noted, ev.Actor = core.OrderID(c.uvarint()), c.actor()
}

// appendLatePayment appends a report on a payment of an order that has left memory.
func appendLatePayment(dst []byte, ev *core.Event) []byte {
	p := ev.Late
	dst = append(appendUvarint(dst, uint64(ev.Noted)), byte(p.Type), byte(p.Status))
	dst = appendUvarint(appendUvarint(dst, uint64(p.Entry)), uint64(p.Of))
	dst = appendUvarint(append(appendVarint(dst, p.Amount), p.Currency[:]...), uint64(p.At))
	return appendNotes(appendNotes(dst, p.Provider, p.Reference), p.Note, ev.Actor)
}

func (c *cursor) latePayment(ev *core.Event) {
	p := &core.PaymentRequest{}
	ev.Noted, ev.Late = core.OrderID(c.uvarint()), p
	p.Type, p.Status = c.paymentType(), c.entryStatus()
	p.Entry, p.Of = c.entryNumber(), c.entryNumber()
	p.Amount, p.Currency, p.At = c.amount(p.Type), c.currency(), c.millis()
	p.Provider, p.Reference = c.provider(), c.reference(1, core.MaxReferenceLength, badReference)
	p.Note, ev.Actor = c.rerouteNote(), c.actor()
	ev.Note = p.Note
}
