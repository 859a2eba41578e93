package core

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestTexts stores pairs of all lengths, across pages, and reads them back; what was read stays valid.
func TestTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	text := func(longest int) []byte {
		b := make([]byte, random.IntN(longest+1))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	store, twin := texts{allocate: heapAllocator}, texts{allocate: heapAllocator}
	type pair struct {
		offset        uint32
		first, second []byte
		read          []byte
	}
	var pairs []pair
	for range 3000 {
		p := pair{first: text(255), second: text(255)}
		p.offset = store.add(p.first, p.second)
		p.read, _ = store.get(p.offset)
		if twin.add(p.first, p.second) != p.offset {
			t.Fatal("two equal histories give different offsets")
		}
		if end := p.offset&(textPageBytes-1) + uint32(len(p.first)+len(p.second)+2); end > textPageBytes {
			t.Fatalf("the pair at %d crosses a page's end", p.offset)
		}
		pairs = append(pairs, p)
	}
	if len(store.pages) < 5 {
		t.Errorf("only %d pages", len(store.pages))
	}
	for _, p := range pairs {
		first, second := store.get(p.offset)
		if !bytes.Equal(first, p.first) || !bytes.Equal(second, p.second) || !bytes.Equal(p.read, p.first) {
			t.Fatalf("at %d lie %q and %q, want %q and %q", p.offset, first, second, p.first, p.second)
		}
		if cap(first) != len(first) || cap(second) != len(second) {
			t.Fatal("who appends to a text writes over the next one")
		}
	}
	if store.digest() != twin.digest() {
		t.Error("two equal histories have different digests")
	}
	before := store.digest()
	store.add(nil, nil)
	if store.digest() == before {
		t.Error("the digest does not see an empty pair")
	}
}

// TestTextsAtTheEnd: offsets have 32 bits. Beyond them nothing may be overwritten.
func TestTextsAtTheEnd(t *testing.T) {
	page := make([]byte, textPageBytes) // all pages but the first are this one, as they hold the same
	store := texts{allocate: heapAllocator}
	first := store.add([]byte("the very first"), nil)
	store.allocate = func(int) []byte { return page }
	long := bytes.Repeat([]byte("x"), 255)
	defer func() {
		recover() // refusing by an assertion is as good
		if name, _ := store.get(first); string(name) != "the very first" {
			t.Errorf("the first text became %.20q", name)
		}
	}()
	for pairs := uint64(0); pairs*uint64(len(long)+2) <= 1<<32; pairs++ {
		store.add(long, nil)
	}
}
