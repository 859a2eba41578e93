package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// closedDir is a directory on the real disk that was closed in order, with checkpoints but nothing cut, and its last
// sequence.
func closedDir(t *testing.T, groups int) (dir string, last uint64) {
	t.Helper()
	dir = t.TempDir()
	j := mustOpen(t, small, dir, Options{BallastBytes: -1})
	l := newLoad(j, 3)
	l.maximum = 30 << 10 // Pebble takes seconds to refuse a large block
	if err := l.groups(groups); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, l.acked
}

// salvaged is what could be saved of a directory on the disk, which must be untouched.
func salvaged(t *testing.T, dir string, o SalvageOptions) (*Journal, SalvageReport) {
	t.Helper()
	before := hashes(t, dir)
	fs := inMemory(t, dir)
	o.FS = fs
	report, err := small.salvage("data", "saved", o)
	if errors.Is(err, ErrNothingToSave) {
		if left, _ := fs.List(""); len(left) > 1 {
			t.Errorf("left behind: %v", left)
		}
		return nil, report
	}
	if err != nil {
		t.Fatal(err)
	}
	// On the disk too, where names may lead elsewhere.
	o.FS = nil
	to := filepath.Join(t.TempDir(), "saved")
	again, err := small.salvage(dir, to, o)
	if err != nil || again.Last != report.Last || again.Known != report.Known {
		t.Errorf("on the disk %+v, in memory %+v: %v", again, report, err)
	}
	if after := hashes(t, dir); !mapsEqual(after, before) {
		t.Errorf("the damaged directory was changed: %v, before %v", after, before)
	}
	j, err := small.open("saved", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return j, report
}

func hashes(t *testing.T, dir string) map[string]Hash {
	t.Helper()
	all := map[string]Hash{}
	for _, file := range filesIn(t, dir, "*") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) != "LOCK" {
			all[file] = HashGroup(data)
		}
	}
	return all
}

func mapsEqual(a, b map[string]Hash) bool {
	return len(a) == len(b) && fmt.Sprint(a) == fmt.Sprint(b)
}

// TestSalvageOfAWholeDirectory loses nothing.
func TestSalvageOfAWholeDirectory(t *testing.T) {
	leavesNothing(t)
	dir, last := closedDir(t, 60)
	j, report := salvaged(t, dir, SalvageOptions{})
	if report.First != 1 || report.Last != last || report.Known != last || report.ByFile || report.Rebuilt || len(report.Damage) > 0 {
		t.Errorf("%+v", report)
	}
	if err := errors.Join(checkContent(j), j.Close()); err != nil {
		t.Error(err)
	}
}

// TestSalvage damages the files of a directory in every way that refuses it. What is saved opens, holds only what was written,
// and is told.
func TestSalvage(t *testing.T) {
	leavesNothing(t)
	original, last := closedDir(t, 60)
	flip := func(t *testing.T, file string) { flipBit(t, file, size(t, file)/2) }
	remove := func(t *testing.T, file string) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	cut := func(t *testing.T, file string) {
		if err := os.Truncate(file, size(t, file)/2); err != nil {
			t.Fatal(err)
		}
	}
	type harm struct {
		name, pattern string
		do            func(*testing.T, string)
		byFile        bool
	}
	harms := []harm{
		{"marker of the MANIFEST missing", "marker.manifest*", remove, true},
		{"MANIFEST missing", "MANIFEST-*", remove, true},
		{"flipped bit in the MANIFEST", "MANIFEST-*", flip, true},
		{"seal damaged", sealName, flip, false},
	}
	for i := range filesIn(t, original, "*.sst") {
		pattern := filepath.Base(filesIn(t, original, "*.sst")[i])
		harms = append(harms, harm{"flipped bit in " + pattern, pattern, flip, false},
			harm{pattern + " missing", pattern, remove, true}, harm{pattern + " cut off", pattern, cut, true})
	}
	lost, nothing := 0, 0
	for _, h := range harms {
		t.Run(h.name, func(t *testing.T) {
			dir := copyDir(t, original)
			files := filesIn(t, dir, h.pattern)
			h.do(t, files[len(files)/2])
			j, report := salvaged(t, dir, SalvageOptions{Documents: loadDocuments})
			if j == nil {
				nothing++ // the first group is gone, and there is no checkpoint
				return
			}
			if report.ByFile != h.byFile {
				t.Errorf("%+v", report)
			}
			if report.Last < last {
				lost++
				if report.Known != last || len(report.Damage) == 0 || j.Epoch() != 2 {
					t.Errorf("commands are lost, and it is not told: %+v", report)
				}
			}
			if j.Last() != report.Last || j.Identity() == (Identity{}) {
				t.Errorf("the journal ends with %d: %+v", j.Last(), report)
			}
			checkSaved(t, j)
		})
	}
	if lost == 0 || nothing > 3 {
		t.Errorf("of %d kinds of damage %d have cost something, and of %d nothing was saved", len(harms), lost, nothing)
	}
}

// loadDocuments gives the document that load lets ride with a group, whether it did or not.
func loadDocuments(g *Group, put func(uint64, []byte) error) error {
	return put(g.First, documentOf(g.First))
}

// checkSaved: what was saved is what was written, and a journal that goes on.
func checkSaved(t *testing.T, j *Journal) {
	t.Helper()
	err := j.Replay(0, func(g Group) error {
		if doc, err := j.Document(g.First); err != nil || string(doc) != string(documentOf(g.First)) {
			return fmt.Errorf("the document of %d is %q: %w", g.First, doc, err)
		}
		if !slices.Equal(g.Payload, content(g.First, len(g.Payload))) {
			return fmt.Errorf("group %d has other content than was written", g.First)
		}
		return nil
	})
	l := newLoad(j, 9)
	l.feed = false
	if err := errors.Join(err, l.groups(3), j.Replay(0, func(Group) error { return nil }), j.Close()); err != nil {
		t.Error(err)
	}
}

// TestSalvageOfAKilledDirectory flips bits in the logs, where the newest commands are.
func TestSalvageOfAKilledDirectory(t *testing.T) {
	leavesNothing(t)
	for name, tune := range map[string]tuning{"one log": {memTableBytes: 64 << 20}, "recycled logs": small} {
		t.Run(name, func(t *testing.T) {
			original, acked, _ := killedDir(t, tune, 40)
			r := rand.New(rand.NewPCG(4, 1))
			for range 6 {
				dir := copyDir(t, original)
				logs := filesIn(t, dir, "*.log")
				file := logs[r.IntN(len(logs))]
				flipBit(t, file, r.Int64N(size(t, file)))
				j, report := salvaged(t, dir, SalvageOptions{Documents: loadDocuments})
				if j == nil {
					continue
				}
				if report.Last > acked {
					t.Errorf("%d were written: %+v", acked, report)
				}
				checkSaved(t, j)
			}
		})
	}
}

// TestSalvageChoosesWhatCanStand: behind a hole, the journal is of use only with a checkpoint.
func TestSalvageChoosesWhatCanStand(t *testing.T) {
	leavesNothing(t)
	for _, withCheckpoint := range []bool{false, true} {
		fs := vfs.NewMem()
		j := mustOpen(t, small, "data", Options{FS: fs})
		l := newLoad(j, 1)
		if err := l.groups(20); err != nil {
			t.Fatal(err)
		}
		hole := l.acked
		if err := l.groups(10); err != nil {
			t.Fatal(err)
		}
		at := l.acked
		if withCheckpoint {
			w, err := j.BeginCheckpoint(at)
			if err == nil {
				err = w.Finish(fmt.Appendf(nil, "0 pages after %d", at))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := l.groups(5); err != nil {
			t.Fatal(err)
		}
		g, err := j.GroupAt(hole)
		first := g.First
		if err == nil {
			err = j.once(func() error { return j.db.Delete(sequenceKey(familyJournal, first), nil) })
		}
		if err := errors.Join(err, j.Close()); err != nil {
			t.Fatal(err)
		}
		report, err := small.salvage("data", "saved", SalvageOptions{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		want := run{1, first - 1, 0}
		if withCheckpoint {
			want = run{hole + 1, l.acked, 0}
		}
		if report.First != want.first || report.Last != want.last || report.Known != l.acked {
			t.Errorf("checkpoint %v: saved %d to %d of %d, want %d to %d", withCheckpoint, report.First, report.Last, report.Known, want.first, want.last)
		}
		if !strings.Contains(strings.Join(report.Damage, "\n"), "are missing") {
			t.Errorf("the hole is not told: %v", report.Damage)
		}
		saved := mustOpen(t, small, "saved", Options{FS: fs})
		all, err := saved.Checkpoints()
		if err != nil || len(all) > 0 != withCheckpoint {
			t.Errorf("checkpoints %v, %v", all, err)
		}
		err = saved.Replay(0, func(Group) error { return nil })
		if err := errors.Join(err, saved.Close()); err != nil {
			t.Error(err)
		}
		report, err = small.salvage("data", "again", SalvageOptions{FS: fs, FromTheStart: true})
		if err != nil || report.First != 1 || report.Last != first-1 || !report.Rebuilt {
			t.Errorf("from the start: %+v, %v", report, err)
		}
	}
}
