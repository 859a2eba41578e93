package engine

import "holdfast/engine/core"

// While a location has a capacity of a day, the machine takes an order only if its mask has the slot that keeps all bookings. The engine
// puts it there, from what the directory knows; an order that was sent just before the first capacity was set is refused by the machine, and
// tried again, like one of a kit whose recipe has changed. No client ever sees that.

// setCapacity takes over whether a location has a capacity.
func (d *directory) setCapacity(l *core.LocationImage) {
	has := l.Settings.Shipping != nil && l.Settings.Shipping.DailyCapacity > 0
	word, bit := &d.withCapacity[l.ID/64], uint64(1)<<(l.ID%64)
	switch had := word.Load()&bit != 0; {
	case has && !had:
		word.Or(bit)
		d.capacities.Add(1)
	case had && !has:
		word.And(^bit)
		d.capacities.Add(-1)
	}
}

// LocationState is what lies at a location, and what it ships.
type LocationState struct {
	Units    core.LocationUnits
	Capacity core.CapacityImage // bookings of the day on which an order of now would count
}
