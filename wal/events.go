package wal

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
)

// listener turns Pebble's events into our hooks, and its background errors into failures.
func (j *Journal) listener(readOnly bool) *pebble.EventListener {
	h := &j.options.Hooks
	onError := j.backgroundError
	if readOnly {
		onError = func(error) {} // Who reads what is damaged will be told.
	}
	return &pebble.EventListener{
		BackgroundError: onError,
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			file := filepath.Base(info.Path)
			j.corruptFile.Store(&file)
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			if h.StallBegin != nil {
				h.StallBegin(info.Reason)
			}
		},
		WriteStallEnd: func() {
			if h.StallEnd != nil {
				h.StallEnd()
			}
		},
		FlushEnd: func(info pebble.FlushInfo) {
			if h.FlushEnd != nil && info.Err == nil {
				h.FlushEnd(tableSizes(info.Output), info.TotalDuration)
			}
		},
		CompactionEnd: func(info pebble.CompactionInfo) {
			if h.CompactionEnd != nil && info.Err == nil {
				h.CompactionEnd(tableSizes(info.Output.Tables), info.TotalDuration)
			}
		},
	}
}

// backgroundError ends what Pebble would otherwise retry for ever: a flush or compaction that fails. One that a cut has
// come across does not fail: it begins again without what was cut off.
func (j *Journal) backgroundError(err error) {
	if errors.Is(err, pebble.ErrCancelledCompaction) {
		return
	}
	j.fail(fmt.Errorf("writing tables in the background: %w", j.readError(err)))
	j.park()
}

func tableSizes(tables []pebble.TableInfo) (sum uint64) {
	for _, t := range tables {
		sum += t.Size
	}
	return sum
}
