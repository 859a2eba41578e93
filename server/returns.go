package server

import (
	"errors"
	"slices"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/core"
)

var (
	requestedReturn = submission{status: 201, render: (*Server).renderReturned}
	changedReturn   = submission{status: 200, render: (*Server).renderReturned}
)

// returnRoutes lists what is served about returns.
func returnRoutes() []*route {
	return []*route{
		{method: methodPost, pattern: "/v1/orders/{order}/returns", body: jsonBody, writes: true, handle: (*Server).requestReturn},
		{method: methodGet, pattern: "/v1/orders/{order}/returns", handle: (*Server).listOrderReturns},
		{method: methodGet, pattern: "/v1/orders/{order}/returns/{return}", handle: (*Server).getReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/approve", body: optionalBody, writes: true, handle: (*Server).approveReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/decline", body: optionalBody, writes: true, handle: (*Server).declineReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/cancel", body: optionalBody, writes: true, handle: (*Server).cancelReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/in-transit", body: optionalBody, writes: true, handle: (*Server).reportReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/receive", body: jsonBody, writes: true, handle: (*Server).receiveReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/inspect", body: optionalBody, writes: true, handle: (*Server).inspectReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/close", body: optionalBody, writes: true, handle: (*Server).closeReturn},
		{method: methodPost, pattern: "/v1/orders/{order}/returns/{return}/refund-decisions", body: jsonBody, writes: true, handle: (*Server).decideRefund},
		{method: methodGet, pattern: "/v1/returns", handle: (*Server).listReturns},
	}
}

// requestReturn serves POST /v1/orders/{order}/returns: units are to be taken back, or made good.
func (s *Server) requestReturn(x *exchange) {
	var r returnIntake
	in := &x.intake
	in.parseReturn(x.ctx.PostBody(), &r)
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(&in.command) {
		return
	}
	in.command.Order = id
	if _, ok = s.loadOrderOf(x, id); ok && s.findRequested(x, &r) {
		s.submit(x, &requestedReturn)
	}
}

// findRequested makes the rows of a request those of the command; it answers and gives false when one names no line of the order. Without rows they are all lines.
func (s *Server) findRequested(x *exchange, r *returnIntake) bool {
	o, ask := &x.event.Order, x.intake.command.Life.Return
	if len(r.rows) == 0 {
		for i := range o.Lines {
			if role := o.Lines[i].Role; role != core.LineOfComponent && (role != core.LineUntracked || i == 0 || o.LineLife(i).Delivered > 0) { // one row at least, to be refused
				ask.Rows = append(ask.Rows, core.ReturnRow{Line: i, Reason: r.all.Reason})
				x.intake.rows = append(x.intake.rows, shownLine(o, i))
			}
		}
	}
	for i := range r.rows {
		row := &r.rows[i]
		line, ok := s.findReturnLine(x, i, row)
		if !ok {
			return false
		}
		if slices.ContainsFunc(ask.Rows, func(other core.ReturnRow) bool { return other.Line == line }) {
			x.failField(codeDuplicateItem, "lines["+strconv.Itoa(i)+"]", "is there already: name each line once, with all its units")
			return false
		}
		ask.Rows = append(ask.Rows, core.ReturnRow{Line: line, Quantity: row.Quantity, Reason: row.Reason})
		x.intake.rows = append(x.intake.rows, i)
	}
	return true
}

// findReturnLine gives the place of the line that a row of the body names: of a component, where it names that too. It answers and gives false when there is
// none.
func (s *Server) findReturnLine(x *exchange, at int, row *returnIntakeRow) (int, bool) {
	o, field := &x.event.Order, "lines["+strconv.Itoa(at)+"]."
	line, ok := placeOfLine(o, row.Line)
	if !ok {
		failLine(x, field+"line")
		return 0, false
	}
	if row.sku != nil {
		entry, known := s.engine.SKU(row.sku)
		for ok = known && o.Lines[line].SKU == entry.ID; known && !ok; {
			if line++; line == len(o.Lines) || o.Lines[line].Role != core.LineOfComponent {
				break
			}
			ok = o.Lines[line].SKU == entry.ID
		}
	}
	if !ok {
		x.failField(codeOrderLine, field+"sku", "must be that of line "+strconv.Itoa(row.Line)+", or of a component of its kits")
	}
	return line, ok
}

// returnInPath reads the order and the number of the return in the path, and the header's version, and loads the order, for a repeated request with the event
// of the first time; it answers and gives false when that cannot be done.
func (s *Server) returnInPath(x *exchange) bool {
	c := &x.intake.command
	id, number, ok := s.returnNamed(x)
	if !ok || !x.setVersion(c) {
		return false
	}
	repeated, ok := s.loadOrderOf(x, id)
	if !repeated {
		x.event.Kind = 0
	}
	c.Order, c.Life.Return.Number = id, number
	return ok
}

// returnNamed reads the order and the number of the return in the path.
func (s *Server) returnNamed(x *exchange) (id core.OrderID, number int, ok bool) {
	const placeOfOrder, placeOfReturn = 2, 4
	n, err := strconv.ParseUint(string(x.segment(placeOfReturn)), 10, 16)
	x.variable = x.segment(placeOfOrder)
	if id, ok = s.orderInPath(x, false); !ok {
		return 0, 0, false
	}
	if err != nil || n == 0 || n > core.MaxReturns {
		failUnknownReturn(x)
		return 0, 0, false
	}
	return id, int(n), true
}

func failUnknownReturn(x *exchange) {
	x.fail(&problem{kind: refusalKind(core.ReasonReturnNotFound, false), detail: refusalDetails[core.ReasonReturnNotFound]})
}

// declineReturn serves POST /v1/orders/{order}/returns/{return}/decline.
func (s *Server) declineReturn(x *exchange) { s.decideReturn(x, core.DecideDecline) }

// cancelReturn serves POST /v1/orders/{order}/returns/{return}/cancel.
func (s *Server) cancelReturn(x *exchange) { s.decideReturn(x, core.DecideCancel) }

func (s *Server) decideReturn(x *exchange, decision core.ReturnDecision) {
	x.intake.parseDecision(x.body(), decision)
	if !x.hasFaults() && s.returnInPath(x) {
		s.submit(x, &changedReturn)
	}
}

// approveReturn serves POST /v1/orders/{order}/returns/{return}/approve, with a replacement or without.
func (s *Server) approveReturn(x *exchange) {
	var r returnIntake
	x.intake.parseApproval(x.body(), &r)
	switch {
	case x.hasFaults() || !s.returnInPath(x):
	case r.replacement:
		s.exchangeReturn(x, &r)
	default:
		s.submit(x, &changedReturn)
	}
}

// reportReturn serves POST /v1/orders/{order}/returns/{return}/in-transit.
func (s *Server) reportReturn(x *exchange) {
	x.intake.parseReturnReport(x.body())
	if !x.hasFaults() && s.returnInPath(x) {
		s.submit(x, &changedReturn)
	}
}

// receiveReturn serves POST /v1/orders/{order}/returns/{return}/receive.
func (s *Server) receiveReturn(x *exchange) {
	s.takeReturn(x, core.CommandReceiveReturn, dispositions[:])
}

// inspectReturn serves POST /v1/orders/{order}/returns/{return}/inspect.
func (s *Server) inspectReturn(x *exchange) {
	s.takeReturn(x, core.CommandInspectReturn, inspected)
}

// takeReturn carries out what tells of units of a return.
func (s *Server) takeReturn(x *exchange, kind core.CommandKind, words []string) {
	var r returnIntake
	in := &x.intake
	in.parseReceipt(kind, x.body(), &r, words)
	if x.hasFaults() || !s.returnInPath(x) {
		return
	}
	if len(in.locations) > 0 {
		id, ok := s.engine.Location(in.locations[0])
		if !ok {
			x.fail(unknownNamed("location", in.locations[0]))
			return
		}
		in.command.Life.Location = id
	}
	if s.findReceived(x, &r) {
		s.submit(x, &changedReturn)
	}
}

// findReceived makes the rows of a receipt those of the command, kits as their components; it answers and gives false when one names no line of the order. Without
// rows they are all lines of the return.
func (s *Server) findReceived(x *exchange, r *returnIntake) bool {
	o, c := &x.event.Order, &x.intake.command
	switch {
	case len(r.rows) > 0 || r.all.Disposition == 0:
	case (x.event.Kind == core.EventReturnReceived || x.event.Kind == core.EventReturnInspected) && x.event.Return == c.Life.Return.Number: // repeated
		for _, was := range x.event.Returned {
			appendReturnRow(c, o, core.ReturnRow{Line: was.Line, Disposition: r.all.Disposition})
		}
	default:
		appendReturned(c, o, linesOfReturn(o, c.Life.Return.Number), r.all.Disposition)
		if len(c.Life.Return.Rows) == 0 && c.Kind == core.CommandReceiveReturn { // there is no such return, or nothing of it is out: it is to be refused
			appendReturnRow(c, o, core.ReturnRow{Disposition: r.all.Disposition})
		}
	}
	for i := range c.Life.Return.Rows {
		x.intake.rows = append(x.intake.rows, shownLine(o, c.Life.Return.Rows[i].Line))
	}
	for i := range r.rows {
		row := &r.rows[i]
		line, ok := s.findReturnLine(x, i, row)
		if !ok {
			return false
		}
		before := len(c.Life.Return.Rows)
		if o.Lines[line].Role == core.LineOfKits {
			for part := line + 1; part < len(o.Lines) && o.Lines[part].Role == core.LineOfComponent; part++ {
				each := o.Lines[part].Quantity / o.Lines[line].Quantity
				appendReturnRow(c, o, core.ReturnRow{Line: part, Quantity: row.Quantity * each, Disposition: row.Disposition})
			}
		} else {
			appendReturnRow(c, o, core.ReturnRow{Line: line, Quantity: row.Quantity, Disposition: row.Disposition})
		}
		for range c.Life.Return.Rows[before:] {
			x.intake.rows = append(x.intake.rows, i)
		}
		for k, added := range c.Life.Return.Rows[before:] {
			if slices.ContainsFunc(c.Life.Return.Rows[:before+k], func(other core.ReturnRow) bool {
				return other.Line == added.Line && other.Disposition == added.Disposition
			}) {
				x.failField(codeDuplicateItem, "lines["+strconv.Itoa(i)+"]", "is there already: name each line once with each disposition")
				return false
			}
			if added.Quantity > core.MaxLineQuantity || len(c.Life.Return.Rows) > core.MaxLines {
				x.failField(codeOutOfRange, "lines["+strconv.Itoa(i)+"]", "has more units of kits than any return")
				return false
			}
		}
	}
	return true
}

// linesOfReturn gives the lines of one of an order's returns; none of one that it does not have.
func linesOfReturn(o *core.OrderImage, number int) (found []core.ReturnLine) {
	if o.Life != nil {
		o.Life.EachReturn(func(n int, _ *core.ReturnImage, lines []core.ReturnLine, _ []core.RefundImage) {
			if n == number {
				found = lines
			}
		})
	}
	return found
}

// appendReturned adds all that lines of a return still have.
func appendReturned(c *core.Command, o *core.OrderImage, lines []core.ReturnLine, d core.Disposition) {
	for i := range lines {
		left := lines[i].Quantity
		for k, n := range lines[i].Became {
			if left -= n; c.Kind == core.CommandInspectReturn && core.Disposition(k+1) == core.DisposeQualityControl {
				left = n
				break
			}
		}
		if left > 0 {
			appendReturnRow(c, o, core.ReturnRow{Line: lines[i].Line, Disposition: d})
		}
	}
}

// appendReturnRow adds a row to the command, and its SKU to those that the command names.
func appendReturnRow(c *core.Command, o *core.OrderImage, row core.ReturnRow) {
	c.Life.Return.Rows = append(c.Life.Return.Rows, row)
	line := core.Line{SKU: o.Lines[row.Line].SKU}
	if !slices.Contains(c.Lines, line) {
		c.Lines = append(c.Lines, line)
	}
}

// closeReturn serves POST /v1/orders/{order}/returns/{return}/close.
func (s *Server) closeReturn(x *exchange) {
	in := &x.intake
	in.beginReturn(core.CommandCloseReturn, x.body(), func(*core.ReturnRequest, []byte) bool { return false })
	in.end()
	if !x.hasFaults() && s.returnInPath(x) {
		s.submit(x, &changedReturn)
	}
}

// decideRefund serves POST /v1/orders/{order}/returns/{return}/refund-decisions.
func (s *Server) decideRefund(x *exchange) {
	x.intake.parseRefund(x.ctx.PostBody())
	if !x.hasFaults() && s.returnInPath(x) {
		s.submit(x, &requestedReturn)
	}
}

// renderReturned answers with the order in the exchange's event, and with the return that the command was about.
func (s *Server) renderReturned(x *exchange, sequence core.Sequence) {
	number := x.intake.command.Life.Return.Number
	if number == 0 {
		number = x.event.Return
	}
	returned, err := s.appendReturn(nil, &x.event.Order, number, s.engine.Document)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.intake.command.Document = nil // that of the return, which is not the order's
	status := x.ctx.Response.StatusCode()
	s.renderOrder(x, sequence)
	if x.ctx.Response.StatusCode() == status {
		dst := append(x.out[:len(x.out)-1], `,"return":`...)
		x.answerJSON(status, append(append(dst, returned...), '}'))
	}
}

// listOrderReturns serves GET /v1/orders/{order}/returns.
func (s *Server) listOrderReturns(x *exchange) {
	s.listParts(x, func(life *core.LifeImage) int { return len(life.Returns) }, s.appendReturn)
}

// getReturn serves GET /v1/orders/{order}/returns/{return}.
func (s *Server) getReturn(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	id, number, ok := s.returnNamed(x)
	if !ok {
		return
	}
	sequence, err := s.readOrder(x, id)
	order := &x.event.Order
	switch {
	case errors.Is(err, engine.ErrNotFound):
		failUnknownOrder(x, false)
		return
	case err == nil && (order.Life == nil || number > len(order.Life.Returns)):
		failUnknownReturn(x)
		return
	}
	dst := x.out[:0]
	if err == nil {
		dst, err = s.appendReturn(dst, order, number, s.engine.Document)
	}
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.tag(order.Version)
	x.answerJSON(200, append(appendNumberField(dst[:len(dst)-1], `,"sequence":`, sequence), '}'))
}
