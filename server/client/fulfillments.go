package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Fulfillment is the units that an order has at one location, as those who work there see them.
type Fulfillment struct {
	Number      int           `json:"number"`
	Location    string        `json:"location"`
	Status      string        `json:"status"`
	ScheduledAt time.Time     `json:"scheduled_at"` // zero unless it is scheduled
	Lines       []ShippedLine `json:"lines"`        // what is left of it
	Allowed     []string      `json:"allowed"`      // what its status allows
}

// FulfillmentRequest is something that is done with a fulfillment order.
type FulfillmentRequest struct {
	Action  string     `json:"action"`            // start, schedule, hold, release, submit, accept, stop, ready_for_pickup, split, merge, move, short_pick, decline
	At      *time.Time `json:"at,omitempty"`      // schedule
	Units   []SKUUnits `json:"units,omitempty"`   // split
	Found   []SKUUnits `json:"found,omitempty"`   // short_pick: of the SKUs of which not all were found
	Missing bool       `json:"missing,omitempty"` // short_pick: what was not found is not sold again
	Into    int        `json:"into,omitempty"`    // merge
	To      string     `json:"to,omitempty"`      // move
	Note    string     `json:"note,omitempty"`
	Actor   string     `json:"actor,omitempty"`
}

// SKUUnits are units of a SKU, which may be none.
type SKUUnits struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// FulfilledOrder is an order, and the fulfillment order that something was done with.
type FulfilledOrder struct {
	Order
	Fulfillment Fulfillment `json:"fulfillment"`
	Other       int         `json:"other"` // the number of the one that was split off, or merged into
	Missing     []SKUUnits  `json:"missing"`
}

// Fulfillments lists the fulfillment orders of an order.
func (c *Client) Fulfillments(ctx context.Context, id string, options ...Option) ([]Fulfillment, error) {
	return all[Fulfillment](ctx, c, path("v1", "orders", id, "fulfillments"), options)
}

// Fulfil does something with a fulfillment order.
func (c *Client) Fulfil(ctx context.Context, id string, number int, request FulfillmentRequest, options ...Option) (order FulfilledOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "fulfillments", strconv.Itoa(number)), request, &order, options)
	return order, err
}

// Work is a fulfillment order of some order.
type Work struct {
	OrderID      string    `json:"order_id"`
	OrderVersion int       `json:"order_version"`
	CreatedAt    time.Time `json:"order_created_at"`
	OnHold       []string  `json:"order_on_hold"`
	Fulfillment
}

// Worklist lists fulfillment orders of all orders: at a location and of a status, "" for any, those of the newest orders first. next goes on.
func (c *Client) Worklist(ctx context.Context, location, status, after string, options ...Option) (work []Work, next string, err error) {
	var page struct {
		Items []Work `json:"items"`
		Next  string `json:"next"`
	}
	q := url.Values{}
	for name, value := range map[string]string{"location": location, "status": status, "after": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	err = c.call(ctx, http.MethodGet, path("v1", "fulfillments")+"?"+q.Encode(), nil, &page, options)
	return page.Items, page.Next, err
}
