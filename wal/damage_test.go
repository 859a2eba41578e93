package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// testGroup is a group for tests that put values into the database by hand.
func testGroup(first uint64, count uint32, time int64, epoch uint64, previous Hash) []byte {
	return AppendGroup(nil, &Group{
		First: first, Count: count, Time: time, Epoch: epoch, Previous: previous, Payload: []byte("payload"),
	})
}

func TestReplayRefusesDamage(t *testing.T) {
	leavesNothing(t)
	one := testGroup(1, 3, 10, 1, Hash{})
	two := testGroup(4, 2, 11, 1, HashGroup(one))
	three := testGroup(6, 1, 12, 2, HashGroup(two))
	flipped := slices.Clone(two)
	flipped[70] ^= 4
	resealed := slices.Clone(two) // It has a good checksum and is not what the next group's hash was made of.
	resealed[70] ^= 4
	g, _ := DecodeGroup(two)
	g.Payload = []byte("PAYLOAD")
	resealed = AppendGroup(nil, &g)
	tests := []struct {
		name     string
		groups   map[uint64][]byte
		sequence uint64
		reason   string
	}{
		{"nothing wrong", map[uint64][]byte{1: one, 4: two, 6: three}, 0, ""},
		{"hole", map[uint64][]byte{1: one, 6: three}, 4, "the commands 4 to 5 are missing"},
		{"beginning missing", map[uint64][]byte{4: two, 6: three}, 1, "begins after"},
		{"flipped bit", map[uint64][]byte{1: one, 4: flipped, 6: three}, 4, "checksum"},
		{"cut off", map[uint64][]byte{1: one, 4: two[:len(two)-5], 6: three}, 4, "checksum"},
		{"cut to nothing", map[uint64][]byte{1: one, 4: {}, 6: three}, 4, "cut off"},
		{"exchanged for another", map[uint64][]byte{1: one, 4: resealed, 6: three}, 6, "chain"},
		{"under the wrong key", map[uint64][]byte{1: one, 4: two, 5: three}, 5, "says that it begins with sequence 6"},
		{"overlap", map[uint64][]byte{1: one, 3: testGroup(3, 3, 11, 1, HashGroup(one))}, 3, "holds already"},
		{"older than before", map[uint64][]byte{1: one, 4: testGroup(4, 2, 9, 1, HashGroup(one))}, 4, "older"},
		{"epoch goes back", map[uint64][]byte{1: testGroup(1, 1, 1, 7, Hash{}), 2: testGroup(2, 1, 1, 6, HashGroup(testGroup(1, 1, 1, 7, Hash{})))}, 2, "epoch 6"},
		{"first with a past", map[uint64][]byte{1: testGroup(1, 3, 10, 1, Hash{1})}, 1, "names a group before it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fs := vfs.NewMem()
			j := mustOpen(t, small, "data", Options{FS: fs})
			for first, value := range test.groups {
				if err := j.db.Set(sequenceKey(familyJournal, first), value, pebble.Sync); err != nil {
					t.Fatal(err)
				}
			}
			if err := j.db.Close(); err != nil {
				t.Fatal(err)
			}
			j.lock.Close()
			j, err := small.open("data", Options{FS: fs, ReadOnly: true})
			if err == nil {
				err = j.Replay(1, func(Group) error { return nil })
				defer j.Close()
			}
			wantDamage(t, err, test.sequence, test.reason)
		})
	}
}

// TestReplayChecksTheLinkIntoIt: a replay that begins in the middle compares its first group with the one before it.
func TestReplayChecksTheLinkIntoIt(t *testing.T) {
	leavesNothing(t)
	one := testGroup(1, 3, 10, 1, Hash{})
	two := testGroup(4, 2, 11, 1, Hash{1})
	for _, from := range []uint64{4, 5} {
		fs := vfs.NewMem()
		j := mustOpen(t, small, "data", Options{FS: fs})
		for first, value := range map[uint64][]byte{1: one, 4: two} {
			if err := j.db.Set(sequenceKey(familyJournal, first), value, pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}
		// What stands in tables is not looked at when the directory is opened.
		if err := errors.Join(j.db.Flush(), j.db.Close(), j.lock.Close()); err != nil {
			t.Fatal(err)
		}
		j = mustOpen(t, small, "data", Options{FS: fs, ReadOnly: true})
		wantDamage(t, j.Replay(from, func(Group) error { return nil }), 4, "chain")
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReplayMissesTheEnd takes the last group away from an open journal, which knows how far it went.
func TestReplayMissesTheEnd(t *testing.T) {
	leavesNothing(t)
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	defer j.Close()
	if err := newLoad(j, 1).groups(5); err != nil {
		t.Fatal(err)
	}
	last, err := j.GroupAt(j.Last())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.db.Delete(sequenceKey(familyJournal, last.First), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	wantDamage(t, j.Replay(0, func(Group) error { return nil }), last.First, "are missing")
}

func wantDamage(t *testing.T, err error, sequence uint64, reason string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var damage *DamageError
	if !errors.As(err, &damage) {
		t.Fatalf("got %v, want damage", err)
	}
	if damage.Sequence != sequence || !strings.Contains(damage.Error(), reason) {
		t.Errorf("got %q at %d, want %q at %d", damage, damage.Sequence, reason, sequence)
	}
}

// copyDir copies what a directory holds at one moment: what a killed process leaves behind. When Pebble changes it
// meanwhile, as it does when it flushes, it begins again: a manifest and the tables of different moments are no such thing.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	for {
		before := sizesIn(t, from)
		to, err := copyFiles(t, from, before)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if err == nil && maps.Equal(before, sizesIn(t, from)) {
			return to
		}
	}
}

// sizesIn lists the files of a directory with their sizes in bytes.
func sizesIn(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	for _, file := range filesIn(t, dir, "*") {
		if info, err := os.Stat(file); err == nil {
			sizes[filepath.Base(file)] = info.Size()
		}
	}
	return sizes
}

func copyFiles(t *testing.T, from string, files map[string]int64) (to string, err error) {
	t.Helper()
	to = t.TempDir()
	for name := range files {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
			return "", err
		}
	}
	return to, nil
}

func filesIn(t *testing.T, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}

func flipBit(t *testing.T, file string, at int64) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 1 << (at % 8)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// killedDir is a directory on the real disk as a kill leaves it, with what had been acknowledged and what
// had been before the last group.
func killedDir(t *testing.T, tune tuning, groups int) (dir string, acked, before uint64) {
	t.Helper()
	original := t.TempDir()
	j := mustOpen(t, tune, original, Options{BallastBytes: -1})
	l := newLoad(j, 5)
	if err := l.groups(groups); err != nil {
		t.Fatal(err)
	}
	before = l.acked
	if err := l.groups(1); err != nil {
		t.Fatal(err)
	}
	dir = copyDir(t, original)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, l.acked, before
}

// TestTornTail cuts the newest log off at many places, as a kill in the middle of a write does. Every time
// the journal must come up with complete groups only.
func TestTornTail(t *testing.T) {
	leavesNothing(t)
	dir, acked, _ := killedDir(t, tuning{memTableBytes: 64 << 20}, 12)
	logs := filesIn(t, dir, "*.log")
	newest := logs[len(logs)-1]
	info, err := os.Stat(newest)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		image := copyDir(t, dir)
		cut := info.Size() * int64(i) / 12
		if i == 11 {
			cut = info.Size() - 3
		}
		if err := os.Truncate(filepath.Join(image, filepath.Base(newest)), cut); err != nil {
			t.Fatal(err)
		}
		j := mustOpen(t, standard, image, Options{BallastBytes: -1})
		if j.Last() > acked {
			t.Fatalf("cut at %d: the journal ends with %d, and %d were written", cut, j.Last(), acked)
		}
		if err := checkContent(j); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFlippedBitInLogs flips one bit anywhere in the logs of a killed process. Whatever it hits, nothing that
// was acknowledged may disappear without a word, but for the very last group, whose damage cannot be told
// from a torn write.
func TestFlippedBitInLogs(t *testing.T) {
	leavesNothing(t)
	tunes := map[string]tuning{"one log": {memTableBytes: 64 << 20}, "recycled logs": small}
	for name, tune := range tunes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			// How much the newest log holds when the process is killed depends on when Pebble changed to it. A kill right
			// after that leaves nothing of value to hit, so the next one comes a group later.
			for groups := range 8 {
				if flipBits(t, r, tune, 40+groups) > 0 {
					return
				}
			}
			t.Error("no flip was refused")
		})
	}
}

// flipBits flips bits in the logs of a process killed after so many groups, one in every copy of its directory.
func flipBits(t *testing.T, r *rand.Rand, tune tuning, groups int) (refused int) {
	t.Helper()
	dir, _, before := killedDir(t, tune, groups)
	const flips = 16 // Pebble looks for the bit that was flipped, which takes its time.
	for range flips {
		image := copyDir(t, dir)
		logs := filesIn(t, image, "*.log")
		file := logs[len(logs)-1]
		if r.IntN(4) == 0 {
			file = logs[r.IntN(len(logs))]
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		at := r.Int64N(info.Size())
		flipBit(t, file, at)
		if flippedBitIsTold(t, tune, image, before, fmt.Sprintf("%s at %d", filepath.Base(file), at)) {
			refused++
		}
	}
	t.Logf("killed after %d groups: %d of %d flips were refused, the others hit nothing of value", groups, refused, flips)
	return refused
}

func flippedBitIsTold(t *testing.T, tune tuning, dir string, before uint64, where string) (refused bool) {
	t.Helper()
	untouched := filesIn(t, dir, "*")
	j, err := tune.open(dir, Options{BallastBytes: -1})
	if err != nil {
		var damage *DamageError
		if !errors.As(err, &damage) || !strings.HasSuffix(damage.File, ".log") {
			t.Errorf("flipped %s: %v", where, err)
		}
		if now := filesIn(t, dir, "*"); !slices.Equal(slices.DeleteFunc(now, func(n string) bool { return filepath.Base(n) == "LOCK" }),
			slices.DeleteFunc(untouched, func(n string) bool { return filepath.Base(n) == "LOCK" })) {
			t.Errorf("flipped %s: the refused directory was changed", where)
		}
		return true
	}
	defer j.Close()
	if j.Last() < before {
		t.Errorf("flipped %s: %d had been acknowledged, and the journal now ends with %d", where, before, j.Last())
	}
	if err := checkContent(j); err != nil {
		t.Errorf("flipped %s: %v", where, err)
	}
	return false
}

// TestPebbleAloneMissesDamage is why marks exist: it shows what Pebble says of a flipped bit in the middle of its
// newest log when groups are larger than a block. Should it fail after an upgrade of Pebble, then Pebble has
// learned it, and the marks are only a second opinion.
func TestPebbleAloneMissesDamage(t *testing.T) {
	leavesNothing(t)
	dir, acked, before := killedDir(t, standard, 30)
	logs := filesIn(t, dir, "*.log")
	newest := logs[len(logs)-1]
	info, err := os.Stat(newest)
	if err != nil {
		t.Fatal(err)
	}
	flipBit(t, newest, info.Size()/2)
	db, err := pebble.Open(dir, standard.pebbleOptions(vfs.Default, true))
	if err != nil {
		t.Fatalf("Pebble noticed: %v", err)
	}
	j := &Journal{db: db}
	if err := j.findEnds(); err != nil {
		t.Fatal(err)
	}
	if j.Last() >= before {
		t.Fatalf("nothing was lost: %d of %d", j.Last(), acked)
	}
	t.Logf("Pebble opened without an error and with %d of %d acknowledged commands", j.Last(), acked)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, Options{})
	wantDamage(t, err, j.Last()+1, "were safely written")
}

// TestDamagedLastGroup damages the last group before a kill, when its feed has reached the disk behind it: then it
// is known that it was durable.
func TestDamagedLastGroup(t *testing.T) {
	leavesNothing(t)
	dir := t.TempDir()
	j := mustOpen(t, standard, dir, Options{BallastBytes: -1})
	p, err := j.Begin(1, 1, 0, 60<<10)
	if err != nil {
		t.Fatal(err)
	}
	copy(p.Payload(), noise(60<<10))
	if err := errors.Join(p.Commit(), p.Wait()); err != nil {
		t.Fatal(err)
	}
	p.Release()
	// Whole blocks of the log are written without a sync, if not at once.
	if err := j.AppendFeed(1, 1, make([]byte, 100<<10)); err != nil {
		t.Fatal(err)
	}
	log := filesIn(t, dir, "*.log")[0]
	for deadline := time.Now().Add(5 * time.Second); size(t, log) < 120<<10; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the feed does not come to the disk")
		}
	}
	image := copyDir(t, dir)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	flipBit(t, filesIn(t, image, "*.log")[0], 40<<10)
	_, err = Open(image, Options{})
	wantDamage(t, err, 1, "were safely written")
}

// TestSealMissesWhatDisappeared puts a directory back to an older state, but for the seal.
func TestSealMissesWhatDisappeared(t *testing.T) {
	leavesNothing(t)
	dir := t.TempDir()
	var older string
	for range 2 {
		older = copyDir(t, dir)
		j := mustOpen(t, small, dir, Options{BallastBytes: -1})
		if err := errors.Join(newLoad(j, 1).groups(10), j.Close()); err != nil {
			t.Fatal(err)
		}
	}
	seal, err := os.ReadFile(filepath.Join(dir, sealName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(older, sealName), seal, 0o644); err != nil {
		t.Fatal(err)
	}
	var damage *DamageError
	if _, err := small.open(older, Options{}); !errors.As(err, &damage) || !strings.Contains(err.Error(), "when it was closed") {
		t.Error(err)
	}
}

// TestWholeManifest: a MANIFEST that is as it was written is never taken for damaged, whatever lies at the ends of its
// blocks, and neither is one whose end is torn off.
func TestWholeManifest(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		var file bytes.Buffer
		w := record.NewWriter(&file)
		for file.Len() < 5*logBlock {
			payload := make([]byte, r.IntN(3000)) // mostly zeros, as the fields of an edit are
			for range len(payload) / 10 {
				payload[r.IntN(len(payload))] = byte(r.Uint32())
			}
			if _, err := w.WriteRecord(payload); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if at, damaged := damagedInside(file.Bytes()); damaged {
				t.Fatalf("seed %d: byte %d of %d is said to be damaged", seed, at, file.Len())
			}
			torn := file.Bytes()[:file.Len()-r.IntN(len(payload)+1)]
			if at, damaged := damagedInside(torn); damaged {
				t.Fatalf("seed %d: torn off at %d, byte %d is said to be damaged", seed, len(torn), at)
			}
		}
	}
}

// TestManifestWithoutBeginning: the first records of a MANIFEST are safe before anything points to it, so what cannot be read
// there was not torn. Without them Pebble would go on with what there was before, and delete later tables. Nothing else
// tells of the loss when there is no seal, as after a crash, and no mark in the newest log.
func TestManifestWithoutBeginning(t *testing.T) {
	crashed, _, _ := killedDir(t, standard, 20)
	// The next start brings the groups from the logs into tables, and makes a MANIFEST that says so in its second record.
	j := mustOpen(t, standard, crashed, Options{BallastBytes: -1})
	last, restarted := j.Last(), copyDir(t, crashed)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	harms := map[string]func(t *testing.T, file string, second int64){
		"second record changed": func(t *testing.T, file string, second int64) { flipBit(t, file, second+12) },
		"second record cut off": func(t *testing.T, file string, second int64) { truncate(t, file, second+12) },
		"one record":            func(t *testing.T, file string, second int64) { truncate(t, file, second) },
		"first record cut off":  func(t *testing.T, file string, _ int64) { truncate(t, file, 20) },
		"empty":                 func(t *testing.T, file string, _ int64) { truncate(t, file, 0) },
	}
	for name, harm := range harms {
		t.Run(name, func(t *testing.T) {
			dir := copyDir(t, restarted)
			manifests := filesIn(t, dir, "MANIFEST-*")
			manifest := slices.Max(manifests)
			data, err := os.ReadFile(manifest)
			if err != nil {
				t.Fatal(err)
			}
			first, ok := manifestChunk(data)
			if !ok || !first.ends {
				t.Fatal("the first record is not one chunk")
			}
			harm(t, manifest, int64(first.size))
			fs := inMemory(t, dir)
			tables := countTables(t, fs)
			j, err := standard.open("data", Options{FS: fs})
			if err == nil {
				t.Errorf("the journal ended with %d, and now with %d", last, j.Last())
				j.Close()
			}
			var damage *DamageError
			if !errors.As(err, &damage) || !strings.HasPrefix(damage.File, "MANIFEST-") {
				t.Errorf("got %v", err)
			}
			if left := countTables(t, fs); left < tables {
				t.Errorf("of %d tables, %d are left", tables, left)
			}
		})
	}
}

func truncate(t *testing.T, file string, size int64) {
	t.Helper()
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedFiles damages the files of a directory that was closed in order.
func TestDamagedFiles(t *testing.T) {
	original := t.TempDir()
	j := mustOpen(t, small, original, Options{BallastBytes: -1})
	l := newLoad(j, 3)
	if err := l.groups(60); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	middle := func(t *testing.T, file string) { flipBit(t, file, size(t, file)/2) }
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
	tests := []struct {
		name, pattern string
		harm          func(*testing.T, string)
		file          string
	}{
		{"flipped bit in a table", "*.sst", middle, ".sst"},
		{"table missing", "*.sst", remove, ".sst"},
		{"table cut off", "*.sst", cut, ".sst"},
		{"flipped bit in the MANIFEST", "MANIFEST-*", middle, "MANIFEST-"},
		{"MANIFEST missing", "MANIFEST-*", remove, "MANIFEST-"},
		{"MANIFEST cut off", "MANIFEST-*", cut, ""},
		{"marker of the MANIFEST missing", "marker.manifest*", remove, ""},
		{"marker of the format missing", "marker.format*", remove, ""},
		{"flipped bit in the seal", sealName, middle, sealName},
		{"seal cut off", sealName, cut, sealName},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := copyDir(t, original)
			files := filesIn(t, dir, test.pattern)
			test.harm(t, files[len(files)/2])
			fs := inMemory(t, dir)
			tables := countTables(t, fs)
			j, err := small.open("data", Options{FS: fs})
			if err == nil {
				err = checkContent(j)
				j.Close()
			}
			var damage *DamageError
			if !errors.As(err, &damage) || !strings.Contains(damage.File, test.file) {
				t.Fatalf("got %v", err)
			}
			t.Log(err)
			if left := countTables(t, fs); left < tables {
				t.Errorf("of %d tables, %d are left", tables, left)
			}
		})
	}
}

// inMemory copies a directory into memory. A journal that dies of what it finds there, as in a compaction, leaves
// goroutines that still write, and may write into a directory on the disk while the test removes it.
func inMemory(t *testing.T, dir string) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("data", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range filesIn(t, dir, "*") {
		data, err := os.ReadFile(file)
		if err == nil {
			err = writeFile(fs, fs.PathJoin("data", filepath.Base(file)), data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return fs
}

func countTables(t *testing.T, fs vfs.FS) (tables int) {
	t.Helper()
	names, err := fs.List("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			tables++
		}
	}
	return tables
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
