package core_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

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
	for kind := core.CommandCancelLines; kind <= core.CommandPriceOrder; kind++ {
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
