package server

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"holdfast/engine"
)

// streams keeps count of the streams, which have left the HTTP server's care.
type streams struct {
	mu      sync.Mutex
	stop    chan struct{}
	closed  bool
	running sync.WaitGroup
}

// enter begins a stream, unless the server is shutting down. The channel is closed when it has to end.
func (t *streams) enter() (stop <-chan struct{}, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, false
	}
	t.running.Add(1)
	return t.stop, true
}

// close ends all streams and lets no new ones begin.
func (t *streams) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		close(t.stop)
	}
}

// wait returns when all streams have ended, or ctx has.
func (t *streams) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		t.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// streamBuffer is how much a stream collects before it writes.
const streamBuffer = 32 << 10

// stream is an answer without an end, to one client. The connection leaves the HTTP server: there is no end that a
// write timeout could be measured against, and one goroutine of its own may wait for its client while nobody waits for
// it.
type stream struct {
	server     *Server
	connection net.Conn
	source     source
	out        []byte
}

// source is what a stream sends.
type source interface {
	// fill appends what there is, until there are about streamBuffer bytes (more) or nothing else for now.
	fill(out []byte) (_ []byte, more bool, err error)
	// heartbeat appends a sign that the server is still there.
	heartbeat(out []byte) []byte
	// ended appends what is to be told when what comes next was cut off before it could be sent, or is not what comes next for
	// the client.
	ended(out []byte, why error) []byte
	// close is called once, at the end.
	close()
}

// pacedSource is a source that is asked again after some time, rather than whenever the engine has released more.
type pacedSource interface {
	source
	pace() time.Duration
}

// after gives a channel that is closed after some time.
func after(pause time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(pause, func() { close(done) })
	return done
}

// stream answers with a stream of the content type, unless there are too many or the server is shutting down.
func (s *Server) stream(x *exchange, contentType, head string, open func() source) {
	if s.meter.streams.Load() >= int64(s.options.MaxEventStreams) || s.draining.Load() {
		x.failOverloaded(s, "too many streams are open")
		return
	}
	x.ctx.Response.Header.SetContentType(contentType)
	if x.ctx.IsHead() {
		return
	}
	x.ctx.HijackSetNoResponse(true)
	x.ctx.Hijack(func(connection net.Conn) {
		t := &stream{server: s, connection: connection}
		t.out = append(t.out, "HTTP/1.1 200 OK\r\nContent-Type: "+contentType+"\r\nCache-Control: no-store\r\n"+
			"X-Accel-Buffering: no\r\nConnection: close\r\n\r\n"+head...)
		t.serve(open)
	})
}

// serve sends until the client leaves, does not read, or the server shuts down.
func (t *stream) serve(open func() source) {
	s := t.server
	stop, ok := s.streams.enter()
	if !ok {
		return
	}
	s.meter.streams.Add(1)
	defer func() {
		s.meter.streams.Add(-1)
		s.streams.running.Done()
	}()
	t.source = open()
	defer t.source.close()
	gone := watch(t.connection, func() {})
	t.run(stop, gone)
	_ = t.connection.SetDeadline(time.Unix(1, 0)) // ends the goroutine above; the caller closes
	<-gone
}

// watch reads what a client of a stream has no reason to send, and learns so that it has gone: then it calls left, and
// closes the channel. A read deadline ends it, too.
func watch(connection net.Conn, left func()) (gone <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var nothing [64]byte
		for {
			if _, err := connection.Read(nothing[:]); err != nil {
				left()
				return
			}
		}
	}()
	return ended
}

func (t *stream) run(stop, gone <-chan struct{}) {
	heartbeat := time.NewTicker(t.server.options.Heartbeat)
	defer heartbeat.Stop()
	paced, isPaced := t.source.(pacedSource)
	for {
		changed := t.server.engine.Changed()
		if isPaced {
			changed = after(paced.pace())
		}
		var more bool
		var err error
		t.out, more, err = t.source.fill(t.out)
		if errors.Is(err, engine.ErrCut) {
			t.server.options.Log.Info("a stream was overtaken by a cut: its client reads too slowly for what is kept")
			t.out = t.source.ended(t.out, err)
			t.flush()
			return
		}
		if errors.Is(err, errOtherHistory) {
			t.server.options.Log.Info("a stream has ended", "because", err)
			t.out = t.source.ended(t.out, err)
			t.flush()
			return
		}
		if err != nil {
			t.server.options.Log.Error("a stream cannot be read", "error", err)
			return
		}
		if !t.flush() {
			return
		}
		select {
		case <-stop:
			return
		case <-gone:
			return
		default:
		}
		if more {
			continue
		}
		select {
		case <-changed:
		case <-heartbeat.C:
			t.out = t.source.heartbeat(t.out)
		case <-stop:
			return
		case <-gone:
			return
		case <-t.server.engine.Closed():
			return
		}
	}
}

// flush writes what was collected. A client that does not take it in time is cut off.
func (t *stream) flush() bool {
	if len(t.out) == 0 {
		return true
	}
	_ = t.connection.SetWriteDeadline(time.Now().Add(t.server.options.WriteTimeout))
	_, err := t.connection.Write(t.out)
	t.out = t.out[:0]
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		t.server.meter.slowStreams.Add(1)
	}
	return err == nil
}
