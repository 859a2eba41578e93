package core

import "unsafe"

// An Index finds records by a hash. It stores no keys, only 32 bits of each hash and the number of
// the record that has the key, so an entry costs eight bytes and the garbage collector sees nothing.
// It is derived from the records and never stored.
//
// It grows by splitting one full segment at a time (extendible hashing: Fagin, Nievergelt, Pippenger,
// Strong, "Extendible Hashing", ACM TODS 4(3), 1979), so no insertion pays for a copy of everything.
// Within a segment entries lie by linear probing, and deletion moves the followers back (Knuth, TAOCP 3,
// section 6.4, algorithm R), so there are no tombstones.
//
//	tag        the high 32 bits of the hash
//	directory  the highest depth bits of the tag choose the segment
//	segment    1,024 entries; the low ten bits of the tag choose where to begin
//	entry      tag in the high half, record + 1 in the low half; 0 is empty
type Index struct {
	allocate  Allocator
	directory []*segment
	depth     uint32
	length    int
}

const (
	segmentSize = 1 << segmentShift
	// segmentFull is the number of entries at which a segment splits: at 13/16 a search that fails
	// looks at about fifteen neighbours, which are two cache lines.
	segmentFull = segmentSize * 13 / 16
	// maxIndexDepth leaves ten bits of the tag for the place in the segment.
	maxIndexDepth = 32 - segmentShift
)

// segment lies in the allocator's memory as a whole, so that the directory leads to an entry in one step.
type segment struct {
	length  uint32
	depth   uint32
	entries [segmentSize]uint64
}

// NewIndex makes an empty index. A nil allocator takes memory from the heap.
func NewIndex(allocate Allocator) *Index {
	if allocate == nil {
		allocate = heapAllocator
	}
	return &Index{allocate: allocate}
}

// Len is the number of entries.
func (x *Index) Len() int { return x.length }

// Find gives the first record with the hash for which match holds.
func (x *Index) Find(hash uint64, match func(record uint32) bool) (record uint32, found bool) {
	cursor := x.Search(hash)
	for cursor.Next() {
		if match(cursor.Record()) {
			return cursor.Record(), true
		}
	}
	return 0, false
}

// Cursor walks over the records that may have a hash.
type Cursor struct {
	entries *[segmentSize]uint64
	tag     uint32
	place   uint32
	record  uint32
}

// Search begins a walk over the records that may have the hash; it needs no closure.
func (x *Index) Search(hash uint64) Cursor {
	if x.length == 0 {
		return Cursor{}
	}
	tag := uint32(hash >> 32)
	return Cursor{entries: &x.segmentOf(tag).entries, tag: tag, place: tag & (segmentSize - 1)}
}

// Next moves to the next record; false means there is none.
func (c *Cursor) Next() bool {
	if c.entries == nil {
		return false
	}
	for {
		entry := c.entries[c.place&(segmentSize-1)]
		if entry == 0 {
			return false
		}
		c.place++
		if uint32(entry>>32) == c.tag {
			c.record = uint32(entry) - 1
			return true
		}
	}
}

// Record is the one that Next moved to.
func (c *Cursor) Record() uint32 { return c.record }

// Prefetch fetches from memory what a search for the hash, and an insertion after it, will look at first. Fetching
// for several hashes before searching them lets the memory work on them side by side.
func (x *Index) Prefetch(hash uint64) {
	if x.length == 0 {
		return
	}
	tag := uint32(hash >> 32)
	s := x.segmentOf(tag)
	prefetchWrite(unsafe.Pointer(&s.entries[tag&(segmentSize-1)]))
	prefetchWrite(unsafe.Pointer(&s.length))
}

// Insert adds a record. The same record must not be added twice.
func (x *Index) Insert(hash uint64, record uint32) {
	if x.directory == nil {
		x.directory = []*segment{x.newSegment(0)}
	}
	tag := uint32(hash >> 32)
	s := x.segmentOf(tag)
	for s.length >= segmentFull && s.depth < maxIndexDepth {
		x.split(s, tag)
		s = x.segmentOf(tag)
	}
	s.put(uint64(tag)<<32 | uint64(record+1))
	x.length++
}

// Delete removes a record that was inserted under the hash.
func (x *Index) Delete(hash uint64, record uint32) bool {
	if x.length == 0 {
		return false
	}
	tag := uint32(hash >> 32)
	s := x.segmentOf(tag)
	want := uint64(tag)<<32 | uint64(record+1)
	for place := tag & (segmentSize - 1); s.entries[place] != 0; place = (place + 1) & (segmentSize - 1) {
		if s.entries[place] == want {
			s.remove(place)
			x.length--
			return true
		}
	}
	return false
}

func (x *Index) segmentOf(tag uint32) *segment {
	return x.directory[uint64(tag)<<x.depth>>32]
}

func (x *Index) newSegment(depth uint32) *segment {
	memory := x.allocate(int(unsafe.Sizeof(segment{})))
	s := (*segment)(unsafe.Pointer(&memory[0]))
	s.depth = depth
	return s
}

// split makes two segments of the one that a tag belongs to, by the next bit of the tag.
func (x *Index) split(s *segment, tag uint32) {
	if s.depth == x.depth {
		x.doubleDirectory()
	}
	sibling := x.newSegment(s.depth + 1)
	bit := uint64(1) << (63 - s.depth)
	old := s.entries
	s.entries = [segmentSize]uint64{}
	s.length = 0
	s.depth++
	for _, entry := range old {
		switch {
		case entry == 0:
		case entry&bit != 0:
			sibling.put(entry)
		default:
			s.put(entry)
		}
	}
	// Of the directory's run that pointed to s, the second half now points to the sibling.
	run := 1 << (x.depth - s.depth + 1)
	first := int(uint64(tag)<<x.depth>>32) &^ (run - 1)
	for i := first + run/2; i < first+run; i++ {
		x.directory[i] = sibling
	}
}

func (x *Index) doubleDirectory() {
	doubled := make([]*segment, 2*len(x.directory))
	for i, s := range x.directory {
		doubled[2*i], doubled[2*i+1] = s, s
	}
	x.directory = doubled
	x.depth++
}

func (s *segment) put(entry uint64) {
	place := uint32(entry>>32) & (segmentSize - 1)
	for s.entries[place] != 0 {
		place = (place + 1) & (segmentSize - 1)
	}
	s.entries[place] = entry
	s.length++
}

func (s *segment) remove(hole uint32) {
	s.length--
	for place := (hole + 1) & (segmentSize - 1); s.entries[place] != 0; place = (place + 1) & (segmentSize - 1) {
		home := uint32(s.entries[place]>>32) & (segmentSize - 1)
		if (place-home)&(segmentSize-1) >= (place-hole)&(segmentSize-1) {
			s.entries[hole] = s.entries[place]
			hole = place
		}
	}
	s.entries[hole] = 0
}
