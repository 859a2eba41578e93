package core_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// chronicle is what a story of testdata/stories has beside the shop: of each thing what was told of it last, so that a step tells of all that it
// changed, and the books, in which every unit and every payment is entered as the events tell of it.
//
// Two more machines hear each command. Of one the slots belong to four shards that work at the same time, the other is made anew before each
// step of what a checkpoint kept of it: both have to tell the same.
type chronicle struct {
	told    map[string]string
	order   []core.OrderID
	goods   map[core.SKUID]*goodsBook
	kinds   map[core.CommandKind]bool // of the commands that changed something
	shards  *core.Machine
	reborn  *core.Machine
	kept    saved // of it
	scratch core.Step
	closed  bool
}

// goodsBook is how often a SKU's units came and went.
type goodsBook struct {
	moved [len(goodsWords)]core.Quantity
}

// goodsWords are the pages of a book.
var goodsWords = [...]string{"counted", "received", "corrected", "written off", "sent to another location", "come from another location", "shipped", "come back"}

var goodsPages = map[core.MovementKind]int{
	core.MovementCount: 0, core.MovementReceive: 1, core.MovementAdjust: 2, core.MovementWriteOff: 3, core.MovementTransferOut: 4, core.MovementTransferIn: 5,
	core.MovementShip: 6, core.MovementReturnIn: 7,
}

func newChronicle() *chronicle {
	return &chronicle{
		told: map[string]string{}, kept: saved{pages: map[core.PageID][]byte{}}, goods: map[core.SKUID]*goodsBook{}, kinds: map[core.CommandKind]bool{},
		shards: core.New(core.Options{}), reborn: core.New(core.Options{}),
	}
}

// checkLives sees to it that there are enough stories, and that each command about what becomes of an order changes something in one of them.
func checkLives(t *testing.T, lives []*chronicle) {
	t.Helper()
	if len(lives) < 60 {
		t.Errorf("only %d stories", len(lives))
	}
	for kind := core.CommandCancelLines; kind <= core.CommandEditOrder; kind++ {
		if kind.IsKnown() && !slices.ContainsFunc(lives, func(ch *chronicle) bool { return ch.kinds[kind] }) {
			t.Errorf("no story tells of commands of kind %d", kind)
		}
	}
}

// step tells the lines of a block, and after them everything that they have changed.
func (s *story) step(t *testing.T, lines []string, tell func(line string) string) string {
	t.Helper()
	ch := s.chronicle
	if ch.closed {
		t.Fatal("the story goes on behind its end")
	}
	ch.reborn = rebirth(t, ch.reborn, &ch.kept)
	var out strings.Builder
	for _, line := range lines {
		said := tell(line)
		if len(lines) > 1 && said != "" {
			said = "> " + strings.TrimSpace(line) + "\n" + said
		}
		out.WriteString(said)
	}
	out.WriteString(s.changes())
	if report := s.shop.machine.Audit(); report.Found > 0 {
		t.Errorf("the audit found %+v", report.Violations)
	}
	return out.String()
}

// rebirth takes a checkpoint of a machine and makes one of it; kept has what the checkpoints before have kept of the machine.
func rebirth(t *testing.T, m *core.Machine, kept *saved) *core.Machine {
	t.Helper()
	kept.freeze(m, 0)
	for !kept.keep(m, 100) {
	}
	return kept.restore(t, 0)
}

// witness has the other machines hear a command, too, and enters what it changed in the books.
func (ch *chronicle) witness(t *testing.T, c *core.Command, seq core.Sequence, now core.Millis, events []core.Event, outcome core.Outcome) {
	t.Helper()
	var told eventList
	again := reference.CopyOutcome(ch.reborn.Execute(&ch.scratch, c, seq, now, &told))
	if !reflect.DeepEqual([]core.Event(told), events) || !reflect.DeepEqual(again, outcome) {
		t.Errorf("a machine that was restored from a checkpoint tells otherwise:\n got %+v\nwant %+v", told, events)
	}
	parted, again := ch.executeInShards(c, seq, now)
	if !reflect.DeepEqual(parted, events) || !reflect.DeepEqual(again, outcome) {
		t.Errorf("four shards tell otherwise:\n got %+v\nwant %+v", parted, events)
	}
	if outcome.Changed {
		ch.kinds[c.Kind] = true
	}
	for i := range events {
		ch.enter(&events[i])
	}
}

// executeInShards does what an engine with four shards does.
func (ch *chronicle) executeInShards(c *core.Command, seq core.Sequence, now core.Millis) (told []core.Event, outcome core.Outcome) {
	const shards = 4
	phase := func(work func(slot core.Slot, sink core.Sink)) {
		var lists [core.SlotCount]eventList
		var all sync.WaitGroup
		for shard := range core.Slot(shards) {
			all.Go(func() {
				for slot := shard; slot < core.SlotCount; slot += shards {
					if c.Mask.Has(slot) {
						work(slot, &lists[slot])
					}
				}
			})
		}
		all.Wait()
		for i := range lists {
			told = append(told, lists[i]...)
		}
	}
	step := &core.Step{}
	step.Begin(c, seq, now)
	phase(func(slot core.Slot, sink core.Sink) { ch.shards.Gather(slot, step, sink) })
	ch.shards.Decide(step)
	outcome = reference.CopyOutcome(&step.Outcome)
	phase(func(slot core.Slot, sink core.Sink) { ch.shards.Apply(slot, step, sink) })
	phase(func(slot core.Slot, sink core.Sink) { ch.shards.Alert(slot, step, sink) })
	return told, outcome
}

// enter writes in the books what an event tells of units that came and went, and which orders there are.
func (ch *chronicle) enter(e *core.Event) {
	book := func(id core.SKUID) *goodsBook {
		if ch.goods[id] == nil {
			ch.goods[id] = &goodsBook{}
		}
		return ch.goods[id]
	}
	for i := range e.Levels {
		if e.Kind == core.EventStockAdjusted {
			book(e.Levels[i].SKU).moved[0] += e.Levels[i].OnHand - e.Levels[i].OnHandBefore
		}
	}
	for i := range e.Moves {
		m := &e.Moves[i]
		before := m.Before()
		book(m.SKU).moved[goodsPages[m.Kind]] += m.OnHand - before.OnHand
	}
	if e.Kind.HasOrder() && !slices.Contains(ch.order, e.Order.ID) {
		ch.order = append(ch.order, e.Order.ID)
	}
}

// headlines tell of each event in one line, as what it came to stands below them.
func (s *story) headlines(events []core.Event, c *core.Command, o *core.Outcome) string {
	var out strings.Builder
	for i := range events {
		e := &events[i]
		words := s.eventSentence(e)
		switch {
		case e.Kind == core.EventTaskRequested:
			entry := &e.Order.Account.Entries[e.Payment-1]
			words = fmt.Sprintf("to be done by %s: %s of %s for %s\n", entry.Provider, paymentTypes[entry.Type], amountWords(entry.Amount), s.orderName(e.Order.ID))
		case e.Kind.IsDefinition(), e.Kind == core.EventOrderRouted, e.Kind == core.EventStockAdjusted, e.Kind == core.EventStockMoved:
			continue // what came of it stands below
		case e.Kind.HasOrder():
			words, _, _ = strings.Cut(words, "\n")
			words += "\n"
		}
		out.WriteString(words)
	}
	out.WriteString(s.outcomeWords(c, o))
	return out.String()
}

// changes tells of every SKU, order, and document that is not as it was told last.
func (s *story) changes() string {
	var out strings.Builder
	tell := func(name, words string) {
		if s.chronicle.told[name] != words {
			s.chronicle.told[name] = words
			out.WriteString(words)
		}
	}
	for _, id := range s.shop.model.SKUIDs() {
		tell("sku "+s.skuName(id), s.stockParagraph(id))
	}
	for _, id := range s.chronicle.order {
		tell("order "+s.orderName(id), s.orderParagraph(id))
	}
	return out.String()
}

// stockParagraph tells where a SKU's units are, and what is promised of them.
func (s *story) stockParagraph(id core.SKUID) string {
	var a core.AvailabilityImage
	s.shop.machine.ReadAvailability(id, &a)
	if a.IsKit() {
		return fmt.Sprintf("[%s] a kit, %d to sell\n", s.skuName(id), a.Available)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "[%s] %d to sell", s.skuName(id), max(0, a.Available))
	if room := roomBeyond(&a); room > 0 {
		fmt.Fprintf(&out, ", %d more before they are there", room)
	}
	if a.Backordered > 0 {
		fmt.Fprintf(&out, ", %d waited for", a.Backordered)
	}
	for i := range a.Incoming {
		lot := &a.Incoming[i]
		fmt.Fprintf(&out, ", %d on their way to %s", lot.Open, s.locationName(lot.Location))
	}
	for i := range a.Levels {
		l := &a.Levels[i]
		if l.OnHand+l.Reserved+l.Allocated == 0 {
			continue
		}
		fmt.Fprintf(&out, "; %s: %d on hand", s.locationName(l.Location), l.OnHand)
		for state := core.StateDamaged; state <= core.StateOther; state++ {
			if n := l.In(state); n != 0 {
				fmt.Fprintf(&out, ", %d %s", n, stateNames[state])
			}
		}
		if l.Reserved > 0 {
			fmt.Fprintf(&out, ", %d reserved", l.Reserved)
		}
		if l.Allocated > 0 {
			fmt.Fprintf(&out, ", %d allocated", l.Allocated)
		}
		fmt.Fprintf(&out, ", %d available", l.Fulfillable())
	}
	out.WriteByte('\n')
	return out.String()
}

// roomBeyond is how many units more may be sold than there are to sell.
func roomBeyond(a *core.AvailabilityImage) core.Quantity {
	limit := a.Settings.BackorderLimit
	if a.Preordering {
		limit = a.Settings.Preorder.Limit
	}
	return max(0, limit+min(0, a.Available))
}

// orderParagraph tells everything about an order: its four statuses, the counters of each line, fulfilment orders, shipments, money and returns.
func (s *story) orderParagraph(id core.OrderID) string {
	var o core.OrderImage
	if !s.shop.machine.ReadOrder(id, &o) {
		return fmt.Sprintf("[%s] archived\n", s.orderName(id))
	}
	var out strings.Builder
	fmt.Fprintf(&out, "[%s] of %s: %s", s.orderName(id), o.Customer, statusWords[o.Status])
	switch {
	case o.Status == core.StatusHeld:
		fmt.Fprintf(&out, " until %s", dateWords(o.Deadline))
	case o.Status == core.StatusCompleted:
		fmt.Fprintf(&out, ", may be sent back until %s", dateWords(o.Life.ClosesAt))
	}
	if o.OnHold != 0 {
		fmt.Fprintf(&out, ", ON HOLD for %s", onHoldWords(o.OnHold))
	}
	if o.HasMoney() {
		fmt.Fprintf(&out, " | payment %s", paymentStatuses[o.PaymentStatus()])
	}
	fmt.Fprintf(&out, " | %s", sentWords(&o))
	if word := orderReturnsWords[o.OrderReturns()]; word != "" {
		fmt.Fprintf(&out, " | returns %s", word)
	}
	fmt.Fprintf(&out, " | version %d\n", o.Version)
	out.WriteString(s.lineParagraphs(&o))
	out.WriteString(s.worksWords(&o))
	out.WriteString(s.shipmentsWords(&o))
	out.WriteString(s.moneyParagraph(&o))
	out.WriteString(s.returnParagraphs(&o))
	return out.String()
}

// sentWords say how much of an order has left.
func sentWords(o *core.OrderImage) string {
	var wanted, shipped, delivered core.Quantity
	for i := range o.Lines {
		if o.Lines[i].Role == core.LineOfKits {
			continue
		}
		life := o.LineLife(i)
		wanted += o.Lines[i].Quantity - life.Cancelled
		shipped, delivered = shipped+life.Shipped, delivered+life.Delivered
	}
	switch {
	case shipped == 0:
		return "unfulfilled"
	case shipped < wanted:
		return "partially fulfilled"
	case delivered == wanted:
		return "fulfilled and delivered"
	}
	return "fulfilled"
}

var lineRoles = map[core.LineRole]string{core.LineOfKits: "kits", core.LineOfComponent: "of the kits", core.LineUntracked: "left out of stock"}

// lineParagraphs tell the counters of each line, and check that each unit that was ordered is counted once.
func (s *story) lineParagraphs(o *core.OrderImage) string {
	var out strings.Builder
	at, waited, ended := "at", "waited for", o.Status == core.StatusCancelled || o.Status == core.StatusReleased || o.Status == core.StatusExpired
	if ended {
		at, waited = "given back to", "waited for no more" // an order that came to nothing keeps on record what it had
	}
	allocations := o.Allocations
	for i, l := range o.Lines {
		own, life := allocations[:l.Allocations], o.LineLife(i)
		allocations = allocations[l.Allocations:]
		var words []string
		here := core.Quantity(0)
		for _, a := range own {
			here += a.Quantity
			words = append(words, fmt.Sprintf("%d %s %s", a.Quantity, at, s.locationName(a.Location)))
		}
		if l.Backordered > 0 {
			words = append(words, fmt.Sprintf("%d %s", l.Backordered, waited))
		}
		words = append(words, lineLifeWords(life)...)
		if life.Returning > 0 {
			words = append(words, fmt.Sprintf("%d to come back", life.Returning))
		}
		for k, n := range life.Returned {
			if n > 0 {
				words = append(words, fmt.Sprintf("%d back as %s", n, dispositionWords[core.Disposition(k+1)]))
			}
		}
		if role := lineRoles[l.Role]; role != "" {
			words = append([]string{role}, words...)
		}
		price := ""
		if o.HasMoney() && l.Role != core.LineOfComponent {
			price = " for " + amountWords(o.Account.Amounts[i])
		}
		fmt.Fprintf(&out, "  line %d, %s×%d%s: %s\n", i+1, s.skuName(l.SKU), l.Quantity, price, strings.Join(words, ", "))
		sum := here + l.Backordered + life.Cancelled + life.Shipped
		if l.Role == core.LineOfUnits || l.Role == core.LineOfComponent {
			if !ended && sum != l.Quantity {
				fmt.Fprintf(&out, "  DOES NOT ADD UP: %d of %d\n", sum, l.Quantity)
			}
		}
	}
	return out.String()
}

// moneyParagraph tells what is due of an order, what came in and went out, and each entry of the ledger.
func (s *story) moneyParagraph(o *core.OrderImage) string {
	var out strings.Builder
	a := o.Account
	if a == nil {
		return ""
	}
	if a.Lock.Until != 0 {
		fmt.Fprintf(&out, "  locked until %s for %s/%s, then held until %s\n", dateWords(a.Lock.Until), a.Lock.Provider, a.Lock.Reference, dateWords(a.Lock.Deadline))
	}
	if !o.HasMoney() {
		return out.String()
	}
	sums := a.Sums()
	fmt.Fprintf(&out, "  money: costs %s %s, due %s", amountWords(o.Total()), a.Currency, amountWords(o.Due()))
	if sums.Open() > 0 {
		fmt.Fprintf(&out, ", set aside %s", amountWords(sums.Open()))
	}
	fmt.Fprintf(&out, ", in hand %s", amountWords(inHand(&sums)))
	if a.PayBy != 0 && inHand(&sums) < o.Due() {
		fmt.Fprintf(&out, ", to be paid by %s", dateWords(a.PayBy))
	}
	out.WriteByte('\n')
	for i := range a.Entries {
		e := &a.Entries[i]
		words := fmt.Sprintf("%s %s %s", paymentTypes[e.Type], amountWords(e.Amount), entryStatuses[e.Status])
		if e.Of != 0 {
			words += fmt.Sprintf(" of entry %d", e.Of)
		}
		words += fmt.Sprintf(" (%s)", strings.TrimSpace(string(e.Provider)+" "+string(e.Reference)))
		if e.Task && e.Status.IsOpen() {
			words += " TO DO"
		}
		fmt.Fprintf(&out, "    entry %d: %s\n", i+1, words)
	}
	return out.String()
}

// inHand is the money that came in and was not given back.
func inHand(sums *core.PaymentSums) int64 {
	return sums.Captured + sums.Adjusted - sums.Refunded - sums.ChargedBack
}

// returnParagraphs tell of an order's returns.
func (s *story) returnParagraphs(o *core.OrderImage) string {
	var out strings.Builder
	if o.Life == nil {
		return ""
	}
	o.Life.EachReturn(func(number int, r *core.ReturnImage, lines []core.ReturnLine, refunds []core.RefundImage) {
		kind := "return"
		if r.Kind == core.ReturnClaim {
			kind = "claim"
		}
		fmt.Fprintf(&out, "  %s %d: %s%s\n", kind, number, returnStatusWords[r.Status], s.storyTerms(r))
		for i := range lines {
			l := &lines[i]
			fmt.Fprintf(&out, "    %d of line %d, %s", l.Quantity, l.Line+1, returnReasonWords[l.Reason])
			for k, n := range l.Became {
				if n > 0 {
					fmt.Fprintf(&out, ", %d %s", n, dispositionWords[core.Disposition(k+1)])
				}
			}
			out.WriteByte('\n')
		}
		for i := range refunds {
			f := &refunds[i]
			what := "refund"
			if f.Credit {
				what = "store credit"
			}
			fmt.Fprintf(&out, "    %s of %s %s decided by %s\n", what, amountWords(f.Amount), f.Currency, f.By)
		}
	})
	return out.String()
}

// storyTerms tells with what a return was approved.
func (s *story) storyTerms(r *core.ReturnImage) (words string) {
	t := &r.Terms
	if r.Forced {
		words += ", after the window"
	}
	if r.Until != 0 && r.Status <= core.ReturnApproved {
		words += ", until " + dateWords(r.Until)
	}
	if t.Policy != core.RefundManually {
		words += ", refund when " + refundPolicyWords[t.Policy]
	}
	if r.RefundDue() {
		words += " TO DECIDE"
	}
	if t.Remedy != core.RemedyNone {
		words += ", made good by " + remedyWords[t.Remedy]
	}
	if t.Keep {
		words += ", the customer keeps the units"
	}
	if t.Fee != 0 {
		words += fmt.Sprintf(", fee %s %s", amountWords(t.Fee), t.Currency)
	}
	if t.Replacement != 0 {
		words += fmt.Sprintf(", replaced by %s", s.names[t.Replacement])
	}
	if t.Difference != 0 {
		words += fmt.Sprintf(", difference %s %s", amountWords(t.Difference), t.Currency)
	}
	if r.Settled {
		words += ", replacement dealt with"
	}
	return words
}

// theEnd closes the books: what came and went has to be what is there, and all machines have to be of one mind.
func (s *story) theEnd(line *sentence) string {
	line.end()
	ch := s.chronicle
	ch.closed = true
	var out strings.Builder
	for _, id := range s.shop.model.SKUIDs() {
		out.WriteString(s.goodsBalance(line, id))
	}
	for _, id := range ch.order {
		var o core.OrderImage
		if s.shop.machine.ReadOrder(id, &o) && o.HasMoney() {
			out.WriteString(s.moneyBalance(&o))
		}
	}
	for name, m := range map[string]*core.Machine{"four shards": ch.shards, "checkpoints": ch.reborn} {
		if m.Digest() != s.shop.machine.Digest() {
			line.fail("the machine with %s has another state", name)
		}
	}
	ended := s.paragraphs()
	s.shop.machine = rebirth(line.t, s.shop.machine, &saved{pages: map[core.PageID][]byte{}})
	if again := s.paragraphs(); again != ended {
		line.fail("restored it says\n%sand not\n%s", again, ended)
	}
	return out.String()
}

// paragraphs tell everything.
func (s *story) paragraphs() string {
	var out strings.Builder
	for _, id := range s.shop.model.SKUIDs() {
		out.WriteString(s.stockParagraph(id))
	}
	for _, id := range s.chronicle.order {
		out.WriteString(s.orderParagraph(id))
	}
	return out.String()
}

// goodsBalance tells how a SKU's units came and went.
func (s *story) goodsBalance(line *sentence, id core.SKUID) string {
	book := s.chronicle.goods[id]
	if book == nil {
		return ""
	}
	var words []string
	sum := core.Quantity(0)
	for page, n := range book.moved {
		if n != 0 {
			words = append(words, fmt.Sprintf("%+d %s", n, goodsWords[page]))
		}
		sum += n
	}
	var a core.AvailabilityImage
	s.shop.machine.ReadAvailability(id, &a)
	if a.OnHand != sum {
		line.fail("%s: %s, and %d are on hand", s.skuName(id), strings.Join(words, ", "), a.OnHand)
	}
	return fmt.Sprintf("goods of %s: %s = %d on hand\n", s.skuName(id), strings.Join(words, ", "), sum)
}

// moneyBalance tells how an order's money came and went, what was decided to be given back, and whether anything is left to do.
func (s *story) moneyBalance(o *core.OrderImage) string {
	sums := o.Account.Sums()
	words := fmt.Sprintf("money of %s: %s captured", s.orderName(o.ID), amountWords(sums.Captured))
	for _, out := range []struct {
		amount int64
		word   string
	}{{sums.Adjusted, "beside providers"}, {-sums.Refunded, "refunded"}, {-sums.ChargedBack, "charged back"}} {
		if out.amount != 0 {
			words += fmt.Sprintf(", %s %s", amountWords(out.amount), out.word)
		}
	}
	words += fmt.Sprintf(" = %s in hand", amountWords(inHand(&sums)))
	if missing := o.Due() - sums.Captured - sums.Adjusted; missing > 0 {
		words += fmt.Sprintf(", %s still to be paid", amountWords(missing))
	}
	if over := inHand(&sums) - o.Due(); over > 0 {
		words += fmt.Sprintf(", %s more than is due", amountWords(over))
	}
	if open := decidedOf(o) - sums.Refunded; open > 0 {
		words += fmt.Sprintf(", %s decided and not given back", amountWords(open))
	}
	if sums.Open() > 0 {
		words += fmt.Sprintf(", %s still set aside", amountWords(sums.Open()))
	}
	todo := 0
	for i := range o.Account.Entries {
		if e := &o.Account.Entries[i]; e.Task && e.Status.IsOpen() {
			todo++
		}
	}
	if todo > 0 {
		words += fmt.Sprintf(", %d to do", todo)
	}
	return words + "\n"
}

// decidedOf is the money that was decided to be given back for returns.
func decidedOf(o *core.OrderImage) (sum int64) {
	if o.Life == nil {
		return 0
	}
	for i := range o.Life.Refunds {
		if f := &o.Life.Refunds[i]; !f.Credit {
			sum += f.Amount
		}
	}
	return sum
}

// dateWords tells day and time, of the latter no more than it takes.
func dateWords(at core.Millis) string {
	t := time.UnixMilli(int64(at)).UTC()
	layout := "2 January 15:04"
	switch {
	case at%1000 != 0:
		layout = "2 January 15:04:05.000"
	case at%60000 != 0:
		layout = "2 January 15:04:05"
	}
	return t.Format(layout)
}
