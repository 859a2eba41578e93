package wal

import (
	"errors"
	"syscall"
	"unsafe"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// directFile writes a new file past the page cache. Tables are written once, in order, and seldom read soon;
// finding and filling pages for them was what cost the kernel most, a third of all the time that a byte of the
// journal took, and the log's syncs had to wait for them. What does not fill a piece is kept until the file is
// synced or closed, and goes the ordinary way.
type directFile struct {
	vfs.File
	piece  []byte // aligned; piece[:filled] is not written yet
	filled int
	direct bool // the file is in direct mode
}

const (
	directPiece     = 512 << 10
	directAlignment = 4 << 10
)

// newDirectFile wraps a file that was just created, if it is one of a disk that can write directly.
func newDirectFile(f vfs.File) vfs.File {
	if f.Fd() == vfs.InvalidFd || setDirect(f.Fd(), true) != nil {
		return f
	}
	return &directFile{File: f, piece: aligned(directPiece), direct: true}
}

// aligned makes a slice that begins where direct writes may begin.
func aligned(n int) []byte {
	b := make([]byte, n+directAlignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (directAlignment - 1)
	return b[skip : skip+n : skip+n]
}

// setDirect switches the direct mode of an open file.
func setDirect(fd uintptr, on bool) error {
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
	if errno != 0 {
		return errno
	}
	flags &^= syscall.O_DIRECT
	if on {
		flags |= syscall.O_DIRECT
	}
	if _, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFL, flags); errno != 0 {
		return errno
	}
	return nil
}

// Write keeps what does not fill a piece.
func (f *directFile) Write(p []byte) (n int, err error) {
	for n < len(p) {
		m := copy(f.piece[f.filled:], p[n:])
		n, f.filled = n+m, f.filled+m
		if f.filled == len(f.piece) {
			if err := f.flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// flush writes what is kept. From the first piece on that is not a whole one, everything goes the ordinary way,
// as it does where a file system turns out not to like the alignment.
func (f *directFile) flush() error {
	kept := f.piece[:f.filled]
	f.filled = 0
	if len(kept) == 0 {
		return nil
	}
	if len(kept)%directAlignment != 0 {
		if err := f.leaveDirectMode(); err != nil {
			return err
		}
	}
	n, err := f.File.Write(kept)
	if f.direct && n == 0 && errors.Is(err, syscall.EINVAL) {
		if err := f.leaveDirectMode(); err != nil {
			return err
		}
		_, err = f.File.Write(kept)
	}
	return err
}

func (f *directFile) leaveDirectMode() error {
	if !f.direct {
		return nil
	}
	f.direct = false
	return setDirect(f.Fd(), false)
}

// Sync writes what is kept and waits for the disk.
func (f *directFile) Sync() error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Sync()
}

// SyncData writes what is kept and waits for the disk.
func (f *directFile) SyncData() error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.SyncData()
}

// SyncTo has nothing to do: what was written directly waits nowhere.
func (f *directFile) SyncTo(int64) (full bool, err error) { return false, nil }

// Close writes what is kept.
func (f *directFile) Close() error { return errors.Join(f.flush(), f.File.Close()) }
