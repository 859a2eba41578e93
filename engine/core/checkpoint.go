package core

import "holdfast/engine/invariant"

// A checkpoint is the state as it was between two commands. It is taken without a pause: Freeze only marks the pages
// that changed since the checkpoint before, and the host copies them when it has time, with KeepPages. A page that is
// about to change before it was copied is copied first. So everything kept is of one moment, while commands go on.

// SlabKind names the slabs of a slot. The numbers are in checkpoints and must not change.
type SlabKind uint8

const (
	SlabSKUs SlabKind = iota + 1
	SlabLevels
	SlabOrders
	SlabLines
	SlabAllocations
	SlabTexts
	SlabParts
	SlabPartLines
	SlabLimits
	SlabSaleItems
	SlabSaleBuyers
	SlabSaleTickets
	SlabSaleQueues
	SlabRules
	SlabInbounds
	SlabInboundLines
	SlabLots
	SlabWaiting
	SlabComponents
	SlabSaleWaiters
	SlabLives
	SlabLifeLines
	SlabShipments
	SlabShipmentLines
	SlabReports
	SlabSettled
	SlabBookings
	SlabCases
	SlabAccounts
	SlabAmounts
	SlabEntries
	SlabReturns
	SlabReturnLines
	SlabRefunds
	SlabRevisions
	SlabFulfilments
	SlabFulfilmentLines

	// SlabKinds is the number of slabs that a slot has.
	SlabKinds = int(iota)
)

// SlabImage is what a checkpoint knows of a slab beside its pages.
type SlabImage struct {
	Kind   SlabKind
	Length uint32 // records, or bytes of texts
	Pages  uint32
	Free   uint32 // of records that are used again: the head of the list of free ones
	Live   uint32 // and how many are in use
}

// Fits reports whether as many records can lie in as many pages.
func (i SlabImage) Fits() bool {
	size := uint64(pageRecords)
	if i.Kind == SlabTexts {
		size = textPageBytes
	}
	return uint64(i.Length) <= uint64(i.Pages)*size && i.Free <= i.Length && i.Live <= i.Length
}

// PageID names a page.
type PageID struct {
	Slot   Slot
	Slab   SlabKind
	Number uint32
}

// pageMarks say who has taken note of a page since it changed last; 0 is nobody.
type pageMarks uint8

const (
	pageDigested pageMarks = 1 << iota // digest is that of the bytes
	pageSaved                          // the last checkpoint, or the one under way, has it
	pagePending                        // the checkpoint under way is yet to copy it
)

// pageState is what is known of a page.
type pageState struct {
	marks  pageMarks
	digest Digest
}

// droppedPage is the state of a page that is not in memory: no checkpoint has it, and its digest in the slab's is zero.
var droppedPage = pageState{marks: pageDigested | pageSaved}

// pageStore is a slab, whatever its records are.
type pageStore interface {
	image() SlabImage
	page(n uint32) ([]byte, *pageState)
	restore(image SlabImage, dropped func(n uint32) bool)
	isHere(n uint32) bool
	isFull(n uint32) bool
	drop(n uint32)
}

// stores gives a slot's slabs in the order of their kinds.
func (s *slot) stores() [SlabKinds]pageStore {
	return [SlabKinds]pageStore{
		&s.skus, &s.levels, &s.orders, &s.lines, &s.allocations, &s.texts, &s.parts, &s.partLines, &s.limits,
		&s.desk.items, &s.desk.buyers, &s.desk.tickets, &s.desk.queues,
		&s.rules, &s.inbounds, &s.inboundLines, &s.lots, &s.waiting, &s.components, &s.desk.waiters,
		&s.lives, &s.lifeLines, &s.shipments, &s.shipmentLines,
		&s.reports, &s.settled,
		&s.book.bookings, &s.cases,
		&s.accounts, &s.amounts, &s.entries,
		&s.returns, &s.returnLines, &s.refunds,
		&s.revisions,
		&s.fulfilments, &s.fulfilmentLines,
	}
}

// storeOf gives the slab of a kind, nil for a kind that does not exist.
func (s *slot) storeOf(kind SlabKind) pageStore {
	if kind < 1 || int(kind) > SlabKinds {
		return nil
	}
	return s.stores()[kind-1]
}

// keeper is a slot's part of the checkpoint under way.
type keeper struct {
	slot   Slot
	keep   func(id PageID, bytes []byte)
	frozen []PageID // all pages of the checkpoint
	left   int      // of those, yet to be looked at: some may have been kept since, because they were about to change
}

func (k *keeper) keepPage(kind SlabKind, n uint32, bytes []byte) {
	k.keep(PageID{Slot: k.slot, Slab: kind, Number: n}, bytes)
}

// Freeze begins a checkpoint of a slot: it gives the slot's slabs as they are, and has keep called, until KeepPages
// says that all is done, with every page that changed since the checkpoint before, as it is now. keep runs on whatever
// goroutine changes the slot or calls KeepPages, and copies the bytes. The checkpoint before must be done.
func (m *Machine) Freeze(id Slot, keep func(id PageID, bytes []byte)) (images [SlabKinds]SlabImage) {
	s := &m.slots[id]
	invariant.Check(s.keeper.left == 0, "one checkpoint is taken at a time")
	s.keeper.keep, s.keeper.frozen = keep, s.keeper.frozen[:0]
	for i, store := range s.stores() {
		images[i] = store.image()
		for n := range images[i].Pages {
			if _, state := store.page(n); state.marks&pageSaved == 0 {
				state.marks |= pageSaved | pagePending
				s.keeper.frozen = append(s.keeper.frozen, PageID{Slot: id, Slab: images[i].Kind, Number: n})
			}
		}
	}
	s.keeper.left = len(s.keeper.frozen)
	return images
}

// Thaw ends a checkpoint of a slot that comes to nothing, wherever it stands: the pages that it was to keep, or has kept, are
// those of the next one again. It runs where commands run.
func (m *Machine) Thaw(id Slot) {
	s := &m.slots[id]
	stores := s.stores()
	for _, page := range s.keeper.frozen {
		if store := stores[page.Slab-1]; store.isHere(page.Number) { // what was archived since is in no checkpoint any more
			_, state := store.page(page.Number)
			state.marks &^= pageSaved | pagePending
		}
	}
	s.keeper.frozen, s.keeper.left = s.keeper.frozen[:0], 0
}

// Unsave has the next checkpoint keep a page although it has not changed.
func (m *Machine) Unsave(id PageID) {
	store := m.slots[id.Slot].storeOf(id.Slab)
	invariant.Check(store != nil && id.Number < store.image().Pages, "a page that was kept exists")
	_, state := store.page(id.Number)
	state.marks &^= pageSaved
}

// KeepPages keeps pages of a slot until they make up about so many bytes, and gives what they made up. done means
// that none is left. It runs where commands run.
func (m *Machine) KeepPages(id Slot, budget int) (kept int, done bool) {
	s := &m.slots[id]
	stores := s.stores()
	k := &s.keeper
	for k.left > 0 && kept < budget {
		k.left--
		page := k.frozen[k.left]
		bytes, state := stores[page.Slab-1].page(page.Number)
		if state.marks&pagePending != 0 {
			state.marks &^= pagePending
			k.keep(page, bytes)
			kept += len(bytes)
		}
	}
	return kept, k.left == 0
}

// DigestPage is the digest of a page's bytes.
func DigestPage(bytes []byte) Digest { return Digest{}.addBytes(bytes) }

// DigestSlab is the digest of a slab from those of its pages.
func DigestSlab(image SlabImage, pageDigest func(n uint32) Digest) Digest {
	d := Digest{}.add(uint64(image.Length), uint64(image.Pages))
	for n := range image.Pages {
		d = d.addDigest(pageDigest(n))
	}
	if image.Kind >= SlabParts {
		d = d.add(uint64(image.Free), uint64(image.Live))
	}
	return d
}

// DigestSlabs is the digest of a slot from those of its slabs, in the order of their kinds, and that of what was archived.
func DigestSlabs(id Slot, slabs [SlabKinds]Digest, archived Digest) Digest {
	d := Digest{}.add(uint64(id), 1).addDigest(archived)
	for _, slab := range slabs {
		d = d.addDigest(slab)
	}
	return d
}

// DigestSlots is the digest of a state from that of its tables and those of its slots.
func DigestSlots(tables Digest, slots *[SlotCount]Digest) Digest {
	d := tables
	for _, slot := range slots {
		d = d.addDigest(slot)
	}
	return d
}

// digestStore is the digest of a slab; only pages changed since the last call are read.
func digestStore(store pageStore) Digest {
	return DigestSlab(store.image(), func(n uint32) Digest {
		bytes, state := store.page(n)
		if state.marks&pageDigested == 0 {
			state.digest = DigestPage(bytes)
			state.marks |= pageDigested
		}
		return state.digest
	})
}

// RestoreSlab gives a slab of a new machine the size that it had, without the pages that were archived. Its other pages,
// all of them, follow with RestorePage, and then RestoreIndexes for the slot. It is false for a kind of slab that does
// not exist, and for one that is never archived.
func (m *Machine) RestoreSlab(id Slot, image SlabImage, dropped func(n uint32) bool) bool {
	store := m.slots[id].storeOf(image.Kind)
	if store == nil {
		return false
	}
	store.restore(image, dropped)
	for n := range image.Pages {
		if !store.isHere(n) && (!image.Kind.archives() || !store.isFull(n)) {
			return false
		}
	}
	return true
}

// archives tells whether pages of a slab can be archived.
func (k SlabKind) archives() bool {
	return k == SlabOrders || k == SlabLines || k == SlabAllocations || k == SlabTexts
}

// RestoreArchived gives a slot of a new machine the digest of what was archived.
func (m *Machine) RestoreArchived(id Slot, archived Digest) { m.slots[id].archived = archived }

// Archived is the digest of what left a slot.
func (m *Machine) Archived(id Slot) Digest { return m.slots[id].archived }

// IsDropped tells whether a page was archived.
func (m *Machine) IsDropped(id PageID) bool {
	return !m.slots[id.Slot].storeOf(id.Slab).isHere(id.Number)
}

// RestorePage fills a page with what was kept of it; false says that there is no such page, or none of that size. The
// digest has been compared with the bytes by the caller.
func (m *Machine) RestorePage(id PageID, bytes []byte, digest Digest) bool {
	store := m.slots[id.Slot].storeOf(id.Slab)
	if store == nil || id.Number >= store.image().Pages {
		return false
	}
	page, state := store.page(id.Number)
	if len(page) != len(bytes) {
		return false
	}
	copy(page, bytes)
	state.marks, state.digest = pageDigested|pageSaved, digest
	return true
}

// RestoreIndexes derives from a slot's records what is not in checkpoints. Pages of closed orders count as closed since
// now, the time of the checkpoint. Slots may be restored side by side.
func (m *Machine) RestoreIndexes(id Slot, now Millis) {
	s := &m.slots[id]
	s.mark = make([]uint8, s.skus.length)
	for place := range s.skus.length {
		sku := s.skus.at(place)
		at := sku.name
		name, _ := s.texts.get(at)
		s.texts.refer(at>>textPageShift, 1)
		s.names.Insert(indexHash(s.seed, name), place)
		s.touch(sku, MakeSKUID(id, place))
	}
	s.restoreAccounts()
	for page := range uint32(len(s.orders.pages)) {
		s.restoreOrders(page, now)
	}
	s.lines.findUnused(&s.lines)
	s.allocations.findUnused(&s.allocations)
	s.texts.findUnused(&s.texts)
	for place := range s.parts.length {
		if part := s.parts.at(place); part.deadline != 0 {
			s.partIndex.Insert(s.partHash(part.order), place)
			s.due.push(dueRecord{deadline: part.deadline, order: part.order, place: place, of: duePart})
		}
	}
	for place := range s.waiting.length {
		if w := s.waiting.at(place); w.units != 0 {
			s.waitingIndex.Insert(s.waitingHash(w.order), place)
		}
	}
	for place := range s.limits.length {
		if limit := s.limits.at(place); limit.units != 0 {
			s.limitOf.Insert(s.limitHash(limit.customer, limit.sku), place)
		}
	}
	s.restoreDesk()
	s.restoreBook()
	s.restoreLives()
	s.restoreSettled()
	s.restoreRevisions()
	s.restoreUnpaid(now)
	for place := range s.rules.length {
		s.awaitInstant(place)
	}
	for place := range s.components.length {
		if s.components.at(place).quantity != 0 {
			s.indexComponent(place)
		}
	}
	for place := range s.inbounds.length {
		s.indexInbound(place)
	}
	for place := range s.cases.length {
		s.indexCase(place)
	}
}

func (s *slot) restoreOrders(page uint32, now Millis) {
	if !s.orders.isHere(page) {
		s.left++
		return
	}
	for place := page << pageShift; place < min((page+1)<<pageShift, s.orders.length); place++ {
		s.restoreOrder(place)
	}
	if s.orders.users[page] == 0 && s.orders.isFull(page) {
		s.closed = append(s.closed, closedPage{page, now})
	}
}

func (s *slot) restoreOrder(place uint32) {
	record := s.orders.at(place)
	if !record.status.IsClosed() || s.hasTasks(place) {
		s.orders.users[place>>pageShift]++
	}
	s.refer(place, 1)
	if _, external := s.texts.get(record.text); len(external) > 0 {
		s.externals.Insert(s.externalHash(record.channel, external), place)
	}
	if record.status == StatusHeld {
		s.due.push(dueRecord{deadline: record.deadline, order: s.idOf(place), place: place})
	}
}

// RestoreLocation puts a row into the table of locations of a new machine. Rows come in the order of their numbers;
// false says that this one does not.
func (m *Machine) RestoreLocation(image *LocationImage) bool {
	if int(image.ID) > len(m.locations) || int(image.ID) >= MaxLocations {
		return false
	}
	if int(image.ID) == len(m.locations) {
		m.locations = append(m.locations, location{})
	}
	m.countCapacity(&m.locations[image.ID], -1)
	m.locations[image.ID] = location{
		name:        append([]byte(nil), image.Name...),
		settings:    image.Settings,
		version:     image.Version,
		changed:     image.Changed,
		hasDocument: image.HasDocument,
		point:       positionOf(&image.Settings),
	}
	m.countCapacity(&m.locations[image.ID], 1)
	return true
}

// RestoreChannel is RestoreLocation for the table of channels.
func (m *Machine) RestoreChannel(image *ChannelImage) bool {
	if int(image.ID) > len(m.channels) || int(image.ID) >= MaxChannels {
		return false
	}
	if int(image.ID) == len(m.channels) {
		m.channels = append(m.channels, channel{})
	}
	m.channels[image.ID] = channel{
		name:        append([]byte(nil), image.Name...),
		settings:    image.Settings,
		version:     image.Version,
		changed:     image.Changed,
		hasDocument: image.HasDocument,
	}
	return true
}
