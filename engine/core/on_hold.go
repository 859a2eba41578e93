package core

// Somebody, or a check, may stop a placed order: for fraud, a payment, its address, its stock, or whatever the note says. Nothing of it leaves, and
// no work on it begins, until the last of the reasons is taken back. Its units stay promised, and what takes it back or moves it is allowed. What
// ends an order, and what completes it, takes all reasons away: there is nothing left to stop. It is called on hold, as a hold is something else.
//
// What is to be captured waits, too: who is a fraud is not charged, and of what may never leave the price would have to go back. Only an order that is on
// hold for its payment is captured, as that is what it waits for. What was asked for before, refunds and voids do not wait.

// OnHold are the reasons for which an order is on hold; an order with none goes on. The bits are in journals, checkpoints and feeds and must not
// change.
type OnHold uint8

const (
	OnHoldFraud   OnHold = 1 << 0 // somebody else may have ordered
	OnHoldPayment OnHold = 1 << 1 // it is not paid, or not for sure
	OnHoldAddress OnHold = 1 << 2 // it cannot be delivered to where it goes
	OnHoldManual  OnHold = 1 << 3 // whatever the note says
	OnHoldStock   OnHold = 1 << 4 // its units are not what they should be

	// AnyOnHold are all reasons that there are.
	AnyOnHold = OnHoldFraud | OnHoldPayment | OnHoldAddress | OnHoldManual | OnHoldStock
)

// stopsCaptures are the reasons for which captures wait.
const stopsCaptures = AnyOnHold &^ OnHoldPayment

// capturesWait tells whether captures wait until the order is taken off hold.
func (o *OrderImage) capturesWait() bool { return o.OnHold&stopsCaptures != 0 }

// end gives an order a status in which nothing of it is left to stop.
func (o *OrderImage) end(status OrderStatus) { o.Status, o.OnHold = status, 0 }

// checkNotOnHold refuses what an order on hold does not allow.
func (st *Step) checkNotOnHold() bool {
	if st.event.Order.OnHold == 0 {
		return true
	}
	st.refuseOnHold()
	return false
}

// refuseOnHold says why the order is on hold.
func (st *Step) refuseOnHold() {
	st.refuseOrder(ReasonOrderOnHold)
	st.refusal.OnHold = st.event.Order.OnHold
}

// decideOnHold plans which reasons there are afterwards.
func (m *Machine) decideOnHold(st *Step) {
	if !st.checkPlaced() {
		return
	}
	image, asked := &st.event.Order, st.command.Life.OnHold
	kind, changed := EventOrderPutOnHold, asked&^image.OnHold
	if st.command.Kind == CommandTakeOffHold {
		if kind, changed = EventOrderTakenOffHold, asked&image.OnHold; asked == 0 {
			changed = image.OnHold
		}
	}
	if changed == 0 {
		return
	}
	image.OnHold ^= changed
	image.Version++
	st.event.Kind, st.event.Actor, st.event.Note, st.event.OnHold = kind, st.command.Actor, st.command.Life.Note, changed
	st.Outcome.Changed = true
	m.settleOrRefuse(st)
}

// applyOnHold writes the reasons down in the home slot.
func (s *slot) applyOnHold(st *Step, sink Sink) {
	if s.id != st.home {
		return
	}
	record := s.orders.mut(st.place)
	record.version, record.onHold = st.event.Order.Version, st.event.Order.OnHold
	if st.tasks > 0 {
		s.storeAccount(st.place, &st.event.Order)
	}
	sink.Event(&st.event)
	s.tellTasks(&st.event, st.tasks, sink)
}
