package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"holdfast/engine/core"
	"holdfast/server/paper"
)

// typePDF is the media type of what is printed.
var typePDF = []byte("application/pdf")

// getPackingSlip serves GET /v1/orders/{order}/shipments/{shipment}/packing-slip: what lies in a shipment, for whoever unpacks it.
func (s *Server) getPackingSlip(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	in := &x.intake
	in.begin(core.CommandTrackShipment, nil)
	in.command.Life = &core.LifeRequest{}
	if !s.shipmentInPath(x) || !s.loadOrder(x, in.command.Order) {
		return
	}
	o, number := x.event.Order, in.command.Life.Shipment
	if o.Life == nil || number > len(o.Life.Shipments) {
		x.fail(&problem{kind: refusalKind(core.ReasonShipmentNotFound, false), detail: refusalDetails[core.ReasonShipmentNotFound]})
		return
	}
	sheet, err := s.packingSlip(x, &o, number)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.print(sheet)
}

// print answers with a sheet.
func (x *exchange) print(sheet *paper.Sheet) {
	var out bytes.Buffer
	if err := paper.Write(&out, sheet); err != nil {
		x.failWith(codeInternal, err.Error())
		return
	}
	x.answer(200, typePDF, out.Bytes())
}

// packingSlip says what is to be read on a packing slip.
func (s *Server) packingSlip(x *exchange, o *core.OrderImage, number int) (*paper.Sheet, error) {
	shipment, id := &o.Life.Shipments[number-1], string(appendID(nil, s.engine.PublicOrderID(o.ID)))
	sheet := &paper.Sheet{
		Title: "Packing slip", Number: fmt.Sprintf("%s-%d", id, number), Made: time.UnixMilli(int64(shipment.CreatedAt)).UTC(),
		Facts: []string{"Order " + id, "Shipped " + time.UnixMilli(int64(shipment.CreatedAt)).UTC().Format(time.DateOnly)},
	}
	if len(o.ExternalID) > 0 {
		sheet.Facts = append(sheet.Facts, "Your order "+string(o.ExternalID))
	}
	if o.HasDocument {
		text, err := s.engine.Document(o.Created)
		if err != nil {
			return nil, err
		}
		var document orderDocument
		x.intake.readDocument(text, &document)
		sheet.Address = addressLines(document.shipTo)
	}
	sent := o.Life.Sent
	for i := range o.Life.Shipments[:number-1] {
		sent = sent[o.Life.Shipments[i].Lines:]
	}
	for _, u := range sent[:shipment.Lines] {
		row, err := s.printedRow(x, o.Lines[u.Line].SKU)
		if err != nil {
			return nil, err
		}
		row.Quantity = int64(u.Quantity)
		sheet.Rows = append(sheet.Rows, row)
	}
	return sheet, nil
}

// printedRow gives a SKU's row with its name and title.
func (s *Server) printedRow(x *exchange, id core.SKUID) (row paper.Row, err error) {
	title, err := s.titleOf(x, id)
	if err != nil {
		return row, err
	}
	row.SKU = string(x.event.SKU.Name)
	if len(title) > 0 {
		err = json.Unmarshal(title, &row.Title)
	}
	return row, err
}

// addressLines gives an address as it is written on a parcel; none for no address.
func addressLines(shipTo []byte) (lines []string) {
	var to struct {
		Name    string   `json:"name"`
		Address []string `json:"address"`
		City    string   `json:"city"`
		Postal  string   `json:"postal_code"`
		Country string   `json:"country"`
	}
	if len(shipTo) == 0 || json.Unmarshal(shipTo, &to) != nil {
		return nil
	}
	for _, line := range append(append([]string{to.Name}, to.Address...), strings.TrimSpace(to.Postal+" "+to.City), to.Country) {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
