//go:build tiny

package core

// The sizes of sizes.go, made small for tests.
const (
	pageShift     = 3
	textPageShift = 9
	segmentShift  = 5
	MaxAttempts   = 2
)
