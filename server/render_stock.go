package server

import "holdfast/engine/core"

// promise is what can be promised of a SKU by an instant; 0 if none was asked for.
type promise struct {
	by    core.Millis
	units core.Quantity
}

// appendAvailability appends the answer about a SKU's units, for all channels or for the one whose units to sell they are, with what
// can be promised by an instant if one was asked for.
func (s *Server) appendAvailability(dst []byte, a *core.AvailabilityImage, channel *core.ChannelImage, p promise, sequence core.Sequence) []byte {
	dst = s.appendSKU(append(dst, `{"sku":`...), a.SKU)
	if channel != nil && channel.Settings.Bands {
		return appendBand(appendTextField(dst, `,"channel":`, channel.Name), a, sequence)
	}
	dst = appendNumberField(dst, `,"available":`, a.Available)
	if p.by != 0 {
		dst = appendTimeField(dst, `,"by":`, p.by)
		dst = appendNumberField(dst, `,"available_by":`, p.units)
	}
	dst = appendNumberField(dst, `,"on_hand":`, a.OnHand)
	dst = appendNumberField(dst, `,"reserved":`, a.Reserved)
	dst = appendNumberField(dst, `,"allocated":`, a.Allocated)
	dst = appendNumberField(dst, `,"unavailable":`, a.Unavailable)
	dst = appendNumberField(dst, `,"withheld":`, a.Withheld)
	dst = appendNumberField(dst, `,"backordered":`, a.Backordered)
	dst = appendNumberField(dst, `,"set_apart":`, a.SetApart())
	dst = appendNumberField(dst, `,"safety_stock":`, a.Settings.SafetyStock)
	dst = appendBoolField(dst, `,"backorderable":`, a.IsBackorderable())
	dst = appendLivePreorder(dst, a)
	dst = appendBoolField(dst, `,"stopped":`, a.IsStopped())
	dst = appendBoolField(dst, `,"drained":`, a.IsDrained())
	dst = appendTextField(dst, `,"supply":`, supplies[a.Supply()])
	dst = appendNumberField(dst, `,"sequence":`, sequence)
	dst = append(dst, `,"locations":[`...)
	for i := range a.Levels {
		level := &a.Levels[i]
		dst = append(appendComma(dst, i), '{')
		dst = s.appendLevel(dst, &level.LevelImage, level.Withheld)
		dst = appendNumberField(dst, `,"withheld":`, level.Withheld)
		dst = append(appendNumberField(dst, `,"incoming":`, a.IncomingAt(level.Location)), '}')
	}
	dst = s.appendIncoming(append(dst, "],"...), a.Incoming)
	if a.IsKit() {
		dst = s.appendComponents(dst, a)
	}
	return append(dst, '}')
}

// bands are what a channel that shows no numbers says of a supply.
var bands = [...]string{core.SupplyOut: "out", core.SupplyLow: "low", core.SupplyEnough: "in_stock"}

// appendBand appends what a channel without numbers says.
func appendBand(dst []byte, a *core.AvailabilityImage, sequence core.Sequence) []byte {
	dst = appendTextField(dst, `,"band":`, bands[a.Supply()])
	dst = appendBoolField(dst, `,"backorderable":`, a.IsBackorderable())
	dst = appendLivePreorder(dst, a)
	dst = appendBoolField(dst, `,"stopped":`, a.IsStopped())
	return append(appendNumberField(dst, `,"sequence":`, sequence), '}')
}

// appendLivePreorder appends when what is sold beyond stock ships, if that is a preorder.
func appendLivePreorder(dst []byte, a *core.AvailabilityImage) []byte {
	ships := a.PreorderShipsAt()
	if ships == 0 {
		return dst
	}
	return appendTimeField(dst, `,"preorder_ships_at":`, ships)
}

// appendLevel appends the fields of a SKU's units at one location, of which so many are not for sale.
func (s *Server) appendLevel(dst []byte, l *core.LevelImage, withheld core.Quantity) []byte {
	unavailable := l.OnHand - l.In(core.StateSellable)
	dst = s.appendLocation(append(dst, `"location":`...), l.Location)
	dst = appendNumberField(dst, `,"on_hand":`, l.OnHand)
	dst = appendNumberField(dst, `,"reserved":`, l.Reserved)
	dst = appendNumberField(dst, `,"allocated":`, l.Allocated)
	dst = appendNumberField(dst, `,"unavailable":`, unavailable)
	for state := core.StateDamaged; state <= core.StateOther; state++ {
		dst = appendNumberField(appendState(append(dst, ','), state), ":", l.In(state))
	}
	return appendNumberField(dst, `,"available":`, l.OnHand-unavailable-l.Reserved-l.Allocated-withheld)
}

// appendLevels appends the rows of an adjustment as they are after it.
func (s *Server) appendLevels(dst []byte, levels []core.LevelChange) []byte {
	dst = append(dst, `"levels":[`...)
	for i := range levels {
		level := &levels[i]
		dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), level.SKU)
		dst = s.appendLevel(append(dst, ','), &level.LevelImage, 0)
		dst = appendNumberField(dst, `,"on_hand_before":`, level.OnHandBefore)
		if len(level.Reason) > 0 {
			dst = appendTextField(dst, `,"reason":`, level.Reason)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// supplies are the names of supplies, by number.
var supplies = [...]string{core.SupplyOut: "out", core.SupplyLow: "low", core.SupplyEnough: "enough"}

// appendSupply appends a supply that changed.
func (s *Server) appendSupply(dst []byte, supply *core.SupplyImage) []byte {
	dst = s.appendSKU(append(dst, `{"sku":`...), supply.SKU)
	dst = appendTextField(dst, `,"before":`, supplies[supply.Before])
	dst = appendTextField(dst, `,"supply":`, supplies[supply.Supply])
	dst = appendNumberField(dst, `,"available":`, supply.Available)
	return append(appendNumberField(dst, `,"low_stock":`, supply.LowStock), '}')
}

// appendState appends the name of a state of stock.
func appendState(dst []byte, state core.StockState) []byte {
	return appendText(dst, stockStates[state])
}

// appendMovements appends who moved stock, what for, and each movement with its level before and after it.
func (s *Server) appendMovements(dst []byte, ev *core.Event) []byte {
	if len(ev.Actor) > 0 {
		dst = append(appendTextField(dst, `"actor":`, ev.Actor), ',')
	}
	if len(ev.Cause) > 0 {
		dst = append(appendTextField(dst, `"cause":`, ev.Cause), ',')
	}
	dst = append(dst, `"movements":[`...)
	for i := range ev.Moves {
		dst = s.appendMovement(appendComma(dst, i), &ev.Moves[i])
	}
	return append(dst, ']')
}

func (s *Server) appendMovement(dst []byte, m *core.MovementImage) []byte {
	dst = appendTextField(dst, `{"type":`, movementTypes[m.Kind])
	dst = s.appendSKU(append(dst, `,"sku":`...), m.SKU)
	dst = s.appendLocation(append(dst, `,"location":`...), m.Location)
	if m.Kind.HasFrom() {
		dst = appendState(append(dst, `,"from":`...), m.From)
	}
	if m.Kind.HasTo() {
		dst = appendState(append(dst, `,"to":`...), m.To)
	}
	dst = appendNumberField(dst, `,"quantity":`, m.Quantity)
	if len(m.Reason) > 0 {
		dst = appendTextField(dst, `,"reason":`, m.Reason)
	}
	before := m.Before()
	dst = appendStates(append(dst, `,"before":`...), &before)
	dst = appendStates(append(dst, `,"after":`...), &m.LevelImage)
	return append(dst, '}')
}

// appendStates appends the units at a level, by state.
func appendStates(dst []byte, l *core.LevelImage) []byte {
	dst = appendNumberField(dst, `{"on_hand":`, l.OnHand)
	for state := range stockStates {
		dst = appendNumberField(appendState(append(dst, ','), core.StockState(state)), ":", l.In(core.StockState(state)))
	}
	return append(dst, '}')
}
