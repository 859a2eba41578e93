package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// Marks of a request for a return. They are in journals and must not change.
const (
	requestForced = 1 << 0
	requestClaim  = 1 << 1
)

// Marks of a return in an image. They are in stored feeds and must not change.
const (
	returnHasDocument = 1 << 0
	returnForced      = 1 << 1
	returnSettled     = 1 << 2
	returnClaim       = 1 << 3
	returnMarks       = returnHasDocument | returnForced | returnSettled | returnClaim
)

// Marks of the terms of a return. They are in journals and stored feeds and must not change.
const (
	termsKeep        = 1 << 0
	termsAmounts     = 1 << 1 // a currency, the fee and the difference follow
	termsReplacement = 1 << 2
	termsMarks       = termsKeep | termsAmounts | termsReplacement
)

// marked is a mark, and whether it is set.
type marked struct {
	is  bool
	bit byte
}

// marksOf gives the sum of the marks that are set.
func marksOf(marks ...marked) (sum byte) {
	for _, m := range marks {
		if m.is {
			sum |= m.bit
		}
	}
	return sum
}

// appendReturnRequest appends what a command says about a return.
func appendReturnRequest(dst []byte, c *core.Command) []byte {
	r := c.Life.Return
	if c.Kind == core.CommandRequestReturn {
		dst = append(dst, marksOf(marked{r.Force, requestForced}, marked{r.Kind == core.ReturnClaim, requestClaim}))
		return appendReturnRows(appendUvarint(dst, uint64(r.Until)), r.Rows, true)
	}
	dst = appendUvarint(dst, uint64(r.Number))
	switch c.Kind {
	case core.CommandDecideReturn:
		if dst = append(dst, byte(r.Decision)); r.Decision == core.DecideApprove {
			dst = appendTerms(appendUvarint(dst, uint64(r.Until)), &r.Terms)
		}
	case core.CommandReceiveReturn, core.CommandInspectReturn:
		dst = appendReturnRows(appendUvarint(dst, uint64(c.Life.Location)), r.Rows, false)
		if len(r.Rows) > 0 {
			dst = appendLines(dst, c.Lines)
		}
	case core.CommandDecideRefund:
		dst = appendUvarint(appendBool(dst, r.Credit), uint64(r.Amount))
		dst = append(dst, r.Currency[:]...)
	}
	return dst
}

func (c *cursor) returnRequest(cmd *core.Command) {
	r := &core.ReturnRequest{}
	cmd.Life.Return = r
	if cmd.Kind == core.CommandRequestReturn {
		at := c.pos
		marks := c.byte()
		if marks&^(requestForced|requestClaim) != 0 {
			c.fail(at, "unknown marks of a request for a return")
		}
		r.Force = marks&requestForced != 0
		if marks&requestClaim != 0 {
			r.Kind = core.ReturnClaim
		}
		r.Until = c.millis()
		r.Rows = c.requestedRows(r.Kind)
		return
	}
	r.Number = int(c.between(1, core.MaxReturns, "number of a return is not 1 to 100"))
	switch cmd.Kind {
	case core.CommandDecideReturn:
		c.decision(r)
	case core.CommandReceiveReturn:
		cmd.Life.Location = c.location()
		r.Rows = c.receivedRows(1, core.Dispositions)
		cmd.Lines = c.reroutedLines(cmd.Lines)
	case core.CommandInspectReturn:
		cmd.Life.Location = c.location()
		if r.Rows = c.receivedRows(0, int(core.DisposeDestroy)); len(r.Rows) > 0 {
			cmd.Lines = c.reroutedLines(cmd.Lines)
		}
	case core.CommandDecideRefund:
		r.Credit = c.bool("mark of store credit is not 0 or 1")
		r.Amount, r.Currency = c.positive(1), c.currency()
	}
}

func (c *cursor) decision(r *core.ReturnRequest) {
	at := c.pos
	if r.Decision = core.ReturnDecision(c.byte()); r.Decision < core.DecideApprove || r.Decision > core.DecideCancel {
		c.fail(at, "unknown decision about a return")
	}
	if r.Decision == core.DecideApprove {
		r.Until = c.millis()
		c.terms(&r.Terms)
	}
}

func appendReturnRows(dst []byte, rows []core.ReturnRow, asked bool) []byte {
	dst = appendUvarint(dst, uint64(len(rows)))
	for i := range rows {
		r := &rows[i]
		dst = appendQuantity(appendUvarint(dst, uint64(r.Line)), r.Quantity)
		if asked {
			dst = append(dst, byte(r.Reason))
		} else {
			dst = append(dst, byte(r.Disposition))
		}
	}
	return dst
}

// returnRow reads a row's line and units, of which there is no more than a line may have.
func (c *cursor) returnRow(lines int) core.ReturnRow {
	return core.ReturnRow{Line: c.lineOf(lines), Quantity: core.Quantity(c.upTo(uint64(core.MaxLineQuantity), "quantity exceeds 1000000000"))}
}

// requestedRows reads what is to come back: no two rows of one line.
func (c *cursor) requestedRows(kind core.ReturnKind) (rows []core.ReturnRow) {
	for range c.count(1, core.MaxLines, 3, "rows are not 1 to 500") {
		at := c.pos
		row := c.returnRow(core.MaxLines)
		if slices.ContainsFunc(rows, func(other core.ReturnRow) bool { return other.Line == row.Line }) {
			c.fail(at, "line is named twice")
		}
		if row.Reason = c.returnReason(); kind == core.ReturnOfUnits && row.Reason.OnlyOfClaims() {
			c.fail(at, "the reason is one of claims alone")
		}
		rows = append(rows, row)
	}
	return rows
}

func (c *cursor) returnReason() core.ReturnReason {
	at := c.pos
	reason := core.ReturnReason(c.byte())
	if reason < core.ReturnTooSmall || reason > core.LastReturnReason {
		c.fail(at, "unknown reason of a return")
	}
	return reason
}

// receivedRows reads what became of units: no two rows of one line and disposition. Units that were looked at are in stock, or no good.
func (c *cursor) receivedRows(least, last int) (rows []core.ReturnRow) {
	for range c.count(least, core.MaxLines, 3, "rows are more than 500, or none") {
		at := c.pos
		row := c.returnRow(core.MaxLines)
		row.Disposition = c.disposition()
		if int(row.Disposition) > last || last < core.Dispositions && row.Disposition == core.DisposeQualityControl {
			c.fail(at, "units that were looked at do not have this disposition")
		}
		if slices.ContainsFunc(rows, func(o core.ReturnRow) bool { return o.Line == row.Line && o.Disposition == row.Disposition }) {
			c.fail(at, "line is named twice")
		}
		rows = append(rows, row)
	}
	return rows
}

func (c *cursor) disposition() core.Disposition {
	at := c.pos
	d := core.Disposition(c.byte())
	if d < core.DisposeRestock || d > core.Dispositions {
		c.fail(at, "unknown disposition")
	}
	return d
}

func appendTerms(dst []byte, t *core.ReturnTerms) []byte {
	amounts := t.Currency != core.Currency{}
	dst = append(dst, byte(t.Policy), byte(t.Remedy), marksOf(marked{t.Keep, termsKeep}, marked{amounts, termsAmounts}, marked{t.Replacement != 0, termsReplacement}))
	if amounts {
		dst = appendVarint(appendUvarint(append(dst, t.Currency[:]...), uint64(t.Fee)), t.Difference)
	}
	if t.Replacement != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(t.Replacement))
	}
	return dst
}

func (c *cursor) terms(t *core.ReturnTerms) {
	at := c.pos
	*t = core.ReturnTerms{Policy: core.RefundPolicy(c.byte()), Remedy: core.Remedy(c.byte())}
	if t.Policy > core.RefundOnInspected || t.Remedy > core.RemedyCredit {
		c.fail(at, "unknown terms of a return")
	}
	at = c.pos
	marks := c.byte()
	if marks&^termsMarks != 0 {
		c.fail(at, "unknown marks of a return's terms")
	}
	t.Keep = marks&termsKeep != 0
	if marks&termsAmounts != 0 {
		t.Currency, t.Fee = c.currency(), c.positive(0)
		at = c.pos
		if t.Difference = c.varint(); t.Difference < -core.MaxAmount || t.Difference > core.MaxAmount {
			c.fail(at, "amount is outside its limits")
		}
	}
	if marks&termsReplacement != 0 {
		at = c.pos
		if t.Replacement = core.OrderID(c.uint64()); t.Replacement == 0 {
			c.fail(at, "a replacement is marked and has no number")
		}
	}
}

// appendReturns appends the returns of an order.
func appendReturns(dst []byte, life *core.LifeImage) []byte {
	dst = appendUvarint(dst, uint64(len(life.Returns)))
	life.EachReturn(func(_ int, r *core.ReturnImage, lines []core.ReturnLine, refunds []core.RefundImage) {
		dst = append(dst, byte(r.Status), marksOf(marked{r.HasDocument, returnHasDocument}, marked{r.Forced, returnForced}, marked{r.Settled, returnSettled},
			marked{r.Kind == core.ReturnClaim, returnClaim}))
		dst = appendUvarint(appendUvarint(dst, uint64(r.Created)), uint64(r.CreatedAt))
		dst = appendTerms(appendUvarint(appendUvarint(dst, uint64(r.Until)), uint64(r.Sent)), &r.Terms)
		dst = appendReturnLines(dst, lines)
		dst = appendRefunds(dst, refunds)
	})
	return dst
}

func appendReturnLines(dst []byte, lines []core.ReturnLine) []byte {
	dst = appendUvarint(dst, uint64(len(lines)))
	for i := range lines {
		l := &lines[i]
		dst = append(appendQuantity(appendUvarint(dst, uint64(l.Line)), l.Quantity), byte(l.Reason))
		known := byte(0)
		for k, n := range l.Became {
			if n != 0 {
				known |= 1 << k
			}
		}
		dst = append(dst, known)
		for _, n := range l.Became {
			if n != 0 {
				dst = appendQuantity(dst, n)
			}
		}
	}
	return dst
}

func appendRefunds(dst []byte, refunds []core.RefundImage) []byte {
	dst = appendUvarint(dst, uint64(len(refunds)))
	for i := range refunds {
		f := &refunds[i]
		dst = append(appendUvarint(appendBool(dst, f.Credit), uint64(f.Amount)), f.Currency[:]...)
		dst = appendString(appendUvarint(appendUvarint(dst, uint64(f.Decided)), uint64(f.At)), f.By)
	}
	return dst
}

// returns reads the returns of an order with so many lines.
func (c *cursor) returns(life *core.LifeImage, lines int) {
	const shortest = 14
	n := c.count(1, core.MaxReturns, shortest, "returns are not 1 to 100")
	for range n {
		r := core.ReturnImage{Status: c.returnStatus()}
		at := c.pos
		marks := c.byte()
		if marks&^returnMarks != 0 {
			c.fail(at, "unknown marks of a return")
		}
		r.HasDocument, r.Forced, r.Settled = marks&returnHasDocument != 0, marks&returnForced != 0, marks&returnSettled != 0
		if marks&returnClaim != 0 {
			r.Kind = core.ReturnClaim
		}
		r.Created, r.CreatedAt, r.Until, r.Sent = c.sequence(), c.millis(), c.millis(), c.sequence()
		c.terms(&r.Terms)
		r.Lines, r.Refunds = c.returnLines(life, lines), c.refunds(life)
		life.Returns = append(life.Returns, r)
	}
}

func (c *cursor) returnStatus() core.ReturnStatus {
	at := c.pos
	status := core.ReturnStatus(c.byte())
	if status < core.ReturnRequested || status > core.LastReturnStatus {
		c.fail(at, "unknown status of a return")
	}
	return status
}

func (c *cursor) returnLines(life *core.LifeImage, lines int) int {
	n := c.count(1, core.MaxLines, 4, "lines are not 1 to 500")
	for range n {
		l := core.ReturnLine{Line: c.lineOf(lines), Quantity: c.quantity(), Reason: c.returnReason()}
		at := c.pos
		known := c.byte()
		if known>>core.Dispositions != 0 {
			c.fail(at, "unknown disposition")
		}
		for k := range l.Became {
			if known>>k&1 != 0 {
				if l.Became[k] = c.quantity(); l.Became[k] == 0 {
					c.fail(at, "a disposition is marked and has no units")
				}
			}
		}
		life.ReturnLines = append(life.ReturnLines, l)
	}
	return n
}

func (c *cursor) refunds(life *core.LifeImage) int {
	n := c.count(0, core.MaxRefunds, 8, "refunds are more than 100")
	for range n {
		life.Refunds = append(life.Refunds, core.RefundImage{
			Credit: c.bool("mark of store credit is not 0 or 1"), Amount: c.positive(1), Currency: c.currency(),
			Decided: c.sequence(), At: c.millis(), By: c.actor(),
		})
	}
	return n
}

// appendReturned appends what happened to a return, who did it and what was noted.
func appendReturned(dst []byte, ev *core.Event) []byte {
	if ev.Kind == core.EventReturnExpired {
		return appendUvarint(dst, uint64(ev.Return))
	}
	dst = appendUvarint(appendNotes(dst, ev.Note, ev.Actor), uint64(ev.Return))
	switch ev.Kind {
	case core.EventReturnRequested:
		return appendReturnRows(dst, ev.Returned, true)
	case core.EventReturnReceived, core.EventReturnInspected:
		return appendMovementList(appendReturnRows(dst, ev.Returned, false), ev.Moves)
	}
	return dst
}

func (c *cursor) returned(ev *core.Event) {
	if ev.Kind != core.EventReturnExpired {
		ev.Note, ev.Actor = c.rerouteNote(), c.actor()
	}
	most := 0
	if ev.Order.Life != nil {
		most = len(ev.Order.Life.Returns)
	}
	ev.Return = int(c.between(1, uint64(max(most, 1)), "the order has no return of this number"))
	switch ev.Kind {
	case core.EventReturnRequested:
		c.toldRows(ev, 1)
	case core.EventReturnReceived:
		c.toldRows(ev, 1)
		ev.Moves = c.movementList(ev.Moves, 0)
	case core.EventReturnInspected:
		c.toldRows(ev, 0)
		ev.Moves = c.movementList(ev.Moves, 0)
	}
}

// toldRows reads the rows of an event.
func (c *cursor) toldRows(ev *core.Event, least int) {
	for range c.count(least, core.MaxLines, 3, "rows are more than 500, or none") {
		row := c.returnRow(len(ev.Order.Lines))
		if ev.Kind == core.EventReturnRequested {
			row.Reason = c.returnReason()
		} else {
			row.Disposition = c.disposition()
		}
		ev.Returned = append(ev.Returned, row)
	}
}
