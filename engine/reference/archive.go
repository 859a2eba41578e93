package reference

import "holdfast/engine/core"

// OrderArchived is the kind of the events with which the model tells of the orders that leave, one each, oldest first. No
// machine makes such events: it hands the orders to its sink.
const OrderArchived core.EventKind = 255

// archive lets the page of an order go when it is full, all its orders are closed, and it has not gone before.
func (m *Model) archive(c *core.Command) core.Outcome {
	outcome := core.Outcome{Order: c.Order}
	var page []*order
	for _, o := range m.orders {
		if o.id.Home() == c.Order.Home() && o.id.ArchivePage() == c.Order.ArchivePage() {
			page = append(page, o)
		}
	}
	if c.Order.Place() >= uint64(m.nextOrder[c.Order.Home()]) || len(page) < core.PageOrders {
		return outcome
	}
	for _, o := range page {
		if o.archived || !o.status.IsClosed() || o.hasTasks() {
			return outcome
		}
	}
	for _, o := range page {
		o.archived = true
		m.events = append(m.events, core.Event{Kind: OrderArchived, Order: o.image()})
	}
	outcome.Changed = true
	return outcome
}

// pageIsArchived tells whether the page has left in which an order of that number would be.
func (m *Model) pageIsArchived(id core.OrderID) bool {
	for _, o := range m.orders {
		if o.archived && o.id.Home() == id.Home() && o.id.Place() < 1<<32 && o.id.ArchivePage() == id.ArchivePage() &&
			id.Place() < uint64(m.nextOrder[id.Home()]) {
			return true
		}
	}
	return false
}
