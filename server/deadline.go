package server

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// reapEvery is how often deadlines are looked at, and so how much later than asked for a read or write may end.
const reapEvery = 500 * time.Millisecond

// reaper keeps the deadlines of all connections. The HTTP server sets three for every request, and a timer of the
// runtime for each costs as much as parsing the request; here setting one is a store, and one goroutine looks at all of
// them twice a second.
type reaper struct {
	mu          sync.Mutex
	connections map[*timedConn]struct{}
	clock       atomic.Int64 // nanoseconds since start, as of the last look
	start       time.Time
	stop        chan struct{}
	stopOnce    sync.Once
	stopped     sync.WaitGroup
}

func newReaper() *reaper {
	r := &reaper{connections: map[*timedConn]struct{}{}, start: time.Now(), stop: make(chan struct{})}
	r.stopped.Go(r.run)
	return r
}

func (r *reaper) run() {
	ticker := time.NewTicker(reapEvery)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			now := int64(time.Since(r.start))
			r.clock.Store(now)
			r.look(now)
		}
	}
}

// look ends the reads and writes whose time is over.
func (r *reaper) look(now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.connections {
		if at := c.read.Load(); at > 0 && at <= now && c.read.CompareAndSwap(at, over) {
			_ = c.Conn.SetReadDeadline(r.start) // fails only on a connection that is closed
		}
		if at := c.write.Load(); at > 0 && at <= now && c.write.CompareAndSwap(at, over) {
			_ = c.Conn.SetWriteDeadline(r.start)
		}
	}
}

// close ends the reaper. Connections that are still open have no deadlines any more.
func (r *reaper) close() {
	r.stopOnce.Do(func() { close(r.stop) })
	r.stopped.Wait()
}

// over is the deadline of a read or write that the reaper has ended.
const over = -1

// timedConn is a connection whose deadlines the reaper keeps.
type timedConn struct {
	net.Conn
	reaper      *reaper
	read, write atomic.Int64 // nanoseconds since the reaper's start; 0 for none
}

// timedListener gives its connections to a reaper.
type timedListener struct {
	net.Listener
	reaper *reaper
}

// Accept waits for the next connection.
func (l *timedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetKeepAlive(true) // a connection without is still a connection
	}
	t := &timedConn{Conn: c, reaper: l.reaper}
	l.reaper.mu.Lock()
	l.reaper.connections[t] = struct{}{}
	l.reaper.mu.Unlock()
	return t, nil
}

// Close closes the connection.
func (c *timedConn) Close() error {
	c.reaper.mu.Lock()
	delete(c.reaper.connections, c)
	c.reaper.mu.Unlock()
	return c.Conn.Close()
}

// SetReadDeadline ends reads at t, or up to reapEvery later; the zero time means never.
func (c *timedConn) SetReadDeadline(t time.Time) error {
	return c.set(&c.read, t, c.Conn.SetReadDeadline)
}

// SetWriteDeadline ends writes at t, or up to reapEvery later; the zero time means never.
func (c *timedConn) SetWriteDeadline(t time.Time) error {
	return c.set(&c.write, t, c.Conn.SetWriteDeadline)
}

// SetDeadline sets both.
func (c *timedConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// set notes a deadline. One that lies in the past takes effect at once, as those do with which a shutdown wakes
// readers; and where the reaper has ended the time before, the connection is made usable again.
func (c *timedConn) set(at *atomic.Int64, t time.Time, direct func(time.Time) error) error {
	deadline := int64(0)
	if !t.IsZero() {
		if deadline = int64(t.Sub(c.reaper.start)); deadline <= c.now() {
			at.Store(over)
			return direct(t)
		}
	}
	if at.Swap(deadline) == over {
		return direct(time.Time{})
	}
	return nil
}

// now is the reaper's time, which is cheap and at most reapEvery old.
func (c *timedConn) now() int64 { return c.reaper.clock.Load() }
