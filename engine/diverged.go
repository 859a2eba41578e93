package engine

import (
	"strconv"

	"holdfast/engine/core"
	"holdfast/wal"
)

// DivergedError says that a replica holds another state than its primary. Open returns it for a directory of which that was
// found out: nobody should read from it, and it must not become a primary's. The way on is a backup, in an empty directory.
type DivergedError struct {
	Sequence core.Sequence // of the checkpoint at which both were compared
	Where    string        // the first difference, or why it is not known; "" while nobody has looked
}

// Error tells the place.
func (e *DivergedError) Error() string {
	text := "replica differs from its primary at checkpoint " + strconv.FormatUint(uint64(e.Sequence), 10)
	if e.Where != "" {
		text += ": " + e.Where
	}
	return text
}

// MarkDiverged keeps for good that the engine's state differs from its primary's, and is durable when it returns: the
// directory is not opened again.
func (e *Engine) MarkDiverged(d *DivergedError) error {
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	return translate(e.journal.MarkDiverged(wal.Divergence{Sequence: uint64(d.Sequence), Where: d.Where}))
}

// mustAgree refuses a directory that has diverged.
func mustAgree(j *wal.Journal) error {
	if d := j.Diverged(); d != nil {
		return &DivergedError{Sequence: core.Sequence(d.Sequence), Where: d.Where}
	}
	return nil
}
