package server

import (
	"errors"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
)

var headerLastEventID = []byte("Last-Event-Id")

// streamEvents serves GET /v1/events.
func (s *Server) streamEvents(x *exchange) {
	q := x.query("after", "reader")
	name := q.identifier("reader")
	after := q.number("after", 0, maxSequence, int64(s.cursorOf(name)))
	if !q.sound() {
		return
	}
	if text := x.ctx.Request.Header.PeekBytes(headerLastEventID); text != nil {
		number, whole, fits := parseInteger(text)
		if !whole || !fits || number < 0 {
			x.failWith(codeInvalidHeader, "Last-Event-ID must be a sequence that this stream has sent")
			return
		}
		after = number
	}
	if core.Sequence(after) < s.engine.Feed().Oldest() {
		s.failCut(x, engine.ReaderOfFeed)
		return
	}
	if !s.registered(x, name, engine.ReaderOfFeed, core.Sequence(after), "after") {
		return
	}
	s.stream(x, typeEventStream, streamHead, func() source {
		return &eventSource{server: s, reader: s.engine.Feed().Read(core.Sequence(after))}
	})
}

// cursorOf is where a stream begins that does not say so itself: where its reader stands, or else with the oldest event
// that there is.
func (s *Server) cursorOf(name []byte) core.Sequence {
	if reader, known := s.engine.Reader(string(name)); known && reader.Kind == engine.ReaderOfFeed {
		return reader.Position
	}
	return s.engine.Feed().Oldest()
}

const (
	typeEventStream = "text/event-stream"
	// streamHead begins the events: clients come back after two seconds.
	streamHead = "retry: 2000\n\n"
)

// eventSource is what one client gets of the events.
type eventSource struct {
	server   *Server
	reader   *feed.Reader
	event    core.Event
	decoder  decoder
	document orderDocument
}

func (t *eventSource) fill(out []byte) (_ []byte, more bool, err error) {
	for len(out) < streamBuffer {
		encoded, _, last, err := t.reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			return out, false, nil
		}
		if err == nil {
			_, err = codec.DecodeEvent(encoded, &t.event)
		}
		if err != nil {
			return out, false, err
		}
		out = t.appendMessage(out, last)
	}
	return out, true, nil
}

func (t *eventSource) close() {}

func (t *eventSource) heartbeat(out []byte) []byte { return append(out, ": still here\n\n"...) }

// overtaken tells the client in a message of a type of its own, which those that do not know it pass over.
func (t *eventSource) overtaken(out []byte) []byte {
	out = append(out, "event: cut\ndata: "...)
	out = appendTextField(out, `{"code":`, codeEventsCut)
	out = appendNumberField(out, `,"first":`, t.server.engine.Feed().Oldest()+1)
	return append(out, "}\n\n"...)
}

// appendMessage appends the event. Only the last of a sequence carries it as its id: a client that was cut
// off among them gets all of them again.
func (t *eventSource) appendMessage(out []byte, last bool) []byte {
	if last {
		out = append(appendNumberField(out, "id: ", t.event.Sequence), '\n')
	}
	out = t.appendEvent(append(out, "data: "...))
	return append(out, "\n\n"...)
}
