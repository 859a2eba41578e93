package engine_test

import (
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
)

// exchanger is an order of two units that were delivered, and the orders whose units are to replace them.
type exchanger struct {
	sku          core.SKUID
	order        core.OrderID
	replacements [2]core.OrderID
}

func newExchanger(t *testing.T, e *engine.Engine) *exchanger {
	t.Helper()
	x := &exchanger{sku: backorderable(t, e, "sku-1")}
	other := backorderable(t, e, "sku-2") // in another slot
	done(t, e, restock(x.sku, 9), restock(other, 9))
	x.order = done(t, e, order("ann", x.sku, 2))[0].order
	done(t, e, core.Command{Kind: core.CommandShipOrder, Order: x.order, Lines: []core.Line{{SKU: x.sku}}, Life: &core.LifeRequest{}},
		core.Command{Kind: core.CommandTrackShipment, Order: x.order, Life: &core.LifeRequest{
			Shipment: 1, Reports: []core.TrackingReport{{At: 1, Status: core.ShipmentDelivered}}}})
	for i := range x.replacements {
		x.replacements[i] = done(t, e, order("ann", other, 1))[0].order
		row := core.ReturnRow{Quantity: 1, Reason: core.ReturnTooSmall}
		done(t, e, x.ask(core.CommandRequestReturn, core.ReturnRequest{Rows: []core.ReturnRow{row}}),
			x.ask(core.CommandDecideReturn, core.ReturnRequest{
				Number: i + 1, Decision: core.DecideApprove, Terms: core.ReturnTerms{Replacement: x.replacements[i]}}))
	}
	done(t, e, core.Command{Kind: core.CommandShipOrder, Order: x.replacements[1], Lines: []core.Line{{SKU: other}}, Life: &core.LifeRequest{}})
	return x
}

func (x *exchanger) ask(kind core.CommandKind, r core.ReturnRequest) core.Command {
	return core.Command{Kind: kind, Order: x.order, Life: &core.LifeRequest{Return: &r}}
}

func (x *exchanger) cancel(number int) core.Command {
	return x.ask(core.CommandDecideReturn, core.ReturnRequest{Number: number, Decision: core.DecideCancel})
}

// settled tells whether a return's replacement has been dealt with.
func (x *exchanger) settled(t *testing.T, e *engine.Engine, number int) bool {
	o := readOrder(t, e, x.order)
	return o.Life.Returns[number-1].Settled
}

// TestReplacementsAreSettled: when returns come to nothing their replacements are cancelled without anybody asking for it, but for one that has shipped.
func TestReplacementsAreSettled(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		e := openOn(t, newDisk(), engine.Options{Shards: shards})
		x := newExchanger(t, e)
		done(t, e, x.cancel(1), x.cancel(2))
		for number := range 2 {
			eventually(t, "a replacement is dealt with", func() bool { return x.settled(t, e, number+1) })
		}
		if first, second := readOrder(t, e, x.replacements[0]), readOrder(t, e, x.replacements[1]); first.Status != core.StatusCancelled || second.Status != core.StatusPlaced {
			t.Errorf("the replacements are at %d and %d", first.Status, second.Status)
		}
		audited(t, e)
		closeEngine(t, e)
	}
}

// TestReplacementsAreSettledAfterARestart: what nobody dealt with before the engine stopped is dealt with when it is back.
func TestReplacementsAreSettledAfterARestart(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{Shards: 2, KeepWaiting: true})
	x := newExchanger(t, e)
	done(t, e, x.cancel(1))
	if x.settled(t, e, 1) {
		t.Error("somebody dealt with the replacement")
	}
	closeEngine(t, e)
	e = openOn(t, d, engine.Options{Shards: 3})
	defer closeEngine(t, e)
	eventually(t, "a replacement is dealt with", func() bool { return x.settled(t, e, 1) })
	if o := readOrder(t, e, x.replacements[0]); o.Status != core.StatusCancelled {
		t.Errorf("the replacement is at %d", o.Status)
	}
}
