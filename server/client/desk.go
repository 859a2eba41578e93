package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Filter says which orders are wanted: those that meet all of it. Times that are zero and texts that are empty do not matter.
type Filter struct {
	ID, ExternalID, Customer, Email, SKU, Status, Channel, Location, Tag string
	From, To                                                             time.Time // made at From or later, and before To
}

func (f *Filter) add(r *http.Request) {
	for name, value := range map[string]string{
		"id": f.ID, "external_id": f.ExternalID, "customer": f.Customer, "email": f.Email, "sku": f.SKU, "status": f.Status,
		"channel": f.Channel, "location": f.Location, "tag": f.Tag,
	} {
		if value != "" {
			addQuery(r, name, value)
		}
	}
	for name, at := range map[string]time.Time{"created_from": f.From, "created_to": f.To} {
		if !at.IsZero() {
			addQuery(r, name, at.UTC().Format(time.RFC3339Nano))
		}
	}
}

// Found says how far the index was that an answer was made with.
type Found struct {
	Sequence        uint64 `json:"sequence"`
	IndexedSequence uint64 `json:"indexed_sequence"`
	LagSequences    uint64 `json:"lag_sequences"`
}

// OrderPage is a page of orders, the newest first. Next is empty at the end.
type OrderPage struct {
	Items    []Order `json:"items"`
	Next     string  `json:"next"`
	Complete bool    `json:"complete"` // false when the page ends because enough was read: go on with Next
	Found
}

// Orders gives a page of the orders that meet a filter.
func (c *Client) Orders(ctx context.Context, filter Filter, options ...Option) (page OrderPage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/orders", nil, &page, append(options[:len(options):len(options)], filter.add))
	return page, err
}

// TimelineItem is an event of an order's story. All is the whole of it, as the OpenAPI document describes it by type.
type TimelineItem struct {
	Sequence uint64          `json:"sequence"`
	At       time.Time       `json:"at"`
	Type     string          `json:"type"`
	Actor    string          `json:"actor"`
	Status   string          `json:"status"`
	All      json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps the text.
func (t *TimelineItem) UnmarshalJSON(text []byte) error {
	type plain TimelineItem
	err := json.Unmarshal(text, (*plain)(t))
	t.All = append(json.RawMessage(nil), text...)
	return err
}

// Timeline is a page of an order's story, the oldest first. Next is empty at the end.
type Timeline struct {
	Items    []TimelineItem `json:"items"`
	Next     string         `json:"next"`
	Complete bool           `json:"complete"` // nothing was cut off
	Oldest   uint64         `json:"oldest"`   // the first sequence whose events are there
	Found
}

// Timeline gives a page of what happened to an order.
func (c *Client) Timeline(ctx context.Context, id string, options ...Option) (t Timeline, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "orders", id, "timeline"), nil, &t, options)
	return t, err
}

// Note is what somebody wrote beside an order.
type Note struct {
	OrderID  string    `json:"order_id"`
	At       time.Time `json:"at"`
	Text     string    `json:"text"`
	Actor    string    `json:"actor"`
	Sequence uint64    `json:"sequence"`
}

// AddNote writes a note beside an order; actor may be empty.
func (c *Client) AddNote(ctx context.Context, id, text, actor string, options ...Option) (note Note, err error) {
	in := struct {
		Text  string `json:"text"`
		Actor string `json:"actor,omitempty"`
	}{text, actor}
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "notes"), in, &note, options)
	return note, err
}

// NotePage is a page of notes, the oldest first. Next is empty at the end.
type NotePage struct {
	Items []Note `json:"items"`
	Next  string `json:"next"`
	Found
}

// Notes gives a page of the notes beside an order.
func (c *Client) Notes(ctx context.Context, id string, options ...Option) (page NotePage, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "orders", id, "notes"), nil, &page, options)
	return page, err
}

// Customer is what is known of who orders under a name.
type Customer struct {
	Customer  string           `json:"customer"`
	Orders    []Order          `json:"orders"` // the newest first
	Next      string           `json:"next"`   // to go on with in Orders; empty at the end
	Holds     []Order          `json:"holds"`  // that are live
	Limits    []CustomerLimit  `json:"limits"`
	Waitlists []map[string]any `json:"waitlists"`
	Credit    []Money          `json:"store_credit"` // that was decided for returns, by currency
	Found
}

// CustomerLimit is what a customer has of a SKU with a limit.
type CustomerLimit struct {
	SKU   string `json:"sku"`
	Limit int64  `json:"limit"`
	Used  int64  `json:"used"`
}

// Customer gives what is known of a customer.
func (c *Client) Customer(ctx context.Context, name string, options ...Option) (customer Customer, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "customers", name), nil, &customer, options)
	return customer, err
}

// StatusLink is a link with which somebody without an account sees how an order stands.
type StatusLink struct {
	Token     string    `json:"token"`
	Path      string    `json:"path"` // on the server
	ExpiresAt time.Time `json:"expires_at"`
}

// StatusLink makes a link that is good for so long, in whole seconds; 0 for a month.
func (c *Client) StatusLink(ctx context.Context, id string, good time.Duration, options ...Option) (link StatusLink, err error) {
	in := struct {
		Seconds int64 `json:"expires_in_seconds,omitempty"`
	}{int64(good / time.Second)}
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "status-link"), in, &link, options)
	return link, err
}

// BuyerStatus is what somebody with a link may know of an order.
type BuyerStatus struct {
	Status        string          `json:"status"`
	CreatedAt     time.Time       `json:"created_at"`
	ExpiresAt     time.Time       `json:"expires_at"` // of a hold
	Lines         []BuyerLine     `json:"lines"`
	Fulfilment    string          `json:"fulfillment_status"`
	ReturnStatus  string          `json:"return_status"`
	Shipments     []BuyerShipment `json:"shipments"`
	LinkExpiresAt time.Time       `json:"link_expires_at"`
}

// BuyerShipment is what has left of an order, as its buyer sees it.
type BuyerShipment struct {
	Status          string      `json:"status"`
	ShippedAt       time.Time   `json:"shipped_at"`
	TrackedAt       time.Time   `json:"tracked_at"`
	Carrier         string      `json:"carrier"`
	TrackingNumbers []string    `json:"tracking_numbers"`
	Lines           []BuyerLine `json:"lines"` // SKU and quantity
}

// BuyerLine is a line of an order as its buyer sees it.
type BuyerLine struct {
	SKU         string `json:"sku"`
	Title       string `json:"title"`
	Quantity    int64  `json:"quantity"`
	Backordered int64  `json:"backordered"`
	Cancelled   int64  `json:"cancelled"`
}

// Status tells how the order of a link stands.
func (c *Client) Status(ctx context.Context, token string, options ...Option) (status BuyerStatus, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "status", token), nil, &status, options)
	return status, err
}
