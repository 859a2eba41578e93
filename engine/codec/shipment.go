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
		dst = appendLineUnits(dst, sent[:s.Lines])
		sent = sent[s.Lines:]
	}
	return dst
}

func (c *cursor) shipments(life *core.LifeImage, lines int) {
	const shortest = 7
	n := c.count(0, core.MaxShipments, shortest, "shipments are more than 500")
	life.Shipments = slices.Grow(life.Shipments[:0], n)[:n]
	life.Sent = life.Sent[:0]
	for i := range life.Shipments {
		s := &life.Shipments[i]
		at := c.pos
		marks := c.byte()
		*s = core.ShipmentImage{Status: core.ShipmentStatus(marks &^ shipmentHasDocument), HasDocument: marks&shipmentHasDocument != 0}
		if s.Status != core.ShipmentShipped {
			c.fail(at, "unknown status of a shipment")
		}
		s.Location, s.Created, s.CreatedAt = c.location(), c.sequence(), c.millis()
		sent := len(life.Sent)
		life.Sent = c.moreLineUnits(life.Sent, lines)
		s.Lines = len(life.Sent) - sent
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
	ev.Moves = c.movementList(ev.Moves, 1)
}

// shipmentNumber reads the number of one of the shipments of an event's order.
func (c *cursor) shipmentNumber(ev *core.Event) int {
	most := 0
	if ev.Order.Life != nil {
		most = len(ev.Order.Life.Shipments)
	}
	return int(c.between(1, uint64(max(most, 1)), "the order has no shipment of this number"))
}
