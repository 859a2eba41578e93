package wal

import (
	"io"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// faultFS stands between Pebble and a file system. It serialises what changes the disk and asks a hook before
// each such step: the hook may refuse the step with an error, or take a crash image, for which the disk
// stands still. Pebble's own errorfs does not see recycled logs; this one does.
type faultFS struct {
	vfs.FS
	s *faultState
}

type faultState struct {
	mu    sync.Mutex
	steps int
	hook  func(step faultStep) error
}

// faultStep is one change to the disk.
type faultStep struct {
	number int
	kind   faultKind
	name   string
}

type faultKind string

const (
	stepWrite   faultKind = "write"
	stepSync    faultKind = "sync"
	stepCreate  faultKind = "create" // or rename, reuse, link, remove, preallocate: what changes directories or takes room
	stepSyncDir faultKind = "sync of a directory"
)

func newFaultFS(fs vfs.FS) *faultFS { return &faultFS{fs, &faultState{}} }

// setHook replaces the hook; the steps are counted from zero.
func (f *faultFS) setHook(hook func(faultStep) error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.hook, f.s.steps = hook, 0
}

// quiescent calls fn while the disk stands still.
func (f *faultFS) quiescent(fn func()) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	fn()
}

func (s *faultState) step(kind faultKind, name string, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps++
	if s.hook != nil {
		if err := s.hook(faultStep{s.steps, kind, name}); err != nil {
			return err
		}
	}
	return do()
}

func (f *faultFS) file(kind faultKind, name string, open func() (vfs.File, error)) (file vfs.File, err error) {
	err = f.s.step(kind, name, func() error {
		file, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &faultFile{file, name, f.s}, nil
}

func (f *faultFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file(stepCreate, name, func() (vfs.File, error) { return f.FS.Create(name, c) })
}

func (f *faultFS) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file(stepCreate, name, func() (vfs.File, error) { return f.FS.ReuseForWrite(old, name, c) })
}

func (f *faultFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return f.file(stepCreate, name, func() (vfs.File, error) { return f.FS.OpenReadWrite(name, c, o...) })
}

func (f *faultFS) OpenDir(name string) (vfs.File, error) {
	d, err := f.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &faultDir{d, name, f.s}, nil
}

func (f *faultFS) Link(old, name string) error {
	return f.s.step(stepCreate, name, func() error { return f.FS.Link(old, name) })
}

func (f *faultFS) Rename(old, name string) error {
	return f.s.step(stepCreate, name, func() error { return f.FS.Rename(old, name) })
}

func (f *faultFS) Remove(name string) error {
	return f.s.step(stepCreate, name, func() error { return f.FS.Remove(name) })
}

func (f *faultFS) Lock(name string) (c io.Closer, err error) {
	f.quiescent(func() { c, err = f.FS.Lock(name) })
	return c, err
}

func (f *faultFS) Unwrap() vfs.FS { return f.FS }

type faultFile struct {
	vfs.File
	name string
	s    *faultState
}

func (f *faultFile) Write(p []byte) (n int, err error) {
	err = f.s.step(stepWrite, f.name, func() error { n, err = f.File.Write(p); return err })
	return n, err
}

func (f *faultFile) WriteAt(p []byte, at int64) (n int, err error) {
	err = f.s.step(stepWrite, f.name, func() error { n, err = f.File.WriteAt(p, at); return err })
	return n, err
}

func (f *faultFile) Preallocate(at, n int64) error {
	return f.s.step(stepCreate, f.name, func() error { return f.File.Preallocate(at, n) })
}

func (f *faultFile) Sync() error {
	return f.s.step(stepSync, f.name, f.File.Sync)
}

func (f *faultFile) SyncData() error {
	return f.s.step(stepSync, f.name, f.File.SyncData)
}

func (f *faultFile) SyncTo(n int64) (full bool, err error) {
	err = f.s.step(stepSync, f.name, func() error { full, err = f.File.SyncTo(n); return err })
	return full, err
}

type faultDir struct {
	vfs.File
	name string
	s    *faultState
}

func (d *faultDir) Sync() error { return d.s.step(stepSyncDir, d.name, d.File.Sync) }

func isLog(name string) bool { return strings.HasSuffix(name, ".log") }
