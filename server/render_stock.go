package server

import "holdfast/engine/core"

// appendAvailability appends the answer about a SKU's units.
func (s *Server) appendAvailability(dst []byte, a *core.AvailabilityImage, sequence core.Sequence) []byte {
	dst = s.appendSKU(append(dst, `{"sku":`...), a.SKU)
	dst = appendNumberField(dst, `,"available":`, a.Available)
	dst = appendNumberField(dst, `,"on_hand":`, a.OnHand)
	dst = appendNumberField(dst, `,"reserved":`, a.Reserved)
	dst = appendNumberField(dst, `,"allocated":`, a.Allocated)
	dst = appendNumberField(dst, `,"unavailable":`, a.Unavailable)
	dst = appendNumberField(dst, `,"safety_stock":`, a.Settings.SafetyStock)
	dst = appendBoolField(dst, `,"backorderable":`, a.Settings.BackorderLimit != 0)
	dst = appendNumberField(dst, `,"sequence":`, sequence)
	dst = append(dst, `,"locations":[`...)
	for i := range a.Levels {
		dst = append(appendComma(dst, i), '{')
		dst = s.appendLevel(dst, &a.Levels[i])
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

// appendLevel appends the fields of a SKU's units at one location.
func (s *Server) appendLevel(dst []byte, l *core.LevelImage) []byte {
	var unavailable core.Quantity
	for _, units := range l.Unavailable {
		unavailable += units
	}
	dst = s.appendLocation(append(dst, `"location":`...), l.Location)
	dst = appendNumberField(dst, `,"on_hand":`, l.OnHand)
	dst = appendNumberField(dst, `,"reserved":`, l.Reserved)
	dst = appendNumberField(dst, `,"allocated":`, l.Allocated)
	dst = appendNumberField(dst, `,"unavailable":`, unavailable)
	return appendNumberField(dst, `,"available":`, l.OnHand-unavailable-l.Reserved-l.Allocated)
}

// appendLevels appends the rows of an adjustment as they are after it.
func (s *Server) appendLevels(dst []byte, levels []core.LevelChange) []byte {
	dst = append(dst, `"levels":[`...)
	for i := range levels {
		level := &levels[i]
		dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), level.SKU)
		dst = s.appendLevel(append(dst, ','), &level.LevelImage)
		dst = appendNumberField(dst, `,"on_hand_before":`, level.OnHandBefore)
		if len(level.Reason) > 0 {
			dst = appendTextField(dst, `,"reason":`, level.Reason)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
