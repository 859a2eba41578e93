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
