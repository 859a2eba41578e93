package server

import (
	"bytes"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/server/queue"
)

// ticketView is what the holder of a ticket is told.
type ticketView struct {
	sale   *engine.SaleEntry
	token  queue.Token
	view   queue.View
	ticket []byte // the token's text
}

// joinQueue serves POST /v1/sales/{sale}/queue. A customer has one place in the queue, and gets it again.
func (s *Server) joinQueue(x *exchange) {
	customer := x.intake.parseCustomer(x.body())
	if x.hasFaults() {
		return
	}
	entry, ok := s.saleInPath(x)
	if !ok {
		return
	}
	now := s.queues.now()
	switch rules := entry.Settings(); {
	case !rules.Queue.Required:
		x.failWith(codeNoQueue, "the sale lets everybody in: order without a ticket")
		return
	case core.Millis(now) >= rules.EndsAt:
		x.failWith(codeSaleEnded, "the sale is over")
		return
	}
	h, err := s.queues.host(entry)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	t := ticketView{sale: entry, token: queue.Token{Kind: queue.KindTicket, Sale: uint32(entry.ID), Time: now}}
	t.token.Customer = s.queues.signer.Customer(t.token.Sale, customer)
	number, how := s.join(h, t.token.Customer, now)
	switch how {
	case queue.Full:
		x.failWith(codeQueueFull, "the queue takes nobody any more")
		return
	case queue.MayWait:
		x.failOverloaded(s, "too many join the queue at once: try again")
		return
	}
	t.token.Number = number
	t.view, _ = h.line.Look(number, t.token.Customer, now)
	status := 201
	if how == queue.IsIn {
		status = 200
	}
	x.answerJSON(status, s.appendTicket(x.out[:0], &t))
}

// join gets a number, and waits a little when none is reserved.
func (s *Server) join(h *queueHost, customer uint64, now int64) (number uint32, how queue.Joining) {
	var patience *time.Timer
	for {
		changed := h.line.Changed()
		if number, how = h.line.Join(customer, now); how != queue.MayWait {
			return number, how
		}
		if patience == nil {
			patience = time.NewTimer(s.options.RetryAfter)
			defer patience.Stop()
		}
		s.queues.soon()
		select {
		case <-changed:
		case <-patience.C:
			return 0, queue.MayWait
		case <-s.queues.stop:
			return 0, queue.MayWait
		}
	}
}

// parseCustomer reads the body of POST /v1/sales/{sale}/queue.
func (in *intake) parseCustomer(body []byte) (customer []byte) {
	in.begin(0, body)
	if in.object() {
		for in.more() {
			if string(in.name()) == "customer" {
				customer = in.text(&nameRule)
			} else {
				in.unknown()
			}
		}
		if customer == nil {
			in.missing("customer")
		}
	}
	in.end()
	return customer
}

// saleInPath gives the sale that the path names; it answers and gives false when there is none.
func (s *Server) saleInPath(x *exchange) (*engine.SaleEntry, bool) {
	entry, ok := s.engine.Sale(pathPart(x.ctx.Path(), 3))
	if !ok {
		x.fail(unknownSale)
	}
	return entry, ok
}

// pathPart gives a part of a path, counted from 1; "/v1/sales" has two.
func pathPart(path []byte, n int) (part []byte) {
	for rest, ok := path, true; n >= 0 && ok; n-- {
		part, rest, ok = bytes.Cut(rest, []byte{'/'})
	}
	return part
}

// getQueue serves GET /v1/sales/{sale}/queue, which is for the merchant.
func (s *Server) getQueue(x *exchange) {
	entry, ok := s.saleInPath(x)
	if !ok || !x.query().sound() {
		return
	}
	h, err := s.queues.host(entry)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	n := h.line.Summary(s.queues.now())
	dst := appendTextField(x.out[:0], `{"sale":`, entry.Name)
	dst = appendBoolField(dst, `,"required":`, entry.Settings().Queue.Required)
	dst = appendBoolField(dst, `,"ordered":`, n.Opened)
	dst = appendNumberField(dst, `,"tickets":`, n.Tickets)
	dst = appendNumberField(dst, `,"waiting":`, n.Waiting)
	dst = appendNumberField(dst, `,"had_their_turn":`, n.Admitted)
	dst = appendNumberField(dst, `,"may_order":`, n.Outstanding)
	dst = appendNumberField(dst, `,"ordered_since_start":`, n.Used)
	dst = appendNumberField(dst, `,"passed_over_since_start":`, n.PassedOver)
	dst = appendNullable(dst, `,"per_minute":`, n.PerMinute)
	dst = appendNumberField(dst, `,"sequence":`, s.engine.Sequence())
	x.answerJSON(200, append(dst, '}'))
}

// appendQueue appends how far a queue has come, as an event tells it.
func (s *Server) appendQueue(dst []byte, q *core.QueueImage) []byte {
	dst = s.appendSaleName(append(dst, `{"sale":`...), q.Sale)
	dst = appendNumberField(dst, `,"reserved":`, q.Counters.Reserved)
	dst = appendNumberField(dst, `,"drawn":`, q.Counters.Drawn)
	dst = appendNumberField(dst, `,"had_their_turn":`, q.Counters.Admitted)
	dst = appendNumberField(dst, `,"settled":`, q.Counters.Settled)
	return append(appendBoolField(dst, `,"ordered":`, q.Counters.Opened), '}')
}

// getTicket serves GET /v1/sales/{sale}/queue/{ticket}. Asking is also how its holder shows that they are still there.
func (s *Server) getTicket(x *exchange) {
	t := ticketView{ticket: x.variable}
	if x.query().sound() && s.findTicket(x, &t) {
		x.answerJSON(200, s.appendTicket(x.out[:0], &t))
	}
}

// findTicket reads the ticket in the path and finds out how it stands; it answers and gives false when there is none.
func (s *Server) findTicket(x *exchange, t *ticketView) bool {
	entry, ok := s.saleInPath(x)
	if !ok {
		return false
	}
	t.sale = entry
	t.token, ok = s.queues.signer.Read(t.ticket)
	if !ok || t.token.Kind != queue.KindTicket || t.token.Sale != uint32(entry.ID) {
		x.failWith(codeTicketNotFound, "this is no ticket of the sale's queue")
		return false
	}
	known, err := s.look(t)
	if err != nil {
		s.failEngine(x, err)
		return false
	}
	if !known {
		x.failWith(codeTicketNotFound, "this is no ticket of the sale's queue")
	}
	return known
}

// look finds out how a ticket stands.
func (s *Server) look(t *ticketView) (known bool, err error) {
	now := s.queues.now()
	if core.Millis(now) >= t.sale.Settings().EndsAt+queueRest {
		t.view = queue.View{State: queue.Ended, Rank: -1, Position: -1, Estimate: -1}
		return true, nil
	}
	h, err := s.queues.host(t.sale)
	if err != nil {
		return false, err
	}
	t.view, known = h.line.Look(t.token.Number, t.token.Customer, now)
	return known, nil
}

// ticketStatuses are the names of how tickets stand, by number.
var ticketStatuses = [...]string{
	queue.Waiting:    "waiting",
	queue.Admitted:   "admitted",
	queue.Used:       "ordered",
	queue.Lapsed:     "expired",
	queue.PassedOver: "passed_over",
	queue.SoldOut:    "sold_out",
	queue.Ended:      "ended",
}

// appendTicket appends what the holder of a ticket is told.
func (s *Server) appendTicket(dst []byte, t *ticketView) []byte {
	v := &t.view
	dst = appendTextField(dst, `{"sale":`, t.sale.Name)
	dst = append(dst, `,"ticket":"`...)
	if t.ticket != nil {
		dst = append(dst, t.ticket...)
	} else {
		dst = s.queues.signer.Append(dst, t.token)
	}
	dst = appendNumberField(dst, `","number":`, t.token.Number)
	dst = append(append(append(dst, `,"status":"`...), ticketStatuses[v.State]...), '"')
	turn := int64(-1)
	if v.Rank >= 0 {
		turn = v.Rank + 1
	}
	dst = appendNullable(dst, `,"turn":`, turn)
	dst = appendNullable(dst, `,"position":`, v.Position)
	seconds := int64(-1)
	if v.Estimate >= 0 {
		seconds = (v.Estimate + 999) / 1000
	}
	dst = appendNullable(dst, `,"estimate_seconds":`, seconds)
	if v.State == queue.Waiting && v.Deadline > 0 {
		dst = appendTimeField(dst, `,"drawn_at":`, core.Millis(v.Deadline))
	} else {
		dst = append(dst, `,"drawn_at":null`...)
	}
	dst = append(dst, `,"entrance":`...)
	if v.State == queue.Admitted {
		entrance := t.token
		entrance.Kind, entrance.Time = queue.KindEntrance, v.Deadline
		dst = s.queues.signer.Append(append(dst, '"'), entrance)
		dst = appendTimeField(dst, `","expires_at":`, core.Millis(v.Deadline))
	} else {
		dst = append(dst, `null,"expires_at":null`...)
	}
	dst = appendNumberField(dst, `,"poll_after_seconds":`, max(1, v.PollIn/1000))
	dst = appendNumberField(dst, `,"sequence":`, s.engine.Sequence())
	return append(dst, '}')
}

// appendNullable appends a number, null for −1.
func appendNullable(dst []byte, name string, number int64) []byte {
	if number < 0 {
		return append(append(dst, name...), "null"...)
	}
	return appendNumberField(dst, name, number)
}

// streamTicket serves GET /v1/sales/{sale}/queue/{ticket}/events: what getTicket tells, whenever it is something else.
func (s *Server) streamTicket(x *exchange) {
	t := ticketView{ticket: x.variable}
	if !x.query().sound() || !s.findTicket(x, &t) {
		return
	}
	t.ticket = bytes.Clone(t.ticket)
	s.stream(x, typeEventStream, streamHead, func() source { return &ticketSource{server: s, ticket: t, every: ticketPace} })
}

// ticketPace is how often a stream looks at its ticket.
const ticketPace = time.Second

// ticketSource is what one client gets of its ticket.
type ticketSource struct {
	server *Server
	ticket ticketView
	told   queue.View
	begun  bool
	every  time.Duration
}

// pace makes the stream look again after so long, whatever is released meanwhile.
func (t *ticketSource) pace() time.Duration { return t.every }

func (t *ticketSource) fill(out []byte) (_ []byte, more bool, err error) {
	known, err := t.server.look(&t.ticket)
	if err != nil || !known {
		return out, false, err
	}
	now := t.ticket.view
	now.PollIn = t.told.PollIn // is no news
	if t.begun && now == t.told {
		return out, false, nil
	}
	t.told, t.begun = now, true
	out = t.server.appendTicket(append(out, "data: "...), &t.ticket)
	return append(out, "\n\n"...), false, nil
}

func (t *ticketSource) close() {}

func (t *ticketSource) heartbeat(out []byte) []byte { return append(out, ": still here\n\n"...) }

func (t *ticketSource) ended(out []byte, _ error) []byte { return out }

// showTicket puts the number of the ticket that an order shows into its command, or gives the problem with it. remembered tells
// whether the order's Idempotency-Key was used before: then it gets its first answer, however late it is.
func (s *Server) showTicket(in *intake, remembered func() bool) *problem {
	if in.ticket == nil {
		return nil
	}
	c := &in.command
	token, ok := s.queues.signer.Read(in.ticket)
	switch {
	case c.Sale == 0:
		return faultProblem([]fault{{code: codeMissingField, field: "sale", detail: "is required: a ticket is for a sale"}})
	case !ok:
		return newProblem(codeTicketInvalid, "this server has not given out the ticket")
	case token.Kind != queue.KindEntrance:
		return newProblem(codeTicketInvalid, "this is a place in the queue: an order shows the entrance that it becomes")
	case token.Sale != uint32(c.Sale):
		return newProblem(codeTicketInvalid, "the ticket is for another sale")
	case token.Customer != s.queues.signer.Customer(token.Sale, c.Customer):
		return newProblem(codeTicketInvalid, "the ticket is another customer's")
	case token.Time <= s.queues.now() && !remembered():
		return newProblem(codeTicketExpired, "the ticket was good until before "+string(appendTime(nil, core.Millis(token.Time)))+
			": take a place in the queue again")
	}
	c.Ticket = token.Number
	return nil
}
