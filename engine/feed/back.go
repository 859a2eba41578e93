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
	skip    int           // events of that sequence, the newest, that are not to be read any more
	group   []byte        // copy of the events under way, of one group
	events  []backEvent   // those of them that are still to be read
	scanned int

	begun   bool
	segment segment  // of the event that was given last
	summary *summary // of that segment, as far as it was read; nil when its end was not
}

// backEvent is where an event begins, and its sequence.
type backEvent struct {
	at       int
	sequence core.Sequence
}

// backWindow bounds the bytes that are copied of a group at once: one in which very many holds expired may be far larger than what a reader wants.
const backWindow = 4 << 20

// ReadBack begins with the events of a sequence, which must have been released, but for the newest few of them, and goes back from there.
func (s *Store) ReadBack(last core.Sequence, skip int, sku core.SKUID) *BackReader {
	return &BackReader{store: s, last: last, skip: skip, sku: sku}
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
	event := r.group[r.events[n].at:]
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

// load copies of the group that holds the last sequence, or else of the one before it.
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
		r.last, r.skip, r.summary = max(1, segmentOf(r.last).first())-1, 0, nil
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

// take copies the last of the events that are still to be read, and notes where they lie.
func (r *BackReader) take(first core.Sequence, events []byte) error {
	r.events = r.events[:0]
	end, skipped := 0, 0
	for end < len(events) {
		h, err := codec.PeekEvent(events[end:])
		if err != nil {
			return err
		}
		if h.Sequence > r.last {
			break
		}
		r.events = append(r.events, backEvent{at: end, sequence: h.Sequence})
		end += h.Length
	}
	for skipped < r.skip && len(r.events) > 0 && r.events[len(r.events)-1].sequence == r.last {
		end = r.events[len(r.events)-1].at
		r.events = r.events[:len(r.events)-1]
		skipped++
	}
	from := len(r.events)
	for from > 0 && (from == len(r.events) || end-r.events[from-1].at <= backWindow) {
		from--
	}
	if from == 0 {
		r.last, r.skip = first-1, 0
	} else {
		r.goOn(r.events[from:], skipped)
	}
	if r.events = append(r.events[:0], r.events[from:]...); len(r.events) == 0 {
		return nil
	}
	begin := r.events[0].at
	r.group = append(r.group[:0], events[begin:end]...)
	for i := range r.events {
		r.events[i].at -= begin
	}
	return nil
}

// goOn has what is read next end before some events of a group, so many of whose last sequence were skipped.
func (r *BackReader) goOn(events []backEvent, skipped int) {
	sequence := events[0].sequence
	n := 0
	for n < len(events) && events[n].sequence == sequence {
		n++
	}
	if sequence == r.last {
		n += skipped
	}
	r.last, r.skip = sequence, n
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
