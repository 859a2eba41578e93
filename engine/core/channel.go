package core

import (
	"cmp"

	"holdfast/engine/invariant"
)

// ChannelSettings are how a channel sells.
type ChannelSettings struct {
	Bands  bool     // availability is shown as in stock, low or out, without numbers
	Buffer Quantity // units of every SKU that the channel does not sell, where no rule says otherwise

	Capture   CapturePolicy // when what is authorized is captured
	PayWithin Millis        // after it was placed an order is cancelled unless it is paid by then; 0 for never

	HasReturnDays bool
	ReturnDays    uint16 // after all has arrived until an order closes, 0 to MaxReturnDays; ReturnWindow where it does not say
}

// ChannelRule is what holds for a SKU in a channel. Without buffer and pool it is that nothing special does.
type ChannelRule struct {
	SKU       SKUID
	Channel   ChannelID
	HasBuffer bool
	Buffer    Quantity // units of the common stock that the channel does not sell, in the place of the channel's own buffer
	HasPool   bool
	Pool      PoolSettings
}

// PoolSettings are units set apart for one channel for a time.
type PoolSettings struct {
	Quota     Quantity // 1 to MaxOnHand; there may be fewer. Of a pool with a share: what that comes to
	Share     uint8    // percent, 1 to 100, in the place of a quota: of what there is when the pool begins; 0 for none
	Start     Millis   // 0 for at once; of a pool that takes the place of a live one, for when that began
	End       Millis   // after the start; 0 for no end
	Exclusive bool     // while it is live, the channel sells from it alone
}

// PoolPhase is where a pool is in its life. The numbers are in checkpoints and feeds and must not change.
type PoolPhase uint8

const (
	PoolNone    PoolPhase = 0
	PoolWaiting PoolPhase = 1 // before its start
	PoolLive    PoolPhase = 2
	PoolEnded   PoolPhase = 3 // what was left is common stock again
)

// ChannelRuleImage is a rule at one instant.
type ChannelRuleImage struct {
	ChannelRule
	Version uint32 // one more each time that it is set; a rule that was taken back keeps it
	Phase   PoolPhase
	Used    Quantity // units of the pool in live holds and orders
	Covered Quantity // of the units that are left, those that there are now
}

// IsNothing tells whether the rule was taken back.
func (r *ChannelRuleImage) IsNothing() bool { return !r.HasBuffer && !r.HasPool }

// SetApart is how many units there are in live pools.
func (a *AvailabilityImage) SetApart() (n Quantity) {
	for i := range a.Rules {
		if a.Rules[i].Phase == PoolLive {
			n += a.Rules[i].Covered
		}
	}
	return n
}

// Left is how many units a pool has still to sell.
func (r *ChannelRuleImage) Left() Quantity {
	if r.Phase == PoolLive || r.Phase == PoolWaiting {
		return max(0, r.Pool.Quota-r.Used)
	}
	return 0
}

// phaseAt is where a pool is in its life at an instant that is not over yet.
func (r *ChannelRuleImage) phaseAt(instant Millis) PoolPhase {
	phase := r.Phase
	if phase == PoolWaiting && r.Pool.Start <= instant {
		phase = PoolLive
	}
	if phase == PoolLive && r.Pool.End != 0 && r.Pool.End <= instant {
		phase = PoolEnded
	}
	return phase
}

// physical is what may be sold from what lies there, whatever was promised beyond it.
func (r *skuRecord) physical() Quantity {
	return r.available() + r.backorderedHeld + r.backorderedPlaced
}

// quotaNow is what a pool may sell: of one with a share that has not begun what it would be now. What was sold of the pool, as it took the
// place of a live one, was part of what it is a share of.
func (r *ruleRecord) quotaNow(sku *skuRecord) Quantity {
	if r.share == 0 || r.phase != PoolWaiting {
		return r.quota
	}
	return shareOf(r.share, sku.physical(), r.used)
}

// shareOf is a share of what lies there and what was sold of it already.
func shareOf(percent uint8, physical, used Quantity) Quantity {
	return (max(0, physical) + used) * Quantity(percent) / 100
}

// left is how many units a pool has still to sell.
func (r *ruleRecord) left(sku *skuRecord) Quantity {
	if !r.hasPool() {
		return 0
	}
	return max(0, r.quotaNow(sku)-r.used)
}

// instant is when a pool begins or ends next; 0 for never.
func (r *ruleRecord) instant() Millis {
	switch r.phase {
	case PoolWaiting:
		return r.start
	case PoolLive:
		return r.end
	}
	return 0
}

// eachRule calls fn with a SKU's rules about channels, and how many of the units that each has still to sell there are: pools are
// covered in the order of the list, as far as the stock reaches. One that waits takes nothing from those behind it.
func (s *slot) eachRule(sku *skuRecord, fn func(rule *ruleRecord, covered Quantity)) {
	s.eachRuleAfter(sku, nil, fn)
}

// eachRuleAfter is eachRule when pools will have got back so many units; nil for none.
func (s *slot) eachRuleAfter(sku *skuRecord, back func(pool *ruleRecord) Quantity, fn func(rule *ruleRecord, covered Quantity)) {
	rest := max(0, sku.physical())
	s.eachRulePlace(sku, func(place uint32) {
		rule := s.rules.at(place)
		left := rule.left(sku)
		if back != nil {
			after := *rule
			after.used -= back(rule)
			left = after.left(sku)
		}
		covered := min(rest, left)
		if rule.phase == PoolLive {
			rest -= covered
		}
		fn(rule, covered)
	})
}

func (s *slot) eachRulePlace(sku *skuRecord, fn func(place uint32)) {
	for at := sku.rules; at != 0; at = s.rules.at(at - 1).next {
		if s.rules.at(at-1).kind == ruleChannel {
			fn(at - 1)
		}
	}
}

// findRule gives the place of a SKU's rule about a channel.
func (s *slot) findRule(sku *skuRecord, channel ChannelID) (place uint32, ok bool) {
	s.eachRulePlace(sku, func(at uint32) {
		if s.rules.at(at).channel == channel {
			place, ok = at, true
		}
	})
	return place, ok
}

// gatherRules finds what an order's channel may sell of a SKU: from its own pool, and of the stock that is in no pool. A forced order gets
// what its channel would keep back, too: it would wait for units that lie there, and be given them as soon as it does.
func (s *slot) gatherRules(sku *skuRecord, f *lineFinding, c *Command, back func(pool *ruleRecord) Quantity) {
	exclusive, forced := false, c.Stock == StockForce
	s.eachRuleAfter(sku, back, func(rule *ruleRecord, covered Quantity) {
		live := rule.phase == PoolLive
		if live {
			f.available -= covered
		}
		if rule.channel != c.Channel {
			return
		}
		if live {
			f.pooled, f.pool = covered, rule.generation
			exclusive = rule.flags&ruleExclusive != 0 && !forced
		}
		if rule.flags&ruleBuffer != 0 && !forced {
			f.buffered = true
			f.available -= rule.buffer
		}
	})
	if exclusive {
		f.buffered, f.available, f.room = true, 0, 0
	}
}

// keepBuffer keeps back the channel's own buffer, if there is one, of the SKUs that have none for it.
func (st *Step) keepBuffer(buffer Quantity) {
	if buffer == 0 {
		return
	}
	for i := range st.lines {
		if f := &st.lines[i]; !f.buffered {
			f.available -= buffer
		}
	}
}

// poolOf is the generation of the pool that a line's units came out of.
func (st *Step) poolOf(i int) uint32 {
	switch st.command.Kind {
	case CommandPlaceHold, CommandPlaceOrder, CommandServeWaitlist:
		return st.lines[st.lines[i].first].pool
	case CommandEditOrder:
		if i < len(st.had) {
			return st.had[i].pool
		}
		return st.lines[st.lines[i-len(st.had)].first].pool
	}
	return st.lines[i].pool
}

// stored is how many records in allocations are a line's.
func (l *lineRecord) stored() uint32 {
	n := uint32(l.allocations)
	switch {
	case l.flags&linePooled != 0:
		return n + 1
	case n == 1:
		return 0
	}
	return n
}

// pooled tells how many of a line's units came out of a pool, and of which generation it was.
func (s *slot) pooled(line *lineRecord) (n Quantity, pool uint32) {
	a := s.allocations.at(line.allocation + uint32(line.allocations))
	return Quantity(a.quantity), uint32(a.upper)<<16 | uint32(a.location)
}

// draw takes units out of a channel's pool, or puts them back, if it is still the one that they came out of.
func (s *slot) draw(id SKUID, channel ChannelID, pool uint32, n Quantity) {
	sku := s.skus.at(id.Place())
	place, ok := s.findRule(sku, channel)
	invariant.Check(ok, "a pool's rule stays")
	if rule := s.rules.mut(place); rule.generation == pool {
		rule.used += n
		invariant.Check(rule.used >= 0, "units of a pool are never negative")
	}
	s.touch(sku, id)
}

// gatherRule looks up the rule that a command sets.
func (s *slot) gatherRule(st *Step) {
	id := st.command.Rule.SKU
	st.home, st.rule, st.isKit = s.id, ruleRecord{}, resize(st.isKit, 1)
	if st.hasSKU = id.Place() < s.skus.length; !st.hasSKU {
		return
	}
	st.isKit[0] = s.skus.at(id.Place()).flags&skuKit != 0
	if st.place, st.known = s.findRule(s.skus.at(id.Place()), st.command.Rule.Channel); st.known {
		st.rule = *s.rules.at(st.place)
	}
}

// decideRule plans the rule. A pool that takes the place of one that has not ended goes on with it: what was sold stays sold.
func (m *Machine) decideRule(st *Step) {
	rule := &st.command.Rule
	before := &st.rule
	pool := rule.Pool
	if pool.Start == 0 {
		pool.Start = st.now
		if before.phase == PoolLive {
			pool.Start = before.start // it keeps its turn
		}
	}
	switch {
	case !st.hasSKU:
		st.refuse(ReasonSKUNotFound)
		return
	case int(rule.Channel) >= len(m.channels):
		st.refuse(ReasonChannelNotFound)
		return
	case st.isStale(before.version):
		return
	case st.isKit[0] && (rule.HasBuffer || rule.HasPool):
		st.refuse(ReasonKitUnits)
		return
	case rule.HasPool && pool.End != 0 && pool.End <= st.now:
		st.refuse(ReasonPoolOver)
		return
	case !rule.HasBuffer && !rule.HasPool && before.flags&ruleBuffer == 0 && before.phase == PoolNone:
		return
	}
	st.event.Kind = EventChannelRuleSet
	image := &st.event.Rule
	*image = ChannelRuleImage{ChannelRule: *rule, Version: before.version + 1}
	if rule.HasPool {
		image.Pool = pool
		image.Phase = PoolLive
		if pool.Start > st.now {
			image.Phase = PoolWaiting
		}
		if before.hasPool() {
			image.Used = before.used
		}
	}
	st.Outcome.Changed = true
}

// hasPool tells whether a rule has a pool that has not ended.
func (r *ruleRecord) hasPool() bool { return r.phase == PoolWaiting || r.phase == PoolLive }

// applyRule writes the rule down where its pool is covered in its turn.
func (s *slot) applyRule(st *Step, sink Sink) {
	image := &st.event.Rule
	sku := s.skus.mut(image.SKU.Place())
	place := st.place
	if st.known {
		s.unlinkRule(sku, place)
	} else {
		place = s.rules.push()
	}
	before := &st.rule
	record := s.rules.mut(place)
	*record = ruleRecord{
		buffer:     image.Buffer,
		quota:      image.Pool.Quota,
		used:       image.Used,
		start:      image.Pool.Start,
		end:        image.Pool.End,
		sku:        image.SKU,
		version:    image.Version,
		generation: before.generation,
		channel:    image.Channel,
		kind:       ruleChannel,
		phase:      image.Phase,
		share:      image.Pool.Share,
	}
	record.allot(sku)
	if !image.HasPool || !before.hasPool() {
		record.generation++
	}
	if image.HasBuffer {
		record.flags |= ruleBuffer
	}
	if image.Pool.Exclusive {
		record.flags |= ruleExclusive
	}
	s.linkRule(sku, place)
	if record.instant() != before.instant() { // else it is awaited already: rules may be set again and again
		s.awaitInstant(place)
	}
	s.poolChanged(sku, place, image)
	sink.Event(&st.event)
}

// turnRule does what is due in a rule.
func (s *slot) turnRule(place uint32, seq Sequence, sink Sink) {
	if s.rules.at(place).kind == rulePreorder {
		s.endPreorder(place, seq, sink)
		return
	}
	s.turnPool(place, seq, sink)
}

// turnPool begins a pool, or ends it.
func (s *slot) turnPool(place uint32, seq Sequence, sink Sink) {
	rule := s.rules.mut(place)
	ev := &s.expiry
	ev.Kind, ev.Sequence, ev.At = EventPoolChanged, seq, rule.instant()
	sku := s.skus.mut(rule.sku.Place())
	rule.phase++
	rule.allot(sku)
	s.awaitInstant(place)
	s.poolChanged(sku, place, &ev.Rule)
	sink.Event(ev)
}

// allot makes the share of a pool that has just begun its quota.
func (r *ruleRecord) allot(sku *skuRecord) {
	if r.share != 0 && r.phase == PoolLive {
		r.quota = shareOf(r.share, sku.physical(), r.used)
	}
}

// counts tells whether a rule says something about its channel now.
func (r *ruleRecord) counts() bool { return r.flags&ruleBuffer != 0 || r.phase == PoolLive }

// poolChanged fills the image of a rule that has changed, and has the hot path look for rules if it must.
func (s *slot) poolChanged(sku *skuRecord, place uint32, image *ChannelRuleImage) {
	sku.flags &^= skuChannels
	changed := s.rules.at(place)
	s.eachRule(sku, func(rule *ruleRecord, covered Quantity) {
		if rule.counts() {
			sku.flags |= skuChannels
		}
		if rule == changed {
			*image = rule.image(sku, covered)
		}
	})
	s.touch(sku, changed.sku)
}

// awaitInstant has the slot's time stop at a pool's next beginning or end.
func (s *slot) awaitInstant(place uint32) {
	if at := s.rules.at(place).instant(); at != 0 {
		s.due.push(dueRecord{deadline: at, order: afterOrders | OrderID(place), place: place, of: dueRule})
	}
}

// afterOrders is above the numbers of all orders, so that of one instant the holds expire first.
const afterOrders OrderID = 1 << 63

func (r *ruleRecord) image(sku *skuRecord, covered Quantity) ChannelRuleImage {
	image := ChannelRuleImage{
		ChannelRule: ChannelRule{SKU: r.sku, Channel: r.channel, HasBuffer: r.flags&ruleBuffer != 0, HasPool: r.phase != PoolNone},
		Version:     r.version, Phase: r.phase, Used: r.used, Covered: covered,
	}
	image.Buffer = r.buffer
	image.Pool = PoolSettings{Quota: r.quotaNow(sku), Share: r.share, Start: r.start, End: r.end, Exclusive: r.flags&ruleExclusive != 0}
	return image
}

func (s *slot) unlinkRule(sku *skuRecord, place uint32) {
	link := &sku.rules
	for *link != place+1 {
		link = &s.rules.mut(*link - 1).next
	}
	*link = s.rules.at(place).next
}

func (s *slot) linkRule(sku *skuRecord, place uint32) {
	rule := s.rules.mut(place)
	link := &sku.rules
	for *link != 0 && s.rules.at(*link-1).before(rule) {
		link = &s.rules.mut(*link - 1).next
	}
	rule.next = *link
	*link = place + 1
}

// before is the order of a SKU's rules: the pool that began first is covered first.
func (r *ruleRecord) before(o *ruleRecord) bool {
	return cmp.Or(cmp.Compare(r.kind, o.kind), cmp.Compare(r.start, o.start), cmp.Compare(r.channel, o.channel)) < 0
}

// Rule gives what holds for the SKU in a channel; ok is false when nothing special does, and never did.
func (a *AvailabilityImage) Rule(channel ChannelID) (rule *ChannelRuleImage, ok bool) {
	for i := range a.Rules {
		if a.Rules[i].Channel == channel {
			return &a.Rules[i], true
		}
	}
	return nil, false
}

// In is how many units a channel may sell from stock, if it keeps back so many where no rule says otherwise.
func (a *AvailabilityImage) In(channel ChannelID, buffer Quantity) Quantity {
	if a.IsKit() {
		return a.kits(func(part *AvailabilityImage) Quantity { return part.In(channel, buffer) })
	}
	common := a.Available - a.SetApart()
	rule, ok := a.Rule(channel)
	if !ok {
		return common - buffer
	}
	if rule.HasBuffer {
		buffer = rule.Buffer
	}
	switch {
	case rule.Phase != PoolLive:
		return common - buffer
	case rule.Pool.Exclusive:
		return rule.Covered
	}
	return rule.Covered + max(0, common-buffer)
}
