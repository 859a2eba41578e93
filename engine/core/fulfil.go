package core

// Commands on fulfilment orders that move no units.

// gatherFulfilment loads the order.
func (s *slot) gatherFulfilment(st *Step) {
	s.loadOrder(st)
	if s.id == st.home {
		st.full = s.isFullOfWork()
	}
}

// isFullOfWork tells whether there may be no number left for fulfilment orders of another order.
func (s *slot) isFullOfWork() bool {
	const end = 1<<32 - 1
	return s.fulfilments.length > end-MostFulfilments || s.fulfilmentLines.length > end-MaxLines*MaxLocations || s.lives.length == end
}

// findFulfilment finds the fulfilment order that a command is about, and writes those of the order down if they were implied so far.
func (m *Machine) findFulfilment(st *Step) bool {
	r := st.command.Life
	switch {
	case int(r.Location) >= len(m.locations):
		st.refuseOrder(ReasonLocationNotFound)
		return false
	case st.full:
		st.refuseOrder(ReasonTableFull)
		return false
	}
	st.openFulfilments()
	if st.event.Fulfilment = st.numberOf(r.Fulfilment, r.Location); st.event.Fulfilment == 0 {
		st.refuseOrder(ReasonFulfilmentNotFound)
		return false
	}
	return true
}

// openFulfilments writes down what was implied, in the plan.
func (st *Step) openFulfilments() {
	if life := st.beginLife(); len(life.Fulfilments) == 0 {
		ImplyFulfilments(&st.event.Order, life)
	}
	st.spreadToDo()
}

// numberOf gives the number of a fulfilment order of a location: of the first that lives there if none is named; 0 for none.
func (st *Step) numberOf(number int, location LocationID) int {
	list := st.event.Order.Life.Fulfilments
	if number > 0 {
		if number > len(list) || list[number-1].Location != location {
			return 0
		}
		return number
	}
	for k := range list {
		if list[k].Location == location && list[k].Status.IsLive() {
			return k + 1
		}
	}
	return 0
}

// fulfilment is the one that the command is about.
func (st *Step) fulfilment() *FulfilmentImage {
	return &st.event.Order.Life.Fulfilments[st.event.Fulfilment-1]
}

// checkFulfilment refuses what the fulfilment order's status does not allow.
func (st *Step) checkFulfilment(f *FulfilmentImage, action FulfilmentAction) bool {
	if f.Status.Allows(action) {
		return true
	}
	st.refuseOrder(ReasonFulfilmentStatus)
	st.refusal.Fulfilment = f.Status
	return false
}

// planFulfilment makes the loaded image into the one after the change, with what the events have in common.
func (st *Step) planFulfilment(kind EventKind) {
	ev := &st.event
	ev.Kind, ev.Actor, ev.Note = kind, st.command.Actor, st.command.Life.Note
	ev.Order.Version++
	st.settleFulfilments()
	st.Outcome.Changed = true
}

// decideWork plans the status after an action.
func (m *Machine) decideWork(st *Step) {
	if !st.checkPlaced() || !m.findFulfilment(st) {
		return
	}
	r, f := st.command.Life, st.fulfilment()
	if r.Action.needsGoing() && !st.checkNotOnHold() {
		return
	}
	if f.Status.isDone(r.Action) || r.Action == FulfilmentSchedule && f.ScheduledAt == r.At {
		return
	}
	early := r.Action == FulfilmentStart && f.ScheduledAt > st.now
	switch {
	case !st.checkFulfilment(f, r.Action):
		return
	case early:
		st.refuseOrder(ReasonFulfilmentEarly)
		st.refusal.At = f.ScheduledAt
		return
	case r.Action == FulfilmentSubmit && m.locations[f.Location].settings.Kind != LocationSupplier:
		st.refuseOrder(ReasonNotASupplier)
		return
	}
	f.Status = fulfilmentTable[f.Status][r.Action]
	if r.Action == FulfilmentSchedule {
		f.ScheduledAt = r.At
	}
	st.event.Action = r.Action
	st.planFulfilment(EventFulfilmentChanged)
}

// decideSplit plans another fulfilment order with some of the units.
func (m *Machine) decideSplit(st *Step) {
	if !st.checkPlaced() || !m.findFulfilment(st) || !st.checkFulfilment(st.fulfilment(), FulfilmentSplit) {
		return
	}
	if !st.checkUnits(1) {
		return
	}
	if len(st.event.Order.Life.Fulfilments) >= MaxFulfilments {
		st.refuseOrder(ReasonFulfilmentsFull)
		return
	}
	from := st.event.Fulfilment - 1
	to := st.addFulfilment(st.fulfilment().Location)
	for _, u := range st.command.Life.Units {
		*st.toDo(from, u.Line) -= u.Quantity
		*st.toDo(to, u.Line) += u.Quantity
	}
	st.event.Into = to + 1
	st.planFulfilment(EventFulfilmentSplit)
}

// checkUnits refuses rows that name other lines than the order has, or more units of one than the fulfilment order has, and those that leave
// fewer than so many units of it.
func (st *Step) checkUnits(least Quantity) bool {
	left := Quantity(0)
	for i := range st.event.Order.Lines {
		left += *st.toDo(st.event.Fulfilment-1, i)
	}
	for row, u := range st.command.Life.Units {
		has := Quantity(0)
		if u.Line < len(st.event.Order.Lines) {
			has = *st.toDo(st.event.Fulfilment-1, u.Line)
		}
		if left -= u.Quantity; u.Quantity > has {
			st.refuseOfLine(ReasonFulfilmentUnits, row, u, has)
		}
	}
	if st.Outcome.Reason == ReasonNone && left < least {
		st.refuseOrder(ReasonFulfilmentUnits)
	}
	return st.Outcome.Reason == ReasonNone
}

// decideMerge plans one fulfilment order out of two.
func (m *Machine) decideMerge(st *Step) {
	if !st.checkPlaced() || !m.findFulfilment(st) || !st.checkFulfilment(st.fulfilment(), FulfilmentMerge) {
		return
	}
	list, into := st.event.Order.Life.Fulfilments, st.command.Life.Into
	switch {
	case into > len(list):
		st.refuseOrder(ReasonFulfilmentNotFound)
		return
	case into == st.event.Fulfilment || list[into-1].Location != st.fulfilment().Location:
		st.refuseOrder(ReasonFulfilmentPlace)
		return
	case !st.checkFulfilment(&list[into-1], FulfilmentMerge):
		return
	}
	for i := range st.event.Order.Lines {
		n := st.toDo(st.event.Fulfilment-1, i)
		*st.toDo(into-1, i) += *n
		*n = 0
	}
	st.event.Into = into
	st.planFulfilment(EventFulfilmentsMerged)
}

// applyFulfilment writes the order's fulfilment orders down, in the home slot.
func (s *slot) applyFulfilment(st *Step, sink Sink) {
	if s.id != st.home {
		return
	}
	s.orders.mut(st.place).version = st.event.Order.Version
	s.storeLife(st.place, st.event.Order.Life)
	sink.Event(&st.event)
}
