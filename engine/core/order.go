package core

import "holdfast/engine/invariant"

// loadOrder loads the order that a command is about, in its home slot.
func (s *slot) loadOrder(st *Step) {
	if s.id != st.home {
		return
	}
	place, ok := s.findOrder(st.command.Order)
	if !ok {
		st.gone = st.command.Order.Place() < uint64(s.orders.length) && !s.orders.isHere(st.command.Order.ArchivePage())
		return
	}
	st.known, st.place = true, place
	record := s.orders.at(place)
	st.mask, st.booked = record.mask, record.flags&orderBooked != 0
	st.event.Order.Life, st.event.Order.Account = st.life, st.account
	if s.image(place, &st.event.Order); st.event.Order.Life != nil {
		st.life = st.event.Order.Life
	}
	if st.event.Order.Account != nil {
		st.account, st.stood = st.event.Order.Account, st.event.Order.standing()
	}
}

// gatherOrder loads the order, and what is kept of its lines beside their units.
func (s *slot) gatherOrder(st *Step) {
	s.loadOrder(st)
	if s.id != st.home || !st.known {
		return
	}
	st.lines = resize(st.lines, len(st.event.Order.Lines))
	first := s.orders.at(st.place).firstLine
	for i := range st.lines {
		line := s.lines.at(first + uint32(i))
		st.lines[i].counted = line.flags&lineCounted != 0
		if line.flags&linePooled != 0 {
			_, st.lines[i].pool = s.pooled(line)
		}
	}
}

// findOrder gives the place of an order of this slot that is in memory.
func (s *slot) findOrder(id OrderID) (uint32, bool) {
	if id.Place() >= uint64(s.orders.length) || !s.orders.isHere(id.ArchivePage()) {
		return 0, false
	}
	place := uint32(id.Place())
	return place, id.Spread() == s.orders.at(place).spreads(s.id)
}

// idOf is the number of the order at a place.
func (s *slot) idOf(place uint32) OrderID {
	return MakeOrderID(s.id, s.orders.at(place).spreads(s.id), place)
}

// image fills img from an order's records. Its texts are those of the slab, valid until the order is archived; its lists
// are reused.
func (s *slot) image(place uint32, img *OrderImage) {
	record := s.orders.at(place)
	customer, external := s.texts.get(record.text)
	life, account := img.Life, img.Account
	*img = OrderImage{
		ID:          MakeOrderID(s.id, record.spreads(s.id), place),
		Status:      record.status,
		Version:     record.version,
		Created:     record.created,
		CreatedAt:   record.createdAt,
		Deadline:    record.deadline,
		Channel:     record.channel,
		HasDocument: record.flags&hasDocument != 0,
		OnHold:      record.onHold,
		Customer:    customer,
		ExternalID:  external,
		Lines:       img.Lines[:0],
		Allocations: img.Allocations[:0],
	}
	if record.sale != 0 {
		record.saleImage(img)
	}
	if record.marks&orderRevised != 0 {
		img.Edited = s.revisions.at(s.findRevision(place)).document
	}
	if record.flags&orderHasLife != 0 {
		if img.Life = life; life == nil {
			img.Life = new(LifeImage)
		}
		s.lifeImage(place, img.Life)
	}
	if record.flags&orderHasAccount != 0 {
		if img.Account = account; account == nil {
			img.Account = new(AccountImage)
		}
		s.accountImage(place, int(record.lines), img.Account)
	}
	for i := range int(record.lines) {
		life := img.LineLife(i)
		s.lineImage(s.lines.at(record.firstLine+uint32(i)), life.gone(), img)
	}
}

// lineImage adds a line to an image, of whose units so many are gone.
func (s *slot) lineImage(line *lineRecord, gone Quantity, img *OrderImage) {
	img.Lines = append(img.Lines, LineImage{
		SKU:         line.sku,
		Quantity:    Quantity(line.quantity),
		Backordered: Quantity(line.backordered),
		Preorder:    line.flags&linePreorder != 0,
		Allocations: int(line.allocations),
		Role:        line.role(),
	})
	if line.stored() == 0 && line.allocations == 1 {
		img.Allocations = append(img.Allocations, Allocation{
			Location: LocationID(line.allocation), Quantity: Quantity(line.quantity-line.backordered) - gone,
		})
		return
	}
	for i := range uint32(line.allocations) {
		a := s.allocations.at(line.allocation + i)
		img.Allocations = append(img.Allocations, Allocation{Location: a.location, Quantity: Quantity(a.quantity)})
	}
	if line.flags&linePooled != 0 {
		img.Lines[len(img.Lines)-1].Pooled, _ = s.pooled(line)
	}
}

// decideOrder says whether the order's status allows the command, and plans the change.
func (m *Machine) decideOrder(st *Step) {
	c := st.command
	image := &st.event.Order
	if !st.checkOrder() {
		return
	}
	change, reason := transition(c.Kind, image.Status)
	if c.Kind == CommandCancelOrder && image.Life != nil && len(image.Life.Shipments) > 0 {
		reason = ReasonAlreadyShipped
	}
	if reason != ReasonNone {
		st.refuseOrder(reason)
		return
	}
	if c.Kind != CommandConfirmHold && change && st.refusesLocked() {
		return
	}
	if !change || c.Kind == CommandExtendHold && m.extendedTo(st) <= image.Deadline {
		return
	}
	st.Outcome.Changed = true
	m.planTransition(st)
	if image.Account != nil {
		m.planMoney(st)
	}
	if image.Status.IsClosed() {
		st.followFulfilments()
	}
}

// checkOrder refuses a command whose order, or its slots or version, are not those that it names.
func (st *Step) checkOrder() bool {
	c := st.command
	st.Outcome.Order = c.Order
	switch {
	case st.gone:
		st.refuse(ReasonOrderArchived).Order = c.Order
	case !st.known:
		st.refuse(ReasonOrderNotFound).Order = c.Order
	case st.mask&^c.Mask != 0 && !c.isOfDocument():
		st.refuseOrder(ReasonSlotsChanged)
	default:
		if reason := c.refusedVersion(st.event.Order.Version); reason != ReasonNone {
			st.refuseOrder(reason)
		}
	}
	return st.Outcome.Reason == ReasonNone
}

// refusedVersion says why a command is not for an order of a version; ReasonNone if it is. The version of a case is the case's own.
func (c *Command) refusedVersion(version uint32) Reason {
	switch {
	case c.Kind == CommandResolveCase || c.ExpectedVersion == version:
		return ReasonNone
	case c.ExpectedVersion != 0:
		return ReasonVersionConflict
	case c.Kind == CommandEditOrder, c.Kind == CommandPriceOrder:
		return ReasonVersionRequired
	}
	return ReasonNone
}

// FollowUpClosed says what a command on a closed order comes to: there is nothing to do (ReasonNone), or it is refused.
func FollowUpClosed(c *Command, image *OrderImage) Reason {
	invariant.Check(image.Status.IsClosed(), "what is archived is closed")
	if reason := c.refusedVersion(image.Version); reason != ReasonNone {
		return reason
	}
	if c.Kind == CommandReportPayment || c.Kind == CommandRequestPayment {
		return ReasonAccountClosed
	}
	if c.isOfDocument() {
		return ReasonDocumentClosed
	}
	if c.Kind == CommandRequestReturn && image.Status == StatusClosed {
		return ReasonReturnWindow
	}
	_, reason := transition(c.Kind, image.Status)
	return reason
}

func (st *Step) refuseOrder(reason Reason) {
	r := st.refuse(reason)
	r.Order, r.Version = st.event.Order.ID, st.event.Order.Version
}

// transition says whether a command changes an order of a status, leaves it as it is, or is refused:
// the table in doc.go.
func transition(kind CommandKind, status OrderStatus) (change bool, refused Reason) {
	if kind == CommandFillOrder && status.IsClosed() {
		return false, ReasonNone // nobody waits any more
	}
	switch status {
	case StatusHeld:
		switch kind {
		case CommandRerouteOrder, CommandResolveCase, CommandCancelLines, CommandShipOrder, CommandTrackShipment, CommandTakeBack,
			CommandPutOnHold, CommandTakeOffHold, CommandRequestPayment, CommandEditOrder, CommandWorkFulfilment, CommandSplitFulfilment, CommandMergeFulfilments, CommandMoveFulfilment, CommandShortPick,
			CommandDeclineFulfilment:
			return false, ReasonOrderHeld
		}
		if kind.IsOfReturn() {
			return false, ReasonOrderHeld
		}
		return true, ReasonNone
	case StatusPlaced:
		switch kind {
		case CommandConfirmHold:
			return false, ReasonNone
		case CommandCancelOrder, CommandRerouteOrder, CommandCancelLines, CommandShipOrder, CommandTrackShipment, CommandTakeBack, CommandResolveCase,
			CommandPutOnHold, CommandTakeOffHold,
			CommandRequestPayment, CommandPriceOrder,
			CommandEditOrder, CommandWorkFulfilment, CommandSplitFulfilment, CommandMergeFulfilments, CommandMoveFulfilment, CommandShortPick,
			CommandDeclineFulfilment:
			return true, ReasonNone
		}
		if kind.IsOfReturn() {
			return true, ReasonNone
		}
		return false, ReasonHoldConfirmed
	case StatusCompleted, StatusClosed:
		return arrived(kind, status)
	case StatusCancelled:
		if kind == CommandReleaseHold || kind == CommandCancelOrder {
			return false, ReasonNone
		}
		return false, ReasonOrderCancelled
	case StatusReleased:
		if kind == CommandReleaseHold {
			return false, ReasonNone
		}
		return false, ReasonHoldReleased
	}
	invariant.Check(status == StatusExpired, "an order's status is known")
	if kind == CommandReleaseHold {
		return false, ReasonNone
	}
	return false, ReasonHoldExpired
}

// Allows tells whether a command changes an order of the status, as far as that is a matter of its status.
func (s OrderStatus) Allows(kind CommandKind) bool {
	change, refused := transition(kind, s)
	return change && refused == ReasonNone
}

// arrived is transition for an order of which all has arrived.
func arrived(kind CommandKind, status OrderStatus) (change bool, refused Reason) {
	switch kind {
	case CommandConfirmHold:
		return false, ReasonNone
	case CommandRequestPayment:
		return true, ReasonNone
	case CommandExtendHold, CommandReleaseHold, CommandLockHold, CommandUnlockHold:
		return false, ReasonHoldConfirmed
	case CommandCancelOrder:
		return false, ReasonAlreadyShipped
	case CommandTrackShipment, CommandTakeBack:
		if status == StatusCompleted {
			return true, ReasonNone
		}
	}
	if kind == CommandRequestReturn || kind.IsOfReturn() && status == StatusCompleted {
		return true, ReasonNone
	}
	return false, ReasonOrderCompleted
}

// planTransition makes the loaded image into the one after the change.
func (m *Machine) planTransition(st *Step) {
	image := &st.event.Order
	st.wasHeld = image.Status == StatusHeld
	image.Version++
	switch st.command.Kind {
	case CommandConfirmHold:
		st.event.Kind, image.Status = EventHoldConfirmed, StatusPlaced
	case CommandExtendHold:
		st.event.Kind, image.Deadline = EventHoldExtended, m.extendedTo(st)
	case CommandReleaseHold:
		st.event.Kind, image.Status = EventHoldReleased, StatusReleased
	case CommandCancelOrder:
		st.event.Kind = EventOrderCancelled
		image.end(StatusCancelled)
		if st.wasHeld {
			st.event.Kind = EventHoldCancelled // its units were reserved, those of an order allocated
		}
	}
}

// planMoney plans what becomes of the money of an order whose status changes.
func (m *Machine) planMoney(st *Step) {
	image := &st.event.Order
	if st.command.Kind == CommandConfirmHold {
		image.Account.Lock = LockImage{}
		m.payBy(st)
		m.settleOrRefuse(st)
		return
	}
	if st.command.Kind == CommandExtendHold {
		image.Account.Lock = LockImage{} // it is over, and the deadline that it knows is not the hold's any more
	}
	m.settle(st) // there is room for what an order that has ended needs
}

// applyOrder changes the slot's units as planned and, in the home slot, the order's record.
func (s *slot) applyOrder(st *Step, sink Sink) {
	switch st.command.Kind {
	case CommandConfirmHold:
		s.applyLines(st, s.settle)
	case CommandReleaseHold, CommandCancelOrder, CommandCancelLines, CommandResolveCase, CommandExpireUnpaid:
		if st.booked && s.id == CapacitySlot {
			s.dropAllBookings(st.event.Order.ID)
		}
		s.applyLines(st, func(l *LineImage, allocations []Allocation) {
			if l.Backordered > 0 {
				s.waitNoMore(l.SKU, st.event.Order.ID)
				s.settleCase(st, l.SKU, st.event.Order.ID)
			}
			s.giveBack(l, allocations, st.wasHeld)
		})
		s.countLines(st, -1)
	}
	image := &st.event.Order
	if image.Sale != 0 && image.Sale.Slot() == s.id {
		s.followSale(st)
	}
	if s.id != st.home {
		if st.wasHeld {
			s.applyPart(st)
		}
		return
	}
	record := s.orders.mut(st.place)
	record.status, record.version, record.deadline, record.onHold = image.Status, image.Version, image.Deadline, image.OnHold
	if image.Account != nil {
		s.storeAccount(st.place, image)
	}
	if image.Status.IsClosed() {
		s.keepFulfilments(st)
		s.closeOrder(st.place, st.now)
	}
	if st.command.Kind == CommandExtendHold {
		s.due.push(dueRecord{deadline: image.Deadline, order: image.ID, place: st.place})
	}
	sink.Event(&st.event)
	s.tellTasks(&st.event, st.tasks, sink)
}

// applyPart moves the deadline of the slot's part of a hold, or ends the part.
func (s *slot) applyPart(st *Step) {
	image := &st.event.Order
	place, ok := s.findPart(image.ID)
	if !ok {
		return // the command's mask was wider than the order's
	}
	if st.command.Kind == CommandExtendHold {
		s.parts.mut(place).deadline = image.Deadline
		s.due.push(dueRecord{deadline: image.Deadline, order: image.ID, place: place, of: duePart})
		return
	}
	s.dropPart(place)
}
