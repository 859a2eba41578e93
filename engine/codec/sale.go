package codec

import (
	"math"
	"slices"

	"holdfast/engine/core"
)

const badSaleName = "sale name is not 1 to 128 bytes of printable characters"

// appendSale appends what an order or a hold in a sale has beside its usual body, and stands before it.
func appendSale(dst []byte, c *core.Command) []byte {
	dst = appendUvarint(dst, uint64(c.Sale))
	dst = appendUvarint(dst, uint64(c.Ticket))
	return appendString(dst, c.Identities)
}

func (c *cursor) sale(cmd *core.Command) {
	cmd.Sale = c.saleID()
	cmd.Ticket = uint32(c.upTo(math.MaxUint32, "ticket exceeds 32 bits"))
	cmd.Identities = c.identities()
}

// saleID reads the number of a sale, which is never that of none.
func (c *cursor) saleID() core.SaleID {
	return core.SaleID(c.between(uint64(core.MakeSaleID(0, 0)), math.MaxUint32, "number of a sale is outside its limits"))
}

// identities reads what a sale knows a buyer by: at most one of each kind, in the order of the kinds.
func (c *cursor) identities() []byte {
	at := c.pos
	b := c.string(0, (core.IdentityKinds-1)*core.IdentitySize, "identities are longer than 51 bytes")
	if len(b)%core.IdentitySize != 0 {
		c.fail(at, "identities are not 17 bytes each")
		return nil
	}
	last := byte(core.IdentityCustomer)
	for rest := b; len(rest) > 0; rest = rest[core.IdentitySize:] {
		if rest[0] <= last || rest[0] >= core.IdentityKinds {
			c.fail(at, "identities are of unknown kinds, or not in their order")
			return nil
		}
		last = rest[0]
	}
	return b
}

func appendSaleSettings(dst []byte, s *core.SaleSettings) []byte {
	dst = appendUvarint(dst, uint64(s.StartsAt))
	dst = appendUvarint(dst, uint64(s.EndsAt))
	for _, limit := range s.Limits {
		dst = appendQuantity(dst, limit)
	}
	dst = appendUvarint(dst, uint64(s.MaxTTL))
	dst = appendUvarint(dst, uint64(s.MaxExpired))
	dst = appendUvarint(dst, uint64(s.WaitlistCapacity))
	dst = appendUvarint(dst, uint64(s.WaitlistTTL))
	dst = appendBool(dst, s.Queue.Required)
	dst = appendUvarint(dst, uint64(s.Queue.Opening))
	dst = appendUvarint(dst, uint64(s.Queue.RatePerMinute))
	dst = appendUvarint(dst, uint64(s.Queue.TokenTTL))
	dst = appendUvarint(dst, uint64(s.Queue.Patience))
	dst = appendUvarint(dst, uint64(s.Queue.Share))
	dst = appendUvarint(dst, uint64(len(s.Items)))
	for i := range s.Items {
		dst = appendUvarint(dst, uint64(s.Items[i].SKU))
		dst = appendSigned(dst, s.Items[i].Quota)
		dst = appendQuantity(dst, s.Items[i].MaxHeld)
	}
	return dst
}

func (c *cursor) saleSettings(s *core.SaleSettings) {
	const most = uint64(core.MaxSettingQuantity)
	s.StartsAt = c.millis()
	at := c.pos
	s.EndsAt = c.millis()
	if s.EndsAt <= s.StartsAt {
		c.fail(at, "sale ends before it starts")
	}
	for i := range s.Limits {
		s.Limits[i] = core.Quantity(c.upTo(most, "limit of a sale exceeds its limit"))
	}
	at = c.pos
	s.MaxTTL = core.Millis(c.upTo(uint64(core.MaxTTL), "longest time to live exceeds 86400000 ms"))
	if s.MaxTTL > 0 && s.MaxTTL < core.MinTTL {
		c.fail(at, "longest time to live is below 1000 ms")
	}
	s.MaxExpired = uint32(c.upTo(math.MaxUint32, "number of expired holds exceeds 32 bits"))
	s.WaitlistCapacity = uint32(c.upTo(core.MaxWaitlist, "waitlist is longer than 1000000"))
	at = c.pos
	s.WaitlistTTL = core.Millis(c.upTo(uint64(core.MaxTTL), "time to live of an offer exceeds 86400000 ms"))
	if s.WaitlistTTL < core.MinTTL && (s.WaitlistTTL > 0 || s.WaitlistCapacity > 0) {
		c.fail(at, "time to live of an offer is below 1000 ms")
	}
	s.Queue.Required = c.bool("mark of a queue is not 0 or 1")
	s.Queue.Opening = core.Millis(c.upTo(uint64(core.MaxTTL), "opening of a queue exceeds 86400000 ms"))
	s.Queue.RatePerMinute = uint32(c.upTo(math.MaxUint32, "rate of a queue exceeds 32 bits"))
	s.Queue.TokenTTL = core.Millis(c.upTo(uint64(core.MaxTTL), "time to live of a token exceeds 86400000 ms"))
	s.Queue.Patience = core.Millis(c.upTo(uint64(core.MaxTTL), "patience of a queue exceeds 86400000 ms"))
	s.Queue.Share = uint32(c.upTo(core.MaxQueueShare, "share of a queue exceeds 10000 per cent"))
	const shortest = 3
	n := c.count(1, core.MaxSaleItems, shortest, "items of a sale are not 1 to 500")
	s.Items = slices.Grow(s.Items[:0], n)[:n]
	for i := range s.Items {
		at = c.pos
		item := &s.Items[i]
		item.SKU = c.sku()
		if slices.ContainsFunc(s.Items[:i], func(o core.SaleItem) bool { return o.SKU == item.SKU }) {
			c.fail(at, "sale names a SKU twice")
			return
		}
		at = c.pos
		item.Quota = c.signed()
		if item.Quota < core.Unlimited || item.Quota > core.MaxSettingQuantity {
			c.fail(at, "quota is outside its limits")
		}
		item.MaxHeld = core.Quantity(c.upTo(most, "units held at once exceed their limit"))
	}
}

// AppendSaleImage appends a sale.
func AppendSaleImage(dst []byte, s *core.SaleImage) []byte {
	dst = appendUvarint(dst, uint64(s.ID))
	dst = appendBool(dst, s.HasDocument)
	dst = appendUvarint(dst, uint64(s.Version))
	dst = appendUvarint(dst, uint64(s.Changed))
	dst = appendString(dst, s.Name)
	dst = appendSaleSettings(dst, &s.Settings)
	dst = appendUvarint(dst, uint64(len(s.Counts)))
	for i := range s.Counts {
		n := &s.Counts[i]
		dst = appendQuantity(dst, n.Held)
		dst = appendQuantity(dst, n.Sold)
		dst = appendSigned(dst, n.Orderable)
		dst = appendQuantity(dst, n.Waited)
		dst = appendUvarint(dst, uint64(n.Waiters))
	}
	return dst
}

// DecodeSaleImage reads the image that src begins with into s and gives its length. The name points into src; items and
// counts reuse their room.
func DecodeSaleImage(src []byte, s *core.SaleImage) (int, error) {
	c := cursor{buf: src}
	c.saleImage(s)
	return c.done()
}

func (c *cursor) saleImage(s *core.SaleImage) {
	s.ID = c.saleID()
	s.HasDocument = c.documentMark()
	s.Version = c.version()
	s.Changed = c.sequence()
	s.Name = c.name(badSaleName)
	c.saleSettings(&s.Settings)
	at := c.pos
	n := c.count(0, core.MaxSaleItems, 5, "counts of a sale are more than 500")
	if n != 0 && n != len(s.Settings.Items) {
		c.fail(at, "counts are not those of the items")
		n = 0
	}
	s.Counts = slices.Grow(s.Counts[:0], n)[:n]
	for i := range s.Counts {
		s.Counts[i] = core.SaleCount{Held: c.quantity(), Sold: c.quantity(), Orderable: c.signed(), Waited: c.quantity(), Waiters: c.waiters()}
	}
}
