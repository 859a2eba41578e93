package engine

import "sync/atomic"

// counters are what the engine counts while it runs.
type counters struct {
	commands, groups, bytes, events, soldOut atomic.Uint64

	checkpoints, checkpointBytes, checkpointFailures, checkpoint atomic.Uint64
}

// Stats are figures of a running engine.
type Stats struct {
	Sequence      uint64 // released
	Commands      uint64 // executed since the start, recovery not counted
	Groups        uint64 // written since the start
	Events        uint64 // stored since the start
	SoldOut       uint64 // refused by admission since the start
	Queued        int    // commands that wait
	Keys          int    // idempotency keys remembered
	SKUs          int
	Orders        uint64 // orders and holds ever made
	Archived      uint64 // of those, that have left memory
	Shards        int
	JournalBroken bool

	Checkpoint         uint64 // sequence of the newest, 0 when there is none
	Checkpoints        uint64 // written since the start
	CheckpointBytes    uint64 // of those
	CheckpointFailures uint64 // that could not be written since the start
}

// Stats gives the figures of now.
func (e *Engine) Stats() Stats {
	s := Stats{
		Sequence:      e.released.Load(),
		Commands:      e.stats.commands.Load(),
		Groups:        e.stats.groups.Load(),
		Events:        e.stats.events.Load(),
		SoldOut:       e.stats.soldOut.Load(),
		Queued:        e.queue.length(),
		Keys:          e.keys.length(),
		SKUs:          e.directory.skus.Size(),
		Archived:      e.archive.orders.Load(),
		Shards:        len(e.shards),
		JournalBroken: e.failure.Load() != nil,

		Checkpoint:         e.stats.checkpoint.Load(),
		Checkpoints:        e.stats.checkpoints.Load(),
		CheckpointBytes:    e.stats.checkpointBytes.Load(),
		CheckpointFailures: e.stats.checkpointFailures.Load(),
	}
	for i := range e.orders {
		s.Orders += uint64(e.orders[i].Load())
	}
	return s
}
