package codec

import "holdfast/engine/core"

// usualOrder reads the body of a place order in the form that a flash sale is made of, one line from a channel
// below 128, in little more than half the time that reading value by value takes. Of anything else, right
// or wrong, it reads nothing and leaves it to body, so that there is one place that knows what is wrong
// with an order.
func (c *cursor) usualOrder(cmd *core.Command) bool {
	const shortestTail = 3 // the count of lines, a SKU, a quantity
	b := c.buf[c.pos:]
	if len(b) < 2 || b[0] >= 0x80 || b[1] >= 0x80 {
		return false
	}
	customerEnd := 2 + int(b[1])
	if customerEnd >= len(b) {
		return false
	}
	tail := customerEnd + 1 + int(b[customerEnd])
	if tail+shortestTail > len(b) || b[tail] != 1 || cap(cmd.Lines) == 0 || !ValidName(b[2:customerEnd]) {
		return false
	}
	if tail > customerEnd+1 {
		cmd.ExternalID = b[customerEnd+1 : tail : tail]
		if !ValidIdentifier(cmd.ExternalID) {
			return false
		}
	}
	cmd.Channel = core.ChannelID(b[0])
	cmd.Customer = b[2:customerEnd:customerEnd]
	c.pos += tail + 1
	cmd.Lines = append(cmd.Lines[:0], core.Line{SKU: c.sku(), Quantity: c.lineQuantity()})
	return true
}
