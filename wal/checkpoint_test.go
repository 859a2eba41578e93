package wal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCheckpointIsKept writes a checkpoint of several table files and reads it after a restart.
func TestCheckpointIsKept(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	l := newLoad(j, 1)
	if err := l.groups(10); err != nil {
		t.Fatal(err)
	}
	w, err := j.BeginCheckpoint(l.acked)
	if err != nil {
		t.Fatal(err)
	}
	page := content(7, 1<<20)
	for n := range uint32(2*tableBytes/len(page) + 1) {
		page[0] = byte(n)
		if got, err := w.Add(page); err != nil || got != n {
			t.Fatalf("value %d has number %d: %v", n, got, err)
		}
	}
	manifest := content(8, 2*manifestPiece+5)
	if all, err := j.Checkpoints(); err != nil || len(all) > 0 {
		t.Errorf("before it is finished there are checkpoints: %v %v", all, err)
	}
	if err := w.Finish(manifest); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := j.Manifest(l.acked); err != nil || !bytes.Equal(got, manifest) {
			t.Errorf("the manifest has %d bytes: %v", len(got), err)
		}
		next := uint32(0)
		err := j.Values(l.acked, func(number uint32, value []byte) error {
			if number < uint32(2*tableBytes/len(page)+1) && (len(value) != len(page) || value[0] != byte(number)) || number != next {
				return fmt.Errorf("value %d behind %d has %d bytes", number, next, len(value))
			}
			next++
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = mustOpen(t, small, "data", Options{FS: fs})
	}
	if err := errors.Join(j.DropCheckpoint(l.acked), j.DropValues(l.acked)); err != nil {
		t.Fatal(err)
	}
	sets, err := j.ValueSets()
	if _, missing := j.Manifest(l.acked); err != nil || len(sets) > 0 || !errors.Is(missing, ErrNotFound) {
		t.Errorf("after it was dropped: %v %v %v", sets, err, missing)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestInterruptedCheckpoint: what an interrupted checkpoint left behind is no checkpoint, is seen as waste, and does not
// stand in the way of the next one of the same sequence.
func TestInterruptedCheckpoint(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	l := newLoad(j, 1)
	if err := l.groups(3); err != nil {
		t.Fatal(err)
	}
	w, err := j.BeginCheckpoint(l.acked)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint32(3) {
		if _, err := w.Add(pageOf(1, n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.takeIn(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Add(pageOf(1, 3)); err != nil { // lies in a file of its own when the process ends
		t.Fatal(err)
	}
	if err := w.table.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, small, "data", Options{FS: fs})
	all, err := j.Checkpoints()
	sets, err2 := j.ValueSets()
	if err != nil || err2 != nil || len(all) > 0 || !slices.Equal(sets, []uint64{l.acked}) {
		t.Errorf("checkpoints %v, values of %v: %v %v", all, sets, err, err2)
	}
	names, err := fs.List("data")
	if err != nil || slices.ContainsFunc(names, func(name string) bool { return name[0] == checkpointFilePrefix[0] }) {
		t.Errorf("the unfinished file is still there: %v %v", names, err)
	}
	l = newLoad(j, 2)
	if err := l.checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := checkCheckpoints(j); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCheckpointSurvivesPowerCut cuts the power at the moment at which a checkpoint was reported: with nothing but what was
// synced, it is there and whole.
func TestCheckpointSurvivesPowerCut(t *testing.T) {
	leavesNothing(t)
	disk := vfs.NewCrashableMem()
	j := mustOpen(t, small, "data", Options{FS: disk})
	for seed := range uint64(5) {
		l := newLoad(j, seed)
		if err := errors.Join(l.groups(3), l.checkpoint()); err != nil {
			t.Fatal(err)
		}
		image := mustOpen(t, small, "data", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
		if all, err := image.Checkpoints(); err != nil || len(all) == 0 || all[0] != l.acked {
			t.Errorf("a checkpoint of %d was reported, and there are those of %v: %v", l.acked, all, err)
		}
		if err := errors.Join(checkCheckpoints(image), image.Close()); err != nil {
			t.Error(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedManifest changes every byte of a checkpoint's head and of its manifest, and takes pieces away: what was not
// written is not given out.
func TestDamagedManifest(t *testing.T) {
	leavesNothing(t)
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	l := newLoad(j, 1)
	if err := l.groups(3); err != nil {
		t.Fatal(err)
	}
	w, err := j.BeginCheckpoint(l.acked)
	if err != nil {
		t.Fatal(err)
	}
	manifest := content(8, manifestPiece+50)
	if err := w.Finish(manifest); err != nil {
		t.Fatal(err)
	}
	headKey := sequenceKey(familyCheckpoint, l.acked)
	var pieceKey [checkpointKeyLength]byte
	putCheckpointKey(pieceKey[:], l.acked, 1)
	value, closer, err := j.db.Get(headKey)
	if err != nil {
		t.Fatal(err)
	}
	head := bytes.Clone(value)
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	piece := manifest[manifestPiece:]
	for _, part := range []struct {
		key, sound []byte
	}{{headKey, head}, {pieceKey[:], piece}} {
		for _, harmed := range harms(part.sound) {
			if err := j.db.Set(part.key, harmed, pebble.NoSync); err != nil {
				t.Fatal(err)
			}
			var damage *DamageError
			if _, err := j.Manifest(l.acked); !errors.As(err, &damage) || damage.Sequence != l.acked {
				t.Errorf("%x instead of %x: %v", harmed, part.sound, err)
			}
		}
		if err := j.db.Set(part.key, part.sound, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
		if got, err := j.Manifest(l.acked); err != nil || !bytes.Equal(got, manifest) {
			t.Errorf("put right again: %d bytes %v", len(got), err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// harms gives a value with each byte changed, with more and with less behind it.
func harms(value []byte) (harmed [][]byte) {
	for i := range value {
		v := bytes.Clone(value)
		v[i] ^= 1 << (i % 8)
		harmed = append(harmed, v)
	}
	return append(harmed, value[:len(value)-1], value[:0], append(bytes.Clone(value), 0))
}

// TestCheckpointNeedsRoom: a checkpoint ends before it fills the disk, and the journal goes on. What it left is dropped like that
// of any interrupted one.
func TestCheckpointNeedsRoom(t *testing.T) {
	leavesNothing(t)
	fs := scarceFS{vfs.NewMem(), new(atomic.Int64), 0}
	fs.free.Store(1 << 40)
	j := mustOpen(t, small, "data", Options{FS: fs, BallastBytes: -1, MinFreeBytes: 100 << 20})
	l := newLoad(j, 1)
	if err := l.groups(3); err != nil {
		t.Fatal(err)
	}
	page := content(7, 1<<20)
	for _, pages := range []int{tableBytes / len(page), 3} { // exactly one table file, and a few in one
		w, err := j.BeginCheckpoint(l.acked)
		if err != nil {
			t.Fatal(err)
		}
		for range pages {
			if _, err := w.Add(page); err != nil {
				t.Fatal(err)
			}
		}
		fs.free.Store(100<<20 + tableBytes - 1)
		if _, err := w.Add(page); !errors.Is(err, ErrDiskFull) || errors.Is(err, ErrFailed) {
			t.Errorf("after %d pages: %v", pages, err)
		}
		if err := j.RoomForCheckpoint(); !errors.Is(err, ErrDiskFull) {
			t.Errorf("got %v", err)
		}
		fs.free.Store(100<<20 + tableBytes)
		mustAbandon(t, j, w)
	}
	if err := errors.Join(j.RoomForCheckpoint(), l.groups(3), l.checkpoint(), checkContent(j), j.Close()); err != nil {
		t.Error(err)
	}
}

// crammedFS is full as long as a checkpoint's table files are there.
type crammedFS struct{ scarceFS }

func (f crammedFS) Remove(name string) error {
	if strings.Contains(name, checkpointFilePrefix) {
		f.free.Store(1 << 40)
	}
	return f.scarceFS.Remove(name)
}

// TestLeftoversMakeRoom: a disk that an interrupted checkpoint has filled has room again at the next start.
func TestLeftoversMakeRoom(t *testing.T) {
	leavesNothing(t)
	fs := crammedFS{scarceFS{vfs.NewMem(), new(atomic.Int64), 0}}
	fs.free.Store(1 << 40)
	o := Options{FS: fs, BallastBytes: -1, MinFreeBytes: 100 << 20}
	if err := mustOpen(t, small, "data", o).Close(); err != nil {
		t.Fatal(err)
	}
	f, err := fs.Create("data/"+checkpointFilePrefix+"7-0.sst", vfs.WriteCategoryUnspecified)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	fs.free.Store(50 << 20)
	if err := mustOpen(t, small, "data", o).Close(); err != nil {
		t.Error(err)
	}
}

// mustAbandon ends a checkpoint that comes to nothing, of which nothing may be left.
func mustAbandon(t *testing.T, j *Journal, w *CheckpointWriter) {
	t.Helper()
	if err := w.Abandon(); err != nil {
		t.Fatal(err)
	}
	sets, err := j.ValueSets()
	names, err2 := j.fs.List(j.dir)
	unfinished := slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, checkpointFilePrefix) })
	if err != nil || err2 != nil || len(sets) > 0 || unfinished {
		t.Errorf("values of %v and the files %v are left: %v %v", sets, names, err, err2)
	}
}

// TestAbandonedCheckpoint ends a checkpoint in the middle of a table file. The next one may be of the same sequence.
func TestAbandonedCheckpoint(t *testing.T) {
	leavesNothing(t)
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	l := newLoad(j, 1)
	if err := l.groups(3); err != nil {
		t.Fatal(err)
	}
	for _, values := range []int{0, 1, 2*tableBytes/(1<<20) + 1} {
		w, err := j.BeginCheckpoint(l.acked)
		if err != nil {
			t.Fatal(err)
		}
		for range values {
			if _, err := w.Add(content(7, 1<<20)); err != nil {
				t.Fatal(err)
			}
		}
		mustAbandon(t, j, w)
	}
	if err := errors.Join(l.checkpoint(), checkCheckpoints(j), j.Close()); err != nil {
		t.Error(err)
	}
}
