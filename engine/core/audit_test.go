package core

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// nobody listens to events.
type nobody struct{}

func (nobody) Event(*Event)       {}
func (nobody) Archived(*Archived) {}

// auditShop is a small shop in which every kind of record is in use: orders with one and with several allocations,
// backordered, counted, with an external id, and ended in every way; holds in one slot and over two, live and gone.
type auditShop struct {
	*Machine
	t    *testing.T
	step Step
	seq  Sequence
	now  Millis
}

func (s *auditShop) run(c Command) OrderID {
	s.t.Helper()
	s.seq++
	if c.Mask == 0 {
		c.Mask, _ = SlotsOf(&c)
		c.Mask |= s.SlotsNow(&c)
	}
	if c.Order.Spread() {
		slots, _ := s.OrderSlots(c.Order)
		c.Mask |= slots
	}
	out := s.Execute(&s.step, &c, s.seq, s.now, nobody{})
	if out.Reason != ReasonNone {
		s.t.Fatalf("command %d is refused: %d", s.seq, out.Reason)
	}
	return out.Order
}

// skuIn defines a SKU whose name lies in a slot.
func (s *auditShop) skuIn(slot Slot, settings SKUSettings) SKUID {
	s.t.Helper()
	for i := 0; ; i++ {
		name := fmt.Appendf(nil, "sku-%d", i)
		if _, taken := s.slots[slot].findSKU(name); NameSlot(name) == slot && !taken {
			s.run(Command{Kind: CommandDefineSKU, Name: name, SKU: settings})
			return MakeSKUID(slot, s.slots[slot].skus.length-1)
		}
	}
}

func newAuditShop(t *testing.T) *auditShop {
	t.Helper()
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	s.run(Command{Kind: CommandDefineLocation, Name: []byte("east")})
	a := s.skuIn(3, SKUSettings{LimitPerCustomer: 100})
	b := s.skuIn(9, SKUSettings{BackorderLimit: 50})
	c := s.skuIn(9, SKUSettings{LimitPerCustomer: 100})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{
		{SKU: a, Value: 20}, {SKU: a, Location: 1, Value: 10}, {SKU: b, Value: 3}, {SKU: c, Value: 30},
	}})
	order := func(kind CommandKind, ttl Millis, external string, lines ...Line) OrderID {
		return s.run(Command{Kind: kind, TTL: ttl, Customer: []byte("ann"), ExternalID: []byte(external), Lines: lines})
	}
	order(CommandPlaceOrder, 0, "", Line{a, 22}) // from both locations
	order(CommandPlaceOrder, 0, "web-1", Line{b, 4}, Line{c, 2})
	order(CommandPlaceHold, 60_000, "", Line{a, 1}, Line{b, 2}, Line{c, 3}) // home is a's slot, a part is in the other
	order(CommandPlaceHold, 60_000, "", Line{c, 1})
	order(CommandPlaceHold, 60_000, "", Line{b, 1})
	s.run(Command{Kind: CommandCancelOrder, Order: order(CommandPlaceOrder, 0, "", Line{a, 1}, Line{c, 1})})
	s.run(Command{Kind: CommandReleaseHold, Order: order(CommandPlaceHold, 60_000, "", Line{a, 1}, Line{c, 1})})
	inbound := func(kind CommandKind, r InboundRequest) {
		s.run(Command{Kind: kind, Inbound: &r})
	}
	po, tr := []byte("PO-1"), []byte("TR-1")
	inbound(CommandCreateInbound, InboundRequest{Kind: PurchaseOrder, Number: po, To: 1, Supplier: []byte("Acme"), Send: true,
		Lines: []InboundLine{{a, 4, 9_000}, {b, 5, 0}, {a, 6, 8_000}}})
	inbound(CommandReceiveInbound, InboundRequest{Kind: PurchaseOrder, Number: po, Rows: []ReceiptRow{
		{Line: 1, Discrepancy: DiscrepancyLost, Differing: 4, Reason: tr}, {Line: 2, Discrepancy: DiscrepancyShort, Differing: 2, Reason: tr}}})
	inbound(CommandCreateInbound, InboundRequest{Kind: Transfer, Number: tr, HasFrom: true, From: 1, Lines: []InboundLine{{a, 1, 0}}})
	order(CommandPlaceHold, 1_000, "", Line{a, 1}, Line{c, 1})
	s.sale()
	s.now += 1_000
	s.run(Command{Kind: CommandTick, Mask: AllSlots})
	d, e := s.skuIn(12, SKUSettings{}), s.skuIn(13, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: d, Value: 9}, {SKU: e, Value: 1}}})
	s.run(Command{Kind: CommandSetChannelRule, Rule: ChannelRule{SKU: d, HasPool: true, Pool: PoolSettings{Quota: 8}}})
	order(CommandPlaceOrder, 0, "", Line{d, 2})
	order(CommandPlaceHold, 60_000, "", Line{e, 1}, Line{d, 3})
	kit := Recipe{Kit: s.skuIn(12, SKUSettings{LimitPerCustomer: 9}), Components: []Component{{c, 1}, {d, 2}}}
	s.run(Command{Kind: CommandSetKit, Recipes: []Recipe{kit}})
	s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{kit.Kit, 1}}, Recipes: []Recipe{kit}})
	f := s.skuIn(15, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: f, Value: 11}}})
	sent := order(CommandPlaceOrder, 0, "", Line{f, 3}, Line{f, 4})
	s.run(Command{Kind: CommandCancelLines, Order: sent, Life: &LifeRequest{Units: []LineUnits{{0, 1}}}})
	for _, n := range []Quantity{3, 1} {
		s.run(Command{Kind: CommandShipOrder, Order: sent, Lines: []Line{{f, n}}, Life: &LifeRequest{}})
	}
	picked := order(CommandPlaceOrder, 0, "", Line{f, 2})
	s.run(Command{Kind: CommandSplitFulfilment, Order: picked, Life: &LifeRequest{Units: []LineUnits{{0, 1}}}})
	s.run(Command{Kind: CommandSplitFulfilment, Order: s.run(Command{Kind: CommandMergeFulfilments, Order: picked, Life: &LifeRequest{Fulfilment: 1, Into: 2}}),
		Life: &LifeRequest{Units: []LineUnits{{0, 1}}}})
	s.run(Command{Kind: CommandTrackShipment, Order: sent, Life: &LifeRequest{Shipment: 1, Reports: []TrackingReport{{At: 1, Status: ShipmentReturnedToSender}}}})
	s.run(Command{Kind: CommandTakeBack, Order: sent, Lines: []Line{{f, 1}}, Life: &LifeRequest{Shipment: 1}})
	s.pay(f)
	s.returns(s.skuIn(16, SKUSettings{}))
	g, h := s.skuIn(16, SKUSettings{}), s.skuIn(17, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: g, Value: 9}, {SKU: h, Value: 9}}})
	s.run(Command{
		Kind: CommandEditOrder, Order: order(CommandPlaceOrder, 0, "", Line{g, 3}), ExpectedVersion: 1, Lines: []Line{{h, 2}}, Document: []byte("{}"),
		Life: &LifeRequest{Units: []LineUnits{{0, 1}}},
	})
	s.run(Command{Kind: CommandDefineRouting, Routing: &RoutingSettings{Rules: []RoutingRule{RulePriority}}})
	s.run(Command{Kind: CommandDefineLocation, Name: []byte("east"), Location: LocationSettings{Shipping: &Shipping{DailyCapacity: 1}}})
	order(CommandPlaceOrder, 0, "", Line{d, 1})
	order(CommandPlaceHold, 60_000, "", Line{d, 1})
	s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Stock: StockForce, Lines: []Line{{s.skuIn(14, SKUSettings{BackorderLimit: 2}), 5}}})
	if r := s.Audit(); r.Found != 0 || r.Held != 8 || r.Placed != 12 || r.Cancelled != 1 || r.Released != 1 || r.Expired != 1 {
		t.Fatalf("the shop itself: %+v", r)
	}
	return s
}

// returns has units of a SKU sent back: of the order's three returns one was received, one is approved, and one came to nothing and has a replacement.
func (s *auditShop) returns(sku SKUID) {
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: sku, Value: 9}}})
	order := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{sku, 6}}})
	s.run(Command{Kind: CommandShipOrder, Order: order, Lines: []Line{{sku, 5}}, Life: &LifeRequest{}})
	s.run(Command{Kind: CommandTrackShipment, Order: order, Life: &LifeRequest{Shipment: 1, Reports: []TrackingReport{{At: 1, Status: ShipmentDelivered}}}})
	ask := func(kind CommandKind, r ReturnRequest) {
		s.run(Command{Kind: kind, Order: order, Actor: []byte("kim"), Lines: []Line{{sku, 0}}, Life: &LifeRequest{Return: &r}})
	}
	eur := Currency{'E', 'U', 'R'}
	for number, units := range []Quantity{2, 1, 1} {
		ask(CommandRequestReturn, ReturnRequest{Rows: []ReturnRow{{Quantity: units, Reason: ReturnDamaged}}})
		ask(CommandDecideReturn, ReturnRequest{Number: number + 1, Decision: DecideApprove, Until: s.now + 1<<30, Terms: ReturnTerms{
			Policy: RefundOnReceipt, Remedy: RemedyBoth, Fee: 5, Difference: 7, Currency: eur, Replacement: order,
		}})
	}
	ask(CommandReportReturn, ReturnRequest{Number: 1})
	ask(CommandReceiveReturn, ReturnRequest{Number: 1, Rows: []ReturnRow{{Quantity: 1, Disposition: DisposeRestock}, {Disposition: DisposeQualityControl}}})
	ask(CommandDecideRefund, ReturnRequest{Number: 1, Amount: 100, Currency: eur})
	ask(CommandDecideRefund, ReturnRequest{Number: 1, Amount: 50, Currency: eur, Credit: true})
	ask(CommandDecideReturn, ReturnRequest{Number: 3, Decision: DecideCancel})
}

// sale sells two SKUs of different slots in a sale, whose slot is that of the first.
func (s *auditShop) sale() {
	a, b, c := s.skuIn(3, SKUSettings{}), s.skuIn(9, SKUSettings{}), s.skuIn(9, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: a, Value: 5}, {SKU: b, Value: 5}}})
	s.run(Command{Kind: CommandDefineSale, Name: []byte("friday"), SaleSettings: &SaleSettings{
		EndsAt: 1 << 40, Items: []SaleItem{{SKU: a, Quota: 10, MaxHeld: 5}, {SKU: b, Quota: Unlimited}, {SKU: c}}, WaitlistCapacity: 9, WaitlistTTL: MinTTL,
	}})
	s.run(Command{Kind: CommandAdvanceQueue, Sale: MakeSaleID(a.Slot(), 0), Queue: QueueCounters{Reserved: 9, Drawn: 9, Admitted: 9, Settled: 9, Opened: true}})
	for i, lines := range [][]Line{{{a, 2}}, {{a, 1}, {b, 1}}, {{b, 1}}} {
		c := Command{
			Kind: CommandPlaceHold, TTL: 60_000, Customer: []byte("eve"), Lines: lines, Sale: MakeSaleID(a.Slot(), 0), Ticket: uint32(i + 1),
			Identities: AppendIdentity(nil, IdentityDevice, []byte("phone")),
		}
		if i == 1 {
			c.Kind, c.TTL = CommandPlaceOrder, 0
		}
		s.run(c)
	}
	for i, customer := range []string{"dan", "eve", "fay"} {
		s.run(Command{Kind: CommandJoinWaitlist, Sale: MakeSaleID(a.Slot(), 0), Customer: []byte(customer), Lines: []Line{{c, Quantity(i + 1)}},
			Identities: AppendIdentity(nil, IdentityDevice, []byte(customer))})
	}
}

// pay has an order paid, and a hold that is locked.
func (s *auditShop) pay(id SKUID) {
	euro := Currency{'E', 'U', 'R'}
	paid := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{id, 2}}, Money: &OrderMoney{Currency: euro, Amounts: []int64{900}}})
	for _, t := range []PaymentType{PaymentAuthorization, PaymentCapture} {
		s.run(Command{Kind: CommandReportPayment, Order: paid, Payment: &PaymentRequest{
			Type: t, Status: EntrySucceeded, Amount: 900, Currency: euro, At: 5, Provider: []byte("acme"), Reference: []byte("pi"), Note: []byte("ok")}})
	}
	s.run(Command{Kind: CommandRequestPayment, Order: paid, Payment: &PaymentRequest{Type: PaymentRefund, Amount: 100, Currency: euro}})
	held := s.run(Command{Kind: CommandPlaceHold, TTL: 60_000, Customer: []byte("ann"), Lines: []Line{{id, 1}}})
	s.run(Command{Kind: CommandLockHold, Order: held, TTL: 70_000, Payment: &PaymentRequest{Provider: []byte("acme"), Reference: []byte("pi")}})
}

// audited is what an audit finds, and the assertion that stopped it if one did.
func (s *auditShop) audited() (kinds []ViolationKind, stopped string) {
	defer func() {
		if r := recover(); r != nil {
			stopped = fmt.Sprint(r)
		}
	}()
	for _, v := range s.Audit().Violations {
		kinds = append(kinds, v.Kind)
	}
	return kinds, ""
}

// sabotage changes one field of one record after the other, calls see, and puts the field back. Links of lists are left
// alone: a list that bites its tail has no end.
func sabotage[T any](records *slab[T], see func(field string)) {
	for place := range records.length {
		saboteur(reflect.ValueOf(records.at(place)).Elem(), reflect.TypeFor[T]().Name(), func(field string) {
			records.mut(place) // marks the page as changed, now and when the field is back
			see(field)
			records.mut(place)
		})
	}
}

// sabotage does so in all slabs of the slot.
func (s *slot) sabotage(see func(field string)) {
	sabotage(&s.skus, see)
	sabotage(&s.levels, see)
	sabotage(&s.orders, see)
	sabotage(&s.lines, see)
	sabotage(&s.allocations, see)
	sabotage(&s.parts.slab, see)
	sabotage(&s.partLines.slab, see)
	sabotage(&s.limits.slab, see)
	sabotage(&s.returns.slab, see)
	sabotage(&s.returnLines.slab, see)
	sabotage(&s.refunds.slab, see)
	sabotage(&s.desk.items, see)
	sabotage(&s.desk.buyers.slab, see)
	sabotage(&s.desk.tickets, see)
	sabotage(&s.desk.queues, see)
	sabotage(&s.rules, see)
	sabotage(&s.inbounds, see)
	sabotage(&s.inboundLines, see)
	sabotage(&s.lots.slab, see)
	sabotage(&s.waiting.slab, see)
	sabotage(&s.components.slab, see)
	sabotage(&s.desk.waiters.slab, see)
	sabotage(&s.lives.slab, see)
	sabotage(&s.lifeLines.slab, see)
	sabotage(&s.shipments.slab, see)
	sabotage(&s.shipmentLines.slab, see)
	sabotage(&s.reports.slab, see)
	sabotage(&s.settled, see)
	sabotage(&s.accounts.slab, see)
	sabotage(&s.amounts.slab, see)
	sabotage(&s.entries.slab, see)
	sabotage(&s.fulfilments.slab, see)
	sabotage(&s.fulfilmentLines.slab, see)
	sabotage(&s.book.bookings.slab, see)
	sabotage(&s.cases, see)
	sabotage(&s.revisions.slab, see)
}

func saboteur(v reflect.Value, name string, see func(field string)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Name != "_" && f.Name != "next" {
				saboteur(v.Field(i), name+"."+f.Name, see)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			saboteur(v.Index(i), name, see)
		}
	default:
		field := reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
		before := reflect.ValueOf(field.Interface())
		if field.CanInt() {
			field.SetInt(field.Int() + 1)
		} else {
			field.SetUint(field.Uint() + 1)
		}
		see(name)
		field.Set(before)
	}
}

// alwaysSeen are the fields of which every record's is checked, with the violation that tells.
var alwaysSeen = map[string]ViolationKind{
	"skuRecord.onHand": ViolationSKUSum, "skuRecord.unavailable": ViolationSKUSum,
	"skuRecord.reserved": ViolationSKUSum, "skuRecord.allocated": ViolationSKUSum,
	"skuRecord.withheld":        ViolationWithheld,
	"skuRecord.backorderedHeld": ViolationBackordered, "skuRecord.backorderedPlaced": ViolationBackordered,
	"levelRecord.onHand": ViolationSKUSum, "levelRecord.unavailable": ViolationSKUSum,
	"levelRecord.reserved": ViolationReserved, "levelRecord.allocated": ViolationAllocated,
	"allocationRecord.quantity": ViolationLine, "limitRecord.units": ViolationLimitCount,
	"saleItemRecord.quota": ViolationSaleItem, "saleItemRecord.maxHeld": ViolationSaleItem, "saleItemRecord.held": ViolationSaleItem,
	"saleItemRecord.sold": ViolationSaleItem, "saleItemRecord.sale": ViolationSaleItem, "saleItemRecord.sku": ViolationSaleItem,
	"saleItemRecord.flags": ViolationSaleItem, "saleItemRecord.waited": ViolationWaitlist, "saleItemRecord.waiters": ViolationWaitlist,
	"saleItemRecord.last": ViolationWaitlist, "saleBuyerRecord.waited": ViolationWaitlist,
	"saleWaiterRecord.number": ViolationWaitlist, "saleWaiterRecord.item": ViolationWaitlist, "saleWaiterRecord.previous": ViolationWaitlist,
	"saleWaiterRecord.quantity": ViolationWaitlist,
	"saleQueueRecord.sale":      ViolationQueue, "saleQueueRecord.drawn": ViolationQueue, "saleQueueRecord.admitted": ViolationQueue,
	"saleQueueRecord.settled": ViolationQueue, "saleQueueRecord.flags": ViolationQueue,
	"saleBuyerRecord.units": ViolationSaleBuyer, "saleBuyerRecord.who.high": ViolationSaleBuyer, "saleBuyerRecord.who.low": ViolationSaleBuyer,
	"saleBuyerRecord.sale": ViolationSaleBuyer, "saleBuyerRecord.kind": ViolationSaleBuyer,
	"ruleRecord.used":     ViolationPool,
	"componentRecord.kit": ViolationKit, "componentRecord.sku": ViolationKit, "componentRecord.position": ViolationKit,
	"inboundRecord.kind": ViolationInbound, "inboundRecord.numberLength": ViolationInbound,
	"caseRecord.order": ViolationCase, "caseRecord.sku": ViolationCase, "caseRecord.left": ViolationCase,
	"waitingRecord.order": ViolationWaiting, "waitingRecord.sku": ViolationWaiting,
	"waitingRecord.units": ViolationWaiting, "waitingRecord.previous": ViolationWaiting,
	"lifeLineRecord.shipped": ViolationShipment, "lifeLineRecord.delivered": ViolationShipment,
	"lifeLineRecord.lost": ViolationShipment, "lifeLineRecord.sentBack": ViolationShipment, "lifeLineRecord.takenBack": ViolationShipment,
	"shipmentLineRecord.takenBack": ViolationShipment, "lifeRecord.closesAt": ViolationLife,
	"shipmentLineRecord.quantity": ViolationShipment, "shipmentLineRecord.line": ViolationShipment,
	"accountRecord.tasks": ViolationLedger, "accountRecord.until": ViolationLock,
	"fulfilmentRecord.scheduledAt":  ViolationFulfilmentStatus,
	"fulfilmentLineRecord.quantity": ViolationFulfilment, "fulfilmentLineRecord.line": ViolationFulfilment,
	"bookingRecord.order": ViolationBooking, "bookingRecord.day": ViolationBooking, "bookingRecord.location": ViolationBooking,
	"bookingRecord.flags":      ViolationBooking,
	"returnRecord.firstRefund": ViolationLeak, "returnLineRecord.became": ViolationReturn, "refundRecord.currency": ViolationRefund,
}

// sometimesSeen are the fields that matter in some records only: not in an order that has ended, say.
var sometimesSeen = map[string]ViolationKind{
	"accountRecord.deadline": ViolationLock, "accountRecord.payBy": ViolationAccount, "accountRecord.firstEntry": ViolationLedger,
	"entryRecord.kind": ViolationLedger, "entryRecord.of": ViolationLedger, "entryRecord.flags": ViolationLedger, "entryRecord.text": ViolationLedger,
	"fulfilmentRecord.status": ViolationFulfilmentStatus, "fulfilmentRecord.location": ViolationFulfilment, "orderRecord.status": ViolationStatus, "orderRecord.onHold": ViolationStatus, "orderRecord.marks": ViolationStatus, "orderRecord.channel": ViolationExternalMissing,
	"orderRecord.firstLine": ViolationBackordered, "orderRecord.lines": ViolationBackordered,
	"lineRecord.sku": ViolationReserved, "lineRecord.quantity": ViolationLine, "lineRecord.backordered": ViolationBackordered,
	"lineRecord.allocation": ViolationAllocated, "lineRecord.allocations": ViolationLine, "lineRecord.flags": ViolationLimitCount,
	"allocationRecord.location": ViolationAllocated, "skuRecord.firstLevel": ViolationSKUSum,
	"saleItemRecord.first": ViolationWaitlist, "saleWaiterRecord.turn": ViolationWaitlist, "saleWaiterRecord.text": ViolationWaitlist,
	"saleWaiterRecord.customer": ViolationWaitlist,
	"skuRecord.incoming":        ViolationIncoming, "lotRecord.home": ViolationIncoming, "lotRecord.place": ViolationIncoming,
	"lotRecord.line": ViolationIncoming, "lotRecord.open": ViolationIncoming, "lotRecord.location": ViolationIncoming,
	"lotRecord.expected": ViolationIncoming, "lotRecord.sku": ViolationIncoming, // of one that is in use
	"inboundRecord.status": ViolationInbound, "inboundRecord.to": ViolationIncoming, "inboundRecord.number": ViolationInbound,
	"inboundLineRecord.expected": ViolationIncoming, "inboundLineRecord.quantity": ViolationIncoming,
	"inboundLineRecord.received": ViolationIncoming, "inboundLineRecord.differing": ViolationIncoming,
	"orderRecord.sale": ViolationSaleItem, "partRecord.order": ViolationLeak, "partRecord.first": ViolationLeak,
	"partLineRecord.quantity": ViolationReserved, "partLineRecord.kind": ViolationBackordered, "partLineRecord.pool": ViolationPool,
	"allocationRecord.upper": ViolationPool,
	"ruleRecord.generation":  ViolationPool, "ruleRecord.channel": ViolationPool,
	"skuRecord.firstWaiting": ViolationWaiting, "skuRecord.lastWaiting": ViolationWaiting, "waitingRecord.since": ViolationWaiting,
	"waitingRecord.channel": ViolationWaiting, "lifeLineRecord.cancelled": ViolationAllocated, "shipmentRecord.status": ViolationShipment, "partRecord.customer.high": ViolationLimitCount, "partRecord.customer.low": ViolationLimitCount,
	"returnRecord.status": ViolationReturn, "returnRecord.firstLine": ViolationReturn, "returnRecord.currency": ViolationRefund,
	"returnLineRecord.quantity": ViolationReturn, "returnLineRecord.line": ViolationReturn, "lifeRecord.firstReturn": ViolationLeak,
	"limitRecord.customer.high": ViolationLimitCount, "limitRecord.customer.low": ViolationLimitCount, "limitRecord.sku": ViolationLimitCount,
}

// neverSeen are the fields of which an audit cannot tell what they should be: facts that stand nowhere else. Nine of them, places and
// kinds, lead to an assertion.
var neverSeen = map[string]bool{
	"skuRecord.safetyStock": true, "skuRecord.backorderLimit": true, "skuRecord.limitPerCustomer": true, "skuRecord.lowStock": true,
	"skuRecord.changed": true, "skuRecord.name": true, "skuRecord.version": true, "skuRecord.flags": true,
	"orderRecord.created": true, "orderRecord.createdAt": true, "orderRecord.deadline": true, "orderRecord.text": true,
	"orderRecord.version": true, "orderRecord.flags": true, "orderRecord.mask": true,
	"partRecord.deadline":   true,
	"inboundRecord.created": true, "inboundRecord.createdAt": true, "inboundRecord.version": true, "inboundRecord.from": true,
	"inboundRecord.flags": true, "inboundRecord.supplier": true, "inboundRecord.supplierLength": true,
	"inboundRecord.firstLine": true, "inboundRecord.lines": true, "inboundLineRecord.sku": true,
	"levelRecord.sku": true, "levelRecord.flags": true, "componentRecord.quantity": true,
	"saleBuyerRecord.expired": true, "saleTicketRecord.used": true, "saleTicketRecord.sale": true, "saleTicketRecord.page": true,
	"saleQueueRecord.reserved": true, "saleItemRecord.joined": true, "saleWaiterRecord.since": true, "saleWaiterRecord.channel": true,
	"ruleRecord.buffer": true, "ruleRecord.quota": true, "ruleRecord.share": true, "ruleRecord.start": true, "ruleRecord.end": true, "ruleRecord.sku": true,
	"skuRecord.rules": true, "ruleRecord.kind": true, "ruleRecord.version": true, "ruleRecord.flags": true, "ruleRecord.phase": true,
	"waitingRecord.grams": true, "waitingRecord.country": true, "waitingRecord.postal": true, "waitingRecord.method": true,
	"waitingRecord.pickup": true, "waitingRecord.avoided": true, "waitingRecord.flags": true,
	"levelRecord.location": true, "partLineRecord.location": true, "partLineRecord.sku": true,
	"saleWaiterRecord.identities": true, "lifeRecord.order": true, "lifeRecord.firstLine": true, "lifeRecord.firstShipment": true, "lifeRecord.firstFulfilment": true, "fulfilmentRecord.firstLine": true, "fulfilmentRecord.flags": true,
	"shipmentRecord.location": true, "shipmentRecord.trackedAt": true, "shipmentRecord.firstReport": true, "shipmentRecord.created": true,
	"reportRecord.at": true, "reportRecord.id": true, "reportRecord.status": true, "shipmentRecord.createdAt": true, "shipmentRecord.flags": true, "shipmentRecord.firstLine": true,
	"accountRecord.extra": true, "accountRecord.order": true, "accountRecord.firstLine": true, "accountRecord.lockText": true, "accountRecord.currency": true,
	"amountRecord.amount": true, "entryRecord.amount": true, "entryRecord.at": true, "entryRecord.created": true, "entryRecord.createdAt": true,
	"entryRecord.note": true, "entryRecord.status": true,
	"caseRecord.opened": true, "caseRecord.openedAt": true, "caseRecord.changed": true, "caseRecord.at": true, "caseRecord.units": true,
	"caseRecord.version":   true,
	"returnRecord.created": true, "returnRecord.createdAt": true, "returnRecord.until": true, "returnRecord.sent": true, "returnRecord.fee": true, "revisionRecord.document": true, "revisionRecord.order": true,
	"returnRecord.difference": true, "returnRecord.replacement": true, "returnRecord.kind": true, "returnRecord.policy": true,
	"returnRecord.remedy": true, "returnRecord.flags": true, "returnLineRecord.reason": true,
	"refundRecord.decided": true, "refundRecord.at": true, "refundRecord.amount": true, "refundRecord.credit": true, "refundRecord.by": true,
	"refundRecord.byLength": true,
}

// TestAuditSeesWhoseUnitsAre: the units of a customer count for somebody else, everywhere where that is kept.
func TestAuditSeesWhoseUnitsAre(t *testing.T) {
	s := newAuditShop(t)
	slot := &s.slots[3]
	if slot.limits.at(0).units == 0 {
		t.Fatal("nobody has units that count")
	}
	record := slot.limits.mut(0)
	slot.limitOf.Delete(slot.limitHash(record.customer, record.sku), 0)
	record.customer = hashCustomer([]byte("somebody else"))
	slot.limitOf.Insert(slot.limitHash(record.customer, record.sku), 0)
	if kinds, stopped := s.audited(); !slices.Contains(kinds, ViolationLimitCount) || stopped != "" {
		t.Errorf("the audit tells %v %s", kinds, stopped)
	}
}

// TestAuditSeesARuleThatIsNotLookedFor: orders would sell what a live pool set apart.
func TestAuditSeesARuleThatIsNotLookedFor(t *testing.T) {
	for i := range SlotCount {
		s := newAuditShop(t)
		slot, found := &s.slots[i], false
		for place := range slot.skus.length {
			if slot.skus.at(place).flags&skuChannels != 0 {
				slot.skus.mut(place).flags &^= skuChannels
				found = true
			}
		}
		if kinds, stopped := s.audited(); found != slices.Contains(kinds, ViolationPool) || stopped != "" {
			t.Errorf("slot %d: the audit tells %v %s", i, kinds, stopped)
		}
	}
}

// TestAuditSeesFields changes every field of every record once. A field that is added has to be put in one of the lists.
func TestAuditSeesFields(t *testing.T) {
	s := newAuditShop(t)
	told := map[string]bool{}
	see := func(field string) {
		kinds, stopped := s.audited()
		always, sometimes := alwaysSeen[field], sometimesSeen[field]
		switch {
		case always != 0 && !slices.Contains(kinds, always):
			t.Errorf("%s was changed and the audit tells %v %s", field, kinds, stopped)
		case always == 0 && sometimes == 0 && !neverSeen[field]:
			t.Errorf("%s is in no list; the audit tells %v %s", field, kinds, stopped)
		}
		told[field] = told[field] || slices.Contains(kinds, max(always, sometimes))
	}
	for i := range s.slots {
		s.slots[i].sabotage(see)
	}
	for field := range sometimesSeen {
		if !told[field] {
			t.Errorf("no change of %s was seen as it should be", field)
		}
	}
	for field := range neverSeen {
		if _, ok := told[field]; !ok {
			t.Errorf("there is no %s", field)
		}
	}
	if kinds, stopped := s.audited(); kinds != nil || stopped != "" {
		t.Errorf("all is as it was, and the audit tells %v %s", kinds, stopped)
	}
}

// TestAuditTellsWhatIsWrong breaks each invariant and compares the violation, field by field.
func TestAuditTellsWhatIsWrong(t *testing.T) {
	a, b, spread := MakeSKUID(3, 0), MakeSKUID(9, 0), MakeOrderID(3, true, 1) // the hold with a part in slot 9
	for _, test := range []brokenBooks{
		{
			func(home, _ *slot) { home.skus.mut(0).onHand = 7 },
			Violation{Kind: ViolationSKUSum, SKU: a, Want: 30, Got: 7},
		},
		{
			func(home, _ *slot) { home.levels.mut(1).unavailable[2] = -4 },
			Violation{Kind: ViolationNegative, SKU: a, Location: 1, Got: -4},
		},
		{
			func(_, away *slot) { away.levels.mut(1).reserved = 9 },
			Violation{Kind: ViolationReserved, SKU: MakeSKUID(9, 1), Want: 4, Got: 9},
		},
		{
			func(home, _ *slot) { home.levels.mut(1).allocated = 0 },
			Violation{Kind: ViolationAllocated, SKU: a, Location: 1, Want: 2, Got: 0},
		},
		{
			func(_, away *slot) { away.skus.mut(0).backorderedPlaced++ },
			Violation{Kind: ViolationBackordered, SKU: b, Want: 1, Got: 2},
		},
		{
			func(home, _ *slot) {
				home.levels.mut(1).onHand, home.skus.mut(0).onHand = 1, 21 // the sums agree; three are promised
			},
			Violation{Kind: ViolationOversold, SKU: a, Location: 1, Got: -2},
		},
		{
			func(home, _ *slot) { home.allocations.mut(1).quantity = 5 },
			Violation{Kind: ViolationLine, Order: MakeOrderID(3, false, 0), SKU: a, Want: 22, Got: 25},
		},
		{
			func(home, _ *slot) { home.limits.mut(0).units = 24 },
			Violation{Kind: ViolationLimitCount, SKU: a, Want: 23, Got: 24},
		},
		{
			func(home, _ *slot) {
				lives := &home.lives
				lives.mut(lives.acquire()).order = 1
			},
			Violation{Kind: ViolationLife, Order: MakeOrderID(3, false, 0), Want: 1},
		},
		{
			func(home, _ *slot) { home.revisions.mut(home.revisions.acquire()).order = 1 },
			Violation{Kind: ViolationRevision, Order: MakeOrderID(3, false, 0)},
		},
		{
			func(home, _ *slot) { home.orders.mut(0).status = 9 },
			Violation{Kind: ViolationStatus, Order: MakeOrderID(3, false, 0)},
		},
		{
			func(home, _ *slot) { home.orders.mut(1).mask = Slot(9).Mask() },
			Violation{Kind: ViolationStatus, Order: spread},
		},
		{
			func(_, away *slot) {
				away.partIndex.Delete(away.partHash(spread), 0)
				away.parts.mut(0).order += 100 << 7
				away.partIndex.Insert(away.partHash(spread+100<<7), 0)
			},
			Violation{Kind: ViolationPart, Order: spread + 100<<7},
		},
		{
			func(_, away *slot) { away.partLines.acquire() },
			Violation{Kind: ViolationLeak, Order: MakeOrderID(9, false, 0), Want: 3, Got: 4},
		},
		{
			func(home, _ *slot) { home.lots.acquire() },
			Violation{Kind: ViolationLeak, Order: MakeOrderID(3, false, 0), Want: 1, Got: 2},
		},
		{
			func(_, away *slot) { away.lots.mut(0).open = 4 },
			Violation{Kind: ViolationIncoming, Order: MakeOrderID(InboundSlot(PurchaseOrder, []byte("PO-1")), false, 0), SKU: b, Location: 1, Want: 3, Got: 4},
		},
		{
			func(home, _ *slot) { home.limits.mut(home.limits.acquire()).sku = a },
			Violation{Kind: ViolationLeak, Order: MakeOrderID(3, false, 0), Want: 1, Got: 2},
		},
		{
			func(home, _ *slot) { home.desk.items.mut(1).held = 7 },
			Violation{Kind: ViolationSaleItem, SKU: MakeSKUID(9, 2), Want: 1, Got: 7},
		},
		{
			func(home, _ *slot) { home.desk.items.mut(0).sold = 0 },
			Violation{Kind: ViolationSaleItem, SKU: MakeSKUID(3, 1), Want: 1, Got: 0},
		},
		{
			func(home, _ *slot) { home.desk.buyers.mut(0).units = 4 },
			Violation{Kind: ViolationSaleBuyer, Order: MakeOrderID(3, false, 0), Want: 5, Got: 4},
		},
		{
			func(home, _ *slot) { home.desk.queues.mut(0).admitted = 10 },
			Violation{Kind: ViolationQueue, Want: 9, Got: 10},
		},
	} {
		test.check(t)
	}
}

// brokenBooks is a change of some records, and what an audit says of it.
type brokenBooks struct {
	sabotage func(home, away *slot)
	want     Violation
}

func (b *brokenBooks) check(t *testing.T) {
	t.Helper()
	s := newAuditShop(t)
	b.sabotage(&s.slots[3], &s.slots[9])
	if report := s.Audit(); !slices.Contains(report.Violations, b.want) || report.Found != len(report.Violations) {
		t.Errorf("kind %d: %+v, want %+v", b.want.Kind, report.Violations, b.want)
	}
}

// TestAuditTellsWhatIsWrongWithQueues breaks the queue of a SKU that some orders wait for.
func TestAuditTellsWhatIsWrongWithQueues(t *testing.T) {
	b := MakeSKUID(9, 0)
	for _, test := range []brokenBooks{
		{
			func(_, away *slot) { away.waiting.mut(0).units = 2 },
			Violation{Kind: ViolationWaiting, SKU: b, Order: MakeOrderID(ExternalSlot(0, []byte("web-1")), true, 0), Want: 1, Got: 2},
		},
		{
			func(_, away *slot) { away.skus.mut(0).lastWaiting = 1 },
			Violation{Kind: ViolationWaiting, SKU: b, Want: 3, Got: 1},
		},
	} {
		test.check(t)
	}
}

// TestAuditMissesAnExternalID takes the only external id out of its index, and leads it to another order.
func TestAuditMissesAnExternalID(t *testing.T) {
	for _, lead := range []bool{false, true} {
		s := newAuditShop(t)
		home := &s.slots[ExternalSlot(0, []byte("web-1"))]
		id, ok := s.ReadExternal(0, []byte("web-1"))
		hash := home.externalHash(0, []byte("web-1"))
		if !ok || !home.externals.Delete(hash, uint32(id.Place())) {
			t.Fatal("there is no such external id")
		}
		if lead {
			twin := home.orders.push()
			*home.orders.mut(twin) = *home.orders.at(uint32(id.Place()))
			home.orders.mut(twin).status, home.orders.mut(twin).lines = StatusCancelled, 0
			home.externals.Insert(hash, twin)
		}
		want := []Violation{{Kind: ViolationExternalMissing, Order: id}}
		if got := s.Audit().Violations; !slices.Equal(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestAuditListIsBounded: the report counts all violations and lists the first.
func TestAuditListIsBounded(t *testing.T) {
	s := newAuditShop(t)
	for range 3 * MaxViolations {
		*s.slots[3].orders.mut(s.slots[3].orders.push()) = orderRecord{status: StatusPlaced}
	}
	if report := s.Audit(); report.Found != 3*MaxViolations || len(report.Violations) != MaxViolations {
		t.Errorf("%d found, %d listed", report.Found, len(report.Violations))
	}
}
