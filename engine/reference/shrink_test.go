package reference_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// shrink leaves out commands, many at once first, then fewer, then lines and rows of those that are
// left, for as long as the rest still fails. Numbers in commands stay as they are, so where a hold is
// left out its follow-ups find nothing.
func shrink(steps []reference.Step, fails func([]reference.Step) bool) []reference.Step {
	for size := len(steps) / 2; size > 1; size /= 2 {
		steps, _ = shrinkBy(steps, size, fails)
	}
	for again := true; again; {
		steps, again = shrinkBy(steps, 1, fails)
	}
	for i := range steps {
		shrinkCommand(steps, &steps[i].Command, fails)
	}
	return steps
}

// shrinkBy goes through the list once, from its end, leaving out size commands at a time.
func shrinkBy(steps []reference.Step, size int, fails func([]reference.Step) bool) (least []reference.Step, shrunk bool) {
	for at := len(steps) - size; at >= 0; at -= size {
		if fewer := slices.Delete(slices.Clone(steps), at, at+size); fails(fewer) {
			steps, shrunk = fewer, true
		}
	}
	return steps, shrunk
}

// shrinkCommand leaves out lines and rows of a command of the list.
func shrinkCommand(steps []reference.Step, c *core.Command, fails func([]reference.Step) bool) {
	try := func(change func()) {
		before := *c
		change()
		books := c.Mask & core.CapacitySlot.Mask() & core.SlotsWith(c, true)
		if c.Kind != core.CommandEditOrder { // whose order has slots of its own
			c.Mask, _ = core.SlotsOf(c)
			c.Mask |= books
		}
		if !fails(steps) {
			*c = before
		}
	}
	for i := len(c.Lines) - 1; i >= 0 && len(c.Lines) > 1; i-- {
		try(func() {
			c.Lines = slices.Delete(slices.Clone(c.Lines), i, i+1)
			if c.Money != nil {
				money := *c.Money
				money.Amounts = slices.Delete(slices.Clone(money.Amounts), i, i+1)
				c.Money = &money
			}
		})
	}
	for i := len(c.Rows) - 1; i >= 0 && len(c.Rows) > 1; i-- {
		try(func() { c.Rows = slices.Delete(slices.Clone(c.Rows), i, i+1) })
	}
}

func TestShrinkKeepsWhatFails(t *testing.T) {
	steps := reference.Generate(1, 100)
	confirms := func(steps []reference.Step) (n int) {
		for i := range steps {
			if steps[i].Command.Kind == core.CommandConfirmHold {
				n++
			}
		}
		return n
	}
	least := shrink(steps, func(steps []reference.Step) bool { return confirms(steps) >= 2 })
	if len(least) != 2 || confirms(least) != 2 {
		t.Errorf("shrunk to %d commands:\n%s", len(least), describe(least))
	}
}

// describe writes a list of commands for a person who looks for the reason.
func describe(steps []reference.Step) string {
	var out strings.Builder
	for i := range steps {
		since := steps[i].Now - steps[0].Now
		fmt.Fprintf(&out, "%3d  +%d ms  slots %s  %s\n", i, since, slotsWords(steps[i].Command.Mask), commandWords(&steps[i].Command))
	}
	return out.String()
}

func slotsWords(m core.SlotMask) string {
	if m == core.AllSlots {
		return "all"
	}
	var list []string
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		if m.Has(slot) {
			list = append(list, fmt.Sprint(slot))
		}
	}
	return strings.Join(list, ",")
}

func commandWords(c *core.Command) string {
	version := ""
	if c.ExpectedVersion != 0 {
		version = fmt.Sprintf(" if version %d", c.ExpectedVersion)
	}
	follow := func(what string) string { return fmt.Sprintf("%s order %d%s", what, c.Order, version) }
	switch c.Kind {
	case core.CommandTick:
		return "tick"
	case core.CommandDefineSKU:
		return fmt.Sprintf("define SKU %s %+v", c.Name, c.SKU)
	case core.CommandDefineLocation:
		return fmt.Sprintf("define location %s %+v", c.Name, c.Location)
	case core.CommandDefineChannel:
		return fmt.Sprintf("define channel %s", c.Name)
	case core.CommandSetChannel:
		return fmt.Sprintf("set channel %s %+v", c.Name, c.Selling)
	case core.CommandSetChannelRule:
		return fmt.Sprintf("set rule %+v", c.Rule)
	case core.CommandDefineRouting:
		return fmt.Sprintf("define routing %+v", *c.Routing)
	case core.CommandSetKit:
		return fmt.Sprintf("set kit %+v", c.Recipes)
	case core.CommandAdjustStock:
		return "adjust stock " + rowsWords(c.Rows)
	case core.CommandMoveStock:
		return fmt.Sprintf("move stock actor %q cause %q rows %+v", c.Actor, c.Cause, c.Moves)
	case core.CommandCreateInbound, core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound:
		return fmt.Sprintf("inbound command %d %+v%s", c.Kind, *c.Inbound, version)
	case core.CommandArchiveOrders:
		return follow("archive the page of")
	case core.CommandPlaceHold:
		return fmt.Sprintf("place hold ttl %d channel %d customer %s sale %d lines %v recipes %v", c.TTL, c.Channel, c.Customer, c.Sale, c.Lines, c.Recipes)
	case core.CommandPlaceOrder:
		return fmt.Sprintf("place order channel %d customer %s external %q lines %v recipes %v", c.Channel, c.Customer, c.ExternalID, c.Lines, c.Recipes)
	case core.CommandConfirmHold:
		return follow("confirm")
	case core.CommandDefineSale:
		return fmt.Sprintf("define sale %s %+v", c.Name, *c.SaleSettings)
	case core.CommandAdvanceQueue:
		return fmt.Sprintf("advance queue of sale %d %+v", c.Sale, c.Queue)
	case core.CommandJoinWaitlist, core.CommandLeaveWaitlist, core.CommandServeWaitlist:
		return fmt.Sprintf("waitlist of sale %d, kind %d place %d customer %s lines %v", c.Sale, c.Kind, c.Waiter, c.Customer, c.Lines)
	case core.CommandExtendHold:
		return follow("extend") + fmt.Sprintf(" ttl %d", c.TTL)
	case core.CommandRerouteOrder:
		return follow("reroute") + fmt.Sprintf(" %+v to %+v lines %v", *c.Reroute, c.Destination, c.Lines)
	case core.CommandResolveCase:
		return follow("resolve a case with") + fmt.Sprintf(" %+v to %+v", *c.Resolution, c.Destination)
	case core.CommandEditOrder:
		return follow("edit") + fmt.Sprintf(" take off %+v add %v recipes %v to %+v document %q alone %v", c.Life.Units, c.Lines, c.Recipes, c.Destination, c.Document, c.Life.DocumentOnly)
	case core.CommandFillOrder:
		return follow("fill")
	case core.CommandAddNote:
		return follow("note") + fmt.Sprintf(" by %q", c.Actor)
	case core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold:
		return follow(fmt.Sprintf("payment command %d %+v of", c.Kind, *c.Payment))
	case core.CommandExpireUnpaid:
		return follow("expire unpaid")
	case core.CommandReleaseHold:
		return follow("release")
	default:
		return follow("cancel")
	}
}

func rowsWords(rows []core.AdjustmentRow) string {
	var list []string
	for _, r := range rows {
		words := fmt.Sprintf("{SKU %d at %d: %+d}", r.SKU, r.Location, r.Value)
		switch r.Mode {
		case core.AdjustSet:
			words = fmt.Sprintf("{SKU %d at %d = %d}", r.SKU, r.Location, r.Value)
		case core.AdjustSetExpected:
			words = fmt.Sprintf("{SKU %d at %d = %d if %d}", r.SKU, r.Location, r.Value, r.Expected)
		}
		list = append(list, words)
	}
	return strings.Join(list, " ")
}

func outcomeWords(o core.Outcome) string {
	if o.Refusal == nil {
		return fmt.Sprintf("reason %d, changed %v, order %d, no refusal", o.Reason, o.Changed, o.Order)
	}
	return fmt.Sprintf("reason %d, changed %v, order %d, refusal %+v", o.Reason, o.Changed, o.Order, *o.Refusal)
}

func eventWords(events []core.Event) string {
	var list []string
	for i := range events {
		e := &events[i]
		list = append(list, fmt.Sprintf("{kind %d, sequence %d, at %d, %s, %+v, %+v, %+v, %+v, %+v, %+v, %+v, %+v, %+v, %+v}",
			e.Kind, e.Sequence, e.At, orderWords(e.Order), e.SKU, e.Location, e.Channel, e.Levels, e.Moves, e.Supply, e.Rule, e.Route, e.Reroute, e.Resolution))
	}
	return strings.Join(list, "\n          ")
}

func orderWords(o core.OrderImage) string {
	return fmt.Sprintf("order %d status %d version %d created %d at %d deadline %d channel %d document %v edited %d on hold %d customer %q external %q lines %+v allocations %+v life %+v account %+v",
		o.ID, o.Status, o.Version, o.Created, o.CreatedAt, o.Deadline, o.Channel, o.HasDocument, o.Edited, o.OnHold, o.Customer, o.ExternalID, o.Lines, o.Allocations, o.Life, o.Account)
}
