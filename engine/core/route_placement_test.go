package core_test

import (
	"fmt"
	"testing"

	"holdfast/engine/core"
)

// TestForcedOrderOfManyShipments forces an order that no hundred locations have, which is refused when it is not forced.
func TestForcedOrderOfManyShipments(t *testing.T) {
	for _, stores := range []int{core.MaxShipmentsLimit, core.MaxShipmentsLimit + 1, 3 * core.MaxShipmentsLimit} {
		s := newQueueShop(t)
		s.route(core.RulePriority)
		id := s.sku("phone")
		for i := range stores {
			s.location(fmt.Sprint("store", i))
			s.receive(id, core.LocationID(i+1), 1)
		}
		order := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: id, Quantity: core.Quantity(stores)}}}
		if stores > core.MaxShipmentsLimit {
			if o := s.try(order); o.Reason != core.ReasonTooManyShipments {
				t.Errorf("%d shipments: reason %d", stores, o.Reason)
			}
		}
		order.Stock = core.StockForce
		var img core.OrderImage
		s.m.ReadOrder(s.do(order).Order, &img)
		if len(img.Allocations) != stores || img.Lines[0].Backordered != 0 {
			t.Errorf("%d of %d locations give something, and %d units wait", len(img.Allocations), stores, img.Lines[0].Backordered)
		}
		s.audit()
	}
}
