package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Comparison is the server beside what a user would get otherwise, measured in turns.
type Comparison struct {
	Contenders []Contender `json:"contenders"` // the server first
	Ratios     []Ratio     `json:"ratios"`
	Notes      []string    `json:"notes,omitempty"` // what was left out, and why
}

// Contender is one of those compared, over all its rounds.
type Contender struct {
	Name        string    `json:"name"`
	Explained   string    `json:"explained"`
	Connections int       `json:"connections"`
	Batch       int       `json:"batch"`        // orders per request, or per Redis pipeline
	PerSecond   []float64 `json:"per_s"`        // orders decided a second, of each round
	Median      float64   `json:"median_per_s"` // of the rounds
	Load        Load      `json:"load"`         // all rounds together
}

// Ratio says how many times as fast as a peer the server was.
type Ratio struct {
	Peer   string    `json:"peer"`
	Rounds []float64 `json:"rounds"` // each against the peer's turn in the same round
	Median float64   `json:"median"`
	Low    float64   `json:"low"`
	High   float64   `json:"high"`
	Best   bool      `json:"best_redis,omitempty"` // against Redis as it was fastest
}

// rampUp is the part of every turn that is not counted: caches and the scheduler settle in it.
const rampUp = 250 * time.Millisecond

// entrant is a contender while the comparison runs.
type entrant struct {
	Contender
	pid   int
	load  func() *load // a new one for each turn
	total *measurement
}

// compare lets the server and its peers take turns.
func (t *trial) compare(ctx context.Context) (err error) {
	c := &Comparison{}
	entrants, stop, err := t.entrants(ctx, c)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return err
	}
	begin := time.Now()
	for round := range t.config.Rounds {
		for _, e := range entrants {
			m := &meter{
				pid: e.pid, warmup: rampUp, duration: t.config.RoundDuration, begin: begin, progress: t.config.Progress,
				label: fmt.Sprintf("round %d/%d  %-20s", round+1, t.config.Rounds, e.Name),
			}
			result, err := m.run(ctx, e.load())
			if err != nil {
				return fmt.Errorf("%s: %w", e.Name, err)
			}
			e.take(result)
		}
	}
	for _, e := range entrants {
		e.Load = summarizeLoad(e.total)
		e.Median = median(e.PerSecond)
		c.Contenders = append(c.Contenders, e.Contender)
	}
	c.Ratios = ratios(c.Contenders)
	t.report.Load = c.Contenders[0].Load
	t.report.Comparison = c
	return t.checkRedis(ctx)
}

// take adds a turn's result.
func (e *entrant) take(m *measurement) {
	e.PerSecond = append(e.PerSecond, float64(m.total.counts.Commands())/m.elapsed.Seconds())
	if e.total == nil {
		e.total = m
		return
	}
	t := e.total
	t.total.merge(m.total)
	t.total.counts.name()
	t.points = append(t.points, m.points...)
	t.server.join(m.server, t.elapsed, m.elapsed)
	t.generator.join(m.generator, t.elapsed, m.elapsed)
	t.elapsed += m.elapsed
	t.unusable = cmp.Or(t.unusable, m.unusable)
}

// join adds what was used in a later turn.
func (u *Usage) join(v Usage, before, more time.Duration) {
	u.Cores = (u.Cores*before.Seconds() + v.Cores*more.Seconds()) / (before + more).Seconds()
	u.CPU += v.CPU
	u.Resident, u.Peak = v.Resident, v.Peak
}

// ratios compares the first contender with each other one, round by round.
func ratios(all []Contender) []Ratio {
	var list []Ratio
	for i, peer := range all[1:] {
		r := Ratio{Peer: peer.Name}
		for round, v := range peer.PerSecond {
			if v > 0 {
				r.Rounds = append(r.Rounds, all[0].PerSecond[round]/v)
			}
		}
		if len(r.Rounds) > 0 {
			r.Median, r.Low, r.High = median(r.Rounds), slices.Min(r.Rounds), slices.Max(r.Rounds)
		}
		r.Best = i+1 == bestRedis(all)
		list = append(list, r)
	}
	return list
}

// bestRedis finds the fastest of several ways to drive Redis, -1 where there are not several.
func bestRedis(all []Contender) int {
	best, ways := -1, 0
	for i := range all {
		if !strings.HasPrefix(all[i].Name, redisName) {
			continue
		}
		ways++
		if best < 0 || all[i].Median > all[best].Median {
			best = i
		}
	}
	if ways < 2 {
		return -1
	}
	return best
}

// median is the middle of the values, or the mean of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
