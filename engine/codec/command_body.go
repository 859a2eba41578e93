package codec

import (
	"encoding/binary"
	"math"
	"slices"

	"holdfast/engine/core"
)

// The largest latitude and longitude, in degrees × 10^7.
const (
	maxLatitudeE7  = 90_0000000
	maxLongitudeE7 = 180_0000000
)

// appendBody appends what the command's kind has.
func appendBody(dst []byte, c *core.Command) []byte {
	switch c.Kind {
	case core.CommandPlaceOrder:
		dst = appendUvarint(dst, uint64(c.Channel))
		dst = appendString(dst, c.Customer)
		dst = appendString(dst, c.ExternalID)
		return appendLines(dst, c.Lines)
	case core.CommandPlaceHold:
		dst = appendUvarint(dst, uint64(c.TTL))
		dst = appendUvarint(dst, uint64(c.Channel))
		dst = appendString(dst, c.Customer)
		dst = appendBool(dst, c.UpTo)
		return appendLines(dst, c.Lines)
	case core.CommandConfirmHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandArchiveOrders, core.CommandFillOrder,
		core.CommandExpireUnpaid:
		return binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
	case core.CommandRerouteOrder:
		return appendReroute(dst, c)
	case core.CommandCancelLines, core.CommandShipOrder, core.CommandTrackShipment, core.CommandTakeBack,
		core.CommandPutOnHold, core.CommandTakeOffHold,
		core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
		core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn:
		return appendLifeRequest(dst, c)
	case core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold:
		return appendPaymentRequest(dst, c)
	case core.CommandEditOrder:
		return appendEdit(dst, c)
	case core.CommandPriceOrder:
		return appendPrices(dst, c)
	case core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment,
		core.CommandShortPick, core.CommandDeclineFulfilment:
		return appendFulfilment(dst, c)
	case core.CommandAddNote:
		return appendString(binary.LittleEndian.AppendUint64(dst, uint64(c.Order)), c.Actor)
	case core.CommandResolveCase:
		return appendResolution(dst, c)
	case core.CommandExtendHold:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
		return appendUvarint(dst, uint64(c.TTL))
	case core.CommandAdjustStock:
		return appendRows(dst, c.Rows)
	case core.CommandMoveStock:
		return appendMoves(dst, c)
	case core.CommandAdvanceQueue:
		return appendQueue(dst, c.Sale, &c.Queue)
	case core.CommandCreateInbound, core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound:
		return appendInboundRequest(dst, c)
	case core.CommandJoinWaitlist, core.CommandLeaveWaitlist, core.CommandServeWaitlist:
		return appendWaitlist(dst, c)
	case core.CommandDefineSKU:
		dst = appendString(dst, c.Name)
		return appendSKUSettings(dst, &c.SKU)
	case core.CommandDefineLocation:
		dst = appendString(dst, c.Name)
		return appendLocationSettings(dst, &c.Location)
	case core.CommandDefineChannel:
		return appendString(dst, c.Name)
	case core.CommandDefineSale:
		return appendSaleSettings(appendString(dst, c.Name), c.SaleSettings)
	case core.CommandSetChannel:
		dst = appendString(dst, c.Name)
		return appendChannelSettings(dst, &c.Selling)
	case core.CommandSetChannelRule:
		return appendChannelRule(dst, &c.Rule)
	case core.CommandDefineRouting:
		return appendRouting(dst, c.Routing)
	case core.CommandSetKit:
		return appendRecipe(dst, &c.Recipes[0])
	}
	return dst
}

// body reads what the command's kind has.
func (c *cursor) body(cmd *core.Command) {
	switch cmd.Kind {
	case core.CommandPlaceOrder:
		if !c.usualOrder(cmd) {
			c.anyOrder(cmd)
		}
	case core.CommandPlaceHold:
		cmd.TTL = c.ttl()
		cmd.Channel = c.channel()
		cmd.Customer = c.name(badCustomer)
		cmd.UpTo = c.bool("mark of a hold up to is not 0 or 1")
		cmd.Lines = c.lines(cmd.Lines)
	case core.CommandConfirmHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandArchiveOrders, core.CommandFillOrder,
		core.CommandExpireUnpaid:
		cmd.Order = core.OrderID(c.uint64())
	case core.CommandRerouteOrder:
		c.reroute(cmd)
	case core.CommandCancelLines, core.CommandShipOrder, core.CommandTrackShipment, core.CommandTakeBack,
		core.CommandPutOnHold, core.CommandTakeOffHold,
		core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
		core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn:
		c.lifeRequest(cmd)
	case core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold:
		c.paymentRequest(cmd)
	case core.CommandEditOrder:
		c.edit(cmd)
	case core.CommandPriceOrder:
		c.prices(cmd)
	case core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment,
		core.CommandShortPick, core.CommandDeclineFulfilment:
		c.fulfilment(cmd)
	case core.CommandAddNote:
		cmd.Order, cmd.Actor = core.OrderID(c.uint64()), c.actor()
	case core.CommandResolveCase:
		c.resolution(cmd)
	case core.CommandExtendHold:
		cmd.Order = core.OrderID(c.uint64())
		cmd.TTL = c.ttl()
	case core.CommandAdjustStock:
		cmd.Rows = c.rows(cmd.Rows)
	case core.CommandMoveStock:
		c.moves(cmd)
	case core.CommandAdvanceQueue:
		cmd.Sale, cmd.Queue = c.queue()
	case core.CommandCreateInbound, core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound:
		c.inboundRequest(cmd)
	case core.CommandJoinWaitlist, core.CommandLeaveWaitlist, core.CommandServeWaitlist:
		c.waitlist(cmd)
	case core.CommandDefineSKU:
		cmd.Name = c.name(badSKUName)
		c.skuSettings(&cmd.SKU)
	case core.CommandDefineLocation:
		cmd.Name = c.name(badLocationName)
		c.locationSettings(&cmd.Location)
	case core.CommandDefineChannel:
		cmd.Name = c.name(badChannelName)
	case core.CommandDefineSale:
		cmd.Name = c.name(badSaleName)
		cmd.SaleSettings = &core.SaleSettings{}
		c.saleSettings(cmd.SaleSettings)
	case core.CommandSetChannel:
		cmd.Name = c.name(badChannelName)
		c.channelSettings(&cmd.Selling)
	case core.CommandSetChannelRule:
		c.channelRule(&cmd.Rule)
	case core.CommandDefineRouting:
		cmd.Routing = &core.RoutingSettings{}
		c.routing(cmd.Routing)
	case core.CommandSetKit:
		cmd.Recipes = []core.Recipe{{}}
		c.recipe(&cmd.Recipes[0], 0)
	}
}

func (c *cursor) anyOrder(cmd *core.Command) {
	cmd.Channel = c.channel()
	cmd.Customer = c.name(badCustomer)
	cmd.ExternalID = c.externalID()
	cmd.Lines = c.lines(cmd.Lines)
}

// What is wrong with a name that ValidName does not take.
const (
	badCustomer     = "customer is not 1 to 128 bytes of printable characters"
	badSKUName      = "SKU name is not 1 to 128 bytes of printable characters"
	badLocationName = "location name is not 1 to 128 bytes of printable characters"
	badChannelName  = "channel name is not 1 to 128 bytes of printable characters"
)

func (c *cursor) ttl() core.Millis {
	return core.Millis(c.between(uint64(core.MinTTL), uint64(core.MaxTTL), "time to live is not 1000 to 86400000 ms"))
}

func appendLines(dst []byte, lines []core.Line) []byte {
	dst = appendUvarint(dst, uint64(len(lines)))
	for i := range lines {
		dst = appendUvarint(dst, uint64(lines[i].SKU))
		dst = appendQuantity(dst, lines[i].Quantity)
	}
	return dst
}

func (c *cursor) lines(lines []core.Line) []core.Line {
	n := c.count(1, core.MaxLines, 2, "lines are not 1 to 500")
	lines = slices.Grow(lines[:0], n)[:n]
	for i := range lines {
		lines[i].SKU = c.sku()
		lines[i].Quantity = c.lineQuantity()
	}
	return lines
}

func (c *cursor) lineQuantity() core.Quantity {
	at := c.pos
	q := c.short()
	if q == notShort {
		q = c.longUvarint()
	}
	if q-1 >= uint64(core.MaxLineQuantity) {
		c.fail(at, "quantity is not 1 to 1000000000")
		return 0
	}
	return core.Quantity(q)
}

func appendRows(dst []byte, rows []core.AdjustmentRow) []byte {
	dst = appendUvarint(dst, uint64(len(rows)))
	for i := range rows {
		r := &rows[i]
		dst = appendUvarint(dst, uint64(r.SKU))
		dst = appendUvarint(dst, uint64(r.Location))
		dst = append(dst, byte(r.Mode))
		dst = appendSigned(dst, r.Value)
		if r.Mode == core.AdjustSetExpected {
			dst = appendSigned(dst, r.Expected)
		}
		dst = appendString(dst, r.Reason)
	}
	return dst
}

// rows reads an adjustment's rows. Values are any 64-bit number: whether the stock can become that is
// the state machine's business, and has a refusal.
func (c *cursor) rows(rows []core.AdjustmentRow) []core.AdjustmentRow {
	const shortest = 5
	n := c.count(1, core.MaxRows, shortest, "rows are not 1 to 500")
	rows = slices.Grow(rows[:0], n)[:n]
	for i := range rows {
		r := &rows[i]
		r.SKU = c.sku()
		r.Location = c.location()
		r.Mode = c.adjustmentMode()
		r.Value = c.signed()
		r.Expected = 0
		if r.Mode == core.AdjustSetExpected {
			r.Expected = c.signed()
		}
		r.Reason = c.reason()
	}
	return rows
}

func (c *cursor) adjustmentMode() core.AdjustmentMode {
	at := c.pos
	m := core.AdjustmentMode(c.byte())
	if m > core.AdjustSetExpected {
		c.fail(at, "unknown adjustment mode")
	}
	return m
}

func appendSKUSettings(dst []byte, s *core.SKUSettings) []byte {
	dst = appendQuantity(dst, s.SafetyStock)
	dst = appendSigned(dst, s.BackorderLimit)
	dst = appendQuantity(dst, s.LimitPerCustomer)
	dst = appendQuantity(dst, s.LowStock)
	dst = appendBool(dst, s.Stopped)
	dst = appendUvarint(dst, uint64(s.Weight))
	dst = appendUvarint(dst, uint64(s.Preorder.ShipsAt))
	if s.Preorder.ShipsAt != 0 {
		dst = appendQuantity(dst, s.Preorder.Limit)
	}
	return dst
}

func (c *cursor) skuSettings(s *core.SKUSettings) {
	const max = uint64(core.MaxSettingQuantity)
	s.SafetyStock = core.Quantity(c.upTo(max, "safety stock exceeds its limit"))
	at := c.pos
	s.BackorderLimit = c.signed()
	if s.BackorderLimit < core.Unlimited || s.BackorderLimit > core.MaxSettingQuantity {
		c.fail(at, "backorder limit is outside its limits")
	}
	s.LimitPerCustomer = core.Quantity(c.upTo(max, "limit per customer exceeds its limit"))
	s.LowStock = core.Quantity(c.upTo(max, "low stock exceeds its limit"))
	s.Stopped = c.bool("mark of a stopped SKU is not 0 or 1")
	s.Weight = uint32(c.upTo(core.MaxUnitWeight, "weight exceeds 4194303 g"))
	if s.Preorder = (core.Preorder{ShipsAt: c.millis()}); s.Preorder.ShipsAt != 0 {
		s.Preorder.Limit = core.Quantity(c.between(1, max, "limit of a preorder is outside its limits"))
	}
}

func appendLocationSettings(dst []byte, s *core.LocationSettings) []byte {
	dst = append(dst, byte(s.Kind))
	dst = appendVarint(dst, int64(s.Priority))
	dst = appendBool(dst, s.HasPosition)
	if s.HasPosition {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(s.LatitudeE7))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(s.LongitudeE7))
	}
	dst = appendBool(dst, s.Stopped)
	return appendShipping(dst, s.Shipping)
}

func (c *cursor) locationSettings(s *core.LocationSettings) {
	at := c.pos
	s.Kind = core.LocationKind(c.byte())
	if s.Kind > core.LocationSupplier {
		c.fail(at, "unknown location kind")
	}
	at = c.pos
	priority := c.varint()
	if priority < math.MinInt32 || priority > math.MaxInt32 {
		c.fail(at, "priority exceeds 32 bits")
	}
	s.Priority = int32(priority)
	s.HasPosition = c.bool("position mark is not 0 or 1")
	s.LatitudeE7, s.LongitudeE7 = 0, 0
	if s.HasPosition {
		s.LatitudeE7 = c.degrees(maxLatitudeE7, "latitude is beyond 90 degrees")
		s.LongitudeE7 = c.degrees(maxLongitudeE7, "longitude is beyond 180 degrees")
	}
	s.Stopped = c.bool("mark of a stopped location is not 0 or 1")
	s.Shipping = c.shipping()
}

func (c *cursor) degrees(max int32, what string) int32 {
	at := c.pos
	v := int32(c.uint32())
	if v < -max || v > max {
		c.fail(at, what)
	}
	return v
}
