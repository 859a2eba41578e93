package server

import (
	"errors"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/core"
)

var shippedOrder = submission{status: 201, render: (*Server).renderShipped}

// shipmentStatuses are the names of what became of shipments, by number.
var shipmentStatuses = [...]string{
	core.ShipmentShipped:            "shipped",
	core.ShipmentLabelCreated:       "label_created",
	core.ShipmentPickedUp:           "picked_up",
	core.ShipmentInTransit:          "in_transit",
	core.ShipmentOutForDelivery:     "out_for_delivery",
	core.ShipmentAttempted:          "attempted",
	core.ShipmentAvailableForPickup: "available_for_pickup",
	core.ShipmentDelivered:          "delivered",
	core.ShipmentException:          "exception",
	core.ShipmentLost:               "lost",
	core.ShipmentReturnedToSender:   "returned_to_sender",
}

// fulfilmentStatuses are the names of how much of an order has left.
const (
	unfulfilled        = "unfulfilled"
	partiallyFulfilled = "partially_fulfilled"
	fulfilled          = "fulfilled"
)

// shipOrder serves POST /v1/orders/{order}/shipments: units leave a location.
func (s *Server) shipOrder(x *exchange) {
	in := &x.intake
	in.parseShipment(x.body())
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(&in.command) {
		return
	}
	in.command.Order = id
	if !s.resolvePlace(x, id) || !s.placeOfFulfilment(x, id) {
		return
	}
	s.submit(x, &shippedOrder)
}

// loadOrder reads an order into the exchange's event; it answers and gives false when that cannot be done.
func (s *Server) loadOrder(x *exchange, id core.OrderID) bool {
	_, ok := s.loadOrderNow(x, id)
	return ok
}

// loadOrderNow is loadOrder for who says as of when the order is so.
func (s *Server) loadOrderNow(x *exchange, id core.OrderID) (sequence core.Sequence, ok bool) {
	sequence, err := s.readOrder(x, id)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		failUnknownOrder(x, false)
	case err != nil:
		s.failEngine(x, err)
	}
	return sequence, err == nil
}

// appendSKUs appends a line for each SKU of an order, for all its units; of kits those of their components.
func appendSKUs(lines []core.Line, o *core.OrderImage) []core.Line {
	known := map[core.SKUID]bool{}
	for i := range o.Lines {
		if id := o.Lines[i].SKU; !known[id] && o.Lines[i].Role != core.LineOfKits {
			known[id] = true
			lines = append(lines, core.Line{SKU: id})
		}
	}
	return lines
}

// renderShipped answers with the order in the exchange's event, and with the shipment that the event made.
func (s *Server) renderShipped(x *exchange, sequence core.Sequence) {
	number := x.event.Shipment
	shipment, err := s.appendShipment(nil, &x.event.Order, number, s.engine.Document)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.intake.command.Document = nil // that of the shipment, which is not the order's
	s.renderOrder(x, sequence)
	if status := x.ctx.Response.StatusCode(); status == 201 {
		dst := append(x.out[:len(x.out)-1], `,"shipment":`...)
		x.answerJSON(status, append(append(dst, shipment...), '}'))
	}
}

// listShipments serves GET /v1/orders/{order}/shipments.
func (s *Server) listShipments(x *exchange) {
	s.listParts(x, func(life *core.LifeImage) int { return len(life.Shipments) }, s.appendShipment)
}

// documentReader reads the document that a command brought.
type documentReader func(made core.Sequence) ([]byte, error)

// partsPage is which parts of an order a list has: so many behind one of a number.
type partsPage struct{ limit, after int }

// readParts reads the order in the path, and which page of its parts is asked for. It answers and gives false when that cannot be done.
func (s *Server) readParts(x *exchange) (p partsPage, sequence core.Sequence, ok bool) {
	q := x.query("limit", "after", "at_least")
	p.limit, p.after = int(q.number("limit", 1, maxPage, defaultPage)), int(q.number("after", 0, core.MostFulfilments, 0))
	if !s.waitFor(q) {
		return p, 0, false
	}
	id, ok := s.orderInPath(x, false)
	if !ok {
		return p, 0, false
	}
	sequence, ok = s.loadOrderNow(x, id)
	return p, sequence, ok
}

// of gives the places of those parts of so many that are on the page.
func (p partsPage) of(count int) (from, to int) {
	from = min(p.after, count)
	return from, min(from+p.limit, count)
}

// answerParts ends and sends a page whose last part has a number.
func (x *exchange) answerParts(dst []byte, last, count int, sequence core.Sequence) {
	x.tag(x.event.Order.Version)
	x.answerPage(dst, strconv.Itoa(last), last < count, sequence)
}

// listParts answers with the parts of a kind that the life of the order in the path has, each of them with its document.
func (s *Server) listParts(x *exchange, count func(*core.LifeImage) int, appendPart func([]byte, *core.OrderImage, int, documentReader) ([]byte, error)) {
	page, sequence, ok := s.readParts(x)
	if !ok {
		return
	}
	order, all := &x.event.Order, 0
	if order.Life != nil {
		all = count(order.Life)
	}
	from, to := page.of(all)
	dst := append(x.out[:0], `{"items":[`...)
	for i := from; i < to; i++ {
		var err error
		if dst, err = appendPart(appendComma(dst, i-from), order, i+1, s.engine.Document); err != nil {
			s.failEngine(x, err)
			return
		}
	}
	x.answerParts(dst, to, all, sequence)
}

// appendShipment appends a shipment of an order, with what its document says.
func (s *Server) appendShipment(dst []byte, o *core.OrderImage, number int, document documentReader) ([]byte, error) {
	sent := o.Life.Sent
	for i := range o.Life.Shipments[:number-1] {
		sent = sent[o.Life.Shipments[i].Lines:]
	}
	shipment := &o.Life.Shipments[number-1]
	dst = appendNumberField(dst, `{"number":`, number)
	dst = appendTextField(dst, `,"status":`, shipmentStatuses[shipment.Status])
	dst = s.appendLocation(append(dst, `,"location":`...), shipment.Location)
	dst = appendTimeField(dst, `,"shipped_at":`, shipment.CreatedAt)
	if shipment.TrackedAt != 0 {
		dst = appendTimeField(dst, `,"tracked_at":`, shipment.TrackedAt)
	}
	dst = append(dst, `,"lines":[`...)
	for i, u := range sent[:shipment.Lines] {
		dst = appendNumberField(appendComma(dst, i), `{"line":`, shownLine(o, u.Line))
		dst = s.appendSKU(append(dst, `,"sku":`...), o.Lines[u.Line].SKU)
		dst = appendNumberField(dst, `,"quantity":`, u.Quantity)
		if u.TakenBack > 0 {
			dst = appendNumberField(dst, `,"received":`, u.TakenBack)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	if shipment.HasDocument {
		text, err := document(shipment.Created)
		if err != nil {
			return dst, err
		}
		if len(text) > 2 {
			dst = append(append(dst, ','), text[1:len(text)-1]...)
		}
	}
	return append(dst, '}'), nil
}

// appendShipment appends the shipment of the stream's event. A document that is no longer kept is left out.
func (t *eventSource) appendShipment(dst []byte) []byte {
	ev := &t.event
	dst, _ = t.server.appendShipment(append(dst, `,"shipment":`...), &ev.Order, ev.Shipment, func(made core.Sequence) ([]byte, error) {
		if document, err := t.server.engine.Document(made); err == nil {
			return document, nil
		}
		return nil, nil
	})
	return dst
}

// fulfilmentOf says how much of an order has left, of what was not cancelled.
func fulfilmentOf(o *core.OrderImage) string {
	var wanted, shipped core.Quantity
	for i := range o.Lines {
		if o.Lines[i].Role != core.LineOfKits {
			life := o.LineLife(i)
			wanted += o.Lines[i].Quantity - life.Cancelled
			shipped += life.Shipped
		}
	}
	switch shipped {
	case 0:
		return unfulfilled
	case wanted:
		return fulfilled
	}
	return partiallyFulfilled
}

// kitsOf is how many kits of a line are whole when so many units of each of its components are.
func kitsOf(o *core.OrderImage, line int, units func(life core.LineLife) core.Quantity) core.Quantity {
	if o.Lines[line].Role != core.LineOfKits {
		return units(o.LineLife(line))
	}
	most := o.Lines[line].Quantity
	for i := line + 1; i < len(o.Lines) && o.Lines[i].Role == core.LineOfComponent; i++ {
		most = min(most, units(o.LineLife(i))*o.Lines[line].Quantity/o.Lines[i].Quantity)
	}
	return most
}
