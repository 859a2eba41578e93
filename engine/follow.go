package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// following is what an engine needs besides while it follows the journal of another one. It takes no commands, lets no
// time pass by itself, and makes no groups; those of its primary are journaled byte for byte and executed as the primary
// has executed them.
type following struct {
	on       atomic.Bool // written by Open, and later by the sequencer
	applying sync.Mutex  // a batch is under way, until its keys are bound
}

// Following tells whether the engine follows another one and takes no commands of its own.
func (e *Engine) Following() bool { return e.following.on.Load() }

// Epoch is the one that the engine's next group carries, or that its primary's does.
func (e *Engine) Epoch() uint64 { return e.journal.Epoch() }

// Position is where a journal ends, and who may go on with it.
type Position = codec.Position

// JournalPosition is where the journal ends. It is meant for who applies groups, between two calls of Apply.
func (e *Engine) JournalPosition() Position {
	head := e.journal.Head()
	return Position{
		Next: core.Sequence(head.Last) + 1, Chain: head.Chain, Epoch: head.Epoch, EpochAfter: core.Sequence(head.EpochAfter),
	}
}

// GroupChecker verifies the groups of a primary's journal in their order, before they are applied: checksum, contiguity,
// the chain of hashes, time and epoch, and that every command can be decoded. It belongs to one goroutine, which may be
// another than that which applies them.
type GroupChecker struct {
	follower *wal.Follower
	command  core.Command
}

// CheckGroups begins behind the last group of the engine's own journal, while no Apply is under way.
func (e *Engine) CheckGroups() *GroupChecker {
	return &GroupChecker{follower: wal.NewFollower(e.journal.Head())}
}

// Last is the sequence of the last command that was verified.
func (c *GroupChecker) Last() core.Sequence { return core.Sequence(c.follower.Last()) }

// GroupBatch is verified groups that will be made durable together.
type GroupBatch struct {
	copy   wal.Copy
	buffer []byte         // the groups' values
	side   uint8          // on which the checkpointer counts the batch
	groups []*replayGroup // to execute them; kept from one use to the next
	err    error
	done   chan struct{}
}

// NewGroupBatch makes an empty batch.
func NewGroupBatch() *GroupBatch { return &GroupBatch{done: make(chan struct{}, 1)} }

// Commands is the number of commands in the batch.
func (b *GroupBatch) Commands() (n int) {
	for i := range b.copy.Groups() {
		n += int(b.copy.Groups()[i].Count)
	}
	return n
}

// Empty tells whether there is nothing in the batch.
func (b *GroupBatch) Empty() bool { return len(b.copy.Groups()) == 0 }

// Fits tells whether there is room for a group of so many bytes. An empty batch has room for any.
func (b *GroupBatch) Fits(bytes int) bool {
	return len(b.copy.Groups()) < maxBatchGroups && b.copy.Fits(bytes)
}

// Reset empties the batch.
func (b *GroupBatch) Reset() {
	b.copy.Reset()
	b.buffer = b.buffer[:0]
	b.err = nil
}

// Add verifies the group that comes next, copies it into a batch that it fits, and gives the sequence of its last command.
// A group that is the very one before, byte for byte, is passed over. After an error checker and batch are as they were.
func (c *GroupChecker) Add(b *GroupBatch, value []byte) (core.Sequence, error) {
	if g, err := wal.DecodeGroup(value); err != nil {
		return 0, err
	} else if err := checkPayload(&c.command, core.Sequence(g.First), int(g.Count), g.Payload); err != nil {
		return 0, fmt.Errorf("the group of sequence %d holds what is no command: %w", g.First, errors.New(reasonOf(err)))
	}
	before := len(b.buffer)
	value = b.keep(value)
	g, repeated, err := c.follower.Next(value)
	if err != nil {
		b.buffer = b.buffer[:before]
		return 0, err
	}
	if repeated {
		b.buffer = b.buffer[:before]
		return core.Sequence(g.Last()), nil
	}
	b.copy.Add(c.follower, g, value)
	c.addDocuments(b, &g)
	return core.Sequence(g.Last()), nil
}

// reasonOf is what is wrong, without the words for damage of our own: these bytes come from elsewhere.
func reasonOf(err error) string {
	var damage *wal.DamageError
	if errors.As(err, &damage) {
		return damage.Reason
	}
	return err.Error()
}

// keep copies a value into the batch's buffer, which never moves while it holds something.
func (b *GroupBatch) keep(value []byte) []byte {
	if len(b.buffer) == 0 && cap(b.buffer) < len(value) {
		b.buffer = make([]byte, 0, max(len(value), wal.CopyBytes))
	}
	if cap(b.buffer)-len(b.buffer) < len(value) {
		return append([]byte(nil), value...)
	}
	at := len(b.buffer)
	b.buffer = append(b.buffer, value...)
	return b.buffer[at:len(b.buffer):len(b.buffer)]
}

// addDocuments has the documents in a group's commands kept beside them, as when the primary made it.
func (c *GroupChecker) addDocuments(b *GroupBatch, g *wal.Group) {
	sequence := g.First
	for payload := g.Payload; len(payload) > 0; sequence++ {
		h, err := codec.PeekCommand(payload)
		invariant.Check(err == nil, "a group that was verified can be read again")
		if h.HasDocument {
			_, err = codec.DecodeCommand(payload, &c.command)
			invariant.Check(err == nil, "a group that was verified can be read again")
			b.copy.AddDocument(sequence, c.command.Document)
		}
		payload = payload[h.Length:]
	}
}

// Apply journals the groups of a batch by one sync, executes them meanwhile, and returns when they are released. The
// batch may be used again then. ErrPrimary says that the engine follows nobody; the journal's errors say why
// the groups do not belong behind what it holds. Nothing has changed after an error but ErrJournal.
func (e *Engine) Apply(b *GroupBatch) error {
	if b.Empty() {
		return nil
	}
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	e.following.applying.Lock()
	defer e.following.applying.Unlock()
	if err := e.queue.putGroups(b); err != nil {
		return err
	}
	if <-b.done; b.err != nil {
		return b.err
	}
	for i := range b.copy.Groups() {
		e.restoreKeysOf(b.groups[i])
	}
	e.checkpoints.settling[b.side].Done()
	return nil
}

// applyGroups is the sequencer's part of Apply. An error is one of the journal, after which nothing goes on, and which
// the caller tells to those who wait.
func (e *Engine) applyGroups(b *GroupBatch) error {
	if !e.following.on.Load() {
		b.finish(ErrPrimary)
		return nil
	}
	pending, err := e.journal.BeginCopy(&b.copy)
	if errors.Is(err, wal.ErrFailed) {
		return err
	}
	if err != nil {
		b.finish(err)
		return nil
	}
	if err := e.runCopy(b, pending); err != nil {
		return err
	}
	b.side = e.checkpoints.countBatch()
	b.finish(nil)
	return nil
}

// runCopy takes groups of the primary through their life: runGroup for many at a time.
func (e *Engine) runCopy(b *GroupBatch, pending *wal.Pending) error {
	if err := pending.Commit(); err != nil {
		return err
	}
	started := time.Now()
	for i, source := range b.copy.Groups() {
		if i == len(b.groups) {
			b.groups = append(b.groups, &replayGroup{group: *newGroup(len(e.shards))})
		}
		g := b.groups[i]
		g.first, g.now, g.commands = core.Sequence(source.First), core.Millis(source.Time), int(source.Count)
		g.bytes = source.Payload
		e.executeJournaled(g)
		g.executed = time.Since(started)
		e.checkpoints.keepPages()
		started = time.Now()
	}
	if err := pending.Wait(); err != nil {
		return err
	}
	b.groups[0].durable = time.Since(started) // the sync was theirs together
	for i := range b.copy.Groups() {
		g := b.groups[i]
		g.pending, g.requests = pending, g.requests[:0] // nobody here waits for answers
		e.observe(&g.group)
		if err := e.release(&g.group); err != nil {
			return err
		}
	}
	pending.Release()
	return nil
}

func (b *GroupBatch) finish(err error) {
	b.err = err
	b.done <- struct{}{}
}

// assumeRole decides at the start whether the engine follows another one. What a primary's directory holds is not given
// up lightly: it becomes a replica's with the first group that proves to belong behind it.
func (e *Engine) assumeRole() error {
	if e.options.Follow && e.journal.Last() == 0 && e.journal.Role() == wal.RolePrimary {
		if err := e.journal.Assume(wal.RoleReplica, e.journal.Epoch(), 0); err != nil {
			return err
		}
	}
	e.following.on.Store(e.options.Follow || e.journal.Role() == wal.RoleReplica)
	return nil
}

// Promote makes the engine a primary, with a higher epoch, and gives that and the last sequence before it. From then on
// it takes commands, and no groups of others any more, also after a restart. ErrPrimary says that it is one already.
func (e *Engine) Promote() (epoch uint64, last core.Sequence, err error) {
	// The keys of what was applied last have to answer before the first command comes in.
	e.following.applying.Lock()
	defer e.following.applying.Unlock()
	q := roleChange{e: e, promote: true}
	last, err = e.ask(&q)
	return q.epoch, last, errors.Join(err, q.err)
}

// RaiseEpoch has a replica remember an epoch that began behind a sequence, so that it takes no groups any more that a
// primary of an older one makes behind that. ErrOtherHistory says that it holds such groups.
func (e *Engine) RaiseEpoch(epoch uint64, after core.Sequence) error {
	q := roleChange{e: e, epoch: epoch, after: after}
	_, err := e.ask(&q)
	return errors.Join(err, q.err)
}

// roleChange is a query so that it runs between two groups.
type roleChange struct {
	e       *Engine
	promote bool
	epoch   uint64
	after   core.Sequence
	err     error
}

func (q *roleChange) read(*core.Machine) {
	j := q.e.journal
	head := j.Head()
	switch {
	case !q.e.Following():
		q.err = ErrPrimary
	case q.promote:
		q.epoch = head.Epoch + 1
		if q.err = translate(j.Assume(wal.RolePrimary, q.epoch, head.Last)); q.err == nil {
			q.e.following.on.Store(false)
		}
	case q.epoch > head.Epoch && head.Last > uint64(q.after):
		q.err = fmt.Errorf("%w: epoch %d began behind sequence %d, and this journal ends with %d, of epoch %d",
			ErrOtherHistory, q.epoch, q.after, head.Last, head.GroupEpoch)
	case q.epoch > head.Epoch:
		q.err = translate(j.Assume(wal.RoleReplica, q.epoch, uint64(q.after)))
	}
}
