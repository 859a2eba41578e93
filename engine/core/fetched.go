package core

import "slices"

// A customer who fetches an order goes to one place, and what lies elsewhere is of no use there. So such an order is served from where it is fetched alone, also
// where no policy of routing is set; a policy sees to it itself, unless it says otherwise (RulePickup).

// isFetched tells whether the customer fetches the order at a location.
func (d *Destination) isFetched() bool { return d.HasPickup && d.Method == MethodPickup }

// fetch lowers what the slots found that there is to what lies where the customer fetches it.
func (st *Step) fetch() {
	for i := range st.lines {
		if !st.leads(i) {
			continue
		}
		f := &st.lines[i]
		there := Quantity(0)
		for _, c := range st.keepPickup(f) {
			there += c.fulfillable
		}
		f.steered, f.there = true, max(0, there-st.ahead(i))
	}
}

// keepPickup leaves of the choices of a line's SKU that of where the customer fetches it, if there is one.
func (st *Step) keepPickup(f *lineFinding) []choice {
	pickup := st.command.Destination.Pickup
	choices := slices.DeleteFunc(st.choices[f.slot][f.from:f.to], func(c choice) bool { return c.location != pickup })
	f.to = f.from + int32(len(choices))
	return choices
}
