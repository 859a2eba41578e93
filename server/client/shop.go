package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// SKUSettings are a SKU's selling rules. The zero value sells what is there and nothing beyond.
type SKUSettings struct {
	Title            string           `json:"title,omitempty"`
	SafetyStock      int64            `json:"safety_stock"`
	BackorderLimit   BackorderLimit   `json:"backorder_limit"`
	LimitPerCustomer LimitPerCustomer `json:"limit_per_customer"`
	LowStock         LowStock         `json:"low_stock"`
	Stopped          bool             `json:"stopped"` // nothing is sold anew
	Preorder         *Preorder        `json:"preorder,omitempty"`
}

// Preorder sells units before they are there, up to a limit, until they ship.
type Preorder struct {
	Limit   int64     `json:"limit"`
	ShipsAt time.Time `json:"ships_at"`
}

// BackorderLimit is how many units may be sold beyond stock; Unlimited for any number.
type BackorderLimit int64

// Unlimited is the backorder limit that is never reached; null in JSON.
const Unlimited BackorderLimit = -1

// LimitPerCustomer is how many units one customer may have; 0, null in JSON, for any number.
type LimitPerCustomer int64

// LowStock is the number of available units at or below which supply is low; 0, null in JSON, for never.
type LowStock int64

// MarshalJSON writes null for Unlimited.
func (l BackorderLimit) MarshalJSON() ([]byte, error) {
	return marshalLimit(int64(l), int64(Unlimited))
}

// UnmarshalJSON reads null as Unlimited.
func (l *BackorderLimit) UnmarshalJSON(text []byte) error {
	return unmarshalLimit(text, (*int64)(l), int64(Unlimited))
}

// MarshalJSON writes null for 0.
func (l LimitPerCustomer) MarshalJSON() ([]byte, error) { return marshalLimit(int64(l), 0) }

// UnmarshalJSON reads null as 0.
func (l *LimitPerCustomer) UnmarshalJSON(text []byte) error {
	return unmarshalLimit(text, (*int64)(l), 0)
}

// MarshalJSON writes null for 0.
func (l LowStock) MarshalJSON() ([]byte, error) { return marshalLimit(int64(l), 0) }

// UnmarshalJSON reads null as 0.
func (l *LowStock) UnmarshalJSON(text []byte) error {
	return unmarshalLimit(text, (*int64)(l), 0)
}

func marshalLimit(limit, none int64) ([]byte, error) {
	if limit == none {
		return []byte("null"), nil
	}
	return json.Marshal(limit)
}

func unmarshalLimit(text []byte, limit *int64, none int64) error {
	if string(text) == "null" {
		*limit = none
		return nil
	}
	return json.Unmarshal(text, limit)
}

// SKU is a SKU with its settings.
type SKU struct {
	SKU    string `json:"sku"`
	Number uint32 `json:"number"` // for binary batches
	SKUSettings
	Version  uint32 `json:"version"`
	Sequence uint64 `json:"sequence"`
}

// PutSKU makes a SKU, or replaces its settings.
func (c *Client) PutSKU(ctx context.Context, name string, settings SKUSettings, options ...Option) (sku SKU, err error) {
	err = c.call(ctx, http.MethodPut, path("v1", "skus", name), settings, &sku, options)
	return sku, err
}

// SKU gives a SKU.
func (c *Client) SKU(ctx context.Context, name string, options ...Option) (sku SKU, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "skus", name), nil, &sku, options)
	return sku, err
}

// SKUPage is a page of the list of SKUs. Next is empty at the end.
type SKUPage struct {
	Items    []SKU  `json:"items"`
	Next     string `json:"next"`
	Sequence uint64 `json:"sequence"`
}

// SKUs gives a page of the list of SKUs.
func (c *Client) SKUs(ctx context.Context, options ...Option) (page SKUPage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/skus", nil, &page, options)
	return page, err
}

// LocationSettings are a location's routing facts.
type LocationSettings struct {
	Name      string   `json:"name,omitempty"`
	Kind      string   `json:"kind,omitempty"` // warehouse, store or supplier; "" for warehouse
	Latitude  *float64 `json:"latitude,omitempty"`
	Longitude *float64 `json:"longitude,omitempty"`
	Priority  int32    `json:"priority"` // lower is asked first
	Stopped   bool     `json:"stopped"`  // nothing new is sold from there

	Shipping *Shipping `json:"shipping,omitempty"` // nil for everything, everywhere, at once and for nothing
}

// Shipping is what a location ships while rules of routing are set. Costs are in minor units.
type Shipping struct {
	Methods          []string `json:"methods,omitempty"`            // standard, express, same_day, pickup; empty for all
	CutOff           *string  `json:"cut_off"`                      // local time "14:30" from which on an order leaves, and counts, a day later
	UTCOffsetMinutes int      `json:"utc_offset_minutes,omitempty"` // that local time is ahead
	HandlingDays     int      `json:"handling_days,omitempty"`
	CostPerUnit      int64    `json:"cost_per_unit,omitempty"`
	Channels         []string `json:"channels,omitempty"` // empty for all
	Zones            []Zone   `json:"zones,omitempty"`    // empty for everywhere
	DailyCapacity    *int64   `json:"daily_capacity"`     // orders in a day; nil for no end
}

// Zone is a row of the table of where a location ships.
type Zone struct {
	Country      string `json:"country,omitempty"` // "" for every country
	PostalPrefix string `json:"postal_prefix,omitempty"`
	TransitDays  int    `json:"transit_days,omitempty"`
	Cost         int64  `json:"cost,omitempty"` // of a shipment
	CostPerKilo  int64  `json:"cost_per_kg,omitempty"`
	UpToGrams    *int64 `json:"up_to_grams,omitempty"` // nil for any weight
}

// Capacity is how many orders a location ships on a day, and how many it has.
type Capacity struct {
	Day           string `json:"day"` // on which an order of now would count, as 2006-01-02
	DailyCapacity int64  `json:"daily_capacity"`
	Used          int64  `json:"used"` // also more than the capacity, when it was lowered
	Left          int64  `json:"left"`
}

// LocationState is a location with what lies there and what it ships today.
type LocationState struct {
	Location
	Drained     bool      `json:"drained"`
	OnHand      int64     `json:"on_hand"`
	Unavailable int64     `json:"unavailable"`
	Reserved    int64     `json:"reserved"`
	Allocated   int64     `json:"allocated"`
	Capacity    *Capacity `json:"capacity"` // nil without a daily capacity
}

// Location is a location with its settings.
type Location struct {
	Location string `json:"location"`
	LocationSettings
	Version  uint32 `json:"version"`
	Sequence uint64 `json:"sequence"`
}

// PutLocation makes a location, or replaces its settings.
func (c *Client) PutLocation(ctx context.Context, name string, settings LocationSettings, options ...Option) (location Location, err error) {
	err = c.call(ctx, http.MethodPut, path("v1", "locations", name), settings, &location, options)
	return location, err
}

// Location gives a location, how many units lie there, and what is left of its capacity today.
func (c *Client) Location(ctx context.Context, name string, options ...Option) (state LocationState, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "locations", name), nil, &state, options)
	return state, err
}

// Adjustment changes the units on hand of one SKU at one location: by Delta, or to Set.
type Adjustment struct {
	SKU      string `json:"sku"`
	Location string `json:"location,omitempty"` // "" for main
	Delta    *int64 `json:"delta,omitempty"`
	Set      *int64 `json:"set,omitempty"`
	Expected *int64 `json:"expected,omitempty"` // only with Set
	Reason   string `json:"reason,omitempty"`
}

// Receive is an adjustment that adds units at main.
func Receive(sku string, units int64) Adjustment {
	return Adjustment{SKU: sku, Delta: &units, Reason: "received"}
}

// Level is a SKU's units at one location.
type Level struct {
	SKU            string `json:"sku"`
	Location       string `json:"location"`
	OnHand         int64  `json:"on_hand"`
	Reserved       int64  `json:"reserved"`
	Allocated      int64  `json:"allocated"`
	Unavailable    int64  `json:"unavailable"` // damaged, in quality control, or other
	Damaged        int64  `json:"damaged"`
	QualityControl int64  `json:"quality_control"`
	Other          int64  `json:"other"`
	Available      int64  `json:"available"`
}

// Levels are what an adjustment changed.
type Levels struct {
	Sequence uint64  `json:"sequence"`
	Levels   []Level `json:"levels"`
}

// Adjust changes stock: all of the adjustments, or none.
func (c *Client) Adjust(ctx context.Context, adjustments []Adjustment, options ...Option) (levels Levels, err error) {
	body := struct {
		Adjustments []Adjustment `json:"adjustments"`
	}{adjustments}
	err = c.call(ctx, http.MethodPost, "/v1/stock/adjustments", body, &levels, options)
	return levels, err
}

// Movement moves units of one SKU at one location.
type Movement struct {
	Type     string `json:"type"` // receive, adjust, count, reclassify or write_off
	SKU      string `json:"sku"`
	Location string `json:"location,omitempty"` // "" for main
	Quantity int64  `json:"quantity"`
	From     string `json:"from,omitempty"` // sellable, damaged, quality_control or other
	To       string `json:"to,omitempty"`
	Expected *int64 `json:"expected,omitempty"` // only of count
	Reason   string `json:"reason,omitempty"`
}

// States are a SKU's units on hand at one location, by state.
type States struct {
	OnHand         int64 `json:"on_hand"`
	Sellable       int64 `json:"sellable"`
	Damaged        int64 `json:"damaged"`
	QualityControl int64 `json:"quality_control"`
	Other          int64 `json:"other"`
}

// Movements are what moved together, by whom and what for.
type Movements struct {
	Sequence  uint64 `json:"sequence,omitempty"`
	Actor     string `json:"actor,omitempty"`
	Cause     string `json:"cause,omitempty"`
	Movements []struct {
		Movement
		Before States `json:"before"`
		After  States `json:"after"`
	} `json:"movements"`
}

// Move moves stock: all of the movements, one after the other, or none. Actor and cause may be empty.
func (c *Client) Move(ctx context.Context, actor, cause string, movements []Movement, options ...Option) (moved Movements, err error) {
	body := struct {
		Actor     string     `json:"actor,omitempty"`
		Cause     string     `json:"cause,omitempty"`
		Movements []Movement `json:"movements"`
	}{actor, cause, movements}
	err = c.call(ctx, http.MethodPost, "/v1/stock/movements", body, &moved, options)
	return moved, err
}

// Availability is everything there is to say about a SKU's units.
type Availability struct {
	SKU           string  `json:"sku"`
	Available     int64   `json:"available"`
	OnHand        int64   `json:"on_hand"`
	Reserved      int64   `json:"reserved"`
	Allocated     int64   `json:"allocated"`
	Unavailable   int64   `json:"unavailable"`
	Backordered   int64   `json:"backordered"` // of the units reserved and allocated, those that no location has yet
	SafetyStock   int64   `json:"safety_stock"`
	Backorderable bool    `json:"backorderable"`
	Stopped       bool    `json:"stopped"`
	Supply        string  `json:"supply"` // out, low or enough
	Sequence      uint64  `json:"sequence"`
	Locations     []Level `json:"locations"`
}

// Availability tells how many units of a SKU there are, and where.
func (c *Client) Availability(ctx context.Context, sku string, options ...Option) (a Availability, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "skus", sku, "availability"), nil, &a, options)
	return a, err
}

// Component is so many units of a SKU in each kit.
type Component struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// Kit is what a SKU is made of.
type Kit struct {
	SKU        string      `json:"sku"`
	Components []Component `json:"components"`
	Sequence   uint64      `json:"sequence"`
}

// PutComponents makes a SKU a kit, which is sold as units of others.
func (c *Client) PutComponents(ctx context.Context, sku string, components []Component) (kit Kit, err error) {
	body := struct {
		Components []Component `json:"components"`
	}{components}
	err = c.call(ctx, http.MethodPut, path("v1", "skus", sku, "components"), body, &kit, nil)
	return kit, err
}

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Address is where an order goes.
type Address struct {
	Name       string   `json:"name,omitempty"`
	Address    []string `json:"address,omitempty"`
	City       string   `json:"city,omitempty"`
	PostalCode string   `json:"postal_code,omitempty"`
	Country    string   `json:"country,omitempty"`
	Latitude   *float64 `json:"latitude,omitempty"`
	Longitude  *float64 `json:"longitude,omitempty"`
}

// Line asks for units of a SKU.
type Line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice *Money `json:"unit_price,omitempty"`
	Discount  *Money `json:"discount,omitempty"`
	Tax       *Money `json:"tax,omitempty"`
	Total     *Money `json:"total,omitempty"` // units × price − discount + tax; the order is refused when it is another
}

// OrderRequest asks for an order.
type OrderRequest struct {
	Customer   string   `json:"customer"`
	Channel    string   `json:"channel,omitempty"` // "" for web
	ExternalID string   `json:"external_id,omitempty"`
	Stock      string   `json:"stock_policy,omitempty"` // "skip" or "force" for an order that was sold elsewhere
	Lines      []Line   `json:"lines"`
	ShipTo     *Address `json:"ship_to,omitempty"`
	Email      string   `json:"email,omitempty"` // by which it can be found
	Tags       []string `json:"tags,omitempty"`  // likewise

	Metadata map[string]any `json:"metadata,omitempty"` // what is kept beside it
	Amounts  *OrderAmounts  `json:"amounts,omitempty"`
	Delivery
	InSale
}

// Delivery says how an order comes to its buyer.
type Delivery struct {
	Method         string `json:"delivery_method,omitempty"`
	PickupLocation string `json:"pickup_location,omitempty"` // where it is fetched
}

// InSale says in which sale an order or a hold is, and who the buyer is there.
type InSale struct {
	Sale       string      `json:"sale,omitempty"`
	Ticket     string      `json:"ticket,omitempty"` // the Entrance of the queue's ticket, where the sale has one
	Identities *Identities `json:"identities,omitempty"`
}

// HoldRequest asks for a hold.
type HoldRequest struct {
	Customer   string   `json:"customer"`
	Channel    string   `json:"channel,omitempty"`     // "" for web
	TTLSeconds int      `json:"ttl_seconds,omitempty"` // 0 for ten minutes
	UpTo       bool     `json:"up_to,omitempty"`       // of each line as many units as there are, but one at least
	Lines      []Line   `json:"lines"`
	ShipTo     *Address `json:"ship_to,omitempty"`
	Email      string   `json:"email,omitempty"`
	Tags       []string `json:"tags,omitempty"`

	Metadata map[string]any `json:"metadata,omitempty"`
	Amounts  *OrderAmounts  `json:"amounts,omitempty"`
	Delivery
	InSale
}

// Order is a hold or an order: one thing at two stations of its life.
type Order struct {
	ID         string      `json:"id"`
	Status     string      `json:"status"` // held, placed, cancelled, released, expired, completed, closed
	ExpiresAt  time.Time   `json:"expires_at"`
	Version    uint32      `json:"version"`
	Lines      []OrderLine `json:"lines"`
	Customer   string      `json:"customer"`
	Channel    string      `json:"channel"`
	ExternalID string      `json:"external_id"`
	CreatedAt  time.Time   `json:"created_at"`
	ShipTo     *Address    `json:"ship_to"`
	Fulfilment string      `json:"fulfillment_status"` // unfulfilled, partially_fulfilled, fulfilled; "" while nothing has become of it
	OnHold     []string    `json:"on_hold"`            // why nothing of it leaves
	Returns    string      `json:"return_status"`      // none, requested, in_progress, partially_returned, returned; "" while there are none
	ClosesAt   time.Time   `json:"closes_at"`          // of an order that was completed: the end of its return window
	Email      string      `json:"email"`
	Tags       []string    `json:"tags"`

	Metadata      map[string]any `json:"metadata"`
	Sale          string         `json:"sale"`
	PaymentStatus string         `json:"payment_status"` // "" for an order without prices, as what follows
	Amounts       *Amounts       `json:"amounts"`
	PayBy         time.Time      `json:"pay_by"`
	LockedUntil   time.Time      `json:"locked_until"` // of a locked hold
	Sequence      uint64         `json:"sequence"`
}

// OrderLine is a line of a hold or an order.
type OrderLine struct {
	Line
	Backordered int64        `json:"backordered"`
	Allocations []Allocation `json:"allocations"`
	Units       *UnitsOfLine `json:"units"`      // nil while nothing has become of the order's units since it was placed
	Components  []OrderLine  `json:"components"` // of kits: where their units come from
}

// Allocation is units of one location promised to a line.
type Allocation struct {
	Location string `json:"location"`
	Quantity int64  `json:"quantity"`
}

// PlaceOrder places an order.
func (c *Client) PlaceOrder(ctx context.Context, order OrderRequest, options ...Option) (placed Order, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/orders", order, &placed, options)
	return placed, err
}

// Order gives an order.
func (c *Client) Order(ctx context.Context, id string, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "orders", id), nil, &order, options)
	return order, err
}

// CancelOrder gives an order's units back.
func (c *Client) CancelOrder(ctx context.Context, id string, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "cancel"), nil, &order, options)
	return order, err
}

// PlaceHold sets units aside until a deadline.
func (c *Client) PlaceHold(ctx context.Context, hold HoldRequest, options ...Option) (placed Order, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/holds", hold, &placed, options)
	return placed, err
}

// Hold gives a hold, and the order that it became.
func (c *Client) Hold(ctx context.Context, id string, options ...Option) (hold Order, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "holds", id), nil, &hold, options)
	return hold, err
}

// ConfirmHold turns a hold into an order.
func (c *Client) ConfirmHold(ctx context.Context, id string, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "holds", id, "confirm"), nil, &order, options)
	return order, err
}

// ExtendHold moves a hold's deadline.
func (c *Client) ExtendHold(ctx context.Context, id string, ttlSeconds int, options ...Option) (hold Order, err error) {
	body := struct {
		TTLSeconds int `json:"ttl_seconds"`
	}{ttlSeconds}
	err = c.call(ctx, http.MethodPost, path("v1", "holds", id, "extend"), body, &hold, options)
	return hold, err
}

// ReleaseHold gives a hold's units back.
func (c *Client) ReleaseHold(ctx context.Context, id string, options ...Option) error {
	return c.call(ctx, http.MethodDelete, path("v1", "holds", id), nil, nil, options)
}
