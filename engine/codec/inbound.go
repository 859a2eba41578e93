package codec

import (
	"slices"

	"holdfast/engine/core"
)

// Flags of a document in commands and images.
const (
	inboundHasFrom = 1 << 0
	inboundSend    = 1 << 1 // create only
)

// isInbound tells whether a command is about a purchase order or a transfer.
func isInbound(kind core.CommandKind) bool {
	return kind >= core.CommandCreateInbound && kind <= core.CommandCancelInbound
}

func appendInboundRequest(dst []byte, c *core.Command) []byte {
	r := c.Inbound
	dst = append(dst, byte(r.Kind))
	dst = appendString(dst, r.Number)
	dst = appendString(dst, c.Actor)
	switch c.Kind {
	case core.CommandCreateInbound:
		return appendNewInbound(dst, r)
	case core.CommandReceiveInbound:
		return appendReceipt(dst, r.Rows)
	case core.CommandCloseInbound:
		return appendString(append(dst, byte(r.Discrepancy)), r.Reason)
	}
	return dst
}

// inboundRequest reads what a command on a document has.
func (c *cursor) inboundRequest(cmd *core.Command) {
	r := &core.InboundRequest{}
	cmd.Inbound = r
	r.Kind = c.inboundKind()
	at := c.pos
	r.Number = c.number(cmd.Kind == core.CommandCreateInbound)
	if cmd.Kind == core.CommandCreateInbound && core.IsReservedNumber(r.Number) {
		c.fail(at, "number is one of those that are made")
	}
	cmd.Actor = c.note("actor is longer than 64 bytes", "actor is not UTF-8")
	switch cmd.Kind {
	case core.CommandCreateInbound:
		c.newInbound(r)
	case core.CommandReceiveInbound:
		r.Rows = c.receipt()
	case core.CommandCloseInbound:
		at = c.pos
		r.Discrepancy = core.Discrepancy(c.byte())
		if r.Discrepancy == core.DiscrepancyNone || r.Discrepancy >= core.DiscrepancyOver {
			c.fail(at, "what is still open can only be short, damaged or lost")
		}
		r.Reason = c.discrepancyReason()
	}
}

func (c *cursor) inboundStatus() core.InboundStatus {
	at := c.pos
	status := core.InboundStatus(c.byte())
	if status < core.InboundDraft || status > core.InboundCancelled {
		c.fail(at, "unknown status of a document")
	}
	return status
}

func (c *cursor) inboundKind() core.InboundKind {
	at := c.pos
	kind := core.InboundKind(c.byte())
	if kind != core.PurchaseOrder && kind != core.Transfer {
		c.fail(at, "is neither a purchase order nor a transfer")
	}
	return kind
}

// number reads a document's number, which may be left to the machine.
func (c *cursor) number(mayLack bool) []byte {
	at := c.pos
	b := c.string(0, core.MaxExternalIDLength, "number is longer than 64 bytes")
	if !ValidIdentifier(b) && (len(b) > 0 || !mayLack) {
		c.fail(at, "number is not 1 to 64 characters of [A-Za-z0-9._:-]")
	}
	return b
}

func (c *cursor) supplier() []byte {
	return c.note("supplier is longer than 64 bytes", "supplier is not UTF-8")
}

func (c *cursor) discrepancyReason() []byte {
	at := c.pos
	reason := c.reason()
	if len(reason) == 0 {
		c.fail(at, "a discrepancy has no reason")
	}
	return reason
}

func appendNewInbound(dst []byte, r *core.InboundRequest) []byte {
	var flags byte
	if r.Send {
		flags = inboundSend
	}
	dst = appendPlaces(dst, flags, r.HasFrom, r.From, r.To)
	dst = appendString(dst, r.Supplier)
	dst = appendUvarint(dst, uint64(len(r.Lines)))
	for i := range r.Lines {
		dst = appendInboundLine(dst, &r.Lines[i])
	}
	return dst
}

func (c *cursor) newInbound(r *core.InboundRequest) {
	at := c.pos
	flags := c.places(inboundHasFrom|inboundSend, &r.HasFrom, &r.From, &r.To)
	r.Send = flags&inboundSend != 0
	r.Supplier = c.supplier()
	switch {
	case r.HasFrom && r.From == r.To:
		c.fail(at, "units would come to where they come from")
	case r.Kind == core.Transfer && !r.HasFrom:
		c.fail(at, "a transfer does not say where its units come from")
	case r.HasFrom && len(r.Supplier) > 0, r.Kind == core.Transfer && len(r.Supplier) > 0:
		c.fail(at, "units come from a location and from a supplier")
	}
	n := c.count(1, core.MaxLines, 3, "lines are not 1 to 500")
	r.Lines = make([]core.InboundLine, n)
	for i := range r.Lines {
		c.inboundLine(&r.Lines[i])
	}
}

// appendPlaces appends flags, and where units come from and to.
func appendPlaces(dst []byte, flags byte, hasFrom bool, from, to core.LocationID) []byte {
	if hasFrom {
		dst = append(dst, flags|inboundHasFrom)
		dst = appendUvarint(dst, uint64(from))
	} else {
		dst = append(dst, flags)
	}
	return appendUvarint(dst, uint64(to))
}

func (c *cursor) places(allowed byte, hasFrom *bool, from, to *core.LocationID) (flags byte) {
	at := c.pos
	flags = c.byte()
	if flags&^allowed != 0 {
		c.fail(at, "unknown flag of a document")
	}
	if *hasFrom = flags&inboundHasFrom != 0; *hasFrom {
		*from = c.location()
	}
	*to = c.location()
	return flags
}

func appendInboundLine(dst []byte, l *core.InboundLine) []byte {
	dst = appendUvarint(dst, uint64(l.SKU))
	dst = appendQuantity(dst, l.Quantity)
	return appendUvarint(dst, uint64(l.Expected))
}

func (c *cursor) inboundLine(l *core.InboundLine) {
	l.SKU = c.sku()
	l.Quantity = c.lineQuantity()
	l.Expected = c.millis()
}

func appendReceipt(dst []byte, rows []core.ReceiptRow) []byte {
	dst = appendUvarint(dst, uint64(len(rows)))
	for i := range rows {
		r := &rows[i]
		dst = appendUvarint(dst, uint64(r.Line))
		if r.Line == 0 {
			dst = appendUvarint(dst, uint64(r.SKU))
		}
		dst = appendQuantity(dst, r.Quantity)
		dst = append(dst, byte(r.Discrepancy)<<4|byte(r.To))
		if r.Discrepancy != core.DiscrepancyNone {
			dst = appendQuantity(dst, r.Differing)
		}
		dst = appendString(dst, r.Reason)
	}
	return dst
}

func (c *cursor) receipt() []core.ReceiptRow {
	n := c.count(1, core.MaxRows, 4, "rows are not 1 to 500")
	rows := make([]core.ReceiptRow, n)
	for i := range rows {
		r := &rows[i]
		r.Line = int(c.upTo(core.MaxLines, "line is above 500"))
		if r.Line == 0 {
			r.SKU = c.sku()
		}
		at := c.pos
		r.Quantity = core.Quantity(c.upTo(uint64(core.MaxLineQuantity), "quantity exceeds 1000000000"))
		c.discrepancy(r)
		switch {
		case r.Quantity+r.Differing == 0:
			c.fail(at, "row is about no units")
		case r.Discrepancy == core.DiscrepancyOver && r.Differing > r.Quantity:
			c.fail(at, "more units are over than came")
		}
	}
	return rows
}

// discrepancy reads the state of a row's units, and what differs.
func (c *cursor) discrepancy(r *core.ReceiptRow) {
	at := c.pos
	b := c.byte()
	r.Discrepancy, r.To = core.Discrepancy(b>>4), core.StockState(b&15)
	switch {
	case r.Discrepancy > core.DiscrepancyOver:
		c.fail(at, "unknown discrepancy")
	case r.To > core.StateOther:
		c.fail(at, "unknown state of stock")
	case r.Quantity == 0 && r.To != 0:
		c.fail(at, "state of units that did not come")
	}
	if r.Discrepancy == core.DiscrepancyNone {
		r.Reason = c.reason()
		return
	}
	r.Differing = core.Quantity(c.between(1, uint64(core.MaxLineQuantity), "quantity of a discrepancy is not 1 to 1000000000"))
	r.Reason = c.discrepancyReason()
}

// AppendInboundImage appends a purchase order or a transfer, without what a command found about it.
func AppendInboundImage(dst []byte, img *core.InboundImage) []byte {
	dst = append(dst, byte(img.Kind), byte(img.Status))
	dst = appendUvarint(dst, uint64(img.Version))
	dst = appendUvarint(dst, uint64(img.Created))
	dst = appendUvarint(dst, uint64(img.CreatedAt))
	dst = appendPlaces(dst, 0, img.HasFrom, img.From, img.To)
	dst = appendString(dst, img.Number)
	dst = appendString(dst, img.Supplier)
	dst = appendUvarint(dst, uint64(len(img.Lines)))
	for i := range img.Lines {
		l := &img.Lines[i]
		dst = appendInboundLine(dst, &l.InboundLine)
		dst = appendQuantity(dst, l.Received)
		for _, n := range l.Differing {
			dst = appendQuantity(dst, n)
		}
	}
	return dst
}

// DecodeInboundImage reads the image that src begins with into img and gives its length. Texts point into src; the lines reuse
// their room.
func DecodeInboundImage(src []byte, img *core.InboundImage) (int, error) {
	c := cursor{buf: src}
	c.inboundImage(img)
	return c.done()
}

func (c *cursor) inboundImage(img *core.InboundImage) {
	*img = core.InboundImage{Lines: img.Lines[:0], Found: img.Found[:0]}
	img.Kind = c.inboundKind()
	img.Status = c.inboundStatus()
	img.Version = c.version()
	img.Created = c.sequence()
	img.CreatedAt = c.millis()
	c.places(inboundHasFrom, &img.HasFrom, &img.From, &img.To)
	img.Number = c.number(false)
	img.Supplier = c.supplier()
	n := c.count(1, core.MaxLines, 4+core.Discrepancies, "lines are not 1 to 500")
	img.Lines = slices.Grow(img.Lines[:0], n)[:n]
	for i := range img.Lines {
		l := &img.Lines[i]
		c.inboundLine(&l.InboundLine)
		l.Received = c.quantity()
		for k := range l.Differing {
			l.Differing[k] = c.quantity()
		}
	}
}

// appendInbound appends what an event tells of a document: as it is now, what a command found about it, and the units that moved.
func appendInbound(dst []byte, ev *core.Event) []byte {
	dst = AppendInboundImage(dst, ev.Inbound)
	dst = appendUvarint(dst, uint64(len(ev.Inbound.Found)))
	for i := range ev.Inbound.Found {
		d := &ev.Inbound.Found[i]
		dst = appendUvarint(dst, uint64(d.Line))
		dst = append(dst, byte(d.Discrepancy))
		dst = appendQuantity(dst, d.Quantity)
		dst = appendString(dst, d.Reason)
	}
	dst = appendString(dst, ev.Actor)
	return appendMovementList(dst, ev.Moves)
}

func (c *cursor) inbound(ev *core.Event) {
	img := &core.InboundImage{}
	ev.Inbound = img
	c.inboundImage(img)
	n := c.count(0, core.MaxRows, 4, "discrepancies are more than 500")
	img.Found = slices.Grow(img.Found[:0], n)[:n]
	for i := range img.Found {
		d := &img.Found[i]
		d.Line = int(c.between(1, core.MaxLines, "line is not 1 to 500"))
		at := c.pos
		d.Discrepancy = core.Discrepancy(c.byte())
		if d.Discrepancy == core.DiscrepancyNone || d.Discrepancy > core.DiscrepancyOver {
			c.fail(at, "unknown discrepancy")
		}
		d.Quantity = c.quantity()
		d.Reason = c.reason()
	}
	ev.Actor, ev.Cause = c.note("actor is longer than 64 bytes", "actor is not UTF-8"), img.Number
	ev.Moves = c.movementList(ev.Moves, 0)
}

func appendLots(dst []byte, lots []core.LotImage) []byte {
	dst = appendUvarint(dst, uint64(len(lots)))
	for i := range lots {
		l := &lots[i]
		dst = append(dst, byte(l.Kind))
		dst = appendString(dst, l.Number)
		dst = appendUvarint(dst, uint64(l.Line))
		dst = appendUvarint(dst, uint64(l.Location))
		dst = appendUvarint(dst, uint64(l.Expected))
		dst = appendQuantity(dst, l.Open)
	}
	return dst
}

func (c *cursor) lots(lots []core.LotImage) []core.LotImage {
	n := c.count(0, core.MaxLots, 7, "lots are more than 1000")
	lots = slices.Grow(lots[:0], n)[:n]
	for i := range lots {
		l := &lots[i]
		l.Kind = c.inboundKind()
		l.Number = c.number(false)
		l.Line = int(c.between(1, core.MaxLines, "line is not 1 to 500"))
		l.Location = c.location()
		l.Expected = c.millis()
		l.Open = c.quantity()
	}
	return lots
}
