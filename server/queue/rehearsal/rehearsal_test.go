package rehearsal

import (
	"encoding/json"
	"strings"
	"testing"
)

// drop is a sale of 200 units that 2,000 buyers want.
func drop() Plan {
	quota := int64(200)
	return Plan{
		Name: "drop", Seed: 7, Stock: []Item{{"phone", 320}},
		Rules: Rules{
			Items: []RuleItem{{SKU: "phone", Quota: &quota}}, LimitPerCustomer: 2, HoldTTL: 300,
			Queue: Queue{Required: true, Opening: 30, Entrance: 120, Patience: 60},
		},
		Crowd: Crowd{
			Buyers: 2000, Early: 0.4, HalfLife: 60, Baskets: []float64{0.7, 0.2, 0.1}, Patience: 900, Think: 15, Pay: 45,
			PaymentFails: 0.1, Abandon: 0.05, Repeat: 0.2, ReleasedOnFail: 0.5,
		},
	}
}

func run(t *testing.T, p Plan) *Result {
	t.Helper()
	r, err := Run(p)
	if err != nil {
		t.Fatal(err)
	}
	if r.Audit > 0 {
		t.Errorf("the audit found %d violations", r.Audit)
	}
	if r.Sold > r.ForSale {
		t.Errorf("sold %d of %d units", r.Sold, r.ForSale)
	}
	sum := 0
	for _, n := range r.Outcomes {
		sum += n
	}
	if sum != r.Buyers {
		t.Errorf("%d of %d buyers have an outcome", sum, r.Buyers)
	}
	return r
}

func TestSaleWithAQueue(t *testing.T) {
	r := run(t, drop())
	text, _ := json.MarshalIndent(r, "", " ")
	t.Logf("%s", text)
	if r.ForSale != 200 || r.Sold != 200 || r.SoldOutAt == nil {
		t.Errorf("sold %d of %d", r.Sold, r.ForSale)
	}
	if r.MostUnits > 2 || r.MostIn > 200 {
		t.Errorf("somebody has %d units, %d could order at a time", r.MostUnits, r.MostIn)
	}
	if r.Refusals["sale_quota_exhausted"] != int64(r.InVain) || r.Expired == 0 || r.Released == 0 {
		t.Errorf("refusals %v, expired %d, released %d", r.Refusals, r.Expired, r.Released)
	}
}

// What comes back goes to who joined the waitlist, and those who paid nothing lose it to the next. Nobody else in the sale gets it before.
func TestSaleWithAWaitlist(t *testing.T) {
	for _, with := range []string{"queue=on", "queue=off"} {
		t.Run(with, func(t *testing.T) {
			p, err := drop().Vary(with + ",waitlist=500,offer=120")
			if err != nil {
				t.Fatal(err)
			}
			p.Crowd.Join, p.Crowd.PaymentFails = 0.6, 0.4
			r := run(t, p)
			text, _ := json.MarshalIndent(r, "", " ")
			t.Logf("%s", text)
			w := &r.Waitlist
			if w.Joined == 0 || w.Joined > 500+w.Served || w.Served == 0 || w.Bought == 0 || w.Bought >= w.Served || w.Waiting.Max <= 0 {
				t.Errorf("waitlist %+v", w)
			}
			if r.Sold != r.ForSale || r.MostUnits > 2 || r.Outcomes["waited_in_vain"] > w.Joined-w.Served {
				t.Errorf("sold %d of %d, somebody has %d, outcomes %v", r.Sold, r.ForSale, r.MostUnits, r.Outcomes)
			}
			if r.Outcomes["under_way"] > 0 {
				t.Errorf("outcomes %v", r.Outcomes)
			}
			without, err := p.Vary("waitlist=0")
			if err != nil {
				t.Fatal(err)
			}
			if o := run(t, without); o.Waitlist != (Waitlist{}) || o.Outcomes["waited_in_vain"] > 0 {
				t.Errorf("without a waitlist: %+v, outcomes %v", o.Waitlist, o.Outcomes)
			}
		})
	}
}

// The waitlist takes no more than its places.
func TestWaitlistOfARehearsalIsFull(t *testing.T) {
	p := drop()
	p.Rules.WaitlistCapacity, p.Crowd.Join = 3, 1
	if r := run(t, p); r.Refusals["waitlist_full"] == 0 || r.Waitlist.Joined > 3+r.Waitlist.Served {
		t.Errorf("refusals %v, waitlist %+v", r.Refusals, r.Waitlist)
	}
}

func TestSameSeedSameResult(t *testing.T) {
	one, _ := json.Marshal(run(t, drop()))
	two, _ := json.Marshal(run(t, drop()))
	if string(one) != string(two) {
		t.Errorf("two runs differ:\n%s\n%s", one, two)
	}
	other := drop()
	other.Seed++
	if three, _ := json.Marshal(run(t, other)); string(three) == string(one) {
		t.Error("another seed gives the same")
	}
}

// By arrival the order of arrival is the order of the entrances; drawn, it has little to do with it.
func TestOrderOfEntrances(t *testing.T) {
	byArrival := drop()
	byArrival.Rules.Queue.Opening, byArrival.Crowd.Repeat = 0, 0
	if r := run(t, byArrival); r.Fairness < 0.95 {
		t.Errorf("by arrival the order is kept to %v", r.Fairness)
	}
	byLot := drop()
	byLot.Rules.Queue.Opening, byLot.Crowd.Repeat, byLot.Crowd.Early = 600, 0, 0.9
	if r := run(t, byLot); r.Fairness > 0.3 || r.Fairness < -0.3 {
		t.Errorf("by lot the order is kept to %v", r.Fairness)
	}
}

// Without a queue the same crowd is refused many thousand times, and the units are gone as well.
func TestSaleWithoutAQueue(t *testing.T) {
	p := drop()
	p.Rules.Queue.Required = false
	r := run(t, p)
	if r.Sold != 200 || r.Refusals["sale_quota_exhausted"] < 2000 || r.MostUnits > 2 {
		t.Errorf("sold %d, refusals %v, most %d", r.Sold, r.Refusals, r.MostUnits)
	}
}

func TestVariations(t *testing.T) {
	for _, c := range []struct {
		setting string
		holds   func(base, varied *Result) bool
	}{
		{"ttl=60", func(base, varied *Result) bool {
			return varied.Outcomes["let_the_hold_expire"] > base.Outcomes["let_the_hold_expire"]
		}},
		{"quota=100", func(_, varied *Result) bool { return varied.ForSale == 100 && varied.Sold == 100 }},
		{"quota=900", func(_, varied *Result) bool { return varied.ForSale == 320 }},
		{"limit=1", func(_, varied *Result) bool { return varied.MostUnits == 1 }},
		{"queue=off", func(base, varied *Result) bool {
			return varied.Refusals["sale_quota_exhausted"] > base.Refusals["sale_quota_exhausted"]
		}},
		{"share=300,token=600", func(base, varied *Result) bool { return varied.MostIn > base.MostIn && varied.InVain > base.InVain }},
		{"rate=60", func(base, varied *Result) bool { return varied.Waiting.P90 > base.Waiting.P90 }},
	} {
		varied, err := drop().Vary(c.setting)
		if err != nil {
			t.Fatal(err)
		}
		base, result := run(t, drop()), run(t, varied)
		if !c.holds(base, result) {
			t.Errorf("%s:\n%+v\n%+v", c.setting, base, result)
		}
	}
	for _, wrong := range []string{"", "ttl", "ttl=", "ttl=x", "tll=5", "limit=-1", "queue=maybe", "quota=1.5", "ttl=0", "share=0"} {
		varied, err := drop().Vary(wrong)
		if err == nil {
			err = varied.Validate()
		}
		if err == nil {
			t.Errorf("%q is taken for a variation", wrong)
		}
	}
}

func TestBadPlans(t *testing.T) {
	for says, spoil := range map[string]func(*Plan){
		"sale.items: 0":                  func(p *Plan) { p.Rules.Items = nil },
		"of \"pen\" no stock":            func(p *Plan) { p.Rules.Items[0].SKU = "pen" },
		"named twice":                    func(p *Plan) { p.Rules.Items = append(p.Rules.Items, p.Rules.Items[0]) },
		"sale.items[0].quota":            func(p *Plan) { *p.Rules.Items[0].Quota = -1 },
		"stock[0].units":                 func(p *Plan) { p.Stock[0].Units = -1 },
		"crowd.buyers: 0":                func(p *Plan) { p.Crowd.Buyers = 0 },
		"crowd.buyers: 3000000":          func(p *Plan) { p.Crowd.Buyers = 3_000_000 },
		"crowd.payment_failure_share":    func(p *Plan) { p.Crowd.PaymentFails = 1.1 },
		"crowd.basket_shares: nobody":    func(p *Plan) { p.Crowd.Baskets = []float64{0, 0} },
		"crowd.waitlist_share":           func(p *Plan) { p.Crowd.Join = -0.1 },
		"sale.waitlist_hold_seconds":     func(p *Plan) { p.Rules.WaitlistTTL = 0.5 },
		"sale.waitlist_capacity":         func(p *Plan) { p.Rules.WaitlistCapacity = 2_000_000 },
		"sale.hold_seconds":              func(p *Plan) { p.Rules.HoldTTL = -5 },
		"sale.duration_seconds":          func(p *Plan) { p.Rules.Duration = 1e9 },
		"sale.queue.opening_seconds":     func(p *Plan) { p.Rules.Queue.Opening = -1 },
		"sale.queue.share_percent":       func(p *Plan) { p.Rules.Queue.Share = 20_000 },
		"sale.limit_per_customer":        func(p *Plan) { p.Rules.LimitPerCustomer = -1 },
		"stock[1].sku: \"phone\" is emp": func(p *Plan) { p.Stock = append(p.Stock, p.Stock[0]) },
	} {
		p := drop()
		spoil(&p)
		if _, err := Run(p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}
