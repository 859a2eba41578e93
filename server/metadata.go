package server

import (
	"bytes"

	"holdfast/engine/core"
)

var changedMetadata = submission{status: 200, render: (*Server).renderOrder}

// maxWholeTries bounds how often a change of an order's whole document is tried anew when somebody else has changed the order meanwhile. So many in a row, while it is read
// and written, are others that do nothing but change it.
const maxWholeTries = 10

// changeMetadata serves POST /v1/orders/{order}/metadata: members take the place of those of their names, and null takes one away. It is an edit of the
// order's document alone, so of an order of any status, and of the version that it has.
func (s *Server) changeMetadata(x *exchange) {
	s.submitWhole(x, &changedMetadata, s.readMetadata)
}

// submitWhole sends what read makes of the request and of the order as it is, and does so again while others change the order in between, unless the client
// says of which version it is to be. The same request may have come twice at once, and have been made something else of by what the order was: then the one that
// was second reads it again, as it is answered now.
func (s *Server) submitWhole(x *exchange, how *submission, read func(*exchange) bool) {
	isRepeated := x.isRepeated(s)
	for try := 1; ; try++ {
		known := isRepeated()
		if !read(x) {
			return
		}
		s.submit(x, how)
		status := x.ctx.Response.StatusCode()
		isStale := status == 412 && len(x.ctx.Request.Header.PeekBytes(headerIfMatch)) == 0
		isOvertaken := status == 422 && !known && isRepeated()
		if !isStale && !isOvertaken || try == maxWholeTries {
			return
		}
		x.ctx.Response.Reset()
	}
}

// readMetadata makes the change of the order in the path an edit; it answers and gives false when there is something wrong with it, or nothing to do.
func (s *Server) readMetadata(x *exchange) bool {
	in, c := &x.intake, &x.intake.command
	in.parseMetadataChange(x.ctx.PostBody())
	if x.hasFaults() {
		return false
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(c) {
		return false
	}
	c.Order = id
	repeated, ok := s.loadOrderOf(x, id)
	if !ok {
		return false
	}
	order := &x.event.Order
	base, document, ok := s.documentBase(x, order)
	if !ok {
		return false
	}
	if in.mergeMetadata(base.metadata); x.hasFaults() {
		return false
	}
	in.editedDocument(base, base.prices, base.lineMoney)
	in.noteDocumentOnly()
	if c.ExpectedVersion == 0 {
		c.ExpectedVersion = order.Version
	}
	isKeyed := len(x.ctx.Request.Header.PeekBytes(headerKey)) > 0 // a key stays with what was done under it, so something is
	switch unchanged := bytes.Equal(in.document, document) && !isKeyed; {
	case repeated:
		in.repeatDocument(true)
	case unchanged && c.ExpectedVersion != order.Version:
		s.failRefused(x, &core.Refusal{Reason: core.ReasonVersionConflict, Order: id, Version: order.Version}, &changedMetadata)
		return false
	case unchanged:
		x.intake.command.Document = nil
		s.renderOrder(x, s.engine.Sequence())
		return false
	default:
		in.keepDocument(document)
	}
	return true
}
