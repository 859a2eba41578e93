package reference

import (
	"slices"

	"holdfast/engine/core"
)

// orderReturn is a return of an order. Its pieces are single units, each with its own fate, so nothing has to be added up.
type orderReturn struct {
	image   core.ReturnImage // without its lists
	pieces  []*piece
	refunds []core.RefundImage
}

// piece is one unit, or so many units of one fate, of a line.
type piece struct {
	line   int
	units  core.Quantity
	reason core.ReturnReason
	fate   core.Disposition // 0 while nothing is known
}

// isOver tells whether the return is at an end.
func (r *orderReturn) isOver() bool {
	switch r.image.Status {
	case core.ReturnClosed, core.ReturnDeclined, core.ReturnCancelled, core.ReturnExpired:
		return true
	}
	return false
}

// cameToNothing tells whether the return ended without anything coming of it.
func (r *orderReturn) cameToNothing() bool { return r.isOver() && r.image.Status != core.ReturnClosed }

// owesSettling tells whether the replacement of a return that came to nothing is still about.
func (r *orderReturn) owesSettling() bool {
	return r.cameToNothing() && r.image.Terms.Replacement != 0 && !r.image.Settled
}

// keepsOpen tells whether the order stays open for the return.
func (r *orderReturn) keepsOpen() bool { return !r.isOver() || r.owesSettling() }

// units counts those of a line with one of the fates.
func (r *orderReturn) units(line int, fates ...core.Disposition) (n core.Quantity) {
	for _, p := range r.pieces {
		if p.line == line && slices.Contains(fates, p.fate) {
			n += p.units
		}
	}
	return n
}

// allFates are those of units of which something is known.
var allFates = []core.Disposition{1, 2, 3, 4, 5, 6, 7}

// lines gives the lines of the return as its image has them.
func (r *orderReturn) lines() (lines []core.ReturnLine) {
	for _, p := range r.pieces {
		at := slices.IndexFunc(lines, func(l core.ReturnLine) bool { return l.Line == p.line })
		if at < 0 {
			at = len(lines)
			lines = append(lines, core.ReturnLine{Line: p.line, Reason: p.reason})
		}
		lines[at].Quantity += p.units
		if p.fate != 0 {
			lines[at].Became[p.fate-1] += p.units
		}
	}
	slices.SortFunc(lines, func(a, b core.ReturnLine) int { return a.Line - b.Line })
	return lines
}

// settle gives so many units of a line that have one fate another one.
func (r *orderReturn) settle(line int, n core.Quantity, from, to core.Disposition) {
	for _, p := range r.pieces {
		if p.line != line || p.fate != from || n == 0 {
			continue
		}
		if p.units > n {
			r.pieces = append(r.pieces, &piece{line: line, units: p.units - n, reason: p.reason, fate: from})
			p.units = n
		}
		p.fate = to
		n -= p.units
	}
}

// returnImages fills in what a life says of returns.
func (o *order) returnImages(life *core.LifeImage) {
	for _, r := range o.returns {
		image, lines := r.image, r.lines()
		image.Lines, image.Refunds = len(lines), len(r.refunds)
		life.Returns = append(life.Returns, image)
		life.ReturnLines = append(life.ReturnLines, lines...)
		for _, f := range r.refunds {
			f.By = copyBytes(f.By)
			life.Refunds = append(life.Refunds, f)
		}
		if r.cameToNothing() {
			continue
		}
		for _, p := range r.pieces {
			l := &life.Lines[p.line]
			switch {
			case p.fate != 0:
				l.Returned[p.fate-1] += p.units
			case !r.isOver():
				l.Returning += p.units
			default:
				continue
			}
			if p.reason == core.ReturnNeverArrived {
				l.NeverArrived += p.units
			}
		}
	}
}

// spoken is how many units of a line are in returns, and how many of those are said to have never arrived.
func (o *order) spoken(line int) (all, never core.Quantity) {
	for _, r := range o.returns {
		for _, p := range r.pieces {
			if p.line != line || r.cameToNothing() || r.isOver() && p.fate == 0 {
				continue
			}
			all += p.units
			if p.reason == core.ReturnNeverArrived {
				never += p.units
			}
		}
	}
	return all, never
}

// returnable is how many units of a line may come back.
func (o *order) returnable(line int, reason core.ReturnReason) core.Quantity {
	delivered := core.Quantity(0)
	for _, s := range o.shipments {
		for _, u := range s.units {
			if u.Line == line && s.image.Status == core.ShipmentDelivered {
				delivered += u.Quantity
			}
		}
	}
	all, never := o.spoken(line)
	left := o.lines[line].shipped - o.lines[line].takenBack - all
	if reason != core.ReturnNeverArrived {
		left = min(left, delivered-(all-never))
	}
	return max(0, left)
}

// keepsDelivered tells whether a delivered shipment cannot have another fate, as too much of it is in returns.
func (o *order) keepsDelivered(s *shipment, status core.ShipmentStatus) bool {
	if s.image.Status != core.ShipmentDelivered || status == core.ShipmentDelivered {
		return false
	}
	for _, u := range s.units {
		delivered := core.Quantity(0)
		for i := range o.shipments {
			for _, w := range o.shipments[i].units {
				if w.Line == u.Line && o.shipments[i].image.Status == core.ShipmentDelivered && &o.shipments[i] != s {
					delivered += w.Quantity
				}
			}
		}
		if all, never := o.spoken(u.Line); delivered < all-never {
			return true
		}
	}
	return false
}

// returning carries out a command about a return.
func (m *Model) returning(c *core.Command, o *order) core.Outcome {
	if c.Kind == core.CommandRequestReturn {
		return m.requestReturn(c, o)
	}
	ask := c.Life.Return
	if ask.Number > len(o.returns) {
		return refusedReturn(o, core.ReasonReturnNotFound)
	}
	r := o.returns[ask.Number-1]
	switch c.Kind {
	case core.CommandReceiveReturn:
		return m.receiveReturn(c, o, r)
	case core.CommandInspectReturn:
		return m.inspectReturn(c, o, r)
	case core.CommandDecideReturn:
		return m.decideReturn(c, o, r)
	case core.CommandReportReturn:
		if !slices.Contains([]core.ReturnStatus{core.ReturnApproved, core.ReturnInTransit, core.ReturnPartiallyReceived}, r.image.Status) {
			return refusedStatus(o, r)
		}
		if len(c.Document) == 0 && r.image.Status != core.ReturnApproved {
			return core.Outcome{Order: o.id}
		}
		if len(c.Document) > 0 {
			r.image.Sent = m.seq
		}
		if r.image.Status == core.ReturnApproved {
			r.image.Status = core.ReturnInTransit
		}
		return m.tellReturn(c, o, core.Event{Kind: core.EventReturnReported})
	case core.CommandCloseReturn:
		switch r.image.Status {
		case core.ReturnClosed:
			return core.Outcome{Order: o.id}
		case core.ReturnPartiallyReceived, core.ReturnReceived, core.ReturnInspected:
			r.image.Status = core.ReturnClosed
			return m.tellReturn(c, o, core.Event{Kind: core.EventReturnClosed})
		}
		return refusedStatus(o, r)
	case core.CommandDecideRefund:
		return m.decideRefund(c, o, r)
	}
	if !r.owesSettling() {
		return core.Outcome{Order: o.id}
	}
	r.image.Settled = true
	return m.tellReturn(c, o, core.Event{Kind: core.EventReturnDecided})
}

func refusedReturn(o *order, reason core.Reason, lines ...core.RefusedLine) core.Outcome {
	return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: lines})
}

func refusedStatus(o *order, r *orderReturn) core.Outcome {
	return refuseOrder(core.Refusal{Reason: core.ReasonReturnStatus, Order: o.id, Version: o.version, Return: r.image.Status})
}

// tellReturn ends a command about a return that was done.
func (m *Model) tellReturn(c *core.Command, o *order, event core.Event) core.Outcome {
	event.Actor, event.Note, event.Return = copyBytes(c.Actor), copyBytes(c.Life.Note), max(1, c.Life.Return.Number)
	if c.Kind == core.CommandRequestReturn {
		event.Return = len(o.returns)
	}
	m.giveDifference(c, o, o.returns[event.Return-1])
	o.version++
	o.lastReturnEnds(m.now)
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

// giveDifference decides that what the replacement costs less than what comes back is given to the customer, when that may be decided first.
func (m *Model) giveDifference(c *core.Command, o *order, r *orderReturn) {
	terms := r.image.Terms
	if !o.hasMoney() || !r.exchanges(o) || len(r.refunds) > 0 || terms.Policy == core.RefundManually || !r.maySayRefund() {
		return
	}
	amount, credit := -terms.Difference-terms.Fee, terms.Remedy == core.RemedyCredit
	for _, other := range o.returns {
		for _, f := range other.refunds {
			if other.cameToNothing() {
				amount -= f.Amount
			}
		}
	}
	if !credit {
		amount = min(amount, o.mayPromise())
	}
	if amount > 0 {
		r.refunds = append(r.refunds, core.RefundImage{
			Credit: credit, Amount: amount, Currency: terms.Currency, Decided: m.seq, At: m.now, By: copyBytes(c.Actor),
		})
	}
}

// exchanges tells whether units are replaced for the return's, and in the order's currency.
func (r *orderReturn) exchanges(o *order) bool {
	return r.image.Terms.Replacement != 0 && r.image.Terms.Currency == o.account.currency && !r.cameToNothing()
}

// extra is what the customer has to pay for replacements.
func (o *order) extra() (sum int64) {
	for _, r := range o.returns {
		if more := r.image.Terms.Difference + r.image.Terms.Fee; r.exchanges(o) && more > 0 {
			sum += more
		}
	}
	return sum
}

// lastReturnEnds has an order that nothing keeps open closed, but not before now.
func (o *order) lastReturnEnds(now core.Millis) {
	if o.status == core.StatusCompleted && !o.keptOpen() && o.closesAt < now {
		o.closesAt = now
	}
}

// keptOpen tells whether some return keeps the order open.
func (o *order) keptOpen() bool { return slices.ContainsFunc(o.returns, (*orderReturn).keepsOpen) }

// requestReturn asks for units to be taken back.
func (m *Model) requestReturn(c *core.Command, o *order) core.Outcome {
	ask := c.Life.Return
	late := o.status != core.StatusPlaced && m.now >= o.closesAt
	if late && !ask.Force {
		return refusedReturn(o, core.ReasonReturnWindow)
	}
	if ask.Until != 0 && ask.Until <= m.now {
		return refusedReturn(o, core.ReasonReturnDeadline)
	}
	var unknown, over []core.RefusedLine
	for i, row := range ask.Rows {
		if row.Line >= len(o.lines) {
			unknown = append(unknown, core.RefusedLine{Index: i, Requested: row.Quantity})
		}
	}
	if len(unknown) > 0 {
		return refusedReturn(o, core.ReasonOrderLine, unknown...)
	}
	wanted, reasons := map[int]core.Quantity{}, map[int]core.ReturnReason{}
	for i, row := range ask.Rows {
		parts := o.componentsOf(row.Line)
		if o.lines[row.Line].role != core.LineOfKits {
			parts[row.Line] = 1
		}
		most := core.MaxLineQuantity
		for k, each := range parts {
			if wanted[k] > 0 && (reasons[k] == core.ReturnNeverArrived) != (row.Reason == core.ReturnNeverArrived) {
				most = 0
			}
			most = min(most, max(0, o.returnable(k, row.Reason)-wanted[k])/each)
		}
		n := row.Quantity
		if n == 0 {
			n = most
		}
		if n > most {
			over = append(over, core.RefusedLine{Index: i, SKU: o.lines[row.Line].sku, Requested: n, Available: most})
		}
		for k, each := range parts {
			if n > 0 {
				wanted[k] += n * each
				reasons[k] = row.Reason
			}
		}
	}
	event := core.Event{Kind: core.EventReturnRequested}
	r := &orderReturn{image: core.ReturnImage{
		Status: core.ReturnRequested, Kind: ask.Kind, Forced: late, HasDocument: len(c.Document) > 0, Created: m.seq, CreatedAt: m.now, Until: ask.Until,
	}}
	for i := range o.lines {
		if wanted[i] > 0 {
			event.Returned = append(event.Returned, core.ReturnRow{Line: i, Quantity: wanted[i], Reason: reasons[i]})
			r.pieces = append(r.pieces, &piece{line: i, units: wanted[i], reason: reasons[i]})
		}
	}
	if len(over) > 0 || len(r.pieces) == 0 {
		return refusedReturn(o, core.ReasonNotReturnable, over...)
	}
	if len(o.returns) == core.MaxReturns {
		return refusedReturn(o, core.ReasonReturnsFull)
	}
	o.returns = append(o.returns, r)
	if o.status == core.StatusClosed {
		o.status = core.StatusCompleted
	}
	return m.tellReturn(c, o, event)
}

// decideReturn approves, declines or cancels.
func (m *Model) decideReturn(c *core.Command, o *order, r *orderReturn) core.Outcome {
	ask, status := c.Life.Return, r.image.Status
	switch ask.Decision {
	case core.DecideDecline:
		if status == core.ReturnDeclined {
			return core.Outcome{Order: o.id}
		}
		if status != core.ReturnRequested {
			return refusedStatus(o, r)
		}
		r.image.Status = core.ReturnDeclined
	case core.DecideCancel:
		if status == core.ReturnCancelled {
			return core.Outcome{Order: o.id}
		}
		if status != core.ReturnRequested && status != core.ReturnApproved && status != core.ReturnInTransit {
			return refusedStatus(o, r)
		}
		r.image.Status = core.ReturnCancelled
	default:
		sameEnd := ask.Until == 0 || ask.Until == r.image.Until
		if status == core.ReturnApproved && sameEnd && r.image.Terms == ask.Terms {
			return core.Outcome{Order: o.id}
		}
		if status != core.ReturnRequested {
			return refusedStatus(o, r)
		}
		until := r.image.Until
		if ask.Until != 0 {
			until = ask.Until
		}
		if until != 0 && until <= m.now {
			return refusedReturn(o, core.ReasonReturnDeadline)
		}
		if named := ask.Terms.Currency; o.hasMoney() && named != (core.Currency{}) && named != o.account.currency {
			return refusedReturn(o, core.ReasonRefundCurrency)
		}
		r.image.Status, r.image.Until, r.image.Terms = core.ReturnApproved, until, ask.Terms
		if ask.Terms.Keep {
			r.image.Status = core.ReturnReceived
			for _, p := range r.pieces {
				if p.fate = core.DisposeKept; p.reason == core.ReturnMissing || p.reason == core.ReturnNeverArrived {
					p.fate = core.DisposeMissing
				}
			}
		}
	}
	return m.tellReturn(c, o, core.Event{Kind: core.EventReturnDecided})
}

// decideRefund keeps a decision to give money or credit.
func (m *Model) decideRefund(c *core.Command, o *order, r *orderReturn) core.Outcome {
	ask := c.Life.Return
	if !r.maySayRefund() {
		return refusedStatus(o, r)
	}
	return m.keepRefund(c, o, r, ask)
}

// maySayRefund tells whether the status and the policy allow to decide on a refund.
func (r *orderReturn) maySayRefund() bool {
	soonEnough := map[core.RefundPolicy][]core.ReturnStatus{
		core.RefundManually:    {core.ReturnApproved, core.ReturnInTransit, core.ReturnPartiallyReceived, core.ReturnReceived, core.ReturnInspected, core.ReturnClosed},
		core.RefundOnReceipt:   {core.ReturnPartiallyReceived, core.ReturnReceived, core.ReturnInspected, core.ReturnClosed},
		core.RefundOnInspected: {core.ReturnInspected, core.ReturnClosed},
	}
	soonEnough[core.RefundOnApproval] = soonEnough[core.RefundManually]
	return slices.Contains(soonEnough[r.image.Terms.Policy], r.image.Status)
}

// keepRefund keeps a decision that is not too soon.
func (m *Model) keepRefund(c *core.Command, o *order, r *orderReturn, ask *core.ReturnRequest) core.Outcome {
	if known := r.image.Terms.Currency; known != (core.Currency{}) && known != ask.Currency {
		return refusedReturn(o, core.ReasonRefundCurrency)
	}
	if o.hasMoney() {
		if ask.Currency != o.account.currency {
			return refusedReturn(o, core.ReasonRefundCurrency)
		}
		if most := o.mayPromise(); !ask.Credit && ask.Amount > most {
			return refusedReturn(o, core.ReasonDecisionTooLarge, core.RefusedLine{Requested: core.Quantity(ask.Amount), Available: core.Quantity(most)})
		}
	}
	if len(r.refunds) == core.MaxRefunds {
		return refusedReturn(o, core.ReasonRefundsFull)
	}
	r.image.Terms.Currency = ask.Currency
	r.refunds = append(r.refunds, core.RefundImage{
		Credit: ask.Credit, Amount: ask.Amount, Currency: ask.Currency, Decided: m.seq, At: m.now, By: copyBytes(c.Actor),
	})
	return m.tellReturn(c, o, core.Event{Kind: core.EventRefundDecided})
}

// wantedRows gives the rows of a receipt or an inspection with their quantities, or the refusal of those that cannot be.
func (m *Model) wantedRows(c *core.Command, o *order, r *orderReturn, from core.Disposition) (rows []core.ReturnRow, refusal *core.Outcome) {
	refuse := func(reason core.Reason, lines ...core.RefusedLine) ([]core.ReturnRow, *core.Outcome) {
		outcome := refusedReturn(o, reason, lines...)
		return nil, &outcome
	}
	if int(c.Life.Location) >= len(m.locations) {
		return refuse(core.ReasonLocationNotFound)
	}
	var unknown, over []core.RefusedLine
	for i, row := range c.Life.Return.Rows {
		isHere := slices.ContainsFunc(r.pieces, func(p *piece) bool { return p.line == row.Line })
		if isHere && slices.ContainsFunc(c.Lines, func(l core.Line) bool { return l.SKU == o.lines[row.Line].sku }) {
			continue
		}
		refused := core.RefusedLine{Index: i, Requested: row.Quantity}
		if row.Line < len(o.lines) {
			refused.SKU = o.lines[row.Line].sku
		}
		unknown = append(unknown, refused)
	}
	if len(unknown) > 0 {
		return refuse(core.ReasonOrderLine, unknown...)
	}
	left := map[int]core.Quantity{}
	for _, p := range r.pieces {
		if p.fate == from {
			left[p.line] += p.units
		}
	}
	for i, row := range c.Life.Return.Rows {
		if row.Quantity == 0 {
			row.Quantity = left[row.Line]
		}
		if row.Quantity > left[row.Line] {
			over = append(over, core.RefusedLine{Index: i, SKU: o.lines[row.Line].sku, Requested: row.Quantity, Available: left[row.Line]})
			continue
		}
		if row.Quantity > 0 {
			left[row.Line] -= row.Quantity
			rows = append(rows, row)
		}
	}
	if len(over) > 0 || len(rows) == 0 {
		return refuse(core.ReasonReturnUnits, over...)
	}
	return rows, nil
}

// receiveReturn notes what came.
func (m *Model) receiveReturn(c *core.Command, o *order, r *orderReturn) core.Outcome {
	if !slices.Contains([]core.ReturnStatus{core.ReturnApproved, core.ReturnInTransit, core.ReturnPartiallyReceived}, r.image.Status) {
		return refusedStatus(o, r)
	}
	rows, refusal := m.wantedRows(c, o, r, 0)
	if refusal != nil {
		return *refusal
	}
	var kits, full []core.RefusedLine
	for i, line := range c.Lines {
		there := m.states(line.SKU, c.Life.Location).sum()
		for _, row := range rows {
			if row.Disposition > core.DisposeQualityControl || o.lines[row.Line].sku != line.SKU {
				continue
			}
			refused := core.RefusedLine{Index: i, SKU: line.SKU, Location: c.Life.Location, Requested: row.Quantity}
			if m.isKit(line.SKU) {
				kits = append(kits, refused)
			}
			if there+row.Quantity > core.MaxOnHand {
				refused.Requested, refused.Available = there+row.Quantity, there
				full = append(full, refused)
			}
			there += row.Quantity
		}
	}
	if len(kits) > 0 {
		return refusedReturn(o, core.ReasonKitUnits, kits...)
	}
	if len(full) > 0 {
		return refusedReturn(o, core.ReasonStockTooLarge, full...)
	}
	event := core.Event{Kind: core.EventReturnReceived, Returned: rows}
	for _, row := range rows {
		r.settle(row.Line, row.Quantity, 0, row.Disposition)
		if state, stocked := stateOf[row.Disposition]; stocked {
			event.Moves = append(event.Moves, m.restock(o.lines[row.Line].sku, c.Life.Location, core.MovementReturnIn, -1, int(state), row.Quantity))
		}
	}
	r.image.Status = core.ReturnReceived
	if slices.ContainsFunc(r.pieces, func(p *piece) bool { return p.fate == 0 }) {
		r.image.Status = core.ReturnPartiallyReceived
	}
	return m.tellReturn(c, o, event)
}

// stateOf says in which state of stock units of a fate are.
var stateOf = map[core.Disposition]core.StockState{
	core.DisposeRestock: core.StateSellable, core.DisposeDamaged: core.StateDamaged, core.DisposeQualityControl: core.StateQualityControl,
}

// restock moves units at a location out of one state and into another; −1 is none.
func (m *Model) restock(sku core.SKUID, location core.LocationID, kind core.MovementKind, from, to int, n core.Quantity) core.MovementImage {
	stock := m.states(sku, location)
	move := core.MovementImage{Kind: kind, Quantity: n}
	if from >= 0 {
		stock[from] -= n
		move.From = core.StockState(from)
	}
	if to >= 0 {
		stock[to] += n
		move.To = core.StockState(to)
	}
	m.come(sku, location, stock[core.StateSellable]-m.states(sku, location)[core.StateSellable])
	m.skus[sku].stock[location] = &stock
	move.LevelImage = m.level(sku, location)
	return move
}

// inspectReturn notes what units are that were in quality control.
func (m *Model) inspectReturn(c *core.Command, o *order, r *orderReturn) core.Outcome {
	if r.image.Status != core.ReturnPartiallyReceived && r.image.Status != core.ReturnReceived {
		return refusedStatus(o, r)
	}
	event := core.Event{Kind: core.EventReturnInspected}
	unseen := slices.ContainsFunc(r.pieces, func(p *piece) bool { return p.fate == core.DisposeQualityControl })
	if unseen || len(c.Life.Return.Rows) > 0 || r.image.Status == core.ReturnPartiallyReceived {
		rows, refusal := m.wantedRows(c, o, r, core.DisposeQualityControl)
		if refusal != nil {
			return *refusal
		}
		left := map[core.SKUID]core.Quantity{}
		var missing []core.RefusedLine
		for _, row := range rows {
			sku := o.lines[row.Line].sku
			if _, known := left[sku]; !known {
				left[sku] = m.states(sku, c.Life.Location)[core.StateQualityControl]
			}
			if row.Quantity > left[sku] {
				at := slices.IndexFunc(c.Lines, func(l core.Line) bool { return l.SKU == sku })
				missing = append(missing, core.RefusedLine{Index: at, SKU: sku, Location: c.Life.Location, Requested: row.Quantity, Available: max(0, left[sku])})
			}
			left[sku] -= row.Quantity
		}
		if len(missing) > 0 {
			return refusedReturn(o, core.ReasonShortOnHand, missing...)
		}
		event.Returned = rows
		for _, row := range rows {
			r.settle(row.Line, row.Quantity, core.DisposeQualityControl, row.Disposition)
			kind, to := core.MovementWriteOff, -1
			if state, stocked := stateOf[row.Disposition]; stocked {
				kind, to = core.MovementReclassify, int(state)
			}
			event.Moves = append(event.Moves, m.restock(o.lines[row.Line].sku, c.Life.Location, kind, int(core.StateQualityControl), to, row.Quantity))
		}
	}
	if r.image.Status == core.ReturnReceived && !slices.ContainsFunc(r.pieces, func(p *piece) bool { return p.fate == core.DisposeQualityControl }) {
		r.image.Status = core.ReturnInspected
	}
	return m.tellReturn(c, o, event)
}

// expireReturns ends the returns of an order whose deadline is at an instant.
func (m *Model) expireReturns(o *order, at core.Millis) {
	for i, r := range o.returns {
		if r.image.Status == core.ReturnApproved && r.image.Until == at {
			before := m.moneyBefore(o)
			r.image.Status = core.ReturnExpired
			o.version++
			o.lastReturnEnds(at)
			m.emit(core.Event{Kind: core.EventReturnExpired, At: at, Return: i + 1, Order: o.image()})
			m.settledAt = at
			m.settleMoney(o, before)
			m.settledAt = m.now
		}
	}
}
