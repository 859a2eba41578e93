package core

// CommandKind says what a command asks for. The numbers are in journals and must not change.
type CommandKind uint8

const (
	CommandTick              CommandKind = 1  // let time pass in the slots of the mask
	CommandDefineSKU         CommandKind = 2  // make a SKU, or replace its settings
	CommandDefineLocation    CommandKind = 3  // make a location, or replace its settings
	CommandDefineChannel     CommandKind = 4  // make a channel
	CommandAdjustStock       CommandKind = 5  // change units on hand, all rows or none
	CommandPlaceHold         CommandKind = 6  // set units aside until a deadline
	CommandPlaceOrder        CommandKind = 7  // promise units at once
	CommandConfirmHold       CommandKind = 8  // turn a hold into an order
	CommandExtendHold        CommandKind = 9  // move a hold's deadline
	CommandReleaseHold       CommandKind = 10 // give a hold's units back
	CommandCancelOrder       CommandKind = 11 // give an order's units back
	CommandArchiveOrders     CommandKind = 12 // forget the page of an order, whose orders are all closed
	CommandMoveStock         CommandKind = 13 // move units in, out, and between the states of stock, all rows or none
	CommandDefineRouting     CommandKind = 16 // say how orders are routed
	CommandRerouteOrder      CommandKind = 17 // move an order's units away from a location
	CommandSetChannel        CommandKind = 19 // make a channel, or replace its settings
	CommandSetChannelRule    CommandKind = 20 // say what holds for a SKU in a channel, or that nothing does
	CommandSetKit            CommandKind = 21 // say what a SKU is made of, or that it is no kit
	CommandFillOrder         CommandKind = 28 // give an order the units that it waits for, as far as it is its turn
	CommandDefineSale        CommandKind = 32 // make a sale, or replace its settings
	CommandJoinWaitlist      CommandKind = 33 // wait for units of a sale that is sold out
	CommandLeaveWaitlist     CommandKind = 34 // give up a place on a waitlist
	CommandServeWaitlist     CommandKind = 35 // offer the next one on a waitlist what there is, or strike it off
	CommandAdvanceQueue      CommandKind = 36 // note how far the line before a sale has come
	CommandCancelLines       CommandKind = 48 // give units of an order's lines back
	CommandShipOrder         CommandKind = 49 // have units of an order leave a location
	CommandTrackShipment     CommandKind = 50 // note what a carrier reports about a shipment
	CommandTakeBack          CommandKind = 51 // have units in stock again that were returned to the sender
	CommandRequestReturn     CommandKind = 64 // ask for units to be taken back, or made good
	CommandDecideReturn      CommandKind = 65 // approve, decline or cancel that
	CommandReportReturn      CommandKind = 66 // note that units of a return are on their way
	CommandReceiveReturn     CommandKind = 67 // note what became of units of a return, and have them in stock again
	CommandInspectReturn     CommandKind = 68 // note what units of a return are that were in quality control
	CommandCloseReturn       CommandKind = 69 // note that a return is done with
	CommandDecideRefund      CommandKind = 70 // decide that money or credit is given for a return
	CommandSettleReturn      CommandKind = 71 // note that the replacement of a return that came to nothing was dealt with
	CommandResolveCase       CommandKind = 40 // do something about units that were oversold
	CommandCreateInbound     CommandKind = 22 // make a purchase order or a transfer
	CommandSendInbound       CommandKind = 23 // order a purchase order's units, dispatch a transfer's
	CommandReceiveInbound    CommandKind = 24 // note what became of units that were on their way, all rows or none
	CommandCloseInbound      CommandKind = 25 // note that what is still open will not come
	CommandCancelInbound     CommandKind = 26 // give a document up of which nothing has come
	CommandPutOnHold         CommandKind = 52 // stop an order for reasons
	CommandTakeOffHold       CommandKind = 53 // take reasons back for which an order is stopped
	CommandReportPayment     CommandKind = 56 // note what a provider reports about a payment
	CommandRequestPayment    CommandKind = 57 // ask for a capture, a refund or a void
	CommandLockHold          CommandKind = 58 // keep a hold while a payment is under way
	CommandUnlockHold        CommandKind = 59 // give a locked hold its own deadline back
	CommandExpireUnpaid      CommandKind = 60 // cancel an order that was not paid in time
	CommandAddNote           CommandKind = 72 // note something beside an order
	CommandEditOrder         CommandKind = 80 // take units off an order, add lines to it, and replace its document, all or nothing
	CommandPriceOrder        CommandKind = 81 // say what an order costs, or what it costs now
	CommandWorkFulfilment    CommandKind = 73 // begin, end or stop the work on a fulfilment order
	CommandSplitFulfilment   CommandKind = 74 // make two of one
	CommandMoveFulfilment    CommandKind = 75 // have it done at another location
	CommandShortPick         CommandKind = 76 // say which of its units were not found
	CommandMergeFulfilments  CommandKind = 77 // make one of two
	CommandDeclineFulfilment CommandKind = 78 // a supplier does not send it
)

// IsKnown tells whether there are commands of the kind.
func (k CommandKind) IsKnown() bool {
	switch {
	case k >= CommandTick && k <= CommandMoveStock, k == CommandDefineRouting, k == CommandRerouteOrder, k == CommandSetChannel, k == CommandSetChannelRule, k == CommandSetKit,
		k >= CommandCreateInbound && k <= CommandCancelInbound, k == CommandFillOrder, k >= CommandDefineSale && k <= CommandAdvanceQueue,
		k >= CommandCancelLines && k <= CommandTakeOffHold, k >= CommandReportPayment && k <= CommandExpireUnpaid, k.IsOfReturn(), k == CommandResolveCase,
		k >= CommandAddNote && k <= CommandDeclineFulfilment, k == CommandEditOrder, k == CommandPriceOrder:
		return true
	}
	return false
}

// IsOfReturn tells whether commands of the kind are about a return.
func (k CommandKind) IsOfReturn() bool { return k >= CommandRequestReturn && k <= CommandSettleReturn }

// Command is a request to change state. Its byte slices may point into the buffer that it was
// decoded from: whoever keeps one copies it.
type Command struct {
	Kind    CommandKind
	Version uint8    // version of the kind's meaning: 2 for place hold, place order and edit order with money, 3 for an edit that sets what the order costs beside its lines, else 1
	Mask    SlotMask // the slots it touches
	HasKey  bool
	Key     IdempotencyKey

	Order           OrderID // confirm, extend, release, cancel, fill, reroute, edit, what goes on with an order's life and its money, add note; resolve case: with which something is done; archive: any of the page
	ExpectedVersion uint32  // the same, but for fill and archive; send to cancel inbound; define SKU, location, sale, routing, set channel, channel rule; resolve case, of the case: refuse unless it has it; 0 for any, which an edit and a price do not take

	TTL        Millis // place hold, extend hold, lock hold
	Channel    ChannelID
	Customer   []byte
	ExternalID []byte      // place order; empty for none
	UpTo       bool        // place hold: of each line as many units as there are, but one at least
	Stock      StockPolicy // place order: whether stock may refuse it
	Lines      []Line      // place hold, place order; edit order: what is added; reroute, ship, take back, move and decline fulfilment order, short pick: what is to move, no two of one SKU; receive, inspect return: the SKUs of the rows
	Recipes    []Recipe    // place hold, place order, edit order: of each kit among the lines, in the order of their numbers. Set kit: the one

	Money *OrderMoney // place hold, place order: what it costs; nil for nobody knows. Edit order: what is added, and the change of what it costs beside its lines, or what that is then. Price order: all of it, with an amount of each line but those of components

	Sale       SaleID   // place hold, place order: the sale that it is part of; 0 for none. Advance queue, waitlists: the sale
	Ticket     uint32   // and the number of its ticket there; 0 for none
	Waiter     Sequence // leave, serve waitlist: the number of the place
	Identities []byte   // and what else the buyer is known by: AppendIdentity

	Destination Destination // place hold, place order, reroute, resolve case, edit order

	Rows []AdjustmentRow // adjust stock

	Moves []MovementRow // move stock
	Actor []byte        // move stock, inbound, reroute, and what goes on with an order's life, resolve case, add note: who did it; empty for nobody in particular
	Cause []byte        // move stock: what it belongs to, such as a delivery's number; empty for nothing

	Name     []byte           // define SKU, location, channel, sale; set channel
	SKU      SKUSettings      // define SKU
	Location LocationSettings // define location
	Routing  *RoutingSettings // define routing
	Selling  ChannelSettings  // set channel
	Rule     ChannelRule      // set channel rule

	SaleSettings *SaleSettings   // define sale
	Queue        QueueCounters   // advance queue
	Inbound      *InboundRequest // create to cancel inbound
	Reroute      *Reroute        // reroute
	Life         *LifeRequest    // cancel lines to take off hold, request return to settle return; edit order: what is taken off, price order: the note, commands on fulfilment orders
	Resolution   *Resolution     // resolve case
	Payment      *PaymentRequest // report payment to unlock hold

	Document []byte // what no decision needs; kept under the command's sequence. Add note: the text. Edit and price order: in the place of the one before, none leaves that
}

// StockPolicy says what stock has to do with an order. The numbers are in journals and must not change.
type StockPolicy uint8

const (
	StockValidate StockPolicy = 0 // what it asks for is promised, or it is refused
	StockSkip     StockPolicy = 1 // sold elsewhere and none of our stock's business: it is only recorded
	StockForce    StockPolicy = 2 // sold elsewhere: it gets what there is, and waits for the rest, whatever the rules
)

// Line asks for units of a SKU.
type Line struct {
	SKU      SKUID
	Quantity Quantity // 1 to MaxLineQuantity; reroute, ship: 0 for all that the order has at the location
}

// AdjustmentMode says how a row changes the units on hand.
type AdjustmentMode uint8

const (
	AdjustDelta       AdjustmentMode = 0 // add Value, which may be negative
	AdjustSet         AdjustmentMode = 1 // make it Value
	AdjustSetExpected AdjustmentMode = 2 // make it Value if it is Expected
)

// AdjustmentRow changes the units of one SKU at one location.
type AdjustmentRow struct {
	SKU      SKUID
	Location LocationID
	Mode     AdjustmentMode
	Value    Quantity
	Expected Quantity
	Reason   []byte
}

// Unlimited is the backorder limit that is never reached.
const Unlimited Quantity = -1

// Stopped is published instead of the units that may be ordered of a SKU that is stopped.
const Stopped Quantity = -2

// SKUSettings are a SKU's selling rules.
type SKUSettings struct {
	SafetyStock      Quantity // units never sold
	BackorderLimit   Quantity // units sold beyond stock; Unlimited for no limit
	LimitPerCustomer Quantity // units a customer may have in live holds and orders; 0 for no limit
	LowStock         Quantity // available units at or below which supply is low; 0 for never
	Stopped          bool     // no hold or order is taken; what was promised stays promised
	Weight           uint32   // of a unit, in grams; 0 for unknown, which weighs nothing
	Preorder         Preorder // zero for none
}

// Preorder sells units before they are there, up to a limit, until they are shipped.
type Preorder struct {
	Limit   Quantity // units sold beyond stock, in the place of BackorderLimit; at least 1
	ShipsAt Millis   // when the preorder ends, which may have been; 0 for no preorder
}

// LocationKind says what a location is.
type LocationKind uint8

const (
	LocationWarehouse LocationKind = 0
	LocationStore     LocationKind = 1
	LocationSupplier  LocationKind = 2
)

// LocationSettings are a location's routing facts.
type LocationSettings struct {
	Kind        LocationKind
	Priority    int32 // lower is asked first
	HasPosition bool
	LatitudeE7  int32 // degrees × 10^7
	LongitudeE7 int32
	Stopped     bool      // what it can still give is not sold; what was promised there stays promised
	Shipping    *Shipping // nil for everything, everywhere, at once and for nothing
}
