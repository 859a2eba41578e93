//go:build !tiny

package core_test

import (
	"fmt"
	"testing"

	"holdfast/engine/core"
)

// till executes commands one after the other on a shop of many SKUs.
type till struct {
	tb      testing.TB
	machine *core.Machine
	skus    []core.SKUID
	step    core.Step
	sink    discard
	seq     core.Sequence
	now     core.Millis
}

func newTill(tb testing.TB, allocate core.Allocator, skus int) *till {
	m, ids := shop(tb, allocate, skus, core.MaxOnHand)
	return &till{tb: tb, machine: m, skus: ids, seq: core.Sequence(2 * skus), now: 1}
}

func (t *till) run(c *core.Command) core.OrderID {
	t.seq++
	if mask, known := core.SlotsOf(c); known {
		c.Mask = mask
	} else {
		c.Mask, _ = t.machine.OrderSlots(c.Order)
	}
	out := t.machine.Execute(&t.step, c, t.seq, t.now, &t.sink)
	if out.Reason != core.ReasonNone || !out.Changed {
		t.tb.Fatalf("%+v", *out)
	}
	return out.Order
}

// basket makes a command of several lines, each of another SKU.
func (t *till) basket(kind core.CommandKind, lines int) *core.Command {
	c := &core.Command{Kind: kind, Customer: []byte("customer0001"), TTL: core.MinTTL}
	for i := range lines {
		c.Lines = append(c.Lines, core.Line{SKU: t.skus[i], Quantity: 1})
	}
	return c
}

// openSale makes a sale of all SKUs.
func (t *till) openSale() core.SaleID {
	rules := core.SaleSettings{EndsAt: 1 << 50}
	for _, sku := range t.skus {
		rules.Items = append(rules.Items, core.SaleItem{SKU: sku, Quota: core.Unlimited})
	}
	t.run(&core.Command{Kind: core.CommandDefineSale, Name: []byte("friday"), SaleSettings: &rules})
	return core.MakeSaleID(t.skus[0].Slot(), 0)
}

// TestExecuteAllocatesNothing: what is left is a page for every thousand records.
func TestExecuteAllocatesNothing(t *testing.T) {
	follow := core.Command{}
	after := func(t *till, kind core.CommandKind, id core.OrderID) {
		follow = core.Command{Kind: kind, Order: id, TTL: 2 * core.MinTTL}
		t.run(&follow)
	}
	for _, lines := range []int{1, 5, 50} {
		till := newTill(t, chunks(), 64)
		order, hold := till.basket(core.CommandPlaceOrder, lines), till.basket(core.CommandPlaceHold, lines)
		external := till.basket(core.CommandPlaceOrder, lines)
		external.ExternalID = []byte("external-0000")
		inSale := till.basket(core.CommandPlaceHold, lines)
		inSale.Sale, inSale.Identities = till.openSale(), core.AppendIdentity(nil, core.IdentityDevice, []byte("phone"))
		short := till.basket(core.CommandPlaceOrder, lines)
		short.Lines[0].SKU = core.MakeSKUID(short.Lines[0].SKU.Slot(), 1<<20)
		short.Mask, _ = core.SlotsOf(short)
		for name, run := range map[string]func(){
			"order":          func() { till.run(order) },
			"hold in a sale": func() { after(till, core.CommandReleaseHold, till.run(inSale)) },
			"hold, confirm":  func() { after(till, core.CommandConfirmHold, till.run(hold)) },
			"hold, release":  func() { after(till, core.CommandReleaseHold, till.run(hold)) },
			"hold, extend":   func() { after(till, core.CommandExtendHold, till.run(hold)) },
			"order, cancel":  func() { after(till, core.CommandCancelOrder, till.run(order)) },
			"hold, and none": func() { till.now += core.MinTTL; till.run(hold) }, // expires those before
			"refusal":        func() { till.machine.Execute(&till.step, short, till.seq, till.now, &till.sink) },
			"external id": func() {
				for i := len(external.ExternalID) - 1; ; i-- {
					if external.ExternalID[i]++; external.ExternalID[i] <= '9' {
						break
					}
					external.ExternalID[i] = '0'
				}
				till.run(external)
			},
		} {
			t.Run(fmt.Sprintf("%s/lines=%d", name, lines), func(t *testing.T) {
				run() // the lists of the step grow once
				if n := testing.AllocsPerRun(1000, run); n != 0 {
					t.Errorf("%v allocations", n)
				}
			})
		}
	}
}

// TestWholeLivesAllocateLittle takes orders with prices from placed to delivered, and back: what is left is a short list for each of the two tasks.
func TestWholeLivesAllocateLittle(t *testing.T) {
	euro := core.Currency([]byte("EUR"))
	till := newTill(t, chunks(), 64)
	till.run(&core.Command{Kind: core.CommandSetChannel, Name: []byte("shop"), Selling: core.ChannelSettings{Capture: core.CaptureShipment}})
	place := till.basket(core.CommandPlaceOrder, 1)
	place.Channel, place.Money = 1, &core.OrderMoney{Currency: euro, Extra: 490, Amounts: []int64{1000}}
	report := func(kind core.PaymentType, entry int, amount int64) *core.Command {
		return &core.Command{Kind: core.CommandReportPayment, Payment: &core.PaymentRequest{
			Type: kind, Status: core.EntrySucceeded, Entry: entry, Amount: amount, Currency: euro, At: 1, Provider: []byte("manual"), Reference: []byte("p-0000"),
		}}
	}
	of := func(kind core.CommandKind, life core.LifeRequest) *core.Command {
		return &core.Command{Kind: kind, Life: &life, Lines: []core.Line{{SKU: till.skus[0]}}}
	}
	back := func(kind core.CommandKind, r core.ReturnRequest) *core.Command {
		return of(kind, core.LifeRequest{Return: &r})
	}
	steps := []*core.Command{
		report(core.PaymentAuthorization, 0, 1490),
		of(core.CommandShipOrder, core.LifeRequest{}),
		report(core.PaymentCapture, 2, 1490),
		of(core.CommandTrackShipment, core.LifeRequest{Shipment: 1, Reports: []core.TrackingReport{{At: 1, Status: core.ShipmentDelivered}}}),
		back(core.CommandRequestReturn, core.ReturnRequest{Rows: []core.ReturnRow{{Quantity: 1, Reason: core.ReturnChangedMind}}}),
		back(core.CommandDecideReturn, core.ReturnRequest{Number: 1, Decision: core.DecideApprove}),
		back(core.CommandReceiveReturn, core.ReturnRequest{Number: 1, Rows: []core.ReturnRow{{Quantity: 1, Disposition: core.DisposeRestock}}}),
		back(core.CommandDecideRefund, core.ReturnRequest{Number: 1, Amount: 1000, Currency: euro}),
		report(core.PaymentRefund, 3, 1000),
		back(core.CommandCloseReturn, core.ReturnRequest{Number: 1}),
	}
	run := func() {
		order := till.run(place)
		for _, c := range steps {
			c.Order = order
			till.run(c)
		}
	}
	run() // the lists of the step grow once
	if n := testing.AllocsPerRun(1000, run); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// TestReadsAllocateNothing reads into images that have been used before.
func TestReadsAllocateNothing(t *testing.T) {
	till := newTill(t, chunks(), 8)
	id := till.run(till.basket(core.CommandPlaceOrder, 8))
	var order core.OrderImage
	var units core.AvailabilityImage
	var sku core.SKUImage
	read := func() {
		if !till.machine.ReadOrder(id, &order) || !till.machine.ReadAvailability(till.skus[0], &units) || !till.machine.ReadSKU(till.skus[0], &sku) {
			t.Fatal("not found")
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkBasket(b *testing.B) {
	for _, lines := range []int{2, 5, 50, 500} {
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			till := newTill(b, hugePages(b), 500)
			order := till.basket(core.CommandPlaceOrder, lines)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				till.run(order)
			}
			b.ReportMetric(float64(b.N*lines)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// BenchmarkHold takes holds and ends them, each way; of those that expire many do at once.
func BenchmarkHold(b *testing.B) {
	for _, lines := range []int{1, 3} {
		for kind, name := range map[core.CommandKind]string{
			core.CommandConfirmHold: "confirm", core.CommandReleaseHold: "release", core.CommandTick: "expire",
		} {
			b.Run(fmt.Sprintf("%s/lines=%d", name, lines), func(b *testing.B) {
				till := newTill(b, hugePages(b), 64)
				hold := till.basket(core.CommandPlaceHold, lines)
				var follow core.Command
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					for k := range hold.Lines {
						hold.Lines[k].SKU = till.skus[(i+k*7)%len(till.skus)]
					}
					id := till.run(hold)
					if kind == core.CommandTick {
						till.now++
						continue
					}
					follow = core.Command{Kind: kind, Order: id}
					till.run(&follow)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "holds/s")
			})
		}
	}
}

func BenchmarkDigestAndAudit(b *testing.B) {
	till := newTill(b, hugePages(b), 64)
	order := till.basket(core.CommandPlaceOrder, 1)
	const orders = 1_000_000
	for i := range orders {
		order.Lines[0].SKU = till.skus[i%len(till.skus)]
		till.run(order)
	}
	b.Run("digest", func(b *testing.B) {
		for range b.N {
			till.run(order) // so that a page has changed
			till.machine.Digest()
		}
	})
	b.Run("audit", func(b *testing.B) {
		for range b.N {
			if report := till.machine.Audit(); report.Found != 0 {
				b.Fatal(report)
			}
		}
		b.ReportMetric(float64(b.N)*orders/b.Elapsed().Seconds(), "orders/s")
	})
}
