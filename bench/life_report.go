package bench

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// byStage is the latencies of requests by the stage of lives that they were of. Those of a stage without requests take no memory.
type byStage [stageEnd]*hdrhistogram.Histogram

func (b *byStage) of(s stage) *hdrhistogram.Histogram {
	if b[s] == nil {
		b[s] = newHistogram()
	}
	return b[s]
}

func (b *byStage) record(s stage, value int64) {
	_ = b.of(s).RecordValue(value) // cannot fail: the value is within the histogram's range
}

func (b *byStage) merge(from *byStage) {
	for s, h := range from {
		if h != nil && h.TotalCount() > 0 {
			b.of(stage(s)).Merge(h)
		}
	}
}

func (b *byStage) reset() {
	for _, h := range b {
		if h != nil {
			h.Reset()
		}
	}
}

// LifeResult is how orders got through their lives.
type LifeResult struct {
	Lives     int64       `json:"lives"`    // that are complete
	Returned  int64       `json:"returned"` // of those, with a unit that came back
	PerMinute float64     `json:"lives_per_minute"`
	Stages    []LifeStage `json:"stages"`
}

// LifeStage is one kind of step. In batches a latency is that of as many of them as go into one.
type LifeStage struct {
	Name     string  `json:"name"`
	Commands int64   `json:"commands"`
	Latency  Latency `json:"latency"`
}

func livesOf(m *measurement) *LifeResult {
	c := &m.total.counts
	r := &LifeResult{Lives: c.Lives, Returned: c.stages[stageCloseReturn]}
	if seconds := m.elapsed.Seconds(); seconds > 0 {
		r.PerMinute = float64(r.Lives) / seconds * 60
	}
	for s := stagePlace; s < stageEnd; s++ {
		if h := m.total.stages[s]; h != nil {
			r.Stages = append(r.Stages, LifeStage{stageNames[s], c.stages[s], summarize(h, false)})
		}
	}
	return r
}

func (p *textReport) lives(r *LifeResult) {
	p.row("lives", "%s complete, %s with a return, %s lives/minute", grouped(float64(r.Lives)), grouped(float64(r.Returned)), grouped(r.PerMinute))
	for i := range r.Stages {
		s := &r.Stages[i]
		p.row("  "+s.Name, "%s  p50 %s  p90 %s  p99 %s  max %s", grouped(float64(s.Commands)),
			micros(s.Latency.P50), micros(s.Latency.P90), micros(s.Latency.P99), micros(s.Latency.Max))
	}
}

// cards are the figures of lives.
func (r *LifeResult) cards() []pageCard {
	cards := []pageCard{
		{"lives per minute", grouped(r.PerMinute), fmt.Sprintf("%s complete, %s with a return", grouped(float64(r.Lives)), grouped(float64(r.Returned)))},
	}
	for i := range r.Stages {
		s := &r.Stages[i]
		cards = append(cards, pageCard{s.Name + ", p99", micros(s.Latency.P99), fmt.Sprintf("%s commands, p50 %s, max %s",
			grouped(float64(s.Commands)), micros(s.Latency.P50), micros(s.Latency.Max))})
	}
	return cards
}
