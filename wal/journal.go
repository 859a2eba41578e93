package wal

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine/invariant"
)

// Journal is an open directory. See the package comment for what it holds and how a group is written.
type Journal struct {
	fatal
	options   Options
	tuning    tuning
	dir       string
	fs        vfs.FS
	db        *pebble.DB
	lock      *pebble.Lock
	identity  Identity
	writer    writer
	feed      feedWriter
	durable   atomic.Uint64
	feedLast  atomic.Uint64
	backup    sync.Mutex // held while one is written
	taking    sync.Mutex // held while tables are taken in or out, or the files are copied
	feedFloor atomic.Uint64
	diverged  atomic.Pointer[Divergence]
	// corruptFile is the file that Pebble last reported as damaged.
	corruptFile atomic.Pointer[string]
}

// writer is the state of the one goroutine that begins and commits groups; the mutex is for Release,
// which may come from another, and for those who ask.
type writer struct {
	mu       sync.Mutex
	free     []*Pending
	inFlight int
	begun    uint64 // last sequence of the newest group begun
	time     int64  // of the newest group begun
	sealed   uint64 // last sequence of the newest group committed
	chain    Hash   // of the newest group committed
	epoch    uint64 // what new groups carry
	after    uint64 // the last sequence before that epoch began
	role     Role
	space    space

	groupEpoch uint64 // of the newest group committed
}

// Open opens the journal in dir, and makes the directory when there is none. It returns an error that
// is [ErrLocked] when somebody else has it open, a [*DamageError] when it does not hold what was written to
// it, and [ErrFailed] when it cannot be written, with [ErrDiskFull] inside when there is no room to go on. A
// directory that is refused for damage is left as it was.
func Open(dir string, o Options) (*Journal, error) {
	t := standard
	if o.MemTableBytes > 0 {
		t.memTableBytes = uint64(o.MemTableBytes)
	}
	return t.open(dir, o)
}

func (t tuning) open(dir string, o Options) (_ *Journal, err error) {
	j := &Journal{options: o, tuning: t, fs: o.FS}
	j.died = make(chan struct{})
	if j.fs == nil {
		j.fs = vfs.Default
		if dir, err = canonical(dir); err != nil {
			return nil, err
		}
	}
	j.dir = dir
	if err := j.acquire(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			j.abandon()
		}
	}()
	if err := j.inspect(); err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		if err := j.openForWriting(); err != nil {
			return nil, err
		}
	}
	if err := j.loadIdentity(); err != nil {
		return nil, err
	}
	if err := errors.Join(j.loadRole(), j.loadDivergence()); err != nil {
		return nil, err
	}
	if err := j.arm(o.OnFatal); err != nil {
		return nil, err
	}
	return j, nil
}

// canonical gives a directory its one name, since locks within a process go by name.
func canonical(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real, nil
	}
	return dir, nil
}

// openForWriting comes after the inspection, which has left the database open for reading if there is one.
func (j *Journal) openForWriting() error {
	if j.db != nil {
		db := j.db
		j.db = nil
		if err := j.once(db.Close); err != nil {
			return err
		}
	}
	// What a checkpoint or a backup has left goes first: it may be what fills the disk.
	if err := errors.Join(j.removeUnfinished(), j.removeCopy()); err != nil {
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	space := newSpace(j.fs, j.dir, &j.options)
	if err := space.prepare(j.options.BallastBytes); err != nil {
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	if err := j.openPebble(false); err != nil {
		return err
	}
	if err := j.findEnds(); err != nil {
		return err
	}
	j.writer.space = space
	return nil
}

func (j *Journal) openPebble(readOnly bool) error {
	o := j.tuning.pebbleOptions(guardedFS{j.fs, &j.fatal}, readOnly)
	o.Lock = j.lock
	o.Logger = logger{&j.fatal}
	o.EventListener = j.listener(readOnly)
	type opened struct {
		db  *pebble.DB
		err error
	}
	result := make(chan opened, 1)
	err := j.once(func() error {
		db, err := pebble.Open(j.dir, o)
		result <- opened{db, err}
		return nil
	})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	r := <-result
	j.db = r.db
	return j.openError(r.err)
}

// abandon gives back what a failed Open had taken.
func (j *Journal) abandon() {
	if j.db != nil && j.once(j.db.Close) != nil {
		return // Nobody knows what Pebble still does: the directory stays locked until the process ends.
	}
	j.lock.Close()
}

// findEnds learns where journal and feed end. The last group is verified on its own; everything before
// it is verified by Replay.
func (j *Journal) findEnds() error {
	w := writer{epoch: 1}
	err := j.lastIn(familyJournal, func(key, value []byte) error {
		g, err := decodeAt(key, value)
		if err != nil {
			return err
		}
		last := g.Last()
		w = writer{begun: last, sealed: last, time: g.Time, epoch: g.Epoch, groupEpoch: g.Epoch, chain: HashGroup(value)}
		if g.Epoch > 1 {
			w.after = g.First - 1 // or earlier; the value of the role knows
		}
		return nil
	})
	if err != nil {
		return j.placeOfDamage(err)
	}
	j.writer.begun, j.writer.sealed, j.writer.time = w.begun, w.sealed, w.time
	j.writer.epoch, j.writer.after, j.writer.groupEpoch, j.writer.chain = w.epoch, w.after, w.groupEpoch, w.chain
	j.durable.Store(w.sealed)
	err = j.lastIn(familyFeed, func(key, _ []byte) error {
		_, last, err := parseFeedKey(key)
		j.feedLast.Store(last)
		return err
	})
	return errors.Join(err, j.loadFeedFloor())
}

// lastIn calls fn with the last entry of a family, if it has one.
func (j *Journal) lastIn(family byte, fn func(key, value []byte) error) error {
	it, err := j.iterate([]byte{family}, []byte{family + 1})
	if err != nil {
		return err
	}
	if it.Last() {
		value, err := it.ValueAndErr()
		if err == nil {
			err = fn(it.Key(), value)
		}
		return errors.Join(j.readError(err), j.readError(it.Close()))
	}
	return j.readError(it.Close())
}

// iterate opens an iterator over the keys from..to (not included).
func (j *Journal) iterate(from, to []byte) (*pebble.Iterator, error) {
	if err := j.err(); err != nil {
		return nil, err
	}
	it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	return it, j.readError(err)
}

// Last is the sequence number of the last command committed, durable or not; 0 when there is none.
func (j *Journal) Last() uint64 {
	j.writer.mu.Lock()
	defer j.writer.mu.Unlock()
	return j.writer.sealed
}

// Head is where the journal ends.
type Head struct {
	Last       uint64 // sequence of the last command committed
	Time       int64  // of its group
	GroupEpoch uint64 // of its group
	Epoch      uint64 // of the next
	EpochAfter uint64 // the last sequence before that epoch
	Chain      Hash   // of the last command's group
}

// Head is for the goroutine that begins and commits groups, between two of them.
func (j *Journal) Head() Head {
	w := &j.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	return Head{Last: w.sealed, Time: w.time, GroupEpoch: w.groupEpoch, Epoch: w.epoch, EpochAfter: w.after, Chain: w.chain}
}

// Durable is the sequence number up to which nothing can be lost any more.
func (j *Journal) Durable() uint64 { return j.durable.Load() }

// LastTime is the time of the last group begun, 0 when there is none. No later group may be stamped lower.
func (j *Journal) LastTime() int64 {
	j.writer.mu.Lock()
	defer j.writer.mu.Unlock()
	return j.writer.time
}

// Epoch is the epoch that new groups carry: that of the last group or a higher one that was assumed, 1 in a new directory.
func (j *Journal) Epoch() uint64 {
	j.writer.mu.Lock()
	defer j.writer.mu.Unlock()
	return j.writer.epoch
}

// Identity was made with the directory.
func (j *Journal) Identity() Identity { return j.identity }

// Close writes what is only in memory and in Pebble's log to tables, and gives the directory free. Every group
// must have been released. A journal that has failed cannot give its directory free, since nobody knows
// what Pebble still does with it: Close then returns [ErrFailed] and the directory stays locked until the
// process ends.
func (j *Journal) Close() error {
	if err := j.err(); err != nil {
		return err
	}
	j.writer.mu.Lock()
	invariant.Check(j.writer.inFlight == 0, "every group is released before the journal closes")
	j.writer.mu.Unlock()
	if err := j.once(j.closePebble); err != nil {
		return err
	}
	return j.lock.Close()
}

func (j *Journal) closePebble() error {
	if !j.options.ReadOnly {
		if err := j.db.Flush(); err != nil {
			return err
		}
		if err := j.writeSeal(j.Last()); err != nil {
			return err
		}
	}
	return j.db.Close()
}
