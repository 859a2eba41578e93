package server

import "holdfast/engine/core"

var (
	placedHold    = submission{status: 201, onHold: true, render: (*Server).renderOrder}
	confirmedHold = submission{status: 200, onHold: true, render: (*Server).renderOrder}
	extendedHold  = submission{status: 200, onHold: true, render: (*Server).renderOrder}
	releasedHold  = submission{status: 204, onHold: true, render: (*Server).renderNothing}
)

// placeHold serves POST /v1/holds.
func (s *Server) placeHold(x *exchange) { s.place(x, core.CommandPlaceHold, &placedHold) }

// getHold serves GET /v1/holds/{hold}.
func (s *Server) getHold(x *exchange) { s.showOrder(x, true) }

// confirmHold serves POST /v1/holds/{hold}/confirm.
func (s *Server) confirmHold(x *exchange) { s.follow(x, core.CommandConfirmHold, &confirmedHold) }

// extendHold serves POST /v1/holds/{hold}/extend.
func (s *Server) extendHold(x *exchange) { s.follow(x, core.CommandExtendHold, &extendedHold) }

// releaseHold serves DELETE /v1/holds/{hold}.
func (s *Server) releaseHold(x *exchange) { s.follow(x, core.CommandReleaseHold, &releasedHold) }

// renderNothing answers without a body, and with the status that is set.
func (s *Server) renderNothing(*exchange, core.Sequence) {}
