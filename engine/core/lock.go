package core

// While a buyer pays, the hold may be locked: it does not run out before the lock does, and nobody takes its units away. Confirmed, it is an order
// as ever. When the payment fails the hold is what it was before, and over at once if its own deadline has passed.

// isLocked tells whether a hold is locked.
func (o *OrderImage) isLocked(now Millis) bool {
	return o.Status == StatusHeld && o.Account != nil && o.Account.Lock.Until > now
}

// refusesLocked refuses a command that a locked hold does not take.
func (st *Step) refusesLocked() bool {
	image := &st.event.Order
	if !image.isLocked(st.now) {
		return false
	}
	st.refuseOrder(ReasonHoldLocked)
	st.refusal.At = image.Account.Lock.Until
	return true
}

// decideLock plans a lock.
func (m *Machine) decideLock(st *Step) {
	if !st.checkPlaced() || st.refusesLocked() {
		return
	}
	if st.full {
		st.refuseOrder(ReasonTableFull)
		return
	}
	c, image := st.command, &st.event.Order
	account := image.Account
	if account == nil {
		account = st.beginAccount()
	}
	account.Lock = LockImage{Until: st.now + c.TTL, Deadline: image.Deadline, Provider: c.Payment.Provider, Reference: c.Payment.Reference}
	image.Deadline = max(image.Deadline, account.Lock.Until)
	st.planLock(EventHoldLocked)
}

// decideUnlock plans the end of a lock.
func (m *Machine) decideUnlock(st *Step) {
	if !st.checkPlaced() {
		return
	}
	if !st.event.Order.isLocked(st.now) {
		st.refuseOrder(ReasonHoldNotLocked)
		return
	}
	st.event.Order.endLock(st.now)
	st.planLock(EventHoldUnlocked)
}

func (st *Step) planLock(kind EventKind) {
	st.event.Kind, st.event.Actor, st.event.Note = kind, st.command.Actor, st.command.Payment.Note
	st.event.Order.Version++
	st.Outcome.Changed = true
}

// endLock gives a hold its own deadline back. If that has passed, the hold is over from now on.
func (o *OrderImage) endLock(now Millis) {
	o.Deadline = max(o.Account.Lock.Deadline, now)
	o.Account.Lock = LockImage{}
}

// endLockOf ends a lock whose payment has failed.
func (st *Step) endLockOf(p *PaymentRequest) {
	if st.endsLock(p) {
		st.event.Order.endLock(st.now)
	}
}

// endsLock tells whether the payment has failed that the hold is locked for.
func (st *Step) endsLock(p *PaymentRequest) bool {
	image := &st.event.Order
	if p.Status != EntryFailed || !p.Type.mayBeUndone() || !image.isLocked(st.now) {
		return false
	}
	lock := &image.Account.Lock
	return string(lock.Provider) == string(p.Provider) && string(lock.Reference) == string(p.Reference)
}

// movePart gives the slot's part of a hold the hold's deadline.
func (s *slot) movePart(image *OrderImage) {
	place, ok := s.findPart(image.ID)
	if !ok || s.parts.at(place).deadline == image.Deadline {
		return // the command's mask was wider than the order's
	}
	s.parts.mut(place).deadline = image.Deadline
	s.due.push(dueRecord{deadline: image.Deadline, order: image.ID, place: place, of: duePart})
}
