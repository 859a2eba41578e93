package server

import (
	"io"
	"math/bits"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// routeMeter counts what a route answered and how long it took. It is a handful of atomics, as it is
// updated by every request.
type routeMeter struct {
	classes [6]atomic.Uint64 // by first digit of the status
	took    histogram
}

func (m *routeMeter) record(status int, took time.Duration) {
	m.classes[min(status/100, 5)].Add(1)
	m.took.record(took)
}

// The histogram's buckets are powers of two from 64 µs to 17 s; the last takes all above.
const (
	firstBucketBits = 6
	bucketCount     = 19
)

// histogram counts durations in buckets.
type histogram struct {
	buckets [bucketCount + 1]atomic.Uint64
	micros  atomic.Uint64 // sum
}

func (h *histogram) record(took time.Duration) {
	micros := uint64(max(took.Microseconds(), 0))
	bucket := 0
	if micros > 1<<firstBucketBits {
		bucket = min(bits.Len64(micros-1)-firstBucketBits, bucketCount)
	}
	h.buckets[bucket].Add(1)
	h.micros.Add(micros)
}

// write writes the histogram as Prometheus text. labels are without braces.
func (h *histogram) write(w io.Writer, name, labels string) {
	var count uint64
	for i := range h.buckets {
		count += h.buckets[i].Load()
		edge := "+Inf"
		if i < bucketCount {
			edge = strconv.FormatFloat(float64(uint64(1)<<(i+firstBucketBits))/1e6, 'g', -1, 64)
		}
		metrics.WriteCounterUint64(w, name+`_bucket{`+labels+`,le="`+edge+`"}`, count)
	}
	metrics.WriteGaugeFloat64(w, name+`_sum{`+labels+`}`, float64(h.micros.Load())/1e6)
	metrics.WriteCounterUint64(w, name+`_count{`+labels+`}`, count)
}

// serverMeter counts what belongs to no route.
type serverMeter struct {
	panics      atomic.Uint64
	unrouted    atomic.Uint64 // unknown paths and methods
	unreadable  atomic.Uint64 // requests that never became one: framing, sizes, timeouts
	commands    atomic.Uint64 // commands that came in batches
	streams     atomic.Int64  // open streams of events
	slowStreams atomic.Uint64 // streams cut off because the client did not read
}

// writeMetrics writes all metrics as Prometheus text.
func (s *Server) writeMetrics(w io.Writer) {
	for _, rt := range s.routes {
		labels := `route="` + methodNames[rt.method] + " " + rt.pattern + `"`
		for class := 1; class < len(rt.meter.classes); class++ {
			if n := rt.meter.classes[class].Load(); n > 0 {
				metrics.WriteCounterUint64(w, `holdfast_http_requests_total{`+labels+`,class="`+strconv.Itoa(class)+`xx"}`, n)
			}
		}
		if rt.meter.took.used() {
			rt.meter.took.write(w, "holdfast_http_request_seconds", labels)
		}
	}
	metrics.WriteCounterUint64(w, "holdfast_http_panics_total", s.meter.panics.Load())
	metrics.WriteCounterUint64(w, "holdfast_http_unrouted_total", s.meter.unrouted.Load())
	metrics.WriteCounterUint64(w, "holdfast_http_unreadable_total", s.meter.unreadable.Load())
	metrics.WriteCounterUint64(w, "holdfast_http_batch_commands_total", s.meter.commands.Load())
	metrics.WriteCounterUint64(w, "holdfast_http_slow_event_streams_total", s.meter.slowStreams.Load())
	metrics.WriteGaugeUint64(w, "holdfast_http_event_streams", uint64(s.meter.streams.Load()))
	metrics.WriteGaugeUint64(w, "holdfast_http_connections", uint64(s.http.GetOpenConnectionsCount()))
	s.writeEngineMetrics(w)
	metrics.WriteProcessMetrics(w)
}

func (h *histogram) used() bool {
	for i := range h.buckets {
		if h.buckets[i].Load() > 0 {
			return true
		}
	}
	return false
}
