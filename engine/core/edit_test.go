package core

import (
	"fmt"
	"testing"
)

// edited is an order of one line in slot 20 that was edited: a line of slot 21 was added, and another document.
func (s *auditShop) edited(a, b SKUID) OrderID {
	s.t.Helper()
	id := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{a, 3}}})
	s.run(Command{
		Kind: CommandEditOrder, Order: id, ExpectedVersion: 1, Lines: []Line{{b, 2}, {a, 1}}, Document: []byte("{}"),
		Life: &LifeRequest{Units: []LineUnits{{0, 1}}},
	})
	return id
}

// TestEditedOrdersLeave has a page of orders edited, cancelled and archived, with a restart before: their numbers, their slots and their documents
// stay what they are, and nothing of them stays in memory.
func TestEditedOrdersLeave(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	a, b := s.skuIn(20, SKUSettings{}), s.skuIn(21, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: a, Value: 9 * PageOrders}, {SKU: b, Value: 9 * PageOrders}}})
	var ids []OrderID
	edits := map[OrderID]Sequence{}
	for i := range PageOrders {
		id := s.edited(a, b)
		if i%2 == 1 {
			mask, _ := s.OrderSlots(id)
			s.run(Command{Kind: CommandEditOrder, Order: id, Mask: mask, ExpectedVersion: 2, Document: []byte("[]"), Life: &LifeRequest{}})
		}
		ids, edits[id] = append(ids, id), s.seq
	}
	again := restored(t, s.Machine)
	if r := again.Audit(); r.Found != 0 || again.Digest() != s.Digest() {
		t.Fatalf("restored: %+v", r.Violations)
	}
	s.Machine = again
	for i, id := range ids {
		var image OrderImage
		mask, ok := s.OrderSlots(id)
		if id.Spread() || !ok || mask != a.Slot().Mask()|b.Slot().Mask() || !s.ReadOrder(id, &image) || image.ID != id || image.Edited != edits[id] || len(image.Lines) != 3 {
			t.Fatalf("order %d: slots %x, %+v", i, mask, image)
		}
		c := Command{Kind: CommandCancelOrder, Order: id, Mask: a.Slot().Mask()}
		if out := s.Execute(&s.step, &c, s.seq+1, s.now, nobody{}); out.Reason != ReasonSlotsChanged {
			t.Fatalf("a command that names its home alone is answered %d", out.Reason)
		}
		s.seq++
		s.run(Command{Kind: CommandCancelOrder, Order: id, Mask: mask})
	}
	s.run(Command{Kind: CommandArchiveOrders, Order: ids[0]})
	home := &s.slots[20]
	if !s.IsArchived(ids[0]) || home.revisions.live != 0 || home.lives.live != 0 || home.lifeLines.live != 0 {
		t.Errorf("%d revisions, %d lives with %d lines stay of orders that left", home.revisions.live, home.lives.live, home.lifeLines.live)
	}
	for page := range home.lines.pages {
		if home.lines.isHere(uint32(page)) && home.lines.isFull(uint32(page)) {
			t.Errorf("page %d of lines stays", page)
		}
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
	again = restored(t, s.Machine)
	if r := again.Audit(); r.Found != 0 || again.Digest() != s.Digest() {
		t.Errorf("restored: %+v", r.Violations)
	}
}

// TestEditsOfManyLines edits an order until it has as many lines as it may, one more and all at once.
func TestEditsOfManyLines(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	a, b := s.skuIn(20, SKUSettings{}), s.skuIn(21, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: a, Value: 9 * MaxLines}, {SKU: b, Value: 9 * MaxLines}}})
	id := s.edited(a, b)
	edit := func(lines int) Reason {
		mask, _ := s.OrderSlots(id)
		var image OrderImage
		s.ReadOrder(id, &image)
		c := Command{Kind: CommandEditOrder, Order: id, Mask: mask, ExpectedVersion: image.Version, Life: &LifeRequest{}}
		for range lines {
			c.Lines = append(c.Lines, Line{b, 1})
		}
		s.seq++
		return s.Execute(&s.step, &c, s.seq, s.now, nobody{}).Reason
	}
	for lines, want := range map[int]Reason{MaxLines - 2: ReasonTooManyLines, MaxLines: ReasonTooManyLines} {
		if got := edit(lines); got != want {
			t.Errorf("%d lines more: %d", lines, got)
		}
	}
	for range 7 {
		if got := edit(71); got != ReasonNone {
			t.Fatalf("refused: %d", got)
		}
	}
	if got := edit(1); got != ReasonTooManyLines {
		t.Errorf("line 501: %d", got)
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
}

// TestEditTakesNoMoreRecordsThanItMust: an edit of the document alone writes no line once more.
func TestEditTakesNoMoreRecordsThanItMust(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	a := s.skuIn(20, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: a, Value: 9}}})
	id := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{a, 3}}})
	for i := range 3 {
		s.run(Command{Kind: CommandEditOrder, Order: id, ExpectedVersion: uint32(i) + 1, Document: fmt.Append(nil, i), Life: &LifeRequest{}})
	}
	home := &s.slots[20]
	if home.lines.length != 1 || home.lives.live != 0 || home.revisions.live != 1 || home.revisions.length != 1 {
		t.Errorf("%d lines, %d lives, %d revisions", home.lines.length, home.lives.live, home.revisions.length)
	}
}
