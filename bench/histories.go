package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// HistoriesConfig says which histories to record. The zero value is three rounds of seven histories with three kills each.
type HistoriesConfig struct {
	// Executable is the holdfast binary. Empty: the running executable.
	Executable string `json:"executable,omitempty"`
	// ServerArgs are added to the server's "serve --listen ADDRESS --data DIR".
	ServerArgs []string `json:"server_args,omitempty"`
	// Dir is where the data directory is made. Empty: the system's directory for temporary files.
	Dir string `json:"dir,omitempty"`
	// Pages is the directory into which a history that cannot be explained is drawn. Empty: that of Dir.
	Pages string `json:"pages,omitempty"`
	// Rounds is how many times histories are recorded and checked, all on one data directory. In every
	// third round holds end after a second and the clients take their time; in the others holds outlive the round.
	// Zero: 3.
	Rounds int `json:"rounds"`
	// Clients is how many send at the same time. Zero: 8.
	Clients int `json:"clients"`
	// Histories is how many are recorded in a round; two of them are of baskets over three SKUs, the others of
	// one SKU each. Zero: 7.
	Histories int `json:"histories"`
	// Operations is how many a history has, before its last reads. Zero: 400, and half as many where there are baskets.
	Operations int `json:"operations"`
	// Kills is how often the server is killed in a round. Zero: 3; negative: never.
	Kills int `json:"kills"`
	// CheckTimeout is how long checking one history may take; beyond it the history fails as undecided.
	// Zero: one minute.
	CheckTimeout time.Duration `json:"check_timeout_ns"`
	// Seed decides what the clients want, though not how they meet. Zero: a new one each time.
	Seed uint64 `json:"seed"`
	// Progress receives a line for every round. Nil: none.
	Progress io.Writer `json:"-"`
}

// Limits of histories: a checker that has to think for minutes finds nothing that a smaller history would not show.
const (
	maxHistoryOperations = 2_000
	maxHistoryClients    = 64
	maxHistories         = 100
	basketHistories      = 2
)

func (c HistoriesConfig) withDefaults() HistoriesConfig {
	setDefault(&c.Rounds, 3)
	setDefault(&c.Clients, 8)
	setDefault(&c.Histories, 7)
	setDefault(&c.Operations, 400)
	setDefault(&c.Kills, 3)
	setDefault(&c.CheckTimeout, time.Minute)
	c.Kills = max(c.Kills, 0)
	if c.Seed == 0 {
		c.Seed = Config{}.effective().Seed
	}
	return c
}

// Validate reports everything that is wrong with the configuration, joined into one error.
func (c HistoriesConfig) Validate() error {
	c = c.withDefaults()
	var problems []error
	within := func(name string, value, least, most int) {
		if value < least || value > most {
			problems = append(problems, fmt.Errorf("%s: %d is not within %d to %d", name, value, least, most))
		}
	}
	within("rounds", c.Rounds, 1, 1_000_000)
	within("clients", c.Clients, 1, maxHistoryClients)
	within("histories", c.Histories, 1, maxHistories)
	within("operations", c.Operations, 10, maxHistoryOperations)
	within("kills", c.Kills, 0, 100)
	if c.CheckTimeout < time.Second {
		problems = append(problems, fmt.Errorf("check timeout: %v is below a second", c.CheckTimeout))
	}
	return errors.Join(problems...)
}

// HistoriesReport is what was recorded and what the checker said.
type HistoriesReport struct {
	Config HistoriesConfig  `json:"config"`
	Rounds []HistoriesRound `json:"rounds"`
	Total  HistoriesCounts  `json:"total"`
	OK     bool             `json:"ok"`
}

// HistoriesRound is one round.
type HistoriesRound struct {
	HistoriesCounts
	Expiring bool     `json:"expiring"` // holds ended by themselves
	Wrong    []string `json:"wrong,omitempty"`
}

// HistoriesCounts are counts of a round, or of all.
type HistoriesCounts struct {
	Histories   int            `json:"histories"`
	Operations  int            `json:"operations"`
	Kinds       map[string]int `json:"kinds"`
	Refused     int            `json:"refused"`
	Unknown     int            `json:"unknown"`  // the server died and nobody knows
	Resolved    int            `json:"resolved"` // the server died, and the same key told later
	Repeated    int            `json:"repeated"` // sent again after the answer, and answered by the same bytes
	Twins       int            `json:"twins"`    // sent twice at the same time under one key
	Kills       int            `json:"kills"`
	Checkpoints int            `json:"checkpoints"`
	Expired     int            `json:"expired"` // holds that were seen to have ended
	Seconds     float64        `json:"seconds"`
	CheckTotal  float64        `json:"check_s"`
	CheckMost   float64        `json:"check_longest_s"`
}

func (c *HistoriesCounts) add(other *HistoriesCounts) {
	if c.Kinds == nil {
		c.Kinds = map[string]int{}
	}
	for kind, count := range other.Kinds {
		c.Kinds[kind] += count
	}
	c.Histories += other.Histories
	c.Operations += other.Operations
	c.Refused += other.Refused
	c.Unknown += other.Unknown
	c.Resolved += other.Resolved
	c.Repeated += other.Repeated
	c.Twins += other.Twins
	c.Kills += other.Kills
	c.Checkpoints += other.Checkpoints
	c.Expired += other.Expired
	c.Seconds += other.Seconds
	c.CheckTotal += other.CheckTotal
	c.CheckMost = max(c.CheckMost, other.CheckMost)
}

// Histories records what concurrent clients ask of a server and are answered, while the server is killed and started
// again, and checks that every history is linearizable: that there is one order of all operations, each between its
// call and its return, in which every answer is the one that the contract's model gives. It ends at the first
// round with anything wrong, which comes as ErrVerification beside the report.
func Histories(ctx context.Context, c HistoriesConfig) (*HistoriesReport, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	server := &Config{Executable: c.Executable, ServerArgs: c.ServerArgs, Dir: c.Dir}
	space, err := newWorkspace(server)
	if err != nil {
		return nil, err
	}
	data, err := space.dir("holdfast")
	if err != nil {
		return nil, errors.Join(err, space.remove())
	}
	m, err := startMortal(ctx, server, data)
	if err != nil {
		return nil, errors.Join(err, space.remove())
	}
	report := &HistoriesReport{Config: c}
	err = report.record(ctx, m)
	err = errors.Join(err, m.subject.close(), space.remove())
	report.OK = err == nil
	return report, err
}

func (r *HistoriesReport) record(ctx context.Context, m *mortal) error {
	memory := &historyMemory{ids: map[string]bool{}}
	for number := range r.Config.Rounds {
		begin := time.Now()
		round := newHistoryRound(&r.Config, m, number, memory)
		err := round.run(ctx)
		round.result.Seconds = time.Since(begin).Seconds()
		r.Rounds = append(r.Rounds, round.result)
		r.Total.add(&round.result.HistoriesCounts)
		say(r.Config.Progress, "round %d/%d: %s", number+1, r.Config.Rounds, &round.result)
		if err != nil {
			return fmt.Errorf("round %d: %w", number+1, err)
		}
		if len(round.result.Wrong) > 0 {
			return fmt.Errorf("%w: round %d: %s", ErrVerification, number+1, round.result.Wrong[0])
		}
	}
	return nil
}

// String tells a round in one line, and what was wrong in lines of its own.
func (r *HistoriesRound) String() string {
	text := r.HistoriesCounts.String()
	if r.Expiring {
		text += fmt.Sprintf("; %d sights of expired holds", r.Expired)
	}
	for _, wrong := range r.Wrong {
		text += "\n  WRONG: " + wrong
	}
	return text
}

// String tells the counts in one line.
func (c *HistoriesCounts) String() string {
	return fmt.Sprintf("%d histories, %s operations (%d refused, %d without answer, %d resolved by their key, %d repeated, %d sent twice at once), "+
		"%d kills, %d checkpoints begun; checked in %.2f s, the longest %.2f s", c.Histories, grouped(float64(c.Operations)), c.Refused, c.Unknown,
		c.Resolved, c.Repeated, c.Twins, c.Kills, c.Checkpoints, c.CheckTotal, c.CheckMost)
}

// WriteText writes the report for a terminal.
func (r *HistoriesReport) WriteText(w io.Writer) error {
	p := &textReport{w: w}
	p.line("%s", &r.Total)
	for i := range r.Rounds {
		for _, wrong := range r.Rounds[i].Wrong {
			p.line("WRONG in round %d: %s", i+1, wrong)
		}
	}
	if r.OK {
		p.line("every history is linearizable")
	} else {
		p.line("FAILED in round %d, seed %d", len(r.Rounds), r.Config.Seed)
	}
	return p.err
}

// String is the report for a terminal.
func (r *HistoriesReport) String() string {
	var b strings.Builder
	_ = r.WriteText(&b) // a builder takes everything
	return b.String()
}

// random gives a stream of its own to each who draws.
func (c *HistoriesConfig) random(round, who int) *rand.Rand {
	return rand.New(rand.NewPCG(c.Seed, uint64(round)<<16|uint64(who)))
}
