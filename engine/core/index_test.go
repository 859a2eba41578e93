package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// indexModel is an index and, beside it, what it should hold: the records of each hash.
type indexModel struct {
	t       *testing.T
	index   *Index
	records map[uint64][]uint32
	hashes  map[uint32]uint64
	next    uint32
}

func newIndexModel(t *testing.T) *indexModel {
	return &indexModel{t: t, index: NewIndex(nil), records: map[uint64][]uint32{}, hashes: map[uint32]uint64{}}
}

func (m *indexModel) insert(hash uint64) {
	m.index.Insert(hash, m.next)
	m.records[hash] = append(m.records[hash], m.next)
	m.hashes[m.next] = hash
	m.next++
}

func (m *indexModel) remove(hash uint64, at int) {
	record := m.records[hash][at]
	if !m.index.Delete(hash, record) {
		m.t.Fatalf("record %d of %#x is not found", record, hash)
	}
	if m.index.Delete(hash, record) {
		m.t.Fatalf("record %d of %#x was deleted twice", record, hash)
	}
	m.records[hash] = slices.Delete(m.records[hash], at, at+1)
	delete(m.hashes, record)
	if len(m.records[hash]) == 0 {
		delete(m.records, hash)
	}
}

// look searches for a hash and compares what is found with what should be. Others with the same tag may come along.
func (m *indexModel) look(hash uint64) {
	m.t.Helper()
	var found []uint32
	for cursor := m.index.Search(hash); cursor.Next(); {
		other, ok := m.hashes[cursor.Record()]
		if !ok || other>>32 != hash>>32 {
			m.t.Fatalf("the search for %#x gives record %d of %#x", hash, cursor.Record(), other)
		}
		if other == hash {
			found = append(found, cursor.Record())
		}
	}
	slices.Sort(found)
	if want := slices.Sorted(slices.Values(m.records[hash])); !slices.Equal(found, want) {
		m.t.Fatalf("the search for %#x gives %v, want %v", hash, found, want)
	}
	for _, record := range m.records[hash] {
		if got, ok := m.index.Find(hash, func(r uint32) bool { return r == record }); !ok || got != record {
			m.t.Fatalf("record %d of %#x is not found", record, hash)
		}
	}
}

// check looks at everything, from outside and from inside.
func (m *indexModel) check() {
	m.t.Helper()
	if m.index.Len() != len(m.hashes) {
		m.t.Fatalf("the index has %d entries, want %d", m.index.Len(), len(m.hashes))
	}
	for hash := range m.records {
		m.look(hash)
	}
	entries := 0
	for i := 0; i < len(m.index.directory); {
		s := m.index.directory[i]
		run := 1 << (m.index.depth - s.depth)
		for k := range run {
			if i%run != 0 || m.index.directory[i+k] != s {
				m.t.Fatalf("the directory's entry %d does not belong to a run of %d", i+k, run)
			}
		}
		held := 0
		for place, entry := range s.entries {
			if entry == 0 {
				continue
			}
			held++
			if tag := uint32(entry >> 32); int(uint64(tag)<<m.index.depth>>32)/run != i/run {
				m.t.Fatalf("place %d of segment %d has an entry of another segment", place, i)
			}
		}
		if held != int(s.length) {
			m.t.Fatalf("segment %d holds %d entries and says %d", i, held, s.length)
		}
		entries += held
		i += run
	}
	if entries != m.index.Len() {
		m.t.Fatalf("the segments hold %d entries, want %d", entries, m.index.Len())
	}
}

// TestIndex inserts and deletes at random and compares the index with a map. The hashes are good ones, or such
// that everything wants to lie at one place of its segment, in one segment, or under a few tags.
func TestIndex(t *testing.T) {
	for name, hash := range map[string]func(*rand.Rand) uint64{
		"uniform":   func(r *rand.Rand) uint64 { return r.Uint64() },
		"one place": func(r *rand.Rand) uint64 { return r.Uint64() | 0x3ff<<32 },
		"the end":   func(r *rand.Rand) uint64 { return r.Uint64()&^(0x3ff<<32) | uint64(1020+r.IntN(4))<<32 },
		"segment":   func(r *rand.Rand) uint64 { return r.Uint64() >> 12 },
		"few tags":  func(r *rand.Rand) uint64 { return uint64(r.IntN(40))<<57 | uint64(r.IntN(500)) },
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 1))
			m := newIndexModel(t)
			m.look(5)
			m.check()
			var known []uint64
			for _, deletions := range []int{10, 45, 90, 30, 100} { // of a hundred steps
				for range 6000 {
					if random.IntN(100) >= deletions {
						known = append(known, hash(random))
						m.insert(known[len(known)-1])
					} else if len(known) > 0 {
						k := random.IntN(len(known))
						m.remove(known[k], random.IntN(len(m.records[known[k]])))
						known[k] = known[len(known)-1]
						known = known[:len(known)-1]
					}
					m.look(hash(random))
				}
				m.check()
			}
			for _, h := range known {
				m.remove(h, 0)
			}
			m.check()
		})
	}
}

// TestIndexOfEqualHashes: more records of one tag than a segment takes before it splits.
func TestIndexOfEqualHashes(t *testing.T) {
	m := newIndexModel(t)
	for range segmentFull - 1 {
		m.insert(0x123456789abcdef0)
	}
	m.insert(0x0123456789abcdef)
	m.check()
	for range segmentFull - 2 {
		m.remove(0x123456789abcdef0, 0)
	}
	m.check()
}

func BenchmarkIndex(b *testing.B) {
	for _, size := range []int{1_000_000, 20_000_000} {
		if testing.Short() && size > 1_000_000 {
			continue
		}
		index := NewIndex(nil)
		random := rand.New(rand.NewPCG(1, 1))
		for i := range size {
			index.Insert(random.Uint64(), uint32(i))
		}
		b.Run(fmt.Sprintf("find/size=%d", size), func(b *testing.B) {
			again := rand.New(rand.NewPCG(1, 1))
			b.ReportAllocs()
			for i := range b.N {
				if i%size == 0 {
					again = rand.New(rand.NewPCG(1, 1))
				}
				if cursor := index.Search(again.Uint64()); !cursor.Next() {
					b.Fatal("not found")
				}
			}
		})
		b.Run(fmt.Sprintf("miss/size=%d", size), func(b *testing.B) {
			for range b.N {
				cursor := index.Search(random.Uint64())
				cursor.Next()
			}
		})
		b.Run(fmt.Sprintf("insert/size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			inserted := make([]uint64, b.N)
			for i := range inserted {
				inserted[i] = random.Uint64()
			}
			b.ResetTimer()
			for i, hash := range inserted {
				index.Insert(hash, uint32(size+i))
			}
			b.StopTimer()
			for i, hash := range inserted {
				index.Delete(hash, uint32(size+i))
			}
		})
	}
}
