package feed

import (
	"errors"
	"sync"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// ErrEnd says that there are no events beyond the cursor yet.
var ErrEnd = errors.New("feed: no more events yet")

// ErrClosed says that the feed was closed.
var ErrClosed = errors.New("feed: closed")

// Store is the stored feed of one journal.
type Store struct {
	journal *wal.Journal
	reading sync.RWMutex // Close waits for those who read
	closed  bool

	summaries summaries
}

// NewStore gives the feed that lies beside a journal.
func NewStore(j *wal.Journal) *Store { return &Store{journal: j} }

// Last is the sequence up to which the feed is stored.
func (s *Store) Last() core.Sequence { return core.Sequence(s.journal.FeedLast()) }

// Append stores the sealed feed of the commands first to last.
func (s *Store) Append(first, last core.Sequence, value []byte) error {
	return s.journal.AppendFeed(uint64(first), uint64(last), value)
}

// Oldest is the cursor of a reader that wants everything that there still is: events up to it were cut off.
func (s *Store) Oldest() core.Sequence { return core.Sequence(s.journal.FeedFloor()) }

// TimeAt is the time of the latest event of the group that holds a sequence, or else of the next group. It returns ErrEnd
// when there is none.
func (s *Store) TimeAt(sequence core.Sequence) (at core.Millis, err error) {
	r := s.Read(sequence - 1)
	if err := r.load(); err != nil {
		return 0, err
	}
	for len(r.events) > 0 {
		h, err := codec.PeekEvent(r.events)
		if err != nil {
			return 0, err
		}
		at, r.events = max(at, h.At), r.events[h.Length:]
	}
	return at, nil
}

// Close ends all reading, so that the journal can be closed.
func (s *Store) Close() {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.closed = true
}

// Finder looks up the events of commands by their sequence. It keeps the group it read last, so that looking up the
// commands of a batch one after the other reads their group once. It is for one goroutine; the zero value is ready.
type Finder struct {
	first, last core.Sequence // of the group at hand; 0 for none
	group       []byte        // copy of the whole value
	events      []byte        // all of it
	rest        []byte        // not yet passed
	passed      core.Sequence // the highest sequence asked for in the group
}

// AppendOwn appends to dst the event that a command itself made. It returns wal.ErrNotFound when there is none.
func (f *Finder) AppendOwn(dst []byte, s *Store, sequence core.Sequence) ([]byte, error) {
	return f.append(dst, s, sequence, core.EventKind.IsOwn)
}

// AppendOf appends to dst the event of a kind that there is of a sequence, the last of several. It returns wal.ErrNotFound when there is none.
func (f *Finder) AppendOf(dst []byte, s *Store, sequence core.Sequence, kind core.EventKind) ([]byte, error) {
	return f.append(dst, s, sequence, func(k core.EventKind) bool { return k == kind })
}

func (f *Finder) append(dst []byte, s *Store, sequence core.Sequence, wanted func(core.EventKind) bool) ([]byte, error) {
	if f.first == 0 || sequence < f.first || sequence > f.last {
		if err := f.load(s, sequence); err != nil {
			return dst, err
		}
	}
	if sequence <= f.passed {
		f.rest = f.events
	}
	f.passed = sequence
	var own []byte
	for len(f.rest) > 0 {
		h, err := codec.PeekEvent(f.rest)
		if err != nil {
			return dst, err
		}
		if h.Sequence > sequence {
			break
		}
		if h.Sequence == sequence && wanted(h.Kind) {
			own = f.rest[:h.Length]
		}
		f.rest = f.rest[h.Length:]
	}
	if own == nil {
		return dst, wal.ErrNotFound
	}
	return append(dst, own...), nil
}

// load copies the group that holds a sequence.
func (f *Finder) load(s *Store, sequence core.Sequence) (err error) {
	s.reading.RLock()
	defer s.reading.RUnlock()
	if s.closed {
		return ErrClosed
	}
	f.first = 0
	_, value, closer, err := s.journal.FeedGroup(uint64(sequence))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	f.group = append(f.group[:0], value...)
	first, last, events, err := codec.DecodeFeed(f.group)
	if err != nil {
		return err
	}
	f.first, f.last, f.events, f.rest, f.passed = first, last, events, events, 0
	return nil
}

// maxKept is the largest group that Forget keeps the memory of.
const maxKept = 64 << 10

// Forget makes the finder ready for other look-ups, without the memory of a large group.
func (f *Finder) Forget() {
	if f.first = 0; cap(f.group) > maxKept {
		*f = Finder{}
	}
}

// Reader gives the events after a cursor, one after the other. It is for one goroutine.
type Reader struct {
	store  *Store
	after  core.Sequence
	until  core.Sequence // the last sequence of the group under way
	group  []byte        // copy of the group under way
	events []byte        // what is left of it
}

// Read begins after a sequence, which must not be below Oldest.
func (s *Store) Read(after core.Sequence) *Reader { return &Reader{store: s, after: after} }

// Next gives the next event, encoded; last tells that no other event of its sequence follows. The bytes are valid
// until the next call. ErrEnd says to come back when more was released, wal.ErrCut that what comes next is not
// there any more.
func (r *Reader) Next() (event []byte, h codec.EventHeader, last bool, err error) {
	for {
		if len(r.events) == 0 {
			// A group may end with commands that made no event.
			r.after = max(r.after, r.until)
			if err := r.load(); err != nil {
				return nil, h, false, err
			}
		}
		if h, err = codec.PeekEvent(r.events); err != nil {
			return nil, h, false, err
		}
		event, r.events = r.events[:h.Length], r.events[h.Length:]
		if h.Sequence <= r.after {
			continue
		}
		last = true
		if len(r.events) > 0 {
			following, err := codec.PeekEvent(r.events)
			if err != nil {
				return nil, h, false, err
			}
			last = following.Sequence != h.Sequence
		}
		if last {
			r.after = h.Sequence
		}
		return event, h, last, nil
	}
}

// load copies the group after the cursor.
func (r *Reader) load() (err error) {
	r.store.reading.RLock()
	defer r.store.reading.RUnlock()
	if r.store.closed {
		return ErrClosed
	}
	_, value, closer, err := r.store.journal.FeedGroup(uint64(r.after) + 1)
	if errors.Is(err, wal.ErrNotFound) {
		return ErrEnd
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	if r.after < r.store.Oldest() {
		return wal.ErrCut
	}
	r.group = append(r.group[:0], value...)
	_, last, events, err := codec.DecodeFeed(r.group)
	if err != nil {
		return err
	}
	r.events, r.until = events, last
	return nil
}
