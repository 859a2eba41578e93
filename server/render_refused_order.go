package server

import (
	"strconv"

	"holdfast/engine/core"
)

// A refusal of a command on an order says how the order stands, as far as that is what refused it. Some of that is in the reason. The rest is read once the
// command has been refused, so it may be newer than what refused it, which does a client no harm: it is what the next command will find.

// refusedStatuses are the statuses of orders that reasons give away, so that nothing has to be read for them. Many are refused at once when holds run out.
var refusedStatuses = [...]core.OrderStatus{
	core.ReasonHoldExpired:    core.StatusExpired,
	core.ReasonHoldReleased:   core.StatusReleased,
	core.ReasonOrderCancelled: core.StatusCancelled,
	core.ReasonOrderHeld:      core.StatusHeld,
	core.ReasonHoldLocked:     core.StatusHeld,
	core.ReasonHoldNotLocked:  core.StatusHeld,
}

// refusedOrder reads the order that a command was refused about into the exchange's event; nil where the answer has nothing to say of it, and when it cannot
// be read.
func (s *Server) refusedOrder(x *exchange, r *core.Refusal) *core.OrderImage {
	c := &x.intake.command
	switch r.Reason {
	case core.ReasonHoldConfirmed, core.ReasonOrderCompleted, core.ReasonAlreadyShipped, core.ReasonOrderOnHold, core.ReasonAccountClosed,
		core.ReasonDocumentClosed, core.ReasonPricesSettled, core.ReasonReturnWindow, core.ReasonReturnStatus, core.ReasonReturnDeadline, core.ReasonRefundCurrency, core.ReasonCurrencyMismatch,
		core.ReasonNotSentBack, core.ReasonFulfilmentStatus, core.ReasonPaymentsFull, core.ReasonPaymentNotFound, core.ReasonPriceMissing,
		core.ReasonTotalOutOfRange, core.ReasonShipmentNotFound, core.ReasonReturnNotFound, core.ReasonNotCancellable, core.ReasonNotReturnable,
		core.ReasonReturnUnits, core.ReasonTooManyLines:
	case core.ReasonKitUnits, core.ReasonStockTooLarge, core.ReasonShortOnHand:
		if c.Life == nil || c.Life.Return == nil {
			return nil
		}
	default:
		return nil
	}
	if _, err := s.readOrder(x, r.Order); err != nil {
		return nil
	}
	return &x.event.Order
}

// orderActions are what changes an order, or a hold, by the last names in its paths.
var orderActions = [...]struct {
	name  string
	kinds [2]core.CommandKind
}{
	{"confirm", [2]core.CommandKind{core.CommandConfirmHold}},
	{"extend", [2]core.CommandKind{core.CommandExtendHold}},
	{"lock", [2]core.CommandKind{core.CommandLockHold}},
	{"unlock", [2]core.CommandKind{core.CommandUnlockHold}},
	{"release", [2]core.CommandKind{core.CommandReleaseHold}},
	{"cancel", [2]core.CommandKind{core.CommandCancelOrder, core.CommandCancelLines}},
	{"edits", [2]core.CommandKind{core.CommandEditOrder}},
	{"prices", [2]core.CommandKind{core.CommandPriceOrder}},
	{"put-on-hold", [2]core.CommandKind{core.CommandPutOnHold}},
	{"take-off-hold", [2]core.CommandKind{core.CommandTakeOffHold}},
	{"reroute", [2]core.CommandKind{core.CommandRerouteOrder}},
	{"fulfillments", [2]core.CommandKind{core.CommandWorkFulfilment}},
	{"shipments", [2]core.CommandKind{core.CommandShipOrder}},
	{"tracking", [2]core.CommandKind{core.CommandTrackShipment}},
	{"receive", [2]core.CommandKind{core.CommandTakeBack}},
	{"returns", [2]core.CommandKind{core.CommandRequestReturn}},
	{"payments/requests", [2]core.CommandKind{core.CommandRequestPayment}},
}

// allowsBeside tells whether a status allows a command, and the reason for which another one was refused does too. Returns of closed orders need force.
func allowsBeside(r *core.Refusal, status core.OrderStatus, kind core.CommandKind) bool {
	if !status.Allows(kind) || kind == core.CommandRequestReturn && status == core.StatusClosed {
		return false
	}
	switch r.Reason {
	case core.ReasonHoldLocked:
		return kind == core.CommandConfirmHold || kind == core.CommandUnlockHold
	case core.ReasonHoldNotLocked:
		return kind != core.CommandUnlockHold
	case core.ReasonOrderOnHold:
		return kind != core.CommandShipOrder && (kind != core.CommandRequestPayment || r.OnHold == core.OnHoldPayment)
	case core.ReasonReturnWindow:
		return kind != core.CommandRequestReturn
	case core.ReasonAlreadyShipped:
		return kind != core.CommandCancelOrder
	}
	return true
}

// appendOrderStatus appends what status an order has that a command was refused for, and what changes it in that.
func (s *Server) appendOrderStatus(dst []byte, r *core.Refusal, o *core.OrderImage) []byte {
	status := core.OrderStatus(0)
	if int(r.Reason) < len(refusedStatuses) {
		status = refusedStatuses[r.Reason]
	}
	version := r.Version
	if status == 0 && o != nil {
		status, version = o.Status, o.Version
	}
	if version != 0 {
		dst = appendNumberField(dst, `,"version":`, version)
	}
	if status == 0 {
		return dst
	}
	dst = append(appendTextField(dst, `,"order_status":`, orderStatuses[status]), `,"allowed":[`...)
	if o != nil && status.IsClosed() && s.engine.IsArchived(o.ID) {
		return append(dst, ']')
	}
	n := 0
	for i := range orderActions {
		for _, kind := range orderActions[i].kinds {
			if kind != 0 && allowsBeside(r, status, kind) {
				dst = appendTextField(appendComma(dst, n), "", orderActions[i].name)
				n++
				break
			}
		}
	}
	return append(dst, ']')
}

// appendRefusedOrder appends what a refusal says of the order that the command was about: how it stands, and what would have been right. o is nil when it is
// not known.
func (s *Server) appendRefusedOrder(dst []byte, r *core.Refusal, in *intake, o *core.OrderImage) []byte {
	c := &in.command
	switch r.Reason {
	case core.ReasonHoldExpired, core.ReasonHoldReleased, core.ReasonHoldConfirmed, core.ReasonOrderCancelled, core.ReasonOrderHeld, core.ReasonOrderCompleted,
		core.ReasonAlreadyShipped, core.ReasonOrderOnHold, core.ReasonHoldLocked, core.ReasonHoldNotLocked, core.ReasonAccountClosed, core.ReasonDocumentClosed:
		return s.appendOrderStatus(dst, r, o)
	case core.ReasonReturnWindow:
		if dst = s.appendOrderStatus(dst, r, o); o != nil && o.Life != nil && o.Life.ClosesAt != 0 {
			dst = appendTimeField(dst, `,"return_window_ended_at":`, o.Life.ClosesAt)
		}
	case core.ReasonReturnStatus:
		return appendRefusedReturn(dst, r, c, o)
	case core.ReasonReportAhead:
		return appendErrors(dst, s.reportsAhead(c))
	case core.ReasonNotAllocated, core.ReasonShortOnHand:
		return s.appendRefusedPlace(dst, c)
	}
	if o == nil {
		return dst
	}
	switch r.Reason {
	case core.ReasonFulfilmentStatus:
		dst = appendNumberField(dst, `,"fulfillment":`, refusedFulfilment(c, o))
	case core.ReasonNotSentBack:
		dst = appendNumberField(dst, `,"version":`, o.Version)
		dst = appendTextField(dst, `,"shipment_status":`, shipmentStatuses[o.Life.Shipments[c.Life.Shipment-1].Status])
	case core.ReasonReturnDeadline:
		dst = s.appendReturnDeadline(dst, c.Life.Return, o)
	case core.ReasonRefundCurrency, core.ReasonCurrencyMismatch:
		dst = appendTextField(dst, `,"currency":`, rightCurrency(c, o))
	case core.ReasonPricesSettled:
		if o.Account != nil {
			dst = appendNumberField(dst, `,"payments":`, len(o.Account.Entries))
		}
	case core.ReasonPaymentsFull:
		dst = appendNumberField(dst, `,"payments":`, len(o.Account.Entries))
	case core.ReasonPaymentNotFound:
		dst = appendErrors(dst, knownPayments(c, o))
	case core.ReasonPriceMissing:
		dst = appendErrors(dst, in.missingPrices(o))
	case core.ReasonTotalOutOfRange:
		dst = appendNumberField(dst, `,"requested_amount":`, totalAfter(c.Money, o))
	}
	return dst
}

// appendRefusedReturn appends how a return stands, and what it allows: with its policy, of which a decision about a refund has to take account.
func appendRefusedReturn(dst []byte, r *core.Refusal, c *core.Command, o *core.OrderImage) []byte {
	policy := core.RefundManually
	if o != nil {
		policy = o.Life.Returns[c.Life.Return.Number-1].Terms.Policy
	}
	dst = appendReturnStatus(appendNumberField(dst, `,"version":`, r.Version), r.Return, policy)
	if c.Kind == core.CommandDecideRefund {
		dst = appendTextField(dst, `,"refund_when":`, refundPolicies[policy])
	}
	return dst
}

// appendErrors appends what is wrong with fields of a request that was refused.
func appendErrors(dst []byte, faults []fault) []byte {
	if len(faults) == 0 {
		return dst
	}
	dst = append(dst, `,"errors":[`...)
	for i, f := range faults[:min(len(faults), maxFaults)] {
		dst = appendTextField(appendComma(dst, i), `{"field":`, f.field)
		dst = appendTextField(dst, `,"code":`, f.code)
		dst = append(appendTextField(dst, `,"detail":`, f.detail), '}')
	}
	return append(dst, ']')
}

// reportsAhead finds which reports are of an instant that is far from having come.
func (s *Server) reportsAhead(c *core.Command) (faults []fault) {
	latest := core.Millis(s.engine.Options().Clock()) + core.MaxReportAhead
	check := func(field string, at core.Millis) {
		if at > latest {
			faults = append(faults, fault{codeReportAhead, field, "must be at most a day from now, which is " + string(appendTime(nil, latest))})
		}
	}
	if c.Payment != nil {
		check("at", c.Payment.At)
		return faults
	}
	for i := range c.Life.Reports {
		check("reports["+strconv.Itoa(i)+"].at", c.Life.Reports[i].At)
	}
	return faults
}

// appendRefusedPlace appends the location that units were to leave: main, if the request named none.
func (s *Server) appendRefusedPlace(dst []byte, c *core.Command) []byte {
	switch {
	case c.Life != nil:
		dst = s.appendLocation(append(dst, `,"location":`...), c.Life.Location)
	case c.Reroute != nil:
		dst = s.appendLocation(append(dst, `,"location":`...), c.Reroute.Location)
	}
	return dst
}

// refusedFulfilment is the number of the fulfilment order whose status does not allow a command: of two that were to be merged it may be the other one.
func refusedFulfilment(c *core.Command, o *core.OrderImage) int {
	var scratch core.LifeImage
	life, number := fulfilmentsOf(o, &scratch), c.Life.Fulfilment
	switch {
	case c.Kind == core.CommandMergeFulfilments && life.Fulfilments[number-1].Status.Allows(core.FulfilmentMerge):
		return c.Life.Into
	case number != 0:
		return number
	}
	for i := range life.Fulfilments { // a shipment that names none: the first that lives at its location
		if f := &life.Fulfilments[i]; f.Location == c.Life.Location && f.Status.IsLive() && !f.Status.Allows(core.FulfilmentShip) {
			return i + 1
		}
	}
	return 1
}

// appendReturnDeadline appends which deadline has passed: the one that the request gives, or else the return's own.
func (s *Server) appendReturnDeadline(dst []byte, ask *core.ReturnRequest, o *core.OrderImage) []byte {
	if ask.Until == 0 {
		return appendTimeField(dst, `,"expires_at":`, o.Life.Returns[ask.Number-1].Until)
	}
	now := appendTime(nil, core.Millis(s.engine.Options().Clock()))
	return appendErrors(dst, []fault{{codeReturnDeadline, "expires_at", "must be after now, which is " + string(now)}})
}

// rightCurrency is the one that an amount of a command has to be in.
func rightCurrency(c *core.Command, o *core.OrderImage) string {
	if o.HasMoney() {
		return o.Account.Currency.String()
	}
	return o.Life.Returns[c.Life.Return.Number-1].Terms.Currency.String()
}

// knownPayments says which payments a command could have named.
func knownPayments(c *core.Command, o *core.OrderImage) []fault {
	p, field, what := c.Payment, "of", ""
	wanted := func(e *core.PaymentEntry) bool { return e.Type == p.Type.Owner() }
	switch {
	case p.Entry > 0:
		field, what = "payment", "a task of type "+paymentTypes[p.Type]
		wanted = func(e *core.PaymentEntry) bool { return e.Task && e.Type == p.Type }
	case p.Type.Owner() == 0:
		return []fault{{codePaymentNotFound, field, "must be left out: " + paymentTypes[p.Type] + " belongs to no other payment"}}
	case c.Kind == core.CommandRequestPayment:
		what = "a succeeded payment of type " + paymentTypes[p.Type.Owner()]
		wanted = func(e *core.PaymentEntry) bool {
			return e.Type == p.Type.Owner() && e.Status == core.EntrySucceeded
		}
	default:
		what = "a payment of type " + paymentTypes[p.Type.Owner()]
	}
	says := "must be the number of " + what
	found := ": "
	for i := range o.Account.Entries {
		if wanted(&o.Account.Entries[i]) {
			says += found + strconv.Itoa(i+1)
			found = ", "
		}
	}
	if found == ": " {
		says += ", and the order has none"
	}
	return []fault{{codePaymentNotFound, field, says}}
}

// missingPrices says which lines that an edit adds have no price.
func (in *intake) missingPrices(o *core.OrderImage) (faults []fault) {
	added := in.prices[len(in.prices)-len(in.command.Lines):] // behind those of the order's lines
	for i := range added {
		if !added[i].set {
			faults = append(faults, fault{codePriceMissing, in.lineField(i, "unit_price"), "is required, in " + o.Account.Currency.String()})
		}
	}
	return faults
}

// totalAfter is what an order would cost with an edit.
func totalAfter(m *core.OrderMoney, o *core.OrderImage) int64 {
	total := o.Total() + m.Total()
	if m.Sets {
		total -= o.Account.Extra
	}
	return total
}
