package client_test

import (
	"testing"

	"holdfast/server/client"
)

// TestOversold resolves what a forced order has too much with an older order.
func TestOversold(t *testing.T) {
	c, ctx := open(t), t.Context()
	must[client.SKU](t)(c.PutSKU(ctx, "A", client.SKUSettings{}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("A", 2)}))
	lines := []client.Line{{SKU: "A", Quantity: 2}}
	first := must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{Customer: "c1", Lines: lines}))
	forced := must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{Customer: "c2", Stock: "force", Lines: lines}))
	page := must[client.OversoldPage](t)(c.Oversold(ctx, client.Page(10, "")))
	if len(page.Items) != 1 || page.Items[0].OrderID != forced.ID || page.Items[0].Remaining != 2 {
		t.Fatalf("page %+v", page)
	}
	id := page.Items[0].ID
	ranked := must[client.RankedCase](t)(c.OversoldCase(ctx, id, "channels:web", client.AtLeast(page.Sequence)))
	if ranked.ID != id || ranked.Policy != "channels" || !ranked.Complete || len(ranked.Victims) != 2 || ranked.Victims[1].OrderID != first.ID {
		t.Errorf("case %+v", ranked)
	}
	resolved := must[client.ResolvedCase](t)(c.ResolveOversold(ctx, id, client.Resolution{Order: first.ID, Action: "cancel"}, client.IfVersion(ranked.Version)))
	if resolved.Status != "resolved" || resolved.Resolved != 2 || resolved.Order.ID != first.ID || resolved.Order.Status != "cancelled" {
		t.Errorf("resolved %+v", resolved)
	}
	if page := must[client.OversoldPage](t)(c.Oversold(ctx)); len(page.Items) != 0 {
		t.Errorf("still open: %+v", page)
	}
}
