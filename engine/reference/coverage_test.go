package reference_test

import (
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// TestWorkloadReachesEverything fails when the generator no longer produces some command, event or
// refusal: then the comparison with the machine would say nothing about it.
func TestWorkloadReachesEverything(t *testing.T) {
	done := map[core.CommandKind]int{}
	unchanged := map[core.CommandKind]int{}
	events := map[core.EventKind]int{}
	refusals := map[core.CommandKind]map[core.Reason]int{}
	left := map[core.Reason]int{}
	for seed := uint64(1); seed <= 120; seed++ {
		model := reference.New()
		for i, step := range reference.Generate(seed, 300) {
			c := &step.Command
			told, outcome := model.Execute(c, core.Sequence(i+1), step.Now)
			for _, e := range told {
				if events[e.Kind]++; e.Kind == core.EventWaitlistLeft {
					left[e.Reason]++
				}
			}
			switch {
			case outcome.Reason != core.ReasonNone:
				if refusals[c.Kind] == nil {
					refusals[c.Kind] = map[core.Reason]int{}
				}
				refusals[c.Kind][outcome.Reason]++
			case outcome.Changed:
				done[c.Kind]++
			default:
				unchanged[c.Kind]++
			}
		}
	}
	t.Logf("done %v, unchanged %v, events %v, refusals %v, left %v", done, unchanged, events, refusals, left)
	for _, reason := range []core.Reason{core.ReasonNone, core.ReasonSaleEnded, core.ReasonSKUNotInSale, core.ReasonLimitPerCustomer,
		core.ReasonSaleLimit, core.ReasonExpiredTooOften} {
		if left[reason] == 0 {
			t.Errorf("nobody left a waitlist for reason %d", reason)
		}
	}
	for _, kind := range append(numbers(core.CommandDefineSKU, core.CommandMoveStock), numbers(core.CommandDefineSale, core.CommandAdvanceQueue)...) {
		if done[kind] == 0 && kind != core.CommandArchiveOrders { // pages do not fill so soon
			t.Errorf("no command of kind %d was done", kind)
		}
	}
	for kind := core.EventSKUDefined; kind < 255; kind++ {
		if kind.IsKnown() && events[kind] == 0 {
			t.Errorf("no event of kind %d", kind)
		}
	}
	for kind, reasons := range reachable {
		for _, reason := range reasons {
			if refusals[kind][reason] == 0 {
				t.Errorf("no command of kind %d was refused with reason %d", kind, reason)
			}
		}
	}
}

// numbers are those from first to last.
func numbers[K ~uint8](first, last K) (list []K) {
	for k := first; k <= last; k++ {
		list = append(list, k)
	}
	return list
}

// reachable lists which refusals a command can get. A full table takes thousands of commands and has
// its own test.
var reachable = map[core.CommandKind][]core.Reason{
	core.CommandAdjustStock: {
		core.ReasonSKUNotFound, core.ReasonLocationNotFound, core.ReasonDuplicateRow,
		core.ReasonStockChanged, core.ReasonStockNegative, core.ReasonStockTooLarge,
	},
	core.CommandMoveStock: {
		core.ReasonSKUNotFound, core.ReasonLocationNotFound,
		core.ReasonStockChanged, core.ReasonStockNegative, core.ReasonStockTooLarge,
	},
	core.CommandPlaceHold: {
		core.ReasonSKUNotFound, core.ReasonChannelNotFound,
		core.ReasonSKUStopped, core.ReasonLimitPerCustomer, core.ReasonInsufficientStock,
		core.ReasonSaleNotFound, core.ReasonSaleNotStarted, core.ReasonSaleEnded, core.ReasonSKUNotInSale, core.ReasonSaleQuota,
		core.ReasonSaleLimit, core.ReasonHoldCap, core.ReasonTicketRequired, core.ReasonTicketUsed, core.ReasonExpiredTooOften,
	},
	core.CommandPlaceOrder: {
		core.ReasonSKUNotFound, core.ReasonChannelNotFound, core.ReasonDuplicateExternal,
		core.ReasonSKUStopped, core.ReasonLimitPerCustomer, core.ReasonInsufficientStock,
		core.ReasonSaleNotFound, core.ReasonSaleNotStarted, core.ReasonSaleEnded, core.ReasonSKUNotInSale, core.ReasonSaleQuota,
		core.ReasonSaleLimit, core.ReasonTicketRequired, core.ReasonTicketUsed,
	},
	core.CommandDefineSale:   {core.ReasonSKUNotFound},
	core.CommandAdvanceQueue: {core.ReasonSaleNotFound},
	core.CommandJoinWaitlist: {
		core.ReasonSKUNotFound, core.ReasonChannelNotFound, core.ReasonSKUStopped, core.ReasonLimitPerCustomer,
		core.ReasonSaleNotFound, core.ReasonSaleNotStarted, core.ReasonSaleEnded, core.ReasonSKUNotInSale, core.ReasonExpiredTooOften,
		core.ReasonStillForSale, core.ReasonSaleLimit, core.ReasonWaitlistFull,
	},
	core.CommandLeaveWaitlist: {core.ReasonSaleNotFound},
	core.CommandConfirmHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict,
		core.ReasonHoldExpired, core.ReasonHoldReleased, core.ReasonOrderCancelled,
	},
	core.CommandExtendHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict,
		core.ReasonHoldExpired, core.ReasonHoldReleased, core.ReasonHoldConfirmed, core.ReasonOrderCancelled,
	},
	core.CommandReleaseHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonHoldConfirmed,
	},
	core.CommandCancelOrder: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict,
		core.ReasonHoldExpired, core.ReasonHoldReleased,
	},
}
