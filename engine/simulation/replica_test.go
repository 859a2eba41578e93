package simulation

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/engine/replica"
	"holdfast/wal"
)

// follower is a second node that follows the first over a network that cuts, loses, repeats, changes and delays what it
// carries.
type follower struct {
	w      *world
	disk   *disk
	engine *engine.Engine
	follow *replica.Follower
	cancel context.CancelFunc
	ended  chan error

	groups int // of the history, which it was seen to have
}

// startReplica starts a replica, on its own disk or on a copy of the primary's.
func (w *world) startReplica() {
	if w.replicaDisk == nil {
		if first, err := w.engine.JournalFirst(); err != nil || first > 1 || w.chance(50) {
			w.replicaDisk = w.disk.copy(100, 0)
			w.stats.replicaCopies++
		} else {
			w.replicaDisk = newDisk()
		}
	}
	f := &follower{w: w, disk: w.replicaDisk, ended: make(chan error, 1)}
	o := w.options(f.disk)
	o.Follow = true
	var err error
	f.engine, err = engine.Open(o)
	w.must(err, "opening a replica")
	f.follow, err = replica.New(replica.Options{
		Engine: f.engine, Source: &network{w: w, replica: f}, Log: slog.New(slog.DiscardHandler),
		Random: func() float64 { return 0.5 },
	})
	w.must(err, "making a follower")
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(context.Background())
	go func() { f.ended <- f.follow.Run(ctx) }()
	w.replica = f
	w.stats.replicaStarts++
	w.note("a replica starts at %d", f.engine.Sequence())
}

// stopReplica ends the replica: in good order, or by a power cut. Its disk stays.
func (w *world) stopReplica(cut bool) {
	f := w.replica
	if f == nil {
		return
	}
	w.replica = nil
	percent, seed := 100, w.random.Uint64()
	if cut {
		percent = w.percent()
		f.disk.cut(percent, seed)
	}
	f.cancel()
	<-f.ended
	w.must(f.engine.Close(), "closing a replica")
	if cut {
		w.replicaDisk = f.disk.image
		w.stats.replicaCrashes++
		return
	}
	w.replicaDisk = f.disk.copy(percent, seed)
}

// abandonReplica is for a bubble that is left behind.
func (w *world) abandonReplica() {
	if w.replica != nil {
		w.replicaDisk, w.replica = w.replica.disk.copy(w.percent(), w.random.Uint64()), nil
	}
}

// doReplica starts, stops or cuts off the replica.
func (w *world) doReplica() {
	switch {
	case w.replica == nil:
		w.startReplica()
	default:
		w.stopReplica(w.chance(70))
		if w.chance(10) {
			w.replicaDisk = nil
		}
	}
}

// look compares the replica with the history: it has nothing that its primary has not released, and all it has is the same.
func (f *follower) look() {
	w, h := f.w, f.w.history
	err := f.follow.Status().LastError
	select {
	case err = <-f.ended:
		f.ended <- err
		if !isCut(err) {
			w.fail("the replica ended: %v", err)
		}
	default:
	}
	if isCut(err) { // it says so, and has to start again from a copy
		w.stats.replicaCuts++
		w.stopReplica(false)
		w.replicaDisk = nil
		return
	}
	at := f.engine.Sequence()
	if at > h.last() {
		w.fail("the replica has %d, and its primary has released %d", at, h.last())
	}
	first, err := f.engine.JournalFirst()
	w.must(err, "asking where the replica's journal begins")
	if first == 0 {
		return
	}
	for f.groups < len(h.groups) && h.groups[f.groups].first < uint64(first) {
		f.groups++
	}
	if f.groups < len(h.groups) && h.groups[f.groups].first <= uint64(at) {
		err = f.engine.ReadJournal(core.Sequence(h.groups[f.groups].first), func(group []byte, last core.Sequence) bool {
			if known := h.groups[f.groups]; known.last != uint64(last) || known.hash != wal.HashGroup(group) {
				w.fail("the replica's group that ends with %d is another one", last)
			}
			f.groups++
			return true
		})
		w.must(err, "reading the replica's journal")
	}
	if at == h.last() {
		w.stats.replicaEqual++
		if w.chance(10) {
			f.compare()
		}
	}
}

// isCut tells whether the primary has forgotten what a replica needs.
func isCut(err error) bool {
	var refused *replica.RefusedError
	return errors.As(err, &refused) && refused.Code == replica.CodeCut
}

// compare compares the whole state and the feed of a replica that has everything.
func (f *follower) compare() {
	w := f.w
	digest, sequence, err := f.engine.Digest()
	w.must(err, "asking a replica for its digest")
	if want := w.history.machine.Digest(); sequence == w.history.last() && digest != want {
		w.fail("after %d the replica's digest is %x, and has to be %x", sequence, digest, want)
	}
	w.must(w.history.sameFeed(f.engine, sequence), "reading the replica's feed")
	w.stats.replicaDigests++
}

// catchUp sees to it that a replica of which nothing is broken gets everything, and ends by promoting it: what it has then is
// what it said, it answers as a primary, and who follows it no longer takes anything from the old one.
func (w *world) catchUp() {
	if w.plan.weights[stepReplica] == 0 {
		return
	}
	if w.replica == nil {
		w.startReplica()
	}
	for range 300 {
		w.look()
		if w.replica == nil {
			w.startReplica()
			continue
		}
		if w.replica.engine.Sequence() == w.history.last() {
			break
		}
		time.Sleep(time.Second)
	}
	f := w.replica
	if at := f.engine.Sequence(); at != w.history.last() {
		w.fail("a replica with nothing in its way has %d of %d: %+v", at, w.history.last(), f.follow.Status())
	}
	f.compare()
	w.promote(f)
}

// promote makes the replica a primary while the old one still runs.
func (w *world) promote(f *follower) {
	epoch, last, err := f.follow.Promote()
	w.must(err, "promoting")
	if epoch < 2 || last != w.history.last() {
		w.fail("promoted to epoch %d at %d, and the replica had %d", epoch, last, w.history.last())
	}
	w.note("promoted to epoch %d", epoch)
	w.stats.promotions++
	for _, command := range w.clients.sent { // a repeated key is answered as the old primary did
		if first := w.history.bound[command.Key]; command.HasKey && first > 0 && w.history.commands[first-1].fingerprint == fingerprint(&command) {
			a := &attempt{engine: f.engine, commands: []core.Command{command}}
			a.send(f.disk)
			w.must(a.err, "asking the promoted node")
			w.clients.checkReplay(&a.answers[0], &command)
		}
	}
	a := &attempt{engine: f.engine, commands: []core.Command{{Kind: core.CommandDefineChannel, Name: []byte("promoted")}}}
	a.send(f.disk)
	w.must(a.err, "asking the promoted node")
	if a.answers[0].Sequence <= last {
		w.fail("the promoted node had %d and gave the sequence %d", last, a.answers[0].Sequence)
	}
	// The old primary does not know. Whoever holds the new epoch takes nothing from it.
	_, err = (&replica.Local{Engine: w.engine}).Journal(context.Background(), f.engine.JournalPosition())
	var refused *replica.RefusedError
	if !errors.As(err, &refused) {
		w.fail("the old primary streams to a node of a newer epoch: %v", err)
	}
	w.stopReplica(false)
}

// network carries the primary's journal to the replica, badly until everything is healed.
type network struct {
	w           *world
	replica     *follower
	connections uint64
}

// Journal implements replica.Source.
func (n *network) Journal(ctx context.Context, from engine.Position) (io.ReadCloser, error) {
	w := n.w
	if w.engine == nil || w.gone() {
		return nil, errors.New("nobody is there")
	}
	stream, err := (&replica.Local{Engine: w.engine, Heartbeat: time.Second}).Journal(ctx, from)
	if err != nil {
		return nil, err
	}
	n.connections++
	w.stats.connections++
	c := &connection{ReadCloser: stream, w: w, primary: w.disk, dice: rand.New(rand.NewPCG(w.seed, n.connections))}
	if !w.healed && w.plan.badNetwork {
		c.fault, c.after = c.dice.IntN(6), c.dice.IntN(4_000)
	}
	return c, nil
}

// Backup implements replica.Source. A replica here begins with a copy of the disk.
func (n *network) Backup(context.Context) (io.ReadCloser, error) { return nil, errors.ErrUnsupported }

// Manifest implements replica.Source.
func (n *network) Manifest(ctx context.Context, sequence core.Sequence) ([]byte, error) {
	return (&replica.Local{Engine: n.w.engine}).Manifest(ctx, sequence)
}

// connection is one stream, with one fault after some bytes.
type connection struct {
	io.ReadCloser
	w       *world
	primary *disk
	dice    *rand.Rand
	fault   int
	after   int
	last    []byte // the piece that was carried last
}

// Read implements io.Reader. What a primary sends after its power was cut it never sent.
func (c *connection) Read(b []byte) (int, error) {
	if len(c.last) > 0 && c.fault == 3 && c.after < 0 {
		c.fault = 0
		c.w.stats.netRepeats++
		return copy(b, c.last), nil
	}
	n, err := c.ReadCloser.Read(b)
	if c.primary.isDead() {
		return 0, io.ErrUnexpectedEOF
	}
	if c.after -= n; c.after >= 0 || n == 0 {
		return n, err
	}
	switch c.fault {
	case 1:
		c.w.stats.netCuts++
		return n / 2, io.ErrUnexpectedEOF
	case 2:
		c.fault = 0
		c.w.stats.netLosses++
		return n / 2, err
	case 3:
		c.last = append(c.last[:0], b[:n]...)
	case 4:
		c.fault = 0
		b[c.dice.IntN(n)] ^= 1 << c.dice.IntN(8)
		c.w.stats.netFlips++
	case 5:
		c.fault = 0
		c.w.stats.netDelays++
		time.Sleep(time.Duration(c.dice.IntN(60_000)) * time.Millisecond)
	}
	return n, err
}
