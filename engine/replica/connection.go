package replica

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

const (
	// readBuffer is what is read from the source at a time.
	readBuffer = 1 << 20
	// batches is how many there are: one is applied while the next is collected.
	batches = 2
)

// connection is one stream from the source.
type connection struct {
	f      *Follower
	stream *codec.StreamReader
	check  *engine.GroupChecker
	work   chan work
	idle   chan *engine.GroupBatch
	silent *time.Timer
}

// work is what the reading goroutine has for the applying one, in the order of the stream.
type work struct {
	batch *engine.GroupBatch
	piece codec.Piece // when there is no batch
}

// errSilent ends a connection on which nothing comes.
var errSilent = errors.New("the source says nothing any more")

// follow connects and follows until the connection ends. heard tells whether there was one.
func (f *Follower) follow(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(f.options.Silence, func() { cancel(errSilent) })
	defer silent.Stop()
	at := f.engine.JournalPosition()
	body, err := f.options.Source.Journal(ctx, at)
	if err != nil {
		return false, refusal(cause(ctx, err))
	}
	stop := context.AfterFunc(ctx, func() { _ = body.Close() })
	defer func() {
		if stop() {
			_ = body.Close()
		}
	}()
	c := &connection{
		f: f, stream: codec.NewStreamReader(bufio.NewReaderSize(body, readBuffer), wal.MaxGroupBytes), check: f.engine.CheckGroups(),
		work: make(chan work), idle: make(chan *engine.GroupBatch, batches), silent: silent,
	}
	for range batches {
		c.idle <- engine.NewGroupBatch()
	}
	head, err := c.stream.Head()
	if err == nil {
		err = c.meet(&head, at)
	}
	if err != nil {
		return false, cause(ctx, err)
	}
	if f.registry != nil {
		f.beside.Go(func() { f.register(ctx) })
	}
	return true, cause(ctx, c.run(ctx, cancel))
}

// cause is why a connection ended: what cancelled it comes before what followed from that.
func cause(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

// refusal makes a source's refusal ours.
func refusal(err error) error {
	var problem coded
	if errors.As(err, &problem) {
		switch code := problem.ProblemCode(); code {
		case CodeOtherHistory, CodeAhead, CodeOldEpoch:
			return &RefusedError{code, err.Error()}
		case CodeCut:
			return &RefusedError{code, err.Error() + ": the replica must start again from a backup, in an empty directory"}
		}
	}
	return err
}

// meet looks at whom we have met.
func (c *connection) meet(head *codec.StreamHead, at engine.Position) error {
	if own := c.f.engine.JournalInstance(); head.Instance != own {
		return &RefusedError{CodeOtherHistory, fmt.Sprintf("it has the data directory %x, and the replica's is a copy of %x", head.Instance, own)}
	}
	if head.Epoch < at.Epoch {
		return &RefusedError{CodeOldEpoch, fmt.Sprintf("it has epoch %d, and this directory epoch %d", head.Epoch, at.Epoch)}
	}
	if err := c.raise(head.Epoch, head.EpochAfter); err != nil {
		return err
	}
	c.f.connected()
	c.f.heard(head.Released, head.Epoch)
	c.f.options.Log.Info("following the primary", "from", at.Next, "epoch", head.Epoch, "primary", head.Released)
	return nil
}

// raise remembers an epoch that the source has.
func (c *connection) raise(epoch uint64, after core.Sequence) error {
	if epoch <= c.f.engine.Epoch() {
		return nil
	}
	err := c.f.engine.RaiseEpoch(epoch, after)
	if errors.Is(err, engine.ErrOtherHistory) {
		return &RefusedError{CodeOtherHistory, err.Error()}
	}
	return err
}

// run applies what another goroutine reads.
func (c *connection) run(ctx context.Context, cancel context.CancelCauseFunc) error {
	read := make(chan error, 1)
	go func() {
		defer close(c.work)
		read <- c.read(ctx)
	}()
	var failed error
	for w := range c.work {
		if failed != nil {
			continue // the reader is about to notice
		}
		if failed = c.apply(ctx, &w); failed != nil {
			cancel(failed)
		}
	}
	if failed != nil {
		<-read
		return failed
	}
	return <-read
}

// apply does what came next in the stream.
func (c *connection) apply(ctx context.Context, w *work) error {
	switch {
	case w.batch != nil:
		if err := c.f.engine.Apply(w.batch); err != nil {
			return err
		}
		w.batch.Reset()
		c.idle <- w.batch
		c.f.applied()
	case w.piece.Kind == codec.PieceAlive:
		c.f.heard(w.piece.Sequence, w.piece.Epoch)
		return c.raise(w.piece.Epoch, w.piece.EpochAfter)
	case w.piece.Kind == codec.PieceCheckpoint:
		return c.f.checkpoint(ctx, w.piece.Sequence)
	case w.piece.Kind == codec.PieceDigest:
		c.f.compare(w.piece.Sequence, nil, &w.piece.Digest)
	}
	return nil
}

// read verifies what comes and collects it. What was collected is handed on before it waits for more, and at the end.
func (c *connection) read(ctx context.Context) (err error) {
	batch := <-c.idle
	defer func() {
		if !batch.Empty() {
			_ = c.hand(ctx, work{batch: batch})
		}
	}()
	next := func() error {
		if batch.Empty() {
			return nil
		}
		if err := c.hand(ctx, work{batch: batch}); err != nil {
			return err
		}
		select {
		case batch = <-c.idle:
			return nil
		case <-ctx.Done():
			batch = engine.NewGroupBatch()
			return ctx.Err()
		}
	}
	for {
		if !c.stream.Ready() {
			if err := next(); err != nil {
				return err
			}
		}
		// Only this wait is for the source; what was handed on may take longer.
		c.silent.Reset(c.f.options.Silence)
		p, err := c.stream.Next()
		c.silent.Stop()
		if err != nil {
			return endOfStream(err)
		}
		switch {
		case p.Kind == codec.PieceGroup:
			if !batch.Fits(len(p.Group)) {
				if err := next(); err != nil {
					return err
				}
			}
			if err := c.add(batch, p.Group); err != nil {
				return err
			}
		case p.Kind == codec.PieceAlive && p.Epoch <= c.f.engine.Epoch():
			c.f.heard(p.Sequence, p.Epoch)
		default:
			if err := next(); err != nil {
				return err
			}
			if err := c.hand(ctx, work{piece: p}); err != nil {
				return err
			}
		}
	}
}

// add takes a group.
func (c *connection) add(batch *engine.GroupBatch, group []byte) error {
	_, err := c.check.Add(batch, group)
	if errors.Is(err, wal.ErrOtherHistory) {
		return &RefusedError{CodeOtherHistory, err.Error()}
	}
	return err
}

// hand gives work to the applying goroutine.
func (c *connection) hand(ctx context.Context, w work) error {
	select {
	case c.work <- w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// endOfStream words the end of a stream that has none.
func endOfStream(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the source has ended the stream")
	}
	return fmt.Errorf("the stream broke: %w", err)
}
