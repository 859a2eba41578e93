package feed

import (
	"errors"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// BackReader gives the events up to a sequence, the newest first. It is for one goroutine.
type BackReader struct {
	store   *Store
	last    core.Sequence // what is still to be read ends here
	group   []byte        // copy of the events of the group under way
	events  []int         // where those of them lie that are still to be read
	scanned int
}

// ReadBack begins with the events of a sequence, which must have been released, and goes back from there.
func (s *Store) ReadBack(last core.Sequence) *BackReader { return &BackReader{store: s, last: last} }

// Scanned is how many bytes the events given so far have.
func (r *BackReader) Scanned() int { return r.scanned }

// Next gives the event before the one that it gave last, encoded. The bytes are valid until the next call. ErrEnd says that
// there is none before it, or none any more.
func (r *BackReader) Next() (event []byte, h codec.EventHeader, err error) {
	for len(r.events) == 0 {
		if err := r.load(); err != nil {
			return nil, h, err
		}
	}
	n := len(r.events) - 1
	event = r.group[r.events[n]:]
	r.events = r.events[:n]
	h, err = codec.PeekEvent(event)
	if err != nil {
		return nil, h, err
	}
	if h.Sequence <= r.store.Oldest() {
		return nil, h, ErrEnd // cut off, though it is still on the disk
	}
	r.scanned += h.Length
	return event[:h.Length], h, nil
}

// load copies the group that holds the last sequence, or else the one before it.
func (r *BackReader) load() (err error) {
	s := r.store
	s.reading.RLock()
	defer s.reading.RUnlock()
	if s.closed {
		return ErrClosed
	}
	first, value, closer, err := s.journal.FeedGroup(uint64(r.last))
	if err == nil && core.Sequence(first) > r.last {
		err = errors.Join(closer.Close(), wal.ErrNotFound)
	}
	if errors.Is(err, wal.ErrNotFound) {
		first, value, closer, err = s.journal.FeedGroupBefore(uint64(r.last))
	}
	if errors.Is(err, wal.ErrNotFound) {
		return ErrEnd
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	_, _, events, err := codec.DecodeFeed(value)
	if err != nil {
		return err
	}
	return r.take(core.Sequence(first), events)
}

// take notes where the events lie that are not behind the last sequence.
func (r *BackReader) take(first core.Sequence, events []byte) error {
	r.group, r.events = append(r.group[:0], events...), r.events[:0]
	for at := 0; at < len(r.group); {
		h, err := codec.PeekEvent(r.group[at:])
		if err != nil {
			return err
		}
		if h.Sequence > r.last {
			break
		}
		r.events = append(r.events, at)
		at += h.Length
	}
	r.last = first - 1
	return nil
}
