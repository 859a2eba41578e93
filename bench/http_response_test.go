package bench

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseResponse(t *testing.T) {
	for _, tc := range []struct {
		name   string
		text   string
		status int
		body   string
		replay bool
		err    error
	}{
		{"created", "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nbody", 201, "body", false, nil},
		{"any case", "HTTP/1.1 200 OK\r\ncontent-LENGTH:2\r\nIdempotent-Replayed: true\r\n\r\nok", 200, "ok", true, nil},
		{"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", false, nil},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", false, nil},
		{"no reason", "HTTP/1.1 409\r\nContent-Length: 1\r\n\r\nx", 409, "x", false, nil},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n", 0, "", false, errNoLength},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", 0, "", false, errNoLength},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 0, "", false, errNoLength},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, "", false, errNoLength},
		{"old", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 0, "", false, errNotHTTP},
		{"continue", "HTTP/1.1 100 Continue\r\n\r\n", 0, "", false, errNotHTTP},
		{"not HTTP", "+OK and something long enough\r\n\r\n", 0, "", false, errNotHTTP},
		{"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", 0, "", false, errNotHTTP},
		{"endless head", "HTTP/1.1 200 OK\r\n" + strings.Repeat("x", maxHead), 0, "", false, errHeadTooBig},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var r response
			n, err := r.parse([]byte(tc.text))
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, not %v", err, tc.err)
			}
			if err != nil {
				return
			}
			if n != len(tc.text) || r.status != tc.status || string(r.body) != tc.body || r.replayed != tc.replay {
				t.Fatalf("%d of %d bytes: %+v", n, len(tc.text), r)
			}
			checkPieces(t, []byte(tc.text))
		})
	}
}

// checkPieces makes sure that an answer is recognized exactly when its last byte has come.
func checkPieces(t *testing.T, text []byte) {
	t.Helper()
	var r response
	for have := range text {
		if n, err := r.parse(text[:have]); n != 0 || err != nil {
			t.Fatalf("after %d of %d bytes: %d, %v", have, len(text), n, err)
		}
	}
	if n, err := r.parse(text); n != len(text) || err != nil {
		t.Fatalf("whole: %d, %v", n, err)
	}
}

// FuzzParseResponse: whatever comes, in whatever pieces, the parser does not panic, does not read
// beyond what came, and comes to the same end.
func FuzzParseResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nbody"), uint8(3))
	f.Add([]byte("HTTP/1.1 204 No Content\r\n\r\n"), uint8(1))
	f.Add([]byte("HTTP/1.1 200 OK\r\n:\r\n\r\n"), uint8(7))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, step uint8) {
		var whole response
		n, err := whole.parse(text)
		if n > len(text) || n > 0 && len(whole.body) > n {
			t.Fatalf("%d of %d bytes", n, len(text))
		}
		var pieces response
		m, pieceErr := 0, error(nil)
		for have := 0; m == 0 && pieceErr == nil; have += int(step) + 1 {
			m, pieceErr = pieces.parse(text[:min(have, len(text))])
			if have >= len(text) {
				break
			}
		}
		if err == nil && (m != n || pieceErr != nil || n > 0 && !bytes.Equal(whole.body, pieces.body)) {
			t.Fatalf("whole %d, in pieces %d, %v", n, m, pieceErr)
		}
	})
}

func TestRequestsAreWellFormed(t *testing.T) {
	var r request
	for _, body := range []string{"", "x", strings.Repeat("long ", 3000)} {
		got := string(r.finish([]byte("POST / HTTP/1.1\r\nHost: a\r\n"), append(r.room(), body...)))
		head, rest, _ := strings.Cut(got, "\r\n\r\n")
		if rest != body || !strings.HasPrefix(head, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ") {
			t.Fatalf("%q", got)
		}
	}
}

func TestDrivingAllocatesNothing(t *testing.T) {
	w := newWorkload(testSpec(Zipf))
	w.spec.Keys = true
	var from counter
	from.allow(0)
	answer := []byte("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n" + `{"id":"0000000000001"}`)
	s := &orderScript{form: &singleForm{work: w}, work: w, source: &from, book: &book{}, batch: 1}
	var o outcome
	exchange := func() {
		s.next()
		if n, err := s.parse(answer); n != len(answer) || err != nil {
			t.Fatal(n, err)
		}
		o = outcome{}
		if err := s.settle(&o); err != nil {
			t.Fatal(err)
		}
	}
	exchange() // makes the buffers
	// Every order here gets the same id, which the book may find odd, but must not cost memory.
	if n := testing.AllocsPerRun(1000, exchange); n > 0 {
		t.Fatalf("%v allocations per order", n)
	}
}
