package codec

import (
	"math"

	"holdfast/engine/core"
)

func appendChannelSettings(dst []byte, s *core.ChannelSettings) []byte {
	marks := byte(0)
	if s.Bands {
		marks = channelBands
	}
	if s.HasReturnDays {
		marks |= channelReturns
	}
	if s.Capture != core.CaptureManual {
		marks |= channelCaptures
	}
	if s.PayWithin != 0 {
		marks |= channelPayWithin
	}
	dst = appendQuantity(append(dst, marks), s.Buffer)
	if s.HasReturnDays {
		dst = appendUvarint(dst, uint64(s.ReturnDays))
	}
	if s.Capture != core.CaptureManual {
		dst = append(dst, byte(s.Capture))
	}
	if s.PayWithin != 0 {
		dst = appendUvarint(dst, uint64(s.PayWithin))
	}
	return dst
}

// Marks of a channel's settings. They are in journals and must not change.
const (
	channelBands   = 1 << 0
	channelReturns = 1 << 1 // it says within how many days units may be sent back

	channelCaptures  = 1 << 2 // it says when what is authorized is captured
	channelPayWithin = 1 << 3 // it says within what time orders are to be paid
)

func (c *cursor) channelSettings(s *core.ChannelSettings) {
	at := c.pos
	marks := c.byte()
	if marks&^(channelBands|channelReturns|channelCaptures|channelPayWithin) != 0 {
		c.fail(at, "unknown mark of a channel: bands are 0 or 1")
	}
	s.Bands, s.HasReturnDays, s.ReturnDays = marks&channelBands != 0, marks&channelReturns != 0, 0
	s.Buffer = core.Quantity(c.upTo(uint64(core.MaxSettingQuantity), badBuffer))
	if s.HasReturnDays {
		s.ReturnDays = uint16(c.upTo(core.MaxReturnDays, "return window exceeds 3650 days"))
	}
	s.Capture, s.PayWithin = core.CaptureManual, 0
	if marks&channelCaptures != 0 {
		s.Capture = core.CapturePolicy(c.between(1, uint64(core.LastCapturePolicy), "unknown capture policy"))
	}
	if marks&channelPayWithin != 0 {
		s.PayWithin = core.Millis(c.between(1, uint64(core.MaxPayWithin), "time to pay is not 1 ms to 366 days"))
	}
}

const badBuffer = "buffer exceeds 1000000000000"

// Marks of a rule. They are in journals and must not change.
const (
	ruleHasBuffer = 1 << 0
	ruleHasPool   = 1 << 1
	ruleExclusive = 1 << 2 // of the pool
	ruleShare     = 1 << 3 // of the pool
)

func appendChannelRule(dst []byte, r *core.ChannelRule) []byte {
	dst = appendUvarint(dst, uint64(r.SKU))
	dst = appendUvarint(dst, uint64(r.Channel))
	marks := byte(0)
	if r.HasBuffer {
		marks |= ruleHasBuffer
	}
	if r.HasPool {
		marks |= ruleHasPool
	}
	if r.Pool.Exclusive {
		marks |= ruleExclusive
	}
	if r.Pool.Share != 0 {
		marks |= ruleShare
	}
	dst = append(dst, marks)
	if r.HasBuffer {
		dst = appendQuantity(dst, r.Buffer)
	}
	if r.Pool.Share != 0 {
		dst = append(dst, r.Pool.Share)
	}
	if r.HasPool {
		dst = appendQuantity(dst, r.Pool.Quota)
		dst = appendUvarint(dst, uint64(r.Pool.Start))
		dst = appendUvarint(dst, uint64(r.Pool.End))
	}
	return dst
}

func (c *cursor) channelRule(r *core.ChannelRule) {
	*r = core.ChannelRule{SKU: c.sku(), Channel: c.channel()}
	at := c.pos
	marks := c.byte()
	if marks > ruleHasBuffer|ruleHasPool|ruleExclusive|ruleShare || marks&ruleHasPool == 0 && marks&(ruleExclusive|ruleShare) != 0 {
		c.fail(at, "marks of a rule cannot be")
	}
	if r.HasBuffer = marks&ruleHasBuffer != 0; r.HasBuffer {
		r.Buffer = core.Quantity(c.upTo(uint64(core.MaxSettingQuantity), badBuffer))
	}
	if r.HasPool = marks&ruleHasPool != 0; !r.HasPool {
		return
	}
	r.Pool.Exclusive = marks&ruleExclusive != 0
	least := uint64(1)
	if marks&ruleShare != 0 {
		r.Pool.Share, least = c.share(), 0
	}
	r.Pool.Quota = core.Quantity(c.between(least, uint64(mostQuota), "quota of a pool is outside its limits"))
	r.Pool.Start = c.millis()
	at = c.pos
	if r.Pool.End = c.millis(); r.Pool.End != 0 && r.Pool.End <= r.Pool.Start {
		c.fail(at, "pool ends before it starts")
	}
}

// mostQuota is what a share of all there can be of a SKU comes to.
const mostQuota = core.MaxOnHand * core.MaxLocations

func (c *cursor) share() uint8 {
	at := c.pos
	percent := c.byte()
	if percent < 1 || percent > 100 {
		c.fail(at, "share is not 1 to 100 percent")
	}
	return percent
}

// shortestRule is the least that appendChannelRuleImage writes.
const shortestRule = 7

func appendChannelRuleImage(dst []byte, r *core.ChannelRuleImage) []byte {
	dst = appendChannelRule(dst, &r.ChannelRule)
	dst = appendUvarint(dst, uint64(r.Version))
	dst = append(dst, byte(r.Phase))
	dst = appendQuantity(dst, r.Used)
	return appendQuantity(dst, r.Covered)
}

func (c *cursor) channelRuleImage(r *core.ChannelRuleImage) {
	c.channelRule(&r.ChannelRule)
	r.Version = c.version()
	at := c.pos
	r.Phase = core.PoolPhase(c.byte())
	if r.Phase > core.PoolEnded || r.HasPool != (r.Phase != core.PoolNone) {
		c.fail(at, "phase of a pool cannot be")
	}
	r.Used = core.Quantity(c.upTo(math.MaxInt64, "units of a pool exceed 63 bits"))
	r.Covered = core.Quantity(c.upTo(math.MaxInt64, "units of a pool exceed 63 bits"))
}
