package client

import (
	"context"
	"net/http"
	"time"
)

// ChannelSettings are how a channel sells.
type ChannelSettings struct {
	Name       string `json:"name,omitempty"`
	Visibility string `json:"visibility,omitempty"` // exact or bands; "" for exact
	Buffer     int64  `json:"buffer"`               // units of each SKU that it does not sell
}

// Channel is a channel with its settings.
type Channel struct {
	Channel string `json:"channel"`
	Number  uint32 `json:"number"` // for binary batches
	ChannelSettings
	Version  uint32 `json:"version"`
	Sequence uint64 `json:"sequence"`
}

// PutChannel makes a channel, or replaces its settings.
func (c *Client) PutChannel(ctx context.Context, name string, settings ChannelSettings) (channel Channel, err error) {
	err = c.call(ctx, http.MethodPut, path("v1", "channels", name), settings, &channel, nil)
	return channel, err
}

// Channel gives a channel.
func (c *Client) Channel(ctx context.Context, name string, options ...Option) (channel Channel, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "channels", name), nil, &channel, options)
	return channel, err
}

// ChannelPage is a page of the list of channels. Next is empty at the end.
type ChannelPage struct {
	Items    []Channel `json:"items"`
	Next     string    `json:"next"`
	Sequence uint64    `json:"sequence"`
}

// Channels gives a page of the list of channels.
func (c *Client) Channels(ctx context.Context, options ...Option) (page ChannelPage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/channels", nil, &page, options)
	return page, err
}

// Pool is units of a SKU that are set apart for a channel. Of Quota and SharePercent one is given.
type Pool struct {
	Quota        int64      `json:"quota,omitempty"`
	SharePercent *int       `json:"share_percent,omitempty"` // of what there is at the start
	StartsAt     *time.Time `json:"starts_at,omitempty"`     // nil for now
	EndsAt       *time.Time `json:"ends_at,omitempty"`       // nil for never
	Exclusive    bool       `json:"exclusive,omitempty"`     // the channel sells nothing else while it lasts

	Status string `json:"status,omitempty"` // waiting, live or ended; told by the server, like those below
	Used   int64  `json:"used,omitempty"`
	Left   int64  `json:"left,omitempty"`
}

// ChannelRule is what holds for a SKU in a channel.
type ChannelRule struct {
	SKU      string `json:"sku"`
	Channel  string `json:"channel"`
	Buffer   *int64 `json:"buffer"` // nil for the channel's own
	Pool     *Pool  `json:"pool"`
	Version  uint32 `json:"version"`
	Sequence uint64 `json:"sequence"`
}

// PutChannelRule says what holds for a SKU in a channel, in the place of what was said before. Buffer and pool may be nil, but not both.
func (c *Client) PutChannelRule(ctx context.Context, sku, channel string, buffer *int64, pool *Pool) (rule ChannelRule, err error) {
	body := struct {
		Buffer *int64 `json:"buffer,omitempty"`
		Pool   *Pool  `json:"pool,omitempty"`
	}{buffer, pool}
	err = c.call(ctx, http.MethodPut, path("v1", "skus", sku, "channels", channel), body, &rule, nil)
	return rule, err
}

// ChannelRule gives what holds for a SKU in a channel.
func (c *Client) ChannelRule(ctx context.Context, sku, channel string, options ...Option) (rule ChannelRule, err error) {
	err = c.call(ctx, http.MethodGet, path("v1", "skus", sku, "channels", channel), nil, &rule, options)
	return rule, err
}

// ChannelRules gives what holds for a SKU in all channels of which something was said.
func (c *Client) ChannelRules(ctx context.Context, sku string, options ...Option) (rules []ChannelRule, err error) {
	var list struct {
		Items []ChannelRule `json:"items"`
	}
	err = c.call(ctx, http.MethodGet, path("v1", "skus", sku, "channels"), nil, &list, options)
	return list.Items, err
}

// DeleteChannelRule takes back what was said about a SKU in a channel.
func (c *Client) DeleteChannelRule(ctx context.Context, sku, channel string) error {
	return c.call(ctx, http.MethodDelete, path("v1", "skus", sku, "channels", channel), nil, nil, nil)
}
