package server

import (
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// appendSKUImage appends a SKU with its settings. title is JSON, nil for none; sequence is 0 where the
// answer around it says it.
func appendSKUImage(dst []byte, k *core.SKUImage, title []byte, sequence core.Sequence) []byte {
	dst = appendTextField(dst, `{"sku":`, k.Name)
	dst = appendNumberField(dst, `,"number":`, uint64(k.ID))
	if title != nil {
		dst = append(append(dst, `,"title":`...), title...)
	}
	dst = appendNumberField(dst, `,"safety_stock":`, k.Settings.SafetyStock)
	if k.Settings.BackorderLimit == core.Unlimited {
		dst = append(dst, `,"backorder_limit":null`...)
	} else {
		dst = appendNumberField(dst, `,"backorder_limit":`, k.Settings.BackorderLimit)
	}
	if k.Settings.LimitPerCustomer == 0 {
		dst = append(dst, `,"limit_per_customer":null`...)
	} else {
		dst = appendNumberField(dst, `,"limit_per_customer":`, k.Settings.LimitPerCustomer)
	}
	if k.Settings.LowStock == 0 {
		dst = append(dst, `,"low_stock":null`...)
	} else {
		dst = appendNumberField(dst, `,"low_stock":`, k.Settings.LowStock)
	}
	dst = appendPreorder(append(dst, `,"preorder":`...), k.Settings.Preorder)
	dst = appendBoolField(dst, `,"stopped":`, k.Settings.Stopped)
	if k.Settings.Weight == 0 {
		dst = append(dst, `,"weight_grams":null`...)
	} else {
		dst = appendNumberField(dst, `,"weight_grams":`, k.Settings.Weight)
	}
	return appendVersioned(dst, k.Version, sequence)
}

// appendLocationImage appends a location with its settings, and with what lies there and what it ships today unless state is nil. name is JSON, nil
// for none; sequence is 0 where the answer around it says it.
func (s *Server) appendLocationImage(dst []byte, l *core.LocationImage, name []byte, state *engine.LocationState, sequence core.Sequence) []byte {
	dst = appendTextField(dst, `{"location":`, l.Name)
	if name != nil {
		dst = append(append(dst, `,"name":`...), name...)
	}
	dst = append(dst, `,"kind":"`...)
	dst = append(dst, locationKinds[l.Settings.Kind]...)
	dst = append(dst, '"')
	if l.Settings.HasPosition {
		dst = appendDegrees(append(dst, `,"latitude":`...), l.Settings.LatitudeE7)
		dst = appendDegrees(append(dst, `,"longitude":`...), l.Settings.LongitudeE7)
	}
	dst = appendNumberField(dst, `,"priority":`, l.Settings.Priority)
	dst = appendBoolField(dst, `,"stopped":`, l.Settings.Stopped)
	if state != nil {
		units := &state.Units
		dst = appendBoolField(dst, `,"drained":`, l.Settings.Stopped && units.Reserved+units.Allocated == 0)
		dst = appendNumberField(dst, `,"on_hand":`, units.OnHand)
		dst = appendNumberField(dst, `,"unavailable":`, units.Unavailable)
		dst = appendNumberField(dst, `,"reserved":`, units.Reserved)
		dst = appendNumberField(dst, `,"allocated":`, units.Allocated)
	}
	if l.Settings.Shipping != nil {
		dst = s.appendShipping(append(dst, `,"shipping":`...), l.Settings.Shipping)
		if state != nil && l.Settings.Shipping.DailyCapacity != 0 {
			dst = appendCapacity(append(dst, `,"capacity":`...), l.Settings.Shipping.DailyCapacity, state.Capacity)
		}
	}
	return appendVersioned(dst, l.Version, sequence)
}

// appendCapacity appends how many orders a location can ship on a day, and how many it has.
func appendCapacity(dst []byte, daily uint32, c core.CapacityImage) []byte {
	day := time.Unix(int64(c.Day)*24*60*60, 0).UTC()
	dst = append(day.AppendFormat(append(dst, `{"day":"`...), time.DateOnly), '"')
	dst = appendNumberField(dst, `,"daily_capacity":`, daily)
	dst = appendNumberField(dst, `,"used":`, c.Booked)
	dst = appendNumberField(dst, `,"left":`, daily-min(daily, c.Booked))
	return append(dst, '}')
}

// appendVersioned closes an object with its version and what it reflects.
func appendVersioned(dst []byte, version uint32, sequence core.Sequence) []byte {
	dst = appendNumberField(dst, `,"version":`, version)
	if sequence != 0 {
		dst = appendNumberField(dst, `,"sequence":`, sequence)
	}
	return append(dst, '}')
}

func appendPreorder(dst []byte, p core.Preorder) []byte {
	if p.ShipsAt == 0 {
		return append(dst, "null"...)
	}
	dst = appendNumberField(dst, `{"limit":`, p.Limit)
	return append(appendTimeField(dst, `,"ships_at":`, p.ShipsAt), '}')
}
