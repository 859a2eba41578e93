package core_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/engine/core"
)

// readCancelLines reads units of lines, "1×2" for two of the first and "1" for all that are left of it.
func (s *story) readCancelLines(line *sentence, c *core.Command) {
	c.Kind, c.Life = core.CommandCancelLines, &core.LifeRequest{}
	s.readLife(line, c)
	for line.peek() != "" {
		c.Life.Units = append(c.Life.Units, line.lineUnits(line.next()))
	}
}

// readShip reads what leaves a location, "phone" for all units of it that the order has there; all SKUs of the order if none is named.
func (s *story) readShip(line *sentence, c *core.Command) {
	c.Kind, c.Life = core.CommandShipOrder, &core.LifeRequest{}
	s.readLife(line, c)
	c.Lines = s.readSKUs(line, c.Order)
}

// readSKUs reads SKUs of an order, with "phone×2" for some units; all of them if none is named.
func (s *story) readSKUs(line *sentence, id core.OrderID) (lines []core.Line) {
	for line.peek() != "" {
		sku, quantity, found := strings.Cut(line.next(), "×")
		l := core.Line{SKU: s.sku(sku)}
		if found {
			l.Quantity = core.Quantity(line.number(quantity))
		}
		lines = append(lines, l)
	}
	var o core.OrderImage
	if len(lines) == 0 && s.shop.machine.ReadOrder(id, &o) {
		for _, l := range o.Lines {
			if !slices.ContainsFunc(lines, func(w core.Line) bool { return w.SKU == l.SKU }) {
				lines = append(lines, core.Line{SKU: l.SKU})
			}
		}
	}
	return lines
}

// shipmentsWords tells of an order's shipments.
func (s *story) shipmentsWords(o *core.OrderImage) string {
	var out strings.Builder
	if o.Life == nil {
		return ""
	}
	sent := o.Life.Sent
	for i := range o.Life.Shipments {
		shipment := &o.Life.Shipments[i]
		var units []string
		for _, u := range sent[:shipment.Lines] {
			units = append(units, fmt.Sprintf("%d of line %d", u.Quantity, u.Line+1))
		}
		sent = sent[shipment.Lines:]
		fmt.Fprintf(&out, "  shipment %d from %s, %s: %s\n", i+1, s.locationName(shipment.Location), shipmentWords[shipment.Status], strings.Join(units, ", "))
	}
	return out.String()
}

var shipmentWords = map[core.ShipmentStatus]string{
	core.ShipmentShipped: "shipped", core.ShipmentLabelCreated: "label_created", core.ShipmentPickedUp: "picked_up", core.ShipmentInTransit: "in_transit",
	core.ShipmentOutForDelivery: "out_for_delivery", core.ShipmentAttempted: "attempted", core.ShipmentAvailableForPickup: "available_for_pickup",
	core.ShipmentDelivered: "delivered", core.ShipmentException: "exception", core.ShipmentLost: "lost", core.ShipmentReturnedToSender: "returned_to_sender",
}

// readTrack reads what a carrier reports, "delivered@12:30:00.000", with "/7" behind it for its id.
func (s *story) readTrack(line *sentence, c *core.Command) {
	c.Kind, c.Life = core.CommandTrackShipment, &core.LifeRequest{}
	s.readLife(line, c)
	for line.peek() != "" {
		word, at, _ := strings.Cut(line.next(), "@")
		at, id, _ := strings.Cut(at, "/")
		r := core.TrackingReport{At: s.now, ID: []byte(id)}
		if at != "" {
			r.At = line.clock(at)
		}
		for status, name := range shipmentWords {
			if name == word {
				r.Status = status
			}
		}
		c.Life.Reports = append(c.Life.Reports, r)
	}
}

// readTakeBack reads what comes back of a shipment that was returned to the sender.
func (s *story) readTakeBack(line *sentence, c *core.Command) {
	c.Kind, c.Life = core.CommandTakeBack, &core.LifeRequest{}
	s.readLife(line, c)
	c.Lines = s.readSKUs(line, c.Order)
}

// trackedWords tells what a carrier reported.
func trackedWords(e *core.Event) string {
	var out strings.Builder
	for i := range e.Reports {
		r := &e.Reports[i]
		fmt.Fprintf(&out, "  shipment %d: %s at %s\n", e.Shipment, shipmentWords[r.Status], timeWords(r.At))
	}
	return out.String()
}

// statusOf tells the status of an order, why it is on hold, and until when one that was completed may be sent back.
func statusOf(o *core.OrderImage) string {
	words := statusWords[o.Status]
	if o.OnHold != 0 {
		words += ", on hold for " + onHoldWords(o.OnHold)
	}
	if o.Status == core.StatusCompleted {
		words += " until " + time.UnixMilli(int64(o.Life.ClosesAt)).UTC().Format("2006-01-02 15:04:05.000")
	}
	return words
}

// readLife reads which order a command goes on with, and what is noted.
func (s *story) readLife(line *sentence, c *core.Command) {
	c.Order = s.order(line.next())
	c.Mask = s.shop.model.OrderMask(c.Order)
	line.settings(func(name, value string) {
		switch name {
		case "from":
			c.Life.Location = s.location(value)
		case "to":
			if c.Kind == core.CommandTakeBack && slices.Contains(stateNames[:], value) {
				c.Life.To = core.StockState(slices.Index(stateNames[:], value))
			} else {
				c.Life.Location = s.location(value)
			}
		case "fulfilment":
			c.Life.Fulfilment = int(line.number(value))
		case "picked-up":
			c.Life.PickedUp = value == "yes"
		case "shipment":
			c.Life.Shipment = int(line.number(value))
		case "note":
			c.Life.Note = []byte(value)
		default:
			line.common(c, name, value)
		}
	})
}

func noteWords(e *core.Event) (words string) {
	if len(e.Actor) > 0 {
		words += fmt.Sprintf(", by %s", e.Actor)
	}
	if len(e.Note) > 0 {
		words += fmt.Sprintf(", note %s", e.Note)
	}
	return words
}

// cancelledWords tells which units were cancelled, and where they were.
func (s *story) cancelledWords(e *core.Event) string {
	var out strings.Builder
	for _, u := range e.Units {
		fmt.Fprintf(&out, ", %d of line %d", u.Quantity, u.Line+1)
		separator := " ("
		for _, f := range e.Freed {
			if f.Line != u.Line {
				continue
			}
			where := "waited"
			if !f.Beyond {
				where = "at " + s.locationName(f.Location)
			}
			fmt.Fprintf(&out, "%s%d %s", separator, f.Quantity, where)
			separator = ", "
		}
		if separator == ", " {
			out.WriteByte(')')
		}
	}
	return out.String()
}

// lineLifeWords tells what became of a line's units.
func lineLifeWords(life core.LineLife) (words []string) {
	if life.Cancelled > 0 {
		words = append(words, fmt.Sprintf("%d cancelled", life.Cancelled))
	}
	if life.Shipped > 0 {
		words = append(words, fmt.Sprintf("%d shipped", life.Shipped))
	}
	for _, n := range []struct {
		units core.Quantity
		word  string
	}{{life.Delivered, "delivered"}, {life.Lost, "lost"}, {life.SentBack, "sent back"}, {life.TakenBack, "taken back"}} {
		if n.units > 0 {
			words = append(words, fmt.Sprintf("%d %s", n.units, n.word))
		}
	}
	return words
}
