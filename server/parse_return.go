package server

import (
	"strconv"

	"holdfast/engine/core"
)

// maxComment bounds what a customer says about units of a line, in bytes.
const maxComment = 500

// commentRule is for what customers say about what they send back.
var commentRule = textRule{1, maxComment, onlyLines, "must be 1 to " + strconv.Itoa(maxComment) + " bytes without control characters but tabs and ends of lines"}

// returnReasons are the names of what customers say about units, by number.
var returnReasons = [...]string{
	core.ReturnTooSmall: "too_small", core.ReturnTooLarge: "too_large", core.ReturnDamaged: "damaged", core.ReturnDefective: "defective",
	core.ReturnWrongItem: "wrong_item", core.ReturnNotAsDescribed: "not_as_described", core.ReturnChangedMind: "changed_mind",
	core.ReturnArrivedLate: "arrived_late", core.ReturnOther: "other", core.ReturnMissing: "missing", core.ReturnNeverArrived: "never_arrived",
}

// dispositions are the names of what became of units that came back, by number.
var dispositions = [...]string{
	core.DisposeRestock: "restock", core.DisposeDamaged: "damaged", core.DisposeQualityControl: "quality_control", core.DisposeDestroy: "dispose",
	core.DisposeMissing: "missing", core.DisposeWrongItem: "wrong_item", core.DisposeKept: "kept_by_customer",
}

// inspected are those of units that were looked at.
var inspected = []string{core.DisposeRestock: "restock", core.DisposeDamaged: "damaged", core.DisposeDestroy: "dispose"}

var (
	returnKinds    = [...]string{core.ReturnOfUnits: "return", core.ReturnClaim: "claim"}
	refundPolicies = [...]string{core.RefundManually: "manual", core.RefundOnApproval: "approved", core.RefundOnReceipt: "received", core.RefundOnInspected: "inspected"}
	remedies       = [...]string{core.RemedyRefund: "refund", core.RemedyReplacement: "replacement", core.RemedyBoth: "both", core.RemedyCredit: "store_credit"}
	refundKinds    = [...]string{"refund", "store_credit"}
)

// returnIntake is what a body says of a return that is not the command's: lines by their places among those that are shown, and names.
type returnIntake struct {
	rows        []returnIntakeRow
	all         core.ReturnRow // what holds of all lines, where none is named
	comments    [][]byte       // of the rows
	replacement bool           // the command's lines are those of a replacement
	difference  price
	expects     bool // the body names the difference
}

// returnIntakeRow is a row of a body. Its line is a place among those that are shown.
type returnIntakeRow struct {
	core.ReturnRow
	sku []byte // of a component; nil when none is named
}

// beginReturn starts reading a body that says something about a return.
func (in *intake) beginReturn(kind core.CommandKind, body []byte, field func(ask *core.ReturnRequest, name []byte) bool) {
	in.begin(kind, body)
	life := &core.LifeRequest{Return: &core.ReturnRequest{}}
	in.command.Life = life
	if in.object() {
		for in.more() {
			if name := in.name(); !field(life.Return, name) && !in.noteField(life, name) {
				in.unknown()
			}
		}
	}
}

// parseReturn reads the body of POST /v1/orders/{order}/returns.
func (in *intake) parseReturn(body []byte, r *returnIntake) {
	comment := []byte(nil)
	in.beginReturn(core.CommandRequestReturn, body, func(ask *core.ReturnRequest, name []byte) bool {
		switch string(name) {
		case "kind":
			ask.Kind = core.ReturnKind(in.oneOf(returnKinds[:]))
		case "reason":
			r.all.Reason = core.ReturnReason(in.oneOf(returnReasons[:]))
		case "lines":
			in.returnRows(r, true, returnReasons[:])
		case "expires_at":
			ask.Until = in.instant()
		case "force":
			ask.Force = in.boolean()
		case "comment":
			comment = in.text(&commentRule)
		default:
			return false
		}
		return true
	})
	in.finishReasons(r)
	in.end()
	in.document = appendReturnDocument(in.document[:0], comment, r)
	if len(in.document) > 0 {
		in.command.Document = in.document
	}
}

// finishReasons gives rows without a reason that of all, and checks that there is one for each.
func (in *intake) finishReasons(r *returnIntake) {
	if len(in.faults) > 0 {
		return
	}
	if len(r.rows) == 0 && r.all.Reason == 0 {
		in.missing("reason")
	}
	for i := range r.rows {
		if row := &r.rows[i]; row.Reason == 0 {
			if row.Reason = r.all.Reason; row.Reason == 0 {
				in.fault(codeMissingField, "lines["+strconv.Itoa(i)+"].reason", "is required, here or for all lines")
			}
		}
	}
	reasons := append([]returnIntakeRow{{ReturnRow: r.all}}, r.rows...)
	for _, row := range reasons {
		if row.Reason.OnlyOfClaims() && in.command.Life.Return.Kind != core.ReturnClaim {
			in.fault(codeOutOfRange, "reason", "must be one of units that are there: "+returnReasons[row.Reason]+" is for claims")
			return
		}
	}
}

// returnRows reads rows: of a request with reasons, else with dispositions, whose names words are.
func (in *intake) returnRows(r *returnIntake, asked bool, words []string) {
	count := in.items(func() {
		row, comment := returnIntakeRow{ReturnRow: core.ReturnRow{Line: -1}}, []byte(nil)
		if !in.object() {
			return
		}
		for in.more() {
			switch name := string(in.name()); {
			case name == "line":
				row.Line = int(in.integer(0, core.MaxLines-1))
			case name == "sku":
				row.sku = in.text(&nameRule)
			case name == "quantity":
				row.Quantity = core.Quantity(in.integer(1, int64(core.MaxLineQuantity)))
			case name == "reason" && asked:
				row.Reason = core.ReturnReason(in.oneOf(words))
			case name == "comment" && asked:
				comment = in.text(&commentRule)
			case name == "disposition" && !asked:
				row.Disposition = core.Disposition(in.oneOf(words))
			default:
				in.unknown()
			}
		}
		if row.Line < 0 {
			in.missing("line")
		}
		r.rows, r.comments = append(r.rows, row), append(r.comments, comment)
	})
	if count == 0 || count > core.MaxLines {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxLines)+" items")
	}
}

// appendReturnDocument appends the document of a request, in its one form, which is in journals and must not change; nothing if nothing is said.
func appendReturnDocument(dst, comment []byte, r *returnIntake) []byte {
	start := len(dst)
	dst = appendDetail(append(dst, '{'), `"comment":`, comment)
	said := 0
	for i, text := range r.comments {
		if len(text) == 0 {
			continue
		}
		if said == 0 {
			dst = append(separate(dst), `"comments":[`...)
		}
		dst = appendNumberField(appendComma(dst, said), `{"line":`, r.rows[i].Line)
		dst = append(appendTextField(dst, `,"text":`, text), '}')
		said++
	}
	if said > 0 {
		dst = append(dst, ']')
	}
	if len(dst) == start+1 {
		return dst[:start]
	}
	return append(dst, '}')
}

// parseDecision reads the body of POST /v1/orders/{order}/returns/{return}/decline, and that of cancel.
func (in *intake) parseDecision(body []byte, decision core.ReturnDecision) {
	in.beginReturn(core.CommandDecideReturn, body, func(*core.ReturnRequest, []byte) bool { return false })
	in.end()
	in.command.Life.Return.Decision = decision
}

// parseApproval reads the body of POST /v1/orders/{order}/returns/{return}/approve. The lines of a replacement are left as those of an order.
func (in *intake) parseApproval(body []byte, r *returnIntake) {
	var fee price
	in.beginReturn(core.CommandDecideReturn, body, func(ask *core.ReturnRequest, name []byte) bool {
		switch string(name) {
		case "expires_at":
			ask.Until = in.instant()
		case "refund_when":
			ask.Terms.Policy = core.RefundPolicy(in.oneOf(refundPolicies[:]))
		case "remedy":
			ask.Terms.Remedy = core.Remedy(in.oneOf(remedies[:]))
		case "customer_keeps_units":
			ask.Terms.Keep = in.boolean()
		case "restocking_fee":
			fee = in.money()
		case "replacement":
			in.parseReplacement(r)
		default:
			return false
		}
		return true
	})
	in.end()
	ask := in.command.Life.Return
	ask.Decision = core.DecideApprove
	if fee.set && len(in.faults) == 0 {
		ask.Terms.Fee, ask.Terms.Currency = fee.amount, core.Currency(fee.currency)
	}
}

// parseReplacement reads what replaces the units of a return.
func (in *intake) parseReplacement(r *returnIntake) {
	if !in.object() {
		return
	}
	r.replacement = true
	hasLines := false
	for in.more() {
		switch string(in.name()) {
		case "lines":
			hasLines = true
			in.parseLines()
		case "ship_to":
			in.parseShipTo()
		case "difference":
			in.parseDifference(r)
		default:
			in.unknown()
		}
	}
	if !hasLines {
		in.missing("lines")
	}
}

// parseDifference reads a signed amount.
func (in *intake) parseDifference(r *returnIntake) {
	if !in.object() {
		return
	}
	r.expects = true
	var has bool
	for in.more() {
		switch string(in.name()) {
		case "amount":
			n := in.integer(-int64(core.MaxAmount), int64(core.MaxAmount))
			r.difference.amount, has = n, true
		case "currency":
			r.difference.currency = in.text(&currencyRule)
		default:
			in.unknown()
		}
	}
	if !has {
		in.missing("amount")
	}
	if r.difference.currency == nil {
		in.missing("currency")
	}
}

// parseReturnReport reads the body of POST /v1/orders/{order}/returns/{return}/in-transit.
func (in *intake) parseReturnReport(body []byte) {
	var details shipmentDetails
	in.beginReturn(core.CommandReportReturn, body, func(_ *core.ReturnRequest, name []byte) bool {
		switch string(name) {
		case "carrier", "tracking_number", "label":
			return in.detailField(&details, name)
		}
		return false
	})
	in.end()
	if in.document = details.append(in.document[:0]); len(in.document) > 0 {
		in.command.Document = in.document
	}
}

// parseReceipt reads the body of POST /v1/orders/{order}/returns/{return}/receive, and with others words that of inspect. The name of the location is left in
// locations.
func (in *intake) parseReceipt(kind core.CommandKind, body []byte, r *returnIntake, words []string) {
	in.beginReturn(kind, body, func(_ *core.ReturnRequest, name []byte) bool {
		switch string(name) {
		case "location":
			in.locations = append(in.locations, in.text(&nameRule))
		case "disposition":
			r.all.Disposition = core.Disposition(in.oneOf(words))
		case "lines":
			in.returnRows(r, false, words)
		default:
			return false
		}
		return true
	})
	if len(in.faults) == 0 && len(r.rows) == 0 && r.all.Disposition == 0 && kind == core.CommandReceiveReturn {
		in.missing("disposition")
	}
	for i := range r.rows {
		if row := &r.rows[i]; row.Disposition == 0 && len(in.faults) == 0 {
			if row.Disposition = r.all.Disposition; row.Disposition == 0 {
				in.fault(codeMissingField, "lines["+strconv.Itoa(i)+"].disposition", "is required, here or for all lines")
			}
		}
	}
	in.end()
}

// parseRefund reads the body of POST /v1/orders/{order}/returns/{return}/refund-decisions.
func (in *intake) parseRefund(body []byte) {
	var amount price
	in.beginReturn(core.CommandDecideRefund, body, func(ask *core.ReturnRequest, name []byte) bool {
		switch string(name) {
		case "kind":
			ask.Credit = in.oneOf(refundKinds[:]) == 1
		case "amount":
			amount.amount, amount.set = in.integer(1, int64(core.MaxAmount)), true
		case "currency":
			amount.currency = in.text(&currencyRule)
		default:
			return false
		}
		return true
	})
	if !amount.set {
		in.missing("amount")
	}
	if amount.currency == nil {
		in.missing("currency")
	}
	in.end()
	if len(in.faults) == 0 {
		ask := in.command.Life.Return
		ask.Amount, ask.Currency = amount.amount, core.Currency(amount.currency)
	}
}
