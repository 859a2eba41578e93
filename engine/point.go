package engine

import (
	"errors"
	"fmt"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// Point is a moment in the history of a journal: behind a command, or behind the last group that is stamped no later than a
// time.
type Point struct {
	Sequence core.Sequence
	Time     core.Millis // since 1970; it counts when Sequence is 0
}

// String names the point.
func (p Point) String() string {
	if p.Sequence != 0 {
		return fmt.Sprintf("sequence %d", p.Sequence)
	}
	return stamp(p.Time)
}

func stamp(at core.Millis) string {
	return time.UnixMilli(int64(at)).UTC().Format("2006-01-02T15:04:05.000Z")
}

// ErrOutOfReach says that a point lies where the journal does not go: before the first state that can still be made, or
// behind its end. The error's text names the limit.
var ErrOutOfReach = errors.New("engine: the point is out of the journal's reach")

// reach is where states can be made in a journal, and one point in it.
type reach struct {
	first, last core.Sequence // of what can be reached
	point       core.Sequence
	at          core.Millis // stamp of the point's group
}

// find reads the journal up to a point, and so verifies that part of it.
func (p Point) find(j *wal.Journal) (r reach, err error) {
	if r.first, err = firstState(j); err != nil {
		return r, err
	}
	r.last = core.Sequence(j.Last())
	if p.Sequence > r.last {
		return r, fmt.Errorf("%w: the journal ends with sequence %d, %s", ErrOutOfReach, r.last, stamp(core.Millis(j.LastTime())))
	}
	var firstAt core.Millis // stamp of the first state's group
	err = j.Replay(0, func(g wal.Group) error {
		first, at := core.Sequence(g.First), core.Millis(g.Time)
		if first <= r.first {
			firstAt = at
		}
		if p.Sequence != 0 && first > p.Sequence || p.Sequence == 0 && at > p.Time {
			if first > r.first {
				return errEnough
			}
			return nil
		}
		r.point, r.at = core.Sequence(g.Last()), at
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return r, err
	}
	if p.Sequence != 0 {
		r.point = min(r.point, p.Sequence)
	}
	if r.point == 0 || r.point < r.first {
		return r, fmt.Errorf("%w: %s is before the first state that can be made, that of sequence %d, %s",
			ErrOutOfReach, p, r.first, stamp(firstAt))
	}
	return r, nil
}

// firstState is the first sequence behind which the state can be made: with the first command, or else that of the oldest
// checkpoint from which the journal goes on.
func firstState(j *wal.Journal) (core.Sequence, error) {
	begin, err := j.First()
	if err != nil || begin <= 1 {
		return core.Sequence(begin), err
	}
	all, err := j.Checkpoints() // newest first
	if err != nil {
		return 0, err
	}
	first := uint64(0)
	for _, sequence := range all {
		if sequence+1 >= begin {
			first = max(sequence, begin)
		}
	}
	if first == 0 {
		return 0, damage(core.Sequence(begin), "the journal begins here, and there is no checkpoint that it goes on from")
	}
	return core.Sequence(first), nil
}

// payloadOf gives the part of a group's payload that is its first commands.
func payloadOf(first core.Sequence, payload []byte, commands int) ([]byte, error) {
	length := 0
	for n := range commands {
		h, err := codec.PeekCommand(payload[length:])
		if err != nil {
			return nil, damage(first+core.Sequence(n), err.Error())
		}
		length += h.Length
	}
	return payload[:length], nil
}
