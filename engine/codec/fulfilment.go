package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// fulfilmentShipped marks, beside its status, a fulfilment order of which something has left.
const fulfilmentShipped = 1 << 7

// appendFulfilment appends what is done with a fulfilment order.
func appendFulfilment(dst []byte, c *core.Command) []byte {
	r := c.Life
	dst = appendNotes(binary.LittleEndian.AppendUint64(dst, uint64(c.Order)), r.Note, c.Actor)
	dst = appendUvarint(appendUvarint(dst, uint64(r.Location)), uint64(r.Fulfilment))
	switch c.Kind {
	case core.CommandWorkFulfilment:
		return appendWork(dst, r)
	case core.CommandSplitFulfilment:
		return appendLineUnits(dst, r.Units)
	case core.CommandMergeFulfilments:
		return appendUvarint(dst, uint64(r.Into))
	case core.CommandMoveFulfilment:
		dst = appendUvarint(dst, uint64(r.Target))
	case core.CommandShortPick:
		dst = appendLineUnits(appendBool(dst, r.Missing), r.Units)
	}
	return appendLines(dst, c.Lines)
}

func (c *cursor) fulfilment(cmd *core.Command) {
	r := &core.LifeRequest{}
	cmd.Life, cmd.Order = r, core.OrderID(c.uint64())
	r.Note, cmd.Actor = c.rerouteNote(), c.actor()
	r.Location, r.Fulfilment = c.location(), int(c.upTo(core.MostFulfilments, "number of a fulfilment order is above 5096"))
	switch cmd.Kind {
	case core.CommandWorkFulfilment:
		c.work(r)
		return
	case core.CommandSplitFulfilment:
		r.Units = c.unitsOnce(1)
		return
	case core.CommandMergeFulfilments:
		r.Into = c.anyFulfilment()
		return
	case core.CommandMoveFulfilment:
		r.Target = c.location()
	case core.CommandShortPick:
		r.Missing = c.bool("mark of missing units is not 0 or 1")
		r.Units = c.unitsOnce(0)
	}
	cmd.Lines = c.namedSKUs(cmd.Lines)
}

// appendWork appends what is done, and what only that has.
func appendWork(dst []byte, r *core.LifeRequest) []byte {
	dst = append(dst, byte(r.Action))
	switch {
	case r.Action == core.FulfilmentSchedule:
		return appendUvarint(dst, uint64(r.At))
	case r.Action == core.FulfilmentStart && r.List != 0:
		return binary.LittleEndian.AppendUint64(dst, r.List)
	}
	return dst
}

func (c *cursor) work(r *core.LifeRequest) {
	r.Action = c.fulfilmentAction()
	switch at := c.pos; {
	case r.Action == core.FulfilmentSchedule:
		if r.At = c.millis(); r.At == 0 {
			c.fail(at, "scheduled for no time")
		}
	case r.Action == core.FulfilmentStart && at < len(c.buf):
		if r.List = c.uint64(); r.List == 0 {
			c.fail(at, "begun for pick list 0")
		}
	}
}

// namedSKUs reads lines that only name SKUs, each once.
func (c *cursor) namedSKUs(lines []core.Line) []core.Line {
	at := c.pos
	lines = c.reroutedLines(lines)
	for i := range lines {
		if lines[i].Quantity != 0 {
			c.fail(at, "a quantity beside a SKU that is only named")
		}
	}
	return lines
}

// anyFulfilment reads the number that a fulfilment order of some order may have.
func (c *cursor) anyFulfilment() int {
	return int(c.between(1, core.MostFulfilments, "number of a fulfilment order is not 1 to 5096"))
}

func (c *cursor) fulfilmentAction() core.FulfilmentAction {
	at := c.pos
	action := core.FulfilmentAction(c.byte())
	if action == 0 || action > core.LastFulfilmentAction {
		c.fail(at, "unknown action on a fulfilment order")
	}
	return action
}

// unitsOnce reads units of lines, each line once, and so many units of each at least.
func (c *cursor) unitsOnce(least core.Quantity) []core.LineUnits {
	at := c.pos
	units := c.lineUnits(nil, core.MaxLines, 1)
	for i, u := range units {
		if slices.ContainsFunc(units[:i], func(other core.LineUnits) bool { return other.Line == u.Line }) {
			c.fail(at, "line is named twice")
		}
		if u.Quantity < least || u.Quantity > core.MaxLineQuantity {
			c.fail(at, "quantity is outside its limits")
		}
	}
	return units
}

// appendFulfilments appends an order's fulfilment orders, each with the units that are left of it.
func appendFulfilments(dst []byte, life *core.LifeImage) []byte {
	dst = appendUvarint(dst, uint64(len(life.Fulfilments)))
	todo := life.ToDo
	for i := range life.Fulfilments {
		f := &life.Fulfilments[i]
		marks := byte(f.Status)
		if f.Shipped {
			marks |= fulfilmentShipped
		}
		dst = appendUvarint(append(dst, marks), uint64(f.Location))
		if f.Status == core.FulfilmentScheduled {
			dst = appendUvarint(dst, uint64(f.ScheduledAt))
		}
		dst = appendUvarint(dst, uint64(f.Lines))
		for _, u := range todo[:f.Lines] {
			dst = appendQuantity(appendUvarint(dst, uint64(u.Line)), u.Quantity)
		}
		todo = todo[f.Lines:]
	}
	return dst
}

func (c *cursor) fulfilments(life *core.LifeImage, lines int) {
	n := c.count(1, core.MostFulfilments, 3, "fulfilment orders are not 1 to 5096")
	life.Fulfilments = slices.Grow(life.Fulfilments[:0], n)[:n]
	for i := range life.Fulfilments {
		f := &life.Fulfilments[i]
		at := c.pos
		marks := c.byte()
		*f = core.FulfilmentImage{Status: core.FulfilmentStatus(marks &^ fulfilmentShipped), Shipped: marks&fulfilmentShipped != 0}
		if f.Status < core.FulfilmentOpen || f.Status > core.LastFulfilmentStatus {
			c.fail(at, "unknown status of a fulfilment order")
		}
		if f.Location = c.location(); f.Status == core.FulfilmentScheduled {
			f.ScheduledAt = c.millis()
		}
		f.Lines = c.count(0, core.MaxLines, 2, "lines are more than 500")
		for range f.Lines {
			life.ToDo = append(life.ToDo, core.LineUnits{Line: c.lineOf(lines), Quantity: c.quantity()})
		}
	}
}

// appendFulfilmentEvent appends what became of a fulfilment order.
func appendFulfilmentEvent(dst []byte, ev *core.Event) []byte {
	dst = appendUvarint(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), uint64(ev.Fulfilment))
	switch ev.Kind {
	case core.EventFulfilmentMoved, core.EventFulfilmentDeclined:
		return appendRerouteImage(dst, ev)
	case core.EventFulfilmentShort:
		return appendMovementList(appendRerouteImage(dst, ev), ev.Moves)
	case core.EventFulfilmentChanged:
		return append(appendNotes(dst, ev.Note, ev.Actor), byte(ev.Action))
	}
	return appendUvarint(appendNotes(dst, ev.Note, ev.Actor), uint64(ev.Into))
}

func (c *cursor) fulfilmentEvent(ev *core.Event, b birth) {
	c.order(&ev.Order, b)
	ev.Fulfilment = c.fulfilmentOf(ev)
	switch ev.Kind {
	case core.EventFulfilmentMoved, core.EventFulfilmentDeclined:
		c.rerouteImage(ev, len(ev.Order.Lines))
		return
	case core.EventFulfilmentShort:
		c.rerouteImage(ev, len(ev.Order.Lines))
		ev.Moves = c.movementList(ev.Moves, 0)
		return
	}
	if ev.Note, ev.Actor = c.rerouteNote(), c.actor(); ev.Kind == core.EventFulfilmentChanged {
		ev.Action = c.fulfilmentAction()
		return
	}
	ev.Into = c.fulfilmentOf(ev)
}

// fulfilmentOf reads the number of one of the fulfilment orders of an event's order.
func (c *cursor) fulfilmentOf(ev *core.Event) int {
	most := 0
	if ev.Order.Life != nil {
		most = len(ev.Order.Life.Fulfilments)
	}
	return int(c.between(1, uint64(max(most, 1)), "the order has no fulfilment order of this number"))
}

// appendShipFrom appends of which fulfilment order units leave, and whether the customer has them, in the place of a number of lines that is none.
func appendShipFrom(dst []byte, r *core.LifeRequest) []byte {
	if r.Fulfilment == 0 && !r.PickedUp {
		return dst
	}
	return appendBool(appendUvarint(append(dst, 0), uint64(r.Fulfilment)), r.PickedUp)
}

func (c *cursor) shipFrom(r *core.LifeRequest) {
	if c.pos == len(c.buf) || c.buf[c.pos] != 0 {
		return
	}
	at := c.pos
	c.byte()
	r.Fulfilment = int(c.upTo(core.MostFulfilments, "number of a fulfilment order is above 5096"))
	if r.PickedUp = c.bool("mark of what was picked up is not 0 or 1"); r.Fulfilment == 0 && !r.PickedUp {
		c.fail(at, "no lines, and nothing said in their place")
	}
}
