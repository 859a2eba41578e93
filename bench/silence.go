package bench

import (
	"sync/atomic"
	"time"
)

// silence is the longest time in which no connection of a load got any answer: a pause of the server that all of its
// clients feel. Latency alone does not tell it from a queue.
type silence struct {
	last    atomic.Int64 // nanoseconds since 1970; 0 before the first answer
	longest atomic.Int64
}

// answered takes note of an answer. A load that is not measured has no silence.
func (s *silence) answered(at time.Time) {
	if s == nil {
		return
	}
	now := at.UnixNano()
	before := s.last.Swap(now)
	if before == 0 {
		return
	}
	for {
		longest := s.longest.Load()
		if now-before <= longest || s.longest.CompareAndSwap(longest, now-before) {
			return
		}
	}
}

// restart forgets what was measured so far.
func (s *silence) restart() { s.longest.Store(0) }

// micros is the longest silence in microseconds.
func (s *silence) micros() int64 { return s.longest.Load() / int64(latencyUnit) }
