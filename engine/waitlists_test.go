package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// join asks for a place on the waitlist of a sale.
func join(sale core.SaleID, customer string, sku core.SKUID, units core.Quantity) core.Command {
	c := order(customer, sku, units)
	c.Kind, c.Sale = core.CommandJoinWaitlist, sale
	return c
}

// turns tells of all turns on waitlists that a feed knows: "ann+" for an offer, "ann-50" for who was struck off with a reason.
func turns(tb testing.TB, e *engine.Engine) string {
	tb.Helper()
	var all []string
	for events := storedEvents(tb, e); len(events) > 0; {
		var ev core.Event
		n, err := codec.DecodeEvent(events, &ev)
		if err != nil {
			tb.Fatal(err)
		}
		switch events = events[n:]; ev.Kind {
		case core.EventWaitlistOffered:
			all = append(all, string(ev.Waiter.Customer)+"+")
			if ev.Order.Status != core.StatusHeld || string(ev.Order.Customer) != string(ev.Waiter.Customer) || ev.Order.Sale != ev.Waiter.Sale {
				tb.Errorf("the offer to %+v is %+v", ev.Waiter, ev.Order)
			}
		case core.EventWaitlistLeft:
			all = append(all, fmt.Sprintf("%s-%d", ev.Waiter.Customer, ev.Reason))
		}
	}
	return strings.Join(all, " ")
}

// waitingSale opens a sale of a unit each of several SKUs, which lie in different slots, and sells them out to ann, who holds them until
// a minute from now.
func waitingSale(t *testing.T, d *disk, o engine.Options) (e *engine.Engine, sale core.SaleID, skus []core.SKUID) {
	t.Helper()
	e = openOn(t, d, o)
	skus = stock(t, e, 3, 5)
	now := core.Millis(e.Options().Clock())
	rules := core.SaleSettings{StartsAt: now, EndsAt: now + 300_000, WaitlistCapacity: 10, WaitlistTTL: 60_000}
	for _, sku := range skus {
		rules.Items = append(rules.Items, core.SaleItem{SKU: sku, Quota: 1})
	}
	done(t, e, core.Command{Kind: core.CommandDefineSale, Name: []byte("drop"), SaleSettings: &rules})
	entry, _ := e.Sale([]byte("drop"))
	c := spreadHold(skus, 60_000)
	c.Sale = entry.ID
	done(t, e, c)
	return e, entry.ID, skus
}

// TestWaitlistIsServedByTime moves a scripted clock to just before each deadline and to it: the hold that sold the sale out, an offer,
// the end of the sale. In between the engine is closed and opened, once with a checkpoint.
func TestWaitlistIsServedByTime(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 8} {
		var clock scriptedClock
		clock.set(1_700_000_000_000)
		d, o := newDisk(), engine.Options{Shards: shards, Clock: clock.read}
		e, sale, skus := waitingSale(t, d, o)
		begin := clock.read()
		for _, customer := range []string{"bob", "cleo", "dan"} {
			done(t, e, join(sale, customer, skus[2], 1))
		}
		for i, step := range []struct {
			after int64
			turns string
		}{
			{59_999, ""},
			{60_000, "bob+"},
			{60_001, "bob+"},
			{119_999, "bob+"},
			{120_000, "bob+ cleo+"},
			{299_999, "bob+ cleo+ dan+"},
			{300_000, "bob+ cleo+ dan+ eve-50 fay-50"},
		} {
			clock.advance(t, e, begin+step.after)
			if got := turns(t, e); got != step.turns {
				t.Errorf("%d shards, after %d ms: %q, want %q", shards, step.after, got, step.turns)
			}
			if i == 4 {
				done(t, e, join(sale, "eve", skus[2], 1), join(sale, "fay", skus[2], 1))
				if _, err := e.Checkpoint(); err != nil {
					t.Fatal(err)
				}
			}
			if i == 1 || i == 4 {
				closeEngine(t, e)
				e = openOn(t, d, o)
			}
			audited(t, e)
		}
		before := e.Sequence()
		time.Sleep(20 * time.Millisecond)
		if e.Sequence() != before {
			t.Errorf("the engine goes on by itself, from %d to %d", before, e.Sequence())
		}
		closeEngine(t, e)
	}
}

// TestNobodyOvertakesAWaitlist gives a unit back, and orders it in the same request and in the next ones.
func TestNobodyOvertakesAWaitlist(t *testing.T) {
	leavesNothing(t)
	var clock scriptedClock
	clock.set(1_700_000_000_000)
	e, sale, skus := waitingSale(t, newDisk(), engine.Options{Shards: 2, Clock: clock.read})
	late := order("late", skus[1], 1)
	late.Sale = sale
	clock.advance(t, e, clock.read()+60_000)
	first := order("zoe", skus[1], 1)
	first.Sale = sale
	placed := done(t, e, first)[0].order
	done(t, e, join(sale, "bob", skus[1], 1))
	got := ask(t, e, follow(core.CommandCancelOrder, placed), late, late)
	if got[0].status != engine.ResultDone || got[1].reason != core.ReasonSaleQuota || got[2].reason != core.ReasonSaleQuota {
		t.Errorf("%+v", got)
	}
	if got := ask(t, e, late)[0]; got.reason != core.ReasonSaleQuota {
		t.Errorf("%+v", got)
	}
	settle(t, e)
	if got := turns(t, e); got != "bob+" {
		t.Errorf("turns %q", got)
	}
	if answer := ask(t, e, join(sale, "late", skus[1], 1), join(sale, "late", skus[1], 2)); !answer[0].changed || answer[1].changed {
		t.Errorf("%+v", answer)
	}
	closeEngine(t, e)
}

// TestWaitlistIsServedWithoutTraffic uses the real clock, and many who wait: nobody asks for anything, and all have their turn at once.
func TestWaitlistIsServedWithoutTraffic(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	sku := stock(t, e, 1, 1000)[0]
	now := core.Millis(time.Now().UnixMilli())
	rules := core.SaleSettings{StartsAt: now - 1, EndsAt: now + 3_600_000, WaitlistCapacity: 1000, WaitlistTTL: 60_000, Items: []core.SaleItem{{SKU: sku, Quota: 0}}}
	define := core.Command{Kind: core.CommandDefineSale, Name: []byte("drop"), SaleSettings: &rules}
	done(t, e, define)
	entry, _ := e.Sale([]byte("drop"))
	const crowd = 700 // more than one group serves
	var want []string
	for i := range crowd {
		customer := fmt.Sprint("c", i)
		done(t, e, join(entry.ID, customer, sku, 1))
		want = append(want, customer+"+")
	}
	rules.Items[0].Quota = crowd - 1
	begin := done(t, e, define)[0].sequence
	waiting := func() (n uint32) {
		image, err := e.ReadSale(nil, entry.ID)
		var sale core.SaleImage
		if _, decodeErr := codec.DecodeSaleImage(image.Bytes, &sale); err != nil || decodeErr != nil {
			t.Fatal(err, decodeErr)
		}
		return sale.Counts[0].Waiters
	}
	eventually(t, "everybody's turn", func() bool { return e.Sequence() >= begin+crowd-1 })
	if n := waiting(); n != 1 {
		t.Errorf("%d still wait", n)
	}
	if got := turns(t, e); got != strings.Join(want[:crowd-1], " ") {
		t.Errorf("turns %q", got)
	}
	audited(t, e)
	closeEngine(t, e)
}

// TestOrdersComeBeforeAWaitlist sells units beyond stock, and then stops that: who has an order gets what comes, and who waits for the
// sale what may then be sold. Neither asks.
func TestOrdersComeBeforeAWaitlist(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	sku := backorderable(t, e, "sku-1")
	ordered := done(t, e, order("ann", sku, 2))[0].order
	now := core.Millis(time.Now().UnixMilli())
	rules := core.SaleSettings{StartsAt: now - 1, EndsAt: now + 3_600_000, WaitlistCapacity: 10, WaitlistTTL: 60_000,
		Items: []core.SaleItem{{SKU: sku, Quota: core.Unlimited}}}
	done(t, e, core.Command{Kind: core.CommandDefineSKU, Name: []byte("sku-1")},
		core.Command{Kind: core.CommandDefineSale, Name: []byte("drop"), SaleSettings: &rules})
	sale, _ := e.Sale([]byte("drop"))
	done(t, e, join(sale.ID, "bob", sku, 1), receive(sku, 1))
	wantBackordered(t, e, ordered, 1)
	if got := turns(t, e); got != "" {
		t.Errorf("turns %q while an order waits", got)
	}
	done(t, e, receive(sku, 2))
	wantBackordered(t, e, ordered, 0)
	eventually(t, "the turn of who waits", func() bool { return turns(t, e) == "bob+" })
	audited(t, e)
	closeEngine(t, e)
}

// TestWaitlistOfAChannelThatHasNothing: there are units, but not for the channel of the first in line. The second gets them, the first
// goes on waiting, and the engine rests meanwhile. With a policy of routing it is the same for units out of reach.
func TestWaitlistOfAChannelThatHasNothing(t *testing.T) {
	leavesNothing(t)
	for name, keep := range map[string][2]core.Command{
		"buffer": {
			{Kind: core.CommandSetChannel, Name: []byte("web"), Selling: core.ChannelSettings{Buffer: 5}},
			{Kind: core.CommandSetChannel, Name: []byte("web")},
		},
		"reach": {
			{Kind: core.CommandDefineLocation, Name: []byte("main"), Location: core.LocationSettings{Shipping: &core.Shipping{Channels: []core.ChannelID{1}}}},
			{Kind: core.CommandDefineLocation, Name: []byte("main")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := openOn(t, newDisk(), engine.Options{Shards: 2})
			sku := stock(t, e, 1, 1)[0]
			now := core.Millis(time.Now().UnixMilli())
			rules := core.SaleSettings{StartsAt: now - 1, EndsAt: now + 3_600_000, WaitlistCapacity: 10, WaitlistTTL: 60_000,
				Items: []core.SaleItem{{SKU: sku, Quota: core.Unlimited}}}
			done(t, e, core.Command{Kind: core.CommandDefineChannel, Name: []byte("outlet")},
				core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{Rules: []core.RoutingRule{core.RuleFewestShipments}}},
				keep[0], core.Command{Kind: core.CommandDefineSale, Name: []byte("drop"), SaleSettings: &rules})
			sale, _ := e.Sale([]byte("drop"))
			last := order("ann", sku, 1)
			last.Channel = 1
			second := join(sale.ID, "cleo", sku, 1)
			second.Channel = 1
			done(t, e, last, join(sale.ID, "bob", sku, 1), second, receive(sku, 1))
			eventually(t, "the turn of the second", func() bool { return turns(t, e) == "cleo+" })
			done(t, e, receive(sku, 2))
			before := e.Sequence()
			time.Sleep(20 * time.Millisecond)
			if got := turns(t, e); got != "cleo+" || e.Sequence() != before {
				t.Errorf("turns %q, and the engine went on by itself from %d to %d", got, before, e.Sequence())
			}
			done(t, e, keep[1])
			eventually(t, "the turn of the first", func() bool { return turns(t, e) == "cleo+ bob+" })
			audited(t, e)
			closeEngine(t, e)
		})
	}
}
