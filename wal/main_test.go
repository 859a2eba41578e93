package wal

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// These name the directory that a copy of the test binary opens and keeps, or writes to until it is killed; see
// TestLockedByProcess and TestKill.
const (
	holderEnv = "WAL_TEST_HOLD_DIRECTORY"
	writerEnv = "WAL_TEST_WRITE_DIRECTORY"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderEnv); dir != "" {
		holdDirectory(dir)
		return
	}
	if dir := os.Getenv(writerEnv); dir != "" {
		writeDirectory(dir)
		return
	}
	os.Exit(m.Run())
}

func holdDirectory(dir string) {
	j, err := Open(dir, Options{BallastBytes: -1})
	fmt.Println(err)
	if err == nil {
		fmt.Scanln() // until the parent closes the pipe
		j.Close()
	}
}

// leavesNothing fails the test if it leaves a goroutine behind. It is not for tests in which a journal fails: that one
// leaves Pebble's goroutines as they are, some parked for ever, because its process is expected to end. For
// their sake it is not in TestMain.
func leavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// writeDirectory writes groups for ever and prints what is acknowledged.
func writeDirectory(dir string) {
	j, err := small.open(dir, Options{BallastBytes: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := newLoad(j, uint64(os.Getpid()))
	for l.group() == nil {
		fmt.Println(l.acked)
	}
}
