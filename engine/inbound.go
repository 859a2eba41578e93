package engine

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// inboundRead asks for purchase orders or transfers: for the one of a number, or for a list of those that were made behind a command.
type inboundRead struct {
	kind   core.InboundKind
	number []byte        // nil for a list
	after  core.Sequence // list: the command
	limit  int           // list: at most so many, and not many more than so many bytes
	bytes  []byte
	count  int
	more   bool // list: there are others behind
	image  core.InboundImage
}

func (q *inboundRead) read(m *core.Machine) {
	if q.number != nil {
		if m.ReadInbound(q.kind, q.number, &q.image) {
			q.bytes, q.count = codec.AppendInboundImage(q.bytes, &q.image), 1
		}
		return
	}
	m.EachInbound(q.kind, q.after, &q.image, func() bool {
		if q.more = q.count == q.limit || len(q.bytes) >= maxInboundList; q.more {
			return false
		}
		q.bytes, q.count = codec.AppendInboundImage(q.bytes, &q.image), q.count+1
		return true
	})
}

// ReadInbound appends the image of a purchase order or a transfer (codec.DecodeInboundImage) to dst.
func (e *Engine) ReadInbound(dst []byte, kind core.InboundKind, number []byte) (Image, error) {
	q := inboundRead{kind: kind, number: number}
	sequence, err := e.ask(&q)
	if err == nil && q.count == 0 {
		err = ErrNotFound
	}
	return Image{Bytes: append(dst, q.bytes...), Sequence: sequence}, err
}

// InboundList is some purchase orders or transfers.
type InboundList struct {
	Image      // of one after the other
	Count int  // of them
	More  bool // whether there are others behind the last
}

// ListInbound gives at most limit purchase orders or transfers that were made behind a command, in the order in which they were
// made. There are fewer when they are long.
func (e *Engine) ListInbound(kind core.InboundKind, after core.Sequence, limit int) (InboundList, error) {
	q := inboundRead{kind: kind, after: after, limit: limit}
	sequence, err := e.ask(&q)
	return InboundList{Image: Image{Bytes: q.bytes, Sequence: sequence}, Count: q.count, More: q.more}, err
}
