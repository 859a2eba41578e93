package reference_test

import (
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// TestFulfilmentsDoNotPileUp splits an order into as many fulfilment orders as there may be. Then suppliers decline them, and units are moved from place
// to place, over and over: there are hardly more of them after that.
func TestFulfilmentsDoNotPileUp(t *testing.T) {
	sku := core.MakeSKUID(core.NameSlot([]byte("phone")), 0)
	named, id := []core.Line{{SKU: sku}}, core.MakeOrderID(sku.Slot(), false, 0)
	tr, seq, version := newTrial(), core.Sequence(0), uint32(0)
	do := func(c core.Command) {
		t.Helper()
		if c.Version, c.Order = 1, id; c.Kind == core.CommandPlaceOrder {
			c.Order = 0
		}
		c.Mask, _ = core.SlotsOf(&c)
		seq++
		if what := tr.take(&reference.Step{Command: c, Now: 1_000_000 + core.Millis(seq)}, seq); what != "" {
			t.Fatalf("command %d: %s", seq, what)
		}
		if c.Order == id && c.Life != nil || c.Reroute != nil {
			version++
		}
	}
	do(core.Command{Kind: core.CommandDefineSKU, Name: []byte("phone")})
	for _, name := range []string{"berlin", "paris", "maker"} {
		kind := core.LocationWarehouse
		if name == "maker" {
			kind = core.LocationSupplier
		}
		do(core.Command{Kind: core.CommandDefineLocation, Name: []byte(name), Location: core.LocationSettings{Kind: kind}})
	}
	const berlin, paris, maker = 1, 2, 3
	stock := func(location core.LocationID) {
		do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: sku, Location: location, Value: 2000}}})
	}
	stock(0)
	do(core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("ann"), Lines: []core.Line{{SKU: sku, Quantity: 1000}}})
	for n := range core.MaxFulfilments - 1 {
		units := []core.LineUnits{{Quantity: 1}}
		if n == core.MaxFulfilments-2 {
			units[0].Quantity = 400 // what leaves is taken from the last one
		}
		do(core.Command{Kind: core.CommandSplitFulfilment, Life: &core.LifeRequest{Fulfilment: 1, Units: units}})
	}
	away := func(from core.LocationID) {
		do(core.Command{Kind: core.CommandRerouteOrder, Lines: []core.Line{{SKU: sku, Quantity: 2}},
			Reroute: &core.Reroute{Location: from, Reason: core.RerouteLocationDown}})
	}
	move := func(from, to core.LocationID) {
		do(core.Command{Kind: core.CommandMoveFulfilment, Life: &core.LifeRequest{Location: from, Target: to}, Lines: named})
	}
	stock(berlin)
	away(0)
	stock(paris)
	for range 20 {
		move(berlin, paris)
		away(0)
	}
	stock(maker)
	for range 20 {
		move(berlin, maker)
		do(core.Command{Kind: core.CommandWorkFulfilment, Life: &core.LifeRequest{Location: maker, Action: core.FulfilmentSubmit}})
		do(core.Command{Kind: core.CommandDeclineFulfilment, Life: &core.LifeRequest{Location: maker}, Lines: named})
		away(0)
	}
	var o core.OrderImage
	if tr.straight.machine.ReadOrder(id, &o); len(o.Life.Fulfilments) > core.MaxFulfilments+3 || o.Version != version+1 {
		t.Errorf("%d fulfilment orders, version %d after %d commands", len(o.Life.Fulfilments), o.Version, version)
	}
	if report := tr.straight.machine.Audit(); report.Found > 0 {
		t.Errorf("audit: %+v", report.Violations)
	}
}
