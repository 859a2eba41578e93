package wal

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// PutReader keeps what is known of a reader under its name. It does not wait for the disk: after a power cut the reader may
// stand where it stood before.
func (j *Journal) PutReader(name string, value []byte) error {
	return j.once(func() error { return j.db.Set(readerKey(name), value, pebble.NoSync) })
}

// DropReader forgets a reader.
func (j *Journal) DropReader(name string) error {
	return j.once(func() error { return j.db.Delete(readerKey(name), pebble.NoSync) })
}

// forgetReaders forgets all readers.
func (j *Journal) forgetReaders() error {
	return j.once(func() error { return j.db.DeleteRange([]byte{familyReader}, []byte{familyReader + 1}, pebble.Sync) })
}

// Readers calls fn with every reader, in the order of their names. The value is valid during the call.
func (j *Journal) Readers(fn func(name string, value []byte) error) error {
	it, err := j.iterate([]byte{familyReader}, []byte{familyReader + 1})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err == nil {
			err = fn(string(it.Key()[1:]), value)
		}
		if err != nil {
			return errors.Join(j.readError(err), it.Close())
		}
	}
	return errors.Join(j.readError(it.Error()), j.readError(it.Close()))
}

func readerKey(name string) []byte { return append([]byte{familyReader}, name...) }
