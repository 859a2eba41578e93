package core

import "unsafe"

// pageRecords is the number of records in a page of a slab.
const (
	pageShift   = 10
	pageRecords = 1 << pageShift
)

// Allocator gives zeroed memory, aligned to eight bytes, that is never moved and never given twice.
// The host may take it from outside the garbage collector's heap: nothing in it is a pointer.
type Allocator func(size int) []byte

// heapAllocator is the Allocator of a machine whose host has no better one.
func heapAllocator(size int) []byte { return make([]byte, size) }

// slab is an array of records that grows by pages and is addressed by integers. T is of a fixed size, without
// pointers and without padding, so a page is also its own stored form and has a digest.
type slab[T any] struct {
	pages    []page[T]
	length   uint32
	allocate Allocator
}

// page is the records and what is known of them, side by side: a change reads one cache line for both.
type page[T any] struct {
	records *[pageRecords]T
	dirty   bool // changed since the digest was taken
	digest  Digest
}

// at gives a record to read.
func (s *slab[T]) at(i uint32) *T { return &s.pages[i>>pageShift].records[i&(pageRecords-1)] }

// mut gives a record to change.
func (s *slab[T]) mut(i uint32) *T {
	p := &s.pages[i>>pageShift]
	p.dirty = true
	return &p.records[i&(pageRecords-1)]
}

// push makes one more record, all zero, and gives its index.
func (s *slab[T]) push() uint32 {
	i := s.length
	if int(i>>pageShift) == len(s.pages) {
		s.addPage()
	}
	s.length++
	if k := s.length & (pageRecords - 1); k != 0 {
		next := &s.pages[i>>pageShift].records[k]
		prefetchEnd(unsafe.Pointer(next), unsafe.Sizeof(*next))
	}
	return i
}

func (s *slab[T]) addPage() {
	var record T
	memory := s.allocate(pageRecords * int(unsafe.Sizeof(record)))
	s.pages = append(s.pages, page[T]{records: (*[pageRecords]T)(unsafe.Pointer(&memory[0])), dirty: true})
}

// pop forgets the last record and clears it.
func (s *slab[T]) pop() {
	s.length--
	var zero T
	*s.mut(s.length) = zero
}

// digest is that of all records; only pages changed since the last call are read.
func (s *slab[T]) digest() Digest {
	d := Digest{}.add(uint64(s.length), uint64(len(s.pages)))
	for i := range s.pages {
		p := &s.pages[i]
		if p.dirty {
			p.digest = Digest{}.addBytes(unsafe.Slice((*byte)(unsafe.Pointer(p.records)), unsafe.Sizeof(*p.records)))
			p.dirty = false
		}
		d = d.addDigest(p.digest)
	}
	return d
}

// recycler is a slab whose records can be given back. Free records form a list that lies in the
// slab itself, so that a copy of the pages is a copy of everything.
type recycler[T any] struct {
	slab[T]
	free uint32 // the record freed last, plus one; 0 for none
	live uint32
	next func(*T) *uint32 // where a free record keeps the one freed before it
}

func (r *recycler[T]) acquire() uint32 {
	r.live++
	if r.free == 0 {
		return r.push()
	}
	i := r.free - 1
	record := r.mut(i)
	r.free = *r.next(record)
	var zero T
	*record = zero
	return i
}

func (r *recycler[T]) release(i uint32) {
	r.live--
	record := r.mut(i)
	var zero T
	*record = zero
	*r.next(record) = r.free
	r.free = i + 1
}

func (r *recycler[T]) digest() Digest {
	return r.slab.digest().add(uint64(r.free), uint64(r.live))
}
