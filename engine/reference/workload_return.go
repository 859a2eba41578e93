package reference

import (
	"slices"

	"holdfast/engine/core"
)

// sendBack asks for a return or goes on with one; while nothing was delivered, or now and then, it has something shipped and delivered.
func (g *generator) sendBack(c *core.Command) {
	document := c.Document
	*c = core.Command{Version: 1, HasKey: c.HasKey, Key: c.Key}
	waiting := g.some(func(o *order) bool { return o.status == core.StatusPlaced && len(o.image().Allocations) > 0 })
	sent := g.some(func(o *order) bool { return slices.ContainsFunc(o.shipments, isUnderWay) })
	arrived := g.some(func(o *order) bool {
		return slices.ContainsFunc(o.shipments, func(s shipment) bool { return s.image.Status == core.ShipmentDelivered })
	})
	returning := g.some(func(o *order) bool { return len(o.returns) > 0 && (o.keptOpen() || g.chance(5)) })
	switch roll := g.random.IntN(100); {
	case waiting != nil && roll < 25:
		g.about(c, waiting, core.CommandShipOrder)
		c.Life, c.Document = &core.LifeRequest{Location: pick(g, waiting.image().Allocations).Location}, document
		g.someSKUs(c, waiting)
	case sent != nil && roll < 45:
		g.about(c, sent, core.CommandTrackShipment)
		c.Life = &core.LifeRequest{
			Shipment: slices.IndexFunc(sent.shipments, isUnderWay) + 1,
			Reports:  []core.TrackingReport{{At: g.now, Status: pick(g, []core.ShipmentStatus{core.ShipmentDelivered, core.ShipmentDelivered, core.ShipmentDelivered, core.ShipmentDelivered, core.ShipmentLost, core.ShipmentReturnedToSender})}},
		}
	case returning != nil && roll < 90:
		g.about(c, returning, core.CommandDecideReturn)
		g.followReturn(c, returning)
	case arrived != nil && roll < 96:
		g.about(c, arrived, core.CommandRequestReturn)
		g.requestReturn(c, arrived)
	case waiting == nil && sent == nil && roll < 80:
		if c.Document = document; g.chance(60) {
			g.placeOrder(c)
		} else {
			g.adjustStock(c)
		}
	default:
		g.followUp(c, core.CommandRequestReturn)
		g.requestReturn(c, g.model.byNumber[c.Order])
	}
}

// isUnderWay tells whether nobody knows what became of a shipment.
func isUnderWay(s shipment) bool {
	return s.image.Status != core.ShipmentDelivered && s.image.Status != core.ShipmentLost && s.image.Status != core.ShipmentReturnedToSender
}

// some chooses one of the orders that are wanted; nil if there is none.
func (g *generator) some(wanted func(o *order) bool) *order {
	var all []*order
	for _, o := range g.model.orders {
		if !o.archived && wanted(o) {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return pick(g, all)
}

// about makes the command one on an order, whose slots and version it mostly knows.
func (g *generator) about(c *core.Command, o *order, kind core.CommandKind) {
	c.Kind, c.Order, c.Mask = kind, o.id, g.model.OrderMask(o.id)
	if g.chance(2) {
		c.Mask = o.id.Home().Mask()
	}
	if g.chance(4) {
		c.ExpectedVersion = o.version + 1
	}
	if g.chance(20) {
		c.Actor = []byte("kim")
	}
}

// requestReturn asks for units of an order to be taken back.
func (g *generator) requestReturn(c *core.Command, o *order) {
	ask := &core.ReturnRequest{}
	c.Life = &core.LifeRequest{Return: ask, Note: []byte("by mail")}
	ask.Force = g.chance(15)
	reasons := []core.ReturnReason{core.ReturnTooSmall, core.ReturnDamaged, core.ReturnOther}
	if g.chance(30) {
		ask.Kind = core.ReturnClaim
		reasons = append(reasons, core.ReturnMissing, core.ReturnNeverArrived, core.ReturnNeverArrived)
	}
	if g.chance(20) {
		ask.Until = g.now + core.Millis(g.between(-1, 300))
	}
	lines := 3
	if o != nil {
		lines = len(o.lines)
	}
	for i := range lines {
		if row := (core.ReturnRow{Line: i, Quantity: core.Quantity(g.between(0, 2)), Reason: pick(g, reasons)}); len(ask.Rows) == 0 || g.chance(50) {
			ask.Rows = append(ask.Rows, row)
		}
	}
	if g.chance(2) {
		ask.Rows = append(ask.Rows, core.ReturnRow{Line: lines, Quantity: 1, Reason: core.ReturnOther})
	}
	if g.chance(20) {
		c.Document = []byte("it does not fit")
	}
}

// followReturn goes on with a return of the order, mostly with what its status allows.
func (g *generator) followReturn(c *core.Command, o *order) {
	ask := &core.ReturnRequest{}
	c.Life = &core.LifeRequest{Return: ask}
	ask.Number = g.between(1, len(o.returns))
	if at := slices.IndexFunc(o.returns, (*orderReturn).keepsOpen); at >= 0 && g.chance(80) {
		ask.Number = at + 1
	}
	if g.chance(3) {
		ask.Number = len(o.returns) + 1
	}
	next := map[core.ReturnStatus][]core.CommandKind{
		core.ReturnRequested:         {core.CommandDecideReturn},
		core.ReturnApproved:          {core.CommandReceiveReturn, core.CommandReportReturn, core.CommandDecideReturn, core.CommandDecideRefund, core.CommandTick},
		core.ReturnInTransit:         {core.CommandReceiveReturn, core.CommandReceiveReturn, core.CommandReportReturn, core.CommandDecideReturn},
		core.ReturnPartiallyReceived: {core.CommandReceiveReturn, core.CommandInspectReturn, core.CommandReportReturn, core.CommandCloseReturn},
		core.ReturnReceived:          {core.CommandInspectReturn, core.CommandInspectReturn, core.CommandCloseReturn, core.CommandDecideRefund},
		core.ReturnInspected:         {core.CommandDecideRefund, core.CommandCloseReturn},
		core.ReturnClosed:            {core.CommandDecideRefund, core.CommandCloseReturn},
	}
	var r *orderReturn
	kinds := []core.CommandKind{core.CommandDecideReturn, core.CommandSettleReturn}
	if ask.Number <= len(o.returns) {
		r = o.returns[ask.Number-1]
		if kinds = next[r.image.Status]; kinds == nil {
			kinds = []core.CommandKind{core.CommandSettleReturn}
		}
	}
	c.Kind = pick(g, kinds)
	if g.chance(8) {
		c.Kind = core.CommandKind(g.between(int(core.CommandDecideReturn), int(core.CommandSettleReturn)))
	}
	switch c.Kind {
	case core.CommandTick:
		*c = core.Command{Version: 1, Kind: core.CommandTick, Mask: o.id.Home().Mask()}
	case core.CommandDecideReturn:
		g.decideReturn(ask, o)
	case core.CommandReportReturn:
		if g.chance(50) {
			c.Document = []byte("1Z99")
		}
	case core.CommandReceiveReturn:
		g.rows(c, o, r, 0, allFates)
	case core.CommandInspectReturn:
		if !g.chance(10) {
			g.rows(c, o, r, core.DisposeQualityControl, []core.Disposition{core.DisposeRestock, core.DisposeDamaged, core.DisposeDestroy})
		}
	case core.CommandDecideRefund:
		g.decideRefund(ask, o)
	}
}

// decideRefund decides on a refund: of an order with prices mostly of what there is.
func (g *generator) decideRefund(ask *core.ReturnRequest, o *order) {
	ask.Amount, ask.Currency, ask.Credit = int64(g.between(1, 5000)), core.Currency{'E', 'U', 'R'}, g.chance(30)
	if o.hasMoney() {
		ask.Currency = o.account.currency
		if most := o.mayPromise(); most > 0 {
			ask.Amount = max(1, most/int64(g.between(1, 3))+int64(g.between(-1, 1)))
		}
	}
	if g.chance(5) {
		ask.Currency = core.Currency{'U', 'S', 'D'}
	}
}

func (g *generator) decideReturn(ask *core.ReturnRequest, o *order) {
	ask.Decision = pick(g, []core.ReturnDecision{core.DecideApprove, core.DecideApprove, core.DecideApprove, core.DecideDecline, core.DecideCancel})
	if ask.Decision != core.DecideApprove {
		return
	}
	if g.chance(40) {
		ask.Until = g.now + core.Millis(g.between(-1, 200))
	}
	ask.Terms = core.ReturnTerms{Policy: core.RefundPolicy(g.random.IntN(4)), Remedy: core.Remedy(g.random.IntN(5)), Keep: g.chance(15)}
	if g.chance(40) {
		ask.Terms.Currency, ask.Terms.Fee = core.Currency{'E', 'U', 'R'}, int64(g.between(0, 500))
	}
	if g.chance(30) {
		ask.Terms.Replacement = pick(g, g.model.orders).id
	}
	if o.hasMoney() && g.chance(60) {
		ask.Terms.Replacement, ask.Terms.Difference = pick(g, g.model.orders).id, int64(g.between(-1500, 1000))
		if ask.Terms.Currency = o.account.currency; g.chance(5) {
			ask.Terms.Currency = core.Currency{'U', 'S', 'D'}
		}
	}
}

// rows are units of a return that have some fate, mostly no more than there are, and what they become.
func (g *generator) rows(c *core.Command, o *order, r *orderReturn, from core.Disposition, fates []core.Disposition) {
	c.Life.Location = core.LocationID(g.random.IntN(len(g.model.locations)))
	if g.chance(2) {
		c.Life.Location = core.LocationID(len(g.model.locations))
	}
	lines := []int{0}
	if r != nil {
		lines = nil
		for _, l := range r.lines() {
			if r.units(l.Line, from) > 0 || g.chance(5) || len(lines) == 0 {
				lines = append(lines, l.Line)
			}
		}
	}
	for _, line := range lines {
		for range g.between(1, 2) {
			row := core.ReturnRow{Line: line, Quantity: core.Quantity(g.between(0, 2)), Disposition: pick(g, fates)}
			if !slices.ContainsFunc(c.Life.Return.Rows, func(w core.ReturnRow) bool { return w.Line == line && w.Disposition == row.Disposition }) {
				c.Life.Return.Rows = append(c.Life.Return.Rows, row)
			}
		}
		if sku := (core.Line{SKU: o.lines[line].sku}); !slices.Contains(c.Lines, sku) {
			c.Lines = append(c.Lines, sku)
		}
	}
	if g.chance(2) {
		c.Life.Return.Rows = append(c.Life.Return.Rows, core.ReturnRow{Line: len(o.lines), Quantity: 1, Disposition: core.DisposeRestock})
	}
}
