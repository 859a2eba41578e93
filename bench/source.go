package bench

import (
	"math"
	"sync"
	"sync/atomic"
)

// source hands out the ordinals of the orders to ask for, to all connections of a run.
type source interface {
	// take appends up to n ordinals to dst, none when the run is over.
	take(dst []uint64, n int) []uint64
}

// counter is a source of consecutive ordinals.
type counter struct {
	next atomic.Uint64
	end  atomic.Uint64 // the first ordinal that is not handed out
}

// allow lets the counter hand out n more ordinals; 0 for no limit.
func (c *counter) allow(n int64) {
	if n == 0 {
		c.end.Store(math.MaxUint64)
		return
	}
	c.end.Store(c.next.Load() + uint64(n))
}

func (c *counter) take(dst []uint64, n int) []uint64 {
	first := c.next.Load()
	for {
		end := min(c.end.Load(), first+uint64(n))
		if first >= end {
			return dst
		}
		if c.next.CompareAndSwap(first, end) {
			for ; first < end; first++ {
				dst = append(dst, first)
			}
			return dst
		}
		first = c.next.Load()
	}
}

// list is a source of given ordinals.
type list struct {
	mu   sync.Mutex
	left []uint64
}

func (l *list) take(dst []uint64, n int) []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = min(n, len(l.left))
	dst = append(dst, l.left[:n]...)
	l.left = l.left[n:]
	return dst
}
