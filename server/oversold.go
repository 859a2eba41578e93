package server

import (
	"errors"

	"holdfast/engine"
	"holdfast/engine/core"
)

var (
	resolvedCase = submission{status: 200, render: (*Server).renderResolution}
	unknownCase  = &problem{kind: kindOf(codeCaseNotFound), detail: refusalDetails[core.ReasonCaseNotFound]}
)

// oversoldActions are what is done about an oversold case, by number.
var oversoldActions = [...]string{
	core.OversoldCancel:    "cancel",
	core.OversoldBackorder: "backorder",
	core.OversoldReSource:  "re_source",
}

// victimPolicies are the orders in which those are named who might not be served, by number.
var victimPolicies = [...]string{
	core.VictimsNewest:   "newest_first",
	core.VictimsOldest:   "oldest_first",
	core.VictimsSmallest: "smallest_first",
	core.VictimsLargest:  "largest_first",
	core.VictimsChannels: "channels",
}

// caseStatuses say which cases a list has; one that does not say has those that are open.
var caseStatuses = [...]string{"", "open", "resolved", "all"}

// listCases serves GET /v1/oversold: cases in the order in which they were opened.
func (s *Server) listCases(x *exchange) {
	q := x.query("status", "sku", "order", "limit", "after", "at_least")
	query := core.CaseQuery{Most: int(q.number("limit", 1, maxPage, defaultPage))}
	query.Status = core.CaseStatus(max(1, q.oneOf("status", caseStatuses[:])) - 1)
	sku, order, after := q.name("sku"), q.args.Peek("order"), q.args.Peek("after")
	if query.HasAfter = after != nil; query.HasAfter {
		if id, ok := s.caseID(after); ok {
			query.After = id
		} else {
			q.fault("after", "must be the id of a case: take it from next")
		}
	}
	if !s.waitFor(q) {
		return
	}
	if query.OfSKU = sku != nil; query.OfSKU {
		entry, ok := s.engine.SKU(sku)
		if !ok {
			x.fail(unknownSKU)
			return
		}
		query.SKU = entry.ID
	}
	if query.OfOrder = order != nil; query.OfOrder {
		number, ok := parseID(order)
		if query.Order = s.engine.OrderFromPublic(number); !ok || !s.engine.OrderMayExist(query.Order) {
			failUnknownOrder(x, false)
			return
		}
	}
	list, more, sequence, err := s.engine.ReadCases(nil, query)
	if errors.Is(err, engine.ErrNotFound) {
		x.fail(faultProblem([]fault{{codeInvalidQuery, "after", "must be the id of a case: take it from next"}}))
		return
	}
	if err != nil {
		s.failEngine(x, err)
		return
	}
	dst, last := append(x.out[:0], `{"items":[`...), ""
	for i := range list {
		dst = append(s.appendCase(appendComma(dst, i), &list[i]), '}')
		last = string(s.appendCaseID(nil, list[i].ID))
	}
	x.answerPage(dst, last, more, sequence)
}

// getCase serves GET /v1/oversold/{case}: a case, and who might not be served.
func (s *Server) getCase(x *exchange) {
	q := x.query("policy", "limit", "at_least")
	limit := int(q.number("limit", 1, maxPage, defaultPage))
	policy, channels := s.victimPolicy(q)
	if !s.waitFor(q) {
		return
	}
	id, ok := s.caseID(x.variable)
	if !ok {
		x.fail(unknownCase)
		return
	}
	image, ranking, sequence, err := s.engine.ReadVictims(id, policy, channels, limit)
	if err != nil {
		s.failRead(x, err, unknownCase)
		return
	}
	dst := appendTextField(s.appendCase(x.out[:0], &image), `,"policy":`, victimPolicies[policy])
	dst = append(dst, `,"victims":[`...)
	for i := range ranking.Victims {
		dst = s.appendVictim(appendComma(dst, i), id.SKU, &ranking.Victims[i])
	}
	dst = appendBoolField(append(dst, ']'), `,"more":`, ranking.More)
	dst = appendBoolField(dst, `,"complete":`, ranking.Complete)
	dst = appendNumberField(dst, `,"sequence":`, sequence)
	x.tag(image.Version)
	x.answerJSON(200, append(dst, '}'))
}

// resolveCase serves POST /v1/oversold/{case}/resolve: something is done about a case, with its own order or another one.
func (s *Server) resolveCase(x *exchange) {
	in := &x.intake
	in.parseResolution(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	id, ok := s.caseID(x.variable)
	if !ok {
		x.fail(unknownCase)
		return
	}
	c := &in.command
	if !x.setVersion(c) {
		return
	}
	c.Resolution.Case, c.Resolution.SKU, c.Order = id.Order, id.SKU, id.Order
	if len(in.locations) > 0 {
		if c.Resolution.Location, ok = s.engine.Location(in.locations[0]); !ok {
			x.fail(unknownNamed("location", in.locations[0]))
			return
		}
	}
	if in.order != nil {
		number, ok := parseID(in.order)
		if c.Order = s.engine.OrderFromPublic(number); !ok || !s.engine.OrderMayExist(c.Order) {
			failUnknownVictim(x, in.order)
			return
		}
	}
	err := s.readOrderOf(x, c.Order)
	switch order := &x.event.Order; {
	case errors.Is(err, engine.ErrNotFound):
		failUnknownVictim(x, in.order)
		return
	case err == nil && order.HasDocument && c.Resolution.Action == core.OversoldBackorder:
		c.Destination, err = s.destinationOf(order)
	}
	if err != nil {
		s.failEngine(x, err)
		return
	}
	s.submit(x, &resolvedCase)
}

func failUnknownVictim(x *exchange, id []byte) {
	x.fail(unknownIn(kindOrderInBody, "order", "there is no order "+quoteEchoed(id)))
}

// renderResolution answers with the case in the exchange's event, and with the order that something was done with.
func (s *Server) renderResolution(x *exchange, sequence core.Sequence) {
	order := &x.event.Order
	var parts *orderDocument
	if order.HasDocument {
		document, err := s.engine.Document(order.Document())
		if err != nil {
			s.failEngine(x, err)
			return
		}
		parts = &x.document
		x.intake.readDocument(document, parts)
	}
	x.tag(x.event.Resolution.Case.Version)
	dst := s.appendResolution(s.appendCase(x.out[:0], &x.event.Resolution.Case), &x.event, parts)
	x.answerJSON(200, append(appendNumberField(dst, `,"sequence":`, sequence), '}'))
}

// appendCase appends a case, without the brace that closes it.
func (s *Server) appendCase(dst []byte, k *core.CaseImage) []byte {
	dst = append(s.appendCaseID(append(dst, `{"id":"`...), k.ID), '"')
	status := "open"
	if k.Left == 0 {
		status = "resolved"
	}
	dst = appendTextField(dst, `,"status":`, status)
	dst = s.appendSKU(append(dst, `,"sku":`...), k.ID.SKU)
	dst = append(appendID(append(dst, `,"order_id":"`...), s.engine.PublicOrderID(k.ID.Order)), '"')
	dst = appendNumberField(dst, `,"quantity":`, k.Units)
	dst = appendNumberField(dst, `,"remaining":`, k.Left)
	dst = appendNumberField(dst, `,"version":`, k.Version)
	dst = appendTimeField(dst, `,"opened_at":`, k.OpenedAt)
	return appendTimeField(dst, `,"changed_at":`, k.At)
}

func (s *Server) appendVictim(dst []byte, sku core.SKUID, v *core.VictimImage) []byte {
	dst = append(appendID(append(dst, `{"order_id":"`...), s.engine.PublicOrderID(v.Order)), '"')
	dst = appendTextField(dst, `,"status":`, orderStatuses[v.Status])
	dst = s.appendChannel(append(dst, `,"channel":`...), v.Channel)
	dst = appendNumberField(dst, `,"quantity":`, v.Quantity)
	dst = appendNumberField(dst, `,"backordered":`, v.Backordered)
	dst = appendNumberField(dst, `,"version":`, v.Version)
	dst = appendTimeField(dst, `,"created_at":`, v.CreatedAt)
	if v.HasCase {
		dst = append(s.appendCaseID(append(dst, `,"case_id":"`...), core.CaseID{Order: v.Order, SKU: sku}), '"')
	}
	return append(dst, '}')
}

// appendResolution appends what was done about a case, with which order, and which of its units moved: null is where units wait.
func (s *Server) appendResolution(dst []byte, ev *core.Event, document *orderDocument) []byte {
	r := &ev.Resolution
	dst = appendTextField(dst, `,"action":`, oversoldActions[r.Action])
	dst = appendNumberField(dst, `,"resolved":`, r.Units)
	if len(r.Note) > 0 {
		dst = appendTextField(dst, `,"note":`, r.Note)
	}
	if len(ev.Actor) > 0 {
		dst = appendTextField(dst, `,"actor":`, ev.Actor)
	}
	dst = append(dst, `,"moved":[`...)
	for i, f := range ev.Fills {
		dst = s.appendOfLine(appendComma(dst, i), ev, f.Line)
		if r.Action == core.OversoldReSource {
			dst = s.appendLocation(append(dst, `,"from":null,"to":`...), f.Location)
		} else {
			dst = append(s.appendLocation(append(dst, `,"from":`...), f.Location), `,"to":null`...)
		}
		dst = append(appendNumberField(dst, `,"quantity":`, f.Quantity), '}')
	}
	return s.appendOrder(append(dst, `],"order":`...), &ev.Order, document, 0)
}
