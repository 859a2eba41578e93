package client

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// Replication is how a server stands to others.
type Replication struct {
	Role            string       `json:"role"` // "primary" or "replica"
	Epoch           uint64       `json:"epoch"`
	Sequence        uint64       `json:"sequence"`
	Primary         string       `json:"primary"` // this and what follows: of a replica
	PrimarySequence uint64       `json:"primary_sequence"`
	LagSequences    uint64       `json:"lag_sequences"`
	LagSeconds      float64      `json:"lag_seconds"`
	CaughtUp        bool         `json:"caught_up"`
	Connected       bool         `json:"connected"`
	Since           time.Time    `json:"since"`
	Reconnects      uint64       `json:"reconnects"`
	Compared        uint64       `json:"compared"`
	LastError       string       `json:"last_error"`
	Diverged        string       `json:"diverged"`
	Followers       []FollowedBy `json:"followers"`
}

// FollowedBy is an open stream of the journal.
type FollowedBy struct {
	Address        string    `json:"address"`
	Sequence       uint64    `json:"sequence"` // the last one that was sent
	ConnectedSince time.Time `json:"connected_since"`
}

// Replication tells how a server stands to others.
func (c *Client) Replication(ctx context.Context) (r Replication, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/replication", nil, &r, nil)
	return r, err
}

// Promotion is what a promoted server answers.
type Promotion struct {
	Epoch    uint64 `json:"epoch"`
	Sequence uint64 `json:"sequence"` // the last one before the epoch
}

// Promote makes a replica the primary.
func (c *Client) Promote(ctx context.Context) (p Promotion, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/promote", struct{}{}, &p, nil)
	return p, err
}

// Journal opens the stream of the journal (codec.StreamReader) from a position on. It has no time limit of its own.
func (c *Client) Journal(ctx context.Context, from codec.Position) (io.ReadCloser, error) {
	query := url.Values{
		"from":  {strconv.FormatUint(uint64(from.Next), 10)},
		"chain": {hex.EncodeToString(from.Chain[:])},
		"epoch": {strconv.FormatUint(from.Epoch, 10)},
	}
	return c.open(ctx, "/v1/journal?"+query.Encode())
}

// Backup opens a copy of the server's data (wal.ReadBackup). It has no time limit of its own.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) { return c.open(ctx, "/v1/backup") }

// BackupAt is Backup at so many bytes a second at most; 0 is no bound.
func (c *Client) BackupAt(ctx context.Context, rate int64) (io.ReadCloser, error) {
	return c.open(ctx, "/v1/backup?rate="+strconv.FormatInt(rate, 10))
}

// Manifest gives the manifest of a checkpoint (codec.DecodeManifest).
func (c *Client) Manifest(ctx context.Context, sequence core.Sequence) ([]byte, error) {
	return c.send(ctx, http.MethodGet, "/v1/checkpoints/"+strconv.FormatUint(uint64(sequence), 10), "", nil, nil)
}

// RegisterReader has the server keep its journal from a position on for the replica of a name.
func (c *Client) RegisterReader(ctx context.Context, name string, position core.Sequence) error {
	body := struct {
		Kind     string `json:"kind"`
		Sequence uint64 `json:"sequence"`
	}{"journal", uint64(position)}
	return c.call(ctx, http.MethodPost, path("v1", "readers", name), body, nil, nil)
}

// DropReader has the server forget a reader.
func (c *Client) DropReader(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, path("v1", "readers", name), nil, nil, nil)
}

// open opens an answer that may take any time to read.
func (c *Client) open(ctx context.Context, path string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	response, err := (&http.Client{Transport: c.http.Transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxEvent))
	if err != nil {
		return nil, fmt.Errorf("client: answer to GET %s: %w", path, err)
	}
	return nil, problemOf(response, answer)
}
