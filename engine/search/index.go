package search

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// ReaderName is the name under which the index registers as a reader of the feed.
const ReaderName = "holdfast:search"

// ErrNotReady says that all orders are being walked, and that until then nothing can be found.
var ErrNotReady = errors.New("search: the index is being made")

// Options say how an index is kept. The zero value works.
type Options struct {
	// Log is told of an index that has to be made anew, and of what fails; nil is slog.Default().
	Log *slog.Logger
}

// Index is the index of one engine. All methods may be called from any goroutine.
type Index struct {
	engine  *engine.Engine
	log     *slog.Logger
	indexed atomic.Uint64
	ready   atomic.Bool
	walks   atomic.Uint64
	orders  atomic.Uint64 // that the walk under way has seen

	waiters struct {
		sync.Mutex
		changed chan struct{} // closed when the index has come further; nil when nobody waits
	}
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once

	// of the reader's goroutine
	meta       meta
	batch      *batch
	registered time.Time // when it last said how far it is
	position   core.Sequence
	pace       pace
}

// Open begins to keep the index of an engine, where it stopped before.
func Open(e *engine.Engine, o Options) (*Index, error) {
	x := &Index{engine: e, log: o.Log, stop: make(chan struct{}), stopped: make(chan struct{})}
	if x.log == nil {
		x.log = slog.Default()
	}
	known, err := x.load()
	if err != nil {
		return nil, err
	}
	if known {
		x.batch, err = newBatch(e)
	} else {
		x.log.Info("an index of all orders is being made")
		err = x.beginAnew()
	}
	if err != nil {
		return nil, err
	}
	x.note()
	go x.run()
	return x, nil
}

// load learns where the reader stood; known is false when there is no index, or one of another format.
func (x *Index) load() (known bool, err error) {
	err = x.engine.UseIndex(func(j *wal.Journal) error {
		return j.IndexValue([]byte{keyMeta}, func(value []byte) error {
			x.meta, known = decodeMeta(value)
			return nil
		})
	})
	if errors.Is(err, engine.ErrNotFound) {
		err = nil
	}
	return known, err
}

// Close stops to keep the index. It is to be called before the engine's Close, and does no harm after it.
func (x *Index) Close() {
	x.closing.Do(func() { close(x.stop) })
	<-x.stopped
}

// State tells how far an index has come.
type State struct {
	Ready   bool          // false while all orders are being walked
	Indexed core.Sequence // events up to here are taken in
	Walked  uint64        // orders that the walk under way, or the last one, has seen
	Walks   uint64        // walks over all orders since the start
}

// State tells how far the index has come.
func (x *Index) State() State {
	return State{Ready: x.ready.Load(), Indexed: core.Sequence(x.indexed.Load()), Walked: x.orders.Load(), Walks: x.walks.Load()}
}

// note tells everybody how far the index has come.
func (x *Index) note() {
	if x.meta.phase == phaseReading {
		x.indexed.Store(uint64(x.meta.cursor))
	} else {
		x.indexed.Store(0)
	}
	x.ready.Store(x.meta.phase == phaseReading)
	x.waiters.Lock()
	if x.waiters.changed != nil {
		close(x.waiters.changed)
		x.waiters.changed = nil
	}
	x.waiters.Unlock()
}

func (x *Index) changed() <-chan struct{} {
	x.waiters.Lock()
	defer x.waiters.Unlock()
	if x.waiters.changed == nil {
		x.waiters.changed = make(chan struct{})
	}
	return x.waiters.changed
}

// WaitFor returns when events up to a sequence are taken in, or engine.ErrTimeout; and at once when the index is closed.
func (x *Index) WaitFor(sequence core.Sequence, timeout time.Duration) error {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		changed := x.changed()
		if x.ready.Load() && core.Sequence(x.indexed.Load()) >= sequence {
			return nil
		}
		select {
		case <-changed:
		case <-x.stopped:
			return engine.ErrClosed
		case <-deadline.C:
			return engine.ErrTimeout
		}
	}
}
