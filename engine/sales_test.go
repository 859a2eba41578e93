package engine_test

import (
	"slices"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// TestQuotaIsSaidByAll asks for more than is left of a sale's quota while there is stock. Admission refuses with the same words
// as the machine, and costs no place in the journal; before and after a restart, from the journal and from a checkpoint.
func TestQuotaIsSaidByAll(t *testing.T) {
	leavesNothing(t)
	d, o := newDisk(), engine.Options{Shards: 2}
	e := openOn(t, d, o)
	skus := stock(t, e, 2, 50)
	rules := core.SaleSettings{EndsAt: 1 << 50, Items: []core.SaleItem{{SKU: skus[0], Quota: 2}, {SKU: skus[1], Quota: core.Unlimited}}}
	define := core.Command{Kind: core.CommandDefineSale, Name: []byte("friday"), SaleSettings: &rules}
	done(t, e, define)
	entry, ok := e.Sale([]byte("friday"))
	if !ok || entry.LeftOf(skus[0]) != 2 || entry.Left() != core.Unlimited || entry.ID.Slot() != skus[0].Slot() {
		t.Fatalf("the sale is %+v", entry)
	}
	inSale := func(c core.Command) core.Command {
		c.Sale = entry.ID
		return c
	}
	done(t, e, inSale(order("ann", skus[0], 2)))
	c := inSale(lines("bob", core.Line{SKU: skus[1], Quantity: 1}, core.Line{SKU: skus[0], Quantity: 3}))
	want := []core.RefusedLine{{Index: 1, SKU: skus[0], Requested: 3}}
	for range 2 {
		sequence, external := e.Sequence(), c
		external.ExternalID = []byte("web-1")
		for i, c := range []core.Command{c, external} {
			if r := refusalOf(t, ask(t, e, c)[0]); r.Reason != core.ReasonSaleQuota || !slices.Equal(r.Lines, want) ||
				e.Sequence() != sequence+core.Sequence(i) {
				t.Errorf("%d: %+v, and the sequence was %d and is %d", i, r, sequence, e.Sequence())
			}
		}
		done(t, e, order("bob", skus[0], 3), inSale(order("bob", skus[1], 3)))
		if info, err := e.Checkpoint(); err != nil {
			t.Fatal(info, err)
		}
		closeEngine(t, e)
		e = openOn(t, d, o)
		entry, _ = e.Sale([]byte("friday"))
	}
	rules.Items[0].Quota = 5
	done(t, e, define)
	done(t, e, inSale(order("bob", skus[0], 3)))
	image, err := e.ReadSale(nil, entry.ID)
	var sale core.SaleImage
	if _, decodeErr := codec.DecodeSaleImage(image.Bytes, &sale); err != nil || decodeErr != nil {
		t.Fatal(err, decodeErr)
	}
	if sale.Version != 2 || sale.Counts[0].Sold != 5 || sale.Counts[1].Sold != 6 || entry.LeftOf(skus[0]) != 0 {
		t.Errorf("the sale is %+v", sale)
	}
	closeEngine(t, e)
}
