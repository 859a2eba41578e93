package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"holdfast/engine/codec"
)

// Batch sends a binary batch, as codec.AppendBatchHeader and codec.AppendCommand build it, and gives the answer
// for codec.DecodeAnswers.
func (c *Client) Batch(ctx context.Context, batch []byte, options ...Option) ([]byte, error) {
	return c.send(ctx, http.MethodPost, "/v1/batch", codec.BatchMediaType, batch, options)
}

// BatchLine is what a line of an NDJSON batch was answered.
type BatchLine struct {
	Status   int    `json:"status"`
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence"`
	Code     string `json:"code"`
	Detail   string `json:"detail"`
	Line     int    `json:"line"`
	OrderID  string `json:"order_id"`
}

// BatchLines sends an NDJSON batch and gives one answer for each line.
func (c *Client) BatchLines(ctx context.Context, lines []byte, options ...Option) (answers []BatchLine, err error) {
	body, err := c.send(ctx, http.MethodPost, "/v1/batch", typeNDJSON, lines, options)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(body) {
		var answer BatchLine
		if err := json.Unmarshal(line, &answer); err != nil {
			return nil, fmt.Errorf("client: answer to a batch: %w", err)
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// Audit is the result of recomputing every invariant from the records.
type Audit struct {
	Sequence        uint64            `json:"sequence"`
	OK              bool              `json:"ok"`
	Violations      []json.RawMessage `json:"violations"`
	ViolationsFound int               `json:"violations_found"`
	SKUs            int64             `json:"skus"`
	Orders          int64             `json:"orders"` // placed and cancelled
	Holds           int64             `json:"holds"`  // live
	ByStatus        map[string]int64  `json:"by_status"`
}

// Audit has every invariant recomputed.
func (c *Client) Audit(ctx context.Context, options ...Option) (audit Audit, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/audit", nil, &audit, options)
	return audit, err
}

// Digest identifies the state at a sequence.
type Digest struct {
	Sequence uint64 `json:"sequence"`
	Digest   string `json:"digest"`
}

// Digest gives the digest of the whole state.
func (c *Client) Digest(ctx context.Context, options ...Option) (digest Digest, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/digest", nil, &digest, options)
	return digest, err
}

// Backup calls read with a backup of the server's data, as wal.ReadBackup takes it. rate bounds the bytes a second, 0 is no
// bound. Unlike other requests, it has no time limit of its own.
func (c *Client) Backup(ctx context.Context, rate int64, read func(archive io.Reader) error) error {
	url := c.base + "/v1/backup?rate=" + strconv.FormatInt(rate, 10)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	response, err := (&http.Client{Transport: c.http.Transport}).Do(request)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(response.Body) // what cannot be read is told by its status
		return problemOf(response, answer)
	}
	return read(response.Body)
}

// Ready returns nil when requests should be sent to the server.
func (c *Client) Ready(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/readyz", nil, nil, nil)
}

// Metrics gives the server's figures as Prometheus text.
func (c *Client) Metrics(ctx context.Context) ([]byte, error) {
	return c.send(ctx, http.MethodGet, "/metrics", "", nil, nil)
}

// maxEvent bounds one event, in bytes: an order of 500 lines with prices and an address.
const maxEvent = 1 << 20

// Events calls fn with every event after a sequence, as JSON, until fn or ctx ends it. resume is the sequence to
// go on after: it moves when all events of a sequence have been dealt with. Unlike other requests, a stream
// has no time limit of its own.
func (c *Client) Events(ctx context.Context, after uint64, fn func(event []byte) error) (resume uint64, err error) {
	url := c.base + "/v1/events?after=" + strconv.FormatUint(after, 10)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return after, fmt.Errorf("client: %w", err)
	}
	response, err := (&http.Client{Transport: c.http.Transport}).Do(request)
	if err != nil {
		return after, fmt.Errorf("client: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return after, problemOf(response, nil)
	}
	return readEvents(bufio.NewScanner(response.Body), after, fn)
}

// readEvents reads server-sent events.
func readEvents(lines *bufio.Scanner, after uint64, fn func(event []byte) error) (resume uint64, err error) {
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	resume = after
	id := uint64(0)
	for lines.Scan() {
		name, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch string(name) {
		case "id":
			if id, err = strconv.ParseUint(string(value), 10, 64); err != nil {
				return resume, fmt.Errorf("client: id of an event: %w", err)
			}
		case "data":
			if err := fn(value); err != nil {
				return resume, err
			}
		case "":
			resume = max(resume, id)
		}
	}
	if err := lines.Err(); err != nil {
		return resume, fmt.Errorf("client: events: %w", err)
	}
	return resume, nil
}
