package queue

import (
	"strings"
	"testing"
)

func testSigner() *Signer { return NewSigner([32]byte{1, 2, 3}) }

func TestTokensComeBack(t *testing.T) {
	s := testSigner()
	want := Token{KindEntrance, 1<<31 + 64, 4_000_000, 1_790_000_000_123, s.Customer(7, []byte("anna"))}
	text := s.Append(nil, want)
	if len(text) != TextLength || TextLength > 64 {
		t.Fatalf("a token has %d characters", len(text))
	}
	if got, ok := s.Read(text); !ok || got != want {
		t.Fatalf("read %+v %v, want %+v", got, ok, want)
	}
	if s.Customer(7, []byte("anna")) == s.Customer(8, []byte("anna")) || s.Customer(7, []byte("anna")) == s.Customer(7, []byte("annb")) {
		t.Error("customers of two sales, or two customers, have one hash")
	}
}

// Every changed character makes a token a forged one, and so does another key.
func TestForgedTokens(t *testing.T) {
	s := testSigner()
	text := s.Append(nil, Token{KindTicket, 1, 1, 1_790_000_000_000, 5})
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range text {
		for _, c := range []byte(alphabet) {
			forged := append([]byte(nil), text...)
			if forged[i] = c; c == text[i] {
				continue
			}
			if _, ok := s.Read(forged); ok {
				t.Fatalf("character %d can be %c as well as %c", i, c, text[i])
			}
		}
	}
	for _, wrong := range []string{"", "T", string(text[:len(text)-1]), string(text) + "A", strings.Repeat("A", TextLength), strings.Repeat("\n", TextLength), strings.Repeat("=", TextLength)} {
		if _, ok := s.Read([]byte(wrong)); ok {
			t.Errorf("%q is taken for a token", wrong)
		}
	}
	if _, ok := NewSigner([32]byte{1, 2, 4}).Read(text); ok {
		t.Error("a token is good under another key")
	}
}

func TestShuffleIsAPermutation(t *testing.T) {
	s := testSigner()
	for _, count := range []uint32{1, 2, 3, 4, 5, 16, 17, 255, 1000, 4097} {
		sh := newShuffle(s, 3, count)
		met := make([]bool, count)
		for n := range count {
			rank := sh.rank(n)
			if rank >= count || met[rank] {
				t.Fatalf("of %d, number %d has rank %d: too high, or twice", count, n, rank)
			}
			met[rank] = true
			if back := sh.number(rank); back != n {
				t.Fatalf("of %d, rank %d is number %d's and number %d's", count, rank, n, back)
			}
		}
	}
}

// Who was early has no advantage: in every tenth of the drawn order there is a tenth of each tenth of the arrivals.
func TestShuffleIsFair(t *testing.T) {
	const count = 100_000
	var tenths [10][10]int
	sh := newShuffle(testSigner(), 3, count)
	for n := range uint32(count) {
		tenths[n/(count/10)][sh.rank(n)/(count/10)]++
	}
	for arrived, row := range tenths {
		for drawn, n := range row {
			if n < 850 || n > 1150 { // five standard deviations
				t.Errorf("of the arrivals' tenth %d, %d of 10000 are in the order's tenth %d", arrived, n, drawn)
			}
		}
	}
}

func BenchmarkToken(b *testing.B) {
	s := testSigner()
	text := s.Append(nil, Token{KindTicket, 1, 2, 3, 4})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.Read(text); !ok {
			b.Fatal("the token is not good")
		}
	}
}
