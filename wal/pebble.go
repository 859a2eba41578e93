package wal

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// How Pebble is tuned. It serves as a log here: but for the index, keys only grow, nothing is overwritten, and values are
// large, so the aim is that every byte is written twice, once to Pebble's log and once to a table, and
// after that only moved.
const (
	// memTableLimit bounds what may wait to be flushed, and with it the memory: a fourth table stalls writers.
	memTableLimit = 4
	// tableCountLimit is how many tables may lie side by side in the top level before they are merged merely
	// for being many. They do not overlap, so a read looks into one of them, and merging would write
	// everything a third time. A million tables are 64 TB.
	tableCountLimit = 1 << 20
	// stopWritesThreshold is how many tables may lie above each other in the top level before writes wait. Only those of the index do, which
	// is written with random keys and merged meanwhile: no order waits for that.
	stopWritesThreshold = 1 << 20
	// overlapLimit is twice how many tables of the index may lie above each other before they are merged. It is high, as tables beside them that
	// are still in the top level are merged with them: those of the journal should be written twice, and not a third time.
	overlapLimit = 32
	// blockBytes is what documents and feed share a block; a group is larger and has one for itself.
	blockBytes = 32 << 10
	// cacheBytes is small: the journal is read only by recovery and the feed mostly near its end.
	cacheBytes = 8 << 20
)

// familyPolicy ends a table wherever a family ends. A table that held the end of one family and the
// beginning of the next would span everything in between, overlap with every table of the following flush,
// and have to be merged with it; cut at the families, new tables lie beyond the old ones and are only moved.
func familyPolicy(start []byte) (pebble.SpanPolicy, []byte, error) {
	return pebble.SpanPolicy{}, []byte{start[0] + 1}, nil
}

// tuning is what our own tests make small, so that the rare becomes frequent.
type tuning struct {
	memTableBytes uint64
}

var standard = tuning{memTableBytes: memTableBytes}

func (t tuning) pebbleOptions(fs vfs.FS, readOnly bool) *pebble.Options {
	o := &pebble.Options{
		FS:                          fs,
		ReadOnly:                    readOnly,
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                t.memTableBytes,
		MemTableStopWritesThreshold: memTableLimit,
		CacheSize:                   cacheBytes,
		FlushSplitBytes:             tableBytes,
		WALBytesPerSync:             0,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 1 },
	}
	o.TargetFileSizes[0] = tableBytes
	o.L0CompactionFileThreshold = tableCountLimit
	o.L0CompactionThreshold = overlapLimit
	o.L0StopWritesThreshold = stopWritesThreshold
	o.Experimental.ReadSamplingMultiplier = -1 // No compaction because of reads, either.
	for i := range o.Levels {
		o.Levels[i].BlockSize = blockBytes
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	o.Experimental.SpanPolicyFunc = familyPolicy
	return o
}
