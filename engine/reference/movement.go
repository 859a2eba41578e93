package reference

import "holdfast/engine/core"

// shelf is what lies of a SKU at a location, to be changed.
func (m *Model) shelf(id core.SKUID, location core.LocationID) *states {
	stock := m.skus[id].stock
	if stock[location] == nil {
		stock[location] = &states{}
	}
	return stock[location]
}

// states is what lies of a SKU at a location; nothing where there is no such SKU or location.
func (m *Model) states(id core.SKUID, location core.LocationID) states {
	if s := m.skus[id]; s != nil && s.stock[location] != nil {
		return *s.stock[location]
	}
	return states{}
}

func (s states) sum() core.Quantity {
	var sum core.Quantity
	for _, n := range s {
		sum += n
	}
	return sum
}

func (m *Model) moveStock(c *core.Command) core.Outcome {
	if o, refused := m.checkMoves(c); refused {
		return o
	}
	var moves []core.MovementImage
	for _, r := range c.Moves {
		shelf := m.shelf(r.SKU, r.Location)
		before := *shelf
		*shelf = moved(before, r)
		m.come(r.SKU, r.Location, shelf[core.StateSellable]-before[core.StateSellable])
		n := r.Quantity
		if r.Kind == core.MovementCount {
			n = shelf[r.To] - before[r.To]
		}
		moves = append(moves, core.MovementImage{
			LevelImage: m.level(r.SKU, r.Location),
			Kind:       r.Kind, From: r.From, To: r.To, Quantity: n,
			Reason: copyBytes(r.Reason),
		})
	}
	m.emit(core.Event{Kind: core.EventStockMoved, Moves: moves, Actor: copyBytes(c.Actor), Cause: copyBytes(c.Cause)})
	return core.Outcome{Changed: true}
}

// moved is what a row makes of the units of a level.
func moved(s states, r core.MovementRow) states {
	switch r.Kind {
	case core.MovementReceive, core.MovementAdjust:
		s[r.To] += r.Quantity
	case core.MovementCount:
		s[r.To] = r.Quantity
	case core.MovementReclassify:
		s[r.From] -= r.Quantity
		s[r.To] += r.Quantity
	case core.MovementWriteOff:
		s[r.From] -= r.Quantity
	}
	return s
}

// checkMoves goes through the reasons in their order of precedence, each row on what those before it left; the first that
// any row gives refuses the command, with all rows that give it.
func (m *Model) checkMoves(c *core.Command) (core.Outcome, bool) {
	type level struct {
		sku      core.SKUID
		location core.LocationID
	}
	for _, reason := range []core.Reason{core.ReasonSKUNotFound, core.ReasonLocationNotFound, core.ReasonKitUnits, core.ReasonStockChanged,
		core.ReasonStockNegative, core.ReasonStockTooLarge} {
		now := map[level]states{}
		var lines []core.RefusedLine
		for i, r := range c.Moves {
			at := level{r.SKU, r.Location}
			before, ok := now[at]
			if !ok {
				before = m.states(r.SKU, r.Location)
			}
			after := moved(before, r)
			now[at] = after
			state := r.To // that the refusal tells of
			if r.Kind == core.MovementReclassify || r.Kind == core.MovementWriteOff {
				state = r.From
			}
			refused := core.RefusedLine{Index: i, SKU: r.SKU, Location: r.Location, Requested: after[state], Available: before[state]}
			fails := false
			switch reason {
			case core.ReasonSKUNotFound:
				fails = m.skus[r.SKU] == nil
				refused.Requested, refused.Available = 0, 0
			case core.ReasonLocationNotFound:
				fails = int(r.Location) >= len(m.locations)
				refused.Requested, refused.Available = 0, 0
			case core.ReasonKitUnits:
				fails = m.isKit(r.SKU)
				refused.Requested, refused.Available = 0, 0
			case core.ReasonStockChanged:
				fails = r.HasExpected && before[r.To] != r.Expected
			case core.ReasonStockNegative:
				fails = after[r.From] < 0 || after[r.To] < 0
			case core.ReasonStockTooLarge:
				fails = after.sum() > core.MaxOnHand
			}
			if fails {
				lines = append(lines, refused)
			}
		}
		if len(lines) > 0 {
			return refuse(core.Refusal{Reason: reason, Lines: lines}), true
		}
	}
	return core.Outcome{}, false
}

// alert tells of the SKUs of the mask's slots whose supply is no longer what it was said to be, of so many of each slot at most.
func (m *Model) alert(mask core.SlotMask) {
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		if !mask.Has(slot) {
			continue
		}
		untold := m.untold(slot)
		for _, id := range untold[:min(len(untold), core.MaxSuppliesTold)] {
			s := m.skus[id]
			now := m.supply(id)
			m.emit(core.Event{Kind: core.EventSupplyChanged, Supply: core.SupplyImage{
				SKU: id, Before: s.told, Supply: now, Available: m.available(id), LowStock: s.image.Settings.LowStock,
			}})
			s.told = now
		}
	}
}

// untold lists the SKUs of a slot whose supply is no longer what it was said to be, by number.
func (m *Model) untold(slot core.Slot) []core.SKUID {
	var untold []core.SKUID
	for place := range m.nextSKU[slot] {
		if id := core.MakeSKUID(slot, place); m.supply(id) != m.skus[id].told {
			untold = append(untold, id)
		}
	}
	return untold
}

func (m *Model) supply(id core.SKUID) core.Supply {
	available := m.available(id)
	if available <= 0 {
		return core.SupplyOut
	}
	if available <= m.skus[id].image.Settings.LowStock {
		return core.SupplyLow
	}
	return core.SupplyEnough
}
