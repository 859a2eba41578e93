package core

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDistance compares with the haversine formula.
func TestDistance(t *testing.T) {
	haversine := func(a, b [2]float64) float64 {
		const rad = math.Pi / 180
		h := math.Pow(math.Sin((a[0]-b[0])*rad/2), 2) + math.Cos(a[0]*rad)*math.Cos(b[0]*rad)*math.Pow(math.Sin((a[1]-b[1])*rad/2), 2)
		return 2 * 6371009 * math.Asin(min(1, math.Sqrt(h)))
	}
	random := rand.New(rand.NewPCG(1, 1))
	check := func(a, b [2]float64) {
		t.Helper()
		e7 := func(p [2]float64) point { return pointOf(int32(math.Round(p[0]*1e7)), int32(math.Round(p[1]*1e7))) }
		got, want := e7(a).metresTo(e7(b)), haversine(a, b)
		if math.Abs(float64(got)-want) > 2 {
			t.Errorf("%v to %v: %d m, want %.2f", a, b, got, want)
		}
		if back := e7(b).metresTo(e7(a)); back != got {
			t.Errorf("%v to %v: %d m there, %d back", a, b, got, back)
		}
	}
	places := [][2]float64{{0, 0}, {90, 0}, {-90, 0}, {0, 180}, {0, -180}, {53.5511, 9.9937}, {48.1372, 11.5755}, {-33.8688, 151.2093}, {40.7128, -74.006}}
	for _, a := range places {
		for _, b := range places {
			check(a, b)
		}
	}
	for range 20_000 {
		a := [2]float64{random.Float64()*180 - 90, random.Float64()*360 - 180}
		check(a, [2]float64{random.Float64()*180 - 90, random.Float64()*360 - 180})
		near := [2]float64{max(-90, min(90, a[0]+random.Float64()*0.01)), max(-180, min(180, a[1]+random.Float64()*0.01))}
		check(a, near)
	}
}

// randomRouter makes a small case: few locations, few units.
func randomRouter(random *rand.Rand) *router {
	r := &router{skus: 1 + random.IntN(3), penalty: 1000 * int64(random.IntN(3)*50)}
	for _, k := range random.Perm(MaxRules)[:1+random.IntN(4)] {
		r.rules = append(r.rules, RoutingRule(k+1))
	}
	if random.IntN(3) == 0 {
		r.maxShipments = 1 + random.IntN(3)
	}
	for range r.skus {
		r.weight, r.demand = append(r.weight, int64(random.IntN(4)*500)), append(r.demand, Quantity(random.IntN(4)))
	}
	for range 1 + random.IntN(4) {
		c := candidate{
			location: LocationID(len(r.candidates)), preferred: random.IntN(2) == 0, pickup: random.IntN(4) == 0,
			priority: int32(random.IntN(3)), days: int64(random.IntN(4)), metres: int64(random.IntN(3) * 1000),
			base: int64(random.IntN(4) * 100_000), perUnit: int64(random.IntN(3) * 20_000), perGram: int64(random.IntN(3) * 30),
		}
		r.candidates = append(r.candidates, c)
		for range r.skus {
			r.has = append(r.has, Quantity(random.IntN(5)))
		}
	}
	r.rankPriorities()
	for sku := range r.skus { // what is asked for is there
		there := Quantity(0)
		for at := range r.candidates {
			there += r.has[at*r.skus+sku]
		}
		r.demand[sku] = min(r.demand[sku], there)
	}
	return r
}

// everyPlan calls do with each way to take the units, as units by candidate and SKU.
func everyPlan(r *router, do func(taken []Quantity)) {
	taken := make([]Quantity, len(r.candidates)*r.skus)
	var next func(sku, at int, wanted Quantity)
	next = func(sku, at int, wanted Quantity) {
		switch {
		case at == len(r.candidates):
			if wanted > 0 {
				return
			}
			if sku++; sku == r.skus {
				do(taken)
				return
			}
			next(sku, 0, r.demand[sku])
		default:
			for n := Quantity(0); n <= min(wanted, r.has[at*r.skus+sku]); n++ {
				taken[at*r.skus+sku] = n
				next(sku, at+1, wanted-n)
			}
			taken[at*r.skus+sku] = 0
		}
	}
	next(0, 0, r.demand[0])
}

// plainScore is what a plan amounts to, worked out from the rules' words.
func plainScore(r *router, taken []Quantity) (scores []int64, shipments int) {
	var units, preferred, pickup, metres, cost, days, balance, level int64
	for at, c := range r.candidates {
		ships := false
		for sku := range r.skus {
			n := int64(taken[at*r.skus+sku])
			if n == 0 {
				continue
			}
			ships = true
			units += n
			if c.preferred {
				preferred += n
			}
			if c.pickup {
				pickup += n
			}
			cost += n * (c.perUnit + c.perGram*r.weight[sku])
			balance += n * int64(fullest-r.has[at*r.skus+sku])
			level += n * c.level
		}
		if ships {
			shipments++
			metres, cost, days = metres+c.metres, cost+c.base, max(days, c.days)
		}
	}
	cost += r.penalty * int64(max(0, shipments-1))
	all := map[RoutingRule]int64{RulePreferred: units - preferred, RulePickup: units - pickup, RuleFewestShipments: int64(shipments),
		RuleNearest: metres, RuleLowestCost: cost, RulePromiseDate: days, RuleBalanceStock: balance, RulePriority: level}
	for _, rule := range r.rules {
		scores = append(scores, all[rule])
	}
	return scores, shipments
}

// TestRouterAgainstBruteForce compares the search with every way to take the units: no plan of up to three shipments is better, and when
// there is none the router says so.
func TestRouterAgainstBruteForce(t *testing.T) {
	cases := 20_000
	if testing.Short() {
		cases = 5_000
	}
	routed, refused, split := 0, 0, 0
	for seed := range cases {
		r := randomRouter(rand.New(rand.NewPCG(uint64(seed), 3)))
		var best []int64
		everyPlan(r, func(taken []Quantity) {
			scores, shipments := plainScore(r, taken)
			if shipments > routeSize || r.maxShipments > 0 && shipments > r.maxShipments {
				return
			}
			if best == nil || slices.Compare(scores, best) < 0 {
				best = scores
			}
		})
		found := r.search()
		if !found && best == nil {
			refused++
			continue
		}
		taken := make([]Quantity, len(r.candidates)*r.skus)
		r.eachTaken(r.chosen, func(k, sku int, n Quantity) { taken[int(r.chosen[k])*r.skus+sku] += n })
		scores, shipments := plainScore(r, taken)
		sums := make([]Quantity, r.skus)
		for i, n := range taken {
			sums[i%r.skus] += n
		}
		what := fmt.Sprintf("seed %d: rules %v, demand %v, has %v", seed, r.rules, r.demand, r.has)
		switch {
		case !found:
			t.Fatalf("%s: no plan found, brute force has %v", what, best)
		case !slices.Equal(sums, r.demand):
			t.Fatalf("%s: the plan takes %v", what, taken)
		case !slices.Equal(scores, r.best[:len(r.rules)]):
			t.Fatalf("%s: the plan is said to be %v, and is %v", what, r.best[:len(r.rules)], scores)
		case best != nil && !slices.Equal(scores, best):
			t.Fatalf("%s: plan %v of %v, brute force has %v", what, taken, scores, best)
		case shipments != len(r.chosen):
			t.Fatalf("%s: %d shipments of %d chosen", what, shipments, len(r.chosen))
		}
		if routed++; shipments > 1 {
			split++
		}
	}
	t.Logf("%d routed, %d of them split, %d refused", routed, split, refused)
	if refused == 0 || split < routed/10 {
		t.Error("the cases are too much alike")
	}
}

// TestGreedyRoute splits over more locations than are searched.
func TestGreedyRoute(t *testing.T) {
	for _, limit := range []int{0, 5, 4} {
		r := &router{rules: []RoutingRule{RuleFewestShipments}, skus: 1, weight: []int64{0}, demand: []Quantity{9}, maxShipments: limit}
		for i, n := range []Quantity{1, 2, 2, 2, 1, 1, 2} {
			r.candidates = append(r.candidates, candidate{location: LocationID(i)})
			r.has = append(r.has, n)
		}
		if found := r.search(); found != (limit != 4) {
			t.Errorf("limit %d: found is %v", limit, found)
		} else if found && !slices.Equal(r.chosen, []uint16{0, 1, 2, 3, 6}) {
			t.Errorf("limit %d: chosen %v", limit, r.chosen)
		}
	}
}

// TestRouterWithinTheLimit: of orders that need four or more locations, a limit of just so many refuses hardly one; that some are, is
// what the cap on work costs.
func TestRouterWithinTheLimit(t *testing.T) {
	possible, refused := 0, 0
	for seed := range 2000 {
		random := rand.New(rand.NewPCG(uint64(seed), 99))
		n, skus := 8+random.IntN(4), 5+random.IntN(4)
		r := &router{rules: []RoutingRule{RuleFewestShipments, RuleNearest}, skus: skus, weight: make([]int64, skus)}
		for range skus {
			r.demand = append(r.demand, Quantity(1+random.IntN(3)))
		}
		for i := range n {
			r.candidates = append(r.candidates, candidate{location: LocationID(i), metres: int64(random.IntN(1000))})
			for range skus {
				r.has = append(r.has, Quantity(max(0, random.IntN(4)-1)))
			}
		}
		least := n + 1
		for bits := range 1 << n {
			set := r.set[:0]
			for at := range n {
				if bits>>at&1 != 0 {
					set = append(set, uint16(at))
				}
			}
			if len(set) < least && r.covers(set) {
				least = len(set)
			}
			r.set = set
		}
		if least <= routeSize || least > n {
			continue
		}
		possible++
		if r.maxShipments = least; !r.search() {
			refused++
		} else if len(r.chosen) != least || !r.covers(r.chosen) {
			t.Fatalf("seed %d: chosen %v of %d", seed, r.chosen, least)
		}
		r.maxShipments = least - 1
		if r.search() {
			t.Fatalf("seed %d: %d locations do, %d are needed", seed, len(r.chosen), least)
		}
	}
	t.Logf("%d possible, %d refused", possible, refused)
	if possible < 100 || refused*100 > possible {
		t.Error("refused too many, or the cases are too easy")
	}
}

// largeRouter is an order of so many SKUs over so many locations that nothing can be ranked.
func largeRouter(random *rand.Rand, locations, skus int) *router {
	r := &router{skus: skus, penalty: 50_000, demand: make([]Quantity, skus)}
	for _, k := range random.Perm(MaxRules)[:1+random.IntN(MaxRules)] {
		r.rules = append(r.rules, RoutingRule(k+1))
	}
	for range skus {
		r.weight = append(r.weight, int64(random.IntN(3)*500))
	}
	for i := range locations {
		r.candidates = append(r.candidates, candidate{
			location: LocationID(i), preferred: random.IntN(2) == 0, pickup: random.IntN(40) == 0, priority: int32(random.IntN(3)),
			days: int64(random.IntN(4)), metres: int64(random.IntN(3) * 1000), base: int64(random.IntN(4) * 100_000),
			perUnit: int64(random.IntN(3) * 20_000), perGram: int64(random.IntN(3) * 30),
		})
		for range skus {
			r.has = append(r.has, Quantity(random.IntN(3)))
		}
	}
	r.rankPriorities()
	return r
}

// TestRouterOfManyLocations compares with brute force over all single locations and the promising ones.
func TestRouterOfManyLocations(t *testing.T) {
	sizes := map[int]int{}
	for seed := range 20 {
		r := largeRouter(rand.New(rand.NewPCG(uint64(seed), 300)), 300, 14)
		r.demand[seed%14], r.demand[(seed*5+3)%14] = Quantity(1+seed%5), Quantity(1+seed%4)
		if !r.search() || r.ranked || r.greedily {
			t.Fatalf("seed %d: greedily is %v", seed, r.greedily)
		}
		chosen, got := slices.Clone(r.chosen), slices.Clone(r.best[:len(r.rules)])
		r.selectPool()
		var best []int64
		try := func(set ...uint16) {
			part := &router{rules: r.rules, skus: r.skus, penalty: r.penalty, weight: r.weight, demand: r.demand}
			for _, at := range set {
				part.candidates = append(part.candidates, r.candidates[at])
				part.has = append(part.has, r.has[int(at)*r.skus:][:r.skus]...)
			}
			if r.covers(set) {
				everyPlan(part, func(taken []Quantity) {
					if scores, _ := plainScore(part, taken); best == nil || slices.Compare(scores, best) < 0 {
						best = scores
					}
				})
			}
		}
		for at := range r.candidates {
			try(uint16(at))
		}
		for i, a := range r.pool {
			for k, b := range r.pool[i+1:] {
				try(a, b)
				for _, c := range r.pool[i+k+2:] {
					try(a, b, c)
				}
			}
		}
		if !slices.Equal(got, best) {
			t.Errorf("seed %d: rules %v, plan %v of %v, brute force has %v", seed, r.rules, chosen, got, best)
		}
		sizes[len(chosen)]++
	}
	t.Log("orders by shipments:", sizes)
}

// TestRouterRanksFew: where an order has very many SKUs and locations, only those are ranked whose sets are looked at.
func TestRouterRanksFew(t *testing.T) {
	const locations, skus, none = 1000, 500, 1<<16 - 1
	for _, demand := range []Quantity{1, 2, 5, 60} {
		r := largeRouter(rand.New(rand.NewPCG(1, uint64(demand))), locations, skus)
		for sku := range r.demand {
			r.demand[sku] = demand
		}
		r.rank = make([]uint16, locations*skus)
		for i := range r.rank {
			r.rank[i] = none
		}
		if !r.search() {
			t.Fatalf("demand %d: no plan", demand)
		}
		ranked := 0
		for _, rank := range r.rank {
			if rank != none {
				ranked++
			}
		}
		if most := (routeWidth + MaxShipmentsLimit) * skus; ranked > most {
			t.Errorf("demand %d: %d ranked, at most %d expected", demand, ranked, most)
		}
	}
}

// TestRouterBoundsAllAlike: what is known of all SKUs at once is what is known of each.
func TestRouterBoundsAllAlike(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 16))
		r := largeRouter(random, 40, 30)
		for sku := range r.demand {
			r.demand[sku] = Quantity(random.IntN(4))
		}
		r.boundAllRoughly()
		all := r.least
		r.least = score{}
		for sku := range r.skus {
			r.boundRoughly(sku, 0)
		}
		if all != r.least {
			t.Fatalf("seed %d: rules %v, %v at once, %v one by one", seed, r.rules, all, r.least)
		}
	}
}

// wideRouter is a basket of five lines over twenty locations; none has everything.
func wideRouter(rules ...RoutingRule) *router {
	random := rand.New(rand.NewPCG(5, 20))
	r := &router{rules: rules, skus: 5, penalty: 50_000}
	for range r.skus {
		r.weight, r.demand = append(r.weight, int64(random.IntN(3000))), append(r.demand, Quantity(1+random.IntN(3)))
	}
	for i := range 20 {
		r.candidates = append(r.candidates, candidate{
			location: LocationID(i), priority: int32(i / 4), metres: int64(random.IntN(900_000)), days: int64(1 + random.IntN(4)),
			base: int64(390_000 + random.IntN(400_000)), perUnit: int64(random.IntN(60_000)), perGram: int64(random.IntN(90)),
		})
		for range r.skus {
			r.has = append(r.has, Quantity(random.IntN(2)*random.IntN(8)))
		}
	}
	r.rankPriorities()
	return r
}

var wideRules = map[string][]RoutingRule{
	"fewest": {RuleFewestShipments, RuleNearest, RulePriority},
	"cost":   {RuleLowestCost},
	"all": {RulePreferred, RulePickup, RuleFewestShipments, RuleNearest, RuleLowestCost, RulePromiseDate, RuleBalanceStock,
		RulePriority},
	"nearest": {RuleNearest, RuleLowestCost},
	"balance": {RuleBalanceStock},
}

// TestRouterAllocatesNothing: the lists grow once.
func TestRouterAllocatesNothing(t *testing.T) {
	for name, rules := range wideRules {
		r := wideRouter(rules...)
		if !r.search() {
			t.Fatal("no plan")
		}
		if n := testing.AllocsPerRun(100, func() { r.search() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkRouter(b *testing.B) {
	for name, rules := range wideRules {
		b.Run(name, func(b *testing.B) {
			r := wideRouter(rules...)
			b.ReportAllocs()
			for range b.N {
				r.search()
			}
		})
	}
}

// BenchmarkRouterOfManyLines routes the largest orders: 500 SKUs, each of which lies at 1,000 locations.
func BenchmarkRouterOfManyLines(b *testing.B) {
	for _, demand := range []Quantity{2, 40} {
		b.Run(fmt.Sprint(demand), func(b *testing.B) {
			r := largeRouter(rand.New(rand.NewPCG(1, 40)), 1000, 500)
			r.rules = []RoutingRule{RuleFewestShipments, RuleLowestCost, RuleBalanceStock, RulePriority}
			for sku := range r.demand {
				r.demand[sku] = demand
			}
			for range b.N {
				r.search()
			}
		})
	}
}
