package server

import (
	"errors"
	"strconv"

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
	t := &eventSource{server: s}
	if from := core.Sequence(after); from > s.engine.Sequence() {
		if !s.engine.Following() {
			x.failWith(codeEventsAhead, "the events of this server end with sequence "+strconv.FormatUint(uint64(s.engine.Sequence()), 10)+
				": what was read beyond it is of another history. Begin with the state, or with an earlier sequence")
			return
		}
		t.ahead = from
	}
	// A replica that is behind cannot keep for its reader what it has not got; all from where it stands is more.
	if !s.registered(x, name, engine.ReaderOfFeed, min(core.Sequence(after), s.engine.Sequence()), "after") {
		return
	}
	s.stream(x, typeEventStream, streamHead, func() source {
		t.reader = s.engine.Feed().Read(core.Sequence(after))
		return t
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
	ahead    core.Sequence // where it begins, as long as this replica has not got there; else 0
	event    core.Event
	decoder  decoder
	document orderDocument
}

// catchesUp tells whether a replica will get to where its client has read. It does in time, unless it is promoted before: then what
// its client has read it never said, and what comes next here is not what comes next for the client.
func (t *eventSource) catchesUp() bool {
	reached := t.server.engine.Sequence() >= t.ahead // asked before the role: what a promoted replica adds does not count
	if !t.server.engine.Following() {
		return false
	}
	if reached {
		t.ahead = 0
	}
	return true
}

// errOtherHistory ends a stream whose client has to begin anew.
var errOtherHistory = errors.New("the client has read events that are not of this server's history")

func (t *eventSource) fill(out []byte) (_ []byte, more bool, err error) {
	if t.ahead > 0 && !t.catchesUp() {
		return out, false, errOtherHistory
	}
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

// ended tells the client in a message of a type of its own, which those that do not know it pass over.
func (t *eventSource) ended(out []byte, why error) []byte {
	if errors.Is(why, errOtherHistory) {
		out = append(out, "event: ahead\ndata: "...)
		return append(appendTextField(out, `{"code":`, codeEventsAhead), "}\n\n"...)
	}
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
