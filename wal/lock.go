package wal

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// acquire makes the directory when it must, and locks it.
func (j *Journal) acquire() error {
	if !j.options.ReadOnly {
		if err := makeDir(j.fs, j.dir); err != nil {
			return fmt.Errorf("making the data directory: %w", err)
		}
	}
	lock, err := pebble.LockDirectory(j.dir, j.fs)
	if err != nil {
		if heldBySomebody(err) {
			return fmt.Errorf("%w: %s", ErrLocked, j.dir)
		}
		return fmt.Errorf("locking the data directory: %w", err)
	}
	j.lock = lock
	return nil
}

// makeDir makes a directory and those above it, and syncs the parents, so that a power cut cannot take the
// whole directory away.
func makeDir(fs vfs.FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	}
	parent := fs.PathDir(dir)
	if parent != dir {
		if err := makeDir(fs, parent); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return syncDir(fs, parent)
}

// heldBySomebody tells a lock that is taken from one that cannot be made. The lock call itself fails with a
// bare error number; creating the lock file fails with a path. Within a process Pebble keeps its own list.
func heldBySomebody(err error) bool {
	var path interface{ Timeout() bool }
	var errno syscall.Errno
	if errors.As(err, &errno) {
		isPath := errors.As(err, &path) && path != any(errno)
		return !isPath && (errno == syscall.EAGAIN || errno == syscall.EACCES)
	}
	return strings.Contains(err.Error(), "lock held by current process")
}
