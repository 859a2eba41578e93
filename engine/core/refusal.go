package core

// Reason is why a command was refused; ReasonNone means that it was done.
//
// Reasons are listed in order of precedence: when several apply, the first is given. The numbers are
// in binary answers and must not change, so a new reason is placed in the list by its rank but takes
// the next free number.
type Reason uint8

const (
	ReasonNone               Reason = 0
	ReasonSlotsChanged       Reason = 1   // the mask does not cover the order: ask again (never leaves the engine)
	ReasonOrderNotFound      Reason = 2   // no such hold or order
	ReasonOrderArchived      Reason = 19  // it has left memory: ask the archive (never leaves the engine)
	ReasonVersionConflict    Reason = 3   // the order's version is not the expected one
	ReasonVersionRequired    Reason = 120 // an edit does not say which version of the order it is of
	ReasonHoldExpired        Reason = 4   // its deadline has passed
	ReasonHoldReleased       Reason = 5   // it was released
	ReasonHoldConfirmed      Reason = 6   // it is an order already
	ReasonOrderCancelled     Reason = 7   // it was cancelled
	ReasonOrderCompleted     Reason = 83  // all of it has arrived
	ReasonOrderHeld          Reason = 27  // it is a hold, and no order yet
	ReasonOrderOnHold        Reason = 84  // the order is on hold: nothing of it leaves
	ReasonAlreadyShipped     Reason = 80  // some of the order has left
	ReasonOrderLine          Reason = 81  // a row names no line of the order, or one of components
	ReasonNotCancellable     Reason = 82  // a row names more units than are left of the line, or nothing is left
	ReasonPriceMissing       Reason = 125 // lines are added to an order with prices, and the edit does not say what they cost
	ReasonTotalOutOfRange    Reason = 126 // with the edit an order would cost less than nothing, or more than may be
	ReasonNothingLeft        Reason = 121 // an edit would leave nothing of the order, which is to be cancelled instead
	ReasonShipmentNotFound   Reason = 86  // the order has no shipment of the number
	ReasonFulfilmentNotFound Reason = 110 // the location has no fulfilment order of the number, or none that lives
	ReasonFulfilmentStatus   Reason = 111 // its status does not allow the command
	ReasonFulfilmentEarly    Reason = 112 // it is scheduled for later
	ReasonFulfilmentUnits    Reason = 113 // a row names more units than it has of the line, or all would be left, or none
	ReasonFulfilmentPlace    Reason = 114 // it would be moved to where it is, or merged with itself or one at another location
	ReasonFulfilmentMove     Reason = 115 // the location that it would be moved to has not all of its units
	ReasonFulfilmentsFull    Reason = 116 // the order has MaxFulfilments fulfilment orders
	ReasonNotSentBack        Reason = 88  // the shipment was not returned to the sender, or fewer units of it are still to be taken back
	ReasonReportAhead        Reason = 89  // a report is of an instant that is far from having come
	ReasonHoldLocked         Reason = 96  // a payment is under way: it is neither released, extended, cancelled nor priced
	ReasonHoldNotLocked      Reason = 97  // it is not locked
	ReasonAccountClosed      Reason = 99  // the order has left memory, and its account with it
	ReasonDocumentClosed     Reason = 128 // the order has left memory, and its document does not change any more
	ReasonNoAccount          Reason = 90  // it has no prices
	ReasonCurrencyMismatch   Reason = 91  // the amount is in another currency than the order
	ReasonPaymentNotFound    Reason = 94  // the ledger has no entry of the number, or not one of the type that it would have to be
	ReasonPaymentChanged     Reason = 92  // the payment is known with another amount, or as another entry
	ReasonRefundTooLarge     Reason = 93  // more would be given back than came in
	ReasonPaymentTooLarge    Reason = 95  // so much is not there to be captured, given back or made void
	ReasonReturnWindow       Reason = 100 // the order's return window is over
	ReasonReturnNotFound     Reason = 102 // the order has no return of the number
	ReasonReturnStatus       Reason = 103 // its status does not allow the command
	ReasonReturnDeadline     Reason = 106 // the deadline of a return is not in the future
	ReasonNotReturnable      Reason = 101 // a row names more units of the line than may be sent back, or none may
	ReasonReturnUnits        Reason = 104 // a row tells of more units than the return has that are still out, or in quality control
	ReasonRefundCurrency     Reason = 107 // the return, or its order, has amounts in another currency
	ReasonDecisionTooLarge   Reason = 127 // more would be decided to be given back than is left of what came in
	ReasonRefundsFull        Reason = 108 // the return has MaxRefunds refunds
	ReasonReturnsFull        Reason = 105 // the order has MaxReturns returns
	ReasonInboundNotFound    Reason = 38  // no such purchase order or transfer
	ReasonInboundStatus      Reason = 40  // its status does not allow the command
	ReasonRecipeChanged      Reason = 35  // a line's SKU is a kit of another recipe than the command's: look it up again (never leaves the engine)
	ReasonSKUNotFound        Reason = 8   // a line or row names no SKU
	ReasonKitSize            Reason = 33  // with the components of its kits an order has too many lines, or too many units in one
	ReasonTooManyLines       Reason = 122 // with what is added an order has too many lines
	ReasonKitUpTo            Reason = 34  // kits are not held up to what there is
	ReasonKitWaitlist        Reason = 67  // nobody waits for kits of a sale
	ReasonNestedKit          Reason = 37  // a component is a kit
	ReasonNotAKit            Reason = 32  // the SKU has units of its own, in stock, promised, on their way or set apart, or is a component
	ReasonCaseNotFound       Reason = 60  // the order has no oversold case of the SKU
	ReasonCaseResolved       Reason = 61  // nothing of it is left to resolve
	ReasonLocationNotFound   Reason = 9   // a row or a document names no location
	ReasonNotAllocated       Reason = 28  // the order has fewer units at the location, or none
	ReasonShortOnHand        Reason = 85  // fewer units lie at the location, and can be sold, than are to leave
	ReasonOwnCase            Reason = 64  // the order has a case of its own of the SKU, and is dealt with in that
	ReasonNotAVictim         Reason = 62  // the order has no units of the case's SKU that could be given up, or waits for none
	ReasonNothingThere       Reason = 63  // the location that units are to come from has none
	ReasonNotASupplier       Reason = 44  // the location that a purchase order's units come from is no supplier
	ReasonInboundExists      Reason = 39  // a document of the kind has the number
	ReasonInboundLine        Reason = 41  // a row names no line of the document
	ReasonInboundQuantity    Reason = 42  // a row tells of more units than are open, or of more beyond them than there may be
	ReasonChannelNotFound    Reason = 10  // the channel's number is not given out
	ReasonDuplicateExternal  Reason = 11  // (channel, external id) belongs to another order
	ReasonEditInSale         Reason = 123 // units are added to an order of a sale
	ReasonSaleNotFound       Reason = 48  // the sale's number is not given out
	ReasonSaleNotStarted     Reason = 49  // the sale begins later
	ReasonSaleEnded          Reason = 50  // the sale is over
	ReasonSKUNotInSale       Reason = 51  // a line's SKU is not sold in the sale
	ReasonTicketRequired     Reason = 55  // the sale has a queue, and no ticket of it was shown
	ReasonTicketUsed         Reason = 56  // a hold or order was made with the ticket before
	ReasonExpiredTooOften    Reason = 57  // the customer let so many holds in the sale expire that it gets no more
	ReasonSKUStopped         Reason = 20  // a line's SKU is not sold now
	ReasonStillForSale       Reason = 59  // there is no need to wait: units of the SKU are left in the sale
	ReasonHoldCap            Reason = 54  // more of a SKU would be held at once than the sale allows
	ReasonSaleQuota          Reason = 52  // a line asks for more than is left of the sale's quota
	ReasonPoolOver           Reason = 30  // a pool would have ended already
	ReasonKitUnits           Reason = 36  // a row, line or rule is about units of a kit, which has none
	ReasonDuplicateRow       Reason = 12  // two rows adjust the same SKU at the same location
	ReasonStockChanged       Reason = 13  // a row's expected quantity is not the one on hand
	ReasonStockNegative      Reason = 14  // a row would leave less than nothing on hand
	ReasonStockTooLarge      Reason = 15  // a row would leave more than MaxOnHand
	ReasonLimitPerCustomer   Reason = 16  // the customer would have more than the SKU allows
	ReasonInsufficientStock  Reason = 17  // a line asks for more than may be sold
	ReasonNotDeliverable     Reason = 25  // a line asks for more than locations have that may serve the order
	ReasonBookedUp           Reason = 65  // it could have all, were the locations that have it not booked up for the day
	ReasonWaitsAlready       Reason = 124 // units are added that would wait, and others wait behind the order for the same SKU
	ReasonSaleLimit          Reason = 53  // the buyer would have more in the sale than it allows, by one of its identities
	ReasonWaitlistFull       Reason = 58  // the sale's waitlist takes nobody more, or the sale has none
	ReasonTooManyShipments   Reason = 26  // the order would be split over more locations than the policy allows
	ReasonShipmentsFull      Reason = 87  // the order has MaxShipments shipments
	ReasonPricesSettled      Reason = 129 // payments or returns of the order go by its prices already
	ReasonPaymentsFull       Reason = 98  // the ledger has no room for another entry
	ReasonTooManyLots        Reason = 43  // a line's SKU would have more than MaxLots lots
	ReasonTableFull          Reason = 18  // no number is left for another SKU, location, channel, order or document
)

// Refusal says why a command changed nothing.
type Refusal struct {
	Reason  Reason
	Order   OrderID // the order asked about, or the one that has the external id
	Version uint32  // the version of the order, document, case or settings asked about; 0 for what is not there, and for the owner of an external id
	Lines   []RefusedLine

	At       Millis       // sale not started, sale ended: when it begins, or was over; hold locked: until when; fulfilment early: for when it is scheduled
	Identity IdentityKind // sale limit: by which the buyer has too much

	OnHold OnHold // order on hold: why

	Fulfilment FulfilmentStatus // fulfilment status: the fulfilment order's, which does not allow the command

	Status InboundStatus // inbound status: the document's, which does not allow the command
	Return ReturnStatus  // return status: likewise, the return's
}

// RefusedLine is a line or row that could not be served. Of lines with one SKU only the first is listed, with the
// quantity of all; but for ReasonSKUNotFound every line is, with its own. Rows of an unknown SKU have no quantities; at an
// unknown location nothing is on hand; of rows that name one level the later ones are listed. A sale's limit to a buyer is over all
// lines: the only line listed has the first SKU and the units of all.
//
// Of a receipt the units are those that a row takes of what is open of its line, and those that are open; where units are over, those
// that came, and the most that may come. In a transfer that cannot
// be dispatched those of the line, and those that may leave.
//
// Of units of an order that are cancelled, or taken off by an edit, the index is the row's. Of units that do not lie where they are shipped from, the SKU's, and those that do.
//
// Of a line that would wait behind an order's own place in a queue, the units that are added of its SKU, and how many of them would not have to.
//
// Of an order that has not so many units at a location that are to move, the line's, and those that it has there; nothing is listed of one
// that has none there and was to move all.
//
// Of a payment the index is that of its entry, and quantities are amounts: payment changed, the one asked for and the one known; refund exceeds captured, what would
// have been given back, or be about to, and what came in; payment not possible, what is asked for, 0 for all, and what there is. Of a decision about a refund
// they are the amount of it, and the most that it may be of.
//
// Of an oversold case the units are those that are left of it, or those that the order waits for if they are fewer, and those that there are.
type RefusedLine struct {
	Index     int // place in the command's lines or rows, or in the document's lines
	SKU       SKUID
	Location  LocationID // rows, and lines of a transfer or of what is rerouted: where its units do not lie
	Requested Quantity   // for rows the units that would be on hand
	Available Quantity   // what could have been sold, or what the customer may still buy; for rows the units on hand
}

// Outcome is what became of a command.
type Outcome struct {
	Reason  Reason
	Changed bool     // false for a command that found its work done already
	Order   OrderID  // the order made or asked about, also when it was not changed
	Refusal *Refusal // set when Reason is not ReasonNone; valid until the next command
}
