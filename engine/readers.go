package engine

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"

	"holdfast/engine/core"
	"holdfast/wal"
)

var (
	// ErrTooManyReaders: MaxReaders are registered already.
	ErrTooManyReaders = errors.New("engine: too many readers are registered")
	// ErrReaderKind: a reader of this name reads something else.
	ErrReaderKind = errors.New("engine: a reader of this name reads something else")
	// ErrAhead: a reader says that it has read what is not there yet.
	ErrAhead = errors.New("engine: there is nothing of that sequence yet")
)

// ReaderKind says what a reader reads.
type ReaderKind uint8

const (
	ReaderOfJournal ReaderKind = 1
	ReaderOfFeed    ReaderKind = 2
)

func (k ReaderKind) kept() wal.Kept {
	if k == ReaderOfFeed {
		return wal.KeptFeed
	}
	return wal.KeptGroups
}

// Reader is somebody who reads journal or feed at a pace of its own, and has asked that nothing be cut off before it has
// read it.
type Reader struct {
	Name     string
	Kind     ReaderKind
	Position core.Sequence // it has read everything up to here
	Seen     core.Millis   // when it said so
	Overrun  bool          // it was too far behind: what comes next was cut off
}

// readers are those who are registered. Their positions are kept without a sync: after a power cut a reader may stand where it
// stood before, and more than necessary is kept.
type readers struct {
	mu  sync.Mutex
	all map[string]*Reader
}

// The form in which a reader is kept: u8 version 1, u8 kind, u8 1 when it was overrun, u8 zero, u64 position, u64 time.
const (
	readerVersion = 1
	readerLength  = 4 + 8 + 8
)

func (r *Reader) encode() []byte {
	value := []byte{readerVersion, byte(r.Kind), 0, 0}
	if r.Overrun {
		value[2] = 1
	}
	value = binary.LittleEndian.AppendUint64(value, uint64(r.Position))
	return binary.LittleEndian.AppendUint64(value, uint64(r.Seen))
}

// load takes over who was registered.
func (r *readers) load(j *wal.Journal) error {
	r.all = map[string]*Reader{}
	return j.Readers(func(name string, value []byte) error {
		if len(value) != readerLength || value[0] != readerVersion {
			return damage(0, "what is kept of the reader "+name+" is not what this program writes")
		}
		r.all[name] = &Reader{
			Name: name, Kind: ReaderKind(value[1]), Overrun: value[2] != 0,
			Position: core.Sequence(binary.LittleEndian.Uint64(value[4:])), Seen: core.Millis(binary.LittleEndian.Uint64(value[12:])),
		}
		return nil
	})
}

func (r *readers) length() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// RegisterReader notes that a reader has read everything up to a position, and wants what comes next to be kept. It may go
// back, as far as there still is something. Errors are ErrCut, ErrAhead, ErrReaderKind and ErrTooManyReaders.
func (e *Engine) RegisterReader(name string, kind ReaderKind, position core.Sequence) (Reader, error) {
	if err := e.use(); err != nil {
		return Reader{}, err
	}
	defer e.using.RUnlock()
	if position > e.Sequence() {
		return Reader{}, ErrAhead
	}
	r := &e.readers
	r.mu.Lock()
	defer r.mu.Unlock()
	first, _, err := e.journal.Bounds(kind.kept())
	if err != nil {
		return Reader{}, translate(err)
	}
	known := r.all[name]
	switch {
	case known != nil && known.Kind != kind:
		return Reader{}, ErrReaderKind
	case known == nil && len(r.all) >= MaxReaders:
		return Reader{}, ErrTooManyReaders
	case uint64(position)+1 < first:
		return Reader{}, ErrCut
	}
	next := &Reader{Name: name, Kind: kind, Position: position, Seen: core.Millis(e.options.Clock())}
	if err := e.journal.PutReader(name, next.encode()); err != nil {
		return Reader{}, translate(err)
	}
	r.all[name] = next
	return *next, nil
}

// DropReader forgets a reader; what it has not read may be cut off. It returns ErrNotFound when there is none of the name.
func (e *Engine) DropReader(name string) error {
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	r := &e.readers
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[name] == nil {
		return ErrNotFound
	}
	delete(r.all, name)
	return translate(e.journal.DropReader(name))
}

// Readers gives those who are registered, in the order of their names.
func (e *Engine) Readers() []Reader {
	r := &e.readers
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Reader, 0, len(r.all))
	for _, reader := range r.all {
		all = append(all, *reader)
	}
	slices.SortFunc(all, func(a, b Reader) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Reader gives the reader of a name.
func (e *Engine) Reader(name string) (Reader, bool) {
	r := &e.readers
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.all[name]
	if !ok {
		return Reader{}, false
	}
	return *known, true
}

// hold gives where a cut may be made at most without passing a reader that is not too far behind.
func (r *readers) hold(p *cutPlan, at core.Sequence) core.Sequence {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holdLocked(p, at)
}

func (r *readers) holdLocked(p *cutPlan, at core.Sequence) core.Sequence {
	for _, reader := range r.all {
		if next := reader.Position + 1; reader.Kind.kept() == p.kept && !reader.Overrun && next >= p.overrun {
			at = min(at, next)
		}
	}
	return at
}

// pass notes which readers a cut has passed. It is called with the lock held.
func (r *readers) pass(p *cutPlan, j *wal.Journal) (names []string, err error) {
	first, _, err := j.Bounds(p.kept)
	if err != nil {
		return nil, err
	}
	for name, reader := range r.all {
		if reader.Kind.kept() == p.kept && !reader.Overrun && uint64(reader.Position)+1 < first {
			reader.Overrun = true
			names = append(names, name)
			err = errors.Join(err, j.PutReader(name, reader.encode()))
		}
	}
	slices.Sort(names)
	return names, err
}
