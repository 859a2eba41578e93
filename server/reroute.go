package server

import "holdfast/engine/core"

var reroutedOrder = submission{status: 200, render: (*Server).renderReroute}

// rerouteReasons are why a location cannot serve an order, by number.
var rerouteReasons = [...]string{
	core.RerouteRejected:     "rejected",
	core.RerouteShortPick:    "short_pick",
	core.RerouteLocationDown: "location_down",
	core.RerouteManual:       "manual",
}

// rerouteOrder serves POST /v1/orders/{order}/reroute: units of an order move away from a location.
func (s *Server) rerouteOrder(x *exchange) {
	in := &x.intake
	in.parseReroute(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(&in.command) {
		return
	}
	in.command.Order = id
	if in.command.Reroute.Location, ok = s.engine.Location(in.locations[0]); !ok {
		x.fail(unknownNamed("location", in.locations[0]))
		return
	}
	for i, name := range in.skus {
		entry, ok := s.engine.SKU(name)
		if !ok {
			x.fail(s.unknownSKUs(in))
			return
		}
		in.command.Lines[i].SKU = entry.ID
	}
	if _, ok = s.loadOrderOf(x, id); !ok {
		return
	}
	if err := s.completeReroute(&in.command, &x.event.Order); err != nil {
		s.failEngine(x, err)
		return
	}
	s.submit(x, &reroutedOrder)
}

// completeReroute tells a command what it takes from its order: where it goes and, unless the command names lines, its SKUs; of kits those of their components.
func (s *Server) completeReroute(c *core.Command, order *core.OrderImage) (err error) {
	if len(c.Lines) == 0 {
		known := map[core.SKUID]bool{}
		for i := range order.Lines {
			if id := order.Lines[i].SKU; !known[id] && order.Lines[i].Role != core.LineOfKits {
				known[id] = true
				c.Lines = append(c.Lines, core.Line{SKU: id})
			}
		}
	}
	if order.HasDocument {
		c.Destination, err = s.destinationOf(order)
	}
	return err
}

// destinationOf reads where an order goes from its document.
func (s *Server) destinationOf(order *core.OrderImage) (to core.Destination, err error) {
	document, err := s.documentNow(order)
	if err != nil {
		return to, err
	}
	var in intake
	in.canonicalDocument(document, len(order.Lines))
	to = in.command.Destination
	if in.pickup != nil {
		to.Pickup, to.HasPickup = s.engine.Location(in.pickup)
	}
	return to, nil
}

// renderReroute answers with the order in the exchange's event, and with what moved.
func (s *Server) renderReroute(x *exchange, sequence core.Sequence) {
	s.renderOrder(x, sequence)
	if x.ctx.Response.StatusCode() != 200 {
		return
	}
	dst := append(x.out[:len(x.out)-1], ',')
	x.answerJSON(200, append(s.appendMoved(dst, &x.event), '}'))
}

// appendReroute appends an event's reroute.
func (s *Server) appendReroute(dst []byte, ev *core.Event) []byte {
	r := &ev.Reroute
	dst = s.appendLocation(append(dst, `{"location":`...), r.From)
	dst = appendTextField(dst, `,"reason":`, rerouteReasons[r.Reason])
	if len(r.Note) > 0 {
		dst = appendTextField(dst, `,"note":`, r.Note)
	}
	if len(ev.Actor) > 0 {
		dst = appendTextField(dst, `,"actor":`, ev.Actor)
	}
	return append(s.appendMoved(append(dst, ','), ev), '}')
}

// appendMoved appends what other locations took over, or what waits, and what is left.
func (s *Server) appendMoved(dst []byte, ev *core.Event) []byte {
	r := &ev.Reroute
	dst = append(dst, `"moved":[`...)
	for i := range r.Moves {
		m := &r.Moves[i]
		dst = s.appendOfLine(appendComma(dst, i), ev, m.Line)
		if m.Beyond {
			dst = append(dst, `,"location":null`...)
		} else {
			dst = s.appendLocation(append(dst, `,"location":`...), m.To)
		}
		dst = append(appendNumberField(dst, `,"quantity":`, m.Quantity), '}')
	}
	dst = append(dst, `],"left":[`...)
	for i := range r.Left {
		dst = s.appendOfLine(appendComma(dst, i), ev, r.Left[i].Line)
		dst = append(appendNumberField(dst, `,"quantity":`, r.Left[i].Quantity), '}')
	}
	return append(dst, ']')
}

// appendOfLine begins an object about a line of an event's order.
func (s *Server) appendOfLine(dst []byte, ev *core.Event, line int) []byte {
	dst = appendNumberField(dst, `{"line":`, shownLine(&ev.Order, line))
	return s.appendSKU(append(dst, `,"sku":`...), ev.Order.Lines[line].SKU)
}
