package codec

import (
	"slices"

	"holdfast/engine/core"
)

// AppendSKUImage appends a SKU's settings.
func AppendSKUImage(dst []byte, s *core.SKUImage) []byte {
	dst = appendUvarint(dst, uint64(s.ID))
	dst = appendBool(dst, s.HasDocument)
	dst = appendUvarint(dst, uint64(s.Version))
	dst = appendUvarint(dst, uint64(s.Changed))
	dst = appendString(dst, s.Name)
	return appendSKUSettings(dst, &s.Settings)
}

// DecodeSKUImage reads the image that src begins with into s and gives its length. The name points
// into src.
func DecodeSKUImage(src []byte, s *core.SKUImage) (int, error) {
	c := cursor{buf: src}
	c.skuImage(s)
	return c.done()
}

func (c *cursor) skuImage(s *core.SKUImage) {
	s.ID = c.sku()
	s.HasDocument = c.documentMark()
	s.Version = c.version()
	s.Changed = c.sequence()
	s.Name = c.name(badSKUName)
	c.skuSettings(&s.Settings)
}

// AppendLocationImage appends a location.
func AppendLocationImage(dst []byte, l *core.LocationImage) []byte {
	dst = appendUvarint(dst, uint64(l.ID))
	dst = appendBool(dst, l.HasDocument)
	dst = appendUvarint(dst, uint64(l.Version))
	dst = appendUvarint(dst, uint64(l.Changed))
	dst = appendString(dst, l.Name)
	return appendLocationSettings(dst, &l.Settings)
}

// DecodeLocationImage reads the image that src begins with into l and gives its length. The name
// points into src.
func DecodeLocationImage(src []byte, l *core.LocationImage) (int, error) {
	c := cursor{buf: src}
	c.locationImage(l)
	return c.done()
}

func (c *cursor) locationImage(l *core.LocationImage) {
	l.ID = c.location()
	l.HasDocument = c.documentMark()
	l.Version = c.version()
	l.Changed = c.sequence()
	l.Name = c.name(badLocationName)
	c.locationSettings(&l.Settings)
}

func (c *cursor) documentMark() bool {
	return c.bool("document mark is not 0 or 1")
}

// AppendChannelImage appends a channel.
func AppendChannelImage(dst []byte, ch *core.ChannelImage) []byte {
	dst = appendUvarint(dst, uint64(ch.ID))
	dst = appendBool(dst, ch.HasDocument)
	dst = appendUvarint(dst, uint64(ch.Version))
	dst = appendUvarint(dst, uint64(ch.Changed))
	dst = appendString(dst, ch.Name)
	return appendChannelSettings(dst, &ch.Settings)
}

// DecodeChannelImage reads the image that src begins with into ch and gives its length. The name points into src.
func DecodeChannelImage(src []byte, ch *core.ChannelImage) (int, error) {
	c := cursor{buf: src}
	c.channelImage(ch)
	return c.done()
}

func (c *cursor) channelImage(ch *core.ChannelImage) {
	ch.ID = c.channel()
	ch.HasDocument = c.documentMark()
	ch.Version = c.version()
	ch.Changed = c.sequence()
	ch.Name = c.name(badChannelName)
	c.channelSettings(&ch.Settings)
}

// appendLevel appends a level without its SKU, which stands before a list of levels or each of them.
func appendLevel(dst []byte, l *core.LevelImage) []byte {
	dst = appendUvarint(dst, uint64(l.Location))
	dst = appendQuantity(dst, l.OnHand)
	for _, q := range l.Unavailable {
		dst = appendQuantity(dst, q)
	}
	dst = appendQuantity(dst, l.Reserved)
	return appendQuantity(dst, l.Allocated)
}

// shortestLevel is the least that appendLevel writes.
const shortestLevel = 4 + core.UnavailableStates

func (c *cursor) level(l *core.LevelImage) {
	l.Location = c.location()
	l.OnHand = c.quantity()
	for i := range l.Unavailable {
		l.Unavailable[i] = c.quantity()
	}
	l.Reserved = c.quantity()
	l.Allocated = c.quantity()
}

func appendLevelChanges(dst []byte, levels []core.LevelChange) []byte {
	dst = appendUvarint(dst, uint64(len(levels)))
	for i := range levels {
		l := &levels[i]
		dst = appendUvarint(dst, uint64(l.SKU))
		dst = appendLevel(dst, &l.LevelImage)
		dst = appendQuantity(dst, l.OnHandBefore)
		dst = appendString(dst, l.Reason)
	}
	return dst
}

func (c *cursor) levelChanges(levels []core.LevelChange) []core.LevelChange {
	n := c.count(1, core.MaxRows, shortestLevel+3, "level changes are not 1 to 500")
	levels = slices.Grow(levels[:0], n)[:n]
	for i := range levels {
		l := &levels[i]
		l.SKU = c.sku()
		c.level(&l.LevelImage)
		l.OnHandBefore = c.quantity()
		l.Reason = c.reason()
	}
	return levels
}

// AppendAvailability appends everything there is to say about a SKU's units. The levels' SKU is
// not written: it is the image's.
func AppendAvailability(dst []byte, a *core.AvailabilityImage) []byte {
	dst = appendAvailability(dst, a)
	dst = appendUvarint(dst, uint64(len(a.Components)))
	for i := range a.Components {
		part := &a.Components[i]
		dst = appendAvailability(appendQuantity(dst, part.Quantity), &part.AvailabilityImage)
	}
	return dst
}

func appendAvailability(dst []byte, a *core.AvailabilityImage) []byte {
	dst = appendUvarint(dst, uint64(a.SKU))
	dst = appendSKUSettings(dst, &a.Settings)
	dst = appendBool(dst, a.Preordering)
	dst = appendSigned(dst, a.Available)
	dst = appendQuantity(dst, a.OnHand)
	dst = appendQuantity(dst, a.Unavailable)
	dst = appendQuantity(dst, a.Reserved)
	dst = appendQuantity(dst, a.Allocated)
	dst = appendQuantity(dst, a.Withheld)
	dst = appendQuantity(dst, a.Backordered)
	dst = appendUvarint(dst, uint64(len(a.Levels)))
	for i := range a.Levels {
		dst = appendLevel(dst, &a.Levels[i].LevelImage)
		dst = appendQuantity(dst, a.Levels[i].Withheld)
	}
	dst = appendUvarint(dst, uint64(len(a.Rules)))
	for i := range a.Rules {
		dst = appendChannelRuleImage(dst, &a.Rules[i])
	}
	return appendLots(dst, a.Incoming)
}

// DecodeAvailability reads the image that src begins with into a, all of which is overwritten, and
// gives its length. Levels and rules reuse their room.
func DecodeAvailability(src []byte, a *core.AvailabilityImage) (int, error) {
	c := cursor{buf: src}
	c.availability(a)
	n := c.count(0, core.MaxComponents, shortestAvailability, "components are more than 32")
	a.Components = slices.Grow(a.Components[:0], n)[:n]
	for i := range a.Components {
		part := &a.Components[i]
		part.Quantity = c.componentQuantity()
		c.availability(&part.AvailabilityImage)
		part.Components = nil
	}
	return c.done()
}

// shortestAvailability is the least that a component takes: 19 values and its quantity.
const shortestAvailability = 20

func (c *cursor) availability(a *core.AvailabilityImage) {
	a.SKU = c.sku()
	c.skuSettings(&a.Settings)
	a.Preordering = c.bool("mark of a live preorder is not 0 or 1")
	a.Available = c.signed()
	a.OnHand = c.quantity()
	a.Unavailable = c.quantity()
	a.Reserved = c.quantity()
	a.Allocated = c.quantity()
	a.Withheld = c.quantity()
	a.Backordered = c.quantity()
	n := c.count(0, core.MaxLocations, shortestLevel+1, "levels are more than 4096")
	a.Levels = slices.Grow(a.Levels[:0], n)[:n]
	for i := range a.Levels {
		a.Levels[i].SKU = a.SKU
		c.level(&a.Levels[i].LevelImage)
		a.Levels[i].Withheld = c.quantity()
	}
	n = c.count(0, core.MaxChannels, shortestRule, "rules are more than 4096")
	a.Rules = slices.Grow(a.Rules[:0], n)[:n]
	for i := range a.Rules {
		c.channelRuleImage(&a.Rules[i])
	}
	a.Incoming = c.lots(a.Incoming)
}

func appendPreorder(dst []byte, p *core.PreorderImage) []byte {
	dst = appendUvarint(dst, uint64(p.SKU))
	dst = appendUvarint(dst, uint64(p.Preorder.ShipsAt))
	dst = appendQuantity(dst, p.Preorder.Limit)
	return appendQuantity(dst, p.Backordered)
}

func (c *cursor) preorder(p *core.PreorderImage) {
	p.SKU = c.sku()
	p.Preorder.ShipsAt = c.millis()
	p.Preorder.Limit = c.quantity()
	p.Backordered = c.quantity()
}

func appendSupply(dst []byte, s *core.SupplyImage) []byte {
	dst = appendUvarint(dst, uint64(s.SKU))
	dst = append(dst, byte(s.Before), byte(s.Supply))
	dst = appendSigned(dst, s.Available)
	return appendQuantity(dst, s.LowStock)
}

func (c *cursor) supply(s *core.SupplyImage) {
	s.SKU = c.sku()
	at := c.pos
	s.Before, s.Supply = core.Supply(c.byte()), core.Supply(c.byte())
	if s.Before > core.SupplyEnough || s.Supply > core.SupplyEnough {
		c.fail(at, "unknown supply")
	}
	s.Available = c.signed()
	s.LowStock = c.quantity()
}
