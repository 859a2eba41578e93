package reference

import (
	"bytes"
	"cmp"
	"slices"

	"holdfast/engine/core"
)

// isDueIn tells whether time ends something of the order in the slot: what it holds there, or in its home the return window, or a return.
func (o *order) isDueIn(slot core.Slot) bool {
	return o.claims[slot] == claimReserved || slot == o.id.Home() && (o.closes() || o.expiring() != 0)
}

// closes tells whether the order closes at the end of its return window.
func (o *order) closes() bool { return o.status == core.StatusCompleted && !o.keptOpen() }

// expiring is when the first of the order's returns expires; 0 for never.
func (o *order) expiring() (at core.Millis) {
	for _, r := range o.returns {
		if until := r.image.Until; r.image.Status == core.ReturnApproved && until != 0 && (at == 0 || until < at) {
			at = until
		}
	}
	return at
}

// dueAt is when.
func (o *order) dueAt() core.Millis {
	if at := o.expiring(); at != 0 {
		return at
	}
	if o.closes() {
		return o.closesAt
	}
	return o.deadline
}

// track notes what a carrier reports.
func (m *Model) track(c *core.Command, o *order) core.Outcome {
	refused := func(reason core.Reason) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version})
	}
	if c.Life.Shipment > len(o.shipments) {
		return refused(core.ReasonShipmentNotFound)
	}
	for _, r := range c.Life.Reports {
		if r.At > m.now+24*60*60*1000 {
			return refused(core.ReasonReportAhead)
		}
	}
	s := &o.shipments[c.Life.Shipment-1]
	event := core.Event{Kind: core.EventShipmentTracked, Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note), Shipment: c.Life.Shipment}
	for _, r := range c.Life.Reports {
		r.ID = copyBytes(r.ID)
		if s.learn(r) {
			event.Reports = append(event.Reports, r)
		}
	}
	if len(event.Reports) == 0 {
		return core.Outcome{Order: o.id}
	}
	had := s.image.Status
	if !slices.ContainsFunc(s.units, func(u core.SentUnits) bool { return u.TakenBack > 0 }) {
		if last := slices.MaxFunc(s.reports, compareReports); !o.keepsDelivered(s, last.Status) {
			s.image.Status, s.image.TrackedAt = last.Status, last.At
		}
	}
	o.version++
	m.finish(o)
	if came := s.image.Status == core.ShipmentDelivered && had != core.ShipmentDelivered; came && o.status == core.StatusCompleted {
		o.closesAt = max(o.closesAt, m.now+m.returnWindow(o))
	}
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

func compareReports(a, b core.TrackingReport) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Status, b.Status))
}

// learn remembers a report unless it is known; of more than 64 the oldest is forgotten, which may be this one.
func (s *shipment) learn(r core.TrackingReport) bool {
	known := slices.ContainsFunc(s.reports, func(k core.TrackingReport) bool {
		if len(k.ID) > 0 && len(r.ID) > 0 {
			return bytes.Equal(k.ID, r.ID)
		}
		return compareReports(k, r) == 0
	})
	if known {
		return false
	}
	s.reports = append(s.reports, r)
	if len(s.reports) <= core.MaxReports {
		return true
	}
	oldest := slices.MinFunc(s.reports, compareReports)
	at := slices.IndexFunc(s.reports, func(k core.TrackingReport) bool { return compareReports(k, oldest) == 0 })
	s.reports = slices.Delete(s.reports, at, at+1)
	return at < core.MaxReports
}

// finish makes the order completed, or placed again.
func (m *Model) finish(o *order) {
	done := len(o.shipments) > 0
	arrived := map[int]core.Quantity{}
	for _, s := range o.shipments {
		for _, u := range s.units {
			switch s.image.Status {
			case core.ShipmentDelivered, core.ShipmentLost:
				arrived[u.Line] += u.Quantity
			default:
				arrived[u.Line] += u.TakenBack
			}
		}
	}
	for i, l := range o.lines {
		if l.role != core.LineOfKits {
			done = done && arrived[i] == l.kept()
		}
	}
	switch {
	case done && o.status == core.StatusPlaced:
		o.onHold = 0
		o.status, o.closesAt, o.bookings = core.StatusCompleted, m.now+m.returnWindow(o), nil
	case !done && o.status == core.StatusCompleted:
		o.status, o.closesAt = core.StatusPlaced, 0
	}
}

// returnWindow is how long a customer may send back what has arrived.
func (m *Model) returnWindow(o *order) core.Millis {
	days := core.Millis(30)
	if settings := m.channels[o.channel].image.Settings; settings.HasReturnDays {
		days = core.Millis(settings.ReturnDays)
	}
	return days * 24 * 60 * 60 * 1000
}

// takeBack has units in stock again that were returned to the sender.
func (m *Model) takeBack(c *core.Command, o *order) core.Outcome {
	refused := func(reason core.Reason, lines []core.RefusedLine) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: lines})
	}
	location := c.Life.Location
	if int(location) >= len(m.locations) {
		return refused(core.ReasonLocationNotFound, nil)
	}
	if c.Life.Shipment > len(o.shipments) {
		return refused(core.ReasonShipmentNotFound, nil)
	}
	s := &o.shipments[c.Life.Shipment-1]
	taken := make([]core.Quantity, len(c.Lines))
	var over, kits, full []core.RefusedLine
	some := false
	for i, line := range c.Lines {
		out := core.Quantity(0)
		for _, u := range s.units {
			if s.image.Status == core.ShipmentReturnedToSender && o.lines[u.Line].sku == line.SKU {
				out += u.Quantity - u.TakenBack
			}
		}
		n := line.Quantity
		if n == 0 {
			n = out
		}
		taken[i], some = n, some || n > 0
		refusal := core.RefusedLine{Index: i, SKU: line.SKU, Location: location, Requested: n}
		if n > out {
			refusal.Available = out
			over = append(over, refusal)
			continue
		}
		if n == 0 {
			continue
		}
		if m.isKit(line.SKU) {
			kits = append(kits, refusal)
		}
		if there := m.states(line.SKU, location).sum(); there+n > core.MaxOnHand {
			refusal.Requested, refusal.Available = there+n, there
			full = append(full, refusal)
		}
	}
	switch {
	case len(over) > 0 || !some:
		return refused(core.ReasonNotSentBack, over)
	case len(kits) > 0:
		return refused(core.ReasonKitUnits, kits)
	case len(full) > 0:
		return refused(core.ReasonStockTooLarge, full)
	}
	event := core.Event{Kind: core.EventShipmentTakenBack, Actor: copyBytes(c.Actor), Note: copyBytes(c.Life.Note), Shipment: c.Life.Shipment}
	for i, line := range c.Lines {
		if taken[i] == 0 {
			continue
		}
		rest := taken[i]
		for k := range s.units {
			if u := &s.units[k]; o.lines[u.Line].sku == line.SKU {
				n := min(rest, u.Quantity-u.TakenBack)
				rest -= n
				u.TakenBack += n
				o.lines[u.Line].takenBack += n
			}
		}
		stock := m.states(line.SKU, location)
		stock[c.Life.To] += taken[i]
		m.skus[line.SKU].stock[location] = &stock
		if c.Life.To == core.StateSellable {
			m.come(line.SKU, location, taken[i])
		}
		event.Moves = append(event.Moves, core.MovementImage{
			LevelImage: m.level(line.SKU, location), Kind: core.MovementReturnIn, To: c.Life.To, Quantity: taken[i],
		})
	}
	o.version++
	m.finish(o)
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}
