package client

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// OrderAmounts are what an order costs beside its lines, each of which has a unit price then.
type OrderAmounts struct {
	Discount *Money `json:"discount,omitempty"`
	Shipping *Money `json:"shipping,omitempty"`
	Tax      *Money `json:"tax,omitempty"`
	Total    *Money `json:"total,omitempty"` // the order is refused when it comes to another one
}

// Amounts are what an order costs and what was paid of it, in minor units.
type Amounts struct {
	Currency    string `json:"currency"`
	Total       int64  `json:"total"`
	Due         int64  `json:"due"`
	Authorized  int64  `json:"authorized"`
	Captured    int64  `json:"captured"`
	Refunded    int64  `json:"refunded"`
	ToCapture   int64  `json:"to_capture"`
	ToRefund    int64  `json:"to_refund"`
	RefundDue   int64  `json:"refund_due"` // that nobody is about to give back
	ToVoid      int64  `json:"to_void"`
	Voided      int64  `json:"voided"`
	ChargedBack int64  `json:"charged_back"`
	Adjusted    int64  `json:"adjusted"`
}

// Payment is an entry of an order's ledger.
type Payment struct {
	Number    int       `json:"number"`
	Type      string    `json:"type"`   // authorization, capture, refund, void, chargeback, adjustment
	Status    string    `json:"status"` // requested, action_required, failed, succeeded, reversed
	Amount    Money     `json:"amount"`
	Of        int       `json:"of"`     // the number of the authorization or capture that it belongs to; 0 for none
	Task      bool      `json:"task"`   // it was asked for here
	Return    int       `json:"return"` // the number of the return that the refund was decided for; 0 for none
	Provider  string    `json:"provider"`
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`
	Note      string    `json:"note"`
	CreatedAt time.Time `json:"created_at"`
}

// PaymentReport is what a provider says about a payment. Reports may come late, twice and in any order.
type PaymentReport struct {
	Type      string    `json:"type"`
	Status    string    `json:"status"`
	Amount    Money     `json:"amount"`
	Provider  string    `json:"provider"`
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`                // by the provider, exact to the millisecond
	Of        int       `json:"of,omitempty"`      // of a new payment
	Payment   int       `json:"payment,omitempty"` // the number of the task that it is about
	Note      string    `json:"note,omitempty"`
	Actor     string    `json:"actor,omitempty"`
}

// PaymentRequest asks for a task.
type PaymentRequest struct {
	Type   string `json:"type"`             // capture, refund, void
	Amount *Money `json:"amount,omitempty"` // nil for all there is
	Of     int    `json:"of,omitempty"`
	Note   string `json:"note,omitempty"`
	Actor  string `json:"actor,omitempty"`
}

// PaidOrder is an order, and the payment that a request was about.
type PaidOrder struct {
	Order
	Payment Payment `json:"payment"`
}

// ReportPayment notes what a provider reports about a payment.
func (c *Client) ReportPayment(ctx context.Context, id string, report PaymentReport, options ...Option) (paid PaidOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "payments"), report, &paid, options)
	return paid, err
}

// RequestPayment asks for a capture, a refund or a void.
func (c *Client) RequestPayment(ctx context.Context, id string, request PaymentRequest, options ...Option) (paid PaidOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "payments", "requests"), request, &paid, options)
	return paid, err
}

// Completion is what became of a task that somebody carried out.
type Completion struct {
	Status    string    `json:"status"`
	Provider  string    `json:"provider,omitempty"` // "" for the task's own
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`
	Note      string    `json:"note,omitempty"`
	Actor     string    `json:"actor,omitempty"`
}

// CompletePayment notes what became of a task.
func (c *Client) CompletePayment(ctx context.Context, id string, number int, done Completion, options ...Option) (paid PaidOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "payments", strconv.Itoa(number), "complete"), done, &paid, options)
	return paid, err
}

// Payments lists the payments of an order.
func (c *Client) Payments(ctx context.Context, id string, options ...Option) ([]Payment, error) {
	return all[Payment](ctx, c, path("v1", "orders", id, "payments"), options)
}

// LockRequest says for which payment a hold is locked, and how long.
type LockRequest struct {
	TTLSeconds int    `json:"ttl_seconds"`
	Provider   string `json:"provider"`
	Reference  string `json:"reference"`
	Note       string `json:"note,omitempty"`
	Actor      string `json:"actor,omitempty"`
}

// Prices are what an order costs: each of its lines, in their order, and the order beside them.
type Prices struct {
	Lines   []LinePrice   `json:"lines"` // one for each line that is shown
	Amounts *OrderAmounts `json:"amounts,omitempty"`
	Note    string        `json:"note,omitempty"`
	Actor   string        `json:"actor,omitempty"`
}

// LinePrice is what a line costs.
type LinePrice struct {
	UnitPrice Money  `json:"unit_price"`
	Discount  *Money `json:"discount,omitempty"`
	Tax       *Money `json:"tax,omitempty"`
	Total     *Money `json:"total,omitempty"` // units × price − discount + tax; it is refused when it is another
}

// PriceOrder says what an order costs, in the place of what was said before, as long as nobody has paid or sent something back.
func (c *Client) PriceOrder(ctx context.Context, id string, prices Prices, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "prices"), prices, &order, options)
	return order, err
}

// PriceHold is PriceOrder for a hold that is not locked.
func (c *Client) PriceHold(ctx context.Context, id string, prices Prices, options ...Option) (hold Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "holds", id, "prices"), prices, &hold, options)
	return hold, err
}

// LockHold keeps a hold while a payment is under way.
func (c *Client) LockHold(ctx context.Context, id string, lock LockRequest, options ...Option) (hold Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "holds", id, "lock"), lock, &hold, options)
	return hold, err
}

// UnlockHold gives a locked hold its own deadline back.
func (c *Client) UnlockHold(ctx context.Context, id string, options ...Option) (hold Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "holds", id, "unlock"), struct{}{}, &hold, options)
	return hold, err
}
