package codec

import (
	"slices"

	"holdfast/engine/core"
)

// appendNotes appends who moved stock, and what for.
func appendNotes(dst, actor, cause []byte) []byte {
	return appendString(appendString(dst, actor), cause)
}

func (c *cursor) notes() (actor, cause []byte) {
	actor = c.note("actor is longer than 64 bytes", "actor is not UTF-8")
	return actor, c.note("cause is longer than 64 bytes", "cause is not UTF-8")
}

func appendMoves(dst []byte, c *core.Command) []byte {
	dst = appendNotes(dst, c.Actor, c.Cause)
	dst = appendUvarint(dst, uint64(len(c.Moves)))
	for i := range c.Moves {
		r := &c.Moves[i]
		dst = appendUvarint(dst, uint64(r.SKU))
		dst = appendUvarint(dst, uint64(r.Location))
		dst = appendMovementKind(dst, r.Kind, r.From, r.To)
		dst = appendSigned(dst, r.Quantity)
		if r.Kind == core.MovementCount {
			dst = appendBool(dst, r.HasExpected)
		}
		if r.HasExpected {
			dst = appendQuantity(dst, r.Expected)
		}
		dst = appendString(dst, r.Reason)
	}
	return dst
}

// moves reads what a movement has.
func (c *cursor) moves(cmd *core.Command) {
	const shortest = 5
	cmd.Actor, cmd.Cause = c.notes()
	n := c.count(1, core.MaxRows, shortest, "movements are not 1 to 500")
	cmd.Moves = slices.Grow(cmd.Moves[:0], n)[:n]
	for i := range cmd.Moves {
		r := &cmd.Moves[i]
		*r = core.MovementRow{SKU: c.sku(), Location: c.location()}
		at := c.pos
		r.Kind, r.From, r.To = c.movementKind()
		if r.Kind > core.MovementWriteOff {
			c.fail(at, "kind of movement that is not asked for")
		}
		r.Quantity = c.moved(r.Kind)
		if r.Kind == core.MovementCount {
			r.HasExpected = c.bool("mark of an expected quantity is not 0 or 1")
		}
		if r.HasExpected {
			r.Expected = core.Quantity(c.upTo(uint64(core.MaxOnHand), "expected quantity exceeds 1000000000000"))
		}
		r.Reason = c.reason()
	}
}

// moved reads how many units a movement is about.
func (c *cursor) moved(kind core.MovementKind) core.Quantity {
	least := core.Quantity(1)
	switch kind {
	case core.MovementAdjust:
		least = -core.MaxOnHand
	case core.MovementCount:
		least = 0
	}
	at := c.pos
	n := c.signed()
	if n < least || n > core.MaxOnHand || kind == core.MovementAdjust && n == 0 {
		c.fail(at, "quantity of a movement is outside its limits")
	}
	return n
}

// appendMovementKind appends the kind and its states, those that it does not have as 0.
func appendMovementKind(dst []byte, kind core.MovementKind, from, to core.StockState) []byte {
	return append(dst, byte(kind), byte(from)<<4|byte(to))
}

func (c *cursor) movementKind() (kind core.MovementKind, from, to core.StockState) {
	at := c.pos
	kind = core.MovementKind(c.byte())
	if kind < core.MovementReceive || kind > core.MovementReturnIn {
		c.fail(at, "unknown kind of movement")
	}
	at = c.pos
	states := c.byte()
	from, to = core.StockState(states>>4), core.StockState(states&15)
	switch {
	case from > core.StateOther || to > core.StateOther:
		c.fail(at, "unknown state of stock")
	case kind == core.MovementReclassify && from == to:
		c.fail(at, "units are moved to the state that they are in")
	case !kind.HasTo() && to != 0, !kind.HasFrom() && from != 0:
		c.fail(at, "the kind of movement does not have this state")
	}
	return kind, from, to
}

func appendMovementImages(dst []byte, ev *core.Event) []byte {
	return appendMovementList(appendNotes(dst, ev.Actor, ev.Cause), ev.Moves)
}

func appendMovementList(dst []byte, moves []core.MovementImage) []byte {
	dst = appendUvarint(dst, uint64(len(moves)))
	for i := range moves {
		m := &moves[i]
		dst = appendUvarint(dst, uint64(m.SKU))
		dst = appendLevel(dst, &m.LevelImage)
		dst = appendMovementKind(dst, m.Kind, m.From, m.To)
		dst = appendSigned(dst, m.Quantity)
		dst = appendString(dst, m.Reason)
	}
	return dst
}

func (c *cursor) movementImages(ev *core.Event) {
	ev.Actor, ev.Cause = c.notes()
	ev.Moves = c.movementList(ev.Moves, 1)
}

// movementList reads movements, of which there are least at least.
func (c *cursor) movementList(moves []core.MovementImage, least int) []core.MovementImage {
	n := c.count(least, core.MaxRows, shortestLevel+5, "movements are not 1 to 500")
	moves = slices.Grow(moves[:0], n)[:n]
	for i := range moves {
		m := &moves[i]
		m.SKU = c.sku()
		c.level(&m.LevelImage)
		m.Kind, m.From, m.To = c.movementKind()
		m.Quantity = c.signed()
		m.Reason = c.reason()
	}
	return moves
}
