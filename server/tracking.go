package server

import (
	"strconv"

	"holdfast/engine/core"
)

var (
	trackedShipment = submission{status: 200, render: (*Server).renderTracked}
	takenBack       = submission{status: 200, render: (*Server).renderTracked}
)

// trackShipment serves POST /v1/orders/{order}/shipments/{shipment}/tracking: what a carrier reports.
func (s *Server) trackShipment(x *exchange) {
	x.intake.parseTracking(x.ctx.PostBody())
	if !x.hasFaults() && s.shipmentInPath(x) {
		s.submit(x, &trackedShipment)
	}
}

// takeBackShipment serves POST /v1/orders/{order}/shipments/{shipment}/receive: units that were returned to the sender are in stock again.
func (s *Server) takeBackShipment(x *exchange) {
	in := &x.intake
	in.parseTakeBack(x.body())
	if !x.hasFaults() && s.shipmentInPath(x) && s.resolvePlace(x, in.command.Order) {
		s.submit(x, &takenBack)
	}
}

// shipmentInPath reads the order and the number of the shipment in the path, and the header's version; it answers and gives false when that
// cannot be done.
func (s *Server) shipmentInPath(x *exchange) bool {
	const placeOfOrder = 2
	c := &x.intake.command
	number, err := strconv.ParseUint(string(x.variable), 10, 16)
	x.variable = x.segment(placeOfOrder)
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(c) {
		return false
	}
	if err != nil || number == 0 || number > core.MaxShipments {
		x.fail(&problem{kind: refusalKind(core.ReasonShipmentNotFound, false), detail: refusalDetails[core.ReasonShipmentNotFound]})
		return false
	}
	c.Order, c.Life.Shipment = id, int(number)
	return true
}

// resolvePlace finds the location that a command names, main if it names none, and its SKUs, all of the order if it names none; it answers and gives
// false when there is none of a name.
func (s *Server) resolvePlace(x *exchange, id core.OrderID) (ok bool) {
	in := &x.intake
	if len(in.locations) > 0 {
		if in.command.Life.Location, ok = s.engine.Location(in.locations[0]); !ok {
			x.fail(unknownNamed("location", in.locations[0]))
			return false
		}
	}
	for i, name := range in.skus {
		entry, ok := s.engine.SKU(name)
		if !ok {
			x.fail(s.unknownSKUs(in))
			return false
		}
		in.command.Lines[i].SKU = entry.ID
	}
	if len(in.skus) == 0 {
		if _, ok := s.loadOrderOf(x, id); !ok {
			return false
		}
		in.command.Lines = appendSKUs(in.command.Lines, &x.event.Order)
	}
	return true
}

// renderTracked answers with the order in the exchange's event, and with the shipment that the command was about.
func (s *Server) renderTracked(x *exchange, sequence core.Sequence) {
	shipment, err := s.appendShipment(nil, &x.event.Order, x.intake.command.Life.Shipment, s.engine.Document)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	s.renderOrder(x, sequence)
	if status := x.ctx.Response.StatusCode(); status == 200 {
		dst := append(x.out[:len(x.out)-1], `,"shipment":`...)
		x.answerJSON(status, append(append(dst, shipment...), '}'))
	}
}

// appendReports appends what a carrier reported.
func appendReports(dst []byte, reports []core.TrackingReport) []byte {
	dst = append(dst, `,"reports":[`...)
	for i := range reports {
		r := &reports[i]
		dst = appendTextField(appendComma(dst, i), `{"status":`, shipmentStatuses[r.Status])
		dst = appendTimeField(dst, `,"at":`, r.At)
		if len(r.ID) > 0 {
			dst = appendTextField(dst, `,"id":`, r.ID)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendReceived appends what came back, and where to.
func (s *Server) appendReceived(dst []byte, ev *core.Event) []byte {
	dst = append(dst, `,"received":[`...)
	for i := range ev.Moves {
		m := &ev.Moves[i]
		dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), m.SKU)
		dst = s.appendLocation(append(dst, `,"location":`...), m.Location)
		dst = appendTextField(dst, `,"to":`, stockStates[m.To])
		dst = append(appendNumberField(dst, `,"quantity":`, m.Quantity), '}')
	}
	return append(dst, ']')
}
