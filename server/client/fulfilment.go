package client

import (
	"context"
	"net/http"
)

// LineUnits are units of one line of an order.
type LineUnits struct {
	Line     int   `json:"line"`               // place in the order's lines, from 0
	Quantity int64 `json:"quantity,omitempty"` // 0 for all that are left of it
}

// UnitsOfLine is what became of the units of a line.
type UnitsOfLine struct {
	Ordered     int64 `json:"ordered"`
	Cancelled   int64 `json:"cancelled"`
	Backordered int64 `json:"backordered"`
	Allocated   int64 `json:"allocated"`
}

// CancelLines gives units of an order's lines back. When nothing is left of the order it is cancelled.
func (c *Client) CancelLines(ctx context.Context, id string, lines []LineUnits, note string, options ...Option) (order Order, err error) {
	body := struct {
		Lines []LineUnits `json:"lines"`
		Note  string      `json:"note,omitempty"`
	}{lines, note}
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "cancel"), body, &order, options)
	return order, err
}
