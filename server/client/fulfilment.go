package client

import (
	"context"
	"net/http"
	"strconv"
	"time"
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
	Shipped     int64 `json:"shipped"`
	Delivered   int64 `json:"delivered"`
	Lost        int64 `json:"lost"`
	SentBack    int64 `json:"returned_to_sender"`
	Received    int64 `json:"received_back"`
	Returning   int64 `json:"returning"`        // in returns, and nothing is known of them yet
	Restocked   int64 `json:"returned_restock"` // came back and are for sale again
}

// ShipmentRequest says what of an order leaves a location.
type ShipmentRequest struct {
	Location       string   `json:"location,omitempty"`    // "" for main
	Lines          []Line   `json:"lines,omitempty"`       // each SKU once; none for all that the order has there
	Fulfillment    int      `json:"fulfillment,omitempty"` // of which units leave; 0 for any there
	PickedUp       bool     `json:"picked_up,omitempty"`   // the customer has them
	Carrier        string   `json:"carrier,omitempty"`
	TrackingNumber string   `json:"tracking_number,omitempty"`
	Label          string   `json:"label,omitempty"`
	Parcels        []Parcel `json:"parcels,omitempty"`
	Note           string   `json:"note,omitempty"`
	Actor          string   `json:"actor,omitempty"`
}

// Parcel is one of a shipment.
type Parcel struct {
	TrackingNumber string `json:"tracking_number,omitempty"`
	Label          string `json:"label,omitempty"`
	WeightGrams    int64  `json:"weight_grams,omitempty"`
	LengthMM       int64  `json:"length_mm,omitempty"`
	WidthMM        int64  `json:"width_mm,omitempty"`
	HeightMM       int64  `json:"height_mm,omitempty"`
}

// Shipment is units of an order that left a location together.
type Shipment struct {
	Number         int           `json:"number"`
	Status         string        `json:"status"`
	Location       string        `json:"location"`
	ShippedAt      time.Time     `json:"shipped_at"`
	TrackedAt      time.Time     `json:"tracked_at"` // zero while nothing was reported
	Lines          []ShippedLine `json:"lines"`
	Carrier        string        `json:"carrier"`
	TrackingNumber string        `json:"tracking_number"`
	Label          string        `json:"label"`
	Parcels        []Parcel      `json:"parcels"`
}

// ShippedLine is units of a line in a shipment.
type ShippedLine struct {
	Line     int    `json:"line"` // place in the order's lines, from 0
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	Received int64  `json:"received"` // of those, what is in stock again
}

// ShippedOrder is an order, and the shipment that was made.
type ShippedOrder struct {
	Order
	Shipment Shipment `json:"shipment"`
}

// Ship has units of an order leave a location.
func (c *Client) Ship(ctx context.Context, id string, shipment ShipmentRequest, options ...Option) (shipped ShippedOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "shipments"), shipment, &shipped, options)
	return shipped, err
}

// TrackingReport is what a carrier says about a shipment.
type TrackingReport struct {
	Status string    `json:"status"` // label_created, picked_up, in_transit, out_for_delivery, attempted, available_for_pickup, delivered, exception, lost, returned_to_sender
	At     time.Time `json:"at"`     // by the carrier, exact to the millisecond
	ID     string    `json:"id,omitempty"`
}

// Track notes what a carrier reports about a shipment. Reports may come late, twice and in any order.
func (c *Client) Track(ctx context.Context, id string, shipment int, reports []TrackingReport, options ...Option) (tracked ShippedOrder, err error) {
	body := struct {
		Reports []TrackingReport `json:"reports"`
	}{reports}
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "shipments", strconv.Itoa(shipment), "tracking"), body, &tracked, options)
	return tracked, err
}

// ReceiveBack puts units of a shipment in stock that was returned to the sender: those of some SKUs, or all.
func (c *Client) ReceiveBack(ctx context.Context, id string, shipment int, location, state string, lines []Line, options ...Option) (received ShippedOrder, err error) {
	body := struct {
		Location string `json:"location,omitempty"`
		To       string `json:"to,omitempty"`
		Lines    []Line `json:"lines,omitempty"`
	}{location, state, lines}
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "shipments", strconv.Itoa(shipment), "receive"), body, &received, options)
	return received, err
}

// Shipments lists the shipments of an order.
func (c *Client) Shipments(ctx context.Context, id string, options ...Option) ([]Shipment, error) {
	return all[Shipment](ctx, c, path("v1", "orders", id, "shipments"), options)
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
