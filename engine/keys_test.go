package engine

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
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

// TestKeyTableForgets compares a table that forgets with a map: what is bound to a command up to a sequence goes, what is
// under way or newer stays, places are used again, and the oldest key is never said to be younger than it is.
func TestKeyTableForgets(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	m := &keyModel{t: t, table: newKeyTable(heap, [2]uint64{1, 2}), known: map[core.IdempotencyKey]*knownKey{}}
	next := core.Sequence(1)
	var pages int
	for round := range 60 {
		for range 20_000 {
			var key core.IdempotencyKey
			binary.LittleEndian.PutUint64(key[:], 1+random.Uint64N(200_000))
			if m.claim(key, 1); m.known[key].sequence == 0 && random.IntN(10) > 0 {
				m.settle(key, next)
				next++
			}
		}
		settled := next // of those under way nothing is known, so they are bound later
		until := next - core.Sequence(min(15_000, next-1))
		n := 0
		for key, known := range m.known {
			if known.sequence != 0 && known.sequence <= until {
				delete(m.known, key)
				n++
			}
		}
		if got := m.table.evict(until, settled); got != n || m.table.length() != len(m.known) {
			t.Fatalf("round %d: %d keys went, want %d; %d are left, want %d", round, got, n, m.table.length(), len(m.known))
		}
		oldest := settled + 1
		for _, known := range m.known {
			if known.sequence != 0 {
				oldest = min(oldest, known.sequence)
			}
		}
		if got := m.table.oldestKey(settled); got != oldest {
			t.Fatalf("the oldest key is of %d, want %d", got, oldest)
		}
		for key, known := range m.known {
			if known.sequence == 0 {
				m.settle(key, 0)
			} else if random.IntN(10) == 0 {
				m.claim(key, known.fingerprint)
			}
		}
		all := 0
		for i := range m.table.stripes {
			all += len(m.table.stripes[i].pages)
		}
		if round == 5 {
			pages = all
		} else if round > 5 && all > pages+keyStripes {
			t.Fatalf("%d pages became %d", pages, all)
		}
	}
}

// TestKeysAreForgottenBesideHandlers forgets while handlers claim, bind and give up: what is not old stays.
func TestKeysAreForgottenBesideHandlers(t *testing.T) {
	table := newKeyTable(heap, [2]uint64{1, 2})
	const handlers, each = 4, 20_000
	var next, settled atomic.Uint64
	var wait sync.WaitGroup
	bound := make([][]core.Sequence, handlers)
	key := func(handler, n int) (key core.IdempotencyKey) {
		binary.LittleEndian.PutUint64(key[:], uint64(n))
		key[15] = byte(handler + 1)
		return key
	}
	var binding sync.RWMutex // nothing is settled while somebody is about to bind
	for handler := range handlers {
		bound[handler] = make([]core.Sequence, each)
		wait.Go(func() {
			for n := range each {
				k := key(handler, n)
				handle, state, _ := table.claim(&k, 1)
				if state != claimNew {
					t.Errorf("a new key is %d", state)
					return
				}
				if n%3 == 0 {
					table.abandon(handle)
					continue
				}
				binding.RLock()
				bound[handler][n] = core.Sequence(next.Add(1))
				table.bind(handle, bound[handler][n])
				binding.RUnlock()
			}
		})
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	until := core.Sequence(0)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			binding.Lock()
			settled.Store(next.Load())
			binding.Unlock()
			until = core.Sequence(settled.Load() / 2)
			table.evict(until, core.Sequence(settled.Load()))
			table.oldestKey(core.Sequence(settled.Load()))
			table.oldestOf(10, 100)
		}
	}()
	wait.Wait()
	close(stop)
	<-stopped
	for handler := range handlers {
		for n, sequence := range bound[handler] {
			k := key(handler, n)
			_, got := table.lookup(&k, 1)
			if sequence > until && got != sequence || sequence == 0 && got != 0 {
				t.Fatalf("the key of %d is of %d; up to %d was forgotten", sequence, got, until)
			}
		}
	}
	table.evict(until, core.Sequence(settled.Load()))
	if got, want := table.length(), int(next.Load()-uint64(until)); got != want {
		t.Errorf("%d keys are left, want %d", got, want)
	}
}

// BenchmarkKeyEvict forgets keys of a table of which a sixteenth goes at a time.
func BenchmarkKeyEvict(b *testing.B) {
	memory := &arena{}
	defer func() { _ = memory.free() }()
	table := newKeyTable(memory.allocate, [2]uint64{1, 2})
	random := rand.New(rand.NewPCG(1, 1))
	const keys = 1 << 20
	sequence := core.Sequence(0)
	fill := func(n int) {
		for range n {
			sequence++
			var key core.IdempotencyKey
			binary.LittleEndian.PutUint64(key[:], random.Uint64())
			table.restore(&key, 1, sequence)
		}
	}
	fill(keys)
	b.ResetTimer()
	for evicted := 0; evicted < b.N; {
		n := table.evict(table.oldestOf(keys/evictShare, keys), sequence)
		evicted += n
		b.StopTimer()
		fill(n)
		b.StartTimer()
	}
}
