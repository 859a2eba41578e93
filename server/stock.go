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

// getAvailability serves GET /v1/skus/{sku}/availability. For a channel it says what that may sell, in bands if it shows no
// more; for one that nobody has used yet, what a channel without rules may.
func (s *Server) getAvailability(x *exchange) {
	q := x.query("at_least", "channel", "by")
	channel := q.name("channel")
	by := q.latest("by")
	if !s.waitFor(q) {
		return
	}
	entry, ok := s.engine.SKU(x.variable)
	if !ok {
		x.fail(unknownSKU)
		return
	}
	sequence, ok := s.readAvailability(x, entry.ID)
	if !ok {
		return
	}
	a := &x.availability
	if channel == nil {
		x.answerJSON(200, s.appendAvailability(x.out[:0], a, nil, promise{by, a.AvailableBy(by)}, sequence))
		return
	}
	x.event.Channel = core.ChannelImage{ID: core.MaxChannels, Name: channel} // no channel's number
	if id, ok := s.engine.Channel(channel); ok {
		if _, err := s.readChannel(x, id); err != nil {
			s.failEngine(x, err)
			return
		}
	}
	c := &x.event.Channel
	promised := promise{by, a.InBy(c.ID, c.Settings.Buffer, by)}
	a.Narrow(c.ID, c.Settings.Buffer)
	x.answerJSON(200, s.appendAvailability(x.out[:0], a, c, promised, sequence))
}

// readAvailability fills the exchange's availability; it answers and gives false when it cannot.
func (s *Server) readAvailability(x *exchange, id core.SKUID) (core.Sequence, bool) {
	image, err := s.engine.ReadAvailability(x.image[:0], id)
	x.image = image.Bytes
	if err != nil {
		s.failRead(x, err, unknownSKU)
		return 0, false
	}
	_, err = codec.DecodeAvailability(x.image, &x.availability)
	invariant.Check(err == nil, "the engine's images are codec's")
	return image.Sequence, true
}
