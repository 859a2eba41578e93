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
	s := newAuditShop(t)
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

// TestStepsOnLivesAllocateNothing goes on with the life of an order again and again.
func TestStepsOnLivesAllocateNothing(t *testing.T) {
	s := newAuditShop(t)
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
