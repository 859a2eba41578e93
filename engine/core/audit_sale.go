package core

// saleItemTally is what the orders and parts say of an item of a sale.
type saleItemTally struct{ held, sold Quantity }

// tallySale adds an order's units to what its sale has sold and to its buyer. What a live hold has in a sale whose slot is
// not its home is counted from the part there.
func (a *auditor) tallySale(home *slot, image *OrderImage) {
	s := &a.machine.slots[image.Sale.Slot()]
	held := image.Status == StatusHeld
	if !(held && s == home || image.Status == StatusPlaced) {
		return
	}
	units := Quantity(0)
	for i := range image.Lines {
		l := &image.Lines[i]
		if l.Role == LineOfComponent {
			continue
		}
		units += l.Quantity
		place, ok := s.findSaleItem(image.Sale, l.SKU)
		switch {
		case !ok:
			a.violate(Violation{Kind: ViolationSaleItem, SKU: l.SKU, Order: image.ID, Want: l.Quantity})
		case held:
			a.items[s.id][place].held += l.Quantity
		default:
			a.items[s.id][place].sold += l.Quantity
		}
	}
	eachIdentity(image.Customer, image.Identities, func(kind IdentityKind, who customerHash) {
		if place, ok := s.findSaleBuyer(image.Sale, kind, who); ok {
			a.buyers[s.id][place] += units
		} else {
			a.violate(Violation{Kind: ViolationSaleBuyer, Order: image.ID, Want: units})
		}
	})
}

// tallySalePart counts a line of a part if it is about a sale.
func (a *auditor) tallySalePart(s *slot, line *partLineRecord) bool {
	switch line.kind {
	case partSaleItem:
		a.items[s.id][line.sku].held += line.quantity
	case partSaleBuyer:
		a.buyers[s.id][line.sku] += line.quantity
	default:
		return false
	}
	return true
}

// checkRules compares the quotas that a sale's slot keeps with those of the table.
func (a *auditor) checkRules(s *slot) {
	listed := 0
	for place := range s.desk.items.length {
		if s.desk.items.at(place).flags == saleItemListed {
			listed++
		}
	}
	wanted := 0
	for i := range a.machine.sales {
		row := &a.machine.sales[i]
		if row.id.Slot() != s.id {
			continue
		}
		wanted += len(row.settings.Items)
		for _, item := range row.settings.Items {
			v := Violation{Kind: ViolationSaleItem, SKU: item.SKU}
			if place, ok := s.findSaleItem(row.id, item.SKU); ok {
				a.expect(item.Quota, s.desk.items.at(place).quota, v)
				a.expect(item.MaxHeld, s.desk.items.at(place).maxHeld, v)
			} else {
				a.violate(v)
			}
		}
	}
	a.expect(Quantity(wanted), Quantity(listed), Violation{Kind: ViolationSaleItem, Order: MakeOrderID(s.id, false, 0)})
}

// checkDesk compares what a slot counted of its sales with what was tallied.
func (a *auditor) checkDesk(s *slot) {
	a.checkRules(s)
	d := &s.desk
	for place, tally := range a.items[s.id] {
		record := d.items.at(uint32(place))
		v := Violation{Kind: ViolationSaleItem, SKU: record.sku}
		a.expect(tally.held, record.held, v)
		a.expect(tally.sold, record.sold, v)
	}
	live := uint32(0)
	for place, units := range a.buyers[s.id] {
		record := d.buyers.at(uint32(place))
		a.expect(units, record.units, Violation{Kind: ViolationSaleBuyer, Order: MakeOrderID(s.id, false, 0)})
		if record.sale != 0 {
			live++
		}
	}
	a.checkLive(s, live, d.buyers.live)
}
