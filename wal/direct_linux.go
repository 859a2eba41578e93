package wal

import (
	"syscall"
	"unsafe"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// directFile writes a new file past the page cache. Tables are written once, in large pieces, and hardly ever
// read soon; the kernel spends more time on finding and filling pages for them than on anything else that the
// journal makes it do. What does not fill a piece is kept until the file is synced or closed, and goes the
// ordinary way.
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

// newDirectFile wraps a file that was just created, if its file system can write directly.
func newDirectFile(f vfs.File) vfs.File {
	if f.Fd() == vfs.InvalidFd || setDirect(f.Fd(), true) != nil {
		return f
	}
	return &directFile{File: f, piece: aligned(directPiece), direct: true}
}

func aligned(n int) []byte {
	b := make([]byte, n+directAlignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (directAlignment - 1)
	return b[skip : skip+n : skip+n]
}

// setDirect switches direct mode of an open file.
func setDirect(fd uintptr, on bool) error {
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
	if errno != 0 {
		return errno
	}
	if flags &^= syscall.O_DIRECT; on {
		flags |= syscall.O_DIRECT
	}
	if _, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFL, flags); errno != 0 {
		return errno
	}
	return nil
}

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

// flush writes what is kept.
func (f *directFile) flush() error {
	if f.direct && f.filled%directAlignment != 0 {
		f.direct = false
		if err := setDirect(f.Fd(), false); err != nil {
			return err
		}
	}
	kept := f.piece[:f.filled]
	f.filled = 0
	if len(kept) == 0 {
		return nil
	}
	_, err := f.File.Write(kept)
	return err
}

func (f *directFile) Sync() error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *directFile) SyncData() error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.SyncData()
}

// SyncTo has nothing to do: what was written directly is not waiting anywhere.
func (f *directFile) SyncTo(int64) (bool, error) { return false, nil }

func (f *directFile) Close() error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Close()
}
