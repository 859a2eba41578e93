//go:build tiny

package wal

// The sizes of sizes.go, made small for tests. A group may take more than a memtable here.
const (
	memTableBytes = 256 << 10
	MaxGroupBytes = 16 << 20
	tableBytes    = 16 << 10
	manifestPiece = 512
)
