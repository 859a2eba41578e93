package feed

import (
	"errors"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// BackReader gives the events up to a sequence, the newest first, and passes over long parts of the feed of which it is known that
// they tell nothing of a SKU. It is for one goroutine.
type BackReader struct {
	store   *Store
	sku     core.SKUID
	last    core.Sequence // what is still to be read ends here
	group   []byte        // copy of the events of the group under way
	events  []int         // where those of them lie that are still to be read
	scanned int

	begun   bool
	segment segment  // of the event that was given last
	summary *summary // of that segment, as far as it was read; nil when its end was not
}

// ReadBack begins with the events of a sequence, which must have been released, and goes back from there.
func (s *Store) ReadBack(last core.Sequence, sku core.SKUID) *BackReader {
	return &BackReader{store: s, last: last, sku: sku}
}

// Scanned is how many bytes the events given so far have.
func (r *BackReader) Scanned() int { return r.scanned }

// Next decodes the event before the one that it gave last. Its bytes are valid until the next call. ErrEnd says that there is none
// before it, or none any more.
func (r *BackReader) Next(ev *core.Event) error {
	for len(r.events) == 0 {
		if err := r.load(); err != nil {
			return err
		}
	}
	n := len(r.events) - 1
	event := r.group[r.events[n]:]
	r.events = r.events[:n]
	length, err := codec.DecodeEvent(event, ev)
	if err != nil {
		return err
	}
	if ev.Sequence <= r.store.Oldest() {
		return ErrEnd // cut off, though it is still on the disk
	}
	r.scanned += length
	r.summarise(ev)
	return nil
}

// load copies the group that holds the last sequence, or else the one before it.
func (r *BackReader) load() (err error) {
	s := r.store
	s.reading.RLock()
	defer s.reading.RUnlock()
	if s.closed {
		return ErrClosed
	}
	for r.last > 0 {
		summary := s.summaries.find(segmentOf(r.last))
		if summary == nil || summary.mayTellOf(r.sku) {
			break
		}
		r.last, r.summary = max(1, segmentOf(r.last).first())-1, nil
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

// summarise notes of what the segment under way tells. A segment that was read from its end to its beginning is summed up.
func (r *BackReader) summarise(ev *core.Event) {
	segment := segmentOf(ev.Sequence)
	if r.begun && segment < r.segment {
		if r.summary != nil {
			r.store.summaries.keep(r.summary)
		}
		r.summary = &summary{segment: segment}
	}
	r.begun, r.segment = true, segment
	if r.summary != nil {
		r.summary.add(ev)
	}
}
