package server

import (
	"strconv"

	"holdfast/engine/core"
)

// refusalDetails say in words what a reason means, where title and lines leave a question open.
var refusalDetails = [...]string{
	core.ReasonOrderNotFound:      "no hold or order has this id",
	core.ReasonVersionConflict:    "the version is not the one in If-Match",
	core.ReasonHoldExpired:        "the hold's deadline has passed, its units are back on sale",
	core.ReasonHoldReleased:       "the hold was released, its units are back on sale",
	core.ReasonHoldConfirmed:      "the hold is an order already: cancel that instead",
	core.ReasonOrderCancelled:     "the order was cancelled",
	core.ReasonOrderHeld:          "it is a hold, and no order yet: units of holds do not move",
	core.ReasonAlreadyShipped:     "some of the order has left: cancel what is still here, by lines",
	core.ReasonFulfilmentNotFound: "the location has no fulfillment order of this number: look at the order's fulfillments",
	core.ReasonFulfilmentStatus:   "the status of the fulfillment order does not allow this",
	core.ReasonFulfilmentEarly:    "the fulfillment order is scheduled for later: release it first",
	core.ReasonFulfilmentUnits:    "the fulfillment order has fewer units, or all of them would be left, or none",
	core.ReasonFulfilmentPlace:    "a fulfillment order is moved to another location than its own, and merged with another one of the same",
	core.ReasonFulfilmentMove:     "the location that it is to be moved to has not all of its units",
	core.ReasonFulfilmentsFull:    "an order has at most " + strconv.Itoa(core.MaxFulfilments) + " fulfillment orders: ship or merge some",
	core.ReasonOrderOnHold:        "the order is on hold: nothing of it leaves until it is taken off hold",
	core.ReasonShortOnHand:        "fewer units lie at the location, and can be sold, than are to leave: count them",
	core.ReasonShipmentsFull:      "an order has at most " + strconv.Itoa(core.MaxShipments) + " shipments",
	core.ReasonOrderCompleted:     "all of the order has arrived: nothing of it can be changed",
	core.ReasonShipmentNotFound:   "the order has no shipment of this number",
	core.ReasonNotSentBack:        "units of a shipment are received back once it is returned_to_sender, and no more than are still out",
	core.ReasonReportAhead:        "a report is of more than a day from now: the clock of who sent it is wrong",
	core.ReasonReturnWindow:       "the order's return window is over: customer service may go beyond it with force, while the order has not been archived",
	core.ReasonReturnNotFound:     "the order has no return of this number",
	core.ReasonReturnStatus:       "the return's status, or its refund_when, does not allow this",
	core.ReasonReturnDeadline:     "expires_at of the return has passed already",
	core.ReasonNotReturnable:      "so many units of the line were not delivered, or are in returns already",
	core.ReasonReturnUnits:        "the return has fewer units of the line that are still to come, or in quality control",
	core.ReasonRefundCurrency:     "a return has amounts in one currency, that of its order where that has prices",
	core.ReasonDecisionTooLarge:   "less is left of what was captured, without what was refunded, is about to be, or was decided",
	core.ReasonRefundsFull:        "a return has at most " + strconv.Itoa(core.MaxRefunds) + " refunds",
	core.ReasonReturnsFull:        "an order has at most " + strconv.Itoa(core.MaxReturns) + " returns",
	core.ReasonHoldLocked:         "a payment is under way, until locked_until at most: confirm the hold, or unlock it",
	core.ReasonHoldNotLocked:      "the hold is not locked, or no longer",
	core.ReasonDocumentClosed:     "the order was closed long ago, and has left memory with its tags and metadata: what is written now can be a note",
	core.ReasonAccountClosed:      "the order was closed long ago, and has left memory with its account: what is reported without If-Match is kept beside it",
	core.ReasonNoAccount:          "the order was placed without prices: nobody knows what is due of it",
	core.ReasonCurrencyMismatch:   "the amount is in another currency than the order's prices",
	core.ReasonPaymentNotFound:    "the order has no payment of this number, or not one that this could belong to",
	core.ReasonPaymentChanged:     "provider, reference and type are known with another amount, or as another payment",
	core.ReasonRefundTooLarge:     "more would have been refunded, or be about to, than was captured",
	core.ReasonPaymentTooLarge:    "so much is not there to be captured, refunded or made void",
	core.ReasonPricesSettled:      "payments or returns go by the order's prices already, or it replaces what another order sends back: then the difference is due of that",
	core.ReasonPaymentsFull: "an order has at most " + strconv.Itoa(core.MaxPayments) + " payments, with room among them for the voids and refunds that its end may need, and " +
		"no more than " + strconv.Itoa(core.MaxAttempts) + " authorizations and captures that were reported and have not succeeded",
	core.ReasonOrderLine:       "the order has no such line, or it is one of components: those are cancelled with their kits",
	core.ReasonNotCancellable:  "so many units are not left of the line, or nothing is",
	core.ReasonVersionRequired: "an edit names in If-Match the version of the order that it is of, as GET and the preview give it",
	core.ReasonPriceMissing:    "the order has prices: say the unit_price of each line that is added",
	core.ReasonTotalOutOfRange: "with the edit the order would cost requested_amount, or its shipping, tax and discount would come to more than an order may: 0 to " +
		strconv.Itoa(core.MaxAmount),
	core.ReasonNothingLeft:  "nothing of the order would be left: cancel it instead",
	core.ReasonTooManyLines: "with the components of its kits an order may have 500 lines, those of which all was removed among them",
	core.ReasonEditInSale:   "nothing is added to an order of a sale: place another order",
	core.ReasonWaitsAlready: "the order waits for units of the SKU already, and others wait behind it: place another order for those, or remove what waits in " +
		"the same edit, and all of it waits behind the others",
	core.ReasonNotAllocated:      "the order has fewer units at the location than are to move, or none",
	core.ReasonCaseNotFound:      "no oversold case has this id",
	core.ReasonCaseResolved:      "nothing of the case is left to resolve",
	core.ReasonOwnCase:           "the order has an open case of its own of the SKU: resolve that",
	core.ReasonNotAVictim:        "the order has no units of the SKU that others could use, or waits for none: look at the case's victims",
	core.ReasonNothingThere:      "the location has no units of the SKU, or live pools may still sell them",
	core.ReasonDuplicateExternal: "another order of the channel has this external_id",
	core.ReasonDuplicateRow:      "two rows adjust the same SKU at the same location",
	core.ReasonStockChanged:      "the units there are not the expected ones",
	core.ReasonStockNegative:     "a row would leave less than nothing on hand, or in a state",
	core.ReasonStockTooLarge:     "a row would leave more than 1000000000000 units on hand",
	core.ReasonLimitPerCustomer:  "the customer would have more units than limit_per_customer of the SKU allows, with those in its holds and orders",
	core.ReasonInsufficientStock: "there are not so many units to be had",
	core.ReasonSKUStopped:        "the SKU is stopped: nothing of it is sold until the merchant lets it go on",
	core.ReasonSaleLimit:         "the buyer would have more units than the sale allows, known by what identity names",
	core.ReasonPoolOver:          "ends_at of the pool has passed already",
	core.ReasonNotDeliverable:    "the units lie where the order cannot be shipped from",
	core.ReasonBookedUp:          "the locations that could ship the order have as many orders as they can ship that day",
	core.ReasonTooManyShipments:  "no way was found to ship the order from as few locations as max_shipments of GET /v1/routing allows",
	core.ReasonKitUnits:          "a kit has no units of its own: those of its components count",
	core.ReasonNestedKit:         "a component is a kit itself, and kits are not made of kits",
	core.ReasonNotAKit:           "the SKU has units in stock, promised, on their way or set apart, a rule in a channel, or is a component of a kit",
	core.ReasonKitSize:           "with the components of its kits an order may have 500 lines, and a line 1000000000 units",
	core.ReasonKitWaitlist:       "nobody waits for kits of a sale: wait for what they are made of, or ask again later",
	core.ReasonKitUpTo:           "up_to is not for kits: ask for as many as there are",
	core.ReasonTableFull:         "no number is left for another SKU, location, channel, sale or document",
	core.ReasonSaleNotStarted:    "the sale has not begun: starts_at says when it does",
	core.ReasonSaleEnded:         "the sale is over: ends_at says since when",
	core.ReasonSKUNotInSale:      "the sale does not sell this SKU",
	core.ReasonSaleQuota:         "the sale has sold, or holds, as much as it may",
	core.ReasonHoldCap:           "as much as may be held at once in the sale is held: ask again later, or order at once",
	core.ReasonTicketRequired:    "the sale has a queue: take a ticket and wait until it is let in",
	core.ReasonTicketUsed:        "a hold or an order was made with this ticket",
	core.ReasonWaitlistFull:      "all places of the sale's waitlist_capacity are taken",
	core.ReasonStillForSale:      "units are left: order them",
	core.ReasonExpiredTooOften:   "so many holds of the customer in this sale expired that it gets no more: order at once",
	core.ReasonInboundNotFound:   "no purchase order or transfer has this number",
	core.ReasonInboundExists:     "another purchase order, or transfer, has this number",
	core.ReasonInboundStatus:     "its status does not allow this",
	core.ReasonInboundLine:       "a row names a line that is not there, or a SKU that no line has",
	core.ReasonInboundQuantity: "a row tells of more units than are open; units over come when all others have, and are at most as many as the " +
		"line's quantity",
	core.ReasonTooManyLots:  "no more than 1000 lines with one SKU may be on their way",
	core.ReasonNotASupplier: "supplier_location must be a location of kind supplier",
}

// appendRefusal appends the problem that tells of a refusal of the intake's command. o is the order that it was about, nil where refusedOrder gives none.
func (s *Server) appendRefusal(dst []byte, r *core.Refusal, how *submission, in *intake, o *core.OrderImage) []byte {
	c := &in.command
	dst = appendProblemHead(dst, refusalKind(r.Reason, how.onHold), s.refusalDetail(r, c, o))
	switch r.Reason {
	case core.ReasonDuplicateExternal:
		dst = append(dst, `,"order_id":"`...)
		dst = appendID(dst, s.engine.PublicOrderID(r.Order))
		dst = append(dst, '"')
	case core.ReasonVersionConflict, core.ReasonVersionRequired:
		dst = appendNumberField(dst, `,"version":`, r.Version)
	case core.ReasonInboundStatus:
		dst = appendNumberField(dst, `,"version":`, r.Version)
		dst = appendInboundStatus(dst, c.Inbound.Kind, r.Status)
	case core.ReasonFulfilmentStatus:
		dst = appendNumberField(dst, `,"version":`, r.Version)
		dst = appendAllowed(appendTextField(dst, `,"fulfillment_status":`, fulfilmentStates[r.Fulfilment]), r.Fulfilment)
	case core.ReasonFulfilmentEarly:
		dst = appendTimeField(dst, `,"scheduled_at":`, r.At)
	case core.ReasonOrderOnHold:
		dst = appendOnHold(dst, r.OnHold)
	case core.ReasonHoldLocked:
		dst = appendTimeField(dst, `,"locked_until":`, r.At)
	case core.ReasonPaymentChanged, core.ReasonRefundTooLarge, core.ReasonPaymentTooLarge:
		return append(appendRefusedPayment(dst, r), '}')
	case core.ReasonDecisionTooLarge:
		return append(appendRefusedAmount(dst, &r.Lines[0]), '}')
	case core.ReasonSaleNotStarted:
		dst = appendTimeField(dst, `,"starts_at":`, r.At)
	case core.ReasonSaleEnded:
		dst = appendTimeField(dst, `,"ends_at":`, r.At)
	case core.ReasonSaleLimit:
		dst = appendTextField(dst, `,"identity":`, identityNames[r.Identity])
		dst = appendNumberField(dst, `,"requested":`, r.Lines[0].Requested)
		dst = appendNumberField(dst, `,"available":`, r.Lines[0].Available)
		return append(dst, '}') // the units are those of all lines
	}
	dst = s.appendRefusedOrder(dst, r, in, o)
	if refusesRows(r, in, o); len(r.Lines) > 0 {
		dst = s.appendRefusedLines(dst, r, how.inState, s.hidesUnits(r.Reason, c))
	}
	return append(dst, '}')
}

// hidesUnits reports whether a refusal must not say how many units there are, as it goes to a channel that is shown none.
func (s *Server) hidesUnits(reason core.Reason, c *core.Command) bool {
	switch reason {
	case core.ReasonInsufficientStock, core.ReasonNotDeliverable, core.ReasonBookedUp, core.ReasonSaleQuota, core.ReasonHoldCap, core.ReasonStillForSale,
		core.ReasonWaitsAlready:
		return (c.Kind == core.CommandPlaceOrder || c.Kind == core.CommandPlaceHold || c.Kind == core.CommandJoinWaitlist || c.Kind == core.CommandEditOrder) && s.engine.ShowsBands(c.Channel)
	}
	return false
}

// aboutRows reports whether the refused lines are rows of a change of stock.
func aboutRows(reason core.Reason) bool {
	switch reason {
	case core.ReasonStockChanged, core.ReasonStockNegative, core.ReasonStockTooLarge, core.ReasonDuplicateRow:
		return true
	}
	return false
}

func (s *Server) appendRefusedLines(dst []byte, r *core.Refusal, inState, hidesUnits bool) []byte {
	units := `,"on_hand":`
	if inState {
		units = `,"in_state":`
	}
	dst = append(dst, `,"lines":[`...)
	for i := range r.Lines {
		line := &r.Lines[i]
		dst = appendNumberField(appendComma(dst, i), `{"index":`, line.Index)
		switch {
		case r.Reason == core.ReasonSKUNotFound || r.Reason == core.ReasonLocationNotFound || r.Reason == core.ReasonInboundLine:
		case r.Reason == core.ReasonKitUnits || r.Reason == core.ReasonNestedKit:
			dst = s.appendSKU(append(dst, `,"sku":`...), line.SKU)
		case aboutRows(r.Reason):
			dst = s.appendSKU(append(dst, `,"sku":`...), line.SKU)
			dst = s.appendLocation(append(dst, `,"location":`...), line.Location)
			dst = appendNumberField(dst, `,"requested":`, line.Requested)
			dst = appendNumberField(dst, units, line.Available)
		default:
			dst = s.appendSKU(append(dst, `,"sku":`...), line.SKU)
			if line.Requested != 0 { // else all were asked for
				dst = appendNumberField(dst, `,"requested":`, line.Requested)
			}
			if !hidesUnits {
				dst = appendNumberField(dst, `,"available":`, max(line.Available, 0))
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
