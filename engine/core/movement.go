package core

// MovementKind says why units moved. The numbers are in journals and feeds and must not change.
type MovementKind uint8

const (
	MovementReceive    MovementKind = 1 // units came in
	MovementAdjust     MovementKind = 2 // a correction, up or down
	MovementCount      MovementKind = 3 // the units in a state were counted
	MovementReclassify MovementKind = 4 // units changed their state where they lie
	MovementWriteOff   MovementKind = 5 // units are gone for good

	MovementTransferOut MovementKind = 6 // units left for another location; only transfers do that
	MovementTransferIn  MovementKind = 7 // and came there

	MovementShip     MovementKind = 8 // units that were promised to an order left
	MovementReturnIn MovementKind = 9 // units came back that had left; only what was shipped does
)

// HasFrom tells whether units leave a state by a movement of the kind.
func (k MovementKind) HasFrom() bool {
	return k == MovementReclassify || k == MovementWriteOff || k == MovementTransferOut || k == MovementShip
}

// HasTo tells whether units of a state are added, corrected or counted by a movement of the kind.
func (k MovementKind) HasTo() bool {
	return k != MovementWriteOff && k != MovementTransferOut && k != MovementShip
}

// StockState is the state of a unit on hand. The numbers are in journals and feeds and must not change.
type StockState uint8

const (
	StateSellable       StockState = 0
	StateDamaged        StockState = 1
	StateQualityControl StockState = 2
	StateOther          StockState = 3
)

// UnavailableStates is the number of states in which a unit is on hand and not for sale: all but the first.
const UnavailableStates = 3

// MovementRow moves units of one SKU at one location.
type MovementRow struct {
	SKU         SKUID
	Location    LocationID
	Kind        MovementKind
	From        StockState // reclassify, write off
	To          StockState // receive, adjust, count, reclassify; not From
	Quantity    Quantity   // units that move, 1 to MaxOnHand; adjust: may be negative, but not 0; count: what is there, from 0 on
	HasExpected bool       // count: refuse unless Expected units are in the state
	Expected    Quantity   // 0 to MaxOnHand
	Reason      []byte
}

// MovementImage is a movement that happened: the level after it, and how many units moved.
type MovementImage struct {
	LevelImage
	Kind     MovementKind
	From     StockState // reclassify, write off, transfer out
	To       StockState // receive, adjust, count, reclassify, transfer in
	Quantity Quantity   // adjust and count: by how many the units in the state changed, which may be 0 or negative
	Reason   []byte
}

// Before is the level before the movement.
func (m *MovementImage) Before() LevelImage {
	before := m.LevelImage
	before.move(m.Kind, m.From, m.To, -m.Quantity)
	return before
}

// In gives the units of a state.
func (l *LevelImage) In(state StockState) Quantity {
	if state == StateSellable {
		return l.OnHand - l.unavailable()
	}
	return l.Unavailable[state-1]
}

func (l *LevelImage) unavailable() Quantity {
	return l.Unavailable[0] + l.Unavailable[1] + l.Unavailable[2]
}

func (l *LevelImage) move(kind MovementKind, from, to StockState, n Quantity) {
	if kind.HasFrom() {
		l.add(from, -n)
	}
	if kind == MovementShip {
		l.Allocated -= n
	}
	if kind.HasTo() {
		l.add(to, n)
	}
}

func (l *LevelImage) add(state StockState, n Quantity) {
	l.OnHand += n
	if state != StateSellable {
		l.Unavailable[state-1] += n
	}
}

// rowLevel names the level of a row of an adjustment or a movement.
func (c *Command) rowLevel(i int) (SKUID, LocationID) {
	if c.Kind == CommandMoveStock {
		return c.Moves[i].SKU, c.Moves[i].Location
	}
	return c.Rows[i].SKU, c.Rows[i].Location
}

// rowCount is how many rows an adjustment or a movement has.
func (c *Command) rowCount() int { return len(c.Rows) + len(c.Moves) }

// decideMovement carries all rows out on what was gathered, one after the other, and refuses them if one of them cannot be:
// for the first reason, in the order of precedence, that any has.
func (m *Machine) decideMovement(st *Step) {
	if st.refuseUnknownLevels(len(m.locations)) {
		return
	}
	st.planMovement()
	moves := st.event.Moves
	for _, check := range []struct {
		reason Reason
		fails  func(row *MovementRow, after *MovementImage) bool
	}{
		{ReasonStockChanged, func(row *MovementRow, after *MovementImage) bool {
			return row.HasExpected && row.Expected != after.In(row.To)-after.Quantity
		}},
		{ReasonStockNegative, func(row *MovementRow, after *MovementImage) bool {
			return after.In(row.From) < 0 || after.In(row.To) < 0
		}},
		{ReasonStockTooLarge, func(_ *MovementRow, after *MovementImage) bool { return after.OnHand > MaxOnHand }},
	} {
		for i := range moves {
			if row := &st.command.Moves[i]; check.fails(row, &moves[i]) {
				st.refuseMove(check.reason, i)
			}
		}
		if st.Outcome.Reason != ReasonNone {
			return
		}
	}
	st.Outcome.Changed = true
}

// planMovement fills the event. A row finds its level as the row before it that names the same one left it.
func (st *Step) planMovement() {
	c := st.command
	st.event.Kind, st.event.Actor, st.event.Cause = EventStockMoved, c.Actor, c.Cause
	st.event.Moves = resize(st.event.Moves, len(c.Moves))
	st.sortRows()
	for k, i := range st.sorted {
		before := &st.rows[i]
		if k > 0 {
			if last := &st.event.Moves[st.sorted[k-1]]; last.SKU == before.SKU && last.Location == before.Location {
				before = &last.LevelImage
			}
		}
		row := &c.Moves[i]
		n := row.Quantity
		if row.Kind == MovementCount {
			n -= before.In(row.To)
		}
		image := &st.event.Moves[i]
		*image = MovementImage{LevelImage: *before, Kind: row.Kind, From: row.From, To: row.To, Quantity: n, Reason: row.Reason}
		image.move(row.Kind, row.From, row.To, n)
	}
}

func (st *Step) refuseMove(reason Reason, i int) {
	move := &st.event.Moves[i]
	state := move.To
	if move.Kind.HasFrom() {
		state = move.From
	}
	before := move.Before()
	st.refuseRow(reason, i, move.In(state), before.In(state))
}

// applyMovement changes the levels of the slot's rows; the lowest slot tells of it.
func (s *slot) applyMovement(st *Step, sink Sink) {
	for i := range st.event.Moves {
		if move := &st.event.Moves[i]; move.SKU.Slot() == s.id {
			s.setStock(&move.LevelImage)
		}
	}
	if s.id == maskFirst(st.command.Mask) {
		sink.Event(&st.event)
	}
}

// setStock makes the units on hand at a level, and their states, those of an image.
func (s *slot) setStock(after *LevelImage) {
	level := s.makeLevel(after.SKU, after.Location)
	sku := s.skus.mut(after.SKU.Place())
	sku.withheld -= level.withheld()
	sku.onHand += after.OnHand - level.onHand
	sku.unavailable += after.unavailable() - level.unavailable[0] - level.unavailable[1] - level.unavailable[2]
	if level.flags&levelAvoided != 0 && after.In(StateSellable) > level.sellable() {
		s.avoidNoMore(sku, level)
	}
	level.onHand, level.unavailable = after.OnHand, after.Unavailable
	level.flags &^= levelShort
	if level.fulfillable() < 0 {
		level.flags |= levelShort
	}
	sku.withheld += level.withheld()
	s.touch(sku, after.SKU)
}
