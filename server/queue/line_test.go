package queue

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
)

// start is when the sale of the tests begins.
const start = int64(1_790_000_000_000)

func testSettings() Settings {
	return Settings{Starts: start, Ends: start + 3_600_000, Entrance: 60_000, Patience: 30_000, Share: 100}
}

// queueing is a line with its host.
type queueing struct {
	*testing.T
	*Line
	now  int64
	kept Counters
}

func newQueueing(t *testing.T, settings Settings) *queueing {
	q := &queueing{T: t, Line: NewLine(testSigner(), 65, settings, Counters{}, start), now: start}
	q.tick(Left{})
	return q
}

// tick plans and commits, as the host does every now and then.
func (q *queueing) tick(left Left) {
	q.Helper()
	next, changed := q.Plan(q.now, left)
	if changed {
		if next.Reserved < q.kept.Reserved || next.Admitted < q.kept.Admitted || next.Settled < q.kept.Settled || next.Drawn < q.kept.Drawn ||
			q.kept.Opened && !next.Opened {
			q.Fatalf("counters went back from %+v to %+v", q.kept, next)
		}
		q.kept = next
		q.Commit(next, q.now)
	}
}

func (q *queueing) join(customer uint64) uint32 {
	q.Helper()
	for {
		number, how := q.Join(customer, q.now)
		if how != MayWait {
			if how == Full {
				q.Fatal("the line is full")
			}
			return number
		}
		q.tick(q.left)
	}
}

func (q *queueing) look(number uint32) View {
	q.Helper()
	v, ok := q.Look(number, uint64(number), q.now)
	if !ok {
		q.Fatalf("ticket %d is unknown", number)
	}
	return v
}

// states tells how many of the first n tickets are in each state.
func (q *queueing) states(n uint32) (count [Ended + 1]int) {
	for number := range n {
		count[q.look(number+1).State]++
	}
	return count
}

func TestLineByArrival(t *testing.T) {
	q := newQueueing(t, testSettings())
	for customer := uint64(1); customer <= 10; customer++ {
		if number := q.join(customer); number != uint32(customer) {
			t.Fatalf("customer %d has ticket %d", customer, number)
		}
	}
	if again, how := q.Join(3, q.now); again != 3 || how != IsIn {
		t.Errorf("customer 3 has ticket %d too", again)
	}
	q.tick(Left{Units: 4})
	for number := uint32(1); number <= 10; number++ {
		v := q.look(number)
		if want := int64(number) - 5; number > 4 && (v.State != Waiting || v.Position != want) {
			t.Errorf("ticket %d: %+v, want position %d", number, v, want)
		}
		if number <= 4 && (v.State != Admitted || v.Deadline != q.now+60_000) {
			t.Errorf("ticket %d: %+v, want it admitted", number, v)
		}
	}
	q.Use(2)
	q.tick(Left{Units: 3, Held: 1})
	if got := q.states(10); got[Admitted] != 3 || got[Used] != 1 || got[Waiting] != 6 {
		t.Errorf("three units are left and three may order: %v", got)
	}
}

// Never are more let in than there is left, whatever they do.
func TestLineLetsInWhatIsLeft(t *testing.T) {
	q := newQueueing(t, testSettings())
	units := int64(20)
	for customer := uint64(1); customer <= 200; customer++ {
		q.join(customer)
	}
	sold := 0
	for turn := 0; units > 0; turn++ {
		if turn > 100 {
			t.Fatalf("%d units were never sold", units)
		}
		q.now += 5_000
		q.tick(Left{Units: units})
		states := q.states(200)
		if int64(states[Admitted]) > units {
			t.Fatalf("turn %d: %d may order, and %d units are left", turn, states[Admitted], units)
		}
		for number := uint32(1); number <= 200; number++ {
			if q.look(number).State == Admitted && number%3 == 0 { // the others let their entrance lapse
				q.Use(number)
				units--
				sold++
				break
			}
		}
	}
	q.tick(Left{})
	if got := q.states(200); sold != 20 || got[Used] != 20 || got[Waiting] != 0 {
		t.Errorf("sold %d: %v", sold, got)
	}
}

func TestLineShare(t *testing.T) {
	for _, c := range []struct {
		share uint32
		units int64
		want  int
	}{{100, 10, 10}, {150, 10, 15}, {50, 10, 5}, {50, 1, 1}, {1, 7, 1}, {100, 0, 0}, {100, -3, 0}, {100, Unbounded, 40}} {
		settings := testSettings()
		settings.Share = c.share
		q := newQueueing(t, settings)
		for customer := uint64(1); customer <= 40; customer++ {
			q.join(customer)
		}
		q.tick(Left{Units: c.units, Held: 1})
		if got := q.states(40)[Admitted]; got != c.want {
			t.Errorf("with %d per cent of %d units %d are let in, want %d", c.share, c.units, got, c.want)
		}
	}
}

// The opening ends at an exact instant; what came before it is drawn, what comes after it is not.
func TestLineOpening(t *testing.T) {
	settings := testSettings()
	settings.Opening = 60_000
	q := newQueueing(t, settings)
	for customer := uint64(1); customer <= 100; customer++ {
		q.join(customer)
	}
	q.now = start + 59_999
	q.tick(Left{Units: 1000})
	if v := q.look(1); v.State != Waiting || v.Position != -1 || v.Deadline != start+60_000 {
		t.Errorf("a millisecond before the draw: %+v", v)
	}
	q.now++
	q.tick(Left{Units: 1000})
	late := q.join(101)
	var positions []int64
	for number := uint32(1); number <= 100; number++ {
		positions = append(positions, q.look(number).Position)
	}
	if slices.IsSorted(positions) {
		t.Error("the order was not drawn")
	}
	slices.Sort(positions)
	for i, position := range positions {
		if position != int64(i) {
			t.Fatalf("positions are not 0 to 99, each once: %v", positions)
		}
	}
	if v := q.look(late); v.Position != 100 {
		t.Errorf("who came after the draw: %+v", v)
	}
	q.tick(Left{Units: 50})
	if got := q.states(101); got[Admitted] != 50 {
		t.Errorf("let in: %v", got)
	}
}

func TestLineStartsAndEnds(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.now = start - 1
	q.Line = NewLine(testSigner(), 65, testSettings(), Counters{}, q.now)
	q.kept = Counters{}
	q.join(1)
	q.join(2)
	q.tick(Left{Units: 1})
	q.tick(Left{Units: 1})
	if v := q.look(1); v.State != Waiting || v.Position != 0 {
		t.Errorf("before the start: %+v", v)
	}
	q.now = start
	q.tick(Left{Units: 1})
	q.tick(Left{Units: 1})
	if v := q.look(1); v.State != Admitted {
		t.Errorf("at the start: %+v", v)
	}
	q.now = testSettings().Ends
	q.tick(Left{Units: 1})
	if one, two := q.look(1), q.look(2); one.State != Lapsed || two.State != Ended {
		t.Errorf("at the end: %+v, %+v", one, two)
	}
}

// An entrance is valid up to its deadline and not at it; then the next one has its turn.
func TestEntranceLapses(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.join(1)
	q.join(2)
	q.tick(Left{Units: 1})
	q.now += 59_999
	q.look(2)
	q.tick(Left{Units: 1})
	if v := q.look(1); v.State != Admitted {
		t.Errorf("a millisecond before the deadline: %+v", v)
	}
	q.now++
	q.tick(Left{Units: 1})
	if one, two := q.look(1), q.look(2); one.State != Lapsed || two.State != Admitted {
		t.Errorf("at the deadline: %+v, %+v", one, two)
	}
	if number := q.join(1); number != 3 {
		t.Errorf("who let the entrance lapse has ticket %d, want a new one", number)
	}
}

func TestSilenceIsLeaving(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.join(1)
	q.join(2)
	q.join(3)
	q.now += 30_000
	q.look(2)
	q.now += 1_000 // ticket 1 was silent for 31 seconds
	q.look(3)
	q.tick(Left{Units: 1})
	if one, two, three := q.look(1), q.look(2), q.look(3); one.State != PassedOver || two.State != Admitted || three.State != Waiting {
		t.Errorf("states %v, %v, %v", one, two, three)
	}
	if s := q.Summary(q.now); s.PassedOver != 1 || s.Outstanding != 1 || s.Waiting != 1 {
		t.Errorf("summary %+v", s)
	}
}

func TestSoldOutAndBack(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.join(1)
	for _, c := range []struct {
		left Left
		want State
	}{{Left{0, 1}, Waiting}, {Left{0, 0}, SoldOut}, {Left{0, 2}, Waiting}, {Left{0, 0}, SoldOut}, {Left{1, 0}, Admitted}} {
		q.tick(c.left)
		if v := q.look(1); v.State != c.want {
			t.Errorf("with %+v: %+v, want %v", c.left, v, c.want)
		}
	}
}

func TestPerMinute(t *testing.T) {
	settings := testSettings()
	settings.PerMinute = 60
	q := newQueueing(t, settings)
	for customer := uint64(1); customer <= 100; customer++ {
		q.join(customer)
	}
	for range 80 { // twenty seconds
		q.now += 250
		q.tick(Left{Units: 1000})
	}
	if got := q.states(100)[Admitted]; got != 20 {
		t.Errorf("in twenty seconds at 60 a minute %d were let in", got)
	}
	v := q.look(50)
	if v.Position != 29 || v.Estimate < 28_000 || v.Estimate > 32_000 {
		t.Errorf("who has 29 before them, at one a second: %+v", v)
	}
}

func TestEstimateIsUnknownAtFirst(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.join(1)
	q.join(2)
	q.tick(Left{Units: 1})
	if v := q.look(2); v.Estimate != -1 {
		t.Errorf("nothing was measured: %+v", v)
	}
}

// After a crash every ticket has its place, no number is given out twice, and who was let in has time.
func TestLineAfterRestart(t *testing.T) {
	settings := testSettings()
	settings.Opening = 1_000
	q := newQueueing(t, settings)
	for customer := uint64(1); customer <= 1000; customer++ {
		q.join(customer)
	}
	q.now += 1_000
	q.tick(Left{Units: 10})
	q.tick(Left{Units: 10})
	var before []View
	for number := uint32(1); number <= 1000; number++ {
		before = append(before, q.look(number))
	}
	q.now += 5_000
	q.Line = NewLine(testSigner(), 65, settings, q.kept, q.now)
	for i, was := range before {
		if v := q.look(uint32(i + 1)); v.State != was.State || v.Position != was.Position {
			t.Fatalf("ticket %d was %+v and is %+v", i+1, was, v)
		}
	}
	if number := q.join(5000); number <= 1000 {
		t.Errorf("ticket %d was given out again", number)
	}
	if number := q.join(500); number != 500 {
		t.Errorf("who has asked since the restart gets ticket %d, not their own", number)
	}
	q.tick(Left{Units: 10})
	if got := q.states(1000)[Admitted]; got != 10 {
		t.Errorf("%d may order", got)
	}
	q.now += 60_000
	for number := uint32(1); number <= 1000; number++ {
		q.look(number)
	}
	q.tick(Left{Units: 10})
	if got := q.states(1000); got[Lapsed] != 10 || got[Admitted] != 10 {
		t.Errorf("a minute later: %v", got)
	}
}

// Numbers that were reserved and never given out are nobody's: they take nobody's entrance after a restart.
func TestNobodysNumbersTakeNoRoom(t *testing.T) {
	settings := testSettings()
	settings.Entrance, settings.Patience = 600_000, 60_000
	q := newQueueing(t, settings)
	left := Left{Units: 100}
	q.tick(left)
	for customer := uint64(1); customer <= 3; customer++ {
		q.join(customer)
	}
	q.tick(left)
	for number := uint32(1); number <= 3; number++ {
		q.Use(number)
	}
	q.tick(left)
	q.Line = NewLine(testSigner(), 65, settings, q.kept, q.now)
	number := q.join(1000)
	for range 20 { // a third of the patience: whoever is there has asked by then
		if q.tick(left); q.look(number).State != Waiting {
			t.Fatalf("let in before those who may stand in front could ask again: %+v", q.look(number))
		}
		q.now += 1_000
	}
	q.now++
	q.tick(left)
	if v, s := q.look(number), q.Summary(q.now); v.State != Admitted || s.Outstanding != 1 {
		t.Errorf("the only customer, for whom 100 units are left: %+v, %+v", v, s)
	}
}

// After a restart those who are there are let in in their order, and not more of them than there is for; who comes late is let in
// as long as the entrance would be good.
func TestWhoWaitsAcrossARestart(t *testing.T) {
	settings := testSettings()
	q := newQueueing(t, settings)
	for customer := uint64(1); customer <= 100; customer++ {
		q.join(customer)
	}
	q.tick(Left{})
	q.Line = NewLine(testSigner(), 65, settings, q.kept, q.now)
	q.tick(Left{Units: 10})
	if got := q.Summary(q.now); got.Admitted != 0 {
		t.Fatalf("let in before anybody has asked: %+v", got)
	}
	q.look(1)
	q.look(3)
	q.tick(Left{Units: 10})
	if one, three := q.look(1), q.look(3); one.State != Admitted || three.State != Waiting || three.Position != 1 {
		t.Errorf("before number 2 could ask: %+v, %+v", one, three)
	}
	for number := uint32(4); number <= 100; number++ {
		q.look(number)
	}
	q.now += 10_001 // and number 2 has not asked
	q.tick(Left{Units: 10})
	if s := q.Summary(q.now); s.Outstanding != 10 || s.Admitted != 11 {
		t.Errorf("ten units are left: %+v", s)
	}
	if v, s := q.look(2), q.Summary(q.now); v.State != Admitted || s.Outstanding != 11 {
		t.Errorf("who asks late, while the entrance is good: %+v, %+v", v, s)
	}
	q.Use(2)
	q.Use(1)
	if s := q.Summary(q.now); s.Outstanding != 9 || s.Used != 2 {
		t.Errorf("two have ordered: %+v", s)
	}
}

// A customer who took another ticket after a restart, and was let in with it, is not let in with the old one too.
func TestTwoTicketsAcrossARestart(t *testing.T) {
	settings := testSettings()
	q := newQueueing(t, settings)
	old := q.join(7)
	q.tick(Left{})
	q.Line = NewLine(testSigner(), 65, settings, q.kept, q.now)
	fresh := q.join(7)
	q.now += 10_001
	q.tick(Left{Units: 10})
	one, _ := q.Look(fresh, 7, q.now)
	two, _ := q.Look(old, 7, q.now)
	if s := q.Summary(q.now); one.State != Admitted || two.State != PassedOver || s.Outstanding != 1 {
		t.Errorf("the new ticket %+v, the old one %+v, %+v", one, two, s)
	}
}

// Whoever asked a moment after the host read its clock, before the host got the lock, has not left.
func TestAskedInTheNextSecond(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.tick(Left{Units: 10})
	now := start + 10_000 - 1 // what the host read before it waited for the lock
	number, how := q.Join(7, now+1)
	if how != Joined {
		t.Fatal(how)
	}
	next, _ := q.Plan(now, Left{Units: 10})
	q.Commit(next, now)
	if v, _ := q.Look(number, 7, now+2); v.State != Admitted {
		t.Errorf("who has just come is %d, want admitted (%d); passed over is %d", v.State, Admitted, PassedOver)
	}
}

// A clock that is set back throws nobody out.
func TestClockSetBack(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.tick(Left{Units: 1})
	for customer := uint64(1); customer <= 200; customer++ {
		q.join(customer)
	}
	q.now += 10_000
	for number := uint32(1); number <= 200; number++ {
		q.look(number)
	}
	q.now -= 2_000
	q.tick(Left{Units: 1})
	if got := q.states(200); got[PassedOver] != 0 {
		t.Errorf("%d of 200 who were all there are passed over", got[PassedOver])
	}
}

// What is saved up of the rate while a sale is awaited does not run over.
func TestRateOfALineAwaitedForLong(t *testing.T) {
	settings := testSettings()
	settings.PerMinute = math.MaxUint32
	settings.Starts = start + 25*86_400_000
	settings.Ends = settings.Starts + 3_600_000
	q := newQueueing(t, settings)
	q.now = settings.Starts
	number := q.join(1)
	for range 2 {
		q.tick(Left{Units: 10})
	}
	if v := q.look(number); v.State != Admitted {
		t.Errorf("at the start, with 10 units for one customer: %+v, credit %d", v, q.credit)
	}
}

// A sale that is put off after its line was opened, or runs again under its name, lets nobody in before it starts.
func TestNobodyIsLetInBeforeTheStart(t *testing.T) {
	for _, opening := range []int64{0, 60_000} {
		q := newQueueing(t, testSettings())
		q.tick(Left{Units: 10}) // opened
		later := testSettings()
		later.Starts, later.Ends, later.Opening = start+3_600_000, start+7_200_000, opening
		q.Configure(later)
		number := q.join(1)
		q.now = later.Starts + opening - 1
		q.look(number)
		q.tick(Left{Units: 10})
		if v := q.look(number); v.State != Waiting {
			t.Errorf("a millisecond before the start, with an opening of %d ms: %+v", opening, v)
		}
		q.now++
		q.tick(Left{Units: 10})
		if v := q.look(number); v.State != Admitted {
			t.Errorf("at the start, with an opening of %d ms: %+v", opening, v)
		}
	}
}

func TestLineIsFull(t *testing.T) {
	l := NewLine(testSigner(), 65, testSettings(), Counters{Reserved: MaxTickets}, start)
	if _, how := l.Join(1, start); how != Full {
		t.Errorf("joined a full line: %v", how)
	}
}

// Whoever waits is told to ask again before they are taken to have left, and while their entrance is still good for a while.
func TestWhenToAskAgain(t *testing.T) {
	for _, c := range []struct {
		patience, entrance int64
		crowd              uint32
		want               int64
	}{
		{600_000, 600_000, 10, 2_000}, {600_000, 600_000, 100_000, 20_000}, {30_000, 600_000, 100_000, 10_000}, {600_000, 10_000, 100_000, 5_000},
		{1_000, 1_000, 10, 1_000},
	} {
		settings := testSettings()
		settings.Patience, settings.Entrance = c.patience, c.entrance
		l := NewLine(testSigner(), 65, settings, Counters{Reserved: c.crowd, Opened: true}, start)
		if v, _ := l.Look(c.crowd, 1, start); v.PollIn != c.want {
			t.Errorf("%+v: ask again in %d ms", c, v.PollIn)
		}
	}
}

func TestUnknownNumbers(t *testing.T) {
	q := newQueueing(t, testSettings())
	q.join(1)
	for _, number := range []uint32{0, 2, 1 << 31} {
		if _, ok := q.Look(number, 1, q.now); ok {
			t.Errorf("ticket %d is known", number)
		}
		q.Use(number)
	}
}

// A million tickets take about sixteen bytes each.
func TestMemoryOfAMillion(t *testing.T) {
	const tickets = 1_000_000
	before := heap()
	l := NewLine(testSigner(), 65, testSettings(), Counters{}, start)
	s := testSigner()
	for n := range tickets {
		customer := s.Customer(65, fmt.Appendf(nil, "customer-%d", n))
		for {
			_, how := l.Join(customer, start)
			if how == Joined {
				break
			}
			next, _ := l.Plan(start, Left{})
			l.Commit(next, start)
		}
	}
	each := float64(heap()-before) / tickets
	t.Logf("%.1f bytes for each ticket", each)
	if each > 17 {
		t.Errorf("a ticket takes %.1f bytes", each)
	}
	runtime.KeepAlive(l)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkJoin(b *testing.B) {
	l := NewLine(testSigner(), 65, testSettings(), Counters{}, start)
	customer := uint64(1)
	for b.Loop() {
		customer = mix(customer)
		if _, how := l.Join(customer, start); how != Joined {
			next, _ := l.Plan(start, Left{})
			l.Commit(next, start)
			if l.issued == MaxTickets {
				l = NewLine(testSigner(), 65, testSettings(), Counters{}, start)
			}
		}
	}
}

func BenchmarkLook(b *testing.B) {
	l := NewLine(testSigner(), 65, testSettings(), Counters{Reserved: 1 << 20, Drawn: 1 << 20, Opened: true, Admitted: 10}, start)
	for number := uint32(1); b.Loop(); number++ {
		if _, ok := l.Look(number%(1<<20)+1, 0, start); !ok {
			b.Fatal("the ticket is unknown")
		}
	}
}
