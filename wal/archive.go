package wal

import (
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/engine/invariant"
)

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

// Archive stores pages. Like the feed it does not wait for the disk: what a crash takes is made again from the journal.
// It goes through the same log as the groups, so a page is safe when a later group or a checkpoint is. A page that is
// there already stays as it is, names included.
func (j *Journal) Archive(pages []ArchivedPage) error {
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
			putArchived(batch, &pages[i])
			added = true
		}
	}
	if !added {
		return nil
	}
	return j.once(func() error { return j.db.Apply(batch, pebble.NoSync) })
}

func putArchived(batch *pebble.Batch, p *ArchivedPage) {
	put := func(key []byte, value []byte) {
		err := batch.Set(key, value, nil)
		invariant.Check(err == nil, "a batch in memory takes what it is given")
	}
	put(archiveKey(p.Number), p.Value)
	var number [8]byte
	for i := range p.Names {
		binary.LittleEndian.PutUint64(number[:], p.Names[i].Number)
		put(nameKey(p.Names[i].Name), number[:])
	}
}

// ArchivedPage calls fn with a page of the archive, or returns [ErrNotFound]. The bytes are valid only during the call.
func (j *Journal) ArchivedPage(number uint64, fn func(value []byte) error) error {
	return j.get(archiveKey(number), fn)
}

// ArchivedName gives the number that the archive has under a name, or [ErrNotFound].
func (j *Journal) ArchivedName(name []byte) (number uint64, err error) {
	err = j.get(nameKey(name), func(value []byte) error {
		if len(value) != 8 {
			return &DamageError{Reason: "a name of the archive has no number"}
		}
		number = binary.LittleEndian.Uint64(value)
		return nil
	})
	return number, err
}

// HasArchivedNames tells whether the archive has any name.
func (j *Journal) HasArchivedNames() (bool, error) {
	it, err := j.iterate([]byte{familyName}, []byte{familyName + 1})
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

// get calls fn with the value of a key, or returns [ErrNotFound].
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
	return errors.Join(fn(value), closer.Close())
}

func archiveKey(number uint64) []byte {
	key := make([]byte, archiveKeyLength)
	key[0] = familyArchive
	binary.BigEndian.PutUint64(key[1:], number)
	return key
}

func nameKey(name []byte) []byte { return append([]byte{familyName}, name...) }
