package bench

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
)

//go:embed page.html
var pageText string

// pageTemplate is parsed once: a page that cannot be parsed must not wait for the end of a long run.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"grouped": grouped,
	"micros":  micros,
	"bytes":   bytesText,
}).Parse(pageText))

// pageView is what the page shows.
type pageView struct {
	Report   *Report
	Title    string
	Verdict  string
	Class    string // of the verdict
	Cards    []pageCard
	Bars     []pageBar
	Charts   []pageChart
	Settings string
}

// pageCard is one figure with its name.
type pageCard struct{ Name, Value, Note string }

// pageBar is one contender of a comparison.
type pageBar struct {
	Name, Explained, Ratio string
	PerSecond              float64
	Width                  float64 // in percent of the widest
	Dots                   []float64
	Class                  string
	Latency                Latency
}

// pageChart is a chart with its heading and legend.
type pageChart struct {
	Title, Note string
	Legend      []pageLegend
	Drawing     template.HTML
}

type pageLegend struct{ Name, Class string }

// WritePage writes the report as one HTML page that needs no other file and no network.
func (r *Report) WritePage(w io.Writer) error {
	settings, err := json.MarshalIndent(r.Config, "", "  ")
	if err != nil {
		return err
	}
	v := &pageView{Report: r, Title: r.title(), Settings: string(settings), Cards: r.cards()}
	v.Verdict, v.Class = r.verdict()
	if r.Comparison != nil {
		v.Bars = r.Comparison.bars()
	}
	v.Charts = r.charts()
	return pageTemplate.Execute(w, v)
}

func (r *Report) verdict() (text, class string) {
	switch {
	case r.Verification == nil:
		return "not verified", "unknown"
	case r.Verification.OK:
		return "verified", "good"
	default:
		return "verification failed", "bad"
	}
}

// cards are the figures that most readers look for.
func (r *Report) cards() []pageCard {
	l := &r.Load
	cards := []pageCard{
		{"orders per second", grouped(l.OrdersPerS), fmt.Sprintf("%s placed in %.1f s", grouped(float64(l.Counts.Placed)), l.Seconds)},
		{"median latency", micros(l.Latency.P50), "p90 " + micros(l.Latency.P90)},
		{"p99 latency", micros(l.Latency.P99), "p99.9 " + micros(l.Latency.P999) + ", max " + micros(l.Latency.Max)},
	}
	if n := l.Counts.Refusals(); n > 0 {
		cards = append(cards, pageCard{"refused per second", grouped(float64(n) / l.Seconds), grouped(float64(n)) + " in all"})
	}
	if l.Counts.Reads > 0 {
		cards = append(cards, pageCard{"reads per second", grouped(float64(l.Counts.Reads) / l.Seconds), "p99 " + micros(l.ReadLatency.P99)})
	}
	if l.Server.CPU > 0 {
		cards = append(cards, pageCard{"server CPU", fmt.Sprintf("%.2f cores", l.Server.Cores),
			fmt.Sprintf("%.2f µs a command; generator %.2f cores", l.ServerMicros, l.Generator.Cores)})
	}
	if m := r.Memory; m != nil && m.Orders > 0 {
		cards = append(cards, pageCard{"memory per order", fmt.Sprintf("%.0f bytes", m.PerOrder),
			fmt.Sprintf("%s resident, %.0f bytes of growth an order", bytesText(m.After), m.Growth)})
	}
	if r.Sale != nil {
		cards = append(cards, r.Sale.cards()...)
	}
	if r.Lifecycle != nil {
		cards = append(cards, r.Lifecycle.cards()...)
	}
	return append(cards, pageCard{"disk sync, p99", micros(r.DiskBefore.P99),
		fmt.Sprintf("p50 %s, %s a second, %s", micros(r.DiskBefore.P50), grouped(r.DiskBefore.PerSecond), r.DiskBefore.FileSystem)})
}

func (c *Comparison) bars() []pageBar {
	widest := 1.0
	for i := range c.Contenders {
		widest = max(widest, slices.Max(c.Contenders[i].PerSecond))
	}
	var bars []pageBar
	for i := range c.Contenders {
		e := &c.Contenders[i]
		b := pageBar{Name: e.Name, Explained: e.Explained, PerSecond: e.Median, Width: 100 * e.Median / widest, Latency: e.Load.Latency}
		b.Class, _, _ = strings.Cut(e.Name, " ")
		for _, v := range e.PerSecond {
			b.Dots = append(b.Dots, 100*v/widest)
		}
		for _, r := range c.Ratios {
			if r.Peer == e.Name {
				b.Ratio = fmt.Sprintf("holdfast is %.2f × as fast (%.2f … %.2f)", r.Median, r.Low, r.High)
			}
		}
		bars = append(bars, b)
	}
	return bars
}

func (r *Report) charts() []pageChart {
	var all []pageChart
	if r.Sale != nil {
		all = append(all, r.Sale.charts()...)
	}
	points := withGaps(r.Load.Points)
	if len(points) > 0 {
		all = append(all, throughputChart(points), latencyChart(points))
	}
	if len(r.Load.Latency.Curve) > 1 {
		all = append(all, r.distributionChart())
	}
	if len(points) > 0 && r.Load.Server.CPU > 0 {
		all = append(all, cpuChart(points), memoryChart(points))
	}
	return all
}

// withGaps puts a point that is not a number where the server was not under load, as between the turns
// of a comparison.
func withGaps(points []Point) []Point {
	var out []Point
	for i, p := range points {
		if i > 0 && p.At-p.Span-points[i-1].At > 0.5 {
			nan := math.NaN()
			out = append(out, Point{At: p.At - p.Span, Placed: nan, Refused: nan, Reads: nan, P50: -1, P99: -1, Max: -1, ServerCPU: nan, Resident: -1})
		}
		out = append(out, p)
	}
	return out
}

// column takes one figure out of every point.
func column(points []Point, figure func(*Point) float64) []float64 {
	values := make([]float64, len(points))
	for i := range points {
		values[i] = figure(&points[i])
	}
	return values
}

// positiveColumn takes a latency or a size, of which a gap and a second without requests have none.
func positiveColumn(points []Point, figure func(*Point) int64) []float64 {
	return column(points, func(p *Point) float64 {
		if v := figure(p); v > 0 {
			return float64(v)
		}
		return math.NaN()
	})
}

func highest(lines []chartLine) float64 {
	top := 0.0
	for _, l := range lines {
		for _, v := range l.y {
			if v > top {
				top = v
			}
		}
	}
	return top
}

func lowest(lines []chartLine) float64 {
	low := math.Inf(1)
	for _, l := range lines {
		for _, v := range l.y {
			if v < low {
				low = v
			}
		}
	}
	return low
}

// overTime makes a chart whose horizontal axis is the run's time.
func overTime(title, note string, points []Point, lines []chartLine) (pageChart, *chart) {
	x := column(points, func(p *Point) float64 { return p.At })
	c := &chart{label: title, xMax: max(x[len(x)-1], 1), xUnit: "s"}
	c.xTicks = secondTicks(c.xMax)
	p := pageChart{Title: title, Note: note}
	for _, l := range lines {
		l.x = x
		c.lines = append(c.lines, l)
		p.Legend = append(p.Legend, pageLegend{l.name, l.class})
	}
	return p, c
}

func throughputChart(points []Point) pageChart {
	lines := []chartLine{{name: "orders per second", class: "holdfast", y: column(points, func(p *Point) float64 { return p.Placed })}}
	for _, extra := range []chartLine{
		{name: "refused per second", class: "refused", y: column(points, func(p *Point) float64 { return p.Refused })},
		{name: "reads per second", class: "reads", y: column(points, func(p *Point) float64 { return p.Reads })},
	} {
		if highest([]chartLine{extra}) > 0 {
			lines = append(lines, extra)
		}
	}
	p, c := overTime("Throughput over time", "each second's answers", points, lines)
	c.y, c.area = linearAxis(highest(lines), func(v float64) string { return grouped(v) }), true
	p.Drawing = c.svg()
	return p
}

func latencyChart(points []Point) pageChart {
	lines := []chartLine{
		{name: "p50", class: "holdfast", y: positiveColumn(points, func(p *Point) int64 { return p.P50 })},
		{name: "p99", class: "p99", y: positiveColumn(points, func(p *Point) int64 { return p.P99 })},
		{name: "max", class: "refused", y: positiveColumn(points, func(p *Point) int64 { return p.Max })},
	}
	p, c := overTime("Latency over time", "of the requests answered in each second; the scale is logarithmic", points, lines)
	c.y = latencyAxis(lowest(lines), highest(lines))
	p.Drawing = c.svg()
	return p
}

// distributionChart shows how much of the load took at most so long, with an axis of nines.
func (r *Report) distributionChart() pageChart {
	curves := []chartLine{curveOf("holdfast", "holdfast", r.Load.Latency.Curve)}
	if r.Load.ReadLatency != nil {
		curves = append(curves, curveOf("reads", "reads", r.Load.ReadLatency.Curve))
	}
	if r.Comparison != nil {
		for i := range r.Comparison.Contenders[1:] {
			e := &r.Comparison.Contenders[i+1]
			class, _, _ := strings.Cut(e.Name, " ")
			curves = append(curves, curveOf(e.Name, class, e.Load.Latency.Curve))
		}
	}
	c := &chart{label: "Latency distribution", lines: curves}
	p := pageChart{Title: "Latency distribution", Note: "the share of requests that took at most so long; both scales stretch the tail"}
	for _, l := range curves {
		c.xMax = max(c.xMax, l.x[len(l.x)-1])
		p.Legend = append(p.Legend, pageLegend{l.name, l.class})
	}
	for nines := 0.0; nines <= c.xMax; nines++ {
		label, _, _ := strings.Cut(quantileLabel(nines), " of")
		c.xTicks = append(c.xTicks, tick{nines, label})
	}
	c.y = latencyAxis(lowest(curves), highest(curves))
	p.Drawing = c.svg()
	return p
}

// curveOf puts a distribution on the axis of nines; its maximum lies where one request of all would.
func curveOf(name, class string, curve []Quantile) chartLine {
	l := chartLine{name: name, class: class}
	for _, q := range curve {
		if q.Share < 1 {
			l.x = append(l.x, -math.Log10(1-q.Share))
			l.y = append(l.y, float64(q.Latency))
		}
	}
	if len(l.x) == 0 {
		return chartLine{name: name, class: class, x: []float64{0}, y: []float64{math.NaN()}}
	}
	return l
}

func cpuChart(points []Point) pageChart {
	lines := []chartLine{{name: "CPU", class: "holdfast", y: column(points, func(p *Point) float64 { return 100 * p.ServerCPU })}}
	p, c := overTime("Server CPU", "in percent of one core, as the system counts it", points, lines)
	c.y, c.area = linearAxis(highest(lines), func(v float64) string { return fmt.Sprintf("%.0f %%", v) }), true
	p.Drawing = c.svg()
	return p
}

func memoryChart(points []Point) pageChart {
	lines := []chartLine{{name: "resident memory", class: "reads", y: positiveColumn(points, func(p *Point) int64 { return p.Resident })}}
	p, c := overTime("Server memory", "resident, as the system counts it", points, lines)
	c.y, c.area = linearAxis(highest(lines), func(v float64) string { return bytesText(int64(v)) }), true
	p.Drawing = c.svg()
	return p
}
