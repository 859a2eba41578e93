package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// TestDirectory looks up names and numbers, before and after a restart.
func TestDirectory(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	for round := range 2 {
		e := openOn(t, d, engine.Options{Shards: 1 + 2*round})
		const names = 200
		if round == 0 {
			for i := range names {
				done(t, e, core.Command{Kind: core.CommandDefineSKU, Name: fmt.Appendf(nil, "sku-%d", i)},
					core.Command{Kind: core.CommandDefineLocation, Name: fmt.Appendf(nil, "location-%d", i)},
					core.Command{Kind: core.CommandSetChannel, Name: fmt.Appendf(nil, "channel-%d", i), Selling: core.ChannelSettings{Bands: i%2 == 1}})
			}
		}
		for i := range names {
			lookUp(t, e, i)
		}
		seen := map[string]bool{}
		e.SKUNames(func(entry *engine.SKUEntry) bool { seen[entry.Name] = true; return true })
		if len(seen) != names || e.Stats().SKUs != names || e.Locations() != names+1 || e.Channels() != names+1 {
			t.Errorf("%d SKUs, %d locations, %d channels", len(seen), e.Locations(), e.Channels())
		}
		if _, ok := e.SKU([]byte("no")); ok || e.LocationName(9999) != "" || e.ChannelName(9999) != "" {
			t.Error("there is something under a name or number that nobody has")
		}
		if _, ok := e.SKUByID(core.MakeSKUID(3, 9999)); ok {
			t.Error("there is a SKU under a number that nobody has")
		}
		closeEngine(t, e)
	}
}

// lookUp checks that the i-th SKU, location and channel are found by name and by number, and can be read.
func lookUp(t *testing.T, e *engine.Engine, i int) {
	t.Helper()
	sku, location, channel := fmt.Appendf(nil, "sku-%d", i), fmt.Appendf(nil, "location-%d", i), fmt.Appendf(nil, "channel-%d", i)
	entry, ok := e.SKU(sku)
	if !ok || entry.Name != string(sku) || entry.ID.Slot() != core.NameSlot(sku) {
		t.Fatalf("%s: %v", sku, entry)
	}
	if same, ok := e.SKUByID(entry.ID); !ok || same != entry {
		t.Errorf("%s has number %d, which is %v", sku, entry.ID, same)
	}
	id, ok := e.Location(location)
	if !ok || e.LocationName(id) != string(location) {
		t.Errorf("%s has number %d, which is %s", location, id, e.LocationName(id))
	}
	number, ok := e.Channel(channel)
	if !ok || e.ChannelName(number) != string(channel) || e.ShowsBands(number) != (i%2 == 1) {
		t.Errorf("%s has number %d, which is %s and shows bands: %t", channel, number, e.ChannelName(number), e.ShowsBands(number))
	}
	image, err := e.ReadSKU(nil, entry.ID)
	var skuImage core.SKUImage
	if err == nil {
		_, err = codec.DecodeSKUImage(image.Bytes, &skuImage)
	}
	if err != nil || string(skuImage.Name) != string(sku) || image.Sequence != e.Sequence() {
		t.Errorf("%+v at %d: %v", skuImage, image.Sequence, err)
	}
	image, err = e.ReadLocation(nil, id)
	var locationImage core.LocationImage
	if err == nil {
		_, err = codec.DecodeLocationImage(image.Bytes, &locationImage)
	}
	if err != nil || string(locationImage.Name) != string(location) {
		t.Errorf("%+v: %v", locationImage, err)
	}
}

// TestReadsOfNothing: what does not exist is not found, and costs the shards nothing where its number tells.
func TestReadsOfNothing(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 5)[0]
	placed := done(t, e, order("ann", sku, 1))[0].order
	for _, id := range []core.OrderID{placed + 1<<7, placed ^ 1<<6, placed ^ 1, ^core.OrderID(0)} {
		if image, err := e.ReadOrder(nil, id); !errors.Is(err, engine.ErrNotFound) || image.Sequence != e.Sequence() {
			t.Errorf("order %d: %+v %v", id, image, err)
		}
		if got := ask(t, e, follow(core.CommandCancelOrder, id))[0]; got.reason != core.ReasonOrderNotFound {
			t.Errorf("cancelling order %d: %+v", id, got)
		}
	}
	for _, read := range []func() (engine.Image, error){
		func() (engine.Image, error) { return e.ReadSKU(nil, sku+1) },
		func() (engine.Image, error) { return e.ReadAvailability(nil, sku+1<<6) },
		func() (engine.Image, error) { return e.ReadLocation(nil, 1) },
	} {
		if _, err := read(); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
	if _, err := e.Document(1); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("the document: %v", err)
	}
	closeEngine(t, e)
}

func TestEnsureChannel(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	if id, err := e.EnsureChannel([]byte("web")); id != 0 || err != nil {
		t.Errorf("web is %d: %v", id, err)
	}
	var wait sync.WaitGroup
	var ids [16]core.ChannelID
	for i := range ids {
		wait.Go(func() {
			id, err := e.EnsureChannel([]byte("app"))
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id != 1 {
			t.Errorf("app is %v", ids)
		}
	}
	defineChannels(t, e, engine.MaxNamedChannels-e.Channels())
	if id, err := e.EnsureChannel([]byte("one-more")); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("half of the table is full, and one more is %d: %v", id, err)
	}
	if id, err := e.EnsureChannel([]byte("app")); id != 1 || err != nil {
		t.Errorf("app is %d: %v", id, err)
	}
	if got := e.Channels(); got != engine.MaxNamedChannels {
		t.Errorf("%d channels", got)
	}
	closeEngine(t, e)
}

// defineChannels makes channels as a merchant does.
func defineChannels(t *testing.T, e *engine.Engine, n int) {
	t.Helper()
	for n > 0 {
		var commands []core.Command
		for range min(n, 1000) {
			n--
			commands = append(commands, core.Command{Kind: core.CommandSetChannel, Name: fmt.Appendf(nil, "defined-%d", n)})
		}
		done(t, e, commands...)
	}
}

// TestChannelFor: a channel comes into being by an order that names it, unless that is refused.
func TestChannelFor(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	sku := stock(t, e, 1, 5)[0]
	done(t, e, core.Command{Kind: core.CommandSetChannel, Name: []byte("web"), Selling: core.ChannelSettings{Buffer: 3}})
	cases := []struct {
		name     string
		c        core.Command
		reason   core.Reason
		channels int
	}{
		{"too-many", order("c", sku, 6), core.ReasonInsufficientStock, 1},
		{"all-of-it", order("c", sku, 5), core.ReasonNone, 2}, // the buffer of web is not its own
		{"again", order("c", sku, 6), core.ReasonInsufficientStock, 2},
		{"no-sku", order("c", sku+64, 1), core.ReasonSKUNotFound, 2},
	}
	for _, c := range cases {
		refusal, err := e.ChannelFor([]byte(c.name), &c.c)
		if err != nil || e.Channels() != c.channels {
			t.Errorf("%s: %d channels, want %d: %v", c.name, e.Channels(), c.channels, err)
		}
		if reason := reasonOf(refusal); reason != c.reason {
			t.Errorf("%s: refused with %d, want %d", c.name, reason, c.reason)
		}
		if name := e.ChannelName(c.c.Channel); c.reason == core.ReasonNone && name != c.name {
			t.Errorf("%s: the order is of the channel %q", c.name, name)
		}
	}
	known := order("c", sku, 6)
	if refusal, err := e.ChannelFor([]byte("all-of-it"), &known); refusal != nil || err != nil || known.Channel != 1 {
		t.Errorf("a known one is %d: %v %v", known.Channel, refusal, err)
	}
	defineChannels(t, e, engine.MaxNamedChannels-e.Channels())
	full := order("c", sku, 1)
	if _, err := e.ChannelFor([]byte("one-more"), &full); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("half of the table is full: %v", err)
	}
	closeEngine(t, e)
}

func reasonOf(r *core.Refusal) core.Reason {
	if r == nil {
		return core.ReasonNone
	}
	return r.Reason
}

// TestWaitFor waits for sequences that are there, that come, and that do not.
func TestWaitFor(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 5)[0]
	now := e.Sequence()
	if err := e.WaitFor(now, 0); err != nil {
		t.Error(err)
	}
	if err := e.WaitFor(now+1, 5*time.Millisecond); !errors.Is(err, engine.ErrTimeout) {
		t.Error(err)
	}
	waited := background(func() error { return e.WaitFor(now+2, patience) })
	closed := background(func() error { return e.WaitFor(now+3, patience) })
	done(t, e, restock(sku, 1))
	done(t, e, restock(sku, 1))
	if err := within(t, "the sequence", waited); err != nil {
		t.Error(err)
	}
	closeEngine(t, e)
	if err := within(t, "the end", closed); !errors.Is(err, engine.ErrClosed) {
		t.Error(err)
	}
}

// TestHooksAndStats: every command is in one group that was reported, and questions are not groups.
func TestHooksAndStats(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	commands, next := 0, uint64(1)
	o := engine.Options{CheckpointBytes: -1, Hooks: engine.Hooks{GroupReleased: func(g engine.GroupInfo) {
		if g.Commands > 0 && g.First != next {
			t.Errorf("the group begins with %d, want %d", g.First, next)
		}
		next += uint64(g.Commands)
		commands += g.Commands
	}}}
	e := openOn(t, d, o)
	sku := stock(t, e, 1, 5)[0]
	done(t, e, order("ann", sku, 1), hold("bob", sku, 1, core.MaxTTL))
	before := e.Stats()
	if before.Groups != 3 || before.Commands != 4 || before.Events != 5 || before.Orders != 2 || before.Shards != 1 || commands != 4 {
		t.Errorf("%+v, and the hook counted %d commands", before, commands)
	}
	audited(t, e)
	if after := e.Stats(); after != before {
		t.Errorf("a question made %+v of %+v", after, before)
	}
	closeEngine(t, e)
	var info engine.RecoveryInfo
	e = openOn(t, d, engine.Options{Hooks: engine.Hooks{Recovered: func(i engine.RecoveryInfo) { info = i }}})
	if info.Commands != 4 || info.Groups != 3 || info.Events != 0 || e.Stats().Commands != 0 || e.Stats().Events != 0 {
		t.Errorf("%+v %+v", info, e.Stats())
	}
	closeEngine(t, e)
}
