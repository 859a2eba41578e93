package server

import (
	"errors"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/core"
)

// readerKinds are the names of what readers read, by number.
var readerKinds = [...]string{
	engine.ReaderOfJournal: "journal",
	engine.ReaderOfFeed:    "feed",
}

// postReader serves POST /v1/readers/{reader}: it registers a reader, or notes how far it has come.
func (s *Server) postReader(x *exchange) {
	if code := identifierRule.check(x.variable); code != "" {
		x.fail(faultProblem([]fault{{code: code, field: "reader", detail: identifierRule.says}}))
		return
	}
	kind, position := x.intake.parseReader(x.body())
	if x.hasFaults() {
		return
	}
	reader, err := s.engine.RegisterReader(string(x.variable), kind, position)
	if err != nil {
		s.failReader(x, err, kind, fault{code: codeOutOfRange, field: "sequence"})
		return
	}
	x.answerJSON(200, s.appendReader(x.out[:0], &reader, s.engine.Sequence()))
}

// parseReader reads the body of POST /v1/readers/{reader}.
func (in *intake) parseReader(body []byte) (kind engine.ReaderKind, position core.Sequence) {
	in.begin(0, body)
	hasKind, hasSequence := false, false
	if in.object() {
		for in.more() {
			switch string(in.name()) {
			case "kind":
				kind, hasKind = engine.ReaderKind(in.oneOf(readerKinds[:])), true
			case "sequence":
				position, hasSequence = core.Sequence(in.integer(0, maxSequence)), true
			default:
				in.unknown()
			}
		}
		if !hasKind {
			in.missing("kind")
		}
		if !hasSequence {
			in.missing("sequence")
		}
	}
	in.end()
	return kind, position
}

// registered registers the reader that a stream names, if it names one; it answers and gives false when that cannot be.
// position is how far the client has come.
func (s *Server) registered(x *exchange, name []byte, kind engine.ReaderKind, position core.Sequence, field string) bool {
	if name == nil || x.ctx.IsHead() {
		return true
	}
	if _, err := s.engine.RegisterReader(string(name), kind, position); err != nil {
		s.failReader(x, err, kind, fault{code: codeInvalidQuery, field: field})
		return false
	}
	return true
}

// failReader answers with what stands against registering a reader. ahead is the fault when it says that it has come
// further than possible.
func (s *Server) failReader(x *exchange, err error, kind engine.ReaderKind, ahead fault) {
	switch {
	case errors.Is(err, engine.ErrCut):
		s.failCut(x, kind)
	case errors.Is(err, engine.ErrAhead):
		ahead.detail = "says that more was read than there is yet"
		x.fail(faultProblem([]fault{ahead}))
	case errors.Is(err, engine.ErrReaderKind):
		x.failWith(codeReaderKind, "a reader of this name reads the other of feed and journal")
	case errors.Is(err, engine.ErrTooManyReaders):
		x.failWith(codeTooManyReaders, "at most "+strconv.Itoa(engine.MaxReaders)+" readers can be registered")
	default:
		s.failEngine(x, err)
	}
}

// failCut tells whoever asks for what was cut off where the journal or the feed begins, and how to go on.
func (s *Server) failCut(x *exchange, kind engine.ReaderKind) {
	if kind == engine.ReaderOfFeed {
		first := uint64(s.engine.Feed().Oldest()) + 1
		x.failWith(codeEventsCut, "the events begin with sequence "+strconv.FormatUint(first, 10)+
			": what is older was cut off. Begin with the state, or with after="+strconv.FormatUint(first-1, 10))
		return
	}
	first, err := s.engine.JournalFirst()
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.failWith(codeJournalCut, "the journal begins with sequence "+strconv.FormatUint(uint64(first), 10)+
		": what is older was cut off. A replica has to start again from a backup")
}

// deleteReader serves DELETE /v1/readers/{reader}.
func (s *Server) deleteReader(x *exchange) {
	switch err := s.engine.DropReader(string(x.variable)); {
	case err == nil:
		x.ctx.Response.SetStatusCode(204)
	case errors.Is(err, engine.ErrNotFound):
		x.failWith(codeReaderNotFound, "there is no reader of this name")
	default:
		s.failEngine(x, err)
	}
}

// listReaders serves GET /v1/readers, in the order of their names.
func (s *Server) listReaders(x *exchange) {
	p, ok := s.page(x)
	if !ok {
		return
	}
	sequence := s.engine.Sequence()
	dst, last, more, n := append(x.out[:0], `{"items":[`...), "", false, 0
	for _, reader := range s.engine.Readers() {
		if reader.Name <= string(p.after) {
			continue
		}
		if more = n == p.limit; more {
			break
		}
		dst = s.appendReader(appendComma(dst, n), &reader, sequence)
		last = reader.Name
		n++
	}
	x.answerPage(dst, last, more, sequence)
}

// appendReader appends a reader as it stands when a sequence is the last.
func (s *Server) appendReader(dst []byte, r *engine.Reader, sequence core.Sequence) []byte {
	dst = appendTextField(dst, `{"name":`, r.Name)
	dst = appendTextField(dst, `,"kind":`, readerKinds[r.Kind])
	dst = appendNumberField(dst, `,"position":`, r.Position)
	dst = appendNumberField(dst, `,"lag":`, sequence-min(sequence, r.Position))
	dst = appendNumberField(dst, `,"seen_seconds_ago":`, max(s.engine.Options().Clock()-int64(r.Seen), 0)/1000)
	status := "protected"
	if r.Overrun {
		status = "overrun"
	}
	return append(appendTextField(dst, `,"status":`, status), '}')
}
