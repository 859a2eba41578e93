package server

import (
	"bytes"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/core"
)

// batchLines carries out an NDJSON batch.
func (s *Server) batchLines(x *exchange, b *batch) {
	rest, number := x.ctx.PostBody(), 0
	b.counted = false
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, newline)
		if number++; isBlank(line) {
			continue
		}
		if len(b.verdicts) == maxBatchCommands {
			x.fail(tooManyLines)
			return
		}
		b.rest = rest
		s.takeLine(b, line, number)
	}
	if len(b.verdicts) == 0 {
		x.failWith(codeMalformedBatch, "the batch has no lines")
		return
	}
	if !s.carryOut(x, b) {
		return
	}
	b.out = b.out[:0]
	for i := range b.verdicts {
		b.out = append(s.appendVerdict(b.out, b, &b.verdicts[i]), '\n')
	}
	x.answer(200, typeNDJSON, b.out)
}

var newline = []byte{'\n'}

// isBlank reports whether a line has nothing in it.
func isBlank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// takeLine reads a line and adds its command to the request, or notes why not.
func (s *Server) takeLine(b *batch, line []byte, number int) {
	v := verdict{result: none, line: number}
	if len(line) > maxBatchLine {
		v.fault = newProblem(codeInvalidLength, "a line may have "+strconv.Itoa(maxBatchLine)+" bytes")
	} else {
		v.fault = s.readLine(b, line)
	}
	c := &b.intake.command
	if v.fault == nil {
		b.addHeaderKey(c)
		if c.Channel == core.NewChannel {
			v.reason, v.fault = s.nameLineChannel(b)
		}
	}
	if v.fault == nil && v.reason == core.ReasonNone {
		v.kind, v.sale, v.ticket, v.result = c.Kind, c.Sale, c.Ticket, b.add(c)
	}
	b.verdicts = append(b.verdicts, v)
}

// readLine reads a line into the intake as a command that the engine takes.
func (s *Server) readLine(b *batch, line []byte) *problem {
	in := &b.intake
	op := in.parseBatchLine(line)
	if len(in.faults) > 0 {
		return faultProblem(in.faults)
	}
	if in.key != nil {
		in.command.HasKey, in.command.Key = true, keyOf(in.key)
	}
	if op.extra&fieldID != 0 {
		return s.resolveOrder(in)
	}
	if unknown := s.resolve(in); unknown != nil {
		return unknown
	}
	return s.showTicket(in, b.isRepeated(s))
}

// nameLineChannel gives the command of a line the number of a channel that is not there yet, and makes the channel, if the command would be
// accepted before the batch is carried out. A batch that has too many lines makes none, as all of it will be refused.
func (s *Server) nameLineChannel(b *batch) (core.Reason, *problem) {
	if !b.counted {
		b.counted, b.fits = true, b.hasRoomFor(b.rest)
	}
	if !b.fits {
		return core.ReasonNone, tooManyLines
	}
	refusal, p, err := s.nameChannel(&b.intake)
	switch {
	case err != nil:
		return core.ReasonNone, newProblem(codeUnavailable, "the channel could not be made")
	case refusal != nil:
		return refusal.Reason, nil
	}
	return core.ReasonNone, p
}

var tooManyLines = newProblem(codeBatchTooLarge, "a batch may have "+strconv.Itoa(maxBatchCommands)+" lines")

// hasRoomFor reports whether the batch may have the lines behind that at hand, too.
func (b *batch) hasRoomFor(rest []byte) bool {
	lines := len(b.verdicts) + 1
	for len(rest) > 0 && lines <= maxBatchCommands {
		var line []byte
		if line, rest, _ = bytes.Cut(rest, newline); !isBlank(line) {
			lines++
		}
	}
	return lines <= maxBatchCommands
}

// isRepeated tells, when asked, whether the key of the line at hand was used before.
func (b *batch) isRepeated(s *Server) func() bool {
	return func() bool {
		b.addHeaderKey(&b.intake.command)
		return b.intake.command.HasKey && s.engine.Remembers(b.intake.command.Key)
	}
}

// resolveOrder turns the id of a line into the order's number.
func (s *Server) resolveOrder(in *intake) *problem {
	if number, ok := parseID(in.order); ok {
		if id := s.engine.OrderFromPublic(number); s.engine.OrderMayExist(id) {
			in.command.Order = id
			return nil
		}
	}
	onHold := in.command.Kind != core.CommandCancelOrder
	return &problem{kind: refusalKind(core.ReasonOrderNotFound, onHold), detail: refusalDetails[core.ReasonOrderNotFound]}
}

// appendVerdict appends the answer to a line, without the line's end.
func (s *Server) appendVerdict(dst []byte, b *batch, v *verdict) []byte {
	if v.fault != nil {
		return appendLineFault(dst, v)
	}
	if v.reason != core.ReasonNone {
		kind := refusalKind(v.reason, false)
		return append(appendCode(appendNumberField(dst, `{"status":`, kind.status), kind.code), '}')
	}
	result := &b.request.Results()[v.result]
	dst = appendNumberField(dst, `{"status":`, statusOf(v.kind, result))
	switch result.Status {
	case engine.ResultDone, engine.ResultReplayed:
		s.queues.use(v.sale, v.ticket)
		if aboutOrder(v.kind) {
			dst = append(dst, `,"id":"`...)
			dst = append(appendID(dst, s.engine.PublicOrderID(result.Order)), '"')
		}
		dst = appendNumberField(dst, `,"sequence":`, result.Sequence)
	case engine.ResultKeyReused:
		dst = appendCode(dst, codeIdempotencyKeyReused)
	case engine.ResultInProgress:
		dst = appendCode(dst, codeIdempotencyInProgress)
	default:
		onHold := v.kind == core.CommandConfirmHold || v.kind == core.CommandReleaseHold
		dst = appendCode(dst, refusalKind(result.Reason, onHold).code)
		if result.Reason == core.ReasonDuplicateExternal {
			dst = append(dst, `,"order_id":"`...)
			dst = append(appendID(dst, s.engine.PublicOrderID(result.Order)), '"')
		}
	}
	return append(dst, '}')
}

func appendCode(dst []byte, code string) []byte {
	dst = append(dst, `,"code":"`...)
	dst = append(dst, code...)
	return append(dst, '"')
}

// appendLineFault appends the answer to a line that the engine never heard of.
func appendLineFault(dst []byte, v *verdict) []byte {
	dst = appendNumberField(dst, `{"status":`, v.fault.kind.status)
	dst = appendCode(dst, v.fault.kind.code)
	dst = appendTextField(dst, `,"detail":`, v.fault.detail)
	dst = appendNumberField(dst, `,"line":`, v.line)
	return append(dst, '}')
}
