package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// The seeds of the master tests. Between them the shops have single and large baskets, one and many locations, and
// time that hurries from deadline to deadline; TestStreamsCoverTheRules sees to it.
var streamSeeds = []uint64{92, 210, 180, 274, 244, 45}

const streamCommands = 1500

// seeds gives the streams of a run.
func seeds() []uint64 {
	if testing.Short() {
		return streamSeeds[:2]
	}
	return streamSeeds
}

// runCalls sends the requests one after the other, each at its instant, and closes and opens the engine
// after every so many of them; 0 for never. It leaves the engine closed.
func runCalls(tb testing.TB, d *disk, calls []call, shards, restart int) outcome {
	tb.Helper()
	var clock scriptedClock
	clock.set(calls[0].now)
	o := engine.Options{Shards: shards, Clock: clock.read, KeepWaiting: true}
	e := openOn(tb, d, o)
	var answers []answer
	for i, c := range calls {
		if restart > 0 && i > 0 && i%restart == 0 {
			settle(tb, e)
			closeEngine(tb, e)
			e = openOn(tb, d, o)
		}
		clock.advance(tb, e, c.now)
		answers = append(answers, ask(tb, e, c.commands...)...)
	}
	settle(tb, e)
	result := observe(tb, e, calls)
	result.answers = answers
	closeEngine(tb, e)
	return result
}

// TestShardsAndRestartsChangeNothing is half of the master test: the same requests, at the same instants, give the
// same answers, events, keys and state, for any number of shards, and wherever the engine was restarted.
func TestShardsAndRestartsChangeNothing(t *testing.T) {
	leavesNothing(t)
	for _, seed := range seeds() {
		calls := randomCalls(seed, streamCommands)
		want := runCalls(t, newDisk(), calls, 1, 0)
		for _, run := range []struct{ shards, restart int }{
			{2, 0}, {3, 0}, {8, 0}, {64, 0}, {1, 97}, {8, 311},
		} {
			t.Run(fmt.Sprintf("seed=%d/shards=%d/restart=%d", seed, run.shards, run.restart), func(t *testing.T) {
				sameOutcome(t, runCalls(t, newDisk(), calls, run.shards, run.restart), want)
			})
		}
	}
}

// TestGroupsChangeNothing is the other half: one journal, cut into groups in different ways, read by engines with
// different numbers of shards that find all of it at once or in two halves, gives the state, the events
// and the keys of the engine that wrote it.
func TestGroupsChangeNothing(t *testing.T) {
	for _, seed := range seeds() {
		calls := randomCalls(seed, streamCommands)
		origin := newDisk()
		want := runCalls(t, origin, calls, 1, 0)
		want.answers = nil
		entries, groups := journaled(t, origin)
		if len(entries) != int(want.sequence) || groups >= len(entries) {
			t.Fatalf("seed %d: %d commands in %d groups, and the sequence is %d", seed, len(entries), groups, want.sequence)
		}
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { regroup(t, seed, entries, calls, want) })
	}
}

// TestGroupsOfStrangersChangeNothing does the same with journals that an engine would not write, but must read:
// commands that let holds expire themselves because no tick came before, and follow-ups that touch more
// slots than they must, or too few.
func TestGroupsOfStrangersChangeNothing(t *testing.T) {
	for _, seed := range seeds() {
		var entries []entry
		for _, step := range reference.Generate(seed, streamCommands) {
			entries = append(entries, entry{
				frame: codec.AppendCommand(nil, &step.Command), document: step.Command.Document, time: int64(step.Now),
			})
		}
		want := replay(t, entries, nil, func() int { return 1 }, 1, 0)
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { regroup(t, seed, entries, nil, want) })
	}
}

// regroup cuts a journal into groups in different ways and has engines read it.
func regroup(t *testing.T, seed uint64, entries []entry, calls []call, want outcome) {
	random := rand.New(rand.NewPCG(seed, 3))
	for name, size := range map[string]func() int{
		"one":    func() int { return 1 },
		"seven":  func() int { return 7 },
		"random": func() int { return 1 + random.IntN(40) },
		"all":    func() int { return len(entries) },
	} {
		for _, shards := range []int{1, 2, 3, 8} {
			t.Run(fmt.Sprintf("size=%s/shards=%d", name, shards), func(t *testing.T) {
				leavesNothing(t)
				sameOutcome(t, replay(t, entries, calls, size, shards, random.IntN(len(entries))), want)
			})
		}
	}
}

// replay writes a journal in two parts, each followed by a start of an engine, the second with another number of shards.
func replay(tb testing.TB, entries []entry, calls []call, size func() int, shards, restart int) outcome {
	tb.Helper()
	d := newDisk()
	writeJournal(tb, d, entries[:restart], size)
	// The clock of the first start stands still, so that it adds no tick for what such a journal has left due.
	closeEngine(tb, openOn(tb, d, engine.Options{Shards: 1 + restart%5, CheckpointBytes: -1, KeepWaiting: true, Clock: func() int64 { return 0 }}))
	writeJournal(tb, d, entries[restart:], size)
	last := entries[len(entries)-1].time
	var info engine.RecoveryInfo
	e := openOn(tb, d, engine.Options{Shards: shards, CheckpointBytes: -1, KeepWaiting: true, Clock: func() int64 { return last },
		Hooks: engine.Hooks{Recovered: func(i engine.RecoveryInfo) { info = i }}})
	defer closeEngine(tb, e)
	if info.Commands != uint64(len(entries)) {
		tb.Errorf("%d of %d commands were replayed", info.Commands, len(entries))
	}
	for i := range entries {
		if entries[i].document == nil {
			continue
		}
		document, err := e.Document(core.Sequence(i + 1))
		if err != nil || string(document) != string(entries[i].document) {
			tb.Errorf("the document of command %d: %q %v", i+1, document, err)
		}
	}
	settle(tb, e) // there may be work left for the engine itself
	return observe(tb, e, calls)
}

// TestStreamsCoverTheRules sees to it that the streams of the master tests reach what they are meant to test.
func TestStreamsCoverTheRules(t *testing.T) {
	seen := map[string]int{}
	for _, seed := range seeds() {
		d := newDisk()
		result := runCalls(t, d, randomCalls(seed, streamCommands), 1, 0)
		for i := range result.answers {
			a := &result.answers[i]
			seen[fmt.Sprintf("status %d", a.status)]++
			if a.status == engine.ResultRefused {
				seen[fmt.Sprintf("reason %d", a.reason)]++
			}
		}
		for events := result.events; len(events) > 0; {
			var ev core.Event
			n, err := codec.DecodeEvent(events, &ev)
			if err != nil {
				t.Fatal(err)
			}
			events = events[n:]
			seen[fmt.Sprintf("event %d", ev.Kind)]++
			countOrder(seen, &ev)
		}
		entries, _ := journaled(t, d)
		for i := range entries {
			if core.CommandKind(entries[i].frame[0]) == core.CommandTick {
				seen["tick"]++
			}
		}
	}
	if n := seen[fmt.Sprintf("reason %d", core.ReasonRecipeChanged)]; n > 0 {
		t.Errorf("%d clients were told of a recipe that had changed", n)
	}
	if n := seen[fmt.Sprintf("reason %d", core.ReasonSlotsChanged)]; n > 0 {
		t.Errorf("%d clients were told of slots that had changed", n)
	}
	for status := engine.ResultDone; status <= engine.ResultInProgress; status++ {
		want(t, seen, fmt.Sprintf("status %d", status))
	}
	for kind := core.EventSKUDefined; kind <= core.EventOrderCancelled; kind++ {
		want(t, seen, fmt.Sprintf("event %d", kind))
	}
	for _, kind := range []core.EventKind{
		core.EventHoldCancelled, core.EventOrderRouted, core.EventOrderOversold, core.EventRoutingDefined, core.EventChannelRuleSet, core.EventPoolChanged, core.EventPreorderEnded,
		core.EventPurchaseOrderChanged, core.EventTransferChanged, core.EventOrderFilled, core.EventKitSet, core.EventOrderRerouted, core.EventCaseResolved, core.EventNoteAdded,
		core.EventLinesCancelled, core.EventOrderShipped, core.EventShipmentTracked, core.EventOrderPutOnHold, core.EventOrderEdited, core.EventFulfilmentChanged,
		core.EventPaymentReported, core.EventPaymentRequested, core.EventTaskRequested, core.EventHoldLocked, core.EventOrderPriced,
		core.EventReturnRequested, core.EventReturnDecided, core.EventReturnReceived, core.EventReturnClosed, core.EventRefundDecided,
	} {
		want(t, seen, fmt.Sprintf("event %d", kind))
	}
	for _, reason := range []core.Reason{
		core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonHoldExpired, core.ReasonHoldReleased,
		core.ReasonHoldConfirmed, core.ReasonOrderCancelled, core.ReasonSKUNotFound, core.ReasonLocationNotFound,
		core.ReasonChannelNotFound, core.ReasonDuplicateExternal, core.ReasonDuplicateRow, core.ReasonStockChanged,
		core.ReasonStockNegative, core.ReasonLimitPerCustomer, core.ReasonInsufficientStock,
	} {
		want(t, seen, fmt.Sprintf("reason %d", reason))
	}
	for _, what := range []string{"tick", "spread hold", "spread order", "several locations", "backordered", "external", "kits", "only recorded", "grown"} {
		want(t, seen, what)
	}
}

func want(t *testing.T, seen map[string]int, what string) {
	t.Helper()
	if seen[what] == 0 {
		t.Errorf("no stream has: %s", what)
	}
}

// countOrder notes what is special about the order of an event.
func countOrder(seen map[string]int, ev *core.Event) {
	order := &ev.Order
	switch {
	case ev.Kind == core.EventHoldPlaced && order.ID.Spread():
		seen["spread hold"]++
	case ev.Kind == core.EventOrderPlaced && order.ID.Spread():
		seen["spread order"]++
	}
	for i := range order.Lines {
		if ev.Kind == core.EventOrderEdited && !order.ID.Spread() && order.Lines[i].SKU.Slot() != order.ID.Home() {
			seen["grown"]++
		}
	}
	if ev.Kind != core.EventOrderPlaced && ev.Kind != core.EventHoldPlaced {
		return
	}
	if len(order.ExternalID) > 0 {
		seen["external"]++
	}
	for i := range order.Lines {
		if order.Lines[i].Backordered > 0 {
			seen["backordered"]++
		}
		if order.Lines[i].Role == core.LineUntracked {
			seen["only recorded"]++
		}
		if order.Lines[i].Role == core.LineOfKits {
			seen["kits"]++
		}
		if order.Lines[i].Allocations > 1 {
			seen["several locations"]++
		}
	}
}
