package server

import (
	"errors"
	"math"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var definedRouting = submission{status: 200, render: (*Server).renderRouting}

// putRouting serves PUT /v1/routing.
func (s *Server) putRouting(x *exchange) {
	in := &x.intake
	in.parseRouting(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	for _, name := range in.names {
		id, ok := s.engine.Location(name)
		if !ok {
			x.fail(unknownNamed("preferred", name))
			return
		}
		in.command.Routing.Preferred = append(in.command.Routing.Preferred, id)
	}
	if x.setVersion(&in.command) {
		s.submit(x, &definedRouting)
	}
}

// getRouting serves GET /v1/routing.
func (s *Server) getRouting(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	image, err := s.engine.ReadRouting(x.image[:0])
	x.image = image.Bytes
	if err != nil {
		s.failEngine(x, err)
		return
	}
	_, err = codec.DecodeRoutingImage(x.image, &x.event.Routing)
	invariant.Check(err == nil, "the engine's images are codec's")
	s.renderRouting(x, image.Sequence)
}

// renderRouting answers with the policy in the exchange's event.
func (s *Server) renderRouting(x *exchange, sequence core.Sequence) {
	if x.event.Routing.Version > 0 { // before it is set there is no version that If-Match could name
		x.tag(x.event.Routing.Version)
	}
	x.answerJSON(200, s.appendRouting(x.out[:0], &x.event.Routing, sequence))
}

// resolveShipping turns the names of the channels that a location is set aside for into numbers.
func (s *Server) resolveShipping(in *intake) *problem {
	for _, name := range in.names {
		id, ok := s.engine.Channel(name)
		if !ok {
			return unknownChannelIn("shipping.channels", name)
		}
		in.command.Location.Shipping.Channels = append(in.command.Location.Shipping.Channels, id)
	}
	return nil
}

// unknownNamed says that a field of the body names a location that does not exist.
func unknownNamed(field string, name []byte) *problem {
	return unknownIn(kindLocationInBody, field, "there is no location "+quoteEchoed(name))
}

// unknownIn is the problem that a field names what does not exist.
func unknownIn(kind problemKind, field, says string) *problem {
	return &problem{kind: kind, detail: field + ": " + says, faults: []fault{{kind.code, field, says}}}
}

// getOrderRouting serves GET /v1/orders/{order}/routing: why the order's units come from where they come, as it was placed or, with the
// sequence of a reroute, as that moved them.
func (s *Server) getOrderRouting(x *exchange) {
	q := x.query("sequence", "at_least")
	decided := core.Sequence(q.number("sequence", 1, math.MaxInt64, 0))
	if !s.waitFor(q) {
		return
	}
	id, ok := s.orderInPath(x, false)
	if !ok {
		return
	}
	sequence, err := s.readOrder(x, id)
	if errors.Is(err, engine.ErrNotFound) {
		failUnknownOrder(x, false)
		return
	}
	var route core.RouteImage
	if decided == 0 {
		decided = x.event.Order.Created
	}
	if err == nil {
		err = s.engine.Route(decided, &route)
	}
	if err == nil && route.Order != id {
		err = engine.ErrNotFound
	}
	switch {
	case errors.Is(err, engine.ErrNotFound):
		x.failWith(codeRouteNotFound, "no rules of routing were set when that was decided, or its events are no longer kept")
	case err != nil:
		s.failEngine(x, err)
	default:
		dst := append(x.out[:0], `{"order_id":"`...)
		dst = append(appendID(dst, s.engine.PublicOrderID(id)), '"')
		dst = s.appendRoute(append(dst, `,"route":`...), &route)
		x.answerJSON(200, append(appendNumberField(dst, `,"sequence":`, sequence), '}'))
	}
}

// previewRouting serves POST /v1/routing/preview: what POST /v1/orders would answer to the body, and why. Nothing is changed.
func (s *Server) previewRouting(x *exchange) {
	in := &x.intake
	in.parseCommand(core.CommandPlaceOrder, x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	if unknown := s.resolve(in); unknown != nil {
		x.fail(unknown)
		return
	}
	if in.command.Channel == core.NewChannel {
		x.fail(unknownChannelIn("channel", in.channel))
		return
	}
	p, sequence, err := s.engine.Preview(&in.command)
	switch {
	case err != nil:
		s.failEngine(x, err)
	case p.Refusal != nil:
		s.failRefused(x, p.Refusal, &placedOrder)
	default:
		dst := s.appendLines(append(x.out[:0], '{'), &p.Order, nil)
		dst = append(dst[:1], dst[2:]...) // appendLines begins with a comma
		dst = append(dst, `,"route":`...)
		if p.Routed {
			dst = s.appendRoute(dst, &p.Route)
		} else {
			dst = append(dst, "null"...)
		}
		x.answerJSON(200, append(appendNumberField(dst, `,"sequence":`, sequence), '}'))
	}
}
