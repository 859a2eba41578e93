package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// orderAnswer is what GET /v1/orders/{id} says, as far as it can be foretold.
type orderAnswer struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Customer string `json:"customer"`
	Lines    []struct {
		SKU         string `json:"sku"`
		Quantity    int64  `json:"quantity"`
		Allocations []struct {
			Quantity int64 `json:"quantity"`
		} `json:"allocations"`
	} `json:"lines"`
}

// checkOrders reads acknowledged orders back and compares each with what its ordinal says.
func (v *verifier) checkOrders(ctx context.Context) error {
	entries, all := v.chooseOrders()
	var mu sync.Mutex
	wrong, first := 0, ""
	err := parallel(ctx, len(entries), func(i int) error {
		problem := v.checkOrder(entries[i])
		if problem == "" {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if wrong++; wrong == 1 {
			first = problem
		}
		return nil
	})
	if err != nil {
		return err
	}
	name, what := "every acknowledged order is there", fmt.Sprintf("all %s read back by id", grouped(float64(len(entries))))
	if !all {
		what = fmt.Sprintf("a sample of %s of %s read back by id", grouped(float64(len(entries))), grouped(float64(v.book.acks.len())))
	}
	if wrong > 0 {
		v.report(name, false, "%s, %d wrong: %s", what, wrong, first)
		return nil
	}
	v.report(name, true, "%s, each as it was ordered", what)
	return nil
}

// chooseOrders gives all acknowledged orders, or a sample spread evenly over the run that has its last
// orders in it, since these are what a crash would take.
func (v *verifier) chooseOrders() (entries []ack, all bool) {
	total := v.book.acks.len()
	all = total <= readAllUpTo
	spread, tail := readSample*9/10, total-readSample/10
	entries = make([]ack, 0, min(total, readAllUpTo))
	i := 0
	for ordinal, number := range v.book.acks.all() {
		if all || i >= tail || (i+1)*spread/total > i*spread/total {
			entries = append(entries, ack{ordinal, number})
		}
		i++
	}
	return entries, all
}

// checkOrder says what is wrong with an order, or nothing.
func (v *verifier) checkOrder(e ack) string { return v.checkOrderIn(e, v.statuses(e.ordinal)...) }

// checkOrderIn says what is wrong with an order that must be in one of the statuses, or nothing.
func (v *verifier) checkOrderIn(e ack, statuses ...string) string {
	id := string(appendOrderID(nil, e.number))
	kind := "orders"
	if v.work.spec.Scenario == Holds {
		kind = "holds"
	}
	var got orderAnswer
	if err := v.call("GET", "/v1/"+kind+"/"+id, nil, &got); err != nil {
		return err.Error()
	}
	var want order
	v.work.fill(&want, e.ordinal)
	customer := string(appendCustomer(nil, want.customer))
	switch {
	case got.ID != id:
		return fmt.Sprintf("asked for %s, got %s", id, got.ID)
	case got.Customer != customer:
		return fmt.Sprintf("order %s belongs to %s, not to %s", id, got.Customer, customer)
	case !slices.Contains(statuses, got.Status):
		return fmt.Sprintf("order %s is %s, not one of %v", id, got.Status, statuses)
	case len(got.Lines) != want.count:
		return fmt.Sprintf("order %s has %d lines, not %d", id, len(got.Lines), want.count)
	}
	for i, line := range want.lines[:want.count] {
		var allocated int64
		for _, a := range got.Lines[i].Allocations {
			allocated += a.Quantity
		}
		sku := string(appendSKUName(nil, line.sku))
		if got.Lines[i].SKU != sku || got.Lines[i].Quantity != line.quantity || allocated != line.quantity {
			return fmt.Sprintf("order %s, line %d: %d of %s with %d allocated, not %d of %s", id, i,
				got.Lines[i].Quantity, got.Lines[i].SKU, allocated, line.quantity, sku)
		}
	}
	return ""
}

// statuses are those that an ordinal's order may have once every hold's time is over.
func (v *verifier) statuses(ordinal uint64) []string {
	settled := v.book.settled.get(ordinal) != 0
	switch {
	case v.work.spec.Scenario == Holds:
	case settled:
		return []string{statusCancelled}
	default:
		return []string{statusPlaced}
	}
	switch f := v.work.fate(ordinal); {
	case f == fateConfirm && settled:
		return []string{"placed"}
	case f == fateConfirm:
		return []string{"placed", "expired"}
	case f == fateRelease && settled:
		return []string{"released"}
	case f == fateRelease:
		return []string{"released", "expired"}
	default:
		return []string{"expired"}
	}
}
