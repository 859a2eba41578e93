package replica

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// digests are those of checkpoints of which one side is not known yet.
type digests struct {
	mu   sync.Mutex
	list []digestPair // the oldest first
}

type digestPair struct {
	at           core.Sequence
	own, primary *core.Digest
}

const (
	// digestsKept bounds the checkpoints that wait for the other side's digest, which may never come.
	digestsKept = 8
	// manifestTimeout bounds the wait for a manifest: the divergence is certain without it.
	manifestTimeout = 10 * time.Second
)

// checkpoint begins one where the primary has begun its own.
func (f *Follower) checkpoint(ctx context.Context, at core.Sequence) error {
	if own := f.engine.Sequence(); own != at {
		return fmt.Errorf("the source announces a checkpoint of sequence %d behind sequence %d", at, own)
	}
	begun, done, err := f.engine.BeginCheckpoint(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		// Without a checkpoint there is nothing to compare; following goes on. The engine counts and tells the failure.
		return nil
	}
	if begun != at {
		return fmt.Errorf("the checkpoint was to be of sequence %d and is of %d", at, begun)
	}
	// The comparison outlasts the connection: the primary's digest may come over the next one.
	f.beside.Go(func() {
		select {
		case info := <-done:
			if info.Err == nil {
				f.compare(at, &info.Digest, nil)
			}
		case <-f.running.Done():
		}
	})
	return nil
}

// compare takes the digest of one side, and compares when it has both. The replica's own may be of a checkpoint that it found
// at its start.
func (f *Follower) compare(at core.Sequence, own, primary *core.Digest) {
	for _, m := range f.engine.CheckpointMarks() {
		if own == nil && m.Sequence == at && m.Complete {
			own = &m.Digest
		}
	}
	pair := f.digests.put(at, own, primary)
	if pair.own == nil || pair.primary == nil {
		return
	}
	if *pair.own == *pair.primary {
		f.mu.Lock()
		f.status.Compared = max(f.status.Compared, at)
		f.mu.Unlock()
		return
	}
	// What it is called comes later: to find the place takes time, in which nobody may promote the replica or start it again.
	f.diverge(&engine.DivergedError{Sequence: at})
	diverged := &engine.DivergedError{Sequence: at, Where: f.explain(at)}
	f.diverge(diverged)
	f.options.Log.Error(diverged.Error(), "own", fmt.Sprintf("%016x%016x", pair.own.High, pair.own.Low),
		"primary", fmt.Sprintf("%016x%016x", pair.primary.High, pair.primary.Low))
	f.cancel(diverged)
}

// diverge keeps on the disk, and then says, that the replica differs from its primary.
func (f *Follower) diverge(d *engine.DivergedError) {
	if err := f.engine.MarkDiverged(d); err != nil {
		f.options.Log.Error("that the replica has diverged could not be kept in its directory", "error", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.Diverged = d
}

// put adds what is known, and forgets a checkpoint of which everything is.
func (d *digests) put(at core.Sequence, own, primary *core.Digest) (pair digestPair) {
	d.mu.Lock()
	defer d.mu.Unlock()
	pair = digestPair{at, own, primary}
	for i, old := range d.list {
		if old.at == at {
			if pair.own == nil {
				pair.own = old.own
			}
			if pair.primary == nil {
				pair.primary = old.primary
			}
			d.list = append(d.list[:i], d.list[i+1:]...)
			break
		}
	}
	if pair.own == nil || pair.primary == nil {
		d.list = append(d.list, pair)
		d.list = d.list[max(0, len(d.list)-digestsKept):]
	}
	return pair
}

// explain finds the first page that differs.
func (f *Follower) explain(at core.Sequence) string {
	ctx, cancel := context.WithTimeout(f.running, manifestTimeout)
	defer cancel()
	var own, theirs codec.Manifest
	if err := f.readManifest(at, &own); err != nil {
		return "the digests differ, and the replica's own manifest cannot be read: " + err.Error()
	}
	encoded, err := f.options.Source.Manifest(ctx, at)
	if err == nil {
		err = codec.DecodeManifest(encoded, &theirs)
	}
	if err == nil && theirs.Sequence != at {
		err = errors.New("it is of another checkpoint")
	}
	if err != nil {
		return "the digests differ, and the primary's manifest cannot be had: " + err.Error()
	}
	return firstDifference(&own, &theirs)
}

func (f *Follower) readManifest(at core.Sequence, m *codec.Manifest) error {
	encoded, err := f.engine.Manifest(at)
	if err != nil {
		return err
	}
	return codec.DecodeManifest(encoded, m)
}

// firstDifference names the first page, in the order of slots, slabs and pages, that two states do not share.
func firstDifference(own, theirs *codec.Manifest) string {
	if own.Tables != theirs.Tables {
		return "the tables of locations and channels"
	}
	for slot := range own.Slabs {
		for kind := range own.Slabs[slot] {
			a, b := &own.Slabs[slot][kind], &theirs.Slabs[slot][kind]
			for n := range min(len(a.Pages), len(b.Pages)) {
				if a.Pages[n].Digest != b.Pages[n].Digest {
					return fmt.Sprintf("slot %d, slab %d, page %d", slot, kind+1, n)
				}
			}
			if a.Image != b.Image {
				return fmt.Sprintf("slot %d, slab %d, of which the replica has %d records and the primary %d (in use %d and %d)",
					slot, kind+1, a.Image.Length, b.Image.Length, a.Image.Live, b.Image.Live)
			}
		}
	}
	return "none of the pages: the digests are wrong"
}
