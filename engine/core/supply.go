package core

import "slices"

// Supply says how much there still is to sell of a SKU. The numbers are in checkpoints and feeds and must not change.
type Supply uint8

const (
	SupplyOut    Supply = 0 // nothing is available, backorders aside
	SupplyLow    Supply = 1 // what is available is at or below the SKU's LowStock
	SupplyEnough Supply = 2
)

// SupplyImage tells that a SKU's supply is another one than was told before.
type SupplyImage struct {
	SKU       SKUID
	Before    Supply
	Supply    Supply
	Available Quantity // to sell, from stock
	LowStock  Quantity
}

// supply is what the SKU's units come to.
func (r *skuRecord) supply() Supply { return supplyOf(r.available(), r.lowStock) }

// Supply is what the units come to.
func (a *AvailabilityImage) Supply() Supply { return supplyOf(a.Available, a.Settings.LowStock) }

func supplyOf(available, lowStock Quantity) Supply {
	switch {
	case available <= 0:
		return SupplyOut
	case available <= lowStock:
		return SupplyLow
	}
	return SupplyEnough
}

func (r *skuRecord) toldSupply() Supply { return Supply(r.flags >> supplyShift & supplyMask) }

// Alert tells of each SKU of a slot whose supply is another one than was told last, by the command or by the holds that expired
// before it, in the order of their numbers; of MaxSuppliesTold at most. The others wait for the slot's next command, and NextDeadline
// asks for one. It comes last of a command, also of one that was refused; its events stand behind the command's own.
func (m *Machine) Alert(id Slot, st *Step, sink Sink) {
	if s := &m.slots[id]; len(s.alerts) > 0 {
		s.tellSupplies(st, sink)
	}
}

func (s *slot) tellSupplies(st *Step, sink Sink) {
	slices.Sort(s.alerts)
	s.alerts = slices.Compact(s.alerts)
	told, next := 0, 0
	for ; next < len(s.alerts) && told < MaxSuppliesTold; next++ {
		sku := s.alerts[next]
		record := s.skus.at(sku.Place())
		supply, before := record.supply(), record.toldSupply()
		if supply == before {
			continue // it changed, and changed back
		}
		told++
		record = s.skus.mut(sku.Place())
		record.flags = record.flags&^(supplyMask<<supplyShift) | uint32(supply)<<supplyShift
		ev := &s.alert
		ev.Kind, ev.Sequence, ev.At = EventSupplyChanged, st.sequence, st.now
		ev.Supply = SupplyImage{SKU: sku, Before: before, Supply: supply, Available: record.available(), LowStock: record.lowStock}
		sink.Event(ev)
	}
	s.alerts = s.alerts[:copy(s.alerts, s.alerts[next:])]
}

// isUntold tells whether supplies wait to be told.
func (s *slot) isUntold() bool {
	for len(s.alerts) > 0 {
		if record := s.skus.at(s.alerts[0].Place()); record.supply() != record.toldSupply() {
			return true
		}
		s.alerts = s.alerts[1:]
	}
	return false
}
