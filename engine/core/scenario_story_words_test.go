package core_test

import (
	"fmt"
	"strings"
	"time"

	"holdfast/engine/core"
)

// headlines tell of each event in one line, as what it came to stands below them.
func (s *story) headlines(events []core.Event, c *core.Command, o *core.Outcome) string {
	var out strings.Builder
	for i := range events {
		e := &events[i]
		words := s.eventSentence(e)
		switch {
		case e.Kind == core.EventTaskRequested:
			entry := &e.Order.Account.Entries[e.Payment-1]
			words = fmt.Sprintf("to be done by %s: %s of %s for %s\n", entry.Provider, paymentTypes[entry.Type], amountWords(entry.Amount), s.orderName(e.Order.ID))
		case e.Kind.IsDefinition(), e.Kind == core.EventOrderRouted, e.Kind == core.EventStockAdjusted, e.Kind == core.EventStockMoved:
			continue // what came of it stands below
		case e.Kind.HasOrder():
			words, _, _ = strings.Cut(words, "\n")
			words += "\n"
		}
		out.WriteString(words)
	}
	out.WriteString(s.outcomeWords(c, o))
	return out.String()
}

// changes tells of every SKU, order, and document that is not as it was told last.
func (s *story) changes() string {
	var out strings.Builder
	tell := func(name, words string) {
		if s.chronicle.told[name] != words {
			s.chronicle.told[name] = words
			out.WriteString(words)
		}
	}
	for _, id := range s.shop.model.SKUIDs() {
		tell("sku "+s.skuName(id), s.stockParagraph(id))
	}
	for _, id := range s.chronicle.order {
		tell("order "+s.orderName(id), s.orderParagraph(id))
	}
	return out.String()
}

// stockParagraph tells where a SKU's units are, and what is promised of them.
func (s *story) stockParagraph(id core.SKUID) string {
	var a core.AvailabilityImage
	s.shop.machine.ReadAvailability(id, &a)
	if a.IsKit() {
		return fmt.Sprintf("[%s] a kit, %d to sell\n", s.skuName(id), a.Available)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "[%s] %d to sell", s.skuName(id), max(0, a.Available))
	if room := roomBeyond(&a); room > 0 {
		fmt.Fprintf(&out, ", %d more before they are there", room)
	}
	if a.Backordered > 0 {
		fmt.Fprintf(&out, ", %d waited for", a.Backordered)
	}
	for i := range a.Incoming {
		lot := &a.Incoming[i]
		fmt.Fprintf(&out, ", %d on their way to %s", lot.Open, s.locationName(lot.Location))
	}
	for i := range a.Levels {
		l := &a.Levels[i]
		if l.OnHand+l.Reserved+l.Allocated == 0 {
			continue
		}
		fmt.Fprintf(&out, "; %s: %d on hand", s.locationName(l.Location), l.OnHand)
		for state := core.StateDamaged; state <= core.StateOther; state++ {
			if n := l.In(state); n != 0 {
				fmt.Fprintf(&out, ", %d %s", n, stateNames[state])
			}
		}
		if l.Reserved > 0 {
			fmt.Fprintf(&out, ", %d reserved", l.Reserved)
		}
		if l.Allocated > 0 {
			fmt.Fprintf(&out, ", %d allocated", l.Allocated)
		}
		fmt.Fprintf(&out, ", %d available", l.Fulfillable())
	}
	out.WriteByte('\n')
	return out.String()
}

// roomBeyond is how many units more may be sold than there are to sell.
func roomBeyond(a *core.AvailabilityImage) core.Quantity {
	limit := a.Settings.BackorderLimit
	if a.Preordering {
		limit = a.Settings.Preorder.Limit
	}
	return max(0, limit+min(0, a.Available))
}

// orderParagraph tells everything about an order: its four statuses, the counters of each line, fulfilment orders, shipments, money and returns.
func (s *story) orderParagraph(id core.OrderID) string {
	var o core.OrderImage
	if !s.shop.machine.ReadOrder(id, &o) {
		return fmt.Sprintf("[%s] archived\n", s.orderName(id))
	}
	var out strings.Builder
	fmt.Fprintf(&out, "[%s] of %s: %s", s.orderName(id), o.Customer, statusWords[o.Status])
	switch {
	case o.Status == core.StatusHeld:
		fmt.Fprintf(&out, " until %s", dateWords(o.Deadline))
	case o.Status == core.StatusCompleted:
		fmt.Fprintf(&out, ", may be sent back until %s", dateWords(o.Life.ClosesAt))
	}
	if o.OnHold != 0 {
		fmt.Fprintf(&out, ", ON HOLD for %s", onHoldWords(o.OnHold))
	}
	if o.HasMoney() {
		fmt.Fprintf(&out, " | payment %s", paymentStatuses[o.PaymentStatus()])
	}
	fmt.Fprintf(&out, " | %s", sentWords(&o))
	if word := orderReturnsWords[o.OrderReturns()]; word != "" {
		fmt.Fprintf(&out, " | returns %s", word)
	}
	fmt.Fprintf(&out, " | version %d\n", o.Version)
	out.WriteString(s.lineParagraphs(&o))
	out.WriteString(s.worksWords(&o))
	out.WriteString(s.shipmentsWords(&o))
	out.WriteString(s.moneyParagraph(&o))
	out.WriteString(s.returnParagraphs(&o))
	return out.String()
}

// sentWords say how much of an order has left.
func sentWords(o *core.OrderImage) string {
	var wanted, shipped, delivered core.Quantity
	for i := range o.Lines {
		if o.Lines[i].Role == core.LineOfKits {
			continue
		}
		life := o.LineLife(i)
		wanted += o.Lines[i].Quantity - life.Cancelled
		shipped, delivered = shipped+life.Shipped, delivered+life.Delivered
	}
	switch {
	case shipped == 0:
		return "unfulfilled"
	case shipped < wanted:
		return "partially fulfilled"
	case delivered == wanted:
		return "fulfilled and delivered"
	}
	return "fulfilled"
}

var lineRoles = map[core.LineRole]string{core.LineOfKits: "kits", core.LineOfComponent: "of the kits", core.LineUntracked: "left out of stock"}

// lineParagraphs tell the counters of each line, and check that each unit that was ordered is counted once.
func (s *story) lineParagraphs(o *core.OrderImage) string {
	var out strings.Builder
	at, waited, ended := "at", "waited for", o.Status == core.StatusCancelled || o.Status == core.StatusReleased || o.Status == core.StatusExpired
	if ended {
		at, waited = "given back to", "waited for no more" // an order that came to nothing keeps on record what it had
	}
	allocations := o.Allocations
	for i, l := range o.Lines {
		own, life := allocations[:l.Allocations], o.LineLife(i)
		allocations = allocations[l.Allocations:]
		var words []string
		here := core.Quantity(0)
		for _, a := range own {
			here += a.Quantity
			words = append(words, fmt.Sprintf("%d %s %s", a.Quantity, at, s.locationName(a.Location)))
		}
		if l.Backordered > 0 {
			words = append(words, fmt.Sprintf("%d %s", l.Backordered, waited))
		}
		words = append(words, lineLifeWords(life)...)
		if life.Returning > 0 {
			words = append(words, fmt.Sprintf("%d to come back", life.Returning))
		}
		for k, n := range life.Returned {
			if n > 0 {
				words = append(words, fmt.Sprintf("%d back as %s", n, dispositionWords[core.Disposition(k+1)]))
			}
		}
		if role := lineRoles[l.Role]; role != "" {
			words = append([]string{role}, words...)
		}
		price := ""
		if o.HasMoney() && l.Role != core.LineOfComponent {
			price = " for " + amountWords(o.Account.Amounts[i])
		}
		fmt.Fprintf(&out, "  line %d, %s×%d%s: %s\n", i+1, s.skuName(l.SKU), l.Quantity, price, strings.Join(words, ", "))
		sum := here + l.Backordered + life.Cancelled + life.Shipped
		if l.Role == core.LineOfUnits || l.Role == core.LineOfComponent {
			if !ended && sum != l.Quantity {
				fmt.Fprintf(&out, "  DOES NOT ADD UP: %d of %d\n", sum, l.Quantity)
			}
		}
	}
	return out.String()
}

// moneyParagraph tells what is due of an order, what came in and went out, and each entry of the ledger.
func (s *story) moneyParagraph(o *core.OrderImage) string {
	var out strings.Builder
	a := o.Account
	if a == nil {
		return ""
	}
	if a.Lock.Until != 0 {
		fmt.Fprintf(&out, "  locked until %s for %s/%s, then held until %s\n", dateWords(a.Lock.Until), a.Lock.Provider, a.Lock.Reference, dateWords(a.Lock.Deadline))
	}
	if !o.HasMoney() {
		return out.String()
	}
	sums := a.Sums()
	fmt.Fprintf(&out, "  money: costs %s %s, due %s", amountWords(o.Total()), a.Currency, amountWords(o.Due()))
	if sums.Open() > 0 {
		fmt.Fprintf(&out, ", set aside %s", amountWords(sums.Open()))
	}
	fmt.Fprintf(&out, ", in hand %s", amountWords(inHand(&sums)))
	if a.PayBy != 0 && inHand(&sums) < o.Due() {
		fmt.Fprintf(&out, ", to be paid by %s", dateWords(a.PayBy))
	}
	out.WriteByte('\n')
	for i := range a.Entries {
		e := &a.Entries[i]
		words := fmt.Sprintf("%s %s %s", paymentTypes[e.Type], amountWords(e.Amount), entryStatuses[e.Status])
		if e.Of != 0 {
			words += fmt.Sprintf(" of entry %d", e.Of)
		}
		words += fmt.Sprintf(" (%s)", strings.TrimSpace(string(e.Provider)+" "+string(e.Reference)))
		if e.Task && e.Status.IsOpen() {
			words += " TO DO"
		}
		fmt.Fprintf(&out, "    entry %d: %s\n", i+1, words)
	}
	return out.String()
}

// inHand is the money that came in and was not given back.
func inHand(sums *core.PaymentSums) int64 {
	return sums.Captured + sums.Adjusted - sums.Refunded - sums.ChargedBack
}

// returnParagraphs tell of an order's returns.
func (s *story) returnParagraphs(o *core.OrderImage) string {
	var out strings.Builder
	if o.Life == nil {
		return ""
	}
	o.Life.EachReturn(func(number int, r *core.ReturnImage, lines []core.ReturnLine, refunds []core.RefundImage) {
		out.WriteString(returnWords(number, r, lines, s.storyTerms(r)))
		for i := range refunds {
			f := &refunds[i]
			what := "refund"
			if f.Credit {
				what = "store credit"
			}
			fmt.Fprintf(&out, "    %s of %s %s decided by %s\n", what, amountWords(f.Amount), f.Currency, f.By)
		}
	})
	return out.String()
}

// storyTerms tells with what a return was approved.
func (s *story) storyTerms(r *core.ReturnImage) (words string) {
	t := &r.Terms
	if r.Forced {
		words += ", after the window"
	}
	if r.Until != 0 && r.Status <= core.ReturnApproved {
		words += ", until " + dateWords(r.Until)
	}
	if t.Policy != core.RefundManually {
		words += ", refund when " + refundPolicyWords[t.Policy]
	}
	if r.RefundDue() {
		words += " TO DECIDE"
	}
	if t.Remedy != core.RemedyNone {
		words += ", made good by " + remedyWords[t.Remedy]
	}
	if t.Keep {
		words += ", the customer keeps the units"
	}
	if t.Fee != 0 {
		words += fmt.Sprintf(", fee %s %s", amountWords(t.Fee), t.Currency)
	}
	if t.Replacement != 0 {
		words += fmt.Sprintf(", replaced by %s", s.names[t.Replacement])
	}
	if t.Difference != 0 {
		words += fmt.Sprintf(", difference %s %s", amountWords(t.Difference), t.Currency)
	}
	if r.Settled {
		words += ", replacement dealt with"
	}
	return words
}

// dateWords tells day and time, of the latter no more than it takes.
func dateWords(at core.Millis) string {
	t := time.UnixMilli(int64(at)).UTC()
	layout := "2 January 15:04"
	switch {
	case at%1000 != 0:
		layout = "2 January 15:04:05.000"
	case at%60000 != 0:
		layout = "2 January 15:04:05"
	}
	return t.Format(layout)
}
