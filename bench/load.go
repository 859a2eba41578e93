package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// load drives one server: a goroutine per connection, each with one request in flight. A request costs
// the generator one write and one or two reads of a socket, no allocation, and no hand-over between
// goroutines, so that most of the machine is left to the server.
type load struct {
	address     string
	connections int
	script      func(connection int) script
	rate        float64 // requests per second; 0 for a closed loop
	mortal      bool    // the server may die: a broken connection ends quietly
	recorder    *recorder
	silence     *silence // nil: not measured

	over   atomic.Bool // no new request is begun
	pacer  *pacer      // nil in a closed loop
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	sample error // the first unusable answer
}

// Patience with a server that misbehaves.
const (
	dialTimeout   = 5 * time.Second
	drainTimeout  = 30 * time.Second // for the last answers after the end of the run
	idleTimeout   = 20 * time.Second // servers close connections that are idle for long
	maxFailures   = 20               // of one connection in a row
	failurePause  = 50 * time.Millisecond
	firstReadSize = 4 << 10
)

// run drives until every script has nothing left or stop is called, and returns after the last answer.
func (l *load) run(ctx context.Context) error {
	l.begin()
	undo := context.AfterFunc(ctx, l.stop)
	defer undo()
	errs := make([]error, l.connections)
	var wg sync.WaitGroup
	for i := range l.connections {
		wg.Go(func() { errs[i] = l.converse(i) })
	}
	wg.Wait()
	l.stop()
	return errors.Join(ctx.Err(), firstError(errs))
}

// begin makes what the connections share. It holds the lock because stop may come at any time.
func (l *load) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = make(map[net.Conn]struct{})
	if l.rate > 0 {
		l.pacer = newPacer(l.rate, l.connections)
		go l.pacer.run()
	}
}

// firstError spares the reader the same message from 256 connections.
func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// stop lets the requests in flight finish and begins no others. Connections that have no answer after
// a while are closed.
func (l *load) stop() {
	if l.over.Swap(true) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pacer != nil {
		l.pacer.stop()
	}
	for c := range l.open {
		_ = c.SetDeadline(time.Now().Add(drainTimeout)) // a closed connection needs none
	}
}

// converse is the life of one connection.
func (l *load) converse(id int) error {
	w := &wire{script: l.script(id), buf: make([]byte, firstReadSize)}
	defer l.hangUp(w)
	failures := 0
	for {
		intended, ok := l.turn(w.script)
		if !ok {
			return nil
		}
		if l.pacer != nil && time.Since(w.used) > idleTimeout {
			l.hangUp(w)
		}
		if w.conn == nil {
			if err := l.dial(w); err != nil {
				return l.unlessMortal(err)
			}
		}
		request := w.script.next()
		if request == nil {
			return nil
		}
		if intended.IsZero() {
			intended = time.Now()
		}
		err := l.exchange(w, id, request, intended)
		if err == nil {
			failures = 0
			continue
		}
		l.recorder.fail(id)
		l.note(err)
		failures++
		if failures >= maxFailures || l.mortal && w.conn == nil {
			return l.unlessMortal(err)
		}
		time.Sleep(failurePause)
	}
}

// turn waits until the next request may be sent and gives the instant at which it should have been; the
// zero time when that is now. False: the run is over.
func (l *load) turn(s script) (time.Time, bool) {
	if s.pending() {
		return time.Time{}, true
	}
	if l.over.Load() {
		return time.Time{}, false
	}
	if l.pacer == nil {
		return time.Time{}, true
	}
	due, ok := <-l.pacer.due
	return due, ok
}

// exchange sends a request, reads its answer and records both. After a broken connection w has none.
func (l *load) exchange(w *wire, id int, request []byte, intended time.Time) error {
	if err := w.exchange(request); err != nil {
		l.hangUp(w)
		w.script.lost()
		return err
	}
	w.used = time.Now()
	latency := w.used.Sub(intended)
	w.outcome = outcome{}
	if err := w.script.settle(&w.outcome); err != nil {
		return err
	}
	l.recorder.record(id, latency, &w.outcome)
	l.silence.answered(w.used)
	return nil
}

func (l *load) dial(w *wire) error {
	conn, err := net.DialTimeout("tcp", l.address, dialTimeout)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	w.conn = conn
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[conn] = struct{}{}
	return nil
}

func (l *load) hangUp(w *wire) {
	if w.conn == nil {
		return
	}
	l.mu.Lock()
	delete(l.open, w.conn)
	l.mu.Unlock()
	_ = w.conn.Close() // nothing is lost with a connection that is not used again
	w.conn = nil
}

func (l *load) unlessMortal(err error) error {
	if l.mortal {
		return nil
	}
	return err
}

// note keeps the first unusable answer for the report.
func (l *load) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sample == nil {
		l.sample = err
	}
}

// wire is a connection with its script and its buffer.
type wire struct {
	conn    net.Conn
	script  script
	buf     []byte
	used    time.Time // when the last answer came
	outcome outcome
}

// exchange writes a request and reads until the script has its whole answer.
func (w *wire) exchange(request []byte) error {
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	have := 0
	for {
		if have == len(w.buf) {
			w.buf = append(w.buf, make([]byte, len(w.buf))...)
		}
		n, err := w.conn.Read(w.buf[have:])
		if n == 0 {
			if err == nil {
				err = io.ErrNoProgress
			}
			return err
		}
		have += n
		length, err := w.script.parse(w.buf[:have])
		switch {
		case err != nil:
			return err
		case length == have:
			return nil
		case length > 0:
			return fmt.Errorf("%d bytes after the answer", have-length)
		}
	}
}
