package core

// A preorder is a rule of its SKU. While it is live, the SKU's record has its limit as the room beyond stock, so that placing an order
// looks for nothing; the SKU's own limit waits in the rule.

// preorderOf gives the place of the rule that is a SKU's preorder, live or not.
func (s *slot) preorderOf(sku *skuRecord) (place uint32, ok bool) {
	for at := sku.rules; at != 0; at = s.rules.at(at - 1).next {
		if s.rules.at(at-1).kind == rulePreorder {
			return at - 1, true
		}
	}
	return 0, false
}

// settings are a SKU's, as they were set.
func (s *slot) settings(sku *skuRecord) SKUSettings {
	settings := sku.settings()
	place, ok := s.preorderOf(sku)
	if !ok || s.rules.at(place).phase == PoolNone {
		return settings
	}
	rule := s.rules.at(place)
	settings.Preorder = Preorder{Limit: rule.quota, ShipsAt: rule.end}
	if rule.phase == PoolLive {
		settings.BackorderLimit = rule.buffer
	}
	return settings
}

// setPreorder writes down the preorder of a SKU whose own settings have just been set.
func (s *slot) setPreorder(id SKUID, p Preorder, now Millis) {
	sku := s.skus.mut(id.Place())
	place, known := s.preorderOf(sku)
	if !known {
		if p.ShipsAt == 0 {
			return
		}
		place = s.rules.push()
		rule := s.rules.mut(place)
		rule.sku, rule.kind = id, rulePreorder
		s.linkRule(sku, place)
	}
	rule := s.rules.mut(place)
	before := rule.instant()
	rule.quota, rule.end, rule.buffer = p.Limit, p.ShipsAt, sku.backorderLimit
	sku.flags &^= skuPreorder
	switch {
	case p.ShipsAt == 0:
		rule.phase = PoolNone
	case p.ShipsAt <= now:
		rule.phase = PoolEnded
	default:
		rule.phase = PoolLive
		sku.flags |= skuPreorder
		sku.backorderLimit = p.Limit
	}
	if rule.instant() != before { // else it is awaited already: settings may be set again and again
		s.awaitInstant(place)
	}
}

// endPreorder has the SKU go on with its own limit. Who waits goes on to.
func (s *slot) endPreorder(place uint32, seq Sequence, sink Sink) {
	rule := s.rules.mut(place)
	rule.phase = PoolEnded
	sku := s.skus.mut(rule.sku.Place())
	sku.flags &^= skuPreorder
	sku.backorderLimit = rule.buffer
	s.touch(sku, rule.sku)
	ev := &s.expiry
	ev.Kind, ev.Sequence, ev.At = EventPreorderEnded, seq, rule.end
	ev.Preorder = PreorderImage{
		SKU: rule.sku, Preorder: Preorder{Limit: rule.quota, ShipsAt: rule.end}, Backordered: sku.backorderedHeld + sku.backorderedPlaced,
	}
	sink.Event(ev)
}
