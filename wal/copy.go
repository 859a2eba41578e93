package wal

import (
	"errors"
	"fmt"

	"holdfast/engine/invariant"
)

// CopyBytes is how much a [Copy] takes of groups, in bytes, before it has to be written. One group alone may be larger. A
// document is in its group too, so that groups, documents and their keys are never more than MaxGroupBytes.
const CopyBytes = MaxGroupBytes / 4

var (
	// ErrOtherHistory: a group does not follow from what the journal holds, but is of another history.
	ErrOtherHistory = errors.New("the group is of another history")
	// ErrOldEpoch: a group was made by somebody who had lost the right to do so.
	ErrOldEpoch = errors.New("the group is of an old epoch")
)

// Follower verifies the groups of another journal, each against the one before it, as they come in. It knows nothing of
// what is written: a Copy is compared once more with the journal when it begins.
type Follower struct{ verifier }

// NewFollower begins behind the head of a journal.
func NewFollower(h Head) *Follower {
	f := &Follower{}
	f.prior = Group{First: h.Last, Count: 1, Time: h.Time, Epoch: h.GroupEpoch}
	if h.Last == 0 {
		f.prior = Group{}
	}
	f.hash = h.Chain
	return f
}

// Next verifies the whole value of the group that comes next. repeated is true for the very group that came before, which
// a stream may hold twice and which is not to be taken again. After an error the Follower is as it was. The group's payload
// aliases value.
func (f *Follower) Next(value []byte) (g Group, repeated bool, err error) {
	if g, err = DecodeGroup(value); err != nil {
		return Group{}, false, err
	}
	hash := HashGroup(value)
	if f.prior.First != 0 && g.Last() == f.prior.Last() && hash == f.hash {
		return g, true, nil
	}
	if f.prior.First == 0 && g.First != 1 {
		return Group{}, false, fmt.Errorf("the commands 1 to %d are missing", g.First-1)
	}
	if err := f.follows(&g); err != nil {
		return Group{}, false, f.refuse(&g, err)
	}
	f.prior, f.hash = g, hash
	f.prior.Payload = nil
	return g, false, nil
}

// refuse words an error for a group that came from elsewhere: nothing of ours is damaged.
func (f *Follower) refuse(g *Group, err error) error {
	var damage *DamageError
	if errors.As(err, &damage) {
		err = fmt.Errorf("the group of sequence %d cannot be taken: %s", g.First, damage.Reason)
	}
	if g.First == f.prior.Last()+1 && g.Previous != f.hash {
		return fmt.Errorf("%w: %w", ErrOtherHistory, err)
	}
	return err
}

// Chain is the hash of the last group.
func (f *Follower) Chain() Hash { return f.hash }

// Last is the sequence of the last group's last command, 0 when there was none.
func (f *Follower) Last() uint64 {
	if f.prior.First == 0 {
		return 0
	}
	return f.prior.Last()
}

// Copy is groups of another journal that are written by one sync, byte for byte as they were made. They must have been
// verified by one Follower.
type Copy struct {
	groups    []Group
	values    [][]byte
	documents []document
	bytes     int // of values
	keys      int // bytes beside values and documents, and the documents
	chain     Hash
}

// Fits tells whether there is room for one more group of so many bytes.
func (c *Copy) Fits(bytes int) bool { return len(c.groups) == 0 || c.bytes+bytes <= CopyBytes }

// Add takes the group that a Follower has verified last, and its value, which must stay as it is until the copy is released.
func (c *Copy) Add(f *Follower, g Group, value []byte) {
	c.groups, c.values = append(c.groups, g), append(c.values, value)
	c.bytes += len(value)
	c.keys += entryOverhead
	c.chain = f.hash
}

// AddDocument lets a document ride with the copy; it must stay as it is, too.
func (c *Copy) AddDocument(sequence uint64, doc []byte) {
	c.documents = append(c.documents, document{sequence, doc})
	c.keys += entryOverhead + len(doc)
}

// Groups are what was added.
func (c *Copy) Groups() []Group { return c.groups }

// Bytes is what the groups take.
func (c *Copy) Bytes() int { return c.bytes }

// Reset empties the copy.
func (c *Copy) Reset() {
	clear(c.values)
	clear(c.documents)
	clear(c.groups)
	c.groups, c.values, c.documents = c.groups[:0], c.values[:0], c.documents[:0]
	c.bytes, c.keys = 0, 0
}

// BeginCopy puts a copy into a batch, ready for Commit, Wait and Release. The directory is a replica's from then on. An
// error says why the copy does not belong behind what the journal holds, and then nothing has changed. No other group may
// be between Begin and Release.
func (j *Journal) BeginCopy(c *Copy) (*Pending, error) {
	if err := j.err(); err != nil {
		return nil, err
	}
	w := &j.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	invariant.Check(!j.options.ReadOnly, "a journal open for reading is not written")
	invariant.Check(len(c.groups) > 0, "a copy holds at least one group")
	invariant.Check(w.inFlight == 0, "a copy is on its way alone")
	if err := w.admits(c); err != nil {
		return nil, err
	}
	first, last := &c.groups[0], &c.groups[len(c.groups)-1]
	p := j.takePending()
	w.inFlight++
	p.copy = c
	p.group = Group{First: first.First, Count: uint32(last.Last() - first.First + 1), Time: last.Time, Epoch: last.Epoch}
	w.begun, w.time = last.Last(), last.Time
	p.grow(c.bytes + c.keys)
	putMark(p.batch)
	for i, value := range c.values {
		op := p.batch.SetDeferred(sequenceKeyLength, len(value))
		putSequenceKey(op.Key, familyJournal, c.groups[i].First)
		copy(op.Value, value)
	}
	p.documents = append(p.documents, c.documents...)
	if w.role != RoleReplica {
		w.role = RoleReplica
		s := standing{w.role, w.epoch, w.after}
		_ = p.batch.Set(roleKey, s.encode(), nil) // It fails only on a batch that was applied.
	}
	return p, nil
}

// admits tells whether a copy follows from what the journal holds.
func (w *writer) admits(c *Copy) error {
	first, last := &c.groups[0], &c.groups[len(c.groups)-1]
	wrong := func(cause error, format string, args ...any) error {
		text := fmt.Sprintf(format, args...)
		if cause == nil {
			return errors.New(text)
		}
		return fmt.Errorf("%w: %s", cause, text)
	}
	switch {
	case first.First != w.sealed+1:
		return wrong(nil, "the group begins with sequence %d, and the journal goes on with %d", first.First, w.sealed+1)
	case first.Previous != w.chain:
		return wrong(ErrOtherHistory, "the group of sequence %d follows %x, and the journal ends with %x",
			first.First, first.Previous, w.chain)
	case first.Time < w.time:
		return wrong(nil, "the group of sequence %d is older than the one before it", first.First)
	case first.Epoch < w.groupEpoch:
		return wrong(ErrOldEpoch, "the group of sequence %d has epoch %d, and the one before it %d", first.First, first.Epoch, w.groupEpoch)
	case c.bytes+c.keys > MaxGroupBytes:
		return wrong(nil, "the group of sequence %d takes %d bytes, and at most %d are allowed", first.First, c.bytes+c.keys, MaxGroupBytes)
	case last.Last()-first.First >= 1<<32-1:
		return wrong(nil, "the groups from sequence %d hold more commands than can be", first.First)
	}
	for i := range c.groups {
		if g := &c.groups[i]; g.First > w.after && g.Epoch < w.epoch {
			return wrong(ErrOldEpoch, "the group of sequence %d has epoch %d, and epoch %d began behind %d", g.First, g.Epoch, w.epoch, w.after)
		}
	}
	return nil
}

// beforeLastEpoch is the last sequence before the epoch of the last group.
func (c *Copy) beforeLastEpoch() uint64 {
	n := len(c.groups) - 1
	for n > 0 && c.groups[n-1].Epoch == c.groups[n].Epoch {
		n--
	}
	return c.groups[n].First - 1
}
