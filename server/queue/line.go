package queue

import (
	"math"
	"sync"
)

// Settings are a merchant's rules for the line of one sale. Times are milliseconds, instants since 1970.
type Settings struct {
	Starts, Ends int64  // of the sale
	Opening      int64  // of the tickets taken until so long after the start the order is drawn; 0 for the order of arrival
	Entrance     int64  // how long whoever is let in may order
	Patience     int64  // how long somebody may be silent before they have left
	PerMinute    uint32 // the most that are let in in a minute; 0 for no bound
	Share        uint32 // how many may have an entrance for every hundred units that are left
}

// Counters are what has to outlive the process. None of them ever goes back.
type Counters struct {
	Reserved uint32 // numbers up to here may have been given out
	Drawn    uint32 // the first so many tickets have their rank by lot
	Admitted uint32 // the watermark
	Settled  uint32 // the entrances of all ranks below it have been used or are over
	Opened   bool   // the opening is over: every ticket has its rank
}

// Left is what a sale still has.
type Left struct {
	Units int64 // neither sold nor held; Unbounded for no end
	Held  int64 // that may come back
}

// Unbounded stands for units without an end.
const Unbounded int64 = math.MaxInt64

const (
	// MaxTickets bounds the tickets of a line, and so its memory: 64 MB.
	MaxTickets = 1 << 22
	// leastReserve and mostReserve bound how many numbers are reserved ahead.
	leastReserve = 256
	mostReserve  = 1 << 16
	// longestWalk bounds how many ranks one plan passes, as nobody can ask for their place meanwhile.
	longestWalk = 1 << 14
	// burst is for how long what PerMinute allows is saved up.
	burst = 10_000
)

// Line is the line before one sale. Several goroutines may use it, of which one alone calls Plan and Commit.
type Line struct {
	mu       sync.Mutex
	signer   *Signer
	sale     uint32
	settings Settings
	counters Counters
	lot      shuffle
	book     book
	issued   uint32 // numbers given out
	planned  uint32 // of them when the last plan was made
	admitted []batch
	latest   int64 // the latest time that the line was told
	began    int64 // when it was continued from its counters
	left     Left
	known    bool  // left has been told
	credit   int64 // of PerMinute, in people × 60,000
	credited int64 // when
	pace     pace
	passed   uint64
	used     uint64
	changed  chan struct{}
}

// batch is those who were let in together.
type batch struct {
	from, to  uint32 // ranks
	deadline  int64  // of their entrances
	live      int64  // who may still order
	unclaimed int64  // numbers that nobody has asked about since the line was continued: they are not live before somebody does
	restored  bool   // they were let in before the line was continued: all are live, whoever they are
}

// NewLine makes the line of a sale, or continues it from its counters.
func NewLine(signer *Signer, sale uint32, settings Settings, counters Counters, now int64) *Line {
	l := &Line{
		signer: signer, sale: sale, settings: settings, issued: counters.Reserved, planned: counters.Reserved,
		latest: now, began: now, credited: now, changed: make(chan struct{}),
	}
	l.book.grow(counters.Reserved)
	for i := range counters.Reserved {
		_, seen := l.book.at(i)
		*seen = stamp(now)
	}
	if counters.Admitted > counters.Settled {
		l.admitted = append(l.admitted, batch{
			from: counters.Settled, to: counters.Admitted, deadline: now + settings.Entrance,
			live: int64(counters.Admitted - counters.Settled), restored: true,
		})
	}
	l.take(counters)
	return l
}

// Configure replaces the rules. An entrance that was given keeps its deadline, and an order that was drawn stays.
func (l *Line) Configure(settings Settings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings = settings
}

// reach gives the time to go by: never an earlier one than the line was told before. Hosts read their clocks before they get the lock, and
// clocks are set back; who was seen later than now would seem to have been silent for hours.
func (l *Line) reach(now int64) int64 {
	l.latest = max(l.latest, now)
	return l.latest
}

// take puts counters into effect.
func (l *Line) take(c Counters) {
	if c.Drawn > 0 && c.Drawn != l.counters.Drawn {
		l.lot = newShuffle(l.signer, l.sale, c.Drawn)
	}
	l.counters = c
}

// Joining says what became of somebody who wants into a line.
type Joining uint8

const (
	Joined  Joining = iota // with a new ticket
	IsIn                   // has one already
	MayWait                // no number is reserved: Changed tells when one may be
	Full                   // the line takes nobody any more
)

// Join gives a customer the number of their ticket.
func (l *Line) Join(customer uint64, now int64) (number uint32, how Joining) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now = l.reach(now)
	if index, ok := l.book.find(customer); ok && !l.isOver(index, now) {
		_, seen := l.book.at(index)
		*seen = stamp(now)
		return index + 1, IsIn
	}
	switch l.issued {
	case MaxTickets:
		return 0, Full
	case l.counters.Reserved:
		return 0, MayWait
	}
	index := l.issued
	l.issued++
	l.book.grow(l.issued)
	l.book.give(customer, index)
	_, seen := l.book.at(index)
	*seen = stamp(now)
	return index + 1, Joined
}

// isOver tells whether a ticket is good for nothing any more.
func (l *Line) isOver(index uint32, now int64) bool {
	state, _ := l.stateOf(index, now)
	return state == Used || state == Lapsed || state == PassedOver
}

// State is how a ticket stands.
type State uint8

const (
	Waiting    State = iota
	Admitted         // may order until the deadline
	Used             // has ordered
	Lapsed           // did not order in time
	PassedOver       // was silent when its turn came
	SoldOut          // waits, but nothing is left and nothing is held that could come back
	Ended            // waited until the sale was over
)

// View is what the holder of a ticket is told.
type View struct {
	State    State
	Rank     int64 // the ticket's turn, counted from 0; −1 before the order is drawn
	Position int64 // who waits: how many tickets are before it; −1 before the order is drawn
	Estimate int64 // who waits: how long it will take at the pace of the last minutes, in milliseconds; −1 when not known
	Deadline int64 // who was let in: of the entrance; before the order is drawn: when it will be
	PollIn   int64 // when to ask again, in milliseconds
}

// Look tells how a ticket stands, and notes that its holder is there. ok is false for a number that was not given out.
func (l *Line) Look(number uint32, customer uint64, now int64) (v View, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number == 0 || number > l.issued {
		return View{}, false
	}
	now = l.reach(now)
	index := number - 1
	if known, _ := l.book.at(index); *known == 0 {
		l.recognise(index, customer)
	}
	state, deadline := l.stateOf(index, now)
	v = View{State: state, Rank: -1, Position: -1, Estimate: -1, Deadline: deadline}
	if l.isOrdered() {
		v.Rank = int64(l.rankOf(index))
	}
	if state == Waiting || state == SoldOut {
		_, seen := l.book.at(index)
		*seen = stamp(now)
		if l.isOrdered() {
			v.Position = v.Rank - int64(l.counters.Admitted)
			v.Estimate = l.pace.estimate(v.Position, now)
		}
	}
	v.PollIn = l.pollIn(&v, now)
	return v, true
}

// recognise finds out whose a ticket is that was given out before a restart. Of two tickets of a customer the older
// one counts, unless the younger one has been let in.
func (l *Line) recognise(index uint32, customer uint64) {
	if other, ok := l.book.find(customer); ok && l.isOrdered() {
		if l.rankOf(other) < l.counters.Admitted {
			l.disclaim(index)
			return
		}
		_, seen := l.book.at(other)
		*seen = seenPassed
	}
	l.book.give(customer, index)
	if b := l.unclaimedWith(index); b != nil {
		b.unclaimed--
		b.live++
	}
}

// disclaim makes an unclaimed ticket good for nothing.
func (l *Line) disclaim(index uint32) {
	if b := l.unclaimedWith(index); b != nil {
		b.unclaimed--
		_, seen := l.book.at(index)
		*seen = seenPassed
	}
}

// unclaimedWith gives those with whom a ticket was let in of which nobody knew whose it is, nil when it was not.
func (l *Line) unclaimedWith(index uint32) *batch {
	b := l.admittedWith(index)
	if _, seen := l.book.at(index); b == nil || b.restored || *seen < seenFirst {
		return nil
	}
	return b
}

// isOrdered tells whether every ticket has its rank.
func (l *Line) isOrdered() bool { return l.counters.Opened || l.settings.Opening == 0 }

func (l *Line) rankOf(index uint32) uint32 {
	if index < l.counters.Drawn {
		return l.lot.rank(index)
	}
	return index
}

// indexOf undoes rankOf.
func (l *Line) indexOf(rank uint32) uint32 {
	if rank < l.counters.Drawn {
		return l.lot.number(rank)
	}
	return rank
}

func (l *Line) stateOf(index uint32, now int64) (state State, deadline int64) {
	_, seen := l.book.at(index)
	switch *seen {
	case seenUsed:
		return Used, 0
	case seenPassed:
		return PassedOver, 0
	}
	if !l.isOrdered() {
		if now >= l.settings.Ends {
			return Ended, 0
		}
		return Waiting, l.settings.Starts + l.settings.Opening
	}
	if rank := l.rankOf(index); rank < l.counters.Admitted {
		if b := l.batchOf(rank); b != nil && now < b.deadline && now < l.settings.Ends {
			return Admitted, min(b.deadline, l.settings.Ends)
		}
		return Lapsed, 0
	}
	switch {
	case now >= l.settings.Ends:
		return Ended, 0
	case l.known && l.left.Units <= 0 && l.left.Held <= 0:
		return SoldOut, 0
	}
	return Waiting, 0
}

// batchOf gives those with whom a rank was let in, nil when their time is over.
func (l *Line) batchOf(rank uint32) *batch {
	low, high := 0, len(l.admitted)
	for low < high {
		if middle := (low + high) / 2; l.admitted[middle].to <= rank {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == len(l.admitted) || l.admitted[low].from > rank {
		return nil
	}
	return &l.admitted[low]
}

// admittedWith gives those with whom a ticket was let in, nil when it was not, or their time is over.
func (l *Line) admittedWith(index uint32) *batch {
	if !l.isOrdered() {
		return nil
	}
	rank := l.rankOf(index)
	if rank >= l.counters.Admitted {
		return nil
	}
	return l.batchOf(rank)
}

// Use notes that an order was taken with a ticket, which makes room for the next.
func (l *Line) Use(number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number == 0 || number > l.issued {
		return
	}
	known, seen := l.book.at(number - 1)
	if *seen == seenUsed {
		return
	}
	wasPresent := *seen >= seenFirst
	*seen = seenUsed
	l.used++
	switch b := l.admittedWith(number - 1); {
	case b == nil:
	case b.restored || *known != 0:
		b.live--
	case wasPresent:
		b.unclaimed--
	}
}

// Plan says what the counters shall be next, given the time and what is left; changed is false when they stay. They are in effect
// once Commit has been called, which the host does when they are written down.
func (l *Line) Plan(now int64, left Left) (next Counters, changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now = l.reach(now)
	l.left, l.known = left, true
	l.settle(now)
	next = l.counters
	next.Settled = next.Admitted
	if len(l.admitted) > 0 {
		next.Settled = l.admitted[0].from
	}
	next.Reserved = l.reserve()
	switch {
	case !next.Opened:
		if next.Opened = now >= l.settings.Starts+l.settings.Opening; next.Opened && l.settings.Opening > 0 {
			next.Drawn = l.issued
		}
	case now >= l.settings.Starts+l.settings.Opening && now < l.settings.Ends: // it may have been put off since the line was opened
		next.Admitted = l.admit(now)
	}
	return next, next != l.counters
}

// Commit puts counters into effect that Plan has given and that are written down.
func (l *Line) Commit(next Counters, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now = l.reach(now)
	if from := l.counters.Admitted; next.Admitted > from {
		b := batch{from: from, to: next.Admitted, deadline: now + l.settings.Entrance}
		for rank := from; rank < next.Admitted; rank++ {
			switch known, seen := l.book.at(l.indexOf(rank)); {
			case *seen < seenFirst:
			case *known == 0:
				b.unclaimed++
			default:
				b.live++
			}
		}
		l.admitted = append(l.admitted, b)
	}
	l.take(next)
	l.pace.note(next.Admitted, now)
	close(l.changed)
	l.changed = make(chan struct{})
}

// isUsed tells whether nobody of those who were let in together can still order.
func (b *batch) isUsed() bool { return b.live == 0 && b.unclaimed == 0 }

// settle forgets those whose entrances are over.
func (l *Line) settle(now int64) {
	over := 0
	for over < len(l.admitted) && (l.admitted[over].deadline <= now || l.admitted[over].isUsed()) {
		over++
	}
	l.admitted = l.admitted[:copy(l.admitted, l.admitted[over:])]
}

// reserve says up to which number shall be reserved: for as many as came since the last plan, twice.
func (l *Line) reserve() uint32 {
	ahead := max(leastReserve, 2*(l.issued-l.planned))
	l.planned = l.issued
	if l.counters.Reserved-l.issued >= ahead/2 {
		return l.counters.Reserved
	}
	if l.counters.Reserved == l.issued {
		ahead *= 8 // somebody may be waiting for a number
	}
	return min(l.issued+min(ahead, mostReserve), MaxTickets)
}

// admit passes over who has left, lets in as many as there is room for, and gives the watermark behind them. A number that nobody has asked
// about since the line was continued may be nobody's: it waits until its holder should have asked, and then takes no room.
func (l *Line) admit(now int64) (watermark uint32) {
	room := l.room()
	if l.settings.PerMinute > 0 {
		perMinute := int64(l.settings.PerMinute)
		most := max(burst*perMinute, 60_000)
		l.credit = min(l.credit+min(now-l.credited, most/perMinute+1)*perMinute, most) // a sale may be awaited for years
		room = min(room, l.credit/60_000)
	}
	l.credited = now
	entered := int64(0)
	watermark = l.counters.Admitted
	isSettled := now-l.began > l.latestPoll()
	for end := min(l.issued, watermark+longestWalk); watermark < end && entered < room; watermark++ {
		known, seen := l.book.at(l.indexOf(watermark))
		isUnclaimed := *known == 0 && *seen >= seenFirst
		if isUnclaimed && !isSettled {
			break
		}
		switch {
		case isUnclaimed, *seen < seenFirst:
		case l.hasLeft(*seen, now):
			*seen = seenPassed
			l.passed++
		default:
			entered++
		}
	}
	if l.settings.PerMinute > 0 {
		l.credit -= entered * 60_000
	}
	return watermark
}

// room is how many more may have an entrance. As long as anything is left, one may.
func (l *Line) room() int64 {
	if l.left.Units == Unbounded {
		return Unbounded
	}
	if l.left.Units <= 0 {
		return 0
	}
	share := int64(l.settings.Share)
	most := max(1, l.left.Units/100*share+l.left.Units%100*share/100)
	return most - l.outstanding()
}

// outstanding is how many may still order.
func (l *Line) outstanding() (n int64) {
	for i := range l.admitted {
		n += l.admitted[i].live
	}
	return n
}

// stamp is an instant as the book keeps it.
func stamp(now int64) uint16 { return uint16(now/1000%seenSpan) + seenFirst }

// hasLeft tells whether somebody who was seen last then has been silent for too long. After eighteen hours the count begins anew:
// then somebody who left is let in in vain.
func (l *Line) hasLeft(seen uint16, now int64) bool {
	silent := (now/1000%seenSpan - int64(seen-seenFirst) + seenSpan) % seenSpan
	return silent*1000 > l.settings.Patience
}

// pollIn says when the holder of a ticket shall ask again: the nearer their turn, the sooner, and the more wait, the later; never so late
// that they are taken to have left, or that half their entrance is over when they hear of it.
func (l *Line) pollIn(v *View, now int64) int64 {
	const everyMs = 5 // so many ask in a millisecond, if all keep to it
	latest := l.latestPoll()
	crowd := int64(l.issued-l.counters.Admitted) / everyMs
	switch {
	case v.State == Waiting && v.Position < 0:
		return min(max(v.Deadline-now, crowd, soonest), latest)
	case v.State == Waiting && v.Estimate < 0:
		return min(max(crowd, 2*soonest), latest)
	case v.State == Waiting:
		return min(max(v.Estimate/10, crowd, soonest), latest)
	}
	return latest
}

// soonest is the least time that anybody is told to wait before they ask again.
const soonest = 1000

// latestPoll is the most time that anybody is told to wait before they ask again.
func (l *Line) latestPoll() int64 {
	return max(soonest, min(l.settings.Patience/3, l.settings.Entrance/2))
}

// Changed gives a channel that is closed when counters come into effect.
func (l *Line) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Summary is what the merchant is told of a line.
type Summary struct {
	Tickets     uint32 // taken
	Waiting     uint32 // not let in yet; who has left without a word counts until their turn
	Admitted    uint32 // let in or passed over
	Outstanding int64  // may order now
	Used        uint64 // have ordered, since the server was started
	PassedOver  uint64 // had left when their turn came, since the server was started
	PerMinute   int64  // let in or passed over in the last minutes, a minute; −1 when not known
	Opened      bool   // every ticket has its rank
}

// Summary tells how the line stands.
func (l *Line) Summary(now int64) Summary {
	l.mu.Lock()
	defer l.mu.Unlock()
	now = l.reach(now)
	l.settle(now)
	return Summary{
		Tickets: l.issued, Waiting: l.issued - l.counters.Admitted, Admitted: l.counters.Admitted, Outstanding: l.outstanding(),
		Used: l.used, PassedOver: l.passed, PerMinute: l.pace.perMinute(now), Opened: l.isOrdered(),
	}
}
