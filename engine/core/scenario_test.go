package core_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// TestScenarios runs the stories in testdata. Each is a shop of its own, told in these words, one
// sentence a line; a block's answers stand below its ----.
//
//	at 12:00:00.137                 it is that time now (the shop opens at 12:00)
//	wait 10m                        it is that much later now
//	tick [phone]                    let time pass everywhere, or in phone's slot alone
//	location hamburg priority=10 [kind=store]
//	                                with version=2, here and for channel, rule, routing, sku and sale: only if that is its version
//	channel outlet [bands=yes] [buffer=2] [returns=14d]         with a setting it is set, else only made
//	rule phone outlet buffer=2 quota=5 from=12:01:00.000 until=12:02:00.000 exclusive=yes    share=30 instead of a quota; nothing but the names: taken back
//	routing rules=fewest,nearest,cost [strategy=cost] [most=3] [penalty=250] [suppliers=no] [preferred=main,hamburg]
//	                                the rules: preferred, pickup, fewest, nearest, cost, date, balance, priority
//	location hamburg at=53.55,9.99 methods=standard,express cut-off=14:30 utc=1 days=1 unit-cost=50 channels=web
//	                 to=DE:1d:390,DE20:1d:290:10,*:5d:990:100:2000g
//	                                what it ships: a zone is a country with the beginning of the postal code, days,
//	                                cost of a shipment and of a kilogram, and what an order may weigh
//	order o1 customer=bob to=DE20095 at=53.5,10 by=express phone×1
//	                                likewise hold; fetched-at=altona, to pick it up
//	sku phone [weight=350] [safety=2] [backorder=5|unlimited] [preorder=20 ships=12:30:00] [limit=2]
//	stock phone main +100           receive; -3 takes away, 97 counts, "97 if=100" counts if there are 100
//	stock phone main +1 and case main +2 [reason=received]
//	hold h1 customer=ann ttl=10m [channel=outlet] phone×1 case×2
//	order o1 customer=bob [channel=outlet] [external=web-1] phone×1
//	sale friday from=13:00:00.000 until=14:00:00.000 [customer=2] [address=2] [device=2] [payment=2] [ttl=5m] [expired=3] [queue=yes] phone×10 [held=3] case×any
//	advance friday reserved=256 [drawn=100] [admitted=10] [settled=5] [opened=yes]
//	order o2 customer=bob sale=friday [ticket=1] [address=elbe-1] [device=d] [payment=card] phone×1
//	sale saturday from=13:00:00.000 until=14:00:00.000 waitlist=100 offer=10m phone×10
//	join w1 customer=ann sale=saturday phone×1
//	leave w1
//	serve saturday                  all on its waitlist for whom there is something now; what is offered to w1 goes by that name
//	confirm h1 [version=2]          likewise release and cancel; "slots=home" asks its home slot alone
//	extend h1 ttl=5m [version=2]
//	purchase PO-1 to=main [from=acme|supplier=acme] [send=yes] [by=anna] phone×5 [due=13:00] case×2
//	transfer TR-1 from=main to=hamburg [send=yes] phone×5 [due=13:00]
//	send PO-1 [version=1]           order what a purchase order asks for, dispatch a transfer; likewise "give-up PO-1"
//	arrive PO-1 phone×3 [to=damaged] [short=1] [reason=why] 2×4       of phone, and of line 2; short, damaged, lost, over differ
//	close PO-1 lost reason=why      all that is open is lost
//	show PO-1                       the document
//	promise phone by=13:00          what can be sold, and what will have come by then
//	serve                           all who wait for what has come are served, as the host sees to it soon after every command
//	fill o1                         o1 alone is, if it is its turn
//	reroute o1 from=hamburg [reason=rejected|short-pick|down|manual] [note=why] [actor=anna] [wait=yes] [version=2] [to=DE20095] [phone×1]
//	                                units of o1 move away from Hamburg: all, or those that are named; what nobody else has waits, or stays
//	cancel-lines o1 1×2 2 [by=anna] [note=why] [version=2]             two of the first line, and all that are left of the second
//	edit o1 version=2 [off=1×2,2] [add=phone×1,case×2 [prices=99.00,9.90]] [extra=-4.90] [document=yes] [to=DE20095] [actor=anna] [note=why]
//	                                two of the first line off, and all that are left of the second; two lines more, another document, it goes elsewhere;
//	                                "preview edit …": what it would come to; "slots=named" as below
//	edit o1 version=2 metadata=INV-7 [actor=anna] [note=why]           tags and metadata alone, whatever the order's status
//	ship o1 from=hamburg [by=kim] [note=why] [version=2] [phone×1]     units leave: all that the order has there, or those that are named
//	track o1 shipment=1 in_transit@12:10:00.000 delivered@12:30:00.000/7          what its carrier reports, and the report's id; "delivered" for now
//	take-back o1 shipment=1 to=hamburg [to=damaged] [phone×1]          what was returned to the sender is in stock again
//	work o1 start|stop|hold|release|submit|accept|ready at=berlin [number=2] [by=kim] [note=why] [version=2]
//	                                its first fulfilment order in Berlin, or that of the number, goes on
//	work o1 schedule at=berlin from=12:30:00.000        nobody begins before
//	work o1 split at=berlin 1×2 2×1                     these are in another one; work o1 merge at=berlin number=2 into=1
//	work o1 short at=berlin [missing=yes] 1×2           two of line 1 were found, and all of the others; the rest comes from elsewhere, and is not sold again
//	work o1 move at=berlin to=hamburg                   it is done there; work o1 decline at=acme: a supplier does not
//	ship o1 from=berlin fulfilment=2 picked-up=yes      what is in the second; the customer has it
//	put-on-hold o1 [by=anna] [note=why] [version=2] fraud address      nothing of o1 leaves, for reasons
//	take-off-hold o1 [by=anna] [note=why] [version=2] [fraud]          those reasons are taken back, or all
//	order o1 customer=ann prices=50.00,9.90 [extra=4.90] [currency=EUR] phone×2 case×1     what its lines cost, and what it costs beside them
//	pay o1 authorization succeeded 54.90 acme/pi-1 [at=12:30:00.000] [of=1] [entry=2] [currency=EUR] [note=why] [by=anna]
//	                                a provider reports on a payment: entry names the task that it completes, of the payment that it belongs to
//	request o1 refund 5.00 [of=2]   somebody asks for a capture, a refund or a void; "all" for all there is
//	lock h1 ttl=10m for=acme/pi-1   h1 is kept while a payment is under way
//	unlock h1
//	channel outlet capture=confirm|shipment pay-within=1h
//	unpaid                          orders that were not paid in time are cancelled, as the host sees to it
//	return o1 [until=2h] [force=yes] [by=ann] [note=why] 1×2/too_small 2/damaged       two units of the first line, all of the second; likewise claim
//	approve-return o1/1 [until=2h] [refund=received] [remedy=refund] [keep=yes] [fee=500EUR] [replacement=o2 difference=-100EUR]
//	                                likewise decline-return, cancel-return, return-in-transit [tracking=1Z], close-return, settle-return
//	receive-return o1/1 at=hamburg 1×2/restock 2/quality_control
//	inspect-return o1/1 at=hamburg 2/damaged
//	refund o1/1 [by=anna] 1299EUR   it is decided that money is given back, 12.99EUR; credit: in the store
//	unsettled                       which replacements of returns that came to nothing are still to be dealt with
//	note o1 [by=anna]               somebody writes something beside o1
//	location hamburg capacity=2 [utc=1] [cut-off=14:30]       it ships two orders a day
//	capacity hamburg                how many it has on the day of an order of now
//	order o1 customer=bob slots=named phone×1       sent before the first location got a capacity, so the mask has no bookings
//	preview order o1 customer=bob phone×1           what it would come to; nothing changes
//	resolve o3 phone by=cancel|backorder|re-source [with=o1] [from=hamburg] [note=why] [actor=anna] [version=2] [to=DE20095]
//	                                something is done about what o3 was oversold of phones: with o3 itself, or with another order
//	cases [status=resolved|all] [sku=phone] [order=o3]
//	victims phone [policy=oldest|smallest|largest|channels:web,outlet] [most=2]
//	                                who might not be served, the newest first unless another policy is named
//	waiting phone                   who waits for it, oldest promise first
//	show phone                      all its units
//	show h1                         the hold or order
//	show friday                     the sale
//	sells phone                     what each channel may sell of it
//	apart phone case                they lie in different slots; "together": in the same
//	kit set phone×1 case×2          what it is made of; nothing but the name: it is no kit
//	stale set                       the next order comes with what a set is made of now, whatever that is by then
//	fill-up channels                make channels until the table is full; likewise locations
//
// Names that nobody has defined stand for numbers that were not given out. The reference model hears
// every command too and must give the same answers.
//
// Those in testdata/stories are whole lives of orders. There a block is a step, and below it stands all that it has changed: of each SKU all units, and of
// each order its statuses, lines, shipments, money and returns. They end with
//
//	the-end                         the books are closed: what came and went is what is there
func TestScenarios(t *testing.T) {
	var lives []*chronicle
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := newStory()
		s.run(t, path)
		if s.chronicle != nil {
			lives = append(lives, s.chronicle)
		}
	})
	if files, err := os.ReadDir(stories); err != nil || len(files) == len(lives) {
		checkLives(t, lives) // all of them were told
	}
}

// stories is where the lives of orders are.
var stories = filepath.Join("testdata", "stories")

// run tells the story of a file.
func (s *story) run(t *testing.T, path string) {
	if filepath.Dir(path) == stories {
		s.chronicle = newChronicle()
	}
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		tell := func(line string) string {
			cmd, args, err := datadriven.ParseLine(line)
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			return s.tell(t, cmd, args)
		}
		lines := slices.Collect(strings.Lines(d.Input))
		if s.chronicle != nil {
			return s.step(t, append([]string{d.FullCmd()}, lines...), tell)
		}
		out := s.tell(t, d.Cmd, d.CmdArgs)
		for _, line := range lines {
			out += tell(line)
		}
		return out
	})
	if s.chronicle != nil && !s.chronicle.closed {
		t.Error("the story has no end")
	}
}

// opening is when every shop opens.
var opening = core.Millis(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC).UnixMilli())

// story is one shop and what the words of its scenario stand for.
type story struct {
	shop *twins

	now       core.Millis
	skus      map[string]core.SKUID
	locations map[string]core.LocationID
	channels  map[string]core.ChannelID
	sales     map[string]core.SaleID
	orders    map[string]core.OrderID
	places    map[string]core.WaiterImage
	placed    map[core.Sequence]string // names of places
	names     map[core.OrderID]string
	stale     []core.Recipe // that the next order comes with; nil for those of then

	chronicle *chronicle // of testdata/stories; nil for others

	slotsNamed bool // the next order names no other slots than those of what it asks for
}

func newStory() *story {
	return &story{
		shop:      newTwins(),
		now:       opening,
		skus:      map[string]core.SKUID{},
		locations: map[string]core.LocationID{"main": 0},
		channels:  map[string]core.ChannelID{"web": 0},
		sales:     map[string]core.SaleID{},
		orders:    map[string]core.OrderID{},
		places:    map[string]core.WaiterImage{},
		placed:    map[core.Sequence]string{},
		names:     map[core.OrderID]string{},
	}
}

// tell carries out one line and gives what there is to say about it.
func (s *story) tell(t *testing.T, word string, args []datadriven.CmdArg) string {
	t.Helper()
	line := &sentence{t: t, word: word, args: args}
	switch word {
	case "the-end":
		return s.theEnd(line)
	case "at", "wait":
		s.setTime(line)
		if s.chronicle != nil {
			return fmt.Sprintf("it is %s\n", dateWords(s.now))
		}
		return ""
	case "serve":
		if line.peek() != "" {
			return s.serveSale(line)
		}
		return s.serve(t)
	case "unpaid":
		return s.expireUnpaid(line)
	case "unsettled":
		return s.unsettled()
	case "worth":
		return s.worth(line)
	case "capacity":
		return s.capacityWords(line)
	case "preview":
		return s.preview(line)
	case "waiting":
		return s.waitingWords(s.sku(line.next()))
	case "show":
		return s.show(line.next())
	case "sells":
		return s.sells(line)
	case "promise":
		return s.promise(line)
	case "cases":
		return s.cases(line)
	case "victims":
		return s.victims(line)
	case "stale":
		id := s.sku(line.next())
		s.stale = []core.Recipe{{Kit: id, Components: s.shop.model.Recipe(id)}}
		line.end()
		return ""
	case "apart", "together":
		return s.checkSlots(line)
	case "fill-up":
		return s.fill(line)
	}
	c, name := s.command(line)
	line.end()
	return s.execute(t, &c, name)
}

// execute carries out a command; a new order goes by the given name from then on.
func (s *story) execute(t *testing.T, c *core.Command, name string) string {
	t.Helper()
	if c.Mask == 0 {
		c.Mask, _ = core.SlotsOf(c)
		if !s.slotsNamed {
			c.Mask |= s.shop.machine.SlotsNow(c)
		}
	}
	s.slotsNamed = false
	events, outcome := s.shop.execute(t, c, s.now)
	s.learn(c, name, events)
	if s.chronicle != nil {
		s.chronicle.witness(t, c, s.shop.seq, s.now, events, outcome)
		return s.headlines(events, c, &outcome)
	}
	var out strings.Builder
	for i := range events {
		out.WriteString(s.eventWords(&events[i]))
	}
	out.WriteString(s.outcomeWords(c, &outcome))
	for _, id := range s.skusOf(c) {
		out.WriteString(s.availabilityWords(id))
	}
	return out.String()
}

// learn remembers the numbers that new things were given.
func (s *story) learn(c *core.Command, name string, events []core.Event) {
	for i := range events {
		switch e := &events[i]; e.Kind {
		case core.EventSKUDefined:
			s.skus[string(e.SKU.Name)] = e.SKU.ID
		case core.EventLocationDefined:
			s.locations[string(e.Location.Name)] = e.Location.ID
		case core.EventChannelDefined:
			s.channels[string(e.Channel.Name)] = e.Channel.ID
		case core.EventSaleDefined:
			s.sales[string(e.Sale.Name)] = e.Sale.ID
		case core.EventWaitlistJoined:
			s.places[name], s.placed[e.Waiter.Number] = e.Waiter, name
		case core.EventWaitlistOffered:
			name := s.placed[e.Waiter.Number]
			s.orders[name], s.names[e.Order.ID] = e.Order.ID, name
		case core.EventHoldPlaced, core.EventOrderPlaced:
			s.orders[name] = e.Order.ID
			s.names[e.Order.ID] = name
		}
	}
}

// serve does what a host does when somebody waits for units that there are.
func (s *story) serve(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for rounds := 0; ; rounds++ {
		var orders []core.OrderID
		for slot := range core.Slot(core.SlotCount) {
			orders = s.shop.machine.Waiting(slot, 2, orders)
		}
		for _, id := range orders {
			out.WriteString(s.execute(t, &core.Command{Kind: core.CommandFillOrder, Version: 1, Order: id, Mask: s.shop.model.OrderMask(id)}, ""))
		}
		if len(orders) == 0 {
			break
		}
		if rounds == 100 {
			t.Fatalf("%d still wait and are not served", len(orders))
		}
	}
	return cmp.Or(out.String(), "nobody can be served\n")
}

// serveSale has everybody on a sale's waitlist served whom an engine would serve now, one after the other.
func (s *story) serveSale(line *sentence) string {
	sale := s.sale(line.next())
	slot := sale.Slot()
	line.end()
	told := ""
	for rounds := 0; ; rounds++ {
		if rounds == 100 {
			line.t.Fatal("somebody is asked to be served again and again")
		}
		var next *core.Command
		if at, ok := s.shop.machine.NextServing(slot); ok && at <= s.now {
			s.shop.machine.Serve(slot, s.now, 1, func(c *core.Command) bool {
				if c.Sale == sale {
					next = new(*c)
					next.Customer, next.Identities = slices.Clone(c.Customer), slices.Clone(c.Identities)
				}
				return next == nil
			})
		}
		if next == nil {
			return cmp.Or(told, "nobody is to be served\n")
		}
		told += s.execute(line.t, next, "")
	}
}

func (s *story) setTime(line *sentence) {
	now := s.now + line.duration(line.peek())
	if line.word == "at" {
		now = line.clock(line.peek())
	}
	line.next()
	line.end()
	if now < s.now {
		line.fail("time does not go back")
	}
	s.now = now
}

// checkSlots asserts what a story about slots rests on.
func (s *story) checkSlots(line *sentence) string {
	a, b := s.sku(line.next()), s.sku(line.next())
	if (a.Slot() == b.Slot()) != (line.word == "together") {
		line.fail("slots %d and %d", a.Slot(), b.Slot())
	}
	return ""
}

// fill makes channels or locations until the table has no number left.
func (s *story) fill(line *sentence) string {
	kind, count := core.CommandDefineChannel, core.MaxChannels-len(s.channels)
	what := line.next()
	if what == "locations" {
		kind, count = core.CommandDefineLocation, core.MaxLocations-len(s.locations)
	}
	for i := range count {
		c := core.Command{Kind: kind, Version: 1, Name: fmt.Appendf(nil, "%s-%d", what, i)}
		s.execute(line.t, &c, "")
	}
	return fmt.Sprintf("%d more %s\n", count, what)
}

// sku is the SKU's number; an unknown name gets one that was not given out.
func (s *story) sku(name string) core.SKUID {
	if id, ok := s.skus[name]; ok {
		return id
	}
	return core.MakeSKUID(core.NameSlot([]byte(name)), 1000)
}

func (s *story) location(name string) core.LocationID {
	if id, ok := s.locations[name]; ok {
		return id
	}
	return core.LocationID(len(s.locations))
}

func (s *story) channel(name string) core.ChannelID {
	if id, ok := s.channels[name]; ok {
		return id
	}
	return core.ChannelID(len(s.channels))
}

func (s *story) sale(name string) core.SaleID {
	if id, ok := s.sales[name]; ok {
		return id
	}
	return core.MakeSaleID(0, uint32(len(s.sales)))
}

func (s *story) order(name string) core.OrderID {
	if id, ok := s.orders[name]; ok {
		return id
	}
	return core.MakeOrderID(core.NameSlot([]byte(name)), false, 1000)
}

// twins are a machine and a model of it that has to agree.
type twins struct {
	machine *core.Machine
	model   *reference.Model
	step    core.Step
	seq     core.Sequence
}

func newTwins() *twins {
	return &twins{machine: core.New(core.Options{}), model: reference.New()}
}

// eventList is a sink that keeps what it is told.
type eventList []core.Event

func (l *eventList) Event(e *core.Event) { *l = append(*l, reference.CopyEvent(e)) }

func (l *eventList) Archived(*core.Archived) {}

func (s *twins) execute(t *testing.T, c *core.Command, now core.Millis) ([]core.Event, core.Outcome) {
	t.Helper()
	s.seq++
	var told eventList
	outcome := reference.CopyOutcome(s.machine.Execute(&s.step, c, s.seq, now, &told))
	wantEvents, wantOutcome := s.model.Execute(c, s.seq, now)
	if !reflect.DeepEqual(outcome, wantOutcome) {
		t.Errorf("the model's outcome differs:\n got %s\nwant %s", outcomeFields(outcome), outcomeFields(wantOutcome))
	}
	if !reflect.DeepEqual([]core.Event(told), wantEvents) {
		t.Errorf("the model's events differ:\n got %+v\nwant %+v", told, wantEvents)
	}
	return told, outcome
}

func outcomeFields(o core.Outcome) string {
	if o.Refusal == nil {
		return fmt.Sprintf("%+v", o)
	}
	return fmt.Sprintf("%+v %+v", o, *o.Refusal)
}

// sentence is one line of a scenario, read from left to right.
type sentence struct {
	t    *testing.T
	word string
	args []datadriven.CmdArg
	at   int
}

// common reads a setting that commands of all kinds have; there are no others.
func (l *sentence) common(c *core.Command, name, value string) {
	l.t.Helper()
	switch name {
	case "by":
		c.Actor = []byte(value)
	case "version":
		c.ExpectedVersion = uint32(l.number(value))
	default:
		l.fail("unknown setting %s", name)
	}
}

func (l *sentence) fail(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf("%s %v: %s", l.word, l.args, fmt.Sprintf(format, args...))
}

func (l *sentence) check(err error) {
	if err != nil {
		l.t.Helper()
		l.fail("%v", err)
	}
}

// peek is the next word, and "" at the end or before a setting.
func (l *sentence) peek() string {
	if l.at == len(l.args) || len(l.args[l.at].Vals) > 0 {
		return ""
	}
	return l.args[l.at].Key
}

// next is the next word, which must be there.
func (l *sentence) next() string {
	word := l.peek()
	if word == "" {
		l.fail("a word is missing")
	}
	l.at++
	return word
}

// settings calls set for each name=value that stands here.
func (l *sentence) settings(set func(name, value string)) {
	for l.at < len(l.args) && len(l.args[l.at].Vals) == 1 {
		set(l.args[l.at].Key, l.args[l.at].Vals[0])
		l.at++
	}
}

// take is the value of a setting wherever it stands, which is not there any more then; "" when it was not.
func (l *sentence) take(name string) string {
	for i, arg := range l.args {
		if arg.Key == name && len(arg.Vals) == 1 {
			l.args = slices.Delete(slices.Clone(l.args), i, i+1)
			return arg.Vals[0]
		}
	}
	return ""
}

func (l *sentence) end() {
	if l.at != len(l.args) {
		l.fail("what does %q mean here?", l.args[l.at].Key)
	}
}

func (l *sentence) number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	l.check(err)
	return n
}

// clock is a time of the day of the opening.
func (l *sentence) clock(s string) core.Millis {
	clock, err := time.Parse("15:04:05.000", s)
	l.check(err)
	midnight := opening - 12*60*60*1000
	return midnight + core.Millis(clock.Sub(clock.Truncate(24*time.Hour)).Milliseconds())
}

func (l *sentence) duration(s string) core.Millis {
	if l.word == "at" {
		return 0
	}
	d, err := time.ParseDuration(s)
	l.check(err)
	return core.Millis(d.Milliseconds())
}
