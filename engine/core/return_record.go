package core

import "holdfast/engine/invariant"

// returnRecord is a return. Those of an order are a list in the order of their numbers.
type returnRecord struct {
	created     Sequence
	createdAt   Millis
	until       Millis
	sent        Sequence
	fee         int64
	difference  int64
	replacement OrderID
	firstLine   uint32       // in returnLines, plus one
	firstRefund uint32       // in refunds, plus one; 0 for none
	next        uint32       // in returns, plus one; 0 at the end; while free, the next free one
	status      ReturnStatus // 0 while the record is free
	kind        ReturnKind
	policy      RefundPolicy
	remedy      Remedy
	flags       uint8
	currency    Currency
	_           [4]uint8
}

// Flags of a returnRecord, beside hasDocument.
const (
	returnForced  uint8 = 1 << 1
	returnKept    uint8 = 1 << 2
	returnSettled uint8 = 1 << 3
)

// returnLineRecord is units of one line in a return. Those of a return are a list in the order of the order's lines.
type returnLineRecord struct {
	quantity uint32
	became   [Dispositions]uint32
	next     uint32 // in returnLines, plus one; 0 at the end; while free, the next free one
	line     uint16
	reason   ReturnReason
	_        uint8
}

// refundRecord is a decision to give money or credit. Those of a return are a list in the order in which they were made. Who decided lies in it, as a page of
// texts leaves memory only when no order refers to it.
type refundRecord struct {
	decided  Sequence
	at       Millis
	amount   int64
	next     uint32 // in refunds, plus one; 0 at the end; while free, the next free one
	currency Currency
	credit   uint8 // 1 for store credit
	byLength uint8
	_        [7]uint8
	by       [MaxReasonLength]byte
}

// image is the return, without its lines and refunds.
func (r *returnRecord) image() ReturnImage {
	return ReturnImage{
		Status: r.status, Kind: r.kind, Created: r.created, CreatedAt: r.createdAt, Until: r.until, Sent: r.sent,
		HasDocument: r.flags&hasDocument != 0, Forced: r.flags&returnForced != 0, Settled: r.flags&returnSettled != 0,
		Terms: ReturnTerms{
			Policy: r.policy, Remedy: r.remedy, Keep: r.flags&returnKept != 0, Fee: r.fee, Difference: r.difference,
			Currency: r.currency, Replacement: r.replacement,
		},
	}
}

// set makes it the return of an image.
func (r *returnRecord) set(i *ReturnImage) {
	t := &i.Terms
	r.status, r.kind, r.created, r.createdAt, r.until, r.sent = i.Status, i.Kind, i.Created, i.CreatedAt, i.Until, i.Sent
	r.policy, r.remedy, r.fee, r.difference, r.currency, r.replacement = t.Policy, t.Remedy, t.Fee, t.Difference, t.Currency, t.Replacement
	r.flags = 0
	for _, f := range [...]struct {
		is   bool
		flag uint8
	}{{i.HasDocument, hasDocument}, {i.Forced, returnForced}, {t.Keep, returnKept}, {i.Settled, returnSettled}} {
		if f.is {
			r.flags |= f.flag
		}
	}
}

// returnImages adds an order's returns to its life.
func (s *slot) returnImages(first uint32, life *LifeImage) {
	for at := first; at != 0; {
		record := s.returns.at(at - 1)
		image := grow(&life.Returns)
		*image = record.image()
		for line := record.firstLine; line != 0; image.Lines++ {
			l := s.returnLines.at(line - 1)
			units := grow(&life.ReturnLines)
			*units = ReturnLine{Line: int(l.line), Quantity: Quantity(l.quantity), Reason: l.reason}
			for k, n := range l.became {
				units.Became[k] = Quantity(n)
			}
			line = l.next
		}
		for refund := record.firstRefund; refund != 0; image.Refunds++ {
			r := s.refunds.at(refund - 1)
			life.Refunds = append(life.Refunds, RefundImage{
				Credit: r.credit != 0, Amount: r.amount, Currency: r.currency, Decided: r.decided, At: r.at, By: r.by[:r.byLength],
			})
			refund = r.next
		}
		at = record.next
	}
	life.CountReturns()
}

// storeReturns writes down the returns of an image: what became of those that the order has, and others.
func (s *slot) storeReturns(place uint32, life *LifeImage) {
	at, last := s.lives.at(place).firstReturn, uint32(0)
	life.EachReturn(func(_ int, image *ReturnImage, lines []ReturnLine, refunds []RefundImage) {
		if at == 0 {
			at = s.returns.acquire() + 1
			if last == 0 {
				s.lives.mut(place).firstReturn = at
			} else {
				s.returns.mut(last - 1).next = at
			}
		}
		if s.returns.at(at-1).image() != *image.bare() {
			s.returns.mut(at - 1).set(image)
		}
		s.storeReturnLines(at-1, lines)
		s.storeRefunds(at-1, refunds)
		last, at = at, s.returns.at(at-1).next
	})
	invariant.Check(at == 0, "an order has no fewer returns than before")
}

// bare is the image without what its lists count.
func (r *ReturnImage) bare() *ReturnImage {
	bare := *r
	bare.Lines, bare.Refunds = 0, 0
	return &bare
}

// storeReturnLines writes down what is known of a return's units.
func (s *slot) storeReturnLines(place uint32, lines []ReturnLine) {
	at, last := s.returns.at(place).firstLine, uint32(0)
	for i := range lines {
		if at == 0 {
			at = s.returnLines.acquire() + 1
			if last == 0 {
				s.returns.mut(place).firstLine = at
			} else {
				s.returnLines.mut(last - 1).next = at
			}
		}
		record := *s.returnLines.at(at - 1)
		record.line, record.quantity, record.reason = uint16(lines[i].Line), uint32(lines[i].Quantity), lines[i].Reason
		for k, n := range lines[i].Became {
			record.became[k] = uint32(n)
		}
		if record != *s.returnLines.at(at - 1) {
			*s.returnLines.mut(at - 1) = record
		}
		last, at = at, record.next
	}
}

// storeRefunds writes down the refunds that a return has not had.
func (s *slot) storeRefunds(place uint32, refunds []RefundImage) {
	at, last := s.returns.at(place).firstRefund, uint32(0)
	for i := range refunds {
		if at == 0 {
			at = s.makeRefund(&refunds[i]) + 1
			if last == 0 {
				s.returns.mut(place).firstRefund = at
			} else {
				s.refunds.mut(last - 1).next = at
			}
		}
		last, at = at, s.refunds.at(at-1).next
	}
}

func (s *slot) makeRefund(image *RefundImage) uint32 {
	place := s.refunds.acquire()
	r := s.refunds.mut(place)
	r.amount, r.currency, r.decided, r.at = image.Amount, image.Currency, image.Decided, image.At
	if image.Credit {
		r.credit = 1
	}
	r.byLength = uint8(copy(r.by[:], image.By))
	return place
}

// dropReturns forgets the returns of an order that leaves.
func (s *slot) dropReturns(first uint32) {
	for at := first; at != 0; {
		record := *s.returns.at(at - 1)
		for line := record.firstLine; line != 0; {
			next := s.returnLines.at(line - 1).next
			s.returnLines.release(line - 1)
			line = next
		}
		for refund := record.firstRefund; refund != 0; {
			next := s.refunds.at(refund - 1).next
			s.refunds.release(refund - 1)
			refund = next
		}
		s.returns.release(at - 1)
		at = record.next
	}
}

// firstReturn gives the place of an order's first return, plus one; 0 for none.
func (s *slot) firstReturn(order uint32) uint32 {
	place, ok := s.findLife(order)
	if !ok {
		return 0
	}
	return s.lives.at(place).firstReturn
}

// eachReturn calls do for the returns of an order until it says that it has seen enough.
func (s *slot) eachReturn(order uint32, do func(r *ReturnImage) bool) {
	for at := s.firstReturn(order); at != 0; at = s.returns.at(at - 1).next {
		if image := s.returns.at(at - 1).image(); !do(&image) {
			return
		}
	}
}
