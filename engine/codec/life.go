package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// appendLifeRequest appends what goes on with the life of an order.
func appendLifeRequest(dst []byte, c *core.Command) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
	dst = appendNotes(dst, c.Life.Note, c.Actor)
	if c.Kind.IsOfReturn() {
		return appendReturnRequest(dst, c)
	}
	switch c.Kind {
	case core.CommandShipOrder:
		return appendLines(appendShipFrom(appendUvarint(dst, uint64(c.Life.Location)), c.Life), c.Lines)
	case core.CommandTrackShipment:
		return appendReports(appendUvarint(dst, uint64(c.Life.Shipment)), c.Life.Reports)
	case core.CommandPutOnHold, core.CommandTakeOffHold:
		return append(dst, byte(c.Life.OnHold))
	case core.CommandTakeBack:
		dst = appendUvarint(appendUvarint(dst, uint64(c.Life.Shipment)), uint64(c.Life.Location))
		return appendLines(append(dst, byte(c.Life.To)), c.Lines)
	}
	return appendLineUnits(dst, c.Life.Units)
}

func (c *cursor) lifeRequest(cmd *core.Command) {
	r := &core.LifeRequest{}
	cmd.Life, cmd.Order = r, core.OrderID(c.uint64())
	r.Note, cmd.Actor = c.rerouteNote(), c.actor()
	if cmd.Kind.IsOfReturn() {
		c.returnRequest(cmd)
		return
	}
	switch cmd.Kind {
	case core.CommandShipOrder:
		r.Location = c.location()
		c.shipFrom(r)
		cmd.Lines = c.reroutedLines(cmd.Lines)
		return
	case core.CommandTrackShipment:
		r.Shipment, r.Reports = c.anyShipment(), c.reports(nil)
		return
	case core.CommandTakeBack:
		c.takeBack(cmd)
		return
	case core.CommandPutOnHold:
		r.OnHold = c.onHold()
		return
	case core.CommandTakeOffHold:
		r.OnHold = c.anyOnHold()
		return
	}
	r.Units = c.cancelledUnits()
}

// anyShipment reads the number that a shipment of some order may have.
func (c *cursor) anyShipment() int {
	return int(c.between(1, core.MaxShipments, "number of a shipment is not 1 to 500"))
}

func (c *cursor) takeBack(cmd *core.Command) {
	r := cmd.Life
	r.Shipment, r.Location = c.anyShipment(), c.location()
	at := c.pos
	if r.To = core.StockState(c.byte()); r.To > core.StateOther {
		c.fail(at, "unknown state of stock")
	}
	cmd.Lines = c.reroutedLines(cmd.Lines)
}

func appendLineUnits(dst []byte, units []core.LineUnits) []byte {
	dst = appendUvarint(dst, uint64(len(units)))
	for _, u := range units {
		dst = appendQuantity(appendUvarint(dst, uint64(u.Line)), u.Quantity)
	}
	return dst
}

// lineUnits reads units of lines, of so many lines at most, and of some at least.
func (c *cursor) lineUnits(units []core.LineUnits, lines, least int) []core.LineUnits {
	n := c.count(least, core.MaxLines, 2, "lines are not 1 to 500")
	units = slices.Grow(units[:0], n)
	for range n {
		units = append(units, core.LineUnits{Line: c.lineOf(lines), Quantity: c.quantity()})
	}
	return units
}

// lineOf reads the place of a line of an order with so many.
func (c *cursor) lineOf(lines int) int {
	return int(c.upTo(uint64(max(lines, 1)-1), "line is not one of the order's"))
}

// appendCancelled appends which units of lines were cancelled, where they were, who did it and why.
func appendCancelled(dst []byte, ev *core.Event) []byte {
	dst = appendLineUnits(appendNotes(dst, ev.Note, ev.Actor), ev.Units)
	dst = appendUvarint(dst, uint64(len(ev.Freed)))
	for i := range ev.Freed {
		f := &ev.Freed[i]
		from := uint64(f.Location) + 1
		if f.Beyond {
			from = 0
		}
		dst = appendUvarint(appendUvarint(dst, uint64(f.Line)), from)
		dst = appendQuantity(dst, f.Quantity)
	}
	return dst
}

func (c *cursor) cancelled(ev *core.Event, least int) {
	lines := len(ev.Order.Lines)
	ev.Note, ev.Actor = c.rerouteNote(), c.actor()
	ev.Units = c.lineUnits(ev.Units, lines, least)
	n := c.count(0, core.MaxLines*(core.MaxLocations+1), 3, "places are more than 2048500")
	ev.Freed = slices.Grow(ev.Freed[:0], n)
	for range n {
		f := core.FreedUnits{Line: c.lineOf(lines)}
		from := c.upTo(1<<16, "location number exceeds 16 bits")
		if f.Beyond = from == 0; !f.Beyond {
			f.Location = core.LocationID(from - 1)
		}
		f.Quantity = c.quantity()
		ev.Freed = append(ev.Freed, f)
	}
}

// appendLife appends what became of each line of an order, and its shipments.
func appendLife(dst []byte, life *core.LifeImage) []byte {
	for i := range life.Lines {
		l := &life.Lines[i]
		for _, n := range [...]core.Quantity{l.Cancelled, l.Shipped, l.Delivered, l.Lost, l.SentBack, l.TakenBack} {
			dst = appendQuantity(dst, n)
		}
	}
	return appendShipments(appendUvarint(dst, uint64(life.ClosesAt)), life)
}

// life reads what became of an order, and its returns if it has some.
func (c *cursor) life(o *core.OrderImage, hasReturns bool) {
	life := c.spare
	if life == nil {
		life = new(core.LifeImage)
	}
	o.Life = life
	life.Lines = slices.Grow(life.Lines[:0], len(o.Lines))[:len(o.Lines)]
	for i := range life.Lines {
		life.Lines[i] = core.LineLife{
			Cancelled: c.quantity(), Shipped: c.quantity(), Delivered: c.quantity(), Lost: c.quantity(),
			SentBack: c.quantity(), TakenBack: c.quantity(),
		}
	}
	life.ClosesAt = c.millis()
	life.Fulfilments, life.ToDo = life.Fulfilments[:0], life.ToDo[:0]
	c.shipments(life, len(o.Lines))
	life.Returns, life.ReturnLines, life.Refunds = life.Returns[:0], life.ReturnLines[:0], life.Refunds[:0]
	if hasReturns {
		c.returns(life, len(o.Lines))
	}
	if c.err() == nil {
		life.CountReturns()
	}
}

// onHold reads reasons for which an order is on hold, one at least.
func (c *cursor) onHold() core.OnHold {
	at := c.pos
	reasons := c.anyOnHold()
	if reasons == 0 {
		c.fail(at, "no reason to be on hold")
	}
	return reasons
}

// anyOnHold reads reasons, or none.
func (c *cursor) anyOnHold() core.OnHold {
	at := c.pos
	reasons := core.OnHold(c.byte())
	if reasons&^core.AnyOnHold != 0 {
		c.fail(at, "unknown reason to be on hold")
	}
	return reasons
}
