package wal

import (
	"time"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/engine/invariant"
)

const (
	// MaxInFlight bounds the groups between Begin and Release. More than a few gain nothing: they only
	// take memory and share a sync.
	MaxInFlight = 8
	// initialBatchBytes and retainedBatchBytes keep the buffers of ordinary groups from one use to the next.
	initialBatchBytes  = 1 << 20
	retainedBatchBytes = 8 << 20
	// entryOverhead is what an entry of a batch takes beside its value, rounded up.
	entryOverhead = 32
)

// Pending is a group on its way to the disk: begun, filled, committed, waited for, released. It belongs
// to the caller from Begin to Release.
type Pending struct {
	j         *Journal
	batch     *pebble.Batch
	write     func() // made once, so that the calls allocate nothing
	applied   chan error
	synced    chan error
	took      time.Duration // from the start of the write to the end of the sync
	group     Group
	value     []byte // the group's whole value, inside the batch
	documents []document
	copy      *Copy // whose groups these are; nil for a group of our own
	bytes     int   // of payload and documents
	started   time.Time
	committed bool
}

type document struct {
	sequence uint64
	bytes    []byte
}

// Begin opens the next group: count commands from sequence first, stamped with a time in milliseconds
// since 1970, whose encoding takes exactly payload bytes. first must follow the group begun before.
func (j *Journal) Begin(first uint64, count uint32, time int64, payload int) (*Pending, error) {
	if err := j.err(); err != nil {
		return nil, err
	}
	w := &j.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	invariant.Check(!j.options.ReadOnly, "a journal open for reading is not written")
	invariant.Check(first == w.begun+1, "a group begins where the one before it ended")
	invariant.Check(count > 0, "a group holds at least one command")
	invariant.Check(time >= w.time, "the time of groups never goes back")
	invariant.Check(w.inFlight < MaxInFlight, "at most MaxInFlight groups are between Begin and Release")
	p := j.takePending()
	w.inFlight++
	p.group = Group{First: first, Count: count, Time: time, Epoch: w.epoch}
	w.begun, w.time = p.group.Last(), time
	p.grow(payload)
	putMark(p.batch)
	op := p.batch.SetDeferred(sequenceKeyLength, payload+GroupOverhead)
	putSequenceKey(op.Key, familyJournal, first)
	p.value = op.Value
	return p, nil
}

// takePending reuses a released group or makes one.
func (j *Journal) takePending() *Pending {
	w := &j.writer
	if n := len(w.free); n > 0 {
		p := w.free[n-1]
		w.free = w.free[:n-1]
		return p
	}
	p := &Pending{j: j, batch: j.newBatch(), applied: make(chan error, 1), synced: make(chan error, 1)}
	p.write = func() {
		if err := j.check(j.db.ApplyNoSyncWait(p.batch, pebble.Sync)); err != nil {
			p.applied <- err
			return
		}
		p.applied <- nil
		err := j.check(p.batch.SyncWait())
		p.took = time.Since(p.started)
		p.synced <- err
	}
	return p
}

func (j *Journal) newBatch() *pebble.Batch {
	return j.db.NewBatch(
		pebble.WithInitialSizeBytes(initialBatchBytes), pebble.WithMaxRetainedSizeBytes(retainedBatchBytes))
}

// Payload is where the commands are to be encoded, all of it, before Commit. It stays readable until Release.
func (p *Pending) Payload() []byte {
	return p.value[headerLength : len(p.value)-trailerLength]
}

// AddDocument lets a document ride with the group. The bytes must stay as they are until Commit, which
// copies them.
func (p *Pending) AddDocument(sequence uint64, doc []byte) {
	invariant.Check(!p.committed, "a group is complete when it is committed")
	invariant.Check(sequence >= p.group.First && sequence <= p.group.Last(), "a document belongs to a command of its group")
	p.grow(len(doc) + entryOverhead)
	p.documents = append(p.documents, document{sequence, doc})
}

func (p *Pending) grow(bytes int) {
	p.bytes += bytes
	invariant.Check(p.bytes <= MaxGroupBytes, "a group is at most MaxGroupBytes")
}

// Commit seals the group and starts to write it. Groups are committed in the order in which they were begun.
func (p *Pending) Commit() error {
	j, w := p.j, &p.j.writer
	invariant.Check(!p.committed, "a group is committed once")
	if err := j.err(); err != nil {
		return err
	}
	invariant.Check(p.group.First == w.sealed+1, "groups are committed in the order in which they were begun")
	p.committed = true
	p.started = time.Now()
	if err := w.space.check(p.started); err != nil {
		return j.fail(err)
	}
	p.seal()
	go p.write()
	if err := j.wait(p.applied); err != nil {
		return err
	}
	// The write is under way: hashing now costs no latency.
	var chain Hash
	if p.copy != nil {
		chain = p.copy.chain
	} else {
		chain = HashGroup(p.value)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.chain, w.sealed, w.groupEpoch = chain, p.group.Last(), p.group.Epoch
	if p.copy != nil && p.group.Epoch > w.epoch {
		w.epoch, w.after = p.group.Epoch, p.copy.beforeLastEpoch()
	}
	return nil
}

// seal completes the batch. Adding documents may move it to a larger buffer; the group's value was
// complete before, and what p.value still shows is the same.
func (p *Pending) seal() {
	if p.copy == nil {
		p.group.Previous = p.j.writer.chain
		sealGroup(p.value, &p.group)
	}
	for i := range p.documents {
		d := &p.documents[i]
		op := p.batch.SetDeferred(sequenceKeyLength, len(d.bytes))
		putSequenceKey(op.Key, familyDocument, d.sequence)
		copy(op.Value, d.bytes)
		d.bytes = nil
	}
	setMark(p.batch, p.j.durable.Load())
	if invariant.Costly && p.copy == nil {
		_, err := DecodeGroup(p.value)
		invariant.Check(err == nil, "what is written can be read")
	}
}

// Wait returns when the group, and with it every earlier one, is durable. It is called once.
func (p *Pending) Wait() error {
	invariant.Check(p.committed, "a group is committed before it is waited for")
	if err := p.j.wait(p.synced); err != nil {
		return err
	}
	raise(&p.j.durable, p.group.Last())
	if f := p.j.options.Hooks.GroupWritten; f != nil {
		f(p.batch.Len(), p.took)
	}
	return nil
}

// Release lets the buffers be used again; neither p nor its payload may be touched afterwards. The groups of
// a journal that has failed are left alone: Pebble may still be reading them.
func (p *Pending) Release() {
	j, w := p.j, &p.j.writer
	if j.dead.Load() {
		return
	}
	invariant.Check(p.committed && j.durable.Load() >= p.group.Last(), "a group is durable before it is released")
	p.batch.Reset()
	*p = Pending{j: j, batch: p.batch, write: p.write, applied: p.applied, synced: p.synced, documents: p.documents[:0]}
	w.mu.Lock()
	w.inFlight--
	w.free = append(w.free, p)
	w.mu.Unlock()
}
