package server

import (
	"holdfast/engine/core"
)

var addedNote = submission{status: 201, render: (*Server).renderNote}

// addNote serves POST /v1/orders/{order}/notes: somebody writes something beside an order.
func (s *Server) addNote(x *exchange) {
	in := &x.intake
	in.parseNote(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	id, _, _, ok := s.orderToTell(x)
	if !ok {
		return
	}
	in.command.Order = id
	s.submit(x, &addedNote)
}

func (in *intake) parseNote(body []byte) {
	in.begin(core.CommandAddNote, body)
	c := &in.command
	if in.object() {
		for in.more() {
			switch string(in.name()) {
			case "text":
				c.Document = in.text(&noteRule)
			case "actor":
				c.Actor = in.text(&reasonRule)
			default:
				in.unknown()
			}
		}
		if c.Document == nil {
			in.missing("text")
		}
	}
	in.end()
}

// renderNote answers with the note in the exchange's event.
func (s *Server) renderNote(x *exchange, sequence core.Sequence) {
	text, err := s.documentOf(x, x.event.Sequence)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	dst := append(appendID(append(x.out[:0], `{"order_id":"`...), s.engine.PublicOrderID(x.event.Noted)), `",`...)
	dst = appendNote(dst, x.event.At, text, x.event.Actor)
	x.answerJSON(201, append(appendNumberField(dst, `,"sequence":`, sequence), '}'))
}

func appendNote(dst []byte, at core.Millis, text, actor []byte) []byte {
	dst = appendTimeField(dst, `"at":`, at)
	dst = appendTextField(dst, `,"text":`, text)
	if len(actor) > 0 {
		dst = appendTextField(dst, `,"actor":`, actor)
	}
	return dst
}

// listNotes serves GET /v1/orders/{order}/notes, the oldest first. Notes are kept for ever.
func (s *Server) listNotes(x *exchange) {
	q := x.query("limit", "after", "at_least")
	limit, after := int(q.number("limit", 1, maxPage, defaultPage)), core.Sequence(q.number("after", 0, maxSequence, 0))
	if !s.waitForIndex(q) {
		return
	}
	id, _, sequence, ok := s.orderToTell(x)
	if !ok {
		return
	}
	at := s.indexed()
	notes, more, err := s.options.Search.Notes(id, after, limit)
	if err != nil {
		s.failSearch(x, err)
		return
	}
	dst, count := append(x.out[:0], `{"items":[`...), 0
	for i := range notes {
		n := &notes[i]
		if after = n.Sequence; n.Late != nil {
			continue // the timeline has it
		}
		text, err := s.engine.Document(n.Sequence)
		if err != nil {
			s.failEngine(x, err)
			return
		}
		dst = append(appendNumberField(appendComma(dst, count), `{"sequence":`, n.Sequence), ',')
		dst = append(appendNote(dst, n.At, text, n.Actor), '}')
		count++
	}
	x.answerJSON(200, at.append(appendNext(append(dst, ']'), after, more), sequence))
}
