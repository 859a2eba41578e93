package server

import (
	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// batch is what both forms of POST /v1/batch work with. It is reused from request to request.
type batch struct {
	intake   intake
	command  core.Command // binary: the command under way
	verdicts []verdict    // one for each command, in their order
	request  *engine.Request
	key      []byte // the header's Idempotency-Key, nil for none
	out      []byte
	rest     []byte // NDJSON: what is behind the line at hand
	counted  bool   // NDJSON: whether fits is known
	fits     bool   // NDJSON: the body has no more lines than a batch may have
}

// verdict is what was found out about a command before it went to the engine.
type verdict struct {
	kind   core.CommandKind
	result int         // its place among the request's results; none when it did not get that far
	line   int         // NDJSON: in the body, counted from 1
	fault  *problem    // why it did not get that far
	reason core.Reason // NDJSON: with what it was refused before, as its channel is not there
	sale   core.SaleID
	ticket uint32 // that it shows in the sale; 0 for none
}

// none is the place of a command that the engine never heard of.
const none = -1

// malformed is the fault of all binary commands that are no command: the answer has no room to say more.
var malformed = newProblem(codeMalformedBatch, "the frame is not a command")

// unknownOrder is the fault of a frame about an order that never was.
var unknownOrder = &problem{
	kind: refusalKind(core.ReasonOrderNotFound, false), detail: refusalDetails[core.ReasonOrderNotFound],
}

// batch serves POST /v1/batch.
func (s *Server) batch(x *exchange) {
	text, _, ok := x.headerKey()
	if !ok {
		return
	}
	b := s.batches.Get().(*batch)
	b.key, b.verdicts, b.request = text, b.verdicts[:0], engine.AcquireRequest()
	contentType := x.ctx.Request.Header.ContentType()
	switch {
	case mediaType(contentType, typeNDJSON):
		s.batchLines(x, b)
	case mediaType(contentType, typeBatch):
		s.batchFrames(x, b)
	default:
		x.failWith(codeUnsupportedMedia, "Content-Type must be application/x-ndjson or "+codec.BatchMediaType)
	}
	engine.ReleaseRequest(b.request)
	b.key, b.request, b.rest = nil, nil, nil
	s.batches.Put(b)
}

var typeBatch = []byte(codec.BatchMediaType)

// carryOut submits the commands that are worth it. It answers and gives false when the engine takes none of them.
func (s *Server) carryOut(x *exchange, b *batch) bool {
	s.meter.commands.Add(uint64(len(b.verdicts)))
	if b.request.Len() == 0 {
		return true
	}
	if err := s.engine.Submit(b.request); err != nil {
		s.failEngine(x, err)
		return false
	}
	if b.onlyReplayed() {
		x.replayed()
	}
	return true
}

// onlyReplayed reports whether the batch repeats an earlier one: something was done then, and nothing new now.
func (b *batch) onlyReplayed() bool {
	found := false
	for i := range b.request.Results() {
		switch b.request.Results()[i].Status {
		case engine.ResultDone:
			return false
		case engine.ResultReplayed:
			found = true
		}
	}
	return found
}

// add puts the intake's command into the request.
func (b *batch) add(c *core.Command) (place int) {
	b.request.Add(c)
	return b.request.Len() - 1
}

// addHeaderKey gives a command without a key one of its own, if the batch came under one.
func (b *batch) addHeaderKey(c *core.Command) (added bool) {
	if c.HasKey || b.key == nil {
		return false
	}
	c.HasKey, c.Key = true, keyOfCommand(b.key, len(b.verdicts))
	return true
}

// aboutOrder reports whether a command makes or changes a hold or an order, whose id its answer has.
func aboutOrder(kind core.CommandKind) bool {
	return kind != core.CommandAdjustStock && kind != core.CommandMoveStock
}

// statusOf is the status of a result, as the same command would have had alone.
func statusOf(kind core.CommandKind, result *engine.Result) int {
	switch result.Status {
	case engine.ResultDone, engine.ResultReplayed:
		if kind == core.CommandPlaceOrder || kind == core.CommandPlaceHold {
			return 201
		}
		return 200
	case engine.ResultKeyReused:
		return kindKeyReused.status
	case engine.ResultInProgress:
		return kindInProgress.status
	}
	return refusalKind(result.Reason, false).status
}

var (
	kindKeyReused  = kindOf(codeIdempotencyKeyReused)
	kindInProgress = kindOf(codeIdempotencyInProgress)
)
