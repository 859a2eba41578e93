package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// Marks of an edit: what is not marked takes no bytes. They are in journals and must not change.
const (
	editTakesOff = 1 << 0 // units of lines are taken off
	editAdds     = 1 << 1 // lines are added
	editDocument = 1 << 2 // it is of the document alone, whatever the order's status
)

// appendEdit appends what changes an order.
func appendEdit(dst []byte, c *core.Command) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
	dst = appendNotes(dst, c.Life.Note, c.Actor)
	marks := byte(0)
	if len(c.Life.Units) > 0 {
		marks |= editTakesOff
	}
	if len(c.Lines) > 0 {
		marks |= editAdds
	}
	if c.Life.DocumentOnly {
		marks |= editDocument
	}
	dst = append(dst, marks)
	if marks&editTakesOff != 0 {
		dst = appendLineUnits(dst, c.Life.Units)
	}
	if marks&editAdds != 0 {
		dst = appendLines(dst, c.Lines)
	}
	return dst
}

// edit reads what changes an order, in a frame with these flags.
func (c *cursor) edit(cmd *core.Command) {
	cmd.Life, cmd.Order = &core.LifeRequest{}, core.OrderID(c.uint64())
	cmd.Life.Note, cmd.Actor = c.rerouteNote(), c.actor()
	at := c.pos
	marks := c.byte()
	if marks&^(editTakesOff|editAdds|editDocument) != 0 {
		c.fail(at, "unknown marks of an edit")
	}
	if cmd.Life.DocumentOnly = marks&editDocument != 0; cmd.Life.DocumentOnly && !c.bringsDocumentAlone(marks) {
		c.fail(at, "edit of the document alone changes something else, or not the document")
	}
	if marks == 0 && c.buf[frameFlags]&flagDocument == 0 && c.buf[frameVersion] != settingVersion {
		c.fail(at, "edit changes nothing")
	}
	if marks&editTakesOff != 0 {
		cmd.Life.Units = c.cancelledUnits()
	}
	if marks&editAdds != 0 {
		cmd.Lines = c.lines(cmd.Lines)
	}
}

// bringsDocumentAlone tells whether an edit with these marks has a document, and nothing else.
func (c *cursor) bringsDocumentAlone(marks byte) bool {
	const others = flagDestination | flagRecipes
	return marks == editDocument && c.buf[frameFlags]&(flagDocument|others) == flagDocument && c.buf[frameVersion] == commandVersion
}

// appendEdited appends what an edit took off and what it added, who did it and why.
func appendEdited(dst []byte, ev *core.Event) []byte {
	return appendUvarint(appendCancelled(dst, ev), uint64(ev.Added))
}

func (c *cursor) edited(ev *core.Event) {
	c.cancelled(ev, 0)
	ev.Added = int(c.upTo(uint64(max(len(ev.Order.Lines), 1)-1), "lines added are all of the order's"))
}

// cancelledUnits reads units of lines of which no two are of one line, and a quantity of 0 stands for all.
func (c *cursor) cancelledUnits() []core.LineUnits {
	at := c.pos
	units := c.lineUnits(nil, core.MaxLines, 1)
	for i := range units {
		u := &units[i]
		if slices.ContainsFunc(units[:i], func(other core.LineUnits) bool { return other.Line == u.Line }) {
			c.fail(at, "line is named twice")
		}
		if u.Quantity > core.MaxLineQuantity {
			c.fail(at, "quantity exceeds 1000000000")
		}
	}
	return units
}
