package wal

import (
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options says how to open a directory. The zero value works: the real disk, writable, a small ballast
// where there is room for it.
type Options struct {
	// BallastBytes is the size of a file that only occupies space, so that somebody who finds the disk full
	// can delete it and start again. 0 means 64 MB when at least 20 times as much is free; negative
	// means none.
	BallastBytes int64
	// MinFreeBytes is the free space below which the journal refuses to go on, as if the disk were full
	// already. 0 means 32 MB; negative means no floor.
	MinFreeBytes int64
	// MemTableBytes is how much is collected in memory before it becomes a table; 0 means 64 MB. About four times as much
	// may be taken in memory, and as much again in logs on the disk.
	MemTableBytes int64
	// FS is the file system, nil for the real disk.
	FS vfs.FS
	// ReadOnly opens for reading only. The directory must exist, and nobody else may have it open.
	ReadOnly bool
	// Identity is what a new directory gets. Fields that are zero are drawn at random, except the time of
	// creation, which stays unknown. A directory that has an identity keeps it.
	Identity Identity
	// OnFatal is called once, with the cause, when the journal has failed: a write or a sync did, or what its caller has to
	// read cannot be read, which may be a *DamageError. It may end the process. It
	// runs on the goroutine that met the failure and must not call the journal.
	OnFatal func(error)
	// Hooks observe.
	Hooks Hooks
}

// Hooks are functions that are called when something has happened; each may be nil. They run on the
// goroutine that did it, must be quick, and must not call the journal.
type Hooks struct {
	// GroupWritten is called by Wait when a group is durable: the bytes of its batch, and the time from the
	// start of the write to the end of the sync.
	GroupWritten func(bytes int, took time.Duration)
	// StallBegin and StallEnd are called when writes must wait for flushes or compactions.
	StallBegin func(reason string)
	StallEnd   func()
	// FlushEnd is called when a memtable has become tables: bytes written and time taken.
	FlushEnd func(bytes uint64, took time.Duration)
	// CompactionEnd is called when tables were merged or moved: bytes written (0 for a move) and time taken.
	CompactionEnd func(bytes uint64, took time.Duration)
}
