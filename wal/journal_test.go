package wal

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// allocated is what a file takes on the disk.
func allocated(name string) (int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512, nil
}

func TestIdentityIsKept(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	want := Identity{OrderKey: [16]byte{1}, Instance: [16]byte{2}, Created: 3}
	j := mustOpen(t, small, "data", Options{FS: fs, Identity: want})
	if j.Identity() != want {
		t.Errorf("got %+v", j.Identity())
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs, Identity: Identity{Created: 99}})
	if j.Identity() != want {
		t.Errorf("after a restart: %+v", j.Identity())
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnly(t *testing.T) {
	leavesNothing(t)
	dir, acked, _ := killedDir(t, small, 30)
	before := filesIn(t, dir, "*")
	j := mustOpen(t, small, dir, Options{ReadOnly: true})
	if j.Last() != acked {
		t.Errorf("the journal ends with %d, not %d", j.Last(), acked)
	}
	if err := checkContent(j); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	after := filesIn(t, dir, "*")
	if len(after) > len(before)+1 { // the lock file
		t.Errorf("reading changed the directory from %v to %v", before, after)
	}
	if err := checkContentOf(dir); err != nil {
		t.Error(err)
	}
}

func checkContentOf(dir string) error {
	j, err := small.open(dir, Options{BallastBytes: -1})
	if err != nil {
		return err
	}
	return errors.Join(checkContent(j), j.Close())
}

func TestFeed(t *testing.T) {
	leavesNothing(t)
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	defer j.Close()
	l := newLoad(j, 1)
	l.feed = false
	if err := l.groups(20); err != nil {
		t.Fatal(err)
	}
	for _, span := range [][2]uint64{{1, 3}, {4, 4}, {8, 12}} { // 5 to 7 have no events
		if err := j.AppendFeed(span[0], span[1], feedOf(span[0], span[1])); err != nil {
			t.Fatal(err)
		}
	}
	if j.FeedLast() != 12 {
		t.Errorf("the feed ends with %d", j.FeedLast())
	}
	for seq, want := range map[uint64]uint64{0: 1, 1: 1, 3: 1, 4: 4, 5: 8, 7: 8, 8: 8, 12: 8} {
		first, value, closer, err := j.FeedGroup(seq)
		if err != nil || first != want || !bytes.HasPrefix(value, []byte("feed of ")) {
			t.Fatalf("the feed at %d begins with %d: %q, %v", seq, first, value, err)
		}
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	}
	for seq, want := range map[uint64]uint64{1: 0, 3: 0, 4: 1, 8: 4, 12: 4, 13: 8, 100: 8} {
		first, _, closer, err := j.FeedGroupBefore(seq)
		if want == 0 {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("before %d: group %d, %v", seq, first, err)
			}
			continue
		}
		if err != nil || first != want {
			t.Errorf("before %d: group %d, want %d: %v", seq, first, want, err)
			continue
		}
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, _, _, err := j.FeedGroup(13); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestHooks(t *testing.T) {
	leavesNothing(t)
	var bytes, groups int
	var flushed uint64
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem(), Hooks: Hooks{
		GroupWritten: func(n int, took time.Duration) {
			if took <= 0 {
				t.Errorf("a group took %v", took)
			}
			groups, bytes = groups+1, bytes+n
		},
		FlushEnd: func(n uint64, _ time.Duration) { flushed += n },
	}})
	l := newLoad(j, 1)
	if err := l.groups(30); err != nil {
		t.Fatal(err)
	}
	m := j.Metrics()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if groups != 30 || bytes == 0 || m.LogBytes < uint64(bytes) || m.DiskBytes == 0 || m.MemTableBytes == 0 {
		t.Errorf("%d groups of %d bytes, %+v", groups, bytes, m)
	}
	if flushed < uint64(bytes)/2 {
		t.Errorf("%d bytes were written and %d flushed", bytes, flushed)
	}
}

// TestGroupDoesNotAllocate counts what a group costs from Begin to Release, with a document and its feed.
func TestGroupDoesNotAllocate(t *testing.T) {
	j := mustOpen(t, standard, t.TempDir(), Options{BallastBytes: -1})
	defer j.Close()
	payload, doc, feed := noise(100<<10), noise(200), noise(5000)
	seq := uint64(1)
	group := func() {
		p, err := j.Begin(seq, 10, int64(seq), len(payload))
		if err != nil {
			t.Fatal(err)
		}
		copy(p.Payload(), payload)
		p.AddDocument(seq+3, doc)
		if err := errors.Join(p.Commit(), p.Wait()); err != nil {
			t.Fatal(err)
		}
		p.Release()
		if err := j.AppendFeed(seq, seq+9, feed); err != nil {
			t.Fatal(err)
		}
		seq += 10
	}
	for range 200 { // until the memtable has its full size and stays
		group()
	}
	if n := testing.AllocsPerRun(100, group); n > 2 {
		t.Errorf("a group costs %v allocations", n)
	}
}

// TestGroupsOfOrdinarySizeShareALog makes sure that groups of 1.5 MB do not start a log each.
func TestGroupsOfOrdinarySizeShareALog(t *testing.T) {
	j := mustOpen(t, standard, t.TempDir(), Options{BallastBytes: -1})
	defer j.Close()
	payload := noise(1500 << 10)
	const groups = 150
	for seq := uint64(1); seq <= groups; seq++ {
		p, err := j.Begin(seq, 1, 1, len(payload))
		if err != nil {
			t.Fatal(err)
		}
		copy(p.Payload(), payload)
		if err := errors.Join(p.Commit(), p.Wait()); err != nil {
			t.Fatal(err)
		}
		p.Release()
	}
	// Each log takes a memtable, 40 groups; the first few memtables are smaller.
	if m := j.Metrics(); m.Flushes > 8 || m.CompactionBytes != 0 {
		t.Errorf("%d groups made %d flushes, and compactions wrote %d bytes", groups, m.Flushes, m.CompactionBytes)
	}
}

// TestDurableWaitsForTheSync holds the log's sync back: meanwhile the group is written, and neither durable nor to be read.
func TestDurableWaitsForTheSync(t *testing.T) {
	leavesNothing(t)
	fs := newFaultFS(vfs.NewMem())
	j := mustOpen(t, small, "data", Options{FS: fs})
	reached, allow := make(chan struct{}), make(chan struct{})
	var first sync.Once
	fs.setHook(func(s faultStep) error {
		if s.kind == stepSync && isLog(s.name) {
			first.Do(func() {
				close(reached)
				<-allow
			})
		}
		return nil
	})
	p, err := j.Begin(1, 2, 10, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	<-reached
	read := 0
	err = j.Replay(0, func(Group) error { read++; return nil })
	if j.Last() != 2 || j.Durable() != 0 || read > 0 || err != nil {
		t.Errorf("before the sync %d is durable of %d, and %d groups are read: %v", j.Durable(), j.Last(), read, err)
	}
	close(allow)
	if err := p.Wait(); err != nil || j.Durable() != 2 {
		t.Errorf("after the sync %d is durable: %v", j.Durable(), err)
	}
	p.Release()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
