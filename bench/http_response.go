package bench

import (
	"bytes"
	"errors"
)

// response is an HTTP/1.1 answer as far as a generator needs it. Parsing allocates nothing: the body
// lies in the buffer that was parsed.
type response struct {
	status   int
	body     []byte
	replayed bool // the answer has Idempotent-Replayed: true

	head   int // length of the head with its empty line; 0 until all of it has come
	length int // length of the body
}

// Errors of an answer that this client cannot or will not read.
var (
	errNotHTTP    = errors.New("answer is not HTTP/1.1")
	errHeadTooBig = errors.New("answer has a head of more than 64 KiB")
	errNoLength   = errors.New("answer has no valid Content-Length")
)

const maxHead = 64 << 10

// reset makes the response ready for the next answer.
func (r *response) reset() { *r = response{} }

// parse looks at all bytes that have come since reset and gives the length of the whole answer, or 0
// while some of it is missing.
func (r *response) parse(buf []byte) (int, error) {
	if r.head == 0 {
		end := bytes.Index(buf, []byte("\r\n\r\n"))
		if end < 0 {
			if len(buf) > maxHead {
				return 0, errHeadTooBig
			}
			return 0, nil
		}
		if err := r.parseHead(buf[:end+2]); err != nil {
			return 0, err
		}
		r.head = end + 4
	}
	total := r.head + r.length
	if len(buf) < total {
		return 0, nil
	}
	r.body = buf[r.head:total]
	return total, nil
}

// parseHead reads the status line and the few fields that matter; every line ends with CR LF.
func (r *response) parseHead(head []byte) error {
	if len(head) < 14 || string(head[:8]) != "HTTP/1.1" || head[8] != ' ' {
		return errNotHTTP
	}
	status, ok := parseDigits(head[9:12])
	if !ok || status < 200 {
		return errNotHTTP
	}
	r.status = status
	hasLength := false
	lines := head[bytes.IndexByte(head, '\n')+1:]
	for len(lines) > 0 {
		end := bytes.IndexByte(lines, '\n')
		line := bytes.TrimSuffix(lines[:end], []byte{'\r'})
		lines = lines[end+1:]
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			return errNotHTTP
		}
		name, value := line[:colon], bytes.TrimSpace(line[colon+1:])
		switch {
		case equalFold(name, "content-length"):
			if r.length, ok = parseDigits(value); !ok || hasLength {
				return errNoLength
			}
			hasLength = true
		case equalFold(name, "transfer-encoding"):
			return errNoLength
		case equalFold(name, "idempotent-replayed"):
			r.replayed = equalFold(value, "true")
		}
	}
	if status == 204 || status == 304 {
		r.length = 0
		return nil
	}
	if !hasLength {
		return errNoLength
	}
	return nil
}

// parseDigits reads a decimal number of one to nine digits.
func parseDigits(text []byte) (int, bool) {
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// equalFold compares with a name in small letters, without regard to the case of ASCII letters.
func equalFold(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
