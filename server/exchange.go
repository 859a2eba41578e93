package server

import (
	"bytes"
	"strconv"

	"github.com/valyala/fasthttp"

	"holdfast/engine/core"
)

// exchange is one request on its way through a handler, with everything that handlers would otherwise
// make anew each time. It belongs to one goroutine from acquire to release.
type exchange struct {
	ctx      *fasthttp.RequestCtx
	variable []byte // what stands in the path for the route's {variable}

	parameters   queryReader
	intake       intake
	event        core.Event
	refusal      core.Refusal
	availability core.AvailabilityImage
	inbound      core.InboundImage
	document     orderDocument
	image        []byte // what was read, as the engine gave it
	out          []byte // the answer's body, before it is handed over
}

// segment gives what stands in the path at a place, counted from 0.
func (x *exchange) segment(place int) []byte {
	rest := x.ctx.Path()[1:]
	for range place {
		_, rest, _ = bytes.Cut(rest, slash)
	}
	name, _, _ := bytes.Cut(rest, slash)
	return name
}

var slash = []byte{'/'}

func (s *Server) acquireExchange(ctx *fasthttp.RequestCtx) *exchange {
	x := s.exchanges.Get().(*exchange)
	x.ctx = ctx
	return x
}

// releaseExchange gives an exchange back. One that grew large with an unusual request is dropped.
func (s *Server) releaseExchange(x *exchange) {
	if cap(x.out) > maxBody || cap(x.intake.escapes) > maxBody {
		return
	}
	x.ctx, x.variable, x.intake.command.Document = nil, nil, nil
	s.exchanges.Put(x)
}

var (
	typeJSON      = []byte("application/json")
	typeProblem   = []byte("application/problem+json")
	typeNDJSON    = []byte("application/x-ndjson")
	headerETag    = []byte("Etag")
	headerReplay  = []byte("Idempotent-Replayed")
	headerIfMatch = []byte("If-Match")
	headerKey     = []byte("Idempotency-Key")
	valueTrue     = []byte("true")
)

// answer sends a body.
func (x *exchange) answer(status int, contentType, body []byte) {
	response := &x.ctx.Response
	response.SetStatusCode(status)
	response.Header.SetContentTypeBytes(contentType)
	response.SetBody(body)
}

// answerJSON sends a body and keeps its memory for the next answer.
func (x *exchange) answerJSON(status int, body []byte) {
	x.out = body
	x.answer(status, typeJSON, body)
}

// fail sends a problem.
func (x *exchange) fail(p *problem) {
	x.out = appendProblem(x.out[:0], p)
	x.answer(p.kind.status, typeProblem, x.out)
}

// failWith sends a problem of the code's kind.
func (x *exchange) failWith(code, detail string) { x.fail(newProblem(code, detail)) }

// failField sends the problem that one field is wrong.
func (x *exchange) failField(code, field, says string) {
	x.fail(faultProblem([]fault{{code: code, field: field, detail: says}}))
}

// failOverloaded tells the client to come again later.
func (x *exchange) failOverloaded(s *Server, detail string) {
	x.failWith(codeOverloaded, detail)
	x.ctx.Response.Header.Set("Retry-After", s.retryAfter)
}

// tag sets the ETag of a version.
func (x *exchange) tag(version uint32) {
	var text [12]byte
	tag := append(strconv.AppendUint(append(text[:0], '"'), uint64(version), 10), '"')
	x.ctx.Response.Header.SetCanonical(headerETag, tag)
}

// replayed marks an answer as one that was given before.
func (x *exchange) replayed() { x.ctx.Response.Header.SetBytesKV(headerReplay, valueTrue) }

// hasFaults answers with the faults that the parser found, if it found any.
func (x *exchange) hasFaults() bool {
	if len(x.intake.faults) == 0 {
		return false
	}
	x.fail(faultProblem(x.intake.faults))
	return true
}

// checkBody holds a request's content type against what the route takes, and answers when it does not fit.
func (x *exchange) checkBody(kind bodyKind) bool {
	switch empty := len(x.ctx.PostBody()) == 0; {
	case kind == noBody, kind == batchBody, kind == optionalBody && empty:
		return true
	case kind == operatorBody && empty && len(x.ctx.Request.Header.Peek("Origin")) == 0:
		// A browser lets a page of any origin send a POST without asking, and says where the page is from; with the
		// type it would ask.
		return true
	}
	if mediaType(x.ctx.Request.Header.ContentType(), typeJSON) {
		return true
	}
	x.failWith(codeUnsupportedMedia, "Content-Type must be application/json")
	return false
}

// mediaType reports whether a Content-Type is the wanted one, in UTF-8 if it names a charset.
func mediaType(header, wanted []byte) bool {
	name, parameters, given := bytes.Cut(header, []byte{';'})
	if !bytes.EqualFold(bytes.TrimSpace(name), wanted) {
		return false
	}
	if !given {
		return true
	}
	parameter := bytes.ToLower(bytes.TrimSpace(parameters))
	return len(parameter) == 0 || !bytes.HasPrefix(parameter, []byte("charset=")) ||
		bytes.Equal(bytes.Trim(parameter[len("charset="):], `"`), []byte("utf-8"))
}

// body gives the request's body; an empty one reads as {} where the route allows that.
func (x *exchange) body() []byte {
	if body := x.ctx.PostBody(); len(body) > 0 {
		return body
	}
	return emptyObject
}

var emptyObject = []byte("{}")
