package client

import (
	"context"
	"net/http"
	"time"
)

// ListedMovement is a movement of a SKU's units, as it was told.
type ListedMovement struct {
	Sequence     uint64    `json:"sequence"`
	At           time.Time `json:"at"`
	Type         string    `json:"type"`
	Event        string    `json:"event"`
	Location     string    `json:"location"` // "" for units beyond stock
	Quantity     int64     `json:"quantity"`
	From         string    `json:"from"`
	To           string    `json:"to"`
	FromLocation string    `json:"from_location"`
	ToLocation   string    `json:"to_location"`
	Order        string    `json:"order"`
	Actor        string    `json:"actor"`
	Cause        string    `json:"cause"`
	Reason       string    `json:"reason"`
}

// MovementPage is a page of a SKU's movements, the newest first. Next is empty at the end.
type MovementPage struct {
	Items    []ListedMovement `json:"items"`
	Next     string           `json:"next"`
	Complete bool             `json:"complete"` // the list reaches back to the first movement
	Oldest   uint64           `json:"oldest"`
	Sequence uint64           `json:"sequence"`
}

// Movements gives a page of a SKU's movements; Query narrows it by location, type, from and to.
func (c *Client) Movements(ctx context.Context, sku string, options ...Option) (page MovementPage, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "skus", sku, "movements"), nil, &page, options)
	return page, err
}
