package bench

import "strconv"

// request builds HTTP/1.1 requests in one buffer that is reused: the body is appended behind room for
// the head, which is then put directly before it, so nothing is copied twice.
type request struct {
	buf []byte
}

// headRoom is more than the longest head.
const headRoom = 512

// room empties the buffer and gives the slice to append the body to.
func (r *request) room() []byte {
	if cap(r.buf) < headRoom {
		r.buf = make([]byte, headRoom, 4096)
	}
	return r.buf[:headRoom]
}

// finish puts the head before a body that began as room(). Start is the request line and the fields,
// with all line ends; the length of the body is added. The result is valid until the next room.
func (r *request) finish(start, filled []byte) []byte {
	r.buf = filled
	const field = "Content-Length: "
	var digits [20]byte
	length := strconv.AppendInt(digits[:0], int64(len(filled)-headRoom), 10)
	at := headRoom - len(start) - len(field) - len(length) - 4
	out := filled[at:]
	n := copy(out, start)
	n += copy(out[n:], field)
	n += copy(out[n:], length)
	copy(out[n:], "\r\n\r\n")
	return out
}
