package server

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"holdfast/engine"
)

const (
	typeBackup = "application/x-tar"
	// DefaultBackupRate, in bytes a second, leaves the disk to the orders.
	DefaultBackupRate = 64 << 20
	// MinBackupRate, in bytes a second, bounds the time for which a backup keeps its copy, and others from being made.
	MinBackupRate = 1 << 20
)

// streamBackup serves GET /v1/backup. The answer's status is known when the copy is made; if the stream ends before the
// archive's last entry, which lists the others, the backup is none, and wal.ReadBackup says so.
func (s *Server) streamBackup(x *exchange) {
	q := x.query("rate")
	rate := q.number("rate", 0, maxSequence, DefaultBackupRate)
	if rate > 0 && rate < MinBackupRate {
		q.fault("rate", "must be 0, for no bound, or at least "+strconv.Itoa(MinBackupRate)+" bytes a second")
	}
	if !q.sound() {
		return
	}
	x.ctx.Response.Header.SetContentType(typeBackup)
	if x.ctx.IsHead() {
		return
	}
	x.ctx.HijackSetNoResponse(true)
	x.ctx.Hijack(func(connection net.Conn) { s.sendBackup(connection, rate) })
}

// sendBackup has the connection to itself.
func (s *Server) sendBackup(connection net.Conn, rate int64) {
	w := &backupWriter{connection: connection, timeout: s.options.BatchTimeout}
	stop, ok := s.streams.enter()
	if !ok {
		w.fail(s, newProblem(codeUnavailable, "the server is shutting down"))
		return
	}
	defer s.streams.running.Done()
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-stop:
			cancel(errShutDown)
			_ = connection.SetDeadline(time.Unix(1, 0)) // ends a write that waits for its client
		case <-ctx.Done():
		}
	}()
	gone := watch(connection, func() { cancel(errClientGone) })
	_, err := s.engine.WriteBackup(ctx, w, rate)
	cancel(nil)
	<-ended
	defer func() {
		_ = connection.SetReadDeadline(time.Unix(1, 0)) // ends the goroutine that watches; the caller closes
		<-gone
	}()
	switch {
	case err == nil:
	case w.begun:
		s.options.Log.Warn("a backup was cut off", "error", err)
	case errors.Is(err, errClientGone):
	case errors.Is(err, engine.ErrBackupUnderWay):
		w.fail(s, newProblem(codeOverloaded, "another backup is being written; there is one at a time"))
	case errors.Is(err, engine.ErrDiskFull):
		w.fail(s, newProblem(codeUnavailable, "there is too little free space on the server's disk for a backup"))
	default:
		s.options.Log.Error("a backup could not be made", "error", err)
		w.fail(s, newProblem(codeUnavailable, "the backup could not be made; the server's log says why"))
	}
}

var (
	errShutDown   = errors.New("the server is shutting down")
	errClientGone = errors.New("the client has closed the connection")
)

// backupWriter answers with what is written to it.
type backupWriter struct {
	connection net.Conn
	timeout    time.Duration // that a client has to take a piece
	begun      bool
}

func (w *backupWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		if err := w.send("HTTP/1.1 200 OK\r\nContent-Type: " + typeBackup + "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"); err != nil {
			return 0, err
		}
	}
	_ = w.connection.SetWriteDeadline(time.Now().Add(w.timeout))
	return w.connection.Write(p)
}

func (w *backupWriter) send(text string) error {
	_ = w.connection.SetWriteDeadline(time.Now().Add(w.timeout))
	_, err := w.connection.Write([]byte(text))
	return err
}

// fail answers with a problem, as long as nothing else was answered.
func (w *backupWriter) fail(s *Server, p *problem) {
	body := appendProblem(nil, p)
	_ = w.send("HTTP/1.1 " + strconv.Itoa(p.kind.status) + " " + fasthttp.StatusMessage(p.kind.status) + "\r\nContent-Type: " + string(typeProblem) +
		"\r\nRetry-After: " + s.retryAfter + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\nConnection: close\r\n\r\n" + string(body))
}
