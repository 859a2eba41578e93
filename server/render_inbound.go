package server

import "holdfast/engine/core"

// discrepancies are the names of discrepancies, by number.
var discrepancies = [...]string{
	core.DiscrepancyShort: "short", core.DiscrepancyDamaged: "damaged", core.DiscrepancyLost: "lost", core.DiscrepancyOver: "over",
}

// inboundStatus is what the API calls the status of a document of a kind.
func inboundStatus(kind core.InboundKind, status core.InboundStatus) string {
	if status == core.InboundSent && kind == core.Transfer {
		return "in_transit"
	}
	return [...]string{
		core.InboundDraft: "draft", core.InboundSent: "ordered", core.InboundPartial: "partially_received",
		core.InboundReceived: "received", core.InboundCancelled: "cancelled",
	}[status]
}

// inboundActions are what the API calls the commands on a document, as in the paths.
var inboundActions = [...]struct {
	command core.CommandKind
	names   [2]string // of a purchase order, and of a transfer
}{
	{core.CommandSendInbound, [2]string{"order", "dispatch"}},
	{core.CommandReceiveInbound, [2]string{"receive", "receive"}},
	{core.CommandCloseInbound, [2]string{"close", "close"}},
	{core.CommandCancelInbound, [2]string{"cancel", "cancel"}},
}

// appendInboundStatus appends what status a document has, and what may be done with it.
func appendInboundStatus(dst []byte, kind core.InboundKind, status core.InboundStatus) []byte {
	dst = appendTextField(dst, `,"inbound_status":`, inboundStatus(kind, status))
	dst = append(dst, `,"allowed":[`...)
	n := 0
	for _, action := range inboundActions {
		if core.ChangesInbound(action.command, kind, status) {
			dst = appendTextField(appendComma(dst, n), "", action.names[kind-core.PurchaseOrder])
			n++
		}
	}
	return append(dst, ']')
}

// appendInbound appends the fields of a purchase order or a transfer.
func (s *Server) appendInbound(dst []byte, img *core.InboundImage) []byte {
	dst = appendTextField(dst, `"number":`, img.Number)
	dst = appendTextField(dst, `,"status":`, inboundStatus(img.Kind, img.Status))
	dst = appendNumberField(dst, `,"version":`, img.Version)
	switch {
	case img.Kind == core.Transfer:
		dst = s.appendLocation(append(dst, `,"from":`...), img.From)
		dst = s.appendLocation(append(dst, `,"to":`...), img.To)
	default:
		dst = s.appendLocation(append(dst, `,"location":`...), img.To)
		if img.HasFrom {
			dst = s.appendLocation(append(dst, `,"supplier_location":`...), img.From)
		}
		if len(img.Supplier) > 0 {
			dst = appendTextField(dst, `,"supplier":`, img.Supplier)
		}
	}
	dst = append(dst, `,"lines":[`...)
	for i := range img.Lines {
		dst = s.appendInboundLine(appendComma(dst, i), img, i)
	}
	return appendTimeField(dst, `],"created_at":`, img.CreatedAt)
}

func (s *Server) appendInboundLine(dst []byte, img *core.InboundImage, i int) []byte {
	line := &img.Lines[i]
	dst = appendNumberField(dst, `{"line":`, i+1)
	dst = s.appendSKU(append(dst, `,"sku":`...), line.SKU)
	dst = appendNumberField(dst, `,"quantity":`, line.Quantity)
	dst = appendExpected(dst, line.Expected)
	dst = appendNumberField(dst, `,"received":`, line.Received)
	for k, n := range line.Differing {
		dst = append(append(dst, `,"`...), discrepancies[k+1]...)
		dst = appendNumberField(dst, `":`, n)
	}
	open := line.Open()
	if img.Status == core.InboundCancelled {
		open = 0
	}
	return append(appendNumberField(dst, `,"open":`, open), '}')
}

// appendExpected appends when units come, if that is known.
func appendExpected(dst []byte, at core.Millis) []byte {
	if at == 0 {
		return dst
	}
	return appendTimeField(dst, `,"expected_at":`, at)
}

// appendFound appends the discrepancies that a command told of.
func appendFound(dst []byte, img *core.InboundImage) []byte {
	dst = append(dst, `"discrepancies":[`...)
	for i := range img.Found {
		d := &img.Found[i]
		dst = appendNumberField(appendComma(dst, i), `{"line":`, d.Line)
		dst = appendTextField(dst, `,"type":`, discrepancies[d.Discrepancy])
		dst = appendNumberField(dst, `,"quantity":`, d.Quantity)
		dst = append(appendTextField(dst, `,"reason":`, d.Reason), '}')
	}
	return append(dst, ']')
}

// appendInboundEvent appends what an event tells of a document.
func (s *Server) appendInboundEvent(dst []byte, ev *core.Event) []byte {
	name := `"purchase_order":{`
	if ev.Kind == core.EventTransferChanged {
		name = `"transfer":{`
	}
	dst = append(s.appendInbound(append(dst, name...), ev.Inbound), '}', ',')
	dst = append(appendFound(dst, ev.Inbound), ',')
	return s.appendMovements(dst, ev)
}

// appendIncoming appends what is on its way of a SKU.
func (s *Server) appendIncoming(dst []byte, lots []core.LotImage) []byte {
	dst = append(dst, `"incoming":[`...)
	for i := range lots {
		lot := &lots[i]
		name := `{"purchase_order":`
		if lot.Kind == core.Transfer {
			name = `{"transfer":`
		}
		dst = appendTextField(appendComma(dst, i), name, lot.Number)
		dst = appendNumberField(dst, `,"line":`, lot.Line)
		dst = s.appendLocation(append(dst, `,"location":`...), lot.Location)
		dst = appendNumberField(dst, `,"quantity":`, lot.Open)
		dst = append(appendExpected(dst, lot.Expected), '}')
	}
	return append(dst, ']')
}
