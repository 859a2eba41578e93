package core

import "unsafe"

// pageRecords is the number of records in a page of a slab.
const pageRecords = 1 << pageShift

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
	kind     SlabKind
	keeper   *keeper // of the slot; nil for what no checkpoint has
	allocate Allocator
	spare    []*[pageRecords]T // of pages that were dropped
	usage
}

// page is the records and what is known of them, side by side: a change reads one cache line for both.
type page[T any] struct {
	records *[pageRecords]T
	pageState
}

func (s *slab[T]) open(kind SlabKind, k *keeper, allocate Allocator) {
	s.kind, s.keeper, s.allocate = kind, k, allocate
}

// at gives a record to read.
func (s *slab[T]) at(i uint32) *T { return &s.pages[i>>pageShift].records[i&(pageRecords-1)] }

// mut gives a record to change.
func (s *slab[T]) mut(i uint32) *T {
	p := &s.pages[i>>pageShift]
	if p.marks != 0 {
		s.changePage(i >> pageShift)
	}
	return &p.records[i&(pageRecords-1)]
}

// changePage is for a page of which somebody has taken note since it changed last.
func (s *slab[T]) changePage(n uint32) {
	p := &s.pages[n]
	if p.marks&pagePending != 0 {
		s.keeper.keepPage(s.kind, n, p.bytes())
	}
	p.marks = 0
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

// prefetchPage announces that push will be called.
func (s *slab[T]) prefetchPage() {
	if n := int(s.length >> pageShift); n < len(s.pages) {
		prefetchRead(unsafe.Pointer(&s.pages[n]))
	}
}

func (s *slab[T]) addPage() {
	s.users = append(s.users, 0)
	if n := len(s.spare); n > 0 {
		records := s.spare[n-1]
		s.spare = s.spare[:n-1]
		clear(records[:])
		s.pages = append(s.pages, page[T]{records: records})
		return
	}
	var record T
	memory := s.allocate(pageRecords * int(unsafe.Sizeof(record)))
	s.pages = append(s.pages, page[T]{records: (*[pageRecords]T)(unsafe.Pointer(&memory[0]))})
}

// addDropped makes a page that is not in memory.
func (s *slab[T]) addDropped() {
	s.users = append(s.users, 0)
	s.pages = append(s.pages, page[T]{pageState: droppedPage})
}

// drop takes a page out of memory, which the next new page gets.
func (s *slab[T]) drop(n uint32) {
	p := &s.pages[n]
	if p.marks&pagePending != 0 {
		s.keeper.keepPage(s.kind, n, p.bytes())
	}
	s.spare = append(s.spare, p.records)
	*p = page[T]{pageState: droppedPage}
}

// isHere tells whether a page is in memory.
func (s *slab[T]) isHere(n uint32) bool { return s.pages[n].records != nil }

// isFull tells whether nothing will be added to a page.
func (s *slab[T]) isFull(n uint32) bool { return uint64(n+1)<<pageShift <= uint64(s.length) }

// pop forgets the last record and clears it.
func (s *slab[T]) pop() {
	s.length--
	var zero T
	*s.mut(s.length) = zero
}

func (p *page[T]) bytes() []byte {
	if p.records == nil {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(p.records)), unsafe.Sizeof(*p.records))
}

// page is one page's bytes and state.
func (s *slab[T]) page(n uint32) ([]byte, *pageState) {
	p := &s.pages[n]
	return p.bytes(), &p.pageState
}

func (s *slab[T]) image() SlabImage {
	return SlabImage{Kind: s.kind, Length: s.length, Pages: uint32(len(s.pages))}
}

// restore makes an empty slab as large as it was.
func (s *slab[T]) restore(image SlabImage, dropped func(n uint32) bool) {
	for n := range image.Pages {
		if dropped(n) {
			s.addDropped()
		} else {
			s.addPage()
		}
	}
	s.length = image.Length
}

// digest is that of all records; only pages changed since the last call are read.
func (s *slab[T]) digest() Digest { return digestStore(s) }

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

func (r *recycler[T]) image() SlabImage {
	image := r.slab.image()
	image.Free, image.Live = r.free, r.live
	return image
}

func (r *recycler[T]) restore(image SlabImage, dropped func(n uint32) bool) {
	r.slab.restore(image, dropped)
	r.free, r.live = image.Free, image.Live
}

func (r *recycler[T]) digest() Digest { return digestStore(r) }
