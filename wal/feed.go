package wal

import (
	"cmp"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/engine/invariant"
)

// feedWriter is the state of AppendFeed.
type feedWriter struct {
	mu    sync.Mutex
	batch *pebble.Batch
	apply call
}

// AppendFeed stores the feed of the commands first..last, which must be durable and follow what is stored
// already. It does not wait for the disk: what a crash takes is made again from the journal.
func (j *Journal) AppendFeed(first, last uint64, value []byte) error {
	if err := j.err(); err != nil {
		return err
	}
	f := &j.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	invariant.Check(first > j.feedLast.Load() && first <= last, "the feed grows at its end")
	invariant.Check(last <= j.durable.Load(), "the feed tells only what is durable")
	if f.batch == nil {
		f.batch = j.newBatch()
		f.apply = j.newCall(func() error { return j.db.Apply(f.batch, pebble.NoSync) })
	}
	putMark(f.batch)
	setMark(f.batch, j.durable.Load())
	op := f.batch.SetDeferred(feedKeyLength, len(value))
	putFeedKey(op.Key, first, last)
	copy(op.Value, value)
	if err := j.do(&f.apply); err != nil {
		return err
	}
	f.batch.Reset()
	j.feedLast.Store(last)
	return nil
}

// FeedLast is the last sequence that the stored feed covers, 0 when there is none.
func (j *Journal) FeedLast() uint64 { return j.feedLast.Load() }

// FeedGroup gives the feed group that holds seq, or else the next one after it: the sequence with which
// it begins and its value, which is valid until the closer is closed. It returns [ErrNotFound] beyond the end.
func (j *Journal) FeedGroup(seq uint64) (first uint64, value []byte, closer io.Closer, err error) {
	it, err := j.iterate(sequenceKey(familyFeed, seq), []byte{familyFeed + 1})
	if err != nil {
		return 0, nil, nil, err
	}
	return j.feedGroupAt(it, it.First())
}

// feedGroupAt gives the group that an iterator stands at, and the iterator as its closer.
func (j *Journal) feedGroupAt(it *pebble.Iterator, found bool) (first uint64, value []byte, closer io.Closer, err error) {
	defer func() {
		if err != nil {
			it.Close()
		}
	}()
	if !found {
		return 0, nil, nil, cmp.Or(j.readError(it.Error()), ErrNotFound)
	}
	if first, _, err = parseFeedKey(it.Key()); err != nil {
		return 0, nil, nil, err
	}
	if value, err = it.ValueAndErr(); err != nil {
		return 0, nil, nil, j.readError(err)
	}
	return first, value, it, nil
}

// FeedGroupBefore is FeedGroup for the last group that ends before seq. It returns [ErrNotFound] when there is none.
func (j *Journal) FeedGroupBefore(seq uint64) (first uint64, value []byte, closer io.Closer, err error) {
	it, err := j.iterate([]byte{familyFeed}, sequenceKey(familyFeed, seq))
	if err != nil {
		return 0, nil, nil, err
	}
	return j.feedGroupAt(it, it.Last())
}

// Document gives a copy of the document that rode with the command seq, or [ErrNotFound].
func (j *Journal) Document(seq uint64) ([]byte, error) {
	if err := j.err(); err != nil {
		return nil, err
	}
	value, closer, err := j.db.Get(sequenceKey(familyDocument, seq))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, j.readError(err)
	}
	doc := append([]byte{}, value...)
	return doc, closer.Close()
}

// raise sets a to value unless it is higher already.
func raise(a *atomic.Uint64, value uint64) {
	for old := a.Load(); old < value && !a.CompareAndSwap(old, value); old = a.Load() {
	}
}
