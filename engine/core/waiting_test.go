package core_test

import (
	"testing"

	"holdfast/engine/core"
)

// TestSoManyArePassedOver has one order more wait, for what cannot reach them, than are passed over: who stands behind them is served when one of
// them is gone.
func TestSoManyArePassedOver(t *testing.T) {
	m := core.New(core.Options{})
	var st core.Step
	seq := core.Sequence(0)
	do := func(c core.Command) *core.Outcome {
		c.Version = 1
		if seq++; c.Mask == 0 {
			c.Mask, _ = core.SlotsOf(&c)
		}
		outcome := m.Execute(&st, &c, seq, opening, &eventList{})
		if outcome.Reason != core.ReasonNone {
			t.Fatalf("command %d is refused: %d", seq, outcome.Reason)
		}
		return outcome
	}
	to := func(country string) (d core.Destination) {
		copy(d.Country[:], country)
		return d
	}
	zones := []core.Zone{{Country: core.CountryCode{'D', 'E'}}}
	do(core.Command{Kind: core.CommandDefineLocation, Name: []byte("main"), Location: core.LocationSettings{Shipping: &core.Shipping{Zones: zones}}})
	do(core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{Rules: []core.RoutingRule{core.RulePriority}}})
	do(core.Command{Kind: core.CommandDefineSKU, Name: []byte("phone"), SKU: core.SKUSettings{BackorderLimit: core.Unlimited}})
	id := core.MakeSKUID(core.NameSlot([]byte("phone")), 0)
	order := func(country string) core.OrderID {
		return do(core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: id, Quantity: 1}}, Destination: to(country)}).Order
	}
	const passed = 4096
	first := order("AT")
	for range passed {
		order("AT")
	}
	last := order("DE")
	do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: id, Value: 5}}})
	fill := core.Command{Kind: core.CommandFillOrder, Order: last}
	if got := m.Waiting(id.Slot(), 10, nil); len(got) != 0 || do(fill).Changed || m.SomeWait(id.Slot()) {
		t.Errorf("%v are served past %d others", got, passed+1)
	}
	if report := m.Audit(); report.Found != 0 {
		t.Errorf("audit: %+v", report.Violations)
	}
	do(core.Command{Kind: core.CommandCancelOrder, Order: first})
	if got := m.Waiting(id.Slot(), 10, nil); len(got) != 1 || got[0] != last || !do(fill).Changed {
		t.Errorf("%v are served past %d others, want %d", got, passed, last)
	}
}
