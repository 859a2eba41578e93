package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"holdfast/engine"
	"holdfast/engine/invariant"
)

// Server answers HTTP from one engine.
type Server struct {
	engine     *engine.Engine
	options    Options
	routes     []*route
	router     *router
	http       fasthttp.Server
	meter      serverMeter
	exchanges  sync.Pool // of *exchange
	batches    sync.Pool // of *batch
	streams    streams
	followers  followers
	queues     *queues
	links      linkSigner
	reaper     *reaper
	exchanging sync.Mutex // held while a return is approved with a replacement
	picking    keysUnderWay
	listening  sync.Mutex // held to change the next two
	listener   net.Listener
	draining   atomic.Bool
	retryAfter string
}

// New makes a server for an engine that is open, and stays open until the server is shut down.
func New(e *engine.Engine, o Options) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	s := &Server{engine: e, options: o.Effective(), routes: routes()}
	s.router = newRouter(s.routes)
	s.exchanges.New = func() any { return new(exchange) }
	s.batches.New = func() any { return new(batch) }
	s.retryAfter = strconv.Itoa(int(s.options.RetryAfter / time.Second))
	s.streams.stop = make(chan struct{})
	s.reaper = newReaper()
	s.queues = newQueues(s)
	s.links = linkSigner{key: e.Secret("status-link")}
	s.configure()
	return s, nil
}

// configure sets every limit of the HTTP server: none of fasthttp's own defaults, most of which are
// "unlimited", stays in force.
func (s *Server) configure() {
	h := &s.http
	h.Handler = s.handle
	h.ErrorHandler = s.unreadable
	h.HeaderReceived = s.limitBody
	h.MaxRequestBodySize = maxBody
	h.ReadBufferSize = headerBuffer
	h.ReadTimeout = s.options.ReadTimeout
	h.WriteTimeout = s.options.WriteTimeout
	h.IdleTimeout = s.options.IdleTimeout
	h.Concurrency = s.options.MaxConnections + connectionMargin
	h.MaxConnsPerIP = s.options.MaxConnectionsPerIP
	h.NoDefaultServerHeader = true
	h.NoDefaultDate = true
	h.NoDefaultContentType = true
	h.DisablePreParseMultipartForm = true
	h.CloseOnShutdown = true
	h.SecureErrorLogMessage = true
	h.Logger = silence{}
}

// connectionMargin is how many connections beyond the limit still get an answer in the contract's form. Those beyond
// the margin get one of fasthttp's, which is plain text.
const connectionMargin = 256

// silence is the log of fasthttp, which tells only of what clients did wrong; that is counted instead.
type silence struct{}

// Printf drops the line.
func (silence) Printf(string, ...any) {}

// Serve answers the connections of a listener until Shutdown, and closes it. It returns nil after that.
func (s *Server) Serve(ln net.Listener) error {
	if !s.listen(ln) {
		return ln.Close()
	}
	err := s.http.Serve(&timedListener{Listener: ln, reaper: s.reaper})
	if s.draining.Load() {
		return nil
	}
	return err
}

// listen takes the listener into Shutdown's care, unless that was called before.
func (s *Server) listen(ln net.Listener) bool {
	s.listening.Lock()
	defer s.listening.Unlock()
	if s.draining.Load() {
		return false
	}
	s.listener = ln
	return true
}

// Shutdown ends the service in good order: readiness goes first, no connection is taken any more,
// requests under way are answered, streams of events end, idle connections are closed. When ctx ends
// before all that is done its error is returned. The listener is closed here too, as fasthttp forgets one that it
// has only just been given.
func (s *Server) Shutdown(ctx context.Context) error {
	s.listening.Lock()
	s.draining.Store(true)
	if s.listener != nil {
		_ = s.listener.Close() // perhaps closed already
	}
	s.listening.Unlock()
	s.streams.close()
	s.queues.close()
	err := s.http.ShutdownWithContext(ctx)
	if errors.Is(err, net.ErrClosed) {
		err = nil // of the listener
	}
	err = errors.Join(err, s.streams.wait(ctx))
	s.reaper.close()
	return err
}

var batchPath = []byte("/v1/batch")

// limitBody tells how large a request's body may be, before it is read.
func (s *Server) limitBody(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if !bytes.HasPrefix(header.RequestURI(), batchPath) {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{
		MaxRequestBodySize: maxBatchBody,
		ReadTimeout:        s.options.BatchTimeout,
		WriteTimeout:       s.options.BatchTimeout,
	}
}

// handle answers one request.
func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	x := s.acquireExchange(ctx)
	if int(s.http.GetOpenConnectionsCount()) > s.options.MaxConnections {
		x.failOverloaded(s, "too many connections are open")
		ctx.SetConnectionClose()
		s.releaseExchange(x)
		return
	}
	at, variable := s.router.find(ctx.Path())
	x.variable = variable
	rt := s.choose(x, at)
	if rt == nil {
		s.meter.unrouted.Add(1)
		s.releaseExchange(x)
		return
	}
	if s.run(rt, x) {
		s.releaseExchange(x)
	}
	rt.meter.record(ctx.Response.StatusCode(), time.Since(ctx.Time()))
}

// choose gives the route of a request, or answers that there is none.
func (s *Server) choose(x *exchange, at *segment) *route {
	if at == nil || at.allow == "" {
		x.failWith(codeNotFound, "the path leads nowhere")
		return nil
	}
	rt := at.route(&x.ctx.Request.Header)
	if rt == nil {
		x.failWith(codeMethodNotAllowed, "this path allows "+at.allow)
		x.ctx.Response.Header.Set("Allow", at.allow)
	}
	return rt
}

// run calls a route's handler. A handler that panics has a bug: its client gets a 500, and the
// exchange, which may be in any state, is not used again (false). A broken invariant is worse: the state may be
// wrong, so it ends the process, as it would anywhere else.
func (s *Server) run(rt *route, x *exchange) (sound bool) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if _, broken := cause.(*invariant.Violation); broken {
			panic(cause)
		}
		s.meter.panics.Add(1)
		s.options.Log.Error("handler panicked", "route", rt.pattern, "cause", cause, "stack", string(debug.Stack()))
		x.ctx.Response.Reset()
		x.failWith(codeInternal, "the request met a bug in the server, and its outcome is not known")
	}()
	if rt.writes && s.engine.Following() {
		s.failNotPrimary(x)
	} else if x.checkBody(rt.body) && (rt.method == methodGet || x.takesNoQuery()) {
		rt.handle(s, x)
	}
	return true
}

// unreadable answers what never became a request.
func (s *Server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	s.meter.unreadable.Add(1)
	x := &exchange{ctx: ctx}
	var small *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		x.failWith(codeBodyTooLarge, "a body may have "+strconv.Itoa(maxBody)+" bytes, that of a batch "+strconv.Itoa(maxBatchBody))
	case errors.As(err, &small):
		x.failWith(codeHeaderTooLarge, "request line and headers may have "+strconv.Itoa(headerBuffer)+" bytes together")
	case errors.As(err, &network) && network.Timeout():
		x.failWith(codeRequestTimeout, "the request did not arrive in time")
	default:
		x.failWith(codeMalformedRequest, "the request is not HTTP/1.1 as this server reads it")
	}
}
