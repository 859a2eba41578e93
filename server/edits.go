package server

import (
	"bytes"
	"math/bits"
	"slices"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// An order's document is kept whole, so an edit brings all of it: what its body says, and for the rest what the document says so far. Between that
// it was read and that the edit is carried out nobody can have changed it, as an edit names the version of the order.

var editedOrder = submission{status: 200, render: (*Server).renderEdited}

// editOrder serves POST /v1/orders/{order}/edits.
func (s *Server) editOrder(x *exchange) {
	if s.readEdit(x, s.loadOrderOf) {
		s.submit(x, &editedOrder)
	}
}

// readEdit reads an edit of the order in the path, which load reads; it answers and gives false when there is something wrong with it.
func (s *Server) readEdit(x *exchange, load func(*exchange, core.OrderID) (repeated, ok bool)) bool {
	in := &x.intake
	in.parseEdit(x.ctx.PostBody())
	if x.hasFaults() {
		return false
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(&in.command) {
		return false
	}
	in.command.Order = id
	repeated, ok := load(x, id)
	if !ok || !placeLines(x) {
		return false
	}
	in.priceEdit(&x.event.Order)
	if in.editAmounts(&x.event.Order, repeated); x.hasFaults() {
		return false
	}
	if err := s.completeEdit(x, repeated); err != nil {
		s.failEngine(x, err)
		return false
	}
	if unknown := s.resolve(in); unknown != nil {
		x.fail(unknown)
		return false
	}
	in.command.Channel = x.event.Order.Channel // for a refusal, which may not show how many units there are
	return true
}

// completeEdit tells the edit of the exchange's order what of the order's document it leaves as it is. A repeated one is told the same as when it was carried
// out, if it asks for the same: then the order is the one after it, and has the edit's document already.
func (s *Server) completeEdit(x *exchange, repeated bool) error {
	in, order := &x.intake, &x.event.Order
	document, err := s.documentNow(order)
	if err != nil {
		return err
	}
	var base intake
	base.canonicalDocument(document, 0)
	shown := shownLines(order)
	if repeated && x.event.Kind == core.EventOrderEdited {
		added, money := slices.Clone(in.prices), slices.Clone(in.lineMoney)
		if in.hasPrices(&base, shown) {
			if in.editedDocument(&base, base.prices, base.lineMoney); bytes.Equal(in.document, document) {
				in.noteDocumentOnly()
				in.repeatDocument(order.Edited == x.event.Sequence)
				return nil
			}
		}
		in.prices, in.lineMoney = added, money
	}
	in.editedDocument(&base, withAdded(base.prices, in.prices, shown), withAdded(base.lineMoney, in.lineMoney, shown))
	in.noteDocumentOnly()
	in.keepDocument(document)
	return nil
}

// hasPrices tells whether the last lines of those that are shown have the prices of the lines that the body adds.
func (in *intake) hasPrices(after *intake, shown int) bool {
	if len(in.prices) > shown {
		return false
	}
	prices, money := make([]price, shown), make([]lineMoney, shown)
	copy(prices, after.prices)
	copy(money, after.lineMoney)
	return slices.EqualFunc(prices[shown-len(in.prices):], in.prices, price.equals) &&
		slices.EqualFunc(money[shown-len(in.lineMoney):], in.lineMoney, func(a, b lineMoney) bool {
			return a.discount.equals(b.discount) && a.tax.equals(b.tax)
		})
}

func (p price) equals(q price) bool {
	return p.set == q.set && p.amount == q.amount && bytes.Equal(p.currency, q.currency)
}

// documentNow gives the order's document; nil for none, and for one of which nothing is left.
func (s *Server) documentNow(order *core.OrderImage) ([]byte, error) {
	if !order.HasDocument {
		return nil, nil
	}
	document, err := s.engine.Document(order.Document())
	if err != nil || bytes.Equal(document, emptyObject) {
		return nil, err
	}
	return document, nil
}

// documentBase reads what an order's document says, for a request that brings another one; it answers and gives false when it cannot be read.
func (s *Server) documentBase(x *exchange, order *core.OrderImage) (base *intake, document []byte, ok bool) {
	document, err := s.documentNow(order)
	if err != nil {
		s.failEngine(x, err)
		return nil, nil, false
	}
	base = new(intake)
	base.canonicalDocument(document, 0)
	return base, document, true
}

// shownLines is how many lines of an order are shown: those of components are not.
func shownLines(o *core.OrderImage) int { return shownLine(o, len(o.Lines)-1) + 1 }

// renderEdited answers with the order in the exchange's event, and with what the edit changed.
func (s *Server) renderEdited(x *exchange, sequence core.Sequence) {
	s.renderOrder(x, sequence)
	if x.ctx.Response.StatusCode() == 200 {
		x.answerJSON(200, append(s.appendEdit(x.out[:len(x.out)-1], &x.event), '}'))
	}
}

// appendEdit appends which units an edit took off and which lines it added.
func (s *Server) appendEdit(dst []byte, ev *core.Event) []byte {
	dst = s.appendLineUnits(append(dst, `,"removed":[`...), ev, ev.Units)
	o := &ev.Order
	var added []core.LineUnits
	for i := len(o.Lines) - ev.Added; i < len(o.Lines); i++ {
		added = append(added, core.LineUnits{Line: i, Quantity: o.Lines[i].Quantity})
	}
	return append(s.appendLineUnits(append(dst, `],"added":[`...), ev, added), ']')
}

// appendLineUnits appends units of lines of an event's order, but for those of components.
func (s *Server) appendLineUnits(dst []byte, ev *core.Event, units []core.LineUnits) []byte {
	count := 0
	for _, u := range units {
		if ev.Order.Lines[u.Line].Role != core.LineOfComponent {
			dst = s.appendOfLine(appendComma(dst, count), ev, u.Line)
			dst = append(appendNumberField(dst, `,"quantity":`, u.Quantity), '}')
			count++
		}
	}
	return dst
}

// previewEdit serves POST /v1/orders/{order}/edits/preview: what an edit would come to, and of which version it has to be. Nothing is changed.
func (s *Server) previewEdit(x *exchange) {
	if !s.readEdit(x, func(x *exchange, id core.OrderID) (bool, bool) { return false, s.loadOrder(x, id) }) {
		return
	}
	before := x.event.Order
	p, sequence, err := s.engine.PreviewEdit(&x.intake.command)
	switch {
	case err != nil:
		s.failEngine(x, err)
	case p.Refusal != nil:
		s.failRefused(x, p.Refusal, &editedOrder)
	default:
		s.renderPreview(x, p, &before, sequence)
	}
}

func (s *Server) renderPreview(x *exchange, p *engine.EditPreview, before *core.OrderImage, sequence core.Sequence) {
	parts := &x.document
	x.intake.readDocument(x.intake.document, parts)
	dst := appendNumberField(x.out[:0], `{"version":`, p.Before)
	dst = appendTextField(dst, `,"status":`, orderStatuses[p.Event.Order.Status])
	dst = s.appendLines(dst, &p.Event.Order, parts)
	dst = s.appendEdit(dst, &p.Event)
	dst = append(dst, `,"route":`...)
	if p.Routed {
		dst = s.appendRoute(dst, &p.Route)
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendEditAmounts(append(dst, `,"amounts":`...), before, &p.Event.Order, x.intake.prices, parts.amounts)
	x.tag(p.Before)
	x.answerJSON(200, append(appendNumberField(dst, `,"sequence":`, sequence), '}'))
}

// appendEditAmounts appends what is due of an order before and after an edit. Of one without an account it is what the lines come to by the unit prices of all
// lines after it; null when they are not all known, or not in one currency.
func appendEditAmounts(dst []byte, before, after *core.OrderImage, prices []price, given []byte) []byte {
	if after.HasMoney() {
		dst = appendDifference(dst, []byte(after.Account.Currency.String()), before.Due(), after.Due())
		if len(given) > 2 {
			dst = append(append(append(dst[:len(dst)-1], `,"given":`...), given...), '}')
		}
		return dst
	}
	worth, fits := amountOf(before, prices[:min(len(prices), shownLines(before))])
	then, fitsThen := amountOf(after, prices)
	if !fits || !fitsThen {
		return append(dst, "null"...)
	}
	return appendDifference(dst, prices[0].currency, worth, then)
}

func appendDifference(dst, currency []byte, before, after int64) []byte {
	dst = appendTextField(dst, `{"currency":`, currency)
	dst = appendNumberField(dst, `,"before":`, before)
	dst = appendNumberField(dst, `,"after":`, after)
	return append(appendNumberField(dst, `,"difference":`, after-before), '}')
}

// amountOf is what the units of an order come to that were not cancelled, by the prices of the lines that are shown. It is false when one is not known, when they
// are not in one currency, and for more than maxStored.
func amountOf(o *core.OrderImage, prices []price) (sum int64, fits bool) {
	if len(prices) != shownLines(o) {
		return 0, false
	}
	at := 0
	for i := range o.Lines {
		if o.Lines[i].Role == core.LineOfComponent {
			continue
		}
		p, life := &prices[at], o.LineLife(i)
		at++
		high, low := bits.Mul64(uint64(p.amount), uint64(o.Lines[i].Quantity-life.Cancelled))
		if !p.set || !bytes.Equal(p.currency, prices[0].currency) || high != 0 || low > uint64(maxStored-sum) {
			return 0, false
		}
		sum += int64(low)
	}
	return sum, true
}

// loadOrderOf reads an order for a request that changes it into the exchange's event, as it was when the request was carried out if its Idempotency-Key says
// that it was: what the command takes from the order is the same then, so that it gets its first answer. It answers and gives false when there is
// none. repeated says that the event is that of the first time.
func (s *Server) loadOrderOf(x *exchange, id core.OrderID) (repeated, ok bool) {
	if s.recall(x, id) {
		return true, true
	}
	return false, s.loadOrder(x, id)
}

// readOrderOf is loadOrderOf for who answers otherwise.
func (s *Server) readOrderOf(x *exchange, id core.OrderID) error {
	if s.recall(x, id) {
		return nil
	}
	_, err := s.readOrder(x, id)
	return err
}

// recall loads the event of the command that the request's Idempotency-Key belongs to, if that was about the order.
func (s *Server) recall(x *exchange, id core.OrderID) bool {
	text := x.ctx.Request.Header.PeekBytes(headerKey)
	if text == nil {
		return false
	}
	sequence, _, known := s.engine.Remembered(keyOf(text))
	return known && s.loadEvent(x, sequence, id)
}

// loadEvent loads the event with which a command told what it did to an order; false when it did nothing to it, or is not in the feed any more.
func (s *Server) loadEvent(x *exchange, sequence core.Sequence, id core.OrderID) bool {
	if sequence <= s.engine.Feed().Oldest() {
		return false
	}
	reader := s.engine.Feed().Read(sequence - 1)
	for last := false; !last; {
		encoded, h, isLast, err := reader.Next()
		if err != nil || h.Sequence != sequence {
			return false
		}
		x.image, last = append(x.image[:0], encoded...), isLast
		_, err = codec.DecodeEvent(x.image, &x.event)
		invariant.Check(err == nil, "the engine's events are codec's")
		if x.event.Kind.IsOwn() && x.event.Kind.HasOrder() && x.event.Order.ID == id {
			return true
		}
	}
	return false
}
