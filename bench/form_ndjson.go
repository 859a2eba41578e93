package bench

import (
	"bytes"
	"fmt"
)

const ndjsonStart = "POST /v1/batch HTTP/1.1\r\nHost: holdfast\r\nContent-Type: application/x-ndjson\r\n"

// ndjsonForm is many commands per request, a line of JSON each.
type ndjsonForm struct {
	request
	response
	work  *workload
	lines []byte
}

func (f *ndjsonForm) begin() {
	f.response.reset()
	f.lines = f.room()
}

func (f *ndjsonForm) order(o *order) {
	f.open("place_order", o.ordinal)
	f.lines = appendOrderFields(f.lines, o)
	f.lines = append(f.lines, '}', '\n')
}

func (f *ndjsonForm) hold(o *order) {
	f.open("hold", o.ordinal)
	f.lines = appendOrderFields(f.lines, o)
	f.lines = appendTTL(f.lines, f.work.spec.TTLSeconds)
	f.lines = append(f.lines, '}', '\n')
}

// open begins a line up to where the order's fields go.
func (f *ndjsonForm) open(op string, ordinal uint64) {
	f.lines = append(f.lines, `{"op":"`...)
	f.lines = append(f.lines, op...)
	f.lines = append(f.lines, '"', ',')
	if f.work.spec.Keys {
		f.lines = append(f.lines, `"idempotency_key":"`...)
		f.lines = appendKey(f.lines, f.work.key(ordinal))
		f.lines = append(f.lines, '"', ',')
	}
}

func (f *ndjsonForm) follow(number uint64, what fate) {
	op := "confirm"
	switch what {
	case fateRelease:
		op = "release"
	case fateCancel:
		op = "cancel"
	}
	f.lines = append(f.lines, `{"op":"`...)
	f.lines = append(f.lines, op...)
	f.lines = append(f.lines, `","id":"`...)
	f.lines = appendOrderID(f.lines, number)
	f.lines = append(f.lines, '"', '}', '\n')
}

func (f *ndjsonForm) finish() []byte { return f.request.finish([]byte(ndjsonStart), f.lines) }

func (f *ndjsonForm) answers(dst []answer) ([]answer, error) {
	if f.status != 200 {
		return dst, fmt.Errorf("batch answered with status %d: %.200q", f.status, f.response.body)
	}
	for body := f.response.body; len(body) > 0; {
		line := body
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			line, body = body[:end], body[end+1:]
		} else {
			body = nil
		}
		a, err := ndjsonAnswer(line)
		if err != nil {
			return dst, err
		}
		dst = append(dst, a)
	}
	return dst, nil
}

// ndjsonAnswer reads one line: {"status":201,"id":"…"} or {"status":409,"code":"…"}.
func ndjsonAnswer(line []byte) (answer, error) {
	const opening = `{"status":`
	if len(line) < len(opening)+3 || string(line[:len(opening)]) != opening {
		return answer{}, fmt.Errorf("batch answer has no status: %.120q", line)
	}
	status, ok := parseDigits(line[len(opening) : len(opening)+3])
	if !ok {
		return answer{}, fmt.Errorf("batch answer has no status: %.120q", line)
	}
	rest := line[len(opening)+3:]
	if status >= 300 {
		return answer{code: uint8(codeIndex(bodyCode(rest)))}, nil
	}
	a := answer{done: true}
	if status != 204 {
		number, err := bodyOrderID(rest)
		if err != nil {
			return answer{}, err
		}
		a.number = number
	}
	return a, nil
}
