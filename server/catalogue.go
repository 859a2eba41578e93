package server

import (
	"errors"

	"holdfast/engine"
	"holdfast/engine/core"
)

// What SKUs and locations have in common: both are put under a name of the client's, are read by it,
// and are listed in the order in which they were made.

// nameInPath checks the name in the path; it answers and gives false when nothing can have it.
func (x *exchange) nameInPath(field string) bool {
	code := nameRule.check(x.variable)
	if code == "" {
		return true
	}
	x.fail(faultProblem([]fault{{code: code, field: field, detail: nameRule.says}}))
	return false
}

// define carries out the definition that the intake has read, under the name in the path.
func (s *Server) define(x *exchange, field string, how *submission) {
	if x.hasFaults() || !x.nameInPath(field) || !x.setVersion(&x.intake.command) {
		return
	}
	x.intake.command.Name = x.variable
	s.submit(x, how)
}

// answerDefined answers with what a definition has made (201) or changed, or with what a read found.
func (x *exchange) answerDefined(version uint32, body []byte) {
	status := 200
	if version == 1 && x.ctx.IsPut() {
		status = 201
	}
	x.tag(version)
	x.answerJSON(status, body)
}

// textOf gives the one text of a SKU's or a location's document as JSON, nil for none.
func (s *Server) textOf(x *exchange, has bool, made core.Sequence) ([]byte, error) {
	if !has {
		return nil, nil
	}
	document, err := s.documentOf(x, made)
	if err != nil {
		return nil, err
	}
	return x.intake.readNamed(document), nil
}

// failRead answers a read that found nothing, or could not be carried out.
func (s *Server) failRead(x *exchange, err error, unknown *problem) {
	if errors.Is(err, engine.ErrNotFound) {
		x.fail(unknown)
		return
	}
	s.failEngine(x, err)
}

// page is what a list was asked for.
type page struct {
	limit int
	after []byte // name of the item before the first; nil for the start
}

// page reads a list's parameters; it answers and gives false when they are wrong.
func (s *Server) page(x *exchange) (p page, ok bool) {
	q := x.query("limit", "after", "at_least")
	p.limit = int(q.number("limit", 1, maxPage, defaultPage))
	p.after = q.name("after")
	return p, s.waitFor(q)
}

// answerPage closes a list, the items of which dst has, and sends it. last is the name of the last item, if
// there are more.
func (x *exchange) answerPage(dst []byte, last string, more bool, sequence core.Sequence) {
	dst = append(dst, `],"next":`...)
	if more {
		dst = appendText(dst, last)
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendNumberField(dst, `,"sequence":`, sequence)
	x.answerJSON(200, append(dst, '}'))
}

// failAfter answers that the item to go on after does not exist.
func (x *exchange) failAfter() {
	x.fail(faultProblem([]fault{{codeInvalidQuery, "after", "must be the name of an item: take it from next"}}))
}
