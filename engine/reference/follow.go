package reference

import "holdfast/engine/core"

// verdict is what a follow-up does to an order of some status.
type verdict struct {
	refusal core.Reason      // ReasonNone when the command is done
	status  core.OrderStatus // the status afterwards; 0 when nothing changes
}

var unchanged = verdict{}

func becomes(s core.OrderStatus) verdict { return verdict{status: s} }
func refused(r core.Reason) verdict      { return verdict{refusal: r} }

// whileHeld is what commands come to that let a hold go on.
var whileHeld = map[core.OrderStatus]verdict{
	core.StatusHeld:      becomes(core.StatusHeld),
	core.StatusPlaced:    refused(core.ReasonHoldConfirmed),
	core.StatusCancelled: refused(core.ReasonOrderCancelled),
	core.StatusReleased:  refused(core.ReasonHoldReleased),
	core.StatusExpired:   refused(core.ReasonHoldExpired),
	core.StatusCompleted: refused(core.ReasonHoldConfirmed),
	core.StatusClosed:    refused(core.ReasonHoldConfirmed),
}

// ofOrders is what commands on orders come to that holds do not have: those on completed and closed ones differ.
func ofOrders(completed, closed verdict) map[core.OrderStatus]verdict {
	return map[core.OrderStatus]verdict{
		core.StatusHeld:      refused(core.ReasonOrderHeld),
		core.StatusPlaced:    becomes(core.StatusPlaced),
		core.StatusCancelled: refused(core.ReasonOrderCancelled),
		core.StatusReleased:  refused(core.ReasonHoldReleased),
		core.StatusExpired:   refused(core.ReasonHoldExpired),
		core.StatusCompleted: completed,
		core.StatusClosed:    closed,
	}
}

var (
	whilePlaced = ofOrders(refused(core.ReasonOrderCompleted), refused(core.ReasonOrderCompleted))
	whileOpen   = ofOrders(becomes(core.StatusCompleted), refused(core.ReasonOrderCompleted))
	alsoClosed  = ofOrders(becomes(core.StatusCompleted), becomes(core.StatusCompleted)) // for the first command of a return
)

// verdicts is the table "which status allows what" of core's package comment.
var verdicts = map[core.CommandKind]map[core.OrderStatus]verdict{
	core.CommandConfirmHold: {
		core.StatusHeld:      becomes(core.StatusPlaced),
		core.StatusPlaced:    unchanged,
		core.StatusCancelled: refused(core.ReasonOrderCancelled),
		core.StatusReleased:  refused(core.ReasonHoldReleased),
		core.StatusExpired:   refused(core.ReasonHoldExpired),
		core.StatusCompleted: unchanged,
		core.StatusClosed:    unchanged,
	},
	core.CommandExtendHold: whileHeld,
	core.CommandReleaseHold: {
		core.StatusHeld:      becomes(core.StatusReleased),
		core.StatusPlaced:    refused(core.ReasonHoldConfirmed),
		core.StatusCancelled: unchanged,
		core.StatusReleased:  unchanged,
		core.StatusExpired:   unchanged,
		core.StatusCompleted: refused(core.ReasonHoldConfirmed),
		core.StatusClosed:    refused(core.ReasonHoldConfirmed),
	},
	core.CommandRerouteOrder:      whilePlaced,
	core.CommandTrackShipment:     whileOpen,
	core.CommandTakeBack:          whileOpen,
	core.CommandShipOrder:         whilePlaced,
	core.CommandWorkFulfilment:    whilePlaced,
	core.CommandSplitFulfilment:   whilePlaced,
	core.CommandMergeFulfilments:  whilePlaced,
	core.CommandMoveFulfilment:    whilePlaced,
	core.CommandShortPick:         whilePlaced,
	core.CommandDeclineFulfilment: whilePlaced,
	core.CommandPutOnHold:         whilePlaced,
	core.CommandTakeOffHold:       whilePlaced,
	core.CommandCancelLines:       whilePlaced,
	core.CommandLockHold:          whileHeld,
	core.CommandUnlockHold:        whileHeld,
	core.CommandEditOrder:         whilePlaced,
	core.CommandPriceOrder: {
		core.StatusHeld:      becomes(core.StatusHeld),
		core.StatusPlaced:    becomes(core.StatusPlaced),
		core.StatusCancelled: refused(core.ReasonOrderCancelled),
		core.StatusReleased:  refused(core.ReasonHoldReleased),
		core.StatusExpired:   refused(core.ReasonHoldExpired),
		core.StatusCompleted: refused(core.ReasonOrderCompleted),
		core.StatusClosed:    refused(core.ReasonOrderCompleted),
	},
	core.CommandCancelOrder: {
		core.StatusHeld:      becomes(core.StatusCancelled),
		core.StatusPlaced:    becomes(core.StatusCancelled),
		core.StatusCancelled: unchanged,
		core.StatusReleased:  refused(core.ReasonHoldReleased),
		core.StatusExpired:   refused(core.ReasonHoldExpired),
		core.StatusCompleted: refused(core.ReasonAlreadyShipped),
		core.StatusClosed:    refused(core.ReasonAlreadyShipped),
	},
}

func isAboutReturn(kind core.CommandKind) bool {
	return kind >= core.CommandRequestReturn && kind <= core.CommandSettleReturn
}

// followUpEvents says which event tells of each follow-up that changed something.
var followUpEvents = map[core.CommandKind]core.EventKind{
	core.CommandConfirmHold: core.EventHoldConfirmed,
	core.CommandExtendHold:  core.EventHoldExtended,
	core.CommandReleaseHold: core.EventHoldReleased,
	core.CommandCancelOrder: core.EventOrderCancelled,
}

// isFollowUp tells whether a command is about an order that is there already.
func isFollowUp(kind core.CommandKind) bool {
	return isAboutReturn(kind) || kind == core.CommandPutOnHold || kind == core.CommandTakeOffHold || kind >= core.CommandConfirmHold && kind <= core.CommandCancelOrder || kind == core.CommandRerouteOrder || kind == core.CommandFillOrder ||
		kind >= core.CommandCancelLines && kind <= core.CommandTakeBack || kind >= core.CommandReportPayment && kind <= core.CommandExpireUnpaid ||
		kind == core.CommandResolveCase || kind == core.CommandEditOrder || kind == core.CommandPriceOrder
}

// waysOn are what carries out the commands on an order that do more than give it another status.
var waysOn = map[core.CommandKind]func(*Model, *core.Command, *order) core.Outcome{
	core.CommandLockHold:          (*Model).lockHold,
	core.CommandUnlockHold:        (*Model).unlockHold,
	core.CommandRerouteOrder:      (*Model).reroute,
	core.CommandCancelLines:       (*Model).cancelLines,
	core.CommandShipOrder:         (*Model).ship,
	core.CommandTrackShipment:     (*Model).track,
	core.CommandTakeBack:          (*Model).takeBack,
	core.CommandWorkFulfilment:    (*Model).fulfil,
	core.CommandSplitFulfilment:   (*Model).fulfil,
	core.CommandMergeFulfilments:  (*Model).fulfil,
	core.CommandMoveFulfilment:    (*Model).fulfil,
	core.CommandShortPick:         (*Model).fulfil,
	core.CommandDeclineFulfilment: (*Model).fulfil,
	core.CommandPutOnHold:         (*Model).putOnHold,
	core.CommandTakeOffHold:       (*Model).putOnHold,
	core.CommandEditOrder:         (*Model).edit,
	core.CommandPriceOrder:        (*Model).price,
}

// followUp carries out a command on an order that is there already.
func (m *Model) followUp(c *core.Command) core.Outcome {
	if !c.Mask.Has(c.Order.Home()) {
		return refuseOrder(core.Refusal{Reason: core.ReasonSlotsChanged, Order: c.Order})
	}
	if c.Kind == core.CommandAddNote {
		return m.addNote(c)
	}
	if m.pageIsArchived(c.Order) && c.Kind == core.CommandReportPayment && c.ExpectedVersion == 0 {
		return m.tellLate(c)
	}
	if m.pageIsArchived(c.Order) {
		return refuseOrder(core.Refusal{Reason: core.ReasonOrderArchived, Order: c.Order})
	}
	o := m.byNumber[c.Order]
	if o == nil {
		return refuseOrder(core.Refusal{Reason: core.ReasonOrderNotFound, Order: c.Order})
	}
	ofDocument := c.Kind == core.CommandEditOrder && c.Life.DocumentOnly
	if o.mask()&^c.Mask != 0 && !ofDocument {
		return refuseOrder(core.Refusal{Reason: core.ReasonSlotsChanged, Order: o.id, Version: o.version})
	}
	if c.Kind == core.CommandResolveCase {
		return m.resolve(c, o)
	}
	if c.ExpectedVersion != 0 && c.ExpectedVersion != o.version {
		return refuseOrder(core.Refusal{Reason: core.ReasonVersionConflict, Order: o.id, Version: o.version})
	}
	if (c.Kind == core.CommandEditOrder || c.Kind == core.CommandPriceOrder) && c.ExpectedVersion == 0 {
		return refuseOrder(core.Refusal{Reason: core.ReasonVersionRequired, Order: o.id, Version: o.version})
	}
	if ofDocument {
		return m.replaceDocument(c, o)
	}
	switch c.Kind {
	case core.CommandFillOrder:
		return m.fill(o)
	case core.CommandReportPayment:
		return m.reportPayment(c, o)
	case core.CommandRequestPayment:
		return m.requestPayment(c, o)
	case core.CommandExpireUnpaid:
		return m.expireUnpaid(o)
	}
	v := verdicts[c.Kind][o.status]
	if c.Kind == core.CommandRequestReturn {
		v = alsoClosed[o.status]
	} else if isAboutReturn(c.Kind) {
		v = whileOpen[o.status]
	}
	if c.Kind == core.CommandCancelOrder && len(o.shipments) > 0 {
		v = refused(core.ReasonAlreadyShipped)
	}
	if v.refusal != core.ReasonNone {
		return refuseOrder(core.Refusal{Reason: v.refusal, Order: o.id, Version: o.version})
	}
	switch c.Kind {
	case core.CommandExtendHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandLockHold, core.CommandPriceOrder:
		if o.isLocked(m.now) {
			return refuseOrder(core.Refusal{Reason: core.ReasonHoldLocked, Order: o.id, Version: o.version, At: o.account.lock.Until})
		}
	}
	if way, ok := waysOn[c.Kind]; ok {
		return way(m, c, o)
	}
	if isAboutReturn(c.Kind) {
		return m.returning(c, o)
	}
	extends := c.Kind == core.CommandExtendHold
	if v == unchanged || extends && m.extended(o, c.TTL) <= o.deadline {
		return core.Outcome{Order: o.id}
	}
	switch v.status {
	case core.StatusHeld:
		o.deadline = m.extended(o, c.TTL)
		if o.account != nil {
			o.account.lock = core.LockImage{}
		}
	case core.StatusPlaced:
		o.claimAll(claimAllocated)
		if o.account != nil {
			o.account.lock = core.LockImage{}
		}
	default:
		o.claimAll(claimNone)
		o.bookings = nil
		m.forget(o)
	}
	event := core.Event{Kind: followUpEvents[c.Kind]}
	if c.Kind == core.CommandCancelOrder && o.status == core.StatusHeld {
		event.Kind = core.EventHoldCancelled
	}
	o.status = v.status
	if c.Kind == core.CommandConfirmHold {
		m.startPaying(o)
	}
	o.version++
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

// addNote tells of a note. Who asks for it is the host, which has the text; an archived page may have had any order.
func (m *Model) addNote(c *core.Command) core.Outcome {
	if m.byNumber[c.Order] == nil && !m.pageIsArchived(c.Order) {
		return refuseOrder(core.Refusal{Reason: core.ReasonOrderNotFound, Order: c.Order})
	}
	m.emit(core.Event{Kind: core.EventNoteAdded, Noted: c.Order, Actor: copyBytes(c.Actor)})
	return core.Outcome{Changed: true, Order: c.Order}
}

// tellLate tells of a report on a payment of an order that was archived, of which nobody knows here what follows.
func (m *Model) tellLate(c *core.Command) core.Outcome {
	if c.Payment.At > m.now+24*60*60*1000 {
		return refuseOrder(core.Refusal{Reason: core.ReasonReportAhead, Order: c.Order})
	}
	m.emit(core.Event{Kind: core.EventPaymentLate, Noted: c.Order, Actor: copyBytes(c.Actor), Note: copyBytes(c.Payment.Note), Late: copyPayment(c.Payment)})
	return core.Outcome{Changed: true, Order: c.Order}
}

// refuseOrder is the outcome of a follow-up that is not done. It names the order that was asked about.
func refuseOrder(r core.Refusal) core.Outcome {
	o := refuse(r)
	o.Order = r.Order
	return o
}
