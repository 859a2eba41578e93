package reference_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/reference"
)

var (
	oneSeed = flag.Uint64("seed", 0, "compare the model and the machine on this seed alone")
	budget  = flag.Duration("budget", 0, "how long to compare the model and the machine (default 60s, 5s with -short)")
)

// stepsPerSeed is long enough for holds to be made, extended, confirmed and to expire side by side,
// and short enough to shrink fast.
const stepsPerSeed = 300

// TestMachineAgrees gives random commands to the model and to three machines: one that executes
// them straight, one that gets them through the codec, one whose slots work in random order. All
// outcomes, events and images must be equal. Seeds are tried from 1 until the time is used up.
func TestMachineAgrees(t *testing.T) {
	if *oneSeed != 0 {
		compareOn(t, *oneSeed, stepsPerSeed)
		return
	}
	limit := *budget
	switch {
	case limit != 0:
	case testing.Short():
		limit = 5 * time.Second
	default:
		limit = time.Minute
	}
	seeds, start := uint64(0), time.Now()
	for !t.Failed() && time.Since(start) < limit {
		seeds++
		compareOn(t, seeds, stepsPerSeed)
	}
	t.Logf("%d seeds of %d commands", seeds, stepsPerSeed)
}

// TestMachineAgreesOnLongRuns lets a shop run until its records fill many pages and its indexes have
// grown.
func TestMachineAgreesOnLongRuns(t *testing.T) {
	last := uint64(1_008)
	if testing.Short() {
		last = 1_002
	}
	for seed := uint64(1_001); seed <= last && !t.Failed(); seed++ {
		compareOn(t, seed, 5_000)
	}
}

// TestManySuppliesAreToldInTurns stops and starts a location where hundreds of SKUs lie: model and machine tell of them with
// many commands, some of which change supplies that are yet to be told.
func TestManySuppliesAreToldInTurns(t *testing.T) {
	var ids []core.SKUID
	var steps []reference.Step
	do := func(c core.Command) {
		if c.Version = 1; c.Mask == 0 {
			c.Mask, _ = core.SlotsOf(&c)
		}
		steps = append(steps, reference.Step{Command: c, Now: 1_000_000 + core.Millis(len(steps))})
	}
	do(core.Command{Kind: core.CommandDefineLocation, Name: []byte("east")})
	for i := 0; len(ids) < 3*core.MaxSuppliesTold; i++ {
		if name := fmt.Appendf(nil, "sku-%d", i); core.NameSlot(name) == 5 {
			ids = append(ids, core.MakeSKUID(5, uint32(len(ids))))
			do(core.Command{Kind: core.CommandDefineSKU, Name: name, SKU: core.SKUSettings{LowStock: 2}})
			do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: ids[len(ids)-1], Location: 1, Value: 3}}})
		}
	}
	for i := range 6 {
		do(core.Command{Kind: core.CommandDefineLocation, Name: []byte("east"), Location: core.LocationSettings{Stopped: i%2 == 0}})
		for k := range i {
			do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{
				{SKU: ids[(i*37+k*11)%len(ids)], Value: core.Quantity(k % 2)}, {SKU: ids[len(ids)-1-k], Value: 1},
			}})
		}
		do(core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("ann"), Lines: []core.Line{{SKU: ids[i], Quantity: 3}}})
	}
	for range 3 {
		do(core.Command{Kind: core.CommandTick, Mask: core.AllSlots})
	}
	tr := newTrial()
	waited := 0
	for i := range steps {
		if what := tr.take(&steps[i], core.Sequence(i+1)); what != "" {
			t.Fatalf("command %d: %s", i, what)
		}
		if what := tr.compareAll(); what != "" {
			t.Fatalf("after command %d: %s", i, what)
		}
		if _, waits := tr.model.NextDeadline(5); waits {
			waited++
		}
	}
	if _, waits := tr.model.NextDeadline(5); waits || waited < 8 {
		t.Errorf("after %d of %d commands supplies waited to be told, and at the end: %v", waited, len(steps), waits)
	}
}

// TestForcedOrdersOfManyShipments forces orders that need more locations than any order is shipped from else, and that the policy allows: model and
// machine take them, and from the same locations.
func TestForcedOrdersOfManyShipments(t *testing.T) {
	const stores = 130
	ids := []core.SKUID{core.MakeSKUID(core.NameSlot([]byte("phone")), 0), core.MakeSKUID(core.NameSlot([]byte("case")), 0)}
	var steps []reference.Step
	do := func(c core.Command) {
		if c.Version = 1; c.Mask == 0 {
			c.Mask, _ = core.SlotsOf(&c)
		}
		steps = append(steps, reference.Step{Command: c, Now: 1_000_000})
	}
	for _, name := range []string{"phone", "case"} {
		do(core.Command{Kind: core.CommandDefineSKU, Name: []byte(name)})
	}
	for i := range stores {
		do(core.Command{
			Kind: core.CommandDefineLocation, Name: fmt.Appendf(nil, "store-%d", i), Location: core.LocationSettings{Priority: int32(i * 7 % 10)},
		})
		do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{
			{SKU: ids[0], Location: core.LocationID(i + 1), Value: core.Quantity(i%3 + 1)}, {SKU: ids[1], Location: core.LocationID(i + 1), Value: core.Quantity(i % 2)},
		}})
	}
	for _, most := range []uint8{0, 5} {
		do(core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{Rules: []core.RoutingRule{core.RuleLowestCost, core.RulePriority}, MaxShipments: most}})
		for _, units := range []core.Quantity{125, 70} {
			do(core.Command{
				Kind: core.CommandPlaceOrder, Customer: []byte("ann"), Stock: core.StockForce,
				Lines: []core.Line{{SKU: ids[0], Quantity: 2 * units}, {SKU: ids[1], Quantity: units / 2}},
			})
		}
		for i := range stores {
			do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: ids[0], Location: core.LocationID(i + 1), Value: 3}}})
		}
	}
	tr := newTrial()
	for i := range steps {
		if what := tr.take(&steps[i], core.Sequence(i+1)); what != "" {
			t.Fatalf("command %d: %s", i, what)
		}
	}
	if what := tr.compareAll(); what != "" {
		t.Fatal(what)
	}
}

// TestSlotsInParallel runs the slots of each command at the same time, as an engine with many shards
// does. It is for the race detector above all.
func TestSlotsInParallel(t *testing.T) {
	for seed := uint64(2_001); seed <= 2_010; seed++ {
		model, parallel := reference.New(), newRunner(core.Options{})
		for i, step := range reference.Generate(seed, stepsPerSeed) {
			seq := core.Sequence(i + 1)
			wantEvents, wantOutcome := model.Execute(&step.Command, seq, step.Now)
			events, outcome := parallel.executeParallel(&step.Command, seq, step.Now)
			if !reflect.DeepEqual(outcome, wantOutcome) || !reflect.DeepEqual(events, wantEvents) {
				t.Fatalf("seed %d, command %d: the machine told\n%s\n%s\nthe model\n%s\n%s", seed, i,
					outcomeWords(outcome), eventWords(events), outcomeWords(wantOutcome), eventWords(wantEvents))
			}
		}
	}
}

func compareOn(t *testing.T, seed uint64, count int) {
	t.Helper()
	steps := reference.Generate(seed, count)
	what := disagreement(steps)
	if what == "" {
		return
	}
	fails := func(steps []reference.Step) bool { return disagreement(steps) != "" }
	least := shrink(steps, fails)
	t.Errorf("seed %d: %s\n\nafter shrinking to %d of %d commands: %s\n\n%s",
		seed, what, len(least), len(steps), disagreement(least), describe(least))
}

// disagreement runs the steps everywhere and tells the first thing that differs; "" if all is equal.
func disagreement(steps []reference.Step) (what string) {
	at := 0
	defer func() {
		if p := recover(); p != nil {
			what = fmt.Sprintf("command %d: panic: %v\n%s", at, p, debug.Stack())
		}
	}()
	tr := newTrial()
	often := max(100, len(steps)/10)
	for i := range steps {
		at = i
		if what := tr.take(&steps[i], core.Sequence(i+1)); what != "" {
			return fmt.Sprintf("command %d: %s", i, what)
		}
		if i%often == often-1 || i == len(steps)-1 {
			if what := tr.compareAll(); what != "" {
				return fmt.Sprintf("after command %d: %s", i, what)
			}
		}
	}
	return ""
}

// trial is one shop in several forms.
type trial struct {
	random *rand.Rand
	model  *reference.Model
	now    core.Millis

	straight, decoded, split *runner
	published                map[core.SKUID]core.Quantity // by the straight machine
	frame                    []byte
	command                  core.Command // decoded into
}

func newTrial() *trial {
	return &trial{
		random:    rand.New(rand.NewPCG(1, 2)),
		model:     reference.New(),
		straight:  newRunner(core.Options{}),
		decoded:   newRunner(core.Options{Seed: 0x9e3779b97f4a7c15}),
		split:     newRunner(core.Options{Seed: 7}),
		published: map[core.SKUID]core.Quantity{},
	}
}

// take gives one command to everybody.
func (tr *trial) take(step *reference.Step, seq core.Sequence) string {
	c := &step.Command
	tr.now = step.Now
	asked := tr.asksFor(c, step.Now)
	wantEvents, wantOutcome := tr.model.Execute(c, seq, step.Now)
	if asked && !wantOutcome.Changed {
		return "the machine asks to be served with what changes nothing"
	}
	check := func(who string, events []core.Event, outcome core.Outcome) string {
		if !reflect.DeepEqual(outcome, wantOutcome) {
			return fmt.Sprintf("%s: outcome\n  machine %s\n  model   %s", who, outcomeWords(outcome), outcomeWords(wantOutcome))
		}
		if !reflect.DeepEqual(events, wantEvents) {
			return fmt.Sprintf("%s: events\n  machine %s\n  model   %s", who, eventWords(events), eventWords(wantEvents))
		}
		return ""
	}
	events, outcome := tr.straight.execute(c, seq, step.Now)
	if what := check("straight", events, outcome); what != "" {
		return what
	}
	events, outcome = tr.split.executeSplit(tr.random, c, seq, step.Now)
	if what := check("slots in random order", events, outcome); what != "" {
		return what
	}
	if what := tr.roundTrip(c); what != "" {
		return what
	}
	events, outcome = tr.decoded.execute(&tr.command, seq, step.Now)
	if what := check("through the codec", events, outcome); what != "" {
		return what
	}
	if what := eventsRoundTrip(events); what != "" {
		return what
	}
	return tr.compareTouched(c, outcome)
}

// asksFor tells whether the machine wants a command for a waitlist. It would ask for ever if that changed nothing.
func (tr *trial) asksFor(c *core.Command, now core.Millis) (asked bool) {
	if c.Kind != core.CommandServeWaitlist {
		return false
	}
	for slot := range core.Slot(core.SlotCount) {
		if at, due := tr.model.NextDeadline(slot); c.Mask.Has(slot) && due && at <= now {
			return false // what ends or begins first may take what there is
		}
	}
	frame := codec.AppendCommand(nil, c)
	tr.straight.machine.Serve(c.Sale.Slot(), now, 1, func(c *core.Command) bool {
		asked = bytes.Equal(codec.AppendCommand(nil, c), frame)
		return !asked
	})
	return asked
}

// roundTrip encodes the command and decodes it into the trial's own.
func (tr *trial) roundTrip(c *core.Command) string {
	tr.frame = codec.AppendCommand(tr.frame[:0], c)
	n, err := codec.DecodeCommand(tr.frame, &tr.command)
	if err != nil || n != len(tr.frame) {
		return fmt.Sprintf("codec: decoded %d of %d bytes, %v", n, len(tr.frame), err)
	}
	if again := codec.AppendCommand(nil, &tr.command); !bytes.Equal(again, tr.frame) {
		return fmt.Sprintf("codec: frame %x comes out as %x", tr.frame, again)
	}
	return ""
}

func eventsRoundTrip(events []core.Event) string {
	for i := range events {
		if events[i].Kind == reference.OrderArchived {
			continue
		}
		frame := codec.AppendEvent(nil, &events[i])
		var decoded core.Event
		if n, err := codec.DecodeEvent(frame, &decoded); err != nil || n != len(frame) {
			return fmt.Sprintf("codec: event decoded %d of %d bytes, %v", n, len(frame), err)
		}
		if got := reference.CopyEvent(&decoded); !reflect.DeepEqual(got, events[i]) {
			return fmt.Sprintf("codec: event\n  before %s\n  after  %s",
				eventWords(events[i:i+1]), eventWords([]core.Event{got}))
		}
	}
	return ""
}

// runner is a machine and what it needs to be driven.
type runner struct {
	machine *core.Machine
	step    core.Step
	slots   []core.Slot
}

func newRunner(o core.Options) *runner { return &runner{machine: core.New(o)} }

// eventList is a sink that keeps what it is told.
type eventList []core.Event

func (l *eventList) Event(e *core.Event) { *l = append(*l, reference.CopyEvent(e)) }

// Archived keeps the orders that leave, as the model tells of them.
func (l *eventList) Archived(a *core.Archived) {
	for i := range a.Orders {
		e := core.Event{Kind: reference.OrderArchived}
		a.Read(i, &e.Order)
		*l = append(*l, reference.CopyEvent(&e))
	}
}

func (r *runner) execute(c *core.Command, seq core.Sequence, now core.Millis) ([]core.Event, core.Outcome) {
	var told eventList
	outcome := r.machine.Execute(&r.step, c, seq, now, &told)
	return told, reference.CopyOutcome(outcome)
}

// executeSplit does what an engine with a shard for each slot does, in some order that its shards
// might take.
func (r *runner) executeSplit(random *rand.Rand, c *core.Command, seq core.Sequence, now core.Millis) ([]core.Event, core.Outcome) {
	return r.executeBySlots(c, seq, now, func(slots []core.Slot, work func(core.Slot)) {
		random.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
		for _, slot := range slots {
			work(slot)
		}
	})
}

// executeParallel gives every slot a goroutine, for the race detector to look at.
func (r *runner) executeParallel(c *core.Command, seq core.Sequence, now core.Millis) ([]core.Event, core.Outcome) {
	return r.executeBySlots(c, seq, now, func(slots []core.Slot, work func(core.Slot)) {
		var all sync.WaitGroup
		for _, slot := range slots {
			all.Go(func() { work(slot) })
		}
		all.Wait()
	})
}

// executeBySlots runs a command's steps slot by slot; each calls work for every slot. An engine puts
// what slots tell in the order of the slots.
func (r *runner) executeBySlots(c *core.Command, seq core.Sequence, now core.Millis, each func(slots []core.Slot, work func(core.Slot))) ([]core.Event, core.Outcome) {
	var gathered, applied, alerted [core.SlotCount]eventList
	r.slots = r.slots[:0]
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		if c.Mask.Has(slot) {
			r.slots = append(r.slots, slot)
		}
	}
	r.step.Begin(c, seq, now)
	each(r.slots, func(slot core.Slot) { r.machine.Gather(slot, &r.step, &gathered[slot]) })
	r.machine.Decide(&r.step)
	outcome := reference.CopyOutcome(&r.step.Outcome)
	each(r.slots, func(slot core.Slot) { r.machine.Apply(slot, &r.step, &applied[slot]) })
	each(r.slots, func(slot core.Slot) { r.machine.Alert(slot, &r.step, &alerted[slot]) })
	var told []core.Event
	for _, list := range [][core.SlotCount]eventList{gathered, applied, alerted} {
		for slot := range list {
			told = append(told, list[slot]...)
		}
	}
	return told, outcome
}
