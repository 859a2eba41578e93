package wal

import (
	"fmt"
	"io"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardedFS is the file system as Pebble sees it. A write or a sync that fails kills the journal on the spot, and
// the goroutine that met it never returns to Pebble, which would in turn retry a flush, panic with its locks
// in a state that the runtime aborts on, or go on with a MANIFEST of which nobody knows what it holds.
//
// Errors of reading, and of deleting what is no longer needed, go through: Pebble can live with them.
type guardedFS struct {
	vfs.FS
	f *fatal
}

// spares tells whether a file belongs to the copy that a backup is made of. That it cannot be written is no failure
// of the journal. Syncs of directories are not spared, since Pebble panics when one fails.
func (g guardedFS) spares(name string) bool {
	return g.FS.PathBase(name) == backupFolder || g.FS.PathBase(g.FS.PathDir(name)) == backupFolder
}

// must returns only if err is nil.
func (g guardedFS) must(what, name string, err error) {
	if err != nil {
		g.f.fail(fmt.Errorf("%s %s: %w", what, g.FS.PathBase(name), err))
		g.f.park()
	}
}

func (g guardedFS) guard(file vfs.File, name string, err error) (vfs.File, error) {
	g.must("creating", name, err)
	return &guardedFile{file, g, name}, nil
}

// Create makes a file or does not return. Pebble points to a new MANIFEST by a marker beside it and syncs the
// directory only after that, so that a power cut may keep the marker and lose the MANIFEST. Here the MANIFEST
// is safe first. Tables are written past the page cache.
func (g guardedFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := g.FS.Create(name, c)
	if g.spares(name) {
		return file, err
	}
	switch base := g.FS.PathBase(name); {
	case err != nil:
	case strings.HasPrefix(base, "MANIFEST-"):
		err = syncDir(g.FS, g.FS.PathDir(name))
	case strings.HasSuffix(base, ".sst"):
		file = newDirectFile(file)
	}
	return g.guard(file, name, err)
}

// Open drops the advice that Pebble gives about reading. It announces random reads, and then the kernel reads a
// group of half a megabyte page by page; without advice it sees by itself what is read in order.
func (g guardedFS) Open(name string, _ ...vfs.OpenOption) (vfs.File, error) { return g.FS.Open(name) }

// ReuseForWrite recycles a file or does not return.
func (g guardedFS) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := g.FS.ReuseForWrite(old, name, c)
	return g.guard(file, name, err)
}

// OpenReadWrite opens a file or does not return.
func (g guardedFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	file, err := g.FS.OpenReadWrite(name, c, o...)
	return g.guard(file, name, err)
}

// OpenDir opens a directory, whose syncs do not return unless they succeed.
func (g guardedFS) OpenDir(name string) (vfs.File, error) {
	file, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &guardedDir{file, g, name}, nil
}

// Rename renames a file or does not return.
func (g guardedFS) Rename(old, name string) error {
	err := g.FS.Rename(old, name)
	if g.spares(name) {
		return err
	}
	g.must("renaming", name, err)
	return nil
}

// Lock passes through: somebody else may hold it.
func (g guardedFS) Lock(name string) (io.Closer, error) { return g.FS.Lock(name) }

// Unwrap gives the file system below.
func (g guardedFS) Unwrap() vfs.FS { return g.FS }

type guardedFile struct {
	vfs.File
	fs   guardedFS
	name string
}

func (f *guardedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.fs.must("writing", f.name, err)
	return n, nil
}

func (f *guardedFile) WriteAt(p []byte, at int64) (int, error) {
	n, err := f.File.WriteAt(p, at)
	f.fs.must("writing", f.name, err)
	return n, nil
}

func (f *guardedFile) Sync() error {
	f.fs.must("syncing", f.name, f.File.Sync())
	return nil
}

func (f *guardedFile) SyncData() error {
	f.fs.must("syncing", f.name, f.File.SyncData())
	return nil
}

func (f *guardedFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	f.fs.must("syncing", f.name, err)
	return full, nil
}

// Close may be what writes, or finds that something could not be written.
func (f *guardedFile) Close() error {
	f.fs.must("closing", f.name, f.File.Close())
	return nil
}

type guardedDir struct {
	vfs.File
	fs   guardedFS
	name string
}

func (d *guardedDir) Sync() error {
	d.fs.must("syncing the directory", d.name, d.File.Sync())
	return nil
}
