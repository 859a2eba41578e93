package codec

import (
	"slices"

	"holdfast/engine/core"
)

// knownReason tells whether a refusal can have a reason.
func knownReason(r core.Reason) bool {
	return r >= core.ReasonSlotsChanged && r <= core.ReasonSKUStopped || r == core.ReasonPoolOver || r == core.ReasonKitWaitlist || isOfSale(r) ||
		r >= core.ReasonVersionRequired && r <= core.ReasonTotalOutOfRange ||
		r >= core.ReasonCaseNotFound && r <= core.ReasonOwnCase ||
		r >= core.ReasonNotAKit && r <= core.ReasonNestedKit ||
		r >= core.ReasonInboundNotFound && r <= core.ReasonNotASupplier ||
		r >= core.ReasonNotDeliverable && r <= core.ReasonNotAllocated || r == core.ReasonBookedUp ||
		r >= core.ReasonAlreadyShipped && r <= core.ReasonAccountClosed ||
		r >= core.ReasonReturnWindow && r <= core.ReasonRefundsFull || r >= core.ReasonDecisionTooLarge && r <= core.ReasonPricesSettled ||
		r >= core.ReasonFulfilmentNotFound && r <= core.ReasonFulfilmentsFull
}

// isOfSale tells whether a refusal of a reason says more, as it is about a sale.
func isOfSale(r core.Reason) bool {
	return r >= core.ReasonSaleNotFound && r <= core.ReasonStillForSale
}

// AppendRefusal appends a refusal.
func AppendRefusal(dst []byte, r *core.Refusal) []byte {
	dst = append(dst, byte(r.Reason))
	dst = appendUvarint(dst, uint64(r.Order))
	dst = appendUvarint(dst, uint64(r.Version))
	if isOfSale(r.Reason) {
		dst = append(appendUvarint(dst, uint64(r.At)), byte(r.Identity))
	}
	if r.Reason == core.ReasonHoldLocked {
		dst = appendUvarint(dst, uint64(r.At))
	}
	if r.Reason == core.ReasonInboundStatus {
		dst = append(dst, byte(r.Status))
	}
	if r.Reason == core.ReasonFulfilmentStatus {
		dst = append(dst, byte(r.Fulfilment))
	}
	if r.Reason == core.ReasonFulfilmentEarly {
		dst = appendUvarint(dst, uint64(r.At))
	}
	if r.Reason == core.ReasonOrderOnHold {
		dst = append(dst, byte(r.OnHold))
	}
	if r.Reason == core.ReasonReturnStatus {
		dst = append(dst, byte(r.Return))
	}
	dst = appendUvarint(dst, uint64(len(r.Lines)))
	for i := range r.Lines {
		l := &r.Lines[i]
		dst = appendUvarint(dst, uint64(l.Index))
		dst = appendUvarint(dst, uint64(l.SKU))
		dst = appendUvarint(dst, uint64(l.Location))
		dst = appendSigned(dst, l.Requested)
		dst = appendSigned(dst, l.Available)
	}
	return dst
}

// DecodeRefusal reads the refusal that src begins with into r, all of which is overwritten, and gives
// its length. The lines reuse their room.
func DecodeRefusal(src []byte, r *core.Refusal) (int, error) {
	const shortest = 5
	c := cursor{buf: src}
	r.Reason = core.Reason(c.byte())
	if !knownReason(r.Reason) {
		c.fail(0, "unknown reason")
	}
	r.Order = core.OrderID(c.uvarint())
	r.Version = c.version()
	r.At, r.Identity, r.Status, r.OnHold, r.Return, r.Fulfilment = 0, 0, 0, 0, 0, 0
	if isOfSale(r.Reason) {
		r.At = c.millis()
		at := c.pos
		if r.Identity = core.IdentityKind(c.byte()); r.Identity >= core.IdentityKinds {
			c.fail(at, "unknown kind of identity")
		}
	}
	if r.Reason == core.ReasonHoldLocked {
		r.At = c.millis()
	}
	if r.Reason == core.ReasonInboundStatus {
		r.Status = c.inboundStatus()
	}
	if r.Reason == core.ReasonFulfilmentStatus {
		at := c.pos
		if r.Fulfilment = core.FulfilmentStatus(c.byte()); r.Fulfilment < core.FulfilmentOpen || r.Fulfilment > core.LastFulfilmentStatus {
			c.fail(at, "unknown status of a fulfilment order")
		}
	}
	if r.Reason == core.ReasonFulfilmentEarly {
		r.At = c.millis()
	}
	if r.Reason == core.ReasonOrderOnHold {
		r.OnHold = c.onHold()
	}
	if r.Reason == core.ReasonReturnStatus {
		r.Return = c.returnStatus()
	}
	n := c.count(0, max(core.MaxLines, core.MaxRows), shortest, "refused lines are more than 500")
	r.Lines = slices.Grow(r.Lines[:0], n)[:n]
	for i := range r.Lines {
		l := &r.Lines[i]
		l.Index = int(c.upTo(max(core.MaxLines, core.MaxRows)-1, "index is above 499"))
		l.SKU = c.sku()
		l.Location = c.location()
		l.Requested = c.signed()
		l.Available = c.signed()
	}
	return c.done()
}
