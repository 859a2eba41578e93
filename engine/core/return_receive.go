package core

import "slices"

// Units of a return come to a location. What became of each is told when they come; of those that came into quality control once more when they were looked at.

// receiveReturn plans what comes.
func (m *Machine) receiveReturn(st *Step, r *ReturnImage) {
	if !r.Status.Allows(CommandReceiveReturn, 0) {
		st.refuseReturn(r)
		return
	}
	if !m.checkReturnRows(st, stillOut) {
		return
	}
	st.event.Moves = st.event.Moves[:0]
	for _, row := range st.event.Returned {
		if state, ok := row.Disposition.State(); ok {
			st.moveReturned(row, MovementReturnIn, 0, state)
		}
	}
	if st.refusesReturned(ReasonKitUnits, func(row int, _ *MovementImage) bool { return st.isKit[row] }) ||
		st.refusesReturned(ReasonStockTooLarge, func(_ int, after *MovementImage) bool { return after.OnHand > MaxOnHand }) {
		return
	}
	lines, out := st.event.Order.Life.linesOf(st.command.Life.Return.Number), Quantity(0)
	for _, row := range st.event.Returned {
		lines[indexOfLine(lines, row.Line)].Became[row.Disposition-1] += row.Quantity
	}
	for i := range lines {
		out += lines[i].out()
	}
	if r.Status = ReturnReceived; out > 0 {
		r.Status = ReturnPartiallyReceived
	}
	st.changeReturn(EventReturnReceived, st.command.Life.Return.Number)
}

// inspectReturn plans what becomes of units that are in quality control. A return of which all is known is inspected when none is left there.
func (m *Machine) inspectReturn(st *Step, r *ReturnImage) {
	if !r.Status.Allows(CommandInspectReturn, 0) {
		st.refuseReturn(r)
		return
	}
	lines := st.event.Order.Life.linesOf(st.command.Life.Return.Number)
	if len(st.command.Life.Return.Rows) > 0 || r.Status != ReturnReceived || inQualityControl(lines) > 0 {
		if !m.checkReturnRows(st, inControl) || !st.moveInspected() {
			return
		}
	} else {
		st.event.Returned, st.event.Moves = st.event.Returned[:0], st.event.Moves[:0]
	}
	for _, row := range st.event.Returned {
		line := &lines[indexOfLine(lines, row.Line)]
		line.Became[DisposeQualityControl-1] -= row.Quantity
		line.Became[row.Disposition-1] += row.Quantity
	}
	if r.Status == ReturnReceived && inQualityControl(lines) == 0 {
		r.Status = ReturnInspected
	}
	st.changeReturn(EventReturnInspected, st.command.Life.Return.Number)
}

// stillOut is how many units of a return's line are still to come.
func stillOut(l ReturnLine) Quantity { return l.out() }

// inControl is how many units of a return's line are in quality control.
func inControl(l ReturnLine) Quantity { return l.Became[DisposeQualityControl-1] }

func inQualityControl(lines []ReturnLine) (n Quantity) {
	for i := range lines {
		n += inControl(lines[i])
	}
	return n
}

// indexOfLine finds the row of a return that is about a line of the order; −1 for none.
func indexOfLine(lines []ReturnLine, line int) int {
	return slices.IndexFunc(lines, func(l ReturnLine) bool { return l.Line == line })
}

// checkReturnRows works out how many units each row is about, and refuses more than the return has of them.
func (m *Machine) checkReturnRows(st *Step, has func(ReturnLine) Quantity) bool {
	c := st.command
	if int(c.Life.Location) >= len(m.locations) {
		st.refuseOrder(ReasonLocationNotFound)
		return false
	}
	lines := st.event.Order.Life.linesOf(c.Life.Return.Number)
	for i, row := range c.Life.Return.Rows {
		if indexOfLine(lines, row.Line) < 0 || st.rowOf(row.Line) < 0 {
			st.refuseOfLine(ReasonOrderLine, i, LineUnits{Line: row.Line, Quantity: row.Quantity}, 0)
		}
	}
	if st.Outcome.Reason != ReasonNone {
		return false
	}
	st.event.Returned = st.event.Returned[:0]
	for i, row := range c.Life.Return.Rows {
		most := has(lines[indexOfLine(lines, row.Line)])
		for _, before := range st.event.Returned {
			if before.Line == row.Line {
				most -= before.Quantity
			}
		}
		if row.Quantity == 0 {
			row.Quantity = most
		}
		if row.Quantity > most {
			st.refuseOfLine(ReasonReturnUnits, i, LineUnits{Line: row.Line, Quantity: row.Quantity}, most)
		} else if row.Quantity > 0 {
			st.event.Returned = append(st.event.Returned, row)
		}
	}
	if len(st.event.Returned) == 0 && st.Outcome.Reason == ReasonNone {
		st.refuseOrder(ReasonReturnUnits)
	}
	return st.Outcome.Reason == ReasonNone
}

// rowOf finds the place of a line's SKU among those that the command names; −1 for none.
func (st *Step) rowOf(line int) int {
	sku := st.event.Order.Lines[line].SKU
	return slices.IndexFunc(st.command.Lines, func(l Line) bool { return l.SKU == sku })
}

// moveReturned adds the movement of a row's units. A row finds the level as the row before it of the same SKU left it.
func (st *Step) moveReturned(row ReturnRow, kind MovementKind, from, to StockState) {
	level := st.rows[st.rowOf(row.Line)]
	for i := range st.event.Moves {
		if st.event.Moves[i].SKU == level.SKU {
			level = st.event.Moves[i].LevelImage
		}
	}
	image := grow(&st.event.Moves)
	*image = MovementImage{LevelImage: level, Kind: kind, From: from, To: to, Quantity: row.Quantity}
	image.move(kind, from, to, row.Quantity)
}

// refusesReturned refuses the movements that cannot be, by the rows of the command's SKUs.
func (st *Step) refusesReturned(reason Reason, fails func(row int, after *MovementImage) bool) bool {
	for i, line := range st.command.Lines {
		for k := range st.event.Moves {
			if move := &st.event.Moves[k]; move.SKU == line.SKU && fails(i, move) {
				there := move.OnHand - move.Quantity
				if reason == ReasonKitUnits {
					there = 0
				}
				st.refuseShipped(reason, i, there+move.Quantity, there)
			}
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// moveInspected takes units out of quality control, if so many are there at the location.
func (st *Step) moveInspected() bool {
	st.event.Moves = st.event.Moves[:0]
	for _, row := range st.event.Returned {
		state, stays := row.Disposition.State()
		if stays {
			st.moveReturned(row, MovementReclassify, StateQualityControl, state)
		} else {
			st.moveReturned(row, MovementWriteOff, StateQualityControl, 0)
		}
		if move := &st.event.Moves[len(st.event.Moves)-1]; move.In(StateQualityControl) < 0 {
			st.refuseShipped(ReasonShortOnHand, st.rowOf(row.Line), row.Quantity, row.Quantity+move.In(StateQualityControl))
		}
	}
	return st.Outcome.Reason == ReasonNone
}

// applyReceipt changes the slot's levels and, in the home slot, writes down what is known of the return now.
func (s *slot) applyReceipt(st *Step, sink Sink) {
	for i := range st.event.Moves {
		if m := &st.event.Moves[i]; m.SKU.Slot() == s.id {
			s.setStock(&m.LevelImage)
		}
	}
	s.applyReturn(st, sink)
}
