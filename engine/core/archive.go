package core

import (
	"slices"
	"unsafe"

	"holdfast/engine/invariant"
)

// An order that is closed (cancelled, released, expired, or completed long ago) never changes again, but for what is written beside it. When all orders of a page are closed
// the host may have the page archived: CommandArchiveOrders hands the orders over, once, and forgets them. What has left
// is in the digest of its slot for ever, as the digest of the page that it was; the host keeps the orders themselves, and
// answers for them.
//
// Lines, allocations and texts are in slabs of their own, in the order of the orders that they belong to. Each page of
// those knows how many of the orders in memory refer to it (usage), and leaves with the last of them.

// Archived is the orders of a page that leaves, for the time of the sink's call.
type Archived struct {
	Slot   Slot
	Page   uint32
	Orders int
	slot   *slot
}

// PageOrders is the number of orders in a page.
const PageOrders = pageRecords

// Read gives one of the orders, 0 to Orders−1. It may be called while the sink has the page.
func (a *Archived) Read(i int, img *OrderImage) {
	a.slot.image(a.Page<<pageShift+uint32(i), img)
}

// ArchivePage is the page that an order lies in.
func (id OrderID) ArchivePage() uint32 { return uint32(id.Place() >> pageShift) }

// ArchivePlace is the order's place in its page.
func (id OrderID) ArchivePlace() int { return int(id.Place() & (pageRecords - 1)) }

// closedPage is a page whose orders are all closed, and since when.
type closedPage struct {
	page uint32
	at   Millis
}

// closeOrder notes that the order at a place will not change again, unless somebody has still to do something about its money.
func (s *slot) closeOrder(place uint32, now Millis) {
	if s.hasTasks(place) {
		return
	}
	page := place >> pageShift
	s.orders.users[page]--
	if s.orders.users[page] == 0 && s.orders.isFull(page) {
		s.closed = append(s.closed, closedPage{page, now})
	}
}

// reopenOrder has a closed order stay in memory: it changes again, or there is something to do about its money.
func (s *slot) reopenOrder(place uint32) {
	page := place >> pageShift
	s.orders.users[page]++
	s.closed = slices.DeleteFunc(s.closed, func(c closedPage) bool { return c.page == page })
}

// refer notes that the order at a place refers to its lines, allocations and texts; with a delta of minus one that it no
// longer does.
func (s *slot) refer(place uint32, delta int32) {
	record := s.orders.at(place)
	s.texts.refer(record.text>>textPageShift, delta)
	if record.lines == 0 {
		return
	}
	last := record.firstLine + uint32(record.lines) - 1
	for page := record.firstLine >> pageShift; page <= last>>pageShift; page++ {
		s.lines.refer(page, delta)
	}
	for i := record.firstLine; i <= last; i++ {
		if line := s.lines.at(i); line.stored() > 0 {
			end := line.allocation + line.stored() - 1
			for page := line.allocation >> pageShift; page <= end>>pageShift; page++ {
				s.allocations.refer(page, delta)
			}
		}
	}
}

// ClosedPages appends to dst the first orders of pages of a slot that have been closed since before a time or longer, at
// most so many, those closed first first.
func (m *Machine) ClosedPages(id Slot, before Millis, most int, dst []OrderID) []OrderID {
	s := &m.slots[id]
	for _, c := range s.closed {
		if most == 0 || c.at > before {
			break
		}
		if s.orders.isHere(c.page) {
			dst = append(dst, MakeOrderID(id, false, c.page<<pageShift))
			most--
		}
	}
	return dst
}

// PageBytes is what the orders of a page take in memory with their lines, allocations and texts, which is about what the archive
// takes of them. It stops to count when that is more than enough.
func (m *Machine) PageBytes(first OrderID, enough int) (bytes int) {
	s := &m.slots[first.Home()]
	place := first.ArchivePage() << pageShift
	for end := place + pageRecords; place < end && bytes <= enough; place++ {
		record := s.orders.at(place)
		customer, external := s.texts.get(record.text)
		if record.flags&orderHasLife != 0 {
			bytes += int(record.lines) * int(unsafe.Sizeof(lifeLineRecord{}))
			s.eachReturn(place, func(*ReturnImage) bool {
				bytes += int(unsafe.Sizeof(returnRecord{}))
				return bytes <= enough
			})
		}
		if record.flags&orderHasAccount != 0 {
			bytes += s.accountBytes(place)
		}
		bytes += int(unsafe.Sizeof(*record)) + len(customer) + len(external)
		for i := record.firstLine; i < record.firstLine+uint32(record.lines); i++ {
			line := s.lines.at(i)
			bytes += int(unsafe.Sizeof(*line)) + (int(line.allocations)+1)*int(unsafe.Sizeof(allocationRecord{}))
		}
	}
	return bytes
}

// ArchivedOrders is the number of orders of a slot that have left.
func (m *Machine) ArchivedOrders(id Slot) int { return int(m.slots[id].left) * pageRecords }

// IsArchived tells whether an order's number is one of those that have left.
func (m *Machine) IsArchived(id OrderID) bool {
	s := &m.slots[id.Home()]
	return id.Place() < uint64(s.orders.length) && !s.orders.isHere(id.ArchivePage())
}

// gatherArchive looks whether the page may leave.
func (s *slot) gatherArchive(st *Step) {
	if s.id != st.home {
		return
	}
	page := st.command.Order.ArchivePage()
	st.place = page
	st.known = st.command.Order.Place() < uint64(s.orders.length) && s.orders.isFull(page) && s.orders.isHere(page) &&
		s.orders.users[page] == 0
}

// decideArchive lets a page go whose orders are all closed. Of any other nothing changes: a page that has left already,
// or that the host was wrong about.
func decideArchive(st *Step) {
	st.Outcome.Order = st.command.Order
	st.Outcome.Changed = st.known
}

// applyArchive hands the page's orders over and forgets them.
func (s *slot) applyArchive(st *Step, sink Sink) {
	if s.id != st.home {
		return
	}
	page := st.place
	sink.Archived(&Archived{Slot: s.id, Page: page, Orders: pageRecords, slot: s})
	first := page << pageShift
	for place := first; place < first+pageRecords; place++ {
		record := s.orders.at(place)
		if _, external := s.texts.get(record.text); len(external) > 0 {
			found := s.externals.Delete(s.externalHash(record.channel, external), place)
			invariant.Check(found, "an external id is in its index")
		}
		s.refer(place, -1)
		s.settleOrder(place)
		s.dropLife(place)
		s.dropAccount(place)
		s.dropRevision(place)
	}
	s.drop(&s.orders, page)
	s.left++
	dropUnused(s, &s.lines.usage, &s.lines)
	dropUnused(s, &s.allocations.usage, &s.allocations)
	dropUnused(s, &s.texts.usage, &s.texts)
	for len(s.closed) > 0 && !s.orders.isHere(s.closed[0].page) {
		s.closed = s.closed[1:]
	}
}

// drop lets a page go, and keeps its digest in that of the slot.
func (s *slot) drop(store pageStore, page uint32) {
	bytes, state := store.page(page)
	if state.marks&pageDigested == 0 {
		state.digest = DigestPage(bytes)
	}
	s.archived = s.archived.add(uint64(store.image().Kind), uint64(page)).addDigest(state.digest)
	store.drop(page)
}

// dropUnused lets the pages go that nobody refers to any more and that nothing will be added to.
func dropUnused(s *slot, u *usage, store pageStore) {
	if len(u.unused) == 0 {
		return
	}
	slices.Sort(u.unused) // so that the order in which pages go is the same after a restore
	kept := u.unused[:0]
	for _, page := range slices.Compact(u.unused) {
		switch {
		case u.users[page] != 0 || !store.isHere(page):
		case store.isFull(page):
			s.drop(store, page)
		default:
			kept = append(kept, page)
		}
	}
	u.unused = kept
}

// usage counts, for each page of a slab, the orders in memory that refer to it. Those of the orders' own slab count the
// orders that are not closed.
type usage struct {
	users  []int32
	unused []uint32 // pages that nobody refers to any more; the last one waits here until it is full
}

func (u *usage) refer(page uint32, delta int32) {
	u.users[page] += delta
	if u.users[page] == 0 {
		u.unused = append(u.unused, page)
	}
}

// findUnused is for a restored slab.
func (u *usage) findUnused(store pageStore) {
	for page := range u.users {
		if u.users[page] == 0 && store.isHere(uint32(page)) {
			u.unused = append(u.unused, uint32(page))
		}
	}
}
