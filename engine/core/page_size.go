//go:build !tiny

package core

// pageShift and textPageShift give the sizes of pages: so many records, or bytes of texts, as a power of two. They are in
// checkpoints and must not change.
const (
	pageShift     = 10
	textPageShift = 16
)
