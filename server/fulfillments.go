package server

import (
	"slices"
	"strconv"

	"holdfast/engine/core"
)

var fulfilledOrder = submission{status: 200, render: (*Server).renderFulfilled}

// fulfilmentStates are the names of where the work on a fulfilment order stands, by number.
var fulfilmentStates = [...]string{
	core.FulfilmentOpen:       "open",
	core.FulfilmentInProgress: "in_progress",
	core.FulfilmentScheduled:  "scheduled",
	core.FulfilmentOnHold:     "on_hold",
	core.FulfilmentSubmitted:  "submitted",
	core.FulfilmentAccepted:   "accepted",
	core.FulfilmentDeclined:   "declined",
	core.FulfilmentIncomplete: "incomplete",
	core.FulfilmentReady:      "ready_for_pickup",
	core.FulfilmentClosed:     "closed",
	core.FulfilmentCancelled:  "cancelled",
}

// fulfilmentActions are the names of what is done with a fulfilment order, by number.
var fulfilmentActions = [...]string{
	core.FulfilmentStart:     "start",
	core.FulfilmentSchedule:  "schedule",
	core.FulfilmentHold:      "hold",
	core.FulfilmentRelease:   "release",
	core.FulfilmentSubmit:    "submit",
	core.FulfilmentAccept:    "accept",
	core.FulfilmentStop:      "stop",
	core.FulfilmentPrepare:   "ready_for_pickup",
	core.FulfilmentSplit:     "split",
	core.FulfilmentMerge:     "merge",
	core.FulfilmentMove:      "move",
	core.FulfilmentShortPick: "short_pick",
	core.FulfilmentDecline:   "decline",
	core.FulfilmentShip:      "ship",
}

// fulfilmentCommands are the commands of the actions that WorkFulfilment has not.
var fulfilmentCommands = map[core.FulfilmentAction]core.CommandKind{
	core.FulfilmentSplit:     core.CommandSplitFulfilment,
	core.FulfilmentMerge:     core.CommandMergeFulfilments,
	core.FulfilmentMove:      core.CommandMoveFulfilment,
	core.FulfilmentShortPick: core.CommandShortPick,
	core.FulfilmentDecline:   core.CommandDeclineFulfilment,
}

// FulfilmentActionName is what the API calls something that is done with a fulfilment order.
func FulfilmentActionName(action core.FulfilmentAction) string { return fulfilmentActions[action] }

// workFulfilment serves POST /v1/orders/{order}/fulfillments/{fulfillment}: something is done with a fulfilment order.
func (s *Server) workFulfilment(x *exchange) {
	const placeOfOrder = 2
	in := &x.intake
	request := in.parseFulfilment(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	number, err := strconv.ParseUint(string(x.variable), 10, 16)
	x.variable = x.segment(placeOfOrder)
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(&in.command) {
		return
	}
	repeated, ok := s.loadOrderOf(x, id)
	if !ok {
		return
	}
	in.command.Order, in.command.Life.Fulfilment = id, int(number)
	if err != nil || number == 0 || !s.completeFulfilment(x, request, repeated) {
		if !x.failed() {
			failUnknownFulfilment(x)
		}
		return
	}
	x.event.Kind = 0 // what changes nothing has no event
	s.submit(x, &fulfilledOrder)
}

func failUnknownFulfilment(x *exchange) {
	x.fail(&problem{kind: refusalKind(core.ReasonFulfilmentNotFound, false), detail: refusalDetails[core.ReasonFulfilmentNotFound]})
}

// failed tells whether the exchange has been answered with a problem.
func (x *exchange) failed() bool { return x.ctx.Response.StatusCode() >= 400 }

// fulfilmentsOf gives the life of an order with its fulfilment orders, those that are only implied included.
func fulfilmentsOf(o *core.OrderImage, scratch *core.LifeImage) *core.LifeImage {
	if o.Life != nil && len(o.Life.Fulfilments) > 0 {
		return o.Life
	}
	core.ImplyFulfilments(o, scratch)
	return scratch
}

// toDoOf gives the units of one of the fulfilment orders of a life.
func toDoOf(life *core.LifeImage, number int) []core.LineUnits {
	first := 0
	for i := range life.Fulfilments[:number-1] {
		first += life.Fulfilments[i].Lines
	}
	return life.ToDo[first : first+life.Fulfilments[number-1].Lines]
}

// completeFulfilment tells a command what its order says: where the fulfilment order is, which lines its units are of, and for those that go elsewhere
// the SKUs and where the order goes. A repeated one is told what the order said before the event that is loaded. It gives false when there is no such
// fulfilment order, or has answered already.
func (s *Server) completeFulfilment(x *exchange, request *fulfilmentRequest, repeated bool) bool {
	in, order := &x.intake, &x.event.Order
	var scratch core.LifeImage
	life, r := fulfilmentsOf(order, &scratch), in.command.Life
	if r.Fulfilment > len(life.Fulfilments) {
		return false
	}
	todo := toDoOf(life, r.Fulfilment)
	if r.Location = life.Fulfilments[r.Fulfilment-1].Location; repeated && x.event.Fulfilment == r.Fulfilment {
		r.Location, todo = workBefore(&x.event, r.Location, todo)
	}
	if in.command.Kind == core.CommandMoveFulfilment {
		var ok bool
		if r.Target, ok = s.engine.Location(in.locations[0]); !ok {
			x.fail(unknownNamed("to", in.locations[0]))
			return false
		}
	}
	if !s.placeUnits(x, request, todo) {
		return false
	}
	switch in.command.Kind {
	case core.CommandMoveFulfilment, core.CommandShortPick, core.CommandDeclineFulfilment:
		in.command.Lines = appendSKUs(in.command.Lines[:0], order)
		if in.command.Kind == core.CommandMoveFulfilment || !order.HasDocument {
			return true
		}
		to, err := s.destinationOf(order)
		if err != nil {
			s.failEngine(x, err)
			return false
		}
		in.command.Destination = to
	}
	return true
}

// workBefore gives where a fulfilment order was, and the units that it had, before what an event tells of it.
func workBefore(ev *core.Event, location core.LocationID, todo []core.LineUnits) (core.LocationID, []core.LineUnits) {
	before := slices.Clone(todo)
	switch ev.Kind {
	case core.EventFulfilmentSplit:
		before = append(before, toDoOf(ev.Order.Life, ev.Into)...)
	case core.EventFulfilmentShort:
		for _, moved := range ev.Reroute.Moves {
			before = append(before, core.LineUnits{Line: moved.Line, Quantity: moved.Quantity})
		}
		location = ev.Reroute.From
	case core.EventFulfilmentMoved, core.EventFulfilmentDeclined:
		location = ev.Reroute.From
	}
	slices.SortStableFunc(before, func(a, b core.LineUnits) int { return a.Line - b.Line })
	whole := before[:0]
	for _, u := range before {
		if last := len(whole) - 1; last >= 0 && whole[last].Line == u.Line {
			whole[last].Quantity += u.Quantity
		} else {
			whole = append(whole, u)
		}
	}
	return location, whole
}

// placeUnits says of which lines the units are that a request names by SKU: of those of the fulfilment order, one after the other.
func (s *Server) placeUnits(x *exchange, request *fulfilmentRequest, todo []core.LineUnits) bool {
	r, list := x.intake.command.Life, "units["
	if x.intake.command.Kind == core.CommandShortPick {
		list = "found["
	}
	for i, u := range request.units {
		field := list + strconv.Itoa(i) + "].sku"
		entry, ok := s.engine.SKU(u.sku)
		if !ok {
			x.fail(unknownIn(kindSKUInBody, field, "there is no SKU "+quoteEchoed(u.sku)))
			return false
		}
		rest, last := u.quantity, -1
		for _, line := range todo {
			if x.event.Order.Lines[line.Line].SKU != entry.ID {
				continue
			}
			n := min(rest, line.Quantity)
			if rest -= n; n > 0 || x.intake.command.Kind == core.CommandShortPick {
				last = len(r.Units)
				r.Units = append(r.Units, core.LineUnits{Line: line.Line, Quantity: n})
				x.intake.rows = append(x.intake.rows, i)
			}
		}
		if last < 0 {
			x.failField(codeFulfillmentUnits, field, "the fulfillment order has no units of "+quoteEchoed(u.sku))
			return false
		}
		r.Units[last].Quantity += rest // more than there are: refused, with what there is
	}
	return true
}

// listFulfilments serves GET /v1/orders/{order}/fulfillments.
func (s *Server) listFulfilments(x *exchange) {
	page, sequence, ok := s.readParts(x)
	if !ok {
		return
	}
	order := &x.event.Order
	var scratch core.LifeImage
	life := fulfilmentsOf(order, &scratch)
	dst := append(x.out[:0], `{"items":[`...)
	from, to := page.of(len(life.Fulfilments))
	for i := from; i < to; i++ {
		dst = append(s.appendFulfilment(append(appendComma(dst, i-from), '{'), order, life, i+1), '}')
	}
	x.answerParts(dst, to, len(life.Fulfilments), sequence)
}

// appendFulfilment appends the fields of a fulfilment order.
func (s *Server) appendFulfilment(dst []byte, o *core.OrderImage, life *core.LifeImage, number int) []byte {
	f := &life.Fulfilments[number-1]
	dst = appendNumberField(dst, `"number":`, number)
	dst = s.appendLocation(append(dst, `,"location":`...), f.Location)
	dst = appendTextField(dst, `,"status":`, fulfilmentStates[f.Status])
	if f.ScheduledAt != 0 {
		dst = appendTimeField(dst, `,"scheduled_at":`, f.ScheduledAt)
	}
	dst = append(dst, `,"lines":[`...)
	for i, u := range toDoOf(life, number) {
		dst = appendNumberField(appendComma(dst, i), `{"line":`, shownLine(o, u.Line))
		dst = s.appendSKU(append(dst, `,"sku":`...), o.Lines[u.Line].SKU)
		dst = append(appendNumberField(dst, `,"quantity":`, u.Quantity), '}')
	}
	return appendAllowed(append(dst, ']'), f.Status)
}

// appendAllowed appends what a status of a fulfilment order allows.
func appendAllowed(dst []byte, status core.FulfilmentStatus) []byte {
	dst = append(dst, `,"allowed":[`...)
	n := 0
	for action := core.FulfilmentStart; int(action) < core.FulfilmentActions; action++ {
		if status.Allows(action) {
			dst = appendTextField(appendComma(dst, n), "", fulfilmentActions[action])
			n++
		}
	}
	return append(dst, ']')
}

// renderFulfilled answers with the order in the exchange's event, and with the fulfilment order that the command was about.
func (s *Server) renderFulfilled(x *exchange, sequence core.Sequence) {
	beside := s.appendFulfilled(nil, &x.event, x.intake.command.Life.Fulfilment)
	s.renderOrder(x, sequence)
	if status := x.ctx.Response.StatusCode(); status == 200 {
		x.answerJSON(status, append(append(x.out[:len(x.out)-1], beside...), '}'))
	}
}

// appendFulfilled appends a fulfilment order, and what an event tells of it.
func (s *Server) appendFulfilled(dst []byte, ev *core.Event, number int) []byte {
	var scratch core.LifeImage
	life := fulfilmentsOf(&ev.Order, &scratch)
	if number <= len(life.Fulfilments) {
		dst = append(s.appendFulfilment(append(dst, `,"fulfillment":{`...), &ev.Order, life, number), '}')
	}
	switch ev.Kind {
	case core.EventFulfilmentSplit, core.EventFulfilmentsMerged:
		dst = appendNumberField(dst, `,"other":`, ev.Into)
	case core.EventFulfilmentMoved, core.EventFulfilmentDeclined, core.EventFulfilmentShort:
		dst = s.appendMoved(append(dst, ','), ev)
	}
	if ev.Kind == core.EventFulfilmentShort {
		dst = append(dst, `,"missing":[`...)
		for i := range ev.Moves {
			dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), ev.Moves[i].SKU)
			dst = append(appendNumberField(dst, `,"quantity":`, ev.Moves[i].Quantity), '}')
		}
		dst = append(dst, ']')
	}
	return dst
}

// appendFulfilmentEvent appends what an event tells of a fulfilment order, and who did it.
func (s *Server) appendFulfilmentEvent(dst []byte, ev *core.Event) []byte {
	dst = s.appendFulfilled(dst, ev, ev.Fulfilment)
	switch ev.Kind {
	case core.EventFulfilmentChanged:
		dst = appendTextField(dst, `,"action":`, fulfilmentActions[ev.Action])
	case core.EventFulfilmentMoved, core.EventFulfilmentDeclined, core.EventFulfilmentShort:
		ev.Note = ev.Reroute.Note
	}
	return appendNoted(dst, ev)
}

// placeOfFulfilment finds the location that units leave, where a request names a fulfilment order and no location; it answers and gives false when
// there is none of the number.
func (s *Server) placeOfFulfilment(x *exchange, id core.OrderID) bool {
	r := x.intake.command.Life
	if r.Fulfilment == 0 || len(x.intake.locations) > 0 {
		return true
	}
	repeated, ok := s.loadOrderOf(x, id)
	if !ok {
		return false
	}
	if repeated && x.event.Kind == core.EventOrderShipped {
		r.Location = x.event.Order.Life.Shipments[x.event.Shipment-1].Location
		return true
	}
	var scratch core.LifeImage
	life := fulfilmentsOf(&x.event.Order, &scratch)
	if r.Fulfilment > len(life.Fulfilments) {
		failUnknownFulfilment(x)
		return false
	}
	r.Location = life.Fulfilments[r.Fulfilment-1].Location
	return true
}
