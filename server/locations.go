package server

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var (
	definedLocation = submission{render: (*Server).renderLocation}
	unknownLocation = &problem{kind: kindOf(codeLocationNotFound), detail: "there is no location of this name"}
)

// putLocation serves PUT /v1/locations/{location}.
func (s *Server) putLocation(x *exchange) {
	x.intake.parseLocation(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	if unknown := s.resolveShipping(&x.intake); unknown != nil {
		x.fail(unknown)
		return
	}
	s.define(x, "location", &definedLocation)
}

// getLocation serves GET /v1/locations/{location}.
func (s *Server) getLocation(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	id, ok := s.engine.Location(x.variable)
	if !ok {
		x.fail(unknownLocation)
		return
	}
	image, state, err := s.engine.ReadLocationState(x.image[:0], id)
	x.image = image.Bytes
	if err != nil {
		s.failRead(x, err, unknownLocation)
		return
	}
	l := &x.event.Location
	_, err = codec.DecodeLocationImage(x.image, l)
	invariant.Check(err == nil, "the engine's images are codec's")
	name, err := s.textOf(x, l.HasDocument, l.Changed)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.answerDefined(l.Version, s.appendLocationImage(x.out[:0], l, name, &state, image.Sequence))
}

// readLocation reads a location into the exchange's event.
func (s *Server) readLocation(x *exchange, id core.LocationID) (core.Sequence, error) {
	image, err := s.engine.ReadLocation(x.image[:0], id)
	x.image = image.Bytes
	if err == nil {
		_, err = codec.DecodeLocationImage(x.image, &x.event.Location)
		invariant.Check(err == nil, "the engine's images are codec's")
	}
	return image.Sequence, err
}

// renderLocation answers with the location in the exchange's event.
func (s *Server) renderLocation(x *exchange, sequence core.Sequence) {
	dst, err := s.appendLocationItem(x.out[:0], x, sequence)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.answerDefined(x.event.Location.Version, dst)
}

func (s *Server) appendLocationItem(dst []byte, x *exchange, sequence core.Sequence) ([]byte, error) {
	l := &x.event.Location
	name, err := s.textOf(x, l.HasDocument, l.Changed)
	return s.appendLocationImage(dst, l, name, nil, sequence), err
}

// listLocations serves GET /v1/locations, in the order in which they were made.
func (s *Server) listLocations(x *exchange) {
	p, ok := s.page(x)
	if !ok {
		return
	}
	first := 0
	if p.after != nil {
		id, known := s.engine.Location(p.after)
		if !known {
			x.failAfter()
			return
		}
		first = int(id) + 1
	}
	sequence := s.engine.Sequence()
	end := min(s.engine.Locations(), first+p.limit)
	dst := append(x.out[:0], `{"items":[`...)
	for i := first; i < end; i++ {
		at, err := s.readLocation(x, core.LocationID(i))
		if err == nil {
			dst, err = s.appendLocationItem(appendComma(dst, i-first), x, 0)
		}
		if err != nil {
			s.failEngine(x, err)
			return
		}
		sequence = at
	}
	last := s.engine.LocationName(core.LocationID(max(end, 1) - 1))
	x.answerPage(dst, last, end < s.engine.Locations(), sequence)
}
