package engine_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine"
)

// errBroken is what a broken disk answers.
var errBroken = errors.New("the disk is broken")

// disk is a file system in memory. It can be copied as a power cut would leave it, the syncs of its journal can be held
// back, and it can break.
type disk struct {
	vfs.FS
	memory *vfs.MemFS

	mu      sync.Mutex
	permits chan struct{} // a sync of the log takes one; nil while nothing is held back
	waiting chan struct{} // gets one when a sync begins to wait for its permit
	broken  bool          // nothing can be written or synced any more
	writes  int           // how many writes there are left before it breaks; 0 for no end
}

func newDisk() *disk { return newDiskOf(vfs.NewCrashableMem()) }

func newDiskOf(memory *vfs.MemFS) *disk {
	return &disk{FS: memory, memory: memory, waiting: make(chan struct{}, 1<<10)}
}

// hold makes the syncs of the log wait from now on. Each allow lets one through; release lets all through.
func (d *disk) hold() (allow, release func()) {
	permits := make(chan struct{}, 1<<10)
	d.mu.Lock()
	d.permits = permits
	d.mu.Unlock()
	return func() { permits <- struct{}{} }, sync.OnceFunc(func() {
		d.mu.Lock()
		d.permits = nil
		d.mu.Unlock()
		close(permits)
	})
}

// breakAfter breaks the disk after so many more writes of the log.
func (d *disk) breakAfter(writes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes, d.broken = writes, writes == 0
}

// powerCut gives the disk as a power cut at this moment could leave it: all that was synced, and of the rest so many
// percent.
func (d *disk) powerCut(percent int, seed uint64) *disk {
	return newDiskOf(d.memory.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 0)),
	}))
}

// write tells whether a write may happen.
func (d *disk) write(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.writes > 0 && isLog(name) {
		d.writes--
		d.broken = d.writes == 0
	}
	if d.broken {
		return errBroken
	}
	return nil
}

// sync returns when a sync may happen.
func (d *disk) sync(name string) error {
	d.mu.Lock()
	permits := d.permits
	d.mu.Unlock()
	if permits != nil && isLog(name) {
		d.waiting <- struct{}{}
		<-permits
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return errBroken
	}
	return nil
}

func isLog(name string) bool { return strings.HasSuffix(name, ".log") }

func (d *disk) wrap(name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &diskFile{File: f, disk: d, name: name}, nil
}

func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := d.write(""); err != nil {
		return nil, err
	}
	f, err := d.FS.Create(name, c)
	return d.wrap(name, f, err)
}

func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.OpenReadWrite(name, c, o...)
	return d.wrap(name, f, err)
}

func (d *disk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := d.write(""); err != nil {
		return nil, err
	}
	f, err := d.FS.ReuseForWrite(from, to, c)
	return d.wrap(to, f, err)
}

func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	return d.wrap(name, f, err)
}

func (d *disk) Rename(from, to string) error {
	if err := d.write(""); err != nil {
		return err
	}
	return d.FS.Rename(from, to)
}

type diskFile struct {
	vfs.File
	disk *disk
	name string
}

func (f *diskFile) Write(b []byte) (int, error) {
	if err := f.disk.write(f.name); err != nil {
		return 0, err
	}
	return f.File.Write(b)
}

func (f *diskFile) Sync() error {
	if err := f.disk.sync(f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *diskFile) SyncData() error {
	if err := f.disk.sync(f.name); err != nil {
		return err
	}
	return f.File.SyncData()
}

func (f *diskFile) SyncTo(length int64) (bool, error) {
	if err := f.disk.sync(f.name); err != nil {
		return false, err
	}
	return f.File.SyncTo(length)
}

// on puts an engine's data on a disk.
func (d *disk) on(o engine.Options) engine.Options {
	o.Dir, o.Journal.FS = "data", d
	return o
}

// openOn opens an engine that the test closes itself.
func openOn(tb testing.TB, d *disk, o engine.Options) *engine.Engine {
	tb.Helper()
	e, err := engine.Open(d.on(o))
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func closeEngine(tb testing.TB, e *engine.Engine) {
	tb.Helper()
	if err := e.Close(); err != nil {
		tb.Fatal(err)
	}
}
