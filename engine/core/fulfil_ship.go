package core

// limitShipped works out how many units of each line may leave, of an order whose fulfilment orders are written down or one of which the command
// names: those whose work has come so far. Of any other order all may.
func (st *Step) limitShipped() bool {
	c, image := st.command, &st.event.Order
	st.perLine = st.perLine[:0]
	if c.Life.Fulfilment == 0 && !image.hasFulfilments() {
		return true
	}
	st.openFulfilments()
	number := 0
	if c.Life.Fulfilment != 0 {
		if number = st.numberOf(c.Life.Fulfilment, c.Life.Location); number == 0 {
			st.refuseOrder(ReasonFulfilmentNotFound)
			return false
		}
	}
	st.fulfilmentShipped = number
	st.perLine = resize(st.perLine, len(image.Lines))
	clear(st.perLine)
	sum, blocked := Quantity(0), (*FulfilmentImage)(nil)
	for k := range image.Life.Fulfilments {
		f := &image.Life.Fulfilments[k]
		switch {
		case f.Location != c.Life.Location || number != 0 && k != number-1:
		case !f.Status.Allows(FulfilmentShip):
			if blocked == nil && (f.Status.IsLive() || number != 0) {
				blocked = f
			}
		default:
			for i := range st.perLine {
				st.perLine[i] += *st.toDo(k, i)
				sum += *st.toDo(k, i)
			}
		}
	}
	if sum == 0 && blocked != nil {
		return st.checkFulfilment(blocked, FulfilmentShip)
	}
	return true
}

// shippable is how many units of a SKU may leave the location.
func (st *Step) shippable(id SKUID) (n Quantity) {
	if len(st.perLine) == 0 {
		return st.allocatedAt(id, st.command.Life.Location)
	}
	for i := range st.perLine {
		if st.event.Order.Lines[i].SKU == id {
			n += st.perLine[i]
		}
	}
	return n
}

// takeShipped takes units of a line that leave out of the fulfilment orders that they are of, in the order of their numbers.
func (st *Step) takeShipped(line int, n Quantity) {
	image := &st.event.Order
	if len(st.perLine) == 0 {
		return
	}
	for k := range image.Life.Fulfilments {
		f := &image.Life.Fulfilments[k]
		if f.Location != st.command.Life.Location || !f.Status.Allows(FulfilmentShip) || st.fulfilmentShipped != 0 && k != st.fulfilmentShipped-1 {
			continue
		}
		todo := st.toDo(k, line)
		if leaves := min(n, *todo); leaves > 0 {
			*todo -= leaves
			n -= leaves
			f.Shipped = true
		}
	}
}
