package core

// EventKind says what a command changed. The numbers are in stored feeds and must not change.
type EventKind uint8

const (
	EventSKUDefined        EventKind = 1
	EventLocationDefined   EventKind = 2
	EventChannelDefined    EventKind = 3
	EventStockAdjusted     EventKind = 4
	EventHoldPlaced        EventKind = 5
	EventHoldExtended      EventKind = 6
	EventHoldReleased      EventKind = 7
	EventHoldExpired       EventKind = 8
	EventHoldConfirmed     EventKind = 9
	EventOrderPlaced       EventKind = 10
	EventOrderCancelled    EventKind = 11
	EventStockMoved        EventKind = 12
	EventSupplyChanged     EventKind = 13
	EventHoldCancelled     EventKind = 14
	EventOrderRouted       EventKind = 16
	EventOrderRerouted     EventKind = 17
	EventRoutingDefined    EventKind = 18
	EventChannelRuleSet    EventKind = 19
	EventPoolChanged       EventKind = 20
	EventKitSet            EventKind = 21
	EventOrderFilled       EventKind = 28
	EventPreorderEnded     EventKind = 29
	EventSaleDefined       EventKind = 32
	EventWaitlistJoined    EventKind = 33
	EventWaitlistLeft      EventKind = 34
	EventWaitlistOffered   EventKind = 35
	EventQueueAdvanced     EventKind = 36
	EventOrderOversold     EventKind = 39
	EventLinesCancelled    EventKind = 48
	EventOrderShipped      EventKind = 49
	EventShipmentTracked   EventKind = 50
	EventShipmentTakenBack EventKind = 51
	EventOrderPutOnHold    EventKind = 52
	EventOrderTakenOffHold EventKind = 53
	EventOrderClosed       EventKind = 54
	EventPaymentReported   EventKind = 56
	EventPaymentRequested  EventKind = 57
	EventHoldLocked        EventKind = 58
	EventHoldUnlocked      EventKind = 59
	EventOrderUnpaid       EventKind = 60 // it was not paid in time, and cancelled
	EventTaskRequested     EventKind = 61 // behind another event: what has to be done about the money
	EventReturnRequested   EventKind = 64
	EventReturnDecided     EventKind = 65 // its status says how; or its replacement was dealt with
	EventReturnReported    EventKind = 66
	EventReturnReceived    EventKind = 67
	EventReturnInspected   EventKind = 68
	EventReturnClosed      EventKind = 69
	EventRefundDecided     EventKind = 70 // the last of the return's refunds
	EventReturnExpired     EventKind = 71
	EventCaseResolved      EventKind = 40

	EventPurchaseOrderChanged EventKind = 22
	EventTransferChanged      EventKind = 23

	EventNoteAdded EventKind = 72

	EventOrderEdited EventKind = 80

	EventFulfilmentChanged  EventKind = 73
	EventFulfilmentSplit    EventKind = 74
	EventFulfilmentMoved    EventKind = 75
	EventFulfilmentShort    EventKind = 76
	EventFulfilmentsMerged  EventKind = 77
	EventFulfilmentDeclined EventKind = 78

	EventPaymentLate EventKind = 81 // a report on a payment of an order that has left memory
	EventOrderPriced EventKind = 82 // what it costs was said, or said anew
)

// Event is a fact: what a command, or a deadline that had passed before it, changed. Every event is
// whole: its reader needs no earlier event and no state to make sense of it.
//
// Of the events of one sequence, the holds that expired and the pools that began or ended come first, then the command's own, then the supplies that changed.
// Tasks come behind the event from which they follow. Only
// the fields of the event's kind mean anything: the machine reuses events.
type Event struct {
	Kind     EventKind
	Sequence Sequence
	At       Millis // the command's stamp; for an expiry the deadline, for an order that closed the end of its return window, for a return that expired its deadline, for a pool that began or ended its start or end, for a preorder its end

	Order      OrderImage       // hold and order events, waitlist offered, case resolved
	SKU        SKUImage         // SKU defined
	Location   LocationImage    // location defined
	Channel    ChannelImage     // channel defined
	Routing    RoutingImage     // routing defined
	Route      RouteImage       // order routed
	Levels     []LevelChange    // stock adjusted
	Moves      []MovementImage  // stock moved, in the order of the rows; purchase order and transfer changed, order shipped, shipment taken back, return received, inspected: the units that came, left or changed; fulfilment short: those that are not sold again
	Actor      []byte           // the same; order rerouted, and what went on with an order's life and its money, case resolved, note added
	Note       []byte           // what went on with an order's life and its money
	Late       *PaymentRequest  // payment late: what was reported
	Payment    int              // payment reported, payment requested, task requested: the number of the entry
	Shipment   int              // order shipped, shipment tracked, taken back: its number
	Return     int              // events of returns: its number
	Returned   []ReturnRow      // return requested, received, inspected: which units, in the order of the lines or of the rows
	Reports    []TrackingReport // shipment tracked: those that are new
	Units      []LineUnits      // lines cancelled, order edited: how many of each line, those of components too; in the order of the lines
	Fulfilment int              // what becomes of a fulfilment order: its number
	Action     FulfilmentAction // fulfilment changed: what was done
	Into       int              // fulfilment split: the number of the new one; fulfilments merged: of the other one
	OnHold     OnHold           // order put on hold, taken off hold: the reasons that were added or taken back
	Freed      []FreedUnits     // the same: where they were
	Added      int              // order edited: how many of its lines, the last ones, are new; those of components too
	Cause      []byte           // stock moved; purchase order and transfer changed: its number
	Inbound    *InboundImage    // purchase order and transfer changed
	Supply     SupplyImage      // supply changed
	Rule       ChannelRuleImage // channel rule set, pool changed
	Sale       SaleImage        // sale defined
	Queue      QueueImage       // queue advanced
	Recipe     Recipe           // kit set
	Fills      []Fill           // order filled, in the order of the lines; case resolved: what came to the order, or what it gave up
	Preorder   PreorderImage    // preorder ended
	Waiter     WaiterImage      // waitlist joined, left, offered; what was offered is the hold in Order
	Reason     Reason           // waitlist left: why somebody was struck off; ReasonNone for who left
	Reroute    RerouteImage     // order rerouted; fulfilment moved, short, declined: where its units went
	Oversold   OversoldImage    // order oversold
	Noted      OrderID          // note added, payment late: the order; a note's text is the document of the sequence

	Resolution ResolutionImage // case resolved
}

// IsKnown tells whether the kind's number is given out.
func (k EventKind) IsKnown() bool {
	return k >= EventSKUDefined && k <= EventHoldCancelled || k >= EventChannelRuleSet && k <= EventKitSet ||
		k == EventPurchaseOrderChanged || k == EventTransferChanged || k >= EventSaleDefined && k <= EventQueueAdvanced ||
		k >= EventOrderRouted && k <= EventRoutingDefined || k == EventOrderFilled || k == EventPreorderEnded ||
		k == EventOrderOversold || k >= EventLinesCancelled && k <= EventOrderClosed || k >= EventPaymentReported && k <= EventTaskRequested || k.IsOfReturn() || k == EventCaseResolved || k >= EventNoteAdded && k <= EventFulfilmentDeclined ||
		k == EventOrderEdited || k == EventPaymentLate || k == EventOrderPriced
}

// IsOfReturn tells whether events of the kind are about a return.
func (k EventKind) IsOfReturn() bool { return k >= EventReturnRequested && k <= EventReturnExpired }

// IsOwn tells whether an event of the kind is what a command did, and not what had happened before it or follows from it.
func (k EventKind) IsOwn() bool {
	return k != EventHoldExpired && k != EventSupplyChanged && k != EventPoolChanged && k != EventPreorderEnded && k != EventOrderRouted &&
		k != EventOrderOversold && k != EventOrderClosed && k != EventTaskRequested && k != EventReturnExpired
}

// lifeEvents are the numbers of the events that tell what becomes of an order after it was placed: fulfilment, payments, returns.
const (
	firstLifeEvent EventKind = 48
	lastLifeEvent  EventKind = 71
)

// HasOrder tells whether events of the kind have the image of the order that they are about: all do that change one.
func (k EventKind) HasOrder() bool {
	switch k {
	case EventHoldPlaced, EventHoldExtended, EventHoldReleased, EventHoldExpired, EventHoldConfirmed, EventHoldCancelled,
		EventOrderPlaced, EventOrderCancelled, EventOrderRerouted, EventOrderFilled, EventWaitlistOffered, EventCaseResolved, EventOrderEdited, EventOrderPriced:
		return true
	}
	return k >= firstLifeEvent && k <= lastLifeEvent || k >= EventFulfilmentChanged && k <= EventFulfilmentDeclined
}

// AboutOrder gives the order that an event is about; ok is false when it is about none.
func (ev *Event) AboutOrder() (id OrderID, ok bool) {
	switch ev.Kind {
	case EventOrderRouted:
		return ev.Route.Order, true
	case EventOrderOversold:
		return ev.Oversold.Order, true
	case EventNoteAdded, EventPaymentLate:
		return ev.Noted, true
	}
	return ev.Order.ID, ev.Kind.HasOrder()
}

// IsDefinition tells whether an event of the kind is about a SKU's settings or recipe, or a row of the tables that all slots read.
func (k EventKind) IsDefinition() bool {
	return k <= EventChannelDefined || k == EventSaleDefined || k == EventKitSet
}

// OrderStatus is where an order is in its life. The numbers are in journals' checkpoints and feeds
// and must not change.
type OrderStatus uint8

const (
	StatusHeld      OrderStatus = 1
	StatusPlaced    OrderStatus = 2
	StatusCancelled OrderStatus = 3
	StatusReleased  OrderStatus = 4
	StatusExpired   OrderStatus = 5
	StatusCompleted OrderStatus = 6 // all of it has arrived; it may be sent back for a while
	StatusClosed    OrderStatus = 7 // and may no more
)

// IsClosed tells whether an order of the status never changes again, but for its account and its document.
func (s OrderStatus) IsClosed() bool { return s >= StatusCancelled && s != StatusCompleted }

// isSold tells whether limits, quotas and pools count the units of orders of the status as sold.
func (s OrderStatus) isSold() bool {
	return s == StatusPlaced || s == StatusCompleted || s == StatusClosed
}

// OrderImage is an order, or the hold it began as, at one instant.
type OrderImage struct {
	ID          OrderID
	Status      OrderStatus
	Version     uint32   // 1 when made, one more with every change
	Created     Sequence // the command that made it
	Edited      Sequence // the last edit that brought a document, in the place of the one of Created; 0 for none
	CreatedAt   Millis
	Deadline    Millis // of the hold; 0 for an order that was placed at once
	Channel     ChannelID
	HasDocument bool
	OnHold      OnHold // why it is stopped; only of one that is placed
	Customer    []byte
	ExternalID  []byte
	Sale        SaleID // 0 for none
	Identities  []byte // what else a sale knows the buyer by: AppendIdentity
	Lines       []LineImage
	Allocations []Allocation // of all lines, in the order of the lines
	Life        *LifeImage   // what became of it since it was placed; nil for nothing yet

	Account *AccountImage // nil for none: it never had prices, and was never locked
}

// Document is the command whose document is the order's, if it has one.
func (o *OrderImage) Document() Sequence {
	if o.Edited != 0 {
		return o.Edited
	}
	return o.Created
}

// LineImage is one line of an order.
type LineImage struct {
	SKU         SKUID
	Role        LineRole
	Preorder    bool // some units were sold before they were there, in a preorder
	Quantity    Quantity
	Backordered Quantity // units promised that no location has yet
	Pooled      Quantity // of the allocated units, those that came out of the channel's pool
	Allocations int      // how many of the image's allocations are this line's
}

// Allocation is units of one location promised to a line.
type Allocation struct {
	Location LocationID
	Quantity Quantity
}

// Fill is units of one location that came to a line which had waited for them.
type Fill struct {
	Line     int // place in the order's lines
	Location LocationID
	Quantity Quantity
}

// OversoldImage tells of an order that was forced, and which units of it the rules would have refused.
type OversoldImage struct {
	Order OrderID
	Units []OversoldUnits // by SKU, in the order of the lines
}

// OversoldUnits are units of one SKU, over all lines of an order, that nobody has and that its backorder limit leaves no room for.
type OversoldUnits struct {
	SKU   SKUID
	Units Quantity
}

// PreorderImage tells of a SKU's preorder that has ended.
type PreorderImage struct {
	SKU         SKUID
	Preorder    Preorder
	Backordered Quantity // units, of holds and orders, that are still waited for
}

// SKUImage is a SKU's settings at one instant.
type SKUImage struct {
	ID          SKUID
	Version     uint32
	Changed     Sequence // the command that last defined it; its document lies under this number
	HasDocument bool
	Name        []byte
	Settings    SKUSettings
}

// LocationImage is a location at one instant.
type LocationImage struct {
	ID          LocationID
	Version     uint32
	Changed     Sequence
	HasDocument bool
	Name        []byte
	Settings    LocationSettings
}

// ChannelImage is a channel at one instant.
type ChannelImage struct {
	ID          ChannelID
	Version     uint32
	Changed     Sequence // the command that last defined it; its document lies under this number
	HasDocument bool
	Name        []byte
	Settings    ChannelSettings
}

// LevelImage is a SKU's units at one location.
type LevelImage struct {
	SKU         SKUID
	Location    LocationID
	OnHand      Quantity
	Unavailable [UnavailableStates]Quantity // by state: damaged first
	Reserved    Quantity                    // in live holds
	Allocated   Quantity                    // promised to orders
}

// LevelChange is one row of an adjustment: the level after it, and the units on hand before it.
type LevelChange struct {
	LevelImage
	OnHandBefore Quantity
	Reason       []byte
}

// WaitingImage is an order that waits for units of a SKU.
type WaitingImage struct {
	Order OrderID
	Since Sequence // the command that promised them, or with which the order gave way to those who waited then
	Units Quantity // over all lines of the order
}

// AvailabilityImage is everything there is to say about a SKU's units at one instant.
type AvailabilityImage struct {
	SKU         SKUID
	Settings    SKUSettings
	Available   Quantity // to sell: on hand − unavailable − reserved − allocated − backordered − safety stock − withheld
	OnHand      Quantity
	Unavailable Quantity
	Reserved    Quantity // in live holds, those beyond stock included
	Allocated   Quantity // promised to orders, those beyond stock included
	Withheld    Quantity // what stopped locations could give
	Backordered Quantity // of both, those that are beyond stock
	Preordering bool     // what is sold beyond stock now is sold in the preorder of the settings
	Levels      []LevelAvailability
	Rules       []ChannelRuleImage      // in the order in which pools are covered
	Incoming    []LotImage              // what is on its way, first what comes first
	Components  []ComponentAvailability // of a kit, which has nothing else but its settings and what its components make available
}

// IsDrained tells whether the SKU is stopped and nothing of it is promised any more.
func (a *AvailabilityImage) IsDrained() bool {
	return a.Settings.Stopped && a.Reserved+a.Allocated == 0
}

// LevelAvailability is a level, and what of it is not for sale because its location is stopped.
type LevelAvailability struct {
	LevelImage
	Withheld Quantity
}

// Fulfillable is what the location can still give.
func (l *LevelAvailability) Fulfillable() Quantity {
	return l.OnHand - l.unavailable() - l.Reserved - l.Allocated - l.Withheld
}

// LocationUnits are the units of all SKUs at one location.
type LocationUnits struct{ OnHand, Unavailable, Reserved, Allocated Quantity }
