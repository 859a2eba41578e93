package reference_test

import (
	"fmt"
	"reflect"
	"slices"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// compareTouched compares the images of what a command named.
func (tr *trial) compareTouched(c *core.Command, outcome core.Outcome) string {
	for _, l := range c.Lines {
		if what := tr.compareSKU(l.SKU); what != "" {
			return what
		}
	}
	for _, r := range c.Rows {
		if what := tr.compareSKU(r.SKU); what != "" {
			return what
		}
	}
	if what := tr.compareOrder(c.Order); what != "" {
		return what
	}
	if outcome.Changed {
		return tr.compareOrder(outcome.Order)
	}
	return ""
}

// compareAll compares everything that can be read, what is published, and the digests of the
// machines; and each machine's books with its records.
func (tr *trial) compareAll() string {
	checks := []func() string{tr.compareSKUs, tr.compareOrders, tr.comparePlaces, tr.compareSales, tr.compareSlots, tr.comparePublished}
	for _, check := range checks {
		if what := check(); what != "" {
			return what
		}
	}
	want := tr.straight.machine.Digest()
	for _, other := range []*runner{tr.decoded, tr.split} {
		if got := other.machine.Digest(); got != want {
			return fmt.Sprintf("digest %x, of a machine driven otherwise %x", want, got)
		}
	}
	if report := tr.straight.machine.Audit(); report.Found != 0 {
		return fmt.Sprintf("audit: %+v", report)
	}
	return ""
}

func (tr *trial) compareSKUs() string {
	for _, id := range tr.model.SKUIDs() {
		if what := tr.compareSKU(id); what != "" {
			return what
		}
	}
	return ""
}

// compareSales compares what was sold in each sale.
func (tr *trial) compareSales() string {
	ids := tr.model.SaleIDs()
	if got := tr.straight.machine.Sales(); got != len(ids) {
		return fmt.Sprintf("%d sales, the model has %d", got, len(ids))
	}
	for _, id := range ids {
		want, _ := tr.model.Sale(id)
		var got core.SaleImage
		if ok := tr.straight.machine.ReadSale(id, &got); !ok || !reflect.DeepEqual(got, want) {
			return fmt.Sprintf("sale %d\n  machine %+v\n  model   %+v", id, got, want)
		}
		for _, sku := range tr.model.SKUIDs() {
			if what := tr.compareWaitlist(id, sku); what != "" {
				return what
			}
		}
	}
	return ""
}

// compareWaitlist compares the line of a SKU of a sale, and each place as it is found by name and by number.
func (tr *trial) compareWaitlist(id core.SaleID, sku core.SKUID) string {
	want, m := tr.model.Waitlist(id, sku), tr.straight.machine
	for after := range len(want) + 1 {
		var got []core.WaiterImage
		number := core.Sequence(0)
		if after > 0 {
			number = want[after-1].Number
		}
		m.EachWaiting(id, sku, number, func(w *core.WaiterImage) bool {
			got = append(got, reference.CopyEvent(&core.Event{Kind: core.EventWaitlistJoined, Waiter: *w}).Waiter)
			return true
		})
		if !slices.EqualFunc(got, want[after:], func(a, b core.WaiterImage) bool { return reflect.DeepEqual(a, b) }) {
			return fmt.Sprintf("waitlist of SKU %d in sale %d after %d\n  machine %+v\n  model   %+v", sku, id, number, got, want[after:])
		}
	}
	for i := range want {
		var named, numbered core.WaiterImage
		if !m.ReadWaiting(id, sku, want[i].Customer, &named) || !m.ReadWaiter(id, want[i].Number, &numbered) ||
			named.Number != want[i].Number || numbered.Position != want[i].Position {
			return fmt.Sprintf("place %+v is found as %+v and %+v", want[i], named, numbered)
		}
	}
	return ""
}

func (tr *trial) compareOrders() string {
	for _, id := range tr.model.OrderIDs() {
		if what := tr.compareOrder(id); what != "" {
			return what
		}
	}
	return ""
}

// compareSKU compares settings and units of a SKU that may not exist.
func (tr *trial) compareSKU(id core.SKUID) string {
	wantSKU, want := tr.model.SKU(id)
	var sku core.SKUImage
	var availability core.AvailabilityImage
	got := tr.straight.machine.ReadSKU(id, &sku)
	if got != want || tr.straight.machine.ReadAvailability(id, &availability) != want {
		return fmt.Sprintf("SKU %d is there: machine %v, model %v", id, got, want)
	}
	if !want {
		return ""
	}
	if !reflect.DeepEqual(sku, wantSKU) {
		return fmt.Sprintf("SKU %d\n  machine %+v\n  model   %+v", id, sku, wantSKU)
	}
	wantAvailability := tr.model.Availability(id)
	if len(availability.Levels) == 0 {
		availability.Levels = nil
	}
	if !reflect.DeepEqual(availability, wantAvailability) {
		return fmt.Sprintf("availability of SKU %d\n  machine %+v\n  model   %+v", id, availability, wantAvailability)
	}
	return ""
}

// compareOrder compares an order that may not exist.
func (tr *trial) compareOrder(id core.OrderID) string {
	wantOrder, want := tr.model.Order(id)
	var order core.OrderImage
	if got := tr.straight.machine.ReadOrder(id, &order); got != want {
		return fmt.Sprintf("order %d is there: machine %v, model %v", id, got, want)
	}
	mask, known := tr.straight.machine.OrderSlots(id)
	if known != want || want && mask != tr.model.OrderMask(id) {
		return fmt.Sprintf("order %d: machine says slots %x, %v; model %x, %v", id, mask, known, tr.model.OrderMask(id), want)
	}
	if got := reference.CopyOrder(&order); want && !reflect.DeepEqual(got, wantOrder) {
		return fmt.Sprintf("order %d\n  machine %s\n  model   %s", id, orderWords(got), orderWords(wantOrder))
	}
	if want && wantOrder.ExternalID != nil {
		got, ok := tr.straight.machine.ReadExternal(wantOrder.Channel, wantOrder.ExternalID)
		if !ok || got != id {
			return fmt.Sprintf("external id %s: machine says %d, %v; model %d", wantOrder.ExternalID, got, ok, id)
		}
	}
	return ""
}

// comparePlaces compares the tables of locations.
func (tr *trial) comparePlaces() string {
	for id := core.LocationID(0); ; id++ {
		wantLocation, want := tr.model.Location(id)
		var location core.LocationImage
		if got := tr.straight.machine.ReadLocation(id, &location); got != want {
			return fmt.Sprintf("location %d is there: machine %v, model %v", id, got, want)
		}
		if !want {
			return ""
		}
		if !reflect.DeepEqual(location, wantLocation) {
			return fmt.Sprintf("location %d\n  machine %+v\n  model   %+v", id, location, wantLocation)
		}
	}
}

func (tr *trial) compareSlots() string {
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		want, wantOK := tr.model.NextDeadline(slot)
		got, ok := tr.straight.machine.NextDeadline(slot)
		if at, due := tr.straight.machine.NextServing(slot); true {
			if wantAt, wantDue := tr.model.NextServing(slot); due != wantDue || due && at != wantAt {
				return fmt.Sprintf("the waitlists of slot %d: machine %d, %v; model %d, %v", slot, at, due, wantAt, wantDue)
			}
		}
		if ok != wantOK || ok && got != want {
			return fmt.Sprintf("next deadline of slot %d: machine %d, %v; model %d, %v", slot, got, ok, want, wantOK)
		}
	}
	return ""
}

// comparePublished collects what the machine publishes for its readers. A SKU whose number has
// changed since it was last collected must be among it.
func (tr *trial) comparePublished() string {
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		tr.straight.machine.DrainTouched(slot, func(id core.SKUID, orderable core.Quantity) {
			tr.published[id] = orderable
		})
	}
	for _, id := range tr.model.SKUIDs() {
		a := tr.model.Availability(id)
		want := core.Unlimited
		switch {
		case a.Settings.Stopped:
			want = core.Stopped
		case a.Settings.BackorderLimit != core.Unlimited:
			want = max(0, a.Available+a.Settings.BackorderLimit)
		}
		if got := tr.published[id]; got != want {
			return fmt.Sprintf("SKU %d: published as orderable %d, model says %d", id, got, want)
		}
	}
	return ""
}
