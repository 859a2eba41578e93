package engine

import (
	"errors"

	"holdfast/engine/codec"
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

// ErrOtherHistory: what somebody holds of the journal is not what this journal holds.
var ErrOtherHistory = wal.ErrOtherHistory

// ChainBefore gives the hash of the group that ends just before a sequence that was released or comes next, zero
// before the very first. ErrOtherHistory says that no group begins or ends there, and so that somebody who goes on with
// that sequence holds another history.
func (e *Engine) ChainBefore(next core.Sequence) (chain [32]byte, err error) {
	if next <= 1 {
		return chain, nil
	}
	if err := e.use(); err != nil {
		return chain, err
	}
	defer e.using.RUnlock()
	err = ErrOtherHistory
	first, failed := e.journal.First()
	if failed != nil {
		return chain, failed
	}
	if uint64(next) > first { // the group before is there
		failed = e.journal.Replay(uint64(next)-1, func(g wal.Group) error {
			if core.Sequence(g.Last()) == next-1 {
				chain, err = wal.HashGroup(wal.AppendGroup(nil, &g)), nil
			}
			return errEnough
		})
	} else {
		failed = e.journal.Replay(uint64(next), func(g wal.Group) error {
			if core.Sequence(g.First) == next {
				chain, err = g.Previous, nil
			}
			return errEnough
		})
	}
	if failed != nil && !errors.Is(failed, errEnough) {
		return chain, failed
	}
	return chain, err
}

// Manifest gives the manifest of a checkpoint, for who wants to compare the state page by page, or ErrNotFound. What keys
// the table of idempotency keys is left out: it is nobody else's business.
func (e *Engine) Manifest(sequence core.Sequence) ([]byte, error) {
	if err := e.use(); err != nil {
		return nil, err
	}
	defer e.using.RUnlock()
	encoded, err := e.journal.Manifest(uint64(sequence))
	if err != nil {
		return nil, translate(err)
	}
	var m codec.Manifest
	if err := codec.DecodeManifest(encoded, &m); err != nil {
		return nil, damage(sequence, "the checkpoint's manifest "+err.Error())
	}
	m.KeySeed = [2]uint64{}
	return codec.AppendManifest(nil, &m), nil
}
