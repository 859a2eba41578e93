package reference

import (
	"fmt"

	"holdfast/engine/core"
)

// inbound is a command on a purchase order or a transfer, mostly on one that is there and in the status for it.
func (g *generator) inbound(c *core.Command) {
	if g.chance(30) {
		c.Actor = []byte("anna")
	}
	c.Document = nil
	names := g.inboundNames()
	if len(names) == 0 || g.chance(25) {
		g.createInbound(c, names)
		return
	}
	name := pick(g, names)
	for range 8 {
		if d := g.model.inbounds[name]; d.isUnderWay() || d.image.Status == core.InboundDraft || g.chance(10) {
			break
		}
		name = pick(g, names)
	}
	d := g.model.inbounds[name]
	r := &core.InboundRequest{Kind: name.kind, Number: []byte(name.number)}
	c.Inbound = r
	if g.chance(20) {
		c.ExpectedVersion = d.image.Version + uint32(g.random.IntN(5)/4)
	}
	if g.chance(5) {
		r.Number = []byte("nobody-knows-it")
	}
	switch roll := g.random.IntN(100); {
	case d.image.Status == core.InboundDraft && roll < 70, roll < 8:
		c.Kind = core.CommandSendInbound
	case roll < 80:
		c.Kind = core.CommandReceiveInbound
		for range pick(g, []int{1, 1, 1, 2, 4}) {
			r.Rows = append(r.Rows, g.receiptRow(d))
		}
	case roll < 90:
		c.Kind, r.Discrepancy, r.Reason = core.CommandCloseInbound, core.Discrepancy(g.between(1, 3)), []byte("never came")
	default:
		c.Kind = core.CommandCancelInbound
	}
}

// inboundNames lists the documents that commands may be about: all, or those made last.
func (g *generator) inboundNames() []inboundName {
	var names []inboundName
	for _, kind := range []core.InboundKind{core.PurchaseOrder, core.Transfer} {
		list := g.model.Inbounds(kind)
		for _, d := range list[max(0, len(list)-30):] {
			names = append(names, inboundName{kind, string(d.Number)})
		}
	}
	return names
}

func (g *generator) createInbound(c *core.Command, names []inboundName) {
	c.Kind = core.CommandCreateInbound
	r := &core.InboundRequest{Kind: core.PurchaseOrder, Send: g.chance(60)}
	c.Inbound = r
	locations := len(g.model.locations)
	place := func() core.LocationID { return core.LocationID(g.random.IntN(locations)) }
	r.To = place()
	if locations > 1 && g.chance(55) {
		r.HasFrom, r.From = true, (r.To+core.LocationID(g.between(1, locations-1)))%core.LocationID(locations)
		if g.chance(85) {
			r.Kind = core.Transfer
		}
	} else if g.chance(50) {
		r.Supplier = []byte("Acme")
	}
	if g.chance(1) {
		r.To = core.LocationID(locations)
	}
	if g.chance(90) {
		r.Number = fmt.Appendf(nil, "number-%d", g.random.IntN(500))
	}
	if len(names) > 0 && g.chance(5) {
		if number := []byte(pick(g, names).number); !core.IsReservedNumber(number) {
			r.Number = number
		}
	}
	for range pick(g, []int{1, 1, 2, 3, 6}) {
		line := core.InboundLine{SKU: g.unit(), Quantity: max(1, g.receipt())}
		if r.Kind == core.Transfer && g.model.skus[line.SKU] != nil && g.chance(80) {
			line.Quantity = max(1, min(line.Quantity, g.model.fulfillable(line.SKU, r.From)))
		}
		if g.chance(1) {
			line.Quantity = core.MaxLineQuantity
		}
		if g.chance(80) {
			line.Expected = g.now + core.Millis(g.between(-2, 5)*1000)
		}
		r.Lines = append(r.Lines, line)
	}
}

// receiptRow is about units of a line of the document: some of those that are open, all, or more.
func (g *generator) receiptRow(d *inbound) core.ReceiptRow {
	k := g.random.IntN(len(d.lines))
	r := core.ReceiptRow{Line: k + 1, To: core.StockState(g.random.IntN(4) * g.random.IntN(2))}
	if g.chance(40) {
		r.Line, r.SKU = 0, d.lines[k].SKU
	}
	if g.chance(1) {
		r.Line, r.SKU = 0, g.sku()
	}
	if g.chance(1) {
		r.Line, r.SKU = len(d.lines)+1, 0
	}
	open := openOf(d.lines[k])
	r.Quantity = min(open, pick(g, []core.Quantity{0, 1, open, open, open / 2}))
	if g.chance(3) {
		r.Quantity = open + 1
	}
	switch roll := g.random.IntN(100); {
	case roll < 25:
		r.Discrepancy, r.Reason = core.Discrepancy(g.between(1, 3)), []byte("broken glass")
		r.Differing = max(1, open-r.Quantity-core.Quantity(g.random.IntN(2)))
	case roll < 35:
		r.Discrepancy, r.Reason = core.DiscrepancyOver, []byte("miscounted")
		r.Differing = core.Quantity(g.between(1, 2))
		r.Quantity = open + r.Differing
		if g.chance(10) {
			r.Differing = d.lines[k].Quantity + 1
			r.Quantity = open + r.Differing
		}
	}
	r.Quantity, r.Differing = min(r.Quantity, core.MaxLineQuantity), min(r.Differing, core.MaxLineQuantity)
	if r.Quantity == 0 && r.Differing == 0 {
		r.Quantity = 1
	}
	if r.Quantity == 0 {
		r.To = 0
	}
	return r
}
