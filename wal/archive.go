package wal

import (
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// stampLength is what entries of the archive have before their value: the last sequence of the group that archived it, as
// a little-endian number, by which they go when the journal is given an earlier end.
const stampLength = 8

// ArchivedPage is a page of the archive, and the names under which what is in it can be found.
type ArchivedPage struct {
	Number uint64
	Value  []byte
	Names  []ArchivedName
}

// ArchivedName leads from a name to a number, whatever that means.
type ArchivedName struct {
	Name   []byte
	Number uint64
}

// Archive stores pages that the group which ends with a sequence has archived. Like the feed it does not wait for the disk: what a crash takes is made again from the journal.
// It goes through the same log as the groups, so a page is safe when a later group or a checkpoint is. A page that is
// there already stays as it is, names included.
func (j *Journal) Archive(sequence uint64, pages []ArchivedPage) error {
	if err := j.err(); err != nil {
		return err
	}
	batch := j.db.NewBatch()
	putMark(batch)
	setMark(batch, j.durable.Load())
	added := false
	for i := range pages {
		switch known, err := j.has(archiveKey(pages[i].Number)); {
		case err != nil:
			return err
		case !known:
			putArchived(batch, sequence, &pages[i])
			added = true
		}
	}
	if !added {
		return nil
	}
	return j.once(func() error { return j.db.Apply(batch, pebble.NoSync) })
}

func putArchived(batch *pebble.Batch, sequence uint64, p *ArchivedPage) {
	put := func(key []byte, length int) []byte {
		op := batch.SetDeferred(len(key), stampLength+length)
		copy(op.Key, key)
		binary.LittleEndian.PutUint64(op.Value, sequence)
		return op.Value[stampLength:]
	}
	copy(put(archiveKey(p.Number), len(p.Value)), p.Value)
	for i := range p.Names {
		binary.LittleEndian.PutUint64(put(nameKey(p.Names[i].Name), numberLength), p.Names[i].Number)
	}
}

// numberLength is the length of what the archive has under a name.
const numberLength = 8

// ArchivedPage calls fn with a page of the archive, or returns [ErrNotFound]. The bytes are valid only during the call.
func (j *Journal) ArchivedPage(number uint64, fn func(value []byte) error) error {
	return j.get(archiveKey(number), fn)
}

// ArchivedName gives the number that the archive has under a name, or [ErrNotFound].
func (j *Journal) ArchivedName(name []byte) (number uint64, err error) {
	err = j.get(nameKey(name), func(value []byte) error {
		if len(value) != numberLength {
			return &DamageError{Reason: "a name of the archive has no number"}
		}
		number = binary.LittleEndian.Uint64(value)
		return nil
	})
	return number, err
}

// HasArchivedNames tells whether the archive has any name.
func (j *Journal) HasArchivedNames() (bool, error) {
	it, err := j.iterate([]byte{familyExternal}, []byte{familyExternal + 1})
	if err != nil {
		return false, err
	}
	has := it.First()
	return has, j.readError(errors.Join(it.Error(), it.Close()))
}

func (j *Journal) has(key []byte) (bool, error) {
	err := j.get(key, func([]byte) error { return nil })
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// get calls fn with the value of an entry of the archive, or returns [ErrNotFound].
func (j *Journal) get(key []byte, fn func(value []byte) error) error {
	if err := j.err(); err != nil {
		return err
	}
	value, closer, err := j.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return ErrNotFound
	}
	if err != nil {
		return j.readError(err)
	}
	if len(value) < stampLength {
		return errors.Join(&DamageError{Reason: "an entry of the archive has no stamp"}, closer.Close())
	}
	return errors.Join(fn(value[stampLength:]), closer.Close())
}

// dropArchived has a batch delete what was archived behind a sequence. All of the archive is read for it.
func (j *Journal) dropArchived(batch *pebble.Batch, sequence uint64) error {
	for _, f := range families {
		if !f.stamped {
			continue
		}
		it, err := j.iterate([]byte{f.prefix}, f.end())
		if err != nil {
			return err
		}
		for ok := it.First(); ok; ok = it.Next() {
			value, err := it.ValueAndErr()
			if err != nil {
				return errors.Join(j.readError(err), it.Close())
			}
			if len(value) < stampLength || binary.LittleEndian.Uint64(value) > sequence {
				mustPut(batch.Delete(it.Key(), nil))
			}
		}
		if err := j.readError(errors.Join(it.Error(), it.Close())); err != nil {
			return err
		}
	}
	return nil
}

func archiveKey(number uint64) []byte {
	key := make([]byte, archiveKeyLength)
	key[0] = familyArchive
	binary.BigEndian.PutUint64(key[1:], number)
	return key
}

func nameKey(name []byte) []byte { return append([]byte{familyExternal}, name...) }
