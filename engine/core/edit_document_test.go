package core

import "testing"

// TestDocumentsOfClosedOrders has something written beside a page of orders that are all closed: the page is as ready to leave as before, nothing else of it
// changes, it comes back from a checkpoint, and leaves with all that was kept.
func TestDocumentsOfClosedOrders(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	a, b := s.skuIn(20, SKUSettings{}), s.skuIn(21, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: a, Value: PageOrders}, {SKU: b, Value: PageOrders}}})
	var ids []OrderID
	for range PageOrders {
		id := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{a, 1}, {b, 1}}})
		mask, _ := s.OrderSlots(id)
		s.run(Command{Kind: CommandCancelOrder, Order: id, Mask: mask})
		ids = append(ids, id)
	}
	home := &s.slots[20]
	lines := home.lines.length
	for i, id := range ids {
		s.now += 1000
		s.run(Command{Kind: CommandEditOrder, Order: id, ExpectedVersion: 2, Document: []byte("{}"), Life: &LifeRequest{DocumentOnly: true}})
		var image OrderImage
		if !s.ReadOrder(id, &image) || image.Status != StatusCancelled || image.Version != 3 || image.Edited != s.seq || len(image.Lines) != 2 {
			t.Fatalf("order %d: %+v", i, image)
		}
	}
	if home.lines.length != lines || home.revisions.live != PageOrders || s.slots[21].revisions.live != 0 {
		t.Errorf("%d lines, %d revisions, and %d elsewhere", home.lines.length, home.revisions.live, s.slots[21].revisions.live)
	}
	again := restored(t, s.Machine)
	if r := again.Audit(); r.Found != 0 || again.Digest() != s.Digest() {
		t.Fatalf("restored: %+v", r.Violations)
	}
	s.Machine = again
	if first := s.ClosedPages(20, 1000, 9, nil); len(first) != 1 || first[0].ArchivePage() != ids[0].ArchivePage() {
		t.Errorf("closed are %v", first)
	}
	s.run(Command{Kind: CommandArchiveOrders, Order: ids[0]})
	if home := &s.slots[20]; !s.IsArchived(ids[0]) || home.revisions.live != 0 {
		t.Errorf("%d revisions stay of orders that left", home.revisions.live)
	}
	c := Command{Kind: CommandEditOrder, Mask: a.Slot().Mask(), Order: ids[0], ExpectedVersion: 3, Document: []byte("{}"), Life: &LifeRequest{DocumentOnly: true}}
	if out := s.Execute(&s.step, &c, s.seq+1, s.now, nobody{}); out.Reason != ReasonOrderArchived {
		t.Errorf("of an order that left: %d", out.Reason)
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
}

// TestWhyDocumentsThatLeftStay: the version comes first, then that there is nothing to write on, whatever the order was.
func TestWhyDocumentsThatLeftStay(t *testing.T) {
	c := Command{Kind: CommandEditOrder, ExpectedVersion: 3, Life: &LifeRequest{DocumentOnly: true}}
	for status, plain := range map[OrderStatus]Reason{
		StatusCancelled: ReasonOrderCancelled, StatusReleased: ReasonHoldReleased, StatusExpired: ReasonHoldExpired, StatusClosed: ReasonOrderCompleted,
	} {
		image := OrderImage{Status: status, Version: 3}
		if got := FollowUpClosed(&c, &image); got != ReasonDocumentClosed {
			t.Errorf("status %d: %d", status, got)
		}
		if got := FollowUpClosed(&Command{Kind: CommandEditOrder, ExpectedVersion: 3, Life: &LifeRequest{}}, &image); got != plain {
			t.Errorf("any other edit at status %d: %d", status, got)
		}
		image.Version = 4
		if got := FollowUpClosed(&c, &image); got != ReasonVersionConflict {
			t.Errorf("of another version at status %d: %d", status, got)
		}
	}
}
