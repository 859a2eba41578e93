package server

import (
	"strconv"

	"holdfast/engine/core"
)

// returnStatuses are the names of how far returns are, by number.
var returnStatuses = [...]string{
	core.ReturnRequested: "requested", core.ReturnApproved: "approved", core.ReturnInTransit: "in_transit",
	core.ReturnPartiallyReceived: "partially_received", core.ReturnReceived: "received", core.ReturnInspected: "inspected",
	core.ReturnClosed: "closed", core.ReturnDeclined: "declined", core.ReturnCancelled: "cancelled", core.ReturnExpired: "expired",
}

// orderReturnStatuses are the names of how far all returns of an order are, by number.
var orderReturnStatuses = [...]string{
	core.OrderReturnsNone: "none", core.OrderReturnsRequested: "requested", core.OrderReturnsInProgress: "in_progress",
	core.OrderReturnsPartial: "partially_returned", core.OrderReturnsAll: "returned",
}

// returnActions are what may be done with a return, by the names in its paths.
var returnActions = [...]struct {
	name     string
	kind     core.CommandKind
	decision core.ReturnDecision
}{
	{"approve", core.CommandDecideReturn, core.DecideApprove}, {"decline", core.CommandDecideReturn, core.DecideDecline},
	{"cancel", core.CommandDecideReturn, core.DecideCancel}, {"in-transit", core.CommandReportReturn, 0}, {"receive", core.CommandReceiveReturn, 0},
	{"inspect", core.CommandInspectReturn, 0}, {"close", core.CommandCloseReturn, 0}, {"refund-decisions", core.CommandDecideRefund, 0},
}

// appendReturnStatus appends what status a return has, and what may be done with it by its policy.
func appendReturnStatus(dst []byte, status core.ReturnStatus, policy core.RefundPolicy) []byte {
	dst = appendTextField(dst, `,"return_status":`, returnStatuses[status])
	dst = append(dst, `,"allowed":[`...)
	n := 0
	for _, action := range returnActions {
		if status.Allows(action.kind, action.decision) && (action.kind != core.CommandDecideRefund || status.AllowsRefund(policy)) {
			dst = appendTextField(appendComma(dst, n), "", action.name)
			n++
		}
	}
	return append(dst, ']')
}

// decisionType is the type of an event about what was decided about a return.
func decisionType(ev *core.Event) string {
	switch r := &ev.Order.Life.Returns[ev.Return-1]; {
	case r.Settled:
		return "return_replacement_settled"
	case r.Status == core.ReturnDeclined:
		return "return_declined"
	case r.Status == core.ReturnCancelled:
		return "return_cancelled"
	}
	return "return_approved"
}

// appendReturn appends a return of an order, with what its documents say.
func (s *Server) appendReturn(dst []byte, o *core.OrderImage, number int, document documentReader) (out []byte, err error) {
	o.Life.EachReturn(func(n int, r *core.ReturnImage, lines []core.ReturnLine, refunds []core.RefundImage) {
		if n != number || err != nil {
			return
		}
		dst = s.appendReturnHead(dst, o, n, r)
		dst = s.appendReturnTerms(dst, r)
		dst = s.appendReturnLines(dst, o, lines)
		dst = appendRefunds(dst, o, refunds)
		if r.HasDocument {
			dst, err = appendDocumentFields(dst, r.Created, document)
		}
		if r.Sent != 0 && err == nil {
			dst, err = appendDocumentFields(dst, r.Sent, document)
		}
		dst = append(dst, '}')
	})
	return dst, err
}

// appendDocumentFields appends the fields of a document.
func appendDocumentFields(dst []byte, made core.Sequence, document documentReader) ([]byte, error) {
	text, err := document(made)
	if err == nil && len(text) > 2 {
		dst = append(append(dst, ','), text[1:len(text)-1]...)
	}
	return dst, err
}

func (s *Server) appendReturnHead(dst []byte, o *core.OrderImage, number int, r *core.ReturnImage) []byte {
	order := appendID(nil, s.engine.PublicOrderID(o.ID))
	dst = append(append(append(dst, `{"order_id":"`...), order...), '"')
	dst = appendNumberField(dst, `,"number":`, number)
	dst = append(append(dst, `,"rma":"`...), order...)
	dst = append(strconv.AppendInt(append(dst, "/returns/"...), int64(number), 10), '"')
	dst = appendTextField(dst, `,"kind":`, returnKinds[r.Kind])
	dst = appendTextField(dst, `,"status":`, returnStatuses[r.Status])
	dst = appendTimeField(dst, `,"requested_at":`, r.CreatedAt)
	if r.Until != 0 {
		dst = appendTimeField(dst, `,"expires_at":`, r.Until)
	}
	if r.Forced {
		dst = append(dst, `,"after_window":true`...)
	}
	return dst
}

// appendReturnTerms appends with what a return was approved, and what came of it.
func (s *Server) appendReturnTerms(dst []byte, r *core.ReturnImage) []byte {
	t := &r.Terms
	dst = appendTextField(dst, `,"refund_when":`, refundPolicies[t.Policy])
	dst = appendBoolField(dst, `,"refund_due":`, r.RefundDue())
	if t.Remedy != core.RemedyNone {
		dst = appendTextField(dst, `,"remedy":`, remedies[t.Remedy])
	}
	if t.Keep {
		dst = append(dst, `,"customer_keeps_units":true`...)
	}
	if t.Fee != 0 {
		dst = appendAmountOf(append(dst, `,"restocking_fee":`...), t.Fee, t.Currency)
	}
	if t.Replacement != 0 {
		dst = appendID(append(dst, `,"replacement":{"order_id":"`...), s.engine.PublicOrderID(t.Replacement))
		dst = append(dst, '"')
		if t.Currency != (core.Currency{}) {
			dst = appendAmountOf(append(dst, `,"difference":`...), t.Difference, t.Currency)
		}
		if r.Settled {
			dst = append(dst, `,"settled":true`...)
		}
		dst = append(dst, '}')
	}
	return dst
}

func appendAmountOf(dst []byte, amount int64, currency core.Currency) []byte {
	dst = appendNumberField(dst, `{"amount":`, amount)
	return append(appendTextField(dst, `,"currency":`, currency.String()), '}')
}

// appendReturnLines appends the lines of a return. Those of components have their SKU beside the line of their kits.
func (s *Server) appendReturnLines(dst []byte, o *core.OrderImage, lines []core.ReturnLine) []byte {
	dst = append(dst, `,"lines":[`...)
	for i := range lines {
		l := &lines[i]
		dst = s.appendReturnPlace(appendComma(dst, i), o, l.Line)
		dst = appendNumberField(dst, `,"quantity":`, l.Quantity)
		dst = appendTextField(dst, `,"reason":`, returnReasons[l.Reason])
		out := l.Quantity
		dst = append(dst, `,"received":{`...)
		some := 0
		for k, n := range l.Became {
			if out -= n; n != 0 {
				dst = appendTextField(appendComma(dst, some), "", dispositions[k+1])
				dst = appendNumberField(dst, ":", n)
				some++
			}
		}
		dst = append(appendNumberField(append(dst, '}'), `,"outstanding":`, out), '}')
	}
	return append(dst, ']')
}

// appendReturnPlace opens what is said of units of a line: which one it is among those that are shown, and its SKU.
func (s *Server) appendReturnPlace(dst []byte, o *core.OrderImage, line int) []byte {
	dst = appendNumberField(dst, `{"line":`, shownLine(o, line))
	return s.appendSKU(append(dst, `,"sku":`...), o.Lines[line].SKU)
}

func appendRefunds(dst []byte, o *core.OrderImage, refunds []core.RefundImage) []byte {
	dst = append(dst, `,"refunds":[`...)
	for i := range refunds {
		f := &refunds[i]
		kind := 0
		if f.Credit {
			kind = 1
		}
		dst = appendTextField(appendComma(dst, i), `{"kind":`, refundKinds[kind])
		dst = appendNumberField(dst, `,"amount":`, f.Amount)
		dst = appendTextField(dst, `,"currency":`, f.Currency.String())
		dst = appendTimeField(dst, `,"decided_at":`, f.At)
		if len(f.By) > 0 {
			dst = appendTextField(dst, `,"decided_by":`, f.By)
		}
		dst = append(appendRefundTasks(dst, o, f.Decided), '}')
	}
	return append(dst, ']')
}

// appendRefundTasks appends the numbers of the payments that a refund was asked for with: none of credit, nor of an order without prices.
func appendRefundTasks(dst []byte, o *core.OrderImage, decided core.Sequence) []byte {
	if o.Account == nil {
		return dst
	}
	count := 0
	for i := range o.Account.Entries {
		if e := &o.Account.Entries[i]; !e.Decided || e.Created != decided {
			continue
		}
		if count == 0 {
			dst = append(dst, `,"payments":[`...)
		}
		dst = strconv.AppendInt(appendComma(dst, count), int64(i+1), 10)
		count++
	}
	if count > 0 {
		dst = append(dst, ']')
	}
	return dst
}

// returnCounters are what a line's units became in returns: those that are still to come, and the others by disposition.
func appendReturnCounters(dst []byte, o *core.OrderImage, line int) []byte {
	dst = appendNumberField(dst, `,"returning":`, kitsOf(o, line, func(l core.LineLife) core.Quantity { return l.Returning }))
	for k := range core.Dispositions {
		n := kitsOf(o, line, func(l core.LineLife) core.Quantity { return l.Returned[k] })
		if n > 0 {
			dst = appendNumberField(append(append(dst, `,"returned_`...), dispositions[k+1]...), `":`, n)
		}
	}
	return dst
}

// appendReturnEvent appends what an event tells of a return: the return, and which units it is about.
func (t *eventSource) appendReturnEvent(dst []byte) []byte {
	ev := &t.event
	dst, _ = t.server.appendReturn(append(dst, `,"return":`...), &ev.Order, ev.Return, func(made core.Sequence) ([]byte, error) {
		document, err := t.server.engine.Document(made)
		if err != nil {
			return nil, nil // a document that is no longer kept is left out
		}
		return document, nil
	})
	if ev.Kind == core.EventReturnReceived || ev.Kind == core.EventReturnInspected {
		dst = append(dst, `,"units":[`...)
		for i, row := range ev.Returned {
			dst = t.server.appendReturnPlace(appendComma(dst, i), &ev.Order, row.Line)
			dst = appendNumberField(dst, `,"quantity":`, row.Quantity)
			dst = append(appendTextField(dst, `,"disposition":`, dispositions[row.Disposition]), '}')
		}
		dst = append(dst, ']')
	}
	return dst
}
