package engine

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/engine/core"
)

func heap(size int) []byte { return make([]byte, size) }

// knownKey is what a key table should know of a key.
type knownKey struct {
	handle      keyHandle
	fingerprint uint64
	sequence    core.Sequence // 0 while its command is under way
}

// keyModel is a key table and the obvious one beside it.
type keyModel struct {
	t     *testing.T
	table *keyTable
	known map[core.IdempotencyKey]*knownKey
}

// expect is what the table should answer.
func (m *keyModel) expect(key core.IdempotencyKey, fingerprint uint64) (claimState, core.Sequence) {
	k, ok := m.known[key]
	switch {
	case !ok:
		return claimNew, 0
	case k.fingerprint != fingerprint:
		return claimReused, 0
	case k.sequence == 0:
		return claimInFlight, 0
	}
	return claimBound, k.sequence
}

func (m *keyModel) claim(key core.IdempotencyKey, fingerprint uint64) {
	wantState, wantSequence := m.expect(key, fingerprint)
	if state, sequence := m.table.lookup(&key, fingerprint); state != wantState || sequence != wantSequence {
		m.t.Fatalf("lookup of %x: %d %d, want %d %d", key, state, sequence, wantState, wantSequence)
	}
	handle, state, sequence := m.table.claim(&key, fingerprint)
	if state != wantState || sequence != wantSequence || (state == claimNew) != (handle != noKey) {
		m.t.Fatalf("claim of %x: %d %d, want %d %d", key, state, sequence, wantState, wantSequence)
	}
	if state == claimNew {
		m.known[key] = &knownKey{handle: handle, fingerprint: fingerprint}
	}
}

// settle binds a key that is under way, or gives it up.
func (m *keyModel) settle(key core.IdempotencyKey, sequence core.Sequence) {
	k := m.known[key]
	if k.sequence != 0 {
		return
	}
	if sequence == 0 {
		m.table.abandon(k.handle)
		delete(m.known, key)
		return
	}
	m.table.bind(k.handle, sequence)
	k.sequence = sequence
}

// TestKeyTable compares the key table with a map, on keys of which most are claimed more than once.
func TestKeyTable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	m := &keyModel{t: t, table: newKeyTable(heap, [2]uint64{1, 2}), known: map[core.IdempotencyKey]*knownKey{}}
	key := func() (key core.IdempotencyKey) {
		binary.LittleEndian.PutUint64(key[random.IntN(2)*8:], uint64(random.IntN(5000))) // like those of a bad client
		return key
	}
	for step := range 200_000 {
		k := key()
		switch random.IntN(4) {
		case 0, 1:
			m.claim(k, uint64(random.IntN(2)))
		case 2:
			if m.known[k] != nil {
				m.settle(k, core.Sequence(step))
			}
		case 3:
			if m.known[k] != nil {
				m.settle(k, 0)
			}
		}
	}
	if m.table.length() != len(m.known) {
		t.Errorf("%d keys, want %d", m.table.length(), len(m.known))
	}
	for k, known := range m.known {
		m.claim(k, known.fingerprint)
	}
	// A table restored from a journal knows what was bound, and the last of two commands with a key.
	restored := newKeyTable(heap, [2]uint64{3, 4})
	for _, k := range slices.Collect(maps.Keys(m.known)) {
		if m.known[k].sequence == 0 {
			delete(m.known, k)
			continue
		}
		restored.restore(&k, 99, 1)
		restored.restore(&k, m.known[k].fingerprint, m.known[k].sequence)
	}
	m.table = restored
	for k, known := range m.known {
		m.claim(k, known.fingerprint)
		m.claim(k, 99)
	}
}

// BenchmarkKeyClaim claims and binds new keys, those of a batch at a time, in a table that has some already.
func BenchmarkKeyClaim(b *testing.B) {
	for _, before := range []int{0, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprintf("keys=%d", before), func(b *testing.B) {
			if testing.Short() && before > 1_000_000 {
				b.Skip("takes a gigabyte")
			}
			memory := &arena{}
			defer func() { _ = memory.free() }()
			table := newKeyTable(memory.allocate, [2]uint64{1, 2})
			random := rand.New(rand.NewPCG(1, 1))
			claims, order := make([]claim, 1024), []uint16(nil)
			run := func(n int) {
				for ; n > 0; n -= len(claims) {
					for i := range claims {
						c := claim{fingerprint: 1}
						binary.LittleEndian.PutUint64(c.key[:], random.Uint64())
						c.hash = table.hash(&c.key)
						claims[i] = c
					}
					table.claimAll(claims, &order)
					for i := range claims {
						table.bind(keyHandle(claims[i].value), core.Sequence(i+1))
					}
				}
			}
			run(before)
			b.ReportAllocs()
			b.ResetTimer()
			run(b.N)
		})
	}
}
