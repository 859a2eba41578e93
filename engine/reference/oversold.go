package reference

import (
	"cmp"
	"slices"

	"holdfast/engine/core"
)

// oversoldCase is what one order has of one SKU beyond the rules.
type oversoldCase struct {
	image core.CaseImage
}

// openCases notes what an order was oversold.
func (m *Model) openCases(o *order, over []core.OversoldUnits) {
	for _, u := range over {
		m.cases = append(m.cases, &oversoldCase{core.CaseImage{
			ID: core.CaseID{Order: o.id, SKU: u.SKU}, Version: 1, Opened: m.seq, OpenedAt: m.now, Changed: m.seq, At: m.now,
			Units: u.Units, Left: u.Units,
		}})
	}
}

// settleCases ends cases, or makes them smaller, whose orders wait for fewer units now.
func (m *Model) settleCases() {
	for _, k := range m.cases {
		if k.image.Left == 0 {
			continue
		}
		waits := core.Quantity(0)
		for _, w := range m.Waiting(k.image.ID.SKU) {
			if w.Order == k.image.ID.Order {
				waits = w.Units
			}
		}
		if k.image.Left > waits {
			m.setCase(k, waits)
		}
	}
}

func (m *Model) setCase(k *oversoldCase, left core.Quantity) {
	k.image.Left, k.image.Changed, k.image.At = left, m.seq, m.now
	k.image.Version++
}

func (m *Model) caseOf(id core.CaseID) *oversoldCase {
	for _, k := range m.cases {
		if k.image.ID == id {
			return k
		}
	}
	return nil
}

// resolve does something about a case with an order.
func (m *Model) resolve(c *core.Command, o *order) core.Outcome {
	what := c.Resolution
	k := m.caseOf(core.CaseID{Order: what.Case, SKU: what.SKU})
	no := func(reason core.Reason, lines ...core.RefusedLine) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: lines})
	}
	short := func(reason core.Reason, wanted core.Quantity) core.Outcome {
		return no(reason, core.RefusedLine{SKU: what.SKU, Location: what.Location, Requested: wanted})
	}
	switch {
	case k == nil:
		return no(core.ReasonCaseNotFound)
	case c.ExpectedVersion != 0 && c.ExpectedVersion != k.image.Version:
		return refuseOrder(core.Refusal{Reason: core.ReasonVersionConflict, Order: o.id, Version: k.image.Version})
	case k.image.Left == 0:
		return no(core.ReasonCaseResolved)
	}
	v := verdicts[core.CommandRerouteOrder][o.status]
	if what.Action == core.OversoldCancel {
		if v = verdicts[core.CommandCancelOrder][o.status]; len(o.shipments) > 0 {
			v = refused(core.ReasonAlreadyShipped)
		} else if v == unchanged {
			v = refused(core.ReasonOrderCancelled)
		}
	}
	if v.refusal != core.ReasonNone {
		return no(v.refusal)
	}
	if what.Action == core.OversoldCancel && o.isLocked(m.now) {
		return refuseOrder(core.Refusal{Reason: core.ReasonHoldLocked, Order: o.id, Version: o.version, At: o.account.lock.Until})
	}
	if what.Action == core.OversoldReSource && int(what.Location) >= len(m.locations) {
		return no(core.ReasonLocationNotFound)
	}
	if own := m.caseOf(core.CaseID{Order: o.id, SKU: what.SKU}); own != nil && own != k && own.image.Left > 0 {
		return no(core.ReasonOwnCase)
	}
	has, waits := core.Quantity(0), core.Quantity(0)
	for _, l := range o.lines {
		if l.sku == what.SKU && l.role != core.LineOfKits && l.role != core.LineUntracked {
			has += l.kept() - l.shipped
			waits += l.backordered
		}
	}
	if has == 0 || what.Action == core.OversoldReSource && waits == 0 {
		return short(core.ReasonNotAVictim, k.image.Left)
	}
	held := o.status == core.StatusHeld
	units, fills := min(k.image.Left, has), []core.Fill(nil)
	switch {
	case what.Action == core.OversoldCancel:
		o.claimAll(claimNone)
		m.forget(o)
		o.status, o.bookings = core.StatusCancelled, nil
		o.version++
	case what.Action == core.OversoldReSource:
		wanted := min(k.image.Left, waits)
		if units = min(wanted, m.couldGive(what.SKU, what.Location)); units == 0 {
			return short(core.ReasonNothingThere, wanted)
		}
		fills = o.reSource(what, units)
		for _, f := range fills {
			m.book(o, f.Location)
		}
		o.version++
		o.waitNoMore()
	case what.Case == o.id:
		units = k.image.Left
	default:
		if fills = m.giveUp(o, what.SKU, k.image.Left); fills == nil {
			return short(core.ReasonNotAVictim, k.image.Left)
		}
		units = 0
		for _, f := range fills {
			units += f.Quantity
			o.rebook(f.Location)
		}
		o.version++
		o.waitFor(what.SKU, c.Destination, m.gramsOf([]core.Line{{SKU: what.SKU, Quantity: units}}))
		o.waitsSince(what.SKU, m.seq)
	}
	m.setCase(k, k.image.Left-units)
	m.emit(core.Event{Kind: core.EventCaseResolved, Order: o.image(), Actor: copyBytes(c.Actor), Fills: fills, Resolution: core.ResolutionImage{
		Case: k.image, Action: what.Action, Held: held, Units: units, Note: copyBytes(what.Note),
	}})
	return core.Outcome{Changed: true, Order: o.id}
}

// couldGive is what a location has that nobody was promised, but for what live pools may still sell.
func (m *Model) couldGive(id core.SKUID, location core.LocationID) core.Quantity {
	s := m.skus[id]
	if s.stock[location] == nil {
		return 0
	}
	n := m.fulfillable(id, location)
	if m.locations[location].image.Settings.Stopped {
		return max(0, n)
	}
	rest, apart := core.Quantity(0), core.Quantity(0)
	for other := range s.stock {
		rest += m.fulfillable(id, other) - m.withheld(id, other)
	}
	for _, r := range s.rules {
		if r.pool != nil && r.pool.phase == core.PoolLive {
			apart += max(0, m.quota(r)-m.used(id, r.pool))
		}
	}
	if apart > 0 {
		n = min(n, rest-apart)
	}
	return max(0, n)
}

// reSource gives the order's lines units of a location.
func (o *order) reSource(what *core.Resolution, units core.Quantity) (fills []core.Fill) {
	for i, l := range o.lines {
		if n := min(units, l.backordered); l.sku == what.SKU && n > 0 {
			units -= n
			l.backordered -= n
			l.allocate(what.Location, n)
			fills = append(fills, core.Fill{Line: i, Location: what.Location, Quantity: n})
		}
	}
	return fills
}

// giveUp takes units of a SKU from the order that others could use.
func (m *Model) giveUp(o *order, id core.SKUID, units core.Quantity) (fills []core.Fill) {
	for i, l := range o.lines {
		if l.sku != id {
			continue
		}
		for k := range l.allocations {
			a := &l.allocations[k]
			n := min(units, a.Quantity, l.kept()-l.backordered-l.pooled)
			if n > 0 && !m.locations[a.Location].image.Settings.Stopped {
				units -= n
				a.Quantity -= n
				l.backordered += n
				fills = append(fills, core.Fill{Line: i, Location: a.Location, Quantity: n})
			}
		}
		l.allocations = slices.DeleteFunc(l.allocations, func(a core.Allocation) bool { return a.Quantity == 0 })
	}
	return fills
}

// waitsSince has the order stand at another place of a SKU's queue than that of its promise, until it waits no more.
func (o *order) waitsSince(id core.SKUID, since core.Sequence) { o.waits[id].since = since }

// Cases lists all cases in the order in which they were opened, those of one order by slot.
func (m *Model) Cases() (list []core.CaseImage) {
	for _, k := range m.cases {
		list = append(list, k.image)
	}
	slices.SortStableFunc(list, func(a, b core.CaseImage) int {
		return cmp.Or(cmp.Compare(a.Opened, b.Opened), cmp.Compare(a.ID.SKU.Slot(), b.ID.SKU.Slot()))
	})
	return list
}

// Victims ranks all who might not be served with a SKU.
func (m *Model) Victims(id core.SKUID, policy core.VictimPolicy, channels []core.ChannelID) (list []core.VictimImage) {
	for _, o := range m.orders {
		v := core.VictimImage{Order: o.id, Version: o.version, Status: o.status, Created: o.created, CreatedAt: o.createdAt, Channel: o.channel}
		for _, l := range o.lines {
			if l.sku == id && l.role != core.LineOfKits && l.role != core.LineUntracked {
				v.Quantity += l.kept() - l.shipped
				v.Backordered += l.backordered
			}
		}
		if own := m.caseOf(core.CaseID{Order: o.id, SKU: id}); own != nil {
			v.HasCase = own.image.Left > 0
		}
		if v.Quantity > 0 && !o.status.IsClosed() {
			list = append(list, v)
		}
	}
	channel := func(v core.VictimImage) int {
		if at := slices.Index(channels, v.Channel); at >= 0 {
			return at
		}
		return len(channels)
	}
	by := map[core.VictimPolicy]func(a, b core.VictimImage) int{
		core.VictimsNewest:   func(a, b core.VictimImage) int { return 0 },
		core.VictimsOldest:   func(a, b core.VictimImage) int { return cmp.Compare(a.Created, b.Created) },
		core.VictimsSmallest: func(a, b core.VictimImage) int { return cmp.Compare(a.Quantity, b.Quantity) },
		core.VictimsLargest:  func(a, b core.VictimImage) int { return cmp.Compare(b.Quantity, a.Quantity) },
		core.VictimsChannels: func(a, b core.VictimImage) int { return cmp.Compare(channel(a), channel(b)) },
	}[policy]
	slices.SortFunc(list, func(a, b core.VictimImage) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), by(a, b), cmp.Compare(b.Created, a.Created))
	})
	return list
}
