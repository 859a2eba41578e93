package wal

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestLockedInProcess(t *testing.T) {
	leavesNothing(t)
	dir := filepath.Join(t.TempDir(), "data")
	j := mustOpen(t, standard, dir, Options{BallastBytes: -1})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{dir, dir + "/", link, relative} {
		for _, readOnly := range []bool{false, true} {
			if _, err := Open(name, Options{ReadOnly: readOnly}); !errors.Is(err, ErrLocked) {
				t.Errorf("opening %s a second time: %v", name, err)
			}
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, standard, link, Options{BallastBytes: -1})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLockedInMemory(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	defer j.Close()
	if _, err := Open("data", Options{FS: fs}); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
}

func TestLockedByProcess(t *testing.T) {
	leavesNothing(t)
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holderEnv+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "<nil>\n" {
		t.Fatalf("the other process: %q, %v", line, err)
	}
	for _, readOnly := range []bool{false, true} {
		if _, err := Open(dir, Options{ReadOnly: readOnly}); !errors.Is(err, ErrLocked) {
			t.Errorf("read-only %t: %v", readOnly, err)
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	j := mustOpen(t, standard, dir, Options{BallastBytes: -1})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenWhereItCannot(t *testing.T) {
	leavesNothing(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := Open(dir, Options{}); err == nil || errors.Is(err, ErrLocked) {
			t.Errorf("opening %s: %v", dir, err)
		}
	}
	if _, err := Open(t.TempDir(), Options{ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading an empty directory: %v", err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := Open(missing, Options{ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading a missing directory: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a directory was made for reading it")
	}
}
