package engine

import (
	"errors"

	"holdfast/engine/core"
	"holdfast/wal"
)

// errEnough ends a reading of the journal before its end.
var errEnough = errors.New("enough")

// JournalFirst is the sequence with which the journal begins: what is older was cut off. It is 0 while there is nothing.
func (e *Engine) JournalFirst() (core.Sequence, error) {
	if err := e.use(); err != nil {
		return 0, err
	}
	defer e.using.RUnlock()
	first, err := e.journal.First()
	return core.Sequence(first), err
}

// JournalInstance identifies the data directory.
func (e *Engine) JournalInstance() [16]byte { return e.journal.Identity().Instance }

// ReadJournal calls fn with the released groups of the journal from the one that holds a sequence, each one verified, as
// package wal describes it, and with the last sequence of each, until fn says that it has enough. The bytes are valid
// only during the call. It returns ErrCut when the sequence was cut off.
func (e *Engine) ReadJournal(from core.Sequence, fn func(group []byte, last core.Sequence) (more bool)) error {
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	released := e.released.Load()
	if uint64(from) > released {
		return nil
	}
	var encoded []byte
	err := e.journal.Replay(uint64(from), func(g wal.Group) error {
		if g.Last() > released {
			return errEnough
		}
		if encoded = wal.AppendGroup(encoded[:0], &g); !fn(encoded, core.Sequence(g.Last())) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	if first, failed := e.journal.First(); err != nil && failed == nil && uint64(from) < first {
		return ErrCut
	}
	return err
}
