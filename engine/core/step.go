package core

import (
	"math/bits"

	"holdfast/engine/invariant"
)

// Step is one command under way: what the slots found, what was decided. A step is reused for one command
// after another. During Gather and Apply several goroutines may work on one step, each for its own slots; they
// write to different elements. Decide runs alone.
type Step struct {
	// What every order needs, side by side.

	command       *Command
	sequence      Sequence
	now           Millis
	home          Slot
	spread        bool
	wasHeld       bool          // follow-ups: the order was a hold before
	full          bool          // place, fill order: the home has no number left, or no room
	hasKits       bool          // place: the command has recipes
	known         bool          // define SKU: the name exists; follow-ups, add note: the order exists; archive: the page may leave; set rule: there is one
	turned        bool          // define location: a known one was stopped, or goes on
	hasSKU        bool          // set rule: its SKU exists
	gone          bool          // follow-ups: the order was archived
	externalTaken bool          // place: another order has the external id
	tells         bool          // there is an explain record
	hasPoint      bool          // point is known
	booked        bool          // place, follow-ups: the order is booked with the locations that ship it
	place         uint32        // define SKU, place: the next free place in the home's slab; archive: the page; set rule: its place
	version       uint32        // define SKU, set rule: its version so far
	externalOwner OrderID       // place: who has the external id
	mask          SlotMask      // place, follow-ups: the order's slots
	lines         []lineFinding // place hold, place order, edit, reroute: one for each line; else one for each line of the order
	asked         []Line        // place hold, place order, edit, reroute: the lines, with the components of kits

	// Outcome is what became of the command, once decided.
	Outcome Outcome

	event Event // the command's own event, which is also its plan

	choices [SlotCount][]choice

	rows     []LevelImage  // adjust, move stock, ship order: each row's level before
	skuFound []bool        // adjust, move stock: each row's SKU exists; ship order: and its level
	sale     saleFinding   // place hold, place order in a sale; join, serve waitlist
	waiting  waiterFinding // join, leave, serve waitlist
	queue    QueueCounters // advance queue: what they are so far
	sorted   []int32       // scratch: places of lines or rows, sorted by what they name

	errand errand // place, while a policy of routing is set; reroute
	router router // likewise
	point  point  // where the order goes, once somebody asked
	routed Event  // the explain record

	refusal Refusal

	rule    ruleRecord   // set rule: the rule so far
	number  []byte       // inbound: of the document
	inbound InboundImage // inbound: the document after the change

	fills             [SlotCount][]fillFinding // fill order
	allocations       []Allocation             // fill, reroute order, scratch: those of all lines
	pools             []linePool               // reroute order, cancel lines, edit order: of each line of the order
	had               []lineFinding            // edit order: of each line that the order had
	edit              Command                  // edit order: the command, with what its order says of customer and channel
	reroute           Reroute                  // reroute order and the like: what is asked
	perLine           []Quantity               // commands on fulfilment orders, ship order: of each line, how many units may leave; none for no bound
	todo              []Quantity               // units of fulfilment orders: toDo
	fulfilmentShipped int                      // ship order: the number of the fulfilment order whose units leave; 0 for any
	rest              []Quantity               // ship order, scratch: of each movement, the units that are still to be taken from lines
	recorded          []Quantity               // ship order: of each line of the command, the units that leave and of which stock knows nothing
	reports           []reportRecord           // track: those that are remembered
	life              *LifeImage               // memory of the order's, once one had a life
	account           *AccountImage            // likewise
	stood             standing                 // follow-ups: where the order's money stood before the command
	tasks             int                      // that the command asks for behind its own event, at the end of the ledger
	requested         PaymentRequest           // request payment, scratch: what is asked for, in the order's currency
	reopens           bool                     // request return: the order was closed
	newChannel        bool                     // preview: the order's channel would be a new one
	whole             bool                     // place with kits: there is room for their components
	expanded          []Line                   // place with kits: the lines with their components
	origins           []lineOrigin             // and where each of them comes from
	oversold          Event                    // place order, forced: what of it there is no room for

	oversoldCase caseFinding // resolve case
	isKit        []bool      // adjust, move stock: each row's SKU is a kit; set rule: its SKU is
}

// lineFinding is what a slot found about one line, and what the decision made of it.
type lineFinding struct {
	found         bool
	counted       bool // its units count against the customer's limit
	stopped       bool // its SKU is
	preorder      bool // what it gets beyond stock is sold in a preorder
	recipeChanged bool // it is not found as its SKU is not the kit that the command says
	first         int32
	steered       bool     // the order is routed, or fetched
	ofKits        bool     // it stands for kits: the units are in the lines behind it
	buffered      bool     // its SKU has a rule about how much of the common stock the order's channel sells
	available     Quantity // to sell, of the common stock; less than nothing when more was promised
	pooled        Quantity // to sell from the channel's pool; at the first line: those that are still to be given
	pool          uint32   // the pool's generation
	room          Quantity // that may be promised beyond
	limit         Quantity
	used          Quantity // the customer's units so far
	total         Quantity // at the first line of a SKU: over all its lines
	granted       Quantity // hold up to, at the first line: what is still to be given to lines, beyond stock too
	least         Quantity // hold up to, at the first line: with fewer units a line would get none
	sellable      Quantity // at the first line: units that are still to be given from the common stock
	slot          Slot
	from, to      int32 // choices of the slot

	there       Quantity // while the order is routed: what locations have that may serve it
	thereAnyDay Quantity // likewise, with those that are booked up
	weight      uint32   // of a unit, in grams
	column      int32    // at the first line: the SKU's place in the router
}

// choice is a location that has units of a line's SKU.
type choice struct {
	location    LocationID
	priority    int32
	fulfillable Quantity // what is left of it while lines are served
	atFirst     Quantity // what it was when the command began
}

// Begin prepares the step for a command.
func (st *Step) Begin(c *Command, seq Sequence, now Millis) {
	st.command, st.sequence, st.now = c, seq, now
	st.known, st.turned, st.gone, st.externalTaken = false, false, false, false
	st.Outcome = Outcome{}
	st.event.Sequence, st.event.At = seq, now
	st.hasPoint, st.booked, st.tasks = false, false, 0
	c.checkMask()
	switch c.Kind {
	case CommandPlaceHold, CommandPlaceOrder, CommandJoinWaitlist, CommandServeWaitlist:
		st.beginPlacement()
	case CommandAdjustStock, CommandMoveStock:
		st.rows = resize(st.rows, c.rowCount())
		st.skuFound, st.isKit = resize(st.skuFound, c.rowCount()), resize(st.isKit, c.rowCount())
		for i := range st.skuFound {
			st.skuFound[i] = false
		}
	case CommandConfirmHold, CommandExtendHold, CommandReleaseHold, CommandCancelOrder, CommandArchiveOrders, CommandFillOrder,
		CommandCancelLines, CommandTrackShipment, CommandPutOnHold, CommandTakeOffHold,
		CommandReportPayment, CommandRequestPayment, CommandLockHold, CommandUnlockHold, CommandExpireUnpaid,
		CommandResolveCase, CommandAddNote, CommandPriceOrder:
		st.oversoldCase.known = false
		st.home = c.Order.Home()
	case CommandWorkFulfilment, CommandSplitFulfilment, CommandMergeFulfilments:
		st.home = c.Order.Home()
	case CommandRerouteOrder, CommandMoveFulfilment, CommandShortPick, CommandDeclineFulfilment:
		st.beginReroute()
	case CommandEditOrder:
		st.home = c.Order.Home()
		st.expand()
	case CommandShipOrder:
		st.beginShip()
	case CommandTakeBack, CommandReceiveReturn, CommandInspectReturn:
		st.beginTakeBack()
	case CommandRequestReturn, CommandDecideReturn, CommandReportReturn, CommandCloseReturn, CommandDecideRefund, CommandSettleReturn:
		st.home, st.reopens = c.Order.Home(), false
	case CommandDefineSale:
		st.skuFound = resize(st.skuFound, len(c.SaleSettings.Items))
	case CommandCreateInbound, CommandSendInbound, CommandReceiveInbound, CommandCloseInbound, CommandCancelInbound:
		st.beginInbound()
	}
}

func (st *Step) beginPlacement() {
	c := st.command
	st.expand()
	st.lines = resize(st.lines, len(st.asked))
	for i := range st.asked {
		st.lines[i].found, st.lines[i].recipeChanged = false, false
		st.choices[st.asked[i].SKU.Slot()] = st.choices[st.asked[i].SKU.Slot()][:0]
	}
	st.home = c.home()
	st.spread = c.Mask != st.home.Mask()
}

// expand makes the lines of the command, with the components of kits, those that are asked for.
func (st *Step) expand() {
	c := st.command
	st.asked, st.hasKits = c.Lines, len(c.Recipes) > 0
	if st.hasKits {
		st.expanded, st.origins, st.whole = c.expand(st.expanded[:0], st.origins[:0])
		st.asked = st.expanded
	}
}

// checkMask asserts that the command touches the slots that it says: a wrong mask would be carried out on the
// wrong slots, and the journal would keep it.
func (c *Command) checkMask() {
	switch c.Kind {
	case CommandPlaceHold, CommandPlaceOrder, CommandJoinWaitlist, CommandServeWaitlist:
		named := c.placementSlots()
		invariant.Check(c.Mask == named || c.Mask == named|SlotsWith(c, true), "a command's mask is that of what it names")
	case CommandTick:
		invariant.Check(c.Mask != 0, "a tick touches some slot")
	case CommandDefineSKU, CommandSetChannelRule:
		mask, _ := SlotsOf(c)
		invariant.Check(c.Mask == mask, "a command's mask is that of what it names")
	default:
		mask, _ := SlotsOf(c)
		invariant.Check(c.Mask&mask == mask, "a command's mask covers what it names")
	}
	invariant.Check(len(c.ExternalID) == 0 || c.Kind == CommandPlaceOrder, "only an order has an external id")
}

// changesTables tells whether a command changes what all slots read.
func (c *Command) changesTables() bool {
	switch c.Kind {
	case CommandDefineLocation, CommandDefineChannel, CommandSetChannel, CommandDefineRouting:
		return true
	}
	return false
}

// home is the slot that will keep the record of the order that the command places.
func (c *Command) home() Slot {
	if len(c.ExternalID) > 0 {
		return ExternalSlot(c.Channel, c.ExternalID)
	}
	return c.Lines[0].SKU.Slot()
}

// SlotsOf gives the slots that a command touches by what it names; SlotsNow gives those beside them. For a command on an order that is spread, known is false: the
// order has to be asked for others. When an edit has brought lines of other slots, that may not be enough, and the command is refused with ReasonSlotsChanged.
func SlotsOf(c *Command) (mask SlotMask, known bool) {
	switch c.Kind {
	case CommandDefineSKU:
		return NameSlot(c.Name).Mask(), true
	case CommandDefineLocation, CommandDefineChannel, CommandDefineRouting, CommandDefineSale, CommandSetChannel, CommandSetKit,
		CommandCreateInbound, CommandSendInbound, CommandReceiveInbound, CommandCloseInbound, CommandCancelInbound:
		return AllSlots, true
	case CommandSetChannelRule:
		return c.Rule.SKU.Slot().Mask(), true
	case CommandAdjustStock, CommandMoveStock:
		for i := range c.rowCount() {
			id, _ := c.rowLevel(i)
			mask |= id.Slot().Mask()
		}
		return mask, true
	case CommandAdvanceQueue, CommandLeaveWaitlist:
		return c.Sale.Slot().Mask(), true
	case CommandPlaceHold, CommandPlaceOrder, CommandJoinWaitlist, CommandServeWaitlist:
		return c.placementSlots(), true
	case CommandConfirmHold, CommandExtendHold, CommandReleaseHold, CommandCancelOrder, CommandFillOrder,
		CommandRerouteOrder, CommandCancelLines, CommandShipOrder, CommandTrackShipment, CommandTakeBack,
		CommandPutOnHold, CommandTakeOffHold,
		CommandReportPayment, CommandRequestPayment, CommandLockHold, CommandUnlockHold, CommandExpireUnpaid, CommandPriceOrder,
		CommandRequestReturn, CommandDecideReturn, CommandReportReturn, CommandReceiveReturn, CommandInspectReturn, CommandCloseReturn,
		CommandDecideRefund, CommandSettleReturn, CommandWorkFulfilment, CommandSplitFulfilment, CommandMergeFulfilments,
		CommandMoveFulfilment, CommandShortPick, CommandDeclineFulfilment:
		return c.Order.Home().Mask(), !c.Order.Spread()
	case CommandResolveCase:
		return c.Order.Home().Mask() | c.Resolution.SKU.Slot().Mask(), !c.Order.Spread()
	case CommandEditOrder:
		return c.Order.Home().Mask() | c.placementSlots(), !c.Order.Spread() || c.isOfDocument()
	case CommandArchiveOrders, CommandAddNote:
		return c.Order.Home().Mask(), true
	}
	return c.Mask, true
}

// placementSlots are those of the lines, of the components of kits, of the external id and of the sale.
func (c *Command) placementSlots() (mask SlotMask) {
	for i := range c.Lines {
		mask |= c.Lines[i].SKU.Slot().Mask()
	}
	for i := range c.Recipes {
		mask |= c.Recipes[i].slots()
	}
	if len(c.ExternalID) > 0 {
		mask |= ExternalSlot(c.Channel, c.ExternalID).Mask()
	}
	if c.Sale != 0 {
		mask |= c.Sale.Slot().Mask()
	}
	return mask
}

// refuse makes the outcome a refusal with no lines yet.
func (st *Step) refuse(reason Reason) *Refusal {
	st.refusal.Reason = reason
	st.refusal.Order, st.refusal.Version = 0, 0
	st.refusal.At, st.refusal.Identity, st.refusal.Status, st.refusal.OnHold, st.refusal.Return, st.refusal.Fulfilment = 0, 0, 0, 0, 0, 0
	st.refusal.Lines = st.refusal.Lines[:0]
	st.Outcome.Reason = reason
	st.Outcome.Refusal = &st.refusal
	return &st.refusal
}

// isStale refuses a command that expects another version of what it changes; 0 is the version of what is not there.
func (st *Step) isStale(version uint32) bool {
	if expected := st.command.ExpectedVersion; expected == 0 || expected == version {
		return false
	}
	st.refuse(ReasonVersionConflict).Version = version
	return true
}

// resize gives a slice of n elements, those it had before included, and takes memory only to grow.
func resize[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	return append(s[:cap(s)], make([]T, n-cap(s))...)
}

// grow lengthens a slice by one element, which the caller fills where it lies: what was in it before is still there.
func grow[T any](s *[]T) *T {
	*s = resize(*s, len(*s)+1)
	return &(*s)[len(*s)-1]
}

// maskFirst is the lowest slot of a set that is not empty.
func maskFirst(m SlotMask) Slot { return Slot(bits.TrailingZeros64(uint64(m))) }
