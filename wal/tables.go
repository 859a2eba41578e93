package wal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// inspectTables looks for tables with groups beyond the journal's end. They can only be there because the end of the MANIFEST was
// lost, and with it the entry that listed the table, or the one that says up to where its entries count. Pebble would take
// what is left for all, and delete the rest. Tables that are not listed are common after a crash, unfinished ones and those that
// were merged into others; what they hold is elsewhere, too.
func (j *Journal) inspectTables() error {
	names, err := j.fs.List(j.dir)
	if err != nil {
		return err
	}
	passed := map[string]bool{} // tables that are listed and end before the journal does
	levels, err := j.db.SSTables()
	if err != nil {
		return j.readError(err)
	}
	for _, level := range levels {
		for i := range level {
			key := level[i].Largest.UserKey
			if j.Last() > 0 && bytes.Compare(key, sequenceKey(familyJournal, j.Last())) <= 0 || key[0] > familyJournal+1 {
				passed[level[i].BackingSSTNum.String()+".sst"] = true
			}
		}
	}
	known, err := j.hasIdentity()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		if !known && j.isTable(name) {
			return &DamageError{File: name, Reason: "the table was finished after the directory got its identity, which is lost"}
		}
		if passed[name] {
			continue
		}
		if g, ok := j.lastInFile(name); ok && g.Last() > j.Last() && !j.givenUp(&g) {
			return &DamageError{Sequence: j.Last() + 1, File: name, Reason: fmt.Sprintf(
				"the table holds commands up to %d, and the file that lists all others has lost its end: the journal ends with %d", g.Last(), j.Last())}
		}
	}
	return nil
}

// hasIdentity tells whether the directory's identity can be seen. It is written before anything else.
func (j *Journal) hasIdentity() (bool, error) {
	_, closer, err := j.db.Get(identityKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, j.readError(err)
	}
	return true, closer.Close()
}

// isTable tells whether a table can be read, as far as is seen when it is opened.
func (j *Journal) isTable(name string) bool {
	f, err := j.fs.Open(j.fs.PathJoin(j.dir, name))
	if err != nil {
		return false
	}
	r, err := j.openTable(f)
	return err == nil && r.Close() == nil
}

// givenUp tells whether a group belongs to an end of the journal that was given up (Rewind).
func (j *Journal) givenUp(g *Group) bool {
	return g.Epoch < j.writer.epoch && g.First > j.writer.after
}

// lastInFile gives the newest group in a table, without its payload. There is none in one that cannot be read, which nobody
// had finished.
func (j *Journal) lastInFile(name string) (g Group, ok bool) {
	f, err := j.fs.Open(j.fs.PathJoin(j.dir, name))
	if err != nil {
		return Group{}, false
	}
	r, err := j.openTable(f)
	if err != nil {
		return Group{}, false
	}
	defer func() { _ = r.Close() }()
	it, err := r.NewIter(sstable.NoTransforms, []byte{familyJournal}, []byte{familyJournal + 1}, sstable.AssertNoBlobHandles)
	if err != nil {
		return Group{}, false
	}
	defer func() { _ = it.Close() }()
	kv := it.SeekLT([]byte{familyJournal + 1}, 0)
	if kv == nil || kv.Kind() != pebble.InternalKeyKindSet {
		return Group{}, false
	}
	value, _, err := kv.Value(nil)
	if err != nil {
		return Group{}, false
	}
	g, err = decodeAt(kv.K.UserKey, value)
	g.Payload = nil
	return g, err == nil
}

// openTable opens a table file for reading, and closes it when it cannot.
func (j *Journal) openTable(f vfs.File) (*sstable.Reader, error) {
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	options := j.tuning.pebbleOptions(j.fs, true)
	options.EnsureDefaults()
	r, err := sstable.NewReader(context.Background(), readable, options.MakeReaderOptions())
	if err != nil {
		return nil, errors.Join(err, readable.Close())
	}
	return r, nil
}
