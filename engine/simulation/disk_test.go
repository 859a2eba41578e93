package simulation

import (
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// sector is what a disk writes as a whole: a power cut tears a write at its bounds.
const sector = 512

// disk is a file system in memory that remembers what was synced and what only written. Unlike Pebble's own it draws nothing
// that depends on the order of a map, tears writes at sectors, and fails, fills up or stands still when it is told to.
type disk struct {
	mu     sync.Mutex
	root   *inode
	locked map[string]bool
	free   uint64 // bytes that GetDiskUsage tells

	counts [fileClasses]int // changes of each class so far
	armed  []*trap
	hold   chan struct{} // syncs of the log wait until it is closed; nil for no wait
	held   int           // syncs that wait or have waited
	dead   bool          // the node was cut off: what happens from now on happened never
	image  *disk         // what the power cut left
}

// fileClass tells files apart by what they mean to the journal. Faults are aimed at the n-th change of one class: changes of
// one class come from one goroutine at a time, so the same seed hits the same change.
type fileClass int

const (
	classLog fileClass = iota
	classTable
	classManifest // and the markers, directories and names
	classOther
	fileClasses
)

func classOf(name string) fileClass {
	switch base := path.Base(name); {
	case strings.HasSuffix(base, ".log"):
		return classLog
	case strings.HasSuffix(base, ".sst"):
		return classTable
	case strings.HasPrefix(base, "MANIFEST"), strings.HasPrefix(base, "marker."):
		return classManifest
	default:
		return classOther
	}
}

// change is one change of the disk, about to happen.
type change struct {
	class fileClass
	sync  bool // a sync of data or of a directory
	write bool
	name  string
}

// trap waits for a change and then does something, once. An error refuses the change.
type trap struct {
	hits   func(change) bool
	after  int // matching changes that pass before
	spring func(c change) error
	sprung bool
}

// inode is a file or a directory.
type inode struct {
	dir    bool
	data   []byte
	synced []byte
	dirty  []extent // written since the last sync, in order

	children map[string]*inode
	durable  map[string]*inode // of children, what a power cut leaves
	changes  []dirChange       // since the last sync
}

type extent struct{ from, to int }

// dirChange is a change of a directory: a name that was given to a file, or taken away, or both for a rename.
type dirChange struct {
	removed string
	name    string
	node    *inode
}

func newDir() *inode {
	return &inode{dir: true, children: map[string]*inode{}, durable: map[string]*inode{}}
}

func newDisk() *disk {
	return &disk{root: newDir(), locked: map[string]bool{}, free: plentyFree}
}

// change tells that the disk is about to change, and does it unless a trap refuses.
func (d *disk) change(c change, do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dead {
		d.counts[c.class]++
		for _, t := range d.armed {
			if t.sprung || !t.hits(c) {
				continue
			}
			if t.after > 0 {
				t.after--
				continue
			}
			if err := t.spring(c); err != nil {
				return err
			}
		}
	}
	return do()
}

// arm sets a trap.
func (d *disk) arm(t *trap) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = append(d.armed, t)
}

// disarm takes all traps away.
func (d *disk) disarm() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = nil
}

// cut takes the power away: the image is what is left, and nothing that the node does from now on matters.
func (d *disk) cut(percent int, seed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutLocked(percent, seed)
}

func (d *disk) cutLocked(percent int, seed uint64) {
	if !d.dead {
		d.dead, d.image = true, d.imageLocked(percent, seed)
	}
}

// isDead tells whether the power was cut.
func (d *disk) isDead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// copy gives the disk as it would be after a power cut now.
func (d *disk) copy(percent int, seed uint64) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.imageLocked(percent, seed)
}

func (d *disk) imageLocked(percent int, seed uint64) *disk {
	image := newDisk()
	c := cutter{percent: percent, seed: seed, nodes: map[*inode]*inode{}}
	image.root = c.node(d.root, "")
	return image
}

// cutter decides what of the unsynced data a power cut leaves. Each file has dice of its own, so that what becomes of it
// does not depend on the other files.
type cutter struct {
	percent int
	seed    uint64
	nodes   map[*inode]*inode // of files with several names
}

func (c *cutter) dice(name string) *rand.Rand {
	h := c.seed
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return rand.New(rand.NewPCG(h, c.seed))
}

func (c *cutter) node(n *inode, name string) *inode {
	if known, ok := c.nodes[n]; ok {
		return known
	}
	var left *inode
	if n.dir {
		left = c.directory(n, name)
	} else {
		left = c.file(n, name)
	}
	c.nodes[n] = left
	return left
}

func (c *cutter) file(n *inode, name string) *inode {
	data := slices.Clone(n.synced)
	switch {
	case c.percent >= 100:
		data = slices.Clone(n.data)
	case c.percent > 0:
		dice := c.dice(name)
		for _, e := range n.dirty {
			for at := e.from; at < e.to; {
				end := min(at/sector*sector+sector, e.to)
				if dice.IntN(100) < c.percent {
					data = overwrite(data, at, n.data[at:end])
				}
				at = end
			}
		}
	}
	return &inode{data: data, synced: slices.Clone(data)}
}

// directory keeps what was synced, and of the later changes either the first few, as a file system with a log of
// its own does, or any of the new names, which is the worst that one without may do.
func (c *cutter) directory(n *inode, name string) *inode {
	left := newDir()
	names := maps.Clone(n.durable)
	dice := c.dice(name)
	prefix := dice.IntN(2) == 0
	for _, change := range n.changes {
		take := c.percent >= 100 || c.percent > 0 && dice.IntN(100) < c.percent
		if prefix && !take {
			break
		}
		if !take {
			continue
		}
		if change.node != nil {
			names[change.name] = change.node
		}
		if change.removed != "" && (prefix || c.percent >= 100) {
			delete(names, change.removed)
		}
	}
	for _, child := range slices.Sorted(maps.Keys(names)) {
		left.children[child] = c.node(names[child], path.Join(name, child))
	}
	left.durable = maps.Clone(left.children)
	return left
}

func overwrite(data []byte, at int, b []byte) []byte {
	if missing := at + len(b) - len(data); missing > 0 {
		data = append(data, make([]byte, missing)...)
	}
	copy(data[at:], b)
	return data
}

// find gives the inode of a path. The lock is held.
func (d *disk) find(name string) (*inode, error) {
	n := d.root
	name = strings.Trim(path.Clean(name), "/")
	if name == "." || name == "" {
		return n, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		child := n.children[part]
		if child == nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOENT}
		}
		n = child
	}
	return n, nil
}

// parent gives the directory of a path.
func (d *disk) parent(name string) (*inode, string, error) {
	dir, err := d.find(path.Dir(name))
	return dir, path.Base(name), err
}

func (n *inode) set(name string, child *inode, removed string) {
	if removed != "" {
		delete(n.children, removed)
	}
	if child != nil {
		n.children[name] = child
	}
	n.changes = append(n.changes, dirChange{removed: removed, name: name, node: child})
}

// naming is a change of names.
func naming(name string) change {
	c := change{class: classOf(name), name: name}
	if c.class == classTable || c.class == classLog {
		c.class = classManifest // so that files which come and go in the background do not shift what is aimed at their data
	}
	return c
}

// Create implements vfs.FS.
func (d *disk) Create(name string, _ vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = d.change(naming(name), func() error {
		dir, base, err := d.parent(name)
		if err != nil {
			return err
		}
		n := &inode{}
		dir.set(base, n, "")
		f = &file{disk: d, node: n, name: name}
		return nil
	})
	return f, err
}

// Link implements vfs.FS.
func (d *disk) Link(old, name string) error {
	return d.change(naming(name), func() error {
		n, err := d.find(old)
		if err != nil {
			return err
		}
		dir, base, err := d.parent(name)
		if err != nil {
			return err
		}
		if dir.children[base] != nil {
			return &fs.PathError{Op: "link", Path: name, Err: syscall.EEXIST}
		}
		dir.set(base, n, "")
		return nil
	})
}

// Open implements vfs.FS.
func (d *disk) Open(name string, _ ...vfs.OpenOption) (vfs.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find(name)
	if err != nil {
		return nil, err
	}
	return &file{disk: d, node: n, name: name}, nil
}

// OpenReadWrite implements vfs.FS.
func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, _ ...vfs.OpenOption) (vfs.File, error) {
	if f, err := d.Open(name); err == nil {
		return f, nil
	}
	return d.Create(name, c)
}

// OpenDir implements vfs.FS.
func (d *disk) OpenDir(name string) (vfs.File, error) { return d.Open(name) }

// Remove implements vfs.FS.
func (d *disk) Remove(name string) error {
	return d.change(naming(name), func() error {
		dir, base, err := d.parent(name)
		if err != nil {
			return err
		}
		if dir.children[base] == nil {
			return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOENT}
		}
		dir.set("", nil, base)
		return nil
	})
}

// RemoveAll implements vfs.FS.
func (d *disk) RemoveAll(name string) error {
	if err := d.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// Rename implements vfs.FS.
func (d *disk) Rename(old, name string) error {
	return d.change(naming(name), func() error { return d.rename(old, name) })
}

func (d *disk) rename(old, name string) error {
	n, err := d.find(old)
	if err != nil {
		return err
	}
	dir, base, err := d.parent(name)
	if err != nil {
		return err
	}
	dir.set(base, n, path.Base(old)) // no name of ours moves between directories
	return nil
}

// ReuseForWrite implements vfs.FS.
func (d *disk) ReuseForWrite(old, name string, _ vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = d.change(naming(name), func() error {
		if err := d.rename(old, name); err != nil {
			return err
		}
		n, err := d.find(name)
		f = &file{disk: d, node: n, name: name}
		return err
	})
	return f, err
}

// MkdirAll implements vfs.FS.
func (d *disk) MkdirAll(name string, _ os.FileMode) error {
	return d.change(naming(name), func() error {
		dir, base, err := d.parent(name)
		if err != nil {
			return err
		}
		if dir.children[base] == nil {
			dir.set(base, newDir(), "")
		}
		return nil
	})
}

// Lock implements vfs.FS.
func (d *disk) Lock(name string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked[name] {
		return nil, syscall.EAGAIN
	}
	d.locked[name] = true
	return &fileLock{d, name}, nil
}

type fileLock struct {
	disk *disk
	name string
}

func (l *fileLock) Close() error {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	delete(l.disk.locked, l.name)
	return nil
}

// List implements vfs.FS.
func (d *disk) List(name string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find(name)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(n.children)), nil
}

// Stat implements vfs.FS.
func (d *disk) Stat(name string) (vfs.FileInfo, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	return f.Stat()
}

// PathBase implements vfs.FS.
func (*disk) PathBase(p string) string { return path.Base(p) }

// PathJoin implements vfs.FS.
func (*disk) PathJoin(elem ...string) string { return path.Join(elem...) }

// PathDir implements vfs.FS.
func (*disk) PathDir(p string) string { return path.Dir(p) }

// GetDiskUsage implements vfs.FS.
func (d *disk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return vfs.DiskUsage{AvailBytes: d.free, TotalBytes: 2 * plentyFree}, nil
}

// Unwrap implements vfs.FS.
func (*disk) Unwrap() vfs.FS { return nil }

// plentyFree is the free space of a disk that is not full.
const plentyFree = 1 << 40

// file is an open file or directory.
type file struct {
	disk *disk
	node *inode
	name string
	at   int
}

// Close implements vfs.File.
func (f *file) Close() error { return nil }

// Read implements vfs.File.
func (f *file) Read(b []byte) (int, error) {
	n, err := f.ReadAt(b, int64(f.at))
	f.at += n
	if n > 0 {
		err = nil
	}
	return n, err
}

// ReadAt implements vfs.File.
func (f *file) ReadAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if at >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.node.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// Write implements vfs.File.
func (f *file) Write(b []byte) (int, error) {
	n, err := f.WriteAt(b, int64(f.at))
	f.at += n
	return n, err
}

// WriteAt implements vfs.File. A write that is refused leaves its first half.
func (f *file) WriteAt(b []byte, at int64) (n int, err error) {
	err = f.disk.change(change{class: classOf(f.name), write: true, name: f.name}, func() error {
		f.node.write(b, int(at))
		n = len(b)
		return nil
	})
	if err != nil {
		f.disk.mu.Lock()
		defer f.disk.mu.Unlock()
		n = len(b) / 2
		f.node.write(b[:n], int(at))
	}
	return n, err
}

func (n *inode) write(b []byte, at int) {
	n.data = overwrite(n.data, at, b)
	if last := len(n.dirty) - 1; last >= 0 && n.dirty[last].to == at {
		n.dirty[last].to += len(b)
		return
	}
	n.dirty = append(n.dirty, extent{at, at + len(b)})
}

// Preallocate implements vfs.File.
func (f *file) Preallocate(int64, int64) error { return nil }

// Stat implements vfs.File.
func (f *file) Stat() (vfs.FileInfo, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return fileInfo{name: path.Base(f.name), size: int64(len(f.node.data)), dir: f.node.dir}, nil
}

// Sync implements vfs.File.
func (f *file) Sync() error {
	f.disk.waitForLeave(f.name)
	return f.disk.change(change{class: syncClass(f), sync: true, name: f.name}, func() error {
		f.node.sync()
		return nil
	})
}

func syncClass(f *file) fileClass {
	if f.node.dir {
		return classManifest
	}
	return classOf(f.name)
}

func (n *inode) sync() {
	if n.dir {
		n.durable, n.changes = maps.Clone(n.children), nil
		return
	}
	for _, e := range n.dirty {
		n.synced = overwrite(n.synced, e.from, n.data[e.from:e.to])
	}
	n.dirty = n.dirty[:0]
}

// waitForLeave lets a sync of the log wait as long as the scheduler holds it.
func (d *disk) waitForLeave(name string) {
	d.mu.Lock()
	hold := d.hold
	if hold == nil || d.dead || classOf(name) != classLog {
		d.mu.Unlock()
		return
	}
	d.held++
	d.mu.Unlock()
	<-hold
}

// SyncTo implements vfs.File.
func (f *file) SyncTo(int64) (bool, error) { return true, f.Sync() }

// SyncData implements vfs.File.
func (f *file) SyncData() error { return f.Sync() }

// Prefetch implements vfs.File.
func (f *file) Prefetch(int64, int64) error { return nil }

// Fd implements vfs.File.
func (f *file) Fd() uintptr { return vfs.InvalidFd }

// fileInfo is what Stat tells.
type fileInfo struct {
	name string
	size int64
	dir  bool
}

func (i fileInfo) Name() string           { return i.name }
func (i fileInfo) Size() int64            { return i.size }
func (i fileInfo) Mode() fs.FileMode      { return 0o644 }
func (i fileInfo) ModTime() time.Time     { return time.Time{} }
func (i fileInfo) IsDir() bool            { return i.dir }
func (i fileInfo) Sys() any               { return nil }
func (i fileInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
