package core_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/engine/core"
)

// queueShop is a shop whose orders wait.
type queueShop struct {
	t   *testing.T
	m   *core.Machine
	st  core.Step
	seq core.Sequence
	ev  eventList
}

func newQueueShop(t *testing.T) *queueShop { return &queueShop{t: t, m: core.New(core.Options{})} }

func (s *queueShop) try(c core.Command) *core.Outcome {
	c.Version = 1
	if s.seq++; c.Mask == 0 {
		c.Mask, _ = core.SlotsOf(&c)
	}
	s.ev = eventList{}
	return s.m.Execute(&s.st, &c, s.seq, opening, &s.ev)
}

func (s *queueShop) do(c core.Command) *core.Outcome {
	s.t.Helper()
	outcome := s.try(c)
	if outcome.Reason != core.ReasonNone {
		s.t.Fatalf("command %d is refused: %d", s.seq, outcome.Reason)
	}
	return outcome
}

// sku defines a SKU of which any number may be promised beyond stock.
func (s *queueShop) sku(name string) core.SKUID {
	s.t.Helper()
	slot := core.NameSlot([]byte(name))
	id := core.MakeSKUID(slot, uint32(s.m.SKUs(slot)))
	s.do(core.Command{Kind: core.CommandDefineSKU, Name: []byte(name), SKU: core.SKUSettings{BackorderLimit: core.Unlimited}})
	return id
}

func (s *queueShop) location(name string, zones ...core.Zone) {
	s.t.Helper()
	s.do(core.Command{Kind: core.CommandDefineLocation, Name: []byte(name), Location: core.LocationSettings{Shipping: &core.Shipping{Zones: zones}}})
}

func (s *queueShop) route(rules ...core.RoutingRule) {
	s.t.Helper()
	s.do(core.Command{Kind: core.CommandDefineRouting, Routing: &core.RoutingSettings{Rules: rules}})
}

func (s *queueShop) receive(id core.SKUID, location core.LocationID, units core.Quantity) {
	s.t.Helper()
	s.do(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: id, Location: location, Value: units}}})
}

func (s *queueShop) order(id core.SKUID, units core.Quantity, country, postal string) core.OrderID {
	s.t.Helper()
	var to core.Destination
	copy(to.Country[:], country)
	copy(to.Postal[:], postal)
	return s.do(core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: id, Quantity: units}}, Destination: to}).Order
}

func (s *queueShop) audit() {
	s.t.Helper()
	if report := s.m.Audit(); report.Found != 0 {
		s.t.Errorf("audit: %+v", report.Violations)
	}
}

func zone(country string) (z core.Zone) {
	copy(z.Country[:], country)
	return z
}

// TestSoManyArePassedOver has one order more wait, for what cannot reach them, than are passed over: who stands behind them is served when one of
// them is gone.
func TestSoManyArePassedOver(t *testing.T) {
	s := newQueueShop(t)
	s.location("main", zone("DE"))
	s.route(core.RulePriority)
	id := s.sku("phone")
	const passed = 65_536
	first := s.order(id, 1, "AT", "")
	for range passed {
		s.order(id, 1, "AT", "")
	}
	last := s.order(id, 1, "DE", "")
	s.receive(id, 0, 5)
	fill := core.Command{Kind: core.CommandFillOrder, Order: last}
	if got := s.m.Waiting(id.Slot(), 10, nil); len(got) != 0 || s.do(fill).Changed || s.m.SomeWait(id.Slot()) {
		t.Errorf("%v are served past %d others", got, passed+1)
	}
	s.audit()
	s.do(core.Command{Kind: core.CommandCancelOrder, Order: first})
	if got := s.m.Waiting(id.Slot(), 10, nil); len(got) != 1 || got[0] != last || !s.do(fill).Changed {
		t.Errorf("%v are served past %d others, want %d", got, passed, last)
	}
}

// TestPassedOverKeepTheirTurn passes over orders that are in reach later: since units come to lie elsewhere, since the rules are others, or as one
// comes to stand among them that is in reach.
func TestPassedOverKeepTheirTurn(t *testing.T) {
	s := newQueueShop(t)
	s.location("north", zone("DE"))
	s.location("south", zone("AT"))
	s.location("west", zone("DE"))
	s.route(core.RulePriority)
	id := s.sku("phone")
	next := func(want ...core.OrderID) {
		t.Helper()
		if got := s.m.Waiting(id.Slot(), 1, nil); !slices.Equal(got, want) {
			t.Errorf("%v is next, want %v", got, want)
		}
		for _, order := range want {
			if !s.do(core.Command{Kind: core.CommandFillOrder, Order: order}).Changed {
				t.Errorf("%v is not served", order)
			}
		}
		s.audit()
	}
	german := s.order(id, 1, "DE", "")
	austrian := s.order(id, 1, "AT", "")
	french := s.order(id, 1, "FR", "")
	var germans []core.OrderID
	for range 5 {
		germans = append(germans, s.order(id, 1, "DE", ""))
	}
	s.receive(id, 1, 3)
	next(german)
	next(germans[0])
	s.receive(id, 2, 1)
	next(austrian)
	next(germans[1])
	next()
	s.receive(id, 3, 1)
	next(germans[2])
	s.do(core.Command{
		Kind: core.CommandRerouteOrder, Order: german, Lines: []core.Line{{SKU: id, Quantity: 1}},
		Reroute: &core.Reroute{Location: 1, Reason: core.RerouteRejected, Backorder: true},
	})
	s.receive(id, 3, 2)
	next(german)
	s.location("north")
	next(french)
	next(germans[3])
}

// TestFillsBehindMany serves many who stand behind many that nothing reaches. Each of these is looked at once for each location, and alike ones
// together, and not again for each that is served.
func TestFillsBehindMany(t *testing.T) {
	const many, served = 4096, 256
	for name, postal := range map[string]func(i int) string{
		"alike":   func(int) string { return "" },
		"diverse": func(i int) string { return fmt.Sprint(i) },
	} {
		for _, locations := range []int{1, 20} {
			s := newQueueShop(t)
			for i := range locations {
				s.location(fmt.Sprint("store", i), zone("DE"))
			}
			s.route(core.RulePriority)
			id := s.sku("phone")
			for i := range many {
				s.order(id, 1, "US", postal(i))
			}
			for range served {
				s.order(id, 1, "DE", "")
			}
			s.receive(id, 1, 1)
			for i := range locations {
				s.receive(id, core.LocationID(i+1), 1000)
			}
			before := s.m.Looks()
			waiting := s.m.Waiting(id.Slot(), served, nil)
			for _, order := range waiting {
				if !s.do(core.Command{Kind: core.CommandFillOrder, Order: order}).Changed {
					t.Fatal("not filled")
				}
			}
			most := uint64((many + 4*served) * locations)
			if looks := s.m.Looks() - before; len(waiting) != served || looks > most {
				t.Errorf("%s, %d locations: %d were served with %d looks, want at most %d", name, locations, len(waiting), looks, most)
			}
			s.audit()
		}
	}
}

// TestAlikeArePassedTogether passes over as many as there may be, all of whom want the same.
func TestAlikeArePassedTogether(t *testing.T) {
	s := newQueueShop(t)
	const locations, many = 50, 10_000
	for i := range locations {
		s.location(fmt.Sprint("store", i), zone("DE"))
	}
	s.route(core.RulePriority)
	id := s.sku("phone")
	for range many {
		s.order(id, 1, "US", "")
	}
	last := s.order(id, 1, "DE", "")
	for i := range locations {
		s.receive(id, core.LocationID(i+1), 10)
	}
	before := s.m.Looks()
	if !s.do(core.Command{Kind: core.CommandFillOrder, Order: last}).Changed {
		t.Fatal("not filled")
	}
	if looks := s.m.Looks() - before; looks > 20*locations {
		t.Errorf("%d looks at %d who want the same from %d locations", looks, many, locations)
	}
}

// TestLongQueue reads a long queue, page by page and at places of its own, while orders come and go.
func TestLongQueue(t *testing.T) {
	s := newQueueShop(t)
	id := s.sku("phone")
	random := rand.New(rand.NewPCG(15, 1))
	var queue []core.WaitingImage
	const length = 20_000
	for range length {
		queue = append(queue, core.WaitingImage{Order: s.order(id, 1, "", ""), Since: s.seq, Units: 1})
	}
	s.m.ReadWaiting(id, s.seq-1, 1, nil) // finds the way
	read := func(after core.Sequence) {
		t.Helper()
		before := s.m.Looks()
		got, more := s.m.ReadWaiting(id, after, 3, nil)
		from := 0
		for from < len(queue) && queue[from].Since <= after {
			from++
		}
		if want := queue[from:]; more != (len(want) > 3) || !slices.Equal(got, want[:min(3, len(want))]) {
			t.Fatalf("after %d: %v, more is %v", after, got, more)
		}
		if looks := s.m.Looks() - before; looks > 1000 {
			t.Fatalf("after %d: %d looked at to find the place", after, looks)
		}
	}
	for round := range 2000 {
		switch at := random.IntN(len(queue)); {
		case round%2 == 0: // mostly every record that the way goes by
			at = at / 256 * 256
			s.do(core.Command{Kind: core.CommandCancelOrder, Order: queue[at].Order})
			queue = slices.Delete(queue, at, at+1)
		case round%20 == 1:
			queue = append(queue, core.WaitingImage{Order: s.order(id, 1, "", ""), Since: s.seq, Units: 1})
		}
		read(core.Sequence(random.IntN(int(s.seq))))
	}
	read(0)
	read(s.seq)
	read(math.MaxUint64)
	s.audit()
}

// TestReroutedFindTheirPlace has orders wait again that stand, by their promise, in the middle of a long queue.
func TestReroutedFindTheirPlace(t *testing.T) {
	s := newQueueShop(t)
	s.location("main", zone("DE"))
	s.route(core.RulePriority)
	id := s.sku("phone")
	const length, rerouted = 20_000, 100
	var want, middle []core.OrderID
	for i := range length {
		country := "US"
		if i%(length/rerouted) == 0 {
			country = "DE"
		}
		want = append(want, s.order(id, 1, country, ""))
		if country == "DE" {
			middle = append(middle, want[i])
		}
	}
	s.receive(id, 0, rerouted)
	for _, order := range middle {
		s.do(core.Command{Kind: core.CommandFillOrder, Order: order})
	}
	before := s.m.Looks()
	for _, order := range middle {
		s.do(core.Command{
			Kind: core.CommandRerouteOrder, Order: order, Lines: []core.Line{{SKU: id, Quantity: 1}},
			Reroute: &core.Reroute{Location: 0, Reason: core.RerouteRejected, Backorder: true},
		})
	}
	if looks := s.m.Looks() - before; looks > 2*length {
		t.Errorf("%d looks until %d found their place among %d", looks, rerouted, length)
	}
	list, _ := s.m.ReadWaiting(id, 0, length+1, nil)
	var got []core.OrderID
	for i := range list {
		got = append(got, list[i].Order)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d wait in another order than they were promised units", len(got))
	}
	s.audit()
}
