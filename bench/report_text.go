package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &textReport{w: t}
	p.line("%s", r.title())
	p.row("machine", "%d × %s, %s, %s", r.Machine.Cores, r.Machine.Processor, r.Machine.System, r.Machine.Go)
	p.disk("disk before", &r.DiskBefore)
	p.disk("disk after", &r.DiskAfter)
	if r.Comparison != nil {
		p.comparison(r.Comparison)
	}
	p.load(&r.Load)
	if m := r.Memory; m != nil {
		p.row("memory", "%s before, %s after, peak %s", bytesText(m.Before), bytesText(m.After), bytesText(m.Peak))
	}
	if m := r.Memory; m != nil && m.Orders > 0 {
		p.row("memory per order", "%.0f bytes of growth, %.0f bytes of all resident memory", m.Growth, m.PerOrder)
	}
	if r.Endless != nil {
		p.endless(r.Endless)
	}
	if r.Sale != nil {
		p.sale(r.Sale)
	}
	if r.Lifecycle != nil {
		p.lives(r.Lifecycle)
	}
	p.verification(r.Verification)
	if r.DataDir != "" {
		p.row("data kept in", "%s", r.DataDir)
	}
	if p.err != nil {
		return p.err
	}
	return t.Flush()
}

// title says in one line what was run.
func (r *Report) title() string {
	c := &r.Config
	parts := []string{fmt.Sprintf("holdfast bench: %s, %s", c.Scenario, c.Mode)}
	if c.Mode != Single {
		parts = append(parts, fmt.Sprintf("%d commands a batch", c.Batch))
	}
	parts = append(parts, fmt.Sprintf("%d connections", c.Connections))
	if c.Rate > 0 {
		parts = append(parts, fmt.Sprintf("open loop at %s requests/s", grouped(c.Rate)))
	} else {
		parts = append(parts, "closed loop")
	}
	parts = append(parts, fmt.Sprintf("%s SKUs", grouped(float64(c.SKUs))))
	switch {
	case c.Customers > 0:
		parts = append(parts, fmt.Sprintf("%s customers", grouped(float64(c.Customers))))
	default:
		parts = append(parts, "a new customer for every order")
	}
	if c.Keys == On {
		parts = append(parts, "idempotency keys")
	}
	return strings.Join(append(parts, fmt.Sprintf("seed %d", c.Seed)), ", ")
}

// textReport writes lines and remembers the first error.
type textReport struct {
	w   io.Writer
	err error
}

func (p *textReport) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *textReport) row(name, format string, args ...any) {
	p.line("  %s\t%s", name, fmt.Sprintf(format, args...))
}

func (p *textReport) disk(name string, d *Disk) {
	if d.Syncs == 0 {
		return
	}
	note := ""
	if d.FileSystem == "memory" {
		note = "  (memory: nothing here is durable)"
	}
	p.row(name, "%s fdatasyncs/s of 4 KiB, p50 %s, p99 %s, max %s, %s%s", grouped(d.PerSecond),
		micros(d.P50), micros(d.P99), micros(d.Max), d.FileSystem, note)
}

func (p *textReport) load(l *Load) {
	p.row("time", "%.2f s", l.Seconds)
	p.row("orders", "%s placed, %s orders/s", grouped(float64(l.Counts.Placed)), grouped(l.OrdersPerS))
	if l.Counts.Replayed > 0 {
		p.row("replayed", "%s answered from what their keys had got", grouped(float64(l.Counts.Replayed)))
	}
	if l.Counts.Followed > 0 {
		p.row("followed up", "%s commands on holds and orders that were there", grouped(float64(l.Counts.Followed)))
	}
	if n := l.Counts.Refusals(); n > 0 {
		p.row("refused", "%s, %s/s", grouped(float64(n)), grouped(float64(n)/l.Seconds))
		for _, code := range slices.Sorted(maps.Keys(l.Counts.Refused)) {
			p.row("", "%s %s", grouped(float64(l.Counts.Refused[code])), code)
		}
	}
	p.row("requests", "%s, %s/s", grouped(float64(l.Counts.Requests)), grouped(l.RequestsPerS))
	if l.Counts.Errors > 0 {
		p.row("ERRORS", "%s, the first: %s", grouped(float64(l.Counts.Errors)), l.Unusable)
	}
	p.latency("latency", &l.Latency)
	if l.ReadLatency != nil {
		p.row("reads", "%s, %s/s", grouped(float64(l.Counts.Reads)), grouped(float64(l.Counts.Reads)/l.Seconds))
		p.latency("read latency", l.ReadLatency)
	}
	if g := l.GeneratorLate; g != nil {
		p.row("generator late", "p50 %s, p99 %s, max %s: part of the latency above", micros(g.P50), micros(g.P99), micros(g.Max))
	}
	if l.Server.CPU > 0 {
		p.row("server", "%.2f cores, %.2f µs of CPU per command", l.Server.Cores, l.ServerMicros)
	}
	p.row("generator", "%.2f cores", l.Generator.Cores)
}

func (p *textReport) latency(name string, l *Latency) {
	if l.Count == 0 {
		return
	}
	p.row(name, "p50 %s  p90 %s  p99 %s  p99.9 %s  max %s", micros(l.P50), micros(l.P90), micros(l.P99), micros(l.P999), micros(l.Max))
}

func (p *textReport) comparison(c *Comparison) {
	p.line("")
	p.line("  contender\torders/s, median\tlowest … highest\tp50\tp99\tserver CPU\tconnections × batch")
	for i := range c.Contenders {
		e := &c.Contenders[i]
		p.line("  %s\t%s\t%s … %s\t%s\t%s\t%.2f cores\t%d × %d", e.Name, grouped(e.Median), grouped(slices.Min(e.PerSecond)),
			grouped(slices.Max(e.PerSecond)), micros(e.Load.Latency.P50), micros(e.Load.Latency.P99), e.Load.Server.Cores, e.Connections, e.Batch)
	}
	p.line("")
	for _, r := range c.Ratios {
		mark := ""
		if r.Best {
			mark = ", Redis at its fastest"
		}
		p.row("holdfast / "+r.Peer, "%.2f ×  (median of %d rounds, %.2f … %.2f%s)", r.Median, len(r.Rounds), r.Low, r.High, mark)
	}
	for _, note := range c.Notes {
		p.row("note", "%s", note)
	}
	p.line("")
	p.line("  holdfast, all rounds together")
}

func (p *textReport) verification(v *Verification) {
	if v == nil {
		p.row("verification", "left out")
		return
	}
	for _, c := range v.Checks {
		p.row(verdict(c.OK), "%s: %s", c.Name, c.Detail)
	}
	p.row("verification", "%s in %v", map[bool]string{true: "PASSED", false: "FAILED"}[v.OK], time.Duration(v.Millis)*time.Millisecond)
}

func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "WRONG"
}

// String is the report for a terminal.
func (r *Report) String() string {
	var b strings.Builder
	_ = r.WriteText(&b) // a builder takes everything
	return b.String()
}
