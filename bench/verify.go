package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Verification says whether the server has done what it acknowledged.
type Verification struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
	Millis int64   `json:"took_ms"`
}

// Check is one promise that was looked at.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what was looked at, or the first thing that was wrong
}

// Up to so many orders are read back one by one; of more, a sample.
const (
	readAllUpTo = 200_000
	readSample  = 100_000
)

// verifier checks a server against a book.
type verifier struct {
	*api
	work      *workload
	book      *book
	catalogue *catalogue // nil: not known what was there before
	exact     bool       // nobody else has used the server
	unknown   []uint64   // ordinals that may or may not have an order
	result    Verification
}

// run does all checks. The error is for a server that could not be asked, not for a failed check.
func (v *verifier) run(ctx context.Context) (*Verification, error) {
	begin := time.Now()
	slices.Sort(v.unknown)
	v.checkIDs()
	for _, check := range []func(context.Context) error{v.checkOrders, v.checkAudit, v.checkUnits} {
		if err := check(ctx); err != nil {
			return nil, fmt.Errorf("verification: %w", err)
		}
	}
	v.result.OK = !slices.ContainsFunc(v.result.Checks, func(c Check) bool { return !c.OK })
	v.result.Millis = time.Since(begin).Milliseconds()
	return &v.result, nil
}

func (v *verifier) report(name string, ok bool, format string, args ...any) {
	v.result.Checks = append(v.result.Checks, Check{name, ok, fmt.Sprintf(format, args...)})
}

// checkIDs makes sure that no two orders were acknowledged under one id, nor one key with two orders.
func (v *verifier) checkIDs() {
	numbers := make([]uint64, 0, v.book.acks.len())
	for _, number := range v.book.acks.all() {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	total := len(numbers)
	repeated := total - len(slices.Compact(numbers))
	doubled := v.book.doubled.Load()
	name := "ids are distinct"
	if repeated > 0 || doubled > 0 {
		v.report(name, false, "%d ids were given to several orders, %d keys got two orders", repeated, doubled)
		return
	}
	v.report(name, true, "%s acknowledged, all different", grouped(float64(total)))
}

// checkAudit asks the server to recompute its invariants, and counts.
func (v *verifier) checkAudit(context.Context) error {
	audit, err := v.audit()
	if err != nil {
		return err
	}
	v.report("audit", audit.OK && len(audit.Violations) == 0, "ok %t, %d violations at sequence %d", audit.OK, len(audit.Violations), audit.Sequence)
	if !v.exact {
		return nil
	}
	before := int64(0)
	if v.catalogue != nil {
		before = v.catalogue.made
	}
	known, unknown := int64(v.book.acks.len()), int64(len(v.unknown))
	there := audit.made() - before
	v.report("nothing lost, nothing twice", there >= known && there <= known+unknown,
		"%s on the server, %s acknowledged, %d without an answer", grouped(float64(there)), grouped(float64(known)), unknown)
	return nil
}

// checkUnits makes sure, for every SKU, that units sold and units left are the units stocked, and
// that as many were sold as were acknowledged.
func (v *verifier) checkUnits(ctx context.Context) error {
	after, err := v.levels(ctx, v.work.spec.SKUs)
	if err != nil {
		return err
	}
	sold := v.tallyUnits()
	var total int64
	const name = "units sold + left = stocked"
	for sku := range after {
		var before level
		if v.catalogue != nil {
			before = v.catalogue.before[sku]
		}
		if wrong := v.wrongLevel(&before, &after[sku], sold[sku]); wrong != "" {
			v.report(name, false, "%s: %s", appendSKUName(nil, sku), wrong)
			return nil
		}
		total += after[sku].Allocated - before.Allocated
	}
	v.report(name, true, "%s units sold of %s SKUs, none oversold", grouped(float64(total)), grouped(float64(len(after))))
	return nil
}

// bounds is how many units of a SKU must be sold at least, and may be at most.
type bounds struct{ low, high int64 }

// wrongLevel says what is wrong with a SKU's units, or nothing.
func (v *verifier) wrongLevel(before, after *level, sold bounds) string {
	allocated := after.Allocated - before.Allocated
	reserved := after.Reserved - before.Reserved
	left := after.OnHand - after.Unavailable - after.Reserved - after.Allocated - after.SafetyStock
	switch {
	case after.Available != left:
		return fmt.Sprintf("available %d, but on hand − unavailable − reserved − allocated − safety stock is %d", after.Available, left)
	case left < -after.SafetyStock:
		return fmt.Sprintf("oversold: %d units are promised beyond those on hand", -left)
	case allocated < sold.low:
		return fmt.Sprintf("%d units allocated, but %d acknowledged", allocated, sold.low)
	case !v.exact:
		return ""
	case allocated > sold.high:
		return fmt.Sprintf("%d units allocated, but only %d asked for", allocated, sold.high)
	case v.catalogue != nil && after.OnHand != before.OnHand:
		return fmt.Sprintf("%d units on hand, %d before the run", after.OnHand, before.OnHand)
	case v.catalogue != nil && after.Available != before.Available-allocated-reserved:
		return fmt.Sprintf("available %d, not %d less %d sold and %d reserved", after.Available, before.Available, allocated, reserved)
	case reserved != 0 && len(v.unknown) == 0:
		return fmt.Sprintf("%d units still reserved", reserved)
	}
	return ""
}

// tallyUnits recomputes from the acknowledged ordinals what must have been sold of each SKU.
func (v *verifier) tallyUnits() []bounds {
	sold := make([]bounds, v.work.spec.SKUs)
	var o order
	add := func(ordinal uint64, low, high int64) {
		v.work.fill(&o, ordinal)
		for _, line := range o.lines[:o.count] {
			sold[line.sku].low += low * line.quantity
			sold[line.sku].high += high * line.quantity
		}
	}
	holds := v.work.spec.Scenario == Holds
	for ordinal := range v.book.acks.all() {
		switch {
		case !holds && v.book.settled.get(ordinal) != 0: // cancelled
		case !holds:
			add(ordinal, 1, 1)
		case v.work.fate(ordinal) != fateConfirm:
		case v.book.settled.get(ordinal) != 0:
			add(ordinal, 1, 1)
		default:
			add(ordinal, 0, 1) // its confirmation got no answer
		}
	}
	for _, ordinal := range v.unknown {
		if v.book.acks.get(ordinal) == 0 {
			add(ordinal, 0, 1)
		}
	}
	return sold
}
