package wal

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
)

// inspect looks at the directory before Pebble may write to it, and leaves the database open for reading when
// there is one. Opened for writing, Pebble at once deletes what it believes to be of no use, and after
// damage that may be what was lost.
func (j *Journal) inspect() error {
	exists, err := j.inspectManifest()
	if err != nil {
		return err
	}
	if !exists {
		if j.options.ReadOnly {
			return fmt.Errorf("there is no journal in %s: %w", j.dir, fs.ErrNotExist)
		}
		return nil
	}
	promise, err := j.findPromise()
	if err != nil {
		return err
	}
	seal, err := j.readSeal()
	if err != nil {
		return err
	}
	if err := j.openPebble(true); err != nil {
		return err
	}
	if err := j.findEnds(); err != nil {
		return err
	}
	if last := j.Last(); promise.durable > last {
		return &DamageError{Sequence: last + 1, File: promise.file, Reason: fmt.Sprintf(
			"the commands up to %d were safely written, and can be read only up to %d", promise.durable, last)}
	} else if seal > last {
		return &DamageError{Sequence: last + 1, Reason: fmt.Sprintf(
			"the journal went up to %d when it was closed, and now ends with %d", seal, last)}
	}
	return j.inspectTail(seal)
}

// inspectTail verifies, from the end backwards, the groups written since the last orderly close that may
// stand in Pebble's logs: between them and the tables is where a lost entry of the MANIFEST would leave a hole.
func (j *Journal) inspectTail(seal uint64) error {
	it, err := j.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if err != nil {
		return err
	}
	return errors.Join(j.readError(j.walkBack(it, seal)), j.readError(it.Close()))
}

func (j *Journal) walkBack(it *pebble.Iterator, seal uint64) error {
	var later Group
	limit := (memTableLimit + 1) * memTableBytes
	for ok := it.Last(); ok && limit > 0; ok = it.Prev() {
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		v := verifier{}
		g, err := v.next(it.Key(), value)
		if err != nil {
			return err
		}
		if later.First != 0 {
			if err := v.follows(&later); err != nil {
				return err
			}
		}
		if g.Last() <= seal {
			return nil
		}
		later, later.Payload = g, nil
		limit -= len(value)
	}
	return nil
}
