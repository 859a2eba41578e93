//go:build !tiny

package core_test

import (
	"testing"

	"holdfast/engine/core"
)

// TestPaidInTimeStaysSo has an order paid in time, and edited when its time is over so that more is due: it is not cancelled for that, also not after
// a restart, where the machine looks anew for orders that were not paid in time.
func TestPaidInTimeStaysSo(t *testing.T) {
	euro := core.Currency([]byte("EUR"))
	till := newTill(t, nil, 1)
	till.run(&core.Command{Kind: core.CommandSetChannel, Name: []byte("web"), Selling: core.ChannelSettings{PayWithin: 1000}})
	place := till.basket(core.CommandPlaceOrder, 1)
	place.Money = &core.OrderMoney{Currency: euro, Amounts: []int64{1000}}
	id := till.run(place)
	till.run(&core.Command{Kind: core.CommandReportPayment, Order: id, Payment: &core.PaymentRequest{
		Type: core.PaymentCapture, Status: core.EntrySucceeded, Amount: 1000, Currency: euro, At: 1, Provider: []byte("acme"), Reference: []byte("pi-1"),
	}})
	till.now += 2000
	unpaid := func(m *core.Machine) int {
		return m.Unpaid(id.Home(), till.now, 10, func(core.OrderID, core.SlotMask) {})
	}
	before := unpaid(till.machine)
	till.run(&core.Command{
		Kind: core.CommandEditOrder, Order: id, ExpectedVersion: 2, Life: &core.LifeRequest{}, Lines: []core.Line{{SKU: till.skus[0], Quantity: 1}},
		Money: &core.OrderMoney{Currency: euro, Amounts: []int64{500}},
	})
	after, restarted := unpaid(till.machine), unpaid(rebirth(t, till.machine, &saved{pages: map[core.PageID][]byte{}}))
	if before != 0 || after != 0 || restarted != 0 {
		t.Errorf("to be cancelled: %d when the time was over, %d after the edit, %d after a restart", before, after, restarted)
	}
}
