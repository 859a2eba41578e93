package core

// Asking for a return, deciding about it, and what is said on the way: no unit moves with any of that.

// gatherReturn loads the order.
func (s *slot) gatherReturn(st *Step) {
	s.gatherOrder(st)
	if s.id == st.home {
		const end = 1<<32 - 1
		st.full = s.returns.length == end || s.returnLines.length > end-MaxLines || s.refunds.length == end || s.entries.length > end-MaxPayments
	}
}

// decideReturn says what becomes of a return.
func (m *Machine) decideReturn(st *Step) {
	st.wasHeld = false
	if !st.checkPlaced() {
		return
	}
	if st.command.Kind == CommandRequestReturn {
		st.requestReturn()
		return
	}
	r := st.findReturn()
	if r == nil {
		return
	}
	switch st.command.Kind {
	case CommandDecideReturn:
		st.decideAbout(r)
	case CommandReportReturn:
		st.reportReturn(r)
	case CommandReceiveReturn:
		m.receiveReturn(st, r)
	case CommandInspectReturn:
		m.inspectReturn(st, r)
	case CommandCloseReturn:
		st.closeReturn(r)
	case CommandDecideRefund:
		st.decideRefund(r)
	case CommandSettleReturn:
		st.settleReturn(r)
	}
	if st.Outcome.Changed {
		st.refundDifference()
	}
	if st.Outcome.Changed {
		m.settleOrRefuse(st)
	}
}

// findReturn finds the return that a command is about, or refuses the command.
func (st *Step) findReturn() *ReturnImage {
	life, number := st.event.Order.Life, st.command.Life.Return.Number
	if life == nil || number > len(life.Returns) {
		st.refuseOrder(ReasonReturnNotFound)
		return nil
	}
	return &life.Returns[number-1]
}

// refuseReturn refuses what a return's status does not allow.
func (st *Step) refuseReturn(r *ReturnImage) {
	st.refuseOrder(ReasonReturnStatus)
	st.refusal.Return = r.Status
}

// changeReturn fills in what the events of returns have in common. An order whose last open return ends is closed now if its return window is over.
func (st *Step) changeReturn(kind EventKind, number int) {
	c, ev := st.command, &st.event
	ev.Kind, ev.Actor, ev.Note, ev.Return = kind, c.Actor, c.Life.Note, number
	ev.Order.Version++
	st.Outcome.Changed = true
	ev.Order.endReturns(st.now)
}

// endReturns counts the returns anew, and has an order without open ones closed no earlier than now.
func (o *OrderImage) endReturns(now Millis) {
	life := o.Life
	life.CountReturns()
	if o.Status == StatusCompleted && !life.hasOpenReturns() {
		life.ClosesAt = max(life.ClosesAt, now)
	}
}

// requestReturn plans a return that somebody asks for.
func (st *Step) requestReturn() {
	ask, image := st.command.Life.Return, &st.event.Order
	late := image.Status == StatusClosed || image.Status == StatusCompleted && st.now >= image.Life.ClosesAt
	switch {
	case late && !ask.Force:
		st.refuseOrder(ReasonReturnWindow)
	case ask.Until != 0 && ask.Until <= st.now:
		st.refuseOrder(ReasonReturnDeadline)
	case !st.findReturned():
	case len(image.Life.Returns) == MaxReturns:
		st.refuseOrder(ReasonReturnsFull)
	case st.full:
		st.refuseOrder(ReasonTableFull)
	default:
		st.planReturn(late)
	}
}

// findReturned works out how many units of each line are to come back, those of the components of kits too, and refuses what cannot.
func (st *Step) findReturned() bool {
	image := &st.event.Order
	returned := resize(st.event.Returned, len(image.Lines))
	st.event.Returned = returned
	for i := range returned {
		returned[i] = ReturnRow{Line: i}
	}
	for i, row := range st.command.Life.Return.Rows {
		if row.Line >= len(image.Lines) {
			st.refuseOfLine(ReasonOrderLine, i, LineUnits{Line: row.Line, Quantity: row.Quantity}, 0)
		}
	}
	if st.Outcome.Reason != ReasonNone {
		return false
	}
	sum := Quantity(0)
	for i, row := range st.command.Life.Return.Rows {
		most := st.returnable(row.Line, row.Reason)
		if row.Quantity == 0 {
			row.Quantity = most
		}
		if row.Quantity > most {
			st.refuseOfLine(ReasonNotReturnable, i, LineUnits{Line: row.Line, Quantity: row.Quantity}, most)
		}
		sum += row.Quantity
		st.addReturned(row)
	}
	if sum == 0 && st.Outcome.Reason == ReasonNone {
		st.refuseOrder(ReasonNotReturnable)
	}
	return st.Outcome.Reason == ReasonNone
}

// returnable is how many units of a line may come back beside those that rows before have: of kits, as many as their components make.
func (st *Step) returnable(line int, reason ReturnReason) Quantity {
	left := func(i int) Quantity {
		life, before := st.event.Order.LineLife(i), &st.event.Returned[i]
		if before.Quantity > 0 && (before.Reason == ReturnNeverArrived) != (reason == ReturnNeverArrived) {
			return 0 // a row names kits, another a component of them: the line's units have arrived, or they have not
		}
		return max(0, life.returnable(reason)-before.Quantity)
	}
	most := left(line)
	if st.event.Order.Lines[line].Role == LineOfKits {
		most = MaxLineQuantity
	}
	st.eachComponent(line, func(part int, each Quantity) { most = min(most, left(part)/each) })
	return most
}

// addReturned has a row's units come back.
func (st *Step) addReturned(row ReturnRow) {
	add := func(line int, n Quantity) {
		if r := &st.event.Returned[line]; n > 0 {
			r.Quantity += n
			r.Reason = row.Reason
		}
	}
	if st.event.Order.Lines[row.Line].Role != LineOfKits {
		add(row.Line, row.Quantity)
	}
	st.eachComponent(row.Line, func(part int, each Quantity) { add(part, row.Quantity*each) })
}

// planReturn makes the loaded image into the one after the change. An order that was closed is open again.
func (st *Step) planReturn(late bool) {
	ask, ev := st.command.Life.Return, &st.event
	life := ev.Order.Life
	r := ReturnImage{
		Status: ReturnRequested, Kind: ask.Kind, Forced: late, HasDocument: len(st.command.Document) > 0,
		Created: st.sequence, CreatedAt: st.now, Until: ask.Until,
	}
	kept := ev.Returned[:0]
	for _, row := range ev.Returned {
		if row.Quantity > 0 {
			kept = append(kept, row)
			life.ReturnLines = append(life.ReturnLines, ReturnLine{Line: row.Line, Quantity: row.Quantity, Reason: row.Reason})
			r.Lines++
		}
	}
	ev.Returned = kept
	life.Returns = append(life.Returns, r)
	if st.reopens = ev.Order.Status == StatusClosed; st.reopens {
		ev.Order.Status = StatusCompleted
	}
	st.changeReturn(EventReturnRequested, len(life.Returns))
}

// decideAbout approves, declines or cancels a return. What was decided already changes nothing.
func (st *Step) decideAbout(r *ReturnImage) {
	ask := st.command.Life.Return
	next := ReturnApproved
	switch ask.Decision {
	case DecideDecline:
		next = ReturnDeclined
	case DecideCancel:
		next = ReturnCancelled
	}
	if r.Status == next && (next != ReturnApproved || r.isApprovedAs(ask)) {
		return
	}
	if !r.Status.Allows(CommandDecideReturn, ask.Decision) {
		st.refuseReturn(r)
		return
	}
	if next == ReturnApproved && !st.approve(r) {
		return
	}
	if next != ReturnApproved {
		r.Status = next
	}
	st.changeReturn(EventReturnDecided, ask.Number)
}

// isApprovedAs tells whether an approval says nothing new.
func (r *ReturnImage) isApprovedAs(ask *ReturnRequest) bool {
	return r.Terms == ask.Terms && (ask.Until == 0 || ask.Until == r.Until)
}

// approve gives a return its terms. If the customer keeps the units, all is known of them with that.
func (st *Step) approve(r *ReturnImage) bool {
	ask := st.command.Life.Return
	if ask.Until != 0 {
		r.Until = ask.Until
	}
	if r.Until != 0 && r.Until <= st.now {
		st.refuseOrder(ReasonReturnDeadline)
		return false
	}
	if image := &st.event.Order; image.HasMoney() && ask.Terms.Currency != (Currency{}) && ask.Terms.Currency != image.Account.Currency {
		st.refuseOrder(ReasonRefundCurrency)
		return false
	}
	r.Status, r.Terms = ReturnApproved, ask.Terms
	if r.Terms.Keep {
		r.Status = ReturnReceived
		lines := st.event.Order.Life.linesOf(ask.Number)
		for i := range lines {
			became := DisposeKept
			if lines[i].Reason.OnlyOfClaims() {
				became = DisposeMissing
			}
			lines[i].Became[became-1] = lines[i].Quantity
		}
	}
	return true
}

// reportReturn notes that units are on their way, and how.
func (st *Step) reportReturn(r *ReturnImage) {
	if !r.Status.Allows(CommandReportReturn, 0) {
		st.refuseReturn(r)
		return
	}
	hasDocument := len(st.command.Document) > 0
	if r.Status != ReturnApproved && !hasDocument {
		return
	}
	r.Status = max(r.Status, ReturnInTransit)
	if hasDocument {
		r.Sent = st.sequence
	}
	st.changeReturn(EventReturnReported, st.command.Life.Return.Number)
}

// closeReturn notes that all is done. What is still out then may be sent back another time.
func (st *Step) closeReturn(r *ReturnImage) {
	switch {
	case r.Status == ReturnClosed:
	case !r.Status.Allows(CommandCloseReturn, 0):
		st.refuseReturn(r)
	default:
		r.Status = ReturnClosed
		st.changeReturn(EventReturnClosed, st.command.Life.Return.Number)
	}
}

// decideRefund keeps a decision that money or credit is given. Money is asked for by that (refund.go), and given by whom that is allowed.
func (st *Step) decideRefund(r *ReturnImage) {
	ask, life := st.command.Life.Return, st.event.Order.Life
	switch {
	case !r.mayRefund():
		st.refuseReturn(r)
	case r.Terms.Currency != Currency{} && r.Terms.Currency != ask.Currency:
		st.refuseOrder(ReasonRefundCurrency)
	case !st.checkRefund():
	case r.Refunds == MaxRefunds:
		st.refuseOrder(ReasonRefundsFull)
	case st.full:
		st.refuseOrder(ReasonTableFull)
	default:
		life.addRefund(ask.Number, RefundImage{
			Credit: ask.Credit, Amount: ask.Amount, Currency: ask.Currency, Decided: st.sequence, At: st.now, By: st.command.Actor,
		})
		r.Terms.Currency = ask.Currency
		st.changeReturn(EventRefundDecided, ask.Number)
	}
}

// addRefund adds a refund to those of a return.
func (l *LifeImage) addRefund(number int, refund RefundImage) {
	at := 0
	for i := range l.Returns[:number] {
		at += l.Returns[i].Refunds
	}
	l.Refunds = append(l.Refunds, refund)
	copy(l.Refunds[at+1:], l.Refunds[at:])
	l.Refunds[at] = refund
	l.Returns[number-1].Refunds++
}

// settleReturn notes that the replacement of a return that came to nothing was dealt with: cancelled, or left to the customer since it had shipped. Of any
// other return nothing changes.
func (st *Step) settleReturn(r *ReturnImage) {
	if !r.isUnsettled() {
		return
	}
	r.Settled = true
	st.changeReturn(EventReturnDecided, st.command.Life.Return.Number)
}

// applyReturn writes down, in the home slot, what is known of the order's returns now.
func (s *slot) applyReturn(st *Step, sink Sink) {
	if s.id != st.home {
		return
	}
	if st.reopens && !s.hasTasks(st.place) { // with tasks it has never left
		s.reopenOrder(st.place)
	}
	s.rewriteOrder(st)
	s.awaitReturns(st)
	sink.Event(&st.event)
	s.tellTasks(&st.event, st.tasks, sink)
}

// awaitReturns has the event's return expire when it is due, and the order closed if that return was the last to keep it open.
func (s *slot) awaitReturns(st *Step) {
	image := &st.event.Order
	r := &image.Life.Returns[st.event.Return-1]
	if r.Status == ReturnApproved && r.Until != 0 {
		s.awaitReturn(st.place, r.Until)
	}
	if r.isUnsettled() {
		s.unsettled = append(s.unsettled, st.place)
	}
	if image.Status == StatusCompleted && !image.Life.hasOpenReturns() {
		s.awaitClosing(st.place, image.Life.ClosesAt)
	}
}
