package replica

import (
	"context"
	"errors"
	"io"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// Local is a Source that reads from an engine of the same process: for tests and simulations, and for programs that embed
// two.
type Local struct {
	Engine *engine.Engine
	// Heartbeat is how often it says that it is there when there is nothing else; 0 means 15 s.
	Heartbeat time.Duration
	// Copy gives a copy of the data directory, nil when there is no such thing.
	Copy func(ctx context.Context) (io.ReadCloser, error)
}

// Journal opens a stream.
func (l *Local) Journal(ctx context.Context, from engine.Position) (io.ReadCloser, error) {
	if err := l.Engine.Err(); err != nil {
		return nil, err
	}
	s, err := NewSenderTo(l.Engine, from)
	if err != nil {
		return nil, err
	}
	head, err := s.AppendHead(nil)
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(l.send(ctx, s, w, head)) }()
	return r, nil
}

// send writes the stream until the reader or the engine closes.
func (l *Local) send(ctx context.Context, s *Sender, w io.Writer, out []byte) (err error) {
	interval := l.Heartbeat
	fill(&interval, 15*time.Second)
	heartbeat := time.NewTicker(interval)
	defer heartbeat.Stop()
	for {
		changed := l.Engine.Changed()
		var more bool
		if out, more, err = s.Fill(out); err != nil {
			return err
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		if out = out[:0]; more {
			continue
		}
		select {
		case <-changed:
		case <-heartbeat.C:
			out = s.AppendAlive(out)
		case <-l.Engine.Closed():
			return io.EOF
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Backup opens a copy of the data directory.
func (l *Local) Backup(ctx context.Context) (io.ReadCloser, error) {
	if l.Copy == nil {
		return nil, errors.ErrUnsupported
	}
	return l.Copy(ctx)
}

// Manifest gives the manifest of a checkpoint.
func (l *Local) Manifest(_ context.Context, sequence core.Sequence) ([]byte, error) {
	return l.Engine.Manifest(sequence)
}

// RegisterReader implements Registry.
func (l *Local) RegisterReader(_ context.Context, name string, position core.Sequence) error {
	_, err := l.Engine.RegisterReader(name, engine.ReaderOfJournal, position)
	return err
}

// DropReader implements Registry.
func (l *Local) DropReader(_ context.Context, name string) error { return l.Engine.DropReader(name) }

func isOtherHistory(err error) bool { return errors.Is(err, engine.ErrOtherHistory) }
