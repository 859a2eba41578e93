package server

import "holdfast/engine/core"

// refusalDetails say in words what a reason means, where title and lines leave a question open.
var refusalDetails = [...]string{
	core.ReasonOrderNotFound:     "no hold or order has this id",
	core.ReasonVersionConflict:   "the version is not the one in If-Match",
	core.ReasonHoldExpired:       "the hold's deadline has passed, its units are back on sale",
	core.ReasonHoldReleased:      "the hold was released, its units are back on sale",
	core.ReasonHoldConfirmed:     "the hold is an order already: cancel that instead",
	core.ReasonOrderCancelled:    "the order was cancelled",
	core.ReasonDuplicateExternal: "another order of the channel has this external_id",
	core.ReasonDuplicateRow:      "two rows adjust the same SKU at the same location",
	core.ReasonStockChanged:      "the units there are not the expected ones",
	core.ReasonStockNegative:     "a row would leave less than nothing on hand, or in a state",
	core.ReasonStockTooLarge:     "a row would leave more than 1000000000000 units on hand",
	core.ReasonTableFull:         "no number is left for another SKU, location or channel",
}

// appendRefusal appends the problem that tells of a refusal.
func (s *Server) appendRefusal(dst []byte, r *core.Refusal, how *submission) []byte {
	detail := ""
	if int(r.Reason) < len(refusalDetails) {
		detail = refusalDetails[r.Reason]
	}
	dst = appendProblemHead(dst, refusalKind(r.Reason, how.onHold), detail)
	switch r.Reason {
	case core.ReasonDuplicateExternal:
		dst = append(dst, `,"order_id":"`...)
		dst = appendID(dst, s.engine.PublicOrderID(r.Order))
		dst = append(dst, '"')
	case core.ReasonVersionConflict:
		dst = appendNumberField(dst, `,"version":`, r.Version)
	}
	if len(r.Lines) > 0 {
		dst = s.appendRefusedLines(dst, r, how.inState)
	}
	return append(dst, '}')
}

// aboutRows reports whether the refused lines are rows of a change of stock.
func aboutRows(reason core.Reason) bool {
	switch reason {
	case core.ReasonStockChanged, core.ReasonStockNegative, core.ReasonStockTooLarge, core.ReasonDuplicateRow:
		return true
	}
	return false
}

func (s *Server) appendRefusedLines(dst []byte, r *core.Refusal, inState bool) []byte {
	units := `,"on_hand":`
	if inState {
		units = `,"in_state":`
	}
	dst = append(dst, `,"lines":[`...)
	for i := range r.Lines {
		line := &r.Lines[i]
		dst = appendNumberField(appendComma(dst, i), `{"index":`, line.Index)
		switch {
		case r.Reason == core.ReasonSKUNotFound || r.Reason == core.ReasonLocationNotFound:
		case aboutRows(r.Reason):
			dst = s.appendSKU(append(dst, `,"sku":`...), line.SKU)
			dst = s.appendLocation(append(dst, `,"location":`...), line.Location)
			dst = appendNumberField(dst, `,"requested":`, line.Requested)
			dst = appendNumberField(dst, units, line.Available)
		default:
			dst = s.appendSKU(append(dst, `,"sku":`...), line.SKU)
			dst = appendNumberField(dst, `,"requested":`, line.Requested)
			dst = appendNumberField(dst, `,"available":`, max(line.Available, 0))
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
