package engine

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/wal"
)

// Engine runs one cell. All methods may be called from any goroutine.
type Engine struct {
	options   Options
	memory    arena
	journal   *wal.Journal
	feed      *feed.Store
	machine   *core.Machine
	shards    []*shard
	keys      *keyTable
	directory *directory
	ids       *permutation // of orders
	places    *permutation // of places on waitlists
	queue     *queue
	stats     counters

	checkpoints *checkpointer
	archive     *archiver
	filler      *filler
	settler     *settler
	readers     readers
	expired     core.Sequence // recovery takes over no keys of commands up to here
	following   following

	released atomic.Uint64                 // the gate: everything up to here may be seen
	orders   [core.SlotCount]atomic.Uint32 // released orders of each slot
	failure  atomic.Pointer[error]

	// of the sequencer's goroutine
	timer        *time.Timer
	nextDeadline core.Millis
	nextServing  core.Millis
	nextUnpaid   core.Millis
	clock        clockWatch
	merged       []byte
	idleMeetings []*meeting

	waiters struct {
		sync.Mutex
		changed chan struct{} // closed at the next release; nil when nobody waits
	}
	namingChannels sync.Mutex // one channel at a time comes into being by being named, so that their bound holds

	using   sync.RWMutex  // Close takes memory and journal away when nobody reads them any more
	closed  chan struct{} // Close was called
	stopped chan struct{} // the sequencer has ended
	evicted chan struct{} // whoever forgets keys has ended
	closing sync.Once
}

// Open opens a data directory, replays its journal and starts the engine. Errors are those of Validate, wal.ErrLocked
// when another process has the directory, a *wal.DamageError that names the place when the journal does not
// hold what was written to it, and a *DivergedError when it is that of a replica which was found to differ from its primary.
func Open(o Options) (*Engine, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	e := &Engine{options: o.withDefaults(), closed: make(chan struct{}), stopped: make(chan struct{}), evicted: make(chan struct{})}
	// 1. The journal, which locks the directory.
	if e.options.Journal.Identity.Created == 0 {
		e.options.Journal.Identity.Created = e.options.Clock()
	}
	var err error
	if e.journal, err = wal.Open(o.Dir, e.options.Journal); err != nil {
		return nil, err
	}
	if err := mustAgree(e.journal); err != nil {
		return nil, errors.Join(err, e.journal.Close())
	}
	if err := e.assumeRole(); err != nil {
		return nil, errors.Join(err, e.journal.Close())
	}
	// 2. The state, empty, and what is derived from it.
	if err := e.memory.reserve(o.ReserveBytes); err != nil {
		return nil, errors.Join(err, e.memory.free(), e.journal.Close())
	}
	e.feed = feed.NewStore(e.journal)
	e.newState([2]uint64{randomSeed(), randomSeed()})
	e.openIDs()
	e.queue = newQueue(e.options.QueueCommands, e.options.QueueBytes)
	e.timer = time.NewTimer(time.Hour)
	// 3. The shards.
	for i := range e.options.Shards {
		e.shards = append(e.shards, newShard(i, e.options.Shards, e.machine))
	}
	for _, s := range e.shards[1:] {
		go s.run()
	}
	// 4. The newest checkpoint, and the journal's commands behind it, executed as they were.
	e.checkpoints = newCheckpointer(e)
	e.archive = &archiver{e: e, stopped: make(chan struct{})}
	e.filler, e.settler = newFiller(e), newSettler(e)
	if err := e.recover(); err != nil {
		return nil, errors.Join(err, e.shutDown())
	}
	if err := e.checkpoints.dropLeftovers(); err != nil {
		return nil, errors.Join(translate(err), e.shutDown())
	}
	e.filler.restore()
	e.settler.restore()
	// 5. The sequencer: from here on new commands come in.
	go e.sequence()
	go e.checkpoints.run()
	if e.options.ArchiveAfter > 0 {
		go e.archive.run()
	} else {
		close(e.archive.stopped)
	}
	if e.options.KeepWaiting {
		close(e.filler.stopped)
		close(e.settler.stopped)
	} else {
		go e.filler.run()
		go e.settler.run()
	}
	go e.evictKeys()
	return e, nil
}

// Close takes no more commands, finishes those that wait, and gives the directory free. It is the mirror image of Open.
func (e *Engine) Close() (err error) {
	e.closing.Do(func() {
		close(e.closed)
		<-e.archive.stopped
		<-e.filler.stopped
		<-e.settler.stopped
		<-e.checkpoints.stopped
		<-e.evicted
		e.queue.close(ErrClosed)
		<-e.stopped
		e.using.Lock()
		defer e.using.Unlock()
		err = e.shutDown()
	})
	return err
}

// use keeps memory and journal from being taken away until e.using.RUnlock, unless the engine is closed.
func (e *Engine) use() error {
	e.using.RLock()
	select {
	case <-e.closed:
		e.using.RUnlock()
		return ErrClosed
	default:
		return nil
	}
}

func (e *Engine) shutDown() error {
	for _, s := range e.shards[1:] {
		close(s.groups)
	}
	e.timer.Stop()
	e.feed.Close()
	return errors.Join(e.journal.Close(), e.memory.free())
}

// broken is nil unless the journal has failed.
func (e *Engine) broken() error {
	if cause := e.failure.Load(); cause != nil {
		return errors.Join(ErrJournal, *cause)
	}
	return nil
}

// Err tells why the engine takes no more commands, nil while it does.
func (e *Engine) Err() error {
	if err := e.broken(); err != nil {
		return err
	}
	select {
	case <-e.closed:
		return ErrClosed
	default:
		return nil
	}
}

// Sequence is the last one released: everything up to it is durable and may be seen.
func (e *Engine) Sequence() core.Sequence { return core.Sequence(e.released.Load()) }

// Options gives the options in effect.
func (e *Engine) Options() Options { return e.options }

// Feed gives the stored events.
func (e *Engine) Feed() *feed.Store { return e.feed }

// Changed gives a channel that is closed when more has been released than when it was asked for. Ask first, then
// look at what there is, then wait.
func (e *Engine) Changed() <-chan struct{} {
	e.waiters.Lock()
	defer e.waiters.Unlock()
	if e.waiters.changed == nil {
		e.waiters.changed = make(chan struct{})
	}
	return e.waiters.changed
}

// Closed gives a channel that is closed when Close is called.
func (e *Engine) Closed() <-chan struct{} { return e.closed }

func (e *Engine) notify() {
	e.waiters.Lock()
	if e.waiters.changed != nil {
		close(e.waiters.changed)
		e.waiters.changed = nil
	}
	e.waiters.Unlock()
}

func randomSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process rather than return an error
	return binary.LittleEndian.Uint64(b[:])
}

// translate turns the journal's errors into the engine's.
func translate(err error) error {
	switch {
	case errors.Is(err, wal.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, wal.ErrFailed):
		return errors.Join(ErrJournal, err)
	}
	return err
}
