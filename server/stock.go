package server

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var adjustedStock = submission{status: 200, render: (*Server).renderLevels}

// adjustStock serves POST /v1/stock/adjustments.
func (s *Server) adjustStock(x *exchange) { s.place(x, core.CommandAdjustStock, &adjustedStock) }

var movedStock = submission{status: 200, inState: true, render: (*Server).renderMovements}

// moveStock serves POST /v1/stock/movements.
func (s *Server) moveStock(x *exchange) { s.place(x, core.CommandMoveStock, &movedStock) }

func (s *Server) renderMovements(x *exchange, sequence core.Sequence) {
	dst := appendNumberField(x.out[:0], `{"sequence":`, sequence)
	dst = s.appendMovements(append(dst, ','), &x.event)
	x.answerJSON(x.ctx.Response.StatusCode(), append(dst, '}'))
}

func (s *Server) renderLevels(x *exchange, sequence core.Sequence) {
	dst := appendNumberField(x.out[:0], `{"sequence":`, sequence)
	dst = s.appendLevels(append(dst, ','), x.event.Levels)
	x.answerJSON(x.ctx.Response.StatusCode(), append(dst, '}'))
}

// getAvailability serves GET /v1/skus/{sku}/availability. The channel is checked and has no influence
// yet: no channel has stock of its own.
func (s *Server) getAvailability(x *exchange) {
	q := x.query("at_least", "channel")
	q.name("channel")
	if !s.waitFor(q) {
		return
	}
	entry, ok := s.engine.SKU(x.variable)
	if !ok {
		x.fail(unknownSKU)
		return
	}
	image, err := s.engine.ReadAvailability(x.image[:0], entry.ID)
	x.image = image.Bytes
	if err != nil {
		s.failRead(x, err, unknownSKU)
		return
	}
	_, err = codec.DecodeAvailability(x.image, &x.availability)
	invariant.Check(err == nil, "the engine's images are codec's")
	x.answerJSON(200, s.appendAvailability(x.out[:0], &x.availability, image.Sequence))
}
