package codec

import "holdfast/engine/core"

// EventHeader is what every event begins with, whatever its kind.
type EventHeader struct {
	Kind     core.EventKind
	Sequence core.Sequence
	At       core.Millis
	Length   int // of the whole event, in bytes
}

// AppendEvent appends an event.
func AppendEvent(dst []byte, ev *core.Event) []byte {
	dst = append(dst, byte(ev.Kind), 0)
	start := len(dst)
	dst = appendUvarint(dst, uint64(ev.Sequence))
	dst = appendUvarint(dst, uint64(ev.At))
	switch ev.Kind {
	case core.EventSKUDefined:
		dst = AppendSKUImage(dst, &ev.SKU)
	case core.EventLocationDefined:
		dst = AppendLocationImage(dst, &ev.Location)
	case core.EventChannelDefined:
		dst = AppendChannelImage(dst, &ev.Channel)
	case core.EventStockAdjusted:
		dst = appendLevelChanges(dst, ev.Levels)
	case core.EventStockMoved:
		dst = appendMovementImages(dst, ev)
	case core.EventSupplyChanged:
		dst = appendSupply(dst, &ev.Supply)
	case core.EventPreorderEnded:
		dst = appendPreorder(dst, &ev.Preorder)
	case core.EventSaleDefined:
		dst = AppendSaleImage(dst, &ev.Sale)
	case core.EventQueueAdvanced:
		dst = AppendQueueImage(dst, &ev.Queue)
	case core.EventChannelRuleSet, core.EventPoolChanged:
		dst = appendChannelRuleImage(dst, &ev.Rule)
	case core.EventKitSet:
		dst = appendRecipe(dst, &ev.Recipe)
	case core.EventPurchaseOrderChanged, core.EventTransferChanged:
		dst = appendInbound(dst, ev)
	case core.EventOrderOversold:
		dst = appendOversold(dst, &ev.Oversold)
	case core.EventNoteAdded:
		dst = appendNoteAdded(dst, ev)
	case core.EventPaymentLate:
		dst = appendLatePayment(dst, ev)
	case core.EventOrderRouted:
		dst = AppendRouteImage(dst, &ev.Route)
	case core.EventRoutingDefined:
		dst = AppendRoutingImage(dst, &ev.Routing)
	case core.EventOrderRerouted:
		dst = appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At})
		dst = appendRerouteImage(dst, ev)
	case core.EventLinesCancelled:
		dst = appendCancelled(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev)
	case core.EventOrderEdited:
		dst = appendEdited(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev)
	case core.EventOrderPriced:
		dst = appendNotes(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev.Note, ev.Actor)
	case core.EventShipmentTracked:
		dst = appendTracked(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev)
	case core.EventOrderShipped, core.EventShipmentTakenBack:
		dst = appendShipped(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev)
	case core.EventOrderPutOnHold, core.EventOrderTakenOffHold:
		dst = append(appendNotes(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev.Note, ev.Actor), byte(ev.OnHold))
	case core.EventPaymentReported, core.EventPaymentRequested, core.EventHoldLocked, core.EventHoldUnlocked, core.EventTaskRequested:
		dst = appendPayment(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev)
	case core.EventReturnRequested, core.EventReturnDecided, core.EventReturnReported, core.EventReturnReceived, core.EventReturnInspected,
		core.EventReturnClosed, core.EventRefundDecided, core.EventReturnExpired:
		dst = appendReturned(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev)
	case core.EventFulfilmentChanged, core.EventFulfilmentSplit, core.EventFulfilmentsMerged, core.EventFulfilmentMoved,
		core.EventFulfilmentShort, core.EventFulfilmentDeclined:
		dst = appendFulfilmentEvent(dst, ev)
	case core.EventOrderFilled:
		dst = appendFills(appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At}), ev.Fills)
	case core.EventCaseResolved:
		dst = appendResolved(dst, ev)
	case core.EventWaitlistJoined:
		dst = AppendWaiterImage(dst, &ev.Waiter)
	case core.EventWaitlistLeft:
		dst = append(AppendWaiterImage(dst, &ev.Waiter), byte(ev.Reason))
	case core.EventWaitlistOffered:
		dst = AppendWaiterImage(dst, &ev.Waiter)
		dst = appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At})
	default:
		dst = appendOrder(dst, &ev.Order, birth{ev.Sequence, ev.At})
	}
	return putLength(dst, start)
}

// putLength writes the length of all from start on before it. One byte was left for it, which is enough
// for nearly every event; for the others all is moved.
func putLength(dst []byte, start int) []byte {
	n := len(dst) - start
	if n < 0x80 {
		dst[start-1] = byte(n)
		return dst
	}
	var long [maxVarintLength]byte
	length := appendUvarint(long[:0], uint64(n))
	dst = append(dst, length[1:]...)
	copy(dst[start-1+len(length):], dst[start:start+n])
	copy(dst[start-1:], length)
	return dst
}

// PeekEvent reads what an event begins with; src may go on after the event.
func PeekEvent(src []byte) (EventHeader, error) {
	c := cursor{buf: src}
	h := c.eventHeader()
	return h, c.err()
}

// eventHeader reads what an event begins with and cuts the cursor's bytes to the event's.
func (c *cursor) eventHeader() EventHeader {
	kind := core.EventKind(c.byte())
	if !kind.IsKnown() {
		c.fail(0, "unknown event kind")
	}
	at := c.pos
	n := c.uvarint()
	if n > uint64(len(c.buf)-c.pos) {
		c.fail(at, "event is longer than the bytes at hand")
		return EventHeader{}
	}
	c.buf = c.buf[:c.pos+int(n)]
	return EventHeader{Kind: kind, Length: len(c.buf), Sequence: c.sequence(), At: c.millis()}
}

// DecodeEvent reads the event that src begins with into ev and gives its length. All of ev is
// overwritten; its byte slices point into src, and its lists reuse their room.
// After an error ev holds nothing of use.
func DecodeEvent(src []byte, ev *core.Event) (int, error) {
	c := cursor{buf: src}
	h := c.eventHeader()
	c.spare, c.spareAccount = ev.Order.Life, ev.Order.Account
	order := core.OrderImage{Lines: ev.Order.Lines[:0], Allocations: ev.Order.Allocations[:0]}
	*ev = core.Event{
		Kind: h.Kind, Sequence: h.Sequence, At: h.At, Order: order, Levels: ev.Levels[:0], Moves: ev.Moves[:0], Fills: ev.Fills[:0],
		Units: ev.Units[:0], Freed: ev.Freed[:0], Reports: ev.Reports[:0], Returned: ev.Returned[:0],
	}
	switch h.Kind {
	case core.EventSKUDefined:
		c.skuImage(&ev.SKU)
	case core.EventLocationDefined:
		c.locationImage(&ev.Location)
	case core.EventChannelDefined:
		c.channelImage(&ev.Channel)
	case core.EventStockAdjusted:
		ev.Levels = c.levelChanges(ev.Levels)
	case core.EventStockMoved:
		c.movementImages(ev)
	case core.EventSupplyChanged:
		c.supply(&ev.Supply)
	case core.EventPreorderEnded:
		c.preorder(&ev.Preorder)
	case core.EventSaleDefined:
		c.saleImage(&ev.Sale)
	case core.EventQueueAdvanced:
		c.queueImage(&ev.Queue)
	case core.EventChannelRuleSet, core.EventPoolChanged:
		c.channelRuleImage(&ev.Rule)
	case core.EventKitSet:
		c.recipe(&ev.Recipe, 0)
	case core.EventPurchaseOrderChanged, core.EventTransferChanged:
		c.inbound(ev)
	case core.EventOrderOversold:
		c.oversold(&ev.Oversold)
	case core.EventNoteAdded:
		c.noteAdded(ev)
	case core.EventPaymentLate:
		c.latePayment(ev)
	case core.EventOrderRouted:
		c.routeImage(&ev.Route)
	case core.EventRoutingDefined:
		c.routingImage(&ev.Routing)
	case core.EventOrderRerouted:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		c.rerouteImage(ev, len(ev.Order.Lines))
	case core.EventLinesCancelled:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		c.cancelled(ev, 1)
	case core.EventOrderEdited:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		c.edited(ev)
	case core.EventOrderPriced:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		ev.Note, ev.Actor = c.rerouteNote(), c.actor()
	case core.EventShipmentTracked:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		c.tracked(ev)
	case core.EventOrderShipped, core.EventShipmentTakenBack:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		c.shipped(ev)
	case core.EventOrderPutOnHold, core.EventOrderTakenOffHold:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		ev.Note, ev.Actor, ev.OnHold = c.rerouteNote(), c.actor(), c.onHold()
	case core.EventPaymentReported, core.EventPaymentRequested, core.EventHoldLocked, core.EventHoldUnlocked, core.EventTaskRequested:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		c.payment(ev)
	case core.EventReturnRequested, core.EventReturnDecided, core.EventReturnReported, core.EventReturnReceived, core.EventReturnInspected,
		core.EventReturnClosed, core.EventRefundDecided, core.EventReturnExpired:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		c.returned(ev)
	case core.EventFulfilmentChanged, core.EventFulfilmentSplit, core.EventFulfilmentsMerged, core.EventFulfilmentMoved,
		core.EventFulfilmentShort, core.EventFulfilmentDeclined:
		c.fulfilmentEvent(ev, birth{h.Sequence, h.At})
	case core.EventOrderFilled:
		c.order(&ev.Order, birth{h.Sequence, h.At})
		ev.Fills = c.fills(ev.Fills, len(ev.Order.Lines), 1)
	case core.EventCaseResolved:
		c.resolved(ev)
	case core.EventWaitlistJoined:
		c.waiterImage(&ev.Waiter)
	case core.EventWaitlistLeft:
		c.waiterImage(&ev.Waiter)
		ev.Reason = c.leftReason()
	case core.EventWaitlistOffered:
		c.waiterImage(&ev.Waiter)
		c.order(&ev.Order, birth{h.Sequence, h.At})
	default:
		c.order(&ev.Order, birth{h.Sequence, h.At})
	}
	if err := c.end("bytes after the event"); err != nil {
		return 0, err
	}
	return h.Length, nil
}
