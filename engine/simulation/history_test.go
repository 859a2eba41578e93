package simulation

import (
	"bytes"
	"errors"
	"hash"
	"slices"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/reference"
	"holdfast/wal"
)

// history is what was released so far, as seen from outside, and what it has to mean: the reference model and a machine
// without any engine around it execute the same journal.
type history struct {
	w        *world
	model    *reference.Model
	machine  *core.Machine
	step     core.Step
	commands []executed   // by sequence − 1
	groups   []groupPlace // in order
	events   []storedEvent
	seen     int // events that the feed has shown
	bound    map[core.IdempotencyKey]core.Sequence
	holds    map[core.OrderID]holdLife
	archived map[core.OrderID]core.OrderImage // that have left memory
	trace    hash.Hash
	digests  map[core.Sequence]core.Digest // after each group; kept only when it is not nil
}

// executed is a command of the journal, and what the model says became of it.
type executed struct {
	fingerprint uint64
	frame       uint64 // hash of the whole frame
	document    []byte
	order       core.OrderID
	reason      core.Reason
	changed     bool
	tick        bool
	image       []byte // of its own event or refusal
}

type groupPlace struct {
	first, last uint64
	hash        wal.Hash
}

type storedEvent struct {
	sequence core.Sequence
	bytes    []byte
}

// holdLife follows one hold through the feed.
type holdLife uint8

const (
	holdLives holdLife = iota + 1
	holdConfirmed
	holdEnded
)

func newHistory(w *world) *history {
	return &history{
		w: w, model: reference.New(), machine: core.New(core.Options{Seed: w.seed}), trace: w.trace,
		bound: map[core.IdempotencyKey]core.Sequence{}, holds: map[core.OrderID]holdLife{},
		archived: map[core.OrderID]core.OrderImage{},
	}
}

// last is the newest sequence known.
func (h *history) last() core.Sequence { return core.Sequence(len(h.commands)) }

// follow takes in what the engine has released since it was called last, and compares it with what it has to be.
func (h *history) follow(e *engine.Engine) {
	released := e.Sequence()
	err := e.ReadJournal(h.last()+1, func(group []byte, last core.Sequence) bool {
		h.takeGroup(group)
		return true
	})
	h.w.must(err, "reading the journal")
	if h.last() != released {
		h.w.fail("the engine has released %d, and its journal shows %d", released, h.last())
	}
	h.followFeed(e)
}

// takeGroup takes in a group that follows the ones known.
func (h *history) takeGroup(value []byte) {
	g, err := wal.DecodeGroup(value)
	h.w.must(err, "decoding a group")
	if core.Sequence(g.First) != h.last()+1 {
		h.w.fail("a group begins with %d after %d", g.First, h.last())
	}
	if n := len(h.groups); n > 0 && g.Previous != h.groups[n-1].hash {
		h.w.fail("group %d does not follow from the one before", g.First)
	}
	h.groups = append(h.groups, groupPlace{g.First, g.Last(), wal.HashGroup(value)})
	_, _ = h.trace.Write(value)
	payload := g.Payload
	for range g.Count {
		payload = payload[h.execute(payload, core.Millis(g.Time)):]
	}
	if h.digests != nil {
		h.digests[h.last()] = h.machine.Digest()
	}
	h.w.stats.groups++
	h.w.unflushed += 2*len(value) + len(g.Payload)
	h.w.stats.commands += int(g.Count)
}

// execute has the model and the machine execute the command that a payload begins with.
func (h *history) execute(payload []byte, now core.Millis) (length int) {
	var c core.Command
	length, err := codec.DecodeCommand(payload, &c)
	h.w.must(err, "decoding a command")
	frame := payload[:length]
	sequence := h.last() + 1
	events, outcome := h.model.Execute(&c, sequence, now)
	x := executed{
		fingerprint: codec.Fingerprint(frame), frame: hashBytes(frame), document: bytes.Clone(c.Document),
		order: outcome.Order, reason: outcome.Reason, changed: outcome.Changed, tick: c.Kind == core.CommandTick,
	}
	switch {
	case outcome.Reason == core.ReasonSlotsChanged:
		h.w.stats.slotsChanged++
	case outcome.Changed && c.Kind == core.CommandEditOrder:
		h.w.stats.edits++
	case outcome.Reason == core.ReasonRecipeChanged:
		h.w.stats.recipesChanged++
	case len(c.Recipes) > 0 && outcome.Changed && c.Kind != core.CommandSetKit:
		h.w.stats.kits++
	}
	if outcome.Refusal != nil {
		x.image = codec.AppendRefusal(nil, outcome.Refusal)
		if outcome.Refusal.Order != 0 {
			x.order = outcome.Refusal.Order
		}
	}
	for i := range events {
		if events[i].Kind == reference.OrderArchived {
			h.archived[events[i].Order.ID] = events[i].Order
			h.w.stats.archived++
			continue
		}
		encoded := codec.AppendEvent(nil, &events[i])
		h.events = append(h.events, storedEvent{sequence, encoded})
		h.w.unflushed += len(encoded)
		h.followHold(&events[i])
		if events[i].Kind.IsOwn() {
			x.image = encoded
		}
	}
	if c.HasKey && x.changed {
		if first, taken := h.bound[c.Key]; taken {
			h.w.fail("the key %x was used by command %d and again by %d", c.Key, first, sequence)
		}
		h.bound[c.Key] = sequence
	}
	h.commands = append(h.commands, x)
	if got := h.machine.Execute(&h.step, &c, sequence, now, deaf{}); got.Reason != outcome.Reason || got.Changed != outcome.Changed {
		h.w.fail("command %d: the machine says %+v, the model %+v", sequence, got, outcome)
	}
	return length
}

// deaf is a sink that does not listen.
type deaf struct{}

// Event implements core.Sink.
func (deaf) Event(*core.Event)       {}
func (deaf) Archived(*core.Archived) {}

// followHold sees to it that every hold ends once, and that none is confirmed after its end.
func (h *history) followHold(ev *core.Event) {
	id := ev.Order.ID
	life := h.holds[id]
	wrong := false
	switch ev.Kind {
	case core.EventHoldPlaced, core.EventWaitlistOffered:
		wrong = life != 0
		h.holds[id] = holdLives
	case core.EventHoldExtended:
		wrong = life != holdLives
	case core.EventHoldConfirmed:
		wrong = life != holdLives || ev.At >= ev.Order.Deadline
		h.holds[id] = holdConfirmed
	case core.EventHoldReleased, core.EventHoldExpired, core.EventHoldCancelled:
		wrong = life != holdLives
		h.holds[id] = holdEnded
	case core.EventCaseResolved:
		if ev.Order.Status == core.StatusCancelled {
			wrong = life == holdEnded || (life == holdLives) != ev.Resolution.Held
			if life != 0 {
				h.holds[id] = holdEnded
			}
		}
	case core.EventOrderCancelled:
		wrong = life == holdEnded || life == holdLives
		if life != 0 {
			h.holds[id] = holdEnded
		}
	}
	if wrong {
		h.w.fail("event %d of hold %d of command %d cannot be: its life is at %d", ev.Kind, id, ev.Sequence, life)
	}
}

// followFeed reads what the feed has shown since it was called last: the events of the model, all of them, in order.
func (h *history) followFeed(e *engine.Engine) {
	after := core.Sequence(0)
	if h.seen > 0 {
		after = h.events[h.seen-1].sequence
	}
	reader := e.Feed().Read(after)
	for {
		event, header, _, err := reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			break
		}
		if errors.Is(err, wal.ErrFailed) {
			return // the disk has failed meanwhile, and the next node will tell
		}
		h.w.must(err, "reading the feed")
		if h.seen == len(h.events) {
			h.w.fail("the feed has an event of command %d too many", header.Sequence)
		}
		if want := h.events[h.seen]; !bytes.Equal(event, want.bytes) {
			h.w.fail("event %d of the feed, of command %d, is\n%x, and has to be, of command %d,\n%x",
				h.seen, header.Sequence, event, want.sequence, want.bytes)
		}
		h.seen++
	}
	if h.seen != len(h.events) {
		h.w.fail("the feed ends after %d events of %d: those from command %d on are missing, it tells that it has %d, and %d is released",
			h.seen, len(h.events), h.events[h.seen].sequence, e.Feed().Last(), h.last())
	}
}

// again compares an engine that was just opened with everything known, from the beginning of its journal and its feed.
func (h *history) again(e *engine.Engine) {
	first, err := e.JournalFirst()
	h.w.must(err, "asking where the journal begins")
	if first > 0 {
		at := slices.IndexFunc(h.groups, func(g groupPlace) bool { return g.first == uint64(first) })
		if at < 0 && len(h.groups) > 0 {
			h.w.fail("the journal begins with %d, where no group began", first)
		}
		err = e.ReadJournal(first, func(group []byte, last core.Sequence) bool {
			if last > h.last() {
				return false
			}
			if known := h.groups[at]; known.last != uint64(last) || known.hash != wal.HashGroup(group) {
				h.w.fail("the group that ended with %d now ends with %d, or holds something else", known.last, last)
			}
			at++
			return true
		})
		h.w.must(err, "reading the journal again")
	}
	if e.Sequence() < h.last() {
		h.w.fail("%d was released, and the engine came back with %d", h.last(), e.Sequence())
	}
	h.seen = 0
	h.follow(e)
}

// compareDigest compares the state of the engine with that of the machine that executed the whole journal.
func (h *history) compareDigest(e *engine.Engine) {
	digest, sequence, err := e.Digest()
	h.w.must(err, "asking for the digest")
	h.follow(e)
	if sequence != h.last() {
		h.w.fail("the digest is of %d, and %d was released", sequence, h.last())
	}
	if want := h.machine.Digest(); digest != want {
		h.w.fail("after %d the digest is %x, and that of a replay from the beginning %x", sequence, digest, want)
	}
	h.w.note("digest %x", digest)
	h.w.stats.digests++
}
