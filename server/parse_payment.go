package server

import (
	"strconv"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// providerRule and referenceRule are for the names of payment providers, and for what they call a payment.
var (
	providerRule = textRule{1, core.MaxProviderLength, func(c []byte) bool { return codec.ValidReference(c, core.MaxProviderLength) },
		"must be 1 to 32 bytes of printable characters without spaces"}
	referenceRule = textRule{1, core.MaxReferenceLength, func(c []byte) bool { return codec.ValidReference(c, core.MaxReferenceLength) },
		"must be 1 to 128 bytes of printable characters without spaces"}
)

// parsePayment reads the body of POST /v1/orders/{order}/payments: what a provider reports.
func (in *intake) parsePayment(body []byte) {
	p := in.beginPayment(core.CommandReportPayment, body)
	if in.object() {
		var has struct{ typ, status, amount, at bool }
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "type":
				has.typ, p.Type = true, core.PaymentType(in.oneOf(paymentTypes[:]))
			case string(name) == "status":
				has.status, p.Status = true, core.EntryStatus(in.oneOf(entryStatuses[:]))
			case string(name) == "amount":
				has.amount = true
				in.paymentAmount(p, -core.MaxAmount)
			case string(name) == "at":
				has.at, p.At = true, in.instant()
			case string(name) == "payment":
				p.Entry = int(in.integer(1, core.MaxPayments))
			case !in.paymentField(p, name):
				in.unknown()
			}
		}
		in.require(has.typ, "type")
		in.require(has.status, "status")
		in.require(has.amount, "amount")
		in.require(has.at, "at")
		in.require(p.Provider != nil, "provider")
		in.require(p.Reference != nil, "reference")
		if p.Amount <= 0 && (p.Type != core.PaymentAdjustment || p.Amount == 0) && len(in.faults) == 0 {
			in.fault(codeOutOfRange, "amount.amount", "must be 1 to "+strconv.Itoa(core.MaxAmount)+"; only an adjustment may be less than 0")
		}
	}
	in.end()
}

func (in *intake) beginPayment(kind core.CommandKind, body []byte) *core.PaymentRequest {
	in.begin(kind, body)
	p := &core.PaymentRequest{}
	in.command.Payment = p
	return p
}

// require finds fault with a field that is not there. After another fault it says nothing, as the field may have been the cause.
func (in *intake) require(has bool, field string) {
	if !has && len(in.faults) == 0 {
		in.missing(field)
	}
}

// paymentField reads a field that several commands about payments have, if it is one.
func (in *intake) paymentField(p *core.PaymentRequest, name []byte) bool {
	switch string(name) {
	case "provider":
		p.Provider = in.text(&providerRule)
	case "reference":
		p.Reference = in.text(&referenceRule)
	case "of":
		p.Of = int(in.integer(1, core.MaxPayments))
	default:
		return in.paymentNote(p, name)
	}
	return true
}

func (in *intake) paymentNote(p *core.PaymentRequest, name []byte) bool {
	switch string(name) {
	case "note":
		p.Note = in.text(&reasonRule)
	case "actor":
		in.command.Actor = in.text(&reasonRule)
	default:
		return false
	}
	return true
}

// paymentAmount reads an amount from so much on, with its currency.
func (in *intake) paymentAmount(p *core.PaymentRequest, least int64) {
	if !in.object() {
		return
	}
	var hasAmount, hasCurrency bool
	for in.more() {
		switch string(in.name()) {
		case "amount":
			p.Amount, hasAmount = in.integer(least, core.MaxAmount), true
		case "currency":
			hasCurrency = true
			copy(p.Currency[:], in.text(&currencyRule))
		default:
			in.unknown()
		}
	}
	in.require(hasAmount, "amount")
	in.require(hasCurrency, "currency")
}

// parseTask reads the body of POST /v1/orders/{order}/payments/requests.
func (in *intake) parseTask(body []byte) {
	p := in.beginPayment(core.CommandRequestPayment, body)
	if in.object() {
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "type":
				p.Type = core.PaymentType(in.oneOf(taskTypes[:]))
			case string(name) == "amount":
				in.paymentAmount(p, 1)
			case string(name) == "of":
				p.Of = int(in.integer(1, core.MaxPayments))
			case !in.paymentNote(p, name):
				in.unknown()
			}
		}
		in.require(p.Type != 0, "type")
	}
	in.end()
}

// taskTypes are what somebody can ask for, by number.
var taskTypes = [...]string{core.PaymentCapture: "capture", core.PaymentRefund: "refund", core.PaymentVoid: "void"}

// parseCompletion reads the body of POST /v1/orders/{order}/payments/{payment}/complete.
func (in *intake) parseCompletion(body []byte) {
	p := in.beginPayment(core.CommandReportPayment, body)
	if in.object() {
		hasTime := false
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "status":
				p.Status = core.EntryStatus(in.oneOf(entryStatuses[:]))
			case string(name) == "at":
				hasTime, p.At = true, in.instant()
			case string(name) == "provider":
				p.Provider = in.text(&providerRule)
			case string(name) == "reference":
				p.Reference = in.text(&referenceRule)
			case !in.paymentNote(p, name):
				in.unknown()
			}
		}
		in.require(p.Status != 0, "status")
		in.require(p.Reference != nil, "reference")
		in.require(hasTime, "at")
	}
	in.end()
}

// parseLock reads the body of POST /v1/holds/{hold}/lock.
func (in *intake) parseLock(body []byte) {
	p := in.beginPayment(core.CommandLockHold, body)
	if in.object() {
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "ttl_seconds":
				in.command.TTL = core.Millis(in.integer(int64(core.MinTTL/1000), int64(core.MaxTTL/1000))) * 1000
			case string(name) == "provider":
				p.Provider = in.text(&providerRule)
			case string(name) == "reference":
				p.Reference = in.text(&referenceRule)
			case !in.paymentNote(p, name):
				in.unknown()
			}
		}
		in.require(in.command.TTL != 0, "ttl_seconds")
		in.require(p.Provider != nil, "provider")
		in.require(p.Reference != nil, "reference")
	}
	in.end()
}

// parseUnlock reads the body of POST /v1/holds/{hold}/unlock.
func (in *intake) parseUnlock(body []byte) {
	p := in.beginPayment(core.CommandUnlockHold, body)
	if in.object() {
		for in.more() {
			if !in.paymentNote(p, in.name()) {
				in.unknown()
			}
		}
	}
	in.end()
}
