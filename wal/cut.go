package wal

import (
	"cmp"
	"errors"
	"sort"

	"github.com/cockroachdb/pebble/v2"
)

// cutShare keeps cuts few and large: one is made when the journal is larger than it has to be by this part of it.
const cutShare = 8

// Cut forgets the oldest groups: about keep bytes are left on the disk, and everything from sequence limit on. It gives the sequence with which the journal begins afterwards. Nothing is cut for a little.
func (j *Journal) Cut(limit, keep uint64) (first uint64, err error) {
	first, err = j.First()
	if err != nil || first == 0 {
		return first, err
	}
	size := func(from uint64) (bytes uint64) {
		if err == nil {
			bytes, err = j.db.EstimateDiskUsage(sequenceKey(familyJournal, from), []byte{familyJournal + 1})
		}
		return bytes
	}
	limit = min(limit, j.Durable())
	if limit <= first || size(first) <= keep+keep/cutShare {
		return first, j.readError(err)
	}
	// The smallest sequence from which on there are no more than keep bytes, and then the group that holds it.
	at := first + uint64(sort.Search(int(limit-first), func(n int) bool { return size(first+uint64(n)) <= keep }))
	if err != nil {
		return first, j.readError(err)
	}
	if at, err = j.groupOf(at); err != nil || at == first {
		return first, err
	}
	err = j.once(func() error {
		return j.db.DeleteRange(sequenceKey(familyJournal, 0), sequenceKey(familyJournal, at), pebble.NoSync)
	})
	if err != nil {
		return first, err
	}
	return at, nil
}

// groupOf is the sequence with which the group begins that holds a sequence.
func (j *Journal) groupOf(sequence uint64) (first uint64, err error) {
	it, err := j.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if err != nil {
		return 0, err
	}
	if it.SeekLT(sequenceKey(familyJournal, sequence+1)) {
		first, err = parseSequenceKey(it.Key())
	} else {
		err = cmp.Or(j.readError(it.Error()), error(&DamageError{Sequence: sequence, Reason: "the journal begins after this sequence"}))
	}
	return first, errors.Join(err, j.readError(it.Close()))
}
