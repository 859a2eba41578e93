package core_test

import (
	"fmt"
	"testing"

	"holdfast/engine/core"
)

// lineup is a machine with a sale of some SKUs for each of which somebody waits.
type lineup struct {
	t        *testing.T
	machine  *core.Machine
	step     core.Step
	sequence core.Sequence
	now      core.Millis
	rules    *core.SaleSettings
	sale     core.SaleID
}

func newLineup(t *testing.T) *lineup {
	return &lineup{t: t, machine: core.New(core.Options{}), now: opening}
}

func (l *lineup) do(c core.Command) *core.Outcome {
	l.t.Helper()
	c.Version = 1
	l.sequence++
	if c.Mask == 0 {
		c.Mask, _ = core.SlotsOf(&c)
	}
	outcome := l.machine.Execute(&l.step, &c, l.sequence, l.now, &eventList{})
	if outcome.Reason != core.ReasonNone {
		l.t.Fatalf("command %d is refused: %d", l.sequence, outcome.Reason)
	}
	return outcome
}

// open makes a sale of so many SKUs. Of each there is one unit at location 1, if that is there.
func (l *lineup) open(items int) (ids []core.SKUID) {
	l.rules = &core.SaleSettings{StartsAt: l.now, EndsAt: l.now + 3_600_000, WaitlistCapacity: 1_000_000, WaitlistTTL: 600_000}
	for i := range items {
		name := []byte(fmt.Sprint("sku", i))
		slot := core.NameSlot(name)
		id := core.MakeSKUID(slot, uint32(l.machine.SKUs(slot)))
		l.do(core.Command{Kind: core.CommandDefineSKU, Name: name})
		if l.machine.Locations() > 1 {
			l.put(id, 1, 1)
		}
		l.rules.Items = append(l.rules.Items, core.SaleItem{SKU: id, Quota: core.Unlimited})
		ids = append(ids, id)
	}
	l.define()
	l.sale = core.MakeSaleID(ids[0].Slot(), 0)
	return ids
}

func (l *lineup) define() {
	l.do(core.Command{Kind: core.CommandDefineSale, Name: []byte("drop"), SaleSettings: l.rules})
}

func (l *lineup) put(id core.SKUID, location core.LocationID, units core.Quantity) {
	l.do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: id, Location: location, Value: units}}})
}

func (l *lineup) join(customer string, channel core.ChannelID, id core.SKUID) {
	l.do(core.Command{
		Kind: core.CommandJoinWaitlist, Customer: []byte(customer), Channel: channel, Sale: l.sale, Lines: []core.Line{{SKU: id, Quantity: 1}},
	})
}

// setAside has only a channel sell what location 1 has.
func (l *lineup) setAside(channel core.ChannelID) {
	l.do(core.Command{
		Kind: core.CommandDefineLocation, Name: []byte("store"),
		Location: core.LocationSettings{Shipping: &core.Shipping{Channels: []core.ChannelID{channel}}},
	})
}

func (l *lineup) ask() {
	for slot := range core.Slot(core.SlotCount) {
		l.machine.NextServing(slot)
	}
}

// openSetAside opens a sale of what a store has for its channel alone, and has others wait for it by channels of theirs.
func openSetAside(t *testing.T, items int) (l *lineup, ids []core.SKUID) {
	l = newLineup(t)
	l.do(core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{Rules: []core.RoutingRule{core.RulePriority}}})
	for _, name := range []string{"store", "market"} {
		l.do(core.Command{Kind: core.CommandDefineChannel, Name: []byte(name)})
	}
	l.setAside(1)
	ids = l.open(items)
	for i, id := range ids {
		l.join(fmt.Sprint("c", i), 2, id)
	}
	return l, ids
}

// Of a line for which there is nothing it is not asked again before something changes: to ask looks at all locations of the SKU.
func TestIdleLinesAreNotAskedAgain(t *testing.T) {
	l, ids := openSetAside(t, 50)
	l.ask()
	if made := testing.AllocsPerRun(10, l.ask); made != 0 {
		t.Errorf("nothing has changed, and what there is was asked anew: %v allocations", made)
	}
	changed := testing.AllocsPerRun(10, func() {
		l.put(ids[0], 1, 1)
		l.put(ids[1], 1, 1)
		l.put(ids[2], 1, 1)
		l.put(ids[3], 1, 1)
	})
	if asked := testing.AllocsPerRun(10, func() {
		l.put(ids[0], 1, 1)
		l.put(ids[1], 1, 1)
		l.put(ids[2], 1, 1)
		l.put(ids[3], 1, 1)
		l.ask()
	}) - changed; asked <= 0 || asked > 20 {
		t.Errorf("four of 50 SKUs have changed, and asking takes %v allocations", asked)
	}
}

// Whatever changes what there is for a line has it asked anew.
func TestIdleLinesNotice(t *testing.T) {
	market := func(l *lineup, buffer core.Quantity) {
		l.do(core.Command{Kind: core.CommandSetChannel, Name: []byte("market"), Selling: core.ChannelSettings{Buffer: buffer}})
	}
	rule := func(l *lineup, id core.SKUID, buffer core.Quantity) {
		l.do(core.Command{Kind: core.CommandSetChannelRule, Rule: core.ChannelRule{SKU: id, Channel: 2, HasBuffer: true, Buffer: buffer}})
	}
	for name, c := range map[string]struct {
		before, change func(l *lineup, id core.SKUID)
	}{
		"units elsewhere": {nil, func(l *lineup, id core.SKUID) { l.put(id, 0, 1) }},
		"a location":      {nil, func(l *lineup, _ core.SKUID) { l.setAside(2) }},
		"the routing": {nil, func(l *lineup, _ core.SKUID) {
			l.do(core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{}})
		}},
		"a channel": {
			func(l *lineup, id core.SKUID) { market(l, 9); l.put(id, 0, 1) },
			func(l *lineup, _ core.SKUID) { market(l, 0) },
		},
		"a rule of a channel": {
			func(l *lineup, id core.SKUID) { rule(l, id, 9); l.put(id, 0, 1) },
			func(l *lineup, id core.SKUID) { rule(l, id, 0) },
		},
		"the quota": {
			func(l *lineup, id core.SKUID) { l.rules.Items[0].Quota = 0; l.define(); l.put(id, 0, 1) },
			func(l *lineup, _ core.SKUID) { l.rules.Items[0].Quota = 1; l.define() },
		},
	} {
		l, ids := openSetAside(t, 1)
		if c.before != nil {
			c.before(l, ids[0])
		}
		due := func() bool {
			at, ok := l.machine.NextServing(l.sale.Slot())
			return ok && at <= l.now
		}
		if first, again := due(), due(); first || again {
			t.Errorf("%s: there is nothing for who waits, and they are to be served", name)
		}
		if c.change(l, ids[0]); !due() {
			t.Errorf("%s changed, and nobody is to be served", name)
		}
	}
}

// Two lines of one SKU, of different sales: what was found for one is not believed of the other.
func TestIdleLinesOfOneSKU(t *testing.T) {
	l, ids := openSetAside(t, 1) // there is nothing for who waits there
	l.do(core.Command{Kind: core.CommandDefineSale, Name: []byte("other"), SaleSettings: &core.SaleSettings{
		StartsAt: l.rules.StartsAt, EndsAt: l.rules.EndsAt, WaitlistCapacity: 9, WaitlistTTL: 60_000, Items: []core.SaleItem{{SKU: ids[0]}},
	}})
	l.sale = core.MakeSaleID(ids[0].Slot(), 1)
	l.join("bob", 1, ids[0])
	l.ask()
	l.do(core.Command{Kind: core.CommandDefineSale, Name: []byte("other"), SaleSettings: &core.SaleSettings{
		StartsAt: l.rules.StartsAt, EndsAt: l.rules.EndsAt, WaitlistCapacity: 9, WaitlistTTL: 60_000, Items: []core.SaleItem{{SKU: ids[0], Quota: 1}},
	}})
	if at, ok := l.machine.NextServing(l.sale.Slot()); !ok || at > l.now {
		t.Error("the other sale's quota was raised, and nobody is to be served")
	}
}

// The end of a sale in which many wait in many lines makes no more commands than the host takes.
func TestServeStops(t *testing.T) {
	l := newLineup(t)
	ids := l.open(20)
	for _, id := range ids {
		for i := range 10 {
			l.join(fmt.Sprint("c", i), 0, id)
		}
	}
	for _, running := range []bool{true, false} {
		if running {
			for _, id := range ids {
				l.put(id, 0, 10)
			}
		} else {
			l.now = l.rules.EndsAt
		}
		made := 0
		for slot := range core.Slot(core.SlotCount) {
			if !l.machine.Serve(slot, l.now, 7, func(*core.Command) bool {
				made++
				return made < 7
			}) {
				break
			}
		}
		if made != 7 {
			t.Errorf("%d commands are made for the 7 that are taken", made)
		}
	}
}
