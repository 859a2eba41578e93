package server

import (
	"holdfast/engine/core"
	"holdfast/engine/replica"
)

// The codes of problems. Clients branch on them: a code is never renamed, and its status never
// changes. The table problemKinds and the OpenAPI document list the same ones, which a test checks.
const (
	// The request cannot be read (400).
	codeMalformedRequest      = "malformed_request"
	codeMalformedJSON         = "malformed_json"
	codeMalformedBatch        = "malformed_batch"
	codeDuplicateField        = "duplicate_field"
	codeUnknownField          = "unknown_field"
	codeMissingField          = "missing_field"
	codeWrongType             = "wrong_type"
	codeInvalidQuery          = "invalid_query"
	codeInvalidHeader         = "invalid_header"
	codeInvalidIdempotencyKey = "invalid_idempotency_key"

	// The request can be read, and says what is not allowed (422).
	codeOutOfRange           = "out_of_range"
	codeInvalidLength        = "invalid_length"
	codeInvalidCharacters    = "invalid_characters"
	codeChannelNotFound      = "channel_not_found"
	codeDuplicateRow         = "duplicate_row"
	codeDuplicateItem        = "duplicate_item"
	codeIdempotencyKeyReused = "idempotency_key_reused"

	// What it names does not exist (404; a name inside the body of a write is 422).
	codeNotFound         = "not_found"
	codeSKUNotFound      = "sku_not_found"
	codeLocationNotFound = "location_not_found"
	codeOrderNotFound    = "order_not_found"
	codeHoldNotFound     = "hold_not_found"
	codeRouteNotFound    = "route_not_found"
	codeReaderNotFound   = "reader_not_found"
	codeTicketNotFound   = "ticket_not_found"
	codeSaleNotFound     = "sale_not_found"
	codeInboundNotFound  = "inbound_not_found"
	codePlaceNotFound    = "place_not_found"
	codeCustomerNotFound = "customer_not_found"
	codeCaseNotFound     = "case_not_found"

	codeCheckpointNotFound  = "checkpoint_not_found"
	codeChannelRuleNotFound = "channel_rule_not_found"
	codeKitNotFound         = "kit_not_found"

	// The state says no (409, 412).
	codeVersionConflict     = "version_conflict"
	codeHoldExpired         = "hold_expired"
	codeHoldReleased        = "hold_released"
	codeHoldConfirmed       = "hold_confirmed"
	codeOrderCancelled      = "order_cancelled"
	codeOrderHeld           = "order_held"
	codeFulfillmentNotFound = "fulfillment_not_found"
	codeFulfillmentStatus   = "fulfillment_status"
	codeFulfillmentEarly    = "fulfillment_scheduled"
	codeFulfillmentUnits    = "fulfillment_units"
	codeFulfillmentPlace    = "fulfillment_place"
	codeFulfillmentMove     = "fulfillment_not_there"
	codeFulfillmentsFull    = "fulfillments_full"
	codeOrderOnHold         = "order_on_hold"
	codeNotAllocated        = "not_allocated"
	codeAlreadyShipped      = "already_shipped"
	codeShortOnHand         = "short_on_hand"
	codeShipmentsFull       = "shipments_full"
	codeOrderCompleted      = "order_completed"
	codeShipmentNotFound    = "shipment_not_found"
	codeNotSentBack         = "not_returned_to_sender"
	codeReportAhead         = "report_ahead"
	codeReturnWindow        = "return_window_over"
	codeReturnNotFound      = "return_not_found"
	codeReturnStatus        = "return_status"
	codeReturnDeadline      = "return_deadline_over"
	codeNotReturnable       = "not_returnable"
	codeReturnUnits         = "return_units"
	codeRefundCurrency      = "refund_currency"
	codeRefundsFull         = "too_many_refunds"
	codeReturnsFull         = "too_many_returns"
	codeOrderLine           = "order_line_not_found"

	codeHoldLocked       = "hold_locked"
	codeHoldNotLocked    = "hold_not_locked"
	codeAccountClosed    = "account_closed"
	codeOrderArchived    = "order_archived"
	codeNoAccount        = "no_account"
	codeCurrencyMismatch = "currency_mismatch"
	codePaymentNotFound  = "payment_not_found"
	codePaymentChanged   = "payment_amount_changed"
	codeRefundTooLarge   = "refund_exceeds_captured"
	codePaymentTooLarge  = "payment_not_possible"
	codePaymentsFull     = "payments_full"
	codePricesSettled    = "prices_settled"
	codeTotalMismatch    = "total_mismatch"

	codeNotCancellable        = "not_cancellable"
	codeVersionRequired       = "version_required"
	codeNothingLeft           = "nothing_left"
	codeTooManyLines          = "too_many_lines"
	codeEditInSale            = "order_in_sale"
	codeWaitsAlready          = "waits_already"
	codePriceMissing          = "price_missing"
	codeTotalOutOfRange       = "total_out_of_range"
	codeCaseResolved          = "case_resolved"
	codeNotAVictim            = "not_a_victim"
	codeNothingThere          = "nothing_there"
	codeOwnCase               = "own_case"
	codeDuplicateExternalID   = "duplicate_external_id"
	codeStockChanged          = "stock_changed"
	codeStockNegative         = "stock_negative"
	codeStockTooLarge         = "stock_too_large"
	codeLimitPerCustomer      = "limit_per_customer_exceeded"
	codeInsufficientStock     = "insufficient_stock"
	codeSKUStopped            = "sku_stopped"
	codeSaleNotStarted        = "sale_not_started"
	codeSaleEnded             = "sale_ended"
	codeSKUNotInSale          = "sku_not_in_sale"
	codeSaleQuota             = "sale_quota_exhausted"
	codeSaleLimit             = "sale_limit_exceeded"
	codeHoldCap               = "hold_cap_reached"
	codeTicketRequired        = "ticket_required"
	codeTicketUsed            = "ticket_used"
	codeExpiredTooOften       = "expired_too_often"
	codeInboundStatus         = "inbound_status"
	codeInboundExists         = "inbound_exists"
	codeInboundLine           = "inbound_line_not_found"
	codeInboundQuantity       = "inbound_quantity"
	codeNotASupplier          = "not_a_supplier"
	codeTooManyLots           = "too_many_lots"
	codeNotDeliverable        = "not_deliverable"
	codeCapacity              = "daily_capacity_exhausted"
	codeTooManyShipments      = "too_many_shipments"
	codeWaitlistFull          = "waitlist_full"
	codeStillForSale          = "still_for_sale"
	codeTableFull             = "table_full"
	codePoolOver              = "pool_over"
	codeSKUIsKit              = "sku_is_kit"
	codeComponentIsKit        = "component_is_kit"
	codeCannotBeKit           = "cannot_be_kit"
	codeKitTooLarge           = "kit_too_large"
	codeKitUpTo               = "kit_up_to"
	codeKitWaitlist           = "kit_waitlist"
	codeIdempotencyInProgress = "idempotency_in_progress"
	codeNoQueue               = "no_queue"
	codeQueueFull             = "queue_full"
	codeTicketInvalid         = "ticket_invalid"
	codeTicketExpired         = "ticket_expired"
	codeReaderKind            = "reader_kind_conflict"
	codeTooManyReaders        = "too_many_readers"
	codeOtherHistory          = replica.CodeOtherHistory
	codeReplicaAhead          = replica.CodeAhead
	codeOldEpoch              = replica.CodeOldEpoch
	codeEventsAhead           = "events_ahead"
	codeAlreadyPrimary        = "already_primary"

	// HTTP says no.
	codeMethodNotAllowed = "method_not_allowed"
	codeRequestTimeout   = "request_timeout"
	codeJournalCut       = replica.CodeCut
	codeEventsCut        = "events_cut"
	codeNotPrimary       = "not_primary"
	codeBodyTooLarge     = "body_too_large"
	codeBatchTooLarge    = "batch_too_large"
	codeUnsupportedMedia = "unsupported_media_type"
	codeHeaderTooLarge   = "header_too_large"

	// What a link to an order's status says no to.
	codeLinkInvalid = "status_link_invalid"
	codeLinkExpired = "status_link_expired"

	// The server cannot (5xx).
	codeInternal     = "internal_error"
	codeOverloaded   = "overloaded"
	codeNotReached   = "sequence_not_reached"
	codeSearch       = "search_not_ready"
	codeRecovering   = "recovering"
	codeUnavailable  = "unavailable"
	codeJournalWrong = "journal_failed"
	codeCatchingUp   = "replica_catching_up"
	codeDiverged     = "replica_diverged"
)

// problemKind is what all problems of one code share.
type problemKind struct {
	code   string
	status int
	title  string
}

// Kinds that have a status of their own when a write's body names what does not exist.
var (
	kindSKUInBody      = problemKind{codeSKUNotFound, 422, "No such SKU"}
	kindLocationInBody = problemKind{codeLocationNotFound, 422, "No such location"}
	kindOrderInBody    = problemKind{codeOrderNotFound, 422, "No such order"}
	kindSaleInBody     = problemKind{codeSaleNotFound, 422, "No such sale"}
)

// problemKinds lists every problem that the server can answer.
var problemKinds = []problemKind{
	{codeMalformedRequest, 400, "Malformed HTTP request"},
	{codeMalformedJSON, 400, "Malformed JSON"},
	{codeMalformedBatch, 400, "Malformed batch"},
	{codeDuplicateField, 400, "Field given twice"},
	{codeUnknownField, 400, "Unknown field"},
	{codeMissingField, 400, "Missing field"},
	{codeWrongType, 400, "Value of the wrong type"},
	{codeInvalidQuery, 400, "Invalid query parameter"},
	{codeInvalidHeader, 400, "Invalid header"},
	{codeInvalidIdempotencyKey, 400, "Invalid Idempotency-Key"},
	{codeOutOfRange, 422, "Value out of range"},
	{codeInvalidLength, 422, "Value too short or too long"},
	{codeInvalidCharacters, 422, "Value with characters that are not allowed"},
	{codeChannelNotFound, 422, "No such channel"},
	{codeDuplicateRow, 422, "Level adjusted twice"},
	{codeDuplicateItem, 422, "Item named twice"},
	{codeIdempotencyKeyReused, 422, "Idempotency-Key used for another request"},
	{codeNotFound, 404, "No such resource"},
	{codeSKUNotFound, 404, "No such SKU"},
	{codeLocationNotFound, 404, "No such location"},
	{codeOrderNotFound, 404, "No such order"},
	{codeHoldNotFound, 404, "No such hold"},
	{codeRouteNotFound, 404, "Not routed"},
	{codeReaderNotFound, 404, "No such reader"},
	{codeTicketNotFound, 404, "No such ticket"},
	{codeSaleNotFound, 404, "No such sale"},
	{codeInboundNotFound, 404, "No such purchase order or transfer"},
	{codePlaceNotFound, 404, "No such place"},
	{codeCustomerNotFound, 404, "No such customer"},
	{codeCaseNotFound, 404, "No such oversold case"},
	{codeCheckpointNotFound, 404, "No such checkpoint"},
	{codeChannelRuleNotFound, 404, "No such rule"},
	{codeKitNotFound, 404, "Not a kit"},
	{codeVersionConflict, 412, "Version conflict"},
	{codeHoldExpired, 409, "Hold expired"},
	{codeHoldReleased, 409, "Hold released"},
	{codeHoldConfirmed, 409, "Hold is an order already"},
	{codeOrderCancelled, 409, "Order cancelled"},
	{codeOrderHeld, 409, "Still a hold"},
	{codeFulfillmentNotFound, 404, "No such fulfillment order"},
	{codeFulfillmentStatus, 409, "Not in this status"},
	{codeFulfillmentEarly, 409, "Scheduled for later"},
	{codeFulfillmentUnits, 409, "Not so many units in it"},
	{codeFulfillmentPlace, 409, "Not at another, or not at the same location"},
	{codeFulfillmentMove, 409, "Not so many units there"},
	{codeFulfillmentsFull, 409, "Too many fulfillment orders"},
	{codeOrderOnHold, 409, "Order on hold"},
	{codeNotAllocated, 409, "Not so many units allocated there"},
	{codeAlreadyShipped, 409, "Already shipped"},
	{codeShortOnHand, 409, "Too few units on hand"},
	{codeShipmentsFull, 409, "Too many shipments"},
	{codeOrderCompleted, 409, "Order completed"},
	{codeShipmentNotFound, 404, "No such shipment"},
	{codeNotSentBack, 409, "Not returned to the sender"},
	{codeReportAhead, 409, "Report of the future"},
	{codeReturnWindow, 409, "Return window is over"},
	{codeReturnNotFound, 404, "No such return"},
	{codeReturnStatus, 409, "Not in this status of the return"},
	{codeReturnDeadline, 409, "Deadline is over"},
	{codeNotReturnable, 409, "Not so many units to send back"},
	{codeReturnUnits, 409, "Not so many units in the return"},
	{codeRefundCurrency, 409, "Return has another currency"},
	{codeRefundsFull, 409, "Too many refunds"},
	{codeReturnsFull, 409, "Too many returns"},
	{codeOrderLine, 409, "No such line"},
	{codeHoldLocked, 409, "Payment under way"},
	{codeHoldNotLocked, 409, "Not locked"},
	{codeAccountClosed, 409, "Account closed"},
	{codeOrderArchived, 409, "Order archived"},
	{codeNoAccount, 409, "Order without prices"},
	{codeCurrencyMismatch, 422, "Another currency"},
	{codePaymentNotFound, 404, "No such payment"},
	{codePaymentChanged, 409, "Known as another payment"},
	{codeRefundTooLarge, 409, "More refunded than captured"},
	{codePaymentTooLarge, 409, "Not so much to be had"},
	{codePaymentsFull, 409, "Too many payments"},
	{codePricesSettled, 409, "Prices are settled"},
	{codeTotalMismatch, 422, "Totals do not add up"},
	{codeNotCancellable, 409, "Not so many units left to cancel"},
	{codeVersionRequired, 428, "Version required"},
	{codeNothingLeft, 409, "Nothing left"},
	{codeTooManyLines, 409, "Too many lines"},
	{codeEditInSale, 409, "Order of a sale"},
	{codeWaitsAlready, 409, "Waits already"},
	{codePriceMissing, 422, "Price missing"},
	{codeTotalOutOfRange, 422, "Total out of range"},
	{codeCaseResolved, 409, "Nothing left to resolve"},
	{codeNotAVictim, 409, "Order cannot help"},
	{codeNothingThere, 409, "Nothing to be had there"},
	{codeOwnCase, 409, "Has a case of its own"},
	{codeDuplicateExternalID, 409, "External id taken"},
	{codeStockChanged, 409, "Stock changed"},
	{codeStockNegative, 409, "Stock would fall below zero"},
	{codeStockTooLarge, 409, "Stock would exceed its limit"},
	{codeLimitPerCustomer, 409, "Limit per customer exceeded"},
	{codeInsufficientStock, 409, "Insufficient stock"},
	{codeSKUStopped, 409, "Not sold now"},
	{codeSaleNotStarted, 409, "Sale not started"},
	{codeSaleEnded, 409, "Sale ended"},
	{codeSKUNotInSale, 409, "Not in the sale"},
	{codeSaleQuota, 409, "Quota of the sale used up"},
	{codeSaleLimit, 409, "Limit of the sale exceeded"},
	{codeHoldCap, 409, "Too much is held"},
	{codeTicketRequired, 409, "Ticket required"},
	{codeTicketUsed, 409, "Ticket used"},
	{codeExpiredTooOften, 409, "Too many holds expired"},
	{codeInboundStatus, 409, "Not in this status"},
	{codeInboundExists, 409, "Number taken"},
	{codeInboundLine, 409, "No such line"},
	{codeInboundQuantity, 409, "Other units than are open"},
	{codeNotASupplier, 409, "Location is no supplier"},
	{codeTooManyLots, 409, "Too much on its way"},
	{codeNotDeliverable, 409, "No location can deliver it"},
	{codeCapacity, 409, "No location can ship it that day"},
	{codeTooManyShipments, 409, "Split over too many locations"},
	{codeWaitlistFull, 409, "No room on the waitlist"},
	{codeStillForSale, 409, "Still for sale"},
	{codeTableFull, 409, "No room for another"},
	{codeNoQueue, 409, "Sale without a queue"},
	{codeQueueFull, 409, "Queue full"},
	{codeTicketInvalid, 409, "Ticket not valid"},
	{codeTicketExpired, 409, "Ticket expired"},
	{codePoolOver, 409, "Pool would have ended already"},
	{codeSKUIsKit, 409, "Kit without units of its own"},
	{codeComponentIsKit, 409, "Kit in a kit"},
	{codeCannotBeKit, 409, "Cannot be a kit"},
	{codeKitTooLarge, 409, "Too much in kits"},
	{codeKitUpTo, 409, "Kits are held whole"},
	{codeKitWaitlist, 409, "No waitlist for kits"},
	{codeIdempotencyInProgress, 409, "First request still running"},
	{codeReaderKind, 409, "Reader of something else"},
	{codeTooManyReaders, 409, "No room for another reader"},
	{codeOtherHistory, 409, "Another history"},
	{codeReplicaAhead, 409, "Ahead of this server"},
	{codeOldEpoch, 409, "Epoch of this server is over"},
	{codeEventsAhead, 409, "Ahead of this server"},
	{codeAlreadyPrimary, 409, "Primary already"},
	{codeMethodNotAllowed, 405, "Method not allowed"},
	{codeRequestTimeout, 408, "Request took too long to arrive"},
	{codeJournalCut, 410, "Cut off"},
	{codeEventsCut, 410, "Cut off"},
	{codeBodyTooLarge, 413, "Body too large"},
	{codeBatchTooLarge, 413, "Batch too large"},
	{codeNotPrimary, 421, "Not the primary"},
	{codeUnsupportedMedia, 415, "Unsupported media type"},
	{codeHeaderTooLarge, 431, "Headers too large"},
	{codeLinkInvalid, 403, "Not a link of this shop"},
	{codeLinkExpired, 410, "Link expired"},
	{codeInternal, 500, "Internal error"},
	{codeOverloaded, 503, "Overloaded"},
	{codeNotReached, 503, "Sequence not reached yet"},
	{codeSearch, 503, "Search not ready"},
	{codeRecovering, 503, "Recovering"},
	{codeUnavailable, 503, "Not available"},
	{codeJournalWrong, 503, "Journal failed"},
	{codeCatchingUp, 503, "Replica not caught up yet"},
	{codeDiverged, 503, "Replica differs from its primary"},
}

// kindOf finds the kind of a code; every code has one.
func kindOf(code string) problemKind {
	for _, kind := range problemKinds {
		if kind.code == code {
			return kind
		}
	}
	return kindOf(codeInternal)
}

// refusalKinds says how each of the core's reasons is answered. A reason that never leaves the engine
// is an internal error here.
var refusalKinds = [...]problemKind{
	core.ReasonNone:               kindOf(codeInternal),
	core.ReasonSlotsChanged:       kindOf(codeInternal),
	core.ReasonOrderNotFound:      kindOf(codeOrderNotFound),
	core.ReasonVersionConflict:    kindOf(codeVersionConflict),
	core.ReasonHoldExpired:        kindOf(codeHoldExpired),
	core.ReasonHoldReleased:       kindOf(codeHoldReleased),
	core.ReasonHoldConfirmed:      kindOf(codeHoldConfirmed),
	core.ReasonOrderCancelled:     kindOf(codeOrderCancelled),
	core.ReasonOrderHeld:          kindOf(codeOrderHeld),
	core.ReasonFulfilmentNotFound: kindOf(codeFulfillmentNotFound),
	core.ReasonFulfilmentStatus:   kindOf(codeFulfillmentStatus),
	core.ReasonFulfilmentEarly:    kindOf(codeFulfillmentEarly),
	core.ReasonFulfilmentUnits:    kindOf(codeFulfillmentUnits),
	core.ReasonFulfilmentPlace:    kindOf(codeFulfillmentPlace),
	core.ReasonFulfilmentMove:     kindOf(codeFulfillmentMove),
	core.ReasonFulfilmentsFull:    kindOf(codeFulfillmentsFull),
	core.ReasonOrderOnHold:        kindOf(codeOrderOnHold),
	core.ReasonNotAllocated:       kindOf(codeNotAllocated),
	core.ReasonAlreadyShipped:     kindOf(codeAlreadyShipped),
	core.ReasonShortOnHand:        kindOf(codeShortOnHand),
	core.ReasonShipmentsFull:      kindOf(codeShipmentsFull),
	core.ReasonOrderCompleted:     kindOf(codeOrderCompleted),
	core.ReasonShipmentNotFound:   kindOf(codeShipmentNotFound),
	core.ReasonNotSentBack:        kindOf(codeNotSentBack),
	core.ReasonReportAhead:        kindOf(codeReportAhead),
	core.ReasonReturnWindow:       kindOf(codeReturnWindow),
	core.ReasonReturnNotFound:     kindOf(codeReturnNotFound),
	core.ReasonReturnStatus:       kindOf(codeReturnStatus),
	core.ReasonReturnDeadline:     kindOf(codeReturnDeadline),
	core.ReasonNotReturnable:      kindOf(codeNotReturnable),
	core.ReasonReturnUnits:        kindOf(codeReturnUnits),
	core.ReasonRefundCurrency:     kindOf(codeRefundCurrency),
	core.ReasonDecisionTooLarge:   kindOf(codeRefundTooLarge),
	core.ReasonRefundsFull:        kindOf(codeRefundsFull),
	core.ReasonReturnsFull:        kindOf(codeReturnsFull),
	core.ReasonOrderLine:          kindOf(codeOrderLine),
	core.ReasonHoldLocked:         kindOf(codeHoldLocked),
	core.ReasonHoldNotLocked:      kindOf(codeHoldNotLocked),
	core.ReasonAccountClosed:      kindOf(codeAccountClosed),
	core.ReasonDocumentClosed:     kindOf(codeOrderArchived),
	core.ReasonNoAccount:          kindOf(codeNoAccount),
	core.ReasonCurrencyMismatch:   kindOf(codeCurrencyMismatch),
	core.ReasonPaymentNotFound:    kindOf(codePaymentNotFound),
	core.ReasonPaymentChanged:     kindOf(codePaymentChanged),
	core.ReasonRefundTooLarge:     kindOf(codeRefundTooLarge),
	core.ReasonPaymentTooLarge:    kindOf(codePaymentTooLarge),
	core.ReasonPaymentsFull:       kindOf(codePaymentsFull),
	core.ReasonPricesSettled:      kindOf(codePricesSettled),
	core.ReasonNotCancellable:     kindOf(codeNotCancellable),
	core.ReasonVersionRequired:    kindOf(codeVersionRequired),
	core.ReasonNothingLeft:        kindOf(codeNothingLeft),
	core.ReasonTooManyLines:       kindOf(codeTooManyLines),
	core.ReasonEditInSale:         kindOf(codeEditInSale),
	core.ReasonWaitsAlready:       kindOf(codeWaitsAlready),
	core.ReasonPriceMissing:       kindOf(codePriceMissing),
	core.ReasonTotalOutOfRange:    kindOf(codeTotalOutOfRange),
	core.ReasonCaseNotFound:       kindOf(codeCaseNotFound),
	core.ReasonCaseResolved:       kindOf(codeCaseResolved),
	core.ReasonNotAVictim:         kindOf(codeNotAVictim),
	core.ReasonNothingThere:       kindOf(codeNothingThere),
	core.ReasonOwnCase:            kindOf(codeOwnCase),
	core.ReasonSKUNotFound:        kindSKUInBody,
	core.ReasonLocationNotFound:   kindLocationInBody,
	core.ReasonChannelNotFound:    kindOf(codeChannelNotFound),
	core.ReasonDuplicateExternal:  kindOf(codeDuplicateExternalID),
	core.ReasonDuplicateRow:       kindOf(codeDuplicateRow),
	core.ReasonStockChanged:       kindOf(codeStockChanged),
	core.ReasonStockNegative:      kindOf(codeStockNegative),
	core.ReasonStockTooLarge:      kindOf(codeStockTooLarge),
	core.ReasonLimitPerCustomer:   kindOf(codeLimitPerCustomer),
	core.ReasonInsufficientStock:  kindOf(codeInsufficientStock),
	core.ReasonSKUStopped:         kindOf(codeSKUStopped),
	core.ReasonNotDeliverable:     kindOf(codeNotDeliverable),
	core.ReasonBookedUp:           kindOf(codeCapacity),
	core.ReasonTooManyShipments:   kindOf(codeTooManyShipments),
	core.ReasonTableFull:          kindOf(codeTableFull),
	core.ReasonSaleNotFound:       kindSaleInBody,
	core.ReasonSaleNotStarted:     kindOf(codeSaleNotStarted),
	core.ReasonSaleEnded:          kindOf(codeSaleEnded),
	core.ReasonSKUNotInSale:       kindOf(codeSKUNotInSale),
	core.ReasonSaleQuota:          kindOf(codeSaleQuota),
	core.ReasonSaleLimit:          kindOf(codeSaleLimit),
	core.ReasonHoldCap:            kindOf(codeHoldCap),
	core.ReasonTicketRequired:     kindOf(codeTicketRequired),
	core.ReasonTicketUsed:         kindOf(codeTicketUsed),
	core.ReasonExpiredTooOften:    kindOf(codeExpiredTooOften),
	core.ReasonPoolOver:           kindOf(codePoolOver),
	core.ReasonKitUnits:           kindOf(codeSKUIsKit),
	core.ReasonNestedKit:          kindOf(codeComponentIsKit),
	core.ReasonNotAKit:            kindOf(codeCannotBeKit),
	core.ReasonKitSize:            kindOf(codeKitTooLarge),
	core.ReasonKitUpTo:            kindOf(codeKitUpTo),
	core.ReasonKitWaitlist:        kindOf(codeKitWaitlist),
	core.ReasonRecipeChanged:      kindOf(codeInternal),
	core.ReasonInboundNotFound:    kindOf(codeInboundNotFound),
	core.ReasonInboundExists:      kindOf(codeInboundExists),
	core.ReasonInboundStatus:      kindOf(codeInboundStatus),
	core.ReasonInboundLine:        kindOf(codeInboundLine),
	core.ReasonInboundQuantity:    kindOf(codeInboundQuantity),
	core.ReasonTooManyLots:        kindOf(codeTooManyLots),
	core.ReasonNotASupplier:       kindOf(codeNotASupplier),
	core.ReasonWaitlistFull:       kindOf(codeWaitlistFull),
	core.ReasonStillForSale:       kindOf(codeStillForSale),
}

// refusalKind is how a refusal is answered; onHold chooses between the two names of an unknown id.
func refusalKind(reason core.Reason, onHold bool) problemKind {
	if reason == core.ReasonOrderNotFound && onHold {
		return kindOf(codeHoldNotFound)
	}
	if int(reason) >= len(refusalKinds) {
		return kindOf(codeInternal)
	}
	return refusalKinds[reason]
}
