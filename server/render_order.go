package server

import "holdfast/engine/core"

// orderStatuses are the names of the stations of an order's life, by number.
var orderStatuses = [...]string{
	core.StatusHeld:      "held",
	core.StatusPlaced:    "placed",
	core.StatusCancelled: "cancelled",
	core.StatusReleased:  "released",
	core.StatusExpired:   "expired",
	core.StatusCompleted: "completed",
	core.StatusClosed:    "closed",
}

// appendOrder appends a hold or an order, which are one thing at two stations of its life. The
// document is the order's, nil when it has none; sequence is what the answer reflects, 0 inside an event,
// which says it itself.
func (s *Server) appendOrder(dst []byte, o *core.OrderImage, document *orderDocument, sequence core.Sequence) []byte {
	dst = append(dst, `{"id":"`...)
	dst = appendID(dst, s.engine.PublicOrderID(o.ID))
	dst = append(dst, `","status":"`...)
	dst = append(dst, orderStatuses[o.Status]...)
	dst = append(dst, '"')
	dst = appendOnHold(dst, o.OnHold)
	if o.Deadline != 0 && (o.Status == core.StatusHeld || o.Status == core.StatusReleased || o.Status == core.StatusExpired) {
		dst = appendTimeField(dst, `,"expires_at":`, o.Deadline)
	}
	dst = appendNumberField(dst, `,"version":`, o.Version)
	dst = s.appendLines(dst, o, document)
	dst = appendTextField(dst, `,"customer":`, o.Customer)
	dst = s.appendChannel(append(dst, `,"channel":`...), o.Channel)
	if len(o.ExternalID) > 0 {
		dst = appendTextField(dst, `,"external_id":`, o.ExternalID)
	}
	if o.Sale != 0 {
		dst = s.appendSaleName(append(dst, `,"sale":`...), o.Sale)
	}
	dst = appendTimeField(dst, `,"created_at":`, o.CreatedAt)
	if document != nil && len(document.shipTo) > 0 {
		dst = append(append(dst, `,"ship_to":`...), document.shipTo...)
	}
	if document != nil && len(document.method) > 0 {
		dst = append(append(dst, `,"delivery_method":`...), document.method...)
	}
	if document != nil && len(document.pickup) > 0 {
		dst = append(append(dst, `,"pickup_location":`...), document.pickup...)
	}
	if o.Life != nil {
		dst = appendTextField(dst, `,"fulfillment_status":`, fulfilmentOf(o))
		if len(o.Life.Returns) > 0 {
			dst = appendTextField(dst, `,"return_status":`, orderReturnStatuses[o.OrderReturns()])
		}
		if o.Life.ClosesAt != 0 {
			dst = appendTimeField(dst, `,"closes_at":`, o.Life.ClosesAt)
		}
	}
	dst = appendMoney(dst, o, document)
	if document != nil && len(document.email) > 0 {
		dst = append(append(dst, `,"email":`...), document.email...)
	}
	if document != nil && len(document.tags) > 0 {
		dst = append(append(dst, `,"tags":`...), document.tags...)
	}
	if document != nil && len(document.metadata) > 0 {
		dst = append(append(dst, `,"metadata":`...), document.metadata...)
	}
	if sequence != 0 {
		dst = appendNumberField(dst, `,"sequence":`, sequence)
	}
	return append(dst, '}')
}

// appendLines appends the lines, those of components within that of their kits. Prices are those of the lines that were asked for.
func (s *Server) appendLines(dst []byte, o *core.OrderImage, document *orderDocument) []byte {
	dst = append(dst, `,"lines":[`...)
	rest := o.Allocations
	asked := 0
	for i := range o.Lines {
		line := &o.Lines[i]
		component := line.Role == core.LineOfComponent
		switch {
		case component && o.Lines[i-1].Role == core.LineOfKits:
			dst = append(dst[:len(dst)-1], `,"components":[`...) // opens the kits' line again
		case component:
			dst = append(dst[:len(dst)-2], ',')
		default:
			dst = appendComma(dst, asked)
		}
		dst = s.appendSKU(append(dst, `{"sku":`...), line.SKU)
		dst = appendNumberField(dst, `,"quantity":`, line.Quantity)
		if line.Backordered > 0 {
			dst = appendNumberField(dst, `,"backordered":`, line.Backordered)
		}
		if line.Pooled > 0 {
			dst = appendNumberField(dst, `,"pooled":`, line.Pooled)
		}
		if line.Role == core.LineUntracked {
			dst = append(dst, `,"untracked":true`...)
		}
		if line.Preorder {
			dst = append(dst, `,"preorder":true`...)
		}
		if !component {
			if document != nil && asked < len(document.prices) && document.prices[asked][0] == '{' {
				dst = append(append(dst, `,"unit_price":`...), document.prices[asked]...)
			}
			dst = appendLineMoneyOf(dst, o, i, asked, document)
			asked++
		}
		dst = s.appendAllocations(dst, rest[:line.Allocations])
		if o.Life != nil {
			dst = appendLineUnits(dst, o, i, rest[:line.Allocations])
		}
		rest = rest[line.Allocations:]
		dst = append(dst, '}')
		if component {
			dst = append(dst, `]}`...)
		}
	}
	return append(dst, ']')
}

func (s *Server) appendAllocations(dst []byte, allocations []core.Allocation) []byte {
	dst = append(dst, `,"allocations":[`...)
	for i, a := range allocations {
		dst = appendComma(dst, i)
		dst = s.appendLocation(append(dst, `{"location":`...), a.Location)
		dst = appendNumberField(dst, `,"quantity":`, a.Quantity)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
