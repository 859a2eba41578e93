package wal

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestManifestLosesItsEnd cuts the MANIFEST of a journal that was not closed anywhere: it is refused, or everything is there.
func TestManifestLosesItsEnd(t *testing.T) {
	for _, flushes := range []int{0, 3} {
		t.Run(fmt.Sprint(flushes), func(t *testing.T) { manifestLosesItsEnd(t, flushes) })
	}
}

func manifestLosesItsEnd(t *testing.T, flushes int) {
	leavesNothing(t)
	disk := vfs.NewCrashableMem()
	j := mustOpen(t, small, "data", Options{FS: disk})
	l, identity := newLoad(j, 1), j.Identity()
	for range flushes {
		if err := errors.Join(l.groups(10), j.db.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	// A start brings what is only in logs into tables, and has no more use for the logs.
	again := disk.CrashClone(vfs.CrashCloneCfg{})
	started := mustOpen(t, small, "data", Options{FS: again})
	image := again.CrashClone(vfs.CrashCloneCfg{})
	if err := errors.Join(j.Close(), started.Close()); err != nil {
		t.Fatal(err)
	}
	name, manifest := newestManifest(t, image)
	refused := 0
	for length := range manifest {
		copied := copyMem(t, image)
		if err := writeFile(copied, copied.PathJoin("data", name), manifest[:length]); err != nil {
			t.Fatal(err)
		}
		j, err := small.open("data", Options{FS: copied})
		var damage *DamageError
		switch {
		case errors.As(err, &damage):
			refused++
			continue
		case err != nil:
			t.Fatalf("cut at %d: %v", length, err)
		case j.Identity() != identity:
			t.Errorf("cut at %d of %d: the directory has a new identity", length, len(manifest))
		case j.Last() != l.acked:
			t.Errorf("cut at %d of %d: the journal ends with %d, and %d were acknowledged", length, len(manifest), j.Last(), l.acked)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

func newestManifest(t *testing.T, fs vfs.FS) (name string, content []byte) {
	t.Helper()
	names, err := fs.List("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n, "MANIFEST-") && n > name {
			name = n
		}
	}
	return name, readFile(t, fs, name)
}

func readFile(t *testing.T, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(fs.PathJoin("data", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// copyMem copies the directory to another file system.
func copyMem(t *testing.T, from vfs.FS) vfs.FS {
	t.Helper()
	to := vfs.NewMem()
	if ok, err := vfs.Clone(from, to, "data", "data"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	return to
}
