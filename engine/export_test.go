package engine

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// Journal gives the journal, for tests that harm it under a running engine.
func (e *Engine) Journal() *wal.Journal { return e.journal }

// DropOlderCheckpoints is what comes after every checkpoint, for tests that take none meanwhile: when the writer has cut, it
// waits.
func (e *Engine) DropOlderCheckpoints() error {
	if _, err := e.Retain(); err != nil {
		return err
	}
	return e.checkpoints.dropOlder()
}

// Kept is what a reader reads.
func (k ReaderKind) Kept() wal.Kept { return k.kept() }

// KeyAnswer is what the key table answers about a command's key.
type KeyAnswer struct {
	State    uint8
	Sequence core.Sequence
}

// Key asks the key table.
func (e *Engine) Key(c *core.Command) KeyAnswer {
	state, sequence := e.keys.lookup(&c.Key, codec.Fingerprint(codec.AppendCommand(nil, c)))
	return KeyAnswer{State: uint8(state), Sequence: sequence}
}

// claim claims one key, as a request of one command does.
func (t *keyTable) claim(key *core.IdempotencyKey, fingerprint uint64) (keyHandle, claimState, core.Sequence) {
	claims := []claim{{key: *key, hash: t.hash(key), fingerprint: fingerprint}}
	var order []uint16
	t.claimAll(claims, &order)
	switch c := &claims[0]; c.state {
	case claimNew:
		return keyHandle(c.value), claimNew, 0
	case claimBound:
		return noKey, claimBound, core.Sequence(c.value)
	default:
		return noKey, c.state, 0
	}
}

// lookup tells about a key without claiming it.
func (t *keyTable) lookup(key *core.IdempotencyKey, fingerprint uint64) (claimState, core.Sequence) {
	handle, state, sequence := t.claim(key, fingerprint)
	if state == claimNew {
		t.abandon(handle)
	}
	return state, sequence
}

// SendBack has the engine behave as if so many more requests had been sent back to look up external ids.
func (e *Engine) SendBack(requests int64) { e.archive.sentBack.Add(requests) }

// ArchiveMost and ArchivePageBytes bound a turn of the archiver, however long ago the one before was.
const (
	ArchiveMost      = archiveMost
	ArchivePageBytes = archivePageBytes
)

// Tamper executes a command on this engine's state alone, past its journal, as a bug would that others do not have.
func (e *Engine) Tamper(c core.Command) error {
	c.Mask, _ = core.SlotsOf(&c)
	_, err := e.ask(&tampering{c: c, e: e})
	return err
}

type tampering struct {
	c core.Command
	e *Engine
}

func (t *tampering) read(m *core.Machine) {
	var step core.Step
	m.Execute(&step, &t.c, core.Sequence(t.e.released.Load()), core.Millis(t.e.journal.LastTime()), t)
}

func (*tampering) Event(*core.Event)       {}
func (*tampering) Archived(*core.Archived) {}

// InParts is what the filler does when the queue is full.
var InParts = inParts
