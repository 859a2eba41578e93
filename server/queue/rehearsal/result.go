package rehearsal

import (
	"cmp"
	"slices"

	"holdfast/engine/core"
)

// Result is what a sale came to. Times are seconds from its start.
type Result struct {
	Variation string           `json:"variation"` // "" for the plan as it is
	ForSale   int64            `json:"units_for_sale"`
	Sold      int64            `json:"units_sold"`
	SoldShare float64          `json:"sold_share"`
	SoldOutAt *float64         `json:"sold_out_at"` // when the last unit was paid for; null when some were left
	LastAt    *float64         `json:"last_sale_at"`
	Buyers    int              `json:"buyers"`
	Bought    int              `json:"buyers_with_order"`
	MostUnits int64            `json:"most_units_of_a_buyer"`
	Outcomes  map[string]int   `json:"outcomes"`         // what became of each buyer
	Refusals  map[string]int64 `json:"refusals"`         // of holds, by reason
	Expired   int64            `json:"holds_expired"`    // without payment
	Released  int64            `json:"holds_released"`   // after a payment that failed
	InVain    int              `json:"admitted_in_vain"` // let in, and nothing was left for them
	MostIn    int64            `json:"most_admitted"`    // of the people who could order at one time
	Waiting   Waiting          `json:"waiting_seconds"`  // from the ticket until let in, or without a queue from the first try to the hold
	SoldAfter []SoldAfter      `json:"sold_after"`       // when how much of it was sold
	Waitlist  Waitlist         `json:"waitlist"`
	Fairness  float64          `json:"order_kept"` // correlation of the order of arrival with that of the entrances; 1 by arrival, 0 by lot
	Audit     int              `json:"violations"` // that the audit of the machine found
}

// Waiting are the waiting times of those who got in.
type Waiting struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Waitlist is what came of the waitlist.
type Waitlist struct {
	Joined  int     `json:"joined"`
	Served  int     `json:"served"`          // who were offered something
	Bought  int     `json:"bought"`          // and paid for it
	Waiting Waiting `json:"waiting_seconds"` // of those served: from their place to the offer
}

// SoldAfter says when so much was sold.
type SoldAfter struct {
	Share float64  `json:"share"`
	At    *float64 `json:"at"` // null: it never was
}

// reasonNames are the refusals that a hold in a sale, or who wants to wait for one, can get.
var reasonNames = map[core.Reason]string{
	core.ReasonSaleNotStarted:    "sale_not_started",
	core.ReasonSaleEnded:         "sale_ended",
	core.ReasonSaleQuota:         "sale_quota_exhausted",
	core.ReasonSaleLimit:         "sale_limit_exceeded",
	core.ReasonHoldCap:           "hold_cap_reached",
	core.ReasonTicketRequired:    "ticket_required",
	core.ReasonTicketUsed:        "ticket_used",
	core.ReasonExpiredTooOften:   "expired_too_often",
	core.ReasonInsufficientStock: "insufficient_stock",
	core.ReasonLimitPerCustomer:  "limit_per_customer_exceeded",
	core.ReasonSKUStopped:        "sku_stopped",
	core.ReasonStillForSale:      "still_for_sale",
	core.ReasonWaitlistFull:      "waitlist_full",
}

// waitingOf sums up waiting times in milliseconds.
func waitingOf(times []int64) (w Waiting) {
	if len(times) == 0 {
		return w
	}
	slices.Sort(times)
	at := func(share float64) float64 { return float64(times[int(share*float64(len(times)-1))]) / 1000 }
	return Waiting{P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: at(1)}
}

// orderKept is Spearman's correlation of the order in which people came with that of their turns.
func orderKept(entered []entrance) float64 {
	n := float64(len(entered))
	if n < 2 {
		return 1
	}
	slices.SortStableFunc(entered, func(a, b entrance) int { return cmp.Compare(a.turn, b.turn) })
	came := make([]int, len(entered))
	for i := range came {
		came[i] = i
	}
	slices.SortStableFunc(came, func(a, b int) int { return cmp.Compare(entered[a].came, entered[b].came) })
	sum := 0.0
	for place, turn := range came {
		d := float64(place - turn)
		sum += d * d
	}
	return 1 - 6*sum/(n*(n*n-1))
}
