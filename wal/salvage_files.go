package wal

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// When Pebble cannot open a directory, its files are read one by one: every entry that was ever written and is still on the disk.
// Entries that were deleted come back; the journal's chain and contiguity tell which belong together. As nothing that
// is kept by sequence is ever overwritten, it does not matter which of several copies is taken; of the facts about
// the directory the newest file's count.

// copyFiles copies from tables, in the order of their numbers, and then from logs.
func (s *salvage) copyFiles() error {
	names, err := s.from.fs.List(s.from.dir)
	if err != nil {
		return err
	}
	counts := map[byte]*SavedFamily{}
	for _, f := range families {
		counts[f.prefix] = &SavedFamily{Name: f.name}
	}
	put := func(key, value []byte) error {
		f := familyOf(key)
		if f == nil || f.derived {
			return nil
		}
		counts[f.prefix].Entries++
		return s.put(key, value)
	}
	for _, suffix := range []string{".sst", ".log"} {
		for _, name := range numbered(names, suffix) {
			var damage *fileError
			read := s.copyTable
			if suffix == ".log" {
				read = s.copyLog
			}
			if err := read(name, put); errors.As(err, &damage) {
				s.found("%v", damage)
			} else if err != nil {
				return err
			}
		}
	}
	for _, f := range families {
		if f.derived {
			continue
		}
		s.report.Families = append(s.report.Families, *counts[f.prefix])
	}
	return nil
}

// fileError says that the rest of a file cannot be read.
type fileError struct {
	name  string
	key   []byte // of the last entry that could
	cause error
}

func (e *fileError) Error() string {
	if e.key == nil {
		return fmt.Sprintf("file %s cannot be read: %v", e.name, e.cause)
	}
	return fmt.Sprintf("file %s cannot be read behind key %q: %v", e.name, e.key, e.cause)
}

func (e *fileError) Unwrap() error { return e.cause }

// numbered gives the files with a suffix, by their numbers.
func numbered(names []string, suffix string) (files []string) {
	number := func(name string) uint64 {
		n, err := strconv.ParseUint(strings.TrimSuffix(name, suffix), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	for _, name := range names {
		if strings.HasSuffix(name, suffix) && number(name) > 0 {
			files = append(files, name)
		}
	}
	slices.SortFunc(files, func(a, b string) int { return int(number(a)) - int(number(b)) })
	return files
}

// copyTable copies a table's entries up to the first that cannot be read.
func (s *salvage) copyTable(name string, put func(key, value []byte) error) (err error) {
	var last []byte
	broken := func(cause error) error { return &fileError{name, last, cause} }
	f, err := s.from.fs.Open(s.from.fs.PathJoin(s.from.dir, name))
	if err != nil {
		return broken(err)
	}
	r, err := s.from.openTable(f)
	if err != nil {
		return broken(err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return broken(err)
	}
	defer func() {
		if cause := it.Close(); cause != nil && err == nil {
			err = broken(cause)
		}
	}()
	for kv := it.First(); kv != nil; kv = it.Next() {
		if kv.Kind() != pebble.InternalKeyKindSet && kv.Kind() != pebble.InternalKeyKindSetWithDelete {
			continue
		}
		value, _, err := kv.Value(nil)
		if err != nil {
			return broken(err)
		}
		if err := put(kv.K.UserKey, value); err != nil {
			return err
		}
		last = append(last[:0], kv.K.UserKey...)
	}
	if err := it.Error(); err != nil {
		return broken(err)
	}
	return nil
}

// copyLog copies the entries of all batches in a log that can be read, also behind places that cannot.
func (s *salvage) copyLog(name string, put func(key, value []byte) error) error {
	number, err := strconv.ParseUint(strings.TrimSuffix(name, ".log"), 10, 32)
	if err != nil {
		return &fileError{name, nil, err}
	}
	f, err := s.from.fs.Open(s.from.fs.PathJoin(s.from.dir, name))
	if err != nil {
		return &fileError{name, nil, err}
	}
	defer f.Close()
	block := make([]byte, logBlock)
	var record []byte // under way
	begun := false
	for at := int64(0); ; at += logBlock {
		n, err := f.ReadAt(block, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return &fileError{name, nil, err}
		}
		if n == 0 {
			return nil
		}
		for rest := block[:n]; len(rest) > logHeader; {
			c, ok := logChunk(rest, uint32(number))
			if !ok {
				rest, begun = rest[1:], false // its other chunks are worth nothing without this one
				continue
			}
			rest = rest[c.size:]
			if c.begins {
				record, begun = record[:0], true
			}
			record = append(record, c.payload...)
			if c.ends && begun {
				begun = false
				if err := copyBatch(record, put); err != nil {
					return err
				}
			}
		}
	}
}

// copyBatch copies what a batch has set. A record that was put together from pieces of two is no batch, and is passed over.
func copyBatch(repr []byte, put func(key, value []byte) error) error {
	if len(repr) < batchrepr.HeaderLen {
		return nil
	}
	for r := batchrepr.Read(repr); ; {
		kind, key, value, ok, err := r.Next()
		if !ok || err != nil {
			return nil
		}
		if kind == pebble.InternalKeyKindSet {
			if err := put(key, value); err != nil {
				return err
			}
		}
	}
}
