package core

import (
	"slices"
	"testing"
)

// returner is a shop of one SKU of which much is sent back.
type returner struct {
	*auditShop
	sku SKUID
}

func newReturner(t *testing.T) *returner {
	s := &returner{auditShop: &auditShop{Machine: New(Options{}), t: t, now: 1000}}
	s.sku = s.skuIn(20, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: s.sku, Value: 10*PageOrders + 2*MaxReturns}}})
	return s
}

// delivered is an order of some units that were delivered.
func (s *returner) delivered(n Quantity) OrderID {
	id := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{s.sku, n}}})
	s.run(Command{Kind: CommandShipOrder, Order: id, Lines: []Line{{s.sku, 0}}, Life: &LifeRequest{}})
	s.run(Command{Kind: CommandTrackShipment, Order: id, Life: &LifeRequest{Shipment: 1, Reports: []TrackingReport{{At: 1, Status: ShipmentDelivered}}}})
	return id
}

// ask carries out a command about a return and gives what came of it.
func (s *returner) ask(kind CommandKind, id OrderID, r ReturnRequest) *Outcome {
	s.t.Helper()
	s.seq++
	c := Command{Kind: kind, Order: id, Mask: id.Home().Mask(), Lines: []Line{{s.sku, 0}}, Life: &LifeRequest{Return: &r}}
	return s.Execute(&s.step, &c, s.seq, s.now, &lifeKeeper{})
}

// must is ask for what changes something.
func (s *returner) must(kind CommandKind, id OrderID, r ReturnRequest) {
	s.t.Helper()
	if o := s.ask(kind, id, r); !o.Changed {
		s.t.Fatalf("command %d on %d: reason %d", kind, id, o.Reason)
	}
}

func (s *returner) tick(by Millis) {
	s.now += by
	s.run(Command{Kind: CommandTick, Mask: AllSlots})
}

var oneUnit = []ReturnRow{{Quantity: 1, Reason: ReturnOther}}

// TestReturnsLeave has a page of orders sent back, closed and archived: their returns leave with them, and the records are used again.
func TestReturnsLeave(t *testing.T) {
	s := newReturner(t)
	var ids []OrderID
	for range PageOrders {
		id := s.delivered(2)
		s.must(CommandRequestReturn, id, ReturnRequest{Rows: oneUnit})
		s.must(CommandDecideReturn, id, ReturnRequest{Number: 1, Decision: DecideApprove})
		s.must(CommandReceiveReturn, id, ReturnRequest{Number: 1, Rows: []ReturnRow{{Disposition: DisposeRestock}}})
		s.must(CommandDecideRefund, id, ReturnRequest{Number: 1, Amount: 5, Currency: Currency{'E', 'U', 'R'}})
		ids = append(ids, id)
	}
	home := &s.slots[20]
	s.tick(ReturnWindow)
	if r := s.Audit(); r.Found != 0 || r.Completed != PageOrders || len(s.ClosedPages(20, s.now, 9, nil)) != 0 {
		t.Fatalf("%d completed: %+v", r.Completed, r.Violations)
	}
	for _, id := range ids {
		s.must(CommandCloseReturn, id, ReturnRequest{Number: 1})
	}
	if at, ok := s.NextDeadline(20); !ok || at > s.now {
		t.Errorf("the orders do not close at once, but at %d", at)
	}
	if again := restored(t, s.Machine); again.Digest() != s.Digest() {
		t.Error("restored, the digest is another one")
	} else if at, ok := again.NextDeadline(20); !ok || at > s.now {
		t.Errorf("restored, the orders do not close at once, but at %d", at)
	}
	s.tick(0)
	s.run(Command{Kind: CommandArchiveOrders, Order: ids[0]})
	if !s.IsArchived(ids[0]) || home.returns.live != 0 || home.returnLines.live != 0 || home.refunds.live != 0 {
		t.Error("something stayed of orders that left")
	}
	returns := home.returns.length
	if s.must(CommandRequestReturn, s.delivered(1), ReturnRequest{Rows: oneUnit}); home.returns.length != returns {
		t.Error("the records of returns that left are not used again")
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
}

// TestReopenedOrdersStay asks for a return of an order of a page whose orders are all closed: the page stays until the order is closed again.
func TestReopenedOrdersStay(t *testing.T) {
	s := newReturner(t)
	var ids []OrderID
	for range PageOrders {
		ids = append(ids, s.delivered(1))
	}
	s.tick(ReturnWindow)
	if len(s.ClosedPages(20, s.now, 9, nil)) != 1 {
		t.Fatal("the page is not closed")
	}
	if o := s.ask(CommandRequestReturn, ids[3], ReturnRequest{Rows: oneUnit}); o.Reason != ReasonReturnWindow {
		t.Errorf("reason %d", o.Reason)
	}
	s.must(CommandRequestReturn, ids[3], ReturnRequest{Rows: oneUnit, Force: true})
	for _, m := range []*Machine{s.Machine, restored(t, s.Machine)} {
		if len(m.ClosedPages(20, s.now, 9, nil)) != 0 {
			t.Error("the page may leave")
		}
	}
	s.run(Command{Kind: CommandArchiveOrders, Order: ids[0]})
	if s.IsArchived(ids[0]) {
		t.Fatal("the page has left")
	}
	s.must(CommandDecideReturn, ids[3], ReturnRequest{Number: 1, Decision: DecideDecline})
	s.tick(0)
	if len(s.ClosedPages(20, s.now, 9, nil)) != 1 {
		t.Error("the page is not closed again")
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
	s.run(Command{Kind: CommandArchiveOrders, Order: ids[0]})
	if !s.IsArchived(ids[0]) {
		t.Error("the page stays")
	}
}

// TestReturnLimits asks for as many returns of an order, and refunds of a return, as there may be, and for one more of each.
func TestReturnLimits(t *testing.T) {
	s := newReturner(t)
	id := s.delivered(MaxReturns + 1)
	for range MaxReturns {
		s.must(CommandRequestReturn, id, ReturnRequest{Rows: oneUnit})
	}
	if o := s.ask(CommandRequestReturn, id, ReturnRequest{Rows: oneUnit}); o.Reason != ReasonReturnsFull {
		t.Errorf("reason %d", o.Reason)
	}
	s.must(CommandDecideReturn, id, ReturnRequest{Number: MaxReturns, Decision: DecideApprove})
	refund := ReturnRequest{Number: MaxReturns, Amount: MaxAmount, Currency: Currency{'E', 'U', 'R'}}
	for range MaxRefunds {
		s.must(CommandDecideRefund, id, refund)
	}
	if o := s.ask(CommandDecideRefund, id, refund); o.Reason != ReasonRefundsFull {
		t.Errorf("reason %d", o.Reason)
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
}

// TestUnsettledReturns has returns with replacements come to nothing: they are to be dealt with until they were, also after a restart, and audits see when
// one is forgotten.
func TestUnsettledReturns(t *testing.T) {
	s := newReturner(t)
	id, replacement := s.delivered(3), s.delivered(1)
	for number, end := range []func(number int){
		func(number int) {
			s.must(CommandDecideReturn, id, ReturnRequest{Number: number, Decision: DecideCancel})
		},
		func(int) { s.tick(50) },
	} {
		s.must(CommandRequestReturn, id, ReturnRequest{Rows: oneUnit})
		s.must(CommandDecideReturn, id, ReturnRequest{Number: number + 1, Decision: DecideApprove, Until: s.now + 50, Terms: ReturnTerms{Replacement: replacement}})
		if at, ok := restored(t, s.Machine).NextDeadline(20); !ok || at != s.now+50 {
			t.Errorf("restored, the slot needs a command at %d", at)
		}
		end(number + 1)
	}
	want := []Unsettled{{id, 1, replacement}, {id, 2, replacement}}
	for _, m := range []*Machine{s.Machine, restored(t, s.Machine)} {
		if got := m.Unsettled(20, 9, nil); !slices.Equal(got, want) || len(m.Unsettled(20, 1, nil)) != 1 {
			t.Errorf("%v", got)
		}
	}
	s.must(CommandSettleReturn, id, ReturnRequest{Number: 1})
	if got := s.Unsettled(20, 9, nil); !slices.Equal(got, want[1:]) {
		t.Errorf("%v", got)
	}
	s.slots[20].unsettled = nil
	if r := s.Audit(); r.Found != 1 || r.Violations[0].Kind != ViolationUnsettled {
		t.Errorf("%+v", r.Violations)
	}
	s.slots[20].unsettled = []uint32{uint32(id.Place())}
	if s.must(CommandSettleReturn, id, ReturnRequest{Number: 2}); len(s.Unsettled(20, 9, nil)) != 0 || len(s.slots[20].unsettled) != 0 {
		t.Error("something is still to be dealt with")
	}
}

// TestAuditSeesTooManyReturned has more units sent back than were delivered.
func TestAuditSeesTooManyReturned(t *testing.T) {
	s := newReturner(t)
	id := s.delivered(3)
	s.must(CommandRequestReturn, id, ReturnRequest{Rows: oneUnit})
	s.slots[20].returnLines.mut(0).quantity = 4
	v := Violation{Kind: ViolationReturned, Order: id, SKU: s.sku, Want: 3, Got: 4}
	if r := s.Audit(); !slices.Contains(r.Violations, v) {
		t.Errorf("%+v", r.Violations)
	}
}
