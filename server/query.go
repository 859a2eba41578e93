package server

import (
	"cmp"
	"strings"

	"github.com/valyala/fasthttp"

	"holdfast/engine/core"
)

// queryReader reads the parameters behind a path's question mark. Like the reader of bodies it notes
// what is wrong and goes on.
type queryReader struct {
	x      *exchange
	args   *fasthttp.Args
	faults []fault
}

// query begins to read the parameters, of which only those named may be there, each once.
func (x *exchange) query(allowed ...string) *queryReader {
	q := &x.parameters
	*q = queryReader{x: x, args: x.ctx.QueryArgs(), faults: q.faults[:0]}
	if q.args.Len() == 0 {
		return q
	}
	seen := 0
	for name := range q.args.All() {
		index := indexOf(allowed, string(name))
		switch {
		case index < 0:
			q.fault(shorten(string(name)), "is not a parameter of this path; it takes "+cmp.Or(strings.Join(allowed, ", "), "none"))
		case seen>>index&1 != 0:
			q.fault(allowed[index], "is given twice")
		default:
			seen |= 1 << index
		}
	}
	return q
}

// takesNoQuery answers and gives false when there is any parameter. Writes have none: whoever sends dry_run=true must not learn
// afterwards that it was carried out.
func (x *exchange) takesNoQuery() bool {
	return len(x.ctx.URI().QueryString()) == 0 || x.query().sound()
}

func indexOf(names []string, name string) int {
	for i := range names {
		if names[i] == name {
			return i
		}
	}
	return -1
}

func (q *queryReader) fault(name, says string) {
	if len(q.faults) < maxFaults {
		q.faults = append(q.faults, fault{code: codeInvalidQuery, field: name, detail: says})
	}
}

// number reads a whole number in the range, or gives the fallback when the parameter is absent.
func (q *queryReader) number(name string, least, most, fallback int64) int64 {
	text := q.args.Peek(name)
	if text == nil {
		return fallback
	}
	number, whole, fits := parseInteger(text)
	if !whole || !fits || number < least || number > most {
		q.fault(name, rangeSays(least, most))
		return fallback
	}
	return number
}

// name reads the name of a SKU, location or channel; nil when the parameter is absent.
func (q *queryReader) name(name string) []byte { return q.text(name, &nameRule) }

// text reads a text of a kind; nil when the parameter is absent.
func (q *queryReader) text(name string, rule *textRule) []byte {
	text := q.args.Peek(name)
	if text != nil && rule.check(text) != "" {
		q.fault(name, rule.says)
		return nil
	}
	return text
}

// identifier reads an identifier that a client has chosen; nil when the parameter is absent.
func (q *queryReader) identifier(name string) []byte {
	text := q.args.Peek(name)
	if text != nil && identifierRule.check(text) != "" {
		q.fault(name, identifierRule.says)
		return nil
	}
	return text
}

// sound answers with the faults that were found, if any.
func (q *queryReader) sound() bool {
	if len(q.faults) == 0 {
		return true
	}
	q.x.fail(faultProblem(q.faults))
	return false
}

// maxSequence is the highest sequence that a client may name.
const maxSequence = 1<<63 - 1

// waitFor holds a read back until the node has reached the sequence of at_least; it answers and gives
// false when that takes too long.
func (s *Server) waitFor(q *queryReader) bool {
	least := q.number("at_least", 0, maxSequence, 0)
	if !q.sound() {
		return false
	}
	if least == 0 {
		return true
	}
	if err := s.engine.WaitFor(core.Sequence(least), s.options.MaxWait); err != nil {
		s.failEngine(q.x, err)
		return false
	}
	return true
}
