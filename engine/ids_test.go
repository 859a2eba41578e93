package engine

import (
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/engine/core"
)

// TestSpeckVector is the test vector of Speck64/128 in the appendix of the paper that permutation names.
func TestSpeckVector(t *testing.T) {
	key, err := hex.DecodeString("1b1a1918131211100b0a090803020100")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(key) // the paper writes the highest byte first
	p := newPermutation([16]byte(key))
	const plain, cipher = 0x3b7265747475432d, 0x8c6fa548454e028b
	if got := p.public(plain); got != cipher {
		t.Errorf("%#x became %#x, want %#x", plain, got, uint64(cipher))
	}
	if got := p.internal(cipher); got != plain {
		t.Errorf("%#x came from %#x, want %#x", uint64(cipher), got, plain)
	}
}

// TestPublicNumbersComeBack: every number has one public number, and neighbours' public numbers tell nothing.
func TestPublicNumbersComeBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	p := newPermutation([16]byte{1, 2, 3})
	other := newPermutation([16]byte{1, 2, 4})
	for i := range 10_000 {
		id := core.OrderID(random.Uint64())
		if i < 1000 {
			id = core.MakeOrderID(core.Slot(i%core.SlotCount), i%3 == 0, uint32(i))
		}
		public := p.public(id)
		if back := p.internal(public); back != id {
			t.Fatalf("%d became %d", id, back)
		}
		if other.public(id) == public {
			t.Errorf("%d is the same under another key", id)
		}
		if next := p.public(id + 1); next-public < 1<<32 {
			t.Errorf("%d and the next one are neighbours outside too", id)
		}
	}
}
