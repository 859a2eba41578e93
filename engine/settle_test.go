package engine

import (
	"testing"
	"time"

	"holdfast/engine/core"
)

// TestCheckpointWaitsForKeys: a checkpoint is not finished before the handlers have bound the keys of all commands that it
// covers, and does not wait for those of later ones.
func TestCheckpointWaitsForKeys(t *testing.T) {
	e, err := Open(Options{Dir: t.TempDir(), CheckpointBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.EnsureChannel([]byte("a")); err != nil {
		t.Fatal(err)
	}
	covered, later := &Request{keys: []keyHandle{noKey}}, &Request{keys: []keyHandle{noKey}}
	e.checkpoints.count([]*Request{covered})
	finished := make(chan error, 1)
	go func() {
		_, err := e.Checkpoint()
		finished <- err
	}()
	side := func() uint8 {
		e.checkpoints.mu.Lock()
		defer e.checkpoints.mu.Unlock()
		if !e.checkpoints.all {
			return covered.side
		}
		return e.checkpoints.side
	}
	for deadline := time.Now().Add(10 * time.Second); side() == covered.side; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the sides were never changed")
		}
	}
	e.checkpoints.count([]*Request{later})
	select {
	case err := <-finished:
		t.Fatalf("finished while a key was not bound: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	e.checkpoints.settled(covered)
	select {
	case err := <-finished:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the checkpoint waits for a key of a later command")
	}
	e.checkpoints.settled(later)
}

// TestKeyPageThatChangesWhileItIsSaved binds a key while its page is being written: the next checkpoint has the page again.
func TestKeyPageThatChangesWhileItIsSaved(t *testing.T) {
	table := newKeyTable(heap, [2]uint64{1, 2})
	key := core.IdempotencyKey{1}
	handle, _, _ := table.claim(&key, 7)
	stripe := int(handle % keyStripes)
	scratch := make([]byte, keyPageBytes)
	for _, want := range []int{1, 1, 0} {
		saved := 0
		_, _, err := table.savePages(stripe, scratch, func(int, []byte) error {
			if saved++; want == 1 && handle != noKey {
				table.bind(handle, 5)
				handle = noKey
			}
			return nil
		})
		if err != nil || saved != want {
			t.Errorf("%d pages were saved, want %d: %v", saved, want, err)
		}
	}
}
