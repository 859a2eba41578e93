package core

// Fulfilment orders follow the allocations of their order: whatever cancels, moves, fills or ships units of it, those that are to be done at a
// location are those that are allocated there. Units that are no longer there are taken from the last one; others come to the last open one of their
// location, or make a new one. One that has nothing left is closed when something of it was shipped, and else cancelled.

// toDo gives the units of a line in a fulfilment order, while the step works on them: a table of all fulfilment orders and lines.
func (st *Step) toDo(fulfilment, line int) *Quantity {
	return &st.todo[fulfilment*len(st.event.Order.Lines)+line]
}

// spreadToDo makes the table of the loaded order's units.
func (st *Step) spreadToDo() {
	life := st.event.Order.Life
	st.todo = resize(st.todo, len(life.Fulfilments)*len(st.event.Order.Lines))
	clear(st.todo)
	next := 0
	for k := range life.Fulfilments {
		for _, u := range life.ToDo[next : next+life.Fulfilments[k].Lines] {
			*st.toDo(k, u.Line) = u.Quantity
		}
		next += life.Fulfilments[k].Lines
	}
}

// collectToDo makes the table the life's units again.
func (st *Step) collectToDo() {
	life := st.event.Order.Life
	life.ToDo = life.ToDo[:0]
	for k := range life.Fulfilments {
		f := &life.Fulfilments[k]
		f.Lines = 0
		for i := range st.event.Order.Lines {
			if n := *st.toDo(k, i); n > 0 {
				life.ToDo = append(life.ToDo, LineUnits{Line: i, Quantity: n})
				f.Lines++
			}
		}
	}
}

// followFulfilments has the fulfilment orders of an order follow what was planned for its allocations.
func (st *Step) followFulfilments() {
	if st.event.Order.hasFulfilments() {
		st.spreadToDo()
		st.settleFulfilments()
	}
}

// settleFulfilments has the table agree with the allocations, and the status of each with what is left of it.
func (st *Step) settleFulfilments() {
	image := &st.event.Order
	next := 0
	for i := range image.Lines {
		own := image.Allocations[next : next+image.Lines[i].Allocations]
		next += len(own)
		if image.Status != StatusPlaced {
			own = nil // those of an order that has ended are what it had
		}
		st.takeToDo(i, own)
		for _, a := range own {
			if missing := a.Quantity - st.workedAt(i, a.Location); missing > 0 {
				*st.toDo(st.fulfilmentAt(a.Location), i) += missing
			}
		}
	}
	st.collectToDo()
	life := image.Life
	for k := range life.Fulfilments {
		f := &life.Fulfilments[k]
		if f.Status.IsLive() && f.Lines == 0 {
			if f.Status = FulfilmentCancelled; f.Shipped {
				f.Status = FulfilmentClosed
			}
		}
		if f.Status != FulfilmentScheduled {
			f.ScheduledAt = 0
		}
	}
}

// takeToDo takes units of a line out of the last fulfilment orders of locations that have not so many of it.
func (st *Step) takeToDo(line int, own []Allocation) {
	life := st.event.Order.Life
	if !st.hasSurplus(line, own) {
		return // so it is of most lines, and below each fulfilment order asks for all others
	}
	for k := len(life.Fulfilments) - 1; k >= 0; k-- {
		n := st.toDo(k, line)
		if *n == 0 {
			continue
		}
		location := life.Fulfilments[k].Location
		surplus := st.workedAt(line, location)
		for _, a := range own {
			if a.Location == location {
				surplus -= a.Quantity
			}
		}
		*n -= max(0, min(*n, surplus))
	}
}

// hasSurplus tells whether more units of a line are to be done somewhere than it has there.
func (st *Step) hasSurplus(line int, own []Allocation) bool {
	surplus := Quantity(0)
	for k := range st.event.Order.Life.Fulfilments {
		surplus += *st.toDo(k, line)
	}
	for _, a := range own {
		surplus -= min(a.Quantity, st.workedAt(line, a.Location))
	}
	return surplus > 0
}

// workedAt is how many units of a line are to be done at a location.
func (st *Step) workedAt(line int, location LocationID) (n Quantity) {
	for k := range st.event.Order.Life.Fulfilments {
		if st.event.Order.Life.Fulfilments[k].Location == location {
			n += *st.toDo(k, line)
		}
	}
	return n
}

// fulfilmentAt gives the fulfilment order that more units at a location come to: the last open one there, or a new one. An order with
// MaxFulfilments of them uses what it has, as far as it goes: the last one that lives there, and then one of which nothing came.
func (st *Step) fulfilmentAt(location LocationID) int {
	if k := st.joinedAt(location, -1); k >= 0 {
		return k
	}
	life := st.event.Order.Life
	for k := len(life.Fulfilments) - 1; k >= 0 && len(life.Fulfilments) >= MaxFulfilments; k-- {
		if f := &life.Fulfilments[k]; !f.Shipped && !f.Status.IsLive() {
			*f = FulfilmentImage{Status: FulfilmentOpen, Location: location}
			return k
		}
	}
	return st.addFulfilment(location)
}

// joinedAt gives the place of the fulfilment order at a location that takes more units: the last open one, or of an order with MaxFulfilments of them
// any that lives there. It is −1 for none beside a given one.
func (st *Step) joinedAt(location LocationID, beside int) int {
	life := st.event.Order.Life
	last := -1
	for k := len(life.Fulfilments) - 1; k >= 0; k-- {
		f := &life.Fulfilments[k]
		switch {
		case k == beside || f.Location != location:
		case f.Status == FulfilmentOpen:
			return k
		case last < 0 && f.Status.IsLive() && len(life.Fulfilments) >= MaxFulfilments:
			last = k
		}
	}
	return last
}

// joinMoved has what moves to a location join what is done there, of an order with MaxFulfilments: else there would be more and more of them.
func (st *Step) joinMoved() {
	at := st.event.Fulfilment - 1
	into := st.joinedAt(st.fulfilment().Location, at)
	if into < 0 || len(st.event.Order.Life.Fulfilments) < MaxFulfilments {
		return
	}
	for i := range st.event.Order.Lines {
		n := st.toDo(at, i)
		*st.toDo(into, i) += *n
		*n = 0
	}
}

// addFulfilment makes a new open one.
func (st *Step) addFulfilment(location LocationID) int {
	life, lines := st.event.Order.Life, len(st.event.Order.Lines)
	life.Fulfilments = append(life.Fulfilments, FulfilmentImage{Status: FulfilmentOpen, Location: location})
	st.todo = resize(st.todo, len(life.Fulfilments)*lines)
	clear(st.todo[len(st.todo)-lines:])
	return len(life.Fulfilments) - 1
}

// tallyFulfilments checks that the units to be done are those that are allocated, and counts records.
func (a *auditor) tallyFulfilments(s *slot, image *OrderImage) {
	life := image.Life
	if len(life.Fulfilments) == 0 {
		return
	}
	for k := range life.Fulfilments {
		f := &life.Fulfilments[k]
		if f.Status < FulfilmentOpen || f.Status > LastFulfilmentStatus || int(f.Location) >= len(a.machine.locations) ||
			f.Status.IsLive() != (f.Lines > 0) || (f.ScheduledAt != 0) != (f.Status == FulfilmentScheduled) ||
			f.Status == FulfilmentClosed && !f.Shipped || f.Status == FulfilmentCancelled && f.Shipped {
			a.violate(Violation{Kind: ViolationFulfilmentStatus, Order: image.ID, Location: f.Location})
		}
	}
	var worked, allocated Quantity
	for _, u := range life.ToDo {
		worked += u.Quantity
	}
	next := 0
	for i := range image.Lines {
		l := &image.Lines[i]
		for _, al := range image.Allocations[next : next+l.Allocations] {
			if image.Status == StatusPlaced {
				allocated += al.Quantity
				a.expect(al.Quantity, life.workedAt(i, al.Location), Violation{Kind: ViolationFulfilment, Order: image.ID, SKU: l.SKU, Location: al.Location})
			}
		}
		next += l.Allocations
	}
	a.expect(allocated, worked, Violation{Kind: ViolationFulfilment, Order: image.ID})
	a.fulfilments[s.id] += uint32(len(life.Fulfilments))
	a.todo[s.id] += uint32(len(life.ToDo))
}

// workedAt is how many units of a line are to be done at a location.
func (l *LifeImage) workedAt(line int, location LocationID) (n Quantity) {
	todo := l.ToDo
	for k := range l.Fulfilments {
		f := &l.Fulfilments[k]
		for _, u := range todo[:f.Lines] {
			if f.Location == location && u.Line == line {
				n += u.Quantity
			}
		}
		todo = todo[f.Lines:]
	}
	return n
}
