package reference_test

import (
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// TestWorkloadMixesMoney fails when the generator no longer has money come and go in all the ways in which something follows from it.
func TestWorkloadMixesMoney(t *testing.T) {
	followed := map[core.PaymentType]map[core.EventKind]int{}
	statuses := map[core.PaymentStatus]int{}
	var completed, outlived, late, cut, due, given int
	for seed := uint64(4); seed <= 3200; seed += 4 {
		model := reference.New()
		locked := map[core.OrderID]core.Millis{} // until when the hold would have lived
		for i, step := range reference.Generate(seed, 300) {
			told, _ := model.Execute(&step.Command, core.Sequence(i+1), step.Now)
			var before core.EventKind
			for _, e := range told {
				switch e.Kind {
				case core.EventTaskRequested:
					entry := &e.Order.Account.Entries[e.Payment-1]
					if followed[entry.Type] == nil {
						followed[entry.Type] = map[core.EventKind]int{}
					}
					followed[entry.Type][before]++
					if before == core.EventPaymentReported && e.Order.Status == core.StatusExpired {
						late++
					}
					continue
				case core.EventPaymentReported:
					if e.Order.Account.Entries[e.Payment-1].Task {
						completed++
					}
					if d, ok := locked[e.Order.ID]; ok && e.Order.Account.Lock.Until == 0 && e.Order.Deadline == max(d, e.At) {
						cut++
						delete(locked, e.Order.ID)
					}
				case core.EventReturnDecided, core.EventReturnReceived, core.EventReturnExpired:
					if e.Order.HasMoney() {
						r := &e.Order.Life.Returns[e.Return-1]
						exchange := r.Terms.Replacement != 0 && r.Terms.Currency == e.Order.Account.Currency
						if exchange && r.Status == core.ReturnApproved && r.Terms.Difference+r.Terms.Fee > 0 {
							due++
						}
						if exchange && r.Refunds == 1 && r.Terms.Difference+r.Terms.Fee < 0 {
							given++
						}
					}
				case core.EventHoldLocked:
					locked[e.Order.ID] = e.Order.Account.Lock.Deadline
				case core.EventHoldConfirmed:
					if d, ok := locked[e.Order.ID]; ok && e.At >= d {
						outlived++
					}
				}
				if e.Kind.HasOrder() && e.Order.HasMoney() {
					statuses[e.Order.PaymentStatus()]++
				}
				before = e.Kind
			}
		}
	}
	t.Logf("tasks that followed %v; completed %d, after a late success %d; confirmed in a lock after the deadline %d, locks ended by a failure %d; exchanges with something due %d, given back %d; %v",
		followed, completed, late, outlived, cut, due, given, statuses)
	for _, want := range []struct {
		task core.PaymentType
		from core.EventKind
	}{
		{core.PaymentCapture, core.EventPaymentReported}, {core.PaymentCapture, core.EventHoldConfirmed}, {core.PaymentCapture, core.EventOrderShipped}, {core.PaymentCapture, core.EventOrderTakenOffHold},
		{core.PaymentRefund, core.EventPaymentReported}, {core.PaymentRefund, core.EventOrderCancelled}, {core.PaymentRefund, core.EventLinesCancelled},
		{core.PaymentRefund, core.EventHoldExpired}, {core.PaymentRefund, core.EventRefundDecided}, {core.PaymentVoid, core.EventPaymentReported}, {core.PaymentVoid, core.EventOrderCancelled},
		{core.PaymentVoid, core.EventHoldExpired}, {core.PaymentVoid, core.EventHoldReleased}, {core.PaymentVoid, core.EventOrderUnpaid},
		{core.PaymentVoid, core.EventShipmentTracked}, {core.PaymentVoid, core.EventReturnDecided},
	} {
		if followed[want.task][want.from] == 0 {
			t.Errorf("%d tasks of type %d behind events of kind %d", followed[want.task][want.from], want.task, want.from)
		}
	}
	for status := core.PaymentNothingDue; status <= core.PaymentChargedBack; status++ {
		if statuses[status] < 5 {
			t.Errorf("%d orders of payment status %d", statuses[status], status)
		}
	}
	if min(completed, late, outlived, cut, due, given) < 3 {
		t.Error("tasks, locks and exchanges hardly matter")
	}
}
