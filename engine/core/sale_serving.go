package core

import (
	"cmp"
	"slices"

	"holdfast/engine/invariant"
)

// Between commands the host asks who on a waitlist is to be served. It asks before every group, and to find out what each channel of a line
// could have takes a look at all locations of the SKU; there may be thousands of lines for which there is nothing, since what there is
// lies where those who wait cannot have it. So it is remembered of a line that there is nothing for it, until its item, its SKU or a
// table changes. What is remembered is no part of the state.

// idleLines remembers for which lines there is nothing. A line is idle while its number is that of its SKU, and the SKU is marked as asked.
type idleLines struct {
	asked []askedSKU // in the order of their SKUs
	last  uint64     // number of a question
}

// askedSKU is a SKU of which it was asked what there is for those who wait.
type askedSKU struct {
	sku    SKUID
	number uint64 // of the first question since the SKU, or a table, changed; 0 for none
}

// find gives the place of a SKU, or the one for it.
func (l *idleLines) find(sku SKUID) (place int, ok bool) {
	return slices.BinarySearchFunc(l.asked, sku, func(a askedSKU, sku SKUID) int { return cmp.Compare(a.sku, sku) })
}

// numberOf is the number of a SKU, 0 when it has none.
func (l *idleLines) numberOf(sku SKUID) uint64 {
	if place, ok := l.find(sku); ok {
		return l.asked[place].number
	}
	return 0
}

// ask gives a SKU the number of a question.
func (l *idleLines) ask(sku SKUID) {
	l.last++
	place, ok := l.find(sku)
	if !ok {
		l.asked = slices.Insert(l.asked, place, askedSKU{sku: sku})
	}
	l.asked[place].number = l.last
}

// forget is for a change of the tables that all slots read.
func (l *idleLines) forget() {
	for i := range l.asked {
		l.asked[i].number = 0
	}
}

// isIdle tells whether it is known that there is nothing for a line.
func (m *Machine) isIdle(s *slot, place uint32) bool {
	item := s.desk.items.at(place)
	owner := &m.slots[item.sku.Slot()]
	idle := owner.mark[item.sku.Place()]&markAsked != 0 && s.desk.idle[place] != 0 && s.desk.idle[place] == m.idle.numberOf(item.sku)
	if invariant.Costly && idle {
		invariant.Check(!m.findsOffer(s, item), "what was remembered of a waitlist is so")
	}
	return idle
}

// setIdle remembers that there is nothing for a line.
func (m *Machine) setIdle(s *slot, place uint32) {
	item := s.desk.items.at(place)
	mark := &m.slots[item.sku.Slot()].mark[item.sku.Place()]
	if *mark&markAsked == 0 || m.idle.numberOf(item.sku) == 0 {
		m.idle.ask(item.sku)
		*mark |= markAsked
	}
	s.desk.idle[place] = m.idle.numberOf(item.sku)
}

// NextServing is when somebody on a waitlist of the slot's sales is to be offered something, or struck off; ok is false while
// nobody waits. All slots must stand still.
func (m *Machine) NextServing(id Slot) (at Millis, ok bool) {
	s := &m.slots[id]
	for _, place := range s.desk.lines {
		item := s.desk.items.at(place)
		rules := &m.saleOf(item.sale).settings
		due := rules.EndsAt
		if m.isGone(item) || m.hasOffer(s, place) {
			due = rules.StartsAt
		}
		if !ok || due < at {
			at, ok = due, true
		}
	}
	return at, ok
}

// isGone tells whether a sale sells an item no more: it was taken out, or has become a kit.
func (m *Machine) isGone(item *saleItemRecord) bool {
	return item.flags&saleItemListed == 0 || m.slots[item.sku.Slot()].skus.at(item.sku.Place()).flags&skuKit != 0
}

// hasOffer tells whether there is something for one of those who are next in a line, by whatever channel.
func (m *Machine) hasOffer(s *slot, place uint32) bool {
	item := s.desk.items.at(place)
	if m.isSoldOut(item) || m.isIdle(s, place) {
		return false
	}
	has := m.findsOffer(s, item)
	if !has {
		m.setIdle(s, place)
	}
	return has
}

// findsOffer is hasOffer, asked anew.
func (m *Machine) findsOffer(s *slot, item *saleItemRecord) (has bool) {
	m.eachNext(s, item, func(*saleWaiterRecord) bool {
		has = true
		return false
	})
	return has
}

// eachNext calls do with those in a line for whom there is something, in their order, until it gives false. What the first ones get is not
// there for those behind. Those whose channel has nothing are passed over.
func (m *Machine) eachNext(s *slot, item *saleItemRecord, do func(record *saleWaiterRecord) bool) {
	if m.isSoldOut(item) {
		return
	}
	given := Quantity(0)
	m.units = m.units[:0]
	for at, passed := item.first, 0; at != 0 && passed <= MaxPassedOver; {
		record := s.desk.waiters.at(at - 1)
		if given < m.unitsIn(item, record.channel) {
			if !do(record) {
				return
			}
			given += Quantity(record.quantity)
		} else {
			passed++
		}
		at = record.next
	}
}

// channelUnits is what a channel has for those who wait for an item.
type channelUnits struct {
	channel ChannelID
	units   Quantity
}

// unitsIn is onOffer, asked once for each channel of a line.
func (m *Machine) unitsIn(item *saleItemRecord, channel ChannelID) Quantity {
	for i := range m.units {
		if m.units[i].channel == channel {
			return m.units[i].units
		}
	}
	units := m.onOffer(item, channel)
	m.units = append(m.units, channelUnits{channel, units})
	return units
}

// isSoldOut tells whether no channel has anything for those who wait for an item. It is asked for each line after every group.
func (m *Machine) isSoldOut(item *saleItemRecord) bool {
	s := &m.slots[item.sku.Slot()]
	n := s.orderable(s.skus.at(item.sku.Place()))
	return n == 0 || n == Stopped || item.left() <= 0 || item.maxHeld > 0 && item.held >= item.maxHeld
}

// onOffer is how many units there are for those who wait for an item in a channel.
func (m *Machine) onOffer(item *saleItemRecord, channel ChannelID) Quantity {
	units := item.left()
	if item.maxHeld > 0 {
		units = min(units, item.maxHeld-item.held)
	}
	return min(units, m.offered(item.sku, channel))
}

// offered is how many units of a SKU an offer in a channel could have.
func (m *Machine) offered(id SKUID, channel ChannelID) Quantity {
	s := &m.slots[id.Slot()]
	st := &m.asked
	st.command = &Command{Kind: CommandServeWaitlist, Channel: channel, Lines: []Line{{SKU: id, Quantity: 1}}}
	st.asked = st.command.Lines
	st.lines, st.choices[s.id] = resize(st.lines, 1), st.choices[s.id][:0]
	s.gatherLine(st, 0)
	st.lines[0].total = 1
	m.findOffer(st)
	return min(st.most(0, ReasonInsufficientStock), st.most(0, ReasonNotDeliverable))
}

// Serve calls serve with the commands that the waitlists of the slot's sales need now, of each line at most so many, until it gives false,
// and tells whether it never did. All slots must stand still; the command is valid only during the call.
func (m *Machine) Serve(id Slot, now Millis, most int, serve func(c *Command) bool) bool {
	for _, place := range m.slots[id].desk.lines {
		item := m.slots[id].desk.items.at(place)
		rules := &m.saleOf(item.sale).settings
		goesOn := true
		switch {
		case now < rules.StartsAt:
		case now >= rules.EndsAt || m.isGone(item):
			goesOn = m.strikeOff(id, item, most, serve)
		case !m.isIdle(&m.slots[id], place):
			goesOn = m.serveLine(id, item, most, serve)
		}
		if !goesOn {
			return false
		}
	}
	return true
}

// serveLine has those offered something who are next in a line.
func (m *Machine) serveLine(id Slot, item *saleItemRecord, most int, serve func(c *Command) bool) (goesOn bool) {
	goesOn = true
	m.eachNext(&m.slots[id], item, func(record *saleWaiterRecord) bool {
		goesOn = m.serveCommand(record, item, serve)
		most--
		return most > 0 && goesOn
	})
	return goesOn
}

// strikeOff has those in a line told that there will be nothing for them.
func (m *Machine) strikeOff(id Slot, item *saleItemRecord, most int, serve func(c *Command) bool) (goesOn bool) {
	s := &m.slots[id]
	for at := item.first; at != 0 && most > 0; most-- {
		record := s.desk.waiters.at(at - 1)
		if !m.serveCommand(record, item, serve) {
			return false
		}
		at = record.next
	}
	return true
}

func (m *Machine) serveCommand(record *saleWaiterRecord, item *saleItemRecord, serve func(c *Command) bool) bool {
	c := Command{
		Kind:    CommandServeWaitlist,
		Version: 1,
		Sale:    item.sale,
		Waiter:  record.number,
		Channel: record.channel,
		UpTo:    true,
		Lines:   []Line{{SKU: item.sku, Quantity: Quantity(record.quantity)}},
	}
	c.Customer, c.Identities = record.texts()
	c.Mask, _ = SlotsOf(&c)
	c.Mask |= m.SlotsNow(&c)
	return serve(&c)
}
