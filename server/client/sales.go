package client

import (
	"context"
	"net/http"
	"time"
)

// SaleRules are the rules of a sale: what it sells, when, and how much of it to whom. A limit that is nil is none.
type SaleRules struct {
	Title               string     `json:"title,omitempty"`
	StartsAt            time.Time  `json:"starts_at"` // to the millisecond, like EndsAt
	EndsAt              time.Time  `json:"ends_at"`
	Items               []SaleItem `json:"items"`
	LimitPerCustomer    *int64     `json:"limit_per_customer,omitempty"` // units over the whole sale
	LimitPerAddress     *int64     `json:"limit_per_address,omitempty"`
	LimitPerDevice      *int64     `json:"limit_per_device,omitempty"`
	LimitPerPayment     *int64     `json:"limit_per_payment,omitempty"`
	MaxTTLSeconds       *int       `json:"max_ttl_seconds,omitempty"` // of holds, extensions included
	MaxExpiredHolds     *int       `json:"max_expired_holds,omitempty"`
	WaitlistCapacity    *int       `json:"waitlist_capacity,omitempty"` // nil for no waitlist
	WaitlistHoldSeconds int        `json:"waitlist_hold_seconds,omitempty"`
	Queue               *SaleQueue `json:"queue,omitempty"`
}

// SaleItem is what a sale sells of one SKU. What stands behind UnitPrice is told by the server alone.
type SaleItem struct {
	SKU       string `json:"sku"`
	Quota     *int64 `json:"quota,omitempty"`    // nil for as many units as there are
	MaxHeld   *int64 `json:"max_held,omitempty"` // in live holds at once
	UnitPrice *Money `json:"unit_price,omitempty"`

	Held        int64  `json:"held,omitempty"`
	Sold        int64  `json:"sold,omitempty"`
	Left        *int64 `json:"left,omitempty"`      // of the quota; nil for no end
	Available   *int64 `json:"available,omitempty"` // what stock and backorder limit allow; nil for no end
	Waiting     int64  `json:"waiting,omitempty"`   // people on the waitlist
	WaitedFor   int64  `json:"waited_for,omitempty"`
	BeyondStock int64  `json:"beyond_stock,omitempty"` // units of the quota that there are not
}

// SaleQueue says how buyers are let in. Zeros are the server's own.
type SaleQueue struct {
	Required        bool   `json:"required"` // nothing is sold without a ticket
	OpeningSeconds  int    `json:"opening_seconds,omitempty"`
	RatePerMinute   *int64 `json:"rate_per_minute,omitempty"`
	TokenSeconds    int    `json:"token_seconds,omitempty"`
	PatienceSeconds *int   `json:"patience_seconds,omitempty"`
	SharePercent    *int   `json:"share_percent,omitempty"`
}

// Sale is a sale with its rules and, of each item, what became of it so far.
type Sale struct {
	Sale   string `json:"sale"`
	Number uint32 `json:"number"` // for binary batches
	SaleRules
	Version  uint32 `json:"version"`
	Sequence uint64 `json:"sequence"`
}

// PutSale makes a sale, or replaces its rules.
func (c *Client) PutSale(ctx context.Context, name string, rules SaleRules) (sale Sale, err error) {
	err = c.call(ctx, http.MethodPut, path("v1", "sales", name), rules, &sale, nil)
	return sale, err
}

// Sale gives a sale.
func (c *Client) Sale(ctx context.Context, name string, options ...Option) (sale Sale, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "sales", name), nil, &sale, options)
	return sale, err
}

// SalePage is a page of the list of sales, without what became of them. Next is empty at the end.
type SalePage struct {
	Items    []Sale `json:"items"`
	Next     string `json:"next"`
	Sequence uint64 `json:"sequence"`
}

// Sales gives a page of the list of sales.
func (c *Client) Sales(ctx context.Context, options ...Option) (page SalePage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/sales", nil, &page, options)
	return page, err
}

// Ticket is a place in the queue before a sale, and what became of it.
type Ticket struct {
	Sale             string    `json:"sale"`
	Ticket           string    `json:"ticket"`
	Number           uint32    `json:"number"`
	Status           string    `json:"status"` // waiting, admitted, ordered, expired, passed_over, sold_out or ended
	Turn             int64     `json:"turn"`
	Position         int64     `json:"position"` // 0 while it is not known
	EstimateSeconds  *int64    `json:"estimate_seconds"`
	DrawnAt          time.Time `json:"drawn_at"`
	Entrance         string    `json:"entrance"` // admitted: the Ticket of the order
	ExpiresAt        time.Time `json:"expires_at"`
	PollAfterSeconds int       `json:"poll_after_seconds"`
	Sequence         uint64    `json:"sequence"`
}

// JoinQueue takes a ticket for a customer, or gives the one that it has.
func (c *Client) JoinQueue(ctx context.Context, sale, customer string) (ticket Ticket, err error) {
	body := struct {
		Customer string `json:"customer"`
	}{customer}
	err = c.call(ctx, http.MethodPost, path("v1", "sales", sale, "queue"), body, &ticket, nil)
	return ticket, err
}

// Ticket asks what has become of a ticket. Who does not ask for long is taken to have left.
func (c *Client) Ticket(ctx context.Context, sale, ticket string) (t Ticket, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "sales", sale, "queue", ticket), nil, &t, nil)
	return t, err
}

// Queue is how the queue before a sale stands.
type Queue struct {
	Sale         string `json:"sale"`
	Required     bool   `json:"required"`
	Ordered      bool   `json:"ordered"` // the order of those who came before the start is drawn
	Tickets      int64  `json:"tickets"`
	Waiting      int64  `json:"waiting"`
	HadTheirTurn int64  `json:"had_their_turn"`
	MayOrder     int64  `json:"may_order"`
	PerMinute    *int64 `json:"per_minute"`
	Sequence     uint64 `json:"sequence"`
}

// Queue tells how the queue before a sale stands.
func (c *Client) Queue(ctx context.Context, sale string) (q Queue, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "sales", sale, "queue"), nil, &q, nil)
	return q, err
}

// Identities are by what a sale knows a buyer beside the customer.
type Identities struct {
	Address string `json:"address,omitempty"`
	Device  string `json:"device,omitempty"`
	Payment string `json:"payment,omitempty"`
}

// PlaceRequest asks for a place on a sale's waitlist.
type PlaceRequest struct {
	Customer   string      `json:"customer"`
	Channel    string      `json:"channel,omitempty"` // "" for web
	SKU        string      `json:"sku"`
	Quantity   int64       `json:"quantity,omitempty"` // 0 for one
	Identities *Identities `json:"identities,omitempty"`
}

// Place is a place on a sale's waitlist.
type Place struct {
	ID       string    `json:"id"`
	Sale     string    `json:"sale"`
	SKU      string    `json:"sku"`
	Quantity int64     `json:"quantity"`
	Customer string    `json:"customer"`
	Channel  string    `json:"channel"`
	Position int64     `json:"position"` // 0 where it is not told
	Since    time.Time `json:"since"`
	Sequence uint64    `json:"sequence"`
}

// JoinWaitlist takes the last place of a SKU's line.
func (c *Client) JoinWaitlist(ctx context.Context, sale string, wanted PlaceRequest, options ...Option) (place Place, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "sales", sale, "waitlist"), wanted, &place, options)
	return place, err
}

// Place gives a place on a waitlist.
func (c *Client) Place(ctx context.Context, sale, id string, options ...Option) (place Place, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "sales", sale, "waitlist", id), nil, &place, options)
	return place, err
}

// LeaveWaitlist gives a place up.
func (c *Client) LeaveWaitlist(ctx context.Context, sale, id string, options ...Option) error {
	return c.call(ctx, http.MethodDelete, path("v1", "sales", sale, "waitlist", id), nil, nil, options)
}

// PlacePage is a page of those who wait for a SKU of a sale. Next is empty at the end.
type PlacePage struct {
	Items    []Place `json:"items"`
	Next     string  `json:"next"`
	Length   int64   `json:"length"` // how many wait in all
	Units    int64   `json:"units"`  // for how many units
	Sequence uint64  `json:"sequence"`
}

// Waitlist gives a page of those who wait for a SKU of a sale, in their order.
func (c *Client) Waitlist(ctx context.Context, sale, sku string, options ...Option) (page PlacePage, err error) {
	options = append([]Option{Query("sku", sku)}, options...)
	err = c.call(ctx, http.MethodGet, path("v1", "sales", sale, "waitlist"), nil, &page, options)
	return page, err
}
