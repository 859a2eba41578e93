package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Disk space.
//
// A journal that runs into a full disk dies and cannot even be started again without room. Therefore it stops
// earlier, when free space falls below a floor, and keeps a ballast: a file of no use that gives room back
// when it is deleted. A start that finds the disk below the floor deletes the ballast itself and, when that
// suffices, runs; when it does not, it refuses. Once there is plenty of room the next start makes a new one.
const (
	ballastName         = "BALLAST"
	defaultBallastBytes = 64 << 20
	defaultMinFreeBytes = 32 << 20
	// ballastShare keeps a ballast that nobody asked for off small disks.
	ballastShare = 20
	// spaceInterval is how often free space is looked at while groups are written.
	spaceInterval = 100 * time.Millisecond
)

// space watches the free space of one directory.
type space struct {
	fs      vfs.FS
	dir     string
	floor   uint64 // 0 for none
	checked time.Time
}

func newSpace(fs vfs.FS, dir string, o *Options) space {
	s := space{fs: fs, dir: dir}
	switch {
	case o.MinFreeBytes > 0:
		s.floor = uint64(o.MinFreeBytes)
	case o.MinFreeBytes == 0:
		s.floor = defaultMinFreeBytes
	}
	return s
}

// free is the space left for us; ok is false where the file system cannot tell.
func (s *space) free() (bytes uint64, ok bool) {
	usage, err := s.fs.GetDiskUsage(s.dir)
	return usage.AvailBytes, err == nil
}

// check reports, at most every spaceInterval, that the disk is full.
func (s *space) check(now time.Time) error {
	if s.floor == 0 || now.Sub(s.checked) < spaceInterval {
		return nil
	}
	s.checked = now
	if free, ok := s.free(); ok && free < s.floor {
		return fmt.Errorf("%w: %d bytes are free, at least %d are needed", ErrDiskFull, free, s.floor)
	}
	return nil
}

// prepare is for the start: it gives up the ballast if there is no room without it, and makes one if there is
// plenty.
func (s *space) prepare(ballast int64) error {
	path := s.fs.PathJoin(s.dir, ballastName)
	if s.check(time.Now()) != nil {
		if err := s.fs.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("deleting %s: %w", ballastName, err)
		}
		s.checked = time.Time{}
		return s.check(time.Now())
	}
	free, ok := s.free()
	want := uint64(max(ballast, 0))
	if ballast == 0 && ok && free >= ballastShare*defaultBallastBytes {
		want = defaultBallastBytes
	}
	if want == 0 || !ok || free < want+s.floor {
		return nil
	}
	if _, err := s.fs.Stat(path); err == nil {
		return nil
	}
	return makeBallast(s.fs, path, int64(want))
}

// makeBallast reserves blocks without writing them where the file system can do that. A ballast that cannot
// be made is not worth a refusal.
func makeBallast(fs vfs.FS, path string, size int64) error {
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil
	}
	if err := f.Preallocate(0, size); err != nil {
		return errors.Join(f.Close(), fs.Remove(path))
	}
	return f.Close()
}
