package core

import (
	"cmp"
	"math"
)

// gatherRows writes down the levels that the slot's rows name, as they are.
func (s *slot) gatherRows(st *Step) {
	for i := range st.rows {
		id, location := st.command.rowLevel(i)
		if id.Slot() != s.id || id.Place() >= s.skus.length {
			continue
		}
		st.skuFound[i] = true
		st.rows[i] = LevelImage{SKU: id, Location: location}
		st.isKit[i] = s.skus.at(id.Place()).flags&skuKit != 0
		if level, ok := s.findLevel(s.skus.at(id.Place()), location); ok {
			level.image(&st.rows[i])
		}
	}
}

func (r *levelRecord) image(img *LevelImage) {
	*img = LevelImage{
		SKU:         r.sku,
		Location:    r.location,
		OnHand:      r.onHand,
		Unavailable: r.unavailable,
		Reserved:    r.reserved,
		Allocated:   r.allocated,
	}
}

// decideAdjustment checks all rows for one reason after the other, in the order of precedence.
func (m *Machine) decideAdjustment(st *Step) {
	if st.refuseUnknownLevels(len(m.locations)) {
		return
	}
	rows := st.command.Rows
	for _, check := range []struct {
		reason Reason
		fails  func(i int) bool
	}{
		{ReasonDuplicateRow, st.duplicateRows()},
		{ReasonStockChanged, func(i int) bool {
			return rows[i].Mode == AdjustSetExpected && rows[i].Expected != st.rows[i].OnHand
		}},
		{ReasonStockNegative, func(i int) bool { return st.adjusted(i) < st.rows[i].unavailable() }},
		{ReasonStockTooLarge, func(i int) bool { return st.adjusted(i) > MaxOnHand }},
	} {
		for i := range rows {
			if check.fails(i) {
				st.refuseAdjustment(check.reason, i)
			}
		}
		if st.Outcome.Reason != ReasonNone {
			return
		}
	}
	st.planAdjustment()
}

// refuseUnknownLevels refuses rows that name a SKU or a location that does not exist, or a kit.
func (st *Step) refuseUnknownLevels(locations int) bool {
	for i := range st.rows {
		if !st.skuFound[i] {
			st.refuseRow(ReasonSKUNotFound, i, 0, 0)
		}
	}
	if st.Outcome.Reason != ReasonNone {
		return true
	}
	for i := range st.rows {
		if _, location := st.command.rowLevel(i); int(location) >= locations {
			st.refuseAt(i)
		}
	}
	if st.Outcome.Reason != ReasonNone {
		return true
	}
	for i := range st.rows {
		if st.isKit[i] {
			st.refuseRow(ReasonKitUnits, i, 0, 0)
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// refuseAt refuses a row for its location, where nothing is on hand.
func (st *Step) refuseAt(i int) {
	if st.command.Kind == CommandAdjustStock {
		st.refuseAdjustment(ReasonLocationNotFound, i)
		return
	}
	st.refuseRow(ReasonLocationNotFound, i, 0, 0)
}

// sortRows sorts the places of rows by the level that they name; rows of one level keep their order.
func (st *Step) sortRows() {
	st.sortPlaces(len(st.rows), func(a, b int32) int {
		skuA, locationA := st.command.rowLevel(int(a))
		skuB, locationB := st.command.rowLevel(int(b))
		return cmp.Or(cmp.Compare(skuA, skuB), cmp.Compare(locationA, locationB))
	})
}

// duplicateRows tells of each row whether an earlier one names the same level.
func (st *Step) duplicateRows() func(i int) bool {
	rows := st.command.Rows
	st.sortRows()
	duplicate := make([]bool, len(rows))
	for k := 1; k < len(rows); k++ {
		a, b := &rows[st.sorted[k-1]], &rows[st.sorted[k]]
		duplicate[st.sorted[k]] = a.SKU == b.SKU && a.Location == b.Location
	}
	return func(i int) bool { return duplicate[i] }
}

// adjusted is what a row would leave on hand. Where a delta leads beyond all numbers it is the largest one, which
// is refused as too large; below there is no such end, since nothing on hand is negative.
func (st *Step) adjusted(i int) Quantity {
	row := &st.command.Rows[i]
	if row.Mode != AdjustDelta {
		return row.Value
	}
	if row.Value > math.MaxInt64-st.rows[i].OnHand {
		return math.MaxInt64
	}
	return st.rows[i].OnHand + row.Value
}

func (st *Step) refuseAdjustment(reason Reason, i int) {
	st.refuseRow(reason, i, st.adjusted(i), st.rows[i].OnHand)
}

// refuseRow adds a row to the refusal, with the units that there would be and those that there are.
func (st *Step) refuseRow(reason Reason, i int, requested, available Quantity) {
	if st.Outcome.Reason == ReasonNone {
		st.refuse(reason)
	}
	id, location := st.command.rowLevel(i)
	st.refusal.Lines = append(st.refusal.Lines,
		RefusedLine{Index: i, SKU: id, Location: location, Requested: requested, Available: available})
}

func (st *Step) planAdjustment() {
	st.event.Kind = EventStockAdjusted
	st.event.Levels = st.event.Levels[:0]
	for i := range st.command.Rows {
		change := LevelChange{
			LevelImage:   st.rows[i],
			OnHandBefore: st.rows[i].OnHand,
			Reason:       st.command.Rows[i].Reason,
		}
		change.OnHand = st.adjusted(i)
		st.event.Levels = append(st.event.Levels, change)
	}
	st.Outcome.Changed = true
}

// applyAdjustment changes the levels of the slot's rows; the lowest slot tells of it.
func (s *slot) applyAdjustment(st *Step, sink Sink) {
	for i := range st.event.Levels {
		change := &st.event.Levels[i]
		if change.SKU.Slot() != s.id {
			continue
		}
		s.setStock(&change.LevelImage)
	}
	if s.id == maskFirst(st.command.Mask) {
		sink.Event(&st.event)
	}
}
