package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// Marks of an optional part.
const (
	destinationPosition = 1 << 0
	destinationPickup   = 1 << 1
)

// Marks of what a location can ship.
const (
	shippingGiven    = 1 << 0
	shippingCapacity = 1 << 1 // a capacity stands at the end
)

// appendDestination appends where an order goes, as far as routing asks for it.
func appendDestination(dst []byte, d *core.Destination) []byte {
	marks := byte(0)
	if d.HasPosition {
		marks |= destinationPosition
	}
	if d.HasPickup {
		marks |= destinationPickup
	}
	dst = append(dst, marks, byte(d.Method))
	dst = appendCountry(dst, d.Country)
	dst = appendPostal(dst, &d.Postal)
	if d.HasPosition {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(d.LatitudeE7))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(d.LongitudeE7))
	}
	if d.HasPickup {
		dst = appendUvarint(dst, uint64(d.Pickup))
	}
	return dst
}

func (c *cursor) destination(d *core.Destination) {
	at := c.pos
	marks := c.byte()
	if marks > destinationPosition|destinationPickup {
		c.fail(at, "unknown mark of a destination")
	}
	at = c.pos
	d.Method = core.DeliveryMethod(c.byte())
	if d.Method > core.MethodPickup {
		c.fail(at, "unknown delivery method")
	}
	d.Country = c.country()
	d.Postal = c.postal()
	if d.HasPosition = marks&destinationPosition != 0; d.HasPosition {
		d.LatitudeE7 = c.degrees(maxLatitudeE7, "latitude is beyond 90 degrees")
		d.LongitudeE7 = c.degrees(maxLongitudeE7, "longitude is beyond 180 degrees")
	}
	if d.HasPickup = marks&destinationPickup != 0; d.HasPickup {
		d.Pickup = c.location()
	}
	if !d.IsGiven() {
		c.fail(at, "destination says nothing")
	}
}

// appendCountry appends a country's two letters, or two zeros.
func appendCountry(dst []byte, country core.CountryCode) []byte { return append(dst, country[:]...) }

func (c *cursor) country() (country core.CountryCode) {
	at := c.pos
	copy(country[:], c.take(len(country)))
	if country != (core.CountryCode{}) && (!isCapital(country[0]) || !isCapital(country[1])) {
		c.fail(at, "country is not two capital letters")
	}
	return country
}

func isCapital(b byte) bool { return b >= 'A' && b <= 'Z' }

// appendPostal appends the length of a postal code and its characters.
func appendPostal(dst []byte, p *core.PostalCode) []byte {
	n := 0
	for n < len(p) && p[n] != 0 {
		n++
	}
	return append(append(dst, byte(n)), p[:n]...)
}

func (c *cursor) postal() (p core.PostalCode) {
	at := c.pos
	n := c.byte()
	if int(n) > len(p) {
		c.fail(at, "postal code is longer than 10 characters")
		return p
	}
	for i, b := range c.take(int(n)) {
		if !isCapital(b) && (b < '0' || b > '9') {
			c.fail(at, "postal code is not of capital letters and digits")
			return core.PostalCode{}
		}
		p[i] = b
	}
	return p
}

// appendShipping appends what a location can ship, behind a mark that says whether anything is said.
func appendShipping(dst []byte, s *core.Shipping) []byte {
	if s == nil {
		return append(dst, 0)
	}
	mark := byte(shippingGiven)
	if s.DailyCapacity != 0 {
		mark |= shippingCapacity
	}
	dst = append(dst, mark, byte(s.Methods))
	dst = appendBool(dst, s.HasCutOff)
	if s.HasCutOff {
		dst = appendUvarint(dst, uint64(s.CutOff))
	}
	dst = appendVarint(dst, int64(s.UTCOffset))
	dst = append(dst, s.HandlingDays)
	dst = appendUvarint(dst, uint64(s.CostPerUnit))
	dst = appendUvarint(dst, uint64(len(s.Channels)))
	for _, channel := range s.Channels {
		dst = appendUvarint(dst, uint64(channel))
	}
	dst = appendUvarint(dst, uint64(len(s.Zones)))
	for i := range s.Zones {
		z := &s.Zones[i]
		dst = appendCountry(dst, z.Country)
		dst = appendPostal(dst, &z.Postal)
		dst = append(dst, z.TransitDays)
		dst = appendUvarint(dst, uint64(z.Cost))
		dst = appendUvarint(dst, uint64(z.CostPerKilo))
		dst = appendUvarint(dst, uint64(z.UpToGrams))
	}
	if s.DailyCapacity != 0 {
		dst = appendUvarint(dst, uint64(s.DailyCapacity))
	}
	return dst
}

// shipping reads what a location can ship into memory of its own, as it is shared once it is in the table.
func (c *cursor) shipping() *core.Shipping {
	at := c.pos
	mark := c.byte()
	if mark == 0 {
		return nil
	}
	if mark&^shippingCapacity != shippingGiven {
		c.fail(at, "mark of shipping is not 0, 1 or 3")
		return nil
	}
	s := &core.Shipping{}
	at = c.pos
	s.Methods = core.DeliveryMethods(c.byte())
	if s.Methods&^core.AllMethods != 0 {
		c.fail(at, "unknown delivery method")
	}
	if s.HasCutOff = c.bool("mark of a cut-off is not 0 or 1"); s.HasCutOff {
		s.CutOff = uint16(c.upTo(core.MinutesOfDay-1, "cut-off is above 1439"))
	}
	at = c.pos
	offset := c.varint()
	if offset < -core.MaxUTCOffset || offset > core.MaxUTCOffset {
		c.fail(at, "offset from UTC is beyond 840 minutes")
	}
	s.UTCOffset = int16(offset)
	s.HandlingDays = c.days()
	s.CostPerUnit = c.shippingCost()
	n := c.count(0, core.MaxLocationChannels, 1, "channels of a location are more than 16")
	for range n {
		s.Channels = append(s.Channels, c.channel())
	}
	n = c.count(0, core.MaxZones, 7, "zones are more than 64")
	for range n {
		s.Zones = append(s.Zones, core.Zone{
			Country: c.country(), Postal: c.postal(), TransitDays: c.days(), Cost: c.shippingCost(), CostPerKilo: c.shippingCost(),
			UpToGrams: uint32(c.upTo(core.MaxZoneWeight, "weight of a zone exceeds 1000000000")),
		})
	}
	if mark&shippingCapacity != 0 {
		s.DailyCapacity = uint32(c.between(1, core.MaxDailyCapacity, "daily capacity is not 1 to 1000000000"))
	}
	return s
}

func (c *cursor) days() uint8 {
	at := c.pos
	days := c.byte()
	if days > core.MaxHandlingDays {
		c.fail(at, "days are more than 250")
	}
	return days
}

func (c *cursor) shippingCost() uint32 {
	return uint32(c.upTo(core.MaxShippingCost, "cost exceeds 1000000000"))
}

// appendRouting appends how orders are routed.
func appendRouting(dst []byte, s *core.RoutingSettings) []byte {
	dst = append(dst, byte(s.Strategy), byte(len(s.Rules)))
	for _, rule := range s.Rules {
		dst = append(dst, byte(rule))
	}
	dst = append(dst, s.MaxShipments)
	dst = appendUvarint(dst, uint64(s.SplitPenalty))
	dst = appendBool(dst, s.NoSuppliers)
	dst = appendUvarint(dst, uint64(len(s.Preferred)))
	for _, id := range s.Preferred {
		dst = appendUvarint(dst, uint64(id))
	}
	return dst
}

// routing reads how orders are routed, into memory of its own.
func (c *cursor) routing(s *core.RoutingSettings) {
	*s = core.RoutingSettings{}
	at := c.pos
	s.Strategy = core.RoutingStrategy(c.byte())
	if s.Strategy > core.StrategyCost {
		c.fail(at, "unknown strategy of routing")
	}
	for range c.count(0, core.MaxRules, 1, "rules are more than 8") {
		at = c.pos
		rule := core.RoutingRule(c.byte())
		if rule == 0 || rule > core.LastRoutingRule {
			c.fail(at, "unknown rule of routing")
		}
		if slices.Contains(s.Rules, rule) {
			c.fail(at, "rule of routing is given twice")
		}
		s.Rules = append(s.Rules, rule)
	}
	at = c.pos
	s.MaxShipments = c.byte()
	if s.MaxShipments > core.MaxShipmentsLimit {
		c.fail(at, "shipments are more than 100")
	}
	s.SplitPenalty = c.shippingCost()
	s.NoSuppliers = c.bool("mark of no suppliers is not 0 or 1")
	for range c.count(0, core.MaxPreferred, 1, "preferred locations are more than 16") {
		s.Preferred = append(s.Preferred, c.location())
	}
}

// AppendRoutingImage appends the policy of routing.
func AppendRoutingImage(dst []byte, r *core.RoutingImage) []byte {
	dst = appendUvarint(dst, uint64(r.Version))
	dst = appendUvarint(dst, uint64(r.Changed))
	return appendRouting(dst, &r.Settings)
}

// DecodeRoutingImage reads the image that src begins with into r and gives its length.
func DecodeRoutingImage(src []byte, r *core.RoutingImage) (int, error) {
	c := cursor{buf: src}
	c.routingImage(r)
	return c.done()
}

func (c *cursor) routingImage(r *core.RoutingImage) {
	r.Version = c.version()
	r.Changed = c.sequence()
	c.routing(&r.Settings)
}

// AppendRouteImage appends an explain record.
func AppendRouteImage(dst []byte, r *core.RouteImage) []byte {
	dst = appendUvarint(dst, uint64(r.Order))
	dst = appendUvarint(dst, uint64(r.Policy))
	dst = append(dst, byte(r.Searched), byte(len(r.Rules)))
	for _, rule := range r.Rules {
		dst = append(dst, byte(rule))
	}
	dst = appendUvarint(dst, uint64(r.Shipments))
	dst = appendScores(dst, r.Scores)
	dst = appendUvarint(dst, uint64(r.Found))
	dst = appendUvarint(dst, uint64(len(r.Candidates)))
	for i := range r.Candidates {
		o := &r.Candidates[i]
		dst = appendUvarint(dst, uint64(o.Location))
		fate := byte(o.Fate) << 1
		if o.Chosen {
			fate |= 1
		}
		if dst = append(dst, fate); o.Fate != core.FateEligible {
			continue
		}
		dst = appendUvarint(dst, uint64(o.Whole))
		dst = appendQuantity(dst, o.Units)
		dst = appendScores(dst, o.Scores)
	}
	return dst
}

// appendScores appends as many scores as there are rules, so their number is not written.
func appendScores(dst []byte, scores []int64) []byte {
	for _, score := range scores {
		dst = appendUvarint(dst, uint64(score))
	}
	return dst
}

func (c *cursor) routeImage(r *core.RouteImage) {
	*r = core.RouteImage{Order: core.OrderID(c.uvarint()), Policy: c.version()}
	at := c.pos
	r.Searched = core.RouteSearch(c.byte())
	if r.Searched > core.LastRouteSearch {
		c.fail(at, "unknown search of a route")
	}
	for range c.count(1, core.MaxRules, 1, "rules are not 1 to 8") {
		at = c.pos
		rule := core.RoutingRule(c.byte())
		if rule == 0 || rule > core.LastRoutingRule {
			c.fail(at, "unknown rule of routing")
		}
		r.Rules = append(r.Rules, rule)
	}
	r.Shipments = int(c.upTo(core.MaxLocations, "shipments are more than 4096"))
	r.Scores = c.scores(len(r.Rules))
	r.Found = int(c.upTo(core.MaxLocations, "locations are more than 4096"))
	for range c.count(0, core.MaxRouteOptions, 2, "candidates are more than 32") {
		o := core.RouteOption{Location: c.location()}
		at = c.pos
		fate := c.byte()
		o.Fate, o.Chosen = core.Fate(fate>>1), fate&1 != 0
		if o.Fate > core.LastFate || o.Chosen && o.Fate != core.FateEligible {
			c.fail(at, "unknown fate of a candidate")
		}
		if o.Fate == core.FateEligible {
			o.Whole = int(c.upTo(core.MaxLines, "SKUs are more than 500"))
			o.Units = c.quantity()
			o.Scores = c.scores(len(r.Rules))
		}
		r.Candidates = append(r.Candidates, o)
	}
}

func (c *cursor) scores(rules int) (scores []int64) {
	for range rules {
		scores = append(scores, int64(c.quantity()))
	}
	return scores
}
