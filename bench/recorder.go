package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are recorded in microseconds with three significant digits, up to ten minutes.
const (
	latencyUnit = time.Microsecond
	maxLatency  = 10 * time.Minute
	recorders   = 4
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(maxLatency/latencyUnit), 3)
}

// recorder gathers what all connections of a run measure. Connections share a few shards, since a
// histogram takes more than a hundred kilobytes; with two cores a shard's lock is nearly always free.
type recorder struct {
	shards [recorders]shard
}

// shard is one part of the recorder, since the last collection.
type shard struct {
	mu     sync.Mutex
	writes *hdrhistogram.Histogram
	reads  *hdrhistogram.Histogram
	stages byStage
	counts Counts
	_      [64]byte // keeps the next shard's lock off this one's cache line
}

// Counts is what the answers of a span of time said.
type Counts struct {
	Requests int64            `json:"requests"`
	Placed   int64            `json:"placed"`   // orders, or holds
	Replayed int64            `json:"replayed"` // answered from what their keys had got before
	Followed int64            `json:"followed"` // holds confirmed or released, orders cancelled
	Reads    int64            `json:"reads"`
	Lives    int64            `json:"lives,omitempty"` // orders whose life was complete
	Errors   int64            `json:"errors"`          // requests without a usable answer
	Refused  map[string]int64 `json:"refused,omitempty"`
	refused  [len(refusalCodes)]int64
	stages   [stageEnd]int64 // commands of lives that were done
}

// Commands is the number of commands that were decided: done, replayed or refused.
func (c *Counts) Commands() int64 { return c.Placed + c.Replayed + c.Followed + c.Refusals() }

// Refusals is the number of commands that were refused.
func (c *Counts) Refusals() int64 {
	var n int64
	for _, count := range c.refused {
		n += count
	}
	return n
}

// add counts another span's answers in.
func (c *Counts) add(d *Counts) {
	c.Requests += d.Requests
	c.Placed += d.Placed
	c.Replayed += d.Replayed
	c.Followed += d.Followed
	c.Reads += d.Reads
	c.Lives += d.Lives
	c.Errors += d.Errors
	for i, n := range d.stages {
		c.stages[i] += n
	}
	for i, n := range d.refused {
		c.refused[i] += n
	}
}

// name fills the map of refusals.
func (c *Counts) name() {
	c.Refused = map[string]int64{}
	for i, n := range c.refused {
		if n > 0 {
			c.Refused[refusalCodes[i]] = n
		}
	}
}

func newRecorder() *recorder {
	r := &recorder{}
	for i := range r.shards {
		r.shards[i].writes, r.shards[i].reads = newHistogram(), newHistogram()
	}
	return r
}

// record adds one answered request of a connection.
func (r *recorder) record(connection int, latency time.Duration, o *outcome) {
	s := &r.shards[connection%recorders]
	value := min(max(latency, latencyUnit), maxLatency) / latencyUnit
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Requests++
	if o.reads > 0 {
		s.counts.Reads += int64(o.reads)
		_ = s.reads.RecordValue(int64(value)) // cannot fail: the value is within the histogram's range
		return
	}
	_ = s.writes.RecordValue(int64(value))
	s.counts.Placed += int64(o.placed)
	s.counts.Replayed += int64(o.replayed)
	s.counts.Followed += int64(o.followed)
	s.counts.Lives += int64(o.lives)
	if o.stage != 0 {
		s.counts.stages[o.stage] += int64(o.placed + o.replayed + o.followed)
		s.stages.record(o.stage, int64(value))
	}
	for i, n := range o.refused {
		if n > 0 {
			s.counts.refused[i] += int64(n)
		}
	}
}

// fail adds one request without a usable answer.
func (r *recorder) fail(connection int) {
	s := &r.shards[connection%recorders]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Requests++
	s.counts.Errors++
}

// span is what was recorded between two collections.
type span struct {
	writes, reads *hdrhistogram.Histogram
	stages        byStage
	counts        Counts
}

func newSpan() *span { return &span{writes: newHistogram(), reads: newHistogram()} }

// reset forgets what the span holds.
func (s *span) reset() {
	s.writes.Reset()
	s.reads.Reset()
	s.stages.reset()
	s.counts = Counts{}
}

// merge adds another span.
func (s *span) merge(d *span) {
	s.writes.Merge(d.writes)
	s.reads.Merge(d.reads)
	s.stages.merge(&d.stages)
	s.counts.add(&d.counts)
}

// collect moves everything recorded since the last collection into the span, which is emptied first.
func (r *recorder) collect(into *span) {
	into.reset()
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		into.writes.Merge(s.writes)
		into.reads.Merge(s.reads)
		into.stages.merge(&s.stages)
		into.counts.add(&s.counts)
		s.writes.Reset()
		s.reads.Reset()
		s.stages.reset()
		s.counts = Counts{}
		s.mu.Unlock()
	}
}

// Latency is a distribution of request latencies, in microseconds.
type Latency struct {
	Count int64      `json:"count"`
	Mean  float64    `json:"mean_us"`
	P50   int64      `json:"p50_us"`
	P90   int64      `json:"p90_us"`
	P99   int64      `json:"p99_us"`
	P999  int64      `json:"p999_us"`
	Max   int64      `json:"max_us"`
	Curve []Quantile `json:"curve,omitempty"` // for the plot
}

// Quantile is a point of a distribution: a share of the requests took at most so long.
type Quantile struct {
	Share   float64 `json:"share"`
	Latency int64   `json:"latency_us"`
}

// summarize makes the figures of a histogram; the curve has a point for every tenth of a nine.
func summarize(h *hdrhistogram.Histogram, curve bool) Latency {
	l := Latency{Count: h.TotalCount()}
	if l.Count == 0 {
		return l
	}
	l.Mean = h.Mean()
	l.P50, l.P90, l.P99 = h.ValueAtQuantile(50), h.ValueAtQuantile(90), h.ValueAtQuantile(99)
	l.P999, l.Max = h.ValueAtQuantile(99.9), h.Max()
	if !curve {
		return l
	}
	for tail := 1.0; tail*float64(l.Count) >= 1; tail *= 0.7943282347 { // ten steps to a factor of ten
		l.Curve = append(l.Curve, Quantile{1 - tail, h.ValueAtQuantile(100 * (1 - tail))})
	}
	l.Curve = append(l.Curve, Quantile{1, l.Max})
	return l
}
