package engine_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/replica"
	"holdfast/wal"
)

// follows opens a primary and a replica of it.
func follows(t *testing.T, source *relay) (e *engine.Engine, sku core.SKUID, n *node) {
	t.Helper()
	e = openPrimary(t, newDisk(), engine.Options{CheckpointBytes: -1})
	sku = stock(t, e, 1, 1000)[0]
	source.primary.Store(e)
	n = openReplica(t, newDisk(), source, engine.Options{CheckpointBytes: -1})
	n.reaches(e)
	return e, sku, n
}

// TestReplicaReleasesWhatIsDurable holds the replica's sync back: what its primary has released long ago is not to be seen
// on the replica, which could lose it.
func TestReplicaReleasesWhatIsDurable(t *testing.T) {
	leavesNothing(t)
	e, sku, n := follows(t, &relay{})
	settled(t, n.engine)
	before, units := n.engine.Sequence(), orderable(t, n.engine, sku)
	_, release := n.disk.hold()
	defer release()
	done(t, e, order("ann", sku, 1))
	within(t, "the sync", n.disk.waiting)
	time.Sleep(moment)
	if got := n.engine.Sequence(); got != before || n.engine.Feed().Last() > before || orderable(t, n.engine, sku) != units {
		t.Errorf("sequence %d and %d units are shown, before it was %d and %d", got, orderable(t, n.engine, sku), before, units)
	}
	release()
	n.reaches(e)
	n.close()
	closeEngine(t, e)
}

// TestReplicaHasDocuments: what a command carried is to be had on the replica, and after a restart of it.
func TestReplicaHasDocuments(t *testing.T) {
	leavesNothing(t)
	e, sku, n := follows(t, &relay{})
	c := order("ann", sku, 1)
	c.Document = []byte("to the back door")
	at := done(t, e, c)[0].sequence
	n.reaches(e)
	for range 2 {
		if document, err := n.engine.Document(at); err != nil || string(document) != string(c.Document) {
			t.Errorf("the document is %q: %v", document, err)
		}
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		closeEngine(t, n.engine)
		n.open(&relay{})
	}
	n.close()
	closeEngine(t, e)
}

// forgetful is a source that does not look at the epoch of who asks.
type forgetful struct{ *relay }

func (f forgetful) Journal(ctx context.Context, from engine.Position) (io.ReadCloser, error) {
	from.Epoch = 0
	return f.relay.Journal(ctx, from)
}

// TestDeposedPrimaryIsNotFollowed: a replica that has heard of a higher epoch does not follow who is still in the old one,
// whichever of the two notices.
func TestDeposedPrimaryIsNotFollowed(t *testing.T) {
	leavesNothing(t)
	source := &relay{}
	e, sku, n := follows(t, source)
	if err := errors.Join(n.stop(), n.engine.RaiseEpoch(2, n.engine.Sequence())); err != nil {
		t.Fatal(err)
	}
	last := n.engine.Sequence()
	done(t, e, order("ann", sku, 1))
	for says, source := range map[string]replica.Source{
		"the replica has heard of epoch 2": source, "it has epoch 1, and this directory epoch 2": forgetful{source},
	} {
		closeEngine(t, n.engine)
		n.open(source)
		var refused *replica.RefusedError
		err := within(t, "the end of Run", n.ended)
		if !errors.As(err, &refused) || refused.Code != replica.CodeOldEpoch || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want one that says %q", err, says)
		}
		if n.engine.Sequence() != last {
			t.Errorf("the replica went on to %d", n.engine.Sequence())
		}
	}
	n.cancel()
	closeEngine(t, n.engine)
	closeEngine(t, e)
}

// TestSenderKnowsItsHistory: nobody is sent what does not belong behind what he holds.
func TestSenderKnowsItsHistory(t *testing.T) {
	leavesNothing(t)
	e := openPrimary(t, newDisk(), engine.Options{CheckpointBytes: -1})
	sku := stock(t, e, 1, 1000)[0]
	at := e.JournalPosition()
	done(t, e, order("ann", sku, 1))
	if _, err := replica.NewSenderTo(e, at); err != nil {
		t.Error(err)
	}
	other, ahead, newer := at, at, at
	other.Chain[5] ^= 1
	ahead.Next += 10
	newer.Epoch++
	for code, at := range map[string]engine.Position{
		replica.CodeOtherHistory: other, replica.CodeAhead: ahead, replica.CodeOldEpoch: newer,
	} {
		var refused *replica.RefusedError
		if _, err := replica.NewSenderTo(e, at); !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
	closeEngine(t, e)
}

// TestPromotedTakesNoGroups offers the next group of the old primary to a replica that has been promoted.
func TestPromotedTakesNoGroups(t *testing.T) {
	leavesNothing(t)
	e, sku, n := follows(t, &relay{})
	epoch, last, err := n.follow.Promote()
	if err != nil || epoch != 2 || last != e.Sequence() {
		t.Fatalf("epoch %d behind %d: %v", epoch, last, err)
	}
	check, batch := n.engine.CheckGroups(), engine.NewGroupBatch()
	placed := done(t, e, order("ann", sku, 1))[0]
	err = e.ReadJournal(placed.sequence, func(group []byte, _ core.Sequence) bool {
		_, err := check.Add(batch, group)
		return err == nil
	})
	if err != nil || batch.Empty() {
		t.Fatalf("there is no group: %v", err)
	}
	if err := n.engine.Apply(batch); !errors.Is(err, engine.ErrPrimary) || n.engine.Sequence() != last {
		t.Errorf("%v, and the sequence is %d", err, n.engine.Sequence())
	}
	done(t, n.engine, order("bob", sku, 1))
	n.close()
	closeEngine(t, e)
}

// lie changes the digests in a stream.
func lie(stream io.ReadCloser) io.ReadCloser { return lieAt(stream, nil) }

// lieAt is lie, and holds each digest back until a channel is closed, unless that is nil.
func lieAt(stream io.ReadCloser, moment <-chan struct{}) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		in := codec.NewStreamReader(bufio.NewReader(stream), wal.MaxGroupBytes)
		head, err := in.Head()
		out := codec.AppendStreamHead(nil, &head)
		for err == nil {
			if _, err = w.Write(out); err != nil {
				break
			}
			var p codec.Piece
			if p, err = in.Next(); p.Kind == codec.PieceDigest {
				p.Digest.Low ^= 1
				if moment != nil {
					<-moment
				}
			}
			out = codec.AppendPiece(out[:0], &p)
		}
		_ = w.CloseWithError(errors.Join(err, stream.Close()))
	}()
	return r
}

// TestReplicaThatDiffersStops: a digest that is not the replica's own ends following for good, and there is no promotion.
func TestReplicaThatDiffersStops(t *testing.T) {
	leavesNothing(t)
	e, _, n := follows(t, &relay{damage: lie})
	at := checkpoint(t, e).Sequence
	var diverged *engine.DivergedError
	if err := within(t, "the end of Run", n.ended); !errors.As(err, &diverged) || diverged.Sequence != at {
		t.Errorf("%v, want a divergence at %d", err, at)
	}
	if _, _, err := n.follow.Promote(); !errors.As(err, &diverged) || n.follow.Status().Diverged == nil {
		t.Errorf("promotion: %v", err)
	}
	n.cancel()
	closeEngine(t, n.engine)
	closeEngine(t, e)
}

// TestDivergenceIsKnownBeforeItIsExplained cuts the power, and asks for a promotion, while the replica still asks its primary where
// they differ: neither makes it a server again. In the end the directory knows the place.
func TestDivergenceIsKnownBeforeItIsExplained(t *testing.T) {
	leavesNothing(t)
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	e, _, n := follows(t, &relay{damage: lie, manifest: func(ctx context.Context) {
		asked <- struct{}{}
		select {
		case <-answer:
		case <-ctx.Done():
		}
	}})
	at := checkpoint(t, e).Sequence
	within(t, "the question for the manifest", asked)
	var diverged *engine.DivergedError
	if again, err := engine.Open(n.disk.powerCut(0, 1).on(n.options)); !errors.As(err, &diverged) || diverged.Sequence != at {
		t.Errorf("opened after a power cut: %v", err)
		if err == nil {
			closeEngine(t, again)
		}
	}
	if n.follow.Status().Diverged == nil {
		t.Error("nobody says that it has diverged")
	}
	if _, _, err := n.follow.Promote(); !errors.As(err, &diverged) || diverged.Sequence != at {
		t.Errorf("promoted: %v", err)
	}
	close(answer)
	found := within(t, "the end of Run", n.ended)
	if !errors.As(found, &diverged) || !strings.Contains(diverged.Where, "none of the pages") {
		t.Errorf("following ended with %v", found)
	}
	n.cancel()
	closeEngine(t, n.engine)
	closeEngine(t, e)
	for _, follow := range []bool{true, false} {
		n.options.Follow = follow
		if _, err := engine.Open(n.disk.on(n.options)); err == nil || err.Error() != found.Error() {
			t.Errorf("opened again, following %v: %v, want %v", follow, err, found)
		}
	}
}

// TestDivergenceIsFoundOutDuringAPromotion: the digests are compared when the promotion has looked already, and waits for following to end.
func TestDivergenceIsFoundOutDuringAPromotion(t *testing.T) {
	leavesNothing(t)
	compare := make(chan struct{})
	e, _, n := follows(t, &relay{damage: func(stream io.ReadCloser) io.ReadCloser { return lieAt(stream, compare) }})
	at := checkpoint(t, e).Sequence
	eventually(t, "the replica's own checkpoint", func() bool {
		for _, m := range n.engine.CheckpointMarks() {
			if m.Sequence == at && m.Complete {
				return true
			}
		}
		return false
	})
	settled(t, n.engine)
	_, release := n.disk.hold()
	defer release()
	close(compare)
	within(t, "the sync of the divergence", n.disk.waiting)
	promoted := background(func() error { _, _, err := n.follow.Promote(); return err })
	time.Sleep(moment)
	release()
	var diverged *engine.DivergedError
	if err := within(t, "the promotion", promoted); !errors.As(err, &diverged) || diverged.Sequence != at || !n.engine.Following() {
		t.Errorf("promoted: %v", err)
	}
	if err := within(t, "the end of Run", n.ended); !errors.As(err, &diverged) {
		t.Errorf("following ended with %v", err)
	}
	n.cancel()
	closeEngine(t, n.engine)
	closeEngine(t, e)
}
