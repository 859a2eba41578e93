package engine

import (
	"holdfast/engine/core"
	"holdfast/wal"
	"time"
)

// The limits of the running engine. Those of the state machine are in core/limits.go.
const (
	// MaxRequestBytes bounds a request's frames. A request is never split, so this also bounds a group, which
	// must stay well below half of the journal's memtable (wal.MaxGroupBytes is 16 MB).
	MaxRequestBytes = 8 << 20
	// maxJournalBytes bounds what a request takes in the journal: its frames, its documents once more beside them, and
	// a tick.
	maxJournalBytes = wal.MaxGroupBytes - 1<<10
	// documentOverhead is more than the journal adds to a document.
	documentOverhead = 64
	// smallGroup is the number of commands below which a group lets others run before it is formed: with as many, what a
	// sync costs is a thousandth of each, and who already waits should not wait for anybody else.
	smallGroup = 1024
	// groupRequests bounds the requests that are answered together, so that the first of them does not wait long for
	// the last one's reply to be written.
	groupRequests = 8192
	// maxBatchGroups bounds the groups of a primary that are applied together: the results of all wait for one sync.
	maxBatchGroups = 1024
	// defaultQueueCommands bounds what waits for the sequencer. At a million commands a second it is a
	// quarter of a second of work; who comes later is told to come again.
	defaultQueueCommands = 1 << 18
	// defaultQueueBytes bounds the memory of what waits.
	defaultQueueBytes = 64 << 20
	// defaultCheckpointBytes is what the journal grows by between checkpoints: a few seconds of replay.
	defaultCheckpointBytes = 512 << 20
	// defaultCheckpointEvery keeps the replay short after a quiet day, too.
	defaultCheckpointEvery = 5 * time.Minute
	// defaultCheckpointRate leaves most of an ordinary disk to the journal.
	defaultCheckpointRate = 64 << 20
	// maxInboundList is about the most bytes that a list of purchase orders or transfers has.
	maxInboundList = 1 << 20
	// MaxReaders bounds those who can have journal and feed kept for them.
	MaxReaders = 100
	// MaxNamedChannels is how many channels there may be until none comes into being any more by an order that names it. The other half of
	// the table is for those that a merchant defines, so that nobody who may order can fill it.
	MaxNamedChannels = core.MaxChannels / 2
	// maxShards is the number of slots: a shard without a slot would have nothing to do.
	maxShards = core.SlotCount
)

// The relations between limits are checked by the compiler: a negative array length does not compile.
type (
	_ [groupBytes - MaxRequestCommands*32]struct{}          // a full batch of small commands fits a group
	_ [defaultQueueCommands - 2*MaxRequestCommands]struct{} // one batch can wait while another runs
	_ [defaultQueueBytes - 2*MaxRequestBytes]struct{}
)
