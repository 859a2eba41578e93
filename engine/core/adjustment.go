package core

import (
	"cmp"
	"math"
)

// gatherAdjustment writes down the levels that the slot's rows name, as they are.
func (s *slot) gatherAdjustment(st *Step) {
	for i := range st.command.Rows {
		row := &st.command.Rows[i]
		if row.SKU.Slot() != s.id || row.SKU.Place() >= s.skus.length {
			continue
		}
		st.skuFound[i] = true
		st.rows[i] = LevelImage{SKU: row.SKU, Location: row.Location}
		if level, ok := s.findLevel(s.skus.at(row.SKU.Place()), row.Location); ok {
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
	rows := st.command.Rows
	for _, check := range []struct {
		reason Reason
		fails  func(i int) bool
	}{
		{ReasonSKUNotFound, func(i int) bool { return !st.skuFound[i] }},
		{ReasonLocationNotFound, func(i int) bool { return int(rows[i].Location) >= len(m.locations) }},
		{ReasonDuplicateRow, st.duplicateRows()},
		{ReasonStockChanged, func(i int) bool {
			return rows[i].Mode == AdjustSetExpected && rows[i].Expected != st.rows[i].OnHand
		}},
		{ReasonStockNegative, func(i int) bool { return st.adjusted(i) < 0 }},
		{ReasonStockTooLarge, func(i int) bool { return st.adjusted(i) > MaxOnHand }},
	} {
		for i := range rows {
			if check.fails(i) {
				st.refuseRow(check.reason, i)
			}
		}
		if st.Outcome.Reason != ReasonNone {
			return
		}
	}
	st.planAdjustment()
}

// duplicateRows tells of each row whether an earlier one names the same level.
func (st *Step) duplicateRows() func(i int) bool {
	rows := st.command.Rows
	st.sortPlaces(len(rows), func(a, b int32) int {
		return cmp.Or(cmp.Compare(rows[a].SKU, rows[b].SKU), cmp.Compare(rows[a].Location, rows[b].Location))
	})
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

func (st *Step) refuseRow(reason Reason, i int) {
	if st.Outcome.Reason == ReasonNone {
		st.refuse(reason)
	}
	row := &st.command.Rows[i]
	line := RefusedLine{Index: i, SKU: row.SKU, Location: row.Location}
	if st.skuFound[i] {
		line.Requested, line.Available = st.adjusted(i), st.rows[i].OnHand
	}
	st.refusal.Lines = append(st.refusal.Lines, line)
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
		level := s.makeLevel(change.SKU, change.Location)
		s.skus.mut(change.SKU.Place()).onHand += change.OnHand - level.onHand
		level.onHand = change.OnHand
		level.flags &^= levelShort
		if level.fulfillable() < 0 {
			level.flags |= levelShort
		}
		s.touch(change.SKU)
	}
	if s.id == maskFirst(st.command.Mask) {
		sink.Event(&st.event)
	}
}
