package wal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// decodeAt decodes the group under a key and checks that it is the one that the key names.
func decodeAt(key, value []byte) (Group, error) {
	first, err := parseSequenceKey(key)
	if err != nil {
		return Group{}, err
	}
	g, err := DecodeGroup(value)
	if errors.Is(err, ErrNewerVersion) {
		return Group{}, err
	}
	if err != nil {
		return Group{}, &DamageError{Sequence: first, Key: bytes.Clone(key), Reason: err.Error()}
	}
	if g.First != first {
		return Group{}, &DamageError{Sequence: first, Key: bytes.Clone(key), Reason: fmt.Sprintf("the group stored there says that it begins with sequence %d", g.First)}
	}
	return g, nil
}

// verifier checks each group against the one before it.
type verifier struct {
	prior Group // without payload; First is 0 when there is none yet
	hash  Hash
}

// next decodes and checks the group that follows.
func (v *verifier) next(key, value []byte) (Group, error) {
	g, err := decodeAt(key, value)
	if err != nil {
		return Group{}, err
	}
	if err := v.follows(&g); err != nil {
		return Group{}, err
	}
	v.prior, v.hash = g, HashGroup(value)
	v.prior.Payload = nil
	return g, nil
}

// follows checks g against the group before it.
func (v *verifier) follows(g *Group) error {
	damage := func(at uint64, format string, args ...any) error {
		return &DamageError{Sequence: at, Reason: fmt.Sprintf(format, args...)}
	}
	if v.prior.First == 0 {
		if g.First == 1 && g.Previous != (Hash{}) {
			return damage(1, "the first group names a group before it")
		}
		return nil
	}
	expected := v.prior.Last() + 1
	switch {
	case g.First > expected:
		return damage(expected, "the commands %d to %d are missing", expected, g.First-1)
	case g.First < expected:
		return damage(g.First, "the group begins with sequence %d, which the group before it holds already", g.First)
	case g.Previous != v.hash:
		return damage(g.First, "the group does not follow from the one before it: the chain of hashes is broken")
	case g.Time < v.prior.Time:
		return damage(g.First, "the group is older than the one before it")
	case g.Epoch < v.prior.Epoch:
		return damage(g.First, "the group has epoch %d and the one before it %d", g.Epoch, v.prior.Epoch)
	}
	return nil
}

// First is the sequence number with which the oldest group begins, 0 when there is none.
func (j *Journal) First() (uint64, error) {
	it, err := j.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if err != nil {
		return 0, err
	}
	var first uint64
	if it.First() {
		first, err = parseSequenceKey(it.Key())
	}
	return first, errors.Join(err, j.readError(it.Close()))
}

// Replay calls fn with every group that was durable when it was called, from the one that holds sequence
// from, in order, each one verified; 0 is wherever the journal begins. from may lie in the middle of a group, which then
// comes whole. The payload is valid only during the call. Replay ends with fn's first error, or with a [*DamageError].
func (j *Journal) Replay(from uint64, fn func(g Group) error) error {
	if from == 0 {
		var err error
		if from, err = j.First(); err != nil {
			return err
		}
	}
	from = max(from, 1)
	end := j.durable.Load()
	if from > end {
		return j.err()
	}
	it, err := j.iterate([]byte{familyJournal}, sequenceKey(familyJournal, end+1))
	if err != nil {
		return err
	}
	err = j.replay(it, from, end, fn)
	return errors.Join(err, j.readError(it.Close()))
}

func (j *Journal) replay(it *pebble.Iterator, from, end uint64, fn func(g Group) error) error {
	// One group more than asked for, so that the link into the first one is verified too.
	ok := it.SeekLT(sequenceKey(familyJournal, from+1))
	if !ok {
		return cmp.Or(j.readError(it.Error()), error(&DamageError{Sequence: from, Reason: "the journal begins after this sequence"}))
	}
	if !it.Prev() {
		ok = it.First()
	}
	var v verifier
	for ; ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return j.readErrorAt(err, max(v.prior.Last()+1, from))
		}
		g, err := v.next(it.Key(), value)
		if err != nil {
			return err
		}
		if g.Last() < from {
			continue
		}
		if err := fn(g); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return j.readErrorAt(err, max(v.prior.Last()+1, from))
	}
	if last := v.prior.Last(); last != end {
		return &DamageError{Sequence: last + 1, Reason: fmt.Sprintf("the commands %d to %d are missing", last+1, end)}
	}
	return nil
}
