package wal_test

import (
	"testing"

	"go.uber.org/goleak"

	"holdfast/wal"
	"holdfast/wal/waltest"
)

// journal makes *wal.Journal fit the suite's interface.
type journal struct{ *wal.Journal }

func (j journal) Begin(first uint64, count uint32, time int64, payload int) (waltest.Pending, error) {
	return j.Journal.Begin(first, count, time, payload)
}

func TestSuite(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	waltest.Run(t, func(t *testing.T, dir string) waltest.Journal {
		j, err := wal.Open(dir, wal.Options{BallastBytes: -1})
		if err != nil {
			t.Fatal(err)
		}
		return journal{j}
	})
}
