package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// pacer says when requests are due in an open loop: at a fixed rate, whatever the server does. A free
// connection takes the next due request; when none is free, requests wait in the channel with the
// instant at which they should have been sent, and their latency counts from then.
type pacer struct {
	due    chan time.Time
	period time.Duration
	done   chan struct{}
	once   sync.Once
	late   *hdrhistogram.Histogram // of the pacer itself; to be read once run has returned
	ended  chan struct{}
}

// paceAhead is how many due requests wait without holding the pacer up; those beyond it keep their
// intended instants too, since these follow from the count alone.
const paceAhead = 1 << 16

func newPacer(rate float64, connections int) *pacer {
	return &pacer{
		due:    make(chan time.Time, max(paceAhead, connections)),
		period: time.Duration(float64(time.Second) / rate),
		done:   make(chan struct{}),
		late:   newHistogram(),
		ended:  make(chan struct{}),
	}
}

// run hands out requests until stop. Go's own timers fire up to a millisecond late on an idle machine,
// which would be counted as latency, so it sleeps with the system's.
func (p *pacer) run() {
	defer close(p.ended)
	defer close(p.due)
	start := time.Now()
	for k := int64(0); ; k++ {
		at := start.Add(time.Duration(k) * p.period)
		for wait := time.Until(at); wait > 0; wait = time.Until(at) {
			preciseSleep(wait) // which any signal cuts short
		}
		_ = p.late.RecordValue(int64(min(max(time.Since(at), 0), maxLatency) / latencyUnit)) // within its range
		select {
		case p.due <- at:
		case <-p.done:
			return
		}
	}
}

func (p *pacer) stop() { p.once.Do(func() { close(p.done) }) }

// lateness is how long after their instants requests were handed out. It waits for run to return.
func (p *pacer) lateness() *hdrhistogram.Histogram {
	<-p.ended
	return p.late
}
