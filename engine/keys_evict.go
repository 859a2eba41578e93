package engine

import (
	"slices"
	"time"

	"holdfast/engine/core"
	"holdfast/wal"
)

// Keys are forgotten when they are older than the window, and the oldest when there are too many. That is admission's own
// affair: a journal holds only what was admitted, so forgetting has no influence on any replay.
//
// A goroutine of its own walks over the pages. It holds a stripe's lock for a few records at a time, and passes over pages
// that hold nothing old enough. Places of forgotten keys are used again.
const (
	// evictTurn bounds the records that are looked at while handlers wait for the stripe: some tens of microseconds if
	// all of them have to go.
	evictTurn = 256
	// evictPoll is how often it is looked whether there are too many keys.
	evictPoll = 100 * time.Millisecond
	// evictShare is the part of the keys that goes when there are too many.
	evictShare = 16
	// evictSamples is how many keys of a stripe are looked at to find out which are the oldest.
	evictSamples = 512
	// evictEvery is how often ages are looked at, when the window is not so short that it has to be more often.
	evictEvery = time.Minute
	// evictSteps is how exact the window is: keys may stay for a part of it longer.
	evictSteps = 64
)

// evictKeys is the main loop of the goroutine that forgets keys.
func (e *Engine) evictKeys() {
	defer close(e.evicted)
	poll := time.NewTicker(evictPoll)
	defer poll.Stop()
	next := int64(0)
	every := min(evictEvery, e.options.KeysWindow/evictSteps).Milliseconds()
	for {
		select {
		case <-e.closed:
			return
		case <-poll.C:
		}
		// Keys that are still to be bound belong to commands behind the newest checkpoint.
		settled := core.Sequence(e.stats.checkpoint.Load())
		e.evictCrowded(settled)
		if now := e.options.Clock(); e.options.KeysWindow > 0 && (now >= next || next-now > every) {
			next = now + every
			if until, err := e.keysExpired(); err == nil { // an error is told to those who read the feed
				e.stats.keysExpired.Add(uint64(e.keys.evict(until, settled)))
			}
		}
	}
}

// evictCrowded forgets the oldest keys when there are too many.
func (e *Engine) evictCrowded(settled core.Sequence) {
	most := e.options.KeysMax
	if most == 0 {
		return
	}
	if n := e.keys.length(); n > most {
		until := e.keys.oldestOf(n-most+most/evictShare, n)
		e.stats.keysCrowded.Add(uint64(e.keys.evict(until, settled)))
	}
}

// keysExpired is the sequence up to which keys are older than the window. Every key has an event, and the feed is kept as
// long as the keys, so it knows their times.
func (e *Engine) keysExpired() (until core.Sequence, err error) {
	if e.options.KeysWindow == 0 {
		return 0, nil
	}
	first, err := e.firstAfter(wal.KeptFeed, e.options.KeysWindow)
	return first - min(first, 1), err
}

// evict forgets the keys of all commands up to a sequence, and gives their number. Keys that are bound from now on
// belong to commands behind settled.
func (t *keyTable) evict(until, settled core.Sequence) (evicted int) {
	for i := range t.stripes {
		s := &t.stripes[i]
		s.mu.Lock()
		for page := 0; page < len(s.pages); page++ {
			if s.oldest[page] <= until {
				evicted += s.evictPage(t, page, until, settled)
			}
		}
		s.mu.Unlock()
	}
	return evicted
}

// evictPage forgets keys of a page, and notes which of the others is the oldest. It gives the lock free now and then.
func (s *keyStripe) evictPage(t *keyTable, page int, until, settled core.Sequence) (evicted int) {
	oldest := settled + 1
	place := uint32(page) << keyPageShift
	for end := place + keyPageLength; place < end; place++ {
		if place%evictTurn == 0 {
			s.mu.Unlock()
			s.mu.Lock()
		}
		switch r := s.at(place); {
		case r.key == (core.IdempotencyKey{}) || r.sequence == 0: // free, or under way
		case r.sequence <= until:
			s.remove(place, t.hash(&r.key))
			evicted++
		default:
			oldest = min(oldest, r.sequence)
		}
	}
	s.oldest[page] = oldest
	return evicted
}

// oldestKey is a sequence before which no key is bound, and none will be.
func (t *keyTable) oldestKey(settled core.Sequence) core.Sequence {
	oldest := settled + 1
	for i := range t.stripes {
		s := &t.stripes[i]
		s.mu.Lock()
		for page := 0; page < len(s.pages); page++ {
			if s.oldest[page] < oldest { // perhaps of keys that are gone
				s.evictPage(t, page, 0, settled)
				oldest = min(oldest, s.oldest[page])
			}
		}
		s.mu.Unlock()
	}
	return oldest
}

// oldestOf is the sequence up to which about n of all keys were bound; 0 when n is too small to tell.
func (t *keyTable) oldestOf(n, all int) core.Sequence {
	var samples []core.Sequence
	for i := range t.stripes {
		s := &t.stripes[i]
		s.mu.Lock()
		step := max(1, s.length/evictSamples)
		for place := uint32(0); place < s.length; place += step {
			if r := s.at(place); r.key != (core.IdempotencyKey{}) && r.sequence != 0 {
				samples = append(samples, r.sequence)
			}
		}
		s.mu.Unlock()
	}
	slices.Sort(samples)
	k := int(float64(len(samples)) * float64(n) / float64(all))
	if k = min(k, len(samples)); k == 0 {
		return 0
	}
	return samples[k-1]
}
