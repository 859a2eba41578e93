package server

import (
	"strconv"

	"holdfast/engine/core"
)

// cancelOrder serves POST /v1/orders/{order}/cancel: of the whole order, or of units of some lines.
func (s *Server) cancelOrder(x *exchange) {
	in := &x.intake
	in.parseCancel(x.body())
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(&in.command) {
		return
	}
	in.command.Order = id
	if in.command.Life != nil && !(s.loadOrder(x, id) && placeLines(x)) {
		return
	}
	s.submit(x, &cancelledOrder)
}

// placeLines makes the places of lines among those that are shown, as a request names them, those in the exchange's order; it answers and gives
// false when there is one that the order does not show.
func placeLines(x *exchange) bool {
	c, list := &x.intake.command, "lines["
	if c.Kind == core.CommandEditOrder {
		list = "remove["
	}
	units := c.Life.Units
	for i := range units {
		line, ok := placeOfLine(&x.event.Order, units[i].Line)
		if !ok {
			failLine(x, list+strconv.Itoa(i)+"].line")
			return false
		}
		units[i].Line = line
	}
	return true
}

// failLine answers that a field names no line of the order in the exchange's event.
func failLine(x *exchange, field string) {
	x.failField(codeOrderLine, field, rangeSays(0, int64(shownLines(&x.event.Order)-1))+": lines are counted from 0")
}

// placeOfLine undoes shownLine: it is the place of a line that is shown.
func placeOfLine(o *core.OrderImage, shown int) (int, bool) {
	for i := range o.Lines {
		if o.Lines[i].Role == core.LineOfComponent {
			continue
		}
		if shown == 0 {
			return i, true
		}
		shown--
	}
	return 0, false
}

// lineCounters are what becomes of units that were shipped.
var lineCounters = [...]struct {
	name  string
	units func(life core.LineLife) core.Quantity
}{
	{`,"shipped":`, func(life core.LineLife) core.Quantity { return life.Shipped }},
	{`,"delivered":`, func(life core.LineLife) core.Quantity { return life.Delivered }},
	{`,"lost":`, func(life core.LineLife) core.Quantity { return life.Lost }},
	{`,"returned_to_sender":`, func(life core.LineLife) core.Quantity { return life.SentBack }},
	{`,"received_back":`, func(life core.LineLife) core.Quantity { return life.TakenBack }},
}

// appendLineUnits appends what became of a line's units, of an order of which something became.
func appendLineUnits(dst []byte, o *core.OrderImage, i int, allocations []core.Allocation) []byte {
	line, life := &o.Lines[i], o.LineLife(i)
	allocated := core.Quantity(0)
	for _, a := range allocations {
		allocated += a.Quantity
	}
	dst = appendNumberField(append(dst, `,"units":`...), `{"ordered":`, line.Quantity)
	dst = appendNumberField(dst, `,"cancelled":`, life.Cancelled)
	dst = appendNumberField(dst, `,"backordered":`, line.Backordered)
	dst = appendNumberField(dst, `,"allocated":`, allocated)
	for _, n := range lineCounters {
		dst = appendNumberField(dst, n.name, kitsOf(o, i, n.units))
	}
	if len(o.Life.Returns) > 0 {
		dst = appendReturnCounters(dst, o, i)
	}
	return append(dst, '}')
}

// appendCancelled appends which units of which lines were cancelled, and what was noted.
func (s *Server) appendCancelled(dst []byte, ev *core.Event) []byte {
	dst = append(dst, `,"cancelled":[`...)
	count := 0
	for _, u := range ev.Units {
		if ev.Order.Lines[u.Line].Role != core.LineOfComponent {
			dst = s.appendOfLine(appendComma(dst, count), ev, u.Line)
			dst = append(appendNumberField(dst, `,"quantity":`, u.Quantity), '}')
			count++
		}
	}
	return appendNoted(append(dst, ']'), ev)
}

// tellsActor tells whether appendBeside says who did what events of a kind tell of.
func tellsActor(kind core.EventKind) bool {
	switch kind {
	case core.EventLinesCancelled, core.EventOrderShipped, core.EventShipmentTracked, core.EventShipmentTakenBack,
		core.EventPaymentReported, core.EventPaymentRequested, core.EventHoldLocked, core.EventHoldUnlocked, core.EventPaymentLate:
		return true
	}
	return false
}

// appendNoted appends who did what an event tells of, and what was noted.
func appendNoted(dst []byte, ev *core.Event) []byte {
	if len(ev.Note) > 0 {
		dst = appendTextField(dst, `,"note":`, ev.Note)
	}
	if len(ev.Actor) > 0 {
		dst = appendTextField(dst, `,"actor":`, ev.Actor)
	}
	return dst
}
