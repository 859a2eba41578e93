package engine

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

const (
	// keepTurn bounds what the sequencer copies between two groups: about 50 µs of its time.
	keepTurn = 256 << 10
	// keepAhead bounds what is copied and not written yet, but for pages that had to be copied because they were about to
	// change.
	keepAhead = 16 << 20
	// keepIdle is how long the sequencer waits for the writer when nobody else wants anything of it.
	keepIdle = time.Millisecond
	// checkpointsKept is how many checkpoints there are at a time: if the newest is damaged, the other serves.
	checkpointsKept = 2
	// checkpointPoll is how often it is looked whether a checkpoint is due.
	checkpointPoll = time.Second
)

// checkpointer takes checkpoints, one at a time. It has a goroutine of its own, the writer; on the sequencer's
// it marks pages and copies them (keepPages), and on the shards' those that are about to change (keep).
//
//	freeze        the sequencer, after a group: every slot marks what changed since the last checkpoint
//	keep          the sequencer, between groups, and shards: copies, into the queue
//	take          the writer: pages into the journal's tables, then keys, then the manifest
type checkpointer struct {
	e       *Engine
	wanted  chan chan CheckpointInfo
	stopped chan struct{}

	// of the sequencer
	freezing bool // a checkpoint began with the group under way
	keeping  bool // there are pages to copy
	slot     core.Slot
	side     uint8 // on which requests with keys are counted

	settling [2]sync.WaitGroup // requests with keys that were answered, until their keys are bound

	// abandoned is set when a checkpoint has failed after it began: what is marked stays marked, and nothing is copied.
	abandoned atomic.Bool

	mu      sync.Mutex
	arrived sync.Cond
	pages   []keptPage
	queued  int // bytes of pages
	all     bool
	spare   map[int][][]byte // buffers, by their size
	spared  int              // bytes of spare

	// of the writer
	last    *codec.Manifest // the newest checkpoint, nil when there is none
	sets    []setUse        // what of the last's sets is in use
	damaged []uint64        // checkpoints that could not be restored
	failed  error           // why no more checkpoints are written
	oldest  uint64          // of the checkpoints that are kept
}

// keptPage is a copy of a page as it was when the checkpoint began.
type keptPage struct {
	id    core.PageID
	bytes []byte
}

// setUse counts the values of a set that are still of use.
type setUse struct{ live, values uint32 }

// CheckpointInfo describes a checkpoint.
type CheckpointInfo struct {
	Sequence core.Sequence
	Pages    int           // written, the others being those of earlier checkpoints
	Bytes    uint64        // written
	Took     time.Duration // from beginning to end
	Err      error
}

func newCheckpointer(e *Engine) *checkpointer {
	c := &checkpointer{
		e: e, wanted: make(chan chan CheckpointInfo), stopped: make(chan struct{}), spare: map[int][][]byte{},
	}
	c.arrived.L = &c.mu
	return c
}

// Checkpoint writes a checkpoint of the state as it is, and returns when it is on the disk. While nothing has
// changed since the last one, that one is the answer.
func (e *Engine) Checkpoint() (CheckpointInfo, error) {
	answer := make(chan CheckpointInfo, 1)
	select {
	case e.checkpoints.wanted <- answer:
	case <-e.closed:
		return CheckpointInfo{}, ErrClosed
	}
	info := <-answer
	return info, info.Err
}

// run is the writer's main loop. At the end it writes one more checkpoint, so that the next start is quick.
func (c *checkpointer) run() {
	defer close(c.stopped)
	poll := time.NewTicker(checkpointPoll)
	defer poll.Stop()
	since := c.e.options.Clock()
	bytes := c.e.stats.bytes.Load()
	for {
		var answer chan CheckpointInfo
		select {
		case answer = <-c.wanted:
		case <-poll.C:
			grown := c.e.stats.bytes.Load() - bytes
			aged := time.Duration(c.e.options.Clock()-since) * time.Millisecond
			if c.e.options.CheckpointBytes < 0 || grown == 0 || grown < uint64(c.e.options.CheckpointBytes) && aged < c.e.options.CheckpointEvery {
				continue
			}
		case <-c.e.closed:
			if c.e.options.CheckpointBytes > 0 && c.e.broken() == nil {
				c.take()
			}
			return
		}
		since, bytes = c.e.options.Clock(), c.e.stats.bytes.Load()
		info := c.take()
		if answer != nil {
			answer <- info
		}
	}
}

// take writes a checkpoint, unless the last one is of the state as it is, and tells of it.
func (c *checkpointer) take() CheckpointInfo {
	if at := c.e.Sequence(); at == 0 || c.last != nil && c.last.Sequence == at {
		return CheckpointInfo{Sequence: at}
	}
	started := time.Now()
	info := c.write(started)
	info.Took = time.Since(started)
	if info.Err != nil {
		c.e.stats.checkpointFailures.Add(1)
	}
	if hook := c.e.options.Hooks.CheckpointTaken; hook != nil {
		hook(info)
	}
	return info
}

// write writes a checkpoint and forgets older ones.
func (c *checkpointer) write(started time.Time) (info CheckpointInfo) {
	if c.failed != nil {
		return CheckpointInfo{Err: c.failed}
	}
	// What can fail comes before the state is marked.
	sets, err := c.e.journal.ValueSets()
	if err = errors.Join(err, c.e.journal.RoomForCheckpoint()); err != nil {
		return CheckpointInfo{Err: err}
	}
	f := freeze{c: c, next: c.nextManifest()}
	if info.Sequence, info.Err = c.e.ask(&f); info.Err != nil {
		return info
	}
	w := checkpointWriter{c: c, next: f.next, info: &info, started: started}
	if slices.Contains(sets, uint64(info.Sequence)) { // of one that was interrupted, or is damaged
		info.Err = c.e.journal.DropValues(uint64(info.Sequence))
	}
	if info.Err == nil {
		info.Err = w.write()
	}
	if info.Err != nil {
		c.failed = info.Err
		c.abandoned.Store(true)
		return info
	}
	c.damaged = slices.DeleteFunc(c.damaged, func(s uint64) bool { return s == uint64(info.Sequence) })
	c.e.stats.checkpoints.Add(1)
	c.e.stats.checkpointBytes.Add(info.Bytes)
	c.e.stats.checkpoint.Store(uint64(info.Sequence))
	info.Err = c.dropOlder()
	return info
}

// nextManifest begins the manifest of the next checkpoint with all that the last one has.
func (c *checkpointer) nextManifest() *codec.Manifest {
	next := &codec.Manifest{KeySeed: c.e.keys.seed}
	if c.last == nil {
		return next
	}
	next.Sets = append(next.Sets, c.last.Sets...)
	for slot := range next.Slabs {
		for kind := range next.Slabs[slot] {
			next.Slabs[slot][kind].Pages = append([]codec.PageRef(nil), c.last.Slabs[slot][kind].Pages...)
		}
	}
	for i := range next.Keys {
		next.Keys[i].Pages = append([]codec.PageRef(nil), c.last.Keys[i].Pages...)
	}
	return next
}

// freeze is the query with which a checkpoint begins.
type freeze struct {
	c    *checkpointer
	next *codec.Manifest
}

func (f *freeze) read(m *core.Machine) {
	c, next := f.c, f.next
	head := c.e.journal.Head()
	next.Sequence, next.At = core.Sequence(head.Last), core.Millis(head.Time)
	next.Epoch, next.Chain = head.Epoch, head.Chain
	next.Tables = m.DigestTables()
	for i := range m.Locations() {
		var image core.LocationImage
		m.ReadLocation(core.LocationID(i), &image)
		next.Locations = append(next.Locations, image)
	}
	for i := range m.Channels() {
		next.Channels = append(next.Channels, core.ChannelImage{ID: core.ChannelID(i), Name: m.ChannelName(core.ChannelID(i))})
	}
	c.unsaveScattered(m)
	for slot := range core.Slot(core.SlotCount) {
		images := m.Freeze(slot, c.keep)
		for kind := range images {
			s := &next.Slabs[slot][kind]
			s.Image = images[kind]
			s.Pages = resizePages(s.Pages, int(images[kind].Pages))
		}
	}
	c.slot, c.freezing = 0, true
	c.mu.Lock()
	c.all = false
	c.mu.Unlock()
}

func resizePages(pages []codec.PageRef, n int) []codec.PageRef {
	for len(pages) < n {
		pages = append(pages, codec.PageRef{})
	}
	return pages[:n]
}

// unsaveScattered has pages written again that are the last few of a set of which most is of no use any more, so that the
// sets together are never much more than twice the state.
func (c *checkpointer) unsaveScattered(m *core.Machine) {
	if c.last == nil {
		return
	}
	c.last.EachPage(func(id core.PageID, p *codec.PageRef) {
		switch use := &c.sets[p.Set]; {
		case use.live >= use.values/2:
		case id.Slab == 0:
			c.e.keys.unsave(int(id.Slot), int(id.Number))
		default:
			m.Unsave(id)
		}
	})
}

// keep copies a page. It runs on the sequencer's goroutine or a shard's.
func (c *checkpointer) keep(id core.PageID, bytes []byte) {
	if c.abandoned.Load() {
		return
	}
	c.mu.Lock()
	buffers := c.spare[len(bytes)]
	var buffer []byte
	if n := len(buffers); n > 0 {
		buffer, c.spare[len(bytes)] = buffers[n-1], buffers[:n-1]
		c.spared -= len(buffer)
	}
	c.mu.Unlock()
	if buffer == nil {
		buffer = make([]byte, len(bytes))
	}
	copy(buffer, bytes)
	c.mu.Lock()
	c.pages = append(c.pages, keptPage{id, buffer})
	c.queued += len(buffer)
	c.mu.Unlock()
	c.arrived.Signal()
}

// keepPages is the sequencer's turn between two groups.
func (c *checkpointer) keepPages() {
	if c.freezing {
		// Whoever was answered so far counts on one side, everybody from now on on the other.
		c.freezing, c.keeping = false, true
		c.side ^= 1
	}
	if c.abandoned.Load() {
		c.keeping = false
	}
	if !c.keeping {
		return
	}
	c.mu.Lock()
	budget := min(keepTurn, keepAhead-c.queued)
	c.mu.Unlock()
	for budget > 0 && c.slot < core.SlotCount {
		kept, done := c.e.machine.KeepPages(c.slot, budget)
		budget -= kept
		if done {
			c.slot++
		}
	}
	if c.slot < core.SlotCount {
		return
	}
	c.keeping = false
	c.mu.Lock()
	c.all = true
	c.mu.Unlock()
	c.arrived.Signal()
}

// next waits for pages. ok is false when there are no more.
func (c *checkpointer) next(pages []keptPage) (_ []keptPage, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pages) == 0 && !c.all && c.e.broken() == nil {
		c.arrived.Wait()
	}
	pages = append(pages[:0], c.pages...)
	clear(c.pages)
	c.pages = c.pages[:0]
	return pages, len(pages) > 0
}

// written gives a buffer back.
func (c *checkpointer) written(buffer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queued -= len(buffer)
	if c.spared+len(buffer) <= keepAhead {
		c.spare[len(buffer)] = append(c.spare[len(buffer)], buffer)
		c.spared += len(buffer)
	}
}

// fail wakes the writer when the journal is dead.
func (c *checkpointer) fail() {
	c.mu.Lock() // or the writer might look, find nothing wrong, and only then begin to wait
	defer c.mu.Unlock()
	c.arrived.Broadcast()
}

// dropOlder forgets the checkpoints beyond those that are kept, and the values of which none of these consists.
func (c *checkpointer) dropOlder() error {
	j := c.e.journal
	all, err := j.Checkpoints()
	if err != nil {
		return err
	}
	used, kept := map[uint64]bool{}, 0
	for _, sequence := range all {
		var m codec.Manifest
		encoded, err := j.Manifest(sequence)
		var damage *wal.DamageError
		if err != nil && !errors.As(err, &damage) {
			return err
		}
		whole := err == nil && codec.DecodeManifest(encoded, &m) == nil && !slices.Contains(c.damaged, sequence)
		if !whole && sequence == uint64(c.last.Sequence) {
			// What was just written cannot be read: nothing may be built on it, and nothing older given up for it.
			c.failed = damagedCheckpoint(sequence)
			return c.failed
		}
		if !whole || kept == checkpointsKept {
			if err := j.DropCheckpoint(sequence); err != nil {
				return err
			}
			continue
		}
		kept++
		c.oldest = sequence
		for _, set := range m.Sets {
			used[uint64(set.Sequence)] = true
		}
	}
	if err := c.cutJournal(kept); err != nil {
		return err
	}
	sets, err := j.ValueSets()
	if err != nil {
		return err
	}
	for _, set := range sets {
		if !used[set] {
			if err := j.DropValues(set); err != nil {
				return err
			}
		}
	}
	return nil
}

func damagedCheckpoint(sequence uint64) error {
	return damage(core.Sequence(sequence), "the checkpoint that was just written cannot be read")
}

// cutJournal forgets what of the journal is older than it has to be. Both checkpoints that are kept need what is behind
// them; a single one is not trusted to replace the journal.
func (c *checkpointer) cutJournal(kept int) error {
	if kept < checkpointsKept || c.e.options.JournalHistory == 0 {
		return nil
	}
	_, err := c.e.journal.Cut(c.oldest+1, uint64(c.e.options.JournalHistory))
	return err
}

// settled is called when the keys of an answered request are bound.
func (c *checkpointer) settled(r *Request) {
	if r.counted {
		r.counted = false
		c.settling[r.side].Done()
	}
}

// waitSettled waits until the keys of all commands that the checkpoint under way covers are bound. It comes after
// all pages, and so after the sequencer has changed sides.
func (c *checkpointer) waitSettled() { c.settling[c.side^1].Wait() }

// count is called by the sequencer before it answers a group.
func (c *checkpointer) count(requests []*Request) {
	for _, r := range requests {
		if len(r.keys) > 0 {
			r.side, r.counted = c.side, true
			c.settling[c.side].Add(1)
		}
	}
}
