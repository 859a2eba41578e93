//go:build !race

package queue

import "testing"

// Under the race detector pools forget at random what was given back to them.
func TestTokensAllocateNothing(t *testing.T) {
	s, name := testSigner(), []byte("customer-4711")
	var text [TextLength]byte
	if n := testing.AllocsPerRun(100, func() {
		made := s.Append(text[:0], Token{KindTicket, 1, 2, 3, s.Customer(1, name)})
		if _, ok := s.Read(made); !ok {
			t.Fatal("the token is not good")
		}
	}); n > 0 {
		t.Errorf("a token takes %v allocations", n)
	}
}
