package core

import "slices"

// What has to be done about an order's money follows from what became of the order, and is asked for here, in one place, after every command
// that changes an order with an account: what was captured and is not due any more is refunded, what is set aside for an order that came to nothing, or that
// is completed and does not need it, is void, and what the channel's policy says is captured. What is asked for is a task: an entry of the ledger that somebody has to carry out.
//
// A task is asked for once. What counts is how far a command moved what ought to have been done, not what is still missing of it: a task that
// failed is not asked for again, and somebody has to see to it. Until somebody has, FailedTasks lists it (failed.go).

// CapturePolicy says when what is authorized is captured. The numbers are in journals and must not change.
type CapturePolicy uint8

const (
	CaptureManual   CapturePolicy = 0 // when somebody asks for it
	CaptureConfirm  CapturePolicy = 1 // all that is due, once the order is placed
	CaptureShipment CapturePolicy = 2 // what has left, with each shipment

	LastCapturePolicy = CaptureShipment
)

// standing is where an order's money stands: what settle compares.
type standing struct {
	excess  int64                        // what came in beyond what is due
	decided int64                        // to be given back for returns
	capture [LastCapturePolicy + 1]int64 // by policy: what ought to have been captured by now
	waits   bool                         // captures do, as the order is on hold
}

// standing of an order without money is nothing.
func (o *OrderImage) standing() (s standing) {
	if !o.HasMoney() {
		return s
	}
	sums, due := o.Account.Sums(), o.Due()
	s.excess = sums.Captured + sums.Adjusted - sums.ChargedBack - due
	s.decided, _ = o.decided()
	s.waits = o.capturesWait()
	if o.Status.isSold() && !s.waits {
		most := max(0, min(due-o.Account.paidBeside(), sums.Authorized-sums.Voided-sums.Voiding))
		s.capture[CaptureConfirm] = most
		s.capture[CaptureShipment] = min(most, o.shippedValue())
	}
	return s
}

// paidBeside is what came in beside providers. What was given back so is no part of it: nobody is charged for that once more.
func (a *AccountImage) paidBeside() (paid int64) {
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Type == PaymentAdjustment && e.Status == EntrySucceeded {
			paid += max(0, e.Amount)
		}
	}
	return paid
}

// settle asks for what has to be done now, as the tasks at the end of the ledger, and tells how many these are. It is false when the ledger has no room
// for one of them.
func (o *OrderImage) settle(before *standing, policy CapturePolicy, seq Sequence, now Millis) (tasks int, ok bool) {
	if !o.HasMoney() {
		return 0, true
	}
	a, had := o.Account, len(o.Account.Entries)
	after, sums := o.standing(), o.Account.Sums()
	ended := o.hasEnded()
	given := max(0, sums.Refunded+sums.Refunding-before.decided) // beside what was decided
	refund := min(after.excess-given, after.excess-max(0, before.excess))
	ok = refund <= 0 || a.ask(PaymentRefund, refund, a.owners(PaymentRefund), ended, seq, now)
	if decided := after.decided - before.decided; decided > 0 {
		ok = a.askDecided(decided, seq, now) && ok
	}
	if !ended {
		ought, covered := after.capture[policy], sums.Captured+sums.Capturing
		if before.waits {
			covered += a.failedCaptures()
		}
		capture := min(ought-covered, ought-before.capture[policy])
		ok = (capture <= 0 || a.ask(PaymentCapture, capture, a.owners(PaymentCapture), false, seq, now)) && ok
	}
	if ended || o.needsNoMore() {
		fits := a.askVoids(o.leftToCapture(), ended, seq, now)
		ok = ok && (fits || !ended) // what an order that was delivered has left stops nobody
	}
	return len(a.Entries) - had, ok
}

// ask adds tasks of a type over an amount, each of which belongs to one of the entries of the given numbers. For an order that has ended there is room
// that is kept for it.
func (a *AccountImage) ask(t PaymentType, amount int64, owners []int, ended bool, seq Sequence, now Millis) bool {
	for _, of := range owners {
		n := min(amount, a.openOf(of))
		if n <= 0 {
			continue
		}
		if !a.hasRoom(t, ended) {
			return false
		}
		a.addTask(t, of, n, seq, now)
		amount -= n
	}
	return true
}

// askDecided adds the tasks of a refund that was decided on.
func (a *AccountImage) askDecided(amount int64, seq Sequence, now Millis) bool {
	had := len(a.Entries)
	ok := a.ask(PaymentRefund, amount, a.owners(PaymentRefund), false, seq, now)
	for i := had; i < len(a.Entries); i++ {
		a.Entries[i].Decided = true
	}
	return ok
}

// needsNoMore tells whether no more will be due of an order than is now: it is completed, and nobody has still to decide about a return, which might become an
// exchange for something dearer that is paid already.
func (o *OrderImage) needsNoMore() bool {
	if o.Status != StatusCompleted && o.Status != StatusClosed {
		return false
	}
	return !slices.ContainsFunc(o.Life.Returns, func(r ReturnImage) bool { return r.Status == ReturnRequested })
}

// leftToCapture is what is due and nobody has captured, or is about to; whoever captures by hand may still do it.
func (o *OrderImage) leftToCapture() int64 {
	sums := o.Account.Sums()
	return max(0, o.Due()-o.Account.paidBeside()-sums.Captured-sums.Capturing)
}

// askVoids adds tasks that make void what is still set aside, but for an amount, and for authorizations of which that failed before. The amount is kept
// where captures take it from.
func (a *AccountImage) askVoids(keep int64, ended bool, seq Sequence, now Millis) bool {
	sums := a.Sums()
	most := sums.Open() - keep
	if most <= 0 {
		return true
	}
	for _, of := range a.owners(PaymentVoid) {
		open := a.openOf(of)
		kept := min(keep, open)
		keep -= kept
		n := min(most, open-kept)
		if n <= 0 || a.failed(of) {
			continue
		}
		if !a.hasRoom(PaymentVoid, ended) {
			return false
		}
		a.addTask(PaymentVoid, of, n, seq, now)
		most -= n
	}
	return true
}

// addTask adds a task that belongs to the entry of a number.
func (a *AccountImage) addTask(t PaymentType, of int, amount int64, seq Sequence, now Millis) {
	a.Entries = append(a.Entries, PaymentEntry{
		Type: t, Status: EntryRequested, Task: true, Of: of, Amount: amount, Created: seq, CreatedAt: now, Provider: a.Entries[of-1].Provider,
	})
}

// owners lists the numbers of the entries that tasks of a type may belong to: authorizations in their order, captures from the last one on.
func (a *AccountImage) owners(t PaymentType) (numbers []int) {
	for i := range a.Entries {
		if a.Entries[i].Type == t.Owner() && a.Entries[i].Status == EntrySucceeded {
			numbers = append(numbers, i+1)
		}
	}
	if t == PaymentRefund {
		for i, k := 0, len(numbers)-1; i < k; i, k = i+1, k-1 {
			numbers[i], numbers[k] = numbers[k], numbers[i]
		}
	}
	return numbers
}

// Owner is the type of the entries that those of a type belong to; 0 for none.
func (t PaymentType) Owner() PaymentType {
	switch t {
	case PaymentCapture, PaymentVoid:
		return PaymentAuthorization
	case PaymentRefund, PaymentChargeback:
		return PaymentCapture
	}
	return 0
}

// openOf is how much of an authorization can still be captured or made void, or of a capture given back.
func (a *AccountImage) openOf(number int) int64 {
	return max(0, a.Entries[number-1].Amount-a.takenOf(number))
}

// takenOf is how much of an authorization was captured or made void, or of a capture given back or taken back by the buyer's bank, or is about to be.
func (a *AccountImage) takenOf(number int) (taken int64) {
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Of == number && e.Status.counts() {
			taken += e.Amount
		}
	}
	return taken
}

// failed tells whether an authorization could not be made void.
func (a *AccountImage) failed(number int) bool {
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Of == number && e.Type == PaymentVoid && e.Status == EntryFailed {
			return true
		}
	}
	return false
}

// failedCaptures adds up the captures that followed from what became of the order and failed, or were undone, less what others have asked for in their place. When
// captures have waited, all that ought to be captured looks new, and those are not asked for again.
func (a *AccountImage) failedCaptures() (sum int64) {
	for i := range a.Entries {
		e := &a.Entries[i]
		follows := e.Task && !e.Asked
		switch {
		case e.Type != PaymentCapture:
		case follows && (e.Status == EntryFailed || e.Status == EntryReversed):
			sum += e.Amount
		case !follows && e.Status.counts():
			sum = max(0, sum-e.Amount)
		}
	}
	return sum
}

// hasRoom tells whether the ledger has room for another entry. Behind each authorization and each capture there is room for one more, so that an order
// that ends can always have the one made void and the other given back.
func (a *AccountImage) hasRoom(t PaymentType, ended bool) bool {
	if ended {
		return len(a.Entries) < MaxPayments
	}
	used := len(a.Entries) + 1
	for i := range a.Entries {
		if a.Entries[i].Type.mayBeUndone() {
			used++
		}
	}
	if t.mayBeUndone() {
		used++
	}
	return used <= MaxPayments
}

// attempts counts the authorizations and captures that were reported and have not succeeded, or no longer. With them a buyer whose cards are declined could fill
// the ledger, and nothing could be captured with a shipment any more.
func (a *AccountImage) attempts() (n int) {
	for i := range a.Entries {
		if e := &a.Entries[i]; !e.Task && e.Type.mayBeUndone() && e.Status != EntrySucceeded {
			n++
		}
	}
	return n
}

func (t PaymentType) mayBeUndone() bool { return t == PaymentAuthorization || t == PaymentCapture }

// settle asks for what has to be done about the money of the loaded order, as it is after the change.
func (m *Machine) settle(st *Step) bool {
	image := &st.event.Order
	if image.Account == nil {
		return true
	}
	if image.hasEnded() {
		image.Account.Lock, image.Account.PayBy = LockImage{}, 0
	}
	ok := false
	st.tasks, ok = image.settle(&st.stood, m.channels[image.Channel].settings.Capture, st.sequence, st.now)
	return ok
}

// settleOrRefuse is settle for a change that is refused when the ledger is full.
func (m *Machine) settleOrRefuse(st *Step) {
	if !m.settle(st) {
		st.undo(ReasonPaymentsFull)
	}
}

// undo refuses what was planned already.
func (st *Step) undo(reason Reason) {
	st.event.Order.Version--
	st.Outcome.Changed, st.tasks = false, 0
	st.refuseOrder(reason)
}

// tellTasks tells of the tasks that a change asked for, behind the event of the change.
func (s *slot) tellTasks(change *Event, tasks int, sink Sink) {
	if tasks == 0 {
		return
	}
	ev := &s.asked
	*ev = Event{Kind: EventTaskRequested, Sequence: change.Sequence, At: change.At, Order: change.Order}
	for ; tasks > 0; tasks-- {
		ev.Payment = len(ev.Order.Account.Entries) - tasks + 1
		sink.Event(ev)
	}
}
