package server

import (
	"strconv"

	"holdfast/engine/core"
)

// refusalDetail says in words why a command was refused. o is the order that it was about, nil when it is not known.
func (s *Server) refusalDetail(r *core.Refusal, c *core.Command, o *core.OrderImage) string {
	switch r.Reason {
	case core.ReasonWaitlistFull:
		if entry, ok := s.engine.SaleByID(c.Sale); ok && entry.Settings().WaitlistCapacity == 0 {
			return "the sale has no waitlist: its waitlist_capacity is null"
		}
	case core.ReasonPaymentChanged:
		if r.Lines[0].Requested == r.Lines[0].Available {
			return "the payment is known under another provider and reference than these, or these as another payment"
		}
		return "the payment is known with another amount"
	case core.ReasonReturnDeadline:
		if c.Life.Return.Until == 0 {
			return "expires_at of the return has passed: say a later one"
		}
	case core.ReasonShortOnHand:
		if c.Kind == core.CommandInspectReturn {
			return "fewer units are in quality_control at the location than were inspected"
		}
	case core.ReasonNotASupplier:
		if c.Kind == core.CommandWorkFulfilment {
			return "only a fulfillment order at a location of kind supplier is submitted"
		}
	case core.ReasonFulfilmentUnits, core.ReasonFulfilmentPlace:
		return fulfilmentDetail(r, c)
	}
	if o != nil {
		if detail := orderDetail(r, o); detail != "" {
			return detail
		}
	}
	if int(r.Reason) < len(refusalDetails) {
		return refusalDetails[r.Reason]
	}
	return ""
}

// fulfilmentDetail says what of the units or the place of a fulfilment order a command is refused for.
func fulfilmentDetail(r *core.Refusal, c *core.Command) string {
	switch {
	case c.Kind == core.CommandMoveFulfilment && r.Reason == core.ReasonFulfilmentPlace:
		return "the fulfillment order is at this location already: it is moved to another one"
	case r.Reason == core.ReasonFulfilmentPlace:
		return "a fulfillment order is merged with another one at the same location"
	case len(r.Lines) > 0:
		return "the fulfillment order has fewer units of the SKU"
	case c.Kind == core.CommandSplitFulfilment:
		return "no unit would be left of the fulfillment order: split off fewer"
	case c.Kind == core.CommandShortPick:
		return "all units were found: say of which SKUs there were fewer"
	}
	return refusalDetails[r.Reason]
}

// orderDetail says more than a reason does, with what is known of the order; "" where there is nothing more to say.
func orderDetail(r *core.Refusal, o *core.OrderImage) string {
	count := func(says string, n int) string { return says + strconv.Itoa(n) }
	switch r.Reason {
	case core.ReasonAlreadyShipped:
		if o.Status != core.StatusPlaced {
			return "all of the order has arrived: it can be sent back, and is not cancelled any more"
		}
	case core.ReasonShipmentNotFound:
		if o.Life == nil || len(o.Life.Shipments) == 0 {
			return "the order has no shipments"
		}
		return count("the order's shipments have the numbers 1 to ", len(o.Life.Shipments))
	case core.ReasonReturnNotFound:
		if o.Life == nil || len(o.Life.Returns) == 0 {
			return "the order has no returns"
		}
		return count("the order's returns have the numbers 1 to ", len(o.Life.Returns))
	case core.ReasonTooManyLines:
		return refusalDetails[r.Reason] + count(": it has ", len(o.Lines))
	}
	return ""
}

// refusesRows makes the refused lines of a command on an order those that the body names: for the server a row of a body may be several. Where a command asked
// for all units of its rows, and there are none, the refusal lists no lines, and they are added.
func refusesRows(r *core.Refusal, in *intake, o *core.OrderImage) {
	if len(r.Lines) == 0 {
		addRefusedRows(r, in, o)
	}
	life := in.command.Life
	if life == nil || len(in.rows) == 0 {
		return
	}
	for i := range r.Lines {
		line := &r.Lines[i]
		switch r.Reason {
		case core.ReasonOrderLine, core.ReasonNotReturnable, core.ReasonReturnUnits, core.ReasonFulfilmentUnits:
			line.Index = in.rows[line.Index]
		case core.ReasonKitUnits, core.ReasonStockTooLarge, core.ReasonShortOnHand:
			if life.Return != nil {
				line.Index = in.firstRowOf(line.SKU, o)
			}
		}
	}
}

// addRefusedRows adds the rows of a command to a refusal of all of them.
func addRefusedRows(r *core.Refusal, in *intake, o *core.OrderImage) {
	c := &in.command
	switch r.Reason {
	case core.ReasonNotAllocated, core.ReasonNotSentBack:
		for i := range c.Lines[:min(len(c.Lines), len(in.skus))] {
			r.Lines = append(r.Lines, core.RefusedLine{Index: i, SKU: c.Lines[i].SKU})
		}
	case core.ReasonNotCancellable:
		for i := 0; o != nil && i < len(c.Life.Units); i++ {
			r.Lines = append(r.Lines, core.RefusedLine{Index: i, SKU: o.Lines[c.Life.Units[i].Line].SKU})
		}
	case core.ReasonNotReturnable, core.ReasonReturnUnits:
		for i := 0; o != nil && i < len(c.Life.Return.Rows); i++ {
			r.Lines = append(r.Lines, core.RefusedLine{Index: i, SKU: o.Lines[c.Life.Return.Rows[i].Line].SKU})
		}
	}
}

// firstRowOf is the first row of a body that brings units of a SKU back.
func (in *intake) firstRowOf(sku core.SKUID, o *core.OrderImage) int {
	for i, row := range in.command.Life.Return.Rows {
		if o != nil && o.Lines[row.Line].SKU == sku {
			return in.rows[i]
		}
	}
	return 0
}
