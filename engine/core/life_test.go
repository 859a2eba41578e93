package core

import (
	"slices"
	"testing"
)

// lifeKeeper keeps what became of the archived orders.
type lifeKeeper struct{ lives []LifeImage }

func (*lifeKeeper) Event(*Event) {}

func (k *lifeKeeper) Archived(a *Archived) {
	var image OrderImage
	for i := range a.Orders {
		if a.Read(i, &image); image.Life != nil {
			k.lives = append(k.lives, LifeImage{Lines: slices.Clone(image.Life.Lines)})
		}
	}
}

// TestArchivedLives archives a page of orders, some of which have a life: it is handed over with them, and its records are used again.
func TestArchivedLives(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	sku := s.skuIn(20, SKUSettings{BackorderLimit: Unlimited})
	place := func() OrderID {
		return s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{sku, 5}, {sku, 1}}})
	}
	cancel := func(id OrderID, n Quantity) {
		s.run(Command{Kind: CommandCancelLines, Order: id, Life: &LifeRequest{Units: []LineUnits{{0, n}}}})
	}
	var ids []OrderID
	for i := range PageOrders {
		ids = append(ids, place())
		if i%2 == 0 {
			cancel(ids[i], Quantity(1+i%4))
		}
	}
	home := &s.slots[20]
	if home.lives.live != PageOrders/2 || home.lifeLines.live != PageOrders {
		t.Fatalf("%d lives of %d lines", home.lives.live, home.lifeLines.live)
	}
	for _, id := range ids {
		s.run(Command{Kind: CommandCancelOrder, Order: id})
	}
	keeper := &lifeKeeper{}
	s.seq++
	s.Execute(&s.step, &Command{Kind: CommandArchiveOrders, Order: ids[0], Mask: home.id.Mask()}, s.seq, s.now, keeper)
	if len(keeper.lives) != PageOrders/2 || keeper.lives[0].Lines[0].Cancelled != 1 || keeper.lives[1].Lines[0].Cancelled != 3 {
		t.Errorf("%d lives left: %v", len(keeper.lives), keeper.lives[:2])
	}
	if home.lives.live != 0 || home.lifeLines.live != 0 || home.lifeOf.Len() != 0 {
		t.Errorf("%d lives of %d lines stayed, %d in the index", home.lives.live, home.lifeLines.live, home.lifeOf.Len())
	}
	lives := home.lives.length
	if cancel(place(), 2); home.lives.length != lives {
		t.Error("the records of lives that left are not used again")
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
}

// TestDeliveredOrdersLeave has a page of orders delivered, closed and archived: what limits, pools and sales counted of them stays counted, and an
// audit can add it up.
func TestDeliveredOrdersLeave(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	sku := s.skuIn(20, SKUSettings{LimitPerCustomer: MaxOnHand})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{{SKU: sku, Value: 9 * PageOrders}}})
	s.run(Command{Kind: CommandSetChannelRule, Rule: ChannelRule{SKU: sku, HasPool: true, Pool: PoolSettings{Quota: PageOrders}}})
	s.run(Command{Kind: CommandDefineSale, Name: []byte("monday"), SaleSettings: &SaleSettings{EndsAt: 1 << 60, Items: []SaleItem{{SKU: sku, Quota: Unlimited}}}})
	var ids []OrderID
	for range PageOrders {
		id := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{sku, 3}}, Sale: MakeSaleID(20, 0)})
		s.run(Command{Kind: CommandCancelLines, Order: id, Life: &LifeRequest{Units: []LineUnits{{0, 1}}}})
		s.run(Command{Kind: CommandShipOrder, Order: id, Lines: []Line{{sku, 0}}, Life: &LifeRequest{}})
		s.run(Command{Kind: CommandTrackShipment, Order: id, Life: &LifeRequest{Shipment: 1, Reports: []TrackingReport{{At: 1, Status: ShipmentDelivered}}}})
		ids = append(ids, id)
	}
	if at, ok := s.NextDeadline(20); !ok || at != s.now+ReturnWindow {
		t.Errorf("the slot needs a command at %d", at)
	}
	again := restored(t, s.Machine)
	if at, ok := again.NextDeadline(20); !ok || at != s.now+ReturnWindow {
		t.Errorf("restored, the slot needs a command at %d", at)
	}
	s.now += ReturnWindow
	s.run(Command{Kind: CommandTick, Mask: AllSlots})
	if r := s.Audit(); r.Found != 0 || r.Closed != PageOrders {
		t.Fatalf("%d closed: %+v", r.Closed, r.Violations)
	}
	s.run(Command{Kind: CommandArchiveOrders, Order: ids[0]})
	if !s.IsArchived(ids[0]) || s.slots[20].reports.live != 0 || s.slots[20].shipments.live != 0 || s.slots[20].shipmentLines.live != 0 {
		t.Error("something stayed of orders that left")
	}
	if r := s.Audit(); r.Found != 0 {
		t.Errorf("audit: %+v", r.Violations)
	}
	if n := s.slots[20].unitsOf(hashCustomer([]byte("ann")), sku); n != 2*PageOrders {
		t.Errorf("%d units count against the customer's limit", n)
	}
	again = restored(t, s.Machine)
	if r := again.Audit(); r.Found != 0 || again.Digest() != s.Digest() {
		t.Errorf("restored: %+v", r.Violations)
	}
	s.slots[20].settled.mut(0).units++
	if r := s.Audit(); r.Found == 0 {
		t.Error("an audit does not see that more is settled than was sold")
	}
}

// restored is a machine made of the pages of another one, with its table of sales.
func restored(t *testing.T, m *Machine) *Machine {
	t.Helper()
	again := New(Options{Seed: 7})
	again.locations, again.channels, again.sales = m.locations, m.channels, m.sales
	for id := range Slot(SlotCount) {
		again.RestoreArchived(id, m.Archived(id))
		for _, store := range m.slots[id].stores() { // those of a machine that was restored itself are saved already
			for n := range store.image().Pages {
				if store.isHere(n) {
					m.Unsave(PageID{Slot: id, Slab: store.image().Kind, Number: n})
				}
			}
		}
		pages := map[PageID][]byte{}
		for _, image := range m.Freeze(id, func(page PageID, bytes []byte) { pages[page] = slices.Clone(bytes) }) {
			store := m.slots[id].storeOf(image.Kind)
			if !again.RestoreSlab(id, image, func(n uint32) bool { return !store.isHere(n) }) {
				t.Fatal("a slab does not fit")
			}
		}
		m.KeepPages(id, 1<<40)
		for page, bytes := range pages {
			again.RestorePage(page, bytes, DigestPage(bytes))
		}
		for _, page := range m.slots[id].keeper.frozen {
			m.Unsave(page)
		}
		again.RestoreIndexes(id, 0)
	}
	return again
}

// TestStepsOnLivesAllocateNothing goes on with the life of an order again and again.
func TestStepsOnLivesAllocateNothing(t *testing.T) {
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	sku := s.skuIn(20, SKUSettings{BackorderLimit: Unlimited})
	id := s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{sku, 1000}}})
	c := Command{Kind: CommandCancelLines, Order: id, Mask: Slot(20).Mask(), Life: &LifeRequest{Units: []LineUnits{{0, 1}}}}
	plain := Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Mask: Slot(20).Mask(), Lines: []Line{{sku, 1}}}
	run := func() {
		for _, c := range []*Command{&c, &plain} {
			s.seq++
			if out := s.Execute(&s.step, c, s.seq, s.now, nobody{}); !out.Changed {
				t.Fatalf("refused: %d", out.Reason)
			}
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
