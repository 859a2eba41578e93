package replica

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// Options say how to follow. Engine and Source are needed; the zero value of everything else works.
type Options struct {
	// Engine is open, and Following.
	Engine *engine.Engine
	Source Source
	// Reader is the name under which the replica registers at its source, if that is a Registry, so that the journal is kept until
	// the replica has it; "" for no registration. Two replicas need two names.
	Reader string
	// MinBackoff and MaxBackoff bound the time between two attempts to connect, which doubles with each in vain;
	// 0 means 100 ms and 5 s. Half of it is left to chance.
	MinBackoff, MaxBackoff time.Duration
	// Silence is how long a source may say nothing before it counts as gone; 0 means 45 s, three of a server's heartbeats.
	Silence time.Duration
	// Random gives numbers from 0 up to 1 for the backoff; nil is a generator of this process.
	Random func() float64
	// Log is told of connections that come and go, and of divergence; nil is slog.Default().
	Log *slog.Logger
}

// Validate reports everything that is wrong with the options.
func (o *Options) Validate() error {
	var problems []error
	if o.Engine == nil {
		problems = append(problems, errors.New("replica: an Engine is needed"))
	}
	if o.Source == nil {
		problems = append(problems, errors.New("replica: a Source is needed"))
	}
	if o.MinBackoff < 0 || o.MaxBackoff < 0 || o.Silence < 0 {
		problems = append(problems, errors.New("replica: MinBackoff, MaxBackoff and Silence must not be below 0"))
	}
	return errors.Join(problems...)
}

// Follower keeps an engine behind its source.
type Follower struct {
	options Options
	engine  *engine.Engine
	digests digests

	registry     Registry // nil when nobody is to be told
	registration registration

	running context.Context // of the Run under way
	beside  sync.WaitGroup  // goroutines of that

	mu        sync.Mutex
	status    Status
	caughtUp  time.Time // when the replica last held all that the source had released, or when it began
	cancel    context.CancelCauseFunc
	ended     chan struct{} // closed when the Run under way has ended; nil while none is
	announced time.Time     // of the last connection
}

// Status says how a replica stands to its source.
type Status struct {
	Connected       bool
	Since           time.Time     // of the connection, or of its end; zero when there was none
	Sequence        core.Sequence // the replica's own
	PrimarySequence core.Sequence // the highest that the source was heard to have released
	PrimaryEpoch    uint64        // as the source said
	LagSequences    uint64
	Lag             time.Duration // how long ago the replica held all that the source had released; 0 while it does
	CaughtUp        bool          // it has held all of that at least once since the start
	Reconnects      uint64        // connections after the first
	Compared        core.Sequence // the newest checkpoint whose digests were found equal
	LastError       error         // of the last connection, nil while there is none
	Diverged        *engine.DivergedError
}

// New makes a follower, which does nothing before Run.
func New(o Options) (*Follower, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	fill(&o.MinBackoff, 100*time.Millisecond)
	fill(&o.MaxBackoff, 5*time.Second)
	fill(&o.Silence, 45*time.Second)
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	f := &Follower{options: o, engine: o.Engine, caughtUp: time.Now()}
	if o.Reader != "" {
		f.registry, _ = o.Source.(Registry)
	}
	return f, nil
}

func fill(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}

// errPromoted ends Run when the engine has become a primary.
var errPromoted = errors.New("replica: promoted")

// Run follows until ctx ends or the engine is promoted, and then returns nil. A *RefusedError says that the first source
// will never do, a *engine.DivergedError that replica and primary do not agree; errors of the engine end it, too. It is called once
// at a time.
func (f *Follower) Run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	defer close(ended)
	defer func() {
		cancel(nil)
		f.beside.Wait()
		if diverged := f.Status().Diverged; diverged != nil { // perhaps found out when it was to end already
			err = diverged
		}
	}()
	f.mu.Lock()
	f.cancel, f.ended, f.running = cancel, ended, ctx
	f.mu.Unlock()
	followed := false
	for backoff := f.options.MinBackoff; ; {
		heard, err := f.follow(ctx)
		if ctx.Err() != nil {
			err = nil // it was to end
		}
		f.disconnected(err)
		followed = followed || heard
		if heard {
			backoff = f.options.MinBackoff
		}
		if end, err := f.isEnd(ctx, err, followed); end {
			return err
		}
		wait := time.Duration(float64(backoff) * (0.5 + 0.5*f.options.Random()))
		backoff = min(2*backoff, f.options.MaxBackoff)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// isEnd tells whether following ends with the end of a connection, and what Run returns then.
func (f *Follower) isEnd(ctx context.Context, err error, followed bool) (bool, error) {
	var refused *RefusedError
	switch {
	case ctx.Err() != nil, !f.engine.Following(), errors.Is(f.engine.Err(), engine.ErrClosed):
		return true, nil
	case f.engine.Err() != nil: // the replica's own; err might be that of a source in the same process
		return true, f.engine.Err()
	case errors.As(err, &refused) && !followed:
		return true, refused
	}
	return false, nil
}

// Promote ends following and makes the engine a primary, with the epoch and the last sequence before it. A replica
// that has diverged is not promoted; engine.ErrPrimary says that the engine is a primary already.
func (f *Follower) Promote() (epoch uint64, last core.Sequence, err error) {
	if diverged := f.Status().Diverged; diverged != nil {
		return 0, 0, diverged
	}
	f.mu.Lock()
	cancel, ended := f.cancel, f.ended
	f.mu.Unlock()
	if cancel != nil {
		cancel(errPromoted)
		<-ended
	}
	if diverged := f.Status().Diverged; diverged != nil { // found out meanwhile
		return 0, 0, diverged
	}
	if epoch, last, err = f.engine.Promote(); err == nil {
		go f.drop() // nobody waits for a primary that is gone
	}
	return epoch, last, err
}

// Status tells how things are now.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.status
	s.Sequence = f.engine.Sequence()
	s.PrimarySequence = max(s.PrimarySequence, s.Sequence)
	s.LagSequences = uint64(s.PrimarySequence - s.Sequence)
	if !s.Connected || s.LagSequences > 0 {
		s.Lag = time.Since(f.caughtUp)
	}
	return s
}

// connected notes that a source was met.
func (f *Follower) connected() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.announced.IsZero() {
		f.status.Reconnects++
	}
	f.announced = time.Now()
	f.status.Connected, f.status.Since, f.status.LastError = true, f.announced, nil
}

// disconnected notes that it is gone.
func (f *Follower) disconnected(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.status.Connected {
		f.noteCaughtUp()
		f.status.Connected, f.status.Since = false, time.Now()
	}
	if err != nil && (f.status.LastError == nil || f.status.LastError.Error() != err.Error()) {
		f.options.Log.Warn("not connected to the primary", "error", err)
	}
	f.status.LastError = err
}

// heard notes what the source has released, and its epoch.
func (f *Follower) heard(released core.Sequence, epoch uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.PrimarySequence = released
	if epoch != 0 {
		f.status.PrimaryEpoch = epoch
	}
	f.noteCaughtUp()
}

// applied notes that something was applied.
func (f *Follower) applied() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noteCaughtUp()
}

func (f *Follower) noteCaughtUp() {
	if f.status.Connected && f.engine.Sequence() >= f.status.PrimarySequence {
		f.caughtUp, f.status.CaughtUp = time.Now(), true
	}
}
