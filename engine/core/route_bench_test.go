//go:build !tiny

package core_test

import (
	"fmt"
	"testing"

	"holdfast/engine/core"
)

// newRoutedTill is a shop of five SKUs over twenty locations, each at half of them, with positions and costs.
func newRoutedTill(tb testing.TB, rules ...core.RoutingRule) *till {
	t := newTill(tb, chunks(), 5)
	run := func(c core.Command) { t.run(&c) }
	for i := range 20 {
		shipping := &core.Shipping{HandlingDays: uint8(i % 3), CostPerUnit: uint32(10 * (i % 4)), Zones: []core.Zone{
			{Country: core.CountryCode{'D', 'E'}, TransitDays: 1, Cost: uint32(390 + 17*(i*7%20)), CostPerKilo: 20},
			{TransitDays: 4, Cost: 1490, CostPerKilo: 90}}}
		run(core.Command{Kind: core.CommandDefineLocation, Name: fmt.Appendf(nil, "location-%d", i), Location: core.LocationSettings{
			Priority: int32(i / 5), HasPosition: true, LatitudeE7: 480_000_000 + int32(i)*3_000_000, LongitudeE7: 80_000_000 + int32(i*11%20)*2_000_000, Shipping: shipping}})
	}
	for k, sku := range t.skus {
		run(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: sku, Mode: core.AdjustSet}}})
		for i := range 20 {
			if (i+k*3)%4 != 0 && (i*k)%3 != 2 {
				run(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: sku, Location: core.LocationID(i + 1), Value: core.MaxOnHand}}})
			}
		}
	}
	run(core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{Rules: rules, SplitPenalty: 100}})
	return t
}

var routedBaskets = map[string][]core.RoutingRule{
	"fewest":   {core.RuleFewestShipments, core.RuleNearest, core.RulePriority},
	"cost":     {core.RuleLowestCost},
	"nearest":  {core.RuleNearest, core.RuleLowestCost},
	"promised": {core.RulePromiseDate, core.RuleLowestCost},
}

func routedBasket(t *till) *core.Command {
	c := t.basket(core.CommandPlaceOrder, 5)
	c.Destination = core.Destination{Country: core.CountryCode{'D', 'E'}, HasPosition: true, LatitudeE7: 535_500_000, LongitudeE7: 99_900_000}
	return c
}

// TestRoutedBasketAllocatesNothing: what is left is a page for every thousand records.
func TestRoutedBasketAllocatesNothing(t *testing.T) {
	for name, rules := range routedBaskets {
		till := newRoutedTill(t, rules...)
		order := routedBasket(till)
		till.run(order)
		if n := testing.AllocsPerRun(500, func() { till.run(order) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkRoutedBasket is an order of five lines over twenty locations, from the command to its explain record.
func BenchmarkRoutedBasket(b *testing.B) {
	for name, rules := range routedBaskets {
		b.Run(name, func(b *testing.B) {
			till := newRoutedTill(b, rules...)
			order := routedBasket(till)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				till.run(order)
			}
		})
	}
}
