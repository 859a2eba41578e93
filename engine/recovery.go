package engine

import (
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// replayDepth is how many groups may lie between two stages of a replay.
const replayDepth = 4

// replayGroup is one group of a replay: a copy of its commands, and a request that stands for all of them to take
// their results.
type replayGroup struct {
	group
	request Request
	bytes   []byte
}

// recover executes the whole journal, with the same code that executed it first. Three stages work side by side: the
// journal is read and verified; the shards execute; the keys are put into their table.
func (e *Engine) recover() error {
	started := time.Now()
	if err := e.readers.load(e.journal); err != nil {
		return err
	}
	if err := e.findExpired(); err != nil {
		return err
	}
	damaged, err := e.restore(restoreAny)
	if err != nil {
		return err
	}
	if err := e.archive.restore(); err != nil {
		return err
	}
	from := e.Sequence()
	idle := make(chan *replayGroup, replayDepth)
	for range replayDepth {
		g := &replayGroup{group: *newGroup(len(e.shards))}
		idle <- g
	}
	read, executed := make(chan *replayGroup, replayDepth), make(chan *replayGroup, replayDepth)
	readErr, executeErr := make(chan error, 1), make(chan error, 1)
	go func() { readErr <- e.readJournal(uint64(from)+1, idle, read) }()
	go func() { executeErr <- e.executeJournal(read, executed) }()
	info := e.restoreKeys(executed, idle)
	info.Checkpoint, info.Damaged = from, damaged
	if err := <-executeErr; err != nil {
		return err
	}
	if err := <-readErr; err != nil {
		return err
	}
	info.Events = e.stats.events.Swap(0)
	info.Took = time.Since(started)
	if hook := e.options.Hooks.Recovered; hook != nil {
		hook(info)
	}
	return nil
}

func (e *Engine) readJournal(from uint64, idle <-chan *replayGroup, read chan<- *replayGroup) error {
	defer close(read)
	var command core.Command
	return e.journal.Replay(from, func(source wal.Group) error {
		if err := e.checkpoints.follows(&source); err != nil {
			return err
		}
		g := <-idle
		g.first, g.now, g.commands = core.Sequence(source.First), core.Millis(source.Time), int(source.Count)
		if err := checkPayload(&command, g.first, g.commands, source.Payload); err != nil {
			return err
		}
		g.bytes = append(g.bytes[:0], source.Payload...)
		read <- g
		return nil
	})
}

// executeJournal executes group by group and releases each. After an error it only drains, so that nobody waits
// for ever.
func (e *Engine) executeJournal(read <-chan *replayGroup, executed chan<- *replayGroup) (err error) {
	defer close(executed)
	for g := range read {
		if err == nil {
			err = e.executeReplay(g)
		}
		executed <- g
	}
	return err
}

// executeJournaled executes a group that comes from a journal. Its results go to a request that stands for all of them.
func (e *Engine) executeJournaled(g *replayGroup) {
	first, now, commands := g.first, g.now, g.commands
	g.reset()
	g.first, g.now, g.commands, g.payload = first, now, commands, g.bytes
	g.group.bytes = len(g.payload)
	g.stored = e.feed.Last() >= g.last()
	r := &g.request
	r.results = resizeResults(r.results, commands)
	r.count = commands
	g.requests = append(g.requests[:0], r)
	e.execute(&g.group)
}

func (e *Engine) executeReplay(g *replayGroup) error {
	e.executeJournaled(g)
	if err := e.storeArchive(&g.group); err != nil {
		return err
	}
	if err := e.storeFeed(&g.group); err != nil {
		return err
	}
	e.publish(&g.group)
	e.released.Store(uint64(g.last()))
	return nil
}

// checkPayload verifies that a group holds as many commands as it says, and that each can be decoded, before any of
// them is executed.
func checkPayload(c *core.Command, first core.Sequence, commands int, payload []byte) error {
	for n := range commands {
		length, err := codec.DecodeCommand(payload, c)
		if err != nil {
			return damage(first+core.Sequence(n), err.Error())
		}
		payload = payload[length:]
	}
	if len(payload) > 0 {
		return damage(first, "the group holds more than its commands")
	}
	return nil
}

func damage(at core.Sequence, reason string) error {
	return &wal.DamageError{Sequence: uint64(at), Reason: reason}
}

func resizeResults(results []Result, n int) []Result {
	if cap(results) < n {
		return make([]Result, n)
	}
	results = results[:n]
	clear(results)
	return results
}

// findExpired learns which keys are not to be taken over: those that are older than the window, and those whose events
// were cut off because they had been forgotten.
func (e *Engine) findExpired() error {
	expired, err := e.keysExpired()
	e.expired = max(expired, e.feed.Oldest())
	return err
}

// trimKeys is how many keys are taken over before it is looked whether there are too many.
const trimKeys = 1 << 16

// restoreKeys takes over the keys of the commands that changed something.
func (e *Engine) restoreKeys(executed <-chan *replayGroup, idle chan<- *replayGroup) (info RecoveryInfo) {
	untrimmed := 0
	for g := range executed {
		untrimmed += e.restoreKeysOf(g)
		if untrimmed > min(trimKeys, e.options.KeysMax/evictShare) {
			untrimmed = 0
			e.evictCrowded(g.last())
		}
		info.Commands += uint64(len(g.request.results))
		info.Groups++
		g.request.results = g.request.results[:0]
		idle <- g
	}
	return info
}

// restoreKeysOf takes over a group's keys, and tells how many.
func (e *Engine) restoreKeysOf(g *replayGroup) (taken int) {
	payload := g.bytes
	for i := range g.request.results {
		h, err := codec.PeekCommand(payload)
		invariant.Check(err == nil, "a group that was executed can be read again")
		result := &g.request.results[i]
		if h.HasKey && result.Status == ResultDone && result.Changed && result.Sequence > e.expired {
			e.keys.restore(&h.Key, codec.Fingerprint(payload[:h.Length]), result.Sequence)
			taken++
		}
		payload = payload[h.Length:]
	}
	return taken
}
