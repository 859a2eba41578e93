package client_test

import (
	"testing"
	"time"

	"holdfast/server/client"
)

// TestPayments has an order paid and refunded, and a hold locked and unlocked.
func TestPayments(t *testing.T) {
	c, ctx := open(t), t.Context()
	price := client.Money{Amount: 500, Currency: "EUR"}
	at := time.UnixMilli(1_764_000_000_000).UTC()
	must[client.SKU](t)(c.PutSKU(ctx, "gift", client.SKUSettings{BackorderLimit: client.Unlimited}))
	placed := must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{Customer: "ann", Lines: []client.Line{{SKU: "gift", Quantity: 2, UnitPrice: &price}},
		Amounts: &client.OrderAmounts{Shipping: &price}}))
	if placed.PaymentStatus != "unpaid" || placed.Amounts.Total != 1500 || placed.Lines[0].Total.Amount != 1000 {
		t.Errorf("placed %+v", placed)
	}
	paid := must[client.PaidOrder](t)(c.ReportPayment(ctx, placed.ID, client.PaymentReport{
		Type: "capture", Status: "succeeded", Amount: client.Money{Amount: 1500, Currency: "EUR"}, Provider: "acme", Reference: "ch_1", At: at}))
	if paid.PaymentStatus != "paid" || paid.Payment.Number != 1 || !paid.Payment.At.Equal(at) {
		t.Errorf("paid %+v", paid)
	}
	asked := must[client.PaidOrder](t)(c.RequestPayment(ctx, placed.ID, client.PaymentRequest{Type: "refund", Amount: &price, Of: 1}))
	if !asked.Payment.Task || asked.Payment.Of != 1 || asked.Amounts.ToRefund != 500 {
		t.Errorf("asked %+v", asked)
	}
	must[client.PaidOrder](t)(c.CompletePayment(ctx, placed.ID, 2, client.Completion{Status: "succeeded", Reference: "bank-7", At: at, Actor: "anna"}))
	if list := must[[]client.Payment](t)(c.Payments(ctx, placed.ID)); len(list) != 2 || list[1].Provider != "acme" || list[1].Status != "succeeded" {
		t.Errorf("payments %+v", list)
	}
	hold := must[client.Order](t)(c.PlaceHold(ctx, client.HoldRequest{Customer: "ann", Lines: []client.Line{{SKU: "gift", Quantity: 1}}}))
	priced := must[client.Order](t)(c.PriceHold(ctx, hold.ID, client.Prices{Lines: []client.LinePrice{{UnitPrice: price}}}))
	if priced = must[client.Order](t)(c.PriceOrder(ctx, hold.ID, client.Prices{Lines: []client.LinePrice{{UnitPrice: price}},
		Amounts: &client.OrderAmounts{Shipping: &price}}, client.IfVersion(priced.Version))); priced.Amounts.Total != 1000 || priced.Lines[0].Total.Amount != 500 {
		t.Errorf("priced %+v", priced)
	}
	locked := must[client.Order](t)(c.LockHold(ctx, hold.ID, client.LockRequest{TTLSeconds: 900, Provider: "acme", Reference: "pi_1"}))
	if locked.LockedUntil.IsZero() || !locked.ExpiresAt.Equal(locked.LockedUntil) {
		t.Errorf("locked %+v", locked)
	}
	if unlocked := must[client.Order](t)(c.UnlockHold(ctx, hold.ID)); !unlocked.ExpiresAt.Equal(hold.ExpiresAt) {
		t.Errorf("unlocked %+v", unlocked)
	}
}

// TestMetadata keeps something beside an order, and changes what it costs beside its lines.
func TestMetadata(t *testing.T) {
	c, ctx := open(t), t.Context()
	must[client.SKU](t)(c.PutSKU(ctx, "pot", client.SKUSettings{}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("pot", 10)}))
	price := client.Money{Amount: 900, Currency: "EUR"}
	placed := must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{
		Customer: "ann", Lines: []client.Line{{SKU: "pot", Quantity: 1, UnitPrice: &price}}, Metadata: map[string]any{"erp": "A-1", "gift": true},
	}))
	changed := must[client.Order](t)(c.ChangeMetadata(ctx, placed.ID, client.MetadataChange{Metadata: map[string]any{"gift": nil, "crm": "x"}}))
	if len(changed.Metadata) != 2 || changed.Metadata["erp"] != "A-1" || changed.Metadata["crm"] != "x" {
		t.Errorf("%v", changed.Metadata)
	}
	amounts := &client.OrderAmounts{Shipping: &client.Money{Amount: 490, Currency: "EUR"}}
	preview := must[client.EditPreview](t)(c.PreviewEdit(ctx, placed.ID, client.EditRequest{Amounts: amounts}))
	edited := must[client.EditedOrder](t)(c.Edit(ctx, placed.ID, client.EditRequest{Amounts: amounts}, client.IfVersion(preview.Version)))
	if edited.Amounts.Total != 1390 || preview.Amounts.Given.Shipping.Amount != 490 || edited.Metadata["crm"] != "x" {
		t.Errorf("%+v %+v", preview.Amounts, edited.Order)
	}
}
