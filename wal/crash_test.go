package wal

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var crashSeeds = flag.Uint64("wal.seeds", 2, "workloads that TestCrash runs")

// crashes takes an image of a disk before every change that is made to it, as after a power cut: with none, half
// or all of what was not synced.
type crashes struct {
	disk             *vfs.MemFS
	fs               *faultFS
	acked, attempted atomic.Uint64
	images           []crashImage
}

type crashImage struct {
	fs               *vfs.MemFS
	acked, attempted uint64
}

func collectCrashes(disk *vfs.MemFS, seed uint64) *crashes {
	c := &crashes{disk: disk, fs: newFaultFS(disk)}
	r := rand.New(rand.NewPCG(seed, 7))
	c.fs.setHook(func(s faultStep) error {
		percent := []int{0, 50, 100}[(s.number+int(seed))%3]
		c.images = append(c.images, crashImage{
			disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: r}), c.acked.Load(), c.attempted.Load()})
		return nil
	})
	return c
}

// write opens the directory, writes some groups and closes it.
func (c *crashes) write(t *testing.T, seed uint64, groups int) {
	t.Helper()
	j := mustOpen(t, small, "data", Options{FS: c.fs})
	l := newLoad(j, seed)
	l.feed = j.FeedLast() == j.Last()
	l.checkpoints = true
	for range groups {
		c.attempted.Store(l.next + 8)
		if err := l.group(); err != nil {
			t.Fatal(err)
		}
		c.acked.Store(l.acked)
	}
	if err := l.drain(len(l.flight)); err != nil {
		t.Fatal(err)
	}
	c.acked.Store(l.acked)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// check opens every image, or in a short test some of them.
func (c *crashes) check(t *testing.T, seed uint64) {
	t.Helper()
	t.Logf("%d steps", len(c.images))
	for i, image := range c.images {
		if !testing.Short() || i%9 == int(seed)%9 {
			checkImage(t, image.fs, image.acked, image.attempted)
		}
	}
}

// TestCrash runs a workload and crashes it at every step; then it recovers from a crash and crashes at every step
// of that. Every image must open and hold what had been acknowledged.
func TestCrash(t *testing.T) {
	leavesNothing(t)
	for seed := uint64(1); seed <= *crashSeeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := collectCrashes(vfs.NewCrashableMem(), seed)
			c.write(t, seed, 20)
			c.check(t, seed)
		})
		t.Run(fmt.Sprint("recovery, seed ", seed), func(t *testing.T) {
			c := collectCrashes(vfs.NewCrashableMem(), seed+1000)
			c.write(t, seed+1000, 15)
			from := c.images[len(c.images)*2/3]
			again := collectCrashes(from.fs, seed)
			again.acked.Store(from.acked)
			again.attempted.Store(from.attempted)
			again.write(t, seed+2000, 3)
			again.check(t, seed)
		})
	}
}

// TestCrashInNewDirectory is the beginning of a directory's life, many times: the names in directories are what a
// power cut takes here.
func TestCrashInNewDirectory(t *testing.T) {
	leavesNothing(t)
	const dir = "not/there/yet"
	seeds := uint64(10)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		disk := vfs.NewCrashableMem()
		fs := newFaultFS(disk)
		r := rand.New(rand.NewPCG(seed, 7))
		var images []*vfs.MemFS
		fs.setHook(func(faultStep) error {
			images = append(images, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: r}))
			return nil
		})
		j := mustOpen(t, small, dir, Options{FS: fs})
		l := newLoad(j, seed)
		if err := l.groups(1); err != nil {
			t.Fatal(err)
		}
		after := disk.CrashClone(vfs.CrashCloneCfg{})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		for _, image := range append(images, after) {
			j := mustOpen(t, small, dir, Options{FS: image})
			if image == after && j.Last() != l.acked {
				t.Errorf("%d was acknowledged and the journal ends with %d", l.acked, j.Last())
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// failure is a way in which a disk fails for good.
type failure struct {
	name string
	hits func(faultStep) bool
	err  error
	once bool // it fails a single time and then works again, as a failed sync often does
}

var failures = []failure{
	{"write of the log", func(s faultStep) bool { return s.kind == stepWrite && isLog(s.name) }, syscall.EIO, false},
	{"write of the log, once", func(s faultStep) bool { return s.kind == stepWrite && isLog(s.name) }, syscall.EIO, true},
	{"sync of the log", func(s faultStep) bool { return s.kind == stepSync && isLog(s.name) }, syscall.EIO, false},
	{"sync of the log, once", func(s faultStep) bool { return s.kind == stepSync && isLog(s.name) }, syscall.EIO, true},
	{"every sync", func(s faultStep) bool { return s.kind == stepSync || s.kind == stepSyncDir }, syscall.EIO, false},
	{"every write", func(s faultStep) bool { return s.kind == stepWrite }, syscall.EIO, false},
	{"everything but the log", func(s faultStep) bool { return s.kind != stepSyncDir && !isLog(s.name) }, syscall.EIO, false},
	{"new files", func(s faultStep) bool { return s.kind == stepCreate }, syscall.EIO, false},
	{"directories", func(s faultStep) bool { return s.kind == stepSyncDir }, syscall.EIO, false},
	{"disk full", func(s faultStep) bool { return s.kind == stepWrite || s.kind == stepCreate }, syscall.ENOSPC, false},
	{"disk full for tables", func(s faultStep) bool { return s.kind == stepWrite && !isLog(s.name) }, syscall.ENOSPC, false},
}

// TestDiskFailure lets the disk fail from a random step on. The journal must say so once, acknowledge nothing
// afterwards, and lose nothing that it acknowledged before.
func TestDiskFailure(t *testing.T) {
	seeds := 12
	if testing.Short() {
		seeds = 3
	}
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			fired := 0
			for seed := range seeds {
				if testDiskFailure(t, f, uint64(seed)) {
					fired++
				}
			}
			if fired == 0 {
				t.Error("the failure never happened")
			}
		})
	}
}

func testDiskFailure(t *testing.T, f failure, seed uint64) (fired bool) {
	disk := vfs.NewCrashableMem()
	fs := newFaultFS(disk)
	fatals := make(chan error, 10)
	j := mustOpen(t, small, "data", Options{FS: fs, OnFatal: func(err error) { fatals <- err }})
	r := rand.New(rand.NewPCG(seed, 8))
	from, done := r.IntN(120), false
	fs.setHook(func(s faultStep) error {
		if s.number < from || !f.hits(s) || (f.once && done) {
			return nil
		}
		done = true
		return f.err
	})
	l := newLoad(j, seed)
	l.checkpoints = true
	err := l.groups(60)
	if err == nil {
		// The failure hit something that is still going on in the background, or nothing at all.
		fs.quiescent(func() { fired = done })
		if !fired {
			fs.setHook(nil)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			return false
		}
		select {
		case <-fatals:
			fatals <- nil
		case <-time.After(5 * time.Second):
			t.Fatal("the disk failed and the journal did not notice")
		}
		err = l.group()
	}
	if !errors.Is(err, ErrFailed) || !errors.Is(err, f.err) {
		t.Fatalf("got %v, want ErrFailed with the cause", err)
	}
	mustBeDead(t, j, l)
	select {
	case <-fatals:
	case <-time.After(5 * time.Second):
		t.Fatal("OnFatal was not called")
	}
	if len(fatals) != 0 {
		t.Fatal("OnFatal was called more than once")
	}
	var image *vfs.MemFS
	fs.quiescent(func() {
		image = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[seed%3], RNG: r})
	})
	checkImage(t, image, l.acked, l.next+8)
	return true
}

// mustBeDead tries everything on a journal that has failed.
func mustBeDead(t *testing.T, j *Journal, l *load) {
	t.Helper()
	for _, p := range l.flight {
		if err := p.Wait(); !errors.Is(err, ErrFailed) {
			t.Errorf("Wait after the failure: %v", err)
		}
		p.Release()
	}
	if _, err := j.Begin(l.next, 1, int64(l.next), 10); !errors.Is(err, ErrFailed) {
		t.Errorf("Begin after the failure: %v", err)
	}
	if err := j.AppendFeed(j.FeedLast()+1, j.FeedLast()+1, nil); !errors.Is(err, ErrFailed) {
		t.Errorf("AppendFeed after the failure: %v", err)
	}
	if err := j.Close(); !errors.Is(err, ErrFailed) {
		t.Errorf("Close after the failure: %v", err)
	}
}

// TestPebbleGivesUp is the second line of defence: what Pebble itself calls fatal, and what fails in its background,
// without a failing disk.
func TestPebbleGivesUp(t *testing.T) {
	cause := errors.New("the cause")
	for name, giveUp := range map[string]func(*Journal){
		"fatal":      func(j *Journal) { logger{&j.fatal}.Fatalf("pebble: fatal commit error: %v", cause) },
		"background": func(j *Journal) { j.listener(false).BackgroundError(cause) },
	} {
		t.Run(name, func(t *testing.T) {
			fatals := make(chan error, 2)
			j := mustOpen(t, small, "data", Options{FS: vfs.NewMem(), OnFatal: func(err error) { fatals <- err }})
			go giveUp(j)
			if err := <-fatals; !errors.Is(err, cause) {
				t.Error(err)
			}
			mustBeDead(t, j, newLoad(j, 0))
		})
	}
}
