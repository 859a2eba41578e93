//go:build !tiny

package core

// How much memory is taken at a time. Builds with the tag tiny, which are for tests only, take little, so that a small shop
// has many pages, grows its indexes often and has ledgers where few attempts fit; what they store on disk only they can read.
const (
	// pageShift gives 1,024 records to a page of a slab.
	pageShift = 10
	// textPageShift gives 64 KiB to a page of texts.
	textPageShift = 16
	// segmentShift gives 1,024 entries to a segment of an index.
	segmentShift = 10

	// MaxAttempts bounds how many authorizations and captures of a ledger providers may have reported that have not succeeded: cards that were declined, payments
	// that nobody went on with. What an order has to do with its money later has room beside them.
	MaxAttempts = 25
)
