package server

import "holdfast/engine/core"

// eventTypes are the names of the kinds of events, by number; those about payments have names of their own (eventType).
var eventTypes = [...]string{
	core.EventSKUDefined:         "sku_defined",
	core.EventLocationDefined:    "location_defined",
	core.EventChannelDefined:     "channel_defined",
	core.EventStockAdjusted:      "stock_adjusted",
	core.EventHoldPlaced:         "hold_placed",
	core.EventHoldExtended:       "hold_extended",
	core.EventHoldReleased:       "hold_released",
	core.EventHoldExpired:        "hold_expired",
	core.EventHoldConfirmed:      "hold_confirmed",
	core.EventOrderPlaced:        "order_placed",
	core.EventOrderCancelled:     "order_cancelled",
	core.EventStockMoved:         "stock_moved",
	core.EventSupplyChanged:      "supply_changed",
	core.EventHoldCancelled:      "hold_cancelled",
	core.EventChannelRuleSet:     "channel_rule_set",
	core.EventPoolChanged:        "pool_changed",
	core.EventPreorderEnded:      "preorder_ended",
	core.EventOrderRouted:        "order_routed",
	core.EventOrderOversold:      "order_oversold",
	core.EventCaseResolved:       "oversold_resolved",
	core.EventOrderRerouted:      "order_rerouted",
	core.EventLinesCancelled:     "lines_cancelled",
	core.EventOrderShipped:       "order_shipped",
	core.EventShipmentTracked:    "shipment_tracked",
	core.EventShipmentTakenBack:  "shipment_received_back",
	core.EventFulfilmentChanged:  "fulfillment_changed",
	core.EventFulfilmentSplit:    "fulfillment_split",
	core.EventFulfilmentMoved:    "fulfillment_moved",
	core.EventFulfilmentShort:    "fulfillment_short_picked",
	core.EventFulfilmentDeclined: "fulfillment_declined",
	core.EventFulfilmentsMerged:  "fulfillments_merged",
	core.EventOrderPutOnHold:     "order_put_on_hold",
	core.EventOrderTakenOffHold:  "order_taken_off_hold",
	core.EventOrderClosed:        "order_closed",
	core.EventReturnRequested:    "return_requested",
	core.EventReturnDecided:      "return_decided", // eventType says how
	core.EventReturnReported:     "return_in_transit",
	core.EventReturnReceived:     "return_received",
	core.EventReturnInspected:    "return_inspected",
	core.EventReturnClosed:       "return_closed",
	core.EventRefundDecided:      "refund_decided",
	core.EventReturnExpired:      "return_expired",
	core.EventHoldLocked:         "hold_locked",
	core.EventHoldUnlocked:       "hold_unlocked",
	core.EventOrderUnpaid:        "order_cancelled",
	core.EventRoutingDefined:     "routing_defined",
	core.EventKitSet:             "kit_set",
	core.EventSaleDefined:        "sale_defined",
	core.EventQueueAdvanced:      "queue_advanced",

	core.EventPurchaseOrderChanged: "purchase_order_changed",
	core.EventTransferChanged:      "transfer_changed",
	core.EventOrderFilled:          "order_filled",
	core.EventWaitlistJoined:       "waitlist_joined",
	core.EventWaitlistLeft:         "waitlist_left",
	core.EventWaitlistOffered:      "waitlist_offered",
	core.EventNoteAdded:            "note_added",
	core.EventPaymentLate:          "payment_late",
	core.EventOrderEdited:          "order_edited",
	core.EventOrderPriced:          "order_priced",
}

// appendEvent appends the stream's event as one line of JSON.
func (t *eventSource) appendEvent(dst []byte) []byte {
	ev := &t.event
	dst = appendNumberField(dst, `{"sequence":`, ev.Sequence)
	dst = appendTimeField(dst, `,"at":`, ev.At)
	dst = append(dst, `,"type":"`...)
	dst = append(dst, eventType(ev)...)
	dst = append(dst, '"', ',')
	switch ev.Kind {
	case core.EventSKUDefined:
		text := t.textOf(ev.SKU.HasDocument, ev.SKU.Changed)
		dst = appendSKUImage(append(dst, `"sku":`...), &ev.SKU, text, 0)
	case core.EventLocationDefined:
		text := t.textOf(ev.Location.HasDocument, ev.Location.Changed)
		dst = t.server.appendLocationImage(append(dst, `"location":`...), &ev.Location, text, nil, 0)
	case core.EventChannelDefined:
		text := t.textOf(ev.Channel.HasDocument, ev.Channel.Changed)
		dst = appendChannelImage(append(dst, `"channel":`...), &ev.Channel, text, 0)
	case core.EventChannelRuleSet, core.EventPoolChanged:
		dst = t.server.appendChannelRule(append(dst, `"rule":`...), &ev.Rule, 0)
	case core.EventPreorderEnded:
		dst = t.server.appendSKU(append(dst, `"sku":`...), ev.Preorder.SKU)
		dst = appendPreorder(append(dst, `,"preorder":`...), ev.Preorder.Preorder)
		dst = appendNumberField(dst, `,"backordered":`, ev.Preorder.Backordered)
	case core.EventKitSet:
		dst = t.server.appendRecipe(append(dst, `"kit":`...), &ev.Recipe, 0)
	case core.EventSaleDefined:
		document := t.documentOf(ev.Sale.HasDocument, ev.Sale.Changed)
		dst = t.server.appendSale(append(dst, `"sale":`...), &ev.Sale, document, 0)
	case core.EventQueueAdvanced:
		dst = t.server.appendQueue(append(dst, `"queue":`...), &ev.Queue)
	case core.EventWaitlistJoined:
		dst = t.server.appendPlace(append(dst, `"place":`...), &ev.Waiter)
	case core.EventWaitlistLeft:
		dst = t.server.appendPlace(append(dst, `"place":`...), &ev.Waiter)
		dst = appendLeft(dst, ev.Reason)
	case core.EventWaitlistOffered:
		dst = t.server.appendPlace(append(dst, `"place":`...), &ev.Waiter)
		dst = t.server.appendOrder(append(dst, `,"order":`...), &ev.Order, nil, 0)
	case core.EventStockAdjusted:
		dst = t.server.appendLevels(dst, ev.Levels)
	case core.EventSupplyChanged:
		dst = t.server.appendSupply(append(dst, `"supply":`...), &ev.Supply)
	case core.EventPurchaseOrderChanged, core.EventTransferChanged:
		dst = t.server.appendInboundEvent(dst, ev)
	case core.EventOrderOversold, core.EventOrderRouted, core.EventNoteAdded, core.EventPaymentLate:
		id, _ := ev.AboutOrder()
		dst = append(appendID(append(dst, `"order_id":"`...), t.server.engine.PublicOrderID(id)), '"')
		dst = t.appendBeside(dst)
	case core.EventCaseResolved:
		dst = append(t.server.appendCase(append(dst, `"case":`...), &ev.Resolution.Case), '}')
		dst = t.server.appendResolution(dst, ev, t.partsOf(&ev.Order))
	case core.EventRoutingDefined:
		dst = t.server.appendRouting(append(dst, `"routing":`...), &ev.Routing, 0)
	case core.EventStockMoved:
		dst = t.server.appendMovements(dst, ev)
	default:
		dst = t.server.appendOrder(append(dst, `"order":`...), &ev.Order, t.partsOf(&ev.Order), 0)
		dst = t.appendBeside(dst)
	}
	return append(dst, '}')
}

// appendBeside appends what an event about an order says beside the order itself, each with its comma. The stream of events shows it, and the
// order's timeline: a new kind of event needs a line here for both.
func (t *eventSource) appendBeside(dst []byte) []byte {
	ev := &t.event
	switch ev.Kind {
	case core.EventOrderFilled:
		return t.server.appendFills(dst, &ev.Order, ev.Fills)
	case core.EventOrderRerouted:
		return t.server.appendReroute(append(dst, `,"reroute":`...), ev)
	case core.EventLinesCancelled:
		dst = t.server.appendCancelled(dst, ev)
	case core.EventOrderEdited:
		dst = appendNoted(t.server.appendEdit(dst, ev), ev)
	case core.EventOrderShipped:
		dst = appendNoted(t.appendShipment(dst), ev)
	case core.EventShipmentTracked:
		dst = appendNoted(appendReports(t.appendShipment(dst), ev.Reports), ev)
	case core.EventReturnRequested, core.EventReturnDecided, core.EventReturnReported, core.EventReturnReceived, core.EventReturnInspected,
		core.EventReturnClosed, core.EventRefundDecided, core.EventReturnExpired:
		return appendNoted(t.appendReturnEvent(dst), ev)
	case core.EventShipmentTakenBack:
		dst = appendNoted(t.server.appendReceived(t.appendShipment(dst), ev), ev)
	case core.EventFulfilmentChanged, core.EventFulfilmentSplit, core.EventFulfilmentsMerged, core.EventFulfilmentMoved, core.EventFulfilmentShort,
		core.EventFulfilmentDeclined:
		return t.server.appendFulfilmentEvent(dst, ev)
	case core.EventOrderPutOnHold, core.EventOrderTakenOffHold:
		return appendNoted(appendOnHoldReasons(append(dst, `,"reasons":`...), ev.OnHold), ev)
	case core.EventOrderPriced:
		return appendNoted(dst, ev)
	case core.EventPaymentReported, core.EventPaymentRequested, core.EventTaskRequested, core.EventHoldLocked, core.EventHoldUnlocked,
		core.EventOrderUnpaid:
		return appendPaid(dst, ev)
	case core.EventOrderRouted:
		return t.server.appendRoute(append(dst, `,"route":`...), &ev.Route)
	case core.EventOrderOversold:
		return t.server.appendOversold(dst, &ev.Oversold)
	case core.EventWaitlistOffered:
		return t.server.appendPlace(append(dst, `,"place":`...), &ev.Waiter)
	case core.EventCaseResolved:
		return append(t.server.appendCase(append(dst, `,"case":`...), &ev.Resolution.Case), '}')
	case core.EventNoteAdded:
		return t.appendNoted(dst)
	case core.EventPaymentLate:
		return appendNoted(appendLate(append(dst, `,"report":`...), ev.Late), ev)
	}
	return dst
}

func (s *Server) appendOversold(dst []byte, o *core.OversoldImage) []byte {
	dst = append(dst, `,"oversold":[`...)
	for i, u := range o.Units {
		dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), u.SKU)
		dst = appendNumberField(dst, `,"quantity":`, u.Units)
		dst = s.appendCaseID(append(dst, `,"case_id":"`...), core.CaseID{Order: o.Order, SKU: u.SKU})
		dst = append(dst, `"}`...)
	}
	return append(dst, ']')
}

// appendNoted appends the note that the stream's event tells of. Its text is a document, which is kept for ever.
func (t *eventSource) appendNoted(dst []byte) []byte {
	text, err := t.server.engine.Document(t.event.Sequence)
	if err != nil {
		return dst // as other events are told without their document
	}
	dst = appendTextField(dst, `,"note":{"text":`, text)
	if len(t.event.Actor) > 0 {
		dst = appendTextField(dst, `,"actor":`, t.event.Actor)
	}
	return append(dst, '}')
}

// partsOf gives what the order's document says. Without a document, or when it is no longer kept, an event is
// told without it.
func (t *eventSource) partsOf(o *core.OrderImage) *orderDocument {
	return t.documentOf(o.HasDocument, o.Document())
}

func (t *eventSource) documentOf(has bool, made core.Sequence) *orderDocument {
	if !has {
		return nil
	}
	document, err := t.server.engine.Document(made)
	if err != nil {
		return nil
	}
	t.decoder.readDocument(document, &t.document)
	return &t.document
}

func (t *eventSource) textOf(has bool, made core.Sequence) []byte {
	if !has {
		return nil
	}
	document, err := t.server.engine.Document(made)
	if err != nil {
		return nil
	}
	return t.decoder.readNamed(document)
}
