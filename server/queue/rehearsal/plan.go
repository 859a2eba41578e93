package rehearsal

import (
	"errors"
	"fmt"

	"holdfast/engine/core"
)

// Plan describes a sale and its crowd. Times are seconds, shares are from 0 to 1. What is left out has the default that stands beside it.
type Plan struct {
	Name  string `json:"name"`
	Seed  uint64 `json:"seed"`
	Stock []Item `json:"stock"` // units of each SKU that lie there; not with a data directory, which has its own
	Rules Rules  `json:"sale"`
	Crowd Crowd  `json:"crowd"`
}

// Item is units of a SKU.
type Item struct {
	SKU   string `json:"sku"`
	Units int64  `json:"units"`
}

// Rules are those of the sale.
type Rules struct {
	Items            []RuleItem `json:"items"`
	Duration         float64    `json:"duration_seconds"`      // 3600
	LimitPerCustomer int64      `json:"limit_per_customer"`    // 0 none
	HoldTTL          float64    `json:"hold_seconds"`          // 600
	MaxExpired       uint32     `json:"max_expired_holds"`     // 0 never
	WaitlistCapacity uint32     `json:"waitlist_capacity"`     // 0 no waitlist
	WaitlistTTL      float64    `json:"waitlist_hold_seconds"` // how long an offer lasts; 600
	Queue            Queue      `json:"queue"`
}

// RuleItem is what the sale sells of a SKU.
type RuleItem struct {
	SKU     string `json:"sku"`
	Quota   *int64 `json:"quota"`    // null: all that there is
	MaxHeld int64  `json:"max_held"` // 0 no limit
}

// Queue says how buyers are let in.
type Queue struct {
	Required  bool    `json:"required"`
	Opening   float64 `json:"opening_seconds"`
	PerMinute uint32  `json:"rate_per_minute"`
	Entrance  float64 `json:"token_seconds"`    // 600
	Patience  float64 `json:"patience_seconds"` // 60
	Share     uint32  `json:"share_percent"`    // 100
}

// Crowd are the buyers. Whoever comes wants units of one SKU of the sale, drawn by what is to be sold of each.
type Crowd struct {
	Buyers         int       `json:"buyers"`
	Early          float64   `json:"early_share"`              // who comes in the minute before the start
	HalfLife       float64   `json:"half_life_seconds"`        // in which half of the others have come; 60
	Baskets        []float64 `json:"basket_shares"`            // of those who want 1, 2, 3 … units; all want 1
	Patience       float64   `json:"patience_seconds"`         // mean time for which somebody waits or tries again; 600
	Think          float64   `json:"think_seconds"`            // mean time from being let in to the hold; 10
	Pay            float64   `json:"pay_seconds"`              // mean time from the hold to the payment; 60
	PaymentFails   float64   `json:"payment_failure_share"`    // 0
	Abandon        float64   `json:"abandon_share"`            // of those with a hold who are never heard of again; 0
	Repeat         float64   `json:"repeat_share"`             // of those who have bought and come again under the same name; 0
	RetryAfter     float64   `json:"retry_seconds"`            // without a queue: between two tries; 5
	ReleasedOnFail float64   `json:"release_share_on_failure"` // of failed payments after which the hold is given back at once; 0
	Join           float64   `json:"waitlist_share"`           // of those who find it sold out who join the waitlist, if there is one; 0
}

// Limits of a plan.
const (
	maxBuyers  = 2_000_000
	maxSeconds = 86_400
	maxUnits   = 1_000_000_000
	maxBasket  = 20
	maxItems   = 100
)

// withDefaults fills in what was left out.
func (p Plan) withDefaults() Plan {
	for _, d := range []struct {
		value *float64
		or    float64
	}{
		{&p.Rules.Duration, 3600}, {&p.Rules.HoldTTL, 600}, {&p.Rules.WaitlistTTL, 600}, {&p.Rules.Queue.Entrance, 600}, {&p.Rules.Queue.Patience, 60},
		{&p.Crowd.HalfLife, 60}, {&p.Crowd.Patience, 600}, {&p.Crowd.Think, 10}, {&p.Crowd.Pay, 60}, {&p.Crowd.RetryAfter, 5},
	} {
		if *d.value == 0 {
			*d.value = d.or
		}
	}
	if p.Rules.Queue.Share == 0 {
		p.Rules.Queue.Share = 100
	}
	if len(p.Crowd.Baskets) == 0 {
		p.Crowd.Baskets = []float64{1}
	}
	return p
}

// Validate reports everything that is wrong with a plan.
func (p Plan) Validate() error {
	p = p.withDefaults()
	var wrong []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	stock := map[string]bool{}
	for i, item := range p.Stock {
		require(item.SKU != "" && !stock[item.SKU], "stock[%d].sku: %q is empty or named twice", i, item.SKU)
		require(item.Units >= 0 && item.Units <= maxUnits, "stock[%d].units: %d is not within 0 to %d", i, item.Units, maxUnits)
		stock[item.SKU] = true
	}
	require(len(p.Rules.Items) >= 1 && len(p.Rules.Items) <= maxItems, "sale.items: %d are not within 1 to %d", len(p.Rules.Items), maxItems)
	named := map[string]bool{}
	for i, item := range p.Rules.Items {
		require(stock[item.SKU], "sale.items[%d].sku: of %q no stock is named", i, item.SKU)
		require(!named[item.SKU], "sale.items[%d].sku: %q is named twice", i, item.SKU)
		require(item.Quota == nil || *item.Quota >= 0 && *item.Quota <= maxUnits, "sale.items[%d].quota: is not within 0 to %d", i, maxUnits)
		require(item.MaxHeld >= 0 && item.MaxHeld <= maxUnits, "sale.items[%d].max_held: is not within 0 to %d", i, maxUnits)
		named[item.SKU] = true
	}
	require(p.Rules.LimitPerCustomer >= 0 && p.Rules.LimitPerCustomer <= maxUnits, "sale.limit_per_customer: is not within 0 to %d", maxUnits)
	require(p.Rules.Queue.Share <= 10_000, "sale.queue.share_percent: is not within 1 to 10000")
	require(p.Crowd.Buyers >= 1 && p.Crowd.Buyers <= maxBuyers, "crowd.buyers: %d are not within 1 to %d", p.Crowd.Buyers, maxBuyers)
	require(len(p.Crowd.Baskets) <= maxBasket, "crowd.basket_shares: more than %d", maxBasket)
	sum := 0.0
	for i, share := range p.Crowd.Baskets {
		require(share >= 0 && share <= 1, "crowd.basket_shares[%d]: is not within 0 to 1", i)
		sum += share
	}
	require(sum > 0, "crowd.basket_shares: nobody wants anything")
	for name, seconds := range map[string]float64{
		"sale.duration_seconds": p.Rules.Duration, "sale.hold_seconds": p.Rules.HoldTTL, "sale.queue.token_seconds": p.Rules.Queue.Entrance,
		"sale.queue.patience_seconds": p.Rules.Queue.Patience, "sale.waitlist_hold_seconds": p.Rules.WaitlistTTL, "crowd.half_life_seconds": p.Crowd.HalfLife,
		"crowd.patience_seconds": p.Crowd.Patience, "crowd.think_seconds": p.Crowd.Think, "crowd.pay_seconds": p.Crowd.Pay,
		"crowd.retry_seconds": p.Crowd.RetryAfter,
	} {
		require(seconds > 0 && seconds <= maxSeconds, "%s: %g is not above 0 and at most %d", name, seconds, maxSeconds)
	}
	require(p.Rules.HoldTTL >= 1, "sale.hold_seconds: %g is below 1", p.Rules.HoldTTL)
	require(p.Rules.WaitlistTTL >= 1, "sale.waitlist_hold_seconds: %g is below 1", p.Rules.WaitlistTTL)
	require(p.Rules.WaitlistCapacity <= core.MaxWaitlist, "sale.waitlist_capacity: is not within 0 to %d", core.MaxWaitlist)
	require(p.Rules.Queue.Opening >= 0 && p.Rules.Queue.Opening <= maxSeconds, "sale.queue.opening_seconds: is not within 0 to %d", maxSeconds)
	for name, share := range map[string]float64{
		"crowd.early_share": p.Crowd.Early, "crowd.payment_failure_share": p.Crowd.PaymentFails, "crowd.abandon_share": p.Crowd.Abandon,
		"crowd.repeat_share": p.Crowd.Repeat, "crowd.release_share_on_failure": p.Crowd.ReleasedOnFail,
		"crowd.waitlist_share": p.Crowd.Join,
	} {
		require(share >= 0 && share <= 1, "%s: %g is not within 0 to 1", name, share)
	}
	return errors.Join(wrong...)
}
