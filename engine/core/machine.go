package core

import "holdfast/engine/invariant"

// Options are what a host may choose about a machine; none of it reaches a result.
type Options struct {
	// Allocate gives the memory of all records. Nil takes it from the heap.
	Allocate Allocator
	// Seed keys the hashes of the indexes. A host that serves strangers gives a random one.
	Seed uint64
}

// Machine is the state of one cell: 64 slots, and the tables that all of them read.
//
// Calls for different slots may run at the same time, each slot by one goroutine; tables change only in
// Decide of a command that has every slot in its mask, while all slots wait for it.
type Machine struct {
	slots     [SlotCount]slot
	locations []location
	channels  []channel
	sales     []sale
	policy    policy

	capacities int // how many locations have a capacity

	asked Step           // scratch of what is asked between commands
	units []channelUnits // likewise
	idle  idleLines
}

// slot is one partition of the state, with the indexes derived from it.
type slot struct {
	// What most orders need stands together, and before all that few do: slots are asked in turn, and each cache line of one that
	// was not asked for a while has to be fetched.
	id        Slot
	mark      []uint8     // by place of a SKU: whether it is in touched, and in fillable
	touched   []SKUID     // SKUs whose availability changed since the host last asked
	alerts    []SKUID     // SKUs whose supply may have changed since Alert was last called
	fillable  []uint32    // SKUs, by place, that had somebody waiting and units for them when they were touched
	locations *[]location // the machine's tables
	policy    *policy
	seed      uint64
	externals *Index // (channel, external id) → orders
	due       dueHeap

	skus        slab[skuRecord]
	levels      slab[levelRecord]
	orders      slab[orderRecord]
	lines       slab[lineRecord]
	texts       texts
	allocations slab[allocationRecord]
	limits      recycler[limitRecord]
	desk        saleDesk
	parts       recycler[partRecord]
	partLines   recycler[partLineRecord]

	archived Digest       // of all pages that were dropped, in their order
	left     uint32       // pages of orders that were
	closed   []closedPage // that may be, those closed first first; some may have left

	keeper    keeper
	names     *Index // SKU names → skus
	partIndex *Index // order number → parts
	limitOf   *Index // (customer, SKU) → limits

	expiry Event // scratch for the events of expired holds, and of pools that began or ended
	asked  Event // scratch for the events of tasks
	alert  Event // scratch for the events of changed supplies

	rules           slab[ruleRecord]
	components      recycler[componentRecord]
	kitOf           *Index // SKUs of kits → first of their components
	componentOf     *Index // SKUs of components → components
	inbounds        slab[inboundRecord]
	inboundLines    slab[inboundLineRecord]
	lots            recycler[lotRecord]
	inboundOf       *Index // (kind, number) → inbounds
	waiting         recycler[waitingRecord]
	waitingIndex    *Index // order number → waiting
	lives           recycler[lifeRecord]
	lifeLines       recycler[lifeLineRecord]
	shipments       recycler[shipmentRecord]
	reports         recycler[reportRecord]
	settled         slab[settledRecord]
	settledOf       *Index // what is settled → settled
	shipmentLines   recycler[shipmentLineRecord]
	accounts        recycler[accountRecord]
	amounts         recycler[amountRecord]
	entries         recycler[entryRecord]
	accountOf       *Index  // orders → accounts
	unpaid          dueHeap // orders that have to be paid by an instant
	lifeOf          *Index  // orders → lives
	fulfilments     recycler[fulfilmentRecord]
	fulfilmentLines recycler[fulfilmentLineRecord]
	queues          queues
	looks           uint64 // at those who wait, for tests: what it costs to find out whose turn it is
	cases           slab[caseRecord]
	caseOf          *Index                 // order number → cases
	unresolved      uint32                 // cases of which something is left
	inboundList     [Transfer]slab[uint32] // by kind: places in inbounds, in the order in which the documents were made
	book            book
	returns         recycler[returnRecord]
	returnLines     recycler[returnLineRecord]
	refunds         recycler[refundRecord]
	unsettled       []uint32 // orders that may have returns with replacements to deal with; once too often or for nothing, too
	revisions       recycler[revisionRecord]
	revisionOf      *Index // orders → revisions
}

// location and channel are rows of the tables that every slot reads.
type location struct {
	name        []byte
	settings    LocationSettings
	point       point // of its position, if it has one
	version     uint32
	changed     Sequence
	hasDocument bool
}

type channel struct {
	name        []byte
	settings    ChannelSettings
	version     uint32
	changed     Sequence
	hasDocument bool
}

// New makes an empty machine: location "main", channel "web", nothing else.
func New(o Options) *Machine {
	allocate := o.Allocate
	if allocate == nil {
		allocate = heapAllocator
	}
	m := &Machine{
		locations: []location{{name: []byte("main"), version: 1}},
		channels:  []channel{{name: []byte("web"), version: 1}},
	}
	for i := range m.slots {
		m.slots[i].locations, m.slots[i].policy = &m.locations, &m.policy
		m.slots[i].open(Slot(i), allocate, o.Seed)
	}
	return m
}

func (s *slot) open(id Slot, allocate Allocator, seed uint64) {
	s.id, s.seed, s.keeper.slot = id, seed, id
	s.skus.open(SlabSKUs, &s.keeper, allocate)
	s.levels.open(SlabLevels, &s.keeper, allocate)
	s.orders.open(SlabOrders, &s.keeper, allocate)
	s.lines.open(SlabLines, &s.keeper, allocate)
	s.allocations.open(SlabAllocations, &s.keeper, allocate)
	s.texts.keeper, s.texts.allocate = &s.keeper, allocate
	s.parts.open(SlabParts, &s.keeper, allocate)
	s.parts.next = func(p *partRecord) *uint32 { return &p.first }
	s.partLines.open(SlabPartLines, &s.keeper, allocate)
	s.partLines.next = func(p *partLineRecord) *uint32 { return &p.next }
	s.limits.open(SlabLimits, &s.keeper, allocate)
	s.limits.next = func(l *limitRecord) *uint32 { return &l.next }
	s.desk.open(&s.keeper, allocate)
	s.rules.open(SlabRules, &s.keeper, allocate)
	s.inbounds.open(SlabInbounds, &s.keeper, allocate)
	s.inboundLines.open(SlabInboundLines, &s.keeper, allocate)
	s.lots.open(SlabLots, &s.keeper, allocate)
	s.lots.next = func(l *lotRecord) *uint32 { return &l.next }
	s.waiting.open(SlabWaiting, &s.keeper, allocate)
	s.waiting.next = func(w *waitingRecord) *uint32 { return &w.next }
	s.cases.open(SlabCases, &s.keeper, allocate)
	s.components.open(SlabComponents, &s.keeper, allocate)
	s.components.next = func(r *componentRecord) *uint32 { return &r.next }
	s.lives.open(SlabLives, &s.keeper, allocate)
	s.lives.next = func(r *lifeRecord) *uint32 { return &r.firstLine }
	s.lifeLines.open(SlabLifeLines, &s.keeper, allocate)
	s.lifeLines.next = func(r *lifeLineRecord) *uint32 { return &r.next }
	s.reports.open(SlabReports, &s.keeper, allocate)
	s.reports.next = func(r *reportRecord) *uint32 { return &r.next }
	s.settled.open(SlabSettled, &s.keeper, allocate)
	s.settledOf = NewIndex(allocate)
	s.revisions.open(SlabRevisions, &s.keeper, allocate)
	s.revisions.next = func(r *revisionRecord) *uint32 { return &r.next }
	s.revisionOf = NewIndex(allocate)
	s.shipments.open(SlabShipments, &s.keeper, allocate)
	s.shipments.next = func(r *shipmentRecord) *uint32 { return &r.next }
	s.shipmentLines.open(SlabShipmentLines, &s.keeper, allocate)
	s.shipmentLines.next = func(r *shipmentLineRecord) *uint32 { return &r.next }
	s.accounts.open(SlabAccounts, &s.keeper, allocate)
	s.accounts.next = func(r *accountRecord) *uint32 { return &r.firstLine }
	s.amounts.open(SlabAmounts, &s.keeper, allocate)
	s.amounts.next = func(r *amountRecord) *uint32 { return &r.next }
	s.entries.open(SlabEntries, &s.keeper, allocate)
	s.entries.next = func(r *entryRecord) *uint32 { return &r.next }
	s.accountOf = NewIndex(allocate)
	s.unpaid.entries.allocate = allocate
	s.returns.open(SlabReturns, &s.keeper, allocate)
	s.returns.next = func(r *returnRecord) *uint32 { return &r.next }
	s.returnLines.open(SlabReturnLines, &s.keeper, allocate)
	s.returnLines.next = func(r *returnLineRecord) *uint32 { return &r.next }
	s.refunds.open(SlabRefunds, &s.keeper, allocate)
	s.refunds.next = func(r *refundRecord) *uint32 { return &r.next }
	s.fulfilments.open(SlabFulfilments, &s.keeper, allocate)
	s.fulfilments.next = func(r *fulfilmentRecord) *uint32 { return &r.next }
	s.fulfilmentLines.open(SlabFulfilmentLines, &s.keeper, allocate)
	s.fulfilmentLines.next = func(r *fulfilmentLineRecord) *uint32 { return &r.next }
	s.book.open(&s.keeper, allocate)
	s.due.entries.allocate = allocate
	for i := range s.inboundList {
		s.inboundList[i].allocate = allocate
	}
	s.names = NewIndex(allocate)
	s.externals = NewIndex(allocate)
	s.partIndex = NewIndex(allocate)
	s.limitOf = NewIndex(allocate)
	s.inboundOf = NewIndex(allocate)
	s.waitingIndex = NewIndex(allocate)
	s.lifeOf = NewIndex(allocate)
	s.caseOf = NewIndex(allocate)
	s.kitOf, s.componentOf = NewIndex(allocate), NewIndex(allocate)
}

// Sink takes what a machine has to tell. What it is given is valid only during the call.
type Sink interface {
	Event(ev *Event)
	// Archived takes the orders of a page over before they are forgotten.
	Archived(a *Archived)
}

// Execute runs a command straight through: all its slots' time, gather, decide, apply, alert. The outcome's
// refusal stays valid until the step is used again.
func (m *Machine) Execute(st *Step, c *Command, seq Sequence, now Millis, sink Sink) *Outcome {
	st.Begin(c, seq, now)
	mask := c.Mask
	if mask&(mask-1) == 0 && mask != 0 {
		s := maskFirst(mask)
		m.Gather(s, st, sink)
		m.Decide(st)
		m.Apply(s, st, sink)
		m.Alert(s, st, sink)
		return &st.Outcome
	}
	for rest := mask; rest != 0; rest &= rest - 1 {
		m.Gather(maskFirst(rest), st, sink)
	}
	m.Decide(st)
	for rest := mask; rest != 0; rest &= rest - 1 {
		m.Apply(maskFirst(rest), st, sink)
	}
	for rest := mask; rest != 0; rest &= rest - 1 {
		m.Alert(maskFirst(rest), st, sink)
	}
	return &st.Outcome
}

// Gather lets time pass in a slot and writes into the step what the decision needs of it. It changes
// nothing of the slot but expired holds.
func (m *Machine) Gather(id Slot, st *Step, sink Sink) {
	s := &m.slots[id]
	s.advance(st, sink)
	switch st.command.Kind {
	case CommandTick, CommandDefineLocation, CommandDefineChannel, CommandSetChannel, CommandDefineRouting, CommandSetKit:
	case CommandDefineSKU:
		s.gatherSKU(st)
	case CommandAdjustStock, CommandMoveStock:
		s.gatherRows(st)
	case CommandPlaceHold, CommandPlaceOrder:
		s.gatherPlacement(st)
	case CommandConfirmHold, CommandExtendHold, CommandReleaseHold, CommandCancelOrder, CommandPutOnHold, CommandTakeOffHold, CommandExpireUnpaid:
		s.gatherOrder(st)
	case CommandReportPayment, CommandRequestPayment, CommandLockHold, CommandUnlockHold:
		s.gatherPayment(st)
	case CommandArchiveOrders:
		s.gatherArchive(st)
	case CommandDefineSale:
		s.gatherSaleDefinition(st)
	case CommandAdvanceQueue:
		s.gatherQueue(st)
	case CommandSetChannelRule:
		s.gatherRule(st)
	case CommandCreateInbound, CommandSendInbound, CommandReceiveInbound, CommandCloseInbound, CommandCancelInbound: // Decide looks itself
	case CommandFillOrder:
		s.gatherFill(st)
	case CommandJoinWaitlist, CommandLeaveWaitlist, CommandServeWaitlist:
		s.gatherWaitlist(st)
	case CommandRerouteOrder:
		s.gatherReroute(st)
	case CommandCancelLines:
		s.gatherCancelLines(st)
	case CommandShipOrder:
		s.gatherShip(st)
	case CommandTrackShipment:
		s.gatherTrack(st)
	case CommandTakeBack:
		s.gatherTakeBack(st)
	case CommandReceiveReturn, CommandInspectReturn:
		s.gatherReturn(st)
		s.gatherLevels(st)
	case CommandRequestReturn, CommandDecideReturn, CommandReportReturn, CommandCloseReturn, CommandDecideRefund, CommandSettleReturn:
		s.gatherReturn(st)
	case CommandWorkFulfilment, CommandSplitFulfilment, CommandMergeFulfilments:
		s.gatherFulfilment(st)
	case CommandMoveFulfilment, CommandShortPick, CommandDeclineFulfilment:
		s.gatherReplacement(st)
	case CommandAddNote:
		s.gatherNote(st)
	case CommandResolveCase:
		s.gatherResolution(st)
	case CommandEditOrder:
		s.gatherEdit(st)
	case CommandPriceOrder:
		s.gatherPrice(st)
	default:
		invariant.Check(false, "a command's kind is known")
	}
}

// Decide makes a plan or a refusal from everything gathered. Only the tables may change here. Where the decision needs more than a slot
// could gather it looks at the slots of the command's mask, which stand still.
func (m *Machine) Decide(st *Step) {
	if st.command.changesTables() {
		m.idle.forget()
	}
	switch st.command.Kind {
	case CommandTick:
		st.Outcome.Changed = true
	case CommandDefineSKU:
		m.decideSKU(st)
	case CommandDefineLocation:
		m.decideLocation(st)
	case CommandDefineChannel:
		m.decideChannel(st)
	case CommandSetChannel:
		m.decideSetChannel(st)
	case CommandSetChannelRule:
		m.decideRule(st)
	case CommandDefineRouting:
		m.decideRouting(st)
	case CommandSetKit:
		m.decideKit(st)
	case CommandAdjustStock:
		m.decideAdjustment(st)
	case CommandMoveStock:
		m.decideMovement(st)
	case CommandPlaceHold, CommandPlaceOrder:
		m.decidePlacement(st)
	case CommandConfirmHold, CommandExtendHold, CommandReleaseHold, CommandCancelOrder:
		m.decideOrder(st)
	case CommandReportPayment:
		m.decideReport(st)
	case CommandRequestPayment:
		m.decideRequest(st)
	case CommandLockHold:
		m.decideLock(st)
	case CommandUnlockHold:
		m.decideUnlock(st)
	case CommandExpireUnpaid:
		m.decideUnpaid(st)
	case CommandArchiveOrders:
		decideArchive(st)
	case CommandDefineSale:
		m.decideSale(st)
	case CommandAdvanceQueue:
		m.decideQueue(st)
	case CommandCreateInbound, CommandSendInbound, CommandReceiveInbound, CommandCloseInbound, CommandCancelInbound:
		m.decideInbound(st)
	case CommandFillOrder:
		m.decideFill(st)
	case CommandJoinWaitlist:
		m.decideJoin(st)
	case CommandLeaveWaitlist:
		m.decideLeave(st)
	case CommandServeWaitlist:
		m.decideServe(st)
	case CommandRerouteOrder:
		m.decideReroute(st)
	case CommandCancelLines:
		m.decideCancelLines(st)
	case CommandShipOrder:
		m.decideShip(st)
	case CommandTrackShipment:
		m.decideTrack(st)
	case CommandTakeBack:
		m.decideTakeBack(st)
	case CommandPutOnHold, CommandTakeOffHold:
		m.decideOnHold(st)
	case CommandRequestReturn, CommandDecideReturn, CommandReportReturn, CommandReceiveReturn, CommandInspectReturn, CommandCloseReturn,
		CommandDecideRefund, CommandSettleReturn:
		m.decideReturn(st)
	case CommandWorkFulfilment:
		m.decideWork(st)
	case CommandSplitFulfilment:
		m.decideSplit(st)
	case CommandMergeFulfilments:
		m.decideMerge(st)
	case CommandMoveFulfilment, CommandShortPick, CommandDeclineFulfilment:
		m.decideReplacement(st)
	case CommandAddNote:
		decideNote(st)
	case CommandResolveCase:
		m.decideResolution(st)
	case CommandEditOrder:
		m.decideEdit(st)
	case CommandPriceOrder:
		m.decidePrice(st)
	}
}

// Apply carries out a slot's part of the plan.
func (m *Machine) Apply(id Slot, st *Step, sink Sink) {
	if !st.Outcome.Changed {
		return
	}
	s := &m.slots[id]
	switch st.command.Kind {
	case CommandTick:
	case CommandDefineSKU:
		s.applySKU(st, sink)
	case CommandDefineLocation, CommandDefineChannel, CommandSetChannel, CommandDefineRouting:
		if st.turned {
			s.withhold(st.event.Location.ID)
		}
		if st.command.Kind == CommandDefineLocation || st.command.Kind == CommandDefineRouting {
			s.reconsider()
		}
		if id == 0 { // the table has changed already; one slot says so
			sink.Event(&st.event)
		}
	case CommandAdjustStock:
		s.applyAdjustment(st, sink)
	case CommandMoveStock:
		s.applyMovement(st, sink)
	case CommandPlaceHold, CommandPlaceOrder:
		s.applyPlacement(st, sink)
	case CommandConfirmHold, CommandExtendHold, CommandReleaseHold, CommandCancelOrder, CommandExpireUnpaid:
		s.applyOrder(st, sink)
	case CommandReportPayment, CommandRequestPayment, CommandLockHold, CommandUnlockHold:
		s.applyPayment(st, sink)
	case CommandArchiveOrders:
		s.applyArchive(st, sink)
	case CommandDefineSale:
		s.applySale(st, sink)
	case CommandAdvanceQueue:
		s.applyQueue(st, sink)
	case CommandSetChannelRule:
		s.applyRule(st, sink)
	case CommandSetKit:
		s.applyKit(st, sink)
	case CommandCreateInbound, CommandSendInbound, CommandReceiveInbound, CommandCloseInbound, CommandCancelInbound:
		s.applyInbound(st, sink)
	case CommandFillOrder:
		s.applyFill(st, sink)
	case CommandJoinWaitlist:
		s.applyJoin(st, sink)
	case CommandLeaveWaitlist, CommandServeWaitlist:
		s.applyTurn(st, sink)
	case CommandRerouteOrder:
		s.applyReroute(st, sink)
	case CommandCancelLines:
		s.applyCancelLines(st, sink)
	case CommandShipOrder:
		s.applyShip(st, sink)
	case CommandTrackShipment:
		s.applyTrack(st, sink)
	case CommandTakeBack:
		s.applyTakeBack(st, sink)
	case CommandPutOnHold, CommandTakeOffHold:
		s.applyOnHold(st, sink)
	case CommandRequestReturn, CommandDecideReturn, CommandReportReturn, CommandCloseReturn, CommandDecideRefund, CommandSettleReturn:
		s.applyReturn(st, sink)
	case CommandReceiveReturn, CommandInspectReturn:
		s.applyReceipt(st, sink)
	case CommandWorkFulfilment, CommandSplitFulfilment, CommandMergeFulfilments:
		s.applyFulfilment(st, sink)
	case CommandMoveFulfilment, CommandShortPick, CommandDeclineFulfilment:
		s.applyReplacement(st, sink)
	case CommandAddNote:
		s.applyNote(st, sink)
	case CommandResolveCase:
		s.applyResolution(st, sink)
	case CommandEditOrder:
		s.applyEdit(st, sink)
	case CommandPriceOrder:
		s.applyPrice(st, sink)
	}
}
