package core

import "holdfast/engine/invariant"

// The document of an order lies under the command that placed it, until an edit brings another one. Which edit that was is kept in the home
// slot, in a record of its own that is found by the order's place: few orders are edited, and the others pay nothing for it.

// revisionRecord says which edit brought the document of an order.
type revisionRecord struct {
	document Sequence
	order    uint32 // its place in orders, plus one; 0 while the record is free
	next     uint32 // while the record is free, the next free one
}

func (s *slot) revisionHash(order uint32) uint64 { return finish(uint64(order) ^ s.seed ^ digestD) }

// findRevision gives the place of the record of an order that has one.
func (s *slot) findRevision(order uint32) uint32 {
	place, ok := s.revisionOf.Find(s.revisionHash(order), func(place uint32) bool { return s.revisions.at(place).order == order+1 })
	invariant.Check(ok, "a revision is in its index")
	return place
}

// revise notes that a command brought the document of an order.
func (s *slot) revise(order uint32, document Sequence) {
	record := s.orders.mut(order)
	record.flags |= hasDocument
	if record.marks&orderRevised != 0 {
		s.revisions.mut(s.findRevision(order)).document = document
		return
	}
	record.marks |= orderRevised
	place := s.revisions.acquire()
	*s.revisions.mut(place) = revisionRecord{document: document, order: order + 1}
	s.revisionOf.Insert(s.revisionHash(order), place)
}

// dropRevision forgets the record of an order that leaves.
func (s *slot) dropRevision(order uint32) {
	if s.orders.at(order).marks&orderRevised == 0 {
		return
	}
	place := s.findRevision(order)
	s.revisionOf.Delete(s.revisionHash(order), place)
	s.revisions.release(place)
}

// restoreRevisions enters the records where they are found.
func (s *slot) restoreRevisions() {
	for place := range s.revisions.length {
		if order := s.revisions.at(place).order; order != 0 {
			s.revisionOf.Insert(s.revisionHash(order-1), place)
		}
	}
}

// auditRevisions checks that each record is that of an order which knows of it, and that no order lacks its own.
func (a *auditor) auditRevisions(s *slot) {
	live := uint32(0)
	for place := range s.revisions.length {
		record := s.revisions.at(place)
		if record.order == 0 {
			continue
		}
		live++
		order := record.order - 1
		if order >= s.orders.length || !s.orders.isHere(order>>pageShift) {
			a.violate(Violation{Kind: ViolationRevision, Order: MakeOrderID(s.id, false, order)})
			continue
		}
		owner := s.orders.at(order)
		if owner.marks&orderRevised == 0 || owner.flags&hasDocument == 0 || record.document <= owner.created {
			a.violate(Violation{Kind: ViolationRevision, Order: s.idOf(order)})
		}
	}
	a.expect(Quantity(a.revised[s.id]), Quantity(live), Violation{Kind: ViolationRevision, Order: MakeOrderID(s.id, false, 0)})
	a.checkLive(s, live, s.revisions.live)
}
