package wal

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// backedUp is a backup of a journal of some groups with checkpoints, and of what it must say.
func backedUp(t testing.TB, groups int) ([]byte, BackupInfo) {
	t.Helper()
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	l := newLoad(j, 4)
	l.checkpoints = true
	if err := l.groups(groups); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	info, err := j.WriteBackup(context.Background(), &b, 0)
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	if info.Last != l.acked || info.Instance != j.Identity().Instance || info.Chain != j.Head().Chain {
		t.Fatalf("backup %+v of %+v", info, j.Head())
	}
	return b.Bytes(), info
}

// TestBackupOfAnOpenJournal writes backups while groups are written. Each must hold what was durable before, and nothing
// that was not.
func TestBackupOfAnOpenJournal(t *testing.T) {
	leavesNothing(t)
	disks := map[string]func() (vfs.FS, string){
		"disk":   func() (vfs.FS, string) { return vfs.Default, filepath.Join(t.TempDir(), "data") },
		"memory": func() (vfs.FS, string) { return vfs.NewCrashableMem(), "data" },
	}
	for name, disk := range disks {
		t.Run(name, func(t *testing.T) {
			fs, dir := disk()
			j := mustOpen(t, small, dir, Options{FS: fs, BallastBytes: -1})
			stop, stopped := make(chan struct{}), make(chan error, 1)
			go func() {
				l := newLoad(j, 6)
				l.checkpoints = true
				for {
					select {
					case <-stop:
						stopped <- l.drain(len(l.flight))
						return
					default:
						if err := l.group(); err != nil {
							stopped <- err
							return
						}
					}
				}
			}()
			for n := range 6 {
				checkBackup(t, j, fs, dir+"-copy"+string(rune('a'+n)))
			}
			close(stop)
			if err := errors.Join(<-stopped, checkContent(j), j.Close()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func checkBackup(t *testing.T, j *Journal, fs vfs.FS, to string) {
	t.Helper()
	durable := j.Durable()
	var b bytes.Buffer
	wrote, err := j.WriteBackup(context.Background(), &b, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(fs.PathJoin(j.dir, backupFolder)); !isNotExist(err) {
		t.Errorf("the copy is left behind: %v", err)
	}
	read, err := ReadBackup(&b, to, fs)
	if err != nil {
		t.Fatal(err)
	}
	restored := mustOpen(t, small, to, Options{FS: fs, BallastBytes: -1})
	if head := restored.Head(); head.Last < durable || head.Last != wrote.Last || read.Last != wrote.Last || head.Chain != read.Chain {
		t.Errorf("%d was durable, the backup says %d, it ends with %+v", durable, wrote.Last, head)
	}
	if restored.Identity() != j.Identity() {
		t.Error("the identity is another one")
	}
	// It is a journal like any other.
	l := newLoad(restored, 8)
	l.feed = restored.FeedLast() == restored.Last()
	if err := errors.Join(checkContent(restored), l.groups(3), checkContent(restored), restored.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(fs.PathJoin(to, backupName)); !isNotExist(err) {
		t.Errorf("a directory that has changed still lists the files of the backup: %v", err)
	}
}

// TestRestoredDirectoryMissesItsLog: what the backup covers beyond the tables is missed when it disappears later.
func TestRestoredDirectoryMissesItsLog(t *testing.T) {
	_, info := backedUp(t, 30)
	older, _ := backedUp(t, 10)
	fs := vfs.NewMem()
	if _, err := ReadBackup(bytes.NewReader(older), "older", fs); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(fs, "older/"+sealName, encodeSeal(info.Last)); err != nil {
		t.Fatal(err)
	}
	_, err := small.open("older", Options{FS: fs})
	if damage := (*DamageError)(nil); !errors.As(err, &damage) || !strings.Contains(err.Error(), "when it was closed") {
		t.Error(err)
	}
}

// TestDamagedBackup changes, cuts and prolongs a backup. Every change is refused, and nothing is left.
func TestDamagedBackup(t *testing.T) {
	leavesNothing(t)
	good, info := backedUp(t, 25)
	if read, err := VerifyBackup(bytes.NewReader(good)); err != nil || read.Last != info.Last || read.Bytes() != info.Bytes() {
		t.Fatalf("%+v, %v", read, err)
	}
	fs := vfs.NewMem()
	refused := func(what string, at int, bad []byte) {
		t.Helper()
		_, err := ReadBackup(bytes.NewReader(bad), "restored", fs)
		var damage *BackupError
		if !errors.As(err, &damage) || damage.File == "" && at > 0 {
			t.Fatalf("%s at byte %d of %d: %v", what, at, len(good), err)
		}
		if left, err := fs.List(""); err != nil || len(left) > 0 {
			t.Fatalf("%s at byte %d: left behind: %v %v", what, at, left, err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	places := []int{0, 1, len(good) - 1, len(good) - 600, len(good) - 1024, len(good) - 1025}
	for at := len(good) - 4000; at < len(good); at += 13 {
		places = append(places, at)
	}
	for range 150 {
		places = append(places, r.IntN(len(good)))
	}
	for at := range 512 { // every byte of the first header
		places = append(places, at)
	}
	for _, at := range places {
		bad := bytes.Clone(good)
		bad[at] ^= 1 << r.IntN(8)
		refused("flipped", max(at-511, 0), bad)
		refused("cut", at/1024, good[:at])
	}
	refused("prolonged", 1, append(bytes.Clone(good), 0))
	refused("doubled", 1, append(bytes.Clone(good), good...))
	refused("empty", 0, nil)
}

// TestBackupErrorNamesTheFile: a changed byte of a file's content is told with the file's name.
func TestBackupErrorNamesTheFile(t *testing.T) {
	good, info := backedUp(t, 25)
	at := 0
	for _, f := range info.Files {
		at += 512
		if f.Length > 0 {
			bad := bytes.Clone(good)
			bad[at+int(f.Length)/2] ^= 8
			_, err := VerifyBackup(bytes.NewReader(bad))
			if damage := (*BackupError)(nil); !errors.As(err, &damage) || damage.File != f.Name {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
		at += (int(f.Length) + 511) / 512 * 512
	}
}

// TestForeignArchive gives the reader archives that no writer of ours made.
func TestForeignArchive(t *testing.T) {
	tests := map[string]func(*tar.Writer) error{
		"above":       func(w *tar.Writer) error { return w.WriteHeader(archiveHeader("../evil", 0)) },
		"absolute":    func(w *tar.Writer) error { return w.WriteHeader(archiveHeader("/tmp/evil", 0)) },
		"in a folder": func(w *tar.Writer) error { return w.WriteHeader(archiveHeader("folder/evil", 0)) },
		"hidden":      func(w *tar.Writer) error { return w.WriteHeader(archiveHeader("..", 0)) },
		"link": func(w *tar.Writer) error {
			return w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "a", Linkname: "/etc"})
		},
		"other owner": func(w *tar.Writer) error { return w.WriteHeader(&tar.Header{Name: "a", Mode: 0o644, Uid: 1}) },
		"another kind": func(w *tar.Writer) error {
			return w.WriteHeader(&tar.Header{Name: "a", Mode: 0o644, Format: tar.FormatPAX})
		},
		"twice": func(w *tar.Writer) error {
			return errors.Join(w.WriteHeader(archiveHeader("a", 0)), w.WriteHeader(archiveHeader("a", 0)))
		},
		"huge manifest": func(w *tar.Writer) error { return w.WriteHeader(archiveHeader(backupName, 1<<32)) },
		"no manifest":   func(w *tar.Writer) error { return w.WriteHeader(archiveHeader("a", 0)) },
	}
	for name, write := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			if err := write(w); err != nil {
				t.Fatal(err)
			}
			_ = w.Close() // one with too little content
			fs := vfs.NewMem()
			_, err := ReadBackup(&b, "restored", fs)
			if damage := (*BackupError)(nil); !errors.As(err, &damage) {
				t.Errorf("got %v", err)
			}
			if left, _ := fs.List(""); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestRestoreSurvivesPowerCut: a directory that was restored is whole after a power cut.
func TestRestoreSurvivesPowerCut(t *testing.T) {
	leavesNothing(t)
	b, info := backedUp(t, 25)
	disk := vfs.NewCrashableMem()
	if _, err := ReadBackup(bytes.NewReader(b), "data", disk); err != nil {
		t.Fatal(err)
	}
	j := mustOpen(t, small, "data", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	if j.Last() != info.Last {
		t.Errorf("the journal ends with %d, the backup with %d", j.Last(), info.Last)
	}
	if err := errors.Join(checkContent(j), j.Close()); err != nil {
		t.Error(err)
	}
}

func TestRestoreLeavesWhatIsThere(t *testing.T) {
	b, _ := backedUp(t, 5)
	fs := vfs.NewMem()
	if err := errors.Join(fs.MkdirAll("restored", 0o755), writeFile(fs, "restored/other", []byte("other"))); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBackup(bytes.NewReader(b), "restored", fs); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("got %v", err)
	}
	if err := fs.Remove("restored/other"); err != nil {
		t.Fatal(err)
	}
	// An attempt that a power cut ended is in nobody's way.
	if err := errors.Join(fs.MkdirAll("restored.partial", 0o755), writeFile(fs, "restored.partial/000001.sst", nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBackup(bytes.NewReader(b), "restored", fs); err != nil {
		t.Error(err)
	}
	if left, _ := fs.List(""); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestBackupOfAStoppedDirectory: one that a backup was unpacked into must be what it was, any other is taken as it is.
func TestBackupOfAStoppedDirectory(t *testing.T) {
	leavesNothing(t)
	good, info := backedUp(t, 25)
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "restored")
	if _, err := ReadBackup(bytes.NewReader(good), dir, nil); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if _, err := WriteBackupOf(ctx, &again, dir, nil); err != nil || !bytes.Equal(again.Bytes(), good) {
		t.Errorf("the unpacked backup is another one: %v", err)
	}
	for _, name := range []string{info.Files[0].Name, sealName} {
		bad := copyDir(t, dir)
		flipBit(t, filepath.Join(bad, name), 1)
		_, err := WriteBackupOf(ctx, io.Discard, bad, nil)
		if damage := (*BackupError)(nil); !errors.As(err, &damage) || damage.File != name {
			t.Errorf("changed %s: %v", name, err)
		}
		if err := syscall.Unlink(filepath.Join(bad, name)); err != nil {
			t.Fatal(err)
		}
		_, err = WriteBackupOf(ctx, io.Discard, bad, nil)
		if damage := (*BackupError)(nil); !errors.As(err, &damage) || damage.File != name {
			t.Errorf("removed %s: %v", name, err)
		}
	}
	j := mustOpen(t, small, dir, Options{BallastBytes: -1})
	if err := errors.Join(newLoad(j, 3).groups(3), j.Close()); err != nil {
		t.Fatal(err)
	}
	var changed bytes.Buffer
	wrote, err := WriteBackupOf(ctx, &changed, dir, nil)
	if err != nil || wrote.Last != j.Last() {
		t.Fatalf("%+v, %v", wrote, err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if _, err := ReadBackup(&changed, other, nil); err != nil {
		t.Fatal(err)
	}
	if err := checkContentOf(other); err != nil {
		t.Error(err)
	}
}

// TestBackupThatCannotBeMade: whatever keeps the copy from being written, the journal goes on.
func TestBackupThatCannotBeMade(t *testing.T) {
	leavesNothing(t)
	inCopy := func(name string) bool { return strings.Contains(name, backupFolder) }
	for _, kind := range []faultKind{stepWrite, stepSync, stepCreate} {
		t.Run(string(kind), func(t *testing.T) {
			fs := newFaultFS(vfs.NewCrashableMem())
			j := mustOpen(t, small, "data", Options{FS: fs})
			l := newLoad(j, 1)
			if err := l.groups(5); err != nil {
				t.Fatal(err)
			}
			hit := 0
			fs.setHook(func(s faultStep) error {
				if inCopy(s.name) && s.kind == kind && !strings.HasSuffix(s.name, "LOCK") {
					hit++
					return syscall.ENOSPC
				}
				return nil
			})
			_, err := j.WriteBackup(context.Background(), io.Discard, 0)
			if !errors.Is(err, syscall.ENOSPC) || hit == 0 {
				t.Errorf("got %v after %d faults", err, hit)
			}
			fs.setHook(nil)
			checkBackup(t, j, fs, "copy")
			if err := errors.Join(l.groups(5), checkContent(j), j.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBackupNeedsRoom(t *testing.T) {
	leavesNothing(t)
	fs := scarceFS{vfs.NewMem(), new(atomic.Int64), 0}
	fs.free.Store(1 << 40)
	j := mustOpen(t, small, "data", Options{FS: fs, BallastBytes: -1, MinFreeBytes: 100 << 20})
	fs.free.Store(100<<20 + backupSlack - 1)
	if _, err := j.WriteBackup(context.Background(), io.Discard, 0); !errors.Is(err, ErrDiskFull) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(newLoad(j, 1).groups(3), j.Close()); err != nil {
		t.Error(err)
	}
}

// TestBackupEndsBeforeTheDiskIsFull: while a backup is read slowly the disk fills up. It is the backup that ends, in time for
// the journal to go on in the room that the copy has had.
func TestBackupEndsBeforeTheDiskIsFull(t *testing.T) {
	leavesNothing(t)
	fs := scarceFS{vfs.NewMem(), new(atomic.Int64), 0}
	fs.free.Store(1 << 40)
	j := mustOpen(t, small, "data", Options{FS: fs, BallastBytes: -1, MinFreeBytes: 100 << 20})
	l := newLoad(j, 1)
	if err := l.groups(10); err != nil {
		t.Fatal(err)
	}
	pieces := 0
	_, err := j.WriteBackup(context.Background(), writerFunc(func(p []byte) (int, error) {
		pieces++
		fs.free.Store(100<<20 + backupSlack - 1)
		return len(p), nil
	}), 0)
	if !errors.Is(err, ErrDiskFull) || pieces != 1 {
		t.Errorf("after %d pieces: %v", pieces, err)
	}
	if _, err := fs.Stat(fs.PathJoin("data", backupFolder)); !isNotExist(err) {
		t.Errorf("the copy is still there: %v", err)
	}
	if err := errors.Join(l.groups(3), j.Close()); err != nil {
		t.Error(err)
	}
}

// TestBackupLeftBehind: a copy that a killed process left is gone after the next start, and is never taken for data.
func TestBackupLeftBehind(t *testing.T) {
	leavesNothing(t)
	disk := vfs.NewCrashableMem()
	j := mustOpen(t, small, "data", Options{FS: disk})
	l := newLoad(j, 1)
	if err := l.groups(10); err != nil {
		t.Fatal(err)
	}
	var image *vfs.MemFS
	_, err := j.WriteBackup(context.Background(), writerFunc(func(p []byte) (int, error) {
		if image == nil {
			image = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
		}
		return len(p), nil
	}), 0)
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := image.Stat("data/" + backupFolder); err != nil {
		t.Fatal("nothing is left behind: ", err)
	}
	checkImage(t, image, l.acked, l.acked)
	if _, err := image.Stat("data/" + backupFolder); !isNotExist(err) {
		t.Errorf("the copy is still there: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestBackupEndsWithItsContext(t *testing.T) {
	leavesNothing(t)
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	if err := newLoad(j, 1).groups(20); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	begun := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		first := true
		_, err := j.WriteBackup(ctx, writerFunc(func(p []byte) (int, error) {
			if first {
				close(begun)
				first = false
			}
			return len(p), nil
		}), 10) // bytes a second: it would take hours
		ended <- err
	}()
	<-begun
	if _, err := j.WriteBackup(context.Background(), io.Discard, 0); !errors.Is(err, ErrBackupUnderWay) {
		t.Errorf("a second backup beside the first: %v", err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the backup does not end")
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

// TestBackupKeepsToItsRate measures that it is not faster.
func TestBackupKeepsToItsRate(t *testing.T) {
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	defer j.Close()
	if err := newLoad(j, 1).groups(20); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	started := time.Now()
	if _, err := j.WriteBackup(context.Background(), &b, 10<<20); err != nil {
		t.Fatal(err)
	}
	atLeast := time.Duration(float64(b.Len()-2*backupPiece) / (10 << 20) * float64(time.Second))
	if took := time.Since(started); took < atLeast {
		t.Errorf("%d bytes took %v, less than %v", b.Len(), took, atLeast)
	}
}

func FuzzReadBackup(f *testing.F) {
	good, _ := backedUp(f, 3)
	f.Add(good)
	f.Add(good[len(good)-2048:])
	f.Fuzz(func(t *testing.T, data []byte) {
		fs := vfs.NewMem()
		info, err := ReadBackup(bytes.NewReader(data), "restored", fs)
		left, _ := fs.List("")
		switch {
		case err != nil && len(left) > 0:
			t.Errorf("%v left %v behind", err, left)
		case err == nil:
			var again bytes.Buffer
			if _, err := WriteBackupOf(context.Background(), &again, "restored", fs); err != nil || !bytes.Equal(again.Bytes(), data) {
				t.Errorf("what was read of %+v cannot be written again: %v", info, err)
			}
		}
	})
}
