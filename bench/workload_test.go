package bench

import (
	"math"
	"testing"
)

func TestZipfFrequencies(t *testing.T) {
	for _, tc := range []struct {
		n int
		s float64
	}{{1, 1}, {2, 1}, {100, 1.05}, {10_000, 1.05}, {1000, 0.5}, {50, 3}} {
		table := newZipf(tc.n, tc.s)
		const draws = 400_000
		seen := make([]int, tc.n)
		for i := range uint64(draws) {
			seen[table.draw(mix(i*0x9e3779b97f4a7c15))]++
		}
		var sum float64
		for i := range tc.n {
			sum += math.Pow(float64(i+1), -tc.s)
		}
		for _, rank := range []int{0, 1, tc.n / 10, tc.n / 2} {
			if rank >= tc.n {
				continue
			}
			want := draws * math.Pow(float64(rank+1), -tc.s) / sum
			if diff := math.Abs(float64(seen[rank]) - want); diff > 6*math.Sqrt(want)+1 {
				t.Errorf("n %d, s %g: rank %d drawn %d times, not about %.0f", tc.n, tc.s, rank, seen[rank], want)
			}
		}
	}
}

func TestFirstOfTenThousandTakesThirteenPercent(t *testing.T) {
	var sum float64
	for i := range 10_000 {
		sum += math.Pow(float64(i+1), -1.05)
	}
	if share := 100 / sum; math.Round(share) != 12 && math.Round(share) != 13 {
		t.Fatalf("the documented share is %.2f %%", share)
	}
}

func testSpec(s Scenario) workloadSpec {
	c := Config{Scenario: s, Seed: 99, SKUs: 0}.withDefaults()
	return c.spec()
}

// TestOrdersFollowFromOrdinals makes sure that an order can be recomputed by whoever verifies it.
func TestOrdersFollowFromOrdinals(t *testing.T) {
	for _, s := range Scenarios() {
		a, b := newWorkload(testSpec(s)), newWorkload(testSpec(s))
		var x, y order
		for ordinal := range uint64(1000) {
			a.fill(&x, ordinal)
			b.fill(&y, 999-ordinal) // the order of filling, and what was filled before, do not matter
			b.fill(&y, ordinal)
			if x.customer != y.customer || x.count != y.count {
				t.Fatalf("%s: %+v and %+v", s, x, y)
			}
			for i := range x.count {
				line := x.lines[i]
				if line != y.lines[i] || line.sku < 0 || line.sku >= a.spec.SKUs || line.quantity < 1 {
					t.Fatalf("%s: line %+v and %+v", s, line, y.lines[i])
				}
			}
		}
	}
}

func TestBasketsHaveOneToFiveLinesOverAllSKUs(t *testing.T) {
	w := newWorkload(testSpec(Basket))
	var o order
	counts := map[int]int{}
	seen := map[int]bool{}
	for ordinal := range uint64(50_000) {
		w.fill(&o, ordinal)
		counts[o.count]++
		for _, line := range o.lines[:o.count] {
			seen[line.sku] = true
		}
	}
	for n := 1; n <= maxOrderLines; n++ {
		if counts[n] < 9_000 || counts[n] > 11_000 {
			t.Errorf("%d lines came %d times in 50,000", n, counts[n])
		}
	}
	if len(counts) != maxOrderLines || len(seen) < w.spec.SKUs*99/100 {
		t.Errorf("%d sizes, %d SKUs", len(counts), len(seen))
	}
}

func TestFatesAreSeventyTwentyTen(t *testing.T) {
	w := newWorkload(testSpec(Holds))
	var got [3]int
	for ordinal := range uint64(100_000) {
		got[w.fate(ordinal)]++
	}
	for f, want := range []int{70_000, 20_000, 10_000} {
		if got[f] < want-1000 || got[f] > want+1000 {
			t.Errorf("fate %d came %d times, not about %d", f, got[f], want)
		}
	}
}

func TestKeysAndCustomersAreDistinct(t *testing.T) {
	w := newWorkload(testSpec(Zipf))
	keys := map[[16]byte]bool{}
	customers := map[uint64]bool{}
	var o order
	for ordinal := range uint64(200_000) {
		w.fill(&o, ordinal)
		keys[w.key(ordinal)] = true
		customers[o.customer] = true
	}
	if len(keys) != 200_000 || len(customers) != 200_000 {
		t.Fatalf("%d keys and %d customers", len(keys), len(customers))
	}
	few := testSpec(Zipf)
	few.Customers = 10
	w = newWorkload(few)
	clear(customers)
	for ordinal := range uint64(1000) {
		w.fill(&o, ordinal)
		customers[o.customer] = true
	}
	if len(customers) != 10 {
		t.Fatalf("%d customers of 10", len(customers))
	}
}

func TestNames(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{string(appendSKUName(nil, 42)), "bench-00042"},
		{string(appendSKUName(nil, 99_999)), "bench-99999"},
		{string(appendCustomer(nil, 0xabc)), "c00000000abc"},
		{string(appendOrderID(nil, 0)), "0000000000000"},
		{string(appendOrderID(nil, math.MaxUint64)), "fzzzzzzzzzzzz"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, not %q", tc.got, tc.want)
		}
	}
	for _, number := range []uint64{0, 1, 31, 32, 1 << 40, math.MaxUint64} {
		if got, ok := parseOrderID(appendOrderID(nil, number)); !ok || got != number {
			t.Errorf("%d came back as %d", number, got)
		}
	}
	for _, bad := range []string{"", "0", "g000000000000", "000000000000u", "00000000000000", "000000000000I"} {
		if _, ok := parseOrderID([]byte(bad)); ok {
			t.Errorf("%q was read as an id", bad)
		}
	}
}

func TestSourcesHandOutEachOrdinalOnce(t *testing.T) {
	var c counter
	for round := range 2 {
		c.allow(10)
		var got []uint64
		for part := c.take(nil, 4); len(part) > 0; part = c.take(nil, 4) {
			got = append(got, part...)
		}
		if len(got) != 10 || got[0] != uint64(10*round) || got[9] != uint64(10*round+9) {
			t.Fatalf("round %d: %v", round, got)
		}
	}
	l := &list{left: []uint64{5, 3, 9}}
	if got := l.take(nil, 2); len(got) != 2 || got[0] != 5 {
		t.Fatalf("%v", got)
	}
	if got := l.take(nil, 2); len(got) != 1 || got[0] != 9 {
		t.Fatalf("%v", got)
	}
	if got := l.take(nil, 2); len(got) != 0 {
		t.Fatalf("%v", got)
	}
}
