package wal

import (
	"errors"
	"fmt"
)

// family is a kind of entries, by the first byte of their keys. Whoever adds one says here what becomes of it when a journal is
// given an earlier end (Rewind), or what is left of it is saved (Salvage).
type family struct {
	prefix byte
	name   string // for people
	// bySequence says that the keys go on with a sequence, and that an entry belongs to the commands up to there: what lies
	// behind the new end goes. Other families stay as they are.
	bySequence bool
	// stamped says that values begin with the sequence of the commands that they belong to: what lies behind the new end goes.
	stamped bool
	// forgotten says that all of it goes with the old end.
	forgotten bool
	// derived says that it is made from the rest at any time, so that nothing of it is saved.
	derived bool
}

var families = []family{
	{prefix: familyArchive, name: "archive", stamped: true},
	{prefix: familyCheckpoint, name: "checkpoints", bySequence: true},
	{prefix: familyDocument, name: "documents", bySequence: true},
	{prefix: familyFeed, name: "feed", bySequence: true},
	{prefix: familyJournal, name: "journal", bySequence: true},
	{prefix: familyMeta, name: "identity"},
	{prefix: familyNote, name: "notes", stamped: true},
	{prefix: familyPage, name: "values of checkpoints", bySequence: true},
	{prefix: familyReader, name: "readers", forgotten: true},
	{prefix: familyExternal, name: "names of the archive", stamped: true},
	{prefix: familyIndex, name: "index", forgotten: true, derived: true},
}

// end is the key behind all of the family's.
func (f family) end() []byte { return []byte{f.prefix + 1} }

// after is the first key of what belongs to commands behind a sequence. The family must be one by sequence.
func (f family) after(sequence uint64) []byte { return sequenceKey(f.prefix, sequence+1) }

// familyOf gives the family of a key, nil when there is no such.
func familyOf(key []byte) *family {
	for i := range families {
		if len(key) > 0 && key[0] == families[i].prefix {
			return &families[i]
		}
	}
	return nil
}

func familyName(prefix byte) string { return familyOf([]byte{prefix}).name }

// knowsAllFamilies refuses a directory with entries that the list does not have, since nobody has said what becomes of them.
func (j *Journal) knowsAllFamilies() error {
	from := []byte{0}
	for _, f := range append(families[:len(families):len(families)], family{prefix: 0xff}) {
		it, err := j.iterate(from, []byte{f.prefix})
		if err != nil {
			return err
		}
		if it.First() {
			err = fmt.Errorf("the directory holds entries of the unknown kind %q: a newer program must have written them", it.Key()[:1])
		}
		if err = errors.Join(err, j.readError(it.Error()), j.readError(it.Close())); err != nil {
			return err
		}
		from = f.end()
	}
	return nil
}
