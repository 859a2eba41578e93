package bench

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"strings"
)

// chart is a plot with lines, drawn as SVG. Its values travel along as an attribute, from which the
// page's script tells what lies under the pointer.
type chart struct {
	label  string // for those who cannot see it
	xTicks []tick
	xMax   float64
	xUnit  string
	y      axis
	lines  []chartLine
	area   bool // fill below the first line
}

// chartLine is one line of a chart. A point that is not a number interrupts it.
type chartLine struct {
	name  string
	class string // decides the colour
	x, y  []float64
}

// tick is a labelled place on an axis.
type tick struct {
	value float64
	label string
}

// axis maps values to heights.
type axis struct {
	low, high float64
	log       bool
	ticks     []tick
	format    func(float64) string
}

// The drawing's measures, in SVG units.
const (
	chartWidth  = 900.0
	chartHeight = 260.0
	plotLeft    = 74.0
	plotRight   = chartWidth - 14
	plotTop     = 12.0
	plotBottom  = chartHeight - 30
)

// place gives the height of a value.
func (a *axis) place(v float64) float64 {
	share := 0.0
	if a.log {
		share = math.Log(math.Max(v, a.low)/a.low) / math.Log(a.high/a.low)
	} else {
		share = (v - a.low) / (a.high - a.low)
	}
	return plotBottom - share*(plotBottom-plotTop)
}

// linearAxis goes from zero to a round number above the highest value, in round steps.
func linearAxis(highest float64, format func(float64) string) axis {
	step := roundStep(highest / 4)
	a := axis{high: step * math.Max(1, math.Ceil(highest/step)), format: format}
	for v := 0.0; v <= a.high+step/2; v += step {
		a.ticks = append(a.ticks, tick{v, format(v)})
	}
	return a
}

// latencyAxis goes over whole powers of ten of microseconds.
func latencyAxis(lowest, highest float64) axis {
	lowest = math.Max(lowest, 1)
	highest = math.Max(highest, lowest)
	a := axis{log: true, format: func(v float64) string { return micros(int64(v)) }}
	a.low = math.Pow(10, math.Floor(math.Log10(lowest)))
	a.high = math.Pow(10, math.Floor(math.Log10(highest))+1)
	for v := a.low; v <= a.high*1.01; v *= 10 {
		a.ticks = append(a.ticks, tick{v, microTick(v)})
	}
	return a
}

// roundStep gives the next of 1, 2, 5, 10, 20, 50 … at or above v.
func roundStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, factor := range []float64{1, 2, 5} {
		if v <= factor*power {
			return factor * power
		}
	}
	return 10 * power
}

// secondTicks labels an axis of seconds.
func secondTicks(end float64) []tick {
	step := roundStep(end / 8)
	var ticks []tick
	for v := 0.0; v <= end; v += step {
		ticks = append(ticks, tick{v, fmt.Sprintf("%g s", v)})
	}
	return ticks
}

func (c *chart) placeX(v float64) float64 {
	return plotLeft + v/c.xMax*(plotRight-plotLeft)
}

// svg draws the chart. All text in it is ours, so nothing needs escaping but the values.
func (c *chart) svg() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-label="%s" data-chart="%s">`,
		chartWidth, chartHeight, template.HTMLEscapeString(c.label), template.HTMLEscapeString(c.data()))
	for _, t := range c.y.ticks {
		y := c.y.place(t.value)
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, plotLeft, plotRight, y, y)
		fmt.Fprintf(&b, `<text class="tick" x="%g" y="%.1f" text-anchor="end">%s</text>`, plotLeft-8, y+4, template.HTMLEscapeString(t.label))
	}
	for _, t := range c.xTicks {
		x := c.placeX(t.value)
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%g" y2="%g"/>`, x, x, plotBottom, plotBottom+4)
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%g" text-anchor="middle">%s</text>`, x, plotBottom+19, template.HTMLEscapeString(t.label))
	}
	for i := range c.lines {
		c.draw(&b, &c.lines[i], c.area && i == 0)
	}
	fmt.Fprintf(&b, `<line class="cursor" x1="0" x2="0" y1="%g" y2="%g"/></svg>`, plotTop, plotBottom)
	return template.HTML(b.String())
}

// draw draws a line in as many pieces as it has, each with its area if that is wanted.
func (c *chart) draw(b *strings.Builder, l *chartLine, area bool) {
	for from := 0; from < len(l.x); {
		to := from
		for to < len(l.x) && !math.IsNaN(l.y[to]) {
			to++
		}
		if to > from {
			c.drawPiece(b, l, from, to, area)
		}
		from = to + 1
	}
}

func (c *chart) drawPiece(b *strings.Builder, l *chartLine, from, to int, area bool) {
	var path strings.Builder
	for i := from; i < to; i++ {
		command := byte('L')
		if i == from {
			command = 'M'
		}
		fmt.Fprintf(&path, "%c%.1f %.1f", command, c.placeX(l.x[i]), c.y.place(l.y[i]))
	}
	if area {
		fmt.Fprintf(b, `<path class="area %s" d="%sL%.1f %gL%.1f %gZ"/>`, l.class, path.String(),
			c.placeX(l.x[to-1]), plotBottom, c.placeX(l.x[from]), plotBottom)
	}
	if to-from == 1 {
		fmt.Fprintf(b, `<circle class="dot %s" cx="%.1f" cy="%.1f" r="2.5"/>`, l.class, c.placeX(l.x[from]), c.y.place(l.y[from]))
		return
	}
	fmt.Fprintf(b, `<path class="line %s" d="%s"/>`, l.class, path.String())
}

// data is what the page's script reads: where each point lies, and what to say there.
func (c *chart) data() string {
	type point struct {
		X    float64  `json:"x"`
		Says []string `json:"says"`
	}
	points := []point{}
	if len(c.lines) > 0 {
		for i, x := range c.lines[0].x {
			if math.IsNaN(c.lines[0].y[i]) {
				continue
			}
			p := point{X: math.Round(10*c.placeX(x)) / 10, Says: []string{c.xLabel(x)}}
			for _, l := range c.lines {
				if i < len(l.y) && !math.IsNaN(l.y[i]) {
					p.Says = append(p.Says, l.name+": "+c.y.format(l.y[i]))
				}
			}
			points = append(points, p)
		}
	}
	text, err := json.Marshal(points)
	if err != nil {
		return "[]" // cannot be: there are only numbers and texts
	}
	return string(text)
}

func (c *chart) xLabel(x float64) string {
	if c.xUnit == "" {
		return quantileLabel(x)
	}
	return fmt.Sprintf("%.1f %s", x, c.xUnit)
}

// quantileLabel names the place on the axis of nines, where 1 is 90 %, 2 is 99 % and so on.
func quantileLabel(nines float64) string {
	digits := max(0, int(math.Ceil(nines-0.01))-2)
	return fmt.Sprintf("%.*f %% of requests", digits, 100*(1-math.Pow(10, -nines)))
}
