package wal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestDirectFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, size := range []int{0, 1, directAlignment - 1, directAlignment, directPiece, directPiece + 1, 3<<20 + 77} {
		for _, syncs := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, syncs %t", size, syncs), func(t *testing.T) {
				name := filepath.Join(t.TempDir(), "file")
				f, err := vfs.Default.Create(name, vfs.WriteCategoryUnspecified)
				if err != nil {
					t.Fatal(err)
				}
				f = newDirectFile(f)
				data := noise(size)
				writeInPieces(t, f, data, r, syncs)
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, data) {
					t.Errorf("read %d bytes that are not those written, %v", len(got), err)
				}
			})
		}
	}
}

func writeInPieces(t *testing.T, f vfs.File, data []byte, r *rand.Rand, syncs bool) {
	t.Helper()
	for len(data) > 0 {
		n := min(r.IntN(200<<10)+1, len(data))
		if m, err := f.Write(data[:n]); m != n || err != nil {
			t.Fatal(m, err)
		}
		data = data[n:]
		if syncs && r.IntN(5) == 0 {
			if err := f.SyncData(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// fussyFile refuses direct writes, as some file systems do only when it comes to writing.
type fussyFile struct {
	vfs.File
	refused int
}

func (f *fussyFile) Write(p []byte) (int, error) {
	flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFL, 0)
	if flags&syscall.O_DIRECT != 0 {
		f.refused++
		return 0, syscall.EINVAL
	}
	return f.File.Write(p)
}

func TestDirectFileGivesIn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	file, err := vfs.Default.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	fussy := &fussyFile{File: file}
	f := newDirectFile(fussy)
	if _, ok := f.(*directFile); !ok {
		missing(t, "this file system has no direct mode")
	}
	data := noise(2 << 20)
	writeInPieces(t, f, data, rand.New(rand.NewPCG(2, 2)), false)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, data) || fussy.refused != 1 {
		t.Errorf("read %d bytes, %v; %d writes were refused", len(got), err, fussy.refused)
	}
}
