package reference

import (
	"bytes"
	"cmp"
	"slices"

	"holdfast/engine/core"
)

type channel struct {
	image core.ChannelImage
}

// rule is what was said about a SKU in a channel.
type rule struct {
	sku       core.SKUID
	channel   core.ChannelID
	number    uint32 // in the order in which the slot's rules were first set
	version   uint32
	hasBuffer bool
	buffer    core.Quantity
	pool      *pool // nil for none
}

// pool is units set apart. What was sold of it is in the lines that point to it.
type pool struct {
	settings core.PoolSettings // of one with a share the quota from its beginning on
	phase    core.PoolPhase
}

func (m *Model) channelNamed(name []byte) *channel {
	for _, c := range m.channels {
		if bytes.Equal(c.image.Name, name) {
			return c
		}
	}
	return nil
}

func (m *Model) setChannel(c *core.Command) core.Outcome {
	if stale, is := isStale(c, m.settingsVersion(c)); is {
		return stale
	}
	row := m.channelNamed(c.Name)
	if row == nil {
		if len(m.channels) == core.MaxChannels {
			return refuse(core.Refusal{Reason: core.ReasonTableFull})
		}
		row = &channel{core.ChannelImage{ID: core.ChannelID(len(m.channels)), Name: bytes.Clone(c.Name)}}
		m.channels = append(m.channels, row)
	}
	row.image.Version++
	row.image.Changed = m.seq
	row.image.HasDocument = len(c.Document) > 0
	row.image.Settings = c.Selling
	m.emit(core.Event{Kind: core.EventChannelDefined, Channel: copyChannel(row.image)})
	return core.Outcome{Changed: true}
}

func (m *Model) setRule(c *core.Command) core.Outcome {
	want := c.Rule
	s := m.skus[want.SKU]
	if s == nil {
		return refuse(core.Refusal{Reason: core.ReasonSKUNotFound})
	}
	if int(want.Channel) >= len(m.channels) {
		return refuse(core.Refusal{Reason: core.ReasonChannelNotFound})
	}
	if stale, is := isStale(c, m.settingsVersion(c)); is {
		return stale
	}
	if m.isKit(want.SKU) && (want.HasBuffer || want.HasPool) {
		return refuse(core.Refusal{Reason: core.ReasonKitUnits})
	}
	if want.HasPool && want.Pool.End != 0 && want.Pool.End <= m.now {
		return refuse(core.Refusal{Reason: core.ReasonPoolOver})
	}
	r := m.ruleAbout(want.SKU, want.Channel)
	if !want.HasBuffer && !want.HasPool && (r == nil || !r.hasBuffer && r.pool == nil) {
		return core.Outcome{}
	}
	if r == nil {
		slot := want.SKU.Slot()
		r = &rule{sku: want.SKU, channel: want.Channel, number: m.nextRule[slot]}
		m.nextRule[slot]++
		s.rules = append(s.rules, r)
	}
	r.version++
	r.hasBuffer, r.buffer = want.HasBuffer, want.Buffer
	switch {
	case !want.HasPool:
		r.pool = nil
	case r.pool == nil || r.pool.phase == core.PoolEnded:
		r.pool = &pool{}
	}
	if r.pool != nil {
		start := m.now
		if r.pool.phase == core.PoolLive {
			start = r.pool.settings.Start
		}
		r.pool.settings, r.pool.phase = want.Pool, core.PoolWaiting
		if want.Pool.Start == 0 {
			r.pool.settings.Start = start
		}
		if r.pool.settings.Start <= m.now {
			r.pool.phase = core.PoolLive
			m.allot(r)
		}
	}
	m.emit(core.Event{Kind: core.EventChannelRuleSet, Rule: m.ruleImage(r)})
	return core.Outcome{Changed: true}
}

func (m *Model) ruleAbout(id core.SKUID, channel core.ChannelID) *rule {
	for _, r := range m.skus[id].rules {
		if r.channel == channel {
			return r
		}
	}
	return nil
}

// rules lists the rules about a SKU, those whose pool begins first first.
func (m *Model) rules(id core.SKUID) []*rule {
	list := slices.Clone(m.skus[id].rules)
	slices.SortFunc(list, func(a, b *rule) int {
		return cmp.Or(cmp.Compare(a.start(), b.start()), cmp.Compare(a.channel, b.channel))
	})
	return list
}

func (r *rule) start() core.Millis {
	if r.pool == nil {
		return 0
	}
	return r.pool.settings.Start
}

// instant is when the rule's pool begins or ends next; 0 for never.
func (r *rule) instant() core.Millis {
	switch {
	case r.pool == nil:
		return 0
	case r.pool.phase == core.PoolWaiting:
		return r.pool.settings.Start
	case r.pool.phase == core.PoolLive:
		return r.pool.settings.End
	}
	return 0
}

// rulesIn lists the rules about a slot's SKUs, in the order in which they were first set.
func (m *Model) rulesIn(slot core.Slot) []*rule {
	var list []*rule
	for id, s := range m.skus {
		if id.Slot() == slot {
			list = append(list, s.rules...)
		}
	}
	slices.SortFunc(list, func(a, b *rule) int { return cmp.Compare(a.number, b.number) })
	return list
}

// turn begins and ends the slot's pools and preorders whose time has come, one after the other.
func (m *Model) turn(slot core.Slot, until core.Millis) {
	for {
		rule, preorder := m.nextPool(slot, until), m.nextPreorder(slot, until)
		switch {
		case rule == nil && preorder == nil:
			return
		case preorder == nil || rule != nil && cmp.Or(cmp.Compare(rule.instant(), preorder.instant()),
			cmp.Compare(rule.number, preorder.preorder.number)) < 0:
			at := rule.instant()
			if rule.pool.phase++; rule.pool.phase == core.PoolLive {
				m.allot(rule)
			}
			m.emit(core.Event{Kind: core.EventPoolChanged, At: at, Rule: m.ruleImage(rule)})
		default:
			m.endPreorder(preorder)
		}
	}
}

// nextPool gives the rule whose pool is the first of a slot to begin or end.
func (m *Model) nextPool(slot core.Slot, until core.Millis) (next *rule) {
	for _, r := range m.rulesIn(slot) {
		if at := r.instant(); at != 0 && at <= until && (next == nil || at < next.instant()) {
			next = r
		}
	}
	return next
}

// physical is what may be sold of a SKU from what lies there, whatever was promised beyond it.
func (m *Model) physical(id core.SKUID) core.Quantity {
	return max(0, m.available(id)+m.backordered(id, claimReserved)+m.backordered(id, claimAllocated))
}

// allot gives a pool that begins the share of what there is.
func (m *Model) allot(r *rule) {
	if share := r.pool.settings.Share; share != 0 {
		r.pool.settings.Quota = (m.physical(r.sku) + m.used(r.sku, r.pool)) * core.Quantity(share) / 100
	}
}

// quota is what a rule's pool may sell, or would if it began now.
func (m *Model) quota(r *rule) core.Quantity {
	if r.pool.phase != core.PoolWaiting {
		return r.pool.settings.Quota
	}
	return m.quotaOf(r, m.physical(r.sku))
}

// quotaOf is what a rule's pool may sell if it begins when there are so many units.
func (m *Model) quotaOf(r *rule, physical core.Quantity) core.Quantity {
	if share := r.pool.settings.Share; share != 0 {
		return (max(0, physical) + m.used(r.sku, r.pool)) * core.Quantity(share) / 100
	}
	return r.pool.settings.Quota
}

// used is what came out of a pool and was not put back.
func (m *Model) used(id core.SKUID, p *pool) core.Quantity {
	var sum core.Quantity
	for _, s := range m.skus[id].sold {
		if s.line.pool == p && s.claim() != claimNone {
			sum += s.line.pooled
		}
	}
	return sum
}

// covered is how many of the units that a pool has still to sell there are.
func (m *Model) covered(r *rule) core.Quantity {
	rest := m.physical(r.sku)
	for _, other := range m.rules(r.sku) {
		var left core.Quantity
		if p := other.pool; p != nil && p.phase != core.PoolEnded {
			left = min(rest, max(0, m.quota(other)-m.used(r.sku, p)))
		}
		if other == r {
			return left
		}
		if other.pool != nil && other.pool.phase == core.PoolLive {
			rest -= left
		}
	}
	panic("a rule is among the rules of its SKU")
}

func (m *Model) ruleImage(r *rule) core.ChannelRuleImage {
	image := core.ChannelRuleImage{
		ChannelRule: core.ChannelRule{SKU: r.sku, Channel: r.channel, HasBuffer: r.hasBuffer, Buffer: r.buffer},
		Version:     r.version,
		Covered:     m.covered(r),
	}
	if r.pool != nil {
		image.HasPool, image.Pool, image.Phase, image.Used = true, r.pool.settings, r.pool.phase, m.used(r.sku, r.pool)
		image.Pool.Quota = m.quota(r)
	}
	return image
}

// offer is what a channel may sell of a SKU.
type offer struct {
	pool   *pool
	pooled core.Quantity // from its own pool
	common core.Quantity // of the stock that is in no pool
	beyond core.Quantity // stock
}

func (m *Model) offer(id core.SKUID, channel core.ChannelID) offer {
	o := offer{common: m.available(id), beyond: m.room(id)}
	buffer := m.channels[channel].image.Settings.Buffer
	exclusive := false
	for _, r := range m.rules(id) {
		covered := core.Quantity(0)
		if r.pool != nil && r.pool.phase == core.PoolLive {
			covered = m.covered(r)
		}
		o.common -= covered
		if r.channel != channel {
			continue
		}
		if r.hasBuffer {
			buffer = r.buffer
		}
		if r.pool != nil && r.pool.phase == core.PoolLive {
			o.pool, o.pooled, exclusive = r.pool, covered, r.pool.settings.Exclusive
		}
	}
	o.common -= buffer
	if exclusive {
		o.common, o.beyond = 0, 0
	}
	return o
}

// offerTo is what an order may have of its channel's offer: in a sale no more than those leave who wait in it. They get units of the
// pool first.
func (m *Model) offerTo(c *core.Command, id core.SKUID) offer {
	o := m.offer(id, c.Channel)
	ahead := m.ahead(c, id)
	o.common -= max(0, ahead-o.pooled)
	o.pooled = max(0, o.pooled-ahead)
	return o
}

// most is how many units may be had, and whether that has an end.
func (o offer) most() (core.Quantity, bool) {
	return o.pooled + max(0, o.common+o.beyond), o.beyond != core.Unlimited
}

func (o offer) fromStock() core.Quantity { return o.pooled + max(0, o.common) }

// SellableIn is how many units a channel may sell from stock.
func (m *Model) SellableIn(id core.SKUID, channel core.ChannelID) core.Quantity {
	if m.isKit(id) {
		return m.kits(id, func(part core.SKUID) core.Quantity { return m.SellableIn(part, channel) })
	}
	o := m.offer(id, channel)
	return o.fromStock()
}

// SellableBy is how many units a channel may sell from stock at an instant, if nothing but what is on its way comes until then.
func (m *Model) SellableBy(id core.SKUID, channel core.ChannelID, instant core.Millis) core.Quantity {
	if m.isKit(id) {
		return m.kits(id, func(part core.SKUID) core.Quantity { return m.SellableBy(part, channel, instant) })
	}
	waiting := m.backordered(id, claimReserved) + m.backordered(id, claimAllocated)
	left := m.available(id) + waiting
	for _, lot := range m.incoming(id) {
		if lot.Expected != 0 && lot.Expected <= instant {
			left += lot.Open
		}
	}
	physical := left
	buffer := m.channels[channel].image.Settings.Buffer
	own, exclusive := core.Quantity(0), false
	for _, r := range m.rules(id) {
		n := core.Quantity(0)
		if p := r.pool; p != nil && p.phase != core.PoolEnded && (p.phase == core.PoolLive || p.settings.Start <= instant) &&
			(p.settings.End == 0 || p.settings.End > instant) {
			quota := p.settings.Quota
			if p.phase == core.PoolWaiting {
				quota = m.quotaOf(r, physical)
			}
			n = min(max(0, left), max(0, quota-m.used(id, p)))
			exclusive = exclusive || r.channel == channel && p.settings.Exclusive
		}
		left -= n
		if r.channel != channel {
			continue
		}
		own = n
		if r.hasBuffer {
			buffer = r.buffer
		}
	}
	if exclusive {
		return own
	}
	return own + max(0, left-waiting-buffer)
}

// OrderableIn is how many units a channel may order, where that has an end.
func (m *Model) OrderableIn(id core.SKUID, channel core.ChannelID) core.Quantity {
	o := m.offer(id, channel)
	return o.pooled + max(0, o.common+o.beyond)
}

// Orderable is what the machine publishes of the SKU: what some channel may order, at most, if it has no buffer.
func (m *Model) Orderable(id core.SKUID) core.Quantity {
	settings := m.skus[id].image.Settings
	switch {
	case settings.Stopped:
		return core.Stopped
	case m.room(id) == core.Unlimited, m.isKit(id):
		return core.Unlimited
	}
	most := max(0, m.available(id)+m.room(id))
	for _, r := range m.rules(id) {
		if r.pool != nil && r.pool.phase == core.PoolLive {
			most = max(most, m.covered(r))
		}
	}
	return most
}
