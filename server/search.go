package server

import (
	"errors"
	"io"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/engine/search"
)

// found is the pages of an answer that the index has made, and how far it was then.
type found struct {
	indexed core.Sequence
	lag     core.Sequence
}

// indexed tells how far the index is. It is asked before the index, so that an answer has at least that.
func (s *Server) indexed() found {
	state := s.options.Search.State()
	return found{state.Indexed, s.engine.Sequence() - min(state.Indexed, s.engine.Sequence())}
}

// append appends what an answer reflects, and closes it.
func (f found) append(dst []byte, sequence core.Sequence) []byte {
	dst = appendNumberField(dst, `,"sequence":`, sequence)
	dst = appendNumberField(dst, `,"indexed_sequence":`, f.indexed)
	return append(appendNumberField(dst, `,"lag_sequences":`, f.lag), '}')
}

// waitForIndex is waitFor for reads that ask the index: it waits until that has reached the sequence of at_least. It answers and gives false
// when there is no index.
func (s *Server) waitForIndex(q *queryReader) bool {
	least := core.Sequence(q.number("at_least", 0, maxSequence, 0))
	if !q.sound() {
		return false
	}
	if s.options.Search == nil {
		q.x.failWith(codeSearch, "this server keeps no index of orders: start it with --search")
		return false
	}
	began := time.Now()
	if !s.waitFor(q) {
		return false
	}
	if least == 0 {
		return true
	}
	if err := s.options.Search.WaitFor(least, max(0, s.options.MaxWait-time.Since(began))); err != nil {
		s.failEngine(q.x, err)
		return false
	}
	return true
}

// failSearch answers with an error of the index.
func (s *Server) failSearch(x *exchange, err error) {
	if !errors.Is(err, search.ErrNotReady) {
		s.failEngine(x, err)
		return
	}
	x.failWith(codeSearch, "the index of orders is being made, and nothing can be found until then")
	x.ctx.Response.Header.Set("Retry-After", s.retryAfter)
}

// listOrders serves GET /v1/orders. With an external id and at most its channel beside it, it is a look-up that needs no index.
func (s *Server) listOrders(x *exchange) {
	if isLookup(x) {
		s.findOrder(x)
		return
	}
	q := x.query("id", "external_id", "customer", "email", "sku", "status", "payment_status", "channel", "location", "tag", "on_hold", "created_from", "created_to",
		"limit", "after", "at_least")
	query := search.Query{
		From: q.instant("created_from"), Until: q.instant("created_to"),
		Limit: int(q.number("limit", 1, maxPage, defaultPage)), Before: s.createdBefore(q),
	}
	if query.Until != 0 && query.Until <= query.From {
		q.fault("created_to", "must be later than created_from")
	}
	terms, known := s.readTerms(q)
	query.Terms = terms
	id := q.identifier("id")
	if !s.waitForIndex(q) {
		return
	}
	at := s.indexed()
	var page search.Page
	var err error
	switch {
	case !known: // of what there is not there are no orders
		page.Complete = true
	case id != nil:
		page, err = s.findNumber(id, &query)
	default:
		page, err = s.options.Search.Find(&query)
	}
	if err != nil {
		s.failSearch(x, err)
		return
	}
	s.answerOrders(x, &page, query.Terms, at)
}

func isLookup(x *exchange) bool {
	args := x.ctx.QueryArgs()
	if !args.Has("external_id") {
		return false
	}
	for name := range args.All() {
		switch string(name) {
		case "external_id", "channel", "at_least":
		default:
			return false
		}
	}
	return true
}

// readTerms reads what the orders that are looked for have in common; known is false when one of it does not exist.
func (s *Server) readTerms(q *queryReader) (terms []search.Term, known bool) {
	known = true
	add := func(given bool, exists bool, term func() search.Term) {
		if given && exists {
			terms = append(terms, term())
		}
		known = known && (exists || !given)
	}
	text := func(name string, rule *textRule, term func([]byte) search.Term) {
		value := q.text(name, rule)
		add(value != nil, true, func() search.Term { return term(value) })
	}
	text("customer", &nameRule, search.Customer)
	text("email", &emailRule, search.Email)
	text("tag", &reasonRule, search.Tag)
	text("external_id", &identifierRule, search.External)
	if name := q.name("sku"); name != nil {
		entry, exists := s.engine.SKU(name)
		add(true, exists, func() search.Term { return search.SKU(entry.ID) })
	}
	if name := q.name("channel"); name != nil {
		id, exists := s.engine.Channel(name)
		add(true, exists, func() search.Term { return search.Channel(id) })
	}
	if name := q.name("location"); name != nil {
		id, exists := s.engine.Location(name)
		add(true, exists, func() search.Term { return search.Location(id) })
	}
	if reason := q.oneOf("on_hold", onHoldFilters[:]); reason != 0 {
		add(true, true, func() search.Term { return search.OnHold(filteredOnHold(reason)) })
	}
	status := core.OrderStatus(q.oneOf("status", orderStatuses[:]))
	add(status != 0, true, func() search.Term { return search.Status(status) })
	payment := core.PaymentStatus(q.oneOf("payment_status", paymentStatuses[:]))
	add(payment != 0, true, func() search.Term { return search.Payment(payment) })
	return terms, known
}

// orderCursorFault is what is wrong with a cursor that no list of orders has given.
var orderCursorFault = fault{codeInvalidQuery, "after", "must be taken from next of a list of orders"}

// createdBefore reads where a list of orders goes on; 0 when it begins. Cursors are made like the ids of orders, so that nobody can count them.
func (s *Server) createdBefore(q *queryReader) core.Sequence {
	text := q.args.Peek("after")
	if text == nil {
		return 0
	}
	public, ok := parseID(text)
	before := core.Sequence(s.engine.OrderFromPublic(public))
	if !ok || before == 0 || before > s.engine.Sequence()+1 {
		q.fault(orderCursorFault.field, orderCursorFault.detail)
		return 0
	}
	return before
}

// findNumber finds the order of an id, if it is one of those that are looked for.
func (s *Server) findNumber(text []byte, q *search.Query) (page search.Page, err error) {
	page.Complete = true
	number, ok := parseID(text)
	id := s.engine.OrderFromPublic(number)
	if !ok || !s.engine.OrderMayExist(id) {
		return page, nil
	}
	has, err := s.options.Search.Has(id, q)
	if has {
		page.Orders = append(page.Orders, id)
	}
	return page, err
}

// answerOrders answers with the orders of a page as they are now. Those that have changed meanwhile, so that they are no longer among those
// that are looked for, are left out.
func (s *Server) answerOrders(x *exchange, page *search.Page, terms []search.Term, at found) {
	dst, sequence, err := s.appendOrders(append(x.out[:0], `{"items":[`...), x, page.Orders, terms)
	if err != nil {
		s.failSearch(x, err)
		return
	}
	dst = s.appendOrdersNext(append(dst, ']'), page)
	dst = appendBoolField(dst, `,"complete":`, page.Complete)
	x.answerJSON(200, at.append(dst, sequence))
}

func (s *Server) appendOrdersNext(dst []byte, page *search.Page) []byte {
	if page.Next == 0 {
		return append(dst, `,"next":null`...)
	}
	return append(appendID(append(dst, `,"next":"`...), s.engine.PublicOrderID(core.OrderID(page.Next))), '"')
}

// appendOrders appends those of some orders that have the terms, one after the other.
func (s *Server) appendOrders(dst []byte, x *exchange, ids []core.OrderID, terms []search.Term) ([]byte, core.Sequence, error) {
	shown := 0
	sequence, err := s.engine.ReadOrders(ids, func(_ int, image []byte) error {
		order := &x.event.Order
		_, err := codec.DecodeOrderImage(image, order)
		invariant.Check(err == nil, "the engine's images are codec's")
		if !search.Matches(order, terms) {
			return nil
		}
		var parts *orderDocument
		if order.HasDocument {
			document, err := s.engine.Document(order.Document())
			if err != nil && !errors.Is(err, engine.ErrNotFound) {
				return err
			}
			parts = &x.document
			x.intake.readDocument(document, parts)
		}
		dst = s.appendOrder(appendComma(dst, shown), order, parts, 0)
		shown++
		return nil
	})
	return dst, sequence, err
}

// writeSearchMetrics tells how far the index is.
func (s *Server) writeSearchMetrics(w io.Writer) {
	if s.options.Search == nil {
		return
	}
	state, at, ready := s.options.Search.State(), s.indexed(), uint64(0)
	if state.Ready {
		ready = 1
	}
	metrics.WriteGaugeUint64(w, "holdfast_search_ready", ready)
	metrics.WriteGaugeUint64(w, "holdfast_search_indexed_sequence", uint64(at.indexed))
	metrics.WriteGaugeUint64(w, "holdfast_search_lag_sequences", uint64(at.lag))
	metrics.WriteCounterUint64(w, "holdfast_search_walks_total", state.Walks)
	metrics.WriteGaugeUint64(w, "holdfast_search_walked_orders", state.Walked)
}
