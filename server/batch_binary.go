package server

import (
	"encoding/binary"
	"errors"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// batchFrames carries out a binary batch. Its frames are what the journal keeps, so they are checked and
// completed where they lie, in the request's body, and handed on as they are.
func (s *Server) batchFrames(x *exchange, b *batch) {
	count, frames, err := codec.DecodeBatch(x.ctx.PostBody())
	if err != nil {
		x.fail(batchProblem(x.ctx.PostBody(), err))
		return
	}
	for range count {
		length, err := codec.FrameLength(frames)
		if err != nil {
			x.fail(batchProblem(x.ctx.PostBody(), err))
			return
		}
		s.takeFrame(b, frames[:length:length])
		frames = frames[length:]
	}
	if !s.carryOut(x, b) {
		return
	}
	b.out = codec.AppendAnswerHeader(b.out[:0], count, s.engine.Sequence())
	for i := range b.verdicts {
		b.out = codec.AppendAnswer(b.out, s.answerOf(b, &b.verdicts[i]))
	}
	x.answer(200, typeBatch, b.out)
}

// batchProblem tells what is wrong with a batch as a whole: at which byte, and in which command.
func batchProblem(body []byte, err error) *problem {
	if len(body) >= 8 && binary.LittleEndian.Uint32(body[4:]) > maxBatchCommands {
		return newProblem(codeBatchTooLarge, "a batch may have "+strconv.Itoa(maxBatchCommands)+" commands")
	}
	detail := err.Error()
	var format *codec.FormatError
	if errors.As(err, &format) {
		detail = "byte " + strconv.Itoa(format.Offset) + ": " + format.What
		if index, ok := frameAt(body, format.Offset); ok {
			detail = "command " + strconv.Itoa(index) + ", " + detail
		}
	}
	return newProblem(codeMalformedBatch, detail)
}

// frameAt counts the whole frames before an offset.
func frameAt(body []byte, offset int) (index int, ok bool) {
	const header = 8
	if offset < header {
		return 0, false
	}
	for at := header; ; index++ {
		length, err := codec.FrameLength(body[at:])
		if err != nil || at+length > offset {
			return index, true
		}
		at += length
	}
}

// takeFrame adds a frame to the request, or notes that it is none.
func (s *Server) takeFrame(b *batch, frame []byte) {
	fault := s.readFrame(b, frame)
	b.verdicts = append(b.verdicts, verdict{})
	v := &b.verdicts[len(b.verdicts)-1]
	v.result, v.fault = none, fault
	if c := &b.command; v.fault == nil {
		if b.addHeaderKey(c) {
			b.add(c) // the frame has no room for a key
		} else if b.request.AddFrame(frame, c) != nil {
			v.fault = malformed
		}
	}
	if v.fault == nil {
		v.kind, v.result = b.command.Kind, b.request.Len()-1
	}
}

// readFrame checks a frame and puts the order that it is about into it.
func (s *Server) readFrame(b *batch, frame []byte) *problem {
	h, err := codec.PeekCommand(frame)
	if err != nil {
		return malformed
	}
	if h.Mask == 0 && codec.SetSlots(frame, core.AllSlots) != nil {
		return malformed
	}
	c := &b.command
	if _, err := codec.DecodeCommand(frame, c); err != nil {
		return malformed
	}
	fits := false
	switch c.Kind {
	case core.CommandPlaceOrder, core.CommandPlaceHold:
		fits = c.Ticket == 0 && len(c.Recipes) == 0 && (len(c.Document) == 0 || b.intake.canonicalDocument(c.Document, len(c.Lines)))
	case core.CommandAdjustStock, core.CommandMoveStock:
		fits = len(c.Document) == 0
	case core.CommandConfirmHold, core.CommandExtendHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandCancelLines,
		core.CommandShipOrder, core.CommandTrackShipment, core.CommandTakeBack, core.CommandPutOnHold, core.CommandTakeOffHold,
		core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold,
		core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment,
		core.CommandShortPick, core.CommandDeclineFulfilment:
		c.Order = s.engine.OrderFromPublic(uint64(c.Order))
		fits = (len(c.Document) == 0 || c.Kind == core.CommandShipOrder && b.intake.canonicalShipment(c.Document)) && codec.SetOrder(frame, c.Order) == nil
		if fits && !s.engine.OrderMayExist(c.Order) {
			return unknownOrder
		}
	case core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
		core.CommandCloseReturn, core.CommandDecideRefund:
		c.Order = s.engine.OrderFromPublic(uint64(c.Order))
		fits = len(c.Document) == 0 && c.Life.Return.Terms.Replacement == 0 && codec.SetOrder(frame, c.Order) == nil
		if fits && !s.engine.OrderMayExist(c.Order) {
			return unknownOrder
		}
	}
	if !fits {
		return malformed
	}
	return nil
}

// answerOf gives the answer to a command.
func (s *Server) answerOf(b *batch, v *verdict) codec.Answer {
	switch v.fault {
	case nil:
	case unknownOrder:
		return codec.Answer{Status: v.fault.kind.status, Reason: core.ReasonOrderNotFound}
	default:
		return codec.Answer{Status: v.fault.kind.status, Reason: codec.AnswerMalformed}
	}
	result := &b.request.Results()[v.result]
	answer := codec.Answer{Status: statusOf(v.kind, result)}
	switch result.Status {
	case engine.ResultKeyReused:
		answer.Reason = codec.AnswerKeyReused
		return answer
	case engine.ResultInProgress:
		answer.Reason = codec.AnswerKeyInProgress
		return answer
	case engine.ResultReplayed:
		answer.Replayed = true
	case engine.ResultRefused:
		answer.Reason = result.Reason
		if result.Reason != core.ReasonDuplicateExternal {
			return answer
		}
	}
	if aboutOrder(v.kind) {
		answer.Order = s.engine.PublicOrderID(result.Order)
	}
	return answer
}
