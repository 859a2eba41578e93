package server

import "strconv"

// problemType is the type of problems in RFC 9457's sense, up to the code: where the OpenAPI document
// describes it.
const problemType = `{"type":"/openapi.json#/x-problems/`

// fault is what is wrong with one field of a request.
type fault struct {
	code   string
	field  string // path from the body's top, such as lines[3].quantity; "" for the body as a whole
	detail string
}

// problem is an answer that says no, of the kinds that are not worth a renderer of their own.
type problem struct {
	kind   problemKind
	detail string
	faults []fault
	lines  []unknownName
}

// unknownName is a line or row of a request whose SKU or location does not exist.
type unknownName struct {
	index int
	field string // "sku" or "location"
	name  string
}

// newProblem makes a problem of the code's kind.
func newProblem(code, detail string) *problem {
	return &problem{kind: kindOf(code), detail: detail}
}

// faultProblem makes the problem that tells of faults: the first that made the request unreadable
// gives the code, else the first.
func faultProblem(faults []fault) *problem {
	first := faults[0]
	for _, f := range faults {
		if kindOf(f.code).status == 400 {
			first = f
			break
		}
	}
	return &problem{kind: kindOf(first.code), detail: first.String(), faults: faults}
}

// String is the fault in one sentence.
func (f fault) String() string {
	if f.field == "" {
		return f.detail
	}
	return f.field + " " + f.detail
}

// appendProblemHead appends a problem up to its detail, without the closing brace.
func appendProblemHead(dst []byte, kind problemKind, detail string) []byte {
	dst = append(dst, problemType...)
	dst = append(dst, kind.code...)
	dst = append(dst, `","title":"`...)
	dst = append(dst, kind.title...)
	dst = appendNumberField(dst, `","status":`, kind.status)
	dst = append(dst, `,"code":"`...)
	dst = append(dst, kind.code...)
	dst = append(dst, '"')
	if detail != "" {
		dst = appendTextField(dst, `,"detail":`, detail)
	}
	return dst
}

// appendProblem appends a whole problem.
func appendProblem(dst []byte, p *problem) []byte {
	dst = appendProblemHead(dst, p.kind, p.detail)
	if len(p.faults) > 0 {
		dst = append(dst, `,"errors":[`...)
		for i, f := range p.faults {
			dst = appendComma(dst, i)
			dst = appendTextField(dst, `{"field":`, f.field)
			dst = appendTextField(dst, `,"code":`, f.code)
			dst = appendTextField(dst, `,"detail":`, f.detail)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	if len(p.lines) > 0 {
		dst = append(dst, `,"lines":[`...)
		for i, line := range p.lines {
			dst = appendComma(dst, i)
			dst = appendNumberField(dst, `{"index":`, line.index)
			dst = append(dst, `,"`...)
			dst = append(dst, line.field...)
			dst = appendTextField(dst, `":`, line.name)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendComma(dst []byte, index int) []byte {
	if index > 0 {
		return append(dst, ',')
	}
	return dst
}

// quoteEchoed repeats a client's own text in a problem, shortened.
func quoteEchoed(text []byte) string {
	if len(text) > maxEchoed {
		return strconv.Quote(string(text[:maxEchoed])) + "…"
	}
	return strconv.Quote(string(text))
}

// rangeSays words a range of whole numbers.
func rangeSays(least, most int64) string {
	return "must be a whole number from " + strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10)
}
