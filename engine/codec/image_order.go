package codec

import (
	"math"
	"slices"

	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// Marks of an order image: what is not marked takes no bytes. They are in stored feeds and must not
// change.
const (
	orderHasDocument = 1 << 0
	orderHasExternal = 1 << 1
	orderHasDeadline = 1 << 2
	orderIsNew       = 1 << 3 // made by the event around it, whose sequence and time are also its own
	orderStatusShift = 4
	orderStatusMask  = 7
	orderHasMore     = 1 << 7 // more marks follow behind the external id
)

// More marks of an order image. They are in stored feeds and must not change.
const (
	orderHasSale    = 1 << 0
	orderMarksLines = 1 << 1 // each line begins with marks of its own
	orderHasLife    = 1 << 2 // what became of the lines follows them
	orderHasAccount = 1 << 3 // an account follows behind all that
	orderIsOnHold   = 1 << 4 // why follows behind the identities
	orderHasReturns = 1 << 5 // the order's returns follow the life
	orderHasEdit    = 1 << 6 // its document is that of an edit
	orderHasWork    = 1 << 7 // the order's fulfilment orders follow the life and the returns
)

// Marks of a line in an image that has them. They are in stored feeds and must not change.
const (
	linePooled    = 1 << 0 // some units came out of a pool
	lineRoleShift = 1      // the line's role lies in two bits
	lineRoleMask  = 3
	linePreorder  = 1 << 4 // some units were sold in a preorder
)

// birth is what an event knows of the orders it makes. The zero value is for images outside events.
type birth struct {
	sequence core.Sequence
	at       core.Millis
}

// made reports whether the order was made by the event.
func (b birth) made(o *core.OrderImage) bool {
	return b.sequence != 0 && o.Created == b.sequence && o.CreatedAt == b.at
}

// AppendOrderImage appends an order as it stands, for readers outside events.
func AppendOrderImage(dst []byte, o *core.OrderImage) []byte {
	return appendOrder(dst, o, birth{})
}

// DecodeOrderImage reads the image that src begins with into o, all of which is overwritten, and gives
// its length. Byte slices point into src; lines and allocations reuse their room.
func DecodeOrderImage(src []byte, o *core.OrderImage) (int, error) {
	c := cursor{buf: src, spare: o.Life, spareAccount: o.Account}
	c.order(o, birth{})
	return c.done()
}

func appendOrder(dst []byte, o *core.OrderImage, b birth) []byte {
	more := moreMarks(o)
	marks := orderMarks(o, b)
	if more != 0 {
		marks |= orderHasMore
	}
	dst = append(dst, marks)
	dst = appendUvarint(dst, uint64(o.ID))
	dst = appendUvarint(dst, uint64(o.Version))
	if marks&orderIsNew == 0 {
		dst = appendUvarint(dst, uint64(o.Created))
		dst = appendUvarint(dst, uint64(o.CreatedAt))
	}
	if marks&orderHasDeadline != 0 {
		dst = appendUvarint(dst, uint64(o.Deadline))
	}
	dst = appendUvarint(dst, uint64(o.Channel))
	dst = appendString(dst, o.Customer)
	if marks&orderHasExternal != 0 {
		dst = appendString(dst, o.ExternalID)
	}
	if marks&orderHasMore != 0 {
		dst = append(dst, more)
	}
	if more&orderHasSale != 0 {
		dst = appendString(appendUvarint(dst, uint64(o.Sale)), o.Identities)
	}
	if more&orderIsOnHold != 0 {
		dst = append(dst, byte(o.OnHold))
	}
	dst = appendLineImages(dst, o, more&orderMarksLines != 0)
	if o.Life != nil {
		dst = appendLife(dst, o.Life)
	}
	if more&orderHasReturns != 0 {
		dst = appendReturns(dst, o.Life)
	}
	if more&orderHasWork != 0 {
		dst = appendFulfilments(dst, o.Life)
	}
	if o.Account != nil {
		dst = appendAccount(dst, o.Account)
	}
	if o.Edited != 0 {
		dst = appendUvarint(dst, uint64(o.Edited))
	}
	return dst
}

// orderMarks are the marks but for orderHasMore.
func orderMarks(o *core.OrderImage, b birth) byte {
	marks := byte(o.Status) << orderStatusShift
	if o.HasDocument {
		marks |= orderHasDocument
	}
	if len(o.ExternalID) != 0 {
		marks |= orderHasExternal
	}
	if o.Deadline != 0 {
		marks |= orderHasDeadline
	}
	if b.made(o) {
		marks |= orderIsNew
	}
	return marks
}

func moreMarks(o *core.OrderImage) (more byte) {
	if o.Sale != 0 {
		more |= orderHasSale
	}
	if o.OnHold != 0 {
		more |= orderIsOnHold
	}
	if o.Life != nil {
		more |= orderHasLife
		if len(o.Life.Returns) > 0 {
			more |= orderHasReturns
		}
		if len(o.Life.Fulfilments) > 0 {
			more |= orderHasWork
		}
	}
	if o.Account != nil {
		more |= orderHasAccount
	}
	if o.Edited != 0 {
		more |= orderHasEdit
	}
	for i := range o.Lines {
		if lineMarks(&o.Lines[i]) != 0 {
			more |= orderMarksLines
		}
	}
	return more
}

func lineMarks(l *core.LineImage) (marks byte) {
	if l.Pooled != 0 {
		marks |= linePooled
	}
	if l.Preorder {
		marks |= linePreorder
	}
	return marks | byte(l.Role)<<lineRoleShift
}

// appendLineImages appends the lines, each with its own share of the image's allocations.
func appendLineImages(dst []byte, o *core.OrderImage, marked bool) []byte {
	dst = appendUvarint(dst, uint64(len(o.Lines)))
	rest := o.Allocations
	for i := range o.Lines {
		l := &o.Lines[i]
		if marked {
			dst = append(dst, lineMarks(l))
		}
		dst = appendUvarint(dst, uint64(l.SKU))
		dst = appendQuantity(dst, l.Quantity)
		dst = appendQuantity(dst, l.Backordered)
		if l.Pooled != 0 {
			dst = appendQuantity(dst, l.Pooled)
		}
		dst = appendUvarint(dst, uint64(l.Allocations))
		own := rest[:l.Allocations]
		rest = rest[l.Allocations:]
		for j := range own {
			dst = appendUvarint(dst, uint64(own[j].Location))
			dst = appendQuantity(dst, own[j].Quantity)
		}
	}
	invariant.Check(len(rest) == 0, "every allocation of an order is a line's")
	return dst
}

func (c *cursor) order(o *core.OrderImage, b birth) {
	at := c.pos
	marks := c.byte()
	o.Status = core.OrderStatus(marks >> orderStatusShift & orderStatusMask)
	if o.Status < core.StatusHeld || o.Status > core.StatusClosed {
		c.fail(at, "unknown order status")
	}
	o.HasDocument = marks&orderHasDocument != 0
	o.ID = core.OrderID(c.uvarint())
	o.Version = c.version()
	c.orderBirth(o, b, at, marks&orderIsNew != 0)
	o.Deadline = 0
	if marks&orderHasDeadline != 0 {
		o.Deadline = c.deadline()
	}
	o.Channel = c.channel()
	o.Customer = c.name(badCustomer)
	o.ExternalID = nil
	if marks&orderHasExternal != 0 {
		o.ExternalID = c.externalID()
		if len(o.ExternalID) == 0 {
			c.fail(at, "external id is marked and empty")
		}
	}
	more := byte(0)
	if marks&orderHasMore != 0 {
		at := c.pos
		more = c.byte()
		lifeless := more&orderHasLife == 0 && more&(orderHasReturns|orderHasWork) != 0
		if more == 0 || lifeless {
			c.fail(at, "unknown marks of an order")
		}
	}
	o.Sale, o.Identities = 0, nil
	if more&orderHasSale != 0 {
		o.Sale, o.Identities = c.saleID(), c.identities()
	}
	if o.OnHold = 0; more&orderIsOnHold != 0 {
		o.OnHold = c.onHold()
	}
	c.lineImages(o, more&orderMarksLines != 0)
	if o.Life = nil; more&orderHasLife != 0 {
		c.life(o, more&orderHasReturns != 0)
		if more&orderHasWork != 0 && o.Life != nil {
			c.fulfilments(o.Life, len(o.Lines))
		}
	}
	if o.Account = nil; more&orderHasAccount != 0 {
		c.account(o)
	}
	if o.Edited = 0; more&orderHasEdit != 0 {
		c.orderEdit(o)
	}
}

// orderEdit reads which edit brought the document of an order.
func (c *cursor) orderEdit(o *core.OrderImage) {
	at := c.pos
	if o.Edited = c.sequence(); o.Edited <= o.Created || !o.HasDocument {
		c.fail(at, "edit is none of an order's document")
	}
}

// orderBirth reads when and by what the order was made, or takes it from the event.
func (c *cursor) orderBirth(o *core.OrderImage, b birth, at int, isNew bool) {
	if isNew {
		if b.sequence == 0 {
			c.fail(at, "order refers to an event that is not there")
		}
		o.Created, o.CreatedAt = b.sequence, b.at
		return
	}
	o.Created = c.sequence()
	o.CreatedAt = c.millis()
	if b.made(o) {
		c.fail(at, "order repeats the event's sequence and time")
	}
}

func (c *cursor) deadline() core.Millis {
	at := c.pos
	d := c.millis()
	if d == 0 {
		c.fail(at, "deadline is marked and zero")
	}
	return d
}

func (c *cursor) lineImages(o *core.OrderImage, marked bool) {
	const shortest = 4
	at, any := c.pos, byte(0)
	n := c.count(1, core.MaxLines, shortest, "lines are not 1 to 500")
	o.Lines = slices.Grow(o.Lines[:0], n)[:n]
	o.Allocations = o.Allocations[:0]
	for i := range o.Lines {
		l := &o.Lines[i]
		marks := c.lineMarks(marked)
		any |= marks
		l.SKU = c.sku()
		l.Role = core.LineRole(marks >> lineRoleShift & lineRoleMask)
		l.Quantity = c.quantity()
		l.Backordered = c.quantity()
		l.Preorder = marks&linePreorder != 0
		l.Pooled = 0
		if marks&linePooled != 0 {
			l.Pooled = core.Quantity(c.between(1, math.MaxInt64, "pooled units are marked and none"))
		}
		l.Allocations = c.count(0, core.MaxLocations, 2, "allocations of a line are more than 4096")
		for range l.Allocations {
			o.Allocations = append(o.Allocations, core.Allocation{Location: c.location(), Quantity: c.quantity()})
		}
	}
	if marked && any == 0 {
		c.fail(at, "lines have marks and none is set")
	}
}

func (c *cursor) lineMarks(marked bool) byte {
	if !marked {
		return 0
	}
	at := c.pos
	marks := c.byte()
	if marks&^(linePooled|lineRoleMask<<lineRoleShift|linePreorder) != 0 || core.LineRole(marks>>lineRoleShift&lineRoleMask) > core.LineUntracked {
		c.fail(at, "unknown mark of a line")
	}
	return marks
}
