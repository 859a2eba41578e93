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

// fills reads what came to an order of so many lines, or what it gave up: so many fills at least.
func (c *cursor) fills(fills []core.Fill, lines, least int) []core.Fill {
	const shortest = 3
	n := c.count(least, core.MaxLines*core.MaxLocations, shortest, "fills are not 1 to 2048000")
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
