package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// EditRequest says what changes of an order that is placed; of any other, a hold too, tags and metadata alone. What is nil or empty stays as it is.
type EditRequest struct {
	Add            []Line      `json:"add,omitempty"`    // lines that the order gets beside those that it has
	Remove         []LineUnits `json:"remove,omitempty"` // units that are taken off, before others are added
	ShipTo         *Address    `json:"ship_to,omitempty"`
	Method         string      `json:"delivery_method,omitempty"`
	PickupLocation string      `json:"pickup_location,omitempty"`
	Email          string      `json:"email,omitempty"`
	Tags           []string    `json:"tags,omitempty"` // all of them

	Metadata map[string]any `json:"metadata,omitempty"` // all of it
	Amounts  *OrderAmounts  `json:"amounts,omitempty"`  // all of them
	Note     string         `json:"note,omitempty"`
	Actor    string         `json:"actor,omitempty"`

	// TakeAway names fields that the order has no more: amounts, ship_to, delivery_method, pickup_location, email, tags, metadata.
	TakeAway []string `json:"-"`
}

// MarshalJSON implements json.Marshaler: what is taken away is null.
func (r EditRequest) MarshalJSON() ([]byte, error) {
	type plain EditRequest
	body, err := json.Marshal(plain(r))
	if err != nil || len(r.TakeAway) == 0 {
		return body, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	for _, name := range r.TakeAway {
		fields[name] = json.RawMessage("null")
	}
	return json.Marshal(fields)
}

// EditedOrder is an order, and what an edit changed of its lines.
type EditedOrder struct {
	Order
	EditedLines
}

// EditedLines are units that an edit took off, and lines that it added.
type EditedLines struct {
	Removed []LineUnits `json:"removed"`
	Added   []LineUnits `json:"added"`
}

// EditPreview is what an edit would come to now.
type EditPreview struct {
	Version uint32       `json:"version"` // that the edit has to name (IfVersion)
	Status  string       `json:"status"`  // of the order after it
	Lines   []OrderLine  `json:"lines"`
	Route   *Route       `json:"route"`   // of what is added; nil without a policy
	Amounts *EditAmounts `json:"amounts"` // nil unless all lines have a price in one currency
	EditedLines
	Sequence uint64 `json:"sequence"`
}

// EditAmounts are what the lines of an order come to by their prices, in minor units.
type EditAmounts struct {
	Currency   string `json:"currency"`
	Before     int64  `json:"before"`
	After      int64  `json:"after"`
	Difference int64  `json:"difference"`

	Given OrderAmounts `json:"given"` // of an order with prices: what it costs beside its lines then
}

// MetadataChange changes what is kept beside an order.
type MetadataChange struct {
	Metadata map[string]any `json:"metadata"` // members by name; nil takes one away, and those that are not named stay
	Note     string         `json:"note,omitempty"`
	Actor    string         `json:"actor,omitempty"`
}

// ChangeMetadata changes what is kept beside an order or a hold, whatever its status. Of one that has left memory it is refused with order_archived.
func (c *Client) ChangeMetadata(ctx context.Context, id string, change MetadataChange, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "metadata"), change, &order, options)
	return order, err
}

// PreviewEdit tells what an edit of an order would come to, and changes nothing.
func (c *Client) PreviewEdit(ctx context.Context, id string, edit EditRequest, options ...Option) (preview EditPreview, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "edits", "preview"), edit, &preview, options)
	return preview, err
}

// Edit changes an order that is placed, or what is kept beside any other, all of it or nothing. It needs IfVersion with the version that it is of.
func (c *Client) Edit(ctx context.Context, id string, edit EditRequest, options ...Option) (edited EditedOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "edits"), edit, &edited, options)
	return edited, err
}
