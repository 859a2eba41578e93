package codec

import (
	"slices"

	"holdfast/engine/core"
)

func appendFills(dst []byte, fills []core.Fill) []byte {
	dst = appendUvarint(dst, uint64(len(fills)))
	for i := range fills {
		f := &fills[i]
		dst = appendUvarint(dst, uint64(f.Line))
		dst = appendUvarint(dst, uint64(f.Location))
		dst = appendQuantity(dst, f.Quantity)
	}
	return dst
}

// fills reads what came to an order of so many lines.
func (c *cursor) fills(fills []core.Fill, lines int) []core.Fill {
	const shortest = 3
	n := c.count(1, core.MaxLines*core.MaxLocations, shortest, "fills are not 1 to 2048000")
	fills = slices.Grow(fills[:0], n)[:n]
	for i := range fills {
		fills[i] = core.Fill{
			Line:     int(c.upTo(uint64(max(lines, 1)-1), "a fill's line is not one of the order's")),
			Location: c.location(),
			Quantity: c.quantity(),
		}
	}
	return fills
}

func appendOversold(dst []byte, o *core.OversoldImage) []byte {
	dst = appendUvarint(dst, uint64(o.Order))
	dst = appendUvarint(dst, uint64(len(o.Units)))
	for _, u := range o.Units {
		dst = appendQuantity(appendUvarint(dst, uint64(u.SKU)), u.Units)
	}
	return dst
}

func (c *cursor) oversold(o *core.OversoldImage) {
	const shortest = 2
	o.Order = core.OrderID(c.uvarint())
	n := c.count(1, core.MaxLines, shortest, "oversold SKUs are not 1 to 500")
	o.Units = slices.Grow(o.Units[:0], n)[:n]
	for i := range o.Units {
		o.Units[i] = core.OversoldUnits{SKU: c.sku(), Units: c.quantity()}
	}
}
