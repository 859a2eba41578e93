package wal

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestArchive stores pages and looks for what they are about, before and after a restart and a power cut.
func TestArchive(t *testing.T) {
	leavesNothing(t)
	disk := vfs.NewCrashableMem()
	j := mustOpen(t, small, "data", Options{FS: disk})
	l := newLoad(j, 1)
	if has, err := j.HasArchivedNames(); has || err != nil {
		t.Fatalf("an empty archive has names: %v %v", has, err)
	}
	pages := []ArchivedPage{
		{Number: 7, Value: []byte("seven"), Names: []ArchivedName{{[]byte("a"), 71}, {[]byte("b"), 72}}},
		{Number: 1 << 40, Value: bytes.Repeat([]byte("large"), 20_000)},
		{Number: 8},
	}
	if err := j.Archive(3, pages); err != nil {
		t.Fatal(err)
	}
	// A replay stores what is there already: it stays as it is.
	if err := j.Archive(3, []ArchivedPage{{Number: 7, Value: []byte("other"), Names: []ArchivedName{{[]byte("a"), 99}}}}); err != nil {
		t.Fatal(err)
	}
	check := func(j *Journal) {
		t.Helper()
		for _, p := range pages {
			err := j.ArchivedPage(p.Number, func(value []byte) error {
				if !bytes.Equal(value, p.Value) {
					t.Errorf("page %d is %.20q", p.Number, value)
				}
				return nil
			})
			if err != nil {
				t.Errorf("page %d: %v", p.Number, err)
			}
			for _, n := range p.Names {
				if got, err := j.ArchivedName(n.Name); got != n.Number || err != nil {
					t.Errorf("name %s: %d %v", n.Name, got, err)
				}
			}
		}
		if has, err := j.HasArchivedNames(); !has || err != nil {
			t.Errorf("the archive has names: %v %v", has, err)
		}
		if err := j.ArchivedPage(9, func([]byte) error { return nil }); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, err := j.ArchivedName([]byte("c")); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		stop := errors.New("stop")
		if err := j.ArchivedPage(7, func([]byte) error { return stop }); !errors.Is(err, stop) {
			t.Error(err)
		}
	}
	check(j)
	// A group that is durable makes everything durable that was stored before it.
	if err := l.groups(1); err != nil {
		t.Fatal(err)
	}
	image := disk.CrashClone(vfs.CrashCloneCfg{})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, fs := range []vfs.FS{disk, image} {
		j := mustOpen(t, small, "data", Options{FS: fs})
		check(j)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRewindForgetsWhatWasArchivedLater: behind another end other orders may get the numbers, so nothing of the old ones may be
// found under them.
func TestRewindForgetsWhatWasArchivedLater(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	l := newLoad(j, 1)
	page := func(n uint64) ArchivedPage {
		return ArchivedPage{Number: n, Value: []byte("value"), Names: []ArchivedName{{Name: []byte{byte(n)}, Number: n}}}
	}
	var ends []uint64
	for n := range uint64(3) {
		if err := errors.Join(l.groups(2), j.Archive(j.Last(), []ArchivedPage{page(n)})); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, j.Last())
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	prefix := func(*Group, uint32) (int, error) { return 0, errors.New("the end is that of a group") }
	if err := Rewind("data", Options{FS: fs}, ends[1], prefix); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs})
	for n := range uint64(3) {
		err := j.ArchivedPage(n, func([]byte) error { return nil })
		_, nameErr := j.ArchivedName([]byte{byte(n)})
		if gone := n == 2; errors.Is(err, ErrNotFound) != gone || errors.Is(nameErr, ErrNotFound) != gone {
			t.Errorf("page %d: %v, its name: %v", n, err, nameErr)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
