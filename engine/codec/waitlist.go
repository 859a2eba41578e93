package codec

import (
	"math"

	"holdfast/engine/core"
)

// appendWaitlist appends what a command about a place on a waitlist has: to take one, to give it up, to be served.
func appendWaitlist(dst []byte, c *core.Command) []byte {
	dst = appendUvarint(dst, uint64(c.Sale))
	if c.Kind != core.CommandJoinWaitlist {
		dst = appendUvarint(dst, uint64(c.Waiter))
	}
	if c.Kind == core.CommandLeaveWaitlist {
		return dst
	}
	dst = appendUvarint(dst, uint64(c.Channel))
	dst = appendString(dst, c.Customer)
	dst = appendString(dst, c.Identities)
	dst = appendUvarint(dst, uint64(c.Lines[0].SKU))
	return appendQuantity(dst, c.Lines[0].Quantity)
}

func (c *cursor) waitlist(cmd *core.Command) {
	cmd.Sale = c.saleID()
	if cmd.Kind != core.CommandJoinWaitlist {
		cmd.Waiter = c.waiterNumber()
	}
	if cmd.Kind == core.CommandLeaveWaitlist {
		return
	}
	cmd.UpTo = cmd.Kind == core.CommandServeWaitlist
	cmd.Channel = c.channel()
	cmd.Customer = c.name(badCustomer)
	cmd.Identities = c.identities()
	cmd.Lines = append(cmd.Lines[:0], core.Line{SKU: c.sku(), Quantity: c.lineQuantity()})
}

// waiterNumber reads the number of a place, which is that of a command.
func (c *cursor) waiterNumber() core.Sequence {
	at := c.pos
	n := c.sequence()
	if n == 0 {
		c.fail(at, "number of a place is 0")
	}
	return n
}

// waiters reads how many people wait.
func (c *cursor) waiters() uint32 {
	return uint32(c.upTo(math.MaxUint32, "number of people who wait exceeds 32 bits"))
}

// AppendWaiterImage appends a place on a waitlist.
func AppendWaiterImage(dst []byte, w *core.WaiterImage) []byte {
	dst = appendUvarint(dst, uint64(w.Sale))
	dst = appendUvarint(dst, uint64(w.SKU))
	dst = appendUvarint(dst, uint64(w.Number))
	dst = appendUvarint(dst, uint64(w.Since))
	dst = appendQuantity(dst, w.Quantity)
	dst = appendUvarint(dst, uint64(w.Position))
	dst = appendUvarint(dst, uint64(w.Channel))
	dst = appendString(dst, w.Customer)
	return appendString(dst, w.Identities)
}

// DecodeWaiterImage reads the image that src begins with into w and gives its length. Its texts point into src.
func DecodeWaiterImage(src []byte, w *core.WaiterImage) (int, error) {
	c := cursor{buf: src}
	c.waiterImage(w)
	return c.done()
}

func (c *cursor) waiterImage(w *core.WaiterImage) {
	w.Sale = c.saleID()
	w.SKU = c.sku()
	w.Number = c.waiterNumber()
	w.Since = c.millis()
	w.Quantity = c.lineQuantity()
	w.Position = c.waiters()
	w.Channel = c.channel()
	w.Customer = c.name(badCustomer)
	w.Identities = c.identities()
}

// leftReason reads why somebody is no longer on a waitlist.
func (c *cursor) leftReason() core.Reason {
	at := c.pos
	r := core.Reason(c.byte())
	if r != core.ReasonNone && !knownReason(r) {
		c.fail(at, "unknown reason")
	}
	return r
}
