package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client sends requests to one server.
type Client struct {
	base string
	http *http.Client
}

// defaultTimeout bounds a request, of which a batch of full size takes the longest.
const defaultTimeout = 30 * time.Second

// New makes a client for a server such as "http://127.0.0.1:8080". It keeps up to 256 connections open.
func New(base string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 256
	transport.MaxIdleConns = 256
	return NewWith(base, &http.Client{Transport: transport, Timeout: defaultTimeout})
}

// NewWith makes a client that sends with h.
func NewWith(base string, h *http.Client) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: h}
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Problem is an answer that says no (RFC 9457).
type Problem struct {
	Type    string        `json:"type"`
	Title   string        `json:"title"`
	Status  int           `json:"status"`
	Code    string        `json:"code"` // stable; the OpenAPI document lists them
	Detail  string        `json:"detail"`
	Errors  []FieldError  `json:"errors"`
	Lines   []RefusedLine `json:"lines"`
	OrderID string        `json:"order_id"` // duplicate_external_id: who has it
	Version uint32        `json:"version"`  // version_conflict, and where a status refuses: the version of the order or document

	// Of what refuses by its status, that is told: of a purchase order or transfer, an order or hold, a fulfillment order, a shipment, a return.
	InboundStatus     string   `json:"inbound_status"`
	OrderStatus       string   `json:"order_status"`
	FulfillmentStatus string   `json:"fulfillment_status"`
	ShipmentStatus    string   `json:"shipment_status"`
	ReturnStatus      string   `json:"return_status"`
	Allowed           []string `json:"allowed"` // and what may be done in it

	RetryAfter time.Duration `json:"-"` // how long to wait, 0 when the server does not say
}

// FieldError tells what is wrong with one field of a request.
type FieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// RefusedLine is a line or row that could not be served.
type RefusedLine struct {
	Index     int    `json:"index"`
	SKU       string `json:"sku"`
	Location  string `json:"location"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
	OnHand    int64  `json:"on_hand"`
}

// Error is the problem in one line.
func (p *Problem) Error() string {
	text := "holdfast: " + strconv.Itoa(p.Status) + " " + p.Code
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// ProblemCode is the problem's code, for those who know this type only as an error.
func (p *Problem) ProblemCode() string { return p.Code }

// Option changes a single request.
type Option func(*http.Request)

// WithKey sends an Idempotency-Key.
func WithKey(key string) Option {
	return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
}

// IfVersion makes a write to an order, a document or settings depend on the version.
func IfVersion(version uint32) Option {
	return func(r *http.Request) { r.Header.Set("If-Match", `"`+strconv.FormatUint(uint64(version), 10)+`"`) }
}

// AtLeast makes a read wait until the node has reached the sequence.
func AtLeast(sequence uint64) Option {
	return func(r *http.Request) { addQuery(r, "at_least", strconv.FormatUint(sequence, 10)) }
}

// all reads a list of an order's parts, page by page.
func all[T any](ctx context.Context, c *Client, path string, options []Option) (list []T, err error) {
	for after := ""; ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := c.call(ctx, http.MethodGet, path, nil, &page, append(options[:len(options):len(options)], Page(maxPage, after))); err != nil {
			return nil, err
		}
		if list = append(list, page.Items...); page.Next == "" {
			return list, nil
		}
		after = page.Next
	}
}

// maxPage is the most items that a page may have.
const maxPage = 500

// Page asks a list for limit items after the one of the name; 0 and "" for the server's own.
func Page(limit int, after string) Option {
	return func(r *http.Request) {
		if limit > 0 {
			addQuery(r, "limit", strconv.Itoa(limit))
		}
		if after != "" {
			addQuery(r, "after", after)
		}
	}
}

// Query sets a parameter of a request's query.
func Query(name, value string) Option {
	return func(r *http.Request) { addQuery(r, name, value) }
}

func addQuery(r *http.Request, name, value string) {
	query := r.URL.Query()
	query.Set(name, value)
	r.URL.RawQuery = query.Encode()
}

// Media types of bodies.
const (
	typeJSON   = "application/json"
	typeNDJSON = "application/x-ndjson"
)

// call sends a JSON body, unless in is nil, and reads the answer's JSON into out, unless out is nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any, options []Option) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("client: %w", err)
		}
	}
	answer, err := c.send(ctx, method, path, typeJSON, body, options)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("client: answer to %s %s: %w", method, path, err)
	}
	return nil
}

// send sends a body and gives the answer's, or the problem that it is.
func (c *Client) send(ctx context.Context, method, path, contentType string, body []byte, options []Option) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	for _, option := range options {
		option(request)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("client: answer to %s %s: %w", method, path, err)
	}
	if response.StatusCode >= 400 {
		return nil, problemOf(response, answer)
	}
	return answer, nil
}

// problemOf reads a problem. What is none, as from a proxy, is told by its status alone.
func problemOf(response *http.Response, answer []byte) *Problem {
	p := &Problem{}
	if json.Unmarshal(answer, p) != nil || p.Status != response.StatusCode {
		p = &Problem{Status: response.StatusCode, Title: http.StatusText(response.StatusCode)}
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	return p
}

// path joins the parts of a path, each escaped.
func path(parts ...string) string {
	var joined strings.Builder
	for _, part := range parts {
		joined.WriteByte('/')
		joined.WriteString(url.PathEscape(part))
	}
	return joined.String()
}
