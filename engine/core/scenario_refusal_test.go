package core_test

import (
	"fmt"
	"strings"

	"holdfast/engine/core"
)

var reasonWords = map[core.Reason]string{
	core.ReasonSlotsChanged:       "the command must name more slots",
	core.ReasonOrderNotFound:      "no such hold or order",
	core.ReasonVersionConflict:    "version conflict",
	core.ReasonHoldExpired:        "the hold has expired",
	core.ReasonHoldReleased:       "the hold was released",
	core.ReasonHoldConfirmed:      "the hold is an order already",
	core.ReasonOrderCancelled:     "it was cancelled",
	core.ReasonOrderHeld:          "it is a hold, and no order yet",
	core.ReasonNotAllocated:       "the order has not so many there",
	core.ReasonSKUNotFound:        "no such SKU",
	core.ReasonCaseNotFound:       "no such case",
	core.ReasonCaseResolved:       "nothing is left to resolve",
	core.ReasonOwnCase:            "it has a case of its own",
	core.ReasonNotAVictim:         "the order cannot help",
	core.ReasonNothingThere:       "nothing to be had there",
	core.ReasonLocationNotFound:   "no such location",
	core.ReasonChannelNotFound:    "no such channel",
	core.ReasonDuplicateExternal:  "another order has the external id",
	core.ReasonSKUStopped:         "not sold now",
	core.ReasonDuplicateRow:       "two rows for one level",
	core.ReasonStockChanged:       "stock changed",
	core.ReasonStockNegative:      "stock would be negative",
	core.ReasonStockTooLarge:      "stock would be too large",
	core.ReasonLimitPerCustomer:   "limit per customer",
	core.ReasonInsufficientStock:  "insufficient stock",
	core.ReasonNotDeliverable:     "no location that may serve the order has it",
	core.ReasonBookedUp:           "the locations that have it are booked up that day",
	core.ReasonTooManyShipments:   "too many shipments",
	core.ReasonTableFull:          "the table is full",
	core.ReasonSaleNotFound:       "no such sale",
	core.ReasonSaleNotStarted:     "the sale has not started",
	core.ReasonSaleEnded:          "the sale is over",
	core.ReasonSKUNotInSale:       "not in the sale",
	core.ReasonSaleQuota:          "the sale's quota is used up",
	core.ReasonSaleLimit:          "limit of the sale",
	core.ReasonHoldCap:            "too much is held",
	core.ReasonTicketRequired:     "a ticket is required",
	core.ReasonTicketUsed:         "the ticket was used",
	core.ReasonExpiredTooOften:    "too many holds expired",
	core.ReasonWaitlistFull:       "no room on the waitlist",
	core.ReasonStillForSale:       "there is no need to wait",
	core.ReasonPoolOver:           "the pool would have ended already",
	core.ReasonInboundNotFound:    "no such document",
	core.ReasonRecipeChanged:      "the order does not know what the kit is made of",
	core.ReasonKitUnits:           "a kit has no units of its own",
	core.ReasonNestedKit:          "a kit has no kit in it",
	core.ReasonNotAKit:            "it has units of its own, or is part of a kit",
	core.ReasonKitSize:            "too many lines or units with the components of kits",
	core.ReasonKitWaitlist:        "nobody waits for kits",
	core.ReasonKitUpTo:            "kits are not held up to what there is",
	core.ReasonInboundStatus:      "the document's status does not allow that",
	core.ReasonNotASupplier:       "the units come from a location that is no supplier",
	core.ReasonInboundExists:      "another document has the number",
	core.ReasonAlreadyShipped:     "some of it has left",
	core.ReasonShortOnHand:        "so many do not lie there",
	core.ReasonShipmentsFull:      "it has as many shipments as an order may",
	core.ReasonOrderCompleted:     "all of it has arrived",
	core.ReasonShipmentNotFound:   "it has no such shipment",
	core.ReasonNotSentBack:        "so many are not on their way back",
	core.ReasonFulfilmentNotFound: "the location has no such fulfilment order",
	core.ReasonFulfilmentStatus:   "the fulfilment order does not allow that",
	core.ReasonFulfilmentEarly:    "it is scheduled for later",
	core.ReasonFulfilmentUnits:    "the fulfilment order has not so many, or none would be left",
	core.ReasonFulfilmentPlace:    "it is there, or not at the same location",
	core.ReasonFulfilmentMove:     "so many are not there",
	core.ReasonFulfilmentsFull:    "it has as many fulfilment orders as an order may",
	core.ReasonOrderOnHold:        "it is on hold",
	core.ReasonReportAhead:        "a report is of the future",
	core.ReasonHoldLocked:         "a payment is under way",
	core.ReasonHoldNotLocked:      "it is not locked",
	core.ReasonNoAccount:          "nobody knows what it costs",
	core.ReasonCurrencyMismatch:   "it costs another currency",
	core.ReasonPaymentNotFound:    "no such payment",
	core.ReasonPaymentChanged:     "the payment is known, and another one",
	core.ReasonRefundTooLarge:     "more would be given back than came in",
	core.ReasonPaymentTooLarge:    "so much is not there",
	core.ReasonPaymentsFull:       "the ledger is full",
	core.ReasonPricesSettled:      "payments or returns go by its prices",
	core.ReasonReturnWindow:       "the return window is over",
	core.ReasonReturnNotFound:     "it has no such return",
	core.ReasonReturnStatus:       "the return's status does not allow that",
	core.ReasonReturnDeadline:     "the deadline is over",
	core.ReasonNotReturnable:      "not so many can be sent back",
	core.ReasonReturnUnits:        "the return has not so many",
	core.ReasonRefundCurrency:     "the return has amounts in another currency",
	core.ReasonDecisionTooLarge:   "more would be given back than is left of what came in",
	core.ReasonDocumentClosed:     "it has left memory, and nothing is written beside it any more",
	core.ReasonRefundsFull:        "it has as many refunds as a return may",
	core.ReasonReturnsFull:        "it has as many returns as an order may",
	core.ReasonOrderLine:          "the order has no such line",
	core.ReasonVersionRequired:    "an edit says which version it is of",
	core.ReasonNothingLeft:        "nothing would be left of it; it is to be cancelled instead",
	core.ReasonPriceMissing:       "it does not say what the lines cost",
	core.ReasonTotalOutOfRange:    "it would cost less than nothing, or too much",
	core.ReasonTooManyLines:       "it would have too many lines",
	core.ReasonEditInSale:         "orders of a sale get no more units",
	core.ReasonWaitsAlready:       "it waits for more of it already, and others wait behind",
	core.ReasonNotCancellable:     "not so many are left to cancel",
	core.ReasonInboundLine:        "the document has no such line",
	core.ReasonInboundQuantity:    "so many are not open",
	core.ReasonTooManyLots:        "too many lots of one SKU are on their way",
}

// isAboutOrder tells whether a version that a command of the kind is refused with is that of its order.
func isAboutOrder(kind core.CommandKind) bool {
	return kind >= core.CommandConfirmHold && kind <= core.CommandCancelOrder || kind == core.CommandRerouteOrder || kind == core.CommandResolveCase
}

func (s *story) refusalWords(c *core.Command, r *core.Refusal) string {
	var out strings.Builder
	fmt.Fprintf(&out, "refused: %s", reasonWords[r.Reason])
	if r.Reason == core.ReasonVersionConflict && r.Version == 0 {
		fmt.Fprintf(&out, " (it is not there)")
	} else if r.Version != 0 && (!isAboutOrder(c.Kind) && c.Life == nil && c.Payment == nil || c.Resolution != nil && r.Reason == core.ReasonVersionConflict) {
		fmt.Fprintf(&out, " (it is at version %d", r.Version)
		if r.Status != 0 {
			fmt.Fprintf(&out, ", %s", inboundStatusWords(c.Inbound.Kind, r.Status))
		}
		out.WriteByte(')')
	} else if r.Version != 0 {
		fmt.Fprintf(&out, " (%s is at version %d)", s.orderName(r.Order), r.Version)
	} else if r.Reason == core.ReasonDuplicateExternal {
		fmt.Fprintf(&out, " (%s)", s.orderName(r.Order))
	}
	switch r.Reason {
	case core.ReasonHoldLocked:
		fmt.Fprintf(&out, " (until %s)", timeWords(r.At))
	case core.ReasonSaleNotStarted, core.ReasonSaleEnded:
		fmt.Fprintf(&out, " (%s)", timeWords(r.At))
	case core.ReasonFulfilmentStatus:
		fmt.Fprintf(&out, ": it is %s", fulfilmentWords[r.Fulfilment])
	case core.ReasonFulfilmentEarly:
		fmt.Fprintf(&out, " (%s)", timeWords(r.At))
	case core.ReasonOrderOnHold:
		fmt.Fprintf(&out, " for %s", onHoldWords(r.OnHold))
	case core.ReasonReturnStatus:
		fmt.Fprintf(&out, " (%s)", returnStatusWords[r.Return])
	case core.ReasonSaleLimit:
		fmt.Fprintf(&out, " (by %s)", identityWords[r.Identity])
	}
	out.WriteByte('\n')
	for _, l := range r.Lines {
		if c.Kind == core.CommandReceiveInbound {
			fmt.Fprintf(&out, "  row %d: %s, %d told, %d there\n", l.Index+1, s.skuName(l.SKU), l.Requested, l.Available)
			continue
		}
		if len(c.Moves) > 0 {
			fmt.Fprintf(&out, "  row %d: %s at %s, %d there, would be %d\n",
				l.Index+1, s.skuName(l.SKU), s.locationName(l.Location), l.Available, l.Requested)
			continue
		}
		if r.Reason == core.ReasonDecisionTooLarge {
			fmt.Fprintf(&out, "  %s asked for, %s there\n", amountWords(int64(l.Requested)), amountWords(int64(l.Available)))
			continue
		}
		if c.Payment != nil {
			fmt.Fprintf(&out, "  payment %d: %s asked for, %s there\n", l.Index+1, amountWords(int64(l.Requested)), amountWords(int64(l.Available)))
			continue
		}
		if c.Kind == core.CommandTakeBack {
			fmt.Fprintf(&out, "  line %d: %s, %d to take back, %d on their way\n", l.Index+1, s.skuName(l.SKU), l.Requested, l.Available)
			continue
		}
		if c.Life != nil && c.Life.Return != nil {
			fmt.Fprintf(&out, "  row %d: %s, %d told, %d there are\n", l.Index+1, s.skuName(l.SKU), l.Requested, l.Available)
			continue
		}
		if c.Kind == core.CommandShipOrder {
			fmt.Fprintf(&out, "  line %d: %s at %s, %d to ship, %d there\n",
				l.Index+1, s.skuName(l.SKU), s.locationName(l.Location), l.Requested, l.Available)
			continue
		}
		if c.Resolution != nil {
			fmt.Fprintf(&out, "  %s, %d left to resolve, %d to be had\n", s.skuName(l.SKU), l.Requested, l.Available)
			continue
		}
		if c.Reroute != nil {
			fmt.Fprintf(&out, "  line %d: %s at %s, %d to move, %d there\n",
				l.Index+1, s.skuName(l.SKU), s.locationName(l.Location), l.Requested, l.Available)
			continue
		}
		if len(c.Rows) > 0 {
			fmt.Fprintf(&out, "  row %d: %s at %s, %d on hand, would be %d\n",
				l.Index+1, s.skuName(l.SKU), s.locationName(l.Location), l.Available, l.Requested)
			continue
		}
		fmt.Fprintf(&out, "  line %d: %s, %d wanted, %d to be had\n", l.Index+1, s.skuName(l.SKU), l.Requested, l.Available)
	}
	return out.String()
}
