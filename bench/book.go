package bench

import (
	"slices"
	"sync"
	"sync/atomic"
)

// book keeps what the verification needs: which ordinal got which order, and which requests were never
// answered, so that nobody knows whether their orders exist.
type book struct {
	acks    acks
	settled acks    // holds that were confirmed or released
	ledger  *ledger // nil: none
	doubled atomic.Int64

	mu      sync.Mutex
	unknown []uint64
}

// ack is one acknowledged order.
type ack struct {
	ordinal uint64
	number  uint64
}

// acknowledge remembers orders: in the ledger first, if there is one, so that an order that was
// counted is always in it. Known is how many of them had been acknowledged before, with the same number.
func (b *book) acknowledge(entries []ack) (known int, err error) {
	if b.ledger != nil && len(entries) > 0 {
		if err := b.ledger.append(entries); err != nil {
			return 0, err
		}
	}
	for _, e := range entries {
		switch b.acks.set(e.ordinal, e.number) {
		case 0:
		case e.number:
			known++
		default:
			b.doubled.Add(1)
		}
	}
	return known, nil
}

// lose remembers ordinals whose request was not answered.
func (b *book) lose(ordinals []uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unknown = append(b.unknown, ordinals...)
}

// takeUnknown gives the ordinals without an answer, in order and each once, and forgets them.
func (b *book) takeUnknown() []uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.unknown
	b.unknown = nil
	slices.Sort(list)
	return slices.Compact(list)
}
