package bench

import (
	"bytes"
	"fmt"
	"strconv"
)

// Request lines and fields that do not change.
const (
	commonFields = "Host: holdfast\r\nContent-Type: application/json\r\n"
	orderStart   = "POST /v1/orders HTTP/1.1\r\n" + commonFields
	holdStart    = "POST /v1/holds HTTP/1.1\r\n" + commonFields
)

// singleForm is one command per request, as JSON over the resource's own path.
type singleForm struct {
	request
	response
	work  *workload
	start []byte // of the request in the making
	out   []byte
}

func (f *singleForm) begin() { f.response.reset() }

func (f *singleForm) order(o *order) { f.place(orderStart, o, false) }

func (f *singleForm) hold(o *order) { f.place(holdStart, o, true) }

func (f *singleForm) place(start string, o *order, hold bool) {
	f.startOrder(start, o)
	b := append(f.room(), '{')
	b = appendOrderFields(b, o)
	if hold {
		b = appendTTL(b, f.work.spec.TTLSeconds)
	}
	f.out = f.request.finish(f.start, append(b, '}'))
}

// startOrder begins the request that makes an order or a hold, with its key.
func (f *singleForm) startOrder(start string, o *order) {
	f.start = append(f.start[:0], start...)
	if f.work.spec.Keys {
		f.start = append(f.start, "Idempotency-Key: "...)
		f.start = appendKey(f.start, f.work.key(o.ordinal))
		f.start = append(f.start, '\r', '\n')
	}
}

func (f *singleForm) follow(number uint64, what fate) {
	method, resource, suffix := "POST", " /v1/holds/", "/confirm"
	switch what {
	case fateRelease:
		method, suffix = "DELETE", ""
	case fateCancel:
		resource, suffix = " /v1/orders/", "/cancel"
	}
	f.start = append(append(f.start[:0], method...), resource...)
	f.start = appendOrderID(f.start, number)
	f.start = append(append(f.start, suffix...), " HTTP/1.1\r\nHost: holdfast\r\n"...)
	f.out = f.request.finish(f.start, f.room())
}

func (f *singleForm) finish() []byte { return f.out }

func (f *singleForm) answers(dst []answer) ([]answer, error) {
	a := answer{replayed: f.replayed}
	switch f.status {
	case 200, 201:
		number, err := bodyOrderID(f.response.body)
		if err != nil {
			return dst, err
		}
		a.done, a.number = true, number
	case 204:
		a.done = true
	default:
		a.code = uint8(codeIndex(bodyCode(f.response.body)))
	}
	return append(dst, a), nil
}

// appendOrderFields appends what orders and holds have in common, without the braces.
func appendOrderFields(dst []byte, o *order) []byte {
	dst = append(dst, `"customer":"`...)
	dst = appendCustomer(dst, o.customer)
	if o.external != 0 {
		dst = append(dst, `","external_id":"`...)
		dst = appendExternal(dst, o.external)
	}
	dst = append(dst, `","lines":[`...)
	for i := range o.count {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"sku":"`...)
		dst = appendSKUName(dst, o.lines[i].sku)
		dst = append(dst, `","quantity":`...)
		dst = strconv.AppendInt(dst, o.lines[i].quantity, 10)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendTTL(dst []byte, seconds int64) []byte {
	dst = append(dst, `,"ttl_seconds":`...)
	return strconv.AppendInt(dst, seconds, 10)
}

// bodyOrderID finds the id that an answer's object begins with.
func bodyOrderID(body []byte) (uint64, error) {
	text, ok := stringField(body, `"id":"`)
	if ok {
		if number, ok := parseOrderID(text); ok {
			return number, nil
		}
	}
	return 0, fmt.Errorf("answer has no order id: %.120q", body)
}

// bodyCode finds the code of a problem.
func bodyCode(body []byte) []byte {
	text, _ := stringField(body, `"code":"`)
	return text
}

// stringField finds the text between a field's opening, such as `"id":"`, and the next quote. Neither
// ids nor codes contain anything that JSON would escape.
func stringField(body []byte, opening string) ([]byte, bool) {
	at := bytes.Index(body, []byte(opening))
	if at < 0 {
		return nil, false
	}
	text := body[at+len(opening):]
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return nil, false
	}
	return text[:end], true
}
