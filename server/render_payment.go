package server

import "holdfast/engine/core"

// paymentTypes are the names of the types of payments, by number.
var paymentTypes = [...]string{
	core.PaymentAuthorization: "authorization",
	core.PaymentCapture:       "capture",
	core.PaymentRefund:        "refund",
	core.PaymentVoid:          "void",
	core.PaymentChargeback:    "chargeback",
	core.PaymentAdjustment:    "adjustment",
}

// entryStatuses are the names of where a payment is, by number.
var entryStatuses = [...]string{
	core.EntryRequested:      "requested",
	core.EntryActionRequired: "action_required",
	core.EntryFailed:         "failed",
	core.EntrySucceeded:      "succeeded",
	core.EntryReversed:       "reversed",
}

// paymentStatuses are the names of what an order's payment comes to, by number.
var paymentStatuses = [...]string{
	core.PaymentNothingDue:          "nothing_due",
	core.PaymentUnpaid:              "unpaid",
	core.PaymentPending:             "pending",
	core.PaymentAuthorized:          "authorized",
	core.PaymentPartiallyAuthorized: "partially_authorized",
	core.PaymentPaid:                "paid",
	core.PaymentPartiallyPaid:       "partially_paid",
	core.PaymentPartiallyRefunded:   "partially_refunded",
	core.PaymentRefunded:            "refunded",
	core.PaymentVoided:              "voided",
	core.PaymentChargedBack:         "charged_back",
}

// capturePolicies are the names of when what is authorized is captured, by number.
var capturePolicies = [...]string{core.CaptureManual: "manual", core.CaptureConfirm: "confirm", core.CaptureShipment: "shipment"}

// appendMoney appends what an order costs, what was paid of it, and until when it may be: nothing of an order without prices.
func appendMoney(dst []byte, o *core.OrderImage, document *orderDocument) []byte {
	if o.Account == nil {
		return dst
	}
	if lock := &o.Account.Lock; lock.Until != 0 {
		dst = appendTimeField(dst, `,"locked_until":`, lock.Until)
	}
	if !o.HasMoney() {
		return dst
	}
	dst = appendTextField(dst, `,"payment_status":`, paymentStatuses[o.PaymentStatus()])
	dst = appendAmounts(append(dst, `,"amounts":`...), o, document)
	if o.Account.PayBy != 0 {
		dst = appendTimeField(dst, `,"pay_by":`, o.Account.PayBy)
	}
	return dst
}

// appendAmounts appends what an order costs, what that is made of beside its lines, and what was paid of it.
func appendAmounts(dst []byte, o *core.OrderImage, document *orderDocument) []byte {
	sums := o.Account.Sums()
	dst = appendTextField(dst, `{"currency":`, o.Account.Currency.String())
	dst = appendNumberField(dst, `,"total":`, o.Total())
	dst = appendNumberField(dst, `,"due":`, o.Due())
	dst = appendNumberField(dst, `,"authorized":`, sums.Authorized)
	dst = appendNumberField(dst, `,"captured":`, sums.Captured)
	dst = appendNumberField(dst, `,"refunded":`, sums.Refunded)
	for _, sum := range [...]struct {
		name   string
		amount int64
	}{
		{`,"to_capture":`, sums.Capturing}, {`,"to_refund":`, sums.Refunding}, {`,"refund_due":`, o.RefundDue()}, {`,"to_void":`, sums.Voiding}, {`,"voided":`, sums.Voided},
		{`,"charged_back":`, sums.ChargedBack}, {`,"adjusted":`, sums.Adjusted},
	} {
		if sum.amount != 0 {
			dst = appendNumberField(dst, sum.name, sum.amount)
		}
	}
	if document != nil && len(document.amounts) > 2 {
		dst = append(append(dst, `,"given":`...), document.amounts...)
	}
	return append(dst, '}')
}

// appendLineMoneyOf appends what a line costs in all, and what that is made of.
func appendLineMoneyOf(dst []byte, o *core.OrderImage, line, asked int, document *orderDocument) []byte {
	if !o.HasMoney() {
		return dst
	}
	if document != nil && asked < len(document.lineMoney) && len(document.lineMoney[asked]) > 2 && document.lineMoney[asked][0] == '{' {
		members := document.lineMoney[asked]
		dst = append(append(dst, ','), members[1:len(members)-1]...)
	}
	return appendAmountField(dst, `,"total":`, o, o.Account.Amounts[line])
}

// appendAmountField appends an amount in an order's currency.
func appendAmountField(dst []byte, name string, o *core.OrderImage, amount int64) []byte {
	dst = appendNumberField(append(dst, name...), `{"amount":`, amount)
	return append(appendTextField(dst, `,"currency":`, o.Account.Currency.String()), '}')
}

// appendPayment appends a payment of an order.
func appendPayment(dst []byte, o *core.OrderImage, number int) []byte {
	e := &o.Account.Entries[number-1]
	dst = appendNumberField(dst, `{"number":`, number)
	dst = appendTextField(dst, `,"type":`, paymentTypes[e.Type])
	dst = appendTextField(dst, `,"status":`, entryStatuses[e.Status])
	dst = appendAmountField(dst, `,"amount":`, o, e.Amount)
	if e.Of != 0 {
		dst = appendNumberField(dst, `,"of":`, e.Of)
	}
	dst = appendBoolField(dst, `,"task":`, e.Task)
	if e.Decided {
		dst = appendNumberField(dst, `,"return":`, decidedFor(o, e.Created))
	}
	if len(e.Provider) > 0 {
		dst = appendTextField(dst, `,"provider":`, e.Provider)
	}
	if len(e.Reference) > 0 {
		dst = appendTextField(dst, `,"reference":`, e.Reference)
	}
	if e.At != 0 {
		dst = appendTimeField(dst, `,"at":`, e.At)
	}
	if len(e.Note) > 0 {
		dst = appendTextField(dst, `,"note":`, e.Note)
	}
	return append(appendTimeField(dst, `,"created_at":`, e.CreatedAt), '}')
}

// appendLate appends a report as it came, on a payment of an order that had left memory.
func appendLate(dst []byte, p *core.PaymentRequest) []byte {
	dst = appendTextField(dst, `{"type":`, paymentTypes[p.Type])
	dst = appendTextField(dst, `,"status":`, entryStatuses[p.Status])
	dst = appendNumberField(append(dst, `,"amount":`...), `{"amount":`, p.Amount)
	dst = append(appendTextField(dst, `,"currency":`, p.Currency.String()), '}')
	if p.Entry != 0 {
		dst = appendNumberField(dst, `,"payment":`, p.Entry)
	}
	if p.Of != 0 {
		dst = appendNumberField(dst, `,"of":`, p.Of)
	}
	dst = appendTextField(dst, `,"provider":`, p.Provider)
	dst = appendTextField(dst, `,"reference":`, p.Reference)
	return append(appendTimeField(dst, `,"at":`, p.At), '}')
}

// decidedFor is the number of the return that a command decided on a refund for.
func decidedFor(o *core.OrderImage, decided core.Sequence) (number int) {
	o.Life.EachReturn(func(n int, _ *core.ReturnImage, _ []core.ReturnLine, refunds []core.RefundImage) {
		for i := range refunds {
			if refunds[i].Decided == decided {
				number = n
			}
		}
	})
	return number
}

// paymentType is the type of an event about a payment: payment.capture.succeeded.
func paymentType(ev *core.Event) string {
	e := &ev.Order.Account.Entries[ev.Payment-1]
	status := e.Status
	if ev.Kind != core.EventPaymentReported {
		status = core.EntryRequested
	}
	return "payment." + paymentTypes[e.Type] + "." + entryStatuses[status]
}

// eventType is what an event is called.
func eventType(ev *core.Event) string {
	switch ev.Kind {
	case core.EventPaymentReported, core.EventPaymentRequested, core.EventTaskRequested:
		return paymentType(ev)
	case core.EventReturnDecided:
		return decisionType(ev)
	}
	return eventTypes[ev.Kind]
}

// appendPaid appends what an event says of the money of its order.
func appendPaid(dst []byte, ev *core.Event) []byte {
	switch ev.Kind {
	case core.EventPaymentReported, core.EventPaymentRequested, core.EventTaskRequested:
		dst = appendPayment(append(dst, `,"payment":`...), &ev.Order, ev.Payment)
	case core.EventOrderUnpaid:
		return append(dst, `,"cause":"unpaid"`...)
	}
	if ev.Kind == core.EventTaskRequested {
		return dst
	}
	return appendNoted(dst, ev)
}

// appendRefusedPayment appends which amount was refused, and the one that there is.
func appendRefusedPayment(dst []byte, r *core.Refusal) []byte {
	line := &r.Lines[0]
	return appendRefusedAmount(appendNumberField(dst, `,"payment":`, line.Index+1), line)
}

func appendRefusedAmount(dst []byte, line *core.RefusedLine) []byte {
	if line.Requested != 0 {
		dst = appendNumberField(dst, `,"requested_amount":`, line.Requested)
	}
	return appendNumberField(dst, `,"available_amount":`, max(0, line.Available))
}
