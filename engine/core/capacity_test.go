package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestDayOf compares with the calendar, around midnights and cut-offs of many places.
func TestDayOf(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for range 20_000 {
		s := &Shipping{UTCOffset: int16(random.IntN(2*MaxUTCOffset+1) - MaxUTCOffset), HasCutOff: random.IntN(2) == 0, CutOff: uint16(random.IntN(MinutesOfDay))}
		zone := time.FixedZone("", int(s.UTCOffset)*60)
		local := time.Date(2024, 2, 28+random.IntN(3), 0, 0, 0, 0, zone)
		if random.IntN(2) == 0 {
			local = local.Add(time.Duration(s.CutOff) * time.Minute)
		}
		local = local.Add(time.Duration(random.IntN(5)-2) * time.Millisecond)
		year, month, date := local.Date()
		if sinceMidnight := local.Sub(time.Date(year, month, date, 0, 0, 0, 0, zone)); s.HasCutOff && sinceMidnight >= time.Duration(s.CutOff)*time.Minute {
			date++
		}
		want := Day(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
		if got := s.dayOf(Millis(local.UnixMilli())); got != want {
			t.Fatalf("%v with cut-off %v %d: day %d, want %d", local, s.HasCutOff, s.CutOff, got, want)
		}
	}
	if got := (*Shipping)(nil).dayOf(-1); got != -1 {
		t.Errorf("a millisecond before 1970 is day %d", got)
	}
}

// TestExpiredHoldsGiveTheirDayBack has holds expire whose home keeps the bookings, and others, of one slot and of two. Time passes in one slot
// before it does in the other: a hold that has ended at home counts until it has where bookings are kept, and audits find nothing wrong.
func TestExpiredHoldsGiveTheirDayBack(t *testing.T) {
	const other = Slot(7)
	for _, slots := range [][]Slot{{CapacitySlot}, {other}, {CapacitySlot, other}, {other, CapacitySlot}} {
		for _, first := range []Slot{CapacitySlot, other} {
			s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
			var rows []AdjustmentRow
			var asked []Line
			for _, slot := range slots {
				sku := s.skuIn(slot, SKUSettings{})
				rows, asked = append(rows, AdjustmentRow{SKU: sku, Value: 5}), append(asked, Line{sku, 1})
			}
			s.run(Command{Kind: CommandAdjustStock, Rows: rows})
			s.run(Command{Kind: CommandDefineRouting, Routing: &RoutingSettings{Rules: []RoutingRule{RulePriority}}})
			s.run(Command{Kind: CommandDefineLocation, Name: []byte("main"), Location: LocationSettings{Shipping: &Shipping{DailyCapacity: 1}}})
			s.run(Command{Kind: CommandPlaceHold, TTL: MinTTL, Customer: []byte("ann"), Lines: asked})
			want := func(what string, booked uint32) {
				t.Helper()
				var image CapacityImage
				if s.ReadCapacity(0, s.now, &image); image.Booked != booked {
					t.Errorf("slots %v, %s: %d are booked, want %d", slots, what, image.Booked, booked)
				}
				if report := s.Audit(); report.Found != 0 {
					t.Errorf("slots %v, %s: %+v", slots, what, report.Violations)
				}
			}
			s.now += MinTTL - 1
			s.run(Command{Kind: CommandTick, Mask: AllSlots})
			want("a millisecond before", 1)
			s.now++
			s.run(Command{Kind: CommandTick, Mask: first.Mask()})
			if first == CapacitySlot {
				want("where bookings are kept", 0)
			} else {
				want("elsewhere", 1)
			}
			s.run(Command{Kind: CommandTick, Mask: AllSlots})
			want("everywhere", 0)
		}
	}
}

// TestAuditCountsDays makes counts of days wrong: one order more, one on a day on which there is none, one less.
func TestAuditCountsDays(t *testing.T) {
	for _, wrong := range []func(b *book, day Day){
		func(b *book, day Day) { b.count(1, day, 1) },
		func(b *book, day Day) { b.count(1, day+1, 1) },
		func(b *book, day Day) { b.count(9, day, 1) },
		func(b *book, day Day) { b.count(0, day, -1) },
	} {
		s := newAuditShop(t)
		wrong(&s.slots[CapacitySlot].book, dayAt(s.now))
		if kinds, stopped := s.audited(); !slices.Contains(kinds, ViolationBooking) {
			t.Errorf("the audit tells %v %s", kinds, stopped)
		}
	}
}

// capacityShop is a small shop with capacities, and what a clerk with a calendar knows of it.
type capacityShop struct {
	*auditShop
	places []*clerk
	skus   []SKUID
}

// clerk knows how many orders a location has, by day.
type clerk struct {
	capacity int
	offset   int
	priority int32
	has      []Quantity // of each SKU
	orders   map[string]map[OrderID]bool
}

func (c *clerk) today(now Millis) string {
	return time.UnixMilli(int64(now)).UTC().Add(time.Duration(c.offset) * time.Minute).Format(time.DateOnly)
}

func (c *clerk) hasRoom(now Millis) bool {
	return c.capacity == 0 || len(c.orders[c.today(now)]) < c.capacity
}

func newCapacityShop(t *testing.T, random *rand.Rand) *capacityShop {
	s := &capacityShop{auditShop: &auditShop{Machine: New(Options{}), t: t, now: Millis(random.IntN(1 << 40))}}
	for i := range 2 + random.IntN(2) {
		s.skus = append(s.skus, s.skuIn(Slot(random.IntN(3)*7), SKUSettings{Weight: uint32(i)}))
	}
	for i := range 2 + random.IntN(3) {
		c := &clerk{capacity: random.IntN(4), offset: random.IntN(1440) - 720, priority: int32(random.IntN(3)), orders: map[string]map[OrderID]bool{}}
		name := fmt.Sprint("location-", i)
		if i == 0 {
			c.capacity, name = 1+random.IntN(3), "main" // so that orders are always booked
		}
		s.run(Command{Kind: CommandDefineLocation, Name: []byte(name), Location: LocationSettings{
			Priority: c.priority, Shipping: &Shipping{UTCOffset: int16(c.offset), DailyCapacity: uint32(c.capacity)},
		}})
		for _, sku := range s.skus {
			n := Quantity(5 + random.IntN(20))
			s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: sku, Location: LocationID(i), Value: n}}})
			c.has = append(c.has, n)
		}
		s.places = append(s.places, c)
	}
	return s
}

// best goes through every way to take the units from locations with room, and gives the scores of the best one; nil when there is none.
func (s *capacityShop) best(rules []RoutingRule, demand []Quantity) (scores []int64) {
	r := &router{rules: rules, skus: len(s.skus), demand: demand, weight: make([]int64, len(s.skus))}
	for i, c := range s.places {
		hasAny := false
		for k, n := range c.has {
			hasAny = hasAny || n > 0 && demand[k] > 0
		}
		if c.hasRoom(s.now) && hasAny {
			r.candidates = append(r.candidates, candidate{location: LocationID(i), priority: c.priority})
		}
	}
	r.rankPriorities()
	for _, c := range r.candidates {
		r.has = append(r.has, s.places[c.location].has...)
	}
	everyPlan(r, func(taken []Quantity) {
		if plan, shipments := plainScore(r, taken); shipments <= routeSize && (scores == nil || slices.Compare(plan, scores) < 0) {
			scores = plan
		}
	})
	return scores
}

// TestCapacitiesAgainstBruteForce places, cancels and lets time pass in random shops: each order is the best of all that could be taken from
// where a clerk with a calendar would have room for it, and refused when there is nothing.
func TestCapacitiesAgainstBruteForce(t *testing.T) {
	shops := 300
	if testing.Short() {
		shops = 80
	}
	placed, refused, other := 0, 0, 0
	for seed := range shops {
		random := rand.New(rand.NewPCG(uint64(seed), 8))
		s := newCapacityShop(t, random)
		rules := [][]RoutingRule{{RuleFewestShipments, RulePriority}, {RulePriority}, {RuleBalanceStock, RuleFewestShipments}}[random.IntN(3)]
		s.run(Command{Kind: CommandDefineRouting, Routing: &RoutingSettings{Rules: rules}})
		var live []OrderID
		for range 40 {
			s.now += Millis(random.IntN(int(millisOfDay) / 8))
			if len(live) > 0 && random.IntN(4) == 0 {
				k := random.IntN(len(live))
				s.cancel(live[k])
				live = slices.Delete(live, k, k+1)
			}
			demand := make([]Quantity, len(s.skus))
			c := Command{Kind: CommandPlaceOrder, Customer: []byte("ann")}
			for i, sku := range s.skus {
				if demand[i] = Quantity(random.IntN(3)); demand[i] > 0 {
					c.Lines = append(c.Lines, Line{sku, demand[i]})
				}
			}
			if len(c.Lines) == 0 {
				continue
			}
			best := s.best(rules, demand)
			s.seq++
			c.Mask, _ = SlotsOf(&c)
			c.Mask |= s.SlotsNow(&c)
			out := s.Execute(&s.step, &c, s.seq, s.now, nobody{})
			switch {
			case best == nil && out.Reason != ReasonBookedUp && out.Reason != ReasonInsufficientStock && out.Reason != ReasonNotDeliverable:
				t.Fatalf("seed %d: there is no room, and the order comes to %+v", seed, out)
			case best == nil:
				if refused++; out.Reason != ReasonBookedUp {
					other++
				}
				continue
			case out.Reason != ReasonNone:
				t.Fatalf("seed %d: refused for %d, and there is %v", seed, out.Reason, best)
			case !slices.Equal(s.step.routed.Route.Scores, best):
				t.Fatalf("seed %d: scores %v, and there is %v", seed, s.step.routed.Route.Scores, best)
			}
			placed++
			live = append(live, out.Order)
			s.note(out.Order)
		}
		if report := s.Audit(); report.Found != 0 {
			t.Fatalf("seed %d: %+v", seed, report.Violations)
		}
	}
	t.Logf("%d placed, %d refused, of which %d for another reason", placed, refused, other)
	if placed < 10*shops || refused < shops {
		t.Error("the shops are too much alike")
	}
}

// note has the clerks know of an order.
func (s *capacityShop) note(id OrderID) {
	s.each(id, func(c *clerk, sku int, n Quantity) {
		c.has[sku] -= n
		if day := c.today(s.now); c.orders[day] == nil {
			c.orders[day] = map[OrderID]bool{id: true}
		} else {
			c.orders[day][id] = true
		}
	})
}

func (s *capacityShop) cancel(id OrderID) {
	s.each(id, func(c *clerk, sku int, n Quantity) {
		c.has[sku] += n
		for _, orders := range c.orders {
			delete(orders, id)
		}
	})
	s.run(Command{Kind: CommandCancelOrder, Order: id})
}

// each calls do with what each location gives an order.
func (s *capacityShop) each(id OrderID, do func(c *clerk, sku int, n Quantity)) {
	var image OrderImage
	s.ReadOrder(id, &image)
	next := 0
	for _, l := range image.Lines {
		for _, a := range image.Allocations[next : next+l.Allocations] {
			do(s.places[a.Location], slices.Index(s.skus, l.SKU), a.Quantity)
		}
		next += l.Allocations
	}
}
