package search

import (
	"fmt"

	"holdfast/engine"
	"holdfast/wal"
)

// Dump gives all entries of an index but where its reader stands.
func Dump(e *engine.Engine) (entries []string, err error) {
	err = e.UseIndex(func(j *wal.Journal) error {
		for _, family := range []byte{keyRow, keyPosting, keyEvent, keyCustomer, keyWaiter} {
			it, err := j.IterateIndex([]byte{family})
			if err != nil {
				return err
			}
			for ok := it.First(); ok; ok = it.Next() {
				value, err := it.Value()
				if err != nil {
					return err
				}
				entries = append(entries, fmt.Sprintf("%c %x = %x", family, it.Key(), value))
			}
			if err := it.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	return entries, err
}

// Put changes an entry of an index, as another version of the program, or damage, might have left it.
func Put(e *engine.Engine, key, value []byte) error {
	return e.UseIndex(func(j *wal.Journal) error {
		b := j.NewIndexBatch()
		b.Set(key, value)
		return b.Apply()
	})
}

// MaxSeeks bounds what one query reads.
const MaxSeeks = maxSeeks
