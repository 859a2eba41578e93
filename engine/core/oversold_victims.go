package core

import (
	"cmp"
	"slices"
)

// VictimPolicy says which orders are named first that might not be served.
type VictimPolicy uint8

const (
	VictimsNewest   VictimPolicy = 0 // the last to come
	VictimsOldest   VictimPolicy = 1
	VictimsSmallest VictimPolicy = 2 // with the fewest units of the SKU
	VictimsLargest  VictimPolicy = 3
	VictimsChannels VictimPolicy = 4 // those of the first channel named, and so on; those of other channels last

	LastVictimPolicy = VictimsChannels
)

// VictimQuery asks for the orders that might not be served, so that a case is resolved.
type VictimQuery struct {
	SKU      SKUID
	Policy   VictimPolicy
	Channels []ChannelID // VictimsChannels
	Most     int
}

// VictimImage is an order that might not be served.
type VictimImage struct {
	Order       OrderID
	Version     uint32
	Status      OrderStatus // held or placed
	Created     Sequence
	CreatedAt   Millis
	Channel     ChannelID
	Quantity    Quantity // of the SKU, over all lines of the order
	Backordered Quantity // of those, what it waits for
	HasCase     bool     // something is left of a case of its own of the SKU
}

// VictimsLooked bounds the orders of a slot that a ranking looks at, as no command runs meanwhile: over all slots a million, some 20 ms.
const VictimsLooked = 1 << 14

// VictimRanking is the first of those who might not be served.
type VictimRanking struct {
	Victims  []VictimImage
	More     bool // there are others behind them
	Complete bool // all orders were looked at; else in each slot the last to come, or the first for VictimsOldest
}

// RankVictims ranks the live orders and holds that have units of a SKU or wait for some. Holds come first, as nobody has confirmed them; of those that are
// alike otherwise, the last to come is named first. All slots must stand still.
func (m *Machine) RankVictims(q *VictimQuery, r *VictimRanking) {
	r.Victims, r.More, r.Complete = r.Victims[:0], false, true
	for i := range m.slots {
		s := &m.slots[i]
		from, to := uint32(0), s.orders.length
		if to > VictimsLooked {
			r.Complete = false
			if q.Policy == VictimsOldest {
				to = VictimsLooked
			} else {
				from = to - VictimsLooked
			}
		}
		for place := from; place < to; place++ {
			if v, ok := s.victim(place, q.SKU); ok {
				q.rank(r, &v)
			}
		}
	}
	s := &m.slots[q.SKU.Slot()]
	for i := range r.Victims {
		if place, ok := s.findCase(CaseID{r.Victims[i].Order, q.SKU}); ok {
			r.Victims[i].HasCase = s.cases.at(place).left > 0
		}
	}
}

// victim is an order, if it is live and has something of a SKU.
func (s *slot) victim(place uint32, id SKUID) (v VictimImage, ok bool) {
	if !s.orders.isHere(place >> pageShift) {
		return v, false
	}
	record := s.orders.at(place)
	if record.status.IsClosed() || !record.mask.Has(id.Slot()) {
		return v, false
	}
	for i := range uint32(record.lines) {
		line := s.lines.at(record.firstLine + i)
		if role := line.role(); line.sku == id && role != LineOfKits && role != LineUntracked {
			v.Quantity += Quantity(line.quantity) - s.goneOf(place, i)
			v.Backordered += Quantity(line.backordered)
		}
	}
	v.Order = s.idOf(place)
	v.Version, v.Status, v.Created, v.CreatedAt, v.Channel = record.version, record.status, record.created, record.createdAt, record.channel
	return v, v.Quantity > 0
}

// rank puts an order into a ranking, if it is one of the first.
func (q *VictimQuery) rank(r *VictimRanking, v *VictimImage) {
	at, _ := slices.BinarySearchFunc(r.Victims, v, func(a VictimImage, b *VictimImage) int { return q.compare(&a, b) })
	switch {
	case at >= q.Most:
		r.More = true
		return
	case len(r.Victims) == q.Most:
		r.More = true
		r.Victims = r.Victims[:q.Most-1]
	}
	r.Victims = slices.Insert(r.Victims, at, *v)
}

func (q *VictimQuery) compare(a, b *VictimImage) int {
	by := 0
	switch q.Policy {
	case VictimsOldest:
		by = cmp.Compare(a.Created, b.Created)
	case VictimsSmallest:
		by = cmp.Compare(a.Quantity, b.Quantity)
	case VictimsLargest:
		by = cmp.Compare(b.Quantity, a.Quantity)
	case VictimsChannels:
		by = cmp.Compare(q.channel(a.Channel), q.channel(b.Channel))
	}
	return cmp.Or(cmp.Compare(a.Status, b.Status), by, cmp.Compare(b.Created, a.Created))
}

// channel is the place of a channel among those that are named.
func (q *VictimQuery) channel(id ChannelID) int {
	if at := slices.Index(q.Channels, id); at >= 0 {
		return at
	}
	return len(q.Channels)
}
