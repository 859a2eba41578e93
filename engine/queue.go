package engine

import (
	"runtime"
	"sync"
	"time"
)

// queue holds what waits for the sequencer. Handlers put under one short lock; the sequencer takes all
// that fits a group at once, so there is one wake-up for a group, not for a request.
type queue struct {
	mu       sync.Mutex
	requests []*Request
	queries  []*query
	batches  []*GroupBatch // of a primary
	commands int
	bytes    int
	limits   struct{ commands, bytes int }
	refuse   error // what put answers when the engine takes nothing more
	idle     bool  // the sequencer waits
	wake     chan struct{}
}

func newQueue(commands, bytes int) *queue {
	q := &queue{wake: make(chan struct{}, 1)}
	q.limits.commands, q.limits.bytes = commands, bytes
	return q
}

// put adds a request at the end, if there is room.
func (q *queue) put(r *Request) error {
	q.mu.Lock()
	if q.refuse != nil {
		q.mu.Unlock()
		return q.refuse
	}
	if q.commands+r.count > q.limits.commands || q.bytes+len(r.frames) > q.limits.bytes {
		q.mu.Unlock()
		return ErrOverloaded
	}
	q.requests = append(q.requests, r)
	q.commands += r.count
	q.bytes += len(r.frames)
	q.signal()
	return nil
}

// putQuery adds a query. Queries are bounded by the connections that may ask.
func (q *queue) putQuery(qu *query) error {
	q.mu.Lock()
	if q.refuse != nil {
		q.mu.Unlock()
		return q.refuse
	}
	if len(q.queries) >= q.limits.commands {
		q.mu.Unlock()
		return ErrOverloaded
	}
	q.queries = append(q.queries, qu)
	q.signal()
	return nil
}

// putGroups adds groups of a primary. Who applies them waits for each batch, so that there are few.
func (q *queue) putGroups(b *GroupBatch) error {
	q.mu.Lock()
	if q.refuse != nil {
		q.mu.Unlock()
		return q.refuse
	}
	q.batches = append(q.batches, b)
	q.signal()
	return nil
}

// signal wakes the sequencer if it waits, and unlocks.
func (q *queue) signal() {
	wake := q.idle
	q.idle = false
	q.mu.Unlock()
	if !wake {
		return
	}
	select {
	case q.wake <- struct{}{}:
	default: // the sequencer was woken by its timer and has not taken the last one
	}
}

// waiting is the number of requests, queries and batches that wait.
func (q *queue) waiting() int { return len(q.requests) + len(q.queries) + len(q.batches) }

// close makes put refuse with err from now on. What was put before can still be taken.
func (q *queue) close(err error) {
	q.mu.Lock()
	q.refuse = err
	q.signal()
}

// take moves what waits into a group, up to a group's limits. It waits for something, but not beyond the timer, and may
// come back with nothing; closed means that nothing waits and nothing more will come.
func (q *queue) take(g *group, timer *time.Timer) (closed bool) {
	q.mu.Lock()
	if q.waiting() == 0 && q.refuse == nil {
		q.idle = true
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-timer.C:
		}
		q.mu.Lock()
		q.idle = false
	}
	if q.waiting() == 0 && q.refuse != nil {
		q.mu.Unlock()
		return true
	}
	if q.commands > 0 && q.commands < smallGroup && q.refuse == nil {
		// Whoever is about to put something gets to do it first, so that the group is worth its sync.
		q.mu.Unlock()
		runtime.Gosched()
		q.mu.Lock()
	}
	q.fill(g)
	q.mu.Unlock()
	return false
}

// fill moves the oldest requests, all queries, and a batch of a primary's groups. A request that alone is beyond the limit goes alone.
func (q *queue) fill(g *group) {
	n := 0
	for n < len(q.requests) && n < groupRequests {
		r := q.requests[n]
		if n > 0 && g.bytes+len(r.frames) > groupBytes {
			break
		}
		g.bytes += len(r.frames)
		g.commands += r.count
		n++
		if r.archives {
			break // what comes after it has to see what it did
		}
	}
	g.requests = append(g.requests, q.requests[:n]...)
	q.commands -= g.commands
	q.bytes -= g.bytes
	rest := copy(q.requests, q.requests[n:])
	clear(q.requests[rest:])
	q.requests = q.requests[:rest]
	g.queries = append(g.queries, q.queries...)
	clear(q.queries)
	q.queries = q.queries[:0]
	if len(q.batches) > 0 {
		g.batch = q.batches[0]
		q.batches = append(q.batches[:0], q.batches[1:]...)
	}
}

// length is what waits, in commands.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.commands
}
