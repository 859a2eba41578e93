package engine

import (
	"sync"
	"time"

	"holdfast/engine/core"
	"holdfast/wal"
)

// group is the commands that are journaled by one sync, on their way through the pipeline. Groups are
// reused; the sequencer's goroutine owns one, but for what shards write while they execute it.
type group struct {
	first    core.Sequence
	now      core.Millis
	commands int // of the requests, and the engine's own
	bytes    int
	own      []byte // the engine's own commands, which come first: a tick, and what serves waitlists
	owned    int    // how many these are
	requests []*Request
	queries  []*query
	batch    *GroupBatch  // of a primary, to be applied before the queries; nil for none
	pending  *wal.Pending // nil when there is nothing to journal
	payload  []byte
	stored   bool // the feed has the group's events already

	shards   []shardOutput
	meetings []*meeting // of the commands that touch several shards, in order
	running  sync.WaitGroup

	executed, durable time.Duration
}

// shardOutput is what one shard has to say about a group.
type shardOutput struct {
	feed      []byte // events in the order of execution, behind a feed header
	events    int
	refs      []eventRef // where each command's events lie; kept only when there are several shards
	refusals  []byte
	changed   []published
	items     []publishedItem
	someWait  bool         // somebody waits for units that there are
	unsettled bool         // some return came to nothing whose replacement is still to be dealt with
	overtaken bool         // some command was refused for what it said of tables, or of an order's slots
	defined   []core.Event // SKUs, locations, channels, sales; with their own memory
	archive   []byte       // orders that left memory, and their external ids
	archived  []archivedPage

	archiving time.Duration // for these
}

// eventRef is a run of events of one sequence. Runs of several shards are put together by (sequence, rank, slot).
type eventRef struct {
	sequence core.Sequence
	rank     uint8
	slot     core.Slot
	from, to uint32
	result   *Result
}

// Ranks of events of one sequence.
const (
	rankBefore uint8 = iota // holds that expired, pools that began or ended
	rankOwn                 // what the command did
	rankWhy                 // why it came out so
	rankAfter               // supplies that changed by it
)

// published is what may still be sold of a SKU when the group is released.
type published struct {
	sku       core.SKUID
	orderable core.Quantity
}

// publishedItem is what a sale may still sell of a SKU when the group is released.
type publishedItem struct {
	sale core.SaleID
	sku  core.SKUID
	left core.Quantity
}

func newGroup(shards int) *group { return &group{shards: make([]shardOutput, shards)} }

// last is the sequence of the group's last command; the one before first for a group of queries.
func (g *group) last() core.Sequence { return g.first + core.Sequence(g.commands) - 1 }

func (g *group) reset() {
	g.commands, g.bytes, g.own, g.owned = 0, 0, g.own[:0], 0
	clear(g.requests)
	clear(g.queries)
	g.requests, g.queries = g.requests[:0], g.queries[:0]
	g.batch, g.pending, g.payload, g.stored = nil, nil, nil, false
	g.meetings = g.meetings[:0]
	for i := range g.shards {
		g.shards[i].reset()
	}
}

func (o *shardOutput) reset() {
	clear(o.refs)
	o.feed, o.events, o.refs, o.refusals = o.feed[:0], 0, o.refs[:0], o.refusals[:0]
	o.changed, o.items, o.defined = o.changed[:0], o.items[:0], o.defined[:0]
	o.someWait, o.unsettled, o.overtaken = false, false, false
	clear(o.archived)
	if cap(o.archive) > archiveKept {
		o.archive = nil
	}
	o.archive, o.archived, o.archiving = o.archive[:0], o.archived[:0], 0
}
