package feed

import (
	"sync"

	"holdfast/engine/core"
)

// Most SKUs are in few events, and whoever looks for those would read all others. So who has read a segment of the feed from end to
// end leaves behind which SKUs it may tell of. That is kept in memory only, and made again by the next one who reads.

// segment is a number of consecutive sequences, small enough that one look at movements reads several.
type segment uint64

const (
	segmentShift = 14
	// keptSummaries bounds what is kept, to 32 MiB, which are the latest 67 million sequences that were read.
	keptSummaries = 4096
	// summaryBits are enough that of a segment of as many different SKUs as sequences one other in six is looked for in vain.
	summaryBits = 1 << 16
)

func segmentOf(sequence core.Sequence) segment { return segment(sequence >> segmentShift) }

func (g segment) first() core.Sequence { return core.Sequence(g) << segmentShift }

// summary says which SKUs the events of a segment do not tell of: a Bloom filter. One that is kept does not change.
type summary struct {
	segment segment
	bits    [summaryBits / 64]uint64
}

// places are the two bits of a SKU.
func places(sku core.SKUID) (a, b uint64) {
	hash := (uint64(sku) + 1) * 0x9E3779B97F4A7C15
	return hash >> 48 % summaryBits, hash >> 24 % summaryBits
}

func (s *summary) addSKU(sku core.SKUID) {
	a, b := places(sku)
	s.bits[a/64] |= 1 << (a % 64)
	s.bits[b/64] |= 1 << (b % 64)
}

func (s *summary) mayTellOf(sku core.SKUID) bool {
	a, b := places(sku)
	return s.bits[a/64]>>(a%64)&1 != 0 && s.bits[b/64]>>(b%64)&1 != 0
}

// add notes all SKUs whose units an event may have moved.
func (s *summary) add(ev *core.Event) {
	for i := range ev.Order.Lines {
		s.addSKU(ev.Order.Lines[i].SKU)
	}
	for i := range ev.Levels {
		s.addSKU(ev.Levels[i].SKU)
	}
	for i := range ev.Moves {
		s.addSKU(ev.Moves[i].SKU)
	}
}

// summaries are those that are kept, each at the place that its number falls on.
type summaries struct {
	mu  sync.Mutex
	all [keptSummaries]*summary
}

func (s *summaries) find(number segment) *summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.all[number%keptSummaries]; found != nil && found.segment == number {
		return found
	}
	return nil
}

func (s *summaries) keep(summary *summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[summary.segment%keptSummaries] = summary
}
