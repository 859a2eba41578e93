//go:build tiny

package core

// With -tags tiny pages are so small that a test fills many of them. What such a program writes, no other reads.
const (
	pageShift     = 3
	textPageShift = 9
)
