package reference_test

import (
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// TestSlotsOf checks what an engine asks before it journals a command: which slots it touches, or
// that the order has to be asked.
func TestSlotsOf(t *testing.T) {
	for seed := uint64(4_001); seed <= 4_020; seed++ {
		model := reference.New()
		for i, step := range reference.Generate(seed, stepsPerSeed) {
			c := step.Command
			want, wantKnown := slotsOf(&c)
			got, known := core.SlotsOf(&c)
			if known != wantKnown || known && got != want {
				t.Fatalf("seed %d, command %d: slots %s, known %v; should be %s, %v\n%s", seed, i,
					slotsWords(got), known, slotsWords(want), wantKnown, commandWords(&c))
			}
			model.Execute(&c, core.Sequence(i+1), step.Now)
		}
	}
}

// slotsOf says the same from core's rules.
func slotsOf(c *core.Command) (mask core.SlotMask, known bool) {
	switch c.Kind {
	case core.CommandTick:
		return c.Mask, true
	case core.CommandDefineSKU:
		return core.NameSlot(c.Name).Mask(), true
	case core.CommandAddNote:
		return c.Order.Home().Mask(), true
	case core.CommandSetChannelRule:
		return c.Rule.SKU.Slot().Mask(), true
	case core.CommandDefineLocation, core.CommandDefineChannel, core.CommandDefineRouting, core.CommandDefineSale, core.CommandSetChannel, core.CommandSetKit,
		core.CommandCreateInbound, core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound:
		return core.AllSlots, true
	case core.CommandAdvanceQueue, core.CommandLeaveWaitlist:
		return c.Sale.Slot().Mask(), true
	case core.CommandAdjustStock, core.CommandMoveStock, core.CommandPlaceHold, core.CommandPlaceOrder,
		core.CommandJoinWaitlist, core.CommandServeWaitlist:
		for _, r := range c.Rows {
			mask |= r.SKU.Slot().Mask()
		}
		for _, r := range c.Moves {
			mask |= r.SKU.Slot().Mask()
		}
		for _, l := range c.Lines {
			mask |= l.SKU.Slot().Mask()
		}
		for _, r := range c.Recipes {
			for _, part := range r.Components {
				mask |= part.SKU.Slot().Mask()
			}
		}
		if len(c.ExternalID) > 0 {
			mask |= core.ExternalSlot(c.Channel, c.ExternalID).Mask()
		}
		if c.Sale != 0 {
			mask |= c.Sale.Slot().Mask()
		}
		return mask, true
	case core.CommandArchiveOrders:
		return c.Order.Home().Mask(), true
	case core.CommandResolveCase:
		return c.Order.Home().Mask() | c.Resolution.SKU.Slot().Mask(), !c.Order.Spread()
	case core.CommandEditOrder:
		mask = c.Order.Home().Mask()
		for _, l := range c.Lines {
			mask |= l.SKU.Slot().Mask()
		}
		for _, r := range c.Recipes {
			for _, part := range r.Components {
				mask |= part.SKU.Slot().Mask()
			}
		}
		return mask, !c.Order.Spread() || c.Life.DocumentOnly
	}
	// Of what an edit has brought to an order its number knows nothing: the command is refused.
	return c.Order.Home().Mask(), !c.Order.Spread()
}
