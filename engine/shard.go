package engine

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// shard executes commands on the slots that it owns. Every shard sees every group, and in it every command in the
// one order; it passes over those that do not touch its slots.
type shard struct {
	index   int
	own     core.SlotMask
	machine *core.Machine
	groups  chan *group // nil for the first shard, which runs on the sequencer's goroutine
	step    core.Step
	command core.Command  // where there are several shards
	ahead   lookahead     // where there is one
	wake    chan struct{} // a meeting has been decided

	// of the group under way
	out     *shardOutput
	stored  bool // the feed has the group's events: this is a replay
	sorting bool // there are other shards: note where events lie
	result  *Result
	meeting int // next one of the group's
}

// lookahead decodes one command ahead, so that what it will look at is fetched from memory while the one before it is
// executed. Several shards do without: each passes over most of a group's commands.
type lookahead struct {
	commands [2]core.Command
	lengths  [2]int
	current  int
}

// shardOf tells which shard owns a slot.
func shardOf(slot core.Slot, shards int) int { return int(slot) % shards }

func newShard(index, shards int, m *core.Machine) *shard {
	s := &shard{index: index, machine: m, wake: make(chan struct{}, 1), sorting: shards > 1}
	for slot := range core.Slot(core.SlotCount) {
		if shardOf(slot, shards) == index {
			s.own |= slot.Mask()
		}
	}
	if index > 0 {
		s.groups = make(chan *group, 1)
	}
	return s
}

// run executes groups until there are no more; every shard but the first has its own goroutine for it.
func (s *shard) run() {
	for g := range s.groups {
		s.execute(g)
		g.running.Done()
	}
}

// execute runs a group's commands and leaves the results in its requests, events and news in its output.
func (s *shard) execute(g *group) {
	s.out, s.meeting, s.stored = &g.shards[s.index], 0, g.stored
	if !s.sorting {
		s.decodeAhead(g.payload)
		s.out.feed = codec.AppendFeedHeader(s.out.feed, g.first, g.last())
	}
	sequence, payload := g.first, g.payload
	for range g.owned {
		payload = s.next(g, sequence, payload, nil)
		sequence++
	}
	for _, r := range g.requests {
		for k := range r.count {
			payload = s.next(g, sequence, payload, &r.results[r.place(k)])
			sequence++
		}
	}
	invariant.Check(len(payload) == 0, "a group holds exactly the commands of its requests")
	s.collect()
}

// next executes the command that the payload begins with, if it touches the shard, and gives the rest.
func (s *shard) next(g *group, sequence core.Sequence, payload []byte, result *Result) []byte {
	if s.sorting {
		return s.nextOfSeveral(g, sequence, payload, result)
	}
	a := &s.ahead
	a.current ^= 1
	command, rest := &a.commands[a.current], payload[a.lengths[a.current]:]
	s.machine.PrefetchLevels(command)
	if len(rest) > 0 {
		s.decodeAhead(rest)
	}
	s.result = result
	s.conclude(s.machine.Execute(&s.step, command, sequence, g.now, s), sequence, result)
	return rest
}

// decodeAhead decodes the command that the payload begins with, for the next call of next.
func (s *shard) decodeAhead(payload []byte) {
	a := &s.ahead
	c := &a.commands[a.current^1]
	n, err := codec.DecodeCommand(payload, c)
	invariant.Check(err == nil, "the journal holds commands that codec takes")
	a.lengths[a.current^1] = n
	s.machine.Prefetch(c)
}

// nextOfSeveral is next where other shards run too: a command that touches several meets them.
func (s *shard) nextOfSeveral(g *group, sequence core.Sequence, payload []byte, result *Result) []byte {
	h, err := codec.PeekCommand(payload)
	invariant.Check(err == nil, "the journal holds commands that codec takes")
	rest := payload[h.Length:]
	s.result = result
	if spansShards(h.Mask, len(g.shards)) {
		m := g.meetings[s.meeting]
		s.meeting++
		if h.Mask&s.own != 0 {
			s.attend(m, sequence, result)
		}
		return rest
	}
	if h.Mask&s.own != 0 {
		_, err := codec.DecodeCommand(payload, &s.command)
		invariant.Check(err == nil, "the journal holds commands that codec takes")
		s.conclude(s.machine.Execute(&s.step, &s.command, sequence, g.now, s), sequence, result)
	}
	return rest
}

// conclude notes what became of a command.
func (s *shard) conclude(outcome *core.Outcome, sequence core.Sequence, result *Result) {
	if result == nil {
		return
	}
	result.Sequence, result.Order, result.Changed = sequence, outcome.Order, outcome.Changed
	if outcome.Reason == core.ReasonNone {
		result.Status = ResultDone
		return
	}
	result.Status, result.Reason = ResultRefused, outcome.Reason
	s.out.overtaken = s.out.overtaken || isOvertaken(outcome.Reason)
	if outcome.Refusal.Order != 0 {
		result.Order = outcome.Refusal.Order
	}
	result.shard = uint8(s.index)
	result.from = uint32(len(s.out.refusals))
	s.out.refusals = codec.AppendRefusal(s.out.refusals, outcome.Refusal)
	result.to = uint32(len(s.out.refusals))
}

// Event is core.Sink: it keeps an event for the feed and for whoever sent the command. Of events that the feed has,
// only definitions are still wanted, by the directory.
func (s *shard) Event(ev *core.Event) {
	if s.stored && !ev.Kind.IsDefinition() {
		return
	}
	from := len(s.out.feed)
	s.out.feed = codec.AppendEvent(s.out.feed, ev)
	s.out.events++
	to := len(s.out.feed)
	result := s.result
	if ev.Kind.IsOwn() && result != nil {
		result.shard, result.from, result.to = uint8(s.index), uint32(from), uint32(to)
	}
	if s.sorting {
		s.note(ev, from, to)
	}
	if ev.Kind.IsDefinition() {
		s.define(s.out.feed[from:to])
	}
}

func (s *shard) note(ev *core.Event, from, to int) {
	ref := eventRef{sequence: ev.Sequence, from: uint32(from), to: uint32(to)}
	switch ev.Kind {
	case core.EventHoldExpired, core.EventOrderClosed, core.EventReturnExpired:
		ref.rank, ref.slot = rankBefore, ev.Order.ID.Home()
	case core.EventPoolChanged:
		ref.rank, ref.slot = rankBefore, ev.Rule.SKU.Slot()
	case core.EventPreorderEnded:
		ref.rank, ref.slot = rankBefore, ev.Preorder.SKU.Slot()
	case core.EventSupplyChanged:
		ref.rank, ref.slot = rankAfter, ev.Supply.SKU.Slot()
	case core.EventOrderRouted, core.EventOrderOversold:
		ref.rank = rankWhy
	case core.EventTaskRequested:
		ref.rank, ref.slot = rankWhy, ev.Order.ID.Home()
		if before := s.out.refs[len(s.out.refs)-1]; before.rank == rankBefore { // of a hold that expired, right behind that
			ref.rank = rankBefore
		}
	default:
		ref.rank, ref.result = rankOwn, s.result
	}
	s.out.refs = append(s.out.refs, ref)
}

// define keeps a copy of a definition for the directory.
func (s *shard) define(encoded []byte) {
	var ev core.Event
	_, err := codec.DecodeEvent(append([]byte(nil), encoded...), &ev)
	invariant.Check(err == nil, "an event that was encoded can be decoded")
	s.out.defined = append(s.out.defined, ev)
}

// collect notes what may still be sold of the SKUs that the group touched, and whether somebody waits for what has come.
func (s *shard) collect() {
	for slot := range core.Slot(core.SlotCount) {
		if s.own.Has(slot) {
			s.machine.DrainTouched(slot, func(sku core.SKUID, orderable core.Quantity) {
				s.out.changed = append(s.out.changed, published{sku: sku, orderable: orderable})
			})
			s.machine.DrainSaleItems(slot, func(sale core.SaleID, sku core.SKUID, left core.Quantity) {
				s.out.items = append(s.out.items, publishedItem{sale: sale, sku: sku, left: left})
			})
			s.out.someWait = s.out.someWait || s.machine.SomeWait(slot)
			s.out.unsettled = s.out.unsettled || s.machine.HasUnsettled(slot)
		}
	}
}
