package engine

import (
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// sequence is the engine's main loop: it gives every command its place. One group at a time is formed, written,
// executed while the disk syncs, and released. It ends when the queue is closed and empty, or the journal fails.
func (e *Engine) sequence() {
	defer close(e.stopped)
	g := newGroup(len(e.shards))
	g.now = core.Millis(e.journal.LastTime())
	for {
		g.reset()
		e.armTimer()
		if e.queue.take(g, e.timer) {
			return
		}
		if err := e.runGroup(g); err != nil {
			// Whatever it was, nothing goes on: the process has to learn of it as when a write fails.
			err = e.journal.Fail(err)
			e.failure.CompareAndSwap(nil, &err)
			e.fail(g)
			e.checkpoints.fail()
			e.notify()
			return
		}
		e.checkpoints.keepPages()
	}
}

// runGroup takes a group through its life.
func (e *Engine) runGroup(g *group) error {
	e.sendBack(g)
	// 0. What a primary sent, where this is a replica.
	if g.batch != nil {
		if err := e.applyGroups(g.batch); err != nil {
			return err
		}
	}
	// 1. Stamp: sequence and time. A replica's time is its primary's.
	g.first = core.Sequence(e.released.Load()) + 1
	if e.Following() {
		g.now = core.Millis(e.journal.LastTime())
	} else {
		g.now = e.readClock(g.now)
		e.addTick(g)
		e.addServings(g)
		e.addUnpaid(g)
	}
	if g.commands == 0 && len(g.queries) == 0 {
		return nil // the timer, and nothing is due
	}
	// 2. Journal: the write begins.
	if g.commands > 0 {
		if err := e.write(g); err != nil {
			return err
		}
	}
	// 3. Execute, while the disk syncs.
	started := time.Now()
	e.execute(g)
	g.executed = time.Since(started)
	// 4. Wait until it is durable.
	if g.pending != nil {
		if err := g.pending.Wait(); err != nil {
			return err
		}
	}
	g.durable = time.Since(started) - g.executed
	// 5. Release.
	e.observe(g)
	if err := e.release(g); err != nil {
		return err
	}
	if g.pending != nil {
		g.pending.Release()
	}
	return nil
}

// write puts the group into the journal and starts the sync.
func (e *Engine) write(g *group) (err error) {
	g.pending, err = e.journal.Begin(uint64(g.first), uint32(g.commands), int64(g.now), g.bytes)
	if err != nil {
		return err
	}
	g.payload = g.pending.Payload()
	g.putPayload(g.payload)
	g.putDocuments()
	return g.pending.Commit()
}

// execute runs the group on all shards, the first one here, and then answers the queries.
func (e *Engine) execute(g *group) {
	if g.commands > 0 {
		e.arrange(g)
		g.running.Add(len(e.shards) - 1)
		for _, s := range e.shards[1:] {
			s.groups <- g
		}
		e.shards[0].execute(g)
		g.running.Wait()
		e.idleMeetings = append(e.idleMeetings, g.meetings...)
	}
	for _, q := range g.queries {
		q.reader.read(e.machine)
	}
}

// addTick lets time pass in slots whose holds are due and that might see no other command.
func (e *Engine) addTick(g *group) {
	if e.nextDeadline > g.now {
		return
	}
	slots := core.SlotMask(0)
	for slot := range core.Slot(core.SlotCount) {
		if at, ok := e.machine.NextDeadline(slot); ok && at <= g.now {
			slots |= slot.Mask()
		}
	}
	if slots != 0 {
		g.addOwn(&core.Command{Kind: core.CommandTick, Mask: slots})
	}
}

// maxServings bounds what a group does for waitlists. The others have their turn with the next one.
const maxServings = 256

// addServings has people on waitlists served for whom there is something. Whoever orders in the same group comes behind them.
func (e *Engine) addServings(g *group) {
	if e.nextServing > g.now || g.bytes > groupBytes {
		return
	}
	left := maxServings
	for slot := range core.Slot(core.SlotCount) {
		if !e.machine.Serve(slot, g.now, left, func(c *core.Command) bool {
			g.addOwn(c)
			left--
			return left > 0
		}) {
			return
		}
	}
}

// addUnpaid has orders cancelled that were not paid in time. Whoever pays in the same group is too late.
func (e *Engine) addUnpaid(g *group) {
	if e.nextUnpaid > g.now || g.bytes > groupBytes {
		return
	}
	left := maxServings
	for slot := range core.Slot(core.SlotCount) {
		left -= e.machine.Unpaid(slot, g.now, left, func(id core.OrderID, mask core.SlotMask) {
			g.addOwn(&core.Command{Kind: core.CommandExpireUnpaid, Order: id, Mask: mask})
		})
	}
}

// addOwn adds a command that nobody has sent.
func (g *group) addOwn(c *core.Command) {
	before := len(g.own)
	g.own = codec.AppendCommand(g.own, c)
	g.owned++
	g.commands++
	g.bytes += len(g.own) - before
}

// armTimer sets the timer to the earliest deadline, to when somebody on a waitlist can be served, or to when an order has to be paid. A replica does neither by itself.
func (e *Engine) armTimer() {
	e.nextDeadline, e.nextServing, e.nextUnpaid = noDeadline, noDeadline, noDeadline
	following := e.Following()
	for slot := range core.Slot(core.SlotCount) {
		if at, ok := e.machine.NextDeadline(slot); ok && at < e.nextDeadline {
			e.nextDeadline = at
		}
		if following {
			continue
		}
		if at, ok := e.machine.NextServing(slot); ok && at < e.nextServing {
			e.nextServing = at
		}
		if at, ok := e.machine.NextUnpaid(slot); ok && at < e.nextUnpaid {
			e.nextUnpaid = at
		}
	}
	wait := time.Hour
	if next := min(e.nextDeadline, e.nextServing, e.nextUnpaid); next != noDeadline && !following {
		millis := min(int64(next)-e.options.Clock(), time.Hour.Milliseconds()) // a sale may end in years
		wait = max(0, time.Duration(millis)*time.Millisecond)
	}
	if e.checkpoints.keeping {
		wait = min(wait, keepIdle)
	}
	e.timer.Reset(wait)
}

// noDeadline is later than every deadline.
const noDeadline = core.Millis(1<<63 - 1)

func (e *Engine) observe(g *group) {
	if g.pending != nil {
		e.stats.groups.Add(1)
		e.stats.bytes.Add(uint64(g.bytes))
	}
	e.stats.commands.Add(uint64(g.commands))
	if hook := e.options.Hooks.GroupReleased; hook != nil {
		hook(GroupInfo{
			First: uint64(g.first), Commands: g.commands, Bytes: g.bytes, Requests: len(g.requests),
			Execute: g.executed, Wait: g.durable,
		})
	}
}
