package wal

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine/invariant"
)

// TestMisuse breaks each rule of the interface once: every one is an assertion.
func TestMisuse(t *testing.T) {
	leavesNothing(t)
	begin := func(j *Journal, first uint64, count uint32, time int64, size int) *Pending {
		p, err := j.Begin(first, count, time, size)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	commit := func(j *Journal) *Pending {
		p := begin(j, 3, 2, 10, 5)
		if err := p.Commit(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	tests := map[string]func(j *Journal){
		"a gap":                         func(j *Journal) { begin(j, 4, 1, 10, 5) },
		"an overlap":                    func(j *Journal) { begin(j, 2, 1, 10, 5) },
		"no commands":                   func(j *Journal) { begin(j, 3, 0, 10, 5) },
		"time goes back":                func(j *Journal) { begin(j, 3, 1, 9, 5) },
		"too large":                     func(j *Journal) { begin(j, 3, 1, 10, MaxGroupBytes+1) },
		"too large with documents":      func(j *Journal) { begin(j, 3, 1, 10, MaxGroupBytes-10).AddDocument(3, make([]byte, 100)) },
		"document of another's command": func(j *Journal) { begin(j, 3, 2, 10, 5).AddDocument(5, nil) },
		"document after the commit":     func(j *Journal) { commit(j).AddDocument(3, nil) },
		"committed twice":               func(j *Journal) { commit(j).Commit() },
		"waited for before the commit":  func(j *Journal) { begin(j, 3, 2, 10, 5).Wait() },
		"released before the commit":    func(j *Journal) { begin(j, 3, 2, 10, 5).Release() },
		"released before it is durable": func(j *Journal) { commit(j).Release() },
		"closed with a group in flight": func(j *Journal) { commit(j); j.Close() },
		"committed in the wrong order":  func(j *Journal) { begin(j, 3, 2, 10, 5); begin(j, 5, 1, 10, 5).Commit() },
		"feed beyond what is durable":   func(j *Journal) { j.AppendFeed(1, 3, nil) },
		"feed goes back":                func(j *Journal) { j.AppendFeed(1, 2, nil); j.AppendFeed(2, 2, nil) },
		"too many in flight": func(j *Journal) {
			for seq := uint64(3); ; seq++ {
				begin(j, seq, 1, 10, 5)
			}
		},
	}
	for name, misuse := range tests {
		t.Run(name, func(t *testing.T) {
			j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
			p := begin(j, 1, 2, 10, 5)
			if err := errors.Join(p.Commit(), p.Wait()); err != nil {
				t.Fatal(err)
			}
			p.Release()
			defer func() {
				if err := errors.Join(j.db.Close(), j.lock.Close()); err != nil {
					t.Error(err)
				}
			}()
			defer func() {
				if _, ok := recover().(*invariant.Violation); !ok {
					t.Error("nobody noticed")
				}
			}()
			misuse(j)
		})
	}
}
