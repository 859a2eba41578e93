package wal

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestKill kills a process in the middle of writing, several times over on the same directory.
func TestKill(t *testing.T) {
	leavesNothing(t)
	dir := t.TempDir()
	for round := range 5 {
		acked := writeAndKill(t, dir, time.Duration(100+round*70)*time.Millisecond)
		j := mustOpen(t, small, dir, Options{BallastBytes: -1})
		if j.Last() < acked {
			t.Fatalf("round %d: %d was acknowledged and the journal ends with %d", round, acked, j.Last())
		}
		if err := errors.Join(checkContent(j), j.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// writeAndKill gives the last sequence that the process said was acknowledged.
func writeAndKill(t *testing.T, dir string, after time.Duration) (acked uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var kill *time.Timer
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // What comes after the last whole line was not said.
		}
		n, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		if err != nil {
			t.Fatalf("the writer says %q", line)
		}
		acked = n
		if kill == nil {
			kill = time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || kill == nil {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return acked
}

// TestDiskFailureAtOpen lets each single change fail that opening a directory after a crash makes to the disk. Open
// must return, with an error unless the change did not matter, and the next Open must find everything.
func TestDiskFailureAtOpen(t *testing.T) {
	disk := vfs.NewCrashableMem()
	j := mustOpen(t, small, "data", Options{FS: disk})
	l := newLoad(j, 2)
	if err := l.groups(20); err != nil {
		t.Fatal(err)
	}
	image := disk.CrashClone(vfs.CrashCloneCfg{})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for step := 1; ; step++ {
		target := image.CrashClone(vfs.CrashCloneCfg{})
		fs := newFaultFS(target)
		fired := false
		fs.setHook(func(s faultStep) error {
			if s.number != step {
				return nil
			}
			fired = true
			return errors.New("the disk is broken")
		})
		j, err := small.open("data", Options{FS: fs, OnFatal: func(error) {}})
		if err == nil {
			j.Close()
		} else {
			failed++
			var damage *DamageError
			if errors.As(err, &damage) || errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "the disk is broken") {
				t.Errorf("step %d: %v", step, err)
			}
		}
		var after *vfs.MemFS
		fs.quiescent(func() { after = target.CrashClone(vfs.CrashCloneCfg{}) })
		checkImage(t, after, l.acked, l.acked)
		if !fired {
			break
		}
	}
	if failed < 10 {
		t.Errorf("only %d steps made Open fail", failed)
	}
}
