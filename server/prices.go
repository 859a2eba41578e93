package server

import "holdfast/engine/core"

var (
	newPriceOfOrder = submission{status: 200, render: (*Server).renderOrder}
	newPriceOfHold  = submission{status: 200, onHold: true, render: (*Server).renderOrder}
)

// priceOrder serves POST /v1/orders/{order}/prices: what each line costs, and the order beside its lines, is said anew.
func (s *Server) priceOrder(x *exchange) { s.price(x, &newPriceOfOrder) }

// priceHold serves POST /v1/holds/{hold}/prices.
func (s *Server) priceHold(x *exchange) { s.price(x, &newPriceOfHold) }

func (s *Server) price(x *exchange, how *submission) {
	s.submitWhole(x, how, func(x *exchange) bool { return s.readPrices(x, how) })
}

// readPrices reads what the order in the path costs from now on; it answers and gives false when there is something wrong with it.
func (s *Server) readPrices(x *exchange, how *submission) bool {
	in, c := &x.intake, &x.intake.command
	in.parsePrices(x.ctx.PostBody())
	if x.hasFaults() {
		return false
	}
	id, ok := s.orderInPath(x, how.onHold)
	if !ok || !x.setVersion(c) {
		return false
	}
	c.Order = id
	if _, ok = s.loadOrderOf(x, id); !ok {
		return false
	}
	order := &x.event.Order
	if s.isForExchange(order) { // what it costs is due of the order that is sent back
		s.failRefused(x, &core.Refusal{Reason: core.ReasonPricesSettled, Order: id, Version: order.Version}, how)
		return false
	}
	if in.priceLines(order); x.hasFaults() {
		return false
	}
	base, _, ok := s.documentBase(x, order)
	if !ok {
		return false
	}
	in.editedDocument(base, in.prices, in.lineMoney)
	c.Destination = core.Destination{} // where it goes stays
	if c.ExpectedVersion == 0 {
		c.ExpectedVersion = order.Version
	}
	return true
}
