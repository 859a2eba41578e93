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
	for seed := uint64(1); seed <= 1200; seed++ {
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
	for kind := core.CommandDefineSKU; kind < 255; kind++ {
		if kind.IsKnown() && done[kind] == 0 && kind != core.CommandArchiveOrders { // pages do not fill so soon
			t.Errorf("no command of kind %d was done", kind)
		}
	}
	for kind := core.EventSKUDefined; kind < 255; kind++ {
		if kind.IsKnown() && events[kind] == 0 && kind != core.EventPaymentLate { // likewise
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

// TestWorkloadMixesPoolsAndQueues fails when the generator no longer has pools, queues of those who wait and documents that bring units
// meet at the same SKUs.
func TestWorkloadMixesPoolsAndQueues(t *testing.T) {
	var kept, pooled, ended, arrived, passed int
	for seed := uint64(1); seed <= 900; seed++ {
		model := reference.New()
		filled := map[core.OrderID]bool{} // lines that have units of a pool, and got others when they had waited
		for i, step := range reference.Generate(seed, 300) {
			told, _ := model.Execute(&step.Command, core.Sequence(i+1), step.Now)
			for _, e := range told {
				switch {
				case e.Kind == core.EventOrderFilled:
					for _, f := range e.Fills {
						line := &e.Order.Lines[f.Line]
						if line.Pooled > 0 {
							pooled++
							filled[e.Order.ID] = true
						}
						if waiting := model.Waiting(line.SKU); len(waiting) > 0 && waiting[0].Since < e.Order.Created {
							passed++
						}
						if line.Backordered > 0 && coveredOf(model, line.SKU) > 0 {
							kept++
						}
					}
				case e.Order.Status.IsClosed() && filled[e.Order.ID]:
					ended++
				}
				if e.Inbound != nil {
					for i := range e.Moves {
						arrived += len(model.Served(e.Moves[i].SKU))
					}
				}
			}
		}
	}
	t.Logf("kept by a pool %d, filled with units of a pool %d, of which ended %d, waiting for what arrived %d, passing others %d", kept, pooled, ended, arrived, passed)
	if min(kept, pooled, ended, arrived, passed) < 5 {
		t.Error("pools, queues and locations that may not serve an order hardly meet")
	}
}

// TestWorkloadMixesKits fails when the generator no longer has kits meet pools, routing and queues of those who wait.
func TestWorkloadMixesKits(t *testing.T) {
	var pooled, waiting, filled, ended, routed, split int
	for seed := uint64(1); seed <= 600; seed++ {
		model := reference.New()
		served := map[core.OrderID]bool{} // with kits
		for i, step := range reference.Generate(seed, 300) {
			told, _ := model.Execute(&step.Command, core.Sequence(i+1), step.Now)
			for _, e := range told {
				switch {
				case e.Kind == core.EventOrderRouted && len(step.Command.Recipes) > 0:
					routed++
					split += min(1, e.Route.Shipments/2)
				case e.Kind == core.EventOrderPlaced, e.Kind == core.EventHoldPlaced:
					for _, line := range e.Order.Lines {
						if line.Role == core.LineOfComponent {
							pooled += int(min(1, line.Pooled))
							waiting += int(min(1, line.Backordered))
						}
					}
				case e.Kind == core.EventOrderFilled:
					for _, f := range e.Fills {
						if e.Order.Lines[f.Line].Role == core.LineOfComponent {
							filled++
							served[e.Order.ID] = true
						}
					}
				case e.Order.Status.IsClosed() && served[e.Order.ID]:
					ended++
				}
			}
		}
	}
	t.Logf("components out of pools %d, beyond stock %d, filled %d, of which ended %d; orders routed %d, split %d", pooled, waiting, filled, ended, routed, split)
	if min(pooled, waiting, filled, ended, routed, split) < 10 {
		t.Error("kits hardly meet pools, queues and routing")
	}
}

// TestWorkloadMixesCapacities fails when the generator no longer has locations that are booked up, and orders of all kinds that count there and
// give their places back.
func TestWorkloadMixesCapacities(t *testing.T) {
	var elsewhere, above int
	counted, givenBack := map[core.EventKind]int{}, map[core.EventKind]int{}
	for seed := uint64(1); seed <= 1800; seed++ {
		model := reference.New()
		for i, step := range reference.Generate(seed, 300) {
			before := bookedNow(model, step.Now)
			told, _ := model.Execute(&step.Command, core.Sequence(i+1), step.Now)
			after := bookedNow(model, step.Now)
			for _, e := range told {
				if change := after - before; change > 0 {
					counted[e.Kind]++
				} else if change < 0 {
					givenBack[e.Kind]++
				}
				for _, o := range e.Route.Candidates {
					if o.Fate == core.FateCapacity && e.Route.Shipments > 0 {
						elsewhere++
					}
				}
				if e.Kind == core.EventOrderFilled && after > before {
					l, _ := model.Location(e.Fills[0].Location)
					if s := l.Settings.Shipping; s != nil && s.DailyCapacity > 0 && model.Capacity(l.ID, step.Now).Booked > s.DailyCapacity {
						above++
					}
				}
			}
		}
	}
	t.Logf("served elsewhere %d, filled above the capacity %d, counted with %v, given back with %v", elsewhere, above, counted, givenBack)
	if min(elsewhere, above, counted[core.EventOrderPlaced], counted[core.EventHoldPlaced], counted[core.EventOrderFilled], counted[core.EventOrderRerouted],
		counted[core.EventWaitlistOffered], givenBack[core.EventOrderCancelled], givenBack[core.EventHoldReleased], givenBack[core.EventHoldExpired],
		givenBack[core.EventHoldCancelled], givenBack[core.EventOrderRerouted]) < 5 {
		t.Error("capacities hardly matter")
	}
}

// TestWorkloadMixesEdits fails when the generator no longer has edits that swap the last unit, that bring an order slots which its number does not know of,
// and that meet pools, kits, queues, routing, and units that have left.
func TestWorkloadMixesEdits(t *testing.T) {
	var grown, again, swapped, pooled, kits, waiting, shipped, routed, documents int
	for seed := uint64(1); seed <= 400; seed++ {
		model := reference.New()
		edited := map[core.OrderID]bool{}
		for i, step := range reference.Generate(seed, 300) {
			c := &step.Command
			before := model.OrderMask(c.Order)
			told, _ := model.Execute(c, core.Sequence(i+1), step.Now)
			for _, e := range told {
				if e.Kind == core.EventOrderRouted && c.Kind == core.CommandEditOrder {
					routed++
				}
				if e.Kind != core.EventOrderEdited {
					continue
				}
				again += count(edited[e.Order.ID])
				edited[e.Order.ID] = true
				grown += count(!e.Order.ID.Spread() && before != model.OrderMask(c.Order))
				documents += count(e.Order.Edited == e.Sequence)
				shipped += count(e.Order.Life != nil && len(e.Order.Life.Shipments) > 0)
				for _, l := range e.Order.Lines[len(e.Order.Lines)-e.Added:] {
					pooled += count(l.Pooled > 0)
					kits += count(l.Role == core.LineOfKits)
					waiting += count(l.Backordered > 0)
					for _, u := range e.Units {
						swapped += count(e.Order.Lines[u.Line].SKU == l.SKU && model.Availability(l.SKU).Available <= 0)
					}
				}
			}
		}
	}
	t.Logf("grown %d, edited again %d, last units swapped %d, lines of pools %d, of kits %d, waiting %d; shipped before %d, routed %d, documents %d",
		grown, again, swapped, pooled, kits, waiting, shipped, routed, documents)
	if min(grown, again, swapped, pooled, kits, waiting, shipped, routed, documents) < 10 {
		t.Error("edits hardly meet what orders can be")
	}
}

// TestWorkloadReplacesDocuments fails when the generator no longer replaces documents of orders of every status, of some of which not all slots are named.
func TestWorkloadReplacesDocuments(t *testing.T) {
	of, narrow := map[core.OrderStatus]int{}, 0
	for seed := uint64(1); seed <= 400; seed++ {
		model := reference.New()
		for i, step := range reference.Generate(seed, 300) {
			c := &step.Command
			told, outcome := model.Execute(c, core.Sequence(i+1), step.Now)
			if c.Kind == core.CommandEditOrder && c.Life.DocumentOnly && outcome.Changed {
				of[told[len(told)-1].Order.Status]++
				narrow += count(model.OrderMask(c.Order)&^c.Mask != 0)
			}
		}
	}
	t.Logf("by status %v, without naming all slots %d", of, narrow)
	for status := core.StatusHeld; status <= core.StatusClosed; status++ {
		if of[status] == 0 {
			t.Errorf("no document of an order of status %d is replaced", status)
		}
	}
	if narrow < 10 {
		t.Error("hardly an order has slots that the edit of its document does not name")
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// bookedNow is how many orders count today, over all locations.
func bookedNow(model *reference.Model, now core.Millis) (n int) {
	for id := core.LocationID(0); ; id++ {
		if _, known := model.Location(id); !known {
			return n
		}
		n += int(model.Capacity(id, now).Booked)
	}
}

// coveredOf is how many units live pools keep of a SKU.
func coveredOf(model *reference.Model, id core.SKUID) (n core.Quantity) {
	for _, r := range model.Availability(id).Rules {
		if r.Phase == core.PoolLive {
			n += r.Covered
		}
	}
	return n
}

// reachable lists which refusals a command can get. A full table takes thousands of commands and has
// its own test.
var reachable = map[core.CommandKind][]core.Reason{
	core.CommandAdjustStock: {
		core.ReasonSKUNotFound, core.ReasonLocationNotFound, core.ReasonDuplicateRow,
		core.ReasonStockChanged, core.ReasonStockNegative, core.ReasonStockTooLarge, core.ReasonKitUnits,
	},
	core.CommandMoveStock: {
		core.ReasonSKUNotFound, core.ReasonLocationNotFound,
		core.ReasonStockChanged, core.ReasonStockNegative, core.ReasonStockTooLarge, core.ReasonKitUnits,
	},
	core.CommandDefineSKU:      {core.ReasonVersionConflict},
	core.CommandSetChannel:     {core.ReasonVersionConflict},
	core.CommandSetChannelRule: {core.ReasonSKUNotFound, core.ReasonChannelNotFound, core.ReasonVersionConflict, core.ReasonPoolOver, core.ReasonKitUnits},
	core.CommandSetKit:         {core.ReasonSKUNotFound, core.ReasonNestedKit, core.ReasonNotAKit},
	core.CommandCreateInbound: {
		core.ReasonSKUNotFound, core.ReasonLocationNotFound, core.ReasonNotASupplier, core.ReasonInboundExists,
		core.ReasonInsufficientStock, core.ReasonKitUnits,
	},
	core.CommandSendInbound: {
		core.ReasonInboundNotFound, core.ReasonVersionConflict, core.ReasonInboundStatus, core.ReasonInsufficientStock,
	},
	core.CommandReceiveInbound: {
		core.ReasonInboundNotFound, core.ReasonVersionConflict, core.ReasonInboundStatus, core.ReasonInboundLine,
		core.ReasonInboundQuantity,
	},
	core.CommandCloseInbound:  {core.ReasonInboundNotFound, core.ReasonVersionConflict, core.ReasonInboundStatus},
	core.CommandCancelInbound: {core.ReasonInboundNotFound, core.ReasonVersionConflict, core.ReasonInboundStatus},
	core.CommandPlaceHold: {
		core.ReasonRecipeChanged, core.ReasonKitSize, core.ReasonKitUpTo, core.ReasonSKUNotFound, core.ReasonChannelNotFound,
		core.ReasonSKUStopped, core.ReasonLimitPerCustomer, core.ReasonInsufficientStock,
		core.ReasonSaleNotFound, core.ReasonSaleNotStarted, core.ReasonSaleEnded, core.ReasonSKUNotInSale, core.ReasonSaleQuota,
		core.ReasonSaleLimit, core.ReasonHoldCap, core.ReasonTicketRequired, core.ReasonTicketUsed, core.ReasonExpiredTooOften,
		core.ReasonNotDeliverable, core.ReasonTooManyShipments, core.ReasonBookedUp, core.ReasonSlotsChanged,
	},
	core.CommandDefineLocation: {core.ReasonVersionConflict, core.ReasonChannelNotFound},
	core.CommandDefineRouting:  {core.ReasonVersionConflict, core.ReasonLocationNotFound},
	core.CommandPlaceOrder: {
		core.ReasonRecipeChanged, core.ReasonKitSize, core.ReasonSKUNotFound, core.ReasonChannelNotFound, core.ReasonDuplicateExternal,
		core.ReasonSKUStopped, core.ReasonLimitPerCustomer, core.ReasonInsufficientStock,
		core.ReasonSaleNotFound, core.ReasonSaleNotStarted, core.ReasonSaleEnded, core.ReasonSKUNotInSale, core.ReasonSaleQuota,
		core.ReasonSaleLimit, core.ReasonTicketRequired, core.ReasonTicketUsed,
		core.ReasonNotDeliverable, core.ReasonTooManyShipments, core.ReasonBookedUp, core.ReasonSlotsChanged,
	},
	core.CommandDefineSale:   {core.ReasonVersionConflict, core.ReasonSKUNotFound},
	core.CommandAdvanceQueue: {core.ReasonSaleNotFound},
	core.CommandJoinWaitlist: {
		core.ReasonSKUNotFound, core.ReasonChannelNotFound, core.ReasonSKUStopped, core.ReasonLimitPerCustomer,
		core.ReasonSaleNotFound, core.ReasonSaleNotStarted, core.ReasonSaleEnded, core.ReasonSKUNotInSale, core.ReasonExpiredTooOften,
		core.ReasonStillForSale, core.ReasonSaleLimit, core.ReasonWaitlistFull, core.ReasonKitWaitlist,
	},
	core.CommandLeaveWaitlist: {core.ReasonSaleNotFound},
	core.CommandConfirmHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict,
		core.ReasonHoldExpired, core.ReasonHoldReleased, core.ReasonOrderCancelled,
	},
	core.CommandExtendHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict,
		core.ReasonHoldExpired, core.ReasonHoldReleased, core.ReasonHoldConfirmed, core.ReasonOrderCancelled, core.ReasonHoldLocked,
	},
	core.CommandReleaseHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonHoldConfirmed, core.ReasonHoldLocked,
	},
	core.CommandRerouteOrder: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld,
		core.ReasonOrderCancelled, core.ReasonHoldReleased, core.ReasonHoldExpired, core.ReasonLocationNotFound,
		core.ReasonNotAllocated,
	},
	core.CommandTrackShipment: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld, core.ReasonOrderCancelled,
		core.ReasonOrderCompleted, core.ReasonShipmentNotFound, core.ReasonReportAhead,
	},
	core.CommandTakeBack: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld, core.ReasonOrderCancelled,
		core.ReasonLocationNotFound, core.ReasonShipmentNotFound, core.ReasonNotSentBack,
	},
	core.CommandPutOnHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld, core.ReasonOrderCancelled,
		core.ReasonHoldReleased, core.ReasonHoldExpired, core.ReasonOrderCompleted,
	},
	core.CommandWorkFulfilment: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld, core.ReasonOrderCancelled, core.ReasonLocationNotFound,
		core.ReasonFulfilmentNotFound, core.ReasonFulfilmentStatus, core.ReasonFulfilmentEarly, core.ReasonNotASupplier, core.ReasonOrderOnHold,
	},
	core.CommandSplitFulfilment:  {core.ReasonFulfilmentNotFound, core.ReasonFulfilmentUnits},
	core.CommandMergeFulfilments: {core.ReasonFulfilmentNotFound, core.ReasonFulfilmentPlace},
	core.CommandMoveFulfilment:   {core.ReasonLocationNotFound, core.ReasonFulfilmentPlace, core.ReasonFulfilmentMove},
	core.CommandShortPick:        {core.ReasonFulfilmentUnits},
	core.CommandTakeOffHold:      {core.ReasonOrderNotFound},
	core.CommandShipOrder: {
		core.ReasonOrderOnHold, core.ReasonFulfilmentNotFound, core.ReasonFulfilmentStatus,
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld, core.ReasonOrderCancelled,
		core.ReasonHoldReleased, core.ReasonHoldExpired, core.ReasonLocationNotFound, core.ReasonNotAllocated, core.ReasonShortOnHand,
	},
	core.CommandCancelLines: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld, core.ReasonOrderCancelled,
		core.ReasonHoldReleased, core.ReasonHoldExpired, core.ReasonOrderLine, core.ReasonNotCancellable,
	},
	core.CommandRequestReturn: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld, core.ReasonOrderCancelled,
		core.ReasonHoldReleased, core.ReasonHoldExpired, core.ReasonReturnWindow, core.ReasonReturnDeadline, core.ReasonOrderLine, core.ReasonNotReturnable,
	},
	core.CommandDecideReturn: {
		core.ReasonSlotsChanged, core.ReasonVersionConflict, core.ReasonOrderCompleted, core.ReasonReturnNotFound, core.ReasonReturnStatus,
		core.ReasonReturnDeadline,
	},
	core.CommandReportReturn: {core.ReasonVersionConflict, core.ReasonReturnStatus},
	core.CommandReceiveReturn: {
		core.ReasonVersionConflict, core.ReasonReturnStatus, core.ReasonLocationNotFound, core.ReasonOrderLine, core.ReasonReturnUnits,
	},
	core.CommandInspectReturn: {
		core.ReasonVersionConflict, core.ReasonReturnStatus, core.ReasonLocationNotFound, core.ReasonOrderLine, core.ReasonReturnUnits,
		core.ReasonShortOnHand,
	},
	core.CommandCloseReturn:  {core.ReasonVersionConflict, core.ReasonReturnStatus},
	core.CommandDecideRefund: {core.ReasonVersionConflict, core.ReasonReturnStatus, core.ReasonRefundCurrency},
	core.CommandSettleReturn: {core.ReasonVersionConflict, core.ReasonOrderCompleted, core.ReasonReturnNotFound},
	core.CommandEditOrder: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonVersionRequired, core.ReasonOrderHeld,
		core.ReasonOrderCancelled, core.ReasonHoldReleased, core.ReasonHoldExpired, core.ReasonOrderCompleted, core.ReasonOrderLine,
		core.ReasonNotCancellable, core.ReasonNothingLeft, core.ReasonRecipeChanged, core.ReasonKitSize, core.ReasonSKUNotFound, core.ReasonEditInSale,
		core.ReasonSKUStopped, core.ReasonLimitPerCustomer, core.ReasonInsufficientStock, core.ReasonNotDeliverable,
		core.ReasonWaitsAlready, core.ReasonTooManyShipments,
	},
	core.CommandPriceOrder: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonVersionRequired, core.ReasonHoldLocked,
		core.ReasonPricesSettled, core.ReasonPriceMissing, core.ReasonOrderCancelled, core.ReasonHoldReleased, core.ReasonHoldExpired,
	},
	core.CommandAddNote: {core.ReasonOrderNotFound},
	core.CommandReportPayment: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonNoAccount, core.ReasonCurrencyMismatch,
		core.ReasonReportAhead, core.ReasonPaymentNotFound, core.ReasonPaymentChanged, core.ReasonRefundTooLarge, core.ReasonPaymentTooLarge,
	},
	core.CommandRequestPayment: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonNoAccount, core.ReasonCurrencyMismatch,
		core.ReasonPaymentNotFound, core.ReasonRefundTooLarge, core.ReasonPaymentTooLarge, core.ReasonOrderHeld, core.ReasonOrderCancelled,
		core.ReasonHoldReleased, core.ReasonHoldExpired,
	},
	core.CommandLockHold: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonHoldLocked, core.ReasonHoldConfirmed,
		core.ReasonOrderCancelled, core.ReasonHoldReleased, core.ReasonHoldExpired,
	},
	core.CommandUnlockHold: {
		core.ReasonOrderNotFound, core.ReasonHoldNotLocked, core.ReasonHoldConfirmed,
	},
	core.CommandExpireUnpaid: {core.ReasonOrderNotFound},
	core.CommandResolveCase: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict, core.ReasonOrderHeld,
		core.ReasonOrderCancelled, core.ReasonHoldReleased, core.ReasonHoldExpired, core.ReasonLocationNotFound,
		core.ReasonCaseNotFound, core.ReasonCaseResolved, core.ReasonNotAVictim, core.ReasonNothingThere, core.ReasonOwnCase,
	},
	core.CommandFillOrder: {core.ReasonSlotsChanged, core.ReasonOrderNotFound},
	core.CommandCancelOrder: {
		core.ReasonSlotsChanged, core.ReasonOrderNotFound, core.ReasonVersionConflict,
		core.ReasonHoldExpired, core.ReasonHoldReleased, core.ReasonAlreadyShipped, core.ReasonHoldLocked,
	},
}
