package core

import (
	"fmt"
	"testing"
)

var euro = Currency{'E', 'U', 'R'}

// paidShop is a shop with one SKU of which there is enough, and orders that cost something.
type paidShop struct {
	auditShop
	sku SKUID
}

func newPaidShop(t *testing.T, settings ChannelSettings) *paidShop {
	t.Helper()
	s := &paidShop{auditShop: auditShop{Machine: New(Options{}), t: t, now: 1000}}
	s.sku = s.skuIn(20, SKUSettings{})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: s.sku, Value: MaxOnHand}}})
	s.run(Command{Kind: CommandSetChannel, Name: []byte("web"), Selling: settings})
	return s
}

// place places an order of so many units, at 1.00 each.
func (s *paidShop) place(units Quantity) OrderID {
	return s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{s.sku, units}},
		Money: &OrderMoney{Currency: euro, Amounts: []int64{100 * int64(units)}}})
}

// report is a provider's report on a payment of an order.
func report(id OrderID, t PaymentType, n int, amount int64) Command {
	return Command{Kind: CommandReportPayment, Order: id, Payment: &PaymentRequest{
		Type: t, Status: EntrySucceeded, Amount: amount, Currency: euro, At: 1, Provider: []byte("acme"), Reference: fmt.Appendf(nil, "%d-%d", t, n)}}
}

// refused carries a command out, and tells why it is refused if it is: then nothing has changed.
func (s *paidShop) refused(c Command) Reason {
	s.t.Helper()
	before := s.Digest()
	c.Mask, _ = SlotsOf(&c)
	s.seq++
	out := s.Execute(&s.step, &c, s.seq, s.now, nobody{})
	if out.Reason != ReasonNone && (out.Changed || s.Digest() != before) {
		s.t.Fatalf("refused with %d, changed %v", out.Reason, out.Changed)
	}
	return out.Reason
}

func (s *paidShop) order(id OrderID) (o OrderImage) {
	s.t.Helper()
	if !s.ReadOrder(id, &o) {
		s.t.Fatal("the order is gone")
	}
	return o
}

// TestLedgersHaveRoomForTheEnd fills ledgers with what may have to be undone: when the order is cancelled there is room to undo all of it, and no more.
func TestLedgersHaveRoomForTheEnd(t *testing.T) {
	for _, kind := range []PaymentType{PaymentAuthorization, PaymentCapture} {
		s := newPaidShop(t, ChannelSettings{})
		id := s.place(1000)
		n := 0
		for ; n < MaxPayments/2; n++ {
			s.run(report(id, kind, n, 10))
		}
		if reason := s.refused(report(id, kind, n, 10)); reason != ReasonPaymentsFull {
			t.Errorf("one too many: %d", reason)
		}
		if reason := s.refused(report(id, PaymentAdjustment, n, 10)); reason != ReasonPaymentsFull {
			t.Errorf("an adjustment too many: %d", reason)
		}
		s.run(Command{Kind: CommandCancelOrder, Order: id})
		o := s.order(id)
		sums := o.Account.Sums()
		if len(o.Account.Entries) != MaxPayments || sums.Voiding+sums.Refunding != 10*MaxPayments/2 {
			t.Errorf("%d entries, %+v", len(o.Account.Entries), sums)
		}
		if r := s.Audit(); r.Found != 0 {
			t.Errorf("audit: %+v", r.Violations)
		}
	}
}

// TestAttemptsLeaveRoom has cards declined, or payments begun, until no more such reports are taken: what succeeds still is, and is captured with a shipment.
func TestAttemptsLeaveRoom(t *testing.T) {
	for _, status := range []EntryStatus{EntryRequested, EntryActionRequired, EntryFailed} {
		s := newPaidShop(t, ChannelSettings{Capture: CaptureShipment})
		id := s.place(1000)
		attempt := func(n int, status EntryStatus) Command {
			c := report(id, PaymentAuthorization, n, 100_000)
			c.Payment.Status = status
			return c
		}
		for n := range MaxAttempts {
			s.run(attempt(n, status))
		}
		for _, again := range []EntryStatus{EntryRequested, EntryActionRequired, EntryFailed} {
			if reason := s.refused(attempt(MaxAttempts, again)); reason != ReasonPaymentsFull {
				t.Errorf("status %d after %d of %d: %d", again, MaxAttempts, status, reason)
			}
		}
		s.run(attempt(MaxAttempts, EntrySucceeded))
		s.run(Command{Kind: CommandShipOrder, Order: id, Lines: []Line{{s.sku, 1}}, Life: &LifeRequest{}})
		if sums := s.order(id).Account.Sums(); sums.Capturing == 0 {
			t.Errorf("after %d of %d: %+v", MaxAttempts, status, sums)
		}
		dispute := report(id, PaymentChargeback, 0, 10)
		dispute.Payment.Status = EntryRequested
		s.run(dispute)
		known := attempt(0, EntrySucceeded)
		known.Payment.At++
		s.run(known)
		s.run(attempt(MaxAttempts+1, status))
		if r := s.Audit(); r.Found != 0 {
			t.Errorf("audit: %+v", r.Violations)
		}
	}
}

// TestAttemptsEndLocks: however many cards were declined, the failure of the payment that a hold is locked for ends the lock.
func TestAttemptsEndLocks(t *testing.T) {
	s := newPaidShop(t, ChannelSettings{})
	hold := s.run(Command{Kind: CommandPlaceHold, Version: 2, TTL: 600_000, Customer: []byte("ann"), Lines: []Line{{s.sku, 1}},
		Money: &OrderMoney{Currency: euro, Amounts: []int64{100}}})
	for n := range MaxAttempts + 1 {
		c := report(hold, PaymentAuthorization, n, 100)
		c.Payment.Status = EntryFailed
		if n == MaxAttempts {
			s.run(Command{Kind: CommandLockHold, Order: hold, TTL: 600_000, Payment: &PaymentRequest{Provider: c.Payment.Provider, Reference: c.Payment.Reference}})
		}
		s.run(c)
	}
	if o := s.order(hold); o.Account.Lock.Until != 0 || len(o.Account.Entries) != MaxAttempts+1 {
		t.Errorf("locked until %d, %d entries", o.Account.Lock.Until, len(o.Account.Entries))
	}
}

// TestFullLedgersRefuse has units cancelled and shipped one by one of an order that is paid, until its ledger has no room for another task. Nothing
// of it happens then; the order can be cancelled as a whole, or shipped where nothing is captured with that.
func TestFullLedgersRefuse(t *testing.T) {
	s := newPaidShop(t, ChannelSettings{})
	id := s.place(1000)
	s.run(report(id, PaymentCapture, 0, 100_000))
	cancel := Command{Kind: CommandCancelLines, Order: id, Life: &LifeRequest{Units: []LineUnits{{0, 1}}}}
	tasks := 0
	for ; s.refused(cancel) == ReasonNone; tasks++ {
	}
	if reason := s.refused(cancel); reason != ReasonPaymentsFull {
		t.Errorf("refused with %d", reason)
	}
	if tasks != MaxPayments-2 {
		t.Errorf("%d refunds", tasks)
	}
	s.run(Command{Kind: CommandCancelOrder, Order: id})
	if sums := s.order(id).Account.Sums(); sums.Refunding != 100_000 {
		t.Errorf("%+v", sums)
	}
	s = newPaidShop(t, ChannelSettings{Capture: CaptureShipment})
	id = s.place(1000)
	s.run(report(id, PaymentAuthorization, 0, 100_000))
	ship := Command{Kind: CommandShipOrder, Order: id, Lines: []Line{{s.sku, 1}}, Life: &LifeRequest{}}
	tasks = 0
	for ; s.refused(ship) == ReasonNone; tasks++ {
	}
	if tasks != (MaxPayments-2)/2 {
		t.Errorf("%d captures", tasks)
	}
	s.run(Command{Kind: CommandSetChannel, Name: []byte("web")})
	s.run(ship)
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
}

// TestOrdersWithTasksStay has a page of orders cancelled, of one of which an authorization is still to be made void: none of it leaves before that is
// done, also not after a restart, and the accounts leave with their orders.
func TestOrdersWithTasksStay(t *testing.T) {
	s := newPaidShop(t, ChannelSettings{})
	var ids []OrderID
	for range PageOrders {
		ids = append(ids, s.place(1))
	}
	s.run(report(ids[3], PaymentAuthorization, 0, 100))
	for _, id := range ids {
		s.run(Command{Kind: CommandCancelOrder, Order: id})
	}
	home := &s.slots[20]
	archive := func() bool {
		s.seq++
		return s.Execute(&s.step, &Command{Kind: CommandArchiveOrders, Order: ids[0], Mask: home.id.Mask()}, s.seq, s.now, nobody{}).Changed
	}
	if archive() || len(s.ClosedPages(20, s.now, 9, nil)) != 0 {
		t.Fatal("an order left of which there is something to do")
	}
	void := report(ids[3], PaymentVoid, 0, 100)
	void.Payment.Entry, void.Payment.Status = 2, EntryActionRequired
	if s.run(void); archive() {
		t.Fatal("it left while the void was under way")
	}
	void.Payment.Status = EntryFailed
	s.run(void)
	if pages := s.ClosedPages(20, s.now, 9, nil); len(pages) != 1 {
		t.Fatalf("%v may leave", pages)
	}
	s.run(Command{Kind: CommandRequestPayment, Order: ids[3], Payment: &PaymentRequest{Type: PaymentVoid}})
	if archive() || len(s.ClosedPages(20, s.now, 9, nil)) != 0 {
		t.Fatal("it left although somebody asked for the void again")
	}
	void = report(ids[3], PaymentVoid, 1, 100)
	void.Payment.Entry = 3
	if s.run(void); !archive() {
		t.Fatal("it does not leave when all is done")
	}
	if home.accounts.live != 0 || home.amounts.live != 0 || home.entries.live != 0 || home.accountOf.Len() != 0 {
		t.Errorf("%d accounts, %d amounts, %d entries stayed", home.accounts.live, home.amounts.live, home.entries.live)
	}
	s.tellsLate(report(ids[3], PaymentChargeback, 0, 100))
	s.place(1)
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
}

// TestValueOfUnits: the parts of a line add up, however they are taken, and do not overflow.
func TestValueOfUnits(t *testing.T) {
	for _, amount := range []int64{0, 1, 7, 1000, MaxAmount - 1, MaxAmount} {
		for _, n := range []Quantity{1, 3, 7, MaxLineQuantity - 1, MaxLineQuantity} {
			for _, k := range []Quantity{0, 1, n / 2, n - 1, n} {
				part, rest := valueOf(amount, k, n), amount-valueOf(amount, k, n)
				if part < 0 || rest < 0 || part > amount {
					t.Errorf("%d of %d for %d: %d and %d", k, n, amount, part, rest)
				}
			}
		}
	}
	if valueOf(1000, 1, 3) != 333 || valueOf(1000, 2, 3) != 666 || valueOf(1001, 2, 3) != 667 || valueOf(MaxAmount, MaxLineQuantity-1, MaxLineQuantity) != MaxAmount-1_000_000 {
		t.Error("units are worth something else")
	}
}

// tellsLate carries out a report on an order that has left memory: it is told as it came, unless a version is expected, and nothing of it is kept.
func (s *paidShop) tellsLate(c Command) {
	s.t.Helper()
	var told lateTold
	digest := s.Digest()
	c.Mask, _ = SlotsOf(&c)
	for range 2 {
		s.seq++
		if out := s.Execute(&s.step, &c, s.seq, s.now, &told); !out.Changed || out.Order != c.Order {
			s.t.Errorf("a report on an order that has left: %+v", out)
		}
	}
	if len(told) != 2 || string(told[0].Reference) != string(c.Payment.Reference) || told[0].Amount != c.Payment.Amount || s.Digest() != digest {
		s.t.Errorf("told of %+v", told)
	}
	ahead := *c.Payment
	ahead.At = s.now + MaxReportAhead + 1
	if reason := s.refused(Command{Kind: CommandReportPayment, Order: c.Order, Payment: &ahead}); reason != ReasonReportAhead {
		s.t.Errorf("of the future: %d", reason)
	}
	if c.ExpectedVersion = 3; s.refused(c) != ReasonOrderArchived {
		s.t.Error("a version was expected")
	}
}

// lateTold are the reports that a machine told of.
type lateTold []PaymentRequest

func (l *lateTold) Event(ev *Event) {
	if ev.Kind == EventPaymentLate {
		*l = append(*l, *ev.Late)
	}
}

func (*lateTold) Archived(*Archived) {}
