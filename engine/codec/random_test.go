package codec

import (
	"math"
	"math/rand/v2"

	"holdfast/engine/core"
)

// generator makes random values that keep every limit, with a liking for the limits themselves.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, 0))}
}

// between gives a number from min to max: one of the ends, a small one, or any.
func (g generator) between(min, max int64) int64 {
	span := uint64(max) - uint64(min)
	switch g.IntN(5) {
	case 0:
		return min
	case 1:
		return max
	case 2:
		return min + int64(g.Uint64N(128)%(span|1))
	}
	if span == math.MaxUint64 {
		return int64(g.Uint64())
	}
	return min + int64(g.Uint64N(span+1))
}

func (g generator) bool() bool { return g.IntN(2) == 0 }

func (g generator) text(alphabet string, min, max int) []byte {
	n := int(g.between(int64(min), int64(max)))
	if n == 0 {
		return nil
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.IntN(len(alphabet))]
	}
	return b
}

const (
	identifierAlphabet = "ABCXYZabcxyz0189._:-"
	nameAlphabet       = identifierAlphabet + "!\"#$%&'()*+,;<=>?@[\\]^`{|}~"
)

func (g generator) name() []byte {
	if g.IntN(8) == 0 {
		return []byte("Köln-日本-№5")
	}
	return g.text(nameAlphabet, 1, core.MaxNameLength)
}

func (g generator) reason() []byte {
	if g.IntN(8) == 0 {
		return []byte("gezählt am Dienstag / Ünal")
	}
	return g.text(nameAlphabet+" /", 0, core.MaxReasonLength)
}

func (g generator) quantity() core.Quantity {
	return core.Quantity(g.between(0, math.MaxInt64))
}

func (g generator) signed() core.Quantity {
	return core.Quantity(g.between(math.MinInt64, math.MaxInt64))
}

func (g generator) millis() core.Millis { return core.Millis(g.between(0, math.MaxInt64)) }

func (g generator) sequence() core.Sequence { return core.Sequence(g.between(1, math.MaxInt64)) }

func (g generator) sku() core.SKUID { return core.SKUID(g.between(0, math.MaxUint32)) }

func (g generator) location() core.LocationID { return core.LocationID(g.between(0, math.MaxUint16)) }

func (g generator) channel() core.ChannelID { return core.ChannelID(g.between(0, math.MaxUint16)) }

func (g generator) order() core.OrderID { return core.OrderID(g.Uint64()) }

func (g generator) version() uint32 { return uint32(g.between(0, math.MaxUint32)) }

func (g generator) mask() core.SlotMask {
	switch g.IntN(3) {
	case 0:
		return core.AllSlots
	case 1:
		return core.Slot(g.IntN(core.SlotCount)).Mask()
	}
	return core.SlotMask(g.Uint64() | 1)
}

func (g generator) skuSettings() core.SKUSettings {
	const max = int64(core.MaxSettingQuantity)
	return core.SKUSettings{
		SafetyStock:      core.Quantity(g.between(0, max)),
		BackorderLimit:   core.Quantity(g.between(int64(core.Unlimited), max)),
		LimitPerCustomer: core.Quantity(g.between(0, max)),
		LowStock:         core.Quantity(g.between(0, max)),
		Stopped:          g.bool(),
		Weight:           uint32(g.between(0, core.MaxUnitWeight)),
		Preorder:         g.preorder(),
	}
}

func (g generator) preorder() (p core.Preorder) {
	if g.bool() {
		p = core.Preorder{Limit: core.Quantity(g.between(1, int64(core.MaxSettingQuantity))), ShipsAt: core.Millis(g.between(1, math.MaxInt64))}
	}
	return p
}

func (g generator) locationSettings() core.LocationSettings {
	s := core.LocationSettings{
		Kind:     core.LocationKind(g.IntN(3)),
		Priority: int32(g.between(math.MinInt32, math.MaxInt32)),
		Stopped:  g.bool(),
	}
	if g.bool() {
		s.HasPosition = true
		s.LatitudeE7 = int32(g.between(-maxLatitudeE7, maxLatitudeE7))
		s.LongitudeE7 = int32(g.between(-maxLongitudeE7, maxLongitudeE7))
	}
	if g.bool() {
		s.Shipping = g.shipping()
	}
	return s
}

func (g generator) rule() core.ChannelRule {
	r := core.ChannelRule{SKU: g.sku(), Channel: g.channel(), HasBuffer: g.bool(), HasPool: g.bool()}
	if r.HasBuffer {
		r.Buffer = core.Quantity(g.between(0, int64(core.MaxSettingQuantity)))
	}
	if r.HasPool {
		r.Pool = core.PoolSettings{
			Quota: core.Quantity(g.between(1, int64(core.MaxOnHand))), Start: core.Millis(g.between(0, math.MaxInt64-1)), Exclusive: g.bool(),
		}
		if g.IntN(3) == 0 {
			r.Pool.Share, r.Pool.Quota = uint8(g.between(1, 100)), core.Quantity(g.between(0, int64(core.MaxOnHand)))
		}
		if g.bool() {
			r.Pool.End = core.Millis(g.between(int64(r.Pool.Start)+1, math.MaxInt64))
		}
	}
	return r
}

func (g generator) postal() (p core.PostalCode) {
	copy(p[:], g.text("ABXYZ0189", 0, len(p)))
	return p
}

func (g generator) cost() uint32 { return uint32(g.between(0, core.MaxShippingCost)) }

func (g generator) shipping() *core.Shipping {
	s := &core.Shipping{
		Methods: core.DeliveryMethods(g.IntN(256)) & core.AllMethods, UTCOffset: int16(g.between(-core.MaxUTCOffset, core.MaxUTCOffset)),
		HandlingDays: uint8(g.between(0, core.MaxHandlingDays)), CostPerUnit: g.cost(),
	}
	if s.HasCutOff = g.bool(); s.HasCutOff {
		s.CutOff = uint16(g.between(0, core.MinutesOfDay-1))
	}
	if g.bool() {
		s.DailyCapacity = uint32(g.between(1, core.MaxDailyCapacity))
	}
	for range g.IntN(core.MaxLocationChannels + 1) {
		s.Channels = append(s.Channels, g.channel())
	}
	for range g.IntN(core.MaxZones + 1) {
		z := core.Zone{Postal: g.postal(), TransitDays: uint8(g.between(0, core.MaxHandlingDays)), Cost: g.cost(), CostPerKilo: g.cost()}
		if g.bool() {
			z.UpToGrams = uint32(g.between(1, core.MaxZoneWeight))
		}
		copy(z.Country[:], []string{"", "DE", "AZ"}[g.IntN(3)])
		s.Zones = append(s.Zones, z)
	}
	return s
}

func (g generator) routing() core.RoutingSettings {
	s := core.RoutingSettings{
		Strategy: core.RoutingStrategy(g.IntN(2)), MaxShipments: uint8(g.between(0, core.MaxShipmentsLimit)), SplitPenalty: g.cost(),
		NoSuppliers: g.bool(),
	}
	for _, k := range g.Perm(core.MaxRules)[:g.IntN(core.MaxRules+1)] {
		s.Rules = append(s.Rules, core.RoutingRule(k+1))
	}
	for range g.IntN(core.MaxPreferred + 1) {
		s.Preferred = append(s.Preferred, g.location())
	}
	return s
}

func (g generator) route() core.RouteImage {
	r := core.RouteImage{Order: g.order(), Policy: g.version(), Searched: core.RouteSearch(g.IntN(3)),
		Shipments: int(g.between(0, core.MaxLocations)), Found: int(g.between(0, core.MaxLocations))}
	for _, k := range g.Perm(core.MaxRules)[:1+g.IntN(core.MaxRules)] {
		r.Rules = append(r.Rules, core.RoutingRule(k+1))
	}
	scores := func() (list []int64) {
		for range r.Rules {
			list = append(list, int64(g.quantity()))
		}
		return list
	}
	r.Scores = scores()
	for range g.IntN(core.MaxRouteOptions + 1) {
		o := core.RouteOption{Location: g.location(), Fate: core.Fate(g.IntN(int(core.LastFate) + 1))}
		if o.Fate == core.FateEligible {
			o.Chosen, o.Whole, o.Units, o.Scores = g.bool(), int(g.between(0, core.MaxLines)), g.quantity(), scores()
		}
		r.Candidates = append(r.Candidates, o)
	}
	return r
}

func (g generator) ruleImage() core.ChannelRuleImage {
	r := core.ChannelRuleImage{ChannelRule: g.rule(), Version: g.version(), Used: g.quantity(), Covered: g.quantity()}
	if r.HasPool {
		r.Phase = core.PoolPhase(g.between(1, 3))
	}
	return r
}

func (g generator) destination() core.Destination {
	d := core.Destination{Postal: g.postal(), Method: core.DeliveryMethod(g.IntN(5))}
	copy(d.Country[:], []string{"", "DE", "AZ"}[g.IntN(3)])
	if d.HasPosition = g.bool(); d.HasPosition {
		d.LatitudeE7 = int32(g.between(-maxLatitudeE7, maxLatitudeE7))
		d.LongitudeE7 = int32(g.between(-maxLongitudeE7, maxLongitudeE7))
	}
	if d.HasPickup = g.bool(); d.HasPickup {
		d.Pickup = g.location()
	}
	return d
}

var commandKinds = []core.CommandKind{
	core.CommandTick, core.CommandDefineSKU, core.CommandDefineLocation, core.CommandDefineChannel,
	core.CommandAdjustStock, core.CommandPlaceHold, core.CommandPlaceOrder, core.CommandConfirmHold,
	core.CommandExtendHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandArchiveOrders,
	core.CommandMoveStock, core.CommandDefineRouting, core.CommandDefineSale, core.CommandAdvanceQueue, core.CommandSetChannel, core.CommandSetChannelRule,
	core.CommandCreateInbound, core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound,
	core.CommandFillOrder, core.CommandSetKit, core.CommandRerouteOrder, core.CommandCancelLines, core.CommandShipOrder, core.CommandTrackShipment, core.CommandTakeBack, core.CommandResolveCase, core.CommandAddNote, core.CommandEditOrder, core.CommandPriceOrder,
	core.CommandPutOnHold, core.CommandTakeOffHold, core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment, core.CommandShortPick, core.CommandDeclineFulfilment,
	core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold, core.CommandExpireUnpaid,
	core.CommandJoinWaitlist, core.CommandLeaveWaitlist, core.CommandServeWaitlist,
	core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
	core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn,
}

func (g generator) command(kind core.CommandKind) core.Command {
	c := core.Command{Kind: kind, Version: 1, Mask: g.mask()}
	switch kind {
	case core.CommandTick:
		return c
	case core.CommandFillOrder, core.CommandExpireUnpaid:
		c.Order = g.order()
		return c
	case core.CommandArchiveOrders:
		c.Mask, c.Order = core.Slot(g.IntN(core.SlotCount)).Mask(), g.order()
		return c
	case core.CommandServeWaitlist:
		g.body(&c)
		return c
	}
	if g.bool() {
		c.HasKey = true
		c.Key = core.IdempotencyKey{byte(g.IntN(255) + 1), 5: byte(g.IntN(256)), 15: byte(g.IntN(256))}
	}
	if isOfWaitlist := kind == core.CommandJoinWaitlist || kind == core.CommandLeaveWaitlist; !isOfWaitlist && !isInbound(kind) && kind != core.CommandSetKit && kind != core.CommandRerouteOrder &&
		kind != core.CommandResolveCase && (!isOfLife(kind) || kind == core.CommandShipOrder || kind == core.CommandRequestReturn || kind == core.CommandReportReturn) && !isOfMoney(kind) && g.bool() {
		c.Document = g.text(nameAlphabet, 1, 500)
	}
	if hasExpectedVersion(kind) {
		c.ExpectedVersion = g.version()
		if hasOrder(kind) {
			c.Order = g.order()
		}
	}
	g.body(&c)
	return c
}

func (g generator) body(c *core.Command) {
	switch c.Kind {
	case core.CommandDefineSKU:
		c.Name, c.SKU = g.name(), g.skuSettings()
	case core.CommandDefineLocation:
		c.Name, c.Location = g.name(), g.locationSettings()
	case core.CommandDefineChannel:
		c.Name = g.name()
	case core.CommandSetChannel:
		c.Name, c.Selling = g.name(), g.channelSettings()
	case core.CommandSetChannelRule:
		c.Rule = g.rule()
	case core.CommandDefineRouting:
		c.Routing = new(g.routing())
	case core.CommandSetKit:
		c.Recipes = []core.Recipe{g.recipe(0)}
	case core.CommandAdjustStock:
		c.Rows = g.rows()
	case core.CommandMoveStock:
		c.Actor, c.Cause, c.Moves = g.reason(), g.reason(), g.moves()
	case core.CommandDefineSale:
		settings := g.saleSettings()
		c.Name, c.SaleSettings = g.name(), &settings
	case core.CommandAdvanceQueue:
		c.Sale, c.Queue = g.saleID(), g.queue()
	case core.CommandJoinWaitlist, core.CommandLeaveWaitlist, core.CommandServeWaitlist:
		g.waitlist(c)
	case core.CommandPlaceHold:
		g.sale(c)
		c.TTL = g.ttl()
		c.UpTo = g.bool()
		c.Destination = g.destination()
		c.Channel, c.Customer, c.Lines = g.channel(), g.name(), g.lines()
		c.Recipes = g.recipes(c.Lines)
		g.money(c)
	case core.CommandPlaceOrder:
		g.sale(c)
		c.Channel, c.Customer, c.Lines = g.channel(), g.name(), g.lines()
		c.ExternalID = g.text(identifierAlphabet, 0, core.MaxExternalIDLength)
		if g.bool() {
			c.Destination = g.destination()
		}
		if c.Sale == 0 {
			c.Stock = core.StockPolicy(g.IntN(3))
		}
		if c.Stock != core.StockSkip {
			c.Recipes = g.recipes(c.Lines)
		}
		g.money(c)
	case core.CommandExtendHold:
		c.TTL = g.ttl()
	case core.CommandRerouteOrder:
		g.reroute(c)
	case core.CommandCancelLines, core.CommandShipOrder, core.CommandTrackShipment, core.CommandTakeBack,
		core.CommandPutOnHold, core.CommandTakeOffHold,
		core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
		core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn, core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment,
		core.CommandShortPick, core.CommandDeclineFulfilment:
		g.lifeRequest(c)
	case core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold:
		g.paymentRequest(c)
	case core.CommandEditOrder:
		g.edit(c)
	case core.CommandPriceOrder:
		money := g.orderMoney(int(g.between(1, core.MaxLines)))
		c.Money, c.Life, c.Actor = &money, &core.LifeRequest{Note: g.reason()}, g.reason()
	case core.CommandAddNote:
		c.Order, c.Actor, c.Document = g.order(), g.reason(), g.text(nameAlphabet+" \n", 1, core.MaxNoteLength)
	case core.CommandResolveCase:
		g.resolution(c)
	}
	if isInbound(c.Kind) {
		c.Actor, c.Inbound = g.reason(), g.inboundRequest(c.Kind)
	}
}

func (g generator) number() []byte { return g.text(identifierAlphabet, 1, core.MaxExternalIDLength) }

// note gives a reason that is not empty.
func (g generator) note() []byte { return g.text(nameAlphabet+" /", 1, core.MaxReasonLength) }

func (g generator) lineQuantity() core.Quantity {
	return core.Quantity(g.between(1, int64(core.MaxLineQuantity)))
}

func (g generator) inboundLine() core.InboundLine {
	return core.InboundLine{SKU: g.sku(), Quantity: g.lineQuantity(), Expected: g.millis()}
}

func (g generator) inboundRequest(kind core.CommandKind) *core.InboundRequest {
	r := &core.InboundRequest{Kind: core.InboundKind(g.between(1, 2)), Number: g.number()}
	switch kind {
	case core.CommandCreateInbound:
		if g.bool() {
			r.Number = nil
		}
		r.Send, r.To, r.Lines = g.bool(), g.location(), make([]core.InboundLine, g.between(1, core.MaxLines))
		if r.HasFrom = r.Kind == core.Transfer || g.bool(); r.HasFrom {
			r.From = r.To ^ core.LocationID(g.between(1, math.MaxUint16))
		} else {
			r.Supplier = g.reason()
		}
		for i := range r.Lines {
			r.Lines[i] = g.inboundLine()
		}
	case core.CommandReceiveInbound:
		r.Rows = make([]core.ReceiptRow, g.between(1, core.MaxRows))
		for i := range r.Rows {
			r.Rows[i] = g.receiptRow()
		}
	case core.CommandCloseInbound:
		r.Discrepancy, r.Reason = core.Discrepancy(g.between(1, 3)), g.note()
	}
	return r
}

func (g generator) receiptRow() core.ReceiptRow {
	row := core.ReceiptRow{Line: int(g.between(0, core.MaxLines)), Quantity: g.lineQuantity(), To: core.StockState(g.IntN(4)), Reason: g.reason()}
	if row.Line == 0 {
		row.SKU = g.sku()
	}
	if row.Discrepancy = core.Discrepancy(g.between(0, core.Discrepancies)); row.Discrepancy == core.DiscrepancyNone {
		return row
	}
	row.Differing, row.Reason = g.lineQuantity(), g.note()
	if row.Discrepancy == core.DiscrepancyOver {
		row.Differing = min(row.Differing, row.Quantity)
	} else if g.bool() {
		row.Quantity, row.To = 0, 0
	}
	return row
}

func (g generator) inboundImage() core.InboundImage {
	img := core.InboundImage{
		Kind: core.InboundKind(g.between(1, 2)), Status: core.InboundStatus(g.between(1, 5)), Version: g.version(),
		Created: g.sequence(), CreatedAt: g.millis(), HasFrom: g.bool(), To: g.location(), Number: g.number(), Supplier: g.reason(),
		Lines: make([]core.InboundLineImage, g.between(1, core.MaxLines)),
	}
	if img.HasFrom {
		img.From = g.location()
	}
	for i := range img.Lines {
		img.Lines[i] = core.InboundLineImage{InboundLine: g.inboundLine(), Received: g.quantity()}
		for k := range img.Lines[i].Differing {
			img.Lines[i].Differing[k] = g.quantity()
		}
	}
	return img
}

func (g generator) inboundEvent(ev *core.Event) {
	img := g.inboundImage()
	for range g.IntN(5) {
		img.Found = append(img.Found, core.DiscrepancyImage{
			Line: int(g.between(1, core.MaxLines)), Discrepancy: core.Discrepancy(g.between(1, 4)), Quantity: g.quantity(), Reason: g.reason(),
		})
	}
	ev.Inbound, ev.Actor, ev.Cause = &img, g.reason(), img.Number
	ev.Moves = g.movementImages(g.IntN(5))
}

func (g generator) movementImages(n int) []core.MovementImage {
	moves := make([]core.MovementImage, n)
	for i := range moves {
		m := &moves[i]
		m.LevelImage, m.Quantity, m.Reason = g.level(g.sku()), g.signed(), g.reason()
		m.Kind, m.From, m.To = g.movement()
		if g.IntN(3) == 0 {
			m.Kind, m.From, m.To = core.MovementTransferOut, core.StockState(g.IntN(4)), 0
		}
	}
	return moves
}

func (g generator) ttl() core.Millis {
	return core.Millis(g.between(int64(core.MinTTL), int64(core.MaxTTL)))
}

func (g generator) lines() []core.Line {
	lines := make([]core.Line, g.between(1, core.MaxLines))
	for i := range lines {
		lines[i] = core.Line{SKU: g.sku(), Quantity: core.Quantity(g.between(1, int64(core.MaxLineQuantity)))}
	}
	return lines
}

func (g generator) rows() []core.AdjustmentRow {
	rows := make([]core.AdjustmentRow, g.between(1, core.MaxRows))
	for i := range rows {
		rows[i] = core.AdjustmentRow{
			SKU: g.sku(), Location: g.location(), Mode: core.AdjustmentMode(g.IntN(3)),
			Value: g.signed(), Reason: g.reason(),
		}
		if rows[i].Mode == core.AdjustSetExpected {
			rows[i].Expected = g.signed()
		}
	}
	return rows
}

// movement gives a kind of movement, with the states that it has.
func (g generator) movement() (kind core.MovementKind, from, to core.StockState) {
	kind = core.MovementKind(g.between(1, 5))
	to = core.StockState(g.IntN(4))
	switch kind {
	case core.MovementWriteOff:
		from, to = to, 0
	case core.MovementReclassify:
		from = (to + core.StockState(g.between(1, 3))) % 4
	}
	return kind, from, to
}

func (g generator) moves() []core.MovementRow {
	const most = int64(core.MaxOnHand)
	rows := make([]core.MovementRow, g.between(1, core.MaxRows))
	for i := range rows {
		r := &rows[i]
		*r = core.MovementRow{SKU: g.sku(), Location: g.location(), Quantity: core.Quantity(g.between(1, most)), Reason: g.reason()}
		r.Kind, r.From, r.To = g.movement()
		switch {
		case r.Kind == core.MovementAdjust && g.bool():
			r.Quantity = -r.Quantity
		case r.Kind == core.MovementCount:
			r.Quantity = core.Quantity(g.between(0, most))
			if r.HasExpected = g.bool(); r.HasExpected {
				r.Expected = core.Quantity(g.between(0, most))
			}
		}
	}
	return rows
}

var eventKinds = []core.EventKind{
	core.EventSKUDefined, core.EventLocationDefined, core.EventChannelDefined, core.EventStockAdjusted,
	core.EventHoldPlaced, core.EventHoldExtended, core.EventHoldReleased, core.EventHoldExpired,
	core.EventHoldConfirmed, core.EventOrderPlaced, core.EventOrderCancelled, core.EventStockMoved,
	core.EventSupplyChanged, core.EventPreorderEnded, core.EventHoldCancelled, core.EventSaleDefined, core.EventQueueAdvanced, core.EventChannelRuleSet, core.EventPoolChanged,
	core.EventPurchaseOrderChanged, core.EventTransferChanged, core.EventOrderFilled, core.EventKitSet,
	core.EventOrderRouted, core.EventOrderRerouted, core.EventRoutingDefined,
	core.EventWaitlistJoined, core.EventWaitlistLeft, core.EventWaitlistOffered, core.EventOrderOversold, core.EventLinesCancelled, core.EventOrderShipped,
	core.EventShipmentTracked, core.EventShipmentTakenBack, core.EventOrderClosed, core.EventOrderPutOnHold, core.EventOrderTakenOffHold,
	core.EventPaymentReported, core.EventPaymentRequested, core.EventHoldLocked, core.EventHoldUnlocked, core.EventOrderUnpaid, core.EventTaskRequested,
	core.EventFulfilmentChanged, core.EventFulfilmentSplit, core.EventFulfilmentMoved, core.EventFulfilmentShort, core.EventFulfilmentsMerged,
	core.EventFulfilmentDeclined,
	core.EventCaseResolved, core.EventNoteAdded, core.EventOrderEdited, core.EventOrderPriced, core.EventPaymentLate,
	core.EventReturnRequested, core.EventReturnDecided, core.EventReturnReported, core.EventReturnReceived, core.EventReturnInspected,
	core.EventReturnClosed, core.EventRefundDecided, core.EventReturnExpired,
}

func (g generator) event(kind core.EventKind) core.Event {
	ev := core.Event{Kind: kind, Sequence: g.sequence(), At: g.millis()}
	switch kind {
	case core.EventSKUDefined:
		ev.SKU = g.skuImage()
	case core.EventLocationDefined:
		ev.Location = g.locationImage()
	case core.EventChannelDefined:
		ev.Channel = core.ChannelImage{
			ID: g.channel(), Version: g.version(), Changed: g.sequence(), HasDocument: g.bool(), Name: g.name(), Settings: g.channelSettings(),
		}
	case core.EventStockAdjusted:
		ev.Levels = make([]core.LevelChange, g.between(1, core.MaxRows))
		for i := range ev.Levels {
			ev.Levels[i] = core.LevelChange{LevelImage: g.level(g.sku()), OnHandBefore: g.quantity(), Reason: g.reason()}
		}
	case core.EventSaleDefined:
		ev.Sale = g.saleImage()
	case core.EventQueueAdvanced:
		ev.Queue = core.QueueImage{Sale: g.saleID(), Counters: g.queue()}
	case core.EventOrderOversold:
		ev.Oversold = core.OversoldImage{Order: core.OrderID(g.millis()), Units: make([]core.OversoldUnits, g.between(1, 5))}
		for i := range ev.Oversold.Units {
			ev.Oversold.Units[i] = core.OversoldUnits{SKU: g.sku(), Units: g.quantity()}
		}
	case core.EventNoteAdded:
		ev.Noted, ev.Actor = g.order(), g.reason()
	case core.EventPaymentLate:
		c := core.Command{Kind: core.CommandReportPayment}
		g.paymentRequest(&c)
		ev.Noted, ev.Actor, ev.Late, ev.Note = g.order(), g.reason(), c.Payment, c.Payment.Note
	case core.EventOrderRouted:
		ev.Route = g.route()
	case core.EventRoutingDefined:
		ev.Routing = core.RoutingImage{Version: g.version(), Changed: g.sequence(), Settings: g.routing()}
	case core.EventWaitlistJoined:
		ev.Waiter = g.waiter()
	case core.EventWaitlistLeft:
		ev.Waiter = g.waiter()
		if g.bool() {
			ev.Reason = knownReasons[g.IntN(len(knownReasons))]
		}
	case core.EventWaitlistOffered:
		ev.Waiter, ev.Order = g.waiter(), g.orderImage()
	case core.EventSupplyChanged:
		ev.Supply = core.SupplyImage{SKU: g.sku(), Before: core.Supply(g.IntN(3)), Supply: core.Supply(g.IntN(3)), Available: g.signed(), LowStock: g.quantity()}
	case core.EventPreorderEnded:
		ev.Preorder = core.PreorderImage{SKU: g.sku(), Preorder: core.Preorder{Limit: g.quantity(), ShipsAt: g.millis()}, Backordered: g.quantity()}
	case core.EventChannelRuleSet, core.EventPoolChanged:
		ev.Rule = g.ruleImage()
	case core.EventKitSet:
		ev.Recipe = g.recipe(0)
	case core.EventStockMoved:
		ev.Actor, ev.Cause, ev.Moves = g.reason(), g.reason(), g.movementImages(int(g.between(1, core.MaxRows)))
	case core.EventPurchaseOrderChanged, core.EventTransferChanged:
		g.inboundEvent(&ev)
	default:
		ev.Order = g.orderImage()
		if g.bool() {
			ev.Order.Created, ev.Order.CreatedAt, ev.Order.Edited = ev.Sequence, ev.At, 0
		}
		if kind == core.EventOrderRerouted {
			ev.Actor, ev.Reroute = g.reason(), g.rerouteImage(len(ev.Order.Lines))
		}
		g.lifeEvent(&ev)
		g.paymentEvent(&ev)
		if kind == core.EventCaseResolved {
			ev.Actor, ev.Resolution = g.reason(), core.ResolutionImage{
				Case: g.caseImage(), Action: core.OversoldAction(g.between(1, 3)), Units: g.quantity(), Note: g.reason(),
			}
			ev.Resolution.Held = ev.Resolution.Action == core.OversoldCancel && g.bool()
		}
		if kind == core.EventOrderFilled || kind == core.EventCaseResolved && g.bool() {
			ev.Fills = make([]core.Fill, g.between(1, 40))
			for i := range ev.Fills {
				ev.Fills[i] = core.Fill{Line: g.IntN(len(ev.Order.Lines)), Location: g.location(), Quantity: g.quantity()}
			}
		}
	}
	return ev
}

func (g generator) skuImage() core.SKUImage {
	return core.SKUImage{
		ID: g.sku(), Version: g.version(), Changed: g.sequence(), HasDocument: g.bool(),
		Name: g.name(), Settings: g.skuSettings(),
	}
}

func (g generator) locationImage() core.LocationImage {
	return core.LocationImage{
		ID: g.location(), Version: g.version(), Changed: g.sequence(), HasDocument: g.bool(),
		Name: g.name(), Settings: g.locationSettings(),
	}
}

func (g generator) level(sku core.SKUID) core.LevelImage {
	return core.LevelImage{
		SKU: sku, Location: g.location(), OnHand: g.quantity(),
		Unavailable: [core.UnavailableStates]core.Quantity{g.quantity(), g.quantity(), g.quantity()},
		Reserved:    g.quantity(), Allocated: g.quantity(),
	}
}

func (g generator) orderImage() core.OrderImage {
	o := core.OrderImage{
		ID: g.order(), Status: core.OrderStatus(g.IntN(7) + 1), Version: g.version(),
		Created: g.sequence(), CreatedAt: g.millis(), Channel: g.channel(), HasDocument: g.bool(),
		Customer: g.name(), ExternalID: g.text(identifierAlphabet, 0, core.MaxExternalIDLength),
	}
	if g.IntN(3) == 0 {
		o.OnHold = g.onHold()
	}
	if g.bool() {
		o.Sale, o.Identities = g.saleID(), g.identities()
	}
	if g.bool() {
		o.Deadline = core.Millis(g.between(1, math.MaxInt64))
	}
	o.Lines = make([]core.LineImage, g.between(1, core.MaxLines))
	for i := range o.Lines {
		l := core.LineImage{SKU: g.sku(), Quantity: g.quantity(), Backordered: g.quantity(), Allocations: g.IntN(4)}
		if g.IntN(3) == 0 {
			l.Pooled = core.Quantity(g.between(1, math.MaxInt64))
		}
		l.Preorder = g.IntN(4) == 0
		if g.IntN(3) == 0 {
			l.Role = core.LineRole(g.IntN(4))
		}
		for range l.Allocations {
			o.Allocations = append(o.Allocations, core.Allocation{Location: g.location(), Quantity: g.quantity()})
		}
		o.Lines[i] = l
	}
	if g.IntN(3) == 0 {
		if o.Life = g.life(len(o.Lines)); g.bool() {
			g.works(o.Life, len(o.Lines))
		}
	}
	if g.IntN(3) == 0 {
		o.Account = g.account(len(o.Lines))
	}
	if o.HasDocument && o.Created < math.MaxUint64 && g.IntN(4) == 0 {
		o.Edited = o.Created + core.Sequence(g.between(1, min(math.MaxInt64, int64(min(math.MaxInt64, math.MaxUint64-o.Created)))))
	}
	return o
}

func (g generator) availability() core.AvailabilityImage {
	a := g.units()
	for range g.IntN(4) {
		a.Components = append(a.Components, core.ComponentAvailability{
			Quantity: core.Quantity(g.between(1, int64(core.MaxComponentQuantity))), AvailabilityImage: g.units(),
		})
	}
	return a
}

func (g generator) units() core.AvailabilityImage {
	a := core.AvailabilityImage{
		SKU: g.sku(), Settings: g.skuSettings(), Available: g.signed(), OnHand: g.quantity(),
		Unavailable: g.quantity(), Reserved: g.quantity(), Allocated: g.quantity(), Backordered: g.quantity(), Preordering: g.bool(),
	}
	for range g.IntN(20) {
		a.Levels = append(a.Levels, core.LevelAvailability{LevelImage: g.level(a.SKU), Withheld: g.quantity()})
	}
	for range g.IntN(4) {
		a.Rules = append(a.Rules, g.ruleImage())
	}
	for range g.IntN(5) {
		a.Incoming = append(a.Incoming, core.LotImage{
			Kind: core.InboundKind(g.between(1, 2)), Number: g.number(), Line: int(g.between(1, core.MaxLines)),
			Location: g.location(), Expected: g.millis(), Open: g.quantity(),
		})
	}
	return a
}

// knownReasons are all that a refusal can have.
var knownReasons = func() (all []core.Reason) {
	for r := range core.Reason(math.MaxUint8) {
		if knownReason(r) {
			all = append(all, r)
		}
	}
	return all
}()

func (g generator) refusal() core.Refusal {
	r := core.Refusal{
		Reason: knownReasons[g.IntN(len(knownReasons))], Order: g.order(), Version: g.version(),
	}
	if isOfSale(r.Reason) {
		r.At, r.Identity = g.millis(), core.IdentityKind(g.IntN(core.IdentityKinds))
	}
	if r.Reason == core.ReasonHoldLocked {
		r.At = g.millis()
	}
	if r.Reason == core.ReasonInboundStatus {
		r.Status = core.InboundStatus(g.between(1, 5))
	}
	if r.Reason == core.ReasonFulfilmentStatus {
		r.Fulfilment = core.FulfilmentStatus(g.between(1, int64(core.LastFulfilmentStatus)))
	}
	if r.Reason == core.ReasonFulfilmentEarly {
		r.At = g.millis()
	}
	if r.Reason == core.ReasonOrderOnHold {
		r.OnHold = g.onHold()
	}
	if r.Reason == core.ReasonReturnStatus {
		r.Return = core.ReturnStatus(g.between(1, int64(core.LastReturnStatus)))
	}
	for range g.IntN(20) {
		r.Lines = append(r.Lines, core.RefusedLine{
			Index: int(g.between(0, core.MaxLines-1)), SKU: g.sku(), Location: g.location(),
			Requested: g.signed(), Available: g.signed(),
		})
	}
	return r
}
