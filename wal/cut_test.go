package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// flushed opens a journal with some groups that are all in tables, whose size is known.
func flushed(t *testing.T, fs vfs.FS, groups int) *Journal {
	t.Helper()
	j := mustOpen(t, small, "data", Options{FS: fs})
	if err := errors.Join(newLoad(j, 1).groups(groups), j.Close()); err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, small, "data", Options{FS: fs})
}

// TestCutGroups: what is cut off is the oldest, whole groups only, and never the last.
func TestCutGroups(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	if first, err := j.CutGroups(10); first != 0 || err != nil {
		t.Errorf("an empty journal: %d %v", first, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = flushed(t, fs, 100)
	begin := uint64(1)
	for _, limit := range []uint64{1, 2, 30, 30, 29, 31, j.Last() / 2, j.Last() * 2} {
		holds, err := j.GroupAt(max(begin, min(limit, j.Last())))
		if err != nil {
			t.Fatal(err)
		}
		first, err := j.CutGroups(limit)
		if err != nil || first != holds.First {
			t.Errorf("cut at %d: the journal begins with %d, want %d: %v", limit, first, holds.First, err)
		}
		begin = first
		if got, err := j.First(); err != nil || got != first {
			t.Errorf("the journal begins with %d %v, CutGroups says %d", got, err, first)
		}
		if err := checkContent(j); err != nil {
			t.Error(err)
		}
	}
	if _, err := j.GroupAt(begin - 1); err == nil {
		t.Error("a group that was cut off is found")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs})
	if err := errors.Join(checkContent(j), newLoad(j, 2).groups(3), j.Close()); err != nil {
		t.Error(err)
	}
}

// TestFirstWithin: from the sequence on there are as many bytes as asked for at most, and one sequence earlier there are more.
func TestFirstWithin(t *testing.T) {
	leavesNothing(t)
	j := flushed(t, vfs.NewMem(), 100)
	for _, kept := range []Kept{KeptGroups, KeptFeed} {
		all, err := j.BytesFrom(kept, 0)
		if err != nil || all == 0 {
			t.Fatal(all, err)
		}
		for _, bytes := range []uint64{all, all - 1, all / 2, all / 10, 1} {
			first, err := j.FirstWithin(kept, bytes)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := j.BytesFrom(kept, first); err != nil || got > bytes {
				t.Errorf("%c: %d bytes from %d, want %d at most: %v", kept, got, first, bytes, err)
			}
			if got, err := j.BytesFrom(kept, first-1); first > 1 && (err != nil || got <= bytes) {
				t.Errorf("%c: %d bytes already from %d: %v", kept, got, first-1, err)
			}
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCutFeed: what is above the floor is all there, the newest stays whatever is asked for, and the floor is the same after
// a restart.
func TestCutFeed(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := flushed(t, fs, 60)
	last, all := j.FeedLast(), feedGroupsOf(t, j)
	for _, limit := range []uint64{0, 1, 20, 10, last / 2, last * 2} {
		before := j.FeedFloor()
		floor, err := j.CutFeed(limit)
		if want := max(before, min(limit, last)-min(limit, 1)); err != nil || floor != want || j.FeedFloor() != want {
			t.Errorf("cut at %d: the floor is %d, want %d: %v", limit, floor, want, err)
		}
		for restarts := range 2 {
			if restarts > 0 {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				j = mustOpen(t, small, "data", Options{FS: fs})
			}
			if j.FeedFloor() != floor || j.FeedLast() != last {
				t.Errorf("the feed spans %d to %d, want %d to %d", j.FeedFloor()+1, j.FeedLast(), floor+1, last)
			}
			if err := errors.Join(checkFeed(j), all.missing(j, floor)); err != nil {
				t.Error(err)
			}
		}
	}
	if err := errors.Join(newLoad(j, 3).groups(3), j.Close()); err != nil {
		t.Error(err)
	}
}

// TestFeedFloorSurvivesPowerCut: where something of the feed is missing after a power cut, the floor lies above it.
func TestFeedFloorSurvivesPowerCut(t *testing.T) {
	leavesNothing(t)
	disk := vfs.NewCrashableMem()
	j := flushed(t, disk, 60)
	all, last := feedGroupsOf(t, j), j.FeedLast()
	for _, limit := range []uint64{20, last / 2, last - 1} {
		if _, err := j.CutFeed(limit); err != nil {
			t.Fatal(err)
		}
		image := mustOpen(t, small, "data", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
		if floor := image.FeedFloor(); floor != limit-1 {
			t.Errorf("the floor is %d after a cut at %d", floor, limit)
		}
		if err := errors.Join(all.missing(image, image.FeedFloor()), image.Close()); err != nil {
			t.Error(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// feedGroups are the last sequences of the groups of a feed.
type feedGroups []uint64

func feedGroupsOf(t *testing.T, j *Journal) (all feedGroups) {
	t.Helper()
	for at := uint64(1); at <= j.FeedLast(); {
		var begin, end uint64
		_, value, closer, err := j.FeedGroup(at)
		if err == nil {
			_, err = fmt.Sscanf(string(value), "feed of %d to %d", &begin, &end)
		}
		if err := errors.Join(err, closer.Close()); err != nil {
			t.Fatal(err)
		}
		all, at = append(all, end), end+1
	}
	return all
}

// missing tells which group above the floor is not in the feed.
func (all feedGroups) missing(j *Journal, floor uint64) error {
	for _, end := range all {
		first, _, closer, err := j.FeedGroup(end)
		if err == nil {
			err = closer.Close()
		}
		if err != nil || end > floor && first > end {
			return fmt.Errorf("above the floor of %d the group that ends with %d is missing: %w", floor, end, err)
		}
	}
	return nil
}

// TestReaders: what is known of readers is there after a restart, in the order of their names.
func TestReaders(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	err := errors.Join(j.PutReader("b", []byte("1")), j.PutReader("a", []byte("2")), j.PutReader("c", nil),
		j.PutReader("b", []byte("3")), j.DropReader("c"), j.DropReader("d"), j.Close())
	if err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs})
	var got []string
	err = j.Readers(func(name string, value []byte) error {
		got = append(got, name+string(value))
		return nil
	})
	if err != nil || !slices.Equal(got, []string{"a2", "b3"}) {
		t.Errorf("%q %v", got, err)
	}
	stop := errors.New("stop")
	if err := j.Readers(func(string, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCutGivesRoomBack: what is cut off leaves the disk, as soon as Pebble gets to it, and nothing that stays is written again
// for it.
func TestCutGivesRoomBack(t *testing.T) {
	leavesNothing(t)
	j := flushed(t, vfs.NewMem(), 400)
	before := j.Metrics()
	journal, feed := j.Last(), j.FeedLast()
	if _, err := j.CutGroups(journal); err != nil {
		t.Fatal(err)
	}
	if _, err := j.CutFeed(feed); err != nil {
		t.Fatal(err)
	}
	after := j.Metrics()
	for deadline := time.Now().Add(10 * time.Second); after.DiskBytes > before.DiskBytes/3 && time.Now().Before(deadline); after = j.Metrics() {
		time.Sleep(time.Millisecond)
	}
	if after.DiskBytes > before.DiskBytes/3 || after.CompactionBytes > before.CompactionBytes {
		t.Errorf("%d bytes became %d, and %d were written", before.DiskBytes, after.DiskBytes, after.CompactionBytes-before.CompactionBytes)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRewindOfCutFeed: with an earlier end, which lies where the feed was cut off, what comes next is not cut off, and nobody
// is known to have read what was never written.
func TestRewindOfCutFeed(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := flushed(t, fs, 60)
	g, err := j.GroupAt(j.Last() / 2)
	if err != nil {
		t.Fatal(err)
	}
	until := g.Last()
	_, err = j.CutFeed(j.FeedLast())
	if err := errors.Join(err, j.PutReader("a", []byte("b")), j.Close()); err != nil {
		t.Fatal(err)
	}
	if err := Rewind("data", Options{FS: fs}, until, nil); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs})
	if j.Last() != until || j.FeedFloor() != until {
		t.Errorf("the journal ends with %d, the feed begins after %d, want %d", j.Last(), j.FeedFloor(), until)
	}
	if err := j.Readers(func(name string, _ []byte) error { return errors.New(name + " is known") }); err != nil {
		t.Error(err)
	}
	l := newLoad(j, 5)
	if err := errors.Join(l.groups(5), j.Close()); err != nil {
		t.Error(err)
	}
}

// TestPowerCutDuringCuts cuts the power before every change of the disk while journal, feed and values of checkpoints are
// cut that lie in memory, in tables, or half in each: whatever image is found is whole.
func TestPowerCutDuringCuts(t *testing.T) {
	leavesNothing(t)
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		disk := vfs.NewCrashableMem()
		fs := newFaultFS(disk)
		j := mustOpen(t, small, "data", Options{FS: fs})
		l := newLoad(j, seed)
		l.maximum, l.checkpoints = 20<<10, true
		if err := l.groups(20 + 40*int(seed%3)); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, 9))
		var images []*vfs.MemFS
		fs.setHook(func(faultStep) error {
			images = append(images, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * r.IntN(3), RNG: r}))
			return nil
		})
		for _, part := range []uint64{4, 2, 1} {
			if _, err := j.CutGroups(j.Last() / part); err != nil {
				t.Fatal(err)
			}
			if _, err := j.CutFeed(j.FeedLast() / part); err != nil {
				t.Fatal(err)
			}
		}
		fs.setHook(nil)
		if err := errors.Join(checkContent(j), j.Close()); err != nil {
			t.Fatal(err)
		}
		if len(images) < 10 {
			t.Errorf("only %d images", len(images))
		}
		for _, image := range images {
			j := mustOpen(t, small, "data", Options{FS: image})
			if j.Last() != l.acked {
				t.Errorf("%d was acknowledged and the journal ends with %d", l.acked, j.Last())
			}
			if err := errors.Join(checkContent(j), j.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
