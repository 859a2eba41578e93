package wal

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// scarceFS says how much is free, and more once the ballast is gone.
type scarceFS struct {
	vfs.FS
	free    *atomic.Int64
	ballast int64
}

func (s scarceFS) GetDiskUsage(dir string) (vfs.DiskUsage, error) {
	free := s.free.Load()
	if _, err := s.Stat(s.PathJoin(dir, ballastName)); err == nil {
		free -= s.ballast
	}
	return vfs.DiskUsage{AvailBytes: uint64(max(free, 0))}, nil
}

func TestSpaceAtStart(t *testing.T) {
	leavesNothing(t)
	const mb = 1 << 20
	tests := []struct {
		name             string
		free             int64
		existing         bool
		ballast, minimum int64
		ok, exists       bool
	}{
		{"plenty, by default", 10_000 * mb, false, 0, 0, true, true},
		{"plenty, kept", 10_000 * mb, true, 0, 0, true, true},
		{"plenty, none wanted", 10_000 * mb, false, -1, 0, true, false},
		{"a small disk, by default", 500 * mb, false, 0, 0, true, false},
		{"a small disk, asked for", 500 * mb, false, 64 * mb, 0, true, true},
		{"no room for it", 90 * mb, false, 64 * mb, 0, true, false},
		{"full", 10 * mb, false, 0, 0, false, false},
		{"full, but for the ballast", 70 * mb, true, 64 * mb, 0, true, false},
		{"full, and the ballast is not enough", 20 * mb, true, 10 * mb, 0, false, false},
		{"full, and no floor", 10 * mb, false, 0, -1, true, false},
		{"a floor of one's own", 100 * mb, false, 0, 200 * mb, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fs := scarceFS{vfs.NewMem(), new(atomic.Int64), 64 * mb}
			if test.ballast > 0 {
				fs.ballast = test.ballast
			}
			fs.free.Store(test.free)
			path := fs.PathJoin("data", ballastName)
			if test.existing {
				if err := errors.Join(fs.MkdirAll("data", 0o755), writeFile(fs, path, nil)); err != nil {
					t.Fatal(err)
				}
			}
			j, err := small.open("data", Options{FS: fs, BallastBytes: test.ballast, MinFreeBytes: test.minimum})
			if test.ok && err != nil || !test.ok && !(errors.Is(err, ErrDiskFull) && errors.Is(err, ErrFailed)) {
				t.Fatal(err)
			}
			if _, err := fs.Stat(path); (err == nil) != test.exists {
				t.Errorf("the ballast: %v", err)
			}
			if j != nil {
				j.Close()
			}
		})
	}
}

func TestDiskFillsUp(t *testing.T) {
	fs := scarceFS{vfs.NewMem(), new(atomic.Int64), 0}
	fs.free.Store(1 << 40)
	fatals := make(chan error, 2)
	j := mustOpen(t, small, "data", Options{FS: fs, OnFatal: func(err error) { fatals <- err }})
	l := newLoad(j, 1)
	if err := l.groups(5); err != nil {
		t.Fatal(err)
	}
	fs.free.Store(1000)
	var err error
	for deadline := time.Now().Add(10 * spaceInterval); err == nil && time.Now().Before(deadline); {
		err = l.groups(1)
	}
	if !errors.Is(err, ErrFailed) || !errors.Is(err, ErrDiskFull) {
		t.Fatalf("the disk is full and writing goes on: %v", err)
	}
	if err := <-fatals; !errors.Is(err, ErrDiskFull) {
		t.Error(err)
	}
	mustBeDead(t, j, l)
}

// TestBallastTakesRoom checks on the real disk that the ballast is more than a name.
func TestBallastTakesRoom(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, standard, dir, Options{BallastBytes: 8 << 20})
	defer j.Close()
	blocks, err := allocated(filepath.Join(dir, ballastName))
	if errors.Is(err, os.ErrNotExist) {
		missing(t, "this file system cannot reserve room")
	}
	if err != nil || blocks < 8<<20 {
		t.Errorf("the ballast takes %d bytes, %v", blocks, err)
	}
}
