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
	if err := j.knowsVersions(); err != nil {
		return err
	}
	if err := j.inspectTables(); err != nil {
		return err
	}
	if last := j.Last(); promise.durable > last {
		return &DamageError{Sequence: last + 1, File: promise.file, Reason: fmt.Sprintf(
			"the commands up to %d were safely written, and can be read only up to %d", promise.durable, last)}
	} else if seal > last {
		return &DamageError{Sequence: last + 1, Reason: fmt.Sprintf(
			"the journal went up to %d when it was closed, and now ends with %d", seal, last)}
	}
	return j.inspectTail()
}

// inspectTail verifies, from the end backwards, the groups that stand only in Pebble's logs, and the link into
// the tables: there a lost entry of the MANIFEST would leave a hole.
func (j *Journal) inspectTail() error {
	tables, err := j.lastInTables()
	if err != nil {
		return err
	}
	it, err := j.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if err != nil {
		return err
	}
	return errors.Join(j.readError(walkBack(it, tables)), j.readError(it.Close()))
}

// lastInTables is the sequence with which the newest group begins that is not only in a log, 0 for none.
func (j *Journal) lastInTables() (first uint64, err error) {
	it, err := j.db.NewIter(&pebble.IterOptions{
		LowerBound:                []byte{familyJournal},
		UpperBound:                []byte{familyJournal + 1},
		OnlyReadGuaranteedDurable: true,
	})
	if err != nil {
		return 0, j.readError(err)
	}
	if it.Last() {
		first, err = parseSequenceKey(it.Key())
	}
	return first, errors.Join(err, j.readError(it.Close()))
}

func walkBack(it *pebble.Iterator, until uint64) error {
	var later Group
	for ok := it.Last(); ok; ok = it.Prev() {
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		var v verifier
		g, err := v.next(it.Key(), value)
		if err != nil {
			return err
		}
		if later.First != 0 {
			if err := v.follows(&later); err != nil {
				return err
			}
		}
		if g.First <= until {
			return nil
		}
		later, later.Payload = g, nil
	}
	return nil
}

// knowsVersions refuses what another version of the program has written, before anything is changed. Damage is found later, by those who
// know what it costs.
func (j *Journal) knowsVersions() error {
	it, err := j.iterate([]byte{familyCheckpoint}, []byte{familyCheckpoint + 1})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		if head, err := it.ValueAndErr(); err == nil {
			if err := knowsHead(head); err != nil {
				return errors.Join(err, it.Close())
			}
		}
	}
	_ = it.Close()
	for _, load := range []func() error{j.readIdentity, j.loadRole, j.loadDivergence} {
		if err := load(); IsOtherVersion(err) {
			return err
		}
	}
	return nil
}

// placeOfDamage finds the sequence of damage at the journal's end, which is looked at before anything else is read: from
// where the journal ended when it was closed it goes back in growing steps to a group that can be read, and on from there.
func (j *Journal) placeOfDamage(err error) error {
	var damage *DamageError
	seal, _ := j.readSeal() // a damaged one says nothing
	if !errors.As(err, &damage) || damage.Sequence != 0 || seal == 0 {
		return err
	}
	it, openErr := j.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if openErr != nil {
		return err
	}
	defer func() { _ = it.Close() }()
	for step := uint64(1); step <= seal; step *= 2 {
		if !it.SeekLT(sequenceKey(familyJournal, seal+1-step)) {
			continue
		}
		for ok := true; ok; ok = it.Next() {
			value, readErr := it.ValueAndErr()
			g, decodeErr := DecodeGroup(value)
			if readErr != nil || decodeErr != nil {
				break
			}
			damage.Sequence = g.Last() + 1
		}
		if damage.Sequence != 0 {
			damage.Key = sequenceKey(familyJournal, damage.Sequence)
			return err
		}
	}
	return err
}
