package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/search"
	"holdfast/server"
	"holdfast/server/client"
)

// open starts a server and gives a client for it.
func open(t *testing.T) *client.Client {
	t.Helper()
	e, err := engine.Open(engine.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	x, err := search.Open(e, search.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(e, server.Options{Log: slog.New(slog.DiscardHandler), Search: x})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	c := client.New("http://" + ln.Addr().String() + "/")
	t.Cleanup(func() {
		c.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := errors.Join(s.Shutdown(ctx), <-served)
		x.Close()
		if err := errors.Join(err, e.Close()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestShop(t *testing.T) {
	c, ctx := open(t), t.Context()
	order := must[client.Order](t)
	settings := client.SKUSettings{Title: "Phone", LimitPerCustomer: 5}
	sku := must[client.SKU](t)(c.PutSKU(ctx, "größe", settings))
	if read := must[client.SKU](t)(c.SKU(ctx, sku.SKU, client.AtLeast(sku.Sequence))); read.SKUSettings != settings || read.Number != sku.Number {
		t.Errorf("put %+v, read %+v", sku, read)
	}
	unlimited := must[client.SKU](t)(c.PutSKU(ctx, "B", client.SKUSettings{BackorderLimit: client.Unlimited}))
	if unlimited.BackorderLimit != client.Unlimited {
		t.Errorf("put %+v", unlimited)
	}
	must[client.Location](t)(c.PutLocation(ctx, "HH", client.LocationSettings{Name: "Hamburg", Kind: "store", Priority: 3}))
	daily := int64(7)
	shipping := &client.Shipping{Zones: []client.Zone{{Country: "DE", Cost: 390}}, DailyCapacity: &daily}
	must[client.Location](t)(c.PutLocation(ctx, "KI", client.LocationSettings{Kind: "store", Shipping: shipping}))
	state := must[client.LocationState](t)(c.Location(ctx, "KI"))
	if got := state.Capacity; got == nil || got.DailyCapacity != 7 || got.Left != 7 || got.Day == "" || *state.Shipping.DailyCapacity != 7 || state.Location.Location != "KI" {
		t.Errorf("location %+v", state)
	}
	levels := must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive(sku.SKU, 10)}, client.WithKey("k")))
	if len(levels.Levels) != 1 || levels.Levels[0].OnHand != 10 {
		t.Errorf("levels %+v", levels)
	}
	if page := must[client.SKUPage](t)(c.SKUs(ctx, client.Page(1, ""))); len(page.Items) != 1 || page.Next == "" {
		t.Errorf("page %+v", page)
	}

	lines := []client.Line{{SKU: sku.SKU, Quantity: 2, UnitPrice: &client.Money{Amount: 1999, Currency: "EUR"}}}
	placed := order(c.PlaceOrder(ctx, client.OrderRequest{Customer: "c", ExternalID: "x", Lines: lines, ShipTo: &client.Address{City: "Hamburg"}}))
	if read := order(c.Order(ctx, placed.ID)); read.ShipTo.City != "Hamburg" || read.Lines[0].UnitPrice.Amount != 1999 || read.CreatedAt.IsZero() {
		t.Errorf("order %+v", read)
	}
	hold := order(c.PlaceHold(ctx, client.HoldRequest{Customer: "c", Lines: lines[:1], TTLSeconds: 60}))
	if extended := order(c.ExtendHold(ctx, hold.ID, 600)); !extended.ExpiresAt.After(hold.ExpiresAt) {
		t.Errorf("extended %+v", extended)
	}
	if confirmed := order(c.ConfirmHold(ctx, hold.ID, client.IfVersion(2))); confirmed.Status != "placed" {
		t.Errorf("confirmed %+v", confirmed)
	}
	if a := must[client.Availability](t)(c.Availability(ctx, sku.SKU)); a.Available != 6 || len(a.Locations) != 1 {
		t.Errorf("availability %+v", a)
	}
	some, err := c.CancelLines(ctx, placed.ID, []client.LineUnits{{Quantity: 1}}, "too many", client.IfVersion(placed.Version))
	if units := some.Lines[0].Units; err != nil || units == nil || units.Cancelled != 1 || units.Ordered != units.Allocated+1 {
		t.Errorf("%+v: %v", some, err)
	}
	change := client.EditRequest{Add: lines[:1], Remove: []client.LineUnits{{Quantity: 1}}, Email: "a@example.com", TakeAway: []string{"ship_to"}, Actor: "anna"}
	preview := must[client.EditPreview](t)(c.PreviewEdit(ctx, placed.ID, change))
	if preview.Version != some.Version || len(preview.Added) != 1 || preview.Amounts == nil || preview.Amounts.Difference != preview.Amounts.After-preview.Amounts.Before {
		t.Errorf("preview %+v", preview)
	}
	edited := must[client.EditedOrder](t)(c.Edit(ctx, placed.ID, change, client.IfVersion(preview.Version)))
	if edited.Version != preview.Version+1 || edited.Email != "a@example.com" || edited.ShipTo != nil || len(edited.Lines) != len(preview.Lines) || edited.Removed[0].Quantity != 1 {
		t.Errorf("edited %+v", edited)
	}
	order(c.CancelOrder(ctx, placed.ID))
	if stopped := must[client.Order](t)(c.PutOnHold(ctx, hold.ID, []string{"fraud", "stock"}, "odd")); len(stopped.OnHold) != 2 {
		t.Errorf("on hold %+v", stopped)
	}
	if free := must[client.Order](t)(c.TakeOffHold(ctx, hold.ID, nil, "")); len(free.OnHold) != 0 {
		t.Errorf("off hold %+v", free)
	}
	startWork(t, c, hold.ID)
	sent := must[client.ShippedOrder](t)(c.Ship(ctx, hold.ID, client.ShipmentRequest{Carrier: "DHL", Parcels: []client.Parcel{{WeightGrams: 900}}}))
	if sent.Fulfilment != "fulfilled" || sent.Shipment.Lines[0].Quantity != 2 || sent.Shipment.Parcels[0].WeightGrams != 900 || sent.ID != hold.ID {
		t.Errorf("shipped %+v", sent)
	}
	back := client.TrackingReport{Status: "returned_to_sender", At: time.UnixMilli(1_764_000_000_000).UTC(), ID: "7"}
	if tracked := must[client.ShippedOrder](t)(c.Track(ctx, hold.ID, 1, []client.TrackingReport{back})); !tracked.Shipment.TrackedAt.Equal(back.At) || tracked.Status != "placed" {
		t.Errorf("tracked %+v", tracked)
	}
	received := must[client.ShippedOrder](t)(c.ReceiveBack(ctx, hold.ID, 1, "main", "damaged", lines[:0]))
	if received.Lines[0].Units.Received != 2 || received.Shipment.Lines[0].Received != 2 || received.Status != "completed" || received.ClosesAt.IsZero() {
		t.Errorf("received %+v", received)
	}
	if list := must[[]client.Shipment](t)(c.Shipments(ctx, hold.ID)); len(list) != 1 || list[0].Carrier != "DHL" || list[0].ShippedAt.IsZero() {
		t.Errorf("shipments %+v", list)
	}
	second := order(c.PlaceHold(ctx, client.HoldRequest{Customer: "c", Lines: lines}))
	if err := c.ReleaseHold(ctx, second.ID); err != nil {
		t.Error(err)
	}
	if released := order(c.Hold(ctx, second.ID)); released.Status != "released" {
		t.Errorf("released %+v", released)
	}
	if audit := must[client.Audit](t)(c.Audit(ctx)); !audit.OK || audit.Orders != 2 || audit.ByStatus["released"] != 1 {
		t.Errorf("audit %+v", audit)
	}
	if digest := must[client.Digest](t)(c.Digest(ctx)); len(digest.Digest) != 32 {
		t.Errorf("digest %+v", digest)
	}
	if err := c.Ready(ctx); err != nil {
		t.Error(err)
	}
}

// startWork starts on the only fulfilment order that an order has.
func startWork(t *testing.T, c *client.Client, id string) {
	t.Helper()
	ctx := t.Context()
	if list := must[[]client.Fulfillment](t)(c.Fulfillments(ctx, id)); len(list) != 1 || list[0].Status != "open" || list[0].Lines[0].Quantity != 2 {
		t.Errorf("fulfillments %+v", list)
	}
	if work := must[client.FulfilledOrder](t)(c.Fulfil(ctx, id, 1, client.FulfillmentRequest{Action: "start"})); work.Fulfillment.Status != "in_progress" {
		t.Errorf("started %+v", work)
	}
}

// TestDesk goes the way of somebody who answers a customer.
func TestDesk(t *testing.T) {
	c, ctx := open(t), t.Context()
	must[client.SKU](t)(c.PutSKU(ctx, "pot", client.SKUSettings{Title: "Pot", LimitPerCustomer: 5}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("pot", 10)}))
	placed := must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{Customer: "ann", Email: "Ann@Example.com", Tags: []string{"gift", "rush hour"},
		Lines: []client.Line{{SKU: "pot", Quantity: 2}}}))
	must[client.Order](t)(c.PlaceHold(ctx, client.HoldRequest{Customer: "ann", Tags: []string{"rush hour"}, Lines: []client.Line{{SKU: "pot", Quantity: 1}}}))
	note := must[client.Note](t)(c.AddNote(ctx, placed.ID, "rings twice", "kim", client.WithKey("n1")))
	if note.Text != "rings twice" || note.Actor != "kim" || note.OrderID != placed.ID {
		t.Errorf("%+v", note)
	}
	now := client.AtLeast(note.Sequence)
	page := must[client.OrderPage](t)(c.Orders(ctx, client.Filter{Email: "ann@example.com", Tag: "rush hour", From: placed.CreatedAt, To: placed.CreatedAt.Add(time.Hour)}, now))
	if len(page.Items) != 1 || page.Items[0].ID != placed.ID || page.Items[0].Email != "Ann@Example.com" || page.Next != "" || !page.Complete || page.IndexedSequence < note.Sequence {
		t.Errorf("%+v", page)
	}
	if page := must[client.OrderPage](t)(c.Orders(ctx, client.Filter{Customer: "ann"}, client.Page(1, ""), now)); len(page.Items) != 1 || page.Next == "" {
		t.Errorf("%+v", page)
	} else if page = must[client.OrderPage](t)(c.Orders(ctx, client.Filter{Customer: "ann"}, client.Page(1, page.Next), now)); len(page.Items) != 1 || page.Items[0].ID != placed.ID {
		t.Errorf("%+v", page)
	}
	story := must[client.Timeline](t)(c.Timeline(ctx, placed.ID, now))
	if len(story.Items) != 2 || story.Items[0].Type != "order_placed" || story.Items[1].Actor != "kim" || len(story.Items[0].All) == 0 || !story.Complete {
		t.Errorf("%+v", story)
	}
	if notes := must[client.NotePage](t)(c.Notes(ctx, placed.ID, now)); len(notes.Items) != 1 || notes.Items[0].Text != "rings twice" {
		t.Errorf("%+v", notes)
	}
	customer := must[client.Customer](t)(c.Customer(ctx, "ann", now))
	if len(customer.Orders) != 2 || len(customer.Holds) != 1 || len(customer.Limits) != 1 || customer.Limits[0] != (client.CustomerLimit{SKU: "pot", Limit: 5, Used: 3}) {
		t.Errorf("%+v", customer)
	}
	link := must[client.StatusLink](t)(c.StatusLink(ctx, placed.ID, time.Hour))
	if status := must[client.BuyerStatus](t)(c.Status(ctx, link.Token)); status.Status != "placed" || status.Lines[0] != (client.BuyerLine{SKU: "pot", Title: "Pot", Quantity: 2}) {
		t.Errorf("%+v", status)
	}
}

// TestReturns goes the way of units that come back.
func TestReturns(t *testing.T) {
	c, ctx := open(t), t.Context()
	must[client.SKU](t)(c.PutSKU(ctx, "pot", client.SKUSettings{}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("pot", 10)}))
	price := client.Money{Amount: 900, Currency: "EUR"}
	placed := must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{Customer: "ann", Lines: []client.Line{{SKU: "pot", Quantity: 5, UnitPrice: &price}}}))
	must[client.ShippedOrder](t)(c.Ship(ctx, placed.ID, client.ShipmentRequest{}))
	delivered := client.TrackingReport{Status: "delivered", At: time.UnixMilli(1_764_000_000_000).UTC()}
	must[client.ShippedOrder](t)(c.Track(ctx, placed.ID, 1, []client.TrackingReport{delivered}))
	returned := must[client.ReturnedOrder](t)
	for number := 1; number <= 4; number++ {
		r := returned(c.RequestReturn(ctx, placed.ID, client.ReturnRequest{Reason: "damaged", Lines: []client.ReturnLine{{Quantity: 1, Comment: "a crack"}}}))
		if r.Return.Number != number || r.Return.Status != "requested" || r.Returns != "requested" || r.Lines[0].Units.Returning != int64(number) {
			t.Errorf("%+v", r)
		}
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	approved := returned(c.ApproveReturn(ctx, placed.ID, 1, client.ReturnApproval{ExpiresAt: &until, RefundWhen: "received", RestockingFee: &client.Money{Amount: 100, Currency: "EUR"}}))
	if r := approved.Return; !r.ExpiresAt.Equal(until) || r.Fee.Amount != 100 || r.RefundDue {
		t.Errorf("%+v", r)
	}
	returned(c.ReportReturn(ctx, placed.ID, 1, client.ReturnReport{Carrier: "DHL"}))
	returned(c.ReceiveReturn(ctx, placed.ID, 1, client.ReturnReceipt{Lines: []client.ReceivedLine{{Disposition: "quality_control"}}}))
	returned(c.InspectReturn(ctx, placed.ID, 1, client.ReturnReceipt{Disposition: "restock"}))
	if r := returned(c.DecideRefund(ctx, placed.ID, 1, client.RefundDecision{Kind: "store_credit", Amount: 800, Currency: "EUR"})).Return; r.Refunds[0].Amount != 800 || r.Carrier != "DHL" {
		t.Errorf("%+v", r)
	}
	if r := returned(c.CloseReturn(ctx, placed.ID, 1, "")); r.Lines[0].Units.Restocked != 1 || r.Return.Lines[0].Received["restock"] != 1 || r.Return.Status != "closed" {
		t.Errorf("%+v", r)
	}
	returned(c.DeclineReturn(ctx, placed.ID, 2, "worn"))
	returned(c.CancelReturn(ctx, placed.ID, 3, ""))
	exchanged := returned(c.ApproveReturn(ctx, placed.ID, 4, client.ReturnApproval{Replacement: &client.Replacement{Lines: []client.Line{{SKU: "pot", Quantity: 1, UnitPrice: &price}}}}))
	if by := exchanged.Return.Replacement; by == nil || by.OrderID == "" || by.Difference == nil || by.Difference.Amount != 0 {
		t.Errorf("%+v", exchanged.Return)
	}
	if list := must[[]client.Return](t)(c.Returns(ctx, placed.ID)); len(list) != 4 || list[1].Status != "declined" || list[2].Status != "cancelled" {
		t.Errorf("%+v", list)
	}
	now := client.AtLeast(exchanged.Sequence)
	if page := must[client.ReturnPage](t)(c.FindReturns(ctx, "closed", "ann", now)); len(page.Items) != 1 || page.Items[0].RMA != placed.ID+"/returns/1" || !page.Complete {
		t.Errorf("%+v", page)
	}
	if customer := must[client.Customer](t)(c.Customer(ctx, "ann", now)); len(customer.Credit) != 1 || customer.Credit[0] != (client.Money{Amount: 800, Currency: "EUR"}) {
		t.Errorf("%+v", customer)
	}
}

func TestProblems(t *testing.T) {
	c, ctx := open(t), t.Context()
	_, err := c.Order(ctx, "no such")
	var problem *client.Problem
	if !errors.As(err, &problem) || problem.Status != 404 || problem.Code != "order_not_found" {
		t.Errorf("error %v", err)
	}
	_, err = c.PlaceOrder(ctx, client.OrderRequest{Customer: "a b", Lines: []client.Line{{SKU: "A"}}})
	if !errors.As(err, &problem) || len(problem.Errors) != 2 || problem.Errors[1].Field != "lines[0].quantity" {
		t.Errorf("error %v", err)
	}
}

func TestBatches(t *testing.T) {
	c, ctx := open(t), t.Context()
	sku := must[client.SKU](t)(c.PutSKU(ctx, "A", client.SKUSettings{}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("A", 2)}))
	lines := must[[]client.BatchLine](t)(c.BatchLines(ctx, []byte(`{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":1}]}`+"\n"+`{"op":"x"}`)))
	if len(lines) != 2 || lines[0].Status != 201 || lines[1].Line != 2 {
		t.Errorf("lines %+v", lines)
	}
	id := core.SKUID(sku.Number)
	command := core.Command{Kind: core.CommandPlaceOrder, Mask: id.Slot().Mask(), Customer: []byte("c"), Lines: []core.Line{{SKU: id, Quantity: 1}}}
	answer := must[[]byte](t)(c.Batch(ctx, codec.AppendCommand(codec.AppendBatchHeader(nil, 1), &command)))
	if count, _, answers, err := codec.DecodeAnswers(answer); err != nil || count != 1 || len(answers) != codec.AnswerSize {
		t.Errorf("answer %x: %v", answer, err)
	}
}

func TestEvents(t *testing.T) {
	c, ctx := open(t), t.Context()
	must[client.SKU](t)(c.PutSKU(ctx, "A", client.SKUSettings{}))
	second := must[client.SKU](t)(c.PutSKU(ctx, "B", client.SKUSettings{}))
	enough := errors.New("enough")
	seen := 0
	resume, err := c.Events(ctx, 0, func([]byte) error {
		if seen++; seen == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || resume != second.Sequence-1 {
		t.Errorf("resume %d after %d events: %v", resume, seen, err)
	}
}
