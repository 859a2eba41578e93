package wal

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestFailedCallDoesNotReturn lets every call by which Pebble changes the disk fail once. What Pebble would make of the error
// depends on the file, so it never sees it: the journal is dead, and the goroutine stands still.
func TestFailedCallDoesNotReturn(t *testing.T) {
	const name, other = "data/000007.sst", "data/000008.sst"
	category := vfs.WriteCategoryUnspecified
	ofFile := func(do func(f vfs.File) error) func(fs vfs.FS, broken func()) error {
		return func(fs vfs.FS, broken func()) error {
			f, err := fs.OpenReadWrite(name, category)
			if err != nil {
				return err
			}
			broken()
			return do(f)
		}
	}
	ofFS := func(do func(fs vfs.FS) error) func(fs vfs.FS, broken func()) error {
		return func(fs vfs.FS, broken func()) error {
			broken()
			return do(fs)
		}
	}
	for call, do := range map[string]func(fs vfs.FS, broken func()) error{
		"Write":    ofFile(func(f vfs.File) error { _, err := f.Write([]byte("x")); return err }),
		"WriteAt":  ofFile(func(f vfs.File) error { _, err := f.WriteAt([]byte("x"), 0); return err }),
		"Sync":     ofFile(func(f vfs.File) error { return f.Sync() }),
		"SyncData": ofFile(func(f vfs.File) error { return f.SyncData() }),
		"SyncTo":   ofFile(func(f vfs.File) error { _, err := f.SyncTo(1); return err }),
		"Create":   ofFS(func(fs vfs.FS) error { _, err := fs.Create(other, category); return err }),
		"Rename":   ofFS(func(fs vfs.FS) error { return fs.Rename(name, other) }),
		"ReuseForWrite": ofFS(func(fs vfs.FS) error {
			_, err := fs.ReuseForWrite(name, other, category)
			return err
		}),
		"OpenReadWrite": ofFS(func(fs vfs.FS) error { _, err := fs.OpenReadWrite(name, category); return err }),
		"Sync of a directory": func(fs vfs.FS, broken func()) error {
			dir, err := fs.OpenDir("data")
			if err != nil {
				return err
			}
			broken()
			return dir.Sync()
		},
	} {
		t.Run(call, func(t *testing.T) {
			disk := newFaultFS(vfs.NewMem())
			if err := errors.Join(disk.MkdirAll("data", 0o755), writeFile(disk.FS, name, []byte("table"))); err != nil {
				t.Fatal(err)
			}
			told := make(chan error, 1)
			f := &fatal{died: make(chan struct{})}
			if err := f.arm(func(err error) { told <- err }); err != nil {
				t.Fatal(err)
			}
			var returned atomic.Bool
			ended := make(chan error, 1)
			go func() {
				err := do(guardedFS{disk, f}, func() { disk.setHook(func(faultStep) error { return syscall.EIO }) })
				returned.Store(true)
				ended <- err
			}()
			select {
			case err := <-told:
				if !errors.Is(err, syscall.EIO) || !errors.Is(f.err(), ErrFailed) {
					t.Errorf("OnFatal got %v, the journal says %v", err, f.err())
				}
			case err := <-ended:
				t.Fatalf("it returned %v", err)
			case <-time.After(5 * time.Second):
				t.Fatal("nobody was told")
			}
			time.Sleep(10 * time.Millisecond) // enough for what does return
			if returned.Load() {
				t.Error("it returned")
			}
		})
	}
}
