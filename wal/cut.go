package wal

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"sort"

	"github.com/cockroachdb/pebble/v2"
)

// Kept is one of the two things that grow at one end and are cut at the other.
type Kept byte

const (
	KeptGroups Kept = familyJournal // the journal
	KeptFeed   Kept = familyFeed
)

// Bounds gives the sequences between which something is kept: the first that was not cut off, and the last. Both are 0 when
// there is nothing.
func (j *Journal) Bounds(k Kept) (first, last uint64, err error) {
	if k == KeptFeed {
		if last = j.FeedLast(); last > 0 {
			first = j.FeedFloor() + 1
		}
		return first, last, j.err()
	}
	first, err = j.First()
	return first, j.Durable(), err
}

// BytesFrom is what takes so much room in tables, from a sequence on. What is still in memory counts nothing.
func (j *Journal) BytesFrom(k Kept, from uint64) (uint64, error) {
	if err := j.err(); err != nil {
		return 0, err
	}
	bytes, err := j.db.EstimateDiskUsage(sequenceKey(byte(k), from), []byte{byte(k) + 1})
	return bytes, j.readError(err)
}

// FirstWithin is the smallest sequence from which on no more than so many bytes are kept.
func (j *Journal) FirstWithin(k Kept, bytes uint64) (uint64, error) {
	first, last, err := j.Bounds(k)
	if err != nil || first == 0 {
		return first, err
	}
	n := sort.Search(int(last+1-first), func(n int) bool {
		size, failed := j.BytesFrom(k, first+uint64(n))
		err = cmp.Or(err, failed)
		return size <= bytes
	})
	return first + uint64(n), err
}

// GroupAt gives the header of the group that holds a sequence, without its payload. It is a [*DamageError] when the journal
// begins later.
func (j *Journal) GroupAt(sequence uint64) (g Group, err error) {
	it, err := j.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if err != nil {
		return g, err
	}
	if it.SeekLT(sequenceKey(familyJournal, sequence+1)) {
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			g, err = decodeAt(it.Key(), value)
			g.Payload = nil
		}
	} else {
		err = cmp.Or(it.Error(), error(&DamageError{Sequence: sequence, Reason: "the journal begins after this sequence"}))
	}
	return g, errors.Join(j.readError(err), j.readError(it.Close()))
}

// CutGroups forgets the groups before the one that holds a sequence, which must be durable, and gives the sequence with
// which the journal begins afterwards.
func (j *Journal) CutGroups(sequence uint64) (first uint64, err error) {
	first, last, err := j.Bounds(KeptGroups)
	if err != nil || min(sequence, last) <= first {
		return first, err
	}
	g, err := j.GroupAt(min(sequence, last))
	if err != nil || g.First == first {
		return first, err
	}
	return g.First, j.excise(sequenceKey(familyJournal, 0), sequenceKey(familyJournal, g.First))
}

// CutFeed forgets the feed before a sequence, but never the newest of it, by which the end is known, and gives the floor
// afterwards.
func (j *Journal) CutFeed(sequence uint64) (floor uint64, err error) {
	sequence = min(sequence, j.FeedLast())
	if floor = j.FeedFloor(); sequence <= floor+1 {
		return floor, j.err()
	}
	// The floor first, in memory and on the disk: who finds something gone must find the floor above it.
	raise(&j.feedFloor, sequence-1)
	err = j.once(func() error {
		return j.db.Set(feedFloorKey, encodeFloor(sequence-1), pebble.Sync)
	})
	if err != nil {
		return floor, err
	}
	return sequence - 1, j.excise(sequenceKey(familyFeed, 0), sequenceKey(familyFeed, sequence))
}

// excise takes the keys from..to (not included) out of the database, for good and at once. Tables that lie between go
// without being read, and nothing that stays is written again, as it would be to get rid of a range deletion.
func (j *Journal) excise(from, to []byte) error {
	return j.once(func() error {
		j.taking.Lock()
		defer j.taking.Unlock()
		return j.db.Excise(context.Background(), pebble.KeyRange{Start: from, End: to})
	})
}

// FeedFloor is the sequence up to which the feed was cut off: of what came after it everything is there. 0 when all is.
func (j *Journal) FeedFloor() uint64 { return j.feedFloor.Load() }

func encodeFloor(sequence uint64) []byte { return binary.LittleEndian.AppendUint64(nil, sequence) }

// loadFeedFloor learns where the feed begins.
func (j *Journal) loadFeedFloor() error {
	value, closer, err := j.db.Get(feedFloorKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return j.readError(err)
	}
	if len(value) != 8 {
		err = &DamageError{Reason: "the mark of where the feed begins has the wrong length"}
	} else {
		j.feedFloor.Store(binary.LittleEndian.Uint64(value))
	}
	return errors.Join(err, closer.Close())
}
