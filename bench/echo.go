package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"holdfast/engine/codec"
)

// echoOrder is as long as the server's own answer to an order of one line.
const echoOrder = `{"id":"0000000000001","status":"placed","version":1,"customer":"c00000000001","channel":"web",` +
	`"lines":[{"sku":"bench-00001","quantity":1,"allocations":[{"location":"main","quantity":1}]}],` +
	`"created_at":"2026-01-01T00:00:00.000Z","sequence":1000000}`

// ServeEcho is the floor that the server is compared with: a bare fasthttp server that reads the same
// requests and answers at once, with constants as long as the real answers, having done nothing. It
// prints "listening on ADDRESS" to w and serves until the context ends.
func ServeEcho(ctx context.Context, listen string, w io.Writer) error {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	s := &fasthttp.Server{
		Handler:               echoHandler(),
		NoDefaultServerHeader: true,
		NoDefaultDate:         true,
		MaxRequestBodySize:    16 << 20,
		IdleTimeout:           time.Hour, // between the rounds of a comparison it stands idle
	}
	defer context.AfterFunc(ctx, func() { _ = s.Shutdown() })()
	if _, err := fmt.Fprintf(w, "%s%s\n", listening, ln.Addr()); err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	return s.Serve(ln)
}

// echoHandler answers every request.
func echoHandler() fasthttp.RequestHandler {
	order := []byte(echoOrder)
	return func(c *fasthttp.RequestCtx) {
		if string(c.Path()) == "/v1/batch" {
			echoBatch(c)
			return
		}
		c.SetStatusCode(fasthttp.StatusCreated)
		c.SetContentType("application/json")
		c.Response.SetBodyRaw(order)
	}
}

// echoBatch gives every command of a batch the same answer.
func echoBatch(c *fasthttp.RequestCtx) {
	body := c.PostBody()
	if string(c.Request.Header.ContentType()) != codec.BatchMediaType {
		c.SetContentType("application/x-ndjson")
		line := []byte(`{"status":201,"id":"0000000000001"}` + "\n")
		c.SetBody(bytes.Repeat(line, bytes.Count(body, []byte{'\n'})))
		return
	}
	if len(body) < 8 {
		c.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	count := min(binary.LittleEndian.Uint32(body[4:]), codec.MaxBatchCommands)
	out := codec.AppendAnswerHeader(c.Response.Body()[:0], int(count), 1)
	for range count {
		out = codec.AppendAnswer(out, codec.Answer{Status: fasthttp.StatusCreated, Order: 1})
	}
	c.SetContentType(codec.BatchMediaType)
	c.SetBody(out)
}
