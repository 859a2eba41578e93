package wal

// Metrics are figures since Open, read at one moment.
type Metrics struct {
	// LogBytes were written to Pebble's log, FlushBytes to tables by flushes, CompactionBytes by compactions.
	LogBytes, FlushBytes, CompactionBytes uint64
	// MovedBytes went down a level without being written again.
	MovedBytes uint64
	// DiskBytes is what the directory takes at present, the ballast excluded.
	DiskBytes uint64
	// MemTableBytes is memory in use by tables that are not flushed yet, and by the one kept for reuse.
	MemTableBytes uint64
	// Flushes and Compactions are how many there were.
	Flushes, Compactions int64
}

// Metrics tells what the journal has cost so far.
func (j *Journal) Metrics() Metrics {
	m := j.db.Metrics()
	out := Metrics{
		LogBytes:      m.WAL.BytesWritten,
		DiskBytes:     m.DiskSpaceUsage(),
		MemTableBytes: m.MemTable.Size + m.MemTable.ZombieSize,
		Flushes:       m.Flush.Count,
		Compactions:   m.Compact.Count,
	}
	for _, level := range m.Levels {
		out.FlushBytes += level.TableBytesFlushed
		out.CompactionBytes += level.TableBytesCompacted
		out.MovedBytes += level.TableBytesMoved
	}
	return out
}
