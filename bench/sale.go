package bench

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// SaleResult is what a sale came to.
type SaleResult struct {
	Units    int64            `json:"units"`
	Sold     int64            `json:"sold"`
	Buyers   int64            `json:"buyers"`
	Outcomes map[string]int64 `json:"outcomes"`       // what became of each buyer
	Refusals map[string]int64 `json:"refusals"`       // of holds, by code
	SoldOut  float64          `json:"sold_out_after"` // seconds after the start until the last unit was paid for; −1 when some were left
	Waiting  Latency          `json:"waiting"`        // from the first ticket to the entrance
	Joins    Latency          `json:"joins"`
	Polls    Latency          `json:"polls"`
	Holds    Latency          `json:"holds"` // and confirmations
	Kept     float64          `json:"order_kept"`
	Waitlist SaleWaitlist     `json:"waitlist"`
	Points   []SalePoint      `json:"points"`
}

// SalePoint is one second of a sale.
type SalePoint struct {
	At       float64 `json:"at_s"` // after the start
	Sold     int64   `json:"sold"` // so far
	Admitted int64   `json:"admitted"`
	Requests int64   `json:"requests"` // in this second
	Refused  int64   `json:"refused"`
}

// The crowd of the sale, in shares of it, and its habits. The rules beside them are those of the sale.
const (
	saleSilent    = 0.05 // never ask again, and are passed over
	saleFails     = 0.10 // cannot pay: half of them give the hold back, the others let it expire
	saleTwice     = 0.05 // show their entrance twice
	saleForgers   = 0.02 // change a character of their entrance first
	saleStrangers = 0.02 // show it under another name first
	saleRegrets   = 0.05 // of those who pay, cancel their order a while after all is sold
	saleWaits     = 0.10 // join the waitlist when they find it sold out
	saleSecond    = 0.20 // come from the device of the one before them, and only one of the two may buy

	saleEarly    = 2 * time.Second  // before the start the first ones come
	saleRegret   = time.Second      // between two looks of who will cancel
	saleOpening  = 2 * time.Second  // after it the order is drawn
	saleArrivals = 8 * time.Second  // in which all come, for each 100,000 of them
	saleToken    = 10 * time.Second // for up to saleCalm buyers, and the more the longer: so they need not ask so often
	salePatience = 15 * time.Second // likewise
	saleLongest  = 20 * time.Minute
	saleCalm     = 50_000
)

// stretched is a time of the rules for a crowd.
func stretched(d time.Duration, buyers int64) time.Duration {
	return max(d, d*time.Duration(buyers)/saleCalm).Truncate(time.Second)
}

// saleBuyer is one of the crowd. One goroutine at a time has it.
type saleBuyer struct {
	silent, fails, gives, twice, forges, strange, second, waits, regrets bool

	ticket   string
	number   int64
	turn     int64
	joined   time.Time
	admitted bool
	device   string
	state    string // what became of them; "" while they wait

	listed    bool   // is, or was, on the waitlist
	parked    bool   // waits for an offer
	struckOff bool   // will get none
	order     string // is paid for, and will be cancelled
	firm      bool   // about that
	offer     string // the hold
}

// saleVisit says when a buyer does something next.
type saleVisit struct {
	at    time.Time
	buyer int
}

type saleVisits []saleVisit

// Len, Less, Swap, Push and Pop are those of a heap.
func (v saleVisits) Len() int           { return len(v) }
func (v saleVisits) Less(i, j int) bool { return v[i].at.Before(v[j].at) }
func (v saleVisits) Swap(i, j int)      { v[i], v[j] = v[j], v[i] }
func (v *saleVisits) Push(x any)        { *v = append(*v, x.(saleVisit)) }
func (v *saleVisits) Pop() any {
	last := (*v)[len(*v)-1]
	*v = (*v)[:len(*v)-1]
	return last
}

// saleRun drives the crowd.
type saleRun struct {
	api    *api
	config *Config
	start  time.Time
	buyers []saleBuyer

	mu       sync.Mutex
	visits   saleVisits
	busy     int // buyers that a goroutine has
	sold     int64
	soldAt   time.Time
	entered  int64
	requests int64
	refused  int64
	failures int64
	failure  error
	refusals map[string]int64
	odd      []string // answers that should not have been
	waiting  *hdrhistogram.Histogram
	joins    *hdrhistogram.Histogram
	polls    *hdrhistogram.Histogram
	holds    *hdrhistogram.Histogram
	points   []SalePoint
	parked   int         // buyers that wait for an offer
	soldOut  atomic.Bool // says the shop's window
	merchant *saleMerchant
}

// sale runs the scenario: a crowd, a queue, and a verification that belongs to it.
func (t *trial) sale(ctx context.Context) error {
	data, err := t.space.dir("holdfast")
	if err != nil {
		return err
	}
	if t.subject, err = openSubject(ctx, &t.config, data); err != nil {
		return err
	}
	r := newSaleRun(t.subject.api, &t.config)
	t.say("a sale of %s units for %s buyers", grouped(float64(t.config.Stock)), grouped(float64(t.config.Orders)))
	if err := r.setUp(); err != nil {
		return err
	}
	before := readUsage(t.subject.pid())
	if r.merchant, err = r.readEvents(ctx); err != nil {
		return err
	}
	if err := r.drive(ctx); err != nil {
		return err
	}
	if err := r.merchant.close(ctx); err != nil {
		return err
	}
	t.report.Memory = memoryOf(before, readUsage(t.subject.pid()), t.config.Orders)
	t.report.Sale = r.result()
	t.report.Load = r.load()
	t.measured = true
	if t.report.DiskAfter, err = probeDisk(t.space.root); err != nil || t.config.SkipVerify {
		return err
	}
	if t.report.Verification, err = r.verify(); err == nil && !t.report.Verification.OK {
		err = ErrVerification
	}
	return err
}

func newSaleRun(a *api, c *Config) *saleRun {
	r := &saleRun{
		api: a, config: c, buyers: make([]saleBuyer, c.Orders), refusals: map[string]int64{},
		waiting: newHistogram(), joins: newHistogram(), polls: newHistogram(), holds: newHistogram(),
	}
	a.client.MaxConns = c.Connections + 8
	r.start = time.Now().Add(saleEarly + time.Second).Truncate(time.Millisecond)
	arrivals := max(saleArrivals*time.Duration(c.Orders)/100_000, saleEarly)
	for i := range r.buyers {
		b, random := &r.buyers[i], rand.New(rand.NewPCG(c.Seed, uint64(i)))
		draw := func(share float64) bool { return random.Float64() < share }
		b.silent, b.fails, b.gives, b.twice = draw(saleSilent), draw(saleFails), draw(0.5), draw(saleTwice)
		b.forges, b.strange, b.second = draw(saleForgers), draw(saleStrangers), draw(saleSecond)
		b.waits, b.regrets = draw(saleWaits), draw(saleRegrets)
		if b.device = "d" + strconv.Itoa(i); b.second && i > 0 {
			b.device = r.buyers[i-1].device
		}
		r.visits = append(r.visits, saleVisit{r.start.Add(-saleEarly + time.Duration(random.Float64()*float64(arrivals))), i})
	}
	heap.Init(&r.visits)
	return r
}

// setUp makes the SKU, its stock and the sale.
func (r *saleRun) setUp() error {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	seconds := func(d time.Duration) int64 { return int64(d / time.Second) }
	return errors.Join(
		r.api.call("PUT", "/v1/skus/drop", []byte("{}"), nil),
		// more than the sale may sell, so that it is the quota that ends it
		r.api.call("POST", "/v1/stock/adjustments", fmt.Appendf(nil, `{"adjustments":[{"sku":"drop","set":%d}]}`, r.config.Stock*2), nil),
		r.api.call("PUT", "/v1/sales/drop", fmt.Appendf(nil, `{"starts_at":%q,"ends_at":%q,"items":[{"sku":"drop","quota":%d}],"limit_per_customer":1,
			"limit_per_device":1,"waitlist_capacity":%d,"waitlist_hold_seconds":%d,"max_ttl_seconds":%d,"queue":{"required":true,"opening_seconds":%d,"token_seconds":%d,"patience_seconds":%d}}`,
			at(r.start), at(r.start.Add(saleLongest)), r.config.Stock, r.config.Stock, seconds(r.config.HoldTTL), seconds(r.config.HoldTTL), seconds(saleOpening), seconds(stretched(saleToken, r.config.Orders)),
			seconds(stretched(salePatience, r.config.Orders))), nil))
}

// drive has the crowd do what it does until nobody waits any more.
func (r *saleRun) drive(ctx context.Context) error {
	ctx, cancel := context.WithDeadline(ctx, r.start.Add(saleLongest))
	defer cancel()
	var workers sync.WaitGroup
	for range r.config.Connections {
		workers.Go(func() {
			for {
				i, ok := r.next(ctx)
				if !ok {
					return
				}
				again := r.visit(&r.buyers[i], i)
				r.done(i, again)
			}
		})
	}
	ended := make(chan struct{})
	go r.watch(ended)
	go r.look(ended)
	workers.Wait()
	close(ended)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sale: %w", err)
	}
	return nil
}

// next waits for the next visit; ok is false when there will be none.
func (r *saleRun) next(ctx context.Context) (buyer int, ok bool) {
	for ctx.Err() == nil {
		r.mu.Lock()
		if len(r.visits) == 0 && r.busy == 0 && (r.parked == 0 || r.sold >= r.config.Stock) {
			r.mu.Unlock()
			return 0, false
		}
		pause := 5 * time.Millisecond
		if len(r.visits) > 0 {
			if due := time.Until(r.visits[0].at); due <= 0 {
				v := heap.Pop(&r.visits).(saleVisit)
				r.busy++
				r.mu.Unlock()
				return v.buyer, true
			} else if due < pause {
				pause = due
			}
		}
		r.mu.Unlock()
		time.Sleep(pause)
	}
	return 0, false
}

// done plans a buyer's next visit, 0 for none.
func (r *saleRun) done(buyer int, again time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
	switch b := &r.buyers[buyer]; {
	case again > 0:
		heap.Push(&r.visits, saleVisit{time.Now().Add(again), buyer})
	case b.listed && b.state == "":
		r.park(buyer)
	}
}

// watch takes a point each second.
func (r *saleRun) watch(ended <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var requests, refused int64
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
		r.mu.Lock()
		r.points = append(r.points, SalePoint{
			At: time.Since(r.start).Seconds(), Sold: r.sold, Admitted: r.entered, Requests: r.requests - requests, Refused: r.refused - refused,
		})
		requests, refused = r.requests, r.refused
		sold, entered, waiting := r.sold, r.entered, len(r.visits)+r.busy
		r.mu.Unlock()
		say(r.config.Progress, "%4.0f s  sold %d, let in %d, under way %d", time.Since(r.start).Seconds(), sold, entered, waiting)
	}
}

// saleTicket is how a ticket stands.
type saleTicket struct {
	Ticket   string  `json:"ticket"`
	Number   int64   `json:"number"`
	Status   any     `json:"status"` // of a problem a number
	Turn     *int64  `json:"turn"`
	Entrance *string `json:"entrance"`
	PollIn   int64   `json:"poll_after_seconds"`
	Code     string  `json:"code"`
	ID       string  `json:"id"`
}

// ask sends a request, measures it, and reads the answer.
func (r *saleRun) ask(h *hdrhistogram.Histogram, method, path string, body []byte) (status int, answer saleTicket) {
	begin := time.Now()
	status, text, err := r.api.ask(method, path, body)
	took := min(max(time.Since(begin), latencyUnit), maxLatency) / latencyUnit
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &answer)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	_ = h.RecordValue(int64(took)) // cannot fail: the value is within the histogram's range
	if err != nil {
		r.failures++
		r.failure = cmp.Or(r.failure, err)
	}
	if status == 409 {
		r.refused++
		r.refusals[answer.Code]++
	}
	return status, answer
}

// visit is what a buyer does now; again is when they come back, 0 for never.
func (r *saleRun) visit(b *saleBuyer, i int) (again time.Duration) {
	name := "b" + strconv.Itoa(i)
	switch {
	case b.order != "":
		return r.regret(b)
	case b.offer != "":
		return r.pay(b, b.offer)
	}
	var status int
	var t saleTicket
	if b.ticket == "" {
		if b.joined.IsZero() {
			b.joined = time.Now()
		}
		if status, t = r.ask(r.joins, "POST", "/v1/sales/drop/queue", []byte(`{"customer":"`+name+`"}`)); status == 200 || status == 201 {
			b.ticket, b.number = t.Ticket, t.Number
		}
	} else {
		status, t = r.ask(r.polls, "GET", "/v1/sales/drop/queue/"+b.ticket, nil)
	}
	switch {
	case status == 503 || status == 0:
		return time.Second
	case status != 200 && status != 201:
		r.oddity("a ticket was answered %d %s", status, t.Code)
		b.state = "lost"
		return 0
	case b.silent:
		b.state = "left"
		return 0
	}
	if t.Turn != nil {
		b.turn = *t.Turn
	}
	switch t.Status {
	case "admitted":
		r.enter(b)
		return r.order(b, name, *t.Entrance)
	case "waiting":
		if b.waits && r.soldOut.Load() {
			return r.wait(b, name)
		}
		return time.Duration(t.PollIn) * time.Second
	case "sold_out": // or back, as long as holds may expire: who sees it leaves
		if b.waits {
			return r.wait(b, name)
		}
		b.state = "sold_out"
	default:
		b.state = fmt.Sprint(t.Status)
	}
	return 0
}

// enter notes that a buyer was let in.
func (r *saleRun) enter(b *saleBuyer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !b.admitted {
		b.admitted = true
		r.entered++
		_ = r.waiting.RecordValue(int64(min(max(time.Since(b.joined), latencyUnit), maxLatency) / latencyUnit))
	}
}

func (r *saleRun) oddity(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.odd) < 20 {
		r.odd = append(r.odd, fmt.Sprintf(format, args...))
	}
}

// hold asks for a unit and gives the answer's status and code.
func (r *saleRun) hold(customer, device, entrance string) (status int, answer saleTicket) {
	return r.ask(r.holds, "POST", "/v1/holds", fmt.Appendf(nil,
		`{"customer":%q,"sale":"drop","ticket":%q,"identities":{"device":%q},"ttl_seconds":%d,"lines":[{"sku":"drop","quantity":1}]}`,
		customer, entrance, device, int64(r.config.HoldTTL/time.Second)))
}

// expect reports an attempt at a fraud that was not refused as it should be. What is sold out is refused before anybody asks whether the
// ticket was used.
func (r *saleRun) expect(code string, status int, answer saleTicket) {
	soldOut := code == "ticket_used" && answer.Code == "sale_quota_exhausted"
	if status != 409 || answer.Code != code && !soldOut {
		r.oddity("%s should have been refused and was answered %d %s", code, status, answer.Code)
	}
}

// order tries to get a unit with an entrance, and pays for it or does not.
func (r *saleRun) order(b *saleBuyer, name, entrance string) (again time.Duration) {
	if b.forges {
		status, answer := r.hold(name, b.device, flip(entrance))
		r.expect("ticket_invalid", status, answer)
	}
	if b.strange {
		status, answer := r.hold(name+"x", b.device, entrance)
		r.expect("ticket_invalid", status, answer)
	}
	status, held := r.hold(name, b.device, entrance)
	switch {
	case status == 503 || status == 0:
		return time.Second // the entrance may be shown again
	case held.Code == "ticket_expired":
		b.state = "too_late"
		return 0
	case held.Code == "sale_limit_exceeded":
		b.state = "over_the_limit"
		return 0
	case status != 201:
		b.state = "refused"
		r.oddity("who was let in got %d %s", status, held.Code)
		return 0
	}
	if b.twice {
		status, answer := r.hold(name, b.device, entrance)
		r.expect("ticket_used", status, answer)
	}
	return r.pay(b, held.ID)
}

// pay pays for a hold, or does not.
func (r *saleRun) pay(b *saleBuyer, hold string) (again time.Duration) {
	if b.fails {
		b.state = "could_not_pay"
		if b.gives {
			r.ask(r.holds, "DELETE", "/v1/holds/"+hold, nil)
		}
		return 0
	}
	if status, answer := r.ask(r.holds, "POST", "/v1/holds/"+hold+"/confirm", nil); status != 200 {
		b.state = "hold_lost"
		if answer.Code != "hold_expired" {
			r.oddity("a payment was answered %d %s", status, answer.Code)
		}
		return 0
	}
	r.mu.Lock()
	r.sold++
	r.soldAt = time.Now()
	r.mu.Unlock()
	b.state = "bought"
	if b.regrets {
		b.order = hold // which keeps its id as an order
		return saleRegret
	}
	return 0
}

// regret cancels an order, once all is sold.
func (r *saleRun) regret(b *saleBuyer) (again time.Duration) {
	switch {
	case !r.soldOut.Load():
		return saleRegret
	case !b.firm: // until others have seen that it is sold out, too
		b.firm = true
		return saleRegret
	}
	if status, answer := r.ask(r.holds, "POST", "/v1/orders/"+b.order+"/cancel", []byte("{}")); status != 200 {
		r.oddity("a cancellation was answered %d %s", status, answer.Code)
		return 0
	}
	b.state = "cancelled"
	r.mu.Lock()
	r.sold--
	r.mu.Unlock()
	return 0
}

// flip changes a character of a token.
func flip(token string) string {
	c := byte('A')
	if token[20] == c {
		c = 'B'
	}
	return token[:20] + string(c) + token[21:]
}

// result sums up.
func (r *saleRun) result() *SaleResult {
	s := &SaleResult{
		Units: r.config.Stock, Sold: r.sold, Buyers: r.config.Orders, Outcomes: map[string]int64{}, Refusals: r.refusals, SoldOut: -1,
		Waiting: summarize(r.waiting, true), Joins: summarize(r.joins, true), Polls: summarize(r.polls, true), Holds: summarize(r.holds, true),
		Points: r.points, Kept: r.orderKept(),
	}
	if r.sold >= r.config.Stock {
		s.SoldOut = r.soldAt.Sub(r.start).Seconds()
	}
	for i := range r.buyers {
		b := &r.buyers[i]
		if b.parked {
			b.state = "waited_in_vain"
		}
		if b.state == "bought" && b.offer != "" {
			r.merchant.tally.Bought++
		}
		s.Outcomes[cmp.Or(b.state, "waiting")]++
	}
	s.Waitlist = r.merchant.tally
	return s
}

// load is the same, in the words of all scenarios.
func (r *saleRun) load() Load {
	l := Load{Latency: summarize(r.holds, true), Seconds: time.Since(r.start).Seconds()}
	reads := summarize(r.polls, true)
	l.ReadLatency = &reads
	l.Counts = Counts{Requests: r.requests, Placed: r.sold, Reads: reads.Count, Errors: r.failures, Refused: r.refusals}
	l.OrdersPerS, l.RequestsPerS = float64(r.sold)/l.Seconds, float64(r.requests)/l.Seconds
	if r.failure != nil {
		l.Unusable = r.failure.Error()
	}
	return l
}

// orderKept is Spearman's correlation of the order of arrival with that of the turns: about 0 for those whose order was drawn.
func (r *saleRun) orderKept() float64 {
	var drawn []*saleBuyer
	for i := range r.buyers {
		if b := &r.buyers[i]; b.turn > 0 {
			drawn = append(drawn, b)
		}
	}
	if len(drawn) < 2 {
		return 1
	}
	slices.SortFunc(drawn, func(a, b *saleBuyer) int { return cmp.Compare(a.number, b.number) })
	places := make([]int, len(drawn))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(drawn[a].turn, drawn[b].turn) })
	sum, n := 0.0, float64(len(drawn))
	for place, was := range places {
		sum += float64(place-was) * float64(place-was)
	}
	return math.Round((1-6*sum/(n*(n*n-1)))*1000) / 1000
}

// verify holds what the server has against what it said, and against what the sale promises.
func (r *saleRun) verify() (*Verification, error) {
	begin, v := time.Now(), &verifier{}
	var sale saleState
	if err := r.api.call("GET", "/v1/sales/drop", nil, &sale); err != nil {
		return nil, err
	}
	item := sale.Items[0]
	v.report("exactly the quota is sold", item.Sold == r.config.Stock && item.Held == 0, "%d of %d sold, %d held", item.Sold, r.config.Stock, item.Held)
	v.report("what was paid for is sold", item.Sold == r.sold, "%d were acknowledged, the sale counts %d", r.sold, item.Sold)
	unanswered := ""
	if r.failure != nil {
		unanswered = ", the first: " + r.failure.Error()
	}
	v.report("every request was answered", r.failures == 0, "%s requests, %d of them not answered%s", grouped(float64(r.requests)), r.failures, unanswered)
	above, devices := 0, map[string]int{}
	for i := range r.buyers {
		if b := &r.buyers[i]; b.state == "bought" {
			if devices[b.device]++; devices[b.device] > 1 {
				above++
			}
		}
	}
	v.report("nobody is above the limit", above == 0, "%d devices have more than one unit, %d buyers were refused as theirs had one", above, r.refusals["sale_limit_exceeded"])
	v.report("answers are those that they should be", len(r.odd) == 0, "%s", cmp.Or(strings.Join(r.odd, "; "),
		fmt.Sprintf("%d forged or foreign and %d used tickets were refused", r.refusals["ticket_invalid"], r.refusals["ticket_used"])))
	r.checkTurns(v)
	r.checkWaitlist(v, item.Waiting)
	level := level{}
	if err := r.api.call("GET", "/v1/skus/drop/availability", nil, &level); err != nil {
		return nil, err
	}
	v.report("units left and sold are the units stocked", level.Allocated == r.config.Stock && level.Reserved == 0 && level.OnHand == 2*r.config.Stock,
		"%d on hand, %d allocated, %d reserved", level.OnHand, level.Allocated, level.Reserved)
	audit, err := r.api.audit()
	if err != nil {
		return nil, err
	}
	v.report("the audit is clean", audit.OK, "%d violations", len(audit.Violations))
	v.result.OK = !slices.ContainsFunc(v.result.Checks, func(c Check) bool { return !c.OK })
	v.result.Millis = time.Since(begin).Milliseconds()
	return &v.result, nil
}

// checkTurns makes sure that nobody was let in before somebody whose turn was earlier and who was there.
func (r *saleRun) checkTurns(v *verifier) {
	last, turns := int64(0), map[int64]bool{}
	repeated := 0
	for i := range r.buyers {
		b := &r.buyers[i]
		if b.turn > 0 && turns[b.turn] {
			repeated++
		}
		turns[b.turn] = true
		if b.admitted {
			last = max(last, b.turn)
		}
	}
	overtaken := 0
	for i := range r.buyers {
		if b := &r.buyers[i]; !b.admitted && b.state == "sold_out" && b.turn < last {
			overtaken++
		}
	}
	v.report("people are let in in their turn", overtaken == 0 && repeated == 0, "%d were overtaken, %d had the turn of another; the last one let in had turn %d", overtaken, repeated, last)
}
