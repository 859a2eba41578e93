package codec

import "holdfast/engine/core"

// someOf gives numbers of 0 to n − 1, none twice, one at least.
func (g generator) someOf(n int) []int { return g.Perm(n)[:g.between(1, int64(n))] }

func (g generator) returnRequest(c *core.Command) {
	r := &core.ReturnRequest{}
	c.Life.Return = r
	if c.Kind == core.CommandRequestReturn {
		r.Force, r.Until = g.bool(), g.millis()
		last := core.ReturnOther
		if g.bool() {
			r.Kind, last = core.ReturnClaim, core.LastReturnReason
		}
		for _, line := range g.someOf(core.MaxLines) {
			row := g.returnRow(line)
			row.Reason = core.ReturnReason(g.between(1, int64(last)))
			r.Rows = append(r.Rows, row)
		}
		return
	}
	r.Number = int(g.between(1, core.MaxReturns))
	switch c.Kind {
	case core.CommandDecideReturn:
		if r.Decision = core.ReturnDecision(g.between(1, 3)); r.Decision == core.DecideApprove {
			r.Until, r.Terms = g.millis(), g.returnTerms()
		}
	case core.CommandReceiveReturn:
		c.Life.Location = g.location()
		g.receivedRows(c, []core.Disposition{1, 2, 3, 4, 5, 6, 7})
	case core.CommandInspectReturn:
		if c.Life.Location = g.location(); g.bool() {
			g.receivedRows(c, []core.Disposition{core.DisposeRestock, core.DisposeDamaged, core.DisposeDestroy})
		}
	case core.CommandDecideRefund:
		r.Credit, r.Amount, r.Currency = g.bool(), g.between(1, core.MaxAmount), g.currency()
	}
}

func (g generator) returnRow(line int) core.ReturnRow {
	return core.ReturnRow{Line: line, Quantity: core.Quantity(g.between(0, int64(core.MaxLineQuantity)))}
}

func (g generator) receivedRows(c *core.Command, dispositions []core.Disposition) {
	for i, line := range g.someOf(40) {
		c.Lines = append(c.Lines, core.Line{SKU: core.SKUID(7 * i)})
		for _, d := range g.someOf(len(dispositions)) {
			row := g.returnRow(line)
			row.Disposition = dispositions[d]
			c.Life.Return.Rows = append(c.Life.Return.Rows, row)
		}
	}
}

func (g generator) returnTerms() core.ReturnTerms {
	t := core.ReturnTerms{Policy: core.RefundPolicy(g.IntN(4)), Remedy: core.Remedy(g.IntN(5)), Keep: g.bool()}
	if g.bool() {
		t.Currency, t.Fee = g.currency(), g.between(0, core.MaxAmount)
		t.Difference = g.between(-core.MaxAmount, core.MaxAmount)
	}
	if g.bool() {
		t.Replacement = g.order() | 1
	}
	return t
}

// returns gives an order with so many lines some returns.
func (g generator) returns(life *core.LifeImage, lines int) {
	for range g.between(1, 4) {
		r := core.ReturnImage{
			Status: core.ReturnStatus(g.between(1, int64(core.LastReturnStatus))), Kind: core.ReturnKind(g.IntN(2)), Forced: g.bool(), HasDocument: g.bool(),
			Settled: g.bool(), Created: g.sequence(), CreatedAt: g.millis(), Until: g.millis(), Sent: g.sequence(), Terms: g.returnTerms(),
			Lines: int(g.between(1, 3)), Refunds: g.IntN(3),
		}
		for range r.Lines {
			l := core.ReturnLine{Line: g.IntN(lines), Quantity: g.quantity(), Reason: core.ReturnReason(g.between(1, int64(core.LastReturnReason)))}
			for k := range l.Became {
				if g.bool() {
					l.Became[k] = core.Quantity(g.between(1, 1<<40))
				}
			}
			life.ReturnLines = append(life.ReturnLines, l)
		}
		for range r.Refunds {
			life.Refunds = append(life.Refunds, core.RefundImage{
				Credit: g.bool(), Amount: g.between(1, core.MaxAmount), Currency: g.currency(), Decided: g.sequence(), At: g.millis(), By: g.reason(),
			})
		}
		life.Returns = append(life.Returns, r)
	}
	life.CountReturns()
}

// returnEvent fills in what an event has that tells of a return.
func (g generator) returnEvent(ev *core.Event) {
	lines := len(ev.Order.Lines)
	if ev.Order.Life = g.life(lines); len(ev.Order.Life.Returns) == 0 {
		g.returns(ev.Order.Life, lines)
	}
	ev.Return = int(g.between(1, int64(len(ev.Order.Life.Returns))))
	if ev.Kind == core.EventReturnExpired {
		return
	}
	ev.Note, ev.Actor = g.reason(), g.reason()
	switch ev.Kind {
	case core.EventReturnReceived, core.EventReturnInspected:
		if g.bool() {
			ev.Moves = g.movementImages(int(g.between(1, 40)))
		}
		fallthrough
	case core.EventReturnRequested:
		for range g.between(1, 9) {
			row := g.returnRow(g.IntN(lines))
			if ev.Kind == core.EventReturnRequested {
				row.Reason = core.ReturnReason(g.between(1, int64(core.LastReturnReason)))
			} else {
				row.Disposition = core.Disposition(g.between(1, core.Dispositions))
			}
			ev.Returned = append(ev.Returned, row)
		}
	}
}
