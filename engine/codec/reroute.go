package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// rerouteBackorder marks, beside the reason, that units which nobody else has wait.
const rerouteBackorder = 1 << 7

// appendReroute appends what moves an order's units away from a location.
func appendReroute(dst []byte, c *core.Command) []byte {
	r := c.Reroute
	dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
	dst = appendUvarint(dst, uint64(r.Location))
	reason := byte(r.Reason)
	if r.Backorder {
		reason |= rerouteBackorder
	}
	dst = appendString(append(dst, reason), r.Note)
	dst = appendString(dst, c.Actor)
	return appendLines(dst, c.Lines)
}

func (c *cursor) reroute(cmd *core.Command) {
	r := &core.Reroute{}
	cmd.Reroute, cmd.Order, r.Location = r, core.OrderID(c.uint64()), c.location()
	at := c.pos
	reason := c.byte()
	r.Backorder = reason&rerouteBackorder != 0
	r.Reason = c.rerouteReason(at, reason&^rerouteBackorder)
	at = c.pos
	r.Note = c.rerouteNote()
	if r.Reason == core.RerouteManual && len(r.Note) == 0 {
		c.fail(at, "a manual reason needs a note")
	}
	cmd.Actor = c.actor()
	cmd.Lines = c.reroutedLines(cmd.Lines)
}

func (c *cursor) rerouteReason(at int, b byte) core.RerouteReason {
	if b == 0 || b > byte(core.LastRerouteReason) {
		c.fail(at, "unknown reason to reroute an order")
	}
	return core.RerouteReason(b)
}

func (c *cursor) rerouteNote() []byte {
	return c.note("note is longer than 64 bytes", "note is not UTF-8")
}

// reroutedLines reads lines of which no two have one SKU, and a quantity of 0 stands for all.
func (c *cursor) reroutedLines(lines []core.Line) []core.Line {
	n := c.count(1, core.MaxLines, 2, "lines are not 1 to 500")
	lines = slices.Grow(lines[:0], n)
	for range n {
		at := c.pos
		line := core.Line{SKU: c.sku(), Quantity: core.Quantity(c.upTo(uint64(core.MaxLineQuantity), "quantity exceeds 1000000000"))}
		if slices.ContainsFunc(lines, func(l core.Line) bool { return l.SKU == line.SKU }) {
			c.fail(at, "SKU is named twice")
		}
		lines = append(lines, line)
	}
	return lines
}

// appendRerouteImage appends what became of it, and who did it.
func appendRerouteImage(dst []byte, ev *core.Event) []byte {
	r := &ev.Reroute
	dst = append(appendUvarint(dst, uint64(r.From)), byte(r.Reason))
	dst = appendNotes(dst, r.Note, ev.Actor)
	dst = appendUvarint(dst, uint64(len(r.Moves)))
	for i := range r.Moves {
		m := &r.Moves[i]
		to := uint64(m.To) + 1
		if m.Beyond {
			to = 0
		}
		dst = appendUvarint(appendUvarint(dst, uint64(m.Line)), to)
		dst = appendQuantity(dst, m.Quantity)
	}
	dst = appendUvarint(dst, uint64(len(r.Left)))
	for i := range r.Left {
		dst = appendQuantity(appendUvarint(dst, uint64(r.Left[i].Line)), r.Left[i].Quantity)
	}
	return dst
}

// rerouteImage reads what became of an order of so many lines.
func (c *cursor) rerouteImage(ev *core.Event, lines int) {
	r := &ev.Reroute
	r.From = c.location()
	at := c.pos
	r.Reason = c.rerouteReason(at, c.byte())
	r.Note = c.rerouteNote()
	ev.Actor = c.actor()
	for range c.count(0, core.MaxLines*core.MaxLocations, 3, "moves are more than 2048000") {
		m := core.Reallocation{Line: c.lineOf(lines)}
		to := c.upTo(1<<16, "location number exceeds 16 bits")
		if m.Beyond = to == 0; !m.Beyond {
			m.To = core.LocationID(to - 1)
		}
		m.Quantity = c.quantity()
		r.Moves = append(r.Moves, m)
	}
	for range c.count(0, core.MaxLines, 2, "lines left are more than 500") {
		r.Left = append(r.Left, core.LeftUnits{Line: c.lineOf(lines), Quantity: c.quantity()})
	}
}
