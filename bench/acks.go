package bench

import (
	"iter"
	"sync/atomic"
)

// acks remembers what was acknowledged: for every ordinal the number of its order, eight bytes each,
// in pages that are made when first written. Different ordinals may be set at the same time.
type acks struct {
	pages [maxAckPages]atomic.Pointer[ackPage]
	count atomic.Int64
}

type ackPage [ackPageSize]uint64

// Sizes of the table: 2^32 ordinals, more than a run can ask for.
const (
	ackPageSize = 1 << 16
	maxAckPages = 1 << 16
)

// set remembers the number of an ordinal's order, which is not 0. It reports the number that the ordinal
// had before, 0 for none.
func (a *acks) set(ordinal, number uint64) uint64 {
	slot := &a.pages[ordinal/ackPageSize%maxAckPages]
	page := slot.Load()
	if page == nil {
		page = new(ackPage)
		if !slot.CompareAndSwap(nil, page) {
			page = slot.Load()
		}
	}
	before := atomic.SwapUint64(&page[ordinal%ackPageSize], number)
	if before == 0 {
		a.count.Add(1)
	}
	return before
}

// get gives the number of an ordinal's order, 0 for none.
func (a *acks) get(ordinal uint64) uint64 {
	page := a.pages[ordinal/ackPageSize%maxAckPages].Load()
	if page == nil {
		return 0
	}
	return atomic.LoadUint64(&page[ordinal%ackPageSize])
}

// len is how many ordinals have a number.
func (a *acks) len() int { return int(a.count.Load()) }

// all gives every ordinal that has a number, in order.
func (a *acks) all() iter.Seq2[uint64, uint64] {
	return func(yield func(ordinal, number uint64) bool) {
		for p := range a.pages {
			page := a.pages[p].Load()
			if page == nil {
				continue
			}
			for i := range page {
				if number := page[i]; number != 0 && !yield(uint64(p)*ackPageSize+uint64(i), number) {
					return
				}
			}
		}
	}
}
