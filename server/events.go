package server

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
)

// streams keeps count of the streams of events, which have left the HTTP server's care.
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

var headerLastEventID = []byte("Last-Event-Id")

// streamEvents serves GET /v1/events. The connection leaves the HTTP server: a stream has no end that
// a write timeout could be measured against, and one goroutine of its own that may wait for its
// client while nobody waits for it.
func (s *Server) streamEvents(x *exchange) {
	q := x.query("after")
	after := q.number("after", 0, maxSequence, int64(s.engine.Sequence()))
	if !q.sound() {
		return
	}
	if text := x.ctx.Request.Header.PeekBytes(headerLastEventID); text != nil {
		number, whole, fits := parseInteger(text)
		if !whole || !fits || number < 0 {
			x.failWith(codeInvalidHeader, "Last-Event-ID must be a sequence that this stream has sent")
			return
		}
		after = number
	}
	if s.meter.streams.Load() >= int64(s.options.MaxEventStreams) || s.draining.Load() {
		x.failOverloaded(s, "too many streams of events are open")
		return
	}
	x.ctx.Response.Header.SetContentType(typeEventStream)
	if x.ctx.IsHead() {
		return
	}
	x.ctx.HijackSetNoResponse(true)
	x.ctx.Hijack(func(connection net.Conn) { s.runStream(connection, core.Sequence(after)) })
}

const typeEventStream = "text/event-stream"

// streamHead begins the answer. It ends with the connection; clients come back after two seconds.
const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: " + typeEventStream + "\r\nCache-Control: no-store\r\n" +
	"X-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: 2000\n\n"

// streamBuffer is how much a stream collects before it writes.
const streamBuffer = 32 << 10

// stream is one client's stream of events.
type stream struct {
	server     *Server
	connection net.Conn
	reader     *feed.Reader
	event      core.Event
	decoder    decoder
	document   orderDocument
	out        []byte
}

// runStream sends events until the client leaves, does not read, or the server shuts down.
func (s *Server) runStream(connection net.Conn, after core.Sequence) {
	stop, ok := s.streams.enter()
	if !ok {
		return
	}
	s.meter.streams.Add(1)
	defer func() {
		s.meter.streams.Add(-1)
		s.streams.running.Done()
	}()
	t := &stream{server: s, connection: connection, reader: s.engine.Feed().Read(after), out: []byte(streamHead)}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		var nothing [64]byte
		for {
			if _, err := connection.Read(nothing[:]); err != nil {
				return
			}
		}
	}()
	t.run(stop, gone)
	_ = connection.SetDeadline(time.Unix(1, 0)) // ends the goroutine above; the caller closes
	<-gone
}

func (t *stream) run(stop, gone <-chan struct{}) {
	heartbeat := time.NewTicker(t.server.options.Heartbeat)
	defer heartbeat.Stop()
	for {
		changed := t.server.engine.Changed()
		more, err := t.fill()
		if err != nil || !t.flush() {
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
			t.out = append(t.out, ": still here\n\n"...)
		case <-stop:
			return
		case <-gone:
			return
		case <-t.server.engine.Closed():
			return
		}
	}
}

// fill appends the events that are there, until the buffer is full (more) or there are no others yet.
func (t *stream) fill() (more bool, err error) {
	for len(t.out) < streamBuffer {
		encoded, _, last, err := t.reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			return false, nil
		}
		if err == nil {
			_, err = codec.DecodeEvent(encoded, &t.event)
		}
		if err != nil {
			t.server.options.Log.Error("the feed cannot be read", "error", err)
			return false, err
		}
		t.appendMessage(last)
	}
	return true, nil
}

// appendMessage appends the event. Only the last of a sequence carries it as its id: a client that was cut
// off among them gets all of them again.
func (t *stream) appendMessage(last bool) {
	if last {
		t.out = append(appendNumberField(t.out, "id: ", t.event.Sequence), '\n')
	}
	t.out = append(t.out, "data: "...)
	t.out = t.appendEvent(t.out)
	t.out = append(t.out, "\n\n"...)
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
