package bench

import (
	"fmt"
	"maps"
	"slices"
)

func (p *textReport) sale(s *SaleResult) {
	p.row("sold", "%s of %s units to %s buyers; the last after %.1f s", grouped(float64(s.Sold)), grouped(float64(s.Units)), grouped(float64(s.Buyers)), s.SoldOut)
	for _, name := range slices.Sorted(maps.Keys(s.Outcomes)) {
		p.row("", "%s %s", grouped(float64(s.Outcomes[name])), name)
	}
	p.row("waitlist", "%s joined, %s were offered a unit, %s paid for it, %s were struck off", grouped(float64(s.Waitlist.Joined)),
		grouped(float64(s.Waitlist.Offered)), grouped(float64(s.Waitlist.Bought)), grouped(float64(s.Waitlist.StruckOff)))
	p.latency("waiting", &s.Waiting)
	p.latency("joining", &s.Joins)
	p.latency("asking", &s.Polls)
	p.latency("hold, payment", &s.Holds)
	p.row("order of arrival", "kept to %.2f: 1 by arrival, 0 by lot", s.Kept)
}

// cards are the figures of a sale.
func (s *SaleResult) cards() []pageCard {
	return []pageCard{
		{"sold", grouped(float64(s.Sold)), fmt.Sprintf("of %s units, the last after %.1f s", grouped(float64(s.Units)), s.SoldOut)},
		{"waiting, median", micros(s.Waiting.P50), "p99 " + micros(s.Waiting.P99) + ", max " + micros(s.Waiting.Max)},
		{"taking a place, p99", micros(s.Joins.P99), grouped(float64(s.Joins.Count)) + " places, p50 " + micros(s.Joins.P50)},
		{"asking, p99", micros(s.Polls.P99), grouped(float64(s.Polls.Count)) + " times, p50 " + micros(s.Polls.P50)},
		{"waitlist", grouped(float64(s.Waitlist.Joined)), fmt.Sprintf("joined, %s were offered a unit, %s paid for it",
			grouped(float64(s.Waitlist.Offered)), grouped(float64(s.Waitlist.Bought)))},
		{"order of arrival", fmt.Sprintf("%.2f", s.Kept), "kept to: 1 by arrival, 0 by lot"},
	}
}

// charts show how the sale went.
func (s *SaleResult) charts() []pageChart {
	if len(s.Points) < 2 {
		return nil
	}
	times := make([]float64, len(s.Points))
	for i := range times {
		times[i] = s.Points[i].At - s.Points[0].At
	}
	of := func(figure func(*SalePoint) int64) []float64 {
		values := make([]float64, len(s.Points))
		for i := range values {
			values[i] = float64(figure(&s.Points[i]))
		}
		return values
	}
	draw := func(title, note string, lines ...chartLine) pageChart {
		c := &chart{label: title, xMax: max(times[len(times)-1], 1), xUnit: "s", area: true}
		c.xTicks = secondTicks(c.xMax)
		p := pageChart{Title: title, Note: note}
		for _, l := range lines {
			l.x = times
			c.lines = append(c.lines, l)
			p.Legend = append(p.Legend, pageLegend{l.name, l.class})
		}
		c.y = linearAxis(highest(lines), func(v float64) string { return grouped(v) })
		p.Drawing = c.svg()
		return p
	}
	waits := &chart{label: "Waiting", lines: []chartLine{curveOf("waiting", "reads", s.Waiting.Curve)}}
	waits.xMax = max(waits.lines[0].x[len(waits.lines[0].x)-1], 1)
	for nines := 0.0; nines <= waits.xMax; nines++ {
		waits.xTicks = append(waits.xTicks, tick{nines, quantileLabel(nines)})
	}
	waits.y = latencyAxis(lowest(waits.lines), highest(waits.lines))
	return []pageChart{
		draw("Sold and let in", "since the first buyers came, two seconds before the start",
			chartLine{name: "units sold", class: "holdfast", y: of(func(p *SalePoint) int64 { return p.Sold })},
			chartLine{name: "buyers let in", class: "reads", y: of(func(p *SalePoint) int64 { return p.Admitted })}),
		draw("Requests", "in each second",
			chartLine{name: "requests", class: "reads", y: of(func(p *SalePoint) int64 { return p.Requests })},
			chartLine{name: "refused", class: "refused", y: of(func(p *SalePoint) int64 { return p.Refused })}),
		{Title: "Waiting", Note: "the share of those let in who waited at most so long", Legend: []pageLegend{{"waiting", "reads"}}, Drawing: waits.svg()},
	}
}
