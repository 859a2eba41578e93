package main

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"holdfast/server"
)

// recovering answers on the service's address as long as the engine replays its journal: that the
// process runs, and that it is not ready.
type recovering struct {
	server *http.Server
	ln     *lentListener
	ended  chan struct{}
}

func answerRecovering(ln net.Listener) *recovering {
	r := &recovering{
		ln:    &lentListener{Listener: ln, closed: make(chan struct{})},
		ended: make(chan struct{}),
	}
	r.server = &http.Server{
		Handler:           http.HandlerFunc(sayRecovering),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      5 * time.Second,
	}
	go func() {
		defer close(r.ended)
		_ = r.server.Serve(r.ln) // always ends with an error: that it was closed
	}()
	return r
}

// stop gives the listener back. Connections are closed, so that clients come again to the server.
func (r *recovering) stop() {
	_ = r.server.Close()
	<-r.ended
	r.ln.giveBack()
}

func sayRecovering(w http.ResponseWriter, r *http.Request) {
	status, contentType, body := server.Recovering(r.URL.Path, version)
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", contentType)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only when nobody reads it any more
}

// lentListener is a listener that survives its Close: only Accept ends.
type lentListener struct {
	net.Listener
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a connection until Close.
func (l *lentListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	select {
	case <-l.closed:
		if err == nil {
			_ = conn.Close()
		}
		return nil, net.ErrClosed
	default:
		return conn, err
	}
}

// Close ends Accept and leaves the listener open.
func (l *lentListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.setDeadline(time.Unix(1, 0))
}

func (l *lentListener) giveBack() { _ = l.setDeadline(time.Time{}) }

func (l *lentListener) setDeadline(at time.Time) error {
	d, ok := l.Listener.(interface{ SetDeadline(time.Time) error })
	if !ok {
		return errors.ErrUnsupported
	}
	return d.SetDeadline(at)
}
