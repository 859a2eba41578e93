package reference_test

import (
	"slices"
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// TestAllAreServedWhoCanBe asks a machine, after every command of a random shop, who of those that wait can be served: the model
// says the same. Those are served now and then, as a host does it: in that order and until nobody is left. Then the model
// knows of nobody whom stock would reach, and nobody was served whose turn it was not.
func TestAllAreServedWhoCanBe(t *testing.T) {
	served := 0
	for seed := uint64(5_001); seed <= 5_060; seed++ {
		model, shop := reference.New(), newRunner(core.Options{})
		seq := core.Sequence(0)
		execute := func(c *core.Command, now core.Millis) core.Outcome {
			seq++
			_, want := model.Execute(c, seq, now)
			_, got := shop.execute(c, seq, now)
			if got.Changed != want.Changed || got.Reason != want.Reason {
				t.Fatalf("seed %d, command %d: the machine says %s, the model %s", seed, seq, outcomeWords(got), outcomeWords(want))
			}
			return got
		}
		for i, step := range reference.Generate(seed, stepsPerSeed) {
			if step.Command.Kind == core.CommandFillOrder {
				continue
			}
			execute(&step.Command, step.Now)
			if i%20 == 19 { // a hold whose time is over is not served any more
				execute(&core.Command{Version: 1, Kind: core.CommandTick, Mask: core.AllSlots}, step.Now)
			}
			for i%20 == 19 {
				orders := waitingIn(shop.machine)
				if want := servedIn(model); !slices.Equal(sorted(orders), want) {
					t.Fatalf("seed %d, command %d: %v can be served, the model says %v", seed, seq, sorted(orders), want)
				}
				if len(orders) == 0 {
					break
				}
				first := execute(&core.Command{Version: 1, Kind: core.CommandFillOrder, Order: orders[0], Mask: model.OrderMask(orders[0])}, step.Now)
				if !first.Changed {
					t.Fatalf("seed %d, command %d: the first in a queue is not served", seed, seq)
				}
				for _, id := range orders[1:] {
					execute(&core.Command{Version: 1, Kind: core.CommandFillOrder, Order: id, Mask: model.OrderMask(id)}, step.Now)
				}
				served += len(orders)
			}
		}
	}
	if served < 100 {
		t.Errorf("only %d were served", served)
	}
}

// waitingIn asks every slot, as a host does.
func waitingIn(m *core.Machine) (orders []core.OrderID) {
	for slot := range core.Slot(core.SlotCount) {
		orders = m.Waiting(slot, 1_000_000, orders)
		if m.SomeWait(slot) != (len(m.Waiting(slot, 1, nil)) > 0) {
			return []core.OrderID{0}
		}
	}
	return orders
}

func servedIn(model *reference.Model) (orders []core.OrderID) {
	for _, id := range model.SKUIDs() {
		orders = append(orders, model.Served(id)...)
	}
	return sorted(orders)
}

func sorted(orders []core.OrderID) []core.OrderID {
	sorted := slices.Clone(orders)
	slices.Sort(sorted)
	return sorted
}
