package server

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/engine/search"
)

// worklist is what of the fulfilment orders of all orders somebody wants to see.
type worklist struct {
	location    core.LocationID
	hasLocation bool
	status      core.FulfilmentStatus // 0 for all that live
}

// listWork serves GET /v1/fulfillments: fulfilment orders across orders, those of the newest orders first.
func (s *Server) listWork(x *exchange) {
	q := x.query("location", "status", "limit", "after", "at_least")
	wanted, known := worklist{status: core.FulfilmentStatus(q.oneOf("status", fulfilmentStates[:]))}, true
	if name := q.name("location"); name != nil {
		wanted.location, known = s.engine.Location(name)
		wanted.hasLocation = true
	}
	query := search.Query{Limit: int(q.number("limit", 1, maxPage, defaultPage)), Before: s.createdBefore(q)}
	query.Terms = wanted.terms()
	if !s.waitForIndex(q) {
		return
	}
	at := s.indexed()
	page := search.Page{Complete: true}
	if known {
		var err error
		if page, err = s.options.Search.Find(&query); err != nil {
			s.failSearch(x, err)
			return
		}
	}
	dst, shown := append(x.out[:0], `{"items":[`...), 0
	var scratch core.LifeImage
	sequence, err := s.engine.ReadOrders(page.Orders, func(_ int, image []byte) error {
		order := &x.event.Order
		_, err := codec.DecodeOrderImage(image, order)
		invariant.Check(err == nil, "the engine's images are codec's")
		dst, shown = s.appendWork(dst, shown, order, fulfilmentsOf(order, &scratch), &wanted)
		return nil
	})
	if err != nil {
		s.failEngine(x, err)
		return
	}
	dst = s.appendOrdersNext(append(dst, ']'), &page)
	dst = appendBoolField(dst, `,"complete":`, page.Complete)
	x.answerJSON(200, at.append(dst, sequence))
}

// terms are those of the orders that have such fulfilment orders, or may have: open ones are mostly implied, and the index knows nothing of them but
// where the order has units.
func (w *worklist) terms() []search.Term {
	if w.status > core.FulfilmentOpen {
		if w.hasLocation {
			return []search.Term{search.Work(w.location, w.status)}
		}
		return []search.Term{search.AnyWork(w.status)}
	}
	terms := []search.Term{search.Status(core.StatusPlaced)}
	if w.hasLocation {
		terms = append(terms, search.Location(w.location))
	}
	return terms
}

// appendWork appends those fulfilment orders of an order that are wanted, with the order that each is of.
func (s *Server) appendWork(dst []byte, shown int, o *core.OrderImage, life *core.LifeImage, wanted *worklist) ([]byte, int) {
	for i := range life.Fulfilments {
		f := &life.Fulfilments[i]
		if wanted.hasLocation && f.Location != wanted.location || wanted.status != 0 && f.Status != wanted.status ||
			wanted.status == 0 && !f.Status.IsLive() {
			continue
		}
		dst = appendID(append(appendComma(dst, shown), `{"order_id":"`...), s.engine.PublicOrderID(o.ID))
		dst = appendNumberField(append(dst, '"'), `,"order_version":`, o.Version)
		dst = appendTimeField(dst, `,"order_created_at":`, o.CreatedAt)
		if o.OnHold != 0 {
			dst = appendOnHoldReasons(append(dst, `,"order_on_hold":`...), o.OnHold)
		}
		dst = append(s.appendFulfilment(append(dst, ','), o, life, i+1), '}')
		shown++
	}
	return dst, shown
}
