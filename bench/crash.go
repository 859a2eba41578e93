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

// CrashReport is what a crash loop found out.
type CrashReport struct {
	Config Config       `json:"config"`
	Rounds []CrashRound `json:"rounds"`
	OK     bool         `json:"ok"`
}

// CrashRound is one kill of the server, in the middle of load, and what was there after its restart.
type CrashRound struct {
	LoadSeconds     float64 `json:"load_s"`
	Acknowledged    int64   `json:"acknowledged"`    // in this round, before the kill
	Unanswered      int64   `json:"unanswered"`      // in flight when the server died
	Total           int64   `json:"total"`           // acknowledged in all rounds
	RecoverySeconds float64 `json:"recovery_s"`      // from the start of the process until it is ready
	ResentReplayed  int64   `json:"resent_replayed"` // unanswered orders that the server had
	ResentPlaced    int64   `json:"resent_placed"`   // unanswered orders that it had not
	ResentRefused   int64   `json:"resent_refused"`  // unanswered orders that it refused
	Repeated        int64   `json:"repeated"`        // acknowledged orders that were sent again, all of which must be replayed

	Verification *Verification `json:"verification"`
}

// repeatSample is how many of the last acknowledged orders are sent again after each restart.
const repeatSample = 2_000

// CrashLoop loads an own server and kills it in mid-load at a random instant; restarts it on the same
// directory; sends what had no answer again, under the same keys, twice; and verifies that every
// acknowledged order is there and none is there twice. It does so for the given number of rounds on one
// directory. Config.Duration is the mean time until the kill, two seconds when it is zero;
// Orders, Rate, Warmup and Compare are not used, and every order has an idempotency key.
//
// A report comes with ErrVerification when a check failed.
func CrashLoop(ctx context.Context, c Config, rounds int) (*CrashReport, error) {
	c = c.forCrash()
	if err := c.ValidateCrash(rounds); err != nil {
		return nil, err
	}
	c = c.effective()
	ws, err := newWorkspace(&c)
	if err != nil {
		return nil, err
	}
	data, err := ws.dir("holdfast")
	if err != nil {
		return nil, errors.Join(err, ws.remove())
	}
	l := &crashLoop{
		trial:  &trial{config: c, work: newWorkload(c.spec()), book: &book{}, space: ws, report: &Report{}},
		random: rand.New(rand.NewPCG(c.Seed, 1)), data: data, report: &CrashReport{Config: c},
	}
	err = l.run(ctx, rounds)
	err = errors.Join(err, l.subject.close(), l.book.ledger.close(), ws.remove())
	l.report.OK = err == nil
	return l.report, err
}

// forCrash sets what a crash loop does not leave open.
func (c Config) forCrash() Config {
	setDefault(&c.Duration, 2*time.Second)
	c.Keys, c.Compare, c.Orders, c.Rate = On, false, 0, 0
	return c
}

// ValidateCrash reports everything that is wrong with the configuration of a crash loop, joined into
// one error.
func (c Config) ValidateCrash(rounds int) error {
	errs := []error{c.forCrash().Validate()}
	if rounds < 1 || rounds > 10_000 {
		errs = append(errs, fmt.Errorf("crash: %d rounds are not within 1 to 10,000", rounds))
	}
	if c.URL != "" {
		errs = append(errs, errors.New("crash: only an own server is killed, not one at a URL"))
	}
	if c.Scenario == Mixed {
		errs = append(errs, errors.New("crash: the mixed scenario reads what a crash may have taken; use zipf"))
	}
	if c.Scenario == Lifecycle {
		errs = append(errs, errors.New("crash: a lifecycle cannot go on where a kill has cut it off; its own verification kills the server once"))
	}
	if c.Scenario == Endless {
		errs = append(errs, errors.New("crash: the endless scenario forgets most of its orders; use zipf"))
	}
	return errors.Join(errs...)
}

// crashLoop is a trial whose server dies again and again.
type crashLoop struct {
	*trial
	random *rand.Rand
	data   string
	report *CrashReport
}

func (l *crashLoop) run(ctx context.Context, rounds int) (err error) {
	if l.config.Ledger != "" {
		if l.book.ledger, err = createLedger(l.config.Ledger, l.work.spec); err != nil {
			return err
		}
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	l.source.allow(0)
	for number := range rounds {
		l.report.Rounds = append(l.report.Rounds, CrashRound{})
		r := &l.report.Rounds[number]
		if err := l.round(ctx, r); err != nil {
			return fmt.Errorf("crash %d: %w", number+1, err)
		}
		l.say("crash %d/%d: %s", number+1, rounds, r)
	}
	return nil
}

// round kills the server once and looks at what the next one has.
func (l *crashLoop) round(ctx context.Context, r *CrashRound) error {
	if err := l.loadAndKill(ctx, r); err != nil {
		return err
	}
	begin := time.Now()
	subject, err := openSubject(ctx, &l.config, l.data)
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	l.subject = subject
	r.RecoverySeconds = time.Since(begin).Seconds()
	if err := l.sendAgain(ctx, r); err != nil {
		return err
	}
	v := &verifier{api: l.subject.api, work: l.work, book: l.book, catalogue: l.catalogue, exact: true}
	if l.config.Scenario == Holds {
		time.Sleep(l.config.HoldTTL + time.Second)
	}
	if r.Verification, err = v.run(ctx); err != nil {
		return err
	}
	if !r.Verification.OK {
		return fmt.Errorf("%w: %s", ErrVerification, r)
	}
	return nil
}

// loadAndKill loads the server and ends it at an instant that nothing announces.
func (l *crashLoop) loadAndKill(ctx context.Context, r *CrashRound) error {
	before := l.book.acks.len()
	load := l.subjectLoad()
	load.mortal, load.recorder = true, newRecorder()
	done := make(chan error, 1)
	go func() { done <- load.run(ctx) }()

	begin := time.Now()
	mean := l.config.Duration
	select {
	case <-time.After(mean/2 + time.Duration(l.random.Int64N(int64(mean)))):
	case <-ctx.Done():
	}
	err := l.subject.child.kill()
	r.LoadSeconds = time.Since(begin).Seconds()
	err = errors.Join(err, <-done)
	r.Total = int64(l.book.acks.len())
	r.Acknowledged = r.Total - int64(before)
	return err
}

// sendAgain sends what had no answer once more, as a client would, and then again: the first time the
// server may say either, the second time it must say the same. Then it sends the last acknowledged
// orders again, which must all be answered as before.
func (l *crashLoop) sendAgain(ctx context.Context, r *CrashRound) error {
	unknown := l.book.takeUnknown()
	r.Unanswered = int64(len(unknown))
	acknowledged := l.lastAcknowledged()
	first, err := l.resend(ctx, unknown)
	if err != nil {
		return err
	}
	r.ResentPlaced, r.ResentReplayed, r.ResentRefused = first.Placed, first.Replayed, first.Refusals()
	second, err := l.resend(ctx, unknown)
	if err != nil {
		return err
	}
	third, err := l.resend(ctx, acknowledged)
	if err != nil {
		return err
	}
	r.Repeated = third.Replayed
	r.Total = int64(l.book.acks.len())
	switch {
	case second.Placed > 0:
		return fmt.Errorf("%w: %d orders that had an answer were placed again under the same key", ErrVerification, second.Placed)
	case third.Placed > 0 || third.Refusals() > 0:
		return fmt.Errorf("%w: of the last acknowledged orders, %d were placed again under the same key and %d refused",
			ErrVerification, third.Placed, third.Refusals())
	}
	return nil
}

// lastAcknowledged gives the ordinals of the last orders that were acknowledged.
func (l *crashLoop) lastAcknowledged() []uint64 {
	skip := l.book.acks.len() - repeatSample
	var ordinals []uint64
	for ordinal := range l.book.acks.all() {
		if skip--; skip < 0 {
			ordinals = append(ordinals, ordinal)
		}
	}
	return ordinals
}

// resend drives the given ordinals through the server and gives what it answered.
func (l *crashLoop) resend(ctx context.Context, ordinals []uint64) (*Counts, error) {
	load := l.subjectLoad()
	from := &list{left: ordinals}
	load.script = func(connection int) script { return l.script(connection, from) }
	load.recorder = newRecorder()
	if err := load.run(ctx); err != nil {
		return nil, fmt.Errorf("sending again: %w", err)
	}
	s := newSpan()
	load.recorder.collect(s)
	if s.counts.Errors > 0 {
		return nil, fmt.Errorf("sending again: %d errors, the first: %w", s.counts.Errors, load.sample)
	}
	return &s.counts, nil
}

// String tells a round in one line.
func (r *CrashRound) String() string {
	text := fmt.Sprintf("killed after %.2f s and %s orders (%s in all), %d unanswered (%d were there, %d were not, %d refused), ready again after %.2f s",
		r.LoadSeconds, grouped(float64(r.Acknowledged)), grouped(float64(r.Total)), r.Unanswered, r.ResentReplayed, r.ResentPlaced,
		r.ResentRefused, r.RecoverySeconds)
	if r.Verification == nil {
		return text
	}
	for _, c := range r.Verification.Checks {
		if !c.OK {
			text += fmt.Sprintf("; WRONG, %s: %s", c.Name, c.Detail)
		}
	}
	if r.Verification.OK {
		text += "; verified"
	}
	return text
}

// WriteText writes the report for a terminal.
func (r *CrashReport) WriteText(w io.Writer) error {
	p := &textReport{w: w}
	for i := range r.Rounds {
		p.line("crash %d: %s", i+1, &r.Rounds[i])
	}
	if r.OK {
		p.line("%d crashes: nothing acknowledged was lost, nothing was doubled", len(r.Rounds))
	} else {
		p.line("FAILED at crash %d", len(r.Rounds))
	}
	return p.err
}

// String is the report for a terminal.
func (r *CrashReport) String() string {
	var b strings.Builder
	_ = r.WriteText(&b) // a builder takes everything
	return b.String()
}
