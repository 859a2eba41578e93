package bench

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// endlessScript places orders until so many are open, and from then on cancels the oldest for each that it
// places. What is cancelled is on sale again, so nothing is ever sold out.
type endlessScript struct {
	form
	work   *workload
	source source
	batch  int
	room   int // orders that this connection may have open, two batches at least

	current order
	asked   []uint64 // ordinals of the request in flight, unless it cancels
	flight  []ack    // what the request in flight cancels
	results []answer

	open       queue
	samples    []ack          // orders whose whole life is looked at in the end
	recent     [perRecent]ack // the last that were acknowledged
	placed     int
	refused    int
	unanswered int
}

// Which orders are looked at in the end.
const (
	sampleFirst   = 2_000 // all of these
	sampleEvery   = 1_000 // and of the others each of these
	externalFirst = 100   // the same for external ids. They cost a look at another slot, so they are few
	externalEvery = 50_000
	perRecent     = 64 // orders of each connection whose keys are sent again
)

func sampled(ordinal uint64, first, every uint64) bool {
	return ordinal < first || ordinal%every == 0
}

func (s *endlessScript) pending() bool { return false }

func (s *endlessScript) next() []byte {
	s.asked, s.flight = s.asked[:0], s.flight[:0]
	s.begin()
	if s.open.len()+s.batch > s.room {
		s.flight = s.open.take(s.flight, s.batch)
		for _, e := range s.flight {
			s.follow(e.number, fateCancel)
		}
		return s.finish()
	}
	if s.asked = s.source.take(s.asked, s.batch); len(s.asked) == 0 {
		return nil
	}
	for _, ordinal := range s.asked {
		s.work.fill(&s.current, ordinal)
		s.order(&s.current)
	}
	return s.finish()
}

func (s *endlessScript) settle(o *outcome) error {
	var err error
	if s.results, err = s.answers(s.results[:0]); err != nil {
		s.lost()
		return err
	}
	if want := len(s.asked) + len(s.flight); len(s.results) != want {
		s.lost()
		return fmt.Errorf("%d answers to %d commands", len(s.results), want)
	}
	for i, a := range s.results {
		switch {
		case !a.done:
			s.refused++
			o.refuse(int(a.code))
		case len(s.flight) > 0:
			o.followed++
		default:
			o.placed++
			s.remember(ack{s.asked[i], a.number})
		}
	}
	return nil
}

func (s *endlessScript) remember(e ack) {
	s.open.put(e)
	s.recent[s.placed%perRecent] = e
	s.placed++
	if sampled(e.ordinal, sampleFirst, sampleEvery) {
		s.samples = append(s.samples, e)
	}
}

func (s *endlessScript) lost() { s.unanswered += len(s.asked) + len(s.flight) }

// queue is orders, oldest first.
type queue struct {
	entries []ack
	head    int
}

func (q *queue) len() int { return len(q.entries) - q.head }

func (q *queue) put(e ack) {
	if len(q.entries) == cap(q.entries) && 2*q.head > len(q.entries) {
		q.entries = append(q.entries[:0], q.entries[q.head:]...)
		q.head = 0
	}
	q.entries = append(q.entries, e)
}

// take appends the oldest n entries to dst.
func (q *queue) take(dst []ack, n int) []ack {
	n = min(n, q.len())
	dst = append(dst, q.entries[q.head:q.head+n]...)
	q.head += n
	return dst
}

// EndlessResult is how memory and disk went over an endless run.
type EndlessResult struct {
	Open   int64        `json:"open"` // orders at the end
	Series []EndlessRow `json:"series"`
	// How far the largest value lies above the smallest, as a share of the smallest, after the first tenth of the orders.
	MemorySpread float64 `json:"memory_spread"`
	DiskSpread   float64 `json:"disk_spread"`
}

// EndlessRow is the state of the server after so many orders.
type EndlessRow struct {
	Orders     int64   `json:"orders"`
	At         float64 `json:"at_s"`
	Resident   int64   `json:"resident_bytes"`
	Disk       int64   `json:"disk_bytes"`
	OrdersPerS float64 `json:"orders_per_s"` // since the row before
}

// maxEndlessRows is how long the table of an endless run is at most.
const maxEndlessRows = 25

// endlessOf makes the table from the seconds of a run.
func endlessOf(points []Point) *EndlessResult {
	e := &EndlessResult{}
	if len(points) == 0 {
		return e
	}
	step := points[len(points)-1].Orders/maxEndlessRows + 1
	for unit := int64(1); ; unit *= 10 { // to a round number of orders
		if rounded := (step + unit - 1) / unit * unit; rounded/unit <= 10 {
			step = rounded
			break
		}
	}
	last := EndlessRow{}
	for _, p := range points {
		if p.Orders/step == last.Orders/step {
			continue
		}
		row := EndlessRow{Orders: p.Orders, At: p.At, Resident: p.Resident, Disk: p.Disk}
		row.OrdersPerS = float64(row.Orders-last.Orders) / (row.At - last.At)
		e.Series = append(e.Series, row)
		last = row
	}
	e.MemorySpread = spread(points, func(p *Point) int64 { return p.Resident })
	e.DiskSpread = spread(points, func(p *Point) int64 { return p.Disk })
	return e
}

// spread is (most − least) / least of a figure, after the first tenth of the orders.
func spread(points []Point, figure func(*Point) int64) float64 {
	var late []int64
	for i := range points {
		if points[i].Orders*10 >= points[len(points)-1].Orders {
			late = append(late, figure(&points[i]))
		}
	}
	least, most := slices.Min(late), slices.Max(late)
	if least == 0 {
		return 0
	}
	return float64(most-least) / float64(least)
}

// diskUsage is what the files below a directory take. Files that go away meanwhile count as nothing.
func diskUsage(dir string) (bytes int64) {
	if dir == "" {
		return 0
	}
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			bytes += allocated(info)
		}
		return nil
	})
	return bytes
}

func (p *textReport) endless(e *EndlessResult) {
	p.line("")
	p.line("  orders\tafter\torders/s\tresident\tdisk")
	for _, row := range e.Series {
		p.line("  %s\t%.0f s\t%s\t%s\t%s", grouped(float64(row.Orders)), row.At, grouped(row.OrdersPerS), bytesText(row.Resident), bytesText(row.Disk))
	}
	p.line("")
	p.row("open in the end", "%s orders", grouped(float64(e.Open)))
	p.row("flatness", "(most − least) / least after the first tenth of the orders: %.1f %% of memory, %.1f %% of disk", 100*e.MemorySpread, 100*e.DiskSpread)
}
