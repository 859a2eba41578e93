package replica

import (
	"fmt"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// Sender makes the stream of an engine's journal for one reader: the released groups in their order, and between them where
// checkpoints were begun. It belongs to one goroutine.
type Sender struct {
	engine *engine.Engine
	next   core.Sequence // of the next group
	marked core.Sequence // of the last checkpoint that the reader was told of
	told   core.Sequence // of the last one whose digest it was told
}

// sendAtOnce is how many bytes Fill collects before it says that there are more.
const sendAtOnce = 256 << 10

// NewSender begins with the group that holds a sequence, 0 being wherever the journal begins. A *RefusedError says that
// this was cut off, or that it is too far ahead.
func NewSender(e *engine.Engine, from core.Sequence) (*Sender, error) {
	first, err := e.JournalFirst()
	if err != nil {
		return nil, err
	}
	if from == 0 {
		from = max(first, 1)
	}
	if from < first {
		return nil, &RefusedError{CodeCut, fmt.Sprintf("the journal begins with sequence %d: what is older was cut off", first)}
	}
	if last := e.Sequence(); from > last+1 {
		return nil, &RefusedError{CodeAhead, fmt.Sprintf("sequence %d is asked for, and the last one here is %d", from, last)}
	}
	return &Sender{engine: e, next: from, marked: from - 1}, nil
}

// NewSenderTo begins where a replica's journal ends. A *RefusedError says that this journal does not go on there.
func NewSenderTo(e *engine.Engine, at engine.Position) (*Sender, error) {
	if epoch := e.Epoch(); at.Epoch > epoch {
		return nil, &RefusedError{CodeOldEpoch, fmt.Sprintf("the replica has heard of epoch %d, and this server has epoch %d: "+
			"another one was promoted since", at.Epoch, epoch)}
	}
	s, err := NewSender(e, at.Next)
	if err != nil {
		return nil, err
	}
	chain, err := e.ChainBefore(at.Next)
	if err != nil && !isOtherHistory(err) {
		return nil, err
	}
	if err != nil || chain != at.Chain {
		own := fmt.Sprintf("%x", chain)
		if err != nil {
			own = "no end of a group"
		}
		return nil, &RefusedError{CodeOtherHistory, fmt.Sprintf("before sequence %d the replica has the chain %x, and this journal has %s",
			at.Next, at.Chain, own)}
	}
	// A checkpoint just before is announced as well, and the digests of older ones are told: the replica may have begun its
	// own over an earlier connection.
	s.marked = max(at.Next, 2) - 2
	return s, nil
}

// AppendHead appends what the stream begins with.
func (s *Sender) AppendHead(out []byte) ([]byte, error) {
	first, err := s.engine.JournalFirst()
	if err != nil {
		return out, err
	}
	at := s.engine.JournalPosition()
	return codec.AppendStreamHead(out, &codec.StreamHead{
		Instance: s.engine.JournalInstance(), First: first, Released: s.engine.Sequence(), Epoch: at.Epoch, EpochAfter: at.EpochAfter,
	}), nil
}

// Next is the sequence that comes next in the stream.
func (s *Sender) Next() core.Sequence { return s.next }

// Fill appends what there is, until it is a good amount (more) or nothing else for now.
func (s *Sender) Fill(out []byte) (_ []byte, more bool, err error) {
	start := len(out)
	err = s.engine.ReadJournal(s.next, func(group []byte, last core.Sequence) bool {
		out = s.announce(out) // what was begun before this group's first command
		out = codec.AppendPiece(out, &codec.Piece{Kind: codec.PieceGroup, Group: group})
		s.next = last + 1
		more = len(out)-start >= sendAtOnce
		return !more
	})
	if err != nil {
		return out, false, err
	}
	out = s.announce(out)
	if len(out) > start {
		out = s.AppendAlive(out)
	}
	return out, more, nil
}

// announce appends that a checkpoint was begun just here, and the digests of those behind us. A mark is there before any
// group behind it is released, so that none is missed.
func (s *Sender) announce(out []byte) []byte {
	for _, m := range s.engine.CheckpointMarks() {
		if m.Sequence == s.next-1 && m.Sequence > s.marked {
			s.marked = m.Sequence
			out = codec.AppendPiece(out, &codec.Piece{Kind: codec.PieceCheckpoint, Sequence: m.Sequence})
		}
		if m.Complete && m.Sequence < s.next && m.Sequence > s.told {
			s.told = m.Sequence
			out = codec.AppendPiece(out, &codec.Piece{Kind: codec.PieceDigest, Sequence: m.Sequence, Digest: m.Digest})
		}
	}
	return out
}

// AppendAlive appends a sign that the server is still there.
func (s *Sender) AppendAlive(out []byte) []byte {
	at := s.engine.JournalPosition()
	return codec.AppendPiece(out, &codec.Piece{
		Kind: codec.PieceAlive, Sequence: s.engine.Sequence(), Epoch: at.Epoch, EpochAfter: at.EpochAfter,
	})
}
