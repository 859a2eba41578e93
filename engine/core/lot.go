package core

import (
	"cmp"
	"slices"
)

// A lot is what is open of one line of a document, kept where the line's SKU is. It is there as long as units are to come.

// LotImage is units of a SKU that are on their way.
type LotImage struct {
	Kind     InboundKind // of the document that they come with
	Number   []byte
	Line     int // of the document, counted from 1
	Location LocationID
	Expected Millis // 0 for not known
	Open     Quantity
}

// setLot brings the lot of a planned document's line up to what is open of it.
func (s *slot) setLot(st *Step, i int) {
	img := &st.inbound
	line := &img.Lines[i]
	open := line.Open()
	if !img.Status.isOpen() {
		open = 0
	}
	previous, at := s.findLot(st, i)
	switch {
	case at != 0 && open == 0:
		s.dropLot(line.SKU, previous, at)
	case at != 0:
		s.lots.mut(at - 1).open = uint32(open)
	case open != 0:
		sku := s.skus.mut(line.SKU.Place())
		place := s.lots.acquire()
		*s.lots.mut(place) = lotRecord{
			expected: line.Expected, sku: line.SKU, open: uint32(open), place: st.place, home: st.home,
			line: uint16(i), location: img.To, next: sku.incoming,
		}
		sku.incoming = place + 1
	}
}

// findLot gives the lot of a planned document's line and the one before it in its SKU's list, each plus one; 0 for none.
func (s *slot) findLot(st *Step, i int) (previous, at uint32) {
	at = s.skus.at(st.inbound.Lines[i].SKU.Place()).incoming
	for at != 0 {
		lot := s.lots.at(at - 1)
		if lot.home == st.home && lot.place == st.place && int(lot.line) == i {
			break
		}
		previous, at = at, lot.next
	}
	return previous, at
}

func (s *slot) dropLot(id SKUID, previous, at uint32) {
	next := s.lots.at(at - 1).next
	if previous == 0 {
		s.skus.mut(id.Place()).incoming = next
	} else {
		s.lots.mut(previous - 1).next = next
	}
	s.lots.release(at - 1)
}

// lotsOf is how many lots a SKU has.
func (s *slot) lotsOf(id SKUID) (n int) {
	for at := s.skus.at(id.Place()).incoming; at != 0; at = s.lots.at(at - 1).next {
		n++
	}
	return n
}

// readLots appends a SKU's lots: first those that come first, those of which nobody knows last.
func (m *Machine) readLots(list []LotImage, s *slot, sku *skuRecord) []LotImage {
	for at := sku.incoming; at != 0; {
		lot := s.lots.at(at - 1)
		record := m.slots[lot.home].inbounds.at(lot.place)
		list = append(list, LotImage{
			Kind: record.kind, Number: record.number[:record.numberLength], Line: int(lot.line) + 1,
			Location: lot.location, Expected: lot.expected, Open: Quantity(lot.open),
		})
		at = lot.next
	}
	slices.SortFunc(list, func(a, b LotImage) int {
		return cmp.Or(
			cmp.Compare(uint64(a.Expected-1), uint64(b.Expected-1)),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(string(a.Number), string(b.Number)),
			cmp.Compare(a.Line, b.Line),
		)
	})
	return list
}

// AvailableBy is what can be sold over all channels, and what will have come by an instant, less what those get who wait: units of which
// nobody knows when they come do not count.
func (a *AvailabilityImage) AvailableBy(instant Millis) Quantity {
	if a.IsKit() {
		return a.kits(func(part *AvailabilityImage) Quantity { return part.AvailableBy(instant) })
	}
	n := a.Available
	for i := range a.Incoming {
		if lot := &a.Incoming[i]; lot.Expected != 0 && lot.Expected <= instant {
			n += lot.Open
		}
	}
	return n
}

// InBy is what a channel can sell (In) by an instant, if nothing is sold until then: what has come by then is there, for live pools and
// those who wait before anybody else, and pools have begun and ended.
func (a *AvailabilityImage) InBy(channel ChannelID, buffer Quantity, instant Millis) Quantity {
	if a.IsKit() {
		return a.kits(func(part *AvailabilityImage) Quantity { return part.InBy(channel, buffer, instant) })
	}
	then := *a
	then.Available = a.AvailableBy(instant)
	then.Rules = slices.Clone(a.Rules)
	rest := max(0, then.Available+then.Backordered)
	for i := range then.Rules {
		rule := &then.Rules[i]
		if phase := rule.phaseAt(instant); phase != rule.Phase {
			rule.Phase = phase
			if rule.Pool.Share != 0 && phase == PoolLive {
				rule.Pool.Quota = shareOf(rule.Pool.Share, then.Available+then.Backordered, rule.Used)
			}
		}
		rule.Covered = min(rest, rule.Left())
		if rule.Phase == PoolLive {
			rest -= rule.Covered
		}
	}
	return then.In(channel, buffer)
}

// IncomingAt is how many units are on their way to a location.
func (a *AvailabilityImage) IncomingAt(location LocationID) (n Quantity) {
	for i := range a.Incoming {
		if a.Incoming[i].Location == location {
			n += a.Incoming[i].Open
		}
	}
	return n
}

// ReadInbound gives a document as it stands. Its texts stay valid until the next command.
func (m *Machine) ReadInbound(kind InboundKind, number []byte, img *InboundImage) bool {
	s := &m.slots[InboundSlot(kind, number)]
	place, ok := s.findInbound(kind, number)
	if ok {
		s.inboundImage(place, img)
	}
	return ok
}

// EachInbound calls fn with the documents of a kind that were made after a command, in the order in which they were made, until
// it gives false.
func (m *Machine) EachInbound(kind InboundKind, after Sequence, img *InboundImage, fn func() bool) {
	var next [SlotCount]uint32 // in each slot's list
	var made [SlotCount]Sequence
	for i := range m.slots {
		next[i] = m.slots[i].firstInboundAfter(kind, after)
		made[i] = m.slots[i].inboundMade(kind, next[i])
	}
	for {
		i := slices.Index(made[:], slices.Min(made[:]))
		s := &m.slots[i]
		if made[i] == noInbound {
			return
		}
		s.inboundImage(*s.inboundList[kind-1].at(next[i]), img)
		if !fn() {
			return
		}
		next[i]++
		made[i] = s.inboundMade(kind, next[i])
	}
}

// noInbound is after all commands.
const noInbound = ^Sequence(0)

// inboundMade is the command that made a document of a slot's list; noInbound behind its end.
func (s *slot) inboundMade(kind InboundKind, at uint32) Sequence {
	list := &s.inboundList[kind-1]
	if at == list.length {
		return noInbound
	}
	return s.inbounds.at(*list.at(at)).created
}

// firstInboundAfter gives the place in a slot's list of the first document of a kind made after a command; its length if there is none.
func (s *slot) firstInboundAfter(kind InboundKind, after Sequence) uint32 {
	low, high := uint32(0), s.inboundList[kind-1].length
	for low < high {
		if middle := low + (high-low)/2; s.inboundMade(kind, middle) <= after {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
