package core_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast/engine/core"
)

// readPrice reads one setting of what an order costs: prices=50.00,9.90 for its lines, extra=4.90, currency=EUR.
func (s *story) readPrice(line *sentence, c *core.Command, name, value string) bool {
	if name != "prices" && name != "extra" && name != "currency" {
		return false
	}
	if c.Money == nil {
		c.Version, c.Money = 2, &core.OrderMoney{Currency: core.Currency{'E', 'U', 'R'}}
	}
	switch name {
	case "prices":
		for _, price := range strings.Split(value, ",") {
			c.Money.Amounts = append(c.Money.Amounts, line.amount(price))
		}
	case "extra":
		c.Money.Extra = line.amount(value)
	case "currency":
		copy(c.Money.Currency[:], value)
	}
	return true
}

// readPriced reads what an order costs from now on: version=1 prices=50.00,9.90 extra=4.90, and document=yes for another document.
func (s *story) readPriced(line *sentence, c *core.Command) {
	c.Kind, c.Order, c.Life = core.CommandPriceOrder, s.order(line.next()), &core.LifeRequest{}
	c.Mask = s.shop.model.OrderMask(c.Order)
	line.settings(func(name, value string) {
		switch name {
		case "document":
			c.Document = []byte(value)
		case "note":
			c.Life.Note = []byte(value)
		default:
			if !s.readPrice(line, c, name, value) {
				line.common(c, name, value)
			}
		}
	})
	c.Version = 1
}

// pricedWords tells what an order costs that has been priced.
func (s *story) pricedWords(e *core.Event, who string) string {
	words := noteWords(e)
	if e.Order.Edited != 0 && e.Order.Edited == e.Sequence {
		words += ", another document"
	}
	out := fmt.Sprintf("priced: %s%s\n", who, words)
	for i, amount := range e.Order.Account.Amounts {
		if e.Order.Lines[i].Role != core.LineOfComponent {
			out += fmt.Sprintf("  line %d costs %s\n", i+1, amountWords(amount))
		}
	}
	return out
}

// amount reads 9.90.
func (l *sentence) amount(value string) int64 {
	if rest, negative := strings.CutPrefix(value, "-"); negative {
		return -l.amount(rest)
	}
	units, cents, _ := strings.Cut(value, ".")
	if len(cents) != 2 && cents != "" {
		l.fail("an amount is written 9.90")
	}
	n, err := strconv.ParseInt(units+(cents + "00")[:2], 10, 64)
	l.check(err)
	return n
}

func amountWords(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

var paymentTypes = [...]string{"", "authorization", "capture", "refund", "void", "chargeback", "adjustment"}

var entryStatuses = [...]string{"", "requested", "action_required", "failed", "succeeded", "reversed"}

var paymentStatuses = [...]string{"no prices", "nothing due", "unpaid", "pending", "authorized", "partially authorized", "paid", "partially paid",
	"partially refunded", "refunded", "voided", "charged back"}

var capturePolicies = [...]string{"manual", "confirm", "shipment"}

// readMoney reads a command about an order's money.
func (s *story) readMoney(line *sentence, c *core.Command) {
	p := &core.PaymentRequest{Currency: core.Currency{'E', 'U', 'R'}, At: s.now}
	c.Payment, c.Order = p, s.order(line.next())
	c.Mask = s.shop.model.OrderMask(c.Order)
	switch line.word {
	case "pay":
		c.Kind = core.CommandReportPayment
		p.Type = core.PaymentType(slices.Index(paymentTypes[:], line.next()))
		p.Status = core.EntryStatus(slices.Index(entryStatuses[:], line.next()))
		p.Amount = line.amount(line.next())
		p.Provider, p.Reference = referenceOf(line.next())
	case "request":
		c.Kind = core.CommandRequestPayment
		p.Type = core.PaymentType(slices.Index(paymentTypes[:], line.next()))
		if amount := line.next(); amount != "all" {
			p.Amount = line.amount(amount)
		} else {
			p.Currency = core.Currency{}
		}
	case "lock":
		c.Kind = core.CommandLockHold
		p.Currency, p.At = core.Currency{}, 0
	case "unlock":
		c.Kind = core.CommandUnlockHold
		p.Currency, p.At = core.Currency{}, 0
	}
	line.settings(func(name, value string) {
		switch name {
		case "at":
			p.At = line.clock(value)
		case "of":
			p.Of = int(line.number(value))
		case "entry":
			p.Entry = int(line.number(value))
		case "currency":
			copy(p.Currency[:], value)
		case "ttl":
			c.TTL = line.duration(value)
		case "for":
			p.Provider, p.Reference = referenceOf(value)
		case "note":
			p.Note = []byte(value)
		default:
			line.common(c, name, value)
		}
	})
}

// referenceOf takes acme/pi-1 apart.
func referenceOf(value string) (provider, reference []byte) {
	p, r, _ := strings.Cut(value, "/")
	return []byte(p), []byte(r)
}

// expireUnpaid does what a host does with orders that were not paid in time.
func (s *story) expireUnpaid(line *sentence) string {
	line.end()
	told := ""
	for slot := range core.Slot(core.SlotCount) {
		s.shop.machine.Unpaid(slot, s.now, 100, func(id core.OrderID, mask core.SlotMask) {
			told += s.execute(line.t, &core.Command{Kind: core.CommandExpireUnpaid, Version: 1, Order: id, Mask: mask}, "")
		})
	}
	if told == "" {
		return "nobody is to be cancelled\n"
	}
	return told
}

// moneyWords tells what is due of an order, and its ledger.
func (s *story) moneyWords(o *core.OrderImage) string {
	var out strings.Builder
	a := o.Account
	if a == nil {
		return ""
	}
	if a.Lock.Until != 0 {
		fmt.Fprintf(&out, "  locked until %s for %s/%s, without that until %s\n", timeWords(a.Lock.Until), a.Lock.Provider, a.Lock.Reference, timeWords(a.Lock.Deadline))
	}
	if !o.HasMoney() {
		return out.String()
	}
	sums := a.Sums()
	fmt.Fprintf(&out, "  costs %s %s, %s due, %s", amountWords(o.Total()), a.Currency, amountWords(o.Due()), paymentStatuses[o.PaymentStatus()])
	for _, sum := range []struct {
		word   string
		amount int64
	}{
		{"authorized", sums.Authorized}, {"captured", sums.Captured}, {"to be captured", sums.Capturing}, {"refunded", sums.Refunded},
		{"to be refunded", sums.Refunding}, {"voided", sums.Voided}, {"to be voided", sums.Voiding}, {"charged back", sums.ChargedBack}, {"adjusted", sums.Adjusted},
	} {
		if sum.amount != 0 {
			fmt.Fprintf(&out, ", %s %s", sum.word, amountWords(sum.amount))
		}
	}
	if due := o.RefundDue(); due != 0 {
		fmt.Fprintf(&out, ", %s to be given back that nobody gives", amountWords(due))
	}
	if a.PayBy != 0 {
		fmt.Fprintf(&out, ", to be paid by %s", timeWords(a.PayBy))
	}
	out.WriteByte('\n')
	for i := range a.Entries {
		fmt.Fprintf(&out, "  %d: %s\n", i+1, entryWords(&a.Entries[i]))
	}
	return out.String()
}

func entryWords(e *core.PaymentEntry) string {
	words := fmt.Sprintf("%s %s %s", paymentTypes[e.Type], amountWords(e.Amount), entryStatuses[e.Status])
	if e.Of != 0 {
		words += fmt.Sprintf(" of %d", e.Of)
	}
	if e.Task {
		words += ", asked for"
	}
	if len(e.Provider) > 0 {
		words += fmt.Sprintf(" (%s)", strings.TrimSpace(string(e.Provider)+" "+string(e.Reference)))
	}
	if len(e.Note) > 0 {
		words += fmt.Sprintf(", note %s", e.Note)
	}
	return words
}

// paymentWords tells of an event about money; the ledger follows it.
func (s *story) paymentWords(e *core.Event, who string) string {
	switch e.Kind {
	case core.EventPaymentReported:
		return fmt.Sprintf("payment %d reported: %s%s\n", e.Payment, who, noteWords(e))
	case core.EventPaymentRequested:
		return fmt.Sprintf("payment %d requested: %s%s\n", e.Payment, who, noteWords(e))
	case core.EventTaskRequested:
		return fmt.Sprintf("to be done: payment %d of %s\n", e.Payment, s.orderName(e.Order.ID))
	case core.EventHoldLocked:
		return fmt.Sprintf("locked: %s%s, until %s\n", who, noteWords(e), timeWords(e.Order.Deadline))
	case core.EventHoldUnlocked:
		return fmt.Sprintf("unlocked: %s%s, until %s\n", who, noteWords(e), timeWords(e.Order.Deadline))
	}
	return fmt.Sprintf("not paid in time, and cancelled: %s\n", who)
}
