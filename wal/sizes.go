//go:build !tiny

package wal

// Sizes that decide how often the rare happens. Builds with the tag tiny, which are for tests only, have small ones.
const (
	// memTableBytes is large because each full memtable closes and syncs a log while commits wait.
	memTableBytes = 64 << 20
	// MaxGroupBytes bounds what a group holds, payload and documents together. Pebble would start a new log
	// for every batch of half a memtable.
	MaxGroupBytes = memTableBytes / 4
	// tableBytes is the size of a table file. Each one costs a sync of its own.
	tableBytes = 64 << 20
	// manifestPiece is how much of a checkpoint's manifest goes into one value.
	manifestPiece = 1 << 20
)
