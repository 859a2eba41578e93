package core

// The records of the state. They are fixed-size, without pointers and without padding (a test
// checks both), because their bytes are what checkpoints keep and what digests are taken of.

// skuRecord is a SKU: its settings, and the sums over its levels. It fills two cache lines, which are fetched ahead
// (prefetch.go), so that no order waits for a third.
type skuRecord struct {
	safetyStock       Quantity
	backorderLimit    Quantity
	limitPerCustomer  Quantity
	lowStock          Quantity
	onHand            Quantity // Σ levels
	unavailable       Quantity // Σ levels, all states
	reserved          Quantity // Σ levels
	allocated         Quantity // Σ levels
	backorderedHeld   Quantity // promised to live holds, at no location
	backorderedPlaced Quantity // promised to orders, at no location
	changed           Sequence
	name              uint32 // in texts
	firstLevel        uint32 // in levels, plus one; 0 for none
	version           uint32
	flags             uint32
	incoming          uint32   // in lots, plus one; 0 for none
	rules             uint32   // in rules, plus one; 0 for none
	withheld          Quantity // Σ of what levels at stopped locations could give
	firstWaiting      uint32   // in waiting, plus one: who is served first of those who wait; 0 for nobody
	lastWaiting       uint32   // and who came last
}

// Flags of a skuRecord, beside hasDocument.
const (
	skuStopped  uint32 = 1 << 1
	skuChannels uint32 = 1 << 3 // some rule says something about a channel now
	skuKit      uint32 = 1 << 4 // it is made of components, and has no units of its own
	skuPreorder uint32 = 1 << 5 // what is sold beyond stock is sold in a preorder, whose limit is in backorderLimit
	// supplyShift is where the supply lies that was told last.
	supplyShift = 8
	supplyMask  = 3
	// weightShift is where the weight lies, in all bits that are left.
	weightShift = 10
)

// settings are those that the record has alone.
func (r *skuRecord) settings() SKUSettings {
	return SKUSettings{
		SafetyStock:      r.safetyStock,
		BackorderLimit:   r.backorderLimit,
		LimitPerCustomer: r.limitPerCustomer,
		LowStock:         r.lowStock,
		Stopped:          r.flags&skuStopped != 0,
		Weight:           r.weight(),
	}
}

func (r *skuRecord) weight() uint32 { return r.flags >> weightShift }

// define gives the record the settings of an image.
func (r *skuRecord) define(image *SKUImage) {
	s := &image.Settings
	r.safetyStock, r.backorderLimit, r.limitPerCustomer, r.lowStock = s.SafetyStock, s.BackorderLimit, s.LimitPerCustomer, s.LowStock
	r.changed, r.version = image.Changed, image.Version
	r.flags = r.flags&^(hasDocument|skuStopped|MaxUnitWeight<<weightShift) | s.Weight<<weightShift
	if image.HasDocument {
		r.flags |= hasDocument
	}
	if s.Stopped {
		r.flags |= skuStopped
	}
}

// levelRecord is one SKU at one location. A SKU's levels are a list in the order of locations.
type levelRecord struct {
	onHand      Quantity
	unavailable [UnavailableStates]Quantity
	reserved    Quantity
	allocated   Quantity
	sku         SKUID
	next        uint32 // in levels, plus one; 0 at the end
	location    LocationID
	flags       uint16
	_           uint32
}

// Flags of a levelRecord.
const (
	// levelShort marks a level of which a count found fewer units than are promised.
	levelShort uint16 = 1
	// levelStopped marks a level whose location is stopped.
	levelStopped uint16 = 2
	// levelAvoided marks a level from which some order that waits may not be served, as it was rerouted from there, until units come.
	levelAvoided uint16 = 4
)

// sellable is how many units there are in none of the states that are not for sale.
func (r *levelRecord) sellable() Quantity {
	return r.onHand - r.unavailable[0] - r.unavailable[1] - r.unavailable[2]
}

// fulfillable is what the location can still give; it is negative when fewer units were found than are promised.
func (r *levelRecord) fulfillable() Quantity {
	return r.sellable() - r.reserved - r.allocated
}

// withheld is what the location could give, and does not since it is stopped. Units that are missing there are missing
// nevertheless: they were promised and have to come from elsewhere.
func (r *levelRecord) withheld() Quantity {
	if r.flags&levelStopped == 0 {
		return 0
	}
	return max(0, r.fulfillable())
}

// hasDocument marks an order or SKU that has a document.
const hasDocument = 1

// identitiesShift is where an order's flags have the number of identities that stand behind its customer, in two bits.
const (
	identitiesShift = 1
	identitiesMask  = 3
)

// orderBooked marks an order that is booked with the locations that ship it.
const orderBooked uint8 = 1 << 3

// orderOffered marks a hold that was offered to somebody on a waitlist.
const orderOffered uint8 = 1 << 4

// orderRecord is an order, kept by its home slot.
type orderRecord struct {
	created   Sequence
	createdAt Millis
	deadline  Millis // of the hold; 0 for an order placed at once
	mask      SlotMask
	text      uint32 // customer, with what else a sale knows it by, and external id, in texts
	firstLine uint32 // in lines
	version   uint32
	lines     uint16
	channel   ChannelID
	status    OrderStatus
	flags     uint8
	onHold    OnHold // only of a placed order
	marks     uint8
	sale      SaleID // 0 for none
}

// Marks of an orderRecord.
const (
	// orderGrown marks an order that touched its home alone when its number was made, and touches other slots since it was edited.
	orderGrown uint8 = 1 << 0
	// orderRevised marks an order whose document is that of an edit.
	orderRevised uint8 = 1 << 1
)

// spreads tells whether an order's number says that it touches other slots than its home, which keeps its record. A number never changes.
func (r *orderRecord) spreads(home Slot) bool {
	return r.mask != home.Mask() && r.marks&orderGrown == 0
}

// lineRecord is one line of an order. A line with a single allocation keeps its location in place.
type lineRecord struct {
	sku         SKUID
	quantity    uint32
	backordered uint32
	allocation  uint32 // the location, or with several the first in allocations
	allocations uint16 // how many
	flags       uint16
}

func (r *lineRecord) role() LineRole { return LineRole(r.flags >> lineRoleShift & 3) }

// Flags of a lineRecord.
const (
	lineCounted  uint16 = 1 << 0 // its units count against its customer's limit
	linePooled   uint16 = 1 << 1 // some of its units came out of a pool: one more record in allocations says how many
	linePreorder uint16 = 1 << 2 // some of its units were sold in a preorder
	// lineRoleShift is where the line's role lies, in two bits.
	lineRoleShift = 8
)

// allocationRecord is one of several allocations of a line. Behind those of a line that had units of a pool stands one more: how
// many, and of which generation of the pool in its two halves.
type allocationRecord struct {
	quantity uint32
	location LocationID
	upper    uint16 // of a generation, whose lower half is in location
}

// partRecord is what a slot that is not the home knows of a live hold: enough to give its own lines'
// units back at the deadline without asking anybody.
type partRecord struct {
	order    OrderID
	deadline Millis
	customer customerHash
	first    uint32 // in partLines, plus one; while the record is free, the next free one
	_        uint32
}

// partLineRecord is one allocation of a part, or its backordered, counted or pooled units.
type partLineRecord struct {
	quantity Quantity
	sku      SKUID
	next     uint32     // in partLines, plus one; 0 at the end
	location LocationID // of pooled units the channel
	kind     uint8
	_        uint8
	pool     uint32 // of pooled units: the generation of the pool
}

// Kinds of partLineRecord.
const (
	partAllocation  uint8 = 1 // reserved at the location
	partBackordered uint8 = 2 // promised beyond stock
	partCounted     uint8 = 3 // counted against the customer's limit
	partSaleItem    uint8 = 4 // held in a sale; sku is the place of the item's record
	partSaleBuyer   uint8 = 5 // a buyer's units in a sale; sku is the place of its record
	partPooled      uint8 = 6 // out of the pool of a channel
)

// limitRecord counts a customer's units of one SKU.
type limitRecord struct {
	customer customerHash
	units    Quantity
	sku      SKUID
	next     uint32 // while the record is free
}

// dueRecord is an entry of the heap of deadlines. It is stale when its order or part no longer has that
// deadline.
type dueRecord struct {
	deadline Millis
	order    OrderID
	place    uint32 // in orders, parts or rules
	of       uint32 // which of them
}

// What a dueRecord is about.
const (
	dueHold   uint32 = 0
	duePart   uint32 = 1
	dueRule   uint32 = 2 // a pool begins or ends, or a preorder ends
	dueOrder  uint32 = 3 // the return window of a completed order ends
	dueReturn uint32 = 4 // a return that was approved expires
)

// ruleRecord is what holds for a SKU in a channel. A SKU's rules are a list in the order of (start, channel). A rule that
// was taken back stays, as orders may still have units of its pool.
type ruleRecord struct {
	buffer     Quantity
	quota      Quantity
	used       Quantity // units of the pool in live holds and in orders not cancelled
	start, end Millis   // of the pool; an end of 0 is none
	sku        SKUID
	next       uint32 // in rules, plus one; 0 at the end
	version    uint32
	generation uint32 // of the pool: one more for each that has nothing to do with the one before
	channel    ChannelID
	kind       uint8
	flags      uint8
	phase      PoolPhase
	share      uint8 // of the pool, in percent; 0 for a quota that was given
	_          [2]byte
}

// Kinds of a ruleRecord.
const (
	ruleChannel  uint8 = 1 // what holds in a channel
	rulePreorder uint8 = 2 // a preorder: quota is its limit, end when it ships, buffer what the SKU's own limit of backorders is
)

// Flags of a ruleRecord.
const (
	ruleBuffer    uint8 = 1 << 0 // buffer takes the place of the channel's own
	ruleExclusive uint8 = 1 << 1 // while its pool is live, the channel sells nothing else
)

// inboundRecord is a purchase order or a transfer, kept by its home slot. Its texts lie in it, as a page of texts leaves memory only
// when nobody refers to it, and documents stay.
type inboundRecord struct {
	created        Sequence
	createdAt      Millis
	firstLine      uint32 // in inboundLines
	version        uint32
	lines          uint16
	from, to       LocationID
	kind           InboundKind
	status         InboundStatus
	flags          uint8
	numberLength   uint8
	supplierLength uint8
	_              [5]uint8
	number         [MaxExternalIDLength]byte
	supplier       [MaxSupplierLength]byte
}

// inboundHasFrom marks a document that says where its units come from.
const inboundHasFrom uint8 = 1

// inboundLineRecord is one line of a document.
type inboundLineRecord struct {
	expected  Millis
	sku       SKUID
	quantity  uint32
	received  uint32
	differing [Discrepancies]uint32
	_         uint32
}

// lotRecord is what is open of a document's line, kept by the slot of its SKU.
type lotRecord struct {
	expected Millis
	sku      SKUID
	open     uint32
	place    uint32 // of the document in its home's inbounds
	next     uint32 // in lots, plus one; 0 at the end
	line     uint16
	location LocationID
	home     Slot
	_        [3]uint8
}

// componentRecord is one component of a kit, kept by the kit's slot. A kit's components are a list in the order in which they were named.
type componentRecord struct {
	kit      SKUID
	sku      SKUID
	quantity uint32 // 0 while the record is free
	position uint32 // in the list
	next     uint32 // in components, plus one; 0 at the end; while free, the next free one
}
