package client

import (
	"context"
	"net/http"
)

// PutOnHold has nothing of an order leave, for reasons: fraud, payment, address, manual, stock.
func (c *Client) PutOnHold(ctx context.Context, id string, reasons []string, note string, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "put-on-hold"), onHold{reasons, note}, &order, options)
	return order, err
}

// TakeOffHold takes reasons back for which an order is on hold, all of them if none is named.
func (c *Client) TakeOffHold(ctx context.Context, id string, reasons []string, note string, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "take-off-hold"), onHold{reasons, note}, &order, options)
	return order, err
}

type onHold struct {
	Reasons []string `json:"reasons,omitempty"`
	Note    string   `json:"note,omitempty"`
}
