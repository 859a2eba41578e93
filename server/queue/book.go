package queue

import "math/bits"

// book knows of every ticket whose it is and when it was last seen, and of every customer which ticket is theirs. It grows by
// pages and by segments, never all at once.
type book struct {
	pages    []*bookPage
	segments [bookSegments]bookSegment
}

const (
	bookPageSize = 4096
	bookSegments = 256
)

// bookPage is the tickets of one page. The zero value is right for a ticket that was reserved and is nobody's.
type bookPage struct {
	customer [bookPageSize]uint64 // 0 for not known
	seen     [bookPageSize]uint16 // when, in seconds modulo seenSpan, plus seenFirst; or what became of the ticket
}

// What stands in seen instead of a time.
const (
	seenNever  uint16 = 0 // nobody has the ticket, or they have left
	seenUsed   uint16 = 1 // an order has shown it
	seenPassed uint16 = 2 // it was passed over, or its entrance has lapsed: its customer may have another
	seenFirst  uint16 = 3
	seenSpan          = 1<<16 - int64(seenFirst)
)

// bookSegment is a part of the index from customers to their tickets: an open-addressed table of indexes plus one.
type bookSegment struct {
	places []uint32
	filled int
}

func (b *book) at(index uint32) (*uint64, *uint16) {
	page := b.pages[index/bookPageSize]
	return &page.customer[index%bookPageSize], &page.seen[index%bookPageSize]
}

// grow makes room for the tickets below count.
func (b *book) grow(count uint32) {
	for len(b.pages)*bookPageSize < int(count) {
		b.pages = append(b.pages, new(bookPage))
	}
}

// find gives the ticket of a customer.
func (b *book) find(customer uint64) (index uint32, ok bool) {
	s := &b.segments[customer%bookSegments]
	for i := s.start(customer); len(s.places) > 0 && s.places[i] != 0; i = s.after(i) {
		if known, _ := b.at(s.places[i] - 1); *known == customer {
			return s.places[i] - 1, true
		}
	}
	return 0, false
}

// give makes a ticket a customer's, in the place of the one that they had before.
func (b *book) give(customer uint64, index uint32) {
	known, _ := b.at(index)
	*known = customer
	s := &b.segments[customer%bookSegments]
	if (s.filled+1)*5 > len(s.places)*4 {
		b.enlarge(s)
	}
	i := s.start(customer)
	for ; s.places[i] != 0; i = s.after(i) {
		if other, _ := b.at(s.places[i] - 1); *other == customer {
			s.places[i] = index + 1
			return
		}
	}
	s.places[i] = index + 1
	s.filled++
}

// enlarge gives a segment a quarter more places.
func (b *book) enlarge(s *bookSegment) {
	before := s.places
	s.places = make([]uint32, max(16, len(before)*5/4))
	for _, place := range before {
		if place == 0 {
			continue
		}
		customer, _ := b.at(place - 1)
		i := s.start(*customer)
		for s.places[i] != 0 {
			i = s.after(i)
		}
		s.places[i] = place
	}
}

// start is where the search for a customer begins. The low bits have chosen the segment, the high ones choose the place.
func (s *bookSegment) start(customer uint64) int {
	high, _ := bits.Mul64(customer, uint64(len(s.places)))
	return int(high)
}

func (s *bookSegment) after(i int) int {
	if i++; i < len(s.places) {
		return i
	}
	return 0
}
