package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/engine/replica"
	"holdfast/wal"
)

// cell is the identity that a primary and its replicas share in these tests; otherwise a replica gets it with a backup.
var cell = wal.Identity{OrderKey: [16]byte{1, 2, 3}, Instance: [16]byte{4, 5, 6}, Created: 7}

// relay is a Source that stands between a replica and whatever engine is the primary just now, and damages what it passes
// on.
type relay struct {
	primary  atomic.Pointer[engine.Engine]
	damage   func(io.ReadCloser) io.ReadCloser // nil for none
	manifest func(context.Context)             // comes before the answer with a manifest; nil for nothing
}

func (r *relay) local() (*replica.Local, error) {
	e := r.primary.Load()
	if e == nil {
		return nil, errors.New("nobody is there")
	}
	return &replica.Local{Engine: e, Heartbeat: 5 * time.Millisecond}, nil
}

func (r *relay) Journal(ctx context.Context, from engine.Position) (io.ReadCloser, error) {
	l, err := r.local()
	if err != nil {
		return nil, err
	}
	stream, err := l.Journal(ctx, from)
	if err == nil && r.damage != nil {
		stream = r.damage(stream)
	}
	return stream, err
}

func (r *relay) Backup(context.Context) (io.ReadCloser, error) { return nil, errors.ErrUnsupported }

func (r *relay) Manifest(ctx context.Context, sequence core.Sequence) ([]byte, error) {
	if r.manifest != nil {
		r.manifest(ctx)
	}
	l, err := r.local()
	if err != nil {
		return nil, err
	}
	return l.Manifest(ctx, sequence)
}

// node is an engine that follows a source.
type node struct {
	tb      testing.TB
	disk    *disk
	options engine.Options
	engine  *engine.Engine
	follow  *replica.Follower
	cancel  context.CancelFunc
	ended   <-chan error
}

// openReplica opens a replica that follows a source.
func openReplica(tb testing.TB, d *disk, source replica.Source, o engine.Options) *node {
	tb.Helper()
	o.Follow, o.Journal.Identity = true, cell
	n := &node{tb: tb, disk: d, options: o}
	n.open(source)
	return n
}

func (n *node) open(source replica.Source) {
	n.tb.Helper()
	n.engine = openOn(n.tb, n.disk, n.options)
	var err error
	n.follow, err = replica.New(replica.Options{
		Engine: n.engine, Source: source, MinBackoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, Silence: 200 * time.Millisecond,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		n.tb.Fatal(err)
	}
	var ctx context.Context
	ctx, n.cancel = context.WithCancel(context.Background())
	n.ended = background(func() error { return n.follow.Run(ctx) })
}

// stop ends following, and gives what Run gave.
func (n *node) stop() error {
	n.tb.Helper()
	n.cancel()
	return within(n.tb, "the end of Run", n.ended)
}

func (n *node) close() {
	n.tb.Helper()
	if err := n.stop(); err != nil {
		n.tb.Error(err)
	}
	closeEngine(n.tb, n.engine)
}

// reaches waits until the replica has what another engine has released.
func (n *node) reaches(primary *engine.Engine) {
	n.tb.Helper()
	for deadline := time.Now().Add(patience); n.engine.Sequence() < primary.Sequence(); time.Sleep(time.Millisecond) {
		select {
		case err := <-n.ended:
			n.tb.Fatalf("following ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			n.tb.Fatalf("the replica does not catch up with %d: %+v", primary.Sequence(), n.follow.Status())
		}
	}
}

// openPrimary opens an engine of the cell.
func openPrimary(tb testing.TB, d *disk, o engine.Options) *engine.Engine {
	tb.Helper()
	o.Journal.Identity = cell
	return openOn(tb, d, o)
}

// TestReplicaIsItsPrimary sends the requests of the master test to a primary whose replica has other shards; both lose their
// power at random while they take checkpoints, and the stream is cut, doubled and changed on its way. In the end events,
// keys and state are those of a run without any of that, and the checkpoints were found equal.
func TestReplicaIsItsPrimary(t *testing.T) {
	leavesNothing(t)
	for _, seed := range seeds() {
		calls := randomCalls(seed, streamCommands)
		want := runCalls(t, newDisk(), calls, 1, 0)
		for _, shards := range []int{1, 3} {
			t.Run(fmt.Sprintf("seed=%d/shards=%d", seed, shards), func(t *testing.T) {
				runWithReplica(t, calls, want, shards, seed)
			})
		}
	}
}

func runWithReplica(t *testing.T, calls []call, want outcome, shards int, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 21))
	var clock scriptedClock
	clock.set(calls[0].now)
	o := engine.Options{Shards: 4 - shards, Clock: clock.read, CheckpointBytes: -1, CheckpointRate: -1, KeepWaiting: true}
	d := newDisk()
	e := openPrimary(t, d, o)
	faults := &faults{random: rand.New(rand.NewPCG(seed, 22))}
	source := &relay{damage: faults.damage}
	source.primary.Store(e)
	o.Shards = shards
	n := openReplica(t, newDisk(), source, o)
	var answers []answer
	for i, c := range calls {
		switch random.IntN(100) {
		case 0, 1:
			checkpoint(t, e)
		case 2:
			source.primary.Store(nil)
			image := d.powerCut(random.IntN(3)*50, uint64(i))
			closeEngine(t, e)
			d, e = image, openPrimary(t, image, engine.Options{Shards: 4 - shards, Clock: clock.read, CheckpointBytes: -1, CheckpointRate: -1, KeepWaiting: true})
			source.primary.Store(e)
		case 3:
			image := n.disk.powerCut(random.IntN(3)*50, uint64(i))
			n.close()
			n.disk = image
			n.open(source)
		case 4:
			n.reaches(e)
		}
		clock.advance(t, e, c.now)
		answers = append(answers, ask(t, e, c.commands...)...)
	}
	n.reaches(e)
	result := observe(t, e, calls)
	result.answers = answers
	sameOutcome(t, result, want)
	result.answers = nil
	got := observe(t, n.engine, calls)
	sameOutcome(t, got, result)
	for sequence := range e.Sequence() {
		a, errA := e.Document(sequence + 1)
		b, errB := n.engine.Document(sequence + 1)
		if !bytes.Equal(a, b) || !errors.Is(errB, errA) {
			t.Errorf("the document of %d is %q %v, the primary's is %q %v", sequence+1, b, errB, a, errA)
		}
	}
	faults.mute.Store(true)
	at := checkpoint(t, e)
	eventually(t, "the digests are compared", func() bool { return n.follow.Status().Compared == at.Sequence })
	if !bytes.Equal(got.events, want.events) || n.follow.Status().Diverged != nil {
		t.Errorf("%+v", n.follow.Status())
	}
	for what, count := range map[string]*atomic.Int64{
		"cut": &faults.cuts, "changed": &faults.flips, "doubled": &faults.doubles, "left out": &faults.gaps,
	} {
		if count.Load() == 0 {
			t.Errorf("no stream was ever %s", what)
		}
	}
	n.close()
	closeEngine(t, e)
}

// faults damages streams, and counts what it has done.
type faults struct {
	random                     *rand.Rand
	mute                       atomic.Bool
	cuts, flips, doubles, gaps atomic.Int64
}

// damage passes a stream on for a while, and then does something to it.
func (f *faults) damage(stream io.ReadCloser) io.ReadCloser {
	if f.mute.Load() {
		return stream
	}
	return &damagedStream{ReadCloser: stream, faults: f, left: 200 + f.random.IntN(6000), kind: f.random.IntN(4)}
}

type damagedStream struct {
	io.ReadCloser
	faults *faults
	left   int // bytes until it happens
	kind   int
	again  []byte
}

func (s *damagedStream) Read(b []byte) (int, error) {
	if len(s.again) > 0 {
		n := copy(b, s.again)
		s.again = s.again[n:]
		return n, nil
	}
	if s.left < 0 || s.faults.mute.Load() {
		return s.ReadCloser.Read(b)
	}
	n, err := s.ReadCloser.Read(b[:min(len(b), 1+s.left, 512)])
	if s.left -= n; s.left >= 0 {
		return n, err
	}
	switch s.kind {
	case 0:
		s.faults.cuts.Add(1)
		return n / 2, io.ErrUnexpectedEOF
	case 1:
		s.faults.flips.Add(1)
		b[n-1] ^= 1 << (n % 8)
	case 2:
		s.faults.doubles.Add(1)
		s.again = bytes.Clone(b[:n])
	default:
		s.faults.gaps.Add(1)
		n /= 2
	}
	return n, err
}
