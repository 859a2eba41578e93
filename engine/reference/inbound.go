package reference

import (
	"cmp"
	"fmt"
	"slices"

	"holdfast/engine/core"
)

// inboundName is what a purchase order or a transfer goes by.
type inboundName struct {
	kind   core.InboundKind
	number string
}

// inbound is a purchase order or a transfer. What is on its way of a SKU is never kept: it is what is open of the documents.
type inbound struct {
	image core.InboundImage // without its lines
	lines []core.InboundLineImage
}

func (d *inbound) copy() core.InboundImage {
	image := d.image
	image.Number, image.Supplier, image.Lines = copyBytes(image.Number), copyBytes(image.Supplier), copyList(d.lines)
	return image
}

func openOf(l core.InboundLineImage) core.Quantity {
	return l.Quantity + l.Differing[3] - l.Received - l.Differing[0] - l.Differing[1] - l.Differing[2]
}

// isUnderWay tells whether units of the document are yet to come.
func (d *inbound) isUnderWay() bool {
	return d.image.Status == core.InboundSent || d.image.Status == core.InboundPartial
}

// createInbound makes a document, and sends it if it is no draft.
func (m *Model) createInbound(c *core.Command) core.Outcome {
	r := c.Inbound
	var unknown []core.RefusedLine
	for i, l := range r.Lines {
		if m.skus[l.SKU] == nil {
			unknown = append(unknown, core.RefusedLine{Index: i, SKU: l.SKU, Requested: l.Quantity})
		}
	}
	if unknown != nil {
		return refuse(core.Refusal{Reason: core.ReasonSKUNotFound, Lines: unknown})
	}
	if kits := m.kitLines(len(r.Lines), func(i int) core.SKUID { return r.Lines[i].SKU }); kits != nil {
		return refuse(core.Refusal{Reason: core.ReasonKitUnits, Lines: kits})
	}
	places := []core.LocationID{r.To}
	if r.HasFrom {
		places = append(places, r.From)
	}
	for _, place := range places {
		if int(place) >= len(m.locations) {
			return refuse(core.Refusal{Reason: core.ReasonLocationNotFound})
		}
	}
	if r.Kind == core.PurchaseOrder && r.HasFrom && m.locations[r.From].image.Settings.Kind != core.LocationSupplier {
		return refuse(core.Refusal{Reason: core.ReasonNotASupplier})
	}
	number := string(r.Number)
	if number == "" {
		number = fmt.Sprintf("%s:%d", map[core.InboundKind]string{core.PurchaseOrder: "PO", core.Transfer: "TR"}[r.Kind], m.seq)
	}
	name := inboundName{r.Kind, number}
	if m.inbounds[name] != nil {
		return refuse(core.Refusal{Reason: core.ReasonInboundExists})
	}
	d := &inbound{image: core.InboundImage{
		Kind: r.Kind, Status: core.InboundDraft, Version: 1, Created: m.seq, CreatedAt: m.now,
		HasFrom: r.HasFrom, From: r.From, To: r.To, Number: []byte(number), Supplier: copyBytes(r.Supplier),
	}}
	for _, l := range r.Lines {
		d.lines = append(d.lines, core.InboundLineImage{InboundLine: l})
	}
	var moves []core.MovementImage
	if r.Send {
		var outcome core.Outcome
		if moves, outcome = m.sendInbound(d); outcome.Refusal != nil {
			return outcome
		}
	}
	m.inbounds[name] = d
	return m.tellInbound(c, d, moves, nil)
}

// tellInbound ends a command that changed a document.
func (m *Model) tellInbound(c *core.Command, d *inbound, moves []core.MovementImage, found []core.DiscrepancyImage) core.Outcome {
	image := d.copy()
	image.Found = found
	kind := core.EventPurchaseOrderChanged
	if image.Kind == core.Transfer {
		kind = core.EventTransferChanged
	}
	m.emit(core.Event{Kind: kind, Inbound: &image, Moves: moves, Actor: copyBytes(c.Actor), Cause: copyBytes(image.Number)})
	return core.Outcome{Changed: true}
}

// sendInbound orders a document's units, or takes them from where they lie.
func (m *Model) sendInbound(d *inbound) ([]core.MovementImage, core.Outcome) {
	if kits := m.kitLines(len(d.lines), func(i int) core.SKUID { return d.lines[i].SKU }); kits != nil {
		return nil, refuse(core.Refusal{Reason: core.ReasonKitUnits, Lines: kits})
	}
	from := d.image.From
	var short, tooMany []core.RefusedLine
	taken := map[core.SKUID]core.Quantity{}
	for i, l := range d.lines {
		if d.image.Kind != core.Transfer {
			break
		}
		if left := m.fulfillable(l.SKU, from) - taken[l.SKU]; left < l.Quantity {
			short = append(short, core.RefusedLine{Index: i, SKU: l.SKU, Location: from, Requested: l.Quantity, Available: max(0, left)})
		} else {
			taken[l.SKU] += l.Quantity
		}
	}
	if short != nil {
		return nil, refuse(core.Refusal{Reason: core.ReasonInsufficientStock, Lines: short})
	}
	for i, l := range d.lines {
		lots := len(m.incoming(l.SKU))
		for _, other := range d.lines {
			if other.SKU == l.SKU {
				lots++
			}
		}
		if lots > core.MaxLots {
			tooMany = append(tooMany, core.RefusedLine{Index: i, SKU: l.SKU, Requested: core.Quantity(lots), Available: core.MaxLots})
		}
	}
	if tooMany != nil {
		return nil, refuse(core.Refusal{Reason: core.ReasonTooManyLots, Lines: tooMany})
	}
	var moves []core.MovementImage
	for _, l := range d.lines {
		if d.image.Kind == core.Transfer {
			m.shelf(l.SKU, from)[core.StateSellable] -= l.Quantity
			moves = append(moves, core.MovementImage{
				LevelImage: m.level(l.SKU, from), Kind: core.MovementTransferOut, Quantity: l.Quantity,
			})
		}
	}
	d.image.Status = core.InboundSent
	return moves, core.Outcome{}
}

// followInbound carries out a command on a document.
func (m *Model) followInbound(c *core.Command) core.Outcome {
	d := m.inbounds[inboundName{c.Inbound.Kind, string(c.Inbound.Number)}]
	if d == nil {
		return refuse(core.Refusal{Reason: core.ReasonInboundNotFound})
	}
	if c.ExpectedVersion != 0 && c.ExpectedVersion != d.image.Version {
		return refuse(core.Refusal{Reason: core.ReasonVersionConflict, Version: d.image.Version})
	}
	no := refuse(core.Refusal{Reason: core.ReasonInboundStatus, Version: d.image.Version, Status: d.image.Status})
	var moves []core.MovementImage
	var found []core.DiscrepancyImage
	var outcome core.Outcome
	status := d.image.Status
	switch c.Kind {
	case core.CommandSendInbound:
		if status == core.InboundCancelled {
			return no
		}
		if status != core.InboundDraft {
			return core.Outcome{}
		}
		moves, outcome = m.sendInbound(d)
	case core.CommandReceiveInbound:
		if !d.isUnderWay() {
			return no
		}
		moves, found, outcome = m.receiveInbound(d, c.Inbound.Rows)
	case core.CommandCloseInbound:
		if status == core.InboundReceived {
			return core.Outcome{}
		}
		if !d.isUnderWay() {
			return no
		}
		found = d.close(c.Inbound)
	default:
		if status == core.InboundCancelled {
			return core.Outcome{}
		}
		if status != core.InboundDraft && (status != core.InboundSent || d.image.Kind == core.Transfer) {
			return no
		}
		d.image.Status = core.InboundCancelled
	}
	if outcome.Refusal != nil {
		return outcome
	}
	d.image.Version++
	return m.tellInbound(c, d, moves, found)
}

// receiveInbound notes what became of units and puts on hand what came, or refuses all rows.
func (m *Model) receiveInbound(d *inbound, rows []core.ReceiptRow) ([]core.MovementImage, []core.DiscrepancyImage, core.Outcome) {
	var lines []core.RefusedLine
	for i, r := range rows {
		if d.lineOf(d.lines, r) < 0 {
			lines = append(lines, core.RefusedLine{Index: i, SKU: r.SKU, Requested: r.Quantity})
		}
	}
	if lines != nil {
		return nil, nil, refuse(core.Refusal{Reason: core.ReasonInboundLine, Lines: lines})
	}
	of := make([]int, len(rows))
	kits := m.kitLines(len(rows), func(i int) core.SKUID { return d.lines[d.lineOf(d.lines, rows[i])].SKU })
	if kits != nil {
		return nil, nil, refuse(core.Refusal{Reason: core.ReasonKitUnits, Lines: kits})
	}
	after := copyList(d.lines)
	var found []core.DiscrepancyImage
	for i, r := range rows {
		k := d.lineOf(after, r)
		of[i] = k
		l := after[k]
		open := openOf(l)
		l.Received += r.Quantity
		if r.Discrepancy != core.DiscrepancyNone {
			l.Differing[r.Discrepancy-1] += r.Differing
		}
		over := r.Discrepancy == core.DiscrepancyOver
		if openOf(l) < 0 || over && openOf(l) > 0 || over && l.Differing[3] > l.Quantity {
			refused := core.RefusedLine{Index: i, SKU: l.SKU, Location: d.image.To, Requested: open - openOf(l), Available: open}
			if over {
				refused.Requested, refused.Available = r.Quantity, open+l.Quantity-after[k].Differing[3]
			}
			lines = append(lines, refused)
			continue
		}
		after[k] = l
		if r.Discrepancy != core.DiscrepancyNone {
			found = append(found, core.DiscrepancyImage{Line: k + 1, Discrepancy: r.Discrepancy, Quantity: r.Differing, Reason: copyBytes(r.Reason)})
		}
	}
	if lines != nil {
		return nil, nil, refuse(core.Refusal{Reason: core.ReasonInboundQuantity, Lines: lines})
	}
	come := map[core.SKUID]core.Quantity{}
	for i, r := range rows {
		id := d.lines[of[i]].SKU
		if r.Quantity == 0 {
			continue
		}
		before := m.states(id, d.image.To).sum() + come[id]
		if come[id] += r.Quantity; before+r.Quantity > core.MaxOnHand {
			lines = append(lines, core.RefusedLine{
				Index: i, SKU: id, Location: d.image.To, Requested: before + r.Quantity, Available: before,
			})
		}
	}
	if lines != nil {
		return nil, nil, refuse(core.Refusal{Reason: core.ReasonStockTooLarge, Lines: lines})
	}
	var moves []core.MovementImage
	kind := core.MovementReceive
	if d.image.Kind == core.Transfer {
		kind = core.MovementTransferIn
	}
	for i, r := range rows {
		if r.Quantity > 0 {
			id := d.lines[of[i]].SKU
			m.shelf(id, d.image.To)[r.To] += r.Quantity
			if r.To == core.StateSellable {
				m.come(id, d.image.To, r.Quantity)
			}
			moves = append(moves, core.MovementImage{
				LevelImage: m.level(id, d.image.To), Kind: kind, To: r.To, Quantity: r.Quantity, Reason: copyBytes(r.Reason),
			})
		}
	}
	d.lines = after
	d.settle()
	return moves, found, core.Outcome{}
}

// lineOf is the place of the line that a row means, or −1: the line of its number, or of those of its SKU the first that has
// something open, or just the first.
func (d *inbound) lineOf(lines []core.InboundLineImage, r core.ReceiptRow) int {
	if r.Line > 0 {
		if r.Line > len(lines) {
			return -1
		}
		return r.Line - 1
	}
	is := func(l core.InboundLineImage) bool { return l.SKU == r.SKU }
	if k := slices.IndexFunc(lines, func(l core.InboundLineImage) bool { return is(l) && openOf(l) > 0 }); k >= 0 {
		return k
	}
	return slices.IndexFunc(lines, is)
}

func (d *inbound) settle() {
	d.image.Status = core.InboundReceived
	for _, l := range d.lines {
		if openOf(l) > 0 {
			d.image.Status = core.InboundPartial
		}
	}
}

// close notes why what is open will not come.
func (d *inbound) close(r *core.InboundRequest) (found []core.DiscrepancyImage) {
	for i := range d.lines {
		if n := openOf(d.lines[i]); n > 0 {
			d.lines[i].Differing[r.Discrepancy-1] += n
			found = append(found, core.DiscrepancyImage{Line: i + 1, Discrepancy: r.Discrepancy, Quantity: n, Reason: copyBytes(r.Reason)})
		}
	}
	d.settle()
	return found
}

// incoming lists what is on its way of a SKU: by the time when it comes, what has none last, then by document and line.
func (m *Model) incoming(id core.SKUID) []core.LotImage {
	var lots []core.LotImage
	for name, d := range m.inbounds {
		for i, l := range d.lines {
			if d.isUnderWay() && l.SKU == id && openOf(l) > 0 {
				lots = append(lots, core.LotImage{
					Kind: name.kind, Number: []byte(name.number), Line: i + 1, Location: d.image.To, Expected: l.Expected, Open: openOf(l),
				})
			}
		}
	}
	slices.SortFunc(lots, func(a, b core.LotImage) int {
		if (a.Expected == 0) != (b.Expected == 0) {
			return cmp.Compare(b.Expected, a.Expected) // the one without a time is last
		}
		return cmp.Or(cmp.Compare(a.Expected, b.Expected), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(string(a.Number), string(b.Number)), cmp.Compare(a.Line, b.Line))
	})
	return lots
}

// Inbound is a document as it stands.
func (m *Model) Inbound(kind core.InboundKind, number string) (core.InboundImage, bool) {
	d := m.inbounds[inboundName{kind, number}]
	if d == nil {
		return core.InboundImage{}, false
	}
	return d.copy(), true
}

// Inbounds lists the documents of a kind in the order in which they were made.
func (m *Model) Inbounds(kind core.InboundKind) []core.InboundImage {
	var list []core.InboundImage
	for name, d := range m.inbounds {
		if name.kind == kind {
			list = append(list, d.copy())
		}
	}
	slices.SortFunc(list, func(a, b core.InboundImage) int { return cmp.Compare(a.Created, b.Created) })
	return list
}

func copyInbound(i *core.InboundImage) *core.InboundImage {
	c := *i
	c.Number, c.Supplier, c.Lines, c.Found = copyBytes(i.Number), copyBytes(i.Supplier), copyList(i.Lines), copyList(i.Found)
	for k := range c.Found {
		c.Found[k].Reason = copyBytes(c.Found[k].Reason)
	}
	return &c
}

// CopyInbound gives a document that shares nothing with the given one; empty lists come out as nil.
func CopyInbound(i *core.InboundImage) core.InboundImage { return *copyInbound(i) }
