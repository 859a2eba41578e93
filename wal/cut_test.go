package wal

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCut: what is cut off is the oldest, whole groups only, never beyond the limit, and never so much that less than
// wanted is left.
func TestCut(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	if first, err := j.Cut(10, 0); first != 0 || err != nil {
		t.Errorf("an empty journal: %d %v", first, err)
	}
	l := newLoad(j, 1)
	if err := l.groups(100); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil { // so that all of it is in tables, whose size is known
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs})
	size := func() uint64 {
		t.Helper()
		n, err := j.db.EstimateDiskUsage([]byte{familyJournal}, []byte{familyJournal + 1})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := size()
	begin := uint64(1)
	for _, step := range []struct {
		limit, keep uint64
		cuts        bool
	}{
		{1000, all, false},
		{1000, all - all/10, false}, // too little
		{1, 0, false},
		{30, 0, true},
		{1000, all / 2, true},
		{1000, 0, true},
	} {
		first, err := j.Cut(step.limit, step.keep)
		if err != nil {
			t.Fatal(err)
		}
		if first > step.limit || first < begin || (first > begin) != step.cuts {
			t.Errorf("%+v: the journal begins with %d, before with %d", step, first, begin)
		}
		begin = first
		if got, err := j.First(); err != nil || got != first {
			t.Errorf("%+v: the journal begins with %d %v, Cut says %d", step, got, err, first)
		}
		if err := checkContent(j); err != nil {
			t.Error(err)
		}
	}
	if last, err := j.groupOf(j.Last()); begin != last || err != nil {
		t.Errorf("the journal begins with %d, and its last group with %d: %v", begin, last, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs})
	if err := checkContent(j); err != nil {
		t.Error(err)
	}
	if err := newLoad(j, 2).groups(3); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
