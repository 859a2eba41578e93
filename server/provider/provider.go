package provider

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// Name is the provider whose tasks are carried out, and readerName the name under which it registers as a reader of the feed.
const (
	Name       = "test"
	readerName = "holdfast:provider"
)

const (
	// retry is how long it waits after an error that may pass.
	retry = time.Second
	// idle is how long it waits at most before it looks again.
	idle = time.Minute
)

// Options say how the provider behaves. The zero value works.
type Options struct {
	// Delay is the while after which a report comes late; 0 for two seconds.
	Delay time.Duration
	// Log is told of what fails; nil is slog.Default().
	Log *slog.Logger
}

// Provider carries out tasks.
type Provider struct {
	engine  *engine.Engine
	log     *slog.Logger
	delay   time.Duration
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once

	// of the reader's goroutine
	cursor  core.Sequence
	waiting []waiting
}

// waiting is a report that comes later.
type waiting struct {
	at       time.Time
	sequence core.Sequence // of the task's event
	command  core.Command
}

// Open begins to carry out tasks of an engine, where it stopped before.
func Open(e *engine.Engine, o Options) *Provider {
	p := &Provider{engine: e, log: o.Log, delay: o.Delay, stop: make(chan struct{}), stopped: make(chan struct{})}
	if p.log == nil {
		p.log = slog.Default()
	}
	if p.delay == 0 {
		p.delay = 2 * time.Second
	}
	p.cursor = e.Feed().Oldest()
	if reader, ok := e.Reader(readerName); ok {
		p.cursor = max(p.cursor, reader.Position)
	}
	if p.cursor > 0 && p.cursor == e.Feed().Oldest() {
		p.cursor-- // the oldest is to be read, too
	}
	go p.run()
	return p
}

// Close stops it. It is to be called before the engine's Close.
func (p *Provider) Close() {
	p.closing.Do(func() { close(p.stop) })
	<-p.stopped
}

func (p *Provider) run() {
	defer close(p.stopped)
	for {
		err := p.work()
		switch {
		case errors.Is(err, engine.ErrClosed), errors.Is(err, feed.ErrClosed), errors.Is(err, engine.ErrJournal), errors.Is(err, errStopped):
			return
		case errors.Is(err, wal.ErrCut):
			p.cursor = p.engine.Feed().Oldest()
		case !errors.Is(err, engine.ErrNotPrimary):
			p.log.Error("the test provider does not come further, and tries again", "error", err)
		}
		if p.sleep(nil, retry) != nil {
			return
		}
	}
}

var errStopped = errors.New("stopped")

// work reads the feed, and reports what is due, until something goes wrong.
func (p *Provider) work() error {
	reader := p.engine.Feed().Read(p.cursor)
	var event core.Event
	for {
		if err := p.reportDue(); err != nil {
			return err
		}
		changed := p.engine.Changed()
		encoded, h, last, err := reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			p.register()
			if err := p.sleep(changed, p.untilNext()); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		_, err = codec.DecodeEvent(encoded, &event)
		invariant.Check(err == nil, "the engine's events are codec's")
		p.take(&event)
		if last {
			p.cursor = h.Sequence
		}
	}
}

// register says how far it is: what has been reported need not be read again.
func (p *Provider) register() {
	position := p.cursor
	for i := range p.waiting {
		position = min(position, p.waiting[i].sequence-1)
	}
	if _, err := p.engine.RegisterReader(readerName, engine.ReaderOfFeed, position); err != nil {
		p.log.Warn("the test provider is not registered as a reader: it will read events again", "error", err)
	}
}

// sleep waits until something has changed, unless the provider is closed meanwhile.
func (p *Provider) sleep(changed <-chan struct{}, most time.Duration) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-p.engine.Closed():
		return errStopped
	case <-p.stop:
		return errStopped
	}
	return nil
}

func (p *Provider) untilNext() time.Duration {
	next := idle
	for i := range p.waiting {
		next = min(next, time.Until(p.waiting[i].at))
	}
	return max(0, next)
}

// take notes what will be reported of the task that an event tells of, if it is one of this provider's.
func (p *Provider) take(ev *core.Event) {
	if ev.Kind != core.EventTaskRequested && ev.Kind != core.EventPaymentRequested {
		return
	}
	task := &ev.Order.Account.Entries[ev.Payment-1]
	if string(task.Provider) != Name {
		return
	}
	for _, r := range reportsOf(task.Amount, ev.At, core.Millis(p.delay.Milliseconds())) {
		p.waiting = append(p.waiting, waiting{
			at: time.Now().Add(time.Duration(r.after) * time.Millisecond), sequence: ev.Sequence,
			command: core.Command{Kind: core.CommandReportPayment, Order: ev.Order.ID, Payment: &core.PaymentRequest{
				Type: task.Type, Status: r.status, Entry: ev.Payment, Amount: task.Amount, Currency: ev.Order.Account.Currency, At: r.at,
				Provider: []byte(Name), Reference: fmt.Appendf(nil, "%d-%d", ev.Sequence, ev.Payment), Note: []byte(r.note),
			}},
		})
	}
}

// said is what is said of a task, so long after it was asked for.
type said struct {
	status core.EntryStatus
	at     core.Millis
	after  core.Millis
	note   string
}

// reportsOf is what the amount of a task makes of it.
func reportsOf(amount int64, now, delay core.Millis) []said {
	done := said{status: core.EntrySucceeded, at: now}
	later := said{status: core.EntrySucceeded, at: now + delay, after: delay}
	switch amount % 100 {
	case 1:
		return []said{{status: core.EntryFailed, at: now, note: "declined"}}
	case 2:
		return []said{{status: core.EntryActionRequired, at: now}, later}
	case 3:
		return []said{later}
	case 4:
		return []said{done, done, done}
	case 5:
		return []said{done, {status: core.EntryRequested, at: now - 1}}
	case 6:
		return nil
	}
	return []said{done}
}

// reportDue reports what it is time for, in the order in which it was noted. What cannot be sent stays for the next time.
func (p *Provider) reportDue() error {
	for i := 0; i < len(p.waiting); {
		if time.Now().Before(p.waiting[i].at) {
			i++
			continue
		}
		if err := p.send(&p.waiting[i].command); err != nil {
			return err
		}
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	return nil
}

// send reports. A refusal is how it is: the task may have been carried out by somebody else.
func (p *Provider) send(c *core.Command) error {
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.Add(c)
	if err := p.engine.Submit(r); err != nil {
		return err
	}
	if result := &r.Results()[0]; result.Status == engine.ResultRefused {
		p.log.Info("a report of the test provider was refused", "order", uint64(p.engine.PublicOrderID(c.Order)), "payment", c.Payment.Entry, "reason", int(result.Reason))
	}
	return nil
}
