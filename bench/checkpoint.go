package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// CheckpointConfig says how to measure what checkpoints cost. The zero value takes ten million orders and about
// seven minutes.
type CheckpointConfig struct {
	// Executable is the holdfast binary. Empty: the running executable.
	Executable string `json:"executable,omitempty"`
	// ServerArgs are added to the server's "serve … --checkpoint-bytes=-1".
	ServerArgs []string `json:"server_args,omitempty"`
	// Dir is where the data directory is made. Empty: the system's directory for temporary files.
	Dir string `json:"dir,omitempty"`
	// Orders is how many the server holds before the measurements. Zero: ten million.
	Orders int64 `json:"orders"`
	// SKUs is the number of SKUs. Zero: 10,000.
	SKUs int `json:"skus"`
	// Rate is the single orders per second of the open loop. Zero: half the peak, which is measured first.
	Rate float64 `json:"rate"`
	// Connections is for single orders. Zero: 256.
	Connections int `json:"connections"`
	// Rounds is how many turns of each kind are taken. Zero: 3.
	Rounds int `json:"rounds"`
	// Turn is how long a turn of single orders lasts; while a checkpoint is written at most. Zero: 20 s.
	Turn time.Duration `json:"turn_ns"`
	// BatchTurn is the same for binary batches, which make millions of orders. Zero: 3 s.
	BatchTurn time.Duration `json:"batch_turn_ns"`
	// Touch is how far apart the orders are that are cancelled before each turn, so that the next checkpoint has pages to
	// write. Zero: 500, which touches about every page of orders.
	Touch int64 `json:"touch"`
	// Seed decides every order. Zero: a new one each time.
	Seed uint64 `json:"seed"`
	// Progress receives a line for every step. Nil: none.
	Progress io.Writer `json:"-"`
}

func (c CheckpointConfig) withDefaults() CheckpointConfig {
	setDefault(&c.Orders, 10_000_000)
	setDefault(&c.SKUs, 10_000)
	setDefault(&c.Connections, 256)
	setDefault(&c.Rounds, 3)
	setDefault(&c.Turn, 20*time.Second)
	setDefault(&c.BatchTurn, 3*time.Second)
	setDefault(&c.Touch, 500)
	return c
}

// load is the configuration of the loads.
func (c *CheckpointConfig) load() Config {
	return Config{
		Executable: c.Executable, ServerArgs: append([]string{"--checkpoint-bytes=-1"}, c.ServerArgs...), Dir: c.Dir,
		Mode: Binary, Orders: c.Orders, SKUs: c.SKUs, Rate: c.Rate, Seed: c.Seed, Progress: c.Progress,
	}
}

// Validate reports everything that is wrong with the configuration, joined into one error.
func (c CheckpointConfig) Validate() error {
	c = c.withDefaults()
	problems := []error{c.load().Validate()}
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	require(c.Orders >= 1, "orders: %d is below 1", c.Orders)
	require(c.Connections >= 1 && c.Connections <= maxConnections, "connections: %d is not within 1 to %d", c.Connections, maxConnections)
	require(c.Rounds >= 1 && c.Rounds <= 1000, "rounds: %d is not within 1 to 1000", c.Rounds)
	require(c.Turn >= minRound, "turn: %v is below %v", c.Turn, minRound)
	require(c.BatchTurn >= minRound, "batch turn: %v is below %v", c.BatchTurn, minRound)
	require(c.Touch >= int64(4*c.Rounds), "touch: %d is below %d: each of the turns cancels orders of its own", c.Touch, 4*c.Rounds)
	return errors.Join(problems...)
}

// CheckpointReport is what checkpoints cost.
type CheckpointReport struct {
	Config  CheckpointConfig  `json:"config"`
	Machine Machine           `json:"machine"`
	First   *WrittenState     `json:"first_checkpoint"` // of everything, with no load beside it
	Peak    float64           `json:"peak_orders_per_s"`
	Rate    float64           `json:"rate_orders_per_s"`
	Turns   []CheckpointTurn  `json:"turns"`
	Figures CheckpointFigures `json:"figures"`

	Verification *Verification `json:"verification"`
}

// WrittenState is what one checkpoint wrote.
type WrittenState struct {
	Seconds float64 `json:"seconds"`
	Pages   int64   `json:"pages"`
	Bytes   int64   `json:"bytes"`
}

// CheckpointTurn is one turn.
type CheckpointTurn struct {
	Mode       Mode          `json:"mode"`
	Round      int           `json:"round"`
	Written    *WrittenState `json:"written,omitempty"` // nil: a turn without a checkpoint
	Seconds    float64       `json:"seconds"`
	OrdersPerS float64       `json:"orders_per_s"`
	Latency    Latency       `json:"latency"`
	Silence    int64         `json:"longest_silence_us"` // in which nobody got an answer
}

// CheckpointFigures are those that the aims are about. Ratios are of two turns of one round, and the median over the rounds.
type CheckpointFigures struct {
	P99Ratio        float64 `json:"p99_ratio"`         // with a checkpoint / without
	SilenceWithout  int64   `json:"silence_us"`        // the longest of all turns
	SilenceWith     int64   `json:"silence_during_us"` // the longest while a checkpoint was written
	ThroughputRatio float64 `json:"throughput_ratio"`  // of binary batches: with / without
	RestartSeconds  float64 `json:"restart_s"`         // from the start of the process until it is ready; its files are cached
	RestartOrders   int64   `json:"restart_orders"`    // that it then held
}

// Checkpoints fills an own server and measures it in turns without and with a checkpoint being written: single orders in an
// open loop, then binary batches in a closed one. In between it kills the server and measures its restart. A report comes
// with ErrVerification when a check of the orders failed.
func Checkpoints(ctx context.Context, c CheckpointConfig) (*CheckpointReport, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	config := c.load().effective()
	c.Seed = config.Seed
	ws, err := newWorkspace(&config)
	if err != nil {
		return nil, err
	}
	single := config.spec()
	single.Keys = false
	r := &checkpointRun{
		trial:  &trial{config: config, work: newWorkload(config.spec()), book: &book{}, space: ws, report: &Report{}},
		own:    c,
		single: newWorkload(single), result: &CheckpointReport{Config: c, Machine: thisMachine()},
	}
	err = r.run(ctx)
	if cleanup := errors.Join(r.subject.close(), ws.remove()); cleanup != nil {
		err = errors.Join(err, cleanup)
	}
	if r.result.Verification == nil {
		return nil, err
	}
	return r.result, err
}

// checkpointRun is one measurement of checkpoints.
type checkpointRun struct {
	*trial
	own    CheckpointConfig
	single *workload // the same orders without keys
	turns  int
	result *CheckpointReport
}

// run goes through the stages in order:
// 1 fill the server, 2 write everything once, 3 find the peak, 4 take turns of single orders, 5 restart, 6 take turns of batches,
// which make as many orders again and more, 7 verify.
func (r *checkpointRun) run(ctx context.Context) (err error) {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	r.say("filling the server with %s orders", grouped(float64(r.own.Orders)))
	r.source.allow(r.own.Orders)
	if _, err := r.drive(ctx, r.load(Binary, 0), 0); err != nil {
		return err
	}
	if r.result.First, err = r.checkpoint(); err != nil {
		return err
	}
	r.say("the first checkpoint wrote %v", r.result.First)
	r.source.allow(0)
	if err := r.findRate(ctx); err != nil {
		return err
	}
	if err := r.rounds(ctx, Single); err != nil {
		return err
	}
	if err := r.restart(ctx); err != nil {
		return err
	}
	if err := r.rounds(ctx, Binary); err != nil {
		return err
	}
	r.result.Figures.compare(r.result.Turns)
	return r.verifyAll(ctx)
}

// rounds takes the turns of one mode.
func (r *checkpointRun) rounds(ctx context.Context, mode Mode) error {
	for round := range r.own.Rounds {
		for _, with := range []bool{false, true} {
			if err := r.turn(ctx, mode, round, with); err != nil {
				return err
			}
		}
	}
	return nil
}

// load is single orders at a rate, or binary batches; closed when the rate is 0.
func (r *checkpointRun) load(mode Mode, rate float64) *load {
	l := r.subjectLoad()
	l.rate, l.silence = rate, &silence{}
	if mode == Single {
		l.connections = r.own.Connections
		l.script = func(int) script {
			return &orderScript{form: &singleForm{work: r.single}, work: r.single, source: &r.source, book: r.book, batch: 1}
		}
	}
	return l
}

// lead is driven before each measurement.
const lead = 500 * time.Millisecond

// drive runs a load for so long, or until its orders run out. An error of any request is one of the measurement.
func (r *checkpointRun) drive(ctx context.Context, l *load, duration time.Duration) (*measurement, error) {
	m := &meter{pid: r.subject.pid(), duration: duration}
	if duration > 0 {
		m.warmup = lead
		restart := time.AfterFunc(lead, l.silence.restart)
		defer restart.Stop()
	}
	result, err := m.run(ctx, l)
	if err == nil && result.total.counts.Errors > 0 {
		err = fmt.Errorf("%d requests failed, the first: %w", result.total.counts.Errors, result.unusable)
	}
	return result, err
}

// findRate measures the peak, unless the rate is given.
func (r *checkpointRun) findRate(ctx context.Context) error {
	if r.result.Rate = r.own.Rate; r.result.Rate > 0 {
		return nil
	}
	m, err := r.drive(ctx, r.load(Single, 0), max(r.own.Turn/4, minRound))
	if err != nil {
		return err
	}
	r.result.Peak = summarizeLoad(m).OrdersPerS
	r.result.Rate = r.result.Peak / 2
	r.say("the peak is %s orders/s", grouped(r.result.Peak))
	return nil
}

// turn measures one load without or with a checkpoint being written, to whose end it lasts at most.
func (r *checkpointRun) turn(ctx context.Context, mode Mode, round int, with bool) error {
	if err := r.touch(ctx); err != nil {
		return err
	}
	l, duration := r.load(mode, r.result.Rate), r.own.Turn
	if mode == Binary {
		l, duration = r.load(mode, 0), r.own.BatchTurn
	}
	t := CheckpointTurn{Mode: mode, Round: round + 1}
	written := make(chan error, 1)
	go func() {
		defer close(written)
		if !with {
			return
		}
		time.Sleep(lead)
		var err error
		t.Written, err = r.checkpoint()
		l.stop()
		written <- err
	}()
	m, err := r.drive(ctx, l, duration)
	if err = errors.Join(err, <-written); err != nil {
		return err
	}
	s := summarizeLoad(m)
	t.Seconds, t.OrdersPerS, t.Latency, t.Silence = s.Seconds, s.OrdersPerS, s.Latency, l.silence.micros()
	r.result.Turns = append(r.result.Turns, t)
	r.say("%v", &t)
	return nil
}

// touch cancels orders that lie far apart, others each time, so that a checkpoint finds every page of orders changed.
func (r *checkpointRun) touch(ctx context.Context) error {
	s := &orderScript{form: r.form(), work: r.work, source: &list{}, book: r.book, batch: r.config.Batch}
	for ordinal := int64(r.turns); ordinal < r.own.Orders; ordinal += r.own.Touch {
		if number := r.book.acks.get(uint64(ordinal)); number != 0 {
			s.following = append(s.following, followUp{uint64(ordinal), number, fateCancel})
		}
	}
	r.turns++
	wanted := int64(len(s.following))
	l := r.subjectLoad()
	l.connections, l.rate, l.script = 1, 0, func(int) script { return s }
	m, err := r.drive(ctx, l, 0)
	if err == nil && m.total.counts.Followed != wanted {
		err = fmt.Errorf("%d of %d orders were cancelled", m.total.counts.Followed, wanted)
	}
	return err
}

// checkpoint has one written, and reads from the metrics what it wrote.
func (r *checkpointRun) checkpoint() (*WrittenState, error) {
	before, err := r.written()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := r.subject.call("POST", "/v1/checkpoint", []byte("{}"), nil); err != nil {
		return nil, err
	}
	took := time.Since(begin).Seconds()
	after, err := r.written()
	if err != nil {
		return nil, err
	}
	return &WrittenState{Seconds: took, Pages: after.Pages - before.Pages, Bytes: after.Bytes - before.Bytes}, nil
}

// written is what all checkpoints have written since the server's start.
func (r *checkpointRun) written() (w WrittenState, err error) {
	status, body, err := r.subject.ask("GET", "/metrics", nil)
	if err != nil || status != 200 {
		return w, errors.Join(err, fmt.Errorf("metrics are answered by %d", status))
	}
	if w.Pages, err = metric(body, "holdfast_engine_checkpoint_pages_total"); err == nil {
		w.Bytes, err = metric(body, "holdfast_engine_checkpoint_bytes_total")
	}
	return w, err
}

// metric finds a counter in Prometheus' text.
func metric(text []byte, name string) (int64, error) {
	for line := range bytes.Lines(text) {
		if value, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte(name+" ")); found {
			return strconv.ParseInt(string(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}

// restart kills the server behind a checkpoint of everything and starts it again.
func (r *checkpointRun) restart(ctx context.Context) error {
	if _, err := r.checkpoint(); err != nil {
		return err
	}
	data := r.subject.data
	if err := r.subject.child.kill(); err != nil {
		return err
	}
	r.subject.api.close()
	begin := time.Now()
	next, err := openSubject(ctx, &r.config, data)
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	r.subject = next
	f := &r.result.Figures
	f.RestartSeconds, f.RestartOrders = time.Since(begin).Seconds(), int64(r.book.acks.len())
	r.say("ready again after %.2f s with %s orders", f.RestartSeconds, grouped(float64(f.RestartOrders)))
	return nil
}

func (r *checkpointRun) verifyAll(ctx context.Context) error {
	err := r.verify(ctx)
	r.result.Verification = r.report.Verification
	return err
}

// compare compares the turns of each round.
func (f *CheckpointFigures) compare(turns []CheckpointTurn) {
	var tails, rates []float64
	for i := 0; i+1 < len(turns); i += 2 {
		without, with := &turns[i], &turns[i+1]
		if without.Mode == Binary {
			rates = append(rates, with.OrdersPerS/without.OrdersPerS)
			continue
		}
		tails = append(tails, float64(with.Latency.P99)/float64(max(1, without.Latency.P99)))
		f.SilenceWithout = max(f.SilenceWithout, without.Silence)
		f.SilenceWith = max(f.SilenceWith, with.Silence)
	}
	f.P99Ratio, f.ThroughputRatio = median(tails), median(rates)
}

// String tells what a checkpoint wrote.
func (w *WrittenState) String() string {
	return fmt.Sprintf("%s pages and %s in %.2f s", grouped(float64(w.Pages)), bytesText(w.Bytes), w.Seconds)
}

// String tells a turn in one line.
func (t *CheckpointTurn) String() string {
	beside := "no checkpoint"
	if t.Written != nil {
		beside = "a checkpoint of " + t.Written.String()
	}
	return fmt.Sprintf("%s, round %d, %s: %.1f s, %s orders/s, p50 %s, p99 %s, max %s, longest silence %s", t.Mode, t.Round, beside, t.Seconds,
		grouped(t.OrdersPerS), micros(t.Latency.P50), micros(t.Latency.P99), micros(t.Latency.Max), micros(t.Silence))
}

// WriteText writes the report for a terminal.
func (r *CheckpointReport) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &textReport{w: t}
	p.line("holdfast bench checkpoint: %s orders, %d rounds, %d connections, seed %d", grouped(float64(r.Config.Orders)), r.Config.Rounds,
		r.Config.Connections, r.Config.Seed)
	p.row("machine", "%d × %s, %s, %s", r.Machine.Cores, r.Machine.Processor, r.Machine.System, r.Machine.Go)
	p.row("first checkpoint", "%v", r.First)
	for i := range r.Turns {
		p.row("turn", "%v", &r.Turns[i])
	}
	f := &r.Figures
	p.line("")
	p.line("  what\tmeasured\taim")
	p.line("  p99 of single orders at %s/s while a checkpoint is written\t%.2f × without\t≤ 1.5 ×", grouped(r.Rate), f.P99Ratio)
	p.line("  longest time without any answer\t%s, %s without\t10 ms caused by it", micros(f.SilenceWith), micros(f.SilenceWithout))
	p.line("  throughput of binary batches while one is written\t%.2f × without\t≥ 0.85 ×", f.ThroughputRatio)
	p.line("  restart with %s orders, files cached\t%.2f s to ready\t≤ 5 s with 10,000,000", grouped(float64(f.RestartOrders)), f.RestartSeconds)
	p.line("")
	p.verification(r.Verification)
	if p.err != nil {
		return p.err
	}
	return t.Flush()
}

// String is the report for a terminal.
func (r *CheckpointReport) String() string {
	var b strings.Builder
	_ = r.WriteText(&b) // a builder takes everything
	return b.String()
}
