package server

import (
	"bytes"
	"strconv"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/engine/search"
)

var (
	reportedPayment  = submission{status: 200, render: (*Server).renderPayment}
	requestedPayment = submission{status: 201, render: (*Server).renderPayment}
	lockedHold       = submission{status: 200, onHold: true, render: (*Server).renderOrder}
)

// reportPayment serves POST /v1/orders/{order}/payments: a provider reports on a payment.
func (s *Server) reportPayment(x *exchange) {
	x.intake.parsePayment(x.ctx.PostBody())
	s.submitPayment(x, &reportedPayment)
}

// requestPayment serves POST /v1/orders/{order}/payments/requests: somebody asks for a capture, a refund or a void.
func (s *Server) requestPayment(x *exchange) {
	x.intake.parseTask(x.ctx.PostBody())
	s.submitPayment(x, &requestedPayment)
}

// lockHold serves POST /v1/holds/{hold}/lock.
func (s *Server) lockHold(x *exchange) {
	x.intake.parseLock(x.ctx.PostBody())
	s.submitPayment(x, &lockedHold)
}

// unlockHold serves POST /v1/holds/{hold}/unlock.
func (s *Server) unlockHold(x *exchange) {
	x.intake.parseUnlock(x.body())
	s.submitPayment(x, &lockedHold)
}

// submitPayment sends what has been parsed, about the order in the path.
func (s *Server) submitPayment(x *exchange, how *submission) {
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, how.onHold)
	if !ok || !x.setVersion(&x.intake.command) || s.engine.IsArchived(id) && !s.loadOrder(x, id) {
		return
	}
	x.intake.command.Order = id
	x.event.Kind = 0 // of a command that changes nothing there is no event
	s.submit(x, how)
}

// completePayment serves POST /v1/orders/{order}/payments/{payment}/complete: somebody has carried a task out, or could not.
func (s *Server) completePayment(x *exchange) {
	const placeOfOrder = 2
	c := &x.intake.command
	number, err := strconv.ParseUint(string(x.variable), 10, 8)
	x.variable = x.segment(placeOfOrder)
	x.intake.parseCompletion(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(c) || !s.loadOrder(x, id) {
		return
	}
	account := x.event.Order.Account
	if err != nil || number == 0 || account == nil || number > uint64(len(account.Entries)) {
		x.fail(&problem{kind: refusalKind(core.ReasonPaymentNotFound, false), detail: refusalDetails[core.ReasonPaymentNotFound]})
		return
	}
	task := &account.Entries[number-1] // what it is about never changes
	p := c.Payment
	p.Entry, p.Type, p.Amount, p.Currency = int(number), task.Type, task.Amount, account.Currency
	if p.Provider == nil { // so that what the provider reports of it later is the same payment
		p.Provider = task.Provider
	}
	c.Order, x.event.Kind = id, 0
	s.submit(x, &reportedPayment)
}

// renderPayment answers with the order in the exchange's event, and with the payment that the command was about.
func (s *Server) renderPayment(x *exchange, sequence core.Sequence) {
	if x.event.Kind == core.EventPaymentLate {
		dst := append(appendID(append(x.out[:0], `{"order_id":"`...), s.engine.PublicOrderID(x.event.Noted)), '"')
		dst = appendNoted(appendLate(append(dst, `,"late":true,"report":`...), x.event.Late), &x.event)
		x.answerJSON(202, append(appendNumberField(dst, `,"sequence":`, sequence), '}'))
		return
	}
	number := x.event.Payment
	if x.event.Kind == 0 {
		number = knownPayment(&x.event.Order, x.intake.command.Payment)
	}
	s.renderOrder(x, sequence)
	if status := x.ctx.Response.StatusCode(); status < 300 {
		dst := append(x.out[:len(x.out)-1], `,"payment":`...)
		x.answerJSON(status, append(appendPayment(dst, &x.event.Order, number), '}'))
	}
}

// knownPayment is the number of the payment that a report is about which changed nothing.
func knownPayment(o *core.OrderImage, p *core.PaymentRequest) int {
	for i := range o.Account.Entries {
		e := &o.Account.Entries[i]
		if e.Type == p.Type && bytes.Equal(e.Provider, p.Provider) && bytes.Equal(e.Reference, p.Reference) {
			return i + 1
		}
	}
	return p.Entry
}

// listPayments serves GET /v1/orders/{order}/payments.
func (s *Server) listPayments(x *exchange) {
	page, sequence, ok := s.readParts(x)
	if !ok {
		return
	}
	order := &x.event.Order
	dst := append(appendID(append(x.out[:0], `{"order_id":"`...), s.engine.PublicOrderID(order.ID)), '"')
	dst = append(appendMoney(dst, order, nil), `,"items":[`...)
	all := 0
	if order.Account != nil {
		all = len(order.Account.Entries)
	}
	from, to := page.of(all)
	for i := from; i < to; i++ {
		dst = appendPayment(appendComma(dst, i-from), order, i+1)
	}
	x.answerParts(dst, to, all, sequence)
}

// listTasks serves GET /v1/payments/tasks: what is to be carried out, or failed and is outstanding, of all orders, those of the newest first.
func (s *Server) listTasks(x *exchange) {
	q := x.query("type", "status", "provider", "limit", "after", "at_least")
	query := search.Query{Limit: int(q.number("limit", 1, maxPage, defaultPage)), Before: s.createdBefore(q)}
	want := wantedTasks{
		Type: core.PaymentType(q.oneOf("type", taskTypes[:])), Status: core.EntryStatus(q.oneOf("status", taskStatuses[:])),
		provider: q.text("provider", &providerRule),
	}
	query.Terms = []search.Term{want.term()}
	if !s.waitForIndex(q) {
		return
	}
	at := s.indexed()
	page, err := s.options.Search.Find(&query)
	if err != nil {
		s.failSearch(x, err)
		return
	}
	dst, count := append(x.out[:0], `{"items":[`...), 0
	sequence, err := s.engine.ReadOrders(page.Orders, func(_ int, image []byte) error {
		_, err := codec.DecodeOrderImage(image, &x.event.Order)
		invariant.Check(err == nil, "the engine's images are codec's")
		dst, count, err = s.appendTasks(dst, &x.event.Order, &want, count)
		return err
	})
	if err != nil {
		s.failSearch(x, err)
		return
	}
	x.answerJSON(200, at.append(s.appendOrdersNext(append(dst, ']'), &page), sequence))
}

// taskStatuses are those that tasks are listed by, by number.
var taskStatuses = [...]string{core.EntryRequested: "requested", core.EntryActionRequired: "action_required", core.EntryFailed: "failed"}

// wantedTasks are those of a type, a status and a provider; zero for any that are to be carried out.
type wantedTasks struct {
	Type     core.PaymentType
	Status   core.EntryStatus
	provider []byte
}

// term is what the orders have in common that have such tasks.
func (w *wantedTasks) term() search.Term {
	if w.Status == core.EntryFailed {
		return search.Failed(w.Type)
	}
	return search.Tasks(w.Type)
}

// has tells whether a task is of the type and the provider.
func (w *wantedTasks) has(e *core.PaymentEntry) bool {
	return (w.Type == 0 || e.Type == w.Type) &&
		(w.provider == nil || bytes.Equal(e.Provider, w.provider))
}

// isOpen tells whether an entry is a task that is to be carried out, of a status that is wanted.
func (w *wantedTasks) isOpen(e *core.PaymentEntry) bool {
	return e.Task && e.Status.IsOpen() && (w.Status == 0 || e.Status == w.Status)
}

// appendTasks appends an order's tasks to a list that has so many.
func (s *Server) appendTasks(dst []byte, o *core.OrderImage, want *wantedTasks, count int) ([]byte, int, error) {
	if o.Account == nil {
		return dst, count, nil
	}
	if want.Status == core.EntryFailed {
		return s.appendFailed(dst, o, want, count)
	}
	for i := range o.Account.Entries {
		if e := &o.Account.Entries[i]; want.isOpen(e) && want.has(e) {
			dst = append(s.appendTask(appendComma(dst, count), o, i+1), '}')
			count++
		}
	}
	return dst, count, nil
}

// appendFailed appends an order's tasks that failed and are outstanding to a list that has so many.
func (s *Server) appendFailed(dst []byte, o *core.OrderImage, want *wantedTasks, count int) ([]byte, int, error) {
	if err := s.options.Search.TellLate(o); err != nil {
		return dst, count, err
	}
	for _, f := range o.FailedTasks() {
		if want.has(&o.Account.Entries[f.Entry-1]) {
			dst = s.appendTask(appendComma(dst, count), o, f.Entry)
			dst = append(appendAmountField(dst, `,"outstanding":`, o, f.Amount), '}')
			count++
		}
	}
	return dst, count, nil
}

// appendTask begins a task of a list.
func (s *Server) appendTask(dst []byte, o *core.OrderImage, number int) []byte {
	dst = append(appendID(append(dst, `{"order_id":"`...), s.engine.PublicOrderID(o.ID)), '"')
	return appendPayment(append(dst, `,"payment":`...), o, number)
}
