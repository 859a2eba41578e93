package core_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/engine/core"
)

// eventWords tells of an event in a sentence, and of the money of its order.
func (s *story) eventWords(e *core.Event) string {
	words := s.eventSentence(e)
	if e.Kind.HasOrder() && e.Kind != core.EventTaskRequested {
		words += s.moneyWords(&e.Order)
	}
	return words
}

func (s *story) eventSentence(e *core.Event) string {
	o := &e.Order
	who := fmt.Sprintf("%s for %s, version %d", s.orderName(o.ID), o.Customer, o.Version)
	switch e.Kind {
	case core.EventSKUDefined:
		return fmt.Sprintf("%s defined: %s, version %d\n", e.SKU.Name, settingsWords(e.SKU.Settings), e.SKU.Version)
	case core.EventLocationDefined:
		return fmt.Sprintf("location %s defined: %s, version %d\n", e.Location.Name, placeWords(e.Location.Settings), e.Location.Version)
	case core.EventChannelDefined:
		return fmt.Sprintf("channel %s defined%s\n", e.Channel.Name, sellingWords(e.Channel.Settings))
	case core.EventChannelRuleSet:
		return fmt.Sprintf("rule of %s\n", s.ruleWords(&e.Rule))
	case core.EventPreorderEnded:
		p := &e.Preorder
		return fmt.Sprintf("at %s: preorder of %s ended, %d still waited for\n", timeWords(e.At), s.skuName(p.SKU), p.Backordered)
	case core.EventPoolChanged:
		return fmt.Sprintf("at %s: pool of %s\n", timeWords(e.At), s.ruleWords(&e.Rule))
	case core.EventKitSet:
		return s.kitWords(&e.Recipe)
	case core.EventSaleDefined:
		return s.saleWords(&e.Sale)
	case core.EventQueueAdvanced:
		q := &e.Queue.Counters
		return fmt.Sprintf("queue: %d tickets reserved, %d drawn, %d had their turn, %d settled, opened %t\n", q.Reserved, q.Drawn, q.Admitted, q.Settled, q.Opened)
	case core.EventWaitlistJoined:
		return fmt.Sprintf("waits: %s, number %d\n", s.placeWords(&e.Waiter), e.Waiter.Position)
	case core.EventWaitlistLeft:
		if e.Reason != core.ReasonNone {
			return fmt.Sprintf("struck off: %s, as %s\n", s.placeWords(&e.Waiter), reasonWords[e.Reason])
		}
		return fmt.Sprintf("left: %s\n", s.placeWords(&e.Waiter))
	case core.EventWaitlistOffered:
		return fmt.Sprintf("offered: %s, until %s\n%s", s.placeWords(&e.Waiter), timeWords(o.Deadline), s.linesWords(o))
	case core.EventStockAdjusted:
		return s.adjustmentWords(e.Levels)
	case core.EventOrderOversold:
		return s.oversoldWords(&e.Oversold)
	case core.EventNoteAdded:
		return fmt.Sprintf("noted beside %s by %q\n", s.orderName(e.Noted), e.Actor)
	case core.EventOrderRouted:
		return s.routeWords(&e.Route)
	case core.EventRoutingDefined:
		return fmt.Sprintf("routing defined, version %d\n", e.Routing.Version)
	case core.EventStockMoved:
		return s.movementWords(e)
	case core.EventPurchaseOrderChanged, core.EventTransferChanged:
		return s.inboundWords(e.Inbound) + s.foundWords(e.Inbound) + s.movementWords(e)
	case core.EventSupplyChanged:
		return fmt.Sprintf("supply of %s: %s, was %s\n", s.skuName(e.Supply.SKU), supplyWords[e.Supply.Supply], supplyWords[e.Supply.Before])
	case core.EventHoldPlaced:
		return fmt.Sprintf("held: %s, until %s\n%s", who, timeWords(o.Deadline), s.linesWords(o))
	case core.EventHoldExtended:
		return fmt.Sprintf("extended: %s, until %s\n", who, timeWords(o.Deadline))
	case core.EventHoldReleased:
		return fmt.Sprintf("released: %s\n", who)
	case core.EventHoldExpired:
		return fmt.Sprintf("expired at %s: %s\n", timeWords(e.At), who)
	case core.EventHoldConfirmed:
		return fmt.Sprintf("confirmed: %s\n%s", who, s.linesWords(o))
	case core.EventOrderPlaced:
		return fmt.Sprintf("placed: %s\n%s", who, s.linesWords(o))
	case core.EventOrderFilled:
		return fmt.Sprintf("filled: %s%s\n%s", who, s.fillWords(e), s.linesWords(o))
	case core.EventCaseResolved:
		return s.resolvedWords(e)
	case core.EventOrderRerouted:
		return fmt.Sprintf("rerouted: %s%s\n%s", who, s.rerouteWords(e), s.linesWords(o))
	case core.EventLinesCancelled:
		return fmt.Sprintf("cancelled in part: %s%s%s\n%s", who, noteWords(e), s.cancelledWords(e), s.linesWords(o))
	case core.EventOrderEdited:
		return s.editedWords(e)
	case core.EventOrderPriced:
		return s.pricedWords(e, who)
	case core.EventShipmentTracked:
		return fmt.Sprintf("tracked: %s%s, %s\n%s%s%s", who, noteWords(e), statusOf(o), trackedWords(e), s.linesWords(o), s.shipmentsWords(o))
	case core.EventShipmentTakenBack:
		return fmt.Sprintf("taken back: %s%s, %s\n%s%s%s", who, noteWords(e), statusOf(o), s.movementWords(e), s.linesWords(o), s.shipmentsWords(o))
	case core.EventOrderPutOnHold:
		return fmt.Sprintf("put on hold: %s%s, %s more, now %s\n", who, noteWords(e), onHoldWords(e.OnHold), onHoldWords(o.OnHold))
	case core.EventOrderTakenOffHold:
		return fmt.Sprintf("taken off hold: %s%s, %s less, now %s\n", who, noteWords(e), onHoldWords(e.OnHold), onHoldWords(o.OnHold))
	case core.EventOrderClosed:
		return fmt.Sprintf("closed at %s: %s\n", timeWords(e.At), who)
	case core.EventOrderShipped:
		return fmt.Sprintf("shipped: %s%s\n%s%s%s", who, noteWords(e), s.movementWords(e), s.linesWords(o), s.shipmentsWords(o)+s.worksWords(o))
	case core.EventPaymentReported, core.EventPaymentRequested, core.EventTaskRequested, core.EventHoldLocked, core.EventHoldUnlocked, core.EventOrderUnpaid:
		return s.paymentWords(e, who)
	case core.EventOrderCancelled:
		return fmt.Sprintf("cancelled: %s\n", who)
	case core.EventHoldCancelled:
		return fmt.Sprintf("cancelled while held: %s\n", who)
	}
	switch {
	case e.Kind >= core.EventReturnRequested && e.Kind <= core.EventReturnExpired:
		return s.returnEventWords(e)
	case e.Kind >= core.EventFulfilmentChanged && e.Kind <= core.EventFulfilmentDeclined:
		return s.fulfilledWords(e, who)
	}
	return fmt.Sprintf("event of unknown kind %d\n", e.Kind)
}

// oversoldWords tells which units of an order are not there.
func (s *story) oversoldWords(o *core.OversoldImage) string {
	var units []string
	for _, u := range o.Units {
		units = append(units, fmt.Sprintf("%d %s", u.Units, s.skuName(u.SKU)))
	}
	return fmt.Sprintf("oversold by %s: %s\n", s.orderName(o.Order), strings.Join(units, ", "))
}

// rerouteWords tells why units moved away from a location, where to, and what stayed.
func (s *story) rerouteWords(e *core.Event) string {
	var out strings.Builder
	r := &e.Reroute
	for words, reason := range rerouteReasons {
		if reason == r.Reason {
			fmt.Fprintf(&out, ", away from %s (%s)", s.locationName(r.From), words)
		}
	}
	if len(r.Note) > 0 || len(e.Actor) > 0 {
		fmt.Fprintf(&out, ", note %q by %q", r.Note, e.Actor)
	}
	for _, m := range r.Moves {
		if m.Beyond {
			fmt.Fprintf(&out, ", %d of line %d wait", m.Quantity, m.Line+1)
		} else {
			fmt.Fprintf(&out, ", %d of line %d to %s", m.Quantity, m.Line+1, s.locationName(m.To))
		}
	}
	for _, l := range r.Left {
		fmt.Fprintf(&out, ", %d of line %d stay", l.Quantity, l.Line+1)
	}
	return out.String()
}

// fillWords tells what came to the lines of an order that had waited.
func (s *story) fillWords(e *core.Event) string {
	var out strings.Builder
	for _, f := range e.Fills {
		fmt.Fprintf(&out, ", line %d gets %d from %s", f.Line+1, f.Quantity, s.locationName(f.Location))
	}
	return out.String()
}

// waitingWords tells who waits for a SKU.
func (s *story) waitingWords(id core.SKUID) string {
	list, _ := s.shop.machine.ReadWaiting(id, 0, 100, nil)
	if len(list) == 0 {
		return "nobody waits\n"
	}
	var out strings.Builder
	for _, w := range list {
		fmt.Fprintf(&out, "%s waits for %d\n", s.orderName(w.Order), w.Units)
	}
	return out.String()
}

// outcomeWords tells of a refusal, or that nothing changed; what was done the events have told.
func (s *story) outcomeWords(c *core.Command, o *core.Outcome) string {
	if o.Refusal != nil {
		return s.refusalWords(c, o.Refusal)
	}
	if !o.Changed {
		return "nothing changes\n"
	}
	return ""
}

var supplyWords = map[core.Supply]string{core.SupplyOut: "out", core.SupplyLow: "low", core.SupplyEnough: "enough"}

func (s *story) placeWords(w *core.WaiterImage) string {
	return fmt.Sprintf("%s for %s, %s×%d", s.placed[w.Number], w.Customer, s.skuName(w.SKU), w.Quantity)
}

func sellingWords(settings core.ChannelSettings) string {
	words := ""
	if settings.Bands {
		words += ", shows bands"
	}
	if settings.Buffer > 0 {
		words += fmt.Sprintf(", buffer %d", settings.Buffer)
	}
	if settings.HasReturnDays {
		words += fmt.Sprintf(", returns within %d days", settings.ReturnDays)
	}
	if settings.Capture != core.CaptureManual {
		words += ", captures with " + capturePolicies[settings.Capture]
	}
	if settings.PayWithin > 0 {
		words += fmt.Sprintf(", to be paid within %s", time.Duration(settings.PayWithin)*time.Millisecond)
	}
	return words
}

func (s *story) channelName(id core.ChannelID) string {
	for name, known := range s.channels {
		if known == id {
			return name
		}
	}
	return fmt.Sprintf("channel %d", id)
}

var phaseWords = map[core.PoolPhase]string{core.PoolWaiting: "waits", core.PoolLive: "is live", core.PoolEnded: "has ended"}

func (s *story) ruleWords(r *core.ChannelRuleImage) string {
	words := fmt.Sprintf("%s in %s, version %d:", s.skuName(r.SKU), s.channelName(r.Channel), r.Version)
	if r.HasBuffer {
		words += fmt.Sprintf(" buffer %d;", r.Buffer)
	}
	if r.HasPool {
		exclusive := ""
		if r.Pool.Exclusive {
			exclusive = "exclusive "
		}
		if r.Pool.Share != 0 {
			exclusive += fmt.Sprintf("%d %% share: ", r.Pool.Share)
		}
		words += fmt.Sprintf(" %spool of %d %s, %d used, %d left, %d of them there;", exclusive, r.Pool.Quota, phaseWords[r.Phase], r.Used, r.Left(), r.Covered)
	}
	if !r.HasBuffer && !r.HasPool {
		words += " nothing;"
	}
	return words[:len(words)-1]
}

// sells tells what each channel may sell of a SKU.
func (s *story) sells(line *sentence) string {
	id := s.sku(line.next())
	line.end()
	var a core.AvailabilityImage
	s.shop.machine.ReadAvailability(id, &a)
	var list []string
	for channel := range core.ChannelID(s.shop.machine.Channels()) {
		var image core.ChannelImage
		s.shop.machine.ReadChannel(channel, &image)
		n := max(0, a.In(channel, image.Settings.Buffer))
		if want := s.shop.model.SellableIn(id, channel); n != want {
			line.fail("channel %s may sell %d, the model says %d", image.Name, n, want)
		}
		list = append(list, fmt.Sprintf("%s %d", image.Name, n))
	}
	return "  → " + s.skuName(id) + ": " + strings.Join(list, ", ") + "\n"
}

func (s *story) kitWords(r *core.Recipe) string {
	if len(r.Components) == 0 {
		return s.skuName(r.Kit) + " is no kit any more\n"
	}
	var parts []string
	for _, part := range r.Components {
		parts = append(parts, fmt.Sprintf("%d %s", part.Quantity, s.skuName(part.SKU)))
	}
	return fmt.Sprintf("%s is a kit of %s\n", s.skuName(r.Kit), strings.Join(parts, ", "))
}

func (s *story) adjustmentWords(levels []core.LevelChange) string {
	var out strings.Builder
	for _, l := range levels {
		reason := ""
		if len(l.Reason) > 0 {
			reason = fmt.Sprintf(" (%s)", l.Reason)
		}
		fmt.Fprintf(&out, "%s at %s: %d → %d on hand%s\n", s.skuName(l.SKU), s.locationName(l.Location), l.OnHandBefore, l.OnHand, reason)
	}
	return out.String()
}

// movementWords tells of each movement what it changed.
func (s *story) movementWords(e *core.Event) string {
	var out strings.Builder
	for i := range e.Moves {
		m := &e.Moves[i]
		before := m.Before()
		changes := []string{fmt.Sprintf("%d → %d on hand", before.OnHand, m.OnHand)}
		for state := core.StateDamaged; state <= core.StateOther; state++ {
			if before.In(state) != m.In(state) {
				changes = append(changes, fmt.Sprintf("%d → %d %s", before.In(state), m.In(state), stateNames[state]))
			}
		}
		verb := ""
		for name, kind := range movementKinds {
			if kind == m.Kind {
				verb = name
			}
		}
		switch m.Kind {
		case core.MovementTransferOut:
			verb = "transfer out"
		case core.MovementTransferIn:
			verb = "transfer in"
		case core.MovementShip:
			verb = "ship"
		case core.MovementReturnIn:
			verb = "return"
		}
		fmt.Fprintf(&out, "%s at %s, %s %d: %s", s.skuName(m.SKU), s.locationName(m.Location), verb, m.Quantity, strings.Join(changes, ", "))
		for _, note := range []struct{ word, text string }{{"reason", string(m.Reason)}, {"by", string(e.Actor)}, {"for", string(e.Cause)}} {
			if note.text != "" {
				fmt.Fprintf(&out, ", %s %s", note.word, note.text)
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// linesWords tells where the units of each line come from.
func (s *story) linesWords(o *core.OrderImage) string {
	var out strings.Builder
	allocations := o.Allocations
	for i, l := range o.Lines {
		var from []string
		for _, a := range allocations[:l.Allocations] {
			from = append(from, fmt.Sprintf("%d from %s", a.Quantity, s.locationName(a.Location)))
		}
		allocations = allocations[l.Allocations:]
		if l.Backordered > 0 {
			from = append(from, fmt.Sprintf("%d backordered", l.Backordered))
		}
		if l.Preorder {
			from = append(from, "preordered")
		}
		if l.Pooled > 0 {
			from = append(from, fmt.Sprintf("%d of all out of the pool", l.Pooled))
		}
		from = append(from, lineLifeWords(o.LineLife(i))...)
		indent := ""
		switch l.Role {
		case core.LineOfKits:
			from = append([]string{"kits"}, from...)
		case core.LineUntracked:
			from = append([]string{"left out of stock"}, from...)
		case core.LineOfComponent:
			indent = "  "
		}
		fmt.Fprintf(&out, "%s  %s×%d: %s\n", indent, s.skuName(l.SKU), l.Quantity, strings.Join(from, ", "))
	}
	return out.String()
}

// skusOf lists the SKUs that a command is about, so that their units can be told after it.
func (s *story) skusOf(c *core.Command) []core.SKUID {
	var list []core.SKUID
	add := func(id core.SKUID) {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	for _, l := range c.Lines {
		add(l.SKU)
	}
	for _, r := range c.Recipes {
		add(r.Kit)
		for _, part := range r.Components {
			add(part.SKU)
		}
	}
	for _, r := range c.Rows {
		add(r.SKU)
	}
	for _, r := range c.Moves {
		add(r.SKU)
	}
	if c.Resolution != nil {
		add(c.Resolution.SKU)
	}
	if c.Inbound != nil {
		var img core.InboundImage
		if s.shop.machine.ReadInbound(c.Inbound.Kind, c.Inbound.Number, &img) {
			for i := range img.Lines {
				add(img.Lines[i].SKU)
			}
		}
	}
	var order core.OrderImage
	if c.Order != 0 && s.shop.machine.ReadOrder(c.Order, &order) {
		for _, l := range order.Lines {
			add(l.SKU)
		}
	}
	return list
}

// availabilityWords tells in a line what can be sold of a SKU; nothing of an unknown one.
func (s *story) availabilityWords(id core.SKUID) string {
	var a core.AvailabilityImage
	if !s.shop.machine.ReadAvailability(id, &a) {
		return ""
	}
	if a.IsKit() {
		return fmt.Sprintf("  → %s: %d kits to sell\n", s.skuName(id), a.Available)
	}
	coming := ""
	var n core.Quantity
	for i := range a.Incoming {
		n += a.Incoming[i].Open
	}
	if n > 0 {
		coming = fmt.Sprintf(", %d on their way", n)
	}
	return fmt.Sprintf("  → %s: %d to sell (%d on hand, %d reserved, %d allocated%s)\n",
		s.skuName(id), a.Available, a.OnHand, a.Reserved, a.Allocated, coming)
}

// show tells everything about a SKU or an order.
func (s *story) show(name string) string {
	if id, ok := s.skus[name]; ok {
		return s.showSKU(id)
	}
	if id, ok := s.sales[name]; ok {
		return s.showSale(id)
	}
	var document core.InboundImage
	if s.shop.machine.ReadInbound(inboundKind(name), []byte(name), &document) {
		return s.inboundWords(&document)
	}
	var o core.OrderImage
	if !s.shop.machine.ReadOrder(s.order(name), &o) {
		return "nothing goes by that name\n"
	}
	deadline := ""
	if o.Status == core.StatusHeld {
		deadline = " until " + timeWords(o.Deadline)
	}
	external := ""
	if len(o.ExternalID) > 0 {
		external = fmt.Sprintf(", external id %s", o.ExternalID)
	}
	var channel core.ChannelImage
	s.shop.machine.ReadChannel(o.Channel, &channel)
	return fmt.Sprintf("%s for %s: %s%s, version %d, channel %s%s\n%s", name, o.Customer,
		statusOf(&o), deadline, o.Version, channel.Name, external, s.linesWords(&o)+s.shipmentsWords(&o)+s.moneyWords(&o)+s.returnsWords(&o)+s.worksWords(&o))
}

func (s *story) showSKU(id core.SKUID) string {
	var a core.AvailabilityImage
	s.shop.machine.ReadAvailability(id, &a)
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n%s", s.skuName(id), settingsWords(a.Settings), s.availabilityWords(id))
	for _, l := range a.Levels {
		fmt.Fprintf(&out, "  %s: %d on hand, %d reserved, %d allocated", s.locationName(l.Location), l.OnHand, l.Reserved, l.Allocated)
		for state := core.StateDamaged; state <= core.StateOther; state++ {
			if n := l.In(state); n != 0 {
				fmt.Fprintf(&out, ", %d %s", n, stateNames[state])
			}
		}
		if l.Withheld > 0 {
			fmt.Fprintf(&out, ", %d withheld", l.Withheld)
		}
		out.WriteByte('\n')
	}
	for i := range a.Incoming {
		lot := &a.Incoming[i]
		fmt.Fprintf(&out, "  on their way: %d to %s with line %d of %s%s\n", lot.Open, s.locationName(lot.Location), lot.Line, lot.Number, dueWords(lot.Expected))
	}
	return out.String()
}

var statusWords = map[core.OrderStatus]string{
	core.StatusHeld:      "held",
	core.StatusPlaced:    "placed",
	core.StatusCancelled: "cancelled",
	core.StatusReleased:  "released",
	core.StatusExpired:   "expired",
	core.StatusCompleted: "completed",
	core.StatusClosed:    "closed",
}

func settingsWords(s core.SKUSettings) string {
	words := "no backorder"
	switch {
	case s.BackorderLimit == core.Unlimited:
		words = "unlimited backorder"
	case s.BackorderLimit > 0:
		words = fmt.Sprintf("backorder up to %d", s.BackorderLimit)
	}
	if s.Preorder.ShipsAt != 0 {
		words += fmt.Sprintf(", preorder up to %d, ships at %s", s.Preorder.Limit, timeWords(s.Preorder.ShipsAt))
	}
	if s.SafetyStock > 0 {
		words = fmt.Sprintf("safety stock %d, %s", s.SafetyStock, words)
	}
	if s.LimitPerCustomer > 0 {
		words += fmt.Sprintf(", %d a customer", s.LimitPerCustomer)
	}
	return words
}

func placeWords(s core.LocationSettings) string {
	kind := map[core.LocationKind]string{
		core.LocationWarehouse: "warehouse",
		core.LocationStore:     "store",
		core.LocationSupplier:  "supplier",
	}[s.Kind]
	words := fmt.Sprintf("%s, priority %d", kind, s.Priority)
	if s.Stopped {
		words += ", stopped"
	}
	return words
}

func timeWords(at core.Millis) string {
	return time.UnixMilli(int64(at)).UTC().Format("15:04:05.000")
}

func (s *story) orderName(id core.OrderID) string {
	if name, ok := s.names[id]; ok {
		return name
	}
	return fmt.Sprintf("order %d", id)
}

func (s *story) skuName(id core.SKUID) string {
	var sku core.SKUImage
	if s.shop.machine.ReadSKU(id, &sku) {
		return string(sku.Name)
	}
	return "an unknown SKU"
}

func (s *story) locationName(id core.LocationID) string {
	var l core.LocationImage
	if s.shop.machine.ReadLocation(id, &l) {
		return string(l.Name)
	}
	return "an unknown location"
}

// saleWords tells the rules of a sale.
func (s *story) saleWords(sale *core.SaleImage) string {
	var out strings.Builder
	rules := &sale.Settings
	fmt.Fprintf(&out, "sale %s, version %d: from %s until %s", sale.Name, sale.Version, timeWords(rules.StartsAt), timeWords(rules.EndsAt))
	for kind, limit := range rules.Limits {
		if limit > 0 {
			fmt.Fprintf(&out, ", %d per %s", limit, identityWords[kind])
		}
	}
	if rules.MaxTTL > 0 {
		fmt.Fprintf(&out, ", held for %s at most", time.Duration(rules.MaxTTL)*time.Millisecond)
	}
	if rules.MaxExpired > 0 {
		fmt.Fprintf(&out, ", no hold after %d expired ones", rules.MaxExpired)
	}
	if rules.WaitlistCapacity > 0 {
		fmt.Fprintf(&out, ", a waitlist of %d with offers for %s", rules.WaitlistCapacity, time.Duration(rules.WaitlistTTL)*time.Millisecond)
	}
	if rules.Queue.Required {
		out.WriteString(", with a queue")
	}
	out.WriteByte('\n')
	for _, item := range rules.Items {
		quota := "any number"
		if item.Quota != core.Unlimited {
			quota = fmt.Sprint(item.Quota)
		}
		fmt.Fprintf(&out, "  %s: %s", s.skuName(item.SKU), quota)
		if item.MaxHeld > 0 {
			fmt.Fprintf(&out, ", %d held at once", item.MaxHeld)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// showSale tells what a sale has sold, as machine and model see it.
func (s *story) showSale(id core.SaleID) string {
	var image core.SaleImage
	s.shop.machine.ReadSale(id, &image)
	var out strings.Builder
	fmt.Fprintf(&out, "sale %s, version %d\n", image.Name, image.Version)
	for i, item := range image.Settings.Items {
		n := image.Counts[i]
		quota := "any number"
		if item.Quota != core.Unlimited {
			quota = fmt.Sprintf("quota %d, %d left", item.Quota, max(0, item.Quota-n.Held-n.Sold))
		}
		fmt.Fprintf(&out, "  %s: %d held, %d sold, %s; stock has %d", s.skuName(item.SKU), n.Held, n.Sold, quota, n.Orderable)
		if n.Waiters > 0 {
			fmt.Fprintf(&out, "; %d wait for %d", n.Waiters, n.Waited)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

var fateWords = map[core.Fate]string{
	core.FateSupplier: "a supplier", core.FateChannel: "not for the channel", core.FateMethod: "not by this method", core.FateZone: "does not ship there",
	core.FateCutOff: "too late", core.FateElsewhere: "it is fetched elsewhere", core.FateWeight: "the order is too heavy", core.FateAvoided: "the order leaves it",
	core.FateCapacity: "booked up that day",
}

// routeWords tells why an order is routed as it is: the scores of the plan, of the candidates alone, and who is none.
func (s *story) routeWords(r *core.RouteImage) string {
	scores := func(list []int64) string {
		var words []string
		for i, rule := range r.Rules {
			for name, known := range ruleNames {
				if known == rule {
					words = append(words, fmt.Sprintf("%s %d", name, list[i]))
				}
			}
		}
		return strings.Join(words, ", ")
	}
	var out strings.Builder
	fmt.Fprintf(&out, "  why: %s\n", scores(r.Scores))
	for _, o := range r.Candidates {
		switch name := s.locationName(o.Location); {
		case o.Fate != core.FateEligible:
			fmt.Fprintf(&out, "    %s no: %s\n", name, fateWords[o.Fate])
		case !o.Chosen:
			fmt.Fprintf(&out, "    %s has %d: %s\n", name, o.Units, scores(o.Scores))
		}
	}
	return out.String()
}
