package bench

import (
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestRecorderMergesLikeOneHistogram: what many connections record in parts, collected now and then,
// is what one histogram would have recorded.
func TestRecorderMergesLikeOneHistogram(t *testing.T) {
	r, total, part := newRecorder(), newSpan(), newSpan()
	whole := newHistogram()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for connection := range 16 {
		wg.Go(func() {
			for i := range 2000 {
				latency := time.Duration(mix(uint64(connection*2000+i))%5_000_000) * time.Microsecond
				o := outcome{placed: 2}
				o.refuse(i % 3)
				r.record(connection, latency, &o)
				mu.Lock()
				_ = whole.RecordValue(int64(max(latency, latencyUnit) / latencyUnit))
				mu.Unlock()
			}
			r.fail(connection)
		})
	}
	stop := make(chan struct{})
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for {
			select {
			case <-stop:
				return
			default:
				r.collect(part)
				total.merge(part)
			}
		}
	}()
	wg.Wait()
	close(stop)
	<-collected
	r.collect(part)
	total.merge(part)

	c := &total.counts
	if c.Requests != 16*2001 || c.Placed != 64_000 || c.Errors != 16 || c.Refusals() != 32_000 || c.Commands() != 96_000 {
		t.Fatalf("%+v", c)
	}
	c.name()
	if c.Refused["insufficient_stock"] != 16*667 {
		t.Fatalf("%v", c.Refused)
	}
	sameHistogram(t, total.writes, whole)
}

func sameHistogram(t *testing.T, a, b *hdrhistogram.Histogram) {
	t.Helper()
	if !a.Equals(b) {
		t.Fatalf("p50 %d and %d, max %d and %d, count %d and %d", a.ValueAtQuantile(50), b.ValueAtQuantile(50),
			a.Max(), b.Max(), a.TotalCount(), b.TotalCount())
	}
}

func TestReadsAreRecordedApart(t *testing.T) {
	r, s := newRecorder(), newSpan()
	r.record(0, time.Millisecond, &outcome{reads: 1})
	r.record(1, time.Second, &outcome{placed: 1})
	r.collect(s)
	if s.reads.TotalCount() != 1 || s.writes.TotalCount() != 1 || s.counts.Reads != 1 || s.writes.Max() < 990_000 {
		t.Fatalf("%+v", s.counts)
	}
	r.collect(s)
	if s.counts.Requests != 0 || s.reads.TotalCount() != 0 {
		t.Fatalf("collected twice: %+v", s.counts)
	}
}

func TestLatenciesBeyondTheScaleCount(t *testing.T) {
	r, s := newRecorder(), newSpan()
	r.record(0, time.Hour, &outcome{placed: 1})
	r.record(0, 0, &outcome{placed: 1})
	r.collect(s)
	l := summarize(s.writes, true)
	if l.Count != 2 || l.Max < int64(599*time.Second/latencyUnit) || l.P50 != 1 {
		t.Fatalf("%+v", l)
	}
}

func TestSummaryOfKnownValues(t *testing.T) {
	h := newHistogram()
	for i := int64(1); i <= 1000; i++ {
		_ = h.RecordValue(i)
	}
	l := summarize(h, true)
	if l.P50 != 500 || l.P90 != 900 || l.P99 != 990 || l.P999 != 999 || l.Max != 1000 {
		t.Fatalf("%+v", l)
	}
	if len(l.Curve) < 30 || l.Curve[len(l.Curve)-1] != (Quantile{1, 1000}) {
		t.Fatalf("%+v", l.Curve)
	}
	for i := 1; i < len(l.Curve); i++ {
		if l.Curve[i].Share <= l.Curve[i-1].Share || l.Curve[i].Latency < l.Curve[i-1].Latency {
			t.Fatalf("the curve falls at %+v", l.Curve[i])
		}
	}
	if empty := summarize(newHistogram(), true); empty.Count != 0 || empty.Curve != nil {
		t.Fatalf("%+v", empty)
	}
}

func TestPacerKeepsItsRate(t *testing.T) {
	p := newPacer(1000, 1)
	go p.run()
	var last time.Time
	for i := range 100 {
		at := <-p.due
		if i > 0 && at.Sub(last) != time.Millisecond {
			t.Fatalf("request %d is due %v after the one before", i, at.Sub(last))
		}
		if early := time.Until(at); early > 0 {
			t.Fatalf("request %d came %v early", i, early)
		}
		last = at
	}
	p.stop()
	p.stop() // does no harm
	if n := p.lateness().TotalCount(); n < 100 {
		t.Fatalf("%d latenesses", n)
	}
	for range p.due { // ends, since the channel is closed
	}
}
