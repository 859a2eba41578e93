package wal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/engine/invariant"
)

// Rewind gives the journal in dir an earlier end: until is its last sequence from then on. Feed, documents and checkpoints of
// what came later are gone, and so are the readers, who may have read it. When until lies in the middle of a group, the group is sealed anew with fewer commands; prefix says
// how many bytes of a payload its first commands take. New groups carry the next epoch, so that nobody takes the two
// histories that now go on from there for one.
//
// It is meant for a directory that was restored for this purpose. Errors are those of [Open]; [ErrNotFound] when the
// journal does not hold the sequence.
func Rewind(dir string, o Options, until uint64, prefix func(g *Group, commands uint32) (bytes int, err error)) error {
	j, err := Open(dir, o)
	if err != nil {
		return err
	}
	err = j.rewind(until, prefix)
	return errors.Join(err, j.Close())
}

func (j *Journal) rewind(until uint64, prefix func(g *Group, commands uint32) (int, error)) error {
	if err := j.knowsAllFamilies(); err != nil {
		return err
	}
	last, err := j.lastGroup(until, prefix)
	if err != nil {
		return err
	}
	err = j.once(func() error {
		batch := j.db.NewBatch()
		putMark(batch)
		setMark(batch, until)
		for _, f := range families {
			if f.bySequence {
				mustPut(batch.DeleteRange(f.after(until), f.end(), nil))
			}
			if f.forgotten {
				mustPut(batch.DeleteRange([]byte{f.prefix}, f.end(), nil))
			}
		}
		if err := j.dropArchived(batch, until); err != nil {
			return err
		}
		if j.FeedFloor() > until { // what comes next is not cut off
			mustPut(batch.Set(feedFloorKey, encodeFloor(until), nil))
		}
		g, err := DecodeGroup(last)
		invariant.Check(err == nil, "a group that was just sealed can be read")
		mustPut(batch.Set(sequenceKey(familyJournal, g.First), last, nil))
		mustPut(batch.Set(roleKey, standing{RolePrimary, j.writer.epoch + 1, until}.encode(), nil))
		return batch.Commit(pebble.Sync)
	})
	if err != nil {
		return err
	}
	j.feedLast.Store(0)
	return errors.Join(j.findEnds(), j.loadRole())
}

// mustPut checks what cannot fail: a batch in memory takes what it is given.
func mustPut(err error) { invariant.Check(err == nil, "a batch in memory takes what it is given") }

// lastGroup gives the group that holds a sequence, with that as its last one.
func (j *Journal) lastGroup(until uint64, prefix func(g *Group, commands uint32) (int, error)) (value []byte, err error) {
	it, err := j.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.readError(it.Close())) }()
	if !it.SeekLT(sequenceKey(familyJournal, until+1)) {
		return nil, errors.Join(j.readError(it.Error()), notHeld(until))
	}
	value, err = it.ValueAndErr()
	if err != nil {
		return nil, j.readError(err)
	}
	g, err := decodeAt(it.Key(), value)
	switch {
	case err != nil:
		return nil, err
	case g.Last() < until:
		return nil, notHeld(until)
	case g.Last() == until:
		return bytes.Clone(value), nil
	}
	commands := uint32(until - g.First + 1)
	n, err := prefix(&g, commands)
	if err != nil {
		return nil, err
	}
	g.Count, g.Payload = commands, g.Payload[:n]
	return AppendGroup(nil, &g), nil
}

func notHeld(sequence uint64) error {
	return fmt.Errorf("the journal does not hold sequence %d: %w", sequence, ErrNotFound)
}
