package server

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder reads one JSON text as the contract wants it: strictly, and naming every field that is
// wrong. Its methods are called in the order of the text, and report what they do not like as faults
// instead of returning errors, so that a reader of a body is a plain list of its fields. After a fault
// of syntax nothing more can be read: every method then does nothing.
//
// What the methods return may point into the text or into the decoder, and holds until the next reset.
// Reading a text without faults and without escapes allocates nothing.
type decoder struct {
	json    *jsontext.Decoder
	input   bytes.Buffer // jsontext reads out of a Buffer without copying
	escapes []byte       // texts that had escapes, unescaped
	faults  []fault
	stopped bool
}

// Kinds of JSON values, by the byte that they begin with.
const (
	kindNull   = jsontext.Kind('n')
	kindObject = jsontext.Kind('{')
	kindArray  = jsontext.Kind('[')
)

// reset begins a new text.
func (d *decoder) reset(text []byte) {
	d.input = *bytes.NewBuffer(text)
	if d.json == nil {
		d.json = jsontext.NewDecoder(&d.input)
	} else {
		d.json.Reset(&d.input)
	}
	d.escapes = d.escapes[:0]
	d.faults = d.faults[:0]
	d.stopped = false
}

// object enters an object. When something else stands there it is skipped and reported.
func (d *decoder) object() bool { return d.enter(kindObject, "must be an object") }

// array enters an array. When something else stands there it is skipped and reported.
func (d *decoder) array() bool { return d.enter(kindArray, "must be an array") }

func (d *decoder) enter(kind jsontext.Kind, says string) bool {
	if d.stopped {
		return false
	}
	if d.json.PeekKind() != kind {
		d.skip(codeWrongType, says)
		return false
	}
	if _, err := d.json.ReadToken(); err != nil {
		d.syntax(err)
		return false
	}
	return true
}

// more reports whether the object or array that was entered goes on, and leaves it otherwise.
func (d *decoder) more() bool {
	if d.stopped {
		return false
	}
	kind := d.json.PeekKind()
	if kind != '}' && kind != ']' && kind != jsontext.KindInvalid {
		return true
	}
	if _, err := d.json.ReadToken(); err != nil {
		d.syntax(err)
	}
	return false
}

// name reads the name of an object's next member.
func (d *decoder) name() []byte {
	raw, ok := d.value()
	if !ok {
		return nil
	}
	return d.unescape(raw)
}

// text reads a string that keeps the rule. After a fault the answer is empty but not nil.
func (d *decoder) text(rule *textRule) []byte {
	raw, ok := d.value()
	if !ok {
		return []byte{}
	}
	if raw[0] != '"' {
		d.report(codeWrongType, "must be a string")
		return []byte{}
	}
	text := d.unescape(raw)
	if code := rule.check(text); code != "" {
		d.report(code, rule.says)
		return []byte{}
	}
	return text
}

// integer reads a whole number in the range. After a fault the answer is least.
func (d *decoder) integer(least, most int64) int64 {
	number, fits, ok := d.whole()
	switch {
	case !ok:
		return least
	case !fits || number < least || number > most:
		d.report(codeOutOfRange, rangeSays(least, most))
		return least
	}
	return number
}

// wide reads a whole number whose range depends on what is read later. One beyond 64 bits comes as the lowest, which is in no range.
func (d *decoder) wide() int64 {
	number, fits, ok := d.whole()
	switch {
	case !ok:
		return 0
	case !fits:
		return math.MinInt64
	}
	return number
}

// whole reads a whole number; fits is false for one beyond 64 bits, ok after a fault.
func (d *decoder) whole() (number int64, fits, ok bool) {
	raw, ok := d.value()
	if !ok {
		return 0, false, false
	}
	number, whole, fits := parseInteger(raw)
	switch {
	case !isNumber(raw):
		d.report(codeWrongType, "must be a number")
		return 0, false, false
	case !whole:
		d.report(codeWrongType, "must be a whole number without fraction or exponent")
		return 0, false, false
	}
	return number, fits, true
}

// isNumber reports whether a JSON value is a number.
func isNumber(raw []byte) bool { return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' }

// parseInteger reads digits with perhaps a minus before them. whole is false for anything else, such as
// fractions and exponents; fits is false beyond int64.
func parseInteger(raw []byte) (number int64, whole, fits bool) {
	digits := raw
	if len(raw) > 0 && raw[0] == '-' {
		digits = raw[1:]
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false, false
		}
		number = number*10 + int64(c-'0')
	}
	if len(digits) > 18 { // 18 digits always fit
		number, err := strconv.ParseInt(string(raw), 10, 64)
		return number, true, err == nil
	}
	if len(digits) < len(raw) {
		number = -number
	}
	return number, len(digits) > 0, true
}

// decimal reads a number from −limit to limit, and gives it as written too.
func (d *decoder) decimal(limit float64) (number float64, raw []byte) {
	raw, ok := d.value()
	if !ok {
		return 0, nil
	}
	if !isNumber(raw) {
		d.report(codeWrongType, "must be a number")
		return 0, nil
	}
	number, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || number < -limit || number > limit {
		span := strconv.FormatFloat(limit, 'g', -1, 64)
		d.report(codeOutOfRange, "must be from -"+span+" to "+span)
		return 0, nil
	}
	if len(raw) > maxDecimal {
		d.report(codeInvalidLength, "must be written in at most "+strconv.Itoa(maxDecimal)+" characters")
		return 0, nil
	}
	return number, raw
}

// boolean reads true or false. After a fault the answer is false.
func (d *decoder) boolean() bool {
	raw, ok := d.value()
	if ok && raw[0] != 't' && raw[0] != 'f' {
		d.report(codeWrongType, "must be true or false")
		return false
	}
	return ok && raw[0] == 't'
}

// null reads a null, if one stands there.
func (d *decoder) null() bool {
	if d.stopped || d.json.PeekKind() != kindNull {
		return false
	}
	_, ok := d.value()
	return ok
}

// end checks that nothing stands behind the text.
func (d *decoder) end() {
	if d.stopped {
		return
	}
	if _, err := d.json.ReadToken(); err != io.EOF {
		d.fault(codeMalformedJSON, "", "must be one JSON object with nothing behind it")
		d.stopped = true
	}
}

// value reads the next value as it is written.
func (d *decoder) value() (raw []byte, ok bool) {
	if d.stopped {
		return nil, false
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		d.syntax(err)
		return nil, false
	}
	return raw, true
}

// unescape gives the text of a JSON string.
func (d *decoder) unescape(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1 : len(raw)-1]
	}
	start := len(d.escapes)
	d.escapes, _ = jsontext.AppendUnquote(d.escapes, raw)
	return d.escapes[start:len(d.escapes):len(d.escapes)]
}

// unknown skips the member whose name was just read, and reports it.
func (d *decoder) unknown() { d.skip(codeUnknownField, "is not a field of this request") }

// missing reports a member that the object just read, or being read, should have had.
func (d *decoder) missing(field string) { d.faultIn(field, codeMissingField, "is required") }

// faultIn reports a member of the object just read, or being read.
func (d *decoder) faultIn(field, code, says string) {
	if d.stopped {
		return
	}
	path := fieldPath(d.json.StackPointer())
	if path != "" {
		path += "."
	}
	d.fault(code, path+field, says)
}

// skipRest leaves an array that has too many items.
func (d *decoder) skipRest() {
	for d.more() {
		if err := d.json.SkipValue(); err != nil {
			d.syntax(err)
		}
	}
}

// skip reads over the next value and reports it.
func (d *decoder) skip(code, says string) {
	if d.stopped {
		return
	}
	if err := d.json.SkipValue(); err != nil {
		d.syntax(err)
		return
	}
	d.report(code, says)
}

// report notes a fault of the value that was read last.
func (d *decoder) report(code, says string) {
	d.fault(code, fieldPath(d.json.StackPointer()), says)
}

func (d *decoder) fault(code, field, says string) {
	if len(d.faults) == maxFaults {
		return
	}
	d.faults = append(d.faults, fault{code: code, field: field, detail: says})
	d.stopped = d.stopped || len(d.faults) == maxFaults
}

// syntax notes that the text is no JSON, and ends the reading.
func (d *decoder) syntax(err error) {
	d.stopped = true
	code, path, says := codeMalformedJSON, "", "is not valid JSON"
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		path = fieldPath(syntactic.JSONPointer)
		says = syntactic.Err.Error() + " at byte " + strconv.FormatInt(syntactic.ByteOffset, 10)
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		code, says = codeDuplicateField, "is given twice"
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		says = "ends before the JSON is complete"
	}
	if path == "" {
		says = "the body: " + says
	}
	d.faults = append(d.faults, fault{code: code, field: path, detail: says})
}

// maxDecimal bounds the digits of a decimal number: all of a float64 and an exponent.
const maxDecimal = 32

// fieldPath writes a JSON pointer as people do: /lines/3/quantity is lines[3].quantity.
func fieldPath(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		if isIndex(token) {
			path.WriteString("[" + token + "]")
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(shorten(token))
	}
	return path.String()
}

func isIndex(token string) bool {
	for _, c := range token {
		if c < '0' || c > '9' {
			return false
		}
	}
	return token != "" && len(token) < 10
}

// shorten cuts a client's own text, for an answer, at a whole character.
func shorten(text string) string {
	if len(text) <= maxEchoed {
		return text
	}
	return strings.ToValidUTF8(text[:maxEchoed], "") + "…"
}
