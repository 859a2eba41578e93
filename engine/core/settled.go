package core

// An order that was delivered leaves memory some day, and what limits per customer, pools and sales counted of it stays counted. An audit adds up what
// the orders in memory say; what those said that have left is in a few sums, kept where they were.

// settledRecord counts units of archived orders that were delivered, which nobody could add up any more: what limits, pools and sales count of
// them stays counted.
type settledRecord struct {
	units      Quantity
	sku        SKUID
	sale       SaleID
	generation uint32 // of the pool
	channel    ChannelID
	kind       uint8
	identity   IdentityKind
}

// Kinds of settledRecord.
const (
	settledCounted  uint8 = 1 // against limits per customer of the SKU
	settledPooled   uint8 = 2 // out of the pool of the SKU in the channel
	settledSaleItem uint8 = 3 // in the sale, of the SKU
	settledBuyers   uint8 = 4 // in the sale, of all buyers, by one kind of identity
)

// isSame tells whether two records count the same.
func (r settledRecord) isSame(o settledRecord) bool {
	r.units = o.units
	return r == o
}

// addSettled adds to what is settled.
func (s *slot) addSettled(r settledRecord) {
	if r.units == 0 {
		return
	}
	hash := s.settledHash(r)
	place, ok := s.settledOf.Find(hash, func(place uint32) bool { return s.settled.at(place).isSame(r) })
	if !ok {
		place = s.settled.push()
		*s.settled.mut(place) = r
		s.settledOf.Insert(hash, place)
		return
	}
	s.settled.mut(place).units += r.units
}

func (s *slot) settledHash(r settledRecord) uint64 {
	high := uint64(r.sku)<<32 | uint64(r.sale)
	return finish(fold(high^s.seed, uint64(r.generation)<<32|uint64(r.channel)<<16|uint64(r.kind)<<8|uint64(r.identity)))
}

// settleOrder settles an order that leaves, if it was delivered.
func (s *slot) settleOrder(place uint32) {
	record := s.orders.at(place)
	if record.status != StatusClosed {
		return
	}
	image := &s.expiry.Order
	s.image(place, image)
	units := Quantity(0)
	for i := range image.Lines {
		life := image.LineLife(i)
		l, line := &image.Lines[i], s.lines.at(record.firstLine+uint32(i))
		n := l.Quantity - life.Cancelled
		if line.flags&lineCounted != 0 {
			s.addSettled(settledRecord{kind: settledCounted, sku: l.SKU, units: n})
		}
		if line.flags&linePooled != 0 {
			pooled, pool := s.pooled(line)
			s.addSettled(settledRecord{kind: settledPooled, sku: l.SKU, channel: image.Channel, generation: pool, units: pooled})
		}
		if image.Sale != 0 && l.Role != LineOfComponent {
			units += n
			s.addSettled(settledRecord{kind: settledSaleItem, sku: l.SKU, sale: image.Sale, units: n})
		}
	}
	if image.Sale != 0 {
		eachIdentity(image.Customer, image.Identities, func(kind IdentityKind, _ customerHash) {
			s.addSettled(settledRecord{kind: settledBuyers, sale: image.Sale, identity: kind, units: units})
		})
	}
}

// settledUnits are units of orders that have left, of which only the sum over all customers is known: of a SKU with a limit, or of the buyers in a
// sale by one kind of identity.
type settledUnits struct {
	sku   SKUID
	sale  SaleID
	kind  IdentityKind
	units Quantity
}

// settledLike gives what is settled of the same.
func (a *auditor) settledLike(like settledUnits) *settledUnits {
	for i := range a.settled {
		if u := &a.settled[i]; u.sku == like.sku && u.sale == like.sale && u.kind == like.kind {
			return u
		}
	}
	a.settled = append(a.settled, settledUnits{sku: like.sku, sale: like.sale, kind: like.kind})
	return &a.settled[len(a.settled)-1]
}

// takeSettled takes units that are counted of somebody, and of no order in memory, out of what is settled: all of them or none.
func (a *auditor) takeSettled(like settledUnits, units Quantity) Quantity {
	if units <= 0 {
		return 0
	}
	settled := a.settledLike(like)
	if units > settled.units {
		return 0
	}
	settled.units -= units
	return units
}

// tallySettled adds what is settled to what the orders in memory say.
func (a *auditor) tallySettled(s *slot) {
	for place := range s.settled.length {
		r := s.settled.at(place)
		switch r.kind {
		case settledCounted:
			a.settledLike(settledUnits{sku: r.sku}).units += r.units
		case settledPooled:
			a.tallyPool(r.sku, r.channel, r.generation, r.units)
		case settledSaleItem:
			sale := &a.machine.slots[r.sale.Slot()]
			if item, ok := sale.findSaleItem(r.sale, r.sku); ok {
				a.items[sale.id][item].sold += r.units
			}
		case settledBuyers:
			a.settledLike(settledUnits{sale: r.sale, kind: r.identity}).units += r.units
		default:
			a.violate(Violation{Kind: ViolationSettled, SKU: r.sku})
		}
	}
}

// auditBuyer compares the units counted of a buyer with those of the orders in memory. Of orders that have left only the sum over all buyers of a
// sale is known.
func (a *auditor) auditBuyer(s *slot, units Quantity, record *saleBuyerRecord) {
	left := a.takeSettled(settledUnits{sale: record.sale, kind: record.kind}, record.units-units)
	a.expect(units, record.units-left, Violation{Kind: ViolationSaleBuyer, Order: MakeOrderID(s.id, false, 0)})
}

// checkSettled checks that all that left was counted of some buyer.
func (a *auditor) checkSettled() {
	var lost Quantity
	for i := range a.settled {
		lost += a.settled[i].units
	}
	a.expect(0, lost, Violation{Kind: ViolationSettled})
}

// restoreSettled enters what is settled where it is found.
func (s *slot) restoreSettled() {
	for place := range s.settled.length {
		s.settledOf.Insert(s.settledHash(*s.settled.at(place)), place)
	}
}
