package core

// ReadCase gives an oversold case.
func (m *Machine) ReadCase(id CaseID, img *CaseImage) bool {
	s := &m.slots[id.SKU.Slot()]
	place, ok := s.findCase(id)
	if ok {
		s.cases.at(place).image(img)
	}
	return ok
}

// CaseStatus says which cases a list has.
type CaseStatus uint8

const (
	CasesOpen     CaseStatus = 0
	CasesResolved CaseStatus = 1
	CasesAll      CaseStatus = 2
)

// CaseQuery says which cases a list has, and where it begins.
type CaseQuery struct {
	Status   CaseStatus
	OfSKU    bool
	SKU      SKUID
	OfOrder  bool
	Order    OrderID
	HasAfter bool
	After    CaseID // the last one of the page before
	Most     int
}

func (q *CaseQuery) has(r *caseRecord) bool {
	return (q.Status == CasesAll || (r.left == 0) == (q.Status == CasesResolved)) &&
		(!q.OfSKU || r.sku == q.SKU) && (!q.OfOrder || r.order == q.Order)
}

// ReadCases appends cases to dst in the order in which they were opened, those of one order by the slots of their SKUs; more tells that there are others
// behind them. ok is false when there is no case that the list is to go on behind. All slots must stand still.
func (m *Machine) ReadCases(q *CaseQuery, dst []CaseImage) (list []CaseImage, more, ok bool) {
	var after Sequence
	last := -1 // of the slots whose cases of that sequence are on pages before
	if q.HasAfter {
		var img CaseImage
		if !m.ReadCase(q.After, &img) {
			return dst, false, false
		}
		after, last = img.Opened, int(q.After.SKU.Slot())
	}
	var next [SlotCount]uint32
	for i := range m.slots {
		next[i] = m.slots[i].firstCase(after, i < last)
		if i == last {
			place, _ := m.slots[i].findCase(q.After)
			next[i] = place + 1
		}
	}
	for {
		at := -1
		var first Sequence
		for i := range m.slots {
			s := &m.slots[i]
			for next[i] < s.cases.length && !q.has(s.cases.at(next[i])) {
				next[i]++
			}
			if next[i] < s.cases.length && (at < 0 || s.cases.at(next[i]).opened < first) {
				at, first = i, s.cases.at(next[i]).opened
			}
		}
		if at < 0 {
			return dst, false, true
		}
		if len(dst) >= q.Most {
			return dst, true, true
		}
		dst = append(dst, CaseImage{})
		m.slots[at].cases.at(next[at]).image(&dst[len(dst)-1])
		next[at]++
	}
}

// firstCase is the place of the slot's first case that was opened at a sequence, or behind it.
func (s *slot) firstCase(at Sequence, behind bool) uint32 {
	if behind {
		at++
	}
	low, high := uint32(0), s.cases.length
	for low < high {
		if middle := low + (high-low)/2; s.cases.at(middle).opened < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
