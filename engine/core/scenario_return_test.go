package core_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/engine/core"
)

var (
	returnStatusWords = map[core.ReturnStatus]string{
		core.ReturnRequested: "requested", core.ReturnApproved: "approved", core.ReturnInTransit: "in_transit",
		core.ReturnPartiallyReceived: "partially_received", core.ReturnReceived: "received", core.ReturnInspected: "inspected",
		core.ReturnClosed: "closed", core.ReturnDeclined: "declined", core.ReturnCancelled: "cancelled", core.ReturnExpired: "expired",
	}
	returnReasonWords = map[core.ReturnReason]string{
		core.ReturnTooSmall: "too_small", core.ReturnTooLarge: "too_large", core.ReturnDamaged: "damaged", core.ReturnDefective: "defective",
		core.ReturnWrongItem: "wrong_item", core.ReturnNotAsDescribed: "not_as_described", core.ReturnChangedMind: "changed_mind",
		core.ReturnArrivedLate: "arrived_late", core.ReturnOther: "other", core.ReturnMissing: "missing", core.ReturnNeverArrived: "never_arrived",
	}
	dispositionWords = map[core.Disposition]string{
		core.DisposeRestock: "restock", core.DisposeDamaged: "damaged", core.DisposeQualityControl: "quality_control", core.DisposeDestroy: "dispose",
		core.DisposeMissing: "missing", core.DisposeWrongItem: "wrong_item", core.DisposeKept: "kept_by_customer",
	}
	refundPolicyWords = map[core.RefundPolicy]string{
		core.RefundManually: "manual", core.RefundOnApproval: "approved", core.RefundOnReceipt: "received", core.RefundOnInspected: "inspected",
	}
	remedyWords = map[core.Remedy]string{
		core.RemedyNone: "", core.RemedyRefund: "refund", core.RemedyReplacement: "replacement", core.RemedyBoth: "both", core.RemedyCredit: "store_credit",
	}
	orderReturnsWords = map[core.OrderReturns]string{
		core.OrderReturnsRequested: "requested", core.OrderReturnsInProgress: "in_progress", core.OrderReturnsPartial: "partially_returned",
		core.OrderReturnsAll: "returned",
	}
	returnCommands = map[string]core.CommandKind{
		"return": core.CommandRequestReturn, "claim": core.CommandRequestReturn, "approve-return": core.CommandDecideReturn,
		"decline-return": core.CommandDecideReturn, "cancel-return": core.CommandDecideReturn, "return-in-transit": core.CommandReportReturn,
		"receive-return": core.CommandReceiveReturn, "inspect-return": core.CommandInspectReturn, "close-return": core.CommandCloseReturn,
		"refund": core.CommandDecideRefund, "credit": core.CommandDecideRefund, "settle-return": core.CommandSettleReturn,
	}
)

// keyOf finds what stands for a word.
func keyOf[K comparable](line *sentence, words map[K]string, word string) (key K) {
	for k, w := range words {
		if w == word {
			return k
		}
	}
	line.fail("what is %s?", word)
	return key
}

// readReturn reads a command about a return. Rows are "1×2/too_small": two units of the first line, "1/restock" for all that there are.
func (s *story) readReturn(line *sentence, c *core.Command) {
	ask := &core.ReturnRequest{}
	c.Kind, c.Life = returnCommands[line.word], &core.LifeRequest{Return: ask}
	switch line.word {
	case "claim":
		ask.Kind = core.ReturnClaim
	case "approve-return":
		ask.Decision = core.DecideApprove
	case "decline-return":
		ask.Decision = core.DecideDecline
	case "cancel-return":
		ask.Decision = core.DecideCancel
	case "credit":
		ask.Credit = true
	}
	name := line.next()
	name, number, found := strings.Cut(name, "/")
	if found {
		ask.Number = int(line.number(number))
	} else if c.Kind != core.CommandRequestReturn {
		ask.Number = 1
	}
	c.Order = s.order(name)
	c.Mask = s.shop.model.OrderMask(c.Order)
	line.settings(func(name, value string) { s.setReturn(line, c, name, value) })
	if c.Kind == core.CommandDecideRefund {
		ask.Amount, ask.Currency = s.money(line, line.next())
	}
	for line.peek() != "" {
		units, word, _ := strings.Cut(line.next(), "/")
		place, quantity, found := strings.Cut(units, "×")
		row := core.ReturnRow{Line: int(line.number(place)) - 1}
		if found {
			row.Quantity = core.Quantity(line.number(quantity))
		}
		if c.Kind == core.CommandRequestReturn {
			row.Reason = keyOf(line, returnReasonWords, word)
		} else {
			row.Disposition = keyOf(line, dispositionWords, word)
		}
		ask.Rows = append(ask.Rows, row)
	}
	if c.Kind == core.CommandReceiveReturn || c.Kind == core.CommandInspectReturn {
		c.Lines = s.returnedSKUs(c)
	}
}

// money reads "1299EUR" or "12.99EUR".
func (s *story) money(line *sentence, word string) (int64, core.Currency) {
	if len(word) < 4 {
		line.fail("%q is no money", word)
	}
	if amount, currency := word[:len(word)-3], word[len(word)-3:]; strings.Contains(amount, ".") {
		return line.amount(amount), core.Currency([]byte(currency))
	}
	return int64(line.number(word[:len(word)-3])), core.Currency([]byte(word[len(word)-3:]))
}

func (s *story) setReturn(line *sentence, c *core.Command, name, value string) {
	ask := c.Life.Return
	switch name {
	case "until":
		ask.Until = s.now + core.Millis(line.duration(value))
	case "force":
		ask.Force = value == "yes"
	case "refund":
		ask.Terms.Policy = keyOf(line, refundPolicyWords, value)
	case "remedy":
		ask.Terms.Remedy = keyOf(line, remedyWords, value)
	case "keep":
		ask.Terms.Keep = value == "yes"
	case "fee":
		ask.Terms.Fee, ask.Terms.Currency = s.money(line, value)
	case "difference":
		ask.Terms.Difference, ask.Terms.Currency = s.money(line, value)
	case "replacement":
		ask.Terms.Replacement = s.order(value)
	case "at":
		c.Life.Location = s.location(value)
	case "tracking":
		c.Document = []byte(value)
	case "note":
		c.Life.Note = []byte(value)
	case "by":
		c.Actor = []byte(value)
	case "version":
		c.ExpectedVersion = uint32(line.number(value))
	default:
		line.fail("unknown setting %s", name)
	}
}

// returnedSKUs are those of the rows.
func (s *story) returnedSKUs(c *core.Command) (lines []core.Line) {
	var o core.OrderImage
	if !s.shop.machine.ReadOrder(c.Order, &o) {
		return nil
	}
	for _, row := range c.Life.Return.Rows {
		if row.Line >= len(o.Lines) {
			continue
		}
		l := core.Line{SKU: o.Lines[row.Line].SKU}
		if !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
	}
	return lines
}

// returnEventWords tells what an event says of a return.
func (s *story) returnEventWords(e *core.Event) string {
	var out strings.Builder
	o := &e.Order
	r := &o.Life.Returns[e.Return-1]
	fmt.Fprintf(&out, "return %d %s", e.Return, returnStatusWords[r.Status])
	switch e.Kind {
	case core.EventReturnReceived:
		out.WriteString(", units came")
	case core.EventReturnInspected:
		out.WriteString(", units were looked at")
	case core.EventRefundDecided:
		out.WriteString(", refund decided")
	case core.EventReturnReported:
		out.WriteString(", on its way")
	case core.EventReturnExpired:
		fmt.Fprintf(&out, " at %s", timeWords(e.At))
	}
	fmt.Fprintf(&out, ": %s for %s, version %d%s, %s\n", s.orderName(o.ID), o.Customer, o.Version, noteWords(e), statusOf(o))
	if e.Kind == core.EventReturnReceived || e.Kind == core.EventReturnInspected {
		for _, row := range e.Returned {
			fmt.Fprintf(&out, "  %d of line %d: %s\n", row.Quantity, row.Line+1, dispositionWords[row.Disposition])
		}
		out.WriteString(s.movementWords(e))
	}
	return out.String() + s.linesWords(o) + s.returnsWords(o)
}

// returnWords tells of a return, on what terms it was approved and what became of its units.
func returnWords(number int, r *core.ReturnImage, lines []core.ReturnLine, terms string) string {
	var out strings.Builder
	kind := "return"
	if r.Kind == core.ReturnClaim {
		kind = "claim"
	}
	fmt.Fprintf(&out, "  %s %d: %s%s\n", kind, number, returnStatusWords[r.Status], terms)
	for i := range lines {
		l := &lines[i]
		fmt.Fprintf(&out, "    %d of line %d, %s", l.Quantity, l.Line+1, returnReasonWords[l.Reason])
		for k, n := range l.Became {
			if n > 0 {
				fmt.Fprintf(&out, ", %d %s", n, dispositionWords[core.Disposition(k+1)])
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// returnsWords tells of an order's returns.
func (s *story) returnsWords(o *core.OrderImage) string {
	var out strings.Builder
	if o.Life == nil {
		return ""
	}
	o.Life.EachReturn(func(number int, r *core.ReturnImage, lines []core.ReturnLine, refunds []core.RefundImage) {
		out.WriteString(returnWords(number, r, lines, s.termsWords(r)))
		for i := range refunds {
			f := &refunds[i]
			what := "refund"
			if f.Credit {
				what = "credit"
			}
			fmt.Fprintf(&out, "    %s of %d %s decided by %q at %s\n", what, f.Amount, f.Currency, f.By, timeWords(f.At))
		}
	})
	if word := orderReturnsWords[o.OrderReturns()]; word != "" {
		fmt.Fprintf(&out, "  returns of the order: %s\n", word)
	}
	return out.String()
}

// termsWords tells with what a return was approved, and what else is known of it.
func (s *story) termsWords(r *core.ReturnImage) (words string) {
	t := &r.Terms
	if r.Forced {
		words += ", after the window"
	}
	if r.Until != 0 {
		words += ", until " + time.UnixMilli(int64(r.Until)).UTC().Format("2006-01-02 15:04:05.000")
	}
	if t.Policy != core.RefundManually {
		words += ", refund when " + refundPolicyWords[t.Policy]
	}
	if r.RefundDue() {
		words += " (due)"
	}
	if t.Remedy != core.RemedyNone {
		words += ", made good by " + remedyWords[t.Remedy]
	}
	if t.Keep {
		words += ", the customer keeps the units"
	}
	if t.Fee != 0 {
		words += fmt.Sprintf(", fee %d %s", t.Fee, t.Currency)
	}
	if t.Replacement != 0 {
		words += fmt.Sprintf(", replaced by %s, difference %d %s", s.names[t.Replacement], t.Difference, t.Currency)
	}
	if r.Settled {
		words += ", replacement dealt with"
	}
	if r.Sent != 0 {
		words += ", it is known how it travels"
	}
	return words
}

// unsettled tells which returns came to nothing and have a replacement that is still to be dealt with.
func (s *story) unsettled() string {
	var out strings.Builder
	for slot := range core.Slot(core.SlotCount) {
		for _, u := range s.shop.machine.Unsettled(slot, 10, nil) {
			fmt.Fprintf(&out, "return %d of %s: %s is still to be dealt with\n", u.Number, s.names[u.Order], s.names[u.Replacement])
		}
	}
	if out.Len() == 0 {
		return "nothing is to be settled\n"
	}
	return out.String()
}

// worth tells what a return's units cost.
func (s *story) worth(line *sentence) string {
	name, number, _ := strings.Cut(line.next(), "/")
	line.end()
	var o core.OrderImage
	if !s.shop.machine.ReadOrder(s.order(name), &o) {
		line.fail("no order %s", name)
	}
	value, known := o.ValueOfReturn(int(line.number(number)))
	if !known {
		return "nobody knows what it is worth\n"
	}
	return fmt.Sprintf("it is worth %s %s\n", amountWords(value), o.Account.Currency)
}
