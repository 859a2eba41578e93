package core

// tallyInbound checks the lines of a slot's documents against their status and their lots.
func (a *auditor) tallyInbound(s *slot) {
	var image InboundImage
	a.report.Inbound += int(s.inbounds.length)
	for place := range s.inbounds.length {
		s.inboundImage(place, &image)
		if found, ok := s.findInbound(image.Kind, image.Number); !ok || found != place {
			a.violate(Violation{Kind: ViolationInbound, Order: MakeOrderID(s.id, false, place)})
		}
		begun := false
		for i := range image.Lines {
			line := &image.Lines[i]
			begun = begun || line.Open() != line.Quantity
			a.tallyInboundLine(s, place, &image, i)
		}
		if begun != (image.Status == InboundPartial || image.Status == InboundReceived) {
			a.violate(Violation{Kind: ViolationInbound, Order: MakeOrderID(s.id, false, place)})
		}
	}
}

// tallyInboundLine holds what is open of a line against its lot: all of it, and nothing when its document is received, in which case
// what was sent is what was received and what differed.
func (a *auditor) tallyInboundLine(home *slot, place uint32, image *InboundImage, i int) {
	line := &image.Lines[i]
	v := Violation{Kind: ViolationInbound, SKU: line.SKU, Location: image.To, Order: MakeOrderID(home.id, false, place)}
	open := line.Open()
	if open < 0 || image.Status == InboundReceived {
		a.expect(0, open, v)
	}
	v.Kind = ViolationIncoming
	owner := &a.machine.slots[line.SKU.Slot()]
	var got Quantity
	for at := owner.skus.at(line.SKU.Place()).incoming; at != 0; {
		lot := owner.lots.at(at - 1)
		if lot.home == home.id && lot.place == place && int(lot.line) == i {
			if lot.location != image.To || lot.expected != line.Expected || lot.sku != line.SKU {
				a.violate(v)
			}
			got += Quantity(lot.open)
		}
		at = lot.next
	}
	if !image.Status.isOpen() {
		open = 0
	}
	a.expect(open, got, v)
	if open > 0 {
		a.skus[line.SKU.Slot()][line.SKU.Place()].expected++
	}
}

// checkLots counts the lots of a slot: those of each SKU, and those in use.
func (a *auditor) checkLots(s *slot) {
	lots := 0
	for place := range s.skus.length {
		id := MakeSKUID(s.id, place)
		n := s.lotsOf(id)
		lots += n
		a.expect(Quantity(a.skus[s.id][place].expected), Quantity(n), Violation{Kind: ViolationIncoming, SKU: id})
	}
	a.checkLive(s, uint32(lots), s.lots.live)
}
