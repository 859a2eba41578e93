package reference

import (
	"bytes"
	"math"

	"holdfast/engine/core"
)

func (m *Model) defineSKU(c *core.Command) core.Outcome {
	if stale, is := isStale(c, m.settingsVersion(c)); is {
		return stale
	}
	id, known := m.skuNumber[string(c.Name)]
	if !known {
		slot := core.NameSlot(c.Name)
		id = core.MakeSKUID(slot, m.nextSKU[slot])
		m.nextSKU[slot]++
		m.skuNumber[string(c.Name)] = id
		m.skus[id] = &sku{
			image: core.SKUImage{ID: id, Name: bytes.Clone(c.Name)},
			stock: map[core.LocationID]*states{},
		}
	}
	image := &m.skus[id].image
	image.Version++
	image.Changed = m.seq
	image.HasDocument = len(c.Document) > 0
	image.Settings = c.SKU
	m.setPreorder(m.skus[id])
	m.emit(core.Event{Kind: core.EventSKUDefined, SKU: copySKU(*image)})
	return core.Outcome{Changed: true}
}

func (m *Model) defineLocation(c *core.Command) core.Outcome {
	if stale, is := isStale(c, m.settingsVersion(c)); is {
		return stale
	}
	if s := c.Location.Shipping; s != nil {
		for _, channel := range s.Channels {
			if int(channel) >= len(m.channels) {
				return refuse(core.Refusal{Reason: core.ReasonChannelNotFound})
			}
		}
	}
	l := m.locationNamed(c.Name)
	if l == nil {
		if len(m.locations) == core.MaxLocations {
			return refuse(core.Refusal{Reason: core.ReasonTableFull})
		}
		l = &location{core.LocationImage{ID: core.LocationID(len(m.locations)), Name: bytes.Clone(c.Name)}}
		m.locations = append(m.locations, l)
	}
	l.image.Version++
	l.image.Changed = m.seq
	l.image.HasDocument = len(c.Document) > 0
	l.image.Settings = c.Location
	m.emit(core.Event{Kind: core.EventLocationDefined, Location: copyLocation(l.image)})
	return core.Outcome{Changed: true}
}

func (m *Model) locationNamed(name []byte) *location {
	for _, l := range m.locations {
		if bytes.Equal(l.image.Name, name) {
			return l
		}
	}
	return nil
}

func (m *Model) defineChannel(c *core.Command) core.Outcome {
	if m.channelNamed(c.Name) != nil {
		return core.Outcome{}
	}
	settings := *c
	settings.Selling, settings.Document = core.ChannelSettings{}, nil
	return m.setChannel(&settings)
}

func (m *Model) adjustStock(c *core.Command) core.Outcome {
	if o, refused := m.checkRows(c); refused {
		return o
	}
	var changes []core.LevelChange
	for _, r := range c.Rows {
		before, after := m.rowBefore(r), m.rowAfter(r)
		m.shelf(r.SKU, r.Location)[core.StateSellable] += after - before
		m.come(r.SKU, r.Location, after-before)
		changes = append(changes, core.LevelChange{
			LevelImage:   m.level(r.SKU, r.Location),
			OnHandBefore: before,
			Reason:       copyBytes(r.Reason),
		})
	}
	m.emit(core.Event{Kind: core.EventStockAdjusted, Levels: changes})
	return core.Outcome{Changed: true}
}

// checkRows goes through the reasons in their order of precedence; the first that any row gives
// refuses the adjustment, with all rows that give it.
func (m *Model) checkRows(c *core.Command) (core.Outcome, bool) {
	checks := []struct {
		reason core.Reason
		fails  func(i int, r core.AdjustmentRow) bool
	}{
		{core.ReasonSKUNotFound, func(_ int, r core.AdjustmentRow) bool { return m.skus[r.SKU] == nil }},
		{core.ReasonLocationNotFound, func(_ int, r core.AdjustmentRow) bool { return int(r.Location) >= len(m.locations) }},
		{core.ReasonKitUnits, func(_ int, r core.AdjustmentRow) bool { return m.isKit(r.SKU) }},
		{core.ReasonDuplicateRow, func(i int, r core.AdjustmentRow) bool { return namedBefore(c.Rows[:i], r) }},
		{core.ReasonStockChanged, func(_ int, r core.AdjustmentRow) bool {
			return r.Mode == core.AdjustSetExpected && m.rowBefore(r) != r.Expected
		}},
		{core.ReasonStockNegative, func(_ int, r core.AdjustmentRow) bool {
			sellable := m.states(r.SKU, r.Location)[core.StateSellable]
			return m.rowAfter(r)-m.rowBefore(r) < -sellable
		}},
		{core.ReasonStockTooLarge, func(_ int, r core.AdjustmentRow) bool { return m.rowAfter(r) > core.MaxOnHand }},
	}
	for _, check := range checks {
		var lines []core.RefusedLine
		for i, r := range c.Rows {
			if !check.fails(i, r) {
				continue
			}
			l := core.RefusedLine{Index: i, SKU: r.SKU, Location: r.Location}
			if m.skus[r.SKU] != nil && check.reason != core.ReasonKitUnits {
				l.Requested, l.Available = m.rowAfter(r), m.rowBefore(r)
			}
			lines = append(lines, l)
		}
		if len(lines) > 0 {
			return refuse(core.Refusal{Reason: check.reason, Lines: lines}), true
		}
	}
	return core.Outcome{}, false
}

func namedBefore(rows []core.AdjustmentRow, r core.AdjustmentRow) bool {
	for _, other := range rows {
		if other.SKU == r.SKU && other.Location == r.Location {
			return true
		}
	}
	return false
}

// rowBefore is the units on hand at the row's level; none where it names no SKU or location.
func (m *Model) rowBefore(r core.AdjustmentRow) core.Quantity {
	return m.states(r.SKU, r.Location).sum()
}

// rowAfter is the units that would be on hand, or the largest number if there is none for them.
func (m *Model) rowAfter(r core.AdjustmentRow) core.Quantity {
	before := m.rowBefore(r)
	switch {
	case r.Mode != core.AdjustDelta:
		return r.Value
	case r.Value > math.MaxInt64-before:
		return math.MaxInt64
	}
	return before + r.Value
}
