package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// resolvedHold marks, beside the action, that the order which was cancelled was a hold.
const resolvedHold = 1 << 7

func appendOversold(dst []byte, o *core.OversoldImage) []byte {
	dst = appendUvarint(dst, uint64(o.Order))
	dst = appendUvarint(dst, uint64(len(o.Units)))
	for _, u := range o.Units {
		dst = appendQuantity(appendUvarint(dst, uint64(u.SKU)), u.Units)
	}
	return dst
}

func (c *cursor) oversold(o *core.OversoldImage) {
	const shortest = 2
	o.Order = core.OrderID(c.uvarint())
	n := c.count(1, core.MaxLines, shortest, "oversold SKUs are not 1 to 500")
	o.Units = slices.Grow(o.Units[:0], n)[:n]
	for i := range o.Units {
		o.Units[i] = core.OversoldUnits{SKU: c.sku(), Units: c.quantity()}
	}
}

// appendResolution appends what is done about an oversold case. The order that it is done with has the place that it has in other commands.
func appendResolution(dst []byte, c *core.Command) []byte {
	r := c.Resolution
	dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Case))
	dst = append(appendUvarint(dst, uint64(r.SKU)), byte(r.Action))
	if r.Action == core.OversoldReSource {
		dst = appendUvarint(dst, uint64(r.Location))
	}
	return appendNotes(dst, r.Note, c.Actor)
}

func (c *cursor) resolution(cmd *core.Command) {
	r := &core.Resolution{}
	cmd.Resolution, cmd.Order = r, core.OrderID(c.uint64())
	r.Case, r.SKU = core.OrderID(c.uint64()), c.sku()
	at := c.pos
	r.Action = c.oversoldAction(at, c.byte())
	if r.Action == core.OversoldReSource {
		r.Location = c.location()
	}
	r.Note, cmd.Actor = c.rerouteNote(), c.note("actor is longer than 64 bytes", "actor is not UTF-8")
}

func (c *cursor) oversoldAction(at int, b byte) core.OversoldAction {
	action := core.OversoldAction(b)
	if action == 0 || action > core.LastOversoldAction {
		c.fail(at, "unknown action on an oversold case")
	}
	return action
}

// appendCaseImage appends an oversold case.
func appendCaseImage(dst []byte, k *core.CaseImage) []byte {
	dst = appendUvarint(appendUvarint(dst, uint64(k.ID.Order)), uint64(k.ID.SKU))
	dst = appendUvarint(dst, uint64(k.Version))
	dst = appendUvarint(appendUvarint(dst, uint64(k.Opened)), uint64(k.OpenedAt))
	dst = appendUvarint(appendUvarint(dst, uint64(k.Changed)), uint64(k.At))
	return appendQuantity(appendQuantity(dst, k.Units), k.Left)
}

func (c *cursor) caseImage(k *core.CaseImage) {
	k.ID.Order, k.ID.SKU = core.OrderID(c.uvarint()), c.sku()
	k.Version = c.version()
	k.Opened, k.OpenedAt = c.sequence(), c.millis()
	k.Changed, k.At = c.sequence(), c.millis()
	k.Units = c.quantity()
	at := c.pos
	if k.Left = c.quantity(); k.Left > k.Units {
		c.fail(at, "more is left of a case than it had")
	}
}

// appendResolved appends what became of an oversold case, and of the order that something was done with.
func appendResolved(dst []byte, ev *core.Event) []byte {
	r := &ev.Resolution
	dst = appendCaseImage(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), &r.Case)
	action := byte(r.Action)
	if r.Held {
		action |= resolvedHold
	}
	dst = appendQuantity(append(dst, action), r.Units)
	return appendFills(appendNotes(dst, r.Note, ev.Actor), ev.Fills)
}

func (c *cursor) resolved(ev *core.Event) {
	r := &ev.Resolution
	c.order(&ev.Order, birth{ev.Sequence, ev.At})
	c.caseImage(&r.Case)
	at := c.pos
	action := c.byte()
	r.Held = action&resolvedHold != 0
	r.Action = c.oversoldAction(at, action&^resolvedHold)
	if r.Held && r.Action != core.OversoldCancel {
		c.fail(at, "a hold is only cancelled for a case")
	}
	r.Units = c.quantity()
	r.Note, ev.Actor = c.rerouteNote(), c.note("actor is longer than 64 bytes", "actor is not UTF-8")
	ev.Fills = c.fills(ev.Fills, len(ev.Order.Lines), 0)
}
