package reference_test

import (
	"fmt"
	"math"
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
	for _, r := range c.Recipes {
		if what := tr.compareSKU(r.Kit); what != "" {
			return what
		}
	}
	if c.Kind == core.CommandSetChannelRule {
		if what := tr.compareSKU(c.Rule.SKU); what != "" {
			return what
		}
	}
	if c.Inbound != nil {
		if what := tr.compareInbound(c.Inbound.Kind, c.Inbound.Number); what != "" {
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
	checks := []func() string{
		tr.compareSKUs, tr.compareOrders, tr.comparePlaces, tr.compareChannels, tr.compareSales, tr.compareCases, tr.compareInbounds, tr.compareSlots, tr.comparePublished,
	}
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
		if !m.ReadWaiterNamed(id, sku, want[i].Customer, &named) || !m.ReadWaiter(id, want[i].Number, &numbered) ||
			named.Number != want[i].Number || numbered.Position != want[i].Position {
			return fmt.Sprintf("place %+v is found as %+v and %+v", want[i], named, numbered)
		}
	}
	return ""
}

// compareCases compares all oversold cases, and who might not be served by each policy.
func (tr *trial) compareCases() string {
	want, m := tr.model.Cases(), tr.straight.machine
	got, more, ok := m.ReadCases(&core.CaseQuery{Status: core.CasesAll, Most: len(want) + 1}, nil)
	if !ok || more || !slices.Equal(got, want) {
		return fmt.Sprintf("cases\n  machine %+v\n  model   %+v", got, want)
	}
	for i := max(0, len(want)-5); i < len(want); i++ {
		var image core.CaseImage
		if !m.ReadCase(want[i].ID, &image) || image != want[i] {
			return fmt.Sprintf("case %+v is found as %+v", want[i], image)
		}
		rest, _, _ := m.ReadCases(&core.CaseQuery{Status: core.CasesAll, HasAfter: true, After: want[i].ID, Most: len(want)}, nil)
		if !slices.Equal(rest, want[i+1:]) {
			return fmt.Sprintf("behind case %+v machine lists %+v", want[i], rest)
		}
	}
	for _, id := range tr.model.SKUIDs() {
		for policy := core.VictimsNewest; policy <= core.LastVictimPolicy; policy++ {
			q := core.VictimQuery{SKU: id, Policy: policy, Channels: []core.ChannelID{2, 0}, Most: 3}
			var ranking core.VictimRanking
			m.RankVictims(&q, &ranking)
			victims := tr.model.Victims(id, policy, q.Channels)
			if ranking.More != (len(victims) > 3) || !slices.Equal(ranking.Victims, victims[:min(3, len(victims))]) {
				return fmt.Sprintf("victims of SKU %d by policy %d\n  machine %+v\n  model   %+v", id, policy, ranking, victims)
			}
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
	if want {
		waiting, more := tr.straight.machine.ReadWaiting(id, 0, math.MaxInt, nil)
		if wantWaiting := tr.model.Waiting(id); more || !slices.Equal(waiting, wantWaiting) {
			return fmt.Sprintf("SKU %d: machine %v are waiting, model %v", id, waiting, wantWaiting)
		}
	}
	if !want {
		return ""
	}
	if !reflect.DeepEqual(sku, wantSKU) {
		return fmt.Sprintf("SKU %d\n  machine %+v\n  model   %+v", id, sku, wantSKU)
	}
	wantAvailability := tr.model.Availability(id)
	tidyAvailability(&availability)
	if !reflect.DeepEqual(availability, wantAvailability) {
		return fmt.Sprintf("availability of SKU %d\n  machine %+v\n  model   %+v", id, availability, wantAvailability)
	}
	return ""
}

// tidyAvailability makes empty lists nil.
func tidyAvailability(a *core.AvailabilityImage) {
	if len(a.Levels) == 0 {
		a.Levels = nil
	}
	if len(a.Rules) == 0 {
		a.Rules = nil
	}
	if len(a.Incoming) == 0 {
		a.Incoming = nil
	}
	if len(a.Components) == 0 {
		a.Components = nil
	}
	for i := range a.Components {
		tidyAvailability(&a.Components[i].AvailabilityImage)
	}
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
	var routing core.RoutingImage
	tr.straight.machine.ReadRouting(&routing)
	if want := tr.model.Routing(); !reflect.DeepEqual(routing, want) {
		return fmt.Sprintf("routing\n  machine %+v\n  model   %+v", routing, want)
	}
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
		var capacity core.CapacityImage
		tr.straight.machine.ReadCapacity(id, tr.now, &capacity)
		if want := tr.model.Capacity(id, tr.now); capacity != want {
			return fmt.Sprintf("location %d\n  machine %+v\n  model   %+v", id, capacity, want)
		}
	}
}

// compareChannels compares the tables of channels, and what each channel may sell.
func (tr *trial) compareChannels() string {
	for id := core.ChannelID(0); ; id++ {
		wantChannel, want := tr.model.Channel(id)
		var channel core.ChannelImage
		if got := tr.straight.machine.ReadChannel(id, &channel); got != want {
			return fmt.Sprintf("channel %d is there: machine %v, model %v", id, got, want)
		}
		if !want {
			return ""
		}
		if !reflect.DeepEqual(channel, wantChannel) {
			return fmt.Sprintf("channel %d\n  machine %+v\n  model   %+v", id, channel, wantChannel)
		}
		for _, sku := range tr.model.SKUIDs() {
			var a core.AvailabilityImage
			tr.straight.machine.ReadAvailability(sku, &a)
			if got, want := max(0, a.In(id, channel.Settings.Buffer)), tr.model.SellableIn(sku, id); got != want {
				return fmt.Sprintf("SKU %d in channel %d: machine %d to sell, model %d", sku, id, got, want)
			}
			for _, by := range instantsOf(&a) {
				if got, want := max(0, a.InBy(id, channel.Settings.Buffer, by)), tr.model.SellableBy(sku, id, by); got != want {
					return fmt.Sprintf("SKU %d in channel %d: machine %d to sell by %d, model %d", sku, id, got, by, want)
				}
			}
		}
	}
}

// instantsOf gives some at which more of a SKU or of its components comes, or one of their pools begins or ends.
func instantsOf(a *core.AvailabilityImage) (list []core.Millis) {
	for i := range a.Incoming[:min(2, len(a.Incoming))] {
		list = append(list, a.Incoming[i].Expected)
	}
	for i := range a.Rules {
		list = append(list, a.Rules[i].Pool.Start, a.Rules[i].Pool.End)
	}
	for i := range a.Components {
		list = append(list, instantsOf(&a.Components[i].AvailabilityImage)...)
	}
	return list
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
		want := tr.model.Orderable(id)
		got := tr.published[id]
		if got != want {
			return fmt.Sprintf("SKU %d: published as orderable %d, model says %d", id, got, want)
		}
		for channel := core.ChannelID(0); got >= 0; channel++ {
			if _, ok := tr.model.Channel(channel); !ok {
				break
			}
			if most := tr.model.OrderableIn(id, channel); most > got {
				return fmt.Sprintf("SKU %d: published as orderable %d, and channel %d may order %d", id, got, channel, most)
			}
		}
	}
	return ""
}

// compareInbounds walks over all documents of each kind, in the order in which they were made.
func (tr *trial) compareInbounds() string {
	for _, kind := range []core.InboundKind{core.PurchaseOrder, core.Transfer} {
		wants := tr.model.Inbounds(kind)
		for k := range len(wants) + 1 {
			after := core.Sequence(0)
			if k > 0 {
				after = wants[k-1].Created
			}
			if what := tr.compareInboundsAfter(kind, after, wants[k:]); what != "" {
				return what
			}
		}
		for _, want := range wants {
			if what := tr.compareInbound(kind, want.Number); what != "" {
				return what
			}
		}
	}
	return ""
}

// compareInboundsAfter walks over the documents made after a command: the next few, and all when there was none.
func (tr *trial) compareInboundsAfter(kind core.InboundKind, after core.Sequence, wants []core.InboundImage) (what string) {
	if few := 3; after > 0 && len(wants) > few {
		wants = wants[:few]
	}
	var img core.InboundImage
	found := 0
	tr.straight.machine.EachInbound(kind, after, &img, func() bool {
		if found == len(wants) {
			found++
			return false
		}
		if got := reference.CopyInbound(&img); !reflect.DeepEqual(got, wants[found]) {
			what = fmt.Sprintf("document after command %d\n  machine %+v\n  model   %+v", after, got, wants[found])
		}
		found++
		return what == "" && (after == 0 || found < len(wants))
	})
	if what == "" && found != len(wants) {
		what = fmt.Sprintf("%d documents come after command %d, want %d", found, after, len(wants))
	}
	return what
}

func (tr *trial) compareInbound(kind core.InboundKind, number []byte) string {
	want, known := tr.model.Inbound(kind, string(number))
	var img core.InboundImage
	if found := tr.straight.machine.ReadInbound(kind, number, &img); found != known {
		return fmt.Sprintf("document %s: machine %v, model %v", number, found, known)
	}
	if got := reference.CopyInbound(&img); known && !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("document %s\n  machine %+v\n  model   %+v", number, got, want)
	}
	return ""
}
