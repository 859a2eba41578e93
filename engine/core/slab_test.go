package core

import (
	"math/rand/v2"
	"testing"
)

func newSlab[T any]() *slab[T] { return &slab[T]{allocate: heapAllocator} }

// TestSlab pushes, changes and pops, across pages, and compares the slab with a slice.
func TestSlab(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	s, model := newSlab[lineRecord](), []lineRecord{}
	for step := range 20_000 {
		switch {
		case random.IntN(3) > 0 || len(model) == 0:
			i := s.push()
			if int(i) != len(model) || *s.at(i) != (lineRecord{}) {
				t.Fatalf("step %d: record %d is %+v", step, i, *s.at(i))
			}
			*s.mut(i) = lineRecord{sku: SKUID(step), quantity: random.Uint32()}
			model = append(model, *s.at(i))
		case random.IntN(2) == 0:
			s.pop()
			model = model[:len(model)-1]
		default:
			i := random.IntN(len(model))
			s.mut(uint32(i)).flags++
			model[i].flags++
		}
	}
	if int(s.length) != len(model) || len(s.pages) < 3 {
		t.Fatalf("%d records in %d pages, want %d", s.length, len(s.pages), len(model))
	}
	for i := range model {
		if *s.at(uint32(i)) != model[i] {
			t.Fatalf("record %d is %+v, want %+v", i, *s.at(uint32(i)), model[i])
		}
	}
}

// TestSlabDigest: the digest follows every change, and a change undone is as if it had not been.
func TestSlabDigest(t *testing.T) {
	s, twin := newSlab[lineRecord](), newSlab[lineRecord]()
	for i := range uint32(3*pageRecords + 1) {
		*s.mut(s.push()) = lineRecord{sku: SKUID(i)}
		*twin.mut(twin.push()) = lineRecord{sku: SKUID(i)}
		if i%7 == 0 && i < 100 {
			s.digest() // when a digest is taken has no influence on the next
		}
	}
	before := s.digest()
	if twin.digest() != before || s.digest() != before {
		t.Error("equal slabs have different digests")
	}
	seen := map[Digest]uint32{before: 0}
	for _, i := range []uint32{0, 1, pageRecords - 1, pageRecords, 2*pageRecords + 5, 3 * pageRecords} {
		s.mut(i).quantity = 1
		d := s.digest()
		if other, ok := seen[d]; ok {
			t.Errorf("the changes of records %d and %d have one digest", i, other)
		}
		seen[d] = i
		s.mut(i).quantity = 0
		if s.digest() != before {
			t.Errorf("record %d is as it was, and the digest is not", i)
		}
	}
	s.pop()
	if s.digest() == before {
		t.Error("the digest does not count the records")
	}
	*s.mut(s.push()) = lineRecord{sku: 3 * pageRecords}
	if s.digest() != before {
		t.Error("the same records have another digest")
	}
}

// TestRecycler acquires and releases at random: every record is whole until it is released, new ones are empty,
// and places are used again before the slab grows.
func TestRecycler(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	r := recycler[limitRecord]{slab: *newSlab[limitRecord](), next: func(l *limitRecord) *uint32 { return &l.next }}
	r.kind = SlabLimits
	twin := r
	live, most := map[uint32]Quantity{}, 0
	var places []uint32
	for step := range 50_000 {
		if random.IntN(100) < 50+20*(step/10_000%2) || len(places) == 0 {
			i := r.acquire()
			if _, used := live[i]; used || *r.at(i) != (limitRecord{}) {
				t.Fatalf("record %d is in use, or not empty: %+v", i, *r.at(i))
			}
			if twin.acquire() != i {
				t.Fatal("two equal histories give different places")
			}
			live[i] = Quantity(step)
			r.mut(i).units, twin.mut(i).units = Quantity(step), Quantity(step)
			places = append(places, i)
		} else {
			k := random.IntN(len(places))
			i := places[k]
			if r.at(i).units != live[i] {
				t.Fatalf("record %d holds %d, want %d", i, r.at(i).units, live[i])
			}
			r.release(i)
			twin.release(i)
			delete(live, i)
			places[k] = places[len(places)-1]
			places = places[:len(places)-1]
		}
		most = max(most, len(places))
		if int(r.live) != len(places) || int(r.length) != most {
			t.Fatalf("step %d: %d live of %d, want %d of %d", step, r.live, r.length, len(places), most)
		}
	}
	if r.digest() != twin.digest() {
		t.Error("two equal histories have different digests")
	}
	before := r.digest()
	first, second := places[0], places[1]
	r.release(first)
	r.release(second)
	one := r.digest()
	if one == before {
		t.Error("the digest does not see what is free")
	}
	for _, field := range []*uint32{&r.free, &r.live, &r.length} {
		*field--
		if r.digest() == one {
			t.Error("the digest does not see which record is the next, or how many are used")
		}
		*field++
	}
}
