package codec

import (
	"slices"

	"holdfast/engine/core"
)

// shipmentHasDocument marks, beside its status, a shipment that has a document.
const shipmentHasDocument = 1 << 7

// appendShipments appends the shipments of an order, each with the units of its lines.
func appendShipments(dst []byte, life *core.LifeImage) []byte {
	dst = appendUvarint(dst, uint64(len(life.Shipments)))
	sent := life.Sent
	for i := range life.Shipments {
		s := &life.Shipments[i]
		marks := byte(s.Status)
		if s.HasDocument {
			marks |= shipmentHasDocument
		}
		dst = appendUvarint(append(dst, marks), uint64(s.Location))
		dst = appendUvarint(appendUvarint(dst, uint64(s.Created)), uint64(s.CreatedAt))
		dst = appendUvarint(appendUvarint(dst, uint64(s.TrackedAt)), uint64(s.Lines))
		for _, u := range sent[:s.Lines] {
			dst = appendQuantity(appendQuantity(appendUvarint(dst, uint64(u.Line)), u.Quantity), u.TakenBack)
		}
		sent = sent[s.Lines:]
	}
	return dst
}

func (c *cursor) shipments(life *core.LifeImage, lines int) {
	const shortest = 9
	n := c.count(0, core.MaxShipments, shortest, "shipments are more than 500")
	life.Shipments = slices.Grow(life.Shipments[:0], n)[:n]
	life.Sent = life.Sent[:0]
	for i := range life.Shipments {
		s := &life.Shipments[i]
		at := c.pos
		marks := c.byte()
		*s = core.ShipmentImage{Status: core.ShipmentStatus(marks &^ shipmentHasDocument), HasDocument: marks&shipmentHasDocument != 0}
		if s.Status < core.ShipmentShipped || s.Status > core.LastShipmentStatus {
			c.fail(at, "unknown status of a shipment")
		}
		s.Location, s.Created, s.CreatedAt, s.TrackedAt = c.location(), c.sequence(), c.millis(), c.millis()
		s.Lines = c.count(1, core.MaxLines, 3, "lines are not 1 to 500")
		for range s.Lines {
			life.Sent = append(life.Sent, core.SentUnits{Line: c.lineOf(lines), Quantity: c.quantity(), TakenBack: c.quantity()})
		}
	}
}

// appendShipped appends what left with a shipment, who sent it and what was noted.
func appendShipped(dst []byte, ev *core.Event) []byte {
	dst = appendUvarint(appendNotes(dst, ev.Note, ev.Actor), uint64(ev.Shipment))
	return appendMovementList(dst, ev.Moves)
}

func (c *cursor) shipped(ev *core.Event) {
	ev.Note, ev.Actor = c.rerouteNote(), c.actor()
	ev.Shipment = c.shipmentNumber(ev)
	least := 1
	if ev.Kind == core.EventOrderShipped {
		least = 0 // of units that are only recorded
	}
	ev.Moves = c.movementList(ev.Moves, least)
}

// shipmentNumber reads the number of one of the shipments of an event's order.
func (c *cursor) shipmentNumber(ev *core.Event) int {
	most := 0
	if ev.Order.Life != nil {
		most = len(ev.Order.Life.Shipments)
	}
	return int(c.between(1, uint64(max(most, 1)), "the order has no shipment of this number"))
}

// appendReports appends what a carrier reported.
func appendReports(dst []byte, reports []core.TrackingReport) []byte {
	dst = appendUvarint(dst, uint64(len(reports)))
	for i := range reports {
		r := &reports[i]
		dst = appendString(append(appendUvarint(dst, uint64(r.At)), byte(r.Status)), r.ID)
	}
	return dst
}

func (c *cursor) reports(reports []core.TrackingReport) []core.TrackingReport {
	n := c.count(1, core.MaxTracked, 3, "reports are not 1 to 64")
	reports = slices.Grow(reports[:0], n)
	for range n {
		r := core.TrackingReport{At: c.millis()}
		at := c.pos
		if r.Status = core.ShipmentStatus(c.byte()); r.Status <= core.ShipmentShipped || r.Status > core.LastShipmentStatus {
			c.fail(at, "unknown status of a report")
		}
		r.ID = c.note("id of a report is longer than 64 bytes", "id of a report is not UTF-8")
		reports = append(reports, r)
	}
	return reports
}

// appendTracked appends what was reported about a shipment, who passed it on and what was noted.
func appendTracked(dst []byte, ev *core.Event) []byte {
	return appendReports(appendUvarint(appendNotes(dst, ev.Note, ev.Actor), uint64(ev.Shipment)), ev.Reports)
}

func (c *cursor) tracked(ev *core.Event) {
	ev.Note, ev.Actor = c.rerouteNote(), c.actor()
	ev.Shipment = c.shipmentNumber(ev)
	ev.Reports = c.reports(ev.Reports)
}
