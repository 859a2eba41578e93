package server

import (
	"errors"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// submission is how a route wants its one command to be answered.
type submission struct {
	status  int  // when it was done
	onHold  bool // an unknown id is a hold's
	inbound bool // the command is about a purchase order or a transfer
	kit     bool // the command says what a SKU is made of
	inState bool // what a refused row tells of are the units in a state, not all on hand
	render  func(s *Server, x *exchange, sequence core.Sequence)
	same    func(s *Server, x *exchange) // answers a command that found its work done; nil for one on an order
}

// submit sends the command that the exchange's intake holds, with the header's key and version, and
// answers with what became of it.
func (s *Server) submit(x *exchange, how *submission) {
	c := &x.intake.command
	if !x.setKey(c) || c.Channel == core.NewChannel && !s.makeChannel(x, how) {
		return
	}
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.WantImages = true
	r.Add(c)
	if err := s.engine.Submit(r); err != nil {
		s.failEngine(x, err)
		return
	}
	result := &r.Results()[0]
	switch result.Status {
	case engine.ResultDone, engine.ResultReplayed:
		if result.Status == engine.ResultReplayed {
			x.replayed()
		}
		s.queues.use(c.Sale, c.Ticket)
		s.answerDone(x, how, r.Image(0), result)
	case engine.ResultRefused:
		_, err := codec.DecodeRefusal(r.Image(0), &x.refusal)
		invariant.Check(err == nil, "the engine's refusals are codec's")
		s.failRefused(x, &x.refusal, how)
	default:
		answered := x.failKey(result.Status)
		invariant.Check(answered, "a submitted command has a result")
	}
}

// makeChannel makes the channel that the intake's command names; it answers and gives false when the command is refused.
func (s *Server) makeChannel(x *exchange, how *submission) bool {
	refusal, p, err := s.nameChannel(&x.intake)
	switch {
	case err != nil:
		s.failEngine(x, err)
	case p != nil:
		x.fail(p)
	case refusal != nil:
		s.failRefused(x, refusal, how)
	default:
		return true
	}
	return false
}

// failRefused answers that the intake's command was refused.
func (s *Server) failRefused(x *exchange, refusal *core.Refusal, how *submission) {
	x.out = s.appendRefusal(x.out[:0], refusal, how, &x.intake, s.refusedOrder(x, refusal))
	x.answer(refusalKind(refusal.Reason, how.onHold).status, typeProblem, x.out)
}

// answerDone answers from the command's event. A command that found its work done has none: the answer
// is then the state as it is.
func (s *Server) answerDone(x *exchange, how *submission, image []byte, result *engine.Result) {
	switch {
	case len(image) == 0 && how.inbound:
		s.answerInbound(x, how)
		return
	case len(image) == 0 && how.kit:
		s.answerKit(x, how)
		return
	case len(image) == 0:
		s.answerUnchanged(x, how, result)
		return
	}
	_, err := codec.DecodeEvent(image, &x.event)
	invariant.Check(err == nil, "the engine's events are codec's")
	x.ctx.Response.SetStatusCode(how.status)
	how.render(s, x, x.event.Sequence)
}

// answerUnchanged answers a command whose work was done before.
func (s *Server) answerUnchanged(x *exchange, how *submission, result *engine.Result) {
	if how.same != nil {
		how.same(s, x)
		return
	}
	if how.status == 204 {
		x.ctx.Response.SetStatusCode(how.status)
		return
	}
	sequence, err := s.readOrder(x, result.Order)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.ctx.Response.SetStatusCode(how.status)
	how.render(s, x, sequence)
}

// answerInbound answers a command on a document whose work was done before.
func (s *Server) answerInbound(x *exchange, how *submission) {
	r := x.intake.command.Inbound
	sequence, err := s.readInbound(x, r.Kind, r.Number)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.ctx.Response.SetStatusCode(how.status)
	how.render(s, x, sequence)
}

// failEngine answers with an error of the engine.
func (s *Server) failEngine(x *exchange, err error) {
	switch {
	case errors.Is(err, engine.ErrOverloaded):
		x.failWith(codeOverloaded, "too many requests are waiting, nothing was changed: try again")
	case errors.Is(err, engine.ErrTooLarge):
		x.failWith(codeBatchTooLarge, "with what its kits are made of the batch takes more than 8388608 bytes, nothing was changed: send it in parts")
	case errors.Is(err, engine.ErrTimeout):
		x.failWith(codeNotReached, "this node has not reached the sequence of at_least yet")
	case errors.Is(err, engine.ErrNotPrimary):
		s.failNotPrimary(x)
	case errors.Is(err, engine.ErrClosed):
		x.failWith(codeUnavailable, "the server is shutting down, nothing was changed")
	case errors.Is(err, engine.ErrJournal):
		x.failWith(codeJournalWrong, "the journal could not be written, and the outcome is not known")
	default:
		s.options.Log.Error("the engine failed", "error", err)
		x.failWith(codeInternal, "the request could not be carried out")
	}
	if x.ctx.Response.StatusCode() == 503 {
		x.ctx.Response.Header.Set("Retry-After", s.retryAfter)
	}
}
