package engine

import (
	"context"
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
	wanted  chan checkpointWish
	cutting chan chan RetentionInfo
	stopped chan struct{}

	// of the sequencer
	freezing bool // a checkpoint began with the group under way
	keeping  bool // there are pages to copy
	slot     core.Slot
	turned   time.Time // when pages were copied last
	side     uint8     // on which requests with keys are counted

	settling [2]sync.WaitGroup // requests with keys that were answered, until their keys are bound

	// abandoned is set when a checkpoint has failed after it began: what is marked stays marked, and nothing is copied, until
	// the next one begins and takes that back.
	abandoned atomic.Bool

	mu      sync.Mutex
	arrived sync.Cond
	pages   []keptPage
	queued  int // bytes of pages
	all     bool
	spare   map[int][][]byte // buffers, by their size
	spared  int              // bytes of spare

	marks atomic.Pointer[[]CheckpointMark] // of the newest checkpoints, in their order; never changed in place

	// of the writer
	last    *codec.Manifest   // the newest checkpoint, nil when there is none
	sets    []setUse          // what of the last's sets is in use
	damaged []uint64          // checkpoints that could not be restored
	failed  error             // why no more checkpoints are written until a restart
	kept    []*codec.Manifest // of the checkpoints that are kept, the newest first
	check   pageCheck
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
	Digest   core.Digest   // of the state
	Err      error
}

// CheckpointMark is a checkpoint, as those have to know it who follow the journal and want to compare.
type CheckpointMark struct {
	Sequence core.Sequence
	Digest   core.Digest
	Complete bool // it is on the disk, and Digest is known
}

// checkpointWish is somebody's wish for a checkpoint.
type checkpointWish struct {
	begun chan core.Sequence  // gets the sequence when the state is marked, if it comes to that
	done  chan CheckpointInfo // gets the end
}

// marksKept is how many checkpoints followers can be told of: more than are kept.
const marksKept = 4

func newCheckpointer(e *Engine) *checkpointer {
	c := &checkpointer{
		e: e, wanted: make(chan checkpointWish), cutting: make(chan chan RetentionInfo),
		stopped: make(chan struct{}), spare: map[int][][]byte{}, check: pageCheck{rotten: map[keptValue]bool{}},
	}
	c.arrived.L = &c.mu
	c.marks.Store(new([]CheckpointMark))
	return c
}

// Checkpoint writes a checkpoint of the state as it is, and returns when it is on the disk. While nothing has
// changed since the last one, that one is the answer.
func (e *Engine) Checkpoint() (CheckpointInfo, error) {
	_, done, err := e.BeginCheckpoint(context.Background())
	if err != nil {
		return CheckpointInfo{}, err
	}
	info := <-done
	return info, info.Err
}

// BeginCheckpoint is Checkpoint for who must know where it begins: it returns with the sequence when the state is marked,
// which is when the checkpoint before is on the disk, or ctx ends, and done gets the outcome. Commands go on meanwhile.
func (e *Engine) BeginCheckpoint(ctx context.Context) (at core.Sequence, done <-chan CheckpointInfo, err error) {
	wish := checkpointWish{begun: make(chan core.Sequence, 1), done: make(chan CheckpointInfo, 1)}
	select {
	case e.checkpoints.wanted <- wish:
	case <-e.closed:
		return 0, nil, ErrClosed
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
	at, marked := <-wish.begun
	if !marked {
		info := <-wish.done
		return 0, nil, info.Err
	}
	return at, wish.done, nil
}

// CheckpointMarks gives the newest checkpoints, also one that is being written. A mark is there before anything behind
// its sequence is released.
func (e *Engine) CheckpointMarks() []CheckpointMark { return *e.checkpoints.marks.Load() }

// run is the writer's main loop. At the end it writes one more checkpoint, so that the next start is quick.
func (c *checkpointer) run() {
	defer close(c.stopped)
	poll := time.NewTicker(checkpointPoll)
	defer poll.Stop()
	since := c.e.options.Clock()
	retained := since
	var bytes uint64 // of the commands since the start: some may have come before this goroutine has
	for {
		var wish checkpointWish
		select {
		case wish = <-c.wanted:
		case answer := <-c.cutting:
			answer <- c.retain()
			continue
		case <-poll.C:
			if now := c.e.options.Clock(); now-retained >= retainEvery.Milliseconds() || now < retained {
				retained = now
				c.retain()
			}
			if c.e.Following() {
				continue // its checkpoints are where its primary's are, so that both can be compared
			}
			grown := c.e.stats.bytes.Load() - bytes
			aged := time.Duration(c.e.options.Clock()-since) * time.Millisecond
			if c.e.options.CheckpointBytes < 0 || grown == 0 || grown < uint64(c.e.options.CheckpointBytes) && aged < c.e.options.CheckpointEvery {
				continue
			}
		case <-c.e.closed:
			if c.e.options.CheckpointBytes > 0 && c.e.broken() == nil {
				c.take(nil)
			}
			return
		}
		since, bytes = c.e.options.Clock(), c.e.stats.bytes.Load()
		info := c.take(wish.begun)
		if wish.done != nil {
			wish.done <- info
		}
		c.retain()
	}
}

// take writes a checkpoint, unless the last one is of the state as it is, and tells of it. begun gets the sequence when the
// state is marked, and is closed at the end.
func (c *checkpointer) take(begun chan<- core.Sequence) CheckpointInfo {
	if begun == nil {
		begun = make(chan core.Sequence, 1)
	}
	defer close(begun)
	if at := c.e.Sequence(); at == 0 || c.last != nil && c.last.Sequence == at {
		info := CheckpointInfo{Sequence: at}
		if at != 0 {
			info.Digest = c.last.Digest()
		}
		begun <- at
		return info
	}
	started := time.Now()
	info := c.write(started, begun)
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
func (c *checkpointer) write(started time.Time, begun chan<- core.Sequence) (info CheckpointInfo) {
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
	begun <- info.Sequence
	w := checkpointWriter{c: c, next: f.next, info: &info, pace: c.newPacer(started)}
	if slices.Contains(sets, uint64(info.Sequence)) { // of one that was interrupted, or is damaged
		info.Err = c.e.journal.DropValues(uint64(info.Sequence))
	}
	if info.Err == nil {
		info.Err = w.write()
	}
	if info.Err != nil {
		c.abandoned.Store(true)
		c.mark(CheckpointMark{Sequence: info.Sequence})
		c.failed = w.giveUp(info.Err)
		return info
	}
	info.Digest = c.last.Digest()
	c.mark(CheckpointMark{info.Sequence, info.Digest, true})
	c.damaged = slices.DeleteFunc(c.damaged, func(s uint64) bool { return s == uint64(info.Sequence) })
	c.e.stats.checkpoints.Add(1)
	c.e.stats.checkpointBytes.Add(info.Bytes)
	c.e.stats.checkpointPages.Add(uint64(info.Pages))
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
			last, s := &c.last.Slabs[slot][kind], &next.Slabs[slot][kind]
			s.First, s.Pages = last.First, append([]codec.PageRef(nil), last.Pages...)
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
	if c.abandoned.Load() {
		c.takeBack(m)
	}
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
		var image core.ChannelImage
		m.ReadChannel(core.ChannelID(i), &image)
		next.Channels = append(next.Channels, image)
	}
	for i := range m.Sales() {
		var image core.SaleImage
		m.SaleAt(i, &image)
		next.Sales = append(next.Sales, image)
	}
	m.ReadRouting(&next.Routing)
	c.unsaveScattered(m)
	var archived []uint32
	for slot := range core.Slot(core.SlotCount) {
		images := m.Freeze(slot, c.keep)
		for kind := range images {
			s := &next.Slabs[slot][kind]
			s.Image = images[kind]
			s.Pages = resizePages(s.Pages, int(images[kind].Pages-s.First))
			for n := range uint32(len(s.Pages)) {
				if at := s.First + n; m.IsDropped(core.PageID{Slot: slot, Slab: images[kind].Kind, Number: at}) {
					archived = append(archived, at)
				}
			}
			for _, n := range archived {
				s.Archive(n)
			}
			archived = archived[:0]
		}
		next.Archived[slot] = m.Archived(slot)
	}
	c.mark(CheckpointMark{Sequence: next.Sequence})
	c.slot, c.freezing = 0, true
	c.mu.Lock()
	c.all = false
	c.mu.Unlock()
}

// takeBack undoes what a checkpoint that was given up has left with the sequencer and the shards. None of them copies
// pages meanwhile, and the writer waits.
func (c *checkpointer) takeBack(m *core.Machine) {
	for slot := range core.Slot(core.SlotCount) {
		m.Thaw(slot)
	}
	c.keeping = false
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.pages)
	c.pages, c.queued = c.pages[:0], 0
	c.abandoned.Store(false)
}

func resizePages(pages []codec.PageRef, n int) []codec.PageRef {
	for len(pages) < n {
		pages = append(pages, codec.PageRef{})
	}
	return pages[:n]
}

// unsaveScattered has pages written again that are the last few of a set of which most is of no use any more, so that the
// sets together are never much more than twice the state; and those that cannot be read any more.
func (c *checkpointer) unsaveScattered(m *core.Machine) {
	if c.last == nil {
		return
	}
	c.last.EachPage(func(id core.PageID, p *codec.PageRef) {
		use := &c.sets[p.Set]
		switch rotten := c.check.rotten[keptValue{c.last.Sets[p.Set].Sequence, p.Number}]; {
		case use.live >= use.values/2 && !rotten || id.Slab != 0 && m.IsDropped(id):
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
		c.freezing, c.keeping, c.turned = false, true, time.Now()
		c.side ^= 1
	}
	if c.abandoned.Load() {
		c.keeping = false
	}
	if !c.keeping {
		return
	}
	now := time.Now()
	turn := keepTurn * int(min(max(now.Sub(c.turned).Milliseconds(), 1), keepAhead/keepTurn))
	c.turned = now
	c.mu.Lock()
	budget := min(turn, keepAhead-c.queued)
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

// mark has followers told of a checkpoint, or of what became of one.
func (c *checkpointer) mark(m CheckpointMark) {
	marks := slices.Clone(*c.marks.Load())
	marks = slices.DeleteFunc(marks, func(old CheckpointMark) bool { return old.Sequence == m.Sequence })
	marks = append(marks, m)
	c.marks.Store(new(marks[max(0, len(marks)-marksKept):]))
	if m.Complete {
		c.e.notify()
	}
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
	used := map[uint64]bool{}
	c.kept = nil
	for _, sequence := range all {
		m := &codec.Manifest{}
		encoded, err := j.Manifest(sequence)
		var damage *wal.DamageError
		if err != nil && !errors.As(err, &damage) {
			return err
		}
		whole := err == nil && codec.DecodeManifest(encoded, m) == nil && !slices.Contains(c.damaged, sequence)
		if !whole && sequence == uint64(c.last.Sequence) {
			// What was just written cannot be read: nothing may be built on it, and nothing older given up for it.
			c.failed = damagedCheckpoint(sequence)
			return c.failed
		}
		if !whole || len(c.kept) == checkpointsKept {
			if err := j.DropCheckpoint(sequence); err != nil {
				return err
			}
			continue
		}
		c.kept = append(c.kept, m)
		for _, set := range m.Sets {
			used[uint64(set.Sequence)] = true
		}
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

// countBatch is count for the groups of a primary, whose keys are bound together.
func (c *checkpointer) countBatch() (side uint8) {
	c.settling[c.side].Add(1)
	return c.side
}

// count is called by the sequencer before it answers a group.
func (c *checkpointer) count(requests []*Request) {
	for _, r := range requests {
		if len(r.keys) > 0 {
			r.side, r.counted = c.side, true
			c.settling[c.side].Add(1)
		}
	}
}
