package engine

import (
	"errors"
	"fmt"

	"holdfast/engine/core"
	"holdfast/wal"
)

// Rewind gives the directory of o, which nobody has open and which was restored for this purpose, the end that it had at a
// point: wal.Rewind says what goes. The state is then made and audited as by any start. It gives the last sequence. Errors
// are ErrOutOfReach and those of Open.
func Rewind(o Options, p Point) (core.Sequence, error) {
	reading := o.Journal
	reading.ReadOnly = true
	j, err := wal.Open(o.Dir, reading)
	if err != nil {
		return 0, err
	}
	r, err := p.find(j)
	if err := errors.Join(err, j.Close()); err != nil {
		return 0, err
	}
	err = wal.Rewind(o.Dir, o.Journal, uint64(r.point), func(g *wal.Group, commands uint32) (int, error) {
		part, err := payloadOf(core.Sequence(g.First), g.Payload, int(commands))
		return len(part), err
	})
	if err != nil {
		return 0, err
	}
	return Verify(o)
}

// Verify opens a directory as any start does, audits the state, closes it again, and gives the last sequence. It is a
// *wal.DamageError when the state contradicts itself. Nothing is added to the journal: time stands still, so that holds
// whose deadline has come meanwhile are still there, and so is what of the original can be followed.
func Verify(o Options) (core.Sequence, error) {
	o.Clock = func() int64 { return 0 }
	e, err := Open(o)
	if err != nil {
		return 0, err
	}
	report, sequence, err := e.Audit()
	if err == nil && report.Found > 0 {
		err = damage(sequence, fmt.Sprintf("an audit of the state finds %d violations", report.Found))
	}
	return sequence, errors.Join(err, e.Close())
}
