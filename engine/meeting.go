package engine

import (
	"sync/atomic"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// meeting is a command that touches several shards. Each gathers for its slots; the last to arrive decides while the
// others wait; then each applies its part. As all shards meet commands in the same order, nobody waits for somebody
// who waits for him.
type meeting struct {
	command core.Command
	step    core.Step
	shards  []*shard // those that take part
	arrived atomic.Int32
}

// spansShards tells whether slots belong to more than one shard.
func spansShards(mask core.SlotMask, shards int) bool {
	if mask&(mask-1) == 0 || shards == 1 {
		return false
	}
	first := -1
	for slot := range core.Slot(core.SlotCount) {
		if !mask.Has(slot) {
			continue
		}
		if owner := shardOf(slot, shards); first < 0 {
			first = owner
		} else if owner != first {
			return true
		}
	}
	return false
}

// arrange prepares the meetings of a group, before its shards start.
func (e *Engine) arrange(g *group) {
	if len(e.shards) == 1 {
		return
	}
	sequence := g.first
	for payload := g.payload; len(payload) > 0; sequence++ {
		h, err := codec.PeekCommand(payload)
		invariant.Check(err == nil, "the journal holds commands that codec takes")
		if spansShards(h.Mask, len(e.shards)) {
			g.meetings = append(g.meetings, e.meet(payload[:h.Length], sequence, g.now))
		}
		payload = payload[h.Length:]
	}
}

func (e *Engine) meet(frame []byte, sequence core.Sequence, now core.Millis) *meeting {
	var m *meeting
	if n := len(e.idleMeetings); n > 0 {
		m = e.idleMeetings[n-1]
		e.idleMeetings = e.idleMeetings[:n-1]
	} else {
		m = &meeting{}
	}
	_, err := codec.DecodeCommand(frame, &m.command)
	invariant.Check(err == nil, "the journal holds commands that codec takes")
	m.step.Begin(&m.command, sequence, now)
	m.arrived.Store(0)
	m.shards = m.shards[:0]
	for _, s := range e.shards {
		if m.command.Mask&s.own != 0 {
			m.shards = append(m.shards, s)
		}
	}
	return m
}

// attend takes part in a meeting.
func (s *shard) attend(m *meeting, sequence core.Sequence, result *Result) {
	mine := m.command.Mask & s.own
	for slot := range core.Slot(core.SlotCount) {
		if mine.Has(slot) {
			s.machine.Gather(slot, &m.step, s)
		}
	}
	if int(m.arrived.Add(1)) == len(m.shards) {
		s.machine.Decide(&m.step)
		s.conclude(&m.step.Outcome, sequence, result)
		for _, other := range m.shards {
			if other != s {
				other.wake <- struct{}{}
			}
		}
	} else {
		<-s.wake
	}
	for slot := range core.Slot(core.SlotCount) {
		if mine.Has(slot) {
			s.machine.Apply(slot, &m.step, s)
		}
	}
	for slot := range core.Slot(core.SlotCount) {
		if mine.Has(slot) {
			s.machine.Alert(slot, &m.step, s)
		}
	}
}
