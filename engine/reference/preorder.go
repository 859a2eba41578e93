package reference

import "holdfast/engine/core"

// preorder is that of a SKU; what it is like is in the SKU's settings.
type preorder struct {
	number uint32 // in the order in which the slot's rules and preorders were first set
	live   bool
}

func (m *Model) setPreorder(s *sku) {
	settings := s.image.Settings.Preorder
	if s.preorder == nil {
		if settings.ShipsAt == 0 {
			return
		}
		slot := s.image.ID.Slot()
		s.preorder = &preorder{number: m.nextRule[slot]}
		m.nextRule[slot]++
	}
	s.preorder.live = settings.ShipsAt > m.now
}

// instant is when the SKU's preorder ends; 0 for never.
func (s *sku) instant() core.Millis {
	if s.preorder == nil || !s.preorder.live {
		return 0
	}
	return s.image.Settings.Preorder.ShipsAt
}

// nextPreorder gives the SKU whose preorder is the first of a slot to end.
func (m *Model) nextPreorder(slot core.Slot, until core.Millis) (next *sku) {
	for id, s := range m.skus {
		at := s.instant()
		if id.Slot() != slot || at == 0 || at > until {
			continue
		}
		if next == nil || at < next.instant() || at == next.instant() && s.preorder.number < next.preorder.number {
			next = s
		}
	}
	return next
}

func (m *Model) endPreorder(s *sku) {
	s.preorder.live = false
	p, id := s.image.Settings.Preorder, s.image.ID
	m.emit(core.Event{Kind: core.EventPreorderEnded, At: p.ShipsAt, Preorder: core.PreorderImage{
		SKU: id, Preorder: p, Backordered: m.backordered(id, claimReserved) + m.backordered(id, claimAllocated),
	}})
}

// isPreordering tells whether what is sold of a SKU beyond stock is sold in a preorder now.
func (m *Model) isPreordering(id core.SKUID) bool { return m.skus[id].instant() != 0 }

// room is how many units of a SKU may be sold beyond stock.
func (m *Model) room(id core.SKUID) core.Quantity {
	if m.isPreordering(id) {
		return m.skus[id].image.Settings.Preorder.Limit
	}
	return m.skus[id].image.Settings.BackorderLimit
}
