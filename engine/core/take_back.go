package core

import "holdfast/engine/invariant"

// Units that were returned to the sender come to a location again, in any state of stock, when somebody takes them back there.

// gatherTakeBack loads the order, and looks up the levels that units come to.
func (s *slot) gatherTakeBack(st *Step) {
	s.gatherOrder(st)
	s.gatherLevels(st)
}

// gatherLevels looks up the levels that units come to.
func (s *slot) gatherLevels(st *Step) {
	c := st.command
	for i := range c.Lines {
		id := c.Lines[i].SKU
		if id.Slot() != s.id || id.Place() >= s.skus.length {
			continue
		}
		sku := s.skus.at(id.Place())
		st.skuFound[i], st.isKit[i] = true, sku.flags&skuKit != 0
		st.rows[i] = LevelImage{SKU: id, Location: c.Life.Location}
		if level, ok := s.findLevel(sku, c.Life.Location); ok {
			level.image(&st.rows[i])
		}
	}
}

// decideTakeBack plans what comes back.
func (m *Machine) decideTakeBack(st *Step) {
	if !st.checkPlaced() {
		return
	}
	switch {
	case int(st.command.Life.Location) >= len(m.locations):
		st.refuseOrder(ReasonLocationNotFound)
	case !st.checkShipment() || !st.findSentBack() || st.refusesLevels():
	default:
		st.planTakeBack(m)
	}
}

// findSentBack works out how many units of each SKU are taken back, and refuses more than the shipment has that were returned to the sender.
func (st *Step) findSentBack() bool {
	c := st.command
	life := st.event.Order.Life
	returned := life.Shipments[c.Life.Shipment-1].Status == ShipmentReturnedToSender
	st.event.Moves = st.event.Moves[:0]
	for i, line := range c.Lines {
		out := Quantity(0)
		for _, u := range life.sentBy(c.Life.Shipment) {
			if returned && st.event.Order.Lines[u.Line].SKU == line.SKU {
				out += u.Quantity - u.TakenBack
			}
		}
		n := line.Quantity
		if n == 0 {
			n = out
		}
		if n > out {
			st.refuseShipped(ReasonNotSentBack, i, n, out)
		} else if n > 0 {
			st.event.Moves = append(st.event.Moves, MovementImage{LevelImage: st.rows[i], Kind: MovementReturnIn, To: c.Life.To, Quantity: n})
		}
	}
	if len(st.event.Moves) == 0 && st.Outcome.Reason == ReasonNone {
		st.refuseOrder(ReasonNotSentBack)
	}
	return st.Outcome.Reason == ReasonNone
}

// refusesLevels refuses what cannot lie where it comes to.
func (st *Step) refusesLevels() bool {
	for i, line := range st.command.Lines {
		for k := range st.event.Moves {
			move := &st.event.Moves[k]
			if move.SKU == line.SKU && st.isKit[i] {
				st.refuseShipped(ReasonKitUnits, i, move.Quantity, 0)
			}
		}
	}
	if st.Outcome.Reason != ReasonNone {
		return true
	}
	for i, line := range st.command.Lines {
		for k := range st.event.Moves {
			if move := &st.event.Moves[k]; move.SKU == line.SKU && move.OnHand+move.Quantity > MaxOnHand {
				st.refuseShipped(ReasonStockTooLarge, i, move.OnHand+move.Quantity, move.OnHand)
			}
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// planTakeBack makes the loaded image into the one after the change.
func (st *Step) planTakeBack(m *Machine) {
	ev := &st.event
	ev.Kind = EventShipmentTakenBack
	st.beginFollowing()
	life := ev.Order.Life
	sent := life.sentBy(ev.Shipment)
	for i := range ev.Moves {
		move := &ev.Moves[i]
		rest := move.Quantity
		for k := range sent {
			if u := &sent[k]; ev.Order.Lines[u.Line].SKU == move.SKU {
				n := min(rest, u.Quantity-u.TakenBack)
				rest -= n
				u.TakenBack += n
				life.Lines[u.Line].TakenBack += n
			}
		}
		move.move(move.Kind, 0, move.To, move.Quantity)
	}
	m.finish(st)
	m.settle(st) // likewise: the units are there
}

// applyTakeBack has the slot's units on hand again and, in the home slot, writes down what came back.
func (s *slot) applyTakeBack(st *Step, sink Sink) {
	for i := range st.event.Moves {
		if m := &st.event.Moves[i]; m.SKU.Slot() == s.id {
			s.setStock(&m.LevelImage)
		}
	}
	s.bookLess(st)
	if s.id == st.home {
		s.rewriteOrder(st)
		sink.Event(&st.event)
		s.tellTasks(&st.event, st.tasks, sink)
	}
}

// ReturnWindow is how long what was delivered may be sent back, where a channel does not say.
const ReturnWindow = 30 * day

const day Millis = 86_400_000

// returnWindow is that of a channel.
func (c *ChannelSettings) returnWindow() Millis {
	if c.HasReturnDays {
		return Millis(c.ReturnDays) * day
	}
	return ReturnWindow
}

// beginTakeBack prepares a step for units that come back.
func (st *Step) beginTakeBack() {
	c := st.command
	st.home, st.reopens = c.Order.Home(), false
	n := len(c.Lines)
	st.rows, st.skuFound, st.isKit = resize(st.rows, n), resize(st.skuFound, n), resize(st.isKit, n)
	clear(st.isKit)
	clear(st.skuFound)
	for i := range c.Lines {
		st.rows[i] = LevelImage{SKU: c.Lines[i].SKU, Location: c.Life.Location}
	}
	for i := range c.Lines {
		for k := range i {
			invariant.Check(c.Lines[k].SKU != c.Lines[i].SKU, "what comes back names each SKU once")
		}
	}
}
