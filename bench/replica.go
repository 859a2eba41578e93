package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"holdfast/server/client"
)

// ReplicaPlan says how often the servers of a replica run are killed.
type ReplicaPlan struct {
	PrimaryKills int `json:"primary_kills"` // and started again on the same directory
	ReplicaKills int `json:"replica_kills"`
}

// ReplicaReport is what a run with a replica found out.
type ReplicaReport struct {
	Config       Config      `json:"config"`
	Plan         ReplicaPlan `json:"plan"`
	Orders       int64       `json:"orders"`            // acknowledged in all
	Rate         float64     `json:"orders_per_second"` // while the load ran
	LagSequences uint64      `json:"lag_sequences"`     // the largest that was seen while both were up
	LagSeconds   float64     `json:"lag_seconds"`       // likewise
	Samples      int         `json:"lag_samples"`
	CatchUps     []float64   `json:"catch_up_seconds"` // from the start of a killed replica until it was ready
	Digest       string      `json:"digest"`           // that both had in the end
	Sequence     uint64      `json:"sequence"`         // of that
	Compared     uint64      `json:"compared"`         // the newest checkpoint at which the servers themselves compared
	Reported     uint64      `json:"reported"`         // the replica's position when its primary was killed for good
	Promoted     uint64      `json:"promoted"`         // the last sequence before its epoch
	Behind       int64       `json:"behind"`           // acknowledged orders that the primary had placed behind the reported position
	OK           bool        `json:"ok"`

	OnPrimary      *Verification `json:"on_primary"`
	OnReplica      *Verification `json:"on_replica"`
	AfterPromotion *Verification `json:"after_promotion"`
}

// ReplicaRun loads a primary whose journal a replica follows; kills either of them in mid-load, as often as the plan says, and
// starts it again; and then compares both: digests, audits, and that every acknowledged order is there once. At last it
// kills the primary once more under load, promotes the replica, and verifies that every order that was acknowledged up to the
// position that the replica had reported is there. Config.Duration is that of the load, a minute when it is zero;
// every order has an idempotency key.
//
// A report comes with ErrVerification when a check failed.
func ReplicaRun(ctx context.Context, c Config, plan ReplicaPlan) (*ReplicaReport, error) {
	setDefault(&c.Duration, time.Minute)
	c = c.forCrash()
	if err := c.ValidateReplica(plan); err != nil {
		return nil, err
	}
	c = c.effective()
	ws, err := newWorkspace(&c)
	if err != nil {
		return nil, err
	}
	r := &replicaRun{plan: plan, report: &ReplicaReport{Config: c, Plan: plan}}
	r.crashLoop = &crashLoop{
		trial:  &trial{config: c, work: newWorkload(c.spec()), book: &book{}, space: ws, report: &Report{}},
		random: rand.New(rand.NewPCG(c.Seed, 2)),
	}
	err = r.run(ctx)
	err = errors.Join(err, r.subject.close(), r.replica.close(), r.book.ledger.close(), ws.remove())
	r.report.OK = err == nil
	return r.report, err
}

// ValidateReplica reports everything that is wrong with the configuration of a run with a replica, joined into one error.
func (c Config) ValidateReplica(plan ReplicaPlan) error {
	problems := []error{c.ValidateCrash(1)}
	if plan.PrimaryKills < 0 || plan.ReplicaKills < 0 || plan.PrimaryKills+plan.ReplicaKills > 1000 {
		problems = append(problems, fmt.Errorf("replica: %d and %d kills are not within 0 to 1000", plan.PrimaryKills, plan.ReplicaKills))
	}
	if c.Scenario == Holds || c.Scenario == Endless || c.Scenario == Lifecycle {
		problems = append(problems, fmt.Errorf("replica: not with %s; use zipf, hot, basket or soldout", c.Scenario))
	}
	return errors.Join(problems...)
}

// replicaRun is a crash loop with a second server.
type replicaRun struct {
	*crashLoop
	plan    ReplicaPlan
	replica *subject
	copied  string // the replica's directory
	report  *ReplicaReport
	loaded  time.Duration
}

func (r *replicaRun) run(ctx context.Context) (err error) {
	if r.config.Ledger != "" {
		if r.book.ledger, err = createLedger(r.config.Ledger, r.work.spec); err != nil {
			return err
		}
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if r.copied, err = r.space.dir("replica"); err != nil {
		return err
	}
	if err := r.startReplica(ctx); err != nil {
		return err
	}
	r.source.allow(0)
	if err := r.loadAndHarm(ctx); err != nil {
		return err
	}
	r.report.Orders = int64(r.book.acks.len())
	r.report.Rate = float64(r.report.Orders) / r.loaded.Seconds()
	if err := r.compare(ctx); err != nil {
		return err
	}
	return r.promote(ctx)
}

// startReplica starts the replica and waits until it has caught up.
func (r *replicaRun) startReplica(ctx context.Context) (err error) {
	c := r.config
	c.ServerArgs = append(append([]string(nil), c.ServerArgs...), "--follow", "http://"+r.subject.address())
	r.replica, err = startSubject(ctx, &c, r.copied, "127.0.0.1:0")
	return err
}

// loadAndHarm loads the primary and kills one server after the other, at equal distances and in random order.
func (r *replicaRun) loadAndHarm(ctx context.Context) error {
	kills := make([]bool, r.plan.PrimaryKills+r.plan.ReplicaKills) // true for the primary
	for i := range r.plan.PrimaryKills {
		kills[i] = true
	}
	r.random.Shuffle(len(kills), func(i, j int) { kills[i], kills[j] = kills[j], kills[i] })
	part := r.config.Duration / time.Duration(len(kills)+1)
	l := r.begin(ctx)
	for i, primary := range append(kills, false) {
		if err := r.watch(ctx, part); err != nil {
			return errors.Join(err, l.end())
		}
		var err error
		switch {
		case i == len(kills):
			return l.end()
		case primary:
			r.say("kill %d: the primary, after %s orders", i+1, grouped(float64(r.book.acks.len())))
			if err = r.killPrimary(ctx, l); err == nil {
				l = r.begin(ctx)
			}
		default:
			r.say("kill %d: the replica, after %s orders", i+1, grouped(float64(r.book.acks.len())))
			if err = r.killReplica(ctx); err != nil {
				err = errors.Join(err, l.end())
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// running is a load that has begun.
type running struct {
	run   *replicaRun
	load  *load
	since time.Time
	done  chan error
}

func (r *replicaRun) begin(ctx context.Context) *running {
	l := &running{run: r, load: r.subjectLoad(), since: time.Now(), done: make(chan error, 1)}
	l.load.mortal, l.load.recorder = true, newRecorder()
	go func() { l.done <- l.load.run(ctx) }()
	return l
}

// end lets the requests in flight finish.
func (l *running) end() error {
	l.load.stop()
	err := <-l.done
	l.run.loaded += time.Since(l.since)
	return err
}

// watch looks at the lag while the load runs.
func (r *replicaRun) watch(ctx context.Context, length time.Duration) error {
	end := time.NewTimer(length)
	defer end.Stop()
	for {
		select {
		case <-end.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(length/4, time.Second)):
		}
		s, err := r.standing()
		if err != nil {
			return err
		}
		if s.Diverged != "" {
			return fmt.Errorf("%w: %s", ErrVerification, s.Diverged)
		}
		if s.Connected {
			r.report.Samples++
			r.report.LagSequences = max(r.report.LagSequences, s.LagSequences)
			r.report.LagSeconds = max(r.report.LagSeconds, s.LagSeconds)
		}
	}
}

// standing is how the replica says that it stands to the primary.
func (r *replicaRun) standing() (s client.Replication, err error) {
	err = r.replica.call("GET", "/v1/replication", nil, &s)
	return s, err
}

// killPrimary kills the primary under load and starts it again where it was; clients send again what had no answer.
func (r *replicaRun) killPrimary(ctx context.Context, l *running) error {
	address := r.subject.address()
	if err := errors.Join(r.subject.child.kill(), l.end()); err != nil {
		return err
	}
	data := r.subject.data
	var err error
	if r.subject, err = startSubject(ctx, &r.config, data, address); err != nil {
		return fmt.Errorf("restart of the primary: %w", err)
	}
	return r.sendAgain(ctx, &CrashRound{})
}

// killReplica kills the replica while the load goes on, and starts it again.
func (r *replicaRun) killReplica(ctx context.Context) error {
	if err := r.replica.child.kill(); err != nil {
		return err
	}
	begin := time.Now()
	if err := r.startReplica(ctx); err != nil {
		return fmt.Errorf("restart of the replica: %w", err)
	}
	r.report.CatchUps = append(r.report.CatchUps, time.Since(begin).Seconds())
	return nil
}

// compare waits until the replica has everything, and compares.
func (r *replicaRun) compare(ctx context.Context) error {
	r.say("comparing both after %s orders", grouped(float64(r.book.acks.len())))
	var checkpoint struct{ Sequence uint64 }
	if err := r.subject.call("POST", "/v1/checkpoint", []byte("{}"), &checkpoint); err != nil {
		return err
	}
	s, err := r.await(ctx, "the digests of a checkpoint are compared", func(s client.Replication) bool { return s.Compared == checkpoint.Sequence })
	if err != nil {
		return err
	}
	r.report.Compared = s.Compared
	var primary, replica client.Digest
	if err := r.subject.call("GET", "/v1/digest", nil, &primary); err != nil {
		return err
	}
	if err := r.replica.call("GET", fmt.Sprintf("/v1/digest?at_least=%d", primary.Sequence), nil, &replica); err != nil {
		return err
	}
	r.report.Digest, r.report.Sequence = primary.Digest, primary.Sequence
	if primary != replica {
		return fmt.Errorf("%w: the primary has %+v, the replica %+v", ErrVerification, primary, replica)
	}
	if r.report.OnPrimary, err = r.verifyOn(ctx, r.subject, r.book, nil); err != nil {
		return err
	}
	r.report.OnReplica, err = r.verifyOn(ctx, r.replica, r.book, nil)
	return err
}

// await waits until the replica stands as it should.
func (r *replicaRun) await(ctx context.Context, what string, holds func(client.Replication) bool) (s client.Replication, err error) {
	for deadline := time.Now().Add(startTimeout); ; {
		if s, err = r.standing(); err != nil || holds(s) {
			return s, err
		}
		if s.Diverged != "" {
			return s, fmt.Errorf("%w: %s", ErrVerification, s.Diverged)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return s, ctx.Err()
		}
		if time.Now().After(deadline) {
			return s, fmt.Errorf("waited in vain until %s: %+v", what, s)
		}
	}
}

// verifyOn verifies a server against a book.
func (r *replicaRun) verifyOn(ctx context.Context, s *subject, b *book, unknown []uint64) (*Verification, error) {
	v := &verifier{api: s.api, work: r.work, book: b, catalogue: r.catalogue, exact: true, unknown: unknown}
	result, err := v.run(ctx)
	if err == nil && !result.OK {
		err = fmt.Errorf("%w: %v", ErrVerification, result.Checks)
	}
	return result, err
}

// promote kills the primary for good under load, promotes the replica, and verifies what it has. What the primary had placed
// behind the position that the replica reports is known from the primary's own events.
func (r *replicaRun) promote(ctx context.Context) error {
	l := r.begin(ctx)
	if err := r.watch(ctx, 3*time.Second); err != nil {
		return errors.Join(err, l.end())
	}
	if err := errors.Join(r.subject.child.kill(), l.end()); err != nil {
		return err
	}
	s, err := r.await(ctx, "the replica notices that its primary is gone", func(s client.Replication) bool { return !s.Connected })
	if err != nil {
		return err
	}
	var promoted client.Promotion
	if err := r.replica.call("POST", "/v1/promote", []byte("{}"), &promoted); err != nil {
		return err
	}
	r.report.Reported, r.report.Promoted = s.Sequence, promoted.Sequence
	if promoted.Sequence < s.Sequence {
		return fmt.Errorf("%w: the replica reported sequence %d and was promoted at %d", ErrVerification, s.Sequence, promoted.Sequence)
	}
	behind, err := r.placedBehind(ctx, promoted.Sequence)
	if err != nil {
		return err
	}
	known, unknown := &book{}, r.book.takeUnknown()
	for ordinal, number := range r.book.acks.all() {
		if behind[string(appendOrderID(nil, number))] {
			r.report.Behind++
			unknown = append(unknown, ordinal)
			continue
		}
		known.acks.set(ordinal, number)
	}
	if r.report.AfterPromotion, err = r.verifyOn(ctx, r.replica, known, unknown); err != nil {
		return err
	}
	r.say("promoted at sequence %d: everything that was acknowledged up to there is there", promoted.Sequence)
	return nil
}

// placedBehind starts the old primary alone and gives the ids of the orders that it has placed behind a sequence.
func (r *replicaRun) placedBehind(ctx context.Context, sequence uint64) (ids map[string]bool, err error) {
	if r.subject, err = startSubject(ctx, &r.config, r.subject.data, "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("restart of the old primary: %w", err)
	}
	var last client.Digest
	if err := r.subject.call("GET", "/v1/digest", nil, &last); err != nil {
		return nil, err
	}
	ids = map[string]bool{}
	if last.Sequence <= sequence {
		return ids, nil
	}
	c := client.New("http://" + r.subject.address())
	defer c.Close()
	_, err = c.Events(ctx, sequence, func(event []byte) error {
		var e struct {
			Sequence uint64
			Order    struct{ ID string }
		}
		if err := json.Unmarshal(event, &e); err != nil {
			return err
		}
		ids[e.Order.ID] = true
		if e.Sequence >= last.Sequence {
			return io.EOF
		}
		return nil
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return ids, err
}

// WriteText writes the report for a terminal.
func (r *ReplicaReport) WriteText(w io.Writer) error {
	p := &textReport{w: w}
	p.line("%s orders at %s a second; %d kills of the primary, %d of the replica", grouped(float64(r.Orders)), grouped(r.Rate),
		r.Plan.PrimaryKills, r.Plan.ReplicaKills)
	p.line("lag at most %s sequences and %.3f s in %d looks; a killed replica was back and had caught up after %.1f s",
		grouped(float64(r.LagSequences)), r.LagSeconds, r.Samples, r.CatchUps)
	p.line("at sequence %d both had the digest %s, and had compared theirs at checkpoint %d", r.Sequence, r.Digest, r.Compared)
	p.line("promoted at %d, having reported %d; %s acknowledged orders were placed behind that", r.Promoted, r.Reported, grouped(float64(r.Behind)))
	if r.OK {
		p.line("verified: every order acknowledged up to the promotion is there once, and the audits are clean")
	} else {
		p.line("FAILED")
	}
	return p.err
}
