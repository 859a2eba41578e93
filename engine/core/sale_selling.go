package core

import "holdfast/engine/invariant"

// saleFinding is what the slot of a sale found about an order or a hold in it.
type saleFinding struct {
	items      []saleItemFinding // of each line
	bought     [IdentityKinds]Quantity
	expired    uint32 // holds of the customer
	ticketUsed bool
	row        *sale // once decided; nil for a sale that is not there
	allowed    Quantity
	identity   IdentityKind // by which no more is allowed
}

// saleItemFinding is what there is of a line's SKU in the sale.
type saleItemFinding struct {
	listed bool
	left   Quantity // of the quota
	room   Quantity // for holds; MaxBackordered for no limit
	ahead  Quantity // units that people wait for
	wanted Quantity // of an order with kits, at the first line of the SKU: what its lines ask for, but for those of components
	asker  int32    // and which of them is the first; −1 for none
}

// gatherSale finds out, in the sale's slot, what the decision needs of the sale.
func (s *slot) gatherSale(st *Step) {
	c := st.command
	f := &st.sale
	f.items = resize(f.items, len(st.asked))
	for i := range st.asked {
		f.items[i] = saleItemFinding{room: MaxBackordered, asker: -1}
		if place, ok := s.findSaleItem(c.Sale, st.asked[i].SKU); ok {
			item := &f.items[i]
			record := s.desk.items.at(place)
			item.listed, item.left, item.ahead = record.flags&saleItemListed != 0, record.left(), record.waited
			if record.maxHeld > 0 {
				item.room = max(0, record.maxHeld-record.held)
			}
		}
	}
	f.bought, f.expired = [IdentityKinds]Quantity{}, 0
	eachIdentity(c.Customer, c.Identities, func(kind IdentityKind, who customerHash) {
		if place, ok := s.findSaleBuyer(c.Sale, kind, who); ok {
			buyer := s.desk.buyers.at(place)
			f.bought[kind] = buyer.units
			if c.Kind == CommandJoinWaitlist {
				f.bought[kind] += buyer.waited
			}
			if kind == IdentityCustomer {
				f.expired = buyer.expired
			}
		}
	})
	f.ticketUsed = s.isTicketUsed(c.Sale, c.Ticket)
}

// eachIdentity calls do for a customer and the secondary identities that came with it.
func eachIdentity(customer, identities []byte, do func(kind IdentityKind, who customerHash)) {
	do(IdentityCustomer, hashCustomer(customer))
	for ; len(identities) > 0; identities = identities[IdentitySize:] {
		do(IdentityKind(identities[0]), customerHash{high: load64(identities[1:]), low: load64(identities[9:])})
	}
}

// refusesSale checks what a sale asks of the order itself, before any units are looked at.
func (m *Machine) refusesSale(st *Step) bool {
	c := st.command
	row := m.saleOf(c.Sale)
	st.sale.row = row
	if row == nil {
		st.refuse(ReasonSaleNotFound)
		return true
	}
	rules := &row.settings
	if st.hasKits {
		st.sumAsked()
	}
	switch {
	case st.now < rules.StartsAt:
		st.refuse(ReasonSaleNotStarted).At = rules.StartsAt
	case st.now >= rules.EndsAt:
		st.refuse(ReasonSaleEnded).At = rules.EndsAt
	case st.notInSale():
	case rules.Queue.Required && c.Ticket == 0 && c.places():
		st.refuse(ReasonTicketRequired)
	case st.sale.ticketUsed:
		st.refuse(ReasonTicketUsed)
	case c.Kind != CommandPlaceOrder && rules.MaxExpired > 0 && st.sale.expired >= rules.MaxExpired:
		st.refuse(ReasonExpiredTooOften)
	}
	return st.Outcome.Reason != ReasonNone
}

// sumAsked adds up the lines of each SKU of an order with kits. Those of components are no units of the sale: their kits are.
func (st *Step) sumAsked() {
	for i := range st.lines {
		if st.ofComponent(i) {
			continue
		}
		item := &st.sale.items[st.lines[i].first]
		if item.asker < 0 {
			item.asker = int32(i)
		}
		item.wanted += st.asked[i].Quantity
	}
}

// asksFor is how many units of the sale a SKU's lines ask for together, at the first of those that count there.
func (st *Step) asksFor(i int) (n Quantity, first bool) {
	f := &st.lines[i]
	if !st.hasKits {
		return f.total, int(f.first) == i
	}
	item := &st.sale.items[f.first]
	return item.wanted, int(item.asker) == i
}

// refuseItem adds a line to the refusal, with the units that count in the sale.
func (st *Step) refuseItem(reason Reason, i int, available Quantity) {
	if st.Outcome.Reason == ReasonNone {
		st.refuse(reason)
	}
	n, _ := st.asksFor(i)
	st.refusal.Lines = append(st.refusal.Lines, RefusedLine{Index: st.originOf(i), SKU: st.asked[i].SKU, Requested: n, Available: available})
}

// notInSale refuses lines of SKUs that the sale does not sell.
func (st *Step) notInSale() bool {
	for i := range st.lines {
		if _, first := st.asksFor(i); first && !st.sale.items[i].listed {
			st.refuseItem(ReasonSKUNotInSale, i, 0)
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// overItems refuses what is more than the sale allows of a SKU, held at once or at all.
func (st *Step) overItems() bool {
	if st.command.Kind == CommandPlaceHold && st.overItem(ReasonHoldCap, (*saleItemFinding).holdRoom) {
		return true
	}
	return st.overItem(ReasonSaleQuota, (*saleItemFinding).quotaLeft)
}

func (f *saleItemFinding) holdRoom() Quantity  { return f.room }
func (f *saleItemFinding) quotaLeft() Quantity { return f.left }

func (st *Step) overItem(reason Reason, most func(f *saleItemFinding) Quantity) bool {
	for i := range st.lines {
		most := most(&st.sale.items[i])
		if n, first := st.asksFor(i); first && n > most {
			st.refuseItem(reason, i, most)
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// overBuyer refuses more units than the buyer may have in the whole sale, known by any identity.
func (st *Step) overBuyer() bool {
	total := Quantity(0)
	for i := range st.lines {
		if n, first := st.asksFor(i); first {
			total += n
		}
	}
	if st.findAllowed(); total > st.sale.allowed {
		st.refuseBuyer(total)
	}
	return st.Outcome.Reason != ReasonNone
}

// refuseBuyer names the identity that no more is allowed by. The refused line stands for all lines.
func (st *Step) refuseBuyer(requested Quantity) {
	r := st.refuse(ReasonSaleLimit)
	r.Identity = st.sale.identity
	r.Lines = append(r.Lines, RefusedLine{SKU: st.command.Lines[0].SKU, Requested: requested, Available: max(0, st.sale.allowed)})
}

// findAllowed finds how many units the buyer may still have, and the first kind of identity that it may not have more by.
func (st *Step) findAllowed() {
	c, f := st.command, &st.sale
	f.allowed = MaxBackordered
	eachIdentity(c.Customer, c.Identities, func(kind IdentityKind, _ customerHash) {
		if limit := f.row.settings.Limits[kind]; limit > 0 && limit-f.bought[kind] < f.allowed {
			f.allowed, f.identity = limit-f.bought[kind], kind
		}
	})
}

// grantSale lowers a hold up to what there is to what the buyer may have in the whole sale: its lines get their units in
// their order, and one that would get nothing refuses the hold.
func (st *Step) grantSale() bool {
	st.findAllowed()
	left := st.sale.allowed
	requested := Quantity(0)
	for i := range st.lines {
		st.lines[i].total = 0
		requested += st.command.Lines[i].Quantity
	}
	for i := range st.lines {
		first := &st.lines[st.lines[i].first]
		n := min(st.command.Lines[i].Quantity, first.granted-first.total, left)
		if n <= 0 {
			st.refuseBuyer(requested)
			return false
		}
		left -= n
		first.total += n
	}
	for i := range st.lines {
		if f := &st.lines[i]; int(f.first) == i {
			f.granted = f.total
		}
	}
	return true
}

// saleTTL is how long a hold in a sale may last: half as long for every hold of the customer that expired.
func (st *Step) saleTTL() Millis {
	ttl := st.command.TTL
	if st.command.Kind == CommandServeWaitlist {
		return st.sale.row.settings.WaitlistTTL
	}
	if most := st.sale.row.settings.MaxTTL; most > 0 {
		ttl = min(ttl, most)
	}
	return shortened(ttl, st.sale.expired)
}

// shortened is a time after so many expired holds: half of it for each, but no less than minSaleTTL for that.
func shortened(ttl Millis, expired uint32) Millis {
	return max(ttl>>min(expired, 62), min(ttl, minSaleTTL))
}

// extendedTo is the deadline that an extension gives a hold. In a sale that is no longer after it was placed than a hold of its customer's may
// be now, or than an offer, if it is one.
func (m *Machine) extendedTo(st *Step) Millis {
	image, ttl := &st.event.Order, st.command.TTL
	row := m.saleOf(image.Sale)
	if row == nil {
		return st.now + ttl
	}
	if m.slots[st.home].orders.at(st.place).flags&orderOffered != 0 {
		return min(st.now+ttl, image.CreatedAt+row.settings.WaitlistTTL)
	}
	expired := m.slots[image.Sale.Slot()].expiredHolds(image.Sale, image.Customer)
	deadline := st.now + shortened(ttl, expired)
	if most := row.settings.MaxTTL; most > 0 {
		return min(deadline, image.CreatedAt+shortened(most, expired))
	}
	return deadline
}

// expiredHolds is how many holds of a customer in a sale have expired.
func (s *slot) expiredHolds(id SaleID, customer []byte) uint32 {
	place, ok := s.findSaleBuyer(id, IdentityCustomer, hashCustomer(customer))
	if !ok {
		return 0
	}
	return s.desk.buyers.at(place).expired
}

// sell counts the units of an order in its sale's slot, as held or as sold; with a sign of minus one they are given back.
func (s *slot) sell(image *OrderImage, held bool, sign Quantity) {
	units := Quantity(0)
	for i := range image.Lines {
		l := &image.Lines[i]
		n := l.Quantity - image.LineLife(i).Cancelled
		if l.Role == LineOfComponent {
			continue
		}
		units += n
		place, ok := s.findSaleItem(image.Sale, l.SKU)
		invariant.Check(ok, "a sale has a record of what it sold")
		s.moveSaleItem(place, held, sign*n)
	}
	eachIdentity(image.Customer, image.Identities, func(kind IdentityKind, who customerHash) {
		s.countSaleBuyer(image.Sale, kind, who, sign*units)
	})
}

// followSale has the sale's slot follow what became of an order.
func (s *slot) followSale(st *Step) {
	switch st.command.Kind {
	case CommandConfirmHold:
		s.settleSale(&st.event.Order)
	case CommandReleaseHold, CommandCancelOrder, CommandCancelLines, CommandResolveCase, CommandExpireUnpaid:
		s.sell(&st.event.Order, st.wasHeld, -1)
	}
}

// customerText is what the texts keep of an order's customer: its name, and behind it what else a sale knows it by.
func (s *slot) customerText(image *OrderImage) []byte {
	if len(image.Identities) == 0 {
		return image.Customer
	}
	s.desk.text = append(append(s.desk.text[:0], image.Customer...), image.Identities...)
	return s.desk.text
}

// saleImage takes customer and identities apart.
func (r *orderRecord) saleImage(img *OrderImage) {
	end := len(img.Customer) - int(r.flags>>identitiesShift&identitiesMask)*IdentitySize
	img.Sale = r.sale
	if end < len(img.Customer) {
		img.Customer, img.Identities = img.Customer[:end:end], img.Customer[end:]
	}
}

// settleSale turns held units of an order into sold ones.
func (s *slot) settleSale(image *OrderImage) {
	for i := range image.Lines {
		l := &image.Lines[i]
		if l.Role == LineOfComponent {
			continue
		}
		place, ok := s.findSaleItem(image.Sale, l.SKU)
		invariant.Check(ok, "a sale has a record of what it sold")
		s.moveSaleItem(place, true, -l.Quantity)
		s.moveSaleItem(place, false, l.Quantity)
	}
}

func (s *slot) moveSaleItem(place uint32, held bool, n Quantity) {
	record := s.desk.items.mut(place)
	if held {
		record.held += n
	} else {
		record.sold += n
	}
	invariant.Check(record.held >= 0 && record.sold >= 0, "units in a sale are never negative")
	s.desk.touch(place)
}

// countSaleBuyer adds to the units that somebody has in a sale. Who has none, waits for none, and let no hold expire, has no record.
func (s *slot) countSaleBuyer(id SaleID, kind IdentityKind, who customerHash, n Quantity) {
	s.moveSaleBuyer(s.makeSaleBuyer(id, kind, who), n)
}

// makeSaleBuyer gives the record of somebody in a sale, and makes it when there is none.
func (s *slot) makeSaleBuyer(id SaleID, kind IdentityKind, who customerHash) uint32 {
	d := &s.desk
	place, ok := s.findSaleBuyer(id, kind, who)
	if !ok {
		place = d.buyers.acquire()
		*d.buyers.mut(place) = saleBuyerRecord{who: who, sale: id, kind: kind}
		d.buyerOf.Insert(s.saleBuyerHash(id, kind, who), place)
	}
	return place
}

func (s *slot) moveSaleBuyer(place uint32, n Quantity) {
	d := &s.desk
	record := d.buyers.mut(place)
	record.units += n
	invariant.Check(record.units >= 0, "a buyer's units in a sale are never negative")
	s.dropSaleBuyer(place)
}

// dropSaleBuyer forgets somebody of whom there is nothing to remember.
func (s *slot) dropSaleBuyer(place uint32) {
	d := &s.desk
	record := d.buyers.at(place)
	if record.units == 0 && record.expired == 0 && record.waited == 0 {
		d.buyerOf.Delete(s.saleBuyerHash(record.sale, record.kind, record.who), place)
		d.buyers.release(place)
	}
}

// expireSale gives the units of an expired hold back in its sale's slot, which is its home too.
func (s *slot) expireSale(image *OrderImage) {
	if place, ok := s.findSaleBuyer(image.Sale, IdentityCustomer, hashCustomer(image.Customer)); ok {
		s.desk.buyers.mut(place).expired++
	}
	s.sell(image, true, -1)
}

func (s *slot) findSaleBuyer(id SaleID, kind IdentityKind, who customerHash) (uint32, bool) {
	cursor := s.desk.buyerOf.Search(s.saleBuyerHash(id, kind, who))
	for cursor.Next() {
		if r := s.desk.buyers.at(cursor.Record()); r.who == who && r.sale == id && r.kind == kind {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *slot) saleBuyerHash(id SaleID, kind IdentityKind, who customerHash) uint64 {
	return finish(fold(who.high^s.seed, who.low^digestB) + uint64(id)<<8 + uint64(kind))
}

// addSalePart writes down, in a sale's slot that is not the hold's home, what to give back when the hold expires. The lines
// name the records that count: those stay where they are as long as they count something.
func (s *slot) addSalePart(part *partRecord, image *OrderImage) {
	units := Quantity(0)
	for i := range image.Lines {
		l := &image.Lines[i]
		if l.Role == LineOfComponent {
			continue
		}
		units += l.Quantity
		place, ok := s.findSaleItem(image.Sale, l.SKU)
		invariant.Check(ok, "a sale has a record of what it sold")
		s.addPartLine(part, partLineRecord{kind: partSaleItem, sku: SKUID(place), quantity: l.Quantity})
	}
	eachIdentity(image.Customer, image.Identities, func(kind IdentityKind, who customerHash) {
		place, ok := s.findSaleBuyer(image.Sale, kind, who)
		invariant.Check(ok, "a sale has a record of its buyers")
		s.addPartLine(part, partLineRecord{kind: partSaleBuyer, sku: SKUID(place), quantity: units})
	})
}

// expireSaleBuyer is for a part: it takes the units of an expired hold from a buyer.
func (s *slot) expireSaleBuyer(place uint32, units Quantity) {
	if s.desk.buyers.at(place).kind == IdentityCustomer {
		s.desk.buyers.mut(place).expired++
	}
	s.moveSaleBuyer(place, -units)
}

func (s *slot) isTicketUsed(id SaleID, ticket uint32) bool {
	place, ok := s.findTicketPage(id, ticket>>ticketPageShift)
	return ok && ticket != 0 && s.desk.tickets.at(place).used[ticketWord(ticket)]>>(ticket&63)&1 != 0
}

// useTicket notes that a hold or an order was made with a ticket.
func (s *slot) useTicket(id SaleID, ticket uint32) {
	if ticket == 0 {
		return
	}
	d := &s.desk
	page := ticket >> ticketPageShift
	place, ok := s.findTicketPage(id, page)
	if !ok {
		place = d.tickets.push()
		record := d.tickets.mut(place)
		record.sale, record.page = id, page
		d.ticketOf.Insert(s.saleTicketHash(id, page), place)
	}
	d.tickets.mut(place).used[ticketWord(ticket)] |= 1 << (ticket & 63)
}

// ticketWord is the place of a ticket's word in its page.
func ticketWord(ticket uint32) uint32 { return ticket >> 6 & (1<<(ticketPageShift-6) - 1) }

func (s *slot) findTicketPage(id SaleID, page uint32) (uint32, bool) {
	cursor := s.desk.ticketOf.Search(s.saleTicketHash(id, page))
	for cursor.Next() {
		if r := s.desk.tickets.at(cursor.Record()); r.sale == id && r.page == page {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *slot) saleTicketHash(id SaleID, page uint32) uint64 {
	return finish(uint64(id)<<32 ^ uint64(page) ^ s.seed ^ digestC)
}
