package core

import "slices"

// A task that failed, or was undone, is nobody's any more until a person sees to it. So that it can be found as long as somebody has to, and no
// longer, how much of it is outstanding is a function of the order:
//
//	asked again   what is behind it in the ledger and of its type takes its place, up to the amount: all that somebody asked for, and what was reported, while that
//	              is open or has succeeded. For a refund an adjustment of less than nothing counts, too; for a void nothing that is of another authorization. What was
//	              asked for and failed in its turn is outstanding itself. First goes what is outstanding over the very same amount, then the oldest
//	left to do    no more is outstanding of captures than what is due and neither captured, nor about to be, nor paid beside providers; of refunds that followed from
//	              what became of the order, than what came in beyond what is due and is not given back, cash for other refunds left aside; of all refunds, than what is left of the captures; of
//	              voids, than what is still set aside with their authorization. The newest stay
//
// A task that followed by itself takes no other's place: it is about what was new then (settle.go).

// FailedTask is a task of a ledger that failed, or was undone, and is outstanding.
type FailedTask struct {
	Entry  int   // its number
	Amount int64 // how much of it is outstanding
}

// FailedTasks lists the tasks of an order that are outstanding, in the order of their numbers.
func (o *OrderImage) FailedTasks() []FailedTask {
	if !o.HasMoney() || !slices.ContainsFunc(o.Account.Entries, func(e PaymentEntry) bool { return e.hasFailed() }) {
		return nil
	}
	a, sums := o.Account, o.Account.Sums()
	failed, inCash := a.notAskedAgain()
	a.limitFailed(failed, o.leftToCapture(), func(e *PaymentEntry) bool { return e.Type == PaymentCapture })
	decided, _ := o.decided()
	given := max(0, sums.Refunded+sums.Refunding-decided) // beside what was decided
	a.limitFailed(failed, o.standing().excess+inCash-given, func(e *PaymentEntry) bool { return e.Type == PaymentRefund && !e.Asked && !e.Decided })
	a.limitFailed(failed, sums.Refundable(), func(e *PaymentEntry) bool { return e.Type == PaymentRefund })
	for _, of := range a.voided(failed) {
		left := int64(0)
		if a.Entries[of-1].Status == EntrySucceeded {
			left = a.openOf(of)
		}
		a.limitFailed(failed, left, func(e *PaymentEntry) bool { return e.Type == PaymentVoid && e.Of == of })
	}
	a.limitFailed(failed, sums.Open(), func(e *PaymentEntry) bool { return e.Type == PaymentVoid })
	return slices.DeleteFunc(failed, func(f FailedTask) bool { return f.Amount == 0 })
}

// hasFailed tells whether an entry is a task that failed, or was undone.
func (e *PaymentEntry) hasFailed() bool {
	return e.Task && (e.Status == EntryFailed || e.Status == EntryReversed)
}

// notAskedAgain lists the tasks that failed, with what is left of each when others have taken its place, and how much was given back in cash for refunds
// that were asked for or decided on: what came in beyond what is due has nothing to do with those.
func (a *AccountImage) notAskedAgain() (failed []FailedTask, inCash int64) {
	for i := range a.Entries {
		e := &a.Entries[i]
		if amount := e.takesPlace(); amount > 0 {
			inCash += a.takePlace(failed, e, amount)
		}
		if e.hasFailed() {
			failed = append(failed, FailedTask{i + 1, e.Amount})
		}
	}
	return failed, inCash
}

// takesPlace is the amount of an entry that may take the place of tasks which failed before it.
func (e *PaymentEntry) takesPlace() int64 {
	switch {
	case e.Type == PaymentAdjustment && e.Status == EntrySucceeded:
		return -e.Amount
	case e.Asked, !e.Task && e.Status.counts():
		return e.Amount
	}
	return 0
}

// takePlace has an entry take the place of tasks that failed before it: of one that is outstanding over the same amount, or of the oldest ones. It gives how
// much an adjustment took of refunds that were asked for or decided on.
func (a *AccountImage) takePlace(failed []FailedTask, by *PaymentEntry, amount int64) (inCash int64) {
	for _, exactly := range [...]bool{true, false} {
		for i := range failed {
			f := &failed[i]
			if f.Amount == 0 || exactly && f.Amount != amount || !by.isInsteadOf(&a.Entries[f.Entry-1]) {
				continue
			}
			n := min(f.Amount, amount)
			f.Amount -= n
			if task := &a.Entries[f.Entry-1]; by.Type == PaymentAdjustment && (task.Asked || task.Decided) {
				inCash += n
			}
			if amount -= n; amount == 0 {
				return inCash
			}
		}
	}
	return inCash
}

// isInsteadOf tells whether an entry is about what a task was about.
func (e *PaymentEntry) isInsteadOf(task *PaymentEntry) bool {
	switch {
	case e.Type == PaymentAdjustment:
		return task.Type == PaymentRefund
	case e.Type == PaymentVoid && e.Of != 0 && e.Of != task.Of:
		return false
	}
	return e.Type == task.Type
}

// limitFailed has no more outstanding of some of the tasks than there is left to do, of the newest first.
func (a *AccountImage) limitFailed(failed []FailedTask, most int64, of func(e *PaymentEntry) bool) {
	for i := len(failed) - 1; i >= 0; i-- {
		if f := &failed[i]; of(&a.Entries[f.Entry-1]) {
			f.Amount = max(0, min(f.Amount, most))
			most -= f.Amount
		}
	}
}

// voided lists the authorizations that tasks belong to which were to make them void, each once.
func (a *AccountImage) voided(failed []FailedTask) (numbers []int) {
	for i := range failed {
		if e := &a.Entries[failed[i].Entry-1]; e.Type == PaymentVoid && !slices.Contains(numbers, e.Of) {
			numbers = append(numbers, e.Of)
		}
	}
	return numbers
}

// Tell has a ledger tell what was reported when its order had left memory: nobody has checked that against it, so what does not fit is passed over.
func (a *AccountImage) Tell(p *PaymentRequest) {
	at := a.find(p)
	if p.Entry > 0 {
		at = p.Entry - 1
	}
	switch {
	case p.Currency != a.Currency || at > len(a.Entries) || p.Entry > 0 && at == len(a.Entries) || p.Of > len(a.Entries):
		return
	case at == len(a.Entries):
		a.Entries = append(a.Entries, PaymentEntry{Type: p.Type, Of: p.Of, Amount: p.Amount})
	}
	e := &a.Entries[at]
	if e.Type == p.Type && e.Amount == p.Amount && e.isOlder(p) {
		e.Status, e.At, e.Provider, e.Reference, e.Note = p.Status, p.At, p.Provider, p.Reference, p.Note
	}
}
