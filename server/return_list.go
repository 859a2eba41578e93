package server

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/engine/search"
)

// listReturns serves GET /v1/returns: the returns of all orders, those of the newest order first. The limit counts orders.
func (s *Server) listReturns(x *exchange) {
	q := x.query("status", "customer", "limit", "after", "at_least")
	status := core.ReturnStatus(q.oneOf("status", returnStatuses[:]))
	query := search.Query{
		Terms: []search.Term{search.Return(status)}, Limit: int(q.number("limit", 1, maxPage, defaultPage)), Before: s.createdBefore(q),
	}
	if name := q.text("customer", &nameRule); name != nil {
		query.Terms = append(query.Terms, search.Customer(name))
	}
	if !s.waitForIndex(q) {
		return
	}
	at := s.indexed()
	page, err := s.options.Search.Find(&query)
	if err != nil {
		s.failSearch(x, err)
		return
	}
	dst, sequence, err := s.appendReturns(append(x.out[:0], `{"items":[`...), x, page.Orders, status)
	if err != nil {
		s.failSearch(x, err)
		return
	}
	dst = s.appendOrdersNext(append(dst, ']'), &page)
	dst = appendBoolField(dst, `,"complete":`, page.Complete)
	x.answerJSON(200, at.append(dst, sequence))
}

// appendReturns appends the returns of some orders that have a status, or all if that is 0.
func (s *Server) appendReturns(dst []byte, x *exchange, ids []core.OrderID, status core.ReturnStatus) ([]byte, core.Sequence, error) {
	shown := 0
	sequence, err := s.engine.ReadOrders(ids, func(_ int, image []byte) error {
		order := &x.event.Order
		_, err := codec.DecodeOrderImage(image, order)
		invariant.Check(err == nil, "the engine's images are codec's")
		for number := 1; order.Life != nil && number <= len(order.Life.Returns) && err == nil; number++ {
			if status == 0 || order.Life.Returns[number-1].Status == status {
				dst, err = s.appendReturn(appendComma(dst, shown), order, number, s.engine.Document)
				shown++
			}
		}
		return err
	})
	return dst, sequence, err
}
