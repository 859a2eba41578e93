package client

import (
	"context"
	"net/http"
	"time"
)

// OversoldCase is units of a SKU that a forced order has beyond the rules.
type OversoldCase struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"` // open or resolved
	SKU       string    `json:"sku"`
	OrderID   string    `json:"order_id"` // that was forced
	Quantity  int64     `json:"quantity"`
	Remaining int64     `json:"remaining"` // that are still to be resolved
	Version   uint32    `json:"version"`
	OpenedAt  time.Time `json:"opened_at"`
	ChangedAt time.Time `json:"changed_at"`
}

// OversoldPage is a page of the list of open cases. Next is empty at the end.
type OversoldPage struct {
	Items    []OversoldCase `json:"items"`
	Next     string         `json:"next"`
	Sequence uint64         `json:"sequence"`
}

// Oversold gives a page of the list of open cases.
func (c *Client) Oversold(ctx context.Context, options ...Option) (page OversoldPage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/oversold", nil, &page, options)
	return page, err
}

// Victim is an order that might not be served.
type Victim struct {
	OrderID     string    `json:"order_id"`
	Status      string    `json:"status"` // held or placed
	Channel     string    `json:"channel"`
	Quantity    int64     `json:"quantity"`
	Backordered int64     `json:"backordered"`
	Version     uint32    `json:"version"`
	CreatedAt   time.Time `json:"created_at"`
	CaseID      string    `json:"case_id"` // of its own open case, in which alone it is dealt with; "" for none
}

// RankedCase is a case, and who might not be served.
type RankedCase struct {
	OversoldCase
	Policy   string   `json:"policy"`
	Victims  []Victim `json:"victims"`
	More     bool     `json:"more"`
	Complete bool     `json:"complete"` // all orders were looked at
	Sequence uint64   `json:"sequence"`
}

// OversoldCase gives a case with its victims, ranked by a policy such as "channels:web,amazon"; "" for the newest first.
func (c *Client) OversoldCase(ctx context.Context, id, policy string, options ...Option) (ranked RankedCase, err error) {
	if policy != "" {
		options = append(options, func(r *http.Request) { addQuery(r, "policy", policy) })
	}
	err = c.call(ctx, http.MethodGet, path("v1", "oversold", id), nil, &ranked, options)
	return ranked, err
}

// Resolution says what is done about a case.
type Resolution struct {
	Order    string `json:"order,omitempty"`    // with which; "" for the case's own
	Action   string `json:"action"`             // cancel, backorder or re_source
	Location string `json:"location,omitempty"` // re_source: where the units come from
	Note     string `json:"note,omitempty"`
	Actor    string `json:"actor,omitempty"`
}

// ResolvedCase is a case after something was done about it.
type ResolvedCase struct {
	OversoldCase
	Action   string `json:"action"`
	Resolved int64  `json:"resolved"` // units of the case
	Order    Order  `json:"order"`    // with which it was done
	Sequence uint64 `json:"sequence"`
}

// ResolveOversold does something about a case. IfVersion is about the version of the case.
func (c *Client) ResolveOversold(ctx context.Context, id string, r Resolution, options ...Option) (resolved ResolvedCase, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "oversold", id, "resolve"), r, &resolved, options)
	return resolved, err
}
