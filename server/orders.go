package server

import (
	"errors"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var (
	placedOrder    = submission{status: 201, render: (*Server).renderOrder}
	cancelledOrder = submission{status: 200, render: (*Server).renderOrder}
	changedOrder   = submission{status: 200, render: (*Server).renderOrder}
)

// placeOrder serves POST /v1/orders.
func (s *Server) placeOrder(x *exchange) { s.place(x, core.CommandPlaceOrder, &placedOrder) }

// place takes an order or a hold.
func (s *Server) place(x *exchange, kind core.CommandKind, how *submission) {
	x.intake.parseCommand(kind, x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	if unknown := s.resolve(&x.intake); unknown != nil {
		x.fail(unknown)
	} else if p := s.showTicket(&x.intake, x.isRepeated(s)); p != nil {
		x.fail(p)
	} else {
		s.submit(x, how)
	}
}

// follow carries out a command on the order or hold that the path names.
func (s *Server) follow(x *exchange, kind core.CommandKind, how *submission) {
	x.intake.parseCommand(kind, x.body())
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, how.onHold)
	if !ok || !x.setVersion(&x.intake.command) {
		return
	}
	x.intake.command.Order = id
	s.submit(x, how)
}

// orderInPath reads the id in the path; it answers and gives false when it is none.
func (s *Server) orderInPath(x *exchange, onHold bool) (core.OrderID, bool) {
	if number, ok := parseID(x.variable); ok {
		if id := s.engine.OrderFromPublic(number); s.engine.OrderMayExist(id) {
			return id, true
		}
	}
	failUnknownOrder(x, onHold)
	return 0, false
}

func failUnknownOrder(x *exchange, onHold bool) {
	x.fail(&problem{kind: refusalKind(core.ReasonOrderNotFound, onHold), detail: refusalDetails[core.ReasonOrderNotFound]})
}

// getOrder serves GET /v1/orders/{order}.
func (s *Server) getOrder(x *exchange) { s.showOrder(x, false) }

// showOrder answers with an order or a hold as it stands. An order that never was a hold is not found
// under the holds.
func (s *Server) showOrder(x *exchange, onHold bool) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	id, ok := s.orderInPath(x, onHold)
	if !ok {
		return
	}
	sequence, err := s.readOrder(x, id)
	switch {
	case errors.Is(err, engine.ErrNotFound), err == nil && onHold && x.event.Order.Deadline == 0:
		failUnknownOrder(x, onHold)
	case err != nil:
		s.failEngine(x, err)
	default:
		s.renderOrder(x, sequence)
	}
}

// findOrder serves GET /v1/orders?external_id=…: a list of the one order that has the external id in its channel, or of
// none.
func (s *Server) findOrder(x *exchange) {
	q := x.query("channel", "external_id", "at_least")
	external, channel := q.text("external_id", &identifierRule), q.name("channel")
	if external == nil && len(q.faults) == 0 {
		q.fault("external_id", "is missing: say which order to find")
	}
	if !s.waitFor(q) {
		return
	}
	id, known := core.ChannelID(0), true
	if channel != nil {
		id, known = s.engine.Channel(channel)
	}
	dst := append(x.out[:0], `{"items":[`...)
	sequence := s.engine.Sequence()
	if known {
		order, at, err := s.engine.FindOrder(id, external)
		if sequence = at; err == nil {
			dst, err = s.appendOrderItem(dst, x, order)
		}
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			s.failEngine(x, err)
			return
		}
	}
	x.answerPage(dst, "", false, sequence)
}

// appendOrderItem appends an order to a list.
func (s *Server) appendOrderItem(dst []byte, x *exchange, id core.OrderID) ([]byte, error) {
	if _, err := s.readOrder(x, id); err != nil {
		return dst, err
	}
	order := &x.event.Order
	var parts *orderDocument
	if order.HasDocument {
		document, err := s.engine.Document(order.Document())
		if err != nil {
			return dst, err
		}
		parts = &x.document
		x.intake.readDocument(document, parts)
	}
	return s.appendOrder(dst, order, parts, 0), nil
}

// readOrder reads an order into the exchange's event.
func (s *Server) readOrder(x *exchange, id core.OrderID) (core.Sequence, error) {
	image, err := s.engine.ReadOrder(x.image[:0], id)
	x.image = image.Bytes
	if err != nil {
		return 0, err
	}
	_, err = codec.DecodeOrderImage(x.image, &x.event.Order)
	invariant.Check(err == nil, "the engine's images are codec's")
	return image.Sequence, nil
}

// renderOrder answers with the order in the exchange's event, and with the status that is set.
func (s *Server) renderOrder(x *exchange, sequence core.Sequence) {
	order := &x.event.Order
	var parts *orderDocument
	if order.HasDocument {
		document, err := s.documentOf(x, order.Document())
		if err != nil {
			s.failEngine(x, err)
			return
		}
		parts = &x.document
		x.intake.readDocument(document, parts)
	}
	x.tag(order.Version)
	x.answerJSON(x.ctx.Response.StatusCode(), s.appendOrder(x.out[:0], order, parts, sequence))
}

// documentOf gives the document that the command at a sequence carried. Who sent that command has it at
// hand: a request with a document makes something new, or repeats the request that did.
func (s *Server) documentOf(x *exchange, made core.Sequence) ([]byte, error) {
	if document := x.intake.command.Document; document != nil {
		return document, nil
	}
	return s.engine.Document(made)
}
