//go:build !tiny

package engine

// Limits that decide how often the rare happens. Builds with the tag tiny, which are for tests only, have small ones; what
// they store on disk only they can read.
const (
	// MaxRequestCommands bounds a request: one binary batch fills a group of good size.
	MaxRequestCommands = 8192
	// groupBytes is where a group stops to take more requests: the journal syncs a megabyte in little more than
	// the time of a small write, and beyond it latency grows without any gain.
	groupBytes = 1 << 20
	// keyPageShift gives 4,096 records to a page of the key table.
	keyPageShift = 12
	// keepTurn bounds what the sequencer copies between two groups, for every millisecond since it copied last: about
	// 50 µs of its time.
	keepTurn = 256 << 10
	// keepAhead bounds what is copied and not written yet, but for pages that had to be copied because they were about to
	// change.
	keepAhead = 16 << 20
	// arenaChunk is how much address space is taken at a time. Only what is touched becomes resident.
	arenaChunk = 256 << 20
	// populateStep is how much memory is made resident at a time, ahead of its use.
	populateStep = 8 << 20
)
