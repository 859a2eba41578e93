package core

// Commands on fulfilment orders whose units go elsewhere: a supplier declines them, somebody does not find them, or somebody sends them to another
// location. They are planned as by RerouteOrder, of which this is the part beside the question which units leave.

// gatherReplacement looks where else there are units, and what lies where they leave.
func (s *slot) gatherReplacement(st *Step) {
	s.gatherReroute(st)
	if s.id == st.home {
		st.full = st.full || s.isFullOfWork()
	}
	for i := range st.command.Lines {
		id := st.command.Lines[i].SKU
		if id.Slot() != s.id || id.Place() >= s.skus.length {
			continue
		}
		st.rows[i] = LevelImage{SKU: id, Location: st.command.Life.Location}
		if level, ok := s.findLevel(s.skus.at(id.Place()), st.command.Life.Location); ok {
			level.image(&st.rows[i])
		}
	}
}

// replacements are what the commands do, by kind.
func (k CommandKind) replacement() (action FulfilmentAction, event EventKind, reason RerouteReason) {
	switch k {
	case CommandMoveFulfilment:
		return FulfilmentMove, EventFulfilmentMoved, RerouteManual
	case CommandShortPick:
		return FulfilmentShortPick, EventFulfilmentShort, RerouteShortPick
	}
	return FulfilmentDecline, EventFulfilmentDeclined, RerouteRejected
}

// decideReplacement plans where the units go, and what is left.
func (m *Machine) decideReplacement(st *Step) {
	if !st.checkPlaced() || !m.findFulfilment(st) {
		return
	}
	action, kind, reason := st.command.Kind.replacement()
	if !st.checkFulfilment(st.fulfilment(), action) || !st.findReplaced() || !st.findNamed() {
		return
	}
	r := st.command.Life
	st.reroute = Reroute{Location: r.Location, Reason: reason, Note: r.Note, Backorder: true}
	if action == FulfilmentMove {
		if !m.checkTarget(st) {
			return
		}
		st.tells, st.errand = false, errand{}
		st.planReroute()
	} else if !m.moveElsewhere(st) {
		return
	}
	m.planReplacement(st, kind)
}

// findReplaced works out how many units of each line go elsewhere: all of them, or those that were not found.
func (st *Step) findReplaced() bool {
	image, at := &st.event.Order, st.event.Fulfilment-1
	st.perLine = resize(st.perLine, len(image.Lines))
	short := st.command.Kind == CommandShortPick
	for i := range st.perLine {
		if st.perLine[i] = *st.toDo(at, i); short {
			st.perLine[i] = 0
		}
	}
	if !short {
		return true
	}
	missing := Quantity(0)
	for row, found := range st.command.Life.Units {
		has := Quantity(0)
		if found.Line < len(image.Lines) {
			has = *st.toDo(at, found.Line)
		}
		if found.Quantity > has || has == 0 {
			st.refuseOfLine(ReasonFulfilmentUnits, row, found, has)
			continue
		}
		st.perLine[found.Line] = has - found.Quantity
		missing += st.perLine[found.Line]
	}
	if missing == 0 && st.Outcome.Reason == ReasonNone {
		st.refuseOrder(ReasonFulfilmentUnits)
	}
	return st.Outcome.Reason == ReasonNone
}

// findNamed adds up the units that leave by SKU, each of which the command has to name, as its slot was asked.
func (st *Step) findNamed() bool {
	named := Quantity(0)
	for i := range st.command.Lines {
		f := &st.lines[i]
		f.total = 0
		for line := range st.perLine {
			if st.event.Order.Lines[line].SKU == st.command.Lines[i].SKU {
				f.total += st.perLine[line]
			}
		}
		named += f.total
		f.available = f.total
		if f.first = int32(i); f.total == 0 {
			f.first = -1 // the plan has nothing to do with it
		}
	}
	for _, n := range st.perLine {
		named -= n
	}
	if named != 0 {
		st.refuseOrder(ReasonFulfilmentUnits)
	}
	return named == 0
}

// checkTarget leaves the target alone among the locations that could take the units, and refuses one that has not all of them.
func (m *Machine) checkTarget(st *Step) bool {
	target := st.command.Life.Target
	switch {
	case int(target) >= len(m.locations):
		st.refuseOrder(ReasonLocationNotFound)
		return false
	case target == st.command.Life.Location:
		st.refuseOrder(ReasonFulfilmentPlace)
		return false
	}
	for i := range st.lines {
		f := &st.lines[i]
		if f.first < 0 {
			continue
		}
		there := Quantity(0)
		choices := st.choices[f.slot][f.from:f.to]
		for k := range choices {
			if choices[k].location != target {
				choices[k].fulfillable = 0
			}
			there += choices[k].fulfillable
		}
		if there < f.total {
			if st.Outcome.Reason == ReasonNone {
				st.refuseOrder(ReasonFulfilmentMove)
			}
			st.refusal.Lines = append(st.refusal.Lines, RefusedLine{
				Index: i, SKU: st.command.Lines[i].SKU, Location: target, Requested: f.total, Available: there,
			})
		}
	}
	return st.Outcome.Reason == ReasonNone
}

// planReplacement plans what becomes of the fulfilment order itself, and of what was not found.
func (m *Machine) planReplacement(st *Step, kind EventKind) {
	f := st.fulfilment()
	switch st.command.Kind {
	case CommandMoveFulfilment:
		f.Location = st.command.Life.Target
		st.joinMoved()
	case CommandShortPick:
		f.Status = FulfilmentIncomplete
	default:
		f.Status = FulfilmentDeclined
	}
	if kind != EventFulfilmentMoved {
		for i := range st.perLine {
			*st.toDo(st.event.Fulfilment-1, i) -= st.perLine[i]
		}
	}
	st.settleFulfilments()
	st.event.Kind, st.event.Moves = kind, st.event.Moves[:0]
	if st.command.Life.Missing {
		st.planMissing()
	}
}

// planMissing has the units that were not found be none that are sold again: they are on hand still, in a state of their own, until somebody counts.
func (st *Step) planMissing() {
	for i := range st.lines {
		level, n := &st.rows[i], st.lines[i].total
		level.Allocated -= n
		if n = min(n, level.In(StateSellable)); n > 0 {
			move := MovementImage{LevelImage: *level, Kind: MovementReclassify, To: StateOther, Quantity: n}
			move.LevelImage.move(move.Kind, move.From, move.To, n)
			st.event.Moves = append(st.event.Moves, move)
		}
	}
}

// applyReplacement moves the slot's units and, in the home slot, writes the order and its fulfilment orders down.
func (s *slot) applyReplacement(st *Step, sink Sink) {
	s.moveRerouted(st)
	for i := range st.event.Moves {
		if move := &st.event.Moves[i]; move.SKU.Slot() == s.id {
			s.setStock(&move.LevelImage)
		}
	}
	if s.id != st.home {
		return
	}
	s.rewriteRerouted(st)
	s.storeLife(st.place, st.event.Order.Life)
	sink.Event(&st.event)
	if st.tells {
		st.tellRoute(sink)
	}
}
