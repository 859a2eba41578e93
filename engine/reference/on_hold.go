package reference

import "holdfast/engine/core"

// putOnHold adds reasons for which an order is stopped, or takes some back: all of them if none is named.
func (m *Model) putOnHold(c *core.Command, o *order) core.Outcome {
	event := core.Event{Kind: core.EventOrderPutOnHold, Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note)}
	if c.Kind == core.CommandTakeOffHold {
		event.Kind = core.EventOrderTakenOffHold
	}
	for reason := core.OnHoldFraud; reason <= core.OnHoldStock; reason <<= 1 {
		had, named := o.onHold&reason != 0, c.Life.OnHold&reason != 0
		switch {
		case c.Kind == core.CommandPutOnHold && named && !had:
			o.onHold |= reason
			event.OnHold |= reason
		case c.Kind == core.CommandTakeOffHold && had && (named || c.Life.OnHold == 0):
			o.onHold -= reason
			event.OnHold |= reason
		}
	}
	if event.OnHold == 0 {
		return core.Outcome{Order: o.id}
	}
	o.version++
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

// refuseOnHold is the outcome of what an order that is on hold does not allow.
func (o *order) refuseOnHold() core.Outcome {
	return refuseOrder(core.Refusal{Reason: core.ReasonOrderOnHold, Order: o.id, Version: o.version, OnHold: o.onHold})
}

// stopped are the reasons for which the order is on hold: those of one that has ended count no more.
func (o *order) stopped() core.OnHold {
	if o.status == core.StatusPlaced {
		return o.onHold
	}
	return 0
}
