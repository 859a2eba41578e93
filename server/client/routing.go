package client

import (
	"context"
	"net/http"
	"strconv"
)

// RoutingPolicy says from where orders are shipped.
type RoutingPolicy struct {
	Strategy     string   `json:"strategy,omitempty"`      // rules or cost; "" for rules
	Rules        []string `json:"rules,omitempty"`         // preferred, pickup, fewest_shipments, nearest, lowest_cost, promise_date, balance_stock, priority
	MaxShipments *int     `json:"max_shipments,omitempty"` // nil for any number
	SplitPenalty int64    `json:"split_penalty,omitempty"` // what one more shipment costs beside the rest
	Suppliers    bool     `json:"suppliers,omitempty"`     // locations of kind supplier count, too
	Preferred    []string `json:"preferred,omitempty"`     // locations, the most preferred first
}

// Routing is the policy that holds.
type Routing struct {
	RoutingPolicy
	Version  uint32 `json:"version"` // 0 while none was set
	Sequence uint64 `json:"sequence"`
}

// PutRouting replaces the policy of routing.
func (c *Client) PutRouting(ctx context.Context, policy RoutingPolicy) (routing Routing, err error) {
	err = c.call(ctx, http.MethodPut, "/v1/routing", policy, &routing, nil)
	return routing, err
}

// Routing gives the policy of routing.
func (c *Client) Routing(ctx context.Context, options ...Option) (routing Routing, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/routing", nil, &routing, options)
	return routing, err
}

// Route says why units come from where they come.
type Route struct {
	RoutingVersion uint32           `json:"routing_version"`
	Searched       string           `json:"searched"` // all, promising or greedy
	Shipments      int              `json:"shipments"`
	Scores         map[string]int64 `json:"scores"` // by rule; lower is better
	LocationsFound int              `json:"locations_found"`
	Candidates     []RouteCandidate `json:"candidates"`
}

// RouteCandidate is a location that was looked at.
type RouteCandidate struct {
	Location  string           `json:"location"`
	Rejected  string           `json:"rejected"` // why it may not serve the order; "" if it may
	Chosen    bool             `json:"chosen"`
	WholeSKUs int              `json:"whole_skus"`
	Units     int64            `json:"units"`
	Scores    map[string]int64 `json:"scores"` // of the location alone
}

// RoutePreview is from where an order would be shipped now. Route is nil without a policy.
type RoutePreview struct {
	Lines    []OrderLine `json:"lines"`
	Route    *Route      `json:"route"`
	Sequence uint64      `json:"sequence"`
}

// PreviewRoute tells from where an order would be shipped, and places none.
func (c *Client) PreviewRoute(ctx context.Context, order OrderRequest) (preview RoutePreview, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/routing/preview", order, &preview, nil)
	return preview, err
}

// OrderRoute tells why an order is shipped from where it is; with a sequence, why it was then.
func (c *Client) OrderRoute(ctx context.Context, id string, sequence uint64) (route Route, err error) {
	var options []Option
	if sequence > 0 {
		options = append(options, Query("sequence", strconv.FormatUint(sequence, 10)))
	}
	var answer struct {
		Route Route `json:"route"`
	}
	err = c.call(ctx, http.MethodGet, path("v1", "orders", id, "routing"), nil, &answer, options)
	return answer.Route, err
}

// RerouteRequest asks for an order's units at a location to be taken over by others.
type RerouteRequest struct {
	Location  string        `json:"location"`
	Reason    string        `json:"reason"` // rejected, short_pick, location_down or manual
	Note      string        `json:"note,omitempty"`
	Actor     string        `json:"actor,omitempty"`
	Lines     []RerouteLine `json:"lines,omitempty"`     // none for all that the order has there
	Backorder bool          `json:"backorder,omitempty"` // what nobody else has waits
}

// RerouteLine is units of a SKU that are to move; a quantity of 0 is all.
type RerouteLine struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity,omitempty"`
}

// Reroute has other locations take over what an order has at one.
func (c *Client) Reroute(ctx context.Context, id string, request RerouteRequest, options ...Option) (order Order, err error) {
	err = c.call(ctx, http.MethodPost, path("v1", "orders", id, "reroute"), request, &order, options)
	return order, err
}
