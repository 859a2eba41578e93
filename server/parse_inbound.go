package server

import (
	"time"

	"holdfast/engine/core"
)

// parseInbound reads the body of a command on a purchase order or a transfer.
func (in *intake) parseInbound(command core.CommandKind, kind core.InboundKind, body []byte) {
	in.begin(command, body)
	in.command.Inbound = &core.InboundRequest{Kind: kind}
	if in.object() {
		switch command {
		case core.CommandCreateInbound:
			in.newInbound()
		case core.CommandReceiveInbound:
			in.receiptFields()
		case core.CommandCloseInbound:
			in.closingFields()
		default:
			for in.more() {
				in.actorField(in.name())
			}
		}
	}
	in.end()
}

// actorField reads who it was, which every command on a document may have.
func (in *intake) actorField(name []byte) {
	if string(name) != "actor" {
		in.unknown()
		return
	}
	in.command.Actor = in.text(&reasonRule)
}

// newInbound reads a new document. Its locations are noted as where units come to, and then, if it says so, where from.
func (in *intake) newInbound() {
	r := in.command.Inbound
	var to, from []byte
	var expected core.Millis
	hasLines := false
	transfer := r.Kind == core.Transfer
	for in.more() {
		switch name := in.name(); string(name) {
		case "number":
			in.numberField()
		case "status":
			in.statusField()
		case "expected_at":
			expected = in.dueTime()
		case "lines":
			hasLines = true
			in.parseRows(in.inboundLine)
		default:
			switch field := string(name); {
			case transfer && field == "to", !transfer && field == "location":
				to = in.text(&nameRule)
			case transfer && field == "from", !transfer && field == "supplier_location":
				from = in.text(&nameRule)
			case !transfer && field == "supplier":
				r.Supplier = in.text(&reasonRule)
			default:
				in.actorField(name)
			}
		}
	}
	if !hasLines {
		in.missing("lines")
	}
	if transfer && from == nil {
		in.missing("from")
	}
	if transfer && to == nil {
		in.missing("to")
	}
	if from != nil && len(r.Supplier) > 0 {
		in.fault(codeWrongType, "supplier", "must not be given together with supplier_location")
	}
	for i := range r.Lines {
		if r.Lines[i].Expected == 0 {
			r.Lines[i].Expected = expected
		}
	}
	if in.locations = append(in.locations, to); from != nil {
		in.locations = append(in.locations, from)
	}
}

// numberField reads a new document's number, which is a segment of its path.
func (in *intake) numberField() {
	number := in.text(&identifierRule)
	if string(number) == "." || string(number) == ".." {
		in.report(codeInvalidCharacters, "must not be . or .., which no path can name")
	}
	if core.IsReservedNumber(number) {
		in.report(codeInvalidCharacters, "must not begin with PO: or TR:, as the numbers do that are made where none is given")
	}
	in.command.Inbound.Number = number
}

func (in *intake) statusField() {
	r := in.command.Inbound
	words := []string{"draft", "ordered"}
	if r.Kind == core.Transfer {
		words[1] = "in_transit"
	}
	r.Send = in.oneOf(words) == 1
}

func (in *intake) inboundLine() {
	var sku []byte
	var line core.InboundLine
	if !in.object() {
		return
	}
	for in.more() {
		switch string(in.name()) {
		case "sku":
			sku = in.text(&nameRule)
		case "quantity":
			line.Quantity = core.Quantity(in.integer(1, int64(core.MaxLineQuantity)))
		case "expected_at":
			line.Expected = in.dueTime()
		default:
			in.unknown()
		}
	}
	if sku == nil {
		in.missing("sku")
	}
	if line.Quantity == 0 {
		in.missing("quantity")
	}
	in.skus = append(in.skus, sku)
	in.command.Inbound.Lines = append(in.command.Inbound.Lines, line)
}

func (in *intake) receiptFields() {
	hasLines := false
	for in.more() {
		name := in.name()
		if string(name) != "lines" {
			in.actorField(name)
			continue
		}
		hasLines = true
		in.parseRows(in.receiptRow)
	}
	if !hasLines {
		in.missing("lines")
	}
}

func (in *intake) receiptRow() {
	var sku, why []byte
	var row core.ReceiptRow
	hasTo := false
	if !in.object() {
		return
	}
	before := len(in.faults)
	for in.more() {
		switch string(in.name()) {
		case "sku":
			sku = in.text(&nameRule)
		case "line":
			row.Line = int(in.integer(1, core.MaxLines))
		case "quantity":
			row.Quantity = core.Quantity(in.integer(0, int64(core.MaxLineQuantity)))
		case "to":
			row.To, hasTo = core.StockState(in.oneOf(stockStates[:])), true
		case "reason":
			row.Reason = in.text(&reasonRule)
		case "discrepancy":
			why = in.discrepancyFields(&row)
		default:
			in.unknown()
		}
	}
	switch {
	case len(in.faults) > before: // what is wrong with one field would be blamed on others
	case why != nil && row.Reason != nil:
		in.faultIn("reason", codeWrongType, "must not be given together with that of the discrepancy")
	default:
		in.checkReceiptRow(&row, sku, hasTo)
	}
	if why != nil {
		row.Reason = why
	}
	in.skus = append(in.skus, sku)
	in.command.Inbound.Rows = append(in.command.Inbound.Rows, row)
}

// checkReceiptRow checks what depends on several fields of a row.
func (in *intake) checkReceiptRow(row *core.ReceiptRow, sku []byte, hasTo bool) {
	switch {
	case sku == nil && row.Line == 0:
		in.missing("sku")
	case sku != nil && row.Line > 0:
		in.faultIn("line", codeWrongType, "must not be given together with sku")
	}
	switch {
	case row.Quantity == 0 && row.Discrepancy == core.DiscrepancyNone:
		in.faultIn("quantity", codeOutOfRange, "must be at least 1 where there is no discrepancy")
	case row.Quantity == 0 && hasTo:
		in.faultIn("to", codeUnknownField, "is not a field of a row with which nothing came")
	case row.Discrepancy == core.DiscrepancyOver && row.Differing > row.Quantity:
		in.faultIn("discrepancy", codeOutOfRange, "must not have more units over than came")
	}
}

// discrepancyFields reads what differs from what was expected, and gives why: nobody may leave that out.
func (in *intake) discrepancyFields(row *core.ReceiptRow) (reason []byte) {
	if !in.object() {
		return nil
	}
	before := len(in.faults)
	for in.more() {
		switch string(in.name()) {
		case "type":
			row.Discrepancy = core.Discrepancy(in.oneOf(discrepancies[:]))
		case "quantity":
			row.Differing = core.Quantity(in.integer(1, int64(core.MaxLineQuantity)))
		case "reason":
			reason = in.text(&reasonRule)
		default:
			in.unknown()
		}
	}
	if len(in.faults) > before {
		return nil
	}
	if row.Discrepancy == core.DiscrepancyNone {
		in.missing("type")
	}
	if row.Differing == 0 {
		in.missing("quantity")
	}
	if reason == nil {
		in.missing("reason")
	}
	return reason
}

func (in *intake) closingFields() {
	r := in.command.Inbound
	before := len(in.faults)
	for in.more() {
		switch name := in.name(); string(name) {
		case "discrepancy":
			r.Discrepancy = core.Discrepancy(in.oneOf(discrepancies[:core.DiscrepancyOver]))
		case "reason":
			r.Reason = in.text(&reasonRule)
		default:
			in.actorField(name)
		}
	}
	if len(in.faults) > before {
		return
	}
	if r.Discrepancy == core.DiscrepancyNone {
		in.missing("discrepancy")
	}
	if r.Reason == nil {
		in.missing("reason")
	}
}

// The instants that a document may name.
var (
	firstInstant = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	lastInstant  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
)

const instantSays = "must be a date (2006-01-02) or a time (RFC 3339) from 2000 to 2199"

// dueTime reads a time, or a date, which is its first instant in UTC. After a fault the answer is 0.
func (d *decoder) dueTime() core.Millis {
	raw, ok := d.value()
	switch {
	case !ok:
		return 0
	case raw[0] != '"':
		d.report(codeWrongType, "must be a string")
		return 0
	}
	first, _, ok := parseInstant(d.unescape(raw))
	if !ok {
		d.report(codeOutOfRange, instantSays)
	}
	return first
}

// parseInstant gives a time, or the first and the last millisecond of a date in UTC.
func parseInstant(text []byte) (first, last core.Millis, ok bool) {
	if at, err := time.Parse(time.RFC3339Nano, string(text)); err == nil {
		first = core.Millis(at.UnixMilli())
		last = first
	} else if day, err := time.Parse(time.DateOnly, string(text)); err == nil {
		first = core.Millis(day.UnixMilli())
		last = first + millisPerDay - 1
	} else {
		return 0, 0, false
	}
	if int64(first) < firstInstant || int64(first) >= lastInstant {
		return 0, 0, false
	}
	return first, last, true
}

// latest reads a time, or a date, which is its last instant in UTC; 0 when the parameter is absent.
func (q *queryReader) latest(name string) core.Millis {
	text := q.args.Peek(name)
	if text == nil {
		return 0
	}
	_, last, ok := parseInstant(text)
	if !ok {
		q.fault(name, instantSays)
	}
	return last
}
