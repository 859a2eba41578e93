package rehearsal

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"

	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/server/queue"
)

// start is when every rehearsed sale begins: an instant like any other.
const start = core.Millis(1_800_000_000_000)

// tick is how often buyers are let in, as in a server.
const tick = 250

// moment is something that will happen.
type moment struct {
	at    int64 // milliseconds after the start
	turn  int   // of two at the same time the one that was planned first comes first
	buyer int32 // whom it is about; −1 for the queue
	what  step
}

type step uint8

const (
	arrive step = iota
	poll
	order
	pay
	letIn
)

type moments []moment

// Len, Less, Swap, Push and Pop are those of a heap.
func (m moments) Len() int { return len(m) }
func (m moments) Less(i, j int) bool {
	return m[i].at < m[j].at || m[i].at == m[j].at && m[i].turn < m[j].turn
}
func (m moments) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(x any)   { *m = append(*m, x.(moment)) }
func (m *moments) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// outcome is what became of a buyer.
type outcome uint8

const (
	underway outcome = iota
	bought
	gaveUp
	foundSoldOut
	refused
	lostHold
	failed
	over
	waitedInVain
)

var outcomeNames = [...]string{
	underway: "under_way", bought: "bought", gaveUp: "gave_up", foundSoldOut: "sold_out", refused: "refused",
	lostHold: "let_the_hold_expire", failed: "payment_failed", over: "sale_ended", waitedInVain: "waited_in_vain",
}

// buyer is one of the crowd. What they are like is drawn from their own numbers, whatever the rules.
type buyer struct {
	came     int64
	leaves   int64 // when they lose patience
	think    int64
	pays     int64 // time from hold to payment
	wants    int64
	item     int
	fails    bool
	vanishes bool
	gives    bool // the hold back, when the payment fails
	returns  bool
	joins    bool  // the waitlist, on finding nothing
	joined   int64 // when
	offered  bool  // the hold came from there
	number   uint32
	asked    int64 // first
	hold     core.OrderID
	units    int64
	result   outcome
}

// play is one rehearsal under way.
type play struct {
	plan    Plan
	buyers  []buyer
	agenda  moments
	turn    int
	now     int64
	machine *core.Machine
	step    core.Step
	seq     core.Sequence
	skus    []core.SKUID
	sale    core.SaleID
	image   core.SaleImage
	line    *queue.Line
	result  Result
	units   map[int32]int64
	waits   []int64
	entered []entrance
	sales   []soldTick // when units were sold
	sold    int64

	places  map[core.Sequence]int32 // who waits, by the number of their place
	turns   []turn                  // that the command just carried out has brought
	waited  []int64                 // of those who had theirs
	serving []core.Command          // scratch
}

// entrance is when somebody came who was let in, and when their turn was.
type entrance struct{ came, turn int64 }

type soldTick struct {
	at   int64
	sold int64
}

// Event and Archived are core.Sink: what expired has to be counted, and who waits hears of their turn.
func (p *play) Event(ev *core.Event) {
	switch ev.Kind {
	case core.EventHoldExpired:
		p.result.Expired++
	case core.EventWaitlistOffered:
		p.turns = append(p.turns, turn{ev.Waiter.Number, ev.Order.ID, int64(ev.Order.Lines[0].Quantity)})
	case core.EventWaitlistLeft:
		p.turns = append(p.turns, turn{place: ev.Waiter.Number})
	}
}

// Archived is never called, as nothing is archived.
func (p *play) Archived(*core.Archived) {}

// Run plays a sale.
func Run(plan Plan) (*Result, error) {
	if err := plan.Validate(); err != nil {
		return nil, err
	}
	p := &play{plan: plan.withDefaults(), machine: core.New(core.Options{}), units: map[int32]int64{}, places: map[core.Sequence]int32{}}
	p.result.Outcomes, p.result.Refusals = map[string]int{}, map[string]int64{}
	if err := p.build(); err != nil {
		return nil, err
	}
	p.draw()
	if p.plan.Rules.Queue.Required {
		p.line = queue.NewLine(queue.NewSigner([32]byte{byte(plan.Seed), byte(plan.Seed >> 8), byte(plan.Seed >> 16), 1}), uint32(p.sale), p.lineSettings(),
			queue.Counters{}, int64(start)-60_000)
		p.at(-60_000, -1, letIn)
	} else if p.plan.Rules.WaitlistCapacity > 0 {
		p.at(0, -1, letIn)
	}
	for len(p.agenda) > 0 {
		m := heap.Pop(&p.agenda).(moment)
		p.now = m.at
		if m.buyer < 0 {
			p.letIn()
		} else {
			p.carryOut(m.buyer, m.what)
		}
	}
	p.now = max(p.now, millis(p.plan.Rules.Duration)) + millis(max(p.plan.Rules.HoldTTL, p.plan.Rules.WaitlistTTL)) + 1
	p.execute(&core.Command{Kind: core.CommandTick, Mask: core.AllSlots})
	p.serveWaitlist()
	p.sum()
	return &p.result, nil
}

func millis(seconds float64) int64 { return int64(math.Round(seconds * 1000)) }

func (p *play) lineSettings() queue.Settings {
	q := &p.plan.Rules.Queue
	return queue.Settings{
		Starts: int64(start), Ends: int64(start) + millis(p.plan.Rules.Duration), Opening: millis(q.Opening), Entrance: millis(q.Entrance),
		Patience: millis(q.Patience), PerMinute: q.PerMinute, Share: q.Share,
	}
}

// execute has the machine carry out a command now.
func (p *play) execute(c *core.Command) *core.Outcome {
	c.Version = 1
	if c.Mask == 0 {
		c.Mask, _ = core.SlotsOf(c)
		if c.Order != 0 || c.Kind == core.CommandConfirmHold || c.Kind == core.CommandReleaseHold {
			c.Mask, _ = p.machine.OrderSlots(c.Order)
		}
	}
	p.seq++
	return p.machine.Execute(&p.step, c, p.seq, start+core.Millis(p.now), p)
}

// build makes the SKUs, their stock and the sale.
func (p *play) build() error {
	p.now = -120_000
	numbers := map[string]core.SKUID{}
	var next [core.SlotCount]uint32
	for _, item := range p.plan.Stock {
		slot := core.NameSlot([]byte(item.SKU))
		numbers[item.SKU] = core.MakeSKUID(slot, next[slot])
		next[slot]++
		if o := p.execute(&core.Command{Kind: core.CommandDefineSKU, Name: []byte(item.SKU)}); o.Reason != core.ReasonNone {
			return fmt.Errorf("rehearsal: SKU %q: reason %d", item.SKU, o.Reason)
		}
		p.execute(&core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{
			{SKU: numbers[item.SKU], Mode: core.AdjustSet, Value: core.Quantity(item.Units)}}})
	}
	rules := core.SaleSettings{
		StartsAt: start, EndsAt: start + core.Millis(millis(p.plan.Rules.Duration)), MaxExpired: p.plan.Rules.MaxExpired,
		Limits: [core.IdentityKinds]core.Quantity{core.Quantity(p.plan.Rules.LimitPerCustomer)},
		Queue:  core.SaleQueue{Required: p.plan.Rules.Queue.Required},

		WaitlistCapacity: p.plan.Rules.WaitlistCapacity, WaitlistTTL: core.Millis(millis(p.plan.Rules.WaitlistTTL)),
	}
	for _, item := range p.plan.Rules.Items {
		quota := core.Unlimited
		if item.Quota != nil {
			quota = core.Quantity(*item.Quota)
		}
		p.skus = append(p.skus, numbers[item.SKU])
		rules.Items = append(rules.Items, core.SaleItem{SKU: numbers[item.SKU], Quota: quota, MaxHeld: core.Quantity(item.MaxHeld)})
	}
	p.execute(&core.Command{Kind: core.CommandDefineSale, Name: []byte("rehearsal"), SaleSettings: &rules})
	p.sale = core.MakeSaleID(p.skus[0].Slot(), 0)
	left, _ := p.left()
	p.result.ForSale = left.Units
	return nil
}

// draw makes the crowd.
func (p *play) draw() {
	c := &p.plan.Crowd
	weights := make([]float64, len(p.skus))
	p.machine.ReadSale(p.sale, &p.image)
	for i := range weights {
		weights[i] = float64(p.leftOf(i)) + 1
	}
	p.buyers = make([]buyer, c.Buyers)
	for i := range p.buyers {
		b, r := &p.buyers[i], rand.New(rand.NewPCG(p.plan.Seed, uint64(i)))
		if r.Float64() < c.Early {
			b.came = -int64(r.Float64() * 60_000)
		} else {
			b.came = int64(r.ExpFloat64() * c.HalfLife / math.Ln2 * 1000)
		}
		b.leaves = b.came + int64(r.ExpFloat64()*c.Patience*1000)
		b.leaves = max(b.leaves, 0)
		b.think, b.pays = int64(r.ExpFloat64()*c.Think*1000), int64(r.ExpFloat64()*c.Pay*1000)
		b.wants, b.item = int64(choose(r, c.Baskets))+1, choose(r, weights)
		b.vanishes, b.fails = r.Float64() < c.Abandon, r.Float64() < c.PaymentFails
		b.gives, b.returns = r.Float64() < c.ReleasedOnFail, r.Float64() < c.Repeat
		b.joins = r.Float64() < c.Join
		b.asked = -1
		if at := b.came; p.plan.Rules.Queue.Required || at >= 0 {
			p.at(at, int32(i), arrive)
		} else {
			p.at(0, int32(i), arrive) // waits for the start at their own screen
		}
	}
}

// choose draws an index by its weight.
func choose(r *rand.Rand, weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := r.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func (p *play) at(at int64, buyer int32, what step) {
	p.turn++
	heap.Push(&p.agenda, moment{at: at, turn: p.turn, buyer: buyer, what: what})
}

// left is what the sale still has.
func (p *play) left() (queue.Left, bool) {
	if !p.machine.ReadSale(p.sale, &p.image) {
		return queue.Left{}, false
	}
	var left queue.Left
	for i := range p.image.Counts {
		left.Units += p.leftOf(i)
		left.Held += int64(max(0, p.image.Counts[i].Held-p.image.Counts[i].Waited)) // the others, should they come back, are for the waitlist
	}
	return left, true
}

// leftOf is what the sale has of an item, as last read.
func (p *play) leftOf(i int) int64 {
	n, item := &p.image.Counts[i], &p.image.Settings.Items[i]
	units := max(0, n.Orderable)
	if item.Quota != core.Unlimited {
		units = min(units, max(0, item.Quota-n.Held-n.Sold))
	}
	return int64(max(0, units-n.Waited))
}

// letIn moves the line and serves the waitlist.
func (p *play) letIn() {
	p.execute(&core.Command{Kind: core.CommandTick, Mask: core.AllSlots}) // holds expire at their deadlines
	p.serveWaitlist()
	if p.line != nil {
		p.moveLine()
	}
	if p.now < millis(p.plan.Rules.Duration) && len(p.agenda)+len(p.places) > 0 {
		p.at(p.now+tick, -1, letIn)
	}
}

func (p *play) moveLine() {
	left, ok := p.left()
	invariant.Check(ok, "the sale was defined")
	now := int64(start) + p.now
	if next, changed := p.line.Plan(now, left); changed {
		p.line.Commit(next, now)
	}
	p.result.MostIn = max(p.result.MostIn, p.line.Summary(now).Outstanding)
}

func (p *play) carryOut(i int32, what step) {
	b := &p.buyers[i]
	switch what {
	case arrive:
		b.asked, b.number = p.now, 0
		if p.line != nil {
			p.join(i)
		} else {
			p.order(i)
		}
	case poll:
		p.poll(i)
	case order:
		p.order(i)
	case pay:
		p.pay(i)
	}
}

func (p *play) finish(i int32, with outcome) {
	if b := &p.buyers[i]; b.result != bought {
		b.result = with
	}
}

// join takes a place in the line.
func (p *play) join(i int32) {
	number, how := p.line.Join(uint64(i)+1, int64(start)+p.now)
	if how == queue.MayWait {
		p.at(p.now+tick, i, arrive)
		return
	}
	if how == queue.Full {
		p.finish(i, refused)
		return
	}
	p.buyers[i].number = number
	p.poll(i)
}

// poll asks how the ticket stands, and plans when to ask again.
func (p *play) poll(i int32) {
	b := &p.buyers[i]
	v, ok := p.line.Look(b.number, uint64(i)+1, int64(start)+p.now)
	invariant.Check(ok, "a ticket that was given out is known")
	switch v.State {
	case queue.Admitted:
		p.waits = append(p.waits, p.now-b.asked)
		p.entered = append(p.entered, entrance{b.came, v.Rank})
		p.at(p.now+b.think, i, order)
	case queue.Waiting, queue.SoldOut:
		next := p.now + v.PollIn
		switch {
		case v.State == queue.SoldOut && p.joinWaitlist(i):
		case p.now >= b.leaves && v.State == queue.SoldOut:
			p.finish(i, foundSoldOut)
		case p.now >= b.leaves:
			p.finish(i, gaveUp)
		default:
			p.at(min(next, max(b.leaves, p.now+1000)), i, poll)
		}
	case queue.Ended:
		p.finish(i, over)
	default:
		p.finish(i, gaveUp)
	}
}

// order tries to get a hold.
func (p *play) order(i int32) {
	b := &p.buyers[i]
	o := p.execute(&core.Command{
		Kind: core.CommandPlaceHold, TTL: core.Millis(millis(p.plan.Rules.HoldTTL)), Customer: fmt.Appendf(nil, "b%d", i),
		Sale: p.sale, Ticket: b.number, UpTo: true, Lines: []core.Line{{SKU: p.skus[b.item], Quantity: core.Quantity(b.wants)}},
	})
	if o.Reason != core.ReasonNone {
		p.refuse(i, o.Reason)
		return
	}
	if p.line != nil {
		p.line.Use(b.number)
	} else {
		p.waits = append(p.waits, p.now-b.asked)
		p.entered = append(p.entered, entrance{b.came, int64(len(p.entered))})
	}
	b.hold, b.offered = o.Order, false
	var image core.OrderImage
	p.machine.ReadOrder(b.hold, &image)
	b.units = int64(image.Lines[0].Quantity)
	if b.vanishes {
		p.finish(i, lostHold)
		return
	}
	p.at(p.now+b.pays, i, pay)
}

// refuse counts a refusal. Who finds nothing may join the waitlist; without a queue, the others try again while their patience lasts.
func (p *play) refuse(i int32, reason core.Reason) {
	b := &p.buyers[i]
	p.countRefusal(reason)
	nothing := reason == core.ReasonSaleQuota || reason == core.ReasonInsufficientStock || reason == core.ReasonHoldCap
	if nothing && p.line != nil {
		p.result.InVain++
	}
	switch {
	case reason == core.ReasonSaleEnded:
		p.finish(i, over)
	case !nothing:
		p.finish(i, refused)
	case p.joinWaitlist(i):
	case p.line != nil:
		p.finish(i, foundSoldOut)
	case p.now >= b.leaves:
		p.finish(i, foundSoldOut)
	default:
		p.at(p.now+millis(p.plan.Crowd.RetryAfter), i, order)
	}
}

func (p *play) countRefusal(reason core.Reason) {
	name, ok := reasonNames[reason]
	invariant.Check(ok, "a sale refuses with a reason that it can have")
	p.result.Refusals[name]++
}

// pay ends a hold, one way or the other.
func (p *play) pay(i int32) {
	b := &p.buyers[i]
	if b.fails {
		p.finish(i, failed)
		if b.gives && p.execute(&core.Command{Kind: core.CommandReleaseHold, Order: b.hold}).Changed {
			p.result.Released++
		}
		return
	}
	if o := p.execute(&core.Command{Kind: core.CommandConfirmHold, Order: b.hold}); o.Reason != core.ReasonNone {
		p.finish(i, lostHold)
		return
	}
	b.result = bought
	if b.offered {
		p.result.Waitlist.Bought++
	}
	p.units[i] += b.units
	p.sold += b.units
	p.sales = append(p.sales, soldTick{p.now, p.sold})
	if b.returns {
		b.returns = false
		p.at(p.now+b.think, i, arrive)
	}
}

// sum makes the result of what was counted.
func (p *play) sum() {
	r := &p.result
	r.Sold, r.Buyers, r.Bought = p.sold, len(p.buyers), len(p.units)
	if r.ForSale > 0 {
		r.SoldShare = float64(r.Sold) / float64(r.ForSale)
	}
	for _, units := range p.units {
		r.MostUnits = max(r.MostUnits, units)
	}
	for i := range p.buyers {
		r.Outcomes[outcomeNames[p.buyers[i].result]]++
	}
	if n := len(p.sales); n > 0 {
		at := float64(p.sales[n-1].at) / 1000
		r.LastAt = &at
		if r.Sold >= r.ForSale {
			r.SoldOutAt = &at
		}
	}
	for _, share := range []float64{0.1, 0.25, 0.5, 0.75, 0.9, 1} {
		r.SoldAfter = append(r.SoldAfter, SoldAfter{share, p.soldAt(share)})
	}
	r.Waiting, r.Waitlist.Waiting = waitingOf(p.waits), waitingOf(p.waited)
	r.Fairness = math.Round(orderKept(p.entered)*1000) / 1000
	r.Audit = p.machine.Audit().Found
}

// soldAt is when a share was sold.
func (p *play) soldAt(share float64) *float64 {
	for _, s := range p.sales {
		if float64(s.sold) >= share*float64(p.result.ForSale) {
			at := float64(s.at) / 1000
			return &at
		}
	}
	return nil
}
