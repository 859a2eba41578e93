package engine

import "sync/atomic"

// counters are what the engine counts while it runs.
type counters struct {
	commands, groups, bytes, events, soldOut atomic.Uint64

	checkpoints, checkpointPages, checkpointBytes, checkpointFailures, checkpoint atomic.Uint64

	keysExpired, keysCrowded, journalCuts, feedCuts, pagesVerified, pagesRotten, readersOverrun atomic.Uint64
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
	CheckpointPages    uint64 // of those
	CheckpointBytes    uint64 // of those
	CheckpointFailures uint64 // that could not be written since the start

	KeysExpired    uint64 // idempotency keys forgotten since the start because of their age
	KeysCrowded    uint64 // and because there were too many
	FeedFloor      uint64 // sequence up to which the feed was cut off
	JournalCuts    uint64 // since the start
	FeedCuts       uint64 // since the start
	PagesVerified  uint64 // pages of checkpoints that were read back and found whole since the start
	PagesRotten    uint64 // pages of checkpoints that were not what was written when they were last read back
	Readers        int    // registered
	ReadersOverrun uint64 // readers that a cut has passed since the start

	ClockBehind  uint64 // milliseconds that the system's clock is behind the newest group's time, which stands still meanwhile
	ClockBack    uint64 // times that the system's clock went back since the start, as seen from group to group
	ClockForward uint64 // times that it ran ahead by more than a minute
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
		CheckpointPages:    e.stats.checkpointPages.Load(),
		CheckpointBytes:    e.stats.checkpointBytes.Load(),
		CheckpointFailures: e.stats.checkpointFailures.Load(),

		KeysExpired:    e.stats.keysExpired.Load(),
		KeysCrowded:    e.stats.keysCrowded.Load(),
		FeedFloor:      e.journal.FeedFloor(),
		JournalCuts:    e.stats.journalCuts.Load(),
		FeedCuts:       e.stats.feedCuts.Load(),
		PagesVerified:  e.stats.pagesVerified.Load(),
		PagesRotten:    e.stats.pagesRotten.Load(),
		Readers:        e.readers.length(),
		ReadersOverrun: e.stats.readersOverrun.Load(),

		ClockBehind:  e.clockBehind(),
		ClockBack:    e.clock.back.Load(),
		ClockForward: e.clock.forward.Load(),
	}
	for i := range e.orders {
		s.Orders += uint64(e.orders[i].Load())
	}
	return s
}
