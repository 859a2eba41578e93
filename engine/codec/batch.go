package codec

import (
	"encoding/binary"

	"holdfast/engine/core"
)

// BatchMediaType is the media type of a binary batch, of the request and of its answer.
const BatchMediaType = "application/vnd.holdfast.batch"

// MaxBatchCommands bounds the commands of one batch: what the contract promises to its clients. It is
// also the most that one request puts into a group of the journal.
const MaxBatchCommands = 8192

// The first bytes of a batch and of its answer. Clients rely on them, so they must not change.
const (
	batchMagic  = "HFB1"
	answerMagic = "HFA1"
)

// Sizes of a batch's parts. Clients rely on them, so they must not change.
const (
	batchHeader  = 8
	answerHeader = 16
	AnswerSize   = 16 // of one command's answer, in bytes
)

// Reasons that only a batch's answer has, beside those of package core. Clients rely on the
// numbers, so they must not change.
const (
	AnswerMalformed     core.Reason = 255 // the frame is not a command
	AnswerKeyReused     core.Reason = 254 // the key belongs to another request
	AnswerKeyInProgress core.Reason = 253 // the key's first request is still running
	AnswerOverloaded    core.Reason = 252 // try again later
)

// answerReplayed marks the answer that the key's first request had got.
const answerReplayed = 1 << 0

// Answer is what a binary batch says about one of its commands.
type Answer struct {
	Status   int         // as of HTTP: 200 or 201 when done, 4xx or 5xx otherwise
	Reason   core.Reason // ReasonNone when done
	Replayed bool
	Order    uint64 // the public number of the order or hold; 0 for none
}

// AppendBatchHeader begins a batch of count commands. After it the caller appends the commands with
// AppendCommand.
func AppendBatchHeader(dst []byte, count int) []byte {
	dst = append(dst, batchMagic...)
	return binary.LittleEndian.AppendUint32(dst, uint32(count))
}

// DecodeBatch gives the number of a batch's commands, 1 to MaxBatchCommands, and their frames one
// after another, to be cut with FrameLength. Checked are the header and that the frames' lengths fill
// the batch exactly, nothing else of them: a malformed command spoils only itself.
func DecodeBatch(src []byte) (count int, frames []byte, err error) {
	if len(src) < batchHeader {
		return 0, nil, &FormatError{len(src), "ends in the middle of a batch's header"}
	}
	if string(src[:4]) != batchMagic {
		return 0, nil, &FormatError{0, "a batch begins with " + batchMagic}
	}
	n := binary.LittleEndian.Uint32(src[4:])
	if n == 0 || n > MaxBatchCommands {
		return 0, nil, &FormatError{4, "commands of a batch are not 1 to 8192"}
	}
	pos := batchHeader
	for range n {
		length, err := FrameLength(src[pos:])
		if err != nil {
			return 0, nil, moved(err, pos)
		}
		pos += length
	}
	if pos != len(src) {
		return 0, nil, &FormatError{pos, "bytes after the batch's last command"}
	}
	return int(n), src[batchHeader:], nil
}

// moved makes an error about a part count from the start of the whole. No decoder of this package gives
// any other error.
func moved(err error, by int) error {
	e := err.(*FormatError)
	return &FormatError{e.Offset + by, e.What}
}

// AppendAnswerHeader begins the answer to a batch of count commands; sequence is the journal's
// position that it reflects. After it the caller appends an answer per command.
func AppendAnswerHeader(dst []byte, count int, sequence core.Sequence) []byte {
	dst = append(dst, answerMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(count))
	return binary.LittleEndian.AppendUint64(dst, uint64(sequence))
}

// AppendAnswer appends the answer to one command.
func AppendAnswer(dst []byte, a Answer) []byte {
	flags := byte(0)
	if a.Replayed {
		flags |= answerReplayed
	}
	dst = append(dst, byte(a.Status), byte(a.Status>>8), byte(a.Reason), flags, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint64(dst, a.Order)
}

// DecodeAnswers gives the number of a batch's answers, the sequence that they reflect, and the answers
// themselves, AnswerSize bytes each, to be read with DecodeAnswer.
func DecodeAnswers(src []byte) (count int, sequence core.Sequence, answers []byte, err error) {
	if len(src) < answerHeader {
		return 0, 0, nil, &FormatError{len(src), "ends in the middle of an answer's header"}
	}
	if string(src[:4]) != answerMagic {
		return 0, 0, nil, &FormatError{0, "the answer to a batch begins with " + answerMagic}
	}
	n := binary.LittleEndian.Uint32(src[4:])
	if n == 0 || n > MaxBatchCommands {
		return 0, 0, nil, &FormatError{4, "answers to a batch are not 1 to 8192"}
	}
	if len(src) != answerHeader+int(n)*AnswerSize {
		return 0, 0, nil, &FormatError{4, "answers are not as many as counted"}
	}
	return int(n), core.Sequence(binary.LittleEndian.Uint64(src[8:])), src[answerHeader:], nil
}

// DecodeAnswer reads the answer that src begins with.
func DecodeAnswer(src []byte) (Answer, error) {
	if len(src) < AnswerSize {
		return Answer{}, &FormatError{len(src), "ends in the middle of an answer"}
	}
	a := Answer{
		Status:   int(binary.LittleEndian.Uint16(src)),
		Reason:   core.Reason(src[2]),
		Replayed: src[3]&answerReplayed != 0,
		Order:    binary.LittleEndian.Uint64(src[8:]),
	}
	switch {
	case a.Status < 200 || a.Status > 599:
		return Answer{}, &FormatError{0, "status is not 200 to 599"}
	case a.Reason != core.ReasonNone && a.Reason < AnswerOverloaded && !knownReason(a.Reason):
		return Answer{}, &FormatError{2, "unknown reason"}
	case src[3]&^answerReplayed != 0:
		return Answer{}, &FormatError{3, "unknown flag of an answer"}
	case binary.LittleEndian.Uint32(src[4:]) != 0:
		return Answer{}, &FormatError{4, "bytes that must be zero are not"}
	}
	return a, nil
}
