package engine

import (
	"bytes"
	"errors"
	"slices"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
)

// movementScan bounds how much of the feed one look at movements reads, in bytes: some 100,000 events.
const movementScan = 8 << 20

// MovementQuery says which movements of a SKU are wanted. The zero value but for SKU and Limit is all of them.
type MovementQuery struct {
	SKU         core.SKUID
	AtLocation  bool
	Location    core.LocationID
	Type        feed.MovementType // 0 for all
	From, Until core.Millis       // at From or later, and before Until; 0 for no bound
	Limit       int
	After       *MovementCursor // nil to begin with the newest
}

// MovementCursor is where a list of movements goes on: behind Events events of a sequence, the newest first, and behind Passed movements of the next
// one. Levels are those that are known, as they were before what was passed.
type MovementCursor struct {
	SKU      core.SKUID
	Sequence core.Sequence
	Events   int
	Passed   int
	Levels   []core.LevelImage
}

// MovementPage is a part of a list of movements, the newest first.
type MovementPage struct {
	Movements []feed.Movement
	Next      *MovementCursor // nil at the end
	Oldest    core.Sequence   // events up to it were cut off, and with them the movements
	Sequence  core.Sequence
	Scanned   int // bytes of events that were read
}

// Movements lists what moved the units of a SKU, as the feed tells it. One call reads a bounded part of the feed: a page may hold
// fewer movements than wanted, or none, and the list goes on nevertheless when there is a next cursor. Parts of which it was found out
// before that they do not tell of the SKU are passed over.
func (e *Engine) Movements(q *MovementQuery) (MovementPage, error) {
	image, err := e.ReadAvailability(nil, q.SKU)
	if err != nil {
		return MovementPage{}, err
	}
	at := MovementCursor{SKU: q.SKU, Sequence: image.Sequence}
	if q.After != nil {
		at = *q.After
		at.Levels = slices.Clone(at.Levels)
		if at.Sequence > image.Sequence {
			at.Sequence, at.Events, at.Passed = image.Sequence, 0, 0
		}
	} else {
		var a core.AvailabilityImage
		if _, err := codec.DecodeAvailability(image.Bytes, &a); err != nil {
			return MovementPage{}, err
		}
		for i := range a.Levels {
			at.Levels = append(at.Levels, a.Levels[i].LevelImage)
		}
	}
	w := movementWalk{query: q, at: at, reader: e.feed.ReadBack(at.Sequence, at.Events, q.SKU)}
	w.skip, w.at.Passed = at.Passed, 0
	err = w.walk()
	page := MovementPage{Movements: w.found, Oldest: e.feed.Oldest(), Sequence: image.Sequence, Scanned: w.reader.Scanned()}
	if !w.ended {
		page.Next = &w.at
	}
	return page, translate(err)
}

// movementWalk goes back through the feed.
type movementWalk struct {
	query  *MovementQuery
	reader *feed.BackReader
	at     MovementCursor // what was passed, and the levels before it
	skip   int            // movements of the first event that an earlier page had
	event  core.Event
	moves  []feed.Movement // of the event under way
	found  []feed.Movement
	ended  bool
}

func (w *movementWalk) walk() error {
	for len(w.found) < w.query.Limit && w.reader.Scanned() <= movementScan {
		err := w.reader.Next(&w.event)
		if errors.Is(err, feed.ErrEnd) {
			w.ended = true
			return nil
		}
		if err != nil {
			return err
		}
		if w.event.At < w.query.From && w.event.Kind.IsOwn() {
			w.ended = true // all before it are older; a deadline, or when a pool began, says nothing about what came before it was found to have passed
			return nil
		}
		if w.event.Sequence != w.at.Sequence {
			w.at.Sequence, w.at.Events, w.skip = w.event.Sequence, 0, 0
		}
		w.pass()
	}
	return nil
}

// pass goes back over the event's movements, until there are as many as are wanted.
func (w *movementWalk) pass() {
	w.moves = feed.AppendMovements(w.moves[:0], &w.event, w.query.SKU)
	i := len(w.moves) - 1
	for ; i >= 0 && len(w.found) < w.query.Limit; i-- {
		w.at.Passed++
		if w.skip > 0 {
			w.skip--
			continue
		}
		m := &w.moves[i]
		w.undo(m)
		if w.query.wants(m) {
			m.Actor, m.Cause, m.Reason = bytes.Clone(m.Actor), bytes.Clone(m.Cause), bytes.Clone(m.Reason)
			w.found = append(w.found, *m)
		}
	}
	if i < 0 {
		w.at.Events, w.at.Passed, w.skip = w.at.Events+1, 0, 0
	}
}

// undo finds out what the movement left and found there, and goes back before it. A movement of stock says so itself; one of
// promised units is undone on what is known.
func (w *movementWalk) undo(m *feed.Movement) {
	if m.Beyond {
		return
	}
	at := slices.IndexFunc(w.at.Levels, func(l core.LevelImage) bool { return l.Location == m.Location })
	switch {
	case !m.IsPromise() && at < 0:
		w.at.Levels = append(w.at.Levels, m.Before)
	case !m.IsPromise():
		w.at.Levels[at] = m.Before
	case at >= 0:
		m.Known, m.After = true, w.at.Levels[at]
		m.Before = m.UndoOn(m.After)
		w.at.Levels[at] = m.Before
	}
}

func (q *MovementQuery) wants(m *feed.Movement) bool {
	return (q.Type == 0 || q.Type == m.Type) && (!q.AtLocation || q.Location == m.Location && !m.Beyond) &&
		m.At >= q.From && (q.Until == 0 || m.At < q.Until)
}
