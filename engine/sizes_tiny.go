//go:build tiny

package engine

// The sizes of sizes.go, made small for tests.
const (
	MaxRequestCommands = 48
	groupBytes         = 2 << 10
	keyPageShift       = 2
	keepTurn           = 2 << 10
	keepAhead          = 64 << 20 // no bound: how many turns a checkpoint takes must not depend on when its writer runs
	arenaChunk         = 1 << 20
	populateStep       = 1 << 20
)
