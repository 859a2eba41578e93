package server

import (
	"encoding/hex"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/replica"
)

// streamJournal serves GET /v1/journal: the stream that package codec describes, for replicas and for those who keep a
// copy. Who names the chain of hashes that it holds is refused when this journal does not go on there.
func (s *Server) streamJournal(x *exchange) {
	q := x.query("from", "chain", "epoch", "reader")
	at := codec.Position{
		Next: core.Sequence(q.number("from", 1, maxSequence, 1)), Epoch: uint64(q.number("epoch", 0, maxSequence, 0)),
	}
	name := q.identifier("reader")
	chained := q.args.Has("chain")
	if text := q.args.Peek("chain"); chained {
		if n, err := hex.Decode(at.Chain[:], text[:min(len(text), 2*len(at.Chain))]); err != nil || n != len(at.Chain) || len(text) != 2*n {
			q.fault("chain", "must be 64 hexadecimal digits, the hash of the group before from")
		}
	}
	if last := s.engine.Sequence(); !chained && at.Next > last+1 {
		q.fault("from", "must be at most the sequence that comes next")
	}
	if !q.sound() {
		return
	}
	var sender *replica.Sender
	var err error
	if chained {
		sender, err = replica.NewSenderTo(s.engine, at)
	} else {
		sender, err = replica.NewSender(s.engine, at.Next)
	}
	var head []byte
	if err == nil {
		head, err = sender.AppendHead(nil)
	}
	var refused *replica.RefusedError
	if errors.As(err, &refused) && refused.Code == replica.CodeCut {
		s.failCut(x, engine.ReaderOfJournal)
		return
	}
	if errors.As(err, &refused) {
		x.failWith(refused.Code, refused.Reason)
		return
	}
	if err != nil {
		s.failEngine(x, err)
		return
	}
	if !s.registered(x, name, engine.ReaderOfJournal, at.Next-1, "from") {
		return
	}
	remote := x.ctx.RemoteAddr()
	s.stream(x, codec.StreamMediaType, string(head), func() source { return s.followers.enter(sender, remote) })
}

// followers are the open streams of the journal.
type followers struct {
	mu   sync.Mutex
	list []*journalSource
}

// journalSource is what one client gets of the journal.
type journalSource struct {
	all    *followers
	sender *replica.Sender
	remote net.Addr
	since  time.Time
	sent   atomic.Uint64 // the last sequence that it was sent
}

func (f *followers) enter(sender *replica.Sender, remote net.Addr) *journalSource {
	t := &journalSource{all: f, sender: sender, remote: remote, since: time.Now()}
	t.sent.Store(uint64(sender.Next() - 1))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, t)
	return t
}

// snapshot gives the streams that are open.
func (f *followers) snapshot() []*journalSource {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*journalSource(nil), f.list...)
}

// close is called when the stream has ended.
func (t *journalSource) close() {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	for i, other := range t.all.list {
		if other == t {
			t.all.list = append(t.all.list[:i], t.all.list[i+1:]...)
			return
		}
	}
}

func (t *journalSource) fill(out []byte) (_ []byte, more bool, err error) {
	out, more, err = t.sender.Fill(out)
	t.sent.Store(uint64(t.sender.Next() - 1))
	return out, more, err
}

// ended tells nothing: whoever comes back is told.
func (t *journalSource) ended(out []byte, _ error) []byte { return out }

func (t *journalSource) heartbeat(out []byte) []byte { return t.sender.AppendAlive(out) }
