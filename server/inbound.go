package server

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// Purchase orders and transfers are served alike: they are documents with which units come.

var (
	createdInbound = submission{status: 201, inbound: true, render: (*Server).renderInbound}
	changedInbound = submission{status: 200, inbound: true, render: (*Server).renderInbound}
)

// inboundKindOf tells from the path what kind of document is meant.
func (x *exchange) inboundKindOf() core.InboundKind {
	const transfers = "/v1/transfers"
	if path := x.ctx.Path(); len(path) >= len(transfers) && string(path[:len(transfers)]) == transfers {
		return core.Transfer
	}
	return core.PurchaseOrder
}

// createInbound serves POST /v1/purchase-orders and POST /v1/transfers.
func (s *Server) createInbound(x *exchange) {
	x.intake.parseInbound(core.CommandCreateInbound, x.inboundKindOf(), x.ctx.PostBody())
	s.submitInbound(x, &createdInbound)
}

// sendInbound serves POST /v1/purchase-orders/{number}/order and POST /v1/transfers/{number}/dispatch.
func (s *Server) sendInbound(x *exchange) { s.followInbound(x, core.CommandSendInbound) }

// receiveInbound serves POST /v1/purchase-orders/{number}/receive and POST /v1/transfers/{number}/receive.
func (s *Server) receiveInbound(x *exchange) { s.followInbound(x, core.CommandReceiveInbound) }

// closeInbound serves POST /v1/purchase-orders/{number}/close and POST /v1/transfers/{number}/close.
func (s *Server) closeInbound(x *exchange) { s.followInbound(x, core.CommandCloseInbound) }

// cancelInbound serves POST /v1/purchase-orders/{number}/cancel and POST /v1/transfers/{number}/cancel.
func (s *Server) cancelInbound(x *exchange) { s.followInbound(x, core.CommandCancelInbound) }

func (s *Server) followInbound(x *exchange, kind core.CommandKind) {
	x.intake.parseInbound(kind, x.inboundKindOf(), x.body())
	if x.hasFaults() || !x.setVersion(&x.intake.command) {
		return
	}
	if !codec.ValidIdentifier(x.variable) {
		x.fail(unknownInbound)
		return
	}
	x.intake.command.Inbound.Number = x.variable
	s.submitInbound(x, &changedInbound)
}

var unknownInbound = &problem{kind: kindOf(codeInboundNotFound), detail: refusalDetails[core.ReasonInboundNotFound]}

// submitInbound turns names into numbers and sends the command.
func (s *Server) submitInbound(x *exchange, how *submission) {
	if x.hasFaults() {
		return
	}
	if p := s.resolveInbound(&x.intake); p != nil {
		x.fail(p)
		return
	}
	s.submit(x, how)
}

// resolveInbound gives a problem when a name means nothing.
func (s *Server) resolveInbound(in *intake) *problem {
	r := in.command.Inbound
	for i, name := range in.skus {
		if name == nil {
			continue // the row names a line
		}
		entry, ok := s.engine.SKU(name)
		switch {
		case !ok:
			return s.unknownSKUs(in)
		case len(r.Rows) > 0:
			r.Rows[i].SKU = entry.ID
		default:
			r.Lines[i].SKU = entry.ID
		}
	}
	for i, name := range in.locations {
		id, ok := s.engine.Location(name)
		switch {
		case name == nil: // to the main location, which is number 0
		case !ok:
			return unknownNamed([...]string{in.toField(), in.fromField()}[i], name)
		case i == 0:
			r.To = id
		default:
			r.HasFrom, r.From = true, id
		}
	}
	if r.HasFrom && r.From == r.To {
		return faultProblem([]fault{{code: codeOutOfRange, field: in.fromField(), detail: "must be another location than the one the units come to"}})
	}
	return nil
}

// toField is what a body calls the location that the units come to.
func (in *intake) toField() string {
	if in.command.Inbound.Kind == core.Transfer {
		return "to"
	}
	return "location"
}

// fromField is what a body calls the location where the units come from.
func (in *intake) fromField() string {
	if in.command.Inbound.Kind == core.Transfer {
		return "from"
	}
	return "supplier_location"
}

// getInbound serves GET /v1/purchase-orders/{number} and GET /v1/transfers/{number}.
func (s *Server) getInbound(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	sequence, err := s.readInbound(x, x.inboundKindOf(), x.variable)
	if err != nil {
		s.failRead(x, err, unknownInbound)
		return
	}
	s.renderInbound(x, sequence)
}

// readInbound reads a document into the exchange's event, which then tells of nothing that moved.
func (s *Server) readInbound(x *exchange, kind core.InboundKind, number []byte) (core.Sequence, error) {
	image, err := s.engine.ReadInbound(x.image[:0], kind, number)
	x.image = image.Bytes
	x.event.Inbound, x.event.Actor, x.event.Moves = &x.inbound, nil, x.event.Moves[:0]
	if err == nil {
		_, err = codec.DecodeInboundImage(x.image, &x.inbound)
		invariant.Check(err == nil, "the engine's images are codec's")
	}
	return image.Sequence, err
}

// renderInbound answers with the document in the exchange's event, and with what a command has moved.
func (s *Server) renderInbound(x *exchange, sequence core.Sequence) {
	img := x.event.Inbound
	dst := s.appendInbound(append(x.out[:0], '{'), img)
	dst = appendNumberField(dst, `,"sequence":`, sequence)
	if len(img.Found) > 0 {
		dst = appendFound(append(dst, ','), img)
	}
	if len(x.event.Moves) > 0 {
		x.event.Cause = nil // the document itself
		dst = s.appendMovements(append(dst, ','), &x.event)
	}
	x.tag(img.Version)
	x.answerJSON(x.ctx.Response.StatusCode(), append(dst, '}'))
}

// listInbound serves GET /v1/purchase-orders and GET /v1/transfers, in the order in which they were made.
func (s *Server) listInbound(x *exchange) {
	p, ok := s.page(x)
	if !ok {
		return
	}
	kind, after := x.inboundKindOf(), core.Sequence(0)
	if p.after != nil {
		if _, err := s.readInbound(x, kind, p.after); err != nil {
			x.failAfter()
			return
		}
		after = x.inbound.Created
	}
	list, err := s.engine.ListInbound(kind, after, p.limit)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	dst, rest := append(x.out[:0], `{"items":[`...), list.Bytes
	for i := range list.Count {
		n, err := codec.DecodeInboundImage(rest, &x.inbound)
		invariant.Check(err == nil, "the engine's images are codec's")
		rest = rest[n:]
		dst = append(s.appendInbound(append(appendComma(dst, i), '{'), &x.inbound), '}')
	}
	x.answerPage(dst, string(x.inbound.Number), list.More, list.Sequence)
}
