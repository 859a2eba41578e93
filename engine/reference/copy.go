package reference

import "holdfast/engine/core"

// image is the order at this instant, sharing nothing with it.
func (o *order) image() core.OrderImage {
	o.settleWorks()
	image := core.OrderImage{
		ID:          o.id,
		Status:      o.status,
		Version:     o.version,
		Created:     o.created,
		CreatedAt:   o.createdAt,
		Deadline:    o.deadline,
		Channel:     o.channel,
		HasDocument: o.hasDocument,
		OnHold:      o.stopped(),
		Edited:      o.edited,
		Customer:    copyBytes([]byte(o.customer)),
		ExternalID:  copyBytes([]byte(o.externalID)),
		Sale:        o.sale,
		Identities:  copyBytes(o.identities),
	}
	image.Life, image.Account = o.lifeImage(), o.accountImage()
	for _, l := range o.lines {
		image.Lines = append(image.Lines, core.LineImage{
			SKU:         l.sku,
			Quantity:    l.quantity,
			Backordered: l.backordered,
			Pooled:      l.pooled,
			Preorder:    l.preorder,
			Allocations: len(l.allocations),
			Role:        l.role,
		})
		image.Allocations = append(image.Allocations, l.allocations...)
	}
	return image
}

// CopyEvent gives an event that shares nothing with the given one, as a sink must take it. It keeps
// only what belongs to the event's kind, and empty lists come out as nil, so that two events that say
// the same are equal to reflect.DeepEqual too.
func CopyEvent(e *core.Event) core.Event {
	c := core.Event{Kind: e.Kind, Sequence: e.Sequence, At: e.At}
	switch e.Kind {
	case core.EventSKUDefined:
		c.SKU = copySKU(e.SKU)
	case core.EventLocationDefined:
		c.Location = copyLocation(e.Location)
	case core.EventChannelDefined:
		c.Channel = copyChannel(e.Channel)
	case core.EventStockAdjusted:
		c.Levels = copyList(e.Levels)
		for i := range c.Levels {
			c.Levels[i].Reason = copyBytes(c.Levels[i].Reason)
		}
	case core.EventQueueAdvanced:
		c.Queue = e.Queue
	case core.EventWaitlistJoined:
		c.Waiter = copyWaiter(e.Waiter)
	case core.EventWaitlistLeft:
		c.Waiter, c.Reason = copyWaiter(e.Waiter), e.Reason
	case core.EventWaitlistOffered:
		c.Waiter, c.Order = copyWaiter(e.Waiter), CopyOrder(&e.Order)
	case core.EventSaleDefined:
		c.Sale = copySale(e.Sale)
	case core.EventSupplyChanged:
		c.Supply = e.Supply
	case core.EventPreorderEnded:
		c.Preorder = e.Preorder
	case core.EventNoteAdded:
		c.Noted, c.Actor = e.Noted, copyBytes(e.Actor)
	case core.EventPaymentLate:
		c.Noted, c.Actor, c.Note, c.Late = e.Noted, copyBytes(e.Actor), copyBytes(e.Note), copyPayment(e.Late)
	case core.EventOrderOversold:
		c.Oversold = e.Oversold
		c.Oversold.Units = copyList(e.Oversold.Units)
	case core.EventOrderRouted:
		c.Route = e.Route
		c.Route.Rules, c.Route.Scores, c.Route.Candidates = copyList(e.Route.Rules), copyList(e.Route.Scores), copyList(e.Route.Candidates)
		for i := range c.Route.Candidates {
			c.Route.Candidates[i].Scores = copyList(c.Route.Candidates[i].Scores)
		}
	case core.EventRoutingDefined:
		c.Routing = e.Routing
		c.Routing.Settings.Rules, c.Routing.Settings.Preferred = copyList(e.Routing.Settings.Rules), copyList(e.Routing.Settings.Preferred)
	case core.EventChannelRuleSet, core.EventPoolChanged:
		c.Rule = e.Rule
	case core.EventKitSet:
		c.Recipe = copyRecipe(e.Recipe)
	case core.EventStockMoved, core.EventPurchaseOrderChanged, core.EventTransferChanged:
		if e.Kind != core.EventStockMoved {
			c.Inbound = copyInbound(e.Inbound)
		}
		c.Actor, c.Cause, c.Moves = copyBytes(e.Actor), copyBytes(e.Cause), copyList(e.Moves)
		for i := range c.Moves {
			c.Moves[i].Reason = copyBytes(c.Moves[i].Reason)
		}
	default:
		copyOrderEvent(&c, e)
	}
	return c
}

// copyOrderEvent copies what an event tells of one order, and what its kind has beside.
func copyOrderEvent(c *core.Event, e *core.Event) {
	c.Order = CopyOrder(&e.Order)
	switch e.Kind {
	case core.EventOrderRerouted:
		c.Actor, c.Reroute = copyBytes(e.Actor), e.Reroute
		c.Reroute.Note, c.Reroute.Moves, c.Reroute.Left = copyBytes(e.Reroute.Note), copyList(e.Reroute.Moves), copyList(e.Reroute.Left)
	case core.EventLinesCancelled:
		c.Actor, c.Note = copyBytes(e.Actor), copyBytes(e.Note)
		c.Units, c.Freed = copyList(e.Units), copyList(e.Freed)
	case core.EventOrderEdited:
		c.Actor, c.Note = copyBytes(e.Actor), copyBytes(e.Note)
		c.Units, c.Freed, c.Added = copyList(e.Units), copyList(e.Freed), e.Added
	case core.EventOrderShipped, core.EventShipmentTakenBack:
		c.Actor, c.Note = copyBytes(e.Actor), copyBytes(e.Note)
		c.Shipment, c.Moves = e.Shipment, copyList(e.Moves)
	case core.EventShipmentTracked:
		c.Actor, c.Note = copyBytes(e.Actor), copyBytes(e.Note)
		c.Shipment, c.Reports = e.Shipment, copyList(e.Reports)
		for i := range c.Reports {
			c.Reports[i].ID = copyBytes(c.Reports[i].ID)
		}
	case core.EventOrderPutOnHold, core.EventOrderTakenOffHold:
		c.Actor, c.Note, c.OnHold = copyBytes(e.Actor), copyBytes(e.Note), e.OnHold
	case core.EventPaymentReported, core.EventPaymentRequested:
		c.Actor, c.Note, c.Payment = copyBytes(e.Actor), copyBytes(e.Note), e.Payment
	case core.EventTaskRequested:
		c.Payment = e.Payment
	case core.EventHoldLocked, core.EventHoldUnlocked, core.EventOrderPriced:
		c.Actor, c.Note = copyBytes(e.Actor), copyBytes(e.Note)
	case core.EventReturnRequested, core.EventReturnDecided, core.EventReturnReported, core.EventReturnReceived, core.EventReturnInspected,
		core.EventReturnClosed, core.EventRefundDecided:
		c.Actor, c.Note, c.Return = copyBytes(e.Actor), copyBytes(e.Note), e.Return
		if e.Kind == core.EventReturnRequested || e.Kind == core.EventReturnReceived || e.Kind == core.EventReturnInspected {
			c.Returned = copyList(e.Returned)
		}
		if e.Kind == core.EventReturnReceived || e.Kind == core.EventReturnInspected {
			c.Moves = copyList(e.Moves)
		}
	case core.EventReturnExpired:
		c.Return = e.Return
	case core.EventFulfilmentChanged, core.EventFulfilmentSplit, core.EventFulfilmentsMerged:
		c.Actor, c.Note = copyBytes(e.Actor), copyBytes(e.Note)
		switch c.Fulfilment = e.Fulfilment; e.Kind {
		case core.EventFulfilmentChanged:
			c.Action = e.Action
		default:
			c.Into = e.Into
		}
	case core.EventFulfilmentMoved, core.EventFulfilmentShort, core.EventFulfilmentDeclined:
		c.Actor, c.Reroute, c.Fulfilment = copyBytes(e.Actor), e.Reroute, e.Fulfilment
		c.Reroute.Note, c.Reroute.Moves, c.Reroute.Left = copyBytes(e.Reroute.Note), copyList(e.Reroute.Moves), copyList(e.Reroute.Left)
		if e.Kind == core.EventFulfilmentShort {
			c.Moves = copyList(e.Moves)
		}
	case core.EventCaseResolved:
		c.Actor, c.Fills, c.Resolution = copyBytes(e.Actor), copyList(e.Fills), e.Resolution
		c.Resolution.Note = copyBytes(e.Resolution.Note)
	case core.EventOrderFilled:
		c.Fills = copyList(e.Fills)
	}
}

// CopyOrder gives an order image that shares nothing with the given one; empty lists come out as nil.
func CopyOrder(o *core.OrderImage) core.OrderImage {
	c := *o
	c.Customer = copyBytes(o.Customer)
	c.ExternalID = copyBytes(o.ExternalID)
	c.Identities = copyBytes(o.Identities)
	c.Lines = copyList(o.Lines)
	c.Allocations = copyList(o.Allocations)
	if o.Life != nil {
		life := *o.Life
		life.Lines, life.Shipments, life.Sent = copyList(life.Lines), copyList(life.Shipments), copyList(life.Sent)
		life.Returns, life.ReturnLines, life.Refunds = copyList(life.Returns), copyList(life.ReturnLines), copyList(life.Refunds)
		for i := range life.Refunds {
			life.Refunds[i].By = copyBytes(life.Refunds[i].By)
		}
		life.Fulfilments, life.ToDo = copyList(life.Fulfilments), copyList(life.ToDo)
		c.Life = &life
	}
	if o.Account != nil {
		account := *o.Account
		account.Amounts, account.Entries = copyList(account.Amounts), copyEntries(account.Entries)
		account.Lock.Provider, account.Lock.Reference = copyBytes(account.Lock.Provider), copyBytes(account.Lock.Reference)
		c.Account = &account
	}
	return c
}

// CopyOutcome gives an outcome that stays valid after the next command; empty lists come out as nil.
func CopyOutcome(o *core.Outcome) core.Outcome {
	c := *o
	if o.Refusal != nil {
		r := *o.Refusal
		r.Lines = copyList(r.Lines)
		c.Refusal = &r
	}
	return c
}

func copySKU(s core.SKUImage) core.SKUImage {
	s.Name = copyBytes(s.Name)
	return s
}

func copySale(s core.SaleImage) core.SaleImage {
	s.Name = copyBytes(s.Name)
	s.Settings.Items = copyList(s.Settings.Items)
	s.Counts = copyList(s.Counts)
	return s
}

func copyWaiter(w core.WaiterImage) core.WaiterImage {
	w.Customer, w.Identities = copyBytes(w.Customer), copyBytes(w.Identities)
	return w
}

func copyLocation(l core.LocationImage) core.LocationImage {
	l.Name = copyBytes(l.Name)
	return l
}

func copyChannel(c core.ChannelImage) core.ChannelImage {
	c.Name = copyBytes(c.Name)
	return c
}

func copyBytes(b []byte) []byte { return copyList(b) }

func copyList[T any](list []T) []T { return append([]T(nil), list...) }

// copyPayment copies a report, sharing nothing with it.
func copyPayment(p *core.PaymentRequest) *core.PaymentRequest {
	c := *p
	c.Provider, c.Reference, c.Note = copyBytes(p.Provider), copyBytes(p.Reference), copyBytes(p.Note)
	return &c
}
