package reference

import (
	"cmp"
	"slices"

	"holdfast/engine/core"
)

// Model is a whole shop.
type Model struct {
	skus      map[core.SKUID]*sku
	skuNumber map[string]core.SKUID
	locations []*location
	channels  []*channel
	sales     []*sale
	routing   core.RoutingImage
	orders    []*order // in the order in which they were made
	byNumber  map[core.OrderID]*order
	inbounds  map[inboundName]*inbound
	cases     []*oversoldCase

	nextSKU   map[core.Slot]uint32 // SKUs made in the slot so far
	nextOrder map[core.Slot]uint32 // orders made in the slot so far
	nextRule  map[core.Slot]uint32 // rules made in the slot so far

	seq    core.Sequence
	now    core.Millis
	events []core.Event // of the command being executed

	settledAt core.Millis // the instant of what is being settled
}

type sku struct {
	image core.SKUImage
	stock map[core.LocationID]*states // a location is in it from its first adjustment or movement
	told  core.Supply                 // what was said about its supply last
	rules []*rule                     // about channels, each from its first setting on
	sold  []soldLine                  // every line of it that still counts as something

	preorder *preorder        // from the first on; nil before
	recipe   []core.Component // of a kit
}

// states are the units on hand at one place, by state.
type states [core.UnavailableStates + 1]core.Quantity

type soldLine struct {
	order *order
	line  *line
}

type location struct {
	image core.LocationImage
}

// claim is what the units of an order count as in one slot.
type claim uint8

const (
	claimElsewhere claim = iota // the order has nothing to do with the slot
	claimNone
	claimReserved
	claimAllocated
)

type order struct {
	id          core.OrderID
	status      core.OrderStatus
	version     uint32
	created     core.Sequence
	createdAt   core.Millis
	deadline    core.Millis
	channel     core.ChannelID
	hasDocument bool
	edited      core.Sequence // the last edit that brought a document; 0 for none
	customer    string
	externalID  string
	sale        core.SaleID // 0 for none
	offered     bool        // to somebody on a waitlist
	identities  []byte
	lines       []*line

	// claims holds, for the home slot, each slot of a line and that of the sale, what the order's units there count
	// as. Slots differ only after the deadline, when some were touched and some not yet.
	claims [core.SlotCount]claim

	waits map[core.SKUID]*errandOfWaiting // of each SKU that it waits for

	onHold    core.OnHold // why it is stopped
	works     []*work     // fulfilment orders, once somebody has done something about one
	shipments []shipment
	closesAt  core.Millis // once completed
	account   *account    // nil for none
	returns   []*orderReturn
	lives     bool // something became of it since it was placed
	knowsBook bool // core.CapacitySlot is one of its slots, whatever it has there
	booked    bool // it counts at the locations that ship it
	bookings  []booking

	archived bool // it has left the shop, with its page
}

type line struct {
	sku         core.SKUID
	quantity    core.Quantity
	backordered core.Quantity
	allocations []core.Allocation
	limited     bool  // the SKU had a limit per customer when the order was made
	pool        *pool // that gave some of its units, or could have
	pooled      core.Quantity
	preorder    bool // some of its units were sold in one
	cancelled   core.Quantity
	shipped     core.Quantity
	takenBack   core.Quantity
	role        core.LineRole
	price       int64 // of all units, if the order has money
}

// New gives an empty shop: location 0 "main" and channel 0 "web".
func New() *Model {
	m := &Model{
		skus:      map[core.SKUID]*sku{},
		skuNumber: map[string]core.SKUID{},
		channels:  []*channel{{core.ChannelImage{Version: 1, Name: []byte("web")}}},
		byNumber:  map[core.OrderID]*order{},
		inbounds:  map[inboundName]*inbound{},
		nextSKU:   map[core.Slot]uint32{},
		nextOrder: map[core.Slot]uint32{},
		nextRule:  map[core.Slot]uint32{},
	}
	m.locations = []*location{{core.LocationImage{ID: 0, Version: 1, Name: []byte("main")}}}
	return m
}

// Execute carries out one command and gives what happened. Nothing in the answer is shared with the
// command or with the model.
func (m *Model) Execute(c *core.Command, seq core.Sequence, now core.Millis) ([]core.Event, core.Outcome) {
	m.seq, m.now, m.events, m.settledAt = seq, now, nil, now
	m.expire(c.Mask)
	o := m.byNumber[c.Order]
	if !isFollowUp(c.Kind) {
		o = nil
	}
	before := m.moneyBefore(o)
	outcome := m.carryOut(c)
	if outcome.Changed && c.Kind != core.CommandRequestPayment {
		m.settleMoney(o, before)
	}
	m.settleCases()
	m.alert(c.Mask)
	return m.events, outcome
}

func (m *Model) carryOut(c *core.Command) core.Outcome {
	switch c.Kind {
	case core.CommandTick:
		return core.Outcome{Changed: true}
	case core.CommandDefineSKU:
		return m.defineSKU(c)
	case core.CommandDefineLocation:
		return m.defineLocation(c)
	case core.CommandDefineChannel:
		return m.defineChannel(c)
	case core.CommandSetChannel:
		return m.setChannel(c)
	case core.CommandSetChannelRule:
		return m.setRule(c)
	case core.CommandDefineRouting:
		return m.defineRouting(c)
	case core.CommandSetKit:
		return m.setKit(c)
	case core.CommandAdjustStock:
		return m.adjustStock(c)
	case core.CommandMoveStock:
		return m.moveStock(c)
	case core.CommandPlaceHold, core.CommandPlaceOrder:
		return m.place(c)
	case core.CommandDefineSale:
		return m.defineSale(c)
	case core.CommandAdvanceQueue:
		return m.advanceQueue(c)
	case core.CommandJoinWaitlist:
		return m.joinWaitlist(c)
	case core.CommandLeaveWaitlist:
		return m.leaveWaitlist(c)
	case core.CommandServeWaitlist:
		return m.serveWaitlist(c)
	case core.CommandArchiveOrders:
		return m.archive(c)
	case core.CommandCreateInbound:
		return m.createInbound(c)
	case core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound:
		return m.followInbound(c)
	default:
		return m.followUp(c)
	}
}

// expire ends, in the slots of the mask, the holds whose deadline has come, and begins and ends pools and preorders. Only the home slot of a
// hold tells the world about it.
func (m *Model) expire(mask core.SlotMask) {
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		if !mask.Has(slot) {
			continue
		}
		for o := m.nextDue(slot); o != nil; o = m.nextDue(slot) {
			m.turn(slot, o.dueAt()-1)
			if o.status == core.StatusPlaced || o.status == core.StatusCompleted {
				m.pass(o)
				continue
			}
			o.claims[slot] = claimNone
			if s := m.saleOf(o.sale); s != nil && slot == o.sale.Slot() {
				s.expired[o.customer]++
			}
			m.forget(o)
			if slot == core.CapacitySlot {
				o.bookings = nil
			}
			if slot == o.id.Home() {
				before := m.moneyBefore(o)
				o.status = core.StatusExpired
				o.version++
				m.emit(core.Event{Kind: core.EventHoldExpired, At: o.deadline, Order: o.image()})
				m.settledAt = o.deadline
				m.settleMoney(o, before)
				m.settledAt = m.now
			}
		}
		m.turn(slot, m.now)
	}
}

// nextDue gives the first, by deadline and then by number, of the holds that still claim units in the slot though their deadline has come, of the
// orders that close, and of those with a return that expires.
func (m *Model) nextDue(slot core.Slot) (next *order) {
	for _, o := range m.orders {
		if !o.isDueIn(slot) || o.dueAt() > m.now {
			continue
		}
		if next == nil || cmp.Or(cmp.Compare(o.dueAt(), next.dueAt()), cmp.Compare(o.id, next.id)) < 0 {
			next = o
		}
	}
	return next
}

// pass lets time pass over an order that is placed: returns of it expire, or it closes.
func (m *Model) pass(o *order) {
	if at := o.dueAt(); o.expiring() == at {
		m.expireReturns(o, at)
		return
	}
	o.status = core.StatusClosed
	o.version++
	m.emit(core.Event{Kind: core.EventOrderClosed, At: o.closesAt, Order: o.image()})
}

// emit adds an event of the command being executed.
func (m *Model) emit(e core.Event) {
	e.Sequence = m.seq
	if e.At == 0 {
		e.At = m.now
	}
	m.events = append(m.events, e)
}

// refuse is the outcome of a command that is not done.
func refuse(r core.Refusal) core.Outcome {
	return core.Outcome{Reason: r.Reason, Refusal: &r}
}

// mask is the set of slots that the order touches.
func (o *order) mask() core.SlotMask {
	mask := o.id.Home().Mask()
	if o.sale != 0 {
		mask |= o.sale.Slot().Mask()
	}
	for _, l := range o.lines {
		mask |= l.sku.Slot().Mask()
	}
	if o.knowsBook {
		mask |= core.CapacitySlot.Mask()
	}
	return mask
}

// forget drops the lines of an order that count as nothing any more, and never will again.
func (m *Model) forget(o *order) {
	for _, l := range o.lines {
		s := m.skus[l.sku]
		s.sold = slices.DeleteFunc(s.sold, func(l soldLine) bool { return l.claim() == claimNone })
	}
}

// claimAll makes all units of the order count as the same.
func (o *order) claimAll(c claim) {
	for slot := range o.claims {
		if o.claims[slot] != claimElsewhere {
			o.claims[slot] = c
		}
	}
}
