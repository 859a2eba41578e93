package server

import (
	"encoding/json"

	"holdfast/engine/core"
)

// appendBuyerView appends how an order stands: no name, no id, no price, no place in a warehouse, and not how many commands there were.
func (s *Server) appendBuyerView(dst []byte, x *exchange, o *core.OrderImage) ([]byte, error) {
	dst = appendTextField(dst, `{"status":`, orderStatuses[o.Status])
	dst = appendTimeField(dst, `,"created_at":`, o.CreatedAt)
	if o.Status == core.StatusHeld {
		dst = appendTimeField(dst, `,"expires_at":`, o.Deadline)
	}
	dst = append(dst, `,"lines":[`...)
	for i, shown := 0, 0; i < len(o.Lines); i++ {
		line := &o.Lines[i]
		if line.Role == core.LineOfComponent {
			continue // the kit's line says what was ordered
		}
		dst = s.appendSKU(append(appendComma(dst, shown), `{"sku":`...), line.SKU)
		title, err := s.titleOf(x, line.SKU)
		if err != nil {
			return dst, err
		}
		if len(title) > 0 {
			dst = append(append(dst, `,"title":`...), title...)
		}
		dst = appendNumberField(dst, `,"quantity":`, line.Quantity)
		dst = appendNumberField(dst, `,"backordered":`, waitingOf(o, i))
		if gone := o.LineLife(i).Cancelled; gone > 0 {
			dst = appendNumberField(dst, `,"cancelled":`, gone)
		}
		dst = append(dst, '}')
		shown++
	}
	if dst = append(dst, ']'); o.Life == nil {
		return dst, nil
	}
	dst = appendTextField(dst, `,"fulfillment_status":`, fulfilmentOf(o))
	if len(o.Life.Returns) > 0 {
		dst = appendTextField(dst, `,"return_status":`, orderReturnStatuses[o.OrderReturns()])
	}
	return s.appendParcels(dst, o)
}

// appendParcels appends what has left of an order, where each of it is, and by what the carrier knows it.
func (s *Server) appendParcels(dst []byte, o *core.OrderImage) ([]byte, error) {
	dst, sent := append(dst, `,"shipments":[`...), o.Life.Sent
	for i := range o.Life.Shipments {
		shipment := &o.Life.Shipments[i]
		dst = appendTextField(appendComma(dst, i), `{"status":`, shipmentStatuses[shipment.Status])
		dst = appendTimeField(dst, `,"shipped_at":`, shipment.CreatedAt)
		if shipment.TrackedAt != 0 {
			dst = appendTimeField(dst, `,"tracked_at":`, shipment.TrackedAt)
		}
		if shipment.HasDocument {
			text, err := s.engine.Document(shipment.Created)
			if err != nil {
				return dst, err
			}
			dst = appendTracking(dst, text)
		}
		dst = append(dst, `,"lines":[`...)
		for k, u := range sent[:shipment.Lines] {
			dst = s.appendSKU(append(appendComma(dst, k), `{"sku":`...), o.Lines[u.Line].SKU)
			dst = append(appendNumberField(dst, `,"quantity":`, u.Quantity), '}')
		}
		dst, sent = append(dst, "]}"...), sent[shipment.Lines:]
	}
	return append(dst, ']'), nil
}

// appendTracking appends who carries a shipment and its numbers there, out of what was said of it.
func appendTracking(dst, document []byte) []byte {
	var said struct {
		Carrier  string `json:"carrier"`
		Tracking string `json:"tracking_number"`
		Parcels  []struct {
			Tracking string `json:"tracking_number"`
		} `json:"parcels"`
	}
	if json.Unmarshal(document, &said) != nil { // what is kept was written here
		return dst
	}
	if said.Carrier != "" {
		dst = appendTextField(dst, `,"carrier":`, said.Carrier)
	}
	numbers := []string{said.Tracking}
	for _, parcel := range said.Parcels {
		numbers = append(numbers, parcel.Tracking)
	}
	dst, n := append(dst, `,"tracking_numbers":[`...), 0
	for _, number := range numbers {
		if number != "" {
			dst = appendTextField(appendComma(dst, n), "", number)
			n++
		}
	}
	return append(dst, ']')
}

// waitingOf is how many units of a line wait; of kits, those of the component that most wait for.
func waitingOf(o *core.OrderImage, line int) (units core.Quantity) {
	units = o.Lines[line].Backordered
	if o.Lines[line].Role != core.LineOfKits {
		return units
	}
	for i := line + 1; i < len(o.Lines) && o.Lines[i].Role == core.LineOfComponent; i++ {
		each := max(1, o.Lines[i].Quantity/max(1, o.Lines[line].Quantity))
		units = max(units, (o.Lines[i].Backordered+each-1)/each)
	}
	return units
}
