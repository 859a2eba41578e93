package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// measurement is what one load on one server gave.
type measurement struct {
	total     *span
	elapsed   time.Duration
	points    []Point
	server    Usage
	generator Usage
	unusable  error                   // the first answer that could not be used
	late      *hdrhistogram.Histogram // open loop: how late the generator itself was
}

// Point is one second of a run.
type Point struct {
	At        float64 `json:"at_s"`   // end of the span, since the run began
	Span      float64 `json:"span_s"` // how long it was
	Placed    float64 `json:"placed_per_s"`
	Refused   float64 `json:"refused_per_s"`
	Reads     float64 `json:"reads_per_s"`
	Errors    int64   `json:"errors"`
	P50       int64   `json:"p50_us"` // of the writes, or of the reads where there are no writes
	P99       int64   `json:"p99_us"`
	Max       int64   `json:"max_us"`
	ServerCPU float64 `json:"server_cpu_cores"`
	Resident  int64   `json:"server_resident_bytes"`
	Orders    int64   `json:"orders"` // placed since the run began
	Disk      int64   `json:"disk_bytes,omitempty"`
}

// Usage is what a process used while a load lasted. All zero where it is not known.
type Usage struct {
	Cores    float64 `json:"cpu_cores"`      // average
	CPU      float64 `json:"cpu_s"`          // user and system
	Resident int64   `json:"resident_bytes"` // at the end
	Peak     int64   `json:"peak_bytes"`     // since the process began
}

// meter runs loads and watches the server and this process meanwhile.
type meter struct {
	pid      int           // of the server; 0 when not known
	data     string        // directory whose size is watched; "" for none
	warmup   time.Duration // not counted
	duration time.Duration // 0: until the orders run out
	begin    time.Time     // where the points' clock starts; zero: with the load
	progress io.Writer     // nil: none
	label    string        // begins each line of progress
}

// run drives the load and measures it.
func (m *meter) run(ctx context.Context, l *load) (*measurement, error) {
	l.recorder = newRecorder()
	done := make(chan error, 1)
	go func() { done <- l.run(ctx) }()

	w := &watch{meter: m, load: l, current: newSpan(), result: &measurement{total: newSpan()}}
	if m.warmup > 0 {
		select {
		case err := <-done:
			return w.finish(err)
		case <-time.After(m.warmup):
		}
		l.recorder.collect(w.current)
		w.current.reset()
	}
	w.start()
	if m.duration > 0 {
		stop := time.AfterFunc(m.duration, l.stop)
		defer stop.Stop()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return w.finish(err)
		case <-tick.C:
			w.tick()
		}
	}
}

// watch is a load that is being measured.
type watch struct {
	*meter
	load    *load
	current *span
	result  *measurement

	started, last     time.Time
	server, generator usage // at the start
	lastServer        usage
}

func (w *watch) start() {
	w.started = time.Now()
	w.last = w.started
	if w.begin.IsZero() {
		w.begin = w.started
	}
	w.server, w.generator = readUsage(w.pid), readUsage(-1)
	w.lastServer = w.server
}

// tick closes a second: it makes its point and its line.
func (w *watch) tick() {
	now := time.Now()
	w.load.recorder.collect(w.current)
	w.result.total.merge(w.current)
	server := readUsage(w.pid)
	c, seconds := &w.current.counts, now.Sub(w.last).Seconds()
	latencies := w.current.writes
	if latencies.TotalCount() == 0 {
		latencies = w.current.reads
	}
	p := Point{
		At: now.Sub(w.begin).Seconds(), Span: seconds,
		Placed:  float64(c.Placed+c.Replayed+c.Followed) / seconds,
		Refused: float64(c.Refusals()) / seconds, Reads: float64(c.Reads) / seconds, Errors: c.Errors,
		P50: latencies.ValueAtQuantile(50), P99: latencies.ValueAtQuantile(99), Max: latencies.Max(),
		ServerCPU: cores(w.lastServer, server), Resident: server.resident,
		Orders: w.result.total.counts.Placed, Disk: diskUsage(w.data),
	}
	w.result.points = append(w.result.points, p)
	w.last, w.lastServer = now, server
	if w.progress != nil {
		_, _ = fmt.Fprintln(w.progress, w.label+progressLine(&p)) // a progress nobody reads is no failure
	}
}

// finish closes the measurement after the last answer. A last span that is too short for a point of
// its own counts in the totals only.
func (w *watch) finish(err error) (*measurement, error) {
	if w.started.IsZero() {
		w.start()
	}
	r := w.result
	r.unusable = w.load.sample
	r.elapsed = time.Since(w.started)
	server, generator := readUsage(w.pid), readUsage(-1)
	if time.Since(w.last) > 250*time.Millisecond {
		w.tick()
	} else {
		w.load.recorder.collect(w.current)
		r.total.merge(w.current)
	}
	r.server, r.generator = usedBetween(w.server, server), usedBetween(w.generator, generator)
	r.total.counts.name()
	if w.load.pacer != nil {
		r.late = w.load.pacer.lateness()
	}
	return r, err
}

func usedBetween(from, to usage) Usage {
	return Usage{
		Cores: cores(from, to), CPU: (to.cpu - from.cpu).Seconds(), Resident: to.resident, Peak: to.peak,
	}
}

// progressLine is one second in words.
func progressLine(p *Point) string {
	line := fmt.Sprintf("%6.1fs %11s/s   p50 %9s  p99 %9s  max %9s", p.At, grouped(p.Placed),
		micros(p.P50), micros(p.P99), micros(p.Max))
	if p.Refused > 0 {
		line += fmt.Sprintf("   refused %s/s", grouped(p.Refused))
	}
	if p.Reads > 0 {
		line += fmt.Sprintf("   reads %s/s", grouped(p.Reads))
	}
	if p.Resident > 0 {
		line += fmt.Sprintf("   server %3.0f %% CPU, %s", 100*p.ServerCPU, bytesText(p.Resident))
	}
	if p.Disk > 0 {
		line += fmt.Sprintf(", %s of disk, %s orders", bytesText(p.Disk), grouped(float64(p.Orders)))
	}
	if p.Errors > 0 {
		line += fmt.Sprintf("   ERRORS %d", p.Errors)
	}
	return line
}
