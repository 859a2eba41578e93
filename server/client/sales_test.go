package client_test

import (
	"testing"
	"time"

	"holdfast/server/client"
)

func number[T int | int64](n T) *T { return &n }

// wantProblem checks that an answer says no, with a code.
func wantProblem(t *testing.T, err error, code string) *client.Problem {
	t.Helper()
	problem, ok := err.(*client.Problem)
	if !ok || problem.Code != code {
		t.Fatalf("%v, want %s", err, code)
	}
	return problem
}

// TestSale sells out of a sale, has somebody wait and offers them what comes back.
func TestSale(t *testing.T) {
	c, ctx := open(t), t.Context()
	sale, place := must[client.Sale](t), must[client.Place](t)
	must[client.SKU](t)(c.PutSKU(ctx, "phone", client.SKUSettings{}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("phone", 10)}))
	now := time.Now().Truncate(time.Millisecond)
	rules := client.SaleRules{
		StartsAt: now.Add(-time.Minute), EndsAt: now.Add(time.Hour), LimitPerAddress: number(int64(2)), WaitlistCapacity: number(5),
		Items: []client.SaleItem{{SKU: "phone", Quota: number(int64(3)), UnitPrice: &client.Money{Amount: 100, Currency: "EUR"}}},
	}
	made := sale(c.PutSale(ctx, "friday", rules))
	if made.Version != 1 || *made.Items[0].Quota != 3 || *made.LimitPerAddress != 2 || made.MaxTTLSeconds != nil || made.Items[0].UnitPrice.Amount != 100 {
		t.Errorf("made %+v", made)
	}
	first := must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{Customer: "ann", Lines: []client.Line{{SKU: "phone", Quantity: 2}},
		InSale: client.InSale{Sale: "friday", Identities: &client.Identities{Address: "Elbe 1"}}}))
	_, err := c.PlaceHold(ctx, client.HoldRequest{Customer: "bob", Lines: []client.Line{{SKU: "phone", Quantity: 1}},
		InSale: client.InSale{Sale: "friday", Identities: &client.Identities{Address: "Elbe 1"}}})
	wantProblem(t, err, "sale_limit_exceeded")
	must[client.Order](t)(c.PlaceOrder(ctx, client.OrderRequest{Customer: "cem", Lines: []client.Line{{SKU: "phone", Quantity: 1}}, InSale: client.InSale{Sale: "friday"}}))
	if item := sale(c.Sale(ctx, "friday")).Items[0]; first.Sale != "friday" || item.Sold != 3 || *item.Left != 0 || *item.Available != 7 || item.BeyondStock != 0 {
		t.Errorf("order in %q, item %+v", first.Sale, item)
	}

	dan := place(c.JoinWaitlist(ctx, "friday", client.PlaceRequest{Customer: "dan", SKU: "phone"}))
	eve := place(c.JoinWaitlist(ctx, "friday", client.PlaceRequest{Customer: "eve", SKU: "phone", Quantity: 2}, client.WithKey("eve")))
	if dan.Position != 1 || eve.Position != 2 || place(c.Place(ctx, "friday", eve.ID)).Quantity != 2 {
		t.Errorf("places %+v, %+v", dan, eve)
	}
	page := must[client.PlacePage](t)(c.Waitlist(ctx, "friday", "phone", client.Page(1, "")))
	if page.Length != 2 || page.Units != 3 || len(page.Items) != 1 || page.Items[0].ID != dan.ID || page.Next == "" {
		t.Errorf("waitlist %+v", page)
	}
	if err := c.LeaveWaitlist(ctx, "friday", dan.ID); err != nil {
		t.Fatal(err)
	}
	_, err = c.Place(ctx, "friday", dan.ID)
	wantProblem(t, err, "place_not_found")
	if sales := must[client.SalePage](t)(c.Sales(ctx)); len(sales.Items) != 1 || sales.Items[0].Sale != "friday" {
		t.Errorf("sales %+v", sales)
	}
}

// TestQueue takes a ticket, waits to be let in, and orders.
func TestQueue(t *testing.T) {
	c, ctx := open(t), t.Context()
	must[client.SKU](t)(c.PutSKU(ctx, "phone", client.SKUSettings{}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("phone", 10)}))
	now := time.Now().Truncate(time.Millisecond)
	must[client.Sale](t)(c.PutSale(ctx, "drop", client.SaleRules{StartsAt: now.Add(-time.Hour), EndsAt: now.Add(time.Hour),
		Items: []client.SaleItem{{SKU: "phone"}}, Queue: &client.SaleQueue{Required: true}}))
	order := client.OrderRequest{Customer: "ann", Lines: []client.Line{{SKU: "phone", Quantity: 1}}, InSale: client.InSale{Sale: "drop"}}
	_, err := c.PlaceOrder(ctx, order)
	wantProblem(t, err, "ticket_required")
	ticket := must[client.Ticket](t)(c.JoinQueue(ctx, "drop", "ann"))
	for deadline := now.Add(20 * time.Second); ticket.Status == "waiting" && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
		ticket = must[client.Ticket](t)(c.Ticket(ctx, "drop", ticket.Ticket))
	}
	if ticket.Status != "admitted" || ticket.Entrance == "" || ticket.ExpiresAt.Before(now) {
		t.Fatalf("ticket %+v", ticket)
	}
	order.Ticket = ticket.Entrance
	must[client.Order](t)(c.PlaceOrder(ctx, order))
	if q := must[client.Queue](t)(c.Queue(ctx, "drop")); !q.Required || q.Tickets != 1 {
		t.Errorf("queue %+v", q)
	}
}

// TestChannelsAndRules sets units apart for a channel.
func TestChannelsAndRules(t *testing.T) {
	c, ctx := open(t), t.Context()
	rule := must[client.ChannelRule](t)
	must[client.SKU](t)(c.PutSKU(ctx, "phone", client.SKUSettings{}))
	must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{client.Receive("phone", 10)}))
	shop := must[client.Channel](t)(c.PutChannel(ctx, "shop", client.ChannelSettings{Visibility: "bands", Buffer: 1}))
	if again := must[client.Channel](t)(c.Channel(ctx, "shop")); again.Number != shop.Number || again.Buffer != 1 || again.Visibility != "bands" {
		t.Errorf("channel %+v", again)
	}
	if page := must[client.ChannelPage](t)(c.Channels(ctx)); len(page.Items) != 2 {
		t.Errorf("channels %+v", page)
	}
	rule(c.PutChannelRule(ctx, "phone", "shop", number(int64(2)), &client.Pool{Quota: 4}))
	if r := rule(c.ChannelRule(ctx, "phone", "shop")); *r.Buffer != 2 || r.Pool.Status != "live" || r.Pool.Left != 4 {
		t.Errorf("rule %+v, pool %+v", r, r.Pool)
	}
	if rules := must[[]client.ChannelRule](t)(c.ChannelRules(ctx, "phone")); len(rules) != 1 || rules[0].Channel != "shop" {
		t.Errorf("rules %+v", rules)
	}
	if err := c.DeleteChannelRule(ctx, "phone", "shop"); err != nil {
		t.Fatal(err)
	}
	_, err := c.ChannelRule(ctx, "phone", "shop")
	wantProblem(t, err, "channel_rule_not_found")
}

// TestRouting asks from where an order would come, places it, asks why, and has it come from elsewhere.
func TestRouting(t *testing.T) {
	c, ctx := open(t), t.Context()
	order := must[client.Order](t)
	must[client.SKU](t)(c.PutSKU(ctx, "phone", client.SKUSettings{}))
	units := int64(3)
	for _, location := range []string{"north", "south"} {
		must[client.Location](t)(c.PutLocation(ctx, location, client.LocationSettings{}))
		must[client.Levels](t)(c.Adjust(ctx, []client.Adjustment{{SKU: "phone", Location: location, Delta: &units}}))
	}
	policy := must[client.Routing](t)(c.PutRouting(ctx, client.RoutingPolicy{Rules: []string{"preferred", "priority"}, Preferred: []string{"south"}}))
	if got := must[client.Routing](t)(c.Routing(ctx)); got.Version != policy.Version || got.MaxShipments != nil || len(got.Preferred) != 1 || got.Strategy != "rules" {
		t.Errorf("policy %+v", got)
	}
	request := client.OrderRequest{Customer: "ann", Lines: []client.Line{{SKU: "phone", Quantity: 2}}}
	preview := must[client.RoutePreview](t)(c.PreviewRoute(ctx, request))
	if a := preview.Lines[0].Allocations; len(a) != 1 || a[0].Location != "south" || preview.Route.Shipments != 1 || preview.Route.Scores["preferred"] != 0 {
		t.Errorf("preview %+v", preview)
	}
	placed := order(c.PlaceOrder(ctx, request))
	route := must[client.Route](t)(c.OrderRoute(ctx, placed.ID, 0))
	if at := must[client.Route](t)(c.OrderRoute(ctx, placed.ID, placed.Sequence)); len(route.Candidates) != 2 || at.Shipments != route.Shipments {
		t.Errorf("route %+v, then %+v", route, at)
	}
	moved := order(c.Reroute(ctx, placed.ID, client.RerouteRequest{Location: "south", Reason: "short_pick", Actor: "bob",
		Lines: []client.RerouteLine{{SKU: "phone", Quantity: 1}}}, client.IfVersion(placed.Version)))
	if a := moved.Lines[0].Allocations; len(a) != 2 {
		t.Errorf("rerouted to %+v", a)
	}
	page := must[client.MovementPage](t)(c.Movements(ctx, "phone", client.Query("type", "reallocate"), client.AtLeast(moved.Sequence)))
	if len(page.Items) != 2 || page.Items[0].FromLocation != "south" || page.Items[0].ToLocation != "north" || page.Items[0].Quantity != 1 {
		t.Errorf("movements %+v", page)
	}
}
