package server

import (
	"math"
	"strconv"

	"holdfast/engine/core"
)

// listBackorders serves GET /v1/skus/{sku}/backorders: who waits for a SKU's units, oldest promise first.
func (s *Server) listBackorders(x *exchange) {
	q := x.query("limit", "after", "at_least")
	limit := int(q.number("limit", 1, maxPage, defaultPage))
	after := core.Sequence(q.number("after", 0, math.MaxInt64, 0))
	if !s.waitFor(q) {
		return
	}
	entry, ok := s.engine.SKU(x.variable)
	if !ok {
		x.fail(unknownSKU)
		return
	}
	waiting, more, sequence, err := s.engine.ReadWaiting(nil, entry.ID, after, limit)
	if err != nil {
		s.failRead(x, err, unknownSKU)
		return
	}
	dst := append(x.out[:0], `{"items":[`...)
	last := ""
	for i, w := range waiting {
		dst = append(appendComma(dst, i), `{"order":"`...)
		dst = append(appendID(dst, s.engine.PublicOrderID(w.Order)), '"')
		dst = appendNumberField(dst, `,"since":`, w.Since)
		dst = append(appendNumberField(dst, `,"quantity":`, w.Units), '}')
		last = strconv.FormatUint(uint64(w.Since), 10)
	}
	x.answerPage(dst, last, more, sequence)
}

// shownLine is the place, among the lines that are shown, of a line of an order: that of a component is its kit's.
func shownLine(o *core.OrderImage, line int) int {
	shown := line
	for i := range o.Lines[:line+1] {
		if o.Lines[i].Role == core.LineOfComponent {
			shown--
		}
	}
	return shown
}

// appendFills appends what came to the lines of an order that had waited; what came for a component came to the line of its kits.
func (s *Server) appendFills(dst []byte, o *core.OrderImage, fills []core.Fill) []byte {
	dst = append(dst, `,"fills":[`...)
	for i, f := range fills {
		dst = appendNumberField(appendComma(dst, i), `{"line":`, shownLine(o, f.Line))
		dst = s.appendSKU(append(dst, `,"sku":`...), o.Lines[f.Line].SKU)
		dst = s.appendLocation(append(dst, `,"location":`...), f.Location)
		dst = append(appendNumberField(dst, `,"quantity":`, f.Quantity), '}')
	}
	return append(dst, ']')
}
