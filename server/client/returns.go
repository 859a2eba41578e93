package client

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// ReturnLine is units of a line that the customer wants to send back.
type ReturnLine struct {
	Line     int    `json:"line"`               // place in the order's lines, from 0
	SKU      string `json:"sku,omitempty"`      // of a component that comes back alone
	Quantity int64  `json:"quantity,omitempty"` // 0 for all that can be
	Reason   string `json:"reason,omitempty"`   // "" for that of the request
	Comment  string `json:"comment,omitempty"`
}

// ReturnRequest asks for units of an order to be taken back, or made good.
type ReturnRequest struct {
	Kind      string       `json:"kind,omitempty"`   // return, claim; "" for return
	Reason    string       `json:"reason,omitempty"` // of lines that do not say
	Lines     []ReturnLine `json:"lines,omitempty"`  // none for all that can be
	ExpiresAt *time.Time   `json:"expires_at,omitempty"`
	Force     bool         `json:"force,omitempty"` // also when the return window is over
	Comment   string       `json:"comment,omitempty"`
	Note      string       `json:"note,omitempty"`
	Actor     string       `json:"actor,omitempty"`
}

// ReturnApproval is with what a return is approved.
type ReturnApproval struct {
	ExpiresAt     *time.Time   `json:"expires_at,omitempty"`
	RefundWhen    string       `json:"refund_when,omitempty"` // manual, approved, received, inspected
	Remedy        string       `json:"remedy,omitempty"`      // refund, replacement, both, store_credit
	RestockingFee *Money       `json:"restocking_fee,omitempty"`
	CustomerKeeps bool         `json:"customer_keeps_units,omitempty"`
	Replacement   *Replacement `json:"replacement,omitempty"`
	Note          string       `json:"note,omitempty"`
	Actor         string       `json:"actor,omitempty"`
}

// Replacement is what the customer gets for the units of a return.
type Replacement struct {
	Lines      []Line   `json:"lines"`
	ShipTo     *Address `json:"ship_to,omitempty"`    // nil for where the order went
	Difference *Money   `json:"difference,omitempty"` // nil to have it worked out from prices
}

// ReturnReport says how a return travels.
type ReturnReport struct {
	Carrier        string `json:"carrier,omitempty"`
	TrackingNumber string `json:"tracking_number,omitempty"`
	Label          string `json:"label,omitempty"`
	Note           string `json:"note,omitempty"`
	Actor          string `json:"actor,omitempty"`
}

// ReceivedLine says what became of units of a line.
type ReceivedLine struct {
	Line        int    `json:"line"`                  // place in the order's lines, from 0
	SKU         string `json:"sku,omitempty"`         // of a component
	Quantity    int64  `json:"quantity,omitempty"`    // 0 for all that there are
	Disposition string `json:"disposition,omitempty"` // "" for that of the receipt
}

// ReturnReceipt says what came back, or what units are that were in quality control.
type ReturnReceipt struct {
	Location    string         `json:"location,omitempty"` // "" for main
	Disposition string         `json:"disposition,omitempty"`
	Lines       []ReceivedLine `json:"lines,omitempty"` // none for all that there are
	Note        string         `json:"note,omitempty"`
	Actor       string         `json:"actor,omitempty"`
}

// RefundDecision decides that money, or credit in the store, is given for a return.
type RefundDecision struct {
	Kind     string `json:"kind,omitempty"` // refund, store_credit; "" for refund
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Note     string `json:"note,omitempty"`
	Actor    string `json:"actor,omitempty"`
}

// Return is units that the customer sends back, or with which something is wrong.
type Return struct {
	OrderID     string         `json:"order_id"`
	Number      int            `json:"number"`
	RMA         string         `json:"rma"`
	Kind        string         `json:"kind"`
	Status      string         `json:"status"`
	RequestedAt time.Time      `json:"requested_at"`
	ExpiresAt   time.Time      `json:"expires_at"` // zero for never
	AfterWindow bool           `json:"after_window"`
	RefundWhen  string         `json:"refund_when"`
	RefundDue   bool           `json:"refund_due"`
	Remedy      string         `json:"remedy"`
	Keeps       bool           `json:"customer_keeps_units"`
	Fee         *Money         `json:"restocking_fee"`
	Replacement *ReplacedBy    `json:"replacement"`
	Lines       []ReturnedLine `json:"lines"`
	Refunds     []Refund       `json:"refunds"`

	Carrier        string `json:"carrier"`
	TrackingNumber string `json:"tracking_number"`
}

// ReplacedBy is the order that replaces units of a return.
type ReplacedBy struct {
	OrderID    string `json:"order_id"`
	Difference *Money `json:"difference"` // what the customer pays beyond the value of what comes back
	Settled    bool   `json:"settled"`    // the return came to nothing, and the order was dealt with
}

// ReturnedLine is units of a line in a return.
type ReturnedLine struct {
	Line        int              `json:"line"` // place in the order's lines, from 0
	SKU         string           `json:"sku"`
	Quantity    int64            `json:"quantity"`
	Reason      string           `json:"reason"`
	Received    map[string]int64 `json:"received"` // by disposition
	Outstanding int64            `json:"outstanding"`
}

// Refund is a decision that was made.
type Refund struct {
	Kind      string    `json:"kind"`
	Amount    int64     `json:"amount"`
	Currency  string    `json:"currency"`
	DecidedAt time.Time `json:"decided_at"`
	DecidedBy string    `json:"decided_by"`
	Payments  []int     `json:"payments"` // the numbers of those that it was asked for with
}

// ReturnedOrder is an order, and the return that a command was about.
type ReturnedOrder struct {
	Order
	Return Return `json:"return"`
}

// RequestReturn asks for units of an order to be taken back, or made good.
func (c *Client) RequestReturn(ctx context.Context, id string, request ReturnRequest, options ...Option) (returned ReturnedOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "returns"), request, &returned, options)
	return returned, err
}

// ApproveReturn approves a return, or exchanges it.
func (c *Client) ApproveReturn(ctx context.Context, id string, number int, approval ReturnApproval, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "approve", approval, options)
}

// DeclineReturn declines a return.
func (c *Client) DeclineReturn(ctx context.Context, id string, number int, note string, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "decline", returnNote{note}, options)
}

// CancelReturn cancels a return of which nothing has come.
func (c *Client) CancelReturn(ctx context.Context, id string, number int, note string, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "cancel", returnNote{note}, options)
}

// ReportReturn notes that a return is on its way.
func (c *Client) ReportReturn(ctx context.Context, id string, number int, report ReturnReport, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "in-transit", report, options)
}

// ReceiveReturn notes what came back.
func (c *Client) ReceiveReturn(ctx context.Context, id string, number int, receipt ReturnReceipt, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "receive", receipt, options)
}

// InspectReturn notes what units are that were in quality control.
func (c *Client) InspectReturn(ctx context.Context, id string, number int, receipt ReturnReceipt, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "inspect", receipt, options)
}

// CloseReturn notes that a return is done with.
func (c *Client) CloseReturn(ctx context.Context, id string, number int, note string, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "close", returnNote{note}, options)
}

// DecideRefund decides that money, or credit in the store, is given for a return.
func (c *Client) DecideRefund(ctx context.Context, id string, number int, decision RefundDecision, options ...Option) (ReturnedOrder, error) {
	return c.aboutReturn(ctx, id, number, "refund-decisions", decision, options)
}

type returnNote struct {
	Note string `json:"note,omitempty"`
}

func (c *Client) aboutReturn(ctx context.Context, id string, number int, what string, body any, options []Option) (returned ReturnedOrder, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "returns", strconv.Itoa(number), what), body, &returned, options)
	return returned, err
}

// Returns lists the returns of an order.
func (c *Client) Returns(ctx context.Context, id string, options ...Option) ([]Return, error) {
	return all[Return](ctx, c, path("v1", "orders", id, "returns"), options)
}

// ReturnPage is a page of returns, those of the newest orders first. Next is empty at the end.
type ReturnPage struct {
	Items    []Return `json:"items"`
	Next     string   `json:"next"`
	Complete bool     `json:"complete"` // false when the page ends because enough was read: go on with Next
	Found
}

// FindReturns gives a page of the returns of a status and a customer; "" for any.
func (c *Client) FindReturns(ctx context.Context, status, customer string, options ...Option) (page ReturnPage, err error) {
	filter := func(r *http.Request) {
		if status != "" {
			addQuery(r, "status", status)
		}
		if customer != "" {
			addQuery(r, "customer", customer)
		}
	}
	err = c.call(ctx, http.MethodGet, "/v1/returns", nil, &page, append(options[:len(options):len(options)], filter))
	return page, err
}
