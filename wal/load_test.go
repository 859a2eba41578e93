package wal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// small makes memtables so small that a few hundred kilobytes rotate logs, flush, and exceed half of one.
var small = tuning{memTableBytes: 256 << 10}

// load writes groups whose content follows from their sequence number, so that any image can be checked.
type load struct {
	j       *Journal
	r       *rand.Rand
	next    uint64
	acked   uint64 // highest sequence whose Wait returned nil
	flight  []*Pending
	feed    bool
	maximum int // bytes of the largest group

	checkpoints bool
}

func newLoad(j *Journal, seed uint64) *load {
	return &load{j: j, r: rand.New(rand.NewPCG(seed, 1)), next: j.Last() + 1, acked: j.Last(), feed: true, maximum: 300 << 10}
}

// content is what the group that begins with first holds, given its length.
func content(first uint64, length int) []byte {
	b := make([]byte, length)
	r := rand.New(rand.NewPCG(first, 99))
	for i := 0; i < length; i += 8 {
		x := r.Uint64()
		for k := i; k < min(i+8, length); k++ {
			b[k] = byte(x >> (8 * (k - i)))
		}
	}
	return b
}

func documentOf(seq uint64) []byte { return fmt.Appendf(nil, "document of %d", seq) }

func feedOf(first, last uint64) []byte { return fmt.Appendf(nil, "feed of %d to %d", first, last) }

// size draws a size: most groups are small, some are large.
func (l *load) size() int {
	switch l.r.IntN(10) {
	case 0:
		return l.r.IntN(l.maximum)
	case 1, 2:
		return l.r.IntN(40 << 10)
	default:
		return l.r.IntN(400)
	}
}

// group begins, fills and commits one group; it may leave it in flight.
func (l *load) group() error {
	count := uint32(l.r.IntN(5) + 1)
	payload := content(l.next, l.size())
	p, err := l.j.Begin(l.next, count, int64(l.next), len(payload))
	if err != nil {
		return err
	}
	copy(p.Payload(), payload)
	if l.r.IntN(2) == 0 {
		p.AddDocument(l.next, documentOf(l.next))
	}
	if err := p.Commit(); err != nil {
		return err
	}
	l.next += uint64(count)
	l.flight = append(l.flight, p)
	if len(l.flight) > l.r.IntN(3) {
		return l.drain(1)
	}
	return nil
}

// drain waits for the oldest n groups, stores their feed and releases them.
func (l *load) drain(n int) error {
	for ; n > 0 && len(l.flight) > 0; n-- {
		p := l.flight[0]
		first, last := p.group.First, p.group.Last()
		if err := p.Wait(); err != nil {
			return err
		}
		l.acked = last
		p.Release()
		l.flight = l.flight[1:]
		if l.checkpoints && l.r.IntN(4) == 0 {
			if err := l.checkpoint(); err != nil {
				return err
			}
		}
		if l.feed && l.r.IntN(3) > 0 {
			if err := l.j.AppendFeed(first, last, feedOf(first, last)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *load) groups(n int) error {
	for range n {
		if err := l.group(); err != nil {
			return err
		}
	}
	return l.drain(len(l.flight))
}

// checkpoint keeps a checkpoint, and of those before only the newest.
func (l *load) checkpoint() error {
	sets, err := l.j.ValueSets()
	if err == nil && slices.Contains(sets, l.acked) { // of one that was interrupted
		err = l.j.DropValues(l.acked)
	}
	if err != nil {
		return err
	}
	w, err := l.j.BeginCheckpoint(l.acked)
	if err != nil {
		return err
	}
	count := l.r.IntN(5)
	for n := range count {
		if _, err := w.Add(pageOf(l.acked, uint32(n))); err != nil {
			return err
		}
	}
	if err := w.Finish(fmt.Appendf(nil, "%d pages after %d", count, l.acked)); err != nil {
		return err
	}
	all, err := l.j.Checkpoints()
	if err != nil {
		return err
	}
	for _, old := range all[min(2, len(all)):] {
		if err := errors.Join(l.j.DropCheckpoint(old), l.j.DropValues(old)); err != nil {
			return err
		}
	}
	if len(all) > 1 {
		return errors.Join(l.cut(KeptGroups, all[1]+1), l.cut(KeptFeed, all[1]+1))
	}
	return nil
}

// cut leaves a hundred kilobytes, and everything from a sequence on.
func (l *load) cut(kept Kept, limit uint64) error {
	at, err := l.j.FirstWithin(kept, 100<<10)
	if err != nil {
		return err
	}
	if kept == KeptFeed {
		_, err = l.j.CutFeed(min(at, limit))
	} else {
		_, err = l.j.CutGroups(min(at, limit))
	}
	return err
}

// pageOf is a value of a checkpoint.
func pageOf(sequence uint64, number uint32) []byte {
	return content(sequence*1000+uint64(number), int(number*20_000)+100)
}

// checkCheckpoints: every checkpoint is whole.
func checkCheckpoints(j *Journal) error {
	all, err := j.Checkpoints()
	if err != nil {
		return err
	}
	for _, sequence := range all {
		manifest, err := j.Manifest(sequence)
		if err != nil {
			return err
		}
		var count uint32
		var after uint64
		if _, err := fmt.Sscanf(string(manifest), "%d pages after %d", &count, &after); err != nil || after != sequence {
			return fmt.Errorf("checkpoint %d has the manifest %q", sequence, manifest)
		}
		if j.FeedLast() < sequence && j.Last() < sequence {
			return fmt.Errorf("checkpoint %d is of more than the journal holds, %d", sequence, j.Last())
		}
		read := uint32(0)
		err = j.Values(sequence, func(number uint32, value []byte) error {
			if number != read || number < count && !bytes.Equal(value, pageOf(sequence, number)) {
				return fmt.Errorf("value %d of checkpoint %d is not what was written", number, sequence)
			}
			read++
			return nil
		})
		if err != nil {
			return err
		}
		if read != count+1 {
			return fmt.Errorf("checkpoint %d has %d values instead of %d and a manifest", sequence, read, count)
		}
	}
	return nil
}

// checkContent reads everything that a journal holds and compares it with what load writes.
func checkContent(j *Journal) error {
	last := uint64(0)
	err := j.Replay(0, func(g Group) error {
		if g.Time != int64(g.First) {
			return fmt.Errorf("group %d has time %d", g.First, g.Time)
		}
		if !bytes.Equal(g.Payload, content(g.First, len(g.Payload))) {
			return fmt.Errorf("group %d has other content than was written", g.First)
		}
		doc, err := j.Document(g.First)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err == nil && !bytes.Equal(doc, documentOf(g.First)) {
			return fmt.Errorf("document %d is %q", g.First, doc)
		}
		last = g.Last()
		return nil
	})
	if err != nil {
		return err
	}
	if last != j.Last() {
		return fmt.Errorf("replay ended with %d, the journal with %d", last, j.Last())
	}
	return errors.Join(checkFeed(j), checkCheckpoints(j))
}

func checkFeed(j *Journal) error {
	if j.FeedLast() > j.Last() {
		return fmt.Errorf("the feed goes to %d, the journal only to %d", j.FeedLast(), j.Last())
	}
	if j.FeedLast() > 0 && j.FeedFloor() >= j.FeedLast() {
		return fmt.Errorf("the feed ends with %d, and is cut off up to %d", j.FeedLast(), j.FeedFloor())
	}
	for seq := uint64(1); seq <= j.FeedLast(); {
		first, value, closer, err := j.FeedGroup(seq)
		if err != nil {
			return fmt.Errorf("feed at %d: %w", seq, err)
		}
		text := string(value)
		if err := closer.Close(); err != nil { // in any case: Pebble panics at its end when somebody still reads
			return err
		}
		var a, b uint64
		if _, err := fmt.Sscanf(text, "feed of %d to %d", &a, &b); err != nil || a != first || b < seq {
			return fmt.Errorf("feed at %d: got %q with first %d: %v", seq, text, first, err)
		}
		seq = b + 1
	}
	if _, _, _, err := j.FeedGroup(j.FeedLast() + 1); !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("behind the end of the feed: %v", err)
	}
	return nil
}

// checkImage opens what a crash left: it must open without complaint, hold everything that was
// acknowledged and nothing that was never written, and go on from there.
func checkImage(t *testing.T, image vfs.FS, acked, attempted uint64) {
	t.Helper()
	for range 2 {
		j, err := small.open("data", Options{FS: image})
		if err != nil {
			t.Fatalf("opening the image of a crash: %v (%d was acknowledged)", err, acked)
		}
		if j.Last() < acked {
			t.Fatalf("%d was acknowledged, and the journal ends with %d", acked, j.Last())
		}
		if j.Last() > attempted {
			t.Fatalf("the journal ends with %d, and only %d were ever written", j.Last(), attempted)
		}
		if err := checkContent(j); err != nil {
			t.Fatal(err)
		}
		if j.FeedLast() < j.Last() {
			if err := j.AppendFeed(j.FeedLast()+1, j.Last(), feedOf(j.FeedLast()+1, j.Last())); err != nil {
				t.Fatal(err)
			}
		}
		l := newLoad(j, acked)
		l.checkpoints = true
		if err := l.groups(5); err != nil {
			t.Fatal(err)
		}
		if err := checkContent(j); err != nil {
			t.Fatal(err)
		}
		acked, attempted = l.acked, l.acked
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func mustOpen(t testing.TB, tune tuning, dir string, o Options) *Journal {
	t.Helper()
	j, err := tune.open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}
