package core

import "testing"

// TestArchivedIsInTheDigest archives two pages of orders that differ in when one of them was placed, and in nothing that is
// left in memory: the digest still tells.
func TestArchivedIsInTheDigest(t *testing.T) {
	digest := func(first Millis) Digest {
		s := newAuditShop(t)
		sku := s.skuIn(20, SKUSettings{BackorderLimit: Unlimited})
		s.now += first
		var ids []OrderID
		for range PageOrders {
			ids = append(ids, s.run(Command{Kind: CommandPlaceOrder, Customer: []byte("ann"), Lines: []Line{{sku, 1}}}))
			s.now = 1_000_000
		}
		for _, id := range ids {
			s.run(Command{Kind: CommandCancelOrder, Order: id})
		}
		s.run(Command{Kind: CommandArchiveOrders, Order: ids[0]})
		if !s.IsArchived(ids[0]) {
			t.Fatal("the orders are still in memory")
		}
		return s.Digest()
	}
	if a, b := digest(1), digest(2); a == b {
		t.Errorf("both have the digest %x", a)
	}
	if a, b := digest(1), digest(1); a != b {
		t.Errorf("one history has the digests %x and %x", a, b)
	}
}
