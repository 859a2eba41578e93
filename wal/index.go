package wal

import (
	"cmp"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// An index is kept by somebody who reads the feed, and can be made again from it at any time; notes are kept for ever, as the feed that told of
// them is cut. Both are written without a sync, like the feed, through the same log: what a crash takes of them is the newest, and the cursor of
// who writes them, an entry of the index, goes with it.

// IndexBatch is changes of the index, and notes, that are seen together or not at all. It is for one goroutine.
type IndexBatch struct {
	journal *Journal
	batch   *pebble.Batch
}

// NewIndexBatch makes an empty batch.
func (j *Journal) NewIndexBatch() *IndexBatch {
	return &IndexBatch{journal: j, batch: j.newBatch()}
}

// Set puts an entry of the index.
func (b *IndexBatch) Set(key, value []byte) {
	op := b.batch.SetDeferred(1+len(key), len(value))
	op.Key[0] = familyIndex
	copy(op.Key[1:], key)
	copy(op.Value, value)
}

// Delete takes an entry of the index away, if it is there.
func (b *IndexBatch) Delete(key []byte) {
	op := b.batch.DeleteDeferred(1 + len(key))
	op.Key[0] = familyIndex
	copy(op.Key[1:], key)
}

// AddNote keeps a note that the command of a sequence made beside an order.
func (b *IndexBatch) AddNote(order, sequence uint64, value []byte) {
	op := b.batch.SetDeferred(noteKeyLength, stampLength+len(value))
	putNoteKey(op.Key, order, sequence)
	binary.LittleEndian.PutUint64(op.Value, sequence)
	copy(op.Value[stampLength:], value)
}

// Len is about how many bytes the batch has.
func (b *IndexBatch) Len() int { return b.batch.Len() }

// Apply writes the batch, without waiting for the disk, and empties it.
func (b *IndexBatch) Apply() error {
	err := b.journal.once(func() error { return b.journal.db.Apply(b.batch, pebble.NoSync) })
	if err == nil {
		b.batch.Reset() // after a failure Pebble may still read it
	}
	return err
}

// WipeIndex forgets all of the index, without reading it. Notes stay.
func (j *Journal) WipeIndex() error {
	return j.excise([]byte{familyIndex}, []byte{familyIndex + 1})
}

// IndexValue calls fn with the value of an entry, or returns [ErrNotFound]. The bytes are valid only during the call.
func (j *Journal) IndexValue(key []byte, fn func(value []byte) error) error {
	if err := j.err(); err != nil {
		return err
	}
	value, closer, err := j.db.Get(append([]byte{familyIndex}, key...))
	if errors.Is(err, pebble.ErrNotFound) {
		return ErrNotFound
	}
	if err != nil {
		return j.readError(err)
	}
	return errors.Join(fn(value), closer.Close())
}

// IndexIterator walks over entries of the index. It sees them as they were when it was made, and has to be closed before the journal is.
type IndexIterator struct {
	journal *Journal
	it      *pebble.Iterator
	key     []byte // scratch
}

// IterateIndex gives an iterator over the entries whose keys begin with a prefix.
func (j *Journal) IterateIndex(prefix []byte) (*IndexIterator, error) {
	from := append([]byte{familyIndex}, prefix...)
	it, err := j.iterate(from, prefixEnd(from))
	if err != nil {
		return nil, err
	}
	return &IndexIterator{journal: j, it: it}, nil
}

// prefixEnd is the first key behind all that begin with a prefix, which must not be all 0xFF.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte{}, prefix...)
	for i := len(end) - 1; ; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
}

// First goes to the first entry; false says that there is none, or that it cannot be read (Err).
func (it *IndexIterator) First() bool { return it.it.First() }

// Next goes to the next entry.
func (it *IndexIterator) Next() bool { return it.it.Next() }

// Before goes to the last entry whose key is less than the given one.
func (it *IndexIterator) Before(key []byte) bool { return it.it.SeekLT(it.full(key)) }

// From goes to the first entry whose key is not less than the given one.
func (it *IndexIterator) From(key []byte) bool { return it.it.SeekGE(it.full(key)) }

func (it *IndexIterator) full(key []byte) []byte {
	it.key = append(append(it.key[:0], familyIndex), key...)
	return it.key
}

// Key is that of the entry at hand, valid until the iterator goes on.
func (it *IndexIterator) Key() []byte { return it.it.Key()[1:] }

// Value is that of the entry at hand, valid until the iterator goes on.
func (it *IndexIterator) Value() ([]byte, error) {
	value, err := it.it.ValueAndErr()
	return value, it.journal.readError(err)
}

// Err tells why there is no entry, nil when there is none left.
func (it *IndexIterator) Err() error { return it.journal.readError(it.it.Error()) }

// Close gives the iterator back, and the error that ended it.
func (it *IndexIterator) Close() error { return it.journal.readError(it.it.Close()) }

// Notes calls fn with the notes beside an order that commands behind a sequence made, the oldest first, until fn says that it has enough.
func (j *Journal) Notes(order, after uint64, fn func(sequence uint64, value []byte) (more bool)) (err error) {
	from, to := make([]byte, noteKeyLength), make([]byte, noteKeyLength)
	putNoteKey(from, order, after+1)
	putNoteKey(to, order, ^uint64(0))
	it, err := j.iterate(from, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.readError(it.Close())) }()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil || len(value) < stampLength || len(it.Key()) != noteKeyLength {
			return cmp.Or(j.readError(err), error(&DamageError{Reason: "a note is cut off"}))
		}
		if !fn(binary.BigEndian.Uint64(it.Key()[9:]), value[stampLength:]) {
			return nil
		}
	}
	return j.readError(it.Error())
}

const noteKeyLength = 1 + 8 + 8

func putNoteKey(dst []byte, order, sequence uint64) {
	dst[0] = familyNote
	binary.BigEndian.PutUint64(dst[1:], order)
	binary.BigEndian.PutUint64(dst[9:], sequence)
}
