package bench

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// ErrVerification is what Run returns, beside a complete report, when a check of the verification failed.
var ErrVerification = errors.New("verification failed")

// Run measures what the configuration asks for. A report comes with an error when the measurement
// is complete and something after it went wrong: the verification, or writing a file.
func Run(ctx context.Context, c Config) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.effective()
	ws, err := newWorkspace(&c)
	if err != nil {
		return nil, err
	}
	t := &trial{config: c, work: newWorkload(c.spec()), book: &book{}, space: ws}
	t.report = &Report{Started: time.Now().UTC(), Machine: thisMachine(), Config: c, Command: os.Args}
	if c.KeepDir {
		t.report.DataDir = ws.root
	}
	err = t.run(ctx)
	if cleanup := errors.Join(t.subject.close(), t.book.ledger.close(), ws.remove()); cleanup != nil {
		err = errors.Join(err, cleanup)
	}
	if !t.measured {
		return nil, err
	}
	return t.report, errors.Join(err, t.report.save())
}

// effective fills in the defaults and, where it is asked for, a seed.
func (c Config) effective() Config {
	c = c.withDefaults()
	if c.Seed == 0 {
		var random [8]byte
		_, _ = rand.Read(random[:])                            // never fails
		c.Seed = binary.LittleEndian.Uint64(random[:])>>12 | 1 // exact in JSON, never zero
	}
	return c
}

// trial is one run.
type trial struct {
	config    Config
	work      *workload
	book      *book
	space     *workspace
	subject   *subject
	catalogue *catalogue
	source    counter    // of the subject's ordinals
	redis     *redisPeer // nil: not in the comparison
	endless   []*endlessScript
	lives     []*lifeScript
	report    *Report
	measured  bool // the report has its figures
}

// run goes through the stages in order:
// 1 probe the disk, 2 start the server and stock it, 3 load, 4 probe the disk again, 5 verify.
func (t *trial) run(ctx context.Context) (err error) {
	if t.config.Ledger != "" {
		if t.book.ledger, err = createLedger(t.config.Ledger, t.work.spec); err != nil {
			return err
		}
	}
	if t.report.DiskBefore, err = probeDisk(t.space.root); err != nil {
		return err
	}
	if t.config.Scenario == Sale {
		return t.sale(ctx)
	}
	if err := t.prepare(ctx); err != nil {
		return err
	}
	before := readUsage(t.subject.pid())
	if err := t.load(ctx); err != nil {
		return err
	}
	time.Sleep(settleMemory)
	t.report.Memory = memoryOf(before, readUsage(t.subject.pid()), t.held())
	t.measured = true
	if t.report.DiskAfter, err = probeDisk(t.space.root); err != nil {
		return err
	}
	if t.config.SkipVerify {
		return nil
	}
	return t.verify(ctx)
}

func (t *trial) prepare(ctx context.Context) error {
	data, err := t.space.dir("holdfast")
	if err != nil {
		return err
	}
	if t.subject, err = openSubject(ctx, &t.config, data); err != nil {
		return err
	}
	t.say("stocking %d SKUs with %s units each", t.config.SKUs, grouped(float64(t.config.Stock)))
	t.catalogue, err = setUp(ctx, t.subject.api, t.work)
	return err
}

// load measures the subject alone, or beside its peers.
func (t *trial) load(ctx context.Context) error {
	if t.config.Compare {
		return t.compare(ctx)
	}
	m := &meter{pid: t.subject.pid(), data: t.watchedData(), warmup: t.config.Warmup, duration: t.config.Duration, progress: t.config.Progress}
	t.source.allow(t.config.Orders)
	result, err := m.run(ctx, t.subjectLoad())
	t.report.Load = summarizeLoad(result)
	if t.config.Scenario == Lifecycle {
		t.report.Lifecycle = livesOf(result)
	}
	if t.config.Scenario == Endless {
		t.report.Endless = endlessOf(result.points)
		for _, s := range t.endless {
			t.report.Endless.Open += int64(s.open.len())
		}
	}
	return err
}

// held is how many orders the server has in its memory, 0 when the run does not know.
func (t *trial) held() int64 {
	if t.report.Endless != nil {
		return 0
	}
	return int64(t.book.acks.len())
}

// watchedData is the directory whose size counts, "" when it does not.
func (t *trial) watchedData() string {
	if t.config.Scenario != Endless {
		return ""
	}
	return t.subject.data
}

// subjectLoad is the configured load on the server.
func (t *trial) subjectLoad() *load {
	t.endless, t.lives = make([]*endlessScript, t.config.Connections), make([]*lifeScript, t.config.Connections)
	l := &load{address: t.subject.address(), connections: t.config.Connections, rate: t.config.Rate}
	l.script = func(connection int) script {
		if t.config.Scenario == Lifecycle {
			return t.lifeScript(connection, &l.over)
		}
		return t.script(connection, &t.source)
	}
	return l
}

// lifeScript is what one connection says that takes orders through their lives.
func (t *trial) lifeScript(connection int, over *atomic.Bool) script {
	s := &lifeScript{lifeForm: t.form().(lifeForm), work: t.work, source: &t.source, book: t.book, batch: t.config.Batch, over: over}
	t.lives[connection] = s
	return s
}

// script is what one connection says to the server.
func (t *trial) script(connection int, from source) script {
	if t.config.Scenario == Endless {
		room := max(2*t.config.Batch, int(t.config.Open)/t.config.Connections)
		s := &endlessScript{form: t.form(), work: t.work, source: from, batch: t.config.Batch, room: room}
		t.endless[connection] = s
		return s
	}
	orders := &orderScript{form: t.form(), work: t.work, source: from, book: t.book, batch: t.config.Batch}
	if t.config.Scenario != Mixed {
		return orders
	}
	s := &mixedScript{orders: orders, share: t.config.ReadShare}
	s.source.next.Store(uint64(connection) << 40) // each connection draws on its own
	return s
}

// form is how orders travel to the server.
func (t *trial) form() form {
	switch t.config.Mode {
	case NDJSON:
		return &ndjsonForm{work: t.work}
	case Binary:
		return &binaryForm{work: t.work, numbers: t.catalogue.numbers, channel: t.catalogue.channel}
	default:
		return &singleForm{work: t.work}
	}
}

// verify checks what the load has left on the server, once the last hold's time is over.
func (t *trial) verify(ctx context.Context) error {
	if t.config.Scenario == Holds {
		t.say("waiting %v for the last holds to expire", t.config.HoldTTL)
		select {
		case <-time.After(t.config.HoldTTL + time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	result, err := t.verification(ctx)
	if err != nil {
		return err
	}
	t.report.Verification = result
	if !result.OK {
		return ErrVerification
	}
	return nil
}

func (t *trial) verification(ctx context.Context) (*Verification, error) {
	if t.config.Scenario == Endless {
		t.say("verifying a sample of the orders, and those that are open")
		return t.verifyEndless(ctx)
	}
	if t.config.Scenario == Lifecycle {
		return t.verifyLives(ctx)
	}
	t.say("verifying %s acknowledged orders", grouped(float64(t.book.acks.len())))
	v := &verifier{
		api: t.subject.api, work: t.work, book: t.book, catalogue: t.catalogue,
		exact: t.subject.child != nil, unknown: t.book.takeUnknown(),
	}
	return v.run(ctx)
}

// say tells whoever watches what happens.
func (t *trial) say(format string, args ...any) { say(t.config.Progress, format, args...) }

func say(w io.Writer, format string, args ...any) {
	if w != nil {
		_, _ = fmt.Fprintf(w, format+"\n", args...) // progress that nobody reads is no failure
	}
}
